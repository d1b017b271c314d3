"""Perplexity of a large corpus, from a random sample of its documents."""

import math
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from hftopic.analysis.models import FittedTopicModel
from hftopic.data.inputs import holds_counts
from hftopic.latent.encoded import Encoded


class Perplexity(NamedTuple):
    """Perplexity of some documents, its standard error, and the number of these documents."""

    value: float
    standard_error: float  # as an estimate of the perplexity of all documents; 0 if these are all
    n_documents: int


def sampled_perplexity(model: FittedTopicModel, encoded: Encoded, most: int, random_state: int) -> Perplexity:
    """Perplexity of documents, or of a random sample of `most` of them if there are more.

    The logarithm of the perplexity is a ratio of sums over documents, -ELBO over tokens. The standard error
    is that of a ratio estimate from a sample without replacement (Cochran, 1977, section 6.4). A model that
    reads more than counts is evaluated on all documents.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    encoded : Encoded
        The documents, encoded by the model with their metadata, if its prior depends on them.
    most : int
        Maximum number of documents that are evaluated.
    random_state : int
    """
    filled = np.flatnonzero(~encoded.empty)
    if len(filled) <= most or not holds_counts(encoded.source):
        return Perplexity(model.perplexity(encoded), 0.0, len(encoded))
    drawn = np.sort(check_random_state(random_state).choice(filled, most, replace=False))
    sample = encoded.select(drawn)
    elbo = np.asarray(model.score_samples(sample))
    n_tokens = np.asarray(sample.counts.sum(axis=1, dtype=np.float64)).ravel()
    per_token = -elbo.sum() / n_tokens.sum()
    residuals = elbo + per_token * n_tokens
    left_out = 1 - most / len(filled)
    error = math.sqrt(left_out / most) * residuals.std(ddof=1) / n_tokens.mean()
    with np.errstate(over="ignore"):
        value = float(np.exp(per_token))
    return Perplexity(value, value * error, most)
