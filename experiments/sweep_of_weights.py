"""What do the weights trade for what? Section 5.4 of the paper (its Figure 6), on text.

    python examples/10_sweep_of_weights.py --corpora FOLDER --scorer score.py [--figure sweep.svg]

Two sweeps of ProdLDA with two groups of 25 topics: gamma = beta, where the grouping does not matter, and beta
alone at gamma 4. For each fit a JSON line says, under the full mixture over the training documents: I(x; z),
the total correlation between groups and within groups, all in nats; how many topics are active, and how
strongly they correlate within and across groups. Prints the means and, asked for a figure, draws them with
their deviations.
"""

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from runner import axes_in, lines_of, made_with, measure_once, options_of_corpus, quality, rounded

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
    train, _, vocabulary, *_ = quality.load_scorer(arguments.scorer).load(
        arguments.corpora / arguments.corpus
    )
    for seed in arguments.seeds:
        for sweep, weights in SWEEPS.items():
            for beta, gamma in weights:
                key = {"corpus": arguments.corpus, "sweep": sweep, "beta": beta, "gamma": gamma}
                key |= {"seed": seed, "epochs": arguments.epochs}
                objective = HFVAE(beta=beta, gamma=gamma)
                model = ProdLDA(
                    groups=(25, 25), objective=objective, max_iter=arguments.epochs, random_state=seed
                )
                measure_once(arguments.results, key, partial(measured, model, train, vocabulary))
    results = pd.DataFrame(lines_of(arguments.results, arguments.epochs))
    means = results.groupby(["corpus", "sweep", "beta", "gamma"], sort=False)[list(MEASURES)].mean()
    print(means.round(2).to_string())
    if arguments.figure:
        draw(results, arguments.figure)


def measured(model: ProdLDA, train: Any, vocabulary: list[str]) -> dict[str, Any]:
    """Terms of the objective under the full mixture, and the correlations of active topics."""
    model.fit(train)
    terms = decompose(model, train).terms["value"]
    active = topic_information(model, train)["active"].to_numpy()
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


def draw(results: pd.DataFrame, path: Path) -> None:
    """Half of the axes a sweep, one a measure: means over seeds with their standard deviations."""
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
