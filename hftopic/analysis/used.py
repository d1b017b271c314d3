"""Topics in use: those that are active and do not repeat a more informative one."""

from typing import Any
from warnings import warn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic.analysis.models import FittedTopicModel
from hftopic.analysis.topics import select_topics
from hftopic.topics.shares import in_use, shares_in_use


def left_out(summary: pd.DataFrame) -> str:
    """Number of topics that :func:`in_use` leaves out, and why, as a sentence; "" if there are none."""
    n_inactive, n_repeats = int((~summary["active"]).sum()), int(summary["duplicate"].sum())
    if not n_inactive + n_repeats:
        return ""
    reasons = [f"{n_inactive} not active"] * bool(n_inactive)
    reasons += [f"{n_repeats} with the words of a more informative one"] * bool(n_repeats)
    return f"{n_inactive + n_repeats} of {len(summary)} topics left out: {', '.join(reasons)}"


def mask_of(summary: pd.DataFrame, topics: Any) -> NDArray[np.bool_]:
    """Mask of topics given as "active" (those :func:`in_use`), "all", a mask or numbers, (n_topics,).

    Raises
    ------
    ValueError
        `topics` is another str, or has a topic that does not exist.
    """
    check_choice(topics)
    if isinstance(topics, str) and topics == "active":
        return in_use(summary)
    return _chosen(summary["topic"].to_numpy(), topics)


def _chosen(ids: NDArray[np.int64], topics: Any) -> NDArray[np.bool_]:
    """Mask of "all", a mask or numbers."""
    chosen = np.zeros(len(ids), dtype=bool)
    chosen[select_topics(None if isinstance(topics, str) else topics, ids)] = True
    return chosen


def check_choice(topics: Any) -> None:
    """Check that `topics` is "active" or "all" if it is a str.

    Raises
    ------
    ValueError
        It is another str.
    """
    if isinstance(topics, str) and topics not in ("active", "all"):
        raise ValueError(f"topics={topics!r} is unknown; did you mean 'active', 'all' or topic numbers?")


def shares_of_documents(
    model: FittedTopicModel, values: NDArray[np.float32], chosen: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Shares of topics in documents, (n_documents, n_topics), among those in use and those at these places.

    The topics in use are those of ``model.topic_summary_``. The values of signed topics, and those of all
    topics together, stay as they are.
    """
    counted = np.isin(np.arange(values.shape[1]), chosen)
    if model.signed_topics_ or counted.all():
        return values.astype(np.float64)
    counted |= in_use(model.topic_summary_)
    return shares_in_use(values, model.latent_space_, counted)


def topics_to_show(model: FittedTopicModel, topics: Any) -> NDArray[np.bool_]:
    """Mask of the topics of an export, see :func:`mask_of`; a warning says how many "active" leaves out."""
    check_choice(topics)
    if not (isinstance(topics, str) and topics == "active"):
        return _chosen(np.asarray(model.topic_ids_), topics)
    summary = model.topic_summary_
    note = left_out(summary)
    if note:
        warn(f"{note}; topics='all' shows them", stacklevel=level_of_the_caller())
    return in_use(summary)
