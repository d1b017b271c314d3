"""Texts on a terminal: no word, name or label of a corpus can send it a control sequence."""

import sys
import unicodedata
from contextlib import suppress

import click

from hftopic.cli.job import rank

JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # part of the spelling of many languages

PLAIN = str.maketrans(
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}\N{EN DASH}…", "--~"
)  # signs of our tables, in encodings that lack them


def printable(text: str, keep: str = "") -> str:
    r"""Text with escapes in the place of control characters, surrogates and marks that reorder the text.

    Parameters
    ----------
    text : str
    keep : str
        Control characters that are kept, such as the line feeds of a message.

    Examples
    --------
    >>> print(printable("red\x1b[31m"))
    red\x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(c if c in keep else _printable(c) for c in text)


def _printable(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def message(text: str) -> str:
    """A message of one or more lines, without other control characters."""
    return printable(text, keep="\n\t")


class OutputLostError(Exception):
    """Standard output takes nothing more; its cause is the OSError."""


def output_encoding() -> str:
    """Encoding of standard output."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def put(content: str | bytes = "", end: bool = True) -> None:
    """Print a result on standard output, with escapes for characters that its encoding lacks.

    Raises
    ------
    OutputLostError
        It cannot be written: the reader has left, or the disk is full.
    """
    if rank():
        return
    if isinstance(content, str):
        content = _encodable(content, output_encoding())
    try:
        click.echo(content, nl=end)
    except OSError as error:
        raise OutputLostError from error


def _encodable(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def note(text: str) -> None:
    """Print a note for the user on standard error; what cannot be printed there never stops the work.

    Of several processes, the first prints notes and results.
    """
    if rank():
        return
    with suppress(OSError):
        click.echo(message(text), err=True)
