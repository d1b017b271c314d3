"""Search for topics by words."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis.models import FittedTopicModel, check_topic_model, has_poles, model_vocabulary
from hftopic.analysis.names import topic_names
from hftopic.data.inputs import column_words
from hftopic.data.sequences import check_sequence, listed
from hftopic.topics.names import POLES
from hftopic.topics.shares import in_use

N_MATCHES, SIMILARITY = 5, 0.6  # words that are suggested for an unknown one, and how alike they are


def find_topics(
    model: FittedTopicModel,
    query: str | Sequence[str],
    n: int = 5,
    *,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Topics that words belong to, the most relevant first.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    query : str or sequence of str
        A word, words separated by spaces, in quotes or not, or a list of these. Words that the model has as
        one, such as "new york", are one. Capital letters do not matter if the model has the word in small
        letters.
    n : int, default=5
        Largest number of topics, or of poles of topics.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per topic that has a positive relevance, for NVDM per pole, with columns

        - ``topic``, ``group`` and ``name``; for NVDM ``pole``, "+" or "-"
        - ``relevance``: mean over the words of p(w|topic) log(p(w|topic) / p(w)), in nats: the measure by
          which ``top_words`` ranks. It decides the order of the rows
        - ``probability``: mean over the words of p(w|topic)
        - ``share``: mean over the words of the fraction of the documents with the word that use it for the
          topic; the others use it for other topics or for none
        - ``rank``: best place of a word of the query in the list of the topic's words, from 1
        - ``in_use``: whether the topic is active and repeats no other, see :func:`topic_summary`

    Raises
    ------
    ValueError
        A word is not in the vocabulary of the model; the message has the most similar words. Or the model has
        no words, the query is empty, or `n` is not a positive int.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import find_topics
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> word = model.top_words(1)["word_1"][2]
    >>> int(find_topics(model, word)["topic"][0])
    2
    """
    check_topic_model(model)
    if not is_whole(n):
        raise ValueError(f"the number of topics must be a positive int, got {n!r}")
    known = model_vocabulary(model, None, vocabulary)
    words = column_words(model, known)
    columns = _columns(query, words, has_words=known is not None)
    names = topic_names(model, vocabulary=None if vocabulary is None else words.tolist())
    used = in_use(model.topic_summary_)
    tables = [_of_pole(model, pole, columns, names, used) for pole in POLES[: 1 + has_poles(model)]]
    table = pd.concat(tables, ignore_index=True) if has_poles(model) else tables[0].drop(columns="pole")
    found = table[table["relevance"] > 0]  # the others have the words less than the corpus has
    return found.sort_values("relevance", ascending=False, kind="stable", ignore_index=True).head(n)


def _of_pole(
    model: FittedTopicModel,
    pole: str,
    columns: NDArray[np.int64],
    names: Sequence[str],
    used: NDArray[np.bool_],
) -> pd.DataFrame:
    """Scores of all topics at one pole."""
    relevance = model.word_scores(by="relevance", pole=pole)
    best = relevance[:, columns].max(axis=1, keepdims=True)
    table = pd.DataFrame({"topic": np.asarray(model.topic_ids_), "group": np.asarray(model.topic_groups_)})
    return table.assign(
        name=list(names),
        pole=pole,
        relevance=_mean(relevance, columns),
        probability=_mean(model.word_scores(by="probability", pole=pole), columns),
        share=_mean(model.word_scores(by="exclusivity", pole=pole), columns),
        rank=1 + (relevance > best).sum(axis=1),
        in_use=used,
    )


def _mean(scores: NDArray[np.float32], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(scores[:, columns].mean(axis=1, dtype=np.float64))


def _columns(query: Any, words: NDArray[np.object_], *, has_words: bool) -> NDArray[np.int64]:
    """Columns of the words of a query."""
    place = {str(word): column for column, word in enumerate(words)}
    if not isinstance(query, str):
        check_sequence(query, "query", "pass a word, or a list of words")
    parts = [query] if isinstance(query, str) else listed(query)
    asked = [word for part in parts for word in _words_of(part, place)]
    if not asked:
        raise ValueError("the query has no word; pass a word of the model, or several")
    return np.array([_column(word, place, has_words) for word in asked], dtype=np.int64)


def _words_of(part: Any, place: dict[str, int]) -> list[str]:
    """One word of the model, or the words between spaces and quotes."""
    if not isinstance(part, str):
        raise ValueError(f"a query is a word or a list of words; got {part!r}")
    bare = " ".join(part.replace('"', " ").split())
    known = next((word for word in (part, bare) if _as_known(word, place) is not None), None)
    return bare.split() if known is None else [known]


def _as_known(word: str, place: dict[str, int]) -> int | None:
    return place.get(word, place.get(word.lower()))


def _column(word: str, place: dict[str, int], has_words: bool) -> int:
    column = _as_known(word, place)
    if column is not None:
        return column
    if not has_words:
        raise ValueError(
            f"the model has no words, only the numbers of its {len(place):,} columns: pass vocabulary=, or, "
            "for a Pipeline, the model_ of TopicPipeline.from_model(pipeline[-1], pipeline[:-1])"
        )
    similar = get_close_matches(word.lower(), place, N_MATCHES, SIMILARITY)
    advice = f"did you mean {', '.join(map(repr, similar))}?" if similar else "no word is similar to it"
    raise ValueError(f"{word!r} is not among the {len(place):,} words of the model: {advice}")
