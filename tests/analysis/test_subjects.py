"""Tests of the subjects of a topic: planted mixtures, and the best split by trying all."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, NVLDA, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis import topic_subjects
from hftopic.analysis.cooccurrence import occurrences

WORDS = [f"w{number}" for number in range(40)]
QUARTERS = [WORDS[start : start + 10] for start in range(0, 40, 10)]
VALUES = ["separation", "within_a", "within_b", "across"]


@pytest.fixture(scope="module")
def corpus():
    """400 documents, each mostly from one quarter of the vocabulary."""
    generator = np.random.default_rng(5)
    rates = np.full((400, 40), 0.05)
    rates.reshape(400, 4, 10)[np.arange(400), generator.integers(4, size=400)] = 0.8
    return Corpus(generator.poisson(rates), WORDS)


@pytest.mark.parametrize("n_first", [3, 4, 5, 7])
def test_halves_of_two_topics_are_two_subjects(corpus, n_first):
    mixed = [*QUARTERS[0][:n_first], *QUARTERS[1][n_first:]]
    shuffled = [mixed[0], *np.random.default_rng(0).permutation(mixed[1:]).tolist()]
    (row,) = topic_subjects([shuffled], corpus).itertuples()
    assert row.two_subjects
    assert set(row.words_a.split(", ")) == set(mixed[:n_first])
    assert set(row.words_b.split(", ")) == set(mixed[n_first:])


def test_a_pure_topic_is_one_subject(corpus):
    pure = topic_subjects(QUARTERS, corpus)
    assert not pure["two_subjects"].any()
    assert (pure["across"] > 0).all()
    halves = [left[:5] + right[5:] for left, right in combinations(QUARTERS, 2)]
    assert topic_subjects(halves, corpus)["separation"].min() > pure["separation"].max()


def test_unrelated_words_are_no_subject():
    counts = np.random.default_rng(2).poisson(0.7, size=(2000, 40))
    assert not topic_subjects(QUARTERS, counts, vocabulary=WORDS)["two_subjects"].any()


def best_by_trying_all(words, npmi, min_words):
    def mean(pairs):
        return np.mean([npmi[i, j] for i, j in pairs])

    n = len(words)
    splits = []
    for size in range(min_words, n - min_words + 1):
        for chosen in combinations(range(1, n), size - 1):
            a = (0, *chosen)
            b = tuple(place for place in range(n) if place not in a)
            within_a, within_b = list(combinations(a, 2)), list(combinations(b, 2))
            across = mean([(i, j) for i in a for j in b])
            row = mean(within_a + within_b) - across, mean(within_a), mean(within_b), across
            splits.append((row, a, b))
    return max(splits, key=lambda split: split[0][0])


@pytest.mark.parametrize(("n", "min_words"), [(4, 2), (6, 3), (7, 2), (10, 3), (9, 4)])
def test_the_split_is_the_best_of_all(corpus, n, min_words):
    generator = np.random.default_rng(n)
    topics = [generator.choice(WORDS, n, replace=False).tolist() for _ in range(3)]
    table = topic_subjects(topics, corpus, min_words=min_words, coherent=0.05)
    found = occurrences(corpus, WORDS, None)
    for words, row in zip(topics, table.itertuples(), strict=True):
        columns = found.of(words)
        values, a, b = best_by_trying_all(words, found.npmi(columns, columns), min_words)
        np.testing.assert_allclose([getattr(row, name) for name in VALUES], values, atol=1e-12)
        assert row.words_a == ", ".join(words[place] for place in a)
        assert row.words_b == ", ".join(words[place] for place in b)
        assert row.two_subjects == (values[3] <= 0 and min(values[1:3]) >= 0.05)


def test_topics_with_too_few_words_have_no_split(corpus):
    table = topic_subjects([QUARTERS[0][:5], QUARTERS[0]], corpus)
    assert table[[*VALUES, "words_a", "words_b"]].isna().all(axis=1).tolist() == [True, False]
    assert table["two_subjects"].tolist() == [False, False]
    assert topic_subjects([QUARTERS[0][:5]], corpus)["two_subjects"].tolist() == [False]


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_of_a_fitted_model(estimator):
    corpus = make_correlated_topics(120, groups=(2, 2), n_words=40, random_state=0).corpus
    model = estimator(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    words = model.top_words(8).filter(like="word_").to_numpy().tolist()
    found = topic_subjects(model, model.encode(corpus), top_n=8)
    assert found["group"].tolist() == [0, 0, 1, 1]
    pd.testing.assert_frame_equal(found.drop(columns="group"), topic_subjects(words, corpus))
    some = topic_subjects(model, corpus, top_n=8, topics=[2])
    assert some["separation"].item() == found["separation"].iloc[2]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"top_n": 17}, "top_n must be from 2 to 16"),
        ({"top_n": 1}, "top_n must be from 2 to 16"),
        ({"min_words": 1}, "min_words must be at least 2"),
        ({"topics": []}, "no topic to score"),
    ],
)
def test_mistakes_are_named(corpus, settings, message):
    with pytest.raises(ValueError, match=message):
        topic_subjects(QUARTERS, corpus, **settings)
