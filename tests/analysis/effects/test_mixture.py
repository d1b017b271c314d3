"""Tests of the draws of topics given words: the tokens, what is read of documents, and planted answers."""

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic.analysis.effects.draws import CHAINS, CHAINS_OF_MANY, DrawsOfWords
from hftopic.analysis.effects.mixture import Mixture, _growth, _growth_of_shares


def mixture(counts, words, seed=0):
    return Mixture(sp.csr_array(counts), np.asarray(words), np.random.default_rng(seed))


def planted(n_documents, n_tokens, seed=0):
    """Counts, the words of three topics, and the shares."""
    generator = np.random.default_rng(seed)
    words = generator.dirichlet(np.full(60, 0.1), 3)
    shares = generator.dirichlet([1.0, 1.0, 1.0], n_documents)
    return np.stack([generator.multinomial(n_tokens, theta @ words) for theta in shares]), words, shares


def test_each_token_has_one_topic():
    counts = np.random.default_rng(0).poisson(2.0, (30, 12))
    counts[7] = 0
    sampler = mixture(counts, np.random.default_rng(1).dirichlet(np.ones(12), 4))
    of_documents, of_words = sampler._assigned()
    np.testing.assert_array_equal(of_documents.sum(axis=1), counts.sum(axis=1))
    np.testing.assert_array_equal(of_words.sum(axis=0), counts.sum(axis=0))
    np.testing.assert_array_equal(of_documents.sum(axis=0), of_words.sum(axis=1))


def test_topics_without_common_words_have_the_tokens_of_their_words():
    counts = np.random.default_rng(0).poisson(2.0, (30, 12))
    words = np.zeros((3, 12))
    for topic in range(3):
        words[topic, 4 * topic : 4 * topic + 4] = 0.25
    of_documents, of_words = mixture(counts, words)._assigned()
    np.testing.assert_array_equal(of_documents, counts.reshape(30, 3, 4).sum(axis=2))
    np.testing.assert_array_equal(of_words, np.where(words > 0, counts.sum(axis=0), 0))


def test_what_is_read_of_a_mixture_of_drawn_topics_are_its_shares():
    """Without bias for any shares, so also for those that no prior would expect."""
    counts, words, _ = planted(80, 20)
    shares = np.vstack([np.eye(3), np.full((1, 3), 1 / 3), [[0.0, 0.1, 0.9]]])
    for drawn, reader in mixture(counts, words).draws(3):
        mixed = shares @ (drawn / drawn.sum(axis=1, keepdims=True, dtype=np.float64))
        np.testing.assert_allclose(mixed @ reader, shares, atol=1e-5)
        np.testing.assert_allclose(counts @ reader @ np.ones(3), 20, rtol=1e-5)


def test_the_prior_of_words_grows_towards_its_likeliest_value():
    generator = np.random.default_rng(0)
    words = generator.dirichlet(np.full(200, 0.3), 20)
    counts = np.stack([generator.multinomial(5000, p) for p in words])
    prior = 0.02
    for _ in range(200):
        prior *= _growth(counts, prior)
    assert prior == pytest.approx(0.3, rel=0.1)


def test_the_prior_of_shares_grows_towards_its_likeliest_value():
    generator = np.random.default_rng(0)
    true = np.array([0.2, 0.5, 1.5])
    counts = np.stack([generator.multinomial(50, p) for p in generator.dirichlet(true, 5000)])
    prior = np.full(3, 0.5)
    for _ in range(200):
        prior = prior * _growth_of_shares(counts, prior)
    np.testing.assert_allclose(prior, true, rtol=0.1)


def test_the_words_and_shares_of_planted_topics_are_found():
    """Begun at blurred words, the mixture ends at the true ones."""
    counts, true, shares = planted(400, 100)
    sampler = mixture(counts, 0.5 * true + 0.5 / 60)
    read = np.mean([counts / 100 @ reader for _, reader in sampler.draws(30)], axis=0)
    assert np.sqrt(sampler.words * true).sum(axis=1).min() > 0.98
    assert np.abs(read - shares).mean() < 0.07
    np.testing.assert_allclose(read.mean(axis=0), shares.mean(axis=0), atol=0.02)


@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_draws_are_shared_by_several_mixtures(n):
    """By fewer if there are many tokens."""
    counts, words, _ = planted(40, 10)
    drawn = DrawsOfWords(sp.csr_array(counts), np.arange(3), words, np.random.default_rng(0))
    chains = drawn.chains(n)
    assert len(list(drawn.draws(n))) == len(chains) == n
    sizes = np.bincount(chains)
    assert len(sizes) == min(n, CHAINS)
    assert sizes.max() - sizes.min() <= 1
    np.testing.assert_allclose(drawn.words.sum(axis=1), 1, rtol=1e-5)
    longer = DrawsOfWords(sp.csr_array(counts * 1000), np.arange(3), words, np.random.default_rng(0))
    assert longer.chains(n).max() == min(n, CHAINS_OF_MANY) - 1


def test_topics_without_tokens_and_topics_that_are_the_same_are_read():
    """The first two topics are the same, and the last has no words of these documents."""
    counts, words, _ = planted(80, 20)
    padded = np.hstack([counts, np.zeros((80, 5), dtype=int)])
    topics = np.zeros((5, 65))
    topics[:4, :60], topics[4, 60:] = words[[0, 0, 1, 2]], 0.2
    for _, reader in mixture(padded, topics).draws(2):
        read = padded / 20 @ reader
        assert np.isfinite(read).all()
        np.testing.assert_allclose(read.sum(axis=1), 1, atol=1e-3)
