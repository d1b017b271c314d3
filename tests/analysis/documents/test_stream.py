"""Files of the topics of documents: those of document_summary, whatever the pieces and the processes."""

import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from hftopic import (
    NVDM,
    Concrete,
    Corpus,
    ProdLDA,
    ShardedCorpus,
    load,
    make_correlated_topics,
    open_corpus,
    write_corpus,
)
from hftopic._processes import Processes
from hftopic._tables import as_csv
from hftopic.analysis import document_summary, write_document_topics
from hftopic.analysis.documents import files, stream
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.topics.shares import Moments
from tests.together import results

pytestmark = pytest.mark.filterwarnings("ignore:.* documents have no words", "ignore:no topics are active")
PIECE = 16
MADE = make_correlated_topics(60, groups=(2, 2), random_state=0).corpus
COUNTS = MADE.counts.toarray()
COUNTS[: PIECE + 3] = 0  # the first piece has no topics
BARE = Corpus(COUNTS, MADE.vocabulary)
CORPUS = Corpus(
    COUNTS,
    MADE.vocabulary,
    labels=["=a", "b, c"] * 30,
    names=[f"n{'é' * (i % 5)}{i}" for i in range(60)],
    dates=["2008-01-02", ""] * 30,
    metadata=pd.DataFrame(
        {
            "author": [None] * 40 + ["x"] * 20,
            "id": range(60),
            "score": [np.nan] * 40 + [0.5] * 20,
            "open": [True, False] * 30,
        }
    ),
)
MODELS = {
    "ProdLDA": ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(MADE),
    "classes": ProdLDA(groups=(2, Concrete(3)), max_iter=3, random_state=0).fit(MADE),
    "NVDM": NVDM(groups=(2, 2), max_iter=3, random_state=0).fit(MADE),
}
READERS = {
    ".csv": lambda path: pd.read_csv(path),
    ".jsonl": lambda path: pd.read_json(path, lines=True),
    ".parquet": lambda path: pd.read_parquet(path),
}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", PIECE)


def expected_of(model: str, X: object = CORPUS) -> pd.DataFrame:
    """The table by document_summary, with ids."""
    table = document_summary(MODELS[model], X, topics="all").rename(columns={"id": "id (metadata)"})
    table["document"] = table.pop("name") if "name" in table else table["document"]
    return table.rename(columns={"document": "id"})


@pytest.mark.parametrize("name", MODELS)
def test_the_file_is_the_table_of_document_summary(name: str, tmp_path: Path) -> None:
    expected = expected_of(name)
    for ending, read in READERS.items():
        write_document_topics(MODELS[name], CORPUS, tmp_path / f"t{ending}", topics="all")
        found = read(tmp_path / f"t{ending}")
        assert found.columns.tolist() == expected.columns.tolist()
        for column in expected:
            kept, known = found[column].tolist(), expected[column].tolist()
            if pd.api.types.is_float_dtype(expected[column]):
                np.testing.assert_allclose(kept, known, rtol=1e-6)
            elif ending == ".parquet":
                assert [None if pd.isna(v) else v for v in kept] == [None if pd.isna(v) else v for v in known]
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == as_csv(expected)
    assert [path.name for path in tmp_path.iterdir() if path.suffix not in READERS] == []


@pytest.mark.parametrize("name", MODELS)
def test_the_arrays_of_numpy_are_those_of_the_table(name: str, tmp_path: Path) -> None:
    write_document_topics(MODELS[name], CORPUS, tmp_path / "t.npz", topics="all")
    expected = expected_of(name)
    topics = expected.columns[-len(expected.attrs["topics"]) :]
    with np.load(tmp_path / "t.npz") as arrays:
        np.testing.assert_array_equal(arrays["theta"], expected[topics])
        assert arrays["topics"].tolist() == topics.tolist()
        assert arrays["documents"].tolist() == CORPUS.names.tolist()


@pytest.mark.parametrize("name", MODELS)
def test_leading_topics_are_counted_over_all_pieces(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    leading = write_document_topics(model, CORPUS, tmp_path / "t.csv", topics="all")
    table = document_summary(model, CORPUS, topics="all")
    assert dict(zip(leading["topic"], leading["documents"], strict=True)) == table.attrs["documents"]
    assert leading["documents"].is_monotonic_decreasing
    assert leading["name"].tolist() == model.topic_names_[leading["topic"]].tolist()
    assert leading.attrs["n_documents"] == 60
    if name == "NVDM":
        assert "share" not in leading
        assert "remainder" not in leading.attrs
        return
    shares = table.iloc[:, -len(leading) :].mean().to_numpy()
    np.testing.assert_allclose(leading["share"], shares[leading["topic"]], rtol=1e-12)
    assert leading.attrs["remainder"] == pytest.approx(table.attrs["remainder"], rel=1e-12)


def test_no_more_than_a_piece_is_encoded_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    encode = ProdLDA.encode

    def noted(model: ProdLDA, X: object) -> object:
        if isinstance(X, Corpus):  # and not yet encoded
            sizes.append(len(X))
        return encode(model, X)

    monkeypatch.setattr(ProdLDA, "encode", noted)
    write_document_topics(MODELS["ProdLDA"], CORPUS, tmp_path / "t.parquet")
    assert sizes == [16, 16, 16, 12]


@pytest.mark.parametrize("kind", ["matrix", "array", "frame", "encoded", "names in the metadata"])
def test_documents_of_every_kind(kind: str, tmp_path: Path) -> None:
    model = MODELS["NVDM"]
    X = {
        "matrix": CORPUS.counts.tocsc(),
        "array": COUNTS,
        "frame": pd.DataFrame(COUNTS, columns=MADE.vocabulary),
        "encoded": model.encode(CORPUS),
        "names in the metadata": Corpus(COUNTS, MADE.vocabulary, metadata={"name": list("abcde") * 12}),
    }[kind]
    write_document_topics(model, X, tmp_path / "t.csv", topics="all")
    found = pd.read_csv(tmp_path / "t.csv")
    expected = CORPUS.names.tolist() if kind == "encoded" else list(range(60))
    assert found["id"].tolist() == expected
    assert ("name" in found) == (kind == "names in the metadata")
    np.testing.assert_allclose(found["value"], expected_of("NVDM")["value"], rtol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_shards_give_the_bytes_of_the_corpus_in_memory(name: str, tmp_path: Path) -> None:
    write_corpus(CORPUS, tmp_path / "shards", format="shards")
    for kind, X in {"memory": CORPUS, "disk": open_corpus(tmp_path / "shards")}.items():
        (tmp_path / kind).mkdir()
        for ending in READERS:
            write_document_topics(MODELS[name], X, tmp_path / kind / f"t{ending}")
    for path in (tmp_path / "memory").iterdir():
        assert path.read_bytes() == (tmp_path / "disk" / path.name).read_bytes()


def test_the_texts_of_shards_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(CORPUS.with_texts(["text"] * 60), tmp_path / "shards", format="shards")
    read, seen = ShardedCorpus._corpus, []

    def noted(*given: object) -> Corpus:
        seen.append(read(*given).texts)
        return read(*given)

    monkeypatch.setattr(ShardedCorpus, "_corpus", noted)
    write_document_topics(MODELS["ProdLDA"], open_corpus(tmp_path / "shards"), tmp_path / "t.csv")
    assert seen == [None] * 4


def test_nothing_is_left_of_a_file_that_fails(tmp_path: Path) -> None:
    model = MODELS["ProdLDA"]
    (tmp_path / "t.csv").write_text("before")
    nothing = Corpus(np.zeros((40, len(MADE.vocabulary))), MADE.vocabulary)
    with pytest.raises(ValueError, match="all 40 documents are empty"):
        write_document_topics(model, nothing, tmp_path / "t.csv")
    with pytest.raises(ValueError, match=r"must end in \.csv, \.jsonl, \.parquet, \.npz"):
        write_document_topics(model, CORPUS, tmp_path / "t.xls")
    with pytest.raises(FileNotFoundError):
        write_document_topics(model, CORPUS, tmp_path / "no" / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("ending", READERS)
def test_a_part_that_cannot_be_seen_is_an_error(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OfTwo(Processes):
        """The first of two processes that make the same, without the file of the second."""

        size = 2

        def collected(self, value: object) -> list[object]:
            return [value, value]

    monkeypatch.setattr(stream, "of_the_job", lambda: nullcontext(OfTwo()))
    with pytest.raises(FileNotFoundError, match="part-1"):
        write_document_topics(MODELS["ProdLDA"], CORPUS, tmp_path / f"t{ending}", topics="all")
    assert list(tmp_path.iterdir()) == []


def test_empty_documents_are_told_once(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=f"{PIECE + 3} of 60 documents have no words") as caught:
        write_document_topics(MODELS["NVDM"], CORPUS, tmp_path / "t.csv")
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_moments_of_parts_are_those_of_all_documents() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = (torch.randn(50, 3, generator=generator) + 100 for _ in range(2))
    posterior = MeanFieldPosterior(mean, log_variance - 100)
    expected = Moments.of(posterior)
    found = Moments.of(posterior[:0])
    for rows in (slice(0, 7), slice(7, 7), slice(7, 50)):
        found = found.with_those_of(Moments.of(posterior[rows]))
    assert found.n_documents == 50
    torch.testing.assert_close(found.mean, expected.mean, rtol=1e-13, atol=0)
    torch.testing.assert_close(found.variance, expected.variance, rtol=1e-10, atol=0)


def written(room: Path) -> tuple[dict[str, pd.DataFrame], str]:
    """Leading topics of each model that two processes write, and the error where one cannot write."""
    warnings.simplefilter("ignore")
    stream.PIECE = PIECE
    leading, told = {}, ""
    for name in ("ProdLDA", "NVDM"):
        for ending in files.PARTS:
            leading[name] = write_document_topics(load(room / name), BARE, room / f"{name}{ending}")

    def broken(*_: Any) -> None:
        raise OSError("the disk is gone")

    if torch.distributed.get_rank() == 1:
        files.Csv.write = broken  # type: ignore[method-assign]
    try:
        write_document_topics(load(room / "ProdLDA"), BARE, room / "broken.csv")
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    return leading, told


def test_two_processes_write_the_file_of_one(tmp_path: Path) -> None:
    two, one = tmp_path / "two", tmp_path / "one"
    two.mkdir(), one.mkdir()
    for name in ("ProdLDA", "NVDM"):
        MODELS[name].save(two / name)
    told = results(written, room=two)
    for name in ("ProdLDA", "NVDM"):
        for ending in (".csv", ".jsonl", ".parquet", ".npz"):
            leading = write_document_topics(MODELS[name], BARE, one / f"{name}{ending}")
            if ending != ".npz":  # whose entries have the time of writing
                assert (two / f"{name}{ending}").read_bytes() == (one / f"{name}{ending}").read_bytes()
        with np.load(one / f"{name}.npz") as a, np.load(two / f"{name}.npz") as b:
            for key in a:
                np.testing.assert_array_equal(a[key], b[key])
        for of_process, _ in told:
            pd.testing.assert_frame_equal(of_process[name], leading, rtol=1e-12)
    assert told[1][1] == "OSError: the disk is gone"
    assert told[0][1] == "ProcessLostError: process 1 failed: OSError: the disk is gone"
    assert not (two / "broken.csv").exists()
    assert [path for path in two.iterdir() if path.name.startswith(".")] == []
