"""Mixtures of topics, p(w|x) = Σ_k θ_k β_kw: their likelihood at the words that occur, and their decoders."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hftopic.data.batches import Batch
from hftopic.latent.attribution import Attribution
from hftopic.latent.posterior import Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.attribution import MixtureAttribution
from hftopic.networks.decoders import SimplexDecoder
from hftopic.networks.layers import SCALE_RATE, products, weighted_sums

LOWEST = 1e-30  # lower bound of p(w|x), relative to p(w|topic) of the topic where it is highest
NORM_EPS = 1e-3  # variance over topics that is added in the batch norm of the logits


@dataclass(frozen=True)
class Mixture:
    """Distribution over words: θ β, where β is the softmax of the logits of each topic.

    Attributes
    ----------
    proportions : Tensor, shape (B, K)
        θ; rows sum to 1.
    logits : Tensor, shape (K, V)
        Those of the words of each topic.
    log_totals : Tensor, shape (K,), optional
        Logarithm of Σ_v exp(logits), if it is known and needs no gradient.
    """

    proportions: Tensor
    logits: Tensor
    log_totals: Tensor | None = None

    def of(self, rows: Tensor) -> Self:
        """Distribution over words of some of the documents."""
        return replace(self, proportions=self.proportions[rows])

    def log_likelihood(self, batch: Batch) -> Tensor:
        """log p(x|z) = Σ_v x_v log p_v, without the multinomial coefficient, shape (B,), in nats.

        p_v is at least :data:`LOWEST` times the highest p(v|topic), 69 nats below it: its gradient is finite.
        """
        if self.log_totals is not None:
            return _score(self.proportions, self.logits, self.log_totals, batch)[0]
        apply: Callable[..., Tensor] = _MixtureLogLikelihood.apply
        return apply(self.proportions, self.logits, batch)

    def probabilities(self) -> Tensor:
        """p(w|z), shape (B, V)."""
        return self.proportions @ torch.softmax(self.logits, 1)


class _MixtureLogLikelihood(torch.autograd.Function):
    """Σ_v x_v log Σ_k θ_k β_kv of sparse counts, with β = softmax(logits) over the words.

    Only the words that occur are scored. The gradient of the logits is that of expectation maximisation: the
    tokens that are expected of a word in a topic, less what β expects of as many tokens. Its buffer is that
    of the exponentials, which are kept for the backward pass.
    """

    @staticmethod
    def forward(ctx: Any, theta: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        highest = logits.amax(1)
        unnormalised = (logits - highest[:, None]).exp_()
        totals = unnormalised.sum(1)
        score, relative, p = _score(theta, logits, highest + totals.log(), batch)
        ctx.batch = batch
        ctx.save_for_backward(theta, unnormalised, totals, relative, p)
        return score

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        theta, unnormalised, totals, relative, p = ctx.saved_tensors
        batch: Batch = ctx.batch
        words, places, word_offsets = batch.distinct
        order, documents, _ = batch.by_word
        weights = upstream[0][batch.documents] * batch.counts / p
        into_theta = weighted_sums(relative, places, weights, batch.offsets)
        expected = weighted_sums(theta, documents, weights[order], word_offsets).mul_(relative)  # (U, K)
        into_logits = unnormalised.mul_(-(expected.sum(0) / totals)[:, None])
        into_logits.scatter_add_(1, words.expand(len(into_logits), -1), expected.T)
        return into_theta, into_logits, None


def _score(theta: Tensor, logits: Tensor, log_totals: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Σ_v x_v log p_v, shape (B,); β of the U words that occur, relative to its highest, (U, K); p, (nnz,).

    Each p is relative to the highest p(w|topic) of its word too, so that it does not underflow.
    """
    words, places, _ = batch.distinct
    log_beta = (logits.index_select(1, words) - log_totals[:, None]).T.contiguous()  # (U, K)
    highest = log_beta.amax(1)
    relative = log_beta.sub_(highest[:, None]).exp_()
    p = products(theta, batch.documents, relative, places).clamp_min_(LOWEST)
    return batch.sum_by_document(batch.counts * (p.log() + highest[places])), relative, p


def normalised_logits(effects: Tensor, bias: Tensor, log_scale: Tensor) -> Tensor:
    """Logits of the topics: a batch norm of effects (K, V) over the topics, with a shift and a scale a word.

    The norm needs no running statistics: its batch are the topics. A single topic has the logits of the bias.
    """
    if len(effects) == 1:
        return bias + 0.0 * effects
    scale = torch.exp(SCALE_RATE * log_scale)
    return functional.batch_norm(effects, None, None, scale, bias, training=True, eps=NORM_EPS)


def relative_logs(log_words: Tensor) -> Tensor:
    """Log p(w|topic) less its average over the topics, shape (n_topics, V)."""
    return log_words - log_words.mean(0)


class MixtureDecoder(SimplexDecoder):
    """Mixture of topics: p(w|x) = (1/S) Σ_k θ_k β_kw with β_k = softmax of :meth:`topic_logits`.

    S is the number of simplexes: 1 with one softmax over all topics, the number of groups with one for each
    group, and one more for each discrete variable.
    """

    scores_words_in_parts: ClassVar[bool] = True

    def __init__(self, space: LatentSpace, n_words: int, softmax: str) -> None:
        super().__init__(space, n_words, softmax)
        self.n_simplexes = len(self.softmax_slices) + len(space.concretes)

    @abstractmethod
    def topic_logits(self) -> Tensor:
        """Logits of the words of each topic, shape (n_topics, V)."""

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> Mixture:  # noqa: ARG002
        return Mixture(self._weights(sample), self.topic_logits())

    def for_evaluation(self) -> Callable[[Sample], Mixture]:
        """The decoder with the distributions over words of its topics computed once."""
        logits = self.topic_logits()
        log_totals = logits.logsumexp(1)
        return lambda sample: Mixture(self._weights(sample), logits, log_totals)

    def _weights(self, sample: Sample) -> Tensor:
        """Weights of the topics in the mixture, shape (B, n_topics); rows sum to 1."""
        return self.columns(self.proportions(sample.z), sample.classes) / self.n_simplexes

    def topic_words(self) -> Tensor:
        """β, p(w|topic), shape (n_topics, V)."""
        return self.topic_logits().softmax(1)

    def components(self) -> Tensor:
        """Log β less its average over the topics, shape (n_topics, V)."""
        return relative_logs(self.topic_logits().log_softmax(1))

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
        logits = self.topic_logits()
        return Mixture(torch.eye(len(logits), dtype=logits.dtype, device=logits.device), logits)
