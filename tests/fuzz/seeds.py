"""Small valid corpora in every format, written without the package."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from tests.fuzz.mutations import PACK, Files, Rng

WORDS = (
    "god",
    "faith",
    "naïve",
    "日本",
    "new york",
    "a,b",
    'say"so"',
    "x:1",
    "Team",
    "ball",
    "ice-cream",
    "0",
    "#1",
    "çà",
)
DATES = ("2024-01-31", "", "2024")
LABELS = ("sport", "religion", "two words", "3")
ENDINGS = ("", "", "", ".gz", ".xz", ".bz2")


@dataclass(frozen=True)
class Seed:
    """A valid corpus: its files, the path to read, and the arguments of the reader."""

    format: str
    files: Files
    target: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Content:
    """What a corpus says, before it is in a format."""

    counts: np.ndarray
    words: list[str]
    labels: list[str] | None
    names: list[str] | None
    splits: list[str] | None
    dates: list[str] | None = None

    @classmethod
    def drawn(cls, rng: Rng, *, square: bool = False, spaces: bool = True) -> "Content":
        n, v = int(rng.integers(4, 9)), int(rng.integers(4, 11))
        n = v if square else n
        words = [
            str(word) for word in rng.permutation([word for word in WORDS if spaces or " " not in word])[:v]
        ]
        counts = rng.poisson(0.8, (n, v)) * rng.choice([1, 1, 1, 12], (n, v))
        counts[0, 0] += 1

        def values(choices: Any, chance: float) -> list[str] | None:
            return [str(value) for value in rng.choice(choices, n)] if rng.random() < chance else None

        splits = ["train" if row < n - 2 else "test" for row in range(n)] if rng.random() < 0.4 else None
        if splits and rng.random() < 0.3:
            splits = splits[::-1]
        names = [f"doc {row}" for row in range(n)] if rng.random() < 0.3 else None
        return cls(counts, words, values(LABELS, 0.5), names, splits, values(DATES, 0.3))

    @property
    def tokens(self) -> list[list[str]]:
        return [
            [word for word, n in zip(self.words, row, strict=True) for _ in range(min(n, 4))]
            for row in self.counts
        ]

    def beside(self, stem: str, vocabulary: str | None, rng: Rng) -> Files:
        """The files next to a file of counts or texts."""
        files = {} if vocabulary is None else {vocabulary: _vocabulary(rng, self.words)}
        for what in ("labels", "names", "splits", "dates"):
            values = getattr(self, what)
            if values is not None:
                files[f"{stem}.{what}.txt"] = _lines(values)
        if rng.random() < 0.2:
            rows = [json.dumps({"author": LABELS[row % 3], "n": row / 2}) for row in range(len(self.counts))]
            files[f"{stem}.metadata.txt"] = _lines(rows)
        packed = dict(
            _packed(rng, name, data) if rng.random() < 0.1 else (name, data) for name, data in files.items()
        )
        return packed | (_vectors(rng, f"{stem}.embeddings.npy", self) if rng.random() < 0.2 else {})


def _vectors(rng: Rng, name: str, content: Content) -> Files:
    """A file of embeddings, in one of the types of numbers."""
    stream = io.BytesIO()
    kind = str(rng.choice(["f4", "f4", "f8", "f2", ">f4", "i2"]))
    np.save(stream, (9 * rng.normal(size=(len(content.counts), int(rng.integers(1, 4))))).astype(kind))
    return {name: stream.getvalue()}


def _lines(values: list[str]) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


def _vocabulary(rng: Rng, words: list[str]) -> bytes:
    """One word per line, or what other tools write: gensim, pandas, R."""
    layout = int(rng.integers(12))
    places = [int(place) for place in rng.permutation(len(words))]
    if layout == 0:
        return _lines([str(len(words) + 3), *(f"{at}\t{words[at]}\t{at % 4 + 1}" for at in places)])
    if layout == 1:
        return _lines([f"{at + 1}\t{words[at]}" for at in places])
    if layout == 2:
        return _lines([f"{words[at]}\t{at}" for at in places])
    if layout == 3:
        return _lines(['"x"', *('"{}"'.format(word.replace('"', '""')) for word in words)])
    return _lines(words)


def _packed(rng: Rng, name: str, data: bytes) -> tuple[str, bytes]:
    ending = ENDINGS[int(rng.integers(len(ENDINGS)))]
    return (name + ending, PACK[ending](data)) if ending else (name, data)


def _counted(rng: Rng, content: Content, format: str, name: str, data: bytes, vocabulary: str = "") -> Seed:
    stem = name.rpartition(".")[0]
    own = [vocabulary or f"{stem}.vocab.txt", "vocab.txt"][int(rng.integers(2))]
    target, packed = (name, data) if format == "npz" else _packed(rng, name, data)
    arguments: dict[str, Any] = {"format": format} if rng.random() < 0.3 or format[-1].isdigit() else {}
    if content.splits and rng.random() < 0.3:
        arguments["split"] = "test"
    return Seed(format, {target: packed, **content.beside(stem, own, rng)}, target, arguments)


def ldac(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    rows = [[(at, n) for at, n in enumerate(row) if n] for row in content.counts]
    lines = [" ".join([str(len(row)), *(f"{at}:{n}" for at, n in row)]) for row in rows]
    return _counted(rng, content, "ldac", "small.ldac", _lines(lines))


def svmlight(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    base = int(rng.integers(2))
    format = f"svmlight{base}" if rng.random() < 0.5 else "svmlight"
    comment = [f"# Column indices are {['zero', 'one'][base]}-based"] if format == "svmlight" else []
    real = rng.random() < 0.3
    lines = [
        " ".join(
            [
                str(int(rng.integers(3))),
                *(f"{at + base}:{n * 0.25 if real else n}" for at, n in enumerate(row) if n),
            ]
        )
        for row in content.counts
    ]
    return _counted(rng, content, format, "small.svmlight", _lines(comment + lines))


def docword(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    entries = [(i + 1, j + 1, content.counts[i, j]) for i, j in np.argwhere(content.counts)]
    lines = [str(size) for size in (*content.counts.shape, len(entries))]
    lines += [" ".join(map(str, entry)) for entry in entries]
    return _counted(rng, content, "docword", "docword.small.txt", _lines(lines), "vocab.small.txt")


def matrixmarket(rng: Rng) -> Seed:
    layout = str(rng.choice(["coordinate", "coordinate", "array"]))
    values = str(rng.choice(["integer", "integer", "real", "pattern"]))
    values = "integer" if layout == "array" and values == "pattern" else values
    symmetry = str(rng.choice(["general", "general", "symmetric"]))
    content = Content.drawn(rng, square=symmetry != "general")
    counts = content.counts.astype(float) if values == "real" else content.counts
    counts = counts * 0.5 if values == "real" else (counts > 0).astype(int) if values == "pattern" else counts
    lower = counts if symmetry == "general" else np.tril(counts)
    lines = [f"%%MatrixMarket matrix {layout} {values} {symmetry}", "% documents in rows", "%"]
    if layout == "array":
        rows = [range(0 if symmetry == "general" else j, len(counts)) for j in range(counts.shape[1])]
        cells = [lower[i, j] for j, own in enumerate(rows) for i in own]
        lines += [f"{counts.shape[0]} {counts.shape[1]}", *map(str, cells)]
    else:
        places = np.argwhere(lower)
        lines.append(f"{counts.shape[0]} {counts.shape[1]} {len(places)}")
        lines += [f"{i + 1} {j + 1}" + ("" if values == "pattern" else f" {lower[i, j]}") for i, j in places]
    return _counted(rng, content, "matrixmarket", "small.mtx", _lines(lines))


def npz(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    layout = str(rng.choice(["csr", "csr", "csc", "coo", "bsr", "dia"]))
    kind = str(rng.choice(["i4", "i8", "f4", "f8", "u1"]))
    stream = io.BytesIO()
    matrix = sp.csr_array(content.counts.astype(kind)).asformat(layout)
    sp.save_npz(stream, matrix, compressed=rng.random() < 0.5)
    return _counted(rng, content, "npz", "small.npz", stream.getvalue())


def _matrix(counts: np.ndarray) -> bytes:
    stream = io.BytesIO()
    sp.save_npz(stream, sp.csr_array(counts.astype(np.int32)))
    return stream.getvalue()


def folder(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    n = len(content.counts)
    splits = np.array(content.splits or ["counts"] * n)
    files = {"c/vocab.txt": _lines(content.words)}
    with_tokens, keyed = rng.random() < 0.5, rng.random() < 0.5
    counts = np.minimum(content.counts, 4) if with_tokens else content.counts
    names = sorted(set(content.labels or ()))
    if keyed and content.labels:
        files["c/labels.txt"] = _lines(names)
    order = []
    for split in ("counts", "train", "test"):
        rows = np.flatnonzero(splits == split)
        if not rows.size:
            continue
        order += rows.tolist()
        files[f"c/{split}.npz"] = _matrix(counts[rows])
        for what in ("labels", "names"):
            values = getattr(content, what)
            if values is not None:
                own = [values[row] for row in rows]
                own = [str(names.index(value)) for value in own] if what == "labels" and keyed else own
                files[f"c/{split}_{what}.txt"] = _lines(own)
        if with_tokens:
            column = {word: at for at, word in enumerate(content.words)}
            ids = [[column[word] for word in content.tokens[row]] for row in rows]
            stream = io.BytesIO()
            ends = np.cumsum(list(map(len, ids)))
            np.savez(stream, ids=np.array([i for own in ids for i in own], dtype=np.int32), ends=ends)
            files[f"c/{split}_tokens.npz"] = stream.getvalue()
    if rng.random() < 0.3:
        files |= _vectors(rng, "c/embeddings.npy", content)
    if order != sorted(order):
        files["c/order.txt"] = _lines(list(map(str, order)))
    arguments = {"split": "train"} if content.splits and rng.random() < 0.3 else {}
    return Seed("folder", files, "c", arguments)


def octis(rng: Rng) -> Seed:
    content = Content.drawn(rng, spaces=False)
    columns = [[" ".join(document) for document in content.tokens]]
    width = int(rng.integers(1, 4))
    if width > 1:
        columns.append([str(split) for split in rng.choice(["train", "val", "test"], len(columns[0]))])
    if width > 2:
        columns.append([str(label) for label in rng.choice(LABELS, len(columns[0]))])
    files = {"o/corpus.tsv": _delimited([list(row) for row in zip(*columns, strict=True)], "\t")}
    if rng.random() < 0.7:
        files["o/vocabulary.txt"] = _lines(content.words)
    if content.dates:
        files["o/corpus.dates.txt"] = _lines(content.dates)
    return Seed("octis", files, ["o", "o/corpus.tsv"][int(rng.integers(2))])


def _delimited(rows: list[list[str]], delimiter: str) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode()


def _columns(content: Content) -> dict[str, list[str]]:
    columns = {"text": [" ".join(document) for document in content.tokens]}
    for what in ("label", "name", "split", "date"):
        values = getattr(content, f"{what}s")
        if values is not None:
            columns[what] = values
    if content.dates:
        columns["author"] = [LABELS[row % 3] for row in range(len(content.counts))]
    return columns


def _table(columns: dict[str, list[str]], suffix: str) -> bytes:
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    if suffix in ("csv", "tsv"):
        return _delimited([list(columns), *rows], "," if suffix == "csv" else "\t")
    if suffix == "jsonl":
        return _lines([json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows])
    if suffix == "txt":
        return _lines(columns["text"])
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def table(rng: Rng) -> Seed:
    suffix = str(rng.choice(["csv", "csv", "tsv", "jsonl", "jsonl", "parquet"]))
    content = Content.drawn(rng)
    name, data = f"small.{suffix}", _table(_columns(content), suffix)
    target, data = (name, data) if suffix == "parquet" else _packed(rng, name, data)
    arguments = {"split": "test"} if content.splits and rng.random() < 0.3 else {}
    return Seed(suffix, {target: data}, target, arguments)


def txt(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    target, data = _packed(rng, "small.txt", _table(_columns(content), "txt"))
    return Seed("txt", {target: data, **content.beside("small", None, rng)}, target)


def files(rng: Rng) -> Seed:
    content = Content.drawn(rng)
    nested = rng.random() < 0.5
    held = {}
    for row, document in enumerate(content.tokens):
        name = f"f/{LABELS[row % 2]}/{row}.txt" if nested else f"f/{row}.txt"
        held.update([_packed(rng, name, " ".join(document).encode() + b"\n")])
    return Seed("files", held, "f")


def split_files(rng: Rng) -> Seed:
    suffix = str(rng.choice(["csv", "tsv", "jsonl", "txt", "parquet"]))
    content = Content.drawn(rng)
    labels = [str(at) for at in rng.integers(0, len(LABELS), len(content.counts))] if content.labels else None
    held: Files = {} if labels is None or suffix == "txt" else {"s/labels.txt": _lines(list(LABELS))}
    for split, rows in (("train", slice(0, -2)), ("test", slice(-2, None))):
        part = Content(content.counts[rows], content.words, labels and labels[rows], None, None)
        held[f"s/{split}.{suffix}"] = _table(_columns(part), suffix)
    return Seed("folder", held, "s", {"split": "test"} if rng.random() < 0.2 else {})


MAKERS: tuple[Callable[[Rng], Seed], ...] = (
    *(ldac, svmlight, docword, matrixmarket, matrixmarket, npz, npz, folder, octis),
    *(table, table, txt, files, split_files),
)
