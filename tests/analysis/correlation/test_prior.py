"""Tests of correlations of the prior: they are those of the model, by topic number, without a test."""

import numpy as np
import pandas as pd
import pytest

from hftopic import (
    NVDM,
    NVLDA,
    BlockCorrelation,
    Concrete,
    FullCovariance,
    LearnedCorrelation,
    ProdLDA,
    StandardNormal,
    make_correlated_topics,
)
from hftopic.analysis import topic_correlation, topic_information
from hftopic.analysis.correlation.prior import has_prior_correlations, prior_correlation

COVARIANCE = np.array(
    [[2.0, 0.0, 0.9, -0.3], [0.0, 1.0, 0.1, 0.2], [0.9, 0.1, 1.5, 0.0], [-0.3, 0.2, 0.0, 1.0]]
)
CORRELATION = COVARIANCE / np.sqrt(np.outer(np.diag(COVARIANCE), np.diag(COVARIANCE)))


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(60, groups=(2, 2), n_words=40, random_state=0).corpus


@pytest.fixture(scope="module")
def model(corpus):
    return fitted(corpus, FullCovariance(COVARIANCE))


def fitted(corpus, prior, *, model=ProdLDA, groups=(2, 2), max_iter=1):
    return model(groups=groups, prior=prior, max_iter=max_iter, random_state=0).fit(corpus)


def test_the_matrix_is_that_of_the_prior(corpus, model):
    found = topic_correlation(model, corpus, active=range(4), of="prior")
    np.testing.assert_allclose(found.matrix, CORRELATION, atol=1e-6)
    assert (np.diag(found.matrix) == 1).all()
    for pair in found.pairs.itertuples():
        assert pair.r == found.matrix.loc[pair.topic_a, pair.topic_b]


def test_topics_keep_their_numbers_in_a_selection(corpus, model):
    found = topic_correlation(model, corpus, active=[3, 0, 2], of="prior")
    assert found.matrix.index.tolist() == found.matrix.columns.tolist() == [0, 2, 3]
    np.testing.assert_allclose(found.matrix, CORRELATION[np.ix_([0, 2, 3], [0, 2, 3])], atol=1e-6)


def test_classes_between_the_groups_do_not_shift_the_numbers(corpus):
    # Topics 0 and 1, the classes 2 to 4, and the topics 5 and 6, which are dimensions 2 and 3 of the prior.
    model = fitted(corpus, FullCovariance(COVARIANCE), groups=(2, Concrete(3), 2))
    found = topic_correlation(model, corpus, active=range(7), of="prior")
    assert found.matrix.index.tolist() == [0, 1, 5, 6]
    np.testing.assert_allclose(found.matrix, CORRELATION, atol=1e-6)
    first = found.pairs.iloc[0]
    assert (first.topic_a, first.group_a, first.topic_b, first.group_b) == (0, 0, 5, 2)
    assert first.words_b == ", ".join(model.top_words(5).loc[5].drop("group"))


def test_pairs_are_ranked_and_divided_by_group(corpus, model):
    found = topic_correlation(model, corpus, active=range(4), of="prior")
    assert found.pairs["r"].abs().is_monotonic_decreasing
    assert found.across()[["topic_a", "topic_b"]].to_numpy().tolist() == [[0, 2], [0, 3], [1, 3], [1, 2]]
    assert (found.within()["r"] == 0).all()  # exactly, because the prior has these correlations fixed at 0


def test_a_parameter_has_no_test(corpus, model):
    found = topic_correlation(model, corpus, active=range(4), of="prior")
    assert (found.of, found.kind) == ("prior", None)
    assert (found.n_documents, found.n_permutations, found.n_bootstrap) == (0, 0, 0)
    assert found.pairs[["p_value", "p_adjusted"]].isna().all(axis=None)
    summary = found.summary()
    assert summary["significant"].isna().all()
    assert summary["pairs"].tolist() == [2, 4]
    assert summary.loc["across", "max_abs_r"] == found.pairs["r"].abs().max()


def test_of_documents_is_the_default_and_has_the_same_columns(corpus, model):
    plain = topic_correlation(model, corpus, active=range(4), n_permutations=9, random_state=0)
    named = topic_correlation(
        model, corpus, active=range(4), of="documents", n_permutations=9, random_state=0
    )
    assert plain.of == "documents"
    pd.testing.assert_frame_equal(plain.pairs, named.pairs)
    of_prior = topic_correlation(model, corpus, active=range(4), of="prior")
    assert of_prior.pairs.columns.tolist() == plain.pairs.columns.tolist()
    assert sorted(of_prior.matrix.index) == sorted(plain.matrix.index)


def test_topics_are_the_active_ones_of_the_documents(corpus):
    prior = LearnedCorrelation(within=True)
    model = fitted(corpus, prior, groups=(3, 3), max_iter=30)
    information = topic_information(model, corpus)
    active = information.loc[information["active"], "topic"].tolist()
    assert len(active) > 1
    assert topic_correlation(model, corpus, of="prior").matrix.index.tolist() == active


def test_documents_are_not_encoded_if_the_topics_are_given(corpus, model, monkeypatch):
    monkeypatch.setattr(type(model), "posterior", lambda *_: pytest.fail("documents were encoded"))
    assert len(topic_correlation(model, corpus, active=range(4), of="prior").pairs) == 6


@pytest.mark.parametrize("model", [ProdLDA, NVDM, NVLDA])
def test_a_learned_prior_shows_what_it_has_learned(corpus, model):
    fit = fitted(corpus, LearnedCorrelation(), model=model, max_iter=8)
    found = topic_correlation(fit, corpus, active=range(4), of="prior")
    np.testing.assert_allclose(found.matrix, fit.prior_correlation_, atol=1e-6)
    assert has_prior_correlations(fit)
    assert (found.across()["r"] != 0).any()
    assert (found.within()["r"] == 0).all()


def test_given_correlations_of_groups_are_shown(corpus):
    model = fitted(corpus, BlockCorrelation([[0, 0.5], [0.5, 0]], variance=2.0))
    pairs = topic_correlation(model, corpus, active=range(4), of="prior").pairs
    assert pairs.loc[pairs["r"] != 0, ["topic_a", "topic_b"]].to_numpy().tolist() == [[0, 2], [1, 3]]
    np.testing.assert_allclose(pairs["r"], [0.5, 0.5, 0, 0, 0, 0], atol=1e-6)


def test_a_prior_without_correlations_warns_and_says_what_to_do(corpus):
    model = fitted(corpus, StandardNormal())
    assert not has_prior_correlations(model)
    with pytest.warns(UserWarning, match=r"every r is 0: fit it with prior=LearnedCorrelation\(\)"):
        found = topic_correlation(model, corpus, active=range(4), of="prior")
    np.testing.assert_array_equal(found.matrix, np.eye(4))
    with pytest.warns(UserWarning, match=r"prior=LearnedCorrelation\(within=True\)"):
        topic_correlation(model, corpus, active=[0, 1], of="prior")


def test_a_single_topic_has_no_pair_and_one_warning_says_so(corpus, model):
    with pytest.warns(UserWarning, match="active topics: 1 of 4: no pair to correlate") as caught:
        found = topic_correlation(model, corpus, active=[2], of="prior")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert found.pairs.empty
    assert found.summary()["pairs"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"of": "posterior"}, "of='posterior' is unknown; did you mean 'documents' or 'prior'"),
        ({"of": "prior", "kind": "total"}, "kind='total': only valid with of='documents'"),
        ({"of": "prior", "n_bootstrap": 9}, "n_bootstrap=9: only valid with of='documents'"),
        ({"of": "prior", "kind": "clr", "n_bootstrap": 9}, "kind='clr' and n_bootstrap=9: only valid"),
        ({"of": "prior", "active": [0, 9]}, "no topic 9"),
    ],
)
def test_mistakes_are_named(corpus, model, settings, message):
    with pytest.raises(ValueError, match=message):
        topic_correlation(model, corpus, **settings)


def test_documents_in_place_of_the_model_are_an_error(corpus):
    with pytest.raises(TypeError, match="expected a fitted ProdLDA or NVDM"):
        topic_correlation(corpus, corpus, active=[0, 1], of="prior")


def test_no_topic_is_an_empty_matrix(model):
    assert prior_correlation(model, np.empty(0, dtype=np.int64)).shape == (0, 0)
