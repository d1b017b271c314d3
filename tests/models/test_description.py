"""Descriptions of topics by their words: laws of the scores, and planted topics."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch

import hftopic
from hftopic import ETM, NVDM, NVLDA, VAE, BetaVAE, ProdLDA
from hftopic.models import description
from hftopic.training import Settings

SMALL = {"groups": (3, 3), "max_iter": 4, "batch_size": 64, "random_state": 0}


@pytest.fixture(scope="module")
def corpus():
    return hftopic.make_correlated_topics(400, groups=(3, 3), n_words=80, random_state=0).corpus


@pytest.fixture(scope="module", params=[ProdLDA, NVDM, NVLDA, ETM])
def model(request, corpus):
    return request.param(**SMALL).fit(corpus)


def poles(model):
    return ("+", "-")[: 1 + model.signed_topics_]


def words_used(model, pole):
    """p(w|topic) of the words that documents use for it, which a mixture does not have as ``topic_word_``."""
    sign = 1 if pole == "+" else -1
    return model._network.usage.probabilities(sign).double().numpy()


def test_relevance_is_the_divergence_from_the_corpus_by_word(model, corpus):
    """Σ_w p(w|k) log(p(w|k)/p(w)) is a KL divergence: not negative, and 0 only for the corpus itself."""
    in_documents = np.asarray((corpus.counts > 0).sum(0)).ravel()
    for pole in poles(model):
        p = words_used(model, pole)
        relevance = model.word_scores(pole=pole)
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
        occurs, frequency = in_documents > 0, in_documents / in_documents.sum()
        expected = p[:, occurs] * np.log(p[:, occurs] / frequency[occurs])
        np.testing.assert_allclose(relevance[:, occurs], expected, rtol=1e-3, atol=1e-6)
        assert (relevance[:, ~occurs] == 0).all()
        assert (relevance.sum(1) >= -1e-6).all()
    np.testing.assert_array_equal(model.word_scores(by="probability"), model.topic_word_)


def test_exclusivities_of_a_word_sum_to_less_than_one(model):
    """The rest is the background's; a word of no document has none."""
    total = sum(model.word_scores(by="exclusivity", pole=pole).sum(0) for pole in poles(model))
    assert (total > 0).all()
    assert (total <= 1 + 1e-6).all()


@pytest.mark.parametrize("by", ["relevance", "probability", "weight", "exclusivity"])
def test_top_words_have_the_highest_scores(model, by):
    for pole in poles(model):
        scores = model.word_scores(by=by, pole=pole)
        words = model.top_words(5, by=by, pole=pole).drop(columns="group").to_numpy()
        expected = model.vocabulary_[np.argsort(-scores, axis=1, kind="stable")[:, :5]]
        assert (words == expected).all()


def test_weights_of_the_poles_are_opposite(corpus):
    model = NVDM(**SMALL).fit(corpus)
    np.testing.assert_array_equal(model.word_scores(by="weight", pole="-"), -model.components_)


def test_errors_name_what_is_possible(model, corpus):
    with pytest.raises(ValueError, match="by must be one of 'relevance'"):
        model.top_words(by="lift")
    with pytest.raises(ValueError, match="have no negative pole"):
        ProdLDA(**SMALL).fit(corpus).word_scores(pole="-")


def test_a_loaded_model_has_the_description(model, tmp_path):
    model.save(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model")
    for by in ("relevance", "exclusivity"):
        np.testing.assert_array_equal(loaded.word_scores(by=by), model.word_scores(by=by))


def test_planted_mixture_is_described_by_its_words():
    """Documents of one topic each: the ten top words are those of the topics, of which there are 8 x 12.

    By chance a list of ten of 96 words is within one topic with probability below 1e-9. Training has local
    optima in which a topic has two subjects, so the seed is one of those, two of three, that have none.
    """
    generator = np.random.default_rng(0)
    topic = generator.integers(8, size=1500)
    words = 12 * topic[:, None] + generator.integers(12, size=(1500, 30))
    noise = generator.integers(96, size=(1500, 30))
    rows = np.where(generator.random((1500, 30)) < 0.8, words, noise)
    counts = np.stack([np.bincount(row, minlength=96) for row in rows]).astype(np.float32)
    model = ProdLDA(groups=8, objective=VAE(), random_state=1).fit(sp.csr_array(counts))
    top = np.argsort(-model.word_scores(), axis=1)[:, :10] // 12
    assert (top == top[:, :1]).all()
    assert len(set(top[:, 0])) == 8


def test_repetitions_in_a_document_do_not_change_the_description(corpus):
    """The statistics count documents: the same network describes repeated words in the same way."""
    model = ProdLDA(**SMALL).fit(corpus)
    before = model.word_scores()
    network = model._network
    description.describe(network, model._documents(corpus.counts, None))
    np.testing.assert_allclose(network.usage.documents, (corpus.counts > 0).sum(0), rtol=1e-4)
    np.testing.assert_allclose(model.word_scores(), before, rtol=1e-5, atol=1e-8)


def test_partial_fit_updates_the_description(corpus):
    model, expected = ProdLDA(**SMALL), 0.0
    for _ in range(3):
        model.partial_fit(corpus)
        expected = expected * (1 - len(corpus) / description.REMEMBERED) + corpus.counts.nnz
        np.testing.assert_allclose(model._network.usage.documents.sum(), expected, rtol=1e-3)
        np.testing.assert_allclose(model.topic_word_.sum(1), 1, rtol=1e-5)


def test_old_documents_are_forgotten(corpus, monkeypatch):
    """With a memory of 800 documents, the statistics never count more than those and a call's own."""
    monkeypatch.setattr(description, "REMEMBERED", 800)
    model = ProdLDA(**SMALL)
    for _ in range(8):
        model.partial_fit(corpus)
    assert model._network.usage.documents.sum() < 2.1 * corpus.counts.nnz


def test_a_failed_partial_fit_leaves_the_description(corpus, monkeypatch):
    model = ProdLDA(**SMALL).fit(corpus)
    before = model.word_scores()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(description, "update", fail)
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(corpus)
    np.testing.assert_array_equal(model.word_scores(), before)


def test_a_large_corpus_is_described_by_a_sample(corpus, monkeypatch):
    monkeypatch.setattr(description, "MOST_DOCUMENTS", 100)
    model = ProdLDA(**SMALL).fit(corpus)
    sample = corpus.counts[np.linspace(0, 399, 100).astype(int)]
    np.testing.assert_allclose(model._network.usage.documents, (sample > 0).sum(0), rtol=1e-4)


def test_exchanged_topics_keep_their_words(corpus):
    model = ProdLDA(**SMALL).fit(corpus)
    order = np.array([3, 1, 2, 0, 5, 4])
    before = model._network.usage.probabilities()
    model._network.reorder(order, model._network.state_dict())
    torch.testing.assert_close(model._network.usage.probabilities(), before[torch.from_numpy(order)])


def test_forms_of_one_word_are_listed_once():
    generator = np.random.default_rng(0)
    counts = generator.poisson(1.0, (60, 4)).astype(np.float32)
    counts[:, 0] += 1
    model = ProdLDA(groups=2, objective=VAE(), max_iter=2, random_state=0).fit(counts)
    words = ["polynomial", "polynomials", "degree", "degrees"]
    listed = model.top_words(2, words, merge_forms=True).drop(columns="group").to_numpy()
    assert {frozenset(word.removesuffix("s") for word in row) for row in listed} == {
        frozenset({"polynomial", "degree"})
    }
    short = model.top_words(4, words, merge_forms=True).drop(columns="group")
    assert short.isna().sum(axis=1).tolist() == [2, 2]
    assert model.top_words(4, words).notna().all(axis=None)


def test_fit_warns_if_few_topics_are_in_use(corpus, monkeypatch):
    monkeypatch.setattr(description, "ENOUGH", math.inf)  # else it says that nothing was learnt
    with pytest.warns(UserWarning, match=r"only 0 of 6 topics tell more than.*Train longer"):
        ProdLDA(**SMALL | {"max_iter": 20}, warm_up=0, objective=BetaVAE(50.0)).fit(corpus)


@pytest.mark.parametrize(
    ("n_documents", "epochs"), [(300, 256), (1280, 60), (2500, 60), (10_000, 62), (100_000, 20), (10**6, 7)]
)
def test_epochs_follow_from_the_number_of_documents(n_documents, epochs):
    settings = Settings.of(ProdLDA(), n_documents)
    assert settings.max_iter == epochs
    assert Settings.of(ProdLDA(max_iter=5), n_documents).max_iter == 5


@pytest.mark.parametrize("batch_size", ["auto", 2, 512])
@pytest.mark.parametrize("n_documents", [2, 10, 65, 300, 3000, 50_000])
def test_a_small_corpus_does_not_have_more_steps_than_asked_for(batch_size, n_documents):
    settings = Settings.of(ProdLDA(batch_size=batch_size), n_documents)
    asked = max(1200, 1200 * (n_documents / 2500) ** 0.5)
    an_epoch = math.ceil(n_documents / settings.documents_a_step(n_documents))
    assert asked / 2 <= settings.max_iter * an_epoch <= 2 * asked + an_epoch


def test_partial_fit_after_a_fit_goes_on_where_it_ended(corpus):
    """The schedule is that of the fit, which had 192 epochs, and not that of a stream, which has 60."""
    model = ProdLDA(groups=(3, 3), random_state=0).fit(corpus)
    assert model.n_iter_ == 192
    model.partial_fit(corpus)
    assert model._trainer.settings.max_iter == 192
