"""Commands that ``torchrun`` starts in several processes, of which process 0 alone prints and writes."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

import click

from hftopic._waiting import wait_for_all, wait_until

Command = Callable[..., Any]

FIRST_ERROR = "hftopic/error"  # its place in the store
SECONDS_FOR_ERRORS = 2.0


def rank() -> int:
    """Number of this process among those that torchrun has started; 0 without torchrun."""
    return int(os.environ.get("RANK", "0")) if n_processes() > 1 else 0


def n_processes() -> int:
    """Number of the processes that torchrun has started."""
    started = "MASTER_ADDR" in os.environ and os.environ.get("RANK", "").isdecimal()
    size = os.environ.get("WORLD_SIZE", "")
    return int(size) if started and size.isdecimal() else 1


def in_processes(command: Command) -> Command:
    """Let a command work in all processes of torchrun; without torchrun it works in one."""

    @wraps(command)
    def in_group(**given: Any) -> Any:
        if n_processes() == 1:
            return command(**given)
        with _process_group(given.get("device")):
            return command(**given)

    return in_group


@contextmanager
def _process_group(device: str | None) -> Iterator[None]:
    """The group of all processes: gloo and, where each process has a GPU, NCCL.

    Raises
    ------
    click.UsageError
        There are fewer GPUs than processes, or several processes would take the same one.
    """
    import torch
    from torch import distributed
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]
    from torch.distributed.rendezvous import rendezvous

    local, here = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if here > 1 and device is not None and device.startswith("cuda:"):
        raise click.UsageError(
            f"torchrun has started {here} processes on this machine, and each takes a GPU of its own: "
            f"use --device cuda instead of {device}"
        )
    on_gpus = torch.cuda.is_available() and (device is None or device.startswith(("auto", "cuda")))
    if on_gpus:
        if here > torch.cuda.device_count():
            raise click.UsageError(
                f"torchrun has started {here} processes on a machine with {torch.cuda.device_count()} GPUs: "
                "start one for each GPU, or use --device cpu"
            )
        torch.cuda.set_device(local)
    store, own_rank, size = next(rendezvous("env://"))
    if here == size:  # without --standalone, torchrun keeps the addresses of processes that have ended
        store = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    backend = "cpu:gloo,cuda:nccl" if on_gpus else "gloo"
    wait_for_all(store, "hftopic", own_rank, size, "torchrun has started them, but they are not here yet")
    distributed.init_process_group(backend, store=store, rank=own_rank, world_size=size)
    try:
        with _told_once(store):
            yield
    finally:
        distributed.destroy_process_group()


@contextmanager
def _told_once(store: Any) -> Iterator[None]:
    """Let process 0 alone tell an error that it has too; another process waits for its errors a moment."""
    try:
        yield
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        if rank() == 0:
            with suppress(RuntimeError):
                store.set(FIRST_ERROR, told)
            raise
        first = ""
        with suppress(RuntimeError):  # the store may be that of a process that has ended
            if wait_until(lambda: bool(store.check([FIRST_ERROR])), SECONDS_FOR_ERRORS):
                first = store.get(FIRST_ERROR).decode()
        if first and (told in first or first in told):
            raise click.exceptions.Exit(getattr(error, "exit_code", 1)) from error
        raise
