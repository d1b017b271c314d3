"""Priors p(z): values of the parameter ``prior``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hftopic._numbers import is_finite, is_positive
from hftopic.latent.space import LatentSpace

Moments = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Mean (K,), and variances (K,) or a covariance matrix (K, K)."""


class Prior(Protocol):
    """Interface of an estimator's ``prior`` parameter."""

    def moments(self, space: LatentSpace, simplex_sizes: NDArray[np.int64]) -> Moments:
        """Mean of each Gaussian dimension, shape (K,), and variances (K,) or covariance (K, K).

        ``simplex_sizes`` (K,) is the number of topics that share a softmax with each dimension.
        """


@dataclass(frozen=True)
class StandardNormal:
    """Prior N(0, 1) on each dimension.

    Examples
    --------
    >>> StandardNormal()
    StandardNormal()
    """

    def moments(self, space: LatentSpace, simplex_sizes: NDArray[np.int64]) -> Moments:  # noqa: ARG002
        """Zeros and ones, shape (K,) each."""
        return np.zeros(space.n_dims), np.ones(space.n_dims)


@dataclass(frozen=True)
class DirichletLaplace:
    """Gaussian prior of the logits that approximates a symmetric Dirichlet prior of the topic proportions.

    The Laplace approximation in the softmax basis of Srivastava & Sutton (2017), section 3.2, has mean 0 and
    variance (1/a)(1 - 2/K) + 1/(K a) for K topics that share one softmax.

    Parameters
    ----------
    concentration : float, default=1.0
        Parameter a of the Dirichlet, the same for each topic.

    Examples
    --------
    >>> from hftopic.latent.space import LatentSpace
    >>> mean, variance = DirichletLaplace(1.0).moments(LatentSpace(50), np.full(50, 50))
    >>> float(mean[0]), round(float(variance[0]), 2)
    (0.0, 0.98)
    """

    concentration: float = 1.0

    def __post_init__(self) -> None:
        _check_positive("concentration", self.concentration)

    def moments(self, space: LatentSpace, simplex_sizes: NDArray[np.int64]) -> Moments:
        """Mean and variance of each logit, shape (K,) each.

        Raises
        ------
        ValueError
            A softmax has a single topic, whose proportion is always 1.
        """
        sizes = np.asarray(simplex_sizes, dtype=np.float64)
        if (sizes < 2).any():
            raise ValueError(
                "a Dirichlet prior needs at least 2 topics in a softmax; got a softmax over 1 topic: "
                "use more topics, topic_softmax='joint', or prior=StandardNormal()"
            )
        return np.zeros(space.n_dims), (1 - 2 / sizes + 1 / sizes) / self.concentration


@dataclass(frozen=True)
class FullCovariance:
    """Gaussian prior with a full covariance matrix, within groups and across groups.

    Terms (A) and (i) of the objective then match the correlations of the aggregate posterior to those of the
    prior, instead of removing all correlations.

    Parameters
    ----------
    covariance : array-like, shape (K, K)
        Symmetric and positive definite; rows in the order of the Gaussian dimensions.

    Examples
    --------
    >>> FullCovariance([[1, 0.5], [0.5, 1]])
    FullCovariance(covariance=((1.0, 0.5), (0.5, 1.0)))
    """

    covariance: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        matrix = _as_matrix("covariance", self.covariance)
        _check_positive_definite("covariance", matrix)
        object.__setattr__(self, "covariance", _as_tuples(matrix))

    def moments(self, space: LatentSpace, simplex_sizes: NDArray[np.int64]) -> Moments:  # noqa: ARG002
        """Zeros, shape (K,), and the covariance, shape (K, K).

        Raises
        ------
        ValueError
            The matrix does not have shape (K, K).
        """
        matrix = np.array(self.covariance)
        if len(matrix) != space.n_dims:
            raise ValueError(
                f"the prior's covariance has shape {matrix.shape}, but {space.n_dims} Gaussian dimensions "
                f"need shape ({space.n_dims}, {space.n_dims})"
            )
        return np.zeros(space.n_dims), matrix


@dataclass(frozen=True)
class BlockCorrelation:
    """Gaussian prior with one correlation for each pair of groups.

    Parameters
    ----------
    correlation : array-like, shape (D, D)
        Entry (d, d) is the correlation between any two topics of group d. Entry (d, d') is the correlation
        between topics of groups d and d'. Rows are in the order of the innermost Normal groups.
    matched : bool, default=True
        If True, only the i-th topic of one group and the i-th topic of the other group are correlated. If
        False, every topic of one group is correlated with every topic of the other.
    variance : float, default=1.0
        Variance of every dimension.

    Examples
    --------
    >>> prior = BlockCorrelation([[0, 0.8], [0.8, 0]])
    >>> prior.moments(LatentSpace((2, 2)), np.array([4, 4, 4, 4]))[1].tolist()
    [[1.0, 0.0, 0.8, 0.0], [0.0, 1.0, 0.0, 0.8], [0.8, 0.0, 1.0, 0.0], [0.0, 0.8, 0.0, 1.0]]
    """

    correlation: tuple[tuple[float, ...], ...]
    matched: bool = True
    variance: float = 1.0

    def __post_init__(self) -> None:
        matrix = _as_matrix("correlation", self.correlation)
        if (np.abs(matrix) >= 1).any():
            raise ValueError(f"each correlation must lie between -1 and 1; got {self.correlation!r}")
        _check_positive("variance", self.variance)
        object.__setattr__(self, "correlation", _as_tuples(matrix))

    def moments(self, space: LatentSpace, simplex_sizes: NDArray[np.int64]) -> Moments:  # noqa: ARG002
        """Zeros, shape (K,), and the covariance, shape (K, K).

        Raises
        ------
        ValueError
            The number of rows is not the number of groups, or the correlations are not positive definite.
        """
        blocks = np.array(self.correlation)
        sizes = [s.stop - s.start for s in space.dim_slices if s.stop > s.start]
        if len(blocks) != len(sizes):
            raise ValueError(
                f"the prior's correlation has shape {blocks.shape}, but {len(sizes)} groups of topics need "
                f"shape ({len(sizes)}, {len(sizes)})"
            )
        group = np.repeat(np.arange(len(sizes)), sizes)
        place = np.concatenate([np.arange(size) for size in sizes])
        matrix = blocks[group[:, None], group]
        if self.matched:
            matrix = matrix * ((group[:, None] == group) | (place[:, None] == place))
        np.fill_diagonal(matrix, 1.0)
        _check_positive_definite("correlation", matrix)
        return np.zeros(space.n_dims), self.variance * matrix


@dataclass(frozen=True)
class LearnedCorrelation:
    """Gaussian prior whose correlations are learned together with the model, as in a correlated topic model.

    The mean and the variances are those of ``base``. The correlations are those of the aggregate posterior
    (the M step of a logistic-normal topic model, Blei and Lafferty, 2007), renewed before each epoch from a
    running average, from a quarter of ``max_iter`` on. They are shrunk towards 0 where positive definiteness,
    or a bounded loss, needs it.

    Parameters
    ----------
    across : bool, default=True
        Whether correlations between topics of different groups are learned.
    within : bool, default=False
        Whether correlations between topics of the same group are learned. One group with ``within=True`` is
        a correlated topic model. While the groups themselves are being learned (see ``assignment`` of
        :class:`hftopic.ProdLDA`), all correlations are free.
    shrinkage : float or "auto", default="auto"
        A number from 0 to 1 is the weight of the identity in the correlation matrix. "auto" sets correlations
        to 0 that sampling alone explains in this number of documents, and leaves large ones almost as they
        are, see :func:`hftopic.latent.correlation.thresholded`.
    base : prior, optional
        Prior with the mean and the variances; by default that of the model, such as
        ``DirichletLaplace(1.0)``. Correlations of ``base`` are not allowed.

    Examples
    --------
    >>> LearnedCorrelation(within=True).within
    True
    """

    across: bool = True
    within: bool = False
    shrinkage: float | str = "auto"
    base: Prior | None = None

    def __post_init__(self) -> None:
        for name in ("across", "within"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(
                    f"{name} of LearnedCorrelation must be True or False; got {getattr(self, name)!r}"
                )
        if not (self.across or self.within):
            raise ValueError("LearnedCorrelation(across=False, within=False) has no correlation to learn")
        shrinkage: Any = self.shrinkage
        if shrinkage != "auto" and not (is_finite(shrinkage) and 0 <= shrinkage <= 1):
            raise ValueError(f'shrinkage must be "auto" or a number from 0 to 1; got {shrinkage!r}')
        wrong = isinstance(self.base, type | LearnedCorrelation) or not hasattr(self.base, "moments")
        if self.base is not None and wrong:
            raise ValueError(f"base must be a prior, such as DirichletLaplace(1.0); got {self.base!r}")

    def moments(self, space: LatentSpace, simplex_sizes: NDArray[np.int64]) -> Moments:
        """Mean, shape (K,), and the covariance before training, a diagonal matrix, shape (K, K).

        Raises
        ------
        ValueError
            ``base`` has correlations.
        """
        base = StandardNormal() if self.base is None else self.base
        mean, variance = base.moments(space, simplex_sizes)
        if np.ndim(variance) != 1:
            raise ValueError(f"the base of LearnedCorrelation must have no correlations; got {base!r}")
        return mean, np.diag(variance)


PRIORS: dict[str, Callable[..., Prior]] = {
    prior.__name__: prior
    for prior in (StandardNormal, DirichletLaplace, FullCovariance, BlockCorrelation, LearnedCorrelation)
}
"""Prior classes by name; the name is used in the repr and in saved models."""


def _check_positive(name: str, value: Any) -> None:
    if not is_positive(value):
        raise ValueError(f"{name} must be a positive number; got {value!r}")


def _as_matrix(name: str, given: Any) -> NDArray[np.float64]:
    try:
        matrix = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a square matrix of numbers; got {given!r}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be a square matrix of finite numbers; got shape {matrix.shape}")
    if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-10):
        raise ValueError(f"{name} must be symmetric, but it is not")
    return matrix


def _as_tuples(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _check_positive_definite(name: str, matrix: NDArray[np.float64]) -> None:
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    if lowest <= 1e-6 * float(np.diag(matrix).max()):
        raise ValueError(
            f"{name} must be positive definite, but its smallest eigenvalue is {lowest:.3g}; "
            "use weaker correlations"
        )
