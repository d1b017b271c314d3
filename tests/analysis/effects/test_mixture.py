"""Tests of the draws of topics given words: the tokens, the mean shares, and planted answers."""

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic.analysis.effects.mixture import Mixture, _growth
from hftopic.analysis.effects.prior import MeanShares


def mixture(counts, words, design=None, seed=0):
    n_documents = counts.shape[0]
    design = np.ones((n_documents, 1)) if design is None else design
    means = MeanShares(design, len(words), np.arange(n_documents))
    return Mixture(sp.csr_array(counts), np.asarray(words), means, np.random.default_rng(seed))


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


def test_the_mean_share_of_categories_is_theirs():
    """With a column for each category, the likeliest mean of a category is that of its documents."""
    generator = np.random.default_rng(0)
    category = np.arange(600) % 2
    shares = generator.dirichlet([2.0, 1.0, 1.0], 600)
    shares[category == 1] = generator.dirichlet([1.0, 1.0, 4.0], 300)
    means = MeanShares(np.eye(2)[category], 3, np.zeros(600, dtype=int))  # one cluster: equal weights
    for _ in range(30):
        means._step(shares, np.ones((600, 1)))
    for value in (0, 1):
        found = means.means()[category == value][0]
        np.testing.assert_allclose(found, shares[category == value].mean(axis=0), atol=2e-3)


def test_the_precision_of_dirichlet_shares_is_theirs():
    generator = np.random.default_rng(0)
    shares = generator.dirichlet([3.0, 2.0, 1.0], 20_000)
    means = MeanShares(np.ones((20_000, 1)), 3, np.zeros(20_000, dtype=int))
    for _ in range(10):
        means.update(shares, generator)
    assert means.precision == pytest.approx(6.0, rel=0.05)


def test_draws_of_the_parameters_spread_as_the_mean_does():
    """The Bayesian bootstrap: the standard deviation of the mean of 400 documents."""
    generator = np.random.default_rng(0)
    shares = generator.dirichlet([2.0, 2.0], 400)
    means = MeanShares(np.ones((400, 1)), 2, np.arange(400))
    drawn = []
    for _ in range(400):
        means.update(shares, generator)
        drawn.append(means.means()[0, 0])
    assert np.std(drawn) == pytest.approx(shares[:, 0].std() / 20, rel=0.2)


def test_the_prior_of_words_grows_towards_its_likeliest_value():
    generator = np.random.default_rng(0)
    words = generator.dirichlet(np.full(200, 0.3), 20)
    counts = np.stack([generator.multinomial(5000, p) for p in words])
    prior = 0.02
    for _ in range(200):
        prior *= _growth(counts, prior)
    assert prior == pytest.approx(0.3, rel=0.1)


def test_the_words_and_shares_of_planted_topics_are_found():
    """Begun at blurred words, the mixture ends at the true ones."""
    generator = np.random.default_rng(0)
    true = generator.dirichlet(np.full(60, 0.1), 3)
    shares = generator.dirichlet([1.0, 1.0, 1.0], 400)
    counts = np.stack([generator.multinomial(100, theta @ true) for theta in shares])
    sampler = mixture(counts, 0.5 * true + 0.5 / 60)
    drawn = np.mean([state.shares.copy() for state in sampler.draws(30)], axis=0)
    assert np.sqrt(sampler.words * true).sum(axis=1).min() > 0.98
    assert np.abs(drawn - shares).mean() < 0.06
