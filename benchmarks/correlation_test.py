"""False discoveries and power of the tests of topic correlation, on planted posterior means.

    python benchmarks/correlation_test.py > benchmarks/results/correlation_test.jsonl
    python benchmarks/correlation_test.py --tests correlation --correlations 0 --documents 300 \\
        --permutations 3999 --seeds 100 >> benchmarks/results/correlation_test.jsonl
    python benchmarks/correlation_test.py --seeds 3 --documents 300 --margins normal      # a quick look

The posterior means of 20 topics (190 pairs) are normal. Topic i of the first ten correlates with topic i of
the other ten at r, for i up to 5. Topics 6 to 10 correlate with each other at 0.5, so that tests depend on
each other. The other 175 pairs are independent; with r = 0 all 190 are. Then each mean is transformed:
"heavy" is its cube, "skewed" its exponential. Independent topics stay independent. "sample_r" is the mean
correlation of the planted pairs after the transformation. All cases use the same seeds, so differences
between cases are more certain than their standard errors say.

A discovery is a pair with an adjusted p-value of at most 0.05. "fdr" is the mean over seeds of the share of
independent pairs among the discoveries. "power" is the mean share of the five planted pairs that are found.
Both have their standard errors over seeds. Prints one JSON line for each test, margin, number of documents
and r. With 999 permutations a single significant pair among 190 cannot have an adjusted p-value of 0.05 or
less, so "fdr" with r = 0 is almost surely 0. The second command has enough permutations.
"""

import argparse
import json
import math
from collections.abc import Iterator

import numpy as np

from hftopic.analysis.correlation.scores import standardised
from hftopic.analysis.correlation.significance import adjusted, partial_p_values, permutation_p_values

TESTS = {"correlation": permutation_p_values, "partial": partial_p_values}
MARGINS = {"normal": lambda x: x, "heavy": lambda x: x**3, "skewed": np.exp}
HALF, PLANTED = 10, 5  # topics of a group, pairs across groups
BLOCK_CORRELATION = 0.5
LEVEL = 0.05
FIRST, SECOND = np.triu_indices(2 * HALF, 1)
IS_PLANTED = (FIRST < PLANTED) & (SECOND == FIRST + HALF)
IN_BLOCK = (FIRST >= PLANTED) & (SECOND < HALF)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--documents", nargs="+", type=int, default=[300, 2000])
    parser.add_argument("--correlations", nargs="+", type=float, default=[0.0, 0.05, 0.1, 0.3])
    parser.add_argument("--margins", nargs="+", choices=MARGINS, default=list(MARGINS))
    parser.add_argument("--tests", nargs="+", choices=TESTS, default=list(TESTS))
    parser.add_argument("--permutations", type=int, default=999)
    arguments = parser.parse_args()
    for row in measure(arguments):
        print(json.dumps(row), flush=True)


def measure(arguments: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Rows of all cases."""
    for test in arguments.tests:
        for margin in arguments.margins:
            for n_documents in arguments.documents:
                for r in arguments.correlations:
                    runs = [
                        errors(test, margin, n_documents, r, arguments.permutations, seed)
                        for seed in range(arguments.seeds)
                    ]
                    case = {"test": test, "margin": margin, "documents": n_documents, "r": r}
                    sizes = {"seeds": len(runs), "permutations": arguments.permutations}
                    yield {**case, **sizes, **summed_up(np.array(runs), planted=r > 0)}


def errors(
    test: str, margin: str, n_documents: int, r: float, n_permutations: int, seed: int
) -> tuple[float, float, float]:
    """Share of false discoveries, share of planted pairs found, and their mean correlation."""
    generator = np.random.default_rng([seed, n_documents])
    scores, _ = standardised(MARGINS[margin](draw_means(n_documents, r, generator)))
    found = adjusted(TESTS[test](scores, n_permutations, generator)) <= LEVEL
    real = IS_PLANTED | IN_BLOCK if r else np.zeros_like(IS_PLANTED)
    false_share = (found & ~real).sum() / max(1, found.sum())
    sample_r = (scores.T @ scores)[FIRST, SECOND][IS_PLANTED]
    return false_share, found[IS_PLANTED].mean(), sample_r.mean()


def draw_means(n_documents: int, r: float, generator: np.random.Generator) -> np.ndarray:
    """Normal posterior means, (N, 20), with the planted correlations."""
    means = generator.standard_normal((n_documents, 2 * HALF))
    if r:
        partners, block = slice(HALF, HALF + PLANTED), slice(PLANTED, HALF)
        means[:, partners] = r * means[:, :PLANTED] + math.sqrt(1 - r**2) * means[:, partners]
        shared = generator.standard_normal((n_documents, 1))
        means[:, block] = (
            math.sqrt(BLOCK_CORRELATION) * shared + math.sqrt(1 - BLOCK_CORRELATION) * means[:, block]
        )
    return means


def summed_up(runs: np.ndarray, planted: bool) -> dict[str, float | None]:
    """Means over seeds with standard errors; power is null without planted pairs."""
    mean, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / math.sqrt(len(runs))
    return {
        "fdr": round(float(mean[0]), 4),
        "fdr_standard_error": round(float(error[0]), 4),
        "power": round(float(mean[1]), 3) if planted else None,
        "power_standard_error": round(float(error[1]), 3) if planted else None,
        "sample_r": round(float(mean[2]), 3),
    }


if __name__ == "__main__":
    main()
