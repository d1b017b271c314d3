"""Shards: whatever is read of them is what the same corpus in memory has."""

import pickle
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic import Corpus, CorpusError, FormatError, ShardedCorpus, open_corpus, read_corpus, write_corpus
from hftopic.data.shards import ShardWriter, table, writing

N, V = 333, 40


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that end for each of the three reasons."""
    monkeypatch.setattr(writing, "MOST_DOCUMENTS", 50)
    monkeypatch.setattr(writing, "MOST_ENTRIES", 350)
    monkeypatch.setattr(writing, "MOST_TABLE", 8000)
    monkeypatch.setattr(table, "ROWS", 16)


def made() -> Corpus:
    pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.2, (N, V)) * (rng.random((N, 1)) > 0.1)
    counts[5, 3], counts[100, 0] = 70_000, 300
    return Corpus(
        counts,
        [f"w{word}" for word in range(V)],
        labels=[f"l{row % 3}" for row in range(N)],
        names=range(N),
        splits=np.where(rng.random(N) < 0.7, "train", "test"),
        texts=[f"text {row} " + "x" * (row if 150 < row < 200 else 0) for row in range(N)],
        dates=[2000 + row for row in range(N)],
        metadata={
            "whole": np.arange(N),
            "with gaps": [None if row % 3 else row for row in range(N)],
            "wide in one part": [2**60 if row == 7 else row for row in range(N)],
            "metadata.late": [None if row < 200 else row for row in range(N)],
            "true": [row % 2 == 0 for row in range(N)],
            "text": [None if row < 200 else f"z{row}" for row in range(N)],
        },
        reading={"text_column": "body"},
    )


CORPUS = made()


@pytest.fixture
def stored(tmp_path: Path) -> ShardedCorpus:
    write_corpus(CORPUS, tmp_path / "shards", format="shards")
    return open_corpus(tmp_path / "shards")


def assert_same(one: Corpus, other: Corpus) -> None:
    """All that shards keep of two corpora is the same, with its types."""
    assert one.sha256() == other.sha256()
    assert one.reading == other.reading
    for part in ("labels", "names", "splits", "texts", "dates"):
        ours, theirs = getattr(one, part), getattr(other, part)
        assert (ours is None) == (theirs is None)
        assert ours is None or ours.tolist() == theirs.tolist()
    ours, theirs = one.metadata_columns, other.metadata_columns
    assert list(ours) == list(theirs)
    for name, column in theirs.items():
        assert ours[name].dtype == column.dtype, name
        np.testing.assert_array_equal(ours[name], column)


def test_what_is_written_is_read(stored: ShardedCorpus) -> None:
    assert len(stored.parts) > 5
    assert_same(stored.loaded(), CORPUS)
    assert_same(read_corpus(stored.path), CORPUS)
    assert_same(read_corpus(stored.path, split="test"), CORPUS.split("test"))
    assert read_corpus(stored.path, keep_texts=False).texts is None
    assert stored.shape == (len(stored), stored.n_words) == CORPUS.shape
    assert stored.n_tokens == CORPUS.n_tokens
    assert stored.n_empty == (np.diff(CORPUS.counts.indptr) == 0).sum() > 0
    assert stored.vocabulary.tolist() == CORPUS.vocabulary.tolist()
    assert stored.reading == CORPUS.reading
    for part in ("labels", "names", "splits", "dates"):
        assert getattr(stored, part).tolist() == getattr(CORPUS, part).tolist()


VIEWS: dict[str, Callable[[Any], Any]] = {
    "all": lambda corpus: corpus,
    "a split": lambda corpus: corpus.split("train"),
    "other words": lambda corpus: corpus.with_vocabulary(["w5", "new", "w1", "w30"]),
    "both": lambda corpus: corpus.split("test").with_vocabulary(["w5", "new", "w1"]),
    "words twice": lambda corpus: corpus.with_vocabulary(["w5", "w1"]).with_vocabulary(["w2", "w1"]),
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_reads_what_the_same_part_of_a_corpus_in_memory_has(stored: ShardedCorpus, view: str) -> None:
    ours, theirs = VIEWS[view](stored), VIEWS[view](CORPUS)
    assert isinstance(ours, ShardedCorpus)
    n = len(theirs)
    assert len(ours) == n
    assert ours.sha256() == theirs.sha256()
    assert (ours.n_tokens, ours.n_words) == (theirs.n_tokens, theirs.n_words)
    assert ours.n_empty == (np.diff(theirs.counts.indptr) == 0).sum()
    rng = np.random.default_rng(1)
    for start, stop in [(0, 0), (0, n), (n, n), *np.sort(rng.integers(0, n, (20, 2))).tolist()]:
        read = ours.read(start, stop)
        assert read.dtype == np.float32
        assert sp.csr_array((read.data, read.indices, read.indptr), read.shape).has_canonical_format
        assert (read != theirs.counts[start:stop]).nnz == 0
    mask = rng.random(n) < 0.3
    for places in (np.flatnonzero(mask), np.array([0, n - 1]), np.arange(0)):
        assert (ours.read_at(places) != theirs.counts[places]).nnz == 0
    for places in ([-1, 0], [1, 0], [0, 0], [0, n]):
        with pytest.raises(IndexError, match=f"must increase, from 0 to {n - 1} at most"):
            ours.read_at(np.array(places))
    for index in (
        slice(3, 90, 4),
        slice(None, None, -1),
        mask,
        rng.integers(-n, n, 30),
        [],
        np.zeros(n, bool),
    ):
        assert_same(ours[index], theirs[index])
    pieces = list(ours.chunks(61))
    assert [len(piece) for piece in pieces] == [61] * (n // 61) + [n % 61] * (n % 61 > 0)
    for place, piece in enumerate(pieces):
        assert_same(piece, theirs[place * 61 : (place + 1) * 61])
    assert_same(ours.sampled(7), theirs[np.linspace(0, n - 1, 7).astype(int)])
    assert_same(ours.sampled(10 * n), theirs)
    assert_same(pickle.loads(pickle.dumps(ours)).loaded(), theirs)
    assert pickle.loads(pickle.dumps(ours)).fingerprint() == ours.fingerprint()


def test_fingerprints_differ(stored: ShardedCorpus) -> None:
    assert len({view(stored).fingerprint() for view in VIEWS.values()}) == len(VIEWS)


@pytest.mark.parametrize(
    ("counts", "kind"), [([255], "u1"), ([256], "<u2"), ([65536], "<f4"), ([0.5], "<f4"), ([2**24], "<f4")]
)
def test_counts_are_stored_in_the_smallest_type(tmp_path: Path, counts: list[float], kind: str) -> None:
    write_corpus(Corpus([counts], ["w"]), tmp_path / "x", format="shards")
    stored = np.load(tmp_path / "x" / "part-00000.data.npy", mmap_mode="r", allow_pickle=False)
    assert (stored.dtype, stored.tolist()) == (np.dtype(kind), counts)
    assert open_corpus(tmp_path / "x").read(0, 1).toarray().tolist() == [counts]


def test_arrays_have_the_bytes_that_numpy_saves(stored: ShardedCorpus, tmp_path: Path) -> None:
    files = sorted(stored.path.glob("*.npy"))
    assert files
    for file in files:
        np.save(tmp_path / "again.npy", np.load(file))
        assert file.read_bytes() == (tmp_path / "again.npy").read_bytes()


def test_a_corpus_without_documents(tmp_path: Path) -> None:
    write_corpus(Corpus(np.zeros((0, 2)), ["a", "b"], labels=[]), tmp_path / "x", format="shards")
    stored = open_corpus(tmp_path / "x")
    stored.verify()
    assert (stored.shape, stored.n_tokens, list(stored.chunks())) == ((0, 2), 0, [])
    assert stored.loaded().shape == (0, 2)


def test_nothing_is_read_but_the_manifest(stored: ShardedCorpus) -> None:
    for file in stored.path.iterdir():
        if file.name != "shards.json":
            file.write_bytes(bytes(file.stat().st_size))
    opened = open_corpus(stored.path)
    assert opened.n_tokens == CORPUS.n_tokens
    assert f"{N} documents, {V} words, {CORPUS.n_tokens:,} tokens; {len(stored.parts)} parts" in repr(opened)
    assert opened.fingerprint() == stored.fingerprint()


def test_a_piece_takes_the_memory_of_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_DOCUMENTS", 2**14)
    monkeypatch.setattr(writing, "MOST_ENTRIES", 2**20)
    counts = sp.csr_array(np.tile(np.arange(1, 21, dtype=np.float32), (40_000, 1)))
    write_corpus(Corpus(counts, [f"w{word}" for word in range(20)]), tmp_path / "x", format="shards")
    stored = open_corpus(tmp_path / "x")
    tracemalloc.start()
    for start in range(0, 40_000, 1000):
        stored.read(start, start + 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20 < counts.data.nbytes // 2  # the arrays of 1,000 documents are 0.16 MB


def test_counts_need_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(CORPUS[:9], tmp_path / "labelled", format="shards")
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    plain = Corpus(CORPUS.counts, CORPUS.vocabulary, reading=CORPUS.reading)
    write_corpus(plain, tmp_path / "plain", format="shards")
    assert_same(open_corpus(tmp_path / "plain").loaded(), plain)
    labelled = open_corpus(tmp_path / "labelled")
    labelled.verify()
    assert (labelled.read(0, 9) != CORPUS.counts[:9]).nnz == 0
    with pytest.raises(ImportError, match=r"pip install 'hftopic\[parquet\]'"):
        _ = labelled.labels
    with pytest.raises(ImportError, match=r"pip install 'hftopic\[parquet\]'"):
        write_corpus(CORPUS, tmp_path / "other", format="shards")
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_read_is_told(stored: ShardedCorpus, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder"):
        open_corpus(tmp_path / "nowhere")
    with pytest.raises(FormatError, match=r"no shards\.json"):
        open_corpus(tmp_path)
    with pytest.raises(CorpusError, match="no split 'valid'; the splits are 'train', 'test'"):
        stored.split("valid")
    with pytest.raises(CorpusError, match="no word in common"):
        stored.with_vocabulary(["other"])
    with pytest.raises(TypeError, match="slice"):
        stored[3]
    for wrong in (lambda: stored.read(3, 2), lambda: stored.read(-1, 2), lambda: stored.read(0, N + 1)):
        with pytest.raises(IndexError, match="333"):
            wrong()
    with pytest.raises(IndexError):
        stored[[N]]
    with pytest.raises(ValueError, match="n_documents"):
        next(stored.chunks(0))
    with pytest.raises(ValueError, match="vocabulary file has no effect"):
        read_corpus(stored.path, vocabulary=stored.path / "vocab.txt")
    plain = Corpus([[1]], ["a"])
    write_corpus(plain, tmp_path / "plain", format="shards")
    with pytest.raises(CorpusError, match="has no splits"):
        open_corpus(tmp_path / "plain").split("train")
    assert open_corpus(tmp_path / "plain").labels is None


def test_shards_that_are_written_again_are_not_read_on(stored: ShardedCorpus) -> None:
    held = pickle.dumps(stored)
    write_corpus(CORPUS[::-1], stored.path, format="shards")
    with pytest.raises(FormatError, match="written again"):
        stored.read(0, 1)
    with pytest.raises(FormatError, match="written again"):
        pickle.loads(held)
    assert_same(open_corpus(stored.path).loaded(), CORPUS[::-1])


def test_a_notebook_shows_the_first_documents(stored: ShardedCorpus) -> None:
    shown = stored._repr_html_()
    assert "text 0" in shown
    assert "ShardedCorpus" in shown


def test_shards_are_converted(stored: ShardedCorpus, tmp_path: Path) -> None:
    write_corpus(stored, tmp_path / "folder")
    assert_same(read_corpus(tmp_path / "folder"), CORPUS)
    write_corpus(stored.split("test"), tmp_path / "again", format="shards")
    assert_same(open_corpus(tmp_path / "again").loaded(), CORPUS.split("test"))


def test_columns_of_parts_have_one_type(tmp_path: Path) -> None:
    """Parts whose columns have types of their own are read with the type that holds all values."""
    pytest.importorskip("pyarrow")
    values = {
        "float": ([1, 2], [0.5, None]),
        "text": ([1, 2], ["x", None]),
        "gaps": ([None, None], [3, 4]),
        "codes": ([2**60, 1], [None, 2]),
        "truth": ([True, False], [None, None]),
    }
    with ShardWriter(tmp_path / "x", ["w"]) as writer:
        for place in range(2):
            columns = {name: parts[place] for name, parts in values.items()}
            for _ in range(25):  # a part is full
                writer.append([[1], [1]], metadata=columns)
    read = open_corpus(tmp_path / "x")[[0, 1, 50, 51]].metadata_columns
    assert {name: column.dtype.kind for name, column in read.items()} == {
        "float": "f", "text": "O", "gaps": "f", "codes": "O", "truth": "O",
    }  # fmt: skip
    np.testing.assert_array_equal(read["float"], [1, 2, 0.5, np.nan])
    np.testing.assert_array_equal(read["gaps"], [np.nan, np.nan, 3, 4])
    assert read["text"].tolist() == ["1", "2", "x", None]
    assert read["codes"].tolist() == [str(2**60), "1", None, "2.0"]
    assert read["truth"].tolist() == ["True", "False", None, None]
