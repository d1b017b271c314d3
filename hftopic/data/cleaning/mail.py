"""Headers, quotations and signatures of e-mail and news."""

import re

_LONGEST_SIGNATURE = 12  # lines that are not blank
_SUBJECTS = {"subject", "betreff", "objet", "asunto", "oggetto", "onderwerp"}
_OTHERS = """
    from to cc bcc date sent sender reply-to message-id in-reply-to references received return-path newsgroups
    path organization organisation lines distribution keywords summary followup-to expires nntp-posting-host
    article-i.d. originator xref importance priority status mime-version content-type content-disposition
    content-transfer-encoding delivered-to user-agent
    von an datum gesendet  de à envoyé  para enviado  da inviato  van aan verzonden
"""
_HEADERS = _SUBJECTS.union(_OTHERS.split())
_HEADER = re.compile(r"([^\W\d_][\w.-]{0,38}) ?:(?=\s|$)")
_REPLY = re.compile(r"\s*(?:(?:re|fwd?|aw|wg|sv)\s?:\s*)*", re.IGNORECASE)
_QUOTE = re.compile(r"[ \t]{0,3}(?:[^\W\d_]{1,6}(?=>[\s>]|>$))?>|: |\|[^|]*$")
_SAID = "wrote|writes|schrieb|schreibt|écrit|escribió|scrisse|scritto|escreveu|skrev|schreef"
_ATTRIBUTION = re.compile(rf"\b(?:{_SAID})\b[^:]{{0,40}}:?[-.\s]*$", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:In|On|Am|Le|El|Il|Op)\b")
_MESSAGE = re.compile(r"In (?:article |message )?<")


def without_headers(text: str) -> str:
    """The text without blocks of mail headers; the text of the subject stays."""
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        end, known = _header_block(lines, place)
        if known > 1:
            _blank_headers(lines, place, end)
        place = max(end, place + 1)
    return "\n".join(lines)


def _header_block(lines: list[str], start: int) -> tuple[int, int]:
    """The line after a block that starts here, and how many different well-known headers it has."""
    place, known = start, set()
    while place < len(lines):
        line = lines[place]
        folded = place > start and line[:1] in (" ", "\t") and bool(line.strip())
        if not folded:
            name = _header_name(line)
            if name is None:
                break
            if name in _HEADERS:
                known.add(name)
        place += 1
    return place, len(known)


def _header_name(line: str) -> str | None:
    """Name of a header, in lower case; others than the well-known have a hyphen."""
    found = _HEADER.match(line)
    name = None if found is None else found[1].lower()
    return name if name is not None and (name in _HEADERS or "-" in name) else None


def _blank_headers(lines: list[str], start: int, end: int) -> None:
    """Blank the lines of a block, but for the text of its first subject."""
    seen = held = False
    for place in range(start, end):
        name = _header_name(lines[place])
        if name is None:  # a folded line belongs to the header above it
            lines[place] = lines[place] if held else ""
            continue
        held = name in _SUBJECTS and not seen
        seen = seen or held
        value = lines[place].partition(":")[2]
        lines[place] = value[_REPLY.match(value).end() :] if held else ""  # type: ignore[union-attr]


def without_quotes(text: str) -> str:
    """The text without quoted lines, and without the lines that say whom they quote."""
    lines = text.split("\n")
    quoted = [_QUOTE.match(line) is not None for line in lines]
    kept = list(lines)
    follows = False  # whether the next line that is not blank is a quotation
    for place in reversed(range(len(lines))):
        line = lines[place]
        if quoted[place]:
            kept[place], follows = "", True
        elif line.strip():
            if _ATTRIBUTION.search(line[-200:]):
                _blank_attribution(kept, place, follows)
            follows = False
    return "\n".join(kept)


def _blank_attribution(lines: list[str], place: int, follows: bool) -> None:
    """Blank "… writes:", and the line above, where the sentence began there."""
    above = lines[place - 1] if place else ""
    began = not _ARTICLE.match(lines[place]) and _ARTICLE.match(above) is not None
    if follows or _MESSAGE.match(above if began else lines[place]):
        lines[place] = ""
        if began:
            lines[place - 1] = ""


def without_signature(text: str) -> str:
    """The text without the lines after its only line of two hyphens, if they are few and not all there is."""
    lines = text.split("\n")
    marks = [place for place, line in enumerate(lines) if line.rstrip() == "--"]
    if len(marks) != 1:
        return text
    above, below = lines[: marks[0]], lines[marks[0] + 1 :]
    if not any(map(str.strip, above)) or sum(bool(line.strip()) for line in below) > _LONGEST_SIGNATURE:
        return text
    return "\n".join([*above, ""])
