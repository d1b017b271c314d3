"""Images by name: arrays that the scripts in ``corpora`` prepare, and that are not distributed.

"mnist" and "fashion_mnist" are pictures with labels, "dsprites" are shapes with known factors. A folder that
is not there is skipped with a line on standard error, which says which script makes it.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import sources
from sklearn.neighbors import KNeighborsClassifier

BESIDE = Path(__file__).parents[2] / "corpora"
"""Where the folders are looked for unless ``--corpora`` says otherwise."""

MOST = 10_000  # labelled pictures that are drawn
TEST_SHARE = 0.2
NEIGHBOURS = 5
SPRITES, LABELLED = "dsprites", ("mnist", "fashion_mnist")
FACTORS = ("shape", "scale", "orientation", "x", "y")
UNORDERED = {"shape"}
ORIENTATIONS, POSITIONS = 10, 8  # of the grid of sprites, at even distances from those that were rendered


@dataclass(frozen=True)
class Pictures:
    """Greys from 0 to 1, shape (N, side, side), and what is known of each picture, a column each.

    Each pixel stands for a block of ``block`` pixels of one grey, as in a picture of twice the side.
    """

    values: np.ndarray
    factors: pd.DataFrame
    block: int = 1

    @property
    def side(self) -> int:
        """Pixels along each axis."""
        return self.values.shape[1]

    @property
    def sha256(self) -> str:
        """Begin of the hash of the greys, which says of which pictures a result is."""
        return hashlib.sha256(np.ascontiguousarray(self.values)).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Self:
        return replace(self, values=self.values[rows], factors=self.factors.iloc[rows].reset_index(drop=True))


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option ``--corpora``."""
    sources.add_option(parser, BESIDE, "mnist, fashion_mnist and dsprites")


def classifier(train: Pictures) -> KNeighborsClassifier:
    """Classifier of pictures by the labels of their neighbours; it takes rows of pixels."""
    return KNeighborsClassifier(NEIGHBOURS).fit(flat(train.values), train.factors["label"])


def flat(values: np.ndarray) -> np.ndarray:
    """Pictures as rows of pixels."""
    return values.reshape(len(values), -1)


def labelled(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Pictures, Pictures]]:
    """Name, training pictures and test pictures of each that is there; up to ``MOST`` are drawn.

    A fifth of them, drawn with a fixed seed, are for testing.
    """
    for name in names:
        if (arrays := _arrays(name, folder, "images", "labels")) is not None:
            images, labels = arrays
            order = np.random.default_rng(0).permutation(len(images))[:MOST]
            drawn = Pictures(
                np.asarray(images[order], dtype=np.float32) / 255, pd.DataFrame({"label": labels[order]})
            )
            n_test = round(TEST_SHARE * len(drawn))
            yield name, drawn[n_test:], drawn[:n_test]


def sprites(folder: Path) -> Pictures | None:
    """A grid of sprites of 32 × 32 pixels, the means of four pixels each; None if they are not there.

    The grid has every shape and scale, ten orientations, and eight positions on each axis. A factor is the
    number of its value: a float, or an int if its values have no order, as those of the shape.
    """
    if (arrays := _arrays(SPRITES, folder, "images", "factors")) is None:
        return None
    images, factors = arrays
    numbers = pd.DataFrame(
        {name: np.unique(of, return_inverse=True)[1] for name, of in zip(FACTORS, factors.T, strict=True)}
    )
    kept = np.full(len(numbers), True)
    for name, most in (("orientation", ORIENTATIONS), ("x", POSITIONS), ("y", POSITIONS)):
        n_values = numbers[name].max() + 1
        kept &= numbers[name].mod(max(1, n_values // most)) == 0
    rows = np.flatnonzero(kept)
    side = images.shape[1] // 2
    halved = images[rows].reshape(len(rows), side, 2, side, 2).mean((2, 4), dtype=np.float32) / 255
    chosen = numbers.iloc[rows].apply(lambda of: np.unique(of, return_inverse=True)[1])
    chosen = chosen.astype({name: float for name in FACTORS if name not in UNORDERED}).reset_index(drop=True)
    return Pictures(halved, chosen, block=4)


def _arrays(name: str, folder: Path, *files: str) -> list[np.ndarray] | None:
    """Arrays of a folder, memory-mapped, or None and a line on standard error that says what to do."""
    paths = [folder / name / "data" / f"{file}.npy" for file in files]
    missing = [path for path in paths if not path.exists()]
    if missing:
        print(
            f"skipped {name}: there is no file {missing[0]}. Run corpora/{name}/prepare.py, which writes it, "
            "or name the folder that holds it with --corpora.",
            file=sys.stderr,
            flush=True,
        )
        return None
    return [np.load(path, mmap_mode="r") for path in paths]
