"""HTML for notebooks: escaped text, tables, bars and small pictures.

Styles are inline and take the text colour of the page, because a notebook can be light or dark and removes
style sheets. Nothing here runs a script.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Integral, Real
from typing import Any

BAR = 90  # width of the longest bar, in pixels
_CELL = "padding:.1em .6em;border:0;vertical-align:top"


class Html(str):
    """Markup, which is inserted as it is; every other string is escaped."""

    __slots__ = ()


def inserted(value: Any) -> Html:
    """A value as markup: numbers and texts are escaped."""
    if isinstance(value, Html):
        return value
    return Html(escape(value if isinstance(value, str) else number(value)))


def element(name: str, *parts: Any, **attributes: Any) -> Html:
    """An element with its parts; attributes are escaped, and ``_`` in their names is written as ``-``."""
    written = "".join(f' {key.replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{''.join(map(inserted, parts))}</{name}>")


def panel(title: str, facts: str, *parts: Html) -> str:
    """The whole of an object: its kind, a line of facts, and its parts below each other."""
    head = element("div", element("b", title), " ", muted(facts), style="margin-bottom:.4em")
    return str(element("div", head, *parts, style="line-height:1.35;max-width:70em"))


def beside(*parts: Html) -> Html:
    """Parts side by side where the page is wide enough."""
    return element("div", *parts, style="display:flex;flex-wrap:wrap;gap:.3em 2em;align-items:flex-start")


def muted(*parts: Any) -> Html:
    """Small print."""
    return element("span", *parts, style="opacity:.7")


def note(*parts: Any) -> Html:
    """A line of small print."""
    return element("div", muted(*parts), style="margin:.3em 0")


def square(colour: str) -> Html:
    """A small square that explains a colour."""
    return element("span", "■", style=f"color:{colour}")


def table(columns: Mapping[str, Sequence[Any]], title: Any = "", colour: str = "") -> Html:
    """Rows of a table, with a title and the colour it stands for; numbers are aligned on the right."""
    sides = ["left" if isinstance(next(iter(cells), ""), str) else "right" for cells in columns.values()]
    rows = [_row("td", row, sides) for row in zip(*columns.values(), strict=True)]
    caption = "caption-side:top;text-align:left;font-weight:bold;padding:.1em .6em"
    mark = [square(colour), " "] if colour else []
    named = [element("caption", *mark, title, style=caption)] if title else []
    head = [element("thead", _row("th", columns, sides))] if any(columns) else []
    style = "border-collapse:collapse;margin:.2em 0;border:0"
    whole = element("table", *named, *head, element("tbody", *rows), style=style)
    return element("div", whole, style="overflow-x:auto")


def bar(value: float, largest: float, colour: str = "#7f8793", text: str = "") -> Html:
    """A bar whose length is a part of :data:`BAR`, with a text after it."""
    width = BAR * min(abs(value) / largest, 1.0) if largest > 0 and value == value else 0.0
    style = (
        f"display:inline-block;height:.65em;width:{width:.0f}px;background:{colour};"
        "border-radius:2px;margin-right:.4em"
    )
    return element("span", element("span", style=style), text, style="white-space:nowrap")


def line(values: Sequence[float], description: str) -> Html:
    """A small curve of finite values; it has no scale, so the text beside it gives the ends."""
    low, high = min(values), max(values)
    step, span = BAR / max(len(values) - 1, 1), (high - low) or 1.0
    heights = [15 - 13 * (value - low) / span for value in values]
    points = " ".join(f"{i * step:.1f},{height:.1f}" for i, height in enumerate(heights))
    curve = element("polyline", points=points, fill="none", stroke="currentColor", stroke_width=1.2)
    return _picture(BAR, 16, description, curve)


def squares(colours: Sequence[Sequence[tuple[str, float, str]]], description: str, size: int = 12) -> Html:
    """A matrix of squares, each with a colour, an opacity and a text that is shown under the mouse."""
    drawn = [
        element(
            "rect",
            element("title", text),
            x=size * column,
            y=size * row,
            width=size - 1,
            height=size - 1,
            fill=colour,
            fill_opacity=f"{opacity:.2f}",
        )
        for row, cells in enumerate(colours)
        for column, (colour, opacity, text) in enumerate(cells)
    ]
    side = size * len(colours)
    paper = element("rect", width=side, height=side, fill="#fff")  # pale colours vanish on a dark page
    return _picture(side, side, description, paper, *drawn)


def more(n: int, what: str) -> list[Html]:
    """A note that `n` more are not shown; no note for none."""
    return [note(f"… and {n:,} more {what}")] if n > 0 else []


def _picture(width: float, height: float, description: str, *parts: Html) -> Html:
    return element(
        "svg",
        *parts,
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
        aria_label=description,
        style="vertical-align:middle",
    )


def _row(kind: str, cells: Iterable[Any], sides: Sequence[str]) -> Html:
    styled = zip(cells, sides, strict=True)
    return element("tr", *(element(kind, cell, style=f"{_CELL};text-align:{side}") for cell, side in styled))


def number(value: Any) -> str:
    """A number in three figures, or more if it is whole or large; "-" if it is missing."""
    if isinstance(value, Integral):
        return f"{value:,}"
    real = float(value) if isinstance(value, Real) else math.nan
    return "-" if math.isnan(real) else f"{real:,.0f}" if abs(real) >= 100 else f"{real:.3g}"
