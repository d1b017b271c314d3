"""Embeddings in the rows of a table: lists of numbers of the same length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic.data.formats.lines import FormatError


def stacked_rows(
    path: Path, rows: Sequence[Any] | NDArray[Any], places: Sequence[int], are_lines: bool
) -> NDArray[Any]:
    """Embeddings of documents, one below the other.

    Parameters
    ----------
    path : Path
        The file that they are from.
    rows : sequence of ndarray, or ndarray
    places : sequence of int
        Line, or row, of each document.
    are_lines : bool

    Raises
    ------
    FormatError
        They do not all have the same length, or a value is missing or infinite.
    """
    if isinstance(rows, np.ndarray):
        return rows
    width = len(rows[0])
    odd = next((place for place, row in enumerate(rows) if len(row) != width), None)
    what = "line" if are_lines else "row"
    if odd is not None:
        place = places[odd]
        raise FormatError(
            f"{what} {place}: the embedding has {len(rows[odd]):,} numbers, but that of {what} {places[0]} "
            f"has {width:,}",
            path,
        )
    stacked = np.stack(rows)
    endless = np.flatnonzero(~np.isfinite(stacked).all(1))
    if len(endless):
        told = f"{what} {places[endless[0]]}: a number of the embedding is missing, infinite or too large"
        raise FormatError(told, path)
    return stacked


def vector_of(value: Any) -> NDArray[np.float32] | None:
    """An embedding from a list of numbers, shape (F,); None if it is no such list, or is empty."""
    if not isinstance(value, list | np.ndarray) or not len(value):
        return None
    if not all(type(number) in (int, float) for number in value) and not isinstance(value, np.ndarray):
        return None
    try:
        with np.errstate(over="ignore"):
            vector = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        return None
    return vector if vector.ndim == 1 else None
