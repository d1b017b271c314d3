"""Quality of the models with their defaults: topics, likelihoods, correlations, time.

    python benchmarks/quality.py                                   # 20 Newsgroups and AG News, four models
    python benchmarks/quality.py --corpus agnews --model prodlda-hfvae --seeds 0 1 2 3 4

Prints one JSON line a model. Topics and completion are scored by an independent script (``--scorer``) that
takes matrices and knows nothing of this package; corpus perplexity and information are the package's own.
NPMI and diversity: top 10 words, document co-occurrence in the training split, active topics (I > 0.05 nats).
Alone on the machine, ``fit_seconds`` is wall-clock time.
"""

import argparse
import json
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from scoring import SHARED, load_scorer, rounded

from hftopic import NVDM, ProdLDA, __version__
from hftopic.analysis import topic_correlation, topic_information
from hftopic.models.base import BaseTopicModel
from hftopic.objective import VAE

MODELS = {
    "prodlda-vae": lambda seed: ProdLDA(groups=50, objective=VAE(), random_state=seed),
    "prodlda-hfvae": lambda seed: ProdLDA(groups=(25, 25), random_state=seed),
    "prodlda-hfvae-paper": lambda seed: ProdLDA(groups=(25, 25), gamma=4.0, ramp=0, random_state=seed),
    "nvdm-vae": lambda seed: NVDM(groups=50, objective=VAE(), random_state=seed),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=["20ng_avitm1995", "agnews"])
    parser.add_argument("--model", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--corpora", type=Path, default=SHARED / "corpora", help="folder of the corpora")
    parser.add_argument("--scorer", type=Path, default=SHARED / "score.py")
    arguments = parser.parse_args()
    scorer = load_scorer(arguments.scorer)
    for corpus in arguments.corpus:
        data = scorer.load(arguments.corpora / corpus)
        for name in arguments.model:
            for seed in arguments.seeds:
                model = MODELS[name](seed)
                line = {"corpus": corpus, "model": name, "seed": seed, **measure(model, data, scorer)}
                print(json.dumps(line | {"version": __version__}), flush=True)


def measure(model: BaseTopicModel, data: tuple[Any, ...], scorer: ModuleType) -> dict[str, Any]:
    """Fit one model and score it; a row of the table."""
    train, test, vocabulary, train_labels, test_labels = data
    start = time.perf_counter()
    model.fit(train)
    fit_seconds = time.perf_counter() - start
    start = time.perf_counter()
    test_topics = model.transform(test)
    transform_seconds = time.perf_counter() - start
    information = topic_information(model, train)
    active = information["active"].to_numpy()
    top_words = columns_of(model.top_words(10, vocabulary=vocabulary), vocabulary)[active]
    correlations = topic_correlation(model, train, active=active, n_permutations=1, random_state=0).summary()
    row = {
        "fit_seconds": fit_seconds,
        "transform_seconds": transform_seconds,
        "active_by_threshold": {
            str(t): int((information["information"] > t).sum()) for t in (0.01, 0.05, 0.1)
        },
        "npmi": float(scorer.npmi(top_words, train).mean()) if active.any() else None,
        "diversity": scorer.diversity(top_words) if active.any() else None,
        "completion_perplexity": scorer.completion_perplexity(model.word_probabilities, test),
        "corpus_perplexity": model.perplexity(test),
        "mean_abs_r_within": correlations.loc["within", "mean_abs_r"],
        "max_abs_r_across": correlations.loc["across", "max_abs_r"],
        "probe_accuracy": scorer.probe(model.transform(train), train_labels, test_topics, test_labels),
        "purity": scorer.purity(test_topics, test_labels),
    }
    return {name: rounded(value) for name, value in row.items()}


def columns_of(table: Any, vocabulary: list[str]) -> np.ndarray:
    """Top words as column numbers, shape (n_topics, n), as the scorer takes them."""
    number = {word: column for column, word in enumerate(vocabulary)}
    return table.drop(columns="group").map(number.__getitem__).to_numpy()


if __name__ == "__main__":
    main()
