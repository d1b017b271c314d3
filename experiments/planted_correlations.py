"""Are correlations between groups found where they are known?

    python experiments/planted_correlations.py [--seeds 0]

There are two groups of five topics. The i-th topics of both correlate by -0.8, -0.4, 0, 0.4 or 0.8; all
others are independent. These methods learn from the counts alone: HFVAE with the paper's weights from the
start; HFVAE whose weights are ramped from those of the VAE over the first half of the epochs; the plain VAE
with ten topics; "learned", the defaults of ProdLDA, which learn the groups and the correlations of the prior;
LDA, with the correlations of its centred log-ratios; and the correlated topic model, where tomotopy is
installed. Topics are matched to the true ones by the cosine of their words. Counts cannot tell which topic
of a pair is in which group, but they can tell whether the two are in different groups. Each case changes one
setting of the first case, and each seed draws another corpus. Each fit adds a JSON line to the results file;
at the end the script prints means over seeds.
"""

from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from figures import Line, Table, mean, rounded, seeds, table
from measurements import alone, made_with
from runner import FIXED, LEARNED, WITHOUT_SCALE, axes_in, epochs_of, measure_once, options, show
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.metrics.pairwise import cosine_similarity

from hftopic import HFVAE, VAE, ProdLDA, Ramp, make_correlated_topics

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
OBJECTIVES: dict[str, Any] = {
    "HFVAE": HFVAE(beta=0.1, gamma=4.0),
    "HFVAE, ramped": HFVAE(beta=Ramp(1.0, 0.1), gamma=Ramp(1.0, 4.0)),
    "VAE": VAE(),
}
CTM_ITERATIONS = 500
METHODS = (*OBJECTIVES, LEARNED, "LDA", "CTM")
SCORES = {
    "cosine": "cosine",
    "error": "mean_abs_error",
    "elsewhere": "mean_abs_elsewhere",
    "order": "r_with_planted",
    "apart": "apart",
    **{str(r): str(r) for r in PLANTED},
}


def main() -> None:
    parser = options(__doc__, "planted_correlations.jsonl", seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    installed = [method for method in METHODS if method != "CTM" or find_spec("tomotopy")]
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=installed)
    arguments = parser.parse_args()
    for seed, case, method in product(arguments.seeds, arguments.cases, arguments.methods):
        epochs = epochs_of(method, arguments.epochs)
        key = {"case": case, "method": method, "seed": seed, "epochs": epochs}
        measure_once(arguments.results, key, partial(measured, case, method, seed, epochs))
    show(arguments, table_of, draw)


def measured(case: str, method: str, seed: int, epochs: int) -> dict[str, Any]:
    """How well a method recovers the topics and the five planted correlations."""
    setting, others = BASE | CASES[case], {}
    groups = setting.pop("fitted_groups", (PAIRS, PAIRS))
    truth = make_correlated_topics(
        groups=(PAIRS, PAIRS), correlation=planted_matrix(), random_state=seed, **setting
    )
    counts = truth.corpus.counts
    if method == "LDA":
        settings, correlations, topic_word = lda(counts, sum(groups), seed)
    elif method == "CTM":
        settings, correlations, topic_word = ctm(counts, sum(groups), seed)
    else:
        model = model_of(method, groups, epochs, seed).fit(counts)
        settings, topic_word = model, alone(model)
        correlations = np.corrcoef(model.transform_latent(counts), rowvar=False)
        others = other_estimates(model, counts)
    similarity, match = matched(truth.topic_word, topic_word)
    r = correlations[np.ix_(match, match)]
    of_pairs = r[np.arange(PAIRS), np.arange(PAIRS) + PAIRS]
    elsewhere = ~np.eye(2 * PAIRS, dtype=bool) & (planted_matrix() == 0)
    row = {
        "cosine": similarity[np.arange(2 * PAIRS), match].mean(),
        "mean_abs_error": error(r),
        "mean_abs_elsewhere": np.abs(r[elsewhere]).mean(),
        "r_with_planted": np.corrcoef(of_pairs, PLANTED)[0, 1],
        "apart": apart(model.topic_groups_[match]) if method.startswith("HFVAE") else np.nan,
        **dict(zip(map(str, PLANTED), of_pairs, strict=True)),
        **{f"error_{name}": error(of_all[np.ix_(match, match)]) for name, of_all in others.items()},
    }
    corpus_and_settings = made_with(settings, counts, list(truth.corpus.vocabulary))
    return {name: rounded(value) for name, value in row.items()} | corpus_and_settings


def matched(topics: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of true and found topics, and the found topic of each true one."""
    similarity = cosine_similarity(topics, found)
    return similarity, linear_sum_assignment(-similarity)[1]


def other_estimates(model: ProdLDA, counts: Any) -> dict[str, np.ndarray]:
    """Correlations other than those of the posterior means: of the total covariance, and of the prior."""
    posterior = model.posterior(counts)
    total = np.cov(posterior.mean, rowvar=False) + np.diag(posterior.variance.mean(0))
    deviations = np.sqrt(np.diag(total))
    return {"total": total / np.outer(deviations, deviations), "prior": model.prior_correlation_}


def error(r: np.ndarray) -> float:
    """Mean absolute error of the correlations of the five pairs; topics are in the true order."""
    return float(np.abs(r[np.arange(PAIRS), np.arange(PAIRS) + PAIRS] - PLANTED).mean())


def model_of(method: str, groups: tuple[int, ...], epochs: int, seed: int) -> ProdLDA:
    """Unfitted model of a method, with the groups that are fitted."""
    if method == LEARNED:
        return ProdLDA(groups, max_iter=epochs, random_state=seed, **WITHOUT_SCALE)
    shape = sum(groups) if method == "VAE" else groups
    return ProdLDA(shape, objective=OBJECTIVES[method], max_iter=epochs, random_state=seed, **FIXED[ProdLDA])


def planted_matrix() -> np.ndarray:
    """Correlations of the ten topics."""
    across = np.diag(PLANTED)
    return np.block([[np.eye(PAIRS), across], [across, np.eye(PAIRS)]])


def lda(counts: Any, n_topics: int, seed: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """The model, correlations of its centred log-ratios, and its topics."""
    model = LatentDirichletAllocation(n_topics, learning_method="online", max_iter=20, random_state=seed)
    logs = np.log(model.fit_transform(counts))
    r = np.corrcoef(logs - logs.mean(1, keepdims=True), rowvar=False)
    return model, r, model.components_ / model.components_.sum(1, keepdims=True)


def ctm(counts: Any, n_topics: int, seed: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """The settings, the correlations, which are parameters of the model, and its topics."""
    import tomotopy

    model = tomotopy.CTModel(k=n_topics, seed=seed)
    for row in range(counts.shape[0]):
        document = counts[[row]]
        model.add_doc(np.repeat(document.indices, document.data.astype(int)).astype(str))
    model.train(CTM_ITERATIONS, workers=1)
    topics = np.zeros((n_topics, counts.shape[1]))
    for topic, row in enumerate(topics):
        row[np.array(model.used_vocabs, dtype=int)] = model.get_topic_word_dist(topic)
    r = np.array([model.get_correlations(topic) for topic in range(n_topics)])
    return f"tomotopy {tomotopy.__version__} CTModel, {CTM_ITERATIONS} iterations", r, topics


def apart(groups: np.ndarray) -> float:
    """Share of the correlated pairs whose topics are in different groups."""
    return float((groups[:PAIRS] != groups[PAIRS:])[PLANTED != 0].mean())


def table_of(lines: list[Line]) -> Table:
    """Means over seeds; the columns named after the planted correlations hold the recovered ones."""
    cases = list(CASES)
    return table(
        sorted(lines, key=lambda line: (cases.index(line["case"]), METHODS.index(line["method"]))),
        {"case": "case", "method": "method"},
        {title: mean(key) for title, key in SCORES.items()} | {"seeds": seeds},
    )


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes for each case: found against planted correlations, means over seeds, a line a method."""
    results = pd.DataFrame(lines)
    means = results.groupby(["case", "method"], sort=False)[[str(r) for r in PLANTED]].mean()
    cases = list(dict.fromkeys(results["case"]))
    rows = 2 if len(cases) > 1 else 1
    with axes_in(path, rows, -(-len(cases) // rows), (11, 5), sharex=True, sharey=True) as axes:
        for ax, case in zip(axes.flat, cases, strict=False):
            ax.plot(PLANTED, PLANTED, color="0.8", label="as planted")
            for method, found in means.loc[case].iterrows():
                ax.plot(PLANTED, found, marker="o", markersize=3, label=method)
            ax.set(title=case)
        axes[0, -1].legend(fontsize=6)


if __name__ == "__main__":
    main()
