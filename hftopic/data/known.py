"""What is known of documents besides their words, as columns that a formula can read."""

from typing import Any

import numpy as np

from hftopic.data.columns import is_corpus
from hftopic.data.metadata import Columns, as_metadata

OF_CORPUS = {"label": "labels", "date": "dates"}
"""Columns of a corpus that its parts stand for, if the metadata have none of this name."""


def columns_known(X: Any, metadata: Any, n_documents: int) -> Columns:
    """Columns of documents: those that are passed, or else those of a corpus, with its labels and dates.

    Parameters
    ----------
    X : Corpus or other documents
    metadata : DataFrame or dict of sequences, optional
    n_documents : int

    Raises
    ------
    CorpusError
        The metadata are not those of so many documents, see :class:`hftopic.Corpus`.
    """
    if metadata is not None:
        return as_metadata(metadata, n_documents) or {}
    if not is_corpus(X):
        return {}
    parts = {name: getattr(X, part) for name, part in OF_CORPUS.items()}
    held = {name: _with_missing(part) for name, part in parts.items() if part is not None}
    return {**held, **X.metadata_columns}


def _with_missing(part: Any) -> Any:
    """Labels or dates, of which the empty ones are missing."""
    return np.where(part == "", None, part)
