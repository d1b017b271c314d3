"""``corpus``: description of a corpus, and conversion to another format."""

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
        check_free(out, force, is_file=out_format not in (None, "folder", "octis"))
    documents = source.read(words_file=vocabulary, explain=True)
    if out is not None:
        write_corpus(documents, out, format=out_format)
        note(f"{counted(len(documents), 'document')} in {out}")
    known = facts(documents)
    if style != "json":  # an empty row is not useful
        known = {name: value for name, value in known.items() if value != []}
    show_values(known, style)


def facts(corpus: "Corpus") -> dict[str, Any]:
    """Size of a corpus, and the parts that it has in addition to counts."""
    import numpy as np

    lengths: np.ndarray = corpus.counts.sum(axis=1)
    frequent = np.argsort(-corpus.counts.sum(axis=0), kind="stable")[:10]
    splits = (
        {} if corpus.splits is None else dict(zip(*np.unique(corpus.splits, return_counts=True), strict=True))
    )
    return {
        "documents": len(corpus),
        "empty_documents": int((lengths == 0).sum()),
        "words": corpus.n_words,
        "tokens": corpus.n_tokens,
        "tokens_per_document": float(lengths.mean()) if len(corpus) else None,
        "labels": 0 if corpus.labels is None else len(set(corpus.labels)),
        "named": corpus.names is not None,
        "dated": corpus.dates is not None,
        "with_texts": corpus.texts is not None,
        "metadata": list(corpus.metadata_columns),
        "in_reading_order": corpus.tokens is not None,
        "splits": [f"{name}: {size}" for name, size in splits.items()],
        "frequent_words": [str(word) for word in corpus.vocabulary[frequent]],
    }
