"""Weights that change during training."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from hftopic._numbers import is_finite, is_whole


@dataclass(frozen=True)
class Progress:
    """Progress of a training run.

    Attributes
    ----------
    epochs : float
        Number of epochs completed.
    max_iter : int
        Total number of epochs.
    """

    epochs: float
    max_iter: int

    @property
    def share(self) -> float:
        """Fraction of the training completed, from 0 to 1; after ``max_iter`` epochs it stays at 1."""
        return min(1.0, self.epochs / self.max_iter)


START = Progress(0, 1)
"""Progress at which every schedule has its first value."""


@dataclass(frozen=True)
class Ramp:
    """Weight that changes linearly from one value to another and then stays constant.

    Can be used wherever an objective takes a weight, such as ``HFVAE(beta=Ramp(1.0, 0.1))``. The warm-up
    multiplies it.

    Parameters
    ----------
    start, stop : float
        First and last value.
    over : int or float, default=0.5
        Length of the ramp: an int is a number of epochs, a float is a fraction of the epochs after ``delay``.
        With 0 the weight changes at once.
    delay : int or float, default=0
        Epochs at the first value before the ramp begins: an int is a number of epochs, a float is a fraction
        of ``max_iter``, rounded down to whole epochs.

    Examples
    --------
    >>> Ramp(0.0, 4.0).at(Progress(epochs=15, max_iter=60))
    2.0
    """

    start: float
    stop: float
    over: int | float = 0.5
    delay: int | float = 0

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            check_number(f"{name} of Ramp", getattr(self, name))
        share = isinstance(self.over, float | np.floating)
        if not ((share and 0 < self.over <= 1) or is_whole(self.over, 0)):
            raise ValueError(
                "over of Ramp must be a number of epochs (int >= 0) or a fraction of those after delay "
                f"(float in (0, 1]); got {self.over!r}"
            )
        share = isinstance(self.delay, float | np.floating)
        if not ((share and 0 <= self.delay < 1) or is_whole(self.delay, 0)):
            raise ValueError(
                "delay of Ramp must be a number of epochs (int >= 0) or a fraction of max_iter "
                f"(float in [0, 1)); got {self.delay!r}"
            )

    def begins(self, max_iter: int) -> int:
        """Number of epochs at the first value, for a training of ``max_iter`` epochs."""
        return whole_epochs(self.delay, max_iter)

    def ends(self, max_iter: int) -> float:
        """Number of epochs until the last value is reached, for a training of ``max_iter`` epochs."""
        begins = self.begins(max_iter)
        whole = isinstance(self.over, int | np.integer)
        return float(begins + (self.over if whole else self.over * max(1, max_iter - begins)))

    def at(self, progress: Progress) -> float:
        """Value of the weight at this progress."""
        begins, ends = self.begins(progress.max_iter), self.ends(progress.max_iter)
        if progress.epochs >= ends:
            return float(self.stop)
        if progress.epochs <= begins:
            return float(self.start)
        done = (progress.epochs - begins) / (ends - begins)
        return float(self.start + (self.stop - self.start) * done)


def whole_epochs(length: int | float, max_iter: int) -> int:
    """A number of epochs; a float is a fraction of ``max_iter``, rounded down."""
    return int(length) if isinstance(length, int | np.integer) else int(length * max_iter + 1e-9)


Weight = float | Ramp
"""Weight of a term: a number, or one that changes over the epochs."""


def value_at(weight: Weight, progress: Progress) -> float:
    """Value of a weight at this progress."""
    return weight.at(progress) if isinstance(weight, Ramp) else float(weight)


def turning_points(value: Any, max_iter: int) -> set[float]:
    """Numbers of epochs at which a Ramp among the fields of an objective begins or ends.

    Between them, every weight is linear in the number of epochs.
    """
    if isinstance(value, Ramp):
        return {float(value.begins(max_iter)), value.ends(max_iter)}
    if is_dataclass(value) and not isinstance(value, type):
        value = tuple(getattr(value, field.name) for field in fields(value))
    parts = value if isinstance(value, tuple) else ()
    return {point for part in parts for point in turning_points(part, max_iter)}


def check_number(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number >= 0."""
    if not is_finite(value) or value < 0:
        raise ValueError(f"{name} must be a finite number >= 0; got {value!r}")


def check_weight(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number >= 0 or a Ramp."""
    if not isinstance(value, Ramp):
        check_number(name, value)
