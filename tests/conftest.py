"""Fixtures shared by the whole suite."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

SHARED_CORPORA = Path(__file__).parents[2] / "shared" / "corpora"

settings.register_profile("untimed", deadline=None)  # the first example of a test pays for imports
settings.load_profile("untimed")


@pytest.fixture
def shared_corpus() -> Callable[[str], Path]:
    """Folder of one of the real corpora kept beside the checkout; skips the test where it is absent."""

    def find(name: str) -> Path:
        folder = SHARED_CORPORA / name
        if not folder.is_dir():
            pytest.skip(f"needs the corpus folder {name}, kept beside the checkout and not distributed")
        return folder

    return find
