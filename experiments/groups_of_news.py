"""Which topics stay active, and which of them correlate? Section 5.2 of the paper, on real news.

    python experiments/groups_of_news.py [--corpus agnews docstrings] [--seeds 0]

The paper fits ProdLDA with 50 topics to 20 Newsgroups. It reports that the plain VAE keeps 50 topics and none
of them correlate, and that HFVAE with two groups of 25 (beta 0.1, gamma 4) keeps 11, where pairs across the
groups correlate, such as religion with Middle East politics. This script fits both objectives to ProdLDA and
NVDM, with both readings of the softmax and with and without a norm on the encoder. It also fits ProdLDA with
its default weights. Each fit adds a JSON line to the results file. A line names a pair of topics by the
labels whose documents have the highest shares of them; top words are printed but never written.
"""

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
import sources
from figures import NONE, Line, Table, active, fixed, mean, mean_of, mean_sd, rounded, seeds, table
from measurements import ACTIVE, Model, made_with, measure, words_alone
from runner import (
    FIXED,
    LEARNED,
    RAMPED,
    WITHOUT_SCALE,
    axes_in,
    epochs_of,
    measure_once,
    options_of_corpus,
    show,
)
from scorer import Splits

from hftopic import HFVAE, NVDM, VAE, ProdLDA
from hftopic.analysis import topic_coherence, topic_correlation, topic_information, topics_by_label

OBJECTIVES = {
    "VAE": (50, VAE()),
    "HFVAE": ((25, 25), HFVAE(beta=0.1, gamma=4.0)),
    "HFVAE, ramped": ((25, 25), RAMPED),
    LEARNED: ((25, 25), None),
}
FORMS = [
    *[("ProdLDA", softmax, norm) for norm, softmax in product(("none", "shift"), ("joint", "group"))],
    *[("NVDM", "", norm) for norm in ("none", "shift")],
]
STRONGEST = 5


def main() -> None:
    parser = options_of_corpus(__doc__, "groups_of_news.jsonl", seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--norms", nargs="+", choices=("none", "shift"), default=["none", "shift"])
    arguments = parser.parse_args()
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        label_names = sources.label_names(corpus, arguments.corpora)
        measure_all(arguments, corpus, data, label_names)
    show(arguments, table_of, draw)


def measure_all(arguments: Namespace, corpus: str, data: Splits, label_names: list[str]) -> None:
    """Fit every form under every objective to one corpus."""
    forms = [form for form in FORMS if form[2] in arguments.norms]
    for seed, form, objective in product(arguments.seeds, forms, OBJECTIVES):
        if objective == "VAE" and form[1] == "group":
            continue  # both readings are the same for one group
        if objective in ("HFVAE, ramped", LEARNED) and form != ("ProdLDA", "joint", "none"):
            continue  # the paper's weights are constant; others are fitted in one form
        names = dict(zip(("model", "softmax", "encoder_norm"), form, strict=True))
        key = {"corpus": corpus, **names, "objective": objective, "seed": seed}
        key["epochs"] = epochs_of(objective, arguments.epochs)
        model = model_of(form, objective, seed, key["epochs"])
        measure_once(arguments.results, key, partial(measured, model, data, label_names))


def model_of(form: tuple[str, str, str], objective: str, seed: int, epochs: int) -> Model:
    """Unfitted model of one form under one objective."""
    kind, softmax, norm = form
    groups, chosen = OBJECTIVES[objective]
    if objective == LEARNED:
        return ProdLDA(groups=groups, max_iter=epochs, random_state=seed, **WITHOUT_SCALE)
    common = {"objective": chosen, "encoder_norm": norm, "max_iter": epochs, "random_state": seed}
    if kind == "NVDM":
        return NVDM(groups=groups, **common, **FIXED[NVDM])
    return ProdLDA(groups=groups, topic_softmax=softmax, **common, **FIXED[ProdLDA])


def measured(model: Model, data: Splits, label_names: list[str]) -> dict[str, Any]:
    """Figures of every experiment, c_v, and the correlations with their significance."""
    train, _, vocabulary, labels, _ = data
    row = measure(model, data)
    is_active = (topic_information(model, train)["information"] > ACTIVE).to_numpy()
    words = [[vocabulary[column] for column in topic] for topic in words_alone(model)[is_active]]
    c_v = topic_coherence(words, train, measure="c_v", vocabulary=vocabulary)["c_v"].mean()
    labels = [label_names[int(label)] for label in labels] if label_names and labels is not None else labels
    found = topic_correlation(
        model, train, active=is_active, random_state=0, n_top_words=4, vocabulary=vocabulary
    )
    sides = found.summary().drop(columns="mean_abs_r")
    return {
        **row,
        "c_v": rounded(c_v),
        **{f"{name}_{side}": rounded(sides.loc[side, name]) for side in sides.index for name in sides},
        "strongest": strongest_pairs(model, found.pairs, train, labels),
        **made_with(model, train, vocabulary),
    }


def strongest_pairs(model: Model, pairs: pd.DataFrame, train: Any, labels: Any) -> list[dict[str, Any]]:
    """The strongest positive pairs: r, whether across groups, and the label with most of each topic."""
    pairs = pairs[pairs["r"] > 0].head(STRONGEST)
    print(pairs[["r", "across", "words_a", "words_b"]].to_string(index=False), flush=True)
    shares = None if labels is None else topics_by_label(model, train, labels=labels, topics="all")
    return [
        {
            "r": round(pair["r"], 3),
            "across": pair["across"],
            "labels": None if shares is None else [shares[pair[s]].idxmax() for s in ("topic_a", "topic_b")],
        }
        for pair in pairs.to_dict("records")
    ]


def table_of(lines: list[Line]) -> Table:
    """Means over seeds, with the standard deviation of NPMI: a row for each form and objective."""
    return table(
        [
            line | {"name": f"{line['model']}, {line['objective'].removeprefix('HFVAE, ')}"}
            for line in sorted(active(lines), key=place)
        ],
        {"corpus": "corpus", "name": "model", "softmax": "softmax", "encoder_norm": "norm"},
        {
            "active": lambda rows: " ".join(
                fixed(mean_of(rows, f"active>{t}"), 0) for t in (0.01, 0.05, 0.1)
            ),
            "NPMI": mean_sd("npmi"),
            "c_v": mean("c_v"),
            "diversity": mean("diversity"),
            "completion": mean("completion_perplexity", 0),
            "corpus ppl": mean("corpus_perplexity", 0),
            "probe": mean("probe_accuracy", 3),
            "mean r within": mean("mean_abs_r_within"),
            "max r within": mean("max_abs_r_within"),
            "max r across": mean("max_abs_r_across"),
            "% significant": significant,
            "seeds": seeds,
        },
    )


def place(line: Line) -> tuple[str, int, int]:
    """Where a line of results comes in the table."""
    form = line["model"], line["softmax"], line["encoder_norm"]
    return line["corpus"], FORMS.index(form), list(OBJECTIVES).index(line["objective"])


def significant(lines: Sequence[Line]) -> str:
    """Percentages of the pairs within and across groups that are significant, means over seeds."""
    shares = []
    for side in ("within", "across"):
        of_seeds = [
            line[f"significant_{side}"] / line[f"pairs_{side}"] for line in lines if line[f"pairs_{side}"]
        ]
        shares.append(fixed(100 * fmean(of_seeds), 0) if of_seeds else NONE)
    return " / ".join(shares)


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """Active topics and their correlations: a row of points for each form, one point a seed."""
    results = pd.DataFrame(active(lines))
    results["active topics"] = results["active>0.05"]
    shown = {"mean_abs_r_within": "mean |r| within", "max_abs_r_within": "strongest |r| within"}
    shown |= {"max_abs_r_across": "strongest |r| across"}
    results = results.rename(columns=shown)
    columns = ["active topics", *shown.values()]
    corpora = list(dict.fromkeys(results["corpus"]))
    with axes_in(
        path, len(corpora), len(columns), (11, 2.6 * len(corpora)), sharey="row", sharex="col"
    ) as axes:
        for row, corpus in zip(axes, corpora, strict=True):
            of_corpus = results[results["corpus"] == corpus]
            names = [
                ", ".join(filter(None, form))
                for form in of_corpus[["model", "objective", "softmax", "encoder_norm"]].to_numpy()
            ]
            for ax, column in zip(row, columns, strict=True):
                colours = [f"C{list(OBJECTIVES).index(objective)}" for objective in of_corpus["objective"]]
                ax.scatter(of_corpus[column], names, c=colours, s=10)
                ax.set(xlim=(0, None))
            row[0].set_ylabel(corpus)
            row[0].invert_yaxis()
        for ax, column in zip(axes[0], columns, strict=True):
            ax.set_title(column)


if __name__ == "__main__":
    main()
