"""Documents of the report: which ones are shown, and the topic of each word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.analysis.documents.contributions import contributions
from hftopic.analysis.documents.lift import topics_of_documents
from hftopic.analysis.models import FittedTopicModel
from hftopic.data.corpus import Corpus
from hftopic.latent.encoded import Encoded
from hftopic.report.values import shortened, visible

MOST_TOKENS = 400  # maximum number of tokens shown per document
MOST_SHARES = 8  # maximum number of topics listed per document
LONGEST_NAME, LONGEST_WORD = 120, 80
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


@dataclass(frozen=True, eq=False)
class Words:
    """Distinct words of one document, in the order of the vocabulary.

    Attributes
    ----------
    columns : ndarray of int
        Column of each word.
    topics : ndarray of int
        Topic that contributes most to each word; -1 if there is none.
    strengths : ndarray of int
        That contribution, from 0 to 9.
    counts : ndarray of int
        Number of tokens.
    """

    columns: NDArray[np.int64]
    topics: NDArray[np.int64]
    strengths: NDArray[np.int64]
    counts: NDArray[np.int64]

    def among(self, chosen: NDArray[Any]) -> "Words":
        """Chosen words, as a mask or by place."""
        return Words(*(part[chosen] for part in (self.columns, self.topics, self.strengths, self.counts)))


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents of the report.

    Attributes
    ----------
    rows : ndarray of int
        Rows of the documents in the corpus.
    names : list of str
    shares : list of list of int
        Topics above the mean of each document, flat: number, share × 10,000, lift × 1,000. For signed topics:
        number, posterior mean × 10,000.
    words : list of Words
    texts : list of str or None, or None
        Original texts.
    orders : list of ndarray or None
        Column of each token, for a document without a text whose reading order is known.
    """

    rows: NDArray[np.int64]
    names: list[str]
    shares: list[list[int]]
    words: list[Words]
    texts: list[str | None] | None
    orders: list[NDArray[np.int64] | None]

    def columns(self) -> NDArray[np.int64]:
        """Columns of the words that the page shows."""
        return np.unique(
            np.concatenate([np.zeros(0, dtype=int), *(self._kept(i).columns for i in self._all)])
        )

    def content(self, kept: NDArray[np.int64], longest: int) -> dict[str, Any]:
        """Documents in the format of the page's script, field by field, which compresses well.

        ``words`` are differences between places in `kept`, the sorted columns of all words of the page. A
        text has at most `longest` characters; ``cut`` is the number of characters, or tokens, that are not
        shown.
        """
        words = [self._kept(i) for i in self._all]
        texts = (
            None if self.texts is None else [None if t is None else visible(t[:longest]) for t in self.texts]
        )
        return {
            "names": self.names,
            "shares": self.shares,
            "words": [np.diff(np.searchsorted(kept, of.columns), prepend=0).tolist() for of in words],
            "topics": [of.topics.tolist() for of in words],
            "strengths": [of.strengths.tolist() for of in words],
            "counts": [None if self._is_running(i) else of.counts.tolist() for i, of in enumerate(words)],
            "orders": [
                None if order is None else np.searchsorted(of.columns, order[:MOST_TOKENS]).tolist()
                for order, of in zip(self.orders, words, strict=True)
            ],
            "texts": texts,
            "cut": [max(0, self._length(i) - (longest if self._text(i) else MOST_TOKENS)) for i in self._all],
        }

    @property
    def _all(self) -> range:
        return range(len(self.rows))

    def _text(self, i: int) -> str | None:
        return None if self.texts is None else self.texts[i]

    def _length(self, i: int) -> int:
        """Number of characters of a text, else of tokens in reading order, else of distinct words."""
        text, order = self._text(i), self.orders[i]
        return len(text if text else self.words[i].columns if order is None else order)

    def _is_running(self, i: int) -> bool:
        """Whether a document is shown in reading order."""
        return self._text(i) is not None or self.orders[i] is not None

    def _kept(self, i: int) -> Words:
        """Words that are needed to show a document."""
        words, order = self.words[i], self.orders[i]
        if self._text(i):
            return words.among((words.topics >= 0) & (words.strengths > 0))
        if order is not None:
            return words.among(np.isin(words.columns, order[:MOST_TOKENS]))
        return words.among(np.sort(np.argsort(-words.counts, kind="stable")[:MOST_TOKENS]))


def documents_to_show(
    model: FittedTopicModel,
    corpus: Corpus,
    encoded: Encoded,
    rows: NDArray[np.int64],
    texts: Sequence[str | None] | None,
    shown: NDArray[np.int64],
) -> Documents:
    """Documents of some rows of a corpus, with the topics `shown` as topics of their words."""
    shares = _shares(topics_of_documents(model, encoded, rows, topics=shown))
    brought = contributions(model, encoded, rows, topics=shown, vocabulary=corpus.vocabulary.tolist())
    strengths = (STRENGTHS * brought["strength"] / FULL_STRENGTH).round().clip(0, STRENGTHS)
    columns = [brought["column"], brought["topic"].fillna(-1), strengths, brought["count"]]
    arrays = [column.to_numpy(dtype=np.int64) for column in columns]
    ends = np.searchsorted(brought["document"], rows, side="right")
    parts = [np.split(array, ends[:-1]) for array in arrays]
    originals = None if texts is None else [texts[row] or None for row in rows]
    place = {word: column for column, word in enumerate(corpus.vocabulary.tolist())}
    orders: list[NDArray[np.int64] | None] = [None] * len(rows)
    if corpus.tokens is not None:
        for i, row in enumerate(rows):
            if originals is None or originals[i] is None:
                orders[i] = np.array([place[word] for word in corpus.tokens[row]], dtype=np.int64)
    return Documents(
        rows=rows,
        names=[shortened(visible(_name(corpus, row)), LONGEST_NAME) for row in rows],
        shares=[shares.get(row, []) for row in rows.tolist()],
        words=[Words(*of_document) for of_document in zip(*parts, strict=True)],
        texts=originals,
        orders=orders,
    )


def _name(corpus: Corpus, row: int) -> str:
    return f"Document {row}" if corpus.names is None else str(corpus.names[row])


def _shares(table: pd.DataFrame) -> dict[int, list[int]]:
    """Topics above the mean in each document, with share and lift; for signed topics those far from it."""
    if "lift" in table:
        table = table[table["share"] > table["mean"]]
    table = table.groupby("document", sort=False).head(MOST_SHARES)
    scales = {"topic": 1, "share": 10_000, "value": 10_000, "lift": 1_000}
    columns = [name for name in scales if name in table]
    entries = (table[columns] * [scales[name] for name in columns]).round().astype(int).to_numpy()
    listed: dict[int, list[int]] = {}
    for document, entry in zip(table["document"].tolist(), entries.tolist(), strict=True):
        listed.setdefault(document, []).extend(entry)
    return listed
