"""Tests of topics in use: planted duplicates, inactive topics, and the sentence about those left out."""

import numpy as np
import pandas as pd
import pytest

from hftopic import ProdLDA, make_correlated_topics
from hftopic.analysis import topic_summary
from hftopic.analysis.used import left_out, topics_to_show
from hftopic.topics.repeats import first_of_its_kind
from hftopic.topics.shares import in_use


def table(active, duplicate):
    return pd.DataFrame({"active": active, "duplicate": duplicate})


def test_topics_in_use_are_active_and_no_duplicates():
    summary = table([True, True, False, True], [False, True, False, False])
    assert in_use(summary).tolist() == [True, False, False, True]
    assert left_out(summary) == (
        "2 of 4 topics left out: 1 not active, 1 with the words of a more informative one"
    )
    assert left_out(table([True, False], [False, False])) == "1 of 2 topics left out: 1 not active"
    assert left_out(table([True], [False])) == ""


def test_one_of_several_duplicates_is_left():
    """Topics 0, 1 and 2 are alike, topic 3 only like topic 1, which repeats another: 2 and 3 are left."""
    alike = np.zeros((4, 4), dtype=bool)
    for a, b in [(0, 1), (0, 2), (1, 2), (1, 3)]:
        alike[a, b] = alike[b, a] = True
    first, repeats = first_of_its_kind(np.array([0.2, 0.3, 0.5, 0.1]), alike, smallest=0.0)
    assert first.tolist() == [False, False, True, True]
    assert repeats.tolist() == [2, 2, -1, -1]


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(200, groups=(2, 2), random_state=0).corpus


def test_selections_are_kept_as_they_are(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    assert topics_to_show(model, "all").all()
    assert topics_to_show(model, [3, 1]).tolist() == [False, True, False, True]
    mask = np.array([True, False, False, True])
    assert topics_to_show(model, mask).tolist() == mask.tolist()


def test_what_is_left_out_is_what_the_summary_tells(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    usage = model._network.usage
    usage.words.copy_(usage.words[:, [0, 0, 2, 3]])
    model._summaries[:] = [topic_summary(model, corpus, threshold=0.26).drop(columns=["name", "words"])]
    summary = topic_summary(model, corpus)
    assert summary["duplicate"].sum() >= summary["active"][:2].all()
    with pytest.warns(UserWarning, match=left_out(summary)):
        shown = topics_to_show(model, "active")
    assert shown.tolist() == in_use(summary).tolist()
    assert shown[:2].sum() <= 1
