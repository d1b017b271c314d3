"""Writing a corpus loses no other file, and its files are read as one."""

from pathlib import Path

import pytest

from hftopic import Corpus, read_corpus, write_corpus
from hftopic.data.formats import FormatError


def assert_same(got: Corpus, wanted: Corpus) -> None:
    assert got.counts.toarray().tolist() == wanted.counts.toarray().tolist()
    for part in ("vocabulary", "labels", "splits"):
        ours, theirs = getattr(got, part), getattr(wanted, part)
        assert ours is theirs is None or ours.tolist() == theirs.tolist(), part


@pytest.mark.parametrize("name", ["vocab.txt", "train.npz", "labels.txt", "order.txt", "test_tokens.npz"])
def test_files_of_two_corpora_are_never_mixed(tmp_path: Path, name: str) -> None:
    """A file of another corpus of the same shape is refused, also if its content would be valid."""
    splits = ["test", "train"]
    one = Corpus([[1, 0], [0, 1]], ["a", "b"], list("xy"), list("12"), [["a"], ["b"]], splits)
    other = Corpus([[0, 2], [1, 0]], ["c", "d"], list("yz"), list("34"), [["d", "d"], ["c"]], splits)
    write_corpus(one, tmp_path / "one")
    write_corpus(other, tmp_path / "other")
    (tmp_path / "one" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    if name == "order.txt":  # equal in both
        (tmp_path / "one" / name).write_text("0\n1\n")
    with pytest.raises(FormatError, match=rf"{name}: was changed after .* delete corpus\.json"):
        read_corpus(tmp_path / "one")
    (tmp_path / "one" / name).unlink()
    with pytest.raises(FormatError, match=f"{name}: is missing"):
        read_corpus(tmp_path / "one")


def test_a_corpus_folder_keeps_other_files_and_refuses_those_it_would_read(tmp_path: Path) -> None:
    write_corpus(Corpus([[1], [2]], ["a"], splits=["train", "test"]), tmp_path / "corpus")
    (tmp_path / "corpus" / "notes.md").write_text("a day of work")
    write_corpus(Corpus([[3]], ["a"]), tmp_path / "corpus")
    kept = {"counts.npz", "vocab.txt", "corpus.json", "notes.md"}
    assert {file.name for file in (tmp_path / "corpus").iterdir()} == kept
    (tmp_path / "corpus" / "embeddings.npz").write_bytes(b"a week of work")
    with pytest.raises(FileExistsError, match=r"also contains 'embeddings\.npz'"):
        write_corpus(Corpus([[1]], ["a"]), tmp_path / "corpus")
    assert (tmp_path / "corpus" / "embeddings.npz").read_bytes() == b"a week of work"


def test_a_corpus_folder_of_another_program_is_not_replaced(tmp_path: Path) -> None:
    write_corpus(Corpus([[1], [2]], ["a"], splits=["train", "test"]), tmp_path / "corpus")
    (tmp_path / "corpus" / "corpus.json").unlink()
    with pytest.raises(FileExistsError, match=r"also contains 'test\.npz'"):
        write_corpus(Corpus([[1]], ["a"]), tmp_path / "corpus")
    assert len(read_corpus(tmp_path / "corpus")) == 2


@pytest.mark.parametrize("name", ["{}.ldac", "{}.mtx", "{}.svmlight", "{}.npz", "docword.{}.txt"])
def test_counts_are_written_and_read_through_a_link(tmp_path: Path, name: str) -> None:
    old = Corpus([[1, 2], [0, 3]], ["a", "b"], ["x", "y"])
    new = Corpus([[4, 0], [5, 6]], ["c", "d"], ["y", "z"])
    real, link = tmp_path / name.format("real"), tmp_path / name.format("latest")
    write_corpus(old, real)
    link.symlink_to(real.name)
    assert_same(read_corpus(link), old)
    write_corpus(new, link)
    assert link.is_symlink()
    assert_same(read_corpus(real), new)
    assert_same(read_corpus(link), new)
    stale = tmp_path / f"{Path(link).stem}.labels.txt"
    stale.write_text("p\nq\n")
    with pytest.raises(FileExistsError, match=f"{stale.name} would be read with the link"):
        write_corpus(old, link)
    assert_same(read_corpus(real), new)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x.ldac", "x.mtx"),
        ("x.ldac.gz", "x.mtx"),
        ("docword.x.txt", "docword.x.txt.gz"),
        ("a.tsv", "b.tsv"),
    ],
)
def test_words_of_one_corpus_are_not_exchanged_by_another(tmp_path: Path, first: str, second: str) -> None:
    format = "octis" if first.endswith(".tsv") else None
    one = Corpus([[1, 2, 0]], ["a", "b", "c"], tokens=[["a", "b", "b"]])
    write_corpus(one, tmp_path / first, format=format)
    write_corpus(one, tmp_path / second, format=format)
    for words in (["c", "d", "e"], ["a", "b", "c", "d"]):
        counts = [[1] * len(words)]
        other = Corpus(counts, words, tokens=[words])
        with pytest.raises(FileExistsError, match=f"would be replaced, but it also belongs to {first}"):
            write_corpus(other, tmp_path / second, format=format)
    for name in (first, second):
        assert_same(read_corpus(tmp_path / name, format=format), one)


def test_texts_and_counts_may_have_different_words(tmp_path: Path) -> None:
    """Texts are not read with a vocabulary beside them, but with the labels."""
    texts = Corpus([[1, 1]], ["a", "b"], ["x"], tokens=[["a", "b"]])
    write_corpus(texts, tmp_path / "x.txt")
    write_corpus(texts, tmp_path / "x.ldac")
    write_corpus(Corpus([[2]], ["c"], ["x"]), tmp_path / "x.ldac")
    with pytest.raises(FileExistsError, match=r"x\.labels\.txt would be replaced, .* belongs to x\.txt"):
        write_corpus(Corpus([[2]], ["c"], ["y"]), tmp_path / "x.ldac")


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop.ldac").symlink_to("loop.ldac")
    with pytest.raises(FileNotFoundError, match="is a link to loop"):
        write_corpus(Corpus([[1]], ["a"]), tmp_path / "loop.ldac")
