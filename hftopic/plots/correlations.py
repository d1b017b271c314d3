"""Figures of correlations between topics: a matrix in blocks, and a network between groups."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hftopic._numbers import is_whole
from hftopic.plots.style import (
    FAINT,
    INK,
    NEGATIVE,
    PAPER,
    POSITIVE,
    axes,
    check_level,
    check_names,
    colour_of,
    describe,
    label,
    marker_of,
    shown,
    signed,
)

N_SWEEPS = 8  # number of times that each column is ordered by the others
LONGEST_NAME = 40


def plot_correlation(correlation: Any, *, level: float = 0.05, ax: Any = None) -> Any:
    """Correlation matrix in blocks of groups; in a block, topics with similar correlations are neighbours.

    Parameters
    ----------
    correlation : TopicCorrelation
    level : float, default=0.05
        A cross marks pairs with an adjusted p-value above this level; with many documents almost no pair has
        a cross. Correlations of the prior have no p-values, so they have no crosses.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Violet cells are positive and olive cells negative correlations; darker is stronger. The diagonal has
        the colours of the groups. The numbers on the sides are topic numbers. Correlations of the prior
        (``of="prior"``) have a title that says so.

    Raises
    ------
    TypeError, ValueError
        `correlation` is not a TopicCorrelation, or `level` is no number >= 0.
    """
    from matplotlib.patches import Rectangle

    from hftopic.analysis.layout import seriated

    _check(correlation)
    check_level(level, "level")
    matrix, groups = correlation.matrix, _groups(correlation)
    order = seriated(matrix, [groups[topic] for topic in matrix.index])
    n = len(order)
    ax = axes(ax, max(3.0, 0.19 * n + 1.2), max(2.8, 0.19 * n + 1.0))
    place = {topic: i for i, topic in enumerate(order)}
    for pair in correlation.pairs.itertuples():
        text = f"Topics {pair.topic_a} and {pair.topic_b}: {_symbol(correlation)} = {signed(pair.r)}"
        for x, y in ((pair.topic_a, pair.topic_b), (pair.topic_b, pair.topic_a)):
            colour = POSITIVE if pair.r >= 0 else NEGATIVE
            cell = Rectangle((place[x], place[y]), 1, 1, facecolor=colour, alpha=min(1.0, abs(pair.r)))
            cell.set_linewidth(0)
            describe(cell, text)
            ax.add_patch(cell)
    if not _is_of_prior(correlation):
        _cross_out(ax, correlation.pairs, place, level)
    for i, topic in enumerate(order):
        ax.add_patch(
            Rectangle((i + 0.25, i + 0.25), 0.5, 0.5, facecolor=colour_of(groups[topic]), linewidth=0)
        )
    starts = [i for i in range(1, n) if groups[order[i]] != groups[order[i - 1]]]
    for start in starts:
        ax.axhline(start, color=INK, linewidth=0.9)
        ax.axvline(start, color=INK, linewidth=0.9)
    centres = np.arange(n) + 0.5
    ax.set_xticks(centres, order, rotation=90, fontsize=7)
    ax.set_yticks(centres, order, fontsize=7)
    ax.tick_params(length=0)
    ax.set_xlim(0, max(n, 1))
    ax.set_ylim(max(n, 1), 0)
    ax.set_aspect("equal")
    _scale(ax, _symbol(correlation))
    _entitle(ax, correlation)
    return ax


def _check(correlation: Any) -> None:
    if not hasattr(correlation, "pairs") or not hasattr(correlation, "matrix"):
        raise TypeError(
            f"expected a TopicCorrelation, got a {type(correlation).__name__}: pass the result of "
            "topic_correlation(model, X)"
        )


def _is_of_prior(correlation: Any) -> bool:
    """Whether these are correlations of the prior, which have no p-values."""
    return bool(correlation.of == "prior")


def _symbol(correlation: Any) -> str:
    """Name of a correlation in the figure."""
    return "prior r" if _is_of_prior(correlation) else "r"


def _entitle(ax: Any, correlation: Any) -> None:
    """Say in the title if these are correlations of the prior, not of documents."""
    if _is_of_prior(correlation):
        ax.set_title("Correlations of the prior p(z)", fontsize=9)


def _scale(ax: Any, symbol: str) -> None:
    """Draw the colour scale of r to the right of the matrix."""
    from matplotlib.patches import Rectangle

    for i, r in enumerate((1.0, 0.75, 0.5, 0.25, 0.0, -0.25, -0.5, -0.75, -1.0)):
        place = {"transform": ax.transAxes, "clip_on": False}
        colour = POSITIVE if r >= 0 else NEGATIVE
        swatch = Rectangle(
            (1.03, 0.93 - 0.05 * i), 0.03, 0.05, facecolor=colour, alpha=abs(r), linewidth=0, **place
        )
        ax.add_patch(swatch)
        label(ax, 1.07, 0.955 - 0.05 * i, signed(r) if r else "0", va="center", fontsize=7, **place)
    label(ax, 1.03, 0.995, symbol, va="center", fontsize=8, transform=ax.transAxes)


def _cross_out(ax: Any, pairs: pd.DataFrame, place: dict[int, int], level: float) -> None:
    """Mark pairs that are not significant."""
    chosen = pairs[~(pairs["p_adjusted"] <= level)]
    a, b = (chosen[column].map(place).to_numpy(dtype=float) + 0.5 for column in ("topic_a", "topic_b"))
    ax.scatter(np.r_[a, b], np.r_[b, a], 9, FAINT, marker="x", linewidths=0.7)


def _groups(correlation: Any) -> dict[int, int]:
    """Group of each correlated topic."""
    pairs = correlation.pairs
    known = dict(zip(pairs["topic_a"], pairs["group_a"], strict=True))
    known |= dict(zip(pairs["topic_b"], pairs["group_b"], strict=True))
    return {int(topic): int(known.get(topic, 0)) for topic in correlation.matrix.index}


def plot_network(
    correlation: Any,
    *,
    n_pairs: int = 20,
    smallest: float = 0.1,
    level: float = 0.05,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Network of the strongest correlations across groups; each group is a column, each pair a line.

    Parameters
    ----------
    correlation : TopicCorrelation
    n_pairs : int, default=20
        Maximum number of lines.
    smallest : float, default=0.1
        Minimum \\|r\\| of a line: with many documents even a very small correlation is significant.
    level : float, default=0.05
        Maximum adjusted p-value of a line. It is not used for correlations of the prior, which have no
        p-values.
    names : mapping of int to str, optional
        Names of topics by number. By default a topic is labelled with its first words.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Solid violet lines are positive and dashed olive lines negative correlations; wider is stronger.
        Correlations of the prior (``of="prior"``) have a title that says so.

    Raises
    ------
    TypeError, ValueError
        `correlation` is not a TopicCorrelation, `names` is not a mapping, or a number is out of range.
    """
    _check(correlation)
    check_names(names)
    check_level(level, "level")
    check_level(smallest, "smallest")
    if not is_whole(n_pairs, 0):
        raise ValueError(f"n_pairs must be a whole number of lines; got {n_pairs!r}")
    ties = strongest_ties(correlation, n_pairs, smallest, level)
    columns = _columns(ties)
    tallest = max(map(len, columns.values()), default=1)
    ax = axes(ax, 7.0 if len(columns) < 3 else 3.3 * len(columns), 0.42 * tallest + 0.7)
    if not ties:
        label(ax, 0.5, -0.5, f"No pair across groups with |r| of at least {smallest:g}", ha="center")
    places = {
        topic: (float(x), -(i + 0.5) * tallest / len(topics))
        for x, topics in enumerate(columns.values())
        for i, topic in enumerate(topics)
    }
    for tie in reversed(ties):
        _line(ax, places[tie.topics[0]], places[tie.topics[1]], tie, _symbol(correlation))
    words = {topic: words for tie in ties for topic, words in zip(tie.topics, tie.words, strict=True)}
    first = {topic: ", ".join(shown(word, 14) for word in of.split(", ")[:3]) for topic, of in words.items()}
    called = {topic: shown((names or {}).get(topic, first[topic]), LONGEST_NAME) for topic in words}
    for x, (group, topics) in enumerate(columns.items()):
        for topic in topics:
            _node(ax, places[topic], topic, group, called[topic], side=_side(x, len(columns)))
    ax.set_xlim(-1.15 if columns else 0, max(len(columns), 2) - 1 + 1.15)
    ax.set_ylim(-tallest - 0.2, 0.2)
    ax.set_axis_off()
    _entitle(ax, correlation)
    return ax


class Tie(NamedTuple):
    """A pair of topics, drawn as a line."""

    topics: tuple[int, int]
    groups: tuple[int, int]
    r: float
    words: tuple[str, str]


def strongest_ties(correlation: Any, n: int = 20, smallest: float = 0.1, level: float = 0.05) -> list[Tie]:
    """Pairs of topics drawn by :func:`plot_network`, strongest first."""
    across = correlation.across()
    significant = _is_of_prior(correlation) | (across["p_adjusted"] <= level)
    drawn = across[(across["r"].abs() >= smallest) & significant].head(n)
    topics, groups, words = (
        list(zip(drawn[f"{name}_a"], drawn[f"{name}_b"], strict=True)) for name in ("topic", "group", "words")
    )
    return [Tie(*tie) for tie in zip(topics, groups, drawn["r"], words, strict=True)]


def _columns(ties: list[Tie]) -> dict[int, list[int]]:
    """Topics of each group from top to bottom, in the order of the mean position of their partners.

    This order reduces the number of lines that cross.
    """
    columns: dict[int, list[int]] = {group: [] for group in sorted({g for tie in ties for g in tie.groups})}
    for tie in ties:
        for topic, group in zip(tie.topics, tie.groups, strict=True):
            if topic not in columns[group]:
                columns[group].append(topic)
    for _ in range(N_SWEEPS):
        for topics in columns.values():
            rank = {topic: i / len(column) for column in columns.values() for i, topic in enumerate(column)}
            pull = {topic: _pull(topic, ties, rank) for topic in topics}
            topics.sort(key=pull.__getitem__)
    return columns


def _pull(topic: int, ties: list[Tie], rank: dict[int, float]) -> float:
    """Mean position of the topics that are correlated with a topic, weighted by the strength."""
    own = [(abs(tie.r), rank[tie.topics[tie.topics[0] == topic]]) for tie in ties if topic in tie.topics]
    return sum(weight * place for weight, place in own) / sum(weight for weight, _ in own)


def _side(column: int, n_columns: int) -> str:
    """Position of the labels of a column: outside for the outer columns, below the topics for the others."""
    return "left" if column == 0 else "right" if column == n_columns - 1 else "below"


def _line(ax: Any, a: tuple[float, float], b: tuple[float, float], tie: Tie, symbol: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    middle = (a[0] + b[0]) / 2
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    path = Path([a, (middle, a[1]), (middle, b[1]), b], codes)
    line = PathPatch(path, facecolor="none", edgecolor=POSITIVE if tie.r >= 0 else NEGATIVE)
    line.set_linewidth(0.6 + 6 * abs(tie.r))
    line.set_linestyle("-" if tie.r >= 0 else (0, (2, 1)))
    line.set_alpha(0.25 + 0.6 * abs(tie.r))
    describe(line, f"Topics {tie.topics[0]} and {tie.topics[1]}: {symbol} = {signed(tie.r)}")
    ax.add_patch(line)


def _node(ax: Any, place: tuple[float, float], topic: int, group: int, name: str, *, side: str) -> None:
    x, y = place
    point = ax.scatter(x, y, 130, colour_of(group), marker=marker_of(group), zorder=3, edgecolors=PAPER)
    describe(point, f"Topic {topic}: {name}", topic)
    if side == "left":
        label(ax, x - 0.07, y, f"{name}  {topic}", ha="right", va="center", fontsize=8.5)
    elif side == "right":
        label(ax, x + 0.07, y, f"{topic}  {name}", ha="left", va="center", fontsize=8.5)
    else:
        label(ax, x, y - 0.33, f"{topic}  {name}", ha="center", va="center", fontsize=7.5)
