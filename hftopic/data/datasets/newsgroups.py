"""20 Newsgroups, fetched by scikit-learn."""

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

    scikit-learn downloads the corpus once and stores it as a pickle file. Use only a ``data_home`` folder
    that you trust.

    Parameters
    ----------
    subset : {"train", "test", "all"}
        Subset of the postings; the split of each posting is in ``splits``.
    remove : iterable of {"headers", "footers", "quotes"}
        Parts to remove, because they reveal the newsgroup without being part of the content.
    text : TextOptions, optional
        Options for splitting texts into words.
    data_home : path-like, optional
        Folder of scikit-learn's datasets; its default folder if not given.

    Raises
    ------
    ConnectionError
        The corpus is not in ``data_home`` and cannot be downloaded.
    """
    if subset not in ("train", "test", "all"):
        raise ValueError(f"subset must be 'train', 'test' or 'all', not {subset!r}")
    parts = (remove,) if isinstance(remove, str) else tuple(remove)
    unknown = [part for part in parts if part not in _PARTS]
    if unknown:
        raise ValueError(f"remove may contain {', '.join(map(repr, _PARTS))}, not {unknown[0]!r}")
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
    except OSError as error:  # every network error is an OSError
        raise ConnectionError(
            f"20 Newsgroups is not in scikit-learn's data folder and cannot be downloaded ({error}). Without "
            "a network, use load_docstrings() for a corpus of real texts, read_corpus(path) for your own "
            "files, or data_home= for a folder with a copy downloaded on another machine"
        ) from error
