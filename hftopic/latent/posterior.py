"""The posterior q(z|x) of documents: the output of the encoder, its samples, and its form for analysis."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hftopic._devices import sent
from hftopic._processes import Processes
from hftopic.latent.space import LatentSpace

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Noise:
    """Random numbers for one sample of B documents, drawn by the caller.

    Attributes
    ----------
    normal : Tensor, shape (B, K)
        Standard normal.
    gumbel : tuple of Tensor, shape (B, classes) each
        Standard Gumbel, for each Concrete variable.
    """

    normal: Tensor
    gumbel: tuple[Tensor, ...] = ()

    @classmethod
    def draw(
        cls, n_rows: int, space: LatentSpace, generator: torch.Generator, device: torch.device
    ) -> "Noise":
        """Noise for ``n_rows`` documents, drawn on the CPU, so that it is the same for every device."""
        normal = torch.randn(n_rows, space.n_dims, generator=generator, dtype=torch.float32)
        gumbel = [
            -torch.empty(n_rows, concrete.classes, dtype=torch.float32)
            .exponential_(generator=generator)
            .log()
            for concrete in space.concretes
        ]
        return cls(sent(normal, device), tuple(sent(g, device) for g in gumbel))


@dataclass(frozen=True)
class Sample:
    """Sample of the latent variables of B documents: the input of a decoder.

    Attributes
    ----------
    z : Tensor, shape (B, K)
        Gaussian dimensions.
    classes : tuple of Tensor, shape (B, classes) each
        A point of the simplex for each Concrete variable: a corner (one class) in evaluation, a relaxed point
        in training.
    """

    z: Tensor
    classes: tuple[Tensor, ...] = ()

    def moved(self, offsets: Tensor) -> "Sample":
        """The sample with ``offsets``, shape (B, K), added to the Gaussian dimensions."""
        return replace(self, z=self.z + offsets)

    def with_classes(self, combination: Sequence[int], space: LatentSpace) -> "Sample":
        """The same Gaussian part with one combination of classes."""
        one_hot = [
            functional.one_hot(torch.tensor([c], device=self.z.device), concrete.classes)
            .to(self.z.dtype)
            .expand(len(self.z), -1)
            for c, concrete in zip(combination, space.concretes, strict=True)
        ]
        return Sample(self.z, tuple(one_hot))


@dataclass(frozen=True)
class MeanFieldPosterior:
    """q(z|x) of a mini-batch: independent Gaussians, and class probabilities of the Concrete variables.

    Attributes
    ----------
    mean, log_variance : Tensor, shape (B, K)
    log_classes : tuple of Tensor, shape (B, classes) each
        log π of each Concrete variable.
    """

    mean: Tensor
    log_variance: Tensor
    log_classes: tuple[Tensor, ...] = ()

    def __len__(self) -> int:
        return len(self.mean)

    def __getitem__(self, rows: Tensor | slice | NDArray[np.int64]) -> "MeanFieldPosterior":
        """Posterior of some of the documents."""
        return MeanFieldPosterior(
            self.mean[rows], self.log_variance[rows], tuple(c[rows] for c in self.log_classes)
        )

    def map(self, change: Callable[[Tensor], Tensor]) -> "MeanFieldPosterior":
        """The posterior with a function applied to every tensor, such as a change of precision or device."""
        return MeanFieldPosterior(
            change(self.mean), change(self.log_variance), tuple(map(change, self.log_classes))
        )

    def moved(self, offsets: Tensor) -> "MeanFieldPosterior":
        """The posterior of z + ``offsets``, shape (B, K)."""
        return replace(self, mean=self.mean + offsets.to(self.mean.dtype))

    def replaced(self, rows: Tensor, other: "MeanFieldPosterior") -> "MeanFieldPosterior":
        """This posterior, with the rows of a mask of shape (B,) replaced by those of ``other``."""
        pairs = zip(self.tensors, other.tensors, strict=True)
        mean, log_variance, *log_classes = (torch.where(rows[:, None], b, a) for a, b in pairs)
        return MeanFieldPosterior(mean, log_variance, tuple(log_classes))

    @classmethod
    def concatenated(cls, parts: Sequence["MeanFieldPosterior"]) -> "MeanFieldPosterior":
        """Posterior of the documents of all parts, in order."""
        mean, log_variance, *log_classes = map(torch.cat, zip(*(part.tensors for part in parts), strict=True))
        return cls(mean, log_variance, tuple(log_classes))

    def gathered(self, processes: Processes) -> "MeanFieldPosterior":
        """Posterior of the documents of all processes, in their order, with gradients."""
        if processes.size == 1:
            return self
        widths = [tensor.shape[1] for tensor in self.tensors]
        of_all = processes.gathered(torch.cat(self.tensors, 1))
        mean, log_variance, *classes = torch.split(of_all, widths, 1)
        return MeanFieldPosterior(mean, log_variance, tuple(classes))

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Mean, log variance, and the log class probabilities of each discrete variable."""
        return self.mean, self.log_variance, *self.log_classes

    def sample_gaussian(self, noise: Tensor) -> Tensor:
        """z = mean + standard deviation * noise, for standard normal ``noise`` of shape (B, K) or (K,)."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise

    def sample(self, noise: Noise, temperatures: Sequence[float] = ()) -> Sample:
        """A Gaussian sample, and relaxed classes at the ``temperatures`` of the Concrete variables."""
        relaxed = [
            torch.softmax((log_pi + gumbel) / temperature, 1)
            for log_pi, gumbel, temperature in zip(self.log_classes, noise.gumbel, temperatures, strict=True)
        ]
        return Sample(self.sample_gaussian(noise.normal), tuple(relaxed))

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z|x) of each variable, shape (B, V), in nats; averaged over the classes if it is Concrete."""
        classes = [_average(log_pi, log_pi) for log_pi in self.log_classes]
        return torch.cat([log_normal(z, self.mean, self.log_variance), *(c[:, None] for c in classes)], 1)

    def negative_entropy(self) -> Tensor:
        """E_q[log q(z_e|x)] of each variable in closed form, shape (B, V), in nats."""
        classes = [_average(log_pi, log_pi)[:, None] for log_pi in self.log_classes]
        return torch.cat([-0.5 * (self.log_variance + LOG_2PI + 1), *classes], 1)


def log_normal(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Log density of a Gaussian, elementwise; the square is not expanded, to avoid cancellation."""
    scaled = (z - mean) * torch.exp(-0.5 * log_variance)
    return -0.5 * (scaled.square() + log_variance + LOG_2PI)


def _average(log_weights: Tensor, values: Tensor) -> Tensor:
    """Mean over classes, Σ_k π_k f(k), shape (B,)."""
    return (log_weights.exp() * values).sum(1)


@dataclass(frozen=True)
class Posterior:
    """Posterior of documents as numpy arrays, for analysis.

    Attributes
    ----------
    mean, variance : ndarray, shape (n_documents, n_dims), float32
        Moments of q(z_d,e|x), the Gaussian logits of the topics.
    class_probabilities : tuple of ndarray, shape (n_documents, classes) each, float32
        π of each Concrete variable; empty if the model has none.
    """

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]
    class_probabilities: tuple[NDArray[np.float32], ...] = ()

    @classmethod
    def of(cls, posterior: MeanFieldPosterior) -> "Posterior":
        """Copy of the moments and class probabilities to arrays in CPU memory."""
        mean, variance, *classes = (
            tensor.detach().cpu().numpy().copy()
            for tensor in (
                posterior.mean,
                posterior.log_variance.exp(),
                *(c.exp() for c in posterior.log_classes),
            )
        )
        return cls(mean, variance, tuple(classes))

    def mean_field(self) -> MeanFieldPosterior:
        """The posterior as tensors, float32."""
        mean, variance, *classes = (
            torch.from_numpy(np.asarray(moment, dtype=np.float32))
            for moment in (self.mean, self.variance, *self.class_probabilities)
        )
        tiny = torch.finfo(torch.float32).tiny
        return MeanFieldPosterior(mean, variance.log(), tuple(p.clamp_min(tiny).log() for p in classes))

    def __repr__(self) -> str:
        classes = "".join(f", {probabilities.shape[1]} classes" for probabilities in self.class_probabilities)
        return f"<Posterior of {len(self):,} documents: {self.mean.shape[1]} dimensions{classes}>"

    def __len__(self) -> int:
        return len(self.mean)

    def __getitem__(self, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> "Posterior":
        """Posterior of some of the documents."""
        return Posterior(
            self.mean[rows], self.variance[rows], tuple(p[rows] for p in self.class_probabilities)
        )
