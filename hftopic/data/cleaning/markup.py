"""HTML, and addresses of pages and of e-mail."""

import re
from html import unescape
from html.entities import html5

_NAMES = (
    "a|abbr|address|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|"
    "del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|"
    "input|ins|kbd|label|legend|li|link|main|map|mark|meta|nav|noscript|ol|optgroup|option|p|picture|pre|q|s|"
    "samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|"
    "template|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
# Without the equals signs "a <b and c> d" would be a tag with two attributes.
_VALUE = r"""(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]*)"""
_TAG = re.compile(
    rf"</?(?>(?:{_NAMES})(?![\w-]))(?:\s++[\w:.-]++\s*+=\s*+{_VALUE})*+\s*+/?>|<!DOCTYPE[^<>]*>",
    re.IGNORECASE,
)
_UNSEEN = re.compile(r"<!--|-->|<(script|style)\b[^<>]*>|</(script|style)\s*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_URL = re.compile(
    r"""(?:https?|ftps?|sftp|gopher|news|file|telnet)://[^\s<>"]+|(?<![\w.@])www\.[^\s<>"]+""", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"(?:mailto:)?(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]++@(?:[A-Za-z0-9-]++\.)++(?:[a-z]{2,}|[A-Z]{2,})\b"
)


def without_urls(text: str) -> str:
    """The text with a space in place of each address of a page or of e-mail."""
    if "://" in text or "www." in text.lower():
        text = _URL.sub(" ", text)
    return _ADDRESS.sub(" ", text) if "@" in text else text


def without_html(text: str) -> str:
    """The text with a space in place of each tag; entities become the letters that they stand for.

    Comments, scripts and styles go with their contents. In a text that has tags or entities, no "<" and no
    "&" is left, so that the rest cannot become a tag or an entity.
    """
    if "<" not in text and "&" not in text:
        return text
    plain = _TAG.sub(" ", _ENTITY.sub(_letter, _without_unseen(text)))
    return text if plain == text else plain.replace("<", " ").replace("&", " ")


def _letter(entity: re.Match[str]) -> str:
    """The character of an entity, if it is a letter or a mark of quotation; a space for others."""
    name = entity[1]
    if name[0] != "#" and f"{name};" not in html5:
        return entity[0]
    character = unescape(entity[0])
    return character if not character.isascii() or character in "'\">" else " "


def _without_unseen(text: str) -> str:
    """The text without comments, scripts and styles that are closed."""
    parts, kept_to = [], 0
    opened: re.Match[str] | None = None
    for mark in _UNSEEN.finditer(text):
        if opened is None and (mark[1] or mark[0] == "<!--"):
            opened = mark
        elif opened is not None and _closes(mark, opened):
            parts += [text[kept_to : opened.start()], " "]
            kept_to, opened = mark.end(), None
    return "".join([*parts, text[kept_to:]])


def _closes(mark: re.Match[str], opened: re.Match[str]) -> bool:
    if opened[1] is None:
        return mark[0] == "-->"
    return mark[2] is not None and mark[2].lower() == opened[1].lower()
