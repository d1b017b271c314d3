"""Where the training of a new network begins."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from hftopic._devices import sent
from hftopic.data.batches import Batch
from hftopic.data.documents import CountedDocuments, evenly
from hftopic.data.embeddings import PIECE, moments_of
from hftopic.networks.embedded import EmbeddingLayer
from hftopic.networks.encoder import Encoder
from hftopic.networks.network import TopicNetwork

CLUSTERED = 10_000  # documents whose clusters the topics begin at


def begin(
    network: TopicNetwork, batch: Batch, documents: CountedDocuments, generator: torch.Generator
) -> None:
    """Set what a new network takes from its training documents before the first step.

    Its encoder standardises embeddings by their moments, and its topics begin at their clusters; seed words
    raise weights of their topics.

    Parameters
    ----------
    network : TopicNetwork
    batch : Batch
        Some of the documents, as training reads them.
    documents : CountedDocuments
    generator : torch.Generator

    Raises
    ------
    TypeError
        The mini-batch lacks the design or the embeddings that the network reads.
    """
    if network.prevalence is not None and batch.design is None:
        raise TypeError(f"a {type(batch).__name__} has lost its design; pass it on as design=")
    if network.encoder.of_document is not None:
        if batch.embeddings is None:
            raise TypeError(f"a {type(batch).__name__} has lost its embeddings; pass them on as embeddings=")
        _begin_at_clusters(network.encoder, network.encoder.of_document, documents, generator)
    if network.guidance is not None:
        n_tokens = documents.word_counts().sum()
        network.guidance.begin(network.encoder, network.decoder, n_tokens / len(documents))


def _begin_at_clusters(
    encoder: Encoder, layer: EmbeddingLayer, documents: CountedDocuments, generator: torch.Generator
) -> None:
    """Standardise what an encoder reads by the moments of documents, and begin its topics at their clusters.

    Their counts are not read.
    """
    layer.standardise(*moments_of(pieces_beside(documents)))
    some = documents.beside(evenly(len(documents), CLUSTERED))["embeddings"]
    encoder.begin(sent(some, layer.mean.device), generator)


def pieces_beside(documents: CountedDocuments) -> Iterator[NDArray[np.float32]]:
    """Embeddings of all documents, in pieces, shape (n, F) each."""
    every = np.arange(len(documents))
    for start in range(0, len(every), PIECE):
        yield documents.beside(every[start : start + PIECE])["embeddings"].numpy()
