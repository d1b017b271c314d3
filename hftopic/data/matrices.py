"""Counts in memory as NumPy, scipy and scikit-learn read them, whatever holds them."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.columns import is_corpus, is_frame, of_pandas
from hftopic.data.sequences import described, why_no_counts

PLAIN = [np.dtype(kind) for kind in "?bBhHiIlLqQfd"]  # native types of numbers that every reader knows


def plain_matrix(values: Any, name: str, error: type[ValueError] = ValueError) -> Any:
    """A matrix of counts in types that every reader knows: the one conversion of what users pass.

    Arrays of numbers become native float32, float64, integers or booleans. So do the columns of a data frame
    of pandas, which keeps its names: nullable and Arrow columns, Decimal and other objects, and sparse
    columns whose fill value is not 0. Missing values become NaN. Other objects that NumPy can read become
    arrays; sparse matrices and data frames of other packages are returned as they are.

    Parameters
    ----------
    values : Any
    name : str
        Name of the matrix in messages.
    error : type of ValueError

    Raises
    ------
    ValueError
        ``values`` is no matrix of counts, as :func:`hftopic.data.sequences.why_no_counts` finds, or cannot
        be read as numbers.
    """
    reason = why_no_counts(values)
    if reason is not None:
        raise error(f"{name} {reason}")
    if sp.issparse(values) or is_corpus(values):
        return values
    if of_pandas(values, "DataFrame"):
        return _plain_frame(values, name, error)
    if is_frame(values):
        return values
    try:
        return _plain_array(np.asarray(values))
    except OverflowError:
        raise error(f"{name} has a number that is too large for float64; pass word counts") from None
    except ValueError as failure:
        raise error(f"{name} is not a well-formed matrix: {failure}") from failure
    except (TypeError, RuntimeError) as failure:
        raise error(
            f"{name} is {described(values)} that NumPy cannot read ({str(failure).splitlines()[0]}); pass a "
            "NumPy array, such as X.detach().cpu().to_dense().float().numpy() of a tensor"
        ) from failure


def words_of_row(counts: "sp.csr_array[Any]", words: np.ndarray, row: int) -> list[str]:
    """Words of one document of sparse counts, the most frequent first."""
    start, end = counts.indptr[row], counts.indptr[row + 1]
    commonest = np.argsort(-counts.data[start:end], kind="stable")
    return [str(word) for word in words[counts.indices[start:end][commonest]]]


def _plain_array(array: np.ndarray) -> np.ndarray:
    """Numbers in a native type of at most 64 bits; arrays of other things unchanged."""
    if array.dtype.kind == "O":
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):  # no numbers: the reader says so
            return array
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float32 if array.dtype.itemsize == 2 else np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _plain_frame(frame: Any, name: str, error: type[ValueError]) -> Any:
    import pandas as pd

    if not frame.shape[1]:
        raise error(f"{name} is a DataFrame without columns; pass one column per word")
    if not len(frame):  # whose columns have any type
        return pd.DataFrame(np.zeros(frame.shape), columns=frame.columns)
    kinds = list(dict.fromkeys(frame.dtypes))
    wrong = [kind for kind in kinds if not _is_of_numbers(kind)]
    if wrong:
        label = frame.columns[list(frame.dtypes).index(wrong[0])]
        raise error(f"{name} must hold real numbers, but its column {label!r} has the type {wrong[0]}")
    if all(isinstance(kind, pd.SparseDtype) and kind.fill_value == 0 for kind in kinds):
        return frame
    if all(isinstance(kind, np.dtype) and kind in PLAIN for kind in kinds):
        return frame
    try:
        numbers = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:
        raise error(f"{name} has a number that is too large for float64; pass word counts") from None
    except (TypeError, ValueError) as failure:
        raise error(f"{name} must hold real numbers: {failure}") from failure
    return pd.DataFrame(numbers, index=frame.index, columns=frame.columns)


def _is_of_numbers(kind: Any) -> bool:
    """Whether a column of this type may hold real numbers."""
    from pandas import CategoricalDtype
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype, is_object_dtype

    if isinstance(kind, CategoricalDtype):
        kind = kind.categories.dtype
    if is_object_dtype(kind) or is_bool_dtype(kind):
        return True
    return bool(is_numeric_dtype(kind) and not is_complex_dtype(kind))


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of an array that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def read_only_counts(counts: "sp.csr_array[np.float32]") -> "sp.csr_array[np.float32]":
    """Counts whose arrays are views that cannot be written to."""
    parts = (read_only(counts.data), read_only(counts.indices), read_only(counts.indptr))
    return sp.csr_array(parts, shape=counts.shape, copy=False)
