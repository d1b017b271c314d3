"""Word vectors from files, dicts and gensim: what is read is what was written."""

import copy
import gzip
import pickle

import numpy as np
import pytest

from hftopic import CorpusError, FormatError, WordVectors, read_word_vectors
from hftopic.data.word_vectors import joined_vectors

WORDS = [f"word{number}" for number in range(300)]
VECTORS = np.random.default_rng(0).normal(size=(300, 7)).astype(np.float32)
TEXT = "king 1 0.5\nqueen -2e-1 0\n"


@pytest.fixture(scope="module")
def keyed():
    models = pytest.importorskip("gensim.models")
    vectors = models.KeyedVectors(7)
    vectors.add_vectors(WORDS, VECTORS)
    return vectors


@pytest.mark.parametrize("name", ["v.txt", "v.vec.gz", "v.bin", "v.bin.gz"])
@pytest.mark.parametrize("header", [True, False])
def test_files_of_gensim_are_read_back(tmp_path, keyed, name, header):
    """Text with and without the header, and binary: bit for bit what gensim wrote."""
    binary = "bin" in name
    if binary and not header:
        pytest.skip("a binary file always has the header")
    path = tmp_path / name
    keyed.save_word2vec_format(str(path), binary=binary, **({} if binary else {"write_header": header}))
    read = read_word_vectors(path)
    assert read.words.tolist() == WORDS
    np.testing.assert_array_equal(read.vectors, VECTORS)
    some = read_word_vectors(path, ["none", "word7", "word3"])
    assert some.words.tolist() == ["word3", "word7"]
    np.testing.assert_array_equal(some.vectors, VECTORS[[3, 7]])


def test_a_binary_file_of_the_original_tool(tmp_path):
    """Each vector ends with a newline, and numbers may have the bytes of newlines and spaces."""
    vectors = np.frombuffer(b"\n \n  \n\n ", "<f4").reshape(1, 2).repeat(2, 0)
    rows = b"".join(
        word + b" " + row.tobytes() + b"\n" for word, row in zip([b"a", b"b"], vectors, strict=True)
    )
    (tmp_path / "v.bin").write_bytes(b"2 2\n" + rows)
    read = read_word_vectors(tmp_path / "v.bin")
    assert read.words.tolist() == ["a", "b"]
    np.testing.assert_array_equal(read.vectors, vectors)


def test_odd_lines_of_published_files(tmp_path):
    """A word with spaces, a word that is there twice, one that is no word, a trailing space, a blank line."""
    path = tmp_path / "glove.txt"
    path.write_bytes("a 1 2\n. . 3 4\na 5 6\n\u00a0 7 8\nb 1e1 2 \n\n".encode())
    read = read_word_vectors(path)
    assert {word: read[word].tolist() for word in read.words} == {"a": [1, 2], ". .": [3, 4], "b": [10, 2]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no word vectors"),
        (b"a 1 2\nb 1\n", r"line 2: has no word with 2 numbers: 'b 1'"),
        (b"a 1 2\nb 1 x\n", "line 2: has no word with 2 numbers"),
        (b"a 1 2\n1 2\n", "line 2: has no word with 2 numbers"),
        (b"a 1 2\nb nan 2\n", "line 2: has a number that is not finite in float32"),
        (b"a 1 2\nb 1e39 2\n", "line 2: has a number that is not finite in float32"),
        (b"3 2\na 1 2\nb 1 2\n", "line 1: declares 3 words and has 2: it is incomplete"),
        (b"0 2\n", "line 1: declares 0 words with 2 dimensions"),
        (b"2 2\na " + bytes(8) + b"b " + bytes(7), "declares 2 words and has 1: it is incomplete"),
        (b"1 1\na " + np.float32(np.nan).tobytes(), "the vector of 'a' has a number that is not finite"),
        (b"9 2\n" + bytes(70_000), "has neither text nor vectors of 2 numbers after line 1"),
        (pickle.dumps({"a": [1.0]}), "is a pickle, which is never loaded"),
        (gzip.compress(b"a 1 2\n", mtime=0), "its name does not end in .gz"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_word_vectors(tmp_path / "v")


@pytest.mark.parametrize("header", [b"2 2\n", b""])
def test_a_byte_order_mark_and_blanks_belong_to_no_word(tmp_path, header):
    (tmp_path / "v").write_bytes(b"\xef\xbb\xbf" + header + b"a 1 2\n b 3 4\n")
    assert read_word_vectors(tmp_path / "v").words.tolist() == ["a", "b"]


def test_a_word_with_a_space_in_a_binary_file_is_not_read_as_numbers(tmp_path):
    numbers = np.ones(2, "<f4").tobytes()
    (tmp_path / "v").write_bytes(b"2 2\na " + numbers + b"\nNew York " + numbers + b"\n")
    with pytest.raises(FormatError, match="has more after the 2 words"):
        read_word_vectors(tmp_path / "v")


def test_other_words_are_passed_over_unread(tmp_path):
    """A line whose word is not wanted is only counted."""
    (tmp_path / "v").write_text("a 1 2\nb 1 x\n")
    assert len(read_word_vectors(tmp_path / "v", ["a"])) == 1
    with pytest.raises(CorpusError, match="there is a vector of none of the words"):
        read_word_vectors(tmp_path / "v", ["c"])


def test_sources_agree(tmp_path, keyed):
    """A dict, gensim's vectors, a path and the vectors themselves; all of them, or those of a vocabulary."""
    keyed.save_word2vec_format(str(tmp_path / "v"), binary=True)
    expected = WordVectors(WORDS, VECTORS)
    sources = [dict(zip(WORDS, VECTORS, strict=True)), keyed, tmp_path / "v", str(tmp_path / "v"), expected]
    for source in sources:
        assert WordVectors.of(source) == expected
        some = WordVectors.of(source, ["word9", "nothing", "word2"])
        assert some == WordVectors(["word2", "word9"], VECTORS[[2, 9]])


def test_words_of_a_vocabulary():
    vectors, places = WordVectors(WORDS, VECTORS).for_words(["word5", "nothing", "word1"])
    np.testing.assert_array_equal(vectors, VECTORS[[5, 1]])
    assert places.tolist() == [0, 2]
    none, places = WordVectors(WORDS, VECTORS).for_words(["nothing"])
    assert none.shape == (0, 7)
    assert not len(places)


def test_vectors_cannot_be_changed_and_are_not_copied():
    """A model that is cloned holds the same object; the arrays that were given stay the caller's."""
    given = VECTORS.copy()
    vectors = WordVectors(WORDS, given)
    given[0] = 0.0
    np.testing.assert_array_equal(vectors["word0"], VECTORS[0])
    assert copy.deepcopy(vectors) is vectors is copy.copy(vectors)
    assert pickle.loads(pickle.dumps(vectors)) == vectors
    with pytest.raises(ValueError, match="read-only"):
        vectors.vectors[0] = 1.0


def test_two_sets_are_joined():
    both = joined_vectors(WordVectors(["a"], [[1, 2]]), WordVectors(["b"], [[3, 4]]))
    assert both == WordVectors(["a", "b"], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("words", "vectors", "message"),
    [
        (["a", "a"], np.eye(2), "the word 'a' is in the words twice"),
        (["a", "b"], np.eye(3), r"one row for each of 2 words; got shape \(3, 3\)"),
        (["a"], [1.0], r"one row for each of 1 words; got shape \(1,\)"),
        (["a", "b"], [[1, 2], [3, np.nan]], "the vector of 'b' has the value nan"),
        (["a", "b"], [[1, 2], [3, 1e39]], r"the vector of 'b' has the value 1e\+39"),
        (["a", "b"], [["x", "y"], ["z", "w"]], "must be real numbers"),
        (["a", "b"], [[1, 2], [3]], "must be an array of numbers"),
        (["a"], np.empty((1, 0)), "got shape"),
        ([], np.empty((0, 3)), "the words is empty"),
        ("ab", np.eye(2), "words is a str"),
    ],
)
def test_wrong_vectors_are_refused(words, vectors, message):
    with pytest.raises(CorpusError, match=message):
        WordVectors(words, vectors)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ({"a": [1, 2], "b": [3]}, CorpusError, "that of 'a' has 2 numbers, that of 'b' has 1"),
        ({}, CorpusError, "there is a vector of none of the words"),
        (3, TypeError, "cannot be taken from an int; pass WordVectors\\(words, vectors\\), a dict"),
        (np.eye(2), TypeError, "cannot be taken from an array"),
    ],
)
def test_wrong_sources_are_refused(source, error, message):
    with pytest.raises(error, match=message):
        WordVectors.of(source)


def test_a_model_of_gensim_has_its_vectors_inside(keyed):
    class Model:
        wv = keyed

    with pytest.raises(TypeError, match=r"pass its \.wv"):
        WordVectors.of(Model())
