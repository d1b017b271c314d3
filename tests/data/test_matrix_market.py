"""Matrix Market and docword: a malformed file is an error with its line, a sound one is scipy's matrix."""

import bz2
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from hftopic.data.corpus import Corpus
from hftopic.data.formats import FormatError, read_corpus, write_corpus

WORDS = ["a", "b", "c"]
BANNER = "%%MatrixMarket matrix coordinate integer general\n"


def read(path: Path, content: str | bytes) -> Corpus:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_corpus(path, vocabulary=WORDS)


def counts_of(path: Path, content: str | bytes) -> list[list[float]]:
    counts: list[list[float]] = read(path, content).counts.toarray().tolist()
    return counts


@pytest.mark.parametrize(
    ("banner", "told"),
    [
        ("%%MatrixMarket matrix coordinate rgeneral", "then a layout"),
        ("%%MatrixMarket matrix", "then a layout"),
        ("%%MatrixMarket vector coordinate integer general", "then a layout"),
        ("%%MatrixMarket matrix coordinate integer general x", "then a layout"),
        ("%%MatrixMarket matrix coord integer general", "layout must be coordinate or array, not 'coord'"),
        ("%%MatrixMarket matrix coordinate int general", "numbers must be .* not 'int'"),
        ("%%MatrixMarket matrix coordinate complex general", "numbers must be .* not 'complex'"),
        (
            "%%MatrixMarket matrix coordinate integer skew-symmetric",
            "symmetry must be .* not 'skew-symmetric'",
        ),
        ("%%MatrixMarket matrix coordinate real hermitian", "symmetry must be .* not 'hermitian'"),
        ("%%MatrixMarket matrix array pattern general", "a pattern has no array"),
        ("%%MatrixMarket matrix \0 integer general", "layout must be"),
        ("%%MatrixMarket\xa0matrix coordinate integer general", "then a layout"),
    ],
)
def test_a_typo_in_the_banner(tmp_path: Path, banner: str, told: str) -> None:
    with pytest.raises(FormatError, match=told) as caught:
        read(tmp_path / "x.mtx", f"{banner}\n2 3 1\n1 1 1\n")
    assert caught.value.line == 1


@pytest.mark.parametrize(
    "count",
    [
        "2.7",
        "1e5",
        "0x10",
        "1abc",
        "-1",
        "",
        "1 1",
        "nan",
        "inf",
        "1_0",
        "1\0",
        "\0",
        "\u0661",
        "9" * 30,
        "1,0",
    ],
)
@pytest.mark.parametrize("ending", ["", ".gz", ".bz2"])
def test_integers_are_digits(tmp_path: Path, count: str, ending: str) -> None:
    content = f"{BANNER}2 3 2\n1 1 1\n\n1 2 {count}\n".encode()
    path = tmp_path / f"x.mtx{ending}"
    pack: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}
    with pytest.raises(
        FormatError, match="expected 'row column count' with counts >= 0 that are whole"
    ) as caught:
        read(path, pack[ending](content))
    assert caught.value.line == 5


@pytest.mark.parametrize("count", ["0x10", "1e", "1.2.3", "nan", "-0.5", "-0", "1e+", ".", "+-1", "1d2"])
def test_real_numbers_are_decimal(tmp_path: Path, count: str) -> None:
    banner = BANNER.replace("integer", "real")
    with pytest.raises(FormatError, match="expected 'row column count' with counts >= 0, got") as caught:
        read(tmp_path / "x.mtx", f"{banner}2 3 1\n1 1 {count}\n")
    assert caught.value.line == 3


def test_a_negative_count_is_not_cancelled(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 4: .*got '1 1 -1'"):
        read(tmp_path / "x.mtx", f"{BANNER}2 3 2\n1 1 1\n1 1 -1\n")


@pytest.mark.parametrize("name", ["x.mtx", "docword.x.txt"])
def test_sums_are_exact_or_errors(tmp_path: Path, name: str) -> None:
    head = f"{BANNER}2 3 2\n" if name == "x.mtx" else "2\n3\n2\n"
    assert counts_of(tmp_path / name, f"{head}1 1 3\n1 1 4\n") == [[7, 0, 0], [0, 0, 0]]
    with pytest.raises(FormatError, match=r"column 0 in document 1 .* up to 16777217, above 16,777,216"):
        read(tmp_path / name, f"{head}2 1 1\n2 1 {2**24}\n")
    with pytest.raises(FormatError, match="count 16777217 is above 16,777,216") as caught:
        read(tmp_path / name, f"{head}1 1 1\n\n2 1 {2**24 + 1}\n")
    assert caught.value.line == len(head.splitlines()) + 3
    with pytest.raises(FormatError, match=r"count 9e\+17 is above"):
        read(tmp_path / name, head + "1 1 900000000000000000\n" * 2)


@pytest.mark.parametrize(
    ("banner", "body", "wanted"),
    [
        ("coordinate pattern general", "3 3 2\n1 2\n3 1\n", [[0, 1, 0], [0, 0, 0], [1, 0, 0]]),
        ("coordinate integer symmetric", "3 3 2\n2 1 5\n3 3 2\n", [[0, 5, 0], [5, 0, 0], [0, 0, 2]]),
        ("coordinate real general", "3 3 2\n1 2 .5\n3 1 1.e+1\n", [[0, 0.5, 0], [0, 0, 0], [10, 0, 0]]),
        ("array integer general", "2 3\n1\n2\n3\n4\n5\n6\n", [[1, 3, 5], [2, 4, 6]]),
        ("array real symmetric", "3 3\n1\n2\n3\n4\n5\n6\n", [[1, 2, 3], [2, 4, 5], [3, 5, 6]]),
        ("COORDINATE Integer GENERAL", "% note\n\n 2\t3 1 \n\n  2 \t3   4  \r\n", [[0, 0, 0], [0, 0, 4]]),
    ],
)
def test_layouts_as_scipy_reads_them(
    tmp_path: Path, banner: str, body: str, wanted: list[list[float]]
) -> None:
    content = f"%%MatrixMarket matrix {banner}\n{body}"
    assert counts_of(tmp_path / "x.mtx", content) == wanted
    assert counts_of(tmp_path / "x.mtx", b"\xef\xbb\xbf" + content.encode()) == wanted
    theirs = scipy.io.mmread(io.BytesIO(content.lower().replace("matrixmarket", "MatrixMarket").encode()))
    assert np.array_equal(sp.coo_array(theirs).toarray(), wanted)


def test_a_symmetric_matrix_stores_one_triangle(tmp_path: Path) -> None:
    banner = BANNER.replace("general", "symmetric")
    with pytest.raises(FormatError, match=r"line 4: is above the diagonal"):
        read(tmp_path / "x.mtx", f"{banner}3 3 2\n2 1 5\n1 2 5\n")
    with pytest.raises(FormatError, match="is symmetric, but has 2 rows"):
        read(tmp_path / "x.mtx", f"{banner}2 3 1\n2 1 5\n")


@pytest.mark.parametrize("field", ["integer", "real"])
def test_large_files_are_read_in_blocks(tmp_path: Path, field: str) -> None:
    """More than one block, against scipy's reader; the error of a line late in the file has its number."""
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 500_000, 600_000), rng.integers(0, 3, 600_000)
    data = rng.integers(1, 9, 600_000) if field == "integer" else rng.gamma(1, size=600_000)
    matrix = sp.coo_array((data, (rows, columns)), (500_000, 3)).tocsr()
    scipy.io.mmwrite(tmp_path / "x.mtx", matrix)
    read_back = read_corpus(tmp_path / "x.mtx", vocabulary=WORDS).counts
    assert (read_back != matrix.astype(np.float32)).nnz == 0
    lines = (tmp_path / "x.mtx").read_text().splitlines(keepends=True)
    assert sum(map(len, lines)) > 2**22
    lines[-2] = "5 5 5\n"
    with pytest.raises(FormatError, match="column id 5 is not from 1 to 3") as caught:
        read(tmp_path / "x.mtx", "".join(lines))
    assert caught.value.line == len(lines) - 1


def test_every_mutant_is_an_error_or_the_same(tmp_path: Path) -> None:
    """No change of a byte ends the process: the file is refused, or read as an independent reader does."""
    original = f"{BANNER}3 3 4\n1 1 1\n2 2 12\n2 3 3\n3 1 7\n".encode()
    rng = np.random.default_rng(1)
    accepted = 0
    for _ in range(1500):
        mutant = bytearray(original)
        place = int(rng.integers(len(mutant)))
        change = int(rng.integers(3))
        if change == 0:
            mutant[place] = int(rng.choice(list(b"\0\n\r 0129-+.ex%\xff")))
        elif change == 1:
            del mutant[place]
        else:
            mutant.insert(place, int(rng.choice(list(b"\0\n\r 0129-+.ex%\xff"))))
        try:
            got = counts_of(tmp_path / "x.mtx", bytes(mutant))
        except (FormatError, UserWarning):  # the warning names a last line without an end
            continue
        accepted += 1
        lines = [line.split() for line in bytes(mutant).split(b"\n") if line.strip() and line[:1] != b"%"]
        wanted = np.zeros((int(lines[0][0]), 3))
        for row, column, count in lines[1:]:
            wanted[int(row) - 1, int(column) - 1] += int(count)
        assert np.array_equal(got, wanted), mutant
    assert accepted > 50


def test_svmlight_and_ldac_of_wide_indices(tmp_path: Path) -> None:
    """Corpora with 64-bit indices, as some readers give them, are written like others."""
    narrow = sp.csr_array(np.array([[1, 0, 2.5], [0, 3, 0]], dtype=np.float32))
    wide = sp.csr_array(
        (narrow.data, narrow.indices.astype(np.int64), narrow.indptr.astype(np.int64)), shape=(2, 3)
    )
    for name in ("x.svmlight", "x.feat", "x.mtx", "x.npz"):
        write_corpus(Corpus(wide, WORDS), tmp_path / name)
        assert read_corpus(tmp_path / name).sha256() == Corpus(narrow, WORDS).sha256()


def test_a_corpus_of_each_count_format_is_written_in_each(tmp_path: Path) -> None:
    corpus = Corpus([[1, 0, 2], [0, 3, 0]], WORDS, tokens=[["a", "c", "c"], ["b"] * 3])
    names = ["x.ldac", "docword.x.txt", "x.mtx", "x.svmlight", "x.npz", "corpus.tsv"]
    for source in names:
        write_corpus(corpus, tmp_path / source)
        for target in names[:-1]:
            (tmp_path / "again").mkdir(exist_ok=True)
            write_corpus(read_corpus(tmp_path / source), tmp_path / "again" / target)
            assert read_corpus(tmp_path / "again" / target).sha256() == corpus.sha256()
