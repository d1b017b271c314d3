"""Decompression of files of several streams, of which the last one must be whole, too."""

import io
from collections.abc import Callable
from typing import Any

_BLOCK = 2**16


class Streams(io.RawIOBase):
    """Decompressed bytes of a .bz2 or .xz file.

    Python's own readers ignore bytes after the first stream that they cannot decompress: documents would be
    lost without an error.

    Parameters
    ----------
    file : binary stream
    decompressor : callable
        ``bz2.BZ2Decompressor`` or ``lzma.LZMADecompressor``.
    padding : bytes
        Bytes that are allowed between streams and at the end.
    """

    def __init__(
        self, file: io.BufferedReader, decompressor: Callable[[], Any], padding: bytes = b""
    ) -> None:
        self._file, self._new, self._padding = file, decompressor, padding
        self._stream = decompressor()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as possible; 0 bytes are the end.

        Raises
        ------
        EOFError, OSError, lzma.LZMAError
            The data is truncated or damaged.
        """
        while True:
            packed = b""
            if self._stream.eof:
                packed = self._next_stream()
                if not packed:
                    return 0
                self._stream = self._new()
            elif self._stream.needs_input and not (packed := self._file.read(_BLOCK)):
                raise EOFError("the file ends before the end of the compressed data")
            content = self._stream.decompress(packed, len(buffer))
            if content:
                buffer[: len(content)] = content
                return len(content)

    def _next_stream(self) -> bytes:
        """The first bytes of the next stream; none at the end of the file."""
        packed: bytes = self._stream.unused_data or self._file.read(_BLOCK)
        while packed:
            begun = packed.lstrip(self._padding) if self._padding else packed
            if begun:
                return begun
            packed = self._file.read(_BLOCK)
        return b""
