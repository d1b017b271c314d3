"""Time and memory of ``hftopic transform`` on shards, beside scikit-learn's LDA on a part of the documents.

    python benchmarks/transform.py > benchmarks/results/transform.jsonl
    python benchmarks/transform.py --quick

Documents are generated: 80 tokens each, 50,000 words; half of the tokens follow Zipf's law, the others are of
two of 50 planted topics. ProdLDA and LDA have 50 topics and are fitted on the first documents, LDA with its
defaults: a better or a worse model takes about as long. Each measurement is a process of its own, and LDA is
measured again after each of ours, because other work on the machine slows both. ``documents_per_second`` of
ours includes the reading of the shards and the writing of a Parquet file, that of LDA is of ``transform`` on
counts in memory. Prints one JSON line for each measurement, and the ratios last.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import scipy.sparse as sp
from documents import planted_blocks
from threadpoolctl import threadpool_limits

TOPICS, FITTED_ON, LDA_PART = 50, 5000, 2000
SIZES = {"full": [100_000, 1_000_000], "quick": [20_000, 60_000]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few documents, which shows little")
    parser.add_argument("--documents", type=int, nargs="+", help="numbers of documents, increasing")
    parser.add_argument("--words", type=int, default=50_000)
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--processes", type=int, default=2, help="of the run by torchrun; 1 for none")
    parser.add_argument("--ending", default=".parquet", help="of the file: .parquet, .csv, .jsonl or .npz")
    given = parser.parse_args()
    sizes = given.documents or SIZES["quick" if given.quick else "full"]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        alone(fit, folder, given.words, given.threads)
        ours, theirs = [], []
        for n_documents in sizes:
            alone(write_shards, folder / str(n_documents), n_documents, given.words)
            ours.append(alone(transform, folder, n_documents, given.ending, given.threads))
            told(model="hftopic ProdLDA", processes=1, **ours[-1])
            theirs.append(alone(lda, given.words, given.threads))
            told(model="scikit-learn LDA", processes=1, **theirs[-1])
        rates = [[each["documents_per_second"] for each in side] for side in (ours, theirs)]
        memory = [each["peak_MB"] for each in ours]
        ratios = {
            "memory_ratio": round(memory[-1] / memory[0], 3),
            "speed_ratio": round(rates[0][-1] / max(rates[1]), 1),
        }
        if given.processes > 1:
            seconds = by_torchrun(folder, sizes[-1], given.ending, given.processes, given.threads)
            rate = round(sizes[-1] / seconds)
            told(
                model="hftopic ProdLDA",
                processes=given.processes,
                documents=sizes[-1],
                seconds=round(seconds, 2),
                documents_per_second=rate,
            )
            ratios["speed_ratio_of_the_job"] = round(rate / max(rates[1]), 1)
            ratios["processes_ratio"] = round(ours[-1]["seconds_of_the_program"] / seconds, 2)
        told(**ratios)


def told(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def alone(work: Any, *given: Any) -> Any:
    """The result of work in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)


def words_of(n_words: int) -> list[str]:
    return [f"w{number}" for number in range(n_words)]


def first_documents(n_documents: int, n_words: int) -> sp.csr_array:
    return next(planted_blocks(n_documents, n_words))[0]


def fit(folder: Path, n_words: int, threads: int) -> None:
    """Save a model of the first documents."""
    import torch

    from hftopic import Corpus, ProdLDA

    torch.set_num_threads(threads)
    corpus = Corpus(first_documents(FITTED_ON, n_words), words_of(n_words))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a poor model is enough
        ProdLDA((TOPICS // 2, TOPICS // 2), max_iter=10, random_state=0).fit(corpus).save(folder / "model")


def write_shards(path: Path, n_documents: int, n_words: int) -> None:
    from hftopic.data.shards import ShardWriter

    with ShardWriter(path, words_of(n_words)) as writer:
        for counts, _ in planted_blocks(n_documents, n_words):
            writer.append(counts)


def transform(folder: Path, n_documents: int, ending: str, threads: int) -> dict[str, Any]:
    """Seconds and peak memory of the file of topics, and the seconds with the start of the program."""
    import torch

    from hftopic import load, open_corpus
    from hftopic.analysis import write_document_topics

    torch.set_num_threads(threads)
    started = time.perf_counter()
    model, corpus = load(folder / "model"), open_corpus(folder / str(n_documents))
    start = time.perf_counter()
    write_document_topics(model, corpus, folder / f"theta{ending}", topics="all")
    end = time.perf_counter()
    return {
        "documents": n_documents,
        "threads": threads,
        "seconds": round(end - start, 2),
        "seconds_of_the_program": round(end - started, 2),
        "documents_per_second": round(n_documents / (end - start)),
        "peak_MB": peak_memory(),
        "bytes_per_document": round((folder / f"theta{ending}").stat().st_size / n_documents),
    }


def lda(n_words: int, threads: int) -> dict[str, Any]:
    """Documents a second of scikit-learn's LDA, with ``n_jobs=None``."""
    from sklearn.decomposition import LatentDirichletAllocation

    counts = first_documents(2 * LDA_PART, n_words)
    model = LatentDirichletAllocation(TOPICS, random_state=0)
    with threadpool_limits(threads):
        model.fit(counts[:LDA_PART])
        start = time.perf_counter()
        model.transform(counts[LDA_PART:])
        seconds = time.perf_counter() - start
    rate = round(LDA_PART / seconds)
    return {"documents": LDA_PART, "threads": threads, "documents_per_second": rate}


def by_torchrun(folder: Path, n_documents: int, ending: str, processes: int, threads: int) -> float:
    """Seconds of the command in several processes, with their start."""
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
    command += [
        "-m",
        "hftopic",
        "transform",
        folder / "model",
        folder / str(n_documents),
        "--quiet",
        "--force",
    ]
    start = time.perf_counter()
    subprocess.run(
        [*map(str, command), "--out", str(folder / f"theta{ending}"), "--all"],
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
    )
    return time.perf_counter() - start


def peak_memory() -> int:
    """Peak of the resident memory of this process, in MiB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    return round(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    main()
