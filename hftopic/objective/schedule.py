"""Weights that change while a model trains."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hftopic._numbers import is_finite, is_whole


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes
    ----------
    epochs : float
        Epochs done.
    max_iter : int
        Epochs there will be.
    """

    epochs: float
    max_iter: int

    @property
    def share(self) -> float:
        """From 0 at the start to 1 at the end, and 1 from there on."""
        return min(1.0, self.epochs / self.max_iter)


START = Progress(0, 1)
"""Every schedule at its first value."""


@dataclass(frozen=True)
class Ramp:
    """Weight that goes from one value to another in a straight line, and then stays.

    Stands wherever an objective takes a weight, as ``HFVAE(beta=Ramp(1.0, 0.1))``; it is multiplied by the
    warm-up, which raises all weights together.

    Parameters
    ----------
    start, stop : float
        First and last value.
    over : int or float, default=0.5
        Epochs it takes: an int counts them, a float is a share of ``max_iter``.

    Examples
    --------
    >>> Ramp(0.0, 4.0).at(Progress(epochs=15, max_iter=60))
    2.0
    """

    start: float
    stop: float
    over: int | float = 0.5

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            check_number(f"{name} of Ramp", getattr(self, name))
        share = isinstance(self.over, float | np.floating)
        if not ((share and 0 < self.over <= 1) or is_whole(self.over)):
            raise ValueError(
                "over of Ramp must be a number of epochs, 1 or more, or a share of them as a float above 0 "
                f"and up to 1.0; got {self.over!r}"
            )

    def epochs(self, max_iter: int) -> float:
        """Epochs it takes, of ``max_iter``."""
        return float(self.over if isinstance(self.over, int | np.integer) else self.over * max_iter)

    def at(self, progress: Progress) -> float:
        """The value after some epochs."""
        done = min(1.0, progress.epochs / self.epochs(progress.max_iter))
        return float(self.start + (self.stop - self.start) * done)


Weight = float | Ramp
"""Weight of a term: a number, or one that changes over the epochs."""


def value_at(weight: Weight, progress: Progress) -> float:
    """A weight's value after some epochs."""
    return weight.at(progress) if isinstance(weight, Ramp) else float(weight)


def check_number(name: str, value: Any) -> None:
    """Refuse what is no finite number from 0 up."""
    if not is_finite(value) or value < 0:
        raise ValueError(f"{name} must be a finite number >= 0; got {value!r}")


def check_weight(name: str, value: Any) -> None:
    """Refuse what is neither such a number nor a Ramp."""
    if not isinstance(value, Ramp):
        check_number(name, value)
