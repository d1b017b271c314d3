"""Tables of topics by label or over time, as figures read them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from hftopic._numbers import is_whole
from hftopic.analysis.correlation.significance import LEVEL
from hftopic.plots.style import check_table

SOURCE = "topics_by_label or topics_over_time"


class ShareTable(NamedTuple):
    """A table of topics by label or over time, and what its ``attrs`` say of it."""

    topics: list[int]  # (k,)
    rows: pd.Index  # labels or periods
    values: NDArray[np.float64]  # (n_rows, k)
    sizes: NDArray[np.int64] | None  # (n_rows,) documents of each label or period
    errors: NDArray[np.float64]  # (n_rows, k) standard errors; NaN if unknown
    varies: dict[int, bool]  # by topic, whether it differs between the rows by more than chance
    groups: dict[int, int]  # by topic
    measure: str
    step: float | None = None  # distance of neighbouring bins of numbers, if it is known

    @property
    def signed(self) -> bool:
        """Whether the values are signed, as those of NVDM."""
        return bool((self.values < 0).any())

    @property
    def weights(self) -> NDArray[np.float64]:
        """Documents of each row; one if they are unknown."""
        return np.ones(len(self.rows)) if self.sizes is None else self.sizes.astype(np.float64)

    def by_variation(self) -> list[int]:
        """Topics whose means vary most first, then those that do not vary by more than chance."""
        mean = np.average(self.values, axis=0, weights=self.weights)
        variance = np.average((self.values - mean) ** 2, axis=0, weights=self.weights)
        spread = dict(zip(self.topics, variance.tolist(), strict=True))
        return sorted(self.topics, key=lambda topic: (not self.varies[topic], -spread[topic]))


def share_table(table: Any) -> ShareTable:
    """A result of the analysis as figures read it; what is unknown of a table without ``attrs`` is left out.

    Raises
    ------
    TypeError, ValueError
        This is no such table, or it has no topics or rows.
    """
    check_table(table, (), SOURCE)
    if "documents" in table:
        table = table[table["documents"] > 0]  # others are gaps
    topics = [int(name) for name in table.columns if is_whole(name, 0) and is_numeric_dtype(table[name])]
    if not topics or not len(table):
        raise ValueError(f"the table has no topic columns or no rows; pass the table that {SOURCE} returns")
    facts = table.attrs if isinstance(table.attrs.get("errors"), dict) else {}
    errors = [facts.get("errors", {}).get(topic, {}) for topic in topics]
    known = [[of_topic.get(str(row), np.nan) for of_topic in errors] for row in table.index]
    p_adjusted, groups = facts.get("p_adjusted", {}), facts.get("groups", {})
    return ShareTable(
        topics,
        table.index,
        table[topics].to_numpy(dtype=np.float64),
        _sizes(table),
        np.array(known, dtype=np.float64),
        {topic: not facts or p_adjusted.get(topic, np.nan) <= LEVEL for topic in topics},
        {topic: groups.get(topic, 0) for topic in topics},
        facts.get("measure", "mean"),
        facts.get("step"),
    )


def by_label(table: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """The tables over time of each label, in the order of a table of ``topics_over_time`` by label."""
    tables = {}
    for label in table.index.get_level_values(0).unique():
        of_label: pd.DataFrame = table.loc[label]
        errors = {
            topic: {str(row): known.get(str((label, row)), np.nan) for row in of_label.index}
            for topic, known in table.attrs.get("errors", {}).items()
        }
        of_label.attrs = table.attrs | {"errors": errors}
        tables[label] = of_label
    return tables


def _sizes(table: pd.DataFrame) -> NDArray[np.int64] | None:
    """Number of documents of each row, if it is known."""
    if "documents" in table:
        return table["documents"].to_numpy(dtype=np.int64)
    known = table.attrs.get("documents")
    if isinstance(known, dict) and all(value in known for value in table.index):
        return np.array([known[value] for value in table.index], dtype=np.int64)
    return None
