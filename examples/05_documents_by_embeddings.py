"""Read documents by their embeddings, beside the words or instead of them, and compare on held-out documents.

    python examples/05_documents_by_embeddings.py [CORPUS]

CORPUS is anything that ``hftopic.read_corpus`` reads. The default is the embedded corpus: docstrings of the
installed packages. If the corpus has no embeddings, they are made of its counts, by scikit-learn: these stand
for those of a sentence encoder, which ``hftopic.embed_texts`` calls.
"""

import sys

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import make_pipeline

from hftopic import ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import distinct_topics

corpus = read_corpus(sys.argv[1]) if len(sys.argv) > 1 else load_docstrings()
if corpus.embeddings is None:
    encoder = make_pipeline(TfidfTransformer(sublinear_tf=True), TruncatedSVD(50, random_state=0))
    corpus = corpus.with_embeddings(encoder.fit_transform(corpus.counts))
held_out = np.arange(len(corpus)) % 5 == 4
train, validation = corpus[~held_out], corpus[held_out]

print(f"{'encoder_input':14} {'NPMI':>6} {'distinct':>8} {'perplexity':>10}")
for reads in ("counts", "both", "embeddings"):
    model = ProdLDA(groups=(15, 15), encoder_input=reads, max_iter=30, random_state=0, verbose=1).fit(train)
    topics = distinct_topics(model, validation)
    coherence, distinct = topics["npmi"].mean(), topics["distinct"].sum()
    print(f"{reads:14} {coherence:6.3f} {distinct:8} {model.perplexity(validation):10.0f}")

theta = model.transform(embeddings=validation.embeddings)  # the last one reads no words
leading = np.bincount(theta.argmax(axis=1), minlength=theta.shape[1])
name, number = model.topic_names_[leading.argmax()], leading.max()
print(f"By embeddings alone, {name!r} leads {number} of {len(validation)} held-out documents.")
