"""Shards as a format of ``read_corpus`` and ``write_corpus``: documents in memory."""

from pathlib import Path

from hftopic.data import shards
from hftopic.data.corpus import Corpus
from hftopic.data.formats.beside import Unit
from hftopic.data.formats.manifest import SHARDS
from hftopic.data.formats.request import Request


def shards_unit(folder: Path) -> Unit:
    """The files of a folder of shards that are read together: they are those of its manifest."""
    return Unit(folder, "", lambda: [folder / SHARDS])


def read_shards(folder: Path, request: Request) -> Corpus:
    """Corpus in memory from a folder of shards, all files of which are compared with the manifest first.

    Raises
    ------
    FormatError
        A file is damaged, or the split does not exist.
    ValueError
        A vocabulary file is given: shards have their own.
    """
    if request.vocabulary_file is not None:
        raise ValueError(f"the vocabulary file has no effect on {folder}, which has a vocabulary; remove it")
    opened = shards.ShardedCorpus(shards.Stored(folder))  # the caller reads the files as a set
    opened.verify()
    if request.split is not None:
        opened = opened.split(request.split)
    if request.vocabulary is not None:
        opened = opened.with_vocabulary(request.vocabulary)
    return opened.loaded(keep_texts=request.keep_texts)


def write_shards(corpus: "Corpus | shards.ShardedCorpus", path: Path) -> None:
    """Write a corpus as a folder of shards, atomically; an earlier folder of shards is replaced.

    Raises
    ------
    FileExistsError
        ``path`` is a file, or a folder with other files, which would be lost or read with the shards.
    CorpusError
        The vocabulary cannot be stored.
    """
    if path.is_file():
        raise FileExistsError(f"{path} is a file and cannot be replaced by a folder of shards")
    with shards.ShardWriter(path, corpus.vocabulary, reading=corpus.reading) as writer:
        for piece in [corpus] if isinstance(corpus, Corpus) else corpus.chunks():
            writer.append(piece)
