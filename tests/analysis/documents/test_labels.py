"""Tests of topics by label, on planted proportions."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, ProdLDA
from hftopic.analysis import label_topics, topic_summary, topics_by_label, topics_over_time
from hftopic.analysis.used import in_use
from hftopic.topics.summary import NothingLearntWarning

FAITH, SPORT = [0.7, 0.1, 0.1, 0.1], [0.1, 0.5, 0.2, 0.2]  # shares of even and odd documents
by_label = partial(topics_by_label, topics="all")


def test_means_by_label(planted, corpus):
    table = by_label(planted, corpus, ["faith", "sport"] * 60)
    assert table.index.tolist() == ["faith", "sport"]
    assert table.index.name == "label"
    assert table.columns.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(table, [FAITH, SPORT], rtol=1e-6)
    assert table.attrs["documents"] == {"faith": 60, "sport": 60}


def test_labels_of_the_corpus_are_the_default(planted, corpus):
    labelled = corpus.with_labels(["b", "a"] * 60)
    pd.testing.assert_frame_equal(by_label(planted, labelled), by_label(planted, corpus, ["b", "a"] * 60))
    with pytest.raises(ValueError, match="X has none; pass labels="):
        by_label(planted, corpus.with_labels(None))
    with pytest.raises(ValueError, match="X has none; pass labels="):
        by_label(planted, corpus.counts)


def test_lift_is_against_the_mean_of_all(planted, corpus):
    lift = by_label(planted, corpus, ["faith", "sport"] * 60, measure="lift")
    np.testing.assert_allclose(lift.loc["faith"], [0.7 / 0.4, 0.1 / 0.3, 0.1 / 0.15, 0.1 / 0.15], rtol=1e-6)
    # the weighted mean of the lift is 1, also for unrelated labels and labels of different sizes
    labels = np.repeat(["x", "y"], [20, 100])
    np.testing.assert_allclose(by_label(planted, corpus, labels, measure="lift"), 1, rtol=1e-6)
    uneven = by_label(planted, corpus, ["faith", "sport", "sport", "sport"] * 30, measure="lift")
    sizes = np.array([uneven.attrs["documents"][label] for label in uneven.index])
    np.testing.assert_allclose(sizes @ uneven / sizes.sum(), 1, rtol=1e-6)


def test_lift_of_a_topic_nobody_holds(planted, corpus):
    planted.transform = lambda X: np.tile(np.float32([1, 0, 0, 0]), (X.shape[0], 1))
    assert (by_label(planted, corpus, ["a", "b"] * 60, measure="lift") == 1).all(axis=None)


def test_missing_labels_and_order_of_categories(planted, corpus):
    labels = pd.Categorical(["sport", None, "faith", "sport"] * 30, ["sport", "none of these", "faith"])
    table = by_label(planted, corpus, labels)
    assert table.index.tolist() == ["sport", "faith"]
    assert table.attrs["documents"] == {"sport": 60, "faith": 30}
    np.testing.assert_allclose(table.loc["faith"], FAITH, rtol=1e-6)
    numbers = by_label(planted, corpus, [2, 10, np.nan, 10] * 30)
    assert numbers.index.tolist() == [2, 10]
    with pytest.raises(ValueError, match="labels are missing for all non-empty documents"):
        by_label(planted, corpus, [None] * 120)


def test_documents_without_words_do_not_count(planted, corpus):
    counts = corpus.counts.toarray()
    counts[::2] = 0
    table = by_label(planted, counts, ["faith", "sport"] * 60)
    assert table.index.tolist() == ["sport"]
    dates = topics_over_time(planted, counts, [1990, 1991] * 60, topics="all")
    assert dates["documents"].to_dict() == {1991: 60}


def test_signed_topics_have_means_but_no_lift(corpus):
    model = NVDM(groups=(2, Concrete(3)), max_iter=1, random_state=0).fit(corpus)
    labels = ["a", "b", "b"] * 40
    table = by_label(model, corpus, labels)
    expected = model.transform(corpus)[::3].mean(axis=0)
    np.testing.assert_allclose(table.loc["a"], expected, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="no lift; use measure='mean'"):
        by_label(model, corpus, labels, measure="lift")


def test_mistakes_in_labels_are_named(planted, corpus):
    with pytest.raises(ValueError, match="3 labels for 120 documents"):
        by_label(planted, corpus, ["a", "b", "c"])
    with pytest.raises(ValueError, match="measure='max' is unknown"):
        by_label(planted, corpus, ["a"] * 120, measure="max")


def test_what_cannot_be_a_label_is_named_in_every_kind_of_sequence(planted, corpus):
    n_documents = len(corpus)
    lists = np.empty(n_documents, dtype=object)
    lists[:] = [["a"]] * n_documents
    for labels, told in (
        (lists, r"labels\[0\] is \['a'\] of type list"),
        (pd.Series(lists), r"labels\[0\] is \['a'\] of type list"),
        (np.array([b"a"] * n_documents), r"labels\[0\] is np.bytes_\(b'a'\) of type bytes_"),
        (
            pd.MultiIndex.from_product([["a"], range(n_documents)]),
            "labels is a MultiIndex; pass one of its levels",
        ),
        (np.zeros(n_documents, dtype=[("a", int)]), r"a structured array; pass one field"),
    ):
        with pytest.raises(ValueError, match=told):
            by_label(planted, corpus, labels)


def test_errors_are_those_of_the_mean(planted, corpus):
    """Documents of the label x alternate between two shares; those of y are all alike."""
    rows = np.arange(120)
    table = by_label(planted, corpus, np.where(rows < 60, "x", np.where(rows % 2, "y", None)))
    values = np.resize([0.7, 0.1], 60)
    errors = pd.DataFrame(table.attrs["errors"])
    assert errors.loc["x", 0] == pytest.approx(values.std(ddof=1) / np.sqrt(60), rel=1e-6)
    assert errors.loc["y", 0] == pytest.approx(0, abs=1e-7)
    lift = by_label(planted, corpus, ["a", "b", "b"] * 40, measure="lift")
    means = by_label(planted, corpus, ["a", "b", "b"] * 40)
    np.testing.assert_allclose(
        pd.DataFrame(lift.attrs["errors"]) / lift, pd.DataFrame(means.attrs["errors"]) / means, rtol=1e-6
    )


def test_what_differs_between_labels_and_what_does_not(planted, corpus):
    separate = by_label(planted, corpus, ["faith", "sport"] * 60).attrs["p_adjusted"]
    assert max(separate.values()) < 1e-6
    blind = by_label(planted, corpus, np.repeat(["x", "y"], 60)).attrs["p_adjusted"]
    assert min(blind.values()) > 0.9


def test_facts_can_be_copied_compared_and_saved_as_json(planted, corpus):
    table = by_label(planted, corpus, ["faith", "sport"] * 60)
    facts = json.loads(json.dumps(table.attrs))
    assert facts["errors"]["0"].keys() == {"faith", "sport"}
    assert pd.concat([table, table]).attrs == table.attrs
    assert table[[1, 2]].attrs["groups"] == {0: 0, 1: 0, 2: 1, 3: 1}


def test_shares_are_over_the_chosen_topics_and_the_rest_is_told(planted, corpus):
    table = topics_by_label(planted, corpus, ["faith", "sport"] * 60, topics=[0, 1])
    np.testing.assert_allclose(table, [[0.7 / 0.8, 0.1 / 0.8], [0.1 / 0.6, 0.5 / 0.6]], rtol=1e-6)
    assert table.attrs["remainder"] == pytest.approx(1 - (0.8 + 0.6) / 2, rel=1e-6)
    assert by_label(planted, corpus, ["faith", "sport"] * 60).attrs["remainder"] == pytest.approx(0, abs=1e-6)


def test_shares_of_each_simplex_add_up_to_one(corpus):
    model = ProdLDA(groups=(3, Concrete(3)), max_iter=1, random_state=0).fit(corpus)
    table = topics_by_label(model, corpus, ["a", "b"] * 60, topics=[0, 2, 4, 5])
    np.testing.assert_allclose(table[[0, 2]].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(table[[4, 5]].sum(axis=1), 1, rtol=1e-5)


def test_the_share_of_the_corpus_is_the_mean_of_labels_and_of_periods(planted, corpus):
    proportions = np.random.default_rng(0).dirichlet([0.5] * 4, len(corpus)).astype(np.float32)
    planted.transform = lambda X: proportions  # noqa: ARG005
    peaks = np.sort(topic_summary(planted, corpus)["peak"])
    summary = topic_summary(planted, corpus, threshold=float(peaks[0]), duplicate_threshold=1.0)
    used = in_use(summary)
    assert used.sum() == 3
    kept = proportions[:, used].astype(float)
    share = summary["share"][used]
    np.testing.assert_allclose(share, (kept / kept.sum(1, keepdims=True)).mean(0), rtol=1e-6)
    classes = np.repeat([1990, 1991, 1995], [20, 30, 70])
    of_labels = topics_by_label(planted, corpus, classes, topics=used)
    of_periods = topics_over_time(planted, corpus, classes, topics=used)
    sizes = of_periods["documents"]
    for table in (of_labels, of_periods.drop(columns="documents")):
        np.testing.assert_allclose(np.average(table, axis=0, weights=sizes), share, rtol=1e-6)
        assert table.attrs["remainder"] == pytest.approx(summary.attrs["remainder"])


def test_a_fit_without_active_topics_is_told(planted, corpus, monkeypatch):
    none = pd.DataFrame({"topic": range(4), "active": [False] * 4, "duplicate": [False] * 4})
    monkeypatch.setattr(type(planted), "topic_summary_", none)
    with pytest.warns(NothingLearntWarning, match="nothing was learnt yet; train longer .*; all topics are"):
        table = topics_by_label(planted, corpus, ["faith", "sport"] * 60)
    assert table.columns.tolist() == [0, 1, 2, 3]


def test_what_goes_with_a_label(planted, corpus):
    table = label_topics(planted, corpus, ["faith", "sport"] * 60, topics="all")
    first = table.groupby("label", sort=False).first()
    assert first["topic"].to_dict() == {"faith": 0, "sport": 1}
    np.testing.assert_allclose(first["share"], [0.7, 0.5], rtol=1e-6)
    np.testing.assert_allclose(first["others"], [0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(first["lift"], [0.7 / 0.4, 0.5 / 0.3], rtol=1e-6)
    assert first["documents"].tolist() == [60, 60]
    blind = label_topics(planted, corpus, np.repeat(["x", "y"], 60), topics="all")
    assert (blind["p_adjusted"] > 0.9).all()


def test_a_label_of_one_document_or_of_all_has_no_test(planted, corpus):
    table = label_topics(planted, corpus, ["single"] + ["rest"] * 119, topics="all")
    assert table.groupby("label")["p_adjusted"].apply(lambda p: p.isna().all()).all()
    alone = label_topics(planted, corpus, ["all"] * 120, topics="all")
    assert alone[["others", "p_adjusted"]].isna().all(axis=None)


def test_what_goes_with_a_label_of_signed_topics(corpus):
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    table = label_topics(model, corpus, ["a", "b"] * 60, topics="all")
    assert table.columns.tolist() == ["label", "documents", "topic", "name", "value", "others", "p_adjusted"]


@pytest.mark.parametrize("size", [2, 5, 20])
def test_labels_by_chance_go_with_no_topic(planted, corpus, size):
    generator = np.random.default_rng(0)
    labels = np.arange(120) // size
    found = []
    for _ in range(30):
        skewed = generator.dirichlet([0.05, 0.05, 0.05, 1.0], 120).astype(np.float32)
        planted.transform = lambda X, values=skewed: values[: X.shape[0]]
        found.append(label_topics(planted, corpus, labels, topics="all")["p_adjusted"].min() <= 0.05)
    assert np.mean(found) <= 0.15
