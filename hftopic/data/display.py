"""A corpus as a notebook shows it: sizes, labels, frequent words and the first documents."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hftopic._html import Html, bar, beside, more, note, panel, table
from hftopic._wording import counted, shortened
from hftopic.data.matrices import words_of_row

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards.corpus import ShardedCorpus

N_LABELS, N_WORDS, N_DOCUMENTS = 8, 8, 3


def corpus_html(corpus: "Corpus") -> str:
    """The corpus in short; every text in it is escaped."""
    sizes = {"document": corpus.n_documents, "word": corpus.n_words, "token": corpus.n_tokens}
    facts = ", ".join(counted(size, what) for what, size in sizes.items())
    parts = [_words(corpus)]
    for title, classes in (("label", corpus.labels), ("split", corpus.splits)):
        if classes is not None:
            parts.append(_classes(title, classes))
    return panel("Corpus", facts, _lengths(corpus), beside(*parts), *_documents(corpus), *_columns(corpus))


def sharded_html(corpus: "ShardedCorpus") -> str:
    """A corpus in shards in short: its size, and the first documents; little of it is read."""
    facts = ", ".join(
        [
            counted(corpus.n_documents, "document"),
            counted(corpus.n_words, "word"),
            counted(len(corpus.parts), "part"),
        ]
    )
    first = corpus[:N_DOCUMENTS]
    rest = more(corpus.n_documents - len(first), "documents")
    return panel("ShardedCorpus", facts, note(str(corpus.path)), *_documents(first), *rest, *_columns(first))


def _lengths(corpus: "Corpus") -> Html:
    lengths: np.ndarray = np.asarray(corpus.counts.sum(axis=1)).ravel()
    if not len(lengths):
        return note("no documents")
    low, middle, high = np.quantile(lengths, [0.1, 0.5, 0.9])
    empty = int((lengths == 0).sum())
    told = f"; {empty:,} without words" if empty else ""
    return note(f"Tokens in a document: median {middle:,.0f}, most from {low:,.0f} to {high:,.0f}{told}")


def _words(corpus: "Corpus") -> Html:
    """Words in the most documents."""
    documents = np.bincount(corpus.counts.indices, minlength=corpus.n_words)
    commonest = np.argsort(-documents, kind="stable")[:N_WORDS]
    words = [str(word) for word in corpus.vocabulary[commonest]]
    return _bars("word", words, documents[commonest].tolist())


def _classes(title: str, classes: np.ndarray) -> Html:
    ranked = Counter(map(str, classes)).most_common()
    names, sizes = zip(*ranked[:N_LABELS], strict=True) if ranked else ((), ())
    rest = more(len(ranked) - N_LABELS, f"{title}s")
    return Html(_bars(title, list(names), list(sizes)) + "".join(rest))


def _bars(title: str, names: list[str], sizes: list[int]) -> Html:
    largest = max(sizes, default=1)
    bars = [bar(size, largest, text=f"{size:,}") for size in sizes]
    return table({title: [shortened(name, 40) for name in names], "documents": bars})


def _documents(corpus: "Corpus") -> list[Html]:
    """The first documents: their original texts or, without these, their most frequent words."""
    rows = range(min(N_DOCUMENTS, corpus.n_documents))
    parts = {"name": corpus.names, "label": corpus.labels, "date": corpus.dates}
    columns = {
        title: [shortened(str(part[row]), 30) for row in rows]
        for title, part in parts.items()
        if part is not None
    }
    columns["text"] = [shortened(_text(corpus, row)) for row in rows]
    return [table(columns), *more(corpus.n_documents - N_DOCUMENTS, "documents")] if rows else []


def _columns(corpus: "Corpus") -> list[Html]:
    """Names of the other columns of the table, and the size of the embeddings."""
    names = ", ".join(corpus.metadata_columns)
    held = [note("Other columns, in .metadata: ", shortened(names, 200))] if names else []
    if corpus.embeddings is not None:
        held.append(note(f"Embeddings: {counted(corpus.embeddings.shape[1], 'column')}, in .embeddings"))
    return held


def _text(corpus: "Corpus", row: int) -> str:
    if corpus.texts is not None:
        return str(corpus.texts[row])
    words = (
        words_of_row(corpus.counts, corpus.vocabulary, row) if corpus.tokens is None else corpus.tokens[row]
    )
    return " ".join(words)
