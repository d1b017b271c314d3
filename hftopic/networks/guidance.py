"""Guidance: a prior on the words of topics, and on the topics of words, from the seed words of a user."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.data.batches import Batch
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.likelihood import LogLinear, WordDistribution
from hftopic.networks.mixture import Mixture

NO_SEEDS = -1  # place of a topic without seed words
PSEUDO = 0.25  # pseudo-tokens of a guided topic, in tokens that the corpus has for each topic, at strength 1
LABEL = 1.0  # observations of its topic that a seed word in a document counts as, at strength 1


class Guidance(nn.Module):
    r"""Prior of the guided topics, and soft labels of the seed words in documents.

    A topic with the seed words S has the log prior c Σ_{v∈S} log p(v|topic) / \|S\|. These are pseudo-tokens
    of its seed words, as the counts of a Dirichlet prior: c is the strength times :data:`PSEUDO` times the
    tokens that the corpus has for each topic. Divided by the number of documents this is a term of the loss,
    whose size does not depend on that number.

    Each seed word that occurs in a document is a soft observation of its topic there, as in topic-in-set
    knowledge (Andrzejewski and Zhu 2009): the log likelihood of a document has the term
    λ Σ log θ(topic of the word), with λ of :data:`LABEL` times the strength.

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
        of_sets = sp.lil_array((len(columns), n_words), dtype=np.float32)
        for number, words in enumerate(columns):
            of_sets[number, list(words)] = 1 / len(words)
        self.sets = sp.csr_array(of_sets)
        present = (self.sets > 0).astype(np.float32)
        self._batch: Batch | None = None  # of the sets
        topics_of_word = np.maximum(np.asarray(present.sum(axis=0)), 1)
        self.labels = sp.csr_array(present.multiply(1 / topics_of_word[None, :]).T)  # (V, sets)
        places = torch.full((n_topics,), NO_SEEDS, dtype=torch.int64)
        places[torch.tensor(topics, dtype=torch.int64)] = torch.arange(len(topics))
        self.register_buffer("places", places)
        self.register_buffer("tokens", torch.zeros((), dtype=torch.float32))

    def topics(self) -> NDArray[np.int64]:
        """Topic of each set of seeds."""
        return np.asarray(self._topics().cpu().numpy())

    def _topics(self) -> Tensor:
        """The same on the device."""
        return self.places.argsort(stable=True)[len(self.places) - self.sets.shape[0] :]

    def _sets(self) -> Batch:
        """The seed words on the device, each set as a document."""
        if self._batch is None or self._batch.device != self.places.device:
            self._batch = Batch(self.sets, self.places.device)
        return self._batch

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_batch": None}  # tensors of a device that may not be there

    def terms(self, batch: Batch, posterior: MeanFieldPosterior, decoder: Decoder) -> dict[str, Tensor]:
        """Terms of the loss, in nats per document: the prior of the decoder, and the soft labels (B,)."""
        return {"seed_words": self.prior(decoder), "seed_topics": self.assigned(batch, posterior, decoder)}

    def assigned(self, batch: Batch, posterior: MeanFieldPosterior, decoder: Decoder) -> Tensor:
        """Negative log likelihood of the soft labels of each document, shape (B,).

        Proportions are those at the posterior means; those of signed topics are a softmax of the means. A
        word of several topics is shared between them.
        """
        present = sp.csr_array((batch.rows > 0).astype(np.float32))
        seen = torch.from_numpy((present @ self.labels).toarray()).to(posterior.mean)  # (B, sets)
        if decoder.signed:
            log_theta = decoder.columns(torch.log_softmax(posterior.mean, 1), posterior.log_classes)
        else:
            log_theta = decoder.log_proportions(posterior).to(posterior.mean)
        return -LABEL * self.strength * (seen * log_theta[:, self._topics()]).sum(1)

    def prior(self, decoder: Decoder) -> Tensor:
        """Negative log prior of the decoder, in nats per document."""
        words: WordDistribution = decoder.topics()
        if isinstance(words, LogLinear | Mixture):  # computed for the guided topics alone
            words, batch = words.of(self._topics()), self._sets()
        else:
            topics = self.topics()
            places = (np.ones(len(topics), np.float32), (topics, np.arange(len(topics))))
            sets = sp.csr_array(sp.csr_array(places, (len(self.places), len(topics))) @ self.sets)
            batch = Batch(sets, self.places.device)
        return -self.tokens * words.log_likelihood(batch).sum()

    def begin(self, encoder: Encoder, decoder: Decoder, length: float) -> None:
        """Start training: set the pseudo-tokens, and the weights with which words and topics belong together.

        ``length`` is the mean number of tokens of a document.
        """
        self.tokens.fill_(PSEUDO * self.strength * length / len(self.places))
        for number, topic in enumerate(self.topics().tolist()):
            words = self.sets[[number]].indices
            decoder.favour(topic, words, math.sqrt(self.strength))
            encoder.favour(topic, words, math.sqrt(self.strength))
