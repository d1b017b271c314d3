"""Stop words of a language: scikit-learn's list for English, those of the package stop-words for others."""

import unicodedata
from importlib import import_module
from typing import Any

ENGLISH = "english"


def stop_words_of(language: str) -> frozenset[str]:
    """Stop words of a language, in Unicode's composed form.

    Parameters
    ----------
    language : str
        English name of the language in lower case, such as "german".

    Raises
    ------
    ValueError
        The language is unknown, or it is not English and the package stop-words is not installed.

    Examples
    --------
    >>> "whereas" in stop_words_of("english")
    True
    """
    if language == ENGLISH:
        # Imported here, because reading a matrix does not need it.
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return frozenset(ENGLISH_STOP_WORDS)
    lists = _lists(language)
    known = sorted(lists.AVAILABLE_LANGUAGES)
    if language not in known:
        raise ValueError(
            f"there are no stop words for {language!r}; the languages are {', '.join(known)}. Pass a tuple "
            "of words for another language, or None"
        )
    return frozenset(unicodedata.normalize("NFC", word) for word in lists.get_stop_words(language))


def _lists(language: str) -> Any:
    try:
        return import_module("stop_words")
    except ImportError as error:
        raise ValueError(
            f"stop_words={language!r} needs the package stop-words: pip install 'hftopic[languages]'. "
            "Without it, pass 'english', a tuple of words, or None"
        ) from error
