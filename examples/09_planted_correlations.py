"""Are correlations between groups found where they are known? And when not?

    python examples/09_planted_correlations.py [--seeds 0]

Two groups of five topics: the i-th topics of both correlate by -0.8, -0.4, 0, 0.4 or 0.8, all others not at
all. HFVAE, the plain VAE with ten topics, and LDA, the correlations of whose proportions (centred log-ratios)
are taken afterwards, learn from the counts alone. Their topics are matched to the true ones by the cosine of
their words. Each case changes one thing of the first, and each seed draws another corpus. Adds a JSON line
for each fit to the results file, then prints means over seeds.
"""

from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from runner import lines_of, made_with, measure_once, options, rounded
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.metrics.pairwise import cosine_similarity

from hftopic import VAE, ProdLDA, make_correlated_topics
from hftopic.datasets import CorrelatedTopics

PLANTED = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])
PAIRS = len(PLANTED)
BASE = {"n_documents": 2000, "n_words": 1000, "words_per_document": 100, "word_concentration": 0.05}
CASES: dict[str, dict[str, Any]] = {
    "base": {},
    "500 documents": {"n_documents": 500},
    "8000 documents": {"n_documents": 8000},
    "4000 words": {"n_words": 4000},
    "20 words a document": {"words_per_document": 20},
    "topics overlap": {"word_concentration": 0.3},
    "groups (3, 7)": {"fitted_groups": (3, 7)},
    "groups (8, 8)": {"fitted_groups": (8, 8)},
}
METHODS = ("HFVAE", "VAE", "LDA")
SCORES = ["cosine", "mean_abs_error", "mean_abs_elsewhere", "r_with_planted", "grouping", *map(str, PLANTED)]


def main() -> None:
    parser = options(__doc__, "planted_correlations.jsonl", seeds=[0, 1, 2, 3, 4], epochs=40)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    arguments = parser.parse_args()
    for seed, case, method in product(arguments.seeds, arguments.cases, METHODS):
        key = {"case": case, "method": method, "seed": seed, "epochs": arguments.epochs}
        measure_once(arguments.results, key, partial(measured, case, method, seed, arguments.epochs))
    print(table_of(lines_of(arguments.results)).to_string())


def measured(case: str, method: str, seed: int, epochs: int) -> dict[str, Any]:
    """How well the topics and the five planted correlations are recovered."""
    setting = BASE | CASES[case]
    groups = setting.pop("fitted_groups", (PAIRS, PAIRS))
    truth = make_correlated_topics(
        groups=(PAIRS, PAIRS), correlation=planted_matrix(), random_state=seed, **setting
    )
    model, found, topic_word = fitted(method, groups, epochs, seed, truth)
    similarity = cosine_similarity(truth.topic_word, topic_word)
    _, match = linear_sum_assignment(-similarity)
    r = np.corrcoef(found[:, match], rowvar=False)
    of_pairs = r[np.arange(PAIRS), np.arange(PAIRS) + PAIRS]
    elsewhere = ~np.eye(2 * PAIRS, dtype=bool) & (planted_matrix() == 0)
    row = {
        "cosine": similarity[np.arange(2 * PAIRS), match].mean(),
        "mean_abs_error": np.abs(of_pairs - PLANTED).mean(),
        "mean_abs_elsewhere": np.abs(r[elsewhere]).mean(),
        "r_with_planted": np.corrcoef(of_pairs, PLANTED)[0, 1],
        "grouping": grouping(model.topic_groups_[match]) if method == "HFVAE" else np.nan,
        **dict(zip(map(str, PLANTED), of_pairs, strict=True)),
    }
    corpus = truth.corpus
    return {name: rounded(value) for name, value in row.items()} | made_with(
        model, corpus.counts, list(corpus.vocabulary)
    )


def planted_matrix() -> np.ndarray:
    """Correlations of the ten topics."""
    across = np.diag(PLANTED)
    return np.block([[np.eye(PAIRS), across], [across, np.eye(PAIRS)]])


def fitted(
    method: str, groups: tuple[int, int], epochs: int, seed: int, truth: CorrelatedTopics
) -> tuple[Any, np.ndarray, np.ndarray]:
    """A fitted model, what of its documents is correlated, and its topics."""
    counts = truth.corpus.counts
    if method == "LDA":
        model = LatentDirichletAllocation(
            sum(groups), learning_method="online", max_iter=20, random_state=seed
        )
        logs = np.log(model.fit_transform(counts))
        topics = model.components_ / model.components_.sum(1, keepdims=True)
        return model, logs - logs.mean(1, keepdims=True), topics
    chosen = {"groups": groups} if method == "HFVAE" else {"groups": sum(groups), "objective": VAE()}
    model = ProdLDA(max_iter=epochs, random_state=seed, **chosen).fit(counts)
    return model, model.transform_latent(counts), model.topic_word_


def grouping(groups: np.ndarray) -> float:
    """Share of the ten topics that stand in the group where most of their true group stand, 0.5 to 1."""
    agree = (groups == np.repeat([0, 1], PAIRS)).mean()
    return float(max(agree, 1 - agree))


def table_of(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Means over seeds; the columns named after the planted correlations hold the recovered ones."""
    results = pd.DataFrame(lines)
    grouped = results.groupby(["case", "method"], sort=False)
    return grouped[SCORES].mean().round(2).assign(seeds=grouped.size())


if __name__ == "__main__":
    main()
