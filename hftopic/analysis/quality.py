"""How good topics are: exclusive, distinct, spread over the documents; a row a topic, a figure a model."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import entr

from hftopic.analysis.documents.proportions import largest_topics, require_shares, simplexes
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.exclusivity import topic_exclusivity
from hftopic.analysis.models import ACTIVE_INFORMATION, FittedTopicModel, check_topic_model, has_poles
from hftopic.analysis.topics import select_topics, topic_summary, topic_words

CHUNK = 65536  # documents looked at at a time in float64


def topic_quality(
    model: FittedTopicModel,
    X: Any,
    *,
    top_n: int = 10,
    threshold: float = ACTIVE_INFORMATION,
    vocabulary: Sequence[str] | None = None,
    share: float = 0.1,
) -> pd.DataFrame:
    """One row a topic: are its words its own, how many documents carry it, and which topic does it repeat?

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    top_n : int, default=10
        Top words that are judged.
    threshold : float, default=0.05
        Information in nats above which a topic is active.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.
    share : float, default=0.1
        Proportion of a document from which a topic counts as covering it.

    Returns
    -------
    DataFrame
        In the order of the topics, with columns

        - ``topic``, ``group``: numbers; ``active``: bool; ``information``: nats
        - ``exclusivity``: mean FREX score of the top words against the active topics, in (0, 1], see
          :func:`topic_exclusivity`
        - ``coverage``: share of documents that hold at least `share` of the topic
        - ``largest``: share of documents in which it is the largest topic (of the classes of its variable
          for a class of a Concrete one)
        - ``effective_documents``: exp of the entropy of the topic's spread over the documents; 1 if a single
          document has all of it, their number if all have the same. 0 if no document has any of it
        - ``nearest``, ``similarity``, ``duplicate``: as in :func:`topic_summary`

        ``coverage``, ``largest`` and ``effective_documents`` are not there for NVDM, whose topics are signed
        and take no share of a document. Documents without words do not count in them.

    Raises
    ------
    ValueError
        No document has a word, `share` or `threshold` is out of range, or `vocabulary` does not fit.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_quality
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> quality = topic_quality(model, corpus)
    >>> bool(quality["largest"].sum().round(9) == 1)
    True
    """
    _check_share(share)
    check_topic_model(model)
    X = model.encode(X)
    summary = topic_summary(model, X, n_words=top_n, top_n=top_n, vocabulary=vocabulary, threshold=threshold)
    return quality_table(model, X, summary, top_n, share)


def quality_table(
    model: FittedTopicModel, X: Any, summary: pd.DataFrame, top_n: int = 10, share: float = 0.1
) -> pd.DataFrame:
    """What :func:`topic_quality` returns, where the summary over the same `top_n` words is at hand."""
    quality = summary[["topic", "group", "active", "information"]].copy()
    quality["exclusivity"] = topic_exclusivity(model, top_n, against=summary["active"].to_numpy(dtype=bool))
    if not has_poles(model):
        values = document_topics(model, X).values
        quality["coverage"] = (values >= share).mean(axis=0)
        quality["largest"] = largest_topics(model, values) / len(values)
        quality["effective_documents"] = _effective_documents(values)
    return quality.join(summary[["nearest", "similarity", "duplicate"]])


def inverted_rbo(model_or_topics: Any, top_n: int = 10, p: float = 0.9, topics: Any = None) -> float:
    r"""Diversity of topics with regard to rank: 1 - mean rank-biased overlap of their lists of top words.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
        As in :func:`topic_diversity`; of NVDM the positive poles.
    top_n : int, default=10
        Words compared of each topic; of a shorter list all of them.
    p : float, default=0.9
        Persistence, in (0, 1): the lower, the more the first words count.
    topics : array of bool (n_topics,) or of topic numbers, optional
        The topics that count, such as the active ones. All by default.

    Returns
    -------
    float
        1 when no two topics have a word in common, and for a single topic; 0 when all lists are the same.

    Raises
    ------
    ValueError
        `p` is out of range, there is no topic, a topic has no words or lists a word twice.

    Notes
    -----
    Webber, Moffat and Zobel (2010), *A similarity measure for indefinite rankings*, the extrapolated form:
    beyond the end of two lists their agreement is taken to stay as it is there,

    .. math:: \mathrm{RBO} = (1-p) \sum_{d=1}^{n} p^{d-1} \frac{X_d}{d} + p^n \frac{X_n}{n},

    with X_d the number of words that the first d of both lists share. Lists of different lengths follow
    their equation 32. As a measure of topics: Bianchi, Terragni and Hovy (2021), *Pre-training is a hot
    topic*.

    Examples
    --------
    >>> from hftopic.analysis import inverted_rbo
    >>> inverted_rbo([["god", "faith"], ["ball", "bat"]])
    1.0
    >>> round(inverted_rbo([["god", "faith"], ["faith", "god"]], p=0.9), 3)
    0.1
    """
    if not 0 < p < 1:
        raise ValueError(f"p={p!r} is not a persistence between 0 and 1, such as 0.9")
    table = topic_words(model_or_topics, top_n)
    chosen = select_topics(topics, table.topics)
    words = [table.words[position] for position in chosen]
    if not words:
        raise ValueError("no topic to compare: inverted_rbo needs at least one topic")
    for topic, listed in zip(table.topics[chosen], words, strict=True):
        if not listed or len(set(listed)) < len(listed):
            raise ValueError(f"topic {topic} must list one word or more, each once; got {listed}")
    if len(words) == 1:
        return 1.0
    pairs = np.triu_indices(len(words), k=1)
    return float(1 - rank_biased_overlap(words, p)[pairs].mean())


def rank_biased_overlap(words: Sequence[Sequence[str]], p: float) -> NDArray[np.float64]:
    """Extrapolated rank-biased overlap of each two lists without repeats, (K, K)."""
    lengths = np.array([len(listed) for listed in words])
    shorter, longer = np.minimum.outer(lengths, lengths), np.maximum.outer(lengths, lengths)
    columns = {word: i for i, word in enumerate(dict.fromkeys(w for listed in words for w in listed))}
    seen = np.zeros((len(words), len(columns)))
    shared_at_shorter = np.zeros(shorter.shape)
    overlap = np.zeros(shorter.shape)
    for depth in range(1, lengths.max() + 1):
        for row, listed in zip(seen, words, strict=True):
            row[[columns[word] for word in listed[depth - 1 : depth]]] = 1.0
        shared = seen @ seen.T  # X_d
        shared_at_shorter = np.where(depth <= shorter, shared, shared_at_shorter)
        reached = np.minimum(depth, longer)
        # past the shorter list's end its unseen words are taken to agree as often as those seen
        unseen = np.maximum(reached - shorter, 0) * shared_at_shorter / shorter
        agreement = (shared + unseen) / reached
        overlap += (1 - p) * p ** (depth - 1) * agreement
    return np.asarray(overlap + p ** int(lengths.max()) * agreement)


def document_coverage(model: FittedTopicModel, X: Any, topics: Any = None, share: float = 0.1) -> float:
    """Share of the documents that hold at least one of the topics in a stated proportion.

    With the active topics it says how much of the corpus they speak of. What each topic covers on its own is
    in :func:`topic_quality`.

    Parameters
    ----------
    model : fitted ProdLDA
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents without words do not count.
    topics : array of bool (n_topics,) or of topic numbers, optional
        The topics that count. All by default.
    share : float, default=0.1
        Proportion of a document, in (0, 1]. All K topics in equal parts have 1 / K each: below that every
        document is covered by one or another.

    Returns
    -------
    float
        From 0 to 1; 0 for no topic.

    Raises
    ------
    ValueError
        The model is NVDM, whose topics take no share; `share` is out of range; no document has a word.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import document_coverage
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> document_coverage(model, corpus, share=0.25)
    1.0
    """
    require_shares(model, "coverage", "topic_information for how much a topic tells about documents")
    _check_share(share)
    values = document_topics(model, X).values
    chosen = select_topics(topics, np.arange(values.shape[1]))
    return float((values[:, chosen].max(axis=1, initial=0.0) >= share).mean())


def effective_topics(
    model: FittedTopicModel, X: Any, *, of: Literal["corpus", "document"] = "corpus"
) -> float:
    """Effective number of topics: exp of the entropy of topic proportions.

    Parameters
    ----------
    model : fitted ProdLDA
        Classes of a Concrete variable do not count where there are topics beside them; of several such
        variables and nothing else the first counts.
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents without words do not count.
    of : {"corpus", "document"}, default="corpus"
        ``"corpus"``: of the mean proportions. ``"document"``: exp of the mean entropy of a document's own
        proportions, which is never more; the ratio of the two tells how much documents differ.

    Returns
    -------
    float
        From 1, all in one topic, to the number of topics, all in equal parts.

    Raises
    ------
    ValueError
        The model is NVDM, whose topics take no share; `of` is unknown; no document has a word.

    Notes
    -----
    Jost (2007), *Partitioning diversity into independent alpha and beta components*: the true diversity of
    order 1 of the whole (γ) and of its parts (α). Topics that are not active hold a share too: for how many
    topics tell something about documents, count ``active`` in :func:`topic_information`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import effective_topics
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> 1 <= effective_topics(model, corpus, of="document") <= effective_topics(model, corpus) <= 4
    True
    """
    if of not in ("corpus", "document"):
        raise ValueError(f"of={of!r} is unknown; did you mean 'corpus' or 'document'?")
    require_shares(model, "effective number", "topic_information and count its column 'active'")
    values = document_topics(model, X).values[:, simplexes(model)[0]]
    if of == "corpus":
        mean = values.mean(axis=0, dtype=np.float64)
        return float(np.exp(entr(mean / mean.sum()).sum()))
    entropy = sum(_entropies(values[start : start + CHUNK]).sum() for start in range(0, len(values), CHUNK))
    return float(np.exp(entropy / len(values)))


def _entropies(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Entropy of each document's proportions, (n,), nats."""
    proportions = values.astype(np.float64)
    return np.asarray(entr(proportions / proportions.sum(axis=1, keepdims=True)).sum(axis=1))


def _effective_documents(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Exp of the entropy of each topic's spread over documents, (n_topics,)."""
    effective = np.zeros(values.shape[1])
    for topic, column in enumerate(values.T):  # one at a time: float64 only of a single topic
        of_topic = column.astype(np.float64)
        total = of_topic.sum()
        if total > 0:
            effective[topic] = np.exp(entr(of_topic / total).sum())
    return effective


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"share={share!r} is not a proportion of a document in (0, 1]")
