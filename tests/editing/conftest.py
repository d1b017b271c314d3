"""Fitted models whose topics are edited; each is fitted once."""

import pytest

from hftopic import NVDM, Concrete, LearnedCorrelation, ProdLDA, edit_topics, make_correlated_topics

SETTINGS = {"max_iter": 6, "random_state": 0, "device": "cpu"}


@pytest.fixture(scope="session")
def planted():
    return make_correlated_topics(150, groups=(3, 3), random_state=0).corpus


@pytest.fixture(scope="session")
def model(planted):
    return ProdLDA(groups=(3, 3), prior=LearnedCorrelation(), **SETTINGS).fit(planted)


@pytest.fixture(scope="session")
def edited(model):
    return edit_topics(model, merge=[(1, 4)], drop=[2], names={1: "faith"})


@pytest.fixture(scope="session")
def mixed(planted):
    """A model with nested groups and a discrete variable in the middle."""
    return ProdLDA(groups=((2, 1), Concrete(4), 2), **SETTINGS).fit(planted)


@pytest.fixture(scope="session")
def by_group(planted):
    return ProdLDA(groups=(3, 3), topic_softmax="group", **SETTINGS).fit(planted)


@pytest.fixture(scope="session")
def signed(planted):
    return NVDM(groups=(2, 2), **SETTINGS).fit(planted)
