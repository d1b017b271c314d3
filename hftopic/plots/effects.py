"""Figures of effects of metadata: differences between categories, and curves over numbers and dates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis import Effects, estimate_effects
from hftopic.analysis.sampled import samples_shards
from hftopic.data.dates import as_dates
from hftopic.data.sequences import described
from hftopic.plots.given import check_named, check_names, result_of
from hftopic.plots.panels import LONGEST_NAME, Grid, frame, name_ends, note, title
from hftopic.plots.style import FAINT, axes, colour_of, describe, link, marker_of, shown

LEVEL = 0.05  # adjusted p-value above which an effect is grey
MOST_PANELS = 4  # categories that are compared with the first
COLUMNS, PANEL = 4, (1.95, 1.1)  # panels of curves in a row, and their width and height in inches
ROW, WIDTH = 0.2, 2.2  # height of a topic and width of a panel of differences, in inches


@samples_shards
def plot_effects(
    model_or_result: Any,
    corpus: Any = None,
    *,
    formula: str | None = None,
    metadata: Any = None,
    column: str | None = None,
    n_topics: int = 24,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Effects of one column of the metadata on the topic shares, with intervals.

    Categories are compared with the first one, the others at most: a point for each topic, in grey if its
    adjusted p-value is above 0.05. Numbers and dates are curves of the mean share, a small panel per topic.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or Effects of :func:`hftopic.analysis.estimate_effects`
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents; needed with a model.
    formula : str, optional
        As in ``estimate_effects``; needed with a model.
    metadata : DataFrame or dict of sequences, optional
        As in ``estimate_effects``: with a model, by default those of the Corpus.
    column : str, optional
        A column that the formula reads; by default the first.
    n_topics : int, default=24
        Maximum number of topics: those with the largest effects, in standard errors.
    names : mapping of int to str, optional
        Names of topics by number. By default those of the model.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Its panels are ``ax.child_axes``.

    Raises
    ------
    TypeError, ValueError
        There are no effects to draw, `formula` is missing, the formula does not read `column`, `n_topics`
        is not a positive int, or `names` is not a mapping or names a topic that there is not.

    Examples
    --------
    >>> from hftopic.plots import plot_effects
    >>> ax = plot_effects(model, corpus, formula="rating + bs(day, df=4)")  # doctest: +SKIP
    """
    if not is_whole(n_topics):
        raise ValueError(f"n_topics must be a positive int, got {n_topics!r}")
    check_names(names, model_or_result)
    effects = result_of(
        model_or_result,
        corpus,
        lambda model, X: _estimated(model, X, formula, metadata),
        "estimate_effects",
    )
    if not isinstance(effects, Effects):
        raise TypeError(f"expected what estimate_effects returns, got {described(effects)}")
    check_named(names or {}, sorted(effects.topics["topic"].tolist()))
    chosen = effects.columns[0] if column is None else column
    called = dict(zip(effects.topics["topic"], effects.topics["name"], strict=True)) | dict(names or {})
    draw = _curves if effects.is_continuous(chosen) else _differences
    return draw(effects, chosen, n_topics, called, ax)


def _estimated(model: Any, corpus: Any, formula: str | None, metadata: Any) -> Effects:
    if formula is None:
        raise ValueError("pass formula=, such as 'rating', with a model; or the result of estimate_effects")
    return estimate_effects(model, corpus, formula, metadata=metadata)


def _leading(table: pd.DataFrame, n: int) -> list[int]:
    """Topics with the largest effects of a table, in standard errors."""
    sizes = (table["estimate"].abs() / table["error"].clip(lower=1e-300)).groupby(table["topic"]).max()
    return [int(topic) for topic in sizes.nlargest(n).index]


def _differences(effects: Effects, column: str, n_topics: int, called: Mapping[int, str], ax: Any) -> Any:
    """Points for the differences between the categories and the first one."""
    first, *others = effects.margins(column)["value"].drop_duplicates().tolist()
    tables = [effects.contrast({column: other}, {column: first}) for other in others[:MOST_PANELS]]
    topics = _leading(pd.concat(tables), n_topics)
    last = tables[-1].set_index("topic").loc[topics]
    order = last["estimate"].sort_values().index.tolist()
    drawn = pd.concat([table[table["topic"].isin(topics)] for table in tables])
    limits = (1.05 * min(drawn["low"].min(), 0.0), 1.05 * max(drawn["high"].max(), 0.0))
    ax = axes(ax, WIDTH * len(tables) + 2.0, ROW * len(order) + 0.9)
    ax.set_axis_off()
    for place, (other, table) in enumerate(zip(others, tables, strict=False)):
        panel = ax.inset_axes([place / len(tables), 0.0, 0.92 / len(tables), 1.0])
        rows = table.set_index("topic").loc[order]
        panel.axvline(0, color=FAINT, linewidth=0.7, linestyle=":")
        for height, row in enumerate(rows.itertuples()):
            _point(panel, height, row, called)
        texts = [shown(f"{topic}  {called.get(topic, '')}", LONGEST_NAME) for topic in order]
        panel.set_yticks(range(len(order)), texts if place == 0 else [""] * len(order), fontsize=7)
        for text, topic in zip(panel.get_yticklabels(), order, strict=True):
            text.set_parse_math(False)
            link(text, topic)
        panel.set_ylim(-0.7, len(order) - 0.3)
        panel.set_xlim(*limits)
        panel.locator_params(axis="x", nbins=4)
        compared = shown(f"{column}: {other} \N{MINUS SIGN} {first}", 40)
        panel.set_title(compared, loc="left", fontsize=8, parse_math=False)
        frame(panel)
    told = f"Differences of mean shares, {100 * effects.level:g}% intervals; grey: no more than chance."
    left_out = len(others) - len(tables)
    told += f" {left_out} other categories are left out." if left_out else ""
    note(ax, told, 0.45 / (ROW * len(order) + 0.9), WIDTH * len(tables))
    return ax


def _point(panel: Any, height: int, row: Any, called: Mapping[int, str]) -> None:
    """The difference of one topic with its interval."""
    colour = colour_of(row.group) if row.p_adjusted <= LEVEL else FAINT
    panel.plot([row.low, row.high], [height, height], color=colour, linewidth=1.3)
    point = panel.scatter(
        row.estimate, height, 16, colour, marker=marker_of(row.group), linewidths=0, zorder=3
    )
    told = f"{row.estimate:+.3f} ({row.low:+.3f} to {row.high:+.3f}), adjusted p {row.p_adjusted:.2g}"
    describe(point, f"Topic {row.Index}, {shown(called.get(row.Index, ''))}: {told}", row.Index)


def _curves(effects: Effects, column: str, n_topics: int, called: Mapping[int, str], ax: Any) -> Any:
    """Curves of the mean share over a column of numbers or dates, with bands."""
    table = effects.curve(column)
    middle = table.groupby("topic")["estimate"].transform("mean")
    topics = _leading(table.assign(estimate=table["estimate"] - middle), n_topics)
    grid = Grid(len(topics), COLUMNS)
    ax = grid.axes(ax, PANEL, (0.5, 0.5))
    drawn = table[table["topic"].isin(topics)]
    low, high = float(drawn["low"].min()), float(drawn["high"].max())
    for number, topic in enumerate(topics):
        panel = grid.panel(ax, number, width=0.86, height=0.64)
        of_topic = table[table["topic"] == topic]
        places = _places(of_topic["value"])
        colour = colour_of(int(of_topic["group"].iloc[0]))
        panel.plot(places, of_topic["estimate"], color=colour, linewidth=1.3)
        panel.fill_between(places, of_topic["low"], of_topic["high"], color=colour, alpha=0.25, linewidth=0)
        panel.set_ylim(min(low, 0.0), high)
        ends = of_topic["value"].iloc[[0, -1]]
        name_ends(panel, places, *(shown(f"{end:g}" if _is_number(end) else end) for end in ends))
        if not grid.is_first(number):
            panel.set_yticklabels([])
        title(panel, topic, called.get(topic, ""))
        frame(panel)
    told = f"Mean share by {column}, other columns as they are; bands: {100 * effects.level:g}% intervals."
    note(ax, shown(told, 120), 0.15 / grid.n_rows, PANEL[0] * grid.n_columns)
    return ax


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _places(values: pd.Series) -> NDArray[np.float64]:
    """Horizontal places: numbers, or dates."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=np.float64)
    moments = as_dates(values.tolist()).to_numpy()
    return np.asarray(moments.astype("datetime64[s]" if moments.dtype.kind == "M" else float).astype(float))
