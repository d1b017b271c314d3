"""The folder of a build that is not finished: its pieces, and the plan that they belong to."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hftopic._files import followed, named_if_full, prove_writable, written_whole
from hftopic._locks import reserved
from hftopic.data.building.words import NoWordChosenError
from hftopic.data.shards.folder import replaceable

PHRASES = "phrases.json"
_PLAN, _LOCK = "plan.json", ".lock"
_TOLD = 5  # differences that a message names
Plan = dict[str, Any]
"""Everything that the pieces depend on, as JSON can hold it: inputs, options and versions."""


def folder_of(out: Path) -> Path:
    """Folder beside ``out`` for the pieces of a build that is not finished."""
    target = followed(out)
    return target.with_name(f"{target.name}.building")


@contextmanager
def unfinished(out: Path, plan: Plan, restart: bool) -> Iterator[Path]:
    """Folder beside ``out`` for the pieces of a build.

    It is removed when the body ends, and when it ends with an error that the same call would end with again.
    After an interruption, an error of the operating system, or a choice of no word, it stays: the next build
    with the same plan goes on.

    Parameters
    ----------
    out : Path
    plan : dict
    restart : bool
        Whether pieces of another plan are removed.

    Raises
    ------
    OSError
        ``out`` is a file, has files that are not of shards, or cannot be written.
    ValueError
        The folder has the pieces of another plan, and the message says what differs; or another process is
        at work there.
    """
    target, folder = prove_writable(out), folder_of(out)
    if target.is_dir():
        replaceable(target)
    elif target.exists():
        raise NotADirectoryError(f"{out} is a file, where a folder of shards must be written; choose another")
    folder.mkdir(exist_ok=True)
    refusal = f"another process is building {out}; wait for it, or choose another folder"
    lock = reserved(folder / _LOCK, refusal)
    try:
        _take(folder, json.loads(json.dumps(plan)), restart)
        try:
            with named_if_full(folder):
                yield folder
        except OSError as error:
            if error.strerror:
                error.strerror += f" (what is counted is kept in {folder}; the same call goes on)"
            raise
        except ValueError as error:
            if not any(isinstance(one, NoWordChosenError) for one in (error, error.__cause__)):
                shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)
    finally:
        lock.release()


def _take(folder: Path, plan: Plan, restart: bool) -> None:
    """Take the pieces of the plan that are in the folder, or none."""
    try:
        then = json.loads((folder / _PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        then = None
    if then == plan:
        return
    names = set(os.listdir(folder)) - {_LOCK}
    ours = [name for name in names if name.startswith(("piece-", "vocabulary-", PHRASES, _PLAN, ".hftopic-"))]
    if len(ours) < len(names):
        other = min(names.difference(ours))
        raise ValueError(
            f"{folder} has {other!r}, which is not of a build; move it, or choose another folder"
        )
    if isinstance(then, dict) and not restart:
        told = "; ".join(_differences(then, plan))
        raise ValueError(
            f"{folder} has the pieces of a build that was not finished. What differs: {told}. Repeat that "
            "call to finish it, choose another folder, or start again with restart=True"
        )
    for name in ours:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with written_whole(folder / _PLAN) as draft:
        draft.write_text(json.dumps(plan, indent=1), encoding="utf-8")


def _differences(then: Plan, now: Plan) -> list[str]:
    """What differs between two plans, for a message."""
    told = []
    for name in dict.fromkeys([*now, *then]):
        before, after = then.get(name), now.get(name)
        if before == after:
            continue
        if name == "inputs":
            told.append(_of_inputs(before, after))
        elif name == "formats" and isinstance(before, dict) and isinstance(after, dict):
            told += _of_formats(before, after)
        elif name == "options" and isinstance(before, dict) and isinstance(after, dict):
            names = [key for key in dict.fromkeys([*after, *before]) if before.get(key) != after.get(key)]
            told += [f"{key} was {before.get(key)!r:.60} and is {after.get(key)!r:.60}" for key in names]
        else:
            told.append(f"{name} was {before!r:.60} and is {after!r:.60}")
    more = f"and {len(told) - _TOLD:,} more"
    return told if len(told) <= _TOLD else [*told[:_TOLD], more]


def _of_inputs(before: Any, after: Any) -> str:
    then, now = ([one.get("path") for one in inputs] for inputs in (before or [], after))
    if then != now:
        return f"the inputs were {_listed(then)} and are {_listed(now)}"
    changed = [one["path"] for one, other in zip(after, before, strict=True) if one != other]
    return f"{', '.join(changed)} was changed"


def _of_formats(before: dict[str, str], after: dict[str, str]) -> list[str]:
    told = [
        f"{path} was read as {before[path]} and is read as {name}"
        for path, name in after.items()
        if before.get(path, name) != name
    ]
    then, now = (sorted(set(names.values())) for names in (before, after))
    if not told and then != now:
        return [f"the files were read as {', '.join(then)} and are read as {', '.join(now)}"]
    return told


def _listed(paths: list[Any]) -> str:
    more = f" and {len(paths) - _TOLD:,} more" if len(paths) > _TOLD else ""
    return ", ".join(map(repr, paths[:_TOLD])) + more
