"""``topics``, ``evaluate`` and ``correlate``: what a fitted model says, and how well."""

from typing import TYPE_CHECKING, Literal

import click

from hftopic.cli.models import SavedModel, model_options, words_of
from hftopic.cli.options import Source, command_options, corpus_options, note, style_options
from hftopic.cli.tables import Style, show, show_tables, show_values
from hftopic.cli.values import SEED, existing_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.analysis.models import FittedTopicModel

SHOWN_PAIRS = 20  # in a table for people
MEASURES = ["c_npmi", "c_v", "c_uci", "u_mass"]


@click.command()
@model_options
@click.argument("corpus", type=existing_path, required=False)
@click.option("-n", "--words", "n_words", type=click.IntRange(1), default=10, show_default=True)
@click.option("--active", is_flag=True, help="Only the active topics; needs CORPUS.")
@corpus_options
@style_options
@command_options
def topics(model: SavedModel, source: Source | None, n_words: int, active: bool, style: Style) -> None:
    """Top words of MODEL's topics, by group.

    With CORPUS also how much each topic says about its documents (information, in nats), whether it is
    active, its share of the corpus and, if it repeats another, which one.
    """
    if active and source is None:
        raise click.UsageError("--active needs a CORPUS, over which the information of topics is measured")
    from hftopic.analysis import topic_summary

    if source is None:
        fitted = model.read()
        if words_of(fitted) is None:
            note(f"{model.path} does not know its words: columns are numbered; --vocabulary FILE names them")
        table = words_of_topics(fitted, n_words)
    else:
        fitted, words = model.read_with_words()
        documents = source.read(vocabulary=words, words_file=model.vocabulary)
        table = topic_summary(fitted, documents, n_words=n_words)
    show_groups(table[table["active"]] if active else table, style)


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
    help="Measure of coherence; may be given several times.",
)
@click.option("--by-topic", is_flag=True, help="The coherence of each topic in place of the measures.")
@click.option("-n", "--words", "n_words", type=click.IntRange(2), default=10, show_default=True)
@corpus_options
@style_options
@command_options
def evaluate(
    model: SavedModel, source: Source, measures: tuple[str, ...], by_topic: bool, n_words: int, style: Style
) -> None:
    """Perplexity, active topics, coherence, diversity of MODEL.

    All are measured on the documents of CORPUS.
    Of a corpus with splits the documents of the split "test" are used, unless --split says otherwise.
    Coherence and diversity are those of the active topics.
    """
    from hftopic.analysis import topic_coherence, topic_diversity, topic_information

    fitted, known = model.read_with_words()
    documents = source.read(vocabulary=known, words_file=model.vocabulary, prefer="test")
    active = topic_information(fitted, documents)["active"].to_numpy()
    if not active.any():
        note("No topic is active on these documents, so that none has a coherence or a diversity")
    words = fitted.top_words(n_words)[active]
    coherence = topic_coherence(words, documents, measure=list(measures), top_n=n_words)
    if by_topic:
        show(coherence, style)
        return
    values = {
        "documents": len(documents),
        "tokens": documents.n_tokens,
        "perplexity": fitted.perplexity(documents),
        "score": fitted.score(documents),
        "topics": len(active),
        "active_topics": int(active.sum()),
        "diversity": topic_diversity(fitted, n_words, topics=active) if active.any() else None,
    }
    for measure in measures:
        values[measure] = coherence[measure].mean()
        values[f"{measure}_window"] = next(iter(coherence[f"{measure}_window"]), None)
    show_values(values, style)


@click.command()
@model_options
@click.argument("corpus", type=existing_path)
@click.option("--across/--within", default=None, help="Only pairs across groups, or only pairs within one.")
@click.option(
    "-n",
    "--pairs",
    "n_pairs",
    type=click.IntRange(1),
    help="Print only so many.  [default: 20 in a table, all with --json and --csv]",
)
@click.option("--words", "n_words", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--kind",
    type=click.Choice(["mean", "total", "clr", "partial"]),
    default="mean",
    show_default=True,
    help="Correlate posterior means, draws from the posterior, or centred log-ratios of topic proportions; "
    "partial: the means, given those of all other topics.",
)
@click.option("--permutations", type=click.IntRange(1), default=999, show_default=True)
@click.option(
    "--bootstrap",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Replicates for a 95% interval of each r, 1000 or more; none with 0.",
)
@click.option("--seed", type=SEED, default=0, show_default=True)
@corpus_options
@style_options
@command_options
def correlate(
    model: SavedModel,
    source: Source,
    across: bool | None,
    n_pairs: int | None,
    n_words: int,
    kind: Literal["mean", "total", "clr", "partial"],
    permutations: int,
    bootstrap: int,
    seed: int,
    style: Style,
) -> None:
    """Pairs of topics of MODEL that go together in CORPUS.

    They are pairs of active topics, the strongest first. r is a correlation; p_adjusted the chance of one as
    strong by luck, adjusted for the number of pairs. With thousands of documents the smallest r is
    significant: look at its size. A table and the JSON also sum up the correlations within and across groups.
    """
    from hftopic.analysis import topic_correlation

    fitted, known = model.read_with_words()
    found = topic_correlation(
        fitted,
        source.read(vocabulary=known, words_file=model.vocabulary),
        kind=kind,
        n_permutations=permutations,
        n_bootstrap=bootstrap,
        random_state=seed,
        n_top_words=n_words,
    )
    pairs = found.pairs if across is None else found.across() if across else found.within()
    if style is None:
        show(shortened(pairs).head(n_pairs or SHOWN_PAIRS))
        click.echo()
        show(found.summary().reset_index())
    elif style == "csv":
        show(pairs.head(n_pairs or len(pairs)), style)
    else:
        show_tables({"pairs": pairs.head(n_pairs or len(pairs)), "summary": found.summary().reset_index()})


def words_of_topics(model: "FittedTopicModel", n_words: int) -> "pd.DataFrame":
    """Top words of each topic, a list a row; of signed topics those of the two poles."""
    import pandas as pd

    from hftopic.analysis.topics import topic_poles

    table = pd.DataFrame({"topic": range(len(model.topic_groups_)), "group": model.topic_groups_})
    for name, words in zip(
        ("words", "words_negative"), topic_poles(model, n_words, vocabulary=None), strict=False
    ):
        table[name] = [", ".join(listed) for listed in words]
    return table


def show_groups(table: "pd.DataFrame", style: Style) -> None:
    """Topics, for people under a heading for each group."""
    if style is not None:
        show(table, style)
        return
    for number, (group, of_group) in enumerate(table.groupby("group")):
        if number:
            click.echo()
        show(readable(of_group), heading=f"Group {group}")


def readable(table: "pd.DataFrame") -> "pd.DataFrame":
    """Topics of a group as people read them; of the topics that they are like only those that they repeat."""
    short = table.drop(columns=["group", "kl", "nearest", "similarity", "duplicate"], errors="ignore")
    if "duplicate" in table and table["duplicate"].any():
        short["repeats"] = table["nearest"].where(table["duplicate"])
    return short


def shortened(pairs: "pd.DataFrame") -> "pd.DataFrame":
    """Pairs as people read them: two topics in one column, and what matters of their correlation."""
    interval = [name for name in ("r_low", "r_high") if name in pairs]
    short = pairs[["r", *interval, "p_adjusted", "words_a", "words_b"]].copy()
    for place, name in enumerate(("topic", "group")):
        both = pairs[[f"{name}_a", f"{name}_b"]].astype(str)
        short.insert(place, f"{name}s", both.agg(" ~ ".join, axis=1) if len(pairs) else "")
    return short
