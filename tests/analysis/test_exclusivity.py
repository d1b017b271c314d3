"""Tests of the FREX score, on planted topics and against values computed by hand."""

import numpy as np
import pytest

from hftopic import NVDM, Concrete, ProdLDA, StandardNormal, make_correlated_topics
from hftopic.analysis.exclusivity import frex_scores, frex_words, topic_exclusivity

N_WORDS = 12


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture
def planted():
    """A function that replaces the word distributions of a fitted model."""

    def put(topic_word):
        topic_word = np.asarray(topic_word, dtype=np.float32)
        n_topics, n_words = topic_word.shape
        model = ProdLDA(n_topics, prior=StandardNormal(), hidden=(4,), max_iter=1, random_state=0)
        model.fit(np.eye(max(n_words, 2), dtype=np.float32)[:, :n_words].repeat(2, axis=0) + 1)
        model.topic_word_ = topic_word
        model.word_scores = lambda **_: topic_word  # one pole, and ranked by probability
        return model

    return put


def test_scores_by_hand(planted):
    model = planted([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    # topic 0: exclusivity 3/4, 1/2, 1/6 and frequency both rank 3, 2, 1 of 3
    np.testing.assert_allclose(frex_scores(model, 0.7)[0][0], [1, 2 / 3, 1 / 3])
    mixed = planted([[0.5, 0.4, 0.1], [0.45, 0.05, 0.5]])
    # exclusivity 0.526, 0.889, 0.167: ranks 2, 3, 1; frequency ranks 3, 2, 1
    expected = [1 / (0.7 * 3 / 2 + 0.3), 1 / (0.7 + 0.3 * 3 / 2), 1 / 3]
    np.testing.assert_allclose(frex_scores(mixed, 0.7)[0][0], expected)
    np.testing.assert_allclose(topic_exclusivity(mixed, 1), [expected[0], 1])
    np.testing.assert_allclose(topic_exclusivity(mixed, 2)[0], np.mean(expected[:2]))


def test_weight_goes_from_frequency_to_exclusivity(planted):
    model = planted([[0.5, 0.4, 0.1], [0.45, 0.05, 0.5]])
    words = [frex_words(model, 2, weight, vocabulary=["a", "b", "c"]).iloc[0, 1] for weight in (0, 1)]
    assert words == ["a", "b"]


def test_topic_led_by_words_of_all_topics_is_less_exclusive(planted):
    weights = np.full((3, N_WORDS), 1e-3)
    for topic in range(3):
        weights[topic, 3 * topic : 3 * topic + 3] = [0.12, 0.1, 0.08]
    weights[:, 9:] = 0.05
    weights[2, 9:] = 0.2  # its top words are common to all topics
    model = planted(weights / weights.sum(axis=1, keepdims=True))
    values = topic_exclusivity(model, top_n=3)
    assert values[:2].min() > 0.85
    assert values[2] < values[:2].min() - 0.05
    assert set(model.top_words(3, vocabulary=list("abcdefghijkl")).iloc[2, 1:]) == set("jkl")
    assert set(frex_words(model, 3, vocabulary=list("abcdefghijkl")).iloc[2, 1:]) == set("ghi")


def test_equal_topics_tie_at_half_the_scale(planted):
    same = np.tile([0.5, 0.3, 0.15, 0.05], (3, 1))
    exclusivity_alone = topic_exclusivity(planted(same), 2, weight=1)
    np.testing.assert_allclose(exclusivity_alone, (4 + 1) / 2 / 4)


def test_topics_are_held_against_those_named_and_themselves(planted):
    weights = [[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6]]
    model = planted(weights)
    alone = planted([weights[0], weights[2]])
    against_last = frex_scores(model, 0.7, against=[2])[0]
    np.testing.assert_allclose(against_last[0], frex_scores(alone, 0.7)[0][0])
    np.testing.assert_allclose(against_last[1], against_last[0])
    assert topic_exclusivity(model, 2, against=[False, True, True]).shape == (3,)
    assert topic_exclusivity(model, 2, against=np.zeros(3, dtype=bool)).shape == (3,)


def test_words_lost_to_float32_and_a_single_topic_have_a_score(planted):
    model = planted([[0.7, 0.3, 0.0]])
    assert np.isfinite(topic_exclusivity(model, 3)).all()
    assert (frex_scores(model, 0.5)[0] > 0).all()


def test_table_has_the_form_of_top_words(corpus):
    model = ProdLDA(groups=(2, Concrete(3)), max_iter=2, random_state=0).fit(corpus)
    table, expected = frex_words(model, 4), model.top_words(4)
    assert table.columns.tolist() == expected.columns.tolist()
    assert table.index.equals(expected.index)
    assert table["group"].tolist() == [0, 0, 1, 1, 1]
    assert frex_words(model, 4, weight=0).equals(model.top_words(4, by="probability"))
    assert topic_exclusivity(model).shape == (5,)
    assert set(frex_words(model, 2, vocabulary=[f"w{i}" for i in range(corpus.n_words)])["word_1"]) <= {
        f"w{i}" for i in range(corpus.n_words)
    }


def test_signed_topics_have_words_at_either_pole(corpus):
    model = NVDM(groups=(2, 2), max_iter=3, random_state=0).fit(corpus)
    _, negative = frex_scores(model, 0.0)
    ranked = np.argsort(-negative, axis=1, kind="stable")[:, :5]
    expected = model.top_words(5, by="probability", pole="-").drop(columns="group").to_numpy()
    assert (corpus.vocabulary[ranked] == expected).all()  # softmax(b - W), computed from public attributes
    assert not frex_words(model, 5).equals(frex_words(model, 5, pole="-"))
    values = topic_exclusivity(model)
    assert ((values > 0) & (values <= 1)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": 1.2}, "weight must be in"),
        ({"n": 0}, "from 1 to 3, got 0"),
        ({"n": 4}, "from 1 to 3, got 4"),
        ({"against": [7]}, "no topic 7"),
        ({"pole": "-"}, "ProdLDA has no poles"),
        ({"vocabulary": ["a"]}, "vocabulary has 1 words"),
    ],
)
def test_mistakes_are_named(planted, arguments, message):
    model = planted([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    with pytest.raises(ValueError, match=message):
        frex_words(model, **{"n": 2, **arguments})
