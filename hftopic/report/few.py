"""Results that stand in where there are too few documents or words for an analysis."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hftopic.analysis import TopicCorrelation, topic_coherence
from hftopic.analysis.correlation.pairs import by_topic, ranked_pairs

FEWEST_DOCUMENTS = 3  # of a correlation
FEWEST_WORDS = 2  # per topic, of a coherence


def no_correlation(n_documents: int) -> TopicCorrelation:
    """Correlation of no topics, for fewer documents than a correlation needs."""
    none, empty = np.zeros(0, dtype=int), np.zeros(0)
    columns = {"r": empty, "p_value": empty, "p_adjusted": empty}
    pairs = ranked_pairs(none, none, none, columns, [])
    return TopicCorrelation(by_topic(np.zeros((0, 0)), none), pairs, "mean", n_documents, 0)


def coherence_table(
    leading: pd.DataFrame, corpus: Any, measures: Sequence[str], n_words: int
) -> pd.DataFrame:
    """Table of :func:`hftopic.analysis.topic_coherence`; without values if topics list a single word."""
    if n_words >= FEWEST_WORDS:
        return topic_coherence(leading, corpus, measure=list(measures), top_n=n_words)
    table = pd.DataFrame({"topic": leading.index.to_numpy(), "group": leading["group"].to_numpy()})
    for name in measures:
        table[name], table[f"{name}_window"] = np.nan, None
    return table.assign(words="", absent="")
