"""Synthetic corpora with known topics, groups and correlations."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.corpus import Corpus

_CHUNK = 20_000  # documents drawn at once


@dataclass(frozen=True, eq=False)
class CorrelatedTopics:
    """A synthetic corpus and its true parameters.

    Attributes
    ----------
    corpus : Corpus
        The label of a document is its largest topic, "topic 3". A word is named after its most probable
        topic and its rank in that topic, "t3_w001".
    topic_word : numpy.ndarray, shape (n_topics, n_words)
        p(word | topic); rows sum to 1.
    proportions : numpy.ndarray, shape (n_documents, n_topics)
        Topic proportions of each document, softmax(sharpness * latent); rows sum to 1.
    latent : numpy.ndarray, shape (n_documents, n_topics)
        Latent variables of each document: normal with the given mean, variance 1 and ``correlation``.
    topic_groups : numpy.ndarray of int, shape (n_topics,)
        Group of each topic.
    correlation : numpy.ndarray, shape (n_topics, n_topics)
        Correlation of the latent variables.
    """

    corpus: Corpus
    topic_word: np.ndarray
    proportions: np.ndarray
    latent: np.ndarray
    topic_groups: np.ndarray
    correlation: np.ndarray

    def __repr__(self) -> str:
        return f"<CorrelatedTopics: {len(self.topic_groups)} topics; .corpus is {self.corpus!r}>"


def make_correlated_topics(
    n_documents: int = 2000,
    groups: Sequence[int] = (5, 5),
    n_words: int = 1000,
    *,
    correlation: Any = 0.6,
    mean: Any = 0.0,
    metadata: Any = None,
    words_per_document: float = 100.0,
    sharpness: float = 2.0,
    word_concentration: float = 0.05,
    random_state: Any = None,
) -> CorrelatedTopics:
    """Synthetic corpus with known groups of topics: independent within a group, correlated across groups.

    Topic proportions are logistic-normal, as in the correlated topic model (Blei and Lafferty, 2007):
    θ = softmax(s z), z ~ N(mean, R), with one softmax over all topics. Each token draws a topic from θ and a
    word from that topic.

    Parameters
    ----------
    n_documents : int
    groups : sequence of int
        Number of topics in each group.
    n_words : int
        Size of the vocabulary; at least the number of topics.
    correlation : float or array-like of shape (n_topics, n_topics)
        Latent correlation between the i-th topics of any two groups (all other pairs are independent); or
        the full correlation matrix R, with ones on its diagonal.
    mean : float or array-like that broadcasts to (n_documents, n_topics)
        Mean of the latent variables. A mean that differs between documents plants effects of what is known
        of them, as in the structural topic model (Roberts, Stewart and Airoldi, 2016).
    metadata : DataFrame or dict of columns, optional
        Of the documents, for the corpus.
    words_per_document : float
        Mean number of tokens per document; the number is 1 plus a Poisson variable.
    sharpness : float
        The factor s. With larger values, a document has fewer topics.
    word_concentration : float
        Parameter of the symmetric Dirichlet distribution of the topics. With smaller values, a topic has
        fewer words and shares fewer words with other topics.
    random_state : int, numpy.random.RandomState or None

    Raises
    ------
    ValueError
        A size is not positive, ``correlation`` is not a valid correlation matrix, ``mean`` has another
        shape, or ``metadata`` are not those of so many documents.

    Examples
    --------
    >>> made = make_correlated_topics(n_documents=100, groups=(2, 2), correlation=0.8, random_state=0)
    >>> made.correlation[0]
    array([1. , 0. , 0.8, 0. ])
    >>> made.corpus.counts.shape
    (100, 1000)

    Documents of an author who writes more about the first topic:

    >>> author = np.repeat(["Ann", "Ben"], 50)
    >>> mean = np.where(author == "Ann", 1.0, 0.0)[:, None] * [1, 0, 0, 0]
    >>> made = make_correlated_topics(100, (2, 2), mean=mean, metadata={"author": author}, random_state=0)
    >>> made.proportions[:50, 0].mean() > made.proportions[50:, 0].mean()
    np.True_
    """
    from sklearn.utils import check_random_state

    sizes = _sizes(groups)
    n_topics = sum(sizes)
    _check_whole("n_documents", n_documents, 1)
    _check_whole("n_words", n_words, n_topics)
    for name, value in (("sharpness", sharpness), ("word_concentration", word_concentration)):
        _check_positive(name, value, 0)
    _check_positive("words_per_document", words_per_document, 1, reached=True)
    means = _means(mean, (n_documents, n_topics))
    root, matrix = _root_of(_correlation(correlation, sizes))
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))
    topic_word, vocabulary = _topics(rng, n_topics, n_words, word_concentration)
    latent = means + rng.standard_normal((n_documents, n_topics)) @ root.T
    proportions = _softmax(sharpness * latent)
    parts = [
        _draw_counts(rng, proportions[start : start + _CHUNK], topic_word, words_per_document)
        for start in range(0, n_documents, _CHUNK)
    ]
    labels = [f"topic {topic}" for topic in proportions.argmax(axis=1)]
    return CorrelatedTopics(
        corpus=Corpus(sp.vstack(parts, format="csr"), vocabulary, labels, metadata=metadata),
        topic_word=topic_word,
        proportions=proportions,
        latent=latent,
        topic_groups=np.repeat(np.arange(len(sizes)), sizes),
        correlation=matrix,
    )


def _sizes(groups: Sequence[int]) -> tuple[int, ...]:
    if isinstance(groups, Integral):
        raise ValueError(f"groups is {groups}; pass the number of topics in each group, such as (5, 5)")
    sizes = tuple(groups)
    if not sizes:
        raise ValueError("groups is empty; pass the number of topics in each group, such as (5, 5)")
    for size in sizes:
        _check_whole("each of groups", size, 1)
    return sizes


def _check_whole(name: str, value: Any, low: int) -> None:
    if not isinstance(value, Integral) or value < low:
        raise ValueError(f"{name} must be an integer >= {low}, not {value!r}")


def _check_positive(name: str, value: float, low: float, *, reached: bool = False) -> None:
    if not (low < value < np.inf or (reached and value == low)):
        raise ValueError(f"{name} must be a finite number {'>=' if reached else '>'} {low}, not {value!r}")


def _means(mean: Any, shape: tuple[int, int]) -> np.ndarray:
    given = np.asarray(mean, dtype=np.float64)
    try:
        means = np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(
            f"mean has shape {given.shape}; {shape[0]} documents and {shape[1]} topics need {shape}"
        ) from None
    if not np.isfinite(means).all():
        raise ValueError("mean contains NaN or infinite values")
    return means


def _correlation(correlation: Any, sizes: Sequence[int]) -> np.ndarray:
    """The full correlation matrix, shape (n_topics, n_topics)."""
    given = np.asarray(correlation, dtype=np.float64)
    n_topics = sum(sizes)
    if given.ndim:
        _check_correlations(given, n_topics)
        return given.copy()
    matrix = np.eye(n_topics)
    starts = np.cumsum([0, *sizes[:-1]])
    for (one, size), (other, other_size) in combinations(zip(starts, sizes, strict=True), 2):
        pairs = np.arange(min(size, other_size))
        matrix[one + pairs, other + pairs] = matrix[other + pairs, one + pairs] = given
    return matrix


def _check_correlations(matrix: np.ndarray, n_topics: int) -> None:
    if matrix.shape != (n_topics, n_topics):
        raise ValueError(
            f"correlation has shape {matrix.shape}; {n_topics} topics need ({n_topics}, {n_topics})"
        )
    if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-10):
        raise ValueError("correlation is not symmetric")
    if not np.allclose(np.diag(matrix), 1, rtol=0, atol=1e-10):
        raise ValueError(f"the diagonal of correlation must be all ones; got {np.diag(matrix).tolist()}")


def _root_of(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A root A with R = A Aᵀ, and R itself; unlike a Cholesky factor, A also exists if R is singular."""
    if not np.isfinite(matrix).all():
        raise ValueError("correlation contains NaN or infinite values")
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-8:
        raise ValueError(
            f"correlation is not a valid correlation matrix: its smallest eigenvalue is {values[0]:.3g}, "
            "and it must be positive semidefinite. With g groups, a common correlation must be from "
            "-1/(g - 1) to 1"
        )
    return vectors * np.sqrt(np.maximum(values, 0)), matrix


def _topics(
    rng: np.random.Generator, n_topics: int, n_words: int, concentration: float
) -> tuple[np.ndarray, list[str]]:
    """Word distribution of each topic, and the words, named by topic and rank."""
    topic_word = rng.dirichlet(np.full(n_words, concentration), size=n_topics)
    # Columns are sorted by topic and rank, so that the names are in order.
    home, weight = topic_word.argmax(axis=0), topic_word.max(axis=0)
    order = np.lexsort((-weight, home))
    ranks = np.concatenate([np.arange(count) for count in np.bincount(home, minlength=n_topics)])
    vocabulary = [f"t{topic}_w{rank + 1:03d}" for topic, rank in zip(home[order], ranks, strict=True)]
    return topic_word[:, order], vocabulary


def _softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max(axis=1, keepdims=True))
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _draw_counts(
    rng: np.random.Generator, proportions: np.ndarray, topic_word: np.ndarray, mean_length: float
) -> Any:
    """Counts of some documents as a (B, V) CSR array, drawn topic by topic without a dense (B, V) array.

    For each topic, one multinomial draw gives the number of times that each word occurs in all documents.
    The tokens of a topic are exchangeable, so a random permutation assigns them to the documents.
    """
    n_documents, n_words = len(proportions), topic_word.shape[1]
    lengths = 1 + rng.poisson(mean_length - 1, size=n_documents)
    by_topic = rng.multinomial(lengths, proportions)  # (B, K)
    documents, words = [], []
    for tokens, p in zip(by_topic.T, topic_word, strict=True):
        drawn = np.repeat(np.arange(n_words, dtype=np.int32), rng.multinomial(tokens.sum(), p))
        documents.append(np.repeat(np.arange(n_documents, dtype=np.int32), tokens))
        words.append(rng.permutation(drawn))
    places = (np.concatenate(documents), np.concatenate(words))
    ones = np.ones(len(places[0]), dtype=np.float32)
    return sp.coo_array((ones, places), shape=(n_documents, n_words)).tocsr()
