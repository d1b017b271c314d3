"""Representative documents of topics."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis.encoded import DocumentTopics, check_some_filled, counts_of, topics_of_filled
from hftopic.analysis.models import FittedTopicModel, corpus_of, has_poles, model_vocabulary
from hftopic.analysis.topics import select_topics
from hftopic.analysis.used import shares_of_documents
from hftopic.data.columns import is_sharded
from hftopic.data.inputs import column_words
from hftopic.data.matrices import words_of_row

PIECE = 8192  # documents of shards that are read at a time


def representative_documents(
    model: FittedTopicModel, X: Any, n: int = 5, *, topics: Any = None
) -> pd.DataFrame:
    """Documents with the highest proportion of each topic.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, ShardedCorpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored. All documents of a ShardedCorpus are read, some thousand at a time.
    n : int, default=5
        Number of documents per topic; all documents if there are fewer.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics in the result, in this order. All by default.

    Returns
    -------
    DataFrame
        One row per topic and rank: ``topic``; ``rank``, from 1; ``document``, the row of `X`; ``name``,
        ``label``, ``date`` and the original ``text`` if `X` is a Corpus that has them; ``share``, the
        proportion of the topic in the document, divided by the sum over the topics in use (see
        :func:`topic_summary`) and those that are chosen, or the probability of a class of a Concrete
        variable. Ties are in the order of `X`.

        Topics of NVDM have no proportions. Its table has ``value``, E[z|x], instead of ``share``, and
        ``pole`` after ``topic``: the `n` documents with the highest values for "+", then the `n` documents
        with the lowest values for "-". Classes have only "+".

    Raises
    ------
    ValueError
        `n` is not a positive int, a topic does not exist, or all documents are empty.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import representative_documents
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> representative_documents(model, corpus, 2, topics=[3])[["topic", "rank"]].to_numpy().tolist()
    [[3, 1], [3, 2]]
    """
    if not is_whole(n):
        raise ValueError(f"the number of documents per topic must be a positive int, got {n!r}")
    pieces = _topics_in_pieces(model, X)
    first = next(pieces)
    ids = np.asarray(model.topic_ids_)
    chosen = select_topics(topics, ids)
    signed = has_poles(model)
    leading = [
        _Leading(int(ids[place]), place, pole, sign, n)
        for place in chosen.tolist()
        for pole, sign in (("+", 1), ("-", -1))[: 1 + (signed and bool(model.latent_space_.gaussian[place]))]
    ]
    n_documents = n_filled = 0
    for found in chain([first], pieces):
        shares = shares_of_documents(model, found.values, chosen)
        for one in leading:
            one.add(found.rows, shares[:, one.place])
        n_documents, n_filled = n_documents + found.n_documents, n_filled + len(found.rows)
    check_some_filled(n_filled, n_documents)
    tables = [one.table(signed) for one in leading] or [_Leading(0, 0, "+", 1, n).table(signed)]
    return with_what_is_known(pd.concat(tables, ignore_index=True), X)


def _topics_in_pieces(model: FittedTopicModel, X: Any) -> Iterator[DocumentTopics]:
    """Topics of the non-empty documents with their rows; some thousand documents of shards at a time."""
    if not is_sharded(X):
        yield topics_of_filled(model, X)
        return
    start = 0
    for piece in X.chunks(PIECE, keep_texts=False):
        found = topics_of_filled(model, piece)
        yield found._replace(rows=found.rows + start)
        start += len(piece)


class _Leading:
    """The documents with the most of a topic, or of one pole of a topic, among those that were added."""

    def __init__(self, topic: int, place: int, pole: str, sign: int, n: int) -> None:
        self.place = place
        self._topic, self._pole, self._sign, self._n = topic, pole, sign, n
        self._rows, self._values = np.zeros(0, dtype=np.int64), np.zeros(0)

    def add(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Add documents that come after those before."""
        rows, values = np.append(self._rows, rows), np.append(self._values, values)
        best = highest(self._sign * values, self._n)
        self._rows, self._values = rows[best], values[best]

    def table(self, signed: bool) -> pd.DataFrame:
        """Rows of the table of representative documents."""
        ranks = np.arange(1, len(self._rows) + 1)
        table = pd.DataFrame({"topic": self._topic, "rank": ranks, "document": self._rows})
        if signed:
            table.insert(1, "pole", self._pole)
        table["value" if signed else "share"] = self._values
        return table


def with_what_is_known(table: pd.DataFrame, X: Any) -> pd.DataFrame:
    """A table with the column ``document``, and what a Corpus knows of these documents.

    ``name``, ``label`` and ``date`` come before the last column, and ``text`` comes after it.
    """
    rows = table["document"].to_numpy(dtype=np.int64)
    corpus = X[rows] if is_sharded(X) else corpus_of(X)
    if corpus is None:
        return table
    rows = np.arange(len(rows)) if is_sharded(X) else rows
    for column, known in (("name", corpus.names), ("label", corpus.labels), ("date", corpus.dates)):
        if known is not None:
            table.insert(len(table.columns) - 1, column, known[rows])
    if corpus.texts is not None:
        table["text"] = corpus.texts[rows]
    return table


def highest(values: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Positions of the `n` highest values, highest first, ties in order; without a full sort."""
    candidates = np.arange(len(values))
    if len(values) > n:
        candidates = np.flatnonzero(values >= np.partition(values, -n)[-n])
    ranked: NDArray[np.int64] = candidates[np.argsort(-values[candidates], kind="stable")[:n]]
    return ranked


def document_texts(
    model: FittedTopicModel, X: Any, rows: Sequence[int], vocabulary: Sequence[str] | None = None
) -> list[str]:
    """Original text of each document if the Corpus has it, else its words as one string.

    The words are in reading order if the Corpus has tokens, else by count.
    """
    corpus = corpus_of(X)
    if corpus is not None and corpus.texts is not None:
        return [corpus.texts[row] for row in rows]
    if corpus is not None and corpus.tokens is not None:
        return [" ".join(corpus.tokens[row]) for row in rows]
    counts = counts_of(model, X)
    words = column_words(model, model_vocabulary(model, X, vocabulary))
    return [" ".join(words_of_row(counts, words, row)) for row in rows]
