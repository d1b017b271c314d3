"""Adam of PyTorch, without its compiler, and with steps of chosen rows that are those of all."""

from collections.abc import Iterator
from inspect import unwrap
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from hftopic._compiled import usable

TERMS_OF_A_POWER = 4  # numbers of a row whose step takes as long as a power of 2
LONGEST = 200  # steps after which what is left of a gradient moves a row no more: 0.9^200 is 1e-9
ROWS_AT_ONCE = 4096  # rows that are made up for at once
ROWS = "rows"  # key of what is deferred in the state of a parameter


@runtime_checkable
class OfRows(Protocol):
    """Module that reads some rows of a parameter, whose gradient may be a sparse tensor of these."""

    row_gradients: bool

    def rows_read(self, batch: Any) -> tuple[Tensor, Tensor] | None:
        """The parameter and the numbers of the rows that are read, all different; None if all are."""


class Adam(torch.optim.Adam):
    """``torch.optim.Adam``, to the last bit, whose methods do not import torch.compile.

    PyTorch wraps them, to keep its compiler away from them, and so imports it: about a second and 70 MB at
    the first step of a program that does not compile.

    A gradient may be a sparse tensor of some rows. Adam goes on to move the other rows, in the direction of
    their last gradients. This is deferred to :meth:`settle`, which is called before a row is read, and then
    made up for in one go: a row whose moments are m and v moves by m / √v times a sum over the steps since,
    Σ_j (β1 / √β2)^j η_j, where η_j is the rate of step j with Adam's correction of bias. So the weights are
    those of ``torch.optim.Adam``, but for rounding and its ε, at a cost that grows with the rows of a step.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    _dense_step = torch.no_grad()(unwrap(torch.optim.Adam.step))
    _load_state_dict = unwrap(torch.optim.Adam.load_state_dict)

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Move the parameters; of a parameter with a sparse gradient, its rows."""
        sparse: list[tuple[Tensor, Tensor]] = []
        for parameter, group in self._each():
            gradient = parameter.grad
            if gradient is not None and gradient.is_sparse:
                self._step_of_rows(parameter, coalesced(gradient), group)
                sparse.append((parameter, gradient))
                parameter.grad = None
            elif gradient is not None and ROWS in self.state.get(parameter, ()):
                self._settle(parameter, group)
                del self.state[parameter][ROWS]
        self._dense_step()
        for parameter, gradient in sparse:
            parameter.grad = gradient

    @torch.no_grad()
    def settle(self, read: Tensor | None = None, rows: Tensor | None = None) -> None:
        """Move all rows to where they are due or, of one parameter that is to be read, these rows, (U,)."""
        for parameter, group in self._each():
            if (read is None or read is parameter) and ROWS in self.state.get(parameter, ()):
                self._settle(parameter, group, rows)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a state of :meth:`state_dict`."""
        self._load_state_dict(state_dict)
        numbers = (number for group in state_dict["param_groups"] for number in group["params"])
        for (parameter, _), number in zip(self._each(), numbers, strict=True):
            saved = state_dict["state"].get(number, {})
            if ROWS in saved:  # PyTorch has given it the type of the parameter
                self.state[parameter][ROWS] = {name: held.clone() for name, held in saved[ROWS].items()}

    def _each(self) -> Iterator[tuple[Tensor, dict[str, Any]]]:
        return ((parameter, group) for group in self.param_groups for parameter in group["params"])

    def _step_of_rows(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state, (beta1, beta2) = self.state[parameter], group["betas"]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        if ROWS not in state:
            state[ROWS] = _nothing_due(parameter, int(state["step"]))
        rows, values = gradient.indices()[0], gradient.values()
        self._settle(parameter, group, rows)
        state["step"] += 1
        number = int(state["step"])
        rate, correction = group["lr"] / (1 - beta1**number), (1 - beta2**number) ** -0.5
        decays = torch.tensor([0.0, beta1, beta2], dtype=torch.float64).expand(len(rows), -1)
        weights = 1 - beta1, 1 - beta2, rate, correction, group["eps"]
        move_rows((parameter, state["exp_avg"], state["exp_avg_sq"]), rows, decays, values, weights)
        state[ROWS]["last"][rows] = number
        _note(state[ROWS], rate / correction, beta1 / beta2**0.5)

    def _settle(self, parameter: Tensor, group: dict[str, Any], chosen: Tensor | None = None) -> None:
        state, (beta1, beta2) = self.state[parameter], group["betas"]
        step, deferred = int(state["step"]), state[ROWS]
        last = deferred["last"]
        rows = (last < step).nonzero()[:, 0] if chosen is None else chosen[last[chosen] < step]
        missed, due = step - last[rows].double(), deferred["due"][last[rows] - deferred["first"]]
        decays = torch.stack([due, beta1**missed, beta2**missed], 1)
        weights = 0.0, 0.0, 0.0, 1.0, group["eps"]
        parts = (torch.split(tensor, ROWS_AT_ONCE) for tensor in (rows, decays))
        for some, of_some in zip(*parts, strict=True):
            move_rows((parameter, state["exp_avg"], state["exp_avg_sq"]), some, of_some, None, weights)
        if chosen is None:
            state[ROWS] = _nothing_due(parameter, step)
        else:
            last[rows] = step


def coalesced(gradient: Tensor) -> Tensor:
    """A sparse gradient whose rows are all different, in order; backward passes forget that they are."""
    rows = gradient._indices()[0]
    if not gradient.is_coalesced() and bool((rows[1:] > rows[:-1]).all()):
        gradient._coalesced_(True)
    return gradient.coalesce()


def _nothing_due(parameter: Tensor, step: int) -> dict[str, Tensor]:
    """What is deferred of the rows of a parameter, if all are moved to a step.

    ``last`` is the step to which each row is moved, (V,), int64. ``due`` is by how many m / √v it is behind,
    for the steps from ``first`` on.
    """
    return {
        "last": torch.full((len(parameter),), step),
        "first": torch.tensor(step),
        "due": torch.zeros(1, dtype=torch.float64),
    }


def _note(deferred: dict[str, Tensor], rate: float, ratio: float) -> None:
    """Add a step to what is due of the rows that have no gradient in it."""
    due = deferred["due"]
    behind = torch.arange(min(LONGEST, len(due)), 0, -1, dtype=torch.float64)
    due[-len(behind) :] += rate * ratio**behind
    deferred["due"] = torch.cat([due, due.new_zeros(1)])


def move_rows(
    moved: tuple[Tensor, Tensor, Tensor],
    rows: Tensor,
    decays: Tensor,
    gradient: Tensor | None,
    weights: tuple[float, float, float, float, float],
) -> None:
    """Move some rows of a parameter and of its moments, in place: by what is due, and by a gradient.

    Parameters
    ----------
    moved : tuple of Tensor, shape (V, H) each
        The parameter, m and v.
    rows : Tensor, shape (U,)
        Numbers of the rows, all different.
    decays : Tensor, shape (U, 3), float64
        What is due of each row in m / √v, and the factors of its m and v.
    gradient : Tensor, shape (U, H), optional
        Gradient of the rows.
    weights : tuple of float
        Weights of the gradient in m, of its square in v, of m / (c √v + ε) in the step, c and ε.
    """
    due, of_m, of_v = decays.to(moved[0].dtype).unbind(1)
    of_gradient, of_square, rate, correction, eps = weights
    if usable(len(rows) * moved[0].shape[1] // TERMS_OF_A_POWER, *moved):
        from hftopic._compiled import calls

        calls.move_rows(moved, rows, (due, of_m, of_v), gradient, weights)
        return
    parameter, m, v = (tensor.index_select(0, rows) for tensor in moved)
    parameter.sub_(due[:, None] * m / (v.sqrt() + eps))
    m.mul_(of_m[:, None])
    v.mul_(of_v[:, None])
    if gradient is not None:
        m.add_(gradient, alpha=of_gradient)
        v.addcmul_(gradient, gradient, value=of_square)
        parameter.addcdiv_(m, v.sqrt().mul_(correction).add_(eps), value=-rate)
    for tensor, values in zip(moved, (parameter, m, v), strict=True):
        tensor.index_copy_(0, rows, values)
