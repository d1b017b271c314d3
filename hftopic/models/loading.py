"""Loading a saved model."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from hftopic.models import nvdm, prodlda  # noqa: F401  (the import registers their classes)
from hftopic.models.base import BaseTopicModel
from hftopic.models.parameters import chosen_device
from hftopic.models.registry import MODELS, VALUES
from hftopic.models.saving import DESCRIPTION, SCHEMA_VERSION, TENSORS, WORDS


class ModelFileError(ValueError):
    """A saved model is missing, damaged, or written by an incompatible version."""


def load(path: str | os.PathLike[str], *, device: str | torch.device | None = None) -> BaseTopicModel:
    """Load a model from a folder that its ``save`` method wrote; nothing in the files is executed.

    Parameters
    ----------
    path : path-like
        Folder of the saved model.
    device : str or torch.device, optional
        Device to load the model on, instead of the saved parameter ``device``.

    Returns
    -------
    ProdLDA, NVDM or a registered subclass
        Fitted model with the same results as the saved one.

    Raises
    ------
    ModelFileError
        There is no saved model at the path, it is damaged, or an incompatible version wrote it. A subclass of
        ValueError.
    ValueError
        The saved device is not available; pass another ``device``.
    """
    description, tensors = _read(Path(path))
    if description.get("estimator") not in MODELS:
        raise ModelFileError(
            f"{os.fspath(path)} contains a {description.get('estimator')!r}, which is not a known model; "
            f"known models are {', '.join(MODELS)}. If it is a custom class, call hftopic.register on it "
            "before load"
        )
    try:
        parameters = description["parameters"] | ({} if device is None else {"device": str(device)})
        model: BaseTopicModel = MODELS[description["estimator"]](**parameters)
    except (KeyError, TypeError) as error:
        raise ModelFileError(
            f"{os.fspath(path)} is damaged or incomplete: {type(error).__name__}: {error}"
        ) from error
    chosen_device(model.device)
    try:
        _restore(model, description, tensors)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise ModelFileError(
            f"{os.fspath(path)} is damaged or incomplete: {type(error).__name__}: {error}"
        ) from error
    return model


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Description and tensors, each file checked."""
    for name in (DESCRIPTION, TENSORS):
        if not (folder / name).is_file():
            raise ModelFileError(f"{folder} is not a saved model: it has no {name}")
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"), object_hook=_decoded)
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{folder / DESCRIPTION} cannot be read: {error}") from error
    schema = description.get("schema") if isinstance(description, dict) else None
    if schema != SCHEMA_VERSION:
        raise ModelFileError(
            f"{folder / DESCRIPTION} has schema {schema!r}, but this version of hftopic reads schema "
            f"{SCHEMA_VERSION}; fit the model again"
        )
    try:
        return description, load_file(folder / TENSORS)
    except (SafetensorError, OSError) as error:
        raise ModelFileError(f"{folder / TENSORS} cannot be read: {error}") from error


def _decoded(encoded: dict[str, Any]) -> Any:
    if "type" not in encoded:
        return encoded
    name, arguments = encoded["type"], {key: value for key, value in encoded.items() if key != "type"}
    if name == "tuple":
        return tuple(arguments["items"])
    if name == "float":
        return float(arguments["value"])
    if name not in VALUES:
        raise ValueError(
            f"unknown type {name!r}; known types are {', '.join(sorted(VALUES))}. If it is a custom class, "
            "call hftopic.register on it before load"
        )
    return VALUES[name](**arguments)


def _restore(model: BaseTopicModel, description: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Restore the fitted state of a model from the description that ``hftopic.models.saving`` writes."""
    for name in WORDS:
        if description[name] is not None:
            setattr(model, name, np.array(description[name], dtype=object))
    model.n_features_in_, model.n_iter_ = description["n_features_in_"], description["n_iter_"]
    model._documents_seen = description["documents_seen"]
    model.history_ = pd.DataFrame(description["history_"]).set_index("epoch")
    if description["losses_"] is not None:
        model.losses_ = np.array(description["losses_"])
    model._fitted_with = model.get_params(deep=False)
    model._noise = tensors.pop("noise")
    model._network = model._build_network(torch.zeros(model.n_features_in_), torch.Generator())
    model._network.load_state_dict({name.removeprefix("network."): value for name, value in tensors.items()})
    model._expose()
