"""Exclusivity of words to topics: the FREX score, which combines exclusivity and frequency."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from hftopic._numbers import is_number, is_one_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, has_poles
from hftopic.analysis.topics import select_topics
from hftopic.data.inputs import column_words, words_to_list
from hftopic.topics.names import POLES


def topic_exclusivity(
    model: FittedTopicModel, top_n: int | None = None, weight: float = 0.7, against: Any = None
) -> NDArray[np.float64]:
    r"""Exclusivity of each topic: the mean FREX score of its top words, in (0, 1].

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    top_n : int, optional
        Number of top words per topic, for NVDM of each pole; 10 by default, or all words if there are fewer.
    weight : float, default=0.7
        Weight of exclusivity relative to frequency, from 0 to 1.
    against : array of bool (n_topics,) or of topic numbers, optional
        Topics to compare with, such as the active ones; the topic itself is always included. All by default.

    Returns
    -------
    ndarray (n_topics,), float64
        One value for every topic of the model. It is near 1 if the top words are the most exclusive words of
        the topic, and low if the top words are common to all topics. The score ranks words within a topic, so
        it does not detect duplicate topics: use ``duplicate`` in :func:`topic_summary`. If there is no other
        topic to compare with, all words have the same exclusivity, at the middle of the scale.

    Raises
    ------
    ValueError
        `weight` is not in [0, 1], `top_n` is not between 1 and the number of words, or a topic does not
        exist.

    Notes
    -----
    The FREX score of Airoldi and Bischof (2016), *Improving and evaluating topic models and other models of
    text*, is the weighted harmonic mean of two empirical distribution functions F over the words of topic k,
    of exclusivity and of frequency,

    .. math:: \mathrm{FREX}_{kv} = \left( \frac{w}{F_k(\phi_{kv})} + \frac{1-w}{F_k(p(v|k))} \right)^{-1},
        \qquad \phi_{kv} = p(v|k) / \sum_j p(v|j).

    Ties have the mean of their ranks. For NVDM the distributions are those of both poles of every topic, and
    the value of a topic is the mean over its two poles.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_exclusivity
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> topic_exclusivity(model).shape
    (4,)
    """
    top_n = _checked_n(model, top_n)
    of_poles = []
    for scores, ranked in zip(frex_scores(model, weight, against), _rankings(model), strict=True):
        leading = np.argsort(-ranked, axis=1, kind="stable")[:, :top_n]
        of_poles.append(np.take_along_axis(scores, leading, axis=1).mean(axis=1))
    return np.asarray(np.mean(of_poles, axis=0))


def frex_words(
    model: FittedTopicModel,
    n: int | None = None,
    weight: float = 0.7,
    vocabulary: Sequence[str] | None = None,
    *,
    against: Any = None,
    pole: str = "+",
) -> pd.DataFrame:
    """Words of each topic that are both frequent in it and exclusive to it, best first.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    n : int, optional
        Number of words per topic; 10 by default, or all words if there are fewer.
    weight : float, default=0.7
        Weight of exclusivity relative to frequency, from 0 to 1; see :func:`topic_exclusivity` for the score.
    vocabulary : sequence of str (n_words_of_model,), optional
        Word of each column, if the model was not fitted on a Corpus or a DataFrame. Without a vocabulary,
        column numbers are used as words.
    against : array of bool (n_topics,) or of topic numbers, optional
        Topics to compare with; the topic itself is always included. All by default.
    pole : {"+", "-"}, default="+"
        Pole to show; only NVDM has a negative pole.

    Returns
    -------
    DataFrame
        Table in the format of ``model.top_words``: one row per topic, with ``group`` and ``word_1`` to
        ``word_n``. Words with the same score are in the order of their probability.

    Raises
    ------
    ValueError
        As :func:`topic_exclusivity`; or the pole is unknown, or the model has no negative pole.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import frex_words
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> frex_words(model, 3).columns.tolist()
    ['group', 'word_1', 'word_2', 'word_3']
    """
    if not is_one_of(pole, POLES[: 1 + has_poles(model)]):
        raise ValueError(f"pole={pole!r}: {type(model).__name__} has " + " and ".join(_poles_of(model)))
    n = _checked_n(model, n)
    words = column_words(model, vocabulary)
    place = POLES.index(pole)
    scores, probabilities = frex_scores(model, weight, against)[place], _distributions(model)[place]
    leading = np.lexsort((-probabilities, -scores), axis=1)[:, :n]
    table = pd.DataFrame(
        words[leading], columns=[f"word_{i + 1}" for i in range(n)], index=np.asarray(model.topic_ids_)
    )
    table.insert(0, "group", np.asarray(model.topic_groups_))
    return table.rename_axis("topic")


def frex_poles(
    model: FittedTopicModel, n: int, weight: float, vocabulary: Sequence[str] | None, against: Any = None
) -> list[list[list[str]]]:
    """FREX words of every topic: one list, or for signed topics one list per pole, + first."""
    tables = [
        frex_words(model, n, weight, vocabulary, against=against, pole=pole)
        for pole in POLES[: 1 + has_poles(model)]
    ]
    return [table.drop(columns="group").astype(str).to_numpy().tolist() for table in tables]


def frex_scores(model: FittedTopicModel, weight: float, against: Any = None) -> list[NDArray[np.float64]]:
    """FREX score of every word in every topic, (n_topics, n_words); one array per pole."""
    if not (is_number(weight) and 0 <= weight <= 1):
        raise ValueError(f"weight must be in [0, 1], where 1 uses exclusivity only; got {weight!r}")
    poles = _distributions(model)
    own = np.sum(poles, axis=0)  # (K, V)
    rivals = select_topics(against, np.asarray(model.topic_ids_))
    outside = ~np.isin(np.arange(len(own)), rivals)
    together = own[rivals].sum(axis=0) + own * outside[:, None]
    scores = []
    for p in poles:
        exclusivity = np.divide(p, together, out=np.zeros_like(p), where=together > 0)
        scores.append(1 / (weight / _ecdf(exclusivity) + (1 - weight) / _ecdf(p)))
    return scores


def _ecdf(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Empirical distribution function of each row at its own values; ties have their mean rank."""
    return np.asarray(rankdata(values, axis=1) / values.shape[1])


def _distributions(model: FittedTopicModel) -> list[NDArray[np.float64]]:
    """p(w|topic), one array per pole."""
    poles = POLES[: 1 + has_poles(model)]
    return [model.word_scores(by="probability", pole=pole).astype(np.float64) for pole in poles]


def _rankings(model: FittedTopicModel) -> list[NDArray[np.float32]]:
    """Values by which ``top_words`` ranks the words, one array per pole."""
    return [model.word_scores(pole=pole) for pole in POLES[: 1 + has_poles(model)]]


def _poles_of(model: FittedTopicModel) -> list[str]:
    return [f"pole={pole!r}" for pole in POLES] if has_poles(model) else ["no poles"]


def _checked_n(model: FittedTopicModel, n: int | None) -> int:
    check_topic_model(model)
    return words_to_list(n, np.asarray(model.topic_word_).shape[1])
