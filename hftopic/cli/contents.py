"""What a plan says of the documents that were read, and what is wrong with them."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from hftopic._wording import counted
from hftopic.cli.columns import usual_columns
from hftopic.cli.unknown import SHORTEST

if TYPE_CHECKING:
    from hftopic.cli.sources import Source
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus

FEWEST_WORDS = 10  # words of a corpus, below which its topics cannot differ
MOST_EMPTY = 0.5  # share of documents without words from which there is a warning
KINDS = {"text": "texts", "label": "labels", "date": "dates", "name": "ids"}
OPTIONS = {"label": "--label-column", "date": "--date-column", "name": "--id-column"}


def check_contents(corpus: "Corpus | ShardedCorpus") -> None:
    """Check before a fit that documents can have topics.

    Raises
    ------
    click.ClickException
        There is at most one document with words, hardly a word is left, or a date cannot be read.
    """
    n_filled = len(corpus) - corpus.n_empty
    if n_filled < 2:
        raise click.ClickException(
            f"{counted(n_filled, 'document')} with words, of {len(corpus):,} that were read: topics need at "
            "least two"
        )
    if corpus.n_words < FEWEST_WORDS:
        raise click.ClickException(
            f"only {counted(corpus.n_words, 'word')} {'is' if corpus.n_words == 1 else 'are'} left of "
            f"{counted(len(corpus), 'document')}, so that topics cannot differ. {_advice(corpus)}"
        )
    _check_dates(corpus)


def _check_dates(corpus: "Corpus | ShardedCorpus") -> None:
    """Check that dates can be read: all, or those of the documents of shards that the analysis samples."""
    if corpus[:1].dates is None:
        return
    from hftopic.data.columns import is_sharded
    from hftopic.data.dates import DateError, as_dates, readable_dates
    from hftopic.data.documents import evenly
    from hftopic.data.streams import MOST_AT_ONCE

    most = MOST_AT_ONCE if is_sharded(corpus) else len(corpus)
    dates: Any = (corpus.sampled(most, keep_texts=False) if is_sharded(corpus) else corpus).dates
    try:
        as_dates(dates)
    except DateError as error:
        n_kept = sum(map(bool, readable_dates(dates.tolist())))
        advice = "Build the shards with" if is_sharded(corpus) else "Pass"
        raise click.ClickException(
            f"the date of document {evenly(len(corpus), most)[error.place]}, counted from 0: {error.reason}. "
            f"{advice} --bad-dates missing to read such dates as missing: {n_kept:,} of {len(dates):,} "
            "documents keep theirs"
        ) from error


def warnings_on(corpus: "Corpus | ShardedCorpus") -> list[str]:
    """What is odd about documents: hardly a word is left of most, or ids that are not unique."""
    told = []
    each = corpus.n_tokens / len(corpus)
    if corpus.n_empty > MOST_EMPTY * len(corpus):
        told.append(f"most documents have no words. {_advice(corpus)}")
    elif each < SHORTEST:
        told.append(f"only {each:.1f} words are left of each document. {_advice(corpus)}")
    return [*told, *repeated_ids(corpus)]


def repeated_ids(corpus: "Corpus | ShardedCorpus") -> list[str]:
    """That several documents have the same id, if they do; those of shards are not read, for memory."""
    from hftopic.data.columns import is_sharded

    if is_sharded(corpus) or corpus.names is None:
        return []
    n_repeated = len(corpus) - len(set(corpus.names))
    if not n_repeated:
        return []
    example, _ = Counter(corpus.names).most_common(1)[0]
    return [
        f"the ids are not unique: {counted(n_repeated, 'document')} of {len(corpus):,} "
        f"{'has' if n_repeated == 1 else 'have'} the id of an earlier one, such as {example!r} (--id-column)"
    ]


def _advice(corpus: "Corpus | ShardedCorpus") -> str:
    column = (corpus.reading or {}).get("text_column")
    which = f" ({column!r} was read)" if column else ""
    return f"Is this the right column of texts{which}? See also --min-df, --max-df and --stop-words"


def documents_in_words(source: "Source", corpus: "Corpus | ShardedCorpus") -> list[str]:
    """Lines on what was read: sizes, and the columns of a table, also those that are read by themselves."""
    sizes = [
        counted(len(corpus), "document"),
        counted(corpus.n_words, "word"),
        counted(corpus.n_tokens, "token"),
    ]
    lines = [", ".join(sizes)]
    n_empty = corpus.n_empty
    if n_empty:
        lines.append(f"{counted(n_empty, 'document')} of them without words: no topic for these")
    reading = corpus.reading or {}
    usual = usual_columns(source.path, source.arguments)
    first = corpus[:1]
    held = {"text": True, "label": first.labels, "date": first.dates, "name": first.names}
    named = {kind: reading.get(f"{kind}_column", usual.get(kind)) for kind in KINDS if held[kind] is not None}
    columns = [f"{KINDS[kind]} in {column!r}" for kind, column in named.items() if column is not None]
    if columns:
        lines.append(", ".join(columns))
    if first.embeddings is not None:
        lines.append(f"embeddings of {counted(first.embeddings.shape[1], 'column')}")
    metadata = first.metadata_columns
    if metadata:
        others = f"other columns, kept: {', '.join(metadata)}"
        left = [option for kind, option in OPTIONS.items() if held[kind] is None]
        lines.append(f"{others} (see {', '.join(left)})" if left else others)
    return lines
