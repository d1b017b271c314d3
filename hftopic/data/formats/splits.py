"""Splits of a folder that has one file each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hftopic.data.formats.lines import FormatError

_FIRST = ("train", "valid", "val", "dev", "test")


def in_order(splits: Sequence[str]) -> list[str]:
    """Names of splits without duplicates: train, valid, test, then the others in alphabetical order."""
    return sorted(set(splits), key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))


def chosen(folder: Path, files: dict[str, Path], split: str | None) -> dict[str, Path]:
    """The file of one split, or the files of all splits."""
    if not files:
        raise FormatError("contains no file of counts: none of its files ends in .npz", folder)
    if split is None:
        return files
    if split not in files:
        raise FormatError(f"no split {split!r}; the splits are {', '.join(map(repr, files))}", folder)
    return {split: files[split]}


def joined(folder: Path, parts: dict[str, Sequence[Any] | None], what: str) -> list[Any] | None:
    """Values of the documents of all splits; either every split has them or none has."""
    present = {name for name, values in parts.items() if values is not None}
    if not present:
        return None
    if present != set(parts):
        absent = ", ".join(name for name in parts if name not in present)
        raise FormatError(f"has {what} for {', '.join(sorted(present))} but not for {absent}", folder)
    return [value for values in parts.values() for value in values or ()]
