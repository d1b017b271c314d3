"""Numbers of parallel jobs, also in forked processes."""

import os
import sys

_has_pool_of_parent = False


def jobs_here(n_jobs: int | None) -> int | None:
    """Number of jobs for joblib: 1 in a process that was forked from one with a pool of workers.

    The pool of joblib's default backend cannot be used in such a process, nor can a second one be made: its
    threads are those of the parent, and would never answer.
    """
    return 1 if _has_pool_of_parent else n_jobs


def _in_forked_process() -> None:
    global _has_pool_of_parent
    pool = sys.modules.get("joblib.externals.loky.reusable_executor")
    _has_pool_of_parent |= getattr(pool, "_executor", None) is not None


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_forked_process)
