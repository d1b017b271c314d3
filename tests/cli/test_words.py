"""Words on the command line: functions that split texts, phrases, stop words; and tables of metadata."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hftopic import TextOptions, load, open_corpus, read_corpus
from hftopic.cli import program
from hftopic.cli.sources import Source
from hftopic.cli.values import Function

MODULE = "words_of_the_test"


def called(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Texts in a folder with a module that splits them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / f"{MODULE}.py").write_text("def at_bars(text):\n    return text.split('|')\n\nNUMBER = 7\n")
    lines = [f"new york|the rain|w{place % 5}|w{place % 7}" for place in range(40)]
    (tmp_path / "texts.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path / "texts.txt"


def test_a_function_of_a_module_splits_texts_for_a_model_and_for_new_texts(texts: Path) -> None:
    split = ("--tokenizer", f"{MODULE}:at_bars", "--max-df", 1.0)
    code, _, err = called(
        "fit",
        texts,
        *split,
        "--groups",
        2,
        "--epochs",
        1,
        "--hidden",
        4,
        "--seed",
        0,
        "--out",
        "m.hft",
        "--quiet",
    )
    assert code == 0, err
    model = load("m.hft")
    assert {"new york", "the rain", "w0"} <= set(model.vocabulary_)
    assert model.reading_["options"]["tokenizer"] == f"{MODULE}:at_bars"
    code, _, err = called("transform", "m.hft", texts)
    assert code == 1
    assert f"the function '{MODULE}:at_bars' split the texts" in err
    assert "pass it again as --tokenizer" in err
    code, out, err = called("transform", "m.hft", texts, "--tokenizer", f"{MODULE}:at_bars")
    assert code == 0, err
    assert out.count("\n") == 41


def test_the_next_commands_of_a_run_have_the_tokenizer() -> None:
    path, split = Path("texts.txt"), Function().convert("shlex:split", None, None)
    assert Source(path, None, {}, {"tokenizer": split}).again == ["texts.txt", "--tokenizer", "shlex:split"]
    assert Source(path, None, {}, {"min_df": 2}).again == ["texts.txt"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("jieba", "'jieba' has not the form MODULE:FUNCTION"),
        (f"{MODULE}:nothing", f"the module {MODULE} has no function nothing"),
        (f"{MODULE}:NUMBER", "has no function NUMBER"),
        ("no_such_module_at_all:f", "--tokenizer no_such_module_at_all: ModuleNotFoundError"),
    ],
)
def test_functions_that_are_none(value: str, told: str, texts: Path) -> None:
    code, _, err = called("corpus", texts, "--tokenizer", value)
    assert code != 0
    assert told in err


def test_phrases_and_stop_words_of_a_language_are_those_of_python_also_as_shards(texts: Path) -> None:
    pytest.importorskip("stop_words")
    lines = [
        f"new york {'und der regen' if place % 2 else 'new'} stadt{'abc'[place % 3]}" for place in range(60)
    ]
    texts.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    options = ("--phrases", "--stop-words", "german", "--ngrams", 2, "--max-df", 1.0)
    assert called("corpus", "build", texts, "--out", "built", *options)[0] == 0
    built = open_corpus("built")
    python = TextOptions(phrases=True, stop_words="german", ngram_range=(1, 2), max_df=1.0)
    assert built.sha256() == read_corpus(texts, text=python).sha256()
    assert "new_york" in built.vocabulary
    assert "und" not in built.vocabulary
    assert called("corpus", texts, "--out", "direct", "--out-format", "shards", *options)[0] == 0
    assert (Path("direct") / "vocab.txt").read_bytes() == (Path("built") / "vocab.txt").read_bytes()


def test_metadata_beside_a_corpus_are_shown(texts: Path) -> None:
    table = texts.with_name("metadata.csv")
    table.write_text("rating,day\n" + "".join(f"{place % 5},{place}\n" for place in range(40)))
    code, out, err = called("corpus", texts, "--json", "--max-df", 1.0)
    assert (code, json.loads(out)["metadata"]) == (0, ["rating", "day"]), err
    assert called("corpus", texts, "--out", "shards", "--out-format", "shards", "--max-df", 1.0)[0] == 0
    code, out, _ = called("corpus", "shards", "--json")
    assert json.loads(out)["metadata"] == ["rating", "day"]
