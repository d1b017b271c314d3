"""Which topics of a model are merged and which are dropped, checked before anything is computed."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.data.sequences import check_sequence, described, listed
from hftopic.topics.ids import as_id, check_known


@dataclass(frozen=True)
class Edits:
    """Topics of an edited model, each as the topics of the original that it consists of.

    Attributes
    ----------
    members : tuple of tuple of int
        Numbers of the original topics of each topic. The first of them is the id of the topic; topics are in
        the order of their ids. Numbers in no tuple are those of dropped topics.
    """

    members: tuple[tuple[int, ...], ...]

    @classmethod
    def none(cls, n_topics: int) -> Self:
        """Every topic as it is."""
        return cls(tuple((topic,) for topic in range(n_topics)))

    @property
    def ids(self) -> NDArray[np.int64]:
        """Id of each topic, shape (n_topics,)."""
        return np.array([topics[0] for topics in self.members], dtype=np.int64)

    @property
    def merged(self) -> tuple[tuple[int, ...], ...]:
        """The topics that consist of several."""
        return tuple(topics for topics in self.members if len(topics) > 1)

    def dropped(self, n_topics: int) -> list[int]:
        """Topics of the original, which has ``n_topics``, that are in none."""
        return sorted(set(range(n_topics)) - {topic for topics in self.members for topic in topics})

    def then(self, merge: Any, drop: Any) -> Self:
        """These edits, and then further merges and drops of the topics with these ids.

        Parameters
        ----------
        merge : sequence of sequences of ids
        drop : sequence of ids

        Raises
        ------
        ValueError
            A topic does not exist, is in two merges, is merged and dropped, or is dropped twice; a merge has
            one topic; no topic would be left; or ``merge`` or ``drop`` is no sequence.
        TypeError
            An id is neither an int nor a str of one.
        """
        joined, away = self._merges(merge), self._drops(drop)
        for topic in away:
            together = next((topics for topics in joined if topic in topics), None)
            if together is not None:
                raise ValueError(f"topic {topic} is dropped and merged with {_others(together, topic)}")
        of_topic = {topics[0]: topics for topics in self.members}
        gone = {topic for topics in joined for topic in topics[1:]} | set(away)
        for topics in joined:
            of_topic[topics[0]] = tuple(member for topic in topics for member in of_topic[topic])
        left = tuple(of_topic[topic] for topic in sorted(of_topic.keys() - gone))
        if not left:
            raise ValueError(f"all {len(self.members)} topics would be dropped; leave at least one")
        return type(self)(left)

    def check(self, n_topics: int) -> None:
        """Raise ValueError unless these are edits of a model with so many topics, as after a load."""
        numbers = [topic for topics in self.members for topic in topics]
        if not all(is_whole(topic, 0) and topic < n_topics for topic in numbers) or not all(self.members):
            raise ValueError(f"edits name a topic that is none of the {n_topics} of the model")
        if not numbers or len(set(numbers)) < len(numbers) or sorted(self.ids) != self.ids.tolist():
            raise ValueError("edits have a topic twice, no topic, or topics in another order")

    def _merges(self, merge: Any) -> list[list[int]]:
        merges = _listed(merge, "merge", "[(3, 7)]")
        if merges and all(map(_is_id, merges)):
            written = ", ".join(map(str, merges))
            raise ValueError(f"merge is a list of merges, each a list of topics; pass merge=[({written})]")
        joined = [self._numbers(of_one, "merge") for of_one in merges]
        seen: dict[int, list[int]] = {}
        for topics in joined:
            if len(topics) < 2:
                raise ValueError(f"a merge needs two topics or more; got {topics}")
            for topic in topics:
                if topic in seen:
                    raise ValueError(_twice(topic, seen[topic], topics))
                seen[topic] = topics
        return joined

    def _drops(self, drop: Any) -> list[int]:
        topics = self._numbers(drop, "drop")
        twice = next((topic for topic in topics if topics.count(topic) > 1), None)
        if twice is not None:
            raise ValueError(f"topic {twice} is dropped twice")
        return topics

    def _numbers(self, topics: Any, name: str) -> list[int]:
        if name == "drop" and isinstance(topics, Set):
            topics = sorted(topics, key=str)
        numbers = list(map(as_id, _listed(topics, name, "[(3, 7)]" if name == "merge" else "[12]")))
        check_known(numbers, self.ids.tolist(), self.merged_into)
        return numbers

    def merged_into(self, topic: int) -> int | None:
        """Id of the topic that one was merged into before; None if there is none."""
        return next((topics[0] for topics in self.merged if topic in topics[1:]), None)


def named_by_id(names: Any) -> dict[int, str]:
    """Names by the ids of topics, from a mapping with ids as int or str.

    Raises
    ------
    TypeError
        ``names`` is no mapping.
    ValueError
        A topic is named twice.
    """
    if not isinstance(names, Mapping):
        raise TypeError(
            f"names must be a dict of topic to name, such as {{3: 'faith'}}; got {described(names)}"
        )
    named: dict[int, str] = {}
    for topic, name in names.items():
        number = as_id(topic)
        if number in named:
            raise ValueError(f"topic {number} is named twice")
        named[number] = name
    return named


def _is_id(topic: Any) -> bool:
    return is_whole(topic, 0) or (isinstance(topic, str) and topic.strip().isdecimal())


def _listed(values: Any, name: str, example: str) -> Sequence[Any]:
    check_sequence(values, name, f"pass a list, such as {name}={example}")
    return listed(values)


def _twice(topic: int, first: list[int], second: list[int]) -> str:
    if first is second:
        return f"topic {topic} is twice in the merge {tuple(first)}"
    return f"topic {topic} is in two merges, {tuple(first)} and {tuple(second)}: join them to one"


def _others(topics: Sequence[int], topic: int) -> str:
    return ", ".join(str(other) for other in topics if other != topic)
