"""Lines over time: those of labels or of all documents, their places, and their gaps."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from hftopic.analysis.documents.periods import step_of
from hftopic.plots.style import colour_of
from hftopic.plots.tables import ShareTable, by_label, share_table

STYLES: dict[Any, str] = {
    "-": "line",
    "--": "dashes",
    ":": "dots",
    "-.": "dash and dot",
    (0, (6, 1, 1, 1, 1, 1)): "dash and two dots",
    (0, (10, 3)): "long dashes",
}


class Line(NamedTuple):
    """Lines of the topics in the documents of one label, or of all."""

    name: str  # "" for all
    shares: ShareTable
    colour: str | None  # None for that of the topic
    style: Any  # key of STYLES


def lines_of(table: pd.DataFrame, shares: ShareTable) -> list[Line]:
    """Lines of each label, or of all documents."""
    if not isinstance(shares.rows, pd.MultiIndex):
        return [Line("", shares, None, "-")]
    tables = by_label(table)
    if len(tables) > len(STYLES):
        raise ValueError(
            f"there are {len(tables)} labels, and lines for {len(STYLES)}; pass a table with fewer of them"
        )
    return [
        Line(str(label), share_table(of_label), colour_of(number), list(STYLES)[number])
        for number, (label, of_label) in enumerate(tables.items())
    ]


def sizes_of_periods(shares: ShareTable) -> "pd.Series[Any]":
    """Documents of each period, of all labels together, in order of time; 0 if they are unknown."""
    sizes = pd.Series(0 if shares.sizes is None else shares.sizes, shares.rows)
    return sizes.groupby(level="date").sum() if isinstance(shares.rows, pd.MultiIndex) else sizes


def places_of(index: pd.Index) -> NDArray[np.float64]:
    """Horizontal place of each row."""
    if isinstance(index, pd.PeriodIndex):
        return np.asarray(index.asi8, dtype=np.float64)
    numeric = is_numeric_dtype(index)
    return index.to_numpy(dtype=np.float64) if numeric else np.arange(len(index), dtype=np.float64)


def gaps_of(shares: ShareTable) -> NDArray[np.int64]:
    """The rows of a table before which periods without documents are missing."""
    return gaps_between(shares.rows, shares.step)


def gaps_between(index: pd.Index, step: float | None) -> NDArray[np.int64]:
    """The periods before which others are missing, which are a step apart if it is known."""
    if step is None:
        known = is_numeric_dtype(index) or isinstance(index, pd.PeriodIndex)
        step = step_of(index) if known else 1.0
    apart = np.zeros(0) if step is None else np.diff(places_of(index)) / step
    return np.flatnonzero(apart > 1.5) + 1
