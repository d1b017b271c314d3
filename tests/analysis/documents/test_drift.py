"""Drift of words: planted where it must be found, and planted prevalence that must not be taken for it.

The usage of words is made here, without a model, so that the truth is known. A test at level 0.05 of 20
corpora without drift rejects more than 4 of them with probability 0.003; seeds are fixed.
"""

import numpy as np
import scipy.sparse as sp

from hftopic.analysis.documents.drift import divergence, drift, smoothed
from hftopic.analysis.documents.exchange import exchanged, log_probabilities

N, V, T = 400, 30, 4
RISING, FALLING = 3, 4  # words of a planted drift


def corpus(rng, drifts=0.0, leak=0.0):
    """Use of the words of a topic, periods, and what is known of the documents: the shares of two topics.

    The topic and its company become rarer with time. With `leak`, a document with more of the company uses
    other words for the topic, as words of one topic are taken for those of the other.
    """
    codes = rng.integers(T, size=N)
    shares = rng.dirichlet([1, 1, 1], size=N) ** (1 + 0.5 * codes[:, None] * [1, -0.5, 0])
    shares /= shares.sum(axis=1, keepdims=True)
    rates = np.tile(np.linspace(2.0, 0.5, V), (N, 1))
    rates[:, : V // 4] *= 1 + leak * shares[:, [1]]
    late = codes / (T - 1)
    rates[:, RISING] *= np.where(late < 0.5, 1 - drifts, 1 + drifts)
    rates[:, FALLING] *= np.where(late < 0.5, 1 + drifts, 1 - drifts)
    used = (rng.random((N, V)) < 0.8 * shares[:, [0]] * rates) * rng.uniform(0.5, 1, size=(N, V))
    of_others = rng.random((N, V)) < np.where(np.arange(V) < V // 2, 0.0, 0.5)
    used[of_others] = 1e-3  # the words of the second half are those of other topics
    return sp.csr_array(used), codes, shares


def drift_of(rng, n_permutations=99, given_topics=True, **planted):
    usage, codes, shares = corpus(rng, **planted)
    log_p = log_probabilities(codes, np.sqrt(shares)) if given_topics else np.zeros((N, T))
    return drift(usage, np.arange(T, dtype=float), codes, exchanged(codes, log_p, n_permutations, rng))


def test_divergence_is_the_information_of_the_period_about_a_word():
    used = np.random.default_rng(0).gamma(1.0, size=(3, T, V))
    joint = used / used.sum(axis=(1, 2), keepdims=True)
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=2, keepdims=True)
    expected = (joint * np.log(joint / independent)).sum(axis=(1, 2))
    np.testing.assert_allclose(divergence(used), expected)
    np.testing.assert_allclose(divergence(np.outer([1.0, 0.0, 3.0], joint[0, 0])), 0, atol=1e-12)


def test_planted_drift_is_found_with_its_words():
    for seed in range(5):
        found = drift_of(np.random.default_rng(seed), drifts=0.8)
        assert found.p_value <= 0.02
        assert found.divergence > found.expected
        places = [found.columns.tolist().index(word) for word in (RISING, FALLING)]
        assert found.p_values[places].max() <= 0.05
        assert found.scores[places[0]] > 0 > found.scores[places[1]]
        (up_from, down_from), (up_to, down_to) = found.ends[:, places]
        assert up_from < up_to
        assert down_from > down_to


def rejected(n_corpora, given_topics):
    """In how many corpora without drift, but with other prevalence, a topic and a word seem to drift."""
    found = [
        drift_of(np.random.default_rng(seed), n_permutations=19, given_topics=given_topics, leak=20.0)
        for seed in range(n_corpora)
    ]
    return sum(one.p_value <= 0.05 for one in found), sum(one.p_values.min() <= 0.05 for one in found)


def test_prevalence_is_no_drift():
    """A topic that becomes rarer, in a company that does too: the test keeps its level, for words as well."""
    assert max(rejected(20, given_topics=True)) <= 4


def test_without_the_topics_prevalence_would_be_drift():
    """What the test above is for: dates that are shuffled among all documents find a drift that is none."""
    assert min(rejected(20, given_topics=False)) > 6


def test_documents_exchange_their_periods_as_likely_as_their_topics_make_it():
    """Two kinds of documents of two periods each: none gets a period of the other kind."""
    kind = np.repeat([0, 1], 50)
    codes = 2 * kind + np.tile([0, 1], 50)
    possible = np.where(kind[:, None] == np.arange(4) // 2, np.log(0.5), -np.inf)
    drawn = exchanged(codes, np.maximum(possible, -1e3), 200, np.random.default_rng(0))
    assert (drawn // 2 == kind).all()
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.sort(codes)[None].repeat(200, axis=0))
    changed = (drawn != codes).mean()  # of 20,000 places, of which a half change: 10 standard errors
    assert abs(changed - 0.5) < 0.04


def test_exchanges_keep_the_trend_of_a_topic():
    """The mean share of each period is the same in the permutations, although the periods are others."""
    rng = np.random.default_rng(0)
    _, codes, shares = corpus(rng)
    drawn = exchanged(codes, log_probabilities(codes, shares), 200, rng)
    given = np.array([shares[codes == t, 0].mean() for t in range(T)])
    permuted = np.array([[shares[row == t, 0].mean() for t in range(T)] for row in drawn])
    assert given[0] - given[-1] > 0.1
    np.testing.assert_allclose(permuted.mean(axis=0), given, atol=0.03)
    assert (drawn != codes).mean() > 0.5


def test_smoothing_moves_words_as_far_as_chance_explains_them():
    used = np.random.default_rng(0).gamma(2.0, size=(T, V))
    mean, raw = used.sum(axis=0) / used.sum(), used / used.sum(axis=1, keepdims=True)
    apart = (used.sum(axis=1, keepdims=True) * (raw - mean) ** 2).sum(axis=0)
    np.testing.assert_allclose(smoothed(used, apart, apart), np.tile(mean, (T, 1)))
    np.testing.assert_allclose(smoothed(used, apart, np.zeros(V)), raw)
    between = smoothed(used, apart, apart / 2)
    np.testing.assert_allclose(between.sum(axis=1), 1)
    assert (np.abs(between - mean).sum() < np.abs(raw - mean).sum()).all()


def test_a_period_without_the_topic_has_its_words_of_all_periods():
    used = np.random.default_rng(0).gamma(2.0, size=(T, V))
    used[1] = 0
    found = smoothed(used, np.ones(V), np.zeros(V))
    np.testing.assert_allclose(found[1], used.sum(axis=0) / used.sum())


def test_all_words_of_a_topic_add_up_to_one():
    found = drift_of(np.random.default_rng(0), drifts=0.8)
    assert 0 < len(found.columns) < V
    np.testing.assert_allclose(found.of_columns(np.arange(V)).sum(axis=1), 1)
    np.testing.assert_allclose(found.of_columns(found.columns), found.probabilities[:, :-1])


def test_words_that_are_rarer_than_elsewhere_are_no_words_of_the_topic():
    rng = np.random.default_rng(0)
    used = np.full((200, 3), 1e-3)
    used[:, 0] = 0.9  # a word of the topic, and one of another topic that has it a little
    used[:, 1] = 0.2
    usage = sp.csr_array(used)
    codes = rng.integers(2, size=200)
    found = drift(usage, np.arange(2.0), codes, exchanged(codes, np.zeros((200, 2)), 9, rng))
    assert found.columns.tolist() == [0]


def test_a_topic_that_few_documents_use_has_no_test():
    rng = np.random.default_rng(0)
    codes = rng.integers(2, size=50)
    drawn = exchanged(codes, np.zeros((50, 2)), 9, rng)
    found = drift(sp.csr_array(rng.random((50, 3)) / 50), np.arange(2.0), codes, drawn)
    assert len(found.columns) == 0
    assert np.isnan([found.divergence, found.expected, found.p_value]).all()
    np.testing.assert_allclose(found.of_columns(np.arange(3)).sum(axis=1), 1)
