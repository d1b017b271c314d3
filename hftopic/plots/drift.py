"""Figure of words over time: how the words of topics rise and fall, one small panel per topic."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis.correlation.significance import LEVEL
from hftopic.analysis.documents.periods import period_name
from hftopic.analysis.documents.words import WordsOverTime, words_over_time
from hftopic.analysis.sampled import samples_shards
from hftopic.data.sequences import described
from hftopic.plots.given import check_names, result_of
from hftopic.plots.lines import gaps_between, places_of
from hftopic.plots.panels import Grid, frame, name_ends, note, title
from hftopic.plots.style import FAINT, NEGATIVE, POSITIVE, shown

COLUMNS, PANEL = 3, (2.6, 1.5)  # panels in a row, and their width and height in inches
LONGEST_NAME, LONGEST_WORD = 34, 14


@samples_shards
def plot_words_over_time(
    model_or_result: Any,
    corpus: Any = None,
    *,
    dates: Any = None,
    freq: Any = None,
    n_topics: int = 9,
    n_words: int = 3,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Lines of the words of each topic that rise and fall most over time, one small panel per topic.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or result of :func:`hftopic.analysis.words_over_time`
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; needed with a model.
    dates, freq : optional
        As in ``words_over_time``.
    n_topics : int, default=9
        Maximum number of panels; the topics that drift most are shown.
    n_words : int, default=3
        Number of rising, and of falling, words per panel.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Its panels are ``ax.child_axes``: topics with the smallest p-value first; those whose drift is no more
        than chance have grey titles. Solid violet lines are p(w|topic, period) of words that rise, dashed
        olive lines that of words that fall. Periods without documents are gaps.

    Raises
    ------
    TypeError, ValueError
        This is no such result, `names` is not a mapping, or a number is not a positive int.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.plots import plot_words_over_time
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> ax = plot_words_over_time(model, corpus, dates=[1990 + i // 50 for i in range(200)], n_topics=2)
    >>> len(ax.child_axes)
    2
    """
    for name, number in (("n_topics", n_topics), ("n_words", n_words)):
        if not is_whole(number):
            raise ValueError(f"{name} must be a positive int, got {number!r}")
    check_names(names, model_or_result)
    found = result_of(
        model_or_result,
        corpus,
        lambda model, documents: words_over_time(model, documents, dates, freq=freq, n_words=n_words),
        "words_over_time",
    )
    if not isinstance(found, WordsOverTime):
        raise TypeError(f"expected the result of words_over_time, got {described(found)}")
    rows = found.topics[found.topics["topic"].isin(found.words["topic"])]
    rows = rows.sort_values("p_value", kind="stable", na_position="last").head(n_topics)
    grid = Grid(len(rows), COLUMNS)
    ax = grid.axes(ax, PANEL, (0.3, 0.4))
    for number, row in enumerate(rows.to_dict("records")):
        panel = grid.panel(ax, number, width=0.62, height=0.7, below=0.9)
        _lines(panel, found, row, n_words)
        _ticks(panel, found, last=grid.is_last(number))
        called = row["name"] if names is None else names.get(row["topic"], "")
        pole = f" {row['pole']}" if "pole" in row else ""
        colour = None if row["p_adjusted"] <= LEVEL else FAINT
        title(panel, row["topic"], called, pole=pole, colour=colour, longest=LONGEST_NAME)
    told = "Solid: words that rise; dashed: words that fall; grey title: no drift beyond chance."
    told = told if len(rows) else "No word is used for a topic by enough documents."
    note(ax, told, 0.15 / grid.n_rows)
    return ax


def _lines(panel: Any, found: WordsOverTime, row: dict[Any, Any], n_words: int) -> None:
    """Lines of the words of a topic, with the words at their ends."""
    words = found.words[found.words["topic"] == row["topic"]]
    words = words[words["pole"] == row["pole"]] if "pole" in row else words
    chosen = [words[words["score"] > 0].head(n_words), words[words["score"] < 0].tail(n_words)]
    places = places_of(found.documents.index)
    parts = np.split(np.arange(len(places)), gaps_between(found.documents.index, found.step))
    ends = []
    for of_side, colour, style in zip(chosen, (POSITIVE, NEGATIVE), ("-", "--"), strict=True):
        values = found.probabilities(row["topic"], of_side["word"].tolist(), pole=row.get("pole", "+"))
        for word, curve in zip(values.columns, values.to_numpy().T, strict=True):
            for part in parts:
                panel.plot(places[part], 100 * curve[part], color=colour, linestyle=style, linewidth=1.2)
            ends.append((100 * float(curve[-1]), word, colour))
    ends, high = sorted(ends), panel.get_ylim()[1]
    panel.set_ylim(0, high)
    heights = _apart(np.array([value for value, _, _ in ends]), 0.13 * high, high)
    for height, (_, word, colour) in zip(heights.tolist(), ends, strict=True):
        text = panel.annotate(
            shown(word, LONGEST_WORD),
            (places[-1], height),
            (3, 0),
            textcoords="offset points",
            fontsize=6,
            va="center",
            color=colour,
            annotation_clip=False,
        )
        text.set_parse_math(False)
        text.set_in_layout(False)


def _apart(heights: NDArray[np.float64], distance: float, high: float) -> NDArray[np.float64]:
    """Ascending heights, moved so far apart that words do not cover each other, and below the top."""
    steps = distance * np.arange(len(heights))
    found = np.maximum.accumulate(heights - steps) + steps
    return np.asarray(np.minimum(found, high - steps[::-1]))


def _ticks(panel: Any, found: WordsOverTime, *, last: bool) -> None:
    """Names of the first and the last period, below the `last` panels, and percentages."""
    index = found.documents.index
    places = places_of(index)
    panel.set_xlim(places[0], places[-1])
    name_ends(panel, places, *(shown(period_name(index[i])) if last else "" for i in (0, -1)))
    panel.locator_params(axis="y", nbins=3)
    panel.yaxis.set_major_formatter("{x:g}%")
    frame(panel)
