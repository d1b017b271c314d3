"""A leaderboard of topic models: each fit in a process of its own, with one thread.

    make bench BOARD=1                                                   # what the results do not have yet
    make bench BOARD=1 ARGS="--models tomotopy-lda --corpus bbc --topics 50"
    make bench BOARD=1 ARGS="--quick --results tried.jsonl"

Every fit appends a JSON line to ``--results`` when it is scored. A fit that has a line there is skipped, so
the program continues where it was stopped. A fit that fails, or takes longer than ``--timeout``, has a line
with its error. 50 topics come before 100, and one model after the other. ``protocols.py`` has the scores.
"""

import argparse
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import peers
import protocols
from adapters import MODELS
from run_one import add_size, sample
from scoring import RESULTS, scorer, sources

# isort: split
from runner import measure_once

CORPORA = ("20ng_avitm1995", "bbc", "reuters", "agnews", "short_searchsnippets", "dblp")
TOPICS = (50, 100)
THREADS = 1  # LdaMulticore of gensim fits in one worker process, which the main process waits for

MEMORY = ("peak_megabytes", "megabytes_before_fit")  # a process starts with the peak of this one: no figure


@dataclass(frozen=True)
class Contestant:
    """Fits of a model; `reason` says why they are fewer than those of others."""

    corpora: tuple[str, ...] = CORPORA
    topics: tuple[int, ...] = TOPICS
    seeds: tuple[int, ...] = (0,)
    reason: str = ""


OURS = Contestant(seeds=(0, 1, 2, 3, 4))
CATALOGUE = {
    "tomotopy-lda": Contestant(),
    "sklearn-lda": Contestant(),
    "topica-lda": Contestant(),
    "topmost-prodlda": Contestant(),
    "sklearn-nmf": Contestant(),
    "gensim-lda": Contestant(),
    "hftopic-hfvae": OURS,
    "hftopic-vae": OURS,
    "topmost-ecrtm": Contestant(),
    "tomotopy-ctm": Contestant(
        ("bbc",), (50,), reason="an iteration of 1000 takes 1 s on bbc and 6.5 s on agnews, with 50 topics"
    ),
}
"""Models in the order in which they are fitted; others than ours have one seed."""


@dataclass(frozen=True)
class Fit:
    """One fit to be scored."""

    corpus: str
    topics: int
    model: str
    seed: int


def main() -> None:
    arguments = options().parse_args()
    pythons = {model: peers.interpreter(model, arguments) for model in arguments.models}
    versions = {python: peers.installed(python) for python in set(pythons.values())}
    for fit in fits(arguments):
        python = pythons[fit.model]
        key = asdict(fit) | {"documents": arguments.documents, "quick": arguments.quick, "threads": THREADS}
        libraries = (*MODELS[fit.model].libraries, "python")
        made_with = {name: versions[python].get(name) for name in libraries}
        measure_once(arguments.results, key, partial(measured, fit, python, made_with, arguments))


def measured(
    fit: Fit, python: str, versions: dict[str, Any], arguments: argparse.Namespace
) -> dict[str, Any]:
    """What a fit was made with, and its figures or its error. The words of all models are scored here."""
    row = peers.run(command(fit, python, arguments), THREADS, arguments.timeout)
    for key in MEMORY:
        row.pop(key, None)
    if "top_words" in row:
        data = sample(scorer.load(arguments.corpora / fit.corpus), arguments.documents)
        row |= protocols.of_words(np.array(row.pop("top_words")), data)
    return {"versions": versions, "processor": processor()} | row


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=CATALOGUE, default=list(CATALOGUE))
    parser.add_argument("--corpus", nargs="+", default=list(CORPORA), help="names of folders")
    parser.add_argument("--topics", nargs="+", type=int, default=list(TOPICS))
    parser.add_argument("--seeds", nargs="+", type=int, help="default: five of ours, one of the others")
    sources.add_option(parser)
    peers.add_peer_python(parser)
    add_size(parser)
    parser.add_argument("--timeout", type=float, default=3600, help="seconds a fit may take, scores included")
    parser.add_argument("--results", type=Path, default=RESULTS / "leaderboard.jsonl")
    return parser


def fits(arguments: argparse.Namespace) -> Iterator[Fit]:
    """What was asked for, as far as the corpora are there and the catalogue has it."""
    corpora = [name for name in arguments.corpus if at_hand(name, arguments.corpora)]
    for topics in arguments.topics:
        for model in arguments.models:
            listed = CATALOGUE[model]
            for corpus in corpora:
                if topics not in listed.topics or corpus not in listed.corpora:
                    why = listed.reason or "not in the catalogue"
                    print(f"skipped {model}, {corpus}, {topics} topics: {why}", file=sys.stderr, flush=True)
                    continue
                yield from (Fit(corpus, topics, model, seed) for seed in arguments.seeds or listed.seeds)


def at_hand(corpus: str, folder: Path) -> bool:
    """Whether the corpus is there; a line on standard error if it is not."""
    there = (folder / corpus).is_dir()
    if not there:
        sources.report_missing(corpus, folder)
    return there


def command(fit: Fit, python: str, arguments: argparse.Namespace) -> list[str]:
    """Command line of a fit and its scores."""
    of_fit = {"corpus": fit.corpus, "topics": fit.topics, "threads": THREADS}
    given = argparse.Namespace(**vars(arguments) | of_fit)
    return [*peers.command(fit.model, python, fit.seed, given), f"--words={protocols.N_WORDS}"]


def processor() -> str:
    """Name of the processor: times of different ones are not compared."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
