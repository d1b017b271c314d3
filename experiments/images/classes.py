"""Does the digit go to the discrete variable, and stay while the rest moves? Figure 5 and section 5.3.

    python experiments/images/classes.py [--corpus fashion_mnist] [--figure held.png]

Perceptrons with ten Gaussian dimensions and a discrete variable of ten classes learn from pictures without
their labels, under each of the objectives below. "c free" is a network to whose class the terms of the
objective give no gradient; "T .3" is one with a lower temperature of the relaxation. On test pictures:

* the purity of the likeliest class: the share of pictures whose label is the commonest of their class, beside
  that of k-means on the pixels and, for ten dimensions without classes, on the posterior means;
* I(y; c) and the largest I(y; z_d), in nats, and the gap between them;
* "held": each dimension in use is moved from -2 to 2 while the others and the class stay. The share of
  pictures whose label stays what it was, as a classifier of real pictures sees it, over all dimensions in
  use, and in the one that changes the ink most, which is the thickness.

Each fit adds a JSON line to the results file; at the end the script prints mean ± standard deviation.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

sys.path.append(str(Path(__file__).parents[1]))
import networks
import pictures
from figures import Line, Table, mean, mean_sd, rounded, seeds, table
from runner import axes_in, measure_once, options, show

from hftopic import HFVAE, VAE, BetaTCVAE, BetaVAE
from hftopic.networks.autoencoder import Autoencoder

MODELS: dict[str, tuple[Any, int | None]] = {
    "VAE, no c": (VAE(), None),
    "VAE": (VAE(), networks.CLASSES),
    "beta-VAE (4)": (BetaVAE(4.0), networks.CLASSES),
    "beta-TCVAE (4)": (BetaTCVAE(4.0), networks.CLASSES),
    "HFVAE (4, 3)": (HFVAE(beta=4.0, gamma=3.0), networks.CLASSES),
    "HFVAE (.1, 3)": (HFVAE(beta=0.1, gamma=3.0), networks.CLASSES),
}
FREE, SHARP = "HFVAE (4, 3), c free", "HFVAE (.1, 3), T .3"
MODELS |= {FREE: MODELS["HFVAE (4, 3)"], SHARP: MODELS["HFVAE (.1, 3)"]}
TEMPERATURES = {SHARP: 0.3}
KMEANS = "k-means on pixels"
METHODS = (KMEANS, *MODELS)
MOVED, STEPS = 200, np.linspace(-2, 2, 9)  # pictures whose dimensions are moved, and where to


def main() -> None:
    parser = options(__doc__, "images/classes.jsonl", seeds=[0, 1, 2, 3, 4], epochs=30)
    parser.add_argument("--corpus", nargs="+", default=list(pictures.LABELLED), choices=pictures.LABELLED)
    parser.add_argument("--models", nargs="+", choices=METHODS, default=list(METHODS))
    pictures.add_option(parser)
    arguments = parser.parse_args()
    there = list(pictures.labelled(arguments.corpus, arguments.corpora))
    for seed, (corpus, train, test), name in product(arguments.seeds, there, arguments.models):
        key = {"corpus": corpus, "model": name, "seed": seed, "epochs": arguments.epochs}
        measure_once(arguments.results, key, partial(measured, train, test, name, seed, arguments.epochs))
    drawn = partial(draw, there=there, epochs=arguments.epochs)
    show(arguments, table_of, drawn if there else None)


def measured(
    train: pictures.Pictures, test: pictures.Pictures, name: str, seed: int, epochs: int
) -> dict[str, Any]:
    """Scores of the classes and the dimensions on test pictures."""
    label = test.factors["label"].to_numpy()
    if name == KMEANS:
        found = clusters(pictures.flat(train.values), pictures.flat(test.values), seed)
        row: dict[str, Any] = {
            "purity": purity(found, label),
            "nmi": normalized_mutual_info_score(label, found),
        }
        return {key: rounded(value) for key, value in row.items()} | networks.made_with(train, name)
    objective, classes = MODELS[name]
    kind = networks.FreeClass if name == FREE else Autoencoder
    own = {"temperature": TEMPERATURES[name]} if name in TEMPERATURES else {}
    network = networks.fitted(train, objective, classes, epochs, seed, kind, **own)
    means, of_class = networks.codes_of(network, test)
    in_dims, in_class = networks.information_of(network, train)
    active = np.flatnonzero(in_dims > networks.ACTIVE)
    known = of_class if of_class is not None else clusters(networks.codes_of(network, train)[0], means, seed)
    of_label, of_label_in_class = networks.label_information(network, test)
    row = {
        "purity": purity(known, label),
        "nmi": normalized_mutual_info_score(label, known),
        "label_in_best_dim": of_label.max(),
        "active": len(active),
        "class_nats": in_class,
        "bound": networks.bounds_of(network, test).mean(),
    }
    if of_class is not None:
        row["label_in_class"] = of_label_in_class
        row["gap"] = of_label_in_class - row["label_in_best_dim"]
    if len(active):
        held, ink = held_labels(network, train, test[:MOVED], active)
        row |= {"held": held.mean(), "held_as_ink_moves": held[ink.argmax()], "ink": ink.max()}
    fitted_with = networks.made_with(train, objective, classes=classes, kind=kind.__name__, **own)
    return {key: rounded(value) for key, value in row.items()} | fitted_with


def clusters(learned: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
    """Cluster of each row of `judged`, from k-means on the rows of `learned`."""
    return np.asarray(KMeans(networks.CLASSES, n_init=10, random_state=seed).fit(learned).predict(judged))


def purity(found: np.ndarray, label: np.ndarray) -> float:
    """Share of pictures whose label is the commonest of their class."""
    return float(pd.crosstab(found, label).max(axis=1).sum() / len(label))


def held_labels(
    network: Autoencoder, train: pictures.Pictures, moved: pictures.Pictures, dims: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each dimension, the share of moved pictures that keep their label, and the range of their ink."""
    means, of_class = networks.codes_of(network, moved)
    told = pictures.classifier(train)
    before = told.predict(pictures.flat(networks.decoded(network, means, of_class)))
    held, ink = np.empty(len(dims)), np.empty(len(dims))
    for place, dim in enumerate(dims):
        shown = [networks.decoded(network, moved_to(means, dim, value), of_class) for value in STEPS]
        held[place] = np.mean([told.predict(pictures.flat(of)) == before for of in shown])
        inks = np.array([of.mean((1, 2)) for of in shown])
        ink[place] = np.ptp(inks, axis=0).mean()
    return held, ink


def moved_to(means: np.ndarray, dim: int, value: float) -> np.ndarray:
    """Codes with another value of one dimension."""
    moved = means.copy()
    moved[:, dim] = value
    return moved


def table_of(lines: list[Line]) -> Table:
    """Mean ± standard deviation over seeds, a row for each corpus and method."""
    return table(
        sorted(lines, key=lambda line: (line["corpus"] == "fashion_mnist", METHODS.index(line["model"]))),
        {"corpus": "corpus", "model": "model"},
        {
            "purity": mean_sd("purity"),
            "NMI": mean_sd("nmi"),
            "I(y; c)": mean("label_in_class"),
            "max I(y; z_d)": mean("label_in_best_dim"),
            "gap": mean_sd("gap"),
            "I(x; c)": mean("class_nats"),
            "active z_d": mean("active", 1),
            "held": mean("held"),
            "as ink moves": mean_sd("held_as_ink_moves"),
            "ink": mean("ink"),
            "ELBO": mean("bound", 1),
            "seeds": seeds,
        },
    )


def draw(
    lines: list[Line], path: Path, there: list[tuple[str, pictures.Pictures, pictures.Pictures]], epochs: int
) -> None:
    """Pictures of each class while the dimension with the most ink moves: a VAE's, and the purest HFVAE's.

    Each is fitted again, with seed 0. A VAE whose class holds nothing shows the same row ten times.
    """
    del lines
    _, train, test = there[0]
    shown = ("VAE", "HFVAE (.1, 3)")
    with axes_in(path, 1, len(shown), (7, 4)) as axes:
        for ax, name in zip(axes[0], shown, strict=True):
            objective, classes = MODELS[name]
            network = networks.fitted(train, objective, classes, epochs, seed=0)
            _, ink = held_labels(network, train, test[:MOVED], np.arange(networks.DIMS))
            z = np.zeros((networks.CLASSES, networks.DIMS))
            columns = [
                networks.decoded(network, moved_to(z, ink.argmax(), value), np.arange(networks.CLASSES))
                for value in STEPS
            ]
            ax.imshow(np.block([[of[c] for of in columns] for c in range(networks.CLASSES)]), cmap="gray_r")
            ax.set(title=name, xlabel="the dimension with the most ink, -2 to 2", ylabel="class", yticks=[])
            ax.set_xticks([])


if __name__ == "__main__":
    main()
