"""Are correlated topics put into different groups, and are their correlations found?

    python experiments/planted_groups.py [--seeds 0]

There are two groups of ten topics, 6,000 documents of about 120 tokens, and 2,000 words. The i-th topics of
both groups correlate by 0.8, -0.6, 0.6, 0.4 or 0.8, each twice; all others are independent. Counts cannot
tell the names of the groups, but whether two topics are in different ones. Methods: "learned", the defaults
of ProdLDA; "4 starts", the same with ``n_init=4``; "ramped", fixed groups with weights that change over the
whole training; the plain VAE with 20 topics; "CTM-VAE", one group whose prior correlations are learned,
``LearnedCorrelation(within=True)``; "prior given", one group whose prior gets the true correlations from 40%
of the epochs on, in the order of the topics that match best, which shows what limits the others; and
tomotopy's correlated topic model, where it is installed. Correlations are those of the posterior means, or
the parameters of tomotopy's model. Each fit adds a JSON line to the results file; at the end the script
prints means over seeds.
"""

from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from figures import Line, Table, mean, rounded, seeds, table
from measurements import alone, made_with
from planted_correlations import ctm, matched, other_estimates
from runner import FIXED, LEARNED, LEARNED_EPOCHS, RAMPED, WITHOUT_SCALE, axes_in, measure_once, options, show

from hftopic import VAE, FullCovariance, LearnedCorrelation, ProdLDA, make_correlated_topics

PLANTED = np.tile([0.8, -0.6, 0.6, 0.4, 0.8], 2)
PAIRS = len(PLANTED)
STRONG = np.abs(PLANTED) >= 0.6
CORRELATION = np.block([[np.eye(PAIRS), np.diag(PLANTED)], [np.diag(PLANTED), np.eye(PAIRS)]])
CORPUS = {"n_documents": 6000, "n_words": 2000, "words_per_document": 120, "word_concentration": 0.03}
GIVEN_FROM = 0.4  # of the epochs
VARIANCE = 0.95  # of the logits in the prior of 20 topics, DirichletLaplace(1.0)
STARTS = "HFVAE, 4 starts"
GIVEN = "prior given"
MODELS: dict[str, dict[str, Any]] = {
    LEARNED: {"groups": (PAIRS, PAIRS)},
    STARTS: {"groups": (PAIRS, PAIRS), "n_init": 4},
    "HFVAE, ramped": {"groups": (PAIRS, PAIRS), "objective": RAMPED, "max_iter": 40, **FIXED[ProdLDA]},
    "VAE": {"groups": 2 * PAIRS, "objective": VAE()},
    "CTM-VAE": {
        "groups": 2 * PAIRS,
        "objective": VAE(),
        "prior": LearnedCorrelation(within=True),
    },
    GIVEN: {
        "groups": 2 * PAIRS,
        "objective": VAE(),
        "prior": FullCovariance(VARIANCE * np.eye(2 * PAIRS)),
    },
}
METHODS = (*MODELS, "CTM")
SCORES = {
    "cosine": "cosine",
    "error": "error",
    "of total": "error_total",
    "of prior": "error_prior",
    "elsewhere": "elsewhere",
    "order": "order",
    "apart": "apart",
    "strong apart": "strong_apart",
    **{f"{r:g}": f"{r:g}" for r in sorted(set(PLANTED))},
}


def main() -> None:
    parser = options(__doc__, "planted_groups.jsonl", seeds=[0, 1, 2, 3, 4])
    installed = [method for method in METHODS if method != "CTM" or find_spec("tomotopy")]
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=installed)
    arguments = parser.parse_args()
    for seed, method in product(arguments.seeds, arguments.methods):
        key = {"method": method, "seed": seed}
        measure_once(arguments.results, key, partial(measured, method, seed, arguments.epochs))
    show(arguments, table_of, draw)


def measured(method: str, seed: int, epochs: int | None) -> dict[str, Any]:
    """How well a method recovers the topics, the correlations and the groups."""
    truth = make_correlated_topics(
        groups=(PAIRS, PAIRS), correlation=CORRELATION, random_state=seed, **CORPUS
    )
    counts = truth.corpus.counts
    estimates: dict[str, np.ndarray] = {}
    groups, perplexity = None, None
    if method == "CTM":
        settings, correlations, topic_word = ctm(counts, 2 * PAIRS, seed)
    else:
        model = (Told if method == GIVEN else ProdLDA)(
            **WITHOUT_SCALE
            | {"max_iter": LEARNED_EPOCHS}
            | MODELS[method]
            | ({} if epochs is None else {"max_iter": epochs}),
            random_state=seed,
        )
        if isinstance(model, Told):
            model.true_topics = truth.topic_word
        settings, topic_word = model.fit(counts), alone(model)
        estimates = other_estimates(model, counts)
        correlations = np.corrcoef(model.transform_latent(counts), rowvar=False)
        perplexity = model.perplexity(counts)
        groups = model.topic_groups_ if len(set(model.topic_groups_)) > 1 else None
    similarity, match = matched(truth.topic_word, topic_word)
    pairs = of_pairs(correlations, match)
    elsewhere = ~np.eye(2 * PAIRS, dtype=bool) & (CORRELATION == 0)
    apart = None if groups is None else groups[match[:PAIRS]] != groups[match[PAIRS:]]
    row = {
        "cosine": similarity[np.arange(2 * PAIRS), match].mean(),
        "error": np.abs(pairs - PLANTED).mean(),
        **{f"error_{name}": np.abs(of_pairs(r, match) - PLANTED).mean() for name, r in estimates.items()},
        "elsewhere": np.abs(correlations[np.ix_(match, match)][elsewhere]).mean(),
        "order": np.corrcoef(pairs, PLANTED)[0, 1],
        "apart": np.nan if apart is None else apart.mean(),
        "strong_apart": np.nan if apart is None else apart[STRONG].mean(),
        **{f"{r:g}": pairs[r == PLANTED].mean() for r in sorted(set(PLANTED))},
        "perplexity": perplexity,
    }
    made = made_with(settings, counts, list(truth.corpus.vocabulary))
    return {name: None if value is None else rounded(value) for name, value in row.items()} | made


class Told(ProdLDA):
    """Model whose prior is set to the true one while it is trained."""

    true_topics: ClassVar[np.ndarray]

    def _train(self, documents: Any, held_out: Any, generator: Any, callbacks: Any, checkpoint: Any) -> Any:
        return super()._train(documents, held_out, generator, [*callbacks, self._give_prior], checkpoint)

    def _give_prior(self, _: Any, record: dict[str, float]) -> None:
        if record["epoch"] < GIVEN_FROM * self.max_iter:
            return
        _, match = matched(self.true_topics, alone(self))
        covariance = np.empty_like(CORRELATION)
        covariance[np.ix_(match, match)] = VARIANCE * CORRELATION
        self._network.prior_covariance.copy_(torch.from_numpy(covariance))


def of_pairs(correlations: np.ndarray, match: np.ndarray) -> np.ndarray:
    """Correlations of the planted pairs, in their order."""
    return np.asarray(correlations[match[:PAIRS], match[PAIRS:]])


def table_of(lines: list[Line]) -> Table:
    """Means over seeds; the columns named after the planted correlations hold the recovered ones."""
    return table(
        sorted(lines, key=lambda line: METHODS.index(line["method"])),
        {"method": "method"},
        {title: mean(key) for title, key in SCORES.items()} | {"seeds": seeds},
    )


def draw(lines: list[Line], path: Path) -> None:
    """Found against planted correlations, means over seeds, a line a method."""
    values = sorted(set(PLANTED))
    means = pd.DataFrame(lines).groupby("method", sort=False)[[f"{r:g}" for r in values]].mean()
    with axes_in(path, 1, 1, (5, 4)) as axes:
        axes[0, 0].plot(values, values, color="0.8", label="as planted")
        for method, found in means.iterrows():
            axes[0, 0].plot(values, found, marker="o", markersize=3, label=method)
        axes[0, 0].legend(fontsize=6)


if __name__ == "__main__":
    main()
