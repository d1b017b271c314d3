"""Co-occurrence of topic words in the documents of a reference corpus, and their NPMI."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from hftopic.analysis.models import documents_of, reference_vocabulary
from hftopic.analysis.topics import TopicWords, select_topics, topic_words
from hftopic.data.columns import is_corpus, named_columns
from hftopic.data.matrices import plain_matrix
from hftopic.data.validation import canonical_csr, well_formed

COHERENT = 0.1
"""Default NPMI from which words count as coherent."""


class Occurrences(NamedTuple):
    """Which words occur in which of the N non-empty documents of a corpus."""

    columns: dict[str, int]  # column of each word
    matrix: sparse.csc_array  # (N, W) of zeros and ones; a word that never occurs has an empty column

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Number of documents that contain each word, (W,)."""
        return np.diff(self.matrix.indptr).astype(np.float64)

    def of(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Columns of words."""
        return np.array([self.columns[word] for word in words], dtype=np.int64)

    def npmi(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """NPMI of the words of two sets of columns, (len(first), len(second)).

        log(p_ij / (p_i p_j)) / -log p_ij, where p is the fraction of documents with a word, or with both. It
        is -1 if the two words never meet, also if one of them never occurs, and 1 if both are everywhere.
        """
        n_documents, frequency = self.matrix.shape[0], self.frequency
        together = (self.matrix[:, first].T @ self.matrix[:, second]).toarray() / n_documents
        expected = np.outer(frequency[first], frequency[second]) / n_documents**2
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log(together / expected) / -np.log(together)
        values[together == 0] = -1.0
        values[together == 1] = 1.0
        return np.asarray(values)


def occurrences(corpus: Any, wanted: Iterable[str], names: Sequence[str] | None) -> Occurrences:
    """Occurrences of the `wanted` words; `names` are the words of a matrix without its own.

    Raises
    ------
    ValueError
        The columns have no names or not one each, or every document is empty.
    """
    plain = plain_matrix(corpus, "corpus")
    own = named_columns(corpus, "corpus")
    names = names if own is None else own
    given = corpus.counts if is_corpus(corpus) else plain
    given = well_formed(given, "corpus") if sparse.issparse(given) else given
    counts = check_array(given, accept_sparse="csr", ensure_non_negative=True, input_name="corpus")
    if names is None or len(names) != counts.shape[1]:
        got = "no vocabulary" if names is None else f"a vocabulary of {len(names)}"
        raise ValueError(
            f"corpus has {counts.shape[1]} columns but {got}; pass vocabulary= with one word per column"
        )
    distinct = canonical_csr(sparse.csr_array(counts), shared_with=given)
    occurs: Any = sparse.csr_array((distinct.data > 0, distinct.indices, distinct.indptr), distinct.shape)
    occurs = occurs.astype(np.float64)
    filled = np.flatnonzero(np.diff(occurs.indptr))
    if not len(filled):
        raise ValueError("the reference corpus has no words: every document is empty")
    columns = {word: column for column, word in enumerate(wanted)}
    found = [(place, columns[word]) for place, word in enumerate(names) if word in columns]
    places, chosen = np.array(found, dtype=np.int64).reshape(-1, 2).T
    chooses = sparse.csr_array((np.ones(len(found)), (places, chosen)), shape=(len(names), len(columns)))
    return Occurrences(columns, sparse.csc_array((occurs[filled] @ chooses) > 0, dtype=np.float64))


def topic_occurrences(
    source: Any, corpus: Any, n: int, vocabulary: Sequence[str] | None, topics: Any = None
) -> tuple[TopicWords, Occurrences]:
    """Top `n` words of the selected topics, and their occurrences in the reference corpus.

    Raises
    ------
    ValueError
        As :func:`topic_words`, :func:`select_topics` and :func:`occurrences`; a topic has fewer than two
        words or a word twice; there is no topic; or no word of any topic occurs in the corpus.
    """
    corpus = documents_of(corpus)
    names = reference_names(source, corpus, vocabulary)
    table = topic_words(source, n, vocabulary=names)
    chosen = select_topics(topics, table.topics)
    if not len(chosen):
        raise ValueError("no topic to score: select at least one topic")
    groups = None if table.groups is None else table.groups[chosen]
    table = TopicWords(table.topics[chosen], groups, [table.words[place] for place in chosen])
    check_words(table)
    found = occurrences(corpus, dict.fromkeys(word for words in table.words for word in words), names)
    if not found.matrix.nnz:
        raise ValueError(
            f"no topic word occurs in the reference corpus, such as {table.words[0][0]!r}; pass documents "
            "with the words of the model"
        )
    return table, found


def reference_names(source: Any, corpus: Any, vocabulary: Sequence[str] | None) -> Sequence[str] | None:
    """Names of the words of a model and of the columns of a bare matrix; column numbers if both have none."""
    names = reference_vocabulary(source, corpus, vocabulary)
    if names is None and hasattr(source, "top_words") and hasattr(corpus, "shape"):
        return [str(column) for column in range(corpus.shape[1])]
    return names


def check_words(table: TopicWords) -> None:
    """Check that every topic has at least two words and no word twice.

    Raises
    ------
    ValueError
        A topic has not.
    """
    for topic, words in zip(table.topics, table.words, strict=True):
        if len(words) < 2:
            raise ValueError(f"topic {topic} has {len(words)} words; coherence needs at least two")
        if len(set(words)) < len(words):
            raise ValueError(f"topic {topic} lists a word twice: {', '.join(words)}; list each word once")


def numbered(table: TopicWords) -> pd.DataFrame:
    """Columns ``topic`` and, if known, ``group``: the start of a table with one row per topic."""
    start = pd.DataFrame({"topic": table.topics})
    return start if table.groups is None else start.assign(group=table.groups)
