"""The norms of the encoder: what they divide by, and what they leave alone."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import nn
from torch.testing import assert_close

from hftopic.data.batches import Batch
from hftopic.latent.space import LatentSpace
from hftopic.networks.encoder import NORMS, Encoder
from hftopic.networks.layers import SCALE_RATE, SHIFT_NORM_EPS, SharedScaleNorm, softplus

SPREADS = torch.tensor([0.5, 2.0, 30.0])  # standard deviations of three means
MEANS = torch.randn(64, 3, generator=torch.Generator().manual_seed(0)) * SPREADS + torch.tensor([5.0, 0, -9])


def norm_of(scale=1.0, shift=(0.0, 0.0, 0.0)):
    norm = SharedScaleNorm(3)
    with torch.no_grad():
        norm.log_scale.fill_(math.log(scale) / SCALE_RATE)
        norm.shift.copy_(torch.tensor(shift))
    return norm


def test_each_mean_is_divided_by_its_own_deviation_and_all_have_one_scale():
    outputs = norm_of(1.7, (1.0, -2.0, 0.0))(MEANS)
    variance = MEANS.var(0, correction=0)
    expected = (MEANS - MEANS.mean(0)) / (variance + SHIFT_NORM_EPS).sqrt() * 1.7
    assert_close(outputs, expected + torch.tensor([1.0, -2.0, 0.0]), atol=1e-4, rtol=1e-4)
    assert_close(outputs.mean(0), torch.tensor([1.0, -2.0, 0.0]), atol=1e-4, rtol=0)
    assert_close(outputs.std(0, correction=0), torch.full((3,), 1.7), atol=0, rtol=5e-3)


def test_the_scale_is_one_number_that_is_learned():
    norm = norm_of()
    (norm(MEANS) ** 3).sum().backward()
    assert {name: tuple(value.shape) for name, value in norm.named_parameters()} == {
        "shift": (3,),
        "log_scale": (),
    }
    assert norm.log_scale.grad.abs() > 0


def test_evaluation_divides_by_the_moments_that_training_has_met():
    """After many steps on one batch they are its moments, and a document is read alike in any company."""
    norm = norm_of(1.7)
    for _ in range(200):
        trained = norm(MEANS)
    norm.eval()
    assert_close(norm(MEANS), trained * math.sqrt(63 / 64), atol=1e-3, rtol=1e-3)
    assert_close(norm(MEANS[:1]), norm(MEANS)[:1])
    assert_close(norm.running_mean, MEANS.mean(0), atol=1e-3, rtol=1e-3)


def test_log_variances_are_left_as_they_are():
    of_mean, of_log_variance = NORMS["scale"]
    assert of_mean is SharedScaleNorm
    assert of_log_variance is nn.Identity


@pytest.mark.parametrize("norm", NORMS)
def test_each_parameter_changes_what_is_trained(norm):
    """A bias in front of a norm would not: its gradient is rounding, of which Adam makes whole steps."""
    draws = np.random.default_rng(0)
    counts = sp.csr_array(draws.poisson(1.0, (64, 9)), dtype=np.float32)
    embeddings = torch.from_numpy(draws.normal(size=(64, 5)).astype(np.float32))
    generator = torch.Generator().manual_seed(0)
    encoder = Encoder(9, (5,), LatentSpace(3), softplus, 0.0, 0.0, norm, generator, "both", 5)
    posterior = encoder(Batch(counts, torch.device("cpu"), torch.float32, embeddings=embeddings))
    for moments in (posterior.mean, posterior.log_variance):
        (moments * torch.randn(moments.shape, generator=generator)).sum().backward(retain_graph=True)
    smallest = {name: float(value.grad.abs().max()) for name, value in encoder.named_parameters()}
    assert {name: value for name, value in smallest.items() if not value > 1e-2} == {}
