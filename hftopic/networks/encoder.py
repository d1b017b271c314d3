"""The encoder q(z|x): it maps a mini-batch of documents to the moments of their posteriors."""

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic._compiled import at_hand
from hftopic.data.batches import Batch
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace
from hftopic.networks.alone import LayersAlone
from hftopic.networks.embedded import ClusterScores, EmbeddingLayer
from hftopic.networks.layers import (
    BagOfEmbeddings,
    Linear,
    SharedScaleNorm,
    ShiftNorm,
    dropout,
    may_be_of_rows,
    normalised,
    zeros,
)

INPUT_NORM = 10.0  # L2 norm of log(1 + counts); from raw counts the encoder learns only document length
LOG_VARIANCE_RANGE = (-8.0, 4.0)
EMBEDDING_NORM = 10.0  # L2 norm of the standardised embedding of a document
EMBEDDING_NOISE = 1.0  # in training, as a part of the root mean square of the standardised embedding
NORMS: dict[str, tuple[Callable[[int], nn.Module], Callable[[int], nn.Module]]] = {
    "none": (nn.Identity, nn.Identity),
    "shift": (ShiftNorm, ShiftNorm),
    "scale": (SharedScaleNorm, nn.Identity),
}
"""Layers that normalise the means and the log variances."""
FAVOUR = 1.0  # rise of the mean of a topic with each unit of input of a word that guides it, with amount 1


class Encoder(nn.Module):
    """q(z|x) from sparse counts, from embeddings of documents, or both: hidden layers, and output layers.

    The first layer reads log(1 + counts) with a fixed norm, and sums the embeddings of the words that occur;
    with embeddings of documents, a linear layer of these is added. A subclass can read other input than
    counts with another first layer: :meth:`build_first_layer` and :meth:`first_layer`.

    Parameters
    ----------
    n_words : int
        V, the number of words in the vocabulary.
    hidden : tuple of int
        Sizes of the hidden layers; the first is the size of the embeddings.
    space : LatentSpace
    activation : function
    dropout : float
        Dropout rate on the last hidden layer.
    word_dropout : float
        Fraction of the distinct words of a document that are dropped in training.
    norm : {"none", "shift", "scale"}
        Batch norm of the outputs: none; with a learned shift and no learned scale; or of the means alone,
        with a learned shift and one learned scale for all topics.
    generator : torch.Generator
        Source of the initial weights.
    reads : {"counts", "embeddings", "both"}
    n_columns : int
        F, the number of columns of the embeddings of documents, if they are read.

    Attributes
    ----------
    row_gradients : bool
        Whether the gradient of the embeddings may be a sparse tensor of some rows, as
        :class:`hftopic._adam.Adam` reads it.
    """

    row_gradients: bool = False
    embedding: Tensor
    embedding_bias: Tensor
    alone: LayersAlone | None = None  # the layers after the first one, in a copy for evaluation

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
        reads: str = "counts",
        n_columns: int = 0,
    ) -> None:
        super().__init__()
        self.space, self.activation, self.dropout, self.word_dropout = (
            space,
            activation,
            dropout,
            word_dropout,
        )
        self.reads_counts = reads != "embeddings"
        if self.reads_counts:
            self.build_first_layer(n_words, hidden[0], generator)
        self.layers = nn.ModuleList(Linear(n_in, n_out, generator) for n_in, n_out in pairwise(hidden))
        self.mean_norm, self.log_variance_norm = (kind(space.n_dims) for kind in NORMS[norm])
        # A bias in front of a batch norm changes nothing, but noise of its gradient would move it about.
        mean_has_bias, log_variance_has_bias = (
            isinstance(layer, nn.Identity) for layer in (self.mean_norm, self.log_variance_norm)
        )
        self.mean = Linear(hidden[-1], space.n_dims, generator, mean_has_bias)
        self.log_variance = Linear(hidden[-1], space.n_dims, generator, log_variance_has_bias)
        self.classes = nn.ModuleList(
            Linear(hidden[-1], variable.n_logits, generator) for variable in space.concretes
        )
        self.of_document: EmbeddingLayer | None = None
        self.of_cluster: ClusterScores | None = None
        if reads != "counts":
            alone, scale = not self.reads_counts, (EMBEDDING_NORM, EMBEDDING_NOISE)
            self.of_document = EmbeddingLayer(n_columns, hidden[0], *scale, alone, generator)
            self.of_cluster = ClusterScores(n_columns, space.n_dims, generator, mean_has_bias)

    def build_first_layer(self, n_words: int, width: int, generator: torch.Generator) -> None:
        """Create the parameters of the first layer, with ``width`` outputs."""
        self.embedding = nn.Parameter(torch.empty(n_words, width, dtype=torch.float32))
        nn.init.xavier_uniform_(self.embedding, generator=generator)
        self.embedding_bias = zeros(width)

    def first_layer(self, batch: Batch, generator: torch.Generator | None) -> Tensor:
        """First layer before the activation, shape (B, width), in the precision of the counts."""
        sums: Callable[..., Tensor] = BagOfEmbeddings.apply
        entries = self.entries(batch, generator)
        bags = sums(self.embedding, entries, batch, self.row_gradients)  # (B, width)
        return bags.to(batch.dtype) + self.embedding_bias

    def entries(self, batch: Batch, generator: torch.Generator | None) -> Tensor:
        """log(1 + counts) of the words of each document with a fixed norm, shape (nnz,)."""
        if self.alone is not None and at_hand(batch.counts):
            from hftopic._compiled.calls import entries as compiled_entries

            return compiled_entries(batch, INPUT_NORM)
        entries = dropout(torch.log1p(batch.counts), self.word_dropout, generator)
        smallest = INPUT_NORM * torch.finfo(entries.dtype).tiny  # for a document whose words are all dropped
        norms = batch.sum_by_document(entries.square()).sqrt().clamp_min(smallest)
        return (entries * (INPUT_NORM / norms)[batch.documents]).to(self.embedding.dtype)

    def rows_read(self, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """The embeddings and the words of a mini-batch, (U,); None where gradients are not of rows."""
        if not self.row_gradients or not hasattr(self, "embedding") or not may_be_of_rows(self.embedding):
            return None
        return self.embedding, batch.distinct[0]

    def input_layer(self, batch: Batch, read: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """The first layer and that of the embeddings of documents, those that there are, shape (B, width)."""
        if self.of_document is None or read is None:
            return self.first_layer(batch, generator)
        of_documents: Tensor = self.of_document(read)
        return self.first_layer(batch, generator) + of_documents if self.reads_counts else of_documents

    def begin(self, embeddings: Tensor, generator: torch.Generator) -> None:
        """Begin each topic at a cluster of embeddings of training documents, (N, F)."""
        if self.of_document is not None and self.of_cluster is not None:
            self.of_cluster.begin(self.of_document.standardised(embeddings), generator)

    def without_input(self, batch: Batch) -> Tensor:
        """Mask of the documents of which nothing is read, shape (B,): those without words or embeddings."""
        return batch.empty if self.of_document is None else torch.zeros_like(batch.empty)

    def forward(self, batch: Batch, generator: torch.Generator | None = None) -> MeanFieldPosterior:
        """Posterior of each document; ``generator`` draws the dropout masks in training."""
        read = None if self.of_document is None else self.of_document.read(batch, generator)
        of_hidden, log_variance, *logits = self.outputs(self.input_layer(batch, read, generator), generator)
        means = of_hidden if self.of_cluster is None or read is None else of_hidden + self.of_cluster(read)
        norms = (self.mean_norm, self.log_variance_norm)
        mean, log_variance = normalised(norms, (means, log_variance))
        return MeanFieldPosterior(
            mean, log_variance.clamp(*LOG_VARIANCE_RANGE), self.space.log_classes(logits)
        )

    def outputs(self, x: Tensor, generator: torch.Generator | None) -> list[Tensor]:
        """Outputs of the last layers, from those of the first before the activation, (B, width)."""
        if self.alone is not None:
            return self.alone(x)
        h = self.activation(x)
        for layer in self.layers:
            h = self.activation(layer(h))
        h = dropout(h, self.dropout, generator)
        return [head(h) for head in self.heads]

    @property
    def heads(self) -> tuple[Linear, ...]:
        """The last layers: of the means, the log variances, and the classes of each discrete variable."""
        return self.mean, self.log_variance, *(cast(Linear, head) for head in self.classes)

    @torch.no_grad()
    def favour(self, topic: int, words: NDArray[np.integer], amount: float) -> None:
        """Raise the posterior mean of a topic for documents with some words, before training.

        The embeddings of the words move by the smallest step that raises the mean of this topic, and of no
        other, at the initial weights. Without embeddings of words they are left to training, as is a class of
        a discrete variable. The topic begins at no cluster of embeddings of documents, which would be any.
        """
        if not self.space.gaussian[topic]:
            return
        place = int(self.space.gaussian[:topic].sum())
        if self.of_cluster is not None:
            self.of_cluster.forget(place)
        if not hasattr(self, "embedding"):
            return
        jacobian = self._effect_of_embedding()  # (K, width)
        step = torch.linalg.pinv(jacobian.double())[:, place].to(self.embedding.dtype)
        self.embedding[torch.from_numpy(words).long().to(step.device)] += FAVOUR * amount * step

    def _effect_of_embedding(self) -> Tensor:
        """Derivative of the means by the sum of embeddings, at a document without words."""

        def means(bag: Tensor) -> Tensor:
            h = self.activation(bag + self.embedding_bias)
            for layer in self.layers:
                h = self.activation(layer(h))
            mean: Tensor = self.mean(h)
            return mean

        zeros = torch.zeros(self.embedding.shape[1], dtype=self.embedding.dtype, device=self.embedding.device)
        effect: Tensor = torch.autograd.functional.jacobian(means, zeros)  # type: ignore[no-untyped-call]
        return effect

    def topic_axes(self) -> dict[str, tuple[int, ...]]:
        """Axes that run over Gaussian dimensions, of each parameter and buffer that has any, by its name."""
        heads = ("mean.", "of_cluster.", "log_variance.", "mean_norm.", "log_variance_norm.")
        return {name: (0,) for name in self.state_dict() if name.startswith(heads)}

    def for_evaluation(self) -> Self:
        """Copy of the encoder for float64, so that the float32 posterior of a document is always the same.

        The rounding of a matrix product depends on the number of rows. So the layers are computed for each
        document alone, as the sums of embeddings are; on a GPU, and by a ``forward`` of another class, they
        are products in float64. The parameters of the first layer are shared, not copied.
        """
        shared = {id(parameter): parameter for parameter in self.parameters(recurse=False)}
        copied = copy.deepcopy(self, shared)
        for layer in copied.children():
            layer.double()
        if self.mean.weight.device.type == "cpu":
            hidden = [cast(Linear, layer) for layer in self.layers]
            copied.alone = LayersAlone(hidden, self.heads, self.activation)
        return copied
