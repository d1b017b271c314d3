"""Inflected forms of one word in a list of words, by the stemmer of Porter (1980)."""

from collections.abc import Sequence

# Endings of the forms of one word: sort, sorting; use, used; use, using; study, studied; studied, studying.
PARADIGMS = (
    {"", "s", "es", "ed", "ing"},
    {"", "s", "d"},
    {"e", "es", "ed", "ing"},
    {"y", "ies", "ied"},
    {"ies", "ied", "ying"},
)
# Words with a meaning of their own that look like forms of even, new, unit, good …
NO_FORMS = {"corps", "customs", "evening", "goods", "mars", "news", "united"}


def first_forms(words: Sequence[str]) -> list[int]:
    """Positions of the words that are no inflected form of a word before them.

    Two words are forms of each other if their Porter stems are equal and they differ only in an English
    inflectional ending (-s, -es, -ed, -ing, with y → ie and doubled consonants). The stem alone would unite
    words with other suffixes, such as university and universe. Upper and lower case differ. Words of
    other languages are united only if they meet both conditions, as some plurals do.

    Parameters
    ----------
    words : sequence of str
        Words in the order in which they are shown.

    Returns
    -------
    list of int
        Positions to keep, ascending. The first word is always kept.

    Notes
    -----
    Porter (1980), *An algorithm for suffix stripping*. gensim's implementation is imported at the first call.

    Examples
    --------
    >>> from hftopic.data.forms import first_forms
    >>> words = ["sorting", "polynomial", "sort", "universe", "polynomials", "university", "sorted"]
    >>> [words[position] for position in first_forms(words)]
    ['sorting', 'polynomial', 'universe', 'university']
    """
    from gensim.parsing.porter import PorterStemmer

    stemmer = PorterStemmer()
    before: dict[str, list[str]] = {}
    kept = []
    for position, word in enumerate(words):
        of_stem = before.setdefault(stemmer.stem(word), [])
        if not any(_are_forms(word, other) for other in of_stem):
            kept.append(position)
        of_stem.append(word)
    return kept


def _are_forms(word: str, other: str) -> bool:
    """Whether two words with the same stem differ only in an inflectional ending."""
    if word == other:
        return True
    if NO_FORMS & {word.lower(), other.lower()}:
        return False
    pairs = enumerate(zip(word, other, strict=False))
    shared = next((place for place, (a, b) in pairs if a != b), min(len(word), len(other)))
    endings = {_ending(word, shared), _ending(other, shared)}
    return shared > 0 and any(endings <= paradigm for paradigm in PARADIGMS)


def _ending(word: str, shared: int) -> str:
    """Ending of a word after its first `shared` letters, without a consonant that is doubled before it."""
    doubled = word[shared - 1] == word[shared : shared + 1] and word[shared + 1 :] in ("ed", "ing")
    return word[shared + doubled :]
