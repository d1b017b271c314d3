"""Do codes hold for combinations of factors that were never seen? Section 5.5 of the paper, on text.

    python experiments/unseen_combinations.py [--figure unseen.svg]

Two factors of four values each make 16 cells. The four cells of the diagonal are left out of the training
documents, so that each value of either factor is still seen as often as the others. Afterwards unseen cells
are compared with seen ones on new documents: perplexity, and the error of a linear probe for each factor,
learned on seen cells. The control leaves out the same number of documents at random. There are two corpora.
In "generated" (``generated.py``) the factors are the family and the quarter of an intensity. In "merged"
(``merged.py``) documents are pairs of 20 Newsgroups' documents, and the factors are their two labels; it
needs the folder 20ng_avitm1995.
"""

import warnings
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import sources
from figures import Line, Table, mean_sd, rounded, seeds, table, unseen_and_seen
from generated import make_factors
from measurements import Model, made_with
from merged import merged
from runner import FIXED, axes_in, measure_once, options, show
from scorer import Splits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from hftopic import HFVAE, NVDM, VAE, BetaTCVAE, ProdLDA

OBJECTIVES: dict[str, tuple[Any, Any]] = {
    "VAE": (20, VAE()),
    "beta-TCVAE (4)": (20, BetaTCVAE(4.0)),
    "HFVAE 2x10 (.1, 4)": ((10, 10), HFVAE(beta=0.1, gamma=4.0)),
}
LEFT_OUT = ("cells", "random")
GENERATED = 8000  # documents; half of them are for training
BINS = np.linspace(-3, 3, 25)
NEWSGROUPS = "20ng_avitm1995"


class Documents:
    """Training documents and new ones, with the values of both factors, 0 to 3."""

    def __init__(self, seed: int, newsgroups: Splits | None) -> None:
        if newsgroups is None:
            made = make_factors(GENERATED, seed)
            quarter = pd.qcut(made.factors["intensity_0"], 4, labels=False)
            factors = pd.DataFrame({"first": made.factors["family"], "second": quarter})
            half = len(factors) // 2
            counts, factors = [made.counts[:half], made.counts[half:]], [factors[:half], factors[half:]]
            self.kind: type[Model] = NVDM
            self.vocabulary = made.vocabulary
        else:
            train, test, self.vocabulary, labels, test_labels = newsgroups
            pairs = [merged(train, labels, 2, 2 * seed), merged(test, test_labels, 2, 2 * seed + 1)]
            counts = [pair.counts for pair in pairs]
            factors = [pair.factors.apply(lambda f: pd.factorize(f, sort=True)[0]) for pair in pairs]
            self.kind = ProdLDA
        self.learned, self.judged = counts
        self.learned_factors, self.judged_factors = factors

    def left_out(self, how: str, seed: int) -> np.ndarray:
        """Mask of the training documents that are left out: the diagonal, or as many at random."""
        diagonal = on_diagonal(self.learned_factors)
        if how == "cells":
            return diagonal
        return np.random.default_rng(seed).permutation(diagonal)


def main() -> None:
    parser = options(__doc__, "unseen_combinations.jsonl", seeds=[0, 1, 2, 3, 4], epochs=60)
    sources.add_option(parser)
    arguments = parser.parse_args()
    newsgroups = sources.find(NEWSGROUPS, arguments.corpora)
    kinds = {"generated": None} | ({"merged": newsgroups} if newsgroups else {})
    for seed, (name, source) in product(arguments.seeds, kinds.items()):
        documents = Documents(seed, source)
        for objective, how in product(OBJECTIVES, LEFT_OUT):
            key = {"corpus": name, "objective": objective, "left_out": how, "seed": seed}
            key["epochs"] = arguments.epochs
            groups, chosen = OBJECTIVES[objective]
            model = documents.kind(
                groups=groups,
                objective=chosen,
                max_iter=arguments.epochs,
                random_state=seed,
                **FIXED[documents.kind],
            )
            measure_once(arguments.results, key, partial(measured, model, documents, how, seed))
    show(arguments, table_of, draw)


def measured(model: Model, documents: Documents, how: str, seed: int) -> dict[str, Any]:
    """Perplexity, errors of probes and histograms of the encoded factor, of unseen and of seen cells."""
    kept = ~documents.left_out(how, seed)
    learned, factors = documents.learned[kept], documents.learned_factors[kept]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the weight of the mutual information")
        model.fit(learned)
    unseen = on_diagonal(documents.judged_factors)
    codes, judged_codes = model.transform_latent(learned), model.transform_latent(documents.judged)
    row: dict[str, Any] = {
        "perplexity_unseen": model.perplexity(documents.judged[unseen]),
        "perplexity_seen": model.perplexity(documents.judged[~unseen]),
    }
    row["perplexity_ratio"] = row["perplexity_unseen"] / row["perplexity_seen"]
    for name in factors:
        told = linear_probe(codes, factors[name]).predict(judged_codes)
        wrong = told != documents.judged_factors[name].to_numpy()
        row[f"error_unseen_{name}"], row[f"error_seen_{name}"] = wrong[unseen].mean(), wrong[~unseen].mean()
    return {
        **{name: rounded(value) for name, value in row.items()},
        "histograms": histograms(codes, factors["second"], judged_codes, documents.judged_factors, unseen),
        **made_with(model, sp.csr_array(documents.learned), documents.vocabulary),
    }


def on_diagonal(factors: pd.DataFrame) -> np.ndarray:
    """Documents whose two factors have the same number: one cell in each row and each column."""
    return factors["first"].to_numpy() == factors["second"].to_numpy()


def linear_probe(codes: np.ndarray, factor: "pd.Series[Any]") -> Pipeline:
    """Logistic regression of a factor on standardised codes."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(codes, factor)


def histograms(
    codes: np.ndarray, factor: "pd.Series[int]", judged: np.ndarray, factors: pd.DataFrame, unseen: np.ndarray
) -> dict[str, list[list[int]]]:
    """Counts of new documents in ``BINS`` along the direction that best separates the second factor's halves.

    The direction is that of a linear probe on seen cells, in standard deviations of their codes. There is a
    list for each value of the factor, once for unseen cells and once for seen ones.
    """
    probe = linear_probe(codes, factor >= 2)
    centre, scale = (f(probe.decision_function(codes)) for f in (np.mean, np.std))
    encoded = (probe.decision_function(judged) - centre) / scale
    values = factors["second"].to_numpy()
    return {
        side: [np.histogram(encoded[chosen & (values == v)], BINS)[0].tolist() for v in range(4)]
        for side, chosen in (("unseen", unseen), ("seen", ~unseen))
    }


def table_of(lines: list[Line]) -> Table:
    """Means over seeds, a row for each corpus, objective and way to leave documents out."""
    order = list(OBJECTIVES)
    return table(
        sorted(lines, key=lambda line: (line["corpus"], order.index(line["objective"]), line["left_out"])),
        {"corpus": "corpus", "objective": "objective", "left_out": "left out"},
        {
            "perplexity": unseen_and_seen("perplexity_{}", 1),
            "ratio": mean_sd("perplexity_ratio", 3),
            "first": unseen_and_seen("error_{}_first", 2),
            "second": unseen_and_seen("error_{}_second", 2),
            "seeds": seeds,
        },
    )


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """Histograms of the second factor's code in unseen and in seen cells, where cells were left out."""
    chosen = [line for line in lines if line["left_out"] == "cells"]
    corpora = list(dict.fromkeys(line["corpus"] for line in chosen))
    middles = (BINS[1:] + BINS[:-1]) / 2
    with axes_in(path, len(corpora), len(OBJECTIVES), (11, 5), sharex=True) as axes:
        for (row, corpus), (column, objective) in product(enumerate(corpora), enumerate(OBJECTIVES)):
            ax = axes[row, column]
            of_form = [line for line in chosen if (line["corpus"], line["objective"]) == (corpus, objective)]
            for side, style in (("seen", "-"), ("unseen", "--")):
                counts = np.sum([line["histograms"][side] for line in of_form], axis=0)
                for value, heights in enumerate(counts):
                    label = f"value {value}, {side}"
                    ax.plot(middles, heights / heights.sum(), style, color=f"C{value}", lw=1, label=label)
            ax.set(title=f"{corpus}, {objective}", yticks=[])
        axes[0, -1].legend(fontsize=6, ncols=2)


if __name__ == "__main__":
    main()
