"""Files next to a file of counts: vocabulary, labels, names and splits, with one value per line."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hftopic._files import written_whole
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.lines import (
    COMPRESSIONS,
    FormatError,
    bare_name,
    blamed_on,
    encodable,
    read_lines,
    read_list,
    write_list,
)
from hftopic.data.text import TextOptions


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
    lists = {what: beside(path, what) for what in ("labels", "names", "splits")}
    n_documents = counts.matrix.shape[0]
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
        corpus = corpus if request.split is None else corpus.split(request.split)
        if request.vocabulary is not None and own:
            corpus = corpus.with_vocabulary(request.vocabulary)
    return corpus


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
    return [*own, "vocab.txt", "vocabulary.txt"]


def beside(path: Path, what: str) -> Path | None:
    """The file with the vocabulary, labels, names or splits of ``path``, or None."""
    for name in _names_beside(path, what):
        for ending in ("", *COMPRESSIONS):
            file = path.with_name(name + ending)
            if file.is_file():
                return file
    return None


def read_vocabulary(path: Path, encoding: str) -> list[str]:
    """Words of a vocabulary file, one per line; spaces around them and blank lines at the end are ignored.

    Raises
    ------
    FormatError
        A line before the last word is blank, or a word is repeated: the words after it would belong to the
        wrong columns.
    """
    line_of: dict[str, int] = {}
    blank = None
    for number, line in read_lines(path, encoding):
        word = line.strip()
        if not word:
            blank = blank or number
            continue
        if blank:
            raise FormatError("blank line: the words after it would belong to the wrong columns", path, blank)
        if word in line_of:
            raise FormatError(f"the word {word!r} is also on line {line_of[word]}", path, number)
        line_of[word] = number
    if not line_of:
        raise FormatError("contains no words", path)
    return list(line_of)


def read_exactly(path: Path, n_documents: int, what: str, encoding: str) -> list[str]:
    """One value per document, each a line of the file; blank lines after the last document are ignored."""
    values = read_list(path, encoding)
    while len(values) > n_documents and not values[-1].strip():
        values.pop()
    if len(values) != n_documents:
        raise FormatError(f"contains {len(values):,} {what} for {n_documents:,} documents", path)
    return values


def write_vocabulary(path: Path, vocabulary: np.ndarray) -> None:
    """Write a vocabulary file, one word per line."""
    for place, word in enumerate(vocabulary):
        if word != word.strip():
            raise CorpusError(
                f"cannot store the word {word!r}: spaces around words are lost in a vocabulary file"
            )
        encodable(word, "word", place)
    write_list(path, vocabulary, "word")


@contextmanager
def written_with_lists(
    corpus: Corpus,
    path: Path,
    *,
    vocabulary: str | None = None,
    only: Sequence[str] = ("labels", "names", "splits"),
) -> Iterator[Path]:
    """Draft of a file, which is moved into place together with its vocabulary, labels, names and splits.

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
        An existing file would be read as labels, names or splits that the corpus does not have.
    """
    stem = _stem(path)
    lists = {what: getattr(corpus, what) for what in only}
    _check_none_stale(path, [what for what, values in lists.items() if values is None])
    # The exit stack moves the files in reverse order. The file itself is the last one, so it never exists
    # without its vocabulary.
    with ExitStack() as stack:
        draft = stack.enter_context(written_whole(path))
        if vocabulary is not None:
            write_vocabulary(
                stack.enter_context(written_whole(path.with_name(vocabulary))), corpus.vocabulary
            )
        for what, values in lists.items():
            if values is not None:
                file = stack.enter_context(written_whole(path.with_name(f"{stem}.{what}.txt")))
                write_list(file, values, what.removesuffix("s"))
        yield draft


def _check_none_stale(path: Path, absent: Sequence[str]) -> None:
    for what in absent:
        file = beside(path, what)
        if file:
            raise FileExistsError(
                f"{file} exists and would be read as the {what} of {path.name}, which has none; "
                "move or delete it"
            )


def words_beside(path: Path) -> str:
    """Name of the vocabulary file that is written next to a file of counts."""
    return _names_beside(path, "vocab")[0]


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


def check_plausible(path: Path, n_documents: int, n_entries: int, line: int | None = None) -> None:
    """Raise FormatError if the declared size is far too large, before memory of this size is allocated."""
    if n_documents > max(1_000_000, 10 * n_entries):
        raise FormatError(
            f"declares {n_documents:,} documents but has only {n_entries:,} entries",
            path,
            line,
        )
