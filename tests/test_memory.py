"""The garbage collector, during training."""

import gc

import pytest

from hftopic._memory import left_alone


def test_objects_of_before_are_left_alone_and_then_no_longer():
    with left_alone():
        assert gc.get_freeze_count()
    assert gc.get_freeze_count() == 0
    with pytest.raises(KeyError), left_alone():
        raise KeyError
    assert gc.get_freeze_count() == 0


def test_what_a_program_froze_stays_frozen_and_nothing_else_is():
    gc.freeze()
    made_since: list[object] = []
    try:
        with left_alone():
            assert any(each is made_since for each in gc.get_objects())  # which leaves out what is frozen
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()
