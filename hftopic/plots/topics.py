"""Figures of topics: their top words, and their information."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_one_of, is_whole
from hftopic.analysis import topic_summary
from hftopic.analysis.encoded import counts_of
from hftopic.analysis.models import FittedTopicModel, has_poles, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.plots.given import names_for, result_of
from hftopic.plots.panels import Grid
from hftopic.plots.style import axes, check_table, colour_of, describe, shown, without_frame
from hftopic.topics.ids import ids_in_words
from hftopic.topics.shares import in_use

COLUMNS, MOST_PANELS = 4, 12
LONGEST_NAME = 34
LETTER = 0.06  # height of a letter of a name under a bar, in inches
PALE = 0.35  # opacity of the bars of topics that are not active


@samples_shards
def plot_words(
    model: FittedTopicModel,
    corpus: Any = None,
    topic: int | None = None,
    n: int | None = None,
    *,
    vocabulary: Any = None,
    pole: str = "+",
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Bar chart of the top words of a topic, highest first; by default, of the largest topics in use.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents that say which topics are in use; by default those of the training.
    topic : int, optional
        By default, the 12 largest topics in use, each in a panel.
    n : int, optional
        Number of words; 10 by default, or all words if there are fewer.
    vocabulary : sequence of str, optional
        Word of each column, if the model has no vocabulary.
    pole : {"+", "-"}, default="+"
        Pole to show; only NVDM has a negative pole.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Bar lengths are the relevance of the words, see :meth:`hftopic.ProdLDA.word_scores`. The panels of
        several topics are ``ax.child_axes``.

    Raises
    ------
    TypeError, ValueError
        The topic or the pole does not exist, or `names` is not a mapping.
    """
    signed, ids = has_poles(model), np.asarray(model.topic_ids_).tolist()
    if is_whole(corpus, 0):
        raise TypeError(f"the corpus comes after the model: write plot_words(model, topic={corpus})")
    if topic is not None and (not is_whole(topic, 0) or topic not in ids):
        raise ValueError(f"no topic {topic!r}: {ids_in_words(ids)}")
    if not is_one_of(pole, ("+", "-")[: 1 + signed]):
        raise ValueError(
            f"pole={pole!r}: topics of {type(model).__name__} have "
            + ("'+' and '-'" if signed else "no poles")
        )
    called = names_for(names, model, None)
    if corpus is not None:
        counts_of(model, corpus)  # raises an error if the documents do not match the model
    table = model.top_words(n, model_vocabulary(model, corpus, vocabulary), pole=pole)
    words, scores = table.drop(columns="group").to_numpy(), model.word_scores(pole=pole)
    rows = 0.24 * words.shape[1] + 0.5
    if topic is not None:
        ax = axes(ax, 3.2, rows)
        _bars(ax, model, ids.index(topic), words, scores, called)
        ax.set_xlabel("relevance (nats)")
        ax.locator_params(axis="x", nbins=4)
        return ax
    places = _largest_in_use(model, corpus)
    grid = Grid(len(places), COLUMNS)
    ax = grid.axes(ax, (2.6, rows), (0.0, 0.0))
    for place, number in enumerate(places):
        panel = grid.panel(ax, place, width=0.6, height=0.8, left=0.36, below=0.95)
        _bars(panel, model, number, words, scores, called)
        panel.set_xlim(0, 1.02 * scores[places].max())  # one scale
        panel.tick_params(labelsize=7)
        panel.tick_params(axis="x", labelbottom=grid.is_last(place))
        panel.set_title(panel.get_title(loc="left"), loc="left", fontsize=7.5, pad=3, parse_math=False)
        panel.patch.set_alpha(0)
    return ax


def _bars(
    ax: Any,
    model: FittedTopicModel,
    place: int,
    words_of_topics: NDArray[np.object_],
    scores: NDArray[np.float32],
    called: Mapping[int, str],
) -> None:
    """Bars of the words of the topic at a place."""
    words: list[str] = words_of_topics[place].tolist()
    lengths = np.sort(scores[place])[::-1][: len(words)]
    group, topic = int(model.topic_groups_[place]), int(model.topic_ids_[place])
    for bar, word, length in zip(
        ax.barh(range(len(words)), lengths, color=colour_of(group)), words, lengths, strict=True
    ):
        describe(bar, f"{shown(word)}: {length:.4f}")
    ax.set_yticks(range(len(words)), [shown(word) for word in words], parse_math=False)
    ax.invert_yaxis()
    name = shown(called.get(topic, f"Topic {topic}, group {group}"), LONGEST_NAME)
    title = f"{topic}  {name}" if topic in called else name
    ax.set_title(title, loc="left", fontsize=9, parse_math=False)
    without_frame(ax, "top", "right", "left")
    ax.tick_params(axis="y", length=0)


def _largest_in_use(model: FittedTopicModel, corpus: Any) -> list[int]:
    """Places of the topics in use with the largest shares; for signed topics, the most informative ones."""
    summary = topic_summary(model, corpus)
    used = summary[in_use(summary)]
    return used.nlargest(MOST_PANELS, "share" if "share" in used else "information").index.tolist()


def _heads(ranked: pd.DataFrame, called: Mapping[int, str]) -> list[str]:
    """Name and number of each topic; the number alone if it has no name or is not active."""
    numbers, active = ranked["topic"].tolist(), ranked["active"].tolist()
    names = [
        shown(called.get(number, "") if on else "", LONGEST_NAME)
        for number, on in zip(numbers, active, strict=True)
    ]
    return [f"{name}  {number}".strip() for name, number in zip(names, numbers, strict=True)]


@samples_shards
def plot_information(
    model_or_result: Any,
    corpus: Any = None,
    *,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Bar chart of the information of every topic, sorted; topics that are not active are pale.

    This is Figure 4 of Esmaeili et al. (2019).

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or DataFrame
        Result of :func:`hftopic.analysis.topic_summary` or ``topic_information``.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; with a model, by default those of the training.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        One bar per topic, I(x; z) in nats, highest first; under a bar are the name and the number of the
        topic, without the name if the topic is not active.

    Raises
    ------
    TypeError, ValueError
        There is no such table to draw, or `names` is not a mapping.
    """
    information = result_of(model_or_result, corpus, topic_summary, "topic_summary", reads=False)
    check_table(
        information, ("topic", "group", "information", "active"), "topic_information or topic_summary"
    )
    called = names_for(names, model_or_result, information)
    ranked = information.sort_values("information", ascending=False, kind="stable")
    heads = _heads(ranked, called)
    ax = axes(ax, max(4.0, 0.17 * len(ranked) + 1), 2.9 + LETTER * max(map(len, heads), default=0))
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
            name = shown(called.get(int(row["topic"]), ""), LONGEST_NAME)
            describe(
                bar,
                f"Topic {row['topic']} {name}".rstrip() + f": {row['information']:.3f} nats{state}",
                int(row["topic"]),
            )
    ax.set_xticks(positions, heads, rotation=90, fontsize=7, parse_math=False)
    ax.set_xlim(-0.8, max(len(ranked) - 0.2, 0.2))
    ax.set_xlabel("topic")
    ax.set_ylabel("I(x; z), nats")
    if len(ranked):
        ax.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    without_frame(ax, "top", "right")
    ax.tick_params(axis="x", length=0)
    return ax
