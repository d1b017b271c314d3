"""Validation of Corpus: all valid input has one canonical form, and invalid input is an error."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.model_selection import KFold, train_test_split

from hftopic.data.corpus import Corpus, CorpusError

COUNTS = np.array([[2, 0, 1], [0, 0, 0], [0, 3, 0]])
WORDS = ["ball", "god", "team"]
FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]


def full_corpus() -> Corpus:
    return Corpus(
        COUNTS,
        WORDS,
        ["x", "y", "x"],
        ["1", "2", "3"],
        [["ball", "team", "ball"], [], ["god", "god", "god"]],
        ["train", "test", "train"],
        ["A ball, a team: balls!", "", "God. God? God!"],
        ["2024-01-31", "", "2024-03-01"],
        {
            "author": ["Ann", None, "Bo"],
            "votes": [3, 0, -1],
            "score": [0.5, None, 2],
            "seen": [True, False, True],
        },
        {"text_column": "body", "options": {"stop_words": ["the", "a"]}},
    )


def rows_of(corpus: Corpus) -> list[tuple[object, ...]]:
    """All that is known of each document besides its counts, in the order of the documents."""
    assert corpus.metadata is not None
    parts = (corpus.labels, corpus.names, corpus.tokens, corpus.splits, corpus.texts, corpus.dates)
    columns = [[repr(value) for value in corpus.metadata[name]] for name in corpus.metadata]
    return list(zip(*parts, *columns, strict=True))


def is_canonical(corpus: Corpus) -> bool:
    counts = corpus.counts
    return (
        isinstance(counts, sp.csr_array)
        and counts.dtype == np.float32
        and sp.csr_array(
            (counts.data, counts.indices, counts.indptr), shape=counts.shape
        ).has_canonical_format
        and bool((counts.data > 0).all())
    )


@given(
    counts=npst.arrays(np.int64, st.tuples(st.integers(0, 4), st.integers(1, 4)), elements=st.integers(0, 5)),
    format=st.sampled_from(FORMATS),
    dtype=st.sampled_from([np.int8, np.uint16, np.int64, np.float32, np.float64]),
    matrix=st.booleans(),
)
def test_any_matrix_of_the_same_counts_is_the_same(
    counts: np.ndarray, format: str, dtype: type, matrix: bool
) -> None:
    made = (sp.csr_matrix if matrix else sp.csr_array)(counts.astype(dtype)).asformat(format)
    corpus = Corpus(made, [f"w{column}" for column in range(counts.shape[1])])
    assert is_canonical(corpus)
    np.testing.assert_array_equal(corpus.counts.toarray(), counts)
    np.testing.assert_array_equal(made.toarray(), counts)
    assert corpus.n_tokens == counts.sum()
    assert (corpus.shape, len(corpus)) == (counts.shape, counts.shape[0])


def test_duplicates_zeros_and_disorder_are_put_right_in_a_copy() -> None:
    data, indices, indptr = (
        np.array([1.0, 0, 2, 1], dtype=np.float32),
        np.array([2, 1, 0, 2]),
        np.array([0, 4]),
    )
    given_counts = sp.csr_array((data, indices, indptr), shape=(1, 3))
    corpus = Corpus(given_counts, WORDS)
    assert is_canonical(corpus)
    assert corpus.counts.toarray().tolist() == [[2, 0, 2]]
    assert (data.tolist(), indices.tolist(), given_counts.nnz) == ([1, 0, 2, 1], [2, 1, 0, 2], 4)


def test_counts_in_the_right_form_are_not_copied_and_stay_the_callers() -> None:
    counts = sp.csr_array(COUNTS.astype(np.float32))
    corpus = Corpus(counts, WORDS)
    assert np.shares_memory(corpus.counts.data, counts.data)
    assert np.shares_memory(corpus.counts.indices, counts.indices)
    assert counts.data.flags.writeable
    counts.data[:] = 7


def test_nothing_in_a_corpus_can_be_changed() -> None:
    corpus = full_corpus()
    for held in (corpus, pickle.loads(pickle.dumps(corpus))):
        arrays = [held.counts.data, held.counts.indices, held.vocabulary, held.labels, held.splits]
        for array in (*arrays, held.texts, held.dates):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = array[1]
    with pytest.raises(AttributeError):
        corpus.labels = None  # type: ignore[misc]


def test_sparse_input_is_never_made_dense() -> None:
    """As a dense array, these counts would need 400 GB."""
    counts = sp.coo_array(([1, 2], ([0, 999_999], [0, 99_999])), shape=(10**6, 10**5))
    corpus = Corpus(counts, map(str, range(10**5)))
    assert corpus.n_tokens == 3
    assert corpus[:10].with_vocabulary(["0", "new"]).shape == (10, 2)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([[1, -2, 0]], "the value -2"),
        ([[1, np.nan, 0]], "NaN"),
        ([[1, np.inf, 0]], "the value inf"),
        ([[1, 1e300, 0]], "above 16,777,216"),
        ([[1, 2**24 + 1, 0]], "above 16,777,216"),
        ([1, 2, 3], r"not of shape \(3,\)"),
        ([[1j, 0, 0]], "real numbers, not of type complex"),
        ([["1", "0", "0"]], "real numbers, not of type"),
        ([[1, 0], [1]], "not a well-formed matrix"),
        (sp.csr_array(([-1.0], ([0], [0])), shape=(1, 3)), "the value -1"),
        (sp.csr_array(([np.nan], ([0], [0])), shape=(1, 3)), "NaN"),
        (sp.csr_array(([2.0**24, 2.0**24], [0, 0], [0, 2]), shape=(1, 3)), "above 16,777,216"),
        (sp.lil_array([[0, -3, 0]]), "the value -3"),
    ],
)
def test_values_that_no_corpus_has(counts: object, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        Corpus(counts, WORDS)


def test_indices_outside_the_matrix() -> None:
    broken = sp.csr_array(COUNTS.astype(np.float32))
    broken.indices = np.array([0, 9, 1], dtype=np.int32)
    with pytest.raises(CorpusError, match="not a well-formed matrix"):
        Corpus(broken, WORDS)
    with pytest.raises(CorpusError, match=r"pass its \.counts"):
        Corpus(full_corpus(), WORDS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "b"], "2 words but counts have 3 columns"),
        (["a", "b", "a"], "'a' is in the vocabulary twice, at 0 and 2"),
        (["a", "", "c"], r"vocabulary\[1\] is ''"),
        (["a", " \t", "c"], "visible character"),
        (["a", None, "c"], r"vocabulary\[1\] is None, not a string"),
        ([0, 1, 2], r"vocabulary\[0\] is 0"),
        ("abc", "vocabulary is a str"),
        ({"a": 0, "b": 1, "c": 2}, "get_feature_names_out"),
        ({"a", "b", "c"}, "vocabulary is a set"),
    ],
)
def test_vocabularies_that_do_not_fit(words: object, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        Corpus(COUNTS, words)  # type: ignore[arg-type]
    with pytest.raises(CorpusError, match="empty"):
        Corpus(np.zeros((2, 0)), [])


@pytest.mark.parametrize("part", ["labels", "names", "splits"])
def test_lists_that_do_not_fit(part: str) -> None:
    for values, told in [
        (["a", "b"], f"2 {part} for 3 documents"),
        ("abc", f"{part} is a str"),
        (["a", None, "c"], rf"{part}\[1\] is None"),
        ([1.0, np.nan, 2.0], rf"{part}\[1\] is nan"),
        (["a", b"b", "c"], rf"{part}\[1\] is b'b' of type bytes"),
    ]:
        with pytest.raises(CorpusError, match=told):
            Corpus(COUNTS, WORDS, **{part: values})


def test_numbers_as_labels_become_strings() -> None:
    assert Corpus(COUNTS, WORDS, labels=np.array([3, 1, 2])).labels.tolist() == ["3", "1", "2"]
    assert Corpus(COUNTS, WORDS, labels=[True, 1, 1.5]).labels.tolist() == ["True", "1", "1.5"]
    assert all(type(word) is str for word in Corpus(COUNTS, np.array(WORDS)).vocabulary)


@pytest.mark.parametrize(
    ("tokens", "told"),
    [
        ([["ball", "ball", "team"], []], "tokens has 2 documents but counts has 3"),
        (
            [["ball", "team"], [], ["god"] * 3],
            "document 0 has the word 'ball' 1 times in tokens but 2 times in",
        ),
        ([["ball", "ball", "team"], ["god"], ["god"] * 3], "document 1 has the word 'god' 1 times"),
        (
            [["ball", "ball", "teem"], [], ["god"] * 3],
            r"tokens\[0\] contains 'teem', which is not in the vocab",
        ),
        ([["ball", "ball", ["x"]], [], ["god"] * 3], r"tokens\[0\] contains \['x'\]"),
        (["ball ball team", [], ["god"] * 3], r"tokens\[0\] is 'ball ball team'; pass a sequence"),
        ([None, [], ["god"] * 3], r"tokens\[0\] is None"),
    ],
)
def test_tokens_that_disagree(tokens: object, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        Corpus(COUNTS, WORDS, tokens=tokens)  # type: ignore[arg-type]


@given(
    index=st.slices(3)
    | st.lists(st.integers(-3, 2), max_size=5)
    | st.lists(st.booleans(), min_size=3, max_size=3).map(np.array)
)
def test_a_sub_corpus_is_the_documents_asked_for(index: object) -> None:
    corpus = full_corpus()
    part = corpus[index]
    rows = np.arange(3)[np.array(index, dtype=int) if isinstance(index, list) else index]
    assert is_canonical(part)
    assert part.counts.toarray().tolist() == COUNTS[rows].tolist()
    assert part.tokens == tuple(corpus.tokens[row] for row in rows)
    for name in ("labels", "names", "splits"):
        assert getattr(part, name).tolist() == getattr(corpus, name)[rows].tolist()
    assert part.vocabulary.tolist() == WORDS
    Corpus(part.counts, part.vocabulary, part.labels, part.names, part.tokens, part.splits)


def test_indices_that_choose_nothing_clear() -> None:
    corpus = full_corpus()
    with pytest.raises(TypeError, match="not with 0"):
        corpus[0]
    with pytest.raises(IndexError, match="out of bounds"):
        corpus[[3]]
    with pytest.raises(IndexError, match="boolean"):
        corpus[np.array([True, False])]
    with pytest.raises(IndexError, match="boolean mask or with row numbers"):
        corpus[["train"]]


def test_splits() -> None:
    corpus = full_corpus()
    assert corpus.split("train").names.tolist() == ["1", "3"]
    with pytest.raises(CorpusError, match="no split 'dev'; the splits are 'train', 'test'"):
        corpus.split("dev")
    with pytest.raises(CorpusError, match="has no splits"):
        Corpus(COUNTS, WORDS).split("train")


def test_scikit_learn_splits_a_corpus_like_a_matrix() -> None:
    corpus = full_corpus()
    parts = train_test_split(corpus, test_size=1, random_state=0)
    assert sorted(name for part in parts for name in part.names) == ["1", "2", "3"]
    for rest, held in KFold(3).split(corpus):
        assert len(corpus[rest]) + len(corpus[held]) == 3


def test_other_words() -> None:
    corpus = full_corpus().with_vocabulary(["team", "new", "ball"])
    assert is_canonical(corpus)
    assert corpus.counts.toarray().tolist() == [[1, 0, 2], [0, 0, 0], [0, 0, 0]]
    assert corpus.tokens == (("ball", "team", "ball"), (), ())
    assert corpus.labels.tolist() == ["x", "y", "x"]
    assert (
        corpus.with_vocabulary(corpus.vocabulary).counts.toarray().tolist()
        == corpus.counts.toarray().tolist()
    )
    with pytest.raises(
        CorpusError, match=r"no word in common: 3 words \('ball', 'god', 'team'\) and 1 words"
    ):
        full_corpus().with_vocabulary(["new"])


def test_other_labels() -> None:
    corpus = full_corpus()
    assert corpus.with_labels([1, 2, 3]).labels.tolist() == ["1", "2", "3"]
    assert corpus.with_labels(None).labels is None
    assert corpus.labels.tolist() == ["x", "y", "x"]
    with pytest.raises(CorpusError, match="2 labels for 3 documents"):
        corpus.with_labels([1, 2])


def test_repr_and_sums() -> None:
    assert repr(full_corpus()) == (
        "Corpus(3 documents, 3 words, 6 tokens; 2 labels; splits train 2, test 1; in reading order; "
        "with texts, dates, metadata)"
    )
    assert repr(Corpus(COUNTS, WORDS)) == "Corpus(3 documents, 3 words, 6 tokens)"
    assert Corpus([[0.5, 0.25, 0]], WORDS).n_tokens == 0.75
    assert isinstance(Corpus(COUNTS, WORDS).n_tokens, int)


def test_copies_are_equal() -> None:
    corpus = full_corpus()
    for other in (pickle.loads(pickle.dumps(corpus)), copy.deepcopy(corpus), copy.copy(corpus)):
        assert repr(other) == repr(corpus)
        assert (other.counts - corpus.counts).nnz == 0
        assert rows_of(other) == rows_of(corpus)
        assert other.reading == corpus.reading


def test_hash_is_that_of_counts_and_words_alone():
    """Labels and the matrix format do not change the hash; counts, words and their order do."""
    counts = np.array([[1, 0, 2], [0, 3, 0]])
    corpus = Corpus(counts, ["a", "b", "c"])
    assert Corpus(sp.coo_array(counts), ["a", "b", "c"], labels=[1, 2]).sha256() == corpus.sha256()
    others = [
        Corpus(counts + (counts == 3), ["a", "b", "c"]),
        Corpus(counts, ["a", "b", "d"]),
        Corpus(counts, ["b", "a", "c"]),
        Corpus(counts[::-1], ["a", "b", "c"]),
    ]
    assert len({corpus.sha256(), *(other.sha256() for other in others)}) == 5
