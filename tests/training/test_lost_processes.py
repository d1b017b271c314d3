"""A lost process ends the others, also where they compute on GPUs; tensors without data stand for those."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.distributed import distributed_c10d

from hftopic._processes import Group, Processes, ProcessLostError, _lost_processes
from hftopic.training.records import Totals
from hftopic.training.state import Position, _of_process


class Lost(Processes):
    """Processes of which one has ended."""

    size = 2

    def collected(self, value: Any) -> Any:  # noqa: ARG002
        raise ProcessLostError


def totals_of(device: str) -> Totals:
    totals = Totals()
    totals.add({"loss": torch.ones((), device=device)}, 3)
    return totals


def test_nothing_waits_for_a_device_before_all_processes_have_answered() -> None:
    with pytest.raises(ProcessLostError):
        totals_of("meta").look(Lost())
    assert totals_of("cpu").look(Lost()).tolist() == [[1.0]]  # which has sent its values already


def test_what_a_process_tells_the_others_is_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    own, position = torch.Generator(), Position(torch.zeros(0), 1, totals_of("meta"))
    trainer: Any = SimpleNamespace(own_generator=own, position=position)
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: torch.zeros(tensor.shape))
    assert _of_process(trainer)["values"].device.type == "cpu"


@pytest.mark.parametrize(("failed", "of_gpus"), [(True, "abort"), (False, "destroy")])
def test_after_an_error_groups_of_gpus_are_aborted(
    failed: bool, of_gpus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, ended = Group.__new__(Group), []
    group._groups = {"cpu": "gloo", "cuda": "nccl"}
    monkeypatch.setattr(
        distributed_c10d, "_abort_process_group", lambda one: ended.append((one, "abort")), raising=False
    )
    monkeypatch.setattr(distributed_c10d, "destroy_process_group", lambda one: ended.append((one, "destroy")))
    group.leave(failed)
    assert ended == [("nccl", of_gpus), ("gloo", "destroy")]


def test_too_little_memory_is_no_lost_process() -> None:
    with pytest.raises(torch.OutOfMemoryError), _lost_processes():
        raise torch.OutOfMemoryError
    with pytest.raises(ProcessLostError, match="another process of this job"), _lost_processes():
        raise RuntimeError
