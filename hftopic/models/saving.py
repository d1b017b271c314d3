"""Saving a fitted model: ``model.safetensors`` and ``model.json`` in a folder, without pickles.

The description in ``model.json`` has the SHA-256 of every tensor and of itself. It thereby names the tensors
that belong to it.
"""

import hashlib
import json
import math
import os
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor

from hftopic import __version__
from hftopic._sets import written_set
from hftopic.data.design import Design
from hftopic.models.folder import DESCRIPTION, TENSORS, check_replaceable
from hftopic.models.guiding import Seeds, plain
from hftopic.models.registry import MODELS, VALUES
from hftopic.models.vectors import kind_of
from hftopic.networks.network import Network

SCHEMA_VERSION = 6
EDITED = "EditedModel"  # the "estimator" of an edited model, whose "original" is the description of another
WORDS = ("vocabulary_", "feature_names_in_")  # optional fitted attributes


class DescribedTopics(Protocol):
    """What the files of a model hold of its topics."""

    _given_names: dict[int, str]

    def _summary(self) -> pd.DataFrame: ...

    def _automatic_names(self) -> list[str]: ...


class FittedState(DescribedTopics, Protocol):
    """The state of a fitted model that its files hold."""

    _fitted_with: dict[str, Any]

    @property
    def _network(self) -> Network[Any]: ...

    _noise: Tensor
    _documents_seen: int
    history_: pd.DataFrame
    n_iter_: int
    n_features_in_: int
    reading_: dict[str, Any] | None
    design_: Design | None
    embedding_size_: int | None
    _seeds: Seeds | None


def save_model(
    model: FittedState, path: str | os.PathLike[str], edited: dict[str, Any] | None = None
) -> None:
    """Write the files of a model into a folder, atomically as a set; other files there are kept.

    With ``edited``, the description of edits of its topics, they are those of the edited model.

    Raises
    ------
    FileExistsError
        ``path`` is a file, or a folder with other files and without a saved model.
    OSError
        The folder cannot be written.
    TypeError
        A class is not registered, or a parameter cannot be saved; ``load`` could not read the model.
    """
    target = check_replaceable(path)
    description = _encoded(_description(model))
    if edited is not None:
        versions = {name: description[name] for name in ("schema", "hftopic")}
        description = {**versions, "estimator": EDITED, "original": description, **_encoded(edited)}
    tensors = {f"network.{name}": value for name, value in model._network.state_dict().items()}
    tensors["noise"] = model._noise
    held = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    description["tensors"] = {name: tensor_record(tensor) for name, tensor in held.items()}
    description["sha256"] = description_hash(description)
    text = json.dumps(description, ensure_ascii=False, indent=1)
    with written_set(target) as draft:
        (draft / TENSORS).write_bytes(tensors_as_bytes(held))
        # A lone surrogate cannot be encoded in UTF-8, but JSON has the same escape for it as Python.
        (draft / DESCRIPTION).write_bytes(text.encode("utf-8", "backslashreplace"))


def tensor_record(tensor: Tensor) -> dict[str, Any]:
    """Type, shape and SHA-256 of the content of a tensor on the CPU."""
    content = tensor.contiguous().view(torch.uint8) if tensor.ndim else tensor.reshape(1).view(torch.uint8)
    return {
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "sha256": hashlib.sha256(content.numpy().tobytes()).hexdigest(),
    }


def description_hash(description: dict[str, Any]) -> str:
    """SHA-256 of all entries of a description except its own hash, whatever their order and spacing."""
    rest = {name: value for name, value in description.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode("ascii")).hexdigest()


def _description(model: FittedState) -> dict[str, Any]:
    """All data of a fitted model except its tensors; :mod:`hftopic.models.loading` reads each entry."""
    if MODELS.get(type(model).__name__) is not type(model):
        raise TypeError(_unregistered(type(model)))
    parameters = dict(model._fitted_with)
    if not isinstance(parameters.get("random_state"), int | np.integer | None):
        parameters["random_state"] = None
    if "device" in parameters:
        parameters["device"] = str(parameters["device"])
    if "seed_words" in parameters:
        parameters["seed_words"] = plain(parameters["seed_words"])
    if "word_vectors" in parameters:
        parameters["word_vectors"] = kind_of(parameters["word_vectors"])
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
        "reading_": model.reading_,
        "design": None if model.design_ is None else model.design_.as_json(),
        "embedding_size": model.embedding_size_,
        "seeds": None if model._seeds is None else model._seeds.as_json(),
        **description_of_topics(model),
        "losses_": None if losses is None else losses.tolist(),
        "history_": model.history_.reset_index().to_dict("list"),
    }


def description_of_topics(model: DescribedTopics) -> dict[str, Any]:
    """Names and numbers of topics, which :func:`hftopic.models.restoring.restore_topics` reads."""
    summary = model._summary()
    return {
        "names": {str(topic): name for topic, name in model._given_names.items()},
        "automatic_names": model._automatic_names(),
        "summary": {"attributes": dict(summary.attrs), "columns": _columns(summary)},
    }


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Values by column, with None for missing ones."""
    return {name: [None if pd.isna(x) else x for x in table[name].tolist()] for name in map(str, table)}


def _encoded(value: Any) -> Any:
    """A value as JSON; tuples and registered classes are tagged, so that loading restores their type."""
    if is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        if name not in VALUES or VALUES[name] is not type(value):
            raise TypeError(_unregistered(type(value)))
        given = {field.name: _encoded(getattr(value, field.name)) for field in fields(value) if field.init}
        return {"type": name, **given}
    if isinstance(value, dict):
        if all(isinstance(key, str) and key != "type" for key in value):
            return {key: _encoded(item) for key, item in value.items()}
        return {"type": "dict", "items": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
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
