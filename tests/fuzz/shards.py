"""Mutated shards: each is refused by name, or read as numpy and pyarrow read its files.

Half of the mutated files get a manifest that has their new SHA-256, as an attacker would write it.
``python -m tests.fuzz.shards --n 5000 --seed 0`` runs many; ``--case NUMBER`` runs one of them again.
"""

import hashlib
import json
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

import hftopic
from hftopic import Corpus, CorpusError, open_corpus, read_corpus, write_corpus
from hftopic.data.shards import writing
from tests.fuzz.mutations import edit_file
from tests.fuzz.runner import Outcome, main, single_threaded, where

PACKAGE = str(Path(hftopic.__file__).parent)


def written(rng: np.random.Generator, folder: Path) -> None:
    """A valid corpus of several parts, mostly with labels and numbers."""
    n, n_words = int(rng.integers(1, 40)), int(rng.integers(1, 12))
    counts = rng.poisson(0.5, (n, n_words)) * int(rng.choice([1, 1, 200, 70_000]))
    with_table = rng.random() < 0.7
    vectors = rng.normal(size=(n, int(rng.integers(1, 5)))) if rng.random() < 0.5 else None
    corpus = Corpus(
        counts,
        [f"w{word}" for word in range(n_words)],
        labels=[f"label {row % 3}" for row in range(n)] if with_table else None,
        metadata={"size": rng.integers(0, 9, n), "gaps": [None, *range(1, n)]} if with_table else None,
        embeddings=vectors,
    )
    writing.MOST_DOCUMENTS = int(rng.integers(5, 50))
    write_corpus(corpus, folder, format="shards")


def mutated(rng: np.random.Generator, folder: Path) -> str:
    """Change a file, and half of the time the manifest with it; what was done."""
    names = sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))
    name = names[int(rng.integers(len(names)))]
    content, told = edit_file(rng, name, (folder / name).read_bytes())
    (folder / name).write_bytes(content)
    manifest = folder / "shards.json"
    if name in (manifest.name, "vocab.txt") or rng.random() < 0.5:
        return f"{told} in {name}"
    held = json.loads(manifest.read_text())
    file = {"n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if name == "embeddings.npy":
        held["embeddings"]["file"] = file
    else:
        next(part for part in held["parts"] if name in part["files"])["files"][name] = file
    manifest.write_text(json.dumps(held))
    return f"{told} in {name}, with its SHA-256"


def fuzz(seed: int, number: int, folder: Path) -> Outcome:
    rng = np.random.default_rng([seed, number])
    room = folder / "shards"
    written(rng, room)
    told = mutated(rng, room) if rng.random() > 0.05 else ""
    case = told or "as it is"
    (folder / "case.txt").write_text(case, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            # Without the comparison of hashes, which would hide what follows it.
            corpus = open_corpus(room)[:] if number % 2 else read_corpus(room)
        except BaseException as error:
            return _refusal(error, room, case, valid=not told)
    try:
        difference = _difference(corpus, room)
    except ValueError as error:
        if "Cannot parse header" not in str(error):
            raise
        return Outcome("tolerated: NUL in the header of an array", case)
    return Outcome("differs", case, difference) if difference else Outcome("same", case)


def _refusal(error: BaseException, room: Path, case: str, valid: bool) -> Outcome:
    if valid:
        return Outcome("refused although valid", case, str(error))
    if not isinstance(error, CorpusError):
        return Outcome(f"foreign {type(error).__name__}", case, where(error, PACKAGE))
    return Outcome("refused", case) if str(room) in str(error) else Outcome("no file named", case, str(error))


def _difference(corpus: Corpus, room: Path) -> str:
    """What differs between the corpus and its files; an empty string if nothing does."""
    held = json.loads((room / "shards.json").read_bytes())
    rows: list[dict[int, float]] = []
    table: dict[str, list[Any]] = {}
    for number in range(len(held["parts"])):
        arrays = (np.load(room / f"part-{number:05d}.{what}.npy") for what in ("indptr", "indices", "data"))
        starts, columns, values = (array.tolist() for array in arrays)
        for start, stop in pairwise(starts):
            if sorted(set(columns[start:stop])) != columns[start:stop]:
                return "columns that do not increase"
            rows.append(dict(zip(columns[start:stop], values[start:stop], strict=True)))
        if held["columns"]:
            read = pq.read_table(room / f"part-{number:05d}.parquet").to_pydict()
            for name in held["columns"]:
                table.setdefault(name, []).extend(read[name])
    vectors = np.load(room / "embeddings.npy") if (room / "embeddings.npy").exists() else None
    if (corpus.embeddings is None) != (vectors is None) or not np.array_equal(corpus.embeddings, vectors):
        return "other embeddings"
    counts = corpus.counts
    bounds = pairwise(counts.indptr.tolist())
    ours = [
        dict(zip(counts.indices[a:b].tolist(), counts.data[a:b].tolist(), strict=True)) for a, b in bounds
    ]
    if ours != rows:
        return "other counts"
    if (None if corpus.labels is None else corpus.labels.tolist()) != table.pop("label", None):
        return "other labels"
    for name, column in corpus.metadata_columns.items():
        ours, theirs = (
            ["missing" if value is None or value != value else value for value in values]
            for values in (column.tolist(), table[name])
        )
        if list(map(str, ours)) != list(map(str, theirs)) and ours != theirs:
            return f"other values of {name}"
    return ""


if __name__ == "__main__":
    single_threaded("tests.fuzz.shards")
    main(fuzz, "mutated shards")
