"""Layout of the latent variables: a sequence of groups, which may be nested, and densities at every level."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic._cached import cached_property
from hftopic.latent.groups import MOST_CLASSES, Discrete, Group, GroupsLike, Normal


@dataclass(frozen=True)
class Levels:
    """Log densities of latent variables at every level of the hierarchy, in nats.

    Attributes
    ----------
    partitions : tuple of Tensor, shape (B, nodes) each
        Log density of the nodes of each partition of :class:`LatentSpace`: the joint z, …, the innermost
        groups z_d.
    variables : Tensor, shape (B, K + number of discrete variables)
        Log density of each single variable: the Gaussian dimensions z_d,e, then the discrete variables.
    """

    partitions: tuple[Tensor, ...]
    variables: Tensor

    @property
    def joint(self) -> Tensor:
        """Log density of the joint z, shape (B,)."""
        return self.partitions[0][:, 0]

    @property
    def groups(self) -> Tensor:
        """Log density of each innermost group z_d, shape (B, D)."""
        return self.partitions[-1]

    def sums(self) -> list[Tensor]:
        """Sum over the parts of each level, from the joint z to the single variables, shape (B,) each."""
        return [*(partition.sum(1) for partition in self.partitions), self.variables.sum(1)]


class LatentSpace:
    """Layout of z: a sequence of groups, which may be nested.

    The topics (the columns of ``transform``) are the dimensions of the Normal groups and the classes of the
    discrete variables, in the order of the groups.

    Parameters
    ----------
    groups : int, Normal, Discrete, or iterable of them or of iterables of them
        A number is one Normal group.

    Attributes
    ----------
    groups : tuple of Normal or Discrete
        The D innermost groups.
    paths : tuple of tuple of int
        Position of each group in the nesting: (1,) is the second group, (1, 0) is the first group inside it.
    partitions : tuple of tuple of slice
        Nodes of each level, as slices of innermost groups: from one node with all groups to one node per
        group. Flat groups have these two levels; each depth of nesting adds one.
    """

    def __init__(self, groups: GroupsLike) -> None:
        listed = [groups] if isinstance(groups, int | np.integer | Normal | Discrete) else groups
        if not isinstance(listed, Iterable) or isinstance(groups, str):
            raise ValueError(
                f"groups must be a number of topics or a tuple of them, such as (25, 25); got {groups!r}"
            )
        leaves = list(_leaves(listed, ()))
        if not leaves:
            raise ValueError("groups is empty; pass at least one group, such as groups=(25, 25)")
        self.paths = tuple(path for path, _ in leaves)
        self.groups: tuple[Group, ...] = tuple(group for _, group in leaves)
        combinations = math.prod(concrete.classes for concrete in self.concretes)
        if combinations > MOST_CLASSES:
            raise ValueError(
                f"the classes of the discrete variables have {combinations} combinations, but at most "
                f"{MOST_CLASSES} can be enumerated; use fewer classes or variables"
            )
        depth = max(map(len, self.paths))
        self.partitions = tuple(tuple(self._nodes(level)) for level in range(depth + 1))

    def _nodes(self, level: int) -> Iterable[slice]:
        """Slices of innermost groups whose paths have the same first ``level`` steps."""
        starts = [
            i for i, path in enumerate(self.paths) if not i or path[:level] != self.paths[i - 1][:level]
        ]
        return (slice(a, b) for a, b in zip(starts, [*starts[1:], len(self.paths)], strict=True))

    @property
    def n_groups(self) -> int:
        """D, the number of innermost groups."""
        return len(self.groups)

    @cached_property
    def n_dims(self) -> int:
        """K, the number of Gaussian dimensions."""
        return sum(group.dims for group in self.groups if isinstance(group, Normal))

    @cached_property
    def n_topics(self) -> int:
        """Number of columns of ``transform``: Gaussian dimensions and classes."""
        return sum(group.size for group in self.groups)

    @cached_property
    def concretes(self) -> tuple[Discrete, ...]:
        """The discrete variables."""
        return tuple(group for group in self.groups if isinstance(group, Discrete))

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Topics of each group."""
        ends = np.cumsum([group.size for group in self.groups]).tolist()
        return tuple(slice(end - group.size, end) for group, end in zip(self.groups, ends, strict=True))

    @cached_property
    def dim_slices(self) -> tuple[slice, ...]:
        """Gaussian dimensions of each group; an empty slice for a discrete variable."""
        sizes = [group.dims if isinstance(group, Normal) else 0 for group in self.groups]
        ends = np.cumsum(sizes).tolist()
        return tuple(slice(end - size, end) for size, end in zip(sizes, ends, strict=True))

    @cached_property
    def topic_groups(self) -> NDArray[np.int64]:
        """Innermost group of each topic, shape (n_topics,)."""
        return np.repeat(np.arange(self.n_groups), [group.size for group in self.groups])

    @cached_property
    def gaussian(self) -> NDArray[np.bool_]:
        """Mask of the topics that are Gaussian dimensions, not classes, shape (n_topics,)."""
        kinds = [isinstance(group, Normal) for group in self.groups]
        return np.repeat(kinds, [group.size for group in self.groups])

    @cached_property
    def level_masks(self) -> NDArray[np.bool_]:
        """Whether two Gaussian dimensions share a node, by level, shape (levels, K, K).

        The levels are those of :meth:`Levels.sums`: the partitions, and last the single dimensions.
        """
        masks = np.zeros((len(self.partitions) + 1, self.n_dims, self.n_dims), dtype=bool)
        for mask, nodes in zip(masks, self.partitions, strict=False):
            for node in nodes:
                dims = self.dims_in(node)
                mask[dims, dims] = True
        masks[-1] = np.eye(self.n_dims, dtype=bool)
        return masks

    def concretes_in(self, node: slice) -> list[int]:
        """Numbers of the discrete variables in a slice of groups."""
        before = sum(isinstance(group, Discrete) for group in self.groups[: node.start])
        inside = sum(isinstance(group, Discrete) for group in self.groups[node])
        return list(range(before, before + inside))

    def dims_in(self, node: slice) -> slice:
        """Gaussian dimensions in a slice of groups."""
        return slice(self.dim_slices[node.start].start, self.dim_slices[node.stop - 1].stop)

    def variables_in(self, node: slice) -> list[int]:
        """Numbers of the variables in a slice of groups: Gaussian dimensions, then discrete variables."""
        dims = self.dims_in(node)
        return [*range(dims.start, dims.stop), *(self.n_dims + c for c in self.concretes_in(node))]

    @cached_property
    def variable_of_topic(self) -> NDArray[np.int64]:
        """Single variable that each topic belongs to, shape (n_topics,)."""
        each = [
            np.resize(self.variables_in(slice(d, d + 1)), group.size) for d, group in enumerate(self.groups)
        ]
        return np.concatenate(each)

    def class_combinations(self) -> list[tuple[int, ...]]:
        """All combinations of classes of the discrete variables; a single empty one if there are none."""
        return list(product(*(range(concrete.classes) for concrete in self.concretes)))

    def log_classes(self, logits: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """log π of each discrete variable, (B, classes), from outputs of an encoder, (B, n_logits) each."""
        return tuple(
            variable.log_probabilities(of_variable)
            for variable, of_variable in zip(self.concretes, logits, strict=True)
        )

    def levels_of(
        self, dims: Tensor, classes: list[Tensor], of_block: Callable[[slice], Tensor] | None = None
    ) -> Levels:
        """Levels of a density in which each discrete variable is independent of all other variables.

        Parameters
        ----------
        dims : Tensor, shape (B, K)
            Marginal log density of each Gaussian dimension.
        classes : list of Tensor, shape (B,) each
            Log density of each discrete variable.
        of_block : function, optional
            Joint log density of a slice of dimensions, shape (B,); by default they are independent.
        """
        of_block = of_block or (lambda block: dims[:, block].sum(1))
        partitions = [
            torch.stack(
                [
                    sum((classes[c] for c in self.concretes_in(node)), of_block(self.dims_in(node)))
                    for node in partition
                ],
                dim=1,
            )
            for partition in self.partitions
        ]
        return Levels(tuple(partitions), torch.cat([dims, *(c[:, None] for c in classes)], 1))


def _leaves(groups: Iterable[object], path: tuple[int, ...]) -> Iterable[tuple[tuple[int, ...], Group]]:
    """Innermost groups in order, each with its position in the nesting."""
    for i, group in enumerate(groups):
        if isinstance(group, tuple | list):
            if not group:
                raise ValueError("groups contains an empty group; remove it")
            yield from _leaves(group, (*path, i))
        else:
            yield (*path, i), group if isinstance(group, Normal | Discrete) else Normal(group)  # type: ignore[arg-type]
