"""What a figure is given: a result of the analysis, or a model and documents to compute it from."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator

from hftopic.analysis.models import FittedTopicModel, check_topic_model
from hftopic.data.sequences import described
from hftopic.topics.ids import ids_in_words

Compute = Callable[[FittedTopicModel, Any], Any]


def is_model(given: Any) -> bool:
    """Whether this is a topic model, and not a result of the analysis."""
    return hasattr(given, "top_words") and not isinstance(given, type)


def result_of(given: Any, corpus: Any, compute: Compute, source: str, *, reads: bool = True) -> Any:
    """The result to draw: `given`, or what `compute` makes of a fitted model and its documents.

    Parameters
    ----------
    given : result of `source`, or fitted ProdLDA or NVDM
    corpus : documents; None with a result
    compute : function (model, corpus) -> result
    source : str
        Name of the function that makes the result, for messages.
    reads : bool, default=True
        Whether `compute` needs documents.

    Raises
    ------
    TypeError, NotFittedError, ValueError
        Documents are missing, or come with a result; or the model is not fitted.
    """
    if is_model(given) or isinstance(given, BaseEstimator):  # the latter is a pipeline, which is told
        check_topic_model(given)
        if reads and corpus is None:
            raise ValueError(
                f"a {type(given).__name__} alone is not enough: pass the documents after the model, or the "
                f"result of {source}"
            )
        return compute(given, corpus)
    if corpus is not None:
        raise TypeError(
            f"documents come after a fitted model; got {described(given)} and then {described(corpus)}. "
            f"Pass either a model and documents, or the result of {source}; write other arguments with "
            "their names"
        )
    return given


def check_names(names: Any, given: Any = None) -> None:
    """Check that names of topics are a mapping from topic numbers.

    Raises
    ------
    TypeError
        `names` is not a mapping.
    ValueError
        `given` is a model that does not have one of the topics.
    """
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(
            f"names must be a dict of topic number to name, got a {type(names).__name__}; convert a list "
            "with dict(enumerate(names))"
        )
    if names is not None and is_model(given):
        check_named(names, given.topic_ids_.tolist())


def check_named(names: Mapping[int, str], ids: list[int]) -> None:
    """Raise ValueError if a name is that of a topic that there is not."""
    unknown = next((topic for topic in names if topic not in ids), None)
    if unknown is not None:
        raise ValueError(f"names has {unknown!r}, which is no topic: {ids_in_words(ids)}")


def names_for(names: Mapping[int, str] | None, given: Any, result: Any) -> Mapping[int, str]:
    """Names of topics by number: `names`, else those of the model, else those in the result.

    Errors are those of :func:`check_names`.
    """
    check_names(names, given)
    if names is not None:
        return names
    if is_model(given):
        return dict(zip(given.topic_ids_.tolist(), given.topic_names_, strict=True))
    known = getattr(result, "attrs", {}).get("names", {})
    if isinstance(result, pd.DataFrame) and {"topic", "name"} <= set(result):
        known = dict(zip(result["topic"].tolist(), result["name"], strict=True))
    return known if isinstance(known, Mapping) else {}
