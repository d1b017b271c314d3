"""The layer that reads embeddings of documents."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic._devices import sent
from hftopic.data.batches import Batch
from hftopic.networks.layers import Linear, dropout


class EmbeddingLayer(nn.Module):
    r"""W ê + b of the embeddings e of documents, which are standardised: ê = c (e - mean) / (deviation √F).

    Parameters
    ----------
    n_columns : int
        F, the number of columns of the embeddings.
    width : int
        Number of outputs.
    norm : float
        c, the root of the mean squared L2 norm of ê over the training documents.
    dropout : float
        Dropout rate on ê.
    generator : torch.Generator
        Source of the initial weights.

    Attributes
    ----------
    mean, factor : Tensor, shape (F,)
        With which embeddings are standardised; a factor is 0 for a column that is the same in all documents.
    """

    mean: Tensor
    factor: Tensor

    def __init__(
        self, n_columns: int, width: int, norm: float, dropout: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.norm, self.dropout = norm, dropout
        self.linear = Linear(n_columns, width, generator)
        self.register_buffer("mean", torch.zeros(n_columns, dtype=torch.float32))
        self.register_buffer("factor", torch.ones(n_columns, dtype=torch.float32))

    @torch.no_grad()
    def standardise(self, mean: NDArray[np.float64], deviations: NDArray[np.float64]) -> None:
        """Take the mean and the standard deviation of each column over the training documents, (F,) each."""
        varied = deviations > 0
        factor = np.zeros_like(deviations)
        factor[varied] = self.norm / (deviations[varied] * math.sqrt(varied.sum()))
        self.mean.copy_(torch.from_numpy(mean))
        self.factor.copy_(torch.from_numpy(factor))

    def forward(self, batch: Batch, generator: torch.Generator | None = None) -> Tensor:
        if batch.embeddings is None:
            raise TypeError(f"a {type(batch).__name__} has no embeddings; pass them on as embeddings=")
        embeddings = sent(batch.embeddings, batch.device)
        standardised = (embeddings - self.mean) * self.factor  # (B, F)
        outputs: Tensor = self.linear(dropout(standardised, self.dropout, generator))
        return outputs
