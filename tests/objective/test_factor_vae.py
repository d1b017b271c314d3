"""The discriminator of FactorVAE: it learns a known total correlation, and is trained with a model."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

import hftopic
from hftopic import NVDM
from hftopic.latent.groups import Concrete
from hftopic.latent.posterior import Sample
from hftopic.latent.space import LatentSpace
from hftopic.objective import Discriminator, FactorVAE

COUNTS = np.random.default_rng(0).poisson(1.0, (60, 20))


def small_discriminator(groups=(1, 1), seed=0):
    return Discriminator(LatentSpace(groups), (64, 64), 3e-3, torch.Generator().manual_seed(seed))


def gaussian(n, rho, generator):
    first, second = torch.randn(2, n, generator=generator)
    return Sample(torch.stack([first, rho * first + math.sqrt(1 - rho**2) * second], 1))


@pytest.mark.parametrize(("rho", "tolerance"), [(0.9, 0.15), (0.0, 0.05)])
def test_it_learns_the_total_correlation_of_a_gaussian(rho, tolerance):
    """TC is -½ log(1 - ρ²) nats, 0.83 for ρ = 0.9; the estimate averages new samples in 200 of 800 steps.

    Over seeds the estimate was between 0.79 and 0.85, and within 0.005 of 0 for independent dimensions. The
    seed is fixed, so the result can differ only if the rounding of another machine changes the path of Adam.
    """
    generator = torch.Generator().manual_seed(1)
    discriminator = small_discriminator()
    estimates = []
    for step in range(800):
        discriminator.learn(gaussian(512, rho, generator))
        if step >= 600 and step % 10 == 0:
            with torch.no_grad():
                estimates.append(discriminator.log_ratio(gaussian(1000, rho, generator)).mean().item())
    assert np.mean(estimates) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=tolerance)


def test_variables_are_shuffled_each_on_its_own_and_the_classes_of_one_stay_together():
    """No two permutations of the 50 documents are equal; this fails with probability 3 in 50!."""
    n = 50
    number = torch.arange(float(n))
    discriminator = small_discriminator((1, Concrete(3), 1))
    shuffled = discriminator._shuffled(torch.stack([number, number, number, number + 100, number + 200], 1))
    assert shuffled.shape == (n, 5)
    first, second, classes = shuffled[:, 0], shuffled[:, 1], shuffled[:, 2:]
    for column in (first, second, classes[:, 0]):
        assert_close(column.sort().values, number)
    assert_close(classes[:, 1:], classes[:, :1] + torch.tensor([100.0, 200.0]))
    orders = {tuple(column.tolist()) for column in (first, second, classes[:, 0])}
    assert len(orders) == 3


def test_two_classes_of_one_variable_are_not_correlated_with_each_other():
    """One-hot classes are dependent but are one variable: with an independent dimension, TC is 0."""
    generator = torch.Generator().manual_seed(0)
    discriminator = small_discriminator((1, Concrete(3)))

    def draw(n):
        classes = torch.eye(3)[torch.randint(3, (n,), generator=generator)]
        return Sample(torch.randn(n, 1, generator=generator), (classes,))

    estimates = []
    for step in range(300):
        discriminator.learn(draw(256))
        if step >= 200 and step % 10 == 0:
            with torch.no_grad():
                estimates.append(discriminator.log_ratio(draw(1000)).mean().item())
    assert abs(np.mean(estimates)) < 0.05


def test_from_the_first_batch_there_is_nothing_to_learn():
    generator = torch.Generator().manual_seed(0)
    discriminator = small_discriminator()
    before = [p.detach().clone() for p in discriminator.parameters()]
    discriminator.learn(gaussian(8, 0.5, generator))
    for p, old in zip(discriminator.parameters(), before, strict=True):
        assert torch.equal(p, old)
    discriminator.learn(gaussian(5, 0.5, generator))  # a smaller last mini-batch
    assert all(not torch.equal(p, old) for p, old in zip(discriminator.parameters(), before, strict=True))


def test_the_model_feels_the_ratio_and_learning_leaves_the_model_alone():
    generator = torch.Generator().manual_seed(0)
    discriminator = small_discriminator()
    z = gaussian(8, 0.5, generator).z.requires_grad_()
    discriminator.learn(Sample(z))
    discriminator.learn(Sample(z))
    assert z.grad is None
    discriminator.log_ratio(Sample(z)).sum().backward()
    assert z.grad.abs().sum() > 0


def adversarial(**parameters):
    objective = FactorVAE(3.0, hidden=(16, 16), learning_rate=1e-3)
    model = NVDM(groups=(2, Concrete(2)), objective=objective, hidden=(16,), max_iter=4, device="cpu")
    return model.set_params(random_state=0, batch_size=20, **parameters)


def tensors(model):
    return model._network.state_dict()


def test_a_fit_records_the_total_correlation_and_repeats_byte_for_byte():
    """The state of torch's global generator has no effect."""
    torch.manual_seed(1)
    first = adversarial().fit(COUNTS)
    torch.manual_seed(2)
    second = adversarial().fit(COUNTS)
    assert {"kl", "total_correlation", "reconstruction"} <= set(first.history_.columns)
    assert np.isfinite(first.history_.to_numpy()).all()
    assert (first.history_["total_correlation"] != 0).all()
    assert first.history_.equals(second.history_)
    for one, other in zip(tensors(first).values(), tensors(second).values(), strict=True):
        assert torch.equal(one, other)
    other_seed = adversarial().set_params(random_state=1).fit(COUNTS)
    assert not torch.equal(tensors(first)["decoder.weights"], tensors(other_seed)["decoder.weights"])


def test_a_model_is_saved_without_the_discriminator_and_goes_on(tmp_path):
    model = adversarial().fit(COUNTS)
    model.save(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model")
    assert loaded.objective == model.objective
    np.testing.assert_array_equal(loaded.transform(COUNTS), model.transform(COUNTS))
    np.testing.assert_array_equal(loaded.score_samples(COUNTS), model.score_samples(COUNTS))
    for going_on in (model, loaded):
        before = going_on.components_.copy()
        going_on.partial_fit(COUNTS)
        assert going_on.n_iter_ == 5
        assert going_on.history_["total_correlation"].notna().all()
        assert not np.array_equal(going_on.components_, before)


def test_the_same_discriminator_goes_on_until_the_objective_changes():
    model = adversarial().partial_fit(COUNTS)
    companion = model._trainer.companion
    model.partial_fit(COUNTS)
    assert model._trainer.companion is companion
    model.set_params(objective=FactorVAE(2.0, hidden=(8,))).partial_fit(COUNTS)
    assert model._trainer.companion is not companion
