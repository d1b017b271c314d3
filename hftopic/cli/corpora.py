"""``corpus``: description of a corpus, and conversion to another format."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic._wording import counted
from hftopic.cli.options import check_free, command_options, style_options, vocabulary_option
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show_values
from hftopic.cli.terminal import note
from hftopic.cli.values import existing_path, new_path

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus


@click.command("corpus")
@click.argument("corpus", type=existing_path)
@click.option("--out", type=new_path, help="File or folder to write the converted corpus to.")
@click.option("--out-format", help="Format to write, if the name of --out does not determine it.")
@click.option("--force", is_flag=True, help="Replace an existing --out.")
@vocabulary_option
@corpus_options
@style_options
@command_options
def describe(
    source: Source,
    out: Path | None,
    out_format: str | None,
    force: bool,
    vocabulary: Path | None,
    style: Style,
) -> None:
    """Describe CORPUS, or convert it.

    Texts are converted to word counts. When a text format is written, each document is the sequence of its
    kept words.
    """
    if out is None and out_format is not None:
        raise click.UsageError("--out-format needs --out, the file or folder to write")
    if out is not None:
        from hftopic.data.formats import write_corpus, writer_of

        writer_of(out, out_format)
        check_free(out, force, is_file=out_format not in (None, "folder", "octis", "shards"))
    documents = source.read_or_open(words_file=vocabulary, explain=True)
    if out is not None:
        write_corpus(documents, out, format=out_format)
        note(f"{counted(len(documents), 'document')} in {out}")
    known = facts(documents)
    if style != "json":  # an empty row is not useful
        known = {name: value for name, value in known.items() if value != []}
    show_values(known, style)


def facts(corpus: "Corpus | ShardedCorpus") -> dict[str, Any]:
    """Size of a corpus, and the parts that it has in addition to counts; shards are read in pieces."""
    import numpy as np

    from hftopic.data.corpus import Corpus

    n_empty, totals = 0, np.zeros(corpus.n_words)
    labels: set[str] = set()
    splits: Counter[str] = Counter()
    for piece in [corpus] if isinstance(corpus, Corpus) else corpus.chunks(keep_texts=False):
        n_empty += int((np.diff(piece.counts.indptr) == 0).sum())
        totals += piece.counts.sum(axis=0, dtype=np.float64)
        labels.update(() if piece.labels is None else piece.labels)
        splits.update(() if piece.splits is None else piece.splits)
    held = corpus[:1]
    frequent = np.argsort(-totals, kind="stable")[:10]
    return {
        "documents": len(corpus),
        "empty_documents": n_empty,
        "words": corpus.n_words,
        "tokens": corpus.n_tokens,
        "tokens_per_document": float(totals.sum() / len(corpus)) if len(corpus) else None,
        "labels": len(labels),
        "named": held.names is not None,
        "dated": held.dates is not None,
        "with_texts": held.texts is not None,
        "metadata": list(held.metadata_columns),
        "embedding_columns": 0 if held.embeddings is None else int(held.embeddings.shape[1]),
        "in_reading_order": held.tokens is not None,
        "splits": [f"{name}: {size}" for name, size in sorted(splits.items())],
        "frequent_words": [str(word) for word in corpus.vocabulary[frequent]],
    }
