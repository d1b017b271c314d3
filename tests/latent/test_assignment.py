"""Assignment of topics to groups: laws of the exchanges, and partitions that are known to be best."""

from itertools import combinations

import numpy as np
import pytest

from hftopic.latent.assignment import Partition, exchange_gains, gaussian_tc
from hftopic.latent.space import LatentSpace

PLAIN = (0.1, 4.0, 1.0)  # β, γ, w


def random_covariance(n: int, seed: int) -> np.ndarray:
    factors = np.random.default_rng(seed).standard_normal((n, n // 2 + 1))
    return factors @ factors.T + np.diag(np.random.default_rng(seed + 1).uniform(0.5, 2, n))


def test_total_correlation_of_a_pair_is_known():
    assert gaussian_tc(np.array([[4.0, 2.4], [2.4, 4.0]])) == pytest.approx(-0.5 * np.log(1 - 0.36))


def test_the_gain_of_each_exchange_is_the_difference_of_total_correlations():
    covariance = random_covariance(9, 0)
    a, b = np.array([0, 2, 5, 8]), np.array([1, 3, 4, 6, 7])
    gains = exchange_gains(covariance, a, b)

    def tc(*blocks: np.ndarray) -> float:
        return sum(gaussian_tc(covariance[np.ix_(block, block)]) for block in blocks)

    for i, j in np.ndindex(gains.shape):
        one, other = a.copy(), b.copy()
        one[i], other[j] = b[j], a[i]
        assert gains[i, j] == pytest.approx(tc(a, b) - tc(one, other), abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_the_partition_is_the_best_of_all(seed):
    covariance = random_covariance(8, seed)
    partition = Partition(LatentSpace((3, 5)), PLAIN)
    order = partition.best_order(covariance, np.random.default_rng(0), n_starts=20)
    values = [
        partition.total_correlation(covariance, np.array([*first, *sorted(set(range(8)) - set(first))]))
        for first in combinations(range(8), 3)
    ]
    assert partition.total_correlation(covariance, order) == pytest.approx(min(values), abs=1e-9)


@pytest.mark.parametrize("groups", [(10, 10), (7, 7, 7), (4, 12)])
def test_correlated_topics_are_told_apart(groups):
    """Sets of topics that correlate at 0.7, each with at most one topic in every group."""
    n, sizes = sum(groups), min(groups)
    covariance = np.eye(n)
    rng = np.random.default_rng(3)
    places = rng.permutation(n)
    for i in range(sizes):
        members = [places[i + sizes * d] for d in range(len(groups))]
        for one, other in combinations(members, 2):
            covariance[one, other] = covariance[other, one] = 0.7
    partition = Partition(LatentSpace(groups), PLAIN)
    order = partition.best_order(covariance, rng, n_starts=10)
    assert partition.total_correlation(covariance, order) == pytest.approx(0.0, abs=1e-9)
    assert sorted(order) == list(range(n))


def test_a_best_partition_stays_as_it_is():
    covariance = np.eye(6)
    covariance[0, 3] = covariance[3, 0] = 0.8
    partition = Partition(LatentSpace((3, 3)), PLAIN)
    assert partition.best_order(covariance, np.random.default_rng(0), 5).tolist() == list(range(6))


def test_only_the_exchanged_topics_move():
    covariance = np.eye(8)
    covariance[1, 2] = covariance[2, 1] = 0.8  # both in the first group
    partition = Partition(LatentSpace((4, 4)), PLAIN)
    order = partition.best_order(covariance, np.random.default_rng(0), 0)
    moved = np.flatnonzero(order != np.arange(8))
    assert len(moved) == 2
    assert (moved < 4).sum() == 1


def test_rounding_does_not_choose_among_equals():
    """Topics 0 and 2 belong together, as do 1 and 3; which pair is first is decided by no last bit."""
    covariance = np.eye(4)
    for a, b, correlation in ((0, 1, 0.5), (2, 3, 0.5), (0, 3, 0.3), (1, 2, 0.3)):
        covariance[a, b] = covariance[b, a] = correlation
    partition = Partition(LatentSpace((2, 2)), PLAIN)
    rounding = np.random.default_rng(0)
    orders = set()
    for _ in range(50):
        noise = 1e-7 * rounding.standard_normal((4, 4))
        order = partition.best_order(covariance + noise + noise.T, np.random.default_rng(0), 4)
        orders.add(tuple(order.tolist()))
    assert orders == {(0, 2, 1, 3)}


def test_the_same_seed_gives_the_same_partition():
    covariance = random_covariance(30, 7)
    partition = Partition(LatentSpace((10, 20)), PLAIN)
    one, other = (partition.best_order(covariance, np.random.default_rng(4), 5) for _ in range(2))
    assert one.tolist() == other.tolist()


def test_levels_of_nested_groups_have_the_factors_of_the_loss():
    """β rises by 1 from the outer to the inner level, γ by 3 more: both kinds of block count."""
    covariance = random_covariance(8, 2)
    partition = Partition(LatentSpace(((2, 2), (2, 2))), (1.0, 2.0, 5.0, 1.0))
    order = np.arange(8)
    outer = [gaussian_tc(covariance[:4, :4]), gaussian_tc(covariance[4:, 4:])]
    inner = [gaussian_tc(covariance[i : i + 2, i : i + 2]) for i in range(0, 8, 2)]
    assert partition.total_correlation(covariance, order) == pytest.approx(sum(outer) + 3 * sum(inner))
    found = partition.best_order(covariance, np.random.default_rng(0), 5)
    values = [
        partition.total_correlation(covariance, np.random.default_rng(seed).permutation(8))
        for seed in range(200)
    ]
    assert partition.total_correlation(covariance, found) <= min(values) + 1e-9


def test_many_groups_end_in_a_local_optimum():
    """No exchange of any two topics of thirty groups lowers the total correlation."""
    covariance = random_covariance(60, 5)
    partition = Partition(LatentSpace((2,) * 30), PLAIN)
    order = partition.best_order(covariance, np.random.default_rng(0), 1)
    assert sorted(order) == list(range(60))
    pairs = [order[leaf] for leaf in partition.leaves]
    gains = [exchange_gains(covariance, a, b).max() for a, b in combinations(pairs, 2)]
    assert max(gains) < 1e-8


def test_exchanges_of_nested_groups_end_in_a_local_optimum():
    covariance = random_covariance(12, 6)
    partition = Partition(LatentSpace(((2, 3), (4, 3))), (1.0, 2.0, 5.0, 1.0))
    order = partition.best_order(covariance, np.random.default_rng(0), 2)
    lowest = partition.total_correlation(covariance, order)
    for one, other in combinations(range(12), 2):
        exchanged = order.copy()
        exchanged[[one, other]] = exchanged[[other, one]]
        assert partition.total_correlation(covariance, exchanged) >= lowest - 1e-8


def test_without_a_factor_the_innermost_groups_are_told_apart():
    partition = Partition(LatentSpace((2, 2)), (1.0, 1.0, 1.0))
    covariance = np.eye(4)
    covariance[0, 1] = covariance[1, 0] = 0.5
    order = partition.best_order(covariance, np.random.default_rng(0), 0)
    assert partition.total_correlation(covariance, order) == pytest.approx(0.0, abs=1e-12)
