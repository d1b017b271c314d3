"""Two processes that train one model, compared with one process: time of a step, and difference of gradients.

    python benchmarks/processes.py                  # 20 Newsgroups, if it is there, and 50,000 words
    python benchmarks/processes.py --quick
    python benchmarks/processes.py --gradients      # also float64 gradients of all objectives, a minute

Every process has one thread. Epochs of one process, of all together, and of all at once, each with a model
of its own, are timed in turns. Prints a JSON line for each corpus: medians over the rounds, in milliseconds a
step, of the clock and of the processor ("cpu", of process 0 with threads of gloo: what counts where other
programs run), and the time of what sharing adds: the sum of a gradient of this size, and of a short message.
"most" is how many times the work of one process the machine does when all work and none waits for another:
no speedup can be above it, and it is below the number of processes where cores share what they compute with.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NEWSGROUPS = ROOT.parent / "shared" / "corpora" / "20ng_avitm1995"
GROUPS, N_WORDS = (25, 25), 50_000


def documents_of(corpus: str, n_documents: int) -> Any:
    """Documents to train on, and their number of words."""
    import numpy as np
    from documents import zipf_counts

    from hftopic import read_corpus
    from hftopic.data.documents import BagsOfWords

    counts = zipf_counts(n_documents, N_WORDS) if corpus == "zipf" else read_corpus(corpus).counts
    documents = BagsOfWords(counts)
    return documents.select(np.flatnonzero(~documents.empty)[:n_documents])


def measured(corpus: str, batch_size: int, n_documents: int, rounds: int) -> dict[str, Any]:
    """Seconds of a step in one process and in all, in process 0."""
    import torch
    from torch import distributed

    from hftopic import ProdLDA
    from hftopic._processes import ALONE, of_the_job

    documents = documents_of(corpus, n_documents)
    model = ProdLDA(GROUPS, batch_size=batch_size, max_iter=1000, random_state=0)
    times: dict[str, list[float]] = {}

    def timed(name: str, n: int, work: Callable[[], Any]) -> None:
        distributed.barrier()
        start, cpu = time.perf_counter(), time.process_time()
        work()
        times.setdefault(name, []).append((time.perf_counter() - start) / n)
        times.setdefault(f"cpu_{name}", []).append((time.process_time() - cpu) / n)

    with of_the_job() as processes:
        trainers = {}
        for name, each in (("one", ALONE), ("all", processes), ("apart", ALONE)):
            trainers[name] = model._new_trainer(documents, model._generator(), len(documents))
            if each is ALONE:
                trainers[name].processes, trainers[name].own_generator = ALONE, trainers[name].generator
        n_steps = len(trainers["one"]._steps(documents, len(documents)))
        gradient = torch.zeros(sum(p.numel() for p in trainers["all"].parameters))
        for number in range(rounds + 1):
            for name, trainer in trainers.items():
                has_work = name != "one" or processes.rank == 0
                epoch = partial(trainer.run_epoch, documents, len(documents))
                timed(name, n_steps, epoch if has_work else int)
            for name, tensor in (("gradient", gradient), ("message", gradient[:1])):
                timed(name, 1, partial(processes.sum_, [tensor]))
            if not number:  # the first round pays for what is made once
                times.clear()
        size = processes.size
    ms = {name: round(1000 * statistics.median(values), 3) for name, values in times.items()}

    def speedup(name: str, before: str = "one") -> float:
        pairs = zip(times[before], times[name], strict=True)
        return round(statistics.median(one / every for one, every in pairs), 3)

    return {
        "corpus": Path(corpus).name,
        "words": int(documents.counts.shape[1]),
        "documents": len(documents),
        "batch": batch_size,
        "parameters": len(gradient),
        "processes": size,
        "ms_one": ms["one"],
        "ms_all": ms["all"],
        "speedup": speedup("all"),
        "most": round(size * speedup("apart"), 3),
        "cpu_ms_one": ms["cpu_one"],
        "cpu_ms_all": ms["cpu_all"],
        "cpu_speedup": speedup("cpu_all", "cpu_one"),
        "ms_sum_of_gradient": ms["gradient"],
        "ms_message": ms["message"],
    }


def gradients() -> dict[str, Any]:
    """Largest relative difference between the float64 gradients of two processes and of one."""
    sys.path.insert(0, str(ROOT))
    from tests.together import results
    from tests.training.test_shared_steps import CASES

    of_process = results(ROOT / "tests" / "training" / "test_shared_steps.py", "differences", cases=CASES)
    return {"cases": len(CASES), "largest_relative_error": max(max(each.values()) for each in of_process)}


def _process(rank: int, size: int, meeting: str, work: list[tuple[Any, ...]]) -> None:
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    for arguments in work:
        result = measured(*arguments)
        if rank == 0:
            print(json.dumps(result), flush=True)
    distributed.destroy_process_group()


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--gradients", action="store_true")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    n, rounds = (5120, 3) if given.quick else (11_259, 15)
    work: list[tuple[Any, ...]] = [("zipf", given.batch, min(n, 4096), min(rounds, 7))]
    if NEWSGROUPS.exists():
        work.insert(0, (str(NEWSGROUPS), given.batch, n, rounds))
    else:
        print(f"{NEWSGROUPS} is not there", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(
            _process, (given.processes, f"{folder}/meeting", work), nprocs=given.processes
        )
    if given.gradients:
        print(json.dumps(gradients()), flush=True)


if __name__ == "__main__":
    main()
