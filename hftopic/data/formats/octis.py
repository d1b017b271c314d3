"""OCTIS: ``corpus.tsv`` with a preprocessed document, its split and label per row; ``vocabulary.txt``."""

from pathlib import Path

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.beside import beside, lists_beside, written_with_lists
from hftopic.data.formats.delimited import read_rows, write_rows
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import table_of
from hftopic.data.formats.vocabulary import read_vocabulary
from hftopic.data.validation import count_tokens

# The validation split is "val" in OCTIS and "valid" in this package.
_OUR_SPLIT = {"train": "train", "val": "valid", "test": "test"}
_BESIDE = ("names", "dates", "metadata", "embeddings")
_ITS_SPLIT = {ours: its for its, ours in _OUR_SPLIT.items()}


def octis_file(path: Path) -> Path:
    """The table in an OCTIS folder; a path of a table is returned unchanged."""
    return path if path.suffix and not path.is_dir() else path / "corpus.tsv"


def octis_table(path: Path) -> Path:
    """The table to read; an existing file is one whatever its name."""
    return path if path.is_file() else octis_file(path)


def read_octis(path: Path, request: Request) -> Corpus:
    """Corpus from an OCTIS table, whose words are separated by spaces; the text options do not apply.

    Without ``vocabulary.txt``, the vocabulary is all words that occur, in alphabetical order. Blank lines are
    ignored. The split "val" becomes "valid".

    Raises
    ------
    FormatError
        A row has another number of columns than the first row, a split is not one of OCTIS, or a word is not
        in the vocabulary.
    """
    path = octis_table(path)
    rows = list(read_rows(path, request.encoding, "\t"))
    if not rows:
        raise FormatError("there are no texts", path)
    n_columns = len(rows[0][1])
    for line, row in rows:
        _check_row(path, line, row, n_columns)
    words = _words(path, [row for _, row in rows], request)
    known = set(words)
    for line, row in rows:
        if not known.issuperset(row[0].split()):
            word = next(word for word in row[0].split() if word not in known)
            raise FormatError(f"the word {word!r} is not in the vocabulary", path, line)
    tokens = [tuple(row[0].split()) for _, row in rows]
    with blamed_on(path):
        corpus = Corpus(
            count_tokens(tokens, {word: column for column, word in enumerate(words)}),
            words,
            [row[2] for _, row in rows] if n_columns == 3 and not request.has_labels else None,
            tokens=tokens,
            splits=[_OUR_SPLIT[row[1]] for _, row in rows] if n_columns > 1 else None,
            **lists_beside(path, len(rows), request, _BESIDE),
        )
        corpus = corpus if request.split is None else corpus.split(request.split)
        return corpus if request.vocabulary is None else corpus.with_vocabulary(request.vocabulary)


def _check_row(path: Path, line: int, row: list[str], n_columns: int) -> None:
    if len(row) != n_columns or n_columns > 3:
        told = (
            f"has {len(row)} columns, but the first row has {n_columns}; "
            "the columns are document, split and label"
        )
        raise FormatError(told, path, line)
    if n_columns > 1 and row[1] not in _OUR_SPLIT:
        told = (
            f"the split is {row[1][:40]!r}, not 'train', 'val' or 'test'; "
            "for a table that is not from OCTIS, pass format='tsv'"
        )
        raise FormatError(told, path, line)


def _words(path: Path, rows: list[list[str]], request: Request) -> list[str]:
    if request.vocabulary_file is not None:
        return read_vocabulary(request.vocabulary_file, request.encoding)
    file = path.with_name("vocabulary.txt")
    file = file if file.is_file() else beside(path, "vocab") or file
    if file.is_file():
        return read_vocabulary(file, request.encoding)
    return sorted({word for row in rows for word in row[0].split()})


def write_octis(corpus: Corpus, path: Path) -> None:
    """Write the table, with ``vocabulary.txt`` next to it.

    Raises
    ------
    CorpusError
        The corpus has no tokens, has labels but no splits, or has other splits than train, valid and test.
    """
    path = octis_file(path)
    parts = table_of(corpus)
    columns = [parts["text"]]
    if corpus.splits is None and corpus.labels is not None:
        raise CorpusError(
            "OCTIS stores labels in the column after the split: set splits too, "
            "such as 'train' for all documents"
        )
    if corpus.splits is not None:
        odd = next((split for split in corpus.splits if split not in _ITS_SPLIT), None)
        if odd is not None:
            raise CorpusError(f"OCTIS can only store the splits 'train', 'valid' and 'test', not {odd!r}")
        columns.append([_ITS_SPLIT[split] for split in corpus.splits])
        if corpus.labels is not None:
            columns.append(parts["label"])
    vocabulary = "vocabulary.txt"
    with written_with_lists(corpus, path, vocabulary=vocabulary, only=_BESIDE) as draft:
        write_rows(path, zip(*columns, strict=True), "\t", draft)
