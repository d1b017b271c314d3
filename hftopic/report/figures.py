"""Figures of a page, with what they show in words."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hftopic.plots import plot_correlation, plot_history, plot_information, plot_map, plot_network
from hftopic.plots.runs import terms_of
from hftopic.report.drawing import drawn
from hftopic.report.findings import Findings

MOST_CORRELATED = 60  # topics of the matrix: beyond that no cell can be seen


@dataclass(frozen=True)
class Figure:
    """A picture, what it shows for those who do not see it, and the text below it."""

    svg: str
    description: str
    caption: str


def pruning_figure(found: Findings) -> Figure:
    description = (
        f"Bars of the information of {len(found.summary)} topics, sorted; {len(found.active)} are above "
        "0.05 nats"
    )
    return Figure(
        drawn(lambda: plot_information(found.summary), description),
        description,
        "Information I(x; z) of every topic, exact under the corpus's own mixture. Topics that the objective "
        "has no use for are pruned to zero.",
    )


def correlation_figure(found: Findings) -> Figure:
    shown, left_out = _most_informative(found)
    pairs = shown.pairs
    strongest = f"; the strongest is {pairs['r'].iloc[0]:.2f}" if len(pairs) else ""
    description = (
        f"Matrix of correlations among {len(shown.matrix)} active topics in blocks of groups{strongest}"
    )
    note = f" The {left_out} least informative topics are left out." if left_out else ""
    return Figure(
        drawn(lambda: plot_correlation(shown), description),
        description,
        "Correlations of the topics' posterior means. Blue: together; orange: apart; the deeper the "
        "stronger. A cross marks a pair that is not significant after Benjamini and Hochberg's adjustment "
        "at 0.05. With thousands of documents the smallest correlation is significant: look at its "
        f"size.{note}",
    )


def _most_informative(found: Findings) -> tuple[Any, int]:
    """The correlations among as many topics as a picture can show, and how many are left out."""
    correlation = found.correlation
    topics = correlation.matrix.index
    kept = found.summary.set_index("topic")["information"].loc[topics].nlargest(MOST_CORRELATED).index
    kept = topics[topics.isin(kept)]
    pairs = correlation.pairs
    pairs = pairs[pairs["topic_a"].isin(kept) & pairs["topic_b"].isin(kept)]
    return replace(correlation, matrix=correlation.matrix.loc[kept, kept], pairs=pairs), len(topics) - len(
        kept
    )


def network_figure(found: Findings) -> Figure:
    across = found.correlation.across()
    strongest = (
        f"; the strongest joins topics {across['topic_a'].iloc[0]} and {across['topic_b'].iloc[0]}"
        if len(across)
        else ""
    )
    description = f"Network of the strongest pairs of topics across groups{strongest}"
    return Figure(
        drawn(lambda: plot_network(found.correlation), description),
        description,
        "The 20 strongest significant pairs from |r| = 0.1. Full lines: together; dashed: apart; the wider "
        "the stronger.",
    )


def map_figure(found: Findings) -> Figure:
    summary = found.summary.set_index("topic")
    share = "proportion" if "proportion" in summary else "information"
    sizes = summary.loc[found.places["topic"], share]
    explained = " and ".join(f"{100 * part:.0f}%" for part in found.places.attrs["explained"])
    description = f"Map of {len(found.places)} active topics by the likeness of their words"
    names = {int(t): found.names[t] for t in found.active}
    return Figure(
        drawn(lambda: plot_map(found.places, sizes, names=names), description),
        description,
        f"Topics with like words are near each other; areas are the topics' {share}. The two axes show "
        f"{explained} of the squared distances.",
    )


def training_figures(model: Any) -> list[Figure]:
    figures = []
    for term in terms_of(model.history_):
        description = f"{term.replace('_', ' ')} over the epochs"
        svg = drawn(partial(plot_history, model.history_, term), description)
        figures.append(Figure(svg, description, ""))
    return figures
