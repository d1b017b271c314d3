"""The files of a folder of shards: counts and columns of documents, given by their numbers."""

import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._cached import cached_property
from hftopic._sets import read_set
from hftopic.data.embeddings import as_embeddings
from hftopic.data.formats.embedding_files import EMBEDDINGS, embeddings_of_folder, mapped, other_rows
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.manifest import sha256_of
from hftopic.data.formats.metadata_csv import table_of_folder
from hftopic.data.formats.vocabulary import read_vocabulary
from hftopic.data.matrices import read_only
from hftopic.data.metadata import Columns
from hftopic.data.shards.arrays import OpenPart, check_size, stacked
from hftopic.data.shards.embeddings import rows_at
from hftopic.data.shards.manifest import MANIFEST, VOCABULARY, Part, read_manifest, whole
from hftopic.data.shards.selection import Runs
from hftopic.data.shards.table import as_kind, columns_in_table, joined, read_table
from hftopic.data.validation import as_vocabulary

CHECKED_AT_ONCE = 2**14  # documents that are checked at once

_Identity = tuple[int, ...]


class Stored:
    """Files of a folder whose manifest was read, and whose sizes are those in it.

    Attributes
    ----------
    folder : Path
        Absolute.
    manifest : Manifest
    digest : str
        SHA-256 of the manifest.

    Raises
    ------
    FormatError
        The manifest is damaged, or a file is missing or has another size.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / MANIFEST
        self._sound: dict[str, _Identity] = {}  # files that are those of the manifest, as they were found
        self._verified: set[str] = set()  # names of parts
        if not self._path.is_file():
            raise FormatError(
                f"contains no {MANIFEST}, so it is no folder of shards; write one with "
                "write_corpus(corpus, path, format='shards')",
                self.folder,
            )
        content = self._path.read_bytes()
        self.manifest = read_manifest(content, self._path)
        self.digest = hashlib.sha256(content).hexdigest()
        self._identity = _identity(self._path)
        for name, file in self.manifest.files.items():
            path = self.folder / name
            if not path.is_file():
                raise FormatError(f"is missing, but {MANIFEST} names it", path)
            check_size(path, path.stat().st_size, file.n_bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened_again, (self.folder, self.digest)

    def check_same(self) -> None:
        """Raise FormatError if the folder was written again since it was opened."""
        if not self._path.is_file() or _identity(self._path) != self._identity:
            told = "was written again, or removed, after the corpus was opened; open it again"
            raise FormatError(told, self._path)

    @cached_property
    def vocabulary(self) -> NDArray[np.object_]:
        """Word of each column, shape (n_words,)."""
        path = self.folder / VOCABULARY
        self._check_content(VOCABULARY)
        with blamed_on(path):
            words = as_vocabulary(read_vocabulary(path, "utf-8"), self.manifest.n_words)
        return read_only(words)

    def counts(self, numbers: NDArray[np.int64]) -> "sp.csr_array[np.float32]":
        """Counts of documents with increasing numbers, canonical CSR of shape (len(numbers), n_words)."""
        self.check_same()
        return stacked(
            (self._counts(part, own) for part, own in self._by_part(numbers)), self.manifest.n_words
        )

    def _counts(self, part: Part, numbers: NDArray[np.int64]) -> "sp.csr_array[np.float32]":
        for name in part.files:
            if name != part.table:
                self._check_content(name)
        runs = Runs(numbers)
        with OpenPart(self.folder, part, self.manifest.n_words) as opened:
            counts = opened.counts(runs.spans)
        return counts if runs.places is None else counts[runs.places]

    @cached_property
    def tabled(self) -> Columns:
        """Columns of all documents from a table of metadata, in the folder or beside it.

        Raises
        ------
        FormatError
            It does not have one row per document, or has a column that the shards have too.
        """
        table = table_of_folder(self.folder)
        if table is None:
            return {}
        names = self._columns(np.arange(self.manifest.n_documents), ["name"]).get("name")
        columns = columns_in_table(table, self.manifest.n_documents, names, self.manifest.columns)
        return {name: read_only(column) for name, column in columns.items()}

    @cached_property
    def embeddings_shape(self) -> tuple[int, int] | None:
        """Numbers of documents and of columns of the embeddings, of the shards or beside them; None without.

        Raises
        ------
        FormatError
            The file is no array with one row per document.
        """
        path = embeddings_of_folder(self.folder)
        if path is None:
            return None
        self._vectors_path, self._vectors_identity = path, _identity(path)
        self._vectors = mapped(path)
        n_rows, n_columns = self._vectors.shape
        if n_rows != self.manifest.n_documents:
            raise other_rows(path, n_rows, self.manifest.n_documents)
        written = self.manifest.embeddings
        if written is not None and not (written.n_columns == n_columns and self._vectors.dtype == np.float32):
            raise FormatError(f"is not the array of {written.n_columns:,} columns that was written", path)
        return n_rows, n_columns

    def embeddings(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Embeddings of documents with increasing numbers; consecutive rows are mapped into memory."""
        self.check_same()
        path = self._vectors_path
        if self.manifest.embeddings is not None:
            self._check_content(EMBEDDINGS)
        elif not path.is_file() or _identity(path) != self._vectors_identity:
            raise FormatError("was changed after the corpus was opened; open it again", path)
        rows = rows_at(self._vectors, numbers)
        if self.manifest.embeddings is not None and rows.dtype == np.float32:
            return rows
        with blamed_on(path):
            held = as_embeddings(rows, len(numbers))
        assert held is not None
        return held

    @property
    def names(self) -> list[str]:
        """Names of the columns of the documents."""
        return [*self.manifest.columns, *self.tabled]

    def columns(self, numbers: NDArray[np.int64], names: Collection[str]) -> Columns:
        """Columns of documents with increasing numbers."""
        beside = {name: column[numbers] for name, column in self.tabled.items() if name in names}
        return self._columns(numbers, names) | beside

    def _columns(self, numbers: NDArray[np.int64], names: Collection[str]) -> Columns:
        """Columns of the shards themselves."""
        self.check_same()
        kinds = {name: kind for name, kind in self.manifest.columns.items() if name in names}
        if not kinds:
            return {}
        pieces = []
        for part, own in self._by_part(numbers):
            path = self.folder / part.table
            self._check_content(part.table)  # pyarrow must not read a damaged file
            read = read_table(path, kinds, part.n_documents, int(own[0]), int(own[-1]) + 1)
            pieces.append({name: column[own - own[0]] for name, column in read.items()})
        return joined(pieces) if pieces else {name: as_kind([], kind) for name, kind in kinds.items()}

    def _by_part(self, numbers: NDArray[np.int64]) -> Iterator[tuple[Part, NDArray[np.int64]]]:
        """Parts that have some of the documents, with the numbers of these in the part."""
        starts = self.manifest.starts
        ends = np.searchsorted(numbers, starts)
        for place, part in enumerate(self.manifest.parts):
            own = numbers[ends[place] : ends[place + 1]]
            if len(own):
                yield part, own - starts[place]

    def verify(self, numbers: NDArray[np.int64]) -> None:
        """Read the files of the parts that hold documents with increasing numbers, and check them once.

        Their SHA-256 and the structure of the counts are checked.

        Raises
        ------
        FormatError
            A file is not the one that was written; the message names it.
        """
        self.check_same()
        _ = self.vocabulary
        if self.manifest.embeddings is not None:
            self._check_content(EMBEDDINGS)
        for part, _ in self._by_part(numbers):
            if part.name not in self._verified:
                for name in part.files:
                    self._check_content(name)
                self._check_counts(part)
                self._verified.add(part.name)

    def _check_content(self, name: str) -> None:
        """Raise FormatError unless a file is the one that was written; it is read when it was not before."""
        path = self.folder / name
        try:
            found = _identity(path)
        except FileNotFoundError:
            raise FormatError("is missing", path) from None
        if self._sound.get(name) != found:
            check_size(path, found[2], self.manifest.files[name].n_bytes)
            if sha256_of(path) != self.manifest.files[name].sha256:
                told = f"is damaged: its SHA-256 is not the one in {MANIFEST}; write or copy the shards again"
                raise FormatError(told, path)
            self._sound[name] = found

    def _check_counts(self, part: Part) -> None:
        n_empty, n_tokens = 0, 0.0
        with OpenPart(self.folder, part, self.manifest.n_words) as opened:
            for start in range(0, part.n_documents, CHECKED_AT_ONCE):
                counts = opened.counts([(start, min(start + CHECKED_AT_ONCE, part.n_documents))])
                n_empty += int((np.diff(counts.indptr) == 0).sum())
                n_tokens += float(counts.data.sum(dtype=np.float64))
        if n_empty != part.n_empty or not np.isclose(n_tokens, part.n_tokens, rtol=1e-9, atol=0):
            raise FormatError(
                f"says that {part.name} has {part.n_tokens:,} tokens and {part.n_empty:,} empty documents, "
                f"but it has {whole(n_tokens):,} and {n_empty:,}",
                self._path,
            )


def opened_folder(path: str | os.PathLike[str]) -> Stored:
    """Files of a folder of shards, as they are written by one writer.

    Raises
    ------
    FileNotFoundError, FormatError
        As :func:`hftopic.open_corpus`.
    """
    folder = Path(os.path.abspath(path))
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {os.fspath(path)}")
    stored = read_set(folder, "", lambda: [folder / MANIFEST], lambda: Stored(folder))
    _ = stored.tabled, stored.embeddings_shape  # what is wrong there is told before training
    return stored


def _opened_again(folder: Path, digest: str) -> Stored:
    """Files of a folder out of a pickle."""
    stored = opened_folder(folder)
    if stored.digest != digest:
        raise FormatError("was written again after the corpus was pickled; open it again", folder / MANIFEST)
    return stored


def _identity(path: Path) -> _Identity:
    """What tells a file from one that takes its place, and from what it is after it was written to."""
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
