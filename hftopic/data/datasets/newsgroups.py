"""20 Newsgroups, as scikit-learn fetches it."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from hftopic.data.corpus import Corpus
from hftopic.data.text import TextOptions, corpus_from_texts

_PARTS = ("headers", "footers", "quotes")


def fetch_20newsgroups(
    subset: Literal["train", "test", "all"] = "train",
    *,
    remove: Iterable[str] = _PARTS,
    text: TextOptions | None = None,
    data_home: str | os.PathLike[str] | None = None,
) -> Corpus:
    """The 20 Newsgroups corpus: 18,846 postings of 1993, labelled by newsgroup.

    scikit-learn downloads it once and keeps it in its own folder, as a file that it unpickles itself: give as
    ``data_home`` only a folder that you trust.

    Parameters
    ----------
    subset : {"train", "test", "all"}
        Which postings; the split of each is in ``splits``.
    remove : iterable of {"headers", "footers", "quotes"}
        What is taken off, since it tells the newsgroup without being what a posting is about.
    text : TextOptions, optional
        How texts become words.
    data_home : path-like, optional
        Folder of scikit-learn's data sets, if not its usual one.

    Raises
    ------
    ConnectionError
        The corpus is not there and cannot be downloaded.
    """
    if subset not in ("train", "test", "all"):
        raise ValueError(f"subset must be 'train', 'test' or 'all', not {subset!r}")
    parts = (remove,) if isinstance(remove, str) else tuple(remove)
    unknown = [part for part in parts if part not in _PARTS]
    if unknown:
        raise ValueError(f"remove may hold {', '.join(map(repr, _PARTS))}, not {unknown[0]!r}")
    splits = ("train", "test") if subset == "all" else (subset,)
    fetched = {split: _fetch(split, parts, data_home) for split in splits}
    return corpus_from_texts(
        (posting for part in fetched.values() for posting in part.data),
        options=text,
        labels=[part.target_names[label] for part in fetched.values() for label in part.target],
        names=["/".join(Path(file).parts[-2:]) for part in fetched.values() for file in part.filenames],
        splits=[split for split, part in fetched.items() for _ in part.data],
    )


def _fetch(split: str, remove: tuple[str, ...], data_home: str | os.PathLike[str] | None) -> Any:
    from sklearn import datasets

    try:
        return datasets.fetch_20newsgroups(subset=split, remove=remove, data_home=data_home)
    except OSError as error:  # all that goes wrong between here and the server is one
        raise ConnectionError(
            f"20 Newsgroups is not in scikit-learn's data folder and cannot be downloaded ({error}). Without "
            "a network, load_docstrings() gives a corpus of real texts, read_corpus(path) reads yours, and "
            "data_home= names a folder into which another machine has fetched it"
        ) from error
