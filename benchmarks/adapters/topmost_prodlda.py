"""ProdLDA of TopMost with its trainer's defaults: 200 epochs, batches of 200, Adam with rate 0.002."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from adapters import Adapter
from adapters.conversion import dense


def register_folders() -> None:
    """Make TopMost's packages known without all that their ``__init__`` imports for other models."""
    found = find_spec("topmost")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'topmost'", name="topmost")
    for folder in ("", "data", "models", "models/basic", "trainers", "trainers/basic"):
        package = ModuleType(f"topmost/{folder}".strip("/").replace("/", "."))
        package.__path__ = [str(Path(found.origin).parent / folder)]
        sys.modules[package.__name__] = package


register_folders()
from topmost.models.basic.ProdLDA import ProdLDA  # noqa: E402
from topmost.trainers.basic.basic_trainer import BasicTrainer  # noqa: E402


class TopmostProdLDA(Adapter):
    trainer: BasicTrainer

    def convert(self, counts: Any) -> Tensor:
        return dense(counts)

    def fit(self, documents: Any) -> None:
        torch.manual_seed(self.settings.seed)
        network = ProdLDA(documents.shape[1], num_topics=self.settings.n_topics)
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
