"""What the examples that measure on real corpora share: their options, and results files that go on."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import scipy.sparse as sp

from hftopic import HFVAE, Corpus, Ramp, __version__

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import quality  # noqa: E402
from scoring import rounded  # noqa: E402

__all__ = [
    "RAMPED",
    "SETTINGS",
    "axes_in",
    "lines_of",
    "made_with",
    "measure_once",
    "options",
    "options_of_corpus",
    "quality",
    "rounded",
]

RAMPED = HFVAE(beta=Ramp(1.0, 0.1, over=1.0), gamma=Ramp(1.0, 10.0, over=1.0))
"""What the estimators minimise by default, written out so that a line of results names it."""

# How 04 and 05 made their results; results of other settings belong into another file.
SETTINGS: dict[str, Any] = {
    "batch_size": 256,
    "learning_rate": 0.006,
    "dropout": 0.2,
    "word_dropout": 0.0,
    "partners": None,
}


def options(
    doc: str | None, results: str, seeds: list[int], epochs: int | None = None
) -> argparse.ArgumentParser:
    """Parser of an example that keeps results; ``results`` names its file in ``examples/results``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=seeds)
    parser.add_argument("--results", type=Path, default=ROOT / "examples/results" / results)
    parser.add_argument("--figure", type=Path, help="file to draw the results into, .svg or .png")
    if epochs is not None:
        parser.add_argument("--epochs", type=int, default=epochs)
    return parser


def options_of_corpus(
    doc: str | None, results: str, seeds: list[int], epochs: int | None = None
) -> argparse.ArgumentParser:
    """Parser of an example on a real corpus."""
    parser = options(doc, results, seeds, epochs)
    parser.add_argument("--corpus", default="20ng_avitm1995")
    parser.add_argument("--corpora", type=Path, default=quality.SHARED / "corpora")
    parser.add_argument("--scorer", type=Path, default=quality.SHARED / "score.py")
    return parser


def made_with(model: Any, counts: sp.csr_array, vocabulary: list[str]) -> dict[str, Any]:
    """What a line of results was made with: version, settings that are not the defaults, corpus."""
    corpus = Corpus(counts, vocabulary).sha256()[:16]
    return {"hftopic": __version__, "settings": " ".join(repr(model).split()), "corpus_sha256": corpus}


def measure_once(results: Path, key: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> None:
    """Add a JSON line of ``key``, what is measured, and the time, unless one with this key is there."""
    if any(key.items() <= line.items() for line in lines_of(results)):
        return
    start = time.perf_counter()
    line = key | measure()
    line["seconds"] = round(time.perf_counter() - start, 1)
    line["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a") as file:
        print(json.dumps(line), file=file)
    print(json.dumps(line), flush=True)


@contextmanager
def axes_in(path: Path, rows: int, columns: int, size: tuple[float, float], **sharing: Any) -> Iterator[Any]:
    """Axes of shape (rows, columns) to draw on; the figure is in the file afterwards."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    with plt.rc_context({"font.size": 8, "svg.fonttype": "none", "svg.hashsalt": "hftopic"}):
        figure, axes = plt.subplots(
            rows, columns, figsize=size, layout="constrained", squeeze=False, **sharing
        )
        yield axes
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        plt.close(figure)


def lines_of(results: Path, epochs: int | None = None) -> list[dict[str, Any]]:
    """Results so far, or those of so many epochs alone."""
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return [line for line in lines if epochs in (None, line["epochs"])]
