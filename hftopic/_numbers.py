"""Checks for numbers and choices in user input; a bool is not a number."""

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXACT = 2**53  # the largest whole number up to which float64 is exact


def is_whole(value: Any, lowest: int = 1) -> bool:
    """Whether the value is an integer >= ``lowest``."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= lowest


def is_finite(value: Any) -> bool:
    """Whether the value is a real number, neither infinite nor NaN."""
    if isinstance(value, Integral):
        return not isinstance(value, bool)  # math.isfinite cannot read integers above the largest float
    return isinstance(value, Real) and math.isfinite(value)


def is_number(value: Any) -> bool:
    """Whether the value is a real number, which may be infinite, but not NaN."""
    return not isinstance(value, bool) and isinstance(value, Real) and bool(value == value)


def is_one_of(value: Any, choices: Collection[str]) -> bool:
    """Whether the value is one of some strings; an array is not compared with them."""
    return isinstance(value, str) and value in choices


def as_vector(values: Any, size: int, name: str, per: str) -> NDArray[np.float64]:
    """Finite numbers as an array, shape (size,).

    Raises
    ------
    ValueError
        They are something else.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty((0, 0))
    if array.shape != (size,) or not np.isfinite(array).all():
        raise ValueError(f"{name} must have one finite number per {per}, {size} in all; got {values!r}")
    return array


def is_positive(value: Any) -> bool:
    """Whether the value is a finite number > 0."""
    return is_finite(value) and bool(value > 0)
