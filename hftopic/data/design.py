"""The design of a formula: numbers that the metadata give each document, always coded alike."""

import warnings
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hftopic.data.dates import DateError, alike, as_dates, day_first_of
from hftopic.data.formulas import FormulaError, check_size, columns_of, parsed
from hftopic.data.metadata import Columns, frame_of, no_column
from hftopic.data.missing import Missing

INTERCEPT = "Intercept"
OF_DATES = "date"  # the column of a corpus's dates, which are of any form


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of numbers that a formula makes of the metadata of documents.

    Categories, knots of splines and scales are those of the documents from which it was made. A column of
    dates, in any form that :func:`hftopic.data.dates.as_dates` reads, is read as years: 2008.5 is the middle
    of 2008. Texts of four digits are categories, except in ``date``. In ``C(...)`` dates are categories.

    Attributes
    ----------
    formula : str
    columns : tuple of str
        Columns of the metadata that the formula reads.
    dates : dict of str to bool or None
        Those of them that are dates, and whether these begin with the day; None if none of them tells.
    texts : tuple of str
        Those of them that are texts.
    names : tuple of str, length P
        Of the columns of the design, without the intercept, such as "party[T.left]".
    means, scales : ndarray, shape (P,)
        Mean and standard deviation of each over the documents from which it was made.
    """

    formula: str
    columns: tuple[str, ...]
    dates: dict[str, bool | None]
    texts: tuple[str, ...]
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
            The formula cannot be read or computed, names a column that there is not, or has no column or too
            many; a value is missing; or a column has dates that cannot be read.
        ImportError
            formulaic is not installed.
        """
        return cls.with_values(formula, known)[0]

    @classmethod
    def with_values(cls, formula: str, known: Columns) -> tuple[Self, NDArray[np.float64]]:
        """As :meth:`of`, with the :meth:`raw` values of these documents, shape (N, P)."""
        from formulaic import ModelSpec

        terms, columns, categories = parsed(formula)
        check_columns(formula, columns, known)
        dated = [n for n in columns if n not in categories and _has_dates(n, known[n])]
        dates = {name: day_first_of(known[name]) for name in dated}
        texts = tuple(n for n in columns if n not in dates and known[n].dtype.kind == "O")
        read = _as_read(columns, dates, known)
        n_values = {n: len(set(v.tolist())) for n, v in read.items() if n in texts or n in categories}
        check_size(formula, terms, _n_categories(terms, n_values))
        made = _computed(ModelSpec.from_spec(terms, na_action="raise"), formula, read)
        values = made.drop(columns=INTERCEPT, errors="ignore")
        if not values.shape[1]:
            raise FormulaError(f"the formula {formula!r} has no columns, only a constant")
        numbers = values.to_numpy(dtype=np.float64)
        scales = numbers.std(axis=0)
        scales[scales <= 1e-9 * np.abs(numbers).max(axis=0)] = 1.0  # the same value for all: it stays at 0
        names = tuple(map(str, values.columns))
        design = cls(formula, columns, dates, texts, names, numbers.mean(axis=0), scales, made.model_spec)
        return design, numbers

    def columns_in(self, known: Collection[str]) -> tuple[str, ...]:
        """The columns that the formula reads, all of which must be among those that are known.

        Raises
        ------
        FormulaError
        """
        check_columns(self.formula, self.columns, known)
        return self.columns

    def matrix(self, known: Columns) -> NDArray[np.float32]:
        """The design of documents with these columns, shape (N, P), in standard deviations from the means.

        Raises
        ------
        FormulaError
            A column or a value is missing, a category is new, a column is text that was of numbers or the
            other way round, or a function is not defined there.
        """
        return ((self.raw(known) - self.means) / self.scales).astype(np.float32)

    def raw(self, known: Columns) -> NDArray[np.float64]:
        """The same in the units of the metadata."""
        read = _as_read(self.columns_in(known), self.dates, known)
        read = {name: self._of_kind(name, values) for name, values in read.items()}
        made = _computed(self._fresh_spec(), self.formula, read)
        return np.asarray(made[list(self.names)].to_numpy(dtype=np.float64))

    def _of_kind(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        """Values of a column as in the fit, texts or not; truth values are texts where some are missing."""
        of_texts = values.dtype.kind == "O"
        if of_texts == (name in self.texts):
            return values
        if values.dtype.kind == "b":
            return values.astype(str).astype(object)
        if of_texts and set(values) <= {"True", "False"}:
            return np.array([value == "True" for value in values], dtype=np.bool_)
        kinds = ("numbers", "text") if of_texts else ("text", "numbers")
        raise FormulaError(
            f"{name!r} was {kinds[0]} in the documents of the fit and is {kinds[1]} here, such as "
            f"{values.tolist()[0]!r}, for the formula {self.formula!r}"
        )

    def _fresh_spec(self) -> Any:
        """A copy of formulaic's, which it changes while it computes, also where that fails."""
        coded = {name: (kind, dict(state)) for name, (kind, state) in self._spec.encoder_state.items()}
        return self._spec.update(encoder_state=coded, transform_state=deepcopy(self._spec.transform_state))

    def as_json(self) -> dict[str, Any]:
        """What :meth:`from_json` makes the design of, as JSON can hold it."""
        coded = self._spec.encoder_state.items()
        return {
            "formula": self.formula,
            "dates": self.dates,
            "texts": list(self.texts),
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
        ValueError
            Something else is not as it was written.
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
        terms, columns, _ = parsed(held["formula"])
        sizes = {name: len(state.get("categories") or ()) for name, (_, state) in categories.items()}
        check_size(held["formula"], terms, sizes)
        spec = ModelSpec.from_spec(
            terms,
            na_action="raise",
            transform_state=_restored(held["transforms"]),
            encoder_state=categories,
        )
        names, texts, dates = tuple(held["names"]), tuple(held["texts"]), dict(held["dates"])
        means, scales = (np.array(held[name], dtype=np.float64) for name in ("means", "scales"))
        if not (len(names) and means.shape == scales.shape == (len(names),) and (scales > 0).all()):
            raise ValueError(f"the design has {len(names)} names, means {means!r} and scales {scales!r}")
        if not all(told in (None, True, False) for told in dates.values()):
            raise ValueError(f"the design has dates that begin with neither day nor month: {dates!r}")
        return cls(held["formula"], columns, dates, texts, names, means, scales, spec)


def check_columns(formula: str, columns: Collection[str], known: Collection[str]) -> None:
    """Raise FormulaError unless all columns that a formula reads are known."""
    for name in columns:
        if name not in known:
            raise FormulaError(no_column(name, known, f"in the metadata, for the formula {formula!r}"))


def _as_read(columns: Collection[str], dates: Mapping[str, bool | None], known: Columns) -> Columns:
    """The columns that a formula reads: dates as years, and no value missing."""
    read = {name: known[name] for name in columns}
    if read:
        Missing.of(read).check_none()
    return {
        name: _years(name, values, dates[name]) if name in dates else values for name, values in read.items()
    }


def _computed(spec: Any, formula: str, read: Columns) -> Any:
    """The model matrix of formulaic."""
    from formulaic.errors import DataMismatchWarning, FormulaicError

    context = {"sqrt": np.sqrt, "abs": np.abs}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", DataMismatchWarning)
            made = spec.get_model_matrix(frame_of(read), context=context)
    except DataMismatchWarning as error:
        raise FormulaError(
            "a category is not among those of the documents that the design was made of, for the formula "
            f"{formula!r}: {_new_category(spec, read) or error}"
        ) from error
    except (FormulaicError, ValueError, TypeError) as error:
        told = str(error)
        if "extrapolation" in told:
            told = (
                "a value is beyond those of the documents that the design was made of; allow it by "
                "extrapolation='clip' or 'extend' in bs(...)"
            )
        raise FormulaError(f"the formula {formula!r} cannot be computed: {told}") from error
    if not np.isfinite(made.to_numpy(dtype=np.float64)).all():
        wrong = made.columns[~np.isfinite(made.to_numpy(dtype=np.float64)).all(axis=0)][0]
        raise FormulaError(f"{wrong!r} of the formula {formula!r} is not a finite number for all documents")
    return made


def _n_categories(terms: Any, n_values: Mapping[str, int]) -> dict[str, int]:
    """Number of categories of each expression of a formula that has some, or more."""
    found = {}
    for expression in {str(factor.expr) for term in terms for factor in term.factors}:
        names = columns_of(expression) if expression.startswith("C(") else {expression.strip("`")}
        found[expression] = max((n_values.get(name, 0) for name in names), default=0)
    return found


def _new_category(spec: Any, read: Columns) -> str:
    """A category that a design does not have, and its column; "" if it cannot be told."""
    for expression, (_, state) in spec.encoder_state.items():
        known, names = state.get("categories"), columns_of(expression)
        if known is not None and len(names) == 1:
            name = names.pop()
            new = [value for value in read[name].tolist() if value not in known]
            if new:
                return f"{new[0]!r} of {name!r}"
    return ""


def are_dates(name: str, values: NDArray[Any]) -> bool:
    """Whether a column is read as dates: texts and numbers of dates, or what a corpus has as dates.

    Other dates may tell the order of day and month.
    """
    for day_first in (None, True):
        try:
            return _has_dates(name, values, day_first)
        except FormulaError:
            pass
    return False


def _has_dates(name: str, values: NDArray[Any], day_first: bool | None = None) -> bool:
    """As :func:`are_dates`, but dates that cannot be read raise FormulaError."""
    if values.dtype.kind != "O":
        return values.dtype.kind in "if" and _are_digits(values)
    present = values[[value is not None for value in values]]
    kinds = [alike(str(value))[0] for value in dict.fromkeys(present.tolist())]
    if name != OF_DATES:
        if kinds and all(kind == "number" for kind in kinds):
            return _are_digits(present)
        if not kinds or 2 * sum(kind in ("date", "day", "odd") for kind in kinds) < len(kinds):
            return False
    try:
        as_dates(values, day_first=day_first)
    except DateError as error:
        raise FormulaError(
            f"{name!r} holds dates that cannot be read: {error}; correct them, or write C({name}) for "
            "categories"
        ) from error
    return True


def _are_digits(values: NDArray[Any]) -> bool:
    """Whether numbers are dates such as 20240131; those of six digits can be anything else."""
    numbers = values.astype(np.float64)
    if not (np.nan_to_num(numbers) >= 1e7).any():
        return False
    try:
        return as_dates(values).dtype.kind == "M" and bool(np.nanmin(numbers) >= 1e7)
    except DateError:
        return False


def _years(name: str, values: NDArray[Any], day_first: bool | None) -> NDArray[np.float64]:
    """Dates as years with fractions."""
    try:
        moments = as_dates(values, day_first=day_first).to_numpy()
    except DateError as error:
        raise FormulaError(f"{name!r} must hold dates, as in the documents of the fit: {error}") from error
    if moments.dtype.kind != "M":
        return moments.astype(np.float64)
    seconds = moments.astype("datetime64[s]")
    years = seconds.astype("datetime64[Y]")
    start, end = years.astype("datetime64[s]"), (years + 1).astype("datetime64[s]")
    return np.asarray(1970 + years.astype(np.int64) + (seconds - start) / (end - start))


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
