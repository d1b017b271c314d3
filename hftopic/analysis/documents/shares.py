"""Shares of topics in documents: proportions over the topics in use, so that silent topics take none."""

from typing import Any, NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.models import FittedTopicModel, has_poles, places_of
from hftopic.analysis.used import check_choice, mask_of
from hftopic.topics.shares import remainder, shares_in_use
from hftopic.topics.summary import NothingLearntWarning, nothing_learnt


class Shares(NamedTuple):
    """Shares of the non-empty documents over some topics; for signed topics E[z|x]."""

    topics: NDArray[np.int64]  # (k,) topic numbers
    values: NDArray[np.float64]  # (n, k); they add up to 1 over the topics of each simplex
    rows: NDArray[np.int64]  # (n,) positions of these documents in X
    n_documents: int  # all documents of X, including empty ones
    remainder: float  # mean share that the model gives to the other topics; 0 for signed topics


def document_shares(model: FittedTopicModel, X: Any, topics: Any = "active") -> Shares:
    """Shares of the non-empty documents over the topics "active" (in use), "all", a mask or numbers.

    A softmax gives every topic a part of every document, also those that the fit has left silent. A share is
    the proportion divided by the sum of the proportions of the chosen topics in the same document. The
    training documents tell which topics are in use.

    Raises
    ------
    TypeError, ValueError
        `model` is no topic model, a topic does not exist, or all documents are empty.
    """
    signed = has_poles(model)
    check_choice(topics)
    chosen, found = chosen_topics(model, topics), document_topics(model, X)
    values, ids = found.values.astype(np.float64), np.asarray(model.topic_ids_)[chosen]
    return Shares(
        ids,
        shares_over(model, values, ids),
        found.rows,
        found.n_documents,
        0.0 if signed else remainder(values.mean(axis=0), model.latent_space_, chosen),
    )


def shares_over(
    model: FittedTopicModel, values: NDArray[np.float64], topics: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Shares over some topics, (n, k), from what ``transform`` returns; signed values as they are."""
    places = places_of(model, topics)
    if has_poles(model):
        return values[:, places]
    chosen = np.isin(np.arange(values.shape[1]), places)
    return shares_in_use(values, model.latent_space_, chosen)[:, places]


def of_groups(model: FittedTopicModel, shares: Shares) -> tuple[Shares, NDArray[np.float64]]:
    """Shares of the groups of topics, and the matrix that adds up those of their topics, (k, n_groups)."""
    groups, place = np.unique(groups_of(model, shares.topics), return_inverse=True)
    members = np.eye(len(groups))[place]
    return shares._replace(topics=groups.astype(np.int64), values=shares.values @ members), members


def chosen_topics(model: FittedTopicModel, topics: Any) -> NDArray[np.bool_]:
    """Mask of the topics; a warning if none is in use."""
    summary = model.topic_summary_
    chosen = mask_of(summary, topics)
    if isinstance(topics, str) and not chosen.any():
        reason = nothing_learnt(model.n_iter_)
        warn(f"{reason}; all topics are shown", NothingLearntWarning, stacklevel=level_of_the_caller())
        return mask_of(summary, "all")
    return chosen


def names_of(model: FittedTopicModel, topics: NDArray[np.int64]) -> dict[int, str]:
    """Names of topics by number, as the model has them."""
    return dict(zip(topics.tolist(), model.topic_names_[places_of(model, topics)].tolist(), strict=True))


def groups_of(model: FittedTopicModel, topics: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups of topics, of the same shape."""
    return np.asarray(model.topic_groups_)[places_of(model, topics)]


def facts_of(
    model: FittedTopicModel,
    shares: Shares,
    classes: pd.Index,
    errors: NDArray[np.float64],
    p_adjusted: NDArray[np.float64],
    *,
    summed: bool = False,
) -> dict[str, Any]:
    """What ``attrs`` say of a table of means by class: plain dicts, so that pandas can copy and save them.

    With `summed`, the shares are those of groups, whose numbers they have for those of topics.
    """
    topics = shares.topics.tolist()
    keys = [str(value) for value in classes]
    groups = topics if summed else groups_of(model, shares.topics).tolist()
    return {
        "errors": {
            topic: dict(zip(keys, column, strict=True))
            for topic, column in zip(topics, errors.T.tolist(), strict=True)
        },
        "p_adjusted": dict(zip(topics, p_adjusted.tolist(), strict=True)),
        "names": {group: f"group {group}" for group in topics} if summed else names_of(model, shares.topics),
        "groups": dict(zip(topics, groups, strict=True)),
        "remainder": shares.remainder,
    }


def check_length(given: Any, n_documents: int, name: str) -> None:
    """Check that there is one label or date per document.

    Raises
    ------
    ValueError
        There is not.
    """
    if len(given) != n_documents:
        raise ValueError(f"got {len(given)} {name} for {n_documents} documents; pass one per document")
