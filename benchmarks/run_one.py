"""Fit and score one model in this process, and print its row as JSON in the last line. See ``peers.py``."""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from adapters import MODELS, Adapter, Settings
from scoring import figures, scorer, sources


def options() -> argparse.ArgumentParser:
    """Options of one run, shared with ``peers.py``."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--corpus", default="20ng_avitm1995")
    sources.add_option(parser)
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    add_size(parser)
    return parser


def add_size(parser: argparse.ArgumentParser) -> None:
    """Options ``--documents`` and ``--quick``, for runs that are smaller."""
    parser.add_argument(
        "--documents", type=int, help="documents of each split, drawn at random (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="run two iterations or epochs only, to try the program"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, parents=[options()])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--words", type=int, help="add the columns of so many top words of every topic")
    arguments = parser.parse_args()
    data = sample(scorer.load(arguments.corpora / arguments.corpus), arguments.documents)
    settings = Settings(arguments.topics, arguments.seed, arguments.threads, arguments.quick)
    model = MODELS[arguments.model].load()(settings, data[2])
    row = measure(model, data)
    if arguments.words:
        row["top_words"] = model.top_words(arguments.words).tolist()
    print(json.dumps({name: figures.rounded(value) for name, value in row.items()}), flush=True)


def sample(data: scorer.Splits, n_documents: int | None) -> scorer.Splits:
    """`n_documents` of each split, drawn at random, with their labels."""
    if n_documents is None:
        return data
    train, test, vocabulary, train_labels, test_labels = data
    generator = np.random.default_rng(0)
    of_train = generator.permutation(train.shape[0])[:n_documents]
    of_test = generator.permutation(test.shape[0])[:n_documents]
    if train_labels is not None and test_labels is not None:
        train_labels, test_labels = train_labels[of_train], test_labels[of_test]
    return scorer.Splits(train[of_train], test[of_test], vocabulary, train_labels, test_labels)


def measure(model: Adapter, data: scorer.Splits) -> dict[str, Any]:
    """Time and memory of fit and transform, then the scores."""
    train, test, *_ = data
    megabytes_before_fit, cpu_before_fit = peak_megabytes(), cpu_seconds()
    train_documents, convert_seconds = timed(model.convert, train)
    _, fit_seconds = timed(model.fit, train_documents)
    fit_cpu_seconds = cpu_seconds() - cpu_before_fit
    test_documents, convert_test_seconds = timed(model.convert, test)
    test_topics, transform_seconds = timed(model.transform, test_documents)
    cost = {
        "fit_seconds": convert_seconds + fit_seconds,
        "fit_cpu_seconds": fit_cpu_seconds,
        "convert_seconds": convert_seconds,
        "transform_seconds": convert_test_seconds + transform_seconds,
        "convert_test_seconds": convert_test_seconds,
        "peak_megabytes": peak_megabytes(),
        "megabytes_before_fit": megabytes_before_fit,
    }
    return cost | scores(model, data, train_documents, test_topics)


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Result of a call, and its seconds."""
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def cpu_seconds() -> float:
    """Processor time of this process and of the workers that ended, which other programs do not lengthen."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_megabytes() -> float:
    """Peak resident size of this process so far, without its worker processes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


def scores(
    model: Adapter, data: scorer.Splits, train_documents: Any, test_topics: np.ndarray
) -> dict[str, Any]:
    """Scores of topics, predicted words and representation; null where there is none."""
    train, test, _, train_labels, test_labels = data
    top_words = model.top_words(10)
    active = model.active_topics(train)
    if active is not None:
        top_words = top_words[active]
    row: dict[str, Any] = {"scored_topics": len(top_words), "npmi": None, "diversity": None}
    if len(top_words):
        row["npmi"], row["diversity"] = scorer.npmi(top_words, train).mean(), scorer.diversity(top_words)
    row |= {"completion_perplexity": None, "note": model.no_completion}
    if not model.no_completion:
        row["completion_perplexity"] = scorer.completion_perplexity(
            lambda observed: model.word_probabilities(model.convert(observed)), test
        )
    row |= {"probe_accuracy": None, "purity": None, "nmi": None}
    if train_labels is not None:
        train_topics = model.transform(train_documents)
        row["probe_accuracy"] = scorer.probe(train_topics, train_labels, test_topics, test_labels)
        row["purity"] = scorer.purity(test_topics, test_labels)
        row["nmi"] = scorer.nmi(test_topics, test_labels)
    return row


if __name__ == "__main__":
    main()
