"""Distribution over words as the softmax of a linear map, and the log likelihood of sparse counts."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar

import torch
from torch import Tensor

from hftopic._compiled import usable
from hftopic.data.batches import Batch
from hftopic.networks.tiles import scores_in_tiles

LOG2_E = math.log2(math.e)
LOG_2 = math.log(2)
# Entries of one (documents, words) block in memory: 64 MB of float32.
BLOCK_ENTRIES = 2**24


BatchT_contra = TypeVar("BatchT_contra", contravariant=True)


class Likelihood(Protocol[BatchT_contra]):
    """p(x|z) at a sample of the latent variables of B documents."""

    def log_likelihood(self, batch: BatchT_contra) -> Tensor:
        """log p(x|z) of each document, shape (B,), in nats."""


class WordDistribution(Likelihood[Batch], Protocol):
    """Distribution over the V words of each of B documents."""

    def probabilities(self) -> Tensor:
        """p(w|z), shape (B, V); rows sum to 1."""


@dataclass(frozen=True)
class LogLinear:
    """Distribution over words: softmax(features @ weights + bias).

    Attributes
    ----------
    features : Tensor, shape (B, K)
    weights : Tensor, shape (K, V)
    bias : Tensor, shape (V,)
    """

    features: Tensor
    weights: Tensor
    bias: Tensor

    def of(self, rows: Tensor) -> Self:
        """Distribution over words of some of the documents."""
        return replace(self, features=self.features[rows])

    def log_likelihood(self, batch: Batch) -> Tensor:
        """log p(x|z) = Σ_v x_v log p_v, without the multinomial coefficient, shape (B,), in nats."""
        # Logits are in base 2, because exp2 takes half the time of exp.
        given = LOG2_E * self.features, self.weights, LOG2_E * self.bias
        learnt = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
        apply: Callable[..., Tensor] = _MultinomialLogLikelihood.apply if learnt else scores_in_tiles
        return LOG_2 * apply(*given, batch)

    def probabilities(self) -> Tensor:
        """p(w|z), shape (B, V)."""
        return torch.softmax(torch.addmm(self.bias, self.features, self.weights), 1)


class _MultinomialLogLikelihood(torch.autograd.Function):
    """Σ_v x_v log2 softmax2(logits)_v of sparse counts, where softmax2 is the softmax in base 2.

    Only non-zero counts are scored. Each block of documents uses one (documents, words) buffer for logits,
    probabilities and the gradient of the logits. If the mini-batch is a single block, the buffer is kept for
    the backward pass. Otherwise, on the CPU, the forward pass also computes the gradients of the sum over the
    documents, which are sufficient if every document has the same weight in the loss. If not, and on a GPU,
    which a look at the weights would stop, the backward pass computes the blocks again.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor, bias: Tensor, batch: Batch) -> Tensor:
        given, ctx.batch = (features, weights, bias), batch
        if len(batch) * batch.n_words <= BLOCK_ENTRIES:
            score, *kept = _score(*given, batch, gradient=True)
        else:
            score, kept = _blocks(*given, batch, gradients=features.device.type == "cpu")
        ctx.save_for_backward(*given, *kept)
        return score

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        (pulls,) = upstream
        features, weights, bias, *kept = ctx.saved_tensors
        if len(kept) == 1:
            into_features, into_both = kept[0] @ weights.T, _with_one(features, pulls).T @ kept[0]
        elif kept and bool((pulls == pulls[0]).all()):
            into_features, into_both = kept[0], kept[1] * pulls[0]
        else:
            _, (into_features, into_both) = _blocks(features, weights, bias, ctx.batch, pulls=pulls)
        return into_features * pulls[:, None], into_both[:-1], into_both[-1], None


def _with_one(features: Tensor, pulls: Tensor | None) -> Tensor:
    """Features and 1, each row times its pull, (B, K + 1): the bias is the weight of a feature that is 1."""
    both = torch.cat([features, torch.ones_like(features[:, :1])], 1)
    return both if pulls is None else both * pulls[:, None]


def _blocks(
    features: Tensor,
    weights: Tensor,
    bias: Tensor,
    batch: Batch,
    gradients: bool = True,
    pulls: Tensor | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """Σ_v x_v log2 p_v, shape (B,), and its gradients in log 2, one block of documents after the other.

    These are the gradients of each score by its features, (B, K), and of the sum of all, times ``pulls``
    (B,) if given, by the weights and, in the last row, by the bias, (K + 1, V).
    """
    height = max(1, BLOCK_ENTRIES // batch.n_words)
    weighed = _with_one(features, pulls)
    scores, into_features = [], torch.empty_like(features)
    into_both = weights.new_zeros(len(weights) + 1, weights.shape[1]) if gradients else weights
    for start in range(0, len(batch), height):
        rows = slice(start, start + height)
        score, into_logits = _score(features[rows], weights, bias, batch[rows], gradients)
        scores.append(score)
        if gradients:
            torch.mm(into_logits, weights.T, out=into_features[rows])
            into_both.addmm_(weighed[rows].T, into_logits)
    return torch.cat(scores), [into_features, into_both] if gradients else []


def _score(
    features: Tensor, weights: Tensor, bias: Tensor, batch: Batch, gradient: bool
) -> tuple[Tensor, Tensor]:
    """Σ_v x_v log2 p_v, shape (B,), and with ``gradient`` its gradient in log 2 by the logits, (B, V)."""
    known = weights.shape[1] == len(bias) == batch.n_words  # loops look at no index
    if known and usable(len(features) * batch.n_words, features, weights, bias, batch.counts):
        from hftopic._compiled.calls import score

        logits = torch.mm(features, weights)
        return score(logits, bias, batch), logits
    logits = torch.addmm(bias, features, weights)
    at_words = batch.sum_by_document(batch.counts * logits.take(batch.cells))
    highest = logits.amax(1)
    unnormalised = logits.sub_(highest[:, None]).exp2_()
    total = unnormalised.sum(1)
    scores = at_words - batch.lengths * (highest + total.log2())
    if gradient:
        unnormalised.mul_((-batch.lengths / total)[:, None])
        unnormalised.view(-1).scatter_add_(0, batch.cells, batch.counts.to(unnormalised.dtype))
    return scores, unnormalised
