"""Prevalence: the prior of a document moves with its metadata; objectives still telescope to the ELBO."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.distributions import MultivariateNormal, kl_divergence
from torch.testing import assert_close

from hftopic import NVDM, Concrete, FullCovariance, ProdLDA
from hftopic.data.documents import BagsOfWords
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace
from hftopic.models import evaluation
from hftopic.networks.moments import RunningMoments
from hftopic.networks.prevalence import Prevalence
from hftopic.objective import (
    DIPVAE,
    HFVAE,
    VAE,
    AnchoredVAE,
    BetaTCVAE,
    BetaVAE,
    FactorVAE,
    loss,
)
from hftopic.training import Settings, Trainer
from hftopic.training.minibatch import MiniBatch

N, N_WORDS, P = 60, 25, 3
UNIT = [
    VAE(),
    BetaVAE(1.0),
    DIPVAE(0.0),
    DIPVAE(0.0, variant="I"),
    AnchoredVAE((0,), lam=0.0),
    BetaTCVAE(1.0),
    FactorVAE(0.0, estimate="marginals"),
    HFVAE(1.0, 1.0, 1.0, 1.0),
]


def documents(design):
    generator = np.random.default_rng(0)
    counts = generator.poisson(0.5, (N, N_WORDS))
    counts[:, 0] += 1
    return BagsOfWords(sp.csr_array(counts.astype(np.float32)), design=design)


def made_design():
    return np.random.default_rng(1).standard_normal((N, P)).astype(np.float32)


def made_trainer(model, marginals="gaussian", objective=None, prevalent=True):
    class Made:
        names = ("a", "b", "c")

    model.design_ = Made() if prevalent else None
    generator = torch.Generator().manual_seed(0)
    network = model._build_network(torch.full((N_WORDS,), -3.0), generator)
    settings = Settings(20, 5, 0.004, 0, 10, marginals, None)
    return Trainer(network, objective or HFVAE(1.0, 1.0, 1.0, 1.0), settings, generator)


def of_first(trainer, held):
    """A step with the first documents, and what it was made of."""
    trainer.network.eval()
    rows = np.arange(20)
    mini = MiniBatch(held.batch(rows, torch.device("cpu")), rows, (20,))
    noise = trainer._noise(20)
    source = trainer._source(held, N, trainer.processes)
    with torch.no_grad():
        return mini.batch, trainer._forward(source, mini, noise, None, 2.0)[0]


def covariance():
    root = np.random.default_rng(2).standard_normal((5, 5))
    return root @ root.T / 5 + np.eye(5)


@pytest.mark.parametrize("marginals", ["gaussian", "hfvae", "mws", "mss", "full"])
@pytest.mark.parametrize(
    "model",
    [
        ProdLDA((3, 2), hidden=(8,), prior=FullCovariance(covariance())),
        ProdLDA(((2, 1), 2), hidden=(8,)),
        NVDM((3, 2), hidden=(8,)),
    ],
    ids=["correlated", "nested", "signed"],
)
def test_unit_weights_telescope_to_the_elbo_given_metadata(model, marginals):
    held = documents(made_design())
    trainer = made_trainer(model, marginals)
    network = trainer.network
    network.prevalence.coefficients.normal_(generator=torch.Generator().manual_seed(3))
    network.train()
    everything = held.batch(np.arange(N), torch.device("cpu"))
    network.moments.observe(network.residual(everything, network.offsets(everything)), N)
    batch, step = of_first(trainer, held)
    offsets = torch.from_numpy(held.design[:20]).double() @ network.prevalence.coefficients.double()
    prior = network.prior_covariance.double()
    prior = torch.diag(prior) if prior.ndim == 1 else prior
    of_documents = MultivariateNormal(network.prior_mean.double() + offsets, prior)
    with torch.no_grad():
        posterior = network.encode(batch)
    variance = posterior.log_variance.double().exp()
    q = MultivariateNormal(posterior.mean.double(), torch.diag_embed(variance))
    z = step.sample.z.double() + offsets
    in_closed_form = -step.log_likelihood.double() + kl_divergence(q, of_documents)
    sampled = -step.log_likelihood.double() + q.log_prob(z) - of_documents.log_prob(z)
    for objective in UNIT:
        weights = objective.weights(network.space, step.progress)
        found = loss(objective.terms(step), weights, 1.0).double()
        expected = in_closed_form
        if marginals != "gaussian" and isinstance(objective, BetaTCVAE | FactorVAE | HFVAE):
            expected = sampled
        assert_close(found, expected, rtol=2e-4, atol=2e-3)


def test_a_design_of_zeros_gives_the_bytes_of_no_prevalence():
    found = []
    for prevalent in (True, False):
        held = documents(np.zeros((N, P), dtype=np.float32) if prevalent else None)
        trainer = made_trainer(ProdLDA((3, 2), hidden=(8,)), prevalent=prevalent)
        for _ in range(3):
            trainer.run_epoch(held, N)
        state = trainer.network.state_dict()
        if prevalent:
            assert not state["prevalence.coefficients"].any()
        found.append(
            {name: tensor for name, tensor in state.items() if "design" not in name and "preval" not in name}
        )
    for name, tensor in found[1].items():
        assert torch.equal(found[0][name], tensor), name


def test_an_empty_document_has_the_prior_of_its_metadata():
    held = documents(made_design())
    held.counts.data[held.counts.indptr[0] : held.counts.indptr[1]] = 0
    held.counts.eliminate_zeros()
    network = made_trainer(ProdLDA((3, Concrete(3), 2), hidden=(8,))).network
    network.prevalence.coefficients.normal_(generator=torch.Generator().manual_seed(3))
    posterior, _, offset = evaluation.encode(network, held)
    expected = network.prior_mean + torch.from_numpy(offset[0])
    assert_close(posterior.mean[0], expected)
    assert_close(posterior.log_variance[0].exp(), network.prior.variance)


def test_words_and_metadata_make_the_posterior_of_a_gaussian():
    """With a factor N(a, s²) of the words, the mean moves by the share of the prior in the precision."""
    space = LatentSpace((2,))
    prior = LatentPrior(space, torch.tensor([0.3, -1.0]), torch.tensor([2.0, 0.5]))
    a, s2, offsets = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.7, 3.0]]), torch.tensor([[0.9, -0.4]])

    def exact(mean):
        variance = 1 / (1 / s2 + 1 / prior.variance)
        return MeanFieldPosterior(variance * (a / s2 + mean / prior.variance), variance.log())

    prevalence = Prevalence(1, 2)
    found = prevalence.shifted(exact(prior.mean), offsets, prior)
    expected = exact(prior.mean + offsets)
    assert_close(found.mean, expected.mean)
    assert_close(found.log_variance, expected.log_variance)


def moments_of(design, means, n_columns):
    space = LatentSpace((means.shape[1],))
    moments = RunningMoments(space, n_columns)
    posterior = MeanFieldPosterior(torch.from_numpy(means), torch.zeros(means.shape))
    offsets = torch.zeros(means.shape)
    moments.observe(posterior, len(means), torch.from_numpy(design), offsets)
    return moments


def regression(seed=0, n=500, noise=0):
    generator = np.random.default_rng(seed)
    design = generator.standard_normal((n, 2 + noise)).astype(np.float32)
    true = np.array([[1.0, -1.0, 0.0], [0.0, 0.5, -0.5]])
    means = design[:, :2] @ true + generator.standard_normal((n, 3))
    return design, true, means.astype(np.float32)


def test_a_ridge_is_that_of_the_textbook():
    design, _, means = regression()
    moments = moments_of(design, means, 2)
    prior = LatentPrior(LatentSpace((3,)), torch.zeros(3), torch.ones(3))
    prevalence = Prevalence(2, 3, shrinkage=7.0)
    prevalence.renew(moments, prior, len(design))
    n = moments.documents(len(design))
    centred = design - design.mean(axis=0)
    scale = n / len(design)
    left = scale * centred.T @ centred + 7.0 * np.eye(2)
    expected = np.linalg.solve(left, scale * centred.T @ (means - means.mean(axis=0)))
    np.testing.assert_allclose(prevalence.coefficients.numpy(), expected, atol=1e-4)


def test_columns_without_effect_are_shrunk_and_others_are_not():
    design, true, means = regression(noise=20)
    prior = LatentPrior(LatentSpace((3,)), torch.zeros(3), torch.ones(3))
    moments = moments_of(design, means, 22)
    moments.weight.fill_(1.0)
    for name in ("mean", "products", "variance", "design_products", "design_cross"):
        getattr(moments, name).mul_(8)  # as after many mini-batches
    found = {}
    for shrinkage in (None, 0.0):
        prevalence = Prevalence(22, 3, shrinkage)
        prevalence.renew(moments, prior, len(design))
        found[shrinkage] = prevalence.coefficients.numpy()
    np.testing.assert_allclose(found[None][:2], true, atol=0.15)
    errors = [np.square(found[shrinkage][2:]).sum() for shrinkage in (None, 0.0)]
    assert errors[0] < 0.25 * errors[1]


def test_columns_that_depend_on_each_other_have_a_solution():
    design, _, means = regression()
    double = np.concatenate([design, design], axis=1)
    prevalence = Prevalence(4, 3, shrinkage=0.0)
    prior = LatentPrior(LatentSpace((3,)), torch.zeros(3), torch.ones(3))
    prevalence.renew(moments_of(double, means, 4), prior, len(design))
    assert prevalence.coefficients.isfinite().all()
    fitted = double @ prevalence.coefficients.numpy()
    alone = Prevalence(2, 3, shrinkage=0.0)
    alone.renew(moments_of(design, means, 2), prior, len(design))
    np.testing.assert_allclose(fitted, design @ alone.coefficients.numpy(), atol=1e-3)


def test_exchanges_of_topics_take_their_coefficients_along():
    held = documents(made_design())
    network = made_trainer(ProdLDA((3, 2), hidden=(8,))).network
    network.prevalence.coefficients.normal_(generator=torch.Generator().manual_seed(3))
    before = network.prevalence.coefficients.clone()
    network.check_exchange(held.batch(np.arange(N), torch.device("cpu")))
    assert torch.equal(network.prevalence.coefficients, before)
    network.reorder(np.array([2, 0, 1, 4, 3]), network.state_dict())
    assert torch.equal(network.prevalence.coefficients, before[:, [2, 0, 1, 4, 3]])
