"""Embeddings of documents: in a corpus, in its files, in tables, in shards and through a build."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftopic import (
    Corpus,
    CorpusError,
    FormatError,
    TextOptions,
    build_corpus,
    open_corpus,
    read_corpus,
    write_corpus,
)
from hftopic.data.formats import embedding_files
from hftopic.data.formats.arrays import header_of
from hftopic.data.shards import ShardWriter, parts

N = 30
ALL = TextOptions(min_df=1, max_df=1.0, stop_words=None)
SPLITS = np.where(np.arange(N) % 3 == 0, "test", "train")
DRAWS = np.random.default_rng(0)
E = DRAWS.normal(size=(N, 4)).astype(np.float32)
TOKENS = [DRAWS.choice(["ball", "faith", "team"], 4).tolist() for _ in range(N)]
COUNTS = [[document.count(word) for word in ("ball", "faith", "team")] for document in TOKENS]


@pytest.fixture
def corpus() -> Corpus:
    # The splits alternate, so that a folder has its documents in another order than the corpus.
    known: dict[str, Any] = {"labels": ["a", "b"] * (N // 2), "metadata": {"x": range(N)}}
    return Corpus(COUNTS, ["ball", "faith", "team"], tokens=TOKENS, splits=SPLITS, embeddings=E, **known)


@pytest.fixture
def mapped(tmp_path: Path) -> np.ndarray:
    np.save(tmp_path / "mapped.npy", E)
    found: np.ndarray = np.load(tmp_path / "mapped.npy", mmap_mode="r")
    return found


# ----------------------------------------------------------------------------------------------- in a corpus


def test_a_corpus_holds_read_only_float32(corpus: Corpus) -> None:
    held = corpus.with_embeddings(E.astype(np.float64).tolist()).embeddings
    assert held is not None
    assert held.dtype == np.float32
    np.testing.assert_array_equal(held, E)
    with pytest.raises(ValueError, match="read-only"):
        held[0, 0] = 1
    assert "embeddings" in repr(corpus)
    assert "Embeddings: 4 columns" in corpus._repr_html_()
    assert corpus.with_embeddings(None).embeddings is None
    assert "embeddings" not in repr(corpus.with_embeddings(None))
    assert corpus.sha256() == corpus.with_embeddings(None).sha256()


@pytest.mark.parametrize("index", [slice(3, 9), [5, 2, 2], SPLITS == "test", slice(None, None, -1), []])
def test_documents_keep_their_rows(corpus: Corpus, mapped: np.ndarray, index: Any) -> None:
    for given in (corpus, corpus.with_embeddings(mapped)):
        np.testing.assert_array_equal(given[index].embeddings, E[index])
        again = pickle.loads(pickle.dumps(given[index]))
        np.testing.assert_array_equal(again.embeddings, E[index])
        assert not again.embeddings.flags.writeable


def test_memory_mapped_rows_stay_on_the_disk(corpus: Corpus, mapped: np.ndarray) -> None:
    held = corpus.with_embeddings(mapped)
    for given in (held, held[4:20], held.with_labels(None), held.with_vocabulary(["team", "ball"])):
        assert isinstance(given.embeddings, np.memmap)
        assert np.shares_memory(given.embeddings, mapped)


def test_the_rows_of_a_frame_are_matched_by_name() -> None:
    pd = pytest.importorskip("pandas")
    names = ["x", "y", "z"]
    rows = pd.DataFrame([[1.0], [2.0], [3.0]], index=["z", "x", "y"])
    by_argument = Corpus([[1]] * 3, ["w"], names=names, embeddings=rows)
    by_method = Corpus([[1]] * 3, ["w"], names=names).with_embeddings(rows)
    for given in (by_argument, by_method):
        assert given.embeddings is not None
        assert given.embeddings.ravel().tolist() == [2, 3, 1]
    with pytest.raises(CorpusError, match="embeddings"):
        Corpus([[1]] * 3, ["w"], names=["x", "y", "other"], embeddings=rows)


@pytest.mark.parametrize(
    ("given", "message"),
    [(E[:3], "3 rows for 30"), (E[:, 0], "two dimensions"), (np.where(E > 1, np.nan, E), "value nan")],
)
def test_a_corpus_refuses_what_are_no_embeddings(corpus: Corpus, given: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        Corpus(COUNTS, ["ball", "faith", "team"], embeddings=given)
    with pytest.raises(CorpusError, match=message):
        corpus.with_embeddings(given)


# ------------------------------------------------------------------------------------------------- in files

COUNT_FILES = ["folder", "a.npz", "a.mtx", "docword.a.txt", "a.ldac", "a.svmlight", "corpus.tsv", "shards"]
TEXT_FILES = ["a.txt", "a.jsonl", "a.jsonl.gz", "a.parquet"]


@pytest.mark.parametrize("name", [*COUNT_FILES, *TEXT_FILES])
@pytest.mark.parametrize("split", [None, "train"])
def test_a_written_corpus_is_read_with_its_embeddings(
    corpus: Corpus, tmp_path: Path, name: str, split: str | None
) -> None:
    write_corpus(corpus, tmp_path / name, format="shards" if name == "shards" else None)
    read = read_corpus(tmp_path / name, split=split, text=ALL if name in TEXT_FILES else None)
    np.testing.assert_array_equal(read.embeddings, E if split is None else E[split == SPLITS])
    # In the same order as the other parts.
    rows = np.arange(N) if split is None else np.flatnonzero(split == SPLITS)
    assert read.metadata_columns["x"].tolist() == rows.tolist()


def test_a_file_is_read_whole_while_another_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "e.npy", E)
    np.save(tmp_path / "other.npy", E[:2])

    def replaced_after(stream: Any) -> Any:
        header = header_of(stream)
        os.replace(tmp_path / "other.npy", tmp_path / "e.npy")
        return header

    monkeypatch.setattr(embedding_files, "header_of", replaced_after)
    np.testing.assert_array_equal(embedding_files.mapped(tmp_path / "e.npy"), E)


def test_files_of_embeddings_are_mapped_into_memory(corpus: Corpus, tmp_path: Path) -> None:
    write_corpus(corpus, tmp_path / "folder")
    assert isinstance(read_corpus(tmp_path / "folder").embeddings, np.memmap)
    # The file that is mapped can be replaced by a corpus that is read from it.
    write_corpus(read_corpus(tmp_path / "folder"), tmp_path / "folder")
    np.testing.assert_array_equal(read_corpus(tmp_path / "folder").embeddings, E)
    write_corpus(corpus.with_embeddings(None), tmp_path / "folder")
    assert read_corpus(tmp_path / "folder").embeddings is None
    assert not (tmp_path / "folder" / "embeddings.npy").exists()


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_table_without_lists_cannot_hold_embeddings(corpus: Corpus, tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatError, match=r"with_embeddings\(None\)"):
        write_corpus(corpus, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_embeddings_that_are_put_beside_a_corpus_are_read(corpus: Corpus, tmp_path: Path) -> None:
    plain = corpus.with_embeddings(None)
    for name, beside in (
        ("a.npz", "a_embeddings.npy"),
        ("folder", "folder.embeddings.npy"),
        ("b.txt", "b.embeddings.npy"),
    ):
        write_corpus(plain, tmp_path / name)
        np.save(tmp_path / beside, E.astype(np.float16))
        read = read_corpus(tmp_path / name, text=ALL if name == "b.txt" else None)
        np.testing.assert_allclose(read.embeddings, E, atol=0.01)
        with pytest.raises(FileExistsError, match="would be read as"):
            write_corpus(plain, tmp_path / name)


def test_embeddings_of_texts_in_a_folder_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in ("b", "a"):
        (folder / f"{name}.txt").write_text("ball team")
    np.save(folder / "embeddings.npy", E[:2])
    for read in (read_corpus(folder, text=ALL), build_corpus(folder, tmp_path / "out", text=ALL)[:]):
        assert read.names is not None
        assert read.names.tolist() == ["a.txt", "b.txt"]
        np.testing.assert_array_equal(read.embeddings, E[:2])


def damaged(content: bytes, what: str) -> bytes:
    """A file of embeddings that was damaged."""
    if what == "cut":
        return content[:-4]
    if what == "longer":
        return content + b"\0"
    if what == "header":
        return content[:20] + b"\xff" * 10 + content[30:]
    return b"PK\3\4 no array"


@pytest.mark.parametrize("what", ["cut", "longer", "header", "other"])
def test_a_damaged_file_is_an_error_that_names_it(corpus: Corpus, tmp_path: Path, what: str) -> None:
    write_corpus(corpus, tmp_path / "a.npz")
    write_corpus(corpus, tmp_path / "folder")
    write_corpus(corpus, tmp_path / "shards", format="shards")
    files = (
        tmp_path / "a.embeddings.npy",
        tmp_path / "folder" / "embeddings.npy",
        tmp_path / "shards" / "embeddings.npy",
    )
    for file, read in zip(files, ("a.npz", "folder", "shards"), strict=True):
        file.write_bytes(damaged(file.read_bytes(), what))
        with pytest.raises(FormatError, match=r"embeddings\.npy"):
            read_corpus(tmp_path / read)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([["a"]] * N), "not real numbers"),
        (np.array([[None]] * N), "description is not valid|not real numbers"),
        (E[:, 0], "shape"),
        (E[:, :0], "shape"),
        (E[:7], "7 rows for 30 documents"),
        (np.where(E[3, 1] == E, np.inf, E), "row 3 .* column 1"),
        (E + 1j, "not real numbers"),
    ],
)
def test_a_file_of_something_else_is_an_error(
    corpus: Corpus, tmp_path: Path, array: np.ndarray, message: str
) -> None:
    write_corpus(corpus.with_embeddings(None), tmp_path / "a.npz")
    np.save(tmp_path / "a.embeddings.npy", array)
    with pytest.raises(FormatError, match=message):
        read_corpus(tmp_path / "a.npz")


# ------------------------------------------------------------------------------------------------ in tables


def table(path: Path, vectors: Any, **more: Any) -> Path:
    """A file of JSON lines with a text and an embedding in each."""
    rows = [
        {"text": " ".join(tokens), "split": split, "embedding": vector, **more}
        for tokens, split, vector in zip(TOKENS, SPLITS, vectors, strict=True)
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_a_column_can_have_any_name(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"text": [" ".join(document) for document in TOKENS]}
    kinds = {
        "list": pa.array(E.astype(float).tolist()),
        "fixed": pa.FixedSizeListArray.from_arrays(pa.array(E.ravel()), 4),
        "large": pa.array(E.tolist(), pa.large_list(pa.float32())),
    }
    for name, values in kinds.items():
        parquet.write_table(
            pa.table({**columns, "vec": values}), tmp_path / f"{name}.parquet", row_group_size=7
        )
        read = read_corpus(tmp_path / f"{name}.parquet", embedding_column="vec", text=ALL)
        np.testing.assert_array_equal(read.embeddings, E)
        assert read.reading is not None
        assert read.reading["embedding_column"] == "vec"
        with pytest.warns(UserWarning, match="pass embedding_column='vec'"):
            assert read_corpus(tmp_path / f"{name}.parquet", text=ALL).embeddings is None


@pytest.mark.parametrize("value", ["a text", None, [], ["a"], [[1, 2]], [True, False], 3])
def test_a_column_called_embedding_that_has_none_is_not_read_as_one(tmp_path: Path, value: Any) -> None:
    read = read_corpus(table(tmp_path / "a.jsonl", [value] * N), text=ALL)
    assert read.embeddings is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "line 10: .* missing"),
        ([1, 2], "line 10: the embedding has 2 numbers, but that of line"),
        ([1, 2, 3, "x"], "line 10: .* not a list of numbers"),
        ([1, 2, 3, float("nan")], "line 10: a number of the embedding is missing"),
        ([1, 2, 3, 1e60], "line 10: a number of the embedding is missing, infinite or too large"),
        ([1, 2, 3, 10**400], "line 10: .* not a list of numbers"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, value: Any, message: str) -> None:
    file = table(tmp_path / "a.jsonl", [*E[:9].tolist(), value, *E[10:].tolist()])
    with pytest.raises(FormatError, match=message):
        read_corpus(file, text=ALL)
    with pytest.raises(FormatError, match=message):
        build_corpus(file, tmp_path / "out", text=ALL)


def test_a_column_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    file = table(tmp_path / "a.jsonl", ["x"] * N)
    with pytest.raises(FormatError, match="not a list of numbers"):
        read_corpus(file, text=ALL, embedding_column="embedding")
    with pytest.raises(FormatError, match="no column 'vec'"):
        read_corpus(file, text=ALL, embedding_column="vec")
    (tmp_path / "a.csv").write_text("text,vec\nball,1\n")
    with pytest.raises(ValueError, match="embedding_column= has no effect"):
        read_corpus(tmp_path / "a.csv", embedding_column="vec")


def test_files_of_splits_all_have_embeddings_or_none_has(tmp_path: Path) -> None:
    folder = tmp_path / "splits"
    folder.mkdir()
    table(folder / "train.jsonl", E.tolist())
    table(folder / "test.jsonl", (2 * E).tolist())
    for name in ("train", "test"):
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        (folder / f"{name}.jsonl").write_text(
            "".join(json.dumps({key: row[key] for key in ("text", "embedding")}) + "\n" for row in rows)
        )
    np.testing.assert_array_equal(read_corpus(folder, text=ALL).embeddings, np.vstack([E, 2 * E]))
    (folder / "test.jsonl").write_text('{"text": "ball"}\n')
    with pytest.raises(FormatError, match="embeddings"):
        read_corpus(folder, text=ALL)
    with pytest.raises(CorpusError, match="has embeddings, but"):
        build_corpus(folder, tmp_path / "out", text=ALL)


# ------------------------------------------------------------------------------------------------ in shards


@pytest.fixture
def opened(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from hftopic.data.shards import writing

    monkeypatch.setattr(writing, "MOST_DOCUMENTS", 8)  # several parts
    write_corpus(corpus, tmp_path / "shards", format="shards")
    found = open_corpus(tmp_path / "shards")
    assert len(found.parts) == 4
    return found


def test_rows_of_shards_are_read_where_they_are_asked_for(opened: Any) -> None:
    held = opened.embeddings
    assert (held.shape, held.dtype, len(held), held.ndim) == ((N, 4), np.float32, N, 2)
    np.testing.assert_array_equal(np.asarray(held), E)
    for index in (slice(2, 11), [29, 3, 3], SPLITS == "test", slice(None, None, -2), np.array([], dtype=int)):
        np.testing.assert_array_equal(held[index], E[index])
        np.testing.assert_array_equal(opened[index].embeddings, E[index])
    assert isinstance(held[2:11], np.memmap)
    test = opened.split("test")
    np.testing.assert_array_equal(test.embeddings[[4, 1]], E[SPLITS == "test"][[4, 1]])
    np.testing.assert_array_equal(
        np.vstack([part.embeddings for part in test.chunks(3)]), E[SPLITS == "test"]
    )
    np.testing.assert_array_equal(test.with_vocabulary(["team"]).loaded().embeddings, E[SPLITS == "test"])
    assert "embeddings" in repr(opened)
    assert "Embeddings: 4 columns" in opened._repr_html_()


def test_a_pickle_of_shards_has_no_rows(opened: Any) -> None:
    test = opened.split("test")
    for given in (test, test.embeddings):
        content = pickle.dumps(given)
        assert E[0].tobytes() not in content
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(test.embeddings))[:], E[SPLITS == "test"])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(test)).embeddings[:], E[SPLITS == "test"])


def test_shards_can_be_given_other_embeddings(opened: Any, mapped: np.ndarray, tmp_path: Path) -> None:
    other = opened.with_embeddings(mapped)
    assert np.shares_memory(other.embeddings[:5], mapped)
    double = opened.split("test").with_embeddings(2 * E[SPLITS == "test"])
    for given in (double, pickle.loads(pickle.dumps(double))):
        np.testing.assert_array_equal(given[1:4].embeddings, 2 * E[SPLITS == "test"][1:4])
    assert double.fingerprint() != opened.split("test").fingerprint()
    assert opened.with_embeddings(None).loaded().embeddings is None
    with pytest.raises(CorpusError, match="3 rows for 30 documents"):
        opened.with_embeddings(E[:3])
    write_corpus(opened.with_embeddings(2 * E), tmp_path / "more", format="shards")
    np.testing.assert_array_equal(open_corpus(tmp_path / "more").embeddings[:], 2 * E)


def test_the_bytes_do_not_depend_on_how_many_are_appended(corpus: Corpus, tmp_path: Path) -> None:
    for n in (1, 7, N):
        with ShardWriter(tmp_path / str(n), corpus.vocabulary) as writer:
            for start in range(0, N, n):
                writer.append(corpus[start : start + n])
    contents = [
        {file.name: file.read_bytes() for file in sorted((tmp_path / str(n)).iterdir())} for n in (1, 7, N)
    ]
    assert contents[0] == contents[1] == contents[2]
    np.testing.assert_array_equal(np.load(tmp_path / "1" / "embeddings.npy"), E)


@pytest.mark.parametrize("second", [None, E[:, :2]])
def test_all_documents_have_embeddings_of_one_width(tmp_path: Path, second: Any) -> None:
    with ShardWriter(tmp_path / "shards", ["a"]) as writer:
        writer.append([[1]] * N, embeddings=E)
        with pytest.raises(CorpusError, match="embeddings of 4 columns"):
            writer.append([[1]] * N, embeddings=second)
    assert len(open_corpus(tmp_path / "shards").embeddings) == N


def test_every_file_of_shards_is_verified(opened: Any) -> None:
    file = opened.path / "embeddings.npy"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    for read in (
        lambda: opened.embeddings[:2],
        lambda: opened[:2],
        lambda: open_corpus(opened.path).verify(),
        lambda: read_corpus(opened.path),
    ):
        with pytest.raises(FormatError, match=r"embeddings\.npy: is damaged: its SHA-256"):
            read()


def test_embeddings_can_be_added_to_shards(corpus: Corpus, tmp_path: Path) -> None:
    plain = corpus.with_embeddings(None)
    write_corpus(plain, tmp_path / "shards", format="shards")
    inside, outside = tmp_path / "shards" / "embeddings.npy", tmp_path / "shards.embeddings.npy"
    np.save(outside, E.astype(np.float64))
    np.testing.assert_array_equal(open_corpus(tmp_path / "shards")[3:9].embeddings, E[3:9])
    np.save(inside, E)
    with pytest.raises(FormatError, match="are both embeddings of it"):
        open_corpus(tmp_path / "shards")
    outside.unlink()
    opened = open_corpus(tmp_path / "shards")
    np.testing.assert_array_equal(opened[[9, 3]].embeddings, E[[9, 3]])
    with pytest.raises(FileExistsError, match=r"embeddings\.npy"):
        write_corpus(plain, tmp_path / "shards", format="shards")
    np.save(inside, E[:5])
    with pytest.raises(FormatError, match="was changed after the corpus was opened"):
        opened.embeddings[:3]
    with pytest.raises(FormatError, match="5 rows for 30 documents"):
        open_corpus(tmp_path / "shards")


def test_a_manifest_without_embeddings_is_as_before(corpus: Corpus, tmp_path: Path) -> None:
    write_corpus(corpus.with_embeddings(None), tmp_path / "shards", format="shards")
    assert "embeddings" not in json.loads((tmp_path / "shards" / "shards.json").read_text())
    assert parts.ARRAYS == ("indptr", "indices", "data")


@pytest.mark.parametrize(
    "field", [("n_columns", 0), ("n_columns", 999), ("file", None), ("file", {"n_bytes": 1})]
)
def test_a_wrong_manifest_is_an_error(opened: Any, field: tuple[str, Any]) -> None:
    manifest = opened.path / "shards.json"
    held = json.loads(manifest.read_text())
    held["embeddings"][field[0]] = field[1]
    manifest.write_text(json.dumps(held))
    with pytest.raises(FormatError, match=r"shards\.json|embeddings\.npy"):
        open_corpus(opened.path)


# ------------------------------------------------------------------------------------------------ in a build


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.txt"])
@pytest.mark.parametrize("split", [None, "test"])
def test_a_build_has_the_embeddings_of_reading(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, split: str | None
) -> None:
    from hftopic.data.building import streams

    monkeypatch.setattr(streams, "DOCUMENTS", 8)  # several pieces
    write_corpus(corpus, tmp_path / name)
    read = read_corpus(tmp_path / name, text=ALL, split=split)
    built = build_corpus(tmp_path / name, tmp_path / "out", text=ALL, split=split)
    np.testing.assert_array_equal(built.embeddings[:], read.embeddings)
    built.verify()


def test_a_build_takes_embeddings_from_a_file(tmp_path: Path) -> None:
    file = table(tmp_path / "a.jsonl", E.tolist())
    np.save(tmp_path / "other.npy", 2 * E)
    built = build_corpus(file, tmp_path / "out", text=ALL, embeddings=tmp_path / "other.npy")
    np.testing.assert_array_equal(built.embeddings[:], 2 * E)
    with pytest.raises(CorpusError, match="3 rows for 30 documents"):
        build_corpus(file, tmp_path / "short", text=ALL, embeddings=E[:3])
    assert not (tmp_path / "short").exists()
    with pytest.raises(FileNotFoundError, match="embeddings"):
        build_corpus(file, tmp_path / "short", text=ALL, embeddings=tmp_path / "absent.npy")
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "other.npy", "out"]
