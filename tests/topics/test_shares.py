"""Laws of the documents that topics lead and of their shares."""

import numpy as np
import pytest
import torch

from hftopic.latent.groups import Concrete
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace
from hftopic.topics.shares import documents_led, leading_topics, prominence, remainder, shares_in_use


@pytest.fixture
def space():
    return LatentSpace((2, 2, Concrete(3)))


@pytest.fixture
def proportions():
    generator = np.random.default_rng(0)
    topics, classes = generator.dirichlet(np.ones(4), 50), generator.dirichlet(np.ones(3), 50)
    return np.concatenate([topics, classes], axis=1).astype(np.float32)


USED = np.array([True, False, True, True, False, True, True])


def test_each_document_is_led_once_on_every_simplex(space, proportions):
    led = documents_led(proportions, space, USED)
    assert led[:4].sum() == led[4:].sum() == 50
    assert not led[~USED].any()
    brute = [max((t for t in (0, 2, 3)), key=lambda t: row[t]) for row in proportions]
    assert leading_topics(proportions, space, USED)[0].tolist() == brute


def test_a_simplex_without_a_topic_in_use_leads_nothing(space, proportions):
    led = documents_led(proportions, space, np.array([True] * 4 + [False] * 3))
    assert led[:4].sum() == 50
    assert not led[4:].any()


def test_shares_sum_to_one_over_the_topics_in_use_and_keep_their_ratios(space, proportions):
    mean = proportions.mean(0)
    shares = shares_in_use(mean, space, USED)
    np.testing.assert_allclose([shares[:4].sum(), shares[4:].sum()], 1)
    assert not shares[~USED].any()
    np.testing.assert_allclose(shares[0] / shares[2], mean[0] / mean[2])
    np.testing.assert_allclose(shares[:4] * (1 - remainder(mean, space, USED)), np.where(USED, mean, 0)[:4])
    np.testing.assert_allclose(
        shares_in_use(proportions, space, USED)[7], shares_in_use(proportions[7], space, USED)
    )


def test_nothing_in_use_is_all_remainder(space, proportions):
    none = np.zeros(7, dtype=bool)
    assert not shares_in_use(proportions, space, none).any()
    assert remainder(proportions.mean(0), space, none) == 1
    assert remainder(proportions.mean(0), space, ~none) == 0


def test_a_signed_topic_leads_by_its_distance_in_either_direction():
    space = LatentSpace((3,))
    mean = torch.zeros(6, 3)
    mean[0, 1], mean[1, 1], mean[2, 0], mean[3, 2] = -5.0, 5.0, 3.0, 4.0
    posterior = MeanFieldPosterior(mean, torch.zeros(6, 3))
    distance = prominence(mean.numpy(), posterior, space, signed=True)
    led = leading_topics(distance, space, np.ones(3, dtype=bool))[0]
    assert led[:4].tolist() == [1, 1, 0, 2]
