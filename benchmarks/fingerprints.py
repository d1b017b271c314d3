"""SHA-256 of what the package answers, to show that a change of its structure changes no answer.

    python benchmarks/fingerprints.py > before.json
    python benchmarks/fingerprints.py --against before.json    # lists the differences; exits with 1 if any

The last bits of a fit depend on the processor and the number of threads: compare runs on one machine with the
same number of threads (one by default). ``report`` is the hash of the whole page, ``report_values`` that
of its numbers only: the data of its script and the numeric cells of its tables.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from hftopic import (
    HFVAE,
    NVDM,
    VAE,
    BlockCorrelation,
    Concrete,
    Corpus,
    FactorVAE,
    ProdLDA,
    load,
    make_correlated_topics,
)
from hftopic import analysis as a
from hftopic.report import write_report

CORRELATED = BlockCorrelation([[0, 0.5], [0.5, 0]])
MODELS = {"prodlda": ProdLDA, "nvdm": NVDM}
CASES: dict[str, dict[str, Any]] = {
    "vae": {"groups": 8, "objective": VAE()},
    "hfvae": {"groups": (4, 4)},
    "paper": {"groups": (4, 4), "gamma": 4.0, "ramp": 0, "partners": None},
    "nested": {"groups": ((2, 2), (2, 2)), "objective": HFVAE(1.0, (0.1, 0.5), 4.0)},
    "concrete": {"groups": (4, Concrete(3)), "validation_fraction": 0.2},
    "factor": {"groups": (4, 4), "objective": FactorVAE(2.0, hidden=(50, 50))},
    "correlated": {
        "groups": (4, 4),
        "prior": BlockCorrelation([[0, 0.5], [0.5, 0]]),
        "beta": 1.0,
        "gamma": 1.0,
    },
    "full": {"groups": (4, 4), "marginals": "full", "encoder_norm": "shift"},
}
EXTRA = {"prodlda": {"per_group": {"groups": (4, 4), "topic_softmax": "group"}}, "nvdm": {}}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, help="JSON of an earlier run")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    hashes = dict(fingerprints())
    if arguments.against is None:
        print(json.dumps(hashes, indent=1))
        return
    before = json.loads(arguments.against.read_text())
    differing = [name for name in before if hashes.get(name) != before[name]]
    print(f"{len(before) - len(differing)} of {len(before)} hashes are the same")
    print(*differing, sep="\n")
    sys.exit(bool(differing))


def fingerprints() -> Iterator[tuple[str, str]]:
    """Name and hash of every answer of every model."""
    corpus = labelled_corpus()
    for name, model_class in MODELS.items():
        for case, parameters in (CASES | EXTRA[name]).items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = model_class(**parameters, hidden=(30,), max_iter=6, random_state=0).fit(corpus)
                for answer, value in answers(model, corpus):
                    yield f"{name} {case} {answer}", digest(value)


def labelled_corpus() -> Corpus:
    """Planted topics, with labels, and one document without words."""
    counts = make_correlated_topics(300, groups=(4, 4), random_state=0).corpus.counts.copy()
    counts.data[counts.indptr[7] : counts.indptr[8]] = 0
    counts.eliminate_zeros()
    words = [f"word{column}" for column in range(counts.shape[1])]
    return Corpus(counts, words, labels=[f"label {row % 3}" for row in range(counts.shape[0])])


def answers(model: Any, corpus: Corpus) -> Iterator[tuple[str, Any]]:
    """Results of a fitted model and of its analysis."""
    posterior = model.posterior(corpus)
    yield "components", model.components_
    yield "topic_word", model.topic_word_
    yield "transform", model.transform(corpus)
    yield "history", model.history_
    yield "posterior", [posterior.mean, posterior.variance, *posterior.class_probabilities]
    yield "score_samples", model.score_samples(corpus)
    yield "perplexity", model.perplexity(corpus)
    yield "word_probabilities", model.word_probabilities(corpus)
    yield "top_words", model.top_words(5)
    decomposition = a.decompose(model, corpus)
    yield "decompose", [decomposition.terms, decomposition.groups, decomposition.topics]
    yield "summary", a.topic_summary(model, corpus)
    yield "quality", a.topic_quality(model, corpus)
    active = model.latent_space_.gaussian
    for kind in ("mean", "total", "partial"):
        found = a.topic_correlation(
            model, corpus, active=active, kind=kind, n_permutations=99, n_bootstrap=10, random_state=0
        )
        yield f"correlation {kind}", [found.matrix, found.pairs]
    yield "dependence", a.group_dependence(model, corpus, active=active, n_permutations=99, random_state=0)
    yield "contributions", a.contributions(model, corpus)
    yield "word_contributions", a.word_contributions(model, corpus, 3)
    yield "documents", a.representative_documents(model, corpus)
    yield "labels", a.topics_by_label(model, corpus, topics="all")
    yield "times", a.topics_over_time(model, corpus, np.arange(len(corpus)) % 50, topics="all")
    yield "coherence", a.topic_coherence(model, corpus, measure="c_npmi")
    yield "exclusivity", a.topic_exclusivity(model)
    yield "names", a.topic_names(model)
    with tempfile.TemporaryDirectory() as folder:
        page, saved = Path(folder, "report.html"), Path(folder, "model")
        dates = np.arange(len(corpus)) % 20
        write_report(model, corpus, page, n_permutations=99, measures=["c_npmi"], dates=dates)
        yield "report", page.read_text()
        yield "report_values", values_of(page.read_text())
        model.save(saved)
        yield "saved", [path.read_bytes() for path in sorted(saved.iterdir())]
        loaded = load(saved)
    yield "loaded", loaded.transform(corpus)
    if model.marginals != "full":
        loaded.partial_fit(corpus).partial_fit(corpus)
        yield "partial_fit", [loaded.transform(corpus), loaded.history_]


def values_of(page: str) -> list[str]:
    """The packed data of a page's script and the cells of its tables that hold numbers."""
    data = re.findall(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page, re.S)
    cells = re.findall(r"<td[^>]*>\s*([-\u2212+]?[\d.,]+%?)\s*</td>", page)
    return [*data, *cells]


def digest(value: Any) -> str:
    """Hash of arrays, tables, texts and lists of them, to the last bit."""
    hashed = hashlib.sha256()
    _feed(hashed, value)
    return hashed.hexdigest()


def _feed(hashed: Any, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _feed(hashed, item)
    elif isinstance(value, pd.DataFrame):
        for name, column in value.reset_index().items():
            _feed(hashed, [str(name), column.to_numpy()])
    elif isinstance(value, np.ndarray) and value.dtype != object:
        hashed.update(f"{value.dtype} {value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, bytes):
        hashed.update(value)
    else:
        hashed.update(repr(value.tolist() if isinstance(value, np.ndarray) else value).encode())


if __name__ == "__main__":
    main()
