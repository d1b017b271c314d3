"""``corpus.json``: which files of a folder are a corpus that this package wrote, and their SHA-256."""

import hashlib
import json
import re
from pathlib import Path

from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.request import Request

READ = re.compile(
    r"(vocab|vocabulary|labels|order)\.txt|.+\.npz|.+_(labels|names)\.txt|(corpus|table)\.json|(.+[._])?metadata\.csv"
    r"|embeddings\.npy"
)
"""Names of the files that are read out of a folder."""
SHARDS = "shards.json"
"""Name of the manifest of a folder of shards, see :mod:`hftopic.data.shards.manifest`."""
_MANIFEST = "corpus.json"
_KIND = "hftopic corpus"


def write_manifest(folder: Path) -> None:
    """Write the manifest of all files that are in a folder."""
    hashes = {file.name: sha256_of(file) for file in sorted(folder.iterdir())}
    manifest = json.dumps({"kind": _KIND, "sha256": hashes}, indent=1)
    (folder / _MANIFEST).write_text(manifest + "\n", encoding="ascii")


def replaceable(path: Path) -> set[str]:
    """Names of the files of an earlier corpus in the folder; they may be replaced."""
    manifest = _manifest(path)
    earlier = set() if manifest is None else {*manifest, _MANIFEST}
    names = sorted(file.name for file in path.iterdir() if not file.name.startswith(".hftopic-"))
    for name in names:
        if name not in earlier and (manifest is None or READ.fullmatch(name)):
            raise FileExistsError(
                f"{path} also contains {name!r}, which is not of a corpus that write_corpus wrote; choose "
                "another folder, or move the file"
            )
    return earlier


def _manifest(folder: Path) -> dict[str, str] | None:
    """SHA-256 of each file of a corpus that this package wrote, or None."""
    if not (folder / _MANIFEST).is_file():
        return None
    try:
        known = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    held = known.get("sha256") if isinstance(known, dict) and known.get("kind") == _KIND else None
    return held if isinstance(held, dict) else None


def check_manifest(folder: Path, request: Request) -> None:
    """Raise FormatError if a file that is read is not the one that was written with the others."""
    for name, expected in (_manifest(folder) or {}).items():
        file = folder / Path(name).name
        if not _is_needed(file, request):
            continue
        if not file.is_file():
            raise FormatError(f"is missing, but {_MANIFEST} names it", file)
        if sha256_of(file) != expected:
            raise FormatError(
                f"was changed after the corpus was written: its SHA-256 is not the one in {_MANIFEST}. "
                f"If the change is intended, delete {_MANIFEST}",
                file,
            )


def _is_needed(file: Path, request: Request) -> bool:
    """Whether a file of a corpus is read: not if the caller gives its content, or for another split."""
    if file.name == "vocab.txt":
        return file.is_file() or (request.vocabulary is None and request.vocabulary_file is None)
    if file.name.endswith("labels.txt") and request.has_labels:
        return False
    if file.name.endswith("_texts.npz") and not request.keep_texts:
        return False
    split = request.split
    return (
        file.name in ("labels.txt", "table.json")
        or split is None
        or file.name.startswith((f"{split}.", f"{split}_"))
    )


def sha256_of(file: Path) -> str:
    """SHA-256 of the content of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
