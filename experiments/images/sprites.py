"""Are the dimensions of a code the factors of a picture? Table 3 of the paper.

    python experiments/images/sprites.py [--seeds 0]

Perceptrons learn from a grid of 11,520 sprites of half the side, whose pixels count four times, without
seeing a factor, under each of the objectives below. The codes of all sprites, posterior means and the
likeliest class, are scored against the factors: Kim and Mnih's score, the disentanglement, completeness and
informativeness of Eastwood and Williams, and the gap of each factor. Each fit adds a JSON line to the
results file; at the end the script prints mean ± standard deviation beside the figures of the paper, which
are of all 737,280 sprites, other networks and longer training.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).parents[1]))
import networks
import pictures
from figures import NONE, Line, Table, mean, mean_sd, rounded, seeds, table
from runner import draw_scores, measure_once, options, show

from hftopic import HFVAE, VAE, BetaTCVAE, BetaVAE
from hftopic.analysis import dci, kim_mnih_score, mutual_information_gap

MODELS: dict[str, tuple[Any, int | None]] = {
    "VAE": (VAE(), None),
    "beta-VAE (4)": (BetaVAE(4.0), None),
    "beta-TCVAE (4)": (BetaTCVAE(4.0), None),
    "HFVAE (4, 3) + c": (HFVAE(beta=4.0, gamma=3.0), 3),
    "VAE + c": (VAE(), 3),
}
PAPER = {
    "VAE": ("0.63 ± 0.06", "0.30 ± 0.10"),
    "beta-VAE (4)": ("0.63 ± 0.10", "0.41 ± 0.11"),
    "beta-TCVAE (4)": ("0.62 ± 0.07", "0.29 ± 0.10"),
    "HFVAE (4, 3) + c": ("0.63 ± 0.08", "0.39 ± 0.16"),
}
"""Scores of Kim and Mnih and of Eastwood and Williams in table 3 of the paper."""

SETTINGS: dict[str, Any] = {"batch_size": 64, "learning_rate": 2e-3}
SCORED = 6000  # sprites that the forests of DCI see, drawn with the seed
LEAST_VARIANCE = 0.05  # of a dimension of the code, below which it says nothing
SCORES = ["kim_mnih", "disentanglement", "completeness", "informativeness"]


def main() -> None:
    parser = options(__doc__, "images/sprites.jsonl", seeds=[0, 1, 2, 3, 4], epochs=30)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    pictures.add_option(parser)
    arguments = parser.parse_args()
    sprites = pictures.sprites(arguments.corpora)
    if sprites is not None:
        for seed in arguments.seeds:
            for name in arguments.models:
                key = {"model": name, "seed": seed, "epochs": arguments.epochs}
                measure_once(arguments.results, key, partial(measured, sprites, name, seed, arguments.epochs))
    show(arguments, table_of, draw)


def measured(sprites: pictures.Pictures, name: str, seed: int, epochs: int) -> dict[str, Any]:
    """Scores of the code of all sprites."""
    objective, classes = MODELS[name]
    network = networks.fitted(sprites, objective, classes, epochs, seed, **SETTINGS)
    means, of_class = networks.codes_of(network, sprites)
    code = means if of_class is None else np.column_stack([means, of_class])
    in_dims, in_class = networks.information_of(network, sprites)
    row: dict[str, Any] = {
        **scores_of(code, sprites.factors, seed),
        "active": int((in_dims > networks.ACTIVE).sum()),
        "class_nats": in_class,
        "bound": networks.bounds_of(network, sprites).mean(),
    }
    fitted_with = networks.made_with(sprites, objective, classes=classes, **SETTINGS)
    return {key: rounded(value) for key, value in row.items()} | fitted_with


def scores_of(code: np.ndarray, factors: pd.DataFrame, seed: int) -> dict[str, float]:
    """Scores of a code; none of one that says nothing, as of a network that uses no dimension."""
    if code.var(axis=0).max() < LEAST_VARIANCE:
        return {}
    drawn = np.random.default_rng(seed).permutation(len(code))[:SCORED]
    parts = dci(code[drawn], factors.iloc[drawn], random_state=seed)
    gaps = mutual_information_gap(code, factors).set_index("factor")
    return {
        "kim_mnih": kim_mnih_score(code, factors, least_variance=LEAST_VARIANCE, random_state=seed),
        "disentanglement": parts.disentanglement,
        "completeness": parts.completeness,
        "informativeness": parts.informativeness,
        "mig": gaps["gap"].mean(),
        **{f"gap_{factor}": gap for factor, gap in gaps["gap"].items()},
        **{f"found_{factor}": found for factor, found in (gaps["information"] / gaps["entropy"]).items()},
    }


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds beside the paper's figures, a row for each model."""
    order = list(MODELS)

    def of_paper(place: int) -> Any:
        return lambda rows: PAPER.get(rows[0]["model"], (NONE, NONE))[place]

    return table(
        sorted(lines, key=lambda line: order.index(line["model"])),
        {"model": "model"},
        {
            "KM": mean_sd("kim_mnih"),
            "KM, paper": of_paper(0),
            "EW": mean_sd("disentanglement"),
            "EW, paper": of_paper(1),
            "completeness": mean_sd("completeness"),
            "informativeness": mean_sd("informativeness"),
            "gap": mean_sd("mig"),
            "gap of scale": mean_sd("gap_scale"),
            "active": mean("active", 1),
            "ELBO": mean("bound", 1),
            "seeds": seeds,
        },
    )


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes for each score, and in it a row of points for each model."""
    draw_scores(lines, path, SCORES, (11, 2.4))


if __name__ == "__main__":
    main()
