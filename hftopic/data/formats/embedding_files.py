"""``embeddings.npy``: an embedding for each document of a corpus, beside it or in its folder."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic.data.embeddings import as_embeddings
from hftopic.data.formats.arrays import header_of, write_array
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.metadata_csv import file_of_folder

EMBEDDINGS = "embeddings.npy"


def read_embeddings(path: Path, n_documents: int | None = None) -> NDArray[np.float32]:
    """Embeddings in a file of NumPy: float32, shape (n_documents, F); float32 is mapped into memory.

    Parameters
    ----------
    path : Path
    n_documents : int, optional
        Any number by default.

    Raises
    ------
    FormatError
        The file is no array of finite numbers with two dimensions, is cut off, or has another number of rows.
    """
    array = mapped(path)
    if n_documents is not None and len(array) != n_documents:
        raise other_rows(path, len(array), n_documents)
    with blamed_on(path):
        held = as_embeddings(array, n_documents)
    assert held is not None
    return held


def mapped(path: Path) -> NDArray[Any]:
    """Array of numbers with two dimensions in a file, mapped into memory; its values are not looked at.

    Raises
    ------
    FormatError
        The file is no such array, or is cut off.
    """
    if not path.is_file():
        raise FormatError("is not a file; pass a file of numpy.save", path)
    # One opening for all that is read: another process may put a new file in place at any time.
    with path.open("rb") as stream:
        try:
            header = header_of(stream)
        except ValueError as error:
            raise FormatError(f"is no file of embeddings: {error}; write it with numpy.save", path) from error
        if header.dtype.kind not in "iuf":
            raise FormatError(f"has values of type {header.dtype}, not real numbers", path)
        if len(header.shape) != 2 or not header.shape[1]:
            told = f"has the shape {header.shape}, not (n_documents, n_columns)"
            raise FormatError(told, path)
        wanted, held = header.length + header.n_bytes, os.fstat(stream.fileno()).st_size
        if held != wanted:
            what = "is cut off" if held < wanted else "is damaged"
            raise FormatError(f"{what}: it has {held:,} bytes, but its header says {wanted:,}", path)
        if not header.shape[0]:  # nothing can be mapped
            return np.zeros(header.shape, dtype=header.dtype)
        order: Any = "F" if header.fortran else "C"
        return np.memmap(
            stream, header.dtype, mode="r", offset=header.length, shape=header.shape, order=order
        )


def other_rows(path: Path, n_rows: int, n_documents: int) -> FormatError:
    """Error about a file with embeddings of another number of documents."""
    return FormatError(
        f"contains {n_rows:,} rows for {n_documents:,} documents; if it is of others, rename it", path
    )


def embeddings_of_folder(folder: Path) -> Path | None:
    """The file of all documents of a folder: ``embeddings.npy`` in it, or ``NAME.embeddings.npy`` beside it.

    Raises
    ------
    FormatError
        There are both.
    """
    return file_of_folder(folder, EMBEDDINGS, "embeddings")


def check_none_beside(folder: Path) -> None:
    """Raise FileExistsError if a file beside a folder would be read with what is written into it."""
    real = folder.resolve()
    file = real.with_name(f"{real.name}.{EMBEDDINGS}")
    if file.is_file():
        raise FileExistsError(f"{file} exists and would be read as embeddings of {folder}; move or delete it")


def write_embeddings(path: Path, embeddings: NDArray[np.float32]) -> None:
    """Write embeddings as a file of NumPy."""
    write_array(path, np.ascontiguousarray(embeddings))
