"""What a plan says of a table before anything is fitted."""

from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from hftopic import ProdLDA, make_correlated_topics
from hftopic.cli import plans, program

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

WORDS = [
    *("church", "prayer", "sermon", "bishop", "gospel", "altar"),
    *("league", "coach", "goal", "season", "striker", "referee"),
]


def table(n: int = 40) -> pd.DataFrame:
    bodies = [" ".join(WORDS[(i + 3 * j) % len(WORDS)] for j in range(15)) for i in range(n)]
    return pd.DataFrame({"body": bodies, "rating": ["low", "high"] * (n // 2)})


def planned(frame: pd.DataFrame, folder: Path, *more: str, code: int = 0) -> str:
    frame.to_csv(folder / "a.csv", index=False)
    arguments = ["run", str(folder / "a.csv"), "--out", str(folder / "r.html"), "--plan", *more]
    result = CliRunner().invoke(program, arguments, prog_name="hftopic")
    assert result.exit_code == code, result.output
    assert [path.name for path in folder.iterdir()] == ["a.csv"]
    return " ".join(result.stderr.split())


def test_too_few_words_for_topics_are_refused(tmp_path: Path) -> None:
    told = planned(table(), tmp_path, "--text-column", "rating", "--max-df", "1.0", code=1)
    assert "only 2 words are left of 40 documents, so that topics cannot differ" in told
    assert "'rating' was read" in told


def test_one_document_is_refused(tmp_path: Path) -> None:
    one = table().head(1)
    told = planned(one, tmp_path, "--min-df", "1", code=1)
    assert "1 document with words, of 1 that were read: topics need at least two" in told
    two = pd.concat([one, one.assign(body="the")])
    told = planned(two, tmp_path, "--min-df", "1", "--max-df", "1.0", "--text-column", "body", code=1)
    assert "1 document with words, of 2 that were read" in told


def test_a_table_without_rows_is_told(tmp_path: Path) -> None:
    assert "there are no rows" in planned(table().head(0), tmp_path, code=1)
    planned(table().head(0), tmp_path, "--text-column", "body", code=1)


def test_documents_without_words_are_counted(tmp_path: Path) -> None:
    common = ["--text-column", "body", "--min-df", "1"]
    told = planned(table(), tmp_path, *common)
    assert "without words" not in told
    assert "Warning" not in told
    some = table()
    some.loc[:9, "body"] = ""
    told = planned(some, tmp_path, *common)
    assert "10 documents of them without words" in told
    assert "Warning" not in told
    some.loc[:29, "body"] = ""
    told = planned(some, tmp_path, *common)
    assert (
        "Warning: most documents have no words. Is this the right column of texts ('body' was read)" in told
    )
    told = planned(table().assign(body=[WORDS[i % 12] for i in range(40)]), tmp_path, *common)
    assert "Warning: only 1.0 words are left of each document" in told


def test_ids_that_are_not_unique_are_told(tmp_path: Path) -> None:
    keyed = table().assign(key=[f"k{i // 2}" for i in range(40)])
    told = planned(keyed, tmp_path, "--id-column", "key")
    assert "the ids are not unique: 20 documents of 40 have the id of an earlier one, such as 'k0'" in told
    assert "not unique" not in planned(keyed.assign(key=range(40)), tmp_path, "--id-column", "key")


def test_columns_that_are_read_by_their_names_are_told(tmp_path: Path) -> None:
    told = planned(table().assign(Date="2024-01-02", name=range(40)), tmp_path)
    assert "texts in 'body', dates in 'Date', ids in 'name'" in told
    assert "other columns, kept: rating (see --label-column)" in told
    told = planned(table(), tmp_path, "--label-column", "rating")
    assert "texts in 'body', labels in 'rating'" in told


@pytest.mark.filterwarnings("always:.*dates cannot be read")
def test_dates_that_cannot_be_read_are_told_before_the_fit(tmp_path: Path) -> None:
    dated = table().assign(date=["2024-01-02"] * 39 + ["yesterday"])
    for more in ([], ["--date-column", "date"]):
        told = planned(dated, tmp_path, *more, code=1)
        assert "'yesterday' is neither a date nor a number" in told
        assert "--bad-dates missing" in told
        assert more or "39 of 40 documents keep theirs" in told
        told = planned(dated, tmp_path, *more, "--bad-dates", "missing")
        assert "1 of 40 dates cannot be read, such as 'yesterday'; they are missing" in told


@pytest.mark.parametrize(("an_epoch", "n_timed"), [(0.01, 40), (0.5, 4)])
def test_an_epoch_that_is_held_up_does_not_change_the_expected_time(
    monkeypatch: pytest.MonkeyPatch, an_epoch: float, n_timed: int
) -> None:
    moments = list(accumulate([an_epoch, an_epoch, 9 * an_epoch] + [an_epoch] * 60))
    clock = iter(moments)
    monkeypatch.setattr(plans, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    corpus = make_correlated_topics(60, groups=(2, 2), random_state=0).corpus
    model = ProdLDA(groups=(4,), max_iter=10, batch_size=30, random_state=0)
    assert plans.expected_seconds(model, corpus) == pytest.approx(10 * an_epoch)
    assert moments.index(next(clock)) == n_timed


def test_a_table_of_topics_tells_of_repeated_ids_and_names_its_columns(tmp_path: Path) -> None:
    keyed = table().assign(key=["k"] * 40)
    keyed.to_csv(tmp_path / "a.csv", index=False)
    columns = ["--text-column", "body", "--label-column", "rating", "--id-column", "key", "--min-df", "1"]
    corpus, model = str(tmp_path / "a.csv"), str(tmp_path / "m")
    more = ["--groups", "2,2", "--epochs", "3", "--quiet"]
    fitted = CliRunner().invoke(program, ["fit", corpus, "--out", model, *columns, *more])
    assert fitted.exit_code == 0, fitted.output
    keyed.head(1).to_csv(tmp_path / "one.csv", index=False)
    for name, told in {"a": "the ids are not unique", "one": "1 document in"}.items():
        out = tmp_path / f"{name}-topics.csv"
        result = CliRunner().invoke(
            program, ["transform", model, str(tmp_path / f"{name}.csv"), "--out", str(out)]
        )
        assert result.exit_code == 0, result.output
        assert told in result.stderr
        assert pd.read_csv(out).columns[:3].tolist() == ["id", "label", "topic"]
