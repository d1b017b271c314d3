"""Tests of means by class: their test against shuffled documents."""

from itertools import permutations

import numpy as np
import pytest

from hftopic.analysis.documents.means import class_means, permutation_moments

SIZES = np.array([3, 2, 2])


def between(values, sizes):
    """Part of the variance between classes, in which the values lie one after the other."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    centred = values - values.mean()
    sums = np.bincount(codes, centred)
    return (sums**2 / sizes).sum() / (centred**2).sum()


@pytest.mark.parametrize("seed", range(3))
def test_moments_are_those_of_all_permutations(seed):
    values = np.random.default_rng(seed).normal(size=7) ** 3
    centred = values - values.mean()
    kurtosis = (centred**4).sum() / (centred**2).sum() ** 2
    mean, variance = permutation_moments(SIZES, np.array([kurtosis]))
    found = [between(np.array(order), SIZES) for order in permutations(values)]
    assert mean == pytest.approx(np.mean(found))
    assert variance[0] == pytest.approx(np.var(found))


def test_p_values_of_skewed_shares_are_those_of_permutations():
    """Small classes and shares that are mostly near zero: p-values agree with those of 400 shuffles."""
    rng = np.random.default_rng(0)
    sizes = np.array([6, 20, 60, 100])
    codes = np.repeat(np.arange(4), sizes)
    values = rng.dirichlet(np.full(30, 0.1), size=len(codes))
    values[codes == 1, :10] += 0.05 * rng.random((20, 10))
    given = np.array([between(column, sizes) for column in values.T])
    shuffled = np.array(
        [[between(column, sizes) for column in rng.permutation(values).T] for _ in range(400)]
    )
    expected = (shuffled >= given).mean(axis=0)
    alone = np.array([class_means(codes, column[:, None]).p_adjusted[0] for column in values.T])
    # standard error of a fraction of 400 is at most 0.025; the rest is the approximation
    assert np.abs(alone - expected).max() < 0.12
    assert (alone[expected < 0.01] < 0.05).all()


def test_a_class_of_one_document_has_a_mean_without_an_error():
    found = class_means(np.array([0, 1, 1, 1]), np.array([[1.0], [0.0], [1.0], [2.0]]))
    np.testing.assert_allclose(found.means, [[1], [1]])
    np.testing.assert_allclose(found.errors, [[np.nan], [1 / np.sqrt(3)]])


@pytest.mark.parametrize(
    ("codes", "values"),
    [
        ([0, 0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4, 0.5]),
        ([0, 1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4, 0.5]),
        ([0, 0, 1, 1, 1], [0.3] * 5),
        ([0, 1, 1], [0.1, 0.2, 0.3]),
    ],
)
def test_without_something_to_compare_there_is_no_p_value(codes, values):
    assert np.isnan(class_means(np.array(codes), np.array(values)[:, None]).p_adjusted).all()
