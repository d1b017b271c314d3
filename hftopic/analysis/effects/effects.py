"""Effects of metadata on topics: coefficients, contrasts, marginal means and curves, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.analysis.correlation.significance import adjusted
from hftopic.analysis.effects.covariates import Covariates
from hftopic.analysis.effects.regression import Combination, Composed

Of = Literal["topics", "groups"]


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of metadata on the shares of topics, as :func:`estimate_effects` returns them.

    All intervals and p-values include the uncertainty of the topics of each document. p-values are adjusted
    over the topics by Benjamini and Hochberg, for each term alone.

    Attributes
    ----------
    formula : str
    level : float
        Of the intervals.
    draws : {"words", "posterior"}
        Where the draws come from.
    n_draws, n_documents : int
        Numbers of draws, and of documents in the regressions.
    n_empty, n_missing : int
        Documents that were left out: those without words, and of the others those with a missing value.
    topics : DataFrame
        A row for each topic: ``topic``, ``group``, ``name``, ``share``, the mean share or for NVDM E[z], and
        ``similarity``, from 0 to 1: of the words of the topic as the draws have them to those of the model.
        It is missing with ``draws="posterior"``.
    topic_word : ndarray, shape (n_topics, n_words)
        p(w|topic) of these topics, the mean of the draws.
    table : DataFrame
        A row for each topic and term of the design: ``topic``, ``group``, ``name``, ``term``, ``estimate``,
        ``error``, ``low``, ``high``, ``p`` and ``p_adjusted``. An estimate is the change of the share, from
        0 to 1, for one unit of the term.
    groups : DataFrame
        The same for the share of each group of topics, without ``topic`` and ``name``; empty if there is one
        group, or if the topics are signed.
    """

    formula: str
    level: float
    draws: str
    n_draws: int
    n_documents: int
    n_empty: int
    n_missing: int
    topics: pd.DataFrame
    topic_word: NDArray[np.float32]
    _groups: NDArray[np.int64]
    _composed: Composed
    _covariates: Covariates

    def __repr__(self) -> str:
        return (
            f"<Effects of {self.formula!r} on {len(self.topics)} topics, over {self.n_documents:,} documents>"
        )

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms of the design, without the intercept."""
        return self._covariates.names

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the metadata that the formula reads, in its order."""
        return tuple(sorted(self._covariates.columns, key=self.formula.find))

    def is_continuous(self, column: str) -> bool:
        """Whether a column is dates, or numbers that are not all 0 or 1; else it is categories."""
        return self._covariates.is_continuous(column)

    @property
    def table(self) -> pd.DataFrame:
        """Coefficients of the terms for each topic."""
        return self._terms("topics")

    @property
    def groups(self) -> pd.DataFrame:
        """Coefficients of the terms for the share of each group."""
        return self._terms("groups")

    def margins(self, column: str, at: Sequence[Any] | None = None, *, of: Of = "topics") -> pd.DataFrame:
        """Mean share of each topic if all documents had one value of a column, other columns as they are.

        Parameters
        ----------
        column : str
            A column that the formula reads.
        at : sequence, optional
            Values of it. By default, the categories; for numbers all if they are five at most, else five, as
            for dates, evenly from the least to the largest.
        of : {"topics", "groups"}, default="topics"

        Returns
        -------
        DataFrame
            ``topic``, ``group`` and ``name``, or ``group``; ``value``, that of the column; ``estimate``,
            ``error``, ``low`` and ``high``. A regression has no bounds: the ends of an interval can be below
            0 or above 1.

        Raises
        ------
        FormulaError
            The formula does not read the column, or a value is new or of another type.
        ValueError
            `of` is unknown, or `at` is empty.
        """
        values = self._covariates.values(column, 5) if at is None else list(at)
        if not values:
            raise ValueError("at has no values; pass those of the column, such as [0, 1]")
        weights = np.array([self._covariates.mean_row({column: value}) for value in values])
        found = self._composed.combined(weights)
        return self._long(found, of, "value", [self._covariates.told(column, value) for value in values])

    def curve(self, column: str, n: int = 40, *, of: Of = "topics") -> pd.DataFrame:
        """Marginal means at `n` values at most of a column of numbers or dates, see :meth:`margins`."""
        return self.margins(column, self._covariates.values(column, n), of=of)

    def contrast(
        self, first: Mapping[str, Any], second: Mapping[str, Any], *, of: Of = "topics"
    ) -> pd.DataFrame:
        """Mean share if all documents had the `first` values minus that with the `second`.

        Parameters
        ----------
        first, second : mapping of column to value
            Such as {"rating": "Liberal"} and {"rating": "Conservative"}. Other columns stay as they are.
        of : {"topics", "groups"}, default="topics"

        Returns
        -------
        DataFrame
            ``topic``, ``group`` and ``name``, or ``group``; ``estimate``, ``error``, ``low``, ``high``, ``p``
            and ``p_adjusted``.

        Raises
        ------
        FormulaError
            As :meth:`margins`.
        """
        weights = self._covariates.mean_row(first) - self._covariates.mean_row(second)
        return self._tested(self._composed.combined(weights[None]), of, None)

    def _terms(self, of: Of) -> pd.DataFrame:
        n_intercepts = len(self._covariates.design[0]) - len(self.terms)
        weights = np.eye(n_intercepts + len(self.terms))[n_intercepts:]
        return self._tested(self._composed.combined(weights), of, list(self.terms))

    def _tested(self, found: Combination, of: Of, terms: list[str] | None) -> pd.DataFrame:
        rows = self._rows_of(of)
        table = self._long(found, of, "term", terms or [""])
        p_values = found.p_values()[rows]
        table["p"] = p_values.ravel()
        by_term = [adjusted(column) for column in p_values.T] if len(p_values) else []
        table["p_adjusted"] = np.array(by_term).T.ravel()
        return table if terms else table.drop(columns="term")

    def _long(self, found: Combination, of: Of, name: str, values: list[Any]) -> pd.DataFrame:
        """One row for each outcome and value."""
        rows = self._rows_of(of)
        known = (
            self.topics[["topic", "group", "name"]]
            if of == "topics"
            else pd.DataFrame({"group": self._groups})
        )
        table = known.loc[known.index.repeat(len(values))].reset_index(drop=True)
        table[name] = values * len(known)
        low, high = found.interval(self.level)
        for column, of_all in (
            ("estimate", found.estimate),
            ("error", found.error),
            ("low", low),
            ("high", high),
        ):
            table[column] = of_all[rows].ravel()
        return table

    def _rows_of(self, of: Of) -> slice:
        """Places of the outcomes."""
        if of not in ("topics", "groups"):
            raise ValueError(f"of={of!r} is unknown; did you mean 'topics' or 'groups'?")
        n_topics = len(self.topics)
        return slice(n_topics) if of == "topics" else slice(n_topics, None)
