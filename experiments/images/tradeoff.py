"""What do the weights trade, and when does the class hold the digit? Figure 6 and section 5.4.

    python experiments/images/tradeoff.py [--figure tradeoff.svg]

Perceptrons with ten Gaussian dimensions and a discrete variable of ten classes learn from digits. One sweep
has gamma = beta, where grouping has no effect: I(x; z) and the total correlation of all variables, under the
full mixture over the training pictures, in nats. The other has gamma = 3 and all values of beta: I(y; c)
less the largest I(y; z_d) on test pictures. Each fit adds a JSON line to the results file; at the end the
script prints mean ± standard deviation.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.append(str(Path(__file__).parents[1]))
import networks
import pictures
from figures import Line, Table, mean, mean_sd, rounded, seeds, table
from runner import axes_in, measure_once, options, show

from hftopic import HFVAE

GAMMA = 3.0
SWEEPS = {
    "gamma = beta": [(value, value) for value in (1.0, 2.0, 3.0, 4.0, 6.0, 8.0)],
    "beta at gamma 3": [(value, GAMMA) for value in (0.1, 0.5, 1.0, 2.0, 4.0, 6.0)],
}


def main() -> None:
    parser = options(__doc__, "images/tradeoff.jsonl", seeds=[0, 1, 2, 3, 4], epochs=30)
    pictures.add_option(parser)
    arguments = parser.parse_args()
    points = [(sweep, *weights) for sweep, of_sweep in SWEEPS.items() for weights in of_sweep]
    for _, train, test in pictures.labelled(["mnist"], arguments.corpora):
        for seed, (sweep, beta, gamma) in product(arguments.seeds, points):
            key = {"sweep": sweep, "beta": beta, "gamma": gamma, "seed": seed, "epochs": arguments.epochs}
            objective = HFVAE(beta=beta, gamma=gamma)
            call = partial(measured, train, test, objective, seed, arguments.epochs)
            measure_once(arguments.results, key, call)
    show(arguments, table_of, draw)


def measured(
    train: pictures.Pictures, test: pictures.Pictures, objective: HFVAE, seed: int, epochs: int
) -> dict[str, Any]:
    """Terms of the objective under the full mixture, and the gap between the class and the dimensions."""
    network = networks.fitted(train, objective, networks.CLASSES, epochs, seed)
    found = networks.terms_of(network, train)
    terms, information = found.terms["value"], found.topics["information"]
    of_dims, in_class = networks.label_information(network, test)
    row: dict[str, Any] = {
        "mutual_information": terms["mutual_information"],
        "total_correlation": terms["total_correlation"],
        "class_nats": information.iloc[networks.DIMS],
        "active": int((information[: networks.DIMS] > networks.ACTIVE).sum()),
        "label_in_class": in_class,
        "label_in_best_dim": of_dims.max(),
        "gap": in_class - of_dims.max(),
        "bound": networks.bounds_of(network, test).mean(),
    }
    return {key: rounded(value) for key, value in row.items()} | networks.made_with(train, objective)


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds, a row for each pair of weights."""
    named = [line | {"b": f"{line['beta']:g}", "g": f"{line['gamma']:g}"} for line in lines]
    return table(
        sorted(named, key=lambda line: (list(SWEEPS).index(line["sweep"]), line["beta"])),
        {"sweep": "sweep", "b": "β", "g": "γ"},  # noqa: RUF001
        {
            "I(x; z)": mean_sd("mutual_information"),
            "total correlation": mean_sd("total_correlation"),
            "active z_d": mean("active", 1),
            "I(x; c)": mean("class_nats"),
            "I(y; c)": mean("label_in_class"),
            "max I(y; z_d)": mean("label_in_best_dim"),
            "gap": mean_sd("gap"),
            "ELBO": mean("bound", 1),
            "seeds": seeds,
        },
    )


def draw(lines: list[Line], path: Path) -> None:
    """Information against total correlation where γ = β, and the gap over β at γ = 3."""
    results = pd.DataFrame(lines)
    with axes_in(path, 1, 2, (8, 3)) as axes:
        equal, alone = (
            results[results[key] == of] for key, of in (("sweep", "gamma = beta"), ("gamma", GAMMA))
        )
        means = equal.groupby("beta")[["total_correlation", "mutual_information"]].mean()
        axes[0, 0].scatter(equal["total_correlation"], equal["mutual_information"], s=6, alpha=0.5)
        axes[0, 0].plot(means["total_correlation"], means["mutual_information"], lw=1)
        for beta, place in means.iterrows():
            axes[0, 0].annotate(f"{beta:g}", tuple(place), xytext=(3, 3), textcoords="offset points")
        axes[0, 0].set(xlabel="total correlation, nats", ylabel="I(x; z), nats", title="gamma = beta")
        gaps = alone.groupby("beta")["gap"].agg(["mean", "std"]).fillna(0)
        axes[0, 1].errorbar(gaps.index, gaps["mean"], gaps["std"], marker="o", markersize=3, capsize=2)
        axes[0, 1].set(xlabel="beta", ylabel="gap, nats", title="gamma = 3")


if __name__ == "__main__":
    main()
