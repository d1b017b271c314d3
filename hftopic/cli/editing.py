"""``edit``: topics of a saved model are merged, dropped and renamed, and saved as another model."""

from collections.abc import Sequence
from pathlib import Path

import click

from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import check_free, command_options, style_options
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path, new_path


@click.command()
@model_options
@click.argument("corpus", type=existing_path, required=False)
@click.option(
    "--merge",
    "merged",
    multiple=True,
    metavar="IDS",
    help="Topics that become one, such as 3,7; the first gives its number; repeatable.",
)
@click.option(
    "--drop",
    "dropped",
    multiple=True,
    metavar="IDS",
    help="Topics to leave out, such as 12,15. Can be repeated.",
)
@click.option(
    "--name", "named", multiple=True, metavar="ID=NAME", help="Name of a topic that is left; repeatable."
)
@click.option("--suggest", is_flag=True, help="Print pairs of topics that have the same words.")
@click.option("--out", type=new_path, help="Folder of the edited model.")
@click.option("--force", is_flag=True, help="Replace an existing model.")
@corpus_options
@style_options
@command_options
def edit(
    model: SavedModel,
    source: Source | None,
    merged: tuple[str, ...],
    dropped: tuple[str, ...],
    named: tuple[str, ...],
    suggest: bool,
    out: Path | None,
    force: bool,
    style: Style,
) -> None:
    """Merge, drop and rename topics of MODEL, and save the result in --out.

    Topics keep their numbers; a merged topic has that of the first. CORPUS, such as the training corpus, is
    needed to merge and drop, because the numbers of all topics are computed over its documents: over the
    split "train", if it has splits. MODEL stays as it is. Every command takes the edited model.
    """
    edits = (merged, dropped, named)
    if suggest and (any(edits) or out is not None):
        raise click.UsageError("--suggest changes nothing: give it without --merge, --drop, --name and --out")
    if not suggest and (out is None or not any(edits)):
        raise click.UsageError("give --out and at least one of --merge, --drop and --name; or --suggest")
    merges = [_ids(topics, "--merge") for topics in merged]
    drops = [topic for topics in dropped for topic in _ids(topics, "--drop")]
    names = _names(named)
    if out is not None:
        from hftopic.models.folder import check_replaceable

        check_replaceable(out)
        check_free(out, force)
    fitted = model.read() if source is None else model.read_with_words()
    documents = (
        None if source is None else source.read_or_open(fitted, words_file=model.vocabulary, prefer="train")
    )
    if out is None:
        from hftopic.analysis import suggest_merges

        show(suggest_merges(fitted, documents), style)
        return
    if documents is None and (merges or drops):
        raise click.UsageError("--merge and --drop need CORPUS, such as the one MODEL was fitted on")
    from hftopic import edit_topics
    from hftopic.analysis import topic_summary

    edited = edit_topics(fitted, merge=merges, drop=drops, names=names, X=documents)
    edited.save(out)
    show(topic_summary(edited)[["topic", "group", "name", "documents", "active"]], style)
    note(f"{len(edited.topic_ids_)} of {len(fitted.topic_ids_)} topics; the edited model is saved in {out}")


def _ids(text: str, option: str) -> list[int]:
    """Numbers of topics between commas.

    Raises
    ------
    click.BadParameter
        One is no number.
    """
    parts = [part.strip() for part in text.split(",")]
    wrong = next((part for part in parts if not part.isdecimal()), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not the number of a topic; write 3,7", param_hint=option)
    return [int(part) for part in parts]


def _names(named: Sequence[str]) -> dict[int, str]:
    """Names by number, from texts such as "0=faith".

    Raises
    ------
    click.BadParameter
        A text has no number or no name, or a topic is named twice.
    """
    names: dict[int, str] = {}
    for text in named:
        number, _, name = text.partition("=")
        if not number.strip().isdecimal() or not name.strip():
            raise click.BadParameter(f"{text!r} is not ID=NAME, such as 0=faith", param_hint="--name")
        if int(number) in names:
            raise click.BadParameter(f"topic {int(number)} is named twice", param_hint="--name")
        names[int(number)] = name
    return names
