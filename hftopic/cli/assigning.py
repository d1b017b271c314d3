"""``transform``: the topics of each document, as a table."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hftopic._wording import counted
from hftopic.cli.contents import repeated_ids
from hftopic.cli.inspection import all_option, note_on_shares
from hftopic.cli.job import in_processes, n_processes
from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import check_free, command_options, quiet_option
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import show, show_csv
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path, new_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus
    from hftopic.models.fitted import FittedModel


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option(
    "--out",
    type=new_path,
    help="File to write (.csv, .jsonl, .parquet or .npz).  [default: CSV on standard output]",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@all_option
@quiet_option
@corpus_options
@command_options
@in_processes
def transform(
    model: SavedModel, source: Source, out: Path | None, force: bool, every: bool, quiet: bool
) -> None:
    """Write the topics of each document as a table.

    There is a row for each document of CORPUS, with its id (its number if the corpus has none), label and
    date, its leading topic with the name and share of the topic, the other columns of the corpus, and the
    share of each topic. The columns id, label and date have these names whatever they are called in CORPUS.
    Shares are over the topics in use and sum to 1; a document without words has none. For NVDM, whose topics
    are signed, the values are posterior means.

    With --out, a table of the topics follows: how many documents each leads, and its share of them.

    Documents are read and written some thousand at a time; with several processes, as in
    "torchrun --nproc-per-node=2 -m hftopic transform ...", each takes a part of them.
    """
    if out is None and n_processes() > 1:
        raise click.UsageError("several processes write one file: give it with --out")
    if out is not None:
        check_table(out, force)
    fitted = model.read_with_words()
    documents = source.read_or_open(fitted, words_file=model.vocabulary)
    if out is None:
        print_topics(fitted, documents, every)
        return
    leading = write_topics(fitted, documents, out, every, quiet)
    if not quiet:
        show(leading)
        note_on_shares(leading.attrs.get("remainder"))
        for told in repeated_ids(documents):
            note(f"Warning: {told}")
        note(f"{counted(leading.attrs['n_documents'], 'document')} in {out}")


def check_table(out: Path, force: bool, option: str = "--out") -> None:
    """Check before any work that a table can be written to a file.

    Raises
    ------
    click.ClickException
        It cannot.
    """
    from hftopic.analysis.documents.files import part_for

    try:
        part_for(out)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None
    except ModuleNotFoundError as error:
        raise click.ClickException(str(error)) from None
    check_free(out, force, is_file=True)


def print_topics(fitted: "FittedModel", documents: "Corpus | ShardedCorpus", every: bool) -> None:
    """Print the topics of each document as CSV."""
    from hftopic.analysis.documents.stream import DocumentStream

    stream = DocumentStream(fitted, documents, "all" if every else "active")
    for place, table in enumerate(stream):
        show_csv(table, header=place == 0)
    stream.leading(stream.counts)  # warns of empty documents


def write_topics(
    fitted: "FittedModel",
    documents: "Corpus | ShardedCorpus",
    out: Path,
    every: bool = False,
    quiet: bool = False,
) -> "pd.DataFrame":
    """Write the topics of each document, and return how many documents each topic leads."""
    from hftopic.analysis import write_document_topics

    verbose = not quiet and sys.stderr.isatty()
    return write_document_topics(fitted, documents, out, topics="all" if every else "active", verbose=verbose)
