"""Measured figures as they are written: rounded in results files, and as cells of tables.

Standard library and NumPy alone, so that benchmarks can use it in the environments of other libraries.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

NONE = "\N{EN DASH}"
"""What a table shows where there is no figure."""

Line = Mapping[str, Any]
"""One line of a results file."""

Cell = Callable[[Sequence[Line]], str]
"""Text of a cell, from the lines of results that its row summarises."""


def rounded(value: Any) -> Any:
    """Value for JSON: numbers with four digits after the point, null for what is not a number."""
    if isinstance(value, np.integer):
        return int(value)
    if not isinstance(value, float | np.floating):
        return value
    return None if np.isnan(value) else round(float(value), 4)


def fixed(value: float | None, digits: int = 2, point: bool = False) -> str:
    """Number with so many digits after the point; without the zero before it if `point`.

    The value is first rounded to nine digits, which drops the error of binary fractions. Halves are then
    rounded away from zero. So a mean of decimal figures has the same text on every machine.
    """
    if value is None or math.isnan(value):
        return NONE
    exact = Decimal(repr(round(float(value), 9)))
    text = str(exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
    return text.replace("0.", ".", 1) if point and text.lstrip("-").startswith("0.") else text


def values_of(lines: Sequence[Line], key: str) -> list[float]:
    """Values of a key, without those that are null or absent."""
    return [line[key] for line in lines if line.get(key) is not None]


def mean_of(lines: Sequence[Line], key: str) -> float | None:
    """Mean over the lines that have a value, None if none has."""
    values = values_of(lines, key)
    return statistics.fmean(values) if values else None


def mean(key: str, digits: int = 2, point: bool = False) -> Cell:
    """Cell with the mean over lines."""
    return lambda lines: fixed(mean_of(lines, key), digits, point)


def mean_sd(key: str, digits: int = 2, point: bool = False) -> Cell:
    """Cell with the mean ± the standard deviation over lines; the mean alone if there is one line."""

    def cell(lines: Sequence[Line]) -> str:
        values, centre = values_of(lines, key), fixed(mean_of(lines, key), digits, point)
        return f"{centre} ± {fixed(statistics.stdev(values), digits, point)}" if len(values) > 1 else centre

    return cell


def unseen_and_seen(key: str, digits: int = 2) -> Cell:
    """Cell with the means of unseen and of seen documents, whose keys have the word in the place of {}."""
    return lambda lines: " / ".join(
        fixed(mean_of(lines, key.format(side)), digits) for side in ("unseen", "seen")
    )


def seeds(lines: Sequence[Line]) -> str:
    """Cell with the number of different seeds."""
    return str(len({line["seed"] for line in lines}))


def active(lines: Sequence[Line]) -> list[Line]:
    """The lines with ``active>0.05`` and so on as keys: topics with more information than so many nats."""
    return [line | {f"active>{t}": n for t, n in line["active_by_threshold"].items()} for line in lines]


@dataclass(frozen=True)
class Table:
    """Rows of text under a header, printed as a reStructuredText simple table."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]
        rule = ["=" * width for width in widths]
        return "\n".join(
            " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (rule, self.header, rule, *self.rows, rule)
        )


def table(lines: Iterable[Line], keys: Mapping[str, str], columns: Mapping[str, Cell]) -> Table:
    """Table with a row for all lines that agree in the keys, in the order in which they are met.

    Parameters
    ----------
    lines : iterable of mapping
        Results, a line a fit.
    keys : mapping of str to str
        Columns that identify a row: from keys of the lines to the titles of the first columns. A first column
        "corpus" is left out where all lines are of one corpus.
    columns : mapping of str to callable
        From the titles of the other columns to their cells.
    """
    rows: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        rows.setdefault(tuple(str(line[key]) or NONE for key in keys), []).append(line)
    first = int(next(iter(keys)) == "corpus" and len({values[0] for values in rows}) == 1)
    return Table(
        (*list(keys.values())[first:], *columns),
        tuple(
            (*values[first:], *(cell(alike) for cell in columns.values())) for values, alike in rows.items()
        ),
    )
