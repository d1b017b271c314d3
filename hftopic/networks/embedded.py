"""The layers that read embeddings of documents."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hftopic._devices import sent
from hftopic.data.batches import Batch
from hftopic.data.embeddings import ROUNDING
from hftopic.networks.clusters import centroids
from hftopic.networks.layers import Linear, zeros


class EmbeddingLayer(nn.Module):
    r"""W ê + b of the embeddings e of documents: ê = c s / ‖s‖, with s = (e - mean) / deviation by column.

    Parameters
    ----------
    n_columns : int
        F, the number of columns of the embeddings.
    width : int
        Number of outputs.
    norm : float
        c, the L2 norm of ê.
    noise : float
        Standard deviation of the Gaussian noise that training adds to each column of ê, as a part of the root
        mean square of ê. It is a ridge on W: directions in which documents differ less than this are hardly
        read. Without it the encoder knows each training document by its embedding, and little of others.
    has_bias : bool
        Whether there is a b.
    generator : torch.Generator
        Source of the initial weights.

    Attributes
    ----------
    mean, precision : Tensor, shape (F,)
        Mean and inverse standard deviation of each column over the training documents. The precision is 0 for
        a column that is the same in all of them but for the rounding of float32: it is not read.
    """

    bias: Tensor | None
    mean: Tensor
    precision: Tensor

    def __init__(
        self,
        n_columns: int,
        width: int,
        norm: float,
        noise: float,
        has_bias: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.norm, self.noise = norm, noise
        self.weight = nn.Parameter(torch.empty(width, n_columns, dtype=torch.float32))
        nn.init.xavier_uniform_(self.weight, generator=generator)
        self.register_parameter("bias", zeros(width) if has_bias else None)
        self.register_buffer("mean", torch.zeros(n_columns, dtype=torch.float32))
        self.register_buffer("precision", torch.ones(n_columns, dtype=torch.float32))

    @torch.no_grad()
    def standardise(self, mean: NDArray[np.float64], deviations: NDArray[np.float64]) -> None:
        """Take the mean and the standard deviation of each column over the training documents, (F,) each."""
        varied = deviations > np.maximum(ROUNDING * np.abs(mean), 1 / torch.finfo(torch.float32).max)
        precision = np.zeros_like(deviations)
        precision[varied] = 1 / deviations[varied]
        self.mean.copy_(torch.from_numpy(mean))
        self.precision.copy_(torch.from_numpy(precision))

    def read(self, batch: Batch, generator: torch.Generator | None = None) -> Tensor:
        """ê of the documents, with the noise of training, shape (B, F)."""
        if batch.embeddings is None:
            raise TypeError(f"a {type(batch).__name__} has no embeddings; pass them on as embeddings=")
        return self._noisy(self.standardised(sent(batch.embeddings, batch.device)), generator)

    def standardised(self, embeddings: Tensor) -> Tensor:
        """ê of embeddings, shape (B, F)."""
        standardised = (embeddings - self.mean) * self.precision
        norms = torch.linalg.vector_norm(standardised, dim=1, keepdim=True)
        factors: Tensor = self.norm / norms.clamp_min(torch.finfo(norms.dtype).tiny * self.norm)
        return standardised * factors

    def forward(self, read: Tensor) -> Tensor:
        return functional.linear(read, self.weight, self.bias)

    def _noisy(self, scaled: Tensor, generator: torch.Generator | None) -> Tensor:
        """ê with the noise of training, which has no generator in evaluation."""
        if generator is None or self.noise == 0:
            return scaled
        drawn = torch.empty(scaled.shape, dtype=scaled.dtype).normal_(generator=generator)
        return scaled + sent(drawn, scaled.device) * (self.noise * self.norm / math.sqrt(scaled.shape[1]))


class ClusterScores(Linear):
    """Scores of the topics, linear in ê, which are added to the means of their posteriors, shape (B, K).

    Each topic begins at a cluster of the training documents, and training goes on from there. From random
    weights, the largest topics of the documents divide them much worse than clusters do.
    """

    def __init__(self, n_columns: int, n_topics: int, generator: torch.Generator, has_bias: bool) -> None:
        super().__init__(n_columns, n_topics, generator, has_bias)
        nn.init.zeros_(self.weight)

    @torch.no_grad()
    def begin(self, read: Tensor, generator: torch.Generator) -> None:
        """Score documents by the clusters of ``read``, ê of some of them (N, F).

        The score is the product of ê with the centroid, less its mean, which a norm that follows takes away
        where there is no bias; its variance is 1 on average.
        """
        if not len(self.weight):
            return
        centres = centroids(read, len(self.weight), generator)
        scores = read @ centres.T
        mean = scores.mean(0)
        deviation = (scores - mean).square().mean().sqrt().clamp_min(torch.finfo(scores.dtype).tiny)
        self.weight.copy_(centres / deviation)
        if self.bias is not None:
            self.bias.copy_(-mean / deviation)

    @torch.no_grad()
    def forget(self, topic: int) -> None:
        """Begin a topic at no cluster."""
        self.weight[topic] = 0.0
        if self.bias is not None:
            self.bias[topic] = 0.0
