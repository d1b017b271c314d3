"""Text files as users have them: line ends, encodings, missing values, other kinds of files, and pipes."""

import json
import pickle
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats import FormatError, read_corpus, write_corpus
from hftopic.data.text import TextOptions, corpus_from_texts

OPTIONS = TextOptions(min_df=1, max_df=1.0, stop_words=None)
WORDS = ["a", "b", "c"]


def read(path: Path, content: str | bytes, **given: Any) -> Corpus:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if "vocabulary" not in given:
        given["text"] = OPTIONS
    return read_corpus(path, **given)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_line_ends_and_encodings(tmp_path: Path, end: str, mark: str, codec: str) -> None:
    if codec == "latin-1" and mark:
        pytest.skip("Latin-1 has no byte order mark")
    lines = ["the cat sat", "dogs ran far", "birds sang"]
    content = (mark + end.join([*lines, ""])).encode(codec)
    assert read(tmp_path / "x.txt", content, encoding=codec).tokens == tuple(tuple(x.split()) for x in lines)
    table = (mark + end.join(["text,label", *(f"{line},{line[:4]}" for line in lines), ""])).encode(codec)
    corpus = read(tmp_path / "x.csv", table, encoding=codec)
    assert corpus.labels.tolist() == ["the ", "dogs", "bird"]
    counts = (mark + end.join(["1 0:2", "2 1:1 2:3", ""])).encode(codec)
    corpus = read(tmp_path / "x.ldac", counts, encoding=codec, vocabulary=WORDS)
    assert corpus.counts.toarray().tolist() == [[2, 0, 0], [0, 1, 3]]


@pytest.mark.parametrize(
    ("codec", "told"),
    [
        ("utf-16", "is in UTF-16; pass encoding='utf-16'"),
        ("utf-16-le", "pass encoding='utf-16-le'"),
        ("utf-16-be", "pass encoding='utf-16-be'"),
        ("utf-32", "is in UTF-32; pass encoding='utf-32'"),
        ("utf-32-le", "pass encoding='utf-32-le'"),
        ("utf-32-be", "pass encoding='utf-32-be'"),
    ],
)
@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.jsonl", "x.ldac", "x.svmlight", "corpus.tsv"])
def test_wide_encodings_are_named(tmp_path: Path, codec: str, told: str, name: str) -> None:
    with pytest.raises(FormatError, match=told):
        read(tmp_path / name, "text\nthe cat\nthe dog\n".encode(codec), vocabulary=WORDS)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("x.txt", "the cat\ndogs\rran\n", 2),
        ("x.csv", "text\nthe cat\ndogs\rran\n", 3),
        ("x.ldac", "1 0:1\n1 0:1\r1 0:1\n", 2),
        ("x.jsonl", '{"text": "a"}\r{"text": "b"}\n', 1),
    ],
)
def test_mixed_line_ends(tmp_path: Path, name: str, content: str, line: int) -> None:
    with pytest.raises(FormatError, match="line ends are mixed") as caught:
        read(tmp_path / name, content, vocabulary=WORDS)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("x.txt", "text"),
        ("x.csv", "text"),
        ("x.jsonl", '{"text": "a"}'),
        ("x.ldac", "1 0:1"),
        ("x.svmlight", "1 0:1"),
        ("corpus.tsv", "a b"),
    ],
)
def test_nul_is_no_text(tmp_path: Path, name: str, first: str) -> None:
    with pytest.raises(FormatError, match="line 2: contains the character NUL"):
        read(tmp_path / name, f"{first}\ntext of a \0 line\n", vocabulary=WORDS)


def test_nul_is_not_written(tmp_path: Path) -> None:
    corpus = Corpus([[1]], ["a\0b"], labels=["x"], tokens=[["a\0b"]])
    for name in ("x.txt", "x.csv", "x.jsonl", "x.parquet", "x.ldac", "folder", "corpus.tsv"):
        with pytest.raises(FormatError, match="the character NUL"):
            write_corpus(corpus, tmp_path / name)


CUT = {
    "x.txt": "the cat\nthe dog",
    "x.csv": "text,label\nthe cat,1\nthe dog,12",
    "x.tsv": "text\tlabel\nthe cat\t1\nthe dog\t12",
    "corpus.tsv": "a b\ttrain\t1\nb c\ttest\t12",
    "x.ldac": "1 0:1\n1 2:12",
    "x.svmlight": "1 0:1\n1 2:12",
    "x.mtx": "%%MatrixMarket matrix coordinate integer general\n2 3 2\n1 1 1\n2 3 12",
    "docword.x.txt": "2\n3\n2\n1 1 1\n2 3 12",
}


@pytest.mark.parametrize("name", CUT)
def test_a_last_line_that_may_be_cut_off(tmp_path: Path, name: str) -> None:
    """The line is read, with a warning that names the file, the line, and the line of the caller."""
    of_text = name.endswith(("x.txt", ".csv", "x.tsv")) and "docword" not in name
    given: dict[str, Any] = {"text": OPTIONS} if of_text else {"vocabulary": WORDS}
    (tmp_path / name).write_text(CUT[name])
    line = CUT[name].count("\n") + 1
    with pytest.warns(UserWarning, match=rf"{name}, line {line}: the last line has no line end") as caught:
        cut = read_corpus(tmp_path / name, **given)
    assert caught[0].filename == __file__
    (tmp_path / name).write_text(CUT[name] + "\n")
    assert read_corpus(tmp_path / name, **given).sha256() == cut.sha256()


def test_lists_beside_that_may_be_cut_off(tmp_path: Path) -> None:
    (tmp_path / "x.ldac").write_text("1 0:1\n1 1:1\n")
    (tmp_path / "x.labels.txt").write_text("sport\nreligi")
    with pytest.warns(UserWarning, match=r"x\.labels\.txt, line 2"):
        read_corpus(tmp_path / "x.ldac", vocabulary=WORDS)


def test_a_line_that_shows_its_own_end_is_not_suspect(tmp_path: Path) -> None:
    assert len(read(tmp_path / "x.jsonl", '{"text": "the cat"}\n{"text": "the dog"}')) == 2
    (tmp_path / "texts").mkdir()
    assert len(read(tmp_path / "texts" / "a.txt", b"the cat\nthe dog" + b"\n")) == 2
    (tmp_path / "texts" / "a.txt").write_text("the cat\nthe dog")
    assert len(read_corpus(tmp_path / "texts", text=OPTIONS)) == 1
    assert len(read(tmp_path / "x.txt", "the cat")) == 1


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.parquet"])
@pytest.mark.parametrize(
    "header", [("text", " label"), (" text ", "label "), ("Text", "LABEL"), ("TEXT", "Label")]
)
def test_headers_with_spaces_and_capitals(tmp_path: Path, name: str, header: tuple[str, str]) -> None:
    path = tmp_path / name
    text, label = header
    if name == "x.parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table({text: ["the cat", "the dog"], label: ["x", "y"]}), path)
    elif name == "x.jsonl":
        path.write_text(
            "".join(json.dumps({text: t, label: x}) + "\n" for t, x in (("the cat", "x"), ("a", "y")))
        )
    else:
        by = "," if name == "x.csv" else "\t"
        path.write_text(f"{text}{by}{label}\nthe cat{by}x\nthe dog{by}y\n")
    assert read_corpus(path, text=OPTIONS).labels.tolist() == ["x", "y"]
    assert read_corpus(path, text=OPTIONS, label_column=label.strip()).labels.tolist() == ["x", "y"]


def test_columns_that_are_repeated(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 1: 'Label' and 'LABEL' may both be the column 'label'"):
        read(tmp_path / "x.csv", "text,Label,LABEL\nthe cat,x,y\n")
    assert read(tmp_path / "x.csv", "text,label,LABEL\nthe cat,x,y\n").labels.tolist() == ["x"]
    with pytest.raises(FormatError, match="line 1: not JSON: the key 'label' is repeated"):
        read(tmp_path / "x.jsonl", '{"text": "the cat", "label": "x", "label": "y"}\n')


def test_spaces_after_all_separators(tmp_path: Path) -> None:
    corpus = read(tmp_path / "x.csv", 'text, label, name\nthe cat, "x, y", a\nthe dog,z, b\n')
    assert (corpus.labels.tolist(), corpus.names.tolist()) == (["x, y", "z"], ["a", "b"])
    assert read(tmp_path / "x.csv", "text,label\nthe cat, x\n").labels.tolist() == [" x"]


@pytest.mark.parametrize("encoding", ["rot13", "undefined", "nonsense"])
def test_encodings_that_are_none_of_text(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(LookupError):
        read(tmp_path / "x.txt", "the cat\n", encoding=encoding)


def test_columns_of_spreadsheets(tmp_path: Path) -> None:
    """Columns without a name at the end are dropped if they are empty; a value in one is an error."""
    corpus = read(tmp_path / "x.csv", "text,label,,\nthe cat,x,,\nthe dog,y,,\n")
    assert corpus.labels.tolist() == ["x", "y"]
    assert read(tmp_path / "x.csv", "text,label\nthe cat,x,,\nthe dog,y\n").labels.tolist() == ["x", "y"]
    assert read(tmp_path / "x.csv", ",text,,label\n0,the cat,,x\n").labels.tolist() == ["x"]
    with pytest.raises(FormatError, match=r"line 2: has 4 fields for 2 columns"):
        read(tmp_path / "x.csv", "text,label,,\nthe cat,x,,z\n")


MISSING = {
    "x.csv": 'text,label\nthe cat,x\nthe dog,\nthe cow," "\n',
    "x.tsv": "text\tlabel\nthe cat\tx\nthe dog\t\nthe cow\t \n",
    "corpus.tsv": "the cat\ttrain\tx\nthe dog\ttrain\t\nthe cow\ttrain\t \n",
    "x.jsonl": '{"text": "the cat", "label": "x"}\n{"text": "the dog", "label": null}\n{"text": "the cow"}\n',
    "x.txt": "the cat\nthe dog\nthe cow\n",
    "x.ldac": "1 0:1\n1 1:1\n1 2:1\n",
    "x.parquet": "",
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_labels_are_empty_and_counted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(MISSING[name])
    (tmp_path / "vocab.txt").write_text("a\nb\nc\n")
    if name in ("x.txt", "x.ldac"):
        (tmp_path / "x.labels.txt").write_text("x\n\n \n")
    if name == "x.parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table({"text": ["the cat", "the dog", "the cow"], "label": ["x", None, ""]}), path)
    given: dict[str, Any] = {} if name in ("x.ldac", "corpus.tsv") else {"text": OPTIONS}
    given |= {"vocabulary": ["the", "cat", "dog", "cow"]} if name == "corpus.tsv" else {}
    (tmp_path / "vocab.txt").unlink() if name == "corpus.tsv" else None
    with pytest.warns(
        UserWarning, match=r"2 of 3 documents have no label \(the first is document 1, "
    ) as caught:
        corpus = read_corpus(path, **given)
    assert [label.strip() for label in corpus.labels] == ["x", "", ""]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "null"])
def test_numbers_that_are_none(tmp_path: Path, value: str) -> None:
    """A text must be there; a label that is not a number is missing."""
    with pytest.raises(FormatError, match="line 1: 'text' is"):
        read(tmp_path / "x.jsonl", f'{{"text": {value}}}\n')
    if value in ("NaN", "null"):
        with pytest.warns(UserWarning, match="1 of 1 documents"):
            read(tmp_path / "x.jsonl", f'{{"text": "the cat", "label": {value}}}\n')


@pytest.mark.parametrize("column", ["text", "label", "name", "split"])
def test_half_characters_are_refused_on_the_way_in(tmp_path: Path, column: str) -> None:
    row = {"text": "the cat", "label": "x", "name": "n", "split": "train"}
    lines = [json.dumps(row), json.dumps({**row, column: "cut\ud83d"}), ""]
    with pytest.raises(FormatError, match=rf"line 2: '{column}' contains half of a character, '\\ud83d'"):
        read(tmp_path / "x.jsonl", "\n".join(lines))
    lines[1] = json.dumps({**row, column: "nul\0"})
    with pytest.raises(FormatError, match=rf"line 2: '{column}' contains the character NUL"):
        read(tmp_path / "x.jsonl", "\n".join(lines))


@pytest.mark.parametrize(
    "name", ["x.ldac", "x.svmlight", "docword.x.txt", "x.mtx", "x.txt", "x.csv", "x.jsonl", "corpus.tsv"]
)
def test_no_documents(tmp_path: Path, name: str) -> None:
    content = {
        "docword.x.txt": "0\n3\n0\n",
        "x.mtx": "%%MatrixMarket matrix coordinate integer general\n0 3 0\n",
        "x.csv": "text\n",
    }.get(name, "")
    with pytest.raises(FormatError, match=r"there are no (documents|texts)"):
        read(tmp_path / name, content, vocabulary=WORDS)


CHINESE = ["我们明天要去北京参观故宫博物院", "昨天晚上我和朋友一起看了电影", "他正在大学学习计算机科学技术"]
SPLIT = ["我们 明天 要 去 北京 参观 故宫 博物院", "昨天 晚上 我 和 朋友 一起 看 了 电影"]
THAI = ["ฉันชอบกินข้าวผัดกับเพื่อนที่โรงเรียน", "วันนี้อากาศดีมากเราไปเดินเล่นกัน"]


@pytest.mark.parametrize(("texts", "script"), [(CHINESE, "Chinese or Japanese"), (THAI, "Thai")])
def test_texts_that_nobody_has_segmented(texts: list[str], script: str) -> None:
    with pytest.warns(
        UserWarning, match=f"the texts are in {script}.*, without spaces between words"
    ) as caught:
        corpus_from_texts(texts, options=OPTIONS)
    assert caught[0].filename == __file__
    with pytest.raises(CorpusError, match=f"the texts are in {script}.*Pass a segmenter"):
        corpus_from_texts(texts, options=TextOptions(min_df=5))


def test_segmented_texts_and_other_scripts_are_not_suspect() -> None:
    options = TextOptions(min_df=1, max_df=1.0, token_pattern=r"\S+")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert corpus_from_texts(SPLIT, options=options).n_tokens == 17
        corpus_from_texts(
            ["インターネット セキュリティー コンピューター", "プログラミング の 本"], options=options
        )
        corpus_from_texts(["Donaudampfschifffahrtsgesellschaft"] * 3, options=OPTIONS)
        corpus_from_texts([f"{CHINESE[0]} " + "but most of it is English text " * 5], options=OPTIONS)


def test_errors_survive_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(FormatError("is wrong", "x.csv", 3)))
    assert (str(error), error.path, error.line) == ("x.csv, line 3: is wrong", "x.csv", 3)


def test_ends_of_documents_in_unsigned_numbers(tmp_path: Path) -> None:
    corpus = Corpus([[1, 1]], ["a", "b"], tokens=[["a", "b"]])
    write_corpus(corpus, tmp_path / "folder")
    (tmp_path / "folder" / "corpus.json").unlink()
    np.savez(
        tmp_path / "folder" / "counts_tokens.npz",
        ids=np.array([0, 1]),
        ends=np.array([2**63], dtype=np.uint64),
    )
    with pytest.raises(FormatError, match="'ends' must contain"):
        read_corpus(tmp_path / "folder")


def test_a_label_under_another_spelling_of_its_key_is_not_lost(tmp_path: Path) -> None:
    lines = '{"text": "the cat", "Label": "x"}\n{"text": "the dog", "label": "y"}\n'
    with pytest.raises(FormatError, match="line 2: has the key 'label', which earlier lines do not have"):
        read(tmp_path / "x.jsonl", lines)
    with pytest.warns(UserWarning, match="1 of 2 documents have no label"):
        assert read(tmp_path / "x.jsonl", lines, label_column="Label").labels.tolist() == ["x", ""]


def test_a_million_columns_are_neither_slow_nor_listed(tmp_path: Path) -> None:
    keys = [f'"k{place}": 0' for place in range(300_000)]
    start = time.process_time()
    with pytest.raises(FormatError, match="the key 'k299999' is repeated"):
        read(tmp_path / "x.jsonl", "{" + ", ".join([*keys, keys[-1]]) + "}\n")
    with pytest.raises(FormatError, match=r"'k0', .*'k9' and 299,990 more$") as caught:
        read(tmp_path / "x.jsonl", "{" + ", ".join(keys) + "}\n")
    assert len(str(caught.value)) < 500
    with pytest.raises(FormatError, match="did you mean 'k1'") as caught:
        read(tmp_path / "x.jsonl", "{" + ", ".join(keys) + "}\n", text_column="kk1")
    assert len(str(caught.value)) < 500
    assert time.process_time() - start < 10


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("header", ["text,label", '"text","label"', "text,label,,"])
def test_two_tables_in_one_file(tmp_path: Path, header: str, mark: str) -> None:
    table = f"{mark}{header}\nthe cat,x{',,' * header.endswith(',,')}\n"
    with pytest.raises(FormatError, match="line 3: repeats the header: were two tables put together"):
        read(tmp_path / "x.csv", table * 2)
    with pytest.raises(FormatError, match="line 3: repeats the header"):
        read(tmp_path / "x.tsv", (table * 2).replace(",", "\t"))


def test_a_text_that_is_the_header_of_one_column(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="line 3: repeats the header.*if it is not a text"):
        assert len(read(tmp_path / "x.csv", "text\nthe cat\ntext\nthe dog\n")) == 3
    documents = [["text"], ["cat"]]
    corpus = Corpus([[1, 0], [0, 1]], ["text", "cat"], ["label", "x"], tokens=documents)
    with pytest.raises(FormatError, match=r"taken for a second header; write a \.jsonl"):
        write_corpus(corpus, tmp_path / "new.csv")


@pytest.mark.parametrize(("name", "separator"), [("x.csv", ","), ("x.tsv", "\t")])
def test_rows_of_separators_at_the_end(tmp_path: Path, name: str, separator: str) -> None:
    table = "text,name,label\nthe cat,a,x\n,,\nthe dog,b,y\n,,\r\n,,\n".replace(",", separator)
    with (
        pytest.warns(UserWarning, match="2 rows at the end, from line 5, have no value"),
        pytest.warns(UserWarning, match="1 of 3 documents have no label"),  # the row in the middle
    ):
        corpus = read(tmp_path / name, table)
    assert corpus.names.tolist() == ["a", "", "b"]
    empty = Corpus([[1], [0]], ["cat"], ["x", ""], tokens=[["cat"], []])
    write_corpus(empty, tmp_path / f"new-{name}")
    with pytest.warns(UserWarning, match="1 of 2 documents have no label") as caught:
        assert len(read_corpus(tmp_path / f"new-{name}", text=OPTIONS)) == 2
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.ldac"])
def test_splits_that_differ_in_spaces_and_capitals(tmp_path: Path, name: str) -> None:
    splits = ["train", "Train ", "test"]
    (tmp_path / "x.vocab.txt").write_text("cat\n")
    (tmp_path / "x.splits.txt").write_text("".join(f"{split}\n" for split in splits))
    content = {
        "x.csv": "text,split\n" + "".join(f"cat,{split}\n" for split in splits),
        "x.jsonl": "".join(json.dumps({"text": "cat", "split": split}) + "\n" for split in splits),
        "x.ldac": "1 0:1\n" * 3,
    }[name]
    (tmp_path / name).write_text(content)
    given = {} if name == "x.ldac" else {"text": OPTIONS}
    with pytest.warns(UserWarning, match="the splits 'train' and 'Train ' differ only in spaces or capitals"):
        assert len(read_corpus(tmp_path / name, split="train", **given)) == 1
