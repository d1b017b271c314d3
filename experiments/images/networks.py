"""Networks of the experiments on images, their training, and what their codes say.

The paper's appendix C trains multilayer perceptrons on MNIST and Fashion-MNIST. Here they have two hidden
layers for all images, which two cores can train.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from pictures import Pictures
from scipy.special import entr
from torch import nn

from hftopic import Concrete, Normal, __version__
from hftopic.analysis import Decomposition, decompose_posterior, factor_information
from hftopic.data.arrays import Arrays
from hftopic.models.evaluation import elbo, posterior
from hftopic.networks.autoencoder import Autoencoder, Bernoulli
from hftopic.training import Settings, Trainer, train

DIMS = 10  # Gaussian dimensions of each network, as in the paper's table 2
CLASSES = 10  # of pictures with ten labels
TEMPERATURE = 0.66
HIDDEN = (400, 200)
BATCH, LEARNING_RATE = 256, 2e-3
TINY = 1e-20  # least share of a class whose logarithm is taken
ACTIVE = 0.05  # nats about the image, above which a dimension is in use
DRAWS = 10  # of the noise of a bound


def groups_of(classes: int | None, temperature: float = TEMPERATURE) -> tuple[Any, ...]:
    """Ten Gaussian dimensions, and a discrete variable of so many classes if it has any."""
    return (Normal(DIMS),) if classes is None else (Normal(DIMS), Concrete(classes, temperature))


@dataclass(frozen=True)
class Blocks(Bernoulli):
    """Bernoulli pixels that stand for blocks of so many pixels of one grey, each of which counts."""

    block: int = 1

    def log_likelihood(self, batch: torch.Tensor) -> torch.Tensor:
        """Log likelihood of each picture in full size, shape (B,), in nats."""
        return self.block * super().log_likelihood(batch)


class FreeClass(Autoencoder):
    """Network whose class learns from the decoder alone: the terms of the objective give it no gradient.

    So it is where the class of a relaxed sample is scored at its likeliest class, as some implementations do.
    """

    def encode(self, batch: torch.Tensor, generator: torch.Generator | None = None) -> Any:
        """q(z|x), whose classes have no gradient."""
        found = super().encode(batch, generator)
        self._classes = found.log_classes
        return replace(found, log_classes=tuple(of.detach() for of in found.log_classes))

    def decode(self, sample: Any, generator: torch.Generator | None = None) -> Bernoulli:
        """p(x|z) at a sample, whose relaxed classes have in training the gradient that encode took away."""
        if self.training:
            live = tuple(
                torch.softmax(drawn.clamp_min(TINY).log() + (of - of.detach()) / TEMPERATURE, 1)
                for drawn, of in zip(sample.classes, self._classes, strict=True)
            )
            sample = replace(sample, classes=live)
        return super().decode(sample, generator)


def perceptrons(
    of: Pictures, groups: Sequence[Any], seed: int, kind: type[Autoencoder] = Autoencoder
) -> Autoencoder:
    """Encoder and decoder with two hidden layers each, whose first weights are drawn with a seed."""
    n_pixels = of.side**2
    wide, narrow = HIDDEN
    of_shapes = Autoencoder(nn.Identity(), nn.Identity(), groups)
    torch.manual_seed(seed)
    encoder = nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(n_pixels, wide), nn.ReLU(), nn.Linear(wide, narrow), nn.ReLU()),
        nn.Linear(narrow, of_shapes.n_outputs),
    )
    decoder = nn.Sequential(
        *(nn.Linear(of_shapes.n_inputs, narrow), nn.ReLU(), nn.Linear(narrow, wide), nn.ReLU()),
        nn.Linear(wide, n_pixels),
        nn.Unflatten(1, (of.side, of.side)),
    )
    return kind(encoder, decoder, groups, partial(Blocks, block=of.block))


def fitted(
    pictures: Pictures,
    objective: Any,
    classes: int | None,
    epochs: int,
    seed: int,
    kind: type[Autoencoder] = Autoencoder,
    temperature: float = TEMPERATURE,
    **settings: Any,
) -> Autoencoder:
    """A network that was trained on pictures, with the mixtures of the mini-batch as marginals."""
    network = perceptrons(pictures, groups_of(classes, temperature), seed, kind)
    chosen = {"batch_size": BATCH, "learning_rate": LEARNING_RATE, "warm_up": 0, **settings}
    trainer = Trainer(
        network,
        objective,
        Settings(max_iter=epochs, marginals="hfvae", **chosen),
        torch.Generator().manual_seed(seed),
    )
    train(trainer, Arrays(pictures.values))
    return network


def codes_of(network: Autoencoder, pictures: Pictures) -> tuple[np.ndarray, np.ndarray | None]:
    """Posterior means, shape (N, 10), and the likeliest class of each picture if there are classes."""
    found = posterior(network, Arrays(pictures.values))
    classes = found.log_classes[0].argmax(1).numpy() if found.log_classes else None
    return found.mean.numpy(), classes


def bounds_of(network: Autoencoder, pictures: Pictures) -> np.ndarray:
    """Evidence lower bound of each picture, in nats."""
    noise = torch.randn(DRAWS, network.space.n_dims, generator=torch.Generator().manual_seed(0))
    return elbo(network, Arrays(pictures.values), noise)


def terms_of(network: Autoencoder, pictures: Pictures) -> Decomposition:
    """Terms of the objective under the full mixture over the pictures."""
    return decompose_posterior(posterior(network, Arrays(pictures.values)), network.prior)


def information_of(network: Autoencoder, pictures: Pictures) -> tuple[np.ndarray, float | None]:
    """I(x; z_d) of each Gaussian dimension and I(x; c) of the discrete variable, in nats."""
    topics = terms_of(network, pictures).topics["information"].to_numpy()
    return topics[:DIMS], float(topics[DIMS]) if len(topics) > DIMS else None


def label_information(network: Autoencoder, pictures: Pictures) -> tuple[np.ndarray, float | None]:
    """I(y; z_d) of each Gaussian dimension and I(y; c), with the labels of the pictures, in nats.

    z_d is a sample of q(z_d|x), in bins of equal frequency: the mean of a dimension that is not in use is a
    function of the picture, and would say much about the label. c is a class of q(c|x), exactly: H(E[π]) less
    the mean of H(E[π|y]) over labels.
    """
    found, label = posterior(network, Arrays(pictures.values)), pictures.factors[["label"]]
    noise = torch.randn(found.mean.shape, generator=torch.Generator().manual_seed(0))
    of_dims = factor_information(found.sample_gaussian(noise).numpy(), label)["label"].to_numpy()
    if not found.log_classes:
        return of_dims, None
    shares = pd.DataFrame(found.log_classes[0].exp().double().numpy())
    given = shares.groupby(label["label"].to_numpy())
    weights = given.size() / len(shares)
    return of_dims, float(entr(shares.mean()).sum() - (entr(given.mean()).sum(axis=1) * weights).sum())


@torch.inference_mode()
def decoded(network: Autoencoder, z: np.ndarray, classes: np.ndarray | None = None) -> np.ndarray:
    """Mean pictures of codes (N, 10), and of classes (N,) if the network has any; shape (N, side, side)."""
    inputs = [torch.from_numpy(np.asarray(z, dtype=np.float32))]
    if classes is not None:
        n_classes = network.n_inputs - DIMS
        inputs.append(torch.eye(n_classes)[torch.from_numpy(np.asarray(classes, dtype=np.int64))])
    return torch.sigmoid(network.decoder(torch.cat(inputs, 1))).numpy()


def made_with(pictures: Pictures, objective: Any, **settings: Any) -> dict[str, Any]:
    """What a line of results was made with: version, objective and settings, and the pictures."""
    return {
        "hftopic": __version__,
        "settings": f"{objective!r} {settings}",
        "corpus_sha256": pictures.sha256,
    }
