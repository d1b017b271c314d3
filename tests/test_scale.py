"""The model of disk, memory and time in ``benchmarks/scale.py`` finds planted coefficients."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "benchmarks").exists(), reason="the benchmarks are not here")
PLANTED = {
    "build_seconds": [2.0, 1e-4],
    "epoch_seconds": [3.0, 5e-4],
    "description_seconds": [1.0, 2e-4],
    "transform_seconds": [0.5, 3e-5],
    "text_MB": [0.0, 3e-4],
    "shards_MB": [0.01, 4e-4],
    "theta_MB": [0.0, 4e-4],
    "fit_MB": [400.0, 2e-5, 1e-3],
    "weights": [50_000.0, 250.0],
}


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.syspath_prepend(ROOT / "experiments")
    return importlib.import_module("scale")


def planted(scale, n_documents: int, n_words: int) -> dict[str, float]:
    facts = {"documents": n_documents, "words": n_words, "tokens": 80 * n_documents}
    return facts | scale.modelled(n_documents, n_words, PLANTED) | {"weights": 50_000 + 250 * n_words}


def test_planted_coefficients_are_found_and_larger_sizes_follow(scale) -> None:
    sizes = [(20_000, 5000), (80_000, 5000), (160_000, 5000), (20_000, 40_000)]
    found = scale.fit_model([planted(scale, *size) for size in sizes], usual=5000)
    for name, coefficients in PLANTED.items():
        assert found[name] == pytest.approx(coefficients, rel=0.01, abs=0.01), name
    for n_documents, n_words in ((1_250_000, 5000), (20_000, 20_000), (10**8, 5000)):
        line = scale.compared(planted(scale, n_documents, n_words), found, usual=5000)
        names = [name for name in PLANTED if name in line]
        assert len(names) == (8 if n_words == 5000 else 1)
        assert all(line[name][0] == pytest.approx(line[name][1], rel=0.02) for name in names)


def test_memory_does_not_grow_beyond_a_window(scale) -> None:
    some, many = (scale.modelled(n, 5000, PLANTED)["fit_MB"] for n in (10**5, 10**8))
    assert some == many


def test_figures_of_the_tables_are_short(scale) -> None:
    assert scale
    summaries = importlib.import_module("summaries")
    assert [summaries.size(value) for value in (0.35, 35.2, 999.4, 1300, 35800)] == [
        "0.4 MB",
        "35 MB",
        "999 MB",
        "1.3 GB",
        "36 GB",
    ]
    assert [summaries.duration(value) for value in (4.03, 80, 91, 20_000, 200_000)] == [
        "4.0 s",
        "80 s",
        "1.5 min",
        "5.6 h",
        "2.3 d",
    ]
