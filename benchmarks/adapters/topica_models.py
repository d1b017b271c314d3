"""LDA (Gibbs sampling, 1000 iterations) and ProdLDA (200 epochs) of topica, with its defaults."""

from typing import Any

import numpy as np
from topica import LDA, Corpus, ProdLDA

from adapters import Adapter
from adapters.conversion import token_lists


class TopicaLDA(Adapter):
    model: Any
    iterations = 1000

    def build(self) -> Any:
        return LDA(self.settings.n_topics, seed=self.settings.seed, num_threads=self.settings.threads)

    def convert(self, counts: Any) -> Corpus:
        return Corpus.from_documents(token_lists(counts, self.vocabulary), vocabulary=self.vocabulary)

    def fit(self, documents: Any) -> None:
        self.model = self.build()
        self.model.fit(documents, iters=self.settings.rounds(self.iterations), progress=False)

    def transform(self, documents: Any) -> np.ndarray:
        return np.asarray(self.model.transform(documents))

    def topic_words(self) -> np.ndarray:
        return np.asarray(self.model.topic_word)


class TopicaProdLDA(TopicaLDA):
    iterations = 200
    no_completion = "no p(w|x): the decoder's batch normalisation is not among what a fitted model gives"

    def build(self) -> Any:
        return ProdLDA(self.settings.n_topics, seed=self.settings.seed)
