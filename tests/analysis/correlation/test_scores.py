"""Tests of the scores: weights act as repetitions, and log-ratios are exact for very small proportions."""

import numpy as np
import pytest

from hftopic.analysis.correlation import significance
from hftopic.analysis.correlation.scores import Scores, centred_log_ratios, standardised
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace


@pytest.fixture
def gaussian():
    return np.random.default_rng(3)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize("total", [False, True])
def test_weights_are_repetitions(gaussian, monkeypatch, chunk, total):
    monkeypatch.setattr(significance, "CHUNK_DOCUMENTS", chunk)
    mean = gaussian.standard_normal((40, 4)) @ gaussian.standard_normal((4, 4)) + 3
    variance = gaussian.uniform(0.1, 2, (40, 4))
    weights = gaussian.multinomial(40, np.full(40, 1 / 40))
    values, scale = standardised(mean)
    found = Scores(values, scale, variance if total else None).correlation(weights)
    repeated = np.repeat(np.arange(40), weights)
    covariance = np.cov(mean[repeated].T, bias=True) + total * np.diag(variance[repeated].mean(axis=0))
    deviation = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found, covariance / np.outer(deviation, deviation), atol=1e-12)


def test_a_topic_that_varies_in_a_document_left_out_does_not_vary(gaussian):
    mean = gaussian.standard_normal((30, 2))
    mean[:, 1] = 0.3
    mean[0, 1] = 5
    weights = np.ones(30, dtype=int)
    weights[:2] = 0, 2
    np.testing.assert_array_equal(Scores(*standardised(mean)).correlation(weights), np.eye(2))


class Shares:
    """A model with five topics in two groups, on one simplex."""

    latent_space_ = LatentSpace((3, 2))

    def log_proportions(self, posterior):
        return np.log(np.exp(posterior.mean) / np.exp(posterior.mean).sum(axis=1, keepdims=True))


def test_log_ratios_are_those_of_the_shares(gaussian):
    mean, model = gaussian.standard_normal((20, 5)), Shares()
    log_theta = model.log_proportions(Posterior(mean, np.ones_like(mean)))
    expected = log_theta - log_theta.mean(axis=1, keepdims=True)
    found = centred_log_ratios(model, Posterior(mean, np.ones_like(mean)), np.array([0, 2, 4]))
    np.testing.assert_allclose(found, expected[:, [0, 2, 4]], atol=1e-12)
    np.testing.assert_allclose(found[:, 0] - found[:, 1], mean[:, 0] - mean[:, 2], atol=1e-12)


def test_the_mean_is_left_as_it_was(gaussian):
    mean = gaussian.standard_normal((10, 3))
    before = mean.copy()
    standardised(mean)
    np.testing.assert_array_equal(mean, before)
