"""Colour scales: how deep a colour is for a value, and the bar that shows it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hftopic.plots.style import GROUP_COLOURS, NEGATIVE, POSITIVE, label, signed

DEEPEST = 0.8  # opacity of the deepest colour, on which dark text can be read
LARGEST_LIFT = 4.0
STEP = 0.15  # inches


class Scale(NamedTuple):
    """One scale for all cells of a figure."""

    name: str  # what the values are
    steps: Sequence[float]  # values in the bar, from the top
    largest: float  # value of the deepest colour
    kind: str = "share"  # "share" from 0, "lift" around 1, "signed" around 0
    deepest: float = DEEPEST

    def depth(self, value: float) -> float:
        """Opacity of the colour of a value."""
        if self.kind == "lift":
            away = abs(np.log(max(value, 1e-12))) / np.log(LARGEST_LIFT)
        else:
            away = abs(value) / self.largest if self.largest > 0 else 0.0
        return float(self.deepest * min(1.0, away)) if np.isfinite(away) else 0.0

    def colour(self, value: float) -> str:
        """Colour of a value: blue for shares; violet above and olive below the middle of other scales."""
        if self.kind == "share":
            return GROUP_COLOURS[0]
        return POSITIVE if value >= (self.kind == "lift") else NEGATIVE

    def text(self, value: float, digits: int = 1) -> str:
        """A value as it is shown."""
        if self.kind == "share":
            return f"{100 * value:.{digits}f}%"
        return (
            f"{value:.2g}\N{MULTIPLICATION SIGN}" if self.kind == "lift" else signed(value) if value else "0"
        )


def scale_of(values: Any, measure: str = "mean") -> Scale:
    """Scale of a table of shares, lifts, or signed values of NVDM."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    if measure == "lift":
        return Scale("lift", (4.0, 2.0, 1.0, 0.5, 0.25), LARGEST_LIFT, "lift")
    if (np.asarray(values) < 0).any():
        return Scale("mean E[z|x]", [largest * part for part in (1, 0.5, 0, -0.5, -1)], largest, "signed")
    return Scale("mean share", [largest * part for part in (1, 0.75, 0.5, 0.25, 0)], largest)


def draw_scale(ax: Any, scale: Scale) -> None:
    """Draw the bar of a scale to the right of the Axes, from the top."""
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import ScaledTranslation

    # inches from the top right corner
    place = {"transform": ax.figure.dpi_scale_trans + ScaledTranslation(1, 1, ax.transAxes), "clip_on": False}
    label(ax, 0.1, -0.08, scale.name, va="center", fontsize=7.5, **place)
    for i, value in enumerate(scale.steps):
        bottom = -0.34 - STEP * i
        swatch = Rectangle((0.1, bottom), STEP, STEP, facecolor=scale.colour(value), linewidth=0, **place)
        swatch.set_alpha(scale.depth(value))
        ax.add_patch(swatch)
        label(ax, 0.15 + STEP, bottom + STEP / 2, scale.text(value), va="center", fontsize=7, **place)
