"""The decoder of ETM: logits that are linear in word vectors, given or learned."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from hftopic.latent.space import LatentSpace
from hftopic.networks.decoders import FAVOUR
from hftopic.networks.etm import ETMDecoder
from hftopic.networks.mixture import NORM_EPS
from hftopic.networks.widening import regressed

V, L = 12, 30
VECTORS = 3.0 + 5.0 * np.random.default_rng(0).normal(size=(V, L)).astype(np.float32)
COLUMNS = np.array([1, 2, 5, 7, 11])
SPACE = LatentSpace((3, 2))


def decoder(columns=COLUMNS, train=False, space=SPACE, softmax="joint"):
    generator = torch.Generator().manual_seed(0)
    background = torch.linspace(-3.0, -1.0, V)
    return ETMDecoder(space, softmax, background, VECTORS[columns], columns, train, generator)


def none():
    generator = torch.Generator().manual_seed(0)
    no_vectors, no_words = np.zeros((0, L), np.float32), np.zeros(0, np.int64)
    return ETMDecoder(SPACE, "joint", torch.zeros(V), no_vectors, no_words, False, generator)


CASES = {
    "some are given": decoder,
    "all are given": lambda: decoder(np.arange(V)),
    "some are where training starts": lambda: decoder(train=True),
    "one is given": lambda: decoder(np.array([3])),
    "none is given": none,
}


@pytest.mark.parametrize("case", CASES)
def test_logits_are_products_of_vectors_that_are_normalised_over_topics(case):
    """Also where the products with given vectors are computed without a copy of them."""
    model = CASES[case]()
    effects = model.topic_vectors @ model.word_vectors().T
    assert_close(model.effects(), effects, atol=1e-4, rtol=1e-4)
    centred, variance = effects - effects.mean(0), effects.var(0, correction=0)
    expected = model.bias + centred / (variance + NORM_EPS).sqrt()
    assert_close(model.topic_logits(), expected, atol=1e-3, rtol=1e-3)
    model.check(SPACE, V)
    assert model.word_vectors().shape == (V, L)


@pytest.mark.parametrize("case", ["some are given", "all are given", "some are where training starts"])
def test_given_vectors_have_a_common_scale(case):
    model = CASES[case]()
    given = model.word_vectors()[model.given_words].double()
    assert_close(given.mean(0), torch.zeros(L, dtype=torch.float64), atol=1e-5, rtol=0)
    assert_close(given.square().sum(1).mean().sqrt().item(), 1.0, atol=1e-4, rtol=1e-4)


def test_equal_vectors_are_no_division_by_zero():
    generator = torch.Generator().manual_seed(0)
    same = np.full((V, L), 0.1, np.float32)
    model = ETMDecoder(SPACE, "joint", torch.zeros(V), same, np.arange(V), False, generator)
    assert_close(model.topic_words(), torch.full((5, V), 1 / V))


def test_only_learned_vectors_are_parameters():
    """A fixed vector has no gradient and no state of an optimiser."""
    names = {name for name, _ in decoder(np.arange(V)).named_parameters()}
    assert names == {"bias", "log_scale", "topic_vectors", "learned"}
    assert decoder().learned.shape == (V - len(COLUMNS), L)
    assert decoder(np.arange(V)).learned.shape == (0, L)
    assert decoder(train=True).learned.shape == none().learned.shape == (V, L)
    assert_close(decoder(train=True).learned[COLUMNS], decoder().word_vectors()[COLUMNS])


def test_words_without_vectors():
    assert decoder().without_vectors().nonzero()[:, 0].tolist() == sorted({*range(V)} - {*COLUMNS})
    assert none().without_vectors().all()


@pytest.mark.parametrize("case", ["some are given", "none is given"])
def test_seed_words_rise_in_their_topic_against_the_others(case):
    """The effects of their topic rise by the same amount, and those of other topics stay."""
    model = CASES[case]()
    effects, words = model.effects().detach().clone(), model.topic_words().detach().clone()
    model.favour(1, np.array([2, 5]), 1.0)
    rise = (model.effects() - effects)[:, [2, 5]]
    assert_close(rise[1], torch.full((2,), FAVOUR), atol=1e-3, rtol=1e-3)
    assert_close(rise[[0, 2, 3, 4]], torch.zeros(4, 2))
    assert (model.topic_words()[1, [2, 5]] > words[1, [2, 5]]).all()


def test_groups_of_a_softmax_each_are_fixed():
    assert decoder().topic_axes() == {"topic_vectors": (0,)}
    assert decoder(space=LatentSpace((2, 2)), softmax="group").topic_axes() is None


def test_regression_is_exact_where_targets_are_linear():
    """Without noise and with a small penalty, targets of new words are what the map says."""
    draw = np.random.default_rng(1)
    x, slopes = torch.from_numpy(draw.normal(size=(500, 3))), torch.from_numpy(draw.normal(size=(3, 2)))
    weights = torch.from_numpy(draw.integers(1, 50, 500)).float()
    new = torch.from_numpy(draw.normal(size=(4, 3)))
    found = regressed(x, 2.0 + x @ slopes, weights, new)
    assert_close(found, (2.0 + new @ slopes).float(), atol=0.1, rtol=0.05)
