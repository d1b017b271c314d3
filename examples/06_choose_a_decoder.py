"""Compare the four decoders: coherence, distinct topics and perplexity on held-out documents.

    python examples/06_choose_a_decoder.py [CORPUS]

CORPUS is anything that ``hftopic.read_corpus`` reads. The default is the embedded corpus: docstrings of the
installed packages.
"""

import sys

import numpy as np

from hftopic import ETM, NVDM, NVLDA, ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import distinct_topics

corpus = read_corpus(sys.argv[1]) if len(sys.argv) > 1 else load_docstrings()
held_out = np.arange(len(corpus)) % 5 == 4
train, validation = corpus[~held_out], corpus[held_out]

print(f"{'model':8} {'NPMI':>6} {'distinct':>8} {'perplexity':>10} {'words - theta @ beta':>20}")
for kind in (ProdLDA, NVLDA, ETM, NVDM):
    model = kind(groups=(15, 15), max_iter=30, random_state=0, verbose=1).fit(train)
    topics = distinct_topics(model, validation)
    found = f"{topics['npmi'].mean():6.3f} {topics['distinct'].sum():8} {model.perplexity(validation):10.0f}"
    if not model.signed_topics_:  # the topics of NVDM have no share of a document
        mixed = model.transform(validation) @ model.topic_word_
        found += f" {np.abs(model.word_probabilities(validation) - mixed).max():20.1g}"  # 0 for a mixture
    print(f"{kind.__name__:8} {found}")
