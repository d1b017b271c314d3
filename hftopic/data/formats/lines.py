"""Text files as numbered lines: compression, encodings, line ends, and errors with line numbers."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import warnings
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NoReturn

from hftopic._callers import level_of_the_caller
from hftopic.data.corpus import CorpusError
from hftopic.data.formats.decompression import Streams
from hftopic.data.formats.foreign import told_by_start
from hftopic.data.formats.limits import (
    BLANK_LINES,
    RAISE,
    TooLargeError,
    Unpacked,
    largest_pipe,
    longest_line,
    too_long,
)

COMPRESSIONS = (".gz", ".xz", ".bz2")
_PACK: dict[str, Any] = {
    # Without file name and time stamp, so that the same corpus gives the same bytes.
    ".gz": lambda file: gzip.GzipFile("", "wb", fileobj=file, mtime=0),
    ".xz": partial(lzma.LZMAFile, mode="wb"),
    ".bz2": partial(bz2.BZ2File, mode="wb"),
}
_UNPACK: dict[str, Callable[[io.BufferedReader], Any]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".xz": lambda file: Streams(file, lzma.LZMADecompressor, padding=b"\0"),
    ".bz2": lambda file: Streams(file, bz2.BZ2Decompressor),
}
_BROKEN = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)
_BUFFER = 2**16
_watched: ContextVar[list[IO[bytes]] | None] = ContextVar("watched", default=None)


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
        self.message = message
        super().__init__(f"{self.path}{f', line {line}' if line else ''}: {message}")

    def __reduce__(self) -> tuple[type["FormatError"], tuple[str, str, int | None]]:
        return type(self), (self.message, self.path, self.line)


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
        The compressed data is damaged or truncated, or expands beyond the limits of
        `hftopic.data.formats.limits`; or the file is of another kind, such as a spreadsheet.
    """
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            watched = _watched.get()
            if watched is not None:
                watched.append(file)
            yield _unpacked(path, file, suffix)
    except TooLargeError as error:
        raise FormatError(str(error), path) from error
    except _BROKEN as error:
        raise FormatError(f"damaged or truncated {suffix} data: {error}", path) from error
    except OSError as error:
        if suffix != ".bz2" or error.errno is not None:
            raise
        raise FormatError(f"damaged .bz2 data: {error}", path) from error


def watch() -> Callable[[], int]:
    """Function that gives the bytes read so far of the file that is being read, for a progress bar.

    It is one of the files that are opened in this context (`contextvars`) from now on; if there are several,
    the one that was read furthest.
    """
    files: list[IO[bytes]] = []
    _watched.set(files)

    def position() -> int:
        files[:] = [file for file in files if not file.closed]
        return max((file.tell() for file in files), default=0)

    return position


def _unpacked(path: Path, file: io.BufferedReader, suffix: str) -> io.BufferedReader:
    if suffix in _UNPACK:
        return io.BufferedReader(Unpacked(_UNPACK[suffix](file), file), _BUFFER)
    other = told_by_start(file.peek(10)[:10])
    if other:
        raise FormatError(other, path)
    return file


@contextmanager
def rereadable(path: Path, near: Callable[[Path], Iterable[Path]] = lambda _: ()) -> Iterator[Path]:
    """The path itself; for a pipe, which can be read only once, a temporary file with its content.

    Next to the temporary file are links to the files that ``near`` finds next to the pipe.

    Raises
    ------
    FormatError
        The pipe has more bytes than the limit.
    """
    if path.is_file() or path.is_dir():
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        with path.open("rb") as pipe, copy.open("wb") as stream:
            left = largest_pipe()
            while left > 0 and (block := pipe.read(min(left, _BUFFER))):
                left -= stream.write(block)
            if pipe.read(1):
                told = f"gives more than {largest_pipe():,} bytes; save it to a file, or {RAISE}"
                raise FormatError(told, path)
        for other in near(path):
            Path(folder, other.name).symlink_to(other.absolute())
        try:
            yield copy
        except FormatError as error:
            told_of = Path(error.path)
            if told_of.parent != Path(folder):
                raise
            raise FormatError(error.message, path.with_name(told_of.name), error.line) from error


def read_lines(
    path: Path, encoding: str = "utf-8", *, keep_ends: bool = False, needs_end: bool = True
) -> Generator[tuple[int, str], None, None]:
    """Numbered lines of a text file.

    A line ends with a newline, or with a carriage return and a newline; in a file without any newline, with a
    carriage return. A byte order mark is not part of the first line. If the last line has no end, unlike the
    lines before it, the file may have been cut off, so a warning names it.

    Parameters
    ----------
    path : Path
    encoding : str
    keep_ends : bool
        Whether to keep the line ends. Carriage returns within lines are then allowed.
    needs_end : bool
        Whether a last line without an end is suspect.

    Yields
    ------
    number : int
        Counted from 1.
    line : str

    Raises
    ------
    FormatError
        A line is not in this encoding, is too long, or contains NUL or a carriage return; or the compressed
        data is damaged.
    LookupError
        The encoding is unknown to Python.
    """
    codec = codecs.lookup(encoding).name
    number, line = 0, ""
    with opened(path) as stream:
        for number, line in enumerate(_physical(path, stream, codec), start=1):
            text = line if keep_ends else line.rstrip("\r\n") if line.endswith("\n") else line
            if not keep_ends and "\r" in text:
                told = "contains a carriage return: the line ends are mixed; convert all of them to newlines"
                raise FormatError(told, path, number)
            yield number, text
    if needs_end and number > 1 and not line.endswith("\n"):
        warn_of_cut(path, number)


def warn_of_cut(path: Path, line: int) -> None:
    """Warn that the last line of a file may be a part of a line."""
    warnings.warn(
        f"{path}, line {line}: the last line has no line end, unlike the lines before it. If the file was "
        "cut off, the rest of this line is missing; if not, end it with a newline",
        UserWarning,
        stacklevel=level_of_the_caller(),
    )


def _physical(path: Path, stream: IO[bytes], codec: str) -> Iterator[str]:
    """Lines with their ends, without a byte order mark."""
    try:
        newline = "\n".encode(codec)
    except UnicodeError as error:
        raise LookupError(f"the encoding {codec} is not one of text: {error}") from error
    decoded = _decoded if newline == b"\n" else _decoded_wide
    blank = 0
    for number, line in enumerate(_ended_by_newlines(decoded(path, stream, codec)), start=1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if "\0" in text:
            raise FormatError(_told_of_nul(text), path, number)
        blank = blank + 1 if text.isspace() else 0
        if blank > BLANK_LINES:
            raise FormatError(f"more than {BLANK_LINES:,} blank lines in sequence", path, number)
        if text:
            yield text


def _ended_by_newlines(lines: Iterator[str]) -> Iterator[str]:
    """The lines; if there is only one, without a newline, its carriage returns are the line ends."""
    first = next(lines, "")
    if "\r" in first and not first.endswith("\n"):
        *whole, rest = first.split("\r")
        yield from (f"{part}\n" for part in whole)
        first = rest
    yield first
    yield from lines


def _told_of_nul(text: str) -> str:
    share = text.count("\0") / len(text)
    if share < 1 / 3 or share > 0.8 or text.isspace():
        return (
            "contains the character NUL, which text does not have: is the file damaged, or not a text file?"
        )
    order = "le" if text.index("\0") % 2 else "be"
    zeros, bits = ("three of four bytes are", 32) if share > 0.6 else ("every second byte is", 16)
    return f"{zeros} zero, as in UTF-{bits} without a mark; pass encoding='utf-{bits}-{order}'"


def _decoded(path: Path, stream: IO[bytes], codec: str) -> Iterator[str]:
    limit = longest_line()
    for number, line in enumerate(iter(partial(stream.readline, limit + 1), b""), start=1):
        if len(line) > limit:
            raise FormatError(str(too_long()), path, number)
        try:
            yield line.decode(codec)
        except UnicodeDecodeError as error:
            if number == 1 and line.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
                raise FormatError("is in UTF-32; pass encoding='utf-32'", path) from error
            if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise FormatError("is in UTF-16; pass encoding='utf-16'", path) from error
            _refuse_encoding(path, number, codec, error)


def _decoded_wide(path: Path, stream: IO[bytes], codec: str) -> Iterator[str]:
    """Lines of an encoding such as UTF-16, whose newline is more than one byte."""
    number, text, limit = 0, io.TextIOWrapper(stream, codec, newline="\n"), longest_line()
    try:
        for line in iter(partial(text.readline, limit + 1), ""):
            number += 1
            if len(line) > limit:
                raise FormatError(str(too_long()), path, number)
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
            if "\n" in value or "\r" in value or (place == 0 and value.startswith("\ufeff")):
                raise CorpusError(
                    f"cannot store {what} {place}, {value!r}: it contains a line break or a byte order mark"
                )
            stream.write(f"{encodable(value, what, place)}\n")


def encodable(value: str, what: str, place: int) -> str:
    """The value itself, if a text file can contain it."""
    told = not_text(value)
    if told:
        raise CorpusError(f"cannot store {what} {place}, {value!r}: it contains {told}")
    return value


def not_text(value: str) -> str | None:
    """The character of a string that no text file can contain, in words; None if there is none."""
    if "\0" in value:
        return "the character NUL"
    if value.isascii():
        return None
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"half of a character, {value[error.start]!r} (a lone surrogate)"
    return None


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
