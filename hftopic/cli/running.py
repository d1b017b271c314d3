"""``run``: from a file of texts to a report, in one command."""

import shlex
import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.assigning import check_table, write_topics
from hftopic.cli.beforehand import beforehand_options
from hftopic.cli.columns import text_column_of
from hftopic.cli.contents import check_contents, documents_in_words, warnings_on
from hftopic.cli.embeddings import COUNTS, check_held, check_read, encoder_input_option
from hftopic.cli.interruption import EndOfEpoch
from hftopic.cli.modelling import outcome, train_and_save, unfitted
from hftopic.cli.options import check_free, command_options, quiet_option, seed_option, style_options
from hftopic.cli.plans import (
    cost_of_many_topics,
    default_groups,
    duration,
    epochs_of,
    expected_seconds,
    groups_in_words,
)
from hftopic.cli.progress import Lines
from hftopic.cli.reporting import draw_without_windows
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show_values
from hftopic.cli.terminal import note
from hftopic.cli.values import Groups, existing_path, new_path

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus


@dataclass(frozen=True)
class Targets:
    """Files and folders that a run writes."""

    report: Path
    model: Path
    corpus: Path | None
    table: Path | None

    def check(self, force: bool) -> None:
        """Check before any work that all can be written.

        Raises
        ------
        click.ClickException, FileExistsError
            One of them cannot.
        """
        from hftopic.data.formats import writer_of
        from hftopic.models.folder import check_replaceable

        check_free(self.report, force, is_file=True)
        check_replaceable(self.model)
        check_free(self.model, force)
        if self.corpus is not None:
            writer_of(self.corpus)
            check_free(self.corpus, force)
        if self.table is not None:
            check_table(self.table, force, "--save-table")

    def lines(self) -> list[str]:
        """What is written, one line a target."""
        named = {"model": self.model, "corpus": self.corpus, "table": self.table, "report": self.report}
        return [f"{name}: {path}" for name, path in named.items() if path is not None]


@click.command()
@click.argument("corpus", type=existing_path)
@click.option("--out", type=new_path, required=True, help="HTML report to write, such as report.html.")
@click.option(
    "--save-model",
    "model",
    type=new_path,
    help="Folder for the model.  [default: beside the report, report-model for report.html]",
)
@click.option("--save-corpus", "folder", type=new_path, help="Also save the corpus in this folder.")
@click.option(
    "--save-table",
    "table",
    type=new_path,
    help="Also write the topics of each document (.csv, .jsonl, .parquet or .npz).",
)
@click.option("--force", is_flag=True, help="Replace what exists already.")
@click.option("--title", help="Heading of the report.  [default: the name of CORPUS]")
@click.option(
    "--groups",
    type=Groups(),
    help="Number of topics in each group, such as 25,25.  [default: two groups of 5 to 25, by the number of "
    "documents]",
)
@click.option(
    "--epochs",
    "max_iter",
    type=click.IntRange(1),
    help="Passes over the documents.  [default: by the size of the corpus]",
)
@beforehand_options
@encoder_input_option
@click.option("--device", help="Device to train on: auto, cpu, cuda …  [default: auto]")
@seed_option
@click.option("--plan", "plan_only", is_flag=True, help="Print the plan and stop.")
@click.option(
    "--keep-interrupted",
    is_flag=True,
    help="When interrupted (Ctrl-C or SIGTERM), end the current epoch and save the model, without a report.",
)
@quiet_option
@corpus_options
@style_options
@command_options
def run(
    source: Source,
    out: Path,
    model: Path | None,
    folder: Path | None,
    table: Path | None,
    force: bool,
    title: str | None,
    groups: Any,
    max_iter: int | None,
    encoder_input: str | None,
    device: str | None,
    seed: int,
    plan_only: bool,
    keep_interrupted: bool,
    quiet: bool,
    style: Style,
    **beforehand: Any,
) -> None:
    """From CORPUS to a report, in one command.

    CORPUS is read, a model is fitted and saved, and the report is written. A plan comes first: the documents
    and words, the groups, the epochs, the expected time, and what is written. If no column of texts is named,
    the only one with long texts is read. The last lines are the commands to go on with.
    """
    targets = Targets(out, out.with_name(f"{out.stem}-model") if model is None else model, folder, table)
    inputs = [encoder_input or COUNTS]
    if folder is None:  # where embeddings are kept, also if they are not read
        check_read(source, inputs)
    targets.check(force)
    settings = {"max_iter": max_iter, "device": device, "random_state": seed, "groups": groups, **beforehand}
    settings["encoder_input"] = encoder_input
    estimator = unfitted("prodlda", "hfvae", verbose=_shows_bar(quiet), **settings)
    source = with_texts(source)
    note_unless(quiet, f"Reading {source.path}")
    documents = source.read_or_open(prefer="train", explain=not quiet)
    check_contents(documents)
    check_held(documents, inputs)
    if groups is None:
        estimator.set_params(groups=default_groups(len(documents)))
    if not quiet or plan_only:
        show_plan(estimator, source, documents, targets)
    if plan_only:
        return
    with EndOfEpoch() if keep_interrupted else nullcontext() as end:
        lines = [] if quiet or _shows_bar(quiet) else [Lines(epochs_of(estimator, len(documents)))]
        train_and_save(estimator, documents, targets.model, end, lines)
    if end is not None and end.received is not None:
        note(f"Interrupted after epoch {estimator.n_iter_}: the model of this epoch is in {targets.model}")
        show_next(targets, [("report", [*source.again, "--out", str(out)])])
        click.get_current_context().exit(end.exit_code)
    write_results(estimator, documents, targets, title or source.path.stem, seed, quiet)
    written = {name: str(path) for name, path in vars(targets).items() if path is not None}
    show_values({**written, **outcome(estimator, documents)}, style)
    if not quiet:
        show_next(targets, next_steps(estimator, source, targets))


def _shows_bar(quiet: bool) -> int:
    return int(not quiet and sys.stderr.isatty())


def note_unless(quiet: bool, text: str) -> None:
    """A note, unless it is not wanted."""
    if not quiet:
        note(text)


def with_texts(source: Source) -> Source:
    """The source with the only column of long texts, if none is named."""
    if source.arguments["text_column"] is not None or not source.path.is_file():
        return source
    column = text_column_of(source.path, source.arguments)
    if column is None:
        return source
    note(f"The texts are in the column {column!r}, the only one with long texts (--text-column)")
    return replace(source, arguments={**source.arguments, "text_column": column})


def show_plan(estimator: Any, source: Source, documents: "Corpus | ShardedCorpus", targets: Targets) -> None:
    """Note what will be done, how long it will take, and what will be written."""
    for told in (cost_of_many_topics(estimator, documents), *warnings_on(documents)):
        if told:
            note(f"Warning: {told}")
    seconds = expected_seconds(estimator, documents)
    n_epochs = epochs_of(estimator, len(documents))
    note("Plan")
    for line in documents_in_words(source, documents):
        note(f"  read    {line}")
    note(f"  fit     {groups_in_words(estimator.groups)} in {n_epochs} epochs: about {duration(seconds)}")
    for line in targets.lines():
        note(f"  write   {line}")


def write_results(
    fitted: Any, documents: "Corpus | ShardedCorpus", targets: Targets, title: str, seed: int, quiet: bool
) -> None:
    """Write the corpus, the table and the report of a run."""
    from hftopic.data.columns import is_sharded
    from hftopic.data.formats import write_corpus
    from hftopic.report import write_report

    if targets.corpus is not None:
        write_corpus(documents, targets.corpus, format="shards" if is_sharded(documents) else None)
    if targets.table is not None:
        write_topics(fitted, documents, targets.table, quiet=quiet)
    note_unless(quiet, f"Writing {targets.report}")
    draw_without_windows()
    write_report(fitted, documents, targets.report, title=title, random_state=seed, verbose=_shows_bar(quiet))


def next_steps(fitted: Any, source: Source, targets: Targets) -> list[tuple[str, list[str]]]:
    """Commands to go on with: each verb, and its arguments after the model."""
    beside = targets.report.with_name
    largest = int(fitted.topic_summary_["documents"].argmax())
    steps = [
        ("topics", []),
        ("documents", [*source.again, "--topic", str(largest)]),
        ("names", ["--out", str(beside("names.csv"))]),
    ]
    table = ("transform", [*source.again, "--out", str(beside("topics.csv"))])
    return steps if targets.table is not None else [*steps, table]


def show_next(targets: Targets, steps: list[tuple[str, list[str]]]) -> None:
    """Note commands that can be copied into a shell."""
    note("Next")
    if targets.report.exists():
        note(f"  open {shlex.quote(str(targets.report))} in a browser")
    for verb, arguments in steps:
        note("  " + shlex.join(["hftopic", verb, str(targets.model), *arguments]))
