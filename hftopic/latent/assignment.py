"""Assignment of topics to groups: the partition with the lowest total correlation within its groups.

The total correlation of a block of dimensions is that of a Gaussian with covariance S:
½ (Σ_e log S_ee - log det S_block), in nats. The variances are the same for every partition, so only the
determinants matter. Two topics of different groups are exchanged as long as that lowers the total
correlation; the effect of all exchanges between two blocks follows from the inverses of the two blocks.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hftopic.latent.space import LatentSpace

Floats = NDArray[np.float64]
Order = NDArray[np.int64]
"""A permutation: entry i is the topic (a Gaussian dimension) that moves to place i."""

LEAST_GAIN = 1e-9  # nats; smaller gains are rounding errors


class Partition:
    """Total correlation within the groups of a latent space, as a function of the order of its dimensions.

    Parameters
    ----------
    space : LatentSpace
    weights : sequence of float
        Weights of the levels as in :func:`hftopic.latent.log_prior.check_bounded`: β of each level of groups,
        γ, and w. The loss depends on the partition through Σ_levels (weight of the level below - weight of
        the level) Σ_blocks TC. For two flat levels this is (γ - β) Σ_d TC(z_d).
        Levels whose factor is not positive are ignored, except that the innermost groups then have the
        factor 1.
    """

    def __init__(self, space: LatentSpace, weights: Sequence[float]) -> None:
        levels = [
            [dims for node in nodes if (dims := space.dims_in(node)).stop > dims.start]
            for nodes in space.partitions
        ]
        factors = np.maximum(np.diff(weights[:-1]), 0).tolist()
        if not any(factor > 0 for factor in factors):
            factors = [0.0] * (len(factors) - 1) + [1.0]
        self.leaves = levels[-1]
        self.levels = [
            (factor, blocks) for factor, blocks in zip(factors, levels[1:], strict=True) if factor > 0
        ]
        self.flat = len(space.partitions) == 2

    def total_correlation(self, covariance: Floats, order: Order) -> float:
        """Weighted total correlation within the groups, in nats, if place i has topic ``order[i]``."""
        values = [
            factor * gaussian_tc(covariance[np.ix_(order[block], order[block])])
            for factor, blocks in self.levels
            for block in blocks
        ]
        return float(sum(values))

    def best_order(self, covariance: Floats, generator: np.random.Generator, n_starts: int) -> Order:
        """Order with the lowest total correlation: the current one, unless exchanges improve on it.

        Exchanges start from the current order and from ``n_starts`` random ones. Topics stay in their places
        as far as possible.
        """
        n = len(covariance)
        current = np.arange(n)
        starts = [current, *(generator.permutation(n) for _ in range(n_starts))]
        found = [self._exchanged(covariance, start) for start in starts]
        values = [self.total_correlation(covariance, order) for order in found]
        # The first of equals: which of them is lowest by its last bits depends on the number of threads.
        best = int(np.argmax(np.array(values) <= min(values) + LEAST_GAIN))
        if values[best] > self.total_correlation(covariance, current) - LEAST_GAIN:
            return current
        return self._in_place(found[best])

    def _exchanged(self, covariance: Floats, order: Order) -> Order:
        """A local optimum: no exchange of two topics lowers the total correlation."""
        order = order.copy()
        best = {
            (a, b): self._best_exchange(covariance, order, self.leaves[a], self.leaves[b])
            for a, b in combinations(range(len(self.leaves)), 2)
        }
        while best:
            pair = max(best, key=lambda of: best[of][0])
            gain, one, other = best[pair]
            if gain <= LEAST_GAIN:
                break
            order[[one, other]] = order[[other, one]]
            for a, b in best:  # only exchanges with a block that has changed have another gain
                if self._same_block(pair, a) or self._same_block(pair, b):
                    best[a, b] = self._best_exchange(covariance, order, self.leaves[a], self.leaves[b])
        return order

    def _same_block(self, changed: tuple[int, int], leaf: int) -> bool:
        """Whether a leaf is in a block, of any level, with one of two leaves."""
        return any(
            _containing(blocks, self.leaves[leaf]) == _containing(blocks, self.leaves[one])
            for one in changed
            for _, blocks in self.levels
        )

    def _best_exchange(self, covariance: Floats, order: Order, a: slice, b: slice) -> tuple[float, int, int]:
        """Largest gain of an exchange between two innermost groups, in nats, and the two places."""
        gains = np.zeros((a.stop - a.start, b.stop - b.start))
        for factor, blocks in self.levels:
            outer_a, outer_b = _containing(blocks, a), _containing(blocks, b)
            if outer_a != outer_b:
                of_blocks = exchange_gains(covariance, order[outer_a], order[outer_b])
                gains += factor * of_blocks[_inside(a, outer_a), _inside(b, outer_b)]
        i, j = np.unravel_index(gains.argmax(), gains.shape)
        return float(gains[i, j]), a.start + int(i), b.start + int(j)

    def _in_place(self, order: Order) -> Order:
        """The same partition, with groups of equal size numbered, and topics placed, as they were."""
        members = [set(order[leaf].tolist()) for leaf in self.leaves]
        if self.flat:  # nested groups of equal size are not interchangeable
            members.sort(key=min)  # so that equals have the same places in whatever order they were found
            sizes = np.array([leaf.stop - leaf.start for leaf in self.leaves])
            kept = np.array([[len(m & set(range(p.start, p.stop))) for m in members] for p in self.leaves])
            kept[sizes[:, None] != [len(m) for m in members]] = -len(order)
            members = [members[j] for j in linear_sum_assignment(-kept)[1]]
        placed = order.copy()
        for leaf, topics in zip(self.leaves, members, strict=True):
            arrived = iter(sorted(topics - set(range(leaf.start, leaf.stop))))
            placed[leaf] = [
                place if place in topics else next(arrived) for place in range(leaf.start, leaf.stop)
            ]
        return placed


def gaussian_tc(covariance: Floats) -> float:
    """Total correlation of a Gaussian, ½ (Σ_e log S_ee - log det S), in nats."""
    return 0.5 * float(np.log(np.diag(covariance)).sum() - np.linalg.slogdet(covariance)[1])


def exchange_gains(covariance: Floats, a: Order, b: Order) -> Floats:
    """Decrease of TC(a) + TC(b), in nats, if a topic of a and one of b change places, shape (|a|, |b|)."""
    return 0.5 * (_log_ratios(covariance, a, b) + _log_ratios(covariance, b, a).T)


def _log_ratios(covariance: Floats, block: Order, others: Order) -> Floats:
    """log det of a block after topic i is replaced by another one j, minus that before, (|block|, |others|).

    With P the inverse of the block, removing i multiplies the determinant by P_ii, and adding j multiplies it
    by the variance of j given the rest, S_jj - s_jᵀ P s_j + (P s_j)_i² / P_ii.
    """
    inverse = np.linalg.inv(covariance[np.ix_(block, block)])
    between = covariance[np.ix_(block, others)]
    solved = inverse @ between
    diagonal = np.diag(inverse)[:, None]
    given_rest = np.diag(covariance)[others] - (between * solved).sum(0) + solved**2 / diagonal
    return np.asarray(np.log(np.maximum(diagonal * given_rest, np.finfo(np.float64).tiny)))


def _containing(blocks: Sequence[slice], inner: slice) -> slice:
    return next(block for block in blocks if block.start <= inner.start and inner.stop <= block.stop)


def _inside(inner: slice, outer: slice) -> slice:
    return slice(inner.start - outer.start, inner.stop - outer.start)
