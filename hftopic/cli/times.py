"""``over-time``: topics over time, and the drift of their words."""

from typing import TYPE_CHECKING

import click

from hftopic.cli.inspection import all_option
from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import command_options, seed_option, style_options
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path

if TYPE_CHECKING:
    import pandas as pd

WORDS_SHOWN = 5  # rising and falling words of a topic in a table for people


@click.command("over-time")
@model_options
@click.argument("corpus", type=existing_path)
@click.option(
    "--freq",
    help="Length of the periods: a frequency of pandas, such as M, Q, 10Y or W-MON; for dates that are "
    "numbers, the width of the bins.  [default: at most 24 periods]",
)
@click.option(
    "--by",
    help='Lines of their own: "group" adds up the topics of a group, "label" or a column of the metadata '
    "divides the documents.",
)
@click.option("--gaps", is_flag=True, help="Include periods without documents.")
@click.option("--drift", is_flag=True, help="Print how the words of the topics drift instead.")
@click.option(
    "--permutations",
    type=click.IntRange(1),
    default=999,
    show_default=True,
    help="Number of permutations of the dates, for --drift.",
)
@all_option
@seed_option
@corpus_options
@style_options
@command_options
def over_time(
    model: SavedModel,
    source: Source,
    freq: str | None,
    by: str | None,
    gaps: bool,
    drift: bool,
    permutations: int,
    every: bool,
    seed: int,
    style: Style,
) -> None:
    """Print the topics of MODEL over time, or with --drift how their words change.

    The dates are those of CORPUS (see --date-column). share is the mean share of a topic in the documents of
    a period, and error its standard error, which knows that the topics of a document are uncertain,
    but not wholly: it is too small. The intervals of hftopic effects hold.

    With --drift, divergence is what a word of the topic tells of its period, in nats, expected is the same
    for permuted dates, and the topics drift whose p_adjusted is small. Prevalence that changes is no drift.
    """
    from hftopic.analysis import topics_over_time, words_over_time
    from hftopic.analysis.documents.listing import by_topic, listed

    fitted = model.read_with_words()
    corpus = source.read_or_open(fitted, words_file=model.vocabulary)
    width = _width(freq)
    topics = "all" if every else "active"
    if not drift:
        table = topics_over_time(
            fitted, corpus, freq=width, by=by, gaps=gaps, topics=topics, random_state=seed
        )
        show(by_topic(table) if style is None else listed(table), style)
        return
    if by is not None or gaps:
        raise click.UsageError("--drift is of all documents together: omit --by and --gaps")
    found = words_over_time(
        fitted, corpus, freq=width, topics=topics, n_permutations=permutations, random_state=seed
    )
    show(_for_people(found.topics) if style is None else found.topics, style)
    if style is None:
        note("rising, falling: words that do so beyond chance, steepest first")


def _width(freq: str | None) -> str | float | None:
    """A frequency, which is a number if it is the width of bins."""
    try:
        number = float(freq or "")
    except ValueError:
        return freq
    return int(number) if number.is_integer() else number


def _for_people(topics: "pd.DataFrame") -> "pd.DataFrame":
    """The table of topics with few words, topics that drift most first."""
    shown = topics.sort_values("p_value", kind="stable", na_position="last").drop(columns="p_value")
    for column in ("rising", "falling"):
        shown[column] = [" ".join(words[:WORDS_SHOWN]) for words in shown[column]]
    return shown
