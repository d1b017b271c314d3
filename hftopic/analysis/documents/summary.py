"""Summary of each document: its leading topic, and its share of each topic in use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._torch_state import neutral_torch
from hftopic.analysis.encoded import DocumentTopics, document_topics
from hftopic.analysis.models import (
    FittedTopicModel,
    check_topic_model,
    corpus_of,
    has_poles,
    model_vocabulary,
)
from hftopic.analysis.used import mask_of
from hftopic.latent.encoded import Encoded
from hftopic.topics.shares import documents_led, leading_topics, prominence, remainder, shares_in_use


def document_summary(
    model: FittedTopicModel, X: Any, *, topics: Any = "active", vocabulary: Sequence[str] | None = None
) -> pd.DataFrame:
    """Summary of each document: its leading topic, what is known of it, and its share of each topic in use.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    topics : {"active", "all"}, or array of bool (n_topics,) or of topic numbers, default="active"
        Topics among which a document is shared: by default those in use over the training documents, see
        :func:`topic_summary`, so that a row does not depend on the other documents. If none is in use, all.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per document, in order, with columns

        - ``document``: row of `X`; ``name``, ``label`` and ``date``, if `X` is a Corpus that has them
        - ``topic``: number of the leading topic, the one with the largest share; ``topic_name``: its name;
          ``share``: its share. Topics of NVDM are signed and have no shares: the leading one is, as in
          :func:`topic_summary`, the most standard deviations from the mean of `X`, and ``value`` is E[z|x].
          A class of a Concrete variable leads only if the model has no other topics in use
        - the metadata of the Corpus, if it has some; a name that is taken gets " (metadata)"
        - for each topic a column "7: god, faith, church" with the share of the topic, or with E[z|x]. The
          shares of a document sum to 1 over the topics in use, those of each Concrete variable too

        Documents without words have no topic and no shares: these are missing. ``attrs["topics"]`` has the
        numbers of the topics of the last columns; ``attrs["documents"]``, by topic, the number of documents
        that it leads, where classes are counted apart from the other topics; and ``attrs["remainder"]`` the
        mean proportion that the model gives to topics that are not in use. NVDM has no remainder.

    Raises
    ------
    ValueError
        All documents are empty, a topic in `topics` does not exist, or `X` does not match the model.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import document_summary
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)
    >>> document_summary(model, corpus).columns[:5].tolist()
    ['document', 'label', 'topic', 'topic_name', 'share']
    """
    check_topic_model(model)
    used = mask_of(model.topic_summary_, topics)
    used = used if used.any() else ~used
    names = model.name_topics(vocabulary=model_vocabulary(model, X, vocabulary))
    corpus, column = corpus_of(X), "value" if has_poles(model) else "share"
    encoded = model.encode(X)
    found = document_topics(model, encoded)
    values, table = _values(model, found.values, used), pd.DataFrame({"document": range(found.n_documents)})
    for name in ("name", "label", "date"):
        known = None if corpus is None else getattr(corpus, f"{name}s")
        if known is not None:
            table[name] = known
    prominent = _prominent(model, encoded, found)
    leading = leading_topics(prominent, model.latent_space_, used)[0]
    table["topic"] = pd.Series(leading, found.rows, dtype="Int64").reindex(table.index)
    table["topic_name"] = pd.Series(names[leading], found.rows, dtype=object).reindex(table.index)
    table[column] = pd.Series(values[np.arange(len(values)), leading], found.rows).reindex(table.index)
    numbers = np.flatnonzero(used).tolist()
    of_topics = pd.DataFrame(values[:, used], found.rows, [f"{topic}: {names[topic]}" for topic in numbers])
    of_topics = of_topics.reindex(table.index)
    taken = {*table.columns, *of_topics.columns}
    metadata = None if corpus is None else corpus.metadata
    if metadata is not None:
        metadata = metadata.rename(columns={name: f"{name} (metadata)" for name in taken})
    table = pd.concat([table, metadata, of_topics], axis=1)
    table.attrs["topics"] = numbers
    led = documents_led(prominent, model.latent_space_, used)
    table.attrs["documents"] = dict(zip(numbers, led[used].tolist(), strict=True))
    if not has_poles(model):
        table.attrs["remainder"] = remainder(
            found.values.mean(axis=0, dtype=np.float64), model.latent_space_, used
        )
    return table


def _values(
    model: FittedTopicModel, values: NDArray[np.float32], used: NDArray[np.bool_]
) -> NDArray[np.floating]:
    """Shares over the topics in use, or E[z|x] of signed topics, (n, n_topics)."""
    return values if has_poles(model) else shares_in_use(values, model.latent_space_, used)


@neutral_torch()
def _prominent(model: FittedTopicModel, encoded: Encoded, found: DocumentTopics) -> NDArray[np.float32]:
    """By which of its topics each document that has words is led, (n, n_topics)."""
    posterior = model.posterior(encoded).mean_field()[found.rows]
    return prominence(found.values, posterior, model.latent_space_, has_poles(model))
