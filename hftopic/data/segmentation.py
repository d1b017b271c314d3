"""Texts in scripts without spaces between words, which a segmenter must split first."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice

_SAMPLE = 100_000  # words that are looked at
_SHARE = 0.5  # of all characters of the words
# Longest mean length of words, in characters (in Thai, marks are characters too), ranges of the scripts, and
# what splits their texts.
_SCRIPTS = {
    "Chinese or Japanese": (
        6,
        "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f",
        "jieba.lcut for Chinese, or a function that calls fugashi or SudachiPy for Japanese",
    ),
    "Thai, Lao, Khmer or Burmese": (
        12,
        "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff",
        "pythainlp.word_tokenize for Thai",
    ),
}
_OF_SCRIPT = {name: re.compile(f"[{ranges}]") for name, (_, ranges, _) in _SCRIPTS.items()}
_KATAKANA = re.compile("[\u30a0-\u30ff]+")  # one loanword, which may be long


def unsegmented(documents: Iterable[Sequence[str]]) -> str | None:
    """What is wrong with words that are whole phrases; None if they are words, or in other scripts.

    Words of Chinese and Japanese have mostly one to four characters. Where most words are of such a script
    and their mean length is larger than that of any segmented text, nobody has split the phrases.

    Examples
    --------
    >>> unsegmented([["\u6211\u5011\u660e\u5929\u8981\u53bb\u5317\u4eac", "words"]]).partition(":")[0]
    'the texts are in Chinese or Japanese, without spaces between words'
    >>> unsegmented([["\u6211\u5011", "\u660e\u5929", "\u5317\u4eac"], ["words"]])
    """
    words = list(islice(chain.from_iterable(documents), _SAMPLE))
    total = sum(map(len, words))
    for script, (longest, _, segmenter) in _SCRIPTS.items():
        own = [
            word
            for word in words
            if not word.isascii() and _OF_SCRIPT[script].search(word) and not _KATAKANA.fullmatch(word)
        ]
        size = sum(map(len, own))
        if own and size > _SHARE * total and size > longest * len(own):
            return (
                f"the texts are in {script}, without spaces between words: whole phrases such as "
                f"{max(own, key=len)[:20]!r} would be words. Pass a segmenter of the language as tokenizer=, "
                f"such as {segmenter}; or join the words of a text with spaces, with token_pattern=r'\\S+'"
            )
    return None
