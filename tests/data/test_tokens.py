"""Documents whose words are given, functions that split texts, and bags of gensim."""

import pickle
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic import (
    Corpus,
    CorpusError,
    ProdLDA,
    TextOptions,
    TopicPipeline,
    build_corpus,
    corpus_from_gensim,
    corpus_from_texts,
    corpus_from_tokens,
    load,
    read_corpus,
)
from hftopic.analysis import similar_documents
from hftopic.data.reading import name_of

WORD = st.sampled_from(["New York", "rain", "Rain", "the", "x_1", "北京", "naïve", "naïve"])
DOCUMENTS = st.lists(st.lists(WORD, max_size=8), min_size=1, max_size=8)
KEPT = TextOptions(min_df=1, max_df=1.0, lowercase=False, stop_words=None)
CHINESE = ["我們明天要去北京大學讀書今天不去學校", "他們昨天在上海工作今天要去北京大學"]


@given(DOCUMENTS)
def test_words_that_are_given_are_counted_as_they_are(documents: list[list[str]]) -> None:
    expected = [Counter("naïve" if word == "naïve" else word for word in document) for document in documents]
    if not any(expected):
        return
    corpus = corpus_from_tokens(iter([iter(document) for document in documents]), options=KEPT)
    for row, counts in zip(corpus.counts.toarray(), expected, strict=True):
        assert {word: n for word, n in zip(corpus.vocabulary, row, strict=True) if n} == counts
    assert [Counter(tokens) for tokens in corpus.tokens or ()] == expected


@given(st.lists(st.lists(st.sampled_from(["team", "Team", "god", "the", "won"])), min_size=1), st.booleans())
def test_lists_of_words_are_like_texts_of_them(documents: list[list[str]], by_vocabulary: bool) -> None:
    """With the same options, where all words are words of texts."""
    options = TextOptions(min_df=2, max_df=1.0, ngram_range=(1, 2), max_count=2)
    known: dict[str, Any] = {"options": options, "labels": list(range(len(documents)))}
    if by_vocabulary:
        known["vocabulary"] = ["won", "team", "the"]
    try:
        expected = corpus_from_texts([" ".join(words) for words in documents], keep_texts=False, **known)
    except CorpusError:
        with pytest.raises(CorpusError):
            corpus_from_tokens(documents, **known)
        return
    found = corpus_from_tokens(documents, **known)
    assert found.sha256() == expected.sha256()
    assert found.tokens == expected.tokens
    assert found.labels.tolist() == expected.labels.tolist()


def test_what_is_known_of_the_documents_is_kept() -> None:
    corpus = corpus_from_tokens(
        [["b", "a"], ["a"]],
        options=KEPT,
        names=["x", "y"],
        splits=["train", "test"],
        texts=["B a.", "A!"],
        dates=["2020", ""],
        metadata={"n": [1, 2]},
    )
    test = corpus.split("test")
    assert (test.names.tolist(), test.texts.tolist(), test.dates.tolist()) == (["y"], ["A!"], [""])
    assert test.metadata["n"].tolist() == [2]
    new = corpus_from_tokens([["c", "b", "a", "b"]], vocabulary=corpus.vocabulary)
    assert (new.vocabulary.tolist(), new.counts.toarray().tolist()) == (["a", "b"], [[1, 2]])


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([], "there are no documents"),
        ("a b", "documents is a str"),
        (["a b", "c"], r"documents\[0\] is 'a b', a single string; pass a list of its words"),
        ([["a"], None], r"documents\[1\] is None"),
        ([["a"], {"a": 1}], r"documents\[1\] is a dict"),
        ([["a"], {"a", "b"}], r"documents\[1\] is a set, which has no order"),
        ([["a", 7]], r"documents\[0\]: word 1 is 7 of type int"),
        ([["a", "\ud800"]], "half a character"),
        ([[""], ["  "]], "the vocabulary is empty"),
        (np.array([["a", "b"]]), "documents is an array of shape"),
    ],
)
def test_documents_that_are_no_lists_of_words(documents: Any, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        corpus_from_tokens(documents)


@pytest.mark.parametrize(
    "option", [{"token_pattern": r"\S+"}, {"tokenizer": str.split}, {"numbers": True}, {"clean": "urls"}]
)
def test_options_that_split_texts_have_no_effect_on_words(option: dict[str, Any]) -> None:
    with pytest.raises(CorpusError, match=f"{next(iter(option))} has no effect"):
        corpus_from_tokens([["a"]], options=TextOptions(**option))


def test_a_tokenizer_gets_cleaned_texts_and_its_words_are_kept() -> None:
    seen: list[str] = []

    def split(text: str) -> list[str]:
        seen.append(text)
        return [*text.split(), "", " \n"]

    options = TextOptions(min_df=1, max_df=1.0, tokenizer=split, clean="urls", stop_words=("the",))
    corpus = corpus_from_texts(["The A1 of https://example.org/x IT", "the"], options=options)
    assert corpus.vocabulary.tolist() == ["a1", "it", "of"]
    assert [text.split() for text in seen] == [["the", "a1", "of", "it"], ["the"]]
    pairs = corpus_from_texts(["x y z"] * 2, options=TextOptions(tokenizer=str.split, ngram_range=(2, 2)))
    assert pairs.vocabulary.tolist() == ["x_y", "y_z"]


@pytest.mark.parametrize(
    ("tokenizer", "told"),
    [
        (lambda text: text, "is 'one text' of type str, not a list of words"),
        (lambda text: None, "is None of type NoneType, not a list of words"),  # noqa: ARG005
        (lambda text: [text, 7], "for 'one text': word 1 is 7 of type int, not a string; for spaCy's tokens"),
    ],
)
def test_what_a_tokenizer_must_return(tokenizer: Any, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        corpus_from_texts(["one text"], options=TextOptions(tokenizer=tokenizer))


def test_options_that_a_tokenizer_has_not() -> None:
    with pytest.raises(ValueError, match="tokenizer must be a function"):
        TextOptions(tokenizer=7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="token_pattern has no effect with a tokenizer"):
        TextOptions(tokenizer=str.split, token_pattern=".")
    with pytest.raises(ValueError, match="numbers has no effect with a tokenizer"):
        TextOptions(tokenizer=str.split, numbers=True)
    with pytest.raises(CorpusError, match="the tokenizer and stop_words=None remove every word"):
        corpus_from_texts(["  "], options=TextOptions(tokenizer=str.split, stop_words=None))


def test_texts_without_spaces_are_told_to_pass_a_tokenizer() -> None:
    with pytest.warns(
        UserWarning, match=r"Pass a segmenter of the language as tokenizer=, such as jieba\.lcut"
    ):
        corpus_from_texts(CHINESE)
    with pytest.warns(UserWarning, match="Chinese or Japanese"):
        corpus_from_tokens([[text] for text in CHINESE])

    def pairs(text: str) -> list[str]:
        return [text[place : place + 2] for place in range(0, len(text), 2)]

    assert "北京" in corpus_from_texts(CHINESE, options=TextOptions(tokenizer=pairs)).vocabulary


def words_of(text: str) -> list[str]:
    return text.split()


@pytest.fixture(scope="module")
def model() -> ProdLDA:
    texts = [f"a1 b{place % 3} c{place % 4} c{place % 5}" for place in range(40)]
    options = TextOptions(tokenizer=words_of, lowercase=False, stop_words=None, max_df=1.0)
    return ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0).fit(
        corpus_from_texts(texts, options=options)
    )


def test_a_saved_model_says_that_it_needs_its_tokenizer(model: ProdLDA, tmp_path: Path) -> None:
    model.save(tmp_path / "model.hft")
    loaded = load(tmp_path / "model.hft")
    assert loaded.reading_["options"]["tokenizer"] == name_of(words_of)
    (tmp_path / "new.txt").write_text("a1 b2 B2\n", encoding="utf-8")
    told = r"words_of' split the texts, and a file keeps no function; pass it again as tokenizer="
    for call in (
        lambda: read_corpus(tmp_path / "new.txt", like=loaded),
        lambda: build_corpus(tmp_path / "new.txt", tmp_path / "shards", like=loaded),
        lambda: TopicPipeline.from_model(loaded),
        lambda: similar_documents(loaded, np.eye(len(loaded.vocabulary_)), "a1 b2"),
        lambda: TextOptions.like(loaded),
    ):
        with pytest.raises(ValueError, match=told):
            call()
    options = TextOptions.like(loaded, tokenizer=words_of)
    assert (options.lowercase, options.max_df) == (False, 1.0)
    read = read_corpus(tmp_path / "new.txt", like=loaded, text=options)
    built = build_corpus(tmp_path / "new.txt", tmp_path / "shards", like=loaded, text=options)
    pipeline = TopicPipeline.from_model(loaded, tokenizer=words_of)
    assert read.n_tokens == pipeline.read(["a1 b2 B2"]).n_tokens == built.n_tokens == 2
    np.testing.assert_array_equal(pipeline.transform(["a1 b2"]), loaded.transform(read))
    with pytest.raises(ValueError, match="no effect with a vectoriser"):
        TopicPipeline.from_model(loaded, pipeline, tokenizer=words_of)


def test_a_model_of_lists_of_words_reads_texts_with_a_tokenizer() -> None:
    corpus = corpus_from_tokens([["T 1", "b"], ["b", "c"]] * 10, options=KEPT)
    fitted = ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0).fit(corpus)
    with pytest.raises(
        ValueError, match="documents were lists of words, so it is unknown what splits a text"
    ):
        TopicPipeline.from_model(fitted)
    again = corpus_from_tokens(
        [["T 1", "b"], ["b", "c"]] * 10,
        options=TextOptions.like(fitted, tokenizer=None),
        vocabulary=fitted.vocabulary_,
    )
    assert (again.sha256(), again.reading) == (corpus.sha256(), corpus.reading)
    by_comma = TopicPipeline.from_model(fitted, tokenizer=lambda text: text.split(", "))
    assert by_comma.read(["b, T 1, t 1"]).tokens == (("b", "T 1"),)
    assert fitted.transform(corpus_from_tokens([["b"]], vocabulary=fitted.vocabulary_)).shape == (1, 2)


def test_a_pipeline_with_a_tokenizer_reads_and_is_pickled() -> None:
    words = TextOptions(tokenizer=words_of, min_df=1, max_df=1.0)
    pipeline = TopicPipeline(ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0), words)
    shares = pipeline.fit_transform(["a1 b2", "b2 c3"] * 10)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.transform(["a1 b2", "b2 c3"] * 10), shares)


def test_names_of_functions_are_those_that_find_them() -> None:
    assert name_of(words_of).endswith("test_tokens:words_of")
    assert name_of(str.split) == "str.split"
    assert name_of(random.shuffle) == "random:shuffle"  # a method of an object of the module
    assert name_of(partial(str.split, sep=",")) == "functools:partial"
    assert name_of(lambda text: [text]).endswith("<lambda>")


def test_tokens_without_stop_words_of_a_language() -> None:
    pytest.importorskip("stop_words")
    options = TextOptions(lowercase=False, stop_words="german", min_df=1, max_df=1.0)
    assert corpus_from_tokens([["und", "Haus", "nicht"]], options=options).vocabulary.tolist() == ["Haus"]


@given(DOCUMENTS)
def test_gensims_bags_both_ways(documents: list[list[str]]) -> None:
    from gensim.corpora import Dictionary

    if not any(documents):
        return
    dictionary = Dictionary(documents)
    bags = [dictionary.doc2bow(document) for document in documents]
    corpus = corpus_from_gensim(iter(bags), dictionary, labels=list(range(len(bags))))
    assert corpus.vocabulary.tolist() == [dictionary[number] for number in range(len(dictionary))]
    again, made = corpus.to_gensim()
    assert again == bags
    assert (made.token2id, made.dfs, made.cfs) == (dictionary.token2id, dictionary.dfs, dictionary.cfs)
    assert (made.num_docs, made.num_pos, made.num_nnz) == (
        dictionary.num_docs,
        dictionary.num_pos,
        dictionary.num_nnz,
    )
    assert corpus_from_gensim(again, made).sha256() == corpus.sha256()


def test_numbers_with_gaps_and_other_mappings_are_read_in_their_order() -> None:
    from gensim.corpora import Dictionary

    dictionary = Dictionary([["a", "b", "c", "d"]])
    dictionary.filter_tokens(bad_ids=[1])
    dictionary.token2id = {"a": 0, "d": 7, "c": 3}
    corpus = corpus_from_gensim([[(7, 2), (0, 1.5)], [], [(3, 1), (3, 2)]], dictionary, names=["x", "y", "z"])
    assert corpus.vocabulary.tolist() == ["a", "c", "d"]
    assert corpus.counts.toarray().tolist() == [[1.5, 0, 2], [0, 0, 0], [0, 3, 0]]
    bags, made = corpus.to_gensim()
    assert bags == [[(0, 1.5), (2, 2.0)], [], [(1, 3.0)]]
    assert corpus_from_gensim(bags, dict(made)).counts.toarray().tolist() == corpus.counts.toarray().tolist()
    unused = Corpus([[1, 0]], ["a", "b"])
    assert corpus_from_gensim(*unused.to_gensim()).vocabulary.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("bags", "dictionary", "told"),
    [
        ([[(2, 1)]], {0: "a"}, r"bags\[0\] has the word number 2, which the dictionary does not have"),
        ([[(0, -1)]], {0: "a"}, "counts contain the value -1"),
        ([[0]], {0: "a"}, r"bags\[0\] is \[0\], which is no list of pairs"),
        ([None], {0: "a"}, r"bags\[0\] is None"),
        ([[(0, "x")]], {0: "a"}, r"bags\[0\] is .*no list of pairs"),
        ({0: 1}, {0: "a"}, "bags is a dict"),
        (Corpus([[1]], ["a"]).counts, {0: "a"}, r"pass a list of bags, or Corpus\(counts, vocabulary\)"),
        ([[(0, 1)]], ["a"], "dictionary is a list"),
        ([[(0, 1)]], {"a": 0}, "dictionary has the number 'a'; pass a dict from number to word"),
        ([[(0, 1)]], {}, "has the word number 0"),
    ],
)
def test_bags_that_are_none(bags: Any, dictionary: Any, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        corpus_from_gensim(bags, dictionary)
