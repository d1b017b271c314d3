"""The decoder of NVLDA: a mixture of topics with free, normalised logits."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hftopic.latent.space import LatentSpace
from hftopic.networks.mixture import MixtureDecoder

FIRST = 0.1  # standard deviation of the first weights
NORM_EPS = 1e-3  # variance over topics that is added in the batch norm of the logits
FAVOUR = 0.25  # rise of the weight of a word that guides a topic, with amount 1


class NVLDADecoder(MixtureDecoder):
    """Mixture decoder of Srivastava & Sutton (2017): logits = b + batch norm of W over the topics.

    Each word has the same variance over the topics, 1, whether it is common or rare. The norm needs no
    running statistics: its batch are the topics.
    """

    def __init__(
        self, space: LatentSpace, softmax: str, background: Tensor, generator: torch.Generator
    ) -> None:
        super().__init__(space, len(background), softmax)
        first = torch.randn(space.n_topics, len(background), generator=generator, dtype=torch.float32)
        self.weights = nn.Parameter(FIRST * first)
        self.bias = nn.Parameter(background.clone())

    def topic_logits(self) -> Tensor:
        if len(self.weights) == 1:
            return self.bias + 0.0 * self.weights
        return functional.batch_norm(
            self.weights,
            None,
            None,
            weight=torch.ones_like(self.bias),  # without it, the gradient on a GPU has the wrong shape
            bias=self.bias,
            training=True,
            eps=NORM_EPS,
        )

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        """Axes over topics; None with a softmax per group, which topics of other groups cannot join."""
        return {"weights": (0,)} if len(self.softmax_slices) <= 1 else None

    @torch.no_grad()
    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        places = torch.from_numpy(words).long().to(self.weights.device)
        self.weights[topic, places] += FAVOUR * amount
