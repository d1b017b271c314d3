"""Objectives: the terms of the loss, their weights, and the catalogue of those that have a name.

Every row of Table 1 of Esmaeili et al. (2019). A weight is a number or a :class:`Ramp`, which changes it over
the epochs; all are multiplied by the warm-up.
"""

from hftopic.objective.adversarial import Discriminator, FactorVAE
from hftopic.objective.base import Objective, loss
from hftopic.objective.evidence import DIPVAE, VAE, AnchoredVAE, BetaVAE, CapacityVAE
from hftopic.objective.hierarchical import HFVAE, BetaTCVAE, BottleneckVAE, InfoVAE
from hftopic.objective.schedule import Progress, Ramp
from hftopic.objective.terms import Step, Terms, correlation_terms, elbo_terms, hierarchical_terms

CATALOGUE: dict[str, type[Objective]] = {
    objective.__name__: objective
    for objective in (
        VAE,
        BetaVAE,
        DIPVAE,
        InfoVAE,
        CapacityVAE,
        AnchoredVAE,
        BottleneckVAE,
        BetaTCVAE,
        FactorVAE,
        HFVAE,
    )
}
"""Objectives by the name they print and save with."""

__all__ = [
    "CATALOGUE",
    "DIPVAE",
    "HFVAE",
    "VAE",
    "AnchoredVAE",
    "BetaTCVAE",
    "BetaVAE",
    "BottleneckVAE",
    "CapacityVAE",
    "Discriminator",
    "FactorVAE",
    "InfoVAE",
    "Objective",
    "Progress",
    "Ramp",
    "Step",
    "Terms",
    "correlation_terms",
    "elbo_terms",
    "hierarchical_terms",
    "loss",
]
