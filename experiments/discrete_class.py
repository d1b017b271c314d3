"""Does a discrete variable beside the topics find the classes of documents?

    python experiments/discrete_class.py [--corpus agnews docstrings]

This script fits ProdLDA and NVDM with a Concrete variable of as many classes as the corpus has labels. It
compares the classes of the test documents with their labels by normalised mutual information and purity. Two
methods serve as baselines: k-means on TF-IDF after latent semantic analysis, and the largest topic of a
latent Dirichlet allocation with as many topics. No method sees a label. Each fit adds a JSON line to the
results file, unless the line is there already.
"""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import sources
from figures import Line, Table, mean_sd, rounded, table
from runner import FIXED, SETTINGS, measure_once, options_of_corpus, show
from scorer import Splits
from sklearn.cluster import KMeans
from sklearn.decomposition import LatentDirichletAllocation, TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import normalized_mutual_info_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from hftopic import HFVAE, NVDM, VAE, Concrete, ProdLDA

METHODS: dict[str, Callable[[int, int], Any]] = {
    "k-means on LSA": lambda k, seed: make_pipeline(
        TfidfTransformer(sublinear_tf=True),
        TruncatedSVD(100, random_state=seed),
        Normalizer(),
        KMeans(k, n_init=10, random_state=seed),
    ),
    "LDA": lambda k, seed: LatentDirichletAllocation(
        k, learning_method="online", max_iter=20, random_state=seed
    ),
    "ProdLDA VAE (25, Concrete)": lambda k, seed: ProdLDA(
        groups=(25, Concrete(k)),
        objective=VAE(),
        max_iter=60,
        random_state=seed,
        **(FIXED[ProdLDA] | SETTINGS),
    ),
    "ProdLDA HFVAE (25, Concrete)": lambda k, seed: ProdLDA(
        groups=(25, Concrete(k)),
        objective=HFVAE(beta=0.1, gamma=4.0),
        max_iter=60,
        random_state=seed,
        **(FIXED[ProdLDA] | SETTINGS),
    ),
    "NVDM HFVAE (10, Concrete)": lambda k, seed: NVDM(
        groups=(10, Concrete(k)),
        objective=HFVAE(beta=0.1, gamma=4.0),
        max_iter=60,
        random_state=seed,
        **(FIXED[NVDM] | SETTINGS),
    ),
}


def main() -> None:
    parser = options_of_corpus(__doc__, "discrete_class.jsonl", seeds=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    arguments = parser.parse_args()
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        for seed, name in product(arguments.seeds, arguments.methods):
            key = {"corpus": corpus, "method": name, "seed": seed}
            measure_once(arguments.results, key, partial(measured, name, seed, data))
    show(arguments, table_of)


def measured(name: str, seed: int, data: Splits) -> dict[str, Any]:
    """Agreement of the classes of the test documents with their labels."""
    train, test, _, _, labels = data
    found = classes_of(METHODS[name](len(np.unique(labels)), seed).fit(train), test)
    return {
        "nmi": rounded(float(normalized_mutual_info_score(labels, found))),
        "purity": rounded(purity(found, labels)),
        "classes_used": len(np.unique(found)),
    }


def classes_of(fitted: Any, X: Any) -> np.ndarray:
    """Class of each document, or its largest topic if the model has no classes."""
    return np.asarray(fitted.predict(X) if hasattr(fitted, "predict") else fitted.transform(X).argmax(1))


def purity(found: np.ndarray, labels: np.ndarray) -> float:
    """Share of documents that have the commonest label of their class."""
    _, label = np.unique(labels, return_inverse=True)
    return sum(int(np.bincount(label[found == c]).max()) for c in np.unique(found)) / len(label)


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds, a row for each method."""
    order = list(METHODS)
    return table(
        sorted(lines, key=lambda line: (line["corpus"], order.index(line["method"]))),
        {"corpus": "corpus", "method": "method"},
        {"NMI": mean_sd("nmi"), "purity": mean_sd("purity")},
    )


if __name__ == "__main__":
    main()
