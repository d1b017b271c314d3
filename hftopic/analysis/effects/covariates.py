"""Metadata of the documents of a regression: its design, and the designs if they had other values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.data.dates import as_dates
from hftopic.data.design import Design, are_dates
from hftopic.data.formulas import FormulaError, parsed
from hftopic.data.metadata import Columns, as_metadata, no_column, without_midnight

SAME = 1e-9  # range of a column that does not vary, as a share of its largest value
ALONE = 1 - 1e-9  # leverage of a document that determines a coefficient


@dataclass(frozen=True, eq=False)
class Covariates:
    """Columns of documents, and the design that a formula makes of them.

    Attributes
    ----------
    columns : dict
        Those that the formula reads.
    design : ndarray, shape (n_documents, P)
        With an intercept, if it is not in the span of the others.
    """

    columns: Columns
    design: NDArray[np.float64]
    _design: Design

    @classmethod
    def of(cls, formula: str, columns: Columns) -> Self:
        """The design of a formula.

        Raises
        ------
        FormulaError
            It cannot be computed, see :class:`hftopic.data.design.Design`; its columns are linearly
            dependent, there are too few documents, or one document alone determines a coefficient.
        """
        made, raw = Design.with_values(formula, columns)
        held = {name: columns[name] for name in made.columns}
        _check_varying(raw, made)
        with_ones = np.column_stack([np.ones(len(raw)), raw])
        of_scaled = np.column_stack([np.ones(len(raw)), (raw - made.means) / made.scales])
        full = np.linalg.matrix_rank(of_scaled)
        if full == with_ones.shape[1]:
            design = with_ones
        elif np.linalg.matrix_rank(raw / np.abs(raw).max(axis=0).clip(1e-300)) == raw.shape[1]:
            design = raw  # such as a column for each category
        else:
            raise FormulaError(_dependent(formula, made, of_scaled))
        if len(design) <= design.shape[1]:
            raise FormulaError(
                f"the formula {formula!r} has {design.shape[1]} coefficients for {len(design)} documents"
            )
        _check_leverage(design, of_scaled, made)
        return cls(held, design, made)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of the design, without the intercept."""
        return self._design.names

    def mean_row(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        """Mean of the design over the documents if all had these values, shape (P,)."""
        if not isinstance(values, Mapping) or not values:
            raise TypeError(f"pass the values of columns, such as {{'rating': 'Liberal'}}; got {values!r}")
        changed = {name: self._constant(name, value) for name, value in values.items()}
        mean = self._design.raw({**self.columns, **changed}).mean(axis=0)
        return mean if len(mean) == self.design.shape[1] else np.append(1.0, mean)

    def values(self, column: str, n: int) -> list[Any]:
        """Values of a column: its categories and the numbers that ``C(...)`` reads, or at most `n` others.

        Those are all numbers that there are, or numbers or dates evenly from the least to the largest.
        """
        held = self._column(column)
        if self._are_dates(column, held):
            return _moments(held, n)
        found = np.unique(held)
        if held.dtype.kind in "if" and len(found) > n and column not in self._coded:
            found = np.linspace(held.min(), held.max(), n)
        return list(found.tolist())

    def is_continuous(self, column: str) -> bool:
        """Whether a column is dates, or numbers that are not all 0 or 1 and that no ``C(...)`` reads."""
        held = self._column(column)
        if self._are_dates(column, held):
            return True
        return held.dtype.kind in "if" and column not in self._coded and not np.isin(held, (0, 1)).all()

    def told(self, column: str, value: Any) -> Any:
        """A value as the column has it."""
        return self._constant(column, value)[0]

    @property
    def _coded(self) -> tuple[str, ...]:
        """Columns that are categories, whatever their values are."""
        return parsed(self._design.formula).categories

    def _are_dates(self, name: str, held: NDArray[Any]) -> bool:
        return name not in self._coded and are_dates(name, held)

    def _column(self, name: str) -> NDArray[Any]:
        if not isinstance(name, str) or name not in self.columns:
            where = f"that the formula {self._design.formula!r} reads"
            raise FormulaError(no_column(name, self.columns, where))
        return self.columns[name]

    def _constant(self, name: str, value: Any) -> NDArray[Any]:
        held, of_dates = self._column(name), False
        if held.dtype.kind == "O" and (of_dates := self._are_dates(name, held)):
            value = _written(value)
        given: NDArray[Any] = (as_metadata({name: [value]}, 1) or {})[name]
        if {given.dtype.kind, held.dtype.kind} == {"i", "f"}:
            alike = given.astype(held.dtype)
            given = alike if alike[0] == given[0] else given
        numbers = [values.dtype.kind in "ifb" for values in (given, held)]
        if numbers[0] != numbers[1] or (of_dates and not are_dates(name, given)):
            example = held[:1].tolist()[0]
            raise FormulaError(f"{value!r} is no value of {name!r}, which has values such as {example!r}")
        return np.repeat(given, len(held))


def _moments(dates: NDArray[Any], n: int) -> list[str]:
    """At most `n` dates as texts, evenly from the first to the last, whose time is 0:00 if that of all is."""
    known = as_dates(dates)
    if known.dtype.kind != "M":
        return [_written(value) for value in np.linspace(known.min(), known.max(), n).tolist()]
    times = pd.date_range(known.min(), known.max(), periods=n)
    days = known.dt.normalize()
    floored = times.floor("D" if (known == days).all() else "s")
    floored = floored.where(np.arange(n) < n - 1, known.max()).where(np.arange(n) > 0, known.min())
    return list(dict.fromkeys(without_midnight(moment.isoformat()) for moment in floored))


def _written(value: Any) -> Any:
    """A number as the text of a date, such as that of a year."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return value
    return f"{float(value):.15g}"


def _check_varying(raw: NDArray[np.float64], made: Design) -> None:
    """Raise FormulaError if a column of the design is the same in all documents."""
    same = np.ptp(raw, axis=0) <= SAME * np.abs(raw).max(axis=0)
    if same.any():
        named = made.names[int(same.argmax())]
        raise FormulaError(f"{named!r} has the same value in all documents, and so no effect: leave it out")


def _dependent(formula: str, made: Design, scaled: NDArray[np.float64]) -> str:
    """Which columns add nothing to those before them."""
    ranks = [np.linalg.matrix_rank(scaled[:, : place + 1]) for place in range(scaled.shape[1])]
    told = [made.names[place - 1] for place in range(1, len(ranks)) if ranks[place] == ranks[place - 1]]
    return (
        f"the formula {formula!r} has columns that the others determine: {', '.join(map(repr, told))}; "
        "leave them out"
    )


def _check_leverage(design: NDArray[np.float64], scaled: NDArray[np.float64], made: Design) -> None:
    """Raise FormulaError if a document alone determines a coefficient, which then has no standard error."""
    basis = np.linalg.svd(design / np.abs(design).max(axis=0), full_matrices=False)[0]
    alone = np.flatnonzero((basis**2).sum(axis=1) > ALONE)
    if len(alone):
        term = made.names[int(np.abs(scaled[alone[0], 1:]).argmax())]
        raise FormulaError(
            f"document {alone[0]} alone determines {term!r}, which then has no standard error: join rare "
            "values, or leave the document out"
        )
