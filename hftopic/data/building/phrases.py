"""Phrases of texts that need not fit into memory: they are found before words are counted, and kept."""

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hftopic._files import written_whole
from hftopic.data.building.counting import of_split
from hftopic.data.building.plan import PHRASES
from hftopic.data.building.streams import Stream
from hftopic.data.formats.lines import blamed_on
from hftopic.data.text_options import TextOptions
from hftopic.data.words import parts_of, splitter, with_phrases


def with_phrases_of(
    streams: Sequence[Stream],
    options: TextOptions,
    vocabulary: Sequence[str] | None,
    split: str | None,
    folder: Path,
) -> TextOptions:
    """Options with the phrases of all texts, if phrases are sought.

    The texts are read for it in this process. Words and pairs of neighbours are counted in bounded memory;
    the rarest are left out where there are too many, as in lossy counting.

    Parameters
    ----------
    streams : sequence of Stream
    options : TextOptions
    vocabulary : sequence of str or None
        The given words, if there are any, which then have the phrases.
    split : str or None
        The only split that is read.
    folder : Path
        Folder of the pieces, which keeps the phrases for a build that goes on.
    """
    if options.sought_phrases is None:
        return options
    kept = folder / PHRASES
    if kept.is_file():
        return replace(options, phrases=tuple(json.loads(kept.read_text(encoding="utf-8"))))
    made = with_phrases(options, _Words(streams, options, split), vocabulary, parts_of(options))
    with written_whole(kept) as draft:
        draft.write_text(json.dumps(made.phrases), encoding="utf-8")
    return made


class _Words:
    """All words of each text; the texts are read whenever they are iterated."""

    def __init__(self, streams: Sequence[Stream], options: TextOptions, split: str | None) -> None:
        self._streams, self._split_text, self._split = streams, splitter(options), split

    def __iter__(self) -> Iterator[list[str]]:
        for stream in self._streams:
            with blamed_on(stream.path), closing(stream.pieces()) as pieces:
                for piece in pieces:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")  # counting the words tells them again
                        table = of_split(self._split, stream.path, stream.table(piece))
                    yield from map(self._split_text, table.text)
