"""Documents with the topics of another document."""

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis.documents.documents import highest, with_what_is_known
from hftopic.analysis.encoded import DocumentTopics, document_topics
from hftopic.analysis.models import FittedTopicModel, corpus_of, has_poles, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.used import mask_of
from hftopic.data.embeddings import encoder_input_of
from hftopic.data.inputs import column_words
from hftopic.data.text import corpus_from_texts, options_of_model
from hftopic.topics.shares import shares_in_use, simplexes


@samples_shards
def similar_documents(
    model: FittedTopicModel,
    X: Any,
    query: Any,
    n: int = 10,
    *,
    topics: Any = "active",
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Documents whose topics are most similar to those of one document.

    The similarity of proportions :math:`p` and :math:`q` is their affinity :math:`\sum_k \sqrt{p_k q_k}`: 1
    if they are equal, 0 if they share no topic, and the same in both directions. It is 1 minus the square of
    their Hellinger distance. The affinities of the Gaussian topics and of each Concrete variable are
    multiplied. Topics of NVDM are signed: their similarity is the cosine of the two vectors E[z|x], from -1
    to 1.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents to search. Empty documents are ignored.
    query : int, str, or one document
        A row of `X`, or the name of one if `X` is a Corpus with names; it is then not in the result. Or a
        text, which is read as the texts of the model were, unless its encoder reads embeddings; or word
        counts in the form of `X`, with one row, or what the model's ``encode`` made of them.
    n : int, default=10
        Number of documents; all if there are fewer.
    topics : "active", "all", array of bool (n_topics,) or of topic numbers, default="active"
        Topics to compare; proportions are those among them. The default are the topics in use in the training
        documents, or all if there are none.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, for a text as `query`; see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per document, most similar first; ties are in the order of `X`. Columns are ``document``, the
        row of `X`; ``name``, ``label`` and ``date`` if `X` is a Corpus that has them; ``similarity``; and
        the original ``text``, if the Corpus has it.

    Raises
    ------
    ValueError
        The query is no row of `X`, has no word of the model, or is not one document; it is a text, and the
        model was not fitted on texts that this package read; `n` is not a positive int; a topic does not
        exist; or all documents are empty.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import similar_documents
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> found = similar_documents(model, corpus, 7, n=3)
    >>> len(found), 7 in found["document"].tolist()
    (3, False)
    """
    if not is_whole(n):
        raise ValueError(f"the number of documents must be a positive int, got {n!r}")
    found = document_topics(model, X)
    compared = _compared(model, topics)
    if isinstance(query, str):
        query = _row_named(X, query)
    one, row = _query(model, found, query, column_words(model, model_vocabulary(model, X, vocabulary)))
    affinity = _cosines if has_poles(model) else _affinities
    values = affinity(model, found.values, one, compared)
    others = np.flatnonzero(found.rows != row)
    ranked = others[highest(values[others], n)]
    table = pd.DataFrame({"document": found.rows[ranked], "similarity": values[ranked]})
    return with_what_is_known(table, X)


def _compared(model: FittedTopicModel, topics: Any) -> NDArray[np.bool_]:
    """Mask of the topics to compare, (n_topics,)."""
    chosen = mask_of(model.topic_summary_, topics)
    return chosen if chosen.any() else ~chosen


def _row_named(X: Any, query: str) -> str | int:
    """The row of this name, or the text itself if there is none."""
    corpus = corpus_of(X)
    names = [] if corpus is None or corpus.names is None else corpus.names.tolist()
    return names.index(query) if query in names else query


def _query(
    model: FittedTopicModel, found: DocumentTopics, query: Any, words: NDArray[np.object_]
) -> tuple[NDArray[np.float32], int]:
    """Topics of the query, (n_topics,), and its row among the documents; -1 if it is none of them."""
    if isinstance(query, str):
        if encoder_input_of(model) != "counts":
            raise ValueError(
                f"no document has the name {query[:80]!r}, and as a text it has no embedding, which the "
                "encoder of the model reads; pass the row of a document, or another document as a Corpus of "
                "one with its embedding, or as model.encode(X, embeddings=...)"
            )
        counts = _counts_of_text(model, query, words)
        if not counts.nnz:
            raise ValueError(
                f"the query {query[:80]!r} has no word of the model, and no document has this name; pass the "
                "row of a document, or a longer text"
            )
        return document_topics(model, counts).values[0], -1
    if query is None or (isinstance(query, Number) and not is_whole(query, 0)):
        raise ValueError(f"the query is a row of X from 0, a name, a text or one document; got {query!r}")
    if not is_whole(query, 0):
        values = document_topics(model, query)
        if values.n_documents != 1:
            raise ValueError(f"the query must be one document; got {values.n_documents}")
        return values.values[0], -1
    place = np.flatnonzero(found.rows == query)
    if not len(place):
        why = "has no words" if query < found.n_documents else f"is none of {found.n_documents}"
        raise ValueError(f"document {query} {why}; pass the row of a document with words, or a text")
    return found.values[place[0]], int(query)


def _counts_of_text(model: FittedTopicModel, text: str, words: NDArray[np.object_]) -> sp.csr_array:
    """Counts of a text that is read as the texts of the model were."""
    options = options_of_model(model, "pass the word counts of the document, in the form of X")
    return corpus_from_texts([text], options=options, vocabulary=words).counts


def _affinities(
    model: FittedTopicModel,
    values: NDArray[np.float32],
    one: NDArray[np.float32],
    compared: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Product over the simplexes of the affinities of proportions, (n,)."""
    space = model.latent_space_
    many, single = (np.sqrt(shares_in_use(shares, space, compared)) for shares in (values, one))
    with_topics = [topics for topics in simplexes(space) if compared[topics].any()]
    affinities = [many[:, topics] @ single[topics] for topics in with_topics]
    return np.asarray(np.prod(affinities, axis=0).clip(0, 1))


def _cosines(
    model: FittedTopicModel,  # noqa: ARG001
    values: NDArray[np.float32],
    one: NDArray[np.float32],
    compared: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Cosines of vectors of E[z|x], (n,); 0 for a vector of zeros."""
    many, single = values[:, compared].astype(np.float64), one[compared].astype(np.float64)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(single)
    return np.asarray(np.divide(many @ single, lengths, out=np.zeros(len(many)), where=lengths > 0))
