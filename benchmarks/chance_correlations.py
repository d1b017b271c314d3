"""Correlations that a model shows where there are none.

    python benchmarks/chance_correlations.py > benchmarks/results/chance_correlations.jsonl

Corpora have 20 independent topics. Their posterior means correlate all the same: shares of one simplex sum
to 1, which makes correlations negative, and topics found in pieces, or two as one, correlate by mistake. A
prior that learns correlations can amplify such correlations. Models: the defaults; the same without shrinkage
of the learned correlations; and a fixed prior with fixed groups. "positive" is the share of pairs across
groups that are positive and significant (adjusted p-value of at most 0.05, 1,999 permutations), which no pair
should be; "within" is the share of pairs within groups that are significant; "prior" is the largest
correlation of the prior. Prints one JSON line for each fit.
"""

import argparse
import json
from itertools import product

import numpy as np

from hftopic import DirichletLaplace, LearnedCorrelation, ProdLDA, make_correlated_topics
from hftopic.analysis import topic_correlation

MODELS = {
    "learned": {},
    "learned, not shrunk": {"prior": LearnedCorrelation(shrinkage=0.0)},
    "fixed": {"prior": DirichletLaplace(), "assignment": "fixed"},
}
HALF = 10  # topics of a group
LEVEL = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--documents", nargs="+", type=int, default=[500, 2000, 8000])
    arguments = parser.parse_args()
    for n_documents, seed, model in product(arguments.documents, arguments.seeds, MODELS):
        print(json.dumps(measured(n_documents, seed, model)), flush=True)


def measured(n_documents: int, seed: int, model: str) -> dict[str, object]:
    """Correlations of one fit."""
    corpus = make_correlated_topics(
        n_documents, groups=(HALF, HALF), correlation=0.0, random_state=seed
    ).corpus
    fitted = ProdLDA((HALF, HALF), random_state=seed, **MODELS[model]).fit(corpus)
    found = topic_correlation(fitted, corpus, active=range(2 * HALF), n_permutations=1999, random_state=0)
    across, within = found.across(), found.within()
    significant = across["p_adjusted"] <= LEVEL
    return {
        "documents": n_documents,
        "model": model,
        "seed": seed,
        "positive": round(float((significant & (across["r"] > 0)).mean()), 4),
        "largest": round(float(across["r"].max()), 4),
        "within": round(float((within["p_adjusted"] <= LEVEL).mean()), 4),
        "prior": round(float(np.abs(fitted.prior_correlation_ - np.eye(2 * HALF)).max()), 4),
    }


if __name__ == "__main__":
    main()
