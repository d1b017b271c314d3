"""Saved models: a folder of ``model.safetensors`` and ``model.json``, never a pickle."""

import json
import math
import os
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hftopic.atomic import written_whole
from hftopic.latent import Concrete, Normal
from hftopic.objective import CATALOGUE, Ramp
from hftopic.priors import PRIORS

SCHEMA_VERSION = 2
TENSORS, DESCRIPTION = "model.safetensors", "model.json"

VALUES: dict[str, Callable[..., Any]] = {
    "Normal": Normal,
    "Concrete": Concrete,
    "Ramp": Ramp,
    **PRIORS,
    **CATALOGUE,
}
"""What stands in an estimator's parameters beside plain values, by the name it prints and saves with."""


class ModelFileError(ValueError):
    """A saved model that is not there, not whole, or not one that this version can read."""


def save_model(path: str | os.PathLike[str], description: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Write a model folder, whole or not at all.

    Raises
    ------
    FileExistsError
        Something that is not a saved model stands at ``path``.
    """
    target = Path(path)
    if target.exists() and not (target / DESCRIPTION).is_file():
        raise FileExistsError(f"{target} exists and is not a saved model; choose another path or remove it")
    text = json.dumps({"schema": SCHEMA_VERSION, **_encode(description)}, ensure_ascii=False, indent=1)
    with written_whole(target) as draft:
        draft.mkdir()
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, draft / TENSORS
        )
        (draft / DESCRIPTION).write_text(text, encoding="utf-8")


def load_model(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Description and tensors of a saved model.

    Raises
    ------
    ModelFileError
        With the file at fault and what is wrong with it.
    """
    folder = Path(path)
    for name in (DESCRIPTION, TENSORS):
        if not (folder / name).is_file():
            raise ModelFileError(f"{folder} is not a saved model: it has no {name}")
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"), object_hook=_decode)
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{folder / DESCRIPTION} cannot be read: {error}") from error
    schema = description.get("schema") if isinstance(description, dict) else None
    if schema != SCHEMA_VERSION:
        raise ModelFileError(
            f"{folder / DESCRIPTION} has schema {schema!r}; this version of hftopic reads {SCHEMA_VERSION}"
        )
    try:
        return description, load_file(folder / TENSORS)
    except (SafetensorError, OSError) as error:
        raise ModelFileError(f"{folder / TENSORS} cannot be read: {error}") from error


def _encode(value: Any) -> Any:
    """JSON form; tuples and our value classes are tagged, so that they come back as what they were."""
    if is_dataclass(value) and type(value).__name__ in VALUES and not isinstance(value, type):
        return {
            "type": type(value).__name__,
            **{f.name: _encode(getattr(value, f.name)) for f in fields(value)},
        }
    if isinstance(value, dict):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return {"type": "tuple", "items": [_encode(item) for item in value]}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {"type": "float", "value": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"cannot save a {type(value).__name__}: {value!r}")


def _decode(encoded: dict[str, Any]) -> Any:
    if "type" not in encoded:
        return encoded
    name, arguments = encoded["type"], {key: value for key, value in encoded.items() if key != "type"}
    if name == "tuple":
        return tuple(arguments["items"])
    if name == "float":
        return float(arguments["value"])
    if name not in VALUES:
        raise ValueError(f"unknown type {name!r}; there are {', '.join(sorted(VALUES))}")
    return VALUES[name](**arguments)
