"""Tables on standard output: for a terminal, or as JSON or CSV for other programs."""

import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import accumulate
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from hftopic._tables import as_csv, is_missing, plain, records
from hftopic.cli.terminal import output_encoding, printable, put

if TYPE_CHECKING:
    import pandas as pd

Style = Literal["json", "csv"] | None  # None is a table for people
NARROWEST = 8  # minimum width of a text column, in characters
GAP = "  "
MISSING = "\N{EN DASH}"
_NOT_ASCII = re.compile(r"[^\n -~]")


def show(frame: "pd.DataFrame", style: Style = None, heading: str | None = None) -> None:
    """Print a table, without its index, in the given style."""
    if style == "json":
        show_json(records(frame))
    elif style == "csv":
        show_csv(frame)
    else:
        if heading:
            put(click.style(heading, bold=True))
        rows = [list(row) for row in frame.itertuples(index=False, name=None)]
        for line in lines([str(name) for name in frame.columns], rows, available_width()):
            put(line)


def show_values(values: Mapping[str, Any], style: Style = None, heading: str | None = None) -> None:
    """Print named values as a table of two columns, or as one JSON object."""
    import pandas as pd

    if style == "json":
        show_json({name: plain(value) for name, value in values.items()})
    else:
        frame = pd.DataFrame(
            {"measure": list(values), "value": pd.Series(list(values.values()), dtype=object)}
        )
        show(frame, style, heading)


def show_tables(frames: "Mapping[str, pd.DataFrame]") -> None:
    """Print named tables as one JSON object."""
    show_json({name: records(frame) for name, frame in frames.items()})


def show_json(content: Any) -> None:
    """Print JSON in which control characters, marks that reorder the text and surrogates are escaped."""
    text = json.dumps(content, ensure_ascii=not output_encoding().lower().startswith("utf"), indent=1)
    put(_NOT_ASCII.sub(lambda found: _escaped(found[0]), text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def show_csv(frame: "pd.DataFrame", header: bool = True) -> None:
    """Print CSV, as it would be in a file; to a terminal without control characters.

    Raises
    ------
    click.ClickException
        The encoding of standard output lacks a character: an escape would be another word.
    """
    text = as_csv(frame, header)
    encoding = output_encoding()
    try:
        content = (printable(text, keep="\n") if sys.stdout.isatty() else text).encode(
            encoding, "surrogateescape"
        )
    except UnicodeEncodeError as error:
        raise click.ClickException(
            f"standard output is in {encoding}, which has no {text[error.start]!r}; "
            "set PYTHONIOENCODING=utf-8"
        ) from None
    put(content, end=False)


def write_csv(frame: "pd.DataFrame", path: Path, encoding: str = "utf-8") -> None:
    """Write a CSV file."""
    path.write_text(as_csv(frame), encoding=encoding, newline="")


def available_width() -> int | None:
    """Width of the terminal in columns, or of ``COLUMNS``; None (no limit) for a file or a pipe."""
    if "COLUMNS" in os.environ or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def lines(names: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> list[str]:
    """Lines of a table: names, a rule, rows. Numbers are aligned right; text is aligned left or truncated."""
    numeric = [
        any(_is_number(row[i]) for row in rows)
        and all(_is_number(row[i]) or is_missing(row[i]) for row in rows)
        for i in range(len(names))
    ]
    cells = [[printable(name) for name in names], *([text(value) for value in row] for row in rows)]
    widths = [max(display_width(row[i]) for row in cells) for i in range(len(names))]
    if width is not None:
        widths = fitted(widths, numeric, width - len(GAP) * (len(names) - 1))
    body = [
        GAP.join(_padded(*cell) for cell in zip(row, widths, numeric, strict=True)).rstrip() for row in cells
    ]
    return [body[0], GAP.join("─" * w for w in widths), *body[1:]]


def fitted(widths: Sequence[int], numeric: Sequence[bool], available: int) -> list[int]:
    """Column widths that sum to at most `available`, if the text columns can be narrowed enough."""
    givers = [i for i, is_number in enumerate(numeric) if not is_number and widths[i] > NARROWEST]
    most = max(available, NARROWEST)
    widths = [min(width, most) if i in givers else width for i, width in enumerate(widths)]
    while sum(widths) > available and givers:
        widest = max(givers, key=lambda i: widths[i])
        widths[widest] -= 1
        if widths[widest] == NARROWEST:
            givers.remove(widest)
    return widths


def text(value: Any) -> str:
    """One cell for people: three decimals, a dash for a missing value, escaped control characters."""
    if is_missing(value):
        return MISSING
    if _is_truth(value):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):d}"
    if isinstance(value, Real):
        number = float(value)
        return f"{number:.3f}" if 1e-3 <= abs(number) < 1e5 or number == 0 else f"{number:.3g}"
    words = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return printable(words)


def display_width(text: str) -> int:
    """Width of a text in terminal columns: two for a wide character, none for a combining character."""
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def _padded(cell: str, width: int, is_number: bool) -> str:
    if display_width(cell) > width:
        reached = accumulate(map(display_width, cell))  # a cell can have millions of characters
        cell = cell[: next(place for place, so_far in enumerate(reached) if so_far > width - 1)] + "…"
    space = " " * (width - display_width(cell))
    return space + cell if is_number else cell + space


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not _is_truth(value) and not is_missing(value)


def _is_truth(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")  # numpy's too, without importing numpy
