"""Tests of partial correlations: no penalty, the largest penalty, and convergence without warnings."""

import numpy as np
import pytest

from hftopic.analysis.correlation.partial import chosen_penalty, partial_correlation


def correlated(n_documents, n_topics, n_factors, seed):
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((n_documents, n_factors)) @ generator.standard_normal(
        (n_factors, n_topics)
    )
    return np.corrcoef((shared + generator.standard_normal((n_documents, n_topics))).T)


def test_without_penalty_it_is_the_scaled_inverse():
    r = correlated(500, 5, 2, 0)
    precision = np.linalg.inv(r)
    scale = 1 / np.sqrt(np.diag(precision))
    expected = -precision * np.outer(scale, scale)
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(partial_correlation(r, 1e-7), expected, atol=1e-3)


def test_the_largest_penalty_leaves_no_pair():
    r = correlated(500, 5, 2, 0)
    np.testing.assert_array_equal(partial_correlation(r, np.abs(r - np.eye(5)).max()), np.eye(5))


# Warnings are errors in this suite, so the test fails if a graphical lasso does not converge.
@pytest.mark.parametrize("size", [(11_000, 30, 5), (300, 30, 5), (200, 50, 20), (20, 30, 3), (100, 3, 1)])
def test_correlated_topics_converge(size):
    r = correlated(*size, seed=1)
    partial = partial_correlation(r, chosen_penalty(r, size[0]))
    assert np.isfinite(partial).all()
    assert (np.abs(partial) <= 1).all()
    np.testing.assert_array_equal(partial, partial.T)


def test_copies_of_a_topic_have_a_solution():
    r = np.ones((3, 3))
    assert np.isfinite(partial_correlation(r, chosen_penalty(r, 100))).all()


def test_independent_topics_keep_few_pairs():
    # Each of the 45 pairs is kept if N r² exceeds log N + 2 log K, about 12.2, with odds of 5e-4. Three or
    # more pairs are kept with odds below 1e-5.
    generator = np.random.default_rng(0)
    r = np.corrcoef(generator.standard_normal((2000, 10)).T)
    kept = partial_correlation(r, chosen_penalty(r, 2000))[np.triu_indices(10, 1)]
    assert np.count_nonzero(kept) <= 2


@pytest.mark.parametrize("n_topics", [0, 1])
def test_no_pair_no_penalty(n_topics):
    r = np.eye(n_topics)
    assert chosen_penalty(r, 100) == 0
    np.testing.assert_array_equal(partial_correlation(r, 0.0), r)
