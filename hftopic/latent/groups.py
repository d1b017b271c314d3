"""Groups of latent variables: Gaussian topics, and discrete variables beside them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hftopic._numbers import is_positive, is_whole

MOST_CLASSES = 64  # combinations of classes that are enumerated at every sample


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
            raise ValueError(f"a Normal group needs a whole number of topics, 1 or more; got {self.dims!r}")

    @property
    def size(self) -> int:
        """Columns of ``transform``."""
        return self.dims


class Discrete(ABC):
    """Discrete variable beside the topics: each document belongs to one of some classes.

    The objective, scores and analysis enumerate the classes; only the decoder sees a relaxed sample, in
    training. :class:`Concrete` is the one that the package has. A subclass is a frozen dataclass with a field
    ``classes``; it may change how the encoder's outputs become probabilities, the prior, and the temperature.
    """

    classes: int

    @property
    def size(self) -> int:
        """Columns of ``transform``."""
        return self.classes

    @property
    def n_logits(self) -> int:
        """Outputs of the encoder that the class probabilities are computed from."""
        return self.classes

    def log_probabilities(self, logits: Tensor) -> Tensor:
        """log π of each document, shape (B, classes), from the encoder's outputs, shape (B, n_logits)."""
        return torch.log_softmax(logits, 1)

    @abstractmethod
    def temperature_at(self, share: float) -> float:
        """Temperature of the relaxation when a share of the training, from 0 to 1, is done."""

    @abstractmethod
    def log_prior(self) -> Tensor:
        """log p(c) of each class, shape (classes,), float64."""


@dataclass(frozen=True)
class Concrete(Discrete):
    """Discrete variable beside the topics: each document is of one of some classes.

    Trained through the relaxation of Maddison et al. (2017) and Jang et al. (2017): the decoder sees
    softmax((log π + Gumbel noise) / temperature), and so does FactorVAE's discriminator. Everything else, the
    terms of the objective as well as scores, enumerates the classes and has no bias from the relaxation.

    Parameters
    ----------
    classes : int
        Number of classes, from 2 to 64; where there are several such variables, of their combinations.
    temperature : float or (float, float), default=(5.0, 0.5)
        Of the relaxation; the lower, the nearer to a class and the noisier the gradient. A pair is annealed:
        it goes geometrically from the first to the second over the epochs of a fit. Started low, most classes
        fall out of use while the weights of the divergences are still warming up.
    probabilities : tuple of float, optional
        Prior of the classes; uniform if not given.

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
                f"a Concrete variable needs a whole number of classes from 2 to {MOST_CLASSES}; "
                f"got {self.classes!r}"
            )
        ends = self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)
        if len(ends) not in (1, 2) or not all(is_positive(end) for end in ends):
            raise ValueError(
                "temperature must be a positive number, or two for one that is annealed, such as (1.0, 0.3); "
                f"got {self.temperature!r}"
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
                f"probabilities must be {self.classes} positive numbers that add up to 1; "
                f"got {probabilities!r}"
            )

    def temperature_at(self, share: float) -> float:
        """Temperature when a share of the training, from 0 to 1, is done."""
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
