"""Rows of a data frame for other programs: as dictionaries for JSON, and as CSV."""

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

from hftopic._spreadsheets import without_formula

if TYPE_CHECKING:
    import pandas as pd


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as dictionaries for JSON; a missing value becomes null."""
    names = [str(name) for name in frame.columns]
    return [
        {name: plain(value) for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def as_csv(frame: "pd.DataFrame", header: bool = True) -> str:
    """Frame as CSV: lists are joined, because CSV has none, and no cell is a formula of a spreadsheet."""
    import pandas as pd

    cells = {
        place: column
        if pd.api.types.is_numeric_dtype(column)
        else pd.Series([_in_csv(value) for value in column], dtype=object)
        for place, (_, column) in enumerate(frame.reset_index(drop=True).items())
    }
    names = [without_formula(str(name)) for name in frame.columns]
    return pd.DataFrame(cells, index=range(len(frame))).to_csv(
        index=False, header=names if header else False, lineterminator="\n"
    )


def _in_csv(value: Any) -> Any:
    return without_formula(" ".join(map(str, value)) if isinstance(value, list | tuple) else value)


def plain(value: Any) -> Any:
    """Value of a table as a JSON value."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if is_missing(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_missing(value: Any) -> bool:
    """Whether this is None, NaN, or pandas' missing value."""
    return (
        value is None or (isinstance(value, Real) and math.isnan(value)) or type(value).__name__ == "NAType"
    )
