"""Tests of wrong usage, found before the corpus is read, and of paths that cannot be written."""

import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hftopic import (
    HFVAE,
    AnchoredVAE,
    BetaTCVAE,
    BlockCorrelation,
    Concrete,
    Corpus,
    Ramp,
    load,
    make_correlated_topics,
    write_corpus,
)
from hftopic.cli import program
from hftopic.cli.values import Written


def called(*arguments: object, code: int) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def unreadable(tmp_path: Path) -> Path:
    """A corpus that gives an error with exit code 1 when it is read."""
    path = tmp_path / "damaged.ldac"
    path.write_text("no counts", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--batch-size 1", "'--batch-size': 1 is not in the range"),
        ("--dropout 1", "'--dropout': 1.0 is not in the range"),
        ("--validation-fraction 1", "'--validation-fraction': 1.0 is not in the range"),
        ("--warm-up 3.5", "neither an integer >= 0 nor a fraction"),
        ("--warm-up -1", "neither an integer >= 0 nor a fraction"),
        ("--ramp 1.5", "neither an integer >= 0 nor a fraction"),
        ("--min-df 0", "neither an integer >= 1 nor a fraction"),
        ("--seed -1", "'--seed': -1 is not in the range"),
        ("--epochs 0", "'--epochs': 0 is not in the range"),
        ("--patience 0", "'--patience': 0 is not in the range"),
        ("--learning-rate 0", "'--learning-rate': 0.0 is not in the range"),
        ("--alpha -1", "'--alpha': -1.0 is not in the range"),
        ("--gamma nan", "'--gamma': nan is not a finite number"),
        ("--beta inf", "'--beta': inf is not a finite number"),
        ("--objective vae --gamma 2 --alpha 1", "--alpha, --gamma: only valid with --objective hfvae"),
        ("--objective vae --ramp 5", "--ramp: only valid with --objective hfvae"),
        ("--groups 1", "at least two topics"),
        ("--groups 1,2 --topic-softmax group", "each group needs at least two topics"),
        ("--encoding klingon", "unknown text encoding 'klingon'"),
        ("--encoding hex", "unknown text encoding 'hex'"),
        ("--token-pattern [", "is not a valid regular expression"),
        ("--token-pattern (a)(b)", "has 2 capturing groups"),
        ("--json --csv", "choose one"),
        ("--vocabulary nowhere.txt", "does not exist"),
    ],
)
def test_wrong_usage_is_found_before_the_corpus_is_read(unreadable: Path, options: str, told: str) -> None:
    err = called("fit", unreadable, "--out", unreadable.parent / "model", *options.split(" "), code=2)
    assert told in err
    assert [path.name for path in unreadable.parent.iterdir()] == [unreadable.name]


@pytest.mark.parametrize(
    "options", ["--encoding utf-16", "--groups 1,1", "--warm-up 0", "--ramp 1.0", "--objective VAE"]
)
def test_what_is_right_usage_gets_to_the_corpus(unreadable: Path, options: str) -> None:
    assert "damaged.ldac" in called(
        "fit", unreadable, "--out", unreadable.parent / "m", *options.split(), code=1
    )


def test_device_that_is_not_here_is_found_before_the_corpus_is_read(unreadable: Path) -> None:
    err = called("fit", unreadable, "--out", unreadable.parent / "model", "--device", "abacus", code=1)
    assert err.startswith("Error: --device abacus cannot be used here")


def test_out_beneath_a_file_is_found_before_the_corpus_is_read(unreadable: Path) -> None:
    out = unreadable / "model"
    assert f"cannot write {out}: {unreadable} is a file, not a folder" in called(
        "fit", unreadable, "--out", out, code=1
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, where not even root can write, is Linux's")
def test_out_that_cannot_be_written_is_found_before_the_corpus_is_read(unreadable: Path) -> None:
    assert "cannot write /proc/model: " in called("fit", unreadable, "--out", "/proc/model", code=1)


def test_parquet_without_pyarrow_is_found_before_any_work(
    unreadable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out = unreadable.parent / "theta.parquet"
    err = called("transform", unreadable.parent, unreadable, "--out", out, code=1)
    assert "Parquet files need pyarrow: pip install 'hftopic[parquet]'" in err


def test_folder_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    write_corpus(Corpus([[1]], ["word"]), tmp_path / "c.ldac")
    for name in ("theta.csv", "letters"):
        (tmp_path / name).mkdir()
    called("transform", tmp_path, tmp_path / "c.ldac", "--out", tmp_path / "theta.csv", "--force", code=1)
    common = ["corpus", tmp_path / "c.ldac", "--out", tmp_path / "letters", "--force"]
    assert "is a folder" in called(*common, "--out-format", "ldac", code=1)
    assert (tmp_path / "letters").is_dir()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("HFVAE(beta=(0.1, Ramp(1.0, 0.5)))", HFVAE(beta=(0.1, Ramp(1.0, 0.5)))),
        ("AnchoredVAE((0, 1), lam=0.5)", AnchoredVAE((0, 1), lam=0.5)),
        ("BlockCorrelation([[0, -0.5], [-0.5, 0]])", BlockCorrelation([[0, -0.5], [-0.5, 0]])),
        ("((2, 3), Concrete(4))", ((2, 3), Concrete(4))),
    ],
)
def test_values_are_read_as_they_are_written(text: str, value: object) -> None:
    assert Written().convert(text, None, None) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HFVAE(",
        "open('x')",
        "Concrete.size",
        "__import__('os')",
        "HFVAE(beta=-1)",
        "HFVAE(*(1, 2))",
        "a + 1",
    ],
)
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="cannot be read"):
        Written().convert(text, None, None)


def test_fit_takes_groups_objective_and_prior_as_they_are_written(tmp_path: Path) -> None:
    made = make_correlated_topics(100, groups=(2, 2), n_words=40, random_state=0).corpus
    write_corpus(made, tmp_path / "made")
    options = ["--groups", "(2, 2, Concrete(3))", "--objective", "BetaTCVAE(2.0)", "--marginals", "mss"]
    prior = ["--prior", "BlockCorrelation([[0, 0.5], [0.5, 0]])"]
    where = ["fit", str(tmp_path / "made"), "--out", str(tmp_path / "model"), "--epochs", "2"]
    result = CliRunner().invoke(program, [*where, *options, *prior])
    assert result.exit_code == 0, result.output
    parameters = load(tmp_path / "model").get_params()
    assert parameters["groups"] == (2, 2, Concrete(3))
    assert parameters["objective"] == BetaTCVAE(2.0)
    assert parameters["prior"] == BlockCorrelation([[0, 0.5], [0.5, 0]])
    assert parameters["marginals"] == "mss"
