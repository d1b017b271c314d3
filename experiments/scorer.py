"""Scores of topics, predictions and representations, for any topic model.

The scorer takes matrices and knows no model. It imports nothing of the package that it measures, so that the
models of every library are scored alike. Sizes in the docstrings: N documents, V words, K topics.

>>> import numpy as np
>>> counts = np.array([[1, 1, 0], [2, 1, 0], [0, 0, 3], [1, 0, 1]])
>>> npmi([[0, 1]], counts).round(3)  # log((1/2) / (3/4 · 1/2)) / -log(1/2)
array([0.415])
>>> diversity([[0, 1], [0, 2]])
0.75
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

FLOOR = 1e-12  # added to a probability before its log: an impossible word costs 28 nats, not infinity
BLOCK = 1000  # documents predicted at a time
TOLERANCE = 1e-3  # by which a row of probabilities may miss 1, as float32 rows do


class Splits(NamedTuple):
    """A corpus as it is scored: counts (N, V) of both splits, V words, and labels where there are some."""

    train: sp.csr_array
    test: sp.csr_array
    vocabulary: list[str]
    train_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None

    def without_short_documents(self) -> "Splits":
        """The same without training documents that have no token and test documents that have less than two.

        Half of a test document's tokens are predicted from the other half, so it needs two.
        """
        in_train, in_test = self.train.sum(axis=1) > 0, self.test.sum(axis=1) > 1
        return Splits(
            sp.csr_array(self.train[in_train]),
            sp.csr_array(self.test[in_test]),
            self.vocabulary,
            None if self.train_labels is None else self.train_labels[in_train],
            None if self.test_labels is None else self.test_labels[in_test],
        )


def load(folder: str | Path) -> Splits:
    """Corpus of a folder, without the documents that are too short to be scored.

    Parameters
    ----------
    folder : path-like
        Holds ``train.npz`` and ``test.npz`` (SciPy's sparse format), ``vocab.txt`` (words, separated by white
        space) and, if there are labels, ``train_labels.txt`` and ``test_labels.txt`` (one a line).

    Returns
    -------
    Splits
        Counts as float32.

    Raises
    ------
    FileNotFoundError
        The folder or one of the first three files is not there.
    ValueError
        Sizes of matrices, vocabulary and labels do not agree.
    """
    folder = Path(folder)
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split()
    counts, labels = [], []
    for split in ("train", "test"):
        matrix = sp.csr_array(sp.load_npz(folder / f"{split}.npz")).astype(np.float32)
        if matrix.shape[1] != len(vocabulary):
            raise ValueError(
                f"{folder}: {split}.npz has {matrix.shape[1]} columns, vocab.txt {len(vocabulary)} words; "
                "a column is a word"
            )
        counts.append(matrix)
        labels.append(_labels_of(folder / f"{split}_labels.txt", matrix.shape[0]))
    return Splits(*counts, vocabulary, *labels).without_short_documents()


def top_words(topic_word: Any, n: int = 10) -> np.ndarray:
    """Columns of each topic's `n` words of highest weight, shape (K, n).

    Words of equal weight come in the order of their columns.

    Parameters
    ----------
    topic_word : array of shape (K, V)
        Weight of each word in each topic.
    n : int
        Words of a topic, at most V.
    """
    weights = _matrix(topic_word, "topic_word")
    if not 1 <= n <= weights.shape[1]:
        raise ValueError(f"n = {n} words of a vocabulary of {weights.shape[1]}; give 1 to {weights.shape[1]}")
    return np.argsort(-weights, axis=1, kind="stable")[:, :n]


def npmi(top: Any, counts: Any) -> np.ndarray:
    """Coherence of topics: mean normalised pointwise mutual information of the pairs of their top words.

    With p the share of documents that have a word, or both, a pair has log(p_ij / (p_i p_j)) / -log p_ij. It
    is 1 where neither word comes without the other, 0 where they are independent, -1 where they never meet.

    Parameters
    ----------
    top : array of int of shape (K, n)
        Columns of each topic's top words, at least two.
    counts : array or sparse array of shape (N, V)
        The reference corpus.

    Returns
    -------
    array of shape (K,)

    References
    ----------
    J. H. Lau, D. Newman, T. Baldwin: *Machine Reading Tea Leaves*. EACL 2014; here windows are
    whole documents.
    """
    matrix = _counts(counts)
    top = _topics(top, matrix.shape[1], at_least=2)
    occurs = sp.csc_array((matrix > 0).astype(np.float64))
    return np.array([_pairwise_npmi(occurs[:, words]).mean() for words in top])


def _pairwise_npmi(occurs: sp.csc_array) -> np.ndarray:
    """NPMI of all pairs of columns of zeros and ones, (N, n)."""
    together = (occurs.T @ occurs).toarray() / occurs.shape[0]  # (n, n), p_i on the diagonal
    first, second = np.triu_indices(len(together), 1)
    p, p_both = together.diagonal(), together[first, second]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(p_both / (p[first] * p[second])) / -np.log(p_both)
    values[p_both == 0] = -1.0
    values[p_both == 1] = 1.0  # 0 / 0: both words are in every document
    return values


def diversity(top: Any) -> float:
    """Share of different words among the top words of all topics, of shape (K, n).

    References
    ----------
    A. B. Dieng, F. J. R. Ruiz, D. M. Blei: *Topic Modeling in Embedding Spaces*. TACL 2020.
    """
    words = _topics(top)
    return len(np.unique(words)) / words.size


def distinct_good(top: Any, coherence: Any, at: float = 0.1, overlap: int = 5) -> int:
    """Number of topics that are coherent and do not repeat a better one.

    Topics are visited from the most coherent down to `at`. A topic counts if it has fewer than `overlap`
    words in common with each topic that counted before it.

    Parameters
    ----------
    top : array of int of shape (K, n)
        Columns of each topic's top words.
    coherence : array of shape (K,)
        NPMI of each topic.
    at : float
        Least coherence of a topic that counts.
    overlap : int
        Words in common that make a repetition.
    """
    top, coherence = _topics(top), np.asarray(coherence, dtype=np.float64)
    if coherence.shape != (len(top),):
        raise ValueError(f"coherence has shape {coherence.shape}; give one value for each of {len(top)}")
    if np.isnan(coherence).any():
        raise ValueError(f"coherence of topic {int(np.isnan(coherence).argmax())} is not a number")
    counted: list[np.ndarray] = []
    for topic in np.argsort(-coherence, kind="stable"):
        if coherence[topic] < at:
            break
        if all(len(np.intersect1d(top[topic], other)) < overlap for other in counted):
            counted.append(top[topic])
    return len(counted)


def split_tokens(counts: Any, seed: int = 0) -> tuple[sp.csr_array, sp.csr_array]:
    """Two halves of each document's tokens: those a model is shown, and those held out.

    Each token is shown with probability ½, independently. Documents with an empty half are left out, such as
    those of one token.

    Parameters
    ----------
    counts : array or sparse array of shape (N, V)
        Whole numbers.
    seed : int

    Returns
    -------
    shown, held : sparse arrays of shape (M, V)
        The M ≤ N documents that have tokens in both halves; float32.
    """
    matrix = _counts(counts)
    if not np.array_equal(matrix.data, np.floor(matrix.data)):
        raise ValueError("counts are not whole numbers; give raw counts: weights have no tokens to split")
    shown, held = matrix.astype(np.float32), matrix.astype(np.float32)
    shown.data = np.random.default_rng(seed).binomial(matrix.data.astype(np.int64), 0.5).astype(np.float32)
    held.data = held.data - shown.data
    for half in (shown, held):
        half.eliminate_zeros()
    both = (shown.sum(axis=1) > 0) & (held.sum(axis=1) > 0)
    return sp.csr_array(shown[both]), sp.csr_array(held[both])


def completion_perplexity(word_probabilities: Callable[[Any], Any], counts: Any, seed: int = 0) -> float:
    """Perplexity of held-out tokens, given the other tokens of the same documents.

    exp of the mean of -log p(token | tokens shown), natural logarithms. A uniform model has the size of the
    vocabulary. 1e-12 is added to every probability before its logarithm.

    Parameters
    ----------
    word_probabilities : callable
        Maps counts, a sparse array of shape (B, V), to p(word | document), shape (B, V). Each row sums to 1.
    counts : array or sparse array of shape (N, V)
        Whole numbers, of documents that the model was not fitted to.
    seed : int
        Seed of the random halves, see `split_tokens`.

    Raises
    ------
    ValueError
        No document has two tokens to split, or what `word_probabilities` returns are no probabilities.

    References
    ----------
    H. M. Wallach, I. Murray, R. Salakhutdinov, D. Mimno: *Evaluation Methods for Topic Models*. ICML 2009,
    section 5 (document completion).
    """
    shown, held = split_tokens(counts, seed)
    if not held.shape[0]:
        raise ValueError("no document has a token in both halves; give documents of two tokens and more")
    log_likelihood = 0.0
    for start in range(0, shown.shape[0], BLOCK):
        block = shown[start : start + BLOCK]
        probabilities = _probabilities(word_probabilities(block), block.shape)
        tokens = held[start : start + BLOCK].tocoo()
        logs = np.log(probabilities[tokens.row, tokens.col].astype(np.float64) + FLOOR)
        log_likelihood += float(tokens.data.astype(np.float64) @ logs)
    return math.exp(-log_likelihood / float(held.sum(dtype=np.float64)))


def probe(train: Any, train_labels: Any, test: Any, test_labels: Any) -> float:
    """Share of test documents whose label a linear classifier of their representation tells.

    Logistic regression on standardised columns, with scikit-learn's penalty.

    Parameters
    ----------
    train, test : arrays of shapes (N, K) and (M, K)
        Representations of documents, such as proportions of topics.
    train_labels, test_labels : arrays of shapes (N,) and (M,)
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learned, labels = _labelled(train, train_labels)
    judged, judged_labels = _labelled(test, test_labels)
    if learned.shape[1] != judged.shape[1]:
        raise ValueError(
            f"representations of {learned.shape[1]} and {judged.shape[1]} columns; give one form"
        )
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    return float(classifier.fit(learned, labels).score(judged, judged_labels))


def purity(proportions: Any, labels: Any) -> float:
    """Share of documents that have the commonest label among those with the same largest topic.

    Parameters
    ----------
    proportions : array of shape (N, K)
        Weight of each topic in each document; the first of equal ones is the largest.
    labels : array of shape (N,)
    """
    proportions, labels = _labelled(proportions, labels)
    largest = proportions.argmax(axis=1)
    _, label = np.unique(labels, return_inverse=True)
    table = np.zeros((proportions.shape[1], label.max() + 1), dtype=np.int64)
    np.add.at(table, (largest, label), 1)
    return float(table.max(axis=1).sum() / len(label))


def nmi(proportions: Any, labels: Any) -> float:
    """Normalised mutual information of the label and the largest topic, over their mean entropy.

    Parameters
    ----------
    proportions : array of shape (N, K)
        Weight of each topic in each document; the first of equal ones is the largest.
    labels : array of shape (N,)
    """
    from sklearn.metrics import normalized_mutual_info_score

    proportions, labels = _labelled(proportions, labels)
    return float(normalized_mutual_info_score(labels, proportions.argmax(axis=1)))


def _labels_of(path: Path, n_documents: int) -> np.ndarray | None:
    if not path.exists():
        return None
    labels = np.array([line.strip() for line in path.read_text(encoding="utf-8").splitlines()])
    if len(labels) != n_documents:
        raise ValueError(f"{path}: {len(labels)} labels of {n_documents} documents; one a line is needed")
    return labels


def _matrix(values: Any, name: str) -> np.ndarray:
    matrix = np.asarray(values)
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"{name} has shape {matrix.shape}; a matrix with rows and columns is needed")
    return matrix


def _counts(counts: Any) -> sp.csr_array:
    matrix = sp.csr_array(counts) if sp.issparse(counts) else sp.csr_array(_matrix(counts, "counts"))
    if not matrix.shape[0]:
        raise ValueError("counts have no documents")
    if matrix.nnz and not matrix.data.min() >= 0:
        raise ValueError(f"negative or missing counts, minimum {matrix.data.min()}; give raw counts")
    return matrix


def _topics(top: Any, n_words: int | None = None, at_least: int = 1) -> np.ndarray:
    words = _matrix(top, "top")
    if not np.issubdtype(words.dtype, np.integer):
        raise ValueError(f"top holds {words.dtype}; give numbers of columns, not words")
    if words.shape[1] < at_least:
        raise ValueError(f"topics of {words.shape[1]} word; pairs need at least {at_least}")
    if n_words is not None and not (words.min() >= 0 and words.max() < n_words):
        raise ValueError(f"words {words.min()} to {words.max()} of a vocabulary of {n_words}")
    return words


def _probabilities(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    probabilities = np.asarray(values)
    if probabilities.shape != shape:
        raise ValueError(f"word probabilities of shape {probabilities.shape} for documents of shape {shape}")
    sums = probabilities.sum(axis=1)
    if not np.allclose(sums, 1, rtol=0, atol=TOLERANCE) or probabilities.min() < 0:
        raise ValueError(
            f"rows of word probabilities sum to {sums.min():.6g} ... {sums.max():.6g}, the least entry is "
            f"{probabilities.min():.3g}; give probabilities, not scores"
        )
    return probabilities


def _labelled(representation: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    matrix, labels = _matrix(representation, "the representation"), np.asarray(labels)
    if labels.shape != (len(matrix),):
        raise ValueError(f"labels of shape {labels.shape} for {len(matrix)} documents; give one a document")
    return matrix, labels
