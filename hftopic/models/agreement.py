"""Processes that fit one model together: each must have the same documents and the same parameters."""

from typing import Any

from hftopic._processes import Processes
from hftopic._wording import counted
from hftopic.data.order import Steps
from hftopic.data.streams import ShardedDocuments
from hftopic.models.calls import HASHED, shown
from hftopic.training.settings import Settings


def check_same(processes: Processes, call: dict[str, Any], documents: Any) -> None:
    """Check that all processes fit the same model on the same documents.

    Raises
    ------
    ValueError
        The calls differ; it is raised in all processes.
    """
    calls = processes.collected(call)
    for name in calls[0]:
        told = [call.get(name) for call in calls]
        other = next((rank for rank, value in enumerate(told) if value != told[0]), None)
        if other is not None:
            values = [] if name in HASHED else list(map(shown, told))
            if name == "documents":
                values = processes.collected(_described(documents))
            raise ValueError(f"all processes of a fit need the same {name}{_apart(values, other)}")


def check_sizes(processes: Processes, settings: Settings, n_documents: int) -> None:
    """Check that each process has a document of every mini-batch of ``n_documents`` training documents.

    Raises
    ------
    ValueError
        There are too few documents, or too small mini-batches.
    """
    if processes.size == 1:
        return
    steps = Steps(n_documents, settings.documents_a_step(n_documents), n_processes=processes.size)
    smallest = min(sum(steps.sizes(step)) for step in (0, len(steps) - 1))
    if smallest < processes.size:
        raise ValueError(
            f"{processes.size} processes need at least {processes.size} training documents in every "
            f"mini-batch; got {smallest}. Use fewer processes or a larger batch_size"
        )


def _described(documents: Any) -> str:
    """How many documents a process has, and the folder of shards."""
    folder = f" of {documents.corpus.path}" if isinstance(documents, ShardedDocuments) else ""
    return f"{counted(len(documents), 'document')} with words{folder}"


def _apart(values: list[str], other: int) -> str:
    """Values of process 0 and another one in a message; nothing without values."""
    if not values:
        return ""
    others = ", which are not the same" if values[0] == values[other] else ""
    return f": process 0 has {values[0]}, process {other} has {values[other]}{others}"
