"""Tests of NVLDA as a mixture: its topics are p(w|topic), their weights are the output of ``transform``."""

import warnings

import numpy as np
import pytest

from hftopic import NVLDA, Concrete, StandardNormal, edit_topics, make_correlated_topics
from hftopic.analysis import contributions

SETTINGS = {"hidden": (16,), "max_iter": 6, "batch_size": 50, "random_state": 0}
CORPUS = make_correlated_topics(200, groups=(3, 3), n_words=60, random_state=0).corpus
MODELS = {
    "joint": NVLDA((3, 3), **SETTINGS),
    "by group": NVLDA((3, 3), topic_softmax="group", **SETTINGS),
    "classes": NVLDA((3, Concrete(3)), **SETTINGS),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param].fit(CORPUS)


def weights_of(model, X):
    """Weights of the topics in the mixture: all simplexes have the same."""
    gaussian = model.latent_space_.gaussian
    n_simplexes, n_gaussian = (len(set(model.topic_simplex_[of])) for of in (slice(None), gaussian))
    return model.transform(X) * np.where(gaussian, n_gaussian, 1) / n_simplexes


def test_word_probabilities_are_the_mixture_of_the_topics(model):
    mixture = weights_of(model, CORPUS) @ model.topic_word_
    np.testing.assert_allclose(mixture, model.word_probabilities(CORPUS), rtol=1e-5)
    np.testing.assert_allclose(model.topic_word_.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.word_scores(by="probability"), model.topic_word_)


def test_without_classes_the_weights_are_what_transform_returns():
    for name in ("joint", "by group"):
        model = MODELS[name].fit(CORPUS)
        mixture = model.transform(CORPUS) @ model.topic_word_
        np.testing.assert_allclose(mixture, model.word_probabilities(CORPUS), rtol=1e-5)


def test_the_use_of_words_is_the_responsibility_of_the_topics(model):
    usage, weights = model.word_usage(CORPUS), weights_of(model, CORPUS)
    rows, columns = CORPUS.counts.nonzero()
    p = model.word_probabilities(CORPUS)[rows, columns]
    every = [usage(topic) for topic in range(6)]
    for topic, used in enumerate(every):
        expected = weights[rows, topic] * model.topic_word_[topic, columns] / p
        np.testing.assert_allclose(used.toarray()[rows, columns], expected, rtol=1e-4)
    np.testing.assert_allclose(sum(used.data for used in every), 1, rtol=1e-5)


def test_contributions_add_up_to_the_change_of_the_log_probability(model):
    table, weights = contributions(model, CORPUS), weights_of(model, CORPUS).astype(np.float64)
    p, average = weights @ model.topic_word_, weights.mean(0) @ model.topic_word_
    expected = np.log(p[table["document"], table["column"]]) - np.log(average[table["column"]])
    np.testing.assert_allclose(table["total"], expected, atol=1e-5)


def test_edited_topics_are_averages_of_distributions_and_sums_of_responsibilities():
    model = MODELS["joint"].fit(CORPUS)
    edited = edit_topics(model, merge=[(0, 4)], drop=[2])
    assert edited.topic_ids_.tolist() == [0, 1, 3, 5]
    np.testing.assert_allclose(edited.topic_word_.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(edited.topic_word_[1:], model.topic_word_[[1, 3, 5]], rtol=1e-5)
    low, high = np.sort(model.topic_word_[[0, 4]], axis=0)
    assert (low <= edited.topic_word_[0] * (1 + 1e-5)).all()
    assert (edited.topic_word_[0] <= high * (1 + 1e-5)).all()
    usage, of_original = edited.word_usage(CORPUS), model.word_usage(CORPUS)
    expected = of_original(0).toarray() + of_original(4).toarray()
    np.testing.assert_allclose(usage(0).toarray(), expected, rtol=1e-6)
    encoded = edited.encode(CORPUS)
    np.testing.assert_array_equal(edited.word_usage(encoded)(2).toarray(), of_original(3).toarray())
    np.testing.assert_array_equal(edited.word_probabilities(CORPUS), model.word_probabilities(CORPUS))
    np.testing.assert_allclose(contributions(edited, CORPUS)["total"], contributions(model, CORPUS)["total"])


def test_a_document_is_evaluated_alone_as_among_others(model):
    alone = [model.transform(CORPUS[[row]])[0] for row in range(5)]
    np.testing.assert_array_equal(alone, model.transform(CORPUS)[:5])
    scores = [model.score_samples(CORPUS[[row]])[0] for row in range(5)]
    np.testing.assert_allclose(scores, model.score_samples(CORPUS)[:5], rtol=1e-5)


def test_empty_documents_have_the_mixture_of_the_prior(model):
    with pytest.warns(UserWarning, match="have no words|has no words"):
        probabilities = model.word_probabilities(np.zeros((2, CORPUS.n_words)))
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(probabilities[0], probabilities[1])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("n_words", "groups"), [(1, (2, 2)), (1, 1), (5, 1), (5, (1, Concrete(2))), (5, (Concrete(2),))]
)
def test_small_vocabularies_and_single_topics(n_words, groups):
    counts = np.random.default_rng(0).poisson(2.0, (30, n_words)) + 1
    model = NVLDA(groups, prior=StandardNormal(), **SETTINGS).fit(counts)
    np.testing.assert_allclose(model.word_probabilities(counts).sum(1), 1, rtol=1e-5)
    assert np.isfinite(model.perplexity(counts))
    assert model.topic_word_.shape == (len(model.topic_groups_), n_words)


def test_words_that_no_training_document_has_are_scored():
    counts = CORPUS.counts.toarray()
    counts[:, -1] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NVLDA((3, 3), **SETTINGS).fit(counts)
    counts[:, -1] = 5
    assert np.isfinite(model.score_samples(counts)).all()
