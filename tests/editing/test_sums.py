"""Tests of the moments of log Σ exp z against draws, and against each other."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from hftopic.editing.sums import means_of_sums, sum_of_independent, sums_of

DRAWS = 400_000
MEMBERS = [[0, 2], [1], [3, 4, 5]]


@pytest.fixture(scope="module")
def gaussian():
    generator = np.random.default_rng(0)
    root = 0.5 * generator.standard_normal((6, 6))
    return torch.from_numpy(generator.standard_normal(6)), torch.from_numpy(root @ root.T + 0.2 * np.eye(6))


def drawn_sums(mean, covariance):
    root = torch.linalg.cholesky(covariance)
    noise = torch.randn(DRAWS, len(mean), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z = mean + noise @ root.T
    return torch.stack([z[:, own].logsumexp(1) for own in MEMBERS], 1)


def test_moments_are_those_of_draws(gaussian):
    """Standard errors of the draws are below 0.004; a chain of three adds less than 0.01."""
    found, drawn = sums_of(*gaussian, MEMBERS), drawn_sums(*gaussian)
    assert_close(found.mean, drawn.mean(0), atol=0.015, rtol=0)
    assert_close(found.covariance, drawn.T.cov(), atol=0.015, rtol=0)


def test_slopes_are_the_derivatives_of_the_means(gaussian):
    mean, covariance = gaussian
    step = 1e-4
    moved = means_of_sums(mean + step * torch.eye(6, dtype=torch.float64), covariance, MEMBERS)
    back = means_of_sums(mean - step * torch.eye(6, dtype=torch.float64), covariance, MEMBERS)
    slopes = sums_of(mean, covariance, MEMBERS).slopes
    two = (moved - back).T[:2] / (2 * step)
    assert_close(slopes[:2], two, atol=1e-6, rtol=0)
    assert_close(slopes.sum(1), torch.ones(3, dtype=torch.float64))


def test_independent_variables_have_the_same_sums(gaussian):
    mean, covariance = gaussian
    variance = covariance.diagonal()
    found = sums_of(mean, torch.diag(variance), MEMBERS)
    total, spread = sum_of_independent(mean[None], variance[None], MEMBERS[2])
    assert_close(total[0], found.mean[2])
    assert_close(spread[0], found.covariance[2, 2])
    assert not found.covariance[np.triu_indices(3, 1)].any()


def test_without_variance_it_is_the_sum_itself():
    z = torch.tensor([[0.5, -1.0, 30.0, -40.0]])
    total, spread = sum_of_independent(z, torch.full_like(z, 1e-12), [0, 1, 2, 3])
    assert_close(total, z.double().logsumexp(1), atol=1e-6, rtol=0)
    assert_close(spread, torch.zeros(1, dtype=torch.float64), atol=1e-9, rtol=0)


def test_a_prior_stays_positive_definite(gaussian):
    assert torch.linalg.eigvalsh(sums_of(*gaussian, MEMBERS).covariance).min() > 0
