"""Topics by label: mean shares of topics in the documents of each label, and what goes with a label."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_scalar

from hftopic._numbers import is_one_of
from hftopic.analysis.correlation.significance import adjusted
from hftopic.analysis.documents.means import Means, between_classes, class_means, moments_of_values
from hftopic.analysis.documents.proportions import require_shares
from hftopic.analysis.documents.shares import Shares, check_length, document_shares, facts_of, names_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, corpus_of, has_poles
from hftopic.analysis.sampled import samples_shards
from hftopic.data.sequences import check_sequence, listed, why_unwritable


@samples_shards
def topics_by_label(
    model: FittedTopicModel,
    X: Any,
    labels: Sequence[Any] | None = None,
    *,
    measure: Literal["mean", "lift"] = "mean",
    topics: Any = "active",
) -> pd.DataFrame:
    """Mean topic shares of the documents with each label.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    labels : sequence (n_documents,), optional
        Label of each document; by default the labels of the Corpus. Documents with a missing label are
        ignored. The order of a pandas Categorical is kept.
    measure : {"mean", "lift"}, default="mean"
        ``"mean"``: mean share of the topic over the documents with the label; for NVDM, mean E[z|x].
        ``"lift"``: the mean share divided by the mean over all labelled documents: 2 means twice the
        average. It is 1 if no document contains the topic. Not for NVDM, whose topics are signed.
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        Topics among which a document is shared out; they are the columns. ``"active"`` are the topics in use:
        active, and no duplicates. If there are none, a warning says so, and all are shown.

    Returns
    -------
    DataFrame, (n_labels, n_topics)
        Index ``label`` has the labels that occur, sorted; columns are topic numbers. Its ``attrs`` have plain
        dicts:

        - ``documents``: number of documents of each label
        - ``errors``: standard error of each value, by topic and ``str(label)``; NaN for a single document
        - ``p_adjusted``: by topic, the p-value of the differences between the labels, against shuffled
          documents, adjusted over the topics by Benjamini and Hochberg (1995)
        - ``names``, ``groups``: name and group, by topic; ``measure``
        - ``remainder``: mean share that the model gives to all other topics, before they are left out

    Raises
    ------
    ValueError
        There are no labels, their number is not the number of documents, or all are missing; `measure` is
        unknown, or not defined for the model; a topic does not exist.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topics_by_label
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> table = topics_by_label(model, corpus, ["even", "odd"] * 100, topics="all")
    >>> table.index.tolist(), table.sum(axis=1).round(5).tolist()
    (['even', 'odd'], [1.0, 1.0])
    """
    if not is_one_of(measure, ("mean", "lift")):
        raise ValueError(f"measure={measure!r} is unknown; did you mean 'mean' or 'lift'?")
    if measure == "lift":
        require_shares(model, "lift", "measure='mean' and compare differences")
    found = _by_label(model, X, labels, topics)
    means, errors, sizes, _ = found.of_labels
    if measure == "lift":
        overall = found.overall
        errors = np.divide(errors, overall, out=np.full_like(errors, np.nan), where=overall > 0)
        means = np.divide(means, overall, out=np.ones_like(means), where=overall > 0)
    table = pd.DataFrame(means, found.labels, pd.Index(found.shares.topics, name="topic"))
    table.attrs["documents"] = dict(zip(table.index, sizes.tolist(), strict=True))
    table.attrs["measure"] = measure
    table.attrs |= facts_of(model, found.shares, table.index, errors, found.of_labels.p_adjusted)
    return table


@samples_shards
def label_topics(
    model: FittedTopicModel, X: Any, labels: Sequence[Any] | None = None, *, topics: Any = "active"
) -> pd.DataFrame:
    """What goes with each label: topics with a larger share in its documents than in the others.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    labels : sequence (n_documents,), optional
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        As in :func:`topics_by_label`.

    Returns
    -------
    DataFrame
        One row per label and topic; label after label, the largest excess over the other documents first:

        - ``label``; ``documents``: number of documents with it; ``topic``, ``name``
        - ``share``: mean share in the documents with the label; for NVDM ``value``, mean E[z|x]
        - ``others``: the same in the documents with other labels; NaN if there are none
        - ``lift``: ``share`` over the mean of all labelled documents, see :func:`topics_by_label`; not for
          NVDM
        - ``p_adjusted``: p-value of the difference of ``share`` and ``others``, against shuffled documents,
          adjusted over all rows by Benjamini and Hochberg (1995); NaN where a label has one document

    Raises
    ------
    ValueError
        As :func:`topics_by_label`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import label_topics
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> table = label_topics(model, corpus, ["even", "odd"] * 100, topics="all")
    >>> table.columns.tolist()
    ['label', 'documents', 'topic', 'name', 'share', 'others', 'lift', 'p_adjusted']
    """
    found, signed = _by_label(model, X, labels, topics), has_poles(model)
    means, _, sizes, _ = found.of_labels
    others, p_values = _against_others(found)
    n_labels, n_topics = means.shape
    table = pd.DataFrame(
        {
            "label": found.labels.repeat(n_topics),
            "documents": sizes.repeat(n_topics),
            "topic": np.tile(found.shares.topics, n_labels),
            "name": list(names_of(model, found.shares.topics).values()) * n_labels,
            "value" if signed else "share": means.ravel(),
            "others": others.ravel(),
        }
    )
    if not signed:
        overall = found.overall
        lift = np.divide(means, overall, out=np.ones_like(means), where=overall > 0)
        table["lift"] = lift.ravel()
    table["p_adjusted"] = adjusted(p_values.ravel())
    excess = np.nan_to_num(others - means)  # (n_labels, n_topics); ascending
    ranked = np.argsort(excess, axis=1, kind="stable") + n_topics * np.arange(n_labels)[:, None]
    ordered: pd.DataFrame = table.iloc[ranked.ravel()].reset_index(drop=True)
    return ordered


class _ByLabel(NamedTuple):
    """Shares of the labelled documents, by label."""

    shares: Shares
    labels: pd.Index
    of_labels: Means
    values: NDArray[np.float64]  # (n, k) shares of the labelled documents

    @property
    def overall(self) -> NDArray[np.float64]:
        """Mean over the labelled documents, (k,)."""
        return np.asarray(self.values.mean(axis=0))


def _by_label(model: FittedTopicModel, X: Any, labels: Any, topics: Any) -> _ByLabel:
    check_topic_model(model)
    if labels is None:
        corpus = corpus_of(X)
        if corpus is None or corpus.labels is None:
            raise ValueError("no labels: X has none; pass labels= with one label per document")
        labels = corpus.labels.tolist()
    classes = classes_of(labels)
    shares = document_shares(model, X, topics)
    check_length(classes, shares.n_documents, "labels")
    codes = np.asarray(classes.codes, dtype=np.int64)[shares.rows]
    if not (codes >= 0).any():
        raise ValueError("labels are missing for all non-empty documents; pass at least one label")
    values = shares.values[codes >= 0]
    occurring, codes = np.unique(codes[codes >= 0], return_inverse=True)
    names = pd.Index(classes.categories[occurring], name="label")
    return _ByLabel(shares, names, class_means(codes, values), values)


def _against_others(found: _ByLabel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of the documents with other labels, and p-values against shuffles, (n_labels, n_topics) each."""
    means, _, sizes, _ = found.of_labels
    others, p_values = np.full_like(means, np.nan), np.full_like(means, np.nan)
    sums, of_all = sizes[:, None] * means, moments_of_values(found.values)
    for label in range(len(sizes)) if len(sizes) > 1 else ():
        two = np.array([sizes[label], sizes.sum() - sizes[label]])
        others[label] = (sums.sum(axis=0) - sums[label]) / two[1]
        if two.min() > 1:
            p_values[label] = between_classes(two, np.stack([means[label], others[label]]), of_all)
    return others, p_values


def classes_of(labels: Any) -> pd.Categorical:
    """Labels as classes: sorted, or in the order of a Categorical."""
    check_sequence(labels, "labels", "pass a sequence with one label per document")
    typed = isinstance(labels, np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray)
    if isinstance(getattr(labels, "dtype", None), pd.CategoricalDtype):
        return pd.Categorical(labels)
    if not typed or labels.dtype.kind in "OS":
        labels = pd.Series(listed(labels), dtype=object)
        for place, label in enumerate(labels):
            if not is_scalar(label) or isinstance(label, bytes):
                raise ValueError(
                    f"labels[{place}] is {label!r} of type {type(label).__name__}; "
                    "pass one label per document"
                )
            reason = why_unwritable(label) if isinstance(label, str) else None
            if reason is not None:
                raise ValueError(f"labels[{place}] {reason}")
        labels = labels.infer_objects()
    return pd.Categorical(labels)
