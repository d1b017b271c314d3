"""Fixtures shared by the whole suite."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
SHARED_CORPORA = ROOT.parent / "shared" / "corpora"

# The first example of a test pays for imports; examples that failed are not kept in the checkout.
settings.register_profile("untimed", deadline=None, database=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _checkout_is_left_alone() -> Iterator[None]:
    """Tests write into temporary folders: no file may appear in the checkout."""
    before = _files_of_the_checkout()
    yield
    added = _files_of_the_checkout() - before
    assert not added, f"tests have written into the checkout: {sorted(map(str, added))}"


def _files_of_the_checkout() -> set[Path]:
    """Files outside of hidden folders and Python's caches."""
    return {
        path.relative_to(ROOT)
        for entry in ROOT.iterdir()
        if not entry.name.startswith(".")
        for path in (entry.rglob("*") if entry.is_dir() else [entry])
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture
def shared_corpus() -> Callable[[str], Path]:
    """Folder of one of the real corpora kept beside the checkout; skips the test where it is absent."""

    def find(name: str) -> Path:
        folder = SHARED_CORPORA / name
        if not folder.is_dir():
            pytest.skip(f"needs the corpus folder {name}, kept beside the checkout and not distributed")
        return folder

    return find
