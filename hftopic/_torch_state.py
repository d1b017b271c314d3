"""The state of torch in which this package computes, whatever that of its caller, and after a fork."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

AUTOCAST_DEVICES = ("cpu", "cuda", "xpu")
EXACT = frozenset({"none", "ieee"})  # settings of a backend under which products of float32 are of float32


@contextmanager
def neutral_torch() -> Iterator[None]:
    """Context with torch's own settings: float32, CPU, gradients, and neither inference mode nor autocast.

    Afterwards the caller's settings are what they were, also after an error. All of them belong to the
    thread, except the default dtype and the precision of float32 products, which belong to the process: they
    are torch's own until the last thread that is in this context has left it.
    """
    with _OF_PROCESS.held(), ExitStack() as changed:
        if torch.is_inference_mode_enabled():
            changed.enter_context(torch.inference_mode(False))
        if not torch.is_grad_enabled():
            changed.enter_context(torch.enable_grad())
        for device in AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device):
                changed.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            changed.enter_context(torch.device("cpu"))
        yield


class _SettingsOfProcess:
    """Default dtype and precision of float32 products, torch's own as long as a thread needs them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_users = 0
        self._own = threading.local()  # how many of the users are in this thread
        self._before: Callable[[], None] = lambda: None

    @contextmanager
    def held(self) -> Iterator[None]:
        counted = self._enter()
        try:
            yield
        finally:
            if counted:
                self._leave()

    def _enter(self) -> bool:
        """Whether this user counts: not if the settings are torch's own by themselves."""
        with self._lock:
            if self._n_users == 0:
                if torch.get_default_dtype() == torch.float32 and _is_exact():
                    return False
                self._before = _neutralise()
            self._n_users += 1
            self._own.n = getattr(self._own, "n", 0) + 1
            return True

    def _leave(self) -> None:
        with self._lock:
            self._n_users -= 1
            self._own.n -= 1
            if self._n_users == 0:
                self._before()

    def forget_other_threads(self) -> None:
        """Leave for the threads that do not exist in a forked process."""
        self._lock = threading.Lock()
        others, self._n_users = self._n_users, getattr(self._own, "n", 0)
        if others and self._n_users == 0:
            self._before()


def _is_exact() -> bool:
    """Whether products of float32 are computed in float32, by both interfaces of torch."""
    return _old_precision() in ("highest", None) and all(
        getattr(backend, "fp32_precision", "none") in EXACT for backend in _backends()
    )


def _old_precision() -> str | None:
    """Precision of products by torch's older interface; None if the newer one has set another."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def _backends() -> tuple[Any, ...]:
    """What has a precision of its own in newer versions of torch; each takes "none" from those before it."""
    return torch.backends, torch.backends.mkldnn, torch.backends.cudnn, *_products()


def _products() -> tuple[Any, ...]:
    return getattr(torch.backends.mkldnn, "matmul", None), torch.backends.cuda.matmul


def _neutralise() -> Callable[[], None]:
    """Set float32 with exact products; a function that sets what was before."""
    dtype, old = torch.get_default_dtype(), _old_precision()
    torch.set_default_dtype(torch.float32)
    own = []
    if not _is_exact():
        own = _own_precisions()
        torch.set_float32_matmul_precision("highest")

    def restore() -> None:
        torch.set_default_dtype(dtype)
        if old is not None and old != _old_precision():
            torch.set_float32_matmul_precision(old)
        for backend, precision in own:
            if backend.fp32_precision != precision and (precision != "none" or backend in _products()):
                backend.fp32_precision = precision  # "none" of mkldnn also sets that of torch.backends

    return restore


def _own_precisions() -> list[tuple[Any, str]]:
    """Set the precision of each backend to "none", before those that inherit it; what it was."""
    own = []
    for backend in _backends():
        if hasattr(backend, "fp32_precision"):
            own.append((backend, backend.fp32_precision))
            backend.fp32_precision = "none"
    return own


_OF_PROCESS = _SettingsOfProcess()


def _in_forked_process() -> None:
    """Compute in one thread: a child does not have the threads of OpenMP, and would wait for them forever."""
    torch.set_num_threads(1)
    _OF_PROCESS.forget_other_threads()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_forked_process)
