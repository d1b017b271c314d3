"""Headless browser for the tests of reports, without a network."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium; the test is skipped if it is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (the extra 'test')")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"needs a browser, one of {', '.join(NAMES)}; Debian has it as the package chromium")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


class Visit:
    """An open page, with the errors and requests since it was opened."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Function that opens a file: ``visit(path, width=..., height=..., color_scheme=...)``."""
    contexts = []

    def opened(path: Path, width: int = 1280, height: int = 900, **settings: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        seen = Visit(context.new_page())
        seen.page.goto(path.as_uri())
        if settings.get("java_script_enabled", True):
            seen.page.wait_for_selector("html.ready")
        return seen

    yield opened
    for context in contexts:
        context.close()
