"""Corpora on the command line: limits that are raised, and pipes."""

import gzip
import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from hftopic.cli import program

ANY_WORD = ["--min-df", 1, "--max-df", 1.0]


def called(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    return result.exit_code, result.stdout, result.stderr


def test_limits_are_raised_by_an_option(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(b"ball team " + b"x" * 2**24 + b"\n"))
    code, out, err = called("corpus", path, *ANY_WORD)
    assert (code, out) == (1, "")
    assert "expands to more than 100 times its size" in err
    assert "pass --max-bytes with a larger limit" in err
    code, out, _ = called("corpus", path, *ANY_WORD, "--max-bytes", 2**25)
    assert code == 0
    assert "tokens_per_document" in out


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    pipe = tmp_path / "x.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("text,label\nthe ball,x\nthe team,y\n",))
    writer.start()
    code, out, err = called("corpus", pipe, *ANY_WORD)
    writer.join()
    assert (code, err) == (0, "")
    assert "labels               2" in out
