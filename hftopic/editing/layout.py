"""The latent space of edited topics."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hftopic.editing.edits import Edits
from hftopic.latent.groups import Concrete, Group, Normal
from hftopic.latent.space import LatentSpace


def check_mergeable(edits: Edits, space: LatentSpace, simplex: Sequence[int], signed: bool) -> None:
    """Check that the proportions of the merged topics can be added.

    Raises
    ------
    ValueError
        Topics of a merge are signed, or are on different simplexes.
    """
    for topics in edits.merged:
        if signed and space.gaussian[list(topics)].any():
            raise ValueError(
                f"cannot merge {_told(topics)}: topics of this model are signed. A document has no "
                "proportion of a signed topic, only a place between its two poles, so there is nothing "
                "to add; drop or rename them"
            )
        if len({simplex[topic] for topic in topics}) > 1:
            raise ValueError(
                f"cannot merge {_told(topics)}: their proportions are of different softmaxes or variables, "
                "each of which sums to 1 in every document"
            )


def edited_space(space: LatentSpace, edits: Edits) -> LatentSpace:
    """Layout of the topics that are left: each is in the group of its first member.

    Groups without topics are left out, and those after them get lower numbers.

    Raises
    ------
    ValueError
        A discrete variable is left with one class.
    """
    sizes = np.bincount(space.topic_groups[edits.ids], minlength=space.n_groups).tolist()
    left = {
        path: _group(group, number, size, space, edits)
        for number, (path, group, size) in enumerate(zip(space.paths, space.groups, sizes, strict=True))
        if size
    }
    return LatentSpace(_nested(left, ()))


def members_by_variable(space: LatentSpace, edits: Edits) -> tuple[list[list[int]], list[list[list[int]]]]:
    """Members of each Gaussian dimension, and of each class of each discrete variable that is left.

    They are numbered as the Gaussian dimensions, and as the classes within their variable.
    """
    dims = np.cumsum(space.gaussian) - 1
    gaussian = [dims[list(topics)].tolist() for topics in edits.members if space.gaussian[topics[0]]]
    classes = []
    for group, topics_of_group in zip(space.groups, space.slices, strict=True):
        own = [
            [topic - topics_of_group.start for topic in topics]
            for topics in edits.members
            if topics_of_group.start <= topics[0] < topics_of_group.stop
        ]
        if not isinstance(group, Normal):
            classes.append(own)
    return gaussian, classes


def _group(group: Group, number: int, size: int, space: LatentSpace, edits: Edits) -> Group:
    if isinstance(group, Normal):
        return Normal(size)
    if size < 2:
        raise ValueError(
            f"group {number} is a variable of {group.classes} classes, of which one would be left; leave "
            "two, or drop all"
        )
    start, prior = space.slices[number].start, group.log_prior().exp().numpy()
    own = [topics for topics in edits.members if space.topic_groups[topics[0]] == number]
    mass = np.array([prior[np.array(topics) - start].sum() for topics in own])
    return Concrete(size, probabilities=tuple((mass / mass.sum()).tolist()))


def _nested(left: dict[tuple[int, ...], Group], path: tuple[int, ...]) -> Any:
    """The groups that are left below a path, nested as they were."""
    if path in left:
        return left[path]
    places = sorted({own[len(path)] for own in left if own[: len(path)] == path})
    return tuple(_nested(left, (*path, place)) for place in places)


def _told(topics: Sequence[int]) -> str:
    return "topics " + ", ".join(map(str, topics))
