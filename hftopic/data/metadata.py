"""Columns of a table besides the text, as one typed array each, without pandas until it is asked for."""

import re
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from hftopic._callers import level_of_the_caller
from hftopic.data.columns import is_frame, labels_of, of_pandas
from hftopic.data.kinds import typed
from hftopic.data.rows import check_in_order, column_of_names, rows_by_name
from hftopic.data.sequences import check_sequence, listed, why_unwritable
from hftopic.data.validation import CorpusError, check_unique, object_array

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, np.ndarray]
"""Values of each column: int64, float64 (NaN is missing), bool, or str objects (None is missing)."""

_TYPES = (np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.bool_))


def as_metadata(metadata: Any, n_documents: int) -> Columns | None:
    """Columns of a data frame or of a dict of sequences, each with one value per document.

    An empty string is a missing value. Dates become texts in ISO form, yearly periods numbers, and categories
    of pandas texts, in the order of the alphabet: the first one is the reference of a formula.

    Warns
    -----
    UserWarning
        Categories are ordered, or have another first one than the alphabet.

    Raises
    ------
    CorpusError
        This is neither, a name is no string or is used twice, a column has another length, or a value is
        neither a string, a number, a truth value, a date nor missing.
    """
    if metadata is None:
        return None
    if not (is_frame(metadata) or isinstance(metadata, Mapping)):
        raise CorpusError(
            f"metadata is {type(metadata).__name__}; pass a DataFrame, or a dict with one sequence per column"
        )
    names = labels_of(metadata) if is_frame(metadata) else list(metadata)
    for name in names or ():
        if not isinstance(name, str) or not name.strip():
            raise CorpusError(f"the column {name!r} of metadata must have a name, which is a string")
        _check_writable(name, "the name of a column of metadata")
    check_unique(names or (), "names of the columns of metadata")
    columns = {str(name): _as_column(metadata[name], name, n_documents) for name in names or ()}
    return columns or None


def _as_column(values: Any, name: str, n_documents: int) -> np.ndarray:
    what = f"metadata[{name!r}]"
    check_sequence(values, what, "pass a sequence with one value per document", CorpusError)
    if isinstance(values, np.ndarray) and values.dtype in _TYPES and len(values) == n_documents:
        return values
    held = as_values(values if _has_categories(values) else listed(values), what)
    if len(held) != n_documents:
        raise CorpusError(f"{what} has {len(held):,} values for {n_documents:,} documents")
    return typed(held)


def _has_categories(values: Any) -> bool:
    return type(getattr(values, "dtype", None)).__name__ == "CategoricalDtype"


def _category_texts(values: Any, what: str) -> list[str | None]:
    """Categories of pandas as texts; a warning tells that their order is lost."""
    held = getattr(values, "cat", values)
    codes = np.asarray(held.codes)
    texts = [category if isinstance(category, str) else str(category) for category in held.categories]
    order = [texts[code] for code in np.unique(codes[codes >= 0])]
    if order != sorted(order) and (held.ordered or order[0] != min(order)):
        warnings.warn(
            f"the order of the categories of {what} is not kept: in formulas they are texts, and "
            f"{min(order)!r} is the reference; write C(…, levels={order}) for this order",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
    return [texts[code] if code >= 0 else None for code in codes.tolist()]


def matched_by_name(columns: Columns, source: Any, names: Sequence[str]) -> Columns | None:
    """Columns in the order of the documents with these names, without the column that has the names.

    Parameters
    ----------
    columns : dict of str to ndarray
        As :func:`as_metadata` made them.
    source : DataFrame or dict of sequences
        What they were made from; the index of a DataFrame of pandas may have the names too.
    names : sequence of str

    Raises
    ------
    CorpusError
        A name is that of no document or of several rows, or another column has them in another order.
    """
    plain = plain_values(columns)
    column = column_of_names(plain, names)
    try:
        if column is not None:
            rows = rows_by_name(column, plain[column], names)
        elif of_pandas(source, "DataFrame") and set(names) == set(map(str, source.index)):
            rows = rows_by_name("index", source.index.tolist(), names)
        else:
            check_in_order(plain, names)
            return columns
    except CorpusError as error:
        raise CorpusError(f"metadata: {error}") from error
    return {name: values[rows] for name, values in columns.items() if name != column} or None


def as_values(values: Iterable[Any], what: str) -> list[Any]:
    """Values of a column, before they get one type: strings, numbers, truth values and None."""
    held = _category_texts(values, what) if _has_categories(values) else values
    return [_as_value(value, what, place) for place, value in enumerate(held)]


def _as_value(value: Any, what: str, place: int) -> Any:
    """A string, a number of Python, a truth value, or None."""
    if isinstance(value, str):
        _check_writable(value, f"{what}[{place}]")
        return str(value) or None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real | Decimal):
        return float(value) if value == value else None  # NaN differs from itself
    if type(value).__name__ == "Period" and value.freqstr.partition("-")[0] in ("Y", "A"):
        return int(value.year)
    written = date_text(value)
    if written is None:
        raise CorpusError(
            f"{what}[{place}] is {value!r} of type {type(value).__name__}; "
            "pass strings, numbers, truth values or dates, and None for a missing value"
        )
    return written or None


def date_text(value: Any) -> str | None:
    """A date or datetime in ISO form, as short as it is exact; "" if it is missing, None if it is no date."""
    if value is None or type(value).__name__ in ("NaTType", "NAType"):  # of pandas, which need not be there
        return ""
    if isinstance(value, np.datetime64):
        return "" if np.isnat(value) else without_midnight(str(value))
    if isinstance(value, date):
        return without_midnight(value.isoformat())
    if type(value).__name__ == "Period":
        written = str(value)
        return str(value.start_time.date()) if "/" in written else written  # a week
    return None


def without_midnight(written: str) -> str:
    """A moment in ISO form, without its time if that is 0:00."""
    return re.sub(r"[T ]00:00(?::00(?:\.0+)?)?$", "", written)


def _check_writable(text: str, what: str) -> None:
    reason = why_unwritable(text)
    if reason is not None:
        raise CorpusError(f"{what} {reason}")


def as_dates_of_documents(dates: Iterable[Any] | None, n_documents: int) -> np.ndarray | None:
    """Date of each document as text; "" is a missing one.

    Raises
    ------
    CorpusError
        A date is neither a string, a number nor a date, or their number is not that of the documents.
    """
    if dates is None:
        return None
    check_sequence(dates, "dates", "pass one date per document", CorpusError)
    held = object_array(_as_date(value, place) for place, value in enumerate(listed(dates)))
    if len(held) != n_documents:
        raise CorpusError(f"there are {len(held):,} dates for {n_documents:,} documents")
    return held


def _as_date(value: Any, place: int) -> str:
    if isinstance(value, bool | np.bool_):
        raise CorpusError(f"dates[{place}] is {value!r}; pass a string, a number or a date")
    found = _as_value(value, "dates", place)
    if found is None or (isinstance(found, str) and not found.strip()):
        return ""
    return str(int(found) if isinstance(found, float) and found.is_integer() else found)


def as_texts(texts: Iterable[Any] | None, n_documents: int) -> np.ndarray | None:
    """Original text of each document.

    Raises
    ------
    CorpusError
        A text is no string, or their number is not that of the documents.
    """
    if texts is None:
        return None
    check_sequence(texts, "texts", "pass one text per document", CorpusError)
    held = listed(texts)
    for place, text in enumerate(held):
        if not isinstance(text, str):
            raise CorpusError(f"texts[{place}] is {text!r:.80} of type {type(text).__name__}, not a string")
        _check_writable(text, f"texts[{place}]")
    if len(held) != n_documents:
        raise CorpusError(f"there are {len(held):,} texts for {n_documents:,} documents")
    return object_array(map(str, held))


def no_column(name: Any, known: Collection[str], where: str) -> str:
    """What an error says of a column that there is not: a name that is close to it, or all that there are."""
    if not known:
        return f"no column {name!r} {where}; there is no metadata"
    close = get_close_matches(str(name), known, 1)
    there = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(map(repr, known))}"
    return f"no column {name!r} {where}; {there}"


def plain_values(columns: Columns) -> dict[str, list[Any]]:
    """Columns as lists of Python's values; None is missing."""
    return {
        name: [None if value != value else value for value in column.tolist()]  # NaN differs from itself
        for name, column in columns.items()
    }


def frame_of(columns: Columns) -> "pd.DataFrame":
    """Columns as a new DataFrame, one row per document."""
    import pandas as pd

    # With its type, because pandas 3 would make strings a type of its own if the column has any.
    made = {name: pd.Series(values.copy(), dtype=values.dtype) for name, values in columns.items()}
    return pd.DataFrame(made)
