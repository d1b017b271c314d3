"""Models of scikit-learn: LDA by online variational Bayes, 20 passes, and NMF of tf-idf, squared error."""

from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import make_pipeline

from adapters import Adapter


class SklearnLDA(Adapter):
    model: LatentDirichletAllocation

    def convert(self, counts: Any) -> Any:
        return counts

    def fit(self, documents: Any) -> None:
        self.model = LatentDirichletAllocation(
            self.settings.n_topics,
            learning_method="online",
            max_iter=self.settings.rounds(20),
            n_jobs=self.settings.threads,
            random_state=self.settings.seed,
        )
        with parallel_config("loky", inner_max_num_threads=1):
            self.model.fit(documents)

    def transform(self, documents: Any) -> np.ndarray:
        with parallel_config("loky", inner_max_num_threads=1):
            return self.model.transform(documents)

    def topic_words(self) -> np.ndarray:
        return self.model.components_ / self.model.components_.sum(1, keepdims=True)


class SklearnNMF(Adapter):
    no_completion = "no p(w|x): it factorises tf-idf weights, which are no counts"

    def convert(self, counts: Any) -> Any:
        return counts

    def fit(self, documents: Any) -> None:
        settings = self.settings
        factors = NMF(settings.n_topics, max_iter=settings.rounds(200), random_state=settings.seed)
        self.model = make_pipeline(TfidfTransformer(), factors).fit(documents)

    def transform(self, documents: Any) -> np.ndarray:
        return self.model.transform(documents)

    def topic_words(self) -> np.ndarray:
        return self.model[-1].components_
