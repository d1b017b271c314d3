"""A short run of the fuzzer of saved models."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_mutated_models_are_refused_or_answer_the_same() -> None:
    command = [sys.executable, "-m", "tests.fuzz.models", "--n", "1000", "--seed", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in done.stdout.splitlines()[1:]}
    assert kinds["refused"] > 500
    assert kinds["same"] > 10
    assert kinds["tolerated: forged"] > 30
