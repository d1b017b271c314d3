"""Small files that would fill the memory: each is refused by name within 500 MB, and can be allowed."""

import bz2
import gzip
import io
import json
import lzma
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic.data.corpus import Corpus
from hftopic.data.formats import FormatError, read_corpus
from hftopic.data.text import TextOptions

MIB = 2**20
SIZE = 700  # MiB that a bomb would expand to
PACK: dict[str, Callable[..., IO[bytes]]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
MTX = b"%%MatrixMarket matrix coordinate integer general\n"
# The start of a file, and the text that it repeats.
COMPRESSED = {
    "line.txt.gz": (b"", b"a"),
    "line.txt.bz2": (b"", b"a"),
    "line.txt.xz": (b"", b"a"),
    "blank.txt.gz": (b"", b"\n"),
    "blank.csv.gz": (b"text\n", b"\n"),
    "short.txt.gz": (b"", b"aa\n"),
    "quote.csv.gz": (b'text\n"', b"word\n"),
    "rows.jsonl.gz": (b"", b'{"text":"a"}\n'),
    "comment.mtx.gz": (MTX, b"%"),
    "comments.mtx.gz": (MTX, b"%\n"),
    "entries.mtx.gz": (MTX + b"2 1 900000000000\n", b"1 1 1\n"),
    "docword.entries.txt.gz": (b"2\n1\n900000000000\n", b"1 1 1\n"),
    "docword.blank.txt.gz": (b"2\n1\n900000000000\n", b"\n"),
    "pairs.ldac.gz": (b"", b"1 0:1 "),
    "empty.ldac.gz": (b"", b"0\n"),
    "zeros.feat.gz": (b"", b"\0"),
}


def write_bomb(path: Path) -> None:
    """A file of many streams that are the same, so that it is compressed only once."""
    start, repeated = COMPRESSED[path.name]
    level = {"compresslevel": 1} if path.suffix != ".xz" else {"preset": 0}
    first, block = (
        packed(PACK[path.suffix], content, level) for content in (start, repeated * (MIB // len(repeated)))
    )
    path.write_bytes(first + block * (SIZE // (1 if path.suffix == ".gz" else 4)))


def packed(opened: Callable[..., IO[bytes]], content: bytes, level: dict[str, int]) -> bytes:
    held = io.BytesIO()
    with opened(held, "wb", **level) as stream:
        stream.write(content)
    return held.getvalue()


def described(dtype: str, shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def write_zeros(archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name, "w") as stream:
        stream.write(described("<f8", (SIZE * MIB // 8,)))
        for _ in range(SIZE):
            stream.write(bytes(MIB))


def write_npz(path: Path, bomb: str) -> None:
    """A sound matrix with one array that expands to zeros: one of its own, or one that nobody asks for."""
    arrays = {"format": b"csr", "shape": [1, 1], "data": [1.0], "indices": [0], "indptr": [0, 1]}
    arrays.pop(bomb, None)
    with path.open("wb") as stream:
        np.savez(stream, **{name: np.asarray(array) for name, array in arrays.items()})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        write_zeros(archive, f"{bomb}.npy")


def peaks_of_reading(paths: Iterable[Path], limit_s: int = 300) -> list[tuple[str, float]]:
    """What reading each file ends in, and the memory in MiB that it takes at most.

    Each is read in a process of its own, forked from one that has imported what is needed.
    """
    code = (
        "import json, os, resource, sys\n"
        "import pandas, sklearn.feature_extraction.text, hftopic.data.formats as formats\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "for path in sys.argv[1:]:\n"
        "    if os.fork():\n"
        "        os.wait()\n"
        "        continue\n"
        "    before = peak()\n"
        "    try: told = repr(formats.read_corpus(path))\n"
        "    except formats.FormatError as error: told = str(error)\n"
        "    print(json.dumps((told, peak() - before)), flush=True)\n"
        "    os._exit(0)"
    )
    command = [sys.executable, "-c", code, *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=True)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def of_compressed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """What reading each compressed bomb ends in, and its memory."""
    room = tmp_path_factory.mktemp("compressed")
    (room / "vocab.txt").write_text("a\n")
    for name in COMPRESSED:
        write_bomb(room / name)
    return dict(zip(COMPRESSED, peaks_of_reading(room / name for name in COMPRESSED), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_bombs(of_compressed: dict[str, tuple[str, float]], name: str) -> None:
    told, peak = of_compressed[name]
    assert name in told
    assert "blank lines in sequence" in told or "pass max_bytes= with" in told or "lines of comments" in told
    assert peak < 450


def test_only_arrays_that_are_asked_for_are_expanded(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a\n")
    for bomb in ("data", "stray"):
        write_npz(tmp_path / f"{bomb}.npz", bomb)
    (told, peak), (of_stray, peak_of_stray) = peaks_of_reading(
        tmp_path / f"{bomb}.npz" for bomb in ("data", "stray")
    )
    assert "expands to 734,003," in told
    assert "pass max_bytes= with" in told
    assert of_stray.startswith("Corpus(1 documents, 1 words")
    assert max(peak, peak_of_stray) < 100


def parquet_bombs() -> dict[str, Callable[[Path], None]]:
    def dictionary(path: Path) -> None:
        text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, np.int32)), ["w " * 100_000])
        pq.write_table(pa.table({"text": text}), path)

    def long_text(path: Path) -> None:
        pq.write_table(pa.table({"text": ["w " * (SIZE * MIB // 8)]}), path, compression="zstd")

    def many_rows(path: Path) -> None:
        rows = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50_000_000, np.int8)), [""])
        pq.write_table(pa.table({"text": rows}), path)

    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    return {"dictionary": dictionary, "long text": long_text, "many rows": many_rows}


def test_parquet_that_expands(tmp_path: Path) -> None:
    paths = {kind: tmp_path / f"{kind}.parquet" for kind in parquet_bombs()}
    for kind, write in parquet_bombs().items():
        write(paths[kind])
        assert paths[kind].stat().st_size < MIB
    for kind, (told, peak) in zip(paths, peaks_of_reading(paths.values()), strict=True):
        assert "pass max_bytes= with" in told, kind
        assert peak < 150, kind


def test_limits_are_raised_by_one_parameter(tmp_path: Path) -> None:
    options = TextOptions(min_df=1, max_df=1.0, token_pattern=r"\S+")
    line = b"ball " + b"x" * (17 * MIB) + b"\n"
    (tmp_path / "x.txt").write_bytes(line)
    with gzip.open(tmp_path / "x.txt.gz", "wb", compresslevel=1) as stream:
        stream.write(line)
    for name, told in (
        ("x.txt", "line 1: the line is longer than 16,777,216 bytes; .* pass max_bytes= with"),
        ("x.txt.gz", "expands to more than 100 times its size .* pass max_bytes= with"),
    ):
        with pytest.raises(FormatError, match=told):
            read_corpus(tmp_path / name, text=options)
        assert read_corpus(tmp_path / name, text=options, max_bytes=18 * MIB).n_tokens == 2
    with pytest.raises(FormatError, match="expands to more than 1,048,576 bytes"):
        read_corpus(tmp_path / "x.txt.gz", text=options, max_bytes=MIB)
    with pytest.raises(ValueError, match="max_bytes must be an int >= 1 or None, not 0"):
        read_corpus(tmp_path / "x.txt", text=options, max_bytes=0)


def test_sound_files_that_compress_well_are_read(tmp_path: Path) -> None:
    """Real ratios: counts that are mostly one in .npz, and tables of text with a factor of about ten."""
    rng = np.random.default_rng(0)
    matrix = sp.random_array((5_000, 500), density=0.05, random_state=rng, format="csr")
    matrix.data[:] = 1
    sp.save_npz(tmp_path / "x.npz", matrix)
    words = [f"w{word}" for word in range(500)]
    assert read_corpus(tmp_path / "x.npz", vocabulary=words).n_tokens == matrix.nnz
    texts = [" ".join(f"word{w:04d}" for w in rng.integers(0, 50, 20)) for _ in range(30_000)]
    with gzip.open(tmp_path / "x.txt.gz", "wt") as stream:
        stream.writelines(f"{text}\n" for text in texts)
    assert sum(map(len, texts)) > 10 * (tmp_path / "x.txt.gz").stat().st_size / 3
    corpus = read_corpus(tmp_path / "x.txt.gz", text=TextOptions(token_pattern=r"\S+", max_df=1.0))
    assert corpus.n_tokens == 20 * 30_000


def test_a_bomb_after_a_sound_beginning(tmp_path: Path) -> None:
    """What a file may expand to is not paid for by what stands before it."""
    noise = np.random.default_rng(0).integers(97, 123, 6 * MIB, dtype=np.uint8)
    noise[::64] = ord("\n")
    with gzip.open(tmp_path / "x.txt.gz", "wb", compresslevel=1) as stream:
        stream.write(noise.tobytes())
        for _ in range(100):
            stream.write(b"a" * MIB + b"\n")
    with pytest.raises(FormatError, match="expands to more than 100 times"):
        read_corpus(tmp_path / "x.txt.gz")


def test_endless_files_of_zeros_and_pipes(tmp_path: Path) -> None:
    with (tmp_path / "sparse.txt").open("wb") as stream:
        stream.truncate(5 * 2**30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatError, match="line 1: the line is longer than 16,777,216 bytes"):
        read_corpus(tmp_path / "sparse.txt")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    if Path("/dev/zero").exists():
        with pytest.raises(FormatError, match="gives more than 1,000,000 bytes; save it to a file"):
            read_corpus("/dev/zero", format="txt", max_bytes=1_000_000)


def test_huge_sizes_are_declared_in_vain(tmp_path: Path) -> None:
    """Sizes in headers allocate nothing."""
    for name, content in {
        "x.mtx": MTX.decode() + f"{10**9} 1 {10**9}\n1 1 1\n",
        "y.mtx": "%%MatrixMarket matrix array real general\n1000000000 1\n1\n",
        "docword.x.txt": f"{10**9}\n1\n{10**9}\n1 1 1\n",
    }.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(FormatError, match="but contains 1"):
            read_corpus(tmp_path / name, vocabulary=["a"])


def test_corpora_are_as_before(tmp_path: Path) -> None:
    corpus = Corpus([[1, 2], [0, 3]], ["a", "b"])
    sp.save_npz(tmp_path / "x.npz", corpus.counts)
    assert (
        read_corpus(tmp_path / "x.npz", vocabulary=["a", "b"], max_bytes=10**12).sha256() == corpus.sha256()
    )
