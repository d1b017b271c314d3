"""Tests of ``hftopic compare``: all combinations of repeated options, on the stated documents."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from hftopic import Corpus, make_correlated_topics, write_corpus
from hftopic.cli import program

QUICK = ("--groups", "2,2", "--epochs", 2)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")


def called(*arguments: object) -> Result:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result


def as_json(*arguments: object) -> dict[str, list[dict[str, object]]]:
    tables: dict[str, list[dict[str, object]]] = json.loads(called(*arguments, "--json").stdout)
    return tables


def planted(splits: list[str] | None) -> Corpus:
    made = make_correlated_topics(100, groups=(2, 2), n_words=30, random_state=0).corpus
    return Corpus(made.counts, made.vocabulary, splits=splits)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "corpus"
    write_corpus(planted(None), path)
    return path


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("divided") / "corpus"
    write_corpus(planted(["train"] * 60 + ["valid"] * 25 + ["test"] * 15), path)
    return path


@pytest.fixture
def unreadable(tmp_path: Path) -> Path:
    """A corpus that gives an error with exit code 1 when it is read."""
    path = tmp_path / "damaged.ldac"
    path.write_text("no counts", encoding="utf-8")
    return path


def test_every_combination_is_fitted_with_every_seed(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs.csv"
    several = ["--groups", "2,2", "--groups", "3,2", "--gamma", 1, "--gamma", 4, "--gamma", 1]
    tables = as_json("compare", plain, *several, "--seed", 0, "--seed", 3, "--epochs", 2, "--out", out)
    settings, runs = tables["settings"], tables["runs"]
    assert {row["name"] for row in settings} == {
        f"groups={groups}, gamma={gamma}" for groups in ("(2, 2)", "(3, 2)") for gamma in ("1.0", "4.0")
    }
    assert [row["runs"] for row in settings] == [2] * 4
    coherence = [row["c_npmi"] for row in settings]
    assert coherence == sorted(coherence, reverse=True)
    assert len(runs) == 8
    assert {row["seed"] for row in runs} == {0, 3}
    with out.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == 8
    assert list(written[0])[:4] == ["name", "gamma", "groups", "seed"]
    by_run = {(str(row["name"]), str(row["seed"])): row["perplexity"] for row in runs}
    for row in written:
        assert float(row["perplexity"]) == pytest.approx(by_run[row["name"], row["seed"]])


@pytest.mark.parametrize("measure", ["distinct_topics", "word_intrusion", "active_topics"])
def test_settings_are_ranked_by_the_chosen_measure(plain: Path, measure: str) -> None:
    several = ["--groups", "2,2", "--groups", "3,2", "--groups", "6", "--epochs", 2, "--rank-by", measure]
    tables = as_json("compare", plain, *several)
    for rows in tables.values():
        values = [row[measure] for row in rows]
        known = [value for value in values if value is not None]
        assert len(values) == 3
        assert known
        assert values == sorted(known, reverse=True) + [None] * (3 - len(known))


def test_weights_are_those_of_hfvae_alone(plain: Path) -> None:
    objectives = ["--objective", "vae", "--objective", "hfvae", "--objective", "BetaTCVAE(beta=2.0)"]
    runs = as_json("compare", plain, *QUICK, *objectives, "--gamma", 1, "--gamma", 2)["runs"]
    weights = {(row["objective"], row["gamma"]) for row in runs}
    assert weights == {(None, 1.0), (None, 2.0), ("VAE()", None), ("BetaTCVAE(beta=2.0)", None)}


def test_a_share_of_the_documents_is_held_out(plain: Path) -> None:
    assert "Fitting on 80 documents, evaluating on 20" in called("compare", plain, *QUICK).stderr
    half = called("compare", plain, *QUICK, "--validation", 0.5)
    assert "Fitting on 50 documents, evaluating on 50" in half.stderr
    assert called("compare", plain, *QUICK, "--validation", 0.5).stdout.split()[:3] == half.stdout.split()[:3]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("", "Fitting on 60 documents, evaluating on 25"),
        ("--validation test", "Fitting on 60 documents, evaluating on 15"),
        ("--validation train --split all", "Fitting on 40 documents, evaluating on 60"),
        ("--validation 0.5", "Fitting on 30 documents, evaluating on 30"),
        ("--split all", "Fitting on 75 documents, evaluating on 25"),
        ("--split all --validation 0.1", "Fitting on 90 documents, evaluating on 10"),
        ("--split valid --validation 0.2", "Fitting on 20 documents, evaluating on 5"),
        ("--split valid", "Fitting on 20 documents, evaluating on 5"),
    ],
)
def test_documents_are_those_of_the_splits(divided: Path, options: str, told: str) -> None:
    assert told in called("compare", divided, *QUICK, *options.split()).stderr


def test_people_see_what_differs(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = called("compare", plain, *QUICK, "--gamma", 1, "--gamma", 4, "--coherence", "u_mass", "-n", 5)
    header, _, *rows = result.stdout.splitlines()
    assert header.split()[:4] == ["gamma", "perplexity", "u_mass", "diversity"]
    assert "name" not in header
    assert "_sd" not in header
    assert "failed" not in header
    assert len(rows) == 2
    alone = called("compare", plain, *QUICK, "--quiet")
    assert alone.stderr == ""
    assert alone.stdout.split()[0] == "name"


def test_csv_is_by_setting_or_by_run(plain: Path) -> None:
    seeds = ["--seed", 0, "--seed", 1, "--csv"]
    settings = list(csv.DictReader(called("compare", plain, *QUICK, *seeds).stdout.splitlines()))
    runs = list(csv.DictReader(called("compare", plain, *QUICK, *seeds, "--by-run").stdout.splitlines()))
    assert [len(settings), len(runs)] == [1, 2]
    mean = np.mean([float(row["perplexity"]) for row in runs])
    assert float(settings[0]["perplexity"]) == pytest.approx(mean)


@pytest.mark.filterwarnings("default")  # the test checks that the program shows the warning
def test_a_run_that_diverges_is_told_and_listed(plain: Path) -> None:
    result = called("compare", plain, *QUICK, "--learning-rate", 1e9, "--by-run")
    assert "Warning: groups=(2, 2), seed 0: TrainingDivergedError: training diverged" in result.stderr
    assert "error" in result.stdout.splitlines()[0]


def test_models_of_both_kinds(plain: Path) -> None:
    runs = as_json("compare", plain, *QUICK, "--model", "prodlda", "--model", "nvdm")["runs"]
    assert {row["model"] for row in runs} == {"ProdLDA", "NVDM"}
    assert {row["name"] for row in runs} == {"prodlda, groups=(2, 2)", "nvdm, groups=(2, 2)"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--groups 1", "at least two topics"),
        ("--groups 2,2 --groups 2,x", "is not a comma-separated list of positive integers"),
        ("--gamma 1 --gamma -1", "'--gamma': -1.0 is not in the range"),
        ("--objective vae --gamma 1 --beta 2", "--beta, --gamma: only valid with --objective hfvae"),
        ("--objective tea", "'--objective'"),
        ("--seed -1", "'--seed': -1 is not in the range"),
        ("--validation 0", "0 is neither a fraction between 0 and 1 nor the name of a split"),
        ("--validation 1.5", "1.5 is neither a fraction"),
        ("--validation nan", "nan is neither a fraction"),
        ("--coherence npmi", "'--coherence'"),
        ("--words 1", "1 is not in the range"),
        ("--epochs 0", "'--epochs': 0 is not in the range"),
        ("--jobs 0", "'--jobs': 0 is not in the range"),
        ("--json --csv", "choose one"),
        ("--model lda", "'--model'"),
    ],
)
def test_wrong_usage_is_told_before_the_corpus_is_read(unreadable: Path, options: str, told: str) -> None:
    result = call("compare", unreadable, *options.split())
    assert result.exit_code == 2, result.output
    assert told in result.stderr


def test_what_cannot_be_written_is_told_before_the_corpus_is_read(unreadable: Path, tmp_path: Path) -> None:
    taken = tmp_path / "runs.csv"
    taken.write_text("mine", encoding="utf-8")
    for out, told in (
        (taken, "pass --force to replace it"),
        (tmp_path / "no" / "runs.csv", "does not exist"),
    ):
        result = call("compare", unreadable, "--out", out)
        assert result.exit_code == 1
        assert told in result.stderr
    assert taken.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ("--validation dev", 2, "no split 'dev'; the splits here are test, train, valid"),
        ("--split test --validation test", 2, "no documents are left to fit on"),
        ("--validation 0.01", 1, "validation has 1 documents; at least 3 are needed"),
        ("--words 31", 1, "--words must be from 2 to 30 (the vocabulary size); got 31"),
        ("--device teapot", 1, "teapot"),
    ],
)
def test_what_does_not_fit_the_corpus_is_told_before_anything_is_fitted(
    divided: Path, monkeypatch: pytest.MonkeyPatch, options: str, code: int, told: str
) -> None:
    monkeypatch.setattr("hftopic.ProdLDA.fit", lambda *_, **__: pytest.fail("was fitted"))
    result = call("compare", divided, *QUICK, *options.split())
    assert result.exit_code == code, result.output
    assert told in result.stderr


def test_no_splits_are_told(plain: Path) -> None:
    result = call("compare", plain, *QUICK, "--validation", "valid")
    assert result.exit_code == 2
    assert "no split 'valid'; there are no splits here" in result.stderr
