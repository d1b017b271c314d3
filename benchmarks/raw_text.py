"""Topics from raw text with the defaults, compared with scikit-learn's NMF on tf-idf.

    make bench RAW=1
    python benchmarks/raw_text.py --models hftopic-email --seeds 0

Messages of 20 Newsgroups as they were sent: quotations, signatures and encoded files are in them. Each side
makes its own words: hftopic with ``corpus_from_texts(texts)``, NMF with
``TfidfVectorizer(stop_words="english", min_df=5, max_df=0.5)``. NPMI counts the training messages in which
the ten top words of a topic occur together; the words of both sides are looked up in one matrix of all words
of two or more characters. "npmi_held" counts test messages instead. "rare" is the share of top words that
fewer than 15 of 10,000 messages have.

Every fit appends a JSON line to ``--results``. A fit that has a line there is skipped. ``--show`` prints the
words of the topics, which are never written to a file.
"""

import argparse
import json
import lzma
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scoring import RESULTS, figures, scorer, sources
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

# isort: split
from runner import measure_once

from hftopic import ProdLDA, TextOptions, corpus_from_texts
from hftopic.analysis import topic_information

RAW = "20ng_raw"
N_TOPICS = 50
N_WORDS = 10
ACTIVE = 0.05  # nats
RARE = 15 / 10_000  # of the messages


class Topics(NamedTuple):
    """What a side made of the texts: words of topics (K, 10), which topics are active, and costs."""

    words: np.ndarray
    active: np.ndarray
    vocabulary: int
    fit_seconds: float


class Reference:
    """Counts of all words in training and test messages, in which the words of every side are looked up."""

    def __init__(self, train: list[str], test: list[str]) -> None:
        counter = CountVectorizer(dtype=np.float32)
        self.train: sp.csr_array = counter.fit_transform(train)
        self.test: sp.csr_array = counter.transform(test)
        self.column: dict[str, int] = counter.vocabulary_

    def scores(self, topics: Topics) -> dict[str, Any]:
        columns = np.array([[self.column[word] for word in topic] for topic in topics.words])
        shown = columns[topics.active]
        spread = np.bincount(self.train.indices, minlength=self.train.shape[1]) / self.train.shape[0]
        npmi = scorer.npmi(columns, self.train)
        values = {
            "npmi": npmi[topics.active].mean(),
            "npmi_of_all": npmi.mean(),
            "npmi_held": scorer.npmi(shown, self.test).mean(),
            "diversity": scorer.diversity(shown),
            "rare": (spread[shown] < RARE).mean(),
        }
        return {name: figures.rounded(float(value)) for name, value in values.items()}


def nmf(texts: list[str], seed: int) -> Topics:
    vectoriser = TfidfVectorizer(stop_words="english", min_df=5, max_df=0.5)
    weights = vectoriser.fit_transform(texts)
    start = time.perf_counter()
    components = NMF(N_TOPICS, max_iter=400, random_state=seed).fit(weights).components_
    seconds = time.perf_counter() - start
    words = vectoriser.get_feature_names_out()
    return Topics(words[scorer.top_words(components, N_WORDS)], np.full(N_TOPICS, True), len(words), seconds)


def hftopic(options: TextOptions, texts: list[str], seed: int) -> Topics:
    corpus = corpus_from_texts(texts, options=options)
    half = N_TOPICS // 2
    start = time.perf_counter()
    model = ProdLDA(groups=(half, N_TOPICS - half), random_state=seed).fit(corpus)
    seconds = time.perf_counter() - start
    words = model.top_words(N_WORDS).filter(like="word_").to_numpy()
    active = (topic_information(model, corpus)["information"] > ACTIVE).to_numpy()
    return Topics(words, active, corpus.n_words, seconds)


MODELS: dict[str, Callable[[list[str], int], Topics]] = {
    "sklearn-nmf": nmf,
    "hftopic": partial(hftopic, TextOptions()),
    "hftopic-email": partial(hftopic, TextOptions(clean=("email",))),
    "hftopic-5": partial(hftopic, TextOptions(min_df=5, max_df=0.5)),
}
"""NMF, the defaults, the defaults on cleaned messages, and the vocabulary of earlier versions."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--most", type=int, help="training messages to read; all by default")
    parser.add_argument("--show", action="store_true", help="print the words of the active topics")
    parser.add_argument("--results", type=Path, default=RESULTS / "raw_text.jsonl")
    sources.add_option(parser)
    arguments = parser.parse_args()
    folder = arguments.corpora / RAW
    if not folder.is_dir():
        sources.report_missing(RAW, arguments.corpora)
        return
    train, test = (texts_of(folder / f"{split}.jsonl.xz") for split in ("train", "test"))
    train = train[: arguments.most]
    reference = Reference(train, test)
    for seed in arguments.seeds:
        for name in arguments.models:
            measure = partial(measured, MODELS[name], train, seed, reference, arguments.show)
            measure_once(arguments.results, {"model": name, "seed": seed, "documents": len(train)}, measure)


def texts_of(path: Path) -> list[str]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def measured(
    fit: Callable[[list[str], int], Topics], train: list[str], seed: int, reference: Reference, show: bool
) -> dict[str, Any]:
    topics = fit(train, seed)
    if show:
        print("\n".join(map(" ".join, topics.words[topics.active])))
    costs = {"words": topics.vocabulary, "fit_seconds": round(topics.fit_seconds, 1)}
    return {"topics": N_TOPICS, "active": int(topics.active.sum()), **reference.scores(topics), **costs}


if __name__ == "__main__":
    main()
