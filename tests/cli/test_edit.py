"""Tests of ``hftopic edit``."""

import json

import pytest
from click.testing import CliRunner

from hftopic import ProdLDA, edit_topics, load, make_correlated_topics, write_corpus
from hftopic.cli import program


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(3, 3), random_state=0).corpus


@pytest.fixture(scope="module")
def place(tmp_path_factory, corpus):
    folder = tmp_path_factory.mktemp("edit")
    write_corpus(corpus, folder / "corpus")
    ProdLDA(groups=(3, 3), max_iter=4, random_state=0).fit(corpus).save(folder / "model")
    return folder


def called(*arguments, code=0):
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout, result.stderr


def test_the_edited_model_is_that_of_python(place, corpus, tmp_path):
    before = load(place / "model")
    edits = ["--merge", "3,1", "--merge", "0,4", "--drop", "5", "--name", "0=faith"]
    out, err = called("edit", place / "model", place / "corpus", *edits, "--out", tmp_path / "new", "--json")
    assert [row["topic"] for row in json.loads(out)] == [0, 2, 3]
    assert "3 of 6 topics" in err
    edited = load(tmp_path / "new")
    expected = edit_topics(before, merge=[(3, 1), (0, 4)], drop=[5], names={0: "faith"}, X=corpus)
    assert repr(edited) == repr(expected)
    assert (edited.transform(corpus) == expected.transform(corpus)).all()
    assert edited.topic_names_.tolist() == expected.topic_names_.tolist()
    assert load(place / "model").topic_ids_.tolist() == [0, 1, 2, 3, 4, 5]


def test_every_command_takes_it(place, tmp_path):
    new = tmp_path / "new"
    called("edit", place / "model", place / "corpus", "--merge", "1,4", "--out", new)
    out, _ = called("topics", new, "--all", "--json")
    assert sorted(row["topic"] for row in json.loads(out)) == [0, 1, 2, 3, 5]
    called("transform", new, place / "corpus", "--all", "--out", tmp_path / "theta.csv")
    assert "5: " in (tmp_path / "theta.csv").read_text().splitlines()[0]
    called("names", new, "--out", tmp_path / "names.csv")
    called("names", new, "--set", tmp_path / "names.csv")
    called("documents", new, place / "corpus", "--topic", 5)
    called("evaluate", new, place / "corpus", "--by-topic", "--all")
    called("correlate", new, place / "corpus", "--all", "--permutations", 9)
    called("edit", new, "--name", "5=sport", "--out", new, "--force")
    assert load(new).topic_names_[-1] == "sport"


def test_suggestions(place):
    out, _ = called("edit", place / "model", "--suggest", "--json")
    assert all("top words in common" in row["reason"] for row in json.loads(out))


WRONG = [
    (["--suggest", "--drop", "1"], "--suggest changes nothing"),
    (["--drop", "1"], "give --out and at least one of"),
    (["--out", "{new}"], "give --out and at least one of"),
    (["--drop", "1", "--out", "{new}"], "--merge and --drop need CORPUS"),
    (["{corpus}", "--merge", "1;2", "--out", "{new}"], "'1;2' is not the number of a topic"),
    (["--name", "faith", "--out", "{new}"], "'faith' is not ID=NAME"),
    (["--name", "1=a", "--name", "1=b", "--out", "{new}"], "topic 1 is named twice"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_told_and_nothing_is_written(place, tmp_path, arguments, message):
    places = {"new": tmp_path / "new", "corpus": place / "corpus"}
    given = [argument.format(**places) for argument in arguments]
    assert message in called("edit", place / "model", *given, code=2)[1]
    assert not (tmp_path / "new").exists()


def test_wrong_edits_are_told_and_nothing_is_written(place, tmp_path):
    given = ["edit", place / "model", place / "corpus", "--out", tmp_path / "new"]
    assert "no topic 9: topics are numbered 0 to 5" in called(*given, "--drop", "9", code=1)[1]
    assert "topic 1 is in two merges" in called(*given, "--merge", "0,1", "--merge", "1,2", code=1)[1]
    assert "it was merged into 0" in called(*given, "--merge", "0,1", "--name", "1=a", code=1)[1]
    assert not (tmp_path / "new").exists()
