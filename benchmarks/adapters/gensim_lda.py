"""LdaMulticore of gensim: online variational Bayes, 20 passes; the main process counts as a thread."""

from typing import Any

import numpy as np
from gensim.matutils import Sparse2Corpus
from gensim.models import LdaMulticore

from adapters import Adapter


class GensimLDA(Adapter):
    model: LdaMulticore

    def convert(self, counts: Any) -> list[list[tuple[int, float]]]:
        return list(Sparse2Corpus(counts, documents_columns=False))

    def fit(self, documents: Any) -> None:
        self.model = LdaMulticore(
            documents,
            num_topics=self.settings.n_topics,
            id2word=dict(enumerate(self.vocabulary)),
            passes=self.settings.rounds(20),
            workers=max(1, self.settings.threads - 1),
            random_state=self.settings.seed,
        )

    def transform(self, documents: Any) -> np.ndarray:
        gamma, _ = self.model.inference(documents)
        return gamma / gamma.sum(1, keepdims=True)

    def topic_words(self) -> np.ndarray:
        return self.model.get_topics()
