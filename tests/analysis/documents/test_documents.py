"""Tests of representative documents, on planted proportions."""

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis.documents.documents import document_texts, representative_documents


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture
def planted(corpus):
    """Topic 0 grows with the row number; topic 1 is constant; the other topics share the rest."""
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    rising = np.linspace(0, 0.5, len(corpus))
    theta = np.column_stack([rising, np.full(len(corpus), 0.25), 0.5 - rising, np.full(len(corpus), 0.25)])
    model.transform = lambda X: theta[: X.shape[0]].astype(np.float32)
    return model


def test_highest_shares_first_and_ties_in_the_order_of_documents(planted, corpus):
    table = representative_documents(planted, corpus.counts, 3)
    assert table.columns.tolist() == ["topic", "rank", "document", "share"]
    found = table.groupby("topic")["document"].agg(list).to_dict()
    assert found == {0: [119, 118, 117], 1: [0, 1, 2], 2: [0, 1, 2], 3: [0, 1, 2]}
    assert table["rank"].tolist() == [1, 2, 3] * 4
    assert table["share"].iloc[0] == pytest.approx(0.5)


def test_chosen_topics_in_their_order(planted, corpus):
    assert representative_documents(planted, corpus, 1, topics=[2, 0])["topic"].tolist() == [2, 0]
    nothing = representative_documents(planted, corpus, 1, topics=np.zeros(4, dtype=bool))
    assert len(nothing) == 0
    assert "document" in nothing


def test_names_and_labels_of_a_corpus(planted, corpus):
    named = Corpus(
        corpus.counts,
        corpus.vocabulary,
        names=[f"d{i}" for i in range(len(corpus))],
        labels=["even", "odd"] * 60,
    )
    table = representative_documents(planted, named, 2, topics=[0])
    assert table.columns.tolist() == ["topic", "rank", "document", "name", "label", "share"]
    assert table["name"].tolist() == ["d119", "d118"]
    assert table["label"].tolist() == ["odd", "even"]


def test_words_that_are_called_names_or_labels_are_words(corpus):
    frame = pd.DataFrame(corpus.counts.toarray()[:, :4], columns=["names", "labels", "tokens", "god"]) + 1
    model = ProdLDA(groups=2, max_iter=1, random_state=0).fit(frame)
    assert representative_documents(model, frame, 1).columns.tolist() == [
        "topic",
        "rank",
        "document",
        "share",
    ]
    assert set(document_texts(model, frame, [0])[0].split()) == set(frame.columns)


def test_documents_without_words_do_not_count(planted, corpus):
    counts = corpus.counts.toarray()
    counts[[118, 119]] = 0
    table = representative_documents(planted, counts, 2, topics=[0])
    assert table["document"].tolist() == [117, 116]
    with pytest.raises(ValueError, match="all 1 documents are empty"):
        representative_documents(planted, counts[[119]])


def test_fewer_documents_than_asked_for(planted, corpus):
    assert representative_documents(planted, corpus[:2], 5).groupby("topic").size().tolist() == [2] * 4


def test_signed_topics_have_documents_at_either_pole(corpus):
    model = NVDM(groups=(2, Concrete(3)), max_iter=2, random_state=0).fit(corpus)
    table = representative_documents(model, corpus.counts, 4)
    assert table.columns.tolist() == ["topic", "pole", "rank", "document", "value"]
    z = model.transform(corpus)
    for (topic, pole), rows in table.groupby(["topic", "pole"]):
        sign = 1 if pole == "+" else -1
        expected = np.argsort(-sign * z[:, topic], kind="stable")[:4]
        assert rows["document"].tolist() == expected.tolist()
        np.testing.assert_allclose(rows["value"], z[expected, topic])
    assert table.groupby("topic").size().tolist() == [8, 8, 4, 4, 4]  # classes have no negative pole


def test_texts_are_original_or_tokens_in_order_or_words_by_count():
    words = ["god", "ball", "team"]
    texts = [["team", "god", "team"], ["ball"], []]
    counts = np.array([[1, 0, 2], [0, 1, 0], [0, 0, 0]])
    ordered = Corpus(counts, words, tokens=texts)
    model = ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0).fit(counts[:2])
    assert document_texts(model, ordered, [0, 2]) == ["team god team", ""]
    originals = ["Team God: team!", "A ball.", ""]
    known = Corpus(counts, words, tokens=texts, texts=originals)
    assert document_texts(model, known, [1, 0]) == originals[1::-1]
    assert document_texts(model, counts, [0, 1, 2], words) == ["team god", "ball", ""]


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_number_of_documents_is_checked(planted, corpus, n):
    with pytest.raises(ValueError, match="positive int"):
        representative_documents(planted, corpus, n)
