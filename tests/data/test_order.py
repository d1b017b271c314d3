"""The order of documents in training: every document once an epoch, in one process or in several."""

import numpy as np
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from hftopic.data.documents import BagsOfWords
from hftopic.data.order import Steps, batch_slices, shuffled

CPU = torch.device("cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(n=st.integers(1, 300), size=st.integers(2, 50))
def test_batches_cover_every_document_once_and_none_is_alone(n, size):
    slices = list(batch_slices(n, size))
    assert [i for s in slices for i in range(s.start, s.stop)] == list(range(n))
    assert n == 1 or min(s.stop - s.start for s in slices) >= 2
    assert max(s.stop - s.start for s in slices) <= size + 1


@given(n=st.integers(8, 300), size=st.integers(8, 50), n_processes=st.integers(1, 8))
def test_processes_divide_every_mini_batch(n, size, n_processes):
    each = [Steps(n, size, rank, n_processes) for rank in range(n_processes)]
    for step in range(len(each[0])):
        whole, own = each[0].whole(step), [steps.own(step) for steps in each]
        assert [i for s in own for i in range(s.start, s.stop)] == list(range(whole.start, whole.stop))
        assert tuple(s.stop - s.start for s in own) == each[0].sizes(step)
        assert min(each[0].sizes(step)) >= 1
        assert max(each[0].sizes(step)) - min(each[0].sizes(step)) <= 1
    assert each[0].whole(0).start == 0
    assert each[0].whole(len(each[0]) - 1).stop == n


def test_an_epoch_is_every_document_once_in_random_order():
    documents = BagsOfWords(sp.csr_array(np.arange(1, 41)[:, None]))
    drawn = list(shuffled(documents, Steps(40, 7), generator(), CPU))
    seen = np.concatenate([rows for rows, _ in drawn])
    assert sorted(seen) == list(range(40))
    assert seen.tolist() != sorted(seen)
    for rows, batch in drawn:
        assert batch.counts.tolist() == (rows + 1).tolist()


def test_an_epoch_that_goes_on_has_the_rest_of_its_order():
    documents = BagsOfWords(sp.csr_array(np.arange(1, 41)[:, None]))
    whole = [rows.tolist() for rows, _ in shuffled(documents, Steps(40, 7), generator(), CPU)]
    rest = [rows.tolist() for rows, _ in shuffled(documents, Steps(40, 7), generator(), CPU, skip=2)]
    assert rest == whole[2:]
