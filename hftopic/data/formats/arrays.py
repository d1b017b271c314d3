"""Arrays of NumPy in files: the header, which is treated as untrusted, and writing."""

import ast
import math
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # bytes, as in numpy


@dataclass(frozen=True)
class Header:
    """Description of an array, at the start of its file in the archive."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    length: int  # bytes of the description

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def header_of(stream: IO[bytes]) -> Header:
    """Description of an array; Python's parser reads only the literals in it.

    Raises
    ------
    ValueError
        The stream does not start with the header of an array.
    """
    start = stream.read(8)
    if start[:6] != _MAGIC or start[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError("it is not an array of numpy")
    size = stream.read(2 if start[6] == 1 else 4)
    length = int.from_bytes(size, "little")
    text = stream.read(min(length, _LONGEST_HEADER))
    if len(text) < length:
        raise ValueError(f"its description has {length:,} bytes")
    try:
        given = ast.literal_eval(text.decode("latin1" if start[6] < 3 else "utf-8").strip(" \n\0"))
        shape, fortran = given["shape"], given["fortran_order"]
        dtype = np.dtype(given["descr"]) if isinstance(given["descr"], str) else None
    except (
        ValueError,
        TypeError,
        KeyError,
        SyntaxError,
        MemoryError,
        RecursionError,
        OverflowError,
    ) as error:
        raise ValueError(f"its description is not valid: {error}") from error
    whole = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
    if not whole or type(fortran) is not bool or len(given) != 3 or dtype is None or dtype.shape:
        raise ValueError(f"its description is not valid: {text[:80]!r}")
    return Header(shape, dtype, fortran, 8 + len(size) + length)


def write_array(path: Path, values: NDArray[Any]) -> None:
    """Write an array as ``np.save`` does, whose error on a full disk does not say that it is full."""
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(values))
        stream.write(values.data)
