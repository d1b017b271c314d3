"""Tests of the import rules, the lazy imports and the distributions."""

import ast
import importlib
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

import hftopic

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hftopic"

IMPORT_ORDER = [
    "_version",
    "_locks",
    "_files",
    "_sets",
    "_callers",
    "_cached",
    "_memory",
    "_jobs",
    "_numbers",
    "_spreadsheets",
    "_tables",
    "_lazy",
    "_colours",
    "_html",
    "_wording",
    "_progress",
    "_torch_state",
    "_devices",
    "_compiled",
    "_adam",
    "_versions",
    "_waiting",
    "_processes",
    "data",
    "latent",
    "objective",
    "topics",
    "networks",
    "editing",
    "grouping",
    "training",
    "models",
    "analysis",
    "plots",
    "report",
    "cli",
    "__main__",
]
APART = {  # what the order alone would allow
    "latent": {"data"},
    "objective": {"data"},
    "networks": {"objective", "topics"},
    "analysis": {"networks", "grouping", "training", "models"},
    "plots": {"networks", "grouping", "training", "models"},
    "report": {"networks", "grouping", "training", "models"},
}
LAZY = [
    "hftopic",
    "hftopic.objective",
    "hftopic.training",
    "hftopic.analysis",
    "hftopic.plots",
    "hftopic.report",
]
HEAVY = ("torch", "gensim", "pandas", "scipy", "sklearn", "numpy", "pyarrow", "matplotlib", "jinja2")


def modules_imported(path: Path) -> Iterator[str]:
    """Modules and names of the package that a file imports anywhere, such as "hftopic.data.corpus.Corpus"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno}: a relative import; write it from hftopic")
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("hftopic."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "hftopic":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str:
    """Package or module directly under hftopic that an import leads to; a public name counts as its home."""
    first = name.split(".")[1]
    if first in hftopic.__all__ and first != "__version__":
        return str(getattr(hftopic, first).__module__).split(".")[1]
    return first


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert room in IMPORT_ORDER, f"give {room} a place in the import order, here and in CONTRIBUTING.rst"
    allowed = {*IMPORT_ORDER[: IMPORT_ORDER.index(room) + 1], "__version__"} - APART.get(room, set())
    used = set(map(room_of, modules_imported(path)))
    assert used <= allowed, f"{room} may not import {sorted(used - allowed)}"


def test_contributing_tells_the_import_order() -> None:
    page = " ".join((ROOT / "CONTRIBUTING.rst").read_text(encoding="utf-8").split())
    order = " → ".join(f"``{room}``" for room in IMPORT_ORDER[IMPORT_ORDER.index("data") : -1])
    assert order in page


CHANGES = [  # what CONTRIBUTING says to change, and what it finds there
    ("models/evaluation.py", "N_SAMPLES = "),
    ("training/settings.py", "LARGEST_BATCH = "),
    ("data/inputs.py", "def warn_of_empty"),
    ("models/saving.py", '"documents_seen": '),
    ("models/base.py", "softplus, generator"),
    ("networks/encoder.py", "INPUT_NORM = "),
    ("models/base.py", "learning_rate: Annotated"),
    ("objective/minibatch.py", "def mixture_weights"),
    ("networks/moments.py", "MEMORY = "),
    ("networks/usage.py", "PRIOR_WORDS = "),
    ("models/description.py", "ROUNDS = "),
    ("models/topics.py", "EVEN_DOCUMENTS = "),
    ("grouping.py", "CUT = "),
    ("latent/correlation.py", "LOWEST_EIGENVALUE = "),
    ("models/settings.py", "def paper_text_settings"),
    ("topics/information.py", "ACTIVE_PEAK = "),
    ("topics/names.py", "FLOOR = "),
    ("models/summary.py", "INFORMED = "),
    ("networks/attribution.py", "class ProductAttribution"),
]


@pytest.mark.parametrize(("place", "mark"), CHANGES)
def test_a_change_is_made_where_contributing_says(place: str, mark: str) -> None:
    assert f"``{place}``" in (ROOT / "CONTRIBUTING.rst").read_text(encoding="utf-8")
    found = [path for path in SOURCES if mark in path.read_text(encoding="utf-8")]
    assert found == [PACKAGE / place]


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_see_the_public_names(package: str) -> None:
    """The names that are imported when first used are imported for type checkers, from the same modules."""
    module = importlib.import_module(package)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for_checkers = {
        alias.asname: f"{node.module}.{alias.name}"
        for block in ast.parse(source).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(for_checkers) == set(module.__all__)
    for name, home in for_checkers.items():
        path, _, attribute = home.rpartition(".")
        assert getattr(importlib.import_module(path), attribute) is getattr(module, name)


@pytest.mark.parametrize(
    "statement",
    [
        "import hftopic",
        "import hftopic; dir(hftopic), hftopic.__version__",
        "import hftopic.cli",
        "import hftopic.data, hftopic.latent, hftopic.objective, hftopic.networks, hftopic.models",
        "import hftopic.analysis, hftopic.plots, hftopic.report",
        "import sys; sys.argv = ['hftopic', '--help']; import hftopic.cli; hftopic.cli.main()",
        "import sys; sys.argv = ['hftopic', 'fit', '--help']; import hftopic.cli; hftopic.cli.main()",
    ],
)
def test_heavy_packages_wait_until_they_are_used(statement: str) -> None:
    report = "import sys, atexit; atexit.register(lambda: print('loaded:', *sorted(sys.modules)))\n"
    run = subprocess.run(
        [sys.executable, "-c", report + statement], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(run.stdout.split("loaded:")[1].split())
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("name", sorted(set(hftopic.__all__) - {"__version__"}))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(hftopic, name).__module__.startswith("hftopic.")


def test_unknown_public_name_lists_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'ProdLda'; it has .*ProdLDA"):
        hftopic.ProdLda  # noqa: B018


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str], str]:
    """Files of the wheel and of the sdist, and the wheel's metadata."""
    out, copy = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("copy") / "hftopic"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build"))
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)]
    run = subprocess.run(build, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
        (metadata,) = (name for name in in_wheel if name.endswith("/METADATA"))
        return in_wheel, in_sdist, archive.read(metadata).decode()


def test_wheel_holds_the_package_and_nothing_else(distributions: tuple[set[str], set[str], str]) -> None:
    in_wheel = {name for name in distributions[0] if ".dist-info/" not in name}
    there = {
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert in_wheel == there
    assert "hftopic/py.typed" in in_wheel
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in distributions[0])


def test_wheel_names_its_dependencies_by_lower_bound(distributions: tuple[set[str], set[str], str]) -> None:
    requirements = [line for line in distributions[2].splitlines() if line.startswith("Requires-Dist")]
    assert requirements
    assert not [line for line in requirements if "==" in line.partition(";")[0]]


def test_sdist_holds_sources_of_everything_and_no_data(
    distributions: tuple[set[str], set[str], str],
) -> None:
    in_sdist = distributions[1]
    expected = {"pyproject.toml", "setup.py", "constraints.txt", "Makefile", "LICENSE", "README.rst"}
    expected |= {"CHANGELOG.rst", "CONTRIBUTING.rst", "docs/conf.py", "tests/conftest.py"}
    for folder in ("hftopic", "tests", "examples", "experiments", "benchmarks"):
        expected |= {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py")}
    expected |= {str(path.relative_to(ROOT)) for path in (ROOT / "corpora").glob("*/*.rst")}
    expected |= {str(path.relative_to(ROOT)) for path in (ROOT / "corpora").rglob("*.py")}
    assert expected <= in_sdist
    data = {name for name in in_sdist if name.endswith((".npz", ".pyc", ".gz", ".parquet", ".safetensors"))}
    assert not data
    assert not {name for name in in_sdist if name.startswith("corpora/") and Path(name).suffix} - expected


def test_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {requirement.partition(">=")[0] for requirement in wanted}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}
    assert names <= pinned
    assert not [line for line in lines if "+" in line or "@" in line or "/" in line]
