"""Tables of the pages, made from the results of the benchmarks."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from peers import COLUMNS, median
from peers import MODELS as PEERS

# isort: split
from figures import Cell, Line, Table, active, fixed, mean, mean_of, mean_sd, seeds, table

QUALITY_CORPORA = ["20ng_avitm1995", "bbc", "reuters", "agnews", "20ng_ecrtm5000", "dblp", "docstrings"]
DECODER_CORPORA = [
    "20ng_ecrtm5000",
    "bbc",
    "agnews",
    "reuters",
    "20ng_avitm1995",
    "dblp",
    "short_searchsnippets",
]
QUALITY_MODELS = {
    "prodlda-vae": "ProdLDA VAE",
    "prodlda-hfvae": "ProdLDA HFVAE",
    "prodlda-hfvae-paper": "ProdLDA HFVAE, paper",
    "nvdm-vae": "NVDM VAE",
}


def quality(lines: Sequence[Line]) -> Table:
    """Every corpus and model of ``results/quality.jsonl``: means over seeds, NPMI with its deviation."""
    named = [line | {"name": QUALITY_MODELS[line["model"]]} for line in in_order(lines)]
    return table(
        active(named),
        {"corpus": "corpus", "name": "model"},
        {
            "seeds": seeds,
            "active": mean("active>0.05", 0),
            "NPMI": mean_sd("npmi", 3, point=True),
            "diversity": mean("diversity", 2, point=True),
            "completion": mean("completion_perplexity", 0),
            "corpus ppl": mean("corpus_perplexity", 0),
            "probe": mean("probe_accuracy", 3, point=True),
            "purity": mean("purity", 2, point=True),
            "distinct": mean("distinct", 0),
            "r within": mean("mean_abs_r_within", 2, point=True),
            "r across": mean("max_abs_r_across", 2, point=True),
        },
    )


def in_order(lines: Sequence[Line]) -> list[Line]:
    """Lines of ``results/quality.jsonl`` in the order of the tables."""
    models = list(QUALITY_MODELS)
    return sorted(lines, key=lambda row: (QUALITY_CORPORA.index(row["corpus"]), models.index(row["model"])))


def decoders(lines: Sequence[Line]) -> Table:
    """Every corpus and model of ``results/decoders.jsonl``: means over seeds."""
    order = list(PEERS)
    named = [line | {"name": PEERS[line["model"]].title} for line in lines if "error" not in line]
    named.sort(key=lambda row: (DECODER_CORPORA.index(row["corpus"]), order.index(row["model"])))
    return table(
        named,
        {"corpus": "corpus", "name": "model"},
        {
            "seeds": seeds,
            "c_v": mean("topmost_c_v", 3, point=True),
            "TD15": mean("topmost_td", 2, point=True),
            "NPMI": mean("npmi", 3, point=True),
            "distinct": mean("distinct", 0),
            "purity": mean("purity", 2, point=True),
            "NMI": mean("nmi", 2, point=True),
            "completion": mean("completion_perplexity", 0),
        },
    )


def chance(lines: Sequence[Line]) -> Table:
    """Correlations of independent topics: means over seeds."""
    cells = {
        "% positive": lambda rows: fixed(100 * (mean_of(rows, "positive") or 0.0), 1),
        "largest r": mean("largest", 2, point=True),
        "% within": lambda rows: fixed(100 * (mean_of(rows, "within") or 0.0), 1),
        "largest of prior": mean("prior", 2, point=True),
    }
    return table(lines, {"documents": "documents", "model": "model"}, cells | {"seeds": seeds})


def biases(lines: Sequence[Line]) -> Table:
    """Bias of each estimator without partners; a row "exact" opens each case and size."""
    keys = {"case": "case", "dims": "K", "batch": "B", "estimator": "estimator"}
    rows: list[Line] = []
    for line in lines:
        if line["partners"] is not None:
            continue
        exact = line | {"batch": "N", "estimator": "exact", "shown": line["exact"], "signs": ""}
        exact["own_share"] = line["exact_own_share"]
        if not rows or (rows[-1]["case"], rows[-1]["dims"]) != (line["case"], line["dims"]):
            rows.append(exact)
        rows.append(line | {"shown": line["bias"], "signs": "+"})

    def term(name: str) -> Any:
        return lambda alike: (
            signed(alike[0]["shown"][name], 2) if alike[0]["signs"] else fixed(alike[0]["shown"][name])
        )

    terms = {"I(x;z)": "information", "between": "between", "within": "within"}
    cells = {title: term(name) for title, name in terms.items()}
    return table(rows, keys, cells | {"own share": mean("own_share")})


def partners(lines: Sequence[Line]) -> Table:
    """Bias of the correlation within groups, by the number of partners."""

    def bias(number: int | None) -> Any:
        return lambda rows: signed(
            next(row["bias"]["within"] for row in rows if row["partners"] == number), 2
        )

    chosen = [line for line in lines if line["estimator"] == "hfvae" and line["batch"] > 64]
    cells = {"whole batch": bias(None), "128": bias(128), "64": bias(64), "32": bias(32)}
    return table(chosen, {"case": "case", "dims": "K", "batch": "B"}, cells)


def signed(value: float, digits: int) -> str:
    """Number with its sign; + where it is 0 after rounding."""
    text = fixed(value, digits).removeprefix("-")
    return f"-{text}" if value < 0 and float(text) else f"+{text}"


def steps(lines: Sequence[Line]) -> Table:
    """Milliseconds of a training step and of its parts, with their floors."""
    rows = [line for line in lines if "part" in line]

    def of_part(part: str, key: str, digits: int) -> Any:
        return lambda alike: fixed(
            next(row[key] for row in alike if row["part"] == part and key in row), digits
        )

    parts = [(part, key) for part in ("encoder", "decoder", "marginals") for key in ("ms", "floor_ms")]
    cells = {f"{part} {key}": of_part(part, key, 1) for part, key in parts}
    made = table(
        rows,
        {"B": "B", "K": "K", "loops": "loops"},
        {
            "VAE step": of_part("VAE step", "ms", 1),
            "HFVAE step": of_part("HFVAE step", "ms", 1),
            "ratio": of_part("HFVAE step", "ratio", 2),
            "mixtures": of_part("mixtures step", "ms", 1),
            "ratio ": of_part("mixtures step", "ratio", 2),
            **cells,
            "extra MB": of_part("marginals", "extra_MB", 0),
        },
    )
    titles = {f"{part} {key}": part if key == "ms" else "floor" for part, key in parts} | {"ratio ": "ratio"}
    return Table(tuple(titles.get(title, title) for title in made.header), made.rows)


def waterfall(lines: Sequence[Line]) -> Table:
    """Exclusive milliseconds of the parts of a step, of two versions; the largest parts first."""
    titles = {"vae": "VAE", "hfvae": "HFVAE", "mixtures": "mixtures"}

    def taken(objective: str, label: str) -> Callable[[Sequence[Line]], str]:
        return lambda alike: fixed(
            statistics.median(
                line["ms"] for line in alike if (line["objective"], line["label"]) == (objective, label)
            ),
            1,
        )

    largest: dict[str, float] = defaultdict(float)
    for line in lines:
        largest[line["part"]] = max(largest[line["part"]], line["ms"])
    ordered = sorted(lines, key=lambda line: (line["part"] == "whole step", -largest[line["part"]]))
    return table(
        ordered,
        {"part": "part"},
        {
            f"{title} {label}": taken(objective, label)
            for objective, title in titles.items()
            for label in ("before", "after")
        },
    )


def evaluation(lines: Sequence[Line]) -> Table:
    """Processor seconds of what reads a fitted model, of two versions."""

    def of(label: str) -> Callable[[Sequence[Line]], float]:
        return lambda alike: min(line["processor"] for line in alike if line["label"] == label)

    before, after = of("before"), of("after")
    return table(
        lines,
        {"task": "task", "documents": "documents", "words": "words"},
        {
            "before": lambda alike: fixed(before(alike), 1),
            "after": lambda alike: fixed(after(alike), 1),
            "ratio": lambda alike: fixed(before(alike) / after(alike), 1),
        },
    )


def peers(lines: Sequence[Line]) -> Table:
    """Each model of ``results/peers.jsonl``: medians, and the least and most seconds, of all repetitions."""
    models = list(PEERS)
    ordered = sorted(lines, key=lambda line: models.index(line["model"]))
    named = [line | {"name": PEERS[line["model"]].title} for line in ordered]
    cells: dict[str, Callable[[Sequence[Line]], str]] = {
        title: lambda alike, column=column: median(alike, *column) for title, column in COLUMNS.items()
    }

    def spread(alike: Sequence[Line]) -> str:
        taken = [line["fit_seconds"] for line in alike]
        return f"{min(taken):.0f} to {max(taken):.0f}"

    return table(named, {"name": "model"}, {"fit s": cells.pop("fit s"), "range": spread, **cells})


def errors_of_tests(lines: Sequence[Line]) -> Table:
    """False discovery rate and power of the tests of correlation, by margin, where pairs were planted."""
    kinds = {"correlation": "mean", "partial": "partial"}
    planted = [line | {"kind": kinds[line["test"]]} for line in lines if line["r"]]

    def of_margin(margin: str, key: str, digits: int) -> Any:
        return lambda rows: fixed(
            next(row[key] for row in rows if row["margin"] == margin), digits, point=True
        )

    made = table(
        planted,
        {"kind": "kind", "documents": "documents", "r": "r"},
        {
            f"{margin} {key}": of_margin(margin, key, digits)
            for margin in ("normal", "heavy", "skewed")
            for key, digits in (("fdr", 3), ("power", 2))
        },
    )
    header = tuple(
        title.replace(" fdr", ": fdr") if "fdr" in title else title.split()[-1] for title in made.header
    )
    return Table(header, made.rows)


EMBEDDED = {
    "k-means": "k-means",
    "CombinedTM": "CombinedTM",
    "ZeroShotTM": "ZeroShotTM",
    "prodlda-counts": "ProdLDA, counts",
    "prodlda-both": "ProdLDA, both",
    "prodlda-embeddings": "ProdLDA, embeddings",
    "nvlda-counts": "NVLDA, counts",
    "nvlda-both": "NVLDA, both",
    "nvlda-embeddings": "NVLDA, embeddings",
}


def embeddings(lines: Sequence[Line]) -> Table:
    """Every corpus and model of ``results/embeddings.jsonl``: means over seeds."""
    order = list(EMBEDDED)
    named = [line | {"name": EMBEDDED[line["model"]]} for line in lines]
    return table(
        sorted(named, key=lambda line: (line["corpus"], order.index(line["model"]))),
        {"corpus": "corpus", "name": "model"},
        {
            "purity": mean("purity", 3, point=True),
            "NMI": mean("nmi", 3, point=True),
            "distinct": mean("distinct", 0),
            "NPMI": mean("npmi", 3, point=True),
            "c_v": mean("c_v", 3, point=True),
            "diversity": mean("diversity", 2, point=True),
            "completion": mean("completion_perplexity", 0),
        },
    )


def zero_shot(lines: Sequence[Line]) -> Table:
    """Probes of documents by the half of the words that the model knows, and by the other half."""
    return table(
        lines,
        {"corpus": "corpus"},
        {
            "documents": mean("documents", 0),
            "words": mean("words", 0),
            "tests": mean("tests", 0),
            "probe, A": mean("probe_a", 3, point=True),
            "probe, B": mean("probe_b", 3, point=True),
            "purity, A": mean("purity_a", 3, point=True),
            "purity, B": mean("purity_b", 3, point=True),
        },
    )


def how_much_data(lines: Sequence[Line]) -> Table:
    """Distinct topics and coherence by the number of documents and of topics."""
    whole = [line for line in lines if line["share"] == 1]
    numbers = sorted({line["topics"] for line in whole})
    return table(
        whole,
        {"corpus": "corpus", "documents": "documents"},
        {f"distinct of {n}": of_topics(n, mean("distinct", 0)) for n in numbers}
        | {f"NPMI of {n}": of_topics(n, mean("npmi", 2, point=True)) for n in numbers},
    )


def of_topics(n: int, cell: Cell) -> Cell:
    """Cell over the lines of fits with so many topics."""
    return lambda lines: cell([line for line in lines if line["topics"] == n])


def how_many_epochs(lines: Sequence[Line]) -> Table:
    """Active and distinct topics and coherence by the number of epochs."""
    parts = {(line["corpus"], line["documents"], line["topics"]) for line in lines if line["share"] < 1}
    alike = [line for line in lines if (line["corpus"], line["documents"], line["topics"]) in parts]
    return table(
        sorted(alike, key=lambda line: (line["corpus"], line["share"])),
        {"corpus": "corpus", "documents": "documents", "epochs": "epochs"},
        {
            "% of the default": lambda lines: fixed(100 * (mean_of(lines, "share") or 0.0), 0),
            "active": mean("active", 0),
            "distinct": mean("distinct", 0),
            "NPMI": mean("npmi", 2, point=True),
        },
    )


def scale(lines: Sequence[Line]) -> Table:
    """What each size needs, by the model of ``results/scale.jsonl``."""
    rows = [line for line in lines if line["kind"] == "modelled"]
    cells = {
        "shards": lambda alike: size(alike[0]["shards_MB"]),
        "topics": lambda alike: size(alike[0]["theta_MB"]),
        "memory": lambda alike: size(alike[0]["fit_MB"]),
        "build": lambda alike: duration(alike[0]["build_seconds"]),
        "epoch": lambda alike: duration(alike[0]["epoch_seconds"]),
        "epochs": lambda alike: str(alike[0]["epochs"]),
        "description": lambda alike: duration(alike[0]["description_seconds"]),
        "transform": lambda alike: duration(alike[0]["transform_seconds"]),
    }
    numbered = [line | {"documents": f"{line['documents']:,}"} for line in rows]
    return table(numbered, {"documents": "documents"}, cells)


def scale_in_words(lines: Sequence[Line]) -> str:
    """What was measured for the model of sizes."""
    measured = [line for line in lines if line["kind"] == "measured"]
    usual = next(line for line in lines if line["kind"] == "model")
    largest = max(line["documents"] for line in measured)
    threads = "one thread" if usual["threads"] == 1 else f"{usual['threads']} threads"
    return (
        f"Generated documents of 80 tokens with {usual['words']:,} words, 50 topics, mini-batches of 512, "
        f"{threads}; measured up to\n{largest:,} documents, which are {80 * largest:,} tokens."
    )


def scale_checked(lines: Sequence[Line]) -> Table:
    """The model beside what was measured at sizes that it was not fitted to."""
    names = {
        "shards_MB": ("shards", size),
        "theta_MB": ("topics", size),
        "fit_MB": ("memory", size),
        "build_seconds": ("build", duration),
        "epoch_seconds": ("epoch", duration),
        "description_seconds": ("description", duration),
        "transform_seconds": ("transform", duration),
    }
    rows = [
        {
            "documents": f"{line['documents']:,}",
            "words": f"{line['words']:,}",
            "quantity": title,
            "model": written(line[name][0]),
            "measured": written(line[name][1]),
            "error": f"{fixed(100 * (line[name][0] / line[name][1] - 1), 0)}%",
        }
        for line in lines
        if line["kind"] == "checked"
        for name, (title, written) in names.items()
        if name in line
    ]
    cells = {name: lambda alike, name=name: alike[0][name] for name in ("model", "measured", "error")}
    return table(rows, {name: name for name in ("documents", "words", "quantity")}, cells)


def size(megabytes: float) -> str:
    """Bytes with two figures."""
    return f"{figures(megabytes / 1000)} GB" if megabytes >= 1000 else f"{figures(megabytes)} MB"


def duration(seconds: float) -> str:
    """Time with two figures."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{figures(seconds / length)} {unit}"
    return f"{figures(seconds)} s"


def figures(value: float) -> str:
    """Number with two figures, or as a whole number."""
    return fixed(value, 0) if value >= 10 else fixed(value, 1)
