"""Words over time: how the words of topics drift between periods."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from hftopic._numbers import is_whole
from hftopic._wording import counted
from hftopic.analysis.correlation.significance import LEVEL, adjusted
from hftopic.analysis.documents.dated import Dated, dated_shares
from hftopic.analysis.documents.drift import Drift, drift
from hftopic.analysis.documents.exchange import exchanged, log_probabilities
from hftopic.analysis.documents.periods import moments_of
from hftopic.analysis.documents.shares import names_of
from hftopic.analysis.models import FittedTopicModel, has_poles, model_vocabulary, places_of
from hftopic.analysis.sampled import samples_shards
from hftopic.data.inputs import column_words
from hftopic.latent.usage import WordUsage

FIRST = 199  # permutations after which a topic that does not drift at LEVEL is given up

Key = tuple[int, str]  # a topic and a pole


@dataclass(frozen=True, eq=False, repr=False)
class WordsOverTime:
    """How the words of topics drift between periods: the result of :func:`words_over_time`.

    Attributes
    ----------
    topics : DataFrame
        One row per topic, or per topic and ``pole``: ``topic``, ``name``; ``uses``, the expected number of
        times that a document uses a word for it; ``divergence``, ``expected``, ``p_value``, ``p_adjusted``;
        ``rising`` and ``falling``, lists of words that do so beyond chance.
    words : DataFrame
        The words that rise and fall most, rising ones first: ``topic``, ``word``; ``start`` and ``end``,
        p(w|topic) on a straight line in the first and in the last period; ``score``, the slope of the line in
        standard deviations over the permutations; ``p_value``, adjusted over the words of the topic;
        ``direction``, "rising" or "falling" if it is at most 0.05, else "".
    documents : Series
        Number of documents of each period.
    """

    topics: pd.DataFrame
    words: pd.DataFrame
    documents: "pd.Series[int]"
    step: float | None = field(repr=False)
    _drifts: dict[Key, Drift]
    _vocabulary: NDArray[np.object_]

    def __repr__(self) -> str:
        n = int((self.topics["p_adjusted"] <= LEVEL).sum())
        drifting = f"{n} of {counted(len(self.topics), 'topic')} drift" + ("s" if n == 1 else "")
        return f"<WordsOverTime: the words of {drifting} over {counted(len(self.documents), 'period')}>"

    def probabilities(
        self, topic: int, words: Sequence[str] | None = None, *, pole: str = "+"
    ) -> pd.DataFrame:
        """p(w|topic, period), one row per period and one column per word.

        Parameters
        ----------
        topic : int
        words : sequence of str, optional
            By default those of the topic in :attr:`words`. Over all words, a row adds up to 1.
        pole : {"+", "-"}, default="+"
            Of a signed topic.

        Raises
        ------
        ValueError
            There are no results of this topic, or it has no such word.
        """
        found = self._drifts.get((topic, pole))
        if found is None:
            raise ValueError(f"no topic {topic!r} with pole {pole!r}; there are {sorted(self._drifts)}")
        if words is None:
            of_topic = self.words[self.words["topic"] == topic]
            of_topic = of_topic[of_topic["pole"] == pole] if "pole" in of_topic else of_topic
            words = of_topic["word"].tolist()
        place = {word: column for column, word in enumerate(self._vocabulary.tolist())}
        unknown = [word for word in words if word not in place]
        if unknown:
            raise ValueError(f"words that the model does not have: {', '.join(map(repr, unknown))}")
        values = found.of_columns(np.array([place[word] for word in words], dtype=np.int64))
        return pd.DataFrame(values, self.documents.index, pd.Index(words, name="word", dtype=object))


@samples_shards
def words_over_time(
    model: FittedTopicModel,
    X: Any,
    dates: Sequence[Any] | str | None = None,
    *,
    freq: Any = None,
    topics: Any = "active",
    n_words: int = 10,
    n_permutations: int = 999,
    random_state: Any = 0,
    vocabulary: Sequence[str] | None = None,
) -> WordsOverTime:
    r"""Drift of the words of topics over time: p(w|topic, period), and a test of drift for each topic.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    dates : sequence (n_documents,) or name of a column of the metadata of X, optional
    freq : str, DateOffset, number or None
        As in :func:`topics_over_time`.
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        Topics of the result.
    n_words : int, default=10
        Maximum number of rising, and of falling, words of each topic in the table of words.
    n_permutations : int, default=999
        Permutations of the dates; the smallest p-value is 1 / (1 + n_permutations). After 199, only topics
        with a p-value of at most 0.05 go on.
    random_state : int, RandomState or None, default=0
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    WordsOverTime
        With the tables ``topics`` and ``words``, and ``probabilities(topic)``.

    Raises
    ------
    ValueError
        As :func:`topics_over_time`; or there is only one period, or a number is not a positive int.

    Notes
    -----
    The words of the documents of a period are distributed over the topics as for ``topic_word_``: each
    distinct word of a document is used for a topic with the probability that the mixture of the topics gives
    it. Words that few documents use for a topic, or that it uses less than
    the corpus does, are compared as one.

    ``divergence`` is the Jensen-Shannon divergence of p(w|topic, period) between the periods, which weigh as
    much as the topic has words in them, in nats: what a word of the topic tells of its period. It is missing,
    and there is no test, for a topic without a word that ten documents use for it.

    Dates are permuted so that each document keeps its topics, and the topics their prevalence: two documents
    exchange their dates with the odds that a logistic regression of the periods on the topics gives them (the
    conditional permutation test of Berrett et al., 2020). A topic that becomes rarer, or the company of other
    topics, is therefore no drift. ``expected`` is the mean divergence of the permutations, and ``p_value`` is
    that of the divergence or of the steepest word, whichever is smaller, against the permutations;
    ``p_adjusted`` is adjusted over the topics by Benjamini and Hochberg (1995).

    p(w|topic, period) is smoothed: a word is moved towards its mean over the periods by the part of its
    variance between them that the permutations have too.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import words_over_time
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> found = words_over_time(model, corpus, [1990 + i // 50 for i in range(200)], topics=[3],
    ...                         n_permutations=19)
    >>> found.topics.columns.tolist()[:6]
    ['topic', 'name', 'uses', 'divergence', 'expected', 'p_value']
    >>> found.probabilities(3).shape[0]
    4
    """
    for name, number in (("n_permutations", n_permutations), ("n_words", n_words)):
        if not is_whole(number):
            raise ValueError(f"{name} must be a positive int, got {number!r}")
    found = dated_shares(model, X, dates, freq, topics)
    if len(found.spans) < 2:
        raise ValueError(
            f"all documents are of one period, {found.spans[0]}, and words drift between periods; pass a "
            "shorter freq"
        )
    words = column_words(model, model_vocabulary(model, X, vocabulary))
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    usage, rows = model.word_usage(found.encoded), found.shares.rows[found.known]
    known = _what_topics_tell(model, found, usage)[rows]
    drawn = exchanged(found.codes, log_probabilities(found.codes, known), n_permutations, generator)
    moments = moments_of(found.spans)
    poles = ("+", "-") if has_poles(model) else ("+",)
    topics, places = found.shares.topics, places_of(model, found.shares.topics)
    drifts = {
        (topic, pole): _tested(usage(place, pole)[rows], moments, found.codes, drawn)
        for topic, place in zip(topics.tolist(), places.tolist(), strict=True)
        for pole in poles[: 1 + bool(model.latent_space_.gaussian[place])]
    }
    sizes = pd.Series(np.bincount(found.codes), found.spans, name="documents")
    by_word = pd.concat([_of_words(key, of_topic, words, n_words) for key, of_topic in drifts.items()])
    by_topic = _of_topics(drifts, words, names_of(model, found.shares.topics))
    tables = [table if len(poles) > 1 else table.drop(columns="pole") for table in (by_topic, by_word)]
    return WordsOverTime(tables[0], tables[1].reset_index(drop=True), sizes, found.step, drifts, words)


def _tested(
    usage: sp.csr_array, moments: NDArray[np.float64], codes: NDArray[np.int64], drawn: NDArray[np.integer]
) -> Drift:
    """Drift of a topic, with all permutations only if the first of them do not settle it.

    A p-value of at most LEVEL is one of all permutations, so that it is as rare as it says.
    """
    first = drift(usage, moments, codes, drawn[:FIRST])
    settled = len(drawn) <= FIRST or not first.p_value <= LEVEL
    return first if settled else drift(usage, moments, codes, drawn)


def _what_topics_tell(model: FittedTopicModel, found: Dated, usage: WordUsage) -> NDArray[np.float64]:
    """What the topics of a document could tell of its date, (N, P): their words, and E[z|x]."""
    n_topics, poles = len(model.topic_groups_), ("+", "-") if has_poles(model) else ("+",)
    used = [usage(topic, pole).sum(axis=1) for pole in poles for topic in range(n_topics)]
    lengths = np.diff(found.encoded.counts.indptr).clip(1)[:, None]
    shares = np.stack(used, axis=1).astype(np.float64) / lengths
    return np.concatenate([np.sqrt(shares), found.encoded.posterior.mean, np.log(lengths)], axis=1)


def _of_topics(drifts: dict[Key, Drift], words: NDArray[np.object_], names: dict[int, str]) -> pd.DataFrame:
    """Table of topics: their drift, and the words that rise and fall beyond chance, steepest first."""
    found = list(drifts.values())
    p_values = np.array([of_topic.p_value for of_topic in found])
    steepest = [np.argsort(-of_topic.scores, kind="stable") for of_topic in found]
    sure = [order[of_topic.p_values[order] <= LEVEL] for order, of_topic in zip(steepest, found, strict=True)]
    up = [places[of_topic.scores[places] > 0] for places, of_topic in zip(sure, found, strict=True)]
    down = [places[of_topic.scores[places] < 0][::-1] for places, of_topic in zip(sure, found, strict=True)]
    return pd.DataFrame(
        {
            "topic": [topic for topic, _ in drifts],
            "pole": [pole for _, pole in drifts],
            "name": [names[topic] for topic, _ in drifts],
            "uses": [of_topic.used.sum() for of_topic in found],
            "divergence": [of_topic.divergence for of_topic in found],
            "expected": [of_topic.expected for of_topic in found],
            "p_value": p_values,
            "p_adjusted": adjusted(p_values),
            **{
                column: [
                    words[d.columns[of_topic]].tolist() for of_topic, d in zip(places, found, strict=True)
                ]
                for column, places in (("rising", up), ("falling", down))
            },
        }
    )


def _of_words(key: Key, found: Drift, words: NDArray[np.object_], n_words: int) -> pd.DataFrame:
    """Table of the words of a topic that rise and fall most."""
    order = np.argsort(-found.scores, kind="stable")
    n_up, n_down = int((found.scores > 0).sum()), int((found.scores < 0).sum())
    chosen = np.concatenate([order[: min(n_words, n_up)], order[len(order) - min(n_words, n_down) :]])
    scores, p_values = found.scores[chosen], found.p_values[chosen]
    direction = np.where(scores > 0, "rising", "falling")
    return pd.DataFrame(
        {
            "topic": key[0],
            "pole": key[1],
            "word": words[found.columns[chosen]],
            "start": found.ends[0, chosen],
            "end": found.ends[1, chosen],
            "score": scores,
            "p_value": p_values,
            "direction": np.where(p_values <= LEVEL, direction, ""),
        }
    )
