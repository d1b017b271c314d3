"""Decoders whose logits are linear: ProdLDA's product of experts, and NVDM's softmax."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic._processes import current
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import Decoder, SimplexDecoder, raise_weights
from hftopic.networks.layers import SCALE_RATE, SHIFT_NORM_EPS, SHIFT_NORM_MOMENTUM, dropout
from hftopic.networks.likelihood import LogLinear


class ProdLDADecoder(SimplexDecoder):
    """Product of experts of Srivastava & Sutton (2017): logits = batch norm of dropout(θ) B.

    The batch norm is computed from the moments of θ. Over a mini-batch, θ B has mean mean(θ) B and variance
    diag(Bᵀ Cov(θ) B), so the normalised logits are (θ - mean(θ)) B / sqrt(variance + eps), times a scale,
    plus the shift. Therefore the statistics need no pass over the (documents, words) logits.

    With ``norm="shift"``, as in the paper, the scale is 1: the logit of every word has the same variance over
    documents, although a rare or a common word may depend on the topics much more or less than others. With
    ``norm="full"`` the scale of each word is learned.
    """

    scores_words_in_parts: ClassVar[bool] = True
    log_scale: Tensor
    mean_proportions: Tensor
    covariance: Tensor

    def __init__(
        self,
        space: LatentSpace,
        softmax: str,
        norm: str,
        dropout: float,
        background: Tensor,
        generator: torch.Generator,
    ) -> None:
        super().__init__(space, len(background), softmax)
        self.dropout = dropout
        self.weights = nn.Parameter(torch.empty(space.n_topics, len(background), dtype=torch.float32))
        nn.init.xavier_uniform_(self.weights, generator=generator)
        self.shift = nn.Parameter(background.clone())
        scale = torch.zeros_like(background)
        if norm == "full":
            self.log_scale = nn.Parameter(scale)
        else:
            self.register_buffer("log_scale", scale, persistent=False)
        self.register_buffer("mean_proportions", torch.zeros(space.n_topics, dtype=torch.float32))
        self.register_buffer("covariance", torch.eye(space.n_topics, dtype=torch.float32))

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> LogLinear:
        theta = self.columns(dropout(self.proportions(sample.z), self.dropout, generator), sample.classes)
        mean, covariance = self._batch_moments(theta) if self.training else self._running_moments()
        return LogLinear(theta - mean, self._normalised(covariance), self.shift)

    def for_evaluation(self) -> Callable[[Sample], LogLinear]:
        """The decoder with its batch norm computed once: without it, evaluation takes a third longer."""
        mean, covariance = self._running_moments()
        weights = self._normalised(covariance)

        def decode(sample: Sample) -> LogLinear:
            theta = self.columns(self.proportions(sample.z), sample.classes)
            return LogLinear(theta - mean, weights, self.shift)

        return decode

    def components(self) -> Tensor:
        return self._normalised(self.covariance)

    def topics(self, sign: int = 1) -> LogLinear:
        alone = sign * torch.eye(len(self.weights), dtype=self.weights.dtype, device=self.weights.device)
        return LogLinear(self._own_simplex() * (alone - self.mean_proportions), self.components(), self.shift)

    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        raise_weights(self.weights, topic, words, amount)

    def topic_axes(self) -> dict[str, tuple[int, ...]] | None:
        return self.if_one_softmax({"weights": (0,), "mean_proportions": (0,), "covariance": (0, 1)})

    def _own_simplex(self) -> Tensor:
        """1 for two topics that share a simplex, shape (n_topics, n_topics).

        In ``topics``, the topics of other simplexes stay at their average.
        """
        simplex = torch.from_numpy(self.simplex())
        return (simplex[:, None] == simplex).to(self.weights)

    def _normalised(self, covariance: Tensor) -> Tensor:
        apply: Callable[..., Tensor] = _Normalised.apply
        return apply(self.weights, covariance, self.log_scale)

    def _batch_moments(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        mean, covariance = current().moments(theta)
        with torch.no_grad():
            self.mean_proportions.lerp_(mean, SHIFT_NORM_MOMENTUM)
            self.covariance.lerp_(covariance, SHIFT_NORM_MOMENTUM)
        return mean, covariance

    def _running_moments(self) -> tuple[Tensor, Tensor]:
        return self.mean_proportions, self.covariance


class _Normalised(torch.autograd.Function):
    """Weights (K, V) over the standard deviations of their logits, times the scales, in few passes.

    The variances are diag(Wᵀ C W), where C is the covariance of the proportions.
    """

    @staticmethod
    def forward(ctx: Any, weights: Tensor, covariance: Tensor, log_scale: Tensor) -> Tensor:
        spread = covariance @ weights
        precision = torch.rsqrt(torch.linalg.vecdot(weights, spread, dim=0) + SHIFT_NORM_EPS)
        factor = precision * torch.exp(SCALE_RATE * log_scale)
        ctx.save_for_backward(weights, spread, precision, factor)
        return weights * factor

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        weights, spread, precision, factor = ctx.saved_tensors
        relative = torch.linalg.vecdot(upstream[0], weights, dim=0) * factor  # by the logarithm of the factor
        into_variance = -0.5 * relative * precision.square()
        into_weights = (upstream[0] * factor).addcmul_(spread, into_variance, value=2)
        into_covariance = (weights * into_variance) @ weights.T if ctx.needs_input_grad[1] else None
        return into_weights, into_covariance, SCALE_RATE * relative if ctx.needs_input_grad[2] else None


class NVDMDecoder(Decoder):
    """Softmax decoder of Miao et al. (2016): logits = z W + b."""

    signed = True
    scores_words_in_parts = True

    def __init__(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        self.space, self.n_words = space, len(background)
        self.weights = nn.Parameter(torch.empty(space.n_topics, len(background), dtype=torch.float32))
        nn.init.xavier_uniform_(self.weights, generator=generator)
        self.bias = nn.Parameter(background.clone())

    def forward(self, sample: Sample, generator: torch.Generator | None = None) -> LogLinear:  # noqa: ARG002
        return LogLinear(self.columns(sample.z, sample.classes), self.weights, self.bias)

    def represent(self, posterior: MeanFieldPosterior) -> Tensor:
        return self.columns(posterior.mean, [log_pi.exp() for log_pi in posterior.log_classes])

    def components(self) -> Tensor:
        return self.weights

    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        raise_weights(self.weights, topic, words, amount)

    def topic_axes(self) -> dict[str, tuple[int, ...]]:
        """Axes over topics."""
        return {"weights": (0,)}

    def topics(self, sign: int = 1) -> LogLinear:
        alone = sign * torch.eye(len(self.weights), dtype=self.weights.dtype, device=self.weights.device)
        return LogLinear(alone, self.weights, self.bias)
