"""What do the weights of the objective trade? Section 5.4 of the paper (its figure 6), on text.

    python experiments/sweep_of_weights.py [--figure sweep.svg]

There are two sweeps of ProdLDA with two groups of 25 topics: gamma = beta, where grouping has no effect, and
beta alone at gamma 4. Each fit adds a JSON line to the results file, under the full mixture over the training
documents: I(x; z), the total correlation between groups and within groups, all in nats; the number of active
topics; and their correlations within and across groups. At the end the script prints mean ± standard
deviation.
"""

import warnings
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import sources
from figures import Line, Table, mean_sd, rounded, seeds, table
from measurements import ACTIVE, made_with
from runner import FIXED, axes_in, measure_once, options_of_corpus, show

from hftopic import HFVAE, ProdLDA
from hftopic.analysis import decompose, topic_correlation, topic_information

EQUAL = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0]
BETA = [0.0, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0]
SWEEPS = {
    "gamma = beta": [(value, value) for value in EQUAL],
    "beta at gamma 4": [(value, 4.0) for value in BETA],
}
MEASURES = {
    "mutual_information": "I(x; z), nats",
    "between_groups": "TC between groups, nats",
    "within_groups": "TC within groups, nats",
    "active": "active topics",
    "max_abs_r_across": "strongest |r| across",
    "mean_abs_r_within": "mean |r| within",
}


def main() -> None:
    parser = options_of_corpus(__doc__, "sweep_of_weights.jsonl", seeds=[0, 1, 2, 3, 4], epochs=40)
    arguments = parser.parse_args()
    points = [(sweep, *weights) for sweep, of_sweep in SWEEPS.items() for weights in of_sweep]
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        for seed, (sweep, beta, gamma) in product(arguments.seeds, points):
            key = {"corpus": corpus, "sweep": sweep, "beta": beta, "gamma": gamma}
            key |= {"seed": seed, "epochs": arguments.epochs}
            model = ProdLDA(
                groups=(25, 25),
                objective=HFVAE(beta=beta, gamma=gamma),
                max_iter=arguments.epochs,
                random_state=seed,
                **FIXED[ProdLDA],
            )
            measure_once(arguments.results, key, partial(measured, model, data.train, data.vocabulary))
    show(arguments, table_of, draw)


def measured(model: ProdLDA, train: Any, vocabulary: list[str]) -> dict[str, Any]:
    """Terms of the objective under the full mixture, and the correlations of active topics."""
    model.fit(train)
    terms = decompose(model, train).terms["value"]
    active = (topic_information(model, train)["information"] > ACTIVE).to_numpy()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no pair to correlate")
        sides = topic_correlation(model, train, active=active, n_permutations=1, random_state=0).summary()
    row = {
        **{name: terms[name] for name in ("mutual_information", "between_groups", "within_groups")},
        "active": int(active.sum()),
        "max_abs_r_across": sides.loc["across", "max_abs_r"],
        "mean_abs_r_within": sides.loc["within", "mean_abs_r"],
    }
    return {name: rounded(value) for name, value in row.items()} | made_with(model, train, vocabulary)


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds, a row for each pair of weights."""
    named = [line | {"b": f"{line['beta']:g}", "g": f"{line['gamma']:g}"} for line in lines]
    return table(
        sorted(named, key=lambda line: (line["corpus"], list(SWEEPS).index(line["sweep"]), line["beta"])),
        {"corpus": "corpus", "sweep": "sweep", "b": "β", "g": "γ"},  # noqa: RUF001
        {
            "I(x; z)": mean_sd("mutual_information"),
            "between": mean_sd("between_groups"),
            "within": mean_sd("within_groups"),
            "active": mean_sd("active", 0),
            "max r across": mean_sd("max_abs_r_across"),
            "mean r within": mean_sd("mean_abs_r_within"),
            "seeds": seeds,
        },
    )


def draw(lines: list[Line], path: Path) -> None:
    """Half of the axes for each sweep, one for each measure: means over seeds with standard deviations."""
    results = pd.DataFrame(lines)
    with axes_in(path, len(MEASURES) // 2, 2 * len(SWEEPS), (11, 7)) as axes:
        for column, sweep in enumerate(SWEEPS):
            of_beta = results[results["sweep"] == sweep].groupby("beta")[list(MEASURES)].agg(["mean", "std"])
            half = axes[:, 2 * column : 2 * column + 2]
            for ax, (measure, label) in zip(half.flat, MEASURES.items(), strict=True):
                mean, deviation = of_beta[measure]["mean"], of_beta[measure]["std"].fillna(0)
                ax.errorbar(of_beta.index, mean, deviation, marker="o", markersize=3, capsize=2)
                ax.set(xlabel=sweep, title=label)


if __name__ == "__main__":
    main()
