"""``documents`` and ``find``: the documents of a topic, and the topics of a word."""

from typing import TYPE_CHECKING, Any

import click

from hftopic._wording import shortened
from hftopic.cli.models import SavedModel, model_options
from hftopic.cli.options import command_options, style_options
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show, text
from hftopic.cli.terminal import note, printable, put
from hftopic.cli.values import existing_path

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 400  # characters of a text in a table for people


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option(
    "--topic",
    "topics",
    type=click.IntRange(0),
    multiple=True,
    help="Number of a topic; repeat for several.  [default: the topics in use]",
)
@click.option(
    "-n",
    "--documents",
    "n_documents",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Number of documents per topic.",
)
@corpus_options
@style_options
@command_options
def documents(
    model: SavedModel, source: Source, topics: tuple[int, ...], n_documents: int, style: Style
) -> None:
    """Print the documents of each topic, with their texts.

    They are those of CORPUS that have the most of the topics of MODEL. --json and --csv print whole texts; a
    table for people shows their beginnings.
    """
    from hftopic.analysis import representative_documents
    from hftopic.topics.shares import in_use

    fitted = model.read_with_words()
    shown = list(dict.fromkeys(topics)) or in_use(fitted.topic_summary_)
    corpus = source.read_or_open(fitted, words_file=model.vocabulary)
    table = representative_documents(fitted, corpus, n_documents, topics=shown)
    if style is not None:
        show(table, style)
        return
    names = dict(zip(fitted.topic_ids_.tolist(), fitted.topic_names_, strict=True))
    for place, (_, of_topic) in enumerate(table.groupby("topic", sort=False)):
        if place:
            put()
        show_documents(of_topic, names)


def show_documents(table: "pd.DataFrame", names: Any) -> None:
    """Print the documents of one topic, each with what is known of it and the beginning of its text."""
    number = int(table["topic"].iloc[0])
    put(click.style(printable(f"Topic {number}: {names[number]}"), bold=True))
    facts = [name for name in ("pole", "name", "label", "date", "share", "value") if name in table]
    for row in table.to_dict("records"):
        known = "".join(f"; {name} {text(row[name])}" for name in facts)
        put(f"{row['rank']}. document {row['document']}{known}")
        if "text" in row:
            put(f"   {printable(shortened(row['text'], SHOWN))}")


@click.command()
@model_options
@click.argument("words", nargs=-1, required=True)
@click.option(
    "-n",
    "--topics",
    "n_topics",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Number of topics.",
)
@style_options
@command_options
def find(model: SavedModel, words: tuple[str, ...], n_topics: int, style: Style) -> None:
    """Print the topics of some words.

    They are those of MODEL that WORDS belong to, the most relevant first; several words in quotes are each
    looked for. relevance and probability are means over the words; share is the fraction of the documents
    with a word that use it for the topic.
    """
    from hftopic.analysis import find_topics

    table = find_topics(model.read_with_words(), words, n_topics)
    show(table, style)
    if style is not None:
        return
    hidden = map(str, dict.fromkeys(table.loc[~table["in_use"], "topic"]))
    if told := ", ".join(hidden):
        note(f"Not in use, because they are silent or repeat another topic: {told}")
    note(
        "relevance: how much the word marks the topic, in nats; share: of the documents with the word, the "
        "fraction that use it for the topic; rank: place of the word in the topic"
    )
