"""Tests of edited models with prevalence, guided topics, effects and dates."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hftopic import Corpus, LearnedCorrelation, ProdLDA, edit_topics, load
from hftopic.analysis import decompose, estimate_effects, topics_over_time, words_over_time

IDS = [0, 1, 3, 5]
YEARS = [2000 + i // 50 for i in range(150)]


@pytest.fixture(scope="module")
def known(planted):
    metadata = {"party": ["left", "right"] * 75, "age": np.linspace(0, 1, 150)}
    return Corpus(planted.counts, planted.vocabulary, metadata=metadata, dates=YEARS)


@pytest.fixture(scope="module")
def given(known):
    settings = {"groups": (3, 3), "prior": LearnedCorrelation(), "max_iter": 6, "random_state": 0}
    return ProdLDA(**settings, prevalence="party + age", prevalence_shrinkage=1.0).fit(known)


@pytest.fixture(scope="module")
def moved(given):
    """The model with effects of the metadata that cannot be missed."""
    rng = np.random.default_rng(0)
    coefficients = given._network.prevalence.coefficients
    coefficients.copy_(coefficients.new_tensor(rng.normal(size=tuple(coefficients.shape))))
    given._expose()
    return given


def test_the_prior_of_a_document_has_the_moments_of_the_sums(moved, known):
    edited = edit_topics(moved, merge=[(1, 4)], drop=[2])
    offset, before = edited.encode(known).offset, moved.encode(known).offset
    assert_allclose(offset[:, [0, 2, 3]], before[:, [0, 3, 5]], rtol=1e-4, atol=1e-5)
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal(moved.prior_mean_, moved.prior_covariance_, 200_000)
    for row in (0, 77, 149):
        there = np.logaddexp(z[:, 1] + before[row, 1], z[:, 4] + before[row, 4]).mean()
        assert offset[row, 1] + edited.prior_mean_[1] == pytest.approx(there, abs=0.03)


def test_prevalence_is_the_slope_of_the_prior_mean(moved):
    """Coefficients of a merged topic are averages whose weights add up to 1."""
    edited = edit_topics(moved, merge=[(1, 4)], drop=[2])
    assert edited.prevalence_.columns.tolist() == IDS
    assert edited.prevalence_.index.tolist() == moved.prevalence_.index.tolist()
    assert_allclose(edited.prevalence_[[0, 3, 5]], moved.prevalence_[[0, 3, 5]])
    both = moved.prevalence_[[1, 4]].to_numpy()
    share = (edited.prevalence_[1].to_numpy() - both[:, 1]) / (both[:, 0] - both[:, 1])
    assert_allclose(share, share[0])
    assert 0 < share[0] < 1


def test_everything_else_holds_with_metadata(moved, known, tmp_path):
    edited = edit_topics(moved, merge=[(1, 4)], drop=[2])
    theta, after = moved.transform(known), edited.transform(known)
    left = theta[:, [0, 1, 3, 4, 5]].sum(1)
    assert_allclose(after[:, 1], (theta[:, 1] + theta[:, 4]) / left, rtol=1e-5)
    assert_array_equal(edited.score_samples(known), moved.score_samples(known))
    assert_array_equal(edited.score_samples(edited.encode(known)), moved.score_samples(known))
    other = {"party": ["right"] * 150, "age": np.zeros(150)}
    assert_array_equal(
        edited.score_samples(known.counts, metadata=other), moved.score_samples(known.counts, metadata=other)
    )
    edited.save(tmp_path / "edited")
    loaded = load(tmp_path / "edited")
    assert_array_equal(loaded.transform(known), after)
    assert loaded.prevalence_.equals(edited.prevalence_)
    terms = decompose(edited, known).terms["value"]
    assert terms[["mutual_information", "between_groups", "within_groups", "dimension_kl"]].sum() == (
        pytest.approx(terms["kl"], rel=1e-4)
    )
    with pytest.raises(ValueError, match="a model that was loaded has no documents"):
        edit_topics(load(tmp_path / "edited"), drop=[0])
    assert edit_topics(loaded, drop=[0], X=known.counts, metadata=other).topic_ids_.tolist() == [1, 3, 5]


@pytest.mark.filterwarnings("ignore:.*topics? (left out|tell)")
def test_effects_have_ids(moved, known):
    edited = edit_topics(moved, merge=[(1, 4)], drop=[2])
    found = estimate_effects(edited, known, "party", topics="all", draws="posterior", n_draws=3)
    assert found.topics["topic"].tolist() == IDS
    assert set(found.table["topic"].dropna()) <= set(IDS)
    whole = estimate_effects(moved, known, "party", topics="all", draws="posterior", n_draws=3)
    shares = whole.topics.set_index("topic")["share"]
    assert found.topics["share"].sum() == pytest.approx(1, abs=1e-6)
    assert found.topics.set_index("topic")["share"][1] == pytest.approx(
        (shares[1] + shares[4]) / shares.drop(2).sum(), abs=0.05
    )


def test_drift_has_ids(edited, known):
    found = words_over_time(edited, known, topics=[3, 5], n_permutations=9)
    assert found.topics["topic"].tolist() == [3, 5]
    assert found.probabilities(5).shape[0] == 3
    assert topics_over_time(edited, known, topics="all").columns.tolist() == ["documents", *IDS]


def test_the_use_of_a_word_for_a_topic_left_alone_stays_near(edited, model, planted):
    before, after = model.word_usage(planted)(5), edited.word_usage(planted)(3)
    assert_allclose(after.sum(), before.sum(), rtol=0.25)


def test_guided_topics_keep_their_names_and_are_listed(planted):
    words = planted.vocabulary
    guided = ProdLDA(
        groups=(2, 2), seed_words={"one": [words[0]], "two": [words[200]]}, max_iter=3, random_state=0
    ).fit(planted)
    topics = guided.guided_topics_["topic"].tolist()
    rest = [topic for topic in range(4) if topic not in topics]
    edited = edit_topics(guided, merge=[(topics[1], rest[0])], drop=[rest[1]])
    names = dict(zip(edited.topic_ids_.tolist(), edited.topic_names_, strict=True))
    assert [names[topic] for topic in topics] == ["one", "two"]
    assert edited.guided_topics_["topic"].tolist() == topics
    assert edited.guided_topics_["name"].tolist() == ["one", "two"]
    assert edited.guided_topics_["words"].equals(guided.guided_topics_["words"])
    assert edit_topics(edited, drop=[topics[0]]).guided_topics_["name"].tolist() == ["two"]


def test_a_merged_topic_that_no_seed_words_name_has_the_name_of_one_without_seed_words(planted):
    words = planted.vocabulary
    settings = {"groups": (2, 2), "max_iter": 3, "random_state": 0}
    guided = ProdLDA(seed_words={0: [words[0]], 2: [words[200]]}, **settings).fit(planted)
    plain = copy.deepcopy(guided)
    plain._network.guidance = plain._seeds = None
    edited = [edit_topics(model, X=planted, merge=[(2, 3)]) for model in (guided, plain)]
    names = [model.topic_names_.tolist() for model in edited]
    assert names[0] == names[1]
    assert names[0][2] != guided.topic_names_[2]
