"""Topics over time: mean shares of topics in the documents of each period, and what rises and falls."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from hftopic._numbers import is_whole
from hftopic.analysis.correlation.significance import LEVEL, adjusted
from hftopic.analysis.documents.composition import composed_errors, shares_drawn
from hftopic.analysis.documents.dated import dated_shares
from hftopic.analysis.documents.means import Means, class_means
from hftopic.analysis.documents.periods import moments_of, step_of, without_gaps
from hftopic.analysis.documents.proportions import require_shares
from hftopic.analysis.documents.shares import facts_of, names_of, of_groups
from hftopic.analysis.models import FittedTopicModel, has_poles
from hftopic.analysis.sampled import samples_shards


@samples_shards
def topics_over_time(
    model: FittedTopicModel,
    X: Any,
    dates: Sequence[Any] | str | None = None,
    *,
    freq: Any = None,
    topics: Any = "active",
    by: Sequence[Any] | str | None = None,
    gaps: bool = False,
    n_draws: int = 25,
    random_state: Any = 0,
) -> pd.DataFrame:
    """Mean topic shares of the documents in each period of time.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    dates : sequence (n_documents,) or name of a column of the metadata of X, optional
        By default the dates of the Corpus. Datetimes, periods, texts such as "2024-01-31", "31 January 2024"
        or "31/12/2024", or numbers such as years; 20240131 is a date. Texts in which day and month can be
        exchanged are an error if no other date tells their order. Documents with a missing date are ignored.
        Time zones are ignored; local time is used.
    freq : str, DateOffset, number or None
        For datetimes, a frequency of pandas, such as "M", "Q", "Y" or "W-MON", or several of them: "10Y" are
        decades. Several years, quarters or months are counted from the year 0; "100D" and "2W" are counted
        from the first date. For numbers, the bin width; bins start at multiples of it. None chooses
        automatically. For datetimes, it is the shortest of day, week, month, quarter and year that gives at
        most 24 periods from the first date to the last, else the year. For numbers, each value is a bin. If
        there are more than 24 values, the width is the smallest of 1, 2 or 5 times a power of ten that gives
        at most 24 bins.
    topics : {"active", "all"}, array of bool (n_topics,) or of topic numbers, default="active"
        As in :func:`topics_by_label`.
    by : {"group", "label"}, name of a column of the metadata of X, or sequence (n_documents,), optional
        "group" adds up the topics of each group; not for NVDM. All else are labels of documents, and each
        label has periods of its own.
    gaps : bool, default=False
        Whether periods without documents, between the first and the last, are rows of missing values. Numbers
        of which each is a bin have such periods if their distances are multiples of the smallest one.
    n_draws : int, default=25
        Draws from q(z|x) behind the errors, see Notes; 0 leaves out that the topics of a document are
        uncertain.
    random_state : int, RandomState or None, default=0

    Returns
    -------
    DataFrame
        One row per period that has documents, in order. Index ``date`` is a PeriodIndex, or the lower ends of
        the bins of numbers; with labels, it is a MultiIndex of ``label`` and ``date``. Columns are
        ``documents``, the number of documents, and the topic numbers with the mean share, or the group
        numbers; for NVDM mean E[z|x]. Its ``attrs`` are those of :func:`topics_by_label`: ``errors``
        by topic and ``str(period)``, ``p_adjusted`` of the differences between the rows, ``names``,
        ``groups`` and ``remainder``; and ``step``, the distance of two neighbouring bins of numbers.

    Raises
    ------
    ValueError
        There are no dates or labels, or their number is not the number of documents; all dates are missing; a
        date is infinite, not a date or ambiguous, and the message says at which position; `freq` does not
        match the type of the dates; a topic or a column does not exist; or the topics are signed and are to
        be added up.

    Notes
    -----
    The errors are those of the mean of the shares that the documents have, which are known from few words. As
    in the method of composition (Treier and Jackman, 2008), shares are drawn from q(z|x): the variance is
    that of the mean of the documents, averaged over the draws, plus that of this mean between the draws.
    They are still too small: q(z|x) is surer than it should be, and takes the words of the topics as known.
    95% intervals then hold the truth in fewer cases, see :func:`estimate_effects`, whose intervals of
    ``"bs(date, df=4)"`` hold.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topics_over_time
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> years = [1990 + i // 50 for i in range(200)]
    >>> topics_over_time(model, corpus, years, topics="all")["documents"].to_dict()
    {1990: 50, 1991: 50, 1992: 50, 1993: 50}
    >>> topics_over_time(model, corpus, years, topics="all", by="group").columns.tolist()
    ['documents', 0, 1]
    """
    if not is_whole(n_draws, 0):
        raise ValueError(f"n_draws must be an int of at least 0, got {n_draws!r}")
    if not isinstance(gaps, bool | np.bool_):
        raise ValueError(f"gaps must be True or False; got {gaps!r}")
    summed = isinstance(by, str) and by == "group"
    if summed:
        require_shares(model, "share of a group", "by=None")
    found = dated_shares(model, X, dates, freq, topics, None if summed else by)
    shares, members = found.shares, None
    if summed:
        shares, members = of_groups(model, shares)
    of_periods = class_means(found.codes, shares.values[found.known])
    if n_draws:
        drawn = shares_drawn(model, found.encoded, found.shares, n_draws, random_state)
        summed_up = (draw[found.known] if members is None else draw[found.known] @ members for draw in drawn)
        of_periods = of_periods._replace(errors=composed_errors(found.codes, summed_up))
    columns = pd.Index(shares.topics, name="group" if summed else "topic")
    table = pd.DataFrame(of_periods.means, found.spans, columns)
    table.insert(0, "documents", of_periods.sizes)
    if gaps:
        table = _with_gaps(table, found.step)
    facts = facts_of(model, shares, found.spans, of_periods.errors, of_periods.p_adjusted, summed=summed)
    table.attrs |= facts | ({} if found.step is None else {"step": found.step})
    return table


@samples_shards
def trends(
    model: FittedTopicModel,
    X: Any,
    dates: Sequence[Any] | str | None = None,
    *,
    freq: Any = None,
    topics: Any = "active",
) -> pd.DataFrame:
    """What rises and what falls: the straight line through the shares of each topic over time.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
    dates : sequence (n_documents,) or name of a column of the metadata of X, optional
    freq : str, DateOffset, number or None
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
    found = dated_shares(model, X, dates, freq, topics)
    shares = found.shares
    lines = fitted_lines(moments_of(found.spans), class_means(found.codes, shares.values[found.known]))
    ends = lines.ends if has_poles(model) else lines.ends.clip(0)
    p_adjusted = adjusted(lines.p_values)
    sure = p_adjusted <= LEVEL
    table = pd.DataFrame(
        {
            "topic": shares.topics,
            "name": list(names_of(model, shares.topics).values()),
            "start": ends[0],
            "end": ends[1],
            "slope": lines.slopes,
            "error": lines.errors,
            "p_adjusted": p_adjusted,
            "direction": np.where(sure & (lines.slopes > 0), "rising", np.where(sure, "falling", "")),
        }
    )
    return table.sort_values("slope", ascending=False, kind="stable", ignore_index=True)


def _with_gaps(table: pd.DataFrame, step: float | None) -> pd.DataFrame:
    """The table with rows of missing values for periods without documents, of each label if there are any."""
    spans, labels = table.index, None
    if isinstance(spans, pd.MultiIndex):
        labels = spans.get_level_values("label").unique()
        spans = pd.Index(spans.get_level_values("date").unique().sort_values(), name="date")
    every = without_gaps(spans, step_of(spans) if step is None else step)
    found = table.reindex(every if labels is None else pd.MultiIndex.from_product([labels, every]))
    return found.assign(documents=found["documents"].fillna(0).astype(np.int64))


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
