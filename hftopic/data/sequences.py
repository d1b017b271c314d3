"""What may be taken for a sequence of words, labels, texts or documents, and what only looks like one.

Almost every object can be iterated: a DataFrame gives the names of its columns, a dict its keys, a file its
lines, and a matrix its rows. A sequence here has one dimension, and an order that somebody chose.
"""

from collections.abc import Iterable, Mapping, Set
from enum import Enum
from io import IOBase
from itertools import islice
from os import PathLike
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.columns import is_corpus, is_frame, is_sharded, labels_of, of_pandas


def described(values: Any) -> str:
    """The kind of an object, for a message: "a dict", "a DataFrame", "an array of shape (3, 1)"."""
    if isinstance(values, type):
        return f"the class {values.__name__}"
    kind = type(values).__name__
    shape = getattr(values, "shape", None)
    if isinstance(values, np.ndarray):
        return f"an array of shape {shape}"
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"


def check_sequence(
    values: Any, name: str, advice: str, error: type[ValueError] = ValueError, *, lines: bool = False
) -> None:
    """Check that `values` are a sequence.

    An iterator is a sequence that can be read once, so the caller makes a list of it.

    Parameters
    ----------
    values : Any
    name : str
        Name of the values in the message.
    advice : str
        What to pass instead, where the kind of the values does not tell.
    error : type of ValueError
    lines : bool
        Whether a file is the sequence of its lines.

    Raises
    ------
    ValueError
        They are not; the message says what they are.
    """
    wrong = _taken_for_a_sequence(values, lines)
    if wrong is not None:
        kind, instead = wrong
        raise error(f"{name} is {kind}; {instead or advice}")


def _taken_for_a_sequence(values: Any, lines: bool) -> tuple[str, str | None] | None:
    """What an object is that is no sequence, and what to do if that is known; None for a sequence."""
    kind = described(values)
    shape = getattr(values, "shape", None)
    if isinstance(values, str | bytes | bytearray | memoryview | Enum):
        return kind, None
    if isinstance(values, PathLike):
        return kind, "read the file first"
    if isinstance(values, Mapping):
        if hasattr(values, "token2id"):
            return f"{kind} of gensim", "pass [dictionary[i] for i in range(len(dictionary))]"
        return f"{kind}, and a list of it would be its keys", None
    if isinstance(values, Set):
        return f"{kind}, which has no order of its own", None
    if is_frame(values):
        column = next(iter(labels_of(values) or []), "name")
        names = "and a list of it would be the names of its columns"
        return f"{kind}, {names}", f"pass one column, such as frame[{column!r}]"
    if is_corpus(values):
        return kind, "pass one of its parts, such as .vocabulary or .labels"
    if hasattr(values, "get_feature_names_out") and not isinstance(values, type):
        return kind, "pass its get_feature_names_out()"
    if of_pandas(values, "MultiIndex"):
        return kind, "pass one of its levels, such as index.get_level_values(0)"
    if getattr(getattr(values, "dtype", None), "names", None):
        return "a structured array", f"pass one field, such as array[{values.dtype.names[0]!r}]"
    if isinstance(values, IOBase) and not lines:
        return f"an open file, {kind}, whose lines end in line breaks", "pass file.read().splitlines()"
    if isinstance(shape, tuple) and len(shape) > 1:
        return kind, "pass an array of one dimension, such as one row, one column or array.ravel()"
    if isinstance(values, type) or not isinstance(values, Iterable) or shape == ():
        return f"{values!r} of type {type(values).__name__}", None
    return None


def listed(values: Iterable[Any]) -> list[Any]:
    """Elements of a sequence; arrays of pyarrow give Python's own objects."""
    return list(values.to_pylist() if hasattr(values, "to_pylist") else values)


def lone_surrogate(text: str) -> int | None:
    """Position of half a surrogate pair, which no file in UTF-8 can hold; None if there is none.

    JSON that is cut inside an escaped character, such as an emoji, leaves one.
    """
    if text.isascii():
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def is_word(value: Any) -> bool:
    """Whether a vocabulary can have a word: files of vectors also have spaces and halves of characters."""
    return isinstance(value, str) and bool(value) and not value.isspace() and lone_surrogate(value) is None


def why_unwritable(text: str) -> str | None:
    """What no file can hold in a text, and what to do; None if all of it can be written."""
    place = lone_surrogate(text)
    if place is None:
        return None
    return (
        f"has half a character at position {place} ({text[place]!r}, a lone surrogate, as in a text that was "
        "cut), which no file can hold; remove it, such as by text.encode('utf-8', 'ignore').decode()"
    )


OF_TEXTS = (
    "holds texts, not word counts: fit hftopic.TopicPipeline(model) on the texts, build a Corpus with "
    "hftopic.corpus_from_texts, or convert them with sklearn.feature_extraction.text.CountVectorizer"
)
OF_TOKENS = "holds lists of words, not word counts: build a Corpus with hftopic.corpus_from_tokens(documents)"
OF_BAGS = (
    "holds bags of (word number, count) pairs, not a matrix of word counts: build a Corpus with "
    "hftopic.corpus_from_gensim(bags, dictionary)"
)
OF_MASKED = (
    "has masked values, which are no counts; pass X.filled(0) if a masked count is 0, or leave these "
    "documents out"
)
PEEKED = 100  # documents that are looked at


def why_no_counts(values: Any) -> str | None:
    """What is wrong with `values` as a matrix of counts, and what to do; None if it may be one.

    The numbers are checked elsewhere: this finds texts, token lists and bags of words, and objects that are
    no matrix.
    """
    if isinstance(values, str | bytes):
        return OF_TEXTS
    if is_corpus(values):
        return None
    if is_sharded(values):
        return (
            "is a ShardedCorpus, but is read in memory only here; pass a slice of it, or what sampled returns"
        )
    if sp.issparse(values):
        masked = isinstance(getattr(values, "data", None), np.ma.MaskedArray)
        return "has values in a masked array; set X.data = X.data.filled(0) first" if masked else None
    if np.ma.is_masked(values) or (isinstance(values, list | tuple) and any(map(np.ma.is_masked, values))):
        return OF_MASKED
    if hasattr(values, "collect") and hasattr(values, "lazy"):
        return f"is {described(values)}, whose values are not computed yet; pass X.collect()"
    if is_frame(values):
        return _why_no_counts_in_columns(values)
    if getattr(getattr(values, "dtype", None), "names", None):
        return "is a structured array; pass pandas.DataFrame(X)"
    if isinstance(values, np.ndarray) and values.ndim == 2:
        texts = values.dtype.kind in "OU" and any(_is_word(cell) for cell in values.ravel()[:PEEKED])
        return OF_TEXTS if texts else None
    if getattr(values, "shape", None) == ():
        return f"is {values!r}; pass a Corpus, a sparse matrix, an array or a DataFrame of word counts"
    if isinstance(values, memoryview):
        return "is a memoryview; pass numpy.asarray(X)"
    readable = isinstance(values, list | tuple | np.ndarray) or hasattr(values, "__getitem__")
    if not readable or isinstance(values, Mapping | type):
        if hasattr(values, "__array__"):
            return None
        kind = described(values)
        return f"is {kind}; pass a Corpus, a sparse matrix, an array or a DataFrame of word counts"
    return _why_no_counts_in_rows(values)


def _why_no_counts_in_columns(frame: Any) -> str | None:
    """Texts among the columns of a data frame."""
    if not of_pandas(frame, "DataFrame"):
        kinds = getattr(frame, "dtypes", None) or getattr(getattr(frame, "schema", None), "types", [])
        return (
            OF_TEXTS
            if any(str(kind).lower() in ("string", "utf8", "large_string") for kind in kinds)
            else None
        )
    if not len(frame):
        return None
    from pandas.api.types import is_string_dtype

    for place, kind in enumerate(frame.dtypes):
        if isinstance(kind, np.dtype) and kind.kind != "O":
            continue
        if is_string_dtype(frame.iloc[:, place]):
            return f"{OF_TEXTS} (column {frame.columns[place]!r})"
    return None


def _why_no_counts_in_rows(rows: Any) -> str | None:
    """Texts, tokens or bags among the first rows."""
    for row in islice(iter(rows), PEEKED):
        if isinstance(row, str):
            return OF_TEXTS
        if sp.issparse(row):
            return "is a list of sparse matrices; stack them with scipy.sparse.vstack"
        if isinstance(row, Mapping) or of_pandas(row, "Series"):
            return f"is a list in which {described(row)} is a document; pass pandas.DataFrame(X).fillna(0)"
        if isinstance(row, list | tuple) and len(row):
            if all(isinstance(pair, tuple) and len(pair) == 2 for pair in row):
                return OF_BAGS
            if any(_is_word(cell) for cell in row):
                return OF_TOKENS
    return None


def _is_word(cell: Any) -> bool:
    """Whether this is a string that is no number."""
    if not isinstance(cell, str):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False
