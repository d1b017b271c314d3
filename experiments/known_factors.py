"""Are the dimensions of a code the factors that made the documents? Table 3 of the paper, for text.

    python experiments/known_factors.py [--seeds 0]

Five independent intensities and one of four families make each document; its length is a nuisance
(``generated.py``). NVDM learns from the documents without seeing a factor, under each of the objectives
below. The posterior means of new documents are scored against the factors: Kim and Mnih's score, the
disentanglement, completeness and informativeness of Eastwood and Williams, and MIG. Each seed draws another
corpus. Each fit adds a JSON line to the results file; at the end the script prints mean ± standard deviation.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from figures import Line, Table, mean_sd, rounded, seeds, table
from generated import FAMILIES, FactorCorpus, make_factors
from measurements import ACTIVE, made_with
from runner import FIXED, draw_scores, measure_once, options, show

from hftopic import DIPVAE, HFVAE, NVDM, VAE, BetaTCVAE, BetaVAE, Concrete, FactorVAE, InfoVAE
from hftopic.analysis import (
    dci,
    factor_information,
    kim_mnih_score,
    mutual_information_gap,
    topic_information,
)

LEARNING_RATE = 0.01  # an epoch of 4,000 documents is only twenty steps
DOCUMENTS = 4000  # to learn from, and as many to score
MODELS: dict[str, tuple[Any, Any]] = {
    "VAE": (10, VAE()),
    "beta-VAE (4)": (10, BetaVAE(4.0)),
    "beta-TCVAE (4)": (10, BetaTCVAE(4.0)),
    "FactorVAE (3)": (10, FactorVAE(3.0, hidden=(256, 256, 256), learning_rate=1e-3)),
    "HFVAE 2x5 (.1, 4)": ((5, 5), HFVAE(beta=0.1, gamma=4.0)),
    "HFVAE 6 + Concrete (4, 4)": ((6, Concrete(FAMILIES)), HFVAE(beta=4.0, gamma=4.0)),
    "DIP-VAE-I (10)": (10, DIPVAE(10.0, variant="I")),
    "DIP-VAE-II (10)": (10, DIPVAE(10.0, variant="II")),
    "InfoVAE (4)": (10, InfoVAE(4.0)),
}
SCORES = ["kim_mnih", "disentanglement", "completeness", "informativeness", "mig", "active", "length_nats"]


def main() -> None:
    parser = options(__doc__, "known_factors.jsonl", seeds=list(range(10)), epochs=120)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        corpus = make_factors(2 * DOCUMENTS, seed)
        for name in arguments.models:
            groups, objective = MODELS[name]
            training = {"max_iter": arguments.epochs, "learning_rate": LEARNING_RATE, **FIXED[NVDM]}
            model = NVDM(groups=groups, objective=objective, random_state=seed, **training)
            key = {"model": name, "seed": seed, "epochs": arguments.epochs}
            measure_once(arguments.results, key, partial(measured, model, corpus, seed))
    show(arguments, table_of, draw)


def measured(model: NVDM, corpus: FactorCorpus, seed: int) -> dict[str, Any]:
    """Scores of the code of documents that the model was not fitted to."""
    learned, new = corpus.counts[:DOCUMENTS], corpus.counts[DOCUMENTS:]
    factors = corpus.factors[DOCUMENTS:].reset_index(drop=True)
    length = factors[["log_length"]]
    factors = factors.drop(columns="log_length")
    model.fit(learned)
    code = code_of(model, new)
    parts = dci(code, factors, random_state=seed)
    row = {
        "kim_mnih": kim_mnih_score(code, factors, random_state=seed),
        "disentanglement": parts.disentanglement,
        "completeness": parts.completeness,
        "informativeness": parts.informativeness,
        "mig": mutual_information_gap(code, factors)["gap"].mean(),
        "active": int((topic_information(model, learned)["information"] > ACTIVE).sum()),
        "length_nats": factor_information(code, length)["log_length"].max(),
    }
    fitted_with = made_with(model, corpus.counts, corpus.vocabulary)
    return {name: rounded(value) for name, value in row.items()} | fitted_with


def code_of(model: NVDM, X: Any) -> np.ndarray:
    """Posterior means, a column for each Gaussian dimension; a Concrete variable is one column, its class."""
    code = model.transform_latent(X)
    if isinstance(model.groups, int) or not any(isinstance(group, Concrete) for group in model.groups):
        return code
    return np.column_stack([code, model.predict(X)])


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds, a row for each model."""
    order = list(MODELS)
    return table(
        sorted(lines, key=lambda line: order.index(line["model"])),
        {"model": "model"},
        {score: mean_sd(score) for score in SCORES} | {"seeds": seeds},
    )


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes for each score, and in it a row of points for each model."""
    draw_scores(lines, path, SCORES[:5], (11, 3))


if __name__ == "__main__":
    main()
