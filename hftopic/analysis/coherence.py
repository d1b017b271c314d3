"""Coherence of topics in a reference corpus, computed by the measures of gensim."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple
from warnings import warn

import numpy as np
import pandas as pd

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_one_of, is_whole
from hftopic.analysis.cooccurrence import (
    Occurrences,
    check_words,
    numbered,
    occurrences,
    reference_names,
)
from hftopic.analysis.models import documents_of
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import topic_words
from hftopic.analysis.windows import RunningText, WindowCounts, count_documents, count_windows
from hftopic.data.sequences import check_sequence, listed

Window = int | Literal["document"]
# gensim's own defaults, in tokens; u_mass is defined on whole documents.
WINDOWS: dict[str, Window] = {"u_mass": "document", "c_v": 110, "c_npmi": 10, "c_uci": 10}
# What gensim's CoherenceModel tells its functions of each measure.
SETTINGS: dict[str, dict[str, Any]] = {
    "u_mass": {},
    "c_v": {"measure": "nlr", "gamma": 1},
    "c_npmi": {"normalize": True},
    "c_uci": {"normalize": False},
}


@samples_shards
def topic_coherence(
    model_or_topics: Any,
    corpus: Any = None,
    *,
    texts: Iterable[Sequence[str]] | None = None,
    measure: str | Sequence[str] = "c_npmi",
    top_n: int = 10,
    window: Window | None = None,
    vocabulary: Sequence[str] | None = None,
    processes: int = 1,
) -> pd.DataFrame:
    """Coherence of each topic's top words in a reference corpus, one row per topic.

    The values are those of gensim's ``CoherenceModel``. Two words co-occur if they are in the same *window*.
    The published c_v, c_npmi and c_uci use a window that slides over running text. If only counts are known,
    the window is the whole document. The two windows give different quantities, so the result names the
    window of each value; compare only values with the same window.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Reference corpus. For a Corpus with ``tokens`` the windows slide over the tokens, which do not include
        words outside the vocabulary; pass `texts` to include them.
    texts : iterable of iterables of str, optional
        Reference corpus in reading order, one list of tokens per document. It need not be the corpus of
        the model. If given, it is the reference for all measures, and `corpus` is not counted.
    measure : {"c_npmi", "c_v", "c_uci", "u_mass"} or a sequence of them, default="c_npmi"
        Coherence measure or measures.
    top_n : int, default=10
        Number of top words per topic; shorter lists are used completely.
    window : int, "document" or None
        Number of tokens in a sliding window; ``"document"`` uses whole documents. None means 110 for c_v and
        10 for c_npmi and c_uci if the order of tokens is known, and ``"document"`` otherwise. u_mass always
        uses whole documents.
    vocabulary : sequence of str (n_words,), optional
        Names of the model's words, and of the columns of a `corpus` without names. Not needed if the model
        has a vocabulary. If neither has one, column numbers are used as words.
    processes : int, default=1
        Has no effect: windows are counted faster than processes start. It is accepted because the worker
        processes of gensim needed it.

    Returns
    -------
    DataFrame
        One row per topic, in order, with columns ``topic`` and ``group`` (if known); for each measure its
        value and ``<measure>_window`` (number of tokens, or ``"document"``); ``words``, the words used; and
        ``absent``, the words left out. Both lists are joined by ", ". The mean of a measure's column, without
        missing values, is the coherence of the model.

    Raises
    ------
    ValueError
        A measure is unknown, the window needs an order of tokens that is unknown, the reference corpus has no
        names or no words, or a topic lists a word twice.

    Warns
    -----
    UserWarning
        Fewer than two words of a topic occur in the reference corpus: its coherence is NaN.

    Notes
    -----
    Röder, Both and Hinneburg (2015), *Exploring the space of topic coherence measures*, for c_v, c_npmi and
    c_uci; Mimno et al. (2011), *Optimizing semantic coherence in topic models*, for u_mass. Logarithms are
    natural. Topic words that never occur in the reference corpus are left out, because they would make the
    value NaN. Empty documents are ignored. Two properties of gensim are kept: a word that leaves the window
    counts as absent even if it occurs in the window again, and a pair that occurs in every window has an NPMI
    of -1.

    Examples
    --------
    >>> from hftopic.analysis import topic_coherence
    >>> texts = [["god", "faith", "church"], ["god", "faith"], ["bat", "ball"], ["ball", "faith"]]
    >>> table = topic_coherence([["god", "faith"], ["bat", "god", "pope"]], texts=texts, window="document")
    >>> table.round(2)
       topic  c_npmi c_npmi_window       words absent
    0      0    0.42      document  god, faith
    1      1   -0.92      document    bat, god   pope
    """
    measures = checked_measures(measure)
    if not is_whole(processes):
        raise ValueError(f"processes must be at least 1, got {processes!r}")
    corpus = documents_of(corpus)
    names = reference_names(model_or_topics, corpus, vocabulary)
    table = topic_words(model_or_topics, top_n, vocabulary=names)
    check_words(table)
    wanted = list(dict.fromkeys(word for words in table.words for word in words))
    reference = _reference(corpus, texts, wanted, names)
    windows = {name: _checked_window(name, window, reference) for name in measures}
    present = {wanted[column] for column in np.flatnonzero(reference.found.frequency)}
    used = [[word for word in words if word in present] for words in table.words]
    scored = _scored_topics(table.topics, used)
    columns = [reference.found.of(used[position]).tolist() for position in scored]
    values = _confirm(columns, reference, windows)
    result = numbered(table)
    for name in measures:
        result[name] = pd.Series(values[name], index=scored, dtype=float).reindex(result.index)
        result[f"{name}_window"] = pd.Series(windows[name], index=result.index, dtype=object)
    result["words"] = [", ".join(words) for words in used]
    result["absent"] = [", ".join(w for w in words if w not in present) for words in table.words]
    return result


class Reference(NamedTuple):
    """Non-empty documents of a reference corpus, reduced to what the measures need."""

    found: Occurrences  # of the topic words
    text: RunningText | None  # None if the order of tokens is unknown


def _reference(corpus: Any, texts: Any, wanted: list[str], names: Sequence[str] | None) -> Reference:
    """Reference corpus from `texts` if given, else from the tokens of `corpus`, else from its counts."""
    running = texts if texts is not None else getattr(corpus, "tokens", None)
    if running is not None:
        documents = [document for document in _checked_texts(running) if len(document)]
        if not documents:
            raise ValueError("the reference corpus has no words: every document is empty")
        text = RunningText.of(documents, wanted)
        return Reference(text.occurrences(), text)
    if corpus is None:
        raise ValueError("no reference corpus: pass a corpus, or token lists as texts=")
    return Reference(occurrences(corpus, wanted, names), None)


def _checked_texts(texts: Iterable[Iterable[str]]) -> list[Sequence[str]]:
    """Texts as a list of sequences of tokens, each read once."""
    if not _is_of_rows(texts):
        check_sequence(texts, "texts", "pass one list of tokens per document")
    documents = [texts] if isinstance(texts, str) else listed(texts)
    return [_checked_tokens(document, number) for number, document in enumerate(documents)]


def _is_of_rows(texts: Any) -> bool:
    """Whether texts are a matrix of tokens, or one string, whose message is that of a document."""
    return isinstance(texts, str) or (isinstance(texts, np.ndarray) and texts.ndim == 2)


def _checked_tokens(document: Any, number: int) -> Sequence[str]:
    """Tokens of one document; a string is an error, because its tokens would be letters."""
    if isinstance(document, str):
        raise ValueError(f"texts must be lists of tokens; document {number} is a string: split it first")
    name = f"texts must be lists of tokens, but document {number}"
    check_sequence(document, name, "[] is an empty document")
    tokens: Sequence[str] = document if isinstance(document, list | tuple) else listed(document)
    strange = [kind for kind in set(map(type, tokens)) if not issubclass(kind, str)]
    if strange:
        odd = next(token for token in tokens if not isinstance(token, str))
        raise ValueError(f"{name} contains {odd!r}, which is not a string")
    return tokens


def checked_measures(measure: str | Sequence[str]) -> list[str]:
    """Names of measures as a list without repeats; an unknown name is an error."""
    if not isinstance(measure, str):
        check_sequence(measure, "measure", f"choose from {', '.join(WINDOWS)}")
    names = [measure] if isinstance(measure, str) else listed(measure)
    for name in names:
        if not isinstance(name, str) or name not in WINDOWS:
            near = get_close_matches(str(name), WINDOWS, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"unknown measure {name!r}; {hint}Choose from {', '.join(WINDOWS)}")
    if not names:
        raise ValueError(f"measure is empty; choose from {', '.join(WINDOWS)}")
    return list(dict.fromkeys(names))


def _checked_window(measure: str, window: Window | None, reference: Reference) -> Window:
    """Window of `measure`: a number of tokens, or "document"."""
    if window is not None and not is_one_of(window, ("document",)) and not is_whole(window, 2):
        raise ValueError(f"window must be at least 2 tokens, 'document' or None, got {window!r}")
    if measure == "u_mass" or window == "document":
        return "document"
    if reference.text is not None:
        return WINDOWS[measure] if window is None else int(window)
    if window is not None:
        raise ValueError(
            f"window={window} needs running text, but this corpus has only counts; pass texts= (tokens in "
            "reading order), a Corpus with tokens, or window='document'"
        )
    return "document"


def _scored_topics(topics: np.ndarray, used: list[list[str]]) -> list[int]:
    """Positions of the topics that have a value, with one warning about all topics without a value."""
    bare = [str(topic) for topic, words in zip(topics, used, strict=True) if len(words) < 2]
    if bare:
        warn(
            f"fewer than two words of topic {', '.join(bare)} occur in the reference corpus: the coherence "
            "is NaN; see the column 'absent'",
            stacklevel=level_of_the_caller(),
        )
    return [position for position, words in enumerate(used) if len(words) >= 2]


def _confirm(
    topics: list[list[int]], reference: Reference, windows: dict[str, Window]
) -> dict[str, list[float]]:
    """Value of each measure for each topic, by gensim from counts that measures with a window share."""
    if not topics:
        return {name: [] for name in windows}
    from gensim.models.coherencemodel import COHERENCE_MEASURES

    counts = {window: _counts(topics, reference, window) for window in set(windows.values())}
    values = {}
    for name, window in windows.items():
        measure, settings = COHERENCE_MEASURES[name], SETTINGS[name]
        given = {"topics": topics, **settings} if name == "c_v" else settings
        values[name] = measure.conf(measure.seg(topics), counts[window], **given)
    return values


def _counts(topics: list[list[int]], reference: Reference, window: Window) -> WindowCounts:
    """Numbers of windows with the words of topics."""
    if window == "document" or reference.text is None:
        return count_documents(reference.found, topics)
    return count_windows(reference.text, window, topics)
