"""LatentDirichletAllocation of scikit-learn: online variational Bayes, 20 passes."""

from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.decomposition import LatentDirichletAllocation

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
