"""Options for turning texts into word counts."""

import re
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from math import ceil, floor, sqrt
from typing import Any, Literal

import numpy as np

from hftopic._numbers import is_whole
from hftopic.data.cleaning import as_steps
from hftopic.data.phrases import PhraseOptions
from hftopic.data.reading import GIVEN, changed_options, options_of
from hftopic.data.sequences import check_sequence, described
from hftopic.data.stop_words import stop_words_of

_FEW = 20  # documents below which the automatic bounds keep every word


@dataclass(frozen=True)
class TextOptions:
    """Options for splitting texts into words and for choosing the vocabulary.

    Parameters
    ----------
    lowercase : bool
        Whether texts are converted to lower case first.
    stop_words : str, tuple of str, or None
        Words to remove: those of a language, the given words, or none. "english" is scikit-learn's list; the
        lists of other languages, such as "german", need the extra ``languages``.
    min_df, max_df : "auto", int or float
        Minimum and maximum number of documents that contain a kept word: an int is a number of documents, a
        float in [0, 1] is a fraction of the documents. :meth:`resolved` has the numbers of "auto", which
        depend on the size of the corpus.
    token_pattern : str or None
        Regular expression that matches a word. By default, a word is three or more letters of any script in
        sequence, with the combining marks on them (accents, vowel signs); marks do not count as letters.
    max_features : int or None
        Maximum size of the vocabulary: the most frequent words are kept. None keeps all words.
    clean : str or tuple of str
        What to remove from texts before they are split into words: "headers", "quotes", "signatures",
        "encoded", "urls", "html", or "email" for all of these, see `hftopic.data.cleaning`.
    ngram_range : tuple of int
        Smallest and largest number of words of an n-gram: (1, 2) adds pairs of neighbours, such as
        "new_york", to the single words. Stop words are removed before. To keep only pairs that stand
        together more often than by chance, use `phrases`.
    numbers : bool
        Whether numbers, and words with digits such as "mp3", are words too. They need two or more letters or
        digits.
    max_count : int or None
        Largest count of a word in a document: further uses of the word in the document are not read. It damps
        bursts: a word that one message repeats a hundred times. None reads all.
    tokenizer : callable, optional
        Function from a text to a list of its words, in place of a ``token_pattern``: a segmenter of a
        language without spaces between words, such as ``jieba.lcut``, or a lemmatiser. It gets the text after
        ``clean`` and ``lowercase``. Its words are kept as they are, except for empty ones. A file keeps only
        its name: reading with a saved model needs it again, see :meth:`like`.
    phrases : bool, PhraseOptions or tuple of str
        Whether phrases such as "new_york" are found in the corpus and counted as one word, with the defaults
        or the given options; or the phrases themselves, such as ("new york",). They are joined before stop
        words are removed. The reading of the corpus lists those that were found, so that later texts have the
        same. With a given vocabulary, nothing is found: its words with "_" are the phrases.
    even_df : int, float or None
        Number or fraction of documents: words in more of them are left out, like stop words, if they are
        spread as evenly as by chance, such as "know" in messages, see
        `hftopic.data.evenness.spread_evenly`. The reading of the corpus lists them. None keeps them; a tenth
        of the documents is a good bound for texts of 30 words or more.

    Raises
    ------
    ValueError
        A parameter has an invalid value.

    Examples
    --------
    >>> TextOptions(min_df=1, max_features=2000).ngram_range
    (1, 1)
    """

    lowercase: bool = True
    stop_words: str | tuple[str, ...] | None = "english"
    min_df: int | float | Literal["auto"] = "auto"
    max_df: int | float | Literal["auto"] = "auto"
    token_pattern: str | None = None
    max_features: int | None = None
    clean: tuple[str, ...] = ()
    ngram_range: tuple[int, int] = (1, 1)
    numbers: bool = False
    max_count: int | None = None
    even_df: int | float | None = None
    tokenizer: Callable[[str], Iterable[str]] | None = None
    phrases: bool | PhraseOptions | tuple[str, ...] = False

    def __repr__(self) -> str:
        """The options that are not the defaults, as an estimator shows its parameters."""
        changed = ", ".join(f"{name}={value!r}" for name, value in changed_options(self).items())
        return f"{type(self).__name__}({changed})"

    @classmethod
    def like(cls, model: Any, **changed: Any) -> "TextOptions":
        """Options with which the texts of a fitted model were read, for texts that it is to read.

        Parameters
        ----------
        model : fitted model or Corpus
        **changed
            Options that are others, or that no file keeps: the ``tokenizer``.

        Raises
        ------
        ValueError
            It is unknown how the texts were read, or which ``tokenizer`` split them.

        Examples
        --------
        >>> from hftopic import TextOptions, corpus_from_texts
        >>> corpus = corpus_from_texts(["on a T1 line", "a T1"], options=TextOptions(tokenizer=str.split))
        >>> corpus.reading["options"]
        {'tokenizer': 'str.split'}
        >>> TextOptions.like(corpus, tokenizer=str.split) == TextOptions(tokenizer=str.split)
        True
        """
        reading = getattr(model, "reading_", None) or getattr(model, "reading", None)
        if reading is None:
            raise ValueError(
                f"it is unknown how texts became the word counts of {described(model)}; pass TextOptions(...)"
            )
        return cls(**{**options_of(reading), **changed})

    def __post_init__(self) -> None:
        if isinstance(self.stop_words, str):
            stop_words_of(self.stop_words)
        elif self.stop_words is not None:
            object.__setattr__(self, "stop_words", _as_words(self.stop_words))
        for name in ("min_df", "max_df"):
            value = getattr(self, name)
            if not (isinstance(value, str) and value == "auto"):
                object.__setattr__(self, name, _as_share(name, value, " or 'auto'"))
        if self.token_pattern is not None:
            _check_pattern(self.token_pattern)
        if self.even_df is not None:
            object.__setattr__(self, "even_df", _as_share("even_df", self.even_df, " or None"))
        for name in ("max_features", "max_count"):
            object.__setattr__(self, name, _as_whole(name, getattr(self, name)))
        object.__setattr__(self, "clean", as_steps(self.clean))
        object.__setattr__(self, "ngram_range", _as_range(self.ngram_range))
        if not isinstance(self.numbers, bool | np.bool_):
            raise ValueError(f"numbers must be True or False, not {self.numbers!r}")
        object.__setattr__(self, "numbers", bool(self.numbers))
        if self.numbers and self.token_pattern is not None:
            raise ValueError("numbers=True has no effect with a token_pattern: let the pattern match digits")
        if self.tokenizer is not None:
            _check_tokenizer(self)
        object.__setattr__(self, "phrases", _as_phrases(self.phrases))

    @property
    def sought_phrases(self) -> PhraseOptions | None:
        """How phrases are found; None if they are given, or none are wanted."""
        if isinstance(self.phrases, PhraseOptions):
            return self.phrases
        return PhraseOptions() if self.phrases is True else None

    def resolved(self, n_documents: int) -> "TextOptions":
        """The same options for a corpus of this size, with numbers of documents in place of "auto".

        The automatic ``min_df`` is a quarter of the square root of the number of documents, at least 2, and
        the automatic ``max_df`` is half of the documents. With fewer than 20 documents, they keep every word.

        Parameters
        ----------
        n_documents : int
            Number of texts.

        Examples
        --------
        >>> [TextOptions().resolved(n).min_df for n in (12, 100, 3_000, 11_314, 200_000)]
        [1, 2, 14, 27, 112]
        """
        if not is_whole(n_documents, lowest=0):
            raise ValueError(f"n_documents must be an int >= 0, not {n_documents!r}")
        fewest, most = self.min_df, self.max_df
        if fewest == "auto":
            fewest = 1 if n_documents < _FEW else max(2, round(sqrt(n_documents) / 4))
        if most == "auto":
            most = 1.0 if n_documents < _FEW else n_documents // 2
        return replace(self, min_df=fewest, max_df=most)

    def explained(self, n_documents: int) -> str:
        """Which words a corpus of this size leaves out, as a sentence for users.

        Examples
        --------
        >>> TextOptions(max_df=0.5).explained(11_314)
        'words in fewer than 27 or more than 5,657 of 11,314 documents are left out'
        """
        fewest, most = self.bounds(n_documents)
        parts = [f"fewer than {fewest:,}"] if fewest > 1 else []
        parts += [f"more than {most:,}"] if most < n_documents else []
        if not parts:
            return "no word is left out for the number of documents it is in"
        return f"words in {' or '.join(parts)} of {n_documents:,} documents are left out"

    def bounds(self, n_documents: int) -> tuple[int, int]:
        """Smallest and largest number of documents, of `n_documents`, that contain a kept word."""
        options = self.resolved(n_documents)
        fewest = number_of(options.min_df, n_documents)
        return ceil(fewest), floor(number_of(options.max_df, n_documents))


def number_of(bound: Any, n_documents: int) -> float:
    """A number or a fraction of documents as a number, which may be no whole one."""
    return float(bound if is_whole(bound) else bound * n_documents)


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"token_pattern {pattern!r} is not a valid regular expression: {error}") from error
    if groups > 1:
        raise ValueError(f"token_pattern {pattern!r} has {groups} capturing groups; at most one is allowed")


def _check_tokenizer(options: TextOptions) -> None:
    tokenizer: Any = options.tokenizer
    if isinstance(tokenizer, str):
        how = (
            "the documents were lists of words, so it is unknown what splits a text; pass a function"
            if tokenizer == GIVEN
            else f"the function {tokenizer!r} split the texts, and a file keeps no function; pass it again"
        )
        raise ValueError(f"{how} as tokenizer=, as in TextOptions.like(model, tokenizer=...)")
    if not callable(tokenizer):
        raise ValueError(f"tokenizer must be a function from a text to its words, not {tokenizer!r}")
    others = {"token_pattern": options.token_pattern is not None, "numbers": options.numbers}
    unused = next((name for name, given in others.items() if given), None)
    if unused is not None:
        raise ValueError(f"{unused} has no effect with a tokenizer; remove one of them")


def _as_phrases(phrases: Any) -> bool | PhraseOptions | tuple[str, ...]:
    if isinstance(phrases, bool | np.bool_):
        return bool(phrases)
    if isinstance(phrases, PhraseOptions):
        return phrases
    advice = "pass True, PhraseOptions(...) or a tuple of phrases with spaces between their words"
    if not isinstance(phrases, Set):
        check_sequence(phrases, "phrases", advice)
    given = tuple(phrases)
    odd = next((phrase for phrase in given if not isinstance(phrase, str) or " " not in phrase.strip()), None)
    if odd is not None:
        raise ValueError(f"phrases has {odd!r}, which is no string with a space between words; {advice}")
    return given


def _as_words(stop_words: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(stop_words, Set):
        check_sequence(stop_words, "stop_words", "pass the name of a language, a tuple of words or None")
    words = tuple(stop_words)
    strangers = [word for word in words if not isinstance(word, str)]
    if strangers:
        raise ValueError(f"stop_words must be strings; {strangers[0]!r} is not")
    return words


def _as_whole(name: str, value: Any) -> int | None:
    if value is not None and not is_whole(value):
        raise ValueError(f"{name} must be an int >= 1 or None, not {value!r}")
    return None if value is None else int(value)


def _as_range(ngram_range: Any) -> tuple[int, int]:
    """Smallest and largest number of words; a list is what JSON makes of a tuple."""
    if (
        not isinstance(ngram_range, tuple | list)
        or len(ngram_range) != 2
        or not all(map(is_whole, ngram_range))
    ):
        raise ValueError(f"ngram_range must be two ints >= 1, such as (1, 2), not {ngram_range!r}")
    fewest, most = map(int, ngram_range)
    if fewest > most:
        raise ValueError(f"ngram_range must be (smallest, largest), not {ngram_range!r}")
    return fewest, most


def _as_share(name: str, value: Any, others: str) -> int | float:
    """A number of documents as an int, or a fraction as a float."""
    if is_whole(value):
        return int(value)
    if isinstance(value, float | np.floating) and 0 <= value <= 1:
        return float(value)
    raise ValueError(
        f"{name} must be a number of documents (int >= 1), a fraction of documents "
        f"(float in [0.0, 1.0]){others}, not {value!r}"
    )
