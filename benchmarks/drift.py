"""Drift of words: found where it is planted, and not where only the prevalence of topics changes.

    python benchmarks/drift.py > benchmarks/results/drift.jsonl    # some five minutes on two cores
    python benchmarks/drift.py --quick

Corpora of six topics in six periods. The prevalence of the topics has strong trends. In half of the corpora
two topics drift: four of their words are replaced by four others, up to half in the last period. Documents
are mixtures of topics, or products of experts as in ProdLDA. A model is fitted that knows nothing of dates.
Prints a JSON line for each kind of corpus and each way to permute dates: "topics" is that of
``words_over_time``, where documents keep their topics, "plain" are shuffles of all documents. Columns are the
number of topics and the fraction with p ≤ 0.05, of those that drift and of those that do not; the false
discoveries among adjusted p-values; and the fraction of words that are told to rise that were planted.
"""

import argparse
import json
import time
import warnings
from unittest.mock import patch

import numpy as np

from hftopic import Corpus, ProdLDA
from hftopic.analysis import words_over_time
from hftopic.analysis.documents import words as words_module

N_DOCUMENTS, N_TOPICS, N_WORDS, N_PERIODS, LENGTH = 1200, 6, 400, 6, 60
DRIFTING = (0, 1)
OLD, NEW = [1, 4, 7, 10], [60, 61, 62, 63]  # ranks of the words that are exchanged
LEVEL = 0.05


def planted(seed: int, drifts: bool, mixture: bool) -> tuple[Corpus, np.ndarray, dict[int, set[str]]]:
    """A corpus with dates, the words of its topics, and the words that rise in each."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(N_WORDS, 0.05), N_TOPICS)
    later, rising = topics.copy(), {}
    for topic in DRIFTING if drifts else ():
        order = np.argsort(-topics[topic])
        later[topic, order[NEW]], later[topic, order[OLD]] = (
            topics[topic, order[OLD]],
            topics[topic, order[NEW]],
        )
        rising[topic] = {f"w{word}" for word in order[NEW]}
    when = rng.random(N_DOCUMENTS)
    trend = 1.5 * np.linspace(-1, 1, N_TOPICS)
    shares = np.exp(2 * rng.normal(size=(N_DOCUMENTS, N_TOPICS)) + trend * (2 * when[:, None] - 1))
    shares /= shares.sum(axis=1, keepdims=True)
    counts = np.zeros((N_DOCUMENTS, N_WORDS))
    for row in range(N_DOCUMENTS):
        now = (1 - when[row] / 2) * topics + when[row] / 2 * later
        p = shares[row] @ now if mixture else np.exp(shares[row] @ np.log(now + 1e-4))
        counts[row] = rng.multinomial(rng.poisson(LENGTH), p / p.sum())
    dates = (2000 + (when * N_PERIODS).astype(int)).astype(str)
    return Corpus(counts, [f"w{word}" for word in range(N_WORDS)], dates=dates), topics, rising


def tested(seed: int, drifts: bool, mixture: bool, way: str, n_permutations: int) -> list[dict[str, object]]:
    """What is said of each topic of a model, and what is true of the planted topic that is most like it."""
    corpus, topics, rising = planted(seed, drifts, mixture)
    model = ProdLDA(groups=(3, 3), max_iter=30, random_state=seed).fit(corpus)
    full = np.zeros((N_TOPICS, N_WORDS))
    full[:, [int(word[1:]) for word in model.vocabulary_]] = model.topic_word_
    likeness = full @ topics.T / np.outer(np.linalg.norm(full, axis=1), np.linalg.norm(topics, axis=1))
    plainly = patch.object(
        words_module, "log_probabilities", lambda codes, _: np.zeros((len(codes), codes.max() + 1))
    )
    settings = {"freq": "Y", "topics": "all", "n_permutations": n_permutations}
    if way == "plain":
        with plainly:
            found = words_over_time(model, corpus, **settings)
    else:
        found = words_over_time(model, corpus, **settings)
    of_topics = found.topics.assign(
        drifts=[int(topic) in rising for topic in likeness.argmax(axis=1)],
        planted=[rising.get(int(topic), set()) for topic in likeness.argmax(axis=1)],
    )
    return of_topics.to_dict("records")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two corpora of each kind instead of twelve")
    arguments = parser.parse_args()
    n_corpora, n_permutations = (2, 199) if arguments.quick else (12, 999)
    warnings.simplefilter("ignore")
    for mixture in (True, False):
        for drifts in (True, False):
            for way in ("topics", "plain"):
                started, rows = time.perf_counter(), []
                for seed in range(n_corpora):
                    rows += tested(seed, drifts, mixture, way, n_permutations)
                print(
                    json.dumps(summary(rows, mixture, drifts, way, time.perf_counter() - started)), flush=True
                )


def summary(
    rows: list[dict[str, object]], mixture: bool, drifts: bool, way: str, seconds: float
) -> dict[str, object]:
    """Rates of discoveries over the topics of all corpora of a kind."""
    p, adjusted = (np.array([row[name] for row in rows], dtype=float) for name in ("p_value", "p_adjusted"))
    truly = np.array([row["drifts"] for row in rows], dtype=bool)
    discovered = adjusted <= LEVEL
    told = [word in row["planted"] for row in rows if row["drifts"] for word in row["rising"]]
    return {
        "benchmark": "drift",
        "documents": "mixtures" if mixture else "products of experts",
        "drift": drifts,
        "permuted": way,
        "drifting_topics": int(truly.sum()),
        "power": _mean(p[truly] <= LEVEL),
        "other_topics": int((~truly).sum()),
        "level": _mean(p[~truly] <= LEVEL),
        "false_discoveries": _mean(~truly[discovered]),
        "rising_words_planted": _mean(told),
        "seconds": round(seconds, 1),
    }


def _mean(values: object) -> float | None:
    found = np.asarray(values, dtype=float)
    return round(float(found.mean()), 3) if len(found) else None


if __name__ == "__main__":
    main()
