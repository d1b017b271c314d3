"""Tests of the scorers: they return the values of the analysis and work in scikit-learn's searches."""

from functools import partial

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from hftopic import NVDM, ProdLDA, make_correlated_topics
from hftopic.analysis import distinct_topics, topic_coherence, topic_information, word_intrusion
from hftopic.analysis.selection.scorers import (
    LOWEST,
    active_topics_score,
    coherence_score,
    distinct_topics_score,
    word_intrusion_score,
)
from hftopic.topics.summary import NothingLearntWarning

CORPUS = make_correlated_topics(120, groups=(2, 2), n_words=40, random_state=0).corpus


@pytest.fixture(scope="module")
def model():
    return ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(CORPUS)


def test_are_those_of_the_active_topics(model):
    peak = topic_information(model, CORPUS)["peak"]
    threshold = float(peak.median())  # half of the topics are above it
    active = (peak > threshold).to_numpy()
    assert active_topics_score(model, CORPUS, threshold=threshold) == active.sum() == 2
    for measure in ("c_npmi", "u_mass"):
        expected = topic_coherence(model, CORPUS, measure=measure, top_n=5)[measure][active].mean()
        found = coherence_score(model, CORPUS, measure=measure, top_n=5, threshold=threshold)
        assert found == pytest.approx(expected, abs=1e-12)
    distinct = distinct_topics(model, CORPUS, top_n=5, topics=active)["distinct"].sum()
    assert distinct_topics_score(model, CORPUS, top_n=5, threshold=threshold) == distinct
    told = word_intrusion(model, CORPUS, top_n=4, topics=active)["detected"].mean()
    assert word_intrusion_score(model, CORPUS, top_n=4, threshold=threshold) == pytest.approx(told, abs=1e-12)


def test_reference_is_where_words_are_counted(model):
    held_out, reference = CORPUS[:40], CORPUS[40:]
    active = topic_information(model, held_out)["active"]
    expected = topic_coherence(model, reference)["c_npmi"][active].mean()
    assert coherence_score(model, held_out, reference=reference) == pytest.approx(expected, abs=1e-12)
    for score, table, column in (
        (distinct_topics_score, distinct_topics, "distinct"),
        (word_intrusion_score, word_intrusion, "detected"),
    ):
        values = table(model, reference, topics=active.to_numpy())[column]
        expected = values.sum() if column == "distinct" else values.mean()
        assert score(model, held_out, reference=reference) == pytest.approx(expected, abs=1e-12)


def test_signed_topics_count_with_both_poles():
    signed = NVDM(groups=(2, 2), max_iter=5, random_state=0).fit(CORPUS)
    poles = [topic_coherence(signed.top_words(10, pole=pole), CORPUS)["c_npmi"].mean() for pole in "+-"]
    assert coherence_score(signed, CORPUS, threshold=0.0) == pytest.approx(np.mean(poles), abs=1e-12)
    lists = [signed.top_words(5, pole=pole).filter(like="word_").to_numpy().tolist() for pole in "+-"]
    told = word_intrusion(lists[0] + lists[1], CORPUS)["detected"].mean()
    assert word_intrusion_score(signed, CORPUS, threshold=0.0) == pytest.approx(told, abs=1e-12)


def test_without_an_active_topic_every_score_is_the_lowest_and_says_why(model):
    for measure, lowest in LOWEST.items():
        with pytest.warns(NothingLearntWarning, match="no topics are active after 5 epochs: nothing"):
            assert coherence_score(model, CORPUS, threshold=100.0, measure=measure) == lowest
    with pytest.warns(NothingLearntWarning, match="the score is 0, the lowest"):
        assert word_intrusion_score(model, CORPUS, threshold=100.0) == 0
    assert active_topics_score(model, CORPUS, threshold=100.0) == 0
    assert distinct_topics_score(model, CORPUS, threshold=100.0) == 0


def test_matrix_without_words_is_scored_alike(model):
    bare = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(CORPUS.counts)
    expected = coherence_score(model, CORPUS, window="document")
    assert coherence_score(bare, CORPUS.counts) == pytest.approx(expected, abs=1e-12)
    named = coherence_score(bare, CORPUS.counts, vocabulary=list(CORPUS.vocabulary))
    assert named == pytest.approx(expected, abs=1e-12)


def test_grid_search_chooses_by_coherence():
    search = GridSearchCV(
        ProdLDA(groups=(2, 2), max_iter=3, random_state=0),
        {"gamma": [1.0, 4.0], "groups": [(2, 2), (3, 3)]},
        scoring={"coherence": coherence_score, "active": active_topics_score},
        refit="coherence",
        cv=2,
    ).fit(CORPUS)
    scores = search.cv_results_["mean_test_coherence"]
    assert scores.shape == (4,)
    assert np.isfinite(scores).all()
    assert search.best_params_ == search.cv_results_["params"][int(np.argmax(scores))]
    assert (search.cv_results_["mean_test_active"] <= [4, 6, 4, 6]).all()


def test_collapsed_setting_is_ranked_last():
    search = GridSearchCV(
        ProdLDA(groups=(2, 2), max_iter=3, random_state=0),
        {"gamma": [1.0, 4.0]},
        scoring=partial(coherence_score, threshold=100.0),
        cv=2,
    )
    with pytest.warns(NothingLearntWarning, match="the score is -1, the lowest"):
        search.fit(CORPUS)
    assert search.cv_results_["mean_test_score"].tolist() == [-1, -1]


def test_pipeline_is_scored_from_texts():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(CORPUS.vocabulary, 12)) for _ in range(60)]
    pipeline = make_pipeline(CountVectorizer(), ProdLDA(groups=(2, 2), max_iter=3, random_state=0))
    scoring = {"coherence": coherence_score, "active": active_topics_score}
    scores = cross_validate(pipeline, texts, cv=2, scoring=scoring, error_score="raise")
    assert scores["test_coherence"].shape == (2,)
    pipeline.fit(texts)
    counts, words = pipeline[0].transform(texts), pipeline[0].get_feature_names_out()
    expected = topic_coherence(pipeline[-1], counts, vocabulary=list(words))["c_npmi"].mean()
    assert coherence_score(pipeline, texts, threshold=0.0) == pytest.approx(expected, abs=1e-12)
    alone = make_pipeline(pipeline[-1])
    assert active_topics_score(alone, counts) == active_topics_score(pipeline, texts)


def test_what_is_no_topic_model_is_told():
    with pytest.raises(TypeError, match="expected a fitted ProdLDA or NVDM"):
        active_topics_score(CountVectorizer(), CORPUS)
