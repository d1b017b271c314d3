"""Fixtures shared by the whole suite."""

import base64
import json
import re
import signal
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
SOURCES = (".py", ".rst", ".toml", ".txt", ".md", ".yml", ".cff", ".j2", ".css", ".js")
SHARED_CORPORA = ROOT.parent / "shared" / "corpora"

# The first example of a test pays for imports; examples that failed are not kept in the checkout.
settings.register_profile("untimed", deadline=None, database=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _checkout_is_left_alone() -> Iterator[None]:
    """Tests write into temporary folders, so no file of the checkout may appear or change."""
    before = _files_of_the_checkout()
    yield
    changed = _files_of_the_checkout() - before
    assert not changed, f"tests have written into the checkout: {sorted(str(path) for path, _ in changed)}"


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heard() -> Iterator[None]:
    """Tests send signals that background jobs and nohup ignore; child processes would inherit that."""
    heard = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
    known = {getattr(signal, name): handler for name, handler in heard.items() if hasattr(signal, name)}
    before = {sent: signal.signal(sent, handler) for sent, handler in known.items()}
    yield
    for sent, handler in before.items():
        signal.signal(sent, handler)


def _files_of_the_checkout() -> set[tuple[Path, int]]:
    """Files outside of hidden folders and Python's caches, with the time of the last change.

    Sources have no time, because somebody may edit them while the tests run.
    """
    return {
        (path.relative_to(ROOT), 0 if path.suffix in SOURCES else path.stat().st_mtime_ns)
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


@pytest.fixture(scope="session")
def data_of() -> Any:
    """Function that unpacks the data of a report as the page's script does."""

    def unpacked(path: Path) -> Any:
        page = path.read_text(encoding="utf-8")
        found = re.search(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', page)
        assert found is not None
        return json.loads(zlib.decompress(base64.b64decode(found.group(1))))

    return unpacked
