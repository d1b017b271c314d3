"""Classes that saved models may name: models, and the values of their parameters."""

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, TypeVar

from hftopic.latent.groups import Concrete, Normal
from hftopic.latent.priors import PRIORS
from hftopic.objective.catalogue import CATALOGUE
from hftopic.objective.schedule import Ramp

ClassT = TypeVar("ClassT", bound=type)

MODELS: dict[str, type] = {}
"""Estimators by name."""

VALUES: dict[str, Callable[..., Any]] = {
    "Normal": Normal,
    "Concrete": Concrete,
    "Ramp": Ramp,
    **PRIORS,
    **CATALOGUE,
}
"""Classes of parameters that are neither plain numbers nor strings, by name."""


def register(cls: ClassT) -> ClassT:
    """Let saved models name a class of your own, so that :func:`hftopic.load` can make it again.

    Call it, or use it as a decorator, in every program that saves or loads such a model. A file names classes
    and never holds code, so only registered classes are made.

    Parameters
    ----------
    cls : type
        A subclass of :class:`hftopic.ProdLDA` or :class:`hftopic.NVDM`; or a dataclass whose instances are
        parameters of a model: an objective, a prior or a group of latent variables.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    TypeError
        Neither a topic model nor a dataclass.
    ValueError
        Another class has this name.

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
            f"the name {cls.__name__!r} is taken by {'.'.join(_origin(known))}; give your class another name"
        )
    registered[cls.__name__] = cls
    return cls


def _origin(cls: Any) -> tuple[str, str]:
    """Where a class was defined; a notebook's cell that is run again defines the same one."""
    return cls.__module__, cls.__qualname__
