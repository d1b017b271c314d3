"""The page of promises: each promise names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "promises.rst"
NAME = re.compile(r"``(tests/[\w/]+\.py)::(\w+)``")
PROMISES = re.findall(r"^- .*(?:\n  .*)*", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[2:40])
def test_a_promise_has_tests_that_are_there(promise: str) -> None:
    named = NAME.findall(promise)
    assert named
    assert len(named) == promise.count("::"), "a name of a test is misspelt"
    for file, test in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test.startswith("test_")
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (
            f"{file} has no {test}"
        )


def test_nothing_is_promised_outside_of_the_lists() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert sum(len(NAME.findall(promise)) for promise in PROMISES) == page.count("::test_")
