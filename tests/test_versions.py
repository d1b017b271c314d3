"""What a report of a problem should say, and whether compiled loops are used."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from hftopic import show_versions


def test_versions_and_loops_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    show_versions()
    told = {line[:16].strip(): line[16:] for line in capsys.readouterr().out.splitlines()}
    assert told["torch"] == version("torch")
    assert told["hftopic"] == version("hftopic")
    assert told["compiled loops"].partition(":")[0] in ("yes", "no")


@pytest.mark.parametrize(
    ("setting", "value", "code", "told"),
    [
        ("HFTOPIC_COMPILED", "0", "", "HFTOPIC_COMPILED is 0"),
        ("NUMBA_DISABLE_JIT", "1", "", "NUMBA_DISABLE_JIT is 1"),
        ("UNSET", "", "import sys; sys.modules['numba'] = None; ", "numba"),
    ],
    ids=["switch", "debugging", "no numba"],
)
def test_a_process_without_loops_says_why(setting: str, value: str, code: str, told: str) -> None:
    code += "from hftopic._compiled import usable, why_not; import torch; print(why_not())"
    code += "; assert not usable(10**9, torch.zeros(9))"
    environment = {**os.environ, setting: value}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told in found.stdout or "numba is not installed" in found.stdout
