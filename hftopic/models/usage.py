"""For which topic a fitted model takes each word of documents to be used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.data.documents import BagsOfWords
from hftopic.latent.posterior import MeanFieldPosterior
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


@dataclass(frozen=True, eq=False)
class MergedUsage:
    """Probabilities of merged topics for the words of documents: the sums of those of their members.

    Attributes
    ----------
    usage : MixtureUsage
        That of the members, on a simplex.
    members : sequence of tuple of int
        Members of each topic.
    """

    usage: MixtureUsage
    members: Sequence[tuple[int, ...]]

    def __call__(self, topic: int, pole: str = "+") -> sp.csr_array:
        first, *others = (self.usage(member, pole) for member in self.members[topic])
        for other in others:
            first.data += other.data
        return first


def usage_of(
    network: TopicNetwork,
    counts: sp.csr_array,
    represented: NDArray[np.float32],
    posterior: MeanFieldPosterior | None = None,
) -> MixtureUsage:
    """Use of the words of documents, with the words of the topics as they are.

    ``represented`` is the output of ``transform``; the posterior is needed for signed topics.
    """
    proportions, simplex = of_poles(network, represented, posterior)
    of_mixture = network.decoder.topic_words()
    if of_mixture is not None:
        return _of_mixture(network, counts, proportions / len(np.unique(simplex)), of_mixture)
    words, frequency = network.usage.poles, network.usage.frequency
    numbers, place = np.unique(simplex, return_inverse=True)
    shares = torch.zeros_like(proportions)
    inverse = [[torch.zeros(0)] for _ in numbers]
    for part, batch in parts_of(network, BagsOfWords(counts)):
        for number in range(len(numbers)):
            rows = torch.from_numpy(np.flatnonzero(place == number)).to(words.device)
            mixed, by_word = mixture(batch, proportions[part][:, rows], words[rows], frequency, refine=True)
            inverse[number].append(inverse_likelihood(mixed, by_word, batch).cpu())
            shares[part, rows] = mixed[:, :-1]
    return MixtureUsage(
        counts,
        shares.cpu().numpy(),
        words.cpu().numpy(),
        np.stack([torch.cat(parts).numpy() for parts in inverse]),
        place.astype(np.int64),
    )


def _of_mixture(network: TopicNetwork, counts: sp.csr_array, shares: Tensor, words: Tensor) -> MixtureUsage:
    """Use of words by the mixture of the decoder: its responsibilities, without a background."""
    by_word, place = words.T.contiguous(), np.zeros(len(words), dtype=np.int64)
    inverse = [torch.zeros(0)]
    for part, batch in parts_of(network, BagsOfWords(counts)):
        inverse.append(inverse_likelihood(shares[part], by_word, batch).cpu())
    found = torch.cat(inverse)[None].numpy()
    return MixtureUsage(counts, shares.cpu().numpy(), words.cpu().numpy(), found, place)
