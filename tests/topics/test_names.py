"""Laws of the automatic names of topics."""

import numpy as np
import pytest

from hftopic.topics.names import frequent, joined, least_documents, names_of, numbered_repeats

WORDS = ["god", "jesus", "bible", "team", "teams", "game", "win", "rare"]
ALL = np.ones(len(WORDS), dtype=bool)


def scores(*rows):
    return np.array([[row.get(word, 0.0) for word in WORDS] for row in rows])


def test_the_floor_is_known_and_grows_with_the_root_of_the_corpus():
    assert [least_documents(n) for n in (1, 100, 3000, 100_000)] == [1, 3, 17, 95]


def test_words_below_the_floor_are_in_no_name_if_there_are_enough_others():
    documents = np.array([30.0, 20, 17, 40, 50, 60, 18, 16])
    assert frequent(documents, documents, 3000, 7).tolist() == [True] * 7 + [False]
    assert frequent(documents, documents, 3000, 8).all()  # the floor gives way, where it leaves too few words
    assert frequent(np.zeros(4), np.zeros(4), 0, 2).all()


def test_a_word_of_which_a_document_may_have_more_than_a_third_is_in_no_name():
    documents, spread = np.full(4, 40.0), np.array([40.0, 9, 8.9, 1])
    assert frequent(documents, spread, 3000, 2).tolist() == [True, True, False, False]


def test_a_name_has_the_most_relevant_words_in_their_order_without_forms():
    relevance = scores({"god": 3, "jesus": 2, "bible": 1}, {"team": 3, "teams": 2.9, "win": 2, "game": 1})
    assert names_of([relevance], WORDS, ALL, [0, 1]) == ["god, jesus, bible", "team, win, game"]


def test_no_two_names_have_the_same_words():
    same = {"god": 3.0, "jesus": 2.0, "bible": 1.0, "team": 0.1}
    other = {"god": 2.9, "jesus": 3.0, "bible": 1.0, "team": 0.1}
    names = names_of([scores(same, other, same)], WORDS, ALL, [0, 1, 2])
    assert len({frozenset(name.split(", ")) for name in names}) == 3
    assert names[0] == "god, jesus, bible"


def test_a_word_gives_way_to_one_that_is_nearly_as_relevant_and_no_other():
    near = scores({"god": 3, "jesus": 2, "bible": 1.5}, {"god": 1.0, "win": 0.7, "game": 0.65, "team": 0.62})
    assert names_of([near], WORDS, ALL, [0, 1])[1] == "win, game, team"
    far = scores({"god": 3, "jesus": 2, "bible": 1.5}, {"god": 1.0, "win": 0.7, "game": 0.65, "team": 0.3})
    assert names_of([far], WORDS, ALL, [0, 1])[1] == "god, win, game"


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_topic_that_comes_first_keeps_its_words(order):
    relevance = scores(*[{"god": 3, "jesus": 2.9, "bible": 2.8, "win": 2.7, "game": 2.6, "team": 2.5}] * 2)
    names = names_of([relevance], WORDS, ALL, order)
    assert names[order[0]] == "god, jesus, bible"
    assert names[order[1]] == "win, game, team"


def test_few_words_make_short_names_with_numbers_if_they_are_equal():
    relevance = np.array([[1.0, 0.5], [1.0, 0.5]])
    assert names_of([relevance], ["a", "b"], ALL[:2], [0, 1]) == ["a, b (0)", "a, b (1)"]


def test_both_poles_are_in_a_name():
    plus, minus = scores({"god": 3, "jesus": 2, "bible": 1}), scores({"win": 3, "game": 2, "team": 1})
    assert names_of([plus, minus], WORDS, ALL, [0]) == ["+ god, jesus, bible / - win, game, team"]
    assert joined(["god"]) == "god"


def test_repeats_are_numbered_and_names_that_are_kept_stay():
    assert numbered_repeats(["a", "b", "a"]) == ["a (0)", "b", "a (2)"]
    assert numbered_repeats(["a", "b", "a"], [2]) == ["a (0)", "b", "a"]
    assert numbered_repeats(["a", "a (0)", "a"]) == ["a (0)'", "a (0)", "a (2)"]
