"""``demo``: grouped topics of a corpus that needs no download."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hftopic.cli.inspection import shortened, show_groups, shown_topics, with_names
from hftopic.cli.options import check_free, command_options, seed_option
from hftopic.cli.reporting import draw_without_windows
from hftopic.cli.tables import Style, show, show_tables
from hftopic.cli.terminal import note, put
from hftopic.cli.values import Integers, new_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic import ProdLDA
    from hftopic.data.corpus import Corpus

N_PAIRS = 10


@click.command()
@click.option(
    "--groups", type=Integers(), default="15,15", show_default=True, help="Number of topics in each group."
)
@click.option(
    "--epochs", type=click.IntRange(1), default=30, show_default=True, help="Passes over the documents."
)
@click.option("--documents", type=click.IntRange(10), help="Maximum number of documents.  [default: all]")
@click.option("--package", "packages", multiple=True, help="Read only this package; repeat for several.")
@seed_option
@click.option(
    "--report",
    "page",
    type=new_path,
    default="hftopic-demo.html",
    show_default=True,
    help="HTML report to write.",
)
@click.option("--json", "style", flag_value="json", help="Print JSON.")
@command_options
def demo(
    groups: tuple[int, ...],
    epochs: int,
    documents: int | None,
    packages: tuple[str, ...],
    seed: int,
    page: Path,
    style: Style,
) -> None:
    """Fit grouped topics on the docstrings of installed packages and show the result.

    The corpus is made of the docstrings of the installed scientific Python packages. The command prints the
    active topics of each group, the strongest correlations across groups, and the coherence of each topic.
    It also writes an HTML report.
    """
    check_free(page, force=True, is_file=True)
    note("Reading the docstrings of the installed packages")
    corpus = docstrings(packages, documents, seed)
    note(f"Fitting groups of {' and '.join(map(str, groups))} topics on {corpus!r}")
    model = fitted(corpus, groups, epochs, seed)
    tables = tables_of(model, corpus, seed)
    write_page(model, corpus, page, seed)
    if style == "json":
        show_tables(tables)
        return
    put("Active topics, most informative first (information in nats)\n")
    show_groups(tables["topics"], None)
    put()
    show(shortened(tables["pairs"]), heading="Strongest pairs of topics across groups")
    put()
    show(tables["coherence"], heading="Coherence of the active topics (NPMI in windows of 10 tokens)")


def docstrings(packages: tuple[str, ...], n_documents: int | None, seed: int) -> "Corpus":
    """Corpus of docstrings, or a random sample of it."""
    import numpy as np

    from hftopic import load_docstrings

    corpus: Corpus = load_docstrings(packages or None)
    if n_documents is None or n_documents >= len(corpus):
        return corpus
    return corpus[np.random.default_rng(seed).choice(len(corpus), n_documents, replace=False)]


def fitted(corpus: "Corpus", groups: tuple[int, ...], epochs: int, seed: int) -> "ProdLDA":
    """Fitted model of the demonstration."""
    from hftopic import ProdLDA

    verbose = int(sys.stderr.isatty())
    return ProdLDA(groups=groups, max_iter=epochs, random_state=seed, verbose=verbose).fit(corpus)


def write_page(model: "ProdLDA", corpus: "Corpus", path: Path, seed: int) -> None:
    """Write the report, or print a note if a package for it is missing."""
    from hftopic.report import write_report

    draw_without_windows()
    try:
        write_report(model, corpus, path, title="Docstrings", measures=["c_npmi"], random_state=seed)
    except ImportError as error:
        note(f"No report: {error}")
    else:
        note(f"Wrote the report {path}: open it in a browser")


def tables_of(model: "ProdLDA", corpus: "Corpus", seed: int) -> "dict[str, pd.DataFrame]":
    """Tables that the demonstration prints, by name."""
    from hftopic.analysis import topic_coherence, topic_correlation, topic_summary

    note("Measuring information, correlation and coherence")
    shown = shown_topics(topic_summary(model, corpus), every=False)
    coherence = topic_coherence(model.top_words().loc[shown["topic"]], corpus)
    pairs = topic_correlation(model, corpus, active=shown["topic"], random_state=seed)
    coherence["name"] = model.topic_names_[coherence["topic"].to_numpy(dtype=int)]
    columns = ["topic", "group", "name", "information", "documents", "share", "words"]
    scored = ["topic", "group", "name", "c_npmi", "words"]
    return {
        "topics": shown[columns].sort_values("information", ascending=False),
        "pairs": with_names(pairs.across().head(N_PAIRS), model),
        "coherence": coherence.sort_values("c_npmi", ascending=False)[scored],
    }
