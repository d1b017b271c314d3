"""Tests of co-occurrence: NPMI from its definition, and the documents in which words occur."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from hftopic import Corpus
from hftopic.analysis.cooccurrence import occurrences, topic_occurrences

WORDS = [f"w{number}" for number in range(12)]


@pytest.fixture(scope="module")
def counts():
    """Sixty documents; w0 is in all of them, w1 in none."""
    drawn = np.random.default_rng(3).poisson(0.4, size=(60, 12))
    drawn[:, 0], drawn[:, 1] = 1, 0
    return drawn


def by_definition(counts, i, j):
    there = counts > 0
    both = (there[:, i] & there[:, j]).mean()
    if both in (0, 1):
        return 2 * both - 1
    return math.log(both / (there[:, i].mean() * there[:, j].mean())) / -math.log(both)


def test_npmi_is_that_of_the_definition(counts):
    found = occurrences(counts, WORDS, WORDS)
    every = np.arange(12)
    expected = [[by_definition(counts, i, j) for j in every] for i in every]
    np.testing.assert_allclose(found.npmi(every, every), expected, atol=1e-12)
    np.testing.assert_allclose(found.npmi(every[:3], every[4:]), np.array(expected)[:3, 4:], atol=1e-12)
    assert found.npmi(every[:1], every[:1]) == 1
    assert (found.npmi(every[1:2], every) == -1).all()


def test_words_have_their_columns_in_the_given_order(counts):
    wanted = ["w7", "unknown", "w2"]
    found = occurrences(counts, wanted, WORDS)
    assert found.of(["w2", "w7"]).tolist() == [2, 0]
    expected = np.column_stack([counts[:, 7] > 0, np.zeros(60), counts[:, 2] > 0])
    np.testing.assert_array_equal(found.matrix.toarray(), expected)
    np.testing.assert_array_equal(found.frequency, expected.sum(axis=0))


def test_every_kind_of_corpus_has_the_same_occurrences(counts):
    expected = occurrences(counts, WORDS, WORDS).matrix.toarray()
    stored = sparse.csr_array(np.ones_like(counts))
    stored.data = counts.ravel().copy()  # zeros that are stored are no occurrences
    padded = np.vstack([np.zeros((2, 12)), counts, np.zeros((1, 12))])  # empty documents are left out
    named = Corpus(counts, WORDS), pd.DataFrame(counts, columns=WORDS)
    for corpus in (sparse.csc_array(counts), stored, padded, *named):
        np.testing.assert_array_equal(occurrences(corpus, WORDS, WORDS).matrix.toarray(), expected)


def test_words_that_no_document_has_are_told(counts):
    with pytest.raises(ValueError, match="every document is empty"):
        occurrences(np.zeros((3, 12)), WORDS, WORDS)
    with pytest.raises(ValueError, match="no topic word occurs in the reference corpus, such as 'god'"):
        topic_occurrences([["god", "faith"]], counts, 10, WORDS)
