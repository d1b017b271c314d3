"""Shards on the command line: made, described, converted, and opened by commands that read them in pieces."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click import ClickException
from click.testing import CliRunner

from hftopic import Corpus, ShardedCorpus, open_corpus, write_corpus
from hftopic.cli import program
from hftopic.cli.contents import check_contents
from hftopic.cli.sources import Source
from hftopic.data import streams

COUNTS = np.random.default_rng(0).poisson(0.5, (60, 12))
WORDS = [f"w{word}" for word in range(12)]
PLAIN = {"format": None, "encoding": None, "max_bytes": None, "text_column": None}


class Model:
    """What a source asks of a fitted model."""

    vocabulary_ = np.array(["w3", "new", "w1"], dtype=object)


@pytest.fixture
def corpus() -> Corpus:
    pytest.importorskip("pyarrow")
    splits = ["train" if row % 3 else "test" for row in range(60)]
    return Corpus(COUNTS, WORDS, labels=[row % 4 for row in range(60)], splits=splits)


@pytest.fixture
def shards(corpus: Corpus, tmp_path: Path) -> Path:
    write_corpus(corpus, tmp_path / "shards", format="shards")
    return tmp_path / "shards"


def called(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    return result.exit_code, result.stdout, result.stderr


def test_shards_are_described_and_converted_like_any_corpus(
    corpus: Corpus, shards: Path, tmp_path: Path
) -> None:
    write_corpus(corpus, tmp_path / "folder")
    facts = [json.loads(called("corpus", path, "--json")[1]) for path in (shards, tmp_path / "folder")]
    assert facts[0] == facts[1]
    code, _, told = called("corpus", tmp_path / "folder", "--out", tmp_path / "new", "--out-format", "shards")
    assert (code, told) == (0, f"60 documents in {tmp_path / 'new'}\n")
    assert open_corpus(tmp_path / "new").sha256() == corpus.sha256()
    assert (
        called("corpus", shards, "--split", "test", "--out", tmp_path / "test", "--out-format", "shards")[0]
        == 0
    )
    assert open_corpus(tmp_path / "test").sha256() == corpus.split("test").sha256()
    code, _, told = called("corpus", shards, "--text-column", "body")
    assert code != 0
    assert "has no named columns" in told
    (shards / "part-00000.data.npy").write_bytes(b"")
    code, _, told = called("corpus", shards)
    assert code != 0
    assert "part-00000.data.npy: is cut off" in told


@pytest.mark.slow
def test_every_command_says_of_shards_what_it_says_of_a_folder(
    corpus: Corpus, shards: Path, tmp_path: Path
) -> None:
    write_corpus(corpus, tmp_path / "folder")
    told = []
    for documents in (shards, tmp_path / "folder"):
        model, report, table = (tmp_path / f"{documents.name}.{end}" for end in ("model", "html", "csv"))
        out = called("fit", documents, "--groups", "2,2", "--epochs", 1, "--out", model, "--quiet", "--json")[
            1
        ]
        facts = json.loads(out)
        assert facts.pop("model") == str(model)
        assert called("report", model, documents, "--out", report, "--title", "x", "--quiet")[::2] == (0, "")
        assert called("transform", model, documents, "--out", table, "--quiet")[::2] == (0, "")
        page = tmp_path / f"{documents.name}-run.html"
        run = called("run", documents, "--out", page, "--title", "x", "--groups", "2,2", "--epochs", 1)
        assert run[0] == 0, run
        assert "60 documents" in run[2] or "40 documents" in run[2]
        written = [file.read_bytes() for file in (*sorted(model.iterdir()), report, table, page)]
        shown = [
            called("evaluate", model, documents, "--json"),
            called("topics", model, documents, "--csv"),
            called("correlate", model, documents, "--csv", "--permutations", 9),
            called("documents", model, documents, "--csv"),
        ]
        assert [code for code, *_ in shown] == [0] * 4
        told.append((facts, [out for _, out, _ in shown], written))
    assert told[0] == told[1]


@pytest.mark.parametrize("what", ["data", "indices", "indptr"])
def test_a_damaged_part_is_named_before_training_starts(shards: Path, tmp_path: Path, what: str) -> None:
    file = shards / f"part-00000.{what}.npy"
    content = bytearray(file.read_bytes())
    content[-4] ^= 1
    file.write_bytes(content)
    for split in ("all", "train"):
        model = tmp_path / "model"
        code, out, told = called("fit", shards, "--groups", "2,2", "--split", split, "--out", model)
        assert (code, out) == (1, "")
        assert file.name in told
        assert not model.exists()


@pytest.mark.parametrize(
    ("split", "prefer", "chosen"),
    [
        (None, None, None),
        (None, "train", "train"),
        ("test", "train", "test"),
        ("all", "train", None),
        (None, "valid", None),
    ],
)
def test_the_split_is_a_view(
    corpus: Corpus, shards: Path, split: str | None, prefer: str | None, chosen: str | None
) -> None:
    opened = Source(shards, split, PLAIN, {}).read_or_open(prefer=prefer)
    wanted = corpus if chosen is None else corpus.split(chosen)
    assert isinstance(opened, ShardedCorpus)
    assert opened.sha256() == wanted.sha256()


def test_the_words_are_those_of_the_model(corpus: Corpus, shards: Path) -> None:
    model: Any = Model()
    opened = Source(shards, None, PLAIN, {}).read_or_open(model)
    assert isinstance(opened, ShardedCorpus)
    assert opened.sha256() == corpus.with_vocabulary(Model.vocabulary_).sha256()


def test_options_that_have_no_effect_are_told(shards: Path, tmp_path: Path) -> None:
    for given in ({"text_column": "body"}, {"format": "npz"}):
        with pytest.raises(ValueError, match=r"text_column= has no effect|is a folder"):
            Source(shards, None, PLAIN | given, {}).read_or_open()
    with pytest.raises(ValueError, match="text= has no effect"):
        Source(shards, None, PLAIN, {"min_df": 2}).read_or_open()
    (tmp_path / "words.txt").write_text("\n".join(WORDS) + "\n")
    with pytest.raises(ValueError, match="vocabulary file has no effect"):
        Source(shards, None, PLAIN, {}).read_or_open(words_file=tmp_path / "words.txt")


def test_the_plan_of_a_run_reads_no_column_of_all_documents_of_shards(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = ["2024-01-02"] * 60
    dated = Corpus(COUNTS, WORDS, splits=corpus.splits, labels=dates, names=["same"] * 60, dates=dates)
    write_corpus(dated, tmp_path / "shards", format="shards")
    monkeypatch.setattr(ShardedCorpus, "_column", lambda *_: pytest.fail("a whole column was read"))
    code, _, told = called("run", tmp_path / "shards", "--plan", "--out", tmp_path / "r.html")
    assert code == 0, told
    assert "40 documents, 12 words" in told  # those of the split train


def test_a_date_that_cannot_be_read_is_told_of_shards_where_it_is_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    dates = ["2024-01-02"] * 60
    dates[1] = dates[59] = "yesterday"
    write_corpus(Corpus(COUNTS, WORDS, dates=dates), tmp_path / "shards", format="shards")
    shards = open_corpus(tmp_path / "shards")
    with pytest.raises(ClickException, match=r"document 1, .* Build the shards with .*: 58 of 60 documents"):
        check_contents(shards)
    monkeypatch.setattr(streams, "MOST_AT_ONCE", 20)
    with pytest.raises(ClickException, match=r"document 59, .* Build the shards with .*: 19 of 20 documents"):
        check_contents(shards)
