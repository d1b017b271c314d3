"""What does each objective of the catalogue do to the same topics, at the same budget?

    python examples/04_all_objectives.py --corpora FOLDER --scorer score.py

fits ProdLDA with 2 groups of 25 topics under every objective and adds a JSON line for each fit to the results
file; lines that are there already are not computed again. Then it prints the table, mean ± standard deviation
over seeds. The folder and the scorer are those of ``benchmarks/quality.py``. Information and correlations are
the full mixture's (``hftopic.analysis.decompose``), in nats.
"""

import warnings
from functools import partial
from typing import Any

import pandas as pd
from runner import SETTINGS, lines_of, measure_once, options_of_corpus, quality

from hftopic import (
    DIPVAE,
    HFVAE,
    VAE,
    AnchoredVAE,
    BetaTCVAE,
    BetaVAE,
    BottleneckVAE,
    CapacityVAE,
    FactorVAE,
    InfoVAE,
    ProdLDA,
    Ramp,
)
from hftopic.analysis import decompose

OBJECTIVES = {
    "VAE": VAE(),
    "beta-VAE": BetaVAE(2.0),
    "DIP-VAE-I": DIPVAE(1.0, variant="I"),
    "DIP-VAE-II": DIPVAE(1.0, variant="II"),
    "InfoVAE": InfoVAE(2.0),
    "capacity": CapacityVAE(Ramp(0.0, 15.0), gamma=10.0),
    "anchored CorEx": AnchoredVAE(tuple(range(25)), lam=0.5),
    "bottleneck": BottleneckVAE(1.0, 2.0),
    "beta-TCVAE": BetaTCVAE(4.0),
    "FactorVAE, marginals": FactorVAE(3.0, estimate="marginals"),
    "FactorVAE, discriminator": FactorVAE(3.0, hidden=(256, 256, 256), learning_rate=1e-3),
    "HFVAE": HFVAE(beta=0.1, gamma=4.0),
}


def main() -> None:
    parser = options_of_corpus(__doc__, "all_objectives.jsonl", seeds=[0, 1, 2, 3, 4], epochs=30)
    parser.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    arguments = parser.parse_args()
    scorer = quality.load_scorer(arguments.scorer)
    data = scorer.load(arguments.corpora / arguments.corpus)
    for seed in arguments.seeds:
        for name in arguments.objectives:
            key = {"corpus": arguments.corpus, "objective": name, "seed": seed, "epochs": arguments.epochs}
            measure_once(
                arguments.results, key, partial(measured, name, seed, arguments.epochs, data, scorer)
            )
    print(table_of(lines_of(arguments.results)).to_string())


def measured(name: str, seed: int, epochs: int, data: tuple[Any, ...], scorer: Any) -> dict[str, Any]:
    """Figures of ``benchmarks/quality.py``, and the terms under the full mixture."""
    objective = OBJECTIVES[name]
    model = ProdLDA(groups=(25, 25), objective=objective, max_iter=epochs, random_state=seed, **SETTINGS)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the weight of the mutual information")
        row = quality.measure(model, data, scorer)
    terms = decompose(model, data[0]).terms["value"]
    chosen = ["mutual_information", "between_groups", "within_groups", "dimension_kl"]
    own_share = model.history_.get("own_share")
    return {
        "setting": repr(objective),
        "active": row["active_by_threshold"]["0.05"],
        **{name: row[name] for name in ("npmi", "diversity", "completion_perplexity", "corpus_perplexity")},
        **{name: round(float(terms[name]), 4) for name in chosen},
        "own_share": None if own_share is None else round(float(own_share.iloc[-1]), 4),
    }


def table_of(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Mean ± standard deviation over seeds, a row an objective."""
    results = pd.DataFrame(lines)
    columns = results.columns.drop(["corpus", "objective", "seed", "epochs", "setting"])
    grouped = results.groupby("objective", sort=False)
    table = pd.DataFrame(index=list(grouped.groups))
    for column in columns:
        mean, deviation = grouped[column].mean(), grouped[column].std()
        table[column] = [f"{m:.3g} ± {s:.2g}" for m, s in zip(mean, deviation, strict=True)]
    table["seeds"] = grouped["seed"].nunique()
    return table


if __name__ == "__main__":
    main()
