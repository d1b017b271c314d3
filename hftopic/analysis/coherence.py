"""Coherence of topics in a reference corpus, computed by gensim."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import check_array

from hftopic.analysis.models import model_vocabulary
from hftopic.analysis.topics import TopicWords, topic_words

Window = int | Literal["document"]
# gensim's own defaults, in tokens; u_mass is defined on whole documents.
WINDOWS: dict[str, Window] = {"u_mass": "document", "c_v": 110, "c_npmi": 10, "c_uci": 10}


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
    """Coherence of each topic's top words in a reference corpus, one row a topic.

    The measures are gensim's ``CoherenceModel``, to the digit. They differ in what counts as occurring
    together, a *window*: that of the published c_v, c_npmi and c_uci slides over running text. Where only
    counts are known the window is the whole document, and the result says so beside each value: the two are
    different quantities, compare like with like.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Reference corpus. Of a Corpus with ``tokens`` the windows slide over those, that is, over text from
        which the words outside the vocabulary are gone; give `texts` to keep them.
    texts : iterable of sequences of str, optional
        Reference corpus in reading order, a sequence of tokens for each document; need not be the corpus of
        the model. If given, it is the reference for all measures and `corpus` is not counted.
    measure : {"c_npmi", "c_v", "c_uci", "u_mass"} or a sequence of them, default="c_npmi"
    top_n : int, default=10
        Top words judged of each topic; of a shorter list all of them.
    window : int, "document" or None
        Tokens in a sliding window; ``"document"`` takes whole documents. None means 110 for c_v and 10 for
        c_npmi and c_uci where the order of tokens is known, and the document elsewhere. For u_mass it is
        the document whatever is given.
    vocabulary : sequence of str (n_words,), optional
        Names of the words of the model, and of the columns of a `corpus` that has no names of its own. Not
        needed where the model knows its words; where neither does, words are called by their columns.
    processes : int, default=1
        Worker processes that gensim starts to slide windows.

    Returns
    -------
    DataFrame
        In the order of the topics, with columns ``topic``, ``group`` (where known), for each measure its
        value and ``<measure>_window`` (tokens, or ``"document"``), ``words`` judged and words left out as
        ``absent``, both joined by ", ". The mean of a column, which skips topics without a value, is the
        coherence of the model.

    Raises
    ------
    ValueError
        Unknown measure, a window that needs the order of tokens where it is not known, a reference corpus
        without names or without words, or a topic that lists a word twice.

    Warns
    -----
    UserWarning
        Fewer than two words of a topic occur in the reference corpus: its value is nan.

    Notes
    -----
    Röder, Both and Hinneburg (2015), *Exploring the space of topic coherence measures*, for c_v, c_npmi and
    c_uci; Mimno et al. (2011), *Optimizing semantic coherence in topic models*, for u_mass. Logarithms are
    natural. Topic words that never occur in the reference corpus would make a value nan: they are left out.
    Documents without words are no documents here. Two habits of gensim's are kept: a word that leaves its
    window counts as gone even where it stands in the window once more, and a pair found in every single
    window has an NPMI of -1.

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
    measures = _checked_measures(measure)
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    names = _column_names(model_or_topics, corpus, vocabulary)
    table = topic_words(model_or_topics, top_n, vocabulary=names)
    _check_words(table)
    reference = _reference(corpus, texts, {word for words in table.words for word in words}, names)
    windows = {name: _checked_window(name, window, reference) for name in measures}
    present = set().union(*reference.documents)
    used = [[word for word in words if word in present] for words in table.words]
    scored = _scored_topics(table.topics, used)
    values = _confirm([used[t] for t in scored], reference, windows, processes)
    result = pd.DataFrame({"topic": table.topics})
    if table.groups is not None:
        result["group"] = table.groups
    for name in measures:
        result[name] = pd.Series(values[name], index=scored, dtype=float).reindex(result.index)
        result[f"{name}_window"] = pd.Series(windows[name], index=result.index, dtype=object)
    result["words"] = [", ".join(words) for words in used]
    result["absent"] = [", ".join(w for w in words if w not in present) for words in table.words]
    return result


def _column_names(source: Any, corpus: Any, vocabulary: Sequence[str] | None) -> Sequence[str] | None:
    """Names of the words of a model and of the columns of a bare matrix; their numbers if both have none."""
    names = model_vocabulary(source, corpus, vocabulary)
    if names is None and hasattr(source, "top_words") and hasattr(corpus, "shape"):
        return [str(column) for column in range(corpus.shape[1])]
    return names


class Reference(NamedTuple):
    """What a reference corpus tells about the words of the topics; documents without words are left out."""

    documents: list[list[str]]  # the topic words that occur in each document, each once
    texts: list[Sequence[str]] | None  # all tokens of each document in reading order, where that is known


def _reference(corpus: Any, texts: Any, wanted: set[str], names: Sequence[str] | None) -> Reference:
    """The reference corpus in `texts`, else in the tokens of `corpus`, else in its counts."""
    running = texts if texts is not None else getattr(corpus, "tokens", None)
    if running is not None:
        ordered = [text for text in _checked_texts(running) if len(text)]
        reference = Reference([sorted(wanted.intersection(text)) for text in ordered], ordered)
    elif corpus is not None:
        reference = Reference(_words_of_documents(corpus, wanted, names), None)
    else:
        raise ValueError("no reference corpus: pass a corpus, or token lists as texts=")
    if not reference.documents:
        raise ValueError("the reference corpus has no words: every document is empty")
    return reference


def _checked_texts(texts: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """Texts as a list, a string among them refused: its tokens would be letters."""
    listed: list[Sequence[str]] = [texts] if isinstance(texts, str) else list(texts)
    for number, text in enumerate(listed):
        if isinstance(text, str):
            raise ValueError(f"texts must be lists of tokens; document {number} is a string: split it first")
    return listed


def _words_of_documents(corpus: Any, wanted: set[str], names: Sequence[str] | None) -> list[list[str]]:
    """Those of the `wanted` words that each non-empty document of a count matrix contains."""
    if hasattr(corpus, "counts"):
        corpus, names = corpus.counts, corpus.vocabulary
    elif isinstance(corpus, pd.DataFrame) and all(isinstance(column, str) for column in corpus.columns):
        names = corpus.columns.tolist()
    counts = check_array(corpus, accept_sparse="csr", ensure_non_negative=True, input_name="corpus")
    if names is None or len(names) != counts.shape[1]:
        got = "no vocabulary" if names is None else f"a vocabulary of {len(names)}"
        raise ValueError(
            f"corpus has {counts.shape[1]} columns and {got}; pass vocabulary= with one word a column"
        )
    occurs = sparse.csr_array(counts > 0)
    occurs = occurs[np.flatnonzero(occurs.sum(axis=1))]
    columns = [column for column, word in enumerate(names) if word in wanted]
    words = np.array([str(names[column]) for column in columns], dtype=object)
    rows = sparse.csr_array(occurs[:, columns])
    return [words[row].tolist() for row in np.split(rows.indices, rows.indptr[1:-1])]


def _checked_measures(measure: str | Sequence[str]) -> list[str]:
    """Names of measures as a list, each known to gensim and named once."""
    names = [measure] if isinstance(measure, str) else list(dict.fromkeys(measure))
    for name in names:
        if name not in WINDOWS:
            near = get_close_matches(str(name), WINDOWS, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"unknown measure {name!r}; {hint}There are {', '.join(WINDOWS)}")
    if not names:
        raise ValueError(f"measure is empty; choose from {', '.join(WINDOWS)}")
    return names


def _checked_window(measure: str, window: Window | None, reference: Reference) -> Window:
    """The window `measure` is to use: an int of tokens, or "document"."""
    if (
        window is not None
        and window != "document"
        and (not isinstance(window, int | np.integer) or window < 2)
    ):
        raise ValueError(f"window must be at least 2 tokens, 'document' or None, got {window!r}")
    if measure == "u_mass" or window == "document":
        return "document"
    if reference.texts is not None:
        return WINDOWS[measure] if window is None else int(window)
    if window is not None:
        raise ValueError(
            f"window={window} slides over text, and this corpus has counts only; pass texts= with the tokens "
            "in reading order, a Corpus with tokens, or window='document'"
        )
    return "document"


def _check_words(table: TopicWords) -> None:
    """Refuse topics with a single word, or with one word twice."""
    for topic, words in zip(table.topics, table.words, strict=True):
        if len(words) < 2:
            raise ValueError(f"topic {topic} has {len(words)} words; coherence needs two or more")
        if len(set(words)) < len(words):
            raise ValueError(f"topic {topic} lists a word twice: {', '.join(words)}")


def _scored_topics(topics: np.ndarray, used: list[list[str]]) -> list[int]:
    """Positions of the topics that have a value, with one warning about all that have none."""
    bare = [str(topic) for topic, words in zip(topics, used, strict=True) if len(words) < 2]
    if bare:
        warn(
            f"fewer than two words of topic {', '.join(bare)} occur in the reference corpus: coherence is "
            "nan; see the column 'absent'",
            stacklevel=3,
        )
    return [position for position, words in enumerate(used) if len(words) >= 2]


def _confirm(
    words: list[list[str]], reference: Reference, windows: dict[str, Window], processes: int
) -> dict[str, list[float]]:
    """Value of each measure for each topic, by gensim; measures with the same window share one count."""
    if not words:
        return {name: [] for name in windows}
    values: dict[str, list[float]] = {}
    sliding: dict[Window, Any] = {}
    for name, window in windows.items():
        if name == "u_mass":
            scorer = _scorer_of_bags(words, reference)
        else:
            scorer = sliding.get(window) or _scorer_of_windows(name, words, reference, window, processes)
            sliding[window] = scorer
            scorer.coherence = name
        values[name] = scorer.get_coherence_per_topic()
    return values


def _scorer_of_bags(words: list[list[str]], reference: Reference) -> Any:
    """gensim's model of u_mass, which counts documents."""
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    dictionary = Dictionary(words)
    bags = [dictionary.doc2bow(document) for document in reference.documents]
    longest = max(map(len, words))
    return CoherenceModel(topics=words, corpus=bags, dictionary=dictionary, coherence="u_mass", topn=longest)


def _scorer_of_windows(
    name: str, words: list[list[str]], reference: Reference, window: Window, processes: int
) -> Any:
    """gensim's model of a measure that slides windows over texts.

    A window longer than every text never slides: it counts each text as one. The words of a document, once
    each, thus serve as its text when the window is the document.
    """
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    texts: Sequence[Sequence[str]] = reference.documents
    if window == "document":
        size = 1 + max(map(len, texts))
    else:
        texts, size = reference.texts or [], window
    return CoherenceModel(
        topics=words,
        texts=texts,
        dictionary=Dictionary(words),
        coherence=name,
        window_size=size,
        topn=max(map(len, words)),
        processes=processes,
    )
