"""Every format: a written corpus is read back unchanged, and errors name the file and the line."""

import gzip
import io
import json
import lzma
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats import FORMATS, FormatError, read_corpus, write_corpus
from hftopic.data.formats.counts import n_used_columns
from hftopic.data.formats.npz import save_counts
from hftopic.data.formats.vocabulary import may_be_heading
from hftopic.data.text import TextOptions

AS_IT_STANDS = TextOptions(lowercase=False, stop_words=None, token_pattern=r"\S+")
COUNTED = {
    "npz": "counts.npz",
    "docword": "docword.small.txt",
    "ldac": "small.ldac",
    "matrixmarket": "small.mtx",
    "svmlight": "small.svmlight",
    "svmlight1": "small.feat",
}
UNSIZED = ("ldac", "svmlight", "svmlight1")  # which do not tell how many columns they have
TEXTUAL = {
    "txt": "small.txt",
    "csv": "small.csv",
    "tsv": "small.tsv",
    "jsonl": "small.jsonl",
    "parquet": "small.parquet",
}


def assert_same(got: Corpus, wanted: Corpus, *, tokens: bool) -> None:
    assert got.shape == wanted.shape
    assert (got.counts - wanted.counts).nnz == 0
    for part in ("vocabulary", "labels", "names", "splits"):
        ours, theirs = getattr(got, part), getattr(wanted, part)
        assert (ours is None) == (theirs is None), part
        assert ours is None or ours.tolist() == theirs.tolist(), part
    if tokens:
        assert got.tokens == wanted.tokens


# All characters except line ends, which no line contains, surrogates (UTF-8 cannot encode them), and NUL.
line_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r\ufeff"), max_size=8)
# Without commas and semicolons: a vocabulary of which every line has one may be a table, and is refused.
words = line_text.filter(
    lambda word: word == word.strip() and len(word.split()) == 1 and not set(word) & set(",;")
) | st.sampled_from(["", '"', "a,b", "#", "1:2", "0", "日本", "naïve", "'", "%"]).filter(bool)


@st.composite
def corpora(draw: st.DrawFn, *, phrases: bool = False, fractions: bool = False) -> Corpus:
    """Small corpora with empty documents, unused words and odd labels; with tokens if counts are integers."""
    spelled = words.map(lambda word: f"of {word} now") if phrases else words
    vocabulary = draw(st.lists(spelled, min_size=1, max_size=5, unique=True))
    documents = draw(st.lists(st.lists(st.sampled_from(vocabulary), max_size=6), min_size=1, max_size=6))
    n = len(documents)

    def values(strategy: st.SearchStrategy[str]) -> list[str] | None:
        return draw(st.none() | st.lists(strategy, min_size=n, max_size=n))

    counts = np.array([[document.count(word) for word in vocabulary] for document in documents])
    labels, names = values(line_text), values(line_text)
    splits = values(st.sampled_from(["train", "valid", "test", "2nd-half"]))
    if fractions:
        return Corpus(counts * np.float32(0.1), vocabulary, labels, names, None, splits)
    return Corpus(counts, vocabulary, labels, names, documents, splits)


def assume_storable(corpus: Corpus, format: str) -> None:
    """Leave out words that an unsized format refuses, because the first may be a heading of the others."""
    refused = format in UNSIZED and may_be_heading(corpus.vocabulary.tolist(), n_used_columns(corpus.counts))
    assume(not refused)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A new empty folder at each call, because hypothesis calls a test many times."""
    return lambda: tmp_path_factory.mktemp("corpus")


odd = pytest.mark.filterwarnings("ignore:.*documents have no label", "ignore:the texts are in")
often = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(corpus=corpora() | corpora(phrases=True) | corpora(fractions=True))
@often
@odd
def test_folder_keeps_everything(fresh: Callable[[], Path], corpus: Corpus) -> None:
    path = fresh() / "corpus"
    write_corpus(corpus, path)
    assert_same(read_corpus(path), corpus, tokens=True)
    for split in set(corpus.splits if corpus.splits is not None else ()):
        assert_same(read_corpus(path, split=split), corpus.split(split), tokens=True)


@pytest.mark.parametrize("format", COUNTED)
@given(corpus=corpora() | corpora(phrases=True))
@often
@odd
def test_counts_are_read_back(fresh: Callable[[], Path], format: str, corpus: Corpus) -> None:
    assume_storable(corpus, format)
    path = fresh() / COUNTED[format]
    write_corpus(corpus, path, format=format)
    detected = None if format != "svmlight1" else "svmlight"
    for chosen in (detected, format):
        assert_same(read_corpus(path, format=chosen), corpus, tokens=False)


@pytest.mark.parametrize("format", ["npz", "matrixmarket", "svmlight"])
@given(corpus=corpora(fractions=True))
@often
@odd
def test_fractions_are_read_back(fresh: Callable[[], Path], format: str, corpus: Corpus) -> None:
    assume_storable(corpus, format)
    path = fresh() / COUNTED[format]
    write_corpus(corpus, path)
    assert_same(read_corpus(path), corpus, tokens=False)


@pytest.mark.parametrize("format", TEXTUAL)
@given(corpus=corpora())
@often
@odd
def test_texts_are_read_back(fresh: Callable[[], Path], format: str, corpus: Corpus) -> None:
    path = fresh() / TEXTUAL[format]
    write_corpus(corpus, path)
    assert_same(read_corpus(path, vocabulary=corpus.vocabulary, text=AS_IT_STANDS), corpus, tokens=True)


@given(corpus=corpora())
@often
@odd
def test_octis_is_read_back(fresh: Callable[[], Path], corpus: Corpus) -> None:
    folder = fresh()
    odd = corpus.splits is not None and "2nd-half" in corpus.splits
    if odd or (corpus.splits is None and corpus.labels is not None):
        with pytest.raises(FormatError, match="OCTIS"):
            write_corpus(corpus, folder / "corpus.tsv")
        assert not list(folder.iterdir())
        return
    write_corpus(corpus, folder / "corpus.tsv")
    assert_same(read_corpus(folder), corpus, tokens=True)
    assert_same(read_corpus(folder / "corpus.tsv"), corpus, tokens=True)


@pytest.mark.parametrize("ending", [".gz", ".xz", ".bz2"])
@pytest.mark.parametrize(
    "name", [name for name in (*COUNTED.values(), *TEXTUAL.values()) if not name.endswith(("npz", "parquet"))]
)
def test_compressed_files(tmp_path: Path, name: str, ending: str) -> None:
    corpus = Corpus(
        [[1, 2], [0, 1]], ["ball", "team"], ["x", "y"], None, [["team", "ball", "team"], ["team"]]
    )
    path = tmp_path / (name + ending)
    write_corpus(corpus, path)
    options = {"vocabulary": corpus.vocabulary, "text": AS_IT_STANDS} if name in TEXTUAL.values() else {}
    assert_same(read_corpus(path, **options), corpus, tokens=bool(options))
    before = path.read_bytes()
    write_corpus(corpus, path)
    assert path.read_bytes() == before
    path.write_bytes(before[:-6])
    with pytest.raises(FormatError, match=f"damaged|cut off|{ending[1:]}"):
        read_corpus(path, **options)


@pytest.mark.parametrize("format", [*COUNTED, *TEXTUAL, "octis"])
def test_labels_that_fit_on_no_line(tmp_path: Path, format: str) -> None:
    odd = Corpus([[1], [0]], ["ball"], ["a\nb", 'c\r"'], None, [["ball"], []], ["train", "test"])
    name = {**COUNTED, **TEXTUAL, "octis": "corpus.tsv"}[format]
    if format in {"csv", "tsv", "jsonl", "parquet", "octis"}:
        write_corpus(odd, tmp_path / name, format=format)
        assert read_corpus(tmp_path / name, vocabulary=["ball"]).labels.tolist() == odd.labels.tolist()
    else:
        with pytest.raises(FormatError, match=r"cannot store label 0, 'a\\nb'"):
            write_corpus(odd, tmp_path / name, format=format)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"vocabulary": ["a\nb", "c"]}, "contains a line break"),
        ({"vocabulary": [" a", "c"]}, "spaces around words are lost"),
        ({"splits": ["../train", "test"]}, "cannot store the split"),
        ({"splits": ["train", "Train"]}, "same name"),
        ({"splits": ["counts", "train"]}, "cannot store the split"),
    ],
)
def test_folder_refuses_what_it_cannot_hold(tmp_path: Path, change: dict[str, list[str]], told: str) -> None:
    corpus = Corpus([[1, 0], [0, 1]], **{"vocabulary": ["a", "b"], **change})
    with pytest.raises(FormatError, match=told):
        write_corpus(corpus, tmp_path / "corpus")
    assert not list(tmp_path.iterdir())


def test_writing_never_takes_the_place_of_other_things(tmp_path: Path) -> None:
    corpus = Corpus([[1]], ["a"])
    (tmp_path / "thesis.tex").write_text("chapter one")
    with pytest.raises(FileExistsError, match=r"contains 'thesis\.tex'"):
        write_corpus(corpus, tmp_path)
    (tmp_path / "a").write_text("")
    with pytest.raises(FileExistsError, match="is a file"):
        write_corpus(corpus, tmp_path / "a", format="folder")
    (tmp_path / "a.labels.txt").write_text("x\n")
    with pytest.raises(FileExistsError, match="read as the labels"):
        write_corpus(corpus, tmp_path / "a.mtx")
    assert {file.name for file in tmp_path.iterdir()} == {"thesis.tex", "a", "a.labels.txt"}
    with pytest.raises(FileNotFoundError, match="create it first"):
        write_corpus(corpus, tmp_path / "no" / "where.mtx")
    write_corpus(corpus, tmp_path / "corpus")
    write_corpus(Corpus([[2]], ["b"]), tmp_path / "corpus")
    assert read_corpus(tmp_path / "corpus").vocabulary.tolist() == ["b"]


def test_text_needs_the_order_of_words(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="not the order of words"):
        write_corpus(Corpus([[1]], ["a"]), tmp_path / "a.txt")
    with pytest.raises(FormatError, match="contains a space"):
        write_corpus(Corpus([[1]], ["new york"], tokens=[["new york"]]), tmp_path / "a.txt")


@pytest.mark.parametrize("format", ["docword", "ldac"])
def test_whole_counts_only(tmp_path: Path, format: str) -> None:
    with pytest.raises(FormatError, match=r"integer counts, not 0\.5"):
        write_corpus(Corpus([[0.5]], ["a"]), tmp_path / COUNTED[format])


# Damaged files: name, content, line and text of the error. The vocabulary is always "a", "b" and "c".
BROKEN = {
    "docword, header": ("docword.x.txt", "2\nthree\n1\n1 1 1\n", 2, "expected the number of words"),
    "docword, empty": ("docword.x.txt", "", 1, "expected the number of documents"),
    "docword, other words": ("docword.x.txt", "2\n4\n1\n1 1 1\n", 2, "declares 4 words"),
    "docword, cut off": ("docword.x.txt", "2\n3\n2\n1 1 1\n", 3, "declares 2 entries but contains 1"),
    "docword, half a line": ("docword.x.txt", "2\n3\n2\n1 1 1\n1 2\n", 5, "got '1 2'"),
    "docword, all half lines": ("docword.x.txt", "2\n3\n2\n1 1\n1 2\n", 4, "got '1 1'"),
    "docword, too many": ("docword.x.txt", "2\n3\n1\n1 1 1\n1 2 1\n", 3, "but contains more"),
    "docword, document": ("docword.x.txt", "2\n3\n2\n1 1 1\n3 2 1\n", 5, "document id 3 is not from 1 to 2"),
    "docword, word 0": ("docword.x.txt", "2\n3\n2\n1 1 1\n\n2 0 1\n", 6, "word id 0 is not from 1 to 3"),
    "docword, negative": ("docword.x.txt", "2\n3\n1\n1 1 -1\n", 4, "got '1 1 -1'"),
    "docword, fraction": ("docword.x.txt", "2\n3\n1\n1 1 1.5\n", 4, "got"),
    "docword, not ASCII": ("docword.x.txt", b"2\n3\n1\n1 1 \xff\n", 4, "got"),
    "docword, enormous number": ("docword.x.txt", f"2\n3\n1\n1 1 {10**30}\n", 4, "got"),
    "docword, enormous": ("docword.x.txt", f"{10**15}\n3\n1\n1 1 1\n", 1, "but has only 1 entries"),
    "docword, enormous entries": ("docword.x.txt", f"2\n3\n{10**15}\n1 1 1\n", 3, "contains 1: is"),
    "ldac, form": ("x.ldac", "1 0:1\n1 0=1\n", 2, "expected 'M word:count"),
    "ldac, three numbers": ("x.ldac", "2 0:1:2 1\n", 1, "expected 'M word:count"),
    "ldac, M": ("x.ldac", "1 0:1\n2 0:1\n", 2, "declares 2 words but contains 1"),
    "ldac, word": ("x.ldac", "1 0:1\n\n1 3:1\n", 3, "word id 3 is not from 0 to 2"),
    "ldac, enormous": ("x.ldac", f"1 {10**30}:1\n", 1, "too large"),
    "ldac, not UTF-8": ("x.ldac", b"1 0:1\n\xff\n", 2, "not utf-8"),
    "mtx, banner": ("x.mtx", "%MatrixMarket\n", 1, "starts with"),
    "mtx, size": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate integer general\n%\n2 3\n",
        3,
        "expected the num",
    ),
    "mtx, cut off": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate integer general\n2 3 2\n1 1 1\n",
        2,
        "declares 2 entries but contains 1",
    ),
    "mtx, enormous": (
        "x.mtx",
        f"%%MatrixMarket matrix coordinate integer general\n{10**15} 3 1\n1 1 1\n",
        2,
        "but has only 1 entries",
    ),
    "mtx, enormous entries": (
        "x.mtx",
        f"%%MatrixMarket matrix coordinate integer general\n2 3 {10**15}\n1 1 1\n",
        2,
        "but contains 1",
    ),
    "mtx, transposed": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate integer general\n3 2 1\n1 1 1\n",
        2,
        "looks transposed",
    ),
    "mtx, place": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate integer general\n2 3 2\n1 1 1\n1 4 1\n",
        4,
        "column id 4 is not from 1 to 3",
    ),
    "mtx, letters": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate integer general\n2 3 1\n1 a 1\n",
        3,
        "got '1 a 1'",
    ),
    "mtx, negative": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate integer general\n2 3 1\n1 1 -1\n",
        3,
        "counts >= 0 that are whole numbers, got '1 1 -1'",
    ),
    "mtx, NaN": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 nan\n",
        3,
        "got '1 1 nan'",
    ),
    "mtx, complex": (
        "x.mtx",
        "%%MatrixMarket matrix coordinate complex general\n2 3 1\n1 1 1 1\n",
        1,
        "the numbers must be real or .* not 'complex'",
    ),
    "svmlight, form": ("x.feat", "1 0:1\n1 0:x\n", 2, "expected 'label word:count"),
    "svmlight, negative": ("x.feat", "1 0:1 1:-2\n", 1, "counts >= 0"),
    "svmlight, NaN": ("x.feat", "1 0:nan\n", 1, "counts >= 0"),
    "svmlight, both bases": ("x.feat", "1 0:1\n1 3:1\n", 2, "word id 3 is not from 0 to 2"),
    "svmlight, beyond": ("x.feat", "1 1:1\n1 4:1\n", 2, "word id 4 is not from 1 to 3"),
    "svmlight, either base": ("x.feat", "1 1:1 2:1\n", None, "svmlight0"),
    "svmlight, said otherwise": (
        "x.feat",
        "# Column indices are one-based\n1 0:1\n",
        2,
        "word id 0 is not from 1",
    ),
    "npz, no zip": ("x.npz", b"nothing", None, "not a valid .npz file"),
    "npz, pickle": ("x.npz", pickle.dumps([1]), None, "not a valid .npz file"),
    "csv, quote": ("x.csv", 'text\nfine\n"never\nends\n', 3, "must end with a quote"),
    "csv, fields": ("x.csv", "text,label\nfine,1\n\nonly\n", 4, "1 fields for 2 columns"),
    "csv, no text": (
        "x.csv",
        "content,label\nfine,1\n",
        1,
        "text column as text_column=. The columns are 'content', 'label'",
    ),
    "csv, twice": ("x.csv", "text,text\nfine,1\n", 1, "duplicate column"),
    "csv, not UTF-8": ("x.csv", b"text\nfine\ncaf\xe9\n", 3, "not utf-8"),
    "csv, empty": ("x.csv", "", None, "there are no texts and no header row"),
    "tsv, fields": ("x.tsv", "text\tlabel\nfine\t1\t2\n", 2, "3 fields for 2"),
    "txt, not UTF-8": ("x.txt", b"fine\ncaf\xe9\n", 2, "not utf-8"),
    "txt, empty": ("x.txt", "", None, "no texts"),
    "jsonl, cut off": ("x.jsonl", '{"text": "a"}\n{"text": "b"', 2, "not JSON"),
    "jsonl, list": ("x.jsonl", '{"text": "a"}\n\n["b"]\n', 3, "expected an object"),
    "jsonl, null": ("x.jsonl", '{"text": "a"}\n{"text": null}\n', 2, "is None, not a string"),
    "jsonl, number": ("x.jsonl", '{"text": 1}\n', 1, "is 1, not a string"),
    "jsonl, nested": ("x.jsonl", "[" * 100_000, 1, "not JSON"),
    "jsonl, label late": (
        "x.jsonl",
        '{"text": "a"}\n{"text": "b", "label": 1}\n',
        2,
        "which earlier lines do not have",
    ),
    "jsonl, no text": ("x.jsonl", '{"content": "a"}\n', 1, "no column 'text'"),
    "parquet, nothing": ("x.parquet", b"nothing", None, "not a valid Parquet file"),
    "octis, columns": (
        "corpus.tsv",
        "a b\ttrain\t1\na\ttrain\n",
        2,
        "has 2 columns, but the first row has 3",
    ),
    "octis, empty": ("corpus.tsv", "", None, "there are no texts"),
    "octis, split": ("corpus.tsv", "a b\ttrain\t1\na\tfold1\t1\n", 2, "'fold1'"),
    "octis, word": ("corpus.tsv", "a b\ttrain\na d\ttrain\n", 2, "the word 'd' is not"),
    "unknown name": ("x.bin", b"nothing", None, "pass format= with one of folder"),
    "looks like docword": ("x.txt", "2\n3\n1\n1 1 1\n", None, "pass format='docword' or 'txt'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_say_where(tmp_path: Path, case: str) -> None:
    name, content, line, told = BROKEN[case]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "vocab.txt").write_text("a\nb\nc\n")
    with pytest.raises(FormatError, match=told) as caught:
        read_corpus(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert str(path) in str(caught.value)
    assert line is None or f"line {line}" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        ("a\n\nb\n", 2, "blank"),
        ("a\nb\na\n", 3, "also on line 1"),
        (b"a\n\xff\n", 2, "not utf-8"),
        ("\n\n", None, "no words"),
    ],
)
def test_broken_vocabularies_say_where(
    tmp_path: Path, content: str | bytes, line: int | None, told: str
) -> None:
    (tmp_path / "x.ldac").write_text("1 0:1\n")
    vocabulary = tmp_path / "x.vocab.txt"
    vocabulary.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(FormatError, match=told) as caught:
        read_corpus(tmp_path / "x.ldac")
    assert (caught.value.path, caught.value.line) == (str(vocabulary), line)


def test_counts_without_words_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.ldac").write_text("1 0:1\n")
    with pytest.raises(
        FormatError, match=r"none of x\.vocab\.txt, .* was found next to the file\. Add .* as vocabulary="
    ):
        read_corpus(tmp_path / "x.ldac")
    assert read_corpus(tmp_path / "x.ldac", vocabulary=["a", "b"]).vocabulary.tolist() == ["a", "b"]
    (tmp_path / "words").write_text("c\nd\n\n")
    assert read_corpus(tmp_path / "x.ldac", vocabulary=tmp_path / "words").vocabulary.tolist() == ["c", "d"]


def test_words_asked_for_are_matched_by_spelling(tmp_path: Path) -> None:
    corpus = Corpus([[1, 2, 0], [0, 1, 3]], ["a", "b", "c"], tokens=[["b", "a", "b"], ["c", "b", "c", "c"]])
    write_corpus(corpus, tmp_path / "x.mtx")
    write_corpus(corpus, tmp_path / "folder")
    write_corpus(corpus, tmp_path / "corpus.tsv")
    for name in ("x.mtx", "folder", "corpus.tsv"):
        got = read_corpus(tmp_path / name, vocabulary=["c", "z", "b"])
        assert got.counts.toarray().tolist() == [[0, 0, 2], [3, 0, 1]]
    assert got.tokens == (("b", "b"), ("c", "b", "c", "c"))


class Bomb:
    """Object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("member", ["data", "indices", "shape", "stray"])
def test_pickles_are_never_opened(tmp_path: Path, member: str) -> None:
    arrays = {
        "data": np.ones(1),
        "indices": np.zeros(1, dtype=int),
        "indptr": np.array([0, 1]),
        "shape": np.array([1, 1]),
        "format": np.array(b"csr"),
    }
    np.savez(tmp_path / "x.npz", **{**arrays, member: np.array([Bomb()], dtype=object)})
    with pytest.raises(FormatError, match="Python objects, which are never loaded"):
        read_corpus(tmp_path / "x.npz", vocabulary=["a"])


def npz_of(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{name: np.asarray(array) for name, array in arrays.items()})
    return stream.getvalue()


CSR = {"format": b"csr", "shape": [1, 2], "data": [1.0], "indices": [1], "indptr": [0, 1]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"shape": [10**15, 2]}, "but has only 1 entries"),
        ({"shape": [5, 2]}, "valid sparse matrix"),
        ({"shape": [1, 3]}, "3 columns but the vocabulary has 2"),
        ({"shape": [2, 1]}, "looks transposed"),
        ({"shape": [1]}, "does not contain a sparse matrix"),
        ({"indices": [2]}, "valid sparse matrix"),
        ({"indices": [-1]}, "valid sparse matrix"),
        ({"indptr": [0, 9]}, "valid sparse matrix"),
        ({"indptr": [1, 0]}, "valid sparse matrix"),
        ({"indices": [0.5]}, "valid sparse matrix"),
        ({"data": [-1.0]}, "the value -1.0"),
        ({"data": [np.nan]}, "NaN"),
        ({"data": ["a"]}, "numbers|valid sparse matrix"),
        ({"format": b"xyz"}, "valid sparse matrix"),
    ],
)
def test_broken_matrices(tmp_path: Path, change: dict[str, object], told: str) -> None:
    (tmp_path / "x.npz").write_bytes(npz_of(**{**CSR, **change}))
    with pytest.raises(FormatError, match=told):
        read_corpus(tmp_path / "x.npz", vocabulary=["a", "b"])


def test_array_larger_than_its_file(tmp_path: Path) -> None:
    """The declared size of an array is compared with the number of bytes before memory is allocated."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
    (tmp_path / "x.npz").write_bytes(npz_of(**CSR))
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr("extra.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(FormatError, match="declares an array"):
        read_corpus(tmp_path / "x.npz", vocabulary=["a", "b"])


@given(position=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.booleans())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_matrix_is_an_error_or_the_same(tmp_path: Path, position: int, value: int, cut: bool) -> None:
    """One byte is changed or the file is truncated: checksums detect it, or the counts are unchanged."""
    corpus = Corpus([[1, 2], [0, 3]], ["a", "b"])
    path = tmp_path / "x.npz"
    save_counts(path, corpus.counts)
    content = bytearray(path.read_bytes())
    position %= len(content)
    content[position] = value
    path.write_bytes(content[:position] if cut else content)
    try:
        got = read_corpus(path, vocabulary=["a", "b"])
    except FormatError:
        return
    assert_same(got, corpus, tokens=True)


def folder_of(path: Path) -> Path:
    corpus = Corpus(
        [[1, 2], [0, 1], [3, 0]],
        ["a", "b"],
        ["x", "y", "x"],
        ["1", "2", "3"],
        [["b", "a", "b"], ["b"], ["a", "a", "a"]],
        ["train", "test", "train"],
    )
    write_corpus(corpus, path)
    (path / "corpus.json").unlink()  # as if another program had written the folder
    return path


FOLDER_DAMAGE = {
    "labels short": ("train_labels.txt", b"0\n", "contains 1 labels for 2 documents"),
    "label unknown": ("train_labels.txt", b"0\n7\n", "train_labels.txt, line 2: the label '7'"),
    "names not UTF-8": ("test_names.txt", b"\xff\n", "not utf-8"),
    "words cut off": ("vocab.txt", b"a\n", "2 columns but the vocabulary has 1"),
    "order": ("order.txt", b"0\n0\n1\n", "permutation of 0 to 2"),
    "tokens pickled": ("train_tokens.npz", npz_of(ids=[0], ends=[1]), "'ends' must contain 2 non-decreasing"),
    "tokens backwards": (
        "train_tokens.npz",
        npz_of(ids=[0], ends=[1, 0]),
        "'ends' must contain 2 non-decreasing",
    ),
    "tokens beyond": ("train_tokens.npz", npz_of(ids=[0], ends=[1, 2]), "'ends' is 2, but there are 1 'ids'"),
    "tokens unknown": ("train_tokens.npz", npz_of(ids=[0, 5], ends=[1, 2]), "all 'ids' must be from 0 to 1"),
    "tokens other": ("train_tokens.npz", npz_of(ids=[0, 1], ends=[1, 2]), "tokens and counts do not match"),
    "tokens without ends": ("train_tokens.npz", npz_of(ids=[0, 1]), "two integer arrays, 'ids' and 'ends'"),
}


@pytest.mark.parametrize("case", FOLDER_DAMAGE)
def test_damaged_folder(tmp_path: Path, case: str) -> None:
    name, content, told = FOLDER_DAMAGE[case]
    folder = folder_of(tmp_path / "corpus")
    (folder / name).write_bytes(content)
    with pytest.raises(FormatError, match=told):
        read_corpus(folder)


def test_folder_with_labels_for_some(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "corpus")
    (folder / "test_labels.txt").unlink()
    with pytest.raises(FormatError, match="labels for train but not for test"):
        read_corpus(folder)
    assert read_corpus(folder, split="train").labels.tolist() == ["x", "x"]
    with pytest.raises(FormatError, match="no split 'dev'; the splits are 'train', 'test'"):
        read_corpus(folder, split="dev")
    assert read_corpus(folder, labels=["1", "2", "3"]).labels.tolist() == ["1", "2", "3"]


def test_line_ends_byte_order_marks_and_blank_lines(tmp_path: Path) -> None:
    """Windows files are read like others; if each line is a document, a blank line is an empty document."""
    (tmp_path / "x.txt").write_bytes(b"\xef\xbb\xbfball team\r\n\r\nball\r\n")
    corpus = read_corpus(tmp_path / "x.txt", text=TextOptions(min_df=1, max_df=1.0))
    assert corpus.tokens == (("ball", "team"), (), ("ball",))
    (tmp_path / "x.csv").write_bytes(b'\xef\xbb\xbftext,label\r\n\r\n"ball\r\nteam",1\r\nball,2\r\n')
    corpus = read_corpus(tmp_path / "x.csv", text=TextOptions(min_df=1, max_df=1.0))
    assert (corpus.tokens, corpus.labels.tolist()) == ((("ball", "team"), ("ball",)), ["1", "2"])
    (tmp_path / "docword.x.txt").write_bytes(b"\xef\xbb\xbf2\r\n2\r\n2\r\n1 1 3\r\n\r\n2 2 1\r\n\r\n")
    (tmp_path / "vocab.x.txt").write_bytes("\ufeffball\r\nteam\r\n\r\n".encode())
    corpus = read_corpus(tmp_path / "docword.x.txt")
    assert corpus.vocabulary.tolist() == ["ball", "team"]
    assert corpus.counts.toarray().tolist() == [[3, 0], [0, 1]]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "shift_jis"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    word = "日本" if encoding == "shift_jis" else "café"
    (tmp_path / "x.txt").write_bytes(f"{word} one\r\n{word} two\r\n".encode(encoding))
    options = TextOptions(min_df=1, max_df=1.0, token_pattern=r"\w+")
    corpus = read_corpus(tmp_path / "x.txt", encoding=encoding, text=options)
    assert word in corpus.vocabulary
    assert len(corpus) == 2
    with pytest.raises(LookupError, match="utf-eight"):
        read_corpus(tmp_path / "x.txt", encoding="utf-eight")


def test_utf_16_cut_off_says_the_line(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes("ball\nteam".encode("utf-16")[:-1])
    with pytest.raises(FormatError, match="not utf-16") as caught:
        read_corpus(tmp_path / "x.txt", encoding="utf-16")
    assert caught.value.line == 2


def test_columns_by_name(tmp_path: Path) -> None:
    rows = [{"id": 7, "body": "ball team", "topic": "sport"}, {"id": 8, "body": "ball", "topic": "game"}]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = {"text": TextOptions(min_df=1, max_df=1.0), "name_column": "id", "label_column": "topic"}
    corpus = read_corpus(tmp_path / "x.jsonl", text_column="body", **options)
    assert (corpus.names.tolist(), corpus.labels.tolist()) == (["7", "8"], ["sport", "game"])
    with pytest.raises(FormatError, match="no column 'bdy'; did you mean 'body'\\? The columns are 'id', "):
        read_corpus(tmp_path / "x.jsonl", text_column="bdy", **options)
    with pytest.raises(FormatError, match=r"no column 'zzz'\. The columns are 'id', 'body', 'topic'$"):
        read_corpus(tmp_path / "x.jsonl", text_column="zzz", **options)
    (tmp_path / "y.jsonl").write_text("{}")
    with pytest.raises(FormatError, match=r"as text_column=\. There are no columns$"):
        read_corpus(tmp_path / "y.jsonl")


def test_separators_in_the_name_of_a_lone_column(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("words; all\nball team\n")
    corpus = read_corpus(tmp_path / "x.csv", text_column="words; all", text=TextOptions(min_df=1, max_df=1.0))
    assert corpus.tokens == (("ball", "team"),)


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.tsv", "x.jsonl", "corpus.tsv"])
def test_no_texts_in_terms_of_a_model(tmp_path: Path, name: str) -> None:
    """The error names the empty file, and no corpus without documents reaches a model."""
    (tmp_path / name).write_text("text\n" if name == "x.csv" else "")
    with pytest.raises(FormatError, match=f"{name}: .*there are no texts"):
        read_corpus(tmp_path / name, vocabulary=["ball", "team"])


def test_documents_longer_than_the_csv_module_takes(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\n" + "ball " * 50_000 + "\nteam\n")
    corpus = read_corpus(tmp_path / "x.csv", text=TextOptions(min_df=1))
    assert corpus.counts[:, [0]].toarray().ravel().tolist() == [50_000, 0]


def test_folder_of_texts(tmp_path: Path) -> None:
    for name, text in {"sport/b.txt": "ball\nteam", "sport/a.txt": "ball", "faith/c.txt": "god"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "d.txt").write_text("no")
    (tmp_path / "README").write_text("no")
    corpus = read_corpus(tmp_path, text=TextOptions(min_df=1, max_df=1.0))
    assert corpus.names.tolist() == ["faith/c.txt", "sport/a.txt", "sport/b.txt"]
    assert corpus.labels.tolist() == ["faith", "sport", "sport"]
    assert corpus.tokens == (("god",), ("ball",), ("ball", "team"))
    (tmp_path / "e.txt").write_text("ball")
    assert read_corpus(tmp_path, text=TextOptions(min_df=1, max_df=1.0)).labels is None


def test_folder_with_a_text_file_a_split(tmp_path: Path) -> None:
    with lzma.open(tmp_path / "train.jsonl.xz", "wt") as stream:
        stream.write('{"text": "ball team", "label": 1}\n{"text": "ball", "label": 0}\n')
    with gzip.open(tmp_path / "test.jsonl.gz", "wt") as stream:
        stream.write('{"text": "team god", "label": 1}\n')
    (tmp_path / "labels.txt").write_text("faith\nsport\n")
    options = TextOptions(min_df=1, max_df=1.0)
    corpus = read_corpus(tmp_path, text=options)
    assert corpus.labels.tolist() == ["sport", "faith", "sport"]
    assert corpus.splits.tolist() == ["train", "train", "test"]
    assert read_corpus(tmp_path, split="train", text=options).vocabulary.tolist() == ["ball", "team"]
    (tmp_path / "train.csv").write_text("text\nball\n")
    with pytest.raises(FormatError, match=r"train\.csv and train\.jsonl\.xz both contain the split 'train'"):
        read_corpus(tmp_path)


def test_octis_words_between_spaces(tmp_path: Path) -> None:
    (tmp_path / "corpus.tsv").write_text("b a b\tval\tx\n\tval\tx\n")
    corpus = read_corpus(tmp_path)
    assert corpus.vocabulary.tolist() == ["a", "b"]
    assert corpus.splits.tolist() == ["valid", "valid"]
    assert corpus.tokens == (("b", "a", "b"), ())


def test_svmlight_without_a_label_worth_keeping(tmp_path: Path) -> None:
    (tmp_path / "x.svm").write_text("# a comment\n0 0:1 2:0.5 # another\n0 qid:3 1:2\n")
    corpus = read_corpus(tmp_path / "x.svm", vocabulary=["a", "b", "c"])
    assert corpus.labels is None
    assert corpus.counts.toarray().tolist() == [[1, 0, 0.5], [0, 2, 0]]
    (tmp_path / "y.svm").write_text("-1 1:1\n+1 3:2\n")
    corpus = read_corpus(tmp_path / "y.svm", vocabulary=["a", "b", "c"])
    assert corpus.labels.tolist() == ["-1", "+1"]
    assert corpus.counts.toarray().tolist() == [[1, 0, 0], [0, 0, 2]]


def test_arguments_of_no_use_are_errors(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "corpus")
    with pytest.raises(ValueError, match="text= has no effect"):
        read_corpus(folder, text=TextOptions())
    with pytest.raises(ValueError, match="text_column= has no effect"):
        read_corpus(folder, text_column="body")
    for wrong, near in {
        "docwrod": "docword",
        "CSV": "csv",
        "mtx": "matrixmarket",
        "LibSVM": "svmlight",
    }.items():
        with pytest.raises(ValueError, match=rf"'{wrong}'; did you mean '{near}'\? The formats are folder, "):
            read_corpus(folder, format=wrong)
    with pytest.raises(ValueError, match=r"no format 'foo'\. The formats are folder, "):
        read_corpus(folder, format="foo")
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        read_corpus(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="only be read"):
        write_corpus(read_corpus(folder), tmp_path / "x", format="files")
    with pytest.raises(ValueError, match="cannot be determined from the name"):
        write_corpus(read_corpus(folder), tmp_path / "x.bin")
    with pytest.raises(TypeError, match="takes a Corpus first"):
        write_corpus(tmp_path / "x.mtx", read_corpus(folder))


def test_ambiguous_folders(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "corpus")
    (folder / "corpus.tsv").write_text("a\n")
    with pytest.raises(FormatError, match=r"\.npz files and corpus\.tsv"):
        read_corpus(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match="contains no"):
        read_corpus(tmp_path / "empty")


@pytest.mark.parametrize("format", [name for name, each in FORMATS.items() if each.write])
def test_a_failed_write_leaves_what_was_there(tmp_path: Path, format: str) -> None:
    name = {
        **COUNTED,
        **TEXTUAL,
        "octis": "corpus.tsv",
        "svmlight0": "x.svm",
        "folder": "corpus",
        "shards": "shards",
    }[format]
    path = tmp_path / name
    tokens = [["team", "ball", "team"], ["team"]]
    write_corpus(Corpus([[1, 2], [0, 1]], ["ball", "team"], None, None, tokens), path, format=format)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    cut = "ball\ud800"  # a Corpus refuses it
    words, tokens = np.array([cut, "team"], dtype=object), (("team", cut, "team"), ("team",))
    bad = Corpus([[1]], ["a"])._with(
        counts=sp.csr_array(np.float32([[1, 2], [0, 1]])), vocabulary=words, tokens=tokens
    )
    with pytest.raises(CorpusError):
        write_corpus(bad, path, format=format)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("name", "shape", "labels"),
    [
        ("20ng_avitm1995", (18747, 1995), 20),
        ("20ng_ecrtm5000", (18846, 5000), 20),
        ("20ng_full61188", (18774, 61188), 20),
        ("20ng_nvdm2000", (18774, 2000), 20),
        ("agnews", (12500, 5000), 4),
        ("ap", (2246, 10473), 0),
        ("dblp", (54595, 1513), 4),
        ("short_searchsnippets", (12295, 4720), 8),
    ],
)
def test_real_corpora(
    shared_corpus: Callable[[str], Path], name: str, shape: tuple[int, int], labels: int
) -> None:
    corpus = read_corpus(shared_corpus(name))
    assert corpus.shape == shape
    assert labels == (0 if corpus.labels is None else len(set(corpus.labels)))
    assert_same(read_corpus(shared_corpus(name), split="test"), corpus.split("test"), tokens=True)


def test_real_texts(shared_corpus: Callable[[str], Path]) -> None:
    corpus = read_corpus(
        shared_corpus("20ng_raw"), split="test", name_column="id", text=TextOptions(min_df=20)
    )
    assert len(corpus) == 7532
    assert {"rec.autos", "sci.med"} < set(corpus.labels)
    assert {"windows", "hockey"} < set(corpus.vocabulary)


def test_words_given_name_the_columns_of_a_folder_that_has_none(tmp_path: Path) -> None:
    write_corpus(Corpus([[1, 2]], ["a", "b"]), tmp_path / "folder")
    (tmp_path / "folder" / "vocab.txt").unlink()
    assert read_corpus(tmp_path / "folder", vocabulary=["x", "y"]).vocabulary.tolist() == ["x", "y"]
    with pytest.raises(CorpusError, match="2 columns"):
        read_corpus(tmp_path / "folder", vocabulary=["x"])
