"""Models on a corpus that stays on the disk."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from hftopic import NVDM, Corpus, ProdLDA, load, make_correlated_topics, open_corpus, write_corpus
from hftopic.data import streams

SETTINGS = {"groups": (3, 3), "hidden": (8,), "max_iter": 4, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore:.*(documents have no words|topics tell|no topic is active)")


@pytest.fixture(scope="module")
def known():
    counts = make_correlated_topics(300, groups=(3, 3), n_words=40, random_state=0).corpus.counts
    filled = sp.csr_array(sp.vstack([counts[:100], sp.csr_array((3, 40)), counts[100:]], format="csr"))
    return Corpus(filled, [f"w{column}" for column in range(40)])


@pytest.fixture(scope="module")
def shards(known, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "shards"
    write_corpus(known, path, format="shards")
    return open_corpus(path)


@pytest.mark.parametrize(
    "model",
    [
        ProdLDA(**SETTINGS),
        ProdLDA(**SETTINGS, validation_fraction=0.2, batch_size=32),
        ProdLDA(**SETTINGS, n_init=2, n_jobs=2),
        NVDM(**SETTINGS),
        ProdLDA(**SETTINGS, seed_words={"x": ["w1", "w7"], "y": ["w3"]}),
    ],
    ids=["plain", "held out", "starts", "signed", "guided"],
)
def test_a_corpus_of_one_window_gives_the_model_of_the_corpus_in_memory(known, shards, model, tmp_path):
    expected, found = copy.copy(model).fit(known), copy.copy(model).fit(shards)
    assert found.history_.equals(expected.history_)
    for name in ("components_", "topic_word_", "prior_covariance_", "losses_", "topic_names_", "vocabulary_"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert found.topic_summary_.equals(expected.topic_summary_)
    for method in ("transform", "score_samples", "word_probabilities", "transform_latent"):
        np.testing.assert_array_equal(getattr(found, method)(shards), getattr(expected, method)(known))
    assert found.perplexity(shards) == expected.perplexity(known)
    assert found.score(shards) == expected.score(known)
    np.testing.assert_array_equal(found.encode(shards).proportions, expected.transform(known))
    found.save(tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").transform(shards), expected.transform(known))
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.transform(shards), expected.transform(known))
    np.testing.assert_array_equal(
        found.partial_fit(shards).components_, expected.partial_fit(known).components_
    )


def test_fits_with_windows_repeat_and_are_evaluated_alike(known, shards, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 16)
    monkeypatch.setattr(streams, "WINDOW", 4)
    model = ProdLDA(**{**SETTINGS, "max_iter": 3}, validation_fraction=0.1).fit(shards)
    again = ProdLDA(**{**SETTINGS, "max_iter": 3}, validation_fraction=0.1).fit(shards)
    np.testing.assert_array_equal(model.components_, again.components_)
    np.testing.assert_array_equal(model.transform(shards), model.transform(known))
    assert model.perplexity(shards) == model.perplexity(known)
    in_memory = ProdLDA(**{**SETTINGS, "max_iter": 3}, validation_fraction=0.1).fit(known)
    assert (in_memory.components_ != model.components_).any()  # another order of the documents


def test_what_needs_all_documents_in_memory_says_so(known, shards, monkeypatch):
    with pytest.raises(ValueError, match="marginals='full' needs all documents in memory"):
        ProdLDA(**SETTINGS, marginals="full").fit(shards)
    model = ProdLDA(**SETTINGS).fit(known)
    monkeypatch.setattr(streams, "MOST_AT_ONCE", 100)
    with pytest.raises(ValueError, match=r"303 documents .* corpus\.sampled\(100\)"):
        model.encode(shards)
    with pytest.raises(ValueError, match="ShardedCorpus, but is read in memory only here"):
        Corpus(shards, known.vocabulary)


def test_another_vocabulary_is_refused(known, shards):
    model = ProdLDA(**SETTINGS).fit(Corpus(known.counts, [f"v{column}" for column in range(40)]))
    for method in (model.transform, model.perplexity, model.partial_fit):
        with pytest.raises(ValueError, match="different vocabulary"):
            method(shards)


def test_a_model_that_reads_more_than_counts_takes_no_shards(shards):
    class Vectors(ProdLDA):
        def _split_input(self, X):
            return X

    with pytest.raises(TypeError, match="reads more than counts"):
        Vectors(**SETTINGS).fit((shards, np.ones((303, 2))))


def test_a_fit_in_memory_copies_no_counts(known, monkeypatch):
    """Batches are rows of the one matrix: nothing as large as it is made of all documents."""
    sizes = []
    original = sp.csr_array.__getitem__

    def recorded(matrix, index):
        found = original(matrix, index)
        sizes.append(found.shape[0])
        return found

    monkeypatch.setattr(sp.csr_array, "__getitem__", recorded)
    monkeypatch.setattr("hftopic.models.description.CHUNK", 64)
    monkeypatch.setattr("hftopic.models.evaluation.CHUNK_DOCUMENTS", 64)
    ProdLDA(**SETTINGS, batch_size=32).fit(known)
    assert sizes
    assert max(sizes) <= 65 + 32


def test_callbacks_that_copy_the_model_read_the_documents_once(shards, monkeypatch):
    sampled, reads, kept = streams.ShardedDocuments.sampled, [], []

    def counted(documents, most):
        reads.append(len(kept))
        return sampled(documents, most)

    monkeypatch.setattr(streams.ShardedDocuments, "sampled", counted)
    model = ProdLDA(**SETTINGS)
    model.fit(shards, callbacks=[lambda _: kept.append(copy.copy(model))])
    assert len(kept) == SETTINGS["max_iter"]
    assert reads == [0, len(kept)]  # and to describe the topics at the end
    assert not np.array_equal(kept[0].topic_word_, kept[-1].topic_word_)
