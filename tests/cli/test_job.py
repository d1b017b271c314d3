"""The processes that torchrun has started, seen from one of them."""

import signal

import click
import pytest

from hftopic.cli.job import _process_group


def test_a_numbered_gpu_is_refused_where_each_process_takes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with (
        pytest.raises(click.UsageError, match="use --device cuda instead of cuda:1"),
        _process_group("cuda:1"),
    ):
        pass


def test_without_a_group_the_handler_of_signals_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="RANK"), _process_group("cpu"):
        pass
    assert signal.getsignal(signal.SIGTERM) is before
