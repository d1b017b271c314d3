"""Documents of shards as training reads them: every document once an epoch, for all processes together."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from hftopic import open_corpus
from hftopic.data import streams
from hftopic.data.ahead import read_ahead
from hftopic.data.documents import BagsOfWords
from hftopic.data.formats.lines import FormatError
from hftopic.data.order import Steps, shuffled
from hftopic.data.shards import ShardWriter
from hftopic.data.shares import Listed, Spaced

CPU = torch.device("cpu")
N_WORDS = 5
COUNTS = sp.csr_array(np.random.default_rng(0).poisson(0.3, (400, N_WORDS)).astype(np.float32))
FILLED = COUNTS[COUNTS.sum(axis=1) > 0]


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def corpus(tmp_path):
    with ShardWriter(tmp_path / "shards", [f"w{column}" for column in range(N_WORDS)]) as writer:
        writer.append(COUNTS)
    return open_corpus(tmp_path / "shards")


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 7)
    monkeypatch.setattr(streams, "WINDOW", 3)


def same(one, other):
    return one.shape == other.shape and (one != other).nnz == 0


@pytest.mark.usefixtures("small_windows")
def test_documents_without_words_are_left_out(corpus):
    stored = streams.StoredDocuments(corpus)
    documents = stored.with_words()
    assert len(documents) == FILLED.shape[0] < len(stored)
    np.testing.assert_array_equal(stored.empty, COUNTS.sum(axis=1) == 0)
    np.testing.assert_array_equal(documents.word_counts(), FILLED.sum(axis=0))
    rows = np.random.default_rng(0).permutation(len(documents))[:50]
    for numbers in (np.arange(len(documents)), rows, rows[:1], np.arange(90, 200)):
        assert same(documents.batch(numbers, CPU).rows, FILLED[numbers])
        assert same(stored.batch(numbers, CPU).rows, COUNTS[numbers])
    assert same(documents.sampled(20).counts, BagsOfWords(FILLED).sampled(20).batch(np.arange(20), CPU).rows)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("n_held_out", [20, 100, 200])
def test_mini_batches_of_a_share_read_the_blocks_that_have_them(corpus, monkeypatch, n_held_out):
    _, held_out = streams.StoredDocuments(corpus).with_words().divided(n_held_out, generator())
    read, before = [], streams.blocks_of
    monkeypatch.setattr(
        streams,
        "blocks_of",
        lambda held, first, n: read.extend(range(first, first + n)) or before(held, first, n),
    )
    for start in range(0, n_held_out, 10):
        rows = np.arange(start, start + 10)
        held_out.batch(rows, CPU)
        needed = np.unique(np.searchsorted(held_out.starts, rows, side="right") - 1)
        assert read == needed.tolist()
        read.clear()


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize(("batch_size", "n_processes"), list(product((10, 64), (1, 2, 3))))
def test_an_epoch_has_every_document_once(corpus, batch_size, n_processes):
    documents = streams.StoredDocuments(corpus).with_words()
    seen = []
    for rank in range(n_processes):
        steps = Steps(len(documents), batch_size, rank, n_processes)
        epoch = list(shuffled(documents, steps, generator(), CPU))
        assert [len(rows) for rows, _ in epoch] == [steps.sizes(step)[rank] for step in range(len(steps))]
        assert all(same(batch.rows, FILLED[rows]) for rows, batch in epoch)
        seen += [rows for rows, _ in epoch]
        for skip in (1, 3, len(steps)):
            rest = list(shuffled(documents, steps, generator(), CPU, skip))
            assert len(rest) == len(epoch[skip:])
            for (rows, _), (expected, _) in zip(rest, epoch[skip:], strict=True):
                np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(len(documents)))


@pytest.mark.usefixtures("small_windows")
def test_what_is_drawn_does_not_depend_on_the_rank_or_on_what_is_skipped(corpus):
    documents = streams.StoredDocuments(corpus).with_words()
    states = []
    for rank, skip in product((0, 1), (0, 2)):
        source = generator()
        shuffled(documents, Steps(len(documents), 10, rank, 2), source, CPU, skip)
        states.append(source.get_state())
    assert all(torch.equal(state, states[0]) for state in states)


@pytest.mark.usefixtures("small_windows")
def test_two_epochs_have_different_orders_and_mix_the_blocks_of_a_window(corpus):
    documents = streams.StoredDocuments(corpus).with_words()
    source, steps = generator(), Steps(len(documents), 10)
    one, other = (
        np.concatenate([rows for rows, _ in shuffled(documents, steps, source, CPU)]) for _ in range(2)
    )
    assert (one != other).any()
    blocks = np.searchsorted(documents.starts, one[:15], side="right")
    assert len(np.unique(blocks)) > 1  # all of one block would be of probability below 1e-3


def test_a_corpus_of_one_window_has_the_order_of_documents_in_memory(corpus):
    documents, steps = streams.StoredDocuments(corpus).with_words(), Steps(FILLED.shape[0], 32)
    for (rows, batch), (expected, known) in zip(
        shuffled(documents, steps, generator(), CPU),
        shuffled(BagsOfWords(FILLED), steps, generator(), CPU),
        strict=True,
    ):
        np.testing.assert_array_equal(rows, expected)
        assert same(batch.rows, known.rows)


@pytest.mark.parametrize("is_small", [True, False])
def test_documents_are_divided(corpus, is_small, request):
    if not is_small:
        request.getfixturevalue("small_windows")
    documents = streams.StoredDocuments(corpus).with_words()
    rest, held_out = documents.divided(60, generator())
    assert (len(rest), len(held_out)) == (len(documents) - 60, 60)
    mask = held_out.share.mask(0, len(documents))
    for part, expected in ((rest, FILLED[~mask]), (held_out, FILLED[mask])):
        assert same(part.batch(np.arange(len(part)), CPU).rows, expected)
        np.testing.assert_array_equal(part.word_counts(), expected.sum(axis=0))
        steps = Steps(len(part), 16)
        rows = np.concatenate([rows for rows, _ in shuffled(part, steps, generator(), CPU)])
        np.testing.assert_array_equal(np.sort(rows), np.arange(len(part)))
    if is_small:
        known = BagsOfWords(FILLED).divided(60, generator())[1]
        np.testing.assert_array_equal(np.flatnonzero(mask), known.rows)


@pytest.mark.parametrize("others", [False, True])
def test_a_share_counts_the_documents_of_its_mask(others):
    for n, n_held, shift in ((10, 3, 0), (10, 3, 9), (1000, 7, 123), (12, 11, 5), (5, 0, 2)):
        share = Spaced(n, n_held, shift, others)
        mask = share.mask(0, n)
        assert mask.sum() == (n - n_held if others else n_held)
        listed = Listed(mask)
        numbers = np.arange(n + 1)
        np.testing.assert_array_equal(share.before(numbers), listed.before(numbers))
        np.testing.assert_array_equal(share.mask(2, 4), listed.mask(2, 4))


def test_the_documents_of_all_processes_are_counted():
    for n, size, n_processes in product((5, 64, 65, 66, 200), (2, 64), (1, 2, 3)):
        steps = Steps(n, size, 0, n_processes)
        own = [sum(steps.sizes(step)[rank] for step in range(len(steps))) for rank in range(n_processes)]
        assert [steps.before(rank) for rank in range(n_processes + 1)] == np.append(
            0, np.cumsum(own)
        ).tolist()


def test_an_error_of_the_reading_thread_is_raised_and_the_thread_ends():
    def fails():
        raise FormatError("is cut off", "part-00001.data.npy")

    results = read_ahead([lambda: 1, fails])
    assert next(results) == 1
    with pytest.raises(FormatError, match="part-00001"):
        next(results)


def test_a_damaged_part_is_named_before_anything_is_trained_on(corpus):
    path = corpus.path / "part-00000.data.npy"
    content = bytearray(path.read_bytes())
    content[-1] += 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"part-00000\.data\.npy"):
        streams.StoredDocuments(open_corpus(corpus.path)).with_words()
