"""Small panels inside one Axes: where they are, their frames, titles and ticks, and the note below them."""

import textwrap
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hftopic.plots.style import axes, ink, label, link, shown, without_frame

LETTERS = 14  # of a note, in an inch
TEXT = 7  # size of titles, ticks and notes, in points
LONGEST_NAME = 30


@dataclass(frozen=True)
class Grid:
    """Places of panels in rows, inside Axes without a frame.

    Attributes
    ----------
    n_panels, most_columns : int
    """

    n_panels: int
    most_columns: int

    @property
    def n_columns(self) -> int:
        """Number of panels in a row."""
        return max(1, min(self.most_columns, self.n_panels))

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return max(1, -(-self.n_panels // self.n_columns))

    def axes(self, ax: Any, panel: tuple[float, float], margin: tuple[float, float]) -> Any:
        """The given Axes, or new ones, whose size in inches is that of the panels and a margin."""
        size = (panel[0] * self.n_columns + margin[0], panel[1] * self.n_rows + margin[1])
        ax = axes(ax, *size)
        ax.set_axis_off()
        return ax

    def panel(
        self, ax: Any, number: int, *, width: float, height: float, left: float = 0.0, below: float = 0.88
    ) -> Any:
        """Axes of a panel; its place and size are parts of what there is for each."""
        row, column = divmod(number, self.n_columns)
        corner = [(column + left) / self.n_columns, 1 - (row + below) / self.n_rows]
        return ax.inset_axes([*corner, width / self.n_columns, height / self.n_rows], zorder=1)

    def is_first(self, number: int) -> bool:
        """Whether a panel is the first of its row."""
        return number % self.n_columns == 0

    def is_last(self, number: int) -> bool:
        """Whether a panel is the last of its column."""
        return number + self.n_columns >= self.n_panels


def frame(panel: Any) -> None:
    """Short ticks with small labels, and no frame above and on the right."""
    panel.tick_params(length=2, labelsize=TEXT, pad=2)
    panel.patch.set_alpha(0)
    without_frame(panel, "top", "right")


def title(
    panel: Any,
    topic: int,
    name: str,
    *,
    pole: str = "",
    colour: str | None = None,
    longest: int = LONGEST_NAME,
) -> None:
    """Number, pole and name of a topic above its panel, with a link to the topic."""
    text = panel.set_title(
        f"{topic}{pole}  {shown(name, longest)}".rstrip(),
        loc="left",
        fontsize=TEXT,
        pad=3,
        color=ink() if colour is None else colour,
    )
    text.set_parse_math(False)
    link(text, topic)


def name_ends(panel: Any, places: NDArray[Any], first: str, last: str) -> None:
    """Names of the first and the last place of the horizontal axis, inside the width of the panel."""
    if len(places) == 1:
        panel.set_xticks(places, [first])
        return
    panel.set_xticks(places[[0, -1]], [first, last])
    for text, side in zip(panel.get_xticklabels(), ("left", "right"), strict=True):
        text.set_horizontalalignment(side)


def note(ax: Any, text: str, below: float, inches: float | None = None) -> None:
    """What the figure shows, at a depth below the panels, in lines for a width in inches."""
    text = text if inches is None else textwrap.fill(text, int(LETTERS * inches))
    label(ax, 0, -below, text, va="top", fontsize=TEXT, transform=ax.transAxes)
