"""The processes that torchrun has started, seen from one of them."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import hftopic
from hftopic.cli.job import _process_group

ROOT = Path(hftopic.__file__).parents[1]


def test_a_numbered_gpu_is_refused_where_each_process_takes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with (
        pytest.raises(click.UsageError, match="use --device cuda instead of cuda:1"),
        _process_group("cuda:1"),
    ):
        pass


ERROR_IS_OVERTAKEN = """
import signal, sys
import click
from hftopic.cli import main
click.UsageError.show = lambda *_: signal.raise_signal(signal.SIGTERM)
sys.argv = ["hftopic", "fit"]
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
def test_a_process_that_is_terminated_before_its_error_is_told_says_so() -> None:
    """torchrun terminates the rest of a job while an error about the lost process is on its way."""
    job = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", ERROR_IS_OVERTAKEN],
        env=os.environ | job,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 143
    assert run.stderr.startswith("Process 0 is terminated, as torchrun does when another process of the job")
