"""The design of a formula: numbers that the metadata give each document, always coded alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hftopic.data.dates import as_dates
from hftopic.data.formulas import FormulaError, parsed
from hftopic.data.metadata import Columns, frame_of

INTERCEPT = "Intercept"
ISO_DATE = re.compile(r"\d{4}-\d\d(-\d\d.*)?")
YEAR = 365.2425  # days


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of numbers that a formula makes of the metadata of documents.

    Categories, knots of splines and scales are those of the documents from which it was made. A column of
    dates is read as years: 2008.5 is the middle of 2008.

    Attributes
    ----------
    formula : str
    columns : tuple of str
        Columns of the metadata that the formula reads.
    names : tuple of str, length P
        Of the columns of the design, without the intercept, such as "party[T.left]".
    means, scales : ndarray, shape (P,)
        Mean and standard deviation of each over the documents from which it was made.
    """

    formula: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    _spec: Any  # formulaic's

    def __reduce__(self) -> tuple[Any, ...]:
        return Design.from_json, (self.as_json(),)

    @classmethod
    def of(cls, formula: str, known: Columns) -> Self:
        """The design of a formula, made from documents with these columns.

        Raises
        ------
        FormulaError
            The formula cannot be read or computed, names a column that there is not, or has no column; or a
            value is missing.
        ImportError
            formulaic is not installed.
        """
        from formulaic import ModelSpec

        terms, columns = parsed(formula)
        made = _computed(ModelSpec.from_spec(terms, na_action="raise"), formula, columns, known)
        values = made.drop(columns=INTERCEPT, errors="ignore")
        if not values.shape[1]:
            raise FormulaError(f"the formula {formula!r} has no columns, only a constant")
        numbers = values.to_numpy(dtype=np.float64)
        scales = numbers.std(axis=0)
        scales[scales <= 1e-9 * np.abs(numbers).max(axis=0)] = 1.0  # the same value for all: it stays at 0
        names = tuple(map(str, values.columns))
        return cls(formula, columns, names, numbers.mean(axis=0), scales, made.model_spec)

    def matrix(self, known: Columns) -> NDArray[np.float32]:
        """The design of documents with these columns, shape (N, P), in standard deviations from the means.

        Raises
        ------
        FormulaError
            A column or a value is missing, a category is new, or a function is not defined there.
        """
        return ((self.raw(known) - self.means) / self.scales).astype(np.float32)

    def raw(self, known: Columns) -> NDArray[np.float64]:
        """The same in the units of the metadata."""
        made = _computed(self._spec, self.formula, self.columns, known)
        return np.asarray(made[list(self.names)].to_numpy(dtype=np.float64))

    def as_json(self) -> dict[str, Any]:
        """What :meth:`from_json` makes the design of, as JSON can hold it."""
        coded = self._spec.encoder_state.items()
        return {
            "formula": self.formula,
            "columns": list(self.columns),
            "names": list(self.names),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "transforms": _plain(self._spec.transform_state),
            "categories": _plain({name: state.get("categories") for name, (_, state) in coded}),
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Self:
        """The design that :meth:`as_json` has told of.

        Raises
        ------
        FormulaError
            The formula is none that could have been written: a model file runs no code.
        """
        from formulaic import ModelSpec
        from formulaic.parser.types import Factor

        kinds = Factor.Kind
        categories = {
            name: (kinds.NUMERICAL, {})
            if of_factor is None
            else (kinds.CATEGORICAL, {"categories": of_factor})
            for name, of_factor in _restored(held["categories"]).items()
        }
        spec = ModelSpec.from_spec(
            parsed(held["formula"])[0],
            na_action="raise",
            transform_state=_restored(held["transforms"]),
            encoder_state=categories,
        )
        means, scales = (np.array(held[name], dtype=np.float64) for name in ("means", "scales"))
        return cls(held["formula"], tuple(held["columns"]), tuple(held["names"]), means, scales, spec)


def _computed(spec: Any, formula: str, columns: tuple[str, ...], known: Columns) -> Any:
    """The model matrix of formulaic."""
    import warnings

    from formulaic.errors import DataMismatchWarning, FormulaicError

    read = {}
    for name in columns:
        if name not in known:
            close = get_close_matches(name, known, 1) or list(known)
            told = f"did you mean {close[0]!r}?" if close else "there is no metadata"
            raise FormulaError(f"no column {name!r} in the metadata, for the formula {formula!r}; {told}")
        read[name] = _as_numbers_of_dates(known[name])
        missing = int(frame_of({name: read[name]})[name].isna().sum())
        if missing:
            raise FormulaError(
                f"{name!r} is missing for {missing:,} of {len(read[name]):,} documents; fill it in, or leave "
                "these documents out"
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            made = spec.get_model_matrix(frame_of(read), context={"sqrt": np.sqrt, "abs": np.abs})
    except (FormulaicError, DataMismatchWarning, ValueError, TypeError) as error:
        raise FormulaError(f"the formula {formula!r} cannot be computed: {error}") from error
    if not np.isfinite(made.to_numpy(dtype=np.float64)).all():
        wrong = made.columns[~np.isfinite(made.to_numpy(dtype=np.float64)).all(axis=0)][0]
        raise FormulaError(f"{wrong!r} of the formula {formula!r} is not a finite number for all documents")
    return made


def holds_dates(values: NDArray[Any]) -> bool:
    """Whether all values of a column are dates in ISO form."""
    return values.dtype.kind == "O" and all(isinstance(v, str) and ISO_DATE.fullmatch(v) for v in values)


def _as_numbers_of_dates(values: NDArray[Any]) -> NDArray[Any]:
    """A column of dates as years; another one as it is."""
    if not holds_dates(values):
        return values
    days = as_dates(values).to_numpy().astype("datetime64[s]").astype(np.int64) / 86_400
    return np.asarray(1970 + days / YEAR)


def _plain(value: Any) -> Any:
    """Dicts as lists of pairs, as JSON has strings as keys alone; numbers and arrays as those of Python."""
    if isinstance(value, Mapping):
        return {"pairs": [[_plain(key), _plain(held)] for key, held in value.items()]}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(held) for held in value]
    return value.item() if isinstance(value, np.generic) else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _restored(held) for key, held in value["pairs"]}
    return [_restored(held) for held in value] if isinstance(value, list) else value
