"""Atomic writing of a file, by way of a draft.

A draft is a hidden folder beside the target. It is moved to the target when it is complete. If the process
dies before, the next one that writes there removes it.
"""

import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from hftopic._locks import Lock, locked

ROOM = 2**20  # bytes that must be free for a target to count as writable
_DRAFT = re.compile(r"\.hftopic-[0-9a-f]{16}\.draft")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DEAD = 86400.0  # age in seconds of a draft of a dead process, where folders cannot be locked


def followed(path: str | os.PathLike[str]) -> Path:
    """Absolute path of a file or folder to write, with links followed.

    Raises
    ------
    FileNotFoundError
        The path is a link to nothing.
    FileExistsError
        The path is a device, a pipe or a socket.
    ValueError
        The path is empty.
    """
    if not os.fspath(path):
        raise ValueError("the path is empty; pass the path of a file or folder")
    if os.path.islink(path) and not os.path.exists(path):
        raise FileNotFoundError(
            f"{os.fspath(path)} is a link to {os.readlink(path)}, which does not exist; remove the link, or "
            "create its target"
        )
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise FileExistsError(
            f"{os.fspath(path)} is a device, a pipe or a socket; pass the path of a file or folder"
        )
    return Path(os.path.realpath(path))


def prove_writable(path: str | os.PathLike[str]) -> Path:
    """Write a block of :data:`ROOM` bytes where a file or folder will be written, and remove it.

    Returns
    -------
    Path
        The target: absolute, with links followed.

    Raises
    ------
    OSError
        The target cannot be written: a FileNotFoundError if its parent does not exist, a NotADirectoryError
        if the parent is a file, a PermissionError, or the disk is full.
    """
    target = followed(path)
    folder = target if target.is_dir() else parent_of(target)
    with drafted(folder, target) as draft, (draft / "room").open("wb") as file:
        file.write(bytes(ROOM))
        file.flush()
        os.fsync(file.fileno())
    return target


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Draft of a file, or of a new folder, which is moved to ``path`` when the body ends without an error.

    The body writes a file or makes a folder at the path that it gets. An earlier file at ``path`` is replaced
    only when the new one is complete, and is kept if the body raises an error. Links are followed.

    Parameters
    ----------
    path : path-like
        Final path; its parent must exist.

    Raises
    ------
    OSError
        As in :func:`prove_writable`.
    IsADirectoryError
        ``path`` is a folder, which is never replaced.
    """
    target = followed(path)
    folder = parent_of(target)
    with drafted(folder, target) as draft:
        yield draft / target.name
        if target.is_dir():
            raise IsADirectoryError(
                f"{target} is a folder and cannot be replaced by a file; "
                "choose a file inside it, or another path"
            )
        sync(draft)
        os.replace(draft / target.name, target)
        sync_entry(folder)


@contextmanager
def drafted(folder: Path, target: Path) -> Iterator[Path]:
    """Hidden folder for the draft of a target, locked while this process uses it, and removed at the end."""
    check_owner(folder, target)
    draft = folder / f".hftopic-{token_hex(8)}.draft"
    lock = None
    try:
        with locked(folder):
            _sweep(folder)
            with _named(folder):
                _make(draft)
            lock = Lock(draft)
            lock.acquire()
        if not target.exists():  # its name may be too long for the file system
            with _named(target):
                (draft / target.name).touch()
            (draft / target.name).unlink()
        with named_if_full(target):
            yield draft
    finally:
        try:
            shutil.rmtree(draft, ignore_errors=True)
        finally:
            if lock is not None:  # if the removal is interrupted, the next write removes the rest
                lock.release()


def _make(draft: Path) -> None:
    try:
        draft.mkdir()
    except FileNotFoundError as error:
        if not draft.parent.is_dir():
            raise
        raise PermissionError(
            errno.EPERM, "nothing can be written in this folder"
        ) from error  # of the kernel


def sweep(folder: Path) -> None:
    """Remove the drafts of dead processes, if there are any and this process may do so."""
    try:
        if any(map(_DRAFT.fullmatch, os.listdir(folder))):
            with locked(folder):
                _sweep(folder)
    except OSError:
        return


def _sweep(folder: Path) -> None:
    """Remove the drafts of dead processes; the folder is locked."""
    for name in filter(_DRAFT.fullmatch, os.listdir(folder)):
        draft = folder / name
        try:
            lock = Lock(draft)
            dead = lock.acquire() or (not lock.works and time.time() - draft.stat().st_mtime > _DEAD)
        except OSError:
            continue
        if dead:
            shutil.rmtree(draft, ignore_errors=True)


def parent_of(target: Path) -> Path:
    """Parent of a target, which must be a folder."""
    parent = target.parent
    if not parent.exists():
        raise FileNotFoundError(f"cannot write {target}: folder {parent} does not exist; create it first")
    if not parent.is_dir():
        raise NotADirectoryError(f"cannot write {target}: {parent} is a file, not a folder")
    return parent


def check_owner(folder: Path, target: Path) -> None:
    """Raise PermissionError for a file of another user in a folder such as /tmp: it cannot be replaced."""
    if not hasattr(os, "geteuid") or not target.is_file():
        return
    status = folder.stat()
    if status.st_mode & stat.S_ISVTX and os.geteuid() not in (0, status.st_uid, target.stat().st_uid):
        raise PermissionError(errno.EPERM, "the file belongs to another user", os.fspath(target))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name this path in an error of the operating system."""
    try:
        yield
    except OSError as error:
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from error


@contextmanager
def named_if_full(target: Path) -> Iterator[None]:
    """Name the target in an error about a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL and error.filename is None:
            raise type(error)(error.errno, os.strerror(error.errno or 0), os.fspath(target)) from error
        raise


def sync(draft: Path) -> None:
    """Write a draft, with all files in it, to the disk."""
    for folder, _, names in os.walk(draft):
        for name in names:
            sync_entry(Path(folder, name))
        sync_entry(Path(folder))


def sync_entry(path: Path) -> None:
    """Write a file, or the entries of a folder, to the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)
