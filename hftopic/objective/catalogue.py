"""Every objective that has a name."""

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
"""Objectives by the name they print and save with."""
