"""Models of this package with their defaults: one group with the plain VAE, and two groups with HFVAE."""

from typing import Any

import numpy as np
from measurements import words_shown

from adapters import Adapter
from hftopic import NVLDA, ProdLDA
from hftopic.analysis import topic_information
from hftopic.objective import VAE


class PlainVAE(Adapter):
    model: ProdLDA | NVLDA

    def build(self) -> ProdLDA | NVLDA:
        return ProdLDA(groups=self.settings.n_topics, objective=VAE(), **self.options())

    def options(self) -> dict[str, Any]:
        quick = {"max_iter": 2} if self.settings.quick else {}
        return {"random_state": self.settings.seed, **quick}

    def convert(self, counts: Any) -> Any:
        return counts

    def fit(self, documents: Any) -> None:
        self.model = self.build().fit(documents)

    def transform(self, documents: Any) -> np.ndarray:
        return self.model.transform(documents)

    def word_probabilities(self, documents: Any) -> np.ndarray:
        return self.model.word_probabilities(documents)

    def topic_words(self) -> np.ndarray:
        return self.model.topic_word_

    def top_words(self, n: int) -> np.ndarray:
        return words_shown(self.model, self.vocabulary, n)

    def active_topics(self, counts: Any) -> np.ndarray:
        return (topic_information(self.model, counts)["information"] > 0.05).to_numpy()


class PlainVAELargeBatches(PlainVAE):
    """Batches of 512: of the settings tried, the fastest that reaches the quality of LDA."""

    def options(self) -> dict[str, Any]:
        large = {"batch_size": 512, "max_iter": 40, "learning_rate": 0.008, "dropout": 0.0}
        return large | super().options()


class TwoGroups(PlainVAE):
    def build(self) -> ProdLDA | NVLDA:
        return ProdLDA(groups=self.halves(), **self.options())

    def halves(self) -> tuple[int, int]:
        half = self.settings.n_topics // 2
        return half, self.settings.n_topics - half


class MixtureOfTopics(TwoGroups):
    def build(self) -> NVLDA:
        return NVLDA(groups=self.halves(), **self.options())
