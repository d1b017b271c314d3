"""The decoder of NVLDA: a mixture of topics with free, normalised logits."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import FIRST, raise_weights
from hftopic.networks.mixture import MixtureDecoder, normalised_logits


class NVLDADecoder(MixtureDecoder):
    """Mixture decoder of Srivastava & Sutton (2017): logits = b + scale · batch norm of W over the topics.

    The norm makes the logits of each word differ between topics from the start, whether it is common or rare.
    The scale of each word is learned.
    """

    def __init__(
        self, space: LatentSpace, softmax: str, background: Tensor, generator: torch.Generator
    ) -> None:
        super().__init__(space, len(background), softmax)
        first = torch.randn(space.n_topics, len(background), generator=generator, dtype=torch.float32)
        self.weights = nn.Parameter(FIRST * first)
        self.bias = nn.Parameter(background.clone())
        self.log_scale = nn.Parameter(torch.zeros_like(background))

    def topic_logits(self) -> Tensor:
        return normalised_logits(self.weights, self.bias, self.log_scale)

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        return self.if_one_softmax({"weights": (0,)})

    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        raise_weights(self.weights, topic, words, amount)
