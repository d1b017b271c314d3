"""What are groups good for? Two tasks in which a flat model is worse, and by how much.

    python examples/13_too_many_topics.py --corpora FOLDER --scorer score.py [--corpus agnews]

Nobody knows the number of topics beforehand. A flat model given too many repeats itself; HFVAE should leave
the superfluous ones silent: topics alive, their coherence, diversity, and the share of them that has half of
its ten words or more in common with another.

Topics are used as covariates, to tell what a class of documents is about. That needs topics which do not
stand for each other: variance inflation factors of the active ones, 1 where no topic is a combination of the
others, and the share of regression coefficients that have the sign of the topic's own correlation with the
class. Topics of one group are used together, the other group being a second description; half of a flat
model's topics, drawn at random, are the control.

Adds a JSON line for each fit to the results file, then prints means over seeds.
"""

from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from runner import RAMPED, axes_in, lines_of, made_with, measure_once, options_of_corpus, quality, rounded

from hftopic import HFVAE, VAE, ProdLDA
from hftopic.analysis import topic_information

OBJECTIVES = {
    "VAE": VAE(),
    "HFVAE": HFVAE(beta=0.1, gamma=4.0),
    "HFVAE, ramped": RAMPED,
}
SIZES = (20, 50, 100, 200)
IN_COMMON = 5  # of ten words, that make two topics a repetition
LEAST_CORRELATION = 0.05  # of a topic with a class, that has a sign to speak of


def main() -> None:
    parser = options_of_corpus(__doc__, "too_many_topics.jsonl", seeds=[0, 1, 2], epochs=60)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    arguments = parser.parse_args()
    scorer = quality.load_scorer(arguments.scorer)
    data = scorer.load(arguments.corpora / arguments.corpus)
    for seed, size, objective in product(arguments.seeds, arguments.sizes, OBJECTIVES):
        key = {"corpus": arguments.corpus, "topics": size, "objective": objective, "seed": seed}
        key["epochs"] = arguments.epochs
        groups = size if objective == "VAE" else (size // 2, size // 2)
        model = ProdLDA(groups, objective=OBJECTIVES[objective], max_iter=arguments.epochs, random_state=seed)
        measure_once(arguments.results, key, partial(measured, model, data, scorer, seed))
    lines = lines_of(arguments.results, arguments.epochs)
    print(table_of(lines).to_string())
    if arguments.figure:
        draw(lines, arguments.figure)


def measured(model: ProdLDA, data: tuple[Any, ...], scorer: Any, seed: int) -> dict[str, Any]:
    """Figures of ``benchmarks/quality.py``, repetitions, and how the topics do as covariates."""
    train, _, vocabulary, labels, _ = data
    row = quality.measure(model, data, scorer)
    active = topic_information(model, train)["active"].to_numpy()
    top_words = quality.columns_of(model.top_words(10, vocabulary=vocabulary), vocabulary)[active]
    codes = model.transform_latent(train)[:, active]
    groups = model.topic_groups_[active]
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
    """Share of topics with ``IN_COMMON`` of their words or more in common with another topic."""
    common = np.array([[len(np.intersect1d(a, b)) for a in top_words] for b in top_words])
    np.fill_diagonal(common, 0)
    return float((common.max(axis=1) >= IN_COMMON).mean())


def inflation_factors(codes: np.ndarray) -> np.ndarray:
    """1 / (1 - R²) of each column regressed on the others."""
    return np.diag(np.linalg.inv(np.corrcoef(codes, rowvar=False).reshape(codes.shape[1], -1)))


def sign_agreement(codes: np.ndarray, labels: np.ndarray) -> float:
    """Share of coefficients, of all classes on all topics, with the sign of the correlation."""
    classes = pd.get_dummies(pd.Series(labels)).to_numpy(dtype=float)
    scaled = (codes - codes.mean(0)) / codes.std(0)
    centred = classes - classes.mean(0)
    correlations = scaled.T @ centred / len(codes) / classes.std(0)
    coefficients, *_ = np.linalg.lstsq(scaled, centred, rcond=None)
    clear = np.abs(correlations) > LEAST_CORRELATION
    return float((np.sign(coefficients) == np.sign(correlations))[clear].mean())


def table_of(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Means over seeds, a row a number of topics and an objective."""
    results = pd.DataFrame(lines)
    results["active"] = [counts["0.05"] for counts in results["active_by_threshold"]]
    columns = ["active", "npmi", "diversity", "repeated", "completion_perplexity", "probe_accuracy"]
    columns += ["inflation_median", "inflation_max", "inflation_max_all"]
    columns += ["sign_agreement", "sign_agreement_all"]
    grouped = results.groupby(["corpus", "topics", "objective"], sort=False)
    return grouped[columns].mean().round(3).assign(seeds=grouped.size())


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes a measure, over the number of topics; means over seeds, a line an objective."""
    means = table_of(lines).reset_index()
    shown = ["active", "npmi", "repeated", "inflation_median", "sign_agreement"]
    with axes_in(path, 1, len(shown), (11, 2.6)) as axes:
        for ax, measure in zip(axes[0], shown, strict=True):
            for objective, chosen in means.groupby("objective", sort=False):
                ax.plot(chosen["topics"], chosen[measure], marker="o", markersize=3, label=objective)
            ax.set(title=measure, xlabel="topics asked for")
        axes[0, 0].legend(fontsize=6)


if __name__ == "__main__":
    main()
