"""Tests of coherence: the values of gensim, from text or counts, and no NaN without a warning."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from hftopic import NVDM, NVLDA, Corpus, ProdLDA
from hftopic.analysis import topic_coherence
from hftopic.analysis.windows import RunningText, count_windows

MEASURES = ["u_mass", "c_v", "c_npmi", "c_uci"]
WORDS = [f"w{number}" for number in range(30)]


@pytest.fixture(scope="module")
def texts():
    """Eighty documents of 5 to 60 tokens, each mostly from one third of the vocabulary."""
    generator = np.random.default_rng(11)
    drawn = []
    for _ in range(80):
        chance = np.ones(30)
        chance[10 * (third := generator.integers(3)) : 10 * (third + 1)] = 6
        drawn.append(
            generator.choice(WORDS, size=generator.integers(5, 61), p=chance / chance.sum()).tolist()
        )
    return drawn


@pytest.fixture(scope="module")
def counts(texts):
    dense = np.array([[text.count(word) for word in WORDS] for text in texts], dtype=np.float32)
    return sparse.csr_array(dense)


@pytest.fixture(scope="module")
def topics():
    mixed = [WORDS[i] for i in (0, 11, 22, 3, 14)]
    return [WORDS[:5], WORDS[10:16], mixed]


def by_gensim(topics, texts, measure, window=None):
    """Value of each topic from gensim, called as in its documentation."""
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    dictionary = Dictionary(texts)
    bags = [dictionary.doc2bow(text) for text in texts]
    model = CoherenceModel(
        topics=topics,
        texts=texts,
        corpus=bags,
        dictionary=dictionary,
        coherence=measure,
        window_size=window,
        topn=max(map(len, topics)),
        processes=1,
    )
    return model.get_coherence_per_topic()


def counted_by_gensim(topics, texts, window):
    """Numbers of windows with the words of topics, and of pairs of them."""
    from gensim.corpora import Dictionary
    from gensim.topic_coherence.text_analysis import WordOccurrenceAccumulator

    dictionary = Dictionary([*texts, *topics])
    ids = {dictionary.token2id[word] for topic in topics for word in topic}
    return WordOccurrenceAccumulator(ids, dictionary).accumulate(texts, window)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("window", [None, 3, 25])
def test_texts_give_what_gensim_gives(topics, texts, measure, window):
    table = topic_coherence(topics, texts=texts, measure=measure, window=window)
    np.testing.assert_array_equal(table[measure], by_gensim(topics, texts, measure, window))
    default = {"u_mass": "document", "c_v": 110, "c_npmi": 10, "c_uci": 10}[measure]
    expected = window if window is not None and measure != "u_mass" else default
    assert table[f"{measure}_window"].tolist() == [expected] * 3


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    n_words=st.integers(4, 12),
    window=st.integers(2, 45),
    seed=st.integers(0, 999),
)
def test_windows_with_words_that_return_are_those_of_gensim(lengths, n_words, window, seed):
    """Few words in long windows: most enter a window again before they leave it."""
    draws = np.random.default_rng(seed)
    texts = [[f"w{number}" for number in draws.integers(n_words, size=length)] for length in lengths]
    topics = [["w0", "w1", "w2"], ["w3", "w1"], ["w2", "w0"]]
    text = RunningText.of(texts, ["w0", "w1", "w2", "w3"])
    counts = count_windows(text, window, [[0, 1, 2], [3, 1], [2, 0]])
    expected = counted_by_gensim(topics, texts, window)
    assert counts.num_docs == expected.num_docs
    for i, j in [(0, 0), (1, 0), (0, 2), (2, 1), (3, 3), (3, 1)]:
        assert counts[i, j] == expected[f"w{i}", f"w{j}"]
    assert [counts[i] for i in range(4)] == [expected[f"w{i}"] for i in range(4)]


@pytest.mark.parametrize("measure", MEASURES)
def test_several_measures_at_once_change_none(topics, texts, measure):
    together = topic_coherence(topics, texts=texts, measure=MEASURES, window=7)
    alone = topic_coherence(topics, texts=texts, measure=measure, window=7)
    np.testing.assert_array_equal(together[measure], alone[measure])


@pytest.mark.parametrize("measure", MEASURES)
def test_counts_make_each_document_a_window(topics, texts, counts, measure):
    once = [sorted(set(text)) for text in texts]
    table = topic_coherence(topics, counts, vocabulary=WORDS, measure=measure)
    np.testing.assert_array_equal(table[measure], by_gensim(topics, once, measure, 1000))
    assert table[f"{measure}_window"].tolist() == ["document"] * 3
    of_texts = topic_coherence(topics, texts=texts, measure=measure, window="document")
    pd.testing.assert_frame_equal(table, of_texts)


def test_npmi_of_documents_from_its_definition(topics, counts):
    occurs = counts.toarray() > 0

    def npmi(a, b):
        together = (occurs[:, a] & occurs[:, b]).mean() + 1e-12  # the epsilon of gensim
        return math.log(together / (occurs[:, a].mean() * occurs[:, b].mean())) / -math.log(together)

    expected = []
    for topic in topics:
        ids = [WORDS.index(word) for word in topic]
        expected.append(np.mean([npmi(a, b) for a in ids for b in ids if a < b]))
    table = topic_coherence(topics, counts, vocabulary=WORDS)
    np.testing.assert_allclose(table["c_npmi"], expected, atol=1e-9)


def test_words_that_belong_together_beat_words_that_do_not(topics, texts):
    table = topic_coherence(topics, texts=texts, measure=["c_npmi", "c_v"])
    assert (table.loc[:1, ["c_npmi", "c_v"]] > table.loc[2, ["c_npmi", "c_v"]]).all(axis=None)


def test_corpus_with_tokens_slides_and_one_without_does_not(topics, texts, counts):
    vocabulary = np.array(WORDS)
    ordered = Corpus(counts=counts, vocabulary=vocabulary, tokens=tuple(tuple(text) for text in texts))
    pd.testing.assert_frame_equal(topic_coherence(topics, ordered), topic_coherence(topics, texts=texts))
    bare = Corpus(counts=counts, vocabulary=vocabulary)
    expected = topic_coherence(topics, counts, vocabulary=WORDS)
    pd.testing.assert_frame_equal(topic_coherence(topics, bare), expected)
    frame = pd.DataFrame(counts.toarray(), columns=WORDS)
    pd.testing.assert_frame_equal(topic_coherence(topics, frame), expected)


def test_empty_documents_are_no_documents(topics, texts, counts):
    padded = [[], *texts[:40], [], *texts[40:], []]
    for settings in ({}, {"window": "document"}):
        expected = topic_coherence(topics, texts=texts, measure=MEASURES, **settings)
        found = topic_coherence(topics, texts=padded, measure=MEASURES, **settings)
        pd.testing.assert_frame_equal(found, expected)
    stacked = sparse.vstack([counts, sparse.csr_array((5, 30), dtype=np.float32)], format="csr")
    found = topic_coherence(topics, stacked, vocabulary=WORDS, measure=MEASURES)
    pd.testing.assert_frame_equal(found, topic_coherence(topics, counts, vocabulary=WORDS, measure=MEASURES))


def test_stored_zeros_are_no_occurrences(topics, counts):
    dense = counts.toarray()
    explicit = sparse.csr_array(np.ones_like(dense))
    explicit.data = dense.ravel().copy()
    expected = topic_coherence(topics, counts, vocabulary=WORDS)
    pd.testing.assert_frame_equal(topic_coherence(topics, explicit, vocabulary=WORDS), expected)


def test_absent_words_are_left_out_and_listed(topics, texts):
    strange = [["pope", *topics[0], "nun"], topics[1]]
    found = topic_coherence(strange, texts=texts, measure=MEASURES)
    expected = topic_coherence(topics[:2], texts=texts, measure=MEASURES)
    pd.testing.assert_frame_equal(found[MEASURES], expected[MEASURES])
    assert found["absent"].tolist() == ["pope, nun", ""]
    assert found["words"].tolist() == [", ".join(topics[0]), ", ".join(topics[1])]


def test_topics_without_two_present_words_are_nan_with_one_warning(topics, texts):
    strange = [["pope", "nun"], topics[1], ["pope", "w1"]]
    with pytest.warns(UserWarning, match="fewer than two words of topic 0, 2 occur") as caught:
        found = topic_coherence(strange, texts=texts, measure=MEASURES)
    assert len(caught) == 1
    assert found["c_npmi"].isna().tolist() == [True, False, True]
    assert found["c_v"].mean() == found.loc[1, "c_v"]
    with pytest.warns(UserWarning, match="of topic 0 occur"):
        assert topic_coherence(strange[:1], texts=texts)["c_npmi"].isna().all()


def test_words_never_seen_in_a_column_are_absent(counts):
    with_unused = sparse.hstack([counts, sparse.csr_array((80, 1), dtype=np.float32)], format="csr")
    found = topic_coherence([["w1", "w2", "unused"]], with_unused, vocabulary=[*WORDS, "unused"])
    assert found.loc[0, "absent"] == "unused"


def test_tables_and_models_of_topics(topics, texts):
    lists = [topic[:5] for topic in topics]
    table = pd.DataFrame(
        lists, columns=[f"word_{i}" for i in range(1, 6)], index=pd.Index([4, 7, 9], name="topic")
    )
    table.insert(0, "group", [0, 1, 1])

    class Model:
        def top_words(self, n=10, vocabulary=None):
            assert vocabulary in (None, WORDS)
            return table.iloc[:, : n + 1]

    expected = topic_coherence([topic[:3] for topic in lists], texts=texts)
    for source in (table, Model()):
        found = topic_coherence(source, texts=texts, top_n=3)
        assert found["topic"].tolist() == [4, 7, 9]
        assert found["group"].tolist() == [0, 1, 1]
        assert found["c_npmi"].tolist() == expected["c_npmi"].tolist()


class Numbered:
    """A model with the topics [0, 1, 2] and [10, 11, 12], by column number."""

    def top_words(self, n=10, vocabulary=None):
        rows = [[vocabulary[i] for i in topic] for topic in ((0, 1, 2), (10, 11, 12))]
        return pd.DataFrame(rows, columns=["word_1", "word_2", "word_3"]).iloc[:, :n]


def test_a_model_names_the_columns_of_a_bare_matrix(counts):
    expected = topic_coherence([WORDS[0:3], WORDS[10:13]], counts, vocabulary=WORDS)
    named = Numbered()
    named.vocabulary_ = np.array(WORDS)
    pd.testing.assert_frame_equal(topic_coherence(named, counts), expected)
    pd.testing.assert_frame_equal(topic_coherence(Numbered(), counts, vocabulary=WORDS), expected)
    by_column = topic_coherence(Numbered(), counts)
    assert by_column["words"].tolist() == ["0, 1, 2", "10, 11, 12"]
    assert by_column["c_npmi"].tolist() == expected["c_npmi"].tolist()


def test_a_corpus_of_other_words_keeps_its_own_names(counts):
    model = Numbered()
    model.vocabulary_ = np.array(WORDS)
    order = np.random.default_rng(0).permutation(30)
    expected = topic_coherence(model, counts)
    other = pd.DataFrame(counts.toarray()[:, order], columns=np.array(WORDS)[order])
    pd.testing.assert_frame_equal(topic_coherence(model, other), expected)
    corpus = Corpus(counts=counts.toarray()[:, order], vocabulary=np.array(WORDS)[order])
    pd.testing.assert_frame_equal(topic_coherence(model, corpus), expected)


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
@pytest.mark.parametrize("named", [True, False])
def test_of_a_fitted_model(texts, counts, estimator, named):
    corpus = Corpus(counts, WORDS, tokens=texts)
    model = estimator(groups=(2, 1), max_iter=2, random_state=0).fit(corpus if named else counts)
    found = topic_coherence(model, corpus, top_n=5)
    words = model.top_words(5, vocabulary=WORDS).filter(like="word_").to_numpy().tolist()
    assert found["group"].tolist() == [0, 0, 1]
    assert found["c_npmi"].tolist() == topic_coherence(words, texts=texts)["c_npmi"].tolist()
    by_counts = topic_coherence(model, counts, top_n=5)
    assert by_counts["c_npmi"].tolist() == topic_coherence(words, counts, vocabulary=WORDS)["c_npmi"].tolist()


def test_worker_processes_change_nothing(topics, texts):
    expected = topic_coherence(topics, texts=texts)
    pd.testing.assert_frame_equal(topic_coherence(topics, texts=texts, processes=2), expected)


def test_input_is_left_as_it_was(topics, counts):
    before = counts.copy()
    topic_coherence(topics, counts, vocabulary=WORDS, measure=MEASURES)
    assert (before != counts).nnz == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"measure": "npmi"}, "unknown measure 'npmi'; did you mean 'c_npmi'"),
        ({"measure": []}, "measure is empty"),
        ({"window": 1}, "at least 2 tokens"),
        ({"window": "doc"}, "'document' or None, got 'doc'"),
        ({"processes": 0}, "processes must be at least 1"),
        ({"texts": ["god faith"]}, "document 0 is a string"),
        ({"texts": "god faith"}, "document 0 is a string"),
        ({"texts": [[], []]}, "every document is empty"),
        ({"texts": None}, "no reference corpus"),
        ({"texts": None, "corpus": np.eye(30), "window": 10, "vocabulary": WORDS}, "needs running text"),
        ({"texts": None, "corpus": np.eye(30)}, "30 columns but no vocabulary"),
        ({"texts": None, "corpus": np.eye(30), "vocabulary": ["a"]}, "30 columns but a vocabulary of 1"),
        ({"texts": None, "corpus": -np.eye(30), "vocabulary": WORDS}, "Negative values"),
        ({"top_n": 1}, "topic 0 has 1 words"),
        ({"top_n": 0}, "positive int"),
        ({"model_or_topics": [["w1", "w2", "w1"]]}, "topic 0 lists a word twice"),
        ({"model_or_topics": ["w1", "w2"]}, "put the words in a list"),
        ({"model_or_topics": "w1 w2"}, "got str"),
        ({"model_or_topics": pd.DataFrame({"a": ["w1"]})}, "columns word_1"),
    ],
)
def test_mistakes_are_named(topics, texts, settings, message):
    with pytest.raises(ValueError, match=message):
        topic_coherence(**({"model_or_topics": topics, "texts": texts} | settings))
