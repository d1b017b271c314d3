"""Periods of dates and bins of numbers, in which documents are counted over time."""

import re
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from hftopic._numbers import EXACT, is_number, is_positive, is_whole

MOST_BINS = 24  # maximum number of automatic time bins
PERIODS = ("D", "W", "M", "Q", "Y")  # names of day, week, month, quarter and year in pandas
YEAR = pd.Timedelta(days=365.2425)
# The first period of several, in pandas' numbers of periods: the year 0, or midnight of 1970.
ORIGIN = {"Y": -1970, "Q": -4 * 1970, "M": -12 * 1970} | dict.fromkeys(("h", "min", "s", "ms", "us", "ns"), 0)
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
MOST_ROWS = 100_000  # periods of a table with gaps

P = ParamSpec("P")
R = TypeVar("R")


def without_warnings(function: Callable[P, R]) -> Callable[P, R]:
    """The function without pandas' warning that periods of business days will be no more."""

    @wraps(function)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> R:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Period(Dtype\[B\]| with BDay)", FutureWarning)
            return function(*args, **kwargs)

    return quiet


def periods(dates: "pd.Series[Any]", freq: Any) -> "pd.Series[Any]":
    """Period of each datetime, or lower end of the bin of each number; no date is missing.

    Raises
    ------
    ValueError
        `freq` does not match the type of the dates.
    """
    if is_numeric_dtype(dates):
        return _numeric_bins(dates, freq)
    if is_number(freq):
        raise ValueError(
            f"freq={freq!r} is not valid for datetimes: pass the name of a pandas period, such as 'M' or 'Y'"
        )
    return _spans(dates, _shortest_period(dates) if freq is None else freq)


def period_name(value: Any) -> str:
    """Name of a period, a bin or a label: a week, or several days, by its first day."""
    spans_days = isinstance(value, pd.Period) and "/" in str(value)
    return str(value.start_time.date()) if spans_days else str(value)


@without_warnings
def moments_of(spans: pd.Index) -> NDArray[np.float64]:
    """Time of each period in years since its first one, or the numbers of bins."""
    if not isinstance(spans, pd.PeriodIndex):
        return spans.to_numpy(dtype=np.float64)
    starts = spans.start_time
    return np.asarray((starts - starts[0]) / YEAR, dtype=np.float64)


def step_of(spans: pd.Index) -> float | None:
    """Distance between neighbouring periods, in periods or as numbers; None if numbers have no such step.

    Between two that are farther apart, there are periods without documents.
    """
    if isinstance(spans, pd.PeriodIndex):
        return float(spans.freq.n)  # type: ignore[union-attr]
    distances = np.diff(spans.to_numpy(dtype=np.float64))
    steps = distances / distances.min() if len(distances) else distances
    regular = bool(np.allclose(steps, steps.round(), rtol=1e-6))
    return float(distances.min()) if len(distances) and regular else None


@without_warnings
def without_gaps(spans: pd.Index, step: float | None) -> pd.Index:
    """All periods from the first to the last, sorted; those of numbers that have no step stay as they are.

    Raises
    ------
    ValueError
        They are more than :data:`MOST_ROWS`.
    """
    if step is None or len(spans) < 2:
        return spans
    dated: Any = spans if isinstance(spans, pd.PeriodIndex) else None
    places = spans.to_numpy() if dated is None else dated.asi8
    numbers = ((places - places[0]) / step).round().astype(np.int64)  # of the periods, from 0
    n = 1 + int(numbers[-1])
    if n > MOST_ROWS:
        raise ValueError(
            f"from {spans[0]} to {spans[-1]} there are {n:,} periods; pass a longer freq, or gaps=False"
        )
    whole = np.issubdtype(places.dtype, np.integer) and step == round(step)
    every = places[0] + np.arange(n) * (round(step) if whole else step)
    every[numbers] = places
    dated = pd.Index(every) if dated is None else dated.from_ordinals(every, freq=dated.freq)
    found: pd.Index = dated.rename(spans.name)
    return found


@without_warnings
def _spans(moments: "pd.Series[Any]", freq: Any) -> "pd.Series[Any]":
    """Period of each moment, of one or several units.

    Several years, quarters or months are counted from the year 0, so that "10Y" are decades and "6M" begin in
    January and July; several hours or less from midnight of 1970. Several weeks, days or business days are
    counted from the first moment.
    """
    try:
        step: Any = pd.Period("2000-01-01", freq=_of_periods(freq)).freq
        unit = str(pd.PeriodDtype(step.base)).removeprefix("period[").removesuffix("]")
        spans: pd.Series[Any] = moments.dt.to_period(unit)
        ordinals = spans.astype(np.int64).to_numpy()
        start = ORIGIN.get(unit.partition("-")[0], int(ordinals.min()))
        index: Any = pd.PeriodIndex
        starts = (ordinals - start) // step.n * step.n + start
        return pd.Series(index.from_ordinals(starts, freq=f"{step.n}{unit}"))
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(
            f"freq={freq!r} is not a pandas period; use 'D', 'W', 'M', 'Q' or 'Y', one that begins "
            "elsewhere, such as 'W-MON' or 'Y-JUN', or several of them, such as '10Y'"
        ) from error


def _of_periods(freq: Any) -> Any:
    """A frequency of periods for one of offsets: "MS" and "ME" are "M", and "YS-APR" is "Y-MAR"."""
    name = getattr(freq, "freqstr", freq)
    if not isinstance(name, str):
        return name
    name = name.strip()
    known = re.fullmatch(r"(\d*)\s*(?:([dwqy])|([MQY])([SE]))(?:-([A-Za-z]{3}))?", name)
    if not known:
        return name
    n, lower, unit, edge, last = known.groups()
    if edge == "S" and last:
        last = MONTHS[MONTHS.index(last.upper()) - 1]
    return f"{n}{(lower or unit).upper()}" + (f"-{last}" if last else "")


def _shortest_period(moments: "pd.Series[Any]") -> str:
    """Shortest of PERIODS that gives at most MOST_BINS periods from the first to the last moment."""
    ends = pd.Series([moments.min(), moments.max()])
    for period in PERIODS:
        first, last = ends.dt.to_period(period).astype("int64")
        if last - first < MOST_BINS:
            return period
    return PERIODS[-1]


def _numeric_bins(numbers: "pd.Series[Any]", width: Any) -> "pd.Series[Any]":
    """Lower end of the bin of each number."""
    if (numbers % 1 == 0).all() and (numbers.abs() <= EXACT).all():
        numbers = numbers.astype(np.int64)  # years are floats if one of them is missing
    width = width_of(numbers, width)
    if width is None:
        return numbers
    if not is_positive(width):
        raise ValueError(f"freq={width!r} is not valid for numbers: pass the bin width, a positive number")
    try:
        starts: pd.Series[Any] = _bin_numbers(numbers, width) * width
        fits = bool(np.isfinite(starts.to_numpy(dtype=np.float64)).all())
    except OverflowError:
        fits = False
    if not fits:
        raise ValueError(f"freq={width!r} does not fit dates such as {numbers.iloc[0]!r}")
    return starts


def width_of(numbers: "pd.Series[Any]", width: Any) -> Any:
    """Width of the bins of numbers; None if each value is a bin."""
    if width is not None or numbers.nunique() <= MOST_BINS:
        return width
    return _round_width(float(numbers.min()), float(numbers.max()))


def _bin_numbers(numbers: "pd.Series[Any]", width: Any) -> "pd.Series[Any]":
    """Number of the bin of each number; a multiple of the width, up to rounding, begins a bin."""
    if is_integer_dtype(numbers) and is_whole(width):
        whole: pd.Series[Any] = numbers // width
        return whole
    with np.errstate(over="ignore"):
        bins = numbers / width
    nearest: pd.Series[Any] = bins.round()
    return nearest.where((bins - nearest).abs() <= 1e-9 * nearest.abs().clip(1), np.floor(bins))


def _round_width(low: float, high: float) -> float:
    """Smallest width of 1, 2 or 5 times a power of ten that gives at most MOST_BINS bins."""
    power = 10.0 ** np.floor(np.log10((high - low) / MOST_BINS))
    widths = [step * power for step in (1, 2, 5, 10, 20)]
    fits = [width for width in widths if high // width - low // width < MOST_BINS]
    return float(fits[0])
