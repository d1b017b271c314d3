"""Export of fitted models to the formats of other packages: pyLDAvis and BERTopic."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.analysis.documents.documents import document_texts, representative_documents
from hftopic.analysis.documents.proportions import require_shares
from hftopic.analysis.encoded import counts_of, document_topics, empty_documents_known
from hftopic.analysis.models import FittedTopicModel, corpus_of, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import topic_words
from hftopic.analysis.used import topics_to_show
from hftopic.data.inputs import column_words
from hftopic.topics.shares import documents_led, simplexes


@samples_shards
def to_pyldavis(
    model: FittedTopicModel, X: Any, *, topics: Any = "active", vocabulary: Sequence[str] | None = None
) -> dict[str, Any]:
    """Arguments of ``pyLDAvis.prepare``.

    ::

        pyLDAvis.prepare(**to_pyldavis(model, X), sort_topics=False)

    ``sort_topics=False`` keeps the order of the topics: the first one exported has number 1 in the
    visualisation. With ``topics="all"`` topic k has number k + 1. pyLDAvis is not a dependency of this
    package.

    Parameters
    ----------
    model : fitted ProdLDA
        If the model has Gaussian topics, the classes of Concrete variables are left out, and the topics are
        numbered without them. If it has only Concrete variables, the classes of the first one are exported.
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents, and words that occur in no document, are left out, because pyLDAvis divides by their
        counts.
    topics : {"active", "all"}, or array of bool (n_topics,) or of topic numbers, default="active"
        Topics to export, in the order of the model. ``"active"`` leaves out topics that are not active and
        topics that repeat a more informative one, see :func:`topic_summary`. The proportions of the
        exported topics are divided by their sum.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    dict
        - ``topic_term_dists``: ndarray (n_exported, n_words), ``topic_word_``
        - ``doc_topic_dists``: ndarray (n_documents, n_exported), ``transform``
        - ``doc_lengths``: ndarray (n_documents,), tokens
        - ``vocab``: list of str (n_words,)
        - ``term_frequency``: ndarray (n_words,), tokens

        All numbers are float64. Rows of the first two sum to 1 and have no zeros: probabilities below the
        smallest normal float32 number are set to that number.

    Raises
    ------
    ValueError
        The model is NVDM, whose topics have no proportions; all documents are empty; no topic is exported; or
        `vocabulary` does not match the model.

    Warns
    -----
    UserWarning
        Topics are left out: how many, and why.

    Notes
    -----
    The visualisation (Sievert and Shirley 2014) assumes that p(w) is a mixture of the topics. ProdLDA is a
    product of experts instead, so topic sizes and relevances are approximations.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import to_pyldavis
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> to_pyldavis(model, corpus, topics="all")["doc_topic_dists"].shape
    (200, 4)
    """
    require_shares(model, "mixture that pyLDAvis could show", "topic_map and topic_summary")
    words: Any = column_words(model, model_vocabulary(model, X, vocabulary))
    with empty_documents_known():  # they are left out here
        X = model.encode(X)
    exported = topics_to_show(model, topics)
    found = document_topics(model, X)
    counts = counts_of(model, X)
    frequency = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel()
    lengths = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    occurs, simplex = frequency > 0, simplexes(model.latent_space_)[0]
    kept = simplex[exported[simplex]]
    if not len(kept):
        raise ValueError("no topic to export: none is active; pass topics='all' to export them")
    return {
        "topic_term_dists": _distributions(np.asarray(model.topic_word_)[kept][:, occurs]),
        "doc_topic_dists": _distributions(found.values[:, kept]),
        "doc_lengths": lengths[found.rows],
        "vocab": [str(word) for word in words[occurs]],
        "term_frequency": frequency[occurs],
    }


def _distributions(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows in float64, without zeros, that sum to 1."""
    positive = rows.astype(np.float64).clip(float(np.finfo(np.float32).tiny))
    positive /= positive.sum(axis=1, keepdims=True)
    return positive


@samples_shards
def get_topic_info(
    model: FittedTopicModel,
    X: Any,
    *,
    n_words: int = 10,
    n_documents: int = 3,
    topics: Any = "active",
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Table of topics in the format of BERTopic's ``get_topic_info``.

    Parameters
    ----------
    model : fitted ProdLDA
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    n_words : int, default=10
        Number of words in the representation.
    n_documents : int, default=3
        Number of representative documents, see :func:`representative_documents`.
    topics : {"active", "all"}, or array of bool (n_topics,) or of topic numbers, default="active"
        Topics with a row. ``"active"`` leaves out topics that are not active and topics that repeat a more
        informative one, see :func:`topic_summary`.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per included topic, in order, with columns

        - ``Topic``: number. There is no -1, because these models have no outliers
        - ``Count``: number of documents in which it is the largest of these topics; ties go to the first
          topic. Empty documents are not counted. Classes of a Concrete variable are counted separately: each
          document counts for one topic and for one class of each variable
        - ``Name``: number and name, see :func:`topic_names`: "0_god, faith, church"
        - ``Representation``: list of top words
        - ``Representative_Docs``: list of the documents with the highest proportion of the topic. A document
          is its original text if the Corpus has it, else a str of its words in reading order if the Corpus
          has tokens, else its name, else its row number

    Raises
    ------
    ValueError
        The model is NVDM, whose topics have no proportions; all documents are empty; or a number is not
        positive.

    Warns
    -----
    UserWarning
        Topics are left out: how many, and why.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import get_topic_info
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> info = get_topic_info(model, corpus, topics="all")
    >>> info.columns.tolist()
    ['Topic', 'Count', 'Name', 'Representation', 'Representative_Docs']
    >>> int(info["Count"].sum())
    200
    """
    require_shares(model, "largest topic", "topic_summary and representative_documents")
    words = model_vocabulary(model, X, vocabulary)
    table = topic_words(model, n_words, vocabulary=words)
    with empty_documents_known():  # empty documents are not counted here
        X = model.encode(X)
    included = topics_to_show(model, topics)
    leading = representative_documents(model, X, n_documents, topics=included)
    rows = {topic: rows.tolist() for topic, rows in leading.groupby("topic")["document"]}
    places, names = np.flatnonzero(included), model.name_topics(vocabulary=words)
    numbers = np.asarray(model.topic_ids_)[places].tolist()
    return pd.DataFrame(
        {
            "Topic": numbers,
            "Count": documents_led(document_topics(model, X).values, model.latent_space_, included)[included],
            "Name": [f"{k}_{name}" for k, name in zip(numbers, names[places], strict=True)],
            "Representation": [table.words[place] for place in places],
            "Representative_Docs": [_documents(model, X, rows[k]) for k in numbers],
        }
    )


def _documents(model: FittedTopicModel, X: Any, rows: list[int]) -> list[Any]:
    """Documents as texts if the Corpus has them or tokens, else as names if it has any, else as numbers."""
    corpus = corpus_of(X)
    if corpus is not None and (corpus.texts is not None or corpus.tokens is not None):
        return list(document_texts(model, X, rows))
    if corpus is not None and corpus.names is not None:
        return [str(name) for name in corpus.names[rows]]
    return rows
