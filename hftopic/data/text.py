"""Word counts of raw texts, by scikit-learn's CountVectorizer."""

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_whole
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.segmentation import unsegmented
from hftopic.data.sequences import check_sequence, listed, why_unwritable
from hftopic.data.validation import as_vocabulary

# At least three letters in sequence, for text without combining marks. The rest of a contraction of "not"
# ("don", "isn", "couldn") is not a word.
LETTERS = r"(?u)\b[^\W\d_]{3,}\b(?!['\u2019]t\b)"
_JOINERS = "\u200c\u200d"  # within words of Persian and of Indic scripts
_NO_TEXTS = "there are no texts"
# Variation selectors have the Unicode category of marks, but they select how a symbol looks. If they were
# treated as marks, a heart symbol directly before "love" would prevent the match of the word.
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True)
class TextOptions:
    """Options for splitting texts into words and for choosing the vocabulary.

    Parameters
    ----------
    lowercase : bool
        Whether texts are converted to lower case first.
    stop_words : "english", tuple of str, or None
        Words to remove: scikit-learn's English list, the given words, or none.
    min_df, max_df : int or float
        Minimum and maximum number of documents that contain a kept word: an int is a number of documents, a
        float in [0, 1] is a fraction of the documents. The defaults are 5 documents and half of the
        documents.
    token_pattern : str or None
        Regular expression that matches a word. By default, a word is three or more letters of any script in
        sequence, with the combining marks on them (accents, vowel signs); marks do not count as letters.
    max_features : int or None
        Maximum size of the vocabulary: the most frequent words are kept. None keeps all words.

    Raises
    ------
    ValueError
        A parameter has an invalid value.

    Examples
    --------
    >>> TextOptions(min_df=1, max_features=2000).max_df
    0.5
    """

    lowercase: bool = True
    stop_words: str | tuple[str, ...] | None = "english"
    min_df: int | float = 5
    max_df: int | float = 0.5
    token_pattern: str | None = None
    max_features: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.stop_words, str) and self.stop_words != "english":
            raise ValueError(
                f"stop_words must be 'english', a tuple of words or None, not {self.stop_words!r}"
            )
        if self.stop_words is not None and not isinstance(self.stop_words, str):
            object.__setattr__(self, "stop_words", _as_words(self.stop_words))
        for name in ("min_df", "max_df"):
            _check_frequency(name, getattr(self, name))
        if self.token_pattern is not None:
            _check_pattern(self.token_pattern)
        if self.max_features is not None and not is_whole(self.max_features):
            raise ValueError(f"max_features must be an int >= 1 or None, not {self.max_features!r}")


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"token_pattern {pattern!r} is not a valid regular expression: {error}") from error
    if groups > 1:
        raise ValueError(f"token_pattern {pattern!r} has {groups} capturing groups; at most one is allowed")


def _as_words(stop_words: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(stop_words, Set):
        check_sequence(stop_words, "stop_words", "pass 'english', a tuple of words or None")
    words = tuple(stop_words)
    strangers = [word for word in words if not isinstance(word, str)]
    if strangers:
        raise ValueError(f"stop_words must be strings; {strangers[0]!r} is not")
    return words


def _check_frequency(name: str, value: Any) -> None:
    share = isinstance(value, float | np.floating) and 0 <= value <= 1
    if not (share or is_whole(value)):
        raise ValueError(
            f"{name} must be a number of documents (int >= 1) or a fraction of documents "
            f"(float in [0.0, 1.0]), not {value!r}"
        )


def corpus_from_texts(
    texts: Iterable[str],
    *,
    options: TextOptions | None = None,
    labels: Iterable[Any] | None = None,
    names: Iterable[Any] | None = None,
    splits: Iterable[Any] | None = None,
    vocabulary: Sequence[str] | np.ndarray | None = None,
) -> Corpus:
    """Corpus of texts, with the vocabulary in alphabetical order and the tokens in reading order.

    Parameters
    ----------
    texts : iterable of str
        One text per document. It may be a generator, because each text is read only once. Texts are
        converted to Unicode's composed form (NFC), so that a word is the same however its accents were
        typed. Lists of words are joined first: ``[" ".join(words) for words in documents]`` with
        ``TextOptions(token_pattern=r"\\S+", lowercase=False, stop_words=None)``.
    options : TextOptions, optional
        Options for splitting texts into words; ``TextOptions()`` by default.
    labels, names, splits : sequences, optional
        As in `Corpus`.
    vocabulary : sequence of str, optional
        Vocabulary of the corpus, in this order; use it to read new documents for a fitted model. The options
        that choose words (``stop_words``, ``min_df``, ``max_df``, ``max_features``) then have no effect.

    Raises
    ------
    CorpusError
        There are no texts, a text is not a string or was cut inside a character (a lone surrogate), `texts`
        is a DataFrame, a dict or something else that is no sequence of texts, or the options remove every
        word; the message names the place or the option.

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
    if not isinstance(options, TextOptions):
        raise CorpusError(
            f"options must be TextOptions(...), got {options!r} of type {type(options).__name__}"
        )
    if isinstance(texts, str | bytes):
        raise CorpusError("texts is a single string; pass a sequence of texts, one per document")
    advice = "pass a sequence of texts, one per document"
    check_sequence(texts, "texts", advice, CorpusError, lines=True)
    words = None if vocabulary is None else as_vocabulary(vocabulary, None).tolist()
    record = _Record(_analyser(options, words), words or ())
    counts, found = _vectorise(texts, record, options, words)
    if not record.documents:
        raise CorpusError(_NO_TEXTS)
    told = unsegmented(record.documents)
    if told:
        warnings.warn(told, UserWarning, stacklevel=level_of_the_caller())
    kept = frozenset(found)
    tokens = tuple(tuple(word for word in document if word in kept) for document in record.documents)
    return Corpus(counts, found, labels, names, tokens, splits)


class _Record:
    """Analyser that records the tokens it returns, so that each text is read only once."""

    def __init__(self, analyse: Callable[[str], list[str]], vocabulary: Iterable[str]) -> None:
        self.analyse = analyse
        self.documents: list[tuple[str, ...]] = []
        # One string object per word, however often it occurs. A word of a given vocabulary keeps its own
        # spelling, even if that is not NFC.
        self._shared = {unicodedata.normalize("NFC", word): word for word in vocabulary}
        self._shared |= {word: word for word in vocabulary}

    def __call__(self, text: str) -> tuple[str, ...]:
        share = self._shared.setdefault
        document = tuple(share(word, word) for word in self.analyse(text))
        self.documents.append(document)
        return document


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
        return (
            "; join lists of words, as in [' '.join(words) for words in documents], and keep the words as "
            "they are with options=TextOptions(token_pattern=r'\\S+', lowercase=False, stop_words=None)"
        )
    return ""


def _analyser(options: TextOptions, vocabulary: list[str] | None) -> Callable[[str], list[str]]:
    # Imported here, because reading a matrix does not need it.
    from sklearn.feature_extraction.text import CountVectorizer

    stop_words: Any = options.stop_words if vocabulary is None else None
    if isinstance(stop_words, tuple):
        stop_words = [unicodedata.normalize("NFC", word) for word in stop_words]
    analyse: Callable[[str], list[str]] = CountVectorizer(
        preprocessor=_lowered if options.lowercase else _composed,
        stop_words=stop_words,
        tokenizer=_words if options.token_pattern is None else None,
        token_pattern=options.token_pattern,
    ).build_analyzer()
    return analyse


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _lowered(text: str) -> str:
    if text.isascii():
        return text.lower()
    # lower() would convert the Turkish capital I with a dot to two characters: i and a combining dot.
    return _composed(_composed(text).replace("\u0130", "i").lower())


def _words(text: str) -> list[str]:
    """Words of a composed text; the slower pattern is used only if the text has combining marks."""
    simple, marked, mark = _word_patterns()
    # Searching the distinct characters is faster than searching the text: the class of marks is slow.
    has_marks = not text.isascii() and mark.search("".join(set(text)))
    return (marked if has_marks else simple).findall(text)


@cache
def _word_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of a word without marks, of a word with marks on its letters, and of a mark."""
    marks = _marks()
    letter = rf"[^\W\d_][{marks}]*"
    word = rf"(?<![\w{marks}]){letter}(?:[{_JOINERS}]?{letter}){{2,}}(?![\w{marks}])(?!['\u2019]t\b)"
    return re.compile(LETTERS), re.compile(word), re.compile(f"[{marks}{_JOINERS}]")


def _marks() -> str:
    """Combining marks (categories Mn and Mc) as ranges of a character class; `re` has no class for them."""
    ranges: list[list[int]] = []
    for code in range(0x20000):  # above, the only marks are the variation selectors supplement
        if unicodedata.category(chr(code)) in ("Mn", "Mc") and code not in _VARIATION_SELECTORS:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


def _vectorise(
    texts: Iterable[str], record: _Record, options: TextOptions, vocabulary: list[str] | None
) -> tuple[Any, list[str]]:
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(
        analyzer=record,
        lowercase=options.lowercase,  # only for the warning about capitals in a given vocabulary
        vocabulary=vocabulary,
        min_df=options.min_df,
        max_df=options.max_df,
        max_features=options.max_features,
        dtype=np.float32,
    )
    try:
        counts = vectorizer.fit_transform(_checked(listed(texts) if hasattr(texts, "to_pylist") else texts))
    except CorpusError:
        raise
    except ValueError as error:
        raise CorpusError(_why_no_word(record.documents, options)) from error
    return counts, vectorizer.get_feature_names_out().tolist()


def _why_no_word(documents: Sequence[Sequence[str]], options: TextOptions) -> str:
    """Message: the option that removes every word, and what to do."""
    n = len(documents)
    spread: dict[str, int] = {}
    for document in documents:
        for word in set(document):
            spread[word] = spread.get(word, 0) + 1
    if n == 0:
        return _NO_TEXTS
    told = unsegmented(documents)
    if told:
        return told
    if not spread:
        pattern = options.token_pattern
        which = "the default token_pattern" if pattern is None else f"token_pattern={pattern!r}"
        return (
            f"the vocabulary is empty: the {n:,} texts are empty, or {which} and "
            f"stop_words={options.stop_words!r} remove every word"
        )
    fewest, most = (_documents(bound, n) for bound in (options.min_df, options.max_df))
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


def _documents(bound: float, n_documents: int) -> float:
    return bound if is_whole(bound) else bound * n_documents
