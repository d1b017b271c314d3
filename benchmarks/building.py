"""Shards from generated texts: memory of all processes together, and two workers against one.

Run ``python benchmarks/building.py`` (a million documents, some minutes) or with ``--quick``. It prints
one JSON object a line. The texts are written to a temporary folder first, some 600 MB. Each build runs in a
process of its own; the proportional memory (PSS) of it and its workers is summed every tenth of a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from documents import CHUNK, TOKENS

N_WORDS = 50_000
BUILD = """
import resource, sys, time
start = time.perf_counter()
from hftopic import build_corpus
corpus = build_corpus(sys.argv[1], sys.argv[2], n_jobs=int(sys.argv[3]))
print(time.perf_counter() - start, corpus.n_words, corpus.n_tokens)
"""
SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def spelled(n_words: int) -> np.ndarray:
    """Words of letters, the frequent ones shorter, as in a language."""
    letters = np.array(list("etaoinshrdlucmfwypvbgkqjxz"))
    rng = np.random.default_rng(1)
    made: dict[str, None] = {}
    while len(made) < n_words:
        length = 3 + int(np.log2(2 + len(made)) / 2)
        made["".join(rng.choice(letters, rng.integers(3, length + 2)))] = None
    return np.array(list(made), dtype=object)


def lines(n_documents: int) -> Iterator[str]:
    """Texts of 80 tokens with words that follow Zipf's law, some thousands at a time."""
    rng = np.random.default_rng(0)
    words = spelled(N_WORDS)
    frequency = np.cumsum(1 / (np.arange(N_WORDS) + 10.0))
    for start in range(0, n_documents, CHUNK):
        size = min(CHUNK, n_documents - start)
        drawn = np.searchsorted(frequency, rng.random((size, TOKENS)) * frequency[-1])
        for document in words[drawn]:
            yield " ".join(document)


def memory_of(process: int) -> int:
    """Proportional memory of a process and of all its children, in bytes."""
    found, left = 0, [process]
    while left:
        one = left.pop()
        try:
            left += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
            rolled = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        found += sum(int(line.split()[1]) for line in rolled.splitlines() if line.startswith("Pss:")) * 1024
    return found


def built(texts: Path, out: Path, jobs: int) -> dict[str, float]:
    """Seconds, and the largest memory in MB, of a build with so many workers."""
    command = [sys.executable, "-c", BUILD, str(texts), str(out), str(jobs)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **SINGLE}
    ) as process:
        largest = 0
        while process.poll() is None:
            largest = max(largest, memory_of(process.pid))
            time.sleep(0.1)
        assert process.stdout is not None
        told = process.stdout.read().split()
    if process.returncode:
        raise SystemExit(f"the build failed: {process.returncode}")
    seconds, n_words, n_tokens = map(float, told)
    return {
        "seconds": round(seconds, 2),
        "memory_mb": round(largest / 1e6),
        "words": n_words,
        "tokens": n_tokens,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20,000 documents")
    parser.add_argument("--documents", type=int, help="number of documents")
    parser.add_argument("--repeats", type=int, default=2, help="builds with one worker and with two, in turn")
    given = parser.parse_args()
    n_documents = given.documents or (20_000 if given.quick else 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts.txt")
        with texts.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines(n_documents))
        seconds: dict[int, list[float]] = {1: [], 2: []}
        for repeat in range(1 if given.quick else given.repeats):
            for jobs in (1, 2):
                found = built(texts, Path(folder, f"shards{jobs}"), jobs)
                seconds[jobs].append(found["seconds"])
                known = {"benchmark": "building", "documents": n_documents, "jobs": jobs, "repeat": repeat}
                print(json.dumps({**known, **found}), flush=True)
        ratio = min(seconds[1]) / min(seconds[2])
        same = all(
            file.read_bytes() == Path(folder, "shards2", file.name).read_bytes()
            for file in Path(folder, "shards1").iterdir()
        )
        print(json.dumps({"benchmark": "building", "two_against_one": round(ratio, 2), "same_bytes": same}))


if __name__ == "__main__":
    main()
