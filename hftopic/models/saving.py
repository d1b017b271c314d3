"""Saving a fitted model: a folder with ``model.safetensors`` and ``model.json``, without pickles."""

import json
import math
import os
import shutil
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from safetensors.torch import save_file
from torch import Tensor

from hftopic import __version__
from hftopic._files import written_whole
from hftopic.models.registry import MODELS, VALUES
from hftopic.networks.network import Network

SCHEMA_VERSION = 4
TENSORS, DESCRIPTION = "model.safetensors", "model.json"
WORDS = ("vocabulary_", "feature_names_in_")  # optional fitted attributes


class FittedState(Protocol):
    """The state of a fitted model that its files hold."""

    _fitted_with: dict[str, Any]

    @property
    def _network(self) -> Network[Any]: ...

    _noise: Tensor
    _documents_seen: int
    history_: pd.DataFrame
    n_iter_: int
    n_features_in_: int


def save_model(model: FittedState, path: str | os.PathLike[str]) -> None:
    """Write a model folder atomically.

    Raises
    ------
    FileExistsError
        ``path`` exists and is not a saved model.
    TypeError
        A class is not registered, or a parameter cannot be saved; ``load`` could not read the model.
    """
    target = Path(path)
    if target.exists() and not (target / DESCRIPTION).is_file():
        raise FileExistsError(f"{target} exists and is not a saved model; choose another path or remove it")
    text = json.dumps(_encoded(_description(model)), ensure_ascii=False, indent=1)
    tensors = {f"network.{name}": value for name, value in model._network.state_dict().items()}
    tensors["noise"] = model._noise
    with written_whole(target) as draft:
        draft.mkdir()
        save_file(
            {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
            draft / TENSORS,
        )
        (draft / DESCRIPTION).write_text(text, encoding="utf-8")
        shutil.copymode(draft / DESCRIPTION, draft / TENSORS)  # which safetensors lets only the owner read


def _description(model: FittedState) -> dict[str, Any]:
    """All data of a fitted model except its tensors; :mod:`hftopic.models.loading` reads each entry."""
    if MODELS.get(type(model).__name__) is not type(model):
        raise TypeError(_unregistered(type(model)))
    parameters = dict(model._fitted_with)
    if not isinstance(parameters.get("random_state"), int | np.integer | None):
        parameters["random_state"] = None
    if "device" in parameters:
        parameters["device"] = str(parameters["device"])
    words = {name: getattr(model, name, None) for name in WORDS}
    losses = getattr(model, "losses_", None)  # missing after partial_fit alone
    return {
        "schema": SCHEMA_VERSION,
        "hftopic": __version__,
        "estimator": type(model).__name__,
        "parameters": parameters,
        "n_features_in_": model.n_features_in_,
        "n_iter_": model.n_iter_,
        "documents_seen": model._documents_seen,
        **{name: None if known is None else known.tolist() for name, known in words.items()},
        "losses_": None if losses is None else losses.tolist(),
        "history_": model.history_.reset_index().to_dict("list"),
    }


def _encoded(value: Any) -> Any:
    """A value as JSON; tuples and registered classes are tagged, so that loading restores their type."""
    if is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        if name not in VALUES or VALUES[name] is not type(value):
            raise TypeError(_unregistered(type(value)))
        given = {field.name: _encoded(getattr(value, field.name)) for field in fields(value) if field.init}
        return {"type": name, **given}
    if isinstance(value, dict):
        wrong = [key for key in value if not isinstance(key, str) or key == "type"]
        if wrong:
            raise TypeError(
                f"cannot save a dict with the key {wrong[0]!r}: keys are strings other than 'type'"
            )
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return {"type": "tuple", "items": [_encoded(item) for item in value]}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, np.generic):
        return _encoded(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {"type": "float", "value": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    hint = "; store a tuple of numbers" if isinstance(value, np.ndarray) else ""
    raise TypeError(f"cannot save a {type(value).__name__}: {value!r}{hint}")


def _unregistered(cls: type) -> str:
    return (
        f"cannot save a {cls.__name__}: load does not know this class. Register it with "
        f"hftopic.register({cls.__name__}), here and wherever the model is loaded"
    )
