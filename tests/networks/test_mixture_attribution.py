"""Tests of the attribution of words to the topics of a mixture: integrated gradients of log p(w|x)."""

import numpy as np
import pytest

from hftopic.networks.attribution import MixtureAttribution, logarithmic_mean

RNG = np.random.default_rng(0)
WORDS = RNG.dirichlet(np.full(9, 0.3), size=4)  # (topics, words)
AVERAGE = RNG.dirichlet(np.ones(4))
SCALE = np.full(4, 1.0)
ATTRIBUTION = MixtureAttribution(SCALE, AVERAGE, WORDS)


def pairs():
    """Proportions and words of pairs: every word in each of 6 documents."""
    proportions = RNG.dirichlet(np.full(4, 0.5), size=6)
    rows, columns = np.divmod(np.arange(6 * 9), 9)
    return proportions[rows], columns


def test_the_sum_over_topics_is_the_change_of_the_log_probability():
    proportions, columns = pairs()
    p, average = (proportions * WORDS.T[columns]).sum(1), AVERAGE @ WORDS[:, columns]
    found = ATTRIBUTION(proportions, columns).sum(1)
    np.testing.assert_allclose(found, np.log(p) - np.log(average), rtol=0, atol=1e-12)


def test_it_is_the_integral_of_the_gradient():
    proportions, columns = pairs()
    nodes, weights = np.polynomial.legendre.leggauss(80)
    expected = np.zeros_like(proportions)
    for at, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        on_the_line = AVERAGE + at * (proportions - AVERAGE)
        gradient = WORDS.T[columns] / (on_the_line * WORDS.T[columns]).sum(1, keepdims=True)
        expected += weight * (proportions - AVERAGE) * gradient
    np.testing.assert_allclose(ATTRIBUTION(proportions, columns), expected, rtol=1e-7, atol=1e-9)


def test_nothing_is_attributed_at_the_average():
    assert (ATTRIBUTION(np.tile(AVERAGE, (9, 1)), np.arange(9)) == 0).all()


def test_topics_that_cancel_out_are_attributed_all_the_same():
    """Where p = p̄ although the topics differ, the mean is p and the contributions are opposite."""
    attribution = MixtureAttribution(np.ones(2), np.array([0.5, 0.5]), np.array([[0.2, 0.8], [0.2, 0.8]]))
    found = attribution(np.array([[0.9, 0.1]]), np.array([0]))
    np.testing.assert_allclose(found, [[0.4, -0.4]], atol=1e-15)


def test_a_word_that_no_topic_of_the_document_has_is_finite():
    attribution = MixtureAttribution(np.ones(2), np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    found = attribution(np.array([[1.0, 0.0]]), np.array([1]))
    assert np.isfinite(found).all()
    assert found.sum() < -500


@pytest.mark.parametrize("share", [1e-8, 1e-18, 1e-30])
def test_the_sum_is_exact_for_a_word_that_a_document_nearly_excludes(share):
    attribution = MixtureAttribution(np.ones(2), np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    found = attribution(np.array([[1.0 - share, share]]), np.array([1]))
    np.testing.assert_allclose(found.sum(), np.log(share / 0.5), rtol=1e-12)


@pytest.mark.parametrize("difference", [0.0, 1e-18, 1e-9, 1e-3, 0.3, 2.0])
def test_the_logarithmic_mean_lies_between_the_geometric_and_the_arithmetic(difference):
    q = np.array([0.1])
    p = q + difference
    found = logarithmic_mean(p, q, np.array([difference]))
    assert np.sqrt(p * q) * (1 - 1e-14) <= found <= (p + q) / 2 * (1 + 1e-14)
