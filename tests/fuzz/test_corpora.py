"""A short run of the fuzzer of corpora, and proofs that it would find what it looks for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Fuzzers that are wrong in every way, and what the runner says of them.
PLANTED = {
    "died": "import os; os.abort()",
    "hung": "import time; time.sleep(60)",
    "memory": "held = bytearray(10**9 * 6 // 10); held[::4096] = bytes([1]) * len(held[::4096])",
    "fuzzer": "raise KeyError('x')",
}
SCRIPT = """
from pathlib import Path
from tests.fuzz import runner
runner.SECONDS = {seconds}

def fuzzer(seed, number, folder):
    if number == 1:
        {body}
    return runner.Outcome("same")

print([outcome.kind for _, outcome in runner.run_cases(fuzzer, range(3), 0)])
"""


def run(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """A program of this folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, **given
    )


@pytest.mark.slow
def test_mutated_corpora_are_refused_by_name_or_read_right() -> None:
    done = run("-m", "tests.fuzz.corpora", "--n", "2000", "--seed", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in done.stdout.splitlines()[1:]}
    assert kinds["refused"] > 800
    assert kinds["same"] > 400


@pytest.mark.slow
def test_mutated_shards_are_refused_by_name_or_read_right() -> None:
    done = run("-m", "tests.fuzz.shards", "--n", "400", "--seed", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in done.stdout.splitlines()[1:]}
    assert kinds["refused"] > 200
    assert kinds["same"] > 20


@pytest.mark.parametrize("kind", PLANTED)
def test_what_goes_wrong_in_a_worker_is_told_and_the_rest_goes_on(kind: str) -> None:
    done = run("-c", SCRIPT.format(body=PLANTED[kind], seconds=1 if kind == "hung" else 30))
    assert done.stdout.strip() == str(["same", kind, "same"]), done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ("formats.FORMATS.clear()", "foreign"),
        ("read = corpora.read_corpus; corpora.read_corpus = lambda *a, **k: read(*a, **k)[::-1]", "differs"),
    ],
)
def test_a_spoilt_package_is_found(spoilt: str, told: str) -> None:
    body = (
        "from tests.fuzz import corpora, runner; from hftopic.data import formats\n"
        f"{spoilt}\n"
        "print({outcome.kind for _, outcome in runner.run_cases(corpora.fuzz, range(60), 0)})"
    )
    done = run("-c", body)
    assert told in done.stdout, done.stdout + done.stderr
