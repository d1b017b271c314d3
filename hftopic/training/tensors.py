"""One safetensors file of nested plain values and tensors; nothing in it is executed when it is read."""

import json
import zlib
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from hftopic.training.errors import CheckpointError

FORMAT = 1
KEY, SUM = "hftopic", "crc32"


def write_nested(path: Path, nested: Any) -> None:
    """Write dicts, lists and tuples of plain values and tensors; tensors of the same bytes only once.

    Raises
    ------
    OSError
        The file cannot be written, such as on a full disk.
    """
    written: list[Tensor] = []
    numbers: dict[tuple[Any, ...], list[int]] = {}

    def reference(tensor: Tensor) -> list[Any]:
        held = tensor.detach().cpu().contiguous()
        total = checksum(held)
        alike = numbers.setdefault((held.dtype, held.shape, total), [])
        same = next((i for i in alike if torch.equal(as_bytes(written[i]), as_bytes(held))), len(written))
        if same == len(written):
            alike.append(same)
            written.append(held)
        return ["tensor", str(same), total]

    text = json.dumps(_encoded(nested, reference))
    metadata = {KEY: text, SUM: str(zlib.crc32(text.encode())), "version": str(FORMAT)}
    try:
        save_file({str(i): tensor for i, tensor in enumerate(written)}, path, metadata)
    except SafetensorError as error:
        raise OSError(f"cannot write {path}: {error}") from error


def read_nested(path: Path, with_tensors: bool = True) -> Any:
    """What :func:`write_nested` wrote, with tensors that share no memory, or with None for them.

    Raises
    ------
    CheckpointError
        The file is damaged, or was not written by this function.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("version") != str(FORMAT):
                raise CheckpointError("it is no checkpoint of this version of hftopic")
            if metadata[SUM] != str(zlib.crc32(metadata[KEY].encode())):
                raise CheckpointError("it is damaged: its checksum differs")

            def tensor(name: str, expected: int) -> Tensor | None:
                if not with_tensors:
                    return None
                found: Tensor = file.get_tensor(name)
                if checksum(found) != expected:
                    raise CheckpointError("it is damaged: the checksum of a tensor differs")
                return found.clone()

            return _decoded(json.loads(metadata[KEY]), tensor)
    except CheckpointError:
        raise
    except (SafetensorError, ValueError, LookupError, TypeError) as error:
        raise CheckpointError(f"it is damaged: {error}") from error


def as_bytes(tensor: Tensor) -> Tensor:
    """Bytes of a contiguous tensor on the CPU."""
    return tensor.reshape(-1).view(torch.uint8)


def checksum(tensor: Tensor) -> int:
    """CRC-32 of the bytes of a contiguous tensor on the CPU."""
    return zlib.crc32(as_bytes(tensor).numpy().data)


def _encoded(value: Any, reference: Any) -> Any:
    """A value as JSON: all but plain values are a list, which begins with its type."""
    if isinstance(value, Tensor):
        return reference(value)
    if isinstance(value, dict):
        return ["dict", *([key, _encoded(held, reference)] for key, held in value.items())]
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(_encoded(held, reference) for held in value)]
    return value


def _decoded(value: Any, tensor: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, *held = value
    if kind == "tensor":
        return tensor(*held)
    if kind == "dict":
        return {key: _decoded(one, tensor) for key, one in held}
    return {"list": list, "tuple": tuple}[kind](_decoded(one, tensor) for one in held)
