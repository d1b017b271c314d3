"""The leaderboard: its scores against the formulas of TopMost and OCTIS, its fits, and its table."""

import importlib
import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

ROOT = Path(__file__).parents[1]
NONE = "\N{EN DASH}"
pytestmark = pytest.mark.skipif(not (ROOT / "benchmarks").exists(), reason="the benchmarks are not here")


@pytest.fixture
def module(monkeypatch):
    """A script of the benchmarks or of the experiments as a module, by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.syspath_prepend(ROOT / "experiments")
    return importlib.import_module


@pytest.fixture
def short_texts(module):
    """A corpus of at most ten tokens a document, and its texts in an order of tokens drawn at random."""
    generator = np.random.default_rng(0)
    counts = np.zeros((300, 40), dtype=np.float32)
    for document in counts:
        document[generator.choice(40, size=generator.integers(2, 11), replace=False)] = 1
    words = [f"w{column}" for column in range(40)]
    texts = [generator.permutation(np.array(words)[document > 0]).tolist() for document in counts]
    matrix = sp.csr_array(counts)
    return module("scorer").Splits(matrix, matrix, words), texts


def test_scores_of_words_are_those_of_topmost_and_octis_on_texts(module, short_texts):
    """Their own calls of gensim and their own counts, on documents that are one window in any order."""
    data, texts = short_texts
    top = np.array([np.random.default_rng(topic).permutation(40)[:25] for topic in range(6)])
    words = [[data.vocabulary[column] for column in topic] for topic in top]
    found = module("protocols").of_words(top, data)

    def coherence(measure, n_words):
        return np.mean(
            CoherenceModel(
                topics=[topic[:n_words] for topic in words],
                texts=texts,
                dictionary=Dictionary([data.vocabulary]),
                coherence=measure,
                topn=n_words,
                processes=1,
            ).get_coherence_per_topic()
        )

    def diversity(n_words):
        return len(set().union(*(topic[:n_words] for topic in words))) / (n_words * len(words))

    assert found["topmost_c_v"] == pytest.approx(coherence("c_v", 15), abs=1e-4)
    assert found["octis_c_npmi"] == pytest.approx(coherence("c_npmi", 10), abs=1e-4)
    for key, n_words in (("diversity", 10), ("topmost_td", 15), ("octis_td", 25)):
        assert found[key] == pytest.approx(diversity(n_words), abs=1e-4)


def test_purity_and_nmi_are_topmosts(module):
    generator = np.random.default_rng(0)
    topics, labels = generator.dirichlet(np.ones(7), 300), generator.integers(0, 4, 300)
    table = contingency_matrix(labels, topics.argmax(axis=1))
    scorer = module("scorer")
    assert scorer.purity(topics, labels) == pytest.approx(table.max(axis=0).sum() / table.sum())
    assert scorer.nmi(topics, labels) == normalized_mutual_info_score(labels, topics.argmax(axis=1))


def test_catalogue_names_models_and_says_why_some_have_fewer_fits(module):
    board = module("leaderboard")
    for name, listed in board.CATALOGUE.items():
        assert name in module("adapters").MODELS
        assert set(listed.corpora) <= set(board.CORPORA)
        whole = listed.corpora == board.CORPORA and listed.topics == board.TOPICS
        assert whole == (not listed.reason)


@pytest.fixture
def started(module, monkeypatch, tmp_path):
    """The leaderboard on two folders where nothing is fitted; returns the commands of the fits it starts."""
    board, commands = module("leaderboard"), []
    for corpus in ("bbc", "dblp"):
        (tmp_path / corpus).mkdir()

    def run(command, threads, timeout):  # noqa: ARG001
        commands.append(command)
        return (
            {"error": "stopped"} if "--seed=1" in command else {"fit_cpu_seconds": 2.0, "peak_megabytes": 9.0}
        )

    def call(*options):
        commands.clear()
        given = ["--corpora", tmp_path, "--results", tmp_path / "results.jsonl", *options]
        monkeypatch.setattr(sys, "argv", ["leaderboard.py", *map(str, given)])
        board.main()
        return list(commands)

    monkeypatch.setattr(board.peers, "run", run)
    monkeypatch.setattr(board.peers, "installed", lambda python: {"python": python})
    return call


def test_fits_that_have_a_line_are_skipped(started, tmp_path, capsys):
    some = ["--models", "hftopic-vae", "tomotopy-lda", "--corpus", "bbc", "dblp", "--topics", 50]
    first = started(*some, "--corpus", "bbc")
    assert len(first) == 5 + 1
    assert all("--threads=1" in command and "--words=25" in command for command in first)
    both = started(*some)
    assert len(both) == 5 + 1
    assert all("--corpus=dblp" in command for command in both)
    assert started(*some) == []
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert {(line["model"], line["corpus"], line["seed"]) for line in lines} == {
        *product(["hftopic-vae"], ["bbc", "dblp"], range(5)),
        *product(["tomotopy-lda"], ["bbc", "dblp"], [0]),
    }
    assert [line["seed"] for line in lines if "error" in line] == [1, 1]
    assert not [line for line in lines if "peak_megabytes" in line]
    capsys.readouterr()


def test_what_is_not_fitted_is_named_with_the_reason(started, capsys):
    assert len(started("--models", "tomotopy-ctm", "--corpus", "bbc", "dblp", "reuters")) == 1
    said = capsys.readouterr().err
    assert "skipped reuters: there is no folder" in said
    assert "skipped tomotopy-ctm, dblp, 50 topics: an iteration" in said
    assert "skipped tomotopy-ctm, bbc, 100 topics" in said


def line(model, seed=0, **values):
    """A line of results on bbc with 50 topics."""
    return {
        "corpus": "bbc",
        "topics": 50,
        "model": model,
        "seed": seed,
        "documents": None,
        "quick": False,
        "threads": 1,
        "processor": "p",
        **values,
    }


def test_best_figures_of_a_block_are_bold_as_they_are_shown(module):
    lines = [
        line("hftopic-vae", 0, fit_cpu_seconds=4.0, npmi=0.1, completion_perplexity=700.2),
        line("hftopic-vae", 1, fit_cpu_seconds=6.0, npmi=0.2, completion_perplexity=700.2),
        line("tomotopy-lda", fit_cpu_seconds=10.0, npmi=0.1501, completion_perplexity=700.4),
        line("sklearn-nmf", fit_cpu_seconds=1.0, npmi=-0.2),
        line("sklearn-lda", error="stopped"),
        line("topica-lda", corpus="dblp", fit_cpu_seconds=9.0, npmi=0.9) | {"corpus": "dblp"},
        line("topica-lda", fit_cpu_seconds=0.1, npmi=0.9) | {"quick": True},
    ]
    table = module("standings").board(lines)
    cells = {row[:3]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    ours = cells["BBC", "50", "hftopic ProdLDA VAE"]
    lda = cells["BBC", "50", "tomotopy LDA"]
    assert (ours["seeds"], ours["fit s"], ours["ratio"]) == ("2", "5.0", ".50")
    assert (ours["NPMI"], lda["NPMI"]) == ("**.150**", "**.150**")  # equal as shown
    assert (ours["completion"], lda["completion"]) == ("**700**", "**700**")  # less is better
    nmf = cells["BBC", "50", "scikit-learn NMF of tf-idf"]
    assert [nmf[title] for title in ("fit s", "ratio", "NPMI")] == ["**1.0**", "**.10**", "-.200"]
    assert nmf["completion"] == NONE
    assert set(list(cells["BBC", "50", "scikit-learn LDA"].values())[4:]) == {NONE}
    elsewhere = cells["DBLP", "50", "topica LDA"]
    assert (elsewhere["fit s"], elsewhere["ratio"], elsewhere["NPMI"]) == ("**9.0**", NONE, "**.900**")


def test_times_of_another_processor_are_no_ratio(module):
    slow = line("tomotopy-lda", fit_cpu_seconds=10.0) | {"processor": "q"}
    table = module("standings").board([line("sklearn-lda", fit_cpu_seconds=5.0), slow])
    assert [row[table.header.index("ratio")] for row in table.rows] == ["**1.00**", NONE]


def test_sentences_name_wins_and_the_peer_that_is_ahead(module):
    lines = [
        line("hftopic-hfvae", fit_cpu_seconds=5.0, npmi=0.3, purity=0.9),
        line("hftopic-vae", fit_cpu_seconds=1.0, npmi=0.9, purity=0.95),
        line("tomotopy-lda", fit_cpu_seconds=4.0, npmi=0.2, purity=0.9),
        line("topica-lda", fit_cpu_seconds=3.0, npmi=0.25, purity=0.8, probe_accuracy=0.5),
    ]
    assert module("standings").in_words(lines).split("\n\n") == [
        "hftopic ProdLDA HFVAE:",
        "- BBC, 50 topics. No peer is better: purity, NPMI. Behind: fit s 5.0 (topica LDA 3.0).",
        "hftopic ProdLDA VAE:",
        "- BBC, 50 topics. No peer is better: fit s, purity, NPMI. Behind: nothing.",
    ]
    assert module("standings").in_words(lines[2:]).count("- No fits yet.") == 2


def test_decoders_are_fitted_where_their_libraries_are(module, monkeypatch, tmp_path, capsys):
    decoders, fitted = module("decoders"), []
    (tmp_path / "bbc").mkdir()

    def run(command, threads, timeout):  # noqa: ARG001
        fitted.append(command[2])
        return {"fit_cpu_seconds": 2.0}

    found = {"hftopic": "1", "torch": "2", "python": "3"}
    monkeypatch.setattr(decoders.peers, "run", run)
    monkeypatch.setattr(decoders.peers, "installed", lambda python: found)  # noqa: ARG005
    given = ["--corpora", tmp_path, "--results", tmp_path / "results.jsonl", "--corpus", "bbc"]
    monkeypatch.setattr(sys, "argv", ["decoders.py", *map(str, given)])
    decoders.main()
    assert fitted == ["hftopic-hfvae", "hftopic-nvlda"]
    said = capsys.readouterr().err
    for model in ("hftopic-etm", "hftopic-etm-fixed", "topmost-etm", "topmost-ecrtm"):
        assert f"skipped {model}: " in said
    decoders.main()
    assert len(fitted) == 2
