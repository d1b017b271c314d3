"""Documents of the report: which ones are shown, and the topic of each word."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hftopic.analysis.documents.contributions import contributions
from hftopic.analysis.documents.lift import topics_of_documents
from hftopic.analysis.models import FittedTopicModel
from hftopic.data.corpus import Corpus
from hftopic.latent.encoded import Encoded
from hftopic.report.values import shortened, visible

MOST_TOKENS = 400  # maximum number of tokens shown per document
MOST_CHARACTERS = 3000  # maximum number of characters of an original text
LONGEST_WORD = 80
STRENGTHS = 9  # number of shades of a word
FULL_STRENGTH = 3.0  # contribution in nats that gets the deepest shade


def chosen_documents(
    n_documents: int, representatives: Sequence[int], n_shown: int, random_state: Any
) -> np.ndarray:
    """Sorted rows of the documents to show: the representatives, and a random sample of the others."""
    first = np.unique(np.asarray(representatives, dtype=int))[:n_shown]
    others = np.setdiff1d(np.arange(n_documents), first)
    generator = np.random.default_rng(random_state)
    n_others = min(len(others), max(0, n_shown - len(first)))
    return np.sort(np.concatenate([first, generator.choice(others, n_others, replace=False)]))


def document_data(
    model: FittedTopicModel,
    corpus: Corpus,
    encoded: Encoded,
    rows: np.ndarray,
    texts: Sequence[str | None] | None,
    shown: np.ndarray,
) -> tuple[list[str], list[dict[str, Any]]]:
    """Words that occur, and documents in the format of the page's script.

    A document has its name, its label, ``shares`` as (topic, share, lift), and ``tokens`` as (word, topic,
    strength from 0 to 9, count). The ``shares`` are those of the topics that it has more of than the mean
    document. A document with an original text also has ``text``, and its ``tokens`` has each distinct word
    once.
    """
    shares = _shares(topics_of_documents(model, encoded, rows, topics=shown))
    brought = contributions(model, encoded, rows, topics=shown, vocabulary=corpus.vocabulary.tolist())
    used, places = np.unique(brought["column"], return_inverse=True)
    words = [shortened(visible(str(corpus.vocabulary[column])), LONGEST_WORD) for column in used]
    entries = np.column_stack(
        [
            places,
            brought["topic"].fillna(-1).astype(int),
            (STRENGTHS * brought["strength"] / FULL_STRENGTH).round().clip(0, STRENGTHS).astype(int),
            brought["count"].astype(int),
        ]
    )
    number = {word: place for place, word in enumerate(corpus.vocabulary[used])}
    starts = np.searchsorted(brought["document"], rows)
    ends = np.searchsorted(brought["document"], rows, side="right")
    listed = [
        {
            "name": shortened(visible(_name(corpus, row)), 120),
            "label": None if corpus.labels is None else shortened(visible(str(corpus.labels[row])), 60),
            "shares": shares.get(row, []),
            **_shown(
                entries[starts[i] : ends[i]].tolist(),
                None if corpus.tokens is None else [number[word] for word in corpus.tokens[row]],
                None if texts is None else texts[row],
            ),
        }
        for i, row in enumerate(rows)
    ]
    return words, listed


def _name(corpus: Corpus, row: int) -> str:
    return f"Document {row}" if corpus.names is None else str(corpus.names[row])


def _shares(table: pd.DataFrame) -> dict[int, list[list[float]]]:
    """Topics above the mean in each document, with share and lift; for signed topics those far from it."""
    if "lift" in table:
        table = table[table["share"] > table["mean"]]
    columns = ["topic", "share", "lift"] if "lift" in table else ["topic", "value"]
    rounded = table[columns].round(4).astype(object).to_numpy().tolist()
    listed: dict[int, list[list[float]]] = {}
    for document, entry in zip(table["document"].tolist(), rounded, strict=True):
        listed.setdefault(document, []).append(entry)
    return listed


def _shown(entries: list[list[int]], order: list[int] | None, text: str | None) -> dict[str, Any]:
    """Words of a document: in reading order if it is known, else each distinct word with its count."""
    if text is not None:
        return {
            "text": visible(text[:MOST_CHARACTERS]),
            "tokens": entries,
            "cut": _more(text, MOST_CHARACTERS),
        }
    if order is None:
        tokens = sorted(entries, key=lambda entry: -entry[3])
    else:
        of_word = {entry[0]: entry for entry in entries}
        tokens = [[*of_word[word][:3], 1] for word in order]
    return {"tokens": tokens[:MOST_TOKENS], "cut": _more(tokens, MOST_TOKENS)}


def _more(whole: Sequence[Any], most: int) -> str | None:
    """Note below a truncated document; None if it is shown completely."""
    unit = "characters" if isinstance(whole, str) else "words"
    return f"… {len(whole) - most:,} more {unit}" if len(whole) > most else None
