"""Embeddings on the command line: from a file or a column, through fit, transform and corpus."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hftopic import load, open_corpus, read_corpus
from hftopic.cli import program

WORDS = {
    0: ["ball", "team", "goal", "match", "win", "kick"],
    1: ["faith", "church", "soul", "bible", "god", "pray"],
}
KIND = np.arange(60) % 2
TRAIN = np.arange(60) % 3 > 0
FIT = ("--groups", 2, "--epochs", 2, "--min-df", 1, "--max-df", "1.0", "--quiet")


def run(*arguments: object, code: int = 0) -> str:
    """What a command prints, on standard output, or on standard error if it fails."""
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(60, 5))
    return (noise + 8 * np.eye(5)[KIND]).astype(np.float32)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray) -> Path:
    """A table of texts with splits, the same with a column of embeddings, and these in a file."""
    folder = tmp_path_factory.mktemp("embeddings")
    draws = np.random.default_rng(1)
    rows = [
        {"text": " ".join(draws.choice(WORDS[int(kind)], 6)), "split": "train" if train else "test"}
        for kind, train in zip(KIND, TRAIN, strict=True)
    ]
    for name, more in (("plain", [{}] * 60), ("both", [{"vector": row.tolist()} for row in vectors])):
        lines = [json.dumps({**row, **extra}) for row, extra in zip(rows, more, strict=True)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    np.save(folder / "all.npy", vectors)
    np.save(folder / "train.npy", vectors[TRAIN].astype(np.float64))
    return folder


@pytest.fixture(scope="module")
def model(place: Path) -> Path:
    """A model that reads embeddings alone."""
    given = ("--embeddings", place / "all.npy", "--encoder-input", "embeddings")
    run("fit", place / "plain.jsonl", *given, "--out", place / "model", *FIT)
    return place / "model"


def shares(printed: str) -> np.ndarray:
    """Shares of the topics of each document, from a table."""
    rows = list(csv.DictReader(io.StringIO(printed)))
    return np.array([[float(row[name]) for name in row if re.fullmatch(r"\d+: .*", name)] for row in rows])


def test_the_rows_of_a_split_are_those_of_all_documents_or_its_own(
    place: Path, model: Path, vectors: np.ndarray
) -> None:
    # Without --split, fit uses "train" of the file with all rows.
    fitted = load(model)
    assert fitted.encoder_input == "embeddings"
    assert fitted.embedding_size_ == 5
    expected = fitted.transform(embeddings=vectors[~TRAIN])
    own = place / "test.npy"
    np.save(own, vectors[~TRAIN])
    printed = [
        run("transform", model, place / "plain.jsonl", "--split", "test", "--all", "--embeddings", file)
        for file in (place / "all.npy", own)
    ]
    assert printed[0] == printed[1]
    np.testing.assert_allclose(shares(printed[0]), expected, atol=2e-4)


@pytest.mark.parametrize("of_all", [True, False])
def test_the_rows_of_a_split_of_a_table_with_another_column_of_texts(
    place: Path, vectors: np.ndarray, of_all: bool
) -> None:
    # The model knows the column of its texts, which the command does not repeat.
    rows = [json.loads(line) for line in (place / "plain.jsonl").read_text().splitlines()]
    table, rest, folder = place / "body.csv", place / "rest.npy", place / f"of-body-{of_all}"
    table.write_text("body,split\n" + "".join(f"{row['text']},{row['split']}\n" for row in rows))
    np.save(rest, vectors[~TRAIN])
    given = ("--text-column", "body", "--embeddings", place / "all.npy", "--encoder-input", "both")
    run("fit", table, *given, "--out", folder, *FIT)
    file = place / "all.npy" if of_all else rest
    printed = run("transform", folder, table, "--split", "test", "--all", "--embeddings", file)
    fitted = load(folder)
    corpus = read_corpus(table, like=fitted).with_embeddings(vectors).split("test")
    np.testing.assert_allclose(shares(printed), fitted.transform(corpus), atol=2e-4)


def test_a_column_and_a_file_give_the_same_topics(place: Path, model: Path) -> None:
    by_file = run("transform", model, place / "plain.jsonl", "--embeddings", place / "all.npy", "--all")
    by_column = run("transform", model, place / "both.jsonl", "--embedding-column", "vector", "--all")
    np.testing.assert_array_equal(shares(by_file), shares(by_column))


def test_a_model_that_reads_embeddings_alone_needs_no_known_word(place: Path, model: Path) -> None:
    other = place / "other.txt"
    other.write_text("palla squadra\n" * 60)
    printed = run("transform", model, other, "--embeddings", place / "all.npy", "--all")
    known = run("transform", model, place / "plain.jsonl", "--embeddings", place / "all.npy", "--all")
    np.testing.assert_array_equal(shares(printed), shares(known))


def test_corpus_writes_embeddings_along(place: Path, vectors: np.ndarray) -> None:
    given = ("--embeddings", place / "all.npy", "--min-df", 1, "--max-df", "1.0")
    told = json.loads(run("corpus", place / "plain.jsonl", *given, "--out", place / "folder", "--json"))
    assert told["embedding_columns"] == 5
    np.testing.assert_array_equal(read_corpus(place / "folder").embeddings, vectors)
    run("corpus", "build", place / "plain.jsonl", *given, "--out", place / "shards", "--quiet")
    np.testing.assert_array_equal(np.asarray(open_corpus(place / "shards").embeddings), vectors)
    # Other embeddings of the same shards, without a new folder of them.
    np.save(place / "wide.npy", np.hstack([vectors, vectors]))
    told = json.loads(run("corpus", place / "shards", "--embeddings", place / "wide.npy", "--json"))
    assert told["embedding_columns"] == 10


def test_shards_with_embeddings_are_fitted_and_transformed(place: Path) -> None:
    given = ("--min-df", 1, "--max-df", "1.0", "--embedding-column", "vector")
    run("corpus", "build", place / "both.jsonl", *given, "--out", place / "parts", "--quiet")
    run(
        "fit", place / "parts", "--encoder-input", "both", "--out", place / "of-parts", "--groups", 2,
        "--epochs", 2, "--quiet",
    )  # fmt: skip
    fitted, corpus = load(place / "of-parts"), read_corpus(place / "parts")
    printed = run("transform", place / "of-parts", place / "parts", "--all")
    np.testing.assert_allclose(shares(printed), fitted.transform(corpus), atol=2e-4)
    assert corpus.embeddings is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the encoder of the model reads: pass --embeddings, or a CORPUS that has some"),
        (("--embeddings", "train.npy"), "40 rows for 60 documents"),
        (("--embeddings", "plain.jsonl"), "is no file of embeddings"),
        (("--embedding-column", "vector"), "no column 'vector'"),
    ],
)
def test_what_cannot_be_read_is_told(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(place)
    told = run("transform", model, place / "plain.jsonl", *arguments, code=1)
    assert message in told
    assert "Traceback" not in told


@pytest.mark.filterwarnings("ignore:active topics")  # after two epochs
def test_run_and_compare_fit_models_that_read_embeddings(place: Path) -> None:
    given = (place / "plain.jsonl", "--embeddings", place / "all.npy", "--encoder-input", "embeddings", *FIT)
    run("run", *given, "--out", place / "run.html")
    assert load(place / "run-model").encoder_input == "embeddings"
    compared = run("compare", *given, "--encoder-input", "counts", "--by-run", "--csv")
    rows = list(csv.DictReader(io.StringIO(compared)))
    assert [row["encoder_input"] for row in rows] == ["embeddings", "counts"]


@pytest.mark.parametrize("verb", ["fit", "run", "compare"])
@pytest.mark.parametrize(
    ("corpus", "given", "message"),
    [
        ("plain", ("--embeddings", "all.npy"), "--embeddings is not read with --encoder-input counts"),
        ("both", ("--embedding-column", "vector"), "--embedding-column is not read with --encoder-input c"),
        (
            "plain",
            ("--encoder-input", "both"),
            "--encoder-input both needs embeddings of the documents: pass",
        ),
    ],
)
def test_what_the_encoder_reads_is_what_is_given(
    place: Path, monkeypatch: pytest.MonkeyPatch, verb: str, corpus: str, given: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(place)
    assert message in run(verb, f"{corpus}.jsonl", *given, "--out", "none", *FIT, code=2)
    assert not Path("none").exists()


def test_run_keeps_embeddings_that_it_does_not_read_in_the_corpus(place: Path, vectors: np.ndarray) -> None:
    given = ("--embeddings", place / "all.npy", "--split", "all", "--save-corpus", place / "kept")
    run("run", place / "plain.jsonl", *given, "--out", place / "kept.html", *FIT)
    np.testing.assert_array_equal(read_corpus(place / "kept").embeddings, vectors)


def test_a_model_that_reads_counts_warns_of_embeddings(place: Path) -> None:
    run("fit", place / "plain.jsonl", "--out", place / "counts", *FIT)
    given = ("transform", place / "counts", place / "plain.jsonl", "--embeddings", place / "all.npy")
    result = CliRunner().invoke(program, [str(argument) for argument in given], prog_name="hftopic")
    assert result.exit_code == 0
    assert "Warning: --embeddings is not used: the encoder of the model reads counts alone" in result.stderr
