"""``report``: HTML report of a model on a corpus."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from hftopic.cli.inspection import MEASURES, all_option
from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import (
    check_free,
    command_options,
    permutations_option,
    quiet_option,
    seed_option,
    words_option,
)
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_file, existing_path, new_path


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option("--out", type=new_path, required=True, help="HTML file to write, such as report.html.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--title", default=None, help="Heading of the report.  [default: the name of CORPUS]")
@all_option
@click.option(
    "--coherence",
    "measures",
    type=click.Choice(MEASURES),
    multiple=True,
    default=["c_npmi", "c_v"],
    show_default=True,
    help="Coherence measure; repeat for several.",
)
@words_option(lowest=2)
@click.option(
    "--documents",
    "n_documents",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Maximum number of searchable documents in the report.",
)
@click.option("--texts", type=existing_file, help="File with the original texts, one document per line.")
@click.option(
    "--dates",
    type=existing_file,
    help="File with the date or year of each document, one per line; adds topics over time.",
)
@click.option(
    "--effects",
    metavar="FORMULA",
    help='Columns of CORPUS, such as "rating + bs(day, df=4)"; adds their effects on the topics.',
)
@permutations_option
@seed_option
@quiet_option
@corpus_options
@command_options
def report(
    model: SavedModel,
    source: Source,
    out: Path,
    force: bool,
    title: str | None,
    every: bool,
    measures: tuple[str, ...],
    n_words: int,
    n_documents: int,
    texts: Path | None,
    dates: Path | None,
    effects: str | None,
    permutations: int,
    seed: int,
    quiet: bool,
) -> None:
    """Write a self-contained HTML report of MODEL on CORPUS.

    The report shows the topics by group, the active topics, correlations, a map, coherence, topics by label
    and over time, training curves, searchable documents, and the settings. Every table can be downloaded as
    CSV.
    """
    check_free(out, force, is_file=True)
    from hftopic.report import write_report

    draw_without_windows()
    fitted = model.read_with_words()
    write_report(
        fitted,
        source.read_or_open(fitted, words_file=model.vocabulary),
        out,
        title=source.path.stem if title is None else title,
        topics="all" if every else "active",
        texts=None if texts is None else lines_of(texts, source.encoding),
        dates=None if dates is None else dates_of(dates, source.encoding),
        effects=effects,
        n_words=n_words,
        measures=measures,
        n_documents=n_documents,
        n_permutations=permutations,
        random_state=seed,
        verbose=int(not quiet and sys.stderr.isatty()),
    )
    if not quiet:
        note(f"Wrote {out}, {out.stat().st_size / 1e6:.1f} MB")


def lines_of(path: Path, encoding: str) -> list[str | None]:
    """Lines of a file; a blank line is None."""
    from hftopic.data.formats.lines import read_list

    return [line.strip() or None for line in read_list(path, encoding)]


def dates_of(path: Path, encoding: str) -> Any:
    """Lines of a file as dates or numbers; a blank line is missing."""
    from hftopic.data.dates import DateError, as_dates

    try:
        return as_dates(lines_of(path, encoding))
    except DateError as error:
        raise click.ClickException(f"{path}, line {error.place + 1}: {error.reason}") from error


def draw_without_windows() -> None:
    """Select a matplotlib backend without windows, before matplotlib is imported; overrides user settings."""
    os.environ["MPLBACKEND"] = "agg"
