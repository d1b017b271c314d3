"""Files and folders that appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Temporary path beside ``path``, moved into its place when the body ends without an error.

    The body writes a file or makes a folder at the path it is given. What stood at ``path`` before stays
    until the new one is complete, and stays for good if the body raises.

    Parameters
    ----------
    path : path-like
        Where the file or folder is to appear; its parent must exist.

    Raises
    ------
    FileNotFoundError
        The parent folder does not exist.
    IsADirectoryError
        A folder stands where a file is to be; nothing in it is touched.
    """
    target = Path(path).absolute()
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"cannot write {target}: folder {target.parent} does not exist; make it first"
        )
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft = workshop / target.name
        yield draft
        if target.is_dir() and not draft.is_dir():
            raise IsADirectoryError(
                f"{target} is a folder, which a file does not replace; name a file in it, or another path"
            )
        if target.is_dir() and not target.is_symlink():
            os.replace(target, workshop / f"{target.name}.old")
        os.replace(draft, target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
