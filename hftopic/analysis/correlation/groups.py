"""Dependence between whole groups of topics: canonical correlations and mutual information."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.utils import check_random_state
from torch import Tensor

from hftopic._numbers import is_whole
from hftopic._torch_state import neutral_torch
from hftopic.analysis.correlation.correlation import gaussian_topics
from hftopic.analysis.correlation.scores import standardised
from hftopic.analysis.correlation.significance import (
    ROUNDING,
    SHIFTED_FROM,
    ShiftedProducts,
    permuted_products,
)
from hftopic.analysis.encoded import posterior_of
from hftopic.analysis.models import FittedTopicModel
from hftopic.analysis.sampled import samples_shards
from hftopic.latent.posterior import MeanFieldPosterior, Posterior
from hftopic.objective.marginals import CHUNK_ENTRIES
from hftopic.objective.pairwise import LOG_2, LOWEST_EXPONENT, group_densities

SMALLEST_SHARE = 1e-5  # a smaller fraction of the group's largest singular value is rounding error
COLUMNS = (
    "group_a",
    "group_b",
    "topics_a",
    "topics_b",
    "p_value",
    "information",
    "standard_error",
    "gaussian_information",
)


@samples_shards
def group_dependence(
    model: FittedTopicModel,
    X: Any,
    *,
    active: Any = None,
    n_permutations: int = 999,
    n_samples: int = 2000,
    random_state: Any = 0,
) -> pd.DataFrame:
    r"""Dependence between whole groups of topics, one row per pair of groups.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    active : array of bool (n_topics,) or of topic numbers, optional
        Topics that represent their groups. By default the active topics of :func:`topic_information` on `X`;
        pass ``range(n_topics)`` to use all topics.
    n_permutations : int, default=999
        Number of permutations for the p-value.
    n_samples : int, default=2000
        Number of documents drawn without replacement for the expectation in I(z_a; z_b); all documents if
        there are fewer.
    random_state : int, RandomState or None, default=0

    Returns
    -------
    DataFrame
        One row per pair of Gaussian groups. Concrete variables are excluded, and with a single group there is
        no row. Columns are

        - ``group_a``, ``group_b``: numbers; ``topics_a``, ``topics_b``: number of topics that represent them
        - ``canonical_1``, ``canonical_2``, …: canonical correlations of the posterior means (Hotelling,
          1936), largest first. Their number is the smaller rank of the two groups; the other columns are
          missing, and all are missing if a group has no topic that varies
        - ``p_value``: of ``canonical_1``, from permutations of the documents, under the null hypothesis that
          the means of the two groups are independent. It accounts for the choice of the largest correlation,
          and is missing if ``canonical_1`` is missing
        - ``information``: I(z_a; z_b) = E[log q(z_a, z_b) - log q(z_a) - log q(z_b)] in nats, with q the full
          mixture over the documents of `X`
        - ``standard_error``: of ``information``, over the documents drawn. Because of sampling error the
          estimate can be slightly below 0 for independent groups
        - ``gaussian_information``: mutual information of a Gaussian with the covariance of z,
          -½ Σ log(1 - ρ²) nats with ρ the canonical correlations of draws from the posterior

        A group without topics has 0 information with every other group.

    Raises
    ------
    ValueError
        There are fewer than three documents, `n_permutations` is below 1, `n_samples` is below 2, or a topic
        does not exist.

    Notes
    -----
    With all topics of two groups and a factorised prior, ``information`` is ``between_groups`` of
    :func:`decompose`. It is 0 for independent groups, includes nonlinear dependence, and is at most log N. It
    is close to this limit whenever one group alone identifies the documents (about ten narrow dimensions are
    enough), because the mixture has only N components. In that case it says little about the topics, and
    ``gaussian_information``, which has no such limit, is more useful.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import group_dependence
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> group_dependence(model, corpus, active=range(4), n_permutations=99).columns.tolist()[4:]
    ['canonical_1', 'canonical_2', 'p_value', 'information', 'standard_error', 'gaussian_information']
    """
    if not is_whole(n_permutations):
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations!r}")
    if not is_whole(n_samples, 2):
        raise ValueError(f"n_samples must be at least 2 (for the standard error); got {n_samples!r}")
    posterior = posterior_of(model, X)
    if len(posterior.mean) < 3:
        raise ValueError(f"dependence needs at least three documents, got {len(posterior.mean)}")
    topics, space = gaussian_topics(model, posterior, active), model.latent_space_
    numbers = [d for d, s in enumerate(space.dim_slices) if s.stop > s.start]
    dims = [space.variable_of_topic[topics[space.topic_groups[topics] == d]] for d in numbers]
    pairs = list(combinations(range(len(numbers)), 2))
    if not pairs:
        return pd.DataFrame(columns=[*COLUMNS])
    seeds = check_random_state(random_state).randint(2**31, size=2)
    for_samples, for_permutations = (np.random.default_rng(seed) for seed in seeds)
    rows: dict[str, Any] = {
        "group_a": [numbers[a] for a, _ in pairs],
        "group_b": [numbers[b] for _, b in pairs],
        "topics_a": [len(dims[a]) for a, _ in pairs],
        "topics_b": [len(dims[b]) for _, b in pairs],
        **_canonical_columns(np.asarray(posterior.mean), dims, pairs, n_permutations, for_permutations),
        **_information_columns(posterior, dims, pairs, n_samples, for_samples),
        "gaussian_information": [_gaussian_information(posterior, dims[a], dims[b]) for a, b in pairs],
    }
    return pd.DataFrame(rows)


def _canonical_columns(
    mean: np.ndarray,
    dims: list[np.ndarray],
    pairs: list[tuple[int, int]],
    n_permutations: int,
    generator: np.random.Generator,
) -> dict[str, list[float] | np.ndarray]:
    """Canonical correlations of each pair of groups, and the p-value of the first."""
    bases = [_orthonormal(mean[:, of_group]) for of_group in dims]
    found = [np.clip(_singular_values(bases[a].T @ bases[b]), 0, 1) for a, b in pairs]
    most = max((len(values) for values in found), default=0)
    first = np.array([values[0] if len(values) else np.nan for values in found])
    return {
        **{
            f"canonical_{i + 1}": [values[i] if i < len(values) else np.nan for values in found]
            for i in range(most)
        },
        "p_value": _first_p_values(bases, pairs, first, n_permutations, generator),
    }


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the centred columns, (N, rank), without directions that are rounding error."""
    left, singular, _ = np.linalg.svd(standardised(columns)[0], full_matrices=False)
    return np.asarray(left[:, singular > SMALLEST_SHARE * singular.max(initial=0.0)])


def _singular_values(matrix: np.ndarray) -> np.ndarray:
    """Singular values, largest first; empty for a matrix without rows or columns."""
    return np.asarray(np.linalg.svd(matrix, compute_uv=False)) if matrix.size else np.empty(0)


def _first_p_values(
    bases: list[np.ndarray],
    pairs: list[tuple[int, int]],
    first: np.ndarray,
    n_permutations: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """P-value of each pair; each permutation of the documents is used for all pairs.

    It is (1 + permutations with a first canonical correlation at least as large) / (1 + permutations).
    """
    ends = np.cumsum([0, *(basis.shape[1] for basis in bases)])
    joined = np.concatenate(bases, axis=1)
    if len(joined) >= SHIFTED_FROM:
        shifted = ShiftedProducts(joined, n_permutations, generator)
        counted = [
            np.count_nonzero(
                _first_of_shifted(shifted, range(*ends[[a, a + 1]]), range(*ends[[b, b + 1]])) >= r
            )
            for (a, b), r in zip(pairs, first - ROUNDING, strict=True)
        ]
        return np.where(np.isnan(first), np.nan, (1 + np.array(counted)) / (1 + n_permutations))
    exceeded = np.ones(len(pairs))
    for _ in range(n_permutations):
        drawn = permuted_products(joined, generator)
        largest = [
            _singular_values(drawn[ends[a] : ends[a + 1], ends[b] : ends[b + 1]])[:1].sum() for a, b in pairs
        ]
        exceeded += np.array(largest) >= first - ROUNDING
    return np.where(np.isnan(first), np.nan, exceeded / (1 + n_permutations))


def _first_of_shifted(shifted: ShiftedProducts, rows: range, columns: range) -> np.ndarray:
    """First canonical correlation of two groups of columns for each shift, (n_shifts,)."""
    if not len(rows) or not len(columns):
        return np.empty(0)
    products = np.array([[shifted.of(i, j) for j in columns] for i in rows])  # (rows, columns, n_shifts)
    return np.asarray(np.linalg.svd(products.transpose(2, 0, 1), compute_uv=False)[:, 0])


@neutral_torch()
def _information_columns(
    posterior: Posterior,
    dims: list[np.ndarray],
    pairs: list[tuple[int, int]],
    n_samples: int,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """I(z_a; z_b) of each pair of groups, and its standard error, in nats."""
    n_documents = len(posterior.mean)
    drawn = np.sort(generator.permutation(n_documents)[:n_samples])
    noise = generator.standard_normal((len(drawn), posterior.mean.shape[1]), dtype=np.float32)
    chosen = np.concatenate(dims).astype(np.int64)
    components = MeanFieldPosterior(
        torch.from_numpy(np.asarray(posterior.mean)[:, chosen].astype(np.float64)),
        torch.from_numpy(np.log(np.asarray(posterior.variance)[:, chosen].astype(np.float64))),
    )
    ends = np.cumsum([0, *map(len, dims)]).tolist()
    slices = [slice(start, stop) for start, stop in pairwise(ends)]
    own = components[drawn].sample_gaussian(torch.from_numpy(noise[:, chosen]).double())
    values = _log_ratios(own, components, slices, pairs)
    return {
        "information": values.mean(dim=0).numpy(),
        "standard_error": (values.std(dim=0) / np.sqrt(len(values))).numpy(),
    }


def _log_ratios(
    z: Tensor, components: MeanFieldPosterior, slices: list[slice], pairs: list[tuple[int, int]]
) -> Tensor:
    """log q(z_a, z_b) - log q(z_a) - log q(z_b) of each sample and pair of groups, (R, pairs), in nats."""
    alone, joint = ([_LogSum(len(z)) for _ in sums] for sums in (slices, pairs))
    at_once = max(1, CHUNK_ENTRIES // (len(z) * len(slices)))
    for start in range(0, len(components), at_once):
        bits = group_densities(z, components[start : start + at_once], slices)  # one (R, M) per group
        for total, of_group in zip(alone, bits, strict=True):
            total.add(of_group)
        for total, (a, b) in zip(joint, pairs, strict=True):
            total.add(bits[a] + bits[b])
    known = [s.stop > s.start for s in slices]  # a group without topics has no density, and no ratio
    n_documents = np.log(len(components))
    ratios = [
        total.value() - alone[a].value() - alone[b].value() + n_documents
        if known[a] and known[b]
        else torch.zeros(len(z), dtype=z.dtype)
        for total, (a, b) in zip(joint, pairs, strict=True)
    ]
    return torch.stack(ratios, dim=1)


class _LogSum:
    """Logarithm of the sum of 2^bits over the documents of all parts, for each of R samples."""

    def __init__(self, n_samples: int) -> None:
        self._highest = torch.full((n_samples,), -torch.inf, dtype=torch.float64)
        self._total = torch.zeros(n_samples, dtype=torch.float64)

    def add(self, bits: Tensor) -> None:
        """Add a part, shape (R, M)."""
        highest = torch.maximum(self._highest, bits.amax(1))
        shares = (bits - highest[:, None]).clamp_min_(LOWEST_EXPONENT).exp2_()
        self._total = self._total * torch.exp2(self._highest - highest) + shares.sum(1)
        self._highest = highest

    def value(self) -> Tensor:
        """The logarithm, shape (R,), in nats."""
        return (self._total.log2() + self._highest) * LOG_2


def _gaussian_information(posterior: Posterior, dims_a: np.ndarray, dims_b: np.ndarray) -> float:
    """-½ Σ log(1 - ρ²) with ρ the canonical correlations of draws from the posterior, in nats."""
    dims = np.concatenate([dims_a, dims_b]).astype(np.int64)
    mean = np.asarray(posterior.mean)[:, dims].astype(np.float64)
    covariance = np.atleast_2d(np.cov(mean.T, bias=True)) if len(dims) else np.empty((0, 0))
    covariance += np.diag(np.asarray(posterior.variance)[:, dims].mean(axis=0, dtype=np.float64))
    blocks = [covariance[: len(dims_a), : len(dims_a)], covariance[len(dims_a) :, len(dims_a) :], covariance]
    a, b, both = (np.linalg.slogdet(block)[1] for block in blocks)
    return float(max(0.0, 0.5 * (a + b - both)))
