"""What counts as a number where a user may give anything; a bool does not."""

import math
from numbers import Integral, Real
from typing import Any


def is_whole(value: Any, lowest: int = 1) -> bool:
    """Whether this is a whole number from ``lowest`` up."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= lowest


def is_finite(value: Any) -> bool:
    """Whether this is a real number, neither infinite nor missing."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def is_positive(value: Any) -> bool:
    """Whether this is a finite number above 0."""
    return is_finite(value) and bool(value > 0)
