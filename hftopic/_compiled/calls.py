"""What the compiled loops compute, with tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hftopic._compiled.loops import LOG_2, TILE, WIDTH, compiled
from hftopic._compiled.threads import run

PAIRS_AT_ONCE = 1024
ROWS_AT_ONCE = 16
NUMBERS_AT_ONCE = 4096
N_LOGS = 64  # small counts whose logarithms are looked up


def mix_runs(
    given: Sequence[Tensor], upstream: Sequence[Tensor], places: Sequence[Tensor], n_runs: int, weights: Any
) -> None:
    """Write log mixtures log Σ_m w_m q(z_e|x_m), and gradients of the sum of upstream times mixture.

    Parameters
    ----------
    given : sequence of Tensor
        Samples (R, K), means and log variances (M, K).
    upstream : sequence of Tensor
        One of shape (R, K), or none: no gradients are written then.
    places : sequence of Tensor
        Where to write the log mixtures (R, K), and the gradients of each of the given.
    n_runs : int
        Samples and documents are divided into so many equal runs.
    weights : MixtureWeights
    """
    z, mean, _ = given
    run(
        compiled("runs" if upstream else "mixtures", z.dtype),
        n_runs * z.shape[1],
        *(n_runs, z.shape[1], len(z) // n_runs, len(mean) // n_runs, weights.first),
        *_relative(weights),
        *(*given, *upstream, *(places if upstream else places[:1])),
    )


def mix_rows(bits: Tensor, weights: Any) -> tuple[Tensor, Tensor, Tensor]:
    """log Σ_m w_m 2^bits_rm, shape (R,), in nats, the terms as parts of the largest, (R, M), and their sums.

    Parameters
    ----------
    bits : Tensor, shape (R, M)
    weights : MixtureWeights
    """
    log_sums, totals, terms = bits.new_empty(len(bits)), bits.new_empty(len(bits)), torch.empty_like(bits)
    given = *bits.shape, weights.first, *_relative(weights), bits
    run(compiled("rows", bits.dtype), len(bits), *given, log_sums, totals, terms)
    return log_sums, terms, totals


def score(logits: Tensor, bias: Tensor, batch: Any) -> Tensor:
    """Σ_v x_v log2 p_v, where p is the softmax in base 2 of ``logits`` + ``bias``, shape (B,).

    Each row of logits is in cache while it becomes probabilities, and then the gradient.

    Parameters
    ----------
    logits : Tensor, shape (B, V)
        They are overwritten with the gradient of the sum of the scores, in units of log 2.
    bias : Tensor, shape (V,)
    batch : Batch
        The counts x of the documents, and their words.
    """
    scores = logits.new_empty(len(logits))
    documents = batch.counts, batch.words, batch.offsets
    run(compiled("scores", logits.dtype), len(logits), *logits.shape, logits, bias, *documents, scores)
    return scores


def dots(rows: Tensor, numbers: Tensor, others: Tensor, places: Tensor) -> Tensor:
    """Σ_k rows[numbers[i], k] others[places[i], k] for each i."""
    found = rows.new_empty(len(numbers))
    sizes = len(numbers), rows.shape[1], PAIRS_AT_ONCE
    given = len(rows), rows, len(others), others, numbers, places
    run(compiled("dots", rows.dtype), -(-len(numbers) // PAIRS_AT_ONCE), *sizes, *given, found)
    return found


def softplus(x: Tensor) -> tuple[Tensor, Tensor]:
    """log(1 + e^x) and its derivative, in the shape of ``x``."""
    y, slope = torch.empty_like(x), torch.empty_like(x)
    n_tasks = -(-x.numel() // NUMBERS_AT_ONCE)
    run(compiled("softplus", x.dtype), n_tasks, x.numel(), NUMBERS_AT_ONCE, x, y, slope)
    return y, slope


def move_rows(
    moved: Sequence[Tensor],
    rows: Tensor,
    decays: Sequence[Tensor],
    gradient: Tensor | None,
    weights: Sequence[float],
) -> None:
    """What :func:`hftopic._adam.move_rows` does; ``decays`` are three tensors (U,) of one type."""
    size = len(rows), *moved[0].shape, int(gradient is not None), ROWS_AT_ONCE
    held = [tensor.contiguous() for tensor in (*decays, moved[0] if gradient is None else gradient, rows)]
    n_tasks = -(-len(rows) // ROWS_AT_ONCE)
    run(compiled("adam", moved[0].dtype), n_tasks, *size, *map(float, weights), *moved, *held)


def entries(batch: Any, norm: float) -> Tensor:
    """log(1 + count) of each word of a document, scaled to an L2 norm of ``norm``, shape (nnz,), float32.

    Parameters
    ----------
    batch : Batch
        Its counts are float64.
    norm : float
    """
    found = torch.empty(len(batch.counts), dtype=torch.float32)
    logs = torch.log1p(torch.arange(N_LOGS, dtype=torch.float64))
    given = len(batch), norm, logs, N_LOGS, batch.counts, batch.offsets
    run(compiled("entries", torch.float64), len(batch), *given, found)
    return found


def panels(weight: Tensor) -> Tensor:
    """Weights (n_inputs, n_outputs) in the order in which :func:`through` reads them, flat.

    Those of the first :data:`~hftopic._compiled.loops.WIDTH` outputs come first, and so on; there are zeros
    for outputs that are lacking.
    """
    n_inputs, n_outputs = weight.shape
    padded = functional.pad(weight, (0, -n_outputs % WIDTH))
    return padded.view(n_inputs, -1, WIDTH).transpose(0, 1).reshape(-1)


def through(x: Tensor, sizes: NDArray[np.int64], weights: Tensor, biases: Tensor) -> Tensor:
    """Linear layers with a softplus before each, shape (B, n_outputs), float64.

    Parameters
    ----------
    x : Tensor, shape (B, n_inputs), float64
    sizes : ndarray of int, shape (n_layers + 1,)
        Number of inputs of each layer, and of outputs of the last one.
    weights : Tensor, float32
        The :func:`panels` of all layers.
    biases : Tensor, float64
        Those of all layers.
    """
    results = x.new_empty(len(x), int(sizes[-1]))
    n_tiles = -(-len(x) // TILE)
    given = len(x), len(sizes) - 1, sizes, x, weights, biases
    run(compiled("layers", x.dtype), n_tiles, *given, results)
    return results


def add_tile(logits: Tensor, start: int, batch: Any, sums: Sequence[Tensor]) -> None:
    """Add the logits of some words to sums over the words of each document.

    Parameters
    ----------
    logits : Tensor, shape (B, W)
        Those of the words from ``start`` on.
    start : int
    batch : Batch
        The counts x of the documents, sorted by word, and their words.
    sums : sequence of Tensor, each of shape (B,)
        They are overwritten: the place of the next count, int64; Σ_v x_v logits_v; a peak, -inf if nothing
        has been added; and Σ_v 2^(logits_v - peak).
    """
    documents = batch.counts, batch.words, batch.offsets
    run(compiled("tiles", logits.dtype), len(logits), *logits.shape, start, logits, *documents, *sums)


def _relative(weights: Any) -> tuple[float, float, float]:
    """Log weights of the own and of the following document in bits, less that of others, and that in nats."""
    own, following = weights.own - weights.other, weights.following - weights.other
    return own / LOG_2, following / LOG_2, weights.other
