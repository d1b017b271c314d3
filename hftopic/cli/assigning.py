"""``transform``: the topics of each document, as a table."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic._wording import counted
from hftopic.cli.contents import repeated_ids
from hftopic.cli.inspection import all_option, note_on_shares
from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import check_free, command_options, quiet_option
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import records, show, show_csv, write_csv
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path, new_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.data.corpus import Corpus
    from hftopic.models.base import BaseTopicModel


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
    """
    if out is not None:
        check_table(out, force)
    fitted = model.read_with_words()
    documents = source.read(fitted, words_file=model.vocabulary)
    table = table_of(fitted, documents, every)
    if out is None:
        show_csv(table)
        return
    write_table(table, out)
    if not quiet:
        show_leading(fitted, table)
        for told in repeated_ids(documents):
            note(f"Warning: {told}")
        note(f"{counted(len(table), 'document')} in {out}")


def check_table(out: Path, force: bool, option: str = "--out") -> None:
    """Check before any work that a table can be written to a file.

    Raises
    ------
    click.ClickException
        It cannot.
    """
    if out.suffix not in WRITERS:
        raise click.BadParameter(f"{out}: the file name must end in {', '.join(WRITERS)}", param_hint=option)
    if out.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise click.ClickException("Parquet files need pyarrow: pip install 'hftopic[parquet]'")
    check_free(out, force, is_file=True)


def table_of(fitted: "BaseTopicModel", documents: "Corpus", every: bool = False) -> "pd.DataFrame":
    """Summary of each document, with the column ``id`` in the place of its number and its name."""
    from hftopic.analysis import document_summary

    table: pd.DataFrame = document_summary(fitted, documents, topics="all" if every else "active")
    ids = table.pop("name") if documents.names is not None else table["document"]
    del table["document"]
    if "id" in table:
        table = table.rename(columns={"id": "id (metadata)"})
    table.insert(0, "id", ids)
    return table


def show_leading(fitted: "BaseTopicModel", table: "pd.DataFrame") -> None:
    """Print how many documents each topic leads, and its share of them."""
    import pandas as pd

    topics = table.attrs["topics"]
    summary = pd.DataFrame({"topic": topics, "documents": list(table.attrs["documents"].values())})
    if not fitted.signed_topics_:
        summary["share"] = table.iloc[:, len(table.columns) - len(topics) :].mean().to_numpy()
    summary["name"] = fitted.topic_names_[topics]
    show(summary.sort_values("documents", ascending=False, kind="stable"))
    note_on_shares(table.attrs.get("remainder"))


def write_table(table: "pd.DataFrame", out: Path) -> None:
    """Write the table, atomically, in the format of the file's ending."""
    from hftopic._files import written_whole

    with written_whole(out) as draft:
        WRITERS[out.suffix](table, draft)


def _write_npz(table: "pd.DataFrame", path: Path) -> None:
    import numpy as np

    topics = table.iloc[:, len(table.columns) - len(table.attrs["topics"]) :]
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            theta=topics.to_numpy(),
            topics=topics.columns.to_numpy().astype(str),
            documents=table["id"].to_numpy().astype(str),
        )


def _write_jsonl(table: "pd.DataFrame", path: Path) -> None:
    import json

    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records(table):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_parquet(table: "pd.DataFrame", path: Path) -> None:
    table = table.copy()
    table.attrs = {}  # pandas would write them into the file
    table.to_parquet(path, index=False)


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".csv": write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
    ".npz": _write_npz,
}
"""Writer of a table for each ending of a file name."""
