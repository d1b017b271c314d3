"""Planted proportions: the shares of the documents are known."""

from copy import copy

import numpy as np
import pytest

from hftopic import ProdLDA, make_correlated_topics

FAITH, SPORT = [0.7, 0.1, 0.1, 0.1], [0.1, 0.5, 0.2, 0.2]


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture(scope="module")
def fitted(corpus):
    return ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)


@pytest.fixture
def planted(fitted, corpus):
    """Even documents have the label faith, odd documents the label sport."""
    model = copy(fitted)
    shares = np.resize([FAITH, SPORT], (len(corpus), 4)).astype(np.float32)
    model.transform = lambda X: shares[: getattr(X, "counts", X).shape[0]]
    return model
