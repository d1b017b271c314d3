"""Runs the examples of the pages: ``python -m pytest -p tests.pages docs README.rst``.

Every block of code of a page runs, in order, in one namespace and in a temporary folder: doctests, whose
output is compared; Python in ``code-block`` and ``plot``; and commands after ``$`` in blocks of the language
``console``. Each page begins with the files of `files_of_a_user`. Blocks whose output is not compared are
made quick: few steps of training, and a part of the docstrings. A block that a page should not show is an
``invisible-code-block``.
"""

import contextlib
import doctest
import functools
import io
import itertools
import os
import re
import shlex
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.rest import CodeBlockParser, DocTestParser, SkipParser
from sybil.parsers.rest.lexers import DirectiveLexer

import hftopic
import hftopic.training.settings

EPOCHS = "2"
STEPS = 30
NOT_RUN = {"bash", "git", "make", "open", "pip", "pre-commit", "python"}
"""Programs in the pages that a test of the pages does not run."""

run_python = PythonEvaluator()


@functools.cache
def some_docstrings() -> hftopic.Corpus:
    """A part of the docstrings of some packages."""
    return hftopic.load_docstrings(["networkx", "pandas", "sklearn"])[::10]


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Few steps of training, few documents, no windows; notes about what that leaves untold are no errors."""
    some_docstrings()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        patch.setattr(hftopic.training.settings, "FEWEST_STEPS", STEPS)
        patch.setattr(hftopic, "load_docstrings", lambda *_, **__: some_docstrings())
        patch.setenv("MPLBACKEND", "Agg")
        yield


def run_block(example: Example) -> None:
    """Run Python whose output is not compared."""
    with quickly(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run_python(example)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


def plots(document: Document) -> Iterable[Region]:
    """Code in the directive ``plot``."""
    for region in DirectiveLexer("plot")(document):
        region.parsed, region.evaluator = region.lexemes["source"], run_block
        yield region


def commands_of(block: str) -> list[str]:
    """Commands of a block of the language ``console``, without their output; ``\\`` continues a line."""
    return re.findall(r"^\$ (.+)$", block.replace("\\\n", " "), re.MULTILINE)


def run_commands(example: Example) -> str | None:
    """Run the commands of a block; a message if one fails."""
    commands = commands_of(example.parsed)
    if not commands:
        return "a block of the language console has no command after $"
    for command in commands:
        words = shlex.split(command, comments=True)
        if words[0] in NOT_RUN:
            continue
        if words[0] == "torchrun":  # in one process, which does the work of all
            words = words[words.index("hftopic") :]
        if words[0] != "hftopic":
            return f"{words[0]} is not a program that the pages run, nor one of {sorted(NOT_RUN)}"
        failure = run_command(words[1:])
        if failure:
            return f"$ {command}\n{failure}"
    return None


def run_command(words: list[str]) -> str | None:
    """Run hftopic with these arguments, in few epochs; what it printed if it fails."""
    from hftopic.cli import program

    words, target = (words[: words.index(">")], words[-1]) if ">" in words else (words, None)
    if "|" in words:
        words = words[: words.index("|")]
    command = program.commands.get(words[0]) if words else None
    options = {name for parameter in getattr(command, "params", ()) for name in parameter.opts}
    if "--epochs" in options and "--epochs" not in words:
        words = [*words, "--epochs", EPOCHS]
    for written in (word for before, word in itertools.pairwise(words) if before == "--out"):
        remove(Path(written))
    with quickly():
        result = CliRunner().invoke(program, words, prog_name="hftopic")
    if target is not None:
        Path(target).write_text(result.stdout, encoding="utf-8")
    return result.output if result.exit_code else None


def remove(path: Path) -> None:
    """Remove what an earlier command of the page has written."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


@functools.cache
def files_of_a_user() -> Path:
    """Folder with the files that the pages name, made once; it goes with the process.

    ``articles.csv`` and ``.jsonl``, ``new.csv`` and ``new.txt`` hold texts, ``corpus/`` and
    ``docword.kos.txt.gz`` counts, and ``model/`` a model of ``articles.csv``.
    """
    folder = Path(tempfile.mkdtemp(prefix="hftopic-pages-"))
    articles = rows_of_articles(300)
    articles.to_csv(folder / "articles.csv", index=False)
    texts = articles.rename(columns={"body": "text"})
    texts.to_json(folder / "articles.jsonl", orient="records", lines=True)
    articles.tail(20).to_csv(folder / "new.csv", index=False)
    (folder / "new.txt").write_text("\n".join(articles["body"].tail(20)) + "\n", encoding="utf-8")
    with quickly():
        corpus = hftopic.read_corpus(
            folder / "articles.csv", text_column="body", label_column="section", name_column="id"
        )
        hftopic.ProdLDA(groups=(5, 5), random_state=0, max_iter=20).fit(corpus).save(folder / "model")
    hftopic.write_corpus(corpus, folder / "corpus", format="folder")
    hftopic.write_corpus(corpus, folder / "docword.kos.txt.gz")
    return folder


def rows_of_articles(n: int) -> Any:
    """A table of texts with an id, a date and a section: words of docstrings, and some of news."""
    import pandas as pd

    corpus = some_docstrings()[:n]
    budgets = [("budget", "church", "churches", "faith") * (row % 5 == 0) for row in range(n)]
    days = pd.date_range("2023-01-01", periods=n, freq="2D")
    return pd.DataFrame(
        {
            "id": [f"a{row:03}" for row in range(n)],
            "date": days.strftime("%Y-%m-%d"),
            "section": corpus.labels,
            "body": [" ".join((*words, *extra)) for words, extra in zip(corpus.tokens, budgets, strict=True)],
        }
    )


def set_up(namespace: dict[str, Any]) -> None:
    """A folder of its own for a page, with a user's files."""
    folder = tempfile.mkdtemp(prefix="hftopic-page-")
    namespace["_before"] = os.getcwd(), folder
    shutil.copytree(files_of_a_user(), folder, dirs_exist_ok=True)
    os.chdir(folder)


def tear_down(namespace: dict[str, Any]) -> None:
    """Back to where the tests were started."""
    before, folder = namespace["_before"]
    os.chdir(before)
    shutil.rmtree(folder)


PAGES = Sybil(
    parsers=[
        DocTestParser(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        CodeBlockParser("python", run_block),
        CodeBlockParser("console", run_commands),
        plots,
        SkipParser(),
    ],
    path=str(Path(__file__).resolve().parents[1]),
    patterns=["*.rst"],
    setup=set_up,
    teardown=tear_down,
)

collect = PAGES.pytest()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: Any) -> Iterator[Any]:
    """Pages are collected by their blocks, and not once more as text files with doctests."""
    found = yield
    page = collect(file_path, parent)
    return found if page is None else [page]
