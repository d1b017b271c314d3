"""Methods of a fitted topic model: topics, documents, likelihoods and saving."""

import hashlib
import math
import os
import sys
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from hftopic._numbers import as_vector
from hftopic.data.columns import is_sharded
from hftopic.data.documents import BagsOfWords
from hftopic.data.inputs import known_words, warn_of_fractions
from hftopic.data.known import with_columns
from hftopic.data.metadata import as_metadata
from hftopic.data.sequences import described
from hftopic.data.streams import StoredDocuments, read_into_memory
from hftopic.latent.attribution import Attribution
from hftopic.latent.correlation import correlations_of
from hftopic.latent.encoded import Encoded
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace
from hftopic.latent.usage import WordUsage
from hftopic.models import evaluation
from hftopic.models.bases import BaseEstimator, TransformerMixin
from hftopic.models.exchange import taken_out
from hftopic.models.reading import DocumentReader, check_counted
from hftopic.models.saving import save_model
from hftopic.models.summary import TopicSummary
from hftopic.models.usage import usage_of

LARGEST_EXPONENT = math.log(sys.float_info.max)  # above it, the exponential is infinite


def has_classes(model: "FittedModel") -> bool:
    """Whether the groups, fitted or given, contain discrete variables that ``predict`` can return."""
    space = getattr(model, "latent_space_", None)
    try:
        space = space or LatentSpace(model.groups)
    except (ValueError, TypeError):
        return False
    return bool(space.concretes)


class FittedModel(TopicSummary, TransformerMixin, DocumentReader, BaseEstimator):
    """Methods of a fitted topic model."""

    groups: Any
    _noise: Tensor
    _documents_seen: int
    _fitted_with: dict[str, Any]
    _hashes: list[str]  # of these weights, once it is known; shared with the twins that read them
    vocabulary_: NDArray[np.object_]
    feature_names_in_: NDArray[np.object_]
    history_: pd.DataFrame
    losses_: NDArray[np.float64]
    n_iter_: int
    n_features_in_: int
    topic_ids_: NDArray[np.int64]
    topic_groups_: NDArray[np.int64]
    topic_simplex_: NDArray[np.int64]
    signed_topics_: bool
    reading_: dict[str, Any] | None
    prevalence_: pd.DataFrame | None
    components_: NDArray[np.float32]
    topic_word_: NDArray[np.float32]
    prior_mean_: NDArray[np.float32]
    prior_variance_: NDArray[np.float32]
    prior_covariance_: NDArray[np.float32]
    prior_correlation_: NDArray[np.float32]

    def transform(
        self, X: Any = None, *, metadata: Any = None, embeddings: Any = None
    ) -> NDArray[np.float32]:
        """Topic proportions (ProdLDA) or posterior means (NVDM) of each document.

        Parameters
        ----------
        X : Corpus, ShardedCorpus, sparse matrix, ndarray, DataFrame or Encoded, (n_documents, n_words)
            A ShardedCorpus is read in pieces; only the result takes memory for each document. The same holds
            for the other methods, except ``encode``.
        metadata : DataFrame or dict of sequences, optional
            For a model with ``prevalence``: columns of the metadata, one value per document, instead of those
            of a Corpus. Documents without any have the prior of average metadata, with a warning. The same
            holds for the other methods; ``encode`` keeps what it needs.
        embeddings : array-like, shape (n_documents, F), optional
            For a model whose encoder reads embeddings of documents: those of these documents, instead of
            those of a Corpus. If it reads nothing else, ``X`` can be left out here and in
            ``transform_latent``, ``posterior``, ``predict`` and ``word_probabilities``.

        Returns
        -------
        ndarray, shape (n_documents, n_topics), float32
            The columns of a Concrete variable contain the class probabilities. An empty document gets the
            values of the prior, with a warning, unless the encoder reads its embedding.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        ValueError
            ``X`` has negative, missing or infinite counts, counts above 2**24, or a different vocabulary
            than the model. A Corpus and a DataFrame have words, which must be those of the model in the same
            order; for other documents the number of columns must be equal. Or embeddings are needed, are
            no finite numbers, or have another number of rows or columns.
        """
        with self._reading() as model:
            if isinstance(X, Encoded):
                return model._own(X, metadata, embeddings).proportions.copy()
            return evaluation.represent(model._network, model._read(X, metadata, embeddings))

    def transform_latent(
        self, X: Any = None, *, metadata: Any = None, embeddings: Any = None
    ) -> NDArray[np.float32]:
        """E[z|x], the posterior mean of the Gaussian dimensions, shape (n_documents, n_dims)."""
        return self.posterior(X, metadata=metadata, embeddings=embeddings).mean

    def posterior(self, X: Any = None, *, metadata: Any = None, embeddings: Any = None) -> Posterior:
        """Mean and variance of q(z|x) of each document, and its class probabilities.

        Parameters
        ----------
        X : Corpus, ShardedCorpus, sparse matrix or array, ndarray or DataFrame, (n_documents, n_words)
        """
        with self._reading() as model:
            if isinstance(X, Encoded):
                return model._own(X, metadata, embeddings).posterior
            return Posterior.of(evaluation.posterior(model._network, model._read(X, metadata, embeddings)))

    def encode(self, X: Any, *, metadata: Any = None, embeddings: Any = None) -> Encoded:
        """Encode documents once, for use instead of ``X`` in this model and in ``hftopic.analysis``.

        Parameters
        ----------
        X : Corpus, ShardedCorpus, sparse matrix, ndarray, DataFrame or Encoded, (n_documents, n_words)
            A ShardedCorpus of at most 100,000 documents is read into memory.

        Returns
        -------
        Encoded
            The encoded documents; ``X`` itself if this model has already encoded it.

        Raises
        ------
        ValueError
            ``X`` was encoded by another model, or by this model before it was fitted again; or it is a
            ShardedCorpus with more documents.

        Examples
        --------
        >>> from hftopic import ProdLDA, make_correlated_topics
        >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
        >>> model = ProdLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
        >>> encoded = model.encode(corpus)
        >>> bool((model.transform(encoded) == model.transform(corpus)).all())
        True
        """
        with self._reading() as model:
            if isinstance(X, Encoded):
                return model._own(X, metadata, embeddings)
            check_counted(X, embeddings, "encode", model._network.encoder.reads_counts)
            counted, more = model._split_input(X)
            if is_sharded(counted):
                X = counted = read_into_memory(counted)
            kept = model.design_ is not None and metadata is not None and hasattr(counted, "shape")
            if kept:
                metadata = as_metadata(metadata, counted.shape[0]) or {}
            documents: Any = model._documents_of(counted, more, metadata, embeddings)
            if kept:
                counted = with_columns(counted, documents.counts, metadata, known_words(model))
            posterior, proportions, offset = evaluation.encode(model._network, documents)
            made_by = model._weights_hash()
            beside = documents.arrays_beside()
            return Encoded(X, counted, documents.counts, posterior, proportions, made_by, offset, **beside)

    def word_usage(self, X: Any, *, metadata: Any = None, embeddings: Any = None) -> WordUsage:
        """For which topic each distinct word of each document is used, as a mixture of ``topic_word_``.

        Parameters
        ----------
        X : Corpus, sparse matrix, ndarray, DataFrame or Encoded, (n_documents, n_words)
        metadata, embeddings : optional
            As in ``encode``.

        Returns
        -------
        callable
            Function of a topic, and for signed topics of a pole, that returns the probabilities that the
            words are used for it, a csr_array of shape (n_documents, n_words). See
            :func:`hftopic.analysis.words_over_time`, which uses it.

        Examples
        --------
        >>> from hftopic import ProdLDA, make_correlated_topics
        >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
        >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
        >>> used = model.word_usage(corpus)(3)
        >>> used.shape == corpus.counts.shape, bool(0 <= used.data.min() < used.data.max() <= 1)
        (True, True)
        """
        with self._reading() as model, torch.inference_mode():
            return model._usage(X, metadata, embeddings)

    @available_if(has_classes)  # type: ignore[untyped-decorator]
    def predict(self, X: Any = None, *, metadata: Any = None, embeddings: Any = None) -> NDArray[np.int64]:
        """Most probable class of each document; only for models with a Concrete variable.

        Parameters
        ----------
        X : Corpus, ShardedCorpus, sparse matrix or array, ndarray or DataFrame, (n_documents, n_words)

        Returns
        -------
        ndarray of int, shape (n_documents,), or (n_documents, n_variables) with several variables
        """
        posterior = self.posterior(X, metadata=metadata, embeddings=embeddings)
        classes = [probabilities.argmax(1) for probabilities in posterior.class_probabilities]
        return classes[0] if len(classes) == 1 else np.column_stack(classes)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Names of the columns of ``transform``: "prodlda3"; for a class, "prodlda_group1_class4"."""
        check_is_fitted(self)
        space, name = self.latent_space_, type(self).__name__.lower()
        columns = [
            f"{name}_group{d}_class{i - space.slices[d].start}" if not gaussian else f"{name}{i}"
            for i, (d, gaussian) in enumerate(zip(space.topic_groups, space.gaussian, strict=True))
        ]
        return np.array(columns, dtype=object)

    def word_probabilities(
        self, X: Any = None, *, metadata: Any = None, embeddings: Any = None
    ) -> NDArray[np.float32]:
        """p(w|x) at the posterior mean of each document, shape (n_documents, n_words); rows sum to 1.

        For NVLDA without discrete variables this is ``transform(X) @ topic_word_``. For ProdLDA it is not,
        because the model is a product of experts, not a mixture.
        """
        with self._reading() as model:
            return evaluation.word_probabilities(
                model._network, *model._documents_and_known(X, metadata, embeddings)
            )

    def perplexity(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        metadata: Any = None,
        embeddings: Any = None,
    ) -> float:
        """exp(-ELBO / tokens) over all documents, with the unweighted KL divergence for every objective.

        Lower is better. All documents use the same noise vectors, which are drawn in ``fit`` and saved with
        the model. The value therefore does not depend on the order of documents or on how they are split
        into batches.

        Raises
        ------
        ValueError
            All documents are empty.

        Warns
        -----
        UserWarning
            The values sum to less than one token per document, as relative frequencies or small weights do:
            they are no counts, and the value can be infinite.
        """
        with self._reading() as model:
            check_counted(X, embeddings, "perplexity", model._network.encoder.reads_counts)
            documents, known = model._documents_and_known(X, metadata, embeddings)
            n_tokens = documents.n_tokens
            if n_tokens == 0:
                raise ValueError(f"perplexity is per token, but all {len(documents)} documents are empty")
            warn_of_fractions(n_tokens, len(documents) - documents.n_empty)
            exponent = -model._elbo(documents, known).sum() / n_tokens
            return math.exp(exponent) if exponent <= LARGEST_EXPONENT else math.inf

    def score_samples(self, X: Any, *, metadata: Any = None, embeddings: Any = None) -> NDArray[np.float64]:
        """ELBO of each document, shape (n_documents,), in nats, with the unweighted KL divergence."""
        with self._reading() as model:
            check_counted(X, embeddings, "the likelihood of words", model._network.encoder.reads_counts)
            return model._elbo(*model._documents_and_known(X, metadata, embeddings))

    def score(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        metadata: Any = None,
        embeddings: Any = None,
        sample_weight: Any = None,
    ) -> float:
        """Mean ELBO per document, in nats, with the unweighted KL divergence.

        Do not use it to choose ``beta`` and ``gamma``: the plain VAE always has the best score. Use another
        scorer, such as coherence or the number of active topics. ``sample_weight`` are weights of the
        documents in the mean, shape (n_documents,).
        """
        elbo = self.score_samples(X, metadata=metadata, embeddings=embeddings)
        if sample_weight is None:
            return float(elbo.mean())
        return float(
            np.average(elbo, weights=as_vector(sample_weight, len(elbo), "sample_weight", "document"))
        )

    def log_proportions(self, posterior: Posterior) -> NDArray[np.float64]:
        """Logarithm of the topic proportions at the posterior means, shape (n_documents, n_topics), in nats.

        The values are not limited by the smallest number of float32, unlike the logarithm of ``transform``.
        """
        with self._reading() as model, torch.inference_mode():
            if model.signed_topics_:
                raise ValueError(f"topics of {type(self).__name__} are signed: they have no proportions")
            if not isinstance(posterior, Posterior):
                raise TypeError(f"pass what model.posterior(X) returns, not {described(posterior)}")
            on_device = posterior.mean_field().map(lambda tensor: tensor.to(model._network.device))
            found = model._network.decoder.log_proportions(on_device)
            return np.asarray(found.cpu().numpy())

    def attributed_values(self, X: Any) -> NDArray[np.float32]:
        """Values of documents that :meth:`attribution` reads: those of ``transform``."""
        return self.transform(X)

    def attribution(self, mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> Attribution:
        """Attribution of the words of documents to topics, as defined by the decoder.

        :func:`hftopic.analysis.contributions` uses it, and reports use it to colour words.

        Parameters
        ----------
        mean : ndarray, shape (n_topics,)
            Average of ``transform`` over documents: the reference of the attribution.
        frequency : ndarray, shape (n_words,)
            Number of tokens of each word.

        Returns
        -------
        callable
            Function of two arguments for a number of (document, word) pairs: the output of ``transform`` for
            the documents, shape (pairs, n_topics), and the columns of the words, shape (pairs,). It returns
            the contribution of each topic, shape (pairs, n_topics), in nats.

        Raises
        ------
        ValueError
            An array is not of this shape, or holds something else than finite numbers.
        """
        with self._reading() as model:
            reference = as_vector(mean, len(model.topic_groups_), "mean", "topic")
            tokens = as_vector(frequency, model.n_features_in_, "frequency", "word")
            return model._network.decoder.attribution(model.components_, reference, tokens)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a folder, as ``model.safetensors`` and ``model.json``.

        :func:`hftopic.load` reads it, with the parameters that the model was fitted with. The two files are
        written atomically, as one, and replace those of an earlier saved model; other files in the folder are
        kept. Links are followed. The optimiser state is not saved: ``partial_fit`` after a load starts with a
        new optimiser. In a callback of ``fit``, the model that is written has the weights of the epoch that
        has just ended.

        Raises
        ------
        FileExistsError
            ``path`` is a file, or a folder with other files and without a saved model.
        OSError
            The folder cannot be written.
        TypeError
            A parameter cannot be saved, or the model or a parameter has a custom class that is not registered
            (see :func:`hftopic.register`). Nothing is written.
        """
        with taken_out(self)._reading() as model:
            save_model(model, path)

    def _usage(self, X: Any, metadata: Any, embeddings: Any) -> WordUsage:
        encoded = self.encode(X, metadata=metadata, embeddings=embeddings)
        return usage_of(self._network, encoded.counts, encoded.proportions, encoded.mean_field)

    def _elbo(self, documents: BagsOfWords | StoredDocuments, known: Encoded | None) -> NDArray[np.float64]:
        """ELBO of each document; 0 if nothing is read of it, because its posterior is the prior."""
        elbo = evaluation.elbo(self._network, documents, self._noise, known)
        if self.embedding_size_ is None:
            elbo[documents.empty] = 0.0
        return elbo

    def _weights_hash(self) -> str:
        """SHA-256 of the network's weights: it tells models apart, also after they are saved or pickled."""
        if not self._hashes:
            digest = hashlib.sha256()
            for tensor in self._network.state_dict().values():
                digest.update(evaluation.to_numpy(tensor).tobytes())
            self._hashes.append(digest.hexdigest())
        return self._hashes[0]

    def _expose(self) -> None:
        """Set the fitted attributes that depend only on the network."""
        self._hashes, self._summaries, self._automatic = [], [], []
        decoder, prior = self._network.eval().decoder, self._network.prior
        self.latent_space_ = self._network.space
        self.topic_groups_ = self._network.space.topic_groups.copy()
        self.topic_ids_ = np.arange(len(self.topic_groups_))
        self.topic_simplex_, self.signed_topics_ = decoder.simplex(), decoder.signed
        self.prior_mean_ = evaluation.to_numpy(prior.mean)
        self.prior_variance_ = evaluation.to_numpy(prior.variance)
        self.prior_covariance_ = evaluation.to_numpy(
            torch.diag(prior.covariance) if prior.factorises else prior.covariance
        )
        self.prior_correlation_ = correlations_of(self.prior_covariance_)
        self.prevalence_ = self._prevalence_table()
        with torch.inference_mode():
            self.components_ = evaluation.to_numpy(decoder.components())
            self.topic_word_ = evaluation.to_numpy(self._network.topic_words())

    def _prevalence_table(self) -> pd.DataFrame | None:
        """Coefficients Γ of the prior mean, by column of the design and topic; None without prevalence."""
        design, prevalence = self.design_, self._network.prevalence
        if design is None or prevalence is None:
            return None
        coefficients = evaluation.to_numpy(prevalence.coefficients).astype(np.float64)
        topics = pd.Index(self.topic_ids_[self._network.space.gaussian], name="topic")
        index = pd.Index(design.names, name="column")
        return pd.DataFrame(coefficients / design.scales[:, None], index, topics)
