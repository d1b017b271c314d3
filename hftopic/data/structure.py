"""The structure of sparse matrices, checked before any routine that trusts it and could crash."""

from typing import Any

import numpy as np
import scipy.sparse as sp


def sound(matrix: Any) -> Any:
    """A sparse matrix whose structure is right and whose repeated entries can be added.

    scipy's routines in C++ follow indices without a look: an index out of range writes into foreign memory.
    So every index is checked here, with numpy alone. Sums of repeated entries overflow in small types, so a
    matrix that may have repeated entries is returned in float64.

    Parameters
    ----------
    matrix : sparse matrix or array
        Any format of scipy.

    Raises
    ------
    ValueError
        An index is out of range, or the arrays of the matrix do not match.
    """
    shape = tuple(map(int, matrix.shape))
    if matrix.format in ("csr", "csc"):
        check_compressed(matrix.data, matrix.indices, matrix.indptr, *_axes(shape, matrix.format))
        return matrix if distinct(matrix.indices, matrix.indptr) else _wide(matrix)
    if matrix.format == "bsr":
        check_blocks(matrix.data, matrix.indices, matrix.indptr, shape)
        return matrix if distinct(matrix.indices, matrix.indptr) else _wide(matrix)
    if matrix.format == "coo":
        check_coordinates(matrix.data, matrix.coords, shape)
        return _wide(matrix)
    if matrix.format == "dok":
        return sound(matrix.tocoo())
    if matrix.format == "dia":
        check_diagonals(matrix.data, matrix.offsets)
    if matrix.format == "lil":
        _check_lists(matrix)
    return matrix


def _axes(shape: tuple[int, ...], format: str) -> tuple[int, int]:
    """Number of stored vectors, and length of each."""
    if len(shape) != 2:
        raise ValueError(f"it has {len(shape)} dimensions, not 2")
    return (shape[0], shape[1]) if format == "csr" else (shape[1], shape[0])


def _wide(matrix: Any) -> Any:
    """The same entries in float64; ``astype`` would add the repeated ones, in which -1 and 1 cancel."""
    if matrix.dtype == np.float64 or matrix.dtype.kind not in "biuf":
        return matrix
    places = (matrix.coords,) if matrix.format == "coo" else (matrix.indices, matrix.indptr)
    return type(matrix)((matrix.data.astype(np.float64), *places), shape=matrix.shape)


def distinct(indices: np.ndarray, indptr: np.ndarray) -> bool:
    """Whether the indices of every vector increase, so that none is repeated."""
    if len(indices) < 2:
        return True
    rises = indices[1:] > indices[:-1]
    starts = indptr[1:-1]
    starts = starts[(starts > 0) & (starts < len(indices))]
    rises[starts - 1] = True
    return bool(rises.all())


def check_compressed(data: Any, indices: Any, indptr: Any, n_vectors: int, length: int) -> None:
    """Check the arrays of a CSR or CSC matrix with ``n_vectors`` stored vectors of this length.

    Raises
    ------
    ValueError
        They do not describe such a matrix.
    """
    data, indices, indptr = map(np.asarray, (data, indices, indptr))
    if data.ndim != 1 or len(data) != len(indices):
        raise ValueError(f"it has {data.size:,} values but {indices.size:,} indices")
    _check_indices(indices, indptr, n_vectors, length)


def _check_indices(indices: np.ndarray, indptr: np.ndarray, n_vectors: int, length: int) -> None:
    for what, array in (("indices", indices), ("indptr", indptr)):
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise ValueError(f"its {what} are not integers in one dimension")
    if len(indptr) != n_vectors + 1:
        raise ValueError(f"indptr has {len(indptr):,} values, not {n_vectors + 1:,}")
    if indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():
        raise ValueError("the values of indptr must start at 0 and never decrease")
    if indptr[-1] != len(indices):
        raise ValueError(
            f"the last value of indptr is {indptr[-1]:,}, but there are {len(indices):,} indices"
        )
    _check_range(indices, length)


def _check_range(indices: np.ndarray, length: int) -> None:
    if indices.size and not (indices.min() >= 0 and indices.max() < length):
        worst = indices.min() if indices.min() < 0 else indices.max()
        raise ValueError(f"the index {worst} is not from 0 to {length - 1:,}")


def check_blocks(data: Any, indices: Any, indptr: Any, shape: tuple[int, ...]) -> None:
    """Check the arrays of a BSR matrix, whose ``data`` has shape (n_blocks, height, width).

    Raises
    ------
    ValueError
        They do not describe a matrix of this shape.
    """
    data, indices, indptr = map(np.asarray, (data, indices, indptr))
    if data.ndim != 3 or 0 in data.shape[1:] or len(data) != len(indices):
        raise ValueError(f"its blocks have shape {data.shape} for {indices.size:,} indices")
    n_vectors, length = _axes(shape, "csr")
    if n_vectors % data.shape[1] or length % data.shape[2]:
        raise ValueError(f"blocks of shape {data.shape[1:]} do not divide a matrix of shape {shape}")
    _check_indices(indices, indptr, n_vectors // data.shape[1], length // data.shape[2])


def check_coordinates(data: Any, coords: Any, shape: tuple[int, ...]) -> None:
    """Check the arrays of a COO matrix.

    Raises
    ------
    ValueError
        They do not describe a matrix of this shape.
    """
    data, *axes = map(np.asarray, (data, *coords))
    if len(axes) != len(shape) or any(axis.shape != data.shape or axis.ndim != 1 for axis in axes):
        raise ValueError("its values and coordinates do not have the same length")
    for axis, length in zip(axes, shape, strict=True):
        if axis.dtype.kind not in "iu":
            raise ValueError("its coordinates are not integers")
        _check_range(axis, length)


def check_diagonals(data: Any, offsets: Any) -> None:
    """Check the arrays of a DIA matrix.

    Raises
    ------
    ValueError
        They do not match, or a diagonal is repeated.
    """
    data, offsets = map(np.asarray, (data, offsets))
    if data.ndim != 2 or offsets.ndim != 1 or offsets.dtype.kind not in "iu" or len(data) != len(offsets):
        raise ValueError(f"its diagonals have shape {data.shape} for {offsets.size:,} offsets")
    if len(np.unique(offsets)) < len(offsets):
        raise ValueError("a diagonal is repeated")


def _check_lists(matrix: "sp.lil_array[Any]") -> None:
    n_vectors, length = _axes(matrix.shape, "csr")
    if not len(matrix.rows) == len(matrix.data) == n_vectors:
        raise ValueError(f"it has {len(matrix.rows):,} lists of indices for {n_vectors:,} rows")
    for row, (indices, values) in enumerate(zip(matrix.rows, matrix.data, strict=True)):
        if len(indices) != len(values):
            raise ValueError(f"row {row} has {len(values):,} values but {len(indices):,} indices")
        if len(set(indices)) < len(indices):
            raise ValueError(f"row {row} has a repeated index")
        _check_range(np.asarray(indices, dtype=np.int64), length)
