"""The words that documents use for each topic: the topics as they appear in the corpus."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hftopic.data.batches import Batch
from hftopic.networks.layers import products, weighted_sums

BACKGROUND_SHARE = 0.5  # proportion of the background in each document before its words are known
PRIOR_WORDS = 100.0  # distinct words of a document that its encoded proportions weigh as much as
SMOOTHING = 100.0  # words, distributed like the corpus, that are added to those of each topic
MOST_CELLS = 2**24  # likelihoods of words in memory, also of those that do not occur: 64 MB of float32
REFINEMENTS = 2  # updates of the proportions of a document with the words of the topics fixed


class TopicUsage(nn.Module):
    """Expected number of documents that use a word for a topic, as a mixture of topics and a background.

    Each distinct word of a document is used for one topic or for the background, with a probability
    proportional to its proportion in the document times p(w|topic). The background has half of every document
    and the words of the whole corpus, so that words of all documents belong to no topic. The topics share the
    rest in the proportions that the encoder gives; these are a Dirichlet prior worth :data:`PRIOR_WORDS`
    words. A word counts once in a document, because its repetitions say little about the topic.

    Attributes
    ----------
    words : Tensor, shape (n_poles, n_topics, V)
        Expected numbers of documents. Signed topics have a positive and a negative pole.
    background : Tensor, shape (V,)
        The same for the background.
    tokens, squares : Tensor, shape (V,)
        Sums of the counts of each word in the documents, and of their squares.
    n_documents : Tensor, shape ()
        Number of documents that these are sums over.
    """

    words: Tensor
    background: Tensor
    tokens: Tensor
    squares: Tensor
    n_documents: Tensor

    def __init__(self, n_topics: int, n_words: int, signed: bool) -> None:
        super().__init__()
        self.register_buffer("words", torch.zeros(2 if signed else 1, n_topics, n_words, dtype=torch.float32))
        self.register_buffer("background", torch.zeros(n_words, dtype=torch.float32))
        for name in ("tokens", "squares"):
            self.register_buffer(name, torch.zeros(n_words, dtype=torch.float32))
        self.register_buffer("n_documents", torch.zeros((), dtype=torch.float64))

    @property
    def documents(self) -> Tensor:
        """Number of documents with each word, times the number of simplexes of topics, shape (V,)."""
        return self.words.sum((0, 1)) + self.background

    @property
    def frequency(self) -> Tensor:
        """p(w) in documents without repetitions, shape (V,); uniform if nothing is known."""
        documents = self.documents
        total = documents.sum()
        return documents / total if total > 0 else torch.full_like(documents, 1 / len(documents))

    def probabilities(self, sign: int = 1) -> Tensor:
        """p(w|topic), shape (n_topics, V); rows sum to 1. -1 selects the negative pole."""
        smoothed = self.words[0 if sign > 0 else 1] + SMOOTHING * self.frequency
        return smoothed / smoothed.sum(1, keepdim=True)

    @property
    def poles(self) -> Tensor:
        """p(w|topic) of both poles of all topics, the positive ones first, shape (n_poles n_topics, V)."""
        return torch.cat([self.probabilities(sign) for sign in (1, -1)[: len(self.words)]])

    @property
    def effective_documents(self) -> Tensor:
        r"""Number of documents over which the tokens of a word are spread, (Σ n)² / Σ n², shape (V,).

        It is the number of documents with the word if all have as many of its tokens, and lower if a few
        have most of them. If it is 16, no document has more than 1 / √16 of the tokens.
        """
        return self.tokens.square() / self.squares.clamp_min(torch.finfo(self.squares.dtype).tiny)

    def count(self, tokens: Tensor, squares: Tensor, n_documents: int, keep: float = 0.0) -> None:
        """Replace the counts by those of other documents, plus a part of the old ones."""
        self.tokens.mul_(keep).add_(tokens)
        self.squares.mul_(keep).add_(squares)
        self.n_documents.mul_(keep).add_(n_documents)

    def replace(self, words: Tensor, background: Tensor, keep: float = 0.0) -> None:
        """Replace the usage by another, in the rows of :attr:`poles`, plus a part of the old one."""
        self.words.mul_(keep).add_(words.view_as(self.words))
        self.background.mul_(keep).add_(background)


def expected_usage(
    batch: Batch,
    proportions: Tensor,
    words: Tensor,
    frequency: Tensor,
    simplex: NDArray[np.int64],
    refine: bool,
) -> tuple[Tensor, Tensor]:
    """Expected number of documents that use a word for a topic, (R, V), and for the background, (V,).

    Parameters
    ----------
    batch : Batch of B documents
    proportions : Tensor, shape (B, R)
        Proportions of the topics in the documents; they sum to 1 over each simplex.
    words : Tensor, shape (R, V)
        p(w|topic).
    frequency : Tensor, shape (V,)
        p(w), the distribution of the background.
    simplex : ndarray, shape (R,)
        Number of the simplex of each topic. All words of a document are distributed over each simplex.
    refine : bool
        Whether the words of a document change its proportions; otherwise they are those of the encoder.
    """
    usage, background = torch.zeros_like(words), torch.zeros_like(frequency)
    places, documents, word_offsets = batch.by_word
    for number in np.unique(simplex):
        rows = torch.from_numpy(np.flatnonzero(simplex == number)).to(words.device)
        shares, by_word = mixture(batch, proportions[:, rows], words[rows], frequency, refine)
        inverse = inverse_likelihood(shares, by_word, batch)
        expected = weighted_sums(shares, documents, inverse[places], word_offsets).mul_(by_word)
        usage[rows] = expected[:, :-1].T
        background += expected[:, -1]
    return usage, background


def mixture(
    batch: Batch, proportions: Tensor, words: Tensor, frequency: Tensor, refine: bool
) -> tuple[Tensor, Tensor]:
    """Shares of the R topics of one simplex and of the background in B documents, and p(w) of each of them.

    The arguments are those of :func:`expected_usage`. The results have shapes (B, R + 1) and (V, R + 1).
    """
    prior = torch.cat(
        [(1 - BACKGROUND_SHARE) * proportions, torch.full_like(proportions[:, :1], BACKGROUND_SHARE)], dim=1
    )
    by_word = torch.cat([words.T, frequency[:, None]], 1)
    shares = prior
    for _ in range(REFINEMENTS if refine else 0):
        inverse = inverse_likelihood(shares, by_word, batch)
        used = shares * weighted_sums(by_word, batch.words, inverse, batch.offsets)
        shares = PRIOR_WORDS * prior + used
        shares = shares / shares.sum(1, keepdim=True)
    return shares, by_word


def inverse_likelihood(shares: Tensor, by_word: Tensor, batch: Batch) -> Tensor:
    """1 / p(w|d) of each distinct word of each document, shape (nnz,)."""
    likelihood = products(shares, batch.documents, by_word, batch.words, MOST_CELLS)
    return 1 / likelihood.clamp_min(torch.finfo(likelihood.dtype).tiny)
