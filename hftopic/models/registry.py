"""Registry of the classes that saved models may contain: models, and classes of parameter values."""

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, TypeVar

from hftopic.latent.groups import Concrete, Normal
from hftopic.latent.priors import PRIORS
from hftopic.objective.catalogue import CATALOGUE
from hftopic.objective.schedule import Ramp

ClassT = TypeVar("ClassT", bound=type)

MODELS: dict[str, type] = {}
"""Estimator classes by name."""

VALUES: dict[str, Callable[..., Any]] = {
    "Normal": Normal,
    "Concrete": Concrete,
    "Ramp": Ramp,
    **PRIORS,
    **CATALOGUE,
}
"""Classes of parameter values by name, except numbers, strings and tuples."""


def register(cls: ClassT) -> ClassT:
    """Register a custom class, so that models that use it can be saved and loaded.

    Call it, or use it as a decorator, in every program that saves or loads such a model. A saved model
    contains the names of classes and no code, so :func:`hftopic.load` creates only registered classes.

    Parameters
    ----------
    cls : type
        A subclass of :class:`hftopic.ProdLDA`, :class:`hftopic.NVDM` or their base ``BaseTopicModel``; or a
        dataclass whose instances are parameters of a model: an objective, a prior or a discrete variable.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    TypeError
        ``cls`` is neither a topic model nor a dataclass.
    ValueError
        Another class is registered with this name.

    Examples
    --------
    >>> from hftopic import ProdLDA, register
    >>> @register
    ... class MyModel(ProdLDA):
    ...     pass
    """
    if not isinstance(cls, type):
        raise TypeError(f"register takes a class; got the instance {cls!r}: pass {type(cls).__name__}")
    if hasattr(cls, "fit") and hasattr(cls, "save"):
        registered: dict[str, Any] = MODELS
    elif is_dataclass(cls):
        registered = VALUES
    else:
        raise TypeError(
            f"{cls.__name__} is neither a topic model nor a dataclass; inherit from hftopic.ProdLDA or "
            "hftopic.NVDM, or make the class of a parameter a frozen dataclass"
        )
    known = registered.get(cls.__name__)
    if known is not None and _origin(known) != _origin(cls):
        raise ValueError(
            f"the name {cls.__name__!r} is already used by {'.'.join(_origin(known))}; "
            "give your class another name"
        )
    registered[cls.__name__] = cls
    return cls


def _origin(cls: Any) -> tuple[str, str]:
    """Module and qualified name of a class; a notebook cell that is run again defines the same class."""
    return cls.__module__, cls.__qualname__
