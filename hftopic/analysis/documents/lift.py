"""Topics of documents against the mean of the corpus."""

from typing import Any

import numpy as np
import pandas as pd

from hftopic._numbers import is_whole
from hftopic.analysis.documents.contributions import select_documents
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.models import FittedTopicModel, has_poles
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import select_topics
from hftopic.analysis.used import shares_of_documents


@samples_shards
def topics_of_documents(
    model: FittedTopicModel, X: Any, documents: Any = None, n: int = 3, *, topics: Any = None
) -> pd.DataFrame:
    """Topics of documents against the mean of the corpus, the largest excess first.

    The proportions of a product of experts are flat on short documents: a few words change them little, and
    the largest may be below 0.1. They say what a document is about when they are compared with the mean.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents of the mean. Empty documents are ignored, and have no rows in the result.
    documents : array of bool (n_documents,) or of int, optional
        Rows of `X` in the result, in this order. All by default.
    n : int, default=3
        Number of topics per document; all topics if there are fewer.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics that can be listed, such as the active ones. All by default.

    Returns
    -------
    DataFrame
        One row per document and rank, with columns

        - ``document``, the row of `X`; ``rank``, from 1; ``topic``
        - ``share``: proportion of the topic in the document, divided by the sum over the topics in use (see
          :func:`topic_summary`) and those that are chosen; or probability of a class of a Concrete variable
        - ``mean``: mean of ``share`` over the documents of `X`
        - ``lift``: ``share`` / ``mean``; 2 is twice the mean. It is 1 if the mean is 0

        Topics are ranked by ``share`` - ``mean``, largest first: a rare topic can have a large lift in a
        document that has little of it. Topics of NVDM have no proportions: its table has ``value``, E[z|x],
        instead of ``share``, and no ``lift``, and is ranked by the distance from the mean.

    Raises
    ------
    ValueError
        `n` is not a positive int, a document or a topic does not exist, or all documents are empty.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topics_of_documents
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> table = topics_of_documents(model, corpus, [7], n=1)
    >>> table.columns.tolist()
    ['document', 'rank', 'topic', 'share', 'mean', 'lift']
    >>> bool(table["lift"][0] > 1)
    True
    """
    if not is_whole(n):
        raise ValueError(f"the number of topics per document must be a positive int, got {n!r}")
    found, signed = document_topics(model, X), has_poles(model)
    wanted = select_documents(documents, found.n_documents)
    ids = np.asarray(model.topic_ids_)
    chosen = select_topics(topics, ids)
    place = np.full(found.n_documents, -1)
    place[found.rows] = np.arange(len(found.rows))
    wanted = wanted[place[wanted] >= 0]
    shares = shares_of_documents(model, found.values, chosen)
    values, mean = shares[place[wanted]][:, chosen], shares.mean(axis=0)[chosen]  # (n_wanted, n_chosen)
    excess = np.abs(values - mean) if signed else values - mean
    ranked = np.argsort(-excess, axis=1, kind="stable")[:, :n]
    share = np.take_along_axis(values, ranked, axis=1).ravel()
    table = pd.DataFrame(
        {
            "document": wanted.repeat(ranked.shape[1]),
            "rank": np.tile(np.arange(1, ranked.shape[1] + 1), len(wanted)),
            "topic": ids[chosen][ranked].ravel(),
            "value" if signed else "share": share,
            "mean": mean[ranked].ravel(),
        }
    )
    if not signed:
        table["lift"] = np.divide(share, table["mean"], out=np.ones_like(share), where=table["mean"] > 0)
    return table
