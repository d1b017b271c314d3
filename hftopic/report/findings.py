"""Results of the analysis for a report, computed once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._progress import progress
from hftopic.analysis import (
    Effects,
    TopicCorrelation,
    group_dependence,
    inverted_rbo,
    label_topics,
    representative_documents,
    topic_correlation,
    topic_diversity,
    topic_map,
    topic_summary,
    topics_by_label,
    topics_over_time,
    trends,
    words_over_time,
)
from hftopic.analysis.correlation.pairs import by_topic
from hftopic.analysis.correlation.prior import has_prior_correlations, prior_correlation
from hftopic.analysis.documents.words import WordsOverTime
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.models import FittedTopicModel, has_poles, model_vocabulary, places_of
from hftopic.analysis.perplexity import Perplexity, sampled_perplexity
from hftopic.analysis.quality import quality_table
from hftopic.analysis.used import mask_of
from hftopic.data.corpus import Corpus
from hftopic.latent.encoded import Encoded
from hftopic.report.few import FEWEST_DOCUMENTS, coherence_table, no_correlation

MOST_EVALUATED = 5_000  # documents of the perplexity; with 50,000 words they take some five seconds


@dataclass(frozen=True, eq=False)
class Findings:
    """Results of the analysis; the tables are those of the functions of :mod:`hftopic.analysis`.

    Attributes
    ----------
    shown : ndarray of int
        Numbers of the topics shown.
    summary, quality, coherence : DataFrame
        Tables with one row per topic; `coherence` has only the topics shown.
    correlation : TopicCorrelation
        Correlations of the topics shown over the documents; of no topics if there are too few documents.
    prior_correlation : DataFrame or None
        Matrix of the correlations of the same topics in the prior; None if the prior has no correlations.
    dependence : DataFrame
        Dependence between whole groups, computed from their topics shown.
    places : DataFrame
        Map of the topics shown.
    names : dict of int to str
        Name of every topic.
    representatives : DataFrame
        Representative documents of each topic shown.
    labels, times : DataFrame or None
        Topics by label, and over time.
    of_labels, trends : DataFrame or None
        What goes with each label, and what rises and falls.
    effects : Effects or None
        Effects of metadata.
    drift : WordsOverTime or None
        How the words of the topics shown drift over time; None with fewer than two periods.
    signed : bool
        Whether topics are signed, and have no shares.
    leading_share : float or None
        Mean share of the leading topic of a document among the topics shown; None for signed topics.
    n_empty : int
        Number of documents without words.
    diversity, overlap : float or None
        Diversity and inverted rank-biased overlap of the active topics, duplicates included.
    perplexity : Perplexity
        Perplexity of the corpus, or of a sample of it with its standard error.
    measures : list of str
        Coherence measures; topics are ranked by the first one.
    n_words : int
        Number of top words per topic.
    class_groups : frozenset of int
        Groups that are Concrete variables; their topics are the classes.
    guided : list of int
        Topics that seed words guide, in the order in which these were given.
    merged : list of tuple of int
        Topics of the original that an edited model has merged, each with the first number first.
    dropped : list of int
        Topics of the original that an edited model has dropped.
    dropped_share : float or None
        Their share of all topics of the original over the documents; None without any, or for signed topics.
    """

    shown: np.ndarray
    summary: pd.DataFrame
    quality: pd.DataFrame
    coherence: pd.DataFrame
    correlation: TopicCorrelation
    prior_correlation: pd.DataFrame | None
    dependence: pd.DataFrame
    places: pd.DataFrame
    names: dict[int, str]
    representatives: pd.DataFrame
    labels: pd.DataFrame | None
    times: pd.DataFrame | None
    of_labels: pd.DataFrame | None
    trends: pd.DataFrame | None
    effects: Effects | None
    drift: WordsOverTime | None
    signed: bool
    leading_share: float | None
    n_empty: int
    diversity: float | None
    overlap: float | None
    perplexity: Perplexity
    measures: list[str]
    n_words: int
    class_groups: frozenset[int]
    guided: list[int]
    merged: list[tuple[int, ...]]
    dropped: list[int]
    dropped_share: float | None


def findings(
    model: FittedTopicModel,
    corpus: Corpus,
    encoded: Encoded,
    *,
    topics: str,
    n_words: int,
    measures: Sequence[str],
    dates: Any,
    effects: Effects | None,
    n_permutations: int,
    random_state: Any,
    verbose: int,
) -> Findings:
    """Results of the analysis of a model on an encoded corpus; `verbose` shows a progress bar."""
    steps = _steps(verbose)
    words = model_vocabulary(model, encoded, None)
    next(steps)
    summary = topic_summary(model, encoded, n_words=n_words, vocabulary=words)
    shown, active = mask_of(summary, topics), summary["active"].to_numpy(dtype=bool)
    next(steps)
    proportions = document_topics(model, encoded)
    settings: dict[str, Any] = {"n_permutations": n_permutations, "random_state": random_state}
    n_known = len(proportions.rows)
    correlation, dependence = no_correlation(n_known), pd.DataFrame()
    if n_known >= FEWEST_DOCUMENTS:
        correlation = topic_correlation(
            model, encoded, active=shown, n_top_words=min(5, n_words), vocabulary=words, **settings
        )
        dependence = group_dependence(model, encoded, active=shown, **settings)
    next(steps)
    leading = model.top_words(n_words, vocabulary=words)
    coherence = coherence_table(leading[shown], corpus, measures, n_words)
    next(steps)
    quality = quality_table(model, encoded, summary, n_words)
    representatives = representative_documents(model, encoded, topics=shown)
    labelled, dated = corpus.labels is not None and shown.any(), dates is not None and shown.any()
    signed = has_poles(model)
    mixed = shown & model.latent_space_.gaussian  # topics that share a document, as classes do not
    times = topics_over_time(model, encoded, dates, topics=shown) if dated else None
    drift = None
    if times is not None and len(times) > 1:
        drift = words_over_time(model, encoded, dates, topics=shown, vocabulary=words, **settings)
    next(steps)
    perplexity = sampled_perplexity(model, encoded, MOST_EVALUATED, random_state)
    next(steps, None)
    return Findings(
        shown=np.asarray(model.topic_ids_)[shown],
        summary=summary,
        quality=quality,
        coherence=coherence,
        correlation=correlation,
        prior_correlation=_of_prior(model, correlation.matrix.index.to_numpy()),
        dependence=dependence,
        places=topic_map(model, shown),
        names=dict(zip(summary["topic"].tolist(), summary["name"], strict=True)),
        representatives=representatives,
        labels=topics_by_label(model, encoded, topics=shown) if labelled else None,
        times=times,
        of_labels=label_topics(model, encoded, topics=shown) if labelled else None,
        trends=trends(model, encoded, dates, topics=shown) if dated else None,
        effects=effects,
        drift=drift,
        signed=signed,
        leading_share=None if signed or not mixed.any() else _leading_share(proportions.values[:, mixed]),
        n_empty=proportions.n_documents - len(proportions.rows),
        diversity=topic_diversity(leading[active], n_words) if active.any() else None,
        overlap=inverted_rbo(leading[active], n_words) if active.sum() > 1 else None,
        perplexity=perplexity,
        measures=list(measures),
        n_words=n_words,
        class_groups=frozenset(np.asarray(model.topic_groups_)[~model.latent_space_.gaussian].tolist()),
        guided=_guided(model),
        **_edits(model, encoded, signed),
    )


def _guided(model: FittedTopicModel) -> list[int]:
    """Guided topics; models of other packages have none."""
    table = getattr(model, "guided_topics_", None)
    return [] if table is None else table["topic"].tolist()


def _edits(model: Any, encoded: Encoded, signed: bool) -> dict[str, Any]:
    """What was merged and dropped; only edited models say it."""
    edits = getattr(model, "edits_", None)
    if edits is None:
        return {"merged": [], "dropped": [], "dropped_share": None}
    dropped, share = edits.dropped(len(model.original_.topic_ids_)), None
    if dropped and not signed:
        shares = model.attributed_values(encoded).sum(axis=0, dtype=np.float64)
        share = float(shares[dropped].sum() / shares.sum())
    return {"merged": list(edits.merged), "dropped": dropped, "dropped_share": share}


def _of_prior(model: FittedTopicModel, topics: np.ndarray) -> pd.DataFrame | None:
    """Correlations of topics in the prior of the model; None if it has none."""
    if not has_prior_correlations(model):
        return None
    return by_topic(prior_correlation(model, places_of(model, topics)), topics)


def _leading_share(proportions: NDArray[np.float32]) -> float:
    """Mean over the documents of the largest share among these topics, (n, k)."""
    return float((proportions.max(axis=1) / proportions.sum(axis=1)).mean())


def _steps(verbose: int) -> Iterator[str]:
    """Names of the steps; the progress bar shows the name of the current step."""
    names = ["information", "correlation", "coherence", "documents and labels", "perplexity"]
    with progress(names, desc="report", unit="step", verbose=bool(verbose)) as bar:
        for name in bar:
            bar.set_postfix_str(name)
            yield name
