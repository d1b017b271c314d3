"""Tables keep their texts, dates and other columns, in every format, and a model reads files like its own."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hftopic import Corpus, CorpusError, TextOptions, read_corpus, write_corpus
from hftopic.data.formats import FormatError
from hftopic.data.reading import options_of

OPTIONS = TextOptions(min_df=1, max_df=1.0, stop_words=None)
AS_IT_STANDS = TextOptions(lowercase=False, stop_words=None, token_pattern=r"\S+")
ROWS = [
    {"id": "a1", "body": "The team won.", "section": "sport", "date": "2024-01-31", "votes": 3, "share": 0.5},
    {"id": "a2", "body": "God; and, faith", "section": "faith", "date": "", "votes": -1, "share": None},
    {
        "id": "a3",
        "body": 'a "game"\nof two teams',
        "section": "sport",
        "date": "2024-03-01",
        "votes": 0,
        "share": 2.0,
    },
]
AUTHORS = ["Ann", None, "Bo Å."]
COLUMNS = {"text_column": "body", "label_column": "section", "name_column": "id", "date_column": "date"}


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS).assign(author=AUTHORS)


def csv_of(path: Path, **arguments: Any) -> Path:
    frame().to_csv(path, index=False, **arguments)
    return path


def write_jsonl(path: Path) -> Path:
    records = [row | {"author": author} for row, author in zip(ROWS, AUTHORS, strict=True)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def write_parquet(path: Path) -> Path:
    pytest.importorskip("pyarrow")
    frame().to_parquet(path)
    return path


def write_excel(path: Path) -> Path:
    pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    frame().to_excel(path, index=False)
    return path


TABLES: dict[str, Callable[[Path], Path]] = {
    "x.csv": csv_of,
    "x.tsv": lambda path: csv_of(path, sep="\t"),
    "semicolons.csv": lambda path: csv_of(path, sep=";"),
    "x.csv.gz": csv_of,
    "x.jsonl": write_jsonl,
    "x.parquet": write_parquet,
    "x.xlsx": write_excel,
}


def rows_of(corpus: Corpus) -> list[tuple[Any, ...]]:
    columns = [] if corpus.metadata is None else [corpus.metadata[name].tolist() for name in corpus.metadata]
    plain = [[None if value != value else value for value in column] for column in columns]
    parts = (corpus.labels, corpus.names, corpus.splits, corpus.dates)
    return list(zip(*[part for part in parts if part is not None], *plain, strict=True))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_gives_the_same_corpus(tmp_path: Path, name: str) -> None:
    corpus = read_corpus(TABLES[name](tmp_path / name), text=OPTIONS, **COLUMNS)
    assert corpus.texts.tolist() == [row["body"] for row in ROWS]
    assert corpus.dates.tolist() == [row["date"] for row in ROWS]
    assert corpus.names.tolist() == ["a1", "a2", "a3"]
    assert corpus.labels.tolist() == ["sport", "faith", "sport"]
    assert corpus.metadata.columns.tolist() == ["votes", "share", "author"]
    assert corpus.metadata["votes"].dtype == np.int64
    assert corpus.metadata["share"].dtype == np.float64
    assert corpus.metadata["author"].tolist() == AUTHORS
    assert corpus.reading == {**COLUMNS, "options": {"min_df": 1, "max_df": 1.0, "stop_words": None}}
    freed = read_corpus(tmp_path / name, text=OPTIONS, keep_texts=False, **COLUMNS)
    assert freed.texts is None
    assert freed.sha256() == corpus.sha256()


line_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r\ufeff"), max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
# A column of text in a file without types is one of texts if no type can be read out of it.
words = st.none() | line_text.map("w{}".format)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "int64": st.integers(-(2**63) + 1, 2**63 - 1),
    "float64": st.floats(allow_nan=False),
    "missing": st.floats(allow_infinity=True) | st.none(),
    "bool": st.booleans(),
    "str": words,
}


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    documents = draw(st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=1, max_size=5))
    n = len(documents)

    def values(strategy: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(strategy, min_size=n, max_size=n))

    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=4))
    return Corpus(
        [[document.count(word) for word in "abc"] for document in documents],
        list("abc"),
        draw(st.none() | st.just(values(line_text))),
        None,
        documents,
        draw(st.none() | st.just(values(st.sampled_from(["train", "test"])))),
        draw(st.none() | st.just(values(texts))),
        draw(st.none() | st.just(values(line_text))),
        {f"{kind} {place}": values(KINDS[kind]) for place, kind in enumerate(kinds)},
        draw(st.sampled_from([None, {"options": {"min_df": 2}, "delimiter": ";"}])),
    )


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A new empty folder at each call, because hypothesis calls a test many times."""
    return lambda: tmp_path_factory.mktemp("corpus")


often = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
no_labels = pytest.mark.filterwarnings("ignore:.*documents have no label")


def assert_same_parts(got: Corpus, wanted: Corpus) -> None:
    assert rows_of(got) == rows_of(wanted)
    assert (got.metadata is None) == (wanted.metadata is None)
    if got.metadata is not None:
        assert got.metadata.columns.tolist() == wanted.metadata.columns.tolist()


@given(corpus=corpora())
@often
@no_labels
def test_a_folder_keeps_all_of_it(fresh: Callable[[], Path], corpus: Corpus) -> None:
    path = fresh() / "corpus"
    write_corpus(corpus, path)
    splits = [] if corpus.splits is None else sorted(set(corpus.splits))
    for split in (None, *splits):
        got, wanted = read_corpus(path, split=split), corpus if split is None else corpus.split(split)
        assert_same_parts(got, wanted)
        if wanted.metadata is not None:
            pd.testing.assert_frame_equal(got.metadata, wanted.metadata)
        assert (got.texts is None) == (wanted.texts is None)
        assert got.texts is None or got.texts.tolist() == wanted.texts.tolist()
        assert got.reading == wanted.reading
        assert read_corpus(path, split=split, keep_texts=False).texts is None


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.parquet"])
@given(corpus=corpora())
@often
@no_labels
def test_a_table_keeps_all_but_the_reading(fresh: Callable[[], Path], name: str, corpus: Corpus) -> None:
    path = fresh() / name
    write_corpus(corpus, path)
    got = read_corpus(path, vocabulary=corpus.vocabulary, text=AS_IT_STANDS)
    assert got.sha256() == corpus.sha256()
    assert got.tokens == corpus.tokens
    assert rows_of(got) == rows_of(corpus)
    shown = [" ".join(tokens) for tokens in corpus.tokens] if corpus.texts is None else corpus.texts.tolist()
    assert got.texts.tolist() == shown


@pytest.mark.parametrize(
    "name", ["x.npz", "docword.x.txt", "x.ldac", "x.mtx", "x.svmlight", "x.txt", "corpus.tsv"]
)
@given(corpus=corpora())
@often
@no_labels
def test_counts_keep_dates_and_metadata_beside_them(
    fresh: Callable[[], Path], name: str, corpus: Corpus
) -> None:
    corpus = Corpus(
        [*corpus.counts.toarray(), [0, 0, 1]],  # without the last word, the vocabulary could have a heading
        corpus.vocabulary,
        None,
        None,
        [*corpus.tokens, ["c"]],
        None,
        None,
        None if corpus.dates is None else [*corpus.dates, ""],
        None
        if corpus.metadata is None
        else {name: [*corpus.metadata[name], corpus.metadata[name][0]] for name in corpus.metadata},
    )
    path = fresh() / name
    write_corpus(corpus, path)
    given_words = {"vocabulary": corpus.vocabulary, "text": AS_IT_STANDS} if name == "x.txt" else {}
    assert_same_parts(read_corpus(path, **given_words), corpus)


def test_files_of_another_corpus_are_not_read_as_ones_own(tmp_path: Path) -> None:
    write_corpus(Corpus([[1]], ["a"], dates=["2024"], metadata={"b": [1]}), tmp_path / "x.npz")
    assert {file.name for file in tmp_path.iterdir()} >= {"x.dates.txt", "x.metadata.txt"}
    with pytest.raises(FileExistsError, match="read as the dates"):
        write_corpus(Corpus([[1]], ["a"], metadata={"b": [2]}), tmp_path / "x.npz")
    with pytest.raises(FileExistsError, match="read as the metadata"):
        write_corpus(Corpus([[1]], ["a"], dates=["2025"]), tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["text", " Label", "DATE", "original_text"])
def test_a_column_of_metadata_is_never_read_as_another(tmp_path: Path, name: str) -> None:
    corpus = Corpus([[1]], ["a"], tokens=[["a"]], metadata={name: ["b"]})
    with pytest.raises(FormatError, match=f"the column {name!r} of the metadata would be read as"):
        write_corpus(corpus, tmp_path / "x.csv")
    write_corpus(corpus, tmp_path / "corpus")
    assert read_corpus(tmp_path / "corpus").metadata[name].tolist() == ["b"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.csv", "text,when\na,2024-01-31\n\na,tomorrow\n", "line 4: 'when': 'tomorrow' is neither"),
        ("x.csv", "text,when\na,02/03/2024\n", "line 2: 'when': .* can begin with the day or with the month"),
        ("x.jsonl", '{"text": "a", "when": 2024}\n{"text": "b", "when": "x"}\n', "line 2: 'when': 'x' is"),
        ("x.jsonl", '{"text": "a", "when": [1]}\n', r"line 1: 'when' is \[1\], not a string or a number"),
        ("x.csv", "text,wen\na,2024\n", "no column 'when'; did you mean 'wen'"),
        ("x.csv", "text,wen\na,2024\n", "The columns are 'text', 'wen'"),
    ],
)
def test_a_wrong_date_is_told_with_its_line(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=told):
        read_corpus(tmp_path / name, date_column="when", text=OPTIONS)


def test_dates_that_cannot_be_read_can_be_missing(tmp_path: Path) -> None:
    days = ["31/12/2024", "n.d.", "", "3/4/2024", "13/13/2024", "3/4/24", "soon", "NA"]
    (tmp_path / "x.csv").write_text("text,when\n" + "".join(f"word,{day}\n" for day in days))
    with pytest.raises(FormatError, match="Pass bad_dates='missing' to read such dates as missing"):
        read_corpus(tmp_path / "x.csv", date_column="when", text=OPTIONS)
    with pytest.warns(UserWarning, match="4 of 8 dates cannot be read, such as 'n.d.'; they are missing"):
        corpus = read_corpus(tmp_path / "x.csv", date_column="when", bad_dates="missing", text=OPTIONS)
    assert corpus.dates.tolist() == ["31/12/2024", "", "", "3/4/2024", "", "", "", ""]
    assert corpus.reading["bad_dates"] == "missing"
    (tmp_path / "y.csv").write_text("text,date\none,2001\ntwo,2002\nsix,n.d.\n")
    with pytest.warns(UserWarning, match="1 of 3 dates"):
        assert read_corpus(tmp_path / "y.csv", bad_dates="missing", text=OPTIONS).dates[2] == ""
    (tmp_path / "z.csv").write_text("text,date\none,later\ntwo,never\n")
    with pytest.warns(UserWarning, match="2 of 2 dates"):
        assert read_corpus(tmp_path / "z.csv", bad_dates="missing", text=OPTIONS).dates is None
    with pytest.raises(ValueError, match="bad_dates must be"):
        read_corpus(tmp_path / "z.csv", bad_dates="drop", text=OPTIONS)


def test_a_date_that_nobody_asked_for_is_kept_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text,Date\none,tomorrow\n")
    assert read_corpus(tmp_path / "x.csv", text=OPTIONS).dates.tolist() == ["tomorrow"]
    lines = ['{"text": "one"}', '{"text": "two", "date": 2024}', '{"text": "six", "date": null}']
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    late = read_corpus(tmp_path / "x.jsonl", text=OPTIONS)
    assert (late.dates.tolist(), late.metadata) == (["", "2024", ""], None)
    (tmp_path / "x.jsonl").write_text('{"text": "one", "date": {"$date": 5}}\n')
    nested = read_corpus(tmp_path / "x.jsonl", text=OPTIONS)
    assert (nested.dates, nested.metadata["date"].tolist()) == (None, ['{"$date": 5}'])


def test_values_of_json_keep_their_types(tmp_path: Path) -> None:
    lines = [
        {
            "text": "one",
            "zip": "01234",
            "tags": ["a", "ü"],
            "n": 1,
            "seen": True,
            "far": 10**30,
            "gone": None,
        },
        {"text": "two", "zip": "12345", "n": 2.5, "seen": False, "new": "x"},
    ]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    held = read_corpus(tmp_path / "x.jsonl", text=OPTIONS).metadata
    assert held.to_dict("list") == {
        "zip": ["01234", "12345"],
        "tags": ['["a", "ü"]', None],
        "n": [1.0, 2.5],
        "seen": [True, False],
        "far": [str(10**30), None],
        "gone": [None, None],
        "new": [None, "x"],
    }


def test_columns_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    names = [f"c{place}" for place in range(1001)]
    (tmp_path / "x.csv").write_text(f"text,{','.join(names)}\none{',1' * 1001}\n")
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": "one"} | dict.fromkeys(names, 1)) + "\n")
    for name in ("x.csv", "x.jsonl"):
        with pytest.warns(UserWarning, match="more than 1,000 other columns; none of them is kept"):
            assert read_corpus(tmp_path / name, text=OPTIONS).metadata is None


def test_a_few_lines_cannot_fill_the_memory_with_columns(tmp_path: Path) -> None:
    """The last line has many keys that no line before it has: as a table, 900 columns of 30,000 rows."""
    wide = json.dumps({"text": "one"} | {f"c{place}": 1 for place in range(900)})
    (tmp_path / "x.jsonl").write_text('{"text": "one"}\n' * 30_000 + wide)
    with pytest.warns(UserWarning, match="expands to 216,007,200 bytes.*none of them is kept"):
        assert read_corpus(tmp_path / "x.jsonl", text=OPTIONS).metadata is None


@pytest.mark.parametrize("delimiter", [";", "|", "\t", "~", " "])
def test_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    for name in ("x.csv", "x.txt", "x.tsv"):
        path = csv_of(tmp_path / name, sep=delimiter)
        corpus = read_corpus(path, delimiter=delimiter, text=OPTIONS, **COLUMNS)
        assert corpus.texts.tolist() == [row["body"] for row in ROWS]
        assert corpus.reading["delimiter"] == delimiter
    if delimiter == "\t":
        assert read_corpus(path, delimiter="\\t", text=OPTIONS, **COLUMNS).reading["delimiter"] == "\t"


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("x.csv", '\n"text";"label"\n"fine; good, all";"1"\n', ["fine; good, all"]),
        ("x.csv", "text\tlabel\nfine, good\t1\n", ["fine, good"]),
        ("x.tsv", "text,label\nfine,1\n", ["fine"]),
        ("x.csv", "id, old;text;label\n1;fine, good;a\n", ["fine, good"]),
    ],
)
def test_the_header_shows_the_delimiter(tmp_path: Path, name: str, content: str, rows: list[str]) -> None:
    (tmp_path / name).write_text(content)
    corpus = read_corpus(tmp_path / name, text=OPTIONS)
    assert corpus.texts.tolist() == rows
    assert "delimiter" not in corpus.reading


@pytest.mark.parametrize(
    ("name", "arguments", "error", "told"),
    [
        ("x.csv", {"delimiter": ";;"}, ValueError, "delimiter must be one character"),
        ("x.csv", {"delimiter": "a"}, ValueError, "delimiter must be one character"),
        ("x.csv", {"delimiter": 1}, ValueError, "delimiter must be one character"),
        ("x.csv", {"delimiter": "|"}, FormatError, r"separated by commas, not by '\|'; pass delimiter=','"),
        ("x.csv", {"sheet": 1}, ValueError, "sheet= has no effect on .*is no Excel workbook"),
        ("x.csv", {"sheet": 0}, ValueError, "sheet must be the name of a sheet, or its number"),
        ("x.jsonl", {"delimiter": ","}, ValueError, "delimiter= has no effect on .*is no CSV or TSV file"),
        ("x.npz", {"date_column": "x"}, ValueError, "date_column= has no effect on .*no named columns"),
        ("x.csv", {"keep_texts": "no"}, ValueError, "keep_texts must be True or False"),
        ("x.csv", {"like": 3}, TypeError, "like must be a fitted model"),
    ],
)
def test_arguments_that_do_not_fit(
    tmp_path: Path, name: str, arguments: dict[str, Any], error: type[Exception], told: str
) -> None:
    (tmp_path / name).write_text("text,label\nfine,1\n")
    with pytest.raises(error, match=told):
        read_corpus(tmp_path / name, **arguments)


def model_of(corpus: Corpus) -> Any:
    return SimpleNamespace(vocabulary_=corpus.vocabulary, reading_=corpus.reading)


def test_a_model_reads_files_like_its_own(tmp_path: Path) -> None:
    options = TextOptions(min_df=1, max_df=1.0, stop_words=("the",), lowercase=False)
    path = csv_of(tmp_path / "x.csv", sep="~", encoding="latin-1")
    corpus = read_corpus(path, text=options, delimiter="~", encoding="latin-1", **COLUMNS)
    model = model_of(corpus)
    again = read_corpus(path, like=model)
    assert again.sha256() == corpus.sha256()
    assert (rows_of(again), again.reading) == (rows_of(corpus), corpus.reading)
    assert again.texts.tolist() == corpus.texts.tolist()
    # New documents need not have labels, names or dates; they may be in UTF-8 and in another format.
    frame()[["body", "author"]].to_csv(path, sep="~", index=False, encoding="utf-8")
    new = read_corpus(path, like=model)
    assert (new.sha256(), new.labels, new.names, new.dates) == (corpus.sha256(), None, None, None)
    assert new.metadata["author"].tolist() == AUTHORS
    assert read_corpus(write_jsonl(tmp_path / "x.jsonl"), like=model).sha256() == corpus.sha256()
    write_corpus(corpus, tmp_path / "x.npz")
    assert read_corpus(tmp_path / "x.npz", like=model).sha256() == corpus.sha256()
    (tmp_path / "x.txt").write_text("".join(row["body"].replace("\n", " ") + "\n" for row in ROWS))
    assert read_corpus(tmp_path / "x.txt", like=model).sha256() == corpus.sha256()


def test_arguments_override_those_of_a_model(tmp_path: Path) -> None:
    model = model_of(read_corpus(csv_of(tmp_path / "x.csv"), text=OPTIONS, **COLUMNS))
    (tmp_path / "new.csv").write_text("text,tag,when\nThe team won,a,2024\n")
    new = read_corpus(tmp_path / "new.csv", like=model, label_column="tag", text=TextOptions(lowercase=False))
    assert new.labels.tolist() == ["a"]
    assert new.n_tokens == 2  # "team" and "won", for "The" is no word of the model
    assert options_of(new.reading) == {"lowercase": False}
    assert new.vocabulary.tolist() == model.vocabulary_.tolist()
    with pytest.raises(FormatError, match="no column 'nothing'"):
        read_corpus(tmp_path / "new.csv", like=model, label_column="nothing")
    (tmp_path / "new.csv").write_text("content,tag\nThe team won,a\n")
    with pytest.raises(
        FormatError, match="no column 'text' and no column 'body', which the model was fitted on"
    ):
        read_corpus(tmp_path / "new.csv", like=model)


def test_a_model_without_a_reading_gives_its_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\nThe team won\n")
    for model in (
        SimpleNamespace(vocabulary_=["team"]),
        SimpleNamespace(vocabulary_=["team"], reading_=None),
    ):
        assert read_corpus(tmp_path / "x.csv", like=model).counts.toarray().tolist() == [[1]]


def test_options_of_a_model_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\nThe team won\n")
    for options in ({"taste": 1}, {"min_df": -1}):
        model = SimpleNamespace(vocabulary_=["team"], reading_={"options": options})
        with pytest.raises(ValueError, match=r"options that cannot be read: .*; pass text="):
            read_corpus(tmp_path / "x.csv", like=model)
        assert read_corpus(tmp_path / "x.csv", like=model, text=OPTIONS).n_tokens == 1


def test_splits_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "one", "date": "2024", "n": 1}\n')
    (tmp_path / "test.csv").write_text("text,author\ntwo,Ann\n")
    corpus = read_corpus(tmp_path, text=OPTIONS)
    assert corpus.dates.tolist() == ["2024", ""]
    assert corpus.texts.tolist() == ["one", "two"]
    assert corpus.metadata["author"].tolist() == [None, "Ann"]
    assert corpus.metadata["n"].fillna(-1).tolist() == [1.0, -1.0]
    assert read_corpus(tmp_path, text=OPTIONS, split="test").metadata["author"].tolist() == ["Ann"]


def test_a_lost_part_of_a_folder_is_told(tmp_path: Path) -> None:
    write_corpus(Corpus([[1]], ["a"], dates=["2024"]), tmp_path / "corpus")
    (tmp_path / "corpus" / "counts_table.npz").unlink()
    with pytest.raises(FormatError, match=r"is missing, but corpus\.json names it"):
        read_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "corpus.json").unlink()
    with pytest.raises(FormatError, match=r"is missing, but table\.json has dates"):
        read_corpus(tmp_path / "corpus")


BROKEN: dict[str, tuple[str, Any, str]] = {
    "no JSON": ("table.json", "{", "not JSON"),
    "other keys": ("table.json", "{}", "must be a JSON object with the keys"),
    "odd type": ("table.json", {"dates": 1, "columns": {}, "reading": None}, "'dates' must be true or false"),
    "odd kind": (
        "table.json",
        {"dates": True, "columns": {"b": "date"}, "reading": None},
        "one of the types",
    ),
    "another column": (
        "table.json",
        {"dates": True, "columns": {"b": "int64", "c": "int64"}, "reading": None},
        r"'int64' must be an array of shape \(2, 2\)",
    ),
    "another string": (
        "table.json",
        {"dates": True, "columns": {"b": "int64", "c": "str"}, "reading": None},
        "'ends' must have 4 values",
    ),
    "no arrays": ("counts_texts.npz", {"a": [1]}, "must contain the array 'utf8'"),
    "too few": ("counts_texts.npz", {"utf8": b"a", "ends": [1]}, "'ends' must have 2 values"),
    "backwards": ("counts_texts.npz", {"utf8": b"ab", "ends": [3, 2]}, "must not decrease"),
    "beyond": ("counts_texts.npz", {"utf8": b"ab", "ends": [1, 9]}, "must not decrease, and must end with 2"),
    "no UTF-8": ("counts_texts.npz", {"utf8": b"\xff\xff", "ends": [1, 2]}, "is not UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_damaged_parts_of_a_folder(tmp_path: Path, case: str) -> None:
    name, content, told = BROKEN[case]
    corpus = Corpus([[1], [1]], ["a"], texts=["a", "a"], dates=["2024", ""], metadata={"b": [1, 2]})
    write_corpus(corpus, tmp_path / "corpus")
    file = tmp_path / "corpus" / name
    if name.endswith(".json"):
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    else:
        held = {part: np.frombuffer(v, np.uint8) if part == "utf8" else v for part, v in content.items()}
        np.savez(file, **held)
    with pytest.raises(FormatError, match="was changed after the corpus was written"):
        read_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "corpus.json").unlink()
    with pytest.raises(FormatError, match=told):
        read_corpus(tmp_path / "corpus")


@pytest.mark.parametrize(
    ("lines", "line", "told"),
    [
        ('{"b": 1}\n{"b": 2', 2, "not JSON"),
        ('{"b": 1}\n{"c": 2}', 2, "expected a JSON object with the keys of line 1"),
        ('[1]\n{"c": 2}', 1, "expected a JSON object"),
        ('{"b": 1}\n{"b": [2]}', 2, "'b' is .*, not a string or a number"),
    ],
)
def test_damaged_metadata_beside_counts(tmp_path: Path, lines: str, line: int, told: str) -> None:
    write_corpus(Corpus([[1], [1]], ["a"], metadata={"b": [1, 2]}), tmp_path / "x.npz")
    (tmp_path / "x.metadata.txt").write_text(lines + "\n")
    with pytest.raises(FormatError, match=told) as caught:
        read_corpus(tmp_path / "x.npz")
    assert caught.value.line == line


def test_a_text_that_no_table_can_hold_is_told(tmp_path: Path) -> None:
    corpus = Corpus([[1]], ["a"], tokens=[["a"]], texts=["a\0"])
    with pytest.raises(CorpusError, match=r"original_text 0.* contains the character NUL"):
        write_corpus(corpus, tmp_path / "x.csv")
    write_corpus(corpus, tmp_path / "corpus")
    assert read_corpus(tmp_path / "corpus").texts.tolist() == ["a\0"]


def test_a_workbook_without_openpyxl_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(ImportError, match=r"pip install 'hftopic\[excel\]'. Or save the sheet as CSV"):
        read_corpus(tmp_path / "x.xlsx")


def test_counts_are_read_without_pandas(tmp_path: Path) -> None:
    corpus = Corpus([[1]], ["a"], tokens=[["a"]], texts=["A."], dates=["2024"], metadata={"b": ["c"]})
    write_corpus(corpus, tmp_path / "corpus")
    code = "import sys, hftopic; hftopic.read_corpus(sys.argv[1]); print('pandas' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "corpus")], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"
