"""Atomic writing of several files of a folder, and reading of one generation of them.

One rename of a complete draft commits the new files; then they are moved into place one by one. If the
process dies between, the next reader or writer moves the rest.
"""

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from hftopic._files import check_owner, drafted, followed, parent_of, sweep, sync, sync_entry
from hftopic._locks import locked

ResultT = TypeVar("ResultT")

ATTEMPTS = 3  # attempts to read a set that is replaced meanwhile, before its writers are made to wait
_COMMIT = re.compile(r"\.hftopic-[0-9a-f]{16}\.commit")
_REMOVED = ".removed.json"  # the names of the files that a commit removes


@contextmanager
def written_set(
    folder: str | os.PathLike[str], key: str = "", *, earlier: Callable[[], Collection[str]] = tuple
) -> Iterator[Path]:
    """Draft of files that are moved into a folder as a set when the body ends without an error.

    The body writes files into the folder that it gets. Files of ``folder`` with the same names are replaced,
    all other files are kept. With :func:`read_set`, a reader sees all new files or all old ones.

    Parameters
    ----------
    folder : path-like
        If it does not exist, it is made; its parent must exist. Links are followed.
    key : str
        Name of the set, if the folder has several; its readers use the same one.
    earlier : callable
        Names of the files of the set that is there: those that are not written again are removed. It may
        raise an error if the folder must not be changed. It is called before the body and before the commit,
        while no other process changes the set.

    Raises
    ------
    OSError
        As in :func:`prove_writable`; NotADirectoryError if ``folder`` is a file.
    TimeoutError
        Another process has been writing to the folder for :data:`PATIENCE` seconds.
    """
    target = followed(folder)
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(target))
    place = target if target.is_dir() else parent_of(target)
    if place == target:
        sweep(target.parent)  # where a process may have died that made the folder
        with locked(target):
            _complete_all(target)
            earlier()
    with drafted(place, target) as draft:
        content = draft / "content"
        content.mkdir()
        yield content
        sync(content)
        with locked(place):
            if not target.exists():
                os.rename(content, target)
                sync_entry(place)
                return
        with locked(target):
            _commit(content, target, key, earlier)


def read_set(
    folder: Path, key: str, files: Callable[[], Iterable[Path]], read: Callable[[], ResultT]
) -> ResultT:
    """What ``read`` returns, read from one generation of a set of files.

    A set that was committed by a process that died is completed first. If another process replaces the set
    meanwhile, it is read again.

    Parameters
    ----------
    folder : Path
    key : str
        As in :func:`written_set`.
    files : callable
        The files that may be read; they need not exist.
    read : callable

    Raises
    ------
    OSError
        The set cannot be completed, because the folder is not writable.
    TimeoutError
        Another process has been writing to the folder for :data:`PATIENCE` seconds.
    """
    folder = Path(os.path.realpath(folder))
    sweep(folder)
    for _ in range(ATTEMPTS):
        _complete(folder, key)
        before = _identities(files())
        error, result = None, None
        try:
            result = read()
        except Exception as raised:
            error = raised
        if _identities(files()) == before and not _pending(folder, key):
            if error is not None:
                raise error
            return result  # type: ignore[return-value]
    with locked(folder):  # in the way of the writers that are in ours
        _move_into_place(folder / _commit_name(key), folder)
        return read()


def _identities(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """What changes when a file is replaced or written to."""
    found: dict[str, tuple[int, ...]] = {}
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            found[os.fspath(file)] = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def _commit_name(key: str) -> str:
    return f".hftopic-{hashlib.sha256(os.fsencode(key)).hexdigest()[:16]}.commit"


def _pending(folder: Path, key: str) -> bool:
    return (folder / _commit_name(key)).is_dir()


def _commit(content: Path, folder: Path, key: str, earlier: Callable[[], Collection[str]]) -> None:
    """Commit a draft by one rename, then move its files into place; the folder is locked."""
    commit = folder / _commit_name(key)
    _complete_all(folder)
    names = os.listdir(content)
    gone = sorted(set(earlier()).difference(names).intersection(os.listdir(folder)))
    for name in (*names, *gone):  # after the commit nothing may fail
        _check_replaceable(folder, folder / name)
    plan = content / _REMOVED
    plan.write_text(json.dumps(gone), encoding="utf-8")
    sync_entry(plan)  # the other files are on the disk already
    sync_entry(content)
    os.rename(content, commit)
    sync_entry(folder)
    _move_into_place(commit, folder)


def _check_replaceable(folder: Path, file: Path) -> None:
    """Raise OSError if a file cannot be replaced or removed, or if that would lose a link."""
    check_owner(folder, file)
    if file.is_symlink():
        raise FileExistsError(
            f"{file} is a link to {os.readlink(file)}; remove it, so that a file can be written in its place"
        )
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder, where a file must be written; remove it")


def complete(folder: Path) -> None:
    """Complete all sets in a folder whose writers died after the commit, if this process may do so."""
    try:
        if any(map(_COMMIT.fullmatch, os.listdir(folder))):
            with locked(folder):
                _complete_all(folder)
    except OSError:  # the reader of the set itself reports it
        return


def _complete_all(folder: Path) -> None:
    """Complete all sets in a folder; it is locked."""
    for name in filter(_COMMIT.fullmatch, os.listdir(folder)):
        _move_into_place(folder / name, folder)


def _complete(folder: Path, key: str) -> None:
    """Complete a set whose writer died after the commit."""
    if _pending(folder, key):
        with locked(folder):
            _move_into_place(folder / _commit_name(key), folder)


def _move_into_place(commit: Path, folder: Path) -> None:
    """Move the files of a commit into the folder; it can be interrupted and repeated at every step."""
    if not commit.is_dir():
        return
    _check_trusted(commit, folder)
    try:
        plan = commit / _REMOVED
        if plan.is_file():
            gone = _names_in(plan)
            for name in sorted(set(os.listdir(commit)) - {_REMOVED}):
                os.replace(commit / name, folder / name)
            for name in gone:
                (folder / name).unlink(missing_ok=True)
            plan.unlink()
        commit.rmdir()
        sync_entry(folder)
    except OSError as error:
        told = f"an interrupted write cannot be completed: {error.strerror}"
        raise type(error)(error.errno, told, os.fspath(folder)) from error


def _names_in(plan: Path) -> list[str]:
    """Names of files in the folder, as a commit wrote them.

    Raises
    ------
    OSError
        The list is damaged.
    """
    try:
        names = json.loads(plan.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or any(os.path.basename(str(name)) != name or not name for name in names):
        raise OSError(errno.EIO, f"{plan} is damaged; remove {plan.parent.name}", os.fspath(plan))
    return names


def _check_trusted(commit: Path, folder: Path) -> None:
    """Raise PermissionError in a folder such as /tmp, where anybody can make a commit, if it is of others."""
    shared = hasattr(os, "geteuid") and folder.stat().st_mode & stat.S_ISVTX
    if shared and commit.stat().st_uid != os.geteuid():
        told = f"an interrupted write of another user must be completed by that user: {commit.name}"
        raise PermissionError(errno.EPERM, told, os.fspath(folder))
