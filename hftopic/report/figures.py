"""Figures of the report, with captions and text alternatives."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hftopic._wording import counted
from hftopic.analysis.correlation.significance import LEVEL
from hftopic.analysis.models import FittedTopicModel
from hftopic.plots import (
    plot_correlation,
    plot_effects,
    plot_history,
    plot_information,
    plot_map,
    plot_network,
    plot_over_time,
    plot_shares,
    plot_words_over_time,
)
from hftopic.plots.correlations import strongest_ties
from hftopic.plots.maps import SMALLEST_EXPLAINED, explained_by
from hftopic.plots.runs import terms_of
from hftopic.plots.style import signed
from hftopic.report.drawing import drawn
from hftopic.report.few import FEWEST_DOCUMENTS
from hftopic.report.findings import Findings
from hftopic.topics.information import ACTIVE_PEAK

MOST_CORRELATED = 60  # maximum number of topics in the matrix: with more, the cells are too small to see
MOST_DRIFTING = 9  # panels of topics whose words drift
MOST_COLUMNS = 60  # maximum number of labels or periods
MOST_EFFECTS = 6  # columns of metadata


@dataclass(frozen=True)
class Figure:
    """A figure, its text alternative, and its caption; or a caption without a figure."""

    svg: str
    description: str
    caption: str


def active_figure(found: Findings) -> Figure:
    n_active = int(found.summary["active"].sum())
    description = f"Bars of the information of {len(found.summary)} topics, sorted; {n_active} are active"
    return Figure(
        drawn(partial(plot_information, found.summary), description),
        description,
        "Information I(x; z) of every topic, exact under the full mixture over the corpus. Pale topics are "
        "not active: even in the documents that have them most, their mean information is at most "
        f"{ACTIVE_PEAK} nats.",
    )


def correlation_figure(found: Findings) -> Figure:
    """Matrix of the correlations; a sentence if there are too few documents."""
    if found.correlation.n_documents < FEWEST_DOCUMENTS:
        return Figure("", "", f"There are no correlations: {_too_few(found)}.")
    shown, left_out = _most_informative(found)
    pairs = shown.pairs
    strongest = f"; the strongest is {signed(pairs['r'].iloc[0])}" if len(pairs) else ""
    description = (
        f"Matrix of correlations between {len(shown.matrix)} active topics in blocks of groups{strongest}"
    )
    note = f" The {left_out} least informative topics are left out." if left_out else ""
    return Figure(
        drawn(partial(plot_correlation, shown, names=_names(found)), description),
        description,
        "Correlations of the topics' posterior means. Violet is positive, olive is negative; deeper is "
        "stronger. A cell opens the topic of its row. A cross marks a pair that is not significant at 0.05 "
        "after the adjustment of Benjamini and Hochberg. With thousands of documents even a very small "
        f"correlation is significant: look at its size.{note}{_note_on_prior(found)}",
    )


def _note_on_prior(found: Findings) -> str:
    """Explanation of the column of the prior in the table of pairs, if it has one."""
    if found.prior_correlation is None:
        return ""
    return (
        ' In the table, "r" is this correlation, and "prior r" is the correlation of the two topics in the '
        "prior of the model, which describes the documents that the model expects. It has no p-value, and is "
        "0 for pairs that the prior keeps uncorrelated."
    )


def _most_informative(found: Findings) -> tuple[Any, int]:
    """Correlations between the most informative topics, as many as fit, and the number of topics left out."""
    correlation = found.correlation
    topics = correlation.matrix.index
    kept = found.summary.set_index("topic")["information"].loc[topics].nlargest(MOST_CORRELATED).index
    kept = topics[topics.isin(kept)]
    pairs = correlation.pairs
    pairs = pairs[pairs["topic_a"].isin(kept) & pairs["topic_b"].isin(kept)]
    return replace(correlation, matrix=correlation.matrix.loc[kept, kept], pairs=pairs), len(topics) - len(
        kept
    )


def _too_few(found: Findings) -> str:
    n_documents = counted(found.correlation.n_documents, "document")
    verb = "has" if found.correlation.n_documents == 1 else "have"
    return f"they need at least {FEWEST_DOCUMENTS} documents, and only {n_documents} {verb} words"


def network_figure(found: Findings) -> Figure:
    """Network of the strongest pairs across groups; a sentence if there are none."""
    if found.correlation.n_documents < FEWEST_DOCUMENTS:
        return Figure("", "", f"There are no pairs across groups: {_too_few(found)}.")
    if not len(found.correlation.across()):
        return Figure(
            "",
            "",
            "There are no pairs across groups: fewer than two groups have active topics that can be "
            "correlated.",
        )
    ties = strongest_ties(found.correlation)
    if not ties:
        return Figure("", "", "No pair across groups is significant and has |r| of at least 0.1.")
    first, second = ties[0].topics
    description = (
        f"Network of {counted(len(ties), 'pair')} of topics across groups; the strongest joins topics "
        f"{first} and {second}"
    )
    pairs = "pair" if len(ties) == 1 else f"{len(ties)} strongest pairs"
    return Figure(
        drawn(partial(plot_network, found.correlation, names=_names(found)), description),
        description,
        f"The {pairs} with |r| of at least 0.1 and an adjusted p-value of at most 0.05. Solid violet lines "
        "are positive correlations, dashed olive lines are negative; wider is stronger.",
    )


def map_figure(found: Findings) -> Figure:
    explained = explained_by(found.places)
    if explained < SMALLEST_EXPLAINED and len(found.places) > 2:
        return Figure(
            "",
            "",
            f"There is no map: its two axes would show {100 * explained:.0f}% of the squared distances "
            "between the topics, too little to trust the neighbours on it.",
        )
    summary = found.summary.set_index("topic")
    share = "information" if found.signed else "share"
    sizes = summary.loc[found.places["topic"], share]
    description = f"Map of {len(found.places)} active topics by similarity of their words"
    return Figure(
        drawn(partial(plot_map, found.places, sizes=sizes, names=_names(found)), description),
        description,
        f"Topics with similar words are close together; the area of a point is the topic's {share}. The two "
        f"axes show {100 * explained:.0f}% of the squared distances.",
    )


def labels_figure(found: Findings) -> Figure | None:
    """Heat map of the topics shown by label; None if there are no topics or too many labels."""
    shares = found.labels
    if shares is None or len(shares) > MOST_COLUMNS:
        return None
    description = f"Heat map of {counted(shares.shape[1], 'topic')} by label"
    return Figure(
        drawn(partial(plot_shares, shares, names=_names(found)), description),
        description,
        "All cells have one scale, and n is the number of documents with the label. Grey topics do not "
        "differ between the labels by more than chance.",
    )


def times_figure(found: Findings) -> Figure | None:
    """Lines of the topics shown over time; None if there are no topics."""
    if found.times is None:
        return None
    description = f"Lines of {counted(found.times.shape[1] - 1, 'topic')} over time"
    return Figure(
        drawn(partial(plot_over_time, found.times, names=_names(found)), description),
        description,
        "Mean over the documents of each period. Topics that vary most come first; grey topics do not vary "
        "by more than chance.",
    )


def effects_figures(found: Findings) -> list[Figure]:
    """Effects of each column that the formula reads, some at most."""
    if found.effects is None:
        return []
    figures, estimated = [], set(found.effects.topics["topic"])  # which need not be the topics that are shown
    names = {topic: name for topic, name in _names(found).items() if topic in estimated}
    for column in found.effects.columns[:MOST_EFFECTS]:
        description = f"Effects of {column} on topics"
        draw = partial(plot_effects, found.effects, column=column, names=names)
        figures.append(Figure(drawn(draw, description), description, f"Effects of {column}."))
    return figures


def drift_figure(found: Findings) -> Figure | None:
    """Lines of the words of topics that drift; a sentence if none does."""
    if found.drift is None:
        return None
    n = int((found.drift.topics["p_adjusted"] <= LEVEL).sum())
    if not n:
        return Figure("", "", "The words of no topic change by more than chance over time.")
    description = f"Lines of words that rise and fall within {counted(n, 'topic')}"
    draw = partial(plot_words_over_time, found.drift, names=_names(found), n_topics=min(n, MOST_DRIFTING))
    return Figure(
        drawn(draw, description),
        description,
        "p(w|topic) over the documents of each period, of the words that rise and fall most. A topic drifts "
        "if its words change by more than they do when documents with similar topics exchange their dates; "
        "a topic that only becomes rarer does not drift.",
    )


def _names(found: Findings) -> dict[int, str]:
    """Names of the topics shown, as on the cards."""
    return {int(topic): found.names[topic] for topic in found.shown}


def training_figures(model: FittedTopicModel) -> list[Figure]:
    figures = []
    for term in terms_of(model.history_):
        description = f"{term.replace('_', ' ')} over the epochs"
        svg = drawn(partial(plot_history, model.history_, term=term), description)
        figures.append(Figure(svg, description, ""))
    return figures
