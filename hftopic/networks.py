"""Encoders and decoders of ProdLDA and NVDM.

Every random number comes from a generator the caller gives: initial weights, dropout masks, noise.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hftopic.batches import Batch
from hftopic.latent import GaussianPosterior, GaussianPrior, LatentSpace

INPUT_NORM = 10.0  # L2 norm of a document's log(1 + counts); raw counts collapse the encoder onto length
LOG_VARIANCE_RANGE = (-8.0, 4.0)
SHIFT_NORM_EPS = 1e-3
SHIFT_NORM_MOMENTUM = 0.1


def dropout(x: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Inverted dropout with masks from ``generator``; without one, or with rate 0, the identity."""
    if generator is None or rate == 0:
        return x
    keep = torch.rand(x.shape, generator=generator).to(x.device) >= rate
    return x * keep / (1 - rate)


class ShiftNorm(nn.Module):
    """Batch norm with a learned shift and no learned scale, on the encoder's outputs."""

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(size))
        self.register_buffer("running_mean", torch.zeros(size))
        self.register_buffer("running_variance", torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_variance,
            bias=self.shift,
            training=self.training,
            momentum=SHIFT_NORM_MOMENTUM,
            eps=SHIFT_NORM_EPS,
        )


def linear(n_inputs: int, n_outputs: int, generator: torch.Generator) -> nn.Linear:
    """Linear layer with Glorot weights from ``generator`` and zero bias."""
    layer = nn.Linear(n_inputs, n_outputs, device="meta").to_empty(device="cpu")
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


class Encoder(nn.Module):
    """q(z|x) from sparse counts: log(1 + counts) at a fixed norm, hidden layers, heads for μ and log σ².

    The first layer sums embedding rows of the words present, so that no dense row of counts is made.
    """

    def __init__(
        self,
        n_words: int,
        hidden: tuple[int, ...],
        n_dims: int,
        activation: Callable[[Tensor], Tensor],
        dropout: float,
        norm: str,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.activation, self.dropout = activation, dropout
        self.embedding = nn.Parameter(torch.empty(n_words, hidden[0]))
        nn.init.xavier_uniform_(self.embedding, generator=generator)
        self.embedding_bias = nn.Parameter(torch.zeros(hidden[0]))
        self.layers = nn.ModuleList(linear(n_in, n_out, generator) for n_in, n_out in pairwise(hidden))
        self.mean = linear(hidden[-1], n_dims, generator)
        self.log_variance = linear(hidden[-1], n_dims, generator)
        self.mean_norm, self.log_variance_norm = (
            ShiftNorm(n_dims) if norm == "shift" else nn.Identity() for _ in range(2)
        )

    def forward(self, batch: Batch, generator: torch.Generator | None = None) -> GaussianPosterior:
        """Posterior of each document; ``generator`` draws the dropout masks in training."""
        entries = torch.log1p(batch.counts)
        norms = batch.sum_by_document(entries.square()).sqrt().clamp_min(torch.finfo(entries.dtype).tiny)
        entries = entries * (INPUT_NORM / norms)[batch.documents]
        h = functional.embedding_bag(
            batch.words,
            self.embedding,
            batch.offsets,
            mode="sum",
            per_sample_weights=entries,
            include_last_offset=True,
        )  # (B, H)
        h = self.activation(h + self.embedding_bias)
        for layer in self.layers:
            h = self.activation(layer(h))
        h = dropout(h, self.dropout, generator)
        log_variance = self.log_variance_norm(self.log_variance(h))
        return GaussianPosterior(self.mean_norm(self.mean(h)), log_variance.clamp(*LOG_VARIANCE_RANGE))


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

    def log_likelihood(self, batch: Batch) -> Tensor:
        """log p(x|z) = Σ_v x_v log p_v, without the multinomial coefficient, shape (B,), in nats."""
        apply: Callable[..., Tensor] = _MultinomialLogLikelihood.apply
        return apply(self.features, self.weights, self.bias, batch)

    def probabilities(self) -> Tensor:
        """p(w|z), shape (B, V)."""
        return torch.softmax(torch.addmm(self.bias, self.features, self.weights), 1)


class _MultinomialLogLikelihood(torch.autograd.Function):
    """Log-likelihood of sparse counts under a log-linear model.

    Only the counts that are there are scored, and the one (B, V) buffer serves for logits, probabilities
    and their gradient in turn.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor, bias: Tensor, batch: Batch) -> Tensor:
        logits = torch.addmm(bias, features, weights)  # (B, V)
        at_words = batch.sum_by_document(batch.counts * logits[batch.documents, batch.words])
        highest = logits.amax(1)
        unnormalised = logits.sub_(highest[:, None]).exp_()
        total = unnormalised.sum(1)
        ctx.save_for_backward(features, weights, unnormalised, total)
        ctx.batch = batch
        return at_words - batch.lengths * (highest + total.log())

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        features, weights, unnormalised, total = ctx.saved_tensors
        batch: Batch = ctx.batch
        into_logits = unnormalised.mul_((-upstream * batch.lengths / total)[:, None])
        into_logits.index_put_(
            (batch.documents, batch.words), upstream[batch.documents] * batch.counts, accumulate=True
        )
        return into_logits @ weights.T, features.T @ into_logits, into_logits.sum(0), None


class Decoder(nn.Module):
    """p(x|z), log-linear in features of z.

    The bias starts at ``background``, the log frequency of each word, so that topics need not learn it.
    """

    @abstractmethod
    def forward(self, z: Tensor, generator: torch.Generator | None = None) -> LogLinear:
        """Distribution over words of each sample; ``generator`` draws the dropout masks in training."""

    @abstractmethod
    def represent(self, mean: Tensor) -> Tensor:
        """What ``transform`` returns for posterior means of shape (B, K)."""

    @abstractmethod
    def components(self) -> Tensor:
        """Effect of each topic on the words' logits, shape (K, V)."""

    @abstractmethod
    def topics(self, sign: int = 1) -> LogLinear:
        """Distribution over words of each topic alone, or of its other pole with -1; K features, K rows."""


class ProdLDADecoder(Decoder):
    """Product of experts of Srivastava & Sutton (2017): logits = shift-only batch norm of dropout(θ) B.

    The batch norm is worked out on the topics' side. The mean and variance over a batch of θ B are
    mean(θ) B and diag(Bᵀ Cov(θ) B), so the normalised logits are (θ - mean(θ)) B / sqrt(variance + eps)
    plus the shift, and no pass over (B, V) is spent on statistics.
    """

    mean_proportions: Tensor
    covariance: Tensor

    def __init__(
        self,
        softmax_slices: tuple[slice, ...],
        dropout: float,
        background: Tensor,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.softmax_slices, self.dropout = softmax_slices, dropout
        n_topics = softmax_slices[-1].stop
        self.weights = nn.Parameter(torch.empty(n_topics, len(background)))
        nn.init.xavier_uniform_(self.weights, generator=generator)
        self.shift = nn.Parameter(background.clone())
        self.register_buffer("mean_proportions", torch.zeros(n_topics))
        self.register_buffer("covariance", torch.eye(n_topics))

    def proportions(self, z: Tensor) -> Tensor:
        """θ: a softmax over all topics, or one for each group, shape (B, K)."""
        return torch.cat([torch.softmax(z[:, s], 1) for s in self.softmax_slices], 1)

    def forward(self, z: Tensor, generator: torch.Generator | None = None) -> LogLinear:
        theta = dropout(self.proportions(z), self.dropout, generator)
        mean, covariance = self._batch_moments(theta) if self.training else self._running_moments()
        return LogLinear(theta - mean, self._normalised(covariance), self.shift)

    def represent(self, mean: Tensor) -> Tensor:
        return self.proportions(mean) / len(self.softmax_slices)

    def components(self) -> Tensor:
        return self._normalised(self.covariance)

    def topics(self, sign: int = 1) -> LogLinear:
        alone = sign * torch.eye(len(self.weights), dtype=self.weights.dtype, device=self.weights.device)
        return LogLinear(alone - self.mean_proportions, self.components(), self.shift)

    def _normalised(self, covariance: Tensor) -> Tensor:
        variance = (self.weights * (covariance @ self.weights)).sum(0)
        return self.weights * torch.rsqrt(variance + SHIFT_NORM_EPS)

    def _batch_moments(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        mean = theta.mean(0)
        centred = theta - mean
        covariance = centred.T @ centred / len(theta)
        with torch.no_grad():
            self.mean_proportions.lerp_(mean, SHIFT_NORM_MOMENTUM)
            self.covariance.lerp_(covariance, SHIFT_NORM_MOMENTUM)
        return mean, covariance

    def _running_moments(self) -> tuple[Tensor, Tensor]:
        return self.mean_proportions, self.covariance


class NVDMDecoder(Decoder):
    """Softmax decoder of Miao et al. (2016): logits = z W + b."""

    def __init__(self, n_dims: int, background: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(n_dims, len(background)))
        nn.init.xavier_uniform_(self.weights, generator=generator)
        self.bias = nn.Parameter(background.clone())

    def forward(self, z: Tensor, generator: torch.Generator | None = None) -> LogLinear:  # noqa: ARG002
        return LogLinear(z, self.weights, self.bias)

    def represent(self, mean: Tensor) -> Tensor:
        return mean

    def components(self) -> Tensor:
        return self.weights

    def topics(self, sign: int = 1) -> LogLinear:
        alone = sign * torch.eye(len(self.weights), dtype=self.weights.dtype, device=self.weights.device)
        return LogLinear(alone, self.weights, self.bias)


class TopicNetwork(nn.Module):
    """Encoder, decoder and prior of one model."""

    prior_mean: Tensor
    prior_log_variance: Tensor

    def __init__(self, space: LatentSpace, encoder: Encoder, decoder: Decoder, prior: GaussianPrior) -> None:
        super().__init__()
        self.space, self.encoder, self.decoder = space, encoder, decoder
        self.register_buffer("prior_mean", prior.mean)
        self.register_buffer("prior_log_variance", prior.log_variance)

    @property
    def prior(self) -> GaussianPrior:
        return GaussianPrior(self.prior_mean, self.prior_log_variance)

    @property
    def device(self) -> torch.device:
        return self.prior_mean.device
