"""Tables of documents in pieces: leading topics and shares, and what is counted over all pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._torch_state import neutral_torch
from hftopic.analysis.encoded import DocumentTopics, topics_of_filled
from hftopic.analysis.models import (
    FittedTopicModel,
    check_topic_model,
    corpus_of,
    has_poles,
    model_vocabulary,
)
from hftopic.analysis.used import mask_of
from hftopic.latent.encoded import Encoded
from hftopic.topics.shares import (
    Moments,
    documents_led,
    leading_topics,
    prominence,
    remainder,
    shares_in_use,
)


@dataclass(frozen=True)
class Counts:
    """What is counted over documents that have words."""

    n_documents: int  # with those that have none
    n_filled: int
    led: NDArray[np.int64]  # (n_topics,) documents that each topic leads
    proportions: NDArray[np.float64]  # (n_topics,) sum of transform
    shares: NDArray[np.float64]  # (n_topics,) sum of the shares over the topics in use

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


class DocumentTables:
    """Summaries of documents in pieces, as :func:`document_summary` has of all.

    Attributes
    ----------
    topics : ndarray of int
        Ids of the topics of the last columns.
    places : ndarray of int
        Their places in the arrays of the model.
    ids : ndarray of int, shape (n_topics,)
    names : ndarray of str, shape (n_topics,)
    signed : bool
    """

    def __init__(
        self, model: FittedTopicModel, X: Any, topics: Any, vocabulary: Sequence[str] | None
    ) -> None:
        check_topic_model(model)
        used = mask_of(model.topic_summary_, topics)
        self.used = used if used.any() else ~used
        self.ids, self.places = np.asarray(model.topic_ids_), np.flatnonzero(self.used)
        self.topics = self.ids[self.places]
        self.names = model.name_topics(vocabulary=model_vocabulary(model, X, vocabulary))
        self.model, self.signed = model, has_poles(model)

    def of(
        self, encoded: Encoded, moments: Moments | None = None, first: int = 0
    ) -> tuple[pd.DataFrame, Counts]:
        """Table of some documents, and what is counted over them.

        Parameters
        ----------
        encoded : Encoded
        moments : Moments, optional
            Those over all documents, for signed topics; by default over these.
        first : int
            Number of the first document.
        """
        found = topics_of_filled(self.model, encoded)
        space, rows = self.model.latent_space_, found.rows
        values = found.values if self.signed else shares_in_use(found.values, space, self.used)
        prominent = _prominent(self.model, encoded, found, moments)
        leading = leading_topics(prominent, space, self.used)[0]
        table = _known(encoded, range(first, first + found.n_documents))
        table["topic"] = pd.Series(self.ids[leading], rows, dtype="Int64").reindex(table.index)
        table["topic_name"] = pd.Series(self.names[leading], rows, dtype=object).reindex(table.index)
        of_leading = pd.Series(values[np.arange(len(values)), leading], rows)
        table["value" if self.signed else "share"] = of_leading.reindex(table.index)
        of_topics = pd.DataFrame(values[:, self.used], rows, self._columns()).reindex(table.index)
        counts = Counts(
            found.n_documents,
            len(rows),
            documents_led(prominent, space, self.used),
            found.values.sum(axis=0, dtype=np.float64),
            values.sum(axis=0, dtype=np.float64),
        )
        return _with_metadata(table, encoded, of_topics), counts

    @neutral_torch()
    def moments(self, encoded: Encoded) -> Moments:
        """Moments of q(z) over the documents that have words."""
        return Moments.of(self.model.posterior(encoded).mean_field()[np.flatnonzero(~encoded.empty)])

    def remainder(self, counts: Counts) -> float:
        """The part of the mean proportions that topics have that are not in use, from 0 to 1."""
        return remainder(counts.proportions / counts.n_filled, self.model.latent_space_, self.used)

    def _columns(self) -> list[str]:
        named = zip(self.topics.tolist(), self.names[self.places], strict=True)
        return [f"{topic}: {name}" for topic, name in named]


def _known(encoded: Encoded, numbers: range) -> pd.DataFrame:
    """Number, name, label and date of each document, as far as they are known."""
    corpus, table = corpus_of(encoded), pd.DataFrame({"document": numbers})
    for name in ("name", "label", "date"):
        known = None if corpus is None else getattr(corpus, f"{name}s")
        if known is not None:
            table[name] = known
    return table


def _with_metadata(table: pd.DataFrame, encoded: Encoded, of_topics: pd.DataFrame) -> pd.DataFrame:
    """The table, the metadata of the documents, and their topics; a name that is taken is marked."""
    corpus = corpus_of(encoded)
    metadata = None if corpus is None else corpus.metadata
    if metadata is not None:
        taken = {*table.columns, *of_topics.columns}
        metadata = metadata.rename(columns={name: f"{name} (metadata)" for name in taken})
    return pd.concat([table, metadata, of_topics], axis=1)


@neutral_torch()
def _prominent(
    model: FittedTopicModel, encoded: Encoded, found: DocumentTopics, moments: Moments | None
) -> NDArray[np.float32]:
    """By which of its topics each document that has words is led, (n, n_topics)."""
    posterior = model.posterior(encoded).mean_field()[found.rows]
    return prominence(found.values, posterior, model.latent_space_, has_poles(model), moments)
