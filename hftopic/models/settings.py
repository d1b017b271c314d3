"""Named settings of the models."""

from typing import Any

from hftopic.latent.priors import DirichletLaplace


def paper_text_settings() -> dict[str, Any]:
    """Parameters of ProdLDA for the text experiment of Esmaeili et al. (2019), section 5.2.

    Weights α = 1, β = 0.1, γ = 4 from the first epoch, the fixed prior of ProdLDA, groups that are not
    learned, and marginals from the mini-batch (section 3.1). The paper's groups are ``(25, 25)``; its
    baseline is the plain VAE with 50 topics, ``ProdLDA(50, objective=VAE())``.

    Returns
    -------
    dict
        Keyword arguments of :class:`hftopic.ProdLDA`.

    Examples
    --------
    >>> from hftopic import ProdLDA
    >>> ProdLDA((25, 25), **paper_text_settings()).gamma
    4.0
    """
    return {
        "alpha": 1.0,
        "beta": 0.1,
        "gamma": 4.0,
        "ramp": 0,
        "prior": DirichletLaplace(1.0),
        "assignment": "fixed",
        "marginals": "hfvae",
        "decoder_norm": "shift",
        "dropout": 0.02,
        "max_iter": 40,
        "warm_up": 0.5,
    }
