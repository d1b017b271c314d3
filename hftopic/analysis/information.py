"""Information of topics about documents, and the terms of the objective under the full mixture, in nats."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from torch import Tensor

from hftopic._numbers import is_number, is_whole
from hftopic._torch_state import neutral_torch
from hftopic.analysis.encoded import posterior_of
from hftopic.analysis.models import ACTIVE_PEAK, FittedTopicModel, check_topic_model
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import LOG_2PI, MeanFieldPosterior, Posterior, log_normal
from hftopic.latent.space import LatentSpace, Levels
from hftopic.objective.marginals import log_dims, log_mixture
from hftopic.objective.terms import correlation_terms

PEAK_SHARE, LEAST_DOCUMENTS = 0.01, 10  # documents of the peak: one in a hundred, but at least ten
GRID_REACH = 6.0  # standard deviations beyond the outermost posterior means
MOST_GRID_POINTS = 4096
ROWS_AT_ONCE = 512  # documents on the grid at once


def topic_information(model: FittedTopicModel, X: Any, *, threshold: float = ACTIVE_PEAK) -> pd.DataFrame:
    """Mutual information I(x; z_d,e) of each topic with the documents, under the full aggregate posterior.

    I(x; z_e) is the mean over documents of E_q[log q(z_e|x) - log (1/N) Σ_m q(z_e|x_m)], with the full
    mixture over the N documents of ``X``. Both entropies are computed without sampling noise: the document's
    in closed form, the mixture's by quadrature. The information is at most log N. Each class of a Concrete
    variable has the information of the whole variable, I(x; c), computed by enumeration of the classes.

    This mean is small for every rare topic: one that a document in 200 has in full has some 0.03 nats. Its
    *peak* is not small. It is the mean of KL(q(z_e|x) || (1/N) Σ_m q(z_e|x_m)) over the documents that have
    the topic most, those with the highest posterior means, or over those that have it least, whichever is
    larger. Both are one document in a hundred, but at least ten. A topic is active if its peak is above the
    threshold. The peak of a class of a Concrete variable is that of the class against all others.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
        Documents in the mixture, usually the training documents.
    threshold : float, default=0.25
        Peak information in nats above which a topic is active.

    Returns
    -------
    DataFrame
        One row per topic: ``topic``, ``group``, ``information`` (nats), ``peak`` (nats), ``kl`` (mean
        KL(q(z_e|x) || p(z_e)), nats), ``active``.

    Raises
    ------
    ValueError
        The threshold is negative.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_information
    >>> corpus = make_correlated_topics(200, groups=(3, 3), random_state=0).corpus
    >>> model = ProdLDA(groups=(3, 3), max_iter=5, random_state=0).fit(corpus)
    >>> topic_information(model, corpus).columns.tolist()
    ['topic', 'group', 'information', 'peak', 'kl', 'active']
    """
    if not (is_number(threshold) and threshold >= 0):
        raise ValueError(f"threshold must be >= 0 (peak information in nats); got {threshold!r}")
    return information_table(model, posterior_of(model, X), threshold)


@neutral_torch()
def information_table(
    model: FittedTopicModel, posterior_of_documents: Posterior, threshold: float = ACTIVE_PEAK
) -> pd.DataFrame:
    """Table of :func:`topic_information`, from the posterior of the documents."""
    posterior, space = posterior_of_documents.mean_field(), model.latent_space_
    mixture = _Mixture.of(posterior)
    exact = posterior.negative_entropy().double().mean(0) - mixture.negative_entropy(posterior)
    most = np.log(len(posterior))  # rounding can exceed the bounds 0 and log N
    information, variables = exact.numpy().clip(0, most), space.variable_of_topic
    peak = mixture.peaks(posterior).numpy().clip(0, most)[_places(space)]
    return pd.DataFrame(
        {
            "topic": np.arange(space.n_topics),
            "group": np.asarray(model.topic_groups_),
            "information": information[variables],
            "peak": peak,
            "kl": _prior(model).kl_of_variables(posterior).mean(0).numpy()[variables],
            "active": peak > threshold,
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
        sum to ``kl``. Nested groups have one ``between_groups`` row per level. ``kl`` and ``reconstruction``
        (1)+(3) sum to ``negative_elbo``. ``total_correlation`` is that of all single variables,
        log q(z) - Σ log q(z_e).
    groups : DataFrame
        One row per group. ``path`` is its place in the nesting, such as "1" or "1.0". ``group`` is its
        number, missing for a group that contains other groups. ``information`` is I(x; z_d), and
        ``total_correlation`` is the mean of log q(z_d) - Σ_e log q(z_d,e) over the single variables of the
        group; each has its standard error.
    topics : DataFrame
        Table of :func:`topic_information`; it has no sampling noise, so there are no standard errors.
    n_documents, n_samples : int
        Number of documents in the mixture, and number of documents in the averages.
    """

    terms: pd.DataFrame
    groups: pd.DataFrame
    topics: pd.DataFrame
    n_documents: int
    n_samples: int


def decompose(
    model: FittedTopicModel, X: Any, *, n_samples: int = 2000, random_state: Any = 0
) -> Decomposition:
    """Full-mixture value of every term of the objective, unweighted, with Monte-Carlo standard errors.

    The marginals q(z), q(z_d) and q(z_d,e) are mixtures over all documents of ``X``, not estimates from a
    batch, so they do not have the bias of the training estimates. Expectations under a single document's
    posterior are computed in closed form. The terms are those of Esmaeili et al. (2019), Fig. 3.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix or array, ndarray or DataFrame, shape (n_documents, n_words)
    n_samples : int, default=2000
        Number of documents drawn without replacement for the averages; all documents if there are fewer.
    random_state : int, RandomState or None, default=0

    Returns
    -------
    Decomposition

    Raises
    ------
    ValueError
        ``n_samples`` is below 2, or there are fewer than two documents.
    """
    check_topic_model(model)
    X = model.encode(X)
    documents = model.posterior(X)
    posterior = documents.mean_field()
    n_documents = len(posterior)
    if not is_whole(n_samples, 2) or n_documents < 2:
        raise ValueError(
            f"decompose needs at least 2 documents and n_samples >= 2; got {n_documents} documents and "
            f"n_samples={n_samples!r}"
        )
    with neutral_torch():
        space, prior = model.latent_space_, _prior(model)
        generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
        drawn = np.sort(generator.permutation(n_documents)[:n_samples])
        own = posterior[drawn]
        noise = torch.from_numpy(generator.standard_normal((len(drawn), space.n_dims), dtype=np.float32))
        q = log_mixture(own.sample_gaussian(noise), own, space, posterior)
        p = prior.expected_log_prob(own)  # E_q[log p]
        given_x = own.negative_entropy()  # E_q[log q(z_e|x)]
        kl = prior.kl(own)
        elbo = torch.from_numpy(np.asarray(model.score_samples(X)))
        terms = {
            "mutual_information": given_x.sum(1) - q.joint,
            **correlation_terms(space, q, p),
            "dimension_kl": (q.variables - p.variables).sum(1),
            "total_correlation": q.joint - q.variables.sum(1),
            "kl": kl,
            "reconstruction": -elbo[drawn] - kl,
            "negative_elbo": -elbo[drawn],
        }
        return Decomposition(
            terms=pd.DataFrame(
                {name: _mean_and_error(values) for name, values in terms.items()}
            ).T.rename_axis("term"),
            groups=_group_table(space, given_x, q),
            topics=information_table(model, documents),
            n_documents=n_documents,
            n_samples=len(drawn),
        )


def _group_table(space: LatentSpace, given_x: Tensor, q: Levels) -> pd.DataFrame:
    """One row per node below the root, from the outermost level to the innermost."""
    rows = {}
    for level, (nodes, log_q) in enumerate(zip(space.partitions, q.partitions, strict=True)):
        for node, of_node in zip(nodes, log_q.T, strict=True):
            path = ".".join(map(str, space.paths[node.start][: max(1, level)]))
            innermost = node.stop - node.start == 1
            if (level == 0 and space.n_groups > 1) or path in rows:
                continue
            variables = space.variables_in(node)
            information = _mean_and_error(given_x[:, variables].sum(1) - of_node)
            correlation = _mean_and_error(of_node - q.variables[:, variables].sum(1))
            rows[path] = {
                "group": node.start if innermost else pd.NA,
                "information": information["value"],
                "information_standard_error": information["standard_error"],
                "total_correlation": correlation["value"],
                "total_correlation_standard_error": correlation["standard_error"],
            }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("path").reset_index()
    return table.astype({"group": "Int64"})


def _mean_and_error(values: Tensor) -> pd.Series:
    values = values.double()
    error = values.std() / np.sqrt(len(values))
    return pd.Series({"value": float(values.mean()), "standard_error": float(error)})


@dataclass(frozen=True, eq=False)
class _Mixture:
    """Mixture (1/N) Σ_m q(z_e|x_m) of each Gaussian dimension, as log densities on a grid, both (G, K).

    Integrals use the trapezoidal rule. With a grid step no larger than the standard deviation of the
    narrowest component, the error is of order exp(-2π²), far below float32 resolution.
    """

    grid: Tensor
    log_density: Tensor

    @classmethod
    def of(cls, posterior: MeanFieldPosterior) -> "_Mixture":
        """Mixture of the posteriors of all documents."""
        if not posterior.mean.shape[1]:
            nothing = posterior.mean.new_empty(2, 0)
            return cls(nothing.double(), nothing.double())
        deviation = torch.exp(0.5 * posterior.log_variance)
        low = (posterior.mean - GRID_REACH * deviation).amin(0)
        high = (posterior.mean + GRID_REACH * deviation).amax(0)
        n_points = int(((high - low) / deviation.amin(0)).amax().ceil().clamp(max=MOST_GRID_POINTS - 1)) + 1
        grid = low + torch.linspace(0, 1, n_points, dtype=torch.float32)[:, None] * (high - low)
        return cls(grid.double(), log_dims(grid, posterior).double())

    def negative_entropy(self, posterior: MeanFieldPosterior) -> Tensor:
        """E[log q] of the mixture of each variable, shape (V,), in nats; classes are summed."""
        classes = [log_pi.double().exp().mean(0) for log_pi in posterior.log_classes]
        discrete = torch.tensor([float(torch.xlogy(p, p).sum()) for p in classes], dtype=torch.float64)
        integrand = self.log_density.exp() * self.log_density
        return torch.cat([torch.trapezoid(integrand, self.grid, dim=0), discrete])

    def peaks(self, posterior: MeanFieldPosterior) -> Tensor:
        """Peak information of each Gaussian dimension, then of each class of each variable, in nats."""
        gaussian = [self._peak(posterior, k) for k in range(posterior.mean.shape[1])]
        classes = [_peak_of_class(log_pi.double().exp()) for c in posterior.log_classes for log_pi in c.T]
        return torch.tensor([*gaussian, *classes], dtype=torch.float64)

    def _peak(self, posterior: MeanFieldPosterior, k: int) -> float:
        """Larger mean of KL(q(z_k|x) || mixture) over the documents at both ends of dimension k."""
        mean, log_variance = posterior.mean[:, k].double(), posterior.log_variance[:, k].double()
        peaks = []
        for rows in _ends(mean):
            density = torch.zeros_like(self.grid[:, k])
            for some in torch.split(rows, ROWS_AT_ONCE):
                density += (
                    log_normal(self.grid[:, k], mean[some, None], log_variance[some, None]).exp().sum(0)
                )
            crossed = torch.trapezoid(density / len(rows) * self.log_density[:, k], self.grid[:, k])
            given_x = -0.5 * (log_variance[rows] + LOG_2PI + 1)
            peaks.append(float(given_x.mean() - crossed))
        return max(peaks)


def _ends(values: Tensor) -> list[Tensor]:
    """Documents with the highest and with the lowest of the values (N,), as many as a peak has."""
    n = min(len(values), max(LEAST_DOCUMENTS, math.ceil(PEAK_SHARE * len(values))))
    return [values.topk(n, largest=largest).indices for largest in (True, False)]


def _peak_of_class(probability: Tensor) -> float:
    """Peak information of a class against all others, from its probability in each document (N,)."""
    both = torch.stack([probability, 1 - probability], 1)
    divergence = (torch.xlogy(both, both) - torch.xlogy(both, both.mean(0))).sum(1)
    return max(float(divergence[rows].mean()) for rows in _ends(probability))


def _places(space: LatentSpace) -> NDArray[np.int64]:
    """Place of each topic among the Gaussian dimensions followed by the classes of all variables."""
    return np.argsort(np.argsort(~space.gaussian, kind="stable"), kind="stable")


def _prior(model: FittedTopicModel) -> LatentPrior:
    covariance = torch.from_numpy(np.asarray(model.prior_covariance_, dtype=np.float32))
    variance = covariance.diagonal()
    independent = bool((covariance == torch.diag(variance)).all())
    mean = torch.from_numpy(np.asarray(model.prior_mean_, dtype=np.float32))
    return LatentPrior(model.latent_space_, mean, variance if independent else covariance)
