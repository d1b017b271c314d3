"""Protocol of a fitted topic model, and checks of the models that are passed to the analysis."""

from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from hftopic.data.columns import named_columns
from hftopic.data.corpus import Corpus
from hftopic.data.inputs import column_words, known_words
from hftopic.data.validation import as_vocabulary, check_order
from hftopic.latent.attribution import Attribution
from hftopic.latent.encoded import Encoded
from hftopic.latent.groups import GroupsLike
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace
from hftopic.latent.usage import WordUsage


class FittedTopicModel(Protocol):
    """Interface of a fitted topic model, as used by the analysis, plots, reports and the command line.

    Fitted :class:`hftopic.ProdLDA` and :class:`hftopic.NVDM` models have this interface.

    Attributes
    ----------
    latent_space_ : LatentSpace
    topic_ids_ : ndarray, shape (n_topics,), int
        Number of each topic in tables and figures.
    topic_groups_ : ndarray, shape (n_topics,), int
    topic_simplex_ : ndarray, shape (n_topics,), int
        Number of the simplex of each topic; -1 for signed topics.
    signed_topics_ : bool
        Whether topics are signed. A signed topic has two poles and no proportion in a document.
    components_, topic_word_ : ndarray, shape (n_topics, n_words)
    prior_mean_ : ndarray, shape (n_dims,)
    prior_covariance_ : ndarray, shape (n_dims, n_dims)
    topic_summary_ : DataFrame
        Numbers of each topic over the training documents, one row per topic.
    topic_names_ : ndarray of str, shape (n_topics,)
        A unique name of each topic.
    reading_ : dict or None
        How texts became the counts that the model was fitted on, as ``Corpus.reading``.
    history_ : DataFrame
    n_iter_, n_features_in_ : int
    """

    latent_space_: LatentSpace
    topic_ids_: NDArray[np.int64]
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
    reading_: dict[str, Any] | None

    @property
    def topic_summary_(self) -> pd.DataFrame:
        """Numbers of each topic over the training documents, as a new table."""

    @property
    def topic_names_(self) -> NDArray[np.object_]:
        """A unique name of each topic."""

    def name_topics(
        self, n_words: int | None = None, vocabulary: Sequence[str] | None = None
    ) -> NDArray[np.object_]:
        """Names with another number of words, or with the words of a vocabulary."""

    def encode(self, X: Any) -> Encoded:
        """Encode documents once; all other methods accept the result instead of ``X``."""

    def posterior(self, X: Any) -> Posterior:
        """Posterior q(z|x) of each document."""

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Topic proportions, or latent means, shape (n_documents, n_topics)."""

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """ELBO of each document, shape (n_documents,), in nats."""

    def perplexity(self, X: Any) -> float:
        """exp(-ELBO / tokens)."""

    def top_words(
        self, n: int | None = None, vocabulary: Sequence[str] | None = None, *, pole: str = "+"
    ) -> pd.DataFrame:
        """Top words, one row per topic: ``group``, ``word_1`` to ``word_n``."""

    def word_scores(self, *, by: str = "relevance", pole: str = "+") -> NDArray[np.float32]:
        """Score of each word for each topic, by which ``top_words`` ranks, shape (n_topics, n_words).

        With ``by="probability"``, p(w|topic) of the pole.
        """

    def log_proportions(self, posterior: Posterior) -> NDArray[np.float64]:
        """Logarithm of the topic proportions at the posterior means, shape (n_documents, n_topics)."""

    def attributed_values(self, X: Any) -> NDArray[np.float32]:
        """Values of documents that ``attribution`` reads, shape (n_documents, n_columns)."""

    def attribution(self, mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> Attribution:
        """Function that computes the contributions of topics to words of documents.

        ``mean`` (n_columns,) is the mean of ``attributed_values`` over documents, and ``frequency``
        (n_words,) is the number of tokens of each word. The contributions have a column for each topic, and
        more for what is of no topic.
        """

    def word_usage(self, X: Any) -> WordUsage:
        """For which topic each distinct word of each document is used."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name."""


class TopicEstimator(FittedTopicModel, Protocol):
    """Interface of a topic model that can be fitted; the methods of a fitted model work after ``fit``."""

    groups: GroupsLike

    def _validate_params(self) -> None:
        """Check the parameters, as scikit-learn does at the start of ``fit``."""

    def fit(self, X: Any) -> Self:
        """Learn topics from word counts."""

    def set_params(self, **parameters: Any) -> Self:
        """Change parameters."""


def check_topic_model(model: FittedTopicModel) -> None:
    """Check that `model` is a fitted topic model, and not for example the documents.

    Raises
    ------
    TypeError
        `model` is not a topic model.
    NotFittedError
        `model` is not fitted.
    """
    check_is_topic_model(model)
    if isinstance(model, BaseEstimator) and not is_fitted(model):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call fit first")


def check_is_topic_model(model: Any) -> None:
    """Check that `model` is a topic model, fitted or not.

    Raises
    ------
    TypeError
        `model` is not a topic model.
    """
    can_answer = hasattr(model, "posterior") or hasattr(model, "top_words")
    if isinstance(model, type | Encoded) or not can_answer:
        got = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise TypeError(
            f"expected a fitted ProdLDA or NVDM, got {got}: pass the model as the first argument and the "
            "documents after it. For a Pipeline of a vectoriser and a model, make topics = "
            "TopicPipeline.from_model(pipeline[-1], pipeline[:-1]), which knows the words; for a "
            "TopicPipeline, pass topics.model_ and topics.read(texts)"
        )


def is_fitted(model: Any) -> bool:
    """Whether a topic model is fitted."""
    return hasattr(model, "topic_groups_")


def check_list_of_models(models: Any) -> None:
    """Check that `models` is a list of models, not a single model.

    Raises
    ------
    TypeError
        `models` is not a list or tuple.
    """
    if not isinstance(models, list | tuple):
        raise TypeError(
            f"expected a list of fitted models, such as one per seed; got {type(models).__name__}: "
            "put the models in a list"
        )


def has_poles(model: FittedTopicModel) -> bool:
    """Whether the topics of the model are signed, with words at both poles, as in NVDM.

    Raises
    ------
    TypeError, NotFittedError
        As :func:`check_topic_model`.
    """
    check_topic_model(model)
    return bool(model.signed_topics_)


def places_of(model: FittedTopicModel, topics: Any) -> NDArray[np.int64]:
    """Places of topics in the arrays of the model, from their ids, which ascend."""
    return np.searchsorted(np.asarray(model.topic_ids_), np.asarray(topics, dtype=np.int64))


def corpus_of(X: Any) -> Corpus | None:
    """The Corpus of the documents, encoded or not; None if they are a bare matrix."""
    documents = documents_of(X)
    return documents if isinstance(documents, Corpus) else None


def documents_of(X: Any) -> Any:
    """Documents, encoded or not, as they were before they were encoded."""
    return X.documents if isinstance(X, Encoded) else X


def model_vocabulary(
    model: FittedTopicModel, X: Any, vocabulary: Sequence[str] | None
) -> Sequence[str] | None:
    """Names of the model's words: `vocabulary` if given, else the model's, else those of `X`, else None.

    Every function with a parameter `vocabulary` gets its words here, before anything is computed. An iterator
    is read once, so the result is what is passed on.

    Raises
    ------
    ValueError
        `vocabulary` is not one word per column, or has the words of the model or of `X` in another order.
    """
    of_documents = named_columns(documents_of(X))
    if vocabulary is None:
        known: Any = known_words(model)
        fits = of_documents is not None and len(of_documents) == getattr(model, "n_features_in_", None)
        return known if known is not None else of_documents if fits else None
    words: Any = column_words(model, vocabulary)
    check_order(words, of_documents, "X")
    return words  # type: ignore[no-any-return]


def reference_vocabulary(
    source: Any, reference: Any, vocabulary: Sequence[str] | None
) -> Sequence[str] | None:
    """Names of the words of a model, or of lists of words, and of the columns of a reference without names.

    The reference may have words of its own in any order, because words are matched by spelling.
    """
    if hasattr(source, "top_words") and vocabulary is not None:
        return model_vocabulary(source, None, vocabulary)
    if hasattr(source, "top_words"):
        known: Any = known_words(source)
        return named_columns(reference) if known is None else known
    words: Any = None if vocabulary is None else as_vocabulary(vocabulary, None)
    return words  # type: ignore[no-any-return]
