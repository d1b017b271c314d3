"""The estimator behind both models: fitting, transforming and scoring in scikit-learn's manner."""

import copy
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from torch import Tensor

from hftopic import inference
from hftopic.fitted import FittedModel
from hftopic.inputs import as_counts
from hftopic.latent import GroupsLike, LatentSpace
from hftopic.latent_prior import LatentPrior
from hftopic.networks import Decoder, Encoder, TopicNetwork
from hftopic.objective import Objective
from hftopic.parameters import (
    CONSTRAINTS,
    RandomState,
    WeightLike,
    check_fits,
    chosen_device,
    chosen_objective,
    chosen_prior,
    layer_sizes,
    training_settings,
)
from hftopic.priors import Prior
from hftopic.training import Callback, Settings, Trainer, TrainingDivergedError, train

EVALUATION_SAMPLES = 10  # noise vectors behind perplexity and score
NETWORK_PARAMETERS = ("groups", "prior", "topic_softmax", "hidden", "encoder_norm")


class BaseTopicModel(FittedModel, BaseEstimator):  # type: ignore[misc]
    """Topic model trained as a variational autoencoder with a grouped objective.

    Subclasses give the network: :meth:`_build_encoder`, :meth:`_build_decoder` and :meth:`_default_prior`.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        groups: GroupsLike = (25, 25),
        *,
        alpha: WeightLike = 1.0,
        beta: WeightLike | tuple[WeightLike, ...] = 0.1,
        gamma: WeightLike = 10.0,
        objective: Objective | None = None,
        marginals: str = "hfvae",
        partners: int | None = 64,
        prior: Prior | None = None,
        hidden: Sequence[int] = (200, 200),
        dropout: float = 0.05,
        word_dropout: float = 0.3,
        encoder_norm: str = "none",
        batch_size: int | str = "auto",
        max_iter: int = 40,
        learning_rate: float = 0.004,
        warm_up: int | float = 0.5,
        ramp: int | float = 1.0,
        validation_fraction: float = 0.0,
        patience: int = 10,
        device: str | torch.device = "auto",
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.groups = groups
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.objective = objective
        self.marginals = marginals
        self.partners = partners
        self.prior = prior
        self.hidden = hidden
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.encoder_norm = encoder_norm
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.warm_up = warm_up
        self.ramp = ramp
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @abstractmethod
    def _default_prior(self) -> Prior:
        """Prior when the user names none."""

    @abstractmethod
    def _simplex_sizes(self, space: LatentSpace) -> NDArray[np.int64]:
        """How many topics share the softmax of each Gaussian dimension, shape (K,)."""

    @abstractmethod
    def _build_encoder(self, n_words: int, space: LatentSpace, generator: torch.Generator) -> Encoder:
        """Encoder with fresh weights."""

    @abstractmethod
    def _build_decoder(self, space: LatentSpace, background: Tensor, generator: torch.Generator) -> Decoder:
        """Decoder with fresh weights; ``background`` (V,) is the log frequency of each word."""

    def fit(self, X: Any, y: Any = None, *, callbacks: Sequence[Callback] = ()) -> Self:  # noqa: ARG002
        """Learn topics from word counts.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
            Non-negative counts. Documents without words are left out of training, with a warning.
        y : ignored
        callbacks : sequence of callables, optional
            Each is called after every epoch with the epoch's record, a dict of the columns of ``history_``;
            returning True ends the training.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Unfit data or parameters.
        Exception
            Whatever a callback raises, KeyboardInterrupt included. After these the model is as it was before.
        TrainingDivergedError
            The model then holds the weights of the last good epoch.
        """
        with self._unchanged_on_error():
            self._validate_params()
            if callable(callbacks):
                raise ValueError(f"callbacks must be a list of functions; got {callbacks!r} alone")
            counts = self._documents_with_words(X, reset=True)
            generator = self._generator()
            counts, held_out = self._hold_out(counts, generator)
            trainer = self._new_trainer(counts, generator)
            self._documents_seen = counts.shape[0]
            try:
                train(trainer, counts, held_out, callbacks, verbose=bool(self.verbose))
            finally:
                self._adopt(trainer)
        return self

    def partial_fit(self, X: Any, y: Any = None, *, total_documents: int | None = None) -> Self:  # noqa: ARG002
        """One epoch over some documents, going on from the model as it is.

        A call counts as one epoch of ``warm_up`` and ``ramp`` (of ``max_iter``, where they are shares), and
        the learning rate stays at ``learning_rate``.

        Parameters
        ----------
        X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
        y : ignored
        total_documents : int, optional
            Size of the whole stream, for the estimate of the marginals; the documents seen so far where
            that is more.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Unfit data or parameters, or ``marginals="full"``, for which all documents are needed at once.
        """
        with self._unchanged_on_error():
            self._validate_params()
            if self.marginals == "full":
                raise ValueError(
                    "marginals='full' compares each document to all the others, and partial_fit sees only "
                    "some of them: call fit, or use marginals='hfvae'"
                )
            counts = self._documents_with_words(X, reset=not hasattr(self, "_network"))
            trainer = self._resumed_trainer(counts)
            self._documents_seen += counts.shape[0]
            try:
                trainer.run_epoch(counts, max(self._documents_seen, total_documents or 0))
                trainer.keep()
            except BaseException:
                trainer.restore()
                raise
            finally:
                self._adopt(trainer)
        return self

    @contextmanager
    def _unchanged_on_error(self) -> Iterator[None]:
        """The estimator as it was, if fitting fails in any way but by diverging."""
        before = self.__dict__.copy()
        try:
            yield
        except TrainingDivergedError:
            raise
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _documents_with_words(self, X: Any, *, reset: bool) -> sp.csr_array:
        counts = as_counts(self, X, reset=reset)
        counts = counts[~inference.warn_of_empty(counts, "they are left out of training")]
        if counts.shape[0] < 2:
            raise ValueError(
                f"{type(self).__name__} needs 2 documents with words or more, to compare them; "
                f"got n_samples={counts.shape[0]}"
            )
        return counts

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(int(check_random_state(self.random_state).randint(2**31 - 1)))

    def _hold_out(
        self, counts: sp.csr_array, generator: torch.Generator
    ) -> tuple[sp.csr_array, sp.csr_array | None]:
        if self.validation_fraction == 0:
            return counts, None
        n_held_out = math.ceil(self.validation_fraction * counts.shape[0])
        if n_held_out < 2 or counts.shape[0] - n_held_out < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {counts.shape[0]} documents leaves "
                f"{n_held_out} to validate and {counts.shape[0] - n_held_out} to train on; both need 2"
            )
        order = torch.randperm(counts.shape[0], generator=generator).numpy()
        return counts[np.sort(order[n_held_out:])], counts[np.sort(order[:n_held_out])]

    def _new_trainer(self, counts: sp.csr_array, generator: torch.Generator) -> Trainer:
        frequencies = np.asarray(counts.sum(0)).ravel() + 1.0
        background = torch.from_numpy(np.log(frequencies / frequencies.sum())).float()
        network = self._build_network(background, generator)
        check_fits(self._objective(), network.prior, self.max_iter)
        self._noise = torch.randn(EVALUATION_SAMPLES, network.space.n_dims, generator=generator)
        return Trainer(network, self._objective(), self._settings(), generator)

    def _resumed_trainer(self, counts: sp.csr_array) -> Trainer:
        """The trainer of the call before; after loading or unpickling a new one, its optimiser fresh."""
        if not hasattr(self, "_network"):
            self._documents_seen = 0
            return self._new_trainer(counts, self._generator())
        self._check_same_network()
        trainer: Trainer | None = getattr(self, "_trainer", None)
        if trainer is None:
            trainer = Trainer(self._network, self._objective(), self._settings(), self._generator())
            trainer.epoch = self.n_iter_
            rows = self.history_.reset_index().to_dict("records")
            trainer.records = [{str(name): value for name, value in row.items()} for row in rows]
        check_fits(self._objective(), self._network.prior, self.max_iter)
        trainer.configure(self._objective(), self._settings())
        return trainer

    def _check_same_network(self) -> None:
        """Refuse to go on with parameters that would have made another network."""
        parameters = self.get_params(deep=False)
        for name in NETWORK_PARAMETERS:
            fitted, now = self._fitted_with.get(name), parameters.get(name)
            if now != fitted:
                raise ValueError(
                    f"{name} was {fitted!r} when the model was fitted and is now {now!r}; "
                    "set it back to go on, or call fit to start anew"
                )

    def _build_network(self, background: Tensor, generator: torch.Generator) -> TopicNetwork:
        space = LatentSpace(self.groups)
        prior = chosen_prior(self.prior, self._default_prior())
        mean, covariance = (
            torch.from_numpy(moment).float() for moment in prior.moments(space, self._simplex_sizes(space))
        )
        return TopicNetwork(
            self._build_encoder(len(background), space, generator),
            self._build_decoder(space, background, generator),
            LatentPrior(space, mean, covariance),
        ).to(chosen_device(self.device))

    def _settings(self) -> Settings:
        return training_settings(
            self.batch_size,
            self.max_iter,
            self.learning_rate,
            self.warm_up,
            self.patience,
            self.marginals,
            self.partners,
        )

    def _objective(self) -> Objective:
        return chosen_objective(self.objective, self.ramp, alpha=self.alpha, beta=self.beta, gamma=self.gamma)

    def _encoder(
        self,
        n_words: int,
        space: LatentSpace,
        activation: Callable[[Tensor], Tensor],
        generator: torch.Generator,
    ) -> Encoder:
        return Encoder(
            n_words,
            layer_sizes(self.hidden),
            space,
            activation,
            self.dropout,
            self.word_dropout,
            self.encoder_norm,
            generator,
        )

    def _restore(self, description: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Take the fitted state of a saved model."""
        for name in ("vocabulary_", "feature_names_in_"):
            if description[name] is not None:
                setattr(self, name, np.array(description[name], dtype=object))
        self.n_features_in_, self.n_iter_ = description["n_features_in_"], description["n_iter_"]
        self._documents_seen = description["documents_seen"]
        self.history_ = pd.DataFrame(description["history_"]).set_index("epoch")
        self._fitted_with = self.get_params(deep=False)
        self._noise = tensors.pop("noise")
        self._network = self._build_network(torch.zeros(self.n_features_in_), torch.Generator())
        self._network.load_state_dict(
            {name.removeprefix("network."): value for name, value in tensors.items()}
        )
        self._expose()

    def _adopt(self, trainer: Trainer) -> None:
        """Set every fitted attribute from a trained network."""
        self._trainer, self._network = trainer, trainer.network
        self._fitted_with = self.get_params(deep=False)
        self.n_iter_ = trainer.epoch
        self.history_ = pd.DataFrame(trainer.records, columns=None if trainer.records else ["epoch"])
        self.history_ = self.history_.set_index("epoch")
        self._expose()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling: without the trainer, whose generator does not pickle, and on the CPU."""
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_trainer", None)
        if "_network" in state:
            state["_network"] = copy.deepcopy(state["_network"]).cpu()
        return state
