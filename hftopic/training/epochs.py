"""All epochs of a fit: the schedule of the learning rate, validation, early stopping and callbacks."""

import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

from hftopic._memory import left_alone
from hftopic._progress import progress
from hftopic._torch_state import neutral_torch
from hftopic.data.documents import Documents
from hftopic.training.checkpoint import Checkpoint
from hftopic.training.errors import TrainingDivergedError
from hftopic.training.records import Record
from hftopic.training.state import Course
from hftopic.training.trainer import Trainer

BatchT = TypeVar("BatchT")

Callback = Callable[[Record], bool | None]
"""Function called with the record of each epoch; if it returns True, training ends."""

LOWEST_RATE = 0.02  # end of the cosine schedule, as a fraction of the learning rate
INERT_SHARE = 0.9  # mean own_share above which the estimate of I(x; z) is saturated at log N: no gradient


def train(
    trainer: Trainer[BatchT],
    documents: Documents[BatchT],
    validation: Documents[BatchT] | None = None,
    callbacks: Sequence[Callback] = (),
    verbose: bool = False,
    checkpoint: Checkpoint | None = None,
) -> None:
    """All epochs of a fit, with a cosine schedule of the learning rate.

    With validation documents, training stops after ``patience`` epochs without a lower validation loss,
    counted from the end of the warm-up and from the assignment of topics to groups, and the best weights
    since this assignment are restored. Without them, the last weights are kept. If training ends before the
    assignment, topics are assigned at the end. With a checkpoint that has a state, the trainer, which must be
    new, goes on from there; callbacks are called for the epochs that are left.

    Raises
    ------
    TrainingDivergedError
        The network then keeps the best weights so far or, without validation, those of the previous epoch.
    CheckpointError, TrainingStopped, OSError
        As in :class:`Checkpoint`.
    """
    with nullcontext() if checkpoint is None else checkpoint.stopping():
        course = Course() if checkpoint is None else checkpoint.resumed(trainer)
        try:
            if course.diverged is not None:
                raise TrainingDivergedError(*course.diverged)
            if not course.finished:
                _train(trainer, documents, validation, callbacks, verbose, checkpoint, course)
        except TrainingDivergedError as error:
            if checkpoint is not None and course.diverged is None:
                course.diverged = list(error.arguments)
                checkpoint.after_training(trainer, course)
            raise
    warn_of_inert_alpha(trainer)


def _train(
    trainer: Trainer[BatchT],
    documents: Documents[BatchT],
    validation: Documents[BatchT] | None,
    callbacks: Sequence[Callback],
    verbose: bool,
    checkpoint: Checkpoint | None,
    course: Course,
) -> None:
    """The epochs that are left, and what comes after the last."""
    settings, n_documents = trainer.settings, len(documents)
    settled = trainer.grouping.settled_epoch(settings.max_iter)
    verbose = verbose and trainer.processes.rank == 0
    after_step = None if checkpoint is None else partial(checkpoint.after_step, trainer, course)
    bar = progress(total=settings.max_iter, initial=trainer.epoch, desc="fit", unit="epoch", verbose=verbose)
    with neutral_torch(), left_alone(), bar:
        while not course.ended and trainer.epoch < settings.max_iter:
            record = trainer.run_epoch(documents, n_documents, _cosine(settings.max_iter), after_step)
            if validation is not None:
                record["validation_loss"] = trainer.validation_loss(validation, n_documents)
            if record.get("validation_loss", -math.inf) < course.best or trainer.epoch <= settled:
                trainer.keep()
                course.best_epoch = trainer.epoch
                course.best = (
                    math.inf if trainer.epoch <= settled else record.get("validation_loss", math.inf)
                )
            bar.update()
            bar.set_postfix(loss=f"{record['loss']:.2f}")
            asked_to_stop = trainer.processes.of_first(partial(_answers, callbacks, record))
            waited = trainer.epoch - max(course.best_epoch, settings.warm_up_epochs, settled)
            course.ended = any(asked_to_stop) or (validation is not None and waited >= settings.patience)
            if checkpoint is not None and not course.ended and trainer.epoch < settings.max_iter:
                checkpoint.after_epoch(trainer, course)
    trainer.restore()
    cut = trainer.grouping.cut_epoch(settings.max_iter)
    if trainer.epoch <= cut:
        trainer.learn_grouping(n_documents, cut)
    if checkpoint is not None:
        course.finished = True
        checkpoint.after_training(trainer, course)


def _answers(callbacks: Sequence[Callback], record: Record) -> list[bool]:
    """Which of the callbacks ask to stop."""
    return [bool(callback(dict(record))) for callback in callbacks]


def warn_of_inert_alpha(trainer: Trainer[Any]) -> None:
    """Warn if I(x; z) has a weight other than 1, but its estimate is saturated and has no gradient."""
    share = trainer.records[-1].get("own_share", 0.0) if trainer.records else 0.0
    if trainer.objective.weighs_information and share > INERT_SHARE:
        warnings.warn(
            f"the weight of the mutual information in {trainer.objective!r} had little effect: a "
            f"document's own component makes up {share:.0%} of the estimate of q(z), so the estimate of "
            "I(x; z) is saturated. Use fewer topics, a larger batch_size, or marginals='full' "
            "(see own_share in history_)",
            UserWarning,
            stacklevel=5,
        )


def _cosine(max_iter: int) -> Callable[[float], float]:
    return lambda epochs_done: (
        LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * epochs_done / max_iter))
    )
