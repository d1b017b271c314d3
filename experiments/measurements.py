"""What every experiment on a corpus measures of a model: topics, predictions, correlations and time."""

import time
from typing import Any

import numpy as np
import scorer
import torch
from figures import rounded

from hftopic import NVDM, Corpus, ProdLDA, __version__
from hftopic.analysis import topic_correlation, topic_information

Model = ProdLDA | NVDM

ACTIVE = 0.05
"""Information I(x; z) in nats above which the experiments count a topic as active, as in the paper."""


def alone(model: Model) -> np.ndarray:
    """Score of each word for each topic alone, at its corner of the simplex, shape (K, V); weights for NVDM.

    The reproduction describes topics like this, as the paper does.
    """
    if isinstance(model, NVDM):
        return model.components_
    with torch.no_grad():
        words: np.ndarray = model._network.decoder.topics().probabilities().cpu().numpy()
    return words


def words_alone(model: Model) -> np.ndarray:
    """Columns of the ten top words of each topic alone, shape (K, 10)."""
    return scorer.top_words(alone(model), 10)


def words_shown(model: Model, vocabulary: list[str], n: int = 10) -> np.ndarray:
    """Columns of the `n` top words of each topic that the model shows, shape (K, n)."""
    return columns_of(model.top_words(n, vocabulary=vocabulary), vocabulary)


def measure(model: Model, data: scorer.Splits, as_shown: bool = False) -> dict[str, Any]:
    """Fit a model and score it, with the words of topics alone or as the model shows them.

    NPMI and diversity are those of the ten top words of the active topics (I(x; z) above 0.05 nats); NPMI
    counts documents of the training split. "distinct" is the number of topics that are coherent (NPMI of at
    least 0.1) and do not repeat a better one. Probe and purity are None where the corpus has no labels.
    """
    start = time.perf_counter()
    model.fit(data.train)
    fit_seconds = time.perf_counter() - start
    start = time.perf_counter()
    test_topics = model.transform(data.test)
    transform_seconds = time.perf_counter() - start
    information = topic_information(model, data.train)
    active = (information["information"] > ACTIVE).to_numpy()
    of_all = words_shown(model, data.vocabulary) if as_shown else words_alone(model)
    top_words = of_all[active]
    correlations = topic_correlation(
        model, data.train, active=active, n_permutations=1, random_state=0
    ).summary()
    row = {
        "fit_seconds": fit_seconds,
        "transform_seconds": transform_seconds,
        "active_by_threshold": {
            str(t): int((information["information"] > t).sum()) for t in (0.01, 0.05, 0.1)
        },
        "npmi": float(scorer.npmi(top_words, data.train).mean()) if active.any() else None,
        "diversity": scorer.diversity(top_words) if active.any() else None,
        "distinct": scorer.distinct_good(of_all, scorer.npmi(of_all, data.train)),
        "completion_perplexity": scorer.completion_perplexity(model.word_probabilities, data.test),
        "corpus_perplexity": model.perplexity(data.test),
        "mean_abs_r_within": correlations.loc["within", "mean_abs_r"],
        "max_abs_r_across": correlations.loc["across", "max_abs_r"],
        **of_labels(model, data, test_topics),
    }
    return {name: rounded(value) for name, value in row.items()}


def of_labels(model: Model, data: scorer.Splits, test_topics: np.ndarray) -> dict[str, float | None]:
    """Scores against the labels."""
    if data.train_labels is None or data.test_labels is None:
        return {"probe_accuracy": None, "purity": None}
    train_topics = model.transform(data.train)
    return {
        "probe_accuracy": scorer.probe(train_topics, data.train_labels, test_topics, data.test_labels),
        "purity": scorer.purity(test_topics, data.test_labels),
    }


def columns_of(table: Any, vocabulary: list[str]) -> np.ndarray:
    """Top words as numbers of columns, shape (K, n), as the scorer takes them."""
    number = {word: column for column, word in enumerate(vocabulary)}
    return table.drop(columns="group").map(number.__getitem__).to_numpy()


def made_with(model: Any, counts: Any, vocabulary: list[str]) -> dict[str, Any]:
    """What a line of results was made with: version, settings that are not the defaults, and the corpus."""
    corpus = Corpus(counts, vocabulary).sha256()[:16]
    return {"hftopic": __version__, "settings": " ".join(repr(model).split()), "corpus_sha256": corpus}
