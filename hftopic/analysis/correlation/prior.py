"""Correlations of topics in the prior p(z) of a model."""

import numpy as np

from hftopic.analysis.models import FittedTopicModel
from hftopic.latent.correlation import correlations_of


def prior_correlation(model: FittedTopicModel, topics: np.ndarray) -> np.ndarray:
    """Correlations of Gaussian topics in the prior of the model, (len(topics), len(topics)), float64.

    Correlations that the structure of the prior fixes at 0 are exactly 0.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    topics : ndarray of int
        Numbers of topics that are Gaussian, not classes of a discrete variable.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic import FullCovariance, ProdLDA, make_correlated_topics
    >>> from hftopic.analysis.correlation.prior import prior_correlation
    >>> corpus = make_correlated_topics(60, groups=(1, 1), random_state=0).corpus
    >>> model = ProdLDA(groups=(1, 1), prior=FullCovariance([[4, 1], [1, 1]]), max_iter=1, random_state=0)
    >>> prior_correlation(model.fit(corpus), np.array([0, 1])).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    dims = model.latent_space_.variable_of_topic[topics]
    return correlations_of(np.asarray(model.prior_covariance_, dtype=np.float64)[np.ix_(dims, dims)])


def has_prior_correlations(model: FittedTopicModel) -> bool:
    """Whether any two topics are correlated in the prior of the model."""
    covariance = np.asarray(model.prior_covariance_)
    return bool(np.count_nonzero(covariance) > np.count_nonzero(np.diag(covariance)))
