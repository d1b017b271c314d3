"""Seconds of what reads a fitted model: perplexity, information, decomposition, coherence and a report.

    python benchmarks/evaluation.py --label after >> benchmarks/results/evaluation.jsonl
    PYTHONPATH=../other-checkout python benchmarks/evaluation.py --label before   # another version

Documents are generated, as those of ``benchmarks/report_scale.py``, except those of the coherence: 50 topics
of the raw 20 Newsgroups messages, or of the docstrings without a corpus beside the checkout. The models are
trained for some epochs on a part of them. Prints a JSON line for each task: processor seconds of one thread
and seconds, of the fastest of some repetitions. That of the perplexity has a floor: the seconds of its
products or of its exponentials, whichever take longer, at the rates that ``benchmarks/step.py`` measures in
the same run.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import coherence
import torch
from report_scale import TRAINED_ON, planted
from scoring import sources
from step import Rates, Work

from hftopic import ProdLDA, load_docstrings
from hftopic.analysis import decompose, topic_coherence, topic_information
from hftopic.models.evaluation import N_SAMPLES
from hftopic.report import write_report

EPOCHS = 12
GROUPS = (25, 25)
SIZES = {  # documents and words
    "perplexity": (5_000, 100_000),
    "information": (200_000, 2_000),
    "decomposition": (20_000, 2_000),
    "report": (50_000, 20_000),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--label", default="", help="name of the version, in each line")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the documents")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=(*SIZES, "coherence"), default=(*SIZES, "coherence"))
    sources.add_option(parser)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.only:
        if name == "coherence":
            task, shape = coherent(given.corpora, given.scale)
        else:
            shape = (int(given.scale * SIZES[name][0]), SIZES[name][1])
            task = of_a_model(name, *shape)
        times = [timed(task) for _ in range(given.repeats)]
        processor, seconds = (round(min(kind), 2) for kind in zip(*times, strict=True))
        line = {"task": name, "label": given.label, "documents": shape[0], "words": shape[1]}
        line |= {"processor": processor, "seconds": seconds}
        if name == "perplexity":
            line["floor"] = round(floor(*shape), 2)
        print(json.dumps(line), flush=True)


def of_a_model(name: str, n_documents: int, n_words: int) -> Callable[[], Any]:
    """A task that reads a fitted model and its encoded documents."""
    corpus = planted(n_documents, n_words)
    model = ProdLDA(GROUPS, max_iter=EPOCHS, random_state=0, learning_rate=0.02)
    model.fit(corpus[:TRAINED_ON])
    if name == "report":
        return lambda: reported(model, corpus)
    encoded = model.encode(corpus)
    return {
        "perplexity": lambda: model.perplexity(encoded),
        "information": lambda: topic_information(model, encoded),
        "decomposition": lambda: decompose(model, encoded),
    }[name]


def reported(model: Any, corpus: Any) -> None:
    """Write a report and forget it."""
    with tempfile.TemporaryDirectory() as folder:
        write_report(model, corpus, Path(folder) / "report.html", topics="all")


def coherent(corpora: Path, scale: float) -> tuple[Callable[[], Any], tuple[int, int]]:
    """Four measures of coherence, and the shape of their corpus."""
    raw = corpora / coherence.RAW / "train.jsonl.xz"
    corpus = coherence.read(raw, None) if raw.exists() else load_docstrings()
    corpus = corpus[: int(scale * corpus.n_documents)]
    topics = coherence.topics_of(corpus)
    return lambda: topic_coherence(topics, corpus, measure=coherence.MEASURES), corpus.counts.shape


def floor(n_documents: int, n_words: int) -> float:
    """Least seconds of the perplexity: those of its products of matrices, or of its exponentials."""
    n_logits = N_SAMPLES * n_documents * n_words
    work = Work(exponentials=n_logits, flops=2 * n_logits * sum(GROUPS))
    return Rates.measured(torch.device("cpu")).floor(work)


def timed(task: Callable[[], Any]) -> tuple[float, float]:
    """Processor seconds and seconds of a task."""
    processor, seconds = time.process_time(), time.perf_counter()
    task()
    return time.process_time() - processor, time.perf_counter() - seconds


if __name__ == "__main__":
    main()
