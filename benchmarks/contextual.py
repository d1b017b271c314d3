"""CombinedTM and ZeroShotTM of contextualized-topic-models, its defaults, on given counts and embeddings.

Its own loop reads one document at a time, in processes of a DataLoader. Here mini-batches are made from the
sparse counts, and its ``_train_epoch`` trains on them. The network, the loss, the optimiser and the number of
epochs are its own.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

SAMPLES = 20  # of θ whose mean is the representation of a document, as in its get_doc_topic_distribution


class Batches:
    """Random mini-batches of documents; a last one that is smaller is left out, as the library does."""

    def __init__(self, counts: sp.csr_array, embeddings: np.ndarray, size: int) -> None:
        self.counts, self.embeddings, self.size = counts, embeddings, size

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        order = torch.randperm(self.counts.shape[0]).numpy()
        for start in range(0, len(order) - self.size + 1, self.size):
            rows = order[start : start + self.size]
            yield {
                "X_bow": torch.from_numpy(self.counts[rows].toarray()).float(),
                "X_contextual": torch.from_numpy(self.embeddings[rows]),
            }


class Contextual:
    """One fit of ``kind``, "CombinedTM" or "ZeroShotTM"."""

    def __init__(self, kind: str, n_topics: int, seed: int, epochs: int | None = None) -> None:
        self.kind, self.n_topics, self.seed, self.epochs = kind, n_topics, seed, epochs

    def fit(self, counts: sp.csr_array, embeddings: np.ndarray) -> None:
        from contextualized_topic_models.models import ctm

        torch.manual_seed(self.seed)
        sizes = {"bow_size": counts.shape[1], "contextual_size": embeddings.shape[1]}
        model: Any = getattr(ctm, self.kind)(**sizes, n_components=self.n_topics, num_data_loader_workers=0)
        batches = Batches(counts, embeddings, model.batch_size)
        for _ in range(self.epochs or model.num_epochs):
            model._train_epoch(batches)
        self.network = model.model.eval()

    @torch.no_grad()
    def transform(self, counts: sp.csr_array, embeddings: np.ndarray) -> np.ndarray:
        words = torch.from_numpy(counts.toarray()).float()
        moments = self.network.get_posterior(words, torch.from_numpy(embeddings))
        theta: np.ndarray = self.network.sample(*moments, n_samples=SAMPLES).numpy()
        return theta

    @torch.no_grad()
    def word_probabilities(self, counts: sp.csr_array, embeddings: np.ndarray) -> np.ndarray:
        theta = torch.from_numpy(self.transform(counts, embeddings))
        logits = self.network.beta_batchnorm(theta @ self.network.beta)
        words: np.ndarray = torch.softmax(logits, 1).numpy()
        return words

    def topic_words(self) -> np.ndarray:
        weights: np.ndarray = self.network.beta.detach().numpy()
        return weights
