"""Names of topics: their most characteristic words, or names from a function of the user."""

from collections.abc import Callable, Sequence
from typing import Any

from hftopic._numbers import is_whole
from hftopic.analysis.documents.documents import document_texts, representative_documents
from hftopic.analysis.encoded import counts_of
from hftopic.analysis.exclusivity import POLES, frex_poles
from hftopic.analysis.models import FittedTopicModel, check_topic_model, model_vocabulary
from hftopic.data.inputs import words_to_list

Namer = Callable[[list[str], list[str]], str]
WORDS_IN_NAME = 3
WORDS_TO_NAMER, DOCUMENTS_TO_NAMER = 10, 3
FREX_WEIGHT = 0.7


def topic_names(
    model: FittedTopicModel,
    X: Any = None,
    *,
    n_words: int | None = None,
    namer: Namer | None = None,
    vocabulary: Sequence[str] | None = None,
    against: Any = None,
) -> list[str]:
    """A unique name for each topic, such as "god, faith, church".

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Source of the documents for `namer`, and of the vocabulary if the model has none.
    n_words : int, optional
        Number of words in a name, the first words of :func:`frex_words`; 3 by default, or all words if there
        are fewer.
    namer : function (words, documents) -> str, optional
        Function that returns the name of a topic. It is called for each topic with two lists of str.
        ``words`` has the first ten words of :func:`frex_words` (or `n_words`, if that is more). ``documents``
        has the three documents with the highest proportion of the topic; it is empty without `X`. A document
        is a str of its words, in reading order if the Corpus has tokens, else by count. `namer` can call a
        language model; the package does not include one.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.
    against : array of bool (n_topics,) or of topic numbers, optional
        Topics to compare the words with, as in :func:`frex_words`. All by default.

    Returns
    -------
    list of str
        One name for every topic of the model, in order. Equal names get more words. If they are still equal,
        or `namer` returned them, they get the topic's number: "sport (7)". For NVDM a name has both poles,
        "+ god, faith / - ball, team", and `namer` is called once per pole.

    Raises
    ------
    RuntimeError
        `namer` failed. The message has the topic's number, and the exception of `namer` is the cause.
    TypeError
        `namer` is not a function, or returned something other than a str.
    ValueError
        `X` does not match the model, `namer` returned an empty name, or `n_words` is not between 1 and the
        number of words.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_names
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> topic_names(model, corpus, namer=lambda words, documents: f"about {len(documents)}")[:2]
    ['about 3 (0)', 'about 3 (1)']
    """
    if n_words is not None and not is_whole(n_words):
        raise ValueError(f"n_words must be a positive int, got {n_words!r}")
    check_topic_model(model)
    n_words = words_to_list(n_words, model.topic_word_.shape[1], WORDS_IN_NAME)
    if namer is not None and not callable(namer):
        raise TypeError(f"namer must be a function of words and documents, got {namer!r}")
    if X is not None:
        counts_of(model, X)  # raises an error if X does not match the model
    n_listed = min(max(n_words, WORDS_TO_NAMER), model.topic_word_.shape[1])
    vocabulary = model_vocabulary(model, X, vocabulary)
    poles = frex_poles(model, n_listed, FREX_WEIGHT, vocabulary, against)
    if namer is None:
        return _numbered_repeats(_names_of_words(poles, n_words))
    documents = _documents_of(model, X, vocabulary)
    names = [
        _joined(
            [
                _checked_name(namer, topic, pole[topic], documents.get((topic, sign), []))
                for sign, pole in zip(POLES, poles, strict=False)
            ]
        )
        for topic in range(len(poles[0]))
    ]
    return _numbered_repeats(names)


def _names_of_words(poles: list[list[list[str]]], n_words: int) -> list[str]:
    """First `n_words` words of each topic, and more words if needed to make the name unique."""
    names: list[str] = [""] * len(poles[0])
    open_topics = list(range(len(names)))
    for n in range(n_words, len(poles[0][0]) + 1):
        for topic in open_topics:
            names[topic] = _joined([", ".join(pole[topic][:n]) for pole in poles])
        open_topics = [topic for topic in open_topics if names.count(names[topic]) > 1]
    return names


def _joined(of_poles: list[str]) -> str:
    """One name from the names of a topic's poles."""
    if len(of_poles) == 1:
        return of_poles[0]
    return " / ".join(f"{sign} {name}" for sign, name in zip(POLES, of_poles, strict=True))


def _numbered_repeats(names: list[str]) -> list[str]:
    """Unique names: repeated names get the topic's number."""
    taken = set(names)
    unique = []
    for topic, name in enumerate(names):
        if names.count(name) > 1:
            name = f"{name} ({topic})"
            while name in taken:
                name += "'"
            taken.add(name)
        unique.append(name)
    return unique


def _documents_of(
    model: FittedTopicModel, X: Any, vocabulary: Sequence[str] | None
) -> dict[tuple[int, str], list[str]]:
    """Texts of the representative documents of each topic and pole."""
    if X is None:
        return {}
    table = representative_documents(model, X, DOCUMENTS_TO_NAMER)
    if "pole" not in table:
        table["pole"] = POLES[0]
    texts = document_texts(model, X, table["document"].tolist(), vocabulary)
    documents: dict[tuple[int, str], list[str]] = {}
    for topic, pole, text in zip(table["topic"], table["pole"], texts, strict=True):
        documents.setdefault((topic, pole), []).append(text)
    return documents


def _checked_name(namer: Namer, topic: int, words: list[str], documents: list[str]) -> str:
    """Name of a topic from `namer`, without surrounding whitespace."""
    try:
        name = namer(list(words), list(documents))
    except Exception as error:
        raise RuntimeError(f"namer failed on topic {topic}: {type(error).__name__}: {error}") from error
    if not isinstance(name, str):
        raise TypeError(f"namer must return a str; on topic {topic} it returned {type(name).__name__}")
    if not name.strip():
        raise ValueError(f"namer returned an empty name for topic {topic}")
    return name.strip()
