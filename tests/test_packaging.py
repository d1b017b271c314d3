"""What the walls hold: imports run one way, heavy ones wait, and the distributions hold what they should."""

import ast
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
    "atomic",
    "checks",
    "corpus",
    "text",
    "formats",
    "datasets",
    "latent",
    "posterior",
    "latent_prior",
    "priors",
    "mixtures",
    "densities",
    "marginals",
    "objective",
    "batches",
    "layers",
    "likelihood",
    "networks",
    "training",
    "inference",
    "persistence",
    "inputs",
    "parameters",
    "fitted",
    "base",
    "estimator",
    "analysis",
    "plots",
    "report",
    "cli",
    "__main__",
]
STRANGERS = {  # pairs that the order alone would allow
    "layers": {"mixtures", "densities", "marginals", "objective"},
    "likelihood": {"mixtures", "densities", "marginals", "objective"},
    "networks": {"mixtures", "densities", "marginals", "objective"},
    "analysis": {"networks", "training", "inference", "persistence", "fitted", "base"},
    "latent": {"corpus", "text", "formats", "datasets"},
}
HEAVY = ("torch", "gensim", "pandas", "scipy", "sklearn", "numpy", "pyarrow", "matplotlib", "jinja2")


def modules_imported(path: Path) -> Iterator[str]:
    """Modules of the package that a file imports anywhere, by their name directly under it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno}: a relative import; write it from hftopic")
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "hftopic":
            names = [f"hftopic.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            if name.startswith("hftopic."):
                yield name.split(".")[1]


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    place = home(path)
    assert place in IMPORT_ORDER, f"give {place} a place in the import order, here and in CONTRIBUTING.rst"
    allowed = {*IMPORT_ORDER[: IMPORT_ORDER.index(place) + 1], "__version__"} - STRANGERS.get(place, set())
    public = set(hftopic._HOME)  # `from hftopic import X` counts as the module X lives in
    used = {hftopic._HOME[name] if name in public else name for name in modules_imported(path)}
    assert used <= allowed, f"{place} may not import {sorted(used - allowed)}"


def test_contributing_lists_the_import_order() -> None:
    page = (ROOT / "CONTRIBUTING.rst").read_text(encoding="utf-8")
    places = [page.find(f"\n``{name}``") for name in IMPORT_ORDER if (PACKAGE / f"{name}.py").exists()]
    listed = [place for place in places if place >= 0]
    assert listed == sorted(listed)
    assert len(listed) == len(places) - 1  # all but __main__


@pytest.mark.parametrize(
    "statement",
    [
        "import hftopic",
        "import hftopic; dir(hftopic), hftopic.__version__",
        "import hftopic.cli",
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
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
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
    expected |= {str(path.relative_to(ROOT)) for path in (ROOT / "corpora").glob("*/prepare.py")}
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
