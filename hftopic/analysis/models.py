"""What analysis asks of a model: the protocol of a fitted topic model, and checks of what is given as one."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from hftopic.data.corpus import Corpus
from hftopic.data.inputs import known_words
from hftopic.latent.encoded import Encoded
from hftopic.latent.groups import GroupsLike
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace

Attribution = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]
"""What each topic adds to pairs of a document and a word, (pairs, n_topics), in nats."""


class FittedTopicModel(Protocol):
    """A fitted topic model, as analysis, plots, reports and the command line see it.

    :class:`hftopic.ProdLDA` and :class:`hftopic.NVDM` are such models once they are fitted.

    Attributes
    ----------
    latent_space_ : LatentSpace
    topic_groups_ : ndarray, shape (n_topics,), int
    topic_simplex_ : ndarray, shape (n_topics,), int
        Simplex that each topic is on; -1 for signed topics.
    signed_topics_ : bool
        Whether topics have two poles, and take no share of a document.
    components_, topic_word_ : ndarray, shape (n_topics, n_words)
    prior_mean_ : ndarray, shape (n_dims,)
    prior_covariance_ : ndarray, shape (n_dims, n_dims)
    history_ : DataFrame
    n_iter_, n_features_in_ : int
    """

    latent_space_: LatentSpace
    topic_groups_: NDArray[np.int64]
    topic_simplex_: NDArray[np.int64]
    signed_topics_: bool
    components_: NDArray[np.float32]
    topic_word_: NDArray[np.float32]
    prior_mean_: NDArray[np.float32]
    prior_covariance_: NDArray[np.float32]
    history_: pd.DataFrame
    n_iter_: int
    n_features_in_: int

    def encode(self, X: Any) -> Any:
        """Documents encoded once, which all other methods take in place of ``X``."""

    def posterior(self, X: Any) -> Posterior:
        """q(z|x) of each document."""

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Topic proportions, or latent means, shape (n_documents, n_topics)."""

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """ELBO of each document, shape (n_documents,), in nats."""

    def perplexity(self, X: Any) -> float:
        """exp(-ELBO / tokens)."""

    def top_words(
        self, n: int = 10, vocabulary: Sequence[str] | None = None, *, by: str | None = None, pole: str = "+"
    ) -> pd.DataFrame:
        """A row a topic: ``group``, ``word_1`` to ``word_n``."""

    def attribution(self, mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> Attribution:
        """How words of documents are attributed to topics."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name."""


class TopicEstimator(FittedTopicModel, Protocol):
    """A topic model that can be fitted; what it answers as a fitted one it answers after ``fit``."""

    groups: GroupsLike

    def _validate_params(self) -> None:
        """Scikit-learn's check of parameters, as at the start of ``fit``."""

    def fit(self, X: Any) -> Self:
        """Learn topics from word counts."""

    def set_params(self, **parameters: Any) -> Self:
        """Change parameters."""


ACTIVE_INFORMATION = 0.05
"""Information I(x; z) in nats above which a topic is active, unless another threshold is given."""


def check_topic_model(model: FittedTopicModel) -> None:
    """Refuse what is no fitted topic model, such as documents given in its place.

    Raises
    ------
    TypeError
        Something else.
    NotFittedError
        A topic model that is not fitted.
    """
    check_is_topic_model(model)
    if isinstance(model, BaseEstimator) and not is_fitted(model):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call its fit first")


def check_is_topic_model(model: Any) -> None:
    """Refuse what is no topic model, fitted or not.

    Raises
    ------
    TypeError
    """
    if isinstance(model, type) or not (hasattr(model, "posterior") or hasattr(model, "top_words")):
        got = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise TypeError(
            f"expected a fitted ProdLDA or NVDM, got {got}: the model is the first argument, documents come "
            "after it. With a pipeline, pass its last step, and the output of the others as documents"
        )


def is_fitted(model: Any) -> bool:
    """Whether a topic model has topics."""
    return hasattr(model, "topic_groups_")


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


def has_poles(model: FittedTopicModel) -> bool:
    """Whether topics of the model are signed, with words at either end, as those of NVDM.

    Raises
    ------
    TypeError, NotFittedError
        As :func:`check_topic_model`.
    """
    check_topic_model(model)
    return bool(model.signed_topics_)


def corpus_of(X: Any) -> Corpus | None:
    """The Corpus behind documents, encoded or not, or None where they are a bare matrix."""
    documents = X.source if isinstance(X, Encoded) else X
    return documents if isinstance(documents, Corpus) else None


def model_vocabulary(
    model: FittedTopicModel, X: Any, vocabulary: Sequence[str] | None
) -> Sequence[str] | None:
    """Names for the model's words: those given, else the model's own, else those of `X`, else None."""
    corpus = corpus_of(X)
    of_documents = None if corpus is None else corpus.vocabulary
    sources: tuple[Any, ...] = (vocabulary, known_words(model), of_documents)
    return next((words for words in sources if words is not None), None)
