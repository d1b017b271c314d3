"""What metadata in the prior do for the likelihood of new documents, and how near planted effects are found.

    python benchmarks/prevalence.py --corpora ../shared/corpora > benchmarks/results/prevalence.jsonl

Planted corpora: 10 topics, whose log-proportions depend on a category and on a number; each moves three
topics by 1 in one standard deviation, and by itself a log-proportion varies by 1.2. "r" is the correlation
of the coefficients that are found with the planted ones, and "slope" what a regression of them gives, 1 if
they are neither shrunk nor too large; "after" is the same for a regression of the posterior means of a model
without prevalence. With 20 columns of noise besides, shrinkage is compared with none. Real corpora: poliblog
with rating and day, the others with their labels, of which a fifth of the training documents are new. Models
differ in ``prevalence`` alone. "perplexity" is that of new documents, "completion" that of every second word
of theirs given the others. Prints one JSON line for each fit.
"""

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment

from hftopic import Corpus, ProdLDA, read_corpus

N_TOPICS, N_WORDS, LENGTH = 10, 500, 60
EFFECTS = np.array([1.0, -1.0, 1.0])
SPREAD = 1.2  # standard deviation of what metadata do not explain
N_NOISE = 20
FORMULAS = {"poliblog": "rating + bs(day, df=4)", "bbc": "label", "20ng_avitm1995": "label"}
MOST = 2000  # training documents of a real corpus


def planted(n: int, seed: int) -> tuple[Corpus, np.ndarray, np.ndarray, np.ndarray]:
    """A corpus, its coefficients and topics, and the design with columns of unit variance."""
    generator = np.random.default_rng(seed)
    topics = generator.dirichlet(np.full(N_WORDS, 0.05), N_TOPICS)
    true = np.zeros((2, N_TOPICS))
    for column in true:
        column[generator.choice(N_TOPICS, 3, replace=False)] = EFFECTS
    design = np.stack([generator.integers(0, 2, n) * 2.0 - 1, generator.standard_normal(n)], 1)
    z = design @ true + SPREAD * generator.standard_normal((n, N_TOPICS))
    shares = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    lengths = generator.poisson(LENGTH, n) + 1
    drawn = [generator.multinomial(length, p) for length, p in zip(lengths, shares @ topics, strict=True)]
    metadata = {"side": np.where(design[:, 0] > 0, "b", "a"), "x": design[:, 1]}
    metadata |= {f"noise{number}": generator.standard_normal(n) for number in range(N_NOISE)}
    words = [f"w{word}" for word in range(N_WORDS)]
    return Corpus(sp.csr_array(np.stack(drawn)), words, metadata=metadata), true, topics, design


def agreement(found: np.ndarray, true: np.ndarray, words: np.ndarray, topics: np.ndarray) -> dict[str, float]:
    """How coefficients (2, K) of topics with these words agree with the planted ones; a shift is free."""
    logs = np.log(words + 1e-4), np.log(topics + 1e-4)
    likeness = np.corrcoef(*logs)[: len(words), len(words) :]
    rows, columns = linear_sum_assignment(-likeness)
    one, other = found[:, rows], true[:, columns]
    one, other = one - one.mean(1, keepdims=True), other - other.mean(1, keepdims=True)
    r = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    slope = (one * other).sum() / np.square(other).sum()
    return {"r": round(float(r), 3), "slope": round(float(slope), 3)}


def of_planted(n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the fits on one planted corpus."""
    corpus, true, topics, design = planted(n + n // 4, seed)
    train, new = corpus[:n], corpus[n:]
    noise = "".join(f" + noise{number}" for number in range(N_NOISE))
    settings = {
        "none": {},
        "prevalence": {"prevalence": "side + x"},
        "with noise": {"prevalence": f"side + x{noise}"},
        "with noise, not shrunk": {"prevalence": f"side + x{noise}", "prevalence_shrinkage": 0.0},
    }
    for name, changed in settings.items():
        model = ProdLDA(N_TOPICS, random_state=seed, **changed).fit(train)
        row = {"corpus": "planted", "documents": n, "seed": seed, "model": name}
        if model.prevalence_ is None:
            latent = model.transform_latent(train)
            centred = design[:n] - design[:n].mean(0)
            found = np.linalg.lstsq(centred, latent - latent.mean(0), rcond=None)[0]
        else:
            found = model.prevalence_.to_numpy()[:2] * np.array([[0.5], [1.0]])  # a category is 0 or 1
        yield row | measured(model, new) | agreement(found, true, model.topic_word_, topics)


def of_corpus(folder: Path, seed: int, groups: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Rows of the fits on a real corpus."""
    corpus = corpus_in(folder)
    order = np.random.default_rng(seed).permutation(len(corpus))[: MOST + MOST // 4]
    n_new = len(order) // 5
    train, new = corpus[np.sort(order[n_new:])], corpus[np.sort(order[:n_new])]
    for formula in (None, FORMULAS[folder.name]):
        model = ProdLDA(groups, prevalence=formula, random_state=seed).fit(train)
        row = {"corpus": folder.name, "documents": len(train), "seed": seed, "model": formula or "none"}
        yield row | measured(model, new)


def corpus_in(folder: Path) -> Corpus:
    """Training documents of a folder, with what is known of them."""
    corpus = read_corpus(folder).split("train")
    table = folder / "train_metadata.csv"
    metadata = pd.read_csv(table) if table.is_file() else None
    return Corpus(corpus.counts, corpus.vocabulary, labels=corpus.labels, metadata=metadata)


def measured(model: ProdLDA, new: Corpus) -> dict[str, float]:
    """Perplexity of new documents, and of every second of their words given the others."""
    metadata = {"label": new.labels} if new.metadata is None and new.labels is not None else new.metadata
    given, asked = halves(new.counts)
    known = {} if model.prevalence_ is None else {"metadata": metadata}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*documents have no words")
        likely = np.log(model.word_probabilities(given, **known))
    total = asked.multiply(likely).sum()
    return {
        "perplexity": round(model.perplexity(new.counts, **known), 2),
        "completion": round(float(np.exp(-total / asked.sum())), 2),
        "epochs": model.n_iter_,
    }


def halves(counts: sp.csr_array) -> tuple[sp.csr_array, sp.csr_array]:
    """Counts of every second word of each document, and those of the others."""
    places = np.arange(counts.nnz) - np.repeat(counts.indptr[:-1], np.diff(counts.indptr))
    parts = []
    for rest in (0, 1):
        part = counts.copy()
        part.data = np.where(places % 2 == rest, part.data, 0)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=Path, help="folder of the real corpora")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    planned = [(200, 0)] if arguments.quick else [(n, s) for n in (200, 1000, 5000) for s in range(2)]
    for n, seed in planned:
        for row in of_planted(n, seed):
            print(json.dumps(row), flush=True)
    if arguments.corpora is not None:
        for name in ("poliblog", "bbc", "20ng_avitm1995")[: 1 if arguments.quick else None]:
            for seed in range(1 if arguments.quick else 2):
                for row in of_corpus(arguments.corpora / name, seed, (10, 10)):
                    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
