"""What training needs of an objective."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from hftopic.latent.space import LatentSpace
from hftopic.objective.schedule import Progress
from hftopic.objective.terms import Step, Terms


class Objective(ABC):
    """Terms of a loss and their weights.

    Each objective is a frozen dataclass of what it is set by: it compares, clones, prints as it would be
    written, and stands in a grid search as a whole value.
    """

    @property
    def weighs_information(self) -> bool:
        """Whether I(x; z) of z whole has a weight of its own."""
        return False

    @abstractmethod
    def terms(self, step: Step) -> Terms:
        """Every term, the reconstruction first."""

    @abstractmethod
    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:
        """Weight of each weighted term beside the reconstruction, by name.

        Raises
        ------
        ValueError
            The objective does not fit these groups.
        """

    @abstractmethod
    def level_weights(self, space: LatentSpace, progress: Progress) -> tuple[float, ...]:
        """Weights of the prior's log p terms from the outside in: β of each level of groups, γ, w."""

    def companion(self, space: LatentSpace, generator: torch.Generator) -> Any:  # noqa: ARG002
        """What is trained beside the model, a :class:`Discriminator`; as a rule nothing."""
        return None


def loss(terms: Terms, weights: dict[str, float], warmth: float) -> Tensor:
    """Loss of each document, shape (B,): the reconstruction and ``warmth`` times the weighted other terms."""
    regulariser = sum(weights[name] * terms[name] for name in weights)
    return terms["reconstruction"] + warmth * regulariser
