"""Objectives: the terms of the loss, their weights, and the catalogue of named objectives.

The catalogue has every row of Table 1 of Esmaeili et al. (2019). A weight is a number or a :class:`Ramp`,
which changes over the epochs. The warm-up multiplies all weights.
"""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.objective.base import Objective as Objective
    from hftopic.objective.base import loss as loss
    from hftopic.objective.catalogue import CATALOGUE as CATALOGUE
    from hftopic.objective.elbo import DIPVAE as DIPVAE
    from hftopic.objective.elbo import VAE as VAE
    from hftopic.objective.elbo import AnchoredVAE as AnchoredVAE
    from hftopic.objective.elbo import BetaVAE as BetaVAE
    from hftopic.objective.elbo import CapacityVAE as CapacityVAE
    from hftopic.objective.factor_vae import Discriminator as Discriminator
    from hftopic.objective.factor_vae import FactorVAE as FactorVAE
    from hftopic.objective.hfvae import HFVAE as HFVAE
    from hftopic.objective.hfvae import BetaTCVAE as BetaTCVAE
    from hftopic.objective.hfvae import BottleneckVAE as BottleneckVAE
    from hftopic.objective.hfvae import InfoVAE as InfoVAE
    from hftopic.objective.schedule import Progress as Progress
    from hftopic.objective.schedule import Ramp as Ramp
    from hftopic.objective.terms import Step as Step
    from hftopic.objective.terms import Terms as Terms
    from hftopic.objective.terms import correlation_terms as correlation_terms
    from hftopic.objective.terms import elbo_terms as elbo_terms
    from hftopic.objective.terms import hierarchical_terms as hierarchical_terms

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "base": ["Objective", "loss"],
        "catalogue": ["CATALOGUE"],
        "elbo": ["DIPVAE", "VAE", "AnchoredVAE", "BetaVAE", "CapacityVAE"],
        "factor_vae": ["Discriminator", "FactorVAE"],
        "hfvae": ["HFVAE", "BetaTCVAE", "BottleneckVAE", "InfoVAE"],
        "schedule": ["Progress", "Ramp"],
        "terms": ["Step", "Terms", "correlation_terms", "elbo_terms", "hierarchical_terms"],
    },
)
