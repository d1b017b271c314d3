"""Words of a text: what a word is, in any script, and n-grams of words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from hftopic.data.cleaning import cleaned
from hftopic.data.gaps import with_gaps, without_gaps
from hftopic.data.phrases import joiner, learnt_phrases
from hftopic.data.reading import name_of
from hftopic.data.stop_words import stop_words_of
from hftopic.data.text_options import TextOptions
from hftopic.data.validation import CorpusError

# At least three letters in sequence, for text without combining marks. The rest of a contraction of "not"
# ("don", "isn", "couldn") is not a word.
LETTERS = r"(?u)\b[^\W\d_]{3,}\b(?!['\u2019]t\b)"
_JOINERS = "\u200c\u200d"  # within words of Persian and of Indic scripts
JOINED = "_"
"""Character between the words of an n-gram; the default words have none."""
# Variation selectors have the Unicode category of marks, but they select how a symbol looks. If they were
# treated as marks, a heart symbol directly before "love" would prevent the match of the word.
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def analyser(options: TextOptions, vocabulary: Iterable[str] | None) -> Callable[[str], Sequence[str]]:
    """Function from a text to its words, phrases and n-grams in reading order, as they are counted.

    Parameters
    ----------
    options : TextOptions
    vocabulary : iterable of str or None
        Words to be counted even if they are stop words.
    """
    split, choose = splitter(options), chooser(options, vocabulary, parts_of(options))
    return lambda text: choose(split(text))


def splitter(options: TextOptions) -> Callable[[str], list[str]]:
    """Function from a text to all of its words, with what is between them if there can be phrases."""
    lowered, split = _case_of(options), parts_of(options)
    if options.tokenizer is not None:
        split = partial(_tokenized, tokenizer=options.tokenizer)
    elif options.phrases is not False:
        split = partial(_with_gaps, options=options)
    return lambda text: split(lowered(cleaned(text, options.clean)))


def cased(options: TextOptions) -> Callable[[Sequence[Any], str], list[str]]:
    """Function from given words, and what to call them, to the words as texts have them."""
    lowered = _case_of(options)
    return lambda words, name: [lowered(word) for word in visible_words(words, name)]


def chooser(
    options: TextOptions, vocabulary: Iterable[str] | None, parts: Callable[[str], list[str]]
) -> Callable[[Sequence[str]], Sequence[str]]:
    """Function from all words of a document to those that are counted, with its phrases and n-grams.

    Parameters
    ----------
    options : TextOptions
    vocabulary : iterable of str or None
        Words to be counted even if they are stop words.
    parts : callable
        Words of a stop word or a phrase, as documents have them.
    """
    stop_words = stop_words_in(options, parts) - set(vocabulary or ())
    join = joiner(_phrases(options), JOINED) if isinstance(options.phrases, tuple) else None
    fewest, most = options.ngram_range

    def choose(words: Sequence[str]) -> Sequence[str]:
        if join is not None:
            words = without_gaps(join(words), JOINED)
        if stop_words:
            words = [word for word in words if word not in stop_words]
        return ngrams(words, fewest, most) if most > 1 else words

    return choose


def with_phrases(
    options: TextOptions,
    documents: Iterable[Sequence[str]],
    vocabulary: Iterable[str] | None,
    parts: Callable[[str], list[str]],
) -> TextOptions:
    """Options with the phrases themselves, if phrases are sought.

    Parameters
    ----------
    options : TextOptions
    documents : iterable of sequences of str
        All words of each document, in which phrases are found.
    vocabulary : iterable of str or None
        If it is given, its words of several parts are the phrases.
    parts : callable
        As for :func:`chooser`.
    """
    sought = options.sought_phrases
    if sought is None:
        return options
    if vocabulary is not None:
        found = tuple(word.replace(JOINED, " ") for word in vocabulary if JOINED in word[1:-1])
    else:
        stop_words = stop_words_in(options, parts)
        found = learnt_phrases(documents, sought, stop_words, lambda n: options.bounds(n)[0])
    return replace(options, phrases=found)


def _phrases(options: TextOptions) -> frozenset[str]:
    """Phrases to join, as they are given, as lists of words have them, and as texts have them."""
    given = options.phrases if isinstance(options.phrases, tuple) else ()
    lowered = list(map(_case_of(options), given))
    read = [*map(str.split, lowered), *(_with_gaps(phrase, options) for phrase in lowered)]
    return frozenset(phrase for phrase in (*given, *map(" ".join, read)) if " " in phrase)


def ngrams(words: Sequence[str], fewest: int, most: int) -> list[str]:
    """N-grams of `fewest` to `most` neighbours, those that start at one word after each other.

    Examples
    --------
    >>> ngrams(["new", "york", "city"], 1, 2)
    ['new', 'new_york', 'york', 'york_city', 'city']
    """
    n = len(words)
    return [
        JOINED.join(words[start : start + size])
        for start in range(n)
        for size in range(fewest, min(most, n - start) + 1)
    ]


def first_uses(words: Iterable[str], most: int | None) -> Iterable[str]:
    """The words without all but the first `most` uses of each; None keeps all.

    Examples
    --------
    >>> first_uses(["buy", "buy", "it", "buy"], 2)
    ['buy', 'buy', 'it']
    """
    if most is None:
        return words
    uses: Counter[str] = Counter()
    kept = []
    for word in words:
        uses[word] += 1
        if uses[word] <= most:
            kept.append(word)
    return kept


def stop_words_in(options: TextOptions, parts: Callable[[str], list[str]]) -> frozenset[str]:
    """Stop words as documents have them: one with an apostrophe is two words in texts."""
    if options.stop_words is None:
        return frozenset()
    if not isinstance(options.stop_words, str):
        return frozenset(map(_composed, options.stop_words))
    words = stop_words_of(options.stop_words)
    return words.union(*(parts(word) for word in words if " " not in word))


def parts_of(options: TextOptions) -> Callable[[str], list[str]]:
    """Function from a text, a stop word or a phrase, after all changes of its letters, to its words.

    A tokenizer is made for texts, so stop words and phrases are split at spaces then.
    """
    if options.tokenizer is not None:
        return str.split
    if options.token_pattern is not None:
        return re.compile(options.token_pattern).findall
    return partial(_words, numbers=options.numbers)


def _tokenized(text: str, tokenizer: Callable[[str], Iterable[str]]) -> list[str]:
    """Words that a function of the user makes of a text."""
    words: Any = tokenizer(text)
    name = f"what tokenizer={name_of(tokenizer)} returned for {text[:40]!r}"
    if isinstance(words, str | bytes) or not isinstance(words, Iterable):
        raise CorpusError(f"{name} is {words!r:.80} of type {type(words).__name__}, not a list of words")
    return [_composed(word) for word in visible_words(words, name)]


def visible_words(words: Iterable[Any], name: str) -> list[str]:
    """The words of a document, of which empty ones are left out.

    Raises
    ------
    CorpusError
        One is no string; the message begins with the name.
    """
    held = list(words)
    for place, word in enumerate(held):
        if not isinstance(word, str):
            raise CorpusError(
                f"{name}: word {place} is {word!r:.80} of type {type(word).__name__}, not a string; for "
                "spaCy's tokens, take [token.text for token in document]"
            )
    return [word for word in held if word and not word.isspace()]


def _case_of(options: TextOptions) -> Callable[[str], str]:
    """Function to the letters that words are compared by."""
    return _lowered if options.lowercase else _composed


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _lowered(text: str) -> str:
    if text.isascii():
        return text.lower()
    # lower() would convert the Turkish capital I with a dot to two characters: i and a combining dot.
    return _composed(_composed(text).replace("\u0130", "i").lower())


def _words(text: str, numbers: bool = False) -> list[str]:
    """Words of a composed text; `numbers` are two or more letters and digits with a digit among them."""
    return _words_in(text, numbers).findall(text)


def _words_in(text: str, numbers: bool) -> re.Pattern[str]:
    """Pattern of the words of a text."""
    simple, marked, mark = _word_patterns(numbers)
    # Searching the distinct characters is faster than searching the text: the class of marks is slow.
    has_marks = not text.isascii() and mark.search("".join(set(text)))
    return marked if has_marks else simple


def _with_gaps(text: str, options: TextOptions) -> list[str]:
    """Words of a composed text, with what is between them."""
    pattern = options.token_pattern
    words = _words_in(text, options.numbers) if pattern is None else re.compile(pattern)
    return with_gaps(text, words, "" if text.isascii() else _marks() + _JOINERS)


@cache
def _word_patterns(numbers: bool) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of a word without marks, of a word with marks on its letters, and of a mark."""
    marks = _marks()
    letter = rf"[^\W\d_][{marks}]*"
    simple, marked = (
        LETTERS,
        rf"(?<![\w{marks}]){letter}(?:[{_JOINERS}]?{letter}){{2,}}(?![\w{marks}])(?!['\u2019]t\b)",
    )
    if numbers:
        either = rf"[^\W_][{marks}]*"
        simple += r"|(?<!\w)(?=[^\W_]{2})[^\W\d_]*\d[^\W_]*(?!\w)"
        marked += rf"|(?<![\w{marks}])(?=(?:{either}){{2}})(?:{letter})*\d(?:{either})*(?![\w{marks}])"
    return re.compile(simple), re.compile(marked), re.compile(f"[{marks}{_JOINERS}]")


@cache
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
