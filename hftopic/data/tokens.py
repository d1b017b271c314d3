"""Word counts of documents whose words are given."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.reading import GIVEN
from hftopic.data.sequences import check_sequence, listed
from hftopic.data.text import check_options, corpus_of_words
from hftopic.data.text_options import TextOptions
from hftopic.data.words import cased

_OF_TEXTS = ("token_pattern", "tokenizer", "numbers", "clean")
"""Options that split texts into words, which have no effect where the words are given."""


def corpus_from_tokens(
    documents: Iterable[Iterable[str]],
    *,
    options: TextOptions | None = None,
    labels: Iterable[Any] | None = None,
    names: Iterable[Any] | None = None,
    splits: Iterable[Any] | None = None,
    vocabulary: Sequence[str] | np.ndarray | None = None,
    texts: Iterable[str] | None = None,
    dates: Iterable[Any] | None = None,
    metadata: Any = None,
) -> Corpus:
    """Corpus of documents whose words are given, as spaCy, NLTK or a segmenter returns them.

    Parameters
    ----------
    documents : iterable of iterables of str
        Words of each document in reading order; generators are read once. A word may hold spaces. Words are
        converted to Unicode's composed form (NFC), and empty ones are left out.
    options : TextOptions, optional
        Options that choose among the words and join them. By default words are kept as they are:
        ``TextOptions(lowercase=False, stop_words=None)``; of given options, all apply. Those that split texts
        (``token_pattern``, ``tokenizer``, ``numbers``, ``clean``) are an error.
    labels, names, splits, dates, metadata : sequences, DataFrame, optional
        As in `Corpus`.
    vocabulary : sequence of str, optional
        As in :func:`hftopic.corpus_from_texts`. New documents for a fitted model need
        ``vocabulary=model.vocabulary_`` and ``options=TextOptions.like(model, tokenizer=None)``.
    texts : sequence of str, optional
        Original texts, which readers are shown.

    Raises
    ------
    CorpusError
        There are no documents, one is no iterable of strings, or the options remove every word or have no
        effect on words.

    Warns
    -----
    UserWarning
        The words are in a script without spaces between words, and seem to be whole phrases.

    Examples
    --------
    >>> from hftopic import TextOptions, corpus_from_tokens
    >>> corpus = corpus_from_tokens([["New York", "rain"], ["rain", "rain"]])
    >>> corpus.vocabulary.tolist(), corpus.counts.toarray().tolist()
    (['New York', 'rain'], [[1.0, 1.0], [0.0, 2.0]])
    >>> options = TextOptions(lowercase=False, stop_words=("rain",))
    >>> corpus_from_tokens([["New York", "rain"], ["rain", "rain"]], options=options).tokens
    (('New York',), ())
    """
    options = TextOptions(lowercase=False, stop_words=None) if options is None else options
    check_options(options)
    unused = [name for name in _OF_TEXTS if getattr(options, name)]
    if unused:
        raise CorpusError(f"{unused[0]} has no effect on documents whose words are given; remove it")
    advice = "pass a sequence of documents, each a list of words"
    check_sequence(documents, "documents", advice, CorpusError)
    read = cased(options)
    found = listed(documents) if hasattr(documents, "to_pylist") else documents
    words = (
        read(_words_of_document(given, place), f"documents[{place}]") for place, given in enumerate(found)
    )
    known = {"labels": labels, "names": names, "splits": splits, "dates": dates, "metadata": metadata}
    corpus = corpus_of_words(words, options, str.split, vocabulary, "documents", {**known, "texts": texts})
    reading: Any = corpus.reading
    return corpus.with_reading({**reading, "options": {**reading["options"], "tokenizer": GIVEN}})


def _words_of_document(given: Any, place: int) -> list[Any]:
    """The words of a document.

    Raises
    ------
    CorpusError
        This is no sequence of words.
    """
    name, advice = (
        f"documents[{place}]",
        "pass a list of its words; corpus_from_texts splits texts into words",
    )
    if isinstance(given, str | bytes):
        raise CorpusError(f"{name} is {given!r:.80}, a single string; {advice}")
    check_sequence(given, name, advice, CorpusError)
    return listed(given)
