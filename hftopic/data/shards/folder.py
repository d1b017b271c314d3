"""What may be replaced in the folder that shards are written to."""

import os
from pathlib import Path

from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.manifest import READ
from hftopic.data.shards.manifest import MANIFEST, OWN, read_manifest


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
