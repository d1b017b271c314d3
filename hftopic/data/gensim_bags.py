"""Bags of words and dictionaries of gensim, both ways."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.sequences import described

if TYPE_CHECKING:
    from gensim.corpora import Dictionary

Bag = list[tuple[int, float]]


def corpus_from_gensim(
    bags: Iterable[Iterable[tuple[int, float]]],
    dictionary: Any,
    *,
    labels: Iterable[Any] | None = None,
    names: Iterable[Any] | None = None,
    splits: Iterable[Any] | None = None,
    texts: Iterable[str] | None = None,
    dates: Iterable[Any] | None = None,
    metadata: Any = None,
) -> Corpus:
    """Corpus of gensim's bags of words, with the words in the order of their numbers.

    Parameters
    ----------
    bags : iterable of iterables of (int, number)
        Number and count of each word of a document, as ``Dictionary.doc2bow`` returns them, or a corpus of
        gensim, such as ``MmCorpus``. It is read once. Counts of a word that a bag has twice are added.
    dictionary : gensim.corpora.Dictionary, or dict of int to str
        Word of each number. Numbers may have gaps, as after ``filter_tokens``; the columns have none.
    labels, names, splits, texts, dates, metadata : sequences, DataFrame, optional
        As in `Corpus`.

    Raises
    ------
    CorpusError
        A bag has a number that the dictionary does not have, or is none; or counts are not valid.

    Examples
    --------
    >>> from hftopic import corpus_from_gensim
    >>> corpus = corpus_from_gensim([[(0, 2), (7, 1)], []], {7: "team", 0: "god"})
    >>> corpus.vocabulary.tolist(), corpus.counts.toarray().tolist()
    (['god', 'team'], [[2.0, 1.0], [0.0, 0.0]])
    """
    words = _words(dictionary)
    column = {number: place for place, number in enumerate(words)}
    ids, counts, starts = array("q"), array("d"), [0]
    if isinstance(bags, str | bytes | Mapping) or sp.issparse(bags) or not isinstance(bags, Iterable):
        raise CorpusError(f"bags is {described(bags)}; pass a list of bags, or Corpus(counts, vocabulary)")
    for place, bag in enumerate(bags):
        try:
            for number, count in bag:
                ids.append(column[number])
                counts.append(count)
        except KeyError as error:
            told = f"bags[{place}] has the word number {error.args[0]!r}, which the dictionary does not have"
            raise CorpusError(told) from error
        except (TypeError, ValueError) as error:
            told = f"bags[{place}] is {bag!r:.80}, which is no list of pairs of a word number and a count"
            raise CorpusError(told) from error
        starts.append(len(ids))
    entries = np.frombuffer(counts, dtype=np.float64), np.frombuffer(ids, dtype=np.int64)
    matrix = sp.csr_array((*entries, np.array(starts, dtype=np.int64)), (len(starts) - 1, len(words)))
    return Corpus(matrix, list(words.values()), labels, names, None, splits, texts, dates, metadata)


def _words(dictionary: Any) -> dict[int, str]:
    """Word of each number, in the order of the numbers."""
    if not isinstance(dictionary, Mapping):
        raise CorpusError(
            f"dictionary is {described(dictionary)}; pass gensim's Dictionary, or a dict from number to word"
        )
    odd = next((number for number in dictionary if not isinstance(number, int | np.integer)), None)
    if odd is not None:
        raise CorpusError(f"dictionary has the number {odd!r}; pass a dict from number to word, as id2word")
    return {int(number): dictionary[number] for number in sorted(dictionary)}


def bags_of(counts: "sp.csr_array[np.float32]") -> list[Bag]:
    """Column and count of each word of each document; whole counts are ints."""
    whole = (counts.data % 1 == 0).all()
    pairs = list(
        zip(counts.indices.tolist(), counts.data.astype(int if whole else float).tolist(), strict=True)
    )
    return [pairs[start:end] for start, end in pairwise(counts.indptr.tolist())]


def dictionary_of(bags: Sequence[Bag], vocabulary: Iterable[str]) -> "Dictionary":
    """Dictionary with the words in the order of the columns, and the numbers of documents of each."""
    from gensim.corpora import Dictionary

    made = Dictionary.from_corpus(bags, dict(enumerate(vocabulary)))
    for number, count in (pair for bag in bags for pair in bag):
        made.cfs[number] = made.cfs.get(number, 0) + count
    return made
