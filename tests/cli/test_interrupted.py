"""Interrupted fits and comparisons keep what is done, and give the same result when they continue."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import hftopic
from hftopic import ProdLDA, make_correlated_topics, read_corpus, write_corpus
from hftopic.cli import program
from hftopic.cli.unfinished import folder_of
from hftopic.training import Trainer

QUICK = ["--groups", "2,2", "--epochs", "6", "--batch-size", "32"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX signals here")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "made"
    write_corpus(make_correlated_topics(120, groups=(2, 2), n_words=30, random_state=0).corpus, path)
    return path


def interrupting(sent: list[signal.Signals], epoch: int) -> Callable[..., object]:
    """``Trainer.run_epoch``, in whose middle of one epoch signals arrive."""
    run_epoch = Trainer.run_epoch

    def run(trainer: Trainer, *arguments: object, **settings: object) -> object:
        if trainer.epoch + 1 == epoch:
            for one in sent:
                signal.raise_signal(one)
        return run_epoch(trainer, *arguments, **settings)

    return run


@posix
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_fit_keeps_the_epoch_in_which_it_is_interrupted(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, code: int
) -> None:
    """The model is the one that Python has when a callback ends training after this epoch."""
    before = signal.getsignal(sent)
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "run_epoch", interrupting([sent], 3))
        result = call("fit", corpus, "--out", tmp_path / "m", *QUICK, "--keep-interrupted", "--quiet")
    assert result.exit_code == code, result.output
    assert f"Interrupted after epoch 3: the model of this epoch is saved in {tmp_path / 'm'}" in result.stderr
    assert signal.getsignal(sent) is before
    expected = ProdLDA(groups=(2, 2), max_iter=6, batch_size=32, random_state=0)
    expected.fit(read_corpus(corpus), callbacks=[lambda record: record["epoch"] == 3])
    kept = hftopic.load(tmp_path / "m")
    assert kept.n_iter_ == 3
    np.testing.assert_array_equal(
        kept.transform(read_corpus(corpus)), expected.transform(read_corpus(corpus))
    )


@posix
@pytest.mark.parametrize(("last", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_interruption_stops_at_once(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: signal.Signals, code: int
) -> None:
    monkeypatch.setattr(Trainer, "run_epoch", interrupting([signal.SIGINT, last], 3))
    result = call("fit", corpus, "--out", tmp_path / "m", *QUICK, "--keep-interrupted")
    assert result.exit_code == code, result.output
    assert list(tmp_path.iterdir()) == []


def test_a_whole_fit_is_the_same_with_the_option(corpus: Path, tmp_path: Path) -> None:
    for name, options in (("a", []), ("b", ["--keep-interrupted"])):
        assert call("fit", corpus, "--out", tmp_path / name, *QUICK, *options).exit_code == 0
    one, two = (hftopic.load(tmp_path / name).transform(read_corpus(corpus)) for name in "ab")
    np.testing.assert_array_equal(one, two)


def test_several_starts_cannot_be_interrupted(corpus: Path, tmp_path: Path) -> None:
    result = call("fit", corpus, "--out", tmp_path / "m", "--keep-interrupted", "--n-init", 2)
    assert result.exit_code == 2
    assert "--keep-interrupted: only valid with --n-init 1" in result.stderr


@pytest.mark.parametrize("kept", [True, False])
def test_training_that_diverges_says_whether_the_last_good_epoch_is_saved(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    def diverging(trainer: Trainer, *arguments: object, **settings: object) -> object:
        if trainer.epoch == 2:
            trainer.keep()
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(trainer, "largest_term", 0.0)
                return run_epoch(trainer, *arguments, **settings)
        return run_epoch(trainer, *arguments, **settings)

    run_epoch = Trainer.run_epoch
    monkeypatch.setattr(Trainer, "run_epoch", diverging)
    out = tmp_path / "m"
    result = call("fit", corpus, "--out", out, *QUICK, *["--keep-interrupted"] * kept)
    assert result.exit_code == 1
    told = f"they are saved in {out}" if kept else "they are not saved, see --keep-interrupted"
    assert f"keeps the weights of epoch 2; {told}" in result.stderr
    assert out.exists() == kept
    if kept:
        assert hftopic.load(out).n_iter_ == 2


def test_a_model_whose_folder_became_unwritable_is_saved_elsewhere(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, refuge = tmp_path / "gone", tmp_path / "refuge"
    gone.mkdir()
    refuge.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(refuge))

    def removing(trainer: Trainer, *arguments: object, **settings: object) -> object:
        if gone.exists():
            gone.rmdir()
        return run_epoch(trainer, *arguments, **settings)

    run_epoch = Trainer.run_epoch
    monkeypatch.setattr(Trainer, "run_epoch", removing)
    result = call("fit", corpus, "--out", gone / "m", *QUICK)
    assert result.exit_code == 1
    (folder,) = refuge.iterdir()
    assert f"The model is saved in {folder / 'model'} instead" in result.stderr
    assert hftopic.load(folder / "model").n_iter_ == 6


# Checkpoints


def stepping(sent: signal.Signals, step: int) -> Callable[..., object]:
    """``Trainer._step``, in whose middle of one step of the training a signal arrives."""
    one_step, done = Trainer._step, [0]

    def stepped(trainer: Trainer, *arguments: object) -> object:
        done[0] += 1
        if done[0] == step:
            signal.raise_signal(sent)
        return one_step(trainer, *arguments)

    return stepped


@posix
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_fit_goes_on_from_its_checkpoint(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, code: int
) -> None:
    """SIGTERM writes one after the step; Ctrl-C stops at once, and the last one stands."""
    run = tmp_path / "run"
    command = ["fit", corpus, *QUICK, "--checkpoint", run, "--checkpoint-minutes", 0]
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_step", stepping(sent, 10))
        result = call(*command, "--out", tmp_path / "m")
    assert result.exit_code == code, result.output
    place = f"{run} was written in epoch 3, after step {2 if sent == signal.SIGTERM else 1}"
    assert f"{place}; repeat the command to go on from there" in result.stderr
    assert not (tmp_path / "m").exists()
    result = call(*command, "--out", tmp_path / "m")
    assert result.exit_code == 0, result.output
    assert f"Checkpoint: {place}" in result.stderr
    assert call("fit", corpus, *QUICK, "--out", tmp_path / "whole").exit_code == 0
    for name in ("model.json", "model.safetensors"):
        assert (tmp_path / "m" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    result = call(*command, "--out", tmp_path / "again", "--gamma", "2")
    assert result.exit_code == 1
    assert "gamma (3.0 then, 2.0 now)" in result.stderr


def test_a_checkpoint_and_keep_interrupted_exclude_each_other(corpus: Path, tmp_path: Path) -> None:
    result = call(
        "fit", corpus, "--out", tmp_path / "m", "--keep-interrupted", "--checkpoint", tmp_path / "r"
    )
    assert result.exit_code == 2
    assert "--keep-interrupted: not with --checkpoint" in result.stderr
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.slow
def test_a_terminated_process_leaves_a_checkpoint(corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "hftopic", "fit", str(corpus), "--out", str(tmp_path / "m")]
    command += ["--groups", "2,2", "--epochs", "3000", "--checkpoint", str(run)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not any(run.glob("start-*")):
            time.sleep(0.05)
        process.terminate()
        told = process.communicate()[1]
    assert process.returncode == 143, told
    assert f"{run} was written " in told
    assert sorted(path.name for path in run.iterdir()) == [".lock", "fit.json", "start-0.safetensors"]


# Comparisons

GRID = ["--groups", "2,2", "--gamma", "1", "--gamma", "4", "--seed", "0", "--seed", "1", "--epochs", "3"]


@pytest.fixture(scope="module")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rows of a comparison that was not interrupted."""
    out = tmp_path_factory.mktemp("whole") / "runs.csv"
    assert call("compare", corpus, *GRID, "--out", out).exit_code == 0
    assert [path.name for path in out.parent.iterdir()] == ["runs.csv"]
    return pd.read_csv(out)


class Fits:
    """Counts the fits of ProdLDA, and interrupts one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, interrupted: int, error: BaseException) -> None:
        self.n = 0
        fit = ProdLDA.fit

        def counted(model: ProdLDA, *arguments: object, **settings: object) -> ProdLDA:
            self.n += 1
            if self.n == interrupted:
                raise error
            return fit(model, *arguments, **settings)

        monkeypatch.setattr(ProdLDA, "fit", counted)


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)])
def test_an_interrupted_comparison_continues(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    whole: pd.DataFrame,
    error: BaseException,
    code: int,
) -> None:
    """The rows are those of a comparison without an interruption, and no run is made twice."""
    out = tmp_path / "runs.csv"
    fits = Fits(monkeypatch, 4, error)
    result = call("compare", corpus, *GRID, "--out", out)
    assert result.exit_code == code
    assert f"3 of 4 runs are in {out}; repeat the command for the rest" in result.stderr
    rows = pd.read_csv(out)
    assert rows["stability"].isna().all()
    pd.testing.assert_frame_equal(rows.drop(columns=["stability", "fit_seconds"]), without(whole).iloc[:3])
    result = call("compare", corpus, *GRID, "--out", out)
    assert result.exit_code == 0, result.output
    assert "Continuing: 3 of 4 runs" in result.stderr
    assert fits.n == 5
    pd.testing.assert_frame_equal(
        pd.read_csv(out).drop(columns="fit_seconds"), whole.drop(columns="fit_seconds")
    )
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def without(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=["stability", "fit_seconds"])


def test_only_the_same_comparison_continues(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What differs is named, nothing is lost, and ``--force`` starts again."""
    out = tmp_path / "runs.csv"
    Fits(monkeypatch, 3, KeyboardInterrupt())
    call("compare", corpus, *GRID, "--out", out)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    other = tmp_path.parent / f"{tmp_path.name}-other"
    write_corpus(read_corpus(corpus)[1:], other)
    for changed, told in (
        (["--epochs", "4"], "--epochs (3 then, 4 now)"),
        (["--coherence", "u_mass"], "coherence (c_npmi then, u_mass now)"),
        (["-n", "5"], "--words (10 then, 5 now)"),
        (["--validation", "0.3"], "the training documents; the validation documents"),
        (["--learning-rate", "0.01"], "--learning-rate (0.004 then, 0.01 now)"),
        (["--alpha", "2"], "the setting groups=(2, 2), --gamma 1.0 (then only)"),
    ):
        result = call("compare", corpus, *GRID, "--out", out, *changed)
        assert result.exit_code == 1, changed
        assert told in result.stderr
    assert "the training documents" in call("compare", other, *GRID, "--out", out).stderr
    fewer = ["--groups", "2,2", "--gamma", "1", "--gamma", "4", "--seed", "1", "--epochs", "3"]
    assert "the seed 0 (then only)" in call("compare", corpus, *fewer, "--out", out).stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == kept
    result = call("compare", corpus, *GRID, "--epochs", "4", "--out", out, "--force")
    assert result.exit_code == 0, result.output
    assert "Continuing" not in result.stderr
    assert len(pd.read_csv(out)) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_more_runs_can_be_added_and_force_continues_the_same(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "runs.csv"
    out.write_text("mine", encoding="utf-8")
    fits = Fits(monkeypatch, 3, KeyboardInterrupt())
    assert call("compare", corpus, *GRID, "--out", out, "--force").exit_code == 130
    fits.n = 10
    result = call("compare", corpus, *GRID, "--out", out, "--force", "--seed", "5", "--gamma", "2")
    assert "Continuing: 2 of 9 runs" in result.stderr
    assert fits.n == 17
    table = pd.read_csv(out)
    assert sorted(table["seed"]) == [0, 0, 0, 1, 1, 1, 5, 5, 5]
    assert table["stability"].notna().all()


def test_a_damaged_run_is_made_again(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: pd.DataFrame
) -> None:
    out = tmp_path / "runs.csv"
    fits = Fits(monkeypatch, 4, KeyboardInterrupt())
    call("compare", corpus, *GRID, "--out", out)
    folder = folder_of(out)
    models = sorted(path for path in folder.iterdir() if path.is_dir())
    (models[0] / "model.safetensors").write_bytes(b"half")
    (folder / f"{models[1].name}.json").write_text('{"active": [tr', encoding="utf-8")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    result = call("compare", corpus, *GRID, "--out", out)
    assert "cannot be read and is fitted again" in result.stderr
    assert fits.n == 7
    pd.testing.assert_frame_equal(
        pd.read_csv(out).drop(columns="fit_seconds"), whole.drop(columns="fit_seconds")
    )
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert "has no readable plan.json" in call("compare", corpus, *GRID, "--out", out).stderr


def test_two_comparisons_do_not_write_the_same_file(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "runs.csv"
    fit = ProdLDA.fit
    told = []

    def meanwhile(model: ProdLDA, *arguments: object, **settings: object) -> ProdLDA:
        if not told:
            told.append("")
            told.append(call("compare", corpus, *GRID, "--out", out).stderr)
        return fit(model, *arguments, **settings)

    monkeypatch.setattr(ProdLDA, "fit", meanwhile)
    assert call("compare", corpus, *GRID, "--out", out).exit_code == 0
    assert f"another command is writing {out}" in told[1]
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_a_comparison_whose_first_run_fails_leaves_nothing(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Fits(monkeypatch, 1, ValueError("broken"))
    result = call("compare", corpus, *GRID, "--out", tmp_path / "runs.csv")
    assert result.exit_code == 1
    assert "broken" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_error_later_keeps_the_runs(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the table cannot be written after two runs."""
    out = tmp_path / "runs.csv"
    Fits(monkeypatch, 3, SystemExit(1))
    call("compare", corpus, *GRID, "--out", out)
    out.unlink()
    result = call("compare", corpus, *GRID, "--out", out)
    assert "Continuing: 2 of 4 runs" in result.stderr
    assert result.exit_code == 0


def test_the_longest_name_has_a_folder_too(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / ("n" * 251 + ".csv")
    Fits(monkeypatch, 2, KeyboardInterrupt())
    assert call("compare", corpus, *GRID, "--out", out).exit_code == 130
    assert call("compare", corpus, *GRID, "--out", out).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@posix
@pytest.mark.slow
def test_parallel_runs_are_kept_as_they_finish(corpus: Path, tmp_path: Path, whole: pd.DataFrame) -> None:
    """The process group gets SIGINT, as by Ctrl-C on a terminal."""
    out = tmp_path / "runs.csv"
    command = [
        sys.executable,
        "-m",
        "hftopic",
        "compare",
        str(corpus),
        *GRID,
        "--jobs",
        "2",
        "--out",
        str(out),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while process.poll() is None and not out.exists():
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        told = process.communicate()[1]
    # A process whose work is done, and which is ending, has Python's handlers no more.
    assert process.returncode in (0, 128 + signal.SIGINT, -signal.SIGINT), told
    with out.open(encoding="utf-8", newline="") as file:
        assert 1 <= len(list(csv.DictReader(file))) <= 4
    if folder_of(out).exists():
        assert call("compare", corpus, *GRID, "--out", out).exit_code == 0
    pd.testing.assert_frame_equal(
        pd.read_csv(out).drop(columns="fit_seconds"), whole.drop(columns="fit_seconds")
    )
