"""Means of documents by class, their standard errors, and whether they differ by more than chance."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.stats import beta

from hftopic.analysis.correlation.significance import adjusted

FEWEST = 4  # documents of a test: the moments of a permutation need as many


class Means(NamedTuple):
    """Means of the values of documents (n, K) by class."""

    means: NDArray[np.float64]  # (n_classes, K)
    errors: NDArray[np.float64]  # (n_classes, K) standard errors; NaN for a class of one document
    sizes: NDArray[np.int64]  # (n_classes,) documents
    p_adjusted: NDArray[np.float64]  # (K,) of the differences between the classes; NaN without a test


def class_means(codes: NDArray[np.int64], values: NDArray[np.float64]) -> Means:
    """Means of the rows of `values` (n, K) by class, where `codes` (n,) are 0 to n_classes - 1.

    The p-values are adjusted over the K columns by Benjamini and Hochberg (1995).
    """
    sizes = np.bincount(codes)
    member = sp.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    means = np.asarray(member @ values) / sizes[:, None]
    squares = np.asarray(member @ (values - means[codes]) ** 2)
    freedom = (sizes - 1.0)[:, None]
    variances = np.divide(squares, freedom, out=np.full_like(squares, np.nan), where=freedom > 0)
    p_values = between_classes(sizes, means, moments_of_values(values))
    return Means(means, np.sqrt(variances / sizes[:, None]), sizes, adjusted(p_values))


class Moments(NamedTuple):
    """What a test of classes needs of the values of all documents (n, K)."""

    n: int
    mean: NDArray[np.float64]  # (K,)
    squares: NDArray[np.float64]  # (K,) sums of the squared differences from the mean
    kurtosis: NDArray[np.float64]  # (K,) sum x⁴ / (sum x²)² of the differences; NaN if all values are equal


def moments_of_values(values: NDArray[np.float64]) -> Moments:
    """Moments of the columns of `values` (n, K)."""
    mean = values.mean(axis=0)
    centred = values - mean
    squares = (centred**2).sum(axis=0)
    varies = squares > np.finfo(float).eps * (values**2).sum(axis=0)
    fourth = (centred**4).sum(axis=0)
    kurtosis = np.divide(fourth, squares**2, out=np.full_like(squares, np.nan), where=varies)
    return Moments(len(values), mean, squares, kurtosis)


def between_classes(
    sizes: NDArray[np.int64], means: NDArray[np.float64], of_all: Moments
) -> NDArray[np.float64]:
    """P-values (K,) of the part of the variance that is between classes, W, against shuffled documents.

    A beta distribution with the mean and the variance of W over all permutations of the documents, as in Box
    and Andersen (1955, *Permutation theory in the derivation of robust criteria*). It needs no normal values.
    """
    n, k, tests = of_all.n, len(sizes), np.isfinite(of_all.kurtosis)
    p_values = np.full(len(tests), np.nan)
    if n < FEWEST or k < 2 or k == n or not tests.any():
        return p_values
    distances = (means[:, tests] - of_all.mean[tests]) ** 2
    between = (sizes[:, None] * distances).sum(axis=0) / of_all.squares[tests]
    mean, variance = permutation_moments(sizes, of_all.kurtosis[tests])
    total = mean * (1 - mean) / variance - 1
    p_values[tests] = beta.sf(between, mean * total, (1 - mean) * total)
    return p_values


def permutation_moments(
    sizes: NDArray[np.int64], kurtosis: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Mean, and variance (K,), over all permutations of the part of the variance that is between classes.

    `kurtosis` is sum x^4 / (sum x^2)^2 of the centred values. With x scaled to sum x^2 = 1, the sum T_i of a
    class of n_i documents gives W = sum_i T_i^2 / n_i, whose moments follow from those of a draw without
    replacement.
    """
    n, n_i = float(sizes.sum()), sizes.astype(np.float64)
    xx_yy = (1 - kurtosis) / (n * (n - 1))  # E[x_a² x_b²] of different documents, and so on
    xxx_y = -kurtosis / (n * (n - 1))
    xx_y_z = (2 * kurtosis - 1) / (n * (n - 1) * (n - 2))
    w_x_y_z = (3 - 6 * kurtosis) / (n * (n - 1) * (n - 2) * (n - 3))
    pairs, triples = n_i * (n_i - 1), n_i * (n_i - 1) * (n_i - 2)
    quadruples = triples * (n_i - 3)

    def over(counts: NDArray[np.float64]) -> float:
        return float((counts / n_i**2).sum())

    own = (  # sum_i E[T_i^4] / n_i²
        over(n_i) * kurtosis / n
        + over(pairs) * (3 * xx_yy + 4 * xxx_y)
        + 6 * over(triples) * xx_y_z
        + over(quadruples) * w_x_y_z
    )
    k, rest = len(n_i), n_i - 1
    others = (  # sum over i and j of E[T_i² T_j²] / (n_i n_j)
        k * (k - 1) * xx_yy
        + 2 * (k - 1) * rest.sum() * xx_y_z
        + (rest.sum() ** 2 - (rest**2).sum()) * w_x_y_z
    )
    mean = (k - 1) / (n - 1)
    return mean, own + others - mean**2
