"""Layers of the networks; all random numbers come from a generator that the caller passes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hftopic._compiled import usable
from hftopic._devices import sent
from hftopic._processes import current
from hftopic.data.batches import Batch

SHIFT_NORM_EPS = 1e-3
SHIFT_NORM_MOMENTUM = 0.1
SCALE_RATE = 3.0  # scales of batch norms learn this much faster than other parameters
DROPOUT_LEVELS = 2**16
LOWEST_INT64 = -(2**63)
POWERS_OF_SOFTPLUS = 6  # powers of 2 that take as long as a softplus and its derivative
LEAST_OF_ROWS = 2**20  # numbers of embeddings whose gradient may be one of rows
MOST_ROWS = 0.25  # part of the rows, of which steps of rows take less time than those of all
MOST_ENTRIES = 2**20  # entries of a (words of documents, topics) block in memory: 4 MB of float32
CELLS_OF_A_PAIR = 512  # products in a matrix product that take less time than one of two chosen rows
TERMS_OF_A_POWER = 8  # terms of a product of two rows that take as long as a power of 2


def dropout(x: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Inverted dropout with masks from ``generator``; the identity without a generator or with rate 0.

    The rate is rounded to a multiple of 1/65536, so that one 64-bit random number gives four mask entries.
    """
    if generator is None or rate == 0:
        return x
    bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(LOWEST_INT64, None, generator=generator)
    levels = bits.view(torch.int16)[: x.numel()].view(x.shape)  # uniform over 65536 values
    dropped = min(round(rate * DROPOUT_LEVELS), DROPOUT_LEVELS - 1)
    keep = sent(levels, x.device) >= dropped - DROPOUT_LEVELS // 2
    return x * (keep.to(x.dtype) * (DROPOUT_LEVELS / (DROPOUT_LEVELS - dropped)))


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x); without gradients by an operation that writes one tensor only."""
    if not torch.is_grad_enabled():
        return torch.logaddexp(x, x.new_zeros(()))
    if usable(POWERS_OF_SOFTPLUS * x.numel(), x):
        of_loop: Callable[..., Tensor] = _Softplus.apply
        return of_loop(x)
    return -functional.logsigmoid(-x)


class _Softplus(torch.autograd.Function):
    """log(1 + e^x) by a compiled loop, which computes the derivative too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        from hftopic._compiled.calls import softplus

        y, slope = softplus(x)
        ctx.save_for_backward(slope)
        return y

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, ...]:
        (slope,) = ctx.saved_tensors
        return (upstream[0] * slope,)


class ShiftNorm(nn.Module):
    """Batch norm with a learned shift and no learned scale, for the outputs of the encoder."""

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(size, dtype=torch.float32))
        self.register_buffer("running_mean", torch.zeros(size, dtype=torch.float32))
        self.register_buffer("running_variance", torch.ones(size, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        if not x.shape[1]:  # without Normal groups there are no Gaussian dimensions
            return x
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_variance,
            weight=self.scale(),  # without it, the gradient on a GPU has the wrong shape
            bias=self.shift,
            training=self.training,
            momentum=SHIFT_NORM_MOMENTUM,
            eps=SHIFT_NORM_EPS,
        )

    def scale(self) -> Tensor:
        """Standard deviation of each output, shape (size,)."""
        return torch.ones_like(self.shift)

    def by_moments(self, x: Tensor, mean: Tensor, variance: Tensor, n_rows: int) -> Tensor:
        """The same in training, with the moments of a mini-batch of which ``x`` is a part."""
        with torch.no_grad():
            self.running_mean.lerp_(mean, SHIFT_NORM_MOMENTUM)
            self.running_variance.lerp_(variance * (n_rows / max(1, n_rows - 1)), SHIFT_NORM_MOMENTUM)
        return (x - mean) * (torch.rsqrt(variance + SHIFT_NORM_EPS) * self.scale()) + self.shift


class SharedScaleNorm(ShiftNorm):
    """Batch norm with a learned shift for each output, and one learned scale for all of them."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.log_scale = nn.Parameter(torch.zeros((), dtype=torch.float32))

    def scale(self) -> Tensor:
        """Standard deviation of each output, all the same, shape (size,)."""
        return torch.ones_like(self.shift) * torch.exp(SCALE_RATE * self.log_scale)


def normalised(norms: Sequence[nn.Module], inputs: Sequence[Tensor]) -> list[Tensor]:
    """Each input (B, …) through its norm, with the moments of the mini-batch of all processes.

    The processes send the moments of all inputs in one message.
    """
    processes = current()
    shifts = {place: norm for place, norm in enumerate(norms) if isinstance(norm, ShiftNorm)}
    if processes.size == 1 or not shifts or not norms[0].training:
        return [norm(x) for norm, x in zip(norms, inputs, strict=True)]
    outputs, own = list(inputs), [inputs[place] for place in shifts]
    n_rows, widths = processes.all_rows(len(own[0])), [x.shape[1] for x in own]
    moments = processes.moments(torch.cat(own, 1), alone=True)
    means, variances = (torch.split(moment, widths) for moment in moments)
    for (place, norm), mean, variance in zip(shifts.items(), means, variances, strict=True):
        outputs[place] = norm.by_moments(inputs[place], mean, variance, n_rows)
    return outputs


def zeros(n: int) -> nn.Parameter:
    """Parameters that begin at 0, shape (n,)."""
    return nn.Parameter(torch.zeros(n, dtype=torch.float32))


class Linear(nn.Module):
    """Linear layer with Glorot weights from ``generator`` and zero bias; the number of outputs may be 0."""

    bias: Tensor | None

    def __init__(
        self, n_inputs: int, n_outputs: int, generator: torch.Generator, has_bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_outputs, n_inputs, dtype=torch.float32))
        if n_outputs:  # without Normal groups there are no Gaussian dimensions
            nn.init.xavier_uniform_(self.weight, generator=generator)
        self.register_parameter("bias", zeros(n_outputs) if has_bias else None)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight, self.bias)


class BagOfEmbeddings(torch.autograd.Function):
    """Sums of embedding rows over the words of each document, shape (B, H), without dense rows of counts.

    The backward pass is the same sum with documents and words exchanged: entries are sorted by word, so the
    gradient of each word is written once. With ``by_rows``, it is a sparse tensor if few of the words occur.
    """

    @staticmethod
    def forward(ctx: Any, embedding: Tensor, entries: Tensor, batch: Batch, by_rows: bool = False) -> Tensor:
        ctx.save_for_backward(entries)
        ctx.batch, ctx.size = batch, embedding.shape
        ctx.by_rows = by_rows and may_be_of_rows(embedding)
        return weighted_sums(embedding, batch.words, entries, batch.offsets)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        (entries,) = ctx.saved_tensors
        places, documents, offsets = ctx.batch.by_word
        entries = entries[places]
        if ctx.by_rows and len(ctx.batch.distinct[0]) <= MOST_ROWS * ctx.size[0]:
            words, _, offsets = ctx.batch.distinct
            sums = weighted_sums(upstream[0], documents, entries, offsets)
            rows = torch.sparse_coo_tensor(
                words[None], sums, ctx.size, is_coalesced=True, check_invariants=False
            )
            return rows, None, None, None
        return weighted_sums(upstream[0], documents, entries, offsets), None, None, None


def may_be_of_rows(embedding: Tensor) -> bool:
    """Whether steps of some rows may take less time than those of all, of embeddings (V, H)."""
    return embedding.numel() >= LEAST_OF_ROWS and embedding.device.type == "cpu"


def weighted_sums(rows: Tensor, numbers: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """Σ_i weights[i] rows[numbers[i]], over the i between each two consecutive offsets."""
    return functional.embedding_bag(
        numbers, rows, offsets, mode="sum", per_sample_weights=weights, include_last_offset=True
    )


def products(rows: Tensor, numbers: Tensor, others: Tensor, places: Tensor, most_cells: int = 0) -> Tensor:
    """Σ_k rows[numbers[i], k] others[places[i], k] for each i.

    Where that is faster, they are taken from the products of all pairs of rows, if these are at most so many.
    """
    if usable(len(numbers) * rows.shape[1] // TERMS_OF_A_POWER, rows, others):
        from hftopic._compiled.calls import dots

        return dots(rows, numbers, others, places)
    n_cells = len(rows) * len(others)
    if n_cells <= min(most_cells, CELLS_OF_A_PAIR * len(numbers)):
        return (rows @ others.T).take(numbers * len(others) + places)
    at_once = max(1, MOST_ENTRIES // rows.shape[1])
    parts = zip(torch.split(numbers, at_once), torch.split(places, at_once), strict=True)
    return torch.cat([(rows[some] * others[beside]).sum(1) for some, beside in parts])
