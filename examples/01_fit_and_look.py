"""Fit a model and read its topics: names, documents, shares and words, correlations across groups, coherence.

    python examples/01_fit_and_look.py [CORPUS]

CORPUS is anything that ``hftopic.read_corpus`` reads. The default is the embedded corpus: docstrings of the
installed packages.
"""

import sys

import pandas as pd

from hftopic import ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import topic_coherence, topic_correlation, topic_summary

pd.set_option("display.width", 140, "display.max_colwidth", 80)

corpus = read_corpus(sys.argv[1]) if len(sys.argv) > 1 else load_docstrings()
model = ProdLDA(groups=(15, 15), random_state=0, verbose=1).fit(corpus)

summary = topic_summary(model, corpus, n_words=6)
active = summary[summary["active"]].sort_values("information", ascending=False)
shown = ["topic", "group", "name", "documents", "share", "information", "words"]
print(active[shown].round(3).to_string(index=False))
print(f"Topics that are not in use have {summary.attrs['remainder']:.1%} of the proportions beside these.")

pairs = topic_correlation(model, corpus, active=summary["active"], n_top_words=3, random_state=0).across()
print(pairs[["r", "p_adjusted", "words_a", "words_b"]].head(8).to_string(index=False))

coherence = topic_coherence(model, corpus, measure="c_npmi").loc[summary["active"]]
print(coherence[["topic", "c_npmi", "c_npmi_window", "words"]].to_string(index=False))
