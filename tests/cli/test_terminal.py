"""No word, name or label of a corpus controls a terminal or is a formula of a spreadsheet."""

import csv
import io
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from hftopic import Corpus, ProdLDA, write_corpus
from hftopic._spreadsheets import with_formula, without_formula
from hftopic._tables import as_csv
from hftopic.cli import COMMANDS, program
from hftopic.cli.tables import show
from hftopic.cli.terminal import JOINERS, message, printable

HOSTILE = [
    "=cmd|'/C calc'!A0",
    "+1+cmd",
    "-2+3x",
    "@sum(a1)",
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "a\x08b",
    "\u200fmark",
    "plain",
]
CONTROLS = [chr(c) for c in (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")


def is_safe(text: str) -> bool:
    return not any(c in text for c in CONTROLS if c not in "\n\t")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus of hostile words, names, labels and splits, and a model fitted on it."""
    path = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.where(rng.integers(2, size=60)[:, None] == (np.arange(12) // 6), 3.0, 0.2)) + 1
    names = [f"{HOSTILE[i % 12]} {i}" for i in range(60)]
    labels = [HOSTILE[i % 12] for i in range(60)]
    splits = ["train" if i % 3 else "\x1b[2Jtest" for i in range(60)]
    dates = [str(2000 + i % 4) for i in range(60)]
    corpus = Corpus(counts, HOSTILE, labels, names, splits=splits, dates=dates)
    write_corpus(corpus, path / "corpus.npz")
    settings = {"hidden": (8,), "max_iter": 30, "batch_size": 20, "random_state": 0}
    ProdLDA(groups=(2, 2), **settings).fit(corpus).save(path / "model")
    return path


@given(st.text(st.characters(), max_size=60))
def test_what_is_printable_has_no_control_characters_and_keeps_the_rest(text: str) -> None:
    shown = printable(text)
    assert all(c.isprintable() or c in JOINERS for c in shown)
    assert printable(shown) == shown
    if all(c.isprintable() for c in text):
        assert shown == text


def test_every_control_character_is_escaped() -> None:
    for character in (*CONTROLS, "\ud83d", "\u2028"):
        assert unicodedata.category(character)[0] in "CZ"
        escape = character.encode("unicode_escape", "surrogatepass").decode()
        assert printable(f"a{character}b") == f"a{escape}b"
    assert message("two\nlines\x1b") == "two\nlines\\x1b"
    assert printable("\u06cc\u200c\u062e \u00e9 \u6f22\u00a0") == "\u06cc\u200c\u062e \u00e9 \u6f22 "


def commands(place: Path) -> dict[str, list[list[object]]]:
    """Calls of every command that prints; ``demo`` has a corpus of its own."""
    model, corpus = place / "model", place / "corpus.npz"
    quick = ["--groups", "2,2", "--epochs", 2, "--split", "all"]
    return {
        "fit": [["fit", corpus, "--out", place / "m", "--force", *quick]],
        "transform": [["transform", model, corpus]],
        "run": [["run", corpus, "--out", place / "r2.html", "--force", *quick]],
        "topics": [["topics", model], ["topics", model, corpus, "--all"]],
        "names": [["names", model]],
        "find": [["find", model, HOSTILE[0]], ["find", model, HOSTILE[4]]],
        "documents": [["documents", model, corpus, "--topic", 0, "--topic", 3]],
        "evaluate": [["evaluate", model, corpus], ["evaluate", model, corpus, "--by-topic", "--all"]],
        "correlate": [["correlate", model, corpus, "--permutations", 9, "--all"]],
        "over-time": [
            ["over-time", model, corpus, "--all", "--by", "label", "--gaps"],
            ["over-time", model, corpus, "--all", "--drift", "--permutations", 9],
        ],
        "effects": [["effects", model, corpus, "--formula", "label", "--all", "--n-draws", 2]],
        "edit": [
            [
                "edit",
                model,
                corpus,
                "--merge",
                "0,1",
                "--name",
                f"2={HOSTILE[0]}",
                "--out",
                place / "edited",
                "--force",
            ]
        ],
        "report": [["report", model, corpus, "--out", place / "r.html", "--force", "--permutations", 9]],
        "compare": [["compare", corpus, *quick, "--validation", 0.3]],
        "corpus": [["corpus", corpus]],
        "corpus build": [
            ["corpus", "build", _texts(place), "--out", place / "shards", "--force", "--min-df", 1]
        ],
    }


def _texts(place: Path) -> Path:
    """Texts with hostile words and labels."""
    path = place / "texts.jsonl"
    rows = [{"text": f"team ball {word}", "label": word} for word in HOSTILE if word.isascii()]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return path


def test_the_help_says_what_commands_say_of_themselves() -> None:
    """Without importing them; a command that a user's module adds is listed too."""
    for name, home in COMMANDS.items():
        assert program.commands[name].get_short_help_str(200).startswith(home.summary.removesuffix("."))
    code = """
import sys
import click
from hftopic.cli import program
program.add_command(click.Command("mine", help="What is mine."))
program(["--help"], standalone_mode=False)
assert "hftopic.cli.modelling" not in sys.modules
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed = found.stdout.partition("Commands:")[2].split()
    assert "mine" in listed
    assert {word for name in COMMANDS for word in name.split()} <= set(listed)


def test_every_command_is_tried(place: Path) -> None:
    assert {*commands(place), "demo"} == set(program.commands)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", sorted(set(program.commands) - {"demo"}))
def test_no_table_or_note_controls_a_terminal(place: Path, name: str) -> None:
    """Tables and messages have escapes, JSON its own, and CSV no formulas."""
    styles = {option.name for option in program.commands[name].params if isinstance(option, click.Option)}
    for arguments in commands(place)[name]:
        result = call(*arguments)
        assert result.exit_code == 0, result.output
        assert is_safe(result.stderr)
        assert is_safe(result.stdout) or name == "transform"  # which prints CSV
        if "as_json" in styles:
            printed = call(*arguments, "--json").stdout
            assert is_safe(printed)
            json.loads(printed)
        if "as_csv" in styles or name == "transform":
            rows = csv.reader(io.StringIO(call(*arguments, *["--csv"] * ("as_csv" in styles)).stdout))
            for cell in (cell for row in rows for cell in row):
                assert without_formula(cell) == cell


def test_json_and_csv_lose_nothing(place: Path) -> None:
    facts = json.loads(call("corpus", place / "corpus.npz", "--json").stdout)
    assert set(facts["frequent_words"]) <= set(HOSTILE)
    assert set(facts["splits"]) == {"train: 40", "\x1b[2Jtest: 20"}
    call("transform", place / "model", place / "corpus.npz", "--out", place / "theta.csv", "--force")
    with (place / "theta.csv").open(encoding="utf-8", newline="") as file:
        first = [row[0] for row in csv.reader(file)][1:]
    assert [cell.removeprefix("'") for cell in first] == [f"{HOSTILE[i % 12]} {i}" for i in range(60)]
    assert [cell.startswith("'") for cell in first[:12]] == [True] * 4 + [False] * 8


def test_messages_of_errors_and_usage_are_escaped(place: Path) -> None:
    for arguments in (
        ["corpus", place / "\x1b[2Jnone"],
        ["topics", place / "model", place / "corpus.npz", "--\x1b[2J"],
        ["\x1b[2J"],
        ["--\x1b[2J"],
        ["corpus", place / "corpus.npz", "--split", "\x1b[2J"],
        ["--import", "\x1b[2J", "topics", place / "model"],
        ["corpus", place / "corpus.npz", "--split", "none", "--debug"],
    ):
        result = call(*arguments)
        assert result.exit_code in (1, 2)
        assert is_safe(result.output)


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+x",
        "-x",
        "@x",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "-1+1",
        "+1;x",
        "-",
        "=",
        "-1e",
        "--1",
        "+.",
        "-1 ",
    ],
)
def test_a_formula_is_told_by_how_it_begins(text: str) -> None:
    assert without_formula(text) == f"'{text}"
    assert with_formula(f"'{text}") == text


@pytest.mark.parametrize("text", ["-0.5", "1=1", "a+b", "'tis", "", "'", "'-0.5"])
def test_an_apostrophe_is_only_taken_off_a_formula(text: str) -> None:
    assert with_formula(text) == text


@pytest.mark.parametrize(
    "value", ["-0.5", "+3", "-.5", "-1e-05", "1=1", "a+b", "'=1", "", -0.5, None, 3, "\u22121"]
)
def test_numbers_and_other_texts_are_no_formulas(value: object) -> None:
    assert without_formula(value) == value


def test_numbers_of_a_table_stay_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    frame = pd.DataFrame({"=a": [-0.5, np.nan], "b": ["-0.5", "=1"], "c": [["=1", "x"], None], "n": [-1, 2]})
    assert as_csv(frame) == "'=a,b,c,n\n-0.5,-0.5,'=1 x,-1\n,'=1,,2\n"
    mixed = pd.DataFrame({"value": pd.Series([-3, 0.5, "-x"], dtype=object)})
    show(mixed, "csv")
    assert capsys.readouterr().out == "value\n-3\n0.5\n'-x\n"


def test_the_script_of_a_report_has_the_same_rule() -> None:
    folder = Path(__file__).parents[2] / "hftopic" / "report"
    script = (folder / "templates" / "tables.js").read_text(encoding="utf-8")
    assert "new RegExp(document.body.dataset.formula)" in script
    assert "formula=FORMULA" in (folder / "rendering.py").read_text(encoding="utf-8")
    template = (folder / "templates" / "report.html.j2").read_text(encoding="utf-8")
    assert 'data-formula="{{ formula }}"' in template  # escaped by the template, and read back by the browser


def test_csv_that_goes_to_a_terminal_has_escapes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    frame = pd.DataFrame({"word": ["\x1b[2J"]})
    show(frame, "csv")
    assert capsys.readouterr().out == "word\n\x1b[2J\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show(frame, "csv")
    assert capsys.readouterr().out == "word\n\\x1b[2J\n"
