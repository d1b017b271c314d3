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

from hftopic.data.documents import BagsOfWords
from hftopic.data.inputs import as_counts, column_words, warn_of_empty
from hftopic.latent.encoded import Encoded
from hftopic.latent.posterior import MeanFieldPosterior, Posterior
from hftopic.latent.space import LatentSpace
from hftopic.models import evaluation
from hftopic.models.saving import save_model
from hftopic.networks.attribution import Attribution
from hftopic.networks.network import TopicNetwork

RANKINGS = ("probability", "weight")
POLES = {"+": 1, "-": -1}


def _has_classes(model: "FittedModel") -> bool:
    """Whether there are discrete variables to predict, in the groups as given or in the fitted ones."""
    space = getattr(model, "latent_space_", None)
    try:
        space = space or LatentSpace(model.groups)
    except (ValueError, TypeError):
        return False
    return bool(space.concretes)


class FittedModel(TransformerMixin):  # type: ignore[misc]
    """Methods of a topic model once it has a network."""

    groups: Any
    _network: TopicNetwork
    _noise: Tensor
    _documents_seen: int
    _fitted_with: dict[str, Any]
    history_: pd.DataFrame
    n_iter_: int
    n_features_in_: int
    topic_groups_: NDArray[np.int64]
    topic_simplex_: NDArray[np.int64]
    signed_topics_: bool
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
        X : Corpus, sparse matrix or array, ndarray, DataFrame or Encoded, shape (n_documents, n_words)

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
        if isinstance(X, Encoded):
            return self._own(X).proportions
        return evaluation.represent(self._network_checked(), self._read(X))

    def transform_latent(self, X: Any) -> NDArray[np.float32]:
        """E[z|x], the Gaussian logits of the topics, shape (n_documents, n_dims); classes have none."""
        return self.posterior(X).mean

    def posterior(self, X: Any) -> Posterior:
        """Mean and variance of q(z|x) of each document, and its class probabilities: all that analysis needs.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
        """
        if isinstance(X, Encoded):
            return self._own(X).posterior
        return Posterior.of(evaluation.posterior(self._network_checked(), self._read(X)))

    def encode(self, X: Any) -> Encoded:
        """Documents encoded once, to be passed in place of ``X`` to this model and to ``hftopic.analysis``.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray, DataFrame or Encoded, shape (n_documents, n_words)

        Returns
        -------
        Encoded
            ``X`` itself if it is one of this model's.

        Raises
        ------
        ValueError
            What another model encoded, or this one before it was fitted further.

        Examples
        --------
        >>> from hftopic import ProdLDA, make_correlated_topics
        >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
        >>> model = ProdLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
        >>> encoded = model.encode(corpus)
        >>> bool((model.transform(encoded) == model.transform(corpus)).all())
        True
        """
        if isinstance(X, Encoded):
            return self._own(X)
        network, documents = self._network_checked(), self._read(X)
        posterior = evaluation.posterior(network, documents)
        proportions = evaluation.represented(network, posterior)
        return Encoded(X, documents.counts, posterior, proportions, (network, self.n_iter_))

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
        return evaluation.word_probabilities(self._network_checked(), *self._documents_and_posterior(X))

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
        documents, known = self._documents_and_posterior(X)
        n_tokens = documents.counts.sum(dtype=np.float64)
        if n_tokens == 0:
            raise ValueError(f"perplexity is per token, and the {len(documents)} documents given have none")
        elbo = evaluation.elbo(self._network_checked(), documents, self._noise, known)
        return math.exp(-elbo.sum() / n_tokens)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """ELBO of each document, shape (n_documents,), in nats, with the unweighted KL."""
        documents, known = self._documents_and_posterior(X)
        return evaluation.elbo(self._network_checked(), documents, self._noise, known)

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """Mean ELBO per document, in nats, with the unweighted KL.

        The plain VAE always wins by it: choose ``beta`` and ``gamma`` by another scorer, such as coherence
        or the number of active topics.
        """
        return float(self.score_samples(X).mean())

    def top_words(
        self,
        n: int = 10,
        vocabulary: Sequence[str] | None = None,
        *,
        by: str | None = None,
        pole: str = "+",
    ) -> pd.DataFrame:
        """Highest words of each topic, the first the highest.

        Parameters
        ----------
        n : int, default=10
            Words a topic.
        vocabulary : sequence of str, length n_words, optional
            Word of each column, where the model was not fitted on a Corpus or a DataFrame. Without any,
            column numbers stand for words.
        by : {"probability", "weight"}, optional
            Rank by ``topic_word_``, p(w|topic), or by ``components_``, the effect on a word's logit, which
            brings up words that are rare but telling. The default is "probability", and "weight" for signed
            topics: one standard deviation of one dimension moves p(w|topic) little from the words' frequency
            in the corpus, so ranking by probability brings up common words in every topic.
        pole : {"+", "-"}, default="+"
            For a model whose topics are signed, such as :class:`hftopic.NVDM`: words that a positive or a
            negative z makes likelier.

        Returns
        -------
        DataFrame
            A row a topic: ``group``, ``word_1`` to ``word_n``.

        Raises
        ------
        ValueError
            Another ranking or pole than these, the negative pole of a model without one, or ``n`` larger than
            the vocabulary.
        """
        check_is_fitted(self)
        if by is not None and by not in RANKINGS:
            raise ValueError(f"by must be one of {', '.join(map(repr, RANKINGS))}; got {by!r}")
        if pole not in POLES:
            raise ValueError(f"pole must be '+' or '-'; got {pole!r}")
        if pole == "-" and not self.signed_topics_:
            raise ValueError(
                f"topics of {type(self).__name__} have no negative pole: leave pole out. Topics of NVDM have"
            )
        ranking = by or ("weight" if self.signed_topics_ else "probability")
        if ranking == "weight":
            return self._word_table(POLES[pole] * self.components_, n, vocabulary)
        return self._word_table(self._topic_word(POLES[pole]), n, vocabulary)

    def _topic_word(self, sign: int) -> NDArray[np.float32]:
        """p(w|topic) of either pole."""
        if sign > 0:
            return self.topic_word_
        with torch.inference_mode():
            return evaluation.to_numpy(self._network.decoder.topics(sign).probabilities())

    def attribution(self, mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> Attribution:
        """How words of documents are attributed to topics, as the decoder declares it.

        :func:`hftopic.analysis.contributions` and reports colour words by it.

        Parameters
        ----------
        mean : ndarray, shape (n_topics,)
            ``transform`` of the average document, which is the reference.
        frequency : ndarray, shape (n_words,)
            Tokens of each word.

        Returns
        -------
        callable
            Takes ``transform`` of the documents of some pairs of a document and a word, shape
            (pairs, n_topics), and the columns of their words, shape (pairs,). Returns what each topic adds,
            shape (pairs, n_topics), in nats.
        """
        return self._network_checked().decoder.attribution(self.components_, mean, frequency)

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
            :func:`hftopic.load` could not read the file: a class of your own that is not registered, see
            :func:`hftopic.register`, or a parameter that has no form in a file. Nothing is written.
        """
        check_is_fitted(self)
        save_model(self, path)

    def _network_checked(self) -> TopicNetwork:
        check_is_fitted(self)
        return self._network

    def _documents(self, counts: sp.csr_array, X: Any) -> BagsOfWords:  # noqa: ARG002
        """Documents that the network reads; a subclass may add what else ``X`` says of them to the counts."""
        return BagsOfWords(counts)

    def _read(self, X: Any) -> BagsOfWords:
        check_is_fitted(self)
        documents = self._documents(as_counts(self, X, reset=False), X)
        warn_of_empty(documents.empty, "the prior stands in for their posterior")
        return documents

    def _documents_and_posterior(self, X: Any) -> tuple[BagsOfWords, MeanFieldPosterior | None]:
        """The documents, and their posterior where they have been encoded."""
        if not isinstance(X, Encoded):
            return self._read(X), None
        known = self._own(X)
        return self._documents(known.counts, known.source), known.mean_field

    def _own(self, encoded: Encoded) -> Encoded:
        """Refuse what another model encoded."""
        if encoded.made_by != (self._network_checked(), self.n_iter_):
            raise ValueError(
                f"these documents were encoded by another model, or before this {type(self).__name__} was "
                "fitted further: call its encode again"
            )
        return encoded

    def _expose(self) -> None:
        """Set the fitted attributes that follow from the network alone."""
        decoder, prior = self._network.eval().decoder, self._network.prior
        self.latent_space_ = self._network.space
        self.topic_groups_ = self._network.space.topic_groups.copy()
        self.topic_simplex_, self.signed_topics_ = decoder.simplex(), decoder.signed
        self.prior_mean_ = evaluation.to_numpy(prior.mean)
        self.prior_variance_ = evaluation.to_numpy(prior.variance)
        self.prior_covariance_ = evaluation.to_numpy(
            torch.diag(prior.covariance) if prior.factorises else prior.covariance
        )
        with torch.inference_mode():
            self.components_ = evaluation.to_numpy(decoder.components())
            self.topic_word_ = evaluation.to_numpy(decoder.topics().probabilities())
