"""A second reading of every corpus format, strict and slow, which shares no code with the package.

A reader raises `Refused`, or returns a `Reading`. What it reads although a strict reader would not, it names
in ``Reading.odd``, so that the fuzzer can ask whether the package documents this tolerance.
"""

import ast
import bz2
import io
import json
import lzma
import math
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Files = dict[str, bytes]
COMPRESSIONS = ("", ".gz", ".xz", ".bz2")
LARGEST = 2**24
SPLITS = ("train", "valid", "val", "dev", "test")


COLUMNS = ("text", "label", "name", "split", "date")


class Refused(Exception):  # noqa: N818
    """The files are not a corpus."""


@dataclass
class Reading:
    """A corpus as plain lists; ``counts`` are sums of the entries of each document and word."""

    counts: list[dict[int, float]]
    vocabulary: list[str]
    labels: list[str] | None = None
    names: list[str] | None = None
    splits: list[str] | None = None
    tokens: list[tuple[str, ...]] | None = None
    dates: list[str] | None = None
    odd: set[str] = field(default_factory=set)


class Reader:
    """One reading of some files; the methods named ``read_…`` are the formats."""

    def __init__(
        self, files: Files, target: str, *, encoding: str = "utf-8", split: str | None = None, format: str
    ) -> None:
        self.files, self.target, self.encoding, self.split = files, target, encoding, split
        self.format, self.odd, self.zeros_may_follow = format, set[str](), False

    def read(self) -> Reading:
        reading = FORMATS[self.format](self)
        reading.odd = self.odd
        n = len(reading.counts)
        for values in (reading.labels, reading.names, reading.splits, reading.dates):
            self._hold(values is None or len(values) == n, "number of values")
        if self.split is not None:
            self._hold(reading.splits is not None and self.split in reading.splits, "no such split")
            rows = [row for row, split in enumerate(reading.splits or ()) if split == self.split]
            reading.counts = [reading.counts[row] for row in rows]
            for part in ("labels", "names", "splits", "tokens", "dates"):
                values = getattr(reading, part)
                setattr(reading, part, None if values is None else [values[row] for row in rows])
        for counts in reading.counts:
            for count in counts.values():
                self._hold(math.isfinite(count) and 0 <= count <= LARGEST, f"the count {count}")
        if reading.dates is not None:
            reading.dates = [date if date.strip() else "" for date in reading.dates]
        for what in ("labels", "names", "splits"):
            if not all(value.strip() for value in getattr(reading, what) or ()):
                self.odd.add(f"empty {what}")
        return reading

    @staticmethod
    def _hold(condition: bool, what: str) -> None:
        if not condition:
            raise Refused(what)

    # Bytes and lines

    def content(self, name: str) -> bytes:
        if name not in self.files:
            raise Refused(f"no {name}")
        data = self.files[name]
        try:
            self.zeros_may_follow = name.endswith((".gz", ".xz"))
            if name.endswith(".gz"):
                if data[3:4] > b"\x1f":
                    self.odd.add("reserved flags of gzip")
                    data = data[:3] + bytes([data[3] & 0x1F]) + data[4:]
                return self._streams(data, lambda: zlib.decompressobj(31))
            if name.endswith(".xz"):
                return self._streams(data, lzma.LZMADecompressor)
            if name.endswith(".bz2"):
                return self._streams(data, bz2.BZ2Decompressor)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise Refused(f"compression: {error}") from error
        return data

    def _streams(self, data: bytes, make: Callable[[], Any]) -> bytes:
        out = b""
        while data:
            stream = make()
            try:
                part = stream.decompress(data)
            except (zlib.error, lzma.LZMAError, OSError):
                if not out:
                    raise
                self.odd.add("bytes after the compressed data")
                return out
            self._hold(stream.eof, "truncated compression")
            out, data = out + part, stream.unused_data
            if data and not data.strip(b"\0"):
                what = "zeros" if self.zeros_may_follow else "bytes"
                self.odd.add(f"{what} after the compressed data")
                return out
        return out

    def text(self, name: str) -> str:
        try:
            text = self.content(name).decode(self.encoding)
        except UnicodeError as error:
            raise Refused(f"encoding: {error}") from error
        if "\0" in text:
            self.odd.add("NUL")
        return text.removeprefix("\ufeff")

    def ended(self, name: str, needs_end: bool = True) -> str:
        """Text with an end after every line; in a text without newlines, carriage returns end the lines."""
        text = self.text(name)
        if "\r" in text and "\n" not in text:
            self.odd.add("carriage returns as line ends")
            text = text.replace("\r", "\n")
        if text and not text.endswith("\n"):
            if needs_end and "\n" in text and text.rpartition("\n")[2].strip():
                self.odd.add("last line without an end")
            text += "\n"
        return text

    def lines(self, name: str, needs_end: bool = True) -> list[str]:
        """Lines without their ends, which are newlines or a carriage return and a newline."""
        text = self.ended(name, needs_end)
        if not text:
            return []
        lines = [line.removesuffix("\r") for line in text[:-1].split("\n")]
        if any("\r" in line for line in lines):
            self.odd.add("lone carriage return")
        return lines

    def find(self, names: Sequence[str]) -> str | None:
        """The first of these files that exists, compressed or not."""
        folder = self.target.rpartition("/")[0]
        for name in names:
            for ending in COMPRESSIONS:
                path = f"{folder}/{name}{ending}" if folder else name + ending
                if path in self.files:
                    return path
        return None

    @property
    def bare(self) -> str:
        name = self.target.rpartition("/")[2]
        return next((name.removesuffix(e) for e in COMPRESSIONS if e and name.endswith(e)), name)

    @property
    def stem(self) -> str:
        return self.bare.rpartition(".")[0] or self.bare

    # Files beside

    def words(self) -> list[str]:
        stem = self.stem
        title = stem.removeprefix("docword.")
        own = [f"{stem}.vocab.txt", f"vocab.{title}.txt", f"{stem}.vocab", f"{self.bare}.vocab"]
        if stem.startswith("docword."):
            own[:2] = own[1::-1]
        name = self.find([*own, "vocab.txt", "vocabulary.txt"])
        self._hold(name is not None, "no vocabulary")
        return self.word_list(str(name))

    def word_list(self, name: str) -> list[str]:
        """Words, one per line, or as gensim, pandas and R write them: all lines in one of these layouts."""
        lines = [line.strip() for line in self.lines(name)]
        while lines and not lines[-1]:
            lines.pop()
            self.odd.add("blank lines at the end of a list")
        for words in (self.words_with_ids(lines), self.words_with_counts(lines), self.words_in_quotes(lines)):
            if words is not None:
                break
        else:
            words = lines
            self._hold(not any("\t" in line for line in lines), "tabs in a list of words")
        self._hold(all(words) and len(words) == len(set(words)) > 0, "blank or repeated words")
        return words

    def words_with_ids(self, lines: list[str]) -> list[str] | None:
        """``id<tab>word``, perhaps with numbers after it, and perhaps with a number as the first line."""
        body = lines[1:] if lines and re.fullmatch("[0-9]+", lines[0]) else lines
        rows = [line.split("\t") for line in body]
        if len(rows) < 2 or not all(
            len(row) > 1 and _is_number(row[0]) and all(map(_is_number, row[2:])) for row in rows
        ):
            return None
        if all(_is_number(row[1]) for row in rows):
            return None
        words = {int(row[0].strip('"').partition(".")[0]): row[1] for row in rows}
        first = min(words)
        self._hold(first < 2 and sorted(words) == list(range(first, first + len(rows))), "ids of words")
        return self.unquoted([words[at] for at in sorted(words)])

    def words_with_counts(self, lines: list[str]) -> list[str] | None:
        """``word<tab>count``, or ``word<tab>index`` if the numbers are those of all columns from 0."""
        for body in (lines, lines[1:] if lines and "\t" in lines[0] else []):
            rows = [line.split("\t") for line in body]
            if len(rows) > 1 and all(
                len(row) > 1 and row[0] and all(map(_is_number, row[1:])) for row in rows
            ):
                column = {row[1].strip('"').lstrip("0") or "0": row[0] for row in rows}
                if sorted(column) == sorted(map(str, range(len(rows)))):
                    return self.unquoted([column[str(at)] for at in range(len(rows))])
                return self.unquoted([row[0] for row in rows])
        return None

    def unquoted(self, words: list[str]) -> list[str]:
        """Quotes are part of the words unless every word has them."""
        if all(re.fullmatch('"(?:[^"]|"")+"', word) for word in words):
            return [word[1:-1].replace('""', '"') for word in words]
        return words

    def words_in_quotes(self, lines: list[str]) -> list[str] | None:
        """R's list of one column, whose heading is "x"."""
        if len(lines) < 2 or not all(re.fullmatch('"(?:[^"]|"")+"', line) for line in lines):
            return None
        words = [line[1:-1].replace('""', '"') for line in lines]
        return words[1:] if words[0] in ("x", "V1") else words

    def list_beside(self, what: str, n: int) -> list[str] | None:
        name = self.find([f"{self.stem}.{what}.txt", f"{self.stem}_{what}.txt"])
        return None if name is None else self.exactly(name, n)

    def exactly(self, name: str, n: int) -> list[str]:
        values = self.lines(name)
        while len(values) > n and not values[-1].strip():
            values.pop()
            self.odd.add("blank lines at the end of a list")
        self._hold(len(values) == n, f"{len(values)} values in {name} for {n} documents")
        return values

    def counted(
        self, counts: list[dict[int, float]], words: list[str], labels: list[str] | None = None
    ) -> Reading:
        n = len(counts)
        own = self.list_beside("labels", n)
        names, splits = self.list_beside("names", n), self.list_beside("splits", n)
        dates = self.list_beside("dates", n)
        return Reading(counts, words, labels if own is None else own, names, splits, None, dates)

    # Formats of counts

    def read_ldac(self) -> Reading:
        words, counts = self.words(), []
        for line in self.lines(self.target):
            if not line.strip():
                self.odd.add("blank line")
                continue
            first, *pairs = line.split()
            own: dict[int, float] = {}
            number = self._natural(first)
            self._hold(number == len(pairs), "number of pairs")
            for pair in pairs:
                word, colon, count = pair.partition(":")
                self._hold(bool(colon), "pair")
                self.add(own, self._natural(word), self._natural(count), len(words))
            counts.append(own)
        return self.counted(counts, words)

    def _natural(self, text: str) -> int:
        self._hold(bool(re.fullmatch("[0-9]+", text)), f"number {text!r}")
        if len(text) > 1 and text[0] == "0":
            self.odd.add("leading zeros")
        self._hold(len(text) < 4000, "number of digits")
        return int(text)

    def add(self, own: dict[int, float], word: int, count: float, n_words: int) -> None:
        self._hold(0 <= word < n_words, f"word id {word}")
        self._hold(count >= 0, f"count {count}")
        if word in own:
            self.odd.add("repeated entry")
        own[word] = own.get(word, 0) + count

    def read_svmlight(self, base: int | None = None) -> Reading:
        words, rows, labels = self.words(), [], []
        told = None
        for line in self.lines(self.target):
            text, _, comment = line.partition("#")
            found = re.search("column indices are (zero|one)-based", comment, re.IGNORECASE)
            told = {"zero": 0, "one": 1}[found.group(1).lower()] if found else told
            if not text.strip():
                if not comment:
                    self.odd.add("blank line")
                continue
            label, *pairs = text.split()
            self._hold(":" not in label, "label")
            if pairs and pairs[0].startswith("qid:"):
                self._natural(pairs.pop(0)[4:])
            row = []
            for pair in pairs:
                word, colon, count = pair.partition(":")
                self._hold(bool(colon), "pair")
                row.append((self._natural(word), self._real(count)))
            rows.append(row)
            labels.append(label)
        ids = [word for row in rows for word, _ in row]
        if base is None:
            base = told
        if base is None:
            if not ids or min(ids) == 0:
                base = 0
            else:
                self._hold(max(ids) >= len(words), "ids start at 0 or at 1")
                base = 1
        counts = []
        for row in rows:
            own: dict[int, float] = {}
            for word, count in row:
                self.add(own, word - base, count, len(words))
            counts.append(own)
        return self.counted(counts, words, None if set(labels) <= {"0"} else labels)

    def _real(self, text: str) -> float:
        self._hold(
            bool(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text)), f"number {text!r}"
        )
        number = float(text)
        self._hold(math.isfinite(number), f"number {text!r}")
        if number == 0 and re.search("[1-9]", text.lower().partition("e")[0]):
            self.odd.add("number below the smallest float")
        return number

    def binary_lines(self, name: str) -> list[bytes]:
        data = self.content(name).removeprefix(b"\xef\xbb\xbf")
        if data and not data.endswith(b"\n"):
            if data.rpartition(b"\n")[2].strip():
                self.odd.add("last line without an end")
            data += b"\n"
        return data.split(b"\n")[:-1]

    def read_docword(self) -> Reading:
        words, lines = self.words(), self.binary_lines(self.target)
        self._hold(len(lines) >= 3, "header")
        n, declared, n_entries = (self._natural(self._ascii(line.strip())) for line in lines[:3])
        self._hold(declared == len(words) and n <= 10**6, "sizes")
        counts: list[dict[int, float]] = [{} for _ in range(n)]
        found = 0
        for line in lines[3:]:
            if not line.strip():
                self.odd.add("blank line")
                continue
            parts = line.split()
            self._hold(len(parts) == 3, "entry")
            document, word, count = (self._natural(self._ascii(part)) for part in parts)
            self._hold(1 <= document <= n, "document id")
            self.add(counts[document - 1], word - 1, count, len(words))
            found += 1
        self._hold(found == n_entries, "number of entries")
        return self.counted(counts, words)

    def _ascii(self, text: bytes) -> str:
        try:
            return text.decode("ascii")
        except UnicodeDecodeError as error:
            raise Refused("not ASCII") from error

    def read_matrixmarket(self) -> Reading:
        words, lines = self.words(), self.binary_lines(self.target)
        self._hold(bool(lines), "empty")
        banner = self._ascii(lines.pop(0)).split()
        self._hold(len(banner) == 5 and banner[0].lower() == "%%matrixmarket", "banner")
        if banner[0] != "%%MatrixMarket":
            self.odd.add("banner in other letters")
        kind, layout, values, symmetry = (word.lower() for word in banner[1:])
        if [kind, layout, values, symmetry] != banner[1:]:
            self.odd.add("banner in other letters")
        self._hold(kind == "matrix" and layout in ("coordinate", "array"), "layout")
        self._hold(values in ("integer", "real", "double", "pattern", "unsigned-integer"), "field")
        self._hold(symmetry in ("general", "symmetric", "skew-symmetric"), "symmetry")
        self._hold(not (layout == "array" and values == "pattern"), "dense pattern")
        while lines and (lines[0].startswith(b"%") or not lines[0].strip()):
            if not lines.pop(0).strip():
                self.odd.add("blank line")
        self._hold(bool(lines), "no size")
        sizes = [self._natural(self._ascii(part)) for part in lines.pop(0).split()]
        self._hold(len(sizes) == (2 if layout == "array" else 3), "size")
        rows, columns = sizes[:2]
        self._hold(columns == len(words) and rows <= 10**6, "columns")
        self._hold(symmetry == "general" or rows == columns, "not square")
        counts: list[dict[int, float]] = [{} for _ in range(rows)]
        entries = []
        for line in lines:
            if not line.strip():
                self.odd.add("blank line")
                continue
            entries.append([self._ascii(part) for part in line.split()])
        if layout == "array":
            skew = symmetry == "skew-symmetric"
            cells = [
                (row, column)
                for column in range(columns)
                for row in range(0 if symmetry == "general" else column + skew, rows)
            ]
            self._hold(len(cells) == len(entries) and all(len(entry) == 1 for entry in entries), "entries")
            entries = [
                [str(row + 1), str(column + 1), *entry]
                for (row, column), entry in zip(cells, entries, strict=True)
            ]
        else:
            self._hold(len(entries) == sizes[2], "number of entries")
        for entry in entries:
            self._hold(len(entry) == (2 if values == "pattern" else 3), "entry")
            row, column = self._natural(entry[0]) - 1, self._natural(entry[1]) - 1
            self._hold(0 <= row < rows and 0 <= column < columns, "place")
            if values == "pattern":
                count = 1.0
            elif values in ("integer", "unsigned-integer"):
                self._hold(bool(re.fullmatch("[+-]?[0-9]{1,400}", entry[2])), "integer")
                count = float(int(entry[2]))
            else:
                count = self._real(entry[2])
            self._hold(count >= 0, "negative count")
            self.add(counts[row], column, count, columns)
            if symmetry != "general":
                if row < column:
                    self.odd.add("entry in the upper triangle")
                if symmetry == "skew-symmetric":
                    self._hold(count == 0 and row != column, "skew")
                elif row != column:
                    self.add(counts[column], row, count, columns)
        return self.counted(counts, words)

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        held: dict[str, np.ndarray] = {}
        try:
            with zipfile.ZipFile(io.BytesIO(self.content(name))) as archive:
                for member in archive.infolist():
                    key = member.filename.removesuffix(".npy")
                    if key in held:
                        self.odd.add("repeated member of an .npz")
                    if member.filename != f"{key}.npy":
                        self.odd.add("member of an .npz that is no .npy")
                        continue
                    array = self._array(archive.read(member))
                    if array is not None:
                        held[key] = array
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            OSError,
            EOFError,
            ValueError,
            KeyError,
        ) as error:
            raise Refused(f"zip: {error}") from error
        except (zlib.error, lzma.LZMAError, MemoryError, OverflowError, IndexError) as error:
            raise Refused(f"zip: {error}") from error
        return held

    def _array(self, data: bytes) -> np.ndarray | None:
        """An .npy file; None where it is none, which matters only if the array is asked for."""
        if data[:6] != b"\x93NUMPY" or data[6:8] not in (b"\1\0", b"\2\0", b"\3\0"):
            self.odd.add("broken member of an .npz")
            return None
        width = 2 if data[6] == 1 else 4
        start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
        try:
            text = data[8 + width : start].decode("latin-1")
            if "\0" in text:
                self.odd.add("NUL in the header of an array")
            header = ast.literal_eval(text.replace("\0", "").strip())
            self._hold(set(header) == {"descr", "fortran_order", "shape"}, "npy header")
            shape, kind = header["shape"], header["descr"]
            self._hold(isinstance(kind, str) and isinstance(header["fortran_order"], bool), "npy header")
            self._hold(all(type(size) is int and size >= 0 for size in shape), "npy header")
            dtype = np.dtype(kind)
            self._hold(
                not dtype.hasobject and len(data) - start == dtype.itemsize * math.prod(shape), "npy size"
            )
            order = "F" if header["fortran_order"] else "C"
            return np.frombuffer(data[start:], dtype).reshape(shape, order=order)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, AttributeError, Refused):
            self.odd.add("broken member of an .npz")
            return None

    def matrix(self, name: str, n_words: int) -> list[dict[int, float]]:
        """Rows of a sparse matrix of scipy."""
        held = self.arrays(name)

        def get(key: str, dimensions: int = 1, kinds: str = "iu") -> np.ndarray:
            array = held.get(key)
            if array is None or array.ndim != dimensions or array.dtype.kind not in kinds:
                raise Refused(f"array {key}")
            return array

        kind = held.get("format")
        self._hold(kind is not None and kind.ndim == 0 and kind.dtype.kind in "SU", "format")
        layout = kind.item() if kind is not None else ""
        layout = layout.decode("latin-1") if isinstance(layout, bytes) else layout
        shape = [int(size) for size in get("shape")]
        self._hold(len(shape) == 2 and shape[1] == n_words and 0 <= shape[0] <= 10**6, "shape")
        entries: list[tuple[int, int, float]] = []
        if layout in ("csr", "csc", "bsr"):
            data = get("data", 3 if layout == "bsr" else 1, "biuf")
            ends, ids = get("indptr").tolist(), get("indices").tolist()
            height, width = data.shape[1:] if layout == "bsr" else (1, 1)
            self._hold(height > 0 and width > 0, "blocks")
            self._hold(shape[0] % height == 0 and shape[1] % width == 0, "blocks")
            major, minor = shape[0] // height, shape[1] // width
            if layout == "csc":
                major, minor = minor, major
            self._hold(len(ends) == major + 1 and ends[0] == 0 and sorted(ends) == ends, "indptr")
            self._hold(ends[-1] <= len(ids) and ends[-1] <= len(data), "indices")
            if not ends[-1] == len(ids) == len(data):
                self.odd.add("more entries than indptr declares")
            for outer in range(major):
                for place in range(ends[outer], ends[outer + 1]):
                    inner = ids[place]
                    self._hold(0 <= inner < minor, "indices")
                    row, column = (inner, outer) if layout == "csc" else (outer, inner)
                    block = np.asarray(data[place]).reshape(height, width)
                    entries += [
                        (row * height + down, column * width + right, float(block[down, right]))
                        for down in range(height)
                        for right in range(width)
                        if layout != "bsr" or block[down, right] != 0
                    ]
        elif layout == "coo":
            data, rows, columns = get("data", 1, "biuf"), get("row"), get("col")
            self._hold(len(data) == len(rows) == len(columns), "lengths")
            entries = list(zip(rows.tolist(), columns.tolist(), map(float, data.tolist()), strict=True))
        elif layout == "dia":
            data, offsets = get("data", 2, "biuf"), get("offsets").tolist()
            self._hold(len(data) == len(offsets) == len(set(offsets)), "offsets")
            for values, offset in zip(data.tolist(), offsets, strict=True):
                for column, value in enumerate(values):
                    if 0 <= column - offset < shape[0] and column < shape[1] and value != 0:
                        entries.append((column - offset, column, float(value)))
        else:
            raise Refused(f"format {layout!r}")
        counts: list[dict[int, float]] = [{} for _ in range(shape[0])]
        for row, column, count in entries:
            self._hold(0 <= row < shape[0] and math.isfinite(count), "place or value")
            self.add(counts[row], column, count, n_words)
        return counts

    def read_npz(self) -> Reading:
        words = self.words()
        return self.counted(self.matrix(self.target, len(words)), words)

    def read_folder(self) -> Reading:
        files = {name.removeprefix(f"{self.target}/"): name for name in self.files}
        parts = {name[:-4] for name in files if name.endswith(".npz") and "/" not in name}
        parts = {part for part in parts if not part.endswith("_tokens")}
        if not parts:
            return self.read_split_files()
        key = "vocab.txt" if "vocab.txt" in files else "vocabulary.txt"
        self._hold(key in files, "no vocabulary")
        words = self.word_list(files[key])
        joined = Reading([], words, [], [], [], [])
        have: dict[str, list[bool]] = {"labels": [], "names": [], "tokens": []}
        order = _in_order(parts)
        if self.split is not None:
            self._hold(self.split in parts, "no such split")
            order = [self.split]
        for part in order:
            counts = self.matrix(files[f"{part}.npz"], len(words))
            joined.counts += counts
            joined.splits += [part] * len(counts)  # type: ignore[operator]
            for what in ("labels", "names"):
                name = files.get(f"{part}_{what}.txt")
                have[what].append(name is not None)
                values = [] if name is None else self.exactly(name, len(counts))
                getattr(joined, what).extend(self.class_names(files, values) if what == "labels" else values)
            tokens = files.get(f"{part}_tokens.npz")
            have["tokens"].append(tokens is not None)
            if tokens is not None:
                joined.tokens += self.token_arrays(tokens, counts, words)  # type: ignore[operator]
        for what, held in have.items():
            self._hold(len(set(held)) == 1, f"{what} for some splits")
            if not held[0]:
                setattr(joined, what, None)
        if order == ["counts"]:
            joined.splits = None
        if "order.txt" in files and self.split is None:
            places = self.lines(files["order.txt"])
            n = len(joined.counts)
            self._hold(sorted(places) == sorted(map(str, range(n))), "order")
            back = [places.index(str(row)) for row in range(n)]
            for what in ("counts", "labels", "names", "splits", "tokens"):
                values = getattr(joined, what)
                setattr(joined, what, None if values is None else [values[row] for row in back])
        return joined

    def class_names(self, files: dict[str, str], values: list[str]) -> list[str]:
        if "labels.txt" not in files:
            return values
        names = self.lines(files["labels.txt"])
        numbers = {str(number): name for number, name in enumerate(names)}
        if set(values) <= set(numbers):
            return [numbers[value] for value in values]
        self._hold(set(values) <= set(names), "labels")
        return values

    def token_arrays(
        self, name: str, counts: list[dict[int, float]], words: list[str]
    ) -> list[tuple[str, ...]]:
        held = self.arrays(name)
        ids, ends = held.get("ids"), held.get("ends")
        if ids is None or ends is None:
            raise Refused("tokens")
        self._hold(
            ids.ndim == ends.ndim == 1 and ids.dtype.kind in "iu" and ends.dtype.kind in "iu", "tokens"
        )
        bounds = [0, *ends.tolist()]
        self._hold(len(ends) == len(counts) and bounds == sorted(bounds) and bounds[-1] == len(ids), "ends")
        self._hold(all(0 <= place < len(words) for place in ids.tolist()), "ids")
        documents = [tuple(words[i] for i in ids[a:b]) for a, b in pairwise(bounds)]
        for document, own in zip(documents, counts, strict=True):
            self._hold(
                {words[word]: count for word, count in own.items() if count} == _sums(document),
                "tokens and counts",
            )
        return documents

    def read_octis(self) -> Reading:
        if self.target not in self.files and f"{self.target}/corpus.tsv" in self.files:
            self.target = f"{self.target}/corpus.tsv"
        rows = self.table(self.target, "\t")
        self._hold(bool(rows) and len({len(row) for row in rows}) == 1 and len(rows[0]) <= 3, "columns")
        tokens = [tuple(row[0].split()) for row in rows]
        splits = [row[1] for row in rows] if len(rows[0]) > 1 else None
        self._hold(splits is None or set(splits) <= {"train", "val", "test"}, "split")
        name = self.find(["vocabulary.txt", f"{self.stem}.vocab.txt", f"vocab.{self.stem}.txt", "vocab.txt"])
        words = (
            sorted({word for document in tokens for word in document})
            if name is None
            else self.word_list(name)
        )
        self._hold(bool(words), "no words")
        column = {word: place for place, word in enumerate(words)}
        self._hold(all(word in column for document in tokens for word in document), "word")
        return Reading(
            [{column[word]: n for word, n in _sums(document).items()} for document in tokens],
            words,
            [row[2] for row in rows] if len(rows[0]) == 3 else None,
            self.list_beside("names", len(rows)),
            None if splits is None else ["valid" if split == "val" else split for split in splits],
            tokens,
            self.list_beside("dates", len(rows)),
        )

    # Formats of text

    def texts(self, columns: dict[str, list[str] | None]) -> Reading:
        """Counts of texts split at white space, after the normalisation that the package documents (NFC)."""
        chosen = columns["text"] or []
        if self.split is not None:
            splits = columns["split"] or []
            rows = [row for row, split in enumerate(splits) if split == self.split]
            self._hold(bool(rows), "no such split")
            columns = {
                what: None if values is None else [values[row] for row in rows]
                for what, values in columns.items()
            }
            chosen = columns["text"] or []
        documents = [tuple(re.findall(r"\S+", unicodedata.normalize("NFC", text))) for text in chosen]
        words = sorted({word for document in documents for word in document})
        self._hold(bool(words), "no words")
        if any(text != text.encode("utf-8", "replace").decode() for text in chosen):
            self.odd.add("lone surrogate")
        place = {word: at for at, word in enumerate(words)}
        return Reading(
            [{place[word]: n for word, n in _sums(document).items()} for document in documents],
            words,
            columns["label"],
            columns["name"],
            columns["split"],
            documents,
            columns["date"],
        )

    def read_txt(self) -> Reading:
        return self.texts(self.columns_of_lines(self.target))

    def columns_of_lines(self, name: str) -> dict[str, list[str] | None]:
        lines = self.lines(name)
        kept, self.target = self.target, name
        columns: dict[str, list[str] | None] = {"text": lines}
        for what in ("label", "name", "split", "date"):
            columns[what] = self.list_beside(f"{what}s", len(lines))
        self.target = kept
        return columns

    def read_files(self) -> Reading:
        files = {name.removeprefix(f"{self.target}/"): name for name in self.files}
        shown = {key for key in files if not any(part.startswith(".") for part in key.split("/"))}
        shown = {key for key in shown if _bare(key).lower().endswith(".txt")} or shown
        paths = sorted(shown, key=lambda key: key.split("/"))
        self._hold(bool(paths), "no files")
        texts = [self.text(files[key]) for key in paths]
        labels = [key.split("/")[0] for key in paths] if all("/" in key for key in paths) else None
        return self.texts({"text": texts, "label": labels, "name": paths, "split": None, "date": None})

    def table(self, name: str, delimiter: str) -> list[list[str]]:
        """Rows of a delimited file (RFC 4180); blank lines are left out."""
        text, rows, row = self.ended(name), list[list[str]](), list[str]()
        at, value, state, quoted = 0, "", "start", False
        while at <= len(text):
            char = text[at] if at < len(text) else "end"
            if state == "quoted":
                self._hold(char != "end", "open quote")
                if char == '"' and text[at + 1 : at + 2] == '"':
                    value, at = value + '"', at + 1
                elif char == '"':
                    state = "closed"
                else:
                    value += char
            elif char in ("end", "\n") or (char == "\r" and text[at:].lstrip("\r")[:1] in ("", "\n")):
                while text[at : at + 1] == "\r":
                    at += 1
                    if text[at : at + 1] == "\r":
                        self.odd.add("more than one carriage return before a newline")
                if row or value or quoted:
                    rows.append([*row, value])
                elif char != "end":
                    self.odd.add("blank line")
                row, value, state, quoted = [], "", "start", False
            elif char == "\r":
                raise Refused("lone carriage return")
            elif char == delimiter:
                row, value, state = [*row, value], "", "start"
            elif char == '"' and state == "start":
                state, quoted = "quoted", True
            else:
                self._hold(state != "closed", "text after a closing quote")
                if char == '"':
                    self.odd.add("quote inside an unquoted field")
                value, state = value + char, "plain"
            at += 1
        return rows

    def delimited(self, name: str, delimiter: str) -> dict[str, list[str] | None]:
        rows = self.table(name, self.separator(name, delimiter))
        self._hold(bool(rows), "no header")
        header = rows[0]
        while len(header) > 1 and not header[-1]:
            header = header[:-1]
            self.odd.add("empty columns at the end")
        named = [column for column in header if column]
        self._hold(len(set(named)) == len(named), "header")
        for row in rows[1:]:
            self._hold(len(row) >= len(header) and not any(row[len(header) :]), "number of fields")
            if len(row) > len(header):
                self.odd.add("empty columns at the end")
        places = {what: self.column_called(what, header) for what in COLUMNS}
        self._hold(places["text"] is not None, "no text")
        return {
            what: None if place is None else [row[place] for row in rows[1:]]
            for what, place in places.items()
        }

    def separator(self, name: str, delimiter: str) -> str:
        """The separator with which the first line has a column of texts, if it is not the usual one."""
        header = next((line for line in self.ended(name).split("\n") if line.strip()), "")
        for other in (delimiter, *",\t;|"):
            fields = [field.strip().strip('"').strip().casefold() for field in header.split(other)]
            if "text" in fields:
                return other
        return delimiter

    def column_called(self, what: str, header: list[str]) -> int | None:
        """Number of a column, found by its name, or by a name that differs in spaces and capitals."""
        if what in header:
            return header.index(what)
        near = [place for place, name in enumerate(header) if name.strip().casefold() == what]
        if len(near) != 1:
            return None
        self.odd.add("name of a column with spaces or capitals")
        return near[0]

    def read_csv(self) -> Reading:
        return self.texts(self.delimited(self.target, ","))

    def read_tsv(self) -> Reading:
        return self.texts(self.delimited(self.target, "\t"))

    def objects(self, name: str) -> dict[str, list[str] | None]:
        records = []
        for line in self.lines(name, needs_end=False):  # an object ends with a brace
            if not line.strip():
                self.odd.add("blank line")
                continue
            try:
                record = json.loads(line, object_pairs_hook=self._unrepeated)
            except (ValueError, RecursionError) as error:
                raise Refused("json") from error
            self._hold(isinstance(record, dict), "object")
            records.append(record)
        self._hold(bool(records), "no objects")
        keys = list(records[0])
        found = {what: self.column_called(what, keys) for what in COLUMNS}
        self._hold(found["text"] is not None, "text")
        dates = self.dates_of_objects(records, None if found["date"] is None else keys[found["date"]])
        del found["date"]
        for what, place in found.items():
            own = [self.column_called(what, list(record)) for record in records]
            self._hold(place is not None or own == [None] * len(own), f"{what} in later objects")
        return {"date": dates} | {
            what: None
            if place is None
            else [self._value(record.get(keys[place]), what) for record in records]
            for what, place in found.items()
        }

    def dates_of_objects(self, records: list[dict[str, Any]], key: str | None) -> list[str] | None:
        """Dates, unless the first object, or any of them if the first has none, has something else there."""
        if key is None:
            keys = {other for record in records for other in record if other.strip().casefold() == "date"}
            key = "date" if "date" in keys else min(keys) if len(keys) == 1 else None
            odd = [isinstance(record.get(key or ""), bool | list | dict) for record in records]
            if key is None or any(odd):
                return None
        elif isinstance(records[0].get(key), bool | list | dict):
            return None
        return [self._value(record.get(key), "date") for record in records]

    def _unrepeated(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            self.odd.add("repeated key of an object")
        return dict(pairs)

    def _value(self, value: Any, what: str) -> str:
        if (value is None or value != value) and what in ("label", "name", "date"):
            return ""
        self._hold(what != "date" or not isinstance(value, bool), "truth value")
        self._hold(isinstance(value, str) or (what != "text" and isinstance(value, int | float)), "value")
        self._hold(value == value, "NaN")
        return str(value)

    def read_jsonl(self) -> Reading:
        return self.texts(self.objects(self.target))

    def read_parquet(self) -> Reading:
        return self.texts(self.parquet(self.target))

    def parquet(self, name: str) -> dict[str, list[str] | None]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            held = pq.read_table(pa.BufferReader(self.content(name)))
            self._hold("text" in held.column_names, "text")
            rows = held.to_pylist()
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise Refused(f"parquet: {error}") from error
        return {
            what: [self._value(row[what], what) for row in rows] if what in held.column_names else None
            for what in COLUMNS
        }

    def read_split_files(self) -> Reading:
        files = {name.removeprefix(f"{self.target}/"): name for name in self.files}
        found: dict[str, str] = {}
        for key in sorted(files):
            stem, _, suffix = _bare(key).rpartition(".")
            if stem in SPLITS and suffix in ("txt", "csv", "tsv", "jsonl", "parquet"):
                self._hold(stem not in found, "two files of a split")
                found[stem] = key
        self._hold(bool(found) and (self.split is None or self.split in found), "no such split")
        columns: dict[str, list[str] | None] = {what: [] for what in COLUMNS}
        dated = False
        have: dict[str, set[bool]] = {"label": set(), "name": set()}
        for split in _in_order(set(found)) if self.split is None else [self.split]:
            own = self.table_columns(files[found[split]])
            self._hold(bool(own["text"]), "a split without documents")
            if own["label"] is not None:
                own["label"] = self.class_names(files, own["label"])
            for what in have:
                have[what].add(own[what] is not None)
            own["split"] = [split] * len(own["text"] or ())
            dated |= own["date"] is not None
            own["date"] = own["date"] or [""] * len(own["text"] or ())
            for what, values in columns.items():
                values.extend(own[what] or ())  # type: ignore[union-attr]
        for what, kinds in have.items():
            self._hold(len(kinds) == 1, f"{what}s for some splits")
            if kinds == {False}:
                columns[what] = None
        if not dated:
            columns["date"] = None
        return self.texts(columns)

    def table_columns(self, name: str) -> dict[str, list[str] | None]:
        suffix = _bare(name).rpartition(".")[2]
        if suffix in ("csv", "tsv"):
            return self.delimited(name, "," if suffix == "csv" else "\t")
        return {"txt": self.columns_of_lines, "jsonl": self.objects, "parquet": self.parquet}[suffix](name)


FORMATS: dict[str, Callable[[Reader], Reading]] = {
    "ldac": Reader.read_ldac,
    "svmlight": Reader.read_svmlight,
    "svmlight0": lambda reader: reader.read_svmlight(0),
    "svmlight1": lambda reader: reader.read_svmlight(1),
    "docword": Reader.read_docword,
    "matrixmarket": Reader.read_matrixmarket,
    "npz": Reader.read_npz,
    "folder": Reader.read_folder,
    "octis": Reader.read_octis,
    "txt": Reader.read_txt,
    "files": Reader.read_files,
    "csv": Reader.read_csv,
    "tsv": Reader.read_tsv,
    "jsonl": Reader.read_jsonl,
    "parquet": Reader.read_parquet,
}


def _is_number(text: str) -> bool:
    return bool(re.fullmatch('"?-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?"?', text))


def _in_order(splits: set[str]) -> list[str]:
    return [name for name in SPLITS if name in splits] + sorted(splits - set(SPLITS))


def _bare(name: str) -> str:
    return next((name.removesuffix(e) for e in COMPRESSIONS if e and name.endswith(e)), name)


def _sums(words: Sequence[str]) -> dict[str, float]:
    return {word: float(words.count(word)) for word in words}
