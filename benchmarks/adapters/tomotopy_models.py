"""LDA and the correlated topic model of tomotopy: Gibbs sampling, 1000 iterations."""

from typing import Any

import numpy as np
from tomotopy import CTModel, LDAModel

from adapters import Adapter
from adapters.conversion import token_lists


class TomotopyLDA(Adapter):
    model: LDAModel | CTModel

    def build(self) -> LDAModel | CTModel:
        return LDAModel(k=self.settings.n_topics, seed=self.settings.seed)

    def convert(self, counts: Any) -> list[list[str]]:
        return token_lists(counts, self.vocabulary)

    def fit(self, documents: Any) -> None:
        self.model = self.build()
        for words in documents:
            self.model.add_doc(words)
        self.model.train(self.settings.rounds(1000), workers=self.settings.threads)

    def transform(self, documents: Any) -> np.ndarray:
        made = [self.model.make_doc(words) for words in documents]
        topics, _ = self.model.infer(made, workers=self.settings.threads)
        return np.array(topics)

    def topic_words(self) -> np.ndarray:
        known = np.array([self.model.get_topic_word_dist(k) for k in range(self.model.k)])
        # a word of the vocabulary that no training document has gets what words without tokens in a topic get
        result = np.repeat(known.min(1, keepdims=True), len(self.vocabulary), axis=1)
        column = {word: column for column, word in enumerate(self.vocabulary)}
        result[:, [column[word] for word in self.model.used_vocabs]] = known
        return result / result.sum(1, keepdims=True)


class TomotopyCTM(TomotopyLDA):
    def build(self) -> CTModel:
        return CTModel(k=self.settings.n_topics, seed=self.settings.seed)
