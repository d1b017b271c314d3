"""Validation and interpretation of the estimators' parameters."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from inspect import get_annotations
from itertools import chain
from numbers import Integral, Real
from typing import Any, ClassVar, get_origin

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from torch import Tensor

from hftopic.data.sequences import check_sequence, listed
from hftopic.grouping import why_groups_are_fixed
from hftopic.latent.log_prior import LatentPrior, check_bounded
from hftopic.latent.priors import LearnedCorrelation, Prior
from hftopic.latent.space import LatentSpace
from hftopic.networks.encoder import NORMS
from hftopic.networks.network import Network
from hftopic.objective import HFVAE, Objective, Progress, Ramp
from hftopic.objective.schedule import turning_points
from hftopic.training.epochs import Callback

WeightLike = float | Ramp
RandomState = int | np.random.RandomState | None

# A number of epochs, or a fraction of max_iter.
EPOCHS = [Interval(Integral, 0, None, closed="left"), Interval(RealNotInt, 0, 1, closed="both")]
SHARE = Interval(Real, 0, 1, closed="left")
ENCODER_NORM = StrOptions(set(NORMS))
WEIGHT = [Interval(Real, 0, None, closed="left"), Ramp]


def declare_parameters(cls: type) -> None:
    """Make the annotated attributes of an estimator class its parameters.

    A parameter is declared once: ``dropout: Annotated[float, SHARE] = 0.05`` is its type, its constraint and
    its default. The class gets an ``__init__`` that stores the parameters, and the constraints for the
    ``_validate_params`` of scikit-learn. A class with its own ``__init__`` keeps it. Names that begin or end
    with an underscore are not parameters.

    Raises
    ------
    TypeError
        A parameter without a default, or an annotation that cannot be evaluated.
    """
    hints = {name: _evaluated(cls, name, hint) for name, hint in get_annotations(cls).items()}
    own = {name: hint for name, hint in hints.items() if _is_parameter(name, hint)}
    constraints: dict[str, list[Any]] = {}
    for base in reversed(cls.__mro__[1:]):
        constraints |= vars(base).get("_parameter_constraints", {})
    for name, hint in own.items():
        if hasattr(hint, "__metadata__"):  # typing.Annotated
            allowed = [one if isinstance(one, list) else [one] for one in hint.__metadata__]
            constraints[name] = list(chain.from_iterable(allowed))
    cls._parameter_constraints = constraints  # type: ignore[attr-defined]
    several = sum("_parameter_constraints" in vars(base) for base in cls.__bases__) > 1
    if "__init__" not in vars(cls) and (own or several):
        _make_init(cls, own, hints)
    init = vars(cls).get("__init__")
    if init is not None:  # its signature, without the constraints
        init.__annotations__ = {
            name: _without_constraints(hint) for name, hint in get_annotations(init).items()
        }


def _make_init(cls: type, own: dict[str, Any], hints: dict[str, Any]) -> None:
    """Give a class an ``__init__`` that stores the parameters of its bases and its own."""
    for base in cls.__mro__[1:]:
        written_by_hand = "__init__" in vars(base) and not hasattr(
            vars(base)["__init__"], "_stores_parameters"
        )
        if written_by_hand and "_parameter_constraints" in vars(base):
            raise TypeError(
                f"{cls.__name__} adds {', '.join(own)} to {base.__name__}, which has its own __init__: give "
                f"{cls.__name__} an __init__ that stores all parameters"
            )
    for name in own:
        if name not in vars(cls):
            raise TypeError(f"parameter {name!r} of {cls.__name__} has no default; scikit-learn needs one")
    if "groups" in own:  # the only positional parameter
        cls.groups = field(default=vars(cls)["groups"], kw_only=False)  # type: ignore[attr-defined]
    cls.__annotations__ = own
    dataclass(eq=False, repr=False, kw_only=True)(cls)
    cls.__annotations__ = hints
    cls.__init__._stores_parameters = True  # type: ignore[misc]


def _is_parameter(name: str, hint: Any) -> bool:
    if name.startswith("_") or name.endswith("_"):
        return False
    is_class_variable = "ClassVar" in hint if isinstance(hint, str) else ClassVar in (hint, get_origin(hint))
    return not is_class_variable


def _without_constraints(hint: Any) -> Any:
    return hint.__origin__ if hasattr(hint, "__metadata__") else hint


def _evaluated(cls: type, name: str, hint: Any) -> Any:
    """An annotation that is a string, as ``from __future__ import annotations`` makes them."""
    if not isinstance(hint, str) or "Annotated" not in hint:
        return hint
    try:
        return eval(hint, vars(sys.modules[cls.__module__]), dict(vars(cls)))
    except NameError as error:
        raise TypeError(f"cannot evaluate the annotation of {cls.__name__}.{name}: {error}") from error


def chosen_objective(
    objective: Objective | None,
    ramp: int | float,
    delay: float,
    weights: dict[str, Any],
    defaults: dict[str, Any],
) -> Objective:
    """The given objective, or HFVAE whose weights change over ``ramp`` from 1 to alpha, beta and gamma.

    With a ``delay``, a fraction of the epochs, the change begins later.

    Raises
    ------
    ValueError
        Both an objective and weights different from the defaults are given.
    """
    if objective is None:
        plain = HFVAE(**weights)
        return replace(plain, **{name: _ramped(getattr(plain, name), ramp, delay) for name in weights})
    _refuse_class("objective", objective)
    if not isinstance(objective, Objective):
        raise ValueError(
            f"objective={objective!r} is not an objective; use one from hftopic.objective, or inherit from "
            "hftopic.objective.Objective"
        )
    changed = [name for name, weight in weights.items() if weight != defaults[name]]
    if changed:
        raise ValueError(
            f"got both objective={objective!r} and {', '.join(changed)}; "
            "set the weights in the objective, such as objective=HFVAE(alpha=1, beta=0.1, gamma=4)"
        )
    return objective


def _ramped(weight: Any, over: int | float, delay: float) -> Any:
    """A number as a Ramp that starts at 1; weights with their own Ramp are unchanged."""
    if isinstance(weight, tuple):
        return tuple(_ramped(of_level, over, delay) for of_level in weight)
    constant = isinstance(weight, Ramp) or weight == 1 or not (over or delay)
    return weight if constant else Ramp(1.0, weight, over or 0, delay)


def chosen_assignment(
    assignment: str, network: Network[Any], objective: Objective, topics_are_given: bool = False
) -> bool:
    """Whether the groups are learned: "learned", or "auto" where they can be.

    They cannot be where ``topics_are_given``: where seed words are for topics by their number or their group.

    Raises
    ------
    ValueError
        ``assignment="learned"``, but topics cannot be exchanged between groups.
    """
    n_groups = sum(dims.stop > dims.start for dims in network.space.dim_slices)
    reason = why_groups_are_fixed(network, objective)
    if topics_are_given:
        reason = "seed_words are given for topics by number, or for groups; give them by name"
    if assignment == "learned" and reason is not None:
        raise ValueError(f"assignment='learned' is not possible: {reason}; use assignment='fixed'")
    return assignment != "fixed" and n_groups > 1 and reason is None


def chosen_prior(prior: Prior | None, default: Prior) -> Prior:
    """The given prior, or the default of the model, which is also the base of learned correlations."""
    if prior is None:
        return default
    _refuse_class("prior", prior)
    if isinstance(prior, LearnedCorrelation) and prior.base is None:
        return replace(prior, base=default.base if isinstance(default, LearnedCorrelation) else default)
    return prior


def prior_moments(
    prior: Prior, space: LatentSpace, softmax_sizes: NDArray[np.int64]
) -> tuple[Tensor, Tensor]:
    """Mean and variances or covariance of a prior, checked, as float32.

    Raises
    ------
    ValueError
        Moments of another shape, not finite, or of no Gaussian.
    """
    mean, spread = (np.asarray(moment, dtype=np.float64) for moment in prior.moments(space, softmax_sizes))
    n = space.n_dims
    if mean.shape != (n,) or spread.shape not in ((n,), (n, n)):
        raise ValueError(
            f"{prior!r} must return the mean, shape ({n},), and variances ({n},) or a covariance ({n}, {n}); "
            f"got shapes {mean.shape} and {spread.shape}"
        )
    with np.errstate(over="ignore"):
        mean, spread = (moment.astype(np.float32).astype(np.float64) for moment in (mean, spread))
    covariance = np.diag(spread) if spread.ndim == 1 else spread
    if not (np.isfinite(mean).all() and np.isfinite(spread).all() and np.allclose(covariance, covariance.T)):
        raise ValueError(f"the moments of {prior!r} must be finite in float32, and a covariance symmetric")
    if n and np.linalg.eigvalsh(covariance)[0] <= 1e-7 * np.diag(covariance).max():
        raise ValueError(f"the covariance of {prior!r} must be positive definite in float32")
    return torch.from_numpy(mean).float(), torch.from_numpy(spread).float()


def _refuse_class(name: str, value: Any) -> None:
    if isinstance(value, type):
        raise ValueError(f"{name}={value.__name__} is a class; pass an instance, such as {value.__name__}()")


def layer_sizes(hidden: Sequence[int]) -> tuple[int, ...]:
    """Sizes of the hidden layers, after a check that there is at least one and that all are positive."""
    sizes = tuple(hidden)
    if not sizes or not all(isinstance(size, int | np.integer) and size > 0 for size in sizes):
        raise ValueError(f"hidden must be a tuple of layer sizes, such as (200, 200); got {hidden!r}")
    return sizes


def checked_callbacks(callbacks: Any) -> list[Callback]:
    """Callbacks as a list.

    Raises
    ------
    ValueError
        They are not a list of functions.
    """
    if callable(callbacks):
        raise ValueError(
            f"callbacks must be a list of functions; got a single {callbacks!r}: put it in a list"
        )
    check_sequence(callbacks, "callbacks", "pass a list of functions")
    checked: list[Callback] = listed(callbacks)
    for place, callback in enumerate(checked):
        if not callable(callback):
            raise ValueError(f"callbacks must be a list of functions; callbacks[{place}] is {callback!r}")
    return checked


def check_fits(objective: Objective, prior: LatentPrior, max_iter: int) -> None:
    """Check that the weights of the objective match the groups and that the loss is bounded.

    Raises
    ------
    ValueError
    """
    # Between turning points every weight is linear, and the matrix in check_bounded is linear in the weights.
    for epochs in sorted({0.0, float(max_iter), *turning_points(objective, max_iter)}):
        progress = Progress(epochs, max_iter)
        objective.weights(prior.space, progress)
        check_bounded(prior, objective.level_weights(prior.space, progress))


def chosen_device(device: str | torch.device) -> torch.device:
    """The given device; "auto" is a GPU if one is available, otherwise the CPU.

    Raises
    ------
    ValueError
        The device is not available, or does not support float64, which evaluation uses.
    """
    if str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, dtype=torch.float64, device=device).device
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        raise ValueError(f"device={device!r} cannot be used here: {error}") from error
