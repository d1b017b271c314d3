"""How far the dimensions of a code are the factors that made the data, where those are known.

All take codes, such as ``model.transform_latent(X)``, and the factors of the same documents, and know no
model, so that codes of any kind can be compared.
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

from hftopic._numbers import is_whole

LEAST_DOCUMENTS = 20
TREES, FEWEST_IN_A_LEAF = 50, 5  # of the forests behind DCI


def factor_information(codes: Any, factors: Any, *, n_bins: int = 20) -> pd.DataFrame:
    """Mutual information I(z_i; v_k) of every dimension of a code with every factor, in nats.

    Parameters
    ----------
    codes : array (n_documents, n_dims)
        Such as posterior means. A dimension that is the same for all documents has no information.
    factors : DataFrame or array (n_documents, n_factors)
        What the documents were made from. Columns of floats with more than `n_bins` values are cut into bins;
        all else counts as classes.
    n_bins : int, default=20
        Bins with equally many documents into which dimensions, and factors of floats, are cut, where they
        have more values than that. So a column of class numbers keeps its classes.

    Returns
    -------
    DataFrame (n_dims, n_factors)
        Columns are the factors' names. ``attrs["entropy"]`` is a dict of each factor's entropy, nats. The
        estimate is the plug-in one: of independent variables with a and b bins it is (a - 1)(b - 1) / 2n too
        high on average.

    Raises
    ------
    ValueError
        Fewer than 20 documents, another number of factors' rows, values that are missing, a factor that never
        varies, or fewer than two bins.
    TypeError
        A model in place of codes.

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
    """MIG: how far ahead of all others is the dimension that knows most of a factor?

    Parameters
    ----------
    codes, factors, n_bins
        As in :func:`factor_information`.

    Returns
    -------
    DataFrame
        A row a factor: ``factor``; ``dim``, the dimension with most information; ``information`` and
        ``second``, that of it and of the next one, nats; ``entropy`` of the factor, nats; ``gap``,
        (information - second) / entropy, from 0 to 1. The score of a code is the mean of ``gap``.

    Raises
    ------
    ValueError
        As :func:`factor_information`.

    Notes
    -----
    Chen, Li, Grosse and Duvenaud (2018), *Isolating sources of disentanglement in VAEs*, equation 6. A code
    of one dimension has a second of 0.
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
    """Is it always the same dimension that stands still when a factor does?

    A vote: of a factor drawn at random and one of its values, the dimension that varies least over
    `n_documents` documents with that value, against its variance over all. A classifier tells the factor from
    the dimension by the majority of half of the votes; the score is its accuracy on the other half.

    Parameters
    ----------
    codes, factors, n_bins
        As in :func:`factor_information`.
    n_votes : int, default=800
        In all.
    n_documents : int, default=64
        Behind a vote; drawn with replacement.
    least_variance : float, default=0.05
        Dimensions that vary less over all documents take no part: those that a model has pruned, where the
        prior's variance is about 1.
    random_state : int, RandomState or None

    Returns
    -------
    float
        From about 1 / n_factors, chance, to 1.

    Raises
    ------
    ValueError
        As :func:`factor_information`; no dimension varies; a number is out of range.

    Notes
    -----
    Kim and Mnih (2018), *Disentangling by factorising*, section 4.
    """
    if not is_whole(n_votes, 2) or not is_whole(n_documents, 2):
        raise ValueError(
            f"n_votes and n_documents must be 2 or more, got {n_votes!r} and {n_documents!r}: a variance "
            "needs two documents, and half of the votes are for the classifier"
        )
    _check_bins(n_bins)
    values, table = _checked(codes, factors)
    variance = values.var(axis=0)
    alive = np.flatnonzero(variance > max(least_variance, 0.0))
    if not len(alive):
        raise ValueError(
            f"no dimension of the code has a variance above {least_variance}: standardise it, or lower "
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
    """What :func:`dci` returns.

    Attributes
    ----------
    disentanglement : float
        From 0 to 1: does each dimension serve one factor alone? A single factor leaves no other to serve: 1.
    completeness : float
        From 0 to 1: is each factor served by one dimension alone?
    informativeness : float
        How well factors can be told from the code, 1 at best and 0 no better than without it, mean over
        factors on documents held out.
    importance : DataFrame (n_dims, n_factors)
        Share of each dimension in telling each factor; columns sum to 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importance: pd.DataFrame


def dci(codes: Any, factors: Any, *, random_state: Any = None) -> DCI:
    """Disentanglement, completeness and informativeness, by what each dimension does to tell each factor.

    Parameters
    ----------
    codes, factors
        As in :func:`factor_information`; factors of floats are predicted as numbers, others as classes.
    random_state : int, RandomState or None
        Of the split, a quarter of the documents held out, and of the forests.

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
    representations*, with random forests of 50 trees and their importances. With R the importances,
    disentanglement is the mean over dimensions i of ``1 - H(R[i] / Σ_k R[i, k]) / log K``, weighted by
    ``Σ_k R[i, k]``, and completeness the mean over factors k of ``1 - H(R[:, k]) / log D``.
    Informativeness is 1 - error / error of the best constant, for classes the error rate, for numbers the
    squared error, and at least 0.
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
        raise ValueError(f"n_bins must be 2 or more, got {n_bins!r}")


def _checked(codes: Any, factors: Any) -> tuple[NDArray[np.float64], pd.DataFrame]:
    if hasattr(codes, "transform_latent"):
        raise TypeError(
            f"codes are an array, such as model.transform_latent(X); got a {type(codes).__name__}"
        )
    table = factors if isinstance(factors, pd.DataFrame) else pd.DataFrame(np.asarray(factors))
    if len(table) != len(codes):
        raise ValueError(f"{len(table)} rows of factors for {len(codes)} codes; give one a document")
    values = check_array(codes, dtype=np.float64, ensure_min_samples=LEAST_DOCUMENTS, input_name="codes")
    if not len(table.columns) or table.isna().any(axis=None):
        raise ValueError("factors need one column or more, and a value in every row")
    constant = [name for name in table if table[name].nunique() == 1]
    if constant:
        raise ValueError(f"factor {constant[0]!r} has the same value in all documents: leave it out")
    return values, table.reset_index(drop=True)


def _binned(column: NDArray[np.float64], n_bins: int) -> NDArray[np.int64]:
    """Number of the bin of each value; equal values share one, and few values have one each."""
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
    """A factor of floats as it is, any other as class numbers."""
    if is_float_dtype(factor):
        return factor.to_numpy(dtype=np.float64)
    return np.asarray(pd.factorize(factor, sort=False)[0], dtype=np.int64)


def _rows_of_classes(classes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(classes == value) for value in np.unique(classes)]


def _entropy(classes: NDArray[np.int64]) -> float:
    return float(entr(np.bincount(classes) / len(classes)).sum())


def _shares(importances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of the whole; equal ones where no dimension helps at all."""
    total = importances.sum()
    return importances / total if total > 0 else np.full(len(importances), 1 / len(importances))


def _entropy_share(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each row against the most it could be, from 0 to 1; 0 of a row of one number."""
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
