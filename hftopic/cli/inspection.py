"""``topics``, ``evaluate`` and ``correlate``: topics, measures and correlations of a fitted model."""

from typing import TYPE_CHECKING, Literal

import click

from hftopic.cli.models import SavedModel, model_options, words_of
from hftopic.cli.options import (
    command_options,
    permutations_option,
    seed_option,
    style_options,
    words_option,
)
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show, show_tables, show_values
from hftopic.cli.terminal import note, put
from hftopic.cli.values import existing_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.analysis.models import FittedTopicModel


all_option = click.option(
    "--all",
    "every",
    is_flag=True,
    help="Include topics that are not active, and topics that repeat a more informative one.",
)
SHOWN_PAIRS = 20  # default number of pairs in a table for people
WORDS_OF_PAIRS = 5
MEASURES = ["c_npmi", "c_v", "c_uci", "u_mass"]


@click.command()
@model_options
@click.argument("corpus", type=existing_path, required=False)
@words_option()
@all_option
@corpus_options
@style_options
@command_options
def topics(model: SavedModel, source: Source | None, n_words: int, every: bool, style: Style) -> None:
    """Print the top words of the topics of MODEL, by group.

    It leaves out topics that are not active and topics that repeat a more informative one. documents is the
    number of documents that a topic leads, share its mean share over the topics in use, information what the
    topic says of a document, in nats, and peak the same in the documents that have it most. They are numbers
    of the documents that MODEL was fitted on, or of CORPUS.
    """
    from hftopic.analysis import topic_summary

    fitted = model.read() if source is None else model.read_with_words()
    if words_of(fitted) is None:
        note(
            f"{model.path} has no vocabulary, so words are shown as column numbers; pass --vocabulary FILE "
            "to show words"
        )
    documents = None if source is None else source.read_or_open(fitted, words_file=model.vocabulary)
    summary = topic_summary(fitted, documents, n_words=n_words)
    table = shown_topics(summary, every)
    if style is None:
        table = table.sort_values("documents", ascending=False, kind="stable")
    show_groups(table, style)
    if style is None:
        note_on_shares(summary.attrs.get("remainder"))


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option(
    "--coherence",
    "measures",
    type=click.Choice(MEASURES),
    multiple=True,
    default=["c_npmi"],
    show_default=True,
    help="Coherence measure; repeat for several.",
)
@click.option(
    "--by-topic", is_flag=True, help="Print the coherence of each topic instead of the overall measures."
)
@all_option
@words_option(lowest=2)
@corpus_options
@style_options
@command_options
def evaluate(
    model: SavedModel,
    source: Source,
    measures: tuple[str, ...],
    by_topic: bool,
    every: bool,
    n_words: int,
    style: Style,
) -> None:
    """Evaluate MODEL: perplexity, active topics, coherence, diversity, distinct topics and word intrusion.

    All measures use the documents of CORPUS. If the corpus has splits, the split "test" is used (change it
    with --split). Coherence is the mean over the topics in use: those that are active and repeat no other, as
    in a report. The other scores of topics are computed over the active topics: distinct_topics is the number
    of those that are coherent and repeat no other, and word_intrusion the share of words of other topics that
    are detected among the top words of a topic.
    """
    from hftopic.analysis import (
        distinct_topics,
        topic_coherence,
        topic_diversity,
        word_intrusion,
    )
    from hftopic.analysis.models import places_of
    from hftopic.data.corpus import Corpus
    from hftopic.topics.shares import in_use

    fitted = model.read_with_words()
    documents = source.read_or_open(fitted, words_file=model.vocabulary, prefer="test")
    # Shards are read again for each measure: their posterior would be in memory.
    encoded = fitted.encode(documents) if isinstance(documents, Corpus) else documents
    summary, words = fitted.topic_summary_, fitted.top_words(n_words)
    if by_topic:
        listed = words.loc[shown_topics(summary, every)["topic"]]
        table = topic_coherence(listed, documents, measure=list(measures), top_n=n_words)
        table.insert(1, "name", fitted.topic_names_[places_of(fitted, table["topic"])])
        show(table, style)
        return
    active = summary["active"].to_numpy()
    if not active.any():
        note("No topic is active: the scores of topics are not available")
    coherence = topic_coherence(words[in_use(summary)], documents, measure=list(measures), top_n=n_words)
    words = words[active]
    values = {
        "documents": len(documents),
        "tokens": documents.n_tokens,
        "perplexity": fitted.perplexity(encoded),
        "score": fitted.score(encoded),
        "topics": len(active),
        "active_topics": int(active.sum()),
        "diversity": None,
        "distinct_topics": 0,
        "word_intrusion": None,
    }
    if active.any():
        values["diversity"] = topic_diversity(fitted, n_words, topics=active)
        values["distinct_topics"] = distinct_topics(words, documents, top_n=n_words)["distinct"].sum()
        values["word_intrusion"] = word_intrusion(fitted, documents, topics=active)["detected"].mean()
    for measure in measures:
        values[measure] = coherence[measure].mean()
        values[f"{measure}_window"] = next(iter(coherence[f"{measure}_window"]), None)
    show_values(values, style)


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option(
    "--across/--within", default=None, help="Only pairs across groups, or only pairs within a group."
)
@click.option(
    "-n",
    "--pairs",
    "n_pairs",
    type=click.IntRange(1),
    help="Number of pairs to print.  [default: 20 in a table, all with --json and --csv]",
)
@click.option(
    "--words",
    "n_words",
    type=click.IntRange(1),
    help="Show this many top words of each topic.  [default: its name in a table, 5 words with --json and "
    "--csv]",
)
@click.option(
    "--of",
    type=click.Choice(["documents", "prior"]),
    default="documents",
    show_default=True,
    help="Whose correlations: those over the documents of CORPUS (documents), or those of the model's prior "
    "(prior), which have no p-values; CORPUS then only determines the active topics.",
)
@click.option(
    "--kind",
    type=click.Choice(["mean", "total", "clr", "partial"]),
    default="mean",
    show_default=True,
    help="What is correlated: posterior means (mean), draws from the posterior (total), centred log-ratios "
    "of topic proportions (clr), or posterior means given all other topics (partial).",
)
@all_option
@permutations_option
@click.option(
    "--bootstrap",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Bootstrap replicates for a 95% interval of each r; use at least 1000. 0 gives no intervals.",
)
@seed_option
@corpus_options
@style_options
@command_options
def correlate(
    model: SavedModel,
    source: Source,
    across: bool | None,
    n_pairs: int | None,
    n_words: int | None,
    of: Literal["documents", "prior"],
    kind: Literal["mean", "total", "clr", "partial"],
    every: bool,
    permutations: int,
    bootstrap: int,
    seed: int,
    style: Style,
) -> None:
    """Print the correlations between the topics of MODEL on CORPUS.

    The rows are pairs of active topics, strongest correlation first; topics that repeat a more informative
    one are left out. r is the correlation; p_adjusted is its permutation p-value, adjusted for the number of
    pairs. With thousands of documents even a very small r is significant: look at its size. The table and the
    JSON output also summarise the correlations within and across groups.
    """
    if of == "prior" and (kind != "mean" or bootstrap):
        raise click.UsageError(
            f"{'--kind' if kind != 'mean' else '--bootstrap'}: only valid with --of documents; correlations "
            "of the prior are parameters of the model"
        )
    from hftopic.analysis import topic_correlation

    fitted = model.read_with_words()
    found = topic_correlation(
        fitted,
        source.read_or_open(fitted, words_file=model.vocabulary),
        active=shown_topics(fitted.topic_summary_, every)["topic"],
        of=of,
        kind=kind,
        n_permutations=permutations,
        n_bootstrap=bootstrap,
        random_state=seed,
        n_top_words=n_words or WORDS_OF_PAIRS,
    )
    pairs = found.pairs if across is None else found.across() if across else found.within()
    pairs = with_names(pairs, fitted)
    if style is None:
        heading = "Correlations of the prior" if of == "prior" else None
        shown = shortened(pairs, "words" if n_words else "name", tested=of == "documents")
        show(shown.head(n_pairs or SHOWN_PAIRS), heading=heading)
        put()
        show(found.summary().reset_index())
    elif style == "csv":
        show(pairs.head(n_pairs or len(pairs)), style)
    else:
        show_tables({"pairs": pairs.head(n_pairs or len(pairs)), "summary": found.summary().reset_index()})


def shown_topics(summary: "pd.DataFrame", every: bool) -> "pd.DataFrame":
    """Rows of a summary that are shown, and a note on those left out; all rows with the option --all."""
    from hftopic.analysis.used import left_out
    from hftopic.topics.shares import in_use

    excluded = left_out(summary)
    if every or not excluded:
        return summary
    note(f"{excluded}; see them with --all")
    return summary[in_use(summary)]


def note_on_shares(remainder: float | None) -> None:
    """Note what the shares of a table are, and how much of the proportions they leave out."""
    if remainder is not None:
        note(
            "documents: those that a topic leads; share: mean share over the topics in use. "
            f"{remainder:.0%} of the proportions are of topics that are not in use"
        )


def show_groups(table: "pd.DataFrame", style: Style) -> None:
    """Print topics; in a table for people, with one heading per group."""
    if style is not None:
        show(table, style)
        return
    for number, (group, of_group) in enumerate(table.groupby("group")):
        if number:
            put()
        show(readable(of_group), heading=f"Group {group}")


def readable(table: "pd.DataFrame") -> "pd.DataFrame":
    """Table of a group for people: the nearest topic is shown only if it is a duplicate."""
    short = table.drop(columns=["group", "kl", "nearest", "similarity", "duplicate"], errors="ignore")
    if "active" in table and table["active"].all():
        short = short.drop(columns="active")
    if "duplicate" in table and table["duplicate"].any():
        short["repeats"] = table["nearest"].where(table["duplicate"])
    return short


def with_names(pairs: "pd.DataFrame", model: "FittedTopicModel") -> "pd.DataFrame":
    """Table of pairs with the names of both topics."""
    from hftopic.analysis.models import places_of

    named = {f"name_{side}": model.topic_names_[places_of(model, pairs[f"topic_{side}"])] for side in "ab"}
    return pairs.assign(**named)


def shortened(
    pairs: "pd.DataFrame", kind: Literal["name", "words"] = "name", *, tested: bool = True
) -> "pd.DataFrame":
    """Table of pairs for people: both topics in one column, and only the main columns of the correlation."""
    interval = [name for name in ("r_low", "r_high") if name in pairs]
    test = ["p_adjusted"] if tested else []
    short = pairs[["r", *interval, *test, f"{kind}_a", f"{kind}_b"]].copy()
    for place, name in enumerate(("topic", "group")):
        both = pairs[[f"{name}_a", f"{name}_b"]].astype(str)
        short.insert(place, f"{name}s", both.agg(" ~ ".join, axis=1) if len(pairs) else "")
    return short
