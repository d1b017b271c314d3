"""The numbers of every topic over some documents: information, activity, shares and duplicates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.topics.information import ACTIVE_PEAK, information_table
from hftopic.topics.repeats import first_of_its_kind, shared_by_poles
from hftopic.topics.shares import documents_led, in_use, mean_shares, remainder

COMPARED = 10  # top words that are compared to find duplicates
DUPLICATE = 0.5  # of which at least so many are shared
ACTIVITY = ["active", "nearest", "similarity", "duplicate"]  # columns that say which topics are in use


class NothingLearntWarning(UserWarning):
    """A model has no active topic, or too few for a score, which is then the lowest one."""


def nothing_learnt(n_epochs: int, n_active: int = 0) -> str:
    """Why a model has no active topic, or only so many, and what to do."""
    active = f"{n_active} topic is" if n_active == 1 else f"{n_active or 'no'} topics are"
    return f"{active} active after {n_epochs} epochs: nothing was learnt yet; train longer (max_iter)"


def n_compared(top_n: int, n_words: int) -> int:
    """Number of top words to compare, at most a quarter of the vocabulary: more are shared by chance."""
    return max(1, min(top_n, n_words // 4))


def summarised(
    posterior: MeanFieldPosterior,
    values: NDArray[np.float32],
    prominent: NDArray[np.float32],
    prior: LatentPrior,
    signed: bool,
    poles: Sequence[list[list[Any]]],
    ids: NDArray[np.int64],
    *,
    residual: MeanFieldPosterior | None = None,
    known: pd.DataFrame | None = None,
    threshold: float = ACTIVE_PEAK,
    duplicate_threshold: float = DUPLICATE,
) -> pd.DataFrame:
    """Table of :func:`hftopic.analysis.topic_summary`, without words and names.

    Parameters
    ----------
    posterior : MeanFieldPosterior, on the CPU
        That of the documents of the information.
    values, prominent : ndarray, shape (N, n_topics)
        Output of ``transform`` for documents with words, and its :func:`prominence`.
    prior : LatentPrior
    signed : bool
        Whether the topics are signed.
    poles : sequence of lists of lists
        The top words of every topic to compare, at each of its poles.
    ids : ndarray of int, shape (n_topics,)
        Numbers of the topics.
    residual : MeanFieldPosterior, optional
        As in :func:`information_table`.
    known : DataFrame, optional
        Summary of other documents that says which topics are active and which repeat others. By default these
        documents and the words tell.
    threshold, duplicate_threshold : float
    """
    space = prior.space
    table = information_table(posterior, prior, ids, threshold, residual)
    if known is None:
        _add_repeats(table, poles, duplicate_threshold)
    else:
        table[ACTIVITY] = known[ACTIVITY]
    used = in_use(table)
    table.insert(2, "documents", documents_led(prominent, space, used))
    if not signed:
        table.insert(3, "share", mean_shares(values, space, used))
        table.attrs["remainder"] = remainder(values.mean(axis=0, dtype=np.float64), space, used)
    table.attrs["n_documents"] = len(values)
    return table


def _add_repeats(table: pd.DataFrame, poles: Sequence[list[list[Any]]], threshold: float) -> None:
    """Add which active topic has the most words of each topic, and which topics are duplicates."""
    active = table["active"].to_numpy(dtype=bool)
    overlap = shared_by_poles(poles, active)
    informative = table["information"].where(active, -np.inf).to_numpy()
    distinct, repeats = first_of_its_kind(informative, overlap >= threshold, smallest=0.0)
    duplicate = active & ~distinct
    nearest = np.where(duplicate, repeats, overlap.argmax(axis=1))
    similarity = overlap[np.arange(len(nearest)), nearest]
    table["nearest"] = pd.Series(table["topic"].to_numpy()[nearest]).astype("Int64").where(similarity > 0)
    table["similarity"] = similarity
    table["duplicate"] = duplicate
