"""Sparse matrices saved by scipy; files are treated as untrusted."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.lib import format as npy

from hftopic.data.corpus import Corpus
from hftopic.data.formats.counts import Counts, Request, check_plausible, words_beside, written_with_lists
from hftopic.data.formats.lines import FormatError

_BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Arrays of an .npz file, after a check that each declared size matches the number of bytes.

    Raises
    ------
    FormatError
        The file is not an .npz file, is damaged, or contains Python objects, which would need unpickling.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _check_member(path, archive, member)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FormatError:
        raise
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # the file could not be opened, so its content is unknown
        raise FormatError(f"is not a valid .npz file: {error}", path) from error


def _check_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(stream)
        if dtype.hasobject:
            told = "contains Python objects, which are never loaded: loading them could run any code"
            raise FormatError(f"{member.filename} {told}", path)
        size = int(np.prod([dtype.itemsize, *shape], dtype=object))
        if member.file_size - stream.tell() != size:
            told = f"declares an array {shape} of {dtype} but contains {member.file_size:,} bytes"
            raise FormatError(f"{member.filename} {told}", path)


def read_npz(path: Path, n_words: int, request: Request) -> Counts:  # noqa: ARG001
    """Counts of a sparse matrix saved by `scipy.sparse.save_npz`.

    Raises
    ------
    FormatError
        The file is damaged, or the number of columns is not the size of the vocabulary.
    """
    arrays = read_arrays(path)
    shape = arrays.get("shape")
    if shape is None or shape.shape != (2,) or shape.dtype.kind not in "iu" or "data" not in arrays:
        held = ", ".join(arrays) or "nothing"
        raise FormatError(
            f"does not contain a sparse matrix saved by scipy.sparse.save_npz, but {held}", path
        )
    rows, columns = map(int, shape)
    places = [arrays[name] for name in ("indices", "indptr", "row", "col") if name in arrays]
    if any(array.dtype.kind not in "iu" for array in places):
        raise FormatError("does not contain a valid sparse matrix: its indices are not integers", path)
    if columns != n_words:
        turned = " (it looks transposed: documents go in rows)" if rows == n_words else ""
        raise FormatError(f"has {columns:,} columns but the vocabulary has {n_words:,} words{turned}", path)
    check_plausible(path, rows, arrays["data"].size)
    try:
        matrix: Any = sp.load_npz(path)
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        return Counts(sp.csr_array(matrix))
    except (*_BROKEN, AttributeError, IndexError, OSError) as error:
        raise FormatError(f"does not contain a valid sparse matrix: {error}", path) from error


def write_npz(corpus: Corpus, path: Path) -> None:
    """Write a matrix with scipy, with ``NAME.vocab.txt``, labels, names and splits next to it."""
    with written_with_lists(corpus, path, vocabulary=words_beside(path)) as draft:
        save_counts(draft, corpus.counts)


def save_counts(path: Path, counts: "sp.csr_array[np.float32]") -> None:
    """Write counts to a file with exactly this name, as integers if all of them are whole numbers."""
    whole = counts.astype(np.int32) if (counts.data % 1 == 0).all() else counts
    with path.open("wb") as stream:
        sp.save_npz(stream, whole)
