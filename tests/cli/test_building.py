"""``hftopic corpus build``: shards of texts, from the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hftopic import open_corpus
from hftopic.cli import program


def called(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Forty texts with labels."""
    path = tmp_path / "texts.csv"
    rows = [
        f"{'faith church' if row % 2 else 'team ball'} season {'win' * (row % 3)},{row % 2}"
        for row in range(40)
    ]
    path.write_text("body,label\n" + "\n".join(rows) + "\n")
    return path


def test_shards_are_built_and_described(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    asked = ("--text-column", "body", "--jobs", 2, "--max-df", 1.0)
    code, printed, told = called("corpus", "build", texts, "--out", out, *asked, "--json")
    assert code == 0, told
    assert "Words in fewer than 2 of 40 documents are left out (--min-df, --max-df): 7 words are kept" in told
    assert f"40 documents in {out}" in told
    facts = json.loads(printed)
    assert {name: facts[name] for name in ("documents", "empty_documents", "words", "parts")} == {
        "documents": 40,
        "empty_documents": 0,
        "words": 7,
        "parts": 1,
    }
    corpus = open_corpus(out)
    assert corpus.labels.tolist() == ["0", "1"] * 20
    assert corpus.reading is not None
    assert corpus.reading["text_column"] == "body"
    code, printed, _ = called("corpus", out, "--json")
    assert (code, json.loads(printed)["words"]) == (0, 7)


def test_several_inputs_and_an_earlier_folder(texts: Path, tmp_path: Path) -> None:
    out, more = tmp_path / "shards", tmp_path / "more.csv"
    more.write_text(texts.read_text())
    asked = ("--out", out, "--text-column", "body", "--max-df", 1.0, "--quiet")
    assert called("corpus", "build", texts, *asked)[0] == 0
    code, _, told = called("corpus", "build", texts, more, *asked)
    assert code == 1
    assert "already exists; pass --force to replace it" in told
    assert called("corpus", "build", texts, more, *asked, "--force", "--keep-texts")[0] == 0
    corpus = open_corpus(out)
    assert len(corpus) == 80
    assert corpus[:1].texts.tolist() == ["team ball season "]


def test_errors_are_told_in_options(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    code, _, told = called("corpus", "build", texts, "--out", out)
    assert code == 1
    assert "line 1: no column 'text'; pass the name of the text column as --text-column" in told
    code, _, told = called("corpus", "build", texts, "--out", out, "--text-column", "body", "--max-df", 1)
    assert code == 1
    assert "--max-df 1 removes every word" in told
    assert not out.exists()
    assert called("corpus", "build", "--out", out)[0] == 2
    assert called("corpus", "build", tmp_path / "none.txt", "--out", out)[0] == 2


def test_another_build_must_be_restarted(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    folder = tmp_path / "shards.building"
    folder.mkdir()
    (folder / "plan.json").write_text('{"kind": "hftopic build", "inputs": [], "options": {}}')
    asked = ("corpus", "build", texts, "--out", out, "--text-column", "body", "--max-df", 1.0)
    code, _, told = called(*asked)
    assert code == 1
    assert "shards.building has the pieces of a build that was not finished. What differs: " in told
    assert "start again with --restart" in told
    assert called(*asked, "--restart")[0] == 0
    assert not folder.exists()


def test_a_corpus_that_is_called_build_is_described_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").write_text("the team won\nthe team lost\n")
    code, printed, told = called("corpus", "./build", "--format", "txt", "--json")
    assert code == 0, told
    assert json.loads(printed)["documents"] == 2
    code, _, told = called("corpus", "build")
    assert code == 2
    assert "Missing argument 'INPUT...'" in told


def test_an_interrupted_build_says_how_to_go_on(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hftopic.data.building import build

    asked = ("corpus", "build", texts, "--out", tmp_path / "shards", "--text-column", "body", "--max-df", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(build, "write_shards", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        code, _, told = called(*asked)
    assert code == 130
    assert f"What is counted is kept in {tmp_path / 'shards.building'}; repeat the command to go on" in told
    assert called(*asked)[0] == 0
