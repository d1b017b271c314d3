"""Options of texts: automatic bounds, cleaning, n-grams, numbers, bursts, stop words of languages."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from hftopic.data.stop_words import stop_words_of
from hftopic.data.text import TextOptions, corpus_from_texts
from hftopic.data.words import ngrams

EVERY = {"min_df": 1, "max_df": 1.0}
TEXT = st.text(st.sampled_from("abAB é'3_.\n"), max_size=40)


@given(st.integers(0, 10**7), st.integers(0, 10**6))
def test_automatic_bounds_grow_with_the_corpus_and_slower_than_it(n: int, more: int) -> None:
    fewest, most = TextOptions().bounds(n)
    wider_fewest, wider_most = TextOptions().bounds(n + more)
    assert 1 <= fewest <= wider_fewest <= max(fewest, 2) + more
    assert fewest <= max(most, 1)
    assert n < 20 or most <= min(n, wider_most)


@given(st.lists(TEXT, min_size=1, max_size=40))
def test_a_corpus_has_the_words_within_the_bounds_and_says_so(texts: list[str]) -> None:
    every = corpus_from_texts([*texts, "rain"] * 2, options=TextOptions(min_df=1, max_df=1.0))
    spread = np.bincount(every.counts.indices, minlength=every.n_words)
    fewest, most = TextOptions().bounds(len(every))
    kept = every.vocabulary[(spread >= fewest) & (spread <= most)].tolist()
    assert corpus_from_texts([*texts, "rain"] * 2).vocabulary.tolist() == kept


def test_what_is_left_out_is_said() -> None:
    assert TextOptions(min_df=3, max_df=0.5).explained(1000) == (
        "words in fewer than 3 or more than 500 of 1,000 documents are left out"
    )
    assert TextOptions(min_df=0.01, max_df=1.0).explained(250) == (
        "words in fewer than 3 of 250 documents are left out"
    )
    assert TextOptions(min_df=1, max_df=10).explained(9) == TextOptions().explained(9)
    with pytest.raises(ValueError, match="n_documents must be an int >= 0"):
        TextOptions().resolved(2.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [1, 2, 12, 19, 20, 100])
def test_small_corpora_have_words(n: int) -> None:
    """Each text has a word of its own, and one of two others."""
    texts = [f"{'x' * (place + 3)} {'even' if place % 2 else 'odd'}" for place in range(n)]
    corpus = corpus_from_texts(texts)
    assert {"odd"} <= set(corpus.vocabulary) <= {text.split()[0] for text in texts} | {"odd", "even"}


@given(st.lists(TEXT, min_size=1, max_size=6), st.integers(1, 3), st.integers(0, 2))
def test_ngrams_are_those_of_the_vectoriser(texts: list[str], fewest: int, more: int) -> None:
    sizes = (fewest, fewest + more)
    texts = [*texts, "rain over big hills"]
    options = TextOptions(ngram_range=sizes, token_pattern=r"\w{2,}", **EVERY)
    vectoriser = CountVectorizer(stop_words="english", ngram_range=sizes, token_pattern=r"\w{2,}")
    wanted = vectoriser.fit_transform(texts)
    corpus = corpus_from_texts(texts, options=options)
    words = [word.replace(" ", "_") for word in vectoriser.get_feature_names_out()]
    assert sorted(words) == corpus.vocabulary.tolist()
    assert (corpus.counts.toarray() == wanted.toarray()[:, np.argsort(words)]).all()


def test_ngrams_stand_where_they_begin() -> None:
    assert ngrams("abc", 2, 3) == ["a_b", "a_b_c", "b_c"]
    assert ngrams([], 1, 2) == []
    options = TextOptions(ngram_range=(1, 2), **EVERY)
    corpus = corpus_from_texts(["The state of the art improves"], options=options)
    assert corpus.tokens == (("state", "state_art", "art", "art_improves", "improves"),)
    # In words of a model: stop words are left out before, except those that are its words.
    for vocabulary in (["state_art"], ["state_the", "the"]):
        read = corpus_from_texts(["State the state of art"], options=options, vocabulary=vocabulary)
        assert read.counts.toarray().tolist() == [[1]] or read.tokens == (("state_the", "the"),)


@given(
    st.lists(st.lists(st.sampled_from(["sun", "rain", "hail"]), max_size=12), min_size=1), st.integers(1, 4)
)
def test_a_burst_is_cut_where_it_is_too_long(documents: list[list[str]], most: int) -> None:
    texts = [" ".join(words) for words in [*documents, ["sun"]]]
    every = corpus_from_texts(texts, options=TextOptions(**EVERY))
    damped = corpus_from_texts(texts, options=TextOptions(max_count=most, **EVERY))
    assert (damped.counts.toarray() == np.minimum(every.counts.toarray(), most)).all()
    for words, kept in zip(every.tokens, damped.tokens, strict=True):  # type: ignore[arg-type]
        assert list(kept) == [
            word for place, word in enumerate(words) if Counter(words[: place + 1])[word] <= most
        ]


OTHERS = ["".join(letters) for letters in product("bcdfg", repeat=3)]
SPREAD = [
    " ".join(
        ["know"] * (place % 2)
        + ["rain"] * 5 * (place % 4 == 0)
        + [OTHERS[(place + 7 * k) % len(OTHERS)] for k in range(40)]
    )
    for place in range(400)
]


@pytest.mark.parametrize("setting", [{}, {"max_count": 1}, {"max_features": 5}, {"ngram_range": (1, 2)}])
def test_words_that_are_spread_evenly_are_left_out_and_listed(setting: dict[str, object]) -> None:
    """Half of the texts have "know", once each; a quarter have "rain", five times each."""
    kept = corpus_from_texts(SPREAD, options=TextOptions(max_df=0.6, **setting))  # type: ignore[arg-type]
    options = TextOptions(max_df=0.6, even_df=0.2, **setting)  # type: ignore[arg-type]
    corpus = corpus_from_texts(SPREAD, options=options)
    assert corpus.reading is not None
    left_out = corpus.reading["spread_evenly"]
    assert "know" in left_out
    assert "rain" in corpus.vocabulary
    assert not {"know", *left_out} & set(corpus.vocabulary)
    if "max_features" not in setting:
        assert {*left_out, *corpus.vocabulary} == set(kept.vocabulary)
    assert TextOptions(**{**corpus.reading["options"], "even_df": None}) == TextOptions(
        max_df=0.6,
        **setting,  # type: ignore[arg-type]
    )


def test_short_texts_and_few_texts_have_no_words_that_are_spread_evenly() -> None:
    options = TextOptions(even_df=0.2, **EVERY)
    for texts in (SPREAD[:199], [" ".join(text.split()[:9]) for text in SPREAD]):
        assert "know" in corpus_from_texts(texts, options=options).vocabulary


@given(TEXT)
def test_numbers_are_added_to_the_words(text: str) -> None:
    def words(numbers: bool) -> list[str]:
        options = TextOptions(numbers=numbers, stop_words=None, **EVERY)
        return list(corpus_from_texts([text, "rain"], options=options).tokens[0])  # type: ignore[index]

    assert [word for word in words(True) if not any(map(str.isdigit, word))] == words(False)


def test_words_with_digits() -> None:
    options = TextOptions(numbers=True, stop_words=None, **EVERY)
    corpus = corpus_from_texts(["In 1993 an mp3, 7 x86 chips, 3.14 of 42nd; a_1 x\u0302yz2"], options=options)
    assert corpus.tokens == (("1993", "mp3", "x86", "chips", "14", "42nd", "x\u0302yz2"),)


def test_cleaning_before_words_are_read() -> None:
    text = "In article <a@b.org> Ann writes:\n> dry\n\nRain, see www.example.org\n"
    for clean in ("email", ["email"], ("urls", "quotes")):
        options = TextOptions(clean=clean, **EVERY)  # type: ignore[arg-type]
        corpus = corpus_from_texts([text], options=options)
        assert corpus.tokens == (("rain",),)
        assert corpus.texts is not None
        assert corpus.texts[0] == text


def test_stop_words_of_a_language() -> None:
    pytest.importorskip("stop_words", reason="stop-words is not installed")
    german = stop_words_of("german")
    assert {"und", "nicht", "für"} <= german
    options = TextOptions(stop_words="german", **EVERY)
    assert corpus_from_texts(["Für und wider den Regen"], options=options).vocabulary.tolist() == [
        "regen",
        "wider",
    ]
    # The parts of a word with an apostrophe are stop words too.
    options = TextOptions(stop_words="ukrainian", **EVERY)
    assert corpus_from_texts(["Дев'ять дощ"], options=options).vocabulary.tolist() == ["дощ"]
    with pytest.raises(ValueError, match=r"no stop words for 'klingon'; the languages are arabic, .*turkish"):
        TextOptions(stop_words="klingon")


def test_every_field_comes_back_from_a_reading() -> None:
    """Options as JSON has them, in which tuples are lists, give the same words."""
    options = TextOptions(
        clean=("urls",), ngram_range=(1, 2), numbers=True, max_count=np.int64(2), min_df=np.int64(1)
    )  # type: ignore[arg-type]
    corpus = corpus_from_texts(["rain 1993 rain"] * 2, options=options)
    assert corpus.reading is not None
    assert TextOptions(**corpus.reading["options"]) == options


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"clean": "mail"}, "clean must be some of 'urls'"),
        ({"clean": None}, "clean must be"),
        ({"ngram_range": 2}, r"two ints >= 1, such as \(1, 2\), not 2"),
        ({"ngram_range": (0, 1)}, "two ints"),
        ({"ngram_range": (1, 2, 3)}, "two ints"),
        ({"ngram_range": (2, 1)}, r"\(smallest, largest\)"),
        ({"numbers": "yes"}, "numbers must be True or False, not 'yes'"),
        ({"numbers": True, "token_pattern": r"\w+"}, "numbers=True has no effect with a token_pattern"),
        ({"even_df": 2.5}, r"float in \[0.0, 1.0\]\) or None, not 2.5"),
        ({"max_count": 0}, "max_count must be an int >= 1 or None, not 0"),
        ({"max_count": 1.5}, "max_count"),
    ],
)
def test_settings_that_cannot_be(setting: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        TextOptions(**setting)  # type: ignore[arg-type]
