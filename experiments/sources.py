"""Corpora by name: folders that are not distributed, and the corpus that the package carries itself.

"docstrings" is `hftopic.load_docstrings`, labelled by package. A fifth of its documents, drawn at random with
a fixed seed, are for testing. It depends on the packages that are installed. Every other name is a folder
that `scorer.load` reads.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import scorer

CARRIED = "docstrings"
BESIDE = Path(__file__).parents[2] / "shared" / "corpora"
"""Where folders are looked for unless ``--corpora`` says otherwise: beside the checkout."""

TEST_SHARE = 0.2


def add_option(
    parser: argparse.ArgumentParser, folder: Path = BESIDE, held: str = "the corpora, a folder each"
) -> None:
    """The option ``--corpora``."""
    parser.add_argument(
        "--corpora",
        type=Path,
        default=folder,
        metavar="FOLDER",
        help=f"folder that holds {held} (default: %(default)s)",
    )


def available(names: Iterable[str], folder: Path) -> Iterator[tuple[str, scorer.Splits]]:
    """Each corpus that is there, with its name; a line on standard error about each that is not."""
    for name in names:
        found = find(name, folder)
        if found is not None:
            yield name, found


def find(name: str, folder: Path) -> scorer.Splits | None:
    """A corpus, or None and a line on standard error that says what to do."""
    if name == CARRIED:
        return docstrings()
    if (folder / name).is_dir():
        return scorer.load(folder / name)
    report_missing(name, folder)
    return None


def report_missing(name: str, folder: Path) -> None:
    """Say that a corpus is skipped, and what to do."""
    there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    print(
        f"skipped {name}: there is no folder {folder / name}. The corpus is not distributed. Put its folder "
        f"there, or name the folder that holds it with --corpora. At hand: {', '.join([CARRIED, *there])}.",
        file=sys.stderr,
        flush=True,
    )


def docstrings() -> scorer.Splits:
    """Docstrings of the packages that are installed, labelled by package."""
    from hftopic import (
        load_docstrings,
    )  # here, so that folders can be read where the package is not installed

    corpus = load_docstrings()
    is_test = np.random.default_rng(0).random(corpus.n_documents) < TEST_SHARE
    counts, labels = sp.csr_array(corpus.counts).astype(np.float32), np.asarray(corpus.labels)
    train, test = (sp.csr_array(counts[chosen]) for chosen in (~is_test, is_test))
    splits = scorer.Splits(train, test, list(corpus.vocabulary), labels[~is_test], labels[is_test])
    return splits.without_short_documents()


def label_names(name: str, folder: Path) -> list[str]:
    """Names of the labels where they are numbers, from ``labels.txt``; else none."""
    path = folder / name / "labels.txt"
    return path.read_text(encoding="utf-8").split("\n") if path.exists() else []


def write(splits: scorer.Splits, folder: Path) -> None:
    """Write a corpus as a folder that `scorer.load` reads."""
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(splits.vocabulary), encoding="utf-8")
    of_split = {"train": (splits.train, splits.train_labels), "test": (splits.test, splits.test_labels)}
    for split, (counts, labels) in of_split.items():
        sp.save_npz(folder / f"{split}.npz", counts)
        if labels is not None:
            (folder / f"{split}_labels.txt").write_text("\n".join(map(str, labels)), encoding="utf-8")
