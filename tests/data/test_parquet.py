"""Parquet: columns of every type are read, or named; damaged files are errors."""

import datetime
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftopic.data.corpus import Corpus
from hftopic.data.formats import FormatError, parquet, read_corpus
from hftopic.data.formats.request import Request
from hftopic.data.text import TextOptions

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
OPTIONS = TextOptions(min_df=1, max_df=1.0, stop_words=None)
TEXTS = ["the cat", "a dog"]


def read(path: Path, **columns: Any) -> Corpus:
    pq.write_table(pa.table({"text": pa.array(TEXTS), **columns}), path)
    return read_corpus(path, text=OPTIONS)


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        (pa.array(["u", "v"], pa.large_string()), ["u", "v"]),
        (pa.array(["u", "v"]).dictionary_encode(), ["u", "v"]),
        (pa.array([2, 1]).dictionary_encode(), ["2", "1"]),
        (pa.array([2, 1], pa.uint8()), ["2", "1"]),
        (pa.array([True, False]), ["True", "False"]),
        (pa.array([1.5, 2.0]), ["1.5", "2.0"]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*the column 'before' of type struct")
def test_types_of_labels(tmp_path: Path, labels: Any, wanted: list[str]) -> None:
    nested = pa.array([{"a": 1, "b": "x"}] * 2)
    corpus = read(tmp_path / "x.parquet", before=nested, label=labels)
    assert corpus.labels.tolist() == wanted
    assert corpus.tokens == (("the", "cat"), ("dog",))


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"text": pa.array([b"a", b"b"])}, "'text' has values of type binary"),
        ({"text": pa.array([["a"], ["b"]])}, r"'text' has values of type list<.*>, not strings or numbers"),
        ({"text": pa.array([1, 2])}, "row 1: 'text' is 1, not a string"),
        ({"text": pa.array(["a", None])}, "row 2: 'text' is None, not a string"),
        ({"label": pa.array([datetime.date(2020, 1, 1)] * 2)}, r"'label' has values of type date32"),
        ({"label": pa.array([{"a": 1}] * 2)}, "'label' has values of type struct"),
        ({"name": pa.array(["x", "\0"])}, "row 2: 'name' contains the character NUL"),
    ],
)
def test_types_that_are_none_of_a_corpus(tmp_path: Path, columns: dict[str, Any], told: str) -> None:
    with pytest.raises(FormatError, match=told):
        read(tmp_path / "x.parquet", **columns)


def test_a_changed_file_is_an_error_or_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    words = [f"word{place} and text" for place in range(50)]
    pq.write_table(pa.table({"text": words, "label": [str(place % 3) for place in range(50)]}), path)
    whole = path.read_bytes()
    wanted = read_corpus(path, text=OPTIONS).shape
    rng = np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(whole)
        content[int(rng.integers(len(whole)))] ^= int(rng.integers(1, 256))
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of labels that are empty
            try:
                corpus = read_corpus(path, text=OPTIONS)
            except FormatError:
                continue
        assert corpus.shape[0] == wanted[0]


def test_the_dictionary_of_a_row_group_is_checked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked for every batch of rows, it would take time quadratic in the number of texts."""
    texts = [f"the cat {place % 3000}" for place in range(7000)]
    labels = [None if place % 5 == 0 else f"l{place % 7}" for place in range(7000)]
    pq.write_table(pa.table({"text": texts, "label": labels}), tmp_path / "x.parquet", row_group_size=4000)
    checked: list[Any] = []
    expanded = parquet._expanded
    monkeypatch.setattr(
        parquet, "_expanded", lambda column, **k: checked.append(column) or expanded(column, **k)
    )
    table = parquet.read_parquet(tmp_path / "x.parquet", Request())
    assert table.text == texts
    assert table.label == [label or "" for label in labels]
    assert len(checked) == 2 * 2
