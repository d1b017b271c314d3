"""Draw the correlations within and across groups, and write a report.

    python examples/02_picture_of_groups.py [CORPUS]

Writes two figures for a paper, ``correlations.pdf`` and ``pairs.pdf``, and a page to explore,
``report.html``. Needs matplotlib and jinja2 (``pip install "hftopic[report]"``). The picture in the README
shows parts of this report.
"""

import sys

from hftopic import ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import topic_correlation
from hftopic.plots import plot_correlation, plot_network
from hftopic.report import write_report

corpus = read_corpus(sys.argv[1]) if len(sys.argv) > 1 else load_docstrings()
model = ProdLDA(groups=(15, 15), random_state=0, verbose=1).fit(corpus)
correlation = topic_correlation(model, corpus, random_state=0)
plot_correlation(correlation).figure.savefig("correlations.pdf")
plot_network(correlation, n_pairs=15).figure.savefig("pairs.pdf")
write_report(model, corpus, "report.html", title="Docstrings", measures=["c_npmi"], verbose=1)
