"""FactorVAE, and the discriminator that estimates its total correlation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hftopic._adam import Adam
from hftopic._numbers import is_whole
from hftopic._processes import current
from hftopic.latent.posterior import Sample
from hftopic.latent.space import LatentSpace
from hftopic.objective.elbo import Evidence
from hftopic.objective.hfvae import HFVAE
from hftopic.objective.schedule import Progress, Ramp, Weight, check_number, check_weight, value_at
from hftopic.objective.terms import Step, Terms

SLOPE = 0.2  # negative slope of the leaky ReLU
ADAM_BETAS = (0.5, 0.9)


@dataclass(frozen=True)
class FactorVAE(Evidence):
    """FactorVAE of Kim & Mnih (2018): negative ELBO + γ TC(z), the total correlation of all variables.

    Parameters
    ----------
    gamma : float or Ramp, default=3.0
        γ, added to the weight 1 that the ELBO already gives: the total weight of TC is 1 + γ, so γ = 3 is
        ``BetaTCVAE(4.0)``.
    estimate : {"discriminator", "marginals"}, default="discriminator"
        Estimator of the total correlation. "discriminator" trains a discriminator together with the model; it
        learns to distinguish samples of q(z) from samples whose variables are shuffled over documents.
        "marginals" uses the marginals of the mini-batch, so the objective is a setting of HFVAE. The
        discriminator estimates the total correlation of q(z). The marginals estimate the difference from the
        total correlation of the prior. The two differ only if the prior has correlations.
    hidden : tuple of int, default=(1000, 1000, 1000, 1000, 1000)
        Sizes of the hidden layers of the discriminator.
    learning_rate : float, default=0.0001
        Learning rate of the discriminator.

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
                "hidden of FactorVAE must be a tuple of layer sizes, such as (1000, 1000); "
                f"got {self.hidden!r}"
            )
        object.__setattr__(self, "hidden", sizes)
        check_number("learning_rate of FactorVAE", self.learning_rate)

    @property
    def setting(self) -> HFVAE:
        """FactorVAE(γ) as HFVAE with α = w = 1 and weights 1 + γ for β and γ."""
        gamma = self.gamma
        if isinstance(gamma, Ramp):
            total: Weight = replace(gamma, start=1 + gamma.start, stop=1 + gamma.stop)
        else:
            total = 1 + gamma
        return HFVAE(1.0, total, total, 1.0)

    @property
    def exchangeable(self) -> bool:
        """Whether there is no discriminator, whose inputs are the topics in their order."""
        return self.estimate == "marginals"

    def terms(self, step: Step) -> Terms:
        """Reconstruction, KL divergence and estimated TC; or the terms of :func:`hierarchical_terms`."""
        if self.estimate == "marginals":
            return self.setting.terms(step)
        if step.ratio is None:
            raise ValueError(
                "FactorVAE(estimate='discriminator') needs step.ratio, "
                "the discriminator that training provides"
            )
        return {**super().terms(step), "total_correlation": step.ratio.log_ratio(step.sample)}

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:
        """Weights of the KL divergence and of the total correlation."""
        if self.estimate == "marginals":
            return self.setting.weights(space, progress)
        return {**super().weights(space, progress), "total_correlation": value_at(self.gamma, progress)}

    def level_weights(self, space: LatentSpace, progress: Progress) -> tuple[float, ...]:
        """Level weights of the HFVAE setting; with a discriminator those of the ELBO, which are all 1."""
        if self.estimate == "marginals":
            return self.setting.level_weights(space, progress)
        return super().level_weights(space, progress)

    def companion(self, space: LatentSpace, generator: torch.Generator) -> "Discriminator | None":
        """A new discriminator, or None with ``estimate="marginals"``."""
        if self.estimate == "marginals":
            return None
        return Discriminator(space, self.hidden, self.learning_rate, generator)


class Discriminator(nn.Module):
    """Classifier of samples of q(z) and samples of Π_e q(z_e); its log odds estimate the log density ratio.

    Parameters
    ----------
    space : LatentSpace
    hidden : tuple of int
        Sizes of the hidden layers, which have leaky ReLU activations. There are two outputs.
    learning_rate : float
    generator : torch.Generator
        Source of the initial weights and of the shuffling.
    """

    def __init__(
        self, space: LatentSpace, hidden: Sequence[int], learning_rate: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.generator = generator
        self._widths = [1] * space.n_dims + [concrete.classes for concrete in space.concretes]
        sizes = pairwise((sum(self._widths), *hidden, 2))
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for n_in, n_out in sizes:
            weight = torch.empty(n_out, n_in, dtype=torch.float32)
            self.weights.append(nn.init.kaiming_uniform_(weight, a=SLOPE, generator=generator))
            self.biases.append(torch.zeros(n_out, dtype=torch.float32))
        self.learning_rate = learning_rate
        self._optimiser: torch.optim.Optimizer | None = None
        self._batch_before: Tensor | None = None

    def log_ratio(self, sample: Sample) -> Tensor:
        """Estimate of log q(z) - Σ_e log q(z_e) of each sample, shape (B,), in nats."""
        logits = self._logits(torch.cat([sample.z, *sample.classes], 1))
        return logits[:, 0] - logits[:, 1]

    def learn(self, sample: Sample) -> None:
        """One step: classify samples of this mini-batch and shuffled samples of the previous one.

        The two mini-batches have different documents. The first mini-batch is skipped, because there is no
        earlier one.
        """
        processes = current()
        drawn = torch.cat([sample.z, *sample.classes], 1).detach()
        shuffled, self._batch_before = self._batch_before, self._shuffled(processes.gathered(drawn))
        if shuffled is None:
            return
        n_drawn, n_shuffled = processes.all_rows(len(drawn)), len(shuffled)
        shuffled = shuffled[processes.rank :: processes.size]
        logits = self._logits(torch.cat([drawn, shuffled]))
        target = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
        target[len(drawn) :] = 1
        weight = logits.new_tensor([1 / n_drawn, 1 / n_shuffled])  # mini-batches may differ in size
        share = 0.5 * (len(drawn) / n_drawn + len(shuffled) / n_shuffled)  # of this process
        optimiser = self._adam()
        optimiser.zero_grad()  # the step of the model also leaves gradients here
        own = functional.cross_entropy(logits, target, weight=weight) * share
        own.backward()  # type: ignore[no-untyped-call]
        processes.sum_([parameter.grad for parameter in self.parameters() if parameter.grad is not None])
        optimiser.step()

    def get_extra_state(self) -> dict[str, Any]:
        """The state of the optimiser, and the previous mini-batch; torch makes it a part of the state."""
        optimiser = None if self._optimiser is None else self._optimiser.state_dict()
        return {"optimiser": optimiser, "batch_before": self._batch_before}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`get_extra_state` returned."""
        before, device = state["batch_before"], self.weights[0].device
        self._batch_before = None if before is None else before.to(device)
        self._optimiser = None
        if state["optimiser"] is not None:
            self._adam().load_state_dict(state["optimiser"])

    def _adam(self) -> torch.optim.Optimizer:
        if self._optimiser is None:
            self._optimiser = Adam(self.parameters(), lr=self.learning_rate, betas=ADAM_BETAS, fused=True)
        return self._optimiser

    def _shuffled(self, drawn: Tensor) -> Tensor:
        """Samples (B, …) with each variable shuffled over documents on its own: variables are independent."""
        columns = torch.split(drawn, self._widths, 1)  # (B, 1) or (B, classes) each
        orders = (torch.randperm(len(drawn), generator=self.generator).to(drawn.device) for _ in columns)
        return torch.cat([column[order] for column, order in zip(columns, orders, strict=False)], 1)

    def _logits(self, inputs: Tensor) -> Tensor:
        layers = list(zip(self.weights, self.biases, strict=True))
        for weight, bias in layers[:-1]:
            inputs = functional.leaky_relu(functional.linear(inputs, weight, bias), SLOPE)
        return functional.linear(inputs, *layers[-1])
