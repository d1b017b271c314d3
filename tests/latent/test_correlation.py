"""Correlations of a learned prior: shrinkage, structure, and a bounded loss."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hftopic import LearnedCorrelation, StandardNormal
from hftopic.latent.correlation import (
    LOWEST_EIGENVALUE,
    free_correlations,
    learned_covariance,
    thresholded,
    without_shift,
)
from hftopic.latent.log_prior import LatentPrior, check_bounded
from hftopic.latent.space import LatentSpace

PLAIN = [(1.0, 1.0, 1.0)]


def prior(space: LatentSpace) -> LatentPrior:
    variance = torch.linspace(0.5, 2.0, space.n_dims)
    return LatentPrior(space, torch.zeros(space.n_dims), torch.diag(variance))


def learned(space, estimate, learned=None, weights=PLAIN, n_documents=10_000, free=None):
    learned = learned or LearnedCorrelation(within=True, shrinkage=0.0)
    free = free_correlations(space, learned) if free is None else free
    reliability = torch.ones(space.n_dims, dtype=torch.float64)
    return learned_covariance(estimate, reliability, n_documents, prior(space), learned, free, weights)


def random_estimate(n: int, seed: int = 0, rank: int | None = None) -> torch.Tensor:
    factors = torch.randn(n, rank or n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return factors @ factors.T + 0.01 * torch.eye(n, dtype=torch.float64)


def correlations(covariance: torch.Tensor) -> torch.Tensor:
    deviations = covariance.diagonal().sqrt()
    return covariance / torch.outer(deviations, deviations)


def test_the_variances_are_the_prior_s_and_the_correlations_those_of_the_estimate():
    space, estimate = LatentSpace((2, 3)), random_estimate(5) + 5 * torch.eye(5, dtype=torch.float64)
    found = learned(space, estimate)
    torch.testing.assert_close(found.diagonal(), prior(space).variance.double())
    torch.testing.assert_close(correlations(found), correlations(estimate))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_positive_definite_whatever_the_estimate(seed):
    space = LatentSpace((20, 20))
    for spec in (LearnedCorrelation(shrinkage=0.0), LearnedCorrelation(within=True, shrinkage=0.0)):
        found = learned(space, random_estimate(40, seed, rank=2), spec)
        lowest = torch.linalg.eigvalsh(correlations(found))[0]
        assert float(lowest) >= LOWEST_EIGENVALUE - 1e-9


def test_only_the_structure_is_learned():
    space, estimate = LatentSpace((2, 3)), random_estimate(5, 1) + 5 * torch.eye(5, dtype=torch.float64)
    same = torch.from_numpy(space.topic_groups[:, None] == space.topic_groups)
    other = ~torch.eye(5, dtype=torch.bool)
    across = correlations(learned(space, estimate, LearnedCorrelation(shrinkage=0.0)))
    within = correlations(
        learned(space, estimate, LearnedCorrelation(across=False, within=True, shrinkage=0.0))
    )
    assert (across[same & other] == 0).all()
    assert (across[~same] != 0).all()
    assert (within[~same] == 0).all()
    assert (within[same & other] != 0).all()


def test_a_given_shrinkage_scales_the_correlations():
    space, estimate = LatentSpace(4), random_estimate(4) + 5 * torch.eye(4, dtype=torch.float64)
    spec = LearnedCorrelation(within=True, shrinkage=0.25)
    other = ~torch.eye(4, dtype=torch.bool)
    torch.testing.assert_close(
        correlations(learned(space, estimate, spec))[other], 0.75 * correlations(estimate)[other]
    )


def test_correlations_of_independent_topics_become_zero():
    """λ is about the largest of K correlations; of K² / 2 = 190 pairs, a few exceed it.

    A correlation exceeds sqrt(2 log 20) = 2.45 standard errors with probability 0.014, so 2.7 of 190 are
    expected; 12 or more have odds below 1e-4.
    """
    rows = np.random.default_rng(0).standard_normal((1000, 20))
    found = thresholded(torch.from_numpy(np.corrcoef(rows, rowvar=False)), torch.ones(20).double(), 1000)
    assert int((found != 0).sum()) - 20 <= 2 * 12


@given(r=st.floats(-1, 1), n=st.integers(10, 10**6), reliability=st.sampled_from([0.25, 0.5, 1.0]))
def test_a_threshold_keeps_signs_and_the_order_of_sizes(r, n, reliability):
    matrix = torch.tensor([[1.0, r], [r, 1.0]], dtype=torch.float64)
    threshold = reliability * np.sqrt(2 * np.log(2) / n)
    found = float(thresholded(matrix, torch.full((2,), reliability).double(), n)[0, 1])
    assert found == pytest.approx(0 if abs(r) <= threshold else r - threshold**2 / r, abs=1e-9)
    assert abs(found) <= abs(r)


def test_more_documents_shrink_less():
    matrix = correlations(random_estimate(6))
    ones = torch.ones(6, dtype=torch.float64)
    assert (thresholded(matrix, ones, 10_000).abs() >= thresholded(matrix, ones, 100).abs()).all()


@pytest.mark.parametrize("weights", [(4.0, 4.0, 1.0), (0.1, 4.0, 1.0), (3.0, 1.0, 1.0), (1.0, 1.0, 0.0)])
@pytest.mark.parametrize("within", [True, False])
def test_the_loss_is_bounded_for_all_weights(weights, within):
    """Weights for which a given prior with these correlations would be refused."""
    space, estimate = LatentSpace((4, 4)), random_estimate(8, 3, rank=3)
    spec = LearnedCorrelation(within=within, shrinkage=0.0)
    found = learned(space, estimate, spec, weights=[weights])
    check_bounded(LatentPrior(space, torch.zeros(8), found), weights)
    torch.testing.assert_close(found.diagonal(), prior(space).variance.double())


def test_bounds_are_not_tighter_than_needed():
    """For β = 2, γ = w = 1 and one pair, M is positive semidefinite up to |r| = 1: 2 / (1 + r) >= 1."""
    space = LatentSpace((1, 1))
    estimate = torch.tensor([[1.0, 0.9], [0.9, 1.0]], dtype=torch.float64)
    found = learned(space, estimate, LearnedCorrelation(shrinkage=0.0), weights=[(2.0, 1.0, 1.0)])
    assert float(correlations(found)[0, 1]) == pytest.approx(0.9)
    # For β = 4: 4 / (1 + r) >= 3 needs r <= 1/3.
    found = learned(space, estimate, LearnedCorrelation(shrinkage=0.0), weights=[(4.0, 1.0, 1.0)])
    assert float(correlations(found)[0, 1]) == pytest.approx(1 / 3, abs=1e-6)


def test_without_shift_a_common_shift_is_independent_and_has_the_average_variance():
    simplex = np.array([0, 0, 0, -1, 2, 2])
    found = without_shift(random_estimate(6, 4), simplex)
    for number, average in ((0, 3), (2, 2)):
        direction = torch.from_numpy((simplex == number) / np.sqrt(average))
        moved = found @ direction
        torch.testing.assert_close(moved, (moved @ direction) * direction)  # an eigenvector
    torch.testing.assert_close(found[3, 3], random_estimate(6, 4)[3, 3])


def test_without_shift_shifted_documents_give_the_same_correlations():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((50, 4))
    shifted = z + rng.standard_normal((50, 1))
    one, other = (
        without_shift(torch.from_numpy(np.cov(each, rowvar=False)), np.zeros(4, dtype=int))
        for each in (z, shifted)
    )
    projection = torch.eye(4, dtype=torch.float64) - 0.25
    torch.testing.assert_close(projection @ one @ projection, projection @ other @ projection)


@pytest.mark.parametrize(
    "arguments",
    [
        {"across": False, "within": False},
        {"across": StandardNormal()},
        {"within": "yes"},
        {"shrinkage": 1.5},
        {"shrinkage": "large"},
        {"shrinkage": float("nan")},
        {"base": "normal"},
        {"base": StandardNormal},
        {"base": LearnedCorrelation()},
    ],
)
def test_wrong_settings_are_refused(arguments):
    with pytest.raises(ValueError, match=r"LearnedCorrelation|shrinkage|base"):
        LearnedCorrelation(**arguments)


def test_a_base_with_correlations_is_refused():
    from hftopic import FullCovariance

    spec = LearnedCorrelation(base=FullCovariance([[1, 0.5], [0.5, 1]]))
    with pytest.raises(ValueError, match="must have no correlations"):
        spec.moments(LatentSpace((1, 1)), np.array([2, 2]))
