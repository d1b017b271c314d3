"""The folder of a saved model: its two files, and whether a model may be saved there.

It imports no PyTorch, so that commands say at once that they cannot write there.
"""

import json
import os
from pathlib import Path

from hftopic._files import followed

TENSORS, DESCRIPTION = "model.safetensors", "model.json"


def check_replaceable(path: str | os.PathLike[str]) -> Path:
    """The folder to save a model in, with links followed, if that loses nothing of the user's.

    Raises
    ------
    FileExistsError
        As in :func:`hftopic.models.saving.save_model`.
    FileNotFoundError
        ``path`` is a link to nothing.
    """
    target = followed(path)
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; a model is saved in a folder: choose another path")
    if target.is_dir() and not _is_model(target):
        others = sorted(name for name in os.listdir(target) if not name.startswith(".hftopic-"))
        if others:
            raise FileExistsError(
                f"{target} exists and is not a saved model: it contains {others[0]!r}; "
                "choose another path or remove it"
            )
    for file in (target / DESCRIPTION, target / TENSORS):
        if file.is_symlink():
            raise FileExistsError(f"{file} is a link, which would be replaced; remove it first")
    return target


def _is_model(folder: Path) -> bool:
    """Whether a folder has the description of a model of this package."""
    try:
        known = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(known, dict) and {"schema", "hftopic", "estimator"} <= known.keys()
