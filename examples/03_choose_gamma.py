"""Choose γ, the weight that makes the topics of a group independent.

    python examples/03_choose_gamma.py [CORPUS]

The ELBO always favours the plain VAE, so it cannot choose β and γ. This script searches over γ with
scikit-learn's GridSearchCV and scores by the coherence of topics on held-out documents.
"""

import sys
from typing import Any

from sklearn.model_selection import GridSearchCV, KFold

from hftopic import ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import topic_coherence, topic_information


def held_out_coherence(model: ProdLDA, X: Any, y: Any = None) -> float:  # noqa: ARG001
    """Mean NPMI of the active topics on held-out documents; silent topics are ignored."""
    active = topic_information(model, X)["active"].to_numpy()
    return float(topic_coherence(model, X, measure="c_npmi", window="document")["c_npmi"][active].mean())


corpus = read_corpus(sys.argv[1]) if len(sys.argv) > 1 else load_docstrings()
search = GridSearchCV(
    ProdLDA(groups=(15, 15), max_iter=20, random_state=0),
    {"gamma": [1.0, 4.0, 10.0]},
    scoring=held_out_coherence,
    cv=KFold(2, shuffle=True, random_state=0),
    refit=False,
)
search.fit(corpus)
for parameters, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    print(f"{parameters}: held-out NPMI {score:.3f}")
