"""Functions that are called in a forked process, which says what they return or is killed."""

import os
import select
import signal
import traceback
from collections.abc import Callable

LIMIT = 60  # seconds


def forked(body: Callable[[], str]) -> tuple[int, int]:
    """Start a process that runs the body: its id, and a pipe on which it says what the body returns."""
    hear, say = os.pipe()
    pid = os.fork()
    if pid:
        os.close(say)
        return pid, hear
    try:
        os.close(hear)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            told = body()
        except BaseException as error:
            told = "".join(traceback.format_exception(error))[-1500:]
        os.write(say, told.encode("utf-8", "backslashreplace"))
    finally:
        os._exit(0)


def heard(pid: int, hear: int) -> str | None:
    """What the process said, or None if it was killed; one that says nothing for a minute hangs."""
    ready, _, _ = select.select([hear], [], [], LIMIT)
    told = os.read(hear, 1 << 20).decode("utf-8", "replace") if ready else "hangs"
    if not ready:
        os.kill(pid, signal.SIGKILL)
    os.close(hear)
    _, status = os.waitpid(pid, 0)
    return None if os.WIFSIGNALED(status) and ready else told
