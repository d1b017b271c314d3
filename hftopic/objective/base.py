"""Interface of an objective, and the loss."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from hftopic.latent.space import LatentSpace
from hftopic.objective.schedule import Progress
from hftopic.objective.terms import Step, Terms


class Objective(ABC):
    """Terms of a loss and their weights.

    Each objective is a frozen dataclass of its settings: it can be compared, cloned, printed as code, and
    used as a value in a grid search.
    """

    @property
    def weighs_information(self) -> bool:
        """Whether the mutual information I(x; z) has a separate weight, different from 1."""
        return False

    @property
    def exchangeable(self) -> bool:
        """Whether exchanging two topics of different groups changes nothing but the terms of the groups.

        Only then can the groups be learned. False by default.
        """
        return False

    @abstractmethod
    def terms(self, step: Step) -> Terms:
        """All terms, the reconstruction first."""

    @abstractmethod
    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:
        """Weight of each weighted term except the reconstruction, by name.

        Raises
        ------
        ValueError
            The settings of the objective do not match these groups.
        """

    @abstractmethod
    def level_weights(self, space: LatentSpace, progress: Progress) -> tuple[float, ...]:
        """Weights of the log p terms of the prior, outermost first: β of each level of groups, γ, w."""

    def companion(self, space: LatentSpace, generator: torch.Generator) -> Any:  # noqa: ARG002
        """Auxiliary network trained together with the model, such as a :class:`Discriminator`.

        None by default.
        """
        return None


def loss(terms: Terms, weights: dict[str, float], warmth: float) -> Tensor:
    """Loss of each document, shape (B,): reconstruction + ``warmth`` * Σ weight * term over other terms.

    Raises
    ------
    ValueError
        A weighted term does not exist, or has not one value per document.
    """
    missing = [name for name in ("reconstruction", *weights) if name not in terms]
    if missing:
        raise ValueError(f"the objective has no term {missing[0]!r}; its terms are {', '.join(terms)}")
    n_documents = terms["reconstruction"].numel()
    for name in ("reconstruction", *weights):
        if not isinstance(terms[name], Tensor) or terms[name].shape != (n_documents,):
            raise ValueError(
                f"the term {name!r} must have one value per document, shape ({n_documents},); got shape "
                f"{tuple(getattr(terms[name], 'shape', ()))}"
            )
    regulariser = sum(weights[name] * terms[name] for name in weights)
    return terms["reconstruction"] + warmth * regulariser
