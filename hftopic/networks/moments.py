"""Running moments of the aggregate posterior q(z) during training."""

from typing import Any

import torch
from torch import Tensor, nn

from hftopic._processes import current
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace

MEMORY = 10_000  # documents over which the moments are averaged; fewer in a smaller corpus
FEWEST_STEPS = 8  # mini-batches over which they are averaged at least


class RunningMoments(nn.Module):
    """Exponential averages of the moments of the posteriors of the mini-batches, in float64.

    Attributes
    ----------
    weight : Tensor, shape ()
        Sum of the weights of the averages so far, from 0 (nothing observed) to 1.
    mean : Tensor, shape (K,)
        Average of the posterior means.
    products : Tensor, shape (K, K)
        Average of the outer products of the posterior means.
    variance : Tensor, shape (K,)
        Average of the posterior variances.
    """

    weight: Tensor
    mean: Tensor
    products: Tensor
    variance: Tensor

    def __init__(self, space: LatentSpace, n_columns: int = 0) -> None:
        super().__init__()
        n = space.n_dims
        sizes = {"weight": (), "mean": (n,), "products": (n, n), "variance": (n,)}
        sizes |= {f"classes_{c}": (concrete.classes,) for c, concrete in enumerate(space.concretes)}
        if n_columns:
            sizes |= {"design_products": (n_columns + 1, n_columns + 1), "design_cross": (n_columns + 1, n)}
        for name, size in sizes.items():
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))
        self.space = space

    @torch.no_grad()
    def observe(
        self,
        posterior: MeanFieldPosterior,
        n_documents: int,
        design: Tensor | None = None,
        offsets: Tensor | None = None,
    ) -> None:
        """Update the averages with a mini-batch of a corpus of ``n_documents``.

        Parameters
        ----------
        posterior : MeanFieldPosterior
            With a design, that of the residuals.
        n_documents : int
        design, offsets : Tensor, shape (B, P) and (B, K), optional
            Design of the documents, and the means of the prior that it gives: E[z|x] is that of the residual
            plus the offset.
        """
        mean, processes = posterior.mean.double(), current()
        n_rows = processes.all_rows(len(mean))
        rate = min(1 / FEWEST_STEPS, n_rows / min(n_documents, MEMORY))
        new = {
            "mean": mean.mean(0),
            "products": mean.T @ mean / len(mean),
            "variance": posterior.log_variance.double().exp().mean(0),
        }
        new |= {
            f"classes_{c}": log_pi.double().exp().mean(0) for c, log_pi in enumerate(posterior.log_classes)
        }
        if design is not None and offsets is not None:
            with_one = torch.cat([torch.ones_like(design[:, :1]), design], 1).double()
            new["design_products"] = with_one.T @ with_one / len(mean)
            new["design_cross"] = with_one.T @ (mean + offsets.double()) / len(mean)
        if processes.size > 1:
            new = {name: value * (len(mean) / n_rows) for name, value in new.items()}
            processes.sum_(list(new.values()))
        new["weight"] = torch.ones_like(self.weight)
        for name, value in new.items():
            getattr(self, name).lerp_(value, rate)

    def documents(self, n_documents: int) -> float:
        """Number of documents that the averages represent, in a corpus of ``n_documents``."""
        return float(self.weight) * min(n_documents, MEMORY)

    def of_design(self, n_documents: int) -> tuple[Tensor, Tensor]:
        """Centred sums of squares of the design (P, P), and products with E[z|x] (P, K), over documents."""
        n, products, cross = (
            self.documents(n_documents),
            self.average("design_products"),
            self.average("design_cross"),
        )
        means = products[0, 1:]
        return (
            n * (products[1:, 1:] - torch.outer(means, means)),
            n * (cross[1:] - torch.outer(means, cross[0])),
        )

    @property
    def empty(self) -> bool:
        """Whether nothing has been observed."""
        return not bool(self.weight > 0)

    def average(self, name: str) -> Tensor:
        """The average of this name over what has been observed."""
        average: Any = getattr(self, name)
        return torch.as_tensor(average / self.weight)

    def covariance_of_means(self) -> Tensor:
        """Cov(μ) over documents, shape (K, K)."""
        mean = self.average("mean")
        return self.average("products") - torch.outer(mean, mean)

    def covariance(self) -> Tensor:
        """Total covariance of q(z), Cov(μ) + E[diag σ²], shape (K, K)."""
        return self.covariance_of_means() + torch.diag(self.average("variance"))

    def information(self) -> Tensor:
        """½ log(Var z / E σ²) of each dimension, (K,), in nats.

        I(x; z_d,e) if its mixture were Gaussian and all posteriors had the same variance.
        """
        within = self.average("variance")
        return 0.5 * (self.covariance().diagonal() / within).log()

    def aggregate(self, dtype: torch.dtype = torch.float32) -> LatentPrior:
        """The Gaussian with the moments of q(z), and the average class probabilities."""
        classes = [self.average(f"classes_{c}").log().to(dtype) for c in range(len(self.space.concretes))]
        return LatentPrior(
            self.space, self.average("mean").to(dtype), self.covariance().to(dtype), tuple(classes)
        )
