"""Where the milliseconds of a training step go: exclusive times of its parts, one below the other.

    python benchmarks/waterfall.py                          # of one thread, generated documents
    python benchmarks/waterfall.py --objective hfvae --threads 2 --label before

Methods and functions that a step calls are replaced by ones that look at the clock before and after; what a
part spends in other parts is counted there. "engine" is the backward pass without the parts that are
listed. With one thread nothing waits for another thread. The last line says how many operators of PyTorch a
step calls, and how long the garbage collector took. Prints one JSON line for each part, the largest first.
"""

import argparse
import gc
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from documents import zipf_counts
from torch.profiler import ProfilerActivity, profile

from hftopic import HFVAE, VAE, ProdLDA
from hftopic._memory import left_alone
from hftopic.data.documents import BagsOfWords
from hftopic.networks import encoder, layers, likelihood, log_linear
from hftopic.training import Trainer, trainer

N_DOCUMENTS = 8192
OBJECTIVES: dict[str, dict[str, Any]] = {
    "vae": {"groups": 50, "objective": VAE()},
    "hfvae": {"groups": (25, 25), "objective": HFVAE()},
    "mixtures": {"groups": (25, 25), "objective": HFVAE(), "marginals": "hfvae", "assignment": "fixed"},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objective", choices=list(OBJECTIVES), default="vae")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--label", default="", help="is a part of each line, such as the name of a version")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    counts = zipf_counts(N_DOCUMENTS, arguments.words)
    model = ProdLDA(
        max_iter=2, batch_size=arguments.batch, random_state=0, **OBJECTIVES[arguments.objective]
    ).fit(counts)
    documents, n_steps = BagsOfWords(counts), -(-N_DOCUMENTS // arguments.batch)
    of_model: Trainer[Any] = model._trainer
    collected = Collected()

    def epoch() -> float:
        start = time.perf_counter()
        of_model.run_epoch(documents, N_DOCUMENTS)
        return time.perf_counter() - start

    parts = Parts()
    with left_alone():  # as in a fit
        whole = statistics.mean(epoch() for _ in range(arguments.epochs))
        collector = collected.seconds / arguments.epochs
        n_operators = operators(epoch)
        replace_parts(parts, of_model)
        taken = [parts.of(epoch) for _ in range(arguments.epochs)]
    line = {name: value for name, value in vars(arguments).items() if name != "epochs"}
    medians = {name: statistics.median(one[name] for one in taken) for name in taken[0]}
    for name, seconds in sorted(medians.items(), key=lambda item: -item[1]):
        print(json.dumps(line | {"part": name, "ms": round(1e3 * seconds / n_steps, 2)}))
    step = {"part": "whole step", "ms": round(1e3 * whole / n_steps, 2)}
    more = {"operators": round(n_operators / n_steps), "collector_ms": round(1e3 * collector / n_steps, 2)}
    print(json.dumps(line | step | more))


class Parts:
    """Exclusive seconds of parts, which call each other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.inner: list[float] = []

    def of(self, run: Callable[[], object]) -> dict[str, float]:
        """Exclusive seconds of each part in a call."""
        self.seconds = defaultdict(float)
        whole = time.perf_counter()
        run()
        whole = time.perf_counter() - whole
        return defaultdict(float, self.seconds) | {"rest": whole - sum(self.seconds.values())}

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time is counted."""

        def timed(*arguments: Any, **settings: Any) -> Any:
            start = time.perf_counter()
            self.inner.append(0.0)
            try:
                return function(*arguments, **settings)
            finally:
                seconds = time.perf_counter() - start
                self.seconds[name] += seconds - self.inner.pop()
                if self.inner:
                    self.inner[-1] += seconds

        return timed


class Collected:
    """Seconds of the garbage collector since the object was made."""

    def __init__(self) -> None:
        self.seconds, self.start = 0.0, 0.0
        gc.callbacks.append(self)

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self.start = time.perf_counter()
        else:
            self.seconds += time.perf_counter() - self.start


def replace_parts(parts: Parts, of_model: "Trainer[Any]") -> None:
    """Replace what a step calls by functions whose time is counted."""
    network, optimiser = of_model.network, of_model.optimiser
    reader, decoder = network.encoder, network.decoder
    linear = [*reader.layers, reader.mean, reader.log_variance]
    places: list[tuple[object, str, str]] = [
        (BagsOfWords, "batch", "batch"),
        (of_model, "_noise", "noise"),
        (reader, "first_layer", "first layer"),
        (reader, "activation", "softplus"),
        *((layer, "forward", "linear layers") for layer in linear),
        (encoder, "dropout", "dropout"),
        (log_linear, "dropout", "dropout"),
        (network.moments, "observe", "moments of q(z)"),
        (decoder, "_batch_moments", "norm of the decoder"),
        (decoder, "_normalised", "norm of the decoder"),
        (likelihood.LogLinear, "log_likelihood", "likelihood"),
        (of_model, "_terms", "terms of the objective"),
        (torch.Tensor, "backward", "engine"),
        (trainer, "clip_gradients", "norm of the gradient"),
        (optimiser, "step", "Adam"),
        (optimiser, "zero_grad", "Adam"),
        (trainer, "means", "means of the terms"),
    ]
    for owner, attribute, name in places:
        setattr(owner, attribute, parts.timed(name, getattr(owner, attribute)))
    for function, name in (
        (layers.BagOfEmbeddings, "first layer, backward"),
        (likelihood._MultinomialLogLikelihood, "likelihood, backward"),
    ):
        function.backward = staticmethod(parts.timed(name, function.backward))


def operators(run: Callable[[], object]) -> int:
    """Number of calls of operators of PyTorch, those inside others included."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        run()
    return sum(event.count for event in profiled.key_averages() if event.key.startswith("aten::"))


if __name__ == "__main__":
    main()
