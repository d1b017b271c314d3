"""Base class of the models: a scikit-learn estimator with its parameters and fitting."""

import copy
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, fields
from functools import cache, partial
from inspect import signature
from numbers import Integral, Real
from typing import Annotated, Any, ClassVar, Self, cast, dataclass_transform

import numpy as np
import pandas as pd
import torch
from joblib import effective_n_jobs
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from torch import Tensor

from hftopic._memory import give_back
from hftopic._numbers import is_whole
from hftopic._processes import joined, of_the_job
from hftopic._torch_state import neutral_torch
from hftopic.data.alignment import warn_of_other_order
from hftopic.data.batches import Batch
from hftopic.data.columns import is_sharded
from hftopic.data.design import Design
from hftopic.data.designed import designed_for
from hftopic.data.documents import BagsOfWords, CountedDocuments
from hftopic.data.embeddings import check_varied
from hftopic.data.inputs import known_words, warn_of_empty
from hftopic.data.known import Known
from hftopic.grouping import CUT
from hftopic.latent.correlation import free_correlations
from hftopic.latent.encoded import Encoded
from hftopic.latent.groups import Discrete, GroupsLike, Normal
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.priors import LearnedCorrelation, Prior
from hftopic.latent.space import LatentSpace
from hftopic.models import description, evaluation
from hftopic.models.agreement import check_same, check_sizes
from hftopic.models.beginning import begin, pieces_beside
from hftopic.models.calls import call_of, check_unchanged
from hftopic.models.checkpoints import checkpoints
from hftopic.models.display import ShownFitted
from hftopic.models.exchange import alone, exchanged, offering, taken_out, twin
from hftopic.models.fitted import FittedModel
from hftopic.models.guiding import Seeds, SeedWords, fixes_groups, found_seeds, spelling_of
from hftopic.models.parameters import (
    ENCODER_NORM,
    EPOCHS,
    SHARE,
    WEIGHT,
    RandomState,
    WeightLike,
    check_fits,
    checked_callbacks,
    chosen_assignment,
    chosen_device,
    chosen_objective,
    chosen_prior,
    declare_parameters,
    layer_sizes,
    prior_moments,
)
from hftopic.models.reading import check_counted
from hftopic.models.starts import Offering, train_several
from hftopic.models.summary import REMEMBERED
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.guidance import Guidance
from hftopic.networks.layers import softplus
from hftopic.networks.network import TopicNetwork
from hftopic.networks.prevalence import Prevalence
from hftopic.objective.base import Objective
from hftopic.objective.minibatch import ESTIMATORS
from hftopic.training.checkpoint import Checkpoint
from hftopic.training.epochs import Callback, train
from hftopic.training.errors import TrainingDivergedError
from hftopic.training.settings import Settings
from hftopic.training.trainer import Trainer

EXCLUDED = "they are excluded from training"


@dataclass_transform(kw_only_default=True, eq_default=False)
@dataclass(eq=False, repr=False)
class BaseTopicModel(FittedModel, ShownFitted, ABC):
    """Topic model trained as a variational autoencoder with a grouped objective.

    The class is a dataclass, so that each parameter is declared once, with its default and its constraints.
    Subclasses define the network: :meth:`_build_decoder`, :meth:`_default_prior` and, if it is another one,
    :meth:`_build_encoder`.
    A subclass with more parameters must be a dataclass too, or have an ``__init__`` that stores them.
    """

    groups: Annotated[GroupsLike, Integral, Normal, Discrete, tuple, list] = (25, 25)
    _: KW_ONLY
    alpha: Annotated[WeightLike, WEIGHT] = 1.0
    beta: Annotated[WeightLike | tuple[WeightLike, ...], WEIGHT, tuple] = 1.0
    gamma: Annotated[WeightLike, WEIGHT] = 3.0
    objective: Annotated[Objective | None, None, HasMethods("terms")] = None
    marginals: Annotated[str, StrOptions(set(ESTIMATORS))] = "gaussian"
    partners: Annotated[int | None, None, Interval(Integral, 2, None, closed="left")] = 64
    assignment: Annotated[str, StrOptions({"auto", "learned", "fixed"})] = "auto"
    prior: Annotated[Prior | None, None, HasMethods("moments")] = None
    prevalence: Annotated[str | None, None, str] = None
    prevalence_shrinkage: Annotated[
        float | str, Interval(Real, 0, None, closed="left"), StrOptions({"auto"})
    ] = "auto"
    missing_metadata: Annotated[str, StrOptions({"raise", "drop"})] = "raise"
    encoder_input: Annotated[str, StrOptions({"counts", "embeddings", "both"})] = "counts"
    seed_words: Annotated[SeedWords | None, None, Mapping] = None
    seed_strength: Annotated[float, Interval(Real, 0, 1, closed="both")] = 0.5
    hidden: Annotated[Sequence[int], tuple, list] = (200, 200)
    dropout: Annotated[float, SHARE] = 0.05
    word_dropout: Annotated[float, SHARE] = 0.3
    encoder_norm: Annotated[str, ENCODER_NORM] = "none"
    batch_size: Annotated[int | str, Interval(Integral, 2, None, closed="left"), StrOptions({"auto"})] = (
        "auto"
    )
    max_iter: Annotated[int | None, None, Interval(Integral, 1, None, closed="left")] = None
    learning_rate: Annotated[float, Interval(Real, 0, None, closed="neither")] = 0.004
    warm_up: Annotated[int | float, EPOCHS] = 0.1
    ramp: Annotated[int | float, EPOCHS] = 1.0
    n_init: Annotated[int, Interval(Integral, 1, None, closed="left")] = 1
    n_jobs: Annotated[int | None, None, Integral] = None
    validation_fraction: Annotated[float, SHARE] = 0.0
    patience: Annotated[int, Interval(Integral, 1, None, closed="left")] = 10
    device: Annotated[str | torch.device, str, torch.device] = "auto"
    verbose: Annotated[int, "verbose"] = 0
    random_state: Annotated[RandomState, "random_state"] = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]]
    _may_change: ClassVar[frozenset[str]] = frozenset(
        {
            *(field.name for field in fields(Settings)),
            *(
                "alpha",
                "beta",
                "gamma",
                "objective",
                "ramp",
                "n_init",
                "n_jobs",
                "validation_fraction",
                "verbose",
                "random_state",
            ),
        }
    )
    """Parameters with which ``partial_fit`` may continue although they changed: not those of the network."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        declare_parameters(cls)

    @abstractmethod
    def _default_prior(self) -> Prior:
        """Prior if the user gives none."""

    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        """Encoder with initial weights."""
        return self._encoder(n_words, space, softplus, generator)

    @abstractmethod
    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        """Decoder with initial weights; ``background`` (V,) is the log frequency of each word."""

    def _read_vocabulary(self) -> None:
        """Find out what a parameter says of the words of the documents, before training; here nothing."""

    def _values_of_call(self) -> dict[str, Any]:
        """What parameters mean for the documents that they are fitted on, in place of what was given."""
        return {"seed_words": self._seeds}  # a dict is compared without the order of its keys

    def fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        metadata: Any = None,
        embeddings: Any = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = 10.0,
    ) -> Self:
        """Learn topics from word counts.

        Where torch has a process group, as under ``torchrun``, all processes call ``fit`` with the same
        parameters and documents, share every mini-batch, and end with the same model. Process 0 calls the
        callbacks. With ``n_init``, the starts follow each other.

        Parameters
        ----------
        X : Corpus, ShardedCorpus, sparse matrix or array, ndarray or DataFrame, (n_documents, n_words)
            Non-negative counts. Empty documents are excluded from training, with a warning. A
            :class:`hftopic.ShardedCorpus` is read in pieces: the files are verified first, and then memory
            does not grow with the number of documents. Each epoch shuffles blocks of 64 documents, and
            then the documents of 256 blocks together. With no more blocks than that, the model is that of the
            same Corpus. Of more, validation documents are at even distances.
        y : ignored
        metadata : DataFrame or dict of sequences, optional
            Columns that ``prevalence`` reads, one value per document, instead of those of a Corpus.
        embeddings : array-like, shape (n_documents, F), optional
            Vectors of the documents that the encoder reads, with ``encoder_input`` "embeddings" or "both",
            instead of those of a Corpus, such as sentence embeddings of their texts. A memory-mapped array of
            float32 is read in pieces.
        callbacks : sequence of callables, optional
            Functions that are called after every epoch with its record, a dict of the columns of
            ``history_``. If one returns True, training ends, or with ``n_init`` above 1 this start. In a
            callback, ``save``, ``pickle`` and ``copy.copy`` take the weights of this epoch; everything else
            about the model is as it was before ``fit``, until ``fit`` ends.
        checkpoint : path-like, optional
            Folder for the state of the training, which is made. If the process ends, for any reason, the same
            call goes on from there, and the model is that of a call that was not ended, byte for byte.
            Callbacks are called for the epochs after the checkpoint. When the fit is complete, the same call
            only reads it: delete the folder when the model is saved.
        checkpoint_minutes : float, default=10.0
            Minutes after which a checkpoint is written within an epoch; with 0 after every step. One is also
            written at the end of an epoch, unless that would take more than 5% of the time.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Invalid data or parameters; or the checkpoint is that of another call, and the message says what
            differs.
        CheckpointError
            The checkpoint is damaged, or of another version. A subclass of ValueError.
        OSError
            A checkpoint cannot be written; the one before stands.
        TrainingStopped
            With a checkpoint, in the main thread: SIGTERM or SIGHUP came, and the checkpoint is written. It
            ends the program with the code 143 or 129. The model is unchanged. If several starts are trained
            in other processes (``n_jobs``), only these write at a signal: one that this process alone gets
            ends it as without a checkpoint, and what was written before stands.
        Exception
            Any exception raised by a callback, including KeyboardInterrupt. The model is then unchanged.
        TrainingDivergedError
            The model then keeps the weights of the last good epoch.
        ProcessLostError
            Another process of the group has ended, or raised an error, which the message has.

        Warns
        -----
        NothingLearntWarning
            No topic is active, in 100 documents or more.
        UserWarning
            Few topics tell anything about the documents.
        """
        with exchanged(self) as model, ExitStack() as until_the_end:
            processes = until_the_end.enter_context(of_the_job())
            callbacks, documents = processes.together(
                lambda: model._checked(X, metadata, embeddings, callbacks)
            )
            call: dict[str, Any] = {}
            if processes.size > 1 or checkpoint is not None:  # for these alone documents are hashed
                call = processes.together(lambda: call_of(model, documents))
            n_documents = len(documents) - model._n_held_out(len(documents))
            check_same(processes, {**call, "checkpoint": checkpoint is not None}, documents)
            check_sizes(processes, Settings.of(model, n_documents), n_documents)
            reading = _reading_of(X)
            for state in ("_network", "_trainer", "_remembered"):  # of an earlier fit
                vars(model).pop(state, None)
            model._given_names, model.reading_ = {}, reading
            called = [offering(self, callback, until_the_end) for callback in callbacks]
            with checkpoints(model, call, checkpoint, checkpoint_minutes, model._start_seeds()) as kept:
                generators = [torch.Generator().manual_seed(seed) for seed in kept.seeds]
                training, held_out = model._hold_out(documents, generators[0])
                if model.n_init == 1:
                    error = model._train(training, held_out, generators[0], called, kept.of_start(0))
                else:
                    error = train_several(model, training, held_out, generators, called, kept)
            model._describe(training)
            if error is not None:
                raise error
            summary = model._summary()
            model._remembered = tuple(known.sampled(REMEMBERED) for known in model._remembered)
            description.warn_of_uninformative(model._network, summary, model.n_iter_)
        return self

    def _checked(
        self, X: Any, metadata: Any, embeddings: Any, callbacks: Sequence[Callback]
    ) -> tuple[Sequence[Callback], CountedDocuments]:
        """The arguments of ``fit``, after a check of them and of the parameters."""
        self._validate_params()
        callbacks = checked_callbacks(callbacks)
        if callbacks and self.n_init > 1 and effective_n_jobs(self.n_jobs) > 1:
            raise ValueError("callbacks cannot be called from other processes; use n_jobs=1")
        return callbacks, self._documents_with_words(X, metadata, embeddings, reset=True)

    def _train(
        self,
        documents: CountedDocuments,
        held_out: CountedDocuments | None,
        generator: torch.Generator,
        callbacks: Sequence[Offering],
        checkpoint: Checkpoint | None,
    ) -> TrainingDivergedError | None:
        """Train from one start and set the fitted attributes, also if training diverged."""
        trainer = self._new_trainer(documents, generator, len(documents))
        self._documents_seen = len(documents)
        diverged = None
        current = partial(
            self._as_trained, trainer, cache(partial(documents.sampled, description.MOST_DOCUMENTS))
        )
        calls = [partial(callback, current) for callback in callbacks]
        try:
            train(trainer, documents, held_out, calls, bool(self.verbose), checkpoint)
        except TrainingDivergedError as error:
            diverged = error
        finally:
            self._adopt(trainer)
        good = diverged is None and math.isfinite(trainer.kept_loss)
        self.losses_ = np.array([trainer.kept_loss if good else math.inf])
        return diverged

    def _describe(self, documents: CountedDocuments) -> None:
        """Describe the topics of the fitted network by the words of documents."""
        known = documents.sampled(description.MOST_DOCUMENTS)
        give_back()  # what the steps took, which the description needs in other pieces
        description.describe(self._network, known, joined())
        give_back()
        self._remembered = (known,)
        trainer: Trainer[Batch] | None = getattr(self, "_trainer", None)
        if trainer is not None:
            trainer.keep(trainer.kept_epoch)
            self._network = _kept_network(trainer)
        self._expose()

    def _as_trained(self, trainer: Trainer[Batch], sample: Callable[[], BagsOfWords]) -> Self:
        """A fitted model with the weights of the last epoch, which further training does not change."""
        model, last = twin(self), trainer.records[-1]
        model._network = copy.deepcopy(self._network)
        known = sample()
        description.describe(model._network, known)
        model._remembered = (known,)
        model._adopt(trainer)
        model.losses_ = np.array([last.get("validation_loss", last["loss"])])
        return model

    def partial_fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        *,
        metadata: Any = None,
        embeddings: Any = None,
        total_documents: int | None = None,
    ) -> Self:
        """Train for one epoch on some documents, starting from the current model.

        Each call counts as one epoch of ``warm_up`` and ``ramp`` (fractions refer to ``max_iter``). The
        learning rate is constant. While groups are learned, between a half and nine tenths of ``max_iter``
        epochs, a call may exchange topics between groups: their numbers then change. After a load, or a fit
        with several starts, the optimiser is a new one. Documents that are passed again count as further
        documents. In a process group, every process trains a model of its own.

        Before groups are assigned, the prior also has correlations within groups.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
        y : ignored
        metadata : DataFrame or dict of sequences, optional
            As in :meth:`fit`. The design is that of the first call: a category that is not in its documents
            is an error.
        embeddings : array-like, shape (n_documents, F), optional
            As in :meth:`fit`. They are standardised with the moments of the first call.
        total_documents : int, optional
            Total number of documents in the stream, used to estimate the marginals. If more documents have
            been seen, their number is used.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Invalid data or parameters, or ``marginals="full"``, which needs all documents at once.
        RuntimeError
            Another thread is in ``partial_fit`` of this model.
        """
        with alone(self), exchanged(self) as model:
            model._validate_params()
            if total_documents is not None and not is_whole(total_documents, 0):
                raise ValueError(f"total_documents must be a number of documents; got {total_documents!r}")
            if model.marginals == "full":
                raise ValueError(
                    "marginals='full' needs all documents at once, but partial_fit sees only some of them; "
                    "call fit, or use marginals='hfvae'"
                )
            is_new = not hasattr(model, "_network")
            documents = model._documents_with_words(X, metadata, embeddings, reset=is_new)
            if is_new:
                model._given_names, model.reading_ = {}, _reading_of(X)
            trainer = model._resumed_trainer(documents)
            before, model._documents_seen = model._documents_seen, model._documents_seen + len(documents)
            epoch, n_records = trainer.epoch, len(trainer.records)
            try:
                trainer.run_epoch(documents, max(model._documents_seen, total_documents or 0))
                known = documents.sampled(description.MOST_DOCUMENTS)
                description.update(cast(TopicNetwork, trainer.network), known)
                trainer.keep()
                model._remember(known)
            except BaseException:
                trainer.restore()
                trainer.epoch = epoch
                del trainer.records[n_records:]
                model._documents_seen = before
                raise
            finally:
                model._network = _kept_network(trainer)
                model._adopt(trainer)
        return self

    def _documents_with_words(
        self, X: Any, metadata: Any, embeddings: Any, *, reset: bool
    ) -> CountedDocuments:
        if isinstance(X, Encoded):
            raise TypeError("fit needs the documents themselves, not the result of encode")
        check_counted(X, embeddings, "training")
        counted, more = self._split_input(X)
        if self.marginals == "full" and is_sharded(counted):
            raise ValueError(
                "marginals='full' needs all documents in memory; pass a Corpus, such as a slice of the "
                "shards, or use marginals='gaussian'"
            )
        stored = self._counted(counted, more, reset=reset)
        if reset:
            self.design_ = self._new_design(counted, metadata, len(stored))
        elif self.design_ is not None:
            known = Known.of(counted, metadata, len(stored))
            self._check_has_metadata(known)
            self.design_.columns_in(known.names)  # the average design would change what Γ is made of
        if reset:
            self._seeds = self._new_seeds(_reading_of(X))
            self._read_vocabulary()
        stored = self._with_embeddings(stored, counted, embeddings, reset=reset)
        stored, missing = self._with_design(stored, counted, metadata)
        missing.warn(EXCLUDED)
        stored = stored.select(~missing.rows) if missing.columns else stored
        documents: CountedDocuments = stored.with_words()
        warn_of_empty(len(stored) - len(documents), len(stored), EXCLUDED)
        if len(documents) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 non-empty documents; got n_samples={len(documents)}"
            )
        if reset and self.embedding_size_ is not None:
            check_varied(pieces_beside(documents), len(documents))
            warn_of_other_order(documents)
        return documents

    def _new_design(self, counted: Any, metadata: Any, n_documents: int) -> Design | None:
        """The design of the metadata of documents that the model is fitted on."""
        if self.prevalence is None:
            return None
        known = Known.of(counted, metadata, n_documents)
        self._check_has_metadata(known)
        return designed_for(self.prevalence, known, drop=self.missing_metadata == "drop")

    def _check_has_metadata(self, known: Known) -> None:
        if not known.names:
            raise ValueError(
                f"prevalence={self.prevalence!r} needs metadata of the documents: pass metadata= or a Corpus "
                "that has some"
            )

    def _new_seeds(self, reading: dict[str, Any] | None) -> Seeds | None:
        """The seed words in the vocabulary; None without any, or if they have no strength."""
        if self.seed_words is None:
            return None
        space = LatentSpace(self.groups)
        letters = spelling_of(reading)
        seeds = found_seeds(self.seed_words, known_words(self), self.n_features_in_, space, letters)
        return seeds if self.seed_strength else None

    def _start_seeds(self) -> list[int]:
        """A seed for each start; the first one does not depend on ``n_init``."""
        state = check_random_state(self.random_state)
        return joined().agreed([int(state.randint(2**31 - 1)) for _ in range(self.n_init)])

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self._start_seeds()[0])

    def _hold_out(
        self, documents: CountedDocuments, generator: torch.Generator
    ) -> tuple[CountedDocuments, CountedDocuments | None]:
        n_held_out = self._n_held_out(len(documents))
        return documents.divided(n_held_out, generator) if n_held_out else (documents, None)

    def _n_held_out(self, n_documents: int) -> int:
        """Number of validation documents among these."""
        if self.validation_fraction == 0:
            return 0
        n_held_out = math.ceil(self.validation_fraction * n_documents)
        if n_held_out < 2 or n_documents - n_held_out < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {n_documents} documents gives "
                f"{n_held_out} validation and {n_documents - n_held_out} training documents; "
                "each part needs at least 2"
            )
        return n_held_out

    def _new_trainer(
        self, documents: CountedDocuments, generator: torch.Generator, n_documents: int | None = None
    ) -> Trainer[Batch]:
        """Trainer of a new network; ``n_documents`` is the size of the corpus, if it is known."""
        frequencies = documents.word_counts() + 1.0
        background = torch.from_numpy(np.log(frequencies / frequencies.sum())).float()
        self._network = network = self._build_network(background, generator)
        network.decoder.check(network.space, len(background))
        objective, learns_groups = self._objective(network)
        settings = Settings.of(self, n_documents)
        check_fits(objective, network.prior, settings.max_iter)
        self._noise = evaluation.draw_noise(network.space, generator)
        batch = documents.batch(np.arange(2), network.device)
        begin(network, batch, documents, generator)
        if learns_groups:
            network.check_exchange(batch)
        return Trainer(network, objective, settings, generator, learns_groups, joined())

    def _resumed_trainer(self, documents: CountedDocuments) -> Trainer[Batch]:
        """The trainer of the previous call; after loading or unpickling, one with a new optimiser."""
        if not hasattr(self, "_network"):
            self._documents_seen = 0
            return self._new_trainer(documents, self._generator())
        check_unchanged(self)
        trainer: Trainer[Batch] | None = getattr(self, "_trainer", None)
        settings = Settings.of(self, self._documents_seen if hasattr(self, "losses_") else None)
        objective, learns_groups = self._objective(self._network)
        if self._network.learned is None:  # else training keeps the loss bounded
            check_fits(objective, self._network.prior, settings.max_iter)
        if trainer is None:
            network = copy.deepcopy(self._network)  # other threads may read the one of the model
            trainer = Trainer(network, objective, settings, self._generator(), learns_groups)
            trainer.epoch = self.n_iter_
            rows = self.history_.reset_index().to_dict("records")
            trainer.records = [{str(name): value for name, value in row.items()} for row in rows]
            trainer.grouping.has_cut = self.n_iter_ > trainer.grouping.cut_epoch(settings.max_iter)
            trainer.keep()
        trainer.configure(objective, settings, learns_groups)
        return trainer

    def _build_network(self, background: Tensor, generator: torch.Generator) -> TopicNetwork:
        space = LatentSpace(self.groups)
        encoder = self._build_encoder(len(background), space, generator)
        decoder = self._build_decoder(space, background, generator)
        prior = chosen_prior(self.prior, self._default_prior())
        mean, covariance = prior_moments(prior, space, decoder.softmax_sizes())
        learned = prior if isinstance(prior, LearnedCorrelation) else None
        if learned is not None and not free_correlations(space, learned).any():
            learned, covariance = None, covariance.diagonal().clone()
        prevalence, design = None, getattr(self, "design_", None)
        if design is not None:
            shrinkage = None if self.prevalence_shrinkage == "auto" else float(self.prevalence_shrinkage)
            prevalence = Prevalence(len(design.names), space.n_dims, shrinkage)
        guidance = None
        if self._seeds is not None:
            topics, columns = self._seeds.topics, self._seeds.columns
            guidance = Guidance(columns, topics, space.n_topics, len(background), self.seed_strength)
        network = TopicNetwork(
            encoder, decoder, LatentPrior(space, mean, covariance), learned, prevalence, guidance
        )
        return network.to(chosen_device(self.device))

    def _objective(self, network: TopicNetwork) -> tuple[Objective, bool]:
        """The objective, and whether the groups are learned, before which its weights stay at 1."""
        weights = {name: getattr(self, name) for name in ("alpha", "beta", "gamma")}
        known = {**signature(BaseTopicModel).parameters, **signature(type(self)).parameters}
        defaults = {name: known[name].default for name in weights}

        def with_delay(delay: float) -> Objective:
            return chosen_objective(self.objective, self.ramp, delay, weights, defaults)

        by_number = self._seeds is not None and fixes_groups(self.seed_words)
        learns_groups = chosen_assignment(self.assignment, network, with_delay(0), by_number)
        return with_delay(CUT if learns_groups else 0), learns_groups

    def _encoder(
        self,
        n_words: int,
        space: LatentSpace,
        activation: Callable[[Tensor], Tensor],
        generator: torch.Generator,
        encoder: type[Encoder] = Encoder,
    ) -> Encoder:
        """Encoder with the parameters of the estimator."""
        of_embeddings: dict[str, Any] = {}
        if self.embedding_size_ is not None:
            of_embeddings = {"reads": self.encoder_input, "n_columns": self.embedding_size_}
        return encoder(
            n_words,
            layer_sizes(self.hidden),
            space,
            activation,
            self.dropout,
            self.word_dropout,
            self.encoder_norm,
            generator,
            **of_embeddings,
        )

    def _adopt(self, trainer: Trainer[Batch]) -> None:
        """Set every fitted attribute from a trained network."""
        self._trainer = trainer
        self._fitted_with = self.get_params(deep=False)
        self.n_iter_ = trainer.epoch
        self.history_ = pd.DataFrame(trainer.records, columns=None if trainer.records else ["epoch"])
        self.history_ = self.history_.set_index("epoch")
        self._expose()

    def _shown_model(self) -> Self | None:
        return self if hasattr(self, "topic_groups_") else None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling: on the CPU, and without the trainer, whose generator cannot be pickled."""
        model = twin(taken_out(self))
        if "_remembered" in vars(model):
            with neutral_torch():
                model._names()  # and the summary, from documents that are not pickled
        state: dict[str, Any] = dict(super(BaseTopicModel, model).__getstate__())
        for name in ("_trainer", "_remembered"):
            state.pop(name, None)
        if "_network" in state:
            with neutral_torch():
                state["_network"] = copy.deepcopy(state["_network"]).cpu()
        return state


BaseTopicModel.__init__._stores_parameters = True  # type: ignore[attr-defined]
declare_parameters(BaseTopicModel)


def _reading_of(X: Any) -> dict[str, Any] | None:
    """How texts became the counts of a Corpus, if it knows."""
    reading: dict[str, Any] | None = getattr(X, "reading", None)
    return reading


def _kept_network(trainer: Trainer[Batch]) -> TopicNetwork:
    """The network of a fitted model, which other threads may read: further training does not change it."""
    return cast(TopicNetwork, trainer.kept_network())
