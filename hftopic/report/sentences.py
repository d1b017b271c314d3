"""Sentences at the top of the report: what a reader should know first, with links to the topics."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hftopic._wording import counted
from hftopic.analysis.correlation.significance import LEVEL
from hftopic.analysis.documents.periods import period_name
from hftopic.plots.correlations import strongest_ties
from hftopic.plots.style import signed
from hftopic.plots.tables import share_table
from hftopic.report.findings import Findings
from hftopic.report.values import shortened, visible
from hftopic.topics.shares import in_use

SMALLEST_R = 0.1
SMALLEST_RATIO = 1.2  # of a share to that in the other documents, below which the difference is small
LARGEST_SHOWN = 5
FEW_DOCUMENTS = 1000
FLAT = 0.25  # mean share of the leading topic below which shares are flat
INCOHERENT = {"c_npmi": 0.0, "c_uci": 0.0}  # value of a topic whose words are independent, by measure
LONGEST_NAME, LONGEST_LABEL = 60, 40


@dataclass(frozen=True)
class Part:
    """Part of a sentence; a link if it has a topic."""

    text: str
    topic: int | None = None


@dataclass(frozen=True)
class Sentence:
    """What a sentence is about, and its parts."""

    about: str
    parts: list[Part] = field(default_factory=list)


def sentences(found: Findings, of_sample: bool = False) -> list[Sentence]:
    """Sentences of a report; differences are told if they are significant, and none is told twice.

    `of_sample` says whether the documents of the report are some of many.
    """
    made = [
        Sentence("Content.", _content(found, of_sample)),
        Sentence("Guided.", _guided(found)),
        Sentence("Edited.", _edited(found)),
        Sentence("Size.", _size(found)),
        Sentence("Time.", _time(found)),
        Sentence("Labels.", _labels(found)),
        Sentence("Between groups.", _across(found)),
        Sentence("Care.", _care(found)),
    ]
    return [sentence for sentence in made if sentence.parts]


def _content(found: Findings, of_sample: bool) -> list[Part]:
    """What the corpus is about: the topics that lead most documents."""
    n_documents, largest = found.summary.attrs["n_documents"], _by_size(found)["topic"].tolist()
    if not largest:
        return [Part("No topic is active, so this report cannot say what the documents are about.")]
    told = largest[:LARGEST_SHOWN]
    rest = f", and about {len(largest) - len(told)} more topics" if len(largest) > len(told) else ""
    n_idle = int((_in_documents(found)["documents"] == 0).sum())
    idle = (
        f" {counted(n_idle, 'more topic')} {'lead' if n_idle > 1 else 'leads'} no document." if n_idle else ""
    )
    which = counted(n_documents, "document") + " of the sample" * of_sample
    verb = "are" if n_documents > 1 else "is"
    return [
        Part(f"The {which} {verb} above all about "),
        *_listed(found, told),
        Part(f"{rest}.{idle}"),
    ]


def _guided(found: Findings) -> list[Part]:
    """Which topics were asked for with seed words, and not found."""
    if not found.guided:
        return []
    verb = "was" if len(found.guided) == 1 else "were"
    ends = f" {verb} asked for with seed words; the model has found all other topics by itself."
    return [*_listed(found, found.guided), Part(ends)]


def _edited(found: Findings) -> list[Part]:
    """Which topics of the original were merged and dropped, by their numbers there."""
    clauses = [f"{_numbers(topics)} were merged to topic {topics[0]}" for topics in found.merged]
    if found.dropped:
        share = (
            "" if found.dropped_share is None else f", with {_percent(found.dropped_share)} of all shares,"
        )
        verb = "was" if len(found.dropped) == 1 else "were"
        clauses.append(f"{_numbers(found.dropped)}{share} {verb} dropped")
    if not clauses:
        return []
    noun = "Topic" if not found.merged and len(found.dropped) == 1 else "Topics"
    return [Part(f"{noun} {'; '.join(clauses)}. The model was edited after it was fitted.")]


def _numbers(topics: Sequence[int]) -> str:
    """Numbers of topics, such as "1, 2 and 4"."""
    return "".join(part.text for part in _joined([[Part(str(topic))] for topic in topics]))


def _size(found: Findings) -> list[Part]:
    """The largest topics, and how many lead half of the documents."""
    sizes, n_documents = _by_size(found), found.summary.attrs["n_documents"]
    if not len(sizes):
        return []
    first = sizes.iloc[0]
    share = "" if found.signed else f", and its share of all topics in use is {_percent(first['share'])}"
    parts = [
        _named(found, first["topic"]),
        Part(
            f" leads {counted(first['documents'], 'document')} "
            f"({_percent(first['documents'] / n_documents)}){share}."
        ),
    ]
    n_half = 1 + int(np.searchsorted(sizes["documents"].cumsum(), sizes["documents"].sum() / 2))
    if len(sizes) > n_half > 1:
        parts.append(Part(f" The {n_half} largest topics lead half of the documents."))
    return parts


def _time(found: Findings) -> list[Part]:
    """What rises and what falls."""
    if found.trends is None or found.times is None or len(found.times) < 2:
        return []
    table, ends = found.trends, [period_name(found.times.index[place]) for place in (0, -1)]
    rising = table[table["direction"] == "rising"].nlargest(2, "slope")
    falling = table[table["direction"] == "falling"].nsmallest(2, "slope")
    if not len(rising) + len(falling):
        return _unsteady(found, ends)
    shown: Callable[[float], str] = signed if found.signed else _percent
    clauses = [
        [_named(found, topic), Part(f" {verb} from {shown(start)} to {shown(end)}")]
        for rows, verb in ((rising, "rises"), (falling, "falls"))
        for topic, start, end in rows[["topic", "start", "end"]].astype(object).to_numpy().tolist()
    ]
    return [Part(f"From {ends[0]} to {ends[1]}, "), *_joined(clauses), Part(" on a straight line.")]


def _unsteady(found: Findings, ends: list[str]) -> list[Part]:
    """What varies over time, where nothing rises or falls on a line."""
    means = share_table(found.times)
    varied = [topic for topic in means.by_variation() if means.varies[topic]]
    if not varied:
        return [Part(f"No topic rises, falls or varies by more than chance from {ends[0]} to {ends[1]}.")]
    values = means.values[:, means.topics.index(varied[0])]
    low, high = (period_name(means.rows[int(place)]) for place in (values.argmin(), values.argmax()))
    shown: Callable[[float], str] = signed if found.signed else _percent
    return [
        Part(
            f"No topic rises or falls steadily from {ends[0]} to {ends[1]}, but "
            f"{counted(len(varied), 'topic')} {'vary' if len(varied) > 1 else 'varies'} by more than chance. "
            "Most varied is "
        ),
        _named(found, varied[0]),
        Part(f", from {shown(values.min())} in {low} to {shown(values.max())} in {high}."),
    ]


def _labels(found: Findings) -> list[Part]:
    """What goes with a label: the largest excess of a topic over the other documents, three labels."""
    table = found.of_labels
    if table is None or len(found.labels if found.labels is not None else ()) < 2:
        return []
    value = "value" if found.signed else "share"
    more = table[(table["p_adjusted"] <= LEVEL) & (table[value] > table["others"])]
    if not len(more):
        return _of_no_label(found)
    large = more if found.signed else more[more["share"] >= SMALLEST_RATIO * more["others"]]
    told = large if len(large) else more
    excess = (told[value] - told["others"]).sort_values(ascending=False, kind="stable")
    told = told.loc[excess.index].drop_duplicates("label").drop_duplicates("topic")
    told = told.head(3 if len(large) else 1)
    shown: Callable[[float], str] = signed if found.signed else _percent
    clauses = [
        [
            Part(f"“{shortened(visible(str(label)), LONGEST_LABEL)}” goes with "),
            _named(found, topic),
            Part(f" ({shown(mean)}, elsewhere {shown(others)})"),
        ]
        for label, topic, mean, others in told[["label", "topic", value, "others"]].to_numpy().tolist()
    ]
    before = [] if len(large) else [Part("Labels differ little; the largest difference is that ")]
    return [*before, *_joined(clauses), Part(".")]


def _of_no_label(found: Findings) -> list[Part]:
    """What is told if no label has more of a topic than the other documents."""
    means = share_table(found.labels)
    n_varied = sum(means.varies.values())
    rest = f", though {counted(n_varied, 'topic')} differ between the labels" if n_varied else ""
    return [Part(f"No topic is more frequent with one label than with the others by more than chance{rest}.")]


def _across(found: Findings) -> list[Part]:
    """The strongest pairs across groups, positive and negative."""
    if not len(found.correlation.across()):
        return []
    ties = strongest_ties(found.correlation, n=len(found.correlation.pairs), smallest=SMALLEST_R, level=LEVEL)
    told = [tie for tie in ties if tie.r > 0][:2] + [tie for tie in ties if tie.r < 0][:1]
    if not told:
        return [
            Part(
                "No pair of topics is correlated across groups: none is significant with |r| of at least "
                f"{SMALLEST_R}."
            )
        ]
    clauses = [
        [
            _named(found, tie.topics[0]),
            Part(" goes with " if tie.r > 0 else " avoids "),
            _named(found, tie.topics[1]),
            Part(f" (r = {signed(tie.r)})"),
        ]
        for tie in told
    ]
    return [*_joined(clauses), Part(".")]


def _care(found: Findings) -> list[Part]:
    """What to be careful of."""
    summary = found.summary
    n_documents = summary.attrs["n_documents"]
    parts = []
    if n_documents < FEW_DOCUMENTS:
        parts.append(
            Part(f"{counted(n_documents, 'document')} are few: another sample may have other topics. ")
        )
    if found.n_empty:
        parts.append(
            Part(f"{counted(found.n_empty, 'document')} without a word of the model count nowhere. ")
        )
    parts += _not_in_use(found)
    if found.leading_share is not None and found.leading_share < FLAT:
        parts.append(
            Part(
                f"Shares are flat: the leading topic has on average only {_percent(found.leading_share)} "
                "of a document, so compare shares and do not read them as amounts. "
            )
        )
    parts += _incoherent(found)
    return [*parts, Part("All is from one fit: topics that other seeds find again are surer.")]


def _not_in_use(found: Findings) -> list[Part]:
    """How many topics are silent or repeat another, and what the model gives to all of them."""
    summary = found.summary
    counts = [(int((~summary["active"]).sum()), "silent"), (int(summary["duplicate"].sum()), "")]
    if not any(n for n, _ in counts):
        return []
    reasons = [f"{n} {why or ('repeats' if n == 1 else 'repeat') + ' another'}" for n, why in counts if n]
    n_unused = int((~in_use(summary)).sum())
    state = "left out" if len(found.shown) < len(summary) else "not in use"
    rest = (
        ""
        if found.signed
        else f"; the model gives them {_percent(summary.attrs['remainder'])} of the proportions"
    )
    return [
        Part(
            f"{n_unused} of {len(summary)} topics {'is' if n_unused == 1 else 'are'} {state} "
            f"({', '.join(reasons)}){rest}. "
        )
    ]


def _incoherent(found: Findings) -> list[Part]:
    """The topics whose top words occur together less often than by chance."""
    measure = found.measures[0]
    if measure not in INCOHERENT:
        return []
    low = found.coherence[found.coherence[measure] < INCOHERENT[measure]].nsmallest(3, measure)
    if not len(low):
        return []
    return [
        Part("The words of "),
        *_listed(found, low["topic"].tolist()),
        Part(f" occur together less often than by chance ({measure} below 0). "),
    ]


def _by_size(found: Findings) -> pd.DataFrame:
    """Summary of the topics that lead a document, largest first."""
    shown = _in_documents(found)
    leading = shown[shown["documents"] > 0]
    return leading.sort_values("documents", ascending=False, kind="stable")


def _in_documents(found: Findings) -> pd.DataFrame:
    """Summary of the topics in use that are shown; without classes, as a document has a class and a topic."""
    shown = found.summary[found.summary["topic"].isin(found.shown) & in_use(found.summary)]
    classes = shown["group"].isin(found.class_groups)
    return shown if classes.all() else shown[~classes]


def _named(found: Findings, topic: int) -> Part:
    return Part(f"“{shortened(visible(found.names[topic]), LONGEST_NAME)}”", int(topic))


def _listed(found: Findings, topics: Iterable[int]) -> list[Part]:
    return _joined([[_named(found, topic)] for topic in topics])


def _joined(clauses: list[list[Part]]) -> list[Part]:
    """Clauses with commas and "and" between them."""
    parts: list[Part] = []
    for i, clause in enumerate(clauses):
        between = "" if i == 0 else " and " if i == len(clauses) - 1 else ", "
        parts += [Part(between), *clause] if between else clause
    return parts


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
