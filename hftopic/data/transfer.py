"""Mini-batches on their way to a GPU: prepared in a thread, and copied while the GPU computes."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from hftopic.data.documents import Rows

BatchT = TypeVar("BatchT")

AHEAD = 3  # mini-batches that are prepared before they are needed


def transferred(
    batches: Iterator[tuple[Rows, BatchT]], device: torch.device
) -> Iterator[tuple[Rows, BatchT]]:
    """The same mini-batches; on a GPU their tensors are there already, or will be before they are read.

    A thread takes the mini-batches from their source and calls their method ``load``, if they have one, see
    :meth:`hftopic.data.batches.Batch.load`. The copies are made from pinned memory in a stream of their own,
    and the stream that computes waits for them; the processor does not.

    Parameters
    ----------
    batches : iterator of (rows, mini-batch)
        It is read in another thread, so it must not use a generator of random numbers that the caller uses.
    device : torch.device
    """
    return _loaded(batches, device) if device.type == "cuda" else batches


def _loaded(batches: Iterator[tuple[Rows, BatchT]], device: torch.device) -> Iterator[tuple[Rows, BatchT]]:
    copies: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def prepare() -> tuple[Rows, BatchT, tuple[torch.Tensor, ...], torch.Event] | None:
        drawn = next(batches, None)
        if drawn is None:
            return None
        rows, batch = drawn
        with torch.cuda.stream(copies):
            tensors = batch.load() if hasattr(batch, "load") else ()
        return rows, batch, tensors, copies.record_event()

    with ThreadPoolExecutor(1, "hftopic-transfer") as worker:
        coming = deque(worker.submit(prepare) for _ in range(AHEAD))
        try:
            while (prepared := coming.popleft().result()) is not None:
                coming.append(worker.submit(prepare))
                rows, batch, tensors, copied = prepared
                computing = torch.cuda.current_stream(device)
                computing.wait_event(copied)
                for tensor in tensors:
                    tensor.record_stream(computing)  # its memory is not used again before it is read
                yield rows, batch
        finally:
            worker.shutdown(wait=True, cancel_futures=True)
