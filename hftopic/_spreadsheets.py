"""Texts that a spreadsheet would run as a formula, in CSV files and in the downloads of a report."""

import re
from typing import Any

# Also read by the script of a report, so only what regular expressions of Python and JavaScript share.
FORMULA = r"^(?![+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$)[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""Texts that begin like a formula; a plain number such as -0.5 is none."""

_FORMULA = re.compile(FORMULA)


def without_formula(value: Any) -> Any:
    """A text with an apostrophe before it if a spreadsheet would run it; other values unchanged.

    Examples
    --------
    >>> without_formula("=cmd|' /C calc'!A0")
    "'=cmd|' /C calc'!A0"
    >>> without_formula("-0.5")
    '-0.5'
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def with_formula(text: str) -> str:
    """The text that :func:`without_formula` has been given."""
    return text[1:] if text[:1] == "'" and without_formula(text[1:]) == text else text
