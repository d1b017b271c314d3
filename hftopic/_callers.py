"""The code that called this package, for warnings."""

import sys


def level_of_the_caller() -> int:
    """``stacklevel`` of the code that called this package, directly, through scikit-learn or in a context."""
    level, frame = 0, sys._getframe()
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in (
        "hftopic",
        "sklearn",
        "contextlib",
    ):
        level, frame = level + 1, frame.f_back
    return level
