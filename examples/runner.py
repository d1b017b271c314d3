"""What the examples that measure on real corpora share: their options, and results files that go on."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import scipy.sparse as sp

from hftopic import Corpus, __version__

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import quality  # noqa: E402
from scoring import rounded  # noqa: E402

__all__ = [
    "SETTINGS",
    "add_results",
    "lines_of",
    "made_with",
    "measure_once",
    "options",
    "quality",
    "rounded",
]

# How 04 and 05 made their results; results of other settings belong into another file.
SETTINGS: dict[str, Any] = {
    "batch_size": 256,
    "learning_rate": 0.006,
    "dropout": 0.2,
    "word_dropout": 0.0,
    "partners": None,
}


def options(doc: str | None, results: str, seeds: list[int]) -> argparse.ArgumentParser:
    """Parser of an example on a real corpus; ``results`` names its file in ``examples/results``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="20ng_avitm1995")
    parser.add_argument("--corpora", type=Path, default=quality.SHARED / "corpora")
    parser.add_argument("--scorer", type=Path, default=quality.SHARED / "score.py")
    add_results(parser, results, seeds)
    return parser


def add_results(parser: argparse.ArgumentParser, results: str, seeds: list[int]) -> None:
    """The options of every example that keeps results."""
    parser.add_argument("--seeds", nargs="+", type=int, default=seeds)
    parser.add_argument("--results", type=Path, default=ROOT / "examples/results" / results)


def made_with(model: Any, counts: sp.csr_array, vocabulary: list[str]) -> dict[str, Any]:
    """What a line of results was made with: version, settings that are not the defaults, corpus."""
    corpus = Corpus(counts, vocabulary).sha256()[:16]
    return {"hftopic": __version__, "settings": " ".join(repr(model).split()), "corpus_sha256": corpus}


def measure_once(results: Path, key: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> None:
    """Add a JSON line of ``key`` and what is measured, unless one with this key is there already."""
    if any(key.items() <= line.items() for line in lines_of(results)):
        return
    line = key | measure()
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a") as file:
        print(json.dumps(line), file=file)
    print(json.dumps(line), flush=True)


def lines_of(results: Path) -> list[dict[str, Any]]:
    """Results so far."""
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
