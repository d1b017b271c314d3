"""What a plan says of the documents that were read, and what is wrong with them."""

from collections import Counter
from typing import TYPE_CHECKING

import click

from hftopic._wording import counted
from hftopic.cli.columns import usual_columns
from hftopic.cli.unknown import SHORTEST

if TYPE_CHECKING:
    from hftopic.cli.sources import Source
    from hftopic.data.corpus import Corpus

FEWEST_WORDS = 10  # words of a corpus, below which its topics cannot differ
MOST_EMPTY = 0.5  # share of documents without words from which there is a warning
KINDS = {"text": "texts", "label": "labels", "date": "dates", "name": "ids"}
OPTIONS = {"label": "--label-column", "date": "--date-column", "name": "--id-column"}


def check_contents(corpus: "Corpus") -> None:
    """Check before a fit that documents can have topics.

    Raises
    ------
    click.ClickException
        There is at most one document with words, hardly a word is left, or a date cannot be read.
    """
    n_filled = len(corpus) - _n_empty(corpus)
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
    if corpus.dates is None:
        return
    from hftopic.data.dates import DateError, as_dates, readable_dates

    try:
        as_dates(corpus.dates)
    except DateError as error:
        n_kept = sum(map(bool, readable_dates(corpus.dates.tolist())))
        raise click.ClickException(
            f"the date of document {error.place}, counted from 0: {error.reason}. Pass --bad-dates missing "
            f"to read such dates as missing: {n_kept:,} of {len(corpus):,} documents keep theirs"
        ) from error


def warnings_on(corpus: "Corpus") -> list[str]:
    """What is odd about documents: hardly a word is left of most, or ids that are not unique."""
    told = []
    each = corpus.n_tokens / len(corpus)
    if _n_empty(corpus) > MOST_EMPTY * len(corpus):
        told.append(f"most documents have no words. {_advice(corpus)}")
    elif each < SHORTEST:
        told.append(f"only {each:.1f} words are left of each document. {_advice(corpus)}")
    return [*told, *repeated_ids(corpus)]


def repeated_ids(corpus: "Corpus") -> list[str]:
    """That several documents have the same id, if they do."""
    if corpus.names is None:
        return []
    n_repeated = len(corpus) - len(set(corpus.names))
    if not n_repeated:
        return []
    example, _ = Counter(corpus.names).most_common(1)[0]
    return [
        f"the ids are not unique: {counted(n_repeated, 'document')} of {len(corpus):,} "
        f"{'has' if n_repeated == 1 else 'have'} the id of an earlier one, such as {example!r} (--id-column)"
    ]


def _n_empty(corpus: "Corpus") -> int:
    return int((corpus.counts.sum(axis=1) == 0).sum())


def _advice(corpus: "Corpus") -> str:
    column = (corpus.reading or {}).get("text_column")
    which = f" ({column!r} was read)" if column else ""
    return f"Is this the right column of texts{which}? See also --min-df, --max-df and --stop-words"


def documents_in_words(source: "Source", corpus: "Corpus") -> list[str]:
    """Lines on what was read: sizes, and the columns of a table, also those that are read by themselves."""
    sizes = [
        counted(len(corpus), "document"),
        counted(corpus.n_words, "word"),
        counted(corpus.n_tokens, "token"),
    ]
    lines = [", ".join(sizes)]
    n_empty = _n_empty(corpus)
    if n_empty:
        lines.append(f"{counted(n_empty, 'document')} of them without words: no topic for these")
    reading = corpus.reading or {}
    usual = usual_columns(source.path, source.arguments)
    held = {"text": True, "label": corpus.labels, "date": corpus.dates, "name": corpus.names}
    named = {kind: reading.get(f"{kind}_column", usual.get(kind)) for kind in KINDS if held[kind] is not None}
    columns = [f"{KINDS[kind]} in {column!r}" for kind, column in named.items() if column is not None]
    if columns:
        lines.append(", ".join(columns))
    if corpus.metadata_columns:
        others = f"other columns, kept: {', '.join(corpus.metadata_columns)}"
        left = [option for kind, option in OPTIONS.items() if held[kind] is None]
        lines.append(f"{others} (see {', '.join(left)})" if left else others)
    return lines
