"""The optimiser: PyTorch's own, without the import of its compiler, and its deferred steps of rows."""

import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.testing import assert_close

import hftopic._compiled
from hftopic import ProdLDA
from hftopic._adam import Adam, coalesced
from hftopic._compiled import switched_off, why_not
from hftopic.data.documents import BagsOfWords
from hftopic.networks import layers


def trained(optimiser_class):
    """Parameters after five steps, the last two by an optimiser that goes on from the state of the first."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((7, 3), (5,))]
    optimiser = optimiser_class(weights, lr=0.01, betas=(0.8, 0.9), fused=True)
    for step in range(5):
        if step == 3:
            state, optimiser = optimiser.state_dict(), optimiser_class(weights, lr=1.0, fused=True)
            optimiser.load_state_dict(state)
        optimiser.zero_grad()
        sum((weight**2).sum() * torch.randn((), generator=generator) for weight in weights).backward()
        optimiser.step()
    return weights, optimiser.state_dict()


def test_it_is_adam_of_torch_to_the_last_bit():
    (own, own_state), (expected, state) = trained(Adam), trained(torch.optim.Adam)
    assert all(map(torch.equal, own, expected))
    assert own_state["param_groups"] == state["param_groups"]
    for place, moments in state["state"].items():
        assert all(torch.equal(own_state["state"][place][name], moments[name]) for name in moments)
    assert all(weight.requires_grad and weight.is_leaf for weight in own)


@pytest.mark.parametrize("objective", ["HFVAE(beta=0.1, gamma=4)", "FactorVAE(gamma=2)"])
def test_a_fit_does_not_import_the_compiler_of_torch(objective):
    code = f"""
import sys
from hftopic import HFVAE, FactorVAE, ProdLDA, make_correlated_topics
corpus = make_correlated_topics(60, groups=(2, 2), random_state=0).corpus
ProdLDA((2, 2), objective={objective}, max_iter=2, random_state=0).fit(corpus).transform(corpus)
print("torch._dynamo" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


N_ROWS, N_STEPS = 40, 500
DENSE, SETTLED, RESUMED = (90, 300), (200,), 400  # steps with dense gradients, and others


def moved(by_rows, dtype=torch.float64):
    """A parameter, its moments and a small parameter, after steps whose gradients are of a few rows each.

    Half of the rows have no gradient in the last 250 steps.
    """
    generator = torch.Generator().manual_seed(0)
    large, small = (
        torch.nn.Parameter(torch.randn(shape, generator=generator, dtype=dtype))
        for shape in ((N_ROWS, 3), (2,))
    )
    make = Adam if by_rows else torch.optim.Adam
    optimiser = make([large, small], lr=0.01, eps=1e-15, fused=True)  # an epsilon is not made up for
    for step in range(N_STEPS):
        optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / N_STEPS)
        if step == RESUMED:
            state, optimiser = optimiser.state_dict(), make([large, small], lr=1.0, fused=True)
            optimiser.load_state_dict(state)
        n_rows = int(torch.randint(1, 5, (), generator=generator))
        of_all = torch.randperm(N_ROWS if step < N_STEPS // 2 else N_ROWS // 2, generator=generator)
        rows = of_all[:n_rows].sort()[0]
        values = torch.randn(n_rows, 3, generator=generator, dtype=dtype)
        gradient = torch.sparse_coo_tensor(rows[None], values, large.shape, check_invariants=True)
        large.grad = gradient if by_rows and step not in DENSE else gradient.to_dense()
        small.grad = torch.randn(2, generator=generator, dtype=dtype)
        optimiser.step()
        if by_rows and step in SETTLED:
            optimiser.settle()
    if by_rows:
        optimiser.settle()
    state = optimiser.state[large]
    return [large.detach(), small.detach(), state["exp_avg"], state["exp_avg_sq"]]


needs_loops = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_loops)])
def test_steps_of_rows_are_made_up_for(compiled, monkeypatch):
    """Where rows have gradients now and then, in between dense ones, and after a new start from the state."""
    monkeypatch.setattr(hftopic._compiled, "LEAST_WORK", 0)
    expected = moved(by_rows=False)
    with nullcontext() if compiled else switched_off():
        found = moved(by_rows=True)
    assert_close(found, expected, rtol=1e-8, atol=1e-10)


@needs_loops
def test_compiled_steps_of_rows_are_those_of_pytorch(monkeypatch):
    monkeypatch.setattr(hftopic._compiled, "LEAST_WORK", 0)
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-10)):
        compiled = moved(by_rows=True, dtype=dtype)
        with switched_off():
            assert_close(compiled, moved(by_rows=True, dtype=dtype), rtol=tolerance, atol=tolerance)


def test_rows_that_occur_twice_are_added():
    rows, values = torch.tensor([[2, 0, 2]]), torch.tensor([[1.0], [2.0], [3.0]])
    twice = torch.sparse_coo_tensor(rows, values, (4, 1), check_invariants=True)
    assert coalesced(twice).indices().tolist() == [[0, 2]]
    assert coalesced(twice).values().tolist() == [[2.0], [4.0]]


def test_a_fit_with_gradients_of_rows_is_that_with_dense_ones(monkeypatch):
    """Of documents of which most have few words, and a few so many that their gradients are dense."""
    random = np.random.default_rng(0)
    rates = np.where(np.arange(60) % 20 == 0, 0.7, 0.02)[:, None]
    counts = sp.csr_array(random.poisson(rates, (60, 400)), dtype=np.float32)

    kinds: set[bool] = set()
    backward = layers.BagOfEmbeddings.backward

    def noted(ctx, *upstream):
        gradients = backward(ctx, *upstream)
        kinds.add(gradients[0].is_sparse)
        return gradients

    monkeypatch.setattr(layers.BagOfEmbeddings, "backward", staticmethod(noted))

    def fitted(least):
        monkeypatch.setattr(layers, "LEAST_OF_ROWS", least)
        settings = {"batch_size": 10, "hidden": (8,), "validation_fraction": 0.2}
        kinds.clear()
        return ProdLDA((2, 2), max_iter=6, random_state=0, **settings).fit(counts)

    found = fitted(0)
    assert kinds == {True, False}
    expected = fitted(10**9)
    assert kinds == {False}
    for term in ("loss", "validation_loss"):
        np.testing.assert_allclose(found.history_[term], expected.history_[term], rtol=1e-4)
    np.testing.assert_allclose(found.transform(counts), expected.transform(counts), atol=1e-3)


def test_a_pass_of_training_ends_with_all_rows_where_they_are_due(monkeypatch):
    monkeypatch.setattr(layers, "LEAST_OF_ROWS", 0)
    counts = sp.csr_array(np.eye(40, 400, dtype=np.float32))
    trainer = ProdLDA((2, 2), max_iter=1, batch_size=4, random_state=0).fit(counts)._trainer
    trainer.run_epoch(BagsOfWords(counts), 40)
    embedding = trainer.network.encoder.embedding
    before = embedding.detach().clone()
    trainer.optimiser.settle()
    assert torch.equal(embedding, before)
