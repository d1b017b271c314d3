"""What the experiments share: options, results files that continue, and figures."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sources
from figures import Table

from hftopic import HFVAE, NVDM, DirichletLaplace, ProdLDA, Ramp, StandardNormal

RESULTS = Path(__file__).parent / "results"

RAMPED = HFVAE(beta=Ramp(1.0, 0.1, over=1.0), gamma=Ramp(1.0, 10.0, over=1.0))
"""Weights that change from those of the VAE over the whole training; groups and prior are fixed."""

LEARNED = "HFVAE, learned"
"""Name of the models whose groups and correlations of the prior are learned, as by default."""

WITHOUT_SCALE: dict[str, Any] = {"decoder_norm": "shift", "dropout": 0.02}
"""The decoder of the paper, whose batch norm has no scale. All experiments on the objective use it."""

FIXED: dict[type[ProdLDA] | type[NVDM], dict[str, Any]] = {
    model: {"prior": prior, "assignment": "fixed", "marginals": "hfvae", "warm_up": 0.5, **decoder}
    for model, prior, decoder in (
        (ProdLDA, DirichletLaplace(), WITHOUT_SCALE),
        (NVDM, StandardNormal(), {}),
    )
}
"""Settings of a model whose groups and prior are fixed, as in the paper."""

FIXED_EPOCHS, LEARNED_EPOCHS = 40, 60

# Settings of all_objectives.py and discrete_class.py. Results of other settings belong in another file.
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
    """Parser of an experiment; `results` is the name of its file in ``experiments/results``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=seeds)
    parser.add_argument("--results", type=Path, default=RESULTS / results, help="file to continue")
    parser.add_argument("--figure", type=Path, help="file to draw the results in, .svg or .png")
    parser.add_argument(
        "--epochs", type=int, default=epochs, help=argparse.SUPPRESS if epochs is None else None
    )
    return parser


def epochs_of(method: str, asked: int | None) -> int:
    """Epochs of a fit: those asked for, or those of methods that learn groups or have fixed groups."""
    return asked or (LEARNED_EPOCHS if method == LEARNED else FIXED_EPOCHS)


def options_of_corpus(
    doc: str | None, results: str, seeds: list[int], epochs: int | None = None
) -> argparse.ArgumentParser:
    """Parser of an experiment on one corpus or several."""
    parser = options(doc, results, seeds, epochs)
    parser.add_argument(
        "--corpus", nargs="+", default=["20ng_avitm1995"], help="names of folders, or docstrings"
    )
    sources.add_option(parser)
    return parser


def measure_once(results: Path, key: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> None:
    """Add a JSON line with the key, the measured values and the time, unless a line has this key."""
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


def lines_of(results: Path, epochs: int | None = None) -> list[dict[str, Any]]:
    """Lines of a results file; only those of this number of epochs if one is given."""
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return [line for line in lines if epochs in (None, line.get("epochs"))]


def show(
    arguments: argparse.Namespace,
    table_of: Callable[[list[dict[str, Any]]], Table],
    draw: Callable[[list[dict[str, Any]], Path], None] | None = None,
) -> None:
    """Print the table of all results so far and, if a figure is asked for, draw it."""
    lines = lines_of(arguments.results, arguments.epochs)
    if not lines:
        print(f"no results in {arguments.results}", file=sys.stderr)
        return
    print(table_of(lines))
    if arguments.figure and draw:
        draw(lines, arguments.figure)


def draw_scores(
    lines: list[dict[str, Any]], path: Path, scores: list[str], size: tuple[float, float]
) -> None:
    """One axes for each score: a row of points for each model, one point a seed, with their mean."""
    results = pd.DataFrame(lines)
    with axes_in(path, 1, len(scores), size, sharey=True) as axes:
        for ax, score in zip(axes[0], scores, strict=True):
            ax.scatter(results[score], results["model"], s=6, color="C0", alpha=0.5)
            means = results.groupby("model", sort=False)[score].mean()
            ax.plot(means, means.index, "k|", markersize=10)
            ax.set(title=score, xlim=(0, 1))
        axes[0, 0].invert_yaxis()


@contextmanager
def axes_in(path: Path, rows: int, columns: int, size: tuple[float, float], **sharing: Any) -> Iterator[Any]:
    """Axes of shape (rows, columns) to draw on; afterwards the figure is written to the file."""
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
