"""Files of word vectors: the text formats of word2vec, GloVe and fastText, and the binary one of word2vec."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from hftopic.data.formats.limits import longest_line, too_long
from hftopic.data.formats.lines import FormatError, opened
from hftopic.data.sequences import is_word

Row = tuple[str, NDArray[np.float32]]
Wanted = Callable[[str], bool]

HEADER = re.compile(rb"\s*([0-9]+)[ \t]+([0-9]+)\s*")  # numbers of words and of dimensions
LONGEST_WORD = 2**16  # bytes of a word in a binary file
LARGEST_SIZE = 2**20  # dimensions
SHOWN = 60  # bytes of a line in a message
BLOCK = 2**20  # bytes of a binary file that are read at once
PICKLE = b"\x80"  # its first byte
OF_GENSIM = (
    "is a pickle, which is never loaded, because loading it could run any code. If you trust it, pass what "
    "gensim.models.KeyedVectors.load(path) returns; or write it with save_word2vec_format"
)


def vectors_in(path: Path, wanted: Container[str] | None) -> dict[str, NDArray[np.float32]]:
    """Words of a file with the first vector of each, or those of the words that are wanted, in its order.

    Raises
    ------
    FormatError
        As in :func:`hftopic.read_word_vectors`.
    """
    kept: dict[str, NDArray[np.float32]] = {}

    def is_wanted(word: str) -> bool:
        return is_word(word) and word not in kept and (wanted is None or word in wanted)

    for word, row in _rows(path, is_wanted):
        kept[word] = row
    return kept


def _rows(path: Path, is_wanted: Wanted) -> Iterator[Row]:
    """Words that are wanted with their vectors, one after the other."""
    with opened(path) as stream:
        first = _line(path, stream, 1).removeprefix(BOM_UTF8)
        header = HEADER.fullmatch(first)
        second = stream.readline(longest_line()) if header else b""
    if first.startswith(PICKLE):
        raise FormatError(OF_GENSIM, path)
    if not first.strip():
        raise FormatError("has no word vectors", path)
    if header is None:
        yield from _of_text(path, 0, len(first.split()) - 1, None, is_wanted)
        return
    n_words, size = int(header[1]), int(header[2])
    if not n_words or not 0 < size <= LARGEST_SIZE:
        raise FormatError(f"declares {n_words:,} words with {size:,} dimensions", path, 1)
    if _numbers(second.split()[-size:], size) is not None:
        yield from _of_text(path, 1, size, n_words, is_wanted)
    else:
        yield from _of_binary(path, size, n_words, is_wanted)


def _line(path: Path, stream: IO[bytes], number: int) -> bytes:
    line = stream.readline(longest_line() + 1)
    if len(line) > longest_line():
        raise FormatError(str(too_long()), path, number)
    return line


def _of_text(path: Path, n_skipped: int, size: int, n_words: int | None, is_wanted: Wanted) -> Iterator[Row]:
    """Words and vectors of lines; a word may contain spaces, so its numbers are the last of the line."""
    n_read = 0
    with opened(path) as stream:
        lines = iter(partial(stream.readline, longest_line() + 1), b"")
        for number, line in enumerate(lines, start=1):
            if len(line) > longest_line():
                raise FormatError(str(too_long()), path, number)
            if number <= n_skipped or not line.strip():
                continue
            line = line.removeprefix(BOM_UTF8) if number == 1 else line
            word, *fields = line.strip().rsplit(maxsplit=size)
            n_read += 1
            if len(fields) == size and not is_wanted(text := word.decode("utf-8", "replace")):
                continue
            row = _numbers(fields, size)
            if row is None:
                raise FormatError(f"has no word with {size} numbers: {_shown(line)}", path, number)
            if not np.isfinite(row).all():
                raise FormatError("has a number that is not finite in float32", path, number)
            yield text, row
    _check_complete(path, n_read, n_words)


def _numbers(fields: Sequence[bytes], size: int) -> NDArray[np.float32] | None:
    """Fields of a line as numbers; None if they are none, or others than so many."""
    if not size or len(fields) != size:
        return None
    try:
        with np.errstate(over="ignore"):
            return np.array(fields, dtype=np.float64).astype(np.float32)
    except ValueError:
        return None


def _shown(line: bytes) -> str:
    """The beginning of a line, for a message."""
    return repr(line[:SHOWN].decode("utf-8", "replace").rstrip())


def _of_binary(path: Path, size: int, n_words: int, is_wanted: Wanted) -> Iterator[Row]:
    """Words, each with a space, and vectors of little-endian float32, perhaps with newlines between them."""
    n_read, at, held, width = 0, 0, b"", 4 * size
    with opened(path) as stream:
        _line(path, stream, 1)
        while n_read < n_words:
            end = held.find(b" ", at)
            if end < 0 and len(held) - at > LONGEST_WORD:
                raise FormatError(f"has neither text nor vectors of {size} numbers after line 1", path)
            if end < 0 or len(held) < end + 1 + width:
                block = stream.read(BLOCK + width)
                if not block:
                    break
                held, at = held[at:] + block, 0
                continue
            word = held[at:end].lstrip(b"\n").decode("utf-8", "replace")
            at, n_read = end + 1 + width, n_read + 1
            if is_wanted(word):
                row = np.frombuffer(held, "<f4", size, end + 1).astype(np.float32)
                if not np.isfinite(row).all():
                    raise FormatError(f"the vector of {word!r} has a number that is not finite", path)
                yield word, row
        left = (held[at:] + stream.read(1)).strip(b"\n")
    _check_complete(path, n_read, n_words)
    if left:
        raise FormatError(
            f"has more after the {n_words:,} words that it declares: it is damaged, or a word contains a "
            "space, which this format cannot hold",
            path,
        )


def _check_complete(path: Path, n_read: int, n_words: int | None) -> None:
    if n_words is not None and n_read != n_words:
        raise FormatError(
            f"declares {n_words:,} words and has {n_read:,}: it is incomplete or damaged", path, 1
        )
