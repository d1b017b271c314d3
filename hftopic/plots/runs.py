"""Figures of model fits: the terms of one fit over its epochs, and a comparison of fits."""

from typing import Any

import pandas as pd

from hftopic.analysis.coherence import WINDOWS
from hftopic.analysis.sampled import samples_shards
from hftopic.plots.given import result_of
from hftopic.plots.style import (
    FAINT,
    GROUP_COLOURS,
    axes,
    check_column,
    check_table,
    colour_of,
    describe,
    marker_of,
    without_frame,
)

NOT_TERMS = ("learning_rate", "warm_up", "own_share")


@samples_shards
def plot_history(model_or_result: Any, corpus: Any = None, *, term: str = "loss", ax: Any = None) -> Any:
    """Training curve of one term of the objective over the epochs, in nats per document.

    Parameters
    ----------
    model_or_result : fitted ProdLDA or NVDM, or DataFrame
        The model, or its ``history_``.
    corpus : object, optional
        Not used with a model; here so that all figures take the model and the documents.
    term : str, default="loss"
        A column of the history.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        If there was a validation split, the figure of the loss also has the validation loss.

    Raises
    ------
    TypeError, ValueError
        There is no history to draw, or it has no column `term`.

    Examples
    --------
    >>> from hftopic.plots import plot_history
    >>> import pandas as pd
    >>> ax = plot_history(pd.DataFrame({"loss": [9.0, 8.0]}, index=[1, 2]))
    >>> ax.get_title(loc="left")
    'loss'
    """
    history = result_of(model_or_result, corpus, lambda model, _: model.history_, "fit", reads=False)
    check_table(history, (), "a fitted model's history_")
    check_column(history, term, "term", "a fitted model's history_")
    ax = axes(ax, 3.0, 1.9)
    line = ax.plot(history.index, history[term], color=GROUP_COLOURS[0], linewidth=1.6, label="training")[0]
    describe(line, f"{term}: {history[term].iloc[-1]:.4g} at the end" if len(history) else term)
    if term == "loss" and "validation_loss" in history:
        colour = GROUP_COLOURS[1]
        ax.plot(
            history.index, history["validation_loss"], "--", color=colour, linewidth=1.4, label="validation"
        )
        ax.legend(frameon=False, fontsize=8)
    ax.set_title(term.replace("_", " "), loc="left", fontsize=9)
    ax.tick_params(labelsize=7)
    without_frame(ax, "top", "right")
    return ax


def terms_of(history: pd.DataFrame) -> list[str]:
    """Columns of a history that are terms of the objective, loss first."""
    return [name for name in history.columns if name not in (*NOT_TERMS, "validation_loss")]


def plot_comparison(
    comparison: Any, x: str = "perplexity", y: str | None = None, *, by: str = "name", ax: Any = None
) -> Any:
    """Scatter plot of runs: one colour and marker per setting, with a larger marker for the mean over seeds.

    Parameters
    ----------
    comparison : Comparison or DataFrame
        Result of :func:`hftopic.analysis.compare`, or its ``table`` with one row per run.
    x, y : str
        Columns of the table; `y` is by default the coherence.
    by : str, default="name"
        Column that names the setting.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        `comparison` is not a comparison, or has no such column.
    """
    table = getattr(comparison, "table", comparison)
    check_table(table, (), "compare")
    y = _coherence_of(table) if y is None else y
    for name, column in (("x", x), ("y", y)):
        check_column(table, column, name, "compare")
    if not isinstance(by, str) or by not in table:
        raise ValueError(f"by={by!r} is no column; choose from {', '.join(map(repr, table.columns))}")
    ax = axes(ax, 5.5, 3.8)
    for i, (setting, runs) in enumerate(table.groupby(by, sort=False)):
        colour, marker = colour_of(i), marker_of(i)
        ax.scatter(runs[x], runs[y], 22, colour, marker=marker, alpha=0.55, linewidths=0)
        mean = ax.scatter(runs[x].mean(), runs[y].mean(), 110, colour, marker=marker, label=str(setting))
        describe(mean, f"{setting}: {x} {runs[x].mean():.4g}, {y} {runs[y].mean():.4g}, mean of {len(runs)}")
    ax.set_xlabel(x.replace("_", " "))
    ax.set_ylabel(y.replace("_", " "))
    ax.grid(color=FAINT, alpha=0.25, linewidth=0.6)
    ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    without_frame(ax, "top", "right")
    return ax


def _coherence_of(table: pd.DataFrame) -> str:
    measures = [name for name in table.columns if name in WINDOWS]
    if not measures:
        raise ValueError(f"the table has no coherence column; pass y=, one of {list(table.columns)}")
    return measures[0]
