"""Several starts of training, of which the one with the lowest loss is kept."""

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from joblib import Parallel, delayed
from torch import Tensor

from hftopic._jobs import jobs_here
from hftopic._processes import joined
from hftopic.data.documents import CountedDocuments
from hftopic.models.checkpoints import Checkpoints
from hftopic.models.parameters import chosen_device
from hftopic.training.checkpoint import Checkpoint
from hftopic.training.errors import TrainingDivergedError
from hftopic.training.records import Record

if TYPE_CHECKING:
    from hftopic.models.base import BaseTopicModel

Offering = Callable[[Callable[[], Any], Record], bool | None]
"""A callback as training calls it: with a function that makes a model of the weights, and with the record."""


def train_several(
    model: "BaseTopicModel",
    documents: CountedDocuments,
    held_out: CountedDocuments | None,
    generators: Sequence[torch.Generator],
    callbacks: Sequence[Offering],
    kept: Checkpoints,
) -> TrainingDivergedError | None:
    """Train a model from several starts and adopt the one with the lowest loss, without its optimiser."""
    n_jobs = jobs_here(model.n_jobs) if joined().size == 1 else 1
    starts: list[tuple[BaseTopicModel, TrainingDivergedError | None]] = Parallel(n_jobs=n_jobs)(
        delayed(_trained)(
            copy.copy(model), documents, held_out, generator.get_state(), callbacks, kept.of_start(number)
        )
        for number, generator in enumerate(generators)
    )
    losses = np.concatenate([trained.losses_ for trained, _ in starts])
    best, error = starts[int(np.argmin(losses))]
    parameters = model.get_params(deep=False)
    vars(model).update({name: value for name, value in vars(best).items() if name not in parameters})
    model._fitted_with = parameters
    model._network.to(chosen_device(model.device))
    model.losses_ = losses
    return error


def _trained(
    model: "BaseTopicModel",
    documents: CountedDocuments,
    held_out: CountedDocuments | None,
    state: Tensor,
    callbacks: Sequence[Offering],
    checkpoint: Checkpoint | None,
) -> tuple["BaseTopicModel", TrainingDivergedError | None]:
    """A model trained from one start, in this process or another one, without its optimiser."""
    generator = torch.Generator()
    generator.set_state(state)
    error = model._train(documents, held_out, generator, callbacks, checkpoint)
    del model._trainer
    return model, error
