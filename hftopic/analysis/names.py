"""Names of topics: those of the model, or names from a function of the user."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from inspect import signature
from typing import Any

from hftopic._numbers import is_whole
from hftopic.analysis.documents.documents import document_texts, representative_documents
from hftopic.analysis.encoded import counts_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import topic_poles
from hftopic.topics.names import POLES, joined, numbered_repeats

Namer = Callable[[list[str], list[str]], str]
WORDS_TO_NAMER, DOCUMENTS_TO_NAMER = 10, 3


@samples_shards
def topic_names(
    model: FittedTopicModel,
    X: Any = None,
    *,
    n_words: int | None = None,
    namer: Namer | None = None,
    vocabulary: Sequence[str] | None = None,
) -> list[str]:
    """A unique name for each topic, such as "god, faith, church".

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Source of the documents for `namer`, and of the vocabulary if the model has none.
    n_words : int, optional
        Number of words in an automatic name; 3 by default, or all words if there are fewer.
    namer : function (words, documents) -> str, optional
        Function that returns the name of a topic. It is called for each topic with two lists of str.
        ``words`` has the ten top words (or `n_words`, if that is more). ``documents`` has the three documents
        with the highest proportion of the topic; it is empty without `X`. A document is its original text if
        the Corpus has it, else a str of its words, in reading order if the Corpus has tokens, else by count.
        `namer` can call a language model; the package does not include one.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    list of str
        One name for every topic of the model, in order: ``model.topic_names_``, those that were given by
        :meth:`hftopic.ProdLDA.set_topic_names`, and for the other topics their most relevant words that are
        in enough documents, see :meth:`hftopic.ProdLDA.name_topics`. With `namer` all names are its own;
        ``model.set_topic_names`` takes them. Equal names get the topic's number: "sport (7)". For NVDM a name
        has both poles, "+ god, faith / - ball, team", and `namer` is called once per pole.

    Raises
    ------
    RuntimeError
        `namer` failed. The message has the topic's number, and the exception of `namer` is the cause.
    TypeError
        `namer` is not a function of two arguments, or returned something other than a str.
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
    if namer is not None:
        _check_namer(namer)
    if X is not None:
        counts_of(model, X)  # raises an error if X does not match the model
    vocabulary = model_vocabulary(model, X, vocabulary)
    if namer is None:
        return list(model.name_topics(n_words, vocabulary))
    poles = topic_poles(model, max(n_words or 0, WORDS_TO_NAMER), vocabulary=vocabulary)
    documents, ids = _documents_of(model, X, vocabulary), model.topic_ids_.tolist()
    names = [
        joined(
            [
                _checked_name(namer, topic, pole[place], documents.get((topic, sign), []))
                for sign, pole in zip(POLES, poles, strict=False)
            ]
        )
        for place, topic in enumerate(ids)
    ]
    return numbered_repeats(names, ids=ids)


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


def _check_namer(namer: Any) -> None:
    """Check that this is a function of two arguments, as far as its signature is known."""
    if not callable(namer):
        raise TypeError(f"namer must be a function of words and documents, got {namer!r}")
    with suppress(ValueError):  # of some built-in functions
        try:
            signature(namer).bind([], [])
        except TypeError as error:
            raise TypeError(
                f"namer must take two arguments, the words and the documents of a topic: {error}; write "
                "lambda words, documents: ..."
            ) from None


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
