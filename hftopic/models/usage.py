"""For which topic a fitted model takes each word of documents to be used."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic.data.documents import BagsOfWords
from hftopic.latent.encoded import Encoded
from hftopic.models.description import of_poles, parts_of
from hftopic.networks.network import TopicNetwork
from hftopic.networks.usage import inverse_likelihood, mixture


@dataclass(frozen=True, eq=False)
class MixtureUsage:
    """Probabilities of topics for the words of documents: see :class:`hftopic.latent.usage.WordUsage`.

    Attributes
    ----------
    counts : csr_array, shape (N, V)
    shares : ndarray, shape (N, R)
        Share of each topic or pole in the documents, the positive poles first.
    words : ndarray, shape (R, V)
        p(w|topic).
    inverse : ndarray, shape (n_simplexes, nnz)
        1 / p(w|d) of each entry of the counts under the topics of each simplex and the background.
    place : ndarray of int, shape (R,)
        Place of the simplex of each topic or pole in ``inverse``.
    """

    counts: sp.csr_array
    shares: NDArray[np.float32]
    words: NDArray[np.float32]
    inverse: NDArray[np.float32]
    place: NDArray[np.int64]

    def __call__(self, topic: int, pole: str = "+") -> sp.csr_array:
        row = topic + (len(self.place) // 2 if pole == "-" else 0)
        lengths = np.diff(self.counts.indptr)
        used = self.shares[:, row].repeat(lengths) * self.words[row][self.counts.indices]
        used *= self.inverse[self.place[row]]
        return sp.csr_array((used, self.counts.indices, self.counts.indptr), self.counts.shape)


def usage_of(network: TopicNetwork, encoded: Encoded) -> MixtureUsage:
    """Use of the words of encoded documents, with the words of the topics as they are."""
    proportions, simplex = of_poles(network, encoded.proportions, encoded.mean_field)
    words, frequency = network.usage.poles, network.usage.frequency
    numbers, place = np.unique(simplex, return_inverse=True)
    shares = torch.zeros_like(proportions)
    inverse = [[torch.zeros(0)] for _ in numbers]
    for part, batch in parts_of(network, BagsOfWords(encoded.counts)):
        for number in range(len(numbers)):
            rows = torch.from_numpy(np.flatnonzero(place == number)).to(words.device)
            mixed, by_word = mixture(batch, proportions[part][:, rows], words[rows], frequency, refine=True)
            inverse[number].append(inverse_likelihood(mixed, by_word, batch).cpu())
            shares[part, rows] = mixed[:, :-1]
    return MixtureUsage(
        encoded.counts,
        shares.cpu().numpy(),
        words.cpu().numpy(),
        np.stack([torch.cat(parts).numpy() for parts in inverse]),
        place.astype(np.int64),
    )
