"""Command lines in another form than the program takes: the message has the right one."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hftopic.cli import program


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--groups", 10, 10], "did you mean --groups 10,10?"),
        (["--groups", "10,", 10], "did you mean --groups 10,10?"),
        (["--groups", 5, 5, 5], "did you mean --groups 5,5,5?"),
        (["--topics", 50], "--groups 25,25 has 50 topics, --groups 50 has one group of 50"),
        (["--n-components=7"], "--groups 4,3 has 7 topics"),
        (["--topics", "many"], "--groups 25,25 has 50 topics"),
    ],
)
@pytest.mark.parametrize("verb", ["fit", "run"])
def test_groups_in_another_form(tmp_path: Path, verb: str, options: list[object], told: str) -> None:
    (tmp_path / "t.csv").write_text("text\nwords\n", encoding="utf-8")
    common = ["--out", tmp_path / "out"]
    assert told in refused(verb, tmp_path / "t.csv", *common, *options)
    assert told in refused(verb, *common, *options, tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_no_hint_where_there_is_nothing_to_suggest(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text\nwords\n", encoding="utf-8")
    assert "Hint" not in refused("fit", tmp_path / "t.csv", "--out", tmp_path / "out", "--groups", "5,x")
    assert "Hint" not in refused("fit", tmp_path / "t.csv", "--groups", "5,5")
    assert "Hint" not in refused("topics", tmp_path, "--topics", "50")
    assert "Hint" not in refused("--topics", "50")
