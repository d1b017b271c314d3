"""Parameters of the estimators: which values they may have, and what those stand for."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions

from hftopic.latent import Normal, Prior
from hftopic.objective import HFVAE, Objective
from hftopic.training import Settings

GroupsLike = int | Normal | Sequence[int | Normal]
RandomState = int | np.random.RandomState | None

CONSTRAINTS: dict[str, list[Any]] = {
    "groups": [Integral, Normal, tuple, list],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "beta": [Interval(Real, 0, None, closed="left")],
    "gamma": [Interval(Real, 0, None, closed="left")],
    "objective": [None, HasMethods("terms")],
    "prior": [None, HasMethods("moments")],
    "hidden": [tuple, list],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "encoder_norm": [StrOptions({"none", "shift"})],
    "batch_size": [Interval(Integral, 2, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "warm_up": [Interval(Integral, 0, None, closed="left"), Interval(RealNotInt, 0, 1, closed="both")],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "device": [str, torch.device],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
"""Checked by scikit-learn's ``_validate_params`` at the start of ``fit``."""


def chosen_objective(objective: Objective | None, **weights: float) -> Objective:
    """The objective given, or HFVAE with the weights alpha, beta and gamma.

    Raises
    ------
    ValueError
        An objective together with weights other than the default ones.
    """
    if objective is None:
        return HFVAE(**weights)
    _refuse_class("objective", objective)
    changed = [name for name, weight in weights.items() if weight != getattr(HFVAE(), name)]
    if changed:
        raise ValueError(
            f"objective={objective!r} and {', '.join(changed)} are both given; "
            "put the weights into the objective, such as objective=HFVAE(alpha=1, beta=0.1, gamma=4)"
        )
    return objective


def chosen_prior(prior: Prior | None, default: Prior) -> Prior:
    """The prior given, or the model's own."""
    if prior is None:
        return default
    _refuse_class("prior", prior)
    return prior


def _refuse_class(name: str, value: Any) -> None:
    if isinstance(value, type):
        raise ValueError(f"{name}={value.__name__} is a class; give one of it, such as {value.__name__}()")


def layer_sizes(hidden: Sequence[int]) -> tuple[int, ...]:
    """Sizes of the hidden layers, one or more, each positive."""
    sizes = tuple(hidden)
    if not sizes or not all(isinstance(size, int | np.integer) and size > 0 for size in sizes):
        raise ValueError(f"hidden must be layer sizes, such as (200, 200); got {hidden!r}")
    return sizes


def training_settings(
    batch_size: int, max_iter: int, learning_rate: float, warm_up: int | float, patience: int
) -> Settings:
    """Settings of the training loop; a float ``warm_up`` is a share of the epochs."""
    epochs = int(warm_up) if isinstance(warm_up, int | np.integer) else round(warm_up * max_iter)
    return Settings(batch_size, max_iter, learning_rate, epochs, patience)


def chosen_device(device: str | torch.device) -> torch.device:
    """The device named; for "auto" a GPU where there is one.

    Raises
    ------
    ValueError
        A device that is not here, or that has no float64, in which the encoder answers.
    """
    if str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, dtype=torch.float64, device=device).device
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ValueError(f"device={device!r} cannot be used here: {error}") from error
