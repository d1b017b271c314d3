"""Tables of topics over time in other layouts: one row per period and topic, or one per topic."""

import numpy as np
import pandas as pd

from hftopic.analysis.documents.periods import period_name


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """A table of ``topics_over_time`` with one row per period and topic, or group.

    Columns are ``label`` if there are labels; ``date``; ``topic`` or ``group``, ``name``; ``documents``;
    ``share``; and ``error``, its standard error.
    """
    numbers = [column for column in table.columns if column != "documents"]
    of, errors, names = table.columns.name or "topic", table.attrs["errors"], table.attrs["names"]
    rows = table.index.repeat(len(numbers))
    known = [[errors[number].get(str(row), np.nan) for number in numbers] for row in table.index]
    columns = {
        of: numbers * len(table),
        "name": [names[number] for number in numbers] * len(table),
        "documents": table["documents"].to_numpy().repeat(len(numbers)),
        "share": table[numbers].to_numpy(dtype=np.float64).ravel(),
        "error": np.array(known, dtype=np.float64).ravel(),
    }
    found = pd.DataFrame(columns, rows).reset_index()
    found["date"] = [period_name(value) for value in found["date"]]
    return found


def by_topic(table: pd.DataFrame) -> pd.DataFrame:
    """The same with one row per topic, or per label and topic, and one column per period."""
    rows = listed(table)
    keys = [name for name in ("label", "topic", "group", "name") if name in rows]
    periods = rows["date"].unique()
    wide = rows.pivot(index=keys, columns="date", values="share")[periods]
    return (
        wide.loc[pd.MultiIndex.from_frame(rows[keys].drop_duplicates())]
        .reset_index()
        .rename_axis(columns=None)
    )
