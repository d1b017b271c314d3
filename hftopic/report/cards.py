"""Cards of the report: one card per topic, arranged by group."""

from dataclasses import dataclass, field

import numpy as np

from hftopic._wording import counted
from hftopic.analysis.models import FittedTopicModel
from hftopic.analysis.topics import topic_poles
from hftopic.data.corpus import Corpus
from hftopic.plots.style import colour_number, signed
from hftopic.report.findings import Findings
from hftopic.report.values import shortened, text, visible

LONGEST_NAME = 60
N_PARTNERS = 3
SMALLEST_PARTNER = 0.2  # minimum |r| for a card to list a correlated topic


@dataclass(frozen=True)
class Word:
    """A word of a card, its full text, and the length of its bar in percent."""

    text: str
    whole: str
    width: float


@dataclass(frozen=True)
class Partner:
    """A topic that is correlated with the topic of a card."""

    topic: int
    name: str
    r: str


@dataclass(frozen=True)
class Card:
    """The card of one topic."""

    topic: int
    name: str
    why: str = ""  # why the topic is left out
    figures: list[tuple[str, str]] = field(default_factory=list)
    poles: list[tuple[str, list[Word]]] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """The topics of one group; those that are shown have full cards."""

    number: int
    colour: int
    note: str
    folded: str  # heading of the folded list of the topics left out
    cards: list[Card]
    left_out: list[Card]


def groups(model: FittedTopicModel, corpus: Corpus, found: Findings) -> list[Group]:
    """Groups of a model with their topics, sorted by information."""
    poles = _poles(model, corpus, found.n_words)
    place = {topic: place for place, topic in enumerate(model.topic_ids_.tolist())}
    return [_group(int(group), found, poles, place) for group in np.unique(model.topic_groups_)]


def _poles(model: FittedTopicModel, corpus: Corpus, n_words: int) -> list[tuple[str, list[list[Word]]]]:
    """Words of every topic; for signed topics the words of both poles."""
    listed = topic_poles(model, n_words, vocabulary=corpus.vocabulary.tolist())
    names = [("", "+")] if len(listed) == 1 else [("Positive pole", "+"), ("Negative pole", "-")]
    return [
        (name, [_words(*of_topic) for of_topic in zip(words, model.word_scores(pole=pole), strict=True)])
        for (name, pole), words in zip(names, listed, strict=True)
    ]


def _group(
    group: int, found: Findings, poles: list[tuple[str, list[list[Word]]]], place: dict[int, int]
) -> Group:
    rows = found.summary[found.summary["group"] == group]
    rows = rows.sort_values("information", ascending=False, kind="stable")
    shown = rows["topic"].isin(found.shown)
    topics, others = rows.loc[shown, "topic"].tolist(), rows[~shown]
    noun = "class" if group in found.class_groups else "topic"
    of_variable = ", the values of one discrete variable" if noun == "class" else ""
    return Group(
        number=group,
        colour=colour_number(group),
        note=f"{int(rows['active'].sum())} of {counted(len(rows), noun)} active{of_variable}",
        folded=f"{counted(len(others), noun)} of group {group} left out",
        cards=[
            Card(
                topic,
                _name(found, topic),
                figures=_card_figures(found, topic),
                poles=[(pole, words[place[topic]]) for pole, words in poles],
                partners=_partners(found, topic),
            )
            for topic in topics
        ],
        left_out=[
            Card(topic, _name(found, topic), why=f"repeats {nearest}" if active else "not active")
            for topic, active, nearest in others[["topic", "active", "nearest"]].to_numpy().tolist()
        ],
    )


def _name(found: Findings, topic: int) -> str:
    return shortened(visible(found.names[topic]), LONGEST_NAME)


def _card_figures(found: Findings, topic: int) -> list[tuple[str, str]]:
    """Documents that the topic leads, its share, its information, and the first coherence measure."""
    summary, measure = found.summary.set_index("topic"), found.measures[0]
    n_led = int(summary["documents"][topic])
    part = n_led / max(1, found.summary.attrs["n_documents"])
    figures = [(f"documents led, {100 * part:.1f}%", f"{n_led:,}")]
    if not found.signed:
        figures.append(("share", f"{100 * summary['share'][topic]:.1f}%"))
    figures.append(("nats", text(summary["information"][topic])))
    return [*figures, (measure, text(found.coherence.set_index("topic")[measure][topic]))]


def _words(listed: list[str], weights: np.ndarray) -> list[Word]:
    """Words with bars proportional to their weights, longest first."""
    lengths = np.sort(weights)[::-1][: len(listed)].astype(float).clip(0)
    highest = lengths.max(initial=0.0) or 1.0
    return [
        Word(shortened(visible(word), 40), shortened(visible(word), 200), round(100 * length / highest, 1))
        for word, length in zip(listed, lengths, strict=True)
    ]


def _partners(found: Findings, topic: int) -> list[Partner]:
    """Topics with the strongest correlations with this topic."""
    pairs = found.correlation.pairs
    own = pairs[(pairs["topic_a"] == topic) | (pairs["topic_b"] == topic)]
    strong = own[own["r"].abs() >= SMALLEST_PARTNER].head(N_PARTNERS)
    others = np.where(strong["topic_a"] == topic, strong["topic_b"], strong["topic_a"]).tolist()
    return [
        Partner(other, _name(found, other), signed(r)) for other, r in zip(others, strong["r"], strict=True)
    ]
