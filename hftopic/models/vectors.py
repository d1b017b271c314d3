"""Word vectors of a model: what the parameter ``word_vectors`` has for the vocabulary, told and saved."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hftopic._callers import level_of_the_caller
from hftopic._wording import counted
from hftopic.data.word_vectors import NoVectorsError, WordVectors, as_vectors

MOST_SHOWN = 5  # words in a message
BY_WORD, BY_COLUMN = "words", "columns"  # what a saved model says of its vectors


@dataclass(frozen=True)
class FoundVectors:
    """Vectors that were given for words of a model.

    Attributes
    ----------
    vectors : ndarray, shape (n_found, L), float32
    columns : ndarray of int, shape (n_found,)
        Ascending.
    """

    vectors: NDArray[np.float32]
    columns: NDArray[np.int64]

    @classmethod
    def none(cls, size: int) -> "FoundVectors":
        """No vectors, of a model whose vectors have this many dimensions."""
        return cls(np.zeros((0, size), dtype=np.float32), np.zeros(0, dtype=np.int64))


def found_vectors(source: Any, words: NDArray[np.object_] | None, n_words: int) -> FoundVectors:
    """Vectors of the words of the vocabulary.

    Parameters
    ----------
    source : as :class:`hftopic.ETM` takes it
    words : ndarray of str, shape (n_words,), or None
        The vocabulary, if the columns have words.
    n_words : int

    Raises
    ------
    ValueError
        The vectors are not sound, the columns have no words, or none of the words has a vector.
    """
    if isinstance(source, np.ndarray):
        return FoundVectors(as_vectors(source, n_words), np.arange(n_words))
    if words is None:
        raise ValueError(
            "word_vectors are of words, but the columns of X have none: fit on a Corpus or a DataFrame, or "
            f"pass an array with one row for each column, shape ({n_words}, size)"
        )
    vocabulary = [str(word) for word in words]
    try:
        held = source if isinstance(source, WordVectors) else WordVectors.of(source, vocabulary)
    except NoVectorsError as error:
        raise ValueError(_none_found(n_words)) from error
    vectors, columns = held.for_words(vocabulary)
    if not len(columns):
        raise ValueError(_none_found(n_words))
    return FoundVectors(vectors, columns)


def _none_found(n_words: int) -> str:
    return (
        f"word_vectors have a vector of none of the {counted(n_words, 'word')} of X: do both have lowercase "
        "words, and the same language?"
    )


def warn_of_missing(found: FoundVectors, words: NDArray[np.object_] | None, n_words: int) -> None:
    """Warn that some words of the vocabulary have no vector."""
    missing = np.setdiff1d(np.arange(n_words), found.columns)
    if words is None or not len(missing):
        return
    warnings.warn(
        f"word_vectors have no vector of {len(missing):,} of {counted(n_words, 'word')} "
        f"({shown_words(words[missing])}): these are learned; see words_without_vectors_",
        UserWarning,
        stacklevel=level_of_the_caller(),
    )


def shown_words(words: Sequence[Any] | NDArray[np.object_]) -> str:
    """The first of some words, for a message, and how many more there are."""
    more = f" and {len(words) - MOST_SHOWN:,} more" if len(words) > MOST_SHOWN else ""
    return ", ".join(repr(str(word)) for word in words[:MOST_SHOWN]) + more


def kind_of(source: Any) -> str | None:
    """What a file says of the parameter ``word_vectors``, whose numbers are among the tensors."""
    return None if source is None else BY_COLUMN if isinstance(source, np.ndarray) else BY_WORD


def restored_vectors(kind: Any, words: Any, vectors: Tensor, columns: Tensor) -> Any:
    """The parameter ``word_vectors`` of a saved model: the vectors of the words of the model alone.

    Raises
    ------
    ValueError
        They are not sound, or not of the words of the model.
    """
    if kind is None:
        return None
    rows, places = vectors.numpy(), columns.numpy()
    if kind == BY_COLUMN and np.array_equal(places, np.arange(len(rows))):
        return as_vectors(rows, len(rows))
    if kind != BY_WORD or words is None or places.ndim != 1 or places.min(initial=0) < 0:
        raise ValueError("the word vectors are not those of the words")
    return WordVectors(np.array(words, dtype=object)[places], rows)
