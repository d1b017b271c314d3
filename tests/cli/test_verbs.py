"""Tests of the command line through its entry point: results and errors of the commands."""

import base64
import json
import re
import signal
import subprocess
import sys
import zlib
from io import StringIO
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import hftopic
from hftopic import Corpus, read_corpus, write_corpus
from hftopic.analysis import (
    distinct_topics,
    document_summary,
    topic_correlation,
    topic_summary,
    word_intrusion,
)
from hftopic.cli import program
from hftopic.topics.shares import in_use

WORDS = ["god", "faith", "church", "sin", "pray", "ball", "team", "goal", "coach", "league", "disk", "cpu"]
FIT = ["--groups", "2,2", "--epochs", "3", "--batch-size", "32", "--hidden", "8", "--quiet"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with three subjects, splits, labels and names."""
    rng = np.random.default_rng(0)
    subject = rng.integers(3, size=90)
    rates = np.full((3, len(WORDS)), 0.05)
    for row, columns in enumerate([slice(0, 5), slice(5, 10), slice(10, 12)]):
        rates[row, columns] = 2.0
    counts = rng.poisson(rates[subject])
    counts[:, 0] += 1  # no document is empty
    names = [f"document {i}" for i in range(90)]
    corpus = Corpus(counts, WORDS, subject, names, splits=["train"] * 60 + ["test"] * 30)
    path = tmp_path_factory.mktemp("corpus") / "made"
    write_corpus(corpus, path)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """A model fitted on this corpus by the command."""
    out = folder.parent / "model"
    run("fit", folder, "--out", out, *FIT)
    return out


def run(*arguments: object, code: int = 0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program in its own process."""
    command = [sys.executable, "-m", "hftopic", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=stdin)
    assert done.returncode == code, done.stderr
    return done


def called(*arguments: object, code: int = 0) -> tuple[str, str]:
    """Standard output and standard error of the program, called in this process."""
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout, result.stderr


def test_fit_says_what_it_did_and_saves_a_model_that_loads(folder: Path, tmp_path: Path) -> None:
    out, err = called("fit", folder, "--out", tmp_path / "model", *FIT, "--json")
    summary = json.loads(out)
    assert (summary["documents"], summary["topics"], summary["groups"], summary["epochs"]) == (60, 4, 2, 3)
    assert "Using the split 'train' (60 of 90 documents)" in err
    assert hftopic.load(tmp_path / "model").vocabulary_.tolist() == WORDS


def test_fit_passes_every_setting_on(folder: Path, tmp_path: Path) -> None:
    settings = ["--model", "nvdm", "--beta", "0.5", "--gamma", "2", "--seed", "3", "--split", "all"]
    settings += ["--assignment", "fixed", "--n-init", "2", "--jobs", "1", "--marginals", "hfvae"]
    out, _ = called("fit", folder, "--out", tmp_path / "model", *FIT, *settings, "--json")
    assert json.loads(out)["documents"] == 90
    fitted = hftopic.load(tmp_path / "model")
    assert isinstance(fitted, hftopic.NVDM)
    given = {"beta": 0.5, "gamma": 2, "random_state": 3, "max_iter": 3, "hidden": (8,)}
    given |= {"assignment": "fixed", "n_init": 2, "n_jobs": 1, "marginals": "hfvae"}
    assert {name: fitted.get_params()[name] for name in given} == given
    assert fitted.losses_.shape == (2,)


def test_fit_learns_the_groups_unless_told_otherwise(folder: Path, tmp_path: Path) -> None:
    """The model of the command is that of Python."""
    corpus = read_corpus(folder, split="train")
    for given in ({}, {"assignment": "learned"}, {"assignment": "fixed"}):
        options = [part for name, value in given.items() for part in (f"--{name}", value)]
        called("fit", folder, "--out", tmp_path / "m", "--force", *FIT, "--epochs", "8", *options)
        fitted = hftopic.ProdLDA(
            groups=(2, 2), hidden=(8,), max_iter=8, batch_size=32, random_state=0, **given
        )
        np.testing.assert_array_equal(
            hftopic.load(tmp_path / "m").transform(corpus), fitted.fit(corpus).transform(corpus)
        )


def test_fit_refuses_groups_that_cannot_be_learned(folder: Path, tmp_path: Path) -> None:
    options = ["--assignment", "learned", "--topic-softmax", "group"]
    _, error = called("fit", folder, "--out", tmp_path / "m", *FIT, *options, code=1)
    assert "--assignment learned is not possible" in error


def test_fit_is_the_same_for_the_same_seed(folder: Path, model: Path, tmp_path: Path) -> None:
    called("fit", folder, "--out", tmp_path / "model", *FIT)
    for file in model.iterdir():
        assert file.read_bytes() == (tmp_path / "model" / file.name).read_bytes()


def test_topics_prints_words_by_group(model: Path) -> None:
    out, _ = called("topics", model, "-n", 3)
    assert out.count("Group ") == 2
    for block in out.split("Group ")[1:]:
        led = [int(number) for number in re.findall(r"^ *\d+  .+?  +(\d+)  ", block, re.M)]
        assert led
        assert led == sorted(led, reverse=True)
    assert set(re.findall(r"\w+", out)) & set(WORDS)
    rows = json.loads(called("topics", model, "-n", 3, "--json")[0])
    assert [row["topic"] for row in rows] == [0, 1, 2, 3]
    expected = hftopic.load(model).top_words(3)
    words = expected[["word_1", "word_2", "word_3"]].to_numpy().tolist()
    assert [row["words"].split(", ") for row in rows] == words


def test_topics_with_a_corpus_tells_more_of_them(model: Path, folder: Path) -> None:
    table = pd.read_csv(StringIO(called("topics", model, folder, "--csv", "--all")[0]))
    assert len(table) == 4
    assert {"information", "peak", "active", "documents", "share", "name", "words"} <= set(table.columns)
    out, err = called("topics", model, folder, "--csv")
    used = table.query("active and not duplicate")
    assert pd.read_csv(StringIO(out))["topic"].tolist() == used["topic"].tolist()
    n_left_out = len(table) - len(used)
    assert n_left_out == 0 or err.startswith(f"{n_left_out} of 4 topics left out: ")
    assert ("see them with --all" in err) == (n_left_out > 0)


def test_help_of_topics_tells_what_its_table_shows() -> None:
    told = " ".join(called("topics", "--help")[0].split())
    assert "leaves out topics that are not active and topics that repeat a more informative one" in told
    assert "documents is the number of documents that a topic leads" in told


def test_topics_of_signed_topics_have_two_poles(folder: Path, tmp_path: Path) -> None:
    called("fit", folder, "--out", tmp_path / "model", *FIT, "--model", "nvdm")
    (row, *_) = json.loads(called("topics", tmp_path / "model", "--json")[0])
    assert row["words"] != row["words_negative"]


def test_evaluate_gives_the_figures_of_the_library(model: Path, folder: Path) -> None:
    out, err = called("evaluate", model, folder, "--json", "--coherence", "u_mass", "--coherence", "c_npmi")
    values = json.loads(out)
    test = read_corpus(folder, split="test")
    assert "Using the split 'test' (30 of 90 documents)" in err
    assert values["documents"] == 30
    assert values["perplexity"] == pytest.approx(hftopic.load(model).perplexity(test))
    assert values["score"] == pytest.approx(hftopic.load(model).score(test))
    assert {"u_mass", "c_npmi", "active_topics", "diversity"} <= set(values)
    active = topic_summary(hftopic.load(model))["active"].to_numpy()
    distinct = distinct_topics(hftopic.load(model), test, topics=active)["distinct"].sum()
    assert values["distinct_topics"] == distinct
    told = word_intrusion(hftopic.load(model), test, topics=active)["detected"].mean()
    assert values["word_intrusion"] == pytest.approx(told)


def test_evaluate_by_topic_has_a_row_for_each_topic_in_use(model: Path, folder: Path) -> None:
    summary = topic_summary(hftopic.load(model), read_corpus(folder, split="test"))
    out, _ = called("evaluate", model, folder, "--json", "--by-topic")
    assert [row["topic"] for row in json.loads(out)] == np.flatnonzero(in_use(summary)).tolist()
    out, _ = called("evaluate", model, folder, "--json", "--by-topic", "--all")
    assert len(json.loads(out)) == 4


def test_evaluate_averages_the_coherence_of_the_topics_in_use(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a report: a topic that repeats another does not count twice."""
    rows = json.loads(called("evaluate", model, folder, "--json", "--by-topic", "--all")[0])
    made = topic_summary(hftopic.load(model)).assign(active=True, duplicate=[False, True, False, False])
    monkeypatch.setattr(hftopic.ProdLDA, "topic_summary_", made)
    values = json.loads(called("evaluate", model, folder, "--json")[0])
    expected = [row["c_npmi"] for row in rows if row["topic"] != 1]
    assert values["c_npmi"] == pytest.approx(np.mean(expected))
    assert values["active_topics"] == 4


def test_correlate_ranks_pairs(model: Path, folder: Path) -> None:
    common = ["correlate", model, folder, "--permutations", 19, "--all", "--json"]
    pairs = json.loads(called(*common)[0])["pairs"]
    strengths = [abs(pair["r"]) for pair in pairs]
    assert strengths == sorted(strengths, reverse=True)
    across = json.loads(called(*common, "--across")[0])["pairs"]
    within = json.loads(called(*common, "--within")[0])["pairs"]
    assert all(pair["group_a"] != pair["group_b"] for pair in across)
    assert all(pair["group_a"] == pair["group_b"] for pair in within)
    assert len(across) + len(within) == len(pairs)
    assert json.loads(called(*common, "-n", 1)[0])["pairs"] == pairs[:1]
    names = hftopic.load(model).topic_names_
    assert all(pair["name_a"] == names[pair["topic_a"]] for pair in pairs)
    first = pairs[0]
    for_people = ["correlate", model, folder, "--permutations", 19, "--all"]
    assert f"{first['name_a']}  " in called(*for_people)[0]
    assert first["words_a"].split(", ")[0] in called(*for_people, "--words", 1)[0]


@pytest.fixture(scope="module")
def dated(folder: Path) -> Path:
    """The corpus with years, and labels."""
    corpus = read_corpus(folder)
    path = folder.parent / "dated.npz"
    write_corpus(corpus._with(dates=np.array([str(1990 + i // 30) for i in range(90)], dtype=object)), path)
    return path


def test_over_time_prints_shares_by_period(model: Path, dated: Path) -> None:
    common = ["over-time", model, dated, "--split", "all", "--all"]
    table = hftopic.analysis.topics_over_time(hftopic.load(model), read_corpus(dated), topics="all")
    rows = json.loads(called(*common, "--json")[0])
    assert len(rows) == 3 * 4
    assert (rows[0]["date"], rows[0]["documents"]) == (str(table.index[0]), 30)
    assert rows[0]["share"] == pytest.approx(table.iloc[0, 1], rel=1e-5)
    assert rows[0]["error"] == pytest.approx(next(iter(table.attrs["errors"][0].values())), rel=1e-5)
    decades = json.loads(called(*common, "--freq", "10Y", "--by", "group", "--json")[0])
    assert [(row["date"], row["group"]) for row in decades] == [("1990", 0), ("1990", 1)]
    assert "1991" in called(*common, "--by", "label", "--gaps")[0]
    assert "no column 'party' of metadata" in called(*common, "--by", "party", code=1)[1]


def test_over_time_prints_the_drift_of_words(model: Path, dated: Path) -> None:
    common = ["over-time", model, dated, "--split", "all", "--all", "--drift", "--permutations", 9]
    rows = json.loads(called(*common, "--json")[0])
    assert [row["topic"] for row in rows] == [0, 1, 2, 3]
    assert {"divergence", "expected", "p_adjusted", "rising", "falling"} <= set(rows[0])
    assert "rising" in called(*common)[0]
    assert "omit --by and --gaps" in called(*common, "--gaps", code=2)[1]


def test_correlate_gives_intervals(model: Path, folder: Path) -> None:
    common = [
        "correlate",
        model,
        folder,
        "--permutations",
        9,
        "--bootstrap",
        20,
        "--kind",
        "clr",
        "--all",
        "--json",
    ]
    pairs = json.loads(called(*common)[0])["pairs"]
    assert all(-1 <= pair["r_low"] <= pair["r_high"] <= 1 for pair in pairs)


def test_correlate_shows_the_prior(folder: Path, tmp_path: Path) -> None:
    corpus = read_corpus(folder)
    fitted = hftopic.ProdLDA(groups=(2, 2), prior=hftopic.LearnedCorrelation(), max_iter=8, random_state=0)
    fitted.fit(corpus).save(tmp_path / "m")
    common = ["correlate", tmp_path / "m", folder, "--of", "prior", "--all"]
    found = json.loads(called(*common, "--json")[0])
    pairs = topic_correlation(fitted, corpus, of="prior").pairs
    assert [pair["r"] for pair in found["pairs"]] == pairs["r"].tolist()
    assert len(pairs)
    assert {pair["p_adjusted"] for pair in found["pairs"]} == {None}
    assert {row["significant"] for row in found["summary"]} == {None}
    out = called(*common)[0]
    assert out.startswith("Correlations of the prior\n")
    assert "p_adjusted" not in out
    assert all(
        pair["group_a"] != pair["group_b"]
        for pair in json.loads(called(*common, "--across", "--json")[0])["pairs"]
    )


def test_correlate_prints_every_pair_to_programs(folder: Path, tmp_path: Path) -> None:
    called("fit", folder, "--out", tmp_path / "m", *FIT, "--groups", "5,5", "--objective", "vae")
    common = ["correlate", tmp_path / "m", folder, "--permutations", 1]
    found = json.loads(called(*common, "--json")[0])
    rows = pd.read_csv(StringIO(called(*common, "--csv")[0]))
    assert list(found) == ["pairs", "summary"]
    active = json.loads(called("topics", tmp_path / "m", folder, "--json")[0])
    assert len(rows) == len(found["pairs"]) == len(active) * (len(active) - 1) // 2
    assert len(pd.read_csv(StringIO(called(*common, "--csv", "-n", 2)[0]))) == min(2, len(rows))


@pytest.mark.parametrize("every", [False, True])
def test_transform_writes_the_same_table_in_every_format(
    model: Path, folder: Path, tmp_path: Path, every: bool
) -> None:
    corpus, options = read_corpus(folder), ["--all"] * every
    fitted = hftopic.load(model)
    expected = document_summary(fitted, corpus, topics="all" if every else "active")
    topics = [f"{topic}: {fitted.topic_names_[topic]}" for topic in expected.attrs["topics"]]
    printed = pd.read_csv(StringIO(called("transform", model, folder, *options)[0]))
    assert printed.columns.tolist() == ["id", "label", "topic", "topic_name", "share", *topics]
    assert printed["id"].tolist() == corpus.names.tolist()
    assert printed["topic"].tolist() == expected["topic"].tolist()
    np.testing.assert_allclose(printed[topics], expected[topics], rtol=1e-5)
    if every:
        np.testing.assert_allclose(printed[topics], fitted.transform(corpus), rtol=1e-5)
    names = ["t.csv", "t.jsonl", "t.parquet", "t.npz"]
    for name in names:
        out, err = called("transform", model, folder, "--out", tmp_path / name, *options)
        assert f"90 documents in {tmp_path / name}" in err
        assert out.split()[:4] == ["topic", "documents", "share", "name"]
    for table in (
        pd.read_csv(tmp_path / "t.csv"),
        pd.read_json(tmp_path / "t.jsonl", lines=True),
        pd.read_parquet(tmp_path / "t.parquet"),
    ):
        assert table.columns.tolist() == printed.columns.tolist()
        np.testing.assert_allclose(table[topics], printed[topics], rtol=1e-5)
    with np.load(tmp_path / "t.npz") as arrays:
        np.testing.assert_allclose(arrays["theta"], expected[topics])
        assert arrays["topics"].tolist() == topics
        assert arrays["documents"].tolist() == corpus.names.tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_transform_reads_shards_as_other_corpora(model: Path, folder: Path, tmp_path: Path) -> None:
    write_corpus(read_corpus(folder), tmp_path / "shards", format="shards")
    for options in ([], ["--split", "test"]):
        printed = [called("transform", model, path, *options)[0] for path in (folder, tmp_path / "shards")]
        assert printed[0] == printed[1]
        assert len(printed[0].splitlines()) == (31 if options else 91)


def test_transform_tells_what_each_topic_leads(model: Path, folder: Path, tmp_path: Path) -> None:
    out, _ = called("transform", model, folder, "--out", tmp_path / "t.csv", "--all")
    rows = [line.split() for line in out.splitlines()[2:]]
    led = {int(row[0]): int(row[1]) for row in rows}
    table = pd.read_csv(tmp_path / "t.csv")
    assert led == table["topic"].value_counts().reindex(range(4), fill_value=0).to_dict()
    assert sum(float(row[2]) for row in rows) == pytest.approx(1, abs=0.002)
    assert called("transform", model, folder, "--out", tmp_path / "u.csv", "--quiet") == ("", "")


def test_words_of_a_corpus_are_matched_to_the_models_by_spelling(model: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("god god team\nunheard of words, and a ball\n", encoding="utf-8")
    printed = pd.read_csv(StringIO(called("transform", model, tmp_path / "new.txt", "--all")[0]))
    counts = np.zeros((2, len(WORDS)), dtype=np.float32)
    counts[0, [0, 6]] = 2, 1
    counts[1, 5] = 1
    np.testing.assert_allclose(printed.iloc[:, -4:], hftopic.load(model).transform(counts), rtol=1e-5)


def test_corpus_describes(folder: Path) -> None:
    facts = json.loads(called("corpus", folder, "--json")[0])
    assert (facts["documents"], facts["words"], facts["labels"], facts["named"]) == (90, 12, 3, True)
    assert facts["splits"] == ["test: 30", "train: 60"]


def test_corpus_without_splits_has_no_row_of_them(folder: Path, tmp_path: Path) -> None:
    assert "splits" in called("corpus", folder)[0]
    write_corpus(Corpus([[1]], ["word"]), tmp_path / "c.ldac")
    assert "splits" not in called("corpus", tmp_path / "c.ldac")[0]
    assert json.loads(called("corpus", tmp_path / "c.ldac", "--json")[0])["splits"] == []


def test_corpus_converts_and_back(folder: Path, tmp_path: Path) -> None:
    called("corpus", folder, "--out", tmp_path / "made.ldac")
    called("corpus", tmp_path / "made.ldac", "--out", tmp_path / "again")
    one, two = read_corpus(folder), read_corpus(tmp_path / "again")
    np.testing.assert_array_equal(one.counts.toarray(), two.counts.toarray())
    assert one.labels.tolist() == two.labels.tolist()


def test_text_options_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("body,label\nThe Cat sat,a\nThe Dog sat,b\n", encoding="utf-8")
    (tmp_path / "stop.txt").write_text("Cat\n", encoding="utf-8")
    options = ["--text-column", "body", "--keep-case", "--min-df", 1, "--max-df", "1.0", "--stop-words"]
    out, _ = called("corpus", tmp_path / "t.csv", *options, tmp_path / "stop.txt", "--json")
    assert set(json.loads(out)["frequent_words"]) == {"The", "Dog", "sat"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fit", "{corpus}"], 2, "Missing option '--out'"),
        (
            ["fit", "{corpus}", "--out", "{new}", "--groups", "5,x"],
            2,
            "not a comma-separated list of positive integers",
        ),
        (["fit", "{corpus}", "--out", "{new}", "--topic-softmax", "group", "--model", "nvdm"], 2, "prodlda"),
        (["fit", "{corpus}", "--out", "{new}", "--min-df", "many"], 2, "neither a count, such as 5"),
        (["fit", "{corpus}", "--out", "{new}", "--stop-words", "nix"], 2, "nor a file of words"),
        (["fit", "{new}", "--out", "{new}"], 2, "does not exist"),
        (["fit", "{corpus}", "--out", "{new}/deep/er"], 1, "create it first"),
        (["fit", "{corpus}", "--out", "{model}"], 1, "already exists; pass --force to replace it"),
        (["fit", "{corpus}", "--out", "{new}", "--split", "dev"], 1, "the splits are 'train', 'test'"),
        (["fit", "{corpus}", "--out", "{new}", "--min-df", "2"], 1, "word counts, not texts"),
        (["fit", "{corpus}", "--out", "{new}", "--learning-rate", "-1"], 2, "'--learning-rate': -1.0 is not"),
        (
            ["fit", "{corpus}", "--out", "{new}", "--objective", "vae", "--beta", "2"],
            2,
            "--beta: only valid with --objective hfvae",
        ),
        (["topics", "{corpus}"], 1, "made"),
        (["transform", "{model}", "{corpus}", "--out", "{new}.xls"], 2, "the file name must end in .csv"),
        (["transform", "{model}", "{strange}"], 1, "no word in common"),
        (["corpus", "{corpus}", "--out-format", "ldac"], 2, "needs --out"),
        (["corpus", "{corpus}", "--out", "{new}", "--out-format", "ldca"], 1, "did you mean 'ldac'"),
        (["corpus", "{table}"], 1, "line 1: no column 'text'"),
        (["corpus", "{table}", "--text-column", "boby"], 1, "did you mean 'body'"),
        (["corpus", "{binary}"], 1, "binary.txt"),
        (["correlate", "{model}"], 2, "Missing argument 'CORPUS'"),
        (
            ["correlate", "{model}", "{corpus}", "--of", "prior", "--kind", "clr"],
            2,
            "--kind: only valid with --of documents",
        ),
        (
            ["correlate", "{model}", "{corpus}", "--of", "prior", "--bootstrap", "9"],
            2,
            "--bootstrap: only valid with --of documents",
        ),
        (["correlate", "{model}", "{corpus}", "--of", "topics"], 2, "'documents', 'prior'"),
        (["fot"], 2, "No such command"),
    ],
)
def test_error_is_one_message_with_a_code(
    folder: Path, model: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "t.csv").write_text("body,label\nwords here,a\n", encoding="utf-8")
    write_corpus(Corpus([[1]], ["abracadabra"]), tmp_path / "strange.ldac")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00text\n")
    before = sorted(tmp_path.iterdir())
    places = {"corpus": folder, "model": model, "new": tmp_path / "new", "table": tmp_path / "t.csv"}
    places |= {"strange": tmp_path / "strange.ldac", "binary": tmp_path / "binary.txt"}
    out, err = called(*(argument.format(**places) for argument in arguments), code=code)
    assert message in err
    assert out == ""
    assert sorted(tmp_path.iterdir()) == before


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("body\nwords\n", encoding="utf-8")
    assert "Traceback" in run("corpus", tmp_path / "t.csv", "--debug", code=1).stderr
    assert "Traceback" in run("--debug", "corpus", tmp_path / "t.csv", code=1).stderr
    assert "Traceback" not in run("corpus", tmp_path / "t.csv", code=1).stderr


def test_force_replaces(folder: Path, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "theta.csv"
    out.write_text("old", encoding="utf-8")
    called("transform", model, folder, "--out", out, code=1)
    assert out.read_text(encoding="utf-8") == "old"
    called("transform", model, folder, "--out", out, "--force")
    assert out.read_text(encoding="utf-8").startswith("id,")


def test_force_never_replaces_a_folder_that_is_no_model(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "letters.txt").write_text("dear", encoding="utf-8")
    called("fit", folder, "--out", home, "--force", *FIT, code=1)
    assert (home / "letters.txt").read_text(encoding="utf-8") == "dear"


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are POSIX signals here")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_fit_leaves_nothing(
    folder: Path, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "hftopic", "fit", str(folder), "--out", str(tmp_path / "model")]
    with subprocess.Popen([*command, "--epochs", "1000000"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Fitting on"):
                break
        process.send_signal(sent)
        assert "Traceback" not in process.stderr.read()
        assert process.wait() == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close otherwise there")
@pytest.mark.parametrize("verb", ["transform", "topics"])
def test_reader_that_leaves_early_is_no_error(model: Path, folder: Path, verb: str) -> None:
    command = [sys.executable, "-m", "hftopic", verb, str(model), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


@pytest.mark.filterwarnings("default")
def test_demo_shows_topics_pairs_and_coherence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HFTOPIC_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)  # where the page goes: not over one that the reader has made
    small = ["demo", "--package", "gensim", "--documents", 300, "--epochs", 2, "--groups", "3,3"]
    out, err = called(*small)
    assert (tmp_path / "hftopic-demo.html").is_file()
    assert "Strongest pairs of topics across groups" in out
    assert "Corpus(300 documents" in err
    assert list(json.loads(called(*small, "--json")[0])) == ["topics", "pairs", "coherence"]


def test_a_module_is_imported_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It registers a format that the command line then reads; a module that does not exist is named."""
    monkeypatch.chdir(tmp_path)
    Path("my_lines.py").write_text(
        "from hftopic import Corpus, register_format\n"
        "def read(path):\n"
        "    lines = path.read_text().splitlines()\n"
        "    return Corpus([[line.count('a'), line.count('b')] for line in lines], ['a', 'b'])\n"
        "register_format('letters', read, endings=['.letters'])\n"
    )
    Path("three.letters").write_text("aab\nbb\na\n")
    out, _ = called("--import", "my_lines", "corpus", "three.letters", "--json")
    assert json.loads(out)["documents"] == 3
    _, error = called("--import", "no_such_module", "topics", "model", code=1)
    assert "--import no_such_module: ModuleNotFoundError: No module named 'no_such_module'" in error


def test_report_writes_a_page(model: Path, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    page = tmp_path / "page.html"
    quick = ["--out", page, "--coherence", "c_npmi", "--permutations", 9, "-n", 5, "--title", "<Sports>"]
    _, notes = called("report", model, folder, *quick)
    assert f"Wrote {page}" in notes
    assert "&lt;Sports&gt;" in page.read_text(encoding="utf-8")
    _, error = called("report", model, folder, *quick, code=1)
    assert "already exists; pass --force to replace it" in error
    called("report", model, folder, *quick, "--force", "--split", "test")


def test_report_takes_texts_and_dates_from_files(model: Path, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    n = len(hftopic.read_corpus(folder))
    page, texts, dates = (tmp_path / name for name in ("page.html", "texts.txt", "dates.txt"))
    texts.write_text("\n".join(["as it was written", "", *["x"] * (n - 2)]) + "\n")
    dates.write_text("\n".join([str(1990 + i % 3) for i in range(n - 1)]) + "\n\n")
    quick = ["--out", page, "--coherence", "c_npmi", "--permutations", 9, "--texts", texts, "--dates", dates]
    called("report", model, folder, *quick, "--documents", n)
    written = page.read_text(encoding="utf-8")
    packed = re.search(r'id="data">([^<]*)<', written)
    assert packed is not None
    data = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    assert "as it was written" in data["documents"]["texts"]
    assert data["periods"] == ["1990", "1991", "1992"]
    dates.write_text("1990\n")
    _, error = called("report", model, folder, *quick, "--force", code=1)
    assert f"dates has 1 entries for {n} documents" in error
    dates.write_text("1990-05-01\n\nthe day after\n")
    _, error = called("report", model, folder, *quick, "--force", code=1)
    assert f"{dates}, line 3: 'the day after' is neither a date nor a number" in error
    assert page.read_text(encoding="utf-8") == written


def test_defaults_in_the_help_are_the_estimators() -> None:
    models = [model().get_params() for model in (hftopic.ProdLDA, hftopic.NVDM, hftopic.NVLDA)]
    stated = {}
    for option in program.commands["fit"].params:
        found = re.search(r"\[default: (.+)\]", getattr(option, "help", None) or "")
        if found and option.name in models[0]:
            stated[option.name] = found[1]
    assert len(stated) >= 14
    for name, told in stated.items():
        defaults = [model[name] for model in models if name in model]
        shown = [",".join(map(str, d)) if isinstance(d, tuple) else str(d) for d in defaults]
        shown = ["by the size of the corpus" if name == "max_iter" and d == "None" else d for d in shown]
        assert re.split("; nv.*?: ", told) == list(dict.fromkeys(shown)), name


@pytest.mark.parametrize("name", sorted(program.commands))
def test_page_of_the_command_line_names_every_option(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "command_line.rst").read_text(encoding="utf-8")
    assert f"``hftopic {name}``" in page
    for option in program.commands[name].params:
        if isinstance(option, click.Option):
            assert f"{max(option.opts, key=len)}" in page, option.opts


@pytest.mark.filterwarnings("default")
def test_warnings_are_one_line(tmp_path: Path, model: Path) -> None:
    (tmp_path / "new.txt").write_text("god\n\n", encoding="utf-8")
    _, err = called("transform", model, tmp_path / "new.txt")
    assert re.fullmatch(r"Warning: 1 of 2 documents have no words.*\n", err)


@pytest.mark.filterwarnings("ignore:.*topics? tell")
def test_an_etm_is_fitted_with_vectors_of_a_file(tmp_path: Path) -> None:
    corpus = hftopic.make_correlated_topics(60, groups=(2, 2), n_words=20, random_state=0).corpus
    hftopic.write_corpus(corpus, tmp_path / "corpus.npz")
    (tmp_path / "v.txt").write_text(
        "".join(f"{word} {n} {n % 3}\n" for n, word in enumerate(corpus.vocabulary))
    )
    given = (
        "fit",
        tmp_path / "corpus.npz",
        "--groups",
        "2,2",
        "--epochs",
        1,
        "--hidden",
        4,
        "--out",
        tmp_path / "m",
    )
    called(*given, "--model", "etm", "--word-vectors", tmp_path / "v.txt", "--train-vectors")
    fitted = hftopic.load(tmp_path / "m")
    assert fitted.topic_vectors_.shape == (4, 2)
    assert fitted.train_vectors is True
    _, error = called(*given, "--model", "nvlda", "--vector-size", 5, code=2)
    assert "--vector-size is only valid with --model etm" in error
    for option in ("--train-vectors", "--fixed-vectors"):
        _, error = called(*given, "--force", "--model", "etm", option, code=2)
        assert "--train-vectors and --fixed-vectors are only valid with --word-vectors" in error
    called(*given, "--force", "--model", "etm", "--vector-size", 5)
    assert hftopic.load(tmp_path / "m").topic_vectors_.shape == (4, 5)
