"""A short run of the harness that kills and interrupts writers, and reads beside them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHORT = ("--every", "11", "--kills", "14", "--interrupts", "14", "--seconds", "0.05")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.fixture(scope="module")
def told() -> str:
    """What the harness says of all targets."""
    command = [sys.executable, "-m", "tests.fuzz.kills", *SHORT]
    # In memory, where nothing waits for a disk.
    room = {"TMPDIR": "/dev/shm"} if os.access("/dev/shm", os.W_OK) else {}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | room
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("how", ["before a change", "at a random time"])
@pytest.mark.parametrize("what", ["kill", "interrupt"])
def test_the_old_or_the_new_whole_thing_is_there(told: str, what: str, how: str) -> None:
    assert f"{what} {how}: A" in told
    assert f"{what} {how}," not in told, told  # a failure names its target


@pytest.mark.parametrize("who", ["a process", "two processes", "a thread"])
def test_readers_see_no_mixture_while_others_write(told: str, who: str) -> None:
    assert f"read while {who} wrote: A" in told
    assert f"{who} wrote," not in told, told


def test_nothing_else_went_wrong(told: str) -> None:
    assert "\n0 failures" in told, told
