"""Partial correlations of two topics given all others."""

import warnings

import numpy as np
from sklearn.covariance import graphical_lasso
from sklearn.exceptions import ConvergenceWarning

N_PENALTIES = 20
SMALLEST_PENALTY = 0.01  # as a fraction of the largest penalty, at which all partial correlations are 0
EXTENSION = 0.5  # γ of the extended criterion


def partial_correlation(correlation: np.ndarray, penalty: float) -> np.ndarray:
    """Partial correlations from the graphical lasso of Friedman, Hastie and Tibshirani (2008).

    Parameters
    ----------
    correlation : ndarray, (K, K)
    penalty : float
        Penalty on the absolute off-diagonal entries of the inverse. It is doubled if there is no solution in
        float64.

    Returns
    -------
    ndarray, (K, K)
        -Θ_ab / sqrt(Θ_aa Θ_bb) of the penalised inverse Θ, with ones on the diagonal. Many are exactly 0, and
        the others are shrunk towards 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic.analysis.correlation.partial import partial_correlation
    >>> chain = np.array([[1, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 1]])   # 0 - 1 - 2
    >>> partial_correlation(chain, 0.01).round(1).tolist()
    [[1.0, 0.4, 0.0], [0.4, 1.0, 0.4], [0.0, 0.4, 1.0]]
    """
    with (
        warnings.catch_warnings()
    ):  # a bootstrap replicate that did not fully converge is not worth a warning
        warnings.simplefilter("ignore", ConvergenceWarning)
        while True:  # ends at the largest |r| or before: there the inverse is diagonal
            try:
                return _partial(_precision(correlation, penalty))
            except FloatingPointError:
                penalty *= 2


def chosen_penalty(correlation: np.ndarray, n_documents: int) -> float:
    """Penalty with the smallest extended Bayesian information criterion (Foygel and Drton, 2010), γ = 0.5.

    It is chosen from 20 penalties in geometric progression, from the largest |r| (where all partial
    correlations are 0) to a hundredth of it. Penalties for which the graphical lasso does not converge are
    skipped. The criterion needs only the correlations and the number of documents, so its cost does not grow
    with the corpus.

    Parameters
    ----------
    correlation : ndarray, (K, K)
    n_documents : int
        Number N of documents from which the correlations were computed.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic.analysis.correlation.partial import chosen_penalty
    >>> chosen_penalty(np.eye(3), 1000)
    0.0
    """
    largest = float(np.abs(correlation - np.diag(np.diag(correlation))).max(initial=0.0))
    if largest <= np.finfo(float).eps * len(correlation):
        return 0.0
    penalties = np.geomspace(largest, SMALLEST_PENALTY * largest, N_PENALTIES)
    criteria = [_criterion(correlation, penalty, n_documents) for penalty in penalties]
    return float(penalties[int(np.argmin(criteria))])


def _criterion(correlation: np.ndarray, penalty: float, n_documents: int) -> float:
    """Extended BIC: -2 log-likelihood + E log N + 4 γ E log K, with E the number of nonzero pairs.

    It is infinite if the graphical lasso does not converge.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            precision = _precision(correlation, penalty)
    except (ConvergenceWarning, FloatingPointError):
        return np.inf
    n_topics = len(precision)
    edges = np.count_nonzero(precision[np.triu_indices(n_topics, 1)])
    log_likelihood = n_documents / 2 * (np.linalg.slogdet(precision)[1] - (correlation * precision).sum())
    return float(-2 * log_likelihood + edges * np.log(n_documents) + 4 * EXTENSION * edges * np.log(n_topics))


def _precision(correlation: np.ndarray, penalty: float) -> np.ndarray:
    if len(correlation) < 2 or not penalty:
        return np.eye(len(correlation))
    # With scikit-learn's default inner tolerance, the lasso often does not converge for correlated topics.
    _, precision = graphical_lasso(correlation, penalty, enet_tol=1e-6, max_iter=200)
    return np.asarray(precision)


def _partial(precision: np.ndarray) -> np.ndarray:
    scale = 1 / np.sqrt(np.diag(precision))
    partial = -precision * np.outer(scale, scale)
    np.fill_diagonal(partial, 1.0)
    return np.asarray(partial)
