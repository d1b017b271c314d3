"""Inputs of a build: files and folders of texts, in their order, and whether they are as they were."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from hftopic._sets import complete
from hftopic.data.building.plan import folder_of
from hftopic.data.building.streams import STREAMS, Stream
from hftopic.data.corpus import CorpusError
from hftopic.data.formats import FORMATS, format_for, request_for
from hftopic.data.formats.beside import lists_of
from hftopic.data.formats.detection import format_by_name
from hftopic.data.formats.embedding_files import check_none_beside, embeddings_of_folder
from hftopic.data.formats.folder import matrices
from hftopic.data.formats.lines import FormatError, bare_name
from hftopic.data.formats.metadata_csv import check_no_table, table_of_folder
from hftopic.data.formats.registry import SPLIT_FILES
from hftopic.data.formats.request import Request
from hftopic.data.formats.splits import chosen
from hftopic.data.formats.texts import EXTENSIONS, split_files
from hftopic.data.reading import Reading
from hftopic.data.shards.manifest import MANIFEST


def as_paths(inputs: Any) -> list[Path]:
    """Paths of files and folders that exist.

    Raises
    ------
    FileNotFoundError
        One does not exist.
    ValueError
        There are none, one is a pipe, or one is there twice.
    """
    given: Iterable[Any] = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise ValueError(f"inputs must be a path or several, not {inputs!r} of type {type(inputs).__name__}")
    paths = []
    for path in given:
        if not isinstance(path, str | os.PathLike):
            raise ValueError(f"inputs must be paths; {path!r} is of type {type(path).__name__}")
        paths.append(Path(path))
    if not paths:
        raise ValueError("inputs is empty; pass the path of a file or folder of texts")
    for path in paths:
        complete(path if path.is_dir() else path.resolve().parent)
        if not path.exists():
            raise FileNotFoundError(f"no file or folder {path}")
        if not (path.is_file() or path.is_dir()):
            raise ValueError(f"{path} is a pipe or a device, which cannot be read again; save it to a file")
    real = [path.resolve() for path in paths]
    twice = next((path for path in paths if real.count(path.resolve()) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is given twice; its documents would be counted twice")
    return paths


def check_apart(paths: Sequence[Path], out: Path) -> None:
    """Check that the shards, and the pieces until then, are not among what is read or other files.

    Raises
    ------
    ValueError
        ``out`` is in a folder that is read, or what is read is in the folder of the pieces.
    FileExistsError
        ``out`` is a folder with files, and none of shards; or a table would be read as their metadata.
    """
    target, work = out.resolve(), folder_of(out)
    for path, real in ((path, path.resolve()) for path in paths):
        if path.is_dir() and target.is_relative_to(real):
            raise ValueError(
                f"{out} is in the folder {path}, which is read; choose another place for the shards"
            )
        if real.is_relative_to(work):
            raise ValueError(
                f"{path} would be among the files that a build of {out} keeps in {work}; choose another "
                "place for the shards"
            )
    check_no_table(target)
    check_none_beside(target)
    if target.is_dir():
        complete(target)
        names = sorted(name for name in os.listdir(target) if not name.startswith("."))
        if names and MANIFEST not in names:
            raise FileExistsError(
                f"{out} has {names[0]!r}, and no shards that could be replaced; choose another folder, or an "
                "empty one"
            )


def streams_of(
    paths: Sequence[Path],
    format: str | None,
    request: Request,
    reading: Reading | None = None,
    is_encoded: bool = False,
) -> list[Stream]:
    """Streams of the texts of all inputs.

    Raises
    ------
    FormatError
        An input is no texts, or its format cannot be determined.
    ValueError
        An argument has no effect with an input.
    """
    found = (_streams(path, format, request, reading, is_encoded) for path in paths)
    return list(chain.from_iterable(found))


def _streams(
    path: Path, format: str | None, request: Request, reading: Reading | None, is_encoded: bool
) -> list[Stream]:
    name = format_for(path, format, request)
    has_splits = name == "folder" and not matrices(path)
    kind = SPLIT_FILES if has_splits else FORMATS[name]
    if not kind.of_text or (name not in STREAMS and not has_splits):
        raise FormatError(
            f"is in the format {name!r}, which has no texts; convert it with write_corpus", path
        )
    held = request_for(path, kind, request, reading, is_encoded)
    if not has_splits:
        return [STREAMS[name](path, held)]
    files = chosen(path, split_files(path), request.split)
    return [_kind_of(file)(file, held, split) for split, file in files.items()]


def _kind_of(file: Path) -> type[Stream]:
    return STREAMS[EXTENSIONS[Path(bare_name(file)).suffix.lower()]]


def state_of(path: Path) -> dict[str, Any]:
    """What changes if an input changes: sizes and times of its files, and of those that are read with it."""
    files = _files(path)
    if path.is_file() and format_by_name(path) == "txt":
        files += lists_of(path)
    if path.is_dir():
        found = (table_of_folder(path), embeddings_of_folder(path))
        files += [file for file in found if file is not None and file not in files]
    digest = hashlib.sha256()
    n_bytes = 0
    for file in files:
        status = file.stat()
        n_bytes += status.st_size
        told = (os.fsencode(os.path.relpath(file, path)), status.st_size, status.st_mtime_ns)
        digest.update(repr(told).encode("ascii"))
    return {"path": os.fspath(path.resolve()), "n_bytes": n_bytes, "state": digest.hexdigest()}


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return sum(file.stat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def check_unchanged(paths: Sequence[Path], before: Sequence[dict[str, Any]]) -> None:
    """Raise CorpusError if an input is not as it was when the build began."""
    for path, state in zip(paths, before, strict=True):
        if state_of(path) != state:
            raise CorpusError(f"{path} was changed while it was read; build the corpus again")
