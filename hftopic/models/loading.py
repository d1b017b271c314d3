"""Loading a saved model."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from torch import Tensor

from hftopic._numbers import is_whole
from hftopic._sets import read_set
from hftopic._torch_state import neutral_torch
from hftopic.data.design import Design
from hftopic.data.validation import as_vocabulary
from hftopic.editing.edits import Edits
from hftopic.latent.groups import Discrete, Normal
from hftopic.latent.space import LatentSpace
from hftopic.models import etm, nvdm, nvlda, prodlda  # noqa: F401  (the import registers their classes)
from hftopic.models.base import BaseTopicModel
from hftopic.models.edited import EditedModel
from hftopic.models.fitted import FittedModel
from hftopic.models.folder import DESCRIPTION, TENSORS
from hftopic.models.guiding import Seeds
from hftopic.models.parameters import chosen_device
from hftopic.models.registry import MODELS, VALUES
from hftopic.models.restoring import restore_topics
from hftopic.models.saving import EDITED, SCHEMA_VERSION, WORDS, description_hash, tensor_record
from hftopic.models.vectors import restored_vectors
from hftopic.networks.guidance import NO_SEEDS
from hftopic.networks.network import TopicNetwork

LARGEST_DESCRIPTION = 2**30  # bytes
SMALLEST_VARIANCE = 1e-30  # of a prior
LARGEST_HEADER = 2**20  # bytes of a file of tensors beside the tensors


class ModelFileError(ValueError):
    """A saved model is missing, damaged, or written by an incompatible version."""


@neutral_torch()
def load(path: str | os.PathLike[str], *, device: str | torch.device | None = None) -> FittedModel:
    """Load a model from a folder that its ``save`` method wrote; nothing in the files is executed.

    Parameters
    ----------
    path : path-like
        Folder of the saved model.
    device : str or torch.device, optional
        Device to load the model on, instead of the saved parameter ``device``.

    Returns
    -------
    ProdLDA, NVDM, EditedModel or a registered subclass
        Fitted or edited model with the same results as the saved one.

    Raises
    ------
    ModelFileError
        There is no saved model at the path, it is damaged, or an incompatible version wrote it. A subclass of
        ValueError.
    ValueError
        The saved device is not available; pass another ``device``.
    """
    folder = Path(path)
    files = [folder / DESCRIPTION, folder / TENSORS]
    description, content = read_set(folder, "", lambda: files, lambda: _read(folder))
    tensors = _tensors(folder / TENSORS, description, content)
    whole = description
    if whole.get("estimator") == EDITED:
        with _damage_reported(folder):
            description = dict(whole["original"])
    if str(description.get("estimator")) not in MODELS:
        raise ModelFileError(
            f"{folder} contains a {description.get('estimator')!r}, which is not a known model; "
            f"known models are {', '.join(MODELS)}. If it is a custom class, call hftopic.register on it "
            "before load"
        )
    with _damage_reported(folder):
        parameters = description["parameters"] | ({} if device is None else {"device": str(device)})
        _check_sizes(parameters, description, tensors)
        if "word_vectors" in parameters:
            words = next((description[name] for name in WORDS if description[name] is not None), None)
            given = (tensors[f"network.decoder.{name}"] for name in ("given", "given_words"))
            parameters["word_vectors"] = restored_vectors(parameters["word_vectors"], words, *given)
        model: BaseTopicModel = MODELS[description["estimator"]](**parameters)
        model._validate_params()
    chosen_device(model.device)
    with _damage_reported(folder):
        _restore(model, description, tensors)
        return model if whole is description else _edited(model, whole)


def _edited(original: BaseTopicModel, description: dict[str, Any]) -> EditedModel:
    """The edited model that a description has beside its original."""
    edits = Edits(tuple(tuple(topics) for topics in description["members"]))
    edits.check(len(original.topic_ids_))
    model = EditedModel(original, edits)
    restore_topics(model, description["topics"])
    return model


@contextmanager
def _damage_reported(folder: Path) -> Iterator[None]:
    """Convert errors of a description that cannot be right."""
    try:
        yield
    except (LookupError, TypeError, ValueError, RuntimeError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(f"{folder} is damaged or incomplete: {type(error).__name__}: {error}") from error


def _read(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Description of a model, and the content of the file of its tensors."""
    for name in (DESCRIPTION, TENSORS):
        if not (folder / name).is_file():
            raise ModelFileError(f"{folder} is not a saved model: it has no {name}")
    description = _description(folder / DESCRIPTION)
    declared = LARGEST_HEADER
    with _damage_reported(folder):
        for record in description["tensors"].values():
            declared += math.prod(record["shape"]) * getattr(torch, record["dtype"]).itemsize
    return description, _content(folder / TENSORS, declared)


def _content(file: Path, limit: int) -> bytes:
    size = file.stat().st_size
    if size > limit:
        raise ModelFileError(f"{file} has {size:,} bytes, more than the {limit:,} that it can need")
    return file.read_bytes()


def _description(file: Path) -> dict[str, Any]:
    """Description of a model, after comparing its hash.

    Raises
    ------
    ModelFileError
        It cannot be read, was changed, or has another schema.
    """
    try:
        text = _content(file, LARGEST_DESCRIPTION).decode("utf-8")
        raw = json.loads(text)
        schema = raw.get("schema") if isinstance(raw, dict) else None
        if schema != SCHEMA_VERSION:
            raise ModelFileError(
                f"{file} has schema {schema!r}, but this version of hftopic reads schema "
                f"{SCHEMA_VERSION}; fit the model again"
            )
        if raw.get("sha256") != description_hash(raw):
            raise ModelFileError(f"{file} was changed after it was written: its SHA-256 differs")
        description: dict[str, Any] = json.loads(text, object_hook=_decoded)
    except ModelFileError:
        raise
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ModelFileError(f"{file} cannot be read: {error}") from error
    return description


def _tensors(file: Path, description: dict[str, Any], content: bytes) -> dict[str, Tensor]:
    """Tensors of a model, after comparing them with the description."""
    try:
        tensors = safetensors.torch.load(content)
    except Exception as error:  # SafetensorError, and others for types that PyTorch does not have
        raise ModelFileError(f"{file} cannot be read: {error}") from error
    _check_tensors(file, description, tensors)
    return tensors


def _check_tensors(file: Path, description: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Raise ModelFileError unless the tensors are those that the description names, and finite."""
    records = description.get("tensors")
    if not isinstance(records, dict) or records.keys() != tensors.keys():
        raise ModelFileError(f"{file} does not contain the tensors that {DESCRIPTION} names")
    for name, tensor in tensors.items():
        if records[name] != tensor_record(tensor):
            raise ModelFileError(
                f"{file} does not belong to {DESCRIPTION}, or was changed: the SHA-256 of {name} differs"
            )
        if tensor.is_floating_point() and not tensor.double().isfinite().all():
            raise ModelFileError(f"{file}: {name} contains a value that is not finite")


def _check_sizes(parameters: dict[str, Any], description: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Compare the declared sizes with the tensors, before a network of these sizes is made.

    Raises
    ------
    ValueError
    """
    axes = {size for tensor in tensors.values() for size in tensor.shape}
    n_topics = tensors["network.usage.words"].shape[-2]
    if sum(_numbers(parameters.get("groups"))) != n_topics:
        raise ValueError(f"groups do not have the {n_topics} topics of the tensors")
    for size in _numbers(parameters.get("hidden")):
        if size not in axes:
            raise ValueError(f"no tensor has the size {size} of a hidden layer")
    n_words = tensors["network.usage.background"].numel()
    if description["n_features_in_"] != n_words:
        raise ValueError(
            f"n_features_in_ is {description['n_features_in_']!r}, but there are {n_words} words"
        )
    for name in ("n_iter_", "documents_seen"):
        if not is_whole(description[name], 0):
            raise ValueError(f"{name} is {description[name]!r}, not a number >= 0")


def _numbers(value: Any) -> Iterator[int]:
    """All sizes in the groups or the hidden layers of a model."""
    if isinstance(value, Normal | Discrete):
        yield value.size
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif is_whole(value):
        yield value


def _decoded(encoded: dict[str, Any]) -> Any:
    if "type" not in encoded:
        return encoded
    name, arguments = encoded["type"], {key: value for key, value in encoded.items() if key != "type"}
    if name == "tuple":
        return tuple(arguments["items"])
    if name == "dict":
        return dict(arguments["items"])
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
            setattr(model, name, as_vocabulary(description[name], description["n_features_in_"], name=name))
    model.n_features_in_, model.n_iter_ = description["n_features_in_"], description["n_iter_"]
    model._documents_seen = description["documents_seen"]
    model.history_ = pd.DataFrame(description["history_"]).set_index("epoch")
    if description["losses_"] is not None:
        model.losses_ = np.array(description["losses_"], dtype=np.float64)
    if not all(kind.kind in "iufb" for kind in model.history_.dtypes):
        raise ValueError("history_ has values that are no numbers")
    model.reading_ = description["reading_"]
    if not isinstance(model.reading_, dict | None):
        raise ValueError("reading_ is neither missing nor an object")
    design = description.get("design")  # models of earlier versions have none
    model.design_ = None if design is None else Design.from_json(design)
    model.embedding_size_ = _embedding_size(model, description.get("embedding_size"), tensors)
    seeds = description.get("seeds")  # likewise
    n_words = model.n_features_in_
    model._seeds = None if seeds is None else Seeds.from_json(seeds, LatentSpace(model.groups), n_words)
    model._fitted_with = model.get_params(deep=False)
    model._noise = tensors.pop("noise")
    network = model._build_network(torch.zeros(model.n_features_in_, dtype=torch.float32), torch.Generator())
    state = {name.removeprefix("network."): value for name, value in tensors.items()}
    _check_like(state, network.state_dict())
    network.load_state_dict(state)
    _check_values(network, model._noise)
    model._network = network
    model._expose()
    model._remembered = ()
    restore_topics(model, description)


def _embedding_size(model: BaseTopicModel, size: Any, tensors: dict[str, Tensor]) -> int | None:
    """Number of columns of the embeddings that the encoder reads, compared with the tensors."""
    if model.encoder_input == "counts":
        return None
    if not is_whole(size) or tensors["network.encoder.of_document.mean"].shape != (size,):
        raise ValueError(f"embedding_size is {size!r}, which is not that of the tensors")
    return int(size)


def _check_like(state: dict[str, Tensor], own: dict[str, Tensor]) -> None:
    """Raise ValueError if a tensor has another type than in a network of this kind."""
    for name, tensor in state.items():
        if name in own and tensor.dtype != own[name].dtype:
            raise ValueError(f"{name} is of {tensor.dtype}, not of {own[name].dtype}")


def _check_values(network: TopicNetwork, noise: Tensor) -> None:
    """Raise ValueError for tensors of the right shapes with which no answer is possible."""
    n_dims, shape = network.space.n_dims, tuple(noise.shape)
    if noise.dtype != torch.float32 or len(shape) != 2 or shape[1] != n_dims or not shape[0]:
        raise ValueError(f"noise has shape {shape} and type {noise.dtype}, not (n, {n_dims}) and float32")
    covariance = network.prior_covariance.double()
    if covariance.ndim == 1:
        covariance = torch.diag(covariance)
    rounding = 1e-4 * float(covariance.diagonal().max()) if n_dims else 0.0
    is_symmetric = torch.allclose(covariance, covariance.T, atol=rounding)
    if not is_symmetric or torch.linalg.cholesky_ex(covariance).info:
        raise ValueError("prior_covariance is not symmetric and positive definite")
    variance = covariance.diagonal()
    if ((variance < SMALLEST_VARIANCE) | (variance > 1 / SMALLEST_VARIANCE)).any():
        raise ValueError("prior_covariance has values that are too large or too small for float32")
    guidance = network.guidance
    if guidance is not None:
        places = guidance.places.sort().values.tolist()
        n_sets = guidance.sets.shape[0]
        if places != [NO_SEEDS] * (len(places) - n_sets) + list(range(n_sets)):
            raise ValueError("guidance.places does not have every set of seed words once")
    if any((numbers < 0).any() for numbers in network.usage.buffers()):
        raise ValueError("usage has numbers below 0")
