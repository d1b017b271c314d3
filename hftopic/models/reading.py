"""How a fitted model reads documents: their counts, and what there is beside these."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array

from hftopic._callers import level_of_the_caller
from hftopic.data.columns import is_sharded
from hftopic.data.design import Design
from hftopic.data.designed import designed
from hftopic.data.documents import BagsOfWords
from hftopic.data.embeddings import checked_embeddings, embeddings_of
from hftopic.data.inputs import PRIOR, as_counts, check_words, warn_of_empty
from hftopic.data.known import Known
from hftopic.data.missing import Missing
from hftopic.data.streams import StoredDocuments
from hftopic.latent.encoded import Encoded
from hftopic.models.bases import BaseEstimator
from hftopic.networks.network import TopicNetwork

NOT_USED = "metadata is not used: the model was fitted without prevalence"
EMBEDDINGS_NOT_USED = "embeddings are not used: the encoder of the model reads counts, encoder_input='counts'"
OF_AVERAGE = "their prior is that of average metadata"
MEAN_DESIGN = (
    f"these documents have no metadata: {OF_AVERAGE}; pass metadata=, or where there is no such parameter "
    "model.encode(X, metadata=...) instead of X"
)
NEEDED = "encoder_input={!r} needs embeddings of the documents: pass embeddings= or a Corpus that has some"
NO_EMBEDDINGS = (
    "these documents have no embeddings, which the encoder of the model reads: pass embeddings=, or where "
    "there is no such parameter model.encode(X, embeddings=...) instead of X, or a Corpus that has some"
)


class DocumentReader(BaseEstimator):
    """Methods of a model that read documents."""

    missing_metadata: Any
    encoder_input: Any
    design_: Design | None = None
    embedding_size_: int | None = None
    n_features_in_: int
    _weights_hash: Callable[[], str]
    _network: TopicNetwork

    def _split_input(self, X: Any) -> tuple[Any, Any]:
        """What the counts are read from, and what else a subclass knows of the documents, from ``X``."""
        return X, None

    def _documents(self, counts: sp.csr_array, more: Any) -> BagsOfWords:  # noqa: ARG002
        """Documents that the network reads; a subclass adds ``more``, from :meth:`_split_input`."""
        return BagsOfWords(counts)

    def _read(self, X: Any, metadata: Any, embeddings: Any) -> BagsOfWords | StoredDocuments:
        """Documents with what the network reads; without ``X``, their embeddings alone."""
        if X is None and (embeddings is not None or not self._network.encoder.reads_counts):
            return self._described(self._without_words(embeddings), None, metadata, embeddings)
        return self._documents_of(*self._split_input(X), metadata, embeddings)

    def _documents_of(
        self, counted: Any, more: Any, metadata: Any, embeddings: Any
    ) -> BagsOfWords | StoredDocuments:
        """Documents of an input that is split, with a warning if nothing can be read of some."""
        documents = self._counted(counted, more, reset=False)
        if self.embedding_size_ is None:
            warn_of_empty(documents.n_empty, len(documents), PRIOR)
        return self._described(documents, counted, metadata, embeddings)

    def _described(
        self, documents: BagsOfWords | StoredDocuments, counted: Any, metadata: Any, embeddings: Any
    ) -> BagsOfWords | StoredDocuments:
        """Documents with what there is beside their counts."""
        documents = self._with_embeddings(documents, counted, embeddings)
        documents, missing = self._with_design(documents, counted, metadata)
        missing.warn(OF_AVERAGE)
        return documents

    def _without_words(self, embeddings: Any) -> BagsOfWords:
        """Documents of which only embeddings are known."""
        if self._network.encoder.reads_counts:
            check_counted(None, embeddings, f"the encoder of this {type(self).__name__}")
        if embeddings is None:
            raise ValueError("pass the documents as X, or embeddings= alone; got neither")
        given = checked_embeddings(embeddings, None)
        if not len(given):
            check_array(given, estimator=self)  # the error of scikit-learn
        nothing: Any = sp.csr_array((len(given), self.n_features_in_), dtype=np.float32)
        return self._documents(nothing, None)

    def _counted(self, counted: Any, more: Any, *, reset: bool) -> BagsOfWords | StoredDocuments:
        """Documents with the words of the model, or with ``reset`` those that it is fitted on."""
        if not is_sharded(counted):
            return self._documents(as_counts(self, counted, reset=reset), more)
        if more is not None or type(self)._documents is not DocumentReader._documents:
            raise TypeError(
                f"{type(self).__name__} reads more than counts, and that is read in memory only: pass a "
                "Corpus, such as a slice of the shards"
            )
        check_words(self, counted, reset=reset)
        return StoredDocuments(counted)

    def _with_design(
        self, documents: BagsOfWords | StoredDocuments, counted: Any, metadata: Any
    ) -> tuple[BagsOfWords | StoredDocuments, Missing]:
        """Documents with the design of their metadata, and those for which a value is missing.

        Nothing is added if the prior of the model does not depend on metadata.
        """
        none = Missing.none(len(documents))
        if self.design_ is None:
            if metadata is not None:
                warnings.warn(NOT_USED, UserWarning, stacklevel=level_of_the_caller())
            return documents, none
        known = Known.of(counted, metadata, len(documents))
        if metadata is None and not set(self.design_.columns) & set(known.names):
            warnings.warn(MEAN_DESIGN, UserWarning, stacklevel=level_of_the_caller())
            return documents, none
        design, missing = designed(self.design_, known)
        if self.missing_metadata == "raise":
            missing.check_none()
        return replace(documents, design=design), missing

    def _with_embeddings(
        self,
        documents: BagsOfWords | StoredDocuments,
        counted: Any,
        embeddings: Any,
        *,
        reset: bool = False,
    ) -> BagsOfWords | StoredDocuments:
        """Documents with their embeddings, if the encoder of the model reads some.

        With ``reset`` the model is fitted on these documents, and their number of columns is that of others.
        """
        reads = self.encoder_input != "counts" if reset else self.embedding_size_ is not None
        if reset:
            self.embedding_size_ = None
        if not reads:
            if embeddings is not None:
                warnings.warn(EMBEDDINGS_NOT_USED, UserWarning, stacklevel=level_of_the_caller())
            return documents
        given = embeddings_of(counted, embeddings, len(documents))
        if given is None:
            raise ValueError(NEEDED.format(self.encoder_input) if reset else NO_EMBEDDINGS)
        n_columns = given.shape[1]
        if reset:
            self.embedding_size_ = n_columns
        elif n_columns != self.embedding_size_:
            raise ValueError(
                f"embeddings have {n_columns} columns, and {type(self).__name__} was fitted on "
                f"{self.embedding_size_}: pass those of the encoder of texts that made the first ones"
            )
        return replace(documents, embeddings=given)

    def _documents_and_known(
        self, X: Any, metadata: Any, embeddings: Any
    ) -> tuple[BagsOfWords | StoredDocuments, Encoded | None]:
        """The documents, and ``X`` itself if they have been encoded."""
        if not isinstance(X, Encoded):
            return self._read(X, metadata, embeddings), None
        known = self._own(X, metadata, embeddings)
        documents = self._documents(known.counts, self._split_input(known.source)[1])
        return replace(documents, design=known.design, embeddings=known.embeddings), known

    def _own(self, encoded: Encoded, metadata: Any = None, embeddings: Any = None) -> Encoded:
        """Raise ValueError unless this model, in its current state, encoded the documents."""
        for name, given in (("metadata", metadata), ("embeddings", embeddings)):
            if given is not None:
                raise ValueError(f"these documents are encoded with their {name}: pass {name} to encode")
        if encoded.made_by != self._weights_hash():
            raise ValueError(
                f"these documents were encoded by another model, or before this {type(self).__name__} was "
                "fitted again; call its encode method again"
            )
        return encoded


def check_counted(X: Any, embeddings: Any, what: str, reads_counts: bool = True) -> None:
    """Raise ValueError if documents are given by embeddings alone, which are not enough.

    ``reads_counts`` is whether the encoder reads counts: of another, embeddings alone are to be expected.
    """
    if X is None and not (reads_counts and embeddings is None):
        raise ValueError(f"X is None, but {what} needs word counts: pass the documents beside embeddings=")
