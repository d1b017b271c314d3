"""Word counts of raw texts, by scikit-learn's CountVectorizer."""

import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from hftopic._callers import level_of_the_caller
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.evenness import spread_evenly
from hftopic.data.reading import reading_of
from hftopic.data.segmentation import unsegmented
from hftopic.data.sequences import check_sequence, listed, why_unwritable
from hftopic.data.text_options import TextOptions, number_of
from hftopic.data.validation import as_vocabulary
from hftopic.data.words import JOINED, chooser, first_uses, parts_of, splitter, with_phrases

__all__ = ["TextOptions", "corpus_from_texts"]


def corpus_from_texts(
    texts: Iterable[str],
    *,
    options: TextOptions | None = None,
    labels: Iterable[Any] | None = None,
    names: Iterable[Any] | None = None,
    splits: Iterable[Any] | None = None,
    vocabulary: Sequence[str] | np.ndarray | None = None,
    dates: Iterable[Any] | None = None,
    metadata: Any = None,
    keep_texts: bool = True,
) -> Corpus:
    """Corpus of texts, with the vocabulary in alphabetical order and the tokens in reading order.

    Parameters
    ----------
    texts : iterable of str
        One text per document. It may be a generator, because each text is read only once. Texts are
        converted to Unicode's composed form (NFC), so that a word is the same however its accents were
        typed. Lists of words are read by :func:`hftopic.corpus_from_tokens`.
    options : TextOptions, optional
        Options for splitting texts into words; ``TextOptions()`` by default.
    labels, names, splits : sequences, optional
        As in `Corpus`.
    vocabulary : sequence of str, optional
        Vocabulary of the corpus, in this order; use it to read new documents for a fitted model. The options
        that choose words (``stop_words``, ``min_df``, ``max_df``, ``max_features``) then have no effect.
    dates, metadata : sequence, DataFrame, optional
        As in `Corpus`.
    keep_texts : bool, default=True
        Whether the corpus keeps the texts, so that reports and tables show the original documents; they take
        memory.

    Raises
    ------
    CorpusError
        There are no texts, a text is not a string or was cut inside a character (a lone surrogate), `texts`
        is a DataFrame, a dict or something else that is no sequence of texts, or the options remove every
        word; the message names the place or the option.
    ValueError
        ``keep_texts`` is not True or False.

    Warns
    -----
    UserWarning
        The texts are in a script without spaces between words, and were not split into words.

    Examples
    --------
    >>> corpus = corpus_from_texts(["The cat sat.", "A cat ran."], options=TextOptions(min_df=2, max_df=1.0))
    >>> corpus.vocabulary.tolist(), corpus.tokens
    (['cat'], (('cat',), ('cat',)))
    """
    options = TextOptions() if options is None else options
    check_options(options)
    check_keep_texts(keep_texts)
    if isinstance(texts, str | bytes):
        raise CorpusError("texts is a single string; pass a sequence of texts, one per document")
    advice = "pass a sequence of texts, one per document"
    check_sequence(texts, "texts", advice, CorpusError, lines=True)
    originals = listed(texts) if keep_texts or hasattr(texts, "to_pylist") else texts
    documents = map(splitter(options), _checked(originals))
    known = {"labels": labels, "names": names, "splits": splits, "dates": dates, "metadata": metadata}
    known["texts"] = originals if keep_texts else None
    return corpus_of_words(documents, options, parts_of(options), vocabulary, "texts", known)


def corpus_of_words(
    documents: Iterable[list[str]],
    options: TextOptions,
    parts: Callable[[str], list[str]],
    vocabulary: Any,
    what: str,
    known: Mapping[str, Any],
) -> Corpus:
    """Corpus of documents all of whose words are known.

    Parameters
    ----------
    documents : iterable of list of str
        All words of each document, read once.
    options : TextOptions
    parts : callable
        Words of a stop word or a phrase, as documents have them.
    vocabulary : sequence of str, optional
        The words to count.
    what : str
        Name of the documents in messages.
    known : dict
        Other arguments of :class:`Corpus`.
    """
    words = None if vocabulary is None else as_vocabulary(vocabulary, None).tolist()
    share = own_spellings(words or ()).setdefault  # one string object per word, however often it occurs
    if options.sought_phrases is not None:
        documents = [[share(word, word) for word in document] for document in documents]
        options = with_phrases(options, documents, words, parts)
    choose = chooser(options, words, parts)
    chosen = [tuple(share(word, word) for word in choose(document)) for document in documents]
    if not chosen:
        raise CorpusError(f"there are no {what}")
    counts, found, even = _counted(chosen, options, words)
    told = unsegmented_texts(chosen, options)
    if told:
        warnings.warn(told, UserWarning, stacklevel=level_of_the_caller())
    kept = frozenset(found)
    tokens = tuple(
        tuple(first_uses((word for word in document if word in kept), options.max_count))
        for document in chosen
    )
    reading = reading_of(options, spread_evenly=even or None)
    return Corpus(counts, found, tokens=tokens, reading=reading, **known)


def options_of_model(model: Any, instead: str, **changed: Any) -> "TextOptions":
    """Options with which the texts of a fitted model were read, but for the changed ones.

    Raises
    ------
    ValueError
        The model was not fitted on texts that this package read, so they are unknown; the message says what
        to do `instead`. Or a function split its texts, which no file keeps.
    """
    if getattr(model, "reading_", None) is None:
        raise ValueError(
            f"it is unknown how texts became the word counts that the {type(model).__name__} was fitted on: "
            f"{instead}"
        )
    return TextOptions.like(model, **changed)


def check_options(options: Any) -> None:
    """Raise CorpusError if these are no TextOptions."""
    if not isinstance(options, TextOptions):
        raise CorpusError(
            f"options must be TextOptions(...), got {options!r} of type {type(options).__name__}"
        )


def check_keep_texts(keep_texts: Any) -> None:
    """Raise ValueError if this is no truth value."""
    if not isinstance(keep_texts, bool | np.bool_):
        raise ValueError(f"keep_texts must be True or False, not {keep_texts!r}")


def own_spellings(vocabulary: Iterable[str]) -> dict[str, str]:
    """Words of a given vocabulary, which keep their spelling even if that is not NFC, by what texts have."""
    return {unicodedata.normalize("NFC", word): word for word in vocabulary} | {
        word: word for word in vocabulary
    }


def _checked(texts: Iterable[Any]) -> Iterator[str]:
    """Texts one by one, each checked before it is read."""
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise CorpusError(
                f"text {place} is {_shown(text)} of type {type(text).__name__}, not a string{_advice(text)}"
            )
        reason = why_unwritable(text)
        if reason is not None:
            raise CorpusError(f"text {place} {reason}")
        yield text


def _shown(value: Any) -> str:
    written = repr(value)
    return written if len(written) <= 80 else f"{written[:79]}…"


def _advice(text: Any) -> str:
    """What to do about a document that is no text."""
    if isinstance(text, bytes):
        return "; decode it, such as by text.decode('utf-8')"
    if text is None or (isinstance(text, float) and text != text):
        return "; remove the document, or pass '' for an empty one, as frame['text'].fillna('') does"
    if isinstance(text, Iterable):
        return "; pass lists of words to corpus_from_tokens"
    return ""


def _counted(
    documents: list[tuple[str, ...]], options: TextOptions, vocabulary: list[str] | None
) -> tuple[Any, list[str], list[str]]:
    """Counts, their words, and the words that were left out because they are spread evenly."""
    # Imported here, because reading a matrix does not need it.
    from sklearn.feature_extraction.text import CountVectorizer

    options = options.resolved(len(documents))
    vectorizer = CountVectorizer(
        analyzer=tuple,
        lowercase=options.lowercase,  # only for the warning about capitals in a given vocabulary
        vocabulary=vocabulary,
        min_df=options.min_df,
        max_df=options.max_df,
        dtype=np.float32,
    )
    try:
        counts = vectorizer.fit_transform(documents)
    except ValueError as error:
        spread = Counter(chain.from_iterable(map(set, documents)))
        told = unsegmented_texts(documents, options) or why_no_word(spread, len(documents), options)
        raise CorpusError(told) from error
    words = vectorizer.get_feature_names_out()
    even = np.zeros(len(words), dtype=bool)
    if vocabulary is None and options.even_df is not None:
        even = spread_evenly(counts, number_of(options.even_df, len(documents)))
        even &= not even.all()
    if options.max_count is not None:
        counts.data = np.minimum(counts.data, options.max_count)
    if vocabulary is not None:
        return counts, vocabulary, []
    sums = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel()
    columns = most_frequent(sums, np.flatnonzero(~even), options.max_features)
    return counts[:, columns], words[columns].tolist(), words[even].tolist()


def most_frequent(uses: np.ndarray, columns: np.ndarray, most: int | None) -> np.ndarray:
    """The columns, or those `most` of them with the most uses, in their order."""
    if most is None:
        return columns
    return np.sort(columns[np.argsort(-uses[columns], kind="stable")[:most]])


def why_no_word(spread: Mapping[str, int], n: int, options: TextOptions) -> str:
    """Message: the option that removes every word, and what to do.

    Parameters
    ----------
    spread : dict
        Number of documents of each word.
    n : int
        Number of texts.
    options : TextOptions
    """
    if not spread:
        pattern = options.token_pattern
        which = "the default token_pattern" if pattern is None else f"token_pattern={pattern!r}"
        which = which if options.tokenizer is None else "the tokenizer"
        return (
            f"the vocabulary is empty: the {n:,} texts are empty, or {which} and "
            f"stop_words={options.stop_words!r} remove every word"
        )
    fewest, most = options.bounds(n)
    widest = max(spread, key=lambda word: (spread[word], word))
    told = f"{widest!r} is in {spread[widest]:,} of {n:,} texts, more than any other word"
    if max(spread.values()) < fewest:
        return f"min_df={options.min_df} removes every word: {told}; lower min_df"
    if min(spread.values()) > most:
        return (
            f"max_df={options.max_df} removes every word: every word occurs in more texts than that; "
            "raise max_df"
        )
    return (
        f"min_df={options.min_df} and max_df={options.max_df} together remove every word: {told}; "
        "lower min_df or raise max_df"
    )


def unsegmented_texts(documents: Iterable[Sequence[str]], options: TextOptions) -> str | None:
    """What is wrong with words of Chinese, Thai …, if it is; those of n-grams and phrases one by one."""
    if options.ngram_range != (1, 1) or options.phrases:
        documents = ([part for word in words for part in word.split(JOINED)] for words in documents)
    return unsegmented(documents)
