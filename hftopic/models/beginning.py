"""Where the training of a new network begins."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hftopic.data.documents import CountedDocuments
from hftopic.data.embeddings import PIECE


def pieces_beside(documents: CountedDocuments) -> Iterator[NDArray[np.float32]]:
    """Embeddings of all documents, in pieces, shape (n, F) each."""
    every = np.arange(len(documents))
    for start in range(0, len(every), PIECE):
        yield documents.beside(every[start : start + PIECE])["embeddings"].numpy()
