"""How the state of an estimator changes: in one step, so that other threads see the old model or the new one.

Fitting trains a twin of the estimator, which shares its state and then replaces it. Reading works on a twin
too: all that a method reads is of one model.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import torch

from hftopic._locks import ThreadLock
from hftopic._torch_state import neutral_torch
from hftopic.training.epochs import Callback
from hftopic.training.errors import TrainingDivergedError
from hftopic.training.records import Record

ModelT = TypeVar("ModelT")

_in_callback: ContextVar[tuple[object, Callable[[], Any]] | None] = ContextVar("_in_callback", default=None)
"""In a callback of ``fit``: the estimator that is fitted, and what makes a model of its current weights."""


_guard = ThreadLock()
_busy: set[int] = set()
"""Estimators in ``partial_fit``, by their identity."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_busy.clear)


def twin(model: ModelT) -> ModelT:
    """An estimator with the same state; a change of an attribute of one does not change the other."""
    other = object.__new__(type(model))
    other.__dict__ = vars(model).copy()
    return other


@contextmanager
def exchanged(model: ModelT) -> Iterator[ModelT]:
    """A twin to be fitted, in the torch state of the package; the estimator takes its changes in one step.

    After an error the estimator is unchanged, except after a :class:`TrainingDivergedError`. Attributes that
    are set on the estimator meanwhile, such as by a callback, stay.
    """
    before, fitted = vars(model).copy(), twin(model)

    def take_over() -> None:
        after = vars(fitted)
        changed = {name: value for name, value in after.items() if before.get(name, after) is not value}
        now = vars(model).copy()
        kept = {name: value for name, value in now.items() if name in after or name not in before}
        model.__dict__ = {**kept, **changed}

    with neutral_torch():
        try:
            yield fitted
        except TrainingDivergedError:
            take_over()
            raise
        take_over()


@contextmanager
def alone(model: object) -> Iterator[None]:
    """The body runs in one thread at a time for each estimator.

    Raises
    ------
    RuntimeError
        Another thread is in it.
    """
    with _guard:
        if id(model) in _busy:
            raise RuntimeError(
                "another thread is in partial_fit of this model; one at a time can continue it"
            )
        _busy.add(id(model))
    try:
        yield
    finally:
        _busy.discard(id(model))


def offering(
    model: object, callback: Callback, until_the_end: ExitStack
) -> Callable[[Callable[[], Any], Record], bool | None]:
    """The callback of a fit of the estimator; while it runs, :func:`taken_out` finds the current weights.

    It is called with a function that makes a fitted model of these weights, and with the record. Another
    default device that the callback sets takes effect when ``until_the_end``, the context of the fit, ends.
    """

    def called(current: Callable[[], Any], record: Record) -> bool | None:
        token = _in_callback.set((model, current))
        try:
            return callback(record)
        finally:
            _in_callback.reset(token)
            device = torch.get_default_device()
            if device.type != "cpu":
                torch.set_default_device(None)
                until_the_end.pop_all()  # an earlier choice
                until_the_end.callback(torch.set_default_device, device)

    return called


def taken_out(model: ModelT) -> ModelT:
    """What is saved of an estimator: itself or, in a callback of its ``fit``, its current weights."""
    offered = _in_callback.get()
    if offered is None or offered[0] is not model:
        return model
    current: ModelT = offered[1]()
    return current
