"""Files next to a file of counts: vocabulary, labels, names and splits, with one value per line."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic._callers import level_of_the_caller
from hftopic._files import followed, parent_of
from hftopic._sets import written_set
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.lines import (
    COMPRESSIONS,
    FormatError,
    bare_name,
    blamed_on,
    read_list,
    write_list,
)
from hftopic.data.formats.vocabulary import may_be_heading, read_vocabulary, write_vocabulary
from hftopic.data.text import TextOptions
from hftopic.data.validation import LARGEST_COUNT

COUNT_ENDINGS = {
    ".npz": "npz",
    ".mtx": "matrixmarket",
    ".ldac": "ldac",
    ".lda-c": "ldac",
    ".dat": "ldac",
    ".svmlight": "svmlight",
    ".svm": "svmlight",
    ".libsvm": "svmlight",
    ".feat": "svmlight",
}
"""Format of counts for each ending of a file name."""


LISTS = ("labels", "names", "splits")


@dataclass(frozen=True)
class Request:
    """Arguments of a call of `read_corpus`."""

    split: str | None = None
    vocabulary: Sequence[str] | None = None  # vocabulary of the returned corpus
    vocabulary_file: Path | None = None  # column names of the file, or words to count in texts
    has_labels: bool = False  # the caller gives the labels; those of the file are not read
    text_column: str | None = None
    label_column: str | None = None
    name_column: str | None = None
    encoding: str = "utf-8"
    text: TextOptions | None = None


@dataclass(frozen=True)
class Counts:
    """Content of a file of counts: a matrix and, in some formats, labels."""

    matrix: Any
    labels: Sequence[str] | None = None
    is_sized: bool = True  # whether the file tells its number of columns


def read_counts(path: Path, read: Callable[[Path, int, Request], Counts], request: Request) -> Corpus:
    """Corpus from a file of counts and the files next to it.

    Parameters
    ----------
    path : Path
    read : callable
        Reader of the file; its second argument is the size of the vocabulary.
    request : Request
    """
    words, own = _words_for(path, request)
    counts = read(path, len(words), request)
    if own and not counts.is_sized and may_be_heading(words, n_used_columns(counts.matrix)):
        told = (
            f"the vocabulary starts with {words[0]!r}, and the last of its {len(words):,} words is not used: "
            f"is {words[0]!r} a heading? Then delete it; if it is a word, save the counts as .npz or .mtx"
        )
        raise FormatError(told, path)
    lists = {what: beside(path, what) for what in LISTS}
    n_documents = counts.matrix.shape[0]
    if not n_documents:
        raise FormatError("there are no documents", path)
    held = {
        what: read_exactly(file, n_documents, what, request.encoding) if file else None
        for what, file in lists.items()
        if what != "labels" or not request.has_labels
    }
    labels = held.get("labels")
    with blamed_on(path):
        corpus = Corpus(
            counts.matrix,
            words,
            labels if labels is not None else counts.labels,
            held["names"],
            splits=held["splits"],
        )
        warn_of_similar(path, held["splits"])
        corpus = corpus if request.split is None else corpus.split(request.split)
        if request.vocabulary is not None and own:
            corpus = corpus.with_vocabulary(request.vocabulary)
    return corpus


def n_used_columns(matrix: Any) -> int:
    """Number of columns up to the last one that has a count."""
    return int(matrix.indices.max(initial=-1)) + 1


def _words_for(path: Path, request: Request) -> tuple[Sequence[str], bool]:
    """Words of the columns, and whether they come from a file and not from ``request.vocabulary``."""
    file = request.vocabulary_file or beside(path, "vocab")
    if file:
        return read_vocabulary(file, request.encoding), True
    if request.vocabulary is not None:
        return request.vocabulary, False
    raise FormatError(no_words(path), path)


def no_words(path: Path) -> str:
    """Message about a file of counts without a vocabulary."""
    looked = ", ".join(_names_beside(path, "vocab"))
    return (
        f"its vocabulary is missing: none of {looked} was found next to the file. Add vocab.txt (one word "
        "per line), or pass the vocabulary file as vocabulary="
    )


def _stem(path: Path) -> str:
    return Path(bare_name(path)).stem


def _names_beside(path: Path, what: str) -> list[str]:
    stem = _stem(path)
    if what != "vocab":
        return [f"{stem}.{what}.txt", f"{stem}_{what}.txt"]
    title = stem.removeprefix("docword.")
    own = [f"{stem}.vocab.txt", f"vocab.{title}.txt", f"{stem}.vocab"]
    if stem.startswith("docword."):
        own[:2] = own[1::-1]
    by_gensim = f"{bare_name(path)}.vocab"  # BleiCorpus and UciCorpus
    return [*own, by_gensim, "vocab.txt", "vocabulary.txt"]


def beside(path: Path, what: str) -> Path | None:
    """The file with the vocabulary, labels, names or splits of ``path``, or None."""
    return next(filter(Path.is_file, _candidates(path, what)), None)


def lists_of(path: Path) -> list[Path]:
    """The files next to ``path`` that are read with it."""
    found = (beside(path, what) for what in ("vocab", *LISTS))
    return [file for file in found if file is not None]


def _candidates(path: Path, what: str) -> Iterator[Path]:
    """Files next to ``path``, and next to the file that it links to, in the order in which they are tried."""
    for place in (path, path.resolve()) if path.is_symlink() else (path,):
        for name in _names_beside(place, what):
            for ending in ("", *COMPRESSIONS):
                yield place.parent / (name + ending)  # the path may be ".", which has no name


@dataclass(frozen=True)
class Unit:
    """Files that are written together and read together.

    Attributes
    ----------
    folder : Path
    key : str
        Name of the unit in its folder.
    files : callable
        The files; some need not exist.
    """

    folder: Path
    key: str
    files: Callable[[], Iterable[Path]]


def file_unit(path: Path) -> Unit:
    """A file, and the files next to it."""
    real = path.resolve()
    files = [path, *chain.from_iterable(_candidates(path, what) for what in ("vocab", *LISTS))]
    return Unit(real.parent, _stem(real), lambda: files)


def read_exactly(path: Path, n_documents: int, what: str, encoding: str) -> list[str]:
    """One value per document, each a line of the file; blank lines after the last document are ignored."""
    values = read_list(path, encoding)
    while len(values) > n_documents and not values[-1].strip():
        values.pop()
    if len(values) != n_documents:
        raise FormatError(f"contains {len(values):,} {what} for {n_documents:,} documents", path)
    return values


def warn_of_similar(path: Path, splits: Iterable[Any] | None) -> None:
    """Warn of splits that differ only in spaces and capitals, such as "train" and "Train "."""
    known: dict[str, Any] = {}
    for split in dict.fromkeys(splits or ()):
        other = known.setdefault(str(split).strip().casefold(), split)
        if other != split:
            warnings.warn(
                f"{path}: the splits {other!r} and {split!r} differ only in spaces or capitals; they are two "
                "splits",
                UserWarning,
                stacklevel=level_of_the_caller(),
            )


@contextmanager
def written_with_lists(
    corpus: Corpus,
    path: Path,
    *,
    vocabulary: str | None = None,
    only: Sequence[str] = LISTS,
) -> Iterator[Path]:
    """Draft of a file, which is committed together with its vocabulary, labels, names and splits.

    Parameters
    ----------
    corpus : Corpus
    path : Path
        The file to write.
    vocabulary : str, optional
        Name of the vocabulary file; by default none is written.
    only : sequence of str
        Which of labels, names and splits are written to files.

    Raises
    ------
    FileExistsError
        An existing file would be read as labels, names or splits that the corpus does not have, or a file
        that would be replaced also belongs to other counts.
    """
    target = followed(path)
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder and cannot be replaced by a file")
    parent_of(target)
    lists = {what: values for what in only if (values := getattr(corpus, what)) is not None}
    _check_none_stale(path, [what for what in only if what not in lists])
    _check_links(path, target, ["vocab", *lists])
    stem = _stem(target)
    beside_it = {f"{stem}.{what}.txt": values for what, values in lists.items()}
    if vocabulary is not None:
        beside_it[vocabulary] = corpus.vocabulary
    _check_not_shared(target, beside_it)
    with written_set(target.parent, stem) as draft:
        for what, values in lists.items():
            write_list(draft / f"{stem}.{what}.txt", values, what.removesuffix("s"))
        if vocabulary is not None:
            write_vocabulary(draft / vocabulary, corpus.vocabulary)
        yield draft / target.name


def _check_none_stale(path: Path, absent: Sequence[str]) -> None:
    for what in absent:
        file = beside(path, what)
        if file:
            raise FileExistsError(
                f"{file} exists and would be read as the {what} of {path.name}, which has none; "
                "move or delete it"
            )


def _check_links(path: Path, target: Path, kinds: Sequence[str]) -> None:
    """Raise FileExistsError if files next to a link would be read in place of those next to its target."""
    if not path.is_symlink():
        return
    own = [*chain.from_iterable(_candidates(target, what) for what in kinds)]
    for what in kinds:
        file = beside(path, what)
        if file and not any(other.exists() and file.samefile(other) for other in own):
            raise FileExistsError(
                f"{file} would be read with the link {path.name}, but {target} is what is written; remove "
                "the file, or write to the target of the link"
            )


def _check_not_shared(target: Path, lists: Mapping[str, Sequence[str]]) -> None:
    """Raise FileExistsError if a list would change that another file is read with."""
    for name, values in lists.items():
        file = target.with_name(name)
        if not file.is_file() or _holds(file, values):
            continue
        other = next((one for one in sorted(os.listdir(target.parent)) if _reads(one, file, target)), None)
        if other is not None:
            raise FileExistsError(
                f"{file} would be replaced, but it also belongs to {other}; choose another name"
            )


def _holds(file: Path, values: Sequence[str]) -> bool:
    """Whether a list has exactly these values."""
    return file.read_bytes() == "".join(f"{value}\n" for value in values).encode("utf-8", "surrogatepass")


def _reads(name: str, file: Path, target: Path) -> bool:
    """Whether another file of a corpus than the target, with this name, is read with a list."""
    other = target.with_name(name)
    ending = Path(bare_name(other)).suffix.lower()
    is_text = ending == ".txt" and not name.startswith("docword.")
    kinds = LISTS if is_text else ("vocab", *LISTS)
    candidates = chain.from_iterable(_names_beside(other, what) for what in kinds)
    return (
        ending in (*COUNT_ENDINGS, ".txt", ".tsv")
        and file.name in candidates
        and name != target.name
        and other.is_file()
        and not (target.is_file() and other.samefile(target))  # a link to it
        and any(file == beside(other, what) for what in kinds)
    )


def words_beside(path: Path) -> str:
    """Name of the vocabulary file that is written next to a file of counts, or next to what it links to."""
    return _names_beside(followed(path), "vocab")[0]


def whole_counts(corpus: Corpus, kind: str) -> np.ndarray:
    """The stored counts as int64.

    Raises
    ------
    CorpusError
        A count is a fraction, which this kind of file cannot store.
    """
    values = corpus.counts.data
    whole = values.astype(np.int64)
    if not np.array_equal(whole, values):
        odd = values[whole != values][0]
        raise CorpusError(
            f"{kind} files can only store integer counts, not {odd}; write a folder or a .mtx file"
        )
    return whole


def summed(
    path: Path, documents: np.ndarray, words: np.ndarray, counts: np.ndarray, shape: tuple[int, int]
) -> Any:
    """CSR matrix of entries, whose ids start at 0; repeated entries are added.

    Raises
    ------
    FormatError
        The sum of repeated entries is above 2**24. As no entry is, the sums are exact in 64 bits.
    """
    matrix = sp.coo_array((counts, (documents, words)), shape).tocsr()
    wrong = np.flatnonzero(matrix.data > LARGEST_COUNT)
    if wrong.size:
        document = np.searchsorted(matrix.indptr, wrong[0], "right") - 1
        told = (
            f"the counts of column {matrix.indices[wrong[0]]} in document {document} (both from 0) add up "
            f"to {matrix.data[wrong[0]]:.0f}, above {LARGEST_COUNT:,}, the largest count allowed"
        )
        raise FormatError(told, path)
    return matrix


def check_plausible(path: Path, n_documents: int, n_entries: int, line: int | None = None) -> None:
    """Raise FormatError if the declared size is far too large, before memory of this size is allocated."""
    if n_documents > max(1_000_000, 10 * n_entries):
        raise FormatError(
            f"declares {n_documents:,} documents but has only {n_entries:,} entries",
            path,
            line,
        )
