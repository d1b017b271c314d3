"""Tests of the suggestions of merges."""

import numpy as np
import pytest
import torch

from hftopic import NVDM, ProdLDA, edit_topics, make_correlated_topics
from hftopic.analysis import suggest_merges


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(150, groups=(2, 2), random_state=0).corpus


@pytest.fixture(scope="module")
def model(corpus):
    """A model in which topic 3 has the words of topic 1, and all topics are active."""
    model = ProdLDA(groups=(2, 2), max_iter=8, random_state=0).fit(corpus)
    usage = model._network.usage
    with torch.no_grad():
        usage.words[0, 3] = 0.8 * usage.words[0, 1]
    model._summaries[0]["active"] = True
    return model


def test_topics_with_the_same_words_come_first(model, corpus):
    table = suggest_merges(model, corpus)
    first = table.iloc[0]
    assert {first["topic_a"], first["topic_b"]} == {1, 3}
    assert first["similarity"] == pytest.approx(1, abs=0.01)
    assert first["shared"] == 1
    assert first["across"]
    assert first["reason"].startswith("10 of 10 top words in common: ")
    assert -1 <= first["r"] <= 1
    assert len(table) == 1


def test_thresholds_and_numbers(model):
    assert "r" not in suggest_merges(model)
    assert len(suggest_merges(model, threshold=1e-9, n=2)) <= 2
    with pytest.raises(ValueError, match="threshold must be in"):
        suggest_merges(model, threshold=0)
    with pytest.raises(ValueError, match="n must be a positive int"):
        suggest_merges(model, n=0)


def test_what_is_suggested_can_be_merged_and_is_suggested_no_more(model):
    table = suggest_merges(model)
    pairs = table[["topic_a", "topic_b"]].to_numpy().tolist()
    edited = edit_topics(model, merge=pairs)
    assert len(edited.topic_ids_) == 3
    assert edited.topic_ids_[-1] in np.unique(pairs) or 3 not in edited.topic_ids_
    assert not len(suggest_merges(edited))


def test_signed_topics_have_none(corpus):
    with pytest.raises(ValueError, match="signed and cannot be merged"):
        suggest_merges(NVDM(groups=2, max_iter=1, random_state=0).fit(corpus))


def test_topics_that_share_a_planted_one_are_found():
    """Six planted topics, fitted with twelve: most pairs that are listed are halves of the same."""
    planted = make_correlated_topics(300, groups=(3, 3), random_state=1)
    model = ProdLDA(groups=(6, 6), max_iter=40, random_state=1).fit(planted.corpus)
    own, truth = (
        words / np.linalg.norm(words, axis=1, keepdims=True)
        for words in (model.topic_word_, planted.topic_word)
    )
    nearest = (own @ truth.T).argmax(axis=1)
    found = suggest_merges(model, planted.corpus)
    same = nearest[found["topic_a"]] == nearest[found["topic_b"]]
    assert len(found) >= 4
    assert same.mean() >= 0.6
