"""Tests of inflected forms: what is one word is kept once, what is not one word is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic.data.forms import first_forms


@pytest.mark.parametrize(
    "forms",
    [
        "polynomial polynomials",
        "sort sorts sorted sorting",
        "church churches",
        "policy policies",
        "study studies studied studying",
        "use uses used using",
        "stop stops stopped stopping",
        "model models modelled modelling modeled modeling",
        "hope hopes hoped hoping",
        "église églises",
    ],
)
def test_of_the_forms_of_a_word_the_first_is_kept(forms):
    words = forms.split()
    for place in range(len(words)):
        assert first_forms(["other", *words[place:], *words[:place]]) == [0, 1]


@pytest.mark.parametrize(
    "words",
    [
        "university universe universal",
        "organ organic organization organized",
        "policy police",
        "general generate generic",
        "nation national international",
        "local locale",
        "new news",
        "even evening",
        "unit united",
        "good goods",
        "hop hope",
        "hoping hopping",
        "car care",
        "the thing",
        "s ed ing",
        "US us",
        "日本 日本語",
        "книга книги",
        "Haus Häuser Hause",
    ],
)
def test_other_words_are_all_kept(words):
    listed = words.split()
    for order in (listed, listed[::-1]):
        assert first_forms(order) == list(range(len(listed)))


def test_a_word_that_is_listed_twice_is_kept_once():
    assert first_forms(["god", "faith", "god"]) == [0, 1]
    assert first_forms([]) == []


@given(st.lists(st.text(alphabet="abeginrsty", min_size=1, max_size=9), max_size=12))
def test_what_is_kept_is_a_start_of_the_whole(words):
    kept = first_forms(words)
    assert kept == sorted(set(kept))
    assert kept[:1] == [0][: len(words)]
    for n in range(len(words)):  # later words change nothing for earlier ones
        assert first_forms(words[:n]) == [place for place in kept if place < n]
    shown = [words[place] for place in kept]
    assert first_forms(shown) == list(range(len(shown)))
