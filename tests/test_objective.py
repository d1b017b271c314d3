"""Laws of the objective: it telescopes to the ELBO, and its special cases coincide."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from hftopic.latent import GaussianPosterior, GaussianPrior, LatentSpace
from hftopic.objective import HFVAE, VAE, Step, hierarchical_terms, loss

GROUPS = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
WEIGHTS = st.floats(0, 10)


def random_step(groups, batch=5, n_documents=40, seed=0):
    space = LatentSpace(groups)
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance, noise = torch.randn(3, batch, space.n_dims, generator=generator, dtype=torch.float64)
    prior_mean, prior_log_variance = torch.randn(2, space.n_dims, generator=generator, dtype=torch.float64)
    posterior = GaussianPosterior(mean.requires_grad_(), log_variance.requires_grad_())
    log_likelihood = -100 * torch.rand(batch, generator=generator, dtype=torch.float64)
    prior = GaussianPrior(prior_mean, prior_log_variance)
    return Step(log_likelihood, posterior, posterior.sample(noise), prior, space, n_documents)


def regulariser_gradients(step, objective):
    value = loss(objective.terms(step), objective.weights, 1.0).sum()
    return torch.autograd.grad(value, [step.posterior.mean, step.posterior.log_variance], retain_graph=True)


@given(groups=GROUPS, batch=st.integers(2, 8), extra=st.integers(0, 99), seed=st.integers(0, 99))
def test_unit_weights_telescope_to_the_negative_elbo_sample_by_sample(groups, batch, extra, seed):
    step = random_step(groups, batch, batch + extra, seed)
    terms = hierarchical_terms(step)
    posterior, prior, z = step.posterior, step.prior, step.z
    q = torch.distributions.Normal(posterior.mean, torch.exp(0.5 * posterior.log_variance))
    p = torch.distributions.Normal(prior.mean, torch.exp(0.5 * prior.log_variance))
    negative_elbo = -step.log_likelihood + q.log_prob(z).sum(1) - p.log_prob(z).sum(1)
    unit = HFVAE(alpha=1, beta=1, gamma=1, dimension_weight=1)
    assert_close(loss(terms, unit.weights, 1.0), negative_elbo, rtol=1e-10, atol=1e-10)


@given(weights=st.tuples(WEIGHTS, WEIGHTS, WEIGHTS, WEIGHTS), seed=st.integers(0, 99))
def test_loss_is_the_weighted_sum_of_the_papers_terms(weights, seed):
    step = random_step((2, 3), seed=seed)
    alpha, beta, gamma, w = weights
    t = hierarchical_terms(step)
    expected = (
        t["reconstruction"]
        + alpha * t["mutual_information"]
        + beta * t["between_groups"]
        + gamma * t["within_groups"]
        + w * t["dimension_kl"]
    )
    objective = HFVAE(alpha, beta, gamma, w)
    assert_close(loss(objective.terms(step), objective.weights, 1.0), expected)


@given(seed=st.integers(0, 99), beta=WEIGHTS)
def test_one_group_has_nothing_between_groups(seed, beta):
    step = random_step((4,), seed=seed)
    assert_close(hierarchical_terms(step)["between_groups"], torch.zeros(5, dtype=torch.float64))
    for mine, theirs in zip(
        regulariser_gradients(step, HFVAE(beta=beta)), regulariser_gradients(step, HFVAE(beta=0)), strict=True
    ):
        assert_close(mine, theirs, rtol=1e-8, atol=1e-8)


@given(seed=st.integers(0, 99))
def test_groups_of_one_dimension_have_nothing_within(seed):
    step = random_step((1, 1, 1), seed=seed)
    assert_close(hierarchical_terms(step)["within_groups"], torch.zeros(5, dtype=torch.float64))


@given(seed=st.integers(0, 99), weight=WEIGHTS)
def test_with_equal_beta_and_gamma_the_grouping_does_not_matter(seed, weight):
    objective = HFVAE(beta=weight, gamma=weight)
    values = []
    for groups in [(6,), (2, 4), (1, 2, 3), (1,) * 6]:
        step = random_step(groups, seed=seed)
        values.append(
            (loss(objective.terms(step), objective.weights, 1.0), *regulariser_gradients(step, objective))
        )
    for other in values[1:]:
        for mine, theirs in zip(other, values[0], strict=True):
            assert_close(mine, theirs, rtol=1e-8, atol=1e-8)


def test_an_encoder_that_ignores_the_document_has_no_information_and_no_correlation():
    step = random_step((2, 3))
    posterior = GaussianPosterior(
        step.posterior.mean[:1].expand(5, 5), step.posterior.log_variance[:1].expand(5, 5)
    )
    noise = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    constant = Step(step.log_likelihood, posterior, posterior.sample(noise), step.prior, step.space, 40)
    terms = hierarchical_terms(constant)
    for name in ("mutual_information", "between_groups", "within_groups"):
        assert_close(terms[name], torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-12)


def test_vae_is_the_unit_objective_in_expectation():
    """Mean over 20,000 samples of one posterior: the closed form lies within 5 standard errors.

    Chance of failing by bad luck: 6e-7.
    """
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 1, 4, generator=generator, dtype=torch.float64)
    n = 20_000
    posterior = GaussianPosterior(mean.expand(n, 4), log_variance.expand(n, 4))
    prior = GaussianPrior(torch.zeros(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64))
    z = posterior.sample(torch.randn(n, 4, generator=generator, dtype=torch.float64))
    sampled = (posterior.log_prob(z) - prior.log_prob(z, LatentSpace(4)).dims).sum(1)
    step = Step(torch.zeros(n, dtype=torch.float64), posterior, z, prior, LatentSpace(4), n)
    closed = VAE().terms(step)["kl"][0]
    assert abs(sampled.mean() - closed) < 5 * sampled.std() / math.sqrt(n)


def test_warm_up_scales_everything_but_the_reconstruction():
    step = random_step((2, 2))
    objective = HFVAE()
    terms = objective.terms(step)
    cold, half, warm = (loss(terms, objective.weights, w) for w in (0.0, 0.5, 1.0))
    assert_close(cold, terms["reconstruction"])
    assert_close(half, (cold + warm) / 2)


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), "1", None])
@pytest.mark.parametrize("name", ["alpha", "beta", "gamma", "dimension_weight"])
def test_weights_that_make_no_sense_are_refused(name, weight):
    with pytest.raises(ValueError, match=f"{name} of HFVAE must be a finite number"):
        HFVAE(**{name: weight})
