"""Seed words: what the parameter ``seed_words`` says, checked and found in the vocabulary of a model."""

import warnings
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_whole
from hftopic.data.reading import Reading, options_of
from hftopic.data.sequences import check_sequence, described, listed
from hftopic.data.text_options import TextOptions
from hftopic.data.words import JOINED, cased
from hftopic.latent.space import LatentSpace
from hftopic.models.naming import check_unique, given_names

SeedKey = str | int | tuple[int, str | None]
SeedWords = Mapping[SeedKey, Sequence[str | int]]

EXAMPLE = '{"economy": ["bank", "market"], 7: ["team", "game"], (1, "law"): ["court", "judge"]}'
MOST_LISTED = 20  # unknown words in a message


@dataclass(frozen=True)
class Seeds:
    """Sets of seed words that were found in the vocabulary.

    Attributes
    ----------
    topics : tuple of int
        Topic in which each set begins.
    names : tuple of str or None
        Name that each set gives its topic.
    columns : tuple of tuple of int
        Words of each set.
    """

    topics: tuple[int, ...]
    names: tuple[str | None, ...]
    columns: tuple[tuple[int, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """The sets as lists of numbers and names."""
        return {"topics": self.topics, "names": self.names, "columns": self.columns}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], space: LatentSpace, n_words: int) -> "Seeds":
        """The sets that :meth:`as_json` has written.

        Raises
        ------
        ValueError
            They do not fit a model with these topics and words.
        """
        topics, names, columns = (tuple(value[name]) for name in ("topics", "names", "columns"))
        given = {topic: name for topic, name in zip(topics, names, strict=True) if name is not None}
        numbers = [column for words in columns for column in words]
        if len(set(topics)) < len(topics) or not all(is_whole(t, 0) and t < space.n_topics for t in topics):
            raise ValueError("seed words are of topics that do not exist")
        check_unique(given)
        if given_names(given, range(space.n_topics)) != given or len(columns) != len(topics):
            raise ValueError("seed words have other names than topics can have")
        if not all(map(len, columns)) or not all(is_whole(c, 0) and c < n_words for c in numbers):
            raise ValueError("seed words are no words of the model")
        return cls(topics, names, tuple(map(tuple, columns)))


def found_seeds(
    seed_words: SeedWords,
    words: NDArray[np.object_] | None,
    n_words: int,
    space: LatentSpace,
    options: TextOptions | None = None,
) -> Seeds:
    """The seed words that are in the vocabulary, with the topic of each set.

    Parameters
    ----------
    seed_words : dict
        As :class:`hftopic.ProdLDA` takes it.
    words : ndarray of str, shape (n_words,), or None
        The vocabulary; without one, seeds are numbers of columns.
    n_words : int
    space : LatentSpace
    options : TextOptions, optional
        How texts became words. A seed word that is not in the vocabulary is then looked up with the letters
        that these have, and as a phrase.

    Raises
    ------
    ValueError, TypeError
        A topic or a group does not exist, is guided twice or has no topic left; a name is none; a set is
        empty, or none of its words is known.

    Warns
    -----
    UserWarning
        Some words are unknown.
    """
    if not seed_words:
        raise ValueError(f"seed_words is empty; pass None, or words by topic, such as {EXAMPLE}")
    sets = {key: _checked_words(key, given) for key, given in seed_words.items()}
    topics, names = _topics_of(list(sets), space)
    place = None if words is None else {str(word): column for column, word in enumerate(words)}
    columns = {key: _known(given, place, n_words, options) for key, given in sets.items()}
    _tell_of_unknown(sets, columns, place, n_words)
    return Seeds(topics, names, tuple(tuple(dict.fromkeys(columns[key].values())) for key in sets))


def spelling_of(reading: Reading | None) -> TextOptions | None:
    """Options for the letters of words, from how texts were read; None if this is unknown."""
    if reading is None or "options" not in reading:
        return None
    return TextOptions(lowercase=options_of(reading).get("lowercase", True))


def fixes_groups(seed_words: SeedWords | None) -> bool:
    """Whether a set of seed words is for a topic by its number, or for a group: groups are then fixed."""
    return seed_words is not None and any(not isinstance(key, str) for key in seed_words)


def plain(seed_words: SeedWords | None) -> dict[SeedKey, list[str | int]] | None:
    """Seed words as a dict of lists, which files can hold."""
    if seed_words is None:
        return None
    sets = {_plain_key(key): _listed(key, words) for key, words in seed_words.items()}
    return {key: [str(w) if isinstance(w, str) else int(w) for w in words] for key, words in sets.items()}


def _listed(key: Any, words: Any) -> list[Any]:
    """Words of a set; those of a set of Python, which has no order, in alphabetical order."""
    if isinstance(words, Set):
        return sorted(words, key=str)
    check_sequence(words, f"seed_words[{key!r}]", "pass a list of words")
    return listed(words)


def _plain_key(key: Any) -> SeedKey:
    if isinstance(key, tuple):
        return int(key[0]), None if key[1] is None else str(key[1])
    return str(key) if isinstance(key, str) else int(key)


def _checked_words(key: Any, words: Any) -> list[str | int]:
    """Words of a set, each once."""
    given = _listed(key, words)
    wrong = next((word for word in given if not isinstance(word, str) and not is_whole(word, 0)), None)
    if wrong is not None:
        raise TypeError(f"seed_words[{key!r}] has {wrong!r}, {described(wrong)}; pass a list of words")
    if not given:
        raise ValueError(f"seed_words[{key!r}] is empty; pass at least one word, or leave the topic out")
    return list(dict.fromkeys(given))


def _topics_of(keys: Sequence[Any], space: LatentSpace) -> tuple[tuple[int, ...], tuple[str | None, ...]]:
    """Topic and name of each set: topics by number first, then names in the order that they are given."""
    kinds = {key: _kind(key, space) for key in keys}
    taken = {int(key) for key, (group, name) in kinds.items() if group is None and name is None}
    topics: dict[Any, int] = {}
    # a set that asks for a group goes before one that takes any topic
    for key, (group, name) in sorted(kinds.items(), key=lambda item: item[1][0] is None):
        if group is None and name is None:
            topics[key] = int(key)
            continue
        topics[key] = _next_free(key, group, taken, space)
        taken.add(topics[key])
    found = {topics[key]: name for key, (_, name) in kinds.items() if name is not None}
    shown = given_names(found, range(space.n_topics))
    check_unique({topic: name for topic, name in shown.items() if name is not None})
    in_order = tuple(topics[key] for key in keys)
    return in_order, tuple(shown.get(topic) for topic in in_order)


def _kind(key: Any, space: LatentSpace) -> tuple[int | None, str | None]:
    """Group and name that a key asks for; a topic by its number has neither."""
    if isinstance(key, str):
        return None, key
    if isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], str | None):
        group, name = key
        if not is_whole(group, 0) or group >= space.n_groups:
            raise ValueError(
                f"seed_words has the group {group!r}: groups are numbered 0 to {space.n_groups - 1}"
            )
        return int(group), name
    if not is_whole(key, 0):
        raise TypeError(
            f"seed_words has the key {key!r}; keys are a name, the number of a topic, or a pair of a group "
            f"and a name or None, such as {EXAMPLE}"
        )
    if key >= space.n_topics:
        raise ValueError(f"seed_words has the topic {key}: topics are numbered 0 to {space.n_topics - 1}")
    return None, None


def _next_free(key: Any, group: int | None, taken: set[int], space: LatentSpace) -> int:
    """The first topic without seeds, of a group if it is given; else no class of a discrete variable."""
    allowed = space.gaussian if group is None else space.topic_groups == group
    free = [topic for topic in np.flatnonzero(allowed).tolist() if topic not in taken]
    if not free:
        where = "" if group is None else f" of group {group}"
        raise ValueError(f"no topic{where} is left for seed_words[{key!r}]: there are {allowed.sum()}")
    return int(free[0])


def _known(
    words: Sequence[str | int], place: Mapping[str, int] | None, n_words: int, options: TextOptions | None
) -> dict[str | int, int]:
    """Column of each word that is known."""
    if place is not None:
        spelled = {word: _spellings(word, options) for word in words if isinstance(word, str)}
        return {
            word: place[found]
            for word, spellings in spelled.items()
            if (found := next(filter(place.__contains__, spellings), None)) is not None
        }
    return {word: int(word) for word in words if not isinstance(word, str) and word < n_words}


def _spellings(word: str, options: TextOptions | None) -> list[str]:
    """A word as it is given, and then as texts have it, also as a phrase."""
    if options is None:
        return [word]
    read = cased(options)([word], "seed_words")
    return [word, *read, *(JOINED.join(text.split()) for text in (word, *read))]


def _tell_of_unknown(
    sets: Mapping[Any, Sequence[str | int]],
    columns: Mapping[Any, Mapping[str | int, int]],
    place: Mapping[str, int] | None,
    n_words: int,
) -> None:
    """One warning with all unknown words; an error if nothing is left of a set."""
    unknown = {key: [word for word in words if word not in columns[key]] for key, words in sets.items()}
    unknown = {key: words for key, words in unknown.items() if words}
    if not unknown:
        return
    told = "; ".join(f"{key!r}: {', '.join(_shown(words, place))}" for key, words in unknown.items())
    lost = [key for key in unknown if not columns[key]]
    if place is None and any(isinstance(word, str) for words in unknown.values() for word in words):
        reason = (
            "the columns of X have no words: fit on a Corpus or a DataFrame, or give numbers of columns in "
            "seed_words"
        )
    elif place is None:
        reason = f"seed_words has columns that X does not have; columns are 0 to {n_words - 1}"
    else:
        reason = "the vocabulary lacks some seed_words"
    if lost:
        raise ValueError(f"{reason}. Nothing is left of {', '.join(map(repr, lost))} ({told})")
    warnings.warn(f"{reason}; they are left out: {told}", UserWarning, stacklevel=level_of_the_caller())


def _shown(words: Sequence[str | int], place: Mapping[str, int] | None) -> list[str]:
    """Unknown words, each with the one that may be meant, at most :data:`MOST_LISTED`."""
    shown = []
    for word in words[:MOST_LISTED]:
        near = [] if place is None else get_close_matches(str(word).lower(), list(place), 1, 0.8)
        shown.append(f"{word!r} (did you mean {near[0]!r}?)" if near else repr(word))
    left = len(words) - len(shown)
    return [*shown, f"and {left} more"] if left else shown
