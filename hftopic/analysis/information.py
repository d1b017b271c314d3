"""How much topics tell about documents: information, divergence and correlation terms, in nats."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from torch import Tensor

from hftopic.latent import LOG_2PI, GaussianPosterior, GaussianPrior, LatentSpace, Posterior
from hftopic.marginals import log_mixture

GRID_REACH = 6.0  # standard deviations beyond the outermost posterior means
MOST_GRID_POINTS = 4096


def topic_information(model: Any, X: Any, *, threshold: float = 0.05) -> pd.DataFrame:
    """What each topic tells about a document: I(x; z_d,e) under the corpus's own aggregate posterior.

    I(x; z_e) is the mean over documents of E_q[log q(z_e|x) - log (1/N) Σ_m q(z_e|x_m)], with the full
    mixture over the N documents of ``X``. Both entropies are exact: the document's in closed form, the
    mixture's by quadrature, so that no sampling noise is left. It is at most log N.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
        The documents over which the mixture runs, as a rule those of training.
    threshold : float, default=0.05
        Information, in nats, above which a topic counts as active.

    Returns
    -------
    DataFrame
        A row a topic: ``topic``, ``group``, ``information`` (nats), ``kl`` (mean KL(q(z_e|x) || p(z_e)),
        nats), ``active``.

    Raises
    ------
    ValueError
        A negative threshold.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_information
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> model = ProdLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
    >>> topic_information(model, corpus).columns.tolist()
    ['topic', 'group', 'information', 'kl', 'active']
    """
    if threshold < 0:
        raise ValueError(f"threshold is an amount of information in nats, 0 or more; got {threshold}")
    return information_table(model, posterior_of(model, X), threshold)


def information_table(model: Any, posterior_of_documents: Posterior, threshold: float = 0.05) -> pd.DataFrame:
    """What :func:`topic_information` returns, for documents whose posterior is at hand."""
    posterior = _as_tensors(posterior_of_documents)
    information = _mixture_entropy(posterior) - _entropy(posterior).mean(0).numpy()
    information = information.clip(0, np.log(len(posterior.mean)))  # its bounds, against rounding
    return pd.DataFrame(
        {
            "topic": np.arange(len(information)),
            "group": np.asarray(model.topic_groups_),
            "information": information,
            "kl": posterior.kl(_prior(model)).mean(0).numpy(),
            "active": information > threshold,
        }
    )


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Terms of the objective under the full mixture, as :func:`decompose` returns them.

    Attributes
    ----------
    terms : DataFrame
        Index ``term``; columns ``value`` and ``standard_error``, in nats per document. The rows
        ``mutual_information`` (2), ``between_groups`` (A), ``within_groups`` (i) and ``dimension_kl`` (ii)
        add up to ``kl``; with ``reconstruction`` (1)+(3) to ``negative_elbo``.
    groups : DataFrame
        A row a group: ``information`` I(x; z_d) with its standard error, and ``total_correlation``, the
        group's share of (i).
    topics : DataFrame
        As :func:`topic_information` returns it.
    n_documents, n_samples : int
        Documents in the mixture, and how many of them the averages run over.
    """

    terms: pd.DataFrame
    groups: pd.DataFrame
    topics: pd.DataFrame
    n_documents: int
    n_samples: int


def decompose(model: Any, X: Any, *, n_samples: int = 2000, random_state: Any = 0) -> Decomposition:
    """Full-mixture value of every term of the objective, unweighted, with Monte-Carlo standard errors.

    The marginals q(z), q(z_d) and q(z_d,e) are mixtures over all documents of ``X``, not estimates from a
    batch, and so are free of the bias that training accepts. Where only the expectation under one
    document's own posterior is concerned it is taken in closed form. Terms of Esmaeili et al. (2019), Fig. 3.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
    n_samples : int, default=2000
        Documents drawn, without replacement, for the averages; all of them where there are fewer.
    random_state : int, RandomState or None, default=0

    Returns
    -------
    Decomposition

    Raises
    ------
    ValueError
        ``n_samples`` below 2, or fewer than two documents.
    """
    documents = posterior_of(model, X)
    posterior = _as_tensors(documents)
    n_documents, n_dims = posterior.mean.shape
    if n_samples < 2 or n_documents < 2:
        raise ValueError(
            f"decompose needs 2 documents and n_samples=2 or more; got {n_documents} documents and "
            f"n_samples={n_samples}"
        )
    space = _space(model)
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    drawn = np.sort(generator.permutation(n_documents)[:n_samples])
    own = GaussianPosterior(posterior.mean[drawn], posterior.log_variance[drawn])
    noise = torch.from_numpy(generator.standard_normal((len(drawn), n_dims), dtype=np.float32))
    q = log_mixture(own.sample(noise), posterior, space)
    given_x = -_entropy(own)  # E_q[log q(z_e|x)]
    kl = own.kl(_prior(model))
    expected_log_prior = given_x - kl  # E_q[log p(z_e)]
    with empty_documents_known():
        elbo = torch.from_numpy(np.asarray(model.score_samples(X)))
    terms = {
        "mutual_information": given_x.sum(1) - q.joint,
        "between_groups": q.joint - q.groups.sum(1),
        "within_groups": q.groups.sum(1) - q.dims.sum(1),
        "dimension_kl": (q.dims - expected_log_prior).sum(1),
        "kl": kl.sum(1),
        "reconstruction": -elbo[drawn] - kl.sum(1),
        "negative_elbo": -elbo[drawn],
    }
    return Decomposition(
        terms=pd.DataFrame({name: _mean_and_error(values) for name, values in terms.items()}).T.rename_axis(
            "term"
        ),
        groups=_group_table(space.sum_within(given_x) - q.groups, q.groups - space.sum_within(q.dims)),
        topics=information_table(model, documents),
        n_documents=n_documents,
        n_samples=len(drawn),
    )


def posterior_of(model: Any, X: Any) -> Posterior:
    """The model's posterior on documents, with a word for those who give something else as the model.

    Raises
    ------
    TypeError
        ``model`` is not a topic model of this package.
    """
    if not hasattr(model, "posterior"):
        raise TypeError(
            f"the first argument must be a fitted ProdLDA or NVDM, the second the documents; "
            f"got a {type(model).__name__} first"
        )
    posterior: Posterior = model.posterior(X)
    return posterior


@contextmanager
def empty_documents_known() -> Iterator[None]:
    """Second pass over documents, which need not warn again that some of them are empty."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* documents have no words", category=UserWarning)
        yield


def _group_table(information: Tensor, total_correlation: Tensor) -> pd.DataFrame:
    rows = [
        {
            "group": d,
            "information": _mean_and_error(information[:, d])["value"],
            "information_standard_error": _mean_and_error(information[:, d])["standard_error"],
            "total_correlation": _mean_and_error(total_correlation[:, d])["value"],
            "total_correlation_standard_error": _mean_and_error(total_correlation[:, d])["standard_error"],
        }
        for d in range(information.shape[1])
    ]
    return pd.DataFrame(rows)


def _mean_and_error(values: Tensor) -> pd.Series:
    values = values.double()
    error = values.std() / np.sqrt(len(values))
    return pd.Series({"value": float(values.mean()), "standard_error": float(error)})


def _mixture_entropy(posterior: GaussianPosterior) -> NDArray[np.float64]:
    """Entropy of each dimension's mixture over documents, shape (K,), in nats, by the trapezoidal rule.

    On a grid no wider than the narrowest component the rule's error falls off as exp(-2π²), far below the
    resolution of float32.
    """
    deviation = torch.exp(0.5 * posterior.log_variance)
    low = (posterior.mean - GRID_REACH * deviation).amin(0)
    high = (posterior.mean + GRID_REACH * deviation).amax(0)
    n_points = int(((high - low) / deviation.amin(0)).amax().ceil().clamp(max=MOST_GRID_POINTS - 1)) + 1
    steps = torch.linspace(0, 1, n_points)[:, None]
    grid = low + steps * (high - low)  # (G, K)
    # A column of the grid belongs to one dimension alone: only that level of the mixture means anything.
    log_density = log_mixture(grid, posterior, LatentSpace(grid.shape[1])).dims.double()
    integrand = -log_density.exp() * log_density
    entropy: NDArray[np.float64] = torch.trapezoid(integrand, grid.double(), dim=0).numpy()
    return entropy


def _entropy(posterior: GaussianPosterior) -> Tensor:
    """Entropy of q(z_e|x), shape (N, K), in nats."""
    return 0.5 * (posterior.log_variance + LOG_2PI + 1)


def _as_tensors(posterior: Posterior) -> GaussianPosterior:
    variance = torch.from_numpy(np.asarray(posterior.variance, dtype=np.float32))
    return GaussianPosterior(torch.from_numpy(np.asarray(posterior.mean, dtype=np.float32)), variance.log())


def _prior(model: Any) -> GaussianPrior:
    variance = torch.from_numpy(np.asarray(model.prior_variance_, dtype=np.float32))
    return GaussianPrior(torch.from_numpy(np.asarray(model.prior_mean_, dtype=np.float32)), variance.log())


def _space(model: Any) -> LatentSpace:
    return LatentSpace(np.bincount(model.topic_groups_).tolist())
