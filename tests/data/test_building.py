"""Shards are built from texts as read_corpus reads them, in any number of processes, killed or not."""

import bz2
import csv
import errno
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import sys
import warnings
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hftopic import CorpusError, FormatError, TextOptions, build_corpus, read_corpus
from hftopic.data.building import build as building
from hftopic.data.building import gathering, streams
from hftopic.data.building.pieces import Facts
from hftopic.data.building.words import WordTable, chosen_words
from hftopic.data.kinds import KindOfFields, KindOfValues, typed, typed_fields

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
KEPT = TextOptions(min_df=2, max_df=1.0)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "DOCUMENTS", 40)


def table(n: int = 230, seed: int = 0) -> pd.DataFrame:
    """Texts with words of all kinds, empty ones among them, and columns of all types."""
    rng = np.random.default_rng(seed)
    stems = np.array(["team", "faith", "über", "naïve", "naïve", "don't", "the", "İstanbul", "x2", "भाषा"])
    words = np.concatenate([stems, [f"word{'abcdefghij'[k % 10]}{'klmno'[k // 10]}" for k in range(50)]])
    share = 1 / (np.arange(len(words)) + 3.0)
    texts = [" ".join(rng.choice(words, rng.integers(0, 40), p=share / share.sum())) for _ in range(n)]
    return pd.DataFrame(
        {
            "text": texts,
            "label": rng.choice(["sport", "faith"], n),
            "name": [f"document {row}" for row in range(n)],
            "split": rng.choice(["train", "test"], n),
            "date": [f"{1990 + row % 30}-0{row % 9 + 1}-11" for row in range(n)],
            "year": np.arange(n) + 1900,
            "score": np.where(np.arange(n) % 7, np.arange(n) / 2, np.nan),
            "odd": ["yes"] * (n - 1) + ["7"],  # no column of numbers, as only the first or last piece tells
            "late": ["7"] * (n - 1) + ["no"],
            "good": rng.random(n) < 0.5,
        }
    )


def write_table(path: Path, frame: pd.DataFrame) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif ".jsonl" in path.name:
        records = json.loads(frame.to_json(orient="records"))
        written = "".join(f"{json.dumps(record)}\n" for record in records).encode()
        packed = {".gz": gzip, ".bz2": bz2, ".xz": lzma}.get(path.suffix)
        path.write_bytes(packed.compress(written) if packed else written)
    elif path.suffix == ".txt":
        path.write_text("".join(f"{text}\n" for text in frame["text"]))
        for name, column in (("labels", "label"), ("names", "name"), ("splits", "split"), ("dates", "date")):
            path.with_suffix(f".{name}.txt").write_text("".join(f"{value}\n" for value in frame[column]))
        lines = [json.dumps({"year": year}) for year in frame["year"].tolist()]
        path.with_suffix(".metadata.txt").write_text("".join(f"{line}\n" for line in lines))
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def assert_same(built: Any, read: Any) -> None:
    assert built.shape == read.shape
    assert built.vocabulary.tolist() == read.vocabulary.tolist()
    assert built.sha256() == read.sha256()
    assert built.reading == read.reading
    built = built[:]
    for part in ("labels", "names", "splits", "dates", "texts"):
        one, other = getattr(built, part), getattr(read, part)
        assert (None if one is None else one.tolist()) == (None if other is None else other.tolist()), part
    one, other = built.metadata_columns, read.metadata_columns
    assert {name: column.dtype for name, column in one.items()} == {
        name: column.dtype for name, column in other.items()
    }
    for name, column in other.items():
        np.testing.assert_array_equal(one[name], column)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


FILES = ["t.txt", "t.csv", "t.tsv", "t.jsonl", "t.jsonl.gz", "t.jsonl.bz2", "t.jsonl.xz", "t.parquet"]


@pytest.mark.parametrize("name", FILES)
def test_documents_are_those_that_read_corpus_reads(tmp_path: Path, name: str) -> None:
    file = write_table(tmp_path / name, table())
    built = build_corpus(file, tmp_path / "shards", keep_texts=True)
    assert_same(built, read_corpus(file))
    assert not (tmp_path / "shards.building").exists()


@pytest.mark.parametrize(
    "options",
    [
        TextOptions(min_df=0.02, max_df=0.3),
        TextOptions(min_df=1, max_features=20, max_count=1),
        TextOptions(lowercase=False, stop_words=("team", "naïve"), ngram_range=(1, 2)),
        TextOptions(numbers=True, even_df=0.05, clean="email", token_pattern=None),
        TextOptions(token_pattern=r"\S+", stop_words=None, max_df=400),
    ],
)
def test_words_are_chosen_as_read_corpus_chooses_them(tmp_path: Path, options: TextOptions) -> None:
    long = table(450)
    long["text"] = long["text"] + " " + long["text"].to_numpy()[::-1] + " " + long["text"]  # for even_df
    file = write_table(tmp_path / "t.csv", long)
    built = build_corpus(file, tmp_path / "shards", text=options)
    assert_same(built, read_corpus(file, text=options, keep_texts=False))


def test_words_of_a_given_vocabulary_are_counted_in_its_order(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.jsonl", table())
    words = ["wordck", "naïve", "the", "team"]
    built = build_corpus(file, tmp_path / "shards", vocabulary=words)
    assert_same(built, read_corpus(file, vocabulary=words, keep_texts=False))
    (tmp_path / "words.txt").write_text("wordck\nteam\n")
    built = build_corpus(file, tmp_path / "shards", vocabulary=tmp_path / "words.txt")
    assert built.vocabulary.tolist() == ["wordck", "team"]
    with pytest.raises(CorpusError, match="no word in common: a text starts with"):
        build_corpus(file, tmp_path / "shards", vocabulary=["strange", "words"])


def test_documents_of_one_split(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", table())
    built = build_corpus(file, tmp_path / "shards", split="train")
    assert_same(built, read_corpus(file, split="train", keep_texts=False))
    with pytest.raises(CorpusError, match="no split 'valid'; the splits are 't"):
        build_corpus(file, tmp_path / "other", split="valid")
    assert not (tmp_path / "other").exists()


def test_folders_of_files_and_of_splits(tmp_path: Path) -> None:
    files = tmp_path / "files"
    for row, text in enumerate(table(90)["text"]):
        (files / "ab"[row % 2]).mkdir(parents=True, exist_ok=True)
        (files / "ab"[row % 2] / f"{row}.txt").write_text(text)
    assert_same(build_corpus(files, tmp_path / "one"), read_corpus(files, keep_texts=False))
    splits = tmp_path / "splits"
    splits.mkdir()
    for seed, name in enumerate(("train", "test")):
        frame = table(90, seed).drop(columns="split")
        frame["label"] = [*"01"] * 45
        write_table(splits / f"{name}.jsonl", frame if seed else frame.drop(columns="year"))
    (splits / "labels.txt").write_text("sport\nfaith\n")
    assert_same(build_corpus(splits, tmp_path / "two"), read_corpus(splits, keep_texts=False))
    one = build_corpus(splits, tmp_path / "two", split="test")
    assert_same(one, read_corpus(splits, split="test", keep_texts=False))


def test_a_workbook(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    table(90).to_excel(tmp_path / "t.xlsx", index=False)
    built = build_corpus(tmp_path / "t.xlsx", tmp_path / "shards")
    assert_same(built, read_corpus(tmp_path / "t.xlsx", keep_texts=False))


def test_several_inputs_are_one_after_the_other(tmp_path: Path) -> None:
    whole = table(200)
    write_table(tmp_path / "a.csv", whole[:90])
    write_table(tmp_path / "b.parquet", whole[90:].drop(columns="year"))
    built = build_corpus([tmp_path / "a.csv", tmp_path / "b.parquet"], tmp_path / "shards", text=KEPT)
    read = read_corpus(write_table(tmp_path / "c.parquet", whole), text=KEPT)
    assert built.sha256() == read.sha256()
    assert built.labels.tolist() == read.labels.tolist()
    assert built.dates.tolist() == read.dates.tolist()
    assert built[:].metadata_columns["year"][:90].tolist() == list(range(1900, 1990))
    assert np.isnan(built[:].metadata_columns["year"][90:]).all()


def test_inputs_that_do_not_fit_together(tmp_path: Path) -> None:
    one = write_table(tmp_path / "a.csv", table(50))
    other = write_table(tmp_path / "b.csv", table(50).drop(columns="label"))
    with pytest.raises(CorpusError, match=r"a\.csv has labels, but .*b\.csv has none"):
        build_corpus([one, other], tmp_path / "shards")
    with pytest.raises(ValueError, match=r"a\.csv is given twice"):
        build_corpus([one, one], tmp_path / "shards")
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        build_corpus([one, tmp_path / "none.csv"], tmp_path / "shards")
    with pytest.raises(ValueError, match="which is read; choose another place"):
        build_corpus(tmp_path, tmp_path / "shards", format="files")
    with pytest.raises(ValueError, match="inputs is empty"):
        build_corpus([], tmp_path / "shards")
    build_corpus(one, tmp_path / "shards")
    with pytest.raises(FormatError, match="has no texts; convert it with write_corpus"):
        build_corpus(tmp_path / "shards", tmp_path / "again")


def test_dates_are_read_or_missing_as_read_corpus_has_them(tmp_path: Path) -> None:
    frame = table(120)
    frame.loc[100, "date"] = "n.d."
    for name in ("t.csv", "t.jsonl", "t.parquet"):
        file = write_table(tmp_path / name, frame)
        with pytest.raises(FormatError, match="bad_dates='missing'") as read:
            read_corpus(file, date_column="date")
        with pytest.raises(FormatError, match="bad_dates='missing'") as built:
            build_corpus(file, tmp_path / "shards", date_column="date")
        assert str(built.value) == str(read.value)
        with pytest.warns(UserWarning, match=r"1 of 120 dates cannot be read, such as 'n\.d\.'"):
            corpus = build_corpus(file, tmp_path / "shards", bad_dates="missing")
        with pytest.warns(UserWarning, match="1 of 120 dates"):
            assert_same(corpus, read_corpus(file, bad_dates="missing", keep_texts=False))


FORMS = ["%Y-%m-%d", "%d/%m/%Y %H:%M", "%d %B %Y", "%Y%m%d", "%m/%d/%Y", "%d/%m/%y", "%H:%M", "%Y"]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)), st.sampled_from(FORMS)),
        min_size=1,
        max_size=12,
    ),
    st.sets(st.sampled_from(FORMS)),
    st.sampled_from(["error", "missing"]),
)
def test_few_of_many_dates_are_enough(dates: Any, left_out: set[str], bad_dates: str) -> None:
    """Errors, warnings and the dates that are kept are the same whether all dates are known or few."""
    texts = [moment.strftime(form) for moment, form in dates if form not in left_out] + ["", "2001-02-03"]
    request = SimpleNamespace(bad_dates=bad_dates, date_column="date", is_remembered=lambda _: False)
    stream = SimpleNamespace(path=Path("t.csv"), request=request, sparse=False, fields=True, are_lines=True)
    found = []
    for most in (100, 2):
        source = gathering.Source(stream)  # type: ignore[arg-type]
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            patch.setattr(gathering, "MOST_DATES", most)
            for start in range(0, len(texts), 3):
                held = texts[start : start + 3]
                facts = Facts(0, len(held), None, has=["date"])
                facts.dates = {text: (start + held.index(text) + 2, held.count(text)) for text in held}
                source.add(facts)
            try:
                source.settle()
                kept: Any = source.dates_of({"date": texts}, len(texts))
            except FormatError as error:
                kept = str(error)
        found.append((kept, [str(warning.message) for warning in told]))
    if bad_dates == "error" or not any(form in ("%Y", "%Y%m%d") for _, form in dates):
        assert found[0] == found[1]  # else it may matter whether there are more dates or more numbers


def test_the_memory_of_dates_does_not_grow_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_DATES", 10)
    source = gathering.Source(SimpleNamespace(fields=True))  # type: ignore[arg-type]
    for number in range(60):
        facts = Facts(0, 4, None)
        moments = [
            f"2024-01-01T00:00:{number:02d}",
            f"no date {number}",
            f"31/12/2024 10:{number:02d}",
            f"31/12/24 {number}:00",
        ]
        facts.dates = dict.fromkeys(moments, (number, 1))
        source.add(facts)
    assert len(source.dates) <= 14
    assert sum(times for _, times in source.dates.values()) == 240


def test_dates_that_the_first_lines_do_not_have(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    lines: list[dict[str, Any]] = [{"text": text} for text in table(100)["text"]]
    for key, date in (("date", "2024-01-31"), ("date ", ["no date"]), ("date", True)):
        some = [dict(line) for line in lines]
        some[70][key] = date
        file.write_text("".join(f"{json.dumps(line)}\n" for line in some))
        built = build_corpus(file, tmp_path / "shards")
        assert_same(built, read_corpus(file, keep_texts=False))
        assert (built.dates is not None) == isinstance(date, str)


def test_metadata_may_have_the_names_of_other_columns(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", table(100).rename(columns={"text": "body", "odd": "text"}))
    asked = {"text_column": "body", "label_column": "year", "date_column": "score"}
    built = build_corpus(file, tmp_path / "shards", **asked)
    assert_same(built, read_corpus(file, keep_texts=False, **asked))
    assert {"text", "label", "date"} <= set(built[:].metadata_columns)


def test_the_bytes_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.jsonl", table())
    for jobs in (1, 2, 3):
        build_corpus(file, tmp_path / str(jobs), n_jobs=jobs, table_size=30, text=TextOptions(min_df=70))
    assert bytes_of(tmp_path / "1") == bytes_of(tmp_path / "2") == bytes_of(tmp_path / "3")


KILLED = """
import os, signal, sys
from hftopic import build_corpus
from hftopic.data.building import build as building
from hftopic.data.building import gathering, streams
streams.DOCUMENTS = 40
left = int(sys.argv[3])
def counted(name):
    before = getattr(os, name)
    def call(*arguments, **given):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return before(*arguments, **given)
    setattr(os, name, call)
for name in ("replace", "rename", "link"):
    counted(name)
build_corpus(sys.argv[1], sys.argv[2])
"""


@pytest.mark.parametrize("moment", [1, 2, 5, 7, 8])
def test_a_killed_build_goes_on(tmp_path: Path, moment: int) -> None:
    """Killed before the plan is there, between pieces, and before and while the shards are moved."""
    file = write_table(tmp_path / "t.csv", table())
    build_corpus(file, tmp_path / "whole")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(tmp_path / "shards"), str(moment)], timeout=120
    )
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "shards.building").is_dir()
    assert not (tmp_path / "shards").exists()
    n_pieces = len(list((tmp_path / "shards.building").glob("piece-*.npz")))
    assert n_pieces == min(max(0, moment - 2), 6)
    build_corpus(file, tmp_path / "shards")
    assert bytes_of(tmp_path / "shards") == bytes_of(tmp_path / "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "whole", "shards"}


def interrupted(file: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that Ctrl-C ends after three pieces."""
    from hftopic.data.building import build

    def after_three(path: Path, number: int) -> Path:
        if number == 3:
            raise KeyboardInterrupt
        return before(path, number)

    before = build.path_of
    with monkeypatch.context() as patch:
        patch.setattr(build, "path_of", after_three)
        with pytest.raises(KeyboardInterrupt):
            build_corpus(file, out)
    assert out.with_name(f"{out.name}.building").is_dir()


@pytest.mark.parametrize("damage", ["byte", "cut off", "empty", "other"])
def test_a_damaged_piece_is_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    file, out = write_table(tmp_path / "t.csv", table()), tmp_path / "shards"
    whole = bytes_of(build_corpus(file, tmp_path / "whole").path)
    interrupted(file, out, monkeypatch)
    pieces = sorted((tmp_path / "shards.building").glob("piece-*.npz"))
    kept = {path.name: path.stat().st_mtime_ns for path in (pieces[0], pieces[2])}
    content = bytearray(pieces[1].read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = {"byte": content, "cut off": content[:-100], "empty": b"", "other": b"no piece"}[damage]
    pieces[1].write_bytes(damaged)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(building, "write_shards", killed)
        with pytest.raises(KeyboardInterrupt):
            build_corpus(file, out)
    assert {path.name: path.stat().st_mtime_ns for path in (pieces[0], pieces[2])} == kept
    pieces[1].write_bytes(damaged)
    assert bytes_of(build_corpus(file, out).path) == whole


def test_a_piece_that_is_damaged_meanwhile_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = write_table(tmp_path / "t.csv", table()), tmp_path / "shards"
    whole, before = bytes_of(build_corpus(file, tmp_path / "whole").path), building.write_shards

    def damaging(out: Path, folder: Path, *given: Any) -> None:
        building.path_of(folder, 1).write_bytes(b"no piece")
        before(out, folder, *given)

    with monkeypatch.context() as patch:
        patch.setattr(building, "write_shards", damaging)
        with pytest.raises(OSError, match=r"piece-000001\.npz is damaged"):
            build_corpus(file, out)
    assert len(list((tmp_path / "shards.building").glob("piece-*.npz"))) == 6
    assert bytes_of(build_corpus(file, out).path) == whole


def test_pieces_do_not_keep_sums_of_a_given_vocabulary(tmp_path: Path) -> None:
    vocabulary = ["faith", *(f"other{number}" for number in range(10_000))]
    (tmp_path / "t.txt").write_text("faith and hope\n" * 3)
    held: list[int] = []

    def looked_at(out: Path, folder: Path, *given: Any) -> None:
        held.append(building.path_of(folder, 0).stat().st_size)
        before(out, folder, *given)

    before = building.write_shards
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "write_shards", looked_at)
        assert build_corpus(tmp_path / "t.txt", tmp_path / "shards", vocabulary=vocabulary).n_tokens == 3
    assert held[0] < 10_000


def test_another_build_does_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = write_table(tmp_path / "t.csv", table()), tmp_path / "shards"
    interrupted(file, out, monkeypatch)
    with pytest.raises(ValueError, match="What differs: max_count was None and is 7"):
        build_corpus(file, out, text=TextOptions(max_count=7))
    with pytest.raises(ValueError, match=r"t\.csv was read as csv and is read as txt"):
        build_corpus(file, out, format="txt")
    with pytest.raises(ValueError, match="What differs: keep_texts was False and is True"):
        build_corpus(file, out, keep_texts=True)
    os.utime(file, ns=(1, 1))
    with pytest.raises(ValueError, match=r"t\.csv was changed"):
        build_corpus(file, out)
    other = write_table(tmp_path / "u.csv", table(100))
    with pytest.raises(ValueError, match=r"the inputs were '.*t\.csv' and are '.*u\.csv'\. Repeat"):
        build_corpus(other, out)
    assert not out.exists()
    build_corpus(other, out, restart=True)
    assert not (tmp_path / "shards.building").exists()
    build_corpus(other, tmp_path / "again")
    assert bytes_of(out) == bytes_of(tmp_path / "again")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", table(50))
    (tmp_path / "shards.building").mkdir()
    (tmp_path / "shards.building" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"has 'thesis.txt', which is not of a build"):
        build_corpus(file, tmp_path / "shards")
    assert (tmp_path / "shards.building" / "thesis.txt").read_text() == "mine"


def test_what_cannot_be_replaced_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams.Fields, "pieces", lambda _: pytest.fail("a text was read"))
    file = write_table(tmp_path / "t.csv", table(50))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.npz").write_bytes(b"counts")
    with pytest.raises(FileExistsError, match=r"other has 'train\.npz', and no shards"):
        build_corpus(file, tmp_path / "other")
    with pytest.raises(NotADirectoryError, match=r"t\.csv is a file"):
        build_corpus(file, file)
    with pytest.raises(FileNotFoundError, match="does not exist; create it first"):
        build_corpus(file, tmp_path / "none" / "shards")
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "other"}


@pytest.mark.parametrize("out", ["texts", "texts/shards", "link", "texts/more/../shards", "work"])
def test_shards_are_not_written_among_texts(tmp_path: Path, out: str) -> None:
    texts, more = tmp_path / "texts", tmp_path / "texts" / "more"
    more.mkdir(parents=True)
    (tmp_path / "link").symlink_to(more)
    (tmp_path / "work.building").mkdir()
    (tmp_path / "work.building" / "piece-1.txt").write_text("my own text\n")
    for name in ("a.txt", "more/b.txt"):
        (texts / name).write_text("the team won\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="choose another place for the shards"):
        build_corpus([texts, tmp_path / "work.building" / "piece-1.txt"], tmp_path / out, restart=True)
    with pytest.raises(FileExistsError, match=r"texts has 'a\.txt', and no shards that could be replaced"):
        build_corpus(texts / "a.txt", texts)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("wrong", "size", "told"),
    [
        (
            TextOptions(min_df=1000),
            1000,
            r"min_df=1000 removes every word: .*; lower min_df\. What is counted",
        ),
        (TextOptions(max_df=1), 1000, "max_df=1 removes every word"),
        (
            TextOptions(),
            1,
            r"table_size=1 is too small: .* of 230 texts .* What is counted is kept in .*\.building",
        ),
    ],
)
def test_other_words_are_chosen_of_the_same_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: TextOptions, size: int, told: str
) -> None:
    from hftopic.data.building import build

    file, out = write_table(tmp_path / "t.csv", table()), tmp_path / "shards"
    for _ in range(2):
        with pytest.raises(CorpusError, match=told):
            build_corpus(file, out, text=wrong, table_size=size)
    right = TextOptions(min_df=2, max_df=0.9, max_features=30, even_df=0.1)
    with monkeypatch.context() as patch:
        patch.setattr(build, "count_piece", lambda *_: pytest.fail("a piece was counted again"))
        build_corpus(file, out, text=right)
    build_corpus(file, tmp_path / "whole", text=right)
    assert bytes_of(out) == bytes_of(tmp_path / "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "shards", "whole"}


FULL = """
import resource, signal, sys
from hftopic import TextOptions, build_corpus, read_corpus, write_corpus
from hftopic.data.building import plan, streams
streams.DOCUMENTS = 40
file, folder, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
plan.prove_writable = plan.followed  # the disk fills later
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
text = TextOptions(min_df=1, max_df=1.0)
corpus = read_corpus(file, text=text)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for name, write in {
    "built": lambda out: build_corpus(file, out, text=text),
    "written": lambda out: write_corpus(corpus, out, format="shards"),
}.items():
    try:
        write(f"{folder}/{name}")
    except OSError as error:
        print(error.errno, error.filename, str(error).count("is kept in"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_is_named_and_a_build_goes_on(tmp_path: Path) -> None:
    file, out = write_table(tmp_path / "t.csv", table()), tmp_path / "built"
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(file), str(tmp_path), "2000"], capture_output=True, text=True
    )
    assert told.stdout.splitlines() == [
        f"{errno.EFBIG} {tmp_path / 'built.building'} 1",
        f"{errno.EFBIG} {tmp_path / 'written'} 0",
    ], told.stderr
    text = TextOptions(min_df=1, max_df=1.0)
    assert_same(build_corpus(file, out, text=text), read_corpus(file, text=text, keep_texts=False))


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder of the kernel")
def test_a_folder_of_the_kernel_is_no_missing_folder(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", table(50))
    with pytest.raises(PermissionError, match=r"nothing can be written in this folder: '/proc'"):
        build_corpus(file, "/proc/hftopic")


def test_inputs_that_change_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_table(tmp_path / "t.csv", table())
    interrupted(file, tmp_path / "shards", monkeypatch)
    from hftopic.data.building import build

    monkeypatch.setattr(build, "write_shards", lambda *_: pytest.fail("the inputs were changed"))
    before = build.check_unchanged

    def changed(*arguments: Any) -> None:
        file.write_text(file.read_text() + "\n")
        before(*arguments)

    monkeypatch.setattr(build, "check_unchanged", changed)
    with pytest.raises(CorpusError, match="was changed while it was read"):
        build_corpus(file, tmp_path / "shards")


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_names_the_file_and_the_line_and_leaves_nothing(tmp_path: Path, jobs: int) -> None:
    file = write_table(tmp_path / "t.jsonl", table())
    lines = file.read_text().splitlines()
    lines[150] = lines[180] = '{"text": 7}'
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(FormatError, match=r"t\.jsonl, line 151: 'text' is 7, not a string"):
        build_corpus(file, tmp_path / "shards", n_jobs=jobs)
    broken = tmp_path / "t.csv"
    with broken.open("w", newline="") as stream:
        csv.writer(stream).writerows([["text", "label"], *[["faith team", "a"]] * 100, ["one field"]])
    with pytest.raises(FormatError, match=r"t\.csv, line 102: has 1 fields for 2 columns"):
        build_corpus(broken, tmp_path / "shards", n_jobs=jobs)
    assert {path.name for path in tmp_path.iterdir()} == {"t.jsonl", "t.csv"}


def test_limits_on_sizes_hold_in_every_process(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.jsonl.gz", table())
    for jobs in (1, 2):
        with pytest.raises(FormatError, match="expands to more than 1,000 bytes"):
            build_corpus(file, tmp_path / "shards", max_bytes=1000, n_jobs=jobs)
    big = tmp_path / "t.jsonl"
    big.write_text(json.dumps({"text": "word " * 4_000_000}) + "\n")
    with pytest.raises(FormatError, match="line 1: the line is longer than 16,777,216 bytes"):
        build_corpus(big, tmp_path / "shards", n_jobs=1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            TextOptions(min_df=100, stop_words=None),
            "min_df=100 removes every word: 'team' is in 2 of 2 texts",
        ),
        (TextOptions(token_pattern="[0-9]+"), "the vocabulary is empty"),
    ],
)
def test_options_that_remove_every_word(tmp_path: Path, options: TextOptions, told: str) -> None:
    (tmp_path / "t.txt").write_text("team\nteam\n")
    with pytest.raises(CorpusError, match=told):
        build_corpus(tmp_path / "t.txt", tmp_path / "shards", text=options)
    with pytest.raises(CorpusError, match=told):
        read_corpus(tmp_path / "t.txt", text=options)


def test_files_without_texts(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("")
    with pytest.raises(CorpusError, match="there are no texts"):
        build_corpus(tmp_path / "t.txt", tmp_path / "shards")


def test_lists_beside_a_file_have_a_line_for_each_text(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.txt", table(100))
    labels = tmp_path / "t.labels.txt"
    whole = labels.read_text()
    for written, n in ((whole.partition("\n")[2], 99), (whole + "more\n", 101), (whole + "\n\n", 100)):
        labels.write_text(written)
        if n == 100:
            build_corpus(file, tmp_path / "shards")
        else:
            with pytest.raises(FormatError, match=f"contains {n} labels for 100 documents"):
                build_corpus(file, tmp_path / "shards")


def test_warnings_are_those_of_read_corpus(tmp_path: Path) -> None:
    frame = table(60)
    frame.loc[[41, 50], "label"] = ""
    file = write_table(tmp_path / "t.jsonl", frame)
    (tmp_path / "han.txt").write_text("我們明天要去北京看我的老朋友\n" * 30)
    for path in (file, tmp_path / "han.txt"):
        told = []
        for read in (read_corpus, lambda path: build_corpus(path, tmp_path / "shards")):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    read(path)
                except CorpusError as error:
                    told.append(str(error))
                else:
                    told.append(str(caught[0].message))
        assert told[0] == told[1]


WORDS = [f"w{k:02d}" for k in range(40)]


class _Piece:
    """Words of a piece, as the table of words reads them."""

    def __init__(self, words: dict[str, int]) -> None:
        self.facts = Facts(0, 1, sorted(words))
        documents = [words[word] for word in self.facts.words or []]
        self.sums = np.array([documents, documents, documents], dtype=np.int64)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.dictionaries(st.sampled_from([f"w{k:02d}" for k in range(40)]), st.integers(1, 9)), max_size=12
    ),
    st.integers(1, 12),
)
def test_no_word_above_the_bound_is_missed(pieces: list[dict[str, int]], most: int) -> None:
    true: dict[str, int] = {}
    table = WordTable(most)
    made = [_Piece(words) for words in pieces]
    for piece, words in zip(made, pieces, strict=True):
        table.add(piece)  # type: ignore[arg-type]
        for word, n in words.items():
            true[word] = true.get(word, 0) + n
    exact = table.exact(iter(made))  # type: ignore[arg-type]
    words, (documents, _, _) = exact.sorted()
    assert len(words) <= most
    assert dict(zip(words, documents.tolist(), strict=True)) == {word: true[word] for word in words}
    assert {word for word, n in true.items() if n > table.bound} <= set(words)
    if len(true) <= most:
        assert table.bound == 0
        assert set(words) == set(true)
    fewest = table.bound + 1
    if any(n >= fewest for n in true.values()):
        chosen, _ = chosen_words(exact, sum(true.values()), TextOptions(min_df=fewest, max_df=1.0))
        assert chosen == sorted(word for word, n in true.items() if n >= fewest)


def test_a_full_table_of_words_changes_nothing_or_warns(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", table())
    often = TextOptions(min_df=70, max_df=1.0)
    built = build_corpus(file, tmp_path / "shards", text=often, table_size=40)
    assert_same(built, read_corpus(file, text=often, keep_texts=False))
    with pytest.warns(UserWarning, match="the table of 10 words was full: words in 1 to .* may be missing"):
        few = build_corpus(file, tmp_path / "shards", text=TextOptions(min_df=1), table_size=10)
    whole = read_corpus(file, text=TextOptions(min_df=1))
    columns = [whole.vocabulary.tolist().index(word) for word in few.vocabulary]
    np.testing.assert_array_equal(few[:].counts.toarray(), whole.counts[:, columns].toarray())


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**65), 2**65), st.floats(allow_nan=False), st.text(max_size=3)
)
FIELDS = st.one_of(
    st.sampled_from(["", "7", "007", "1.5", "true", "False", "NA", "inf", "1e999", "9" * 30]),
    st.text(max_size=2),
)


@settings(deadline=None)
@given(st.lists(VALUES, max_size=6), st.lists(VALUES, max_size=6))
def test_types_of_values_are_found_in_parts(one: list[Any], other: list[Any]) -> None:
    kind = KindOfValues.of(one) | KindOfValues.of(other)
    assert kind == KindOfValues.of(one + other)
    assert KindOfValues.from_state(json.loads(json.dumps(kind.state()))) == kind
    whole = typed(one + other)
    parts = np.concatenate([kind.typed(one), kind.typed(other)])
    assert parts.dtype == whole.dtype
    np.testing.assert_array_equal(parts, whole)


@settings(deadline=None)
@given(st.lists(FIELDS, max_size=6), st.lists(FIELDS, max_size=6))
def test_types_of_fields_are_found_in_parts(one: list[str], other: list[str]) -> None:
    kind = KindOfFields.of(one) | KindOfFields.of(other)
    assert kind == KindOfFields.of(one + other)
    assert KindOfFields.from_state(json.loads(json.dumps(kind.state()))) == kind
    whole = typed_fields(one + other)
    values = kind.of_values.typed(kind.values(one + other))
    assert values.dtype == whole.dtype
    np.testing.assert_array_equal(values, whole)


@pytest.mark.parametrize("name", ["gadarian/answers.csv", "20ng_raw/test.jsonl.xz"])
@pytest.mark.slow
def test_corpora_are_built_as_they_are_read(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (CORPORA / name).is_file():
        pytest.skip(f"the corpus {name} is not distributed")
    monkeypatch.setattr(streams, "DOCUMENTS", 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        column = "text" if "20ng" in name else "open_ended_response"
        options = TextOptions(even_df=0.1, ngram_range=(1, 2), clean="email")
        asked: dict[str, Any] = {"text_column": column, "text": options}
        built = build_corpus(CORPORA / name, tmp_path / "shards", **asked)
        assert_same(built, read_corpus(CORPORA / name, keep_texts=False, **asked))


def test_a_model_has_new_documents_built_as_its_own(tmp_path: Path) -> None:
    reading = {"text_column": "body", "label_column": "kind", "options": {"numbers": True}}
    model = SimpleNamespace(vocabulary_=np.array(["naïve", "team", "x2"], dtype=object), reading_=reading)
    frame = table(100).rename(columns={"text": "body"})
    file = write_table(tmp_path / "t.jsonl", frame)
    built = build_corpus(file, tmp_path / "shards", like=model)
    assert_same(built, read_corpus(file, like=model, keep_texts=False))
    assert built[:].counts[:, 2].sum() > 0


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl.gz", "t.parquet", "t.txt"])
def test_progress_is_that_of_the_bytes_of_the_files(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hftopic.data.building import build

    positions: list[float] = []

    def shown(**settings: Any) -> Any:
        bar = before(**{**settings, "verbose": True, "file": io.StringIO()})
        update = bar.update
        bar.update = lambda n: (update(n), positions.append(bar.n / bar.total))
        return bar

    before = build.progress
    monkeypatch.setattr(build, "progress", shown)
    build_corpus(write_table(tmp_path / name, table()), tmp_path / "shards")
    count = positions[: positions.index(1.0) + 1]
    assert count == sorted(count)
    assert positions[-1] == 1
    if name == "t.txt":  # others of this size are read at once
        assert 0 < count[0] < count[3] < 1
