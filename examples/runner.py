"""What the examples that measure on real corpora share: their options, and results files that go on."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import quality  # noqa: E402

# How the fits in examples/results were made; results of other settings belong into another file.
SETTINGS: dict[str, Any] = {
    "batch_size": 256,
    "learning_rate": 0.006,
    "dropout": 0.2,
    "word_dropout": 0.0,
    "partners": None,
}


def options(doc: str | None, results: str, seeds: list[int]) -> argparse.ArgumentParser:
    """Parser with the options every such example has; ``results`` names its file in ``examples/results``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="20ng_avitm1995")
    parser.add_argument("--corpora", type=Path, default=quality.SHARED / "corpora")
    parser.add_argument("--scorer", type=Path, default=quality.SHARED / "score.py")
    parser.add_argument("--seeds", nargs="+", type=int, default=seeds)
    parser.add_argument("--results", type=Path, default=ROOT / "examples/results" / results)
    return parser


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
