"""Laws of the pages: ``tests/pages.py`` runs every block of code, and tells a block that fails."""

import re
from pathlib import Path

import pytest

from hftopic.cli.plans import default_groups

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.rst", ROOT / "CONTRIBUTING.rst", *(ROOT / "docs").rglob("*.rst")])
RUN, SHOWN = {"python", "console"}, {"text", "r"}
pytestmark = pytest.mark.skipif(not (ROOT / "docs").exists(), reason="the pages are not here")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_are_in_languages_that_are_run_or_are_text(path: Path) -> None:
    languages = re.findall(
        r"^ *\.\. (?:code-block|code|sourcecode|highlight):: *(.*)$", path.read_text("utf-8"), re.M
    )
    assert set(languages) <= RUN | SHOWN


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_in_blocks_that_are_run(path: Path) -> None:
    """A command in a literal block, or without its ``$``, would never be run."""
    lines = path.read_text("utf-8").splitlines()
    assert not [
        line for line in lines if re.match(r" +(hftopic|python -m hftopic) [a-z]+ [a-z]\S*.*--", line)
    ]


def test_nothing_says_that_the_package_can_be_had_from_an_index() -> None:
    """It is not on PyPI: an installation begins from a checkout or a wheel. Extras are added by name."""
    asks = re.compile(r"pip install [\"']?hftopic(?!\[)")
    assert not [str(path.relative_to(ROOT)) for path in PAGES if asks.search(path.read_text("utf-8"))]


def test_the_table_of_groups_is_what_the_command_takes() -> None:
    page = (ROOT / "docs" / "choosing.rst").read_text("utf-8")
    rows = re.findall(r"^([\d,]+)(?: and more)? +``\((\d+), (\d+)\)`` +(\d+)$", page, re.M)
    assert len(rows) >= 4
    for documents, *groups, topics in rows:
        assert default_groups(int(documents.replace(",", ""))) == tuple(map(int, groups))
        assert sum(map(int, groups)) == int(topics)
    assert default_groups(10**6) == tuple(map(int, rows[-1][1:3]))


def test_pages_for_users_need_no_network_for_formulas() -> None:
    """MathJax is loaded from the network, without which a formula is raw TeX."""
    folder, seen = ROOT / "docs", ["index", "start", "use", "groups", "glossary"]
    for page in ("start", "use"):
        seen += re.findall(r"^   ([a-z_]+)$", (folder / f"{page}.rst").read_text("utf-8"), re.M)
    assert {"choosing", "analysis", "quickstart"} < set(seen)
    assert not [
        page
        for page in seen
        if ":math:" in (text := (folder / f"{page}.rst").read_text("utf-8")) or ".. math::" in text
    ]


BROKEN = {
    "a name that is not there": ".. code-block:: python\n\n   nobody\n",
    "an option that is not there": ".. code-block:: console\n\n   $ hftopic topics model/ --wrods 3\n",
    "another program": ".. code-block:: console\n\n   $ hftopics fit\n",
    "another output": ">>> 1 + 1\n3\n",
    "a figure of nothing": ".. plot::\n\n   plot_nothing()\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_block_is_told(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pages = pytest.importorskip("tests.pages", reason="needs sybil, of the extra test")
    path = tmp_path / "page.rst"
    path.write_text(BROKEN[name], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (example,) = pages.PAGES.parse(path).examples()
    with pytest.raises(Exception):  # noqa: B017, PT011
        example.evaluate()
