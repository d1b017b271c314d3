"""Figures of topics: top words, information, and a map of similarity."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hftopic._numbers import is_one_of, is_whole
from hftopic.analysis.models import FittedTopicModel, has_poles
from hftopic.plots.style import (
    FAINT,
    INK,
    axes,
    check_names,
    check_table,
    colour_of,
    describe,
    label,
    marker_of,
    numbers_of,
    shown,
    without_frame,
)

PALE = 0.35  # opacity of the bars of topics that are not active


def plot_words(
    model: FittedTopicModel,
    topic: int,
    n: int | None = None,
    *,
    vocabulary: Any = None,
    pole: str = "+",
    ax: Any = None,
) -> Any:
    """Bar chart of the top words of one topic, highest first.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    topic : int
    n : int, optional
        Number of words; 10 by default, or all words if there are fewer.
    vocabulary : sequence of str, optional
        Word of each column, if the model has no vocabulary.
    pole : {"+", "-"}, default="+"
        Pole to show; only NVDM has a negative pole.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Bar lengths are the relevance of the words, see :meth:`hftopic.ProdLDA.word_scores`.

    Raises
    ------
    ValueError
        The topic or the pole does not exist.
    """
    signed, n_topics = has_poles(model), len(model.topic_groups_)
    if not is_whole(topic, 0) or topic >= n_topics:
        raise ValueError(f"no topic {topic!r}: topics are numbered 0 to {n_topics - 1}")
    if not is_one_of(pole, ("+", "-")[: 1 + signed]):
        raise ValueError(
            f"pole={pole!r}: topics of {type(model).__name__} have "
            + ("'+' and '-'" if signed else "no poles")
        )
    table = model.top_words(n, vocabulary, pole=pole)
    words = table.drop(columns="group").to_numpy()[topic].tolist()
    lengths = np.sort(model.word_scores(pole=pole)[topic])[::-1][: len(words)]
    ax = axes(ax, 3.2, 0.24 * len(words) + 0.5)
    colour = colour_of(int(model.topic_groups_[topic]))
    for bar, word, length in zip(
        ax.barh(range(len(words)), lengths, color=colour), words, lengths, strict=True
    ):
        describe(bar, f"{shown(word)}: {length:.4f}")
    ax.set_yticks(range(len(words)), [shown(word) for word in words], parse_math=False)
    ax.invert_yaxis()
    ax.set_xlabel("relevance (nats)")
    ax.set_title(f"Topic {topic}, group {model.topic_groups_[topic]}", loc="left")
    without_frame(ax, "top", "right", "left")
    ax.tick_params(axis="y", length=0)
    return ax


def plot_information(information: pd.DataFrame, *, ax: Any = None) -> Any:
    """Bar chart of the information of every topic, sorted; topics that are not active are pale.

    This is Figure 4 of Esmaeili et al. (2019).

    Parameters
    ----------
    information : DataFrame
        Result of :func:`hftopic.analysis.topic_information` or ``topic_summary``.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        One bar per topic, I(x; z) in nats, highest first; the number under a bar is the topic number.

    Raises
    ------
    TypeError, ValueError
        `information` is not such a table.
    """
    check_table(
        information, ("topic", "group", "information", "active"), "topic_information or topic_summary"
    )
    ranked = information.sort_values("information", ascending=False, kind="stable")
    ax = axes(ax, max(4.0, 0.17 * len(ranked) + 1), 3.0)
    positions = np.arange(len(ranked))
    groups = ranked["group"].to_numpy()
    for group in np.unique(groups):
        chosen = groups == group
        ax.bar(
            positions[chosen],
            ranked["information"].to_numpy()[chosen],
            color=colour_of(int(group)),
            width=0.78,
            label=f"group {group}",
        )
    for bars in ax.containers:
        for bar in bars:
            row = ranked.iloc[round(bar.get_x() + bar.get_width() / 2)]
            bar.set_alpha(None if row["active"] else PALE)
            state = "" if row["active"] else ", not active"
            describe(bar, f"Topic {row['topic']}: {row['information']:.3f} nats{state}", int(row["topic"]))
    ax.set_xticks(positions, ranked["topic"].tolist(), rotation=90, fontsize=7)
    ax.set_xlim(-0.8, max(len(ranked) - 0.2, 0.2))
    ax.set_xlabel("topic")
    ax.set_ylabel("I(x; z), nats")
    if len(ranked):
        ax.legend(frameon=False, ncols=3)
    without_frame(ax, "top", "right")
    ax.tick_params(axis="x", length=0)
    return ax


def plot_map(
    places: pd.DataFrame, sizes: Any = None, *, names: Mapping[int, str] | None = None, ax: Any = None
) -> Any:
    """Map of topics; topics with similar words are close together.

    Parameters
    ----------
    places : DataFrame
        Result of :func:`hftopic.analysis.topic_map`.
    sizes : array of float (n_topics,), optional
        One size per row of `places`, such as the topic's share of the corpus; areas are proportional to it.
    names : mapping of int to str, optional
        Names of topics by number.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        `places` is not such a table, `sizes` does not match it, or `names` is not a mapping.
    """
    check_table(places, ("topic", "group", "x", "y"), "topic_map")
    areas = np.ones(len(places)) if sizes is None else numbers_of(sizes)
    if areas.shape != (len(places),) or not ((areas >= 0) & (areas < np.inf)).all():
        raise ValueError(
            f"sizes must have one number >= 0 for each of the {len(places)} topics; got {sizes!r}"
        )
    check_names(names)
    ax = axes(ax, 7.5, 4.8)
    areas = 600 * areas / areas.max(initial=1e-12) if sizes is not None else 260 * areas
    ax.axhline(0, color=FAINT, linewidth=0.5)
    ax.axvline(0, color=FAINT, linewidth=0.5)
    for (_, row), area in zip(places.iterrows(), areas, strict=True):
        topic, group = int(row["topic"]), int(row["group"])
        point = ax.scatter(
            row["x"],
            row["y"],
            max(area, 30),
            colour_of(group),
            marker=marker_of(group),
            alpha=0.6,
            linewidths=0,
        )
        describe(point, f"Topic {topic}: {shown((names or {}).get(topic, ''), 60)}", topic)
        label(ax, row["x"], row["y"], str(topic), ha="center", va="center", fontsize=8, color=INK)
    for group in places["group"].unique():
        ax.scatter([], [], 40, colour_of(int(group)), marker=marker_of(int(group)), label=f"group {group}")
    if len(places):
        ax.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.02))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.12)
    without_frame(ax, "top", "right", "left", "bottom")
    return ax
