"""Scores of the top words of all topics by three protocols: this project's, TopMost's and OCTIS's.

TopMost 1.0.2 (``topmost/eva``): c_v of 15 words in the training texts, and TD, the diversity of these words.
OCTIS 1.14 (``octis/evaluation_metrics``): c_npmi of 10 words, topic diversity, and 1 - RBO of 10 words. Its
diversity has 10 words by default, which is ``diversity`` here; ``octis_td`` has 25. Both diversities have the
formula of ``experiments/scorer.py``, which computes them. So have TopMost's purity and NMI, which
``run_one.py`` measures.

Both count windows of the running text: 110 tokens for c_v, 10 for c_npmi. Corpora of counts have no order of
words, so the window is the whole document. For c_v that is the same where documents have at most 110 tokens.
"""

from typing import Any

import numpy as np
from scoring import figures, scorer

from hftopic.analysis import inverted_rbo, topic_coherence

N_WORDS = 25
"""Words of a topic that the measures read."""


def of_words(top_words: np.ndarray, data: scorer.Splits) -> dict[str, Any]:
    """Scores from the columns of the top words of all topics, (K, 25)."""
    ten = top_words[:, :10]
    npmi = scorer.npmi(ten, data.train)
    words = [[data.vocabulary[column] for column in topic] for topic in top_words]
    scores = {
        "scored_topics": len(top_words),
        "npmi": npmi.mean(),
        "diversity": scorer.diversity(ten),
        "distinct": scorer.distinct_good(ten, npmi),
        "topmost_c_v": coherence(words, data, "c_v", 15),
        "topmost_td": scorer.diversity(top_words[:, :15]),
        "octis_c_npmi": coherence(words, data, "c_npmi", 10),
        "octis_td": scorer.diversity(top_words),
        "octis_irbo": inverted_rbo(words, top_n=10, p=0.9),
    }
    return {name: figures.rounded(value) for name, value in scores.items()}


def coherence(words: list[list[str]], data: scorer.Splits, measure: str, n_words: int) -> float:
    """Mean over topics of a coherence by gensim, with whole documents of the training split as windows."""
    table = topic_coherence(
        words, data.train, measure=measure, top_n=n_words, window="document", vocabulary=data.vocabulary
    )
    return float(table[measure].mean())
