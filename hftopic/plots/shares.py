"""Heat map of topics by label or over time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from hftopic._numbers import is_whole
from hftopic.plots.style import (
    FAINT,
    NEGATIVE,
    POSITIVE,
    axes,
    check_names,
    check_table,
    colour_of,
    describe,
    label,
    numbers_of,
    shown,
    signed,
)


def _are_groups(groups: Any, largest: int) -> bool:
    """Whether these are group numbers of the topics from 0 to `largest` at least."""
    numbers = numbers_of(groups)
    return numbers.ndim == 1 and len(numbers) > largest and bool((numbers % 1 == 0).all())


def plot_shares(
    shares: pd.DataFrame,
    *,
    groups: Any = None,
    names: Mapping[int, str] | None = None,
    ax: Any = None,
) -> Any:
    """Heat map of topic shares by label or over time.

    Parameters
    ----------
    shares : DataFrame
        Result of :func:`hftopic.analysis.topics_by_label` or ``topics_over_time``. To show only some topics,
        pass only their columns.
    groups : array of int (n_topics,), optional
        The model's ``topic_groups_``, for the colours.
    names : mapping of int to str, optional
        Names of topics by number.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        One row per topic, one column per label or period. Shades are scaled within each row: the deepest
        shade is the largest value of the topic, so do not compare shades between rows. Signed values of NVDM
        have two colours.

    Raises
    ------
    TypeError, ValueError
        `shares` is not such a table or has no topics, `groups` does not match it, or `names` is not a
        mapping.

    Examples
    --------
    >>> import pandas as pd
    >>> from hftopic.plots import plot_shares
    >>> ax = plot_shares(pd.DataFrame({0: [0.7, 0.2], 1: [0.3, 0.8]}, index=["first", "second"]))
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['first', 'second']
    """
    from matplotlib.patches import Rectangle

    check_table(shares, (), "topics_by_label or topics_over_time")
    check_names(names)
    topics = [column for column in shares.columns if column != "documents"]
    if not topics or not len(shares):
        raise ValueError(f"the table has no topic columns or no rows; its columns are {list(shares.columns)}")
    if not all(is_whole(topic, 0) for topic in topics):
        raise ValueError(f"the columns of the table must be topic numbers; got {list(shares.columns)}")
    if not all(map(is_numeric_dtype, shares[topics].dtypes)):
        raise ValueError("the table must hold numbers; pass what topics_by_label or topics_over_time returns")
    if groups is not None and not _are_groups(groups, max(map(int, topics))):
        raise ValueError(f"groups must be the model's topic_groups_, one number per topic; got {groups!r}")
    values = shares[topics].to_numpy(dtype=np.float64).T
    largest = np.abs(values).max(axis=1, initial=0.0)
    heads = [shown(head, 18) for head in shares.index]
    longest = max(map(len, heads))
    ax = axes(ax, max(4.0, 0.34 * len(heads) + 2.6), 0.23 * len(topics) + 0.5 + 0.07 * longest)
    has_signs = bool((values < 0).any())
    for i, topic in enumerate(topics):
        for j, value in enumerate(values[i]):
            colour = colour_of(0 if groups is None else int(groups[int(topic)]))
            if has_signs:
                colour = POSITIVE if value >= 0 else NEGATIVE
            strength = abs(value) / largest[i] if largest[i] > 0 else 0.0
            cell = Rectangle((j, i), 0.94, 0.9, facecolor=colour, alpha=strength, linewidth=0)
            describe(cell, f"Topic {topic}, {heads[j]}: {signed(value, 3) if has_signs else f'{value:.3f}'}")
            ax.add_patch(cell)
    called = names or {}
    for i, topic in enumerate(topics):
        name = shown(called.get(int(topic), ""), 34)
        label(
            ax,
            -0.15,
            i + 0.45,
            f"{name}  {topic}" if name else str(topic),
            ha="right",
            va="center",
            fontsize=8,
        )
    ax.set_yticks([])
    ax.set_xticks(np.arange(len(heads)) + 0.47, heads, rotation=90 if longest > 4 else 0, fontsize=8)
    for text in ax.get_xticklabels():
        text.set_parse_math(False)
    ax.tick_params(length=0, color=FAINT)
    ax.set_xlim(0, len(heads))
    ax.set_ylim(len(topics), 0)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax
