"""Sentences of running text that quote results, and where their figures come from.

The modules ``quoted_….py`` fill the figures into sentences, page by page. If a page does not hold such a
sentence, word for word, then it quotes a figure that is not in the files, or the sentence was rewritten there
but not here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from figures import Line, active, fixed, mean_of
from runner import RESULTS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks" / "results"
PAPER, RAMPED, LEARNED = "HFVAE", "HFVAE, ramped", "HFVAE, learned"  # names of objectives in results

Pages = Mapping[str, Callable[[], Iterator[str]]]
"""Functions that yield the sentences of a page, by page."""


def problems(pages: Pages, root: Path) -> list[str]:
    """A line for each sentence that is not in its page."""
    found = []
    for page, sentences in pages.items():
        text = " ".join((root / page).read_text(encoding="utf-8").split())
        found += [f'{page}: does not say "{sentence}"' for sentence in sentences() if sentence not in text]
    return found


@cache
def lines(results: str) -> tuple[Line, ...]:
    """Lines of a results file, of the experiments or of the benchmarks."""
    [path] = [path for folder in (RESULTS, BENCHMARKS) if (path := folder / f"{results}.jsonl").exists()]
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(active(found) if "active_by_threshold" in found[0] else found)


def where(results: str, **chosen: Any) -> list[Line]:
    """Lines that have these values."""
    found = [line for line in lines(results) if chosen.items() <= line.items()]
    if not found:
        raise ValueError(f"no line of {results} has {chosen}")
    return found


def value(results: str, key: str, **chosen: Any) -> float:
    """Mean over the lines that have these values."""
    mean = mean_of(where(results, **chosen), key)
    if mean is None:
        raise ValueError(f"no line of {results} with {chosen} has {key}")
    return mean


def figure(results: str, key: str, digits: int = 2, **chosen: Any) -> str:
    """Text of a mean."""
    return fixed(value(results, key, **chosen), digits)


def span(values: list[float], digits: int) -> str:
    """Smallest and largest of some figures, as "0.01 to 0.02"."""
    return f"{fixed(min(values), digits)} to {fixed(max(values), digits)}"
