"""Phrases: words that stand together more often than by chance, and are counted as one word."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hftopic._numbers import is_number, is_one_of, is_whole
from hftopic.data.gaps import MARK

FEWEST = 5  # uses of a phrase, whatever the corpus
MOST = 10_000_000  # words and pairs that are counted, some 200 bytes each; the rarest are left out then
_BETWEEN = "\x1f"  # of the words of a phrase, while it is learnt; no word has it


@dataclass(frozen=True)
class PhraseOptions:
    """How phrases are found in a corpus, by gensim's ``Phrases``.

    A phrase has two words at its ends that are no stop words; stop words may be between them, as in
    "bank of america", however short, and no punctuation, no blank line and no other word that the texts are
    split without. The defaults find the same kind of phrases in some hundred answers
    of a survey and in twenty thousand documents, because the normalised score does not depend on the size of
    the corpus.

    Parameters
    ----------
    min_count : int or None
        Fewest uses of a phrase. None is the number of documents that a word must be in to be kept, at least
        five, so that hardly a phrase is learnt that ``min_df`` leaves out.
    threshold : float or None
        Phrases have a larger score than this: 0.5 by default, or 10 with ``scoring="default"``.
    scoring : {"npmi", "default"}
        Normalised pointwise mutual information, from -1 to 1 (Bouma, 2009), or the score of Mikolov et al.
        (2013), which grows with the vocabulary.
    passes : int
        Number of times that words and phrases are joined: after the second one, phrases have three or four
        words that are no stop words.

    Raises
    ------
    ValueError
        A parameter has an invalid value.

    Examples
    --------
    >>> from hftopic import PhraseOptions, TextOptions, corpus_from_texts
    >>> texts = ["new york", "new house", "large house", "house", "house", "new york"] * 5
    >>> options = TextOptions(max_df=1.0, phrases=PhraseOptions())
    >>> corpus_from_texts(texts, options=options).vocabulary.tolist()
    ['house', 'large', 'new', 'new_york']
    """

    min_count: int | None = None
    threshold: float | None = None
    scoring: Literal["npmi", "default"] = "npmi"
    passes: int = 1

    def __post_init__(self) -> None:
        if self.min_count is not None and not is_whole(self.min_count):
            raise ValueError(f"min_count must be an int >= 1 or None, not {self.min_count!r}")
        if not is_one_of(self.scoring, ("npmi", "default")):
            raise ValueError(f"scoring must be 'npmi' or 'default', not {self.scoring!r}")
        is_normalised = self.scoring == "npmi"
        if self.threshold is not None:
            number = self.threshold if is_number(self.threshold) else float("nan")
            if not (-1 <= number <= 1 if is_normalised else number > 0):
                wanted = "from -1 to 1" if is_normalised else "above 0"
                told = f"threshold must be a number {wanted} with scoring={self.scoring!r}, or None, not"
                raise ValueError(f"{told} {self.threshold!r}")
        if not is_whole(self.passes):
            raise ValueError(f"passes must be an int >= 1, not {self.passes!r}")

    @property
    def least(self) -> float:
        """The threshold."""
        if self.threshold is not None:
            return float(self.threshold)
        return 0.5 if self.scoring == "npmi" else 10.0


def learnt_phrases(
    documents: Iterable[Sequence[str]],
    options: PhraseOptions,
    stop_words: frozenset[str],
    fewest: Callable[[int], int],
) -> tuple[str, ...]:
    """Phrases of documents in alphabetical order, with spaces between their words.

    Parameters
    ----------
    documents : iterable of sequences of str
        Words of each document, with the stop words, and with what is between them as
        :func:`hftopic.data.gaps.with_gaps` marks it. It is iterated ``passes`` times.
    options : PhraseOptions
    stop_words : frozenset of str
        Words that may only be between the ends of a phrase.
    fewest : callable
        Number of documents that a kept word is in, given the number of all documents.
    """
    from gensim.models.phrases import Phrases

    found: dict[str, None] = {}
    connectors = stop_words | {MARK + word for word in stop_words}
    for _ in range(options.passes):
        phrases = Phrases(
            threshold=options.least,
            scoring=options.scoring,
            connector_words=connectors,
            delimiter=_BETWEEN,
            max_vocab_size=MOST,
        )
        read = _Counted(map(joiner(found, " "), documents) if found else documents, connectors)
        phrases.add_vocab(read)
        phrases.min_count = options.min_count or max(FEWEST, fewest(read.n))
        found |= dict.fromkeys(phrase.replace(_BETWEEN, " ") for phrase in phrases.export_phrases())
    return tuple(sorted({phrase.replace(MARK, "") for phrase in found}))


class _Counted:
    """Documents that are counted while they are read, cut at what is in no phrase, such as punctuation."""

    def __init__(self, documents: Iterable[Sequence[str]], connectors: frozenset[str]) -> None:
        self._documents, self._connectors, self.n = documents, connectors, 0

    def __iter__(self) -> Iterator[Sequence[str]]:
        for document in self._documents:
            self.n += 1
            start = 0
            for place, word in enumerate(document):
                if not word.isalnum() and self._ends_phrases(word):
                    yield document[start:place]
                    start = place + 1
            yield document[start:]

    def _ends_phrases(self, word: str) -> bool:
        if word.startswith(MARK):
            return word not in self._connectors
        return not any(map(str.isalnum, word))


def joiner(phrases: Collection[str], mark: str) -> Callable[[Sequence[str]], list[str]]:
    """Function that joins the words of each phrase, from left to right, of several the longest.

    Parameters
    ----------
    phrases : collection of str
        Words with spaces between them.
    mark : str
        Text between the words of a joined phrase.

    Examples
    --------
    >>> joiner(["new york", "new york city"], "_")(["in", "new", "york", "city", "new"])
    ['in', 'new_york_city', 'new']
    """
    known = frozenset(phrases)
    longest: dict[str, int] = {}  # words of a phrase, by its first one
    for phrase in known:
        first = phrase.partition(" ")[0]
        longest[first] = max(longest.get(first, 0), phrase.count(" ") + 1)

    def joined(words: Sequence[str]) -> list[str]:
        made, place = [], 0
        while place < len(words):
            end = place + longest.get(words[place].partition(" ")[0], 1)
            while end > place + 1 and " ".join(words[place:end]) not in known:
                end -= 1
            made.append(mark.join(words[place:end]))
            place = max(end, place + 1)
        return made

    return joined
