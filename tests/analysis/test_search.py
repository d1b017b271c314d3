"""Topics of words: the planted topic comes first, and an unknown word is told with similar ones."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from hftopic import NVDM, ProdLDA, make_correlated_topics
from hftopic.analysis import find_topics, topic_names, topic_summary
from hftopic.topics.shares import in_use

CORPUS = make_correlated_topics(300, groups=(2, 2), random_state=0).corpus
MODEL = ProdLDA(groups=(2, 2), max_iter=30, random_state=0).fit(CORPUS)
SIGNED = NVDM(groups=(2, 2), max_iter=5, random_state=0).fit(CORPUS)


@pytest.mark.parametrize("topic", range(4))
def test_the_first_word_of_a_topic_finds_it(topic):
    words = MODEL.top_words(3).loc[topic, ["word_1", "word_2", "word_3"]].tolist()
    for query in (words[0], words, " ".join(words), np.array(words), pd.Series(words), words[0].upper()):
        found = find_topics(MODEL, query)
        assert found["topic"][0] == topic
        assert found["rank"][0] == 1
        assert found["name"][0] == topic_names(MODEL)[topic]
    columns = ["topic", "group", "name", "relevance", "probability", "share", "rank", "in_use"]
    assert found.columns.tolist() == columns
    assert found["in_use"].tolist() == in_use(topic_summary(MODEL))[found["topic"]].tolist()


def test_words_in_one_argument_or_in_quotes_are_words():
    first, second, third = MODEL.vocabulary_[:3]
    expected = find_topics(MODEL, [first, second, third])
    for query in (
        f'"{first} {second}" {third}',
        [f"{first} {second}", third],
        [f'"{first}', f'{second}"', third],
    ):
        assert find_topics(MODEL, query).equals(expected)
    pairs = [f"{word} city" for word in MODEL.vocabulary_]
    expected = find_topics(MODEL, first).drop(columns="name")
    for query in (pairs[0].title(), [f'"{pairs[0]}"']):
        assert (
            find_topics(clone(MODEL).fit(CORPUS.counts), query, vocabulary=pairs)
            .drop(columns="name")
            .equals(expected)
        )


def test_scores_are_those_of_the_model_and_their_means():
    relevance = MODEL.word_scores()
    for columns in ([0], [5], [0, 5], [1, 2, 3]):
        found = find_topics(MODEL, MODEL.vocabulary_[columns])
        expected = relevance[:, columns].mean(axis=1)
        assert found["topic"].tolist() == [topic for topic in np.argsort(-expected) if expected[topic] > 0]
        for name, by in (
            ("relevance", "relevance"),
            ("probability", "probability"),
            ("share", "exclusivity"),
        ):
            scores = MODEL.word_scores(by=by)[:, columns].mean(axis=1)
            assert found[name].to_numpy() == pytest.approx(scores[found["topic"]])
    assert 0 < found["share"].sum() <= 1


def test_the_rank_is_the_place_in_the_list_of_words():
    ranked = MODEL.top_words(CORPUS.n_words).drop(columns="group")
    for word in MODEL.vocabulary_[:5]:
        found = find_topics(MODEL, word, n=4)
        for topic, rank in zip(found["topic"], found["rank"], strict=True):
            assert ranked.loc[topic, f"word_{rank}"] == word


def test_signed_topics_are_found_by_pole():
    for pole in "+-":
        word = SIGNED.top_words(1, pole=pole)["word_1"][2]
        found = find_topics(SIGNED, word, n=8)
        assert find_topics(SIGNED, word, n=1).equals(found[:1])
        assert found.columns.tolist()[3] == "pole"
        row = found[(found["topic"] == 2) & (found["pole"] == pole)]
        assert row["rank"].tolist() == [1]


def test_a_model_without_words_takes_a_vocabulary():
    bare = clone(MODEL).fit(CORPUS.counts)
    word = CORPUS.vocabulary[3]
    expected = find_topics(MODEL, word).drop(columns="name")
    found = find_topics(bare, word, vocabulary=CORPUS.vocabulary).drop(columns="name")
    pd.testing.assert_frame_equal(found, expected)
    assert find_topics(bare, "3")["relevance"].tolist() == expected["relevance"].tolist()


def test_a_model_without_words_says_so():
    with pytest.raises(ValueError, match=r"the model has no words, .* pass vocabulary="):
        find_topics(clone(MODEL).fit(CORPUS.counts), "obama")


def test_an_unknown_word_is_told_with_similar_words():
    word = CORPUS.vocabulary[0]
    for query in (f"{word}x", ["t0_w001", f"{word}x"]):
        with pytest.raises(
            ValueError, match=rf"is not among the 1,000 words of the model: did you mean .*'{word}'"
        ):
            find_topics(MODEL, query)
    with pytest.raises(ValueError, match="no word is similar"):
        find_topics(MODEL, "§§§§")


@pytest.mark.parametrize("query", ["", "  ", [], [3], None, 3.5])
def test_a_query_is_words(query):
    with pytest.raises(ValueError, match="quer"):
        find_topics(MODEL, query)


def test_a_model_with_phrases_finds_them():
    from hftopic import Corpus

    phrases = Corpus(CORPUS.counts, ["new york", *CORPUS.vocabulary[1:]])
    model = clone(MODEL).set_params(max_iter=2).fit(phrases)
    assert find_topics(model, "new york")["relevance"].max() > 0
    with pytest.raises(ValueError, match="'new' is not among"):
        find_topics(model, "new")
