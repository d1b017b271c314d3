"""Periods of dates and bins of numbers, in which documents are counted over time."""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from hftopic._numbers import EXACT, is_positive, is_whole

MOST_BINS = 24  # maximum number of automatic time bins
PERIODS = ("D", "W", "M", "Q", "Y")  # names of day, week, month, quarter and year in pandas
YEAR = pd.Timedelta(days=365.2425)
ORIGIN = {"Y": -1970, "Q": -4 * 1970, "M": -12 * 1970}  # the year 0 in pandas' numbers of periods


def periods(dates: "pd.Series[Any]", freq: str | float | None) -> "pd.Series[Any]":
    """Period of each datetime, or lower end of the bin of each number; no date is missing.

    Raises
    ------
    ValueError
        `freq` does not match the type of the dates.
    """
    if is_numeric_dtype(dates):
        return _numeric_bins(dates, freq)
    if freq is not None and not isinstance(freq, str):
        raise ValueError(
            f"freq={freq!r} is not valid for datetimes: pass the name of a pandas period, such as 'M' or 'Y'"
        )
    return _spans(dates, _shortest_period(dates) if freq is None else freq)


def period_name(value: Any) -> str:
    """Name of a period, a bin or a label: a week, or several days, by its first day."""
    spans_days = isinstance(value, pd.Period) and "/" in str(value)
    return str(value.start_time.date()) if spans_days else str(value)


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


def _spans(moments: "pd.Series[Any]", freq: str) -> "pd.Series[Any]":
    """Period of each moment, of one or several units.

    Several years, quarters or months are counted from the year 0, so that "10Y" are decades and "6M" begin in
    January and July. Several of another unit are counted from the first moment.
    """
    several = re.fullmatch(r"\s*(\d+)\s*([A-Za-z][A-Za-z-]*)\s*", freq)
    n, unit = (int(several[1]), several[2]) if several else (1, freq)
    unit = unit.upper() if unit in ("d", "w", "q", "y") else unit
    try:
        spans: pd.Series[Any] = moments.dt.to_period(unit)
        if n < 1 or spans.dt.freq.n != 1:  # pandas would only rename the periods of one unit
            raise ValueError(f"{freq!r} is no number of units")
        ordinals = spans.astype(np.int64).to_numpy()
        start = ORIGIN.get(unit.partition("-")[0], int(ordinals.min()))
        index: Any = pd.PeriodIndex
        return pd.Series(index.from_ordinals((ordinals - start) // n * n + start, freq=f"{n}{unit}"))
    except (ValueError, AttributeError, ArithmeticError) as error:
        raise ValueError(
            f"freq={freq!r} is not a pandas period; use 'D', 'W', 'M', 'Q' or 'Y' (not 'MS' or 'YE'), or "
            "several of them, such as '10Y'"
        ) from error


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
    if width is None:
        if numbers.nunique() <= MOST_BINS:
            return numbers
        width = _round_width(float(numbers.min()), float(numbers.max()))
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
