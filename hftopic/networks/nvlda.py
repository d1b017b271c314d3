"""The decoder of NVLDA: a mixture of topics with free logits."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.latent.space import LatentSpace
from hftopic.networks.mixture import MixtureDecoder

RATE = 10.0  # the weights learn this much faster than other parameters
FIRST = 0.5  # standard deviation of the first logits of a word over topics
FAVOUR = 3.0  # rise of the logit of a word that guides a topic, with amount 1


class NVLDADecoder(MixtureDecoder):
    """Mixture decoder of Srivastava & Sutton (2017): logits_k = b + rate · W_k."""

    def __init__(
        self, space: LatentSpace, softmax: str, background: Tensor, generator: torch.Generator
    ) -> None:
        super().__init__(space, len(background), softmax)
        first = torch.randn(space.n_topics, len(background), generator=generator, dtype=torch.float32)
        self.weights = nn.Parameter(first * (FIRST / RATE))
        self.bias = nn.Parameter(background.clone())

    def topic_logits(self) -> Tensor:
        return torch.add(self.bias, self.weights, alpha=RATE)

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        """Axes over topics; None with a softmax per group, which topics of other groups cannot join."""
        return {"weights": (0,)} if len(self.softmax_slices) <= 1 else None

    @torch.no_grad()
    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        places = torch.from_numpy(words).long().to(self.weights.device)
        self.weights[topic, places] += FAVOUR / RATE * amount
