"""Models of TopMost with its trainer's defaults: 200 epochs, batches of 200, Adam with rate 0.002.

ETM has GloVe vectors and ECRTM starts from them, as in TopMost. A word that has none gets zeros.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from adapters import Adapter
from adapters.conversion import dense
from adapters.glove import vectors_of


def register_folders() -> None:
    """Make TopMost's packages known without all that their ``__init__`` imports for other models."""
    found = find_spec("topmost")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'topmost'", name="topmost")
    for folder in ("", "data", "models", "models/basic", "models/basic/ECRTM", "trainers", "trainers/basic"):
        package = ModuleType(f"topmost/{folder}".strip("/").replace("/", "."))
        package.__path__ = [str(Path(found.origin).parent / folder)]
        sys.modules[package.__name__] = package


register_folders()
from topmost.models.basic.ECRTM.ECRTM import ECRTM  # noqa: E402
from topmost.models.basic.ETM import ETM  # noqa: E402
from topmost.models.basic.ProdLDA import ProdLDA  # noqa: E402
from topmost.trainers.basic.basic_trainer import BasicTrainer  # noqa: E402


class TopmostProdLDA(Adapter):
    trainer: BasicTrainer

    def build(self) -> nn.Module:
        return ProdLDA(len(self.vocabulary), num_topics=self.settings.n_topics)

    def convert(self, counts: Any) -> Tensor:
        return dense(counts)

    def fit(self, documents: Any) -> None:
        torch.manual_seed(self.settings.seed)
        network = self.build()
        # what the trainer reads of a TopMost dataset, whose classes start from texts
        loader = DataLoader(documents, batch_size=200, shuffle=True)
        data = SimpleNamespace(train_data=documents, train_dataloader=loader, vocab=self.vocabulary)
        self.trainer = BasicTrainer(network, data, epochs=self.settings.rounds(200))
        self.trainer.train()

    def transform(self, documents: Any) -> np.ndarray:
        return self.trainer.test(documents)

    @torch.no_grad()
    def word_probabilities(self, documents: Any) -> np.ndarray:
        network = self.trainer.model.eval()
        return network.decode(network.get_theta(documents)).numpy()

    def topic_words(self) -> np.ndarray:
        return self.trainer.get_beta()


class TopmostETM(TopmostProdLDA):
    def build(self) -> nn.Module:
        vectors = glove_vectors(self.vocabulary)
        return ETM(len(self.vocabulary), num_topics=self.settings.n_topics, pretrained_WE=vectors)

    @torch.no_grad()
    def word_probabilities(self, documents: Any) -> np.ndarray:
        network = self.trainer.model.eval()
        return (network.get_theta(documents) @ network.get_beta()).numpy()


class TopmostECRTM(TopmostProdLDA):
    def build(self) -> nn.Module:
        vectors = glove_vectors(self.vocabulary)
        return ECRTM(len(self.vocabulary), num_topics=self.settings.n_topics, pretrained_WE=vectors)

    @torch.no_grad()
    def word_probabilities(self, documents: Any) -> np.ndarray:
        network = self.trainer.model.eval()
        logits = network.decoder_bn(network.get_theta(documents) @ network.get_beta())
        return torch.softmax(logits, dim=-1).numpy()


def glove_vectors(vocabulary: list[str]) -> np.ndarray:
    """GloVe vector of each word, (V, 50); zeros for a word that has none."""
    known = vectors_of(vocabulary)
    none = np.zeros(50, dtype=np.float32)
    return np.stack([known.get(word, none) for word in vocabulary])
