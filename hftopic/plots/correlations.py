"""Network of the correlations between topics of different groups, and what both figures of them share."""

import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from hftopic._numbers import is_whole
from hftopic.analysis.sampled import samples_shards
from hftopic.plots.given import check_names, names_for, result_of
from hftopic.plots.style import (
    NEGATIVE,
    POSITIVE,
    axes,
    check_level,
    colour_of,
    describe,
    label,
    link,
    marker_of,
    paper,
    shown,
    signed,
)

N_SWEEPS = 8  # number of times that each column is ordered by the others
LONGEST_NAME, LINE = 60, 32  # characters of a name, and of one of its lines
ROW = 0.5  # inches


def correlation_of(given: Any, corpus: Any) -> Any:
    """The TopicCorrelation to draw: `given`, or that of a model over documents.

    Raises
    ------
    TypeError, ValueError
        `given` is neither, or the documents are missing.
    """

    def compute(model: Any, documents: Any) -> Any:
        from hftopic.analysis import topic_correlation

        return topic_correlation(model, documents, random_state=0)

    found = result_of(given, corpus, compute, "topic_correlation")
    if not hasattr(found, "pairs") or not hasattr(found, "matrix"):
        raise TypeError(
            f"expected a TopicCorrelation, got a {type(found).__name__}: pass the result of "
            "topic_correlation(model, X)"
        )
    return found


def is_of_prior(correlation: Any) -> bool:
    """Whether these are correlations of the prior, which have no p-values."""
    return bool(correlation.of == "prior")


def symbol_of(correlation: Any) -> str:
    """Name of a correlation in the figure."""
    return "prior r" if is_of_prior(correlation) else "r"


def entitle(ax: Any, correlation: Any) -> None:
    """Say in the title if these are correlations of the prior, not of documents."""
    if is_of_prior(correlation):
        ax.set_title("Correlations of the prior p(z)", fontsize=9)


def word_names(pairs: pd.DataFrame) -> dict[int, str]:
    """First words of each topic in a table of pairs, by number."""
    words = {
        int(topic): words
        for side in "ab"
        for topic, words in zip(pairs[f"topic_{side}"], pairs[f"words_{side}"], strict=True)
    }
    return {topic: ", ".join(of.split(", ")[:3]) for topic, of in words.items()}


@samples_shards
def plot_network(
    model_or_result: Any,
    corpus: Any = None,
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
    model_or_result : fitted ProdLDA or NVDM, or TopicCorrelation
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; needed with a model. As in :func:`plot_correlation`.
    n_pairs : int, default=20
        Maximum number of lines.
    smallest : float, default=0.1
        Minimum \\|r\\| of a line: with many documents even a very small correlation is significant.
    level : float, default=0.05
        Maximum adjusted p-value of a line. It is not used for correlations of the prior, which have no
        p-values.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model, or the first words of the topics.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Solid violet lines are positive and dashed olive lines negative correlations; wider is stronger.
        Correlations of the prior (``of="prior"``) have a title that says so.

    Raises
    ------
    TypeError, ValueError
        There is no correlation to draw, `names` is not a mapping, or a number is out of range.
    """
    check_names(names, model_or_result)
    check_level(level, "level")
    check_level(smallest, "smallest")
    if not is_whole(n_pairs, 0):
        raise ValueError(f"n_pairs must be a whole number of lines; got {n_pairs!r}")
    correlation = correlation_of(model_or_result, corpus)
    ties = strongest_ties(correlation, n_pairs, smallest, level)
    columns = _columns(ties)
    tallest = max(map(len, columns.values()), default=1)
    ax = axes(ax, 7.0 if len(columns) < 3 else 3.3 * len(columns), ROW * tallest + 0.7)
    if not ties:
        label(ax, 0.5, -0.5, f"No pair across groups with |r| of at least {smallest:g}", ha="center")
    places = {
        topic: (float(x), -(i + 0.5) * tallest / len(topics))
        for x, topics in enumerate(columns.values())
        for i, topic in enumerate(topics)
    }
    for tie in reversed(ties):
        _line(ax, places[tie.topics[0]], places[tie.topics[1]], tie, symbol_of(correlation))
    called = {**word_names(correlation.pairs), **names_for(names, model_or_result, correlation)}
    for x, (group, topics) in enumerate(columns.items()):
        for topic in topics:
            _node(ax, places[topic], topic, group, called[topic], side=_side(x, len(columns)))
    ax.set_xlim(-1.15 if columns else 0, max(len(columns), 2) - 1 + 1.15)
    ax.set_ylim(-tallest - 0.2, 0.2)
    ax.set_axis_off()
    entitle(ax, correlation)
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
    significant = is_of_prior(correlation) | (across["p_adjusted"] <= level)
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
    point = ax.scatter(x, y, 130, colour_of(group), marker=marker_of(group), zorder=3, edgecolors=paper())
    describe(point, f"Topic {topic}: {shown(name, LONGEST_NAME)}", topic)
    text = (
        f"{shown(name, LONGEST_NAME)}  {topic}" if side == "left" else f"{topic}  {shown(name, LONGEST_NAME)}"
    )
    lines = "\n".join(textwrap.wrap(text, LINE, break_long_words=False))
    if side == "below":
        behind = {"facecolor": paper(), "alpha": 0.8, "edgecolor": "none", "pad": 0.5}
        style: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 7.5, "bbox": behind}
        y -= 0.2
    else:
        x += -0.07 if side == "left" else 0.07
        style = {"ha": "right" if side == "left" else "left", "va": "center", "fontsize": 8.5}
    link(label(ax, x, y, lines, linespacing=1.0, **style), topic)
