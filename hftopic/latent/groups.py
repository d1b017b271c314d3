"""Groups of latent variables: groups of Gaussian topics, and discrete variables."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hftopic._numbers import is_positive, is_whole

MOST_CLASSES = 64  # largest number of class combinations, because all are enumerated for every sample


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
        if not is_whole(self.dims):
            raise ValueError(f"the size of a Normal group must be an integer >= 1; got {self.dims!r}")

    @property
    def size(self) -> int:
        """Number of columns of ``transform``."""
        return self.dims


class Discrete(ABC):
    """Discrete latent variable: each document belongs to one of several classes.

    The terms of the objective, scores and analysis enumerate the classes. Only the decoder (and FactorVAE's
    discriminator) uses a relaxed sample, and only in training. The package provides one subclass,
    :class:`Concrete`. A subclass is a frozen dataclass with a field ``classes``. It may define how the class
    probabilities are computed from the outputs of the encoder, the prior, and the temperature.
    """

    classes: int

    @property
    def size(self) -> int:
        """Number of columns of ``transform``."""
        return self.classes

    @property
    def n_logits(self) -> int:
        """Number of encoder outputs from which the class probabilities are computed."""
        return self.classes

    def log_probabilities(self, logits: Tensor) -> Tensor:
        """log π of each document, shape (B, classes), from the encoder outputs, shape (B, n_logits)."""
        return torch.log_softmax(logits, 1)

    @abstractmethod
    def temperature_at(self, share: float) -> float:
        """Temperature of the relaxation after a fraction of the training, from 0 to 1."""

    @abstractmethod
    def log_prior(self) -> Tensor:
        """log p(c) of each class, shape (classes,), float64."""


@dataclass(frozen=True)
class Concrete(Discrete):
    """Discrete latent variable with a Concrete relaxation: each document belongs to one of several classes.

    Training uses the relaxation of Maddison et al. (2017) and Jang et al. (2017): the input of the decoder is
    softmax((log π + Gumbel noise) / temperature), which is also the input of FactorVAE's discriminator. All
    other computations (the terms of the objective, and scores) enumerate the classes, so the relaxation does
    not bias them.

    Parameters
    ----------
    classes : int
        Number of classes, from 2 to 64. With several variables, the number of class combinations must be at
        most 64.
    temperature : float or (float, float), default=(5.0, 0.5)
        Temperature of the relaxation. Lower values are closer to discrete classes but give noisier gradients.
        A pair (start, end) is annealed geometrically over the epochs of a fit. If it starts low, most classes
        become unused during the warm-up.
    probabilities : tuple of float, optional
        Prior of the classes; uniform by default.

    Examples
    --------
    >>> Concrete(20, temperature=0.5)
    Concrete(classes=20, temperature=0.5, probabilities=None)
    >>> Concrete(2, probabilities=(0.75, 0.25)).log_prior().exp().tolist()
    [0.75, 0.25]
    """

    classes: int
    temperature: float | tuple[float, float] = (5.0, 0.5)
    probabilities: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not is_whole(self.classes, 2) or self.classes > MOST_CLASSES:
            raise ValueError(
                f"the number of classes of a Concrete variable must be an integer from 2 to {MOST_CLASSES}; "
                f"got {self.classes!r}"
            )
        ends = self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)
        if len(ends) not in (1, 2) or not all(is_positive(end) for end in ends):
            raise ValueError(
                "temperature must be a positive number, or a pair (start, end) for annealing, such as "
                f"(1.0, 0.3); got {self.temperature!r}"
            )
        if self.probabilities is not None:
            self._check_probabilities(self.probabilities)
            object.__setattr__(self, "probabilities", tuple(map(float, self.probabilities)))

    def _check_probabilities(self, probabilities: Any) -> None:
        if (
            not isinstance(probabilities, Sequence | np.ndarray)
            or len(probabilities) != self.classes
            or not all(is_positive(p) for p in probabilities)
            or not math.isclose(sum(probabilities), 1, abs_tol=1e-6)
        ):
            raise ValueError(
                f"probabilities must be {self.classes} positive numbers that sum to 1; got {probabilities!r}"
            )

    def temperature_at(self, share: float) -> float:
        """Temperature after a fraction of the training, from 0 to 1."""
        if not isinstance(self.temperature, tuple):
            return self.temperature
        first, last = self.temperature[0], self.temperature[-1]
        return float(first * (last / first) ** share)

    def log_prior(self) -> Tensor:
        """log p(c) of each class, shape (classes,), float64."""
        given = self.probabilities or (1 / self.classes,) * self.classes
        return torch.tensor(given, dtype=torch.float64).log()


Group = Normal | Discrete
GroupsLike = int | Group | Sequence["GroupsLike"]
