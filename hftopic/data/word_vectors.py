"""Vectors of words, such as those of word2vec and GloVe, and the words of a vocabulary that have one."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hftopic.data.columns import of_pandas
from hftopic.data.corpus import CorpusError
from hftopic.data.sequences import described, is_word
from hftopic.data.validation import as_vocabulary, object_array
from hftopic.data.vector_files import vectors_in

SHOWN = 3  # words in the representation


class NoVectorsError(CorpusError):
    """None of the words that are wanted has a vector."""


@dataclass(frozen=True, eq=False, repr=False)
class WordVectors:
    """Vectors of words: one row for each word.

    Models hold them as a parameter, so neither the words nor the vectors can be changed.

    Parameters
    ----------
    words : sequence of str (n_words,)
        All different.
    vectors : array, shape (n_words, size)
        Finite numbers, which are kept as float32.

    Attributes
    ----------
    words : ndarray of str, shape (n_words,)
    vectors : ndarray, shape (n_words, size), float32

    Raises
    ------
    CorpusError
        The words are not different words, or the vectors are not one row of numbers for each. A subclass of
        ValueError.

    See Also
    --------
    hftopic.read_word_vectors : Vectors from a file.

    Examples
    --------
    >>> from hftopic import WordVectors
    >>> vectors = WordVectors(["king", "queen"], [[1.0, 0.0], [0.9, 0.1]])
    >>> len(vectors), vectors.size, "queen" in vectors, vectors["king"].tolist()
    (2, 2, True, [1.0, 0.0])
    """

    words: NDArray[np.object_]
    vectors: NDArray[np.float32]

    def __post_init__(self) -> None:
        words = as_vocabulary(self.words, None, name="words")
        vectors = as_vectors(self.vectors, words).view()
        words.flags.writeable = vectors.flags.writeable = False
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "vectors", vectors)
        object.__setattr__(self, "_rows", {word: row for row, word in enumerate(words)})

    @property
    def size(self) -> int:
        """L, the number of dimensions of the vectors."""
        return int(self.vectors.shape[1])

    def for_words(self, vocabulary: Iterable[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Vectors of the words of a vocabulary that have one, and their places in it.

        Parameters
        ----------
        vocabulary : sequence of str (n,)

        Returns
        -------
        vectors : ndarray, shape (n_found, size), float32
        places : ndarray, shape (n_found,), int
            Ascending.
        """
        rows: dict[str, int] = vars(self)["_rows"]
        found = [(rows[word], place) for place, word in enumerate(vocabulary) if word in rows]
        numbers = np.array(found, dtype=np.int64).reshape(-1, 2)
        return self.vectors[numbers[:, 0]], numbers[:, 1]

    @classmethod
    def of(cls, source: Any, vocabulary: Iterable[str] | None = None) -> Self:
        """Vectors from whatever holds them.

        Parameters
        ----------
        source : WordVectors, dict of str to vectors, gensim KeyedVectors, or path-like
            A path is read by :func:`hftopic.read_word_vectors`. A model of gensim has its ``KeyedVectors`` as
            ``model.wv``.
        vocabulary : sequence of str, optional
            Words that are wanted; those of others are not copied.

        Returns
        -------
        WordVectors

        Raises
        ------
        CorpusError
            The source has no vector, or they are not of one size.
        TypeError
            The source is nothing of this.
        """
        wanted = None if vocabulary is None else set(vocabulary)
        if isinstance(source, WordVectors):
            if wanted is None:
                return cls(source.words, source.vectors)
            kept = [row for row, word in enumerate(source.words) if word in wanted]
            return cls._some(source.words[kept], source.vectors[kept])
        if isinstance(source, str | os.PathLike):
            return cls._of_dict(vectors_in(Path(source), wanted))
        if isinstance(source, Mapping):
            return cls._of_dict({word: v for word, v in source.items() if wanted is None or word in wanted})
        if hasattr(source, "key_to_index") and hasattr(source, "vectors"):  # KeyedVectors
            rows = {
                word: row for word, row in source.key_to_index.items() if wanted is None or word in wanted
            }
            usable = {word: row for word, row in rows.items() if is_word(word)}
            return cls._some(list(usable), np.asarray(source.vectors)[list(usable.values())])
        raise TypeError(f"word vectors cannot be taken from {described(source)}; {_instead_of(source)}")

    @classmethod
    def _of_dict(cls, vectors: Mapping[str, Any]) -> Self:
        words, rows = list(vectors), list(vectors.values())
        sizes = [np.size(row) for row in rows]
        if len(set(sizes)) > 1:
            other = next(place for place, size in enumerate(sizes) if size != sizes[0])
            raise CorpusError(
                f"word vectors must have one size: that of {words[0]!r} has {sizes[0]} numbers, that of "
                f"{words[other]!r} has {sizes[other]}"
            )
        return cls._some(words, rows)

    @classmethod
    def _some(cls, words: Any, vectors: Any) -> Self:
        if not len(words):
            raise NoVectorsError("there is a vector of none of the words")
        return cls(words, vectors)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in vars(self)["_rows"]

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector of a word, shape (size,)."""
        row: int = vars(self)["_rows"][word]
        return np.asarray(self.vectors[row])

    def __eq__(self, other: object) -> bool:
        """Whether these are the same vectors of the same words."""
        if not isinstance(other, WordVectors):
            return NotImplemented
        return self is other or (
            np.array_equal(self.words, other.words) and np.array_equal(self.vectors, other.vectors)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        words = ", ".join(map(repr, islice(self.words, SHOWN)))
        more = ", …" if len(self) > SHOWN else ""
        return f"<WordVectors of {len(self):,} words with {self.size} dimensions: {words}{more}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # it cannot be changed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.words, self.vectors)


def read_word_vectors(path: str | os.PathLike[str], vocabulary: Sequence[str] | None = None) -> WordVectors:
    r"""Vectors of words from a file.

    Parameters
    ----------
    path : path-like
        A file of word2vec, text or binary, of GloVe, or of fastText (``.vec``); which of them is told by the
        content. A file whose name ends in ``.gz``, ``.xz`` or ``.bz2`` is decompressed.
    vocabulary : sequence of str, optional
        Words to read. Others are passed over, and take no memory.

    Returns
    -------
    WordVectors
        In the order of the file. If it has a word twice, this is the first of its vectors.

    Raises
    ------
    FormatError
        The file has another format, is incomplete, or has a value that is no finite number; the message names
        the line or the word. A subclass of ValueError.
    CorpusError
        There is a vector of none of the words. Likewise.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from hftopic import read_word_vectors
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "glove.txt")
    ...     _ = path.write_text("king 1.0 0.5\nqueen 0.9 0.6\n")
    ...     read_word_vectors(path)
    <WordVectors of 2 words with 2 dimensions: 'king', 'queen'>
    """
    wanted = None if vocabulary is None else frozenset(as_vocabulary(vocabulary, None))
    return WordVectors.of(vectors_in(Path(path), wanted))


def _instead_of(source: Any) -> str:
    """What to pass instead of something from which no vectors can be taken."""
    if hasattr(source, "wv"):  # a model of gensim
        return "pass its .wv"
    if of_pandas(source, "DataFrame"):
        return "pass WordVectors(frame.index, frame.to_numpy()), if its index has the words"
    return (
        "pass WordVectors(words, vectors), a dict of words to vectors, gensim's KeyedVectors, or the path of "
        "a file"
    )


def as_vectors(vectors: Any, words: Sequence[str] | NDArray[np.object_] | int) -> NDArray[np.float32]:
    """Vectors of words as float32, shape (n_words, size), after a check.

    Parameters
    ----------
    vectors : array-like
    words : sequence of str, or int
        The words of the rows; their number, if the rows are columns of the counts.

    Raises
    ------
    CorpusError
        They are not one row of finite numbers for each word.
    """
    try:
        given = np.asarray(vectors)
    except ValueError as error:
        raise CorpusError(f"vectors must be an array of numbers with one row a word: {error}") from error
    if given.dtype.kind not in "iuf":
        raise CorpusError(f"vectors must be real numbers, not of type {given.dtype}")
    n_words = words if isinstance(words, int) else len(words)
    if given.ndim != 2 or not given.shape[1] or len(given) != n_words:
        raise CorpusError(f"vectors must have one row for each of {n_words:,} words; got shape {given.shape}")
    with np.errstate(over="ignore"):
        rows = np.array(given, dtype=np.float32)
    sound = np.isfinite(rows).all(1)
    if not sound.all():
        row = int(np.argmin(sound))
        whose = f"row {row}" if isinstance(words, int) else f"the vector of {words[row]!r}"
        value = given[row][~np.isfinite(rows[row])][0]
        raise CorpusError(f"{whose} has the value {value}; all numbers must be finite in float32")
    return rows


def joined_vectors(one: WordVectors, other: WordVectors) -> WordVectors:
    """The vectors of both, which have no word in common."""
    words = object_array([*one.words, *other.words])
    return WordVectors(words, np.concatenate([one.vectors, other.vectors]))
