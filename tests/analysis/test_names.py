"""Tests of topic names: unique, from characteristic words, or from a function of the user."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from hftopic import NVDM, ProdLDA, make_correlated_topics
from hftopic.analysis.names import topic_names

WORDS = ["god", "faith", "church", "ball", "team", "bat"]


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture(scope="module")
def fitted(corpus):
    return ProdLDA(groups=(2, 2), max_iter=3, random_state=0).fit(corpus)


def test_documents_and_namer_are_checked_before_anything_is_named(fitted):
    with pytest.raises(ValueError, match="X has 3 features"):
        topic_names(fitted, np.ones((2, 3)))
    with pytest.raises(TypeError, match="namer must be a function of words and documents, got 'gpt'"):
        topic_names(fitted, namer="gpt")
    for wrong in (lambda words: words[0], lambda *, words, documents: words[0] + documents[0], lambda: "x"):
        with pytest.raises(TypeError, match="namer must take two arguments, the words and the documents"):
            topic_names(fitted, namer=wrong)


def test_names_are_those_of_the_model(fitted, corpus):
    assert topic_names(fitted) == topic_names(fitted, corpus) == fitted.topic_names_.tolist()
    names = topic_names(fitted, n_words=2)
    assert topic_names(fitted, corpus, n_words=2) == names
    assert all(name.count(", ") == 1 for name in names)


def test_words_are_named_by_vocabulary_or_documents(corpus):
    model = ProdLDA(groups=2, max_iter=1, random_state=0).fit(corpus.counts)
    assert all(word.isdigit() for word in topic_names(model)[0].split(", "))
    named = topic_names(model, corpus)
    assert named == topic_names(model, vocabulary=corpus.vocabulary)
    assert not named[0].split(", ")[0].isdigit()


def test_namer_gets_words_and_documents(fitted, corpus):
    seen = []

    def namer(words, documents):
        seen.append((words, documents))
        return f"  topic of {words[0]} "

    names = topic_names(fitted, corpus, namer=namer)
    assert names == [f"topic of {words[0]}" for words, _ in seen]
    assert len(seen) == 4
    assert [words for words, _ in seen] == fitted.top_words(10).drop(columns="group").to_numpy().tolist()
    assert all(len(documents) == 3 for _, documents in seen)
    assert set(" ".join(seen[0][1]).split()) <= set(corpus.vocabulary)
    topic_names(fitted, namer=lambda _, documents: seen.append(documents) or "x")
    assert seen[-1] == []


def test_names_that_a_namer_repeats_get_the_number(fitted):
    names = topic_names(fitted, namer=lambda *_: "sport")
    assert names == ["sport (0)", "sport (1)", "sport (2)", "sport (3)"]
    answers = iter(["sport", "sport", "sport (0)", "news"])
    assert len(set(topic_names(fitted, namer=lambda *_: next(answers)))) == 4


def test_signed_topics_are_named_pole_by_pole(corpus):
    model = NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    names = topic_names(model, n_words=2)
    assert names == model.name_topics(2).tolist()
    assert all(name.startswith("+ ") and " / - " in name for name in names)
    calls = iter(range(8))
    called = topic_names(model, corpus, namer=lambda _, documents: f"{next(calls)} {len(documents)}")
    assert called[:2] == ["+ 0 3 / - 1 3", "+ 2 3 / - 3 3"]


def failing(*_):
    raise KeyError("no such model")


@pytest.mark.parametrize(
    ("namer", "error", "message"),
    [
        (failing, RuntimeError, "namer failed on topic 0: KeyError: 'no such model'"),
        (lambda *_: 3, TypeError, "on topic 0 it returned int"),
        (lambda *_: " \n", ValueError, "empty name for topic 0"),
    ],
)
def test_what_a_namer_does_wrong_is_named(fitted, namer, error, message):
    with pytest.raises(error, match=message) as caught:
        topic_names(fitted, namer=namer)
    assert (error is RuntimeError) == isinstance(caught.value.__cause__, KeyError)


def test_namer_cannot_change_the_words(fitted):
    assert topic_names(fitted, namer=lambda words, _: words.pop())[0] in fitted.vocabulary_


def test_mistakes_are_named(fitted):
    with pytest.raises(ValueError, match="n_words must be a positive int, got 0"):
        topic_names(fitted, n_words=0)
    with pytest.raises(ValueError, match="must be from 1 to 1000"):
        topic_names(fitted, n_words=1001)
    with pytest.raises(NotFittedError):
        topic_names(ProdLDA())
