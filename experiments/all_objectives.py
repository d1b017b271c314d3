"""What does each objective of the catalogue do to the same topics, at the same budget?

    python experiments/all_objectives.py [--corpus agnews docstrings]

This script fits ProdLDA with 2 groups of 25 topics under every objective. Each fit adds a JSON line to the
results file; a line that is there already is not computed again. At the end the script prints mean ± standard
deviation over seeds. Information and correlations are those of the full mixture
(``hftopic.analysis.decompose``), in nats.
"""

import warnings
from functools import partial
from itertools import product
from typing import Any

import sources
from figures import Line, Table, mean_sd, rounded, table
from measurements import measure
from runner import FIXED, SETTINGS, measure_once, options_of_corpus, show
from scorer import Splits

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
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        for seed, name in product(arguments.seeds, arguments.objectives):
            key = {"corpus": corpus, "objective": name, "seed": seed, "epochs": arguments.epochs}
            measure_once(arguments.results, key, partial(measured, name, seed, arguments.epochs, data))
    show(arguments, table_of)


def measured(name: str, seed: int, epochs: int, data: Splits) -> dict[str, Any]:
    """Figures of every experiment, and the terms under the full mixture."""
    objective = OBJECTIVES[name]
    settings = FIXED[ProdLDA] | SETTINGS
    model = ProdLDA(groups=(25, 25), objective=objective, max_iter=epochs, random_state=seed, **settings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the weight of the mutual information")
        row = measure(model, data)
    terms = decompose(model, data.train).terms["value"]
    chosen = ["mutual_information", "between_groups", "within_groups", "dimension_kl"]
    own_share = model.history_.get("own_share")
    return {
        "setting": repr(objective),
        "active": row["active_by_threshold"]["0.05"],
        **{name: row[name] for name in ("npmi", "diversity", "completion_perplexity", "corpus_perplexity")},
        **{name: rounded(terms[name]) for name in chosen},
        "own_share": None if own_share is None else rounded(own_share.iloc[-1]),
    }


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds, a row for each objective."""
    order = list(OBJECTIVES)
    return table(
        sorted(lines, key=lambda line: (line["corpus"], order.index(line["objective"]))),
        {"corpus": "corpus", "objective": "objective"},
        {
            "active": mean_sd("active", 0),
            "NPMI": mean_sd("npmi", 3),
            "diversity": mean_sd("diversity"),
            "completion": mean_sd("completion_perplexity", 0),
            "I(x; z)": mean_sd("mutual_information"),
            "between": mean_sd("between_groups"),
            "within": mean_sd("within_groups"),
        },
    )


if __name__ == "__main__":
    main()
