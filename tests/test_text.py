"""Texts become the counts that scikit-learn's vectoriser gives, with their tokens in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from hftopic.corpus import CorpusError
from hftopic.text import TextOptions, corpus_from_texts

TEXTS = ["The cat sat on the mat; the Cat slept.", "Dogs don't chase cats", "A dog and a cat", ""]
EVERY = TextOptions(min_df=1, max_df=1.0)


@given(
    texts=st.lists(st.text(st.sampled_from("abAB é'3_.\n"), max_size=30), max_size=6),
    min_df=st.integers(1, 2) | st.sampled_from([0.0, 0.5]),
    max_df=st.sampled_from([0.7, 1.0]),
    max_features=st.none() | st.integers(1, 3),
    lowercase=st.booleans(),
)
def test_counts_are_those_of_the_vectoriser(
    texts: list[str], min_df: float, max_df: float, max_features: int | None, lowercase: bool
) -> None:
    options = TextOptions(lowercase, ("aaa",), min_df, max_df, r"\w{2,}", max_features)
    vectoriser = CountVectorizer(
        lowercase=lowercase,
        stop_words=["aaa"],
        min_df=min_df,
        max_df=max_df,
        token_pattern=r"\w{2,}",
        max_features=max_features,
    )
    try:
        wanted = vectoriser.fit_transform(texts)
    except ValueError:
        with pytest.raises(CorpusError):
            corpus_from_texts(texts, options=options)
        return
    corpus = corpus_from_texts(texts, options=options)
    assert corpus.vocabulary.tolist() == vectoriser.get_feature_names_out().tolist()
    assert (corpus.counts != wanted).nnz == 0


def test_tokens_are_in_reading_order_and_default_words_are_words() -> None:
    corpus = corpus_from_texts(TEXTS, options=EVERY, labels=[1, 2, 3, 4], names=list("abcd"))
    assert corpus.tokens == (
        ("cat", "sat", "mat", "cat", "slept"),
        ("dogs", "chase", "cats"),  # "don" of "don't" is no word
        ("dog", "cat"),
        (),
    )
    assert corpus.labels.tolist() == ["1", "2", "3", "4"]
    typographic = corpus_from_texts(["isn\u2019t rain x86 snake_case wind2 naïve"], options=EVERY)
    assert typographic.vocabulary.tolist() == ["naïve", "rain"]


def test_texts_are_read_once() -> None:
    read = []

    def texts() -> object:
        for text in TEXTS:
            read.append(text)
            yield text

    assert len(corpus_from_texts(texts(), options=EVERY)) == 4  # type: ignore[arg-type]
    assert read == TEXTS


def test_given_words_are_the_only_choice() -> None:
    """New documents in terms of a fitted model: one is enough, and stop words that it knows count."""
    corpus = corpus_from_texts(
        ["The dog saw the cat and the dog."], vocabulary=np.array(["the", "zebra", "dog"])
    )
    assert corpus.counts.toarray().tolist() == [[3, 0, 2]]
    assert corpus.tokens == (("the", "dog", "the", "the", "dog"),)
    assert corpus_from_texts(["nothing known"], vocabulary=["dog"]).n_tokens == 0
    with pytest.raises(CorpusError, match="'dog' is in the vocabulary twice"):
        corpus_from_texts(TEXTS, vocabulary=["dog", "dog"])
    with pytest.raises(CorpusError, match="get_feature_names_out"):
        corpus_from_texts(TEXTS, vocabulary={"dog": 1, "cat": 0})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "options", "told"),
    [
        (TEXTS, TextOptions(), "min_df=5 leaves no word: 'cat' is in 2 of 4 texts, more than any other word"),
        (["dog", "dog"], TextOptions(min_df=1), "max_df=0.5 leaves no word"),
        (["dog cat", "dog cat", "x"], TextOptions(min_df=1, max_df=1), "max_df=1 leaves no word"),
        (
            ["dog cat", "dog", "x"],
            TextOptions(min_df=2, max_df=1),
            "min_df=2 and max_df=1 together leave no word",
        ),
        (
            ["dog cat", "dog", "emu"],
            TextOptions(min_df=2, max_df=0.5),
            "together leave no word: 'dog' is in 2",
        ),
        (["the and", "of 42"], EVERY, "stop_words='english' leave nothing"),
        (["", ""], EVERY, "no word is left in 2 texts: they are empty"),
        ([], EVERY, "there are no texts"),
        (["fine", None], EVERY, "text 1 is None of type NoneType, not a string"),
        (["fine", float("nan")], EVERY, "text 1 is nan of type float"),
        ("one text", EVERY, "texts is one string"),
    ],
)
def test_what_leaves_no_words_is_named(texts: object, options: TextOptions, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        corpus_from_texts(texts, options=options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"min_df": 0}, "min_df must be a number of documents"),
        ({"min_df": True}, "min_df"),
        ({"max_df": 1.5}, "max_df .* not 1.5"),
        ({"max_df": "half"}, "max_df"),
        ({"stop_words": "german"}, "stop_words must be .* not 'german'"),
        ({"stop_words": ("a", 1)}, "stop_words must be strings; 1 is not"),
        ({"token_pattern": "["}, "'\\[' is no regular expression"),
        ({"token_pattern": "(a)(b)"}, "2 groups"),
        ({"max_features": 0}, "max_features"),
        ({"max_features": True}, "max_features"),
    ],
)
def test_settings_that_cannot_be(setting: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        TextOptions(**setting)  # type: ignore[arg-type]


def test_options_are_values() -> None:
    assert TextOptions(stop_words=["a", "b"]) == TextOptions(stop_words=("a", "b"))  # type: ignore[arg-type]
    assert hash(TextOptions()) == hash(TextOptions())


def test_one_object_a_word_however_often_it_occurs() -> None:
    corpus = corpus_from_texts(["cat cat", "cat"], options=EVERY)
    assert len({id(word) for document in corpus.tokens for word in document}) == 1
