"""What a file of counts has beside it: words, labels, names and splits, one a line."""

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
    """What the caller of `read_corpus` asked for."""

    split: str | None = None
    vocabulary: Sequence[str] | None = None  # words wanted
    vocabulary_file: Path | None = None  # words of the file read, or of all texts
    has_labels: bool = False  # labels are given; those of the file are not read
    text_column: str | None = None
    label_column: str | None = None
    name_column: str | None = None
    encoding: str = "utf-8"
    text: TextOptions | None = None


@dataclass(frozen=True)
class Counts:
    """What the file itself holds: a matrix and, in some formats, labels."""

    matrix: Any
    labels: Sequence[str] | None = None


def read_counts(path: Path, read: Callable[[Path, int, Request], Counts], request: Request) -> Corpus:
    """Corpus of a file of counts and of the files beside it.

    Parameters
    ----------
    path : Path
    read : callable
        Reader of the file, given the number of words there are.
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
    """Words of the columns, and whether they are the file's own rather than those asked for."""
    file = request.vocabulary_file or beside(path, "vocab")
    if file:
        return read_vocabulary(file, request.encoding), True
    if request.vocabulary is not None:
        return request.vocabulary, False
    raise FormatError(no_words(path), path)


def no_words(path: Path) -> str:
    """What to do about a file of counts whose words are nowhere."""
    looked = ", ".join(_names_beside(path, "vocab"))
    return (
        f"its words are not known: none of {looked} is beside it. Put them there as vocab.txt, one a line, "
        "or name the file of words by vocabulary="
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
    """The file of words, labels, names or splits that belongs to ``path``, if there is one."""
    for name in _names_beside(path, what):
        for ending in ("", *COMPRESSIONS):
            file = path.with_name(name + ending)
            if file.is_file():
                return file
    return None


def read_vocabulary(path: Path, encoding: str) -> list[str]:
    """Words, one a line; spaces around them and blank lines at the end do not count.

    Raises
    ------
    FormatError
        A line within is blank, or repeats a word: the words after it would stand in the wrong columns.
    """
    line_of: dict[str, int] = {}
    blank = None
    for number, line in read_lines(path, encoding):
        word = line.strip()
        if not word:
            blank = blank or number
            continue
        if blank:
            raise FormatError("the line is blank, so the words after it would move up a column", path, blank)
        if word in line_of:
            raise FormatError(f"the word {word!r} is also on line {line_of[word]}", path, number)
        line_of[word] = number
    if not line_of:
        raise FormatError("holds no words", path)
    return list(line_of)


def read_exactly(path: Path, n_documents: int, what: str, encoding: str) -> list[str]:
    """A value a document, each as its line is; blank lines beyond the last document do not count."""
    values = read_list(path, encoding)
    while len(values) > n_documents and not values[-1].strip():
        values.pop()
    if len(values) != n_documents:
        raise FormatError(f"holds {len(values):,} {what} for {n_documents:,} documents", path)
    return values


def write_vocabulary(path: Path, vocabulary: np.ndarray) -> None:
    """The words, one a line."""
    for place, word in enumerate(vocabulary):
        if word != word.strip():
            raise CorpusError(
                f"cannot hold the word {word!r}: a file of words ignores the spaces around them"
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
    """Draft of a file that appears together with the files of its words, labels, names and splits.

    Parameters
    ----------
    corpus : Corpus
    path : Path
        The file to be written.
    vocabulary : str, optional
        Name of the file of words; none is written if not given.
    only : sequence of str
        Which of labels, names and splits get files.

    Raises
    ------
    FileExistsError
        A file there would be taken for labels, names or splits that the corpus has not.
    """
    stem = _stem(path)
    lists = {what: getattr(corpus, what) for what in only}
    _check_none_stale(path, [what for what, values in lists.items() if values is None])
    # Moved into place last to first, so the file itself comes last: it is never there without its words.
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
                f"{file} is there and would be taken for {what} of {path.name}, which has none; move it away"
            )


def words_beside(path: Path) -> str:
    """Name of the file of words that is written beside a file of counts."""
    return _names_beside(path, "vocab")[0]


def whole_counts(corpus: Corpus, kind: str) -> np.ndarray:
    """The stored counts as int64.

    Raises
    ------
    CorpusError
        A count is a fraction, which this kind of file cannot hold.
    """
    values = corpus.counts.data
    whole = values.astype(np.int64)
    if not np.array_equal(whole, values):
        odd = values[whole != values][0]
        raise CorpusError(f"a {kind} file holds whole counts only, not {odd}; write a folder or a .mtx file")
    return whole


def check_plausible(path: Path, n_documents: int, n_entries: int, line: int | None = None) -> None:
    """Refuse a size that the entries cannot fill, before memory is asked for by it."""
    if n_documents > max(1_000_000, 10 * n_entries):
        raise FormatError(
            f"declares {n_documents:,} documents but holds {n_entries:,} entries, too few to fill them",
            path,
            line,
        )
