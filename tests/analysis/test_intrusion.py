"""Tests of word intrusion: laws of chance, planted topics, and trials by a second code."""

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, NVLDA, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis import word_intrusion
from hftopic.analysis.cooccurrence import occurrences
from hftopic.analysis.intrusion import _matched, n_excluded

WORDS = [f"w{number}" for number in range(60)]
SIXTHS = [WORDS[start : start + 10] for start in range(0, 60, 10)]


@pytest.fixture(scope="module")
def corpus():
    """600 documents, each mostly from one sixth of the vocabulary; words differ in frequency."""
    generator = np.random.default_rng(5)
    rates = np.full((600, 60), 0.02)
    rates.reshape(600, 6, 10)[np.arange(600), generator.integers(6, size=600)] = np.geomspace(0.4, 2, 10)
    return Corpus(generator.poisson(rates), WORDS)


def test_intruders_in_pure_topics_are_told_and_topics_of_one_word_each_are_not(corpus):
    pure = word_intrusion(SIXTHS, corpus, excluded=10)
    assert (pure["detected"] == 1).all()
    assert pure["odd_word"].isna().all()
    mixed = word_intrusion([list(words) for words in zip(*SIXTHS, strict=True)], corpus, excluded=10)
    assert mixed["detected"].mean() < 0.5


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_chance_is_one_word_in_n_plus_one(corpus, n):
    """Topic k is the set S without word k, its only intruder: the same word of S is odd in all trials."""
    words = np.random.default_rng(n).choice(WORDS, n + 1, replace=False).tolist()
    topics = [words[:place] + words[place + 1 :] for place in range(n + 1)]
    table = word_intrusion(topics, corpus, top_n=n)
    assert (table["trials"] == 1).all()
    assert table["detected"].mean() == pytest.approx(1 / (n + 1), abs=1e-12)


def test_words_that_never_meet_are_all_equally_odd():
    words = WORDS[:12]
    table = word_intrusion([words[:5], words[6:]], np.eye(12), vocabulary=words)
    assert table["detected"].tolist() == pytest.approx([1 / 6] * 2)
    assert table["odd_word"].tolist() == [words[0], words[6]]


def by_trials(topics, corpus, top_n, excluded, matches):
    """Share of intruders told and their number, trial by trial."""
    found = occurrences(corpus, WORDS, None)
    npmi, frequency = found.npmi(np.arange(60), np.arange(60)), found.frequency
    shown = [[WORDS.index(word) for word in topic[:top_n]] for topic in topics]
    rows = []
    for topic, words in zip(topics, shown, strict=True):
        barred = {WORDS.index(word) for word in topic[:excluded]}
        others = dict.fromkeys(word for listed in shown for word in listed)
        rivals = [word for word in others if word not in barred and frequency[word]]
        intruders = set()
        for own in words:
            gap = [abs(np.log(max(frequency[own], 1)) - np.log(frequency[word])) for word in rivals]
            intruders |= {rivals[place] for place in np.argsort(gap, kind="stable")[:matches]}
        told = []
        for intruder in intruders:
            all_words = [*words, intruder]
            fit = [np.mean([npmi[i, j] for j in all_words if j != i]) for i in all_words]
            odd = np.isclose(fit, min(fit), rtol=0, atol=1e-9)
            told.append(odd[-1] / odd.sum())
        rows.append((np.mean(told), len(told)))
    return np.array(rows)


@pytest.mark.parametrize("settings", [(5, 10, 10), (5, 50, 3), (3, 20, 1), (8, 8, 100)])
def test_trials_are_those_of_the_definition(corpus, settings):
    top_n, excluded, matches = settings
    generator = np.random.default_rng(9)
    topics = [generator.permutation(sixth * 4 + WORDS)[:60].tolist() for sixth in SIXTHS]
    topics = [list(dict.fromkeys(topic))[:12] for topic in topics]
    table = word_intrusion(topics, corpus, top_n=top_n, excluded=excluded, matches=matches)
    expected = by_trials(topics, corpus, top_n, excluded, matches)
    np.testing.assert_allclose(table[["detected", "trials"]].to_numpy(dtype=float), expected, atol=1e-12)
    assert 0 < expected[:, 0].mean() < 1


def test_the_word_that_does_not_belong_is_the_odd_word(corpus):
    topics = [[*SIXTHS[0][6:10], SIXTHS[1][9]], *SIXTHS[2:]]
    table = word_intrusion(topics, corpus, excluded=10)
    assert table["odd_word"].iloc[0] == SIXTHS[1][9]
    assert table["detected"].iloc[0] < 1 == table["detected"].iloc[1:].min()


def test_intruders_are_as_frequent_as_the_words():
    counts = np.arange(300)[:, None] < [2, 50, 1, 3, 40, 300]  # word i is in so many documents
    found = occurrences(counts, WORDS[:6], WORDS[:6])
    own, rivals = np.array([0, 1]), np.array([2, 3, 4, 5])
    assert _matched(found, own, rivals, 1).tolist() == [3, 4]
    assert _matched(found, own[:1], rivals, 2).tolist() == [2, 3]
    assert _matched(found, own, rivals, 10).tolist() == rivals.tolist()


def test_first_words_of_a_topic_do_not_intrude(corpus):
    topics = [[*SIXTHS[0], *SIXTHS[1][:5]], SIXTHS[1]]
    assert word_intrusion(topics, corpus, excluded=10)["trials"].tolist() == [5, 5]
    table = word_intrusion(topics, corpus)
    assert table["trials"].tolist() == [0, 5]
    assert np.isnan(table["detected"].iloc[0])


def test_words_absent_from_the_reference_do_not_intrude(corpus):
    topics = [SIXTHS[0], [*SIXTHS[1][:2], "absent", "unknown"]]
    assert word_intrusion(topics, corpus)["trials"].tolist() == [2, 5]


def test_selected_topics_are_scored_as_if_they_were_alone(corpus):
    table = word_intrusion(SIXTHS, corpus, topics=[4, 0, 2])
    alone = word_intrusion([SIXTHS[4], SIXTHS[0], SIXTHS[2]], corpus)
    assert table["topic"].tolist() == [4, 0, 2]
    pd.testing.assert_frame_equal(table.drop(columns="topic"), alone.drop(columns="topic"))
    (single,) = word_intrusion(SIXTHS, corpus, topics=[3]).itertuples()
    assert (np.isnan(single.detected), single.trials) == (True, 0)


def test_few_words_of_a_small_vocabulary_are_excluded():
    assert [n_excluded(n_words) for n_words in (4, 8, 300, 5000)] == [4, 5, 30, 50]


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_of_a_fitted_model(estimator):
    corpus = make_correlated_topics(120, groups=(2, 2), n_words=40, random_state=0).corpus
    model = estimator(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    words = model.top_words(5).filter(like="word_").to_numpy().tolist()
    found = word_intrusion(model, model.encode(corpus))
    assert found["group"].tolist() == [0, 0, 1, 1]
    pd.testing.assert_frame_equal(found.drop(columns="group"), word_intrusion(words, corpus))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"top_n": 1}, "top_n must be at least 2"),
        ({"excluded": 4}, "excluded=4 must be at least top_n=5"),
        ({"matches": 0}, "matches must be at least 1"),
        ({"topics": []}, "no topic to score"),
    ],
)
def test_mistakes_are_named(corpus, settings, message):
    with pytest.raises(ValueError, match=message):
        word_intrusion(SIXTHS, corpus, **settings)
