"""Map of topics by the similarity of their words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.analysis import topic_map, topic_summary
from hftopic.analysis.models import FittedTopicModel, places_of
from hftopic.analysis.sampled import samples_shards
from hftopic.plots.given import check_names, names_for, result_of
from hftopic.plots.style import (
    FAINT,
    axes,
    check_level,
    check_table,
    colour_of,
    describe,
    ink,
    label,
    link,
    marker_of,
    numbers_of,
    shown,
    without_frame,
)
from hftopic.topics.shares import in_use

SMALLEST_EXPLAINED = 0.4
"""Part of the squared distances that a map must show.

With topics of ProdLDA on 20 Newsgroups, BBC and poliblog, the nearest neighbour on the map is the nearest
topic for 60% of the topics where the map shows 0.4 to 0.5, for 48% at 0.3 to 0.4, and for 2% of 50 topics at
0.23.
"""
LONGEST_NAME = 56
ROW, LETTER = 0.17, 0.07  # inches: height of a name and width of a letter


def explained_by(places: pd.DataFrame) -> float:
    """Part of the squared distances between topics that the two axes of a map show; 1 if it is unknown."""
    return float(sum(places.attrs.get("explained", (1.0,))))


@samples_shards
def plot_map(
    model_or_result: Any,
    corpus: Any = None,
    *,
    sizes: Any = None,
    smallest: float = SMALLEST_EXPLAINED,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Map of topics; topics with similar words are close together. Their names are at the sides.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or DataFrame of :func:`hftopic.analysis.topic_map`
        With a model, its topics in use are on the map.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents that say which topics are in use; by default those of the training.
    sizes : array of float (n_topics,), optional
        One size per row of the map, such as the topic's share of the corpus; areas are proportional to it.
        With a model they are by default the shares; for NVDM the information.
    smallest : float, default=0.4
        Minimum part of the squared distances that the two axes must show. Below it, a sentence takes
        the place of the map, on which most nearest neighbours would be none. 0 draws every map.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        There is no map to draw, `sizes` does not match it, `names` is not a mapping, or `smallest` is no
        number >= 0.
    """
    check_names(names, model_or_result)
    check_level(smallest, "smallest")
    places = result_of(model_or_result, corpus, _map_in_use, "topic_map", reads=False)
    check_table(places, ("topic", "group", "x", "y"), "topic_map")
    sizes = places.get("size") if sizes is None else sizes
    areas = np.ones(len(places)) if sizes is None else numbers_of(sizes)
    if areas.shape != (len(places),) or not ((areas >= 0) & (areas < np.inf)).all():
        raise ValueError(
            f"sizes must have one number >= 0 for each of the {len(places)} topics; got {sizes!r}"
        )
    called, explained = names_for(names, model_or_result, places), explained_by(places)
    if explained < smallest and len(places) > 2:
        ax = axes(ax, 7.5, 0.6)
        ax.set_axis_off()
        text = (
            f"No map: it would show {100 * explained:.0f}% of the distances, too little to trust neighbours"
        )
        label(ax, 0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes)
        return ax
    longest = max((len(shown(called.get(topic, ""), LONGEST_NAME)) for topic in places["topic"]), default=0)
    ax = axes(ax, 5.0 + 2 * LETTER * longest, max(3.6, ROW * len(places) / 2 + 1.0))
    areas = 500 * areas / areas.max(initial=1e-12) if sizes is not None else 160 * areas
    ax.axhline(0, color=FAINT, linewidth=0.5)
    ax.axvline(0, color=FAINT, linewidth=0.5)
    for topic, group, x, y, area in zip(
        *(places[name].tolist() for name in ("topic", "group", "x", "y")), areas, strict=True
    ):
        point = ax.scatter(
            x, y, max(area, 30), colour_of(group), marker=marker_of(group), alpha=0.6, linewidths=0
        )
        label(ax, x, y, str(topic), ha="center", va="center", fontsize=6.5, color=ink())
        describe(point, f"Topic {topic}: {shown(called.get(topic, ''), LONGEST_NAME)}", topic)
    for group in places["group"].unique():
        ax.scatter([], [], 40, colour_of(int(group)), marker=marker_of(int(group)), label=f"group {group}")
    if len(places):
        ax.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.02))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.06)
    without_frame(ax, "top", "right", "left", "bottom")
    _names_at_sides(ax, places, called)
    return ax


def _map_in_use(model: FittedTopicModel, corpus: Any) -> pd.DataFrame:
    """Map of the topics in use, with their sizes."""
    summary = topic_summary(model, corpus)
    used = in_use(summary)
    places = topic_map(model, used if used.any() else None)
    measure = "share" if "share" in summary else "information"
    return places.assign(size=summary[measure].to_numpy()[places_of(model, places["topic"])])


def _names_at_sides(ax: Any, places: pd.DataFrame, called: Mapping[int, str]) -> None:
    """Write the names of the left half at the left side and the others at the right, joined by thin lines."""
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    xy = places[["x", "y"]].to_numpy()
    ranked = np.argsort(xy[:, 0], kind="stable")
    for half, side, align in (
        (ranked[: len(xy) // 2], left, "right"),
        (ranked[len(xy) // 2 :], right, "left"),
    ):
        half = half[np.argsort(xy[half, 1], kind="stable")]
        for row, height in zip(half, _spaced(xy[half, 1], bottom, top), strict=True):
            topic = int(places["topic"].iloc[row])
            name = shown(called.get(topic, ""), LONGEST_NAME)
            text = f"{name}  {topic}" if align == "right" else f"{topic}  {name}"
            ax.plot([xy[row, 0], side], [xy[row, 1], height], color=FAINT, linewidth=0.5, zorder=0.5)
            written = label(ax, side, height, text.strip(), ha=align, va="center", fontsize=8, color=ink())
            link(written, topic)


def _spaced(heights: NDArray[np.float64], bottom: float, top: float) -> NDArray[np.float64]:
    """Heights, ascending, moved as little as needed to be at least a row apart, from bottom to top."""
    apart = min((top - bottom) / max(len(heights), 1), (top - bottom) / 12)
    moved = heights.astype(np.float64)
    for i in range(1, len(moved)):  # upward, then down from the top
        moved[i] = max(moved[i], moved[i - 1] + apart)
    limit = top - apart / 2
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], limit)
        limit = moved[i] - apart
    return moved
