"""Files that are no corpus are named with advice, and pipes are read like files."""

import gzip
import io
import os
import pickle
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftopic.data.corpus import Corpus
from hftopic.data.formats import FormatError, read_corpus, write_corpus
from hftopic.data.text import TextOptions

OPTIONS = TextOptions(min_df=1, max_df=1.0, stop_words=None)
WORDS = ["a", "b", "c"]


def read(path: Path, content: str | bytes, **given: Any) -> Corpus:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_corpus(path, **({"text": OPTIONS} if "vocabulary" not in given else {}) | given)


def zip_of(*members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return stream.getvalue()


FOREIGN: dict[str, tuple[bytes, str]] = {
    "x.csv.zip": (zip_of("x.csv"), "is a zip archive; unpack it first"),
    "x.zip": (zip_of("x.csv"), "is a zip archive"),
    "x.xlsx": (b"text\nfine\n", "is not an Excel workbook"),
    "old.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel or Word file, or one with a password"),
    "x.docx": (
        zip_of("[Content_Types].xml", "word/document.xml"),
        "is a Word document; save its text as a .txt",
    ),
    "x.ods": (zip_of("content.xml"), "is a spreadsheet"),
    "x.npz": (zip_of("xl/workbook.xml"), "is an Excel workbook.*, not an .npz file"),
    "workbook": (zip_of("xl/workbook.xml"), "is an Excel workbook"),
    "letter": (zip_of("word/document.xml"), "is a Word document"),
    "archive": (zip_of("a.txt", "b.txt"), "is a zip archive"),
    "x.csv.zst": (b"\x28\xb5\x2f\xfd123", "is compressed with Zstandard; decompress it first"),
    "x.tar.gz": (gzip.compress(b"tar"), "is a tar archive; unpack it first"),
    "x.tgz": (gzip.compress(b"tar"), "is a tar archive"),
    "x.7z": (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive"),
    "x.rar": (b"Rar!\x1a\x07\0", "is a RAR archive"),
    "x.json": (b"[]", "is JSON; write one object per line and name it .jsonl"),
    "x.pkl": (pickle.dumps([1]), "is a pickle, which is never loaded"),
    "x.pdf": (b"%PDF-1.7", "is a PDF document"),
    "x.npy": (b"\x93NUMPY", "is a dense array"),
    "x.csv": (gzip.compress(b"text\nthe cat\n"), "is compressed with gzip, but its name does not end in .gz"),
    "x.jsonl": (zip_of("x.csv"), "is a zip archive"),
    "x.txt": (b"BZh91AY&SY", "is compressed with bzip2, but"),
    "x.ldac": (b"\xfd7zXZ\0", "is compressed with xz, but"),
    "x.tsv": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel or Word file"),
    "x.mtx": (b"\x28\xb5\x2f\xfd123", "is compressed with Zstandard"),
    "docword.x.txt": (b"%PDF-1.7", "is a PDF document"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_another_kind_are_named(tmp_path: Path, name: str) -> None:
    content, told = FOREIGN[name]
    with pytest.raises(FormatError, match=rf"{name}: {told}"):
        read(tmp_path / name, content, vocabulary=WORDS)


def test_texts_that_only_start_like_others(tmp_path: Path) -> None:
    assert read(tmp_path / "x.txt", "BZh is no word\n%PDF is\n").n_words > 0


@pytest.mark.parametrize("format", ["txt", "csv", "jsonl", "ldac", "matrixmarket", None])
def test_pipes_are_read_once(tmp_path: Path, format: str | None) -> None:
    """A named pipe, from which every byte can be read only once, gives what the file gives."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    name, content = {
        "txt": ("x.txt", "the cat\nthe dog\n"),
        "csv": ("x.csv", "text,label\nthe cat,x\nthe dog,y\n"),
        "jsonl": ("x.jsonl", '{"text": "the cat"}\n{"text": "the dog"}\n'),
        "ldac": ("x.ldac", "1 0:1\n2 0:1 1:2\n"),
        "matrixmarket": ("x.mtx", "%%MatrixMarket matrix coordinate integer general\n2 3 1\n1 1 1\n"),
        None: ("x.txt", "the cat\nthe dog\n"),
    }[format]
    given: dict[str, Any] = {"vocabulary": WORDS} if format in ("ldac", "matrixmarket") else {"text": OPTIONS}
    wanted = read(tmp_path / name, content, format=format, **given)
    (tmp_path / "pipes").mkdir()
    pipe = tmp_path / "pipes" / name

    def through_a_pipe(content: str) -> Corpus:
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_text, args=(content,))
        writer.start()
        try:
            return read_corpus(pipe, format=format, **given)
        finally:
            writer.join()

    assert through_a_pipe(content).sha256() == wanted.sha256()
    if format in ("ldac", "matrixmarket"):
        with pytest.raises(FormatError) as caught:
            through_a_pipe(content.replace("1\n", "x\n"))
        assert caught.value.path == str(pipe)
        assert str(caught.value).startswith(f"{pipe}, line")


def test_standard_input(tmp_path: Path) -> None:
    if not Path("/dev/stdin").exists():
        pytest.skip("this system has no /dev/stdin")
    code = (
        "from hftopic import read_corpus, TextOptions\n"
        "print(repr(read_corpus('/dev/stdin', format='csv', text=TextOptions(min_df=1, max_df=1.0))))"
    )
    command = [sys.executable, "-c", code]
    table = "text,label\nthe big cat,x\nthe dog,y\n"
    piped = subprocess.run(command, input=table, capture_output=True, text=True, check=True)
    assert piped.stdout == "Corpus(2 documents, 3 words, 3 tokens; 2 labels; in reading order; with texts)\n"
    (tmp_path / "x.csv").write_text(table)
    with (tmp_path / "x.csv").open() as stream:
        assert subprocess.run(command, stdin=stream, capture_output=True, text=True).stdout == piped.stdout


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@needs_pipes
def test_lists_next_to_a_pipe_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.ldac")

    def through_the_pipe() -> Corpus:
        writer = threading.Thread(target=(tmp_path / "x.ldac").write_text, args=("1 0:1\n2 0:1 1:2\n",))
        writer.start()
        try:
            return read_corpus(tmp_path / "x.ldac")
        finally:
            writer.join()

    (tmp_path / "x.vocab.txt").write_text("ball\ngod\n")
    (tmp_path / "x.labels.txt").write_text("sport\nfaith\n")
    assert through_the_pipe().vocabulary.tolist() == ["ball", "god"]
    assert through_the_pipe().labels.tolist() == ["sport", "faith"]
    (tmp_path / "x.labels.txt").write_text("sport\n")
    with pytest.raises(FormatError, match="contains 1 labels for 2 documents") as caught:
        through_the_pipe()
    assert caught.value.path == str(tmp_path / "x.labels.txt")


def folder_of(path: Path) -> Path:
    write_corpus(Corpus([[1, 2], [3, 0]], ["a", "b"], splits=["train", "test"]), path)
    (path / "corpus.json").unlink()
    return path


@needs_pipes
@pytest.mark.parametrize("name", ["test.npz", "other.npz"])
def test_a_pipe_among_the_files_of_a_folder_is_not_opened(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "corpus")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(FormatError, match=f"{name}: is not a file, but a pipe or a broken link"):
        read_corpus(folder)


@needs_pipes
@pytest.mark.parametrize(
    "name", ["vocab.txt", "labels.txt", "order.txt", "train_labels.txt", "train_tokens.npz", "corpus.json"]
)
def test_a_pipe_in_place_of_a_list_is_not_opened(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "corpus")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    if name == "vocab.txt":
        with pytest.raises(FormatError, match="its vocabulary is missing"):
            read_corpus(folder)
    else:
        assert read_corpus(folder).labels is None


@needs_pipes
def test_pipes_and_folders_among_texts_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cat\n")
    os.mkfifo(tmp_path / "b.txt")
    (tmp_path / "c.txt").mkdir()
    (tmp_path / "d.npz").mkdir()
    assert read_corpus(tmp_path, text=OPTIONS).names.tolist() == ["a.txt"]


@pytest.mark.parametrize("name", ["corpus", "x.ldac", "x.svmlight", "x.csv", "x.jsonl", "x.tsv", "x.txt"])
@pytest.mark.parametrize("argument", ["vocabulary", "labels"])
def test_a_path_of_no_file_is_not_ignored(tmp_path: Path, name: str, argument: str) -> None:
    write_corpus(Corpus([[1, 2]], ["a", "b"], tokens=[["b", "a", "b"]]), tmp_path / name)
    for file, told in ((tmp_path / "missing", "no file"), (tmp_path, "is a folder, not a file")):
        for given in (file, str(file)):
            with pytest.raises(FileNotFoundError, match=told) as caught:
                read_corpus(tmp_path / name, **{argument: given})
            assert str(file) in str(caught.value)
            assert argument in str(caught.value)


@needs_pipes
def test_a_vocabulary_from_a_pipe(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "corpus")
    os.mkfifo(tmp_path / "words")
    writer = threading.Thread(target=(tmp_path / "words").write_text, args=("ball\ngod\n",))
    writer.start()
    corpus = read_corpus(folder, vocabulary=tmp_path / "words")
    writer.join()
    assert corpus.vocabulary.tolist() == ["ball", "god"]


@pytest.mark.parametrize("format", ["folder", "files"])
def test_a_file_is_no_folder(tmp_path: Path, format: str) -> None:
    with pytest.raises(FormatError, match=f"x.txt: is a file, but the format '{format}' is that of a folder"):
        read(tmp_path / "x.txt", "the cat\n", format=format)


@pytest.mark.parametrize(
    "format", ["csv", "txt", "jsonl", "ldac", "docword", "npz", "matrixmarket", "svmlight1"]
)
def test_a_folder_is_no_file(tmp_path: Path, format: str) -> None:
    with pytest.raises(FormatError, match=f"is a folder, but the format '{format}' is that of a file"):
        read_corpus(tmp_path, format=format)


def test_an_octis_table_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "table").write_text("the cat\ttrain\n")
    assert read_corpus(tmp_path / "table", format="octis").splits.tolist() == ["train"]


def test_the_folder_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("the cat\n")
    monkeypatch.chdir(tmp_path)
    for path in (".", Path(), "./", tmp_path):
        assert read_corpus(path, text=OPTIONS).names.tolist() == ["a.txt"]


def test_a_file_name_that_is_not_in_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cat\n")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("the dog\n")
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(
        FormatError, match=r"the name of the file 'caf.udce9\.txt' is not in UTF-8; rename it"
    ):
        read_corpus(tmp_path, text=OPTIONS)


@pytest.mark.parametrize(
    "limit", [2**31, 2**62, 2**63 - 1, 2**63, 10**30, np.int64(2**63 - 1), np.uint64(2**64 - 1)]
)
@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.txt.gz", "x.ldac"])
def test_limits_of_any_size(tmp_path: Path, limit: int, name: str) -> None:
    (tmp_path / "vocab.txt").write_text("a\nb\nc\n")
    content = {"x.csv": "text\nthe cat\n", "x.ldac": "1 0:1\n"}.get(name, "the cat\n").encode()
    given = {"vocabulary": WORDS} if name == "x.ldac" else {}
    content = gzip.compress(content) if name.endswith(".gz") else content
    assert len(read(tmp_path / name, content, max_bytes=limit, **given)) == 1
