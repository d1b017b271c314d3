"""Counts of texts are equal to those of scikit-learn's CountVectorizer, and tokens are in reading order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from hftopic.data.corpus import CorpusError
from hftopic.data.text import TextOptions, corpus_from_texts

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
    words, totals = vectoriser.get_feature_names_out(), np.asarray(wanted.sum(axis=0)).ravel()
    if len(words) == max_features:  # of words with the same total it may keep any
        words = words[totals > totals.min()]
    assert set(words) <= set(corpus.vocabulary)
    assert corpus.vocabulary.tolist() == sorted(corpus.vocabulary)
    assert sorted(corpus.counts.sum(axis=0)) == sorted(totals)
    counter = clone(vectoriser).set_params(vocabulary=corpus.vocabulary, max_features=None)
    assert (corpus.counts != counter.fit_transform(texts)).nnz == 0


def test_tokens_are_in_reading_order_and_default_words_are_words() -> None:
    corpus = corpus_from_texts(TEXTS, options=EVERY, labels=[1, 2, 3, 4], names=list("abcd"))
    assert corpus.tokens == (
        ("cat", "sat", "mat", "cat", "slept"),
        ("dogs", "chase", "cats"),  # "don" of "don't" is not a word
        ("dog", "cat"),
        (),
    )
    assert corpus.labels.tolist() == ["1", "2", "3", "4"]
    typographic = corpus_from_texts(["isn\u2019t rain x86 snake_case wind2 naïve"], options=EVERY)
    assert typographic.vocabulary.tolist() == ["naïve", "rain"]


SCRIPTS = {
    "Hindi": ("सरकार ने दिल्ली। x", ["सरकार", "दिल्ली"]),
    "Tamil": ("தமிழ்நாடு அரசு", ["தமிழ்நாடு", "அரசு"]),
    "vocalised Arabic": ("كِتَابٌ جديد", ["كِتَابٌ", "جديد"]),
    "Persian, joined": ("می\u200cخواهم", ["می\u200cخواهم"]),  # noqa: RUF001
    "joiner at the end": ("ابت\u200c", ["ابت"]),
    "Thai, between spaces": ("ที่นี่ ประเทศไทย", ["ประเทศไทย"]),
    "decomposed": ("e\u0301cole E\u0301COLE école", ["école"] * 3),
    "mark that composes with nothing": ("x\u0302yz and xy\u0302", ["x\u0302yz"]),
    "Turkish capital": ("İstanbul I\u0307stanbul istanbul", ["istanbul"] * 3),
    "emoji": ("\u2764\ufe0flove love\u2764\ufe0f love\ufe0f", ["love"] * 3),
    "digits and marks": ("a_b\u0301cde 8b\u0301cde wind2", []),
    "contraction among marks": ("don\u2019t x\u0302rain", ["x\u0302rain"]),
    "Greek and German": ("ΣΊΣΥΦΟΣ Straße", ["σίσυφος", "straße"]),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_of_any_script(script: str) -> None:
    text, wanted = SCRIPTS[script]
    corpus = corpus_from_texts([text, "rain"], options=EVERY)
    assert corpus.tokens == (tuple(wanted), ("rain",))


@given(st.text(st.sampled_from("abéAB '\u2019t3_.\n"), max_size=40))
def test_a_mark_elsewhere_changes_no_word(text: str) -> None:
    """The pattern for texts with marks gives the same words as the fast pattern."""
    assert (
        corpus_from_texts([f"rain {text}"], options=EVERY).tokens[0]
        == corpus_from_texts([f"rain {text} x\u0302"], options=EVERY).tokens[0]
    )


def test_accents_are_one_however_typed() -> None:
    composed, decomposed = "école", "e\u0301cole"
    options = TextOptions(stop_words=(decomposed,), min_df=1, max_df=1.0, token_pattern=r"\w+")
    assert corpus_from_texts([f"{composed} {decomposed} rain"], options=options).tokens == (("rain",),)
    # Words of a given vocabulary keep their Unicode form.
    for word in (composed, decomposed):
        corpus = corpus_from_texts([f"{composed} {decomposed}"], vocabulary=[word])
        assert corpus.tokens == ((word, word),)


def test_no_texts_in_terms_of_a_model() -> None:
    with pytest.raises(CorpusError, match="there are no texts"):
        corpus_from_texts([], vocabulary=["dog"])


def test_texts_are_read_once() -> None:
    read = []

    def texts() -> object:
        for text in TEXTS:
            read.append(text)
            yield text

    assert len(corpus_from_texts(texts(), options=EVERY)) == 4  # type: ignore[arg-type]
    assert read == TEXTS


def test_given_words_are_the_only_choice() -> None:
    """New documents for a fitted model: one document is enough, and stop words in its vocabulary count."""
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
        (
            TEXTS,
            TextOptions(min_df=5, max_df=1.0),
            "min_df=5 removes every word: 'cat' is in 2 of 4 texts, more than any other word",
        ),
        (["dog", "dog"], TextOptions(max_df=0.5), "max_df=0.5 removes every word"),
        (["dog cat", "dog cat", "x"], TextOptions(min_df=1, max_df=1), "max_df=1 removes every word"),
        (
            ["dog cat", "dog", "x"],
            TextOptions(min_df=2, max_df=1),
            "min_df=2 and max_df=1 together remove every word",
        ),
        (
            ["dog cat", "dog", "emu"],
            TextOptions(min_df=2, max_df=0.5),
            "together remove every word: 'dog' is in 2",
        ),
        (["the and", "of 42"], EVERY, "the default token_pattern and stop_words='english' remove every word"),
        (
            ["cat"],
            TextOptions(token_pattern=r"\d+"),
            r"or token_pattern='.*' and stop_words='english' remove",
        ),
        (["", ""], EVERY, "the vocabulary is empty: the 2 texts are empty"),
        ([], EVERY, "there are no texts"),
        (["fine", None], EVERY, "text 1 is None of type NoneType, not a string"),
        (["fine", float("nan")], EVERY, "text 1 is nan of type float"),
        ("one text", EVERY, "texts is a single string"),
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
        ({"stop_words": "klingon"}, "klingon'"),
        ({"stop_words": ("a", 1)}, "stop_words must be strings; 1 is not"),
        ({"token_pattern": "["}, "'\\[' is not a valid regular expression"),
        ({"token_pattern": "(a)(b)"}, "2 capturing groups"),
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
