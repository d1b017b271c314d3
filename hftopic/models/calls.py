"""What tells a call of ``fit`` from others, in another process or of another time."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from torch import Tensor

from hftopic.data.inputs import known_words
from hftopic.models.parameters import chosen_device

if TYPE_CHECKING:
    from hftopic.models.base import BaseTopicModel

HASHED = ("documents", "vocabulary", "word_vectors")  # what is told without its value
FREE = frozenset({"device", "n_jobs", "verbose"})  # parameters whose values have no effect on the result
MOST_SHOWN = 60  # characters of a value of a call in a message
MOST_OF_A_PARAMETER = 300  # characters of one, where there is one alone


def call_of(model: "BaseTopicModel", documents: Any) -> dict[str, Any]:
    """What the result of a fit depends on, as JSON: class, parameters, documents and vocabulary.

    Its device is the type of the one that is chosen here: "auto" is not the same on all machines.
    """
    parameters = {name: value for name, value in model.get_params(deep=False).items() if name not in FREE}
    if isinstance(model.random_state, np.random.RandomState):
        parameters["random_state"] = None  # its seeds are compared
    parameters |= model._values_of_call()
    call = {
        "model": type(model).__name__,
        **{name: identity(value) for name, value in parameters.items()},
        "documents": identity(documents),
        "vocabulary": identity(known_words(model)),
        "device": chosen_device(model.device).type,
    }
    plain: dict[str, Any] = json.loads(json.dumps(call))
    return plain


def identity(value: Any) -> Any:
    """JSON that tells a value from others in every process: arrays by SHA-256, corpora by fingerprint."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return identity(value.item())
    if isinstance(value, Tensor):
        return identity(value.detach().cpu().numpy())
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return _sha256(repr(value.tolist()).encode("utf-8", "backslashreplace"))
        return [str(value.dtype), list(value.shape), _sha256(np.ascontiguousarray(value).data)]
    if isinstance(value, sp.csr_array):
        return [list(value.shape), *map(identity, (value.indptr, value.indices, value.data))]
    if isinstance(value, list | tuple):
        return [identity(one) for one in value]
    if isinstance(value, dict):
        return {str(key): identity(one) for key, one in value.items()}
    if isinstance(value, type) or not hasattr(value, "__dict__"):
        return getattr(value, "__qualname__", repr(value))
    if hasattr(value, "fingerprint"):
        return value.fingerprint()
    names = [one.name for one in fields(value)] if is_dataclass(value) else list(vars(value))
    held = {name: getattr(value, name) for name in names}
    return {type(value).__qualname__: identity(held)}


def shown(value: Any) -> str:
    """A value of a call in a message, as it is written in Python."""
    return _cut(_written(value), MOST_SHOWN)


def check_unchanged(model: "BaseTopicModel") -> None:
    """Raise ValueError if a parameter that determines the network has changed since the model was fitted."""
    for name, now in model.get_params(deep=False).items():
        fitted = model._fitted_with.get(name)
        if name not in model._may_change and not _same(now, fitted):
            before, after = (_brief(value) for value in (fitted, now))
            raise ValueError(
                f"{name} was {before} when the model was fitted and is now {after}; restore the old value to "
                "continue training, or call fit to start again"
            )


def _same(one: Any, other: Any) -> bool:
    """Whether two values of a parameter are equal, also if they are arrays or NaN."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return one is other or bool(one == other) or bool(one != one and other != other)


def _brief(value: Any) -> str:
    """A parameter in a message, such as a large dict of vectors, of which the beginning is enough."""
    return _cut(repr(value), MOST_OF_A_PARAMETER)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} …"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_written, value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return ", ".join(
            f"{name}({', '.join(f'{key}={_written(one)}' for key, one in held.items())})"
            if isinstance(held, dict)
            else f"{name}={_written(held)}"
            for name, held in value.items()
        )
    return repr(value)


def _sha256(content: Any) -> str:
    return hashlib.sha256(content).hexdigest()
