"""``names``: the names of the topics of a saved model, as a table to edit and to read back."""

from pathlib import Path

import click

from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import check_free, command_options, style_options
from hftopic.cli.tables import Style, show, write_csv
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_file, new_path


@click.command()
@model_options
@click.option("--out", type=new_path, help="CSV file to write, with the columns topic and name, for editing.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option(
    "--set",
    "given",
    type=existing_file,
    help="CSV file with the columns topic and name: name these topics, and save the model.",
)
@click.option("--reset", is_flag=True, help="Give all topics their automatic names, and save the model.")
@style_options
@command_options
def names(
    model: SavedModel, out: Path | None, force: bool, given: Path | None, reset: bool, style: Style
) -> None:
    """Print or change the names of topics.

    Names are saved with the model and used everywhere: in tables, figures, reports and exports. Write them
    with --out, edit the file, and give it back with --set. Topics that the file leaves out keep their names;
    an empty name is the automatic one.
    """
    if given is not None and reset:
        raise click.UsageError("--set and --reset cannot be used together; choose one")
    if out is not None:
        check_free(out, force, is_file=True)
    fitted = model.read()
    if given is not None or reset:
        from hftopic.models.folder import check_replaceable

        check_replaceable(model.path)
        fitted.set_topic_names(given)
        fitted.save(model.path)
        note(f"The names are saved in {model.path}")
    from hftopic.analysis import topic_summary

    table = topic_summary(fitted)
    if out is None:
        show(table[["topic", "group", "name", "documents", "active"]], style)
        return
    from hftopic._files import written_whole

    with written_whole(out) as draft:
        write_csv(table[["topic", "name", "words"]], draft, "utf-8-sig")  # with the mark that Excel needs
    note(f"{len(table)} names in {out}; edit them, then: hftopic names {model.path} --set {out}")
