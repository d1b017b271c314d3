"""What goes together across groups, as a picture?

    python examples/02_picture_of_groups.py OUT.png [CORPUS]

Draws the correlations of the active topics, ordered by group, with the first words of each topic. Needs
matplotlib (``pip install "hftopic[docs]"``). The README's picture is this script's, on the embedded corpus.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from hftopic import ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import topic_correlation, topic_information

out = sys.argv[1]
corpus = read_corpus(sys.argv[2]) if len(sys.argv) > 2 else load_docstrings()
model = ProdLDA(groups=(15, 15), random_state=0, verbose=1).fit(corpus)
active = topic_information(model, corpus)["active"].to_numpy()
matrix = topic_correlation(model, corpus, active=active, n_permutations=1, random_state=0).matrix

topics = matrix.index.to_numpy()
words = model.top_words(3).drop(columns="group").agg(" ".join, axis=1)
border = np.flatnonzero(np.diff(model.topic_groups_[topics])) + 0.5

figure, axes = plt.subplots(figsize=(10, 7.5), layout="constrained")
image = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
axes.set_yticks(range(len(topics)), [f"{words[t]}  {t}" for t in topics], fontsize=9)
axes.set_xticks(range(len(topics)), topics, fontsize=9)
for at in border:
    axes.axhline(at, color="black", linewidth=1)
    axes.axvline(at, color="black", linewidth=1)
axes.set_title(f"Correlation of {len(topics)} active topics: independent within a group, free across groups")
figure.colorbar(image, shrink=0.8, label="correlation of posterior means")
figure.savefig(out, dpi=110, bbox_inches="tight")
