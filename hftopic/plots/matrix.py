"""Matrix of the correlations between topics, in blocks of groups."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hftopic.analysis.sampled import samples_shards
from hftopic.plots.correlations import correlation_of, entitle, is_of_prior, symbol_of, word_names
from hftopic.plots.given import check_names, names_for
from hftopic.plots.scales import Scale, draw_scale
from hftopic.plots.style import (
    FAINT,
    add_cell,
    axes,
    check_level,
    colour_of,
    describe,
    ink,
    link,
    shown,
    signed,
)

LONGEST_NAME, LETTER = 56, 0.06  # characters, and inches of one
STEPS = (1.0, 0.75, 0.5, 0.25, 0.0, -0.25, -0.5, -0.75, -1.0)


@samples_shards
def plot_correlation(
    model_or_result: Any,
    corpus: Any = None,
    *,
    level: float = 0.05,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Correlation matrix in blocks of groups; in a block, topics with similar correlations are neighbours.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or TopicCorrelation
        With a model, the correlations of its topics in use are computed by
        :func:`hftopic.analysis.topic_correlation`.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; needed with a model.
    level : float, default=0.05
        A cross marks pairs with an adjusted p-value above this level; with many documents almost no pair has
        a cross. Correlations of the prior have no p-values, so they have no crosses.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model, or the first words of the topics.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Violet cells are positive and olive cells negative correlations; darker is stronger. The diagonal has
        the colours of the groups. Rows have the names and numbers of the topics, columns the numbers.
        Correlations of the prior (``of="prior"``) have a title that says so.

    Raises
    ------
    TypeError, ValueError
        There is no correlation to draw, `names` is not a mapping, or `level` is no number >= 0.
    """
    from matplotlib.patches import Rectangle

    from hftopic.analysis.layout import seriated

    check_names(names, model_or_result)
    check_level(level, "level")
    correlation = correlation_of(model_or_result, corpus)
    called = {**word_names(correlation.pairs), **names_for(names, model_or_result, correlation)}
    matrix, groups = correlation.matrix, correlation.groups
    order = seriated(matrix, [groups[topic] for topic in matrix.index])
    n = len(order)
    rows = [
        f"{shown(called[topic], LONGEST_NAME)}  {topic}" if topic in called else str(topic) for topic in order
    ]
    ax = axes(ax, 0.19 * n + LETTER * max(map(len, rows), default=0) + 1.3, max(2.8, 0.19 * n + 0.8))
    place = {topic: i for i, topic in enumerate(order)}
    symbol = symbol_of(correlation)
    scale = Scale(symbol, STEPS, 1.0, "signed", 1.0)
    for pair in correlation.pairs.itertuples():
        text = f"Topics {pair.topic_a} and {pair.topic_b}: {symbol} = {signed(pair.r)}"
        for x, y in ((pair.topic_a, pair.topic_b), (pair.topic_b, pair.topic_a)):
            cell = Rectangle((place[x], place[y]), 1, 1, facecolor=scale.colour(pair.r), linewidth=0)
            cell.set_alpha(scale.depth(pair.r))
            describe(cell, text, y)
            add_cell(ax, cell)
    if not is_of_prior(correlation):
        _cross_out(ax, correlation.pairs, place, level)
    for i, topic in enumerate(order):
        ax.add_patch(
            Rectangle((i + 0.25, i + 0.25), 0.5, 0.5, facecolor=colour_of(groups[topic]), linewidth=0)
        )
    for start in [i for i in range(1, n) if groups[order[i]] != groups[order[i - 1]]]:
        ax.axhline(start, color=ink(), linewidth=0.9)
        ax.axvline(start, color=ink(), linewidth=0.9)
    centres = np.arange(n) + 0.5
    ax.set_xticks(centres, order, rotation=90, fontsize=7)
    ax.set_yticks(centres, rows, fontsize=7, parse_math=False)
    for text, topic in zip(ax.get_yticklabels(), order, strict=True):
        link(text, topic)
    ax.tick_params(length=0)
    ax.set_xlim(0, max(n, 1))
    ax.set_ylim(max(n, 1), 0)
    ax.set_aspect("equal", anchor="W")
    draw_scale(ax, scale)
    entitle(ax, correlation)
    return ax


def _cross_out(ax: Any, pairs: pd.DataFrame, place: dict[int, int], level: float) -> None:
    """Mark pairs that are not significant."""
    chosen = pairs[~(pairs["p_adjusted"] <= level)]
    a, b = (chosen[column].map(place).to_numpy(dtype=float) + 0.5 for column in ("topic_a", "topic_b"))
    ax.scatter(np.r_[a, b], np.r_[b, a], 9, FAINT, marker="x", linewidths=0.7)
