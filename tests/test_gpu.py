"""Training on a GPU: what it computes there is what it computes on the CPU, and nothing waits for values."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from hftopic import ETM, HFVAE, NVDM, NVLDA, VAE, ProdLDA
from hftopic.data.batches import Batch, documents_of_entries, sorted_by_word
from hftopic.data.documents import BagsOfWords
from hftopic.data.order import Steps, shuffled
from hftopic.data.transfer import transferred
from hftopic.training import Trainer

CPU = torch.device("cpu")
WITH_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use")


def counts_of(n_documents, n_words, seed=0):
    rng = np.random.default_rng(seed)
    return sp.csr_array(rng.poisson(0.3, (n_documents, n_words)).astype(np.float32))


def embeddings_for(model):
    """Embeddings of 500 documents, if the model reads some."""
    reads = model.encoder_input != "counts"
    return np.random.default_rng(1).standard_normal((500, 12)).astype(np.float32) if reads else None


def test_entries_are_sorted_by_tensors_as_by_scipy():
    batch = Batch(counts_of(30, 17), CPU)
    documents = documents_of_entries(batch.offsets, batch.rows.nnz)
    assert torch.equal(documents, batch.documents)
    of_tensors = sorted_by_word(batch.words, documents, batch.n_words)
    for found, expected in zip(of_tensors, batch.by_word, strict=True):
        assert torch.equal(found, expected)


def test_loaded_counts_are_the_same():
    design = torch.arange(60.0).reshape(30, 2)
    batch, loaded = (Batch(counts_of(30, 17), CPU, design=design) for _ in range(2))
    assert len(loaded.load()) == 3
    for name in ("words", "counts", "offsets", "documents", "lengths", "cells", "design"):
        assert torch.equal(getattr(loaded, name), getattr(batch, name))


def test_on_the_cpu_mini_batches_come_as_they_are():
    drawn = iter([(np.arange(2), "batch")])
    assert transferred(drawn, CPU) is drawn


@WITH_GPU
def test_mini_batches_on_the_way_to_a_gpu_keep_their_order_and_their_content():
    design = np.arange(200, dtype=np.float32).reshape(100, 2)
    documents, device = BagsOfWords(counts_of(100, 40), design=design), torch.device("cuda")
    steps = Steps(100, 8)
    drawn = transferred(shuffled(documents, steps, torch.Generator().manual_seed(0), device), device)
    expected = shuffled(documents, steps, torch.Generator().manual_seed(0), CPU)
    for (rows, batch), (same, other) in zip(drawn, expected, strict=True):
        assert (rows == same).all()
        for name in ("words", "counts", "offsets", "documents", "cells", "design"):
            assert torch.equal(getattr(batch, name).cpu(), getattr(other, name))
        assert batch.design.is_cuda
        for found, known in zip(batch.by_word, other.by_word, strict=True):
            assert torch.equal(found.cpu(), known)


@WITH_GPU
def test_an_error_of_the_source_of_mini_batches_is_told():
    def source():
        yield np.arange(2), Batch(counts_of(2, 4), torch.device("cuda"))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(transferred(source(), torch.device("cuda")))


@WITH_GPU
@pytest.mark.parametrize(
    "model",
    [
        ProdLDA((4, 4)),
        ProdLDA(8, objective=VAE()),
        ProdLDA((4, 4), marginals="hfvae"),
        ProdLDA((4, 4), encoder_norm="shift"),
        NVDM((4, 4), objective=HFVAE()),
        ProdLDA((4, 4), encoder_input="both"),
        NVLDA((4, 4)),
        ETM((4, 4)),
    ],
    ids=repr,
)
def test_no_step_waits_for_values(model, monkeypatch):
    """PyTorch tells of each call that waits; the first steps, which set up the optimiser, may."""
    plain_step, done = Trainer._step, []

    def step(self, *arguments):
        torch.cuda.set_sync_debug_mode("error" if len(done) > 2 else "default")
        try:
            done.append(plain_step(self, *arguments))
        finally:
            torch.cuda.set_sync_debug_mode("default")
        return done[-1]

    monkeypatch.setattr(Trainer, "_step", step)
    model.set_params(device="cuda", max_iter=2, batch_size=50, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a model that has learnt nothing yet
        model.fit(counts_of(500, 60), embeddings=embeddings_for(model))
    assert len(done) == 20


@WITH_GPU
@pytest.mark.parametrize(
    "model",
    [
        ProdLDA((4, 4)),
        ProdLDA((4, 4), encoder_input="both"),
        NVDM((4, 4)),
        NVLDA((4, 4)),
        ETM((4, 4)),
    ],
    ids=repr,
)
def test_a_fit_on_a_gpu_is_that_of_the_cpu_but_for_rounding(model):
    """The noise is drawn on the CPU for both. Rounding grows over steps: 1e-3 after 20 of them."""
    losses = []
    for device in ("cpu", "cuda"):
        model.set_params(device=device, max_iter=2, batch_size=50, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(counts_of(500, 60), embeddings=embeddings_for(model))
        losses.append(model.history_["loss"].to_numpy())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-3)


@WITH_GPU
def test_prevalence_is_learnt_on_a_gpu_as_on_the_cpu():
    counts, generator = counts_of(300, 40), np.random.default_rng(0)
    metadata = {"x": generator.standard_normal(300)}
    found = []
    for device in ("cuda", "cpu"):
        model = ProdLDA((3, 3), prevalence="x", max_iter=4, random_state=0, device=device)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(counts, metadata=metadata)
        found.append((model.prevalence_.to_numpy(), model.transform(counts, metadata=metadata)))
    for of_gpu, of_cpu in zip(*found, strict=True):
        np.testing.assert_allclose(of_gpu, of_cpu, atol=0.02)
