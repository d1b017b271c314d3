"""Damaged and forged shards: an error that names the file, never a crash or wrong numbers."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftopic import Corpus, FormatError, open_corpus, read_corpus, write_corpus
from hftopic.data.formats.manifest import sha256_of
from hftopic.data.shards import stored, writing

COUNTS = np.random.default_rng(0).poisson(0.5, (40, 12))
WORDS = [f"w{word}" for word in range(12)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shards of two parts with labels."""
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(writing, "MOST_DOCUMENTS", 20)
    corpus = Corpus(COUNTS, WORDS, labels=[f"label {row}" for row in range(40)])
    write_corpus(corpus, tmp_path / "shards", format="shards")
    return tmp_path / "shards"


FILES = [
    "vocab.txt",
    *(
        f"part-0000{part}.{end}"
        for part in (0, 1)
        for end in ("indptr.npy", "indices.npy", "data.npy", "parquet")
    ),
]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_truncated_file_is_named_when_the_folder_is_opened(folder: Path, name: str) -> None:
    opened, content = open_corpus(folder), (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])
    with pytest.raises(FormatError, match=f"{name}: is cut off"):
        open_corpus(folder)
    (folder / name).write_bytes(content + b"\0")
    with pytest.raises(FormatError, match=f"{name}: was changed"):
        open_corpus(folder)
    (folder / name).unlink()
    with pytest.raises(FormatError, match=f"{name}: is missing"):
        open_corpus(folder)
    if name.endswith(".npy"):
        with pytest.raises(FormatError, match=f"{name}: is missing"):
            opened.read(0, 40)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_found_before_training(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-2] ^= 1
    (folder / name).write_bytes(content)
    opened = open_corpus(folder)
    with pytest.raises(FormatError, match=f"{name}: is damaged: its SHA-256"):
        opened.verify()
    with pytest.raises(FormatError, match=f"{name}: is damaged: its SHA-256"):
        read_corpus(folder)
    for read in (lambda: opened[:40], lambda: write_corpus(opened, folder.parent / "copy", format="shards")):
        with pytest.raises(FormatError, match=f"{name}: is damaged: its SHA-256"):
            read()
    assert not (folder.parent / "copy").exists()


def test_a_sound_file_is_hashed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(stored, "sha256_of", lambda path: hashed.append(path.name) or sha256_of(path))
    opened = open_corpus(folder)
    opened.read(0, 5)
    assert sorted(hashed) == [f"part-00000.{end}.npy" for end in ("data", "indices", "indptr")]
    for _ in range(2):
        opened.verify()
        opened.read(0, 40)
        assert sorted(hashed) == sorted(FILES)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".npy")])
def test_a_file_that_changes_after_it_was_read_is_named(folder: Path, name: str) -> None:
    opened = open_corpus(folder)
    opened.verify()
    content = bytearray((folder / name).read_bytes())
    content[-2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(FormatError, match=f"{name}: is damaged: its SHA-256"):
        opened.read(0, 40)


def forge(folder: Path, name: str, content: bytes, **changed: Any) -> None:
    """Replace a file of the first part, and all that the manifest says of it."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "shards.json").read_text())
    manifest["parts"][0] |= changed
    manifest["parts"][0]["files"][name] = {
        "n_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / "shards.json").write_text(json.dumps(manifest))


def saved(array: np.ndarray, path: Path) -> bytes:
    np.save(path, array, allow_pickle=True)
    return path.read_bytes()


def array_of(folder: Path, what: str) -> np.ndarray:
    return np.load(folder / f"part-00000.{what}.npy")


def with_value(place: int, value: float, kind: str | None = None) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        changed = array.astype(kind or array.dtype)
        changed[place] = value
        return changed

    return change


@pytest.mark.parametrize(
    ("what", "change", "told"),
    [
        ("indices", with_value(3, 12), "columns from 0 to 11"),
        ("indices", with_value(3, -1), "columns from 0 to 11"),
        ("indices", with_value(3, 2**40, "i8"), "columns from 0 to 11"),
        ("indices", lambda array: array[::-1].copy(), "must increase"),
        ("indices", lambda array: np.zeros_like(array), "must increase"),
        ("indices", lambda array: array.astype(np.float32), "has the type float32"),
        ("indices", lambda array: array.astype(np.uint32), "has the type uint32"),
        ("indices", lambda array: array.astype(object), "not"),
        ("indices", lambda array: array[:-1], "has the shape|too small"),
        ("indices", lambda array: array[None], "has the shape"),
        ("data", with_value(0, 0), "counts above 0"),
        ("data", with_value(0, np.nan, "f4"), "counts above 0"),
        ("data", with_value(0, np.inf, "f4"), "counts above 0"),
        ("data", with_value(0, -1, "f4"), "counts above 0"),
        ("data", with_value(0, 2**25, "f4"), "counts above 0"),
        ("data", lambda array: array.astype(np.float64), "has the type float64"),
        ("data", lambda array: array.astype("c8"), "has the type complex64"),
        ("indptr", with_value(0, 1), "must hold offsets"),
        ("indptr", with_value(5, 0), "must hold offsets"),
        ("indptr", with_value(5, -1), "must hold offsets"),
        ("indptr", with_value(5, 2**62, "i8"), "must hold offsets"),
        ("indptr", with_value(-1, 2**40, "i8"), "must hold offsets"),
        ("indptr", with_value(-1, 1), "must hold offsets"),
    ],
)
def test_forged_arrays_are_never_followed(
    folder: Path, tmp_path: Path, what: str, change: Callable[[np.ndarray], np.ndarray], told: str
) -> None:
    """The structure of all that is read is checked, also where no SHA-256 tells."""
    name = f"part-00000.{what}.npy"
    forge(folder, name, saved(change(array_of(folder, what)), tmp_path / "forged.npy"))
    for read in (
        lambda: open_corpus(folder).read(0, 20),
        lambda: open_corpus(folder).verify(),
        lambda: read_corpus(folder),
    ):
        with pytest.raises(FormatError, match=told) as error:
            read()
        assert error.value.path.endswith((name, "shards.json"))
    if what == "indices":  # the other part is sound
        assert (open_corpus(folder).read(20, 40).toarray() == COUNTS[20:]).all()


def test_an_array_in_another_order_of_bytes_is_read(folder: Path, tmp_path: Path) -> None:
    swapped = array_of(folder, "indices").astype(">i8")
    forge(folder, "part-00000.indices.npy", saved(swapped, tmp_path / "forged.npy"))
    opened = open_corpus(folder)
    opened.verify()
    assert (opened.read(0, 40).toarray() == COUNTS).all()


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\1\0\xff\xff{}", b"\x93NUMPY\1\0\4\0{}  ", b"x" * 2000]
)
def test_what_is_no_array_is_told(folder: Path, content: bytes) -> None:
    forge(folder, "part-00000.indices.npy", content.ljust(2000, b"\0") if content else b"\0" * 2000)
    with pytest.raises(FormatError, match=r"part-00000\.indices\.npy"):
        open_corpus(folder).read(0, 1)


def test_sums_that_are_not_those_of_the_counts(folder: Path) -> None:
    manifest = json.loads((folder / "shards.json").read_text())
    for counted in (manifest, manifest["parts"][1]):
        counted["n_tokens"] += 1
    (folder / "shards.json").write_text(json.dumps(manifest))
    with pytest.raises(FormatError, match="says that part-00001 has"):
        open_corpus(folder).verify()


def set_in(*keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(manifest: Any) -> None:
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    return change


EDITS: list[Callable[[dict[str, Any]], Any]] = [
    set_in("kind", value="other"),
    set_in("version", value=2),
    set_in("n_words", value=0),
    set_in("n_words", value=10**12),
    set_in("n_words", value=12.0),
    set_in("n_documents", value=41),
    set_in("n_tokens", value=float("nan")),
    set_in("parts", value=None),
    set_in("parts", value=[None]),
    set_in("parts", value={}),
    set_in("reading", value=[]),
    set_in("vocabulary", value=3),
    set_in("vocabulary", "sha256", value="../x"),
    set_in("parts", 0, "name", value="../part-00000"),
    set_in("parts", 0, "name", value="part-00001"),
    set_in("parts", 0, "n_documents", value=-1),
    set_in("parts", 0, "n_documents", value=2**62),
    set_in("parts", 0, "n_documents", value=True),
    set_in("parts", 0, "n_entries", value=10**9),
    set_in("parts", 0, "n_entries", value=10**400),
    set_in("parts", 0, "n_empty", value=21),
    set_in("parts", 0, "n_tokens", value=-1),
    set_in("parts", 0, "n_tokens", value="3"),
    set_in("parts", 0, "columns", value={}),
    set_in("parts", 0, "columns", value=["label"]),
    set_in("parts", 0, "columns", value={"label": "object"}),
    set_in("parts", 0, "columns", value={"label": "int64"}),
    set_in("parts", 0, "columns", value={"label": []}),
    set_in("parts", 0, "files", value={}),
    set_in("parts", 0, "files", "/etc/passwd", value={"n_bytes": 1, "sha256": "0" * 64}),
    set_in("parts", 0, "files", "part-00000.data.npy", "n_bytes", value=-1),
    set_in("parts", 0, "files", "part-00000.data.npy", "n_bytes", value=0),
    set_in("parts", 0, "files", "part-00000.data.npy", value=None),
    lambda manifest: manifest.pop("parts"),
    lambda manifest: manifest["parts"].pop(),
    lambda manifest: manifest["parts"].reverse(),
    lambda manifest: manifest["parts"][0].pop("n_entries"),
    lambda manifest: manifest["parts"][0]["files"].pop("part-00000.parquet"),
]


@pytest.mark.parametrize("number", range(len(EDITS)))
def test_a_forged_manifest_is_refused(folder: Path, number: int) -> None:
    manifest = json.loads((folder / "shards.json").read_text())
    EDITS[number](manifest)
    (folder / "shards.json").write_text(json.dumps(manifest))
    with pytest.raises(FormatError, match=r"shards\.json: "):
        open_corpus(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"3", b"[" * 100_000, b'{"a": NaN}'])
def test_a_manifest_that_is_none(folder: Path, content: bytes) -> None:
    (folder / "shards.json").write_bytes(content)
    with pytest.raises(FormatError, match=r"shards\.json: "):
        open_corpus(folder)


def test_a_table_of_other_columns_or_rows(folder: Path, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for held in (
        {"label": ["a"] * 19},
        {"other": ["a"] * 20},
        {"label": [1] * 20},
        {"label": [None] * 20},
        {"label": [["a"]] * 20},
    ):
        pq.write_table(pa.table(held), tmp_path / "x.parquet")
        forge(folder, "part-00000.parquet", (tmp_path / "x.parquet").read_bytes())
        with pytest.raises(FormatError, match=r"part-00000\.parquet"):
            open_corpus(folder)[:3]
    forge(folder, "part-00000.parquet", b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(FormatError, match=r"part-00000\.parquet"):
        open_corpus(folder)[:3]
