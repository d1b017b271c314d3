"""Atomic writing of files and folders."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Temporary path next to ``path``, moved to ``path`` when the body ends without an error.

    The body writes a file or makes a folder at the temporary path. An earlier file or folder at ``path`` is
    replaced only when the new one is complete, and is kept if the body raises an error.

    Parameters
    ----------
    path : path-like
        Final path of the file or folder; its parent must exist.

    Raises
    ------
    FileNotFoundError
        The parent folder does not exist.
    IsADirectoryError
        ``path`` is a folder but the body wrote a file; the folder is not changed.
    """
    target = Path(path).absolute()
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"cannot write {target}: folder {target.parent} does not exist; create it first"
        )
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft = workshop / target.name
        yield draft
        if target.is_dir() and not draft.is_dir():
            raise IsADirectoryError(
                f"{target} is a folder and cannot be replaced by a file; "
                "choose a file inside it, or another path"
            )
        if target.is_dir() and not target.is_symlink():
            os.replace(target, workshop / f"{target.name}.old")
        os.replace(draft, target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
