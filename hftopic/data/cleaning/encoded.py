"""Files, keys and pictures that are written as letters: uuencode, base64, BinHex, PGP."""

import re
from collections.abc import Callable

_SHORTEST, _LONGEST = 45, 80  # characters of a line
_FEWEST = 3  # lines in sequence
_MARKS = re.compile(r"(?:[>|:] ?)+")  # a quotation
# A full line of uuencode has 45 bytes; M is the character for 45. Spaces at its end may be lost.
# Most of its characters are no letters, unlike those of a line in capitals.
_UU = re.compile(r"M(?=(?:[A-Z ]*+[!-@\[-`]){6})[ -`]{24,61}$")
_UU_BEGIN = re.compile(r"begin [0-7]{3,4} \S")
_UU_LAST = re.compile(r"[!-L][ -`]{3,61}$")
_UU_NOTHING = re.compile(r"[ `]?$")
_UU_END = re.compile(r"end\s*$")
_LAST = re.compile(r"(?=[^\d=+/]*[\d=+/])[!-~]+$")
_ARMOUR = re.compile(r"-----(?:BEGIN|END) [A-Z][A-Z0-9 ]*-----\s*$")
_SIGNED = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\s*$")
_KEY_LINE = re.compile(r"\s*$|\S+\s*$|[A-Z][\w-]*: ")
_SUSPECT = re.compile(
    rf"\S{{{_SHORTEST}}}|^(?:[>|:] ?)*(?:begin [0-7]|M[ -`]{{24,61}}\r?$|-----BEGIN )", re.MULTILINE
)
_LONG_WORD = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{100,}+={0,2}")


def without_encoded(text: str) -> str:
    """The text without blocks of encoded lines, and without words of a hundred or more such characters.

    A block is three or more lines of one length, 45 to 80 ASCII characters without white space, or three or
    more lines of uuencode, or what is between the lines "-----BEGIN …-----" and "-----END …-----".
    """
    if not _SUSPECT.search(text):
        return text
    lines = text.split("\n")
    bare = [_MARKS.sub("", line, count=1) if _MARKS.match(line) else line for line in lines]
    bare = [line.rstrip("\r") for line in bare]
    place = 0
    while place < len(lines):
        end = _encoded_block(bare, place)
        lines[place:end] = [""] * (end - place)
        place = max(end, place + 1)
    return _LONG_WORD.sub(" ", "\n".join(lines))


def _encoded_block(lines: list[str], start: int) -> int:
    """The line after a block that starts here; `start` if none does."""
    if _ARMOUR.match(lines[start]):
        return _armoured(lines, start)
    body = start + 1 if _UU_BEGIN.match(lines[start]) else start
    end = _run(lines, body, _is_uu)
    if end - body >= (_FEWEST if body == start else 1):
        return _uu_end(lines, end)
    size = len(lines[start])
    end = _run(lines, start, lambda line: len(line) == size and _is_one_word(line))
    if end - start < _FEWEST:
        return start
    return end + 1 if end < len(lines) and len(lines[end]) < size and _LAST.match(lines[end]) else end


def _run(lines: list[str], start: int, belongs: Callable[[str], bool]) -> int:
    """The first line from `start` that does not belong."""
    return next((place for place in range(start, len(lines)) if not belongs(lines[place])), len(lines))


def _is_one_word(line: str) -> bool:
    return _SHORTEST <= len(line) <= _LONGEST and line.isascii() and not any(map(str.isspace, line))


def _is_uu(line: str) -> bool:
    return _UU.match(line) is not None


def _uu_end(lines: list[str], place: int) -> int:
    """The line after the last, shorter line of uuencode, the line of no bytes and "end"."""
    for last in (_UU_LAST, _UU_NOTHING, _UU_END):
        if place < len(lines) and last.match(lines[place]):
            place += 1
    return place


def _armoured(lines: list[str], start: int) -> int:
    """The line after "-----END …-----"; only the first line of a signed message, whose text is readable."""
    if _SIGNED.match(lines[start]):
        return start + 1
    end = _run(lines, start + 1, lambda line: not _ARMOUR.match(line) and _KEY_LINE.match(line) is not None)
    return end + 1 if end < len(lines) and _ARMOUR.match(lines[end]) else start
