"""Quality of topics: exclusivity, diversity and coverage, per topic and per model."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import entr

from hftopic._numbers import is_number, is_one_of
from hftopic.analysis.documents.proportions import require_shares
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.exclusivity import topic_exclusivity
from hftopic.analysis.models import FittedTopicModel, check_topic_model, has_poles
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import select_topics, topic_summary, topic_words, words_there_are
from hftopic.topics.information import ACTIVE_PEAK
from hftopic.topics.shares import in_use, shares_in_use, simplexes

CHUNK = 65536  # documents processed at a time in float64


@samples_shards
def topic_quality(
    model: FittedTopicModel,
    X: Any,
    *,
    top_n: int = 10,
    threshold: float = ACTIVE_PEAK,
    vocabulary: Sequence[str] | None = None,
    share: float = 0.1,
) -> pd.DataFrame:
    """Quality of each topic: exclusivity, coverage, effective number of documents and duplicates.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    top_n : int, default=10
        Number of top words per topic.
    threshold : float, default=0.25
        Peak information in nats above which a topic is active.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.
    share : float, default=0.1
        Minimum share of a topic in a document, among the topics in use, for the topic to cover it.

    Returns
    -------
    DataFrame
        One row per topic, in order, with columns

        - ``topic``, ``group``: numbers; ``active``: bool; ``information``: nats
        - ``exclusivity``: mean FREX score of the top words, compared with the active topics, in (0, 1], see
          :func:`topic_exclusivity`
        - ``coverage``: fraction of documents in which the topic has at least `share` of the topics in use
        - ``largest``: fraction of documents that it leads: in which it is the largest of the topics in use.
          A class of a Concrete variable is compared only with the classes of the same variable
        - ``effective_documents``: exp of the entropy of the topic's distribution over the documents. It is 1
          if a single document has all of the topic, the number of documents if all have the same proportion,
          and 0 if no document has the topic
        - ``nearest``, ``similarity``, ``duplicate``: as in :func:`topic_summary`

        NVDM has no columns ``coverage``, ``largest`` and ``effective_documents``, because its topics are
        signed and have no proportions. These columns ignore empty documents.

    Raises
    ------
    ValueError
        All documents are empty, `share` or `threshold` is out of range, or `vocabulary` does not match the
        model.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_quality
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)
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
    """Table of :func:`topic_quality`, from the result of :func:`topic_summary` with the same `top_n`."""
    quality = summary[["topic", "group", "active", "information"]].copy()
    quality["exclusivity"] = topic_exclusivity(
        model, words_there_are(model, top_n), against=summary["active"].to_numpy(dtype=bool)
    )
    if not has_poles(model):
        values = document_topics(model, X).values
        in_documents = shares_in_use(values, model.latent_space_, in_use(summary))
        quality["coverage"] = (in_documents >= share).mean(axis=0)
        quality["largest"] = summary["documents"] / len(values)
        quality["effective_documents"] = _effective_documents(values)
    return quality.join(summary[["nearest", "similarity", "duplicate"]])


def inverted_rbo(model_or_topics: Any, top_n: int = 10, p: float = 0.9, topics: Any = None) -> float:
    r"""Rank-aware diversity of topics: 1 - mean rank-biased overlap of their lists of top words.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
        As in :func:`topic_diversity`; for NVDM the positive poles.
    top_n : int, default=10
        Number of top words per topic; shorter lists are used completely.
    p : float, default=0.9
        Persistence, in (0, 1): lower values give more weight to the first words.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics to include, such as the active ones. All by default.

    Returns
    -------
    float
        1 if no two topics have a word in common, or if there is a single topic; 0 if all lists are the same.

    Raises
    ------
    ValueError
        `p` is out of range, there is no topic, or a topic has no words or lists a word twice.

    Notes
    -----
    Webber, Moffat and Zobel (2010), *A similarity measure for indefinite rankings*. This is the extrapolated
    form, which assumes that the agreement of two lists stays constant beyond their end,

    .. math:: \mathrm{RBO} = (1-p) \sum_{d=1}^{n} p^{d-1} \frac{X_d}{d} + p^n \frac{X_n}{n},

    where X_d is the number of words that the first d words of both lists share. Lists of different lengths
    use their equation 32. Bianchi, Terragni and Hovy (2021), *Pre-training is a hot topic*, use it as a
    measure of topics.

    Examples
    --------
    >>> from hftopic.analysis import inverted_rbo
    >>> inverted_rbo([["god", "faith"], ["ball", "bat"]])
    1.0
    >>> round(inverted_rbo([["god", "faith"], ["faith", "god"]], p=0.9), 3)
    0.1
    """
    if not (is_number(p) and 0 < p < 1):
        raise ValueError(f"p must be between 0 and 1, such as 0.9; got {p!r}")
    table = topic_words(model_or_topics, top_n)
    chosen = select_topics(topics, table.topics)
    words = [table.words[position] for position in chosen]
    if not words:
        raise ValueError("no topic to compare: inverted_rbo needs at least one topic")
    for topic, listed in zip(table.topics[chosen], words, strict=True):
        if not listed or len(set(listed)) < len(listed):
            raise ValueError(f"topic {topic} must list at least one word and no word twice; got {listed}")
    if len(words) == 1:
        return 1.0
    pairs = np.triu_indices(len(words), k=1)
    return float(1 - rank_biased_overlap(words, p)[pairs].mean())


def rank_biased_overlap(words: Sequence[Sequence[str]], p: float) -> NDArray[np.float64]:
    """Extrapolated rank-biased overlap of each pair of lists, (K, K); a list has no repeated words."""
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
        # beyond the end of the shorter list, its unseen words are assumed to agree as often as the seen ones
        unseen = np.maximum(reached - shorter, 0) * shared_at_shorter / shorter
        agreement = (shared + unseen) / reached
        overlap += (1 - p) * p ** (depth - 1) * agreement
    return np.asarray(overlap + p ** int(lengths.max()) * agreement)


@samples_shards
def document_coverage(model: FittedTopicModel, X: Any, topics: Any = None, share: float = 0.1) -> float:
    """Fraction of documents in which at least one of the topics has a proportion of at least `share`.

    With the active topics, this is the part of the corpus that they cover. :func:`topic_quality` has the
    coverage of each single topic.

    Parameters
    ----------
    model : fitted ProdLDA
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics to include. All by default.
    share : float, default=0.1
        Minimum proportion, in (0, 1]. Some topic always has a proportion of at least 1 / K, so with all K
        topics a `share` of up to 1 / K gives a coverage of 1.

    Returns
    -------
    float
        From 0 to 1; 0 if `topics` is empty.

    Raises
    ------
    ValueError
        The model is NVDM, whose topics have no proportions; `share` is out of range; or all documents are
        empty.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import document_coverage
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> document_coverage(model, corpus, share=0.25)
    1.0
    """
    require_shares(model, "coverage", "topic_information for the information of each topic")
    _check_share(share)
    values = document_topics(model, X).values
    chosen = select_topics(topics, np.asarray(model.topic_ids_))
    return float((values[:, chosen].max(axis=1, initial=0.0) >= share).mean())


@samples_shards
def effective_topics(
    model: FittedTopicModel, X: Any, *, of: Literal["corpus", "document"] = "corpus"
) -> float:
    """Effective number of topics: exp of the entropy of topic proportions.

    Parameters
    ----------
    model : fitted ProdLDA
        If the model has Gaussian topics, the classes of Concrete variables are ignored. If it has only
        Concrete variables, the classes of the first one are used.
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    of : {"corpus", "document"}, default="corpus"
        ``"corpus"``: exp of the entropy of the mean proportions. ``"document"``: exp of the mean entropy of
        the proportions of each document, which is never larger. The ratio of the two measures how much the
        documents differ.

    Returns
    -------
    float
        From 1 (one topic has everything) to the number of topics (all have equal proportions).

    Raises
    ------
    ValueError
        The model is NVDM, whose topics have no proportions; `of` is unknown; or all documents are empty.

    Notes
    -----
    Jost (2007), *Partitioning diversity into independent alpha and beta components*: the true diversity of
    order 1 of the whole (γ) and of its parts (α). Inactive topics also have a proportion. To count the topics
    that carry information, sum ``active`` in :func:`topic_information`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import effective_topics
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> 1 <= effective_topics(model, corpus, of="document") <= effective_topics(model, corpus) <= 4
    True
    """
    if not is_one_of(of, ("corpus", "document")):
        raise ValueError(f"of={of!r} is unknown; did you mean 'corpus' or 'document'?")
    require_shares(model, "effective number", "topic_information and count its column 'active'")
    values = document_topics(model, X).values[:, simplexes(model.latent_space_)[0]]
    if of == "corpus":
        mean = values.mean(axis=0, dtype=np.float64)
        return float(np.exp(entr(mean / mean.sum()).sum()))
    entropy = sum(_entropies(values[start : start + CHUNK]).sum() for start in range(0, len(values), CHUNK))
    return float(np.exp(entropy / len(values)))


def _entropies(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Entropy of each document's proportions, (n,), in nats."""
    proportions = values.astype(np.float64)
    return np.asarray(entr(proportions / proportions.sum(axis=1, keepdims=True)).sum(axis=1))


def _effective_documents(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Exp of the entropy of each topic's distribution over documents, (n_topics,)."""
    effective = np.zeros(values.shape[1])
    for topic, column in enumerate(values.T):  # only one topic at a time is in float64
        of_topic = column.astype(np.float64)
        total = of_topic.sum()
        if total > 0:
            effective[topic] = np.exp(entr(of_topic / total).sum())
    return effective


def _check_share(share: float) -> None:
    if not (is_number(share) and 0 < share <= 1):
        raise ValueError(f"share must be a proportion in (0, 1]; got {share!r}")
