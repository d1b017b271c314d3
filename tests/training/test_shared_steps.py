"""Two processes that share a mini-batch have the gradients of one process that has all of it."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from hftopic import ETM, NVDM, NVLDA, Concrete, ProdLDA
from hftopic._processes import ALONE, Processes, of_the_job
from hftopic.data.documents import BagsOfWords
from hftopic.latent.posterior import Noise
from hftopic.models.base import BaseTopicModel
from hftopic.objective import (
    DIPVAE,
    HFVAE,
    VAE,
    AnchoredVAE,
    BetaTCVAE,
    BetaVAE,
    BottleneckVAE,
    CapacityVAE,
    FactorVAE,
    InfoVAE,
    Objective,
)
from hftopic.objective.catalogue import CATALOGUE
from hftopic.training import Settings, Trainer
from hftopic.training.minibatch import MiniBatch
from tests.together import results

N_DOCUMENTS, N_WORDS, N_BATCH = 80, 30, 48
HALVES, UNEQUAL = (24, 24), (31, 17)
GROUPED = HFVAE(alpha=0.9, beta=0.3, gamma=2.0, dimension_weight=1.1)


@dataclass(frozen=True)
class Case:
    """A model and its objective, and how two processes share a mini-batch."""

    objective: Objective = GROUPED
    marginals: str = "gaussian"
    partners: int | None = None
    sizes: tuple[int, ...] = HALVES
    model: type[BaseTopicModel] = ProdLDA
    groups: Any = (3, 2)
    more: dict[str, Any] = field(default_factory=dict)
    prevalent: bool = False


OBJECTIVES = [
    VAE(),
    BetaVAE(2.0),
    DIPVAE(5.0),
    DIPVAE(5.0, variant="I"),
    InfoVAE(2.0),
    CapacityVAE(4.0),
    AnchoredVAE((0, 3), lam=0.5),
    BottleneckVAE(0.5, 2.0),
    BetaTCVAE(3.0),
    FactorVAE(hidden=(16, 16)),
    FactorVAE(estimate="marginals"),
    GROUPED,
]
WITH_CLASSES = (2, Concrete(3), 2, Concrete(2))
CASES = {
    **{
        f"{objective!r} {marginals} {sizes}": Case(objective, marginals, sizes=sizes)
        for objective in OBJECTIVES
        for marginals in ("gaussian", "hfvae", "mws", "mss", "full")
        for sizes in (UNEQUAL,)
    },
    **{
        f"{marginals}, {partners} partners, {sizes}": Case(
            marginals=marginals, partners=partners, sizes=sizes
        )
        for marginals in ("hfvae", "mws", "mss")
        for partners in (2, 7, 8, 12, 20)
        for sizes in (HALVES, UNEQUAL, (47, 1))
    },
    **{
        f"classes, {marginals}, {model.__name__}, {sizes}": Case(
            marginals=marginals, partners=7, sizes=sizes, model=model, groups=WITH_CLASSES
        )
        for marginals in ("gaussian", "hfvae", "mws", "mss", "full")
        for model in (ProdLDA, NVDM, NVLDA, ETM)
        for sizes in (HALVES,)
    },
    **{
        f"classes, {objective!r}": Case(objective, "hfvae", groups=WITH_CLASSES, sizes=UNEQUAL)
        for objective in (DIPVAE(5.0), AnchoredVAE((0, 3)), FactorVAE(hidden=(16, 16)))
    },
    **{
        f"NVDM, {marginals}": Case(marginals=marginals, model=NVDM, sizes=UNEQUAL)
        for marginals in ("gaussian", "hfvae", "full")
    },
    **{
        f"{name}={value}, {marginals}": Case(marginals=marginals, more={name: value}, sizes=UNEQUAL)
        for marginals in ("gaussian", "mss", "full")
        for name, value in (
            ("decoder_norm", "shift"),
            ("encoder_norm", "shift"),
            ("encoder_norm", "scale"),
            ("topic_softmax", "group"),
        )
    },
    **{
        f"seed words, {model.__name__}": Case(
            model=model, more={"seed_words": {0: [1, 2], "x": [2, 3]}}, sizes=UNEQUAL, groups=WITH_CLASSES
        )
        for model in (ProdLDA, NVDM, NVLDA, ETM)
    },
    **{
        f"metadata, {marginals}, {sizes}": Case(marginals=marginals, sizes=sizes, prevalent=True)
        for marginals in ("gaussian", "mss", "full")
        for sizes in (HALVES, UNEQUAL)
    },
    "nested groups": Case(HFVAE(beta=(0.5, 0.3)), "hfvae", 7, UNEQUAL, groups=((2, 2), (3, 2))),
}


class InFloat64(BagsOfWords):
    """Documents whose counts are float64."""

    def batch(self, rows, device):
        return super().batch(rows, device).to(torch.float64)


def documents(prevalent: bool) -> InFloat64:
    generator = np.random.default_rng(0)
    counts = generator.poisson(0.4, (N_DOCUMENTS, N_WORDS))
    counts[:, 0] += 1
    design = generator.standard_normal((N_DOCUMENTS, 2)).astype(np.float32)
    return InFloat64(sp.csr_array(counts.astype(np.float32)), design=design if prevalent else None)


def make_trainer(case: Case, processes: Processes, rate: float = 0.0) -> Trainer[Any]:
    model = case.model(case.groups, dropout=0.0, word_dropout=0.0, hidden=(8, 6), **case.more)
    generator = torch.Generator().manual_seed(0)
    model.n_features_in_ = N_WORDS
    model._seeds = model._new_seeds(None)
    if case.prevalent:
        model.design_ = SimpleNamespace(names=("a", "b"))  # type: ignore[assignment]
    network = model._build_network(torch.full((N_WORDS,), -3.0), generator).double()
    if network.prevalence is not None:
        network.prevalence.coefficients.normal_(generator=generator)
    if network.guidance is not None:
        network.guidance.begin(network.encoder, network.decoder, 20.0)
    settings = Settings(N_BATCH, 5, rate, 0, 10, case.marginals, case.partners)
    trainer = Trainer(network, case.objective, settings, generator, processes=processes)
    if trainer.companion is not None:
        trainer.companion.double()
    return trainer


def gradients(case: Case, processes: Processes) -> list[torch.Tensor]:
    """Gradients of three mini-batches at the same weights, and the moments that the network keeps of them."""
    trainer, every = make_trainer(case, processes), documents(case.prevalent)
    trainer.generator.manual_seed(1)  # the seed of the noise of each process is drawn from it before
    noise_generator, found = torch.Generator().manual_seed(2), []
    start = sum(case.sizes[: processes.rank])
    sizes = case.sizes if processes.size > 1 else (N_BATCH,)
    own = slice(start, start + sizes[processes.rank])

    def noise(*_: Any) -> Noise:
        drawn = Noise.draw(N_BATCH, trainer.network.space, noise_generator, torch.device("cpu"))
        return Noise(drawn.normal[own].double(), tuple(gumbel[own].double() for gumbel in drawn.gumbel))

    trainer._noise = noise
    source = trainer._source(every, N_DOCUMENTS, processes)
    for step in range(3):
        rows = np.roll(np.arange(N_DOCUMENTS), 11 * step)[:N_BATCH][own]
        batch = every.batch(rows, torch.device("cpu"))
        trainer._step(source, MiniBatch(batch, rows, sizes, processes.rank), 2.5)
        found += [parameter.grad.clone() for parameter in trainer.parameters if parameter.grad is not None]
    trainer.grouping.renew_prevalence(N_DOCUMENTS)
    if trainer.companion is not None:
        found += [parameter.grad for parameter in trainer.companion.parameters()]
    return [*found, *(buffer for buffer in trainer.network.buffers() if buffer.dtype == torch.float64)]


def differences(cases: dict[str, Case]) -> dict[str, float]:
    """Largest relative difference between the gradients of two processes and of one, by case.

    A gradient that is 0 but for rounding, as that of a bias before a batch norm, is compared with the others.
    """
    found = {}
    with of_the_job() as processes:
        for name, case in cases.items():
            of_two, of_one = gradients(case, processes), gradients(case, ALONE)
            rounding = 1e-3 * max(float(one.norm()) for one in of_one)
            pairs = zip(of_two, of_one, strict=True)
            found[name] = max(float((two - one).norm() / (one.norm() + rounding)) for two, one in pairs)
    return found


@pytest.fixture(scope="module")
def found() -> list[dict[str, float]]:
    return results(differences, cases=CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_two_processes_have_the_gradients_of_one(found: list[dict[str, float]], name: str) -> None:
    assert max(of_process[name] for of_process in found) <= 1e-10


def test_all_objectives_are_compared() -> None:
    assert {type(objective) for objective in OBJECTIVES} == set(CATALOGUE.values())
