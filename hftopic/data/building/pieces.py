"""Files of counted pieces: the words of some documents, how often each has them, and the columns of a table.

They are all that a build keeps until its end. A file is complete, or it is not there; one that
is damaged later is counted again.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._files import sync_entry

_DAMAGE = (KeyError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


@dataclass
class Facts:
    """What the build must know of all pieces before it writes the first part.

    Attributes
    ----------
    source : int
        Which of the files the piece is of.
    n_documents : int
    words : list of str or None
        The words of the columns, sorted; None if they are those of a given vocabulary.
    n_words, n_entries : int
        Number of the columns, and of the counts above 0.
    has : list of str
        Which columns the documents have.
    kinds : dict
        State of the kind of each column of the metadata.
    undated : list of str
        Columns of the metadata that are called date but are none.
    dates : dict
        Each date, with its place and how often it occurs; empty if dates are not checked.
    splits : list of str
        The splits of all documents, also of those that are left out.
    unlabelled : tuple of int
        Number of documents without a label, and which is the first of them.
    start : str
        Start of the first text that is not blank.
    phrases : str or None
        What is wrong with the words, if the texts have no spaces between words.
    warnings : list of str
    """

    source: int
    n_documents: int
    words: list[str] | None
    n_words: int = 0
    n_entries: int = 0
    has: list[str] = field(default_factory=list)
    kinds: dict[str, Any] = field(default_factory=dict)
    undated: list[str] = field(default_factory=list)
    dates: dict[str, tuple[int, int]] = field(default_factory=dict)
    splits: list[str] = field(default_factory=list)
    unlabelled: tuple[int, int] = (0, 0)
    start: str = ""
    phrases: str | None = None
    warnings: list[str] = field(default_factory=list)


class Piece:
    """A counted piece in its file.

    Attributes
    ----------
    facts : Facts
    sums : ndarray of int64, shape (3, n_words)
        For each word, the number of documents that have it, and the sum of its counts before and after
        ``max_count``. Without columns if the words are those of a given vocabulary.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    OSError
        The file is damaged; the same build counts the piece again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        held = self._read("facts", "sums")
        self.facts = Facts(**json.loads(held["facts"].tobytes()))
        self.sums = held["sums"]

    def _read(self, *names: str) -> dict[str, np.ndarray]:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                return {name: file[name] for name in names}
        except _DAMAGE as error:
            raise OSError(
                f"{self.path} is damaged: {error}; the same call goes on, and counts its documents again"
            ) from error

    def counts(self) -> Any:
        """Counts of the documents as canonical CSR of integers, none above ``max_count``."""
        held = self._read("data", "indices", "indptr")
        shape = (self.facts.n_documents, self.facts.n_words)
        return sp.csr_array((held["data"], held["indices"], held["indptr"]), shape)

    def columns(self) -> dict[str, Any]:
        """Lists by "label", "name", "split", "date" and "text", and "metadata", a dict of lists."""
        columns: dict[str, Any] = json.loads(self._read("columns")["columns"].tobytes())
        return columns

    def embeddings(self) -> NDArray[np.float32] | None:
        """Embeddings of the documents, shape (n_documents, F), or None."""
        return self._read("embeddings")["embeddings"] if "embedding" in self.facts.has else None


def is_sound(path: Path) -> bool:
    """Whether there is the file of a piece, and it is as it was written."""
    try:
        with zipfile.ZipFile(path) as file:
            return file.testzip() is None
    except (FileNotFoundError, *_DAMAGE):
        return False


def path_of(folder: Path, number: int) -> Path:
    """File of a piece."""
    return folder / f"piece-{number:06d}.npz"


def write_piece(
    path: Path,
    facts: Facts,
    counts: Any,
    sums: np.ndarray,
    columns: Mapping[str, Any],
    embeddings: NDArray[np.float32] | None = None,
) -> None:
    """Write the file of a piece as a whole, or not at all."""
    kind = np.int32 if max(counts.nnz, *counts.shape) < 2**31 else np.int64
    arrays: dict[str, Any] = {
        "indptr": counts.indptr.astype(kind),
        "indices": counts.indices.astype(kind),
        "data": counts.data.astype(np.min_scalar_type(int(counts.data.max(initial=0)))),
        "sums": sums,
        "facts": _packed(vars(facts)),
        "columns": _packed(columns),
        **({} if embeddings is None else {"embeddings": embeddings}),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        sync_entry(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _packed(content: Mapping[str, Any]) -> np.ndarray:
    return np.frombuffer(json.dumps(content).encode("ascii"), dtype=np.uint8)
