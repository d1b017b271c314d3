"""Checks for numbers in user input; a bool is not a number."""

import math
from numbers import Integral, Real
from typing import Any


def is_whole(value: Any, lowest: int = 1) -> bool:
    """Whether the value is an integer >= ``lowest``."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= lowest


def is_finite(value: Any) -> bool:
    """Whether the value is a real number, neither infinite nor NaN."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def is_positive(value: Any) -> bool:
    """Whether the value is a finite number > 0."""
    return is_finite(value) and bool(value > 0)
