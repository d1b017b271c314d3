"""Prevalence: the mean of the prior as a linear function of what is known of a document."""

import torch
from torch import Tensor, nn

from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.networks.moments import RunningMoments

N_UPDATES = 20  # of the relevances and the coefficients, which depend on each other
LEAST = 1e-6  # relevance in documents, so that columns that depend on each other have a solution


class Prevalence(nn.Module):
    r"""p(z|m) = N(μ + D Γ, Σ), for the design D of the metadata m of a document.

    The columns of the design are centred and scaled over the training documents, so that μ is the prior mean
    of an average document. The residual ε = z - D Γ has the prior N(μ, Σ) whatever the metadata: objectives
    compare it, and its aggregate posterior, with the prior.

    Γ is the posterior mean of a Bayesian regression of E[z|x] on the design, in which a relevance λ_p
    shrinks each column. λ_p is that of the highest evidence (automatic relevance determination, MacKay 1992;
    Tipping 2001, equation 16), or is given.

    Parameters
    ----------
    n_columns : int
        P, the number of columns of the design.
    n_dims : int
        K, the number of Gaussian dimensions.
    shrinkage : float, optional
        λ of all columns, in documents; by default it is learned for each.

    Attributes
    ----------
    coefficients : Tensor, shape (P, K)
        Γ.
    """

    coefficients: Tensor

    def __init__(self, n_columns: int, n_dims: int, shrinkage: float | None = None) -> None:
        super().__init__()
        self.shrinkage = shrinkage
        self.register_buffer("coefficients", torch.zeros(n_columns, n_dims, dtype=torch.float32))

    def offsets(self, design: Tensor) -> Tensor:
        """D Γ of documents: (B, P) to (B, K), rounded alike whatever the other documents are."""
        return (design.double() @ self.coefficients.double()).to(design.dtype)

    def shifted(
        self, evidence: MeanFieldPosterior, offsets: Tensor, prior: LatentPrior
    ) -> MeanFieldPosterior:
        r"""q(z|x, m) from the posterior that a document has at the mean of the prior.

        What the words tell is one Gaussian factor of it, and the prior is the other. Its mean moves with that
        of the prior by the share that the prior has of the precision, σ²_q / σ²_p.
        """
        share = (evidence.log_variance.exp() / prior.variance.to(offsets.dtype)).clamp_max(1.0)
        return evidence.moved(share * offsets)

    @torch.no_grad()
    def renew(self, moments: RunningMoments, prior: LatentPrior, n_documents: int) -> None:
        """Set the coefficients from the running moments of the design and of E[z|x], as in an M step of EM.

        With Γ_pk ~ N(0, σ²_k / λ_p), where σ² are the variances of the prior, the posterior of Γ is
        N(A⁻¹ DᵀE[z], σ² A⁻¹) for A = DᵀD + diag(λ).
        """
        if moments.empty or not len(self.coefficients):
            return
        products, cross = moments.of_design(n_documents)
        variance = prior.variance.double()
        start = 1.0 if self.shrinkage is None else max(self.shrinkage, LEAST)
        relevance = torch.full_like(products.diagonal(), start)
        for _ in range(N_UPDATES if self.shrinkage is None else 1):
            inverse = torch.linalg.inv(products + torch.diag(relevance))
            coefficients = inverse @ cross
            if self.shrinkage is None:
                spread = (coefficients.square() / variance).mean(1) + inverse.diagonal()
                relevance = 1 / spread
        self.coefficients.copy_(coefficients)
