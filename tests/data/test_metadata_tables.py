"""A table ``metadata.csv`` gives documents their metadata, in every form of a corpus that has none inside."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic import (
    Corpus,
    CorpusError,
    FormatError,
    ProdLDA,
    build_corpus,
    open_corpus,
    read_corpus,
    write_corpus,
)

NAMES = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(
    {
        "rating": ["left", "right", None, "left"],
        "day": [3, 1, 2, 4],
        "share": [0.5, np.nan, 2.0, 1.0],
        "won": [True, False, True, True],
    }
)
BARE = Corpus(np.eye(4, 3) + 1, ["x", "y", "z"])


def as_matrix(corpus: Corpus, folder: Path) -> tuple[Path, Path]:
    write_corpus(corpus, folder / "counts.npz")
    return folder / "counts.npz", folder / "counts.metadata.csv"


def as_matrix_alone(corpus: Corpus, folder: Path) -> tuple[Path, Path]:
    write_corpus(corpus, folder / "counts.mtx")
    return folder / "counts.mtx", folder / "metadata.csv"


def as_folder(corpus: Corpus, folder: Path) -> tuple[Path, Path]:
    write_corpus(corpus, folder / "corpus")
    return folder / "corpus", folder / "corpus" / "metadata.csv"


def as_shards(corpus: Corpus, folder: Path) -> tuple[Path, Path]:
    write_corpus(corpus, folder / "shards", format="shards")
    return folder / "shards", folder / "shards" / "metadata.csv"


def beside_shards(corpus: Corpus, folder: Path) -> tuple[Path, Path]:
    return as_shards(corpus, folder)[0], folder / "shards.metadata.csv"


def as_lines(corpus: Corpus, folder: Path) -> tuple[Path, Path]:
    (folder / "texts.txt").write_text("some words\n" * len(corpus), encoding="utf-8")
    if corpus.names is not None:
        (folder / "texts.names.txt").write_text("".join(f"{name}\n" for name in corpus.names))
    return folder / "texts.txt", folder / "texts_metadata.csv"


FORMS = [as_matrix, as_matrix_alone, as_folder, as_shards, beside_shards, as_lines]
Form = Callable[[Corpus, Path], tuple[Path, Path]]


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_in_the_order_of_the_documents(form: Form, tmp_path: Path) -> None:
    path, table = form(BARE, tmp_path)
    FRAME.to_csv(table, index=False)
    corpus = read_corpus(path)
    pd.testing.assert_frame_equal(
        corpus.metadata, Corpus(BARE.counts, ["x", "y", "z"], metadata=FRAME).metadata
    )
    FRAME.to_csv(table, sep=";")  # with an index, which has no name
    pd.testing.assert_frame_equal(read_corpus(path).metadata, corpus.metadata)
    FRAME[1:].to_csv(table, index=False)
    with pytest.raises(FormatError, match="contains 3 rows for 4 documents"):
        read_corpus(path)


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_matched_by_the_names_of_the_documents(form: Form, tmp_path: Path) -> None:
    named = Corpus(BARE.counts, BARE.vocabulary, names=NAMES)
    path, table = form(named, tmp_path)
    moved = FRAME.assign(name=NAMES).iloc[[2, 0, 3, 1]]
    moved.to_csv(table, index=False)
    corpus = read_corpus(path)
    assert corpus.names.tolist() == NAMES
    assert corpus.metadata["day"].tolist() == FRAME["day"].tolist()
    assert corpus[[3, 1]].metadata["won"].tolist() == [True, False]
    for wrong, told in [
        (moved[1:], "no row whose name is 'c'"),
        (pd.concat([moved, moved[:1].assign(name="e")]), "the name 'e' is the name of no document"),
        (pd.concat([moved, moved[:1]]), "the name 'c' is in several rows"),
    ]:
        wrong.to_csv(table, index=False)
        with pytest.raises(FormatError, match=told):
            read_corpus(path)


@pytest.mark.parametrize("column", ["Name", "NAME", "File ", "fileName", "File_Name", "id", "ID"])
def test_the_column_of_names_has_any_capitals(column: str, tmp_path: Path) -> None:
    named = Corpus(BARE.counts, BARE.vocabulary, names=NAMES)
    path, table = as_matrix(named, tmp_path)
    moved = FRAME.assign(**{column: NAMES}).iloc[[2, 0, 3, 1]]
    moved.to_csv(table, index=False)
    for held in (read_corpus(path), named.with_metadata(moved), named.with_metadata(moved.to_dict("list"))):
        assert list(held.metadata) == list(FRAME)
        assert held.metadata["day"].tolist() == FRAME["day"].tolist()
    wrong = moved.assign(**{column: ["c", "a", "d", "e"]})
    wrong.to_csv(table, index=False)
    with pytest.raises(FormatError, match="'b', the name of a document"):
        read_corpus(path)
    with pytest.raises(CorpusError, match="is 'b', the name of a document"):
        named.with_metadata(wrong)


def test_names_in_another_order_are_never_taken_for_other_columns(tmp_path: Path) -> None:
    named = Corpus(BARE.counts, BARE.vocabulary, names=NAMES)
    path, table = as_matrix(named, tmp_path)
    moved = FRAME.assign(title=NAMES).iloc[[2, 0, 3, 1]]
    moved.to_csv(table, index=False)
    with pytest.raises(FormatError, match="the column 'title' has the names of the documents, in another"):
        read_corpus(path)
    with pytest.raises(CorpusError, match="the column 'title' has the names"):
        named.with_metadata(moved)
    by_index = named.with_metadata(moved.set_index("title"))
    assert by_index.metadata["day"].tolist() == FRAME["day"].tolist()
    moved.sort_values("title").to_csv(table, index=False)
    assert read_corpus(path).metadata["title"].tolist() == NAMES
    numbers = FRAME.assign(id=[7, 8, 9, 10])
    numbers.to_csv(table, index=False)
    assert read_corpus(path).metadata["id"].tolist() == [7, 8, 9, 10]
    assert named.with_metadata(numbers).metadata["id"].tolist() == [7, 8, 9, 10]


def test_rows_are_in_order_although_the_documents_have_names_and_mixed_splits(tmp_path: Path) -> None:
    splits = ["test", "train", "test", "train"]
    write_corpus(Corpus(BARE.counts, BARE.vocabulary, names=NAMES, splits=splits), tmp_path / "corpus")
    FRAME.to_csv(tmp_path / "corpus" / "metadata.csv", index=False)
    corpus = read_corpus(tmp_path / "corpus")
    assert corpus.names.tolist() == NAMES
    assert corpus.metadata["day"].tolist() == FRAME["day"].tolist()


@pytest.mark.parametrize("form", FORMS)
def test_labels_and_dates_may_be_columns_of_the_table(form: Form, tmp_path: Path) -> None:
    path, table = form(BARE, tmp_path)
    table.write_text("label,date,day\nsport,2020,3\n,,1\nwar,2021-05-06,2\nwar,2021,4\n")
    with pytest.warns(UserWarning, match="1 of 4 documents have no label"):
        corpus = read_corpus(path)
    assert corpus.labels.tolist() == ["sport", "", "war", "war"]
    assert corpus.dates.tolist() == ["2020", "", "2021-05-06", "2021"]
    assert list(corpus.metadata) == ["day"]
    table.write_text("Label,DATE ,day\nsport,2020,3\n,,1\nwar,2021-05-06,2\nwar,2021,4\n")
    with pytest.warns(UserWarning, match="1 of 4 documents have no label"):
        assert read_corpus(path).dates.tolist() == corpus.dates.tolist()
    assert read_corpus(path, labels=list("abcd")).labels.tolist() == list("abcd")


def test_splits_have_a_table_each_or_one_for_all(tmp_path: Path) -> None:
    splits = np.array(["test", "train", "test", "train"])
    write_corpus(Corpus(BARE.counts, BARE.vocabulary, splits=splits), tmp_path / "corpus")
    folder = tmp_path / "corpus"
    for name in ("train", "test"):
        FRAME[splits == name].to_csv(folder / f"{name}_metadata.csv", index=False)
    days = FRAME["day"].to_numpy()
    assert read_corpus(folder).metadata["day"].tolist() == days.tolist()
    assert read_corpus(folder, split="test").metadata["day"].tolist() == days[splits == "test"].tolist()
    assert read_corpus(folder / "train.npz").metadata["day"].tolist() == days[splits == "train"].tolist()
    FRAME.to_csv(folder / "metadata.csv", index=False)
    with pytest.raises(FormatError, match="are both metadata"):
        read_corpus(folder)
    (folder / "train_metadata.csv").unlink()
    (folder / "test_metadata.csv").unlink()
    for split in ("train", "test"):
        assert read_corpus(folder, split=split).metadata["day"].tolist() == days[splits == split].tolist()
    (folder / "metadata.csv").rename(folder / "train_metadata.csv")
    with pytest.raises(FormatError, match="contains 4 rows for 2 documents"):
        read_corpus(folder)
    FRAME[splits == "train"].to_csv(folder / "train_metadata.csv", index=False)
    with pytest.raises(FormatError, match="'rating' for train but not for test"):
        read_corpus(folder)


def test_columns_that_a_corpus_has_already_are_not_replaced(tmp_path: Path) -> None:
    held = BARE.with_metadata({"day": [1, 2, 3, 4]})
    for form in (as_folder, as_shards):
        path, table = form(held, tmp_path)
        table.write_text("other\n1\n2\n3\n4\n")
        assert list(read_corpus(path).metadata) == ["day", "other"]
        table.write_text("day\n1\n2\n3\n4\n")
        with pytest.raises(FormatError, match="the column 'day'"):
            read_corpus(path)
        with pytest.raises(FileExistsError, match=r"metadata\.csv"):
            write_corpus(BARE, path, format="shards" if form is as_shards else None)


def test_files_have_the_metadata_of_their_names_also_as_shards(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        (folder / name / "text.txt").write_text(f"some words {name * 3}", encoding="utf-8")
    table = folder / "metadata.csv"
    FRAME.assign(file=[f"{name}/text" for name in NAMES])[::-1].to_csv(table, index=False)
    corpus = read_corpus(folder)
    assert corpus.labels.tolist() == NAMES
    assert corpus.metadata["day"].tolist() == FRAME["day"].tolist()
    built = build_corpus(folder, tmp_path / "shards")[:]
    assert built.sha256() == corpus.sha256()
    pd.testing.assert_frame_equal(built.metadata, corpus.metadata)
    FRAME.to_csv(table, index=False)
    with pytest.raises(FormatError, match="has no column 'name' or 'file'"):
        read_corpus(folder)


def test_shards_of_lines_have_the_columns_that_reading_gives(tmp_path: Path) -> None:
    path, table = as_lines(BARE, tmp_path)
    FRAME.assign(label=list("aabb")).to_csv(table, index=False)
    built, read = build_corpus(path, tmp_path / "shards"), read_corpus(path)
    assert built.labels.tolist() == read.labels.tolist()
    pd.testing.assert_frame_equal(built[:].metadata, read.metadata)
    FRAME[1:].to_csv(table, index=False)
    with pytest.raises(FormatError, match="contains 3 rows for 4 documents"):
        build_corpus(path, tmp_path / "others")


def test_shards_with_a_table_are_like_shards_that_hold_its_columns(tmp_path: Path) -> None:
    path, table = as_shards(Corpus(BARE.counts, BARE.vocabulary, names=NAMES), tmp_path)
    FRAME.assign(label=list("aabb"), split=["x", "y", "x", "y"]).to_csv(table, index=False)
    beside = open_corpus(path)
    write_corpus(beside, tmp_path / "held", format="shards")
    held = open_corpus(tmp_path / "held")
    assert held.labels.tolist() == beside.labels.tolist() == list("aabb")
    assert repr(held) == repr(beside)
    for one, other in [(held, beside), (held.split("y"), beside.split("y"))]:
        pd.testing.assert_frame_equal(one.loaded().metadata, other.loaded().metadata)
    table.write_text("day\n1\n")
    with pytest.raises(FormatError, match="contains 1 rows for 4 documents"):
        open_corpus(path)


VALUE = st.none() | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.text('ab 01,;\n"é')


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=6))
def test_columns_are_read_as_those_of_a_table_of_texts(rows: list[tuple[object, object]]) -> None:
    """They get the same types, and have the same missing values."""
    frame = pd.DataFrame(rows, columns=["one", "two"], dtype=object)
    with TemporaryDirectory() as folder:
        (texts := Path(folder, "texts.txt")).write_text("some words\n" * len(rows))
        frame.to_csv(Path(folder, "texts.metadata.csv"), index=False)
        frame.assign(text="some words").to_csv(Path(folder, "table.csv"), index=False)
        beside, inside = read_corpus(texts), read_corpus(Path(folder, "table.csv"))
    pd.testing.assert_frame_equal(beside.metadata, inside.metadata)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ('" "\n1\n2\n3\n4\n', "no column with a name"),
        ("day,day\n1,2\n1,2\n1,2\n1,2\n", "duplicate column name"),
        ("day,place\n1,2\n1\n1,2\n1,2\n", "line 3: has 1 fields for 2 columns"),
        ("day,place\n1,2\nday,place\n1,2\n1,2\n", "repeats the header"),
    ],
)
def test_tables_that_are_none(content: str, told: str, tmp_path: Path) -> None:
    path, table = as_matrix(BARE, tmp_path)
    table.write_text(content)
    with pytest.raises(FormatError, match=told):
        read_corpus(path)


def test_rows_without_values_are_those_of_documents_or_of_spreadsheets(tmp_path: Path) -> None:
    path, table = as_matrix(BARE, tmp_path)
    table.write_text("day,place\n1,2\n,\n3,4\n,\n")
    assert read_corpus(path).metadata["day"].isna().tolist() == [False, True, False, True]
    table.write_text("day,place\n1,2\n,\n3,4\n5,\n,\n,\n")
    assert read_corpus(path).metadata["day"].isna().tolist() == [False, True, False, False]


def test_metadata_can_be_replaced() -> None:
    corpus = BARE.with_metadata(FRAME)
    assert corpus.metadata["day"].tolist() == [3, 1, 2, 4]
    assert corpus[1:3].with_metadata({"n": [1, 2]}).metadata.columns.tolist() == ["n"]
    assert corpus.with_metadata(None).metadata is None
    assert corpus.sha256() == BARE.sha256()
    with pytest.raises(CorpusError, match="3 values for 4 documents"):
        corpus.with_metadata(FRAME[1:])


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_metadata_of_a_frame_of_another_library_are_those_of_pandas(library: str) -> None:
    pyarrow, module = pytest.importorskip("pyarrow"), pytest.importorskip(library)
    dated = FRAME.assign(
        when=pd.to_datetime(["2020-01-02", None, "2020-01-02 10:00", "2021"], format="mixed")
    )
    made = pyarrow.Table.from_pandas(dated)
    made = made if library == "pyarrow" else module.from_arrow(made)
    pd.testing.assert_frame_equal(BARE.with_metadata(made).metadata, BARE.with_metadata(dated).metadata)


def test_a_formula_reads_a_table_beside_shards_as_that_of_a_corpus_in_memory(tmp_path: Path) -> None:
    pytest.importorskip("formulaic")
    rng = np.random.default_rng(0)
    corpus = Corpus(rng.poisson(1.0, (40, 6)) + np.eye(40, 6, dtype=int), [f"w{place}" for place in range(6)])
    path, table = as_shards(corpus, tmp_path)
    pd.DataFrame({"rating": ["left", "right"] * 20, "day": np.arange(40)}).to_csv(table, index=False)
    settings = {"hidden": (4,), "max_iter": 2, "random_state": 0, "prevalence": "rating + day"}
    sharded, held = (ProdLDA(groups=2, **settings).fit(X) for X in (open_corpus(path), read_corpus(path)))
    pd.testing.assert_frame_equal(sharded.prevalence_, held.prevalence_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        sharded.transform(open_corpus(path)), sharded.transform(read_corpus(path)), rtol=1e-4, atol=1e-5
    )
