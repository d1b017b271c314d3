"""Compiled loops compute what PyTorch does, with any number of threads, and only where they can."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

import hftopic._compiled
from hftopic import NVDM, ProdLDA
from hftopic._compiled import at_hand, switched_off, usable, why_not
from hftopic.data.batches import Batch
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.networks import likelihood, tiles
from hftopic.networks.alone import LayersAlone
from hftopic.networks.layers import Linear, products, softplus
from hftopic.networks.likelihood import LogLinear
from hftopic.objective.minibatch import Mixing
from hftopic.objective.pairwise import dimension_marginals, log_mixed

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
DTYPES = [torch.float32, torch.float64]
RELATIVE = {torch.float32: {"rtol": 1e-5, "atol": 1e-37}, torch.float64: {"rtol": 1e-10, "atol": 1e-37}}
TOLERANCE = {torch.float32: {"rtol": 1e-5, "atol": 1e-5}, torch.float64: {"rtol": 1e-10, "atol": 1e-10}}


@pytest.fixture(autouse=True)
def _any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hftopic._compiled, "LEAST_WORK", 0)


def leaves(*shape: int, dtype: torch.dtype, seed: int = 0) -> list[Tensor]:
    """Samples, means and log variances."""
    draws = torch.randn(3, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    mean, log_variance = draws[0], draws[1]
    z = mean + torch.exp(0.5 * log_variance) * draws[2]
    return [moment.to(dtype).requires_grad_() for moment in (z, mean, log_variance)]


def with_gradients(value: Tensor, moments: list[Tensor], seed: int = 0, even: bool = False) -> list[Tensor]:
    """A value, and the gradients of a random sum of it."""
    upstream = torch.randn(value.shape, generator=torch.Generator().manual_seed(seed), dtype=value.dtype)
    if even:
        upstream = upstream[:1].expand_as(value)
    return [value, *torch.autograd.grad(value, moments, upstream)]


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    batch=st.integers(2, 40),
    n_dims=st.integers(1, 5),
    partners=st.none() | st.integers(2, 20),
    estimator=st.sampled_from(["hfvae", "mws", "mss"]),
    even=st.booleans(),
    seed=st.integers(0, 99),
)
def test_marginals_equal_those_of_pytorch(dtype, batch, n_dims, partners, estimator, even, seed) -> None:
    moments = leaves(batch, n_dims, dtype=dtype, seed=seed)
    mixing = Mixing(estimator, 60, partners)

    def answer() -> list[Tensor]:
        found = dimension_marginals(moments[0], MeanFieldPosterior(*moments[1:]), mixing)
        return with_gradients(found, moments, seed, even)

    compiled = answer()
    with switched_off():
        assert_close(compiled, answer(), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_documents", [9, 1023, 1024, 1025, 2500])
@pytest.mark.parametrize("estimator", ["hfvae", "full"])
def test_marginals_without_gradients_equal_those_of_pytorch(dtype, n_documents, estimator) -> None:
    """Also where the loop reads the documents in several parts, of which a sample has its own in one."""
    z, mean, log_variance = (moment.detach() for moment in leaves(n_documents, 3, dtype=dtype))
    mixing = Mixing(estimator, n_documents + 5)
    compiled = dimension_marginals(z, MeanFieldPosterior(mean, log_variance), mixing)
    with switched_off():
        expected = dimension_marginals(z, MeanFieldPosterior(mean, log_variance), mixing)
    assert_close(compiled, expected, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    n_samples=st.integers(1, 30),
    n_documents=st.integers(1, 30),
    first=st.integers(0, 9),
    estimator=st.sampled_from(["hfvae", "mws", "mss", "full"]),
    seed=st.integers(0, 99),
)
def test_rows_equal_those_of_pytorch(dtype, n_samples, n_documents, first, estimator, seed) -> None:
    """Also where samples are of some of the documents only, or documents not those of the samples."""
    if estimator == "full":
        first = 0
    else:
        n_documents = max(n_documents, n_samples + first, 2)
    weights = Mixing(estimator, 60, first=first).weights(n_documents)
    draws = torch.randn(n_samples, n_documents, generator=torch.Generator().manual_seed(seed))
    bits = (40 * draws).to(dtype).requires_grad_()

    def answer() -> list[Tensor]:
        return with_gradients(log_mixed(bits, weights), [bits], seed)

    compiled = answer()
    with switched_off():
        assert_close(compiled, answer(), **TOLERANCE[dtype])


def test_samples_of_documents_that_are_not_mixed_have_no_weight_of_their_own() -> None:
    bits = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    weights = Mixing("hfvae", 60).weights(4)
    compiled = log_mixed(bits, weights)
    with switched_off():
        assert_close(compiled, log_mixed(bits, weights))


def counts_of(n: int, v: int, seed: int = 0) -> sp.csr_array:
    """Sparse counts; some documents are empty."""
    draws = np.random.default_rng(seed)
    return sp.csr_array(draws.poisson(2.0, (n, v)) * (draws.random((n, v)) < 0.3), dtype=np.float32)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("at_once", [True, False], ids=["one block", "blocks"])
@given(n=st.integers(1, 20), v=st.integers(1, 40), seed=st.integers(0, 99))
def test_likelihoods_equal_those_of_pytorch(dtype, at_once, n, v, seed) -> None:
    batch = Batch(counts_of(n, v, seed), torch.device("cpu"), dtype)
    generator = torch.Generator().manual_seed(seed)
    shapes = (n, 4), (4, v), (v,)
    given = [
        torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for shape in shapes
    ]

    def answer() -> list[Tensor]:
        return with_gradients(LogLinear(*given).log_likelihood(batch), given, seed)

    with pytest.MonkeyPatch.context() as patch:
        if not at_once:
            patch.setattr(likelihood, "BLOCK_ENTRIES", 3 * v)
        compiled = answer()
        with switched_off():
            expected = answer()
    for mine, theirs in zip(compiled, expected, strict=True):
        size = max(1.0, float(theirs.detach().abs().max()))  # gradients are sums of terms that cancel in part
        assert_close(mine, theirs, rtol=0, atol=TOLERANCE[dtype]["rtol"] * size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_softplus_and_its_gradient_are_those_of_pytorch(dtype) -> None:
    """From numbers whose softplus is subnormal in float32 to those that it does not change."""
    x = torch.cat([torch.linspace(-90, 90, 5000), torch.tensor([0.0, -0.0])]).to(dtype).requires_grad_()
    compiled = with_gradients(softplus(x), [x])
    with switched_off():
        assert_close(compiled, with_gradients(softplus(x), [x]), **RELATIVE[dtype])
    wrong = torch.tensor([torch.nan, torch.inf, 1.0], dtype=dtype, requires_grad=True)
    assert softplus(wrong).isfinite().tolist() == [False, False, True]


@pytest.mark.parametrize("dtype", DTYPES)
@given(n=st.integers(1, 3000), width=st.integers(1, 20), seed=st.integers(0, 99))
def test_products_of_rows_are_those_of_pytorch(dtype, n, width, seed) -> None:
    """Also where they are taken from the products of all pairs."""
    generator = torch.Generator().manual_seed(seed)
    rows, others = (torch.randn(m, width, generator=generator, dtype=dtype) for m in (7, 11))
    numbers, places = (torch.randint(m, (n,), generator=generator) for m in (7, 11))
    compiled = products(rows, numbers, others, places)
    with switched_off():
        for most_cells in (0, 7 * 11):
            assert_close(compiled, products(rows, numbers, others, places, most_cells), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    n=st.integers(1, 20),
    v=st.integers(1, 40),
    width=st.integers(1, 9),
    spread=st.sampled_from([1.0, 100.0]),
    seed=st.integers(0, 99),
)
def test_scores_in_tiles_equal_those_of_pytorch_and_of_training(dtype, n, v, width, spread, seed) -> None:
    """Also where the logits of a tile are far above those of the tiles before."""
    batch = Batch(counts_of(n, v, seed), torch.device("cpu"), dtype)
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(shape, generator=generator).to(dtype) for shape in ((n, 4), (4, v), (v,))]
    given = LogLinear(drawn[0], spread * drawn[1], drawn[2])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE_ENTRIES", width * n)
        patch.setattr(tiles, "FEWEST_WORDS", 1)
        compiled = given.log_likelihood(batch)
        with switched_off():
            expected = given.log_likelihood(batch)
    trained = replace(given, features=given.features.requires_grad_()).log_likelihood(batch)
    size = max(1.0, float(spread * batch.lengths.max()))
    for found in (expected, trained.detach()):
        assert_close(compiled, found, rtol=TOLERANCE[dtype]["rtol"], atol=TOLERANCE[dtype]["rtol"] * size)


def test_counts_that_are_not_sorted_by_word_are_scored_too() -> None:
    rows = counts_of(6, 30)
    turned = sp.csr_array((rows.data.copy(), rows.indices.copy(), rows.indptr), rows.shape)
    for first, last in pairwise(rows.indptr):
        turned.data[first:last], turned.indices[first:last] = (
            rows.data[first:last][::-1],
            rows.indices[first:last][::-1],
        )
    turned.has_sorted_indices = False
    given = LogLinear(*(torch.randn(shape) for shape in ((6, 4), (4, 30), (30,))))
    found, expected = (given.log_likelihood(Batch(r, torch.device("cpu"))) for r in (turned, rows))
    assert_close(found, expected, **TOLERANCE[torch.float32])


def test_impossible_words_have_a_finite_log_probability() -> None:
    """A logit 300 bits below the largest, whose probability float32 cannot hold."""
    batch = Batch(sp.csr_array(np.array([[1, 1]], dtype=np.float32)), torch.device("cpu"))
    found = LogLinear(torch.ones(1, 1), torch.tensor([[0.0, -300.0]]), torch.zeros(2)).log_likelihood(batch)
    assert_close(found, torch.tensor([-300.0]))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_lost(wrong: float) -> None:
    """Training stops at a loss that is not finite, so loops must hand it on."""
    z, mean, log_variance = (moment.detach() for moment in leaves(8, 2, dtype=torch.float32))
    z[3, 1] = wrong
    mean[5, 0] = torch.nan  # which is in the mixtures of all documents
    marginals = dimension_marginals(z, MeanFieldPosterior(mean, log_variance), Mixing("hfvae", 60))
    assert marginals[:, 1].isfinite().tolist() == [True, True, True, False, True, True, True, True]
    assert not bool(marginals[:, 0].isfinite().any())
    batch = Batch(counts_of(3, 5), torch.device("cpu"))
    features = torch.ones(3, 2)
    features[1, 0] = wrong
    for learnt in (True, False):
        words = LogLinear(features.requires_grad_(learnt), torch.ones(2, 5), torch.zeros(5))
        assert words.log_likelihood(batch).isfinite().tolist() == [True, False, True]


def test_the_number_of_threads_changes_no_bit() -> None:
    """Each task is computed by one thread, whichever it is."""
    from hftopic._compiled.calls import add_tile, score

    moments = leaves(64, 6, dtype=torch.float32)
    batch = Batch(counts_of(64, 50), torch.device("cpu"))
    *rows, bias = torch.randn(65, 50, generator=torch.Generator().manual_seed(1))
    logits = torch.stack(rows)
    bits = torch.randn(64, 64, generator=torch.Generator().manual_seed(2))
    mixing = Mixing("hfvae", 90, 16)

    def tile() -> list[Tensor]:
        sums = [torch.zeros(64) for _ in range(3)]
        add_tile(logits.clone(), 0, batch, [batch.offsets[:-1].clone(), *sums])
        return sums

    def answer() -> list[Tensor]:
        return [
            *tile(),
            *with_gradients(
                dimension_marginals(moments[0], MeanFieldPosterior(*moments[1:]), mixing), moments
            ),
            log_mixed(bits, mixing.weights(64)),
            score(logits.clone(), bias, batch),
        ]

    before = torch.get_num_threads()
    answers = []
    try:
        for n_threads in (1, 2, 3):
            torch.set_num_threads(n_threads)
            answers.append([tensor.detach().numpy().tobytes() for tensor in answer()])
    finally:
        torch.set_num_threads(before)
    assert answers[0] == answers[1] == answers[2]


def test_only_what_loops_can_read_is_given_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch.zeros(8, 8)
    assert usable(1, whole, whole)
    assert not usable(1, whole[:, ::2])
    assert not usable(1, whole.half())
    assert not usable(1, whole, whole.double())
    assert not usable(1, whole.to("meta"))
    with switched_off():
        assert not usable(1, whole)
    assert usable(1, whole)
    monkeypatch.setattr(hftopic._compiled, "LEAST_WORK", 10)
    assert not usable(9, whole)


@given(
    n=st.integers(1, 60),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    last=st.lists(st.integers(0, 20), min_size=1, max_size=3).filter(any),
    scale=st.sampled_from([1.0, 300.0]),
    seed=st.integers(0, 99),
)
def test_layers_equal_those_of_pytorch(n, sizes, last, scale, seed) -> None:
    generator = torch.Generator().manual_seed(seed)
    hidden = [Linear(*pair, generator) for pair in pairwise(sizes)]
    heads = [Linear(sizes[-1], size, generator, has_bias=place > 0) for place, size in enumerate(last)]
    x = scale * torch.randn(n, sizes[0], generator=generator, dtype=torch.float64)
    with torch.no_grad():
        for layer in (*hidden, *heads[1:]):
            layer.bias.normal_(generator=generator)
        layers = LayersAlone(hidden, heads, softplus)
        compiled, first = layers(x), layers(x[:1])
        with switched_off():
            expected = layers(x)
    assert [len(one[0]) for one in compiled] == last
    size = max(float(one.abs().max()) for one in expected if one.numel())
    for mine, theirs, of_first in zip(compiled, expected, first, strict=True):
        assert_close(mine, theirs, rtol=0, atol=1e-5 * max(1.0, size))
        assert torch.equal(mine[:1], of_first)


def test_layers_of_what_is_no_number_or_far_out() -> None:
    x = torch.tensor([[torch.nan], [torch.inf], [-torch.inf], [-800.0], [800.0]], dtype=torch.float64)
    head = Linear(1, 1, torch.Generator())
    with torch.no_grad():
        head.weight.fill_(1.0)
        (found,) = LayersAlone([], [head], softplus)(x)
    assert_close(found[:, 0], softplus(x[:, 0]).float().double(), equal_nan=True)


@pytest.fixture(scope="module", params=[ProdLDA, NVDM], ids=lambda kind: kind.__name__)
def fitted(request):
    corpus = sp.csr_array(counts_of(300, 40, 1) + sp.eye_array(300, 40, dtype=np.float32, format="csr"))
    return request.param((3, 4), hidden=(21, 35), max_iter=2, random_state=0).fit(corpus)


@pytest.mark.filterwarnings("ignore:.*have no words")
def test_a_document_has_the_same_posterior_among_any_others(fitted) -> None:
    """Also by PyTorch, which computes it until the loops are loaded, and by any number of threads."""
    counts = counts_of(200, 40, 2)
    counts.data[::7] = 100 + 0.5 * counts.data[::7]  # whose logarithms are not looked up
    counts.data[1::9] = 0.25
    before, expected = torch.get_num_threads(), fitted.posterior(counts)
    order = np.random.default_rng(0).permutation(200)
    try:
        for n_threads in (1, 2, 3):
            torch.set_num_threads(n_threads)
            np.testing.assert_array_equal(fitted.posterior(counts[order]).mean, expected.mean[order])
    finally:
        torch.set_num_threads(before)
    for row in range(0, 200, 11):
        alone = fitted.posterior(counts[[row]])
        np.testing.assert_array_equal(alone.mean[0], expected.mean[row])
        np.testing.assert_array_equal(alone.variance[0], expected.variance[row])
    with switched_off():
        by_pytorch = fitted.posterior(counts)
        np.testing.assert_array_equal(fitted.posterior(counts[order]).mean, by_pytorch.mean[order])
    np.testing.assert_allclose(expected.mean, by_pytorch.mean, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(expected.variance, by_pytorch.variance, rtol=1e-5)


def test_loops_that_are_not_loaded_are_not_at_hand() -> None:
    code = """
import torch
from hftopic._compiled import at_hand, why_not
found = [at_hand(torch.zeros(2))]
why_not()
print(*found, at_hand(torch.zeros(2)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False True\n"
    assert at_hand(torch.zeros(2))
    assert not at_hand(torch.zeros(2, 2)[:, :1])
    with switched_off():
        assert not at_hand(torch.zeros(2))


@pytest.mark.slow
def test_loops_from_the_disk_compute_the_bits_of_those_just_compiled(tmp_path: Path) -> None:
    """Code that is called, not part of a loop, would be other code in the two processes."""
    code = """
import torch
from hftopic._compiled.calls import mix_rows
from hftopic.objective.minibatch import Mixing
from hftopic.objective.pairwise import _mix_dimensions
generator = torch.Generator().manual_seed(0)
mean, log_variance = torch.randn(2, 60, 4, generator=generator)
z = torch.randn(700, 4, generator=generator)
marginals, gradients = _mix_dimensions(z, mean, log_variance, Mixing("full", 60), torch.ones_like(z))
rows = mix_rows(torch.randn(700, 100, generator=generator), Mixing("full", 100).weights(100))
print([tensor.numpy().tobytes().hex() for tensor in (marginals, *gradients, *rows)])
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", f"import hftopic._compiled as c; c.LEAST_WORK = 0{code}"]
    compiled, kept = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert list(tmp_path.rglob("*.nbc"))
    assert compiled == kept


def test_loops_need_no_folder_that_can_be_written() -> None:
    code = """
from hftopic._compiled.calls import mix_rows
from hftopic.objective.minibatch import Mixing
import torch
print(mix_rows(torch.zeros(2, 4), Mixing("full", 4).weights(4))[0].tolist())
"""
    environment = {
        **os.environ,
        "NUMBA_CACHE_LOCATOR_CLASSES": "ZipCacheLocator",
    }  # of packages in a zip file
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert found.stdout == "[0.0, 0.0]\n", found.stderr
