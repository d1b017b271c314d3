"""Content of each section of the report: cards, figures, tables and texts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hftopic import __version__
from hftopic._wording import counted
from hftopic.analysis.documents.periods import period_name
from hftopic.analysis.models import FittedTopicModel
from hftopic.analysis.used import left_out
from hftopic.data.corpus import Corpus
from hftopic.report.cards import groups
from hftopic.report.few import FEWEST_DOCUMENTS, FEWEST_WORDS
from hftopic.report.figures import (
    active_figure,
    correlation_figure,
    drift_figure,
    effects_figures,
    labels_figure,
    map_figure,
    network_figure,
    times_figure,
    training_figures,
)
from hftopic.report.findings import Findings
from hftopic.report.sentences import sentences
from hftopic.report.values import Table, choices, mean_of, number, table, text
from hftopic.topics.information import ACTIVE_PEAK
from hftopic.topics.shares import in_use

MOST_WORDS = 8  # rising and falling words of a topic in the table of drift
MOST_PAIRS = 500  # maximum number of rows in the table of pairs


@dataclass(frozen=True)
class Fact:
    """One number of the summary, with its name and a note."""

    name: str
    value: str
    note: str = ""


def sections(
    model: FittedTopicModel,
    corpus: Corpus,
    found: Findings,
    *,
    n_shown: int,
    longest: int | None,
    made_with: dict[str, Any],
    n_all: int | None = None,
) -> dict[str, Any]:
    """Variables of the template.

    `longest` is the number of characters at which texts are cut, if any is, and `n_all` the number of all
    documents, of which the corpus may be a sample.
    """
    n_active, n_topics = int(found.summary["active"].sum()), len(found.summary)
    parts = {
        "lead": (
            f"{type(model).__name__} with {counted(n_topics, 'topic')} in "
            f"{counted(len(np.unique(model.topic_groups_)), 'group')}, "
            f"on {_documents_read(len(corpus), n_all)}."
        ),
        "sentences": sentences(found, of_sample=n_all not in (None, len(corpus))),
        "facts": _facts(corpus, found),
        "remarks": _remarks(found),
        "topics_note": (
            f"{n_active} of {n_topics} topics are active: in the documents that have them most, their mean "
            f"information is above {ACTIVE_PEAK} nats. {_note_on_left_out(found)}{_note_on_numbers(found)} "
            "Topics are sorted by their information about all documents. Bars show the relevance of each "
            "word, which is how much it distinguishes the topic from the corpus, relative to the topic's "
            "first word."
            f"{_note_on_classes(found)}"
        ),
        "groups": groups(model, corpus, found),
        "active": active_figure(found),
        "correlation": correlation_figure(found),
        "pairs": _pairs(found),
        "dependence": _dependence(found),
        "network": network_figure(found),
        "map": map_figure(found),
        "coherence": _coherence(found),
        "coherence_note": _coherence_note(found),
        "labels": _labels(found),
        "labels_figure": labels_figure(found),
        "label_choices": choices(found.labels),
        "times": _times(found),
        "times_figure": times_figure(found),
        "drift": _drift(found),
        "drift_figure": drift_figure(found),
        "time_choices": choices(found.times),
        "effects": _effects(found),
        "effects_note": _effects_note(found),
        "effects_figures": effects_figures(found),
        "training": training_figures(model),
        "documents_note": (
            f"{_which_documents(n_shown, len(corpus), longest)} A word has the colour of the group of the "
            f"topic that contributes most to it; a deeper colour is a larger contribution. "
            f"{_note_on_shares(found)}"
        ),
        "making": _making(model, corpus, made_with),
    }
    parts["sections"] = [
        (key, name)
        for key, name in (
            ("summary", "Summary"),
            ("topics", "Topics"),
            ("active", "Active topics"),
            ("correlation", "Correlation"),
            ("network", "Network"),
            ("map", "Map"),
            ("coherence", "Coherence"),
            ("labels", "Labels"),
            ("times", "Time"),
            ("effects", "Effects"),
            ("training", "Training"),
            ("documents", "Documents"),
            ("making", "How it was made"),
        )
        if parts.get(key, True) is not None
    ]
    return parts


def _note_on_classes(found: Findings) -> str:
    if not found.class_groups:
        return ""
    listed = " and ".join(map(str, sorted(found.class_groups)))
    return (
        f" Topics of group {listed} are the classes of a discrete variable: each document belongs to one "
        "class, so the class shares sum to 100%. Each class shows the information of the whole variable."
    )


def _note_on_left_out(found: Findings) -> str:
    if len(found.shown) == len(found.summary):
        return ""
    return (
        f"{left_out(found.summary)}. Their names are listed below their group; a report with topics='all' "
        "(hftopic report --all) shows them. "
    )


def _note_on_numbers(found: Findings) -> str:
    """What the numbers on the cards are."""
    if found.signed:
        return (
            "A topic leads the documents in which its posterior mean is farthest from that of the corpus, in "
            "standard deviations."
        )
    remainder = found.summary.attrs["remainder"]
    n_unused = int((~in_use(found.summary)).sum())
    unused = f"the {counted(n_unused, 'topic')} not in use"
    rest = f" The model gives {100 * remainder:.0f}% to {unused}." if n_unused else ""
    return (
        "A topic leads the documents in which it has the largest share of the topics in use. Its share is "
        f"the mean over the documents; the shares of the topics in use sum to 100%.{rest} Shares are flatter "
        "than the numbers of documents led, which say more of how common a topic is."
    )


def _note_on_shares(found: Findings) -> str:
    if found.signed:
        return "The topics of a document are those whose posterior mean is farthest from that of the corpus."
    return (
        "The topics of a document are those of which it has more than the mean document: their share, and "
        "how many times the mean share it is. On short documents all shares are small."
    )


def _which_documents(n_shown: int, n_documents: int, longest: int | None) -> str:
    cut = "" if longest is None else f", and texts are cut after {longest:,} characters"
    cut = f" To keep the page small they are compressed{cut}."
    if n_shown == n_documents:
        return f"All {counted(n_documents, 'document')}.{cut}"
    return (
        f"{n_shown:,} of {n_documents:,} documents: representative documents of each topic, and a random "
        f"sample.{cut}"
    )


def _facts(corpus: Corpus, found: Findings) -> list[Fact]:
    coherence = [
        Fact(f"coherence {name}", text(found.coherence[name].mean()), _window_note(found.coherence, name))
        for name in found.measures
    ]
    return [
        Fact("documents", f"{len(corpus):,}", f"{found.n_empty:,} without words" if found.n_empty else ""),
        Fact("tokens", f"{corpus.n_tokens:,}"),
        Fact("words", f"{corpus.n_words:,}"),
        Fact("active topics", str(int(found.summary["active"].sum())), f"of {len(found.summary)}"),
        *coherence,
        Fact("diversity", text(found.diversity), "distinct top words"),
        Fact("perplexity", number(found.perplexity.value), _perplexity_note(found)),
    ]


def _perplexity_note(found: Findings) -> str:
    error = found.perplexity.standard_error
    if not error:
        return "on these documents"
    n_documents = f"{found.perplexity.n_documents:,}"
    return f"± {number(error)} (standard error), on a random sample of {n_documents} documents"


def _window_note(coherence: pd.DataFrame, measure: str) -> str:
    window = next(iter(coherence[f"{measure}_window"]), None)
    return (
        "" if window is None else "whole documents" if window == "document" else f"windows of {window} tokens"
    )


def _remarks(found: Findings) -> list[str]:
    remarks = []
    if not found.summary["active"].any():
        remarks.append("No topic is active: the model gives the same representation to every document.")
    duplicates = found.summary[found.summary["duplicate"]]
    if len(duplicates):
        listed = ", ".join(
            f"{a} of {b}" for a, b in zip(duplicates["topic"], duplicates["nearest"], strict=True)
        )
        remarks.append(
            f"Duplicates of more informative topics (at least half of the top words in common): {listed}."
        )
    return remarks


def _pairs(found: Findings) -> Table | None:
    """Table of the pairs; None if there are too few documents to correlate."""
    if found.correlation.n_documents < FEWEST_DOCUMENTS:
        return None
    columns = ["topic_a", "name_a", "topic_b", "name_b", "across", "r", "r_prior", "p_adjusted"]
    called = {"topic_a": "topic", "name_a": "name", "topic_b": "with topic", "name_b": "name"}
    called |= {"across": "across groups", "r_prior": "prior r", "p_adjusted": "adjusted p"}
    pairs, prior = found.correlation.pairs.copy(), found.prior_correlation
    if prior is None:
        columns.remove("r_prior")
    else:
        places = (prior.index.get_indexer(pd.Index(pairs[f"topic_{side}"])) for side in ("a", "b"))
        pairs["r_prior"] = prior.to_numpy()[tuple(places)]
    for side in ("a", "b"):
        pairs[f"name_{side}"] = [found.names[topic] for topic in pairs[f"topic_{side}"]]
    caption = f"{counted(len(pairs), 'pair')} of active topics, strongest correlation first"
    if len(pairs) > MOST_PAIRS:
        caption = f"The {MOST_PAIRS} strongest correlations of {len(pairs):,} pairs of active topics"
    return table("pairs", caption, pairs[columns].head(MOST_PAIRS), labels=called)


def _dependence(found: Findings) -> Table | None:
    """Table of the dependence between groups; None if there are fewer than two."""
    if not len(found.dependence):
        return None
    columns = ["group_a", "group_b", "canonical_1", "p_value", "information", "standard_error"]
    called = {"group_a": "group", "group_b": "with group", "canonical_1": "first canonical correlation"}
    called |= {"information": "I(z; z), nats"}
    kept = [name for name in columns if name in found.dependence]
    return table("groups-table", "Dependence between groups", found.dependence[kept], labels=called)


def _coherence(found: Findings) -> Table:
    """Table of the coherence and quality of the active topics, most coherent first."""
    measures = found.measures
    quality = found.quality.drop(columns=["group", "active", "nearest", "similarity", "duplicate"])
    joined = found.coherence[["topic", "group", *measures, "absent"]].merge(quality, on="topic", how="left")
    joined.insert(2, "words", found.summary.set_index("topic")["words"].loc[joined["topic"]].to_numpy())
    if not joined["absent"].any():
        joined = joined.drop(columns="absent")
    joined = joined.sort_values(measures[0], ascending=False, na_position="last", kind="stable")
    called = {name: name for name in measures}
    return table("coherence-table", "Active topics", joined, labels=called, sorted_by=measures[0])


def _coherence_note(found: Findings) -> str:
    if found.n_words < FEWEST_WORDS:
        return (
            f"There is no coherence: it needs {FEWEST_WORDS} words per topic, and the topics list "
            f"{found.n_words}. Click a heading to sort."
        )
    notes = [
        f"{name} counts co-occurrences in {_window_note(found.coherence, name)}"
        for name in found.measures
        if len(found.coherence)
    ]
    overlap = (
        "" if found.overlap is None else f" Inverted rank-biased overlap of the topics: {found.overlap:.3f}."
    )
    return f"{'; '.join(notes) or 'There is no active topic'}.{overlap} Click a heading to sort."


def _labels(found: Findings) -> Table | None:
    if found.labels is None:
        return None
    return _means(found, found.labels, found.labels.attrs["documents"].values(), "label")


def _times(found: Findings) -> Table | None:
    if found.times is None:
        return None
    return _means(found, found.times.drop(columns="documents"), found.times["documents"], "time")


def _effects(found: Findings) -> Table | None:
    if found.effects is None:
        return None
    of_all = found.effects.table
    values = of_all[of_all["topic"].isin(found.shown)].drop(columns=["group", "p"])
    caption = f"Change of the {mean_of(signed=found.signed).lower()} for one unit of each term"
    return table("effects-table", caption, values)


def _effects_note(found: Findings) -> str:
    """How the effects were estimated."""
    effects = found.effects
    if effects is None:
        return ""
    source = "given their words" if effects.draws == "words" else "from q(z|x), whose intervals are too short"
    lacking = f"; {counted(effects.n_missing, 'document')} that lack a value are left out"
    return (
        f"Regressions of topics on {effects.formula}, over {counted(effects.n_documents, 'document')}"
        f"{lacking if effects.n_missing else ''}. Intervals of {100 * effects.level:g}% include the "
        f"uncertainty of the topics of each document, of {effects.n_draws} draws {source}. p-values are "
        "adjusted over the topics. An effect is causal only if the design of the study makes it so."
    )


def _drift(found: Findings) -> Table | None:
    """Table of the drift of the words of topics, those that drift most first."""
    if found.drift is None:
        return None
    topics = found.drift.topics.sort_values("p_value", kind="stable", na_position="last")
    topics = topics.drop(columns=["p_value", "uses"])
    for column in ("rising", "falling"):
        topics[column] = [" ".join(words[:MOST_WORDS]) for words in topics[column]]
    called = {"divergence": "divergence, nats", "expected": "by chance", "p_adjusted": "adjusted p"}
    called |= {"rising": "words that rise", "falling": "words that fall"}
    caption = "How the words of topics change over time, against dates that are permuted"
    return table("drift-table", caption, topics, labels=called)


def _means(found: Findings, means: pd.DataFrame, sizes: Iterable[int], kind: str) -> Table:
    """Table of a mean for each label or period, with one row per topic."""
    values = means.T.reset_index()
    values.columns = ["topic", *(f"{kind} {period_name(value)}" for value in means.index)]
    values.insert(1, "name", [found.names[topic] for topic in values["topic"]])
    shown = [f"{head}, n = {size:,}" for head, size in zip(choices(means), sizes, strict=True)]
    heads = dict(zip(values.columns[2:], shown, strict=True))
    caption = f"{mean_of(signed=found.signed)} of each topic"
    return table(f"{kind}s-table", caption, values, labels=heads, shaded=list(heads))


def _documents_read(n_read: int, n_all: int | None) -> str:
    if n_all is None or n_all == n_read:
        return counted(n_read, "document")
    return f"{n_read:,} of {counted(n_all, 'document')}, at even distances"


def _making(model: FittedTopicModel, corpus: Corpus, made_with: dict[str, Any]) -> Table:
    rows = {
        "hftopic": __version__,
        "model": type(model).__name__,
        **{name: repr(value) for name, value in sorted(model.get_params().items())},
        "epochs run": model.n_iter_,
        **made_with,
        "corpus, SHA-256": corpus.sha256(),
    }
    values = pd.DataFrame({"setting": list(rows), "value": [str(value) for value in rows.values()]})
    return table("making-table", "Version, settings, seeds, and hash of the corpus", values)
