"""Latent variables: groups of topics, discrete classes beside them, and how they nest."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.checks import is_positive, is_whole

MOST_CLASSES = 64  # combinations of classes that are enumerated at every sample


@dataclass(frozen=True)
class Normal:
    """Group of topics with a diagonal Gaussian posterior.

    Parameters
    ----------
    dims : int
        Number of topics in the group.

    Examples
    --------
    >>> Normal(25)
    Normal(dims=25)
    """

    dims: int

    def __post_init__(self) -> None:
        if not is_whole(self.dims):
            raise ValueError(f"a Normal group needs a whole number of topics, 1 or more; got {self.dims!r}")

    @property
    def size(self) -> int:
        """Columns of ``transform``."""
        return self.dims


@dataclass(frozen=True)
class Concrete:
    """Discrete variable beside the topics: each document is of one of some classes.

    Trained through the relaxation of Maddison et al. (2017) and Jang et al. (2017): the decoder sees
    softmax((log π + Gumbel noise) / temperature), and so does FactorVAE's discriminator. Everything else, the
    terms of the objective as well as scores, enumerates the classes and has no bias from the relaxation.

    Parameters
    ----------
    classes : int
        Number of classes, from 2 to 64; where there are several such variables, of their combinations.
    temperature : float or (float, float), default=(5.0, 0.5)
        Of the relaxation; the lower, the nearer to a class and the noisier the gradient. A pair is annealed:
        it goes geometrically from the first to the second over the epochs of a fit. Started low, most classes
        fall out of use while the weights of the divergences are still warming up.
    probabilities : tuple of float, optional
        Prior of the classes; uniform if not given.

    Examples
    --------
    >>> Concrete(20, temperature=0.5)
    Concrete(classes=20, temperature=0.5, probabilities=None)
    >>> Concrete(2, probabilities=(0.75, 0.25)).log_prior().exp().tolist()
    [0.75, 0.25]
    """

    classes: int
    temperature: float | tuple[float, float] = (5.0, 0.5)
    probabilities: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not is_whole(self.classes, 2) or self.classes > MOST_CLASSES:
            raise ValueError(
                f"a Concrete variable needs a whole number of classes from 2 to {MOST_CLASSES}; "
                f"got {self.classes!r}"
            )
        ends = self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)
        if len(ends) not in (1, 2) or not all(is_positive(end) for end in ends):
            raise ValueError(
                "temperature must be a positive number, or two for one that is annealed, such as (1.0, 0.3); "
                f"got {self.temperature!r}"
            )
        if self.probabilities is not None:
            self._check_probabilities(self.probabilities)
            object.__setattr__(self, "probabilities", tuple(map(float, self.probabilities)))

    def _check_probabilities(self, probabilities: Any) -> None:
        if (
            not isinstance(probabilities, Sequence | np.ndarray)
            or len(probabilities) != self.classes
            or not all(is_positive(p) for p in probabilities)
            or not math.isclose(sum(probabilities), 1, abs_tol=1e-6)
        ):
            raise ValueError(
                f"probabilities must be {self.classes} positive numbers that add up to 1; "
                f"got {probabilities!r}"
            )

    @property
    def size(self) -> int:
        """Columns of ``transform``."""
        return self.classes

    def temperature_at(self, share: float) -> float:
        """Temperature when a share of the training, from 0 to 1, is done."""
        if not isinstance(self.temperature, tuple):
            return self.temperature
        first, last = self.temperature[0], self.temperature[-1]
        return float(first * (last / first) ** share)

    def log_prior(self) -> Tensor:
        """log p(c) of each class, shape (classes,), float64."""
        given = self.probabilities or (1 / self.classes,) * self.classes
        return torch.tensor(given, dtype=torch.float64).log()


Group = Normal | Concrete
GroupsLike = int | Group | Sequence["GroupsLike"]


@dataclass(frozen=True)
class Levels:
    """Log densities of latent variables at every level of the hierarchy, in nats.

    Attributes
    ----------
    partitions : tuple of Tensor, shape (B, nodes) each
        Of the nodes of each partition of :class:`LatentSpace`: z whole, …, the innermost groups z_d.
    variables : Tensor, shape (B, K + number of Concrete variables)
        Of each single variable: the Gaussian dimensions z_d,e, then the Concrete ones.
    """

    partitions: tuple[Tensor, ...]
    variables: Tensor

    @property
    def joint(self) -> Tensor:
        """Of z whole, shape (B,)."""
        return self.partitions[0][:, 0]

    @property
    def groups(self) -> Tensor:
        """Of each innermost group z_d, shape (B, D)."""
        return self.partitions[-1]

    def sums(self) -> list[Tensor]:
        """Over the parts of each level, from z whole to the single variables, shape (B,) each."""
        return [*(partition.sum(1) for partition in self.partitions), self.variables.sum(1)]


class LatentSpace:
    """Layout of z: groups side by side, which may be nested.

    Topics, which are the columns of ``transform``, are the dimensions of the Normal groups and the classes of
    the Concrete variables, in the order of the groups.

    Parameters
    ----------
    groups : int, Normal, Concrete, or iterable of them or of iterables of them
        A bare number is one group.

    Attributes
    ----------
    groups : tuple of Normal or Concrete
        The D innermost groups.
    paths : tuple of tuple of int
        Place of each in the nesting: (1,) is the second group, (1, 0) the first one inside it.
    partitions : tuple of tuple of slice
        Nodes of each level as runs of innermost groups, from the one that holds all to single groups. Flat
        groups have these two levels, every depth of nesting one more.
    """

    def __init__(self, groups: GroupsLike) -> None:
        listed = [groups] if isinstance(groups, int | np.integer | Normal | Concrete) else groups
        if not isinstance(listed, Iterable) or isinstance(groups, str):
            raise ValueError(
                f"groups must be a number of topics or a tuple of them, such as (25, 25); got {groups!r}"
            )
        leaves = list(_leaves(listed, ()))
        if not leaves:
            raise ValueError("groups is empty; give at least one group, such as groups=(25, 25)")
        self.paths = tuple(path for path, _ in leaves)
        self.groups: tuple[Group, ...] = tuple(group for _, group in leaves)
        combinations = math.prod(concrete.classes for concrete in self.concretes)
        if combinations > MOST_CLASSES:
            raise ValueError(
                f"the classes of the Concrete variables have {combinations} combinations, and each is "
                f"enumerated; at most {MOST_CLASSES} can be, so use fewer classes or variables"
            )
        depth = max(map(len, self.paths))
        self.partitions = tuple(tuple(self._nodes(level)) for level in range(depth + 1))

    def _nodes(self, level: int) -> Iterable[slice]:
        """Runs of innermost groups that share the first ``level`` steps of their paths."""
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
        """Columns of ``transform``: Gaussian dimensions and classes."""
        return sum(group.size for group in self.groups)

    @cached_property
    def concretes(self) -> tuple[Concrete, ...]:
        """The Concrete variables."""
        return tuple(group for group in self.groups if isinstance(group, Concrete))

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Topics of each group."""
        ends = np.cumsum([group.size for group in self.groups]).tolist()
        return tuple(slice(end - group.size, end) for group, end in zip(self.groups, ends, strict=True))

    @cached_property
    def dim_slices(self) -> tuple[slice, ...]:
        """Gaussian dimensions of each group; none of a Concrete one."""
        sizes = [group.dims if isinstance(group, Normal) else 0 for group in self.groups]
        ends = np.cumsum(sizes).tolist()
        return tuple(slice(end - size, end) for size, end in zip(sizes, ends, strict=True))

    @cached_property
    def topic_groups(self) -> NDArray[np.int64]:
        """Innermost group of each topic, shape (n_topics,)."""
        return np.repeat(np.arange(self.n_groups), [group.size for group in self.groups])

    @cached_property
    def gaussian(self) -> NDArray[np.bool_]:
        """Which topics are Gaussian dimensions and not classes, shape (n_topics,)."""
        kinds = [isinstance(group, Normal) for group in self.groups]
        return np.repeat(kinds, [group.size for group in self.groups])

    def concretes_in(self, node: slice) -> list[int]:
        """Which of the Concrete variables a run of groups holds."""
        before = sum(isinstance(group, Concrete) for group in self.groups[: node.start])
        inside = sum(isinstance(group, Concrete) for group in self.groups[node])
        return list(range(before, before + inside))

    def dims_in(self, node: slice) -> slice:
        """Gaussian dimensions of a run of groups."""
        return slice(self.dim_slices[node.start].start, self.dim_slices[node.stop - 1].stop)

    def variables_in(self, node: slice) -> list[int]:
        """Single variables of a run of groups: Gaussian dimensions, numbered first, and Concrete ones."""
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
        """Every way of choosing a class of each Concrete variable; one, empty, where there are none."""
        return list(product(*(range(concrete.classes) for concrete in self.concretes)))

    def levels_of(
        self, dims: Tensor, classes: list[Tensor], of_block: Callable[[slice], Tensor] | None = None
    ) -> Levels:
        """Levels of a density under which the Concrete variables are independent of all else.

        Parameters
        ----------
        dims : Tensor, shape (B, K)
            Log density of each Gaussian dimension alone.
        classes : list of Tensor, shape (B,) each
            Of each Concrete variable.
        of_block : function, optional
            Log density, shape (B,), of a run of dimensions together; if not given they are independent.
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
    """Innermost groups in order, each with its place in the nesting."""
    for i, group in enumerate(groups):
        if isinstance(group, tuple | list):
            if not group:
                raise ValueError("groups holds an empty group; leave it out")
            yield from _leaves(group, (*path, i))
        else:
            yield (*path, i), group if isinstance(group, Normal | Concrete) else Normal(group)  # type: ignore[arg-type]
