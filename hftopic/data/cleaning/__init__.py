"""Removal of what is no prose: headers and quotes of e-mail, encoded files, addresses, HTML.

Each step blanks a form that prose does not have; a text without such forms comes back unchanged. Removed
lines stay as empty lines, so that the lines around them are not joined. Each step takes time in proportion to
the length of the text.

============ ==============================================================================================
step         what it removes
============ ==============================================================================================
"headers"    blocks of two or more lines such as "From: …" and "Date: …", with their folded lines; the text
             of the subject stays
"quotes"     lines that start with ">", "rick>", ": " or "|", and the line "… writes:" above them
"signatures" the last lines of a text, after its only line "--"
"encoded"    files and keys in uuencode, base64, BinHex or PGP
"urls"       addresses of pages and of e-mail
"html"       tags, comments, scripts and styles; entities become the letters that they stand for
============ ==============================================================================================
"""

from collections.abc import Callable, Iterable
from typing import Any

from hftopic.data.cleaning.encoded import without_encoded
from hftopic.data.cleaning.mail import without_headers, without_quotes, without_signature
from hftopic.data.cleaning.markup import without_html, without_urls

# In the order in which they are applied. An address may be inside a tag, and a tag inside a quotation.
STEPS: dict[str, Callable[[str], str]] = {
    "urls": without_urls,
    "html": without_html,
    "encoded": without_encoded,
    "headers": without_headers,
    "quotes": without_quotes,
    "signatures": without_signature,
}
EMAIL = "email"
"""Name for all steps."""


def as_steps(clean: Any) -> tuple[str, ...]:
    """Names of steps in the order in which they are applied.

    Raises
    ------
    ValueError
        `clean` is neither a name nor a sequence of names, or a name is unknown.
    """
    given = (clean,) if isinstance(clean, str) else clean
    given = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(name, str) and (name in STEPS or name == EMAIL) for name in given):
        raise ValueError(f"clean must be some of {', '.join(map(repr, (*STEPS, EMAIL)))}, not {clean!r}")
    return tuple(STEPS) if EMAIL in given else tuple(name for name in STEPS if name in given)


def cleaned(text: str, steps: Iterable[str]) -> str:
    """The text without what the steps remove.

    Examples
    --------
    >>> cleaned("See https://example.org now", ["urls"])
    'See   now'
    """
    for name in as_steps(tuple(steps)):
        text = STEPS[name](text)
    return text
