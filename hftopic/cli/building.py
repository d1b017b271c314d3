"""``corpus build``: shards from texts that are larger than memory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hftopic._wording import counted
from hftopic.cli.options import (
    check_free,
    command_options,
    quiet_option,
    style_options,
    vocabulary_option,
)
from hftopic.cli.sources import explain_words, input_options
from hftopic.cli.tables import Style, show_values
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path, new_path


@click.command("corpus build")
@click.argument("inputs", type=existing_path, nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", type=new_path, required=True, help="Folder to write the shards to.")
@click.option("--force", is_flag=True, help="Replace an existing --out.")
@click.option(
    "--restart",
    is_flag=True,
    help="Start again where another build to --out was not finished: of other inputs, or with other options.",
)
@click.option("--keep-texts", is_flag=True, help="Keep the original texts, which take more room than counts.")
@click.option(
    "--table-size",
    type=click.IntRange(1),
    default=1_000_000,
    show_default=True,
    help="Largest number of words that are counted at a time; some 200 bytes each.",
)
@click.option(
    "--jobs",
    "n_jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of processes that count words.",
)
@quiet_option
@vocabulary_option
@input_options
@style_options
@command_options
def build(
    asked: dict[str, Any],
    inputs: tuple[Path, ...],
    out: Path,
    force: bool,
    restart: bool,
    keep_texts: bool,
    table_size: int,
    n_jobs: int,
    quiet: bool,
    vocabulary: Path | None,
    style: Style,
) -> None:
    """Build a corpus from texts that need not fit into memory.

    INPUT is one or more files or folders of texts. The corpus is a folder of shards, which the other commands
    read. If the command is stopped or killed, the same command goes on. A file or folder that is called build
    is described with: hftopic corpus ./build
    """
    from hftopic.data.building import build_corpus

    check_free(out, force)
    with _told_how_to_go_on(out):
        corpus = build_corpus(
            inputs,
            out,
            vocabulary=vocabulary,
            keep_texts=keep_texts,
            table_size=table_size,
            restart=restart,
            n_jobs=n_jobs,
            verbose=not quiet and sys.stderr.isatty(),
            **asked,
        )
    if vocabulary is None:
        explain_words(corpus)
    note(f"{counted(len(corpus), 'document')} in {out}")
    known = {
        "documents": corpus.n_documents,
        "empty_documents": corpus.n_empty,
        "words": corpus.n_words,
        "tokens": corpus.n_tokens,
        "parts": len(corpus.parts),
    }
    show_values(known, style)


@contextmanager
def _told_how_to_go_on(out: Path) -> Iterator[None]:
    """A note after an interruption, if pieces were kept."""
    from hftopic.data.building.plan import folder_of

    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        folder = folder_of(out)
        if folder.is_dir():
            note(f"What is counted is kept in {folder}; repeat the command to go on")
        raise
