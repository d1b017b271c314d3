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
import traversals

sys.path.append(str(Path(__file__).parents[1]))
import quoted
from figures import Line, Table, fixed
from quoted_in_images import nats_lost

NAMES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
AGREES = {True: "yes", False: "no"}
OF_PAPER, OF_CLASS = "HFVAE (4, 3)", "HFVAE (.1, 3)"
"""Weights of the paper's table 3, and weights at which information is cheaper in the class."""


def main() -> None:
    print(table_of())


def table_of() -> Table:
    """All claims, a row each."""
    header = ("section", "claim", "the paper", "here", "restarts", "agrees")
    return Table(header, tuple(row for claims in CLAIMS for row in claims()))


def row(
    section: str, claim: str, paper: str, here: str, lines: Sequence[Line], agrees: bool
) -> tuple[str, ...]:
    """A claim and what came of it."""
    restarts = len({line["seed"] for line in lines})
    return (section, claim, paper, here, str(restarts), AGREES[agrees])


def of_scores() -> Iterator[tuple[str, ...]]:
    """Objectives differ by at most the largest deviation over restarts, as in the paper's table 3."""
    for place, key, name in ((0, "kim_mnih", "Kim-Mnih"), (1, "disentanglement", "Eastwood-Williams")):
        found = [quoted.where("images/sprites", model=model) for model in sprites.PAPER]
        means = [quoted.value("images/sprites", key, model=model) for model in sprites.PAPER]
        deviation = max(statistics.stdev(line[key] for line in lines) for lines in found)
        of_paper, deviations = zip(
            *(figures[place].split(" ± ") for figures in sprites.PAPER.values()), strict=True
        )
        yield row(
            "5.1",
            f"objectives differ no more than restarts, {name}",
            f"{min(of_paper)} to {max(of_paper)}, sd to {max(deviations)}",
            f"{fixed(min(means))} to {fixed(max(means))}, sd to {fixed(deviation)}",
            found[0],
            max(means) - min(means) <= deviation,
        )


def of_pruning() -> Iterator[tuple[str, ...]]:
    """At least one dimension falls silent on average, with either of the weights."""
    for corpus, name in NAMES.items():
        models = (OF_PAPER, OF_CLASS)
        means = [quoted.value("images/traversals", "pruned", corpus=corpus, model=model) for model in models]
        yield row(
            "5.1",
            f"some of ten dimensions are pruned, {name}",
            traversals.PAPER[corpus],
            f"{fixed(means[0], 1)} at (4, 3), {fixed(means[1], 1)} at (.1, 3)",
            quoted.where("images/traversals", corpus=corpus, model=OF_PAPER),
            min(means) >= 1,
        )


def of_classes() -> Iterator[tuple[str, ...]]:
    """c holds more of the label than any dimension, and the digit stays more often than a VAE's without c."""
    for corpus, name in NAMES.items():
        for model, weights in ((OF_PAPER, "(4, 3)"), (OF_CLASS, "(.1, 3)")):
            lines = quoted.where("images/classes", corpus=corpus, model=model)
            gap = quoted.value("images/classes", "gap", corpus=corpus, model=model)
            claim = f"c holds the label, {name}, {weights}"
            yield row("5.3", claim, "gap > 0", f"gap {fixed(gap)}", lines, gap > 0)
    lines = quoted.where("images/classes", corpus="mnist", model=OF_CLASS)
    held, other = (
        quoted.value("images/classes", "held_as_ink_moves", corpus="mnist", model=model)
        for model in (OF_CLASS, "VAE, no c")
    )
    claim, here = "the digit stays while the thickness moves", f"{fixed(held)}, VAE without c {fixed(other)}"
    yield row("5.3", claim, "pictures", here, lines, held > other)


def of_weights() -> Iterator[tuple[str, ...]]:
    """Both fall from the smallest weight to the largest; the gap at γ = 3 is positive."""
    equal = quoted.where("images/tradeoff", sweep="gamma = beta")
    weights = [line["beta"] for line in equal]
    for key, name in (("mutual_information", "I(x; z)"), ("total_correlation", "total correlation")):
        first, last = (
            quoted.value("images/tradeoff", key, sweep="gamma = beta", beta=end)
            for end in (min(weights), max(weights))
        )
        here = f"{fixed(first, 1)} to {fixed(last, 1)} nats"
        yield row("5.4", f"{name} falls as γ = β rises", "falls", here, equal, last < first)  # noqa: RUF001
    alone = quoted.where("images/tradeoff", gamma=3.0)
    weights = sorted({line["beta"] for line in alone})
    gaps = {beta: quoted.value("images/tradeoff", "gap", gamma=3.0, beta=beta) for beta in weights}
    best = max(gaps, key=gaps.__getitem__)
    for claim, beta in (("at β = 4", 4.0), ("at the best β", best)):
        here = f"gap {fixed(gaps[beta])} at β = {beta:g}"
        yield row("5.4", f"c holds the digit at γ = 3, {claim}", "gap > 0", here, alone, gaps[beta] > 0)  # noqa: RUF001


def of_unseen() -> Iterator[tuple[str, ...]]:
    """Unseen combinations lose less than a VAE's do, each against its control."""
    lost, of_vae = nats_lost(OF_CLASS), nats_lost("VAE, no c")
    here = f"{fixed(lost, 1)} nats lost, VAE {fixed(of_vae, 1)}"
    of_model = quoted.where("images/unseen", model=OF_CLASS)
    yield row("5.5", "codes hold for unseen combinations", "pictures", here, of_model, lost < of_vae)


CLAIMS = (of_scores, of_pruning, of_classes, of_weights, of_unseen)


if __name__ == "__main__":
    main()
