"""Writing of shards: the same bytes however documents come, and whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hftopic import Corpus, CorpusError, open_corpus, write_corpus
from hftopic.data.shards import ShardWriter, writing

ROOT = Path(__file__).parents[3]
COUNTS = np.random.default_rng(0).poisson(0.5, (203, 12))
WORDS = [f"w{word}" for word in range(12)]
CORPUS = Corpus(COUNTS, WORDS, reading={"options": {}})


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_DOCUMENTS", 20)
    monkeypatch.setattr(writing, "MOST_ENTRIES", 110)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith(".")}


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, bytes]:
    write_corpus(CORPUS, tmp_path / "wanted", format="shards")
    return contents(tmp_path / "wanted")


@pytest.mark.parametrize("size", [1, 7, 20, 50, 203])
def test_the_bytes_do_not_depend_on_how_many_documents_come_at_a_time(
    tmp_path: Path, wanted: dict[str, bytes], size: int
) -> None:
    with ShardWriter(tmp_path / "x", WORDS, reading={"options": {}}) as writer:
        for start in range(0, 203, size):
            part = COUNTS[start : start + size]
            writer.append(CORPUS[start : start + size] if start % 2 else part)
    assert contents(tmp_path / "x") == wanted


def test_labels_beside_counts(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    known = {
        "labels": [1, 2],
        "names": ["x", "y"],
        "splits": ["train", "test"],
        "texts": ["one", "two"],
        "dates": [1990, None],
        "metadata": {"size": [3, 4]},
    }
    with ShardWriter(tmp_path / "x", WORDS) as writer:
        writer.append(COUNTS[:2], **known)
    read, same = open_corpus(tmp_path / "x").loaded(), Corpus(COUNTS[:2], WORDS, **known)
    for part in ("labels", "names", "splits", "texts", "dates"):
        assert getattr(read, part).tolist() == getattr(same, part).tolist()
    assert read.metadata_columns["size"].tolist() == [3, 4]


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(CorpusError, match="'w0' is in the vocabulary twice"):
        ShardWriter(tmp_path / "x", ["w0", "w0"])
    with ShardWriter(tmp_path / "x", WORDS) as writer:
        writer.append(COUNTS)
        with pytest.raises(CorpusError, match="another vocabulary of 12 words"):
            writer.append(Corpus([[1]], ["other"]))
        with pytest.raises(CorpusError, match="11 words"):
            writer.append(COUNTS[:, :11])
        with pytest.raises(CorpusError, match="never matched by place"):
            writer.append(pd.DataFrame(COUNTS, columns=WORDS[::-1]))
        with pytest.raises(CorpusError, match="the columns label, but those before have no columns"):
            writer.append(COUNTS[:1], labels=["x"])
        with pytest.raises(CorpusError, match="2 labels for 1 documents"):
            writer.append(COUNTS[:1], labels=["x", "y"])
        with pytest.raises(CorpusError, match="the value -"):
            writer.append(-COUNTS)
        with pytest.raises(TypeError, match="has its own labels"):
            writer.append(CORPUS, labels=["x"] * 203)
    with pytest.raises(RuntimeError, match="in the body of"):
        writer.append(COUNTS)
    assert (open_corpus(tmp_path / "x").read(0, 203).toarray() == COUNTS).all()


def test_an_error_leaves_what_was_there(tmp_path: Path, wanted: dict[str, bytes]) -> None:
    def fail(path: Path) -> None:
        with ShardWriter(path, WORDS) as writer:
            writer.append(COUNTS[:100])
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail(tmp_path / "wanted")
    assert contents(tmp_path / "wanted") == wanted
    with pytest.raises(KeyError):
        fail(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["wanted"]


def test_only_shards_are_replaced(tmp_path: Path, wanted: dict[str, bytes]) -> None:
    write_corpus(CORPUS[:5], tmp_path / "wanted", format="shards")
    assert len(contents(tmp_path / "wanted")) == 5  # the other parts are gone
    write_corpus(CORPUS, tmp_path / "folder")
    (tmp_path / "file").write_text("x")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "part-00000.data.npy").write_text("x")
    for name, told in (
        ("folder", "'corpus.json'|'counts.npz'"),
        ("strange", "part-00000"),
        ("file", "is a file"),
    ):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(FileExistsError, match=told):
            write_corpus(CORPUS, tmp_path / name, format="shards")
        assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(FileExistsError, match=r"part-00000\.data\.npy"):
        write_corpus(CORPUS, tmp_path / "wanted")  # a folder of another format
    (tmp_path / "wanted" / "README").write_text("mine")
    write_corpus(CORPUS, tmp_path / "wanted", format="shards")
    assert contents(tmp_path / "wanted") == wanted | {"README": b"mine"}


def written(path: Path) -> None:
    with ShardWriter(path, WORDS, reading={"options": {}}) as writer:
        for start in range(0, 203, 70):
            writer.append(CORPUS[start : start + 70])


KILLED = """
import os, pathlib, signal, sys
from tests.data.shards import test_shard_writer as writer
writer.writing.MOST_DOCUMENTS, writer.writing.MOST_ENTRIES = 20, 110
moment, path = int(sys.argv[1]), sys.argv[2]

def killing(module, name):
    work = getattr(module, name)
    def until(*args, **kwargs):
        global moment
        moment -= 1
        if moment < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*args, **kwargs)
    setattr(module, name, until)

import numpy, shutil
for name in ("replace", "link", "rename"):
    killing(os, name)
killing(numpy.lib.format, "write_array_header_1_0")
killing(shutil, "rmtree")
writer.written(pathlib.Path(path))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_write_leaves_nothing_in_the_way_of_the_next(
    tmp_path: Path, wanted: dict[str, bytes]
) -> None:
    """Killed at different steps: the next one always ends, with the same bytes, and leaves nothing else."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    moments = [3, 30, 60, 200]
    codes = [
        subprocess.run(
            [sys.executable, "-c", KILLED, str(moment), str(tmp_path / "x")],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
        ).returncode
        for moment in moments
    ]
    assert codes[0] == codes[1] == -signal.SIGKILL
    assert codes[-1] == 0
    assert contents(tmp_path / "x") == wanted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wanted", "x"]
