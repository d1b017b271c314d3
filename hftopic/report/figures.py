"""Figures of a page, with what they show in words."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from hftopic.analysis.models import FittedTopicModel
from hftopic.plots import (
    plot_correlation,
    plot_history,
    plot_information,
    plot_map,
    plot_network,
    plot_shares,
)
from hftopic.plots.correlations import strongest_ties
from hftopic.plots.runs import terms_of
from hftopic.plots.style import signed
from hftopic.report.drawing import drawn
from hftopic.report.findings import Findings
from hftopic.report.values import counted

MOST_CORRELATED = 60  # topics of the matrix: beyond that no cell can be seen
MOST_COLUMNS = 60  # labels or spans of time


@dataclass(frozen=True)
class Figure:
    """A picture, what it shows for those who do not see it, and the text below it; or the text alone."""

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
    strongest = f"; the strongest is {signed(pairs['r'].iloc[0])}" if len(pairs) else ""
    description = (
        f"Matrix of correlations among {len(shown.matrix)} active topics in blocks of groups{strongest}"
    )
    note = f" The {left_out} least informative topics are left out." if left_out else ""
    return Figure(
        drawn(lambda: plot_correlation(shown), description),
        description,
        "Correlations of the topics' posterior means. Violet: together; olive: apart; the deeper the "
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
    if not len(found.correlation.across()):
        return Figure(
            "",
            "",
            "There are no pairs across groups: fewer than two have active topics that can be correlated.",
        )
    ties = strongest_ties(found.correlation)
    if not ties:
        return Figure("", "", "No pair across groups is significant with |r| of 0.1 or more.")
    first, second = ties[0].topics
    description = (
        f"Network of {counted(len(ties), 'pair')} of topics across groups; the strongest joins topics "
        f"{first} and {second}"
    )
    pairs = "pair" if len(ties) == 1 else f"{len(ties)} strongest pairs"
    return Figure(
        drawn(lambda: plot_network(found.correlation, names=_names(found)), description),
        description,
        f"The {pairs} with |r| of 0.1 or more and an adjusted p of at most 0.05. Full violet lines: "
        "together; dashed olive ones: apart; the wider the stronger.",
    )


def map_figure(found: Findings) -> Figure:
    summary = found.summary.set_index("topic")
    share = "proportion" if "proportion" in summary else "information"
    sizes = summary.loc[found.places["topic"], share]
    explained = " and ".join(f"{100 * part:.0f}%" for part in found.places.attrs["explained"])
    description = f"Map of {len(found.places)} active topics by the likeness of their words"
    return Figure(
        drawn(lambda: plot_map(found.places, sizes, names=_names(found)), description),
        description,
        f"Topics with like words are near each other; areas are the topics' {share}. The two axes show "
        f"{explained} of the squared distances.",
    )


def shares_figure(found: Findings, shares: pd.DataFrame, kind: str) -> Figure | None:
    """Active topics by label, or over time, as shades; None where there are too many of either, or none."""
    topics = [topic for topic in found.active if topic in shares.columns]
    if not topics or not len(shares) or len(shares) > MOST_COLUMNS:
        return None
    groups = found.summary["group"].to_numpy()
    description = f"Shades of {counted(len(topics), 'active topic')} by {kind}"
    return Figure(
        drawn(lambda: plot_shares(shares[topics], groups=groups, names=_names(found)), description),
        description,
        "The deepest shade of a row is the topic's largest value: read along rows. The table has the values.",
    )


def _names(found: Findings) -> dict[int, str]:
    """What cards call the active topics."""
    return {int(topic): found.names[topic] for topic in found.active}


def training_figures(model: FittedTopicModel) -> list[Figure]:
    figures = []
    for term in terms_of(model.history_):
        description = f"{term.replace('_', ' ')} over the epochs"
        svg = drawn(partial(plot_history, model.history_, term), description)
        figures.append(Figure(svg, description, ""))
    return figures
