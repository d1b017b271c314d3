"""Which information goes to a discrete variable beside topics? Section 5.3 of the paper, on text.

    python experiments/discrete_beside_topics.py [--corpus agnews docstrings]

The paper asks how much of the label y a discrete variable c holds that no single continuous dimension z_i
holds as well: the gap I(y; c) - max_i I(y; z_i). This script fits a Concrete variable of as many classes as
the corpus has labels, beside 25 topics of ProdLDA or 10 dimensions of NVDM, under several objectives. For
comparison it fits the same dimensions without the variable. All informations are those of test documents, in
nats, between the label and the likeliest class or the posterior mean; no fit sees a label. Each fit adds a
JSON line to the results file; at the end the script prints means over seeds.
"""

import warnings
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sources
from figures import Line, Table, mean, mean_sd, rounded, seeds, table
from measurements import ACTIVE, Model, made_with
from runner import FIXED, axes_in, measure_once, options_of_corpus, show
from scorer import Splits
from sklearn.metrics import normalized_mutual_info_score

from hftopic import HFVAE, NVDM, VAE, BetaVAE, Concrete, ProdLDA
from hftopic.analysis import factor_information, topic_information

OBJECTIVES: dict[str, Any] = {
    "VAE, no c": VAE(),
    "VAE": VAE(),
    "beta-VAE (4)": BetaVAE(4.0),
    "HFVAE (.1, 4)": HFVAE(beta=0.1, gamma=4.0),
    "HFVAE (4, 1)": HFVAE(beta=4.0, gamma=1.0),
    "HFVAE (4, 4)": HFVAE(beta=4.0, gamma=4.0),
}
DIMS = {"ProdLDA": 25, "NVDM": 10}


def main() -> None:
    parser = options_of_corpus(__doc__, "discrete_beside_topics.jsonl", seeds=[0, 1, 2], epochs=60)
    parser.add_argument("--models", nargs="+", choices=DIMS, default=list(DIMS))
    arguments = parser.parse_args()
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        n_labels = len(np.unique(data.train_labels))
        for seed, kind, name in product(arguments.seeds, arguments.models, OBJECTIVES):
            key = {"corpus": corpus, "model": kind, "objective": name, "seed": seed}
            key["epochs"] = arguments.epochs
            model = model_of(kind, name, n_labels, arguments.epochs, seed)
            measure_once(arguments.results, key, partial(measured, model, data))
    show(arguments, table_of, draw)


def model_of(kind: str, name: str, classes: int, epochs: int, seed: int) -> Model:
    """Unfitted model, with a discrete variable unless the name of the objective ends in "no c"."""
    dims = DIMS[kind]
    chosen: type[Model] = {"ProdLDA": ProdLDA, "NVDM": NVDM}[kind]
    return chosen(
        groups=dims if name.endswith("no c") else (dims, Concrete(classes)),
        objective=OBJECTIVES[name],
        max_iter=epochs,
        random_state=seed,
        **FIXED[chosen],
    )


def measured(model: Model, data: Splits) -> dict[str, Any]:
    """Information about the label in the class and in each dimension."""
    train, test, vocabulary, _, labels = data
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the weight of the mutual information")
        model.fit(train)
    label = pd.DataFrame({"label": labels})
    in_dims = factor_information(model.transform_latent(test), label)["label"].max()
    information = topic_information(model, train)
    active = information["information"] > ACTIVE
    row: dict[str, Any] = {"label_in_best_dim": in_dims, "active": int(active.sum())}
    if model.latent_space_.concretes:
        found = model.predict(test)
        row["label_in_class"] = factor_information(found[:, None], label)["label"].iloc[0]
        row["gap"] = row["label_in_class"] - in_dims
        row["nmi"] = normalized_mutual_info_score(labels, found)
        row["classes_used"] = len(np.unique(found))
        row["class_nats"] = information.loc[information["group"] == 1, "information"].iloc[0]
        row["active"] -= int(active[information["group"] == 1].sum())
    return {name: rounded(value) for name, value in row.items()} | made_with(model, train, vocabulary)


def table_of(lines: list[Line]) -> Table:
    """Means over seeds and the standard deviation of the gap, a row for each model and objective."""
    return table(
        sorted(lines, key=place),
        {"corpus": "corpus", "model": "model", "objective": "objective"},
        {
            "I(y; c)": mean("label_in_class"),
            "max I(y; z_i)": mean("label_in_best_dim"),
            "gap": mean_sd("gap"),
            "NMI": mean("nmi"),
            "classes": mean("classes_used", 0),
            "I(x; c)": mean("class_nats"),
            "active z_i": mean("active", 0),
            "seeds": seeds,
        },
    )


def place(line: Line) -> tuple[str, int, int]:
    """Where a line of results comes in the table."""
    return line["corpus"], list(DIMS).index(line["model"]), list(OBJECTIVES).index(line["objective"])


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """One axes for each corpus and model: information about the label in the class and the best dimension."""
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
