"""Types of the columns of a table: the one type that holds all values of a column.

What decides the type can be found in parts of a column, one after the other: ``KindOfValues.of(a) |
KindOfValues.of(b)`` is that of both parts together.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hftopic.data.validation import object_array

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")  # 007 and +49 are no numbers: a code, a telephone number
_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|-?inf")
_NO_NUMBER = frozenset({"nan", "NaN", "NA", "N/A", "null", "NULL", "None"})  # missing, among numbers
_TRUTH = {"True": True, "False": False, "true": True, "false": False, "TRUE": True, "FALSE": False}
_EXACT = 2**53  # float64 holds all integers up to it
_LARGEST = np.iinfo(np.int64).max
_LONGEST = 400  # characters of a number


@dataclass(frozen=True)
class KindOfValues:
    """What strings, numbers and truth values, some of them None, are.

    Attributes
    ----------
    types : frozenset of str
        Names of the types of the values that are not None.
    complete : bool
        Whether none is None.
    small, exact : bool
        Whether int64 holds all integers, and float64 all exactly.
    """

    types: frozenset[str] = frozenset()
    complete: bool = True
    small: bool = True
    exact: bool = True

    @classmethod
    def missing(cls) -> "KindOfValues":
        """The kind of a value that is not there."""
        return cls(complete=False)

    @classmethod
    def of(cls, values: Sequence[Any]) -> "KindOfValues":
        """What these values are."""
        whole = [value for value in values if type(value) is int]
        low, high = min(whole, default=0), max(whole, default=0)
        return cls(
            frozenset(type(value).__name__ for value in values if value is not None),
            None not in values,
            low >= -_LARGEST and high <= _LARGEST,
            low >= -_EXACT and high <= _EXACT,
        )

    def __or__(self, other: "KindOfValues") -> "KindOfValues":
        return KindOfValues(
            self.types | other.types,
            self.complete and other.complete,
            self.small and other.small,
            self.exact and other.exact,
        )

    @property
    def kind(self) -> str:
        """The type that holds all of them: "bool", "int64", "float64" or "str"."""
        if self.types == {"bool"} and self.complete:
            return "bool"
        if self.types == {"int"} and self.complete and self.small:
            return "int64"
        return "float64" if self.types and self.types <= {"int", "float"} and self.exact else "str"

    def typed(self, values: Sequence[Any]) -> np.ndarray:
        """Some of the values as an array of this type; strings are objects, and missing ones None."""
        if self.kind == "str":
            return object_array(None if value is None else str(value) for value in values)
        if self.kind == "float64":
            values = [np.nan if value is None else value for value in values]
        return np.array(values, dtype=self.kind)

    def state(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {**asdict(self), "types": sorted(self.types)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "KindOfValues":
        """The inverse of `state`."""
        return cls(**{**state, "types": frozenset(state["types"])})


def typed(values: Sequence[Any]) -> np.ndarray:
    """Array of strings, numbers and truth values, some of them None, of the one type that holds them all.

    Examples
    --------
    >>> typed([3, None, 4.5]).tolist(), typed([3, "four", None]).tolist()
    ([3.0, nan, 4.5], ['3', 'four', None])
    """
    return KindOfValues.of(values).typed(values)


@dataclass(frozen=True)
class KindOfFields:
    """What the fields of a column of a text file are, which has no types.

    Attributes
    ----------
    numbers : KindOfValues or None
        What the fields are as numbers; None if one of them is no number.
    truths : bool
        Whether all fields are truth values, and there is one.
    texts : KindOfValues
        What the fields are as texts; an empty field is missing.
    """

    numbers: KindOfValues | None = KindOfValues()
    truths: bool | None = None
    texts: KindOfValues = KindOfValues()

    @classmethod
    def missing(cls) -> "KindOfFields":
        """The kind of a field that is not there."""
        return cls.of([""])

    @classmethod
    def of(cls, fields: Sequence[str]) -> "KindOfFields":
        """What these fields are."""
        texts = KindOfValues.of([field or None for field in fields])
        truths = all(field in _TRUTH for field in fields) if fields else None
        present = [field for field in fields if field and field not in _NO_NUMBER]
        if not all(map(_NUMBER.fullmatch, present)) or max(map(len, present), default=0) > _LONGEST:
            return cls(None, truths, texts)
        return cls(KindOfValues.of(_as_numbers(fields)), truths, texts)

    def __or__(self, other: "KindOfFields") -> "KindOfFields":
        both = self.numbers is not None and other.numbers is not None
        known = [truths for truths in (self.truths, other.truths) if truths is not None]
        return KindOfFields(
            self.numbers | other.numbers if both else None,  # type: ignore[operator]
            all(known) if known else None,
            self.texts | other.texts,
        )

    @property
    def kind(self) -> str:
        """Numbers or truth values, if each of the fields is one, else texts."""
        if self._are_numbers:
            return self.numbers.kind  # type: ignore[union-attr]
        return "bool" if self.truths else "str"

    @property
    def _are_numbers(self) -> bool:
        return self.numbers is not None and self.numbers.kind in ("int64", "float64")

    def values(self, fields: Sequence[str]) -> list[Any]:
        """Some of the fields as Python's values."""
        if self._are_numbers:
            return _as_numbers(fields)
        return [_TRUTH[field] if self.truths else field or None for field in fields]

    @property
    def of_values(self) -> KindOfValues:
        """What the values of all fields are."""
        if self._are_numbers:
            return self.numbers  # type: ignore[return-value]
        return KindOfValues(frozenset({"bool"})) if self.truths else self.texts

    def state(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        numbers = None if self.numbers is None else self.numbers.state()
        return {"numbers": numbers, "truths": self.truths, "texts": self.texts.state()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "KindOfFields":
        """The inverse of `state`."""
        numbers = None if state["numbers"] is None else KindOfValues.from_state(state["numbers"])
        return cls(numbers, state["truths"], KindOfValues.from_state(state["texts"]))


def typed_fields(fields: Sequence[str]) -> np.ndarray:
    """Array of the fields of a column of a text file, which has no types; an empty field is missing.

    A column is one of numbers, or of truth values, if each of its fields is. Numbers with leading zeros and
    numbers that 64 bits do not hold are texts: they are codes.

    Examples
    --------
    >>> typed_fields(["3", "", "4.5"]).tolist(), typed_fields(["01", "2"]).tolist()
    ([3.0, nan, 4.5], ['01', '2'])
    """
    found = KindOfFields.of(fields)
    return found.of_values.typed(found.values(fields))


def _as_numbers(fields: Sequence[str]) -> list[Any]:
    return [_as_number(field) if field and field not in _NO_NUMBER else None for field in fields]


def _as_number(field: str) -> float:
    return int(field) if _WHOLE.fullmatch(field) else float(field)
