"""State of a trainer between two steps: what the rest of the training depends on, but for the documents."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hftopic._processes import Processes
from hftopic._torch_state import neutral_torch
from hftopic.training.records import Totals

if TYPE_CHECKING:
    from hftopic.training.trainer import Trainer

ADAM_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class Position:
    """Where training is within an epoch.

    Attributes
    ----------
    order_from : Tensor
        State of the generator from which the order of the epoch is drawn.
    step : int
        Number of steps of the epoch that are done.
    totals : Totals
        Sums of the terms over their documents.
    """

    order_from: Tensor
    step: int = 0
    totals: Totals = field(default_factory=Totals)


def state_of(trainer: "Trainer[Any]") -> dict[str, Any]:
    """The state as dicts and lists of numbers, texts and tensors; its tensors are those of the trainer.

    All processes of the trainer call it together, and get the same state, with what each has of its own.

    Raises
    ------
    TypeError
        The companion of the objective has no ``state_dict``.
    """
    companion, position = trainer.companion, trainer.position
    if companion is not None and not hasattr(companion, "state_dict"):
        raise TypeError(
            f"a {type(companion).__name__} cannot be in a checkpoint: it has no state_dict and "
            "load_state_dict, as a torch.nn.Module has"
        )
    return {
        "epoch": trainer.epoch,
        "records": trainer.records,
        "network": trainer.network.state_dict(),
        "optimiser": trainer.optimiser.state_dict(),
        "companion": None if companion is None else companion.state_dict(),
        "has_cut": trainer.grouping.has_cut,
        "largest_term": trainer.largest_term,
        "kept": trainer.kept,
        "kept_epoch": trainer.kept_epoch,
        "since_kept": torch.from_numpy(trainer.since_kept),
        "generator": trainer.generator.get_state(),
        "position": None if position is None else _of_position(position),
        "of_processes": trainer.processes.collected(_of_process(trainer)),
    }


def _of_position(position: Position) -> dict[str, Any]:
    totals = position.totals
    return {
        "order_from": position.order_from,
        "step": position.step,
        "names": totals.names,
        "sums": totals.sums,
        "n_documents": totals.n_documents,
    }


def _of_process(trainer: "Trainer[Any]") -> dict[str, Any]:
    """What each process has of its own: its source of noise, and its part of the terms of the last steps."""
    own: dict[str, Any] = {"generator": trainer.own_generator.get_state()}
    if trainer.position is not None:
        totals = trainer.position.totals
        own |= {"values": totals.pending_values().cpu(), "sizes": totals.pending_sizes}
    return own


@neutral_torch()
def resume(trainer: "Trainer[Any]", state: dict[str, Any]) -> None:
    """Bring a trainer that was made in the same way into a state, whose tensors it may keep."""
    own = _own(state["of_processes"], trainer.processes)
    network = trainer.network
    network.load_state_dict(state["network"])
    trainer.optimiser.load_state_dict(state["optimiser"])
    for parameter, moments in trainer.optimiser.state.items():  # in the memory layout of the parameter
        for name in ADAM_MOMENTS:
            moments[name] = torch.empty_like(parameter, requires_grad=False).copy_(moments[name])
    if trainer.companion is not None:
        trainer.companion.load_state_dict(state["companion"])
    trainer.epoch, trainer.records = state["epoch"], state["records"]
    trainer.grouping.has_cut, trainer.largest_term = state["has_cut"], state["largest_term"]
    trainer.kept_epoch, trainer.since_kept = state["kept_epoch"], state["since_kept"].numpy()
    trainer.kept = {
        name: torch.empty_like(value).copy_(state["kept"][name])
        for name, value in network.state_dict().items()
    }
    trainer.generator.set_state(state["generator"])
    if own["generator"] is not None:
        trainer.own_generator.set_state(own["generator"])
    if state["position"] is not None:
        trainer.position = _position(state["position"], own["values"].to(network.device), own["sizes"])


def _own(of_processes: list[dict[str, Any]], processes: Processes) -> dict[str, Any]:
    """What this process has of its own; with another number of processes than before, new noise."""
    if len(of_processes) == processes.size:
        return of_processes[processes.rank]
    own = {**of_processes[0], "generator": None}
    if "values" in own:  # each has its share of the terms
        whole = torch.stack([each["values"] for each in of_processes]).sum(0)
        own["values"] = whole if processes.rank == 0 else torch.zeros_like(whole)
    return own


def _position(saved: dict[str, Any], values: Tensor, sizes: list[int]) -> Position:
    totals = Totals()
    totals.names, totals.sums = saved["names"], saved["sums"]
    totals.n_documents = saved["n_documents"]
    totals.add_pending(values, sizes)
    return Position(saved["order_from"], saved["step"], totals)


@dataclass
class Course:
    """Where a training with several epochs is.

    Attributes
    ----------
    best, best_epoch
        Lowest validation loss so far, in nats per document, and its epoch.
    ended : bool
        Whether there are no more epochs.
    finished : bool
        Whether the best weights are restored and topics assigned too.
    diverged : list, optional
        Arguments of the :class:`TrainingDivergedError` with which training ended.
    """

    best: float = float("inf")
    best_epoch: int = 0
    ended: bool = False
    finished: bool = False
    diverged: list[Any] | None = None

    def state(self) -> dict[str, Any]:
        """The attributes, as the arguments of a course."""
        return asdict(self)
