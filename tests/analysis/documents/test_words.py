"""Words over time, of a fitted model: the use of words, tables, probabilities and errors."""

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, NVLDA, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis import WordsOverTime, words_over_time

YEARS = np.arange(300) % 4 + 2000
OLD = ["t1_w001", "t1_w002", "t2_w001"]
NEW = ["new1", "new2", "new3"]
PART_OF_NEW = np.array([0.1, 0.1, 0.9, 0.9])  # of the tokens of OLD, by year, that are NEW


@pytest.fixture(scope="module")
def corpus():
    """Words stand for others more and more; documents have both, so that no topic is made of one."""
    made = make_correlated_topics(300, groups=(2, 2), n_words=80, random_state=0).corpus
    counts, words = made.counts.toarray().astype(int), made.vocabulary.tolist()
    old = [words.index(word) for word in OLD]
    moved = np.random.default_rng(0).binomial(counts[:, old], PART_OF_NEW[YEARS - 2000, None])
    counts[:, old] -= moved
    counts = np.column_stack([counts, moved])
    kept = counts.any(axis=0)
    return Corpus(counts[:, kept], np.array([*words, *NEW])[kept], dates=YEARS.astype(str))


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def found(model, corpus):
    return words_over_time(model, corpus, freq="Y", topics="all", n_permutations=99)


@pytest.mark.parametrize("kind", [ProdLDA, NVDM, NVLDA])
def test_the_use_of_words_gives_the_words_of_the_topics(kind, corpus, model):
    """Summed over the documents, it is ``topic_word_``, but for one more round of learning it."""
    model = model if kind is ProdLDA else NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    usage = model.word_usage(model.encode(corpus))
    poles = ("+", "-") if model.signed_topics_ else ("+",)
    every = sum(usage(topic, pole).toarray() for topic in range(4) for pole in poles)
    assert every.max() <= 1 + 1e-5
    assert not every[corpus.counts.toarray() == 0].any()
    for pole in poles:
        words = np.array([usage(topic, pole).sum(axis=0) for topic in range(4)])
        known = model.word_scores(by="probability", pole=pole)
        np.testing.assert_allclose(words / words.sum(axis=1, keepdims=True), known, atol=0.02)


def test_words_that_stand_for_others_are_found(found):
    """They are the steepest words of the topic that drifts most, up and down."""
    most = found.topics.loc[found.topics["p_value"].idxmin()]
    assert most["p_adjusted"] <= 0.05
    assert most["rising"][0] in NEW
    assert most["falling"][0] in OLD
    first = found.words[found.words["topic"] == most["topic"]].iloc[0]
    assert (first["word"], first["direction"]) == (most["rising"][0], "rising")
    assert first["start"] < first["end"]
    curve = found.probabilities(most["topic"], [first["word"]]).to_numpy()[:, 0]
    assert curve[:2].max() < curve[2:].min()


def test_tables_have_a_row_per_topic_and_word(found):
    assert found.topics["topic"].tolist() == [0, 1, 2, 3]
    assert found.documents.index.astype(str).tolist() == ["2000", "2001", "2002", "2003"]
    assert found.documents.tolist() == [75] * 4
    assert not (found.topics["p_adjusted"] < found.topics["p_value"]).any()
    for topic in range(4):
        of_topic = found.words[found.words["topic"] == topic]
        assert of_topic["score"].is_monotonic_decreasing
        assert ((of_topic["direction"] != "") == (of_topic["p_value"] <= 0.05)).all()
        every = found.probabilities(topic, found._vocabulary.tolist())
        np.testing.assert_allclose(every.sum(axis=1), 1)
    assert "of 4 topics drift" in repr(found)


def test_the_same_seed_gives_the_same_result(model, corpus, found):
    again = words_over_time(model, corpus, freq="Y", topics="all", n_permutations=99)
    pd.testing.assert_frame_equal(again.topics, found.topics)
    pd.testing.assert_frame_equal(again.words, found.words)


def test_signed_topics_drift_at_their_poles(corpus):
    model = NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    found = words_over_time(model, corpus, topics=[1, 3], n_permutations=9)
    assert found.topics[["topic", "pole"]].to_numpy().tolist() == [[1, "+"], [1, "-"], [3, "+"], [3, "-"]]
    assert isinstance(found, WordsOverTime)
    assert len(found.probabilities(3, pole="-")) == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_permutations": 0}, "n_permutations must be a positive int"),
        ({"n_words": 0}, "n_words must be a positive int"),
        ({"freq": "100Y"}, "all documents are of one period, 2000"),
        ({"topics": [7]}, "7"),
        ({"dates": "year"}, "no column 'year' of metadata; X has the columns 'date'"),
    ],
)
def test_mistakes_are_named(model, corpus, given, message):
    with pytest.raises(ValueError, match=message):
        words_over_time(model, corpus, **given)


def test_unknown_words_and_topics_are_named(found):
    with pytest.raises(ValueError, match="words that the model does not have: 'never'"):
        found.probabilities(0, ["never"])
    with pytest.raises(ValueError, match="no topic 9"):
        found.probabilities(9)
