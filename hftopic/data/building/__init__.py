"""Building of shards from texts that are larger than memory.

The texts are read once, piece by piece. The first pass counts the words of each piece, in several processes,
and keeps the counts in a folder beside the target, ``NAME.building``. Then the vocabulary is chosen from the
numbers of documents of all words, and the second pass writes the shards. The bytes do not depend on the
number of processes, nor on whether the build was killed and went on.
"""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.data.building.build import build_corpus as build_corpus

__getattr__, __dir__, __all__ = lazy_names(__name__, {"build": ["build_corpus"]})
