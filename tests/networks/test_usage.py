"""The words that documents use for topics: against exact sums, and conservation of documents."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from hftopic.data.documents import BagsOfWords
from hftopic.networks import usage as u
from hftopic.networks.usage import TopicUsage, expected_usage

N_DOCUMENTS, N_TOPICS, N_WORDS = 7, 4, 9


@pytest.fixture
def batch():
    counts = np.random.default_rng(0).poisson(0.8, (N_DOCUMENTS, N_WORDS)).astype(np.float32)
    counts[:, 0] += 1  # no document is empty
    return BagsOfWords(sp.csr_array(counts)).batch(np.arange(N_DOCUMENTS), torch.device("cpu"))


@pytest.fixture
def given():
    generator = torch.Generator().manual_seed(1)
    return (
        torch.softmax(torch.randn(N_DOCUMENTS, N_TOPICS, generator=generator), 1),
        torch.softmax(torch.randn(N_TOPICS, N_WORDS, generator=generator), 1),
        torch.softmax(torch.randn(N_WORDS, generator=generator), 0),
    )


def by_hand(batch, proportions, words, frequency, refinements):
    """Responsibilities of one document and one word at a time, in float64."""
    mixture = np.vstack([words.double().numpy(), frequency.double().numpy()])
    expected = np.zeros_like(mixture)
    for document in range(len(batch)):
        own = batch.rows.indices[batch.rows.indptr[document] : batch.rows.indptr[document + 1]]
        prior = np.append((1 - u.BACKGROUND_SHARE) * proportions[document].double(), u.BACKGROUND_SHARE)
        shares = prior
        for _ in range(refinements):
            used = sum(shares * mixture[:, w] / (shares @ mixture[:, w]) for w in own)
            shares = (u.PRIOR_WORDS * prior + used) / (u.PRIOR_WORDS + len(own))
        for w in own:
            expected[:, w] += shares * mixture[:, w] / (shares @ mixture[:, w])
    return expected


@pytest.mark.parametrize("refine", [False, True])
def test_usage_is_the_sum_of_responsibilities(batch, given, refine):
    found = expected_usage(batch, *given, np.zeros(N_TOPICS, dtype=int), refine)
    expected = by_hand(batch, *given, u.REFINEMENTS if refine else 0)
    np.testing.assert_allclose(found[0], expected[:-1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[1], expected[-1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("simplex", [[0, 0, 0, 0], [0, 0, 1, 1], [-1, 3, 3, 0]])
def test_every_word_of_a_document_is_used_once_in_each_simplex(batch, given, simplex):
    simplex = np.array(simplex)
    proportions, words, frequency = given
    for number in np.unique(simplex):
        own = torch.from_numpy(simplex == number)
        proportions[:, own] /= proportions[:, own].sum(1, keepdim=True)
    topics, background = expected_usage(batch, proportions, words, frequency, simplex, True)
    documents = (batch.rows > 0).sum(0)
    np.testing.assert_allclose(topics.sum(0) + background, len(set(simplex)) * documents, rtol=1e-4)


def test_statistics_are_replaced_or_added_to_a_part_of_the_old_ones():
    usage = TopicUsage(2, 3, signed=True)
    assert usage.frequency.tolist() == pytest.approx([1 / 3] * 3)  # nothing is known
    ones, some = torch.ones(4, 3), torch.tensor([1.0, 2.0, 3.0])
    usage.replace(ones, some)
    assert usage.documents.tolist() == [5.0, 6.0, 7.0]
    usage.replace(ones, some, keep=0.5)
    assert usage.documents.tolist() == [7.5, 9.0, 10.5]
    assert usage.poles.shape == (4, 3)
    np.testing.assert_allclose(usage.poles.sum(1), 1, rtol=1e-6)


def test_a_topic_that_nothing_is_used_for_is_the_corpus():
    usage = TopicUsage(2, 3, signed=False)
    usage.replace(torch.tensor([[0.0, 0.0, 0.0], [50.0, 0.0, 0.0]]), torch.tensor([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(usage.probabilities()[0], usage.frequency, rtol=1e-6)
    assert usage.probabilities()[1, 0] > usage.frequency[0]


def test_the_effective_documents_are_fewer_where_a_document_repeats_a_word():
    """(Σ n)² / Σ n² is their number if all have as many tokens; none has more than 1 / √ of them."""
    usage, counts = TopicUsage(1, 3, signed=False), torch.tensor([[2.0, 1, 0], [2, 1, 0], [2, 8, 0]])
    usage.count(counts.sum(0), counts.square().sum(0), 3)
    torch.testing.assert_close(usage.effective_documents, torch.tensor([3.0, 100 / 66, 0]))
    assert (counts.max(0).values / counts.sum(0))[:2].le(usage.effective_documents[:2] ** -0.5).all()
    usage.count(counts.sum(0), counts.square().sum(0), 3, keep=0.5)
    assert usage.n_documents == 4.5
    torch.testing.assert_close(usage.tokens, 1.5 * counts.sum(0))
