"""Tests of models without a vocabulary, and of corpora that share no word with a model."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from click.testing import CliRunner

from hftopic import NVDM, Corpus, ProdLDA, load, write_corpus
from hftopic.cli import program

WORDS = ["apple", "bread", "cloud", "drum", "earth", "flute"]
MATRIX = np.random.default_rng(0).poisson(1.0, (30, len(WORDS))) + 1


def called(*arguments: object, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model fitted on a bare matrix, its vocabulary file, and corpora with and without a vocabulary."""
    path = tmp_path_factory.mktemp("wordless")
    ProdLDA(groups=(2, 2), hidden=(8,), max_iter=2, batch_size=10, random_state=0).fit(MATRIX).save(
        path / "m"
    )
    (path / "words.txt").write_text("\n".join([*WORDS, ""]), encoding="utf-8")
    (path / "few.txt").write_text("apple\nbread\n", encoding="utf-8")
    order = np.argsort(WORDS)[::-1]
    write_corpus(Corpus(MATRIX[:, order], [WORDS[i] for i in order]), path / "reversed.ldac")
    (path / "folder").mkdir()
    sp.save_npz(path / "folder" / "counts.npz", sp.csr_array(MATRIX))
    (path / "texts.txt").write_text("zebra yacht\n\nxylophone\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("verb", ["topics", "evaluate", "correlate", "transform"])
@pytest.mark.parametrize("corpus", ["reversed.ldac", "folder"])
def test_model_without_words_is_refused(place: Path, verb: str, corpus: str) -> None:
    out, err = called(verb, place / "m", place / corpus, code=1)
    assert "has no vocabulary: it was fitted on a bare matrix" in err
    assert "--vocabulary FILE" in err
    assert out == ""


@pytest.mark.parametrize("corpus", ["reversed.ldac", "folder"])
def test_vocabulary_names_the_columns(place: Path, corpus: str) -> None:
    common = ["evaluate", place / "m", place / corpus, "-n", 2, "--json"]
    out, _ = called(*common, "--vocabulary", place / "words.txt")
    assert json.loads(out)["perplexity"] == pytest.approx(load(place / "m").perplexity(MATRIX))


def test_vocabulary_names_the_words_of_topics(place: Path) -> None:
    common = ["topics", place / "m", "-n", 2, "--json"]
    out, err = called(*common)
    assert "has no vocabulary, so words are shown as column numbers" in err
    assert all(word.isdigit() for row in json.loads(out) for word in row["words"].split(", "))
    named = json.loads(
        called("topics", place / "m", "-n", 2, "--json", "--vocabulary", place / "words.txt")[0]
    )
    for bare, row in zip(json.loads(out), named, strict=True):
        assert row["words"].split(", ") == [WORDS[int(number)] for number in bare["words"].split(", ")]


def test_vocabulary_of_another_length_is_an_error(place: Path) -> None:
    _, err = called("topics", place / "m", "--vocabulary", place / "few.txt", code=1)
    assert "has 2 words, but the model has 6 columns" in err


def test_vocabulary_is_no_way_to_rename_a_models_words(place: Path, tmp_path: Path) -> None:
    corpus = Corpus(MATRIX, WORDS)
    NVDM(groups=(2,), hidden=(8,), max_iter=1, batch_size=10, random_state=0).fit(corpus).save(tmp_path / "m")
    called("topics", tmp_path / "m", "-n", 2, "--vocabulary", place / "words.txt")
    (tmp_path / "other.txt").write_text("\n".join([*reversed(WORDS), ""]), encoding="utf-8")
    _, err = called("topics", tmp_path / "m", "--vocabulary", tmp_path / "other.txt", code=1)
    assert "has its own vocabulary" in err


def test_vocabulary_names_the_words_of_counts(place: Path) -> None:
    _, err = called("corpus", place / "folder", code=1)
    assert "its vocabulary is missing" in err
    out, _ = called("corpus", place / "folder", "--vocabulary", place / "words.txt", "--json")
    assert set(json.loads(out)["frequent_words"]) == set(WORDS)


def test_texts_that_share_no_word_with_the_model_are_an_error(place: Path) -> None:
    common = ["transform", place / "m", place / "texts.txt", "--vocabulary", place / "words.txt"]
    out, err = called(*common, code=1)
    assert "have no word in common" in err
    assert "the vocabulary has 6 words" in err
    assert out == ""
