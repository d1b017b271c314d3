"""Where the training of a new network begins."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from hftopic._devices import sent
from hftopic.data.documents import CountedDocuments, evenly
from hftopic.data.embeddings import PIECE, moments_of
from hftopic.networks.embedded import EmbeddingLayer
from hftopic.networks.encoder import Encoder

CLUSTERED = 10_000  # documents whose clusters the topics begin at


def begin_at_clusters(
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
