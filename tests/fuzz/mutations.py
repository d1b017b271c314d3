"""Mutations of files: of bytes, lines, tokens and numbers, of encodings, of compressed and zipped content.

Files are a dictionary of names and bytes. Every function draws what it does from the generator it is given.
"""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable

import numpy as np

Files = dict[str, bytes]
Rng = np.random.Generator
Mutation = Callable[[Rng, bytes], bytes]

PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, 1, mtime=0),
    ".xz": lambda data: lzma.compress(data, preset=0),
    ".bz2": lambda data: bz2.compress(data, 1),
}
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".bz2": bz2.decompress,
}
UNPACKING = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, RuntimeError)
UNPACKING += (lzma.LZMAError, zlib.error, KeyError, IndexError, OverflowError)
NUMBERS = (
    *b"-1 0 -0 2.7 1e5 1e400 1e-400 0x10 1abc 1e 1d3 nan NaN inf -inf".split(),
    *b"+1 1. .5 00 01 1_000 1,5 True 1+2j".split(),
    *b"16777216 16777217 2147483648 4294967296 9223372036854775807 9223372036854775808".split(),
    *(b"18446744073709551616", b"1" * 40, b"", b"1 ", b"1\t2", "\N{ARABIC-INDIC DIGIT ONE}".encode()),
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7", "utf-8-sig")


def place(rng: Rng, data: bytes) -> int:
    """A position, half of the time near the start, where headers are."""
    if not data:
        return 0
    return int(rng.integers(min(len(data), 200) if rng.random() < 0.4 else len(data)))


def some_bytes(rng: Rng, most: int = 8) -> bytes:
    return rng.integers(0, 256, int(rng.integers(1, most + 1)), dtype=np.uint8).tobytes()


def flip_bit(rng: Rng, data: bytes) -> bytes:
    at = place(rng, data)
    return data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :] if data else data


def set_bytes(rng: Rng, data: bytes) -> bytes:
    at, new = place(rng, data), some_bytes(rng)
    return data[:at] + new + data[at + len(new) :]


def insert_bytes(rng: Rng, data: bytes) -> bytes:
    at = place(rng, data)
    return data[:at] + some_bytes(rng) + data[at:]


def insert_character(rng: Rng, data: bytes) -> bytes:
    at = place(rng, data)
    new = [
        b"\0",
        b"\r",
        b"\n",
        b"\t",
        b" ",
        b'"',
        b",",
        b":",
        b"#",
        b"%",
        b"-",
        b"\x1a",
        b"\x0b",
        b"\xc2\xa0",
        b"\xe2\x80\xa8",
    ]
    return data[:at] + new[int(rng.integers(len(new)))] + data[at:]


def delete_bytes(rng: Rng, data: bytes) -> bytes:
    at = place(rng, data)
    return data[:at] + data[at + int(rng.integers(1, 9)) :]


def repeat_bytes(rng: Rng, data: bytes) -> bytes:
    at, length = place(rng, data), int(rng.integers(1, 60))
    return data[:at] + data[at : at + length] * 2 + data[at + length :]


def cut(rng: Rng, data: bytes) -> bytes:
    """Lose the end, most often a short one."""
    if not data:
        return data
    if rng.random() < 0.5:
        return data[: -int(rng.integers(1, min(len(data), 6) + 1))]
    return data[: int(rng.integers(len(data)))]


def empty(rng: Rng, data: bytes) -> bytes:  # noqa: ARG001
    return b""


def append(rng: Rng, data: bytes) -> bytes:
    ends = [b"\n", b"\n\n", b"\r\n", b"0\n", b"x", b"\0", b"\0\0\n", b"\x1a", b" ", b"\n1 1 1", data]
    return data + ends[int(rng.integers(len(ends)))]


def edit_lines(rng: Rng, data: bytes) -> bytes:
    """Delete, repeat, exchange, break, join or blank a line."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    here, there = int(rng.integers(len(lines))), int(rng.integers(len(lines)))
    how = int(rng.integers(7))
    if how == 0:
        del lines[here]
    elif how == 1:
        lines.insert(there, lines[here])
    elif how == 2:
        lines[here], lines[there] = lines[there], lines[here]
    elif how == 3:
        middle = int(rng.integers(len(lines[here]) + 1))
        lines[here] = lines[here][:middle] + b"\n" + lines[here][middle:]
    elif how == 4:
        lines[here] = lines[here].rstrip(b"\r\n")
    elif how == 5:
        lines.insert(here, [b"\n", b"   \n", b"\r\n", b"\t\n"][int(rng.integers(4))])
    else:
        lines[here] = b" " + lines[here]
    return b"".join(lines)


_TOKEN = re.compile(rb"[^\s:,\"]+")
_NUMBER = re.compile(rb"(?<![\w.])[-+]?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?")


def swap_tokens(rng: Rng, data: bytes) -> bytes:
    tokens = [match.span() for match in _TOKEN.finditer(data)]
    if len(tokens) < 2:
        return data
    (a, b), (c, d) = sorted(tokens[int(at)] for at in rng.choice(len(tokens), 2, replace=False))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def edit_token(rng: Rng, data: bytes) -> bytes:
    tokens = [match.span() for match in _TOKEN.finditer(data)]
    if not tokens:
        return data
    (a, b), (c, d) = tokens[int(rng.integers(len(tokens)))], tokens[int(rng.integers(len(tokens)))]
    word = data[a:b]
    new = [
        b"",
        word + word,
        word.upper(),
        word[:-1],
        word[1:],
        data[c:d],
        b"integer",
        b"real",
        b"general",
        b"symmetric",
    ]
    new += [
        b"skew-symmetric",
        b"complex",
        b"pattern",
        b"array",
        b"hermitian",
        b"null",
        b"[]",
        b"{}",
        b'"',
        b"NaN",
    ]
    return data[:a] + new[int(rng.integers(len(new)))] + data[b:]


def edit_number(rng: Rng, data: bytes) -> bytes:
    numbers = [match.span() for match in _NUMBER.finditer(data)]
    if not numbers:
        return edit_token(rng, data)
    a, b = numbers[int(rng.integers(min(len(numbers), 6) if rng.random() < 0.3 else len(numbers)))]
    old = data[a:b]
    near = [b"%d" % (int(old) + step) for step in (-1, 1, 7)] if old.isdigit() else []
    new = near if near and rng.random() < 0.3 else NUMBERS
    return data[:a] + new[int(rng.integers(len(new)))] + data[b:]


def change_line_ends(rng: Rng, data: bytes) -> bytes:
    ends = [b"\r\n", b"\r", b"\n\r", b"\n\n", b" \n", b"\n "]
    new = ends[int(rng.integers(len(ends)))]
    if rng.random() < 0.5:
        return data.replace(b"\r\n", b"\n").replace(b"\n", new)
    lines = data.split(b"\n")
    at = int(rng.integers(max(len(lines) - 1, 1)))
    return b"\n".join(lines[: at + 1]) + (new + b"\n".join(lines[at + 1 :]) if len(lines) > 1 else b"")


def add_mark(rng: Rng, data: bytes) -> bytes:
    marks = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\xef\xbb\xbf"]
    return marks[int(rng.integers(len(marks)))] + data


def reencode(rng: Rng, data: bytes) -> bytes:
    try:
        return data.decode().encode(ENCODINGS[int(rng.integers(len(ENCODINGS)))], "replace")
    except UnicodeDecodeError:
        return add_mark(rng, data)


BYTES: tuple[Mutation, ...] = (flip_bit, flip_bit, set_bytes, insert_bytes, insert_character, delete_bytes)
BYTES += (repeat_bytes, cut, cut, append, empty)
TEXT: tuple[Mutation, ...] = (
    edit_lines,
    edit_lines,
    swap_tokens,
    edit_token,
    edit_number,
    edit_number,
    edit_number,
)
TEXT += (change_line_ends, add_mark, reencode, insert_character)


def one_of(rng: Rng, mutations: tuple[Mutation, ...], data: bytes) -> tuple[bytes, str]:
    chosen = mutations[int(rng.integers(len(mutations)))]
    return chosen(rng, data), chosen.__name__


# Arrays and archives


def edit_npy(rng: Rng, data: bytes) -> tuple[bytes, str]:
    """Another header or other values of an .npy file, of consistent length or not."""
    if len(data) < 12 or rng.random() < 0.2:
        return one_of(rng, BYTES, data)
    length = int.from_bytes(data[8:10], "little")
    header, values = data[10 : 10 + length], data[10 + length :]
    if rng.random() < 0.4:
        return data[: 10 + length] + one_of(rng, BYTES[:-1], values)[0], "values"
    kinds = ["<f8", "<f4", "<i4", "|O", "<U9", ">i4", "|b1", "<c8", "<m8", "|V4", "|S0", "<f2", "<u8", "x"]
    shapes = b"() (0,) (-1,) (3,2) (99999999999,) (1,)*9**9 (1.5,) (True,) (None,) (2**70,)".split()
    edits = [
        (rb"'<i4'|'<i8'|'<f4'|'<f8'", [b"[('a','<i4')]", b"1/0", *(f"'{kind}'".encode() for kind in kinds)]),
        (rb"\([^)]*\)", shapes),
        (rb"False", [b"True", b"0", b"None", b"1/0", b"[" * 300]),
        (rb"'descr'", [b"'desc'", b"descr", b"b'descr'", b"", b"'descr': 1, 'descr'"]),
        (rb"\}", [b"", b"}}", b", 'x': 1}", b")", b"}\n  x", b"}#"]),
        (rb"^", [b"(", b"  ", b"__import__('os').abort() or ", b"\0", b"\n", b"0x", b"'''"]),
    ]
    pattern, news = edits[int(rng.integers(len(edits)))]
    new = news[int(rng.integers(len(news)))]
    header = re.sub(pattern, new.replace(b"\\", rb"\\"), header, count=1)
    if rng.random() < 0.8:  # the length that readers expect
        header = header.rstrip(b" \n")
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
    version = bytes([int(rng.integers(0, 5)), 0]) if rng.random() < 0.1 else data[6:8]
    return data[:6] + version + len(header).to_bytes(2, "little") + header + values, "header"


def unzipped(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist()}


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def edit_zip(rng: Rng, data: bytes) -> tuple[bytes, str]:
    """Edit, rename, repeat, exchange or drop members, with right checksums; or bytes of the archive."""
    if rng.random() < 0.3:
        return one_of(rng, BYTES, data)
    members = list(unzipped(data).items())
    if not members:
        return one_of(rng, BYTES, data)
    here, there = int(rng.integers(len(members))), int(rng.integers(len(members)))
    name, content = members[here]
    how = int(rng.integers(10))
    told = "members"
    if how < 5:
        content, told = edit_npy(rng, content)
        members[here] = (name, content)
    elif how == 5:
        del members[here]
    elif how == 6:
        members.append((members[there][0], content))  # a second member of that name
    elif how == 7:
        members[here], members[there] = (name, members[there][1]), (members[there][0], content)
    elif how == 8:
        others = [
            "row.npy",
            "col.npy",
            "data.npy",
            "indices.npy",
            "format.npy",
            "shape.npy",
            "x",
            "../up.npy",
            "data",
        ]
        members[here] = (others[int(rng.integers(len(others)))], content)
    else:
        members.append(("more.npy", some_bytes(rng, 80)))
    methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about two members of one name
        return zipped(members, methods[int(rng.integers(len(methods)))]), f"zip {told} {name}"


# Files of a case


def edit_file(rng: Rng, name: str, data: bytes) -> tuple[bytes, str]:
    """Mutate a file in a way that suits its name; compressed files inside or outside."""
    suffix = f".{name.rpartition('.')[2]}"
    if suffix in PACK and rng.random() < 0.75:
        try:
            inner, told = edit_file(rng, name.removesuffix(suffix), UNPACK[suffix](data))
            return PACK[suffix](inner), f"inside {told}"
        except UNPACKING:
            pass  # an earlier mutation has broken it
    if suffix == ".npz":
        try:
            return edit_zip(rng, data)
        except UNPACKING:
            return one_of(rng, BYTES, data)
    if suffix in PACK or suffix in (".parquet", ".safetensors"):
        return one_of(rng, BYTES, data)
    return one_of(rng, BYTES if rng.random() < 0.35 else TEXT, data)


def edit_files(rng: Rng, files: Files, target: str, others: Files) -> tuple[Files, str]:
    """Mutate one file, or exchange, drop, add or rename files.

    ``others`` are the files of another case of the same kind, to be exchanged with these.
    """
    files, names = dict(files), list(files)
    # The file that the case is about, half of the time; its neighbours otherwise.
    name = target if target in files and rng.random() < 0.5 else names[int(rng.integers(len(names)))]
    how = rng.random()
    if how < 0.86 or len(names) < 2:
        files[name], told = edit_file(rng, name, files[name])
        return files, f"{told} in {name}"
    second = names[int(rng.integers(len(names)))]
    if how < 0.90:
        files[name], files[second] = files[second], files[name]
        return files, f"exchanged {name} and {second}"
    if how < 0.93:
        if name != target:
            del files[name]
        return files, f"without {name}"
    if how < 0.95:
        files[name] = files[second]
        return files, f"{name} is a copy of {second}"
    theirs = sorted(others)
    alien = theirs[int(rng.integers(len(theirs)))]
    files[alien] = others[alien]
    return files, f"{alien} of another corpus"
