"""The pairwise estimator compared with brute force: values, gradients, and the laws of mixtures."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace, Levels
from hftopic.objective import pairwise as densities
from hftopic.objective.marginals import log_marginals, log_mixture
from hftopic.objective.minibatch import Mixing, mixture_weights

GROUPS = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


def random_posterior(n, dims, seed, dtype=torch.float64, spread=1.0):
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance, noise = torch.randn(3, n, dims, generator=generator, dtype=torch.float64)
    posterior = MeanFieldPosterior(
        (spread * mean).to(dtype).requires_grad_(), log_variance.to(dtype).requires_grad_()
    )
    return posterior, posterior.sample_gaussian(noise.to(dtype))


def brute_force(z, posterior, space, log_weight):
    """The densities of all samples under all documents, in one (R, M, K) tensor."""
    deviation = torch.exp(0.5 * posterior.log_variance)
    density = torch.distributions.Normal(posterior.mean, deviation).log_prob(z[:, None])  # (R, M, K)
    weighted = log_weight[:, :, None] + density
    groups = [torch.logsumexp(log_weight + density[:, :, s].sum(2), 1) for s in space.slices]
    joint = torch.logsumexp(log_weight + density.sum(2), 1)
    return Levels((joint[:, None], torch.stack(groups, 1)), torch.logsumexp(weighted, 1))


def batch_weights(batch, n_documents, estimator="hfvae"):
    """Weights of the estimators as a matrix, from their papers; row b is for the sample of document b."""
    n, m = n_documents, batch - 1
    matrix = torch.empty(batch, batch, dtype=torch.float64)
    for b in range(batch):
        for other in range(batch):
            if estimator == "hfvae":
                weight = 1 / n if other == b else (n - 1) / (n * m)
            elif estimator == "mws":
                weight = 1 / (batch * n)
            else:
                weight = {b: 1 / n, (b + 1) % batch: (n - m) / (n * m)}.get(other, 1 / m)
            matrix[b, other] = math.log(weight)
    return matrix


def hfvae(n_documents):
    return Mixing("hfvae", n_documents)


def assert_levels_close(actual, expected, **tolerance):
    for level in ("joint", "groups", "variables"):
        assert_close(getattr(actual, level), getattr(expected, level), **tolerance)


@given(
    groups=GROUPS,
    batch=st.integers(2, 9),
    extra=st.integers(0, 50),
    seed=st.integers(0, 99),
    estimator=st.sampled_from(["hfvae", "mws", "mss"]),
)
def test_values_and_gradients_equal_brute_force(groups, batch, extra, seed, estimator):
    space = LatentSpace(groups)
    posterior, z = random_posterior(batch, space.n_dims, seed)
    weights = torch.rand(3, batch, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))

    def gradients(levels):
        value = (
            weights[0] @ levels.joint
            - weights[1] @ levels.groups.square().sum(1)
            + weights[2] @ levels.variables.sin().sum(1)
        )
        return torch.autograd.grad(value, [posterior.mean, posterior.log_variance], retain_graph=True)

    ours = log_marginals(z, posterior, space, Mixing(estimator, batch + extra))
    naive = brute_force(z, posterior, space, batch_weights(batch, batch + extra, estimator))
    assert_levels_close(ours, naive, rtol=1e-10, atol=1e-10)
    for mine, theirs in zip(gradients(ours), gradients(naive), strict=True):
        assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_gradients_equal_finite_differences():
    space = LatentSpace((2, 1))
    posterior, z = random_posterior(4, 3, seed=1)

    def levels(z, mean, log_variance):
        found = log_marginals(z, MeanFieldPosterior(mean, log_variance), space, hfvae(11))
        return found.joint, found.groups, found.variables

    inputs = (z.detach().requires_grad_(), posterior.mean, posterior.log_variance)
    assert torch.autograd.gradcheck(levels, inputs)


@pytest.mark.parametrize("height", [1, 3, 7])
def test_blocks_do_not_change_the_answer(monkeypatch, height):
    space = LatentSpace((2, 3))
    posterior, z = random_posterior(7, 5, seed=2)

    def answer():
        levels = log_marginals(z, posterior, space, hfvae(30))
        value = levels.joint.sum() - 3 * levels.groups.sum() + levels.variables.square().sum()
        gradients = torch.autograd.grad(value, [posterior.mean, posterior.log_variance], retain_graph=True)
        return levels.joint, levels.groups, levels.variables, *gradients

    whole = answer()
    monkeypatch.setattr(densities, "CACHED_ENTRIES", height * 7)
    for mine, theirs in zip(answer(), whole, strict=True):
        assert_close(mine, theirs, rtol=1e-10, atol=1e-12)


@given(batch=st.integers(2, 2000), extra=st.integers(0, 10**6))
def test_weights_sum_to_one(batch, extra):
    for estimator, total in (("hfvae", 1), ("mss", 1), ("mws", 1 / (batch + extra))):
        w = mixture_weights(estimator, batch, batch + extra)
        found = math.exp(w.own) + math.exp(w.following) + (batch - 2) * math.exp(w.other)
        assert found == pytest.approx(total, abs=1e-9)
    assert batch * math.exp(mixture_weights("full", 0, batch).other) == pytest.approx(1, abs=1e-9)


@given(batch=st.integers(2, 50), extra=st.integers(0, 10**4))
def test_stratified_weights_average_to_those_of_hfvae(batch, extra):
    """The average is over the choice of the following document, which Chen et al. draw at random."""
    stratified, ours = (mixture_weights(name, batch, batch + extra) for name in ("mss", "hfvae"))
    average = (math.exp(stratified.following) + (batch - 2) * math.exp(stratified.other)) / (batch - 1)
    assert average == pytest.approx(math.exp(ours.other))
    assert stratified.own == ours.own


def test_with_all_documents_the_estimate_is_the_mixture():
    space = LatentSpace((2, 2))
    posterior, z = random_posterior(8, 4, seed=3)
    everything = log_mixture(z, posterior, space, posterior)
    assert_levels_close(log_marginals(z, posterior, space, hfvae(8)), everything)
    full = log_marginals(z[:3], posterior[:3], space, Mixing("full", 8), posterior)
    for part, whole in zip(full.sums(), everything.sums(), strict=True):
        assert_close(part, whole[:3])


@pytest.mark.parametrize(("batch", "n_documents"), [(1, 1), (1, 10), (11, 10)])
def test_impossible_batches_are_refused(batch, n_documents):
    with pytest.raises(ValueError, match="batch size must be between 2 and"):
        mixture_weights("hfvae", batch, n_documents)


def test_an_unknown_estimator_is_refused():
    with pytest.raises(ValueError, match="unknown mixture 'msw'; choose from"):
        mixture_weights("msw", 4, 9)


@given(batch=st.integers(2, 9), n=st.integers(9, 99), seed=st.integers(0, 99))
def test_one_group_is_the_joint_and_single_dimensions_are_groups(batch, n, seed):
    posterior, z = random_posterior(batch, 3, seed)
    one = log_marginals(z, posterior, LatentSpace(3), hfvae(n))
    assert_close(one.groups[:, 0], one.joint)
    singles = log_marginals(z, posterior, LatentSpace((1, 1, 1)), hfvae(n))
    assert_close(singles.groups, singles.variables)


def test_an_encoder_that_ignores_the_document_has_no_information():
    constant = MeanFieldPosterior(torch.full((6, 4), 0.3), torch.full((6, 4), -0.5))
    z = constant.sample_gaussian(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)))
    levels = log_marginals(z, constant, LatentSpace((2, 2)), hfvae(1000))
    assert_close(levels.variables, constant.log_prob(z))
    assert_close(levels.joint, constant.log_prob(z).sum(1))


@given(seed=st.integers(0, 20))
def test_float32_agrees_with_float64_where_posteriors_are_narrow_and_far_out(seed):
    space = LatentSpace((5, 5))
    posterior, _ = random_posterior(40, 10, seed, spread=5.0)
    narrow = MeanFieldPosterior(
        posterior.mean.detach().clamp(-10, 10).float().requires_grad_(),
        torch.full((40, 10), -8.0, requires_grad=True),
    )
    noise = torch.randn(40, 10, generator=torch.Generator().manual_seed(seed))

    def answer(dtype):
        mean, log_variance = (
            t.detach().to(dtype).requires_grad_() for t in (narrow.mean, narrow.log_variance)
        )
        z = narrow.sample_gaussian(noise).detach().to(dtype).requires_grad_()
        levels = log_marginals(z, MeanFieldPosterior(mean, log_variance), space, hfvae(1000))
        value = levels.joint.sum() + levels.groups.sum() + levels.variables.sum()
        return [
            levels.joint,
            levels.groups,
            levels.variables,
            *torch.autograd.grad(value, [z, mean, log_variance]),
        ]

    for single, double in zip(answer(torch.float32), answer(torch.float64), strict=True):
        scale = double.abs().max()
        assert_close(single.double() / scale, double / scale, rtol=1e-4, atol=1e-4)


def test_a_far_sample_has_a_finite_log_density():
    posterior = MeanFieldPosterior(torch.zeros(5, 2), torch.full((5, 2), -8.0))
    levels = log_mixture(torch.full((1, 2), 10.0), posterior[:1], LatentSpace(2), posterior)
    exact = posterior.log_prob(torch.full((1, 2), 10.0))[:1].sum(1)
    assert_close(levels.joint, exact, rtol=1e-5, atol=0)
