"""Corpora in files: every format that is read and written.

================  ======================================================================================
format            what it is
================  ======================================================================================
``folder``        folder of ``train.npz``, ``test.npz`` …, ``vocab.txt``, labels; keeps all of a corpus.
                  Or, read only, a folder with a table or text file a split (``train.jsonl`` …)
``npz``           one matrix as scipy saves it, documents in rows
``docword``       UCI bag of words, ``docword.NAME.txt`` with ``vocab.NAME.txt``
``ldac``          LDA-C, ``M word:count …`` a line (``.ldac``, ``.dat``)
``matrixmarket``  Matrix Market (``.mtx``), documents in rows
``svmlight``      ``label word:count …`` a line (``.svmlight``, ``.feat``); ``svmlight0`` and ``svmlight1``
                  say whether words count from 0 or from 1
``octis``         ``corpus.tsv`` with a preprocessed document, its split and its label a row
``txt``           a text a line
``files``         folder of ``.txt`` files, a text each (read only)
``csv`` ``tsv``   table with a text a row, and a header
``jsonl``         object with a text a line
``parquet``       table with a text a row; needs pyarrow
================  ======================================================================================

Text files may be compressed (``.gz``, ``.xz``, ``.bz2``). Beside the file ``NAME.EXTENSION`` of a format that
has no place for them stand ``NAME.vocab.txt`` (or ``vocab.txt``), ``NAME.labels.txt``, ``NAME.names.txt`` and
``NAME.splits.txt``, one a line. No file is ever unpickled or run.
"""

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from hftopic.data.corpus import Corpus
from hftopic.data.formats.counts import Request, read_exactly
from hftopic.data.formats.detection import format_by_name, format_of
from hftopic.data.formats.folder import matrices
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.registry import FORMATS, SPLIT_FILES, Format, register_format
from hftopic.data.text import TextOptions

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
    encoding: str = "utf-8",
    text: TextOptions | None = None,
) -> Corpus:
    """Corpus of a file or folder, in any of the formats above.

    Parameters
    ----------
    path : path-like
    format : str, optional
        Name of the format, if the name of the file does not tell.
    split : str, optional
        Only the documents of this split, such as "train".
    vocabulary : path-like or sequence of str, optional
        A path names the file of words, one a line, that belongs to a file of counts or fixes the words of
        texts. A sequence holds the words of the corpus returned, in this order, such as those of a fitted
        model: words of the file are matched to them by spelling, columns without words of their own by place.
    labels : path-like or sequence, optional
        A label for each document returned, in place of those in the file; a path names a file of them, one a
        line.
    text_column, label_column, name_column : str, optional
        Columns of a table that hold the text, label and name; if not given, those called "text", "label" and
        "name". A column "split" holds the splits.
    encoding : str
        Encoding of text files.
    text : TextOptions, optional
        How texts become words.

    Raises
    ------
    FormatError
        The file is not what its format says; names the file, and the line where there is one.
    FileNotFoundError
        There is no such file or folder.
    ValueError
        There is no such format, or an argument is of no use with it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder, "news.csv")
    ...     _ = table.write_text("text,label\\nthe team won,sport\\nfaith and hope,religion\\n")
    ...     corpus = read_corpus(table, text=TextOptions(min_df=1))
    >>> corpus
    Corpus(2 documents, 4 words, 4 tokens; 2 labels; in reading order)
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file or folder {path}")
    chosen = _known(format) if format is not None else FORMATS[format_of(path, list(FORMATS))]
    if chosen is FORMATS["folder"] and path.is_dir() and not matrices(path):
        chosen = SPLIT_FILES
    columns = {"text_column": text_column, "label_column": label_column, "name_column": name_column}
    _check_used(path, chosen, text, columns)
    given_labels = None if labels is None or isinstance(labels, str | os.PathLike) else list(labels)
    request = Request(
        split=split,
        vocabulary=_words(vocabulary),
        vocabulary_file=Path(vocabulary) if isinstance(vocabulary, str | os.PathLike) else None,
        has_labels=labels is not None,
        encoding=encoding,
        text=text,
        **columns,
    )
    corpus = chosen.read(path, request)
    if isinstance(labels, str | os.PathLike):
        given_labels = read_exactly(Path(labels), len(corpus), "labels", encoding)
    return corpus if given_labels is None else corpus.with_labels(given_labels)


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


def _check_used(path: Path, format: Format, text: TextOptions | None, columns: dict[str, str | None]) -> None:
    if text is not None and not format.of_text:
        raise ValueError(f"text= has no effect on {path}, which holds counted words, not texts; leave it out")
    given = [name for name, column in columns.items() if column is not None]
    if given and not format.has_columns:
        raise ValueError(f"{given[0]}= has no effect on {path}, which has no named columns; leave it out")


def write_corpus(corpus: Corpus, path: str | os.PathLike[str], *, format: str | None = None) -> None:
    """Corpus into a file or folder, which appears whole or not at all.

    What is written can be read back by `read_corpus`; only ``folder`` keeps everything, and what another
    format has no place for, and no file beside it, is an error or (tokens, in formats of counts) left out.
    Formats of text put documents together from their tokens.

    Parameters
    ----------
    corpus : Corpus
    path : path-like
        A file, or a folder (a path without extension); the folder it goes into must exist.
    format : str, optional
        Name of the format, if the name of the file does not tell.

    Raises
    ------
    FormatError
        The format cannot hold the corpus; says why.
    FileExistsError
        A folder is there and holds other files than a corpus.
    ValueError
        There is no such format, or it is not written.
    """
    if not isinstance(corpus, Corpus):
        raise TypeError(f"write_corpus takes a Corpus first, then the path, not a {type(corpus).__name__}")
    path = Path(path)
    name = format or (format_by_name(path) if path.suffix and not path.is_dir() else "folder")
    if name is None:
        raise ValueError(
            f"the name of {path} does not tell its format; give format= one of {', '.join(FORMATS)}"
        )
    write = _known(name).write
    if write is None:
        raise ValueError(f"format {name!r} is only read, not written")
    with blamed_on(path):
        write(corpus, path)
