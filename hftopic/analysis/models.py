"""What analysis asks of a model before anything else: is it a fitted topic model, and of which kind?"""

import inspect
from collections.abc import Sequence
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from hftopic.corpus import Corpus
from hftopic.inputs import known_words


def check_topic_model(model: Any) -> None:
    """Refuse what is no fitted topic model of this package, such as documents given in its place.

    Raises
    ------
    TypeError
        Something else.
    NotFittedError
        A topic model without topics.
    """
    if isinstance(model, type) or not (hasattr(model, "posterior") or hasattr(model, "top_words")):
        got = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise TypeError(
            f"expected a fitted ProdLDA or NVDM, got {got}: the model is the first argument, "
            "documents come after it"
        )
    if isinstance(model, BaseEstimator) and not hasattr(model, "topic_groups_"):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call its fit first")


def check_list_of_models(models: Any) -> None:
    """Refuse a single model where several are compared.

    Raises
    ------
    TypeError
    """
    if not isinstance(models, list | tuple):
        raise TypeError(
            f"expected a list of fitted models, such as one a seed; got {type(models).__name__}: "
            "put the models in a list"
        )


def has_poles(model: Any) -> bool:
    """Whether topics of the model are signed, with words at either end, as NVDM's are.

    Raises
    ------
    TypeError, NotFittedError
        As :func:`check_topic_model`.
    """
    check_topic_model(model)
    return "pole" in inspect.signature(model.top_words).parameters


def model_vocabulary(model: Any, X: Any, vocabulary: Sequence[str] | None) -> Sequence[str] | None:
    """Names for the model's words: those given, else the model's own, else those of `X`, else None."""
    of_documents = X.vocabulary if isinstance(X, Corpus) else None
    sources: tuple[Any, ...] = (vocabulary, known_words(model), of_documents)
    return next((words for words in sources if words is not None), None)
