"""Words of a text: what a word is, in any script, and n-grams of words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial

from hftopic.data.cleaning import cleaned
from hftopic.data.stop_words import stop_words_of
from hftopic.data.text_options import TextOptions

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
    """Function from a text to its words and n-grams in reading order.

    Parameters
    ----------
    options : TextOptions
    vocabulary : iterable of str or None
        Words to be counted even if they are stop words.
    """
    lowered = _lowered if options.lowercase else _composed
    split = _words_of(options)
    stop_words = _stop_words(options, split) - set(vocabulary or ())
    fewest, most = options.ngram_range

    def analyse(text: str) -> Sequence[str]:
        words = split(lowered(cleaned(text, options.clean)))
        if stop_words:
            words = [word for word in words if word not in stop_words]
        if most > 1:
            words = ngrams(words, fewest, most)
        return words

    return analyse


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


def _stop_words(options: TextOptions, split: Callable[[str], list[str]]) -> frozenset[str]:
    """Stop words as texts have them: one with an apostrophe is two words there."""
    if options.stop_words is None:
        return frozenset()
    if not isinstance(options.stop_words, str):
        return frozenset(map(_composed, options.stop_words))
    words = stop_words_of(options.stop_words)
    return words.union(*(split(word) for word in words if " " not in word))


def _words_of(options: TextOptions) -> Callable[[str], list[str]]:
    if options.token_pattern is not None:
        return re.compile(options.token_pattern).findall
    return partial(_words, numbers=options.numbers)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _lowered(text: str) -> str:
    if text.isascii():
        return text.lower()
    # lower() would convert the Turkish capital I with a dot to two characters: i and a combining dot.
    return _composed(_composed(text).replace("\u0130", "i").lower())


def _words(text: str, numbers: bool = False) -> list[str]:
    """Words of a composed text; `numbers` are two or more letters and digits with a digit among them."""
    simple, marked, mark = _word_patterns(numbers)
    # Searching the distinct characters is faster than searching the text: the class of marks is slow.
    has_marks = not text.isascii() and mark.search("".join(set(text)))
    return (marked if has_marks else simple).findall(text)


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
