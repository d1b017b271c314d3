"""Mixtures of topics, p(w|x) = Σ_k θ_k β_kw: their likelihood at the words that occur, and their decoders."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.data.batches import Batch
from hftopic.latent.attribution import Attribution
from hftopic.latent.posterior import Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.attribution import MixtureAttribution
from hftopic.networks.decoders import SimplexDecoder
from hftopic.networks.layers import weighted_sums

LOWEST = 1e-30  # lower bound of p(w|x), relative to p(w|topic) of the topic where it is highest
MOST_ENTRIES = 2**20  # entries of a (words of documents, topics) block in memory: 4 MB of float32


@dataclass(frozen=True)
class Topics:
    """Distributions over words of the topics, β = softmax(logits), without their probabilities in memory.

    Attributes
    ----------
    logits : Tensor, shape (K, V)
    log_totals : Tensor, shape (K,)
        Logarithm of Σ_v exp(logits), without a gradient: :class:`Mixture` has that of β.
    """

    logits: Tensor
    log_totals: Tensor

    @classmethod
    def of(cls, logits: Tensor) -> "Topics":
        """Topics with these logits."""
        return cls(logits, logits.detach().logsumexp(1))

    def probabilities(self) -> Tensor:
        """β, shape (K, V)."""
        return torch.softmax(self.logits, 1)


@dataclass(frozen=True)
class Mixture:
    """Distribution over words: θ β.

    Attributes
    ----------
    proportions : Tensor, shape (B, K)
        θ; rows sum to 1.
    topics : Topics
        β.
    """

    proportions: Tensor
    topics: Topics

    def of(self, rows: Tensor) -> Self:
        """Distribution over words of some of the documents."""
        return replace(self, proportions=self.proportions[rows])

    def log_likelihood(self, batch: Batch) -> Tensor:
        """log p(x|z) = Σ_v x_v log p_v, without the multinomial coefficient, shape (B,), in nats."""
        apply: Callable[..., Tensor] = _MixtureLogLikelihood.apply
        return apply(self.proportions, self.topics.logits, self.topics.log_totals, batch)

    def probabilities(self) -> Tensor:
        """p(w|z), shape (B, V)."""
        return self.proportions @ self.topics.probabilities()


class _MixtureLogLikelihood(torch.autograd.Function):
    """Σ_v x_v log Σ_k θ_k β_kv of sparse counts, with β = softmax(logits) over the words.

    Only the words that occur are scored. The gradient of the logits is that of expectation maximisation: the
    tokens that are expected of a word in a topic, less what β expects of as many tokens.
    """

    @staticmethod
    def forward(ctx: Any, theta: Tensor, logits: Tensor, log_totals: Tensor, batch: Batch) -> Tensor:
        words, places, _ = batch.distinct
        log_beta = (logits.index_select(1, words) - log_totals[:, None]).T.contiguous()  # (U, K)
        highest = log_beta.amax(1) if len(words) else log_beta.new_zeros(0)
        relative = log_beta.sub_(highest[:, None]).exp_()
        p = _pairwise(theta, relative, batch.documents, places).clamp_min_(LOWEST)
        ctx.batch = batch
        ctx.save_for_backward(theta, logits, log_totals, relative, p)
        return batch.sum_by_document(batch.counts * (p.log() + highest[places]))

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        theta, logits, log_totals, relative, p = ctx.saved_tensors
        batch: Batch = ctx.batch
        words, places, word_offsets = batch.distinct
        order, documents, _ = batch.by_word
        weights = upstream[0][batch.documents] * batch.counts / p
        into_theta = weighted_sums(relative, places, weights, batch.offsets)
        expected = weighted_sums(theta, documents, weights[order], word_offsets).mul_(relative)  # (U, K)
        into_logits = (logits - log_totals[:, None]).exp_().mul_(-expected.sum(0)[:, None])
        into_logits.scatter_add_(1, words.expand(len(logits), -1), expected.T)
        return into_theta, into_logits, None, None


def _pairwise(theta: Tensor, by_word: Tensor, documents: Tensor, places: Tensor) -> Tensor:
    """Σ_k θ[document] β[word] of each entry, shape (nnz,), in blocks."""
    at_once = max(1, MOST_ENTRIES // theta.shape[1])
    parts = zip(torch.split(documents, at_once), torch.split(places, at_once), strict=True)
    return torch.cat([(theta[of] * by_word[at]).sum(1) for of, at in parts])


def relative_logs(log_words: Tensor, simplex: NDArray[np.int64]) -> Tensor:
    """Log p(w|topic) (n_topics, V) less its average over the topics with the same number of a simplex."""
    relative = torch.empty_like(log_words)
    for number in np.unique(simplex):
        own = torch.from_numpy(np.flatnonzero(simplex == number)).to(log_words.device)
        relative[own] = log_words[own] - log_words[own].mean(0)
    return relative


class MixtureDecoder(SimplexDecoder):
    """Mixture of topics: p(w|x) = (1/S) Σ_k θ_k β_kw with β_k = softmax of :meth:`topic_logits`.

    S is the number of simplexes: 1 with one softmax over all topics, the number of groups with one for each
    group, and one more for each discrete variable.
    """

    def __init__(self, space: LatentSpace, n_words: int, softmax: str) -> None:
        super().__init__(space, n_words, softmax)
        self.n_simplexes = len(self.softmax_slices) + len(space.concretes)

    @abstractmethod
    def topic_logits(self) -> Tensor:
        """Logits of the words of each topic, shape (n_topics, V)."""

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> Mixture:  # noqa: ARG002
        return self._mixture(sample, Topics.of(self.topic_logits()))

    def for_evaluation(self) -> Callable[[Sample], Mixture]:
        """The decoder with the totals of its topics computed once."""
        topics = Topics.of(self.topic_logits())
        return lambda sample: self._mixture(sample, topics)

    def _mixture(self, sample: Sample, topics: Topics) -> Mixture:
        theta = self.columns(self.proportions(sample.z), sample.classes)
        return Mixture(theta / self.n_simplexes, topics)

    def topic_words(self) -> Tensor:
        """β, p(w|topic), shape (n_topics, V)."""
        return self.topic_logits().softmax(1)

    def components(self) -> Tensor:
        """Log β relative to its average over the topics of the simplex, shape (n_topics, V)."""
        return relative_logs(self.topic_logits().log_softmax(1), self.simplex())

    def attribution(
        self,
        components: NDArray[np.float32],  # noqa: ARG002
        mean: NDArray[np.float64],
        frequency: NDArray[np.float64],  # noqa: ARG002
    ) -> Attribution:
        """Attribution by integrated gradients, from the average proportions to those of a document."""
        with torch.inference_mode():
            words = self.topic_logits().double().softmax(1).cpu().numpy()
        return MixtureAttribution(self.divided_by() / self.n_simplexes, mean, words)

    def topics(self, sign: int = 1) -> Mixture:  # noqa: ARG002
        topics = Topics.of(self.topic_logits())
        alone = torch.eye(self.space.n_topics, dtype=topics.logits.dtype, device=topics.logits.device)
        return Mixture(alone, topics)
