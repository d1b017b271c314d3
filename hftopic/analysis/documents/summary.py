"""Summary of each document: its leading topic, and its share of each topic in use."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from hftopic.analysis.documents.tables import DocumentTables
from hftopic.analysis.encoded import check_some_filled
from hftopic.analysis.models import FittedTopicModel
from hftopic.data.columns import is_sharded
from hftopic.data.streams import MOST_AT_ONCE


def document_summary(
    model: FittedTopicModel, X: Any, *, topics: Any = "active", vocabulary: Sequence[str] | None = None
) -> pd.DataFrame:
    """Summary of each document: its leading topic, what is known of it, and its share of each topic in use.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, ShardedCorpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        A ShardedCorpus may have 100,000 documents; :func:`write_document_topics` has no limit.
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
        All documents are empty, a topic in `topics` does not exist, `X` does not match the model, or it is a
        ShardedCorpus with more documents.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import document_summary
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)
    >>> document_summary(model, corpus).columns[:5].tolist()
    ['document', 'label', 'topic', 'topic_name', 'share']
    """
    if is_sharded(X):
        if len(X) > MOST_AT_ONCE:
            raise ValueError(
                f"a table of {len(X):,} documents would be in memory at once; write it to a file with "
                f"write_document_topics, or pass at most {MOST_AT_ONCE:,} of them, such as "
                f"corpus[:{MOST_AT_ONCE:_}]"
            )
        X = X.loaded()
    tables = DocumentTables(model, X, topics, vocabulary)
    encoded = model.encode(X)
    check_some_filled(int((~encoded.empty).sum()), len(encoded))
    table, counts = tables.of(encoded)
    numbers = tables.topics.tolist()
    table.attrs["topics"] = numbers
    table.attrs["documents"] = dict(zip(numbers, counts.led[tables.places].tolist(), strict=True))
    if not tables.signed:
        table.attrs["remainder"] = tables.remainder(counts)
    return table
