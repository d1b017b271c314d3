"""Tests of the topics of documents against the mean: ratios, ranks, and a planted flat document."""

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, ProdLDA, make_correlated_topics
from hftopic.analysis import topics_of_documents


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(groups=(2, 2), max_iter=3, random_state=0).fit(corpus)


def test_all_topics_of_all_documents_are_the_proportions_and_their_ratios(model, corpus):
    table = topics_of_documents(model, corpus, n=4)
    theta = model.transform(corpus)
    wide = table.pivot(index="document", columns="topic", values="share").to_numpy()
    np.testing.assert_allclose(wide, theta, rtol=1e-6)
    means = table.groupby("topic")["mean"].first()
    np.testing.assert_allclose(means, theta.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(table["lift"], table["share"] / table["mean"])
    np.testing.assert_allclose(table.groupby("topic")["lift"].mean(), 1, rtol=1e-6)
    excess = (table["share"] - table["mean"]).to_numpy().reshape(-1, 4)
    assert (np.diff(excess, axis=1) <= 0).all()
    assert table["rank"].tolist() == [1, 2, 3, 4] * len(corpus)


def test_what_a_flat_document_has_more_of_comes_first(model, corpus):
    """Topic 0 has the largest share of every document; only document 5 has more of topic 2 than others."""
    flat = np.tile(np.float32([0.4, 0.2, 0.2, 0.2]), (len(corpus), 1))
    flat[5] = [0.36, 0.2, 0.24, 0.2]
    model.transform, before = (lambda _: flat), model.transform
    try:
        (row,) = topics_of_documents(model, corpus, [5], n=1).itertuples()
    finally:
        model.transform = before
    assert row.topic == 2
    assert row.lift == pytest.approx(0.24 / (0.2 + 0.04 / len(corpus)))


def test_documents_and_topics_are_selected(model, corpus):
    table = topics_of_documents(model, corpus, [7, 3], topics=[1, 2])
    assert table["document"].tolist() == [7, 7, 3, 3]
    assert set(table["topic"]) == {1, 2}
    whole = topics_of_documents(model, corpus, n=4)
    merged = table.merge(whole, on=["document", "topic"])
    np.testing.assert_allclose(merged["lift_x"], merged["lift_y"])
    assert topics_of_documents(model, corpus, topics=[]).empty


def test_empty_documents_have_no_rows_and_no_part_in_the_mean(model, corpus):
    counts = corpus.counts.toarray()
    counts[:20] = 0
    table = topics_of_documents(model, counts, [0, 30], n=4)
    assert set(table["document"]) == {30}
    expected = topics_of_documents(model, counts[20:], [10], n=4).drop(columns="document")
    pd.testing.assert_frame_equal(table.drop(columns="document"), expected)


def test_signed_topics_are_ranked_by_their_distance_from_the_mean(corpus):
    model = NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    table = topics_of_documents(model, corpus, n=4)
    assert table.columns.tolist() == ["document", "rank", "topic", "value", "mean"]
    distance = (table["value"] - table["mean"]).abs().to_numpy().reshape(-1, 4)
    assert (np.diff(distance, axis=1) <= 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "positive int, got 0"),
        ({"documents": [120]}, "no document 120"),
        ({"topics": [4]}, "no topic 4"),
    ],
)
def test_mistakes_are_named(model, corpus, settings, message):
    with pytest.raises(ValueError, match=message):
        topics_of_documents(model, corpus, **settings)
