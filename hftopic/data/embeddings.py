"""Embeddings of documents: one vector of numbers for each, such as that of a sentence encoder."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hftopic.data.columns import is_corpus, is_frame, is_sharded, of_pandas
from hftopic.data.rows import rows_by_name
from hftopic.data.sequences import described
from hftopic.data.validation import CorpusError

PIECE = 16_384  # rows that are read at once where all are
ENTRIES = 2**22  # that are looked at together
ROUNDING = 1e-6  # largest deviation of a column that does not vary, as a part of its mean: 8 units of float32
LEAST = 1e-30  # difference of two rows of which the inverse of a deviation is a number of float32
ADVICE = "pass an array of real numbers, shape (n_documents, n_columns), a row for each document"


class Embeddings(Protocol):
    """Rows of float32 for documents: an array in memory, a memory-mapped one, or several of these."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, F): the number of documents, and of columns."""

    def __getitem__(self, rows: Any, /) -> NDArray[np.float32]:
        """Some rows, by a slice or by numbers."""


def as_embeddings(
    embeddings: Any, n_documents: int | None, names: Sequence[str] | None = None
) -> NDArray[np.float32] | None:
    """Embeddings of documents as float32, shape (N, F); a memory-mapped array of float32 stays one.

    Parameters
    ----------
    embeddings : array-like or DataFrame, shape (n_documents, F), or None
        Real numbers. If documents have names, the index of a DataFrame of pandas may have them too, in any
        order.
    n_documents : int or None
        None for any number.
    names : sequence of str, optional
        Names of the documents.

    Raises
    ------
    CorpusError
        This is no such array; a value is missing or infinite, or too large for float32; or the documents have
        names, and those in the index of a DataFrame are others.
    """
    return None if embeddings is None else checked_embeddings(embeddings, n_documents, names)


def checked_embeddings(
    embeddings: Any, n_documents: int | None, names: Sequence[str] | None = None
) -> NDArray[np.float32]:
    """As :func:`as_embeddings`, of embeddings that there are."""
    array = _as_numbers(embeddings)
    if array.ndim != 2:
        raise CorpusError(f"embeddings must have two dimensions, got the shape {array.shape}; {ADVICE}")
    if array.shape[1] == 0:
        raise CorpusError(f"embeddings have no columns; {ADVICE}")
    if n_documents is not None and len(array) != n_documents:
        raise CorpusError(f"embeddings have {len(array):,} rows for {n_documents:,} documents")
    if of_pandas(embeddings, "DataFrame"):
        array = _in_order(array, embeddings.index.tolist(), names)
    _check_finite(array)
    with np.errstate(over="ignore"):
        converted = array if array.dtype == np.float32 else array.astype(np.float32)
    if converted is not array:
        _check_finite(converted, ", which is too large for float32; divide all by a constant")
    return converted


def embeddings_of(X: Any, embeddings: Any, n_documents: int) -> Embeddings | None:
    """Embeddings of documents: those that are passed, or else those of a corpus; None if there are none.

    Raises
    ------
    CorpusError
        As :func:`as_embeddings`.
    """
    if embeddings is None:
        return held_embeddings(X)
    named = (is_corpus(X) or is_sharded(X)) and of_pandas(embeddings, "DataFrame")
    return as_embeddings(embeddings, n_documents, getattr(X, "names", None) if named else None)


def held_embeddings(X: Any) -> Embeddings | None:
    """Embeddings that a corpus, in memory or as shards, has of its documents; None if there are none."""
    held: Embeddings | None = getattr(X, "embeddings", None) if is_corpus(X) or is_sharded(X) else None
    return held


def encoder_input_of(model: Any) -> str:
    """What the encoder of a model reads of documents: "counts", "embeddings" or "both".

    A parameter that changes after a fit does not change the network: that of a fitted model is asked.
    """
    original = getattr(model, "original_", model)  # of a model whose topics were edited
    encoder = getattr(getattr(original, "_network", None), "encoder", None)
    if encoder is None:
        return str(getattr(original, "encoder_input", "counts"))
    if getattr(encoder, "of_document", None) is None:
        return "counts"
    return "both" if encoder.reads_counts else "embeddings"


def check_varied(pieces: Iterator[NDArray[np.float32]], n_documents: int) -> None:
    """Raise CorpusError if all rows of embeddings, which are read in pieces, are the same, or nearly so."""
    first, are_same, are_tiny = None, True, True
    for piece in pieces:
        first = piece[0] if first is None else first
        with np.errstate(over="ignore"):
            differences = np.abs(piece - first)
        if (differences > np.maximum(ROUNDING * np.abs(first), LEAST)).any():
            return
        are_same = are_same and not differences.any()
        are_tiny = are_tiny and bool((differences <= LEAST).all())
    if not are_tiny:
        raise CorpusError(
            f"the embeddings of documents differ by {ROUNDING:g} of their values at most, too little for "
            "float32; subtract the mean of each column"
        )
    if not are_same:
        raise CorpusError(
            f"the embeddings of documents differ by {LEAST:g} at most, too little for float32; multiply all "
            "by a constant"
        )
    raise CorpusError(
        f"the embeddings of all {n_documents:,} documents are the same, so that they tell nothing of them"
    )


def pieces_of(array: Embeddings) -> Iterator[NDArray[np.float32]]:
    """All rows, in pieces."""
    for start in range(0, array.shape[0], PIECE):
        yield array[start : min(start + PIECE, array.shape[0])]


def sha256_of_rows(array: Embeddings) -> str:
    """Hash of the shape and the values of an array, which is read in pieces."""
    digest = hashlib.sha256(repr(tuple(array.shape)).encode())
    for piece in pieces_of(array):
        digest.update(np.ascontiguousarray(piece).data)
    return digest.hexdigest()


def moments_of(pieces: Iterator[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each column, shape (F,) each, of rows that are read in pieces."""
    n_rows, mean, squares = 0, np.zeros(1), np.zeros(1)
    for piece in pieces:
        rows = piece.astype(np.float64)
        total, of_piece = n_rows + len(rows), rows.mean(0)
        moved = of_piece - mean
        squares = squares + np.square(rows - of_piece).sum(0) + moved**2 * (n_rows * len(rows) / total)
        mean, n_rows = mean + moved * (len(rows) / total), total
    return mean, np.sqrt(squares / n_rows)


def _as_numbers(embeddings: Any) -> NDArray[Any]:
    """The values as an array of real numbers."""
    if is_corpus(embeddings) or is_sharded(embeddings):
        raise CorpusError(f"embeddings is {described(embeddings)}; pass its .embeddings")
    if np.ma.is_masked(embeddings):
        raise CorpusError("embeddings have masked values; pass embeddings.filled(0), or leave them out")
    if hasattr(embeddings, "toarray"):
        raise CorpusError(f"embeddings is {described(embeddings)}, which is sparse; pass its .toarray()")
    if isinstance(embeddings, np.memmap) and embeddings.dtype == np.float32:
        return embeddings
    try:
        array = np.asarray(embeddings)
        if is_frame(embeddings) and array.dtype.kind == "O":  # columns of several types, or pandas' own
            array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CorpusError(f"embeddings is {described(embeddings)}, of no shape; {ADVICE}") from error
    if array.dtype.kind not in "iuf":
        raise CorpusError(f"embeddings have values of type {array.dtype}, not real numbers; {ADVICE}")
    return array


def _in_order(array: NDArray[Any], index: list[Any], names: Sequence[str] | None) -> NDArray[Any]:
    """The rows in the order of the documents, by the index of their DataFrame if it has texts or their names.

    Other numbers are those of rows of a larger DataFrame.
    """
    if names is None:
        return array
    shared = set(map(str, index)) & set(map(str, names))
    if not all(isinstance(label, str) for label in index) and len(shared) < len(names):
        return array
    try:
        rows = rows_by_name("index", index, names)
    except CorpusError as error:
        raise CorpusError(
            f"embeddings: {error}; pass embeddings.to_numpy() if the rows are in the order of the documents"
        ) from error
    return array[rows] if rows != list(range(len(rows))) else array


def _check_finite(array: NDArray[Any], why: str = "") -> None:
    """Raise CorpusError if a value is missing or infinite; it is looked for in pieces."""
    step = max(1, ENTRIES // array.shape[1])
    for start in range(0, len(array), step):
        finite = np.isfinite(array[start : start + step])
        if not finite.all():
            row, column = (int(axis[0]) for axis in np.nonzero(~finite))
            value = array[start + row, column]
            raise CorpusError(
                f"row {start + row} of embeddings has the value {value} in column {column}"
                f"{why or '; all must be finite'}"
            )
