"""Files of a table that is written in pieces: CSV, JSONL, Parquet and NumPy's npz.

A part is a file of consecutive pieces, written by one process. The parts are joined into one file, which is
the same for any number of parts.
"""

import json
import os
import shutil
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._tables import as_csv, records

COPIED_BYTES = 2**24  # bytes that are copied at a time
ROWS = 2**14  # ids that are copied at a time


class Part(ABC):
    """Writer of a part; use it as a context manager.

    Parameters
    ----------
    path : Path
        File of the part.
    n_topics : int
        Number of the last columns, which are the topics.
    first : bool
        Whether the part is the first of the file.
    """

    def __init__(self, path: Path, n_topics: int, first: bool) -> None:
        self.path, self.n_topics, self.first = path, n_topics, first
        self._open = ExitStack()

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @abstractmethod
    def write(self, table: pd.DataFrame) -> None:
        """Add rows."""

    @staticmethod
    @abstractmethod
    def join(parts: Sequence[Path], path: Path) -> None:
        """Make a file of parts, in their order; there is at least one."""


class _Text(Part):
    """Part of a text file, which is joined byte by byte."""

    def __init__(self, path: Path, n_topics: int, first: bool) -> None:
        super().__init__(path, n_topics, first)
        self._file = self._open.enter_context(path.open("w", encoding="utf-8", newline=""))

    @staticmethod
    def join(parts: Sequence[Path], path: Path) -> None:
        os.replace(parts[0], path)
        with path.open("ab") as file:
            for part in parts[1:]:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file, COPIED_BYTES)


class Csv(_Text):
    """Comma-separated values, in which no cell is a formula of a spreadsheet."""

    def write(self, table: pd.DataFrame) -> None:
        """Add rows; the first are preceded by the names of the columns."""
        self._file.write(as_csv(table, header=self.first))
        self.first = False


class Jsonl(_Text):
    """One JSON object a line."""

    def write(self, table: pd.DataFrame) -> None:
        """Add rows."""
        for record in records(table):
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")


class Parquet(Part):
    """Parquet with a row group for each piece, and the types of the columns of the first piece."""

    _writer: Any = None

    def write(self, table: pd.DataFrame) -> None:
        """Add a row group."""
        import pyarrow as pa

        if self._writer is None:
            types = [pa.field(str(name), _arrow_type(dtype)) for name, dtype in table.dtypes.items()]
            self._schema = pa.Table.from_pandas(table, pa.schema(types), preserve_index=False).schema
            self._writer = self._open.enter_context(_writer(self.path, self._schema))
        rows = pa.Table.from_pandas(table, self._schema.remove_metadata(), preserve_index=False)
        self._writer.write_table(rows.replace_schema_metadata(self._schema.metadata), len(rows))

    @staticmethod
    def join(parts: Sequence[Path], path: Path) -> None:
        from pyarrow import parquet

        if len(parts) == 1:
            os.replace(parts[0], path)
            return
        with ExitStack() as stack:
            sources = [stack.enter_context(parquet.ParquetFile(part)) for part in parts]
            writer = stack.enter_context(_writer(path, sources[0].schema_arrow))
            for source in sources:
                for group in range(source.num_row_groups):
                    rows = source.read_row_group(group).cast(sources[0].schema_arrow)
                    writer.write_table(rows, len(rows))


def _writer(path: Path, schema: Any) -> Any:
    """Writer of row groups; numbers have no dictionary, which would be larger and four times as slow."""
    import pyarrow as pa
    from pyarrow import parquet

    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    return parquet.ParquetWriter(path, schema, use_dictionary=texts)


def _arrow_type(dtype: Any) -> Any:
    """Type of a column: texts where it is no number, also if all values of a piece are missing."""
    import pyarrow as pa

    if not (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)):
        return pa.string()
    return pa.from_numpy_dtype(getattr(dtype, "numpy_dtype", dtype))


class Npz(Part):
    """Arrays ``theta``, ``topics`` and ``documents``, the ids; a part holds them as they are joined.

    The ids of a part are in a second file, one JSON string a line, because the length of the longest is not
    known before.
    """

    _ids: IO[str]
    _theta: IO[bytes]

    def __init__(self, path: Path, n_topics: int, first: bool) -> None:
        super().__init__(path, n_topics, first)
        self._theta = self._open.enter_context(path.open("wb"))
        self._ids = self._open.enter_context(_beside(path).open("w", encoding="ascii"))
        self._head = True

    def write(self, table: pd.DataFrame) -> None:
        """Add rows; the first are preceded by the names and the type of the values."""
        topics = table.iloc[:, len(table.columns) - self.n_topics :]
        values = np.ascontiguousarray(topics.to_numpy())
        if self._head:
            head = {"topics": topics.columns.tolist(), "type": values.dtype.str}
            self._ids.write(json.dumps(head) + "\n")
            self._head = False
        self._theta.write(values.tobytes())
        self._ids.writelines(json.dumps(str(value)) + "\n" for value in table["id"])

    @staticmethod
    def join(parts: Sequence[Path], path: Path) -> None:
        with _beside(parts[0]).open(encoding="ascii") as file:
            head = json.loads(file.readline())
        topics, kind = np.array(head["topics"], dtype=str), np.dtype(head["type"])
        n_documents, longest = 0, 1
        for ids in _ids_of(parts):
            n_documents += len(ids)
            longest = max(longest, *map(len, ids))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with _entry(archive, "theta", (n_documents, len(topics)), kind) as entry:
                for part in parts:
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, entry, COPIED_BYTES)
            with _entry(archive, "topics", topics.shape, topics.dtype) as entry:
                entry.write(topics.tobytes())
            with _entry(archive, "documents", (n_documents,), np.dtype(f"<U{longest}")) as entry:
                for ids in _ids_of(parts):
                    held: NDArray[np.str_] = np.array(ids, dtype=f"<U{longest}")
                    entry.write(held.tobytes())


def _beside(path: Path) -> Path:
    """File with the ids of a part."""
    return path.with_suffix(".ids")


def _ids_of(parts: Sequence[Path]) -> Iterator[list[str]]:
    """Ids of the documents of parts, some at a time."""
    for part in parts:
        with _beside(part).open(encoding="ascii") as file:
            file.readline()
            while lines := list(islice(file, ROWS)):
                yield [json.loads(line) for line in lines]


def _entry(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> IO[bytes]:
    """Entry of an npz file to which the values of an array are written, row by row."""
    entry = archive.open(f"{name}.npy", "w", force_zip64=True)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(entry, header)
    return entry


PARTS: dict[str, type[Part]] = {".csv": Csv, ".jsonl": Jsonl, ".parquet": Parquet, ".npz": Npz}
"""Writer of a table for each ending of a file name."""


def part_for(path: Path) -> type[Part]:
    """Writer for the ending of a file name.

    Raises
    ------
    ValueError
        There is none.
    ModuleNotFoundError
        Parquet files need pyarrow.
    """
    if path.suffix not in PARTS:
        raise ValueError(f"{path}: the file name must end in {', '.join(PARTS)}")
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise ModuleNotFoundError("Parquet files need pyarrow: pip install 'hftopic[parquet]'")
    return PARTS[path.suffix]
