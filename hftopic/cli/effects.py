"""``effects``: effects of metadata on the topics of a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from hftopic._wording import counted
from hftopic.cli.inspection import all_option
from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import check_free, command_options, seed_option, style_options
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show, write_csv
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path, new_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.analysis import Effects


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option(
    "--formula",
    required=True,
    help='Columns of CORPUS whose effects are estimated, such as "rating + bs(day, df=4)".',
)
@click.option("--out", type=new_path, help="CSV file to write.  [default: a table on standard output]")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--margins", metavar="COLUMN", help="Mean shares by a column, instead of the coefficients.")
@click.option("--by-group", is_flag=True, help="Effects on the share of each group of topics.")
@all_option
@click.option(
    "--draws",
    type=click.Choice(["words", "posterior"]),
    help="Where the draws of the topics come from: the words of the documents, or q(z|x) of MODEL, whose "
    "intervals are too short.  [default: words, if the topics have proportions]",
)
@click.option("--n-draws", type=click.IntRange(2), default=100, show_default=True, help="Number of draws.")
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Level of the intervals.",
)
@click.option("--cluster", metavar="COLUMN", help="Documents with the same value in it go together.")
@click.option("--drop-missing", is_flag=True, help="Leave out documents that lack a value.")
@seed_option
@corpus_options
@style_options
@command_options
def effects(
    model: SavedModel,
    source: Source,
    formula: str,
    out: Path | None,
    force: bool,
    margins: str | None,
    by_group: bool,
    every: bool,
    draws: Literal["words", "posterior"] | None,
    n_draws: int,
    level: float,
    cluster: str | None,
    drop_missing: bool,
    seed: int,
    style: Style,
) -> None:
    """Estimate the effects of metadata on the topics of MODEL.

    The metadata are the columns of CORPUS, label and date among them. estimate is the change of the share of
    a topic, from 0 to 1, for one unit of the term; low and high are the ends of its interval, which include
    the uncertainty of the topics of each document. p_adjusted is the p-value, adjusted over the topics.
    """
    if out is not None:
        check_free(out, force, is_file=True)
    from hftopic.analysis import estimate_effects

    fitted = model.read_with_words()
    found = estimate_effects(
        fitted,
        source.read_or_open(fitted, words_file=model.vocabulary),
        formula,
        topics="all" if every else "active",
        draws=draws,
        n_draws=n_draws,
        level=level,
        cluster=cluster,
        missing="drop" if drop_missing else "raise",
        random_state=seed,
    )
    if by_group and found.groups.empty:
        raise click.ClickException(
            "--by-group: the shares of groups have no effects: there is one group, or the topics are signed"
        )
    table = _table(found, margins, "groups" if by_group else "topics")
    if out is not None:
        write_csv(table, out)
        note(f"{counted(len(table), 'row')} in {out}")
    else:
        show(table if style else table.drop(columns=["p"], errors="ignore"), style)
    _tell(found)


def _table(found: "Effects", margins: str | None, of: Literal["topics", "groups"]) -> "pd.DataFrame":
    if margins is not None:
        return found.margins(margins, of=of)
    return found.table if of == "topics" else found.groups


def _tell(found: "Effects") -> None:
    """Note what the estimates are of."""
    left_out = [
        told
        for n, told in (
            (found.n_empty, f"{found.n_empty:,} have no words"),
            (found.n_missing, f"{found.n_missing:,} lack a value"),
        )
        if n
    ]
    note(
        f"Over {counted(found.n_documents, 'document')}"
        f"{'; left out: ' if left_out else ''}{', '.join(left_out)}; "
        f"{found.n_draws} draws from {'the words' if found.draws == 'words' else 'q(z|x)'}"
    )
