"""Tests of diversity and of the summary of topics, on topics with planted words."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from hftopic import NVDM, NVLDA, ProdLDA, make_correlated_topics
from hftopic.analysis import document_summary, topic_diversity, topic_information, topic_summary
from hftopic.analysis.used import in_use
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace

TOPICS = [
    ["god", "faith", "church", "belief"],
    ["bat", "ball", "hockey", "team"],
    ["faith", "god", "jesus", "church"],
    ["god", "faith", "church", "belief"],
    ["ball", "disk", "drive", "floppy"],
]
DEAD = 3


def table_of(topics):
    words = {f"word_{i + 1}": [topic[i] for topic in topics] for i in range(len(topics[0]))}
    return pd.DataFrame({"group": np.arange(len(topics)) % 2, **words}).rename_axis("topic")


class Planted(BaseEstimator):
    """Interface of a fitted model with the topics above; topic 3 is not active."""

    topic_groups_, signed_topics_ = np.zeros(5, dtype=int), False
    topic_ids_ = np.arange(5)
    latent_space_ = LatentSpace(5)
    prior_mean_, prior_covariance_ = np.zeros(5), np.eye(5)
    vocabulary_ = np.array(sorted({word for topic in TOPICS for word in topic}))
    n_features_in_ = len(vocabulary_)
    topic_word_ = np.zeros((5, 40))  # only its width is used

    def encode(self, X):
        return X

    def posterior(self, X):
        mean = 3 * np.random.default_rng(0).standard_normal((len(X), 5))
        variance = np.full((len(X), 5), 0.01)
        mean[:, DEAD], variance[:, DEAD] = 0, 1
        return Posterior(mean, variance)

    def transform(self, X):
        share = np.array([0.4, 0.3, 0.1, 0.05, 0.15])
        return np.stack([share, share[::-1]]).repeat(len(X) // 2, axis=0).astype(np.float32)

    def name_topics(self, n_words=None, vocabulary=None):  # noqa: ARG002
        return np.array([f"topic {topic}" for topic in range(5)], dtype=object)

    def top_words(self, n=10, vocabulary=None):
        assert vocabulary is None or len(vocabulary) == len(self.vocabulary_)
        return table_of([topic[:n] for topic in TOPICS])


class PlantedPoles(Planted):
    """Signed topics: topic 2 has the words of topic 0 with the poles exchanged."""

    signed_topics_ = True
    negative = (
        ["x0", "x1", "x2", "x3"],
        ["y0", "y1", "y2", "y3"],
        TOPICS[0],
        TOPICS[0],
        ["u", "v", "w", "z"],
    )

    def top_words(self, n=10, vocabulary=None, pole="+"):
        assert len(vocabulary) == len(self.vocabulary_)
        positive = [*TOPICS[:2], self.negative[0], *TOPICS[3:]]
        return table_of([topic[:n] for topic in (positive if pole == "+" else self.negative)])


@pytest.fixture
def documents():
    return np.ones((200, Planted.n_features_in_))


def test_diversity_counts_distinct_words():
    assert topic_diversity(TOPICS) == 12 / 20
    assert topic_diversity(TOPICS, top_n=1) == 4 / 5
    assert topic_diversity([["a", "b"]] * 4) == 1 / 4
    assert topic_diversity([["a", "b"], ["c"]]) == 1


def test_diversity_of_model_table_and_lists_agree():
    expected = topic_diversity(TOPICS, top_n=3)
    assert topic_diversity(Planted(), top_n=3) == expected
    assert topic_diversity(table_of(TOPICS), top_n=3) == expected


def test_diversity_of_chosen_topics():
    alive = np.arange(5) != DEAD
    assert topic_diversity(TOPICS, topics=alive) == 12 / 16
    assert topic_diversity(TOPICS, topics=[0, 1]) == 1
    assert topic_diversity(table_of(TOPICS).iloc[2:], topics=[2, 4]) == 1


@pytest.mark.parametrize(
    ("topics", "settings", "message"),
    [
        (TOPICS, {"topics": np.zeros(5, dtype=bool)}, "no topic to count"),
        (TOPICS, {"topics": [5]}, "no topic 5: topics are numbered 0 to 4"),
        (TOPICS, {"top_n": 0}, "positive int, got 0"),
        ([], {}, "no topic to count"),
    ],
)
def test_mistakes_in_diversity_are_named(topics, settings, message):
    with pytest.raises(ValueError, match=message):
        topic_diversity(topics, **settings)


OVER_THEM = {"threshold": 0.26}  # another than the default: the documents that are passed tell what is active


def test_summary_has_a_row_a_topic(documents):
    summary = topic_summary(Planted(), documents, n_words=2, **OVER_THEM)
    assert summary.columns.tolist() == [
        *("topic", "group", "name", "documents", "share", "information", "peak", "kl", "active"),
        *("words", "nearest", "similarity", "duplicate"),
    ]
    assert summary["topic"].tolist() == [0, 1, 2, 3, 4]
    assert summary["group"].tolist() == [0] * 5
    assert summary["active"].tolist() == [True, True, True, False, True]
    used = (summary["active"] & ~summary["duplicate"]).to_numpy()
    shares = np.where(used, [0.275, 0.175, 0.1, 0.175, 0.275], 0)
    np.testing.assert_allclose(summary["share"], shares / shares.sum(), rtol=1e-6)
    assert summary.attrs["remainder"] == pytest.approx(1 - shares.sum())
    assert summary["documents"].tolist() == [100 * used[0], 0 + 100 * (not used[0]), 0, 0, 100]
    assert summary.attrs["n_documents"] == 200
    assert summary.loc[1, "words"] == "bat, ball"


def test_summary_finds_duplicates_among_living_topics(documents):
    summary = topic_summary(Planted(), documents, n_words=4, **OVER_THEM)
    assert summary["nearest"].tolist() == [2, 4, 0, pd.NA, 1]
    assert summary["similarity"].tolist() == [0.75, 0.25, 0.75, 0.0, 0.25]
    first, second = (0, 2) if summary["information"][0] > summary["information"][2] else (2, 0)
    assert summary["duplicate"].tolist() == [topic == second for topic in range(5)]
    assert summary["nearest"][second] == first
    stricter = topic_summary(Planted(), documents, n_words=4, duplicate_threshold=0.8)
    assert not stricter["duplicate"].any()


def test_duplicates_do_not_depend_on_how_many_words_are_listed(documents):
    few, many = (topic_summary(Planted(), documents, n_words=n, **OVER_THEM) for n in (1, 4))
    assert few[["nearest", "similarity", "duplicate"]].equals(many[["nearest", "similarity", "duplicate"]])


def test_documents_without_words_do_not_count_in_proportions():
    corpus = make_correlated_topics(60, groups=(2, 2), n_words=40, random_state=0).corpus
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    with_empty = np.vstack([corpus.counts.toarray(), np.zeros((60, 40))])
    everything = {"threshold": 0.0, "duplicate_threshold": 1.0}
    with pytest.warns(UserWarning, match="60 of 120 documents have no words"):
        summary = topic_summary(model, with_empty, **everything)
    alone = topic_summary(model, corpus, **everything)
    assert summary.attrs["n_documents"] == alone.attrs["n_documents"] == 60
    np.testing.assert_allclose(summary["share"], alone["share"], rtol=1e-6)
    assert summary["documents"].tolist() == alone["documents"].tolist()


def test_a_column_called_vocabulary_is_a_word_like_any_other():
    table = pd.DataFrame(np.ones((8, 3), dtype=int), columns=["faith", "vocabulary", "ball"])
    model = ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0).fit(table.to_numpy())
    with pytest.warns(UserWarning, match="X has feature names"):
        words = topic_summary(model, table, n_words=3)["words"]
    assert sorted(words[0].split(", ")) == ["ball", "faith", "vocabulary"]


def test_topic_without_a_common_word_has_no_nearest(documents):
    summary = topic_summary(Planted(), documents, top_n=1)
    assert summary["nearest"].isna().all()
    assert (summary["similarity"] == 0).all()


def test_signed_topics_have_two_poles_and_are_compared_either_way_round(documents):
    summary = topic_summary(PlantedPoles(), documents, n_words=4, **OVER_THEM)
    assert "share" not in summary
    assert "remainder" not in summary.attrs
    assert summary["documents"].sum() == 200
    assert summary.loc[0, "words_negative"] == "x0, x1, x2, x3"
    assert summary["nearest"].tolist() == [2, 4, 0, pd.NA, 1]
    assert summary["similarity"].tolist() == [1.0, 0.125, 1.0, 0.0, 0.125]


@pytest.mark.parametrize("threshold", [0, 1.5, -0.1])
def test_duplicate_threshold_is_a_share(documents, threshold):
    with pytest.raises(ValueError, match="duplicate_threshold"):
        topic_summary(Planted(), documents, duplicate_threshold=threshold)


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(300, groups=(2, 2), n_words=60, random_state=0).corpus


def test_of_a_fitted_model(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    summary = topic_summary(model, corpus, n_words=6)
    information = topic_information(model, corpus)
    pd.testing.assert_frame_equal(summary[information.columns], information)
    mean = model.transform(corpus).mean(axis=0)
    np.testing.assert_allclose(summary["share"] * (1 - summary.attrs["remainder"]), mean, atol=1e-6)
    assert summary["name"].tolist() == model.topic_names_.tolist()
    assert topic_summary(model, n_words=6).equals(summary)
    listed = [words.split(", ") for words in summary["words"]]
    assert listed == model.top_words(6).filter(like="word_").to_numpy().tolist()
    assert topic_diversity(model, 6) == topic_diversity(listed, 6)
    frames = model.set_output(transform="pandas")
    pd.testing.assert_frame_equal(topic_summary(frames, corpus, n_words=6), summary)


def test_of_a_fitted_model_with_poles(corpus):
    model = NVDM(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    summary = topic_summary(model, corpus, n_words=6)
    for column, pole in (("words", "+"), ("words_negative", "-")):
        table = model.top_words(6, pole=pole).filter(like="word_")
        assert summary[column].tolist() == [", ".join(row) for row in table.to_numpy()]


def test_words_come_from_the_vocabulary_given_or_the_corpus(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus.counts)
    named = topic_summary(model, corpus.counts, vocabulary=corpus.vocabulary)
    pd.testing.assert_frame_equal(topic_summary(model, corpus), named)
    assert topic_summary(model, corpus.counts).loc[0, "words"].replace(", ", "").isdigit()
    with pytest.raises(ValueError, match="vocabulary has 3 words, but the model was fitted on 60"):
        topic_summary(model, corpus.counts, vocabulary=["a", "b", "c"])


def test_empty_documents_are_warned_of_once(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    counts = corpus.counts.toarray()
    counts[3] = 0
    with pytest.warns(UserWarning, match="1 of 300 documents have no words") as caught:
        topic_summary(model, counts)
    assert len(caught) == 1


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_a_model_must_be_fitted(estimator, corpus):
    with pytest.raises(NotFittedError):
        topic_summary(estimator(groups=(2, 2)), corpus)
    with pytest.raises(NotFittedError):
        topic_diversity(estimator(groups=(2, 2)))


def test_which_topics_are_in_use_does_not_depend_on_the_documents(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)
    activity = ["active", "nearest", "similarity", "duplicate"]
    every = topic_summary(model)
    few = topic_summary(model, corpus[:3])
    pd.testing.assert_frame_equal(few[activity], every[activity])
    assert few.attrs["n_documents"] == few["documents"].sum() == 3
    used = in_use(every)
    shares = document_summary(model, corpus[:3]).iloc[:, -used.sum() :]
    np.testing.assert_allclose(shares.mean(), few["share"][used], rtol=1e-6)
    assert not topic_summary(model, corpus[:3], threshold=5.0)["active"].any()
