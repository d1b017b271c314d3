"""Information of each variable about the documents under the full mixture, and its peak, in nats."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import LOG_2PI, MeanFieldPosterior, log_normal
from hftopic.latent.space import LatentSpace
from hftopic.objective.marginals import log_dims

ACTIVE_PEAK = 0.25
"""Default threshold of activity: a topic is active if its peak information is above it, in nats."""

PEAK_SHARE, LEAST_DOCUMENTS = 0.01, 10  # documents of the peak: one in a hundred, but at least ten
GRID_REACH = 6.0  # standard deviations beyond the outermost posterior means
MOST_GRID_POINTS = 4096
ROWS_AT_ONCE = 512  # documents on the grid at once
IN_CACHE = 1024  # documents whose moments are read at once


def information_table(
    posterior: MeanFieldPosterior,
    prior: LatentPrior,
    ids: NDArray[np.int64],
    threshold: float = ACTIVE_PEAK,
    residual: MeanFieldPosterior | None = None,
) -> pd.DataFrame:
    """Table of :func:`hftopic.analysis.topic_information`, from the posterior of the documents.

    ``ids`` are the numbers of the topics, shape (n_topics,). ``residual`` is the posterior of z without what
    the metadata of a document explain, if it is not the same.
    """
    space, compared = prior.space, posterior if residual is None else residual
    mixture = Mixture.of(posterior)
    given_x = _mean(MeanFieldPosterior.negative_entropy, posterior)
    exact = given_x - mixture.negative_entropy(posterior)
    most = np.log(len(posterior))  # rounding can exceed the bounds 0 and log N
    information, variables = exact.numpy().clip(0, most), space.variable_of_topic
    peak = mixture.peaks(posterior).numpy().clip(0, most)[places_of(space)]
    return pd.DataFrame(
        {
            "topic": ids.copy(),
            "group": space.topic_groups.copy(),
            "information": information[variables],
            "peak": peak,
            "kl": _mean(prior.kl_of_variables, compared).numpy()[variables],
            "active": peak > threshold,
        }
    )


def _parts(posterior: MeanFieldPosterior) -> Iterator[MeanFieldPosterior]:
    """Posterior of some documents at a time, whose numbers stay in cache from one operation to the next."""
    return (posterior[start : start + IN_CACHE] for start in range(0, len(posterior), IN_CACHE))


def _mean(of: Callable[[MeanFieldPosterior], Tensor], posterior: MeanFieldPosterior) -> Tensor:
    """Mean over documents of a tensor (N, V), shape (V,), float64."""
    sums = [of(part).sum(0, dtype=torch.float64) for part in _parts(posterior)]
    return torch.stack(sums).sum(0) / len(posterior)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Mixture (1/N) Σ_m q(z_e|x_m) of each Gaussian dimension, as log densities on a grid, both (G, K).

    Integrals use the trapezoidal rule. With a grid step no larger than the standard deviation of the
    narrowest component, the error is of order exp(-2π²), far below float32 resolution.
    """

    grid: Tensor
    log_density: Tensor

    @classmethod
    def of(cls, posterior: MeanFieldPosterior) -> "Mixture":
        """Mixture of the posteriors of all documents."""
        if not posterior.mean.shape[1]:
            nothing = posterior.mean.new_empty(2, 0)
            return cls(nothing.double(), nothing.double())
        ends = []
        for part in _parts(posterior):
            deviation = torch.exp(0.5 * part.log_variance)
            narrowest, reach = deviation.amin(0), deviation.mul_(GRID_REACH)
            ends.append(torch.stack([narrowest, (part.mean - reach).amin(0), -reach.add_(part.mean).amax(0)]))
        narrowest, low, lowest_of_negative = torch.stack(ends).amin(0)
        high = -lowest_of_negative
        n_points = int(((high - low) / narrowest).amax().ceil().clamp(max=MOST_GRID_POINTS - 1)) + 1
        grid = low + torch.linspace(0, 1, n_points, dtype=torch.float32)[:, None] * (high - low)
        return cls(grid.double(), log_dims(grid, posterior).double())

    def negative_entropy(self, posterior: MeanFieldPosterior) -> Tensor:
        """E[log q] of the mixture of each variable, shape (V,), in nats; classes are summed."""
        classes = [log_pi.double().exp().mean(0) for log_pi in posterior.log_classes]
        discrete = torch.tensor([float(torch.xlogy(p, p).sum()) for p in classes], dtype=torch.float64)
        integrand = self.log_density.exp() * self.log_density
        return torch.cat([torch.trapezoid(integrand, self.grid, dim=0), discrete])

    def peaks(self, posterior: MeanFieldPosterior) -> Tensor:
        """Peak information of each Gaussian dimension, then of each class of each variable, in nats."""
        # Each dimension is read as a whole: a column of (N, K) numbers would be collected from all memory.
        moments = zip(posterior.mean.T.contiguous(), posterior.log_variance.T.contiguous(), strict=True)
        gaussian = [self._peak(k, *of_dimension) for k, of_dimension in enumerate(moments)]
        classes = [_peak_of_class(log_pi.double().exp()) for c in posterior.log_classes for log_pi in c.T]
        return torch.tensor([*gaussian, *classes], dtype=torch.float64)

    def _peak(self, k: int, means: Tensor, log_variances: Tensor) -> float:
        """Larger mean of KL(q(z_k|x) || mixture) over the documents at both ends of dimension k."""
        peaks = []
        for rows in _ends(means):
            mean, log_variance = means[rows].double(), log_variances[rows].double()
            density = torch.zeros_like(self.grid[:, k])
            for some in torch.split(torch.stack([mean, log_variance]), ROWS_AT_ONCE, 1):
                density += log_normal(self.grid[:, k], *some[:, :, None]).exp().sum(0)
            crossed = torch.trapezoid(density / len(rows) * self.log_density[:, k], self.grid[:, k])
            given_x = -0.5 * (log_variance + LOG_2PI + 1)
            peaks.append(float(given_x.mean() - crossed))
        return max(peaks)


def _ends(values: Tensor) -> list[Tensor]:
    """Documents with the highest and with the lowest of the values (N,), as many as a peak has."""
    n = min(len(values), max(LEAST_DOCUMENTS, math.ceil(PEAK_SHARE * len(values))))
    return [values.topk(n, largest=largest).indices for largest in (True, False)]


def _peak_of_class(probability: Tensor) -> float:
    """Peak information of a class against all others, from its probability in each document (N,)."""
    both = torch.stack([probability, 1 - probability], 1)
    divergence = (torch.xlogy(both, both) - torch.xlogy(both, both.mean(0))).sum(1)
    return max(float(divergence[rows].mean()) for rows in _ends(probability))


def places_of(space: LatentSpace) -> NDArray[np.int64]:
    """Place of each topic among the Gaussian dimensions followed by the classes of all variables."""
    return np.argsort(np.argsort(~space.gaussian, kind="stable"), kind="stable")
