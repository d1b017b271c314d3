"""From a table to a report in one command, and the commands that follow need only the file."""

import json
import re
import shlex
import signal
import sys
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import hftopic
from hftopic import ProdLDA, TextOptions, make_correlated_topics, read_corpus
from hftopic.cli import plans, program, sources
from hftopic.cli.plans import default_groups
from hftopic.training import Trainer

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

SUBJECTS = {
    "faith": ["church", "prayer", "sermon", "bishop", "gospel", "altar"],
    "sport": ["league", "coach", "goal", "season", "striker", "referee"],
    "craft": ["chisel", "timber", "joint", "lathe", "varnish", "mallet"],
}
QUICK = ["--groups", "2,2", "--epochs", 12]


def called(*arguments: object, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout, result.stderr


def articles(n: int = 90) -> pd.DataFrame:
    """A table whose columns have names of their own."""
    rng = np.random.default_rng(0)
    subjects = rng.choice(list(SUBJECTS), n)
    return pd.DataFrame(
        {
            "key": [f"a{i}" for i in range(n)],
            "body": [
                " ".join(rng.choice(SUBJECTS[subject], 20)) + " Ending." * (i % 3 == 0)
                for i, subject in enumerate(subjects)
            ],
            "section": subjects,
            "day": [f"2008-{1 + i % 12:02d}-01" for i in range(n)],
            "author": rng.choice(["Ann", "Bob"], n),
        }
    )


COLUMNS = ["--text-column", "body", "--label-column", "section", "--date-column", "day", "--id-column", "key"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, and the results of ``run`` for it."""
    path = tmp_path_factory.mktemp("run it")  # a space, so that the next commands must quote
    articles().to_csv(path / "articles.csv", index=False)
    more = ["--save-corpus", path / "corpus", "--save-table", path / "topics.csv", "--seed", 1]
    out, err = called(
        "run", path / "articles.csv", *COLUMNS, *QUICK, "--keep-case", "--out", path / "r.html", *more
    )
    (path / "told.txt").write_text(err, encoding="utf-8")
    (path / "out.txt").write_text(out, encoding="utf-8")
    return path


def test_run_writes_all_that_it_plans(place: Path) -> None:
    told = (place / "told.txt").read_text(encoding="utf-8")
    plan, _, after = told.partition("Writing ")
    for name in ("r-model", "corpus", "topics.csv", "r.html"):
        assert str(place / name) in plan
        assert (place / name).exists()
    assert "90 documents" in plan
    assert "texts in 'body', labels in 'section', dates in 'day', ids in 'key'" in plan
    assert "other columns, kept: author" in plan
    assert "2 groups of 2 topics in 12 epochs" in plan
    assert re.search(r"of 90 documents are left out \(--min-df, --max-df\): \d+ words are kept", plan)
    assert "are left out" not in called("corpus", place / "corpus")[1]  # which is of counts
    assert "church" in (place / "r.html").read_text(encoding="utf-8")
    assert len(read_corpus(place / "corpus")) == 90
    assert after


def test_the_next_commands_run_as_they_are(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = (place / "told.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in told.splitlines() if line.startswith("  hftopic ")]
    assert [line.split()[1] for line in lines] == ["topics", "documents", "names"]  # there is a table
    monkeypatch.chdir(place)
    for line in lines:
        program_name, *arguments = shlex.split(line)
        assert program_name == "hftopic"
        called(*arguments)
    assert (place / "names.csv").exists()


@pytest.mark.filterwarnings("default:Upper case characters")
def test_a_model_is_read_as_it_was_fitted(place: Path) -> None:
    """Columns and options of words are those of the model, without an option."""
    model = hftopic.load(place / "r-model")
    assert model.reading_["text_column"] == "body"
    assert model.reading_["options"]["lowercase"] is False
    corpus = read_corpus(place / "articles.csv", like=model)
    table = pd.read_csv(StringIO(called("transform", place / "r-model", place / "articles.csv")[0]))
    assert table.columns[:7].tolist() == ["id", "label", "date", "topic", "topic_name", "share", "author"]
    assert table["id"].tolist() == corpus.names.tolist()
    assert table["label"].tolist() == articles()["section"].tolist()
    assert table["date"].tolist() == articles()["day"].tolist()
    assert "Ending" in model.vocabulary_  # with --keep-case
    evaluated = json.loads(called("evaluate", place / "r-model", place / "articles.csv", "--json")[0])
    assert evaluated["tokens"] == 90 * 20 + 30
    other = called("evaluate", place / "r-model", place / "articles.csv", "--lower-case", "--json")[0]
    assert json.loads(other)["tokens"] == 90 * 20  # an option replaces that of the model


def test_a_file_without_the_columns_of_the_model_is_told_which_they_were(place: Path, tmp_path: Path) -> None:
    articles().rename(columns={"body": "content"}).to_csv(tmp_path / "new.csv", index=False)
    _, err = called("transform", place / "r-model", tmp_path / "new.csv", code=1)
    assert "'body'" in err
    assert "'content'" in err
    called("transform", place / "r-model", tmp_path / "new.csv", "--text-column", "content")


def test_documents_are_shown_with_their_texts(place: Path) -> None:
    rows = json.loads(
        called("documents", place / "r-model", place / "articles.csv", "--topic", 1, "-n", 2, "--json")[0]
    )
    assert [row["topic"] for row in rows] == [1, 1]
    for row in rows:
        assert row["text"] == articles()["body"][row["document"]]
        assert row["name"] == f"a{row['document']}"
    shown = called("documents", place / "r-model", place / "articles.csv", "--topic", 1, "-n", 2)[0]
    assert rows[0]["text"] in shown
    name = hftopic.load(place / "r-model").topic_names_[1]
    assert shown.startswith(f"Topic 1: {name}")


def test_topics_of_words_are_found(place: Path) -> None:
    found = json.loads(called("find", place / "r-model", "church", "-n", 1, "--json")[0])
    model = hftopic.load(place / "r-model")
    assert "church" in model.top_words(6).loc[found[0]["topic"]].tolist()
    _, err = called("find", place / "r-model", "chruch", code=1)
    assert "church" in err
    both = called("find", place / "r-model", "church", "sermon", "--json")[0]
    for phrase in ("church sermon", '"church sermon"'):
        assert called("find", place / "r-model", phrase, "--json")[0] == both
    summary = model.topic_summary_
    silent = summary["topic"][~summary["active"] | summary["duplicate"]]
    _, err = called("find", place / "r-model", "church", "-n", 9)
    assert "share: of the documents with the word" in err
    shown = {
        row["topic"] for row in json.loads(called("find", place / "r-model", "church", "-n", 9, "--json")[0])
    }
    assert ("Not in use" in err) == bool(shown & set(silent))


def test_names_are_written_edited_and_read_back(place: Path, tmp_path: Path) -> None:
    model = hftopic.load(place / "r-model")
    model.save(tmp_path / "m")
    called("names", tmp_path / "m", "--out", tmp_path / "names.csv")
    table = pd.read_csv(tmp_path / "names.csv")
    assert table["name"].tolist() == model.topic_names_.tolist()
    table.loc[2, "name"] = "what I call it"
    table.to_csv(tmp_path / "names.csv", index=False)
    out, _ = called("names", tmp_path / "m", "--set", tmp_path / "names.csv", "--json")
    assert [row["name"] for row in json.loads(out)] == table["name"].tolist()
    assert "what I call it" in called("topics", tmp_path / "m", "--all", "--csv")[0]
    assert "what I call it" in called("transform", tmp_path / "m", place / "articles.csv", "--all")[0]
    out, _ = called("names", tmp_path / "m", "--reset", "--json")
    assert [row["name"] for row in json.loads(out)] == model.topic_names_.tolist()
    (tmp_path / "names.csv").write_text("topic,name\n99,x\n", encoding="utf-8")
    before = sorted((tmp_path / "m").iterdir()), (tmp_path / "m" / "model.json").read_bytes()
    _, err = called("names", tmp_path / "m", "--set", tmp_path / "names.csv", code=1)
    assert "no topic 99" in err
    assert (sorted((tmp_path / "m").iterdir()), (tmp_path / "m" / "model.json").read_bytes()) == before


def test_topics_of_a_model_need_no_corpus(place: Path) -> None:
    model = hftopic.load(place / "r-model")
    rows = json.loads(called("topics", place / "r-model", "--json", "--all")[0])
    assert [row["documents"] for row in rows] == model.topic_summary_["documents"].tolist()
    assert [row["name"] for row in rows] == model.topic_names_.tolist()
    used = model.topic_summary_.query("active and not duplicate").index.tolist()
    assert [row["topic"] for row in json.loads(called("topics", place / "r-model", "--json")[0])] == used


# The plan


def test_the_only_column_of_long_texts_is_read(tmp_path: Path) -> None:
    articles().to_csv(tmp_path / "a.csv", index=False)
    _, err = called("run", tmp_path / "a.csv", "--out", tmp_path / "r.html", "--plan")
    assert "The texts are in the column 'body', the only one with long texts" in err
    articles().assign(summary=articles()["body"]).to_csv(tmp_path / "b.csv", index=False)
    _, err = called("run", tmp_path / "b.csv", "--out", tmp_path / "r.html", "--plan", code=1)
    assert "several columns have long texts" in err
    assert "'body' (20 words)" in err
    assert "'summary' (20 words)" in err
    articles()[["key", "section"]].to_csv(tmp_path / "c.csv", index=False)
    _, err = called("run", tmp_path / "c.csv", "--out", tmp_path / "r.html", "--plan", code=1)
    assert "no column has long texts; pass --text-column" in err
    articles().rename(columns={"key": "Text"}).to_csv(tmp_path / "d.csv", index=False)
    _, err = called("run", tmp_path / "d.csv", "--out", tmp_path / "r.html", "--plan", code=1)
    assert "long texts" not in err  # the column of this name is read
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv", "c.csv", "d.csv"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_tables_of_all_formats_have_their_texts_found(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    if ending in ("csv", "tsv"):
        articles().to_csv(path, index=False, sep={"csv": ";", "tsv": "\t"}[ending])
    elif ending == "jsonl":
        articles().to_json(path, orient="records", lines=True)
    else:
        pytest.importorskip({"parquet": "pyarrow", "xlsx": "openpyxl"}[ending])
        getattr(articles(), {"parquet": "to_parquet", "xlsx": "to_excel"}[ending])(path, index=False)
    _, err = called("run", path, "--out", tmp_path / "r.html", "--plan")
    assert "The texts are in the column 'body'" in err
    assert "90 documents" in err


def test_groups_grow_with_the_corpus(tmp_path: Path) -> None:
    sizes = [default_groups(n) for n in (1, 100, 1_000, 5_000, 10_000, 10**6)]
    assert sizes == sorted(sizes)
    assert sizes[0] == (5, 5)
    assert sizes[-1] == (25, 25)
    articles().to_csv(tmp_path / "a.csv", index=False)
    _, err = called("run", tmp_path / "a.csv", "--out", tmp_path / "r.html", "--plan")
    assert "2 groups of 5 topics" in err


@pytest.mark.parametrize("option", ["--out", "--save-model", "--save-corpus", "--save-table"])
def test_every_target_is_tried_before_the_table_is_read(tmp_path: Path, option: str) -> None:
    (tmp_path / "damaged.csv").write_bytes(b"\xff\xfe\x00")
    targets = {"--out": tmp_path / "r.html", option: tmp_path / "no" / "where.csv"}
    arguments = [part for pair in targets.items() for part in pair]
    _, err = called("run", tmp_path / "damaged.csv", *arguments, code=1)
    assert "create it first" in err
    assert "damaged" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.csv"]


def test_what_exists_is_replaced_only_with_force(place: Path) -> None:
    common = ["run", place / "articles.csv", *COLUMNS, *QUICK, "--out", place / "r.html"]
    _, err = called(*common, code=1)
    assert "already exists; pass --force to replace it" in err
    _, err = called(*common, "--save-model", place / "other", code=1)
    assert "r.html already exists" in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX signals here")
def test_an_interrupted_run_keeps_the_model_and_says_how_to_go_on(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_epoch = Trainer.run_epoch

    def interrupted(trainer: Trainer[Any], *arguments: Any, **settings: Any) -> Any:
        timed = trainer.settings.max_iter > 12  # by the plan, before the fit
        if not timed and trainer.epoch + 1 == 5:
            signal.raise_signal(signal.SIGINT)
        return run_epoch(trainer, *arguments, **settings)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "run_epoch", interrupted)
        common = ["run", place / "articles.csv", *COLUMNS, *QUICK, "--out", tmp_path / "r.html"]
        called(*common, code=130)
        assert list(tmp_path.iterdir()) == []
        _, err = called(*common, "--keep-interrupted", code=130)
    assert f"Interrupted after epoch 5: the model of this epoch is in {tmp_path / 'r-model'}" in err
    assert [path.name for path in tmp_path.iterdir()] == ["r-model"]
    (line,) = (line for line in err.splitlines() if line.startswith("  hftopic "))
    called(*shlex.split(line)[1:])
    assert (tmp_path / "r.html").exists()


# Costs


def test_many_topics_are_told_what_they_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    articles().to_csv(tmp_path / "a.csv", index=False)
    common = ["fit", tmp_path / "a.csv", "--text-column", "body", "--out", tmp_path / "m"]
    monkeypatch.setattr(plans, "memory", lambda: 10)
    _, err = called(*common, "--groups", "2000,2000", code=1)
    assert "4,000 topics of 19 words need about" in err
    assert "90 documents seldom have more than 10 topics that differ: --groups 5,5" in err
    assert not (tmp_path / "m").exists()


# Words that the model does not know


def test_several_starts_in_parallel_can_be_timed() -> None:
    made = make_correlated_topics(60, groups=(2, 2), random_state=0).corpus
    model = ProdLDA(groups=(2, 2), max_iter=3, n_init=2, n_jobs=2, random_state=0)
    assert plans.expected_seconds(model, made) > 0


def test_every_option_of_texts_is_one_of_the_command_line() -> None:
    assert sources._TEXT.keys() == {field.name for field in fields(TextOptions)}


def test_a_damaged_workbook_is_told(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "articles.xlsx"
    articles().to_excel(path, index=False)
    path.write_bytes(path.read_bytes()[:-200])
    _, told = called("run", path, "--out", tmp_path / "report.html", code=1)
    assert "is not a valid Excel workbook" in told


@pytest.mark.filterwarnings("ignore:fewer than two words")
def test_a_wrong_column_is_told(place: Path, tmp_path: Path) -> None:
    table = articles()
    table["other"] = ["lorem ipsum dolor sit amet consectetur church"] * len(table)
    table.to_csv(tmp_path / "new.csv", index=False)
    common = ["evaluate", place / "r-model", tmp_path / "new.csv", "--json"]
    _, err = called(*common)
    assert "Warning" not in err
    _, err = called(*common, "--text-column", "other")
    assert "the model knows only 14% of the words of these texts" in err
    assert "'other' was read" in err
    table["word"] = "church"
    table.to_csv(tmp_path / "new.csv", index=False)
    _, err = called(*common, "--text-column", "word")
    assert "the model knows only 1.0 words of each text" in err
    table["code"] = "zyx"
    table.to_csv(tmp_path / "new.csv", index=False)
    _, err = called(*common, "--text-column", "code", code=1)
    assert "the texts in the column 'code' and the vocabulary have no word in common" in err
    assert "Is it the right column" in err
