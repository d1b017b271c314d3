"""Tests of contributions: properties that hold for every model, and planted topics computed by hand."""

import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from hftopic import NVDM, NVLDA, Concrete, ProdLDA, make_correlated_topics
from hftopic.analysis.documents.contributions import contributions, word_contributions


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


MODELS = {
    "joint": lambda: ProdLDA(groups=(2, 3), max_iter=3, random_state=0),
    "by group": lambda: ProdLDA(groups=(2, 3), topic_softmax="group", max_iter=3, random_state=0),
    "signed": lambda: NVDM(groups=(2, 3), max_iter=3, random_state=0),
}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request, corpus):
    return MODELS[request.param]().fit(corpus)


@pytest.fixture
def planted():
    """Three topics over four words; one document per topic, and one with all three in equal proportions."""
    model = ProdLDA(groups=3, hidden=(4,), max_iter=1, random_state=0).fit(np.ones((4, 4)))
    model.components_ = np.array([[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0]], dtype=np.float32)
    model.transform = lambda X: np.vstack([np.eye(3), np.full((1, 3), 1 / 3)])[: X.shape[0]].astype("f4")
    return model


def totals(model, corpus):
    """Totals as a matrix of documents and words; NaN if a document does not contain the word."""
    table = contributions(model, corpus)
    placed = np.full(corpus.counts.shape, np.nan)
    placed[table["document"], table["column"]] = table["total"]
    return placed


def test_differences_of_totals_are_log_odds_of_the_model(fitted, corpus):
    total = totals(fitted, corpus)
    log_p = np.log(fitted.word_probabilities(corpus).astype(np.float64))
    both = ~np.isnan(total[0]) & ~np.isnan(total[1])  # words in both of the first two documents
    assert both.sum() >= 2
    expected = (log_p[0] - log_p[1])[both]
    found = (total[0] - total[1])[both]
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=2e-4)


def test_what_changes_no_probability_changes_no_contribution(fitted, corpus):
    before = contributions(fitted, corpus)
    original = fitted.components_
    rng = np.random.default_rng(0)
    shift = rng.standard_normal((original.shape[0], 1))  # a constant per topic, for all words
    if isinstance(fitted, ProdLDA):
        shift = shift + rng.standard_normal((1, original.shape[1]))  # a constant per word, in all topics
    try:
        fitted.components_ = original.astype(np.float64) + shift
        after = contributions(fitted, corpus)
    finally:
        fitted.components_ = original
    for column in ("strength", "total", "responsibility"):
        np.testing.assert_allclose(after[column], before[column], atol=1e-6)


def test_words_of_the_average_document_have_nothing_added(planted):
    words = np.array([[2.0, 1, 0, 1], [0, 2, 1, 1], [1, 0, 2, 1], [1, 1, 1, 1]])
    table = word_contributions(planted, words, 3, n_topics=3)
    # the last document is the average document, so all contributions cancel for every word
    np.testing.assert_allclose(table["total"], 0, atol=1e-7)  # one third is rounded in float32


def test_planted_topics_win_their_words(planted):
    words = np.ones((4, 4))
    table = contributions(planted, words).set_index(["document", "column"])
    for k in range(3):
        assert table.loc[(k, k), "topic"] == k
        # effect of the topic relative to the average document: 4 - 4/3 for its own word, -4/3 for the words
        # of the other topics, 0 for the last word; the average word has 0
        assert table.loc[(k, k), "strength"] == pytest.approx(4 - 4 / 3)
        assert table.loc[(k, k), "responsibility"] == pytest.approx(1)
        assert table.loc[(k, (k + 1) % 3), "topic"] is pd.NA
        assert table.loc[(k, (k + 1) % 3), "strength"] == 0
        assert table.loc[(k, (k + 1) % 3), "total"] == pytest.approx(-4 / 3)
        assert table.loc[(k, 3), "total"] == pytest.approx(0, abs=1e-7)
    # with equal proportions, a third of the effect
    assert table.loc[(3, 1), "topic"] == 1
    assert table.loc[(3, 1), "strength"] == pytest.approx((4 - 4 / 3) / 3)


def test_topics_that_may_not_win_leave_words_alone(planted):
    table = contributions(planted, np.ones((4, 4)), topics=[1]).set_index(["document", "column"])
    assert table.loc[(0, 0), "topic"] is pd.NA
    assert table.loc[(1, 1), "topic"] == 1
    assert table.loc[(0, 0), "total"] == pytest.approx(4 - 4 / 3)
    none = contributions(planted, np.ones((4, 4)), topics=np.zeros(3, dtype=bool))
    assert none["topic"].isna().all()
    assert (none["strength"] == 0).all()


def test_one_row_an_entry_in_the_order_of_the_matrix(fitted, corpus):
    table = contributions(fitted, corpus)
    matrix = sp.coo_array((table["count"], (table["document"], table["column"])), corpus.counts.shape)
    assert (matrix.tocsr() != corpus.counts).nnz == 0
    assert table["word"].tolist() == corpus.vocabulary[table["column"]].tolist()
    assert table.drop(columns="topic").notna().all(axis=None)
    assert (table["topic"].isna() == (table["strength"] == 0)).all()
    assert table["responsibility"].between(0, 1).all()
    assert table["document"].is_monotonic_increasing


def test_chosen_documents_are_held_against_all(fitted, corpus, monkeypatch):
    everything = contributions(fitted, corpus)
    chosen = contributions(fitted, corpus, documents=[7, 3])
    expected = everything[everything["document"].isin([3, 7])].reset_index(drop=True)
    pd.testing.assert_frame_equal(chosen, expected)
    mask = np.isin(np.arange(len(corpus)), [3, 7])
    pd.testing.assert_frame_equal(contributions(fitted, corpus, documents=mask), expected)
    monkeypatch.setattr(sys.modules["hftopic.analysis.documents.contributions"], "CHUNK_ENTRIES", 64)
    pd.testing.assert_frame_equal(contributions(fitted, corpus), everything)


def test_one_document_topic_by_topic_agrees_with_the_batch(fitted, corpus):
    table = word_contributions(fitted, corpus, 5, n_topics=2)
    batch = contributions(fitted, corpus, documents=[5])
    pd.testing.assert_frame_equal(
        table[batch.columns[1:]].sort_values("column", ignore_index=True), batch.iloc[:, 1:]
    )
    columns = [name for name in table if str(name).startswith("topic_")]
    assert len(columns) == 2
    np.testing.assert_allclose(table[columns].sum(axis=1) + table["other"], table["total"])
    assert table["total"].is_monotonic_decreasing
    wide = word_contributions(fitted, corpus, 5, n_topics=99)
    every = wide[[f"topic_{k}" for k in range(5)]]
    won = wide["strength"] > 0
    np.testing.assert_allclose(every.max(axis=1)[won], wide["strength"][won])
    np.testing.assert_allclose(
        every.max(axis=1) / every.clip(0).sum(axis=1).where(won, 1),
        wide["responsibility"].where(won, every.max(axis=1)),
    )


@pytest.mark.parametrize("model_class", [ProdLDA, NVDM, NVLDA])
def test_classes_are_a_simplex_of_their_own(corpus, model_class):
    model = model_class(groups=(Concrete(3), 2), max_iter=2, random_state=0).fit(corpus)
    before = totals(model, corpus)
    model.components_ = model.components_.copy()
    model.components_[:3] += np.arange(corpus.n_words)  # per word: no probability changes
    np.testing.assert_allclose(totals(model, corpus), before, atol=1e-3)


def test_documents_without_words_have_no_row_and_no_influence(fitted, corpus):
    counts = corpus.counts.toarray()
    padded = np.vstack([np.zeros((10, corpus.n_words)), counts])
    table = contributions(fitted, padded)
    assert table["document"].min() == 10
    np.testing.assert_allclose(table["total"], contributions(fitted, counts)["total"], atol=1e-9)
    empty = word_contributions(fitted, padded, 0)
    assert len(empty) == 0
    assert empty.columns[:7].tolist() == word_contributions(fitted, padded, 10).columns[:7].tolist()


def test_one_document_alone_is_the_average(fitted, corpus):
    np.testing.assert_allclose(contributions(fitted, corpus[:1])["total"], 0, atol=1e-6)


def test_input_is_left_as_it_was(fitted, corpus):
    components, counts = fitted.components_.copy(), corpus.counts.toarray()
    kept = counts.copy()
    contributions(fitted, counts)
    np.testing.assert_array_equal(fitted.components_, components)
    np.testing.assert_array_equal(counts, kept)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"document": 120}, "no document 120: documents are numbered 0 to 119"),
        ({"document": -1}, "no document -1"),
        ({"document": 0, "n_topics": 0}, "n_topics must be a positive int"),
        ({"document": 0, "topics": [9]}, "no topic 9"),
        ({"document": 0, "vocabulary": ["a"]}, "vocabulary has 1 words"),
    ],
)
def test_mistakes_are_named(fitted, corpus, arguments, message):
    with pytest.raises(ValueError, match=message):
        word_contributions(fitted, corpus, **arguments)


def test_documents_that_do_not_exist_are_named(fitted, corpus):
    with pytest.raises(ValueError, match="no document 120: documents are numbered 0 to 119"):
        contributions(fitted, corpus, documents=[120])
    with pytest.raises(ValueError, match="mask of 3 values for 120 documents"):
        contributions(fitted, corpus, documents=[True, False, True])
