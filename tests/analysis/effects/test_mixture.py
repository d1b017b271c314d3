"""Tests of the draws of topics given words: the tokens, the mean shares, and planted answers."""

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic.analysis.effects.mixture import Mixture, _growth
from hftopic.analysis.effects.prior import LogisticNormal, log_likelihood


def mixture(counts, words, design=None, seed=0):
    n_documents = counts.shape[0]
    design = np.ones((n_documents, 1)) if design is None else design
    prior = LogisticNormal(design, len(words), np.arange(n_documents))
    return Mixture(sp.csr_array(counts), np.asarray(words), prior, np.random.default_rng(seed))


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


def test_logits_without_tokens_have_their_prior():
    """Elliptical slice sampling leaves the prior as it is: moments of 4,000 draws, to 5 standard errors."""
    generator = np.random.default_rng(0)
    prior = LogisticNormal(np.ones((4000, 1)), 2, np.arange(4000))
    prior.coefficients, prior.variances = np.array([[1.0, -1.0]]), np.array([0.5, 2.0])
    for _ in range(20):
        prior._draw_logits(np.zeros((4000, 2), dtype=np.int64), generator)
    np.testing.assert_allclose(prior.logits.mean(axis=0), [1, -1], atol=5 * np.sqrt(2 / 4000))
    np.testing.assert_allclose(prior.logits.var(axis=0), [0.5, 2.0], rtol=5 * np.sqrt(2 / 4000))


def test_logits_with_tokens_have_their_posterior():
    """Against the posterior of a share, on a grid of the difference of two logits."""
    generator = np.random.default_rng(0)
    prior = LogisticNormal(np.ones((4000, 1)), 2, np.arange(4000))
    tokens = np.tile([3, 1], (4000, 1))
    for _ in range(30):
        prior._draw_logits(tokens, generator)
    difference = np.linspace(-8, 8, 4001)  # normal with variance 2 before the tokens
    density = np.exp(-(difference**2) / 4) / (1 + np.exp(-difference)) ** 3 / (1 + np.exp(difference))
    expected = (density / (1 + np.exp(-difference))).sum() / density.sum()
    assert prior.shares[:, 0].mean() == pytest.approx(expected, abs=5 * 0.2 / np.sqrt(4000))


def test_the_log_likelihood_of_tokens():
    logits, tokens = np.array([[0.0, 1.0, -2.0]]), np.array([[2, 0, 5]])
    shares = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(log_likelihood(logits, tokens), (tokens * np.log(shares)).sum())


def test_draws_of_the_coefficients_spread_as_those_of_a_regression():
    """The Bayesian bootstrap: the standard deviation of the mean of 400 documents."""
    generator = np.random.default_rng(0)
    prior = LogisticNormal(np.ones((400, 1)), 2, np.arange(400))
    logits = generator.normal(size=(400, 2)) * [1.0, 3.0]
    drawn = []
    for _ in range(400):
        prior.logits = logits
        prior._draw_coefficients(generator)
        drawn.append(prior.coefficients[0])
    np.testing.assert_allclose(np.std(drawn, axis=0), logits.std(axis=0) / 20, rtol=0.2)
    np.testing.assert_allclose(prior.variances, [1.0, 9.0], rtol=0.4)


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
