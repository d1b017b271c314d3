"""Reading and writing corpora: the file formats.

================  ======================================================================================
format            description
================  ======================================================================================
``folder``        folder with ``train.npz``, ``test.npz`` …, ``vocab.txt``, labels; stores a whole corpus.
                  Or, read only, a folder with one table or text file per split (``train.jsonl`` …)
``shards``        folder of parts of a corpus that is larger than memory: `hftopic.data.shards`
``npz``           one matrix saved by scipy, documents in rows
``docword``       UCI bag of words, ``docword.NAME.txt`` with ``vocab.NAME.txt``
``ldac``          LDA-C, one ``M word:count …`` per line (``.ldac``, ``.dat``)
``matrixmarket``  Matrix Market (``.mtx``), documents in rows
``svmlight``      one ``label word:count …`` per line (``.svmlight``, ``.feat``); word ids start at 0 in
                  ``svmlight0`` and at 1 in ``svmlight1``
``octis``         ``corpus.tsv`` with a preprocessed document, its split and its label per row
``txt``           one text per line
``files``         folder of ``.txt`` files, one text per file (read only)
``csv`` ``tsv``   table with a header and one text per row, with any separator
``jsonl``         one JSON object with a text per line
``parquet``       table with one text per row; needs pyarrow
``xlsx``          sheet of an Excel workbook with one text per row; needs openpyxl (read only)
================  ======================================================================================

Text files may be compressed (``.gz``, ``.xz``, ``.bz2``). If a format cannot store the vocabulary, labels,
names, splits, dates, metadata or embeddings, these are in files next to ``NAME.EXTENSION``. Lists have one
value per line: ``NAME.vocab.txt`` (or ``vocab.txt``), ``NAME.labels.txt``, ``NAME.names.txt``,
``NAME.splits.txt``, ``NAME.dates.txt``, and ``NAME.metadata.txt`` with one JSON object per line. Metadata may
also be a table with one row per document: ``NAME.metadata.csv``, ``metadata.csv``, or ``SPLIT_metadata.csv``
in a folder. Embeddings are an array of NumPy, ``NAME.embeddings.npy`` or ``embeddings.npy``, or a column of
Parquet and JSON lines. No file is ever unpickled or executed. Vocabularies of other tools are described in
`hftopic.data.formats.vocabulary`, and limits on sizes in `hftopic.data.formats.limits`.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_one_of, is_whole
from hftopic._sets import complete, read_set
from hftopic.data import shards
from hftopic.data.corpus import Corpus
from hftopic.data.embeddings import encoder_input_of
from hftopic.data.formats.beside import lists_of, read_exactly
from hftopic.data.formats.detection import format_by_name, format_of
from hftopic.data.formats.folder import matrices
from hftopic.data.formats.limits import allowing
from hftopic.data.formats.lines import FormatError, blamed_on, rereadable
from hftopic.data.formats.registry import FORMATS, SPLIT_FILES, Format, register_format
from hftopic.data.formats.request import COLUMN_ARGUMENTS, EMBEDDING_ARGUMENT, Request, with_reading
from hftopic.data.formats.sharded import write_shards
from hftopic.data.reading import Reading
from hftopic.data.text import TextOptions, check_keep_texts

__all__ = ["FORMATS", "FormatError", "read_corpus", "register_format", "write_corpus"]


def read_corpus(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    split: str | None = None,
    vocabulary: str | os.PathLike[str] | Sequence[str] | np.ndarray | None = None,
    labels: str | os.PathLike[str] | Iterable[Any] | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    name_column: str | None = None,
    date_column: str | None = None,
    embedding_column: str | None = None,
    bad_dates: Literal["error", "missing"] | None = None,
    delimiter: str | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    text: TextOptions | None = None,
    keep_texts: bool = True,
    like: Any = None,
    max_bytes: int | None = None,
) -> Corpus:
    """Read a corpus from a file or folder, in any of the formats above.

    Parameters
    ----------
    path : path-like
    format : str, optional
        Name of the format; needed if the file name does not show it.
    split : str, optional
        Read only the documents of this split, such as "train".
    vocabulary : path-like or sequence of str, optional
        A path is a vocabulary file, one word per line: the column names of a file of counts, or the words to
        count in texts. A sequence is the vocabulary of the returned corpus, such as that of a fitted model:
        words of the file are matched by spelling; columns without names are matched by position.
    labels : path-like or sequence, optional
        Label of each returned document, instead of the labels in the file; a path is a file with one label
        per line.
    text_column, label_column, name_column, date_column : str, optional
        Columns of a table with the texts, labels, names and dates; by default "text", "label", "name" and
        "date". A column "split" contains the splits. All other columns that have a name, up to 1,000, are the
        metadata. If ``date_column`` is given, all of its dates must be readable, or missing.
    embedding_column : str, optional
        Column of a Parquet or JSON Lines file with the embedding of each document, a list of numbers; by
        default "embedding", if it has such lists.
    bad_dates : {"error", "missing"}, optional
        What dates are that cannot be read: an error, which is the default, or missing, with a warning that
        counts them.
    delimiter : str, optional
        Separator of the fields of a CSV or TSV file: one character. By default it is the one with which the
        header has the column of texts: a comma, a tab, a semicolon or a bar.
    sheet : str or int, optional
        Sheet of an Excel workbook: its name, or its number from 1. By default the first one.
    encoding : str, optional
        Encoding of text files; UTF-8 by default.
    text : TextOptions, optional
        Options for splitting texts into words.
    keep_texts : bool, default=True
        Whether the corpus keeps the original texts, which take memory.
    like : fitted model, optional
        A model that is to read the documents. Its vocabulary, and the arguments that its own documents were
        read with (``model.reading_``), are the defaults. A label, name or date column that the file does not
        have is then no error, nor are texts without a word of a model that reads embeddings alone.
    max_bytes : int, optional
        Largest number of bytes of a line, of decompressed content, of the arrays of a file, and of a pipe. By
        default, a line has at most 16 MiB, compressed content at most 100 times its compressed size and
        arrays 30 times the size of their file (small files may expand more), and a pipe gives at most 1 GiB.

    Raises
    ------
    FormatError
        The content of the file does not match its format, or is beyond ``max_bytes``; the message names the
        file and, if known, the line.
    FileNotFoundError
        The file or folder does not exist, or ``vocabulary`` or ``labels`` is a path of no file.
    ValueError
        The format is unknown, or an argument is invalid or has no effect with it.
    ImportError
        The format needs a package that is not installed: pyarrow, or openpyxl.

    Warns
    -----
    UserWarning
        The last line of a file has no line end, unlike the lines before it: the file may have been cut off.
        Or some labels are empty, a workbook has several sheets, or columns are not kept as metadata.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder, "news.csv")
    ...     _ = table.write_text("text,label\\nthe team won,sport\\nfaith and hope,religion\\n")
    ...     corpus = read_corpus(table, text=TextOptions(min_df=1))
    >>> corpus
    Corpus(2 documents, 4 words, 4 tokens; 2 labels; in reading order; with texts)
    """
    path = Path(path)
    complete(path if path.is_dir() else path.resolve().parent)
    if not path.exists():
        raise FileNotFoundError(f"no file or folder {path}")
    check_max_bytes(max_bytes)
    check_keep_texts(keep_texts)
    if vocabulary is None and like is not None:
        vocabulary = words_of(like)
    words_file, labels_file = file_of(vocabulary, "vocabulary"), file_of(labels, "labels")
    given_labels = None if labels is None or isinstance(labels, str | os.PathLike) else list(labels)
    request = checked_request(
        split=split,
        vocabulary=_words(vocabulary),
        has_labels=labels is not None,
        text_column=text_column,
        label_column=label_column,
        name_column=name_column,
        date_column=date_column,
        embedding_column=embedding_column,
        bad_dates=bad_dates,
        delimiter=delimiter,
        sheet=sheet,
        encoding=encoding or "utf-8",
        text=text,
        keep_texts=bool(keep_texts),
        needs_words=encoder_input_of(like) != "embeddings",
    )
    with allowing(max_bytes), ExitStack() as pipes:
        file = pipes.enter_context(rereadable(path, lists_of))
        if words_file is not None:
            request = replace(request, vocabulary_file=pipes.enter_context(rereadable(words_file)))
        reading = getattr(like, "reading_", None)
        corpus = _read(file, format, request, reading, is_encoded=encoding is not None)
        if labels_file is not None:
            given_labels = read_exactly(labels_file, len(corpus), "labels", request.encoding)
    corpus = corpus if given_labels is None else corpus.with_labels(given_labels)
    _warn_of_empty_labels(path, corpus.labels)
    return corpus


def check_max_bytes(max_bytes: Any) -> None:
    """Raise ValueError if this is no limit of bytes."""
    if max_bytes is not None and not is_whole(max_bytes):
        raise ValueError(f"max_bytes must be an int >= 1 or None, not {max_bytes!r}")


def checked_request(
    *, bad_dates: Any = None, delimiter: Any = None, sheet: Any = None, **given: Any
) -> Request:
    """Request with arguments as a caller gives them.

    Raises
    ------
    ValueError
        One of them is not valid.
    """
    return Request(
        bad_dates=_as_bad_dates(bad_dates),
        delimiter=None if delimiter is None else _as_delimiter(delimiter),
        sheet=None if sheet is None else _as_sheet(sheet),
        **given,
    )


def file_of(given: Any, what: str) -> Path | None:
    """The file that ``given`` is the path of; None if it is no path."""
    if not isinstance(given, str | os.PathLike):
        return None
    path = Path(given)
    if not path.exists():
        raise FileNotFoundError(f"no file {path} for {what}=")
    if path.is_dir():
        raise FileNotFoundError(f"{what}={path} is a folder, not a file")
    return path


def words_of(model: Any) -> NDArray[np.object_]:
    """Vocabulary of a fitted model."""
    words = getattr(model, "vocabulary_", None)
    if words is None:
        raise TypeError(f"like must be a fitted model, not {model!r} of type {type(model).__name__}")
    return np.asarray(words, dtype=object)


def _as_delimiter(delimiter: Any) -> str:
    written = "\t" if delimiter == "\\t" else delimiter  # as a shell passes it
    if not isinstance(written, str) or len(written) != 1 or written in '\r\n"\0' or written.isalnum():
        raise ValueError(
            f"delimiter must be one character that separates fields, such as ';' or '\\t', not {delimiter!r}"
        )
    return written


def _as_bad_dates(bad_dates: Any) -> str | None:
    if bad_dates is not None and not is_one_of(bad_dates, ("error", "missing")):
        raise ValueError(f"bad_dates must be 'error' or 'missing', not {bad_dates!r}")
    given: str | None = bad_dates
    return given


def _as_sheet(sheet: Any) -> str | int:
    if not isinstance(sheet, str) and not is_whole(sheet):
        raise ValueError(f"sheet must be the name of a sheet, or its number from 1, not {sheet!r}")
    return sheet if isinstance(sheet, str) else int(sheet)


def _read(
    path: Path, format: str | None, request: Request, reading: Reading | None, is_encoded: bool
) -> Corpus:
    chosen = FORMATS[format_for(path, format, request)]
    if chosen is FORMATS["folder"] and path.is_dir() and not matrices(path):
        chosen = SPLIT_FILES
    request = request_for(path, chosen, request, reading, is_encoded)
    unit = chosen.unit(path)
    return read_set(unit.folder, unit.key, unit.files, lambda: chosen.read(path, request))


def format_for(path: Path, format: str | None, request: Request) -> str:
    """Name of the format of a file or folder, which is the given one, if one is.

    Raises
    ------
    FormatError
        No format matches, or several do; or the given one is of a folder where there is a file.
    ValueError
        The format is unknown.
    """
    if format is None and request.delimiter is not None and format_by_name(path) in ("txt", None):
        format = None if path.is_dir() else "csv"
    if format is not None:
        _known(format)
    name = format_of(path, list(FORMATS)) if format is None else format
    of_folder = FORMATS[name].is_folder
    if of_folder is not None and of_folder != path.is_dir():
        one, other = ("file", "folder") if of_folder else ("folder", "file")
        raise FormatError(f"is a {one}, but the format {name!r} is that of a {other}", path)
    return name


def request_for(
    path: Path, chosen: Format, request: Request, reading: Reading | None, is_encoded: bool
) -> Request:
    """The request with what a model's reading gives for a file of this format.

    Raises
    ------
    ValueError
        An argument has no effect with the format.
    """
    _check_used(path, chosen, request)
    usable = set(chosen.arguments) - ({"encoding"} if is_encoded else set())
    return with_reading(request, reading, usable, path)


def _warn_of_empty_labels(path: Path, labels: NDArray[np.object_] | None) -> None:
    """Warn of documents whose label is empty; a missing label, such as null, is read as an empty one."""
    empty = [] if labels is None else [place for place, label in enumerate(labels) if not label.strip()]
    if labels is not None and empty:
        told = told_of_unlabelled(path, len(empty), len(labels), empty[0])
        warnings.warn(told, UserWarning, stacklevel=level_of_the_caller())


def told_of_unlabelled(path: Path, n_empty: int, n_documents: int, first: int) -> str:
    """Warning about documents whose label is empty."""
    return (
        f"{path}: {n_empty:,} of {n_documents:,} documents have no label (the first is document {first}, "
        "counted from 0); their label is the empty string"
    )


def _words(vocabulary: Any) -> Any:
    if isinstance(vocabulary, str | os.PathLike):
        return None
    return vocabulary.tolist() if isinstance(vocabulary, np.ndarray) else vocabulary


def _known(format: str) -> Format:
    if format not in FORMATS:
        by_ending = format_by_name(Path(f"corpus.{format}"))  # "mtx", "libsvm"
        near = [by_ending] if by_ending else get_close_matches(format.lower(), FORMATS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"no format {format!r}{hint} The formats are {', '.join(FORMATS)}")
    return FORMATS[format]


def _check_used(path: Path, format: Format, request: Request) -> None:
    if request.text is not None and not format.of_text:
        raise ValueError(f"text= has no effect on {path}, which contains word counts, not texts; remove it")
    for name in (*COLUMN_ARGUMENTS, EMBEDDING_ARGUMENT, "bad_dates", "delimiter", "sheet"):
        if getattr(request, name) is not None and name not in format.arguments:
            what = {
                EMBEDDING_ARGUMENT: "is no Parquet or JSON Lines file, whose values can be lists",
                "delimiter": "is no CSV or TSV file",
                "sheet": "is no Excel workbook",
            }
            told = what.get(name, "has no named columns")
            raise ValueError(f"{name}= has no effect on {path}, which {told}; remove it")


def write_corpus(
    corpus: "Corpus | shards.ShardedCorpus", path: str | os.PathLike[str], *, format: str | None = None
) -> None:
    """Write a corpus to a file or folder, atomically.

    `read_corpus` can read the result. Only ``folder`` stores everything; ``shards`` drops the tokens. If
    another format cannot store a part, not even in a file next to it, this is an error. Without an error,
    count formats drop the tokens and the original texts, ``txt`` and ``octis`` the original texts, and all of
    them ``reading``.

    Text formats write each document as its tokens, separated by spaces. Tables have the original texts beside
    it, in the column ``original_text``, and each column of the metadata. CSV and TSV have no types: a column
    of texts that are all numbers is read as numbers.

    Parameters
    ----------
    corpus : Corpus or ShardedCorpus
        A ShardedCorpus is read into memory, unless the format is ``shards``.
    path : path-like
        A file, or a folder (a path without extension); the parent folder must exist.
    format : str, optional
        Name of the format; needed if the file name does not show it.

    Raises
    ------
    FormatError
        The format cannot store the corpus; the message gives the reason.
    FileExistsError
        ``path`` is a folder with other files than those of a corpus, or a file next to ``path`` would be read
        as labels, names or splits that the corpus does not have.
    ValueError
        The format is unknown, or it can only be read.
    """
    if not isinstance(corpus, Corpus | shards.ShardedCorpus):
        raise TypeError(f"write_corpus takes a Corpus first, then the path, not a {type(corpus).__name__}")
    path = Path(path)
    write = writer_of(path, format)
    with blamed_on(path):
        if write is write_shards:
            write_shards(corpus, path)
        else:
            write(corpus if isinstance(corpus, Corpus) else corpus.loaded(), path)


def writer_of(path: Path, format: str | None = None) -> Callable[[Corpus, Path], None]:
    """Function that writes a corpus to this path.

    Raises
    ------
    ValueError
        As in :func:`write_corpus`.
    """
    name = format or (format_by_name(path) if path.suffix and not path.is_dir() else "folder")
    if name is None:
        raise ValueError(
            f"the format cannot be determined from the name {path}; "
            f"pass format= with one of {', '.join(FORMATS)}"
        )
    write = _known(name).write
    if write is None:
        raise ValueError(f"format {name!r} can only be read, not written")
    return write
