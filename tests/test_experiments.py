"""The examples that keep results: they run, go on where they stopped, and plant what they say."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import mutual_info_score

from hftopic import NVDM, ProdLDA

EXAMPLES = Path(__file__).parents[1] / "examples"
SCORER = EXAMPLES.parents[1] / "shared" / "score.py"
pytestmark = [
    pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples are not here"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),  # the scorer's
]
needs_scorer = pytest.mark.skipif(not SCORER.exists(), reason=f"no scorer at {SCORER}")


@pytest.fixture
def example(monkeypatch):
    """An example as a module, by the number it begins with or by its name."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def imported(name: str) -> ModuleType:
        [path] = EXAMPLES.glob(f"{name}*.py")
        return importlib.import_module(path.stem)

    return imported


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


def test_ramped_is_what_the_estimators_minimise_by_default(example):
    assert example("runner").RAMPED == ProdLDA()._objective() == NVDM()._objective()


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


def test_known_factors(example, monkeypatch, tmp_path):
    module = example("08")
    monkeypatch.setattr(module, "DOCUMENTS", 100)
    lines = check_results(module, monkeypatch, tmp_path, 2, "--models", "VAE", "HFVAE 6 + Concrete (4, 4)")
    assert all(0 <= line["kim_mnih"] <= 1 for line in lines)


def test_planted_correlations(example, monkeypatch, tmp_path):
    module = example("09")
    monkeypatch.setattr(module, "BASE", module.BASE | {"n_documents": 100, "n_words": 60})
    options = ["--methods", "HFVAE", "VAE", "LDA", "--cases", *module.CASES]
    for case in ("500 documents", "8000 documents", "4000 words"):
        monkeypatch.setitem(module.CASES, case, {})
    lines = check_results(module, monkeypatch, tmp_path, 3 * len(module.CASES), *options)
    assert all((line["apart"] is None) == (line["method"] != "HFVAE") for line in lines)


@needs_scorer
@pytest.mark.parametrize(
    ("number", "n_lines", "options"),
    [("07", 11, []), ("10", 15, []), ("11", 6, ["--models", "NVDM"]), ("13", 6, ["--sizes", 4, 6])],
)
def test_on_a_corpus_of_files(example, monkeypatch, tmp_path, corpora, number, n_lines, options):
    files = ["--corpora", corpora, "--scorer", SCORER]
    lines = check_results(example(number), monkeypatch, tmp_path, n_lines, *files, *options)
    assert len({line["corpus_sha256"] for line in lines}) == 1


@needs_scorer
def test_unseen_combinations(example, monkeypatch, tmp_path, corpora):
    module = example("12")
    monkeypatch.setattr(module, "GENERATED", 400)
    files = ["--corpora", corpora, "--scorer", SCORER]
    lines = check_results(module, monkeypatch, tmp_path, 12, *files)
    for line in lines:
        assert line["perplexity_ratio"] == pytest.approx(
            line["perplexity_unseen"] / line["perplexity_seen"], abs=1e-3
        )


def test_factors_are_independent_and_in_the_words(example):
    made = example("generated").make_factors(4000, 0)
    high = (made.factors["intensity_0"] > 1).to_numpy()
    # Of independent factors with 2 and 4 values the estimate is chi-squared with 3 degrees over 2n: above
    # 0.0027 nats with odds of 1 in 10,000.
    assert mutual_info_score(high, made.factors["family"]) < 0.0027
    assert made.counts.shape == (4000, len(made.vocabulary))
    np.testing.assert_allclose(np.exp(made.factors["log_length"]), made.counts.sum(1))


def test_merged_documents_are_sums_of_one_of_each_side(example):
    module = example("merged")
    numbers = [*module.LEISURE_AND_SCIENCE.values(), *module.SOCIETY.values()]
    labels = np.repeat(numbers, 3)
    counts = sp.csr_array(np.eye(len(labels)))  # a word a document, so that a sum says whom it is of
    pairs = module.merged(counts, labels, times=2, seed=0)
    assert pairs.counts.shape == (2 * 12, len(labels))
    for row, (first, second) in zip(pairs.counts.toarray(), pairs.factors.to_numpy(), strict=True):
        a, b = np.flatnonzero(row)
        assert labels[a] == module.LEISURE_AND_SCIENCE[first]
        assert labels[b] == module.SOCIETY[second]


def test_every_line_of_the_cells_left_out_keeps_its_share(example):
    module = example("12")
    made = module.Documents("generated", 0, ())
    left = made.left_out("cells", 0)
    factors = made.learned_factors[~left]
    # The first factor is uniform on four values, the second by quarters: of 4,000 documents the share of a
    # value among some 3,000 kept has a deviation of 0.008.
    for name in factors:
        shares = factors[name].value_counts(normalize=True)
        assert len(shares) == 4
        assert np.abs(shares - 0.25).max() < 0.04  # five deviations, eight times: odds of 1 in 200,000
    assert made.left_out("random", 0).sum() == left.sum()
