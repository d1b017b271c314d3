"""Heat map of topics by label or over time."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from hftopic.analysis import topics_by_label
from hftopic.analysis.documents.periods import period_name
from hftopic.analysis.sampled import samples_shards
from hftopic.plots.given import is_model, names_for, result_of
from hftopic.plots.scales import Scale, draw_scale, scale_of
from hftopic.plots.style import (
    FAINT,
    add_cell,
    axes,
    colour_of,
    describe,
    ink,
    label,
    link,
    marker_of,
    numbers_of,
    shown,
)
from hftopic.plots.tables import SOURCE, ShareTable, share_table

MOST_WITH_NUMBERS = 12  # columns up to which the values are written into the cells
LONGEST_NAME, LONGEST_LABEL = 56, 30
LETTER = 0.068  # inches, of a label


@samples_shards
def plot_shares(
    model_or_result: Any,
    corpus: Any = None,
    *,
    labels: Any = None,
    measure: Literal["mean", "lift"] = "mean",
    groups: Any = None,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Heat map of topic shares by label or over time, on one scale.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or DataFrame of :func:`hftopic.analysis.topics_by_label`
        Also the table of ``topics_over_time``. To show only some topics, pass only their columns.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; needed with a model.
    labels, measure : optional
        As in ``topics_by_label``: with a model, the labels are by default those of the Corpus, and the
        measure is the mean share or, with ``"lift"``, the share against the average.
    groups : array of int (n_topics,), optional
        The model's ``topic_groups_``, for the markers; by default those in the table.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        One row per topic, one column per label or period, with its number of documents. All cells have one
        scale, and a bar shows it: blue for shares; violet above and olive below the average for lifts, and
        above and below 0 for NVDM. Topics that go with the first label come first. Grey rows, at the bottom,
        do not differ between the columns by more than chance (adjusted p > 0.05).

    Raises
    ------
    TypeError, ValueError
        There is no such table to draw, or it has no topics; `groups` does not match it; or `names` is not a
        mapping.

    Examples
    --------
    >>> import pandas as pd
    >>> from hftopic.plots import plot_shares
    >>> ax = plot_shares(pd.DataFrame({0: [0.7, 0.2], 1: [0.3, 0.8]}, index=["first", "second"]))
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['first', 'second']
    """
    table = result_of(
        model_or_result,
        corpus,
        lambda model, documents: topics_by_label(model, documents, labels, measure=measure),
        SOURCE,
    )
    called, shares = names_for(names, model_or_result, table), share_table(table)
    if groups is not None:
        ids = model_or_result.topic_ids_.tolist() if is_model(model_or_result) else None
        known = _groups_by_topic(groups, ids)
        if known is None or not known.keys() >= set(shares.topics):
            raise ValueError(
                f"groups must be the model's topic_groups_, one number per topic; got {groups!r}"
            )
        shares = shares._replace(groups={topic: known[topic] for topic in shares.topics})
    heads = _heads(shares)
    wide, longest = len(heads) <= MOST_WITH_NUMBERS, max(map(len, "\n".join(heads).split("\n")))
    cell = min(max(0.5, LETTER * longest + 0.1), 1.0) if wide else 0.3
    upright = LETTER * longest + 0.05 <= cell
    below = 0.4 if upright else LETTER * max(map(len, heads))
    name = max(len(shown(called.get(topic, ""), LONGEST_NAME)) for topic in shares.topics)
    ax = axes(ax, cell * len(heads) + LETTER * name + 1.6, max(0.23 * len(shares.topics) + 0.3, 1.1) + below)
    scale = scale_of(shares.values, shares.measure)
    order = _order(shares)
    for row, topic in enumerate(order):
        _row(ax, shares, row, topic, scale, heads, wide)
        _name(ax, shares, row, topic, called)
    ax.set_yticks([])
    heads = heads if upright else [head.replace("\n", "  ") for head in heads]
    ax.set_xticks(np.arange(len(heads)) + 0.5, heads, rotation=0 if upright else 90, fontsize=7.5)
    for text in ax.get_xticklabels():
        text.set_parse_math(False)
    ax.tick_params(length=0, color=FAINT)
    ax.set_xlim(0, len(heads))
    ax.set_ylim(len(order), 0)
    draw_scale(ax, scale)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def _heads(shares: ShareTable) -> list[str]:
    """Labels or periods, each with its number of documents in a second line."""
    heads = [shown(period_name(value), LONGEST_LABEL) for value in shares.rows]
    if shares.sizes is None:
        return heads
    return [f"{head}\nn={size:,}" for head, size in zip(heads, shares.sizes.tolist(), strict=True)]


def _groups_by_topic(groups: Any, ids: list[int] | None) -> dict[int, int] | None:
    """Group numbers by the ids of the topics, by default 0, 1, …; None if they are no group numbers."""
    numbers = numbers_of(groups)
    if numbers.ndim != 1 or not bool((numbers % 1 == 0).all()):
        return None
    return dict(zip(range(len(numbers)) if ids is None else ids, numbers.astype(int).tolist(), strict=False))


def _order(shares: ShareTable) -> list[int]:
    """Topics that vary, by the column where they exceed their mean most, then those that do not."""
    excess = shares.values - shares.values.mean(axis=0)
    peaks, heights = excess.argmax(axis=0).tolist(), excess.max(axis=0).tolist()
    ranks = [(not shares.varies[topic], peaks[i], -heights[i]) for i, topic in enumerate(shares.topics)]
    return [shares.topics[i] for i in sorted(range(len(ranks)), key=ranks.__getitem__)]


def _row(
    ax: Any, shares: ShareTable, row: int, topic: int, scale: Scale, heads: list[str], wide: bool
) -> None:
    """Draw the cells of a topic."""
    from matplotlib.patches import Rectangle

    varies, place = shares.varies[topic], shares.topics.index(topic)
    pairs = zip(shares.values[:, place].tolist(), shares.errors[:, place].tolist(), strict=True)
    for column, (value, error) in enumerate(pairs):
        colour = scale.colour(value) if varies else FAINT
        cell = Rectangle((column + 0.03, row + 0.05), 0.94, 0.9, facecolor=colour, linewidth=0)
        cell.set_alpha(scale.depth(value) * (1 if varies else 0.6))
        where = heads[column].replace("\n", ", ")
        interval = f" ± {scale.text(1.96 * error).removeprefix('+')}" if np.isfinite(error) else ""
        describe(cell, f"Topic {topic}, {where}: {scale.text(value)}{interval}")
        add_cell(ax, cell)
        if wide:
            text = scale.text(value).removesuffix("%").removesuffix("\N{MULTIPLICATION SIGN}")
            label(
                ax, column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=6.5,
                color=ink() if varies else FAINT,
            )  # fmt: skip


def _name(ax: Any, shares: ShareTable, row: int, topic: int, called: Mapping[int, str]) -> None:
    """Write the name of a row, with the marker of its group."""
    from matplotlib.transforms import ScaledTranslation

    varies, group = shares.varies[topic], shares.groups[topic]
    inches = ax.figure.dpi_scale_trans
    place = {"transform": ax.get_yaxis_transform() + ScaledTranslation(-0.08, 0, inches), "clip_on": False}
    colour = colour_of(group) if varies else FAINT
    ax.scatter(0, row + 0.5, 18, colour, marker=marker_of(group), linewidths=0, **place)
    place["transform"] += ScaledTranslation(-0.08, 0, inches)
    name = shown(called.get(topic, ""), LONGEST_NAME)
    text = f"{name}  {topic}" if name else str(topic)
    colour = ink() if varies else FAINT
    written = label(ax, 0, row + 0.5, text, ha="right", va="center", fontsize=8, color=colour, **place)
    link(written, topic)
