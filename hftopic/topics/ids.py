"""Ids of topics: the numbers 0 to n - 1 of a fitted model, of which an edited one has those that are left."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hftopic._numbers import is_whole
from hftopic.data.sequences import described

SHOWN = 10  # ids that a message lists


def as_id(topic: Any) -> int:
    """Id of a topic, given as an int or as a str of one, such as "12".

    Raises
    ------
    TypeError, ValueError
        It is neither.
    """
    if isinstance(topic, str) and topic.strip().isdecimal():
        return int(topic)
    if isinstance(topic, str):
        raise ValueError(f"no topic {topic!r}: topics are given by their ids, such as 12 or '12'")
    if not is_whole(topic, 0):
        raise TypeError(f"the id of a topic is an int or a str of one, such as 12; got {described(topic)}")
    return int(topic)


def check_known(
    numbers: Iterable[int], ids: Sequence[int], merged_into: Callable[[int], int | None] | None = None
) -> None:
    """Raise ValueError if one of the numbers is no id of a topic; it is said where a merged one went."""
    known = set(ids)
    for topic in numbers:
        if topic not in known:
            into = None if merged_into is None else merged_into(topic)
            told = f": it was merged into {into}" if into is not None else f": {ids_in_words(ids)}"
            raise ValueError(f"no topic {topic}{told}")


def ids_in_words(ids: Sequence[int]) -> str:
    """Which topics there are, such as "topics are numbered 0 to 9"."""
    if len(ids) == ids[-1] + 1:
        return f"topics are numbered 0 to {ids[-1]}"
    shown = ", ".join(map(str, ids[:SHOWN])) + (", …" if len(ids) > SHOWN else "")
    return f"the topics that are left are {shown}"
