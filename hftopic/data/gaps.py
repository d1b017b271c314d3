"""Words of a text with what stands between them, so that phrases do not cross it, nor lose short words."""

import re
from collections.abc import Iterable
from functools import cache

MARK = "\x1e"
"""Begins what is no word of a text: a short word with its letters behind it, or a break without any."""
_JOINS = ("", "-", "\u2010", "\u2011", "'", "\u2019")  # between letters, in which words are still neighbours
_BLANK_LINE = re.compile(r"\n\s*\n|\u2029")


def with_gaps(text: str, words: re.Pattern[str], marks: str) -> list[str]:
    """All words of a text; between them, what the pattern leaves out: short words and breaks.

    Punctuation and blank lines are breaks; spaces, the end of a line and a hyphen between letters are not.

    Parameters
    ----------
    text : str
    words : Pattern
        As it matches words, with one capturing group at most.
    marks : str
        Combining marks, and other characters within words, as for a class of characters.

    Examples
    --------
    >>> found = with_gaps("bank of the\\nCity. Rain", re.compile(r"\\w{3,}"), "")
    >>> [word.replace(MARK, "|") for word in found]
    ['bank', '|of', 'the', 'City', '|', 'Rain']
    """
    found: list[str] = []
    end = 0
    for match in words.finditer(text):
        gap = text[end : match.start()]
        if gap != " ":
            found += _between(gap, marks)
        found.append(match.group(words.groups) or "")
        end = match.end()
    return found + _between(text[end:], marks)


def without_gaps(words: Iterable[str], joined: str) -> list[str]:
    """The words, and phrases whose parts are joined by a character, as they are counted."""
    return [
        word.replace(joined + MARK + joined, joined).replace(MARK, "") if MARK in word else word
        for word in words
        if not word.startswith(MARK) or joined in word
    ]


def _between(gap: str, marks: str) -> list[str]:
    found, end = [], 0
    for run in _run(marks).finditer(gap):
        found += _break(gap[end : run.start()])
        # An underscore joins the words of phrases, so that this is none of their words.
        found.append(MARK if "_" in run.group() else MARK + run.group())
        end = run.end()
    return found + _break(gap[end:])


def _break(gap: str) -> list[str]:
    is_none = gap in _JOINS or (gap.isspace() and _BLANK_LINE.search(gap) is None)
    return [] if is_none else [MARK]


@cache
def _run(marks: str) -> re.Pattern[str]:
    return re.compile(rf"[\w{marks}]+")
