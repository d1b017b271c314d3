"""Table and matrix of the correlations between topics."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from hftopic.analysis.correlation.scores import Kind
from hftopic.analysis.display import correlation_html

Of = Literal["documents", "prior"]
SOURCES: tuple[str, ...] = get_args(Of)


@dataclass(frozen=True, eq=False)
class TopicCorrelation:
    """Correlations between topics, as :func:`topic_correlation` returns them.

    Attributes
    ----------
    matrix : DataFrame, (n_active, n_active)
        Correlation of each pair of topics; index and columns are topic numbers, the diagonal is 1.
    pairs : DataFrame
        One row per pair of topics, strongest ``|r|`` first, with columns ``topic_a``, ``group_a``,
        ``topic_b``, ``group_b``, ``across`` (bool: the groups differ), ``r``, ``p_value``, ``p_adjusted``,
        ``words_a``, ``words_b``. With a bootstrap also ``r_low`` and ``r_high``, the ends of the interval of
        r. ``topic_a`` is the smaller number, so (topic_a, topic_b) identifies a pair. For correlations of
        the prior, ``p_value`` and ``p_adjusted`` are missing.
    kind : {"mean", "total", "clr", "partial"} or None
        What was correlated; None for correlations of the prior.
    n_documents, n_permutations : int
        Number of documents and of permutations; the smallest possible p-value is 1 / (n_permutations + 1).
        Both are 0 for correlations of the prior.
    n_bootstrap : int
        Number of bootstrap replicates; 0 if there are no intervals.
    confidence : float
        Level of the intervals.
    penalty : float or None
        Penalty of the graphical lasso; only for kind "partial".
    of : {"documents", "prior"}
        Whether these are correlations over documents or of the prior.
    """

    matrix: pd.DataFrame
    pairs: pd.DataFrame
    kind: Kind | None
    n_documents: int
    n_permutations: int
    n_bootstrap: int = 0
    confidence: float = 0.95
    penalty: float | None = None
    of: Of = "documents"

    def __repr__(self) -> str:
        return (
            f"<TopicCorrelation of {len(self.matrix)} topics, {len(self.pairs):,} pairs; "
            "see .summary(), .pairs and .matrix>"
        )

    def _repr_html_(self) -> str:
        return correlation_html(self)

    @property
    def groups(self) -> dict[int, int]:
        """Group of each topic, by number; 0 if there is only one topic."""
        known: dict[int, int] = {}
        for side in "ab":
            known |= dict(zip(self.pairs[f"topic_{side}"], self.pairs[f"group_{side}"], strict=True))
        return {int(topic): int(known.get(topic, 0)) for topic in self.matrix.index}

    def across(self) -> pd.DataFrame:
        """Pairs of topics from different groups, strongest first."""
        return self.pairs[self.pairs["across"]].reset_index(drop=True)

    def within(self) -> pd.DataFrame:
        """Pairs of topics from the same group, strongest first."""
        return self.pairs[~self.pairs["across"]].reset_index(drop=True)

    def summary(self, level: float = 0.05) -> pd.DataFrame:
        """Number, strength and significance of the pairs, in two rows: ``within`` and ``across`` groups.

        Columns are ``pairs``, the number of pairs; ``mean_abs_r`` and ``max_abs_r``, missing if there is no
        pair; and ``significant``, the number of pairs with an adjusted p-value of at most `level`. It is
        missing for correlations of the prior, which have no test.
        """
        tested = self.of == "documents"
        sides = {"within": self.within(), "across": self.across()}
        rows = {
            name: {
                "pairs": len(side),
                "mean_abs_r": side["r"].abs().mean(),
                "max_abs_r": side["r"].abs().max(),
                "significant": int((side["p_adjusted"] <= level).sum()) if tested else np.nan,
            }
            for name, side in sides.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pairs_of")


def pairwise(matrix: np.ndarray) -> np.ndarray:
    """Entries above the diagonal, one value per pair."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def by_topic(r: np.ndarray, topics: np.ndarray) -> pd.DataFrame:
    """Correlations with topic numbers as index and columns."""
    index = pd.Index(topics, name="topic")
    return pd.DataFrame(r, index, index)


def ranked_pairs(
    places: np.ndarray, ids: Any, groups: Any, columns: dict[str, np.ndarray], words: list[str]
) -> pd.DataFrame:
    """One row per pair of the topics at these places, strongest first; ties in the order of the topics.

    `ids`, `groups` and `words` are those of all topics.
    """
    ids, groups = np.asarray(ids), np.asarray(groups)
    upper = np.triu_indices(len(places), k=1)
    a, b = places[upper[0]], places[upper[1]]
    pairs = pd.DataFrame(
        {
            "topic_a": ids[a],
            "group_a": groups[a],
            "topic_b": ids[b],
            "group_b": groups[b],
            "across": groups[a] != groups[b],
            **columns,
            "words_a": [words[topic] for topic in a],
            "words_b": [words[topic] for topic in b],
        }
    )
    return pairs.sort_values("r", key=lambda s: -s.abs(), kind="stable", ignore_index=True)
