r"""Vocabulary files: one word per line, or what other tools write.

===========================================  ========================================================
``word``                                     one word per line, which may contain spaces; our own files
``word\tcount`` ``word,count``               words with numbers, perhaps with a heading
``word\tindex`` ``word,index``               words with their columns, in any order, from 0 (``vocabulary_``
                                             of scikit-learn), or from 1 below a heading
``id\tword\tcount`` ``id,word`` ``id word``  words with their columns, in any order, from 0 or from 1:
                                             ``save_as_text`` of gensim's Dictionary, pandas, R
``"word"``                                   words in quotes, with the heading ``"x"`` of R
===========================================  ========================================================

All lines must have the same layout. What could be read in two ways is an error.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hftopic.data.corpus import CorpusError
from hftopic.data.formats.lines import FormatError, encodable, read_lines, write_list

Line = tuple[int, str]  # its number and its text


@dataclass(frozen=True)
class _Layout:
    """A line of several fields, or a word in quotes."""

    line: re.Pattern[str]
    separator: str = ""
    has_ids: bool = False

    def words(self, lines: Sequence[Line]) -> list[str] | None:
        """The part of each line that is the word; None if the lines have another layout.

        A vocabulary does not consist of numbers; and if what follows a number and a space is repeated, the
        lines are phrases.
        """
        if len(lines) < 2:
            return None
        words = []
        for _, text in lines:
            match = self.line.fullmatch(text)
            if not match:
                return None
            words.append(match["word"])
        if self.separator == " " and len(set(words)) < len(words):
            return None
        if all(re.fullmatch(_NUMBER, word) for word in words):
            return None
        quoted = self.separator in (",", ";") or all(map(_QUOTED.fullmatch, words))
        return [_unquoted(word) for word in words] if quoted else words


_NUMBER = r'"?-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"?'
_QUOTED = re.compile(r'"(?:[^"]|"")+"')
_ID = r'"?(?P<id>[0-9]{1,18})"?'


def _layouts(separator: str) -> list[_Layout]:
    word = rf"(?P<word>{_QUOTED.pattern}|[^{separator}]+)"
    numbers = rf"(?:{separator}{_NUMBER})"
    return [
        _Layout(re.compile(rf"{_ID}{separator}{word}{numbers}*"), separator, has_ids=True),
        _Layout(re.compile(rf"{word}(?P<numbers>{numbers}+)"), separator),
    ]


_LAYOUTS = [
    *(layout for separator in "\t,;" for layout in _layouts(separator)),
    # Words may contain spaces, so only an id before the word shows that a space separates.
    _Layout(re.compile(rf"{_ID} +(?P<word>.*)"), " ", has_ids=True),
    _Layout(re.compile(rf"(?P<word>{_QUOTED.pattern})")),
]
_REAL = r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?"
_COUNTED = re.compile(rf"(?P<word>.*[^\s:=|])(?: +| *[:=|] *){_REAL}")
_LISTED = re.compile(r"(?P<mark>[\"']).+(?P=mark),?")  # a line of a list in a program
_MARKED = re.compile(r"[-*•] +.+")  # a line of a list in YAML or Markdown
_NUMBERED = re.compile(r"[0-9]+(?: *[:=|] *|[.)] +)(?P<word>.*[^0-9].*)")
_R_HEADINGS = ("x", "V1")  # what R calls a column without a name
_HEADINGS = (
    "word",
    "words",
    "term",
    "terms",
    "token",
    "tokens",
    "vocab",
    "vocabulary",
    "feature",
    "features",
)
_COLUMN_HEADINGS = ("index", "id", "ids", "column", "idx")
_COUNT_HEADINGS = (
    "count",
    "counts",
    "n",
    "freq",
    "frequency",
    "tf",
    "cf",
    "df",
    "total",
    "docs",
    "documents",
)
_ADVICE = "write one word per line, and nothing else"


def read_vocabulary(path: Path, encoding: str) -> list[str]:
    """Words of a vocabulary file, in the order of the columns.

    Spaces around words and blank lines at the end are ignored.

    Raises
    ------
    FormatError
        A line before the last word is blank, a word is repeated, ids are not those of all columns, or it is
        unclear which part of a line is the word: the words after it would belong to the wrong columns.
    """
    lines: list[Line] = []
    blank = None
    for number, line in read_lines(path, encoding):
        text = line.strip()
        if text and blank:
            raise FormatError("blank line: the words after it would belong to the wrong columns", path, blank)
        if text:
            lines.append((number, text))
        else:
            blank = blank or number
    if not lines:
        raise FormatError("contains no words", path)
    line_of: dict[str, int] = {}
    for number, word in _words(path, lines):
        if word in line_of:
            raise FormatError(f"the word {word!r} is also on line {line_of[word]}", path, number)
        line_of[word] = number
    return list(line_of)


def _words(path: Path, lines: list[Line]) -> list[Line]:
    """The word of each line, in the order of the columns."""
    bodies = (lines, lines[1:])  # the first line may be a heading
    for layout in _LAYOUTS:
        for body in bodies:
            words = layout.words(body)
            if words is not None:
                _check_heading(path, lines, body, layout, words[0])
                if layout.has_ids:
                    ids = [int(layout.line.fullmatch(text)["id"]) for _, text in body]  # type: ignore[index]
                    if layout.separator == " ":
                        _check_spaces(path, body, words, ids)
                    return _in_order_of_ids(path, body, ids, words)
                columns = _columns_behind(path, lines, body, layout)
                if columns is not None:
                    return _in_order_of_ids(path, body, columns, words)
                numbered = [(number, word) for (number, _), word in zip(body, words, strict=True)]
                return numbered[not layout.separator and words[0] in _R_HEADINGS :]
    _refuse_unclear(path, lines)
    return lines


def _check_spaces(path: Path, body: list[Line], words: list[str], ids: list[int]) -> None:
    """Refuse what may be more than a column and a word with a space between them.

    These are numbers behind the word, as in "0 apple 12" and "0 apple 1:12 4:3" of MALLET, and phrases that
    begin with a number, whose numbers are in no order.
    """
    if sorted(ids) in (list(range(len(ids))), list(range(1, len(ids) + 1))) and ids != sorted(ids):
        told = (
            f"it is unclear whether the numbers before the words are columns or parts of phrases; {_ADVICE}"
        )
        raise FormatError(told, path, body[0][0])
    if _ends_with_counts([(number, word) for (number, _), word in zip(body, words, strict=True)]):
        told = f"every line ends with a number, which may be a count or belong to the word; {_ADVICE}"
        raise FormatError(told, path, body[0][0])


def _columns_behind(path: Path, lines: list[Line], body: list[Line], layout: _Layout) -> list[int] | None:
    """The column of each word, if one of the numbers behind it is that; None if they are counts.

    Numbers that are a permutation from 0 are columns. Those from 1 may be counts of a few words, or ranks.
    """
    if not layout.separator:
        return None
    behind = [layout.line.fullmatch(text)["numbers"] for _, text in body]  # type: ignore[index]
    fields = [[field.strip('"') for field in text[1:].split(layout.separator)] for text in behind]
    heading = lines[0][1].split(layout.separator) if len(body) < len(lines) else []
    titles = [title.strip().strip('"').lower() for title in heading]
    for place in range(min(map(len, fields))):
        numbers = [row[place] for row in fields]
        if not all(number.isdigit() and len(number) <= 18 for number in numbers):
            continue
        ids = [int(number) for number in numbers]
        title = titles[place + 1] if place + 1 < len(titles) else None
        if title in _COLUMN_HEADINGS or sorted(ids) == list(range(len(ids))):
            return ids
        distinct = len(set(ids)) == len(ids)
        moved = max(ids) == len(ids) and ids != sorted(ids)
        if title not in _COUNT_HEADINGS and distinct and (moved or min(ids) == 0):
            told = f"it is unclear whether the numbers behind the words are columns or counts; {_ADVICE}"
            raise FormatError(told, path, body[0][0])
    return None


def _check_heading(path: Path, lines: list[Line], body: list[Line], layout: _Layout, word: str) -> None:
    """Refuse a first line of which it is unclear whether it is a word."""
    number, first = lines[0]
    if len(body) < len(lines):
        if not _is_heading(first, layout.separator):
            raise FormatError(
                f"{first!r} has another layout than the lines after it; {_ADVICE}", path, number
            )
    elif not layout.separator and word.lower() in _HEADINGS:
        raise FormatError(f"is {word!r} a heading or a word? {_ADVICE}", path, number)


def may_be_heading(words: Sequence[str], n_used: int) -> bool:
    """Whether the first of the words may be a heading of the others.

    A heading moves every word by a column, so the last of the columns is unused. This is asked for counts
    that do not tell how many columns they have.

    Parameters
    ----------
    words : sequence of str
    n_used : int
        Number of columns up to the last one that has a count.
    """
    first = str(words[0]).strip().lower()
    if n_used >= len(words) or len(words) < 2:
        return False
    if first in _HEADINGS or first.startswith("# "):
        return True
    # "0" is what pandas calls a column without a name; sorted words that start with it have other numbers.
    return first == "0" and not any(str(word)[:1].isdigit() for word in words[1:])


def _in_order_of_ids(path: Path, body: list[Line], ids: list[int], words: list[str]) -> list[Line]:
    first, seen = int(min(ids) > 0), set[int]()
    held: list[Line] = [(0, "")] * len(ids)
    for (number, _), column, word in zip(body, ids, words, strict=True):
        if column in seen or not first <= column < len(ids) + first:
            told = (
                f"the number {column} of {word[:40]!r} is not a column from {first} to "
                f"{len(ids) + first - 1:,}, or is repeated (with gensim, call compactify()); {_ADVICE}"
            )
            raise FormatError(told, path, number)
        seen.add(column)
        held[column - first] = (number, word)
    return held


def _is_heading(first: str, separator: str) -> bool:
    """Whether a first line of another layout than the others is a heading, and not a row of odd numbers."""
    fields = first.split(separator) if separator else []
    if len(fields) > 1:
        return not fields[0].strip('"') or not any(map(_is_value, fields))
    return bool(separator) and bool(_QUOTED.fullmatch(first) or first.isdigit() or first in _R_HEADINGS)


def _is_value(field: str) -> bool:
    """Whether a field of a table is a number of any form, or a missing one, so that its row is no heading."""
    text = field.strip().strip('"')
    return bool(re.fullmatch(_REAL, text)) or text.lower() in ("na", "nan", "inf", "-inf", "null", "none")


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if _QUOTED.fullmatch(word) else word


def _refuse_unclear(path: Path, lines: list[Line]) -> None:
    """Refuse lines that are no list of words, but have no known layout either."""
    for number, text in lines:
        if "\t" in text:
            raise FormatError(f"contains a tab, so it is unclear what the word is; {_ADVICE}", path, number)
    number, first = lines[0]
    if _is_json([text for _, text in lines]):
        raise FormatError(f"is JSON, not a list of words; {_ADVICE}", path, number)
    if len(lines) == 1:
        return
    if all(_MARKED.fullmatch(text) for _, text in lines):
        raise FormatError(f"every line starts with {first[0]!r} and a space; {_ADVICE}", path, number)
    if all(_NUMBERED.fullmatch(text) for _, text in lines):
        raise FormatError(f"every line starts with a number, which may be a column; {_ADVICE}", path, number)
    if _ends_with_counts(lines) or _ends_with_counts(lines[1:]):
        raise FormatError(f"every line ends with a number, which may be a count; {_ADVICE}", path, number)
    for separator in ",;":
        if len({text.count(separator) for _, text in lines}) == 1 and separator in first:
            told = f"every line has several fields, separated by {separator!r}"
            raise FormatError(f"{told}, so it is unclear which is the word; {_ADVICE}", path, number)


def _is_json(lines: Sequence[str]) -> bool:
    """Whether these are lists or objects of strings in JSON, or printed by Python."""
    if len(lines) > 1 and all(map(_LISTED.fullmatch, lines)):
        return True
    start, *inner = lines
    if not inner or start not in ("[", "{"):
        return all(re.fullmatch(r"[\[{].*[\"'].*[\]}],?", line) for line in lines)
    closed = inner.pop().rstrip(",;") in ("]", "}")
    return closed and bool(inner) and all(line[0] in "\"'" for line in inner)


def _ends_with_counts(lines: Sequence[Line]) -> bool:
    """Whether each line is a word, a space and a number, and the words are distinct."""
    words = set[str]()
    for _, text in lines:
        match = _COUNTED.fullmatch(text)
        if not match:
            return False
        words.add(match["word"])
    return len(words) == len(lines) > 1


def write_vocabulary(path: Path, vocabulary: np.ndarray) -> None:
    """Write a vocabulary file, one word per line.

    Raises
    ------
    CorpusError
        The words would not be read back unchanged.
    """
    for place, word in enumerate(vocabulary):
        if word != word.strip():
            raise CorpusError(
                f"cannot store the word {word!r}: spaces around words are lost in a vocabulary file"
            )
        encodable(word, "word", place)
    write_list(path, vocabulary, "word")
    _check_readable(path, vocabulary)


def _check_readable(path: Path, vocabulary: Iterable[str]) -> None:
    lines = list(enumerate(vocabulary, start=1))
    try:
        same = _words(path, lines) == lines
    except FormatError as error:
        raise CorpusError(f"cannot store the vocabulary in a text file: {error.message}") from error
    if not same:
        raise CorpusError(
            f"cannot store the vocabulary, {lines[0][1]!r}, {lines[1][1]!r} …, in a text file: it would be "
            "read as words with numbers or quotes"
        )
