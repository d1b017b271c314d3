"""Disentanglement metrics: how well the dimensions of a code match the known generative factors.

All metrics take codes, such as ``model.transform_latent(X)``, and the factors of the same documents. They do
not need the model, so codes of any method can be compared.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_float_dtype
from scipy.special import entr
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_random_state

from hftopic._numbers import is_number, is_whole

LEAST_DOCUMENTS = 20
TREES, FEWEST_IN_A_LEAF = 50, 5  # size of the random forests of DCI


def factor_information(codes: Any, factors: Any, *, n_bins: int = 20) -> pd.DataFrame:
    """Mutual information I(z_i; v_k) of every dimension of a code with every factor, in nats.

    Parameters
    ----------
    codes : array (n_documents, n_dims)
        Codes of the documents, such as posterior means. A constant dimension has no information.
    factors : DataFrame or array (n_documents, n_factors)
        Generative factors of the documents. Columns of floats with more than `n_bins` distinct values are
        binned; all other columns are classes.
    n_bins : int, default=20
        Number of equal-frequency bins for dimensions and for factors of floats. Columns with at most this
        many distinct values are not binned, so class numbers are kept.

    Returns
    -------
    DataFrame (n_dims, n_factors)
        Columns are the names of the factors. ``attrs["entropy"]`` is a dict of each factor's entropy in nats.
        This is the plug-in estimate: for independent variables with a and b bins its mean is about
        (a - 1)(b - 1) / 2n instead of 0.

    Raises
    ------
    ValueError
        There are fewer than 20 documents, `factors` has another number of rows than `codes`, a value is
        missing, a factor is constant, or `n_bins` is below 2.
    TypeError
        A model was passed instead of codes.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic.analysis.disentanglement import factor_information
    >>> factor = np.arange(100) % 2
    >>> code = np.column_stack([factor, np.zeros(100)])
    >>> factor_information(code, factor[:, None]).round(3)[0].tolist()
    [0.693, 0.0]
    """
    _check_bins(n_bins)
    values, table = _checked(codes, factors)
    dims = [_binned(column, n_bins) for column in values.T]
    classes = {name: _classes(table[name], n_bins) for name in table}
    information = pd.DataFrame(
        {name: [mutual_info_score(found, dim) for dim in dims] for name, found in classes.items()}
    ).rename_axis(index="dim")
    information.attrs["entropy"] = {name: _entropy(found) for name, found in classes.items()}
    return information


def mutual_information_gap(codes: Any, factors: Any, *, n_bins: int = 20) -> pd.DataFrame:
    """Mutual information gap (MIG) of each factor.

    Parameters
    ----------
    codes, factors, n_bins
        As in :func:`factor_information`.

    Returns
    -------
    DataFrame
        One row per factor: ``factor``; ``dim``, the dimension with the most information; ``information`` of
        that dimension and ``second``, the information of the next one, in nats; ``entropy`` of the factor, in
        nats; ``gap``, (information - second) / entropy, from 0 to 1. The score of a code is the mean of
        ``gap``.

    Raises
    ------
    ValueError
        As :func:`factor_information`.

    Notes
    -----
    Chen, Li, Grosse and Duvenaud (2018), *Isolating sources of disentanglement in VAEs*, equation 6. For a
    code with one dimension, ``second`` is 0.
    """
    found = factor_information(codes, factors, n_bins=n_bins)
    entropy = found.attrs["entropy"]
    rows = []
    for name in found:
        ranked = found[name].sort_values(ascending=False, kind="stable")
        second = float(ranked.iloc[1]) if len(ranked) > 1 else 0.0
        rows.append((name, ranked.index[0], ranked.iloc[0], second, entropy[name]))
    table = pd.DataFrame(rows, columns=["factor", "dim", "information", "second", "entropy"])
    table["gap"] = (table["information"] - table["second"]) / table["entropy"]
    return table


def kim_mnih_score(
    codes: Any,
    factors: Any,
    *,
    n_votes: int = 800,
    n_documents: int = 64,
    least_variance: float = 0.05,
    n_bins: int = 20,
    random_state: Any = None,
) -> float:
    """Disentanglement metric of Kim and Mnih (2018).

    For each vote, a factor and one of its values are drawn at random. The vote is the dimension with the
    smallest variance over `n_documents` documents with that value, relative to its variance over all
    documents. A majority-vote classifier that predicts the factor from the dimension is trained on half of
    the votes. The score is its accuracy on the other half.

    Parameters
    ----------
    codes, factors, n_bins
        As in :func:`factor_information`.
    n_votes : int, default=800
        Total number of votes.
    n_documents : int, default=64
        Number of documents per vote, drawn with replacement.
    least_variance : float, default=0.05
        Dimensions with a variance over all documents of at most this value are excluded, such as dimensions
        that the model does not use. The default is for a prior variance of about 1.
    random_state : int, RandomState or None
        Seed of the votes.

    Returns
    -------
    float
        From about 1 / n_factors (chance level) to 1.

    Raises
    ------
    ValueError
        As :func:`factor_information`; or no dimension varies, or a number is out of range.

    Notes
    -----
    Kim and Mnih (2018), *Disentangling by factorising*, section 4.
    """
    if not is_whole(n_votes, 2) or not is_whole(n_documents, 2):
        raise ValueError(
            f"n_votes and n_documents must be at least 2, got {n_votes!r} and {n_documents!r}: a variance "
            "needs two documents, and half of the votes train the classifier"
        )
    if not is_number(least_variance):
        raise ValueError(f"least_variance must be a number, got {least_variance!r}")
    _check_bins(n_bins)
    values, table = _checked(codes, factors)
    variance = values.var(axis=0)
    alive = np.flatnonzero(variance > max(least_variance, 0.0))
    if not len(alive):
        raise ValueError(
            f"no dimension of the code has a variance above {least_variance}: standardise the code, or lower "
            "least_variance"
        )
    scaled = values[:, alive] / np.sqrt(variance[alive])
    generator = check_random_state(random_state)
    members = [_rows_of_classes(_classes(table[name], n_bins)) for name in table]
    votes = np.empty((n_votes, 2), dtype=int)
    for vote in votes:
        vote[1] = generator.randint(len(members))
        rows = members[vote[1]][generator.randint(len(members[vote[1]]))]
        drawn = rows[generator.randint(len(rows), size=n_documents)]
        vote[0] = scaled[drawn].var(axis=0).argmin()
    half = n_votes // 2
    counts = np.zeros((len(alive), len(members)))
    np.add.at(counts, tuple(votes[:half].T), 1)
    dims, truth = votes[half:].T
    return float((counts.argmax(axis=1)[dims] == truth).mean())


class DCI(NamedTuple):
    """Result of :func:`dci`.

    Attributes
    ----------
    disentanglement : float
        From 0 to 1: whether each dimension encodes only one factor. It is 1 if there is a single factor.
    completeness : float
        From 0 to 1: whether each factor is encoded by only one dimension.
    informativeness : float
        How well the factors can be predicted from the code on held-out documents, averaged over factors: 1 is
        perfect, 0 is no better than the best constant.
    importance : DataFrame (n_dims, n_factors)
        Importance of each dimension for predicting each factor; columns sum to 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importance: pd.DataFrame


def dci(codes: Any, factors: Any, *, random_state: Any = None) -> DCI:
    """Disentanglement, completeness and informativeness (DCI) of a code.

    They are computed from the importance of each dimension for predicting each factor.

    Parameters
    ----------
    codes, factors
        As in :func:`factor_information`. Factors of floats are predicted as numbers, others as classes: pass
        numbers whose order matters as floats, because forests of many classes use every dimension a little.
    random_state : int, RandomState or None
        Seed of the split (a quarter of the documents is held out) and of the forests.

    Returns
    -------
    DCI

    Raises
    ------
    ValueError
        As :func:`factor_information`.

    Notes
    -----
    Eastwood and Williams (2018), *A framework for the quantitative evaluation of disentangled
    representations*, with the importances of random forests of 50 trees. Let R be the importances.
    Disentanglement is the mean over dimensions i of ``1 - H(R[i] / Σ_k R[i, k]) / log K``, weighted by
    ``Σ_k R[i, k]``. Completeness is the mean over factors k of ``1 - H(R[:, k]) / log D``. Informativeness is
    1 - error / error of the best constant, but at least 0; the error is the error rate for classes and the
    squared error for numbers.
    """
    values, table = _checked(codes, factors)
    generator = check_random_state(random_state)
    seeds = generator.randint(2**31, size=1 + len(table.columns))
    learn, judge = train_test_split(np.arange(len(values)), test_size=0.25, random_state=int(seeds[0]))
    importance, informed = {}, []
    for name, seed in zip(table, seeds[1:], strict=True):
        target = _target(table[name])
        numeric = is_float_dtype(target)
        forest = (RandomForestRegressor if numeric else RandomForestClassifier)(
            TREES, min_samples_leaf=FEWEST_IN_A_LEAF, random_state=int(seed)
        ).fit(values[learn], target[learn])
        importance[name] = _shares(forest.feature_importances_)
        informed.append(_informativeness(forest.predict(values[judge]), target[learn], target[judge]))
    relative = pd.DataFrame(importance).rename_axis(index="dim")
    matrix = relative.to_numpy()
    weights = matrix.sum(axis=1)
    of_dims = 1 - _entropy_share(matrix / np.where(weights > 0, weights, 1.0)[:, None])
    return DCI(
        disentanglement=float(of_dims @ weights / weights.sum()) if weights.sum() > 0 else 0.0,
        completeness=float((1 - _entropy_share(matrix.T)).mean()),
        informativeness=float(np.mean(informed)),
        importance=relative,
    )


def _check_bins(n_bins: int) -> None:
    if not is_whole(n_bins, 2):
        raise ValueError(f"n_bins must be an int >= 2, got {n_bins!r}")


def _checked(codes: Any, factors: Any) -> tuple[NDArray[np.float64], pd.DataFrame]:
    if hasattr(codes, "transform_latent"):
        raise TypeError(
            f"codes must be an array, such as model.transform_latent(X); got a {type(codes).__name__}"
        )
    try:
        values = check_array(codes, dtype=np.float64, ensure_min_samples=LEAST_DOCUMENTS, input_name="codes")
    except (TypeError, ValueError) as error:
        raise ValueError(f"codes must be an array (n_documents, n_dims) of numbers: {error}") from error
    table = factors if isinstance(factors, pd.DataFrame) else _as_table(factors)
    if len(table) != len(values):
        raise ValueError(
            f"factors has {len(table)} rows but codes has {len(values)}; pass one row per document in both"
        )
    if not len(table.columns) or table.isna().any(axis=None):
        raise ValueError("factors must have at least one column and no missing values")
    constant = [name for name in table if table[name].nunique() == 1]
    if constant:
        raise ValueError(f"factor {constant[0]!r} has the same value in all documents: remove it")
    return values, table.reset_index(drop=True)


def _as_table(factors: Any) -> pd.DataFrame:
    """Factors that are no data frame as one, with a column for each."""
    try:
        array = np.asarray(factors)
    except ValueError:
        array = np.empty(())
    if array.ndim not in (1, 2) or isinstance(factors, str | bytes):
        raise ValueError(f"factors must be a DataFrame or an array (n_documents, n_factors), got {factors!r}")
    return pd.DataFrame(array, dtype=object if array.dtype.kind in "OU" else None)


def _binned(column: NDArray[np.float64], n_bins: int) -> NDArray[np.int64]:
    """Bin number of each value; equal values share a bin. Without binning, each distinct value is a bin."""
    found, classes = np.unique(column, return_inverse=True)
    if len(found) <= n_bins:
        return np.asarray(classes, dtype=np.int64)
    edges = np.unique(np.quantile(column, np.linspace(0, 1, n_bins + 1)[1:-1]))
    return np.searchsorted(edges, column, side="right")


def _classes(factor: "pd.Series[Any]", n_bins: int) -> NDArray[np.int64]:
    if is_float_dtype(factor):
        return _binned(factor.to_numpy(dtype=np.float64), n_bins)
    return np.asarray(pd.factorize(factor, sort=False)[0], dtype=np.int64)


def _target(factor: "pd.Series[Any]") -> NDArray[Any]:
    """A factor of floats unchanged; any other factor as class numbers."""
    if is_float_dtype(factor):
        return factor.to_numpy(dtype=np.float64)
    return np.asarray(pd.factorize(factor, sort=False)[0], dtype=np.int64)


def _rows_of_classes(classes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(classes == value) for value in np.unique(classes)]


def _entropy(classes: NDArray[np.int64]) -> float:
    return float(entr(np.bincount(classes) / len(classes)).sum())


def _shares(importances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Importances divided by their sum; equal values if all are 0."""
    total = importances.sum()
    return importances / total if total > 0 else np.full(len(importances), 1 / len(importances))


def _entropy_share(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each row divided by the maximum log(n_columns), from 0 to 1; 0 if there is one column."""
    if rows.shape[1] < 2:
        return np.zeros(len(rows))
    return np.asarray(entr(rows).sum(axis=1) / np.log(rows.shape[1]))


def _informativeness(predicted: NDArray[Any], learned: NDArray[Any], truth: NDArray[Any]) -> float:
    """1 - error / error of the best constant, at least 0."""
    if is_float_dtype(truth):
        error, constant = ((truth - p) @ (truth - p) for p in (predicted, learned.mean()))
    else:
        commonest = np.bincount(learned).argmax()
        error, constant = (predicted != truth).sum(), (truth != commonest).sum()
    return max(0.0, 1 - float(error / constant)) if constant > 0 else 1.0
