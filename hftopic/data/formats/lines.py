"""Text files as numbered lines: compression, encodings, line ends, and errors with line numbers."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn

from hftopic.data.corpus import CorpusError

COMPRESSIONS = (".gz", ".xz", ".bz2")
_UNPACK: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
_PACK: dict[str, Any] = {
    # Without file name and time stamp, so that the same corpus gives the same bytes.
    ".gz": lambda file: gzip.GzipFile("", "wb", fileobj=file, mtime=0),
    ".xz": partial(lzma.LZMAFile, mode="wb"),
    ".bz2": partial(bz2.BZ2File, mode="wb"),
}
_BROKEN = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)


class FormatError(CorpusError):
    """The content of a file does not match its format; the message names the file and, if known, the line.

    Attributes
    ----------
    path : str
    line : int or None
        Counted from 1.
    """

    def __init__(self, message: str, path: str | os.PathLike[str], line: int | None = None) -> None:
        self.path = os.fspath(path)
        self.line = line
        super().__init__(f"{self.path}{f', line {line}' if line else ''}: {message}")


@contextmanager
def blamed_on(path: Path) -> Iterator[None]:
    """Convert CorpusError to a FormatError that names the file."""
    try:
        yield
    except FormatError:
        raise
    except CorpusError as error:
        raise FormatError(str(error), path) from error


def bare_name(path: Path) -> str:
    """Name of a file without the ending of a compression, such as ".gz"."""
    return path.stem if path.suffix.lower() in COMPRESSIONS else path.name


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Bytes of a file, decompressed if its name ends in .gz, .xz or .bz2.

    Raises
    ------
    FormatError
        The compressed data is damaged or truncated.
    """
    suffix = path.suffix.lower()
    with _UNPACK.get(suffix, open)(path, "rb") as stream:
        try:
            yield stream
        except _BROKEN as error:
            raise FormatError(f"damaged or truncated {suffix} data: {error}", path) from error
        except OSError as error:
            if suffix != ".bz2" or error.errno is not None:
                raise
            raise FormatError(f"damaged .bz2 data: {error}", path) from error


def read_lines(path: Path, encoding: str = "utf-8", *, keep_ends: bool = False) -> Iterator[tuple[int, str]]:
    """Numbered lines of a text file.

    A line ends with a newline, or with a carriage return and a newline. The last line may have no end. A byte
    order mark is not part of the first line.

    Parameters
    ----------
    path : Path
    encoding : str
    keep_ends : bool
        Whether to keep the line ends.

    Yields
    ------
    number : int
        Counted from 1.
    line : str

    Raises
    ------
    FormatError
        A line is not in this encoding, or the compressed data is damaged.
    LookupError
        The encoding is unknown to Python.
    """
    codec = codecs.lookup(encoding).name
    with opened(path) as stream:
        decoded = _decoded if "\n".encode(codec) == b"\n" else _decoded_wide
        for number, line in enumerate(decoded(path, stream, codec), start=1):
            text = line.removeprefix("\ufeff") if number == 1 else line
            if keep_ends:
                yield number, text
            else:
                yield number, text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _decoded(path: Path, stream: IO[bytes], codec: str) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        try:
            yield line.decode(codec)
        except UnicodeDecodeError as error:
            _refuse_encoding(path, number, codec, error)


def _decoded_wide(path: Path, stream: IO[bytes], codec: str) -> Iterator[str]:
    """Lines of an encoding such as UTF-16, whose newline is more than one byte."""
    number, text = 0, io.TextIOWrapper(stream, codec, newline="\n")
    try:
        for line in text:
            number += 1
            yield line
    except UnicodeError as error:
        _refuse_encoding(path, number + 1, codec, error)
    finally:
        text.detach()  # the caller closes the stream


def _refuse_encoding(path: Path, line: int, codec: str, error: UnicodeError) -> NoReturn:
    raise FormatError(f"not {codec}: {error}; pass its encoding with encoding=", path, line) from error


def read_list(path: Path, encoding: str = "utf-8") -> list[str]:
    """All lines of a file, in order; the inverse of `write_list`."""
    return [line for _, line in read_lines(path, encoding)]


def write_list(path: Path, values: Iterable[str], what: str) -> None:
    """Write one value per line, in UTF-8.

    Raises
    ------
    CorpusError
        A value contains a line break, or the first one starts with a byte order mark: it would be read back
        differently.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for place, value in enumerate(values):
            if "\n" in value or value.endswith("\r") or (place == 0 and value.startswith("\ufeff")):
                raise CorpusError(
                    f"cannot store {what} {place}, {value!r}: it contains a line break or a byte order mark"
                )
            stream.write(f"{encodable(value, what, place)}\n")


def encodable(value: str, what: str, place: int) -> str:
    """The value itself, if it can be encoded in UTF-8."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CorpusError(f"cannot store {what} {place}, {value!r}: {error}") from error
    return value


@contextmanager
def compressed(path: Path, target: Path) -> Iterator[IO[bytes]]:
    """Binary stream that writes to ``path``, with the compression that the name of ``target`` shows."""
    pack = _PACK.get(target.suffix.lower(), nullcontext)
    with path.open("wb") as file, pack(file) as stream:
        yield stream


@contextmanager
def compressed_text(path: Path, target: Path) -> Iterator[IO[str]]:
    """UTF-8 text stream that writes to ``path`` like `compressed`; line ends are written unchanged."""
    with compressed(path, target) as stream:
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        yield text
        text.flush()
        text.detach()
