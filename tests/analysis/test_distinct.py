"""Tests of distinct topics: the count of an independent scorer, and laws of the table."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, NVLDA, Corpus, ProdLDA, make_correlated_topics, read_corpus
from hftopic.analysis import distinct_topics

SCORER = Path(__file__).parents[3] / "shared" / "score.py"
WORDS = np.array([f"w{number}" for number in range(60)])


@pytest.fixture(scope="module")
def corpus():
    """400 documents, each mostly from one sixth of the vocabulary."""
    generator = np.random.default_rng(5)
    rates = np.full((400, 60), 0.05)
    rates.reshape(400, 6, 10)[np.arange(400), generator.integers(6, size=400)] = 0.8
    return Corpus(generator.poisson(rates), WORDS)


@pytest.fixture(scope="module")
def topics():
    """Thirty topics: words of one sixth, some of them replaced by words of the whole vocabulary."""
    generator = np.random.default_rng(6)
    drawn = []
    for topic in range(30):
        words = generator.permutation(10 * (topic % 6) + np.arange(10))[: 10 - topic // 6 * 2]
        others = np.setdiff1d(generator.permutation(60), words, assume_unique=True)
        drawn.append(WORDS[[*words, *others[: 10 - len(words)]]].tolist())
    return drawn


def mean_npmi(topic, corpus):
    there = corpus.counts.toarray() > 0
    columns = [there[:, WORDS.tolist().index(word)] for word in topic]
    values = []
    for place, first in enumerate(columns):
        for second in columns[:place]:
            both = (first & second).mean()
            pair = -1.0 if both == 0 else math.log(both / (first.mean() * second.mean())) / -math.log(both)
            values.append(pair)
    return np.mean(values)


def n_distinct(topics, npmi, at, overlap):
    """Count from the most coherent topic down, by a second code."""
    counted = []
    for value, words in sorted(zip(npmi, map(set, topics), strict=True), key=lambda pair: -pair[0]):
        if value >= at and all(len(words & other) < overlap for other in counted):
            counted.append(words)
    return len(counted)


@pytest.mark.parametrize("at", [-1.0, 0.0, 0.1, 0.3])
@pytest.mark.parametrize("overlap", [1, 3, 5, 10])
def test_the_count_is_that_of_the_definition(topics, corpus, at, overlap):
    table = distinct_topics(topics, corpus, coherent=at, duplicate_threshold=overlap / 10)
    npmi = [mean_npmi(topic, corpus) for topic in topics]
    np.testing.assert_allclose(table["npmi"], npmi, atol=1e-12)
    assert table["distinct"].sum() == n_distinct(topics, npmi, at, overlap)


@pytest.fixture(scope="module")
def scorer():
    """An independent scorer, where it is kept beside the checkout."""
    if not SCORER.is_file():
        pytest.skip("needs the scorer that is kept beside the checkout and not distributed")
    specification = importlib.util.spec_from_file_location("independent_scorer", SCORER)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_count_is_that_of_the_independent_scorer(topics, corpus, scorer):
    columns = np.array([[int(word[1:]) for word in topic] for topic in topics])
    npmi = scorer.npmi(columns, corpus.counts)
    assert distinct_topics(topics, corpus)["distinct"].sum() == scorer.distinct_good(columns, npmi)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("name", ["bbc", "20ng_avitm1995"])
def test_the_count_on_real_documents_is_that_of_the_independent_scorer(scorer, shared_corpus, name):
    folder = shared_corpus(name)
    counts, _, words, *_ = scorer.load(str(folder))
    chosen = np.random.default_rng(0).choice(len(words), 40, replace=False)
    top = scorer.top_words((counts[:, chosen].T @ counts).toarray())  # words that go with a word
    lists = np.array(words, dtype=object)[top].tolist()
    table = distinct_topics(lists, read_corpus(folder, split="train"))
    npmi = scorer.npmi(top, counts)
    np.testing.assert_allclose(table["npmi"], npmi, atol=1e-6)
    assert 0 < table["distinct"].sum() == scorer.distinct_good(top, npmi)


def test_a_copy_repeats_and_changes_nothing_else(topics, corpus):
    before = distinct_topics(topics, corpus)
    copied = distinct_topics([*topics, *topics], corpus)
    pd.testing.assert_frame_equal(copied[:30], before)
    assert not copied["distinct"][30:].any()
    coherent = (before["npmi"] >= 0.1).to_numpy()
    assert copied["repeats"][30:].notna().tolist() == coherent.tolist()


def test_the_order_of_topics_does_not_matter(topics, corpus):
    order = np.random.default_rng(1).permutation(30)
    before = distinct_topics(topics, corpus)
    shuffled = distinct_topics([topics[place] for place in order], corpus)
    assert shuffled["npmi"].is_unique
    np.testing.assert_array_equal(shuffled["distinct"], before["distinct"][order])


def test_a_topic_repeats_a_distinct_one_that_is_more_coherent(topics, corpus):
    table = distinct_topics(topics, corpus, coherent=0.05)
    repeating = table[table["repeats"].notna()]
    assert len(repeating)
    for row in repeating.itertuples():
        better = table.iloc[int(row.repeats)]
        assert better["distinct"]
        assert better["npmi"] >= row.npmi >= 0.05
        assert len(set(row.words.split(", ")) & set(better["words"].split(", "))) >= 5
    settled = table["distinct"] ^ table["repeats"].notna()
    np.testing.assert_array_equal(settled, table["npmi"] >= 0.05)


def test_words_of_the_reference_that_never_occur_do_not_cohere(topics, corpus):
    (value,) = distinct_topics([[topics[0][0], "absent"]], corpus)["npmi"]
    assert value == -1


def test_selected_topics_are_scored_as_if_they_were_alone(topics, corpus):
    chosen = [7, 1, 3, 25]
    table = distinct_topics(topics, corpus, topics=chosen)
    alone = distinct_topics([topics[topic] for topic in chosen], corpus)
    assert table["topic"].tolist() == chosen
    assert table["distinct"].tolist() == alone["distinct"].tolist()
    numbers = [None if pd.isna(place) else chosen[place] for place in alone["repeats"]]
    assert [None if pd.isna(topic) else topic for topic in table["repeats"]] == numbers


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_of_a_fitted_model(estimator):
    corpus = make_correlated_topics(120, groups=(2, 2), n_words=40, random_state=0).corpus
    model = estimator(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    words = model.top_words(6).filter(like="word_").to_numpy().tolist()
    found = distinct_topics(model, model.encode(corpus), top_n=6)
    assert found["group"].tolist() == [0, 0, 1, 1]
    pd.testing.assert_frame_equal(found.drop(columns="group"), distinct_topics(words, corpus))
    bare = distinct_topics(model, corpus.counts, top_n=6)
    pd.testing.assert_frame_equal(bare, found)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"duplicate_threshold": 0}, r"fraction of words in \(0, 1\]"),
        ({"topics": []}, "no topic to score"),
        ({"topics": [30]}, "no topic 30"),
        ({"top_n": 1}, "topic 0 has 1 words"),
        ({"model_or_topics": [["w1", "w2", "w1"]]}, "topic 0 lists a word twice"),
        ({"model_or_topics": [["god", "faith"]]}, "no topic word occurs"),
        ({"corpus": np.eye(60)}, "60 columns but no vocabulary"),
    ],
)
def test_mistakes_are_named(topics, corpus, settings, message):
    with pytest.raises(ValueError, match=message):
        distinct_topics(**({"model_or_topics": topics, "corpus": corpus} | settings))
