"""Documents of a study of effects: which are read, and what is known of them."""

from typing import Any, NamedTuple
from warnings import warn

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic._wording import counted
from hftopic.analysis.effects.covariates import Covariates, unknown_column
from hftopic.analysis.encoded import check_some_filled, counts_of, have_topics
from hftopic.analysis.models import FittedTopicModel, documents_of
from hftopic.data.formulas import FormulaError, parsed
from hftopic.data.known import columns_known
from hftopic.data.metadata import Columns, frame_of

ENOUGH_CLUSTERS = 40


class Studied(NamedTuple):
    """Documents that have words, and a value of each column that is read."""

    rows: NDArray[np.int64]  # (n,) their positions in X
    counts: sp.csr_array  # (n, n_words)
    covariates: Covariates
    clusters: NDArray[np.int64] | None  # (n,) number of the cluster of each
    n_empty: int
    n_missing: int


def studied(
    model: FittedTopicModel, X: Any, formula: str, metadata: Any, cluster: str | None, drop: bool
) -> Studied:
    """Documents of a study; those that lack a value are an error, unless they are to be dropped.

    Raises
    ------
    FormulaError, ValueError
        As :func:`estimate_effects`.
    """
    columns_read = parsed(formula).columns
    if not columns_read:
        raise FormulaError(f"the formula {formula!r} has no columns, only a constant")
    read = [*columns_read, *([] if cluster is None else [cluster])]
    counts = counts_of(model, X)
    filled = have_topics(model, counts)
    check_some_filled(int(filled.sum()), len(filled))
    known = columns_known(documents_of(X), metadata, len(filled))
    for name in read:
        if name not in known:
            raise unknown_column(name, known, "of the metadata")
    lacking = frame_of({name: known[name] for name in read}).isna().any(axis=1).to_numpy() & filled
    n_missing = int(lacking.sum())
    if n_missing and not drop:
        raise FormulaError(
            f"{n_missing:,} of {int(filled.sum()):,} documents lack a value of {', '.join(map(repr, read))}; "
            "fill it in, or leave these documents out with missing='drop'"
        )
    if n_missing:
        told = f"{n_missing:,} of {int(filled.sum()):,} documents are left out: they lack a value"
        warn(f"{told} of {', '.join(map(repr, read))}", UserWarning, stacklevel=level_of_the_caller())
    rows = np.flatnonzero(filled & ~lacking)
    if not len(rows):
        raise FormulaError(f"no document has a value of each of {', '.join(map(repr, read))}")
    columns: Columns = {name: known[name][rows] for name in read}
    covariates = Covariates.of(formula, columns)
    return Studied(
        rows,
        counts[rows],
        covariates,
        None if cluster is None else _clusters(cluster, columns[cluster], covariates.design.shape[1]),
        int((~filled).sum()),
        n_missing,
    )


def _clusters(name: str, values: NDArray[Any], n_coefficients: int) -> NDArray[np.int64]:
    """Number of the cluster of each document."""
    numbers: NDArray[np.int64] = np.unique(values.astype(str), return_inverse=True)[1].astype(np.int64)
    n_clusters = int(numbers.max()) + 1
    if n_clusters <= n_coefficients:
        raise FormulaError(
            f"{name!r} makes {counted(n_clusters, 'cluster')} of the documents, too few for the standard "
            f"errors of {counted(n_coefficients, 'coefficient')}: they need more, some {ENOUGH_CLUSTERS}"
        )
    if n_clusters < ENOUGH_CLUSTERS:
        warn(
            f"{name!r} makes only {n_clusters} clusters of the documents: with fewer than some "
            f"{ENOUGH_CLUSTERS}, intervals are too short",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
    return numbers
