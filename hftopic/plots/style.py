"""What all figures share: colours, an Axes to draw on, and words that a picture can hold."""

import unicodedata
from collections.abc import Mapping
from typing import Any

import pandas as pd

INK, FAINT, PAPER = "#1b1d22", "#8d929b", "#fefdfb"
# Of groups, after Okabe and Ito (2008), whose colours are told apart without red or without green.
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = "osD^vP"
# Signs of a correlation: violet and olive, told apart by all and the colours of no group.
POSITIVE, NEGATIVE = "#6a3d9a", "#8a7500"
LONGEST_WORD = 24
TIP = "tip:"  # before the text, in the id of what the text describes


def axes(ax: Any, width: float, height: float) -> Any:
    """The Axes given, or that of a new figure of this size in inches.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install 'hftopic[report]'") from error
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def check_table(table: Any, columns: tuple[str, ...], source: str) -> None:
    """Refuse what is not a table of the analysis.

    Raises
    ------
    TypeError
        No DataFrame.
    ValueError
        A column is missing.
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"expected the DataFrame that {source} returns, got a {type(table).__name__}")
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(
            f"the table has no column {missing[0]!r}; give what {source} returns. It has "
            f"{', '.join(map(repr, table.columns))}"
        )


def check_names(names: Any) -> None:
    """Refuse names of topics that do not go by number.

    Raises
    ------
    TypeError
    """
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(
            f"names is a dict from topic number to name, got a {type(names).__name__}; of a list, "
            "dict(enumerate(names))"
        )


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a minus being a minus and no hyphen."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def without_frame(ax: Any, *sides: str) -> None:
    """Take away spines of the Axes, and ticks with them."""
    for side in sides:
        ax.spines[side].set_visible(False)


def colour_number(group: int) -> int:
    """Place of a group's colour among them; the seventh has that of the first, but another marker."""
    return group % len(GROUP_COLOURS)


def colour_of(group: int) -> str:
    """Colour of a group."""
    return GROUP_COLOURS[colour_number(group)]


def marker_of(group: int) -> str:
    """Marker of a group: shapes change with colours, and once more when colours begin again."""
    return MARKERS[(group + group // len(MARKERS)) % len(MARKERS)]


def shown(word: Any, longest: int = LONGEST_WORD) -> str:
    """A word as a picture can hold it: short, in one line, and without control characters."""
    text = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Co") else c
        for c in str(word)[: longest + 1]
    )
    return text if len(text) <= longest else text[: longest - 1] + "…"


def describe(artist: Any, text: str, topic: int | None = None) -> None:
    """Name what an artist shows; the report makes a tooltip of it, and a link where a topic is given."""
    artist.set_gid(TIP + text)
    if topic is not None:
        artist.set_url(f"#topic-{topic}")


def label(ax: Any, x: float, y: float, text: str, **style: Any) -> Any:
    """Text at a place, in which a dollar sign is a dollar sign."""
    return ax.text(x, y, text, parse_math=False, **style)
