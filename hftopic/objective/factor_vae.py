"""FactorVAE, and the discriminator that it may learn its total correlation from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hftopic._numbers import is_whole
from hftopic.latent.posterior import Sample
from hftopic.latent.space import LatentSpace
from hftopic.objective.elbo import Evidence
from hftopic.objective.hfvae import HFVAE
from hftopic.objective.schedule import Progress, Ramp, Weight, check_number, check_weight, value_at
from hftopic.objective.terms import Step, Terms

SLOPE = 0.2  # of the leaky ReLU
ADAM_BETAS = (0.5, 0.9)


@dataclass(frozen=True)
class FactorVAE(Evidence):
    """FactorVAE of Kim & Mnih (2018): negative ELBO + γ TC(z), the total correlation of all variables.

    Parameters
    ----------
    gamma : float or Ramp, default=3.0
        γ, which comes on top of the ELBO's own weight: TC weighs 1 + γ in all, so that γ = 3 is
        ``BetaTCVAE(4.0)``.
    estimate : {"discriminator", "marginals"}, default="discriminator"
        How TC is estimated: by the density ratio that a discriminator learns beside the model, which tells
        samples of q(z) from ones whose variables were shuffled over documents; or by the marginals of a
        batch, which makes it a setting of HFVAE. The discriminator's TC is that of q(z) alone; the other is
        in excess of the prior's, which differs where the prior has correlations.
    hidden : tuple of int, default=(1000, 1000, 1000, 1000, 1000)
        Layers of the discriminator.
    learning_rate : float, default=0.0001
        Of the discriminator.

    Examples
    --------
    >>> FactorVAE(gamma=3.0, estimate="marginals").setting
    HFVAE(alpha=1.0, beta=4.0, gamma=4.0, dimension_weight=1.0)
    """

    gamma: Weight = 3.0
    estimate: str = "discriminator"
    hidden: tuple[int, ...] = (1000,) * 5
    learning_rate: float = 1e-4

    def __post_init__(self) -> None:
        check_weight("gamma of FactorVAE", self.gamma)
        if self.estimate not in ("discriminator", "marginals"):
            raise ValueError(
                f"estimate of FactorVAE must be 'discriminator' or 'marginals'; got {self.estimate!r}"
            )
        sizes: tuple[Any, ...] = tuple(self.hidden) if isinstance(self.hidden, Sequence) else ()
        if not sizes or not all(is_whole(size) for size in sizes):
            raise ValueError(
                f"hidden of FactorVAE must be layer sizes, such as (1000, 1000); got {self.hidden!r}"
            )
        object.__setattr__(self, "hidden", sizes)
        check_number("learning_rate of FactorVAE", self.learning_rate)

    @property
    def setting(self) -> HFVAE:
        """α = w = 1, β = γ = 1 + γ."""
        gamma = self.gamma
        if isinstance(gamma, Ramp):
            total: Weight = replace(gamma, start=1 + gamma.start, stop=1 + gamma.stop)
        else:
            total = 1 + gamma
        return HFVAE(1.0, total, total, 1.0)

    def terms(self, step: Step) -> Terms:
        """Reconstruction, KL divergence and the ratio's TC; or the terms of :func:`hierarchical_terms`."""
        if self.estimate == "marginals":
            return self.setting.terms(step)
        if step.ratio is None:
            raise ValueError("FactorVAE's terms need the discriminator that is trained beside the model")
        return {**super().terms(step), "total_correlation": step.ratio.log_ratio(step.sample)}

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:
        """Of the KL divergence and of TC."""
        if self.estimate == "marginals":
            return self.setting.weights(space, progress)
        return {**super().weights(space, progress), "total_correlation": value_at(self.gamma, progress)}

    def level_weights(self, space: LatentSpace, progress: Progress) -> tuple[float, ...]:
        """Those of the setting; with a discriminator the ELBO's own, which are all 1."""
        if self.estimate == "marginals":
            return self.setting.level_weights(space, progress)
        return super().level_weights(space, progress)

    def companion(self, space: LatentSpace, generator: torch.Generator) -> "Discriminator | None":
        """A fresh discriminator where one is asked for."""
        if self.estimate == "marginals":
            return None
        return Discriminator(space, self.hidden, self.learning_rate, generator)


class Discriminator(nn.Module):
    """Classifier of samples of q(z) against samples of Π_e q(z_e), whose log odds estimate their log ratio.

    Parameters
    ----------
    space : LatentSpace
    hidden : tuple of int
        Layers, with leaky ReLU between; two outputs.
    learning_rate : float
    generator : torch.Generator
        Source of the weights, and of the shuffling later.
    """

    def __init__(
        self, space: LatentSpace, hidden: Sequence[int], learning_rate: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.generator = generator
        n_inputs = space.n_dims + sum(concrete.classes for concrete in space.concretes)
        sizes = pairwise((n_inputs, *hidden, 2))
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for n_in, n_out in sizes:
            weight = torch.empty(n_out, n_in)
            self.weights.append(nn.init.kaiming_uniform_(weight, a=SLOPE, generator=generator))
            self.biases.append(torch.zeros(n_out))
        self.learning_rate = learning_rate
        self._optimiser: torch.optim.Optimizer | None = None
        self._batch_before: Tensor | None = None

    def log_ratio(self, sample: Sample) -> Tensor:
        """log q(z) - Σ_e log q(z_e) of each sample, shape (B,), in nats, as the discriminator sees it."""
        logits = self._logits(torch.cat([sample.z, *sample.classes], 1))
        return logits[:, 0] - logits[:, 1]

    def learn(self, sample: Sample) -> None:
        """One step: samples of this batch against shuffled ones of the batch before, other documents.

        Of the first batch there is nothing to learn yet.
        """
        drawn = Sample(sample.z.detach(), tuple(y.detach() for y in sample.classes))
        shuffled, self._batch_before = self._batch_before, self._shuffled(drawn)
        if shuffled is None:
            return
        logits = self._logits(torch.cat([torch.cat([drawn.z, *drawn.classes], 1), shuffled]))
        target = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
        target[len(drawn.z) :] = 1
        weight = torch.tensor(
            [1 / len(drawn.z), 1 / len(shuffled)], device=logits.device
        )  # batches may be ragged
        optimiser = self._adam()
        optimiser.zero_grad()  # of what the model's own step left here
        functional.cross_entropy(logits, target, weight=weight).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    def _adam(self) -> torch.optim.Optimizer:
        if self._optimiser is None:
            self._optimiser = torch.optim.Adam(
                self.parameters(), lr=self.learning_rate, betas=ADAM_BETAS, fused=True
            )
        return self._optimiser

    def _shuffled(self, sample: Sample) -> Tensor:
        """Each variable shuffled over the documents on its own, so that none goes with another."""
        columns = [*sample.z.T[:, :, None], *sample.classes]  # (B, 1) or (B, classes) each
        orders = (
            torch.randperm(len(sample.z), generator=self.generator).to(sample.z.device) for _ in columns
        )
        return torch.cat([column[order] for column, order in zip(columns, orders, strict=False)], 1)

    def _logits(self, inputs: Tensor) -> Tensor:
        layers = list(zip(self.weights, self.biases, strict=True))
        for weight, bias in layers[:-1]:
            inputs = functional.leaky_relu(functional.linear(inputs, weight, bias), SLOPE)
        return functional.linear(inputs, *layers[-1])
