"""Tests of the exports: the properties that pyLDAvis checks, and the columns of BERTopic."""

import copy

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis import topic_summary
from hftopic.analysis.exports import get_topic_info, to_pyldavis
from hftopic.latent.posterior import Posterior

NAMES = ("topic_term_dists", "doc_topic_dists", "doc_lengths", "vocab", "term_frequency")


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture(scope="module")
def fitted(corpus):
    return ProdLDA(groups=(2, 2), max_iter=3, random_state=0).fit(corpus)


def assert_prepared(prepared):
    assert tuple(prepared) == NAMES
    topics, documents, lengths, vocab, frequency = prepared.values()
    assert topics.dtype == documents.dtype == lengths.dtype == frequency.dtype == np.float64
    assert topics.shape == (documents.shape[1], len(vocab))
    assert len(lengths) == len(documents)
    assert len(frequency) == len(vocab)
    np.testing.assert_allclose(topics.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(documents.sum(axis=1), 1, atol=1e-12)
    assert min(part.min() for part in (topics, documents, lengths, frequency)) > 0
    assert lengths.sum() == pytest.approx(frequency.sum())


@pytest.mark.parametrize(
    "model",
    [
        ProdLDA(groups=(2, 2), max_iter=2, random_state=0),
        ProdLDA(groups=(2, 2), topic_softmax="group", max_iter=2, random_state=0),
        ProdLDA(groups=(Concrete(3), 2), max_iter=2, random_state=0),
        ProdLDA(groups=Concrete(3), max_iter=2, random_state=0),
    ],
)
def test_what_pyldavis_asks_for(model, corpus):
    prepared = to_pyldavis(model.fit(corpus), corpus, topics="all")
    assert_prepared(prepared)
    topics = np.arange(len(model.topic_groups_))
    if model.groups == (Concrete(3), 2):
        topics = topics[3:]
    occurs = np.asarray(corpus.counts.sum(axis=0)) > 0
    expected = model.topic_word_[topics][:, occurs]
    np.testing.assert_allclose(
        prepared["topic_term_dists"], expected / expected.sum(axis=1, keepdims=True), rtol=1e-4
    )
    np.testing.assert_allclose(prepared["doc_topic_dists"], model.transform(corpus)[:, topics], rtol=1e-5)


def test_documents_without_words_and_words_without_documents_are_left_out(fitted, corpus):
    counts = corpus.counts.toarray()
    counts[5] = 0
    counts[:, 7] = 0
    prepared = to_pyldavis(fitted, counts)
    assert_prepared(prepared)
    assert len(prepared["doc_lengths"]) == 119
    assert corpus.vocabulary[7] not in prepared["vocab"]


def test_what_float32_has_lost_is_not_zero(corpus):
    model = ProdLDA(groups=2, max_iter=1, random_state=0).fit(corpus)
    model.topic_word_ = model.topic_word_.copy()
    model.topic_word_[0, :900] = 0
    model.transform = lambda X: np.tile(np.float32([1, 0]), (len(X), 1))
    assert_prepared(to_pyldavis(model, corpus, topics="all"))


def test_vocabulary_is_given_where_the_model_has_none(corpus):
    model = ProdLDA(groups=2, max_iter=1, random_state=0).fit(corpus.counts)
    words = [f"w{i}" for i in range(corpus.n_words)]
    assert to_pyldavis(model, corpus.counts, vocabulary=words)["vocab"][0].startswith("w")
    assert to_pyldavis(model, corpus)["vocab"][0] in corpus.vocabulary
    with pytest.raises(ValueError, match="vocabulary has 1 words"):
        to_pyldavis(model, corpus.counts, vocabulary=["a"])


def test_topic_info_has_the_columns_of_bertopic(fitted, corpus):
    info = get_topic_info(fitted, corpus.counts, n_words=5, n_documents=2)
    assert info.columns.tolist() == ["Topic", "Count", "Name", "Representation", "Representative_Docs"]
    assert info["Topic"].tolist() == [0, 1, 2, 3]
    assert info["Count"].tolist() == np.bincount(fitted.transform(corpus).argmax(1), minlength=4).tolist()
    words = fitted.top_words(5).drop(columns="group").to_numpy().tolist()
    assert info["Representation"].tolist() == words
    assert info["Name"].tolist() == [f"{k}_{name}" for k, name in enumerate(fitted.topic_names_)]
    best = fitted.transform(corpus).argmax(axis=0)
    assert [rows[0] for rows in info["Representative_Docs"]] == best.tolist()


def test_documents_are_texts_or_names_or_rows():
    counts, words = np.array([[2, 1], [1, 0], [0, 3]]), ["god", "ball"]
    texts = [["god", "ball", "god"], ["god"], ["ball"] * 3]
    model = ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0).fit(Corpus(counts, words))

    def shown(X):
        return get_topic_info(model, X, n_words=2, topics="all")["Representative_Docs"][0]

    rows = shown(counts)
    assert sorted(rows) == [0, 1, 2]
    names = np.array(["a", "b", "c"])
    assert shown(Corpus(counts, words, names=names)) == names[rows].tolist()
    assert shown(Corpus(counts, words, names=names, tokens=texts)) == [" ".join(texts[row]) for row in rows]


def test_documents_without_words_do_not_count(fitted, corpus):
    counts = corpus.counts.toarray()
    counts[:20] = 0
    info = get_topic_info(fitted, pd.DataFrame(counts), vocabulary=corpus.vocabulary)
    assert info["Count"].sum() == 100
    with pytest.raises(ValueError, match="all 20 documents are empty"):
        get_topic_info(fitted, counts[:20])


def test_topic_that_is_never_the_largest_keeps_its_row(fitted, corpus):
    info = get_topic_info(fitted, corpus[:1], topics="all")
    assert info["Topic"].tolist() == [0, 1, 2, 3]
    assert sorted(info["Count"]) == [0, 0, 0, 1]


def test_classes_are_counted_beside_the_topics(corpus):
    model = ProdLDA(groups=(2, Concrete(3)), max_iter=1, random_state=0).fit(corpus)
    counts = get_topic_info(model, corpus, topics="all")["Count"]
    assert counts[:2].sum() == counts[2:].sum() == 120


@pytest.fixture
def silenced(fitted, corpus, monkeypatch):
    """The fitted model; topic 1 has the prior for every document, topic 3 has the words of topic 0."""
    model = copy.copy(fitted)
    posterior = model.posterior

    def planted(X):
        found = posterior(X)
        mean, variance = found.mean.copy(), found.variance.copy()
        mean[:, 1], variance[:, 1] = 0, 1
        mean[:, [0, 2]] = 4 * np.random.default_rng(0).standard_normal((len(mean), 2))
        mean[:, 3] = 0.5 * mean[:, 0]
        return Posterior(mean, np.where(np.arange(4) == 1, 1, 0.1) + 0 * variance)

    monkeypatch.setattr(model, "posterior", planted)
    model._network = copy.deepcopy(model._network)
    words = model._network.usage.words
    words[0, 3] = words[0, 0]
    model.topic_word_ = model.topic_word_.copy()
    model.components_ = model.components_.copy()
    model.topic_word_[3], model.components_[3] = model.topic_word_[0], model.components_[0]
    model._summaries = [topic_summary(model, corpus, threshold=0.26).drop(columns=["name", "words"])]
    return model


def test_inactive_and_repeated_topics_are_not_exported(silenced, corpus):
    with pytest.warns(UserWarning, match="2 of 4 topics left out: 1 not active, 1 with the words"):
        prepared = to_pyldavis(silenced, corpus)
    assert_prepared(prepared)
    chosen = to_pyldavis(silenced, corpus, topics=[0, 2])
    for name in ("topic_term_dists", "doc_topic_dists"):
        np.testing.assert_array_equal(prepared[name], chosen[name])
    theta = silenced.transform(corpus)[:, [0, 2]]
    np.testing.assert_allclose(prepared["doc_topic_dists"], theta / theta.sum(1, keepdims=True), rtol=1e-5)
    with pytest.warns(UserWarning, match="topics='all' shows them"):
        info = get_topic_info(silenced, corpus)
    assert info["Topic"].tolist() == [0, 2]
    assert info["Count"].sum() == len(corpus)
    assert len(get_topic_info(silenced, corpus, topics="all")) == 4


def test_topics_to_export_are_named_or_selected(fitted, corpus):
    with pytest.raises(
        ValueError, match="topics='most' is unknown; did you mean 'active', 'all' or topic num"
    ):
        to_pyldavis(fitted, corpus, topics="most")
    with pytest.raises(ValueError, match="no topic 4: topics are numbered 0 to 3"):
        get_topic_info(fitted, corpus, topics=[4])
    with pytest.raises(ValueError, match="no topic to export"):
        to_pyldavis(fitted, corpus, topics=[])


def test_signed_topics_are_refused(corpus):
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    with pytest.raises(ValueError, match="no mixture that pyLDAvis could show; use topic_map"):
        to_pyldavis(model, corpus)
    with pytest.raises(ValueError, match="no largest topic; use topic_summary"):
        get_topic_info(model, corpus)
