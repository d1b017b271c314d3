"""ProdLDA written with Pyro: logistic-normal topics that multiply, amortised by a network of 200 units."""

from typing import Any

import numpy as np
import pyro
import torch
from pyro.distributions import Multinomial, Normal
from pyro.infer import SVI, TraceMeanField_ELBO
from pyro.optim import Adam
from torch import Tensor, nn

from adapters import Adapter
from adapters.conversion import dense

HIDDEN, DROPOUT = 200, 0.2
EPOCHS, BATCH, LEARNING_RATE = 100, 200, 1e-3


class Normalised(nn.Module):
    """A linear layer with batch normalisation that has an offset and no gain, as in the authors' code."""

    def __init__(self, n_in: int, n_out: int, bias: bool = True) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out, bias=bias)
        self.norm = nn.BatchNorm1d(n_out, affine=False)
        self.offset = nn.Parameter(torch.zeros(n_out))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.norm(self.linear(inputs)) + self.offset


class Encoder(nn.Module):
    """Location and scale of q(z|x), each (B, K), from counts (B, V)."""

    def __init__(self, n_words: int, n_topics: int) -> None:
        super().__init__()
        first = [nn.Linear(n_words, HIDDEN), nn.Softplus()]
        self.hidden = nn.Sequential(*first, nn.Linear(HIDDEN, HIDDEN), nn.Softplus(), nn.Dropout(DROPOUT))
        self.location = Normalised(HIDDEN, n_topics)
        self.log_variance = Normalised(HIDDEN, n_topics)

    def forward(self, counts: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.hidden(counts)
        return self.location(hidden), (self.log_variance(hidden) / 2).exp()


class Network(nn.Module):
    """Decoder, the parameters of p(x|z), with the encoder as the guide's."""

    def __init__(self, n_words: int, n_topics: int) -> None:
        super().__init__()
        self.n_topics = n_topics
        self.encoder = Encoder(n_words, n_topics)
        self.dropout = nn.Dropout(DROPOUT)
        self.decoder = Normalised(n_topics, n_words, bias=False)

    def word_logits(self, logits: Tensor) -> Tensor:  # (B, K) -> (B, V)
        return self.decoder(self.dropout(logits.softmax(1)))

    def model(self, counts: Tensor) -> None:
        pyro.module("network", self)
        prior = Normal(counts.new_zeros(self.n_topics), 1.0).to_event(1)
        with pyro.plate("documents", len(counts)):
            logits = pyro.sample("logits", prior)
            length = int(counts.sum(1).max())  # an upper bound is enough: the density takes n from the counts
            pyro.sample("words", Multinomial(length, logits=self.word_logits(logits)), obs=counts)

    def guide(self, counts: Tensor) -> None:
        pyro.module("network", self)
        location, scale = self.encoder(counts)
        with pyro.plate("documents", len(counts)):
            pyro.sample("logits", Normal(location, scale).to_event(1))


class PyroProdLDA(Adapter):
    network: Network

    def convert(self, counts: Any) -> Tensor:
        return dense(counts)

    def fit(self, documents: Any) -> None:
        pyro.clear_param_store()
        pyro.set_rng_seed(self.settings.seed)
        self.network = Network(documents.shape[1], self.settings.n_topics)
        optimiser = Adam({"lr": LEARNING_RATE})
        steps = SVI(self.network.model, self.network.guide, optimiser, TraceMeanField_ELBO())
        for _ in range(self.settings.rounds(EPOCHS)):
            for rows in torch.randperm(len(documents)).split(BATCH):
                steps.step(documents[rows])
        self.network.eval()

    @torch.no_grad()
    def transform(self, documents: Any) -> np.ndarray:
        location, _ = self.network.encoder(documents)
        return location.softmax(1).numpy()

    @torch.no_grad()
    def word_probabilities(self, documents: Any) -> np.ndarray:
        location, _ = self.network.encoder(documents)
        return self.network.word_logits(location).softmax(1).numpy()

    def topic_words(self) -> np.ndarray:
        return self.network.decoder.linear.weight.detach().numpy().T
