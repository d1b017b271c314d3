"""Tests of significance: p-values against enumeration, error rates, and missing values."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from hftopic.analysis.correlation import significance
from hftopic.analysis.correlation.scores import standardised
from hftopic.analysis.correlation.significance import (
    ShiftedProducts,
    adjusted,
    bootstrap_interval,
    partial_p_values,
    permutation_p_values,
)

MARGINS = {
    "normal": np.array,
    "heavy": lambda x: x**5,  # kurtosis above 700
    "skewed": lambda x: np.exp(1.5 * x),
}


@pytest.fixture
def gaussian():
    return np.random.default_rng(5)


def test_draws_are_of_all_orders_of_the_documents(gaussian):
    # With 5,000 permutations the standard error of a p-value is at most 0.007. Five standard errors and
    # three pairs: odds below 1e-5.
    scores, _ = standardised(gaussian.standard_normal((5, 3)))
    found = permutation_p_values(scores, 5_000, np.random.default_rng(0))
    for p, (a, b) in zip(found, [(0, 1), (0, 2), (1, 2)], strict=True):
        observed = abs(scores[:, a] @ scores[:, b]) - 1e-12
        orders = list(permutations(range(5)))
        exact = np.mean([abs(scores[:, a] @ scores[list(order), b]) >= observed for order in orders])
        assert p == pytest.approx(exact, abs=0.036)


@pytest.mark.parametrize("chunk", [1, 7])
def test_chunks_of_documents_change_nothing(gaussian, monkeypatch, chunk):
    scores, _ = standardised(gaussian.standard_normal((30, 4)))
    whole = permutation_p_values(scores, 50, np.random.default_rng(1))
    monkeypatch.setattr(significance, "CHUNK_DOCUMENTS", chunk)
    np.testing.assert_array_equal(permutation_p_values(scores, 50, np.random.default_rng(1)), whole)


def test_shifted_products_are_those_of_shifted_columns(gaussian):
    scores, _ = standardised(gaussian.standard_normal((31, 3)))  # 31 is prime: no length is special
    found, again = ShiftedProducts(scores, 7, np.random.default_rng(1)), np.random.default_rng(1)
    ordered = scores[again.permutation(31)]
    shifts = again.integers(1, 31, size=7)
    for a, b in [(0, 1), (1, 0), (2, 2)]:
        expected = [ordered[:, a] @ np.roll(ordered[:, b], -shift) for shift in shifts]
        np.testing.assert_allclose(found.of(a, b), expected, atol=1e-14)


@pytest.mark.parametrize("p_of", [permutation_p_values, partial_p_values])
def test_shifts_and_permutations_give_the_same_p_values(gaussian, monkeypatch, p_of):
    # Each of the two p-values has a standard error of at most 0.5 / sqrt(4000); six standard errors of their
    # difference and ten pairs: odds below 1e-7. One margin is heavy, one is that of a rare topic.
    latent = gaussian.standard_normal((2000, 5))
    latent[:, 1] += 0.03 * latent[:, 0]
    latent[:, 2] = latent[:, 2] ** 5
    latent[:, 3] = gaussian.random(2000) < 0.005
    scores, _ = standardised(latent)
    permuted = p_of(scores, 4000, np.random.default_rng(0))
    monkeypatch.setattr(significance, "SHIFTED_FROM", 2000)
    shifted = p_of(scores, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(shifted, permuted, atol=6 * np.sqrt(2) * 0.5 / np.sqrt(4000))
    np.testing.assert_array_equal(p_of(scores, 4000, np.random.default_rng(0)), shifted)


def test_shifts_hold_their_level(gaussian, monkeypatch):
    # 2,000 independent heavy pairs, of documents whose order has a trend: the share below 0.05 has a mean of
    # 0.05 and a standard error of 0.0049. Five standard errors: odds below 1e-6.
    monkeypatch.setattr(significance, "SHIFTED_FROM", 1)
    trend = np.linspace(0, 1, 60)
    p = []
    for seed in range(2000):
        one = np.sort(gaussian.standard_normal(60)) ** 3 + trend
        other = gaussian.standard_normal(60) ** 3
        scores, _ = standardised(np.column_stack([one, other]))
        p.append(permutation_p_values(scores, 99, np.random.default_rng(seed))[0])
    assert abs(np.mean(np.array(p) <= 0.05) - 0.05) < 0.0245


@pytest.mark.parametrize("margin", MARGINS)
def test_false_discoveries_among_correlated_topics_come_at_the_stated_rate(gaussian, margin):
    # 100 corpora: topics 0 to 3 have correlations of 0.5, and the other four topics are independent. So 22 of
    # the 28 pairs are false discoveries if found, and they depend on each other. The fraction of false
    # discoveries has a mean of at most 0.05 * 22/28 = 0.04 and a standard deviation below 0.12 (it is mostly
    # 0, sometimes 1/7). The mean over 100 corpora exceeds 0.1 with odds below 1e-6. All pairs use the same
    # permutations of the documents, which must not change this.
    null = np.triu_indices(8, 1)[1] > 3
    shares = []
    for seed in range(100):
        latent = gaussian.standard_normal((200, 8))
        latent[:, :4] = np.sqrt(0.5) * (latent[:, :4] + gaussian.standard_normal((200, 1)))
        scores, _ = standardised(MARGINS[margin](latent))
        found = adjusted(permutation_p_values(scores, 199, np.random.default_rng(seed))) <= 0.05
        shares.append((found & null).sum() / max(1, found.sum()))
    assert np.mean(shares) <= 0.1


def test_partial_p_values_hold_their_level_with_few_documents(gaussian):
    # 40 corpora of ten independent topics and 30 documents give 1,800 p-values. About 90 are below 0.05, with
    # a standard deviation of 9.2, and somewhat more because they are dependent: outside 45 to 140 has odds
    # below 1e-5. Without the correction for the degrees of freedom of the residuals there would be 170.
    p_values = np.concatenate(
        [
            partial_p_values(
                standardised(gaussian.standard_normal((30, 10)))[0], 199, np.random.default_rng(s)
            )
            for s in range(40)
        ]
    )
    assert 45 <= (p_values <= 0.05).sum() <= 140


def test_partial_p_values_permute_the_residuals(gaussian):
    # Compare with least-squares residuals, one pair at a time, with the same permutations of the documents.
    scores, _ = standardised(gaussian.standard_normal((25, 4)) @ gaussian.standard_normal((4, 4)))
    found = partial_p_values(scores, 30, np.random.default_rng(2))
    for p, a, b in zip(found, *np.triu_indices(4, 1), strict=True):
        others = np.delete(scores, [a, b], axis=1)
        pair = scores[:, [a, b]]
        rest, _ = standardised(pair - others @ np.linalg.lstsq(others, pair, rcond=None)[0])
        observed = abs(rest[:, 0] @ rest[:, 1]) * np.sqrt((24 - 2) / 24)
        generator = np.random.default_rng(2)
        drawn = [abs(rest[:, 0] @ rest[generator.permutation(25), 1]) for _ in range(30)]
        assert p == pytest.approx((1 + np.sum(np.array(drawn) >= observed)) / 31)


@pytest.mark.parametrize("n_topics", [0, 1])
@pytest.mark.parametrize("p_of", [permutation_p_values, partial_p_values])
def test_no_pair_no_p_value(p_of, n_topics, gaussian):
    scores, _ = standardised(gaussian.standard_normal((10, n_topics)))
    assert p_of(scores, 9, np.random.default_rng(0)).shape == (0,)


def test_adjustment_is_over_the_values_that_are_known(gaussian):
    p_values = gaussian.uniform(size=10)
    p_values[3] = np.nan
    expected = np.insert(false_discovery_control(np.delete(p_values, 3)), 3, np.nan)
    np.testing.assert_array_equal(adjusted(p_values), expected)
    assert np.isnan(adjusted(np.full(2, np.nan))).all()
    assert adjusted(np.empty(0)).shape == (0,)


def test_the_bootstrap_draws_as_many_documents_as_there_are():
    drawn = []

    def weights_seen(weights):
        drawn.append(weights)
        return np.zeros(1)

    bootstrap_interval(weights_seen, 50, 20, 0.9, np.random.default_rng(0))
    assert len(drawn) == 20
    assert all(weights.sum() == 50 and len(weights) == 50 for weights in drawn)


def test_interval_ends_are_percentiles(gaussian):
    values = iter(np.arange(101.0))
    low, high = bootstrap_interval(lambda _: np.array([next(values)]), 5, 101, 0.9, gaussian)
    assert (low[0], high[0]) == (pytest.approx(5), pytest.approx(95))
