"""Processes that train one model together: sums and gathers with gradients, and agreement on values.

The network, the objective and the trainer ask :func:`current` for the processes they work with. Outside of
:func:`working_with` a process is alone, and nothing is sent.
"""

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from hftopic._waiting import wait_for_all, wait_until

ValueT = TypeVar("ValueT")


class ProcessLostError(RuntimeError):
    """Another process of the job has ended, failed or cannot be reached; the work of all ended with it."""


def part(n: int, rank: int, size: int) -> slice:
    """The part of ``n`` things in a row that one of ``size`` processes has; the parts differ by 1 at most."""
    return slice(n * rank // size, n * (rank + 1) // size)


class Processes:
    """A process that is alone: it has all documents, and its sums are those of all processes.

    Attributes
    ----------
    rank : int
        Number of this process, from 0.
    size : int
        Number of processes.
    """

    rank: int = 0
    size: int = 1

    def own(self, n: int) -> slice:
        """The part of ``n`` things in a row that this process has."""
        return part(n, self.rank, self.size)

    def divided(self, sizes: Sequence[int]) -> "Processes":  # noqa: ARG002
        """The processes while each of them has so many rows of what they work on."""
        return self

    def all_rows(self, n_own: int) -> int:
        """Number of rows of all processes, of which this one has ``n_own``."""
        return n_own

    @property
    def first_row(self) -> int:
        """Number of the first row of this process among those of all."""
        return 0

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum of a tensor over all processes; its gradient is the sum of the gradients of all."""
        return tensor

    def sum_(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors of one type by their sums over all processes, without gradients."""

    def mean(self, rows: Tensor) -> Tensor:
        """Mean over the rows of all processes, with gradients: (B, K) to (K,)."""
        return rows.mean(0)

    def moments(self, rows: Tensor, *, alone: bool = False) -> tuple[Tensor, Tensor]:
        """Mean (K,) and covariance (K, K) over the rows of all processes, with gradients.

        With ``alone``, each column is on its own: its variance, (K,), is returned in place of the covariance.
        """
        mean = rows.mean(0)
        return mean, _products(rows - mean, alone) / len(rows)

    def gathered(self, rows: Tensor) -> Tensor:
        """Rows of all processes in their order, with gradients."""
        return rows

    def agreed(self, value: ValueT) -> ValueT:
        """The value of process 0."""
        return value

    def collected(self, value: ValueT) -> list[ValueT]:
        """The values of all processes, in their order."""
        return [value]

    def together(self, work: Callable[[], ValueT]) -> ValueT:
        """What the work returns; if it fails in any process, it raises an error in all.

        Raises
        ------
        ProcessLostError
            It failed in another process; if it failed in this one, its own error is raised.
        """
        return work()

    def of_first(self, work: Callable[[], ValueT]) -> ValueT:
        """What the work returns in process 0, which alone does it; if it fails there, all raise an error.

        Raises
        ------
        ProcessLostError
            It failed in process 0, which raises its own error.
        """
        return work()


ALONE = Processes()


class Group(Processes):
    """Processes of the job of ``torch.distributed``, in groups of their own: gloo, and another for GPUs.

    Raises
    ------
    ProcessLostError
        All methods raise it if another process has ended.
    """

    _n_made: ClassVar[int] = 0  # the same in all processes

    def __init__(self) -> None:
        from torch import distributed

        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        self._sizes: tuple[int, ...] = ()
        self._groups: dict[str, Any] = {}  # by the type of the device
        self._places = (f"hftopic/{Group._n_made}/{place}" for place in itertools.count())
        self._wait_for_all(
            f"all {self.size} processes of the group must make the same calls, such as fit, with the same "
            "documents"
        )
        Group._n_made += 1
        self._group("cpu")

    def _wait_for_all(self, told: str = "") -> None:
        """Wait for all processes at this point; signals are heard, and after ``PATIENCE`` lost processes."""
        from torch import distributed
        from torch.distributed.distributed_c10d import _get_default_store

        def exchange() -> None:
            sent = torch.ones(self.size)
            work = distributed.all_to_all_single(
                torch.empty_like(sent), sent, group=self._groups.get("cpu"), async_op=True
            )
            wait_until(work.is_completed)
            work.wait()

        by_gloo = "cpu" in self._groups or "cpu:gloo" in distributed.get_backend_config()
        with _lost_processes():
            place, exchanged = next(self._places), exchange if by_gloo else None
            wait_for_all(_get_default_store(), place, self.rank, self.size, told, exchanged)

    def _group(self, device: str) -> Any:
        """The group that sends tensors of a device; all processes make it together."""
        from torch import distributed

        if device not in self._groups:
            with _lost_processes():
                backend = "gloo" if device == "cpu" else None  # or that of the caller's group
                self._groups[device] = distributed.new_group(backend=backend)
        return self._groups[device]

    def leave(self, failed: bool = False) -> None:
        """End the groups: other processes that wait for this one get an error.

        After a failure nothing waits for operations on GPUs, in which a lost process never takes part.
        """
        from torch.distributed import distributed_c10d

        end = distributed_c10d.destroy_process_group
        abort = getattr(distributed_c10d, "_abort_process_group", end) if failed else end
        while self._groups:
            device, group = self._groups.popitem()
            (end if device == "cpu" else abort)(group)

    def divided(self, sizes: Sequence[int]) -> "Group":
        """The processes while each of them has so many rows of what they work on."""
        other = copy.copy(self)
        other._sizes = tuple(sizes)
        return other

    def all_rows(self, n_own: int) -> int:  # noqa: ARG002
        """Number of rows of all processes."""
        return sum(self._sizes)

    @property
    def first_row(self) -> int:
        """Number of the first row of this process among those of all."""
        return sum(self._sizes[: self.rank])

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum of a tensor over all processes; its gradient is the sum of the gradients of all."""
        summed: Tensor = _Sum.apply(tensor, self)  # type: ignore[no-untyped-call]
        return summed

    def sum_(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors of one type by their sums over all processes, without gradients."""
        from torch import distributed

        one = len(tensors) == 1 and tensors[0].is_contiguous()
        flat = tensors[0].detach() if one else torch.cat([each.detach().reshape(-1) for each in tensors])
        with _lost_processes():
            distributed.all_reduce(flat, group=self._group(flat.device.type))
        if not one:
            sums = torch.split(flat, [each.numel() for each in tensors])
            for tensor, total in zip(tensors, sums, strict=True):
                tensor.detach().copy_(total.view_as(tensor))

    def mean(self, rows: Tensor) -> Tensor:
        """Mean over the rows of all processes, with gradients: (B, K) to (K,)."""
        return self.sum(rows.sum(0)) / sum(self._sizes)

    def moments(self, rows: Tensor, *, alone: bool = False) -> tuple[Tensor, Tensor]:
        """Mean (K,) and covariance (K, K), or with ``alone`` variance (K,), over the rows of all processes.

        They have gradients. Each process sends its mean and its sums of squares around it, in one message, so
        that no large squares cancel.
        """
        n_columns, n_all = rows.shape[1], sum(self._sizes)
        own_mean = rows.mean(0) if len(rows) else rows.sum(0)
        before, after = self.rank, self.size - self.rank - 1
        at_rank = torch.cat(
            [rows.new_zeros(before, n_columns), own_mean[None], rows.new_zeros(after, n_columns)]
        )
        own_products = _products(rows - own_mean, alone)
        sent = self.sum(torch.cat([at_rank, own_products.reshape(-1, n_columns)]))
        means, within = sent[: self.size], sent[self.size :].view_as(own_products)
        sizes = rows.new_tensor(self._sizes)
        mean = sizes @ means / n_all
        between = _products(sizes.sqrt()[:, None] * (means - mean), alone)
        return mean, (within + between) / n_all

    def gathered(self, rows: Tensor) -> Tensor:
        """Rows of all processes in their order, with gradients."""
        all_rows: Tensor = _Gathered.apply(rows, self)  # type: ignore[no-untyped-call]
        return all_rows

    def agreed(self, value: ValueT) -> ValueT:
        """The value of process 0."""
        from torch import distributed

        held = [value]
        with _lost_processes():
            distributed.broadcast_object_list(held, group=self._group("cpu"), group_src=0)
        return held[0]

    def collected(self, value: ValueT) -> list[ValueT]:
        """The values of all processes, in their order."""
        from torch import distributed

        values: list[Any] = [None] * self.size
        with _lost_processes():
            distributed.all_gather_object(values, value, group=self._group("cpu"))
        return values

    def together(self, work: Callable[[], ValueT]) -> ValueT:
        """What the work returns; if it fails in any process, it raises an error in all."""
        try:
            result = work()
        except Exception as error:
            self._wait_for_all()
            self.collected(f"{type(error).__name__}: {error}")
            raise
        self._wait_for_all()
        for rank, told in enumerate(self.collected(None)):
            if told is not None:
                raise ProcessLostError(f"process {rank} failed: {told}")
        return result

    def of_first(self, work: Callable[[], ValueT]) -> ValueT:
        """What the work returns in process 0, which alone does it; if it fails there, all raise an error."""
        result: Any = None
        try:
            if self.rank == 0:
                result = work()
        except BaseException as error:
            self.agreed((None, f"{type(error).__name__}: {error}"))
            raise
        result, told = self.agreed((result, None))
        if told is not None:
            raise ProcessLostError(f"process 0 failed: {told}")
        answer: ValueT = result
        return answer


def _products(rows: Tensor, alone: bool) -> Tensor:
    """Sums over rows of the products of columns, (K, K), or of the squares of each, (K,)."""
    return rows.square().sum(0) if alone else rows.T @ rows


@contextmanager
def _lost_processes() -> Iterator[None]:
    """Errors of a collective operation as those of a lost process."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise ProcessLostError(
            "another process of this job has ended or cannot be reached, so this one ends too; "
            f"its own messages say why ({str(error).split(' This is typically')[0].strip()})"
        ) from error


class _Sum(torch.autograd.Function):
    """Sum over processes; every process adds its loss, so the gradients of the sum are summed too."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, processes: Group) -> Tensor:
        ctx.processes = processes
        total = tensor.clone(memory_format=torch.contiguous_format)
        processes.sum_([total])
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        total = upstream[0].clone(memory_format=torch.contiguous_format)
        ctx.processes.sum_([total])
        return total, None


class _Gathered(torch.autograd.Function):
    """Rows of all processes; the gradient of a process's rows is the sum of those of all processes."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, processes: Group) -> Tensor:
        start = processes.first_row
        ctx.processes, ctx.own = processes, slice(start, start + len(rows))
        all_rows = rows.new_zeros(processes.all_rows(len(rows)), *rows.shape[1:])
        all_rows[ctx.own] = rows
        processes.sum_([all_rows])
        return all_rows

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        total = upstream[0].clone(memory_format=torch.contiguous_format)
        ctx.processes.sum_([total])
        return total[ctx.own], None


_current: ContextVar[Processes] = ContextVar("_current", default=ALONE)


def current() -> Processes:
    """Processes that work on the same mini-batch."""
    return _current.get()


@contextmanager
def working_with(processes: Processes) -> Iterator[Processes]:
    """Context in which the network and the objective take these processes for :func:`current`."""
    with _set(_current, processes):
        yield processes


@contextmanager
def _set(variable: ContextVar[Any], processes: Processes) -> Iterator[Processes]:
    token = variable.set(processes)
    try:
        yield processes
    finally:
        variable.reset(token)


_joined: ContextVar[Processes | None] = ContextVar("_joined", default=None)


def joined() -> Processes:
    """Processes that fit one model, within :func:`of_the_job`."""
    return _joined.get() or ALONE


@contextmanager
def of_the_job() -> Iterator[Processes]:
    """Processes of torch's process group, if the caller has made one, or this process alone.

    They get a group of their own, which ends with the context: if one process leaves it with an error, the
    others do not wait for it. Within the context, as in a callback of ``fit``, the process is alone.
    """
    from torch import distributed

    grouped = distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
    if not grouped or _joined.get() is not None:
        with _set(_joined, ALONE):
            yield ALONE
        return
    processes = Group()
    try:
        with _set(_joined, processes):
            yield processes
    except BaseException:
        processes.leave(failed=True)
        raise
    processes.leave()
