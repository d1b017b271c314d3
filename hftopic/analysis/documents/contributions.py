"""Contributions of topics to the words of a document: signed log-probability contributions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis.encoded import document_topics, encoded_once
from hftopic.analysis.models import FittedTopicModel, check_topic_model, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import select_topics
from hftopic.data.inputs import column_words
from hftopic.latent.attribution import Attribution

CHUNK_ENTRIES = 2**21  # size of an (entries, topics) block: 16 MB of float64


@samples_shards
def contributions(
    model: FittedTopicModel,
    X: Any,
    documents: Any = None,
    *,
    topics: Any = None,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Topic that contributes most to each word of each document, used to colour words.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents that define the average document, with which each document is compared. With a single
        document there is nothing to compare, and all contributions of NVDM are 0.
    documents : array of bool (n_documents,) or of int, optional
        Rows of `X` in the result. All by default.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics that can be assigned to a word, such as the active ones. All by default.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per distinct word of each document, in the order of rows and columns of `X`, with columns

        - ``document``, ``column``: position in `X`; ``word``; ``count``, number of tokens
        - ``topic``: the topic with the largest positive contribution; missing if none is positive
        - ``strength``: that contribution, in nats; 0 if there is no such topic
        - ``responsibility``: its fraction of the sum of all positive contributions, in [0, 1]; 0 if there is
          no such topic
        - ``total``: sum of the contributions of all topics, in nats; it does not depend on `topics`

    Raises
    ------
    ValueError
        All documents are empty, or a document or a topic does not exist.

    Notes
    -----
    In these models the topics multiply. With the weights θ of the topics in the document and
    B = ``components_``, the logit of word v is Σ_k θ_k B_kv plus terms that are the same for all documents.
    The contribution of topic k is

    .. math:: \theta_k \, (\tilde B_{kv} - \textstyle\sum_w f_w \tilde B_{kw}), \qquad
        \tilde B_{kv} = B_{kv} - \textstyle\sum_j \bar\theta_j B_{jv}.

    The sum over j is the mean over the topic proportions of the average document of `X`; the sum over w is
    the mean over its words with their frequencies f. These two means remove an ambiguity of the model:
    because θ sums to 1, adding a constant to a word in all topics, or to a topic for all words, changes no
    probability. A contribution is the change of log probability, in nats, that the topic causes for this word
    in this document, relative to the average document and the average word. It is negative if the topic makes
    the word less probable.

    The sum over topics is exact: for two words of a document, the difference of ``total`` is their log odds
    in the document minus their log odds in the average document. A topic with θ_k = 0 contributes nothing.

    If each group has its own softmax, and for classes of a Concrete variable, j runs over that simplex. The
    dimensions of NVDM are signed and not on a simplex: θ is replaced by z - mean(z) and B̃ by B. So a topic
    can contribute to a word with either of its poles.

    In a mixture, such as NVLDA, the topics add: p(w|x) = Σ_k θ_k β_kw with β = ``topic_word_``. Contributions
    are integrated gradients of log p(w|x) along the line from the average document to this one,
    (θ_k - θ̄_k) β_kw / L, where L = (p - p̄) / (log p - log p̄) is the logarithmic mean of p(w|x) and its
    value p̄ in the average document. The sum over topics is log p - log p̄. A topic that has less than its
    average proportion contributes negatively.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import contributions
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> table = contributions(model, corpus, documents=[3, 5])
    >>> table["document"].unique().tolist()
    [3, 5]
    >>> table.columns[4:].tolist()
    ['topic', 'strength', 'responsibility', 'total']
    """
    terms = _attributed(model, X)
    wanted = np.sort(select_documents(documents, terms.counts.shape[0]))
    chosen = np.sort(select_topics(topics, terms.ids))
    words = column_words(model, model_vocabulary(model, X, vocabulary))
    entries = terms.counts[wanted].tocoo()
    rows, columns = wanted[entries.coords[0]], entries.coords[1]
    topic, strength = np.full(len(rows), -1), np.zeros(len(rows))
    responsibility, total = np.zeros(len(rows)), np.zeros(len(rows))
    height = max(1, CHUNK_ENTRIES // terms.values.shape[1])
    for part in (slice(start, start + height) for start in range(0, len(rows), height)):
        of_topics = terms.of(rows[part], columns[part])
        total[part] = of_topics.sum(axis=1)
        topic[part], strength[part], responsibility[part] = _winners(of_topics[:, chosen], chosen)
    return pd.DataFrame(
        {
            "document": rows,
            "column": columns,
            "word": words[columns],
            "count": entries.data,
            "topic": _topic_column(topic, terms.ids),
            "strength": strength,
            "responsibility": responsibility,
            "total": total,
        }
    )


@samples_shards
def word_contributions(
    model: FittedTopicModel,
    X: Any,
    document: int,
    *,
    vocabulary: Sequence[str] | None = None,
    n_topics: int = 5,
    topics: Any = None,
) -> pd.DataFrame:
    """Contribution of each topic to each distinct word of one document, in nats.

    The notes of :func:`contributions` define the quantities.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        The whole corpus; its average document is the baseline.
    document : int
        Row of `X`.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.
    n_topics : int, default=5
        Number of topics with a column of their own: those with the largest mean absolute contribution to the
        document's tokens.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics that can be assigned to a word or have a column, such as the active ones. All by default.

    Returns
    -------
    DataFrame
        One row per distinct word, highest ``total`` first. Columns are ``column``, ``word``, ``count``,
        ``topic``, ``strength``, ``responsibility`` and ``total`` as in :func:`contributions`; then
        ``topic_<number>`` for each of the `n_topics` topics, largest mean absolute contribution first; and
        ``other``, the rest of ``total``. An empty document has no rows.

    Raises
    ------
    ValueError
        The document does not exist, or `n_topics` is not a positive int.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import word_contributions
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> table = word_contributions(model, corpus, 0, n_topics=4)
    >>> bool(abs(table["other"]).max() < 1e-9)
    True
    """
    if not is_whole(n_topics):
        raise ValueError(f"n_topics must be a positive int, got {n_topics!r}")
    terms = _attributed(model, X)
    if not is_whole(document, 0) or document >= terms.counts.shape[0]:
        raise ValueError(f"no document {document!r}: documents are numbered 0 to {terms.counts.shape[0] - 1}")
    words = column_words(model, model_vocabulary(model, X, vocabulary))
    chosen = np.sort(select_topics(topics, terms.ids))
    row = terms.counts[[document]]
    of_topics = terms.of(np.full(row.nnz, document), row.indices)  # (distinct words, K)
    topic, strength, responsibility = _winners(of_topics[:, chosen], chosen)
    table = pd.DataFrame({"column": row.indices, "word": words[row.indices], "count": row.data})
    table["topic"] = _topic_column(topic, terms.ids)
    table["strength"], table["responsibility"] = strength, responsibility
    table["total"] = of_topics.sum(axis=1)
    moved = row.data @ np.abs(of_topics[:, chosen])
    leading = chosen[np.argsort(-moved, kind="stable")[:n_topics]]
    for k in leading.tolist():
        table[f"topic_{terms.ids[k]}"] = of_topics[:, k]
    table["other"] = table["total"] - of_topics[:, leading].sum(axis=1)
    return table.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def select_documents(documents: Any, n_documents: int) -> NDArray[np.int64]:
    """Row numbers of documents selected by a mask or by number, in the given order; all if None.

    Raises
    ------
    ValueError
        A row does not exist or occurs twice, or the mask has the wrong length.
    """
    try:
        return np.asarray(select_topics(documents, np.arange(n_documents)), dtype=np.int64)
    except ValueError as error:
        raise ValueError(f"documents: {str(error).replace('topic', 'document')}") from error


class _Attributed(NamedTuple):
    """Documents, their topics, and the function that attributes words to topics."""

    counts: "sp.csr_array[np.float32]"  # (N, V)
    ids: NDArray[np.int64]  # (n_topics,)
    values: NDArray[np.float32]  # (n, …) what the attribution reads of the non-empty documents
    place: NDArray[np.int64]  # (N,) row of each document in values; -1 for empty documents
    attribution: Attribution

    def of(self, documents: NDArray[np.int64], columns: NDArray[Any]) -> NDArray[np.float64]:
        """Contributions to pairs of a document and a word: of all topics, and what is of none, (pairs, …)."""
        return self.attribution(self.values[self.place[documents]], columns)


def _attributed(model: FittedTopicModel, X: Any) -> _Attributed:
    check_topic_model(model)
    encoded = encoded_once(model, X)
    found, counts = document_topics(model, encoded), encoded.counts
    values = np.asarray(model.attributed_values(encoded))[found.rows]
    mean = values.mean(axis=0, dtype=np.float64)
    frequency = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel()
    place = np.full(found.n_documents, -1)
    place[found.rows] = np.arange(len(found.rows))
    return _Attributed(
        counts, np.asarray(model.topic_ids_), values, place, model.attribution(mean, frequency)
    )


def _topic_column(places: NDArray[np.int64], ids: NDArray[np.int64]) -> pd.arrays.IntegerArray:
    """Ids of the topics at these places; -1 becomes a missing value."""
    return pd.arrays.IntegerArray(np.where(places < 0, places, ids[places]), places < 0)


def _winners(
    of_topics: NDArray[np.float64], topics: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Topic with the largest positive contribution to each word, its strength and its responsibility.

    They are -1, 0 and 0 if no contribution is positive.
    """
    positive = of_topics.clip(0)
    strength = positive.max(axis=1, initial=0.0)
    if not len(topics):
        return np.full(len(of_topics), -1), strength, strength
    winner = np.where(strength > 0, topics[positive.argmax(axis=1)], -1)
    all_positive = positive.sum(axis=1)
    share = np.divide(strength, all_positive, out=np.zeros_like(strength), where=all_positive > 0)
    return winner, strength, share
