"""Parameters of the estimators: which values they may have, and what those stand for."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions

from hftopic.latent import Concrete, Normal
from hftopic.latent_prior import LatentPrior, check_bounded
from hftopic.mixtures import ESTIMATORS
from hftopic.objective import HFVAE, Objective, Progress, Ramp
from hftopic.priors import Prior
from hftopic.training import Settings

WeightLike = float | Ramp
RandomState = int | np.random.RandomState | None

DEFAULT_WEIGHTS = {"alpha": 1.0, "beta": 0.1, "gamma": 10.0}
"""Of the estimators; with an objective no others can be given."""

# A number of epochs, or a share of all.
EPOCHS = [Interval(Integral, 0, None, closed="left"), Interval(RealNotInt, 0, 1, closed="both")]

CONSTRAINTS: dict[str, list[Any]] = {
    "groups": [Integral, Normal, Concrete, tuple, list],
    "alpha": [Interval(Real, 0, None, closed="left"), Ramp],
    "beta": [Interval(Real, 0, None, closed="left"), Ramp, tuple],
    "gamma": [Interval(Real, 0, None, closed="left"), Ramp],
    "objective": [None, HasMethods("terms")],
    "marginals": [StrOptions(set(ESTIMATORS))],
    "partners": [None, Interval(Integral, 2, None, closed="left")],
    "prior": [None, HasMethods("moments")],
    "hidden": [tuple, list],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "word_dropout": [Interval(Real, 0, 1, closed="left")],
    "encoder_norm": [StrOptions({"none", "shift"})],
    "batch_size": [Interval(Integral, 2, None, closed="left"), StrOptions({"auto"})],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "warm_up": EPOCHS,
    "ramp": EPOCHS,
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "device": [str, torch.device],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
"""Checked by scikit-learn's ``_validate_params`` at the start of ``fit``."""


def chosen_objective(objective: Objective | None, ramp: int | float, **weights: Any) -> Objective:
    """The objective given, or HFVAE with the weights alpha, beta and gamma, to which they go over ``ramp``.

    Raises
    ------
    ValueError
        An objective together with weights other than the default ones.
    """
    if objective is None:
        plain = HFVAE(**weights)
        return replace(plain, **{name: _ramped(getattr(plain, name), ramp) for name in weights})
    _refuse_class("objective", objective)
    if not isinstance(objective, Objective):
        raise ValueError(
            f"objective={objective!r} is not one of hftopic.objective; one of your own must inherit from "
            "hftopic.objective.Objective"
        )
    changed = [name for name, weight in weights.items() if weight != DEFAULT_WEIGHTS[name]]
    if changed:
        raise ValueError(
            f"objective={objective!r} and {', '.join(changed)} are both given; "
            "put the weights into the objective, such as objective=HFVAE(alpha=1, beta=0.1, gamma=4)"
        )
    return objective


def _ramped(weight: Any, over: int | float) -> Any:
    """A weight that starts at 1, where it does not say itself how it changes."""
    if isinstance(weight, tuple):
        return tuple(_ramped(of_level, over) for of_level in weight)
    return weight if isinstance(weight, Ramp) or weight == 1 or not over else Ramp(1.0, weight, over)


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


def check_fits(objective: Objective, prior: LatentPrior, max_iter: int) -> None:
    """Refuse an objective whose weights do not fit the groups, or that leave the prior's terms without bound.

    Raises
    ------
    ValueError
    """
    # Every weight is a straight line between the ends of Ramps, and the bound is linear in the weights.
    for epochs in sorted({0.0, float(max_iter), *(ramp.epochs(max_iter) for ramp in _ramps_in(objective))}):
        progress = Progress(epochs, max_iter)
        objective.weights(prior.space, progress)
        check_bounded(prior, objective.level_weights(prior.space, progress))


def _ramps_in(value: Any) -> list[Ramp]:
    """Every Ramp among the fields of an objective."""
    if isinstance(value, Ramp):
        return [value]
    if is_dataclass(value) and not isinstance(value, type):
        value = tuple(getattr(value, field.name) for field in fields(value))
    return [ramp for item in value for ramp in _ramps_in(item)] if isinstance(value, tuple) else []


def training_settings(
    batch_size: int | str,
    max_iter: int,
    learning_rate: float,
    warm_up: int | float,
    patience: int,
    marginals: str,
    partners: int | None,
) -> Settings:
    """Settings of the training loop; a float ``warm_up`` is a share of the epochs."""
    epochs = int(warm_up) if isinstance(warm_up, int | np.integer) else round(warm_up * max_iter)
    size = None if isinstance(batch_size, str) else batch_size
    return Settings(size, max_iter, learning_rate, epochs, patience, marginals, partners)


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
