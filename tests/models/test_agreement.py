"""What the processes of a fit must agree on."""

from typing import Any

import pytest
import torch

from hftopic import ProdLDA
from hftopic._processes import Processes
from hftopic.models.agreement import check_same, check_sizes
from hftopic.models.calls import call_of
from hftopic.training import Settings


class Many(Processes):
    """A hundred processes; the others have another call, if there is one."""

    size = 100

    def __init__(self, other: Any = None) -> None:
        self.other = other

    def collected(self, value: Any) -> list[Any]:
        return [value, *[self.other or value] * 99]


@pytest.mark.parametrize(
    ("batch_size", "n_documents", "fits"),
    [("auto", 1000, False), ("auto", 2000, True), (99, 2000, False), (100, 2000, True), (100, 99, False)],
)
def test_every_process_has_a_document_of_every_mini_batch(
    batch_size: Any, n_documents: int, fits: bool
) -> None:
    settings = Settings.of(ProdLDA(batch_size=batch_size, max_iter=1))
    check_sizes(Processes(), settings, n_documents)
    if fits:
        check_sizes(Many(), settings, n_documents)
        return
    with pytest.raises(ValueError, match="100 processes need at least 100 training documents"):
        check_sizes(Many(), settings, n_documents)


def test_processes_choose_the_same_type_of_device(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ProdLDA()
    calls = [call_of(model, [1.0])]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    calls.append(call_of(model, [1.0]))
    check_same(Many(calls[0]), calls[0], None)
    with pytest.raises(ValueError, match="same device: process 0 has 'cpu', process 1 has 'cuda'"):
        check_same(Many(calls[1]), calls[0], None)
