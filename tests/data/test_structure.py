"""Sparse matrices with a wrong structure are errors, in memory and in files; none reaches code in C++."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats import FormatError, read_corpus
from hftopic.data.structure import sound
from hftopic.models.prodlda import ProdLDA

DENSE = np.array([[1, 0, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4], [0, 0, 5, 0]])


def changed(kind: str, part: str, place: int, value: int) -> Any:
    """A sparse matrix, of which one number was changed after scipy had checked it."""
    matrix = getattr(sp, kind)(DENSE)
    array = getattr(matrix, part)
    array[place] = value
    return matrix


def replaced(kind: str, part: str, array: Any) -> Any:
    matrix = getattr(sp, kind)(DENSE)
    setattr(matrix, part, np.asarray(array))
    return matrix


def blocks(part: str, array: Any) -> Any:
    matrix = sp.bsr_array(DENSE, blocksize=(2, 2))
    setattr(matrix, part, np.asarray(array))
    return matrix


def list_of(row: list[int]) -> Any:
    matrix = sp.lil_array(DENSE)
    matrix.rows[0] = row
    return matrix


def key(place: tuple[int, int]) -> Any:
    matrix = sp.dok_array(DENSE)
    matrix._dict[place] = 1
    return matrix


BROKEN: dict[str, Callable[[], Any]] = {
    "index too large": lambda: changed("csr_array", "indices", 0, 10**6),
    "index negative": lambda: changed("csr_array", "indices", 0, -1),
    "index of a matrix": lambda: changed("csr_matrix", "indices", 0, 4),
    "row of columns": lambda: changed("csc_array", "indices", 0, 10**6),
    "indptr decreases": lambda: changed("csr_array", "indptr", 1, 4),
    "indptr too large": lambda: changed("csr_array", "indptr", 4, 10**6),
    "indptr negative": lambda: changed("csr_array", "indptr", 1, -5),
    "indptr does not start at 0": lambda: changed("csr_array", "indptr", 0, 1),
    "indptr too short": lambda: replaced("csr_array", "indptr", [0, 2, 5]),
    "indptr of fractions": lambda: replaced("csr_array", "indptr", [0.0, 2, 3, 4, 5]),
    "data too short": lambda: replaced("csr_array", "data", [1, 2]),
    "indices too short": lambda: replaced("csc_array", "indices", [0, 1]),
    "indices in two dimensions": lambda: replaced("csr_array", "indices", [[0, 2, 1, 3, 2]]),
    "blocks of nothing": lambda: blocks("data", np.zeros((3, 0, 2))),
    "blocks that do not divide": lambda: blocks("data", np.ones((3, 3, 2))),
    "block too far": lambda: blocks("indices", [0, 1, 7]),
    "blocks too few": lambda: blocks("data", np.ones((1, 2, 2))),
    "row of a COO": lambda: changed("coo_array", "row", 0, 10**6),
    "column of a COO": lambda: changed("coo_matrix", "col", 0, -7),
    "list too long": lambda: list_of([0, 2, 3]),
    "list too far": lambda: list_of([0, 10**6]),
    "list with a repetition": lambda: list_of([2, 2]),
    "key too far": lambda: key((0, 10**6)),
    "diagonals too few": lambda: replaced("dia_array", "offsets", [0]),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_no_broken_matrix_is_followed(kind: str) -> None:
    matrix = BROKEN[kind]()
    with pytest.raises(CorpusError, match="counts is not a well-formed matrix"):
        Corpus(matrix, list("abcd"))
    model = ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=0)
    with pytest.raises(ValueError, match="X is not a well-formed matrix"):
        model.fit(matrix)
    model.fit(DENSE)
    for method in (model.transform, model.perplexity, model.score, model.partial_fit):
        with pytest.raises(ValueError, match="X is not a well-formed matrix"):
            method(BROKEN[kind]())


@pytest.mark.parametrize("format", ["csr", "csc", "bsr", "coo", "lil", "dok", "dia"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
def test_sound_matrices_of_every_format(format: str, dtype: Any) -> None:
    matrix = sp.coo_array(DENSE.astype(dtype)).asformat(format)
    before = matrix.toarray()
    assert np.array_equal(sound(matrix).toarray(), before)
    assert np.array_equal(Corpus(matrix, list("abcd")).counts.toarray(), DENSE.astype(dtype))
    assert np.array_equal(matrix.toarray(), before)


@pytest.mark.parametrize("format", ["coo", "csr", "csc", "bsr"])
def test_repeated_entries_are_added_without_overflow(format: str) -> None:
    places = (np.array([0, 0, 1]), np.array([1, 1, 0]))
    coo = sp.coo_array((np.array([200, 100, 7], dtype=np.uint8), places), (2, 2))
    matrix = coo
    if format in ("csr", "csc"):
        indices = np.array([1, 1, 0]) if format == "csr" else np.array([1, 0, 0])
        indptr = np.array([0, 2, 3]) if format == "csr" else np.array([0, 1, 3])
        data = coo.data if format == "csr" else np.array([7, 200, 100], dtype=np.uint8)
        matrix = getattr(sp, f"{format}_array")((data, indices, indptr), shape=(2, 2))
    if format == "bsr":
        matrix = sp.bsr_array((coo.data.reshape(3, 1, 1), [1, 1, 0], [0, 2, 3]), shape=(2, 2))
    assert Corpus(matrix, ["a", "b"]).counts.toarray().tolist() == [[0, 300], [7, 0]]
    assert sound(matrix).tocsr().toarray().tolist() == [[0, 300], [7, 0]]


def test_sums_just_above_the_largest_count() -> None:
    """In float32 the sum would be rounded to the largest count."""
    counts = sp.coo_array((np.array([2**24, 1], dtype=np.float32), ([0, 0], [0, 0])), (1, 1))
    with pytest.raises(CorpusError, match=r"16777217\.0, above 16,777,216"):
        Corpus(counts, ["a"])


def npz_of(path: Path, **arrays: Any) -> Path:
    np.savez(path, **{name: np.asarray(array) for name, array in arrays.items()})
    return path


BSR = {"format": b"bsr", "shape": [4, 4], "data": np.ones((1, 2, 2)), "indices": [0], "indptr": [0, 1, 1]}


@pytest.mark.parametrize(
    "change",
    [
        {"data": np.ones((1, 0, 2))},
        {"data": np.ones((1, 2, 0))},
        {"data": np.ones((0, 0, 0)), "indices": np.zeros(0, int)},
        {"data": np.ones((1, 3, 2))},
        {"data": np.ones(4)},
        {"indices": [2]},
        {"indices": [-1]},
        {"indptr": [0, 1]},
        {"format": b"csr"},
        {"format": [b"bsr", b"bsr"]},
        {"format": 7},
        {"format": b"\xff"},
        {"format": b"dia"},
        {"format": b"coo"},
        {"format": b"dok"},
        {"data": np.ones((1, 2, 2), dtype=complex)},
        {"data": np.full((1, 2, 2), "a")},
    ],
)
def test_broken_files(tmp_path: Path, change: dict[str, Any]) -> None:
    path = npz_of(tmp_path / "x.npz", **{**BSR, **change})
    with pytest.raises(FormatError, match="does not contain a valid sparse matrix"):
        read_corpus(path, vocabulary=list("abcd"))


@pytest.mark.parametrize("format", ["csr", "csc", "bsr", "coo", "dia"])
@pytest.mark.parametrize("dtype", ["<i4", ">i4", "<f8", ">f4", "<f2", "|u1", "|b1"])
def test_every_layout_that_scipy_saves(tmp_path: Path, format: str, dtype: str) -> None:
    matrix = sp.coo_array(DENSE).asformat(format)
    matrix.data = matrix.data.astype(dtype)
    sp.save_npz(tmp_path / "x.npz", matrix)
    corpus = read_corpus(tmp_path / "x.npz", vocabulary=list("abcd"))
    assert np.array_equal(corpus.counts.toarray(), DENSE if dtype != "|b1" else DENSE > 0)


HEADERS = [
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,),\n    }\n  x",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (True,), }",
    b"{'descr': '<f8', 'fortran_order': 0, 'shape': (2,), }",
    b"{'descr': '<f8', 'shape': (2,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}",
    b"{'descr': 'nonsense', 'fortran_order': False, 'shape': (2,), }",
    b"{'descr': '<f99', 'fortran_order': False, 'shape': (2,), }",
    b"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
    b"{'descr': '(2,)<f8', 'fortran_order': False, 'shape': (1,), }",
    b"{'descr': 'O', 'fortran_order': False, 'shape': (2,), }",
    b"{'descr': None, 'fortran_order': False, 'shape': (2,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (" + b"1," * 4000 + b")}",
    b"(" * 9000,
    b"[" * 200 + b"]" * 200,
    b"{[]: 1}",
    b"\xff\xfe",
    b"__import__('os').system('true')",
    b"'''",
    b"",
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_headers_of_arrays(tmp_path: Path, header: bytes, version: int) -> None:
    """Every malformed description is a FormatError, in a member that is used or not."""
    size = len(header).to_bytes(2 if version == 1 else 4, "little")
    content = b"\x93NUMPY" + bytes([version, 0]) + size + header + bytes(16)
    for name in ("data.npy", "stray.npy"):
        stream = io.BytesIO()
        arrays = {"format": b"csr", "shape": [1, 2], "data": [1.0, 2], "indices": [0, 1], "indptr": [0, 2]}
        del arrays["data"]
        np.savez(stream, **{key: np.asarray(value) for key, value in arrays.items()})
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr(name, content)
        (tmp_path / "x.npz").write_bytes(stream.getvalue())
        with pytest.raises(FormatError, match=r"x\.npz: "):
            read_corpus(tmp_path / "x.npz", vocabulary=["a", "b"])


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\1\0", b"\x93NUMPY\1\0\xff\xff{", b"\x93NUMPY\7\0"]
)
def test_arrays_that_are_none(tmp_path: Path, content: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("data.npy", content)
    with pytest.raises(FormatError, match=r"not a valid \.npz file"):
        read_corpus(tmp_path / "x.npz", vocabulary=["a", "b"])


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_packing_and_a_changed_byte(tmp_path: Path, packing: int) -> None:
    stream = io.BytesIO()
    sp.save_npz(stream, sp.csr_array(DENSE))
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(path, "w", packing) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    whole = path.read_bytes()
    assert np.array_equal(read_corpus(path, vocabulary=list("abcd")).counts.toarray(), DENSE)
    rng = np.random.default_rng(packing)
    for place in rng.integers(len(whole), size=300):
        content = bytearray(whole)
        content[place] ^= int(rng.integers(1, 256))
        path.write_bytes(content)
        try:
            corpus = read_corpus(path, vocabulary=list("abcd"))
        except FormatError:
            continue
        assert np.array_equal(corpus.counts.toarray(), DENSE), place
