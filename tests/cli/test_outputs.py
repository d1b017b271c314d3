"""What cannot be written is told before any work; closed and full streams lose nothing."""

import os
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

import hftopic
from hftopic import Corpus, ProdLDA, write_corpus
from hftopic.cli import program

WRITERS = {  # commands with a target, and what they need beside it
    "fit": (["fit", "{corpus}"], "m"),
    "run": (["run", "{corpus}"], "page.html"),
    "names": (["names", "{model}"], "names.csv"),
    "transform": (["transform", "{model}", "{corpus}"], "theta.csv"),
    "effects": (["effects", "{model}", "{corpus}", "--formula", "label"], "effects.csv"),
    "edit": (["edit", "{model}", "{corpus}", "--drop", "0"], "edited"),
    "report": (["report", "{model}", "{corpus}"], "page.html"),
    "compare": (["compare", "{corpus}"], "runs.csv"),
    "corpus": (["corpus", "{corpus}"], "made.ldac"),
    "corpus build": (["corpus", "build", "{corpus}"], "made"),
    "demo": (["demo", "--package", "no_such_package"], "page.html"),
}
OPTIONS = {"demo": "--report"}
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs the devices of Linux")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, a model, and a corpus that gives an error when it is read."""
    path = tmp_path_factory.mktemp("outputs")
    counts = np.random.default_rng(0).poisson(1.0, (60, 12)) + 1
    corpus = Corpus(counts, [f"word{i}" for i in range(12)])
    write_corpus(corpus, path / "corpus")
    ProdLDA(groups=(2, 2), hidden=(8,), max_iter=2, batch_size=20, random_state=0).fit(corpus).save(
        path / "model"
    )
    (path / "damaged.ldac").write_text("no counts", encoding="utf-8")
    return path


def writing(name: str, place: Path, corpus: str, out: object) -> list[object]:
    """Arguments of a command that writes to ``out``."""
    command, _ = WRITERS[name]
    places = {"model": place / "model", "corpus": place / corpus}
    return [*(part.format(**places) for part in command), OPTIONS.get(name, "--out"), out]


def test_every_writing_command_is_here() -> None:
    found = {
        name
        for name, command in program.commands.items()
        for option in command.params
        if isinstance(option, click.Option) and {"--out", "--report"} & set(option.opts)
    }
    assert found == set(WRITERS)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "kind", ["below a file", "no parent", "dangling", "folder", "too long", "proc", "device"]
)
def test_a_target_that_cannot_be_written_is_told_before_the_corpus_is_read(
    place: Path, tmp_path: Path, name: str, kind: str
) -> None:
    """The corpus is damaged, so its own error would come if it was read."""
    end = WRITERS[name][1]
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "folder.csv" / "deep").mkdir(parents=True)
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    out, told = {
        "below a file": (tmp_path / "file" / end, "is a file, not a folder"),
        "no parent": (tmp_path / "no" / end, "does not exist; create it first"),
        "dangling": (tmp_path / "link.csv", "is a link to"),
        "folder": (tmp_path / "folder.csv", "folder"),
        "too long": (tmp_path / ("n" * 300 + end), "name too long"),
        "proc": (Path("/proc") / end, "cannot write"),
        "device": (Path("/dev/full"), "device"),
    }[kind]
    if kind in ("proc", "device") and sys.platform != "linux":
        pytest.skip("needs the file systems of Linux")
    if kind == "folder" and name == "corpus build":
        pytest.skip("shards are written beside other files of a folder")
    if kind == "device" and name == "transform":
        out, told = tmp_path / "full.csv", "device"
        out.symlink_to("/dev/full")
    options = ["--out-format", "ldac"] if name == "corpus" else []
    before = sorted(tmp_path.rglob("*"))
    force = [] if name == "demo" else ["--force"]
    if kind == "folder" and name in ("fit", "edit"):
        told = "is not a saved model"
    result = call(*writing(name, place, "damaged.ldac", out), *options, *force)
    assert result.exit_code == 1, result.output
    assert told in result.stderr.lower() or told in result.stderr
    assert "damaged" not in result.stderr
    assert "no_such_package" not in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_told_before_the_corpus_is_read(place: Path, tmp_path: Path, name: str) -> None:
    """Here a limit on the size of files takes the place of a full disk."""
    resource = pytest.importorskip("resource")
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); from hftopic.cli import main; main()"
    )
    assert resource.RLIMIT_FSIZE
    command = [
        sys.executable,
        "-c",
        limited,
        *writing(name, place, "damaged.ldac", tmp_path / WRITERS[name][1]),
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "damaged" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["fit", "transform", "compare", "corpus"])
def test_names_of_any_length_and_links_are_written(place: Path, tmp_path: Path, name: str) -> None:
    end = WRITERS[name][1]
    quick = ["--groups", "2,2", "--epochs", 2] if name in ("fit", "compare") else []
    longest = tmp_path / ("n" * (255 - len(end)) + end)
    assert call(*writing(name, place, "corpus", longest), *quick).exit_code == (1 if name == "corpus" else 0)
    real, link = tmp_path / f"real{end}", tmp_path / f"link{end}"
    if name == "fit":
        real.mkdir()
    else:
        real.write_text("old", encoding="utf-8")
    link.symlink_to(real)
    result = call(*writing(name, place, "corpus", link), *quick, "--force")
    assert result.exit_code == 0, result.output
    assert link.is_symlink()
    assert real.is_dir() if name == "fit" else real.read_bytes() != b"old"


def test_fit_takes_an_empty_folder_and_keeps_other_files(place: Path, tmp_path: Path) -> None:
    quick = ["--groups", "2,2", "--epochs", 2]
    out = tmp_path / "m"
    out.mkdir()
    assert call(*writing("fit", place, "corpus", out), *quick).exit_code == 0
    (out / "notes.md").write_text("a day of work", encoding="utf-8")
    assert "already exists; pass --force" in call(*writing("fit", place, "corpus", out), *quick).stderr
    assert call(*writing("fit", place, "corpus", out), *quick, "--force").exit_code == 0
    assert (out / "notes.md").read_text(encoding="utf-8") == "a day of work"
    assert hftopic.load(out).n_iter_ == 2


@pytest.mark.parametrize("out", ["x.unknown", "texts"])
def test_a_format_that_cannot_be_written_is_told_before_the_corpus_is_read(place: Path, out: str) -> None:
    options = ["--out-format", "files"] if out == "texts" else []
    result = call("corpus", place / "damaged.ldac", "--out", place / out, *options)
    assert result.exit_code == 1
    assert "format" in result.stderr
    assert "damaged" not in result.stderr


# Standard streams

PRINTING = {
    "fit": ["fit", "{corpus}", "--out", "{new}", "--groups", "2,2", "--epochs", "2"],
    "transform": ["transform", "{model}", "{corpus}"],
    "topics": ["topics", "{model}"],
    "evaluate": ["evaluate", "{model}", "{corpus}", "--json"],
    "correlate": ["correlate", "{model}", "{corpus}", "--permutations", "9", "--all", "--csv"],
    "compare": ["compare", "{corpus}", "--groups", "2,2", "--epochs", "2", "--out", "{new}"],
    "corpus": ["corpus", "{corpus}", "--out", "{new}"],
}


def shell(command: list[str], redirection: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a redirection of the shell."""
    line = ["sh", "-c", f'"$@" {redirection}', "sh", sys.executable, "-m", "hftopic", *command]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def arguments(name: str, place: Path, new: Path) -> list[str]:
    places = {"corpus": place / "corpus", "model": place / "model", "new": new}
    return [part.format(**places) for part in PRINTING[name]]


@linux
@pytest.mark.slow
@pytest.mark.parametrize("name", PRINTING)
def test_a_full_output_is_one_message(place: Path, tmp_path: Path, name: str) -> None:
    """What was to be written to files is there."""
    new = tmp_path / "new"
    full = shell(arguments(name, place, new), ">/dev/full")
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1] == "Error: cannot write to standard output: No space left on device"
    assert "Exception" not in full.stderr
    assert new.exists() == ("{new}" in PRINTING[name])


@linux
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_on_a_full_output_is_one_message(option: str) -> None:
    full = shell([option], ">/dev/full")
    assert full.returncode == 1
    assert full.stderr == "Error: cannot write to standard output: No space left on device\n"
    assert shell([option], "| true").stderr == ""


@linux
def test_a_closed_output_is_told_before_any_work(place: Path, tmp_path: Path) -> None:
    closed = shell(arguments("fit", place, tmp_path / "new"), ">&-")
    assert closed.returncode == 1
    assert closed.stderr == "Error: standard output is closed; redirect it to a file, or to /dev/null\n"
    assert list(tmp_path.iterdir()) == []


@linux
@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "<&- 2>&-"])
def test_no_work_depends_on_notes(place: Path, tmp_path: Path, redirection: str) -> None:
    quiet = shell(arguments("corpus", place, tmp_path / "new"), redirection)
    assert quiet.returncode == 0
    assert quiet.stdout.startswith("measure")
    assert len(hftopic.read_corpus(tmp_path / "new")) == 60


@linux
def test_a_corpus_from_a_pipe(place: Path) -> None:
    line = (
        f'printf "1 0:2\\n1 1:1\\n" | "$@" --format ldac --vocabulary {place / "corpus" / "vocab.txt"} --json'
    )
    command = [sys.executable, "-m", "hftopic", "corpus", "/dev/stdin"]
    done = subprocess.run(["sh", "-c", line, "sh", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"documents": 2' in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_an_output_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    """Tables have escapes, JSON its own, and CSV says what it cannot hold."""
    write_corpus(Corpus([[3, 1]], ["na\u00efve", "\u6f22"]), tmp_path / "c.npz")

    def printed(*options: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "hftopic", "corpus", str(tmp_path / "c.npz"), *options]
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        return subprocess.run(command, capture_output=True, check=False, env=environment)

    for options in ((), ("--json",)):
        done = printed(*options)
        assert done.returncode == 0, done.stderr
        done.stdout.decode(encoding)
    done = printed("--csv")
    assert done.returncode == (0 if encoding == "utf-16" else 1)
    assert encoding == "utf-16" or b"set PYTHONIOENCODING=utf-8" in done.stderr
