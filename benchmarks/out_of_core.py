"""Training on shards: its memory for corpora of three sizes, its speed, and the quality of windowed orders.

    python benchmarks/out_of_core.py memory > benchmarks/results/out_of_core_memory.jsonl
    python benchmarks/out_of_core.py throughput > benchmarks/results/out_of_core_throughput.jsonl
    python benchmarks/out_of_core.py quality > benchmarks/results/out_of_core_quality.jsonl

memory
    Peak memory of a process that calls ``fit`` on 10⁵, 10⁶ and 4·10⁶ generated documents of 80 tokens, of
    50,000 words, with 50 topics. There is one epoch, which is cut off after ``--seconds``. The last line has
    the largest peak over the smallest.
throughput
    Seconds of the second epoch in memory and on shards, in alternation, and the ratio of the medians; and the
    same for the seconds of the processor, which other programs hardly change. There are three windows.
quality
    Documents sorted by label are fitted in memory, where all are shuffled together, and on shards, whose
    blocks and windows are so small that a window has four mini-batches. A fifth of the training documents is
    held out for the perplexity and for c_npmi; test documents are not used. The last line of each corpus has
    the difference of the means of both orders, and the standard deviation over seeds in memory.

Prints JSON lines.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from documents import TOKENS, zipf_blocks
from scoring import figures, scorer, sources
from transform import alone, peak_memory, told, words_of

from hftopic import Corpus, ProdLDA, open_corpus, write_corpus
from hftopic.analysis import topic_coherence, topic_summary
from hftopic.data import streams
from hftopic.data.shards import ShardWriter
from hftopic.training import Record

WORDS = 50_000
SIZES = {"full": [100_000, 1_000_000, 4_000_000], "quick": [20_000, 100_000]}
EPOCH_WORDS = {"full": [2000, 20_000], "quick": [2000]}  # of the throughput
WINDOWED = {"BLOCK": 2, "WINDOW": 256}  # of the quality: 512 documents, four mini-batches of 128
BATCH = 128


class TimedError(Exception):
    """The end of the second epoch: what follows is not timed."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["memory", "throughput", "quality"])
    parser.add_argument("--quick", action="store_true", help="few documents, which shows little")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="of the epoch whose memory is measured")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--corpus", nargs="+", default=["20ng_avitm1995", sources.CARRIED])
    sources.add_option(parser)
    given = parser.parse_args()
    mode = "quick" if given.quick else "full"
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "memory":
            measure_memory(
                SIZES[mode], Path(folder), given.seconds / (6 if given.quick else 1), given.threads
            )
        elif given.what == "throughput":
            for n_words in EPOCH_WORDS[mode]:
                n_documents = 3 * streams.BLOCK * streams.WINDOW // (8 if given.quick else 1)
                alone(measure_throughput, Path(folder), n_documents, n_words, given.threads)
        else:
            torch.set_num_threads(given.threads)
            names = given.corpus[-1:] if given.quick else given.corpus
            for name, data in sources.available(names, given.corpora):
                measure_quality(name, data, Path(folder) / name, 2 if given.quick else given.seeds)


def measure_memory(sizes: list[int], folder: Path, seconds: float, threads: int) -> None:
    peaks = []
    for n_documents in sizes:
        alone(write, folder / str(n_documents), n_documents, WORDS)
        facts = alone(fit_for, folder / str(n_documents), seconds, threads)
        peaks.append(facts["peak_MB"])
        told(what="memory", documents=n_documents, words=WORDS, tokens=n_documents * TOKENS, **facts)
    told(what="memory", largest_over_smallest=round(max(peaks) / min(peaks), 3), peak_MB=max(peaks))


def write(path: Path, n_documents: int, n_words: int) -> None:
    with ShardWriter(path, words_of(n_words)) as writer:
        for block in zipf_blocks(n_documents, n_words):
            writer.append(block)


def fit_for(path: Path, seconds: float, threads: int) -> dict[str, Any]:
    """Fit for one epoch, which ends after some time; seconds of its parts, and the peak memory."""
    torch.set_num_threads(threads)
    before = peak_memory()
    steps, times = 0, [time.perf_counter()]
    whole = streams.ShardedDocuments.shuffled

    def cut_off(*arguments: Any, **named: Any) -> Iterator[Any]:
        nonlocal steps
        times.append(time.perf_counter())
        for batch in whole(*arguments, **named):
            yield batch
            steps += 1
            if time.perf_counter() - times[-1] > seconds:
                break
        times.append(time.perf_counter())

    streams.ShardedDocuments.shuffled = cut_off  # type: ignore[assignment,method-assign]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ProdLDA(groups=(25, 25), max_iter=1, random_state=0).fit(open_corpus(path))
    times.append(time.perf_counter())
    parts = dict(zip(("scan", "epoch", "description"), np.diff(times).round(1).tolist(), strict=True))
    seconds_of = {f"{name}_seconds": value for name, value in parts.items()}
    return {"peak_MB": peak_memory(), "libraries_MB": before, "steps": steps, **seconds_of}


def measure_throughput(folder: Path, n_documents: int, n_words: int, threads: int) -> None:
    torch.set_num_threads(threads)
    counts = sp.csr_array(sp.vstack(list(zipf_blocks(n_documents, n_words)), format="csr"))
    corpus = Corpus(counts, words_of(n_words))
    path = folder / f"words{n_words}"
    write_corpus(corpus, path, format="shards")
    seconds: dict[str, list[np.ndarray]] = {"memory": [], "shards": []}
    for _ in range(2):
        for order, documents in (("memory", corpus), ("shards", open_corpus(path))):
            seconds[order].append(second_epoch(documents))
    medians = {order: np.median(times, axis=0).round(2).tolist() for order, times in seconds.items()}
    facts: dict[str, float] = {}
    for place, name in enumerate(("", "_of_cpu")):
        facts |= {f"{order}_seconds{name}": values[place] for order, values in medians.items()}
        facts[f"ratio{name}"] = round(medians["memory"][place] / medians["shards"][place], 3)
    told(what="throughput", documents=n_documents, words=n_words, threads=threads, **facts)


def second_epoch(documents: Any) -> np.ndarray:
    """Seconds of the second epoch of a fit, and of the processor."""
    ends = []

    def after_epoch(_: Record) -> None:
        ends.append(np.array([time.perf_counter(), time.process_time()]))
        if len(ends) == 2:
            raise TimedError

    with suppress(TimedError):
        ProdLDA(groups=(25, 25), max_iter=2, random_state=0).fit(documents, callbacks=[after_epoch])
    return ends[1] - ends[0]


def measure_quality(name: str, data: scorer.Splits, folder: Path, n_seeds: int) -> None:
    for part, value in WINDOWED.items():
        setattr(streams, part, value)
    labels = data.train_labels if data.train_labels is not None else np.zeros(data.train.shape[0])
    chosen = np.random.default_rng(0).random(len(labels)) < 0.8
    corpus = Corpus(data.train, data.vocabulary)
    training = corpus[np.flatnonzero(chosen)[np.argsort(np.asarray(labels)[chosen], kind="stable")]]
    validation = corpus[~chosen]
    write_corpus(training, folder, format="shards")
    scores: dict[str, list[dict[str, float]]] = {"memory": [], "windows": []}
    for seed in range(n_seeds):
        for order, documents in (("memory", training), ("windows", open_corpus(folder))):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = ProdLDA(groups=(25, 25), batch_size=BATCH, random_state=seed).fit(documents)
                scores[order].append(scores_of(model, validation))
            told(what="quality", corpus=name, order=order, seed=seed, **scores[order][-1])
    for measure in scores["memory"][0]:
        values = {order: np.array([run[measure] for run in runs]) for order, runs in scores.items()}
        told(
            what="quality",
            corpus=name,
            documents=len(training),
            measure=measure,
            memory=figures.rounded(values["memory"].mean()),
            windows=figures.rounded(values["windows"].mean()),
            difference=figures.rounded(values["windows"].mean() - values["memory"].mean()),
            spread_of_seeds=figures.rounded(values["memory"].std(ddof=1)),
        )


def scores_of(model: ProdLDA, validation: Corpus) -> dict[str, float]:
    active = topic_summary(model)["active"].to_numpy(dtype=bool)
    coherence = topic_coherence(model, validation, measure="c_npmi")["c_npmi"][active].mean()
    return {
        "perplexity": round(model.perplexity(validation), 2),
        "c_npmi": round(float(coherence), 4),
        "active_topics": int(active.sum()),
    }


if __name__ == "__main__":
    main()
