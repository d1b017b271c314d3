"""Embeddings on the command line: what the encoder reads, and whether it is there and is read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hftopic.cli.terminal import note

if TYPE_CHECKING:
    from hftopic.cli.sources import Source
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus
    from hftopic.models.fitted import FittedModel

COUNTS = "counts"  # the default of the models
INPUTS = (COUNTS, "embeddings", "both")

HELP = "What the encoder reads of a document: its words, its embedding (see --embeddings), or both."

encoder_input_option = click.option(
    "--encoder-input", type=click.Choice(INPUTS), help=f"{HELP}  [default: {COUNTS}]"
)


def check_read(source: "Source", inputs: Sequence[str]) -> None:
    """Check before any work that an encoder reads the embeddings that an option names.

    Raises
    ------
    click.UsageError
        All encoders read counts alone.
    """
    if source.names_embeddings and all(one == COUNTS for one in inputs):
        raise click.UsageError(
            f"{source.names_embeddings} is not read with --encoder-input {COUNTS}, the default; pass "
            "--encoder-input both or embeddings"
        )


def check_held(documents: "Corpus | ShardedCorpus", inputs: Sequence[str]) -> None:
    """Check that documents have the embeddings that encoders read.

    Raises
    ------
    click.UsageError
        They have none.
    """
    reading = [one for one in inputs if one != COUNTS]
    if reading and documents.embeddings is None:
        raise click.UsageError(
            f"--encoder-input {reading[0]} needs embeddings of the documents: pass --embeddings, or a CORPUS "
            "that has some (--embedding-column)"
        )


def warn_of_unread(source: "Source", model: "FittedModel") -> None:
    """Warn if an option names embeddings, and the encoder of the model reads none."""
    from hftopic.data.embeddings import encoder_input_of

    if source.names_embeddings and encoder_input_of(model) == COUNTS:
        note(f"Warning: {source.names_embeddings} is not used: the encoder of the model reads counts alone")
