"""Correlations between topics, with permutation p-values and bootstrap intervals."""

from collections.abc import Sequence
from typing import Any
from warnings import warn

import numpy as np
from sklearn.utils import check_random_state

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_number, is_one_of, is_whole
from hftopic.analysis.correlation.pairs import SOURCES, Of, TopicCorrelation, by_topic, pairwise, ranked_pairs
from hftopic.analysis.correlation.prior import prior_correlation
from hftopic.analysis.correlation.scores import Kind, Scores, check_kind, topic_scores
from hftopic.analysis.correlation.significance import (
    adjusted,
    bootstrap_interval,
    partial_p_values,
    permutation_p_values,
)
from hftopic.analysis.encoded import posterior_of
from hftopic.analysis.information import information_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import select_topics, topic_poles
from hftopic.latent.posterior import Posterior


@samples_shards
def topic_correlation(
    model: FittedTopicModel,
    X: Any,
    *,
    active: Any = None,
    of: Of = "documents",
    kind: Kind = "mean",
    n_permutations: int = 999,
    n_bootstrap: int = 0,
    confidence: float = 0.95,
    random_state: Any = None,
    n_top_words: int = 5,
    vocabulary: Sequence[str] | None = None,
) -> TopicCorrelation:
    r"""Correlations between the active topics, within and across groups.

    By default this correlates the latent z over documents, not the proportions. Proportions sum to one, so
    they are correlated even if the topics are independent (by -1/(K-1) for K equal topics).

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents over which topics are correlated. With ``of="prior"`` they only determine which topics are
        active, and are not encoded if `active` is given.
    active : array of bool (n_topics,) or of topic numbers, optional
        Topics to correlate. By default the active topics of :func:`topic_information` on `X`, with its
        default threshold; pass its column ``active`` to save the computation or to use another threshold.
        Classes of a Concrete variable are not Gaussian and are excluded.
    of : {"documents", "prior"}, default="documents"
        - ``"documents"``: correlations over the documents `X`, of the given `kind`.
        - ``"prior"``: correlations of the model's prior p(z), which :class:`hftopic.LearnedCorrelation`
          learns together with the model. They are parameters: they have no p-values, `n_permutations` is not
          used, and `kind` and `n_bootstrap` must be left at their defaults. Correlations that the structure
          of the prior fixes at 0, such as those within a group, are exactly 0.
    kind : {"mean", "total", "clr", "partial"}, default="mean"
        - ``"mean"``: the posterior means :math:`\mu`.
        - ``"total"``: draws from the posterior of a random document, with covariance
          :math:`\mathrm{Cov}(\mu) + \mathrm{E}[\mathrm{diag}\,\sigma^2]`: the correlation of the means,
          shrunk by the posterior uncertainty.
        - ``"clr"``: centred log-ratios (Aitchison, 1986) of the proportions from ``transform``,
          :math:`\log\theta_k` minus its mean over all K Gaussian topics. Only for ProdLDA. They sum to zero,
          so independent topics of equal variance have a correlation of -1/(K-1).
        - ``"partial"``: partial correlation of two topics' posterior means given all other active topics.
          It comes from scikit-learn's graphical lasso (Friedman, Hastie and Tibshirani, 2008) on the
          correlations, with the penalty that minimises the extended BIC (Foygel and Drton, 2010, γ = 0.5).
          Weak correlations are exactly 0.
    n_permutations : int, default=999
        Number of permutations. If only one of P pairs is correlated, its adjusted p-value cannot be below
        P / (n_permutations + 1): to detect a single pair among 50 active topics at 0.05, use about 25,000.
    n_bootstrap : int, default=0
        Number of bootstrap replicates over documents; use at least 1,000 for an interval. With ``"partial"``
        each replicate fits the graphical lasso again, with the penalty chosen on all documents. This takes
        about 30 ms for 30 topics.
    confidence : float, default=0.95
        Level of the bootstrap intervals.
    random_state : int, RandomState or None
        Seed of permutations and bootstrap.
    n_top_words : int, default=5
        Number of words per topic in the table of pairs; for NVDM "+ … / - …" with the words of both poles.
    vocabulary : sequence of str, optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    TopicCorrelation
        The matrix, the ranked pairs and a summary. With fewer than two topics there are no pairs, and a
        warning is given. Another warning is given if the prior has no correlation between these topics.

    Raises
    ------
    ValueError
        `of` or `kind` is unknown, or `kind` is "clr" for NVDM, whose topics are signed; `of` is "prior" with
        a `kind` other than "mean" or with a bootstrap; there are fewer than three documents to correlate
        over; `n_permutations` is below 1, `n_bootstrap` is negative or 1, or `confidence` is outside (0, 1);
        or a topic does not exist.

    Notes
    -----
    Three of these correlations answer different questions, and they can differ in size, rank and sign:

    - Posterior means (``kind="mean"``) describe these documents as the encoder sees them, without the
      uncertainty. A mean lies between the evidence of the document and the prior. If documents are short,
      means vary less than z, and their correlations also show what the prior and the encoder impose.
    - The total covariance (``kind="total"``) adds the uncertainty, but the posterior of a document has
      independent dimensions. The added variance therefore carries no correlation: r is never stronger than
      that of the means, and is too close to 0 for topics that documents do not determine well.
    - The prior (``of="prior"``) describes the documents that the model expects, before it has seen the words
      of one. It belongs to the model and is the same for all `X`. A learned prior takes its correlations from
      the total covariance over the training documents, without common shifts of a softmax, and shrinks them.
      The topics are trained with it, so it is no independent evidence of a correlation.

    The two-sided p-value of a pair is (1 + number of permutations with :math:`|r'| \ge |r|`) / (1 + number of
    permutations), under the null hypothesis that its two topics are independent. It is valid for any number
    of permutations. Permuting does not change the variances, so "mean" and "total" have the same p-values.
    From 20,000 documents on, the permutations are circular shifts of one random order, which is as exact and
    much faster (Hemerik and Goeman, 2018, *Exact testing with random permutations*).

    For "clr" the null hypothesis is that the two log-ratios are independent. Log-ratios sum to zero, so with
    few topics they are dependent even if the topics are not: use "mean" then. For "partial" the unpenalised
    partial correlation is tested, by permuting the residuals of the two topics on all others (Freedman and
    Lane, 1983), so a pair that the penalty sets to 0 can have a small p-value. Its p-values are missing, with
    a warning, if there are no more than (number of topics + 1) documents or if a topic is a linear
    combination of others, because this partial correlation does not exist then.

    P-values are adjusted over all pairs by the method of Benjamini and Hochberg (1995). With thousands of
    documents even a very small r is significant: look at its size, its interval, and whether it recurs over
    seeds (:func:`recurring_pairs`).

    Intervals are percentiles of r over documents drawn with replacement. The model is not fitted again: they
    describe the variation over documents for a fixed model. Intervals of "partial" include the shrinkage of
    its estimates.

    A topic with the same score in every document has r = 0 and p = 1 with all others.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_correlation
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> found = topic_correlation(model, corpus, active=[0, 1, 2, 3], n_permutations=99, random_state=0)
    >>> found.summary()["pairs"].to_dict()
    {'within': 2, 'across': 4}
    >>> found.across().columns[:6].tolist()
    ['topic_a', 'group_a', 'topic_b', 'group_b', 'across', 'r']
    """
    _check_source(of, kind, n_bootstrap)
    check_kind(model, kind)
    _check_draws(n_permutations, n_bootstrap, confidence)
    names = model_vocabulary(model, X, vocabulary)
    if of == "prior":
        return _of_prior(model, X, active, n_top_words, names)
    posterior = posterior_of(model, X)
    n_documents = len(posterior.mean)
    if n_documents < 3:
        raise ValueError(f"correlations need at least three documents, got {n_documents}")
    topics = gaussian_topics(model, posterior, active)
    if len(topics) < 2:
        warn(_why_no_pair(model, len(topics)), stacklevel=level_of_the_caller())
    scores = topic_scores(model, posterior, topics, kind)
    r = scores.correlation()
    for_permutations, for_bootstrap = _generators(random_state)
    p_values = _p_values(scores, n_permutations, for_permutations)
    if np.isnan(p_values).any():
        warn(_why_missing(n_documents, len(topics)), stacklevel=level_of_the_caller())
    columns = {
        "r": pairwise(r),
        **_intervals(scores, n_bootstrap, confidence, for_bootstrap),
        "p_value": p_values,
        "p_adjusted": adjusted(p_values),
    }
    words = words_of_topics(model, n_top_words, names)
    return TopicCorrelation(
        matrix=by_topic(r, np.asarray(model.topic_ids_)[topics]),
        pairs=ranked_pairs(topics, model.topic_ids_, model.topic_groups_, columns, words),
        kind=kind,
        n_documents=n_documents,
        n_permutations=n_permutations,
        n_bootstrap=n_bootstrap,
        confidence=confidence,
        penalty=scores.penalty,
    )


def _of_prior(
    model: FittedTopicModel, X: Any, active: Any, n_top_words: int, vocabulary: Sequence[str] | None
) -> TopicCorrelation:
    """Correlations of the model's prior; documents are encoded only to find the active topics."""
    check_topic_model(model)
    if active is None:
        active = active_topics(model, posterior_of(model, X))
    topics = _gaussian(model, active)
    if len(topics) < 2:
        warn(_why_no_pair(model, len(topics)), stacklevel=level_of_the_caller())
    r = prior_correlation(model, topics)
    upper, groups = pairwise(r), np.asarray(model.topic_groups_)
    if len(upper) and not upper.any():
        warn(_why_zero(model, len(set(groups[topics]))), stacklevel=level_of_the_caller())
    untested = np.full(len(upper), np.nan)
    columns = {"r": upper, "p_value": untested, "p_adjusted": untested}
    words = words_of_topics(model, n_top_words, vocabulary)
    return TopicCorrelation(
        matrix=by_topic(r, np.asarray(model.topic_ids_)[topics]),
        pairs=ranked_pairs(topics, model.topic_ids_, model.topic_groups_, columns, words),
        kind=None,
        n_documents=0,
        n_permutations=0,
        of="prior",
    )


def gaussian_topics(model: FittedTopicModel, posterior: Posterior, active: Any) -> np.ndarray:
    """Places of the selected Gaussian topics, ascending; if `active` is None, of the active ones.

    Raises
    ------
    ValueError
        A topic does not exist, see :func:`hftopic.analysis.topics.select_topics`.
    """
    return _gaussian(model, active_topics(model, posterior) if active is None else active)


def active_topics(model: FittedTopicModel, posterior: Posterior) -> np.ndarray:
    """Mask of the topics that are active on some documents, (n_topics,)."""
    return information_of(model, posterior)["active"].to_numpy(dtype=bool)


def _gaussian(model: FittedTopicModel, selection: Any) -> np.ndarray:
    """Places of the Gaussian topics in a selection, ascending."""
    space = model.latent_space_
    chosen = np.sort(select_topics(selection, np.asarray(model.topic_ids_)))
    return np.asarray(chosen[space.gaussian[chosen]])


def words_of_topics(model: FittedTopicModel, n: int, vocabulary: Sequence[str] | None) -> list[str]:
    """Words of every topic of the model as one string; for signed topics with both poles."""
    poles = [[", ".join(words) for words in pole] for pole in topic_poles(model, n, vocabulary=vocabulary)]
    return poles[0] if len(poles) == 1 else [f"+ {a} / - {b}" for a, b in zip(*poles, strict=True)]


def _check_source(of: str, kind: str, n_bootstrap: int) -> None:
    if not is_one_of(of, SOURCES):
        raise ValueError(f"of={of!r} is unknown; did you mean {' or '.join(map(repr, SOURCES))}?")
    if of == "documents":
        return
    is_mean, no_bootstrap = (
        isinstance(kind, str) and kind == "mean",
        is_whole(n_bootstrap, 0) and not n_bootstrap,
    )
    given = [f"kind={kind!r}"] * (not is_mean) + [f"n_bootstrap={n_bootstrap!r}"] * (not no_bootstrap)
    if given:
        raise ValueError(
            f"{' and '.join(given)}: only valid with of='documents'. Correlations of the prior are "
            "parameters of the model and are not computed from documents"
        )


def _check_draws(n_permutations: int, n_bootstrap: int, confidence: float) -> None:
    if not is_whole(n_permutations):
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations!r}")
    if not is_whole(n_bootstrap, 0) or n_bootstrap == 1:
        raise ValueError(f"n_bootstrap must be 0 (no intervals) or at least 2; got {n_bootstrap!r}")
    if not (is_number(confidence) and 0 < confidence < 1):
        raise ValueError(f"confidence must be between 0 and 1, such as 0.95; got {confidence!r}")


def _generators(random_state: Any) -> list[np.random.Generator]:
    """Generators of the permutations and of the bootstrap, so that neither depends on the other's draws."""
    seeds = check_random_state(random_state).randint(2**31, size=2)
    return [np.random.default_rng(seed) for seed in seeds]


def _p_values(scores: Scores, n_permutations: int, generator: np.random.Generator) -> np.ndarray:
    """P-values of the correlations, or of the partial correlations, one per pair."""
    p_of = permutation_p_values if scores.penalty is None else partial_p_values
    return p_of(scores.values, n_permutations, generator)


def _intervals(
    scores: Scores, n_bootstrap: int, confidence: float, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Columns of the intervals; no columns without a bootstrap."""
    if not n_bootstrap:
        return {}
    low, high = bootstrap_interval(
        lambda weights: pairwise(scores.correlation(weights)),
        scores.n_documents,
        n_bootstrap,
        confidence,
        generator,
    )
    return {"r_low": low, "r_high": high}


def _why_no_pair(model: FittedTopicModel, n_active: int) -> str:
    n_all, n_topics = model.latent_space_.n_dims, model.latent_space_.n_topics
    classes = f" ({n_topics - n_all} classes of Concrete variables are not correlated)"
    return (
        f"active topics: {n_active} of {n_all}{classes * (n_topics > n_all)}: no pair to correlate (at least "
        "two active topics are needed)"
    )


def _why_zero(model: FittedTopicModel, n_groups: int) -> str:
    within = "within=True" * (n_groups == 1)
    return (
        f"the prior of this {type(model).__name__} has no correlation between these topics, so every r is 0: "
        f"fit it with prior=LearnedCorrelation({within}) to learn correlations, or use of='documents'"
    )


def _why_missing(n_documents: int, n_topics: int) -> str:
    why = (
        f"there are {n_documents} documents for {n_topics} topics; at least {n_topics + 2} are needed"
        if n_documents < n_topics + 2
        else "some topics are linear combinations of others; exclude them with active="
    )
    return f"p-values of the partial correlations are missing: {why}"
