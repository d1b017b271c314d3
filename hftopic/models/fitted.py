"""What a fitted topic model answers: topics, documents, likelihoods, and its own file."""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from hftopic import __version__, inference, persistence
from hftopic.inputs import as_counts, column_words
from hftopic.latent import LatentSpace
from hftopic.networks import TopicNetwork
from hftopic.posterior import Posterior

RANKINGS = ("probability", "weight")


def _has_classes(model: Any) -> bool:
    """Whether there are Concrete variables to predict: of the groups as given, or of the fitted ones."""
    space = getattr(model, "latent_space_", None)
    try:
        space = space or LatentSpace(model.groups)
    except (ValueError, TypeError):
        return False
    return bool(space.concretes)


class FittedModel(TransformerMixin):  # type: ignore[misc]
    """Methods of a topic model once it has a network."""

    _network: TopicNetwork
    _noise: Tensor
    _documents_seen: int
    _fitted_with: dict[str, Any]
    history_: pd.DataFrame
    n_iter_: int
    n_features_in_: int
    topic_groups_: NDArray[np.int64]
    latent_space_: LatentSpace
    components_: NDArray[np.float32]
    topic_word_: NDArray[np.float32]
    prior_mean_: NDArray[np.float32]
    prior_variance_: NDArray[np.float32]
    prior_covariance_: NDArray[np.float32]

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Documents by topics: topic proportions for ProdLDA, latent means for NVDM.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)

        Returns
        -------
        ndarray, shape (n_documents, n_topics), float32
            In the columns of a Concrete variable, the probability of each class. A document without words
            gets the prior's, with a warning.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        ValueError
            Negative, missing or infinite counts, or words other than the model's.
        """
        return inference.represent(self._network_checked(), self._counts(X))

    def transform_latent(self, X: Any) -> NDArray[np.float32]:
        """E[z|x], the Gaussian logits of the topics, shape (n_documents, n_dims); classes have none."""
        return self.posterior(X).mean

    def posterior(self, X: Any) -> Posterior:
        """Mean and variance of q(z|x) of each document, and its class probabilities: all that analysis needs.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
        """
        return inference.posterior(self._network_checked(), self._counts(X))

    @available_if(_has_classes)  # type: ignore[untyped-decorator]
    def predict(self, X: Any) -> NDArray[np.int64]:
        """Likeliest class of each document, of a model with a Concrete variable.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)

        Returns
        -------
        ndarray of int, shape (n_documents,), or (n_documents, n_variables) where there are several
        """
        classes = [probabilities.argmax(1) for probabilities in self.posterior(X).class_probabilities]
        return classes[0] if len(classes) == 1 else np.column_stack(classes)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Names of the columns of ``transform``: "prodlda3"; of a class, "prodlda_group1_class4"."""
        check_is_fitted(self)
        space, name = self.latent_space_, type(self).__name__.lower()
        columns = [
            f"{name}_group{d}_class{i - space.slices[d].start}" if not gaussian else f"{name}{i}"
            for i, (d, gaussian) in enumerate(zip(space.topic_groups, space.gaussian, strict=True))
        ]
        return np.array(columns, dtype=object)

    def word_probabilities(self, X: Any) -> NDArray[np.float32]:
        """p(w|x) at the posterior mean of each document, shape (n_documents, n_words); rows sum to 1.

        For ProdLDA this is not ``transform(X) @ topic_word_``: its topics multiply, they do not mix.
        """
        return inference.word_probabilities(self._network_checked(), self._counts(X))

    def perplexity(self, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """exp(-ELBO / tokens) over all documents, with the unweighted KL whatever the objective.

        The lower, the better the model predicts. The same noise vectors, drawn when fitting and saved
        with the model, serve every document, so that the value depends neither on how documents are split
        nor on their order.

        Raises
        ------
        ValueError
            No document has a word.
        """
        counts = self._counts(X)
        n_tokens = counts.sum(dtype=np.float64)
        if n_tokens == 0:
            raise ValueError(f"perplexity is per token, and the {counts.shape[0]} documents given have none")
        return math.exp(-inference.elbo(self._network_checked(), counts, self._noise).sum() / n_tokens)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """ELBO of each document, shape (n_documents,), in nats, with the unweighted KL."""
        return inference.elbo(self._network_checked(), self._counts(X), self._noise)

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """Mean ELBO per document, in nats, with the unweighted KL.

        The plain VAE always wins by it: choose ``beta`` and ``gamma`` by another scorer, such as coherence
        or the number of active topics.
        """
        return float(self.score_samples(X).mean())

    def top_words(
        self, n: int = 10, vocabulary: Sequence[str] | None = None, *, by: str = "probability"
    ) -> pd.DataFrame:
        """Highest words of each topic, the first the highest.

        Parameters
        ----------
        n : int, default=10
            Words a topic.
        vocabulary : sequence of str, length n_words, optional
            Word of each column, where the model was not fitted on a Corpus or a DataFrame. Without any,
            column numbers stand for words.
        by : {"probability", "weight"}, default="probability"
            Rank by ``topic_word_``, p(w|topic), or by ``components_``, the effect on a word's logit, which
            brings up words that are rare but telling.

        Returns
        -------
        DataFrame
            A row a topic: ``group``, ``word_1`` to ``word_n``.
        """
        check_is_fitted(self)
        self._check_ranking(by)
        return self._word_table(self.topic_word_ if by == "probability" else self.components_, n, vocabulary)

    @staticmethod
    def _check_ranking(by: str) -> None:
        if by not in RANKINGS:
            raise ValueError(f"by must be one of {', '.join(map(repr, RANKINGS))}; got {by!r}")

    def _word_table(
        self, weights: NDArray[np.float32], n: int, vocabulary: Sequence[str] | None
    ) -> pd.DataFrame:
        words = column_words(self, vocabulary)
        if not 1 <= n <= len(words):
            raise ValueError(f"n must be from 1 to {len(words)}, the words there are; got {n}")
        ranked = words[np.argsort(-weights, axis=1, kind="stable")[:, :n]]
        table = pd.DataFrame(ranked, columns=[f"word_{i + 1}" for i in range(n)])
        table.insert(0, "group", self.topic_groups_)
        return table.rename_axis("topic")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a folder of ``model.safetensors`` and ``model.json``.

        :func:`hftopic.load` reads it, with the parameters the model was fitted with. The folder appears whole
        or not at all; an earlier saved model there is replaced. The optimiser's state is not kept:
        ``partial_fit`` after a load starts with a fresh one.

        Raises
        ------
        FileExistsError
            Something that is not a saved model stands at ``path``.
        TypeError
            A parameter that has no form in a file, such as an objective class of one's own.
        """
        check_is_fitted(self)
        parameters = dict(self._fitted_with)
        if not isinstance(parameters["random_state"], int | np.integer | None):
            parameters["random_state"] = None
        parameters["device"] = str(parameters["device"])
        words = {name: getattr(self, name, None) for name in ("vocabulary_", "feature_names_in_")}
        description = {
            "hftopic": __version__,
            "estimator": type(self).__name__,
            "parameters": parameters,
            "n_features_in_": self.n_features_in_,
            "n_iter_": self.n_iter_,
            "documents_seen": self._documents_seen,
            **{name: None if known is None else known.tolist() for name, known in words.items()},
            "history_": self.history_.reset_index().to_dict("list"),
        }
        tensors = {f"network.{name}": value for name, value in self._network.state_dict().items()}
        persistence.save_model(path, description, {**tensors, "noise": self._noise})

    def _network_checked(self) -> TopicNetwork:
        check_is_fitted(self)
        return self._network

    def _counts(self, X: Any) -> sp.csr_array:
        check_is_fitted(self)
        counts = as_counts(self, X, reset=False)
        inference.warn_of_empty(counts, "the prior stands in for their posterior")
        return counts

    def _expose(self) -> None:
        """Set the fitted attributes that follow from the network alone."""
        decoder, prior = self._network.eval().decoder, self._network.prior
        self.latent_space_ = self._network.space
        self.topic_groups_ = self._network.space.topic_groups.copy()
        self.prior_mean_ = inference.to_numpy(prior.mean)
        self.prior_variance_ = inference.to_numpy(prior.variance)
        self.prior_covariance_ = inference.to_numpy(
            torch.diag(prior.covariance) if prior.factorises else prior.covariance
        )
        with torch.inference_mode():
            self.components_ = inference.to_numpy(decoder.components())
            self.topic_word_ = inference.to_numpy(decoder.topics().probabilities())
