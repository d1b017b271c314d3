"""What are groups good for? Two tasks in which a flat model is worse, and by how much.

    python experiments/too_many_topics.py [--corpus agnews docstrings]

The right number of topics is unknown beforehand. A flat model with too many topics repeats itself; HFVAE
should silence those that it does not need. Measured: active topics, their coherence and diversity, and the
share of them that has at least half of its ten words in common with another topic.

Topics serve as covariates in a regression that describes a class of documents. Such topics must not be
combinations of each other. Measured: variance inflation factors of the active topics, 1 where no topic is a
combination of the others, and the share of regression coefficients that have the sign of the topic's own
correlation with the class. The topics of one group are used together, because the other group is a second
description of the documents. The control is a random half of a flat model's topics.

Each fit adds a JSON line to the results file; at the end the script prints means over seeds.
"""

from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sources
from figures import Line, Table, active, fixed, mean, mean_of, rounded, seeds, table
from measurements import ACTIVE, made_with, measure, words_alone
from runner import FIXED, LEARNED, RAMPED, WITHOUT_SCALE, axes_in, measure_once, options_of_corpus, show
from scorer import Splits

from hftopic import HFVAE, VAE, ProdLDA
from hftopic.analysis import topic_information

OBJECTIVES = {
    "VAE": VAE(),
    "HFVAE": HFVAE(beta=0.1, gamma=4.0),
    "HFVAE, ramped": RAMPED,
    LEARNED: None,
}
SIZES = (20, 50, 100, 200)
IN_COMMON = 5  # words of ten in common make one topic a repetition of another
LEAST_CORRELATION = 0.05  # correlations of a topic with a class that are smaller have no sign to compare


def main() -> None:
    parser = options_of_corpus(__doc__, "too_many_topics.jsonl", seeds=[0, 1, 2], epochs=60)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    arguments = parser.parse_args()
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        for seed, size, objective in product(arguments.seeds, arguments.sizes, OBJECTIVES):
            key = {"corpus": corpus, "topics": size, "objective": objective, "seed": seed}
            key["epochs"] = arguments.epochs
            groups = size if objective == "VAE" else (size // 2, size // 2)
            settings = {"objective": OBJECTIVES[objective], "max_iter": arguments.epochs, **FIXED[ProdLDA]}
            model = ProdLDA(
                groups,
                random_state=seed,
                **({"max_iter": arguments.epochs, **WITHOUT_SCALE} if objective == LEARNED else settings),
            )
            measure_once(arguments.results, key, partial(measured, model, data, seed))
    show(arguments, table_of, draw)


def measured(model: ProdLDA, data: Splits, seed: int) -> dict[str, Any]:
    """Figures of every experiment, the share of repeated topics, and the quality of topics as covariates."""
    train, _, vocabulary, labels, _ = data
    row = measure(model, data)
    is_active = (topic_information(model, train)["information"] > ACTIVE).to_numpy()
    top_words = words_alone(model)[is_active]
    codes = model.transform_latent(train)[:, is_active]
    groups = model.topic_groups_[is_active]
    sets = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    if len(sets) == 1:
        sets = np.array_split(np.random.default_rng(seed).permutation(len(groups)), 2)
    inflation = [inflation_factors(codes[:, chosen]) for chosen in sets]
    agreement = [sign_agreement(codes[:, chosen], labels) for chosen in sets]
    return {
        **row,
        "repeated": rounded(repeated(top_words)),
        "inflation_median": rounded(np.median(np.concatenate(inflation))),
        "inflation_max": rounded(np.max(np.concatenate(inflation))),
        "inflation_max_all": rounded(inflation_factors(codes).max()),
        "sign_agreement": rounded(np.mean(agreement)),
        "sign_agreement_all": rounded(sign_agreement(codes, labels)),
        **made_with(model, train, vocabulary),
    }


def repeated(top_words: np.ndarray) -> float:
    """Share of topics that have at least ``IN_COMMON`` words in common with another topic."""
    common = np.array([[len(np.intersect1d(a, b)) for a in top_words] for b in top_words])
    np.fill_diagonal(common, 0)
    return float((common.max(axis=1) >= IN_COMMON).mean())


def inflation_factors(codes: np.ndarray) -> np.ndarray:
    """1 / (1 - R²) of each column regressed on the others."""
    return np.diag(np.linalg.inv(np.corrcoef(codes, rowvar=False).reshape(codes.shape[1], -1)))


def sign_agreement(codes: np.ndarray, labels: np.ndarray) -> float:
    """Share of coefficients of the regressions, all classes on all topics, with the correlation's sign."""
    classes = pd.get_dummies(pd.Series(labels)).to_numpy(dtype=float)
    scaled = (codes - codes.mean(0)) / codes.std(0)
    centred = classes - classes.mean(0)
    correlations = scaled.T @ centred / len(codes) / classes.std(0)
    coefficients, *_ = np.linalg.lstsq(scaled, centred, rcond=None)
    clear = np.abs(correlations) > LEAST_CORRELATION
    return float((np.sign(coefficients) == np.sign(correlations))[clear].mean())


def table_of(lines: list[Line]) -> Table:
    """Means over seeds, a row for each number of topics and objective."""
    order = list(OBJECTIVES)
    return table(
        sorted(
            active(lines), key=lambda line: (line["corpus"], line["topics"], order.index(line["objective"]))
        ),
        {"corpus": "corpus", "topics": "asked for", "objective": "objective"},
        {
            "active": mean("active>0.05", 0),
            "NPMI": mean("npmi"),
            "diversity": mean("diversity"),
            "repeated": mean("repeated"),
            "completion": mean("completion_perplexity", 0),
            "probe": mean("probe_accuracy", 3),
            "inflation": lambda rows: (
                f"{fixed(mean_of(rows, 'inflation_median'))}, {fixed(mean_of(rows, 'inflation_max'), 1)}"
            ),
            "inflation, all": mean("inflation_max_all", 1),
            "signs": mean("sign_agreement"),
            "signs, all": mean("sign_agreement_all"),
            "seeds": seeds,
        },
    )


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes for each measure, over the number of topics: means over seeds, a line an objective."""
    shown = ["active>0.05", "npmi", "repeated", "inflation_median", "sign_agreement"]
    grouped = pd.DataFrame(active(lines)).groupby(["topics", "objective"], sort=False)
    means = grouped[shown].mean().reset_index()
    with axes_in(path, 1, len(shown), (11, 2.6)) as axes:
        for ax, measure in zip(axes[0], shown, strict=True):
            for objective, chosen in means.groupby("objective", sort=False):
                ax.plot(chosen["topics"], chosen[measure], marker="o", markersize=3, label=objective)
            ax.set(title=measure, xlabel="topics asked for")
        axes[0, 0].legend(fontsize=6)


if __name__ == "__main__":
    main()
