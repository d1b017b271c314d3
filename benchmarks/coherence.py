"""Time and values of coherence on running text, compared with direct calls of gensim.

    python benchmarks/coherence.py > benchmarks/results/coherence.jsonl
    python benchmarks/coherence.py --corpus docstrings             # without a corpus beside the checkout

Four measures of fifty topics of ten words, by default of the raw 20 Newsgroups messages. The topics are those
of scikit-learn's LDA after two passes. gensim is called once for each measure, as its documentation shows;
hftopic is called once for all. Prints a JSON line for each of the two: seconds, and the largest difference of
their values.
"""

import argparse
import json
import lzma
import time
from pathlib import Path

import numpy as np
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel
from scoring import sources
from sklearn.decomposition import LatentDirichletAllocation

from hftopic import Corpus, TextOptions, corpus_from_texts, load_docstrings
from hftopic.analysis import topic_coherence

RAW = "20ng_raw"
MEASURES = ("c_npmi", "c_uci", "c_v", "u_mass")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", choices=(RAW, sources.CARRIED), default=RAW)
    parser.add_argument("--most", type=int, default=None, help="documents to read")
    sources.add_option(parser)
    arguments = parser.parse_args()
    if arguments.corpus == RAW and not (arguments.corpora / RAW).is_dir():
        sources.report_missing(RAW, arguments.corpora)
        return
    if arguments.corpus == RAW:
        corpus = read(arguments.corpora / RAW / "train.jsonl.xz", arguments.most)
    else:
        corpus = load_docstrings()[: arguments.most]
    topics = topics_of(corpus)
    shape = {"documents": corpus.n_documents, "tokens": int(corpus.counts.sum()), "topics": len(topics)}

    start = time.perf_counter()
    direct = {measure: by_gensim(topics, corpus, measure) for measure in MEASURES}
    gensim_seconds = time.perf_counter() - start

    start = time.perf_counter()
    table = topic_coherence(topics, corpus, measure=MEASURES)
    seconds = time.perf_counter() - start

    differences = {m: float(np.abs(table[m] - direct[m]["values"]).max()) for m in MEASURES}
    parts = {m: round(direct[m]["seconds"], 2) for m in MEASURES}
    print(json.dumps({"way": "gensim", **shape, "seconds": round(gensim_seconds, 2), "parts": parts}))
    print(json.dumps({"way": "hftopic", **shape, "seconds": round(seconds, 2), "differences": differences}))


def read(path: Path, most: int | None) -> Corpus:
    """The messages as a corpus with tokens in reading order."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines][:most]
    return corpus_from_texts(texts, options=TextOptions(min_df=20, max_df=0.5, stop_words="english"))


def topics_of(corpus: Corpus) -> list[list[str]]:
    """Ten words a topic."""
    lda = LatentDirichletAllocation(50, max_iter=2, learning_method="online", random_state=0)
    weights = lda.fit(corpus.counts).components_
    return [corpus.vocabulary[row].tolist() for row in np.argsort(-weights, axis=1)[:, :10]]


def by_gensim(topics: list[list[str]], corpus: Corpus, measure: str) -> dict:
    """gensim's values of one measure, with the arguments that its documentation shows."""
    start = time.perf_counter()
    texts = [list(tokens) for tokens in corpus.tokens if tokens]
    dictionary = Dictionary(texts)
    source = {"texts": texts}
    if measure == "u_mass":
        source = {"corpus": [dictionary.doc2bow(text) for text in texts]}
    model = CoherenceModel(topics=topics, dictionary=dictionary, coherence=measure, processes=1, **source)
    values = model.get_coherence_per_topic()
    return {"values": np.array(values), "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    main()
