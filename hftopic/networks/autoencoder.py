"""Autoencoders of one's own modules, any encoder and decoder of PyTorch, for the trainer and objectives."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hftopic.latent.groups import GroupsLike
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import LOG_2PI, MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.likelihood import Likelihood
from hftopic.networks.network import Network

LOG_VARIANCE_RANGE = (-20.0, 10.0)  # outside of it, the variances or their inverses overflow in float32

ROUNDING = 1e-4  # by which numbers from 0 to 1 may be beyond, as after an interpolation


class Autoencoder(Network[Tensor]):
    """Variational autoencoder of two modules, whose documents are rows of an array, such as images.

    Parameters
    ----------
    encoder : torch.nn.Module
        Maps a mini-batch, shape (B, …), to :attr:`n_outputs` numbers for each row: the means and the log
        variances of the K Gaussian dimensions, then the logits of each discrete variable.
    decoder : torch.nn.Module
        Maps :attr:`n_inputs` numbers for each row to what `likelihood` takes: the Gaussian dimensions, then a
        number for each class of each discrete variable, which sum to 1.
    groups : int, Normal, Discrete, or sequence of them
        As in :class:`hftopic.ProdLDA`.
    likelihood : function, optional
        p(x|z) for an output of the decoder; by default :class:`Bernoulli`. Another is :class:`Gaussian`.

    Notes
    -----
    The prior is standard normal. Modules that draw random numbers themselves, such as ``nn.Dropout``, do so
    from the global generator of PyTorch. Modules whose outputs depend on other rows of the mini-batch, such
    as ``nn.BatchNorm1d``, do not know the rows of other processes.

    Examples
    --------
    >>> from torch import nn
    >>> from hftopic import Concrete
    >>> network = Autoencoder(nn.Linear(6, 7), nn.Linear(5, 6), groups=(2, Concrete(3)))
    >>> network.n_outputs, network.n_inputs
    (7, 5)
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        groups: GroupsLike,
        likelihood: Callable[[Tensor], Likelihood[Tensor]] | None = None,
    ) -> None:
        space = LatentSpace(groups)
        n_dims = space.n_dims
        super().__init__(LatentPrior(space, torch.zeros(n_dims), torch.ones(n_dims)))
        self.encoder, self.decoder = encoder, decoder
        self.likelihood = Bernoulli if likelihood is None else likelihood

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the encoder: 2K, and the logits of each discrete variable."""
        return sum(self._widths)

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the decoder: K, and the classes of each discrete variable."""
        return self.space.n_dims + sum(variable.classes for variable in self.space.concretes)

    @property
    def _widths(self) -> list[int]:
        n_dims = self.space.n_dims
        return [n_dims, n_dims, *(variable.n_logits for variable in self.space.concretes)]

    def encode(self, batch: Tensor, generator: torch.Generator | None = None) -> MeanFieldPosterior:  # noqa: ARG002
        """q(z|x) of each row of a mini-batch.

        Raises
        ------
        ValueError
            The encoder has another number of outputs than the groups need.
        """
        outputs = self.encoder(batch)
        if outputs.shape != (len(batch), self.n_outputs):
            of_discrete = "".join(f" + {width} logits" for width in self._widths[2:])
            raise ValueError(
                f"the encoder must return {self.n_outputs} numbers for each of {len(batch)} rows "
                f"({self.space.n_dims} means + {self.space.n_dims} log variances{of_discrete}); "
                f"it returned an array of shape {tuple(outputs.shape)}"
            )
        mean, log_variance, *logits = torch.split(outputs, self._widths, 1)
        return MeanFieldPosterior(
            mean,
            log_variance.clamp(*LOG_VARIANCE_RANGE),
            self.space.log_classes(logits),
        )

    def decode(self, sample: Sample, generator: torch.Generator | None = None) -> Likelihood[Tensor]:  # noqa: ARG002
        """p(x|z) at a sample."""
        inputs = torch.cat([sample.z, *sample.classes], 1)
        try:
            outputs = self.decoder(inputs)
        except RuntimeError as error:
            error.add_note(
                f"the decoder gets {self.n_inputs} numbers for each row: shape {tuple(inputs.shape)}"
            )
            raise
        return self.likelihood(outputs)


@dataclass(frozen=True)
class Bernoulli:
    """Independent Bernoulli numbers; those of the data are 0, 1 or between, as the greys of an image.

    Attributes
    ----------
    logits : Tensor, shape (B, …)
    """

    logits: Tensor

    @property
    def mean(self) -> Tensor:
        """Mean of each number, the shape of the data."""
        return torch.sigmoid(self.logits)

    def log_likelihood(self, batch: Tensor) -> Tensor:
        """Σ (x log p + (1 - x) log(1 - p)) over the numbers of each row, shape (B,), in nats.

        Raises
        ------
        ValueError
            The decoder returns another shape than the data have, or a number is not from 0 to 1.
        """
        check_shape(self.logits, batch)
        low, high = (float(end) for end in torch.aminmax(batch))
        if not (low >= -ROUNDING and high <= 1 + ROUNDING):
            raise ValueError(
                f"Bernoulli data must be numbers from 0 to 1; got some from {low:g} to {high:g}. Scale them, "
                "as by Arrays(values, scale=1 / 255), or pass likelihood=Gaussian"
            )
        losses = functional.binary_cross_entropy_with_logits(self.logits, batch, reduction="none")
        return -losses.flatten(1).sum(1)


@dataclass(frozen=True)
class Gaussian:
    """Independent normal numbers with one standard deviation.

    Attributes
    ----------
    mean : Tensor, shape (B, …)
    scale : float, default=1.0
        The standard deviation; ``functools.partial(Gaussian, scale=0.1)`` is a likelihood with another.
    """

    mean: Tensor
    scale: float = 1.0

    def log_likelihood(self, batch: Tensor) -> Tensor:
        """Log density of the numbers of each row, shape (B,), in nats.

        Raises
        ------
        ValueError
            The decoder returns another shape than the data have, or a number is not finite.
        """
        check_shape(self.mean, batch)
        if not batch.isfinite().all():
            raise ValueError("data must be finite numbers; got some that are NaN or infinite")
        standard = (batch - self.mean).flatten(1) / self.scale
        constant = LOG_2PI + 2 * math.log(self.scale)
        return -0.5 * (standard.square() + constant).sum(1)


def check_shape(decoded: Tensor, batch: Tensor) -> None:
    """An error if a decoder returns another shape than its data have: it would be broadcast."""
    if decoded.shape != batch.shape:
        raise ValueError(
            f"the decoder must return the shape of its data, {tuple(batch.shape)} for a mini-batch; "
            f"got {tuple(decoded.shape)}"
        )
