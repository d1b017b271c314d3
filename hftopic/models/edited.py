"""Edited models: a fitted model with topics merged, dropped or renamed, without another fit."""

import os
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.metaestimators import available_if

from hftopic._numbers import as_vector
from hftopic._wording import counted
from hftopic.data.documents import BagsOfWords
from hftopic.data.streams import StoredDocuments
from hftopic.editing.edits import Edits
from hftopic.editing.network import EditedNetwork
from hftopic.latent.attribution import Attribution
from hftopic.latent.encoded import Encoded
from hftopic.latent.usage import WordUsage
from hftopic.models import evaluation
from hftopic.models.display import ShownFitted
from hftopic.models.exchange import twin
from hftopic.models.fitted import FittedModel, has_classes
from hftopic.models.saving import WORDS, description_of_topics, save_model
from hftopic.models.usage import MergedUsage, usage_of
from hftopic.topics.names import numbered_repeats


class EditedModel(FittedModel, ShownFitted):
    """A fitted model whose topics were merged, dropped or renamed, as :func:`hftopic.edit_topics` returns it.

    It has the methods and fitted attributes of the original, whose network it reads: ``transform``,
    ``encode``, ``top_words``, ``save`` and the rest; the analysis, figures and reports take it. Topics are
    told apart by their ids, ``topic_ids_``, which never change. ``score``, ``score_samples``, ``perplexity``
    and ``word_probabilities`` are those of the original: edits change how a model is read, not what it
    predicts. In :func:`hftopic.analysis.decompose`, what the KL divergence loses by merging and dropping is
    therefore counted with the reconstruction.

    ``fit`` returns the model unchanged and ``clone`` returns the model itself, as those of scikit-learn's
    FrozenEstimator, so that a Pipeline with it can be fitted.

    Attributes
    ----------
    edits_ : Edits
        ``edits_.members`` are the topics of the original that each topic consists of.
    original_ : ProdLDA or NVDM
        The model that was edited.
    topic_ids_ : ndarray, shape (n_topics,), int
        Ids of the topics that are left; the id of a merged topic is that of its first member.
    """

    _network: EditedNetwork

    def __init__(self, original: FittedModel, edits: Edits) -> None:
        own = {"_network", "_trainer", "_hashes", "_summaries", "_automatic", "_given_names", "_seeds"}
        parameters = original.get_params(deep=False).keys()
        known = {name: value for name, value in vars(original).items() if name not in own | parameters}
        self.__dict__.update(known)
        self.original_, self.edits_ = twin(original), edits
        vars(self.original_).pop("_trainer", None)
        self._network = EditedNetwork(original._network, edits)
        self._network.eval()
        self._given_names = {}
        self._expose()

    @property
    def groups(self) -> Any:
        """The groups of topics that are left."""
        return self.latent_space_.groups

    @property
    def missing_metadata(self) -> Any:
        """What happens to documents that lack a value of metadata, as in the original."""
        return self.original_.missing_metadata

    @property
    def guided_topics_(self) -> pd.DataFrame:
        """Topics that are guided by seed words and are left; see :class:`hftopic.ProdLDA`."""
        with self._reading() as model:
            guided = model._named_original().guided_topics_
            place = {t: place for place, topics in enumerate(model.edits_.members) for t in topics}
            guided = guided[guided["topic"].isin(list(place))].reset_index(drop=True)
            places = guided["topic"].map(place).to_numpy(dtype=np.int64)
            of_topics = {"topic": model.topic_ids_, "group": model.topic_groups_, "name": model._names()}
            return guided.assign(**{name: values[places] for name, values in of_topics.items()})

    def fit(self, X: Any = None, y: Any = None, **_: Any) -> Self:  # noqa: ARG002
        """Do nothing: the model stays as it is."""
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the original."""
        return dict(self.original_.get_params(deep))

    def set_params(self, **params: Any) -> Self:
        """Raise an error: there are no parameters to set.

        Raises
        ------
        ValueError
            There is a parameter.
        """
        if params:
            raise ValueError(
                "an edited model has no parameters to set: set those of the original, and fit it"
            )
        return self

    def word_probabilities(
        self, X: Any = None, *, metadata: Any = None, embeddings: Any = None
    ) -> NDArray[np.float32]:
        """p(w|x) of the original."""
        with self._reading() as model:
            documents, _ = model._documents_and_known(X, metadata, embeddings)
            return evaluation.word_probabilities(model.original_._network, documents)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns of ``transform``: those of the original for the ids, such as "prodlda3"."""
        return self.original_.get_feature_names_out(input_features)[self.topic_ids_]

    @available_if(has_classes)  # type: ignore[untyped-decorator]
    def predict(self, X: Any = None, *, metadata: Any = None, embeddings: Any = None) -> NDArray[np.int64]:
        """Most probable class of each document that is left, by its number in the original."""
        found = np.atleast_2d(np.transpose(super().predict(X, metadata=metadata, embeddings=embeddings)))
        numbers = [np.array([of[0] for of in variable]) for variable in self._network.classes if variable]
        classes = [own[places] for own, places in zip(numbers, found, strict=True)]
        return classes[0] if len(classes) == 1 else np.column_stack(classes)

    def attributed_values(self, X: Any) -> NDArray[np.float32]:
        """Values of documents that :meth:`attribution` reads: the ``transform`` of the original."""
        with self._reading() as model:
            documents, _ = model._documents_and_known(X, None, None)
            return evaluation.represent(model.original_._network, documents)

    def attribution(self, mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> Attribution:
        """Attribution of words: sums over the members of each topic, and a last column of dropped topics.

        Parameters, errors and the function that is returned are those of :meth:`hftopic.ProdLDA.attribution`,
        with the values of :meth:`attributed_values` instead of those of ``transform``.
        """
        n_topics = len(self.original_.topic_ids_)
        of_original = self.original_.attribution(as_vector(mean, n_topics, "mean", "topic"), frequency)
        sums = np.zeros((n_topics, len(self.topic_ids_) + 1))
        for place, topics in enumerate(self.edits_.members):
            sums[list(topics), place] = 1.0
        sums[self.edits_.dropped(n_topics), -1] = 1.0

        def attribute(proportions: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
            return np.asarray(of_original(proportions, columns) @ sums)

        return attribute

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the original and its edits to a folder, which :func:`hftopic.load` reads.

        Errors are those of :meth:`hftopic.ProdLDA.save`.
        """
        with self._reading() as model:
            topics = description_of_topics(model)
            members = [list(topics) for topics in model.edits_.members]
            save_model(model._named_original(), path, {"members": members, "topics": topics})

    def _usage(self, X: Any, metadata: Any, embeddings: Any) -> WordUsage:
        """Use of words for topics: where the original is a mixture, sums of its responsibilities."""
        network = self.original_._network
        if network.decoder.topic_words() is None:
            return super()._usage(X, metadata, embeddings)
        documents = self.encode(X, metadata=metadata, embeddings=embeddings)
        known, _ = self._documents_and_known(documents, None, None)
        usage = usage_of(network, documents.counts, evaluation.represent(network, known))
        return MergedUsage(usage, self.edits_.members)

    def _documents_and_known(
        self, X: Any, metadata: Any, embeddings: Any
    ) -> tuple[BagsOfWords | StoredDocuments, None]:
        """The documents; their posterior is none of the original, whose likelihood is computed."""
        return super()._documents_and_known(X, metadata, embeddings)[0], None

    def _elbo(self, documents: BagsOfWords | StoredDocuments, known: Encoded | None) -> NDArray[np.float64]:
        return self.original_._elbo(documents, known)

    def _prevalence_table(self) -> pd.DataFrame | None:
        """Coefficients of the mean of the prior, to the first order: those of a merged topic are averages."""
        known = self.original_.prevalence_
        if known is None:
            return None
        topics = pd.Index(self.edits_.ids[self.latent_space_.gaussian], name="topic")
        return pd.DataFrame(known.to_numpy() @ self._network.slopes.T, known.index, topics)

    def _counted(self, counted: Any, more: Any, *, reset: bool) -> BagsOfWords | StoredDocuments:
        return self._named_original()._counted(counted, more, reset=reset)

    def _documents(self, counts: Any, more: Any) -> BagsOfWords:
        return self.original_._documents(counts, more)

    def _split_input(self, X: Any) -> tuple[Any, Any]:
        return self.original_._split_input(X)

    def _expose(self) -> None:
        super()._expose()
        self.topic_ids_ = self.edits_.ids

    def _automatic_names(self) -> list[str]:
        """Those of the original, but new ones for merged topics that no seed words name."""
        if not self._automatic:
            original = self._named_original()
            made, before = super()._automatic_names(), original._automatic_names()
            kept = {topics[0] for topics in self.edits_.members if len(topics) == 1}
            kept |= original._guided_names().keys()
            names = [
                before[topics[0]] if topics[0] in kept else made[place]
                for place, topics in enumerate(self.edits_.members)
            ]
            self._automatic[:] = [numbered_repeats(names, kept, self.topic_ids_.tolist())]
        return self._automatic[0]

    def _guided_names(self) -> dict[int, str]:
        """Those of the original, of topics that are left."""
        names, left = self.original_._guided_names(), self.topic_ids_.tolist()
        return {topic: name for topic, name in names.items() if topic in left}

    def _named_original(self) -> FittedModel:
        """The original with the words that this model has by now."""
        original = twin(self.original_)
        for name in WORDS:
            vars(original).pop(name, None)
            if hasattr(self, name):
                setattr(original, name, getattr(self, name))
        if not any(hasattr(self.original_, name) for name in WORDS):
            original._automatic = []
        return original

    def _shown_model(self) -> Self:
        return self

    def __sklearn_clone__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        with self._reading() as model:
            topics = (model._given_names, [model._automatic_names()], [model._summary()])
            return _restored, (model._named_original(), model.edits_, *topics)

    def __repr__(self) -> str:
        n_before, merged = len(self.original_.topic_ids_), self.edits_.merged
        told = [f"{len(self.topic_ids_)} of {counted(n_before, 'topic')}"]
        told += [f"merged {'; '.join(', '.join(map(str, topics)) for topics in merged)}"] if merged else []
        dropped = self.edits_.dropped(n_before)
        told += [f"dropped {', '.join(map(str, dropped))}"] if dropped else []
        return f"<{type(self).__name__} of {type(self.original_).__name__}: {'. '.join(told)}>"


def _restored(
    original: FittedModel,
    edits: Edits,
    given: dict[int, str],
    automatic: list[list[str]],
    summaries: list[pd.DataFrame],
) -> EditedModel:
    model = EditedModel(original, edits)
    model._given_names, model._automatic, model._summaries = given, automatic, summaries
    return model
