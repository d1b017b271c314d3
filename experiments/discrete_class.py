"""Does a discrete variable beside the topics find the classes of documents?

    python examples/05_discrete_class.py --corpora FOLDER --scorer score.py

fits ProdLDA and NVDM with a Concrete variable of as many classes as the corpus has labels, and holds its
classes against the labels of the test documents: normalised mutual information and purity. Beside it stand
k-means on TF-IDF after latent semantic analysis, and the largest topic of a latent Dirichlet allocation with
as many topics. No method sees a label. Adds a JSON line for each fit to the results file, unless it is there
already; the folder and the scorer are those of ``benchmarks/quality.py``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from runner import SETTINGS, measure_once, options_of_corpus, quality
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
        groups=(25, Concrete(k)), objective=VAE(), max_iter=60, random_state=seed, **SETTINGS
    ),
    "ProdLDA HFVAE (25, Concrete)": lambda k, seed: ProdLDA(
        groups=(25, Concrete(k)),
        objective=HFVAE(beta=0.1, gamma=4.0),
        max_iter=60,
        random_state=seed,
        **SETTINGS,
    ),
    "NVDM HFVAE (10, Concrete)": lambda k, seed: NVDM(
        groups=(10, Concrete(k)),
        objective=HFVAE(beta=0.1, gamma=4.0),
        max_iter=60,
        random_state=seed,
        **SETTINGS,
    ),
}


def main() -> None:
    parser = options_of_corpus(__doc__, "discrete_class.jsonl", seeds=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    arguments = parser.parse_args()
    data = quality.load_scorer(arguments.scorer).load(arguments.corpora / arguments.corpus)
    for seed in arguments.seeds:
        for name in arguments.methods:
            key = {"corpus": arguments.corpus, "method": name, "seed": seed}
            measure_once(arguments.results, key, partial(measured, name, seed, data))


def measured(name: str, seed: int, data: tuple[Any, ...]) -> dict[str, Any]:
    """How the classes of the test documents agree with their labels."""
    train, test, _, _, labels = data
    found = classes_of(METHODS[name](len(np.unique(labels)), seed).fit(train), test)
    return {
        "nmi": round(float(normalized_mutual_info_score(labels, found)), 4),
        "purity": round(purity(found, labels), 4),
        "classes_used": len(np.unique(found)),
    }


def classes_of(fitted: Any, X: Any) -> np.ndarray:
    """Class of each document; of a model without classes, its largest topic."""
    return np.asarray(fitted.predict(X) if hasattr(fitted, "predict") else fitted.transform(X).argmax(1))


def purity(found: np.ndarray, labels: np.ndarray) -> float:
    """Share of documents that have the commonest label of their class."""
    _, label = np.unique(labels, return_inverse=True)
    return sum(int(np.bincount(label[found == c]).max()) for c in np.unique(found)) / len(label)


if __name__ == "__main__":
    main()
