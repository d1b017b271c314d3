"""Does a code hold for combinations that were never seen? Figure 7 and section 5.5 of the paper.

    python experiments/images/unseen.py [--figure unseen.svg]

The two factors are the digit and its thickness, the thirds of the pictures of a digit by their ink. One
third of each digit is left out of training: the thin third of 0, 3, 6 and 9, the middle of 1, 4 and 7, and
the thick third of 2, 5 and 8. So each digit and each thickness is still seen, but ten of thirty combinations
are not. The control leaves out as many pictures at random. On test pictures: the evidence lower bound in
nats, the share of reconstructions that a classifier of real pictures takes for the digit, the relative error
of the reconstructed ink, and the share whose class is that of most seen pictures of their digit. Each fit
adds a JSON line to the results file; at the end the script prints mean ± standard deviation.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).parents[1]))
import networks
import pictures
from figures import Line, Table, mean_sd, rounded, seeds, table, unseen_and_seen
from runner import axes_in, measure_once, options, show

from hftopic import HFVAE, VAE, BetaTCVAE

MODELS: dict[str, tuple[Any, int | None]] = {
    "VAE, no c": (VAE(), None),
    "beta-TCVAE (4), no c": (BetaTCVAE(4.0), None),
    "HFVAE (.1, 3)": (HFVAE(beta=0.1, gamma=3.0), networks.CLASSES),
}
LEFT_OUT = ("combinations", "random")
THIRDS = 3


def main() -> None:
    parser = options(__doc__, "images/unseen.jsonl", seeds=[0, 1, 2, 3, 4], epochs=30)
    pictures.add_option(parser)
    arguments = parser.parse_args()
    for _, train, test in pictures.labelled(["mnist"], arguments.corpora):
        for seed, name, how in product(arguments.seeds, MODELS, LEFT_OUT):
            key = {"model": name, "left_out": how, "seed": seed, "epochs": arguments.epochs}
            call = partial(measured, train, test, name, how, seed, arguments.epochs)
            measure_once(arguments.results, key, call)
    show(arguments, table_of, draw)


def measured(
    train: pictures.Pictures, test: pictures.Pictures, name: str, how: str, seed: int, epochs: int
) -> dict[str, Any]:
    """Bounds, digits and ink of reconstructions, of unseen and of seen combinations of test pictures."""
    left = unseen(train, train)
    if how == "random":
        left = np.random.default_rng(seed).permutation(left)
    learned = train[~left]
    objective, classes = MODELS[name]
    network = networks.fitted(learned, objective, classes, epochs, seed)
    means, of_class = networks.codes_of(network, test)
    again = networks.decoded(network, means, of_class)
    label = test.factors["label"].to_numpy()
    told = pictures.classifier(train)
    scores = {
        "bound": networks.bounds_of(network, test),
        "digit": told.predict(pictures.flat(again)) == label,
        "ink_error": abs(again.mean((1, 2)) / test.values.mean((1, 2)) - 1),
    }
    if of_class is not None:
        usual = pd.crosstab(networks.codes_of(network, learned)[1], learned.factors["label"]).idxmax()
        scores["usual_class"] = of_class == usual.reindex(label).to_numpy()
    judged = unseen(test, train)
    row = {
        f"{key}_{side}": rounded(np.mean(of[chosen]))
        for key, of in scores.items()
        for side, chosen in (("unseen", judged), ("seen", ~judged))
    }
    row["bound_gap"] = rounded(row["bound_unseen"] - row["bound_seen"])
    return row | networks.made_with(train, objective, classes=classes)


def unseen(of: pictures.Pictures, train: pictures.Pictures) -> np.ndarray:
    """Pictures of the third that is left out of their digit, by the ink of the training pictures."""
    ink, label = of.values.mean((1, 2)), of.factors["label"].to_numpy()
    inks, labels = train.values.mean((1, 2)), train.factors["label"].to_numpy()
    chosen = np.zeros(len(of), dtype=bool)
    for digit in np.unique(labels):
        edges = np.quantile(inks[labels == digit], np.arange(1, THIRDS) / THIRDS)
        rows = label == digit
        chosen[rows] = np.searchsorted(edges, ink[rows]) == int(digit) % THIRDS
    return chosen


def table_of(lines: list[Line]) -> Table:
    """Means over seeds of unseen / seen combinations, a row for each model and way to leave pictures out."""
    order = list(MODELS)
    return table(
        sorted(lines, key=lambda line: (order.index(line["model"]), line["left_out"])),
        {"model": "model", "left_out": "left out"},
        {
            "ELBO": unseen_and_seen("bound_{}", 1),
            "difference": mean_sd("bound_gap", 1),
            "digit kept": unseen_and_seen("digit_{}", 3),
            "error of ink": unseen_and_seen("ink_error_{}", 3),
            "usual class": unseen_and_seen("usual_class_{}", 2),
            "seeds": seeds,
        },
    )


def draw(lines: list[Line], path: Path) -> None:
    """Scores of the combinations, those that were left out beside those that were seen, a point a seed."""
    results = pd.DataFrame(lines)
    with axes_in(path, 1, 3, (10, 2.2), sharey=True) as axes:
        for ax, key in zip(axes[0], ("bound_unseen", "digit_unseen", "ink_error_unseen"), strict=True):
            for how, colour in zip(LEFT_OUT, ("C1", "C0"), strict=True):
                of = results[results["left_out"] == how]
                ax.scatter(of[key], of["model"], s=8, color=colour, label=f"left out: {how}")
            ax.set(title=key.replace("_", ", "))
        axes[0, 0].invert_yaxis()
        axes[0, -1].legend(fontsize=6)


if __name__ == "__main__":
    main()
