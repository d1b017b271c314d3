"""Figure of topics over time: one small panel per topic, with bands, on one scale."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from hftopic._numbers import is_whole
from hftopic.analysis import topics_over_time
from hftopic.analysis.documents.periods import period_name
from hftopic.analysis.sampled import samples_shards
from hftopic.plots.given import names_for, result_of
from hftopic.plots.lines import STYLES, Line, gaps_of, lines_of, places_of, sizes_of_periods
from hftopic.plots.panels import Grid, frame, name_ends, note, title
from hftopic.plots.style import FAINT, colour_of, describe, shown, signed, without_frame
from hftopic.plots.tables import ShareTable, share_table

COLUMNS, PANEL = 4, (1.95, 1.0)  # panels in a row, and their width and height in inches
CONFIDENCE = 0.95


@samples_shards
def plot_over_time(
    model_or_result: Any,
    corpus: Any = None,
    *,
    dates: Any = None,
    freq: Any = None,
    by: Any = None,
    n_topics: int = 24,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Lines of the topic shares over time with 95% intervals, one small panel per topic, on one scale.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or DataFrame of :func:`hftopic.analysis.topics_over_time`
        To show only some topics, pass only their columns.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; needed with a model.
    dates, freq, by : optional
        As in ``topics_over_time``: with a model, the dates are by default those of the Corpus. At most six
        labels have lines of their own.
    n_topics : int, default=24
        Maximum number of panels; the topics that vary most are shown.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Its panels are ``ax.child_axes``: topics that vary most first, then in grey those that do not vary
        by more than chance, then the number of documents of each period. Bands are intervals of the mean over
        the documents of the period, by Student's t; the errors in the table of ``topics_over_time`` know that
        topics are uncertain, but not wholly: the bands are too narrow, see its Notes. A dotted line is the
        mean over all documents. Periods without documents are gaps.

    Raises
    ------
    TypeError, ValueError
        There is no such table to draw, or it has no topics, or more than six labels; `names` is not a
        mapping; or `n_topics` is not a positive int.

    Examples
    --------
    >>> import pandas as pd
    >>> from hftopic.plots import plot_over_time
    >>> table = pd.DataFrame({"documents": [9, 9], 0: [0.7, 0.2], 1: [0.3, 0.8]}, index=[1990, 1991])
    >>> [panel.get_title(loc="left") for panel in plot_over_time(table).child_axes]
    ['1', '0', 'documents']
    """
    if not is_whole(n_topics):
        raise ValueError(f"n_topics must be a positive int, got {n_topics!r}")
    table = result_of(
        model_or_result,
        corpus,
        lambda model, documents: topics_over_time(model, documents, dates, freq=freq, by=by),
        "topics_over_time",
    )
    called, shares = names_for(names, model_or_result, table), share_table(table)
    drawn = shares.by_variation()
    left_out, drawn = len(drawn) - n_topics, drawn[:n_topics]
    grid = Grid(len(drawn) + (shares.sizes is not None), COLUMNS)
    ax = grid.axes(ax, PANEL, (0.5, 0.5))
    lines, sizes = lines_of(table, shares), sizes_of_periods(shares)
    limits = _limits(shares, drawn)
    for number in range(grid.n_panels):
        panel = grid.panel(ax, number, width=0.88, height=0.66)
        _prepare(panel, sizes.index, places_of(sizes.index), last=grid.is_last(number))
        if number < len(drawn):
            _mean(panel, shares, drawn[number])
            for line in lines:
                _curve(panel, line, drawn[number])
            topic = drawn[number]
            title(panel, topic, called.get(topic, ""), colour=None if shares.varies[topic] else FAINT)
            panel.set_ylim(*limits)
            _percent(panel, shares, first=grid.is_first(number))
        else:
            _sizes(panel, sizes)
    inches = PANEL[0] * grid.n_columns + 0.5
    note(ax, _note(shares, drawn, left_out, lines), 0.2 / grid.n_rows, inches)
    return ax


def _halves(shares: ShareTable, column: int) -> NDArray[np.float64]:
    """Half lengths of the intervals of a topic; NaN where they are unknown."""
    errors = shares.errors[:, column]
    if shares.sizes is None:
        return np.full(len(errors), np.nan)
    return errors * student.ppf((1 + CONFIDENCE) / 2, (shares.sizes - 1).clip(1))


def _limits(shares: ShareTable, drawn: list[int]) -> tuple[float, float]:
    """Ends of the one scale, which holds each line, and the bands of periods with five documents or more."""
    low, high = [0.0], [0.0]
    enough = np.ones(len(shares.rows), dtype=bool) if shares.sizes is None else shares.sizes >= 5
    for topic in drawn:
        column = shares.topics.index(topic)
        values = shares.values[:, column]
        halves = np.where(enough, np.nan_to_num(_halves(shares, column)), 0.0)
        low.append(float((values - halves).min()))
        high.append(float((values + halves).max()))
    signs = shares.signed
    return 1.05 * min(low) if signs else 0.0, 1.05 * max(high) or 1.0


def _prepare(panel: Any, index: pd.Index, places: NDArray[np.float64], *, last: bool) -> None:
    """Ticks and frame of a panel; `last` panels of a column have the names of the periods."""
    margin = 0.06 * max(places[-1] - places[0], 1)
    panel.set_xlim(places[0] - margin, places[-1] + margin)
    name_ends(panel, places, *(shown(period_name(index[i])) if last else "" for i in (0, -1)))
    frame(panel)


def _mean(panel: Any, shares: ShareTable, topic: int) -> None:
    """Line of the mean over all documents."""
    values = shares.values[:, shares.topics.index(topic)]
    panel.axhline(np.average(values, weights=shares.weights), color=FAINT, linewidth=0.7, linestyle=":")


def _curve(panel: Any, line: Line, topic: int) -> None:
    """Line of a topic with its band, interrupted at gaps."""
    shares, column = line.shares, line.shares.topics.index(topic)
    values, halves, places = shares.values[:, column], _halves(shares, column), places_of(shares.rows)
    colour = (line.colour or colour_of(shares.groups[topic])) if shares.varies[topic] else FAINT
    low, high = values - halves, values + halves
    low = low if shares.signed else low.clip(0)
    for rows in np.split(np.arange(len(places)), gaps_of(shares)):
        panel.plot(places[rows], values[rows], color=colour, linewidth=1.3, linestyle=line.style)
        panel.fill_between(places[rows], low[rows], high[rows], color=colour, alpha=0.25, linewidth=0)
        if len(rows) == 1 and np.isfinite(low[rows[0]]):
            panel.plot(places[rows].repeat(2), [low[rows[0]], high[rows[0]]], color=colour, linewidth=0.8)
    for row, (place, value) in enumerate(zip(places, values, strict=True)):
        point = panel.scatter(place, value, 7, colour, linewidths=0, zorder=3)
        of_label = f"{shown(line.name)}: " if line.name else ""
        describe(point, of_label + _tip(shares, topic, row, halves[row]))


def _tip(shares: ShareTable, topic: int, row: int, half: float) -> str:
    """What a point says: topic, period, share with its interval, and number of documents."""
    value, signs = shares.values[row, shares.topics.index(topic)], shares.signed
    text = signed(value) if signs else f"{100 * value:.1f}%"
    if np.isfinite(half):
        text += f" ± {half:.2f}" if signs else f" ± {100 * half:.1f}"
    size = "" if shares.sizes is None else f", {shares.sizes[row]:,} documents"
    return f"Topic {topic}, {shown(period_name(shares.rows[row]))}: {text}{size}"


def _percent(panel: Any, shares: ShareTable, *, first: bool) -> None:
    """Values of the vertical axis, in the first panel of a row."""
    low, high = panel.get_ylim()
    signs = shares.signed
    if signs:
        ticks = [low / 1.05, 0.0, high / 1.05]
    else:
        step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if high / s <= 3.5 or s == 1.0)
        ticks = list(np.arange(0, high, step))
    texts = [signed(tick) if signs else f"{100 * tick:.0f}%" for tick in ticks]
    panel.set_yticks(ticks, texts if first else [""] * len(ticks), fontsize=7)
    panel.yaxis.grid(visible=True, color=FAINT, alpha=0.25, linewidth=0.5)


def _sizes(panel: Any, sizes: "pd.Series[Any]") -> None:
    """Bars of the number of documents of each period."""
    places, largest = places_of(sizes.index), int(sizes.max())
    width = 0.8 * np.diff(places).min() if len(places) > 1 else 0.8
    bars = panel.bar(places, sizes, width, color=FAINT, linewidth=0)
    for bar, period, size in zip(bars, sizes.index, sizes.tolist(), strict=True):
        describe(bar, f"{shown(period_name(period))}: {size:,} documents")
    panel.set_yticks([0, largest], ["0", f"{largest:,}"], fontsize=7)
    panel.yaxis.tick_right()
    without_frame(panel, "right")
    panel.set_title("documents", loc="left", fontsize=7, pad=3)


def _note(shares: ShareTable, drawn: list[int], left_out: int, lines: list[Line]) -> str:
    """What the figure shows, below the panels."""
    parts = [] if shares.sizes is None else ["bands: 95% intervals of the mean"]
    parts.append("dotted: mean over all documents")
    if lines[0].name:
        parts += [f"{STYLES[line.style]}: {shown(line.name)}" for line in lines]
    elif len({shares.groups[topic] for topic in drawn}) > 1:
        parts.append("colours: groups")
    if not all(shares.varies[topic] for topic in drawn):
        parts.append("grey: does not vary by more than chance")
    if left_out > 0:
        parts.append(f"{left_out} topics that vary less are left out")
    text = "; ".join(parts) + "."
    return text[0].upper() + text[1:]
