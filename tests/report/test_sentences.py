"""Sentences of the report: what is planted is told, and what is not there is not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("agg")

from hftopic import NVDM, Corpus, ProdLDA, make_correlated_topics  # noqa: E402
from hftopic.analysis import label_topics, topic_summary, trends  # noqa: E402
from hftopic.report.findings import findings  # noqa: E402
from hftopic.report.sentences import Sentence, sentences  # noqa: E402

QUICK: dict[str, Any] = {
    "topics": "all",
    "n_words": 5,
    "measures": ["u_mass"],
    "effects": None,
    "n_permutations": 99,
    "random_state": 0,
    "verbose": 0,
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make_correlated_topics(400, groups=(3, 3), n_words=60, random_state=0).corpus


@pytest.fixture(scope="module")
def model(corpus: Corpus) -> ProdLDA:
    return ProdLDA(groups=(3, 3), max_iter=30, batch_size=50, random_state=0).fit(corpus)


def told(model: Any, corpus: Corpus, dates: Any = None, **settings: Any) -> dict[str, Sentence]:
    """Sentences by what they are about."""
    found = findings(model, corpus, model.encode(corpus), dates=dates, **{**QUICK, **settings})
    return {sentence.about: sentence for sentence in sentences(found)}


def text(sentence: Sentence) -> str:
    return "".join(part.text for part in sentence.parts)


def links(sentence: Sentence) -> list[int]:
    return [part.topic for part in sentence.parts if part.topic is not None]


def test_the_largest_topics_are_named_in_order_and_linked(model: ProdLDA, corpus: Corpus) -> None:
    summary = topic_summary(model, corpus)
    largest = summary.sort_values("documents", ascending=False, kind="stable")
    leading = largest.loc[largest["documents"] > 0, "topic"].tolist()
    made = told(model, corpus)
    assert links(made["Content."]) == leading[:5]
    assert links(made["Size."]) == leading[:1]
    assert f"{largest['documents'].iloc[0]} document" in text(made["Size."])
    for sentence in made.values():
        for part in sentence.parts:
            assert part.topic is None or part.text == f"“{model.topic_names_[part.topic]}”"


def test_documents_of_a_sample_are_not_called_all(model: ProdLDA, corpus: Corpus) -> None:
    found = findings(model, corpus, model.encode(corpus), dates=None, **QUICK)
    assert "The 400 documents of the sample are above" in text(sentences(found, of_sample=True)[0])
    assert "The 400 documents are above" in text(sentences(found)[0])


def test_planted_trends_and_labels_are_told_and_shuffled_ones_are_not(model: ProdLDA, corpus: Corpus) -> None:
    """Documents sorted by the proportion of a topic: it rises, and goes with the last label."""
    order = np.argsort(model.transform(corpus)[:, 2], kind="stable")
    rank = np.empty(len(corpus), dtype=int)
    rank[order] = np.arange(len(corpus))
    years = (2000 + rank // 40).tolist()
    labels = np.where(rank >= 300, "many", "few")
    made = told(model, corpus.with_labels(labels), dates=years)
    strongest = trends(model, corpus, years, topics="all").nlargest(1, "slope")["topic"].item()
    assert strongest == 2
    assert links(made["Time."])[0] == 2
    assert "rises from" in text(made["Time."])
    assert "“many” goes with “" in text(made["Labels."])
    assert 2 in links(made["Labels."])
    table = label_topics(model, corpus.with_labels(labels), topics="all").set_index(["label", "topic"])
    assert table.loc[("many", 2), "p_adjusted"] <= 0.05


def test_what_is_not_significant_is_not_told(model: ProdLDA, corpus: Corpus) -> None:
    """Every document is there once with each label and in each year, so nothing can differ."""
    rows = np.tile(np.arange(100), 4)
    same = corpus[rows].with_labels(np.repeat(["one", "two", "one", "two"], 100))
    years = np.repeat([2000, 2001, 2002, 2003], 100).tolist()
    made = told(model, same, dates=years)
    assert text(made["Time."]) == "No topic rises, falls or varies by more than chance from 2000 to 2003."
    assert text(made["Labels."]) == (
        "No topic is more frequent with one label than with the others by more than chance."
    )
    assert not links(made["Time."]) + links(made["Labels."])


@pytest.mark.parametrize("ratio", [1.05, 1.5])
def test_a_difference_of_labels_is_told_however_small(model: ProdLDA, corpus: Corpus, ratio: float) -> None:
    """It is said to be small; only a difference that may be chance is not told."""
    halves = corpus.with_labels(np.repeat(["one", "two"], 200))
    found = findings(model, halves, model.encode(halves), dates=None, **QUICK)
    assert found.of_labels is not None
    table = found.of_labels.assign(share=0.1, others=0.1, p_adjusted=1.0)
    row = (table["label"] == "two") & (table["topic"] == 4)
    table.loc[row, ["share", "others", "p_adjusted"]] = [0.1 * ratio, 0.1, 1e-9]
    made = sentences(replace(found, of_labels=table))
    labelled = next(sentence for sentence in made if sentence.about == "Labels.")
    small = "Labels differ little; the largest difference is that "
    assert links(labelled) == [4]
    assert text(labelled).startswith(small if ratio < 1.2 else "“two” goes with ")
    assert text(labelled).endswith(f" ({10 * ratio:.1f}%, elsewhere 10.0%).")


def test_what_varies_without_a_trend_is_told_as_the_figure_shows_it(model: ProdLDA, corpus: Corpus) -> None:
    """A topic of the years in the middle neither rises nor falls, but varies."""
    rank = np.argsort(np.argsort(model.transform(corpus)[:, 2], kind="stable"))
    years = np.where(rank >= 200, 2001 + rank % 2, np.where(rank % 2, 2000, 2003))
    found = findings(model, corpus, model.encode(corpus), dates=years, **QUICK)
    assert found.trends is not None
    assert found.times is not None
    trendless = replace(found, trends=found.trends.assign(direction=""))
    told_of = next(sentence for sentence in sentences(trendless) if sentence.about == "Time.")
    n_varied = sum(p <= 0.05 for p in found.times.attrs["p_adjusted"].values())
    assert n_varied
    assert f"steadily from 2000 to 2003, but {n_varied} topic" in text(told_of)
    assert links(told_of) == [2]
    highest = found.times[2].idxmax()
    assert text(told_of).endswith(f" to {100 * found.times[2].max():.1f}% in {highest}.")


def test_without_labels_dates_or_groups_these_sentences_are_absent(corpus: Corpus) -> None:
    alone = ProdLDA(groups=4, max_iter=5, batch_size=50, random_state=0).fit(corpus)
    bare = Corpus(corpus.counts, corpus.vocabulary)
    assert set(told(alone, bare)) == {"Content.", "Size.", "Care."}


def test_care_names_few_documents_silent_topics_and_the_single_fit(model: ProdLDA, corpus: Corpus) -> None:
    few = Corpus(np.vstack([corpus.counts[:30].toarray(), np.zeros((2, corpus.n_words))]), corpus.vocabulary)
    with pytest.warns(UserWarning, match="2 of 32 documents have no words"):
        care = text(told(model, few)["Care."])
    assert "30 documents are few" in care
    assert "2 documents without a word of the model" in care
    assert "one fit" in care
    found = findings(model, corpus, model.encode(corpus), dates=None, **QUICK)
    summary = found.summary.assign(active=found.summary["topic"] < 4, duplicate=False)
    summary.attrs = {**found.summary.attrs, "remainder": 0.234}
    silent = replace(found, summary=summary, shown=np.arange(4))
    care = next(text(sentence) for sentence in sentences(silent) if sentence.about == "Care.")
    assert "2 of 6 topics are left out (2 silent); the model gives them 23.4% of the proportions. " in care
    repeats = summary.assign(duplicate=summary["topic"] == 3)
    care = next(
        text(sentence)
        for sentence in sentences(replace(silent, summary=repeats, shown=np.arange(3)))
        if sentence.about == "Care."
    )
    assert "3 of 6 topics are left out (2 silent, 1 repeats another); the model gives them" in care
    everything = replace(silent, summary=summary.assign(active=True, duplicate=False), shown=np.arange(6))
    assert all("left out" not in text(sentence) for sentence in sentences(everything))
    nothing = replace(found, summary=summary.assign(active=False, documents=0), shown=np.arange(0))
    content = next(text(sentence) for sentence in sentences(nothing) if sentence.about == "Content.")
    assert content.startswith("No topic is active")


def test_topics_in_use_that_lead_no_document_are_counted(model: ProdLDA, corpus: Corpus) -> None:
    """The topics of the sentence and those that lead nothing are all topics shown."""
    found = findings(model, corpus, model.encode(corpus), dates=None, **QUICK)
    summary = found.summary.assign(active=True, duplicate=False, documents=[9, 0, 8, 0, 7, 6])
    content = text(sentences(replace(found, summary=summary))[0])
    assert content.endswith(". 2 more topics lead no document.")
    one = text(sentences(replace(found, summary=summary.assign(documents=[9, 1, 8, 0, 7, 6])))[0])
    assert one.endswith(". 1 more topic leads no document.")


def test_incoherent_topics_are_named() -> None:
    """Words of a topic that never occur together have the lowest NPMI."""
    counts = np.kron(np.eye(8, dtype=int), np.ones((30, 1), dtype=int)) * 3
    apart = Corpus(counts, [f"w{i}" for i in range(8)])
    model = ProdLDA(groups=(2, 2), max_iter=10, batch_size=40, random_state=0).fit(apart)
    care = told(model, apart, measures=["c_npmi"], n_words=3)["Care."]
    assert "occur together less often than by chance (c_npmi below 0)" in text(care)
    assert links(care)


def test_signed_topics_have_sentences_without_shares(corpus: Corpus) -> None:
    model = NVDM(groups=(2, 2), max_iter=5, batch_size=50, random_state=0).fit(corpus)
    labels = np.where(model.transform(corpus)[:, 0] > 0, "above", "below")
    made = told(model, corpus.with_labels(labels), dates=np.arange(400) // 100)
    assert "share" not in text(made["Size."]) + text(made["Labels."])
    assert "“above” goes with" in text(made["Labels."])
