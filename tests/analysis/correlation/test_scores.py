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
    """Interface of a fitted ProdLDA with two groups."""

    def __init__(self, topic_softmax):
        self.topic_softmax = topic_softmax
        self.latent_space_ = LatentSpace((3, 2))
        groups = self.latent_space_.topic_groups
        self.topic_simplex_ = np.zeros_like(groups) if topic_softmax == "joint" else groups

    def shares(self, mean):
        slices = [slice(0, 5)] if self.topic_softmax == "joint" else list(self.latent_space_.dim_slices)
        parts = [np.exp(mean[:, s]) / np.exp(mean[:, s]).sum(axis=1, keepdims=True) for s in slices]
        return np.hstack(parts) / len(slices)


@pytest.mark.parametrize("softmax", ["joint", "group"])
def test_log_ratios_are_those_of_the_shares(gaussian, softmax):
    mean, model = gaussian.standard_normal((20, 5)), Shares(softmax)
    log_theta = np.log(model.shares(mean))
    expected = log_theta - log_theta.mean(axis=1, keepdims=True)
    found = centred_log_ratios(model, Posterior(mean, np.ones_like(mean)), np.array([0, 2, 4]))
    np.testing.assert_allclose(found, expected[:, [0, 2, 4]], atol=1e-12)


@pytest.mark.parametrize("softmax", ["joint", "group"])
def test_a_share_too_small_for_float32_has_a_logarithm(softmax):
    mean = np.array([[500.0, 0, -500, 300, 0]], dtype=np.float32)
    found = centred_log_ratios(Shares(softmax), Posterior(mean, np.ones_like(mean)), np.arange(5))
    assert found.sum() == pytest.approx(0, abs=1e-9)
    assert found[0, 0] - found[0, 2] == pytest.approx(1000)


def test_the_mean_is_left_as_it_was(gaussian):
    mean = gaussian.standard_normal((10, 3))
    before = mean.copy()
    standardised(mean)
    np.testing.assert_array_equal(mean, before)
