"""Documents of a sharded corpus as training and evaluation read them: in blocks, with bounded memory.

An epoch reads blocks of :data:`BLOCK` consecutive documents in random order, and shuffles the documents of
:data:`WINDOW` blocks together. A corpus of no more blocks than that is shuffled as a whole, exactly like
documents in memory.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self, cast

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic._cached import cached_property
from hftopic._memory import give_back
from hftopic._processes import Processes, joined
from hftopic._wording import counted
from hftopic.data.ahead import read_ahead
from hftopic.data.batches import Batch
from hftopic.data.beside import Beside, RowsBeside, arrays_of, selected
from hftopic.data.corpus import Corpus
from hftopic.data.documents import BagsOfWords, Rows, evenly, held_out_rows
from hftopic.data.embeddings import Embeddings, sha256_of_rows
from hftopic.data.order import Steps
from hftopic.data.shards.corpus import ShardedCorpus
from hftopic.data.shares import Listed, Share, Spaced, numbers_in
from hftopic.data.windows import Window, dealt, own_pieces, ranges, rows_of_parts

BLOCK = 64  # consecutive documents that stay together when blocks are shuffled
WINDOW = 256  # blocks whose documents are shuffled together
AT_ONCE = 64  # consecutive blocks that are read together where the order is that of the corpus
MOST_AT_ONCE = 100_000  # documents of a sharded corpus that are read where all are needed at once


def read_into_memory(corpus: ShardedCorpus) -> Corpus:
    """All documents of a sharded corpus.

    Raises
    ------
    ValueError
        There are more than :data:`MOST_AT_ONCE`.
    """
    if len(corpus) > MOST_AT_ONCE:
        raise ValueError(
            f"all of {len(corpus):,} documents would be in memory at once; pass at most {MOST_AT_ONCE:,} "
            f"of them, such as corpus.sampled({MOST_AT_ONCE:_}) or a slice"
        )
    return corpus.loaded()


def blocks_of(corpus: ShardedCorpus, first: int, n_blocks: int) -> sp.csr_array:
    """Counts of the documents of consecutive blocks."""
    return corpus.read(first * BLOCK, min((first + n_blocks) * BLOCK, corpus.n_documents))


def rows_of_blocks(
    rows: Rows, blocks: Rows, read: Callable[[int, int], tuple[int, sp.csr_array]], n_words: int
) -> sp.csr_array:
    """Counts of documents in the given order; no block is read that has none of them, and none twice.

    Parameters
    ----------
    rows, blocks : ndarray of int, shape (n,)
        Numbers of the documents, and of the block of each.
    read : function of the number of a block and a number of blocks
        It returns the number of the first document of the block, and the counts of these blocks.
    n_words : int
    """
    needed, places = np.unique(blocks, return_inverse=True)
    begins = np.ones(len(needed), dtype=bool)
    begins[1:] = (np.diff(needed) > 1) | (needed[1:] % AT_ONCE == 0)
    of_runs = np.cumsum(begins) - 1  # a run has at most AT_ONCE blocks, which are read together
    runs = list(zip(needed[begins].tolist(), np.bincount(of_runs).tolist(), strict=True))
    return rows_of_parts(rows, of_runs[places], lambda run: read(*runs[run]), n_words)


@dataclass(frozen=True)
class StoredDocuments(Beside):
    """All documents of a sharded corpus, in their order: what evaluation reads.

    Parameters
    ----------
    corpus : ShardedCorpus
    design, embeddings : array-like of float32, shape (N, P) and (N, F), optional
        What there is beside the counts of each document, see :class:`hftopic.data.beside.Beside`.
    """

    corpus: ShardedCorpus

    def __len__(self) -> int:
        return self.corpus.n_documents

    def batch(self, rows: Rows, device: torch.device) -> Batch:
        """Counts of the documents with these numbers, as tensors; consecutive ones are read at once."""
        first, last = int(rows[0]), int(rows[-1])
        if last - first == len(rows) - 1 and (np.diff(rows) == 1).all():
            return Batch(self.corpus.read(first, last + 1), device, **self.stored_beside(rows))

        def read(first: int, n_blocks: int) -> tuple[int, sp.csr_array]:
            return first * BLOCK, blocks_of(self.corpus, first, n_blocks)

        counts = rows_of_blocks(rows, rows // BLOCK, read, self.corpus.n_words)
        return Batch(counts, device, **self.stored_beside(rows))

    def select(self, mask: NDArray[np.bool_]) -> "StoredDocuments":
        """Some of the documents."""
        return StoredDocuments(self.corpus.where(mask), **selected(self, mask))

    def with_words(self) -> "ShardedDocuments":
        """The documents that are not empty, after one pass over all."""
        return ShardedDocuments(self.corpus, Scan.of(self.corpus), **self.arrays_beside())

    @property
    def n_empty(self) -> int:
        """Number of empty documents."""
        return self.corpus.n_empty

    @property
    def n_tokens(self) -> float:
        """Sum of all counts."""
        return float(self.corpus.n_tokens)

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Mask of the empty documents, shape (N,), for which all counts are read."""
        parts = (
            blocks_of(self.corpus, first, AT_ONCE) for first in range(0, -(-len(self) // BLOCK), AT_ONCE)
        )
        return np.concatenate([np.diff(counts.indptr) == 0 for counts in parts])


@dataclass(frozen=True)
class Scan:
    """What one pass over a corpus tells about it.

    Attributes
    ----------
    filled : ndarray of int, shape (n_blocks + 1,)
        Number of documents with words before each block, and in all.
    tokens : ndarray, shape (V,), float64
        Number of tokens of each word.
    empty : ndarray of int
        Places of the documents without words, increasing.
    """

    filled: Rows
    tokens: NDArray[np.float64]
    empty: Rows

    @classmethod
    def of(cls, corpus: ShardedCorpus) -> Self:
        """One pass over all documents, in which the files are verified; each process reads its share.

        Raises
        ------
        FormatError
            A file of the share is damaged.
        ProcessLostError
            One of another process's share is.
        ValueError
            The processes have different documents.
        """
        processes = joined()
        filled, tokens, empty = processes.together(lambda: _scanned(corpus, processes))
        # Named as in the check that follows: a process with documents in memory is there already.
        own: dict[str, Any] = {"documents": corpus.fingerprint(), "filled": filled, "tokens": tokens}
        own["empty"] = empty
        own["told"] = f"{counted(len(corpus), 'document')} of {corpus.path}"
        of_all = processes.collected(own)
        if any(one.get("documents") != own["documents"] for one in of_all):
            each = (f"process {rank} has {one.get('told', 'others')}" for rank, one in enumerate(of_all))
            raise ValueError(f"all processes of a fit need the same documents: {', '.join(each)}")
        of_blocks = np.concatenate([np.zeros(1, dtype=np.int64), *(one["filled"] for one in of_all)])
        tokens = np.sum([one["tokens"] for one in of_all], axis=0)
        return cls(np.cumsum(of_blocks), tokens, np.concatenate([one["empty"] for one in of_all]))

    def places(self, numbers: Rows) -> Rows:
        """Places in the corpus of documents with words, given by their numbers without the others."""
        before = self.empty - np.arange(len(self.empty))  # documents with words before each without
        return numbers + np.searchsorted(before, numbers, side="right")


def _scanned(corpus: ShardedCorpus, processes: Processes) -> tuple[Rows, NDArray[np.float64], Rows]:
    """What the share of this process tells: documents of each block, tokens of each word, who has none."""
    at_once = AT_ONCE * BLOCK
    own = processes.own(-(-corpus.n_documents // at_once))
    start, stop = own.start * at_once, own.stop * at_once
    tokens, nothing = np.zeros(corpus.n_words), np.zeros(0, dtype=np.int64)
    filled, empty = [nothing], [nothing]
    for counts in corpus.verified(at_once, start, stop):
        blocks = np.arange(0, counts.shape[0], BLOCK)
        has_words = np.diff(counts.indptr) > 0
        filled.append(np.add.reduceat(has_words, blocks, dtype=np.int64))
        empty.append(start + np.flatnonzero(~has_words))
        start += counts.shape[0]
        _count(tokens, counts)
    give_back()
    return np.concatenate(filled), tokens, np.concatenate(empty)


def _count(tokens: NDArray[np.float64], counts: sp.csr_array) -> None:
    tokens += np.bincount(counts.indices, counts.data, minlength=len(tokens))


@dataclass(frozen=True)
class ShardedDocuments(Beside):
    """Documents with words of a sharded corpus, or a share of them: what training reads.

    They are numbered from 0 without the others. Nothing but the scan is kept in memory.

    Parameters
    ----------
    corpus : ShardedCorpus
    scan : Scan
        Of the corpus.
    share : Share, optional
        Which of the documents with words; all by default.
    design, embeddings : array-like of float32, shape (n, P) and (n, F), optional
        What there is beside the counts of each document of the corpus, see
        :class:`hftopic.data.beside.Beside`; of a large one it is in files.
    """

    corpus: ShardedCorpus
    scan: Scan
    share: Share | None = None

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> Rows:
        """Number of these documents before each block, and in all, shape (n_blocks + 1,)."""
        return self.scan.filled if self.share is None else self.share.before(self.scan.filled)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of the corpus."""
        return len(self.scan.filled) - 1

    @property
    def in_one_window(self) -> bool:
        """Whether all documents are shuffled together."""
        return self.n_blocks <= WINDOW

    def batch(self, rows: Rows, device: torch.device) -> Batch:
        """Counts of the documents with these numbers, as tensors."""
        return Batch(self._counts_of(rows), device, **self.beside(rows))

    def fingerprint(self) -> str:
        """What tells these documents and their order in training from others; no counts are read for it."""
        told = (self.corpus.fingerprint(), BLOCK, WINDOW, None if self.share is None else self.share.identity)
        digest = hashlib.sha256(repr(told).encode())
        for name, array in self.arrays_beside().items():
            digest.update(f"{name} {sha256_of_rows(cast(Embeddings, array))}".encode())
        return digest.hexdigest()

    def sampled(self, most: int) -> BagsOfWords:
        """At most so many documents at even distances, in memory, read in one pass."""
        rows = evenly(len(self), most)
        return BagsOfWords(self._counts_of(rows), **arrays_of(self.beside(rows)))

    def word_counts(self) -> NDArray[np.float32]:
        """Number of tokens of each word in all documents, shape (V,)."""
        if self.share is None:
            return self.scan.tokens.astype(np.float32)
        tokens = np.zeros_like(self.scan.tokens)
        for first in range(0, self.n_blocks, AT_ONCE):
            _count(tokens, self._blocks(first, AT_ONCE))
        return tokens.astype(np.float32)

    def divided(self, n_held_out: int, generator: torch.Generator) -> tuple[Self, Self]:
        """The documents in two parts, of which the second has this number of documents.

        They are random ones of a corpus that is shuffled as a whole, and those at even distances of a larger
        one.
        """
        n_documents = len(self)
        shares: list[Share] = []
        if self.in_one_window:
            for rows in held_out_rows(n_documents, n_held_out, generator):
                chosen = np.zeros(n_documents, dtype=bool)
                chosen[rows] = True
                shares.append(Listed(chosen))
        else:
            shift = int(torch.randint(n_documents, (), generator=generator))
            shares += [Spaced(n_documents, n_held_out, shift, others) for others in (True, False)]
        return replace(self, share=shares[0]), replace(self, share=shares[1])

    def shuffled(
        self, steps: Steps, generator: torch.Generator, device: torch.device, skip: int = 0
    ) -> Iterator[tuple[Rows, Batch]]:
        """Mini-batches of one epoch, as :func:`hftopic.data.order.shuffled` asks for them.

        Each process reads a contiguous part of the shuffled blocks.
        """
        if self.in_one_window:
            order: Rows = torch.randperm(len(self), generator=generator).numpy()
            own = [steps.own(step) for step in range(skip, len(steps))]
            drawn = self._of_one_window(order, own)
        else:
            seed = int(torch.randint(2**62, (), generator=generator))
            drawn = self._of_windows(steps, seed, skip)
        return ((rows, Batch(counts, device, **self.beside(rows))) for rows, counts in drawn)

    def _of_one_window(self, order: Rows, own: list[slice]) -> Iterator[tuple[Rows, sp.csr_array]]:
        counts = self._blocks(0, self.n_blocks)
        window = Window(counts, np.arange(len(self)), order)
        for part in own:
            yield window.drawn(part.start, part.stop)

    def _of_windows(self, steps: Steps, seed: int, skip: int) -> Iterator[tuple[Rows, sp.csr_array]]:
        order = np.random.default_rng(seed).permutation(self.n_blocks)
        first, stop = steps.before(steps.rank), steps.before(steps.rank + 1)
        pieces = own_pieces(order, np.diff(self.starts), first, stop)
        to_skip = sum(steps.sizes(step)[steps.rank] for step in range(skip))
        readings = []
        for number, start in enumerate(range(0, len(pieces), WINDOW)):
            of_window = pieces[start : start + WINDOW]
            skipped = min(to_skip, int((of_window[:, 2] - of_window[:, 1]).sum()))
            to_skip -= skipped
            readings.append(partial(self._window, of_window, (seed, steps.rank, number), skipped))
        own = (steps.sizes(step)[steps.rank] for step in range(skip, len(steps)))
        return dealt(read_ahead(readings), own)

    def _window(self, pieces: NDArray[np.int64], seed: tuple[int, ...], skipped: int) -> Window:
        """Documents of pieces of some blocks in random order, without the first ones."""
        blocks, low, high = pieces[np.argsort(pieces[:, 0])].T
        firsts, ends = blocks * BLOCK, np.minimum((blocks + 1) * BLOCK, self.corpus.n_documents)
        stored = self.corpus.read_at(ranges(firsts, ends))
        rows = np.flatnonzero(self._chosen(stored, zip(blocks.tolist(), (blocks + 1).tolist(), strict=True)))
        starts, sizes = self.starts[blocks], np.diff(self.starts)[blocks]
        numbers = ranges(starts, starts + sizes)
        own = (numbers >= np.repeat(starts + low, sizes)) & (numbers < np.repeat(starts + high, sizes))
        order = np.random.default_rng(seed).permutation(own.sum())
        return Window(_only(stored, rows[own]), numbers[own], order[skipped:])

    def beside(self, rows: Rows) -> RowsBeside:
        """What there is beside the counts of documents with these numbers."""
        if not self.arrays_beside():
            return {}
        if self.share is not None:
            rows = numbers_in(self.share, int(self.scan.filled[-1]), rows)
        return self.stored_beside(self.scan.places(rows))

    def _counts_of(self, rows: Rows) -> sp.csr_array:
        blocks = np.searchsorted(self.starts, rows, side="right") - 1
        return rows_of_blocks(rows, blocks, self._from, self.corpus.n_words)

    def _from(self, first: int, n_blocks: int) -> tuple[int, sp.csr_array]:
        return int(self.starts[first]), self._blocks(first, n_blocks)

    def _blocks(self, first: int, n_blocks: int) -> sp.csr_array:
        """Counts of those of these documents that are in consecutive blocks."""
        stored = blocks_of(self.corpus, first, n_blocks)
        last = min(first + n_blocks, self.n_blocks)
        return _only(stored, np.flatnonzero(self._chosen(stored, [(first, last)])))

    def _chosen(self, stored: sp.csr_array, spans: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
        """Which of the documents of some runs of blocks (first, end) are these documents."""
        chosen = np.diff(stored.indptr) > 0
        if self.share is not None:
            filled = self.scan.filled
            masks = [self.share.mask(int(filled[first]), int(filled[end])) for first, end in spans]
            chosen[chosen] = np.concatenate(masks)
        return chosen


def _only(counts: sp.csr_array, rows: Rows) -> sp.csr_array:
    """Some rows, without a copy if these are all."""
    return counts if len(rows) == counts.shape[0] else counts[rows]
