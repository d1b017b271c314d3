"""The leaderboard of the pages: its table, and what it says of hftopic in words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from adapters import MODELS
from leaderboard import CATALOGUE, CORPORA

# isort: split
from figures import NONE, Line, Table, fixed, mean_of, seeds, table

NAMES = dict(zip(CORPORA, ("20NG", "BBC", "Reuters", "AG News", "snippets", "DBLP"), strict=True))
OURS = ("hftopic-hfvae", "hftopic-vae")
IN_SHORT = {
    "hftopic-hfvae": "hftopic, 2×25",  # noqa: RUF001
    "hftopic-vae": "hftopic, plain VAE",
    "tomotopy-lda": "tomotopy LDA",
    "topica-lda": "topica LDA",
    "sklearn-lda": "scikit-learn LDA",
    "sklearn-nmf": "scikit-learn NMF",
    "topmost-prodlda": "TopMost ProdLDA",
}
"""Models of the README, and their names there."""

YARDSTICK = "tomotopy-lda"
"""Model whose time to fit is 1."""


@dataclass(frozen=True)
class Column:
    """A figure of the table: its key in the lines, digits after the point, and whether less is better."""

    key: str
    digits: int
    less: bool = False

    def text(self, lines: Sequence[Line]) -> str:
        return fixed(mean_of(lines, self.key), self.digits, point=True)

    def best(self, texts: Iterable[str]) -> float | None:
        """Best of the figures as they are shown, None if there is none."""
        values = [float(text) for text in texts if text != NONE]
        return (min if self.less else max)(values, default=None)


COLUMNS = {
    "fit s": Column("fit_cpu_seconds", 1, less=True),
    "ratio": Column("ratio", 2, less=True),
    "completion": Column("completion_perplexity", 0, less=True),
    "probe": Column("probe_accuracy", 3),
    "purity": Column("purity", 2),
    "NMI": Column("nmi", 2),
    "NPMI": Column("npmi", 3),
    "diversity": Column("diversity", 2),
    "distinct": Column("distinct", 0),
    "c_v": Column("topmost_c_v", 3),
    "TD15": Column("topmost_td", 2),
    "c_npmi": Column("octis_c_npmi", 3),
    "TD25": Column("octis_td", 2),
    "IRBO": Column("octis_irbo", 3),
}
JUDGED = {title: column for title, column in COLUMNS.items() if title != "ratio"}
"""What the sentences compare: the ratio orders models as the seconds do."""


def board(lines: Sequence[Line]) -> Table:
    """Means over seeds; the best figures of each corpus and number of topics are bold."""
    keys = {"place": "corpus", "topics": "K", "title": "model"}
    cells = {"seeds": seeds} | {title: column.text for title, column in COLUMNS.items()}
    named = [
        line | {"place": NAMES[line["corpus"]], "title": MODELS[line["model"]].title} for line in full(lines)
    ]
    made = table(named, keys, cells)
    columns: list[Column | None] = [None] * (len(keys) + 1) + list(COLUMNS.values())
    rows = [
        row
        for _, block in groupby(made.rows, lambda row: row[:2])
        for row in emphasised(list(block), columns)
    ]
    return Table(made.header, tuple(rows))


def board_in_short(lines: Sequence[Line]) -> Table:
    """The table of the README: fits with 50 topics, the models and the figures that users ask for first."""
    asked = [line for line in full(lines) if line["topics"] == 50 and line["model"] in IN_SHORT]
    named = [line | {"place": NAMES[line["corpus"]], "title": IN_SHORT[line["model"]]} for line in asked]
    shown = ("ratio", "completion", "probe", "purity", "NPMI", "diversity", "distinct")
    columns = {title: COLUMNS[title] for title in shown}
    made = table(named, {"place": "corpus", "title": "model"}, {n: c.text for n, c in columns.items()})
    rows = [
        row
        for _, block in groupby(made.rows, lambda row: row[0])
        for row in emphasised(list(block), [None, None, *columns.values()])
    ]
    return Table(made.header, tuple(rows))


def full(lines: Sequence[Line]) -> list[Line]:
    """Lines of complete fits in the order of the table, each with its seconds as a ratio to the yardstick."""
    models, corpora = [*OURS, *(name for name in CATALOGUE if name not in OURS)], list(CORPORA)
    complete = [line for line in lines if not line["quick"] and line["documents"] is None]
    ordered = sorted(
        complete,
        key=lambda line: (line["topics"], corpora.index(line["corpus"]), models.index(line["model"])),
    )
    return [line | {"ratio": ratio(line, complete)} for line in ordered]


def ratio(line: Line, lines: Sequence[Line]) -> float | None:
    """Seconds of a fit over those of the yardstick on the same corpus and processor; None without either."""
    same = {key: line[key] for key in ("corpus", "topics", "threads", "processor")} | {"model": YARDSTICK}
    unit = mean_of([other for other in lines if same.items() <= other.items()], "fit_cpu_seconds")
    return line["fit_cpu_seconds"] / unit if unit and "fit_cpu_seconds" in line else None


def emphasised(rows: list[tuple[str, ...]], columns: Sequence[Column | None]) -> Iterator[tuple[str, ...]]:
    """Rows of a block with the best figure of each column in bold."""
    best = [
        column and column.best(texts) for column, texts in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    for row in rows:
        yield tuple(
            f"**{text}**" if value is not None and text != NONE and float(text) == value else text
            for text, value in zip(row, best, strict=True)
        )


def in_words(lines: Sequence[Line]) -> str:
    """For each of our models, a list: where no peer is better, and where one is, with both figures."""
    ordered = full(lines)
    parts = []
    for model in OURS:
        blocks = groupby(ordered, lambda line: (NAMES[line["corpus"]], line["topics"]))
        said = [sentence(place, list(block), model) for place, block in blocks]
        parts += [f"{MODELS[model].title}:", "\n".join(filter(None, said)) or "- No fits yet."]
    return "\n\n".join(parts)


def sentence(place: tuple[str, int], lines: Sequence[Line], model: str) -> str:
    """What a block says of one of our models; nothing if it has no line there."""
    shown = texts_of(lines)
    if model not in shown:
        return ""
    ours, others = shown[model], {name: texts for name, texts in shown.items() if name not in OURS}
    first, behind = [], []
    for title, text in ours.items():
        of_others = {name: texts[title] for name, texts in others.items() if texts[title] != NONE}
        if text == NONE or not of_others:
            continue
        best = JUDGED[title].best([text, *of_others.values()])
        if float(text) == best:
            first.append(title)
        else:
            leader = next(name for name, other in of_others.items() if float(other) == best)
            behind.append(f"{title} {text} ({MODELS[leader].title} {of_others[leader]})")
    corpus, topics = place
    return f"- {corpus}, {topics} topics. No peer is better: {listed(first)}. Behind: {listed(behind)}."


def texts_of(lines: Sequence[Line]) -> dict[str, dict[str, str]]:
    """Figures of each model of a block as they are shown, by model and column."""
    models = dict.fromkeys(line["model"] for line in lines)
    return {
        model: {
            title: column.text([line for line in lines if line["model"] == model])
            for title, column in JUDGED.items()
        }
        for model in models
    }


def listed(items: Sequence[str]) -> str:
    return ", ".join(items) or "nothing"
