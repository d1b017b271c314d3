"""Documents that share no word with the training documents: their topics by embeddings alone.

    python benchmarks/zero_shot.py --embedder all-MiniLM-L6-v2

The vocabulary of a corpus is divided at random into two halves, A and B. A model whose encoder reads
embeddings is fitted on the A-words of the training documents and the embeddings of these. A logistic
regression from its topics to the labels is then scored on test documents that are given by the embeddings of
their A-words, and by those of their B-words, without counts. Documents with words in both halves are used.

Every corpus appends a JSON line to ``--results``; one that has a line there is skipped.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from embeddings import N_TOPICS, add_size, part_of, texts_of
from scoring import RESULTS, figures, scorer, sources

# isort: split
from runner import measure_once

from hftopic import ProdLDA, embed_texts

CORPORA = ("agnews", "bbc", "20ng_avitm1995")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=list(CORPORA), help="names of folders")
    parser.add_argument("--results", type=Path, default=RESULTS / "zero_shot.jsonl")
    add_size(parser)
    sources.add_option(parser)
    arguments = parser.parse_args()
    for corpus in arguments.corpus:
        found = sources.find(corpus, arguments.corpora)
        if found is None or found.train_labels is None:
            print(f"skipped {corpus}: no labels", file=sys.stderr)
            continue
        splits = part_of(found, arguments)
        key = {"corpus": corpus, "seed": 0, "words": splits.train.shape[1]}
        measure_once(arguments.results, key, partial(measured, splits, arguments, corpus))


def measured(splits: scorer.Splits, arguments: argparse.Namespace, corpus: str) -> dict[str, Any]:
    in_a = np.random.default_rng(0).permutation(len(splits.vocabulary)) % 2 == 0
    halves = {"a": np.flatnonzero(in_a), "b": np.flatnonzero(~in_a)}

    def part(counts: sp.csr_array, half: str) -> sp.csr_array:
        return sp.csr_array(counts[:, halves[half]])

    def embedded(name: str, counts: sp.csr_array, half: str) -> np.ndarray:
        file = arguments.cache / f"half-{corpus}-{name}-{half}-{counts.shape[0]}-{len(splits.vocabulary)}.npy"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            words = [splits.vocabulary[column] for column in halves[half]]
            np.save(file, embed_texts(texts_of(counts, words), arguments.embedder))
        return np.load(file)

    in_train = part(splits.train, "a").sum(axis=1) > 0
    in_test = (part(splits.test, "a").sum(axis=1) > 0) & (part(splits.test, "b").sum(axis=1) > 0)
    train, labels = part(splits.train[in_train], "a"), np.asarray(splits.train_labels)[in_train]
    test, test_labels = splits.test[in_test], np.asarray(splits.test_labels)[in_test]
    of_train = embedded("train", train, "a")
    model = ProdLDA(N_TOPICS, encoder_input="embeddings", random_state=0)
    known = model.fit(train, embeddings=of_train).transform(embeddings=of_train)
    row: dict[str, Any] = {"documents": train.shape[0], "tests": test.shape[0]}
    for half in halves:
        topics = model.transform(embeddings=embedded("test", part(test, half), half))
        row[f"probe_{half}"] = figures.rounded(scorer.probe(known, labels, topics, test_labels))
        row[f"purity_{half}"] = figures.rounded(scorer.purity(topics, test_labels))
    return row


if __name__ == "__main__":
    main()
