"""Layout of topics in figures: a map by words, and an order by correlations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist

from hftopic.analysis.documents.shares import names_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, corpus_of, has_poles
from hftopic.analysis.topics import select_topics
from hftopic.data.sequences import described


def topic_map(model: FittedTopicModel, topics: Any = None) -> pd.DataFrame:
    """Positions of the topics on a map, where topics with similar words are close together.

    Classical multidimensional scaling (Torgerson 1952) of the Jensen-Shannon distances between p(w|topic), as
    in Sievert and Shirley (2014), *LDAvis*. For NVDM, whose topics are signed, the distance is 1 - cos² of
    the weights.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics on the map. All by default.

    Returns
    -------
    DataFrame
        One row per topic: ``topic``, ``name``, ``group``, ``x``, ``y``. The axes have no unit; ``x`` is
        the direction in which topics differ most. A single topic is at (0, 0). ``attrs["explained"]`` has the
        fraction of the squared distances explained by each axis.

    Raises
    ------
    ValueError
        A topic does not exist, or documents are passed in place of topics.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_map
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> topic_map(model).columns.tolist()
    ['topic', 'name', 'group', 'x', 'y']
    """
    check_topic_model(model)
    if corpus_of(topics) is not None:
        raise ValueError(
            f"a map shows the words of topics and needs no documents; got {described(topics)}: call "
            "topic_map(model), or pass numbers of topics"
        )
    groups, ids = np.asarray(model.topic_groups_), np.asarray(model.topic_ids_)
    chosen = select_topics(topics, ids)
    if has_poles(model):
        distances = 1 - (1 - pdist(np.asarray(model.components_, dtype=np.float64)[chosen], "cosine")) ** 2
    else:
        distances = pdist(np.asarray(model.topic_word_, dtype=np.float64)[chosen], "jensenshannon")
    square = np.zeros((len(chosen), len(chosen)))
    square[np.triu_indices(len(chosen), 1)] = distances
    places, explained = _classical_scaling(square + square.T)
    table = pd.DataFrame(
        {
            "topic": ids[chosen],
            "name": list(names_of(model, ids[chosen]).values()),
            "group": groups[chosen],
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )
    table.attrs["explained"] = explained
    return table


def _classical_scaling(distances: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Points (n, 2) that approximate the given distances (n, n), and the fraction explained by each axis.

    The sign of each axis is chosen so that the point farthest from 0 is positive.
    """
    n = len(distances)
    if n < 2:
        return np.zeros((n, 2)), (0.0, 0.0)
    squared = distances**2
    gram = -0.5 * (squared - squared.mean(0) - squared.mean(1)[:, None] + squared.mean())
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    places = vectors[:, :2] * np.sqrt(values[:2])
    places *= np.where(places[np.abs(places).argmax(0), [0, 1]] < 0, -1.0, 1.0)
    first, second = values[:2] / max(values.sum(), np.finfo(float).tiny)
    return places, (float(first), float(second))


def seriated(correlations: pd.DataFrame, groups: Sequence[int] | np.ndarray) -> list[int]:
    """Order of topics that puts topics with similar correlations side by side, group after group.

    Within a group, this is the optimal leaf ordering (Bar-Joseph et al. 2001) of average linkage. The
    distance of two topics is the distance between their rows of absolute correlations with all topics. So
    topics that are correlated with the same topics of another group are also neighbours.

    Parameters
    ----------
    correlations : DataFrame, (n, n)
        Correlations, such as ``TopicCorrelation.matrix``.
    groups : array of int (n,)
        Group of each topic in `correlations`.

    Returns
    -------
    list of int
        Topic numbers.
    """
    strengths = np.abs(correlations.to_numpy())
    group_of = np.asarray(groups)
    order: list[int] = []
    for group in np.unique(group_of):
        members = np.flatnonzero(group_of == group)
        if len(members) > 2:
            rows = pdist(strengths[members])
            members = members[leaves_list(optimal_leaf_ordering(linkage(rows, "average"), rows))]
        order.extend(correlations.index[members].tolist())
    return order
