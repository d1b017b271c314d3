"""Dates of documents: the one reading of datetimes, texts and numbers."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import (
    is_bool_dtype,
    is_complex_dtype,
    is_datetime64_any_dtype,
    is_numeric_dtype,
    is_scalar,
)

from hftopic._numbers import EXACT
from hftopic.data.sequences import check_sequence, listed

MISSING = frozenset({"", "nat", "nan", "na", "n/a", "<na>", "none", "null"})
YEARS = (1000, 2999)  # years in which a number of 6, 8 or 14 digits can be a date
STAMPS = {6: "%Y%m", 8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
NUMBERS = Real | Decimal
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_ZONE = r"\s*(?:Z|UTC|GMT)?\s*(?:[+-]\d{2}(?::?\d{2})?)?"
_CLOCK = r"(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*(?P<half>[AP]\.?M\.?)?"
_TIME = rf"(?:(?:\s*[T,]\s*|\s+){_CLOCK}{_ZONE})?"
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?", re.I)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})(?:(?P<mark>[-/.])(?P<month>\d{{1,2}})(?:(?P=mark)(?P<day>\d{{1,2}}))?)?{_TIME}", re.I
)
_YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<second>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d{{2}}),?{_TIME}",
    re.I,
)
_QUARTER = re.compile(r"(?P<year>\d{4})[- ]?Q(?P<quarter>[1-4])", re.I)
_NAME = rf"(?P<name>(?:{'|'.join(MONTHS)})[a-z]*)\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?"
_WITH_NAMES = (
    re.compile(rf"{_WEEKDAY}{_DAY}[\s-]*(?:of\s+)?{_NAME}[\s,-]*(?P<year>\d{{4}}),?{_TIME}", re.I),
    re.compile(rf"{_WEEKDAY}{_NAME}[\s-]*{_DAY}[\s,-]+(?P<year>\d{{4}}),?{_TIME}", re.I),
    re.compile(rf"{_NAME}[\s,-]*(?P<year>\d{{4}})", re.I),
    # C's ctime and the date command; Twitter; logs of web servers
    re.compile(
        rf"{_WEEKDAY}{_NAME}\s+{_DAY}\s+{_CLOCK}(?:{_ZONE}|\s+[A-Z]{{3,5}})\s+(?P<year>\d{{4}})", re.I
    ),
    re.compile(rf"{_DAY}/{_NAME}/(?P<year>\d{{4}}):{_CLOCK}{_ZONE}", re.I),
)
_IN_DIGITS = re.compile(  # ISO 8601 without separators; a date in EXIF
    rf"(?P<year>\d{{4}})(?:(?P<month>\d\d)(?P<day>\d\d)|:(?P<month_>\d\d):(?P<day_>\d\d))"
    rf"[T\s](?P<time>\d\d:?\d\d(?::?\d\d(?:[.,]\d{{1,9}})?)?)(?P<half>){_ZONE}",
    re.I,
)
_FULL_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "sept",
    "october",
    "november",
    "december",
]


class DateError(ValueError):
    """A date that cannot be read.

    Attributes
    ----------
    place : int
        Position of the date, from 0.
    reason : str
        What is wrong with it, without its position.
    """

    def __init__(self, place: int, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"dates[{place}]: {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.place, self.reason)


def as_dates(
    dates: Iterable[Any], *, numbers: bool = True, day_first: bool | None = None
) -> "pd.Series[Any]":
    """Dates of documents as timestamps without a time zone, or as numbers such as years.

    Parameters
    ----------
    dates : sequence (n_documents,)
        - datetimes, dates, periods: a period is its first moment. Time zones are ignored; local time is used
        - texts: ``2024-01-31`` and other forms that begin with the year, ``31 January 2024`` and
          ``Jan 31, 2024``, with or without a time; ``20240131T120000Z``,
          ``Wed Aug 27 13:08:45 +0000 2008`` and ``10/Oct/2000:13:55:36 -0700``; ``31/12/2024`` if the
          sequence tells the order of day and month. If none does, and for years of two digits, it is an error
        - numbers, also as texts. Numbers of 6, 8 or 14 digits that are all dates without separators, such as
          20240131, are dates. Such numbers in float32, which rounds them, are an error

        None, NaN, NaT and blank texts are missing.
    numbers : bool, default=True
        Whether texts of digits can be numbers; if not, "1990" is the year.
    day_first : bool, optional
        Whether 03/04/2024 is the third of April, as other dates have told (:func:`day_first_of`). By default
        these dates have to tell it.

    Returns
    -------
    Series (n_documents,)
        Values are datetime64 without a time zone, or numbers.

    Raises
    ------
    DateError
        One of the dates cannot be read; it is a ValueError.
    ValueError
        This is no sequence of dates.

    Examples
    --------
    >>> from hftopic.data.dates import as_dates
    >>> as_dates(["31/12/2024", None, "3/4/2024"]).dt.strftime("%d %B").tolist()
    ['31 December', nan, '03 April']
    """
    check_sequence(dates, "dates", "pass one date per document")
    typed = isinstance(dates, pd.Series | pd.Index | pd.api.extensions.ExtensionArray | np.ndarray)
    if isinstance(dates, np.ndarray) and dates.dtype == np.dtype("datetime64"):  # NaT without a unit
        dates = dates.astype("datetime64[us]")
    given = pd.Series(dates if typed else listed(dates), dtype=None if typed else object).reset_index(
        drop=True
    )
    if isinstance(given.dtype, pd.SparseDtype):
        given = pd.Series(np.asarray(given))
    if isinstance(given.dtype, pd.PeriodDtype):
        given = given.dt.to_timestamp()
    if _holds_moments(given.dtype):
        moments: pd.Series[Any] = given.dt.tz_localize(None)
        return moments.astype("datetime64[us]") if isinstance(given.dtype, pd.ArrowDtype) else moments
    if isinstance(given.dtype, pd.ArrowDtype | pd.CategoricalDtype):
        given = given.astype(object)
    if is_numeric_dtype(given) and not is_bool_dtype(given) and not is_complex_dtype(given):
        return _of_numbers(given)
    return _of_objects(given.astype(object).tolist(), numbers, day_first)


def day_first_of(dates: Iterable[Any]) -> bool | None:
    """Whether dates that :func:`as_dates` can read begin with the day; None if none of them tells.

    Raises
    ------
    DateError
        As :func:`as_dates`, if the order is not clear.

    Examples
    --------
    >>> day_first_of(["31/12/2024", "3/4/2024"]), day_first_of(["12/31/2024"]), day_first_of(["2024-12-31"])
    (True, False, None)
    """
    return _order_of_days(list(enumerate(dates)), None)


def readable_dates(texts: Sequence[str]) -> list[str]:
    """Dates of which those that cannot be read, each by itself, are missing: the empty string.

    Where most of what can be read are numbers that are no dates, numbers are kept, else dates. Dates that
    contradict each other stay.

    Examples
    --------
    >>> readable_dates(["31/12/2024", "n.d.", "", "3/4/2024"])
    ['31/12/2024', '', '', '3/4/2024']
    """
    known = [text for text in dict.fromkeys(texts) if not _is_missing(text)]
    dates = {text for text in known if _is_date(text)}
    numbers = {text for text in known if _NUMBER.fullmatch(text.strip())}
    kept = dates if len(dates) >= len(numbers) else numbers
    return [text if text in kept else "" for text in texts]


def alike(text: str) -> tuple[str, ...]:
    """What tells how a date as text is read, or not, among others: texts with the same answer are alike.

    Examples
    --------
    >>> alike("2024-01-31") == alike("1 Feb 2024, 10:30"), alike("31/12/2024"), alike("n.d."), alike("1990")
    (True, ('day', '31', '12', '2024'), ('none',), ('number', '1990'))
    """
    if _is_missing(text):
        return ("missing",)
    if _NUMBER.fullmatch(text.strip()):
        return "number", text
    found = _YEAR_LAST.fullmatch(text.strip())
    if found:
        kind, year = ("day", found["year"]) if _is_date(text) else ("odd", str(len(found["year"])))
        return kind, found["first"], found["second"], year
    return ("date",) if _is_date(text) else ("none",)


def _is_date(text: str) -> bool:
    """Whether a text is a date, whether it begins with the day or with the month."""
    found = _YEAR_LAST.fullmatch(text.strip())
    if found and len(found["year"]) == 2:
        return False
    if _of_iso(text) is not None:
        return True
    for day_first in (True, False):
        try:
            _moment(text, 0, day_first)
        except DateError:
            continue
        return True
    return False


def _holds_moments(kind: Any) -> bool:
    """Whether a type is datetime64, or the timestamps of Arrow but not its dates without a time."""
    return kind.type is pd.Timestamp if isinstance(kind, pd.ArrowDtype) else is_datetime64_any_dtype(kind)


def _of_objects(values: list[Any], numbers: bool, day_first: bool | None) -> "pd.Series[Any]":
    """Dates of texts, numbers and Python's dates."""
    known = [None if _is_missing(value) else value for value in values]
    for place, value in enumerate(known):
        if value is not None and not _may_be_date(value):
            raise DateError(place, f"{value!r} is neither a date nor a number")
    texts = [isinstance(value, str) for value in known]
    counted = [
        numbers and _NUMBER.fullmatch(str(value).strip()) is not None if text else isinstance(value, NUMBERS)
        for value, text in zip(known, texts, strict=True)
    ]
    present = [value is not None for value in known]
    if any(counted) and counted == present:
        found = pd.Series([_number(value, place) for place, value in enumerate(known)])
        whole = bool((found % 1 == 0).all()) and bool((found.abs() <= EXACT).all())
        return _of_numbers(found.astype(np.int64) if whole else found)
    for place, value in enumerate(known):
        if not texts[place] and isinstance(value, NUMBERS):
            raise DateError(place, f"{value!r} is a number among dates; pass only numbers, or only dates")
    return _of_texts(known, day_first)


def _number(value: Any, place: int) -> float:
    if value is None:
        return np.nan
    try:
        number = float(value)
    except OverflowError:
        raise DateError(place, "the number is too large for float64") from None
    if isinstance(value, np.floating):
        _check_exact(number, value.dtype, place)
    return number


def _check_exact(number: float, kind: "np.dtype[Any]", place: int) -> None:
    """Check that a type of floats can hold a date in digits, or seconds, without a rounding error."""
    exact = 2 ** (np.finfo(kind).nmant + 1)
    if exact < EXACT and abs(number) > exact:
        raise DateError(
            place,
            f"{number:.15g} is of type {kind}, which is exact only up to {exact:,}, so that its last digits "
            "are lost; read the dates as integers, float64 or texts",
        )


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return value is None or (is_scalar(value) and pd.isna(value) is True)


def _may_be_date(value: Any) -> bool:
    if isinstance(value, str):
        return True
    if isinstance(value, bool | np.bool_ | complex):
        return False
    return isinstance(value, NUMBERS | date | np.datetime64 | pd.Period)


def _of_numbers(numbers: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers, or timestamps if they are dates without separators."""
    known = numbers.notna().to_numpy()
    values = numbers[known].to_numpy(dtype=np.float64)
    kind: Any = getattr(numbers.dtype, "numpy_dtype", numbers.dtype)
    if kind.kind == "f" and kind.itemsize < 8:
        for row, number in zip(np.flatnonzero(known), values, strict=True):
            _check_exact(number, kind, int(row))
        numbers = numbers.astype(np.float64)
    if not np.isfinite(values).all():
        place = int(np.flatnonzero(known)[~np.isfinite(values)][0])
        raise DateError(place, "dates contain an infinite number; use NaN for missing dates")
    for digits, form in STAMPS.items():
        power = 10 ** (digits - 4)
        alike = (values % 1 == 0) & (values >= YEARS[0] * power) & (values < (YEARS[1] + 1) * power)
        if not alike.any() or alike.mean() < 0.5:
            continue
        written = pd.Series(values[alike].astype(np.int64)).astype(str)
        stamps = pd.to_datetime(written, format=form, errors="coerce")
        read = np.zeros(len(values), dtype=bool)
        read[alike] = stamps.notna().to_numpy()
        if read.all():
            moments = pd.Series(pd.NaT, index=numbers.index, dtype=stamps.dtype)
            moments[known] = stamps.to_numpy()
            return moments
        if read.mean() >= 0.5:
            odd = int(np.flatnonzero(~read)[0])
            raise DateError(
                int(np.flatnonzero(known)[odd]),
                f"{values[odd]:.15g} is no date, but other numbers are dates of {digits} digits; "
                "correct it, or pass datetimes",
            )
    return numbers


def _of_texts(values: list[Any], day_first: bool | None) -> "pd.Series[Any]":
    """Timestamps of texts and of Python's dates."""
    moments = np.array([_of_iso(value) for value in values], dtype="datetime64[us]")
    unread = np.flatnonzero(np.isnat(moments)).tolist()
    order = _order_of_days([(place, values[place]) for place in unread], day_first) is not False
    read: dict[str, Any] = {}
    for place in unread:
        value = values[place]
        if isinstance(value, str):
            if value not in read:
                read[value] = _moment(value, place, order)
            moments[place] = read[value]
        elif value is not None:
            moments[place] = _moment(value, place, order)
    return pd.Series(moments)


def _of_iso(value: Any) -> datetime | None:
    """A text such as 2024-01-31 or 2024-01-31T10:30:00Z, most common and fast to read; None for others."""
    if (
        not isinstance(value, str)
        or value[4:5] != "-"
        or value[7:8] != "-"
        or value[10:11] not in ("", "T", " ")
    ):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return None


def _moment(value: Any, place: int, day_first: bool) -> Any:
    """One date, without a time zone."""
    try:
        if isinstance(value, str):
            return np.datetime64(datetime(*_parts(value.strip(), place, day_first)), "us")
        stamp = value.to_timestamp() if isinstance(value, pd.Period) else pd.Timestamp(value)
        return np.datetime64(stamp.tz_localize(None).to_pydatetime(warn=False), "us")
    except DateError:
        raise
    except ValueError as error:
        raise DateError(place, f"{value!r} is no date: {error}") from None


def _parts(text: str, place: int, day_first: bool) -> Any:
    """Year, month, day, hour, minute, second and microsecond."""
    found = _YEAR_FIRST.fullmatch(text)
    if found and not (found["mark"] == "." and not found["day"]):  # 2024.5 is no month
        return (int(found["year"]), int(found["month"] or 1), int(found["day"] or 1), *_time(found))
    found = _YEAR_LAST.fullmatch(text)
    if found:
        first, second = int(found["first"]), int(found["second"])
        day, month = (first, second) if day_first else (second, first)
        return (int(found["year"]), month, day, *_time(found))
    found = _IN_DIGITS.fullmatch(text)
    if found and YEARS[0] <= int(found["year"]) <= YEARS[1]:
        month, day = (int(found[name] or found[f"{name}_"]) for name in ("month", "day"))
        return (int(found["year"]), month, day, *_time(found))
    found = _QUARTER.fullmatch(text)
    if found:
        return int(found["year"]), 3 * int(found["quarter"]) - 2, 1
    if re.fullmatch(r"\d{8}|\d{6}", text) and YEARS[0] <= int(text[:4]) <= YEARS[1]:
        return int(text[:4]), int(text[4:6]), int(text[6:] or 1)
    for pattern in _WITH_NAMES:
        found = pattern.fullmatch(text)
        if found and _is_month(found["name"]):
            month = 1 + MONTHS.index(found["name"][:3].lower())
            day = int(found.groupdict().get("day") or 1)
            return (int(found["year"]), month, day, *(_time(found) if "time" in found.groupdict() else ()))
    raise DateError(
        place,
        f"{text!r} is neither a date nor a number; write it as 2024-01-31, or convert the dates, as with "
        "pandas.to_datetime(dates, format='%d.%m.%y')",
    )


def _is_month(name: str) -> bool:
    return any(full.startswith(name.lower()) for full in _FULL_NAMES)


def _time(found: "re.Match[str]") -> tuple[int, ...]:
    """Hour, minute, second and microsecond of a match; none if it has no time."""
    if not found["time"]:
        return ()
    whole, _, fraction = found["time"].replace(",", ".").partition(".")
    parts = [int(part) for part in re.findall(r"\d\d?", whole)] + [0]
    half = (found["half"] or "").lower()
    if half:
        if not 1 <= parts[0] <= 12:
            return (99,)  # no hour of a clock with twelve
        parts[0] = parts[0] % 12 + 12 * half.startswith("p")
    return (*parts[:3], int(fraction[:6].ljust(6, "0")))


def _order_of_days(values: list[tuple[int, Any]], known: bool | None) -> bool | None:
    """Whether 03/04/2024 begins with the day, as the other dates tell; ``values`` have their places.

    It is None if no date tells and none needs it, and ``known`` if that is given.

    Raises
    ------
    DateError
        The dates do not tell, tell both, or tell something else than ``known``; or a year has two digits.
    """
    day_first = month_first = unclear = None
    for place, value in values:
        found = _YEAR_LAST.fullmatch(value.strip()) if isinstance(value, str) else None
        if not found:
            continue
        if len(found["year"]) == 2:
            raise DateError(
                place,
                f"{value!r} has a year of two digits, which can be read in several ways: write all four",
            )
        first, second = int(found["first"]), int(found["second"])
        if first > 12 >= second and day_first is None:
            day_first = place
        elif second > 12 >= first and month_first is None:
            month_first = place
        elif first != second and max(first, second) <= 12 and unclear is None:
            unclear = place
    texts = dict(values)
    if day_first is not None and month_first is not None:
        raise DateError(
            max(day_first, month_first),
            f"{texts[day_first]!r} begins with the day and {texts[month_first]!r} with the month; write "
            "all dates as 2024-01-31",
        )
    telling = month_first if day_first is None else day_first
    told = None if telling is None else day_first is not None
    if telling is not None and known is not None and told != known:
        parts = ("day", "month") if told else ("month", "day")
        raise DateError(
            telling,
            f"{texts[telling]!r} begins with the {parts[0]}, but the dates read before begin with the "
            f"{parts[1]}; write all dates as 2024-01-31",
        )
    if known is None and told is None and unclear is not None:
        raise DateError(
            unclear,
            f"{texts[unclear]!r} can begin with the day or with the month, and no other date tells; write "
            "dates as 2024-01-31, or convert them, as with pandas.to_datetime(dates, "
            "format='%d/%m/%Y')",
        )
    return known if told is None else told
