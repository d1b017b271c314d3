"""Topics over time: mean shares of topics in the documents of each period, and what rises and falls."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from hftopic.analysis.correlation.significance import adjusted
from hftopic.analysis.documents.means import Means, class_means
from hftopic.analysis.documents.periods import moments_of, periods
from hftopic.analysis.documents.shares import Shares, check_length, document_shares, facts_of, names_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, corpus_of, has_poles
from hftopic.analysis.sampled import samples_shards
from hftopic.data.dates import as_dates

LEVEL = 0.05  # adjusted p-value up to which a trend has a direction


@samples_shards
def topics_over_time(
    model: FittedTopicModel,
    X: Any,
    dates: Sequence[Any] | None = None,
    *,
    freq: str | float | None = None,
    topics: Any = "active",
) -> pd.DataFrame:
    """Mean topic shares of the documents in each period of time.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    dates : sequence (n_documents,), optional
        By default the dates of the Corpus. Datetimes, periods, texts such as "2024-01-31", "31 January 2024"
        or "31/12/2024", or numbers such as years; 20240131 is a date. Texts in which day and month can be
        exchanged are an error if no other date tells their order. Documents with a missing date are ignored.
        Time zones are ignored; local time is used.
    freq : str, number or None
        For datetimes, the name of a pandas period, such as "M", "Q" or "Y", or several of them: "10Y" are
        decades. Several years, quarters or months are counted from the year 0; "100D" and "2W" are counted
        from the first date. For numbers, the bin width; bins start at multiples of it. None chooses
        automatically. For datetimes, it is the shortest of day, week, month, quarter and year that gives at
        most 24 periods from the first date to the last, else the year. For numbers, each value is a bin. If
        there are more than 24 values, the width is the smallest of 1, 2 or 5 times a power of ten that gives
        at most 24 bins.
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        As in :func:`topics_by_label`.

    Returns
    -------
    DataFrame
        One row per period that has documents, in order. Index ``date`` is a PeriodIndex, or the lower ends of
        the bins of numbers. Columns are ``documents``, the number of documents, and the topic numbers with
        the mean share; for NVDM mean E[z|x]. Its ``attrs`` are those of :func:`topics_by_label`: ``errors``
        by topic and ``str(period)``, ``p_adjusted``, ``names``, ``groups`` and ``remainder``.

    Raises
    ------
    ValueError
        There are no dates, or their number is not the number of documents; all dates are missing; a date is
        infinite, not a date or ambiguous, and the message says at which position; `freq` does not match the
        type of the dates; or a topic does not exist.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topics_over_time
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> years = [1990 + i // 50 for i in range(200)]
    >>> topics_over_time(model, corpus, years, topics="all")["documents"].to_dict()
    {1990: 50, 1991: 50, 1992: 50, 1993: 50}
    """
    shares, spans, of_periods = _by_period(model, X, dates, freq, topics)
    table = pd.DataFrame(of_periods.means, spans, pd.Index(shares.topics, name="topic"))
    table.insert(0, "documents", of_periods.sizes)
    table.attrs |= facts_of(model, shares, spans, of_periods.errors, of_periods.p_adjusted)
    return table


@samples_shards
def trends(
    model: FittedTopicModel,
    X: Any,
    dates: Sequence[Any] | None = None,
    *,
    freq: str | float | None = None,
    topics: Any = "active",
) -> pd.DataFrame:
    """What rises and what falls: the straight line through the shares of each topic over time.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    dates : sequence (n_documents,), optional
    freq : str, number or None
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        As in :func:`topics_over_time`.

    Returns
    -------
    DataFrame
        One row per topic, the strongest rise first, the strongest fall last:

        - ``topic``, ``name``
        - ``start``, ``end``: share on the line in the first and in the last period, not below 0; for NVDM
          E[z|x]
        - ``slope``: change of the share per year, or per unit if the dates are numbers
        - ``error``: standard error of the slope. Periods that scatter about the line more than their
          documents explain make it larger (Birge's ratio), so that a single event is no trend
        - ``p_adjusted``: of a slope of 0, by Student's t, adjusted over the topics by Benjamini and Hochberg
          (1995)
        - ``direction``: "rising" or "falling" if ``p_adjusted`` is at most 0.05, else ""

        With one period, the line is flat, and the other numbers are NaN.

    Raises
    ------
    ValueError
        As :func:`topics_over_time`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import trends
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> trends(model, corpus, [1990 + i // 50 for i in range(200)], topics="all").columns.tolist()
    ['topic', 'name', 'start', 'end', 'slope', 'error', 'p_adjusted', 'direction']
    """
    shares, spans, of_periods = _by_period(model, X, dates, freq, topics)
    lines = fitted_lines(moments_of(spans), of_periods)
    ends = lines.ends if has_poles(model) else lines.ends.clip(0)
    p_adjusted = adjusted(lines.p_values)
    found = p_adjusted <= LEVEL
    table = pd.DataFrame(
        {
            "topic": shares.topics,
            "name": list(names_of(model, shares.topics).values()),
            "start": ends[0],
            "end": ends[1],
            "slope": lines.slopes,
            "error": lines.errors,
            "p_adjusted": p_adjusted,
            "direction": np.where(found & (lines.slopes > 0), "rising", np.where(found, "falling", "")),
        }
    )
    return table.sort_values("slope", ascending=False, kind="stable", ignore_index=True)


def _by_period(
    model: FittedTopicModel, X: Any, dates: Any, freq: Any, topics: Any
) -> tuple[Shares, pd.Index, Means]:
    """Shares of the documents, periods that have documents, and the means of these."""
    check_topic_model(model)
    if dates is None:
        corpus = corpus_of(X)
        if corpus is None or corpus.dates is None:
            raise ValueError("no dates: X has none; pass dates= with one date per document")
        dates = corpus.dates
    shares = document_shares(model, X, topics)
    given = as_dates(dates, numbers=not isinstance(freq, str))
    check_length(given, shares.n_documents, "dates")
    given = given.iloc[shares.rows].reset_index(drop=True)
    known = given.notna().to_numpy()
    if not known.any():
        raise ValueError("dates are missing for all non-empty documents; pass at least one date")
    codes, spans = pd.factorize(periods(given[known].reset_index(drop=True), freq), sort=True)
    return shares, pd.Index(spans, name="date"), class_means(codes.astype(np.int64), shares.values[known])


class Lines(NamedTuple):
    """Straight lines through the means of periods, one per topic."""

    ends: NDArray[np.float64]  # (2, K) values in the first and in the last period
    slopes: NDArray[np.float64]  # (K,)
    errors: NDArray[np.float64]  # (K,) standard errors of the slopes
    p_values: NDArray[np.float64]  # (K,)


def fitted_lines(moments: NDArray[np.float64], of_periods: Means) -> Lines:
    """Least squares of the means on the time of their periods (n_periods,), weighted by their documents."""
    means, errors, sizes, _ = of_periods
    weights, n = sizes[:, None].astype(np.float64), sizes.sum()
    n_periods, centre = len(sizes), (sizes @ moments) / sizes.sum()
    times = (moments - centre)[:, None]
    overall = (weights * means).sum(axis=0) / n
    nothing = np.full(means.shape[1], np.nan)
    if n_periods < 2:
        return Lines(np.stack([overall, overall]), nothing, nothing, nothing)
    spread = float((weights * times**2).sum())
    slopes = (weights * times * means).sum(axis=0) / spread
    fitted = overall + slopes * times
    inside = np.nansum(errors**2 * weights * (weights - 1), axis=0) / max(n - n_periods, 1)  # of documents
    about = (weights * (means - fitted) ** 2).sum(axis=0) / max(n_periods - 2, 1)
    scattered = about > inside
    variance = np.where(scattered, about, inside)
    freedom = np.where(scattered, n_periods - 2, n - n_periods)
    slope_errors = np.sqrt(variance / spread)
    tested = (freedom > 0) & (slope_errors > 0)
    statistic = np.divide(slopes, slope_errors, out=np.zeros_like(slopes), where=tested)
    p_values = np.where(tested, 2 * student.sf(np.abs(statistic), freedom.clip(1)), np.nan)
    return Lines(fitted[[0, -1]], slopes, np.where(tested, slope_errors, np.nan), p_values)
