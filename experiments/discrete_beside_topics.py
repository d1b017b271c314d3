"""Which information goes to a discrete variable beside topics? Section 5.3 of the paper, on text.

    python examples/11_discrete_beside_topics.py --corpora FOLDER --scorer score.py [--corpus agnews]

The paper asks how much of the label y a discrete variable c holds that no single continuous dimension z_i
holds as well: the gap I(y; c) - max_i I(y; z_i). A Concrete variable of as many classes as the corpus has
labels stands here beside 25 topics of ProdLDA or 10 dimensions of NVDM, under several objectives, and beside
that the same dimensions without it. All informations are of test documents, in nats, between the label and
the likeliest class or the posterior mean; no fit sees a label. Adds a JSON line for each fit to the results
file, then prints means over seeds.
"""

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from runner import axes_in, lines_of, made_with, measure_once, options_of_corpus, quality, rounded
from sklearn.metrics import normalized_mutual_info_score

from hftopic import HFVAE, NVDM, VAE, BetaVAE, Concrete, ProdLDA
from hftopic.analysis import factor_information, topic_information
from hftopic.base import BaseTopicModel

OBJECTIVES: dict[str, Any] = {
    "VAE, no c": VAE(),
    "VAE": VAE(),
    "beta-VAE (4)": BetaVAE(4.0),
    "HFVAE (.1, 4)": HFVAE(beta=0.1, gamma=4.0),
    "HFVAE (4, 1)": HFVAE(beta=4.0, gamma=1.0),
    "HFVAE (4, 4)": HFVAE(beta=4.0, gamma=4.0),
}
DIMS = {"ProdLDA": 25, "NVDM": 10}
FIGURES = ["label_in_class", "label_in_best_dim", "gap", "nmi", "classes_used", "class_nats", "active"]


def main() -> None:
    parser = options_of_corpus(__doc__, "discrete_beside_topics.jsonl", seeds=[0, 1, 2], epochs=60)
    parser.add_argument("--models", nargs="+", choices=DIMS, default=list(DIMS))
    arguments = parser.parse_args()
    data = quality.load_scorer(arguments.scorer).load(arguments.corpora / arguments.corpus)
    for seed in arguments.seeds:
        for kind in arguments.models:
            for name in OBJECTIVES:
                key = {"corpus": arguments.corpus, "model": kind, "objective": name, "seed": seed}
                key["epochs"] = arguments.epochs
                model = model_of(kind, name, len(np.unique(data[3])), arguments.epochs, seed)
                measure_once(arguments.results, key, partial(measured, model, data))
    lines = lines_of(arguments.results, arguments.epochs)
    print(table_of(lines).to_string())
    if arguments.figure:
        draw(lines, arguments.figure)


def model_of(kind: str, name: str, classes: int, epochs: int, seed: int) -> BaseTopicModel:
    """Unfitted model, with a discrete variable unless the objective's name says otherwise."""
    dims = DIMS[kind]
    chosen = {"ProdLDA": ProdLDA, "NVDM": NVDM}[kind]
    return chosen(
        groups=dims if name.endswith("no c") else (dims, Concrete(classes)),
        objective=OBJECTIVES[name],
        max_iter=epochs,
        random_state=seed,
    )


def measured(model: BaseTopicModel, data: tuple[Any, ...]) -> dict[str, Any]:
    """Information about the label in the class and in each dimension."""
    train, test, vocabulary, _, labels = data
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the weight of the mutual information")
        model.fit(train)
    label = pd.DataFrame({"label": labels})
    in_dims = factor_information(model.transform_latent(test), label)["label"].max()
    information = topic_information(model, train)
    row: dict[str, Any] = {"label_in_best_dim": in_dims, "active": int(information["active"].sum())}
    if model.latent_space_.concretes:
        found = model.predict(test)
        row["label_in_class"] = factor_information(found[:, None], label)["label"].iloc[0]
        row["gap"] = row["label_in_class"] - in_dims
        row["nmi"] = normalized_mutual_info_score(labels, found)
        row["classes_used"] = len(np.unique(found))
        row["class_nats"] = information.loc[information["group"] == 1, "information"].iloc[0]
        row["active"] -= int(information.loc[information["group"] == 1, "active"].sum())
    return {name: rounded(value) for name, value in row.items()} | made_with(model, train, vocabulary)


def table_of(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Means over seeds and the deviation of the gap, a row a model and objective."""
    grouped = pd.DataFrame(lines).groupby(["corpus", "model", "objective"], sort=False)
    table = grouped[FIGURES].mean().round(2)
    return table.assign(gap_sd=grouped["gap"].std().round(2), seeds=grouped.size())


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes a corpus and model: what the class and the best dimension know of the label."""
    results = pd.DataFrame(lines)
    forms = list(results.groupby(["corpus", "model"], sort=False))
    with axes_in(path, 1, len(forms), (11, 2.6), sharey=True) as axes:
        for ax, (form, chosen) in zip(axes[0], forms, strict=True):
            ax.scatter(
                chosen["label_in_best_dim"], chosen["objective"], s=14, color="C0", label="best dimension"
            )
            ax.scatter(chosen["label_in_class"], chosen["objective"], s=14, color="C1", marker="s", label="c")
            ax.set(title=", ".join(form), xlabel="I(label; .), nats", xlim=(0, None))
        axes[0, 0].invert_yaxis()
        axes[0, 0].legend(fontsize=6)


if __name__ == "__main__":
    main()
