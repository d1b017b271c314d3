"""Latent variables: groups of topics, their prior, and the posterior of a document."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Normal:
    """Group of topics with a diagonal Gaussian posterior.

    Parameters
    ----------
    dims : int
        Number of topics in the group.

    Examples
    --------
    >>> Normal(25)
    Normal(dims=25)
    """

    dims: int

    def __post_init__(self) -> None:
        if not isinstance(self.dims, int | np.integer) or isinstance(self.dims, bool) or self.dims < 1:
            raise ValueError(f"a Normal group needs a whole number of topics, 1 or more; got {self.dims!r}")


@dataclass(frozen=True)
class Levels:
    """Log densities of samples z at the three levels of the hierarchy, in nats.

    Attributes
    ----------
    joint : Tensor, shape (B,)
        Of z whole.
    groups : Tensor, shape (B, D)
        Of each group z_d.
    dims : Tensor, shape (B, K)
        Of each dimension z_d,e.
    """

    joint: Tensor
    groups: Tensor
    dims: Tensor


class LatentSpace:
    """Layout of z: D groups side by side, K dimensions in all.

    Parameters
    ----------
    groups : int, Normal, or iterable of them
        A bare number is one group.
    """

    def __init__(self, groups: "int | Normal | Iterable[int | Normal]") -> None:
        listed = [groups] if isinstance(groups, int | np.integer | Normal) else groups
        if not isinstance(listed, Iterable) or isinstance(groups, str):
            raise ValueError(
                f"groups must be a number of topics or a tuple of them, such as (25, 25); got {groups!r}"
            )
        self.groups = tuple(g if isinstance(g, Normal) else Normal(g) for g in listed)
        if not self.groups:
            raise ValueError("groups is empty; give at least one group, such as groups=(25, 25)")

    @property
    def n_groups(self) -> int:
        """D, the number of groups."""
        return len(self.groups)

    @cached_property
    def n_dims(self) -> int:
        """K, the number of dimensions, which is the number of topics."""
        return sum(group.dims for group in self.groups)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Dimensions of each group."""
        ends = np.cumsum([group.dims for group in self.groups]).tolist()
        return tuple(slice(end - group.dims, end) for group, end in zip(self.groups, ends, strict=True))

    @cached_property
    def topic_groups(self) -> NDArray[np.int64]:
        """Group index of each dimension, shape (K,)."""
        return np.repeat(np.arange(self.n_groups), [group.dims for group in self.groups])

    def sum_within(self, dims: Tensor) -> Tensor:
        """Sums over the dimensions of each group: (B, K) to (B, D)."""
        return torch.stack([dims[:, s].sum(1) for s in self.slices], dim=1)


@dataclass(frozen=True)
class GaussianPosterior:
    """Encoder's answer for a batch: q(z|x), a diagonal Gaussian a document.

    Attributes
    ----------
    mean, log_variance : Tensor, shape (B, K)
    """

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """z = mean + standard deviation * noise, for standard normal ``noise`` of shape (B, K) or (K,)."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z_e|x) of each dimension, shape (B, K), in nats."""
        return log_normal(z, self.mean, self.log_variance)

    def kl(self, prior: "GaussianPrior") -> Tensor:
        """KL(q(z_e|x) || p(z_e)) of each dimension in closed form, shape (B, K), in nats."""
        log_ratio = self.log_variance - prior.log_variance
        scaled = (self.mean - prior.mean).square() / prior.log_variance.exp()
        return 0.5 * (log_ratio.exp() + scaled - 1 - log_ratio)


def log_normal(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Log density of a Gaussian, elementwise; the square is never expanded, which would cancel."""
    scaled = (z - mean) * torch.exp(-0.5 * log_variance)
    return -0.5 * (scaled.square() + log_variance + LOG_2PI)


@dataclass(frozen=True)
class GaussianPrior:
    """Prior p(z) that factorises over dimensions.

    Attributes
    ----------
    mean, log_variance : Tensor, shape (K,)
    """

    mean: Tensor
    log_variance: Tensor

    def log_prob(self, z: Tensor, space: LatentSpace) -> Levels:
        """log p(z), log p(z_d) and log p(z_d,e)."""
        dims = log_normal(z, self.mean, self.log_variance)
        groups = space.sum_within(dims)
        return Levels(joint=groups.sum(1), groups=groups, dims=dims)


class Prior(Protocol):
    """What an estimator's ``prior`` parameter must offer."""

    def moments(self, simplex_sizes: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance of each dimension, given how many topics share its softmax."""


@dataclass(frozen=True)
class StandardNormal:
    """Prior N(0, 1) on each dimension.

    Examples
    --------
    >>> StandardNormal()
    StandardNormal()
    """

    def moments(self, simplex_sizes: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Zeros and ones, shape (K,) each."""
        return np.zeros(len(simplex_sizes)), np.ones(len(simplex_sizes))


@dataclass(frozen=True)
class DirichletLaplace:
    """Gaussian on logits that approximates a symmetric Dirichlet on topic proportions.

    The Laplace approximation in the softmax basis of Srivastava & Sutton (2017), section 3.2: mean 0 and
    variance (1/a)(1 - 2/K) + 1/(K a) for K topics that share one softmax.

    Parameters
    ----------
    concentration : float, default=1.0
        The Dirichlet's parameter a, the same for each topic.

    Examples
    --------
    >>> mean, variance = DirichletLaplace(1.0).moments(np.full(50, 50))
    >>> float(mean[0]), round(float(variance[0]), 2)
    (0.0, 0.98)
    """

    concentration: float = 1.0

    def __post_init__(self) -> None:
        if (
            not isinstance(self.concentration, int | float | np.number)
            or not 0 < self.concentration < math.inf
        ):
            raise ValueError(f"concentration must be a positive number; got {self.concentration!r}")

    def moments(self, simplex_sizes: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance of each logit, shape (K,) each.

        Raises
        ------
        ValueError
            A softmax over a single topic, whose proportion is always 1.
        """
        sizes = np.asarray(simplex_sizes, dtype=np.float64)
        if (sizes < 2).any():
            raise ValueError(
                "a Dirichlet prior needs at least 2 topics in a softmax; got a softmax over 1 topic: "
                "use more topics, topic_softmax='joint', or prior=StandardNormal()"
            )
        return np.zeros_like(sizes), (1 - 2 / sizes + 1 / sizes) / self.concentration


@dataclass(frozen=True)
class Posterior:
    """Posterior of documents, as numpy arrays: all that analysis needs.

    Attributes
    ----------
    mean, variance : ndarray, shape (n_documents, n_topics), float32
        Moments of q(z_d,e|x), the Gaussian logits of the topics.
    """

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]
