"""Models that read embeddings of documents, beside k-means on the embeddings and contextualized-topic-models.

    python benchmarks/embeddings.py --embedder all-MiniLM-L6-v2
    python benchmarks/embeddings.py --models k-means prodlda-both --corpus bbc --embedder FOLDER

The corpora are counts, so the text of a document is its words, as often as they occur, in a random order
with a fixed seed. ``--embedder`` is what ``hftopic.embed_texts`` takes; embeddings are kept in ``--cache``.
Of a corpus with more than ``--documents``, ``--tests`` and ``--words``, random documents and the most
frequent words are used, the same for every model.

Scores of 50 topics: purity and NMI of the largest topic of each test document; NPMI, distinct good topics,
diversity and c_v of the ten top words, in the training documents; completion perplexity of test documents,
where the embedding is that of the observed half of the tokens. The topics of k-means are clusters, with
their words by class tf-idf; it predicts no words.

Every fit appends a JSON line to ``--results``. A fit that has a line there is skipped, and so is a model
whose package is not installed: ``pip install contextualized-topic-models``.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from contextual import Contextual
from scoring import RESULTS, figures, scorer, sources

# isort: split
from runner import measure_once

from hftopic import NVLDA, ProdLDA, embed_texts
from hftopic.analysis import topic_coherence

CORPORA = ("short_searchsnippets", "agnews", "dblp")
N_TOPICS, N_WORDS = 50, 10
PEER = "contextualized_topic_models"


class Data(NamedTuple):
    """A corpus, embeddings of its documents (N, F), test documents in halves, and embeddings of the first."""

    splits: scorer.Splits
    train: np.ndarray
    test: np.ndarray
    observed: sp.csr_array
    held: sp.csr_array
    of_observed: np.ndarray


class Ours:
    """A model of this package."""

    def __init__(self, model: type, reads: str, seed: int) -> None:
        self.model = model(groups=N_TOPICS, encoder_input=reads, random_state=seed)

    def given(self, embeddings: np.ndarray) -> dict[str, np.ndarray]:
        return {} if self.model.encoder_input == "counts" else {"embeddings": embeddings}

    def fit(self, counts: sp.csr_array, embeddings: np.ndarray) -> None:
        self.model.fit(counts, **self.given(embeddings))

    def transform(self, counts: sp.csr_array, embeddings: np.ndarray) -> np.ndarray:
        return self.model.transform(counts, **self.given(embeddings))

    def word_probabilities(self, counts: sp.csr_array, embeddings: np.ndarray) -> np.ndarray:
        return self.model.word_probabilities(counts, **self.given(embeddings))

    def top_words(self) -> np.ndarray:
        return self.model.top_words(N_WORDS).drop(columns="group").to_numpy(dtype=np.int64)


class Clusters:
    """k-means on the embeddings; words of a cluster by class tf-idf, as BERTopic ranks them."""

    word_probabilities = None

    def __init__(self, seed: int) -> None:
        from sklearn.cluster import KMeans

        self.clusters = KMeans(N_TOPICS, n_init=3, random_state=seed)

    def fit(self, counts: sp.csr_array, embeddings: np.ndarray) -> None:
        cluster = self.clusters.fit(embeddings).labels_
        tokens = np.asarray(sp.csr_array(np.eye(N_TOPICS, dtype=np.float32)[cluster]).T @ counts.toarray())
        mean_tokens = tokens.sum() / N_TOPICS
        rarity = np.log1p(mean_tokens / tokens.sum(0).clip(min=1))
        self.weights = tokens / tokens.sum(1, keepdims=True).clip(min=1) * rarity

    def transform(self, counts: sp.csr_array, embeddings: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return np.eye(N_TOPICS)[self.clusters.predict(embeddings)]

    def top_words(self) -> np.ndarray:
        return scorer.top_words(self.weights, N_WORDS)


class Peer(Contextual):
    def top_words(self) -> np.ndarray:
        return scorer.top_words(self.topic_words(), N_WORDS)


MODELS: dict[str, Callable[[int], Any]] = {
    "k-means": Clusters,
    "CombinedTM": lambda seed: Peer("CombinedTM", N_TOPICS, seed),
    "ZeroShotTM": lambda seed: Peer("ZeroShotTM", N_TOPICS, seed),
    "prodlda-counts": partial(Ours, ProdLDA, "counts"),
    "prodlda-both": partial(Ours, ProdLDA, "both"),
    "prodlda-embeddings": partial(Ours, ProdLDA, "embeddings"),
    "nvlda-counts": partial(Ours, NVLDA, "counts"),
    "nvlda-both": partial(Ours, NVLDA, "both"),
    "nvlda-embeddings": partial(Ours, NVLDA, "embeddings"),
}


def main() -> None:
    arguments = options().parse_args()
    models = [name for name in arguments.models if not name.endswith("TM") or there_is_the_peer()]
    for corpus in arguments.corpus:
        found = sources.find(corpus, arguments.corpora)
        if found is None:
            continue
        if found.train_labels is None:
            print(f"skipped {corpus}: it has no labels", file=sys.stderr)
            continue
        data = embedded(corpus, part_of(found, arguments), arguments)
        sizes = {"documents": data.splits.train.shape[0], "words": data.splits.train.shape[1]}
        for seed in arguments.seeds:
            for name in models:
                key = {"corpus": corpus, "model": name, "seed": seed, **sizes}
                measure_once(arguments.results, key, partial(measured, MODELS[name], seed, data))


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--corpus", nargs="+", default=list(CORPORA), help="names of folders, or docstrings")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    add_size(parser)
    parser.add_argument("--results", type=Path, default=RESULTS / "embeddings.jsonl")
    sources.add_option(parser)
    return parser


def add_size(parser: argparse.ArgumentParser) -> None:
    """Options of how much of a corpus is used, and of its embeddings."""
    parser.add_argument("--documents", type=int, default=3000, help="training documents at most")
    parser.add_argument("--tests", type=int, default=1000, help="test documents at most")
    parser.add_argument("--words", type=int, default=1500, help="words at most, the most frequent")
    parser.add_argument("--embedder", default="all-MiniLM-L6-v2", help="what embed_texts takes")
    parser.add_argument("--cache", type=Path, default=Path("embeddings"), help="folder for embeddings")


def there_is_the_peer() -> bool:
    """Whether contextualized-topic-models is installed; a line on standard error if it is not."""
    if find_spec(PEER) is None:
        print(f"skipped its models: {PEER} is not installed", file=sys.stderr)
        return False
    return True


def part_of(splits: scorer.Splits, arguments: argparse.Namespace) -> scorer.Splits:
    """Some of the documents and words of a corpus, the same in every run."""
    rng = np.random.default_rng(0)
    rows = [
        np.sort(rng.permutation(counts.shape[0])[:most])
        for counts, most in ((splits.train, arguments.documents), (splits.test, arguments.tests))
    ]
    train = sp.csr_array(splits.train[rows[0]])
    columns = np.sort(np.argsort(-train.sum(axis=0), kind="stable")[: arguments.words])
    part = scorer.Splits(
        sp.csr_array(train[:, columns]),
        sp.csr_array(splits.test[rows[1]][:, columns]),
        [splits.vocabulary[column] for column in columns],
        np.asarray(splits.train_labels)[rows[0]],
        np.asarray(splits.test_labels)[rows[1]],
    )
    return part.without_short_documents()


def embedded(corpus: str, splits: scorer.Splits, arguments: argparse.Namespace) -> Data:
    """The corpus with embeddings, from the cache if they are there."""
    observed, held = scorer.split_tokens(splits.test)
    vectors = []
    for name, counts in {"train": splits.train, "test": splits.test, "observed": observed}.items():
        file = arguments.cache / f"{corpus}-{name}-{counts.shape[0]}-{counts.shape[1]}.npy"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, embed_texts(texts_of(counts, splits.vocabulary), arguments.embedder))
        vectors.append(np.load(file))
    return Data(splits, vectors[0], vectors[1], observed, held, vectors[2])


def texts_of(counts: sp.csr_array, vocabulary: list[str]) -> list[str]:
    """The words of each document, as often as they occur, in random order."""
    rng, words = np.random.default_rng(0), np.array(vocabulary, dtype=object)
    texts = []
    for start, stop in zip(counts.indptr[:-1], counts.indptr[1:], strict=True):
        own = np.repeat(words[counts.indices[start:stop]], counts.data[start:stop].astype(int))
        texts.append(" ".join(rng.permutation(own)))
    return texts


def measured(build: Callable[[int], Any], seed: int, data: Data) -> dict[str, Any]:
    model, splits = build(seed), data.splits
    start = time.perf_counter()
    model.fit(splits.train, data.train)
    seconds = time.perf_counter() - start
    theta, words = model.transform(splits.test, data.test), model.top_words()
    npmi = scorer.npmi(words, splits.train)
    values = {
        "fit_seconds": seconds,
        "purity": scorer.purity(theta, splits.test_labels),
        "nmi": scorer.nmi(theta, splits.test_labels),
        "npmi": npmi.mean(),
        "distinct": scorer.distinct_good(words, npmi),
        "diversity": scorer.diversity(words),
        "c_v": coherence(words, splits),
        "completion_perplexity": completion(model, data),
    }
    return {name: figures.rounded(value) for name, value in values.items()}


def coherence(words: np.ndarray, splits: scorer.Splits) -> float:
    """Mean c_v of gensim, with whole documents as windows."""
    topics = [[splits.vocabulary[column] for column in topic] for topic in words]
    table = topic_coherence(
        topics, splits.train, measure="c_v", top_n=N_WORDS, window="document", vocabulary=splits.vocabulary
    )
    return float(table["c_v"].mean())


def completion(model: Any, data: Data) -> float | None:
    """Perplexity of the held tokens, from the words and the embedding of the observed ones."""
    if model.word_probabilities is None:
        return None
    probabilities = model.word_probabilities(data.observed, data.of_observed)
    held = data.held.tocoo()
    logs = np.log(probabilities[held.row, held.col].astype(np.float64) + scorer.FLOOR)
    return math.exp(-float(held.data @ logs) / float(held.data.sum()))


if __name__ == "__main__":
    main()
