"""The tables of the pages and the figures in running text: each is what the results files say."""

import importlib
import re
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    not ((ROOT / "experiments").exists() and (ROOT / "docs").exists()), reason="the pages are not here"
)


@pytest.fixture
def modules(monkeypatch):
    """Scripts of the experiments as modules, by name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.syspath_prepend(ROOT / "experiments")
    return importlib.import_module


@pytest.fixture
def copy(modules, tmp_path):
    """A copy of the pages."""
    for page in modules("tables").TABLES:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / page, tmp_path / page)
    for page in modules("tables").QUOTES:
        shutil.copy(ROOT / page, tmp_path / page)
    return tmp_path


def run(modules, monkeypatch, *options):
    """Exit status of the command."""
    monkeypatch.setattr(sys, "argv", ["tables.py", *map(str, options)])
    with pytest.raises(SystemExit) as ended:
        modules("tables").main()
    return ended.value.code


def test_pages_say_what_the_results_say(modules, monkeypatch, capsys):
    assert run(modules, monkeypatch, "--check") == 0, capsys.readouterr().out


def test_a_changed_figure_is_named_with_its_page_and_made_again(modules, monkeypatch, copy, capsys):
    page = copy / "docs/reproduction/factors.rst"
    right = page.read_text(encoding="utf-8")
    assert "0.58 ± 0.09" in right
    page.write_text(right.replace("0.58 ± 0.09", "0.99 ± 0.00"), encoding="utf-8")
    assert run(modules, monkeypatch, "--check", "--root", copy) == 1
    assert "docs/reproduction/factors.rst: factors is not what the results say" in capsys.readouterr().out
    assert "0.99 ± 0.00" in page.read_text(encoding="utf-8")
    assert run(modules, monkeypatch, "--root", copy) == 0
    assert page.read_text(encoding="utf-8") == right


def test_a_wrong_figure_in_running_text_is_named_with_its_page(modules, monkeypatch, copy, capsys):
    page = copy / "docs/performance.rst"
    right = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"take [\d.]+ s for", "take 0.1 s for", right), encoding="utf-8")
    assert run(modules, monkeypatch, "--check", "--root", copy) == 1
    said = capsys.readouterr().out
    assert 'docs/performance.rst: does not say "Separate calls of gensim take ' in said
    assert said.count("\n") == 1


def test_a_table_that_is_lost_or_unknown_is_named(modules, monkeypatch, copy, capsys):
    page = copy / "docs/performance.rst"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace(".. table steps", ".. table stops"), encoding="utf-8")
    assert run(modules, monkeypatch, "--check", "--root", copy) == 1
    said = capsys.readouterr().out
    assert "docs/performance.rst: 0 tables steps; one is needed" in said
    assert (
        "docs/performance.rst: nothing makes a table stops; "
        "it should be one of steps, waterfall, evaluation, peers" in said
    )


def test_every_results_file_is_in_a_table_or_quoted(modules):
    """No results without a page that shows them."""
    tables = modules("tables")
    sources = [*(ROOT / "experiments").glob("quoted*.py"), ROOT / "experiments/tables.py"]
    named = "".join(path.read_text(encoding="utf-8") for path in sources)
    files = [*tables.RESULTS.rglob("*.jsonl"), *tables.BENCHMARKS.glob("*.jsonl")]
    kept = [path for path in files if "reduced" not in path.parts]
    assert kept
    assert not [path.name for path in kept if path.stem not in named]


@pytest.mark.parametrize(
    ("value", "digits", "point", "text"),
    [
        (0.195, 2, False, "0.20"),  # a half goes up, although as a binary fraction it is below a half
        ((0.1874 + 0.2034 + 0.1942) / 3, 2, False, "0.20"),
        (-0.195, 2, False, "-0.20"),
        (0.5, 2, True, ".50"),
        (-0.5, 1, True, "-.5"),
        (10.04, 1, True, "10.0"),
        (746.4999, 0, False, "746"),
        (None, 2, False, "–"),  # noqa: RUF001
        (float("nan"), 2, False, "–"),  # noqa: RUF001
    ],
)
def test_figures_are_rounded_as_decimals(modules, value, digits, point, text):
    assert modules("figures").fixed(value, digits, point) == text


def test_a_row_summarises_the_lines_that_agree_in_its_keys(modules):
    figures = modules("figures")
    lines = [
        {"corpus": "a", "model": "x", "seed": 0, "score": 1.0},
        {"corpus": "a", "model": "y", "seed": 0, "score": None},
        {"corpus": "a", "model": "x", "seed": 1, "score": 2.0},
    ]
    columns = {"score": figures.mean_sd("score", 1), "seeds": figures.seeds}
    one = figures.table(lines, {"corpus": "corpus", "model": "model"}, columns)
    assert one.header == ("model", "score", "seeds")  # of one corpus, which needs no column
    assert one.rows == (("x", "1.5 ± 0.7", "2"), ("y", "–", "1"))  # noqa: RUF001
    two = figures.table([*lines, lines[0] | {"corpus": "b"}], {"corpus": "corpus", "model": "model"}, columns)
    assert two.header[0] == "corpus"
    assert two.rows[-1] == ("b", "x", "1.0", "1")
    assert str(one).splitlines()[2:4] == ["===== ========= =====", "x     1.5 ± 0.7 2"]
