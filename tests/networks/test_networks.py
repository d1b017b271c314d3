"""Encoders and decoders: sparse compared with dense, and the batch norm from θ compared with torch."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional
from torch.testing import assert_close

from hftopic.data.batches import Batch
from hftopic.latent.groups import Concrete
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.networks import layers, likelihood
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import INPUT_NORM, LOG_VARIANCE_RANGE, Encoder
from hftopic.networks.layers import SHIFT_NORM_EPS, BagOfEmbeddings, dropout, softplus
from hftopic.networks.likelihood import LogLinear
from hftopic.networks.log_linear import NVDMDecoder, ProdLDADecoder

CPU = torch.device("cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_counts(n=6, v=9, seed=0, density=0.4):
    rng = np.random.default_rng(seed)
    return sp.csr_array(rng.poisson(1.0, (n, v)) * (rng.random((n, v)) < density), dtype=np.float32)


def batch_of(counts, dtype=torch.float64):
    return Batch(counts, CPU, dtype)


def test_batch_knows_documents_and_lengths():
    counts = sp.csr_array(np.array([[2, 0, 1], [0, 0, 0], [0, 3, 0]], dtype=np.float32))
    batch = batch_of(counts)
    assert len(batch) == 3
    assert batch.documents.tolist() == [0, 0, 2]
    assert batch.lengths.tolist() == [3, 0, 3]


def test_encoder_equals_its_dense_form():
    counts = random_counts()
    encoder = Encoder(9, (5, 4), LatentSpace(3), softplus, 0.0, 0.0, "none", generator()).double()
    x = torch.from_numpy(counts.toarray()).double().log1p()
    x = INPUT_NORM * functional.normalize(x, dim=1)
    h = functional.softplus(x @ encoder.embedding + encoder.embedding_bias)
    h = functional.softplus(encoder.layers[0](h))
    posterior = encoder(batch_of(counts))
    assert_close(posterior.mean, encoder.mean(h))
    assert_close(posterior.log_variance, encoder.log_variance(h).clamp(*LOG_VARIANCE_RANGE))


def test_encoder_does_not_see_document_length():
    counts = sp.csr_array(np.array([[1, 1, 0], [4, 4, 0]], dtype=np.float32))
    encoder = Encoder(3, (5,), LatentSpace(2), torch.tanh, 0.0, 0.0, "none", generator()).double()
    mean = encoder(batch_of(counts)).mean
    assert_close(mean[0], mean[1])


def test_an_empty_document_does_not_spoil_its_batch():
    encoder = Encoder(3, (5,), LatentSpace(2), torch.tanh, 0.0, 0.0, "none", generator())
    with_empty = sp.csr_array(np.array([[1, 0, 2], [0, 0, 0]], dtype=np.float32))
    posterior = encoder(batch_of(with_empty, torch.float32))
    assert torch.isfinite(posterior.mean).all()
    posterior.mean.sum().backward()
    assert torch.isfinite(encoder.embedding.grad).all()


@given(seed=st.integers(0, 50))
def test_log_likelihood_equals_a_dense_softmax(seed):
    counts = random_counts(seed=seed)
    features, weights, bias = (
        torch.randn(shape, generator=generator(seed), dtype=torch.float64).requires_grad_()
        for shape in ((6, 4), (4, 9), (9,))
    )
    upstream = torch.rand(6, generator=generator(seed), dtype=torch.float64)
    dense = torch.from_numpy(counts.toarray()).double()
    ours = LogLinear(features, weights, bias).log_likelihood(batch_of(counts))
    naive = (dense * torch.log_softmax(features @ weights + bias, 1)).sum(1)
    assert_close(ours, naive)
    inputs = [features, weights, bias]
    for mine, theirs in zip(
        torch.autograd.grad(ours @ upstream, inputs),
        torch.autograd.grad(naive @ upstream, inputs),
        strict=True,
    ):
        assert_close(mine, theirs)


def test_topic_side_batch_norm_equals_torchs():
    z = torch.randn(8, 5, generator=generator(), dtype=torch.float64).requires_grad_()
    background = torch.randn(12, generator=generator())
    decoder = ProdLDADecoder(LatentSpace(5), "joint", "full", 0.0, background, generator()).double()
    decoder.train()
    normed = functional.batch_norm(
        torch.softmax(z, 1) @ decoder.weights,
        None,
        None,
        bias=decoder.shift,
        training=True,
        eps=SHIFT_NORM_EPS,
    )
    found = decoder(Sample(z))
    logits = found.features @ found.weights + found.bias
    assert_close(logits, normed)
    target = torch.randn(8, 12, generator=generator(1), dtype=torch.float64)
    inputs = [z, decoder.weights, decoder.shift]
    for mine, theirs in zip(
        torch.autograd.grad((logits * target).sum(), inputs),
        torch.autograd.grad((normed * target).sum(), inputs),
        strict=True,
    ):
        assert_close(mine, theirs)


def test_running_moments_go_to_the_population_moments():
    decoder = ProdLDADecoder(LatentSpace(3), "joint", "full", 0.0, torch.zeros(7), generator()).double()
    z = torch.randn(50, 3, generator=generator(), dtype=torch.float64)
    decoder.train()
    for _ in range(300):
        decoder(Sample(z))
    trained = decoder(Sample(z))
    evaluated = decoder.eval()(Sample(z))
    assert_close(evaluated.features, trained.features)
    assert_close(evaluated.weights, trained.weights)
    assert_close(decoder.components(), evaluated.weights)


def test_one_softmax_a_group():
    decoder = ProdLDADecoder(LatentSpace((2, 3)), "group", "full", 0.0, torch.zeros(7), generator())
    z = torch.randn(4, 5, generator=generator())
    theta = decoder.proportions(z)
    assert_close(theta[:, :2].sum(1), torch.ones(4))
    assert_close(theta[:, 2:].sum(1), torch.ones(4))
    assert_close(decoder.represent(MeanFieldPosterior(z, z)).sum(1), torch.ones(4))


@pytest.mark.parametrize("softmax", ["joint", "group"])
def test_log_proportions_are_those_of_the_represented_documents(softmax):
    decoder = ProdLDADecoder(
        LatentSpace((3, Concrete(2), 2)), softmax, "full", 0.0, torch.zeros(4), generator()
    )
    z = torch.randn(6, 5, generator=generator())
    posterior = MeanFieldPosterior(z, z, (torch.log_softmax(torch.randn(6, 2, generator=generator()), 1),))
    found = decoder.log_proportions(posterior)
    assert found.dtype == torch.float64
    assert_close(found.float(), decoder.represent(posterior).log())
    assert_close(found, Decoder.log_proportions(decoder, posterior), rtol=1e-5, atol=1e-5)


def test_a_proportion_too_small_for_float32_has_a_logarithm():
    decoder = ProdLDADecoder(LatentSpace(3), "joint", "full", 0.0, torch.zeros(4), generator())
    z = torch.tensor([[500.0, 0.0, -500.0]])
    assert_close(decoder.log_proportions(MeanFieldPosterior(z, z)), (z - 500.0).double())


def test_nvdm_is_linear_in_z_and_has_two_poles():
    decoder = NVDMDecoder(LatentSpace(2), torch.arange(3.0), generator())
    z = torch.tensor([[1.0, -2.0]])
    expected = torch.softmax(z @ decoder.weights + torch.arange(3.0), 1)
    assert_close(decoder(Sample(z)).probabilities(), expected)
    opposite = decoder(Sample(torch.tensor([[0.0, -1.0]]))).probabilities()
    assert_close(decoder.topics(-1).probabilities()[1], opposite[0])


def test_dropout_keeps_the_mean_and_needs_a_generator():
    """The mean of 100,000 entries (0 or 4/3) is within 5 standard errors of 1; chance of failure 6e-7."""
    x = torch.ones(100_000)
    assert dropout(x, 0.25, None) is x
    assert dropout(x, 0.0, generator()) is x
    dropped = dropout(x, 0.25, generator())
    assert abs(dropped.mean() - 1) < 5 * dropped.std() / np.sqrt(len(x))
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])


def test_shift_norm_bars_silent_topics():
    """The batch norm sets the variance of the mean over a mini-batch to 1 - eps/(1+eps)."""
    encoder = Encoder(9, (5,), LatentSpace(3), torch.tanh, 0.0, 0.0, "shift", generator()).double().train()
    mean = encoder(batch_of(random_counts(n=40))).mean
    variance = mean.var(0, correction=0)
    assert (variance > 0.8).all()
    assert (variance < 1).all()


def test_word_dropout_hides_words_in_training_only():
    encoder = Encoder(9, (5,), LatentSpace(2), torch.tanh, 0.0, 0.5, "none", generator()).double()
    batch = batch_of(random_counts(n=200))
    whole, again, partial = encoder(batch), encoder(batch), encoder(batch, generator())
    assert_close(whole.mean, again.mean)
    several = batch.offsets.diff() > 2
    changed = ~torch.isclose(whole.mean, partial.mean).all(1)
    # A document with three or more words is unchanged (up to a factor, which the norm removes) with
    # probability at most 1/8 + 3/8.
    assert changed[several].double().mean() > 0.3
    encoder.word_dropout = 0.0
    assert_close(encoder(batch, generator()).mean, whole.mean)


def test_a_document_that_loses_all_words_is_encoded_as_one_without():
    encoder = Encoder(9, (5,), LatentSpace(2), torch.tanh, 0.0, 0.99999, "none", generator())
    one_word, none = sp.csr_array(np.eye(9, dtype=np.float32)), sp.csr_array((9, 9), dtype=np.float32)
    hidden = encoder(batch_of(one_word, torch.float32), generator()).mean
    assert_close(hidden, encoder(batch_of(none, torch.float32)).mean)


def test_embedding_gradients_are_those_of_a_dense_product():
    counts = random_counts(n=7)
    embedding = torch.randn(9, 4, dtype=torch.float64, generator=generator()).requires_grad_()
    batch = batch_of(counts)
    sums = BagOfEmbeddings.apply(embedding, batch.counts, batch)
    assert_close(sums, torch.from_numpy(counts.toarray()).double() @ embedding)
    upstream = torch.randn(7, 4, dtype=torch.float64, generator=generator(1))
    (found,) = torch.autograd.grad(sums, embedding, upstream)
    assert_close(found, torch.from_numpy(counts.toarray()).double().T @ upstream)


def test_few_rows_of_many_have_a_sparse_gradient(monkeypatch):
    counts = sp.csr_array(([1.0, 2.0, 3.0], ([0, 0, 2], [5, 30, 5])), shape=(3, 40), dtype=np.float32)
    embedding = torch.randn(40, 4, dtype=torch.float64, generator=generator()).requires_grad_()

    def gradient(by_rows):
        sums = BagOfEmbeddings.apply(embedding, batch_of(counts).counts, batch_of(counts), by_rows)
        (found,) = torch.autograd.grad(sums.square().sum(), embedding)
        return found

    assert not gradient(True).is_sparse  # of few numbers
    monkeypatch.setattr(layers, "LEAST_OF_ROWS", 0)
    assert gradient(True).is_sparse
    assert gradient(True)._indices().tolist() == [[5, 30]]
    assert_close(gradient(True).to_dense(), gradient(False))


@pytest.mark.parametrize("even", [False, True])
def test_likelihood_in_blocks_of_documents_is_the_same(monkeypatch, even):
    """Whether documents have the same weight in the loss or not."""
    batch = batch_of(random_counts(n=7))
    inputs = [
        torch.randn(shape, dtype=torch.float64, generator=generator()).requires_grad_()
        for shape in ((7, 3), (3, 9), (9,))
    ]
    upstream = torch.randn(7, dtype=torch.float64, generator=generator(1))
    if even:
        upstream = upstream[:1].expand(7)

    def answer():
        value = LogLinear(*inputs).log_likelihood(batch)
        return [value, *torch.autograd.grad(value, inputs, upstream)]

    whole = answer()
    monkeypatch.setattr(likelihood, "BLOCK_ENTRIES", 2 * 9)
    assert_close(answer(), whole)
