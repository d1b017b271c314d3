"""Results of the analysis as a notebook shows them: short, with a picture each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from hftopic._colours import NEGATIVE, POSITIVE, colour_of
from hftopic._html import Html, bar, beside, element, more, note, number, panel, square, squares, table
from hftopic._wording import shortened

if TYPE_CHECKING:
    from hftopic.analysis.correlation.pairs import TopicCorrelation
    from hftopic.analysis.information import Decomposition
    from hftopic.analysis.selection.comparison import Comparison

N_PAIRS, N_SETTINGS = 6, 20
MOST_SQUARES = 60  # topics in a picture of a matrix


def correlation_html(found: "TopicCorrelation") -> str:
    """Number and strength of the pairs, the matrix by groups, and the strongest pairs."""
    over = f"over {found.n_documents:,} documents" if found.of == "documents" else "of the prior"
    facts = f"of {len(found.matrix)} topics {over}; {len(found.pairs):,} pairs"
    if not len(found.pairs):
        return panel("Correlations", facts)
    summary = found.summary()
    columns: dict[str, list[Any]] = {"pairs": summary.index.tolist(), "number": summary["pairs"].tolist()}
    columns |= {
        name: summary[column].tolist()
        for name, column in (("mean |r|", "mean_abs_r"), ("max |r|", "max_abs_r"))
    }
    if found.of == "documents":
        columns["p ≤ .05"] = summary["significant"].tolist()
    strongest = found.pairs.head(N_PAIRS)
    pairs = table(
        {
            "topics": [f"{a}, {b}" for a, b in zip(strongest["topic_a"], strongest["topic_b"], strict=True)],
            "r": [bar(r, 1.0, _sign(r), f"{r:+.2f}") for r in strongest["r"].tolist()],
            "words": [_side(row.group_a, row.words_a) for row in strongest.itertuples()],
            "words of the other": [_side(row.group_b, row.words_b) for row in strongest.itertuples()],
        }
    )
    return panel(
        "Correlations",
        facts,
        beside(_matrix(found), table(columns)),
        note(
            "positive ", square(POSITIVE), ", negative ", square(NEGATIVE), "; the diagonal shows the group"
        ),
        pairs,
        *more(len(found.pairs) - N_PAIRS, "pairs in .pairs; .across() and .within() select them"),
    )


def _side(group: Any, words: Any) -> Html:
    return element(
        "span", shortened(words, 60), style=f"border-left:3px solid {colour_of(group)};padding-left:.4em"
    )


def _sign(r: float) -> str:
    return POSITIVE if r >= 0 else NEGATIVE


def _matrix(found: "TopicCorrelation") -> Html:
    """The matrix, with the topics of a group beside each other."""
    groups = found.groups
    topics = sorted(found.matrix.index, key=lambda topic: (groups[topic], topic))[:MOST_SQUARES]
    r = found.matrix.loc[topics, topics].to_numpy()
    cells = [
        [
            (colour_of(groups[a]), 0.35, f"topic {a}, group {groups[a]}")
            if a == b
            else (_sign(r[i, j]), min(abs(r[i, j]), 1.0), f"topics {a} and {b}: r = {r[i, j]:+.2f}")
            for j, b in enumerate(topics)
        ]
        for i, a in enumerate(topics)
    ]
    return squares(cells, f"Correlations of {len(topics)} topics, by group")


def comparison_html(found: "Comparison", lower_is_better: Sequence[str]) -> str:
    """One row per setting; the best value of each measure is bold, the lowest of some measures."""
    summary = found.summary()
    n_failed = int(summary["failed"].sum())
    facts = f"of {len(summary)} settings in {len(found.table)} runs" + f", {n_failed} failed" * bool(n_failed)
    shown = summary.head(N_SETTINGS)
    columns: dict[str, list[Any]] = {"name": shown["name"].astype(str).tolist()}
    for measure in found.measures:
        if summary[measure].notna().any():
            title = measure if measure == found.coherence else measure.replace("_", " ")
            columns[title] = _with_bars(shown[measure], lower=measure in lower_is_better)
    return panel(
        "Comparison",
        facts,
        table(columns),
        *more(len(summary) - N_SETTINGS, "settings in .summary()"),
        note("Means over the runs; .summary() has standard deviations, .table the runs, .models the models."),
    )


def _with_bars(values: "pd.Series[float]", lower: bool) -> list[Any]:
    """Values with bars, and the best of them in bold."""
    best, largest = (values.min() if lower else values.max()), float(values.max())
    signed = bool((values < 0).any())  # a bar would be longer for a lower value
    shown = [number(v) if signed else bar(v, 3 * largest, text=number(v)) for v in values.tolist()]
    return [element("b" if v == best else "span", text) for v, text in zip(values, shown, strict=True)]


def decomposition_html(found: "Decomposition") -> str:
    """Terms as bars with their standard errors, and the groups."""
    values, errors = found.terms["value"], found.terms["standard_error"]
    of_kl = values.drop(["reconstruction", "negative_elbo"])  # which are a hundred times as large
    largest = float(of_kl.abs().max())
    terms = table(
        {
            "term": [str(name) for name in values.index],
            "nats per document": [
                bar(value if name in of_kl else 0.0, largest, _sign(value), f"{value:,.3f} ± {error:.2g}")
                for name, value, error in zip(values.index, values.tolist(), errors.tolist(), strict=True)
            ],
        }
    )
    groups = found.groups
    by_group = table(
        {
            "group": groups["path"].astype(str).tolist(),
            "information": groups["information"].tolist(),
            "total correlation": groups["total_correlation"].tolist(),
        }
    )
    facts = f"of {found.n_samples:,} of {found.n_documents:,} documents under the full mixture, in nats"
    return panel("Decomposition", facts, beside(terms, by_group), note("Tables: .terms, .groups, .topics"))
