"""Tests of mixtures of topics: their likelihood, its gradient, and what a step computes."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from hftopic.data.batches import Batch, distinct_words
from hftopic.networks import layers
from hftopic.networks.mixture import Mixture


def batch_of(counts, dtype=torch.float64):
    return Batch(sp.csr_array(np.asarray(counts, dtype=np.float64)), torch.device("cpu"), dtype)


def dense(theta, logits, counts):
    """Σ_v x_v log Σ_k θ_k β_kv with everything written out."""
    return (torch.from_numpy(counts) * (theta @ logits.softmax(1)).log()).sum(1)


@pytest.fixture
def given():
    """Proportions and logits of 7 documents, 3 topics and 11 words, of which the last occurs nowhere."""
    random = torch.Generator().manual_seed(0)
    theta = torch.randn(7, 3, generator=random, dtype=torch.float64).softmax(1)
    logits = 2 * torch.randn(3, 11, generator=random, dtype=torch.float64)
    counts = np.random.default_rng(0).poisson(0.7, (7, 11)).astype(np.float64)
    counts[:, -1], counts[2] = 0, 0
    return theta.requires_grad_(), logits.requires_grad_(), counts


@pytest.mark.parametrize("at_once", [2**20, 4])
def test_the_likelihood_and_its_gradient_are_those_of_dense_matrices(given, at_once, monkeypatch):
    monkeypatch.setattr(layers, "MOST_ENTRIES", at_once)
    theta, logits, counts = given
    weights = torch.arange(1.0, 8.0, dtype=torch.float64)
    found = Mixture(theta, logits).log_likelihood(batch_of(counts))
    expected = dense(theta, logits, counts)
    assert_close(found, expected, rtol=0, atol=1e-10)
    got = torch.autograd.grad((weights * found).sum(), (theta, logits))
    assert_close(got, torch.autograd.grad((weights * expected).sum(), (theta, logits)), rtol=0, atol=1e-10)


def test_the_words_that_occur_are_the_same_for_a_gpu(given):
    """A GPU gets them from the CPU, which finds them in another way."""
    batch = batch_of(given[2])
    for found, expected in zip(distinct_words(batch.rows.indices), batch.distinct, strict=True):
        assert_close(found, expected, rtol=0, atol=0)
    words, places, offsets = batch.distinct
    assert torch.equal(words[places], batch.words)
    assert torch.equal(batch.words[batch.by_word[0]], words.repeat_interleave(offsets.diff()))


class Afresh(torch.autograd.Function):
    """The likelihood, computed again for each backward pass: a single one may use its buffers."""

    @staticmethod
    def forward(ctx, theta, logits, batch):
        ctx.save_for_backward(theta, logits)
        ctx.batch = batch
        return Mixture(theta, logits).log_likelihood(batch)

    @staticmethod
    def backward(ctx, upstream):
        with torch.enable_grad():
            leaves = [tensor.detach().requires_grad_() for tensor in ctx.saved_tensors]
            likelihood = Mixture(*leaves).log_likelihood(ctx.batch)
        return (*torch.autograd.grad(likelihood, leaves, upstream), None)


def test_the_gradient_is_that_of_finite_differences(given):
    theta, logits, counts = given
    assert torch.autograd.gradcheck(Afresh.apply, (theta, logits, batch_of(counts)))


def test_known_totals_give_the_same_likelihood(given):
    theta, logits, counts = (
        tensor.detach() if isinstance(tensor, torch.Tensor) else tensor for tensor in given
    )
    known = Mixture(theta, logits, logits.logsumexp(1)).log_likelihood(batch_of(counts))
    assert_close(known, Mixture(theta, logits).log_likelihood(batch_of(counts)), rtol=0, atol=1e-12)


def test_probabilities_sum_to_one(given):
    theta, logits, _ = given
    assert_close(Mixture(theta, logits).probabilities().sum(1), torch.ones(7, dtype=torch.float64))


class Largest(TorchDispatchMode):
    """The number of elements of the largest tensor that is computed."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, tuple | list) else (result,):
            if isinstance(one, torch.Tensor):
                self.elements = max(self.elements, one.numel())
        return result


def test_no_tensor_has_documents_times_words():
    n_documents, n_topics, n_words = 64, 3, 5000
    rows = sp.random_array((n_documents, n_words), density=0.002, format="csr", rng=np.random.default_rng(0))
    theta = torch.full((n_documents, n_topics), 1 / n_topics, requires_grad=True)
    logits = torch.zeros(n_topics, n_words, requires_grad=True)
    with Largest() as largest:
        likelihood = Mixture(theta, logits).log_likelihood(Batch(rows, torch.device("cpu")))
        likelihood.sum().backward()
    assert largest.elements <= n_topics * n_words


def test_a_word_that_no_topic_of_a_document_has_stays_finite():
    theta = torch.tensor([[1.0, 0.0]], requires_grad=True)
    logits = torch.tensor([[0.0, -500.0], [0.0, 0.0]], requires_grad=True)
    likelihood = Mixture(theta, logits).log_likelihood(batch_of([[0, 3]], torch.float32))
    likelihood.sum().backward()
    assert torch.isfinite(likelihood).all()
    assert torch.isfinite(theta.grad).all()
    assert torch.isfinite(logits.grad).all()


def test_rare_words_are_scored_below_the_smallest_float():
    logits = torch.tensor([[0.0, -300.0], [0.0, -300.0]])
    theta = torch.tensor([[0.5, 0.5]])
    likelihood = Mixture(theta, logits).log_likelihood(batch_of([[0, 2]], torch.float32))
    assert_close(likelihood, torch.tensor([-600.0]))
