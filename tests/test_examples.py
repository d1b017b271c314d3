"""The examples: each runs on a user's corpus, from public names alone, and the pages name those there are."""

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

from hftopic import make_correlated_topics, write_corpus
from hftopic.training import settings

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PUBLIC = {"hftopic", "hftopic.analysis", "hftopic.objective", "hftopic.plots", "hftopic.report"}
OF_OWN_NETWORKS = {
    "hftopic.data.arrays",
    "hftopic.models.evaluation",
    "hftopic.networks.autoencoder",
    "hftopic.training",
}
pytestmark = pytest.mark.skipif(not EXAMPLES, reason="the examples are not here")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A folder with a small corpus of planted topics."""
    folder = tmp_path_factory.mktemp("corpus") / "planted"
    made = make_correlated_topics(200, groups=(3, 3), n_words=200, random_state=0)
    write_corpus(made.corpus, folder, format="folder")
    return folder


@pytest.mark.parametrize(
    ("name", "prints", "writes"),
    [
        ("01_fit_and_look", ["information", "p_adjusted", "c_npmi"], []),
        ("02_picture_of_groups", [], ["correlations.pdf", "pairs.pdf", "report.html"]),
        ("03_choose_gamma", ["{'gamma': 10.0}: held-out NPMI"], []),
        ("04_choose_a_model", ["perplexity", "stability", "Most coherent: "], []),
        pytest.param(
            "05_documents_by_embeddings", ["embeddings", "By embeddings alone, "], [], marks=pytest.mark.slow
        ),
        pytest.param(
            "06_choose_a_decoder",
            ["ProdLDA", "NVLDA", "ETM", "NVDM", "theta @ beta"],
            [],
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*no pair to correlate")
def test_runs_on_a_corpus_of_ones_own(corpus, monkeypatch, tmp_path, capsys, name, prints, writes):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "FEWEST_STEPS", 200)  # enough for six planted topics
    monkeypatch.setattr(sys, "argv", [name, str(corpus)])
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert not [words for words in prints if words not in printed]
    assert {path.name for path in tmp_path.iterdir()} == set(writes)


def test_numbers_are_consecutive():
    assert [int(path.name[:2]) for path in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))


@pytest.mark.parametrize("folder", ["examples", "experiments"])
def test_every_script_is_in_the_readme_of_its_folder(folder):
    page = (ROOT / folder / "README.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^``([\w/]+\.py)``", page, re.MULTILINE)
    scripts = (ROOT / folder).rglob("*.py")
    assert set(listed) == {path.relative_to(ROOT / folder).as_posix() for path in scripts}


@pytest.mark.parametrize("path", sorted(ROOT.glob("ex*/**/*.py")), ids=lambda path: path.name)
def test_scripts_use_public_names_alone(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    used = {name for name in modules if name.split(".")[0] == "hftopic"}
    assert used <= (PUBLIC | OF_OWN_NETWORKS if path.parent.name == "images" else PUBLIC)


def test_modules_for_networks_of_ones_own_are_those_of_their_page():
    page = (ROOT / "docs/own_networks.rst").read_text(encoding="utf-8")
    assert not [name for name in OF_OWN_NETWORKS if name not in page]


def test_pages_name_only_scripts_that_are_there():
    pages = [*ROOT.glob("*.rst"), *(ROOT / "docs").rglob("*.rst"), *ROOT.glob("*/README.rst")]
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in pages
        for name in re.findall(r"``((?:examples|experiments|benchmarks)/[\w/.]+)``", page.read_text("utf-8"))
        if not (ROOT / name).exists()
    ]
    assert not missing
