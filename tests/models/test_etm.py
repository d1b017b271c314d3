"""ETM: vectors that are given, found, learned and saved, and words that the model has never seen."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr
from sklearn.base import clone

from hftopic import ETM, Corpus, CorpusError, WordVectors, edit_topics, load
from hftopic.networks import etm

SMALL = {"groups": (2, 2), "hidden": (8,), "max_iter": 3, "random_state": 0}
K, V, L = 4, 120, 8
KNOWN = np.arange(V) % 6 != 0  # columns of words that a model is fitted on


def planted(n_documents=150, seed=0):
    """Counts of documents, distributions of topics that are linear in word vectors, and these vectors."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(V, L))
    topics = np.exp(vectors @ draw.normal(size=(L, K)) * (3 / np.sqrt(L))).T
    topics /= topics.sum(1, keepdims=True)
    shares = draw.dirichlet(np.full(K, 0.1), n_documents)
    counts = np.array([draw.multinomial(60, share @ topics) for share in shares])
    return counts, topics, WordVectors([f"w{column}" for column in range(V)], vectors)


COUNTS, TOPICS, VECTORS = planted()
WORDS = VECTORS.words
CORPUS = Corpus(COUNTS, WORDS)
SOME = {word: VECTORS[word] for word in WORDS[:100]}
CASES = {
    "all": {"word_vectors": VECTORS},
    "some": {"word_vectors": SOME},
    "trained": {"word_vectors": SOME, "train_vectors": True},
    "rows": {"word_vectors": VECTORS.vectors.copy()},
    "learned": {"vector_size": 5},
    "by group": {"word_vectors": VECTORS, "topic_softmax": "group"},
    "starts": {"word_vectors": SOME, "n_init": 2},
}
ignore_missing = pytest.mark.filterwarnings("ignore:word_vectors have no vector of 20 of 12[02] words")


def fitted(case, corpus=CORPUS, **changed):
    return ETM(**CASES[case], **{**SMALL, **changed}).fit(corpus)


def words_of(model):
    """p(w|topic)."""
    return model.topic_word_.astype(np.float64)


@pytest.mark.slow
def test_planted_topics_are_found_and_new_words_get_their_place_in_them():
    """Topics that are linear in the vectors; a sixth of the words is held out and given afterwards.

    With 3 seeds of the corpus and the model, the lowest correlation of a planted topic with that of the model
    was 0.96, and the lowest rank correlation of the effects on new words, log p(w|topic) less its mean over
    the topics, was 0.70. Of words in a random order it would be above 0.4 with a probability of 1e-4.
    """
    counts, topics, vectors = planted(700, seed=1)
    known = Corpus(counts[:, KNOWN], WORDS[KNOWN])
    model = ETM((3, 3), word_vectors=vectors, hidden=(50,), max_iter=40, random_state=1).fit(known)
    wider, n = model.with_words(WORDS[~KNOWN]), KNOWN.sum()
    truth = np.concatenate([topics[:, KNOWN], topics[:, ~KNOWN]], 1)
    similar = np.corrcoef(truth[:, :n], words_of(model))[:K, K:]
    own, found = linear_sum_assignment(-similar)
    assert similar[own, found].min() > 0.9
    effects = [np.log(p) - np.log(p).mean(0) for p in (truth[own], words_of(wider)[found])]
    assert spearmanr(*(of_words[:, n:].ravel() for of_words in effects))[0] > 0.6


def common_and_rare_words(seed):
    """Documents of 6 topics, where words are as frequent as Zipf says and a few have long vectors."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(400, 10)) * np.exp(draw.normal(size=(400, 1)))
    directions = draw.normal(size=(10, 6))
    cosines = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)) @ directions
    cosines /= np.linalg.norm(directions, axis=0)
    topics = (np.exp(6 * cosines) / np.arange(1, 401)[:, None]).T
    topics /= topics.sum(1, keepdims=True)
    shares = draw.dirichlet(np.full(6, 0.1), 400)
    counts = np.array([draw.multinomial(60, share @ topics) for share in shares])
    occurs = counts.sum(0) > 0
    words = np.array([f"w{column}" for column in range(400)])[occurs]
    return Corpus(counts[:, occurs], words), WordVectors(words, vectors[occurs])


@pytest.mark.slow
def test_the_norm_over_the_topics_keeps_them_distinct(monkeypatch):
    """The 15 words that each topic raises most are its own; without the norm, topics become the same.

    With 5 seeds of the corpus and the model, 0.87 to 1 of these words were distinct with the norm, 0.9 or
    more with 4 of them, and 0.60 to 0.68 without; the highest correlation of two topics was 0.70 to 0.98
    with it, and 0.992 or more without.
    """
    corpus, vectors = common_and_rare_words(0)

    def fit():
        model = ETM((3, 3), word_vectors=vectors, hidden=(50,), max_iter=40, random_state=0).fit(corpus)
        raised = np.argsort(-model.components_, axis=1)[:, :15]
        return len(np.unique(raised)) / raised.size, np.corrcoef(words_of(model))[np.triu_indices(6, 1)].max()

    diversity, similarity = fit()
    assert diversity >= 0.9
    assert similarity < 0.95
    monkeypatch.setattr(etm, "normalised_logits", lambda effects, bias, _: bias + effects)
    diversity, similarity = fit()
    assert diversity < 0.8
    assert similarity > 0.95


@ignore_missing
@pytest.mark.parametrize("case", CASES)
def test_an_etm_is_saved_with_its_vectors(tmp_path, case):
    """A loaded model answers alike, and a clone of it that is fitted again is the same model."""
    model = fitted(case)
    model.save(tmp_path / "m")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # vectors that are missing are no news
        loaded = load(tmp_path / "m")
    for other in (loaded, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.transform(CORPUS), model.transform(CORPUS))
        np.testing.assert_array_equal(other.word_vectors_, model.word_vectors_)
        np.testing.assert_array_equal(other.topic_vectors_, model.topic_vectors_)
        assert other.words_without_vectors_.tolist() == model.words_without_vectors_.tolist()
        again = clone(other).fit(CORPUS)
        np.testing.assert_array_equal(again.transform(CORPUS), model.transform(CORPUS))
        assert other.partial_fit(CORPUS).n_iter_ == 4


@ignore_missing
def test_a_saved_model_holds_the_vectors_of_its_words_alone(tmp_path):
    other = WordVectors([*WORDS[:100], *(f"x{number}" for number in range(50))], np.ones((150, L)) * range(8))
    model = ETM(word_vectors=other, **SMALL).fit(CORPUS)
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").word_vectors == WordVectors(WORDS[:100], other.vectors[:100])


def test_words_without_a_vector_are_counted_and_learned():
    with pytest.warns(
        UserWarning, match=r"no vector of 20 of 120 words \('w100', .*'w104' and 15 more\): these are learned"
    ):
        model = fitted("some")
    assert model.words_without_vectors_.tolist() == WORDS[100:].tolist()
    assert not len(fitted("all").words_without_vectors_)
    assert len(fitted("learned").words_without_vectors_) == V


@ignore_missing
def test_vectors_are_fixed_unless_they_are_to_be_trained():
    one, more = (fitted("some", max_iter=epochs).word_vectors_ for epochs in (1, 3))
    np.testing.assert_array_equal(one[:100], more[:100])
    assert (one[100:] != more[100:]).any(1).all()
    one, more = (fitted("trained", max_iter=epochs).word_vectors_ for epochs in (1, 3))
    assert (one != more).any(1).all()


def test_the_scale_of_given_vectors_does_not_matter():
    """Another unit gives the same model, bit for bit where the factor is a power of 2."""
    other = WordVectors(WORDS, 8 * VECTORS.vectors)
    model = ETM(word_vectors=other, **SMALL).fit(CORPUS)
    np.testing.assert_array_equal(model.transform(CORPUS), fitted("all").transform(CORPUS))


def test_all_sources_of_vectors_give_the_same_model(tmp_path):
    path = tmp_path / "vectors.txt"
    lines = [f"{word} {' '.join(str(value) for value in VECTORS[word])}\n" for word in reversed(WORDS)]
    path.write_text("".join(lines))
    expected = fitted("all").transform(CORPUS)
    for source in (path, str(path), dict(zip(WORDS, VECTORS.vectors, strict=True)), VECTORS.vectors):
        np.testing.assert_array_equal(
            ETM(word_vectors=source, **SMALL).fit(CORPUS).transform(CORPUS), expected
        )


def test_rows_of_an_array_are_those_of_columns_without_words():
    model = fitted("rows", COUNTS)
    np.testing.assert_array_equal(model.transform(COUNTS), fitted("rows").transform(CORPUS))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"word_vectors": {"x": [1.0, 2.0]}}, "have a vector of none of the 120 words of X"),
        ({"word_vectors": WordVectors(["x"], [[1.0]])}, "have a vector of none of the 120 words of X"),
        ({"word_vectors": np.eye(3)}, r"one row for each of 120 words; got shape \(3, 3\)"),
        ({"word_vectors": np.full((V, 2), np.nan)}, "row 0 has the value nan"),
        ({"word_vectors": {"w0": [1.0], "w1": [1.0, 2.0]}}, "must have one size"),
        ({"train_vectors": False}, "train_vectors=False needs word_vectors"),
        ({"train_vectors": "no"}, "'train_vectors' parameter of ETM must be"),
        ({"vector_size": 0}, "'vector_size' parameter of ETM must be"),
    ],
)
def test_wrong_vectors_are_refused_before_the_model_changes(parameters, message):
    model = fitted("all")
    before = model.transform(CORPUS)
    with pytest.raises(ValueError, match=message):
        model.set_params(**{"word_vectors": None, **parameters}).fit(CORPUS)
    np.testing.assert_array_equal(model.transform(CORPUS), before)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (type("Word2Vec", (), {"wv": None})(), "a Word2Vec; pass its .wv"),
        (pd.DataFrame(VECTORS.vectors, WORDS), r"a DataFrame; pass WordVectors\(frame.index, frame.to_numpy"),
        (VECTORS.vectors.tolist(), r"a list; pass WordVectors\(words, vectors\), a dict"),
        (3, r"an int; pass WordVectors\(words, vectors\), a dict"),
    ],
)
def test_what_holds_no_vectors_is_told_what_to_pass(source, message):
    with pytest.raises(TypeError, match=f"word vectors cannot be taken from {message}"):
        ETM(word_vectors=source, **SMALL).fit(CORPUS)


def test_vectors_of_words_need_words():
    with pytest.raises(
        ValueError, match="the columns of X have none: fit on a Corpus or a DataFrame, or pass an"
    ):
        ETM(word_vectors=VECTORS, **SMALL).fit(COUNTS)


def test_training_continues_with_the_same_vectors_only():
    model = fitted("all").set_params(word_vectors=SOME)
    with pytest.raises(ValueError, match="word_vectors was <WordVectors of 120 words"):
        model.partial_fit(CORPUS)


def test_a_checkpoint_is_of_the_vectors_and_not_of_the_name_of_their_file(tmp_path):
    path = tmp_path / "v.txt"

    def fit(scale):
        path.write_text(
            "".join(
                f"{word} {scale * row[0]} {row[1]}\n"
                for word, row in zip(WORDS, VECTORS.vectors, strict=True)
            )
        )
        return ETM(word_vectors=path, **SMALL).fit(CORPUS, checkpoint=tmp_path / "run")

    expected = fit(1.0).transform(CORPUS)
    np.testing.assert_array_equal(fit(1.0).transform(CORPUS), expected)
    with pytest.raises(ValueError, match=r"What differs: the word_vectors\. Repeat"):
        fit(2.0)


WIDER = Corpus(np.c_[COUNTS, np.eye(150, 2, dtype=int)], [*WORDS, "new", "other"])
NEW = {"new": VECTORS["w3"], "other": VECTORS["w7"] + 1}


def assert_vectors_are_those_given_and_the_new(before, after):
    """Also without vectors of words that were learned."""
    new = np.array(list(NEW.values()))
    if isinstance(before, np.ndarray):
        np.testing.assert_array_equal(after, np.concatenate([before, new.astype(np.float32)]))
    else:
        assert after == WordVectors.of({**{word: before[word] for word in WORDS if word in before}, **NEW})


@ignore_missing
@pytest.mark.parametrize("case", ["all", "some", "trained", "rows", "by group", "starts"])
def test_new_words_leave_what_is_known_as_it_is(tmp_path, case):
    """Documents without them are read alike, bit for bit; old words keep the ratios of their p(w|topic)."""
    model = fitted(case)
    before = words_of(model)
    wider = model.with_words(["new", "other"], list(NEW.values()) if case == "rows" else NEW)
    padded = Corpus(np.c_[CORPUS.counts.toarray(), np.zeros((150, 2), int)], WIDER.vocabulary)
    np.testing.assert_array_equal(wider.transform(padded), model.transform(CORPUS))
    old = words_of(wider)[:, :V]
    np.testing.assert_allclose(old / old.sum(1, keepdims=True), before, rtol=1e-4)
    np.testing.assert_array_equal(words_of(model), before)
    assert wider.vocabulary_.tolist() == WIDER.vocabulary.tolist()
    assert_vectors_are_those_given_and_the_new(model.word_vectors, wider.word_vectors)
    assert wider.topic_names_.tolist() == model.topic_names_.tolist()
    assert wider.top_words(3).shape == model.top_words(3).shape
    wider.save(tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").transform(WIDER), wider.transform(WIDER))
    pickle.loads(pickle.dumps(wider)).partial_fit(WIDER)
    assert clone(wider).fit(WIDER).n_features_in_ == V + 2


def test_a_word_with_the_vector_of_another_is_used_like_it():
    """Their effects on the topics are the same; the learned scales of words differ little after 3 epochs."""
    wider = fitted("all").with_words(["new"], [VECTORS["w3"]])
    twins = words_of(wider)[:, [3, V]]
    np.testing.assert_allclose(twins[:, 1] / twins[:, 0], twins[0, 1] / twins[0, 0], rtol=0.1)
    effects = wider._network.decoder.effects()
    torch.testing.assert_close(effects[:, 3], effects[:, V])


def test_learned_vectors_are_no_parameter_of_a_wider_model():
    model = fitted("learned")
    assert model.with_words(["new"], [model.word_vectors_[3]]).word_vectors is None


@ignore_missing
def test_new_words_are_looked_up_where_the_others_were():
    model = ETM(word_vectors={**SOME, "new": VECTORS["w3"]}, **SMALL).fit(CORPUS)
    assert model.with_words(["new"]).word_vectors["new"].tolist() == VECTORS["w3"].tolist()
    with pytest.raises(
        ValueError, match="word_vectors of the model have no vector of 'more'; leave it out or"
    ):
        model.with_words(["new", "more"])


@ignore_missing
@pytest.mark.parametrize("case", ["learned", "trained"])
def test_vectors_in_the_space_of_the_model_can_be_given(case):
    model = fitted(case)
    with pytest.raises(ValueError, match=r"the model has no vectors by word|have no vector of 'new'"):
        model.with_words(["new"])
    size = model.word_vectors_.shape[1]
    assert model.with_words(["new"], np.zeros((1, size))).word_vectors_.shape == (V + 1, size)


@pytest.mark.parametrize(
    ("words", "vectors", "error", "message"),
    [
        (["w1"], [[0.0] * L], ValueError, "the model already has 'w1'; leave out the words"),
        (["a", "a"], None, CorpusError, "the word 'a' is in the words twice"),
        ("new", None, CorpusError, "words is a str"),
        (["a"], [[0.0]], ValueError, "the vectors have 1 dimension, those of the model 8"),
        (["a"], {"b": [0.0] * L}, ValueError, "vectors have no vector of 'a'"),
        (["a"], [[np.inf] * L], CorpusError, "the vector of 'a' has the value inf"),
        (["a", "b"], [[0.0] * L], CorpusError, "one row for each of 2 words"),
    ],
)
def test_wrong_words_are_refused(words, vectors, error, message):
    with pytest.raises(error, match=message):
        fitted("all").with_words(words, vectors)


def test_a_model_without_words_takes_no_others():
    with pytest.raises(ValueError, match="the columns of this model have no words"):
        fitted("rows", COUNTS).with_words(["a"], [[0.0] * L])


def test_an_edited_model_reads_the_original():
    edited = edit_topics(fitted("all"), merge=[(0, 1)])
    assert edited.transform(CORPUS).shape == (150, 3)
    assert edited.original_.topic_vectors_.shape == (K, L)
