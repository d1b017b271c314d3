"""Densities of all pairs of samples and documents: gradients, partners, and memory."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace
from hftopic.objective.marginals import log_marginals
from hftopic.objective.minibatch import Mixing, mixture_weights
from hftopic.objective.pairwise import dimension_marginals, group_densities, log_mixed


def leaves(n, dims, seed=0, dtype=torch.float64):
    """Samples, means and log variances as leaf tensors."""
    mean, log_variance, noise = torch.randn(
        3, n, dims, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    z = mean + torch.exp(0.5 * log_variance) * noise
    return [moment.to(dtype).requires_grad_() for moment in (z, mean, log_variance)]


def runs_of(mixing, batch):
    """All runs as slices."""
    return [
        slice(a, a + (stop - start) // n)
        for start, stop, n in mixing.runs(batch)
        for a in range(start, stop, (stop - start) // n)
    ]


def naive_dimensions(z, mean, log_variance, mixing):
    """Reference: each run of documents separately, with all densities in one tensor."""
    marginals = []
    for run in runs_of(mixing, len(z)):
        size = run.stop - run.start
        weights = mixing.weights(size)
        log_weight = weights.relative_(torch.zeros(size, size, dtype=z.dtype)) + weights.other
        normal = torch.distributions.Normal(mean[run], torch.exp(0.5 * log_variance[run]))
        density = normal.log_prob(z[run][:, None])  # (run, run, K)
        marginals.append(torch.logsumexp(log_weight[:, :, None] + density, 1))
    return torch.cat(marginals)


@pytest.mark.parametrize("every_sample_weighs_the_same", [True, False])
@given(
    batch=st.integers(2, 12),
    partners=st.none() | st.integers(2, 6),
    estimator=st.sampled_from(["hfvae", "mws", "mss"]),
    seed=st.integers(0, 99),
)
def test_single_dimensions_equal_brute_force(every_sample_weighs_the_same, batch, partners, estimator, seed):
    moments = leaves(batch, 3, seed)
    mixing = Mixing(estimator, 40, partners)
    upstream = torch.randn(batch, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    if every_sample_weighs_the_same:
        upstream = upstream[:1].expand(batch, -1)
    ours = dimension_marginals(moments[0], MeanFieldPosterior(*moments[1:]), mixing)
    naive = naive_dimensions(*moments, mixing)
    assert_close(ours, naive, rtol=1e-10, atol=1e-10)
    found, expected = (torch.autograd.grad(q, moments, upstream) for q in (ours, naive))
    assert_close(found, expected, rtol=1e-9, atol=1e-9)


@given(batch=st.integers(2, 500), partners=st.integers(2, 200))
def test_runs_part_the_batch_into_equal_shares(batch, partners):
    runs = runs_of(Mixing("hfvae", 1000, partners), batch)
    sizes = [run.stop - run.start for run in runs]
    assert [row for run in runs for row in range(run.start, run.stop)] == list(range(batch))
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= min(batch, partners)
    assert len(runs) == max(1, batch // partners)


def test_a_batch_no_larger_than_the_partners_and_full_mixtures_are_one_run():
    assert Mixing("hfvae", 1000, 128).runs(200) == [(0, 200, 1)]
    assert Mixing("hfvae", 1000).runs(5000) == [(0, 5000, 1)]
    assert Mixing("full", 1000, 128).runs(512) == [(0, 512, 1)]


def test_partners_change_no_level_but_single_dimensions():
    z, mean, log_variance = leaves(12, 5)
    posterior, space = MeanFieldPosterior(mean, log_variance), LatentSpace((2, 2, 1))
    few, all_ = (log_marginals(z, posterior, space, Mixing("hfvae", 99, n)) for n in (4, None))
    assert_close(few.joint, all_.joint)
    assert_close(few.groups, all_.groups)
    assert_close(few.variables[:, 4], few.groups[:, 2])  # a group of one dimension is that dimension
    assert not torch.isclose(few.variables[:, :4], all_.variables[:, :4]).any()


def test_groups_equal_sums_of_normal_densities_with_finite_difference_gradients():
    z, mean, log_variance = leaves(5, 4)
    posterior = MeanFieldPosterior(mean, log_variance)
    pair = group_densities(z, posterior, [slice(0, 3), slice(3, 4)])
    density = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance)).log_prob(z[:, None]) / math.log(
        2
    )
    assert_close(pair[0], density[:, :, :3].sum(2), rtol=1e-10, atol=1e-10)
    assert_close(pair[1], density[:, :, 3], rtol=1e-10, atol=1e-10)

    def both(z, mean, log_variance):
        return tuple(group_densities(z, MeanFieldPosterior(mean, log_variance), [slice(0, 3), slice(3, 4)]))

    assert torch.autograd.gradcheck(both, (z, mean, log_variance))


@pytest.mark.parametrize("estimator", ["hfvae", "mss", "full"])
def test_mixed_rows_are_weighted_sums(estimator):
    bits = 30 * torch.randn(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bits.requires_grad_()
    weights = mixture_weights(estimator, 6, 50)
    log_weight = weights.relative_(torch.zeros(6, 6, dtype=torch.float64)) + weights.other
    assert_close(log_mixed(bits, weights), torch.logsumexp(math.log(2) * bits + log_weight, 1))
    assert torch.autograd.gradcheck(lambda x: log_mixed(x, weights), (bits,))


def test_subnormal_numbers_do_not_arise():
    """Products with subnormal numbers are many times slower."""
    bits = torch.full((2, 2), -1e4)
    bits.fill_diagonal_(0.0)
    bits.requires_grad_()
    log_mixed(bits, mixture_weights("hfvae", 2, 1000)).mean().backward()
    assert (bits.grad.abs() > torch.finfo(torch.float32).tiny).all()


@pytest.mark.parametrize("partners", [None, 16])
def test_nothing_of_pairs_times_dimensions_is_kept(partners):
    """The forward pass keeps moments, and one (samples, documents) matrix for the joint and each group."""
    batch, dims, groups = 256, 40, (20, 20)
    z, mean, log_variance = leaves(batch, dims, dtype=torch.float32)
    kept = []

    def record(tensor):
        kept.append(tensor.untyped_storage().nbytes() / 4)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(record, lambda tensor: tensor):
        log_marginals(
            z, MeanFieldPosterior(mean, log_variance), LatentSpace(groups), Mixing("hfvae", 999, partners)
        )
    assert (
        sum(kept) < 3 * batch**2 + 40 * batch * dims
    )  # 606,000 entries; (pairs, dimensions) would be 2,600,000
    assert max(kept) <= batch * max(batch, dims)
