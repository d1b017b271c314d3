"""The folder that shards are written to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hftopic._sets import written_set
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.manifest import READ
from hftopic.data.shards.manifest import MANIFEST, OWN, read_manifest


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Folder for parts of which nothing is left after an error."""
    with written_set(target, earlier=lambda: replaceable(target)) as draft:
        yield draft


def replaceable(folder: Path) -> set[str]:
    """Names of the files of an earlier folder of shards; they may be replaced.

    Raises
    ------
    FileExistsError
        The folder has other files, which would be read with the shards.
    """
    path = folder / MANIFEST
    earlier: set[str] = set()
    if path.is_file():
        try:
            earlier = {MANIFEST, *read_manifest(path.read_bytes(), path).files}
        except FormatError:  # the files are then of nobody
            earlier = set()
    for name in sorted(os.listdir(folder)):
        if name not in earlier and (OWN.fullmatch(name) or READ.fullmatch(name)):
            raise FileExistsError(
                f"{folder} also contains {name!r}, which is not of a corpus that was written as shards; "
                "choose another folder, or move the file"
            )
    return earlier
