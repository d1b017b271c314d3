"""What is given in memory and only looks like words, labels, texts, topics or counts is refused by name."""

import inspect
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

from hftopic import (
    NVDM,
    Corpus,
    CorpusError,
    ProdLDA,
    TextOptions,
    analysis,
    corpus_from_gensim,
    corpus_from_texts,
    make_correlated_topics,
    plots,
    report,
)
from hftopic.data.sequences import check_sequence, lone_surrogate, why_no_counts

WORDS = ["ball", "god", "team"]
COUNTS = np.array([[2, 0, 1], [1, 2, 0], [0, 3, 1], [1, 1, 1]])
CUT = "cut\ud83d"
ALL_WORDS = TextOptions(min_df=1, max_df=1.0, stop_words=None)


@pytest.fixture(scope="module")
def model():
    return ProdLDA(groups=(1, 1), hidden=(4,), max_iter=1, random_state=0).fit(COUNTS)


def dictionary():
    from gensim.corpora import Dictionary

    return Dictionary([WORDS])


# Objects that can be iterated and are no sequence of three words, with what the message says of them.
NO_SEQUENCES = {
    "str": (lambda: "abc", "is a str"),
    "bytes": (lambda: b"abc", "is a bytes"),
    "path": (lambda: Path("vocab.txt"), "read the file first"),
    "file": (lambda: io.StringIO("ball\ngod\nteam\n"), "an open file"),
    "dict": (lambda: dict.fromkeys(WORDS, 1), "is a dict, and a list of it would be its keys"),
    "keys": (lambda: dict.fromkeys(WORDS).keys(), "no order of its own"),
    "items": (lambda: dict(enumerate(WORDS)).items(), "no order of its own"),
    "set": (lambda: set(WORDS), "no order of its own"),
    "frozenset": (lambda: frozenset(WORDS), "no order of its own"),
    "frame": (lambda: pd.DataFrame({word: [1] for word in WORDS}), r"such as frame\['ball'\]"),
    "column": (lambda: np.array(WORDS)[:, None], r"an array of shape \(3, 1\)"),
    "scalar": (lambda: np.array("ball"), "array"),
    "matrix": (lambda: sp.csr_array(np.eye(3)), "pass an array of one dimension"),
    "corpus": (lambda: Corpus(COUNTS, WORDS), "pass one of its parts"),
    "vectoriser": (lambda: CountVectorizer().fit([" ".join(WORDS)]), r"pass its get_feature_names_out\(\)"),
    "dictionary": (dictionary, r"\[dictionary\[i\] for i in range\(len\(dictionary\)\)\]"),
    "class": (lambda: list, "<class 'list'>"),
    "number": (lambda: 3, "is 3 of type int"),
}
kinds = pytest.mark.parametrize(("make", "told"), NO_SEQUENCES.values(), ids=NO_SEQUENCES)


@kinds
def test_a_corpus_takes_none_of_them(make, told):
    with pytest.raises(CorpusError, match=rf"vocabulary (is|.*){told}|vocabulary .*{told}|vocabulary {told}"):
        Corpus(COUNTS, make())
    for part in ("labels", "names", "splits", "tokens"):
        with pytest.raises(CorpusError, match=rf"{part} "):
            Corpus(COUNTS, WORDS, **{part: make()})


@kinds
def test_nothing_that_takes_a_vocabulary_takes_them(model, make, told, tmp_path):
    """Every public function with a parameter `vocabulary`, found by inspection, has the check of Corpus."""
    given = {
        "model": model,
        "model_or_topics": model,
        "estimator": model,
        "models": [model, model],
        "X": COUNTS,
        "corpus": COUNTS,
        "document": 0,
        "query": "word",
        "topic": 0,
        "path": tmp_path / "report.html",
        "validation": COUNTS,
    }
    functions = [
        getattr(module, name)
        for module in (analysis, plots, report)
        for name in module.__all__
        if name[0].islower()
    ]
    functions = [f for f in functions if "vocabulary" in inspect.signature(f).parameters]
    assert len(functions) >= 20
    for function in (*functions, model.top_words):
        parameters = inspect.signature(function).parameters.values()
        needed = {p.name: given[p.name] for p in parameters if p.default is p.empty}
        if function is analysis.compare:
            needed = {"models": model, "validation": COUNTS}
        if function is analysis.write_document_topics:
            needed["path"] = tmp_path / "topics.csv"
        if function is analysis.words_over_time:
            needed["dates"] = range(len(COUNTS))
        with pytest.raises(ValueError, match=told):
            function(**needed, vocabulary=make())


@kinds
def test_texts_topics_dates_and_labels_take_none_of_them(model, make, told, tmp_path):
    lines = told == "an open file"  # a file is the sequence of its lines, where a line break does no harm
    if not lines:
        with pytest.raises(CorpusError, match="texts "):
            corpus_from_texts(make(), options=ALL_WORDS)
        with pytest.raises(ValueError, match="texts "):
            report.write_report(model, COUNTS, tmp_path / "r.html", texts=make())
    if not isinstance(make(), np.ndarray) or make().ndim != 2:  # rows of words are topics or documents
        with pytest.raises(ValueError, match=r"lists of words|topic"):
            analysis.topic_diversity(make())
        with pytest.raises(ValueError, match="texts "):
            analysis.topic_coherence([WORDS], texts=make())
    with pytest.raises(ValueError, match="texts must be lists of tokens"):
        analysis.topic_coherence([WORDS], texts=[WORDS, make()])
    with pytest.raises(ValueError, match="labels "):
        analysis.topics_by_label(model, COUNTS, make(), topics="all")
    with pytest.raises(ValueError, match=r"dates |no column 'abc'"):  # a string is the name of a column
        analysis.topics_over_time(model, COUNTS, make(), topics="all")
    assert list(tmp_path.iterdir()) == []


def test_what_is_a_sequence_of_words(model):
    for words in (
        WORDS,
        tuple(WORDS),
        iter(WORDS),
        (word for word in WORDS),
        filter(None, WORDS),
        map(str, WORDS),
        np.array(WORDS),
        np.array(WORDS, dtype=object),
        pd.Series(WORDS, index=[7, 8, 9]),
        pd.Index(WORDS),
        pd.Categorical(WORDS),
        dict.fromkeys(WORDS).__iter__(),
        dict(enumerate(WORDS)).values(),
        pd.Series(WORDS, index=["columns", "column_names", "vocabulary"]),
    ):
        assert set(analysis.topic_summary(model, COUNTS, vocabulary=words)["words"][0].split(", ")) <= set(
            WORDS
        )
    assert Corpus(COUNTS, iter(WORDS)).vocabulary.tolist() == WORDS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "b", "a"], "'a' is in the vocabulary twice, at 0 and 2"),
        (["a", "b"], "vocabulary has 2 words, but the model was fitted on 3"),
        ([0, 1, 2], r"vocabulary\[0\] is 0, not a string"),
        ([("a", 1), ("b", 2), ("c", 3)], r"vocabulary\[0\] is \('a', 1\), not a string"),
        (["a", None, "c"], r"vocabulary\[1\] is None"),
        (["a", "", "c"], r"vocabulary\[1\] is ''"),
        (["a", CUT, "c"], r"vocabulary\[1\] has half a character at position 3"),
    ],
)
def test_words_of_a_model_are_those_of_a_corpus(model, words, told):
    for call in (
        lambda: model.top_words(1, vocabulary=words),
        lambda: analysis.topic_summary(model, COUNTS, vocabulary=words),
        lambda: analysis.frex_words(model, 1, vocabulary=words),
        lambda: plots.plot_words(model, topic=0, n=1, vocabulary=words),
    ):
        with pytest.raises(CorpusError, match=told):
            call()


@pytest.mark.parametrize("part", ["labels", "names", "splits"])
def test_half_a_character_is_found_on_the_way_in(part):
    with pytest.raises(CorpusError, match=rf"{part}\[2\] has half a character at position 3"):
        Corpus(COUNTS, WORDS, **{part: ["a", "b", CUT, "d"]})
    with pytest.raises(CorpusError, match=r"labels\[0\] has half a character"):
        Corpus(COUNTS, WORDS).with_labels([CUT] * 4)


def test_half_a_character_of_a_text_or_a_title(model, tmp_path):
    with pytest.raises(CorpusError, match="text 1 has half a character at position 3"):
        corpus_from_texts(["whole", CUT], options=ALL_WORDS)
    with pytest.raises(CorpusError, match=r"vocabulary\[0\] has half a character"):
        Corpus(COUNTS, WORDS).with_vocabulary([CUT])
    for settings, told in (({"texts": ["a", "b", CUT, "d"]}, r"texts\[2\]"), ({"title": CUT}, "title")):
        with pytest.raises(ValueError, match=f"{told} has half a character"):
            report.write_report(model, COUNTS, tmp_path / "report.html", **settings)
    with pytest.raises(ValueError, match=r"labels\[0\] has half a character"):
        analysis.topics_by_label(model, COUNTS, [CUT, "a", "b", "c"], topics="all")
    assert list(tmp_path.iterdir()) == []


def test_whole_characters_are_not_half_ones():
    assert lone_surrogate("plain") is None
    assert lone_surrogate("na\u00efve \U0001f600 \u4e2d\u6587") is None
    assert lone_surrogate("\U0001f600" + CUT) == 4
    corpus = Corpus(COUNTS, ["\U0001f600", "\u00e9", "e\u0301"])
    assert corpus.vocabulary[0] == "\U0001f600"


def test_documents_that_are_no_texts_are_told_what_to_do():
    for document, told in (
        (["god", "faith"], "pass lists of words to corpus_from_tokens"),
        (None, "remove the document, or pass ''"),
        (float("nan"), "fillna"),
        (b"god", r"decode\('utf-8'\)"),
        (7, "text 1 is 7 of type int"),
    ):
        with pytest.raises(CorpusError, match=told):
            corpus_from_texts(["god", document], options=ALL_WORDS)


def test_lists_of_words_become_a_corpus_as_the_message_says():
    documents = [["New-York", "a", "x2"], ["a"], []]
    options = TextOptions(min_df=1, max_df=1.0, token_pattern=r"\S+", lowercase=False, stop_words=None)
    corpus = corpus_from_texts([" ".join(words) for words in documents], options=options)
    assert corpus.tokens == tuple(map(tuple, documents))


BAGS = [[(0, 1), (2, 3)], [], [(1, 1)]]
TOKENS = [["god", "faith"], ["team"], []]


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (BAGS, "bags of"),
        (tuple(map(tuple, BAGS)), "bags of"),
        ([[(0, 1)], [(1, 1)], [(2, 1)]], "bags of"),
        (TOKENS, "lists of words"),
        ([["god", "god"], ["team", "ball"]], "lists of words"),
        (["god faith", "team"], "holds texts"),
        ("god faith", "holds texts"),
        (np.array(["god", "team"]), "holds texts"),
        (np.array([["god", "faith"], ["team", "ball"]]), "holds texts"),
        (pd.Series(["god", "team"]), "holds texts"),
        (pd.Series([None, "team"]), "holds texts"),
        (pd.DataFrame({"n": [1, 2], "text": ["god", "team"]}), r"holds texts.*\(column 'text'\)"),
        ({"god": [1, 2]}, "is a dict"),
        ({1, 2}, "is a set"),
        (iter([[1, 2]]), "iterator"),
        ((row for row in [[1, 2]]), "generator"),
        (None, "is a NoneType"),
        (Path("x"), "PosixPath|WindowsPath"),
        (np.array(3), "array"),
        ([sp.csr_array([[1, 0]]), sp.csr_array([[0, 1]])], "scipy.sparse.vstack"),
        ([{"god": 1}, {"team": 2}], r"a dict is a document; pass pandas.DataFrame\(X\)"),
        ([pd.Series([1, 2], ["team", "god"])], "a Series is a document"),
        (np.array([(1, 2)], dtype=[("team", int), ("god", int)]), "is a structured array"),
        (memoryview(np.ones((2, 2))), "is a memoryview"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_matrix_of_counts(X, told, model):
    estimator = ProdLDA(groups=(1, 1), hidden=(4,), max_iter=1)
    for call in (
        lambda: Corpus(X, WORDS),
        lambda: estimator.fit(X),
        lambda: estimator.partial_fit(X),
        lambda: NVDM(groups=2, max_iter=1).fit(X),
        lambda: model.transform(X),
        lambda: analysis.topic_information(model, X),
        lambda: analysis.compare(estimator, train=COUNTS, validation=X),
    ):
        with pytest.raises(ValueError, match=told):
            call()


def test_gensims_bags_are_read_as_the_message_says():
    corpus = corpus_from_gensim(BAGS, dict(enumerate(WORDS)))
    assert corpus.counts.toarray().tolist() == [[1, 0, 3], [0, 0, 0], [0, 1, 0]]


def test_numbers_and_frames_are_counts():
    for counts in (COUNTS, COUNTS.tolist(), tuple(map(tuple, COUNTS)), pd.DataFrame(COUNTS)):
        assert why_no_counts(counts) is None
        assert Corpus(counts, WORDS).counts.toarray().tolist() == COUNTS.tolist()
    named = pd.DataFrame(COUNTS, columns=["counts", "vocabulary", "tokens"])
    assert Corpus(named, named.columns).vocabulary.tolist() == ["counts", "vocabulary", "tokens"]
    assert ProdLDA(groups=(1, 1), hidden=(4,), max_iter=1).fit(named).transform(named).shape == (4, 2)


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("many", [2**24 + 1, 2**31, 2**60, 1e20])
def test_counts_that_float32_cannot_hold_are_refused_alike(many):
    dense = np.array([[1, 2, 3], [many, 0, 1]])
    estimator = ProdLDA(groups=(1, 1), hidden=(4,), max_iter=1)
    fitted = ProdLDA(groups=(1, 1), hidden=(4,), max_iter=1, random_state=0).fit(COUNTS)
    for counts in (
        dense,
        dense.tolist(),
        sp.csr_array(dense),
        sp.coo_array(dense),
        pd.DataFrame(dense, columns=WORDS),
    ):
        for call in (lambda X: Corpus(X, WORDS), estimator.fit, fitted.transform, fitted.perplexity):
            with pytest.raises(ValueError, match="above 16,777,216"):
                call(counts)
    exact = np.array([[1, 2, 3], [2**24, 0, 1]])
    assert fitted.transform(exact).shape == (2, 2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int64, np.float32])
def test_duplicates_are_summed_without_overflow(dtype):
    """Three times 100 is 44 as int8."""
    repeated = sp.coo_array(
        (np.array([100] * 3 + [1, 2], dtype=dtype), ([0, 0, 0, 1, 2], [0, 0, 0, 1, 2])), (3, 3)
    )
    whole = sp.csr_array(np.diag([300.0, 1.0, 2.0]))
    model = ProdLDA(groups=(1, 1), hidden=(4,), max_iter=1, random_state=0)
    assert Corpus(repeated, WORDS).counts.toarray().tolist() == whole.toarray().tolist()
    expected = model.fit(whole).transform(whole)
    np.testing.assert_array_equal(model.transform(repeated), expected)
    np.testing.assert_array_equal(model.fit(repeated).transform(whole), expected)
    assert repeated.nnz == 5


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.float32, np.float64])
@pytest.mark.parametrize("format", ["coo", "csr", "csc"])
def test_a_negative_count_does_not_cancel_a_positive_one(dtype, format):
    values = np.array([-1, 1, 2, 3], dtype=dtype)
    cancels = {
        "coo": lambda: sp.coo_array((values, ([0, 0, 0, 1], [0, 0, 1, 1])), (2, 3)),
        "csr": lambda: sp.csr_array((values, [0, 0, 1, 1], [0, 3, 4]), (2, 3)),
        "csc": lambda: sp.csc_array((values, [0, 0, 0, 1], [0, 2, 4, 4]), (2, 3)),
    }[format]()
    with pytest.raises(CorpusError, match="the value -1"):
        Corpus(cancels, WORDS)
    for call in (ProdLDA(groups=(1, 1)).fit, ProdLDA(groups=(1, 1), max_iter=1).fit(COUNTS).transform):
        with pytest.raises(ValueError, match="Negative values"):
            call(cancels)


TOPICS = [["god", "faith"], ["bat", "ball"]]


def test_topics_are_lists_of_words():
    weighted = [[("god", 0.3), ("faith", 0.2)]]
    score = analysis.topic_diversity
    for topics, told in (
        (weighted, r"contains \('god', 0.3\); if these are pairs of a word and a weight"),
        (dict(enumerate(weighted)), "got dict"),
        ([{"god": 0.3}], "is a dict"),
        ([{"god", "faith"}], "is a set"),
        ([["god", None]], "contains None"),
        ([["god", 0.5]], "contains 0.5"),
        (["god"], "got 'god'; put the words in a list"),
        ([(0, [("god", 0.3)])], "contains"),
        (np.array(weighted), "array of shape"),
        (pd.DataFrame({"god": [1]}), "columns word_1"),
        (ProdLDA, "expected a fitted"),
    ):
        with pytest.raises((ValueError, TypeError), match=told):
            score(topics)
    for topics in (
        TOPICS,
        tuple(TOPICS),
        iter(TOPICS),
        map(iter, TOPICS),
        np.array(TOPICS),
        pd.Series(TOPICS),
    ):
        assert score(topics) == 1.0
    assert score([[0, 1], [1, 2]]) == 0.75  # words of columns without names


def test_tokens_are_read_once_and_may_be_iterators():
    texts = [["god", "faith"], ["god", "faith", "church"], ["bat", "ball"]] * 5
    expected = analysis.topic_coherence([["god", "faith"]], texts=texts)
    for given in (
        [filter(None, text) for text in texts],
        (iter(text) for text in texts),
        [tuple(text) for text in texts],
        pd.Series(texts),
        [np.array(text) for text in texts],
    ):
        pd.testing.assert_frame_equal(analysis.topic_coherence([["god", "faith"]], texts=given), expected)
    for text, told in (
        (None, "document 15 is None"),
        ([1, 2], "contains 1"),
        ([["god"]], r"contains \['god'\]"),
    ):
        with pytest.raises(ValueError, match=told):
            analysis.topic_coherence([["god", "faith"]], texts=[*texts, text])


def test_the_error_is_of_the_kind_that_the_caller_wants():
    with pytest.raises(CorpusError, match="words is a dict, and a list of it would be its keys; pass a list"):
        check_sequence({}, "words", "pass a list", CorpusError)
    check_sequence(io.StringIO(""), "texts", "", lines=True)


def test_the_checks_load_neither_torch_nor_gensim_nor_pandas():
    script = (
        "import sys; from hftopic import Corpus, corpus_from_texts; Corpus([[1]], ['a']);"
        "assert not {'torch', 'gensim', 'pandas', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_small_corpus_has_all_the_defaults():
    """Ten words per topic are listed by default, or all words of a smaller vocabulary."""
    corpus = make_correlated_topics(40, groups=(2, 2), n_words=20, random_state=0).corpus
    assert ProdLDA(groups=(2, 2), max_iter=1).fit(corpus).top_words().shape == (4, 11)
