"""Autoencoders of one's own modules: likelihoods, shapes, a planted answer, checkpoints and processes."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import distributions, nn
from torch.testing import assert_close

from hftopic import HFVAE, VAE, Concrete, Normal
from hftopic.data.arrays import Arrays
from hftopic.latent.posterior import Noise
from hftopic.models.evaluation import elbo, posterior
from hftopic.networks.autoencoder import Autoencoder, Bernoulli, Gaussian
from hftopic.training import Checkpoint, Settings, Trainer, of_the_job, train
from tests import together

GROUPS = (Normal(1), Concrete(3))
SETTINGS = Settings(batch_size=50, max_iter=40, learning_rate=0.01, marginals="hfvae")


def network(seed: int = 0, n_pixels: int = 16, groups=GROUPS, likelihood=None) -> Autoencoder:
    """Two hidden layers; the pixels are in two axes."""
    torch.manual_seed(seed)
    size = Autoencoder(nn.Identity(), nn.Identity(), groups)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(n_pixels, 32), nn.ReLU(), nn.Linear(32, size.n_outputs))
    decoder = nn.Sequential(
        nn.Linear(size.n_inputs, 32), nn.ReLU(), nn.Linear(32, n_pixels), nn.Unflatten(1, (-1, 4))
    )
    return Autoencoder(encoder, decoder, groups, likelihood)


def planted(n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures of three kinds, whose pixels are bright by a number from 0 to 1: kinds, numbers, pixels."""
    draws = np.random.default_rng(0)
    kinds, bright = draws.integers(3, size=n), draws.random(n)
    shapes = draws.random((3, 4, 4)) < 0.5
    return kinds, bright, shapes[kinds] * (0.3 + 0.7 * bright[:, None, None])


def test_bernoulli_is_that_of_torch():
    logits, pixels = torch.randn(3, 2, 5), (torch.rand(3, 2, 5) < 0.5).float()
    expected = distributions.Bernoulli(logits=logits).log_prob(pixels).sum((1, 2))
    assert_close(Bernoulli(logits).log_likelihood(pixels), expected)
    assert_close(Bernoulli(logits).mean, torch.sigmoid(logits))


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_gaussian_is_that_of_torch(scale):
    mean, numbers = torch.randn(3, 2, 5), torch.randn(3, 2, 5)
    expected = distributions.Normal(mean, scale).log_prob(numbers).sum((1, 2))
    assert_close(Gaussian(mean, scale).log_likelihood(numbers), expected)


def test_outputs_are_moments_and_logits_in_the_order_of_the_groups():
    own = Autoencoder(nn.Identity(), nn.Identity(), (Normal(1), Concrete(2), Normal(2)))
    assert (own.n_outputs, own.n_inputs) == (3 + 3 + 2, 3 + 2)
    outputs = torch.arange(8.0)[None]
    found = own.encode(outputs)
    assert found.mean.tolist() == [[0, 1, 2]]
    assert found.log_variance.tolist() == [[3, 4, 5]]
    assert_close(found.log_classes[0], torch.log_softmax(outputs[:, 6:], 1))


@pytest.mark.parametrize("n_outputs", [4, 6])
def test_an_encoder_with_other_outputs_is_an_error(n_outputs):
    own = Autoencoder(nn.Linear(16, n_outputs), nn.Identity(), GROUPS)
    with pytest.raises(ValueError, match=rf"5 numbers for each of 7 rows.*3 logits.*\(7, {n_outputs}\)"):
        own.encode(torch.zeros(7, 16))


@pytest.mark.parametrize(
    ("likelihood", "number", "told"),
    [
        (Bernoulli, 16.0, r"from 0 to 16\. Scale them"),
        (Bernoulli, -1.0, "from -1 to 0"),
        (Bernoulli, float("nan"), "from nan to nan"),
        (Gaussian, float("nan"), "NaN or infinite"),
        (Gaussian, float("inf"), "NaN or infinite"),
    ],
)
def test_numbers_that_the_likelihood_does_not_have_are_an_error(likelihood, number, told):
    """One in a thousand is enough; otherwise the training would seem to diverge."""
    values = torch.zeros(10, 100)
    values[3, 5] = number
    with pytest.raises(ValueError, match=told):
        likelihood(torch.zeros(10, 100)).log_likelihood(values)


@pytest.mark.parametrize("likelihood", [Bernoulli, Gaussian])
def test_a_decoder_that_would_be_broadcast_is_an_error(likelihood):
    with pytest.raises(ValueError, match=r"\(7, 4, 4\) for a mini-batch; got \(7, 1, 4\)"):
        likelihood(torch.zeros(7, 1, 4)).log_likelihood(torch.zeros(7, 4, 4))


def test_a_decoder_for_another_number_of_inputs_is_told():
    own = Autoencoder(nn.Linear(16, 5), nn.Linear(9, 16), GROUPS)
    sample = own.encode(torch.zeros(7, 16)).sample(Noise(torch.zeros(7, 1), (torch.zeros(7, 3),)), (1.0,))
    with pytest.raises(RuntimeError) as caught:
        own.decode(sample)
    assert caught.value.__notes__ == ["the decoder gets 4 numbers for each row: shape (7, 4)"]


@pytest.mark.parametrize(("likelihood", "seed"), [(None, 1), (partial(Gaussian, scale=0.2), 0)])
def test_kinds_and_brightness_are_found(likelihood, seed):
    """The class is the kind of a picture, and the dimension is the brightness of pictures of a kind.

    With 10 of 10 seeds the classes are the kinds if pixels are normal, and with 4 of 10 if they are
    Bernoulli: otherwise two kinds share a class. The brightness is found with all.
    """
    kinds, bright, pixels = planted()
    own = network(seed, likelihood=likelihood)
    train(Trainer(own, HFVAE(gamma=2.0), SETTINGS, torch.Generator().manual_seed(0)), Arrays(pixels))
    found = posterior(own, Arrays(pixels))
    of_class = np.zeros((3, 3))
    np.add.at(of_class, (found.log_classes[0].argmax(1).numpy(), kinds), 1)
    assert of_class.max(1).sum() / len(kinds) > 0.95
    for kind in range(3):
        assert abs(np.corrcoef(found.mean[kinds == kind, 0], bright[kinds == kind])[0, 1]) > 0.9


def test_the_elbo_is_below_the_evidence():
    """log p(x) of one dimension and three classes, by a sum over a fine grid."""
    pixels = (planted(40)[2] > 0.5).astype(np.float32)
    own = network()
    train(Trainer(own, VAE(), SETTINGS, torch.Generator().manual_seed(0)), Arrays(pixels))
    bounds = elbo(own, Arrays(pixels), torch.randn(200, 1, generator=torch.Generator().manual_seed(1)))
    grid = torch.linspace(-8, 8, 2001)[:, None]
    log_weight = distributions.Normal(0.0, 1.0).log_prob(grid[:, 0]) + np.log(16 / 2000 / 3)
    with torch.no_grad():
        evidence = [
            torch.logsumexp(
                torch.cat(
                    [
                        own.likelihood(
                            own.decoder(torch.cat([grid, of_class.expand(len(grid), -1)], 1))
                        ).log_likelihood(picture.expand(len(grid), 4, 4))
                        + log_weight
                        for of_class in torch.eye(3)
                    ]
                ),
                0,
            )
            for picture in torch.from_numpy(pixels)
        ]
    gaps = torch.stack(evidence).numpy() - bounds
    assert gaps.mean() > 0
    assert gaps.min() > -0.5  # the bound is a mean over 200 draws


class StopError(Exception):
    """An end in the middle of a training."""


def test_a_training_goes_on_from_its_checkpoint(tmp_path):
    pixels, file = planted(100)[2], tmp_path / "state"

    def trained(callbacks=(), checkpoint=None):
        trainer = Trainer(network(), HFVAE(), SETTINGS, torch.Generator().manual_seed(0))
        train(trainer, Arrays(pixels), callbacks=callbacks, checkpoint=checkpoint)
        return trainer

    def end(record):
        if record["epoch"] == 7:
            raise StopError

    whole = trained()
    with pytest.raises(StopError):
        trained([end], Checkpoint(file, "pictures", 0))
    resumed = trained(checkpoint=Checkpoint(file, "pictures", 0))
    for one, other in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert whole.records == resumed.records


def in_processes() -> list[np.ndarray]:
    """Weights of a network after training in the processes of the job, each of which begins with its own."""
    own = network(seed=torch.distributed.get_rank())
    settings = Settings(batch_size=50, max_iter=3)
    with of_the_job() as processes:
        trainer = Trainer(own, HFVAE(), settings, torch.Generator().manual_seed(0), processes=processes)
        train(trainer, Arrays(planted(100)[2]))
    return [parameter.detach().numpy() for parameter in own.parameters()]


def test_processes_train_one_network():
    first, second = together.results(in_processes)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    before = [parameter.detach().numpy() for parameter in network().parameters()]
    assert not any(np.array_equal(one, other) for one, other in zip(first, before, strict=True))
