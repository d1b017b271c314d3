"""Similar documents: the affinity of proportions, by brute force and by its laws."""

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, Corpus, ProdLDA, TextOptions, corpus_from_texts, make_correlated_topics
from hftopic.analysis import representative_documents, similar_documents
from hftopic.topics.shares import in_use

MADE = make_correlated_topics(120, groups=(2, 2), random_state=0).corpus
CORPUS = Corpus(MADE.counts, MADE.vocabulary, labels=["a", "b"] * 60, names=[f"n{i}" for i in range(120)])
MODELS = {
    "ProdLDA": ProdLDA(groups=(2, 2), max_iter=10, random_state=0).fit(CORPUS),
    "classes": ProdLDA(groups=(2, Concrete(3)), max_iter=3, random_state=0).fit(CORPUS),
    "NVDM": NVDM(groups=(2, 2), max_iter=3, random_state=0).fit(CORPUS),
}


def table(model, query, n=200, **more):
    found = similar_documents(model, CORPUS, query, n, **more)
    return found.set_index("document")["similarity"]


@pytest.mark.parametrize("name", MODELS)
def test_every_other_document_is_ranked(name):
    found = table(MODELS[name], 7)
    assert sorted(found.index) == [row for row in range(120) if row != 7]
    assert found.is_monotonic_decreasing
    assert found.between(-1.0 if name == "NVDM" else 0.0, 1.0).all()
    assert similar_documents(MODELS[name], CORPUS, 7, 3)["document"].tolist() == found.index[:3].tolist()


@pytest.mark.parametrize("name", MODELS)
def test_it_is_symmetric_and_1_for_the_same_document(name):
    model = MODELS[name]
    everything = {"topics": "all"}
    assert table(model, 3, **everything)[9] == pytest.approx(table(model, 9, **everything)[3], abs=1e-6)
    own = table(model, CORPUS[3:4], **everything)
    assert own.index[0] == 3
    assert own[3] == pytest.approx(1.0, abs=1e-6)
    twice = similar_documents(model, CORPUS[[3, 3, 9]], 0, 2, **everything)
    assert twice["document"].tolist() == [1, 2]
    assert twice["similarity"][0] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_formula(name):
    model = MODELS[name]
    shares = model.transform(CORPUS).astype(float)
    for row in (0, 50):
        if name == "NVDM":
            lengths = np.linalg.norm(shares, axis=1)
            expected = shares @ shares[row] / lengths / lengths[row]
        else:
            parts = {"ProdLDA": [range(4)], "classes": [range(2), range(2, 5)]}[name]
            expected = np.prod(
                [np.sqrt(shares[:, list(p)] * shares[row, list(p)]).sum(axis=1) for p in parts], axis=0
            )
        found = table(model, row, topics="all")
        assert found.to_numpy() == pytest.approx(expected[found.index], abs=1e-5)


def test_proportions_are_those_among_the_topics():
    shares = MODELS["ProdLDA"].transform(CORPUS).astype(float)[:, [0, 3]]
    shares /= shares.sum(axis=1, keepdims=True)
    found = table(MODELS["ProdLDA"], 5, topics=[0, 3])
    assert found.to_numpy() == pytest.approx(np.sqrt(shares[found.index] * shares[5]).sum(axis=1), abs=1e-5)
    model = MODELS["ProdLDA"]
    used = np.flatnonzero(in_use(model.topic_summary_))
    assert len(used) > 1
    pd.testing.assert_series_equal(table(model, 5), table(model, 5, topics=used))
    assert table(MODELS["ProdLDA"], 5, topics=[2]).to_numpy() == pytest.approx(1.0)


def test_a_corpus_tells_what_it_knows():
    texts = ["sport team ball", "team ball goal", "faith church god", "church god bible"] * 10
    corpus = corpus_from_texts(texts, labels=["s", "s", "f", "f"] * 10, dates=range(1980, 2020))
    model = ProdLDA(groups=2, hidden=(8,), max_iter=5, random_state=0).fit(corpus)
    found = similar_documents(model, corpus, 0, 3)
    assert found.columns.tolist() == ["document", "label", "date", "similarity", "text"]
    assert found["text"].tolist() == [texts[row] for row in found["document"]]
    assert found["date"].tolist() == [str(1980 + row) for row in found["document"]]
    shown = representative_documents(model, corpus, 2)
    assert shown.columns.tolist() == ["topic", "rank", "document", "label", "date", "share", "text"]
    assert shown["text"].tolist() == [texts[row] for row in shown["document"]]
    by_text = similar_documents(model, corpus, texts[0])
    assert by_text["similarity"][0] == pytest.approx(1.0, abs=1e-6)
    capitals = corpus_from_texts(
        ["TEAM ball", "ball TEAM", "god"] * 10, options=TextOptions(lowercase=False, max_df=1.0)
    )
    model = ProdLDA(groups=2, hidden=(8,), max_iter=2, random_state=0).fit(capitals)
    assert similar_documents(model, capitals, "TEAM")["similarity"].notna().all()
    with pytest.raises(ValueError, match="no word of the model"):
        similar_documents(model, capitals, "team")
    named = similar_documents(MODELS["ProdLDA"], CORPUS, 0, 2)
    assert named.columns.tolist() == ["document", "name", "label", "similarity"]
    assert named["name"].tolist() == [f"n{row}" for row in named["document"]]


@pytest.mark.filterwarnings("ignore:.* documents have no words")
def test_documents_without_words_are_left_out():
    counts = CORPUS.counts.toarray()
    counts[4] = 0
    corpus = Corpus(counts, CORPUS.vocabulary)
    assert 4 not in similar_documents(MODELS["ProdLDA"], corpus, 7, 200)["document"].tolist()
    with pytest.raises(ValueError, match="document 4 has no words"):
        similar_documents(MODELS["ProdLDA"], corpus, 4)
    with pytest.raises(ValueError, match="unknown how texts became the word counts"):
        similar_documents(MODELS["ProdLDA"], corpus, "unheard of")


def test_wrong_queries_are_told():
    model = MODELS["ProdLDA"]
    with pytest.raises(ValueError, match="document 120 is none of 120"):
        similar_documents(model, CORPUS, 120)
    with pytest.raises(ValueError, match="must be one document; got 120"):
        similar_documents(model, CORPUS, CORPUS)
    with pytest.raises(ValueError, match="different vocabulary"):
        similar_documents(model, CORPUS, Corpus(CORPUS.counts[:1], CORPUS.vocabulary[::-1]))


def test_a_name_is_the_row_of_its_document():
    model = MODELS["ProdLDA"]
    pd.testing.assert_frame_equal(
        similar_documents(model, CORPUS, "n7", 5), similar_documents(model, CORPUS, 7, 5)
    )


@pytest.mark.parametrize("query", ["zzzz", ""])
def test_a_text_without_words_of_the_model_is_told(query):
    corpus = corpus_from_texts(["church faith", "team ball"] * 30, options=TextOptions(min_df=1, max_df=1.0))
    model = ProdLDA(2, max_iter=2, random_state=0).fit(corpus)
    with pytest.raises(ValueError, match="has no word of the model, and no document has this name"):
        similar_documents(model, corpus, query)


@pytest.mark.filterwarnings("ignore:.*(topics? tell|no topic is active)")
@pytest.mark.parametrize("reads", ["embeddings", "both"])
def test_a_text_has_no_embedding(reads):
    embeddings = np.random.default_rng(0).normal(size=(2, 8))[np.arange(60) % 2]
    embeddings += np.random.default_rng(1).normal(size=(60, 8)) / 4
    texts = ["church faith", "team ball"] * 30
    corpus = corpus_from_texts(texts, options=TextOptions(min_df=1, max_df=1.0)).with_embeddings(embeddings)
    model = ProdLDA(2, encoder_input=reads, max_iter=2, random_state=0).fit(corpus)
    with pytest.raises(ValueError, match="has the name 'team', and as a text it has no embedding"):
        similar_documents(model, corpus, "team")
    one = corpus[:1]
    for query in (one, model.encode(one.counts, embeddings=one.embeddings)):
        assert len(similar_documents(model, corpus, query, 3)) == 3


@pytest.mark.parametrize("query", [-1, None, 1.5])
def test_what_is_no_document_is_told(query):
    with pytest.raises(ValueError, match="a row of X from 0, a name, a text or one document; got"):
        similar_documents(MODELS["ProdLDA"], CORPUS, query)
