"""Sparse matrices saved by scipy; files are treated as untrusted."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.corpus import Corpus
from hftopic.data.formats.arrays import Header, header_of
from hftopic.data.formats.beside import words_beside, written_with_lists
from hftopic.data.formats.counts import Counts, check_plausible
from hftopic.data.formats.foreign import told_by_members
from hftopic.data.formats.limits import TooLargeError, check_arrays
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.request import Request
from hftopic.data.structure import check_blocks, check_compressed, check_coordinates, check_diagonals

# What zipfile and its decompressors raise for damaged files.
_BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    IndexError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
_MOST_MEMBERS = 1000
_BLOCK = 2**20
_MATRIX = ("format", "shape", "data", "indices", "indptr", "row", "col", "coords", "offsets")


def read_arrays(path: Path, names: Collection[str]) -> dict[str, np.ndarray]:
    """Those arrays of an .npz file that have one of these names; the others are never decompressed.

    Every array is described before memory is allocated: its size must match the number of bytes, and all of
    them must not be far larger than the file.

    Raises
    ------
    FormatError
        The file is not an .npz file, is damaged, expands too much, or contains Python objects, which would
        need unpickling.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise FormatError(f"contains {len(members):,} files", path)
            headers = {member.filename: _header(path, archive, member) for member in members}
            if len({name.removesuffix(".npy") for name in headers}) < len(members):
                raise FormatError("contains two arrays of the same name", path)
            wanted = {name: headers[f"{name}.npy"] for name in names if f"{name}.npy" in headers}
            check_arrays(sum(header.n_bytes for header in wanted.values()), path.stat().st_size)
            return {name: _array(archive, name, header) for name, header in wanted.items()}
    except FormatError:
        raise
    except TooLargeError as error:
        raise FormatError(str(error), path) from error
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # the file could not be opened, so its content is unknown
        raise FormatError(f"is not a valid .npz file: {error}", path) from error


def _header(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    with archive.open(member) as stream:
        try:
            header = header_of(stream)
        except ValueError as error:
            other = told_by_members(path)
            told = f"is not a valid .npz file: {member.filename}: {error}"
            raise FormatError(f"{other}, not an .npz file" if other else told, path) from error
    if header.dtype.hasobject:
        told = "contains Python objects, which are never loaded: loading them could run any code"
        raise FormatError(f"{member.filename} {told}", path)
    if member.file_size - header.length != header.n_bytes:
        told = f"declares an array {header.shape} of {header.dtype} but contains {member.file_size:,} bytes"
        raise FormatError(f"{member.filename} {told}", path)
    return header


def _array(archive: zipfile.ZipFile, name: str, header: Header) -> np.ndarray:
    content = np.empty(header.n_bytes, dtype=np.uint8)
    with archive.open(f"{name}.npy") as stream:
        stream.read(header.length)
        done = 0
        while done < len(content):
            block = stream.read(min(_BLOCK, len(content) - done))
            if not block:
                raise EOFError(f"{name}.npy is cut off")
            content[done : done + len(block)] = np.frombuffer(block, dtype=np.uint8)
            done += len(block)
        stream.read(1)  # at the end, zipfile compares the checksum
    array: np.ndarray = content.view(header.dtype) if header.n_bytes else np.zeros(0, header.dtype)
    array = array.reshape(header.shape, order="F" if header.fortran else "C")
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def read_npz(path: Path, n_words: int, request: Request) -> Counts:  # noqa: ARG001
    """Counts of a sparse matrix saved by `scipy.sparse.save_npz`.

    Raises
    ------
    FormatError
        The file is damaged, or the number of columns is not the size of the vocabulary.
    """
    arrays = read_arrays(path, _MATRIX)
    shape = arrays.get("shape")
    if shape is None or shape.shape != (2,) or shape.dtype.kind not in "iu" or "data" not in arrays:
        held = ", ".join(arrays) or "none of its arrays"
        raise FormatError(
            f"does not contain a sparse matrix saved by scipy.sparse.save_npz, but {held}", path
        )
    rows, columns = map(int, shape)
    if columns != n_words:
        turned = " (it looks transposed: documents go in rows)" if rows == n_words else ""
        raise FormatError(f"has {columns:,} columns but the vocabulary has {n_words:,} words{turned}", path)
    check_plausible(path, rows, arrays["data"].size)
    try:
        return Counts(_matrix(arrays, (rows, columns)))
    except _BROKEN as error:
        told = f"no array {error}" if isinstance(error, KeyError) else str(error)
        raise FormatError(f"does not contain a valid sparse matrix: {told}", path) from error


def _matrix(arrays: dict[str, np.ndarray], shape: tuple[int, int]) -> Any:
    """The matrix of these arrays, all of which are checked first."""
    data = arrays["data"]
    if data.dtype.kind not in "biuf":
        raise ValueError(f"its values are not real numbers, but of type {data.dtype}")
    if data.dtype.kind == "f" and data.dtype.itemsize not in (4, 8):  # scipy takes no others
        data = data.astype(np.float64)
    layout = arrays["format"].item()
    layout = layout.decode("ascii") if isinstance(layout, bytes) else layout
    if layout in ("csr", "csc"):
        indices, indptr = arrays["indices"], arrays["indptr"]
        check_compressed(data, indices, indptr, *(shape if layout == "csr" else shape[::-1]))
        kind: Any = sp.csr_array if layout == "csr" else sp.csc_array
        return kind((data, indices, indptr), shape=shape)
    if layout == "bsr":
        check_blocks(data, arrays["indices"], arrays["indptr"], shape)
        return sp.bsr_array((data, arrays["indices"], arrays["indptr"]), shape=shape)
    if layout == "coo":
        coords = tuple(arrays["coords"]) if "coords" in arrays else (arrays["row"], arrays["col"])
        check_coordinates(data, coords, shape)
        return sp.coo_array((data, coords), shape=shape)
    if layout == "dia":
        check_diagonals(data, arrays["offsets"])
        return sp.dia_array((data, arrays["offsets"]), shape=shape)
    raise ValueError(f"it has the format {str(layout)[:40]!r}")


def write_npz(corpus: Corpus, path: Path) -> None:
    """Write a matrix with scipy, with ``NAME.vocab.txt``, labels, names and splits next to it."""
    with written_with_lists(corpus, path, vocabulary=words_beside(path)) as draft:
        save_counts(draft, corpus.counts)


def save_counts(path: Path, counts: "sp.csr_array[np.float32]") -> None:
    """Write counts to a file with exactly this name, as integers if all of them are whole numbers."""
    whole = counts.astype(np.int32) if (counts.data % 1 == 0).all() else counts
    with path.open("wb") as stream:
        sp.save_npz(stream, whole)
