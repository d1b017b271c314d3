"""Which dimensions does the objective use, and what does each of them change? Figure 4 of the paper.

    python experiments/images/traversals.py [--figure traversals.png]

Perceptrons with ten Gaussian dimensions and a discrete variable of ten classes learn from digits and from
clothes. I(x; z_d) of each dimension under the full mixture over the training pictures says which dimensions
are in use: those above 0.05 nats; the others are pruned. A figure shows a picture of each corpus while each
dimension moves from -3 to 3. Each fit adds a JSON line to the results file; at the end the script prints
means over seeds.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
import networks
import pictures
from figures import NONE, Line, Table, fixed, mean_sd, rounded, seeds, table
from runner import axes_in, measure_once, options, show

from hftopic import HFVAE, VAE
from hftopic.networks.autoencoder import Autoencoder

MODELS: dict[str, Any] = {
    "VAE": VAE(),
    "HFVAE (4, 3)": HFVAE(beta=4.0, gamma=3.0),
    "HFVAE (.1, 3)": HFVAE(beta=0.1, gamma=3.0),
}
SHOWN = "HFVAE (.1, 3)"
PAPER = {"mnist": "3", "fashion_mnist": "4"}
"""Dimensions of ten that the paper's HFVAE does not use, in its figure 4."""

STEPS = np.linspace(-3, 3, 9)


def main() -> None:
    parser = options(__doc__, "images/traversals.jsonl", seeds=[0, 1, 2, 3, 4], epochs=30)
    parser.add_argument("--corpus", nargs="+", default=list(pictures.LABELLED), choices=pictures.LABELLED)
    pictures.add_option(parser)
    arguments = parser.parse_args()
    there = list(pictures.labelled(arguments.corpus, arguments.corpora))
    for seed, (corpus, train, _), name in product(arguments.seeds, there, MODELS):
        key = {"corpus": corpus, "model": name, "seed": seed, "epochs": arguments.epochs}
        measure_once(arguments.results, key, partial(measured, train, name, seed, arguments.epochs))
    drawn = partial(draw, there=there, epochs=arguments.epochs)
    show(arguments, table_of, drawn if there else None)


def measured(train: pictures.Pictures, name: str, seed: int, epochs: int) -> dict[str, Any]:
    """Information of each dimension, in descending order, and of the class."""
    network = networks.fitted(train, MODELS[name], networks.CLASSES, epochs, seed)
    in_dims, in_class = networks.information_of(network, train)
    row = {
        "pruned": int((in_dims <= networks.ACTIVE).sum()),
        "class_nats": rounded(in_class),
        "nats": [rounded(nats) for nats in np.sort(in_dims)[::-1]],
    }
    return row | networks.made_with(train, MODELS[name])


def table_of(lines: list[Line]) -> Table:
    """Means over seeds, a row for each corpus and objective; dimensions are in descending order."""

    def nats(rows: Any) -> str:
        return " ".join(fixed(of, 1) for of in np.mean([row["nats"] for row in rows], axis=0))

    return table(
        sorted(
            lines, key=lambda line: (line["corpus"] == "fashion_mnist", list(MODELS).index(line["model"]))
        ),
        {"corpus": "corpus", "model": "model"},
        {
            "pruned": mean_sd("pruned", 1),
            "paper": lambda rows: PAPER[rows[0]["corpus"]] if rows[0]["model"].startswith("HFVAE") else NONE,
            "I(x; z_d)": nats,
            "I(x; c)": mean_sd("class_nats"),
            "seeds": seeds,
        },
    )


def draw(
    lines: list[Line], path: Path, there: list[tuple[str, pictures.Pictures, pictures.Pictures]], epochs: int
) -> None:
    """A picture of each corpus while each dimension moves; dimensions in descending order of information."""
    del lines
    with axes_in(path, 1, len(there), (3.6 * len(there), 4)) as axes:
        for ax, (corpus, train, test) in zip(axes[0], there, strict=True):
            network = networks.fitted(train, MODELS[SHOWN], networks.CLASSES, epochs, seed=0)
            in_dims, _ = networks.information_of(network, train)
            order = np.argsort(-in_dims)
            rows = [np.hstack(list(moved(network, test[:1], dim))) for dim in order]
            ax.imshow(np.vstack(rows), cmap="gray_r")
            middles = (np.arange(len(order)) + 0.5) * train.side
            ax.set_yticks(middles, [f"{in_dims[dim]:.2f}" for dim in order])
            ax.set(title=corpus, xlabel="-3 to 3", ylabel="I(x; z_d), nats")
            ax.set_xticks([])


def moved(network: Autoencoder, picture: pictures.Pictures, dim: int) -> np.ndarray:
    """Decoded pictures of one picture's code with other values of a dimension."""
    means, of_class = networks.codes_of(network, picture)
    codes = np.repeat(means, len(STEPS), 0)
    codes[:, dim] = STEPS
    return networks.decoded(network, codes, np.repeat(of_class, len(STEPS)))


if __name__ == "__main__":
    main()
