"""The decoder of ETM: a mixture of topics whose logits are linear in word vectors."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import FAVOUR, FIRST
from hftopic.networks.mixture import NORM_EPS, MixtureDecoder, normalised_logits

LEAST_SPREAD = 1e-6  # of given vectors, relative to their norm


class ETMDecoder(MixtureDecoder):
    r"""Mixture decoder of the embedded topic model (Dieng et al. 2020): logits = b + batch norm of α ρᵀ.

    The norm is over the topics: each word has effects ρ_v α_k with the same variance over the topics,
    whatever the norm of its vector, times a scale that is learned. Without it the topics collapse: the
    products of common words and of long vectors grow first, and alike in all topics.

    Given vectors are centred and divided by one number, so that the root mean square of their norms is 1,
    whatever tool made them.

    Parameters
    ----------
    space : LatentSpace
    softmax : {"joint", "group"}
    background : Tensor, shape (V,)
        Log frequency of each word, with which b starts.
    vectors : ndarray, shape (n_given, L), float32
        Vectors that are given; of none, the shape says how many dimensions L those that are learned have.
    columns : ndarray of int, shape (n_given,)
        Their words.
    train : bool
        Whether the given vectors are where the training starts; otherwise they are fixed. Words without one
        are always learned.
    generator : torch.Generator

    Attributes
    ----------
    topic_vectors : Tensor, shape (n_topics, L)
        α.
    learned : Tensor, shape (n_learned, L)
        Rows of ρ that training changes: all of them, or those of words without a given vector.
    given, given_words : Tensor, shapes (n_given, L) and (n_given,)
        Vectors and their words, as they were given.
    centre, scale : Tensor, shapes (L,) and ()
        Mean of the given vectors, and the number that they are divided by.
    """

    given: Tensor
    given_words: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        space: LatentSpace,
        softmax: str,
        background: Tensor,
        vectors: NDArray[np.float32],
        columns: NDArray[np.int64],
        train: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__(space, len(background), softmax)
        size = vectors.shape[1]
        self.train_vectors = train
        self.bias = nn.Parameter(background.clone())
        self.log_scale = nn.Parameter(torch.zeros_like(background))
        self.topic_vectors = nn.Parameter(_normal(space.n_topics, size, FIRST, generator))
        self.register_buffer("given", _copied(vectors))
        self.register_buffer("given_words", _copied(columns))
        centre, scale = _moments(vectors)
        self.register_buffer("centre", torch.from_numpy(centre))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        learned = _normal(len(background), size, 1 / math.sqrt(size), generator)
        if train:
            learned[self.given_words] = self.standardised(self.given)
        else:
            learned = learned[self.without_vectors()]
        self.learned = nn.Parameter(learned)

    def standardised(self, vectors: Tensor) -> Tensor:
        """Given vectors in the scale of the decoder, shape (n, L)."""
        return (vectors - self.centre) / self.scale

    def word_vectors(self) -> Tensor:
        """ρ, shape (V, L)."""
        if self._all_learned():
            return self.learned
        return torch.cat([self.standardised(self.given), self.learned])[self._order()]

    def topic_logits(self) -> Tensor:
        return normalised_logits(self.effects(), self.bias, self.log_scale)

    def effects(self) -> Tensor:
        """α ρᵀ, shape (n_topics, V), without a copy of the given vectors."""
        if self._all_learned():
            return self.topic_vectors @ self.learned.T
        scaled = self.topic_vectors / self.scale
        of_given = torch.addmm(-(scaled @ self.centre)[:, None], scaled, self.given.T)
        if not len(self.learned):
            return of_given
        both = torch.cat([of_given, self.topic_vectors @ self.learned.T], 1)
        return both.index_select(1, self._order())

    def _all_learned(self) -> bool:
        return len(self.learned) == self.n_words

    def without_vectors(self) -> Tensor:
        """Whether each word has no given vector, shape (V,)."""
        mask = torch.ones(self.n_words, dtype=torch.bool, device=self.given_words.device)
        mask[self.given_words] = False
        return mask

    def _order(self) -> Tensor:
        """Row of each word in the given vectors followed by the learned ones, shape (V,)."""
        return torch.cat([self.given_words, self.without_vectors().nonzero()[:, 0]]).argsort()

    def with_rows(self, vectors: Tensor, are_given: bool) -> dict[str, Tensor]:
        """State of the decoder with more words at the end, from their vectors, as :attr:`given` has them.

        Their bias is the mean of those of the other words: how frequent a word is that no document had,
        nobody knows. Their scale is a linear regression on the logarithm of the norm that divides them.
        """
        n_new = len(vectors)
        known, new = (self._log_deviation(rows) for rows in (self.word_vectors(), self.standardised(vectors)))
        centred = known - known.mean()
        slope = (centred * self.log_scale).sum() / centred.square().sum().clamp_min(LEAST_SPREAD)
        more = {
            "bias": torch.cat([self.bias, self.bias.mean().expand(n_new)]),
            "log_scale": torch.cat([self.log_scale, self.log_scale.mean() + slope * (new - known.mean())]),
        }
        if are_given:
            new = torch.arange(self.n_words, self.n_words + n_new, device=self.given_words.device)
            more["given"] = torch.cat([self.given, vectors])
            more["given_words"] = torch.cat([self.given_words, new])
        if self.train_vectors or not are_given:
            more["learned"] = torch.cat([self.learned, self.standardised(vectors)])
        return more

    def _log_deviation(self, rows: Tensor) -> Tensor:
        """Logarithm of the standard deviation over topics of the effects on words, shape (n,)."""
        variance = (self.topic_vectors @ rows.T).var(0, correction=0)
        return 0.5 * (variance + NORM_EPS).log()

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        return self.if_one_softmax({"topic_vectors": (0,)})

    @torch.no_grad()
    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        """Move the topic's vector by the smallest step that raises the logits of the words, or nearly."""
        places = torch.from_numpy(words).long().to(self.given_words.device)
        inverse = torch.linalg.pinv(self.word_vectors()[places].double(), rtol=1e-3)  # (L, n)
        self.topic_vectors[topic] += FAVOUR * amount * inverse.sum(1).to(self.topic_vectors.dtype)


def _copied(array: NDArray[Any]) -> Tensor:
    """A tensor with the values of an array, whose strides are those of a tensor also without any rows."""
    values = torch.from_numpy(array)
    return torch.empty(values.shape, dtype=values.dtype).copy_(values)


def _normal(n: int, size: int, deviation: float, generator: torch.Generator) -> Tensor:
    return torch.randn(n, size, generator=generator, dtype=torch.float32) * deviation


def _moments(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Mean of given vectors, and what divides them; 0 and 1 of none."""
    if not len(vectors):
        return np.zeros(vectors.shape[1], np.float32), 1.0
    centre = vectors.mean(0, dtype=np.float64)
    norm = math.sqrt(np.square(vectors - centre).sum(1).mean())
    largest = math.sqrt(np.square(vectors, dtype=np.float64).sum(1).mean())
    return centre.astype(np.float32), norm if norm > LEAST_SPREAD * largest else 1.0
