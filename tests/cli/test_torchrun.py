"""``torchrun -m hftopic fit``: processes train one model, and the loss of one ends the job."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import scipy.sparse as sp
from click.testing import CliRunner

import hftopic
from hftopic.cli import program

ROOT = Path(hftopic.__file__).parents[1]
LIMIT = 200  # seconds
KILLS = """
import os, signal
from hftopic.training.trainer import Trainer
run_epoch = Trainer.run_epoch
def killed(self, *given, **named):
    if os.environ["RANK"] == "1" and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and self.epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return run_epoch(self, *given, **named)
Trainer.run_epoch = killed
"""

UNREADABLE = """
import os
from hftopic.cli.sources import Source
def unreadable(*given, **named):
    raise OSError("the disk is gone")
if os.environ["RANK"] == "1":
    Source.read_or_open = unreadable
"""

KILLS_WRITER = """
import os, signal
from hftopic.analysis.documents.files import Csv
write = Csv.write
def killed(*given):
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    write(*given)
Csv.write = killed
"""

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a corpus, and a module that kills process 1 in the third epoch."""
    path = tmp_path_factory.mktemp("torchrun")
    corpus = hftopic.make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    hftopic.write_corpus(corpus, path / "shards", format="shards")
    (path / "kills.py").write_text(KILLS, encoding="utf-8")
    return path


def torchrun(folder: Path, *arguments: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """The command line in two processes."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", *more]
    return subprocess.run(
        [*launcher, "-m", "hftopic", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        timeout=LIMIT,
        check=False,
        capture_output=True,
        text=True,
    )


FIT = ("fit", "shards", "--groups", "2,2", "--epochs", "4")


def test_two_processes_fit_one_model_and_the_first_prints_and_writes(folder: Path) -> None:
    run = torchrun(folder, *FIT, "--out", "model", "--json")
    assert run.returncode == 0, run.stderr
    assert run.stdout.count('"documents"') == 1
    assert run.stderr.count("Fitting on") == 1
    assert hftopic.load(folder / "model").n_iter_ == 4


def test_a_wrong_value_is_told_and_nothing_is_written(folder: Path) -> None:
    run = torchrun(folder, *FIT, "--batch-size", "1", "--out", "none")
    assert run.returncode != 0
    assert "Error: " in run.stderr
    assert not (folder / "none").exists()


def test_what_is_wrong_in_both_processes_is_told_once(folder: Path) -> None:
    run = torchrun(folder, *FIT, "--keep-interrupted", "--checkpoint", "run0", "--out", "none")
    assert run.returncode != 0
    assert errors(run) == [
        "Error: --keep-interrupted: not with --checkpoint, after which the same command goes on"
    ]


def errors(run: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall("^Error: .*", run.stderr, re.MULTILINE)


def test_what_only_one_process_cannot_read_ends_both(folder: Path) -> None:
    (folder / "unreadable.py").write_text(UNREADABLE, encoding="utf-8")
    run = torchrun(folder, "--import", "unreadable", *FIT, "--out", "none", "--checkpoint", "run0")
    assert run.returncode != 0
    assert "Error: process 1: the disk is gone" in errors(run)
    waited = "Process 0 is terminated, as torchrun does when another process of the job has ended, or when"
    assert waited in run.stderr or len(errors(run)) == 2
    assert "run0 has no checkpoint yet" in run.stderr
    assert "Signal 9" not in run.stderr


def test_a_restart_goes_on_from_the_checkpoint_with_the_same_bytes(folder: Path) -> None:
    """Of shards: each process reads its own documents, and tells no other than process 0 what it reads."""
    checkpoint = ("--checkpoint-minutes", "0")
    whole = torchrun(folder, *FIT, "--out", "whole", "--checkpoint", "run1", *checkpoint)
    assert whole.returncode == 0, whole.stderr
    kept = ("--checkpoint", "run2", *checkpoint)
    run = torchrun(folder, "--import", "kills", *FIT, "--out", "again", *kept, more=("--max-restarts=1",))
    assert run.returncode == 0, run.stderr
    assert "run2 was written after epoch 2; repeat the command" in run.stderr or "terminated" in run.stderr
    assert "Checkpoint: run2 was written after epoch 2" in run.stderr
    assert (folder / "again" / "model.safetensors").read_bytes() == (
        folder / "whole" / "model.safetensors"
    ).read_bytes()


def test_a_killed_process_ends_the_job_with_a_message(folder: Path) -> None:
    run = torchrun(folder, "--import", "kills", *FIT, "--out", "lost")
    assert run.returncode != 0
    lost = "Error: another process of this job has ended or cannot be reached"
    assert lost in run.stderr or "Process 0 is terminated, as torchrun does" in run.stderr
    assert "Signal 9 (SIGKILL) received by PID" in run.stderr
    assert not (folder / "lost").exists()


@pytest.fixture(scope="module")
def shards(folder: Path) -> Path:
    """Documents of three pieces, and a model of them."""
    from hftopic.analysis.documents.stream import PIECE

    some = hftopic.read_corpus(folder / "shards")
    hftopic.ProdLDA((2, 2), max_iter=2, random_state=0).fit(some).save(folder / "fitted")
    many = hftopic.Corpus(sp.vstack([some.counts] * (2 * PIECE // len(some) + 2)), some.vocabulary)
    hftopic.write_corpus(many, folder / "many", format="shards")
    return folder / "many"


TRANSFORM = ("transform", "fitted", "many", "--out")


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_two_processes_write_the_table_of_one(folder: Path, shards: Path, ending: str) -> None:
    run = torchrun(folder, *TRANSFORM, f"two.{ending}")
    assert run.returncode == 0, run.stderr
    n_documents = len(hftopic.open_corpus(shards))
    assert run.stderr.count(f"{n_documents:,} documents in two.{ending}") == 1
    assert run.stdout.split()[:4] == ["topic", "documents", "share", "name"]
    alone = CliRunner().invoke(program, [*fully(folder, TRANSFORM), str(folder / f"one.{ending}")])
    assert alone.stdout == run.stdout
    assert (folder / f"one.{ending}").read_bytes() == (folder / f"two.{ending}").read_bytes()


def fully(folder: Path, words: tuple[str, ...]) -> list[str]:
    return [str(folder / word) if (folder / word).exists() else word for word in words]


def test_a_killed_process_leaves_no_table(folder: Path, shards: Path) -> None:
    assert shards.exists()
    (folder / "ends.py").write_text(KILLS_WRITER, encoding="utf-8")
    run = torchrun(folder, "--import", "ends", *TRANSFORM, "lost.csv")
    assert run.returncode != 0
    assert "Signal 9 (SIGKILL) received by PID" in run.stderr
    assert [path.name for path in folder.iterdir() if path.name.startswith((".", "lost"))] == []


def test_several_processes_need_a_file(folder: Path, shards: Path) -> None:
    assert shards.exists()
    run = torchrun(folder, *TRANSFORM[:-1])
    assert run.returncode != 0
    assert "several processes write one file: give it with --out" in run.stderr
