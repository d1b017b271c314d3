"""Time of the parts of a training step, compared with the least that this machine could take.

    python benchmarks/step.py                     # the three sizes of docs/performance.rst
    python benchmarks/step.py --size 512,50 --partners 0 --words 60000

Documents are generated. Steps of the plain objective, of the grouped one with its default marginals, and of
the grouped one with mixtures over the mini-batch, each computed by PyTorch alone and with compiled loops (the
extra ``fast``), are timed in turns, then each part alone, forward and backward; "marginals" are the mixtures.
The floor of a part is the largest of three times: for its exponentials, its floating-point operations and its
bytes, at the rates measured in this run. ``extra_MB`` is the memory that the marginals add to the peak of a
process. Prints one JSON line for each part; figures are medians.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import scipy.sparse as sp
import torch
from documents import zipf_counts

from hftopic import HFVAE, VAE, DirichletLaplace, ProdLDA
from hftopic._compiled import switched_off, why_not
from hftopic.data.batches import Batch
from hftopic.data.documents import BagsOfWords
from hftopic.latent.posterior import MeanFieldPosterior, Noise, Sample
from hftopic.latent.space import LatentSpace
from hftopic.objective.marginals import log_marginals
from hftopic.objective.minibatch import Mixing
from hftopic.training import Trainer
from hftopic.training.trainer import clip_gradients

N_DOCUMENTS = 8192
SIZES = ["256,50", "512,50", "1024,100"]


@dataclass(frozen=True)
class Work:
    """Least work of a part."""

    exponentials: float = 0.0
    flops: float = 0.0
    bytes: float = 0.0


@dataclass(frozen=True)
class Rates:
    """Work that this machine does in a second, float32."""

    exponentials: float
    flops: float
    bytes: float

    @classmethod
    def measured(cls, device: torch.device) -> "Rates":
        """Exponentials in base 2 in cache, a square matrix product, and a copy out of cache."""
        small, square, large = (torch.rand(n, n, device=device) for n in (512, 1024, 4096))
        copy = torch.empty_like(large)
        result = torch.empty_like(small)
        return cls(
            small.numel() / seconds(lambda: torch.exp2(small, out=result), device),
            2 * len(square) ** 3 / seconds(lambda: square @ square, device),
            2 * 4 * large.numel() / seconds(lambda: copy.copy_(large), device),
        )

    def floor(self, work: Work) -> float:
        """Least seconds for some work."""
        return max(work.exponentials / self.exponentials, work.flops / self.flops, work.bytes / self.bytes)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", nargs="+", default=SIZES, help="batch size and topics, as 512,50")
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--partners", type=int, default=64, help="0 is the whole batch")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rates = Rates.measured(arguments.device)
    print(json.dumps({"rates": {name: f"{rate:.3g}/s" for name, rate in vars(rates).items()}}))
    ways = [way for way in WAYS if way == "PyTorch" or why_not() is None]
    counts = zipf_counts(N_DOCUMENTS, arguments.words)
    for size in arguments.size:
        batch_size, n_topics = map(int, size.split(","))
        partners = arguments.partners or None
        cases = {
            loops: Case(counts, batch_size, n_topics, partners, arguments.device, loops) for loops in ways
        }
        size_of = {"B": batch_size, "K": n_topics, "V": arguments.words, "partners": arguments.partners}
        for (loops, case), of_steps in zip(cases.items(), steps(list(cases.values())), strict=True):
            setting = size_of | {"loops": loops}
            for name, of_step in zip(OBJECTIVES, of_steps, strict=True):
                ratio = round(of_step / of_steps[0], 2)
                print(json.dumps(setting | {"part": f"{name} step", "ms": ms(of_step), "ratio": ratio}))
            for name, run, work in case.parts():
                with WAYS[loops]():
                    taken, floor = seconds(run, arguments.device), rates.floor(work)
                print(
                    json.dumps(setting | {"part": name, "ms": ms(taken), "floor_ms": ms(floor)}), flush=True
                )
            if arguments.device.type == "cpu":
                extra = extra_memory(batch_size, n_topics, partners, loops)
                print(json.dumps(setting | {"part": "marginals", "extra_MB": round(extra, 1)}), flush=True)


WAYS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "PyTorch": switched_off,
    "compiled": nullcontext,
}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "VAE": {"objective": VAE()},
    "HFVAE": {},
    "mixtures": {
        "objective": HFVAE(),
        "marginals": "hfvae",
        "prior": DirichletLaplace(),
        "assignment": "fixed",
    },
}


class Case:
    """Networks, trainers and one batch of one size."""

    def __init__(
        self,
        counts: sp.csr_array,
        batch_size: int,
        n_topics: int,
        partners: int | None,
        device: torch.device,
        loops: str,
    ) -> None:
        self.counts, self.batch_size, self.n_topics = counts, batch_size, n_topics
        self.partners, self.device, self.loops = partners, device, loops
        half = n_topics // 2
        self.trainers = {
            name: self.trainer((n_topics,) if name == "VAE" else (half, n_topics - half), **settings)
            for name, settings in OBJECTIVES.items()
        }

    def trainer(self, groups: tuple[int, ...], **settings: object) -> Trainer:
        model = ProdLDA(
            groups=groups,
            batch_size=self.batch_size,
            max_iter=2,
            partners=self.partners,
            device=self.device,
            random_state=0,
            **settings,
        )
        model.fit(self.counts)
        return model._trainer

    def epoch(self, objective: str) -> float:
        """Seconds of a step in an epoch of one of :data:`OBJECTIVES`."""
        n_steps = -(-self.counts.shape[0] // self.batch_size)
        with WAYS[self.loops]():
            start = time.perf_counter()
            self.trainers[objective].run_epoch(BagsOfWords(self.counts), self.counts.shape[0])
            return (time.perf_counter() - start) / n_steps

    def parts(self) -> list[tuple[str, Callable[[], object], Work]]:
        """Name, call and least work of each part of a step."""
        trainer, rows, size = self.trainers["mixtures"], self.counts[: self.batch_size], self.batch_size
        network, generator = trainer.network, trainer.generator
        batch = Batch(rows, self.device)
        posterior = detached(network.encoder(batch, generator))
        noise = Noise.draw(size, network.space, generator, self.device)
        sample = Sample(posterior.sample_gaussian(noise.normal).detach().requires_grad_())
        mixing = Mixing("hfvae", self.counts.shape[0], self.partners)
        n_words, n_hidden = network.encoder.embedding.shape
        n_parameters = sum(p.numel() for p in trainer.parameters)
        pairs = size * (self.partners or size) * self.n_topics
        dense = size * n_hidden * (n_hidden + 2 * self.n_topics)

        def encoder() -> None:
            encoded = network.encoder(batch, generator)
            (encoded.mean.sum() + encoded.log_variance.sum()).backward()

        def decoder() -> None:
            network.decoder(sample, generator).log_likelihood(batch).mean().backward()

        def marginals() -> None:
            drawn = posterior.sample(noise)
            levels = log_marginals(drawn.z, posterior, network.space, mixing)
            sum(level.mean() for level in levels.sums()).backward()

        def optimiser() -> None:
            clip_gradients(trainer.parameters)
            trainer.optimiser.step()

        sparse = Work(flops=3 * 2 * dense + 2 * 2 * rows.nnz * n_hidden, bytes=4 * 2 * n_words * n_hidden)
        decoding = 2 * size * self.n_topics * n_words
        products = 3 * 2 * size**2 * (2 * self.n_topics + 2)
        return [
            ("batch", lambda: Batch(rows, self.device).by_word, Work(bytes=2 * 3 * 8 * rows.nnz)),
            ("encoder", encoder, sparse),
            ("decoder", decoder, Work(exponentials=size * n_words, flops=3 * decoding)),
            ("marginals", marginals, Work(exponentials=pairs + 3 * size**2, flops=products)),
            ("optimiser", optimiser, Work(bytes=4 * 8 * n_parameters)),
        ]


def steps(cases: Sequence[Case]) -> list[list[float]]:
    """Seconds of a step of each objective in each case; their epochs are timed in turns."""
    taken = [[[case.epoch(name) for name in OBJECTIVES] for case in cases] for _ in range(7)]
    by_case = zip(*taken, strict=True)
    return [[statistics.median(times) for times in zip(*rounds, strict=True)] for rounds in by_case]


def detached(posterior: MeanFieldPosterior) -> MeanFieldPosterior:
    """The same posterior with its numbers as leaves of a new graph."""
    return MeanFieldPosterior(
        posterior.mean.detach().requires_grad_(), posterior.log_variance.detach().requires_grad_()
    )


def seconds(run: Callable[[], object], device: torch.device, repeats: int = 25) -> float:
    """Median time of a call."""
    taken = []
    for _ in range(repeats + 3):
        start = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[3:])


def extra_memory(batch_size: int, n_topics: int, partners: int | None, loops: str) -> float:
    """Megabytes by which the marginals raise the peak of a process of their own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak_of_marginals, (batch_size, n_topics, partners, loops))


def _peak_of_marginals(batch_size: int, n_topics: int, partners: int | None, loops: str) -> float:
    space = LatentSpace((n_topics // 2,) * 2)

    def run(size: int) -> float:
        posterior = detached(MeanFieldPosterior(torch.randn(size, n_topics), torch.zeros(size, n_topics) - 1))
        z = posterior.sample_gaussian(torch.randn(size, n_topics))
        levels = log_marginals(z, posterior, space, Mixing("hfvae", N_DOCUMENTS, partners))
        sum(level.mean() for level in levels.sums()).backward()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    with WAYS[loops]():
        run(64)  # loads libraries, compiles loops and starts threads
        ballast = torch.ones(2**27)  # 512 MB, more than was in use before, so that what follows sets the peak
        before = run(8)
        peak = run(batch_size)
        del ballast
    return peak - before


def ms(taken: float) -> float:
    """Milliseconds, two digits after the point."""
    return round(1e3 * taken, 2)


if __name__ == "__main__":
    main()
