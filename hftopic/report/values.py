"""Values of the report: readable numbers and texts, and tables whose cells keep the full values."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import pandas as pd

from hftopic.analysis.documents.periods import period_name

LONGEST_TEXT, LONGEST_CHOICE = 200, 60
MISSING, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Column:
    """One column: its name in the CSV, its heading on the page, and whether it is numeric."""

    name: str
    label: str
    numeric: bool


@dataclass(frozen=True)
class Cell:
    """Shown text, full value for sorting and download, and shade from 0 to 1 or None."""

    text: str
    value: str
    strength: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    key : str
        Id of the table, and name of the CSV file.
    caption : str
    columns : list of Column
    rows : list of list of Cell
    sorted_by : str or None
        Column by which the rows are sorted, in `direction`.
    direction : {"ascending", "descending"}
    """

    key: str
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    sorted_by: str | None = None
    direction: str = "descending"


def table(
    key: str,
    caption: str,
    values: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    shaded: Sequence[str] = (),
    sorted_by: str | None = None,
    direction: str = "descending",
) -> Table:
    """A DataFrame as a table of the page; cells of the ``shaded`` columns are tinted by their value."""
    called, values = labels or {}, pd.DataFrame(values)  # without attrs, which pandas copies with each column
    columns = [
        Column(str(name), called.get(str(name), str(name).replace("_", " ")), _is_numeric(values[name]))
        for name in values.columns
    ]
    highest = max((float(values[name].max()) for name in shaded if len(values)), default=0.0)
    rows = [
        [
            Cell(
                text(value),
                plain(value),
                round(max(0.0, float(value)) / highest, 3) if column.name in shaded and highest > 0 else None,
            )
            for value, column in zip(row, columns, strict=True)
        ]
        for row in values.itertuples(index=False, name=None)
    ]
    return Table(key, caption, columns, rows, sorted_by, direction)


def text(value: Any) -> str:
    """A readable value: a number with three digits, a text in one line, a dash for a missing value."""
    if _is_missing(value):
        return MISSING
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return (f"{int(value):,}" if abs(int(value)) >= 10_000 else str(int(value))).replace("-", MINUS)
    if isinstance(value, Real):
        return number(float(value))
    return shortened(visible(str(value)), LONGEST_TEXT)


def number(value: float) -> str:
    """Three significant digits, without an exponent if possible."""
    if not math.isfinite(value):
        return MISSING
    if abs(value) >= 1000:
        shown = f"{value:,.0f}"
    elif value != 0 and abs(value) < 1e-3:
        shown = f"{value:.1g}"
    else:
        decimals = next(d for d, above in ((0, 100), (1, 10), (2, 1), (3, 0)) if abs(value) >= above)
        shown = f"{value:.{decimals}f}"
    return shown.replace("-", MINUS)


def plain(value: Any) -> str:
    """The full value, as it is in the CSV."""
    if _is_missing(value):
        return ""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return str(bool(value)).lower()
    if isinstance(value, Real) and not isinstance(value, Integral):
        return repr(float(value))
    return visible(str(value))


def visible(text: str) -> str:
    """Text without control characters, surrogates and marks that change the text direction."""
    unseen = [ord(character) for character in set(text) if _is_unseen(character)]
    return text.translate(dict.fromkeys(unseen, "\N{REPLACEMENT CHARACTER}")) if unseen else text


def choices(values: pd.DataFrame | None) -> list[str]:
    """Labels or periods in the index of a table of the analysis; none if there is no table."""
    return (
        []
        if values is None
        else [shortened(visible(period_name(value)), LONGEST_CHOICE) for value in values.index]
    )


def mean_of(*, signed: bool) -> str:
    """What the values of a table by label or over time are."""
    return "Mean posterior mean" if signed else "Mean share"


def shortened(text: str, longest: int) -> str:
    """Text of at most `longest` characters; an ellipsis marks a truncated text."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _is_unseen(character: str) -> bool:
    if character in "\n\t\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _is_numeric(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))
