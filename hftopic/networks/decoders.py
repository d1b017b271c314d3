"""Encoders and decoders of ProdLDA and NVDM.

Every random number comes from a generator the caller gives: initial weights, dropout masks, noise.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hftopic.batches import Batch
from hftopic.latent import Concrete, LatentSpace, Normal
from hftopic.latent_prior import LatentPrior
from hftopic.layers import SHIFT_NORM_EPS, SHIFT_NORM_MOMENTUM, BagOfEmbeddings, Linear, ShiftNorm, dropout
from hftopic.likelihood import LogLinear
from hftopic.posterior import MeanFieldPosterior, Sample

INPUT_NORM = 10.0  # L2 norm of a document's log(1 + counts); raw counts collapse the encoder onto length
LOG_VARIANCE_RANGE = (-8.0, 4.0)


class Encoder(nn.Module):
    """q(z|x) from sparse counts: log(1 + counts) at a fixed norm, hidden layers, and heads.

    The first layer sums embedding rows of the words present.
    """

    def __init__(
        self,
        n_words: int,
        hidden: tuple[int, ...],
        space: LatentSpace,
        activation: Callable[[Tensor], Tensor],
        dropout: float,
        word_dropout: float,
        norm: str,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.activation, self.dropout, self.word_dropout = activation, dropout, word_dropout
        self.embedding = nn.Parameter(torch.empty(n_words, hidden[0]))
        nn.init.xavier_uniform_(self.embedding, generator=generator)
        self.embedding_bias = nn.Parameter(torch.zeros(hidden[0]))
        self.layers = nn.ModuleList(Linear(n_in, n_out, generator) for n_in, n_out in pairwise(hidden))
        self.mean = Linear(hidden[-1], space.n_dims, generator)
        self.log_variance = Linear(hidden[-1], space.n_dims, generator)
        self.mean_norm, self.log_variance_norm = (
            ShiftNorm(space.n_dims) if norm == "shift" else nn.Identity() for _ in range(2)
        )
        self.classes = nn.ModuleList(
            Linear(hidden[-1], concrete.classes, generator) for concrete in space.concretes
        )

    def forward(self, batch: Batch, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """Posterior of each document; ``generator`` draws the dropout masks in training.

        The embedding may be of lower precision than the batch and the other layers.
        """
        entries = dropout(torch.log1p(batch.counts), self.word_dropout, generator)
        smallest = INPUT_NORM * torch.finfo(entries.dtype).tiny  # of a document that has lost all words
        norms = batch.sum_by_document(entries.square()).sqrt().clamp_min(smallest)
        entries = entries * (INPUT_NORM / norms)[batch.documents]
        sums: Callable[..., Tensor] = BagOfEmbeddings.apply
        bags = sums(self.embedding, entries.to(self.embedding.dtype), batch)  # (B, H)
        h = self.activation(bags.to(entries.dtype) + self.embedding_bias)
        for layer in self.layers:
            h = self.activation(layer(h))
        h = dropout(h, self.dropout, generator)
        log_variance = self.log_variance_norm(self.log_variance(h))
        return MeanFieldPosterior(
            self.mean_norm(self.mean(h)),
            log_variance.clamp(*LOG_VARIANCE_RANGE),
            tuple(torch.log_softmax(head(h), 1) for head in self.classes),
        )


class Decoder(nn.Module):
    """p(x|z), log-linear in features of z, one feature a topic.

    The bias starts at ``background``, the log frequency of each word, so that topics need not learn it.
    """

    space: LatentSpace

    @abstractmethod
    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> LogLinear:
        """Distribution over words of each sample; ``generator`` draws the dropout masks in training."""

    @abstractmethod
    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        """What ``transform`` returns, shape (B, n_topics): class probabilities in the columns of classes."""

    @abstractmethod
    def components(self) -> Tensor:
        """Effect of each topic on the words' logits, shape (n_topics, V)."""

    @abstractmethod
    def topics(self, sign: int = 1) -> LogLinear:
        """Distribution over words of each topic alone, or of its other pole with -1; a row a topic."""

    def columns(self, gaussian: Tensor, classes: Sequence[Tensor]) -> Tensor:
        """Values of the Gaussian dimensions (B, K) and of classes side by side in the topics' order."""
        if not classes:
            return gaussian
        of_group = iter(classes)
        return torch.cat(
            [
                next(of_group) if isinstance(group, Concrete) else gaussian[:, dims]
                for group, dims in zip(self.space.groups, self.space.dim_slices, strict=True)
            ],
            dim=1,
        )


class ProdLDADecoder(Decoder):
    """Product of experts of Srivastava & Sutton (2017): logits = shift-only batch norm of dropout(θ) B.

    The batch norm is worked out on the topics' side. The mean and variance over a batch of θ B are
    mean(θ) B and diag(Bᵀ Cov(θ) B), so the normalised logits are (θ - mean(θ)) B / sqrt(variance + eps)
    plus the shift, and no pass over (B, V) is spent on statistics. A Concrete variable is a simplex of its
    own, beside the proportions and outside every softmax.
    """

    mean_proportions: Tensor
    covariance: Tensor

    def __init__(
        self,
        space: LatentSpace,
        softmax: str,
        dropout: float,
        background: Tensor,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.space, self.dropout = space, dropout
        self.softmax_slices = softmax_slices(space, softmax)
        self.weights = nn.Parameter(torch.empty(space.n_topics, len(background)))
        nn.init.xavier_uniform_(self.weights, generator=generator)
        self.shift = nn.Parameter(background.clone())
        self.register_buffer("mean_proportions", torch.zeros(space.n_topics))
        self.register_buffer("covariance", torch.eye(space.n_topics))

    def proportions(self, z: Tensor) -> Tensor:
        """θ: a softmax over all topics, or one for each group, shape (B, K)."""
        return torch.cat([torch.softmax(z[:, s], 1) for s in self.softmax_slices], 1) if z.shape[1] else z

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> LogLinear:
        theta = self.columns(dropout(self.proportions(sample.z), self.dropout, generator), sample.classes)
        mean, covariance = self._batch_moments(theta) if self.training else self._running_moments()
        return LogLinear(theta - mean, self._normalised(covariance), self.shift)

    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        proportions = self.proportions(posterior.mean) / max(1, len(self.softmax_slices))
        return self.columns(proportions, [log_pi.exp() for log_pi in posterior.log_classes])

    def components(self) -> Tensor:
        return self._normalised(self.covariance)

    def topics(self, sign: int = 1) -> LogLinear:
        alone = sign * torch.eye(len(self.weights), dtype=self.weights.dtype, device=self.weights.device)
        return LogLinear(self._own_simplex() * (alone - self.mean_proportions), self.components(), self.shift)

    def _own_simplex(self) -> Tensor:
        """Which topics share a simplex, shape (n_topics, n_topics); those of others stay at their average."""
        simplex = torch.arange(self.space.n_groups)
        if len(self.softmax_slices) == 1:
            simplex[[isinstance(group, Normal) for group in self.space.groups]] = -1
        of_topic = simplex[torch.from_numpy(self.space.topic_groups)]
        return (of_topic[:, None] == of_topic).to(self.weights)

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


def softmax_slices(space: LatentSpace, softmax: str) -> tuple[slice, ...]:
    """Gaussian dimensions that share a softmax: all of them ("joint"), or those of each group ("group")."""
    if softmax == "group":
        return tuple(s for s in space.dim_slices if s.stop > s.start)
    return (slice(0, space.n_dims),) if space.n_dims else ()


class NVDMDecoder(Decoder):
    """Softmax decoder of Miao et al. (2016): logits = z W + b."""

    def __init__(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        self.space = space
        self.weights = nn.Parameter(torch.empty(space.n_topics, len(background)))
        nn.init.xavier_uniform_(self.weights, generator=generator)
        self.bias = nn.Parameter(background.clone())

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> LogLinear:  # noqa: ARG002
        return LogLinear(self.columns(sample.z, sample.classes), self.weights, self.bias)

    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        return self.columns(posterior.mean, [log_pi.exp() for log_pi in posterior.log_classes])

    def components(self) -> Tensor:
        return self.weights

    def topics(self, sign: int = 1) -> LogLinear:
        alone = sign * torch.eye(len(self.weights), dtype=self.weights.dtype, device=self.weights.device)
        return LogLinear(alone, self.weights, self.bias)


class TopicNetwork(nn.Module):
    """Encoder, decoder and prior of one model."""

    prior_mean: Tensor
    prior_covariance: Tensor

    def __init__(self, encoder: Encoder, decoder: Decoder, prior: LatentPrior) -> None:
        super().__init__()
        self.space, self.encoder, self.decoder = prior.space, encoder, decoder
        self.register_buffer("prior_mean", prior.mean)
        self.register_buffer("prior_covariance", prior.covariance)

    @property
    def prior(self) -> LatentPrior:
        return LatentPrior(self.space, self.prior_mean, self.prior_covariance)

    @property
    def device(self) -> torch.device:
        return self.prior_mean.device
