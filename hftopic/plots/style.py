"""Common parts of all figures: colours, markers, Axes, checks, and safe labels."""

import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from hftopic._colours import GROUP_COLOURS as GROUP_COLOURS
from hftopic._colours import NEGATIVE as NEGATIVE
from hftopic._colours import POSITIVE as POSITIVE
from hftopic._colours import colour_number as colour_number
from hftopic._colours import colour_of as colour_of
from hftopic._numbers import is_number
from hftopic.data.sequences import described

INK, FAINT, PAPER = "#1b1d22", "#8d929b", "#fefdfb"
MARKERS = "osD^vP"
LONGEST_WORD = 24
TIP = "tip:"  # prefix of the text in the id of the artist that it describes


class Sheet:
    """Instead of Axes: those of a new figure that pyplot does not know, so it is no open figure."""

    def axes(self, width: float, height: float) -> Any:
        """Axes of a new figure with this size in inches."""
        from matplotlib.figure import Figure

        return Figure(figsize=(width, height), layout="constrained").add_subplot()


def ink() -> str:
    """Colour of text and of lines between blocks, that of matplotlib's style."""
    from matplotlib import rcParams

    return str(rcParams["text.color"])


def paper() -> str:
    """Colour behind a figure: that of matplotlib's style, unless it is white."""
    from matplotlib import rcParams

    return PAPER if rcParams["figure.facecolor"] == "white" else str(rcParams["figure.facecolor"])


def axes(ax: Any, width: float, height: float) -> Any:
    """The given Axes, or the Axes of a new figure with this size in inches.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError
        `ax` is something else, such as a Figure or an array of Axes.
    """
    if isinstance(ax, Sheet):
        return ax.axes(width, height)
    if ax is not None and not hasattr(ax, "transAxes"):
        raise TypeError(f"ax must be a matplotlib Axes, such as plt.subplots()[1]; got {described(ax)}")
    if ax is not None and "top" not in getattr(ax, "spines", ()):
        raise TypeError(f"ax must be rectangular Axes, not {described(ax)}, which have no sides")
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install 'hftopic[report]'") from error
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def check_table(table: Any, columns: tuple[str, ...], source: str) -> None:
    """Check that `table` is a table of the analysis.

    Raises
    ------
    TypeError
        `table` is not a DataFrame.
    ValueError
        A column is missing.
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"expected the DataFrame that {source} returns, got a {type(table).__name__}")
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(
            f"the table has no column {missing[0]!r}; pass the table that {source} returns. Its columns are "
            f"{', '.join(map(repr, table.columns))}"
        )


def check_column(table: pd.DataFrame, column: Any, name: str, source: str) -> None:
    """Check that a parameter is the name of a column of numbers in a table from `source`.

    Raises
    ------
    ValueError
        It is not.
    """
    if isinstance(column, str):
        check_table(table, (column,), source)
    if not isinstance(column, str) or not is_numeric_dtype(table[column]):
        numeric = [name for name in table if is_numeric_dtype(table[name])]
        raise ValueError(
            f"{name}={column!r} is no column of numbers; choose from {', '.join(map(repr, numeric))}"
        )


def check_level(level: Any, name: str) -> None:
    """Check that a parameter is a number that is not negative.

    Raises
    ------
    ValueError
        It is not.
    """
    if not (is_number(level) and level >= 0):
        raise ValueError(f"{name} must be a number >= 0; got {level!r}")


def numbers_of(values: Any) -> NDArray[np.float64]:
    """Values as an array of floats; an empty one if they are no numbers."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.empty((0, 0))
    return array.astype(np.float64) if array.dtype.kind in "biuf" else np.empty((0, 0))


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign; the minus is a minus sign, not a hyphen."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def without_frame(ax: Any, *sides: str) -> None:
    """Hide spines of the Axes."""
    for side in sides:
        ax.spines[side].set_visible(False)


def marker_of(group: int) -> str:
    """Marker of a group; groups with the same colour have different markers."""
    return MARKERS[(group + group // len(MARKERS)) % len(MARKERS)]


def shown(word: Any, longest: int = LONGEST_WORD) -> str:
    """A word as shown in a figure: short, in one line, and without control characters."""
    text = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Co") else c
        for c in str(word)[: longest + 1]
    )
    return text if len(text) <= longest else text[: longest - 1] + "…"


def describe(artist: Any, text: str, topic: int | None = None) -> None:
    """Describe what an artist shows; the report makes it a tooltip, and a link if a topic is given."""
    artist.set_gid(TIP + text)
    if topic is not None:
        link(artist, topic)


def link(artist: Any, topic: int) -> None:
    """Link an artist to the topic in the report."""
    artist.set_url(f"#topic-{topic}")


def add_cell(ax: Any, cell: Any) -> None:
    """Add one of the many cells inside Axes whose limits are set.

    matplotlib does not ask each of them for the limits and the margins, which takes longer than drawing.
    """
    cell.set_in_layout(False)
    ax.add_artist(cell)


def label(ax: Any, x: float, y: float, text: str, **style: Any) -> Any:
    """Text at a position; a dollar sign is shown as it is, not parsed as mathematics."""
    return ax.text(x, y, text, parse_math=False, **style)
