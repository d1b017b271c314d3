"""What a corpus needs of disk, memory and time: measured, and modelled for larger ones.

    python benchmarks/scale.py > benchmarks/results/scale.jsonl
    python benchmarks/scale.py --quick

Texts of 80 tokens are generated, whose words follow Zipf's law. Each size is built with ``build_corpus``,
fitted for one epoch (50 topics in two groups, mini-batches of 512) and transformed to Parquet, each in a
process of its own. The model of seconds and bytes is a + b N for N documents, by least squares of the
relative errors. What ``fit`` does after the epoch, the description of the topics, reads D = 100,000 documents
at most, and takes a + b min(N, D). They also decide the memory of ``fit``, which is a + b W + c min(N, D) for
W weights. The model is fitted to some sizes and compared with two others, and in memory with another number
of words.

Prints one JSON line for each size (``kind`` "measured"), then the coefficients ("model"), the comparisons
("checked"), and what the model says for 10⁴ to 10⁸ documents ("modelled"). ``docs/scale.rst`` has the tables.
"""

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from itertools import count, islice, product
from pathlib import Path
from typing import Any

import numpy as np
from documents import TOKENS, zipf_blocks
from scipy.optimize import nnls
from transform import alone, peak_memory, told

FITTED = {"full": [20_000, 80_000, 160_000], "quick": [5000, 15_000, 40_000]}
CHECKED = {"full": [300_000, 1_250_000], "quick": [80_000, 120_000]}
WORDS = {"full": [5000, 40_000, 20_000], "quick": [2000, 20_000, 10_000]}  # usual, to fit, to check
BATCH = 512
DESCRIBED = 100_000  # documents that describe the topics, see hftopic/models/description.py
MODELLED = [10**exponent for exponent in range(4, 9)]
SECONDS = ["build_seconds", "epoch_seconds", "description_seconds", "transform_seconds"]
BYTES = ["text_MB", "shards_MB", "theta_MB"]
MEMORY = "fit_MB"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few documents, which shows little")
    parser.add_argument("--threads", type=int, default=2, help="of fit and transform; jobs of the build")
    parser.add_argument("--measured", type=Path, help="results whose sizes are not measured again")
    given = parser.parse_args()
    mode = "quick" if given.quick else "full"
    usual, *others = WORDS[mode]
    sizes = [(n, usual) for n in FITTED[mode]] + [(FITTED[mode][0], n_words) for n_words in others]
    sizes += [(n, usual) for n in CHECKED[mode]]
    found = (measured_in_folder(*size, given.threads) for size in sizes)
    measured: list[dict[str, Any]] = []
    for facts in measured_before(given.measured) if given.measured else found:
        told(kind="measured", **facts)
        measured.append(facts)
    fitted = [m for m in measured if m["documents"] in FITTED[mode] and m["words"] != others[-1]]
    model = fit_model(fitted, usual)
    told(kind="model", threads=given.threads, words=usual, **model)
    for facts in measured:
        if facts not in fitted:
            told(kind="checked", **compared(facts, model, usual))
    for n_documents in MODELLED:
        facts = {"documents": n_documents, "words": usual, "epochs": epochs_of(n_documents)}
        told(kind="modelled", **facts, **modelled(n_documents, usual, model))


def measured_before(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line.pop("kind") == "measured"]


def measured_in_folder(n_documents: int, n_words: int, threads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), n_documents, n_words, threads)


def measure(folder: Path, n_documents: int, n_words: int, threads: int) -> dict[str, Any]:
    """Seconds, bytes and peak memory of each step for so many documents."""
    texts, shards = folder / "texts.txt", folder / "shards"
    alone(write_texts, texts, n_documents, n_words)  # not measured
    facts = {"documents": n_documents, "words": n_words, "tokens": n_documents * TOKENS, "threads": threads}
    facts["text_MB"] = megabytes(texts)
    facts |= alone(build, texts, shards, threads)
    facts |= alone(fit, shards, folder / "model", threads)
    facts |= alone(transform, shards, folder / "model", folder / "theta.parquet", threads)
    facts["shards_MB"], facts["theta_MB"] = megabytes(shards), megabytes(folder / "theta.parquet")
    return facts


def write_texts(path: Path, n_documents: int, n_words: int) -> None:
    words = np.array(list(islice(spelled(), n_words)), dtype=object)
    with path.open("w", encoding="ascii") as file:
        for counts in zipf_blocks(n_documents, n_words):
            tokens = np.repeat(words[counts.indices], counts.data.astype(int))
            ends = np.cumsum(np.asarray(counts.sum(axis=1)).astype(int))
            start = 0
            for end in ends.tolist():
                file.write(" ".join(tokens[start:end]) + "\n")
                start = end


def spelled() -> Iterator[str]:
    """Words of letters, none of which is a stop word."""
    for length in count(3):
        for letters in product("bcdfghjklmnpqrst", repeat=length):
            yield "".join(letters)


def build(texts: Path, shards: Path, n_jobs: int) -> dict[str, Any]:
    from hftopic import TextOptions, build_corpus

    start = time.perf_counter()
    build_corpus(texts, shards, text=TextOptions(min_df=1, max_df=1.0), n_jobs=n_jobs)
    return {"build_seconds": seconds_since(start), "build_MB": peak_memory()}


def fit(shards: Path, path: Path, threads: int) -> dict[str, Any]:
    import torch

    from hftopic import ProdLDA, open_corpus
    from hftopic.training import Record

    torch.set_num_threads(threads)
    corpus, start = open_corpus(shards), time.perf_counter()
    facts: dict[str, Any] = {}

    def at_the_end(record: Record) -> None:  # noqa: ARG001
        facts["epoch_seconds"] = seconds_since(start)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch teaches little
        model = ProdLDA((25, 25), max_iter=1, batch_size=BATCH, random_state=0)
        model.fit(corpus, callbacks=[at_the_end])
    facts["description_seconds"] = round(seconds_since(start) - facts["epoch_seconds"], 2)
    facts[MEMORY] = peak_memory()
    model.save(path)
    return facts | {"weights": sum(weights.numel() for weights in model._network.parameters())}


def transform(shards: Path, model: Path, out: Path, threads: int) -> dict[str, Any]:
    import pandas  # noqa: F401  # whose import takes a second or two
    import pyarrow.parquet  # noqa: F401
    import torch

    from hftopic import load, open_corpus
    from hftopic.analysis import write_document_topics

    torch.set_num_threads(threads)
    start = time.perf_counter()
    write_document_topics(load(model), open_corpus(shards), out, topics="all")
    return {"transform_seconds": seconds_since(start), "transform_MB": peak_memory()}


def seconds_since(start: float) -> float:
    return round(time.perf_counter() - start, 2)


def megabytes(path: Path) -> float:
    """Size of a file or of the files of a folder, in MB (10⁶ bytes)."""
    files = path.rglob("*") if path.is_dir() else [path]
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 2)


def fit_model(fitted: Sequence[dict[str, Any]], usual: int) -> dict[str, list[float]]:
    """Coefficients of each quantity, none of which is negative."""
    of_sizes = [facts for facts in fitted if facts["words"] == usual]
    model = {name: solved(name, of_sizes) for name in (*SECONDS, *BYTES)}
    return model | {MEMORY: solved(MEMORY, fitted), "weights": solved("weights", fitted)}


def solved(name: str, lines: Sequence[dict[str, Any]]) -> list[float]:
    """Coefficients with the least squares of the relative errors."""
    values = np.array([facts[name] for facts in lines])
    terms = np.array([terms_of(name, facts) for facts in lines])
    scale = terms.max(axis=0)
    found, _ = nnls(terms / scale / values[:, None], np.ones(len(values)))
    return [float(f"{value:.6g}") for value in found / scale]


def terms_of(name: str, facts: dict[str, Any]) -> list[float]:
    """What the coefficients of a quantity are multiplied with."""
    if name == "weights":
        return [1.0, facts["words"]]
    if name == MEMORY:
        return [1.0, facts["weights"], min(facts["documents"], DESCRIBED)]
    if name == "description_seconds":
        return [1.0, min(facts["documents"], DESCRIBED)]
    return [1.0, facts["documents"]]


def epochs_of(n_documents: int) -> int:
    """Epochs of a fit with the defaults."""
    from hftopic import ProdLDA
    from hftopic.training.settings import Settings

    return Settings.of(ProdLDA(batch_size=BATCH), n_documents).max_iter


def modelled(n_documents: int, n_words: int, model: dict[str, list[float]]) -> dict[str, float]:
    """What the model says of a size."""
    facts: dict[str, Any] = {"documents": n_documents, "words": n_words}
    facts["weights"] = np.dot(model["weights"], terms_of("weights", facts))
    return {
        name: round(float(np.dot(model[name], terms_of(name, facts))), 2)
        for name in (*SECONDS, *BYTES, MEMORY)
    }


def compared(facts: dict[str, Any], model: dict[str, list[float]], usual: int) -> dict[str, Any]:
    """Modelled and measured figures of a size beside those of the model; of other words, the memory."""
    expected = modelled(facts["documents"], facts["words"], model)
    names = list(expected) if facts["words"] == usual else [MEMORY]
    line = {key: facts[key] for key in ("documents", "words", "tokens")}
    return line | {name: [expected[name], facts[name]] for name in names}


if __name__ == "__main__":
    main()
