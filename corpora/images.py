"""What the scripts that prepare images share: files from registries, checked, and arrays as files."""

import hashlib
import io
import sys
import tarfile
import urllib.request
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def fetch(url: str, sha256: str, own: Path | None = None) -> bytes:
    """The file at an address or, if given, a copy of it that was fetched before."""
    try:
        held = own.read_bytes() if own else urllib.request.urlopen(url, timeout=60).read()
    except OSError as error:
        sys.exit(f"error: {own or url} cannot be read ({error}); pass a copy of {url} with --file")
    found = hashlib.sha256(held).hexdigest()
    if found != sha256:
        sys.exit(f"error: the SHA-256 of {own or url} is {found}, not {sha256}: it is another file")
    return held


def files_of(archive: bytes, ending: str) -> dict[str, bytes]:
    """Files of a tar archive, compressed or not, whose names end so, by their last names."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = [member for member in opened if member.isfile() and member.name.endswith(ending)]
        return {Path(member.name).name: opened.extractfile(member).read() for member in members}


def member_of_ar(archive: bytes, name: str) -> bytes:
    """Member of an ar archive, such as a Debian package, whose name begins so.

    The format is that of the manual ar(5): a header of 60 bytes before each member, with its name first and
    its size in decimal at byte 48; members begin at even places.
    """
    place = len(b"!<arch>\n")
    while place < len(archive):
        header = archive[place : place + 60]
        size, begin = int(header[48:58]), place + 60
        if header[:16].decode("ascii").startswith(name):
            return archive[begin : begin + size]
        place = begin + size + size % 2
    sys.exit(f"error: the archive has no member {name}")


def write(folder: Path, **arrays: NDArray[np.generic]) -> None:
    """Write each array as NAME.npy of a folder, which ``np.load`` reads, memory-mapped if wanted.

    The first is written last: where it is, all are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in reversed(arrays.items()):
        part = folder / f"{name}.part.npy"
        np.save(part, array)
        part.replace(folder / f"{name}.npy")
    print(f"{folder}: {', '.join(f'{name} {array.shape}' for name, array in arrays.items())}")
