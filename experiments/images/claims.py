"""Which claims of the paper about images hold here? Sections 5.1, 5.3, 5.4 and 5.5, from the results files.

    python experiments/images/claims.py

Each claim has the figure of the paper, where it gives one, the same figure from the results of the scripts
beside this one, the number of restarts, and whether the two agree, by the rule that the code of the claim
states. The figures of the paper were copied without its text at hand.
"""

import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import sprites

sys.path.append(str(Path(__file__).parents[1]))
from figures import Line, Table, fixed
from runner import RESULTS, lines_of

PAPER_DEVIATIONS = ("0.10", "0.16")  # the largest of table 3, of each score
AGREES = {True: "yes", False: "no"}
OF_PAPER, OF_CLASS = "HFVAE (4, 3)", "HFVAE (.1, 3)"
"""Weights of the paper's table 3, and weights at which information is cheaper in the class."""


def main() -> None:
    print(table_of())


def table_of() -> Table:
    """All claims, a row each."""
    header = ("section", "claim", "the paper", "here", "restarts", "agrees")
    return Table(header, tuple(row for claims in CLAIMS for row in claims()))


def of(script: str, **chosen: object) -> list[Line]:
    """Results of a script that have these values."""
    found = [line for line in lines_of(RESULTS / f"images/{script}.jsonl") if chosen.items() <= line.items()]
    if not found:
        raise ValueError(
            f"images/{script}.jsonl has no line with {chosen}; run experiments/images/{script}.py"
        )
    return found


def mean(lines: Sequence[Line], key: str) -> float:
    """Mean over lines, which all have the key."""
    return statistics.fmean(line[key] for line in lines)


def row(
    section: str, claim: str, paper: str, here: str, lines: Sequence[Line], agrees: bool
) -> tuple[str, ...]:
    """A claim and what came of it."""
    restarts = len({line["seed"] for line in lines})
    return (section, claim, paper, here, str(restarts), AGREES[agrees])


def of_scores() -> Iterator[tuple[str, ...]]:
    """Objectives differ by at most the largest deviation over restarts, as in the paper's table 3."""
    for place, key, name in ((0, "kim_mnih", "Kim-Mnih"), (1, "disentanglement", "Eastwood-Williams")):
        found = [of("sprites", model=model) for model in sprites.PAPER]
        means = [mean(lines, key) for lines in found]
        deviation = max(statistics.stdev(line[key] for line in lines) for lines in found)
        of_paper = [float(figures[place].split(" ")[0]) for figures in sprites.PAPER.values()]
        yield row(
            "5.1",
            f"objectives differ no more than restarts, {name}",
            f"{min(of_paper):.2f} to {max(of_paper):.2f}, sd to {PAPER_DEVIATIONS[place]}",
            f"{fixed(min(means))} to {fixed(max(means))}, sd to {fixed(deviation)}",
            found[0],
            max(means) - min(means) <= deviation,
        )


def of_pruning() -> Iterator[tuple[str, ...]]:
    """At least one dimension falls silent on average, with either of the weights."""
    for corpus, name, paper in (("mnist", "MNIST", "3"), ("fashion_mnist", "Fashion-MNIST", "4")):
        found = [of("traversals", corpus=corpus, model=model) for model in (OF_PAPER, OF_CLASS)]
        means = [mean(lines, "pruned") for lines in found]
        yield row(
            "5.1",
            f"some of ten dimensions are pruned, {name}",
            paper,
            f"{fixed(means[0], 1)} at (4, 3), {fixed(means[1], 1)} at (.1, 3)",
            found[0],
            min(means) >= 1,
        )


def of_classes() -> Iterator[tuple[str, ...]]:
    """c holds more of the label than any dimension, and the digit stays more often than a VAE's without c."""
    for corpus, name in (("mnist", "MNIST"), ("fashion_mnist", "Fashion-MNIST")):
        for model, weights in ((OF_PAPER, "(4, 3)"), (OF_CLASS, "(.1, 3)")):
            lines = of("classes", corpus=corpus, model=model)
            gap = mean(lines, "gap")
            claim = f"c holds the label, {name}, {weights}"
            yield row("5.3", claim, "gap > 0", f"gap {fixed(gap)}", lines, gap > 0)
    lines, without = (of("classes", corpus="mnist", model=model) for model in (OF_CLASS, "VAE, no c"))
    held, other = (mean(of_model, "held_as_ink_moves") for of_model in (lines, without))
    claim, here = "the digit stays while the thickness moves", f"{fixed(held)}, VAE without c {fixed(other)}"
    yield row("5.3", claim, "pictures", here, lines, held > other)


def of_weights() -> Iterator[tuple[str, ...]]:
    """Both fall from the smallest weight to the largest; the gap at γ = 3 is positive."""
    equal = of("tradeoff", sweep="gamma = beta")
    weights = [line["beta"] for line in equal]
    ends = [[line for line in equal if line["beta"] == end(weights)] for end in (min, max)]
    for key, name in (("mutual_information", "I(x; z)"), ("total_correlation", "total correlation")):
        first, last = (mean(lines, key) for lines in ends)
        here = f"{fixed(first, 1)} to {fixed(last, 1)} nats"
        yield row("5.4", f"{name} falls as γ = β rises", "falls", here, equal, last < first)  # noqa: RUF001
    alone = of("tradeoff", gamma=3.0)
    weights = sorted({line["beta"] for line in alone})
    gaps = {beta: mean([line for line in alone if line["beta"] == beta], "gap") for beta in weights}
    best = max(gaps, key=gaps.__getitem__)
    for claim, beta in (("at β = 4", 4.0), ("at the best β", best)):
        here = f"gap {fixed(gaps[beta])} at β = {beta:g}"
        yield row("5.4", f"c holds the digit at γ = 3, {claim}", "gap > 0", here, alone, gaps[beta] > 0)  # noqa: RUF001


def of_unseen() -> Iterator[tuple[str, ...]]:
    """Unseen combinations lose less than a VAE's do, each against its control."""
    lost = {}
    for model in (OF_CLASS, "VAE, no c"):
        seen, unseen = (
            mean(of("unseen", model=model, left_out=how), "bound_unseen")
            for how in ("random", "combinations")
        )
        lost[model] = seen - unseen
    here = f"{fixed(lost[OF_CLASS], 1)} nats lost, VAE {fixed(lost['VAE, no c'], 1)}"
    of_model = of("unseen", model=OF_CLASS)
    claim, agrees = "codes hold for unseen combinations", lost[OF_CLASS] < lost["VAE, no c"]
    yield row("5.5", claim, "pictures", here, of_model, agrees)


CLAIMS = (of_scores, of_pruning, of_classes, of_weights, of_unseen)


if __name__ == "__main__":
    main()
