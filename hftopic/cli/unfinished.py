"""Unfinished comparisons: the runs so far, in the file of ``--out`` and in a folder beside it."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hftopic._files import sweep, written_whole
from hftopic._locks import Lock
from hftopic.cli.tables import write_csv
from hftopic.cli.terminal import note

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.analysis.selection.runs import Run
    from hftopic.analysis.selection.settings import Setting
    from hftopic.analysis.selection.store import Plan

LONGEST_NAME = 255  # bytes in the name of a file
PLAN, LOCK = "plan.json", ".lock"
MOST_TOLD = 5  # differences that a message names


def folder_of(out: Path) -> Path:
    """Folder beside ``out`` with the runs of an unfinished comparison."""
    name = f"{out.name}.unfinished"
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        name = f"{_key(out.name)}.unfinished"
    return out.with_name(name)


class Unfinished:
    """Store of the runs of a comparison: rows in a CSV file, models and measures in a folder beside it.

    A run is written as soon as it is finished. The folder is removed when the comparison is complete. Failed
    runs are not kept, so that the next call tries them again.

    Parameters
    ----------
    out : Path
        The CSV file.
    force : bool
        Whether to start again if the folder has the runs of another comparison.
    """

    def __init__(self, out: Path, force: bool) -> None:
        self.out, self.force, self.folder = out, force, folder_of(out)
        self.n_kept = self.n_runs = 0
        self._lock: Lock | None = None
        self.is_ours = False  # whether the folder has the runs of this comparison

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_ours and (not self.n_kept or error is None):
            self._remove()
        elif self.is_ours:
            note(
                f"{self.n_kept:,} of {self.n_runs:,} runs are in {self.out}; repeat the command for the rest"
            )
        if self._lock is not None:
            self._lock.release()

    def finished(self, plan: "Plan") -> "Mapping[tuple[str, int | None], Run]":
        """Runs kept by an earlier call.

        Raises
        ------
        ValueError
            The earlier call was another comparison, and the message says what differs; or another process is
            at work on the same file.
        """
        from hftopic.analysis.selection.store import differences

        self._take_folder()
        then = self._read(PLAN)
        changed = [] if then is None else differences(then, plan)
        if changed and not self.force:
            more = f"; and {len(changed) - MOST_TOLD} more" if len(changed) > MOST_TOLD else ""
            told = "; ".join(changed[:MOST_TOLD]) + more
            raise ValueError(
                f"{self.folder} keeps the runs of another comparison. What differs: {told}. "
                "Repeat the options of that comparison to complete it, choose another --out, or pass --force "
                "to start again"
            )
        if changed:
            self._remove_runs()
        self._write(PLAN, plan)
        self.is_ours = True
        runs = {}
        for run in plan["runs"]:
            kept = self._kept(run["name"], run["seed"])
            if kept is not None:
                runs[run["name"], run["seed"]] = kept
        self.n_kept, self.n_runs = len(runs), len(plan["runs"])
        if runs:
            note(f"Continuing: {self.n_kept:,} of {self.n_runs:,} runs are in {self.out}")
        return runs

    def keep(self, setting: "Setting", run: "Run", table: "pd.DataFrame") -> None:
        """Write a run that has just finished, and the table of all runs so far."""
        from hftopic.analysis.selection.settings import plain_value

        if run.model is not None:
            key = _key(setting.name, setting.seed)
            run.model.save(self.folder / key)  # type: ignore[attr-defined]
            active = None if run.active is None else run.active.tolist()
            measures = {name: plain_value(value) for name, value in run.measures.items()}
            self._write(f"{key}.json", {"active": active, "measures": measures})
            self.n_kept += 1
        with written_whole(self.out) as draft:
            write_csv(table, draft)

    def _kept(self, name: str, seed: int | None) -> "Run | None":
        import numpy as np

        from hftopic import load
        from hftopic.analysis.selection.runs import Run

        key = _key(name, seed)
        known = self._read(f"{key}.json")
        if known is None:
            return None
        try:
            model = load(self.folder / key)
            return Run(model, np.array(known["active"], dtype=bool), known["measures"])
        except (ValueError, TypeError, LookupError) as error:
            note(f"{name}, seed {seed}: the kept run cannot be read and is fitted again: {error}")
            return None

    def _take_folder(self) -> None:
        """Make the folder, or take one of ours; it is locked until the comparison ends."""
        if self.folder.is_dir():
            sweep(self.folder)
        others = set(os.listdir(self.folder)) - {LOCK} if self.folder.is_dir() else set()
        if others and self._read(PLAN) is None:
            raise ValueError(
                f"{self.folder} has no readable {PLAN}, so its runs cannot be continued; move or delete it"
            )
        self.folder.mkdir(exist_ok=True)
        (self.folder / LOCK).touch()
        self._lock = Lock(self.folder / LOCK)
        if not self._lock.acquire() and self._lock.works:
            raise ValueError(f"another command is writing {self.out}; wait for it, or choose another --out")

    def _remove(self) -> None:
        """Remove the runs of this folder, and the folder if nothing else is in it."""
        self._remove_runs()
        with suppress(OSError):
            (self.folder / PLAN).unlink(missing_ok=True)
            (self.folder / LOCK).unlink(missing_ok=True)
            self.folder.rmdir()

    def _remove_runs(self) -> None:
        plan = self._read(PLAN)
        for run in plan["runs"] if plan else ():
            key = _key(run["name"], run["seed"])
            shutil.rmtree(self.folder / key, ignore_errors=True)
            (self.folder / f"{key}.json").unlink(missing_ok=True)

    def _read(self, name: str) -> Any:
        """Content of a JSON file of the folder; None if there is none, or a damaged one."""
        try:
            content = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) and (name != PLAN or _is_plan(content)) else None

    def _write(self, name: str, content: Any) -> None:
        with written_whole(self.folder / name) as draft:
            draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _is_plan(content: dict[str, Any]) -> bool:
    """Whether a file has the form of a plan."""
    runs = content.get("runs")
    of_run = {"name", "seed", "parameters"}
    return isinstance(runs, list) and all(isinstance(run, dict) and of_run <= run.keys() for run in runs)


def _key(*parts: object) -> str:
    """Short name of a file for a name of any length and any characters."""
    return hashlib.sha256(repr(parts).encode("ascii", "backslashreplace")).hexdigest()[:24]
