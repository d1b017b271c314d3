"""Layout, priors and posteriors, compared with known values and independent implementations."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal as TorchNormal
from torch.distributions import kl_divergence
from torch.testing import assert_close

from hftopic.latent.groups import Normal
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, log_normal
from hftopic.latent.priors import DirichletLaplace, StandardNormal
from hftopic.latent.space import LatentSpace


def test_groups_lie_side_by_side():
    space = LatentSpace((2, Normal(3), 1))
    assert (space.n_groups, space.n_dims) == (3, 6)
    assert space.slices == (slice(0, 2), slice(2, 5), slice(5, 6))
    assert space.topic_groups.tolist() == [0, 0, 1, 1, 1, 2]


def test_a_number_is_one_group():
    assert LatentSpace(7).groups == LatentSpace(Normal(7)).groups == LatentSpace([7]).groups == (Normal(7),)


@pytest.mark.parametrize("groups", [(), (0,), (2, -1), (2.5,), "25", None, (True,)])
def test_groups_that_are_none_are_refused(groups):
    with pytest.raises(ValueError, match="group"):
        LatentSpace(groups)


def test_levels_of_a_density_that_factorises_are_sums():
    levels = LatentSpace((2, 3, 1)).levels_of(torch.arange(6.0).reshape(1, 6), [])
    assert_close(levels.groups, torch.tensor([[1.0, 9.0, 5.0]]))
    assert_close(levels.joint, torch.tensor([15.0]))
    assert_close(levels.variables, torch.arange(6.0).reshape(1, 6))


def test_density_and_divergence_equal_torch_distributions():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance, z, prior_mean, prior_log_variance = torch.randn(
        5, 4, 3, generator=generator, dtype=torch.float64
    )
    posterior = MeanFieldPosterior(mean, log_variance)
    prior = LatentPrior(LatentSpace((1, 2)), prior_mean[0], prior_log_variance[0].exp())
    q = TorchNormal(mean, torch.exp(0.5 * log_variance))
    p = TorchNormal(prior_mean[0], torch.exp(0.5 * prior_log_variance[0]))
    assert_close(posterior.log_prob(z), q.log_prob(z))
    assert_close(prior.kl_of_variables(posterior), kl_divergence(q, p))
    assert_close(prior.kl(posterior), kl_divergence(q, p).sum(1))
    levels = prior.log_prob(z, posterior)
    assert_close(levels.variables, p.log_prob(z))
    assert_close(levels.groups, torch.stack([p.log_prob(z)[:, 0], p.log_prob(z)[:, 1:].sum(1)], 1))
    assert_close(levels.joint, p.log_prob(z).sum(1))


def test_narrow_density_far_from_zero_does_not_cancel():
    z, mean, log_variance = torch.tensor(10.001), torch.tensor(10.0), torch.tensor(-8.0)
    exact = log_normal(z.double(), mean.double(), log_variance.double())
    assert_close(log_normal(z, mean, log_variance).double(), exact, rtol=1e-4, atol=0)


def test_sample_moves_the_noise():
    posterior = MeanFieldPosterior(torch.full((2, 3), 5.0), torch.full((2, 3), np.log(4.0)))
    assert_close(posterior.sample_gaussian(torch.ones(3)), torch.full((2, 3), 7.0))


def test_laplace_approximation_of_a_flat_dirichlet_over_50():
    mean, variance = DirichletLaplace(1.0).moments(LatentSpace(50), np.full(50, 50))
    assert mean.tolist() == [0.0] * 50
    np.testing.assert_allclose(variance, 0.98)


def test_laplace_variance_equals_the_general_formula():
    a, k = 0.3, 7
    general = (1 / a) * (1 - 2 / k) + (1 / k**2) * sum(1 / a for _ in range(k))
    np.testing.assert_allclose(DirichletLaplace(a).moments(LatentSpace(k), np.full(k, k))[1], general)


def test_one_topic_has_no_dirichlet():
    with pytest.raises(ValueError, match="at least 2 topics"):
        DirichletLaplace().moments(LatentSpace(1), np.array([1]))


@pytest.mark.parametrize("concentration", [0, -1, float("nan"), float("inf"), "1"])
def test_concentration_must_be_positive(concentration):
    with pytest.raises(ValueError, match="positive"):
        DirichletLaplace(concentration)


def test_standard_normal():
    mean, variance = StandardNormal().moments(LatentSpace((1, 2)), np.array([1, 2, 2]))
    assert mean.tolist() == [0, 0, 0]
    assert variance.tolist() == [1, 1, 1]
