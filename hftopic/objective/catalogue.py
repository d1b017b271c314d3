"""Catalogue of the named objectives."""

from hftopic.objective.base import Objective
from hftopic.objective.elbo import DIPVAE, VAE, AnchoredVAE, BetaVAE, CapacityVAE
from hftopic.objective.factor_vae import FactorVAE
from hftopic.objective.hfvae import HFVAE, BetaTCVAE, BottleneckVAE, InfoVAE

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
"""Objective classes by name; the name is used in the repr and in saved models."""
