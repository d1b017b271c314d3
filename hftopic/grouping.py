"""What training learns of the groups: correlations of the prior, and which topic is in which group.

Training has two phases. In the first, all weights are 1 and all correlations of the prior are free. At the
cut, topics are assigned to groups such that the total correlation within them is lowest. In the second phase
the weights change to their final values, the prior has the structure of the groups, and topics may still be
exchanged.
"""

import math
from typing import Any

import numpy as np
import torch

from hftopic.latent.assignment import Order, Partition
from hftopic.latent.correlation import free_correlations, learned_covariance, without_shift
from hftopic.networks.network import Network
from hftopic.objective.base import Objective
from hftopic.objective.schedule import Progress, turning_points, whole_epochs

LEARN_FROM = 0.25  # of the epochs; before, the moments are those of an encoder that knows little
CUT = 0.5  # of the epochs: the end of the first phase
EXCHANGE_UNTIL = 0.9  # of the epochs, so that the network adapts to the last exchange
N_STARTS = 20  # random partitions from which the cut into two groups is searched; fewer for more groups


class Grouping:
    """Learned correlations and groups of one network.

    Parameters
    ----------
    network : Network
    learns_groups : bool
        Whether topics are assigned to groups; otherwise they stay in the groups that they begin in.
    """

    def __init__(self, network: Network[Any], learns_groups: bool) -> None:
        if network.learned is not None and network.prior.factorises:
            raise ValueError("learned correlations need a prior with a covariance matrix, shape (K, K)")
        if learns_groups and network.topic_axes() is None:
            raise ValueError(
                f"the topics of a {type(network).__name__} cannot be exchanged: it has no topic_axes"
            )
        self.network, self.learns_groups, self.has_cut = network, learns_groups, False

    def cut_epoch(self, max_iter: int) -> int:
        """Number of epochs in the first phase; 0 if the groups are fixed."""
        return whole_epochs(CUT, max_iter) if self.learns_groups else 0

    def settled_epoch(self, max_iter: int) -> int:
        """Number of epochs after which topics are assigned and correlations of the prior are learned."""
        learns = self.network.learned is not None
        return max(self.cut_epoch(max_iter), math.ceil(LEARN_FROM * max_iter) if learns else 0)

    def best_order(self, objective: Objective, progress: Progress) -> Order | None:
        """Order of the topics that lowers the total correlation within groups, at the start of an epoch.

        None if topics stay where they are.
        """
        cut = self.cut_epoch(progress.max_iter)
        due = self.learns_groups and cut <= progress.epochs < EXCHANGE_UNTIL * progress.max_iter
        if not due or self.network.moments.empty:
            return None
        end = Progress(progress.max_iter, progress.max_iter)
        partition = Partition(self.network.space, objective.level_weights(self.network.space, end))
        covariance = self.network.moments.covariance().cpu().numpy()
        n_starts = 0 if self.has_cut else max(1, 2 * N_STARTS // len(partition.leaves))
        self.has_cut = True
        order = partition.best_order(covariance, np.random.default_rng(0), n_starts)
        return None if (order == np.arange(len(order))).all() else order

    def renew_prevalence(self, n_documents: int) -> None:
        """Set how the mean of the prior depends on metadata, from the moments of q(z)."""
        network = self.network
        if network.prevalence is not None:
            network.prevalence.renew(network.moments, network.prior, n_documents)

    def renew_prior(self, objective: Objective, progress: Progress, n_documents: int) -> None:
        """Set the correlations of the prior from the moments of q(z), at the start of an epoch."""
        network, learned = self.network, self.network.learned
        if learned is None or network.moments.empty:
            return
        if progress.epochs < LEARN_FROM * progress.max_iter and not _has_correlations(
            network.prior_covariance
        ):
            return
        space, max_iter = network.space, progress.max_iter
        free = free_correlations(space, learned)
        if progress.epochs < self.cut_epoch(max_iter):
            free = ~np.eye(len(free), dtype=bool)
        points = {progress.epochs, progress.epochs + 1.0, *turning_points(objective, max_iter)}
        weights = [
            objective.level_weights(space, Progress(point, max_iter))
            for point in sorted(points)
            if progress.epochs <= point <= progress.epochs + 1
        ]
        total = network.moments.covariance()
        covariance = learned_covariance(
            without_shift(total, network.simplex()),
            network.moments.covariance_of_means().diagonal() / total.diagonal(),
            network.moments.documents(n_documents),
            network.prior,
            learned,
            free,
            weights,
        )
        network.prior_covariance.copy_(covariance)


def _has_correlations(covariance: torch.Tensor) -> bool:
    return bool((covariance - torch.diag(covariance.diagonal())).any())


def why_groups_are_fixed(network: Network[Any], objective: Objective) -> str | None:
    """Why topics cannot be assigned to groups; None if they can."""
    if network.topic_axes() is None:
        return (
            "topics of this model cannot be exchanged between groups, as with topic_softmax='group' or a "
            "decoder without topic_axes"
        )
    if not objective.exchangeable:
        return f"{objective!r} gives single topics a role of their own"
    if network.learned is None and not network.prior.factorises:
        return "the prior has correlations that are given for the groups as they are"
    return None
