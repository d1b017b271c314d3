"""Tests of topic quality: rank-biased overlap by hand, coverage and effective numbers of planted topics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic import NVDM, Concrete, ProdLDA, StandardNormal, make_correlated_topics
from hftopic.analysis.quality import document_coverage, effective_topics, inverted_rbo, topic_quality
from hftopic.analysis.topics import topic_summary

THETA = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.4, 0.4, 0.1, 0.1], [1, 0, 0, 0]])


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture(scope="module")
def fitted(corpus):
    return ProdLDA(groups=(2, 2), max_iter=3, random_state=0).fit(corpus)


@pytest.fixture
def planted(corpus):
    """A model with the proportions THETA in the first four documents."""
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    model.transform = lambda X: THETA[: len(X)].astype(np.float32)
    return model


@pytest.mark.parametrize(
    ("topics", "p", "expected"),
    [
        ([["a", "b", "c"], ["a", "b", "c"]], 0.9, 0.0),
        ([["a", "b", "c"], ["d", "e", "f"]], 0.9, 1.0),
        ([["a", "b"], ["b", "a"]], 0.9, 0.1),  # only the first rank differs; its weight is 1 - p
        # agreement 0, 1/2, 2/3, 1, 1: 0.1 (0.45 + 0.54 + 0.729 + 0.6561) + 0.59049 = 0.828
        ([list("abcde"), list("bcdae")], 0.9, 0.172),
        # agreement 1, then always 1/2: 0.5 + 0.5 * 0.5
        ([["a", "b"], ["a", "c"]], 0.5, 0.25),
        # full agreement at the end of the shorter list, and so beyond it
        ([["a"], ["a", "b"]], 0.9, 0.0),
        # X = 0, 1, 1; beyond the end of the shorter list half of its unseen words agree: (1 + 1/2) / 3
        ([["a", "b"], ["b", "c", "d"]], 0.5, 1 - (0.5 * (0.5 * 0.5 + 0.25 * 0.5) + 0.125 * 0.5)),
        ([["a", "b"]], 0.9, 1.0),
        # pairs of equal lists have 0, pairs of different lists 1 and 1
        ([["a", "b"], ["a", "b"], ["c", "d"]], 0.9, 2 / 3),
    ],
)
def test_inverted_rbo_by_hand(topics, p, expected):
    assert inverted_rbo(topics, p=p) == pytest.approx(expected, abs=1e-12)


ranking = st.permutations(list(range(12)))


@given(a=ranking, b=ranking, na=st.integers(1, 8), nb=st.integers(1, 8), p=st.floats(0.05, 0.95))
def test_inverted_rbo_is_a_share_symmetric_and_blind_to_names(a, b, na, nb, p):
    value = inverted_rbo([a[:na], b[:nb]], p=p)
    assert -1e-12 <= value <= 1 + 1e-12
    assert inverted_rbo([b[:nb], a[:na]], p=p) == pytest.approx(value)
    assert inverted_rbo([[f"w{i}" for i in a[:na]], [f"w{i}" for i in b[:nb]]], p=p) == pytest.approx(value)


def test_inverted_rbo_of_chosen_topics_models_and_tables(fitted):
    topics = [["a", "b"], ["c", "d"], ["a", "b"]]
    assert inverted_rbo(topics, topics=[0, 1]) == 1
    assert inverted_rbo(topics, topics=[True, False, True]) == pytest.approx(0)
    assert inverted_rbo(fitted, 5) == inverted_rbo(fitted.top_words(5))
    assert inverted_rbo(topics, top_n=1) == inverted_rbo([["a"], ["c"], ["a"]])


@pytest.mark.parametrize(
    ("topics", "settings", "message"),
    [
        ([["a"], ["b"]], {"p": 1.0}, "p must be between 0 and 1, such as 0.9; got 1.0"),
        ([["a"], ["b"]], {"topics": []}, "no topic to compare"),
        ([["a", "a"], ["b"]], {}, "topic 0 must list"),
        ([["a"], []], {}, "topic 1 must list"),
    ],
)
def test_mistakes_in_inverted_rbo_are_named(topics, settings, message):
    with pytest.raises(ValueError, match=message):
        inverted_rbo(topics, **settings)


def test_coverage_counts_documents_with_enough_of_a_topic(planted, corpus):
    first = corpus[:4]
    assert document_coverage(planted, first, share=0.05) == 1
    assert document_coverage(planted, first, topics=[1], share=0.4) == 2 / 4
    assert document_coverage(planted, first, topics=[0, 1], share=0.5) == 3 / 4
    assert document_coverage(planted, first, topics=np.zeros(4, dtype=bool)) == 0


def test_effective_topics_by_hand(planted, corpus):
    mean = THETA.mean(axis=0)
    assert effective_topics(planted, corpus[:4]) == pytest.approx(np.exp(-(mean * np.log(mean)).sum()))
    planted.transform = lambda X: np.full((len(X), 4), 0.25, dtype=np.float32)
    assert effective_topics(planted, corpus) == pytest.approx(4)
    assert effective_topics(planted, corpus, of="document") == pytest.approx(4)
    planted.transform = lambda X: np.eye(4, dtype=np.float32)[np.arange(len(X)) % 4]
    assert effective_topics(planted, corpus) == pytest.approx(4)
    assert effective_topics(planted, corpus, of="document") == pytest.approx(1)


@pytest.mark.parametrize("groups", [(2, 2), (2, Concrete(3)), 1, Concrete(3)])
def test_effective_topics_of_documents_is_never_more(corpus, groups):
    model = ProdLDA(groups=groups, prior=StandardNormal(), max_iter=2, random_state=0).fit(corpus)
    assert effective_topics(model, corpus, of="document") >= 1 - 1e-9
    assert (
        effective_topics(model, corpus, of="document") <= effective_topics(model, corpus) + 1e-9 <= 4 + 1e-6
    )


def test_quality_has_a_row_a_topic(planted, corpus):
    quality = topic_quality(planted, corpus[:4], share=0.4)
    assert quality.columns.tolist() == [
        *("topic", "group", "active", "information", "exclusivity"),
        *("coverage", "largest", "effective_documents", "nearest", "similarity", "duplicate"),
    ]
    np.testing.assert_allclose(quality["coverage"], [0.75, 0.5, 0, 0])
    np.testing.assert_allclose(quality["largest"], [0.75, 0.25, 0, 0])  # the tie goes to the first topic
    shares = THETA[:, 0] / THETA[:, 0].sum()
    assert quality.loc[0, "effective_documents"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert quality.loc[2, "effective_documents"] == pytest.approx(3)
    summary = topic_summary(planted, corpus[:4])
    for column in ("topic", "group", "active", "nearest", "similarity", "duplicate"):
        assert quality[column].equals(summary[column])


def test_quality_where_no_topic_is_active_has_no_nan(fitted, corpus):
    quality = topic_quality(fitted, corpus, threshold=100)
    assert not quality["active"].any()
    assert quality.drop(columns="nearest").notna().all(axis=None)
    assert quality["nearest"].isna().all()


def test_topic_that_no_document_holds_has_no_effective_document(planted, corpus):
    planted.transform = lambda X: np.tile(np.float32([0.5, 0.5, 0, 0]), (len(X), 1))
    assert topic_quality(planted, corpus)["effective_documents"].tolist() == pytest.approx([120, 120, 0, 0])


def test_classes_are_largest_among_themselves(corpus):
    model = ProdLDA(groups=(2, Concrete(3)), max_iter=2, random_state=0).fit(corpus)
    largest = topic_quality(model, corpus, threshold=0.0)["largest"]
    assert largest[:2].sum() == pytest.approx(1)
    assert largest[2:].sum() == pytest.approx(1)


def test_documents_without_words_do_not_count(fitted, corpus):
    counts = corpus.counts.toarray()
    padded = np.vstack([np.zeros((30, corpus.n_words)), counts])
    with pytest.warns(UserWarning, match="30 of 150 documents have no words"):  # from topic_information
        with_empty = topic_quality(fitted, padded)
    without = topic_quality(fitted, counts)
    for column in ("coverage", "largest", "effective_documents"):
        np.testing.assert_allclose(with_empty[column], without[column])
    assert effective_topics(fitted, padded) == pytest.approx(effective_topics(fitted, counts))
    with pytest.raises(ValueError, match="all 30 documents are empty"):
        document_coverage(fitted, padded[:30])


def test_one_document_and_one_topic(corpus):
    model = ProdLDA(groups=1, prior=StandardNormal(), max_iter=2, random_state=0).fit(corpus)
    assert topic_quality(model, corpus[:1])["largest"].tolist() == [0]  # which tells nothing of a topic
    assert effective_topics(model, corpus[:1]) == pytest.approx(1)
    assert inverted_rbo(model) == 1


def test_signed_topics_take_no_share(corpus):
    model = NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    quality = topic_quality(model, corpus)
    assert "coverage" not in quality
    assert ((quality["exclusivity"] > 0) & (quality["exclusivity"] <= 1)).all()
    for measure in (document_coverage, effective_topics):
        with pytest.raises(ValueError, match=r"signed and have no proportions.*topic_information"):
            measure(model, corpus)


def test_mistakes_are_named(fitted, corpus):
    with pytest.raises(ValueError, match="share must be a proportion"):
        topic_quality(fitted, corpus, share=0)
    with pytest.raises(ValueError, match="got 2"):
        document_coverage(fitted, corpus, share=2)
    with pytest.raises(ValueError, match="of='topic' is unknown"):
        effective_topics(fitted, corpus, of="topic")
    with pytest.raises(TypeError, match="got a Corpus"):
        effective_topics(corpus, fitted)
