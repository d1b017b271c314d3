"""The terms of the hierarchically factorised ELBO.

The notation is that of Esmaeili et al. (2019), Figures 1 and 3. Every term has one value per sample, in nats
per document.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from hftopic._cached import cached_property
from hftopic._processes import current
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace, Levels
from hftopic.objective.marginals import log_marginals
from hftopic.objective.minibatch import Mixing
from hftopic.objective.schedule import START, Progress

Terms = dict[str, Tensor]
"""Named terms of the loss, unweighted, shape (B,) each."""


class DensityRatio(Protocol):
    """Learned density ratio that estimates a total correlation; it is trained together with the model."""

    def log_ratio(self, sample: Sample) -> Tensor:
        """log q(z) - Σ_e log q(z_e) of each sample, shape (B,), in nats."""


@dataclass(frozen=True)
class Step:
    """Inputs of an objective in one training step.

    Attributes
    ----------
    log_likelihood : Tensor, shape (B,)
        log p(x|z), without the multinomial coefficient.
    posterior : MeanFieldPosterior
        Posterior of the B documents.
    sample : Sample
        One sample of the posterior.
    prior : LatentPrior
    mixing : Mixing
        Documents in the mixtures that estimate the marginals, and their weights.
    components : MeanFieldPosterior, optional
        Posterior of the documents in the mixture, if they are not the mini-batch itself.
    progress : Progress
    ratio : DensityRatio, optional
        Learned density ratio, for objectives that train one.
    gaussian : function, optional
        It returns :attr:`aggregate`.
    """

    log_likelihood: Tensor
    posterior: MeanFieldPosterior
    sample: Sample
    prior: LatentPrior
    mixing: Mixing
    components: MeanFieldPosterior | None = None
    progress: Progress = START
    ratio: DensityRatio | None = None
    gaussian: Callable[[], LatentPrior] | None = None

    @cached_property
    def aggregate(self) -> LatentPrior | None:
        """Gaussian with the moments of q(z): the estimate of the marginals, in place of the mixtures.

        It is made for those objectives that read it; None if mixtures are the estimate.
        """
        return None if self.gaussian is None else self.gaussian()

    @property
    def space(self) -> LatentSpace:
        """Layout of z."""
        return self.prior.space

    @cached_property
    def mixed(self) -> MeanFieldPosterior:
        """Posterior of the documents in the mixtures, of all processes."""
        return self.posterior.gathered(current()) if self.components is None else self.components

    @property
    def own_mixing(self) -> Mixing:
        """How the samples of this process are mixed."""
        return self.mixing if self.components is not None else self.mixing.starting_at(current().first_row)

    @property
    def own_weight(self) -> float:
        """Log weight of a sample's own document in the mixtures of the joint and of the groups."""
        return self.mixing.weights(len(self.mixed)).own

    @cached_property
    def marginals(self) -> Levels:
        """log q̂ at every level."""
        return log_marginals(self.sample.z, self.posterior, self.space, self.own_mixing, self.mixed)


def grouping_names(space: LatentSpace) -> list[str]:
    """Names of term (A) at each level of groups, outermost first; flat groups have one."""
    inner = [f"between_groups_{level}" for level in range(2, len(space.partitions))]
    return ["between_groups", *inner]


def correlation_terms(space: LatentSpace, q: Levels, p: Levels) -> Terms:
    """Terms (A) of each level of groups, and (i): total correlations of q minus those of the prior."""
    return _correlation_terms(space, q.sums(), p.sums())


def _correlation_terms(space: LatentSpace, q_sums: Sequence[Tensor], p_sums: Sequence[Tensor]) -> Terms:
    names = [*grouping_names(space), "within_groups"]
    return {
        name: (q_sums[level] - q_sums[level + 1]) - (p_sums[level] - p_sums[level + 1])
        for level, name in enumerate(names)
    }


def elbo_terms(step: Step) -> Terms:
    """Reconstruction, and KL(q(z|x) || p(z)) in closed form."""
    return {"reconstruction": -step.log_likelihood, "kl": step.prior.kl(step.posterior)}


def hierarchical_terms(step: Step) -> Terms:
    """Terms (1)+(3), (2), (A), (i) and (ii); with unit weights their sum telescopes to the negative ELBO.

    Nested groups have one term (A) per level: the total correlation between the groups of one level inside
    each group of the next outer level. ``own_share`` has no weight; it is the share of the document's own
    component in the joint mixture q̂(z); Gaussian marginals have none.
    """
    if step.aggregate is not None:
        return _gaussian_terms(step, step.aggregate)
    z = step.sample.z
    q_given_x = step.posterior.log_prob(z).sum(1)
    q, p = step.marginals, step.prior.log_prob(z, step.posterior)
    mutual_information = q_given_x - q.joint
    return {
        "reconstruction": -step.log_likelihood,  # (1)+(3)
        "mutual_information": mutual_information,  # (2)
        **correlation_terms(step.space, q, p),  # (A) and (i)
        "dimension_kl": (q.variables - p.variables).sum(1),  # (ii)
        "own_share": (mutual_information.detach() + step.own_weight).exp(),
    }


def _gaussian_terms(step: Step, aggregate: LatentPrior) -> Terms:
    """The same terms with Gaussian marginals, in closed form: expectations over q(z|x) instead of samples.

    Their sum with unit weights is the negative ELBO with the KL divergence in closed form, whatever the
    moments of the marginals.
    """
    q, p = aggregate.expected_sums(step.posterior), step.prior.expected_sums(step.posterior)
    return {
        "reconstruction": -step.log_likelihood,
        "mutual_information": step.posterior.negative_entropy().sum(1) - q[0],
        **_correlation_terms(step.space, q, p),
        "dimension_kl": q[-1] - p[-1],
    }
