"""Tests of matching: a model matches itself in any order of topics, and other models by common topics."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from hftopic import NVDM, NVLDA, Concrete, ProdLDA, make_correlated_topics
from hftopic.analysis.selection.stability import match_topics, topic_stability
from hftopic.latent.space import LatentSpace

N_WORDS = 40


class Planted:
    """Interface of a fitted model with known topics."""

    signed_topics_ = False

    def __init__(self, topics, groups=None, words=None):
        self.topic_word_ = self.components_ = np.asarray(topics, dtype=np.float32)
        self.latent_space_ = LatentSpace(len(topics) if groups is None else groups)
        self.topic_groups_ = self.latent_space_.topic_groups
        self.topic_ids_ = np.arange(len(self.topic_groups_))
        self.n_features_in_ = self.topic_word_.shape[1]
        if words is not None:
            self.vocabulary_ = np.array(words, dtype=object)

    def _ranked(self, weights, n, vocabulary):
        words = np.arange(self.n_features_in_).astype(str) if vocabulary is None else np.asarray(vocabulary)
        ranked = words[np.argsort(-weights, axis=1, kind="stable")[:, :n]]
        return pd.DataFrame(ranked, columns=[f"word_{i + 1}" for i in range(n)]).rename_axis("topic")

    def top_words(self, n=10, vocabulary=None, pole="+"):  # noqa: ARG002
        return self._ranked(self.topic_word_, n, vocabulary)


class PlantedPoles(Planted):
    signed_topics_ = True

    def top_words(self, n=10, vocabulary=None, pole="+"):
        return self._ranked(self.components_ * (1 if pole == "+" else -1), n, vocabulary)


def blocks(numbers, *, width=4, heights=(4, 3, 2, 1)):
    """Topics without common words: topic k has the words 4k to 4k+3."""
    topics = np.zeros((len(numbers), N_WORDS))
    for row, number in enumerate(numbers):
        topics[row, width * number : width * (number + 1)] = heights
    return topics / topics.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def models():
    corpus = make_correlated_topics(200, groups=(3, 2), n_words=60, random_state=0).corpus
    return {
        kind: kind(groups=(3, 2), max_iter=5, random_state=0).fit(corpus) for kind in (ProdLDA, NVDM, NVLDA)
    }


@pytest.mark.parametrize("kind", [ProdLDA, NVDM, NVLDA])
@pytest.mark.parametrize("similarity", ["cosine", "words"])
def test_a_model_is_like_itself(models, kind, similarity):
    pairs = match_topics(models[kind], models[kind], similarity=similarity)
    assert pairs["topic_a"].tolist() == pairs["topic_b"].tolist() == list(range(5))
    np.testing.assert_allclose(pairs["similarity"], 1.0, atol=1e-6)
    assert (pairs["similarity"] <= 1).all()
    assert (pairs["sign"] == 1).all()
    stability = topic_stability([models[kind]] * 3, similarity=similarity)
    np.testing.assert_allclose(stability["stability"], 1.0, atol=1e-6)
    assert list(zip(stability["model_a"], stability["model_b"], strict=True)) == [(0, 1), (0, 2), (1, 2)]


@given(st.permutations(range(6)))
def test_order_of_topics_does_not_matter(order):
    one, other = Planted(blocks(range(6))), Planted(blocks(order))
    pairs = match_topics(one, other)
    assert [order[b] for b in pairs["topic_b"]] == list(range(6))
    assert topic_stability([one, other])["stability"].item() == pytest.approx(1.0)


@pytest.mark.parametrize("similarity", ["cosine", "words"])
@pytest.mark.parametrize("shared", range(6))
def test_planted_share_is_found(shared, similarity):
    one = Planted(blocks(range(5)))
    other = Planted(blocks([*range(shared), *range(5, 10 - shared)]))
    found = topic_stability([one, other], similarity=similarity, top_n=4)
    assert found["matched"].item() == shared
    assert found["stability"].item() == pytest.approx(shared / 5)
    assert np.isnan(found["similarity"].item()) == (shared == 0)


def test_a_topic_more_is_a_topic_without_partner():
    found = topic_stability([Planted(blocks(range(3))), Planted(blocks(range(4)))])
    assert found.loc[0, ["topics_a", "topics_b", "matched"]].tolist() == [3, 4, 3]
    assert found["stability"].item() == pytest.approx(3 / 4)
    flipped = topic_stability([Planted(blocks(range(4))), Planted(blocks(range(3)))])
    assert flipped["stability"].item() == pytest.approx(3 / 4)


def test_matching_is_the_best_as_a_whole():
    # A greedy matching would pair the first topics of both models and leave 0.1 for the second topics.
    cosines = np.array([[0.9, 0.8], [0.85, 0.1]])
    rest = np.sqrt(1 - (cosines**2).sum(axis=0).clip(max=1))
    other = Planted(np.vstack([cosines, rest]).T)
    one = Planted(np.eye(3)[:2])
    pairs = match_topics(one, other, threshold=0.0)
    assert pairs[["topic_a", "topic_b"]].to_numpy().tolist() == [[0, 1], [1, 0]]


def test_what_is_below_the_threshold_does_not_spoil_a_match():
    # The matching with the largest total, 0.45 + 0.45, would lose the only pair that reaches 0.5.
    one = Planted([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    other = Planted([[0.6, 0.45, 0.66, 0], [0.45, 0, 0, 0.89]])
    pairs = match_topics(one, other)
    assert pairs[["topic_a", "topic_b"]].to_numpy().tolist() == [[0, 0]]


def test_signed_topics_match_whichever_way_they_point():
    topics = np.random.default_rng(0).standard_normal((4, N_WORDS))
    signs = np.array([1, -1, -1, 1])
    pairs = match_topics(PlantedPoles(topics), PlantedPoles(signs[:, None] * topics))
    assert pairs["topic_b"].tolist() == [0, 1, 2, 3]
    assert pairs["sign"].tolist() == signs.tolist()
    np.testing.assert_allclose(pairs["similarity"], 1.0)
    words = match_topics(PlantedPoles(topics), PlantedPoles(signs[:, None] * topics), similarity="words")
    assert words["sign"].tolist() == signs.tolist()
    assert words["similarity"].tolist() == [1.0] * 4


def test_a_topic_is_not_a_class():
    one = Planted(blocks([0, 1, 2, 3]), groups=(2, Concrete(2)))
    other = Planted(blocks([2, 3, 0, 1]), groups=(2, Concrete(2)))
    assert match_topics(one, other).empty
    assert match_topics(one, one)["topic_b"].tolist() == [0, 1, 2, 3]


def test_a_class_of_a_signed_model_has_no_opposite():
    topics = np.random.default_rng(0).standard_normal((3, N_WORDS))
    groups = (1, Concrete(2))
    opposite = PlantedPoles(-topics, groups=groups)
    for similarity in ("cosine", "words"):
        pairs = match_topics(PlantedPoles(topics, groups=groups), opposite, similarity=similarity)
        assert pairs["topic_a"].tolist() == [0]
        assert pairs["sign"].tolist() == [-1]


def test_only_topics_that_were_chosen_take_part():
    model = Planted(blocks(range(4)))
    by_number = match_topics(model, model, topics_a=[3, 1], topics_b=[0, 1, 3])
    by_mask = match_topics(
        model, model, topics_a=np.array([0, 1, 0, 1], bool), topics_b=np.array([1, 1, 0, 1], bool)
    )
    assert by_number[["topic_a", "topic_b"]].to_numpy().tolist() == [[1, 1], [3, 3]]
    pd.testing.assert_frame_equal(by_number, by_mask)
    found = topic_stability([model, model], topics=[[0, 1], [1, 2, 3]])
    assert found["stability"].item() == pytest.approx(1 / 3)


def test_no_topic_has_no_partner():
    model = Planted(blocks(range(3)))
    none = np.zeros(3, dtype=bool)
    empty = match_topics(model, model, topics_a=none)
    assert empty.empty
    assert empty.columns.tolist() == ["topic_a", "topic_b", "similarity", "sign"]
    assert topic_stability([model, model], topics=[none, None])["stability"].item() == 0
    assert np.isnan(topic_stability([model, model], topics=[none, none])["stability"].item())


def test_one_topic_matches_one():
    assert topic_stability([Planted(blocks([2]))] * 2)["stability"].item() == pytest.approx(1)


def test_a_topic_without_weight_is_like_nothing():
    silent = PlantedPoles(np.zeros((1, N_WORDS)))
    assert match_topics(silent, silent, threshold=0.0).empty


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda m: match_topics(m, m, threshold=1.5), ValueError, "threshold must be a similarity"),
        (lambda m: match_topics(m, m, similarity="jaccard"), ValueError, "did you mean 'cosine' or 'words'"),
        (lambda m: match_topics(m, m, topics_a=[9]), ValueError, "no topic 9"),
        (lambda m: match_topics(m, Planted(np.ones((2, 3)))), ValueError, "have 40 and 3 words"),
        (lambda m: match_topics(m, PlantedPoles(blocks([0]))), TypeError, "signed topics"),
        (lambda m: match_topics(m, ProdLDA()), NotFittedError, "call fit first"),
        (lambda m: topic_stability([m]), ValueError, "at least two models, got 1"),
        (lambda m: topic_stability([m, m], topics=[[0]]), ValueError, "1 selections of topics for 2 models"),
        (lambda m: topic_stability([m, "model"]), TypeError, "got a str"),
    ],
)
def test_what_cannot_be_matched_is_told(call, error, told):
    with pytest.raises(error, match=told):
        call(Planted(blocks(range(3))))


def test_models_over_other_words_are_refused():
    words = [f"w{i}" for i in range(N_WORDS)]
    other = [*words[:5], "else", *words[6:]]
    with pytest.raises(ValueError, match="column 5 is 'w5' in one and 'else' in the other"):
        match_topics(Planted(blocks([0]), words=words), Planted(blocks([0]), words=other))
