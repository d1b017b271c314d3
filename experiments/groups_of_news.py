"""Which topics survive, and which go together? Section 5.2 of the paper, on real news.

    python examples/07_groups_of_news.py --corpora FOLDER --scorer score.py [--corpus agnews] [--seeds 0]

The paper fits ProdLDA with 50 topics to 20 Newsgroups and says: the plain VAE keeps 50 topics and none of
them correlate; HFVAE with two groups of 25 (beta 0.1, gamma 4) keeps 11, and pairs across the groups
correlate, such as religion with Middle East politics. This fits both, and NVDM too, with either reading of
the softmax and with or without a norm on the encoder, and ProdLDA with the weights it has by default; it
adds a JSON line for each fit to the results file.
A pair of topics is named there by the label whose documents have most of either; its words are printed only.
"""

from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from runner import RAMPED, axes_in, lines_of, made_with, measure_once, options_of_corpus, quality, rounded

from hftopic import HFVAE, NVDM, VAE, ProdLDA
from hftopic.analysis import topic_coherence, topic_correlation, topic_information, topics_by_label
from hftopic.base import BaseTopicModel

OBJECTIVES = {
    "VAE": (50, VAE()),
    "HFVAE": ((25, 25), HFVAE(beta=0.1, gamma=4.0)),
    "HFVAE, ramped": ((25, 25), RAMPED),
}
FORMS = [
    *[("ProdLDA", softmax, norm) for norm, softmax in product(("none", "shift"), ("joint", "group"))],
    *[("NVDM", "", norm) for norm in ("none", "shift")],
]
STRONGEST = 5


def main() -> None:
    parser = options_of_corpus(__doc__, "groups_of_news.jsonl", seeds=[0, 1, 2, 3, 4], epochs=40)
    parser.add_argument("--norms", nargs="+", choices=("none", "shift"), default=["none", "shift"])
    arguments = parser.parse_args()
    scorer = quality.load_scorer(arguments.scorer)
    folder = arguments.corpora / arguments.corpus
    data = scorer.load(folder)
    label_names = (folder / "labels.txt").read_text().split("\n") if (folder / "labels.txt").exists() else []
    forms = [form for form in FORMS if form[2] in arguments.norms]
    for seed, form, objective in product(arguments.seeds, forms, OBJECTIVES):
        if objective == "VAE" and form[1] == "group":
            continue  # of one group both readings are the same
        if objective == "HFVAE, ramped" and form != ("ProdLDA", "joint", "none"):
            continue  # the weights of the paper are constant; these are the defaults, in one form
        names = dict(zip(("model", "softmax", "encoder_norm"), form, strict=True))
        key = {"corpus": arguments.corpus, **names, "objective": objective, "seed": seed}
        key["epochs"] = arguments.epochs
        model = model_of(form, objective, seed, arguments.epochs)
        measure_once(arguments.results, key, partial(measured, model, data, scorer, label_names))
    lines = lines_of(arguments.results, arguments.epochs)
    print(table_of(lines).to_string(index=False))
    if arguments.figure:
        draw(lines, arguments.figure)


def model_of(form: tuple[str, str, str], objective: str, seed: int, epochs: int) -> BaseTopicModel:
    """Unfitted model of one form under one objective."""
    kind, softmax, norm = form
    groups, chosen = OBJECTIVES[objective]
    common = {"objective": chosen, "encoder_norm": norm, "max_iter": epochs, "random_state": seed}
    if kind == "NVDM":
        return NVDM(groups=groups, **common)
    return ProdLDA(groups=groups, topic_softmax=softmax, **common)


def measured(
    model: BaseTopicModel, data: tuple[Any, ...], scorer: Any, label_names: list[str]
) -> dict[str, Any]:
    """Figures of ``benchmarks/quality.py``, c_v, and the correlations with their significance."""
    train, _, vocabulary, labels, _ = data
    row = quality.measure(model, data, scorer)
    active = topic_information(model, train)["active"].to_numpy()
    c_v = topic_coherence(model, train, measure="c_v", vocabulary=vocabulary)["c_v"][active].mean()
    labels = [label_names[int(label)] for label in labels] if label_names and labels is not None else labels
    found = topic_correlation(
        model, train, active=active, random_state=0, n_top_words=4, vocabulary=vocabulary
    )
    sides = found.summary().drop(columns="mean_abs_r")
    return {
        **row,
        "c_v": rounded(c_v),
        **{f"{name}_{side}": rounded(sides.loc[side, name]) for side in sides.index for name in sides},
        "strongest": strongest_pairs(model, found.pairs, train, labels),
        **made_with(model, train, vocabulary),
    }


def strongest_pairs(
    model: BaseTopicModel, pairs: pd.DataFrame, train: Any, labels: Any
) -> list[dict[str, Any]]:
    """The strongest positive pairs: r, on which side, and the label with the highest share of each topic."""
    pairs = pairs[pairs["r"] > 0].head(STRONGEST)
    print(pairs[["r", "across", "words_a", "words_b"]].to_string(index=False), flush=True)
    shares = None if labels is None else topics_by_label(model, train, labels=labels)
    return [
        {
            "r": round(pair["r"], 3),
            "across": pair["across"],
            "labels": None if shares is None else [shares[pair[s]].idxmax() for s in ("topic_a", "topic_b")],
        }
        for pair in pairs.to_dict("records")
    ]


def table_of(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Mean over seeds, with the standard deviation of what varies most; a row a form and objective."""
    results = pd.DataFrame(lines)
    for threshold in ("0.01", "0.05", "0.1"):
        results[f"active>{threshold}"] = [counts[threshold] for counts in results["active_by_threshold"]]
    keys = ["corpus", "model", "softmax", "encoder_norm", "objective"]
    columns = [
        *["active>0.01", "active>0.05", "active>0.1", "npmi", "c_v", "diversity"],
        *["completion_perplexity", "corpus_perplexity", "probe_accuracy"],
        *["mean_abs_r_within", "max_abs_r_within", "max_abs_r_across"],
    ]
    grouped = results.groupby(keys, sort=False)
    table = grouped[columns].mean().round(3)
    table["npmi_sd"] = grouped["npmi"].std().round(3)
    table["seeds"] = grouped["seed"].nunique()
    return table.reset_index().replace({np.nan: None})


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """What is left of the topics and how they correlate: a row of points a form, one a seed."""
    results = pd.DataFrame(lines)
    results["active topics"] = [counts["0.05"] for counts in results["active_by_threshold"]]
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
