"""Time and memory of a training step of NVLDA, a mixture of topics, beside those of ProdLDA.

    python benchmarks/mixture_step.py --words 61188 200000
    python benchmarks/mixture_step.py --corpus ../shared/corpora/20ng_full61188

Without a corpus, documents are generated. Every model is trained in a process of its own, with two groups of
topics and its default settings; the processes take turns, one step each. Prints one JSON line for each
vocabulary and model: the median milliseconds of a step, and ``extra_MB``, the memory that a step takes at its
peak beyond the weights and the state of the optimiser, from Linux's high-water mark.
"""

import argparse
import json
import multiprocessing
import re
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch
from documents import zipf_counts

import hftopic
from hftopic._memory import give_back
from hftopic.data.documents import BagsOfWords
from hftopic.training import Trainer
from hftopic.training.minibatch import MiniBatch

MODELS = ("NVLDA", "ProdLDA")
N_DOCUMENTS = 4096


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, nargs="*", default=[61_188, 200_000])
    parser.add_argument("--corpus", type=Path, help="of these counts, instead of generated ones")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    for counts in given(arguments):
        compare(counts, arguments)


def given(arguments: argparse.Namespace) -> Iterator[sp.csr_array]:
    """Counts of the corpus, or generated ones for each size of the vocabulary."""
    if arguments.corpus is not None:
        yield sp.csr_array(hftopic.read_corpus(arguments.corpus).counts)[:N_DOCUMENTS]
        return
    for n_words in arguments.words:
        yield zipf_counts(N_DOCUMENTS, n_words)


def compare(counts: sp.csr_array, arguments: argparse.Namespace) -> None:
    context = multiprocessing.get_context("spawn")
    processes, ends = [], []
    for name in MODELS:
        here, there = context.Pipe()
        process = context.Process(target=steps_of, args=(name, counts, arguments, there), daemon=True)
        process.start()
        assert here.recv() == "ready"
        processes.append(process)
        ends.append(here)
    taken: list[list[float]] = [[] for _ in MODELS]
    for _ in range(arguments.steps):
        for end, times in zip(ends, taken, strict=True):
            end.send("step")
            times.append(end.recv())
    extra = []
    for end, process in zip(ends, processes, strict=True):
        end.send("end")
        extra.append(end.recv())
        process.join()
    for name, times, megabytes in zip(MODELS, taken, extra, strict=True):
        line = {
            "model": name,
            "words": counts.shape[1],
            "words_a_document": round(counts.nnz / counts.shape[0], 1),
            "ms": round(1e3 * statistics.median(times), 1),
            "of_ProdLDA": round(statistics.median(times) / statistics.median(taken[-1]), 3),
            "extra_MB": round(megabytes, 1),
            "extra_of_ProdLDA": round(megabytes / extra[-1], 3),
        }
        print(json.dumps(line), flush=True)


def steps_of(name: str, counts: sp.csr_array, arguments: argparse.Namespace, end: Connection) -> None:
    """Train a model step by step, one for each message."""
    torch.set_num_threads(arguments.threads)
    rng, size = np.random.default_rng(0), arguments.batch_size
    trainer = new_trainer(name, counts, arguments)
    one_step(trainer, counts, rng, size)  # loads libraries, and makes the state of the optimiser
    end.send("ready")
    extra = 0.0
    while end.recv() == "step":
        give_back()
        reset_high_water_mark()
        before, start = megabytes("VmRSS"), time.perf_counter()
        one_step(trainer, counts, rng, size)
        end.send(time.perf_counter() - start)
        extra = max(extra, megabytes("VmHWM") - before)
    end.send(extra)


def new_trainer(name: str, counts: sp.csr_array, arguments: argparse.Namespace) -> Trainer:
    groups, size = (arguments.topics // 2,) * 2, arguments.batch_size
    model = getattr(hftopic, name)(
        groups, batch_size=size, max_iter=1, assignment="fixed", device="cpu", random_state=0
    )
    model.partial_fit(counts[: 2 * size])
    return model._trainer


def one_step(trainer: Trainer, counts: sp.csr_array, rng: np.random.Generator, size: int) -> None:
    """One optimisation step on documents drawn at random; gradients are freed, as before the next one."""
    documents = BagsOfWords(counts[np.sort(rng.choice(counts.shape[0], size, replace=False))])
    documents = documents.with_words()
    source = trainer._source(documents, counts.shape[0], trainer.processes)
    trainer.network.train()
    rows = np.arange(len(documents))
    batch = documents.batch(rows, trainer.network.device)
    trainer._step(source, MiniBatch(batch, rows, (len(rows),)), 1.0)
    trainer.optimiser.zero_grad()


def reset_high_water_mark() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def megabytes(field: str) -> float:
    """A field of the status of this process, in MB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


if __name__ == "__main__":
    main()
