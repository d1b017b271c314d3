"""``demo``: grouped topics of a corpus that is on the machine already."""

import json
import sys
from typing import TYPE_CHECKING

import click

from hftopic.cli.inspection import shortened, show_groups
from hftopic.cli.options import Integers, command_options, note
from hftopic.cli.tables import Style, records, show

if TYPE_CHECKING:
    import pandas as pd

N_PAIRS = 10


@click.command()
@click.option("--groups", type=Integers(), default="15,15", show_default=True, help="Topics of each group.")
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True)
@click.option("--documents", type=click.IntRange(10), help="Use only so many documents.  [default: all]")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--json", "style", flag_value="json", help="Print JSON.")
@command_options
def demo(groups: tuple[int, ...], epochs: int, documents: int | None, seed: int, style: Style) -> None:
    """Fit grouped topics on installed docstrings, and show them.

    The corpus is the documentation of the scientific Python packages that are installed here. Prints the active topics of each group, the pairs of topics that go together across groups, and the
    coherence of each topic.
    """
    note("Reading the docstrings of the installed packages")
    tables = found_in_docstrings(groups, epochs, documents, seed)
    if style == "json":
        click.echo(json.dumps({name: records(table) for name, table in tables.items()}, indent=1))
        return
    click.echo("Active topics, most informative first (information: nats a document)\n")
    show_groups(tables["topics"], None)
    click.echo()
    show(shortened(tables["pairs"]), heading="Strongest pairs of topics across groups")
    click.echo()
    show(tables["coherence"], heading="Coherence of the active topics (c_npmi)")


def found_in_docstrings(
    groups: tuple[int, ...], epochs: int, documents: int | None, seed: int
) -> "dict[str, pd.DataFrame]":
    """Tables that the demonstration prints, by name."""
    import numpy as np

    from hftopic import ProdLDA, load_docstrings
    from hftopic.analysis import topic_coherence, topic_correlation, topic_summary

    corpus = load_docstrings()
    if documents is not None and documents < len(corpus):
        corpus = corpus[np.random.default_rng(seed).choice(len(corpus), documents, replace=False)]
    note(f"Fitting groups of {' and '.join(map(str, groups))} topics on {corpus!r}")
    verbose = int(sys.stderr.isatty())
    model = ProdLDA(groups=groups, max_iter=epochs, random_state=seed, verbose=verbose).fit(corpus)
    note("Measuring information, correlation and coherence")
    summary = topic_summary(model, corpus)
    active = summary["active"].to_numpy()
    columns = ["topic", "group", "information", "proportion", "words"]
    return {
        "topics": summary.loc[active, columns].sort_values("information", ascending=False),
        "pairs": topic_correlation(model, corpus, active=active, random_state=seed).across().head(N_PAIRS),
        "coherence": topic_coherence(model, corpus)[active].sort_values("c_npmi", ascending=False),
    }
