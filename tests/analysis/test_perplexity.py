"""Perplexity of a sample of documents: its value, its standard error, and when there is no sample."""

import dataclasses

import numpy as np
import pytest

from hftopic import NVDM, NVLDA, Corpus, ProdLDA, edit_topics, make_correlated_topics
from hftopic.analysis.perplexity import sampled_perplexity


@pytest.fixture(scope="module")
def corpus():
    made = make_correlated_topics(
        600, groups=(2, 2), n_words=60, words_per_document=30, random_state=0
    ).corpus
    counts = made.counts.copy()
    counts.data[: counts.indptr[5]] = 0  # five documents without words
    counts.eliminate_zeros()
    return Corpus(counts, made.vocabulary)


@pytest.fixture(scope="module", params=[ProdLDA, NVDM, NVLDA])
def model(request, corpus):
    return request.param((2, 2), max_iter=3, hidden=(16,), random_state=0).fit(corpus[5:])


@pytest.mark.filterwarnings("ignore:.*have no words")
def test_few_documents_are_all_evaluated(model, corpus):
    found = sampled_perplexity(model, model.encode(corpus), 595, 0)
    assert found == (model.perplexity(corpus), 0.0, 600)


@pytest.mark.filterwarnings("ignore:.*have no words")
def test_samples_lie_around_the_perplexity_of_all(model, corpus):
    """Errors in standard errors over 200 samples: their mean is 0 and their mean square 1."""
    encoded, exact = model.encode(corpus), model.perplexity(corpus)
    errors = []
    for seed in range(200):
        value, error, n_documents = sampled_perplexity(model, encoded, 100, seed)
        assert n_documents == 100
        errors.append((value - exact) / error)
    assert abs(np.mean(errors)) < 5 / np.sqrt(200) + 0.1  # a ratio has a small bias
    assert 0.5 < np.mean(np.square(errors)) < 1.5


def test_documents_that_are_more_than_counts_are_all_evaluated(model, corpus):
    """Only the model knows how to take some of them."""
    encoded = model.encode(corpus[5:])
    strange = dataclasses.replace(encoded, source=object())
    assert sampled_perplexity(model, strange, 10, 0) == (model.perplexity(encoded), 0.0, 595)


def test_a_sample_has_the_metadata_that_its_documents_were_encoded_with(corpus):
    known = {"x": np.arange(595) % 2}
    model = ProdLDA(
        (2, 2), prevalence="x", prevalence_shrinkage=1.0, max_iter=3, hidden=(16,), random_state=0
    )
    model.fit(corpus.counts[5:], metadata=known)
    for fitted in (model, edit_topics(model, drop=[3])):
        encoded = fitted.encode(corpus.counts[5:], metadata=known)
        elbo, sizes = fitted.score_samples(encoded), encoded.counts.sum(axis=1)
        rows = np.sort(np.random.RandomState(0).choice(595, 100, replace=False))
        found = sampled_perplexity(fitted, encoded, 100, 0)
        assert found.value == pytest.approx(np.exp(-elbo[rows].sum() / sizes[rows].sum()))
        part = encoded.select(rows)
        np.testing.assert_array_equal(fitted.transform(part), fitted.transform(encoded)[rows])
        np.testing.assert_array_equal(part.residual.mean, encoded.residual.mean[rows])
        np.testing.assert_array_equal(part.design, encoded.design[rows])
