"""The experiments: they run, continue where they stopped, and skip corpora that are not there."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import mutual_info_score

from hftopic import Corpus, ProdLDA

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "experiments"
ON_CORPORA = [
    "all_objectives",
    "discrete_beside_topics",
    "discrete_class",
    "groups_of_news",
    "sweep_of_weights",
    "too_many_topics",
]
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the experiments are not here")


@pytest.fixture
def experiment(monkeypatch):
    """A script of the experiments or of the benchmarks as a module, by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """A folder with one small corpus of twenty labels, each with words of its own."""
    folder = tmp_path_factory.mktemp("corpora")
    generator = np.random.default_rng(0)
    (folder / "20ng_avitm1995").mkdir()
    for split, n_documents in (("train", 400), ("test", 200)):
        labels = np.arange(n_documents) % 20
        rates = np.full((n_documents, 100), 0.1)
        for word in range(5):
            rates[np.arange(n_documents), 5 * labels + word] = 2.0
        sp.save_npz(
            folder / "20ng_avitm1995" / f"{split}.npz", sp.csr_matrix(generator.poisson(rates) + (rates > 1))
        )
        (folder / "20ng_avitm1995" / f"{split}_labels.txt").write_text("\n".join(map(str, labels)))
    (folder / "20ng_avitm1995" / "vocab.txt").write_text("\n".join(f"w{word}" for word in range(100)))
    return folder


def run(module, monkeypatch, *options) -> None:
    monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, options)])
    module.main()


def check_results(module, monkeypatch, tmp_path, n_lines, *options) -> list[dict]:
    """One line a fit with all that says what it was made with; a second call adds none, and draws them."""
    results, figure = tmp_path / "results.jsonl", tmp_path / "figure.svg"
    options = [*options, "--seeds", 0, "--epochs", 1, "--results", results]
    run(module, monkeypatch, *options)
    written = results.read_text()
    run(module, monkeypatch, *options, "--figure", figure)
    assert results.read_text() == written
    assert "</svg>" in figure.read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    assert len(lines) == n_lines
    for line in lines:
        assert line.keys() >= {
            "seed",
            "epochs",
            "hftopic",
            "settings",
            "corpus_sha256",
            "seconds",
            "finished",
        }
    return lines


def test_known_factors(experiment, monkeypatch, tmp_path):
    module = experiment("known_factors")
    monkeypatch.setattr(module, "DOCUMENTS", 100)
    lines = check_results(module, monkeypatch, tmp_path, 2, "--models", "VAE", "HFVAE 6 + Concrete (4, 4)")
    assert all(0 <= line["kim_mnih"] <= 1 for line in lines)


def test_planted_correlations(experiment, monkeypatch, tmp_path):
    module = experiment("planted_correlations")
    monkeypatch.setattr(module, "BASE", module.BASE | {"n_documents": 100, "n_words": 60})
    options = ["--methods", "HFVAE", "HFVAE, learned", "VAE", "LDA", "--cases", *module.CASES]
    for case in ("500 documents", "8000 documents", "4000 words"):
        monkeypatch.setitem(module.CASES, case, {})
    lines = check_results(module, monkeypatch, tmp_path, 4 * len(module.CASES), *options)
    assert all((line["apart"] is None) == (not line["method"].startswith("HFVAE")) for line in lines)


def test_planted_groups(experiment, monkeypatch, tmp_path):
    """One epoch is too few to learn groups, so that only the form of the results is checked."""
    module = experiment("planted_groups")
    monkeypatch.setattr(module, "CORPUS", {"n_documents": 150, "n_words": 60})
    methods = [method for method in module.METHODS if method != "CTM"]
    options = ["--seeds", 0, "--epochs", 2, "--results", tmp_path / "r.jsonl", "--methods", *methods]
    run(module, monkeypatch, *options, "--figure", tmp_path / "figure.svg")
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [line["method"] for line in lines] == methods
    assert all((line["apart"] is None) == (not line["method"].startswith("HFVAE")) for line in lines)
    given = next(line for line in lines if line["method"] == module.GIVEN)
    assert given["error_prior"] < 1e-3  # the prior is the true one, in the order of the matching


@pytest.mark.parametrize(
    ("name", "n_lines", "options"),
    [
        ("groups_of_news", 12, []),
        ("sweep_of_weights", 15, []),
        ("discrete_beside_topics", 6, ["--models", "NVDM"]),
        ("too_many_topics", 8, ["--sizes", 4, 6]),
    ],
)
def test_on_a_corpus_of_files(experiment, monkeypatch, tmp_path, corpora, name, n_lines, options):
    lines = check_results(experiment(name), monkeypatch, tmp_path, n_lines, "--corpora", corpora, *options)
    assert len({line["corpus_sha256"] for line in lines}) == 1


def test_unseen_combinations(experiment, monkeypatch, tmp_path, corpora):
    module = experiment("unseen_combinations")
    monkeypatch.setattr(module, "GENERATED", 400)
    lines = check_results(module, monkeypatch, tmp_path, 12, "--corpora", corpora)
    for line in lines:
        assert line["perplexity_ratio"] == pytest.approx(
            line["perplexity_unseen"] / line["perplexity_seen"], abs=1e-3
        )


@pytest.mark.parametrize("name", ON_CORPORA)
def test_a_corpus_that_is_not_there_is_skipped_by_name(experiment, monkeypatch, tmp_path, capsys, name):
    files = ["--corpora", tmp_path / "nowhere", "--results", tmp_path / "results.jsonl"]
    run(experiment(name), monkeypatch, "--corpus", "20ng_avitm1995", "agnews", *files)
    said = capsys.readouterr().err
    for corpus in ("20ng_avitm1995", "agnews"):
        assert f"skipped {corpus}: there is no folder {tmp_path / 'nowhere' / corpus}" in said
    assert "with --corpora" in said
    assert not (tmp_path / "results.jsonl").exists()


def test_without_newsgroups_the_generated_half_of_unseen_combinations_runs(
    experiment, monkeypatch, tmp_path, capsys
):
    module = experiment("unseen_combinations")
    monkeypatch.setattr(module, "GENERATED", 400)
    lines = check_results(module, monkeypatch, tmp_path, 6, "--corpora", tmp_path)
    assert {line["corpus"] for line in lines} == {"generated"}
    assert "skipped 20ng_avitm1995" in capsys.readouterr().err


@pytest.fixture
def few_docstrings(monkeypatch):
    """A small corpus in the place of the docstrings of the installed packages."""
    generator = np.random.default_rng(0)
    rates = np.full((300, 60), 0.2)
    rates[:150, :10] = rates[150:, 10:20] = 2.0
    labels = np.repeat(["numpy", "scipy"], 150)
    corpus = Corpus(generator.poisson(rates), [f"w{word}" for word in range(60)], labels=labels)
    monkeypatch.setattr("hftopic.load_docstrings", lambda: corpus)
    return corpus


def test_docstrings_are_split_at_random_once_and_for_all(experiment, few_docstrings):
    sources = experiment("sources")
    corpus, again = sources.docstrings(), sources.docstrings()
    assert (corpus.train != again.train).nnz == 0
    assert corpus.train.shape[0] + corpus.test.shape[0] == few_docstrings.n_documents
    # Binomial with 300 documents and p = 0.2: 60 ± 7; five deviations, odds of 1 in a million.
    assert 25 <= corpus.test.shape[0] <= 95
    assert set(corpus.test_labels) == {"numpy", "scipy"}


@pytest.mark.usefixtures("few_docstrings")
def test_docstrings_need_no_folder(experiment, monkeypatch, tmp_path):
    options = ["--corpus", "docstrings", "--corpora", tmp_path, "--sizes", 4]
    lines = check_results(experiment("too_many_topics"), monkeypatch, tmp_path, 4, *options)
    assert {line["corpus"] for line in lines} == {"docstrings"}


@pytest.mark.usefixtures("few_docstrings")
def test_quality_skips_what_is_not_there_and_measures_docstrings(experiment, monkeypatch, tmp_path, capsys):
    module = experiment("quality")
    monkeypatch.setattr(module, "MODELS", {"small": lambda seed: ProdLDA(4, max_iter=1, random_state=seed)})
    run(module, monkeypatch, "--corpora", tmp_path)
    out, said = capsys.readouterr()
    [line] = map(json.loads, out.splitlines())
    assert (line["corpus"], line["model"], line["seed"]) == ("docstrings", "small", 0)
    assert line["purity"] > 0
    assert "skipped 20ng_avitm1995" in said
    assert "skipped agnews" in said


def test_a_corpus_without_labels_is_measured_without_them(experiment):
    measurements, scorer = experiment("measurements"), experiment("scorer")
    counts = sp.csr_array(np.random.default_rng(0).poisson(0.5, (60, 20)).astype(np.float32))
    data = scorer.Splits(counts, counts, [f"w{word}" for word in range(20)])
    row = measurements.measure(ProdLDA(4, max_iter=1, random_state=0), data)
    assert row["probe_accuracy"] is row["purity"] is None
    assert row["completion_perplexity"] > 1


def test_a_corpus_that_was_written_is_read_back(experiment, few_docstrings, tmp_path):  # noqa: ARG001
    sources = experiment("sources")
    corpus = sources.docstrings()
    sources.write(corpus, tmp_path / "docstrings-2")
    again = sources.find("docstrings-2", tmp_path)
    assert (corpus.train != again.train).nnz == (corpus.test != again.test).nnz == 0
    assert again.test_labels.tolist() == corpus.test_labels.tolist()
    assert again.vocabulary == corpus.vocabulary


def test_factors_are_independent_and_in_the_words(experiment):
    made = experiment("generated").make_factors(4000, 0)
    high = (made.factors["intensity_0"] > 1).to_numpy()
    # Of independent factors with 2 and 4 values the estimate is chi-squared with 3 degrees over 2n: above
    # 0.0027 nats with odds of 1 in 10,000.
    assert mutual_info_score(high, made.factors["family"]) < 0.0027
    assert made.counts.shape == (4000, len(made.vocabulary))
    np.testing.assert_allclose(np.exp(made.factors["log_length"]), made.counts.sum(1))


def test_merged_documents_are_sums_of_one_of_each_side(experiment):
    module = experiment("merged")
    numbers = [*module.LEISURE_AND_SCIENCE.values(), *module.SOCIETY.values()]
    labels = np.repeat(numbers, 3)
    counts = sp.csr_array(np.eye(len(labels)))  # a word a document, so that each sum identifies its documents
    pairs = module.merged(counts, labels, times=2, seed=0)
    assert pairs.counts.shape == (2 * 12, len(labels))
    for row, (first, second) in zip(pairs.counts.toarray(), pairs.factors.to_numpy(), strict=True):
        a, b = np.flatnonzero(row)
        assert labels[a] == module.LEISURE_AND_SCIENCE[first]
        assert labels[b] == module.SOCIETY[second]


def test_every_line_of_the_cells_left_out_keeps_its_share(experiment):
    module = experiment("unseen_combinations")
    made = module.Documents(0, None)
    left = made.left_out("cells", 0)
    factors = made.learned_factors[~left]
    # The first factor is uniform on four values, the second by quarters: of 4,000 documents the share of a
    # value among some 3,000 kept has a deviation of 0.008.
    for name in factors:
        shares = factors[name].value_counts(normalize=True)
        assert len(shares) == 4
        assert np.abs(shares - 0.25).max() < 0.04  # five deviations, eight times: odds of 1 in 200,000
    assert made.left_out("random", 0).sum() == left.sum()
