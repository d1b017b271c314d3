"""Summary of documents: shares by brute force, leading topics as in topic_summary, and what is known."""

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis import document_summary, topic_summary

MADE = make_correlated_topics(120, groups=(2, 2), random_state=0).corpus
COUNTS = MADE.counts.toarray()
COUNTS[7] = 0  # a document without words
CORPUS = Corpus(
    COUNTS,
    MADE.vocabulary,
    labels=["a", "b"] * 60,
    names=[f"n{i}" for i in range(120)],
    dates=["2008-01-02", ""] * 60,
    metadata=pd.DataFrame({"author": ["x", "y"] * 60, "topic": range(120)}),
)
MODELS = {
    "ProdLDA": ProdLDA(groups=(2, 2), max_iter=10, random_state=0).fit(MADE),
    "classes": ProdLDA(groups=(2, Concrete(3)), max_iter=3, random_state=0).fit(MADE),
    "NVDM": NVDM(groups=(2, 2), max_iter=3, random_state=0).fit(MADE),
}
MASK = np.array([True, False, True, True])


def of_topics(table: pd.DataFrame) -> np.ndarray:
    return table.iloc[:, len(table.columns) - len(table.attrs["topics"]) :].to_numpy(dtype=float)


@pytest.mark.filterwarnings("ignore:1 of 120 documents")
def test_shares_are_those_of_the_topics_that_are_chosen() -> None:
    model = MODELS["ProdLDA"]
    table = document_summary(model, CORPUS, topics=MASK)
    theta = model.transform(CORPUS)[:, MASK].astype(float)
    theta /= theta.sum(axis=1, keepdims=True)
    theta[7] = np.nan
    np.testing.assert_allclose(of_topics(table), theta, rtol=1e-5)
    filled = np.delete(np.arange(120), 7)
    np.testing.assert_array_equal(table["topic"][filled], np.flatnonzero(MASK)[theta[filled].argmax(axis=1)])
    np.testing.assert_allclose(table["share"][filled], theta[filled].max(axis=1), rtol=1e-5)
    assert (
        table["topic_name"][filled].tolist() == model.topic_names_[table["topic"][filled].tolist()].tolist()
    )
    assert table.attrs["topics"] == [0, 2, 3]
    left = np.delete(model.transform(CORPUS), 7, axis=0)[:, ~MASK].mean()
    assert table.attrs["remainder"] == pytest.approx(left, rel=1e-5)


@pytest.mark.filterwarnings("ignore:1 of 120 documents")
@pytest.mark.parametrize("name", MODELS)
def test_documents_led_are_those_of_each_simplex(name: str) -> None:
    table = document_summary(MODELS[name], CORPUS, topics="all")
    led = table.attrs["documents"]
    assert list(led) == table.attrs["topics"]
    assert sum(led.values()) == 119 * (2 if name == "classes" else 1)
    counts = table["topic"].value_counts()
    first = range(2) if name == "classes" else range(4)
    assert [led[topic] for topic in first] == [counts.get(topic, 0) for topic in first]


@pytest.mark.filterwarnings("ignore:1 of 120 documents")
@pytest.mark.parametrize("name", MODELS)
def test_a_document_without_words_has_no_topic(name: str) -> None:
    table = document_summary(MODELS[name], CORPUS, topics="all")
    value = "value" if name == "NVDM" else "share"
    assert table.loc[7, ["topic", "topic_name", value]].isna().all()
    assert np.isnan(of_topics(table)[7]).all()
    assert table.drop(index=7).notna().all(axis=None)


@pytest.mark.parametrize("name", ["ProdLDA", "NVDM"])
def test_documents_are_led_as_in_the_summary_of_topics(name: str) -> None:
    model = MODELS[name]
    summary = topic_summary(model, MADE)
    used = (summary["active"] & ~summary["duplicate"]).to_numpy()
    if not used.any():
        pytest.skip("no topic of this model is in use")
    table = document_summary(model, MADE, topics=used)
    led = table["topic"].value_counts().reindex(range(4), fill_value=0)
    assert led.tolist() == summary["documents"].tolist()


@pytest.mark.filterwarnings("ignore:1 of 120 documents")
def test_what_is_known_of_the_documents_is_there() -> None:
    model = MODELS["ProdLDA"]
    table = document_summary(model, CORPUS, topics="all")
    first = [
        "document",
        "name",
        "label",
        "date",
        "topic",
        "topic_name",
        "share",
        "author",
        "topic (metadata)",
    ]
    assert table.columns.tolist() == [*first, *(f"{k}: {name}" for k, name in enumerate(model.topic_names_))]
    assert table["name"].tolist() == CORPUS.names.tolist()
    assert table["date"].tolist() == CORPUS.dates.tolist()
    assert table["topic (metadata)"].tolist() == list(range(120))
    bare = document_summary(model, CORPUS.counts, topics="all")
    assert bare.columns[:4].tolist() == ["document", "topic", "topic_name", "share"]
    np.testing.assert_array_equal(of_topics(bare), of_topics(table))


def test_a_row_does_not_depend_on_the_other_documents() -> None:
    for name in ("ProdLDA", "classes"):
        whole = document_summary(MODELS[name], MADE)
        part = document_summary(MODELS[name], MADE[50:60]).drop(columns="document")
        expected = whole.iloc[50:60].drop(columns="document").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, expected, rtol=1e-5)
