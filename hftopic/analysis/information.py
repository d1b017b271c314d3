"""Information of topics about documents, and the terms of the objective under the full mixture, in nats."""

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
from hftopic.analysis.display import decomposition_html
from hftopic.analysis.models import FittedTopicModel, check_topic_model
from hftopic.analysis.sampled import samples_shards
from hftopic.data.inputs import holds_counts
from hftopic.latent.encoded import Encoded
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Posterior
from hftopic.latent.space import LatentSpace, Levels
from hftopic.objective.marginals import log_mixture
from hftopic.objective.terms import correlation_terms
from hftopic.topics.information import ACTIVE_PEAK, information_table


@samples_shards
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
        KL(q(z_e|x) || p(z_e)), nats; with ``prevalence`` from the prior of each document), ``active``.

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
    check_topic_model(model)
    encoded = model.encode(X)
    return information_of(model, model.posterior(encoded), threshold, residual_of(encoded))


@neutral_torch()
def information_of(
    model: FittedTopicModel,
    posterior_of_documents: Posterior,
    threshold: float = ACTIVE_PEAK,
    residual: MeanFieldPosterior | None = None,
) -> pd.DataFrame:
    """Table of :func:`topic_information`, from the posterior of the documents and that of their residual."""
    posterior, ids = posterior_of_documents.mean_field(), np.asarray(model.topic_ids_)
    return information_table(posterior, prior_of(model), ids, threshold, residual)


def residual_of(encoded: Encoded) -> MeanFieldPosterior | None:
    """Posterior of z without what metadata explain; None if that is z itself."""
    offset = getattr(encoded, "offset", None)  # models of other packages need not have it
    return None if offset is None else encoded.residual


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

    def __repr__(self) -> str:
        return f"<Decomposition over {self.n_documents:,} documents; see .terms, .groups and .topics>"

    def _repr_html_(self) -> str:
        return decomposition_html(self)


@samples_shards
def decompose(
    model: FittedTopicModel, X: Any, *, n_samples: int = 2000, random_state: Any = 0
) -> Decomposition:
    """Full-mixture value of every term of the objective, unweighted, with Monte-Carlo standard errors.

    The marginals q(z), q(z_d) and q(z_d,e) are mixtures over all documents of ``X``, not estimates from a
    batch, so they do not have the bias of the training estimates. Expectations under a single document's
    posterior are computed in closed form. The terms are those of Esmaeili et al. (2019), Fig. 3. If metadata
    move the prior of a document (``prevalence``), they are those of the residual, z minus this offset: the
    correlation and dependence that metadata do not explain.

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
    residual = residual_of(X)
    posterior = documents.mean_field() if residual is None else residual
    drawn, noise = _drawn(posterior, n_samples, random_state)
    elbo = _elbo(model, X, drawn)
    with neutral_torch():
        topics = information_of(model, documents, residual=residual)
        return _decomposition(posterior, prior_of(model), drawn, noise, topics, elbo)


def decompose_posterior(
    posterior: Posterior | MeanFieldPosterior,
    prior: LatentPrior,
    *,
    elbo: Any = None,
    n_samples: int = 2000,
    random_state: Any = 0,
) -> Decomposition:
    """Terms of the objective as :func:`decompose`, for a network of one's own.

    Parameters
    ----------
    posterior : MeanFieldPosterior or Posterior
        Of all N documents, as :func:`hftopic.models.evaluation.posterior` returns it.
    prior : LatentPrior
        The attribute ``prior`` of the network.
    elbo : array, shape (N,), optional
        Of each document, in nats, as :func:`hftopic.models.evaluation.elbo` returns it. Without it, the terms
        have no ``reconstruction`` and no ``negative_elbo``.
    n_samples, random_state
        As in :func:`decompose`.

    Returns
    -------
    Decomposition
        The topics of its table are the latent variables, each class of a discrete variable a row.

    Raises
    ------
    ValueError
        As :func:`decompose`; or `elbo` is not a number for each document, or the posterior and the prior are
        not of the same variables.
    TypeError
        The posterior or the prior is something else.

    Examples
    --------
    >>> import torch
    >>> from hftopic.analysis import decompose_posterior
    >>> from hftopic.latent.log_prior import LatentPrior
    >>> from hftopic.latent.posterior import MeanFieldPosterior
    >>> from hftopic.latent.space import LatentSpace
    >>> means = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    >>> found = decompose_posterior(
    ...     MeanFieldPosterior(means, torch.full((500, 2), -4.0)),
    ...     LatentPrior(LatentSpace(2), torch.zeros(2), torch.ones(2)),
    ... )
    >>> bool(found.terms["value"]["mutual_information"] > 2)
    True
    """
    known = posterior.mean_field() if isinstance(posterior, Posterior) else posterior
    _check_latent(known, prior)
    prior = prior.to(known.mean.device)
    drawn, noise = _drawn(known, n_samples, random_state)
    bounds = None if elbo is None else _checked_bounds(elbo, len(known))[drawn]
    with neutral_torch():
        topics = information_table(known, prior, np.arange(prior.space.n_topics))
        return _decomposition(known, prior, drawn, noise, topics, bounds)


def _check_latent(posterior: MeanFieldPosterior, prior: LatentPrior) -> None:
    """An error unless both are of the same variables."""
    for name, value, kind in (("posterior", posterior, MeanFieldPosterior), ("prior", prior, LatentPrior)):
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {kind.__name__}; got a {type(value).__name__}")
    found = [posterior.mean.shape[1], *(of.shape[1] for of in posterior.log_classes)]
    wanted = [prior.space.n_dims, *(variable.classes for variable in prior.space.concretes)]
    if found != wanted:
        raise ValueError(
            f"posterior and prior must have the same variables; got {found[0]} dimensions and classes "
            f"{found[1:]} beside {wanted[0]} and {wanted[1:]}"
        )


def _checked_bounds(elbo: Any, n_documents: int) -> NDArray[np.float64]:
    try:
        bounds = np.asarray(elbo, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"elbo must be an array of numbers: {error}") from error
    if bounds.shape != (n_documents,) or not np.isfinite(bounds).all():
        raise ValueError(
            f"elbo must be a finite number for each of {n_documents} documents; got an array of shape "
            f"{bounds.shape}"
        )
    return bounds


def _drawn(
    posterior: MeanFieldPosterior, n_samples: int, random_state: Any
) -> tuple[NDArray[np.int64], Tensor]:
    """Numbers of the documents of the averages, and noise for each of them."""
    n_documents, n_dims = posterior.mean.shape
    if not is_whole(n_samples, 2) or n_documents < 2:
        raise ValueError(
            f"decompose needs at least 2 documents and n_samples >= 2; got {n_documents} documents and "
            f"n_samples={n_samples!r}"
        )
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    drawn = np.sort(generator.permutation(n_documents)[:n_samples])
    return drawn, torch.from_numpy(generator.standard_normal((len(drawn), n_dims), dtype=np.float32))


def _decomposition(
    posterior: MeanFieldPosterior,
    prior: LatentPrior,
    drawn: NDArray[np.int64],
    noise: Tensor,
    topics: pd.DataFrame,
    elbo: NDArray[np.float64] | None,
) -> Decomposition:
    """The terms over the documents ``drawn``, whose ELBO is given or not."""
    space, own = prior.space, posterior[drawn]
    q = log_mixture(own.sample_gaussian(noise), own, space, posterior)
    p = prior.expected_log_prob(own)  # E_q[log p]
    given_x = own.negative_entropy()  # E_q[log q(z_e|x)]
    kl = prior.kl(own)
    terms = {
        "mutual_information": given_x.sum(1) - q.joint,
        **correlation_terms(space, q, p),
        "dimension_kl": (q.variables - p.variables).sum(1),
        "total_correlation": q.joint - q.variables.sum(1),
        "kl": kl,
    }
    if elbo is not None:
        bound = torch.from_numpy(elbo)
        terms |= {"reconstruction": -bound - kl, "negative_elbo": -bound}
    return Decomposition(
        terms=pd.DataFrame({name: _mean_and_error(values) for name, values in terms.items()}).T.rename_axis(
            "term"
        ),
        groups=_group_table(space, given_x, q),
        topics=topics,
        n_documents=len(posterior),
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


def _elbo(model: FittedTopicModel, encoded: Encoded, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """ELBO of some documents; a model that reads more than counts computes those of all."""
    if isinstance(encoded, Encoded) and holds_counts(encoded.source):
        return np.asarray(model.score_samples(encoded.select(drawn)))
    return np.asarray(model.score_samples(encoded))[drawn]


def _mean_and_error(values: Tensor) -> pd.Series:
    values = values.double()
    error = values.std() / np.sqrt(len(values))
    return pd.Series({"value": float(values.mean()), "standard_error": float(error)})


def prior_of(model: FittedTopicModel) -> LatentPrior:
    """Prior of a fitted model."""
    covariance = torch.from_numpy(np.asarray(model.prior_covariance_, dtype=np.float32))
    variance = covariance.diagonal()
    independent = bool((covariance == torch.diag(variance)).all())
    mean = torch.from_numpy(np.asarray(model.prior_mean_, dtype=np.float32))
    return LatentPrior(model.latent_space_, mean, variance if independent else covariance)
