"""Log likelihood of sparse counts where no gradient is wanted: no array has all words of each document."""

import math

import torch
from torch import Tensor

from hftopic._compiled import usable
from hftopic.data.batches import Batch

# Entries of one (documents, words) tile: 1 MB of float32, which stays in the cache of the cores.
TILE_ENTRIES = 2**18
GPU_TILE_ENTRIES = 2**24  # a GPU has no such cache, and is to be asked rarely
FEWEST_WORDS = 64  # in a tile, so that products of matrices are fast
SCORED_DOCUMENTS = 512  # of an evaluation at once; for fewer, products of matrices are slower


def scores_in_tiles(features: Tensor, weights: Tensor, bias: Tensor, batch: Batch) -> Tensor:
    """Σ_v x_v log2 softmax2(features @ weights + bias)_v, shape (B,), where softmax2 is that in base 2.

    One buffer holds the logits of some words after those of others.

    Parameters
    ----------
    features : Tensor, shape (B, K)
    weights : Tensor, shape (K, V)
    bias : Tensor, shape (V,)
    batch : Batch
    """
    n_documents, n_words = len(features), batch.n_words
    most = TILE_ENTRIES if features.device.type == "cpu" else GPU_TILE_ENTRIES
    width = min(n_words, max(FEWEST_WORDS, most // max(1, n_documents)))
    buffer = features.new_empty(n_documents * width)
    loops = usable(n_documents * n_words, buffer, batch.counts) and batch.rows.has_sorted_indices
    sums = (CompiledSums if loops else Sums)(batch, width, buffer)
    for start in range(0, n_words, width):
        words = slice(start, min(start + width, n_words))
        logits = buffer[: n_documents * (words.stop - start)].view(n_documents, -1)
        torch.addmm(bias[words], features, weights[:, words], out=logits)
        sums.add(logits, start)
    return sums.scores()


class Sums:
    """Sums over the words, from tiles of logits: Σ_v x_v logits_v, and Σ_v 2^(logits_v - peak).

    Parameters
    ----------
    batch : Batch
        Documents with the counts x.
    width : int
        Number of words in each tile but the last.
    like : Tensor
        Tensor with the precision and device of the logits.

    Attributes
    ----------
    at_words, peaks, totals : Tensor, shape (B,)
        The first sum, the unit of the second as a power of 2, and the second.
    """

    def __init__(self, batch: Batch, width: int, like: Tensor) -> None:
        self.batch, self.width = batch, width
        self.at_words, self.totals = like.new_zeros(len(batch)), like.new_zeros(len(batch))
        self.peaks = torch.full_like(self.totals, -math.inf)
        self.start()

    def scores(self) -> Tensor:
        """Σ_v x_v log2 p_v, shape (B,)."""
        return self.at_words - self.batch.lengths * (self.peaks + self.totals.log2())

    def start(self) -> None:
        """Sort the counts by the tiles that have their logits."""
        order, self.documents, offsets = self.batch.by_word
        self.words, self.counts = self.batch.words[order], self.batch.counts[order]
        self.borders = [*offsets[:: self.width].tolist(), len(order)]

    def add(self, logits: Tensor, start: int) -> None:
        """Add a tile of logits (B, W), those of the words from ``start`` on; it is overwritten."""
        first, last = self.borders[start // self.width :][:2]
        documents, words = self.documents[first:last], self.words[first:last] - start
        self.at_words.index_add_(0, documents, self.counts[first:last] * logits[documents, words])
        peaks = torch.maximum(self.peaks, logits.amax(1))
        powers = logits.sub_(peaks[:, None]).exp2_()
        self.totals.mul_(torch.exp2(self.peaks - peaks)).add_(powers.sum(1))
        self.peaks = peaks


class CompiledSums(Sums):
    """The same by a compiled loop, which finds the counts of a tile after those of the tile before."""

    def start(self) -> None:
        self.places = self.batch.offsets[:-1].clone()

    def add(self, logits: Tensor, start: int) -> None:
        from hftopic._compiled.calls import add_tile

        add_tile(logits, start, self.batch, [self.places, self.at_words, self.peaks, self.totals])
