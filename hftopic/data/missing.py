"""Documents that lack a value of a column that a formula reads."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic._wording import counted
from hftopic.data.formulas import FormulaError
from hftopic.data.metadata import Columns, frame_of


class Missing(NamedTuple):
    """Documents for which a value that a formula reads is missing."""

    rows: NDArray[np.bool_]  # (N,)
    columns: tuple[str, ...]  # in which one is missing

    @classmethod
    def none(cls, n_documents: int) -> "Missing":
        """No value is missing."""
        return cls(np.zeros(n_documents, dtype=np.bool_), ())

    @classmethod
    def of(cls, known: Columns) -> "Missing":
        """What is missing in columns, at least one."""
        absent = frame_of(known).isna()
        return cls(absent.any(axis=1).to_numpy(), tuple(absent.columns[absent.any()]))

    def check_none(self) -> None:
        """Raise FormulaError if a value is missing."""
        if self.columns:
            raise FormulaError(f"{self}; fill it in, or set missing_metadata='drop'")

    def warn(self, consequence: str) -> None:
        """Warn if a value is missing, at the line that called the package."""
        if self.columns:
            warnings.warn(f"{self}: {consequence}", UserWarning, stacklevel=level_of_the_caller())

    def __str__(self) -> str:
        named = " or ".join(map(repr, self.columns))
        return f"{named} is missing for {int(self.rows.sum()):,} of {counted(len(self.rows), 'document')}"
