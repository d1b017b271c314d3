"""Coverage and false discoveries of estimated effects, on corpora whose effects are known.

    python benchmarks/effects.py > benchmarks/results/effects.jsonl
    python benchmarks/effects.py --documents 2000 --prevalence without with >> results.jsonl
    python benchmarks/effects.py --quick

Corpora have eight topics, 80 or 12 tokens a document, and three columns of metadata: "treated" moves the
logits of two topics by 1 and -0.6, "noise" and "wave" nothing. Their shares are logistic normal in every
other corpus, and Dirichlet in the rest. The truth is the effect on the mean share over all possible
documents, by 200,000 of them. Topics of the fit are matched with the true ones by their words, if these are
similar: the others, "unmatched", have no truth. "coverage" is the share of 95% intervals of "treated" that
hold the truth, over all topics, "planted" that over the two; "slope" is the slope of the estimates of the
two on the truth; "calibration" the mean standard error by the root mean squared error; "null" the share of
intervals of the other terms that hold 0, and "false" the share of families (one term, all topics) with a
discovery at an adjusted p-value of 0.05, which should be at most .05. Draws: "words", the default, and
"posterior", from q(z|x); the model has prevalence or not. Fits are short, because the draws of the words
end the same.

The corpus "gadarian" of ``../shared/corpora``, if it is there, has six tokens a document, and a treatment
that is permuted: "null" is then the share of p-values from .05 over all permutations and topics. Prints a
JSON line for each setting.
"""

import argparse
import json
import time
import warnings
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from effects_beside_stm import CORPORA, gadarian
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hftopic import Corpus, ProdLDA
from hftopic.analysis import Effects, estimate_effects

N_TOPICS, N_WORDS = 8, 400
KINDS = ("logistic", "dirichlet")
MOVED = np.array([1.0, -0.6, *[0.0] * (N_TOPICS - 2)])
FORMULA = "treated + noise + wave"
LEVEL = 0.05
ALIKE = 0.6  # similarity of the words of topics that match
MAX_ITER, N_DRAWS = 30, 40


class Planted(NamedTuple):
    """A corpus with metadata, its topics, and the effects on their mean shares."""

    corpus: Corpus
    topic_word: NDArray[np.float64]
    truth: NDArray[np.float64]


def shares(kind: str, treated: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Shares of topics in documents."""
    moved = np.outer(treated - 0.5, MOVED)
    if kind == "dirichlet":
        weights = np.exp(np.linspace(-0.75, 0.75, N_TOPICS)[np.r_[4, 3, 0:3, 5:N_TOPICS]] + moved)
        drawn = generator.standard_gamma(4 * weights / weights.sum(axis=1, keepdims=True)).clip(1e-300)
    else:
        drawn = np.exp(generator.normal(size=moved.shape) + moved)
    return drawn / drawn.sum(axis=1, keepdims=True)


def planted(kind: str, n_documents: int, n_tokens: int, seed: int) -> Planted:
    generator, of_truth = np.random.default_rng(seed), np.random.default_rng(0)
    topic_word = generator.dirichlet(np.full(N_WORDS, 0.05), N_TOPICS)
    treated = generator.integers(0, 2, n_documents)
    counts = np.stack(
        [generator.multinomial(n_tokens, theta @ topic_word) for theta in shares(kind, treated, generator)]
    )
    metadata = {
        "treated": treated.tolist(),
        "noise": generator.normal(size=n_documents).tolist(),
        "wave": generator.choice(["first", "second"], n_documents).tolist(),
    }
    corpus = Corpus(counts, [f"w{word:03d}" for word in range(N_WORDS)], metadata=metadata)
    means = [shares(kind, np.full(200_000, value), of_truth).mean(axis=0) for value in (0, 1)]
    return Planted(corpus, topic_word, means[1] - means[0])


def rows(made: Planted, effects: Effects, topic_word: NDArray[np.floating]) -> list[dict[str, Any]]:
    """The terms of each topic, with the truth of the topic that it matches by its words."""
    words = topic_word / topic_word.sum(axis=1, keepdims=True)
    alike = np.sqrt(made.topic_word) @ np.sqrt(words).T
    true, found = linear_sum_assignment(-alike)
    topics = effects.topics["topic"].to_numpy()
    table = effects.table.set_index(["topic", "term"])
    return [
        {
            "topic": int(topic),
            "term": term,
            "truth": made.truth[topic] if term == "treated" else 0.0,
            "alike": float(alike[topic, place]),
            **table.loc[(topics[place], term), ["estimate", "error", "low", "high", "p_adjusted"]],
        }
        for topic, place in zip(true, found, strict=True)
        for term in effects.terms
    ]


def summary(corpora: list[list[dict[str, Any]]]) -> dict[str, float]:
    """What the intervals of several corpora hold."""
    alike = [row for rows_of in corpora for row in rows_of if row["alike"] >= ALIKE]
    of = [row for row in alike if row["term"] == "treated"]
    null = [row for row in alike if row["term"] != "treated"]
    two = [row for row in of if row["topic"] < 2]
    families = [
        any(row["p_adjusted"] <= LEVEL for row in rows_of if row["term"] == term)
        for rows_of in corpora
        for term in {row["term"] for row in rows_of} - {"treated"}
    ]
    estimates, truths, errors = (np.array([row[key] for row in of]) for key in ("estimate", "truth", "error"))
    return {
        "corpora": len(corpora),
        "intervals": len(of),
        "unmatched": sum(map(len, corpora)) // 3 - len(of),
        "coverage": _held(of),
        "planted": _held(two),
        "slope": _rounded(
            sum(row["estimate"] * row["truth"] for row in two) / sum(row["truth"] ** 2 for row in two)
            if two
            else np.nan
        ),
        "calibration": _rounded(errors.mean() / np.sqrt(((estimates - truths) ** 2).mean())),
        "null": _held(null),
        "false": _rounded(np.mean(families)),
    }


def _held(of: list[dict[str, Any]]) -> float:
    return _rounded(np.mean([row["low"] <= row["truth"] <= row["high"] for row in of]))


def _rounded(value: float) -> float:
    return round(float(value), 3)


def measured(arguments: argparse.Namespace, n: int, n_tokens: int, prevalence: str) -> None:
    """Print what the intervals of corpora of one setting hold."""
    found: dict[str, list[list[dict[str, Any]]]] = {draws: [] for draws in arguments.draws}
    start = time.perf_counter()
    for seed in range(arguments.corpora):
        made = planted(arguments.kinds[seed % len(arguments.kinds)], n, n_tokens, seed)
        model = ProdLDA(
            (N_TOPICS // 2,) * 2,
            prevalence=FORMULA if prevalence == "with" else None,
            max_iter=MAX_ITER,
            random_state=seed,
        ).fit(made.corpus)
        of_words = estimate_effects(model, made.corpus, FORMULA, topics="all", n_draws=N_DRAWS)
        for draws, of in found.items():
            effects = of_words
            if draws == "posterior":
                effects = estimate_effects(
                    model, made.corpus, FORMULA, topics="all", draws=draws, n_draws=N_DRAWS
                )
            of.append(rows(made, effects, of_words.topic_word))
    seconds = (time.perf_counter() - start) / arguments.corpora
    for draws, of in found.items():
        setting = {"kinds": arguments.kinds, "tokens": n_tokens, "documents": n}
        setting |= {"prevalence": prevalence == "with", "draws": draws}
        print(json.dumps(setting | summary(of) | {"seconds": round(seconds, 1)}), flush=True)


def permuted(n_topics: int, n_permutations: int) -> None:
    """Print how often a treatment that is permuted has an effect on answers of a survey."""
    corpus, generator = gadarian(), np.random.default_rng(0)
    model = ProdLDA(n_topics, random_state=0).fit(corpus)
    treatment = corpus.metadata["treatment"].to_numpy()
    tables = [
        estimate_effects(
            model,
            corpus,
            "treatment",
            metadata={"treatment": generator.permutation(treatment)},
            topics="all",
            n_draws=N_DRAWS,
            random_state=seed,
        ).table
        for seed in range(n_permutations)
    ]
    line = {
        "corpus": "gadarian",
        "topics": n_topics,
        "permutations": n_permutations,
        "null": _rounded(np.mean([table["p"] >= LEVEL for table in tables])),
        "false": _rounded(np.mean([(table["p_adjusted"] <= LEVEL).any() for table in tables])),
    }
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=int, default=50)
    parser.add_argument("--permutations", type=int, default=40)
    parser.add_argument("--documents", nargs="+", type=int, default=[500])
    parser.add_argument("--tokens", nargs="+", type=int, default=[80, 12])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--prevalence", nargs="+", choices=["without", "with"], default=["without"])
    parser.add_argument("--draws", nargs="+", choices=["words", "posterior"], default=["words", "posterior"])
    parser.add_argument("--quick", action="store_true", help="two corpora of 500 documents, 5 permutations")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.corpora, arguments.documents, arguments.permutations = 2, [500], 5
    warnings.simplefilter("ignore")
    for setting in product(arguments.documents, arguments.tokens, arguments.prevalence):
        measured(arguments, *setting)
    if not (CORPORA / "gadarian").is_dir():
        print(json.dumps({"corpus": "gadarian", "skipped": f"{CORPORA / 'gadarian'} is not there"}))
        return
    for n_topics in (3, 6):
        permuted(n_topics, arguments.permutations)


if __name__ == "__main__":
    main()
