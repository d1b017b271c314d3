"""Guidance: a prior on the words of topics, from the seed words that a user gives them."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.data.batches import Batch
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder

NO_SEEDS = -1  # place of a topic without seed words


class Guidance(nn.Module):
    r"""Prior of the guided topics: pseudo-tokens of their seed words, as the counts of a Dirichlet prior.

    A topic with the seed words S has the log prior c Σ_{v∈S} log p(v|topic) / \|S\|. Here c is the strength
    times the tokens that the corpus has for each topic. Divided by the number of documents this is a term of
    the loss, whose size does not depend on that number.

    Parameters
    ----------
    columns : sequence of sequence of int
        Words of each set of seeds.
    topics : sequence of int
        Topic of each set; exchanges of topics move the sets with them.
    n_topics, n_words : int
    strength : float
        From 0 to 1.

    Attributes
    ----------
    places : Tensor, shape (n_topics,), int64
        Number of the set of each topic; -1 for a topic without.
    tokens : Tensor, shape ()
        Pseudo-tokens of a topic, for each document.
    """

    places: Tensor
    tokens: Tensor

    def __init__(
        self,
        columns: Sequence[Sequence[int]],
        topics: Sequence[int],
        n_topics: int,
        n_words: int,
        strength: float,
    ) -> None:
        super().__init__()
        self.strength = strength
        of_sets = sp.lil_array((len(columns) + 1, n_words), dtype=np.float32)  # the last is empty
        for number, words in enumerate(columns):
            of_sets[number, list(words)] = 1 / len(words)
        self.sets = sp.csr_array(of_sets)
        places = torch.full((n_topics,), NO_SEEDS, dtype=torch.int64)
        places[torch.tensor(topics, dtype=torch.int64)] = torch.arange(len(topics))
        self.register_buffer("places", places)
        self.register_buffer("tokens", torch.zeros((), dtype=torch.float32))

    def topics(self) -> NDArray[np.int64]:
        """Topic of each set of seeds."""
        places = self.places.cpu().numpy()
        return np.argsort(places, kind="stable")[(places == NO_SEEDS).sum() :]

    def loss(self, decoder: Decoder) -> Tensor:
        """Negative log prior of the decoder, in nats per document."""
        rows = self.sets[self.places.cpu().numpy()]  # (n_topics, V)
        seeds = Batch(sp.csr_array(rows), self.places.device)
        return -self.tokens * decoder.topics().log_likelihood(seeds).sum()

    def begin(self, encoder: Encoder, decoder: Decoder, length: float) -> None:
        """Start training: set the pseudo-tokens, and the weights with which words and topics belong together.

        ``length`` is the mean number of tokens of a document.
        """
        self.tokens.fill_(self.strength * length / len(self.places))
        for number, topic in enumerate(self.topics().tolist()):
            words = self.sets[[number]].indices
            decoder.favour(topic, words, self.strength)
            encoder.favour(topic, words, self.strength)
