"""Tests of topic correlation: planted correlations are found, and the error rates of p-values hold."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from scipy.stats import false_discovery_control

from hftopic import NVDM, NVLDA, Concrete, ProdLDA, make_correlated_topics
from hftopic.analysis import topic_correlation, topic_information
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace


class Planted:
    """Interface of a fitted model with a known posterior."""

    signed_topics_ = False

    def __init__(self, mean, variance=None, groups=None):
        self.mean = np.asarray(mean)
        self.variance = np.full_like(self.mean, 0.5) if variance is None else variance
        n_topics = self.mean.shape[1]
        self.topic_groups_ = np.zeros(n_topics, dtype=int) if groups is None else np.asarray(groups)
        self.topic_ids_ = np.arange(len(self.topic_groups_))
        self.latent_space_ = LatentSpace(n_topics)
        self.prior_mean_, self.prior_covariance_ = np.zeros(n_topics), np.eye(n_topics)

    def posterior(self, X):
        return Posterior(self.mean[: len(X)], self.variance[: len(X)])

    def log_proportions(self, posterior):
        return log_softmax(posterior.mean, axis=1)

    def top_words(self, n=10, vocabulary=None, pole="+"):  # noqa: ARG002
        assert vocabulary is None
        words = {f"word_{i + 1}": [f"t{k}w{i}" for k in range(self.mean.shape[1])] for i in range(n)}
        return pd.DataFrame({"group": self.topic_groups_, **words}).rename_axis("topic")


class PlantedPoles(Planted):
    signed_topics_ = True

    def top_words(self, n=10, vocabulary=None, pole="+"):
        table = super().top_words(n, vocabulary)
        return table.replace(r"^t", pole, regex=True)


@pytest.fixture
def gaussian():
    return np.random.default_rng(7)


def correlate(mean, *, groups=None, model=Planted, variance=None, active=None, **settings):
    planted = model(mean, variance, groups)
    active = np.arange(planted.mean.shape[1]) if active is None else active
    settings = {"n_permutations": 99, "random_state": 0} | settings
    return topic_correlation(planted, planted.mean, active=active, **settings)


def test_of_means_is_the_correlation_matrix(gaussian):
    mean = gaussian.standard_normal((200, 6)) @ gaussian.standard_normal((6, 6)) + 5
    found = correlate(mean)
    np.testing.assert_allclose(found.matrix, np.corrcoef(mean.T), atol=1e-12)
    for pair in found.pairs.itertuples():
        assert pair.r == found.matrix.loc[pair.topic_a, pair.topic_b]


def test_total_is_the_correlation_of_draws_from_the_posterior(gaussian):
    mean = gaussian.standard_normal((300, 4)) @ gaussian.standard_normal((4, 4))
    variance = gaussian.uniform(0.1, 2.0, (300, 4))
    covariance = np.cov(mean.T, bias=True) + np.diag(variance.mean(axis=0))
    scale = np.sqrt(np.diag(covariance))
    found = correlate(mean, variance=variance, kind="total")
    np.testing.assert_allclose(found.matrix, covariance / np.outer(scale, scale), atol=1e-12)
    of_means = correlate(mean, variance=variance)
    assert (found.matrix.abs().to_numpy() <= of_means.matrix.abs().to_numpy() + 1e-12).all()
    key = ["topic_a", "topic_b"]
    pd.testing.assert_series_equal(
        found.pairs.set_index(key)["p_value"].sort_index(),
        of_means.pairs.set_index(key)["p_value"].sort_index(),
    )


def test_planted_pair_across_groups_comes_first(gaussian):
    # With 500 documents, r = 0.8 is 20 standard errors away from the correlations of the other pairs.
    mean = gaussian.standard_normal((500, 8))
    mean[:, 6] = 0.8 * mean[:, 1] + 0.6 * mean[:, 6]
    found = correlate(mean, groups=[0] * 4 + [1] * 4, n_permutations=999, n_top_words=2)
    first = found.pairs.iloc[0]
    assert (first.topic_a, first.group_a, first.topic_b, first.group_b) == (1, 0, 6, 1)
    assert first.across
    assert first.r == pytest.approx(0.8, abs=0.1)
    assert first.p_value == 1 / 1000
    assert first.p_adjusted <= 0.05
    assert (first.words_a, first.words_b) == ("t1w0, t1w1", "t6w0, t6w1")
    assert found.across().iloc[0].topic_b == 6
    assert len(found.within()) == 12
    assert len(found.across()) == 16
    summary = found.summary()
    assert summary.loc["across", "max_abs_r"] == abs(first.r)
    assert summary.loc["within", "mean_abs_r"] == pytest.approx(found.within()["r"].abs().mean())
    assert summary["pairs"].tolist() == [12, 16]


def test_negative_correlation_ranks_by_its_size(gaussian):
    mean = gaussian.standard_normal((300, 3))
    mean[:, 2] = -mean[:, 0] + 0.1 * mean[:, 2]
    pairs = correlate(mean).pairs
    assert (pairs.loc[0, "topic_a"], pairs.loc[0, "topic_b"]) == (0, 2)
    assert pairs.loc[0, "r"] < -0.9
    assert pairs["r"].abs().is_monotonic_decreasing


def test_false_discoveries_come_at_the_stated_rate(gaussian):
    # 100 corpora of four independent topics. For each of the 600 pairs, the probability of p <= 0.05 is
    # exactly 0.05: 30 are expected, and more than 60 have odds below 1e-6. The probability that a corpus has
    # an adjusted p <= 0.05 is at most about 0.05: 5 are expected, and more than 15 have odds below 1e-4.
    raw, corpora = 0, 0
    for seed in range(100):
        pairs = correlate(gaussian.standard_normal((40, 4)), n_permutations=199, random_state=seed).pairs
        raw += int((pairs["p_value"] <= 0.05).sum())
        corpora += bool((pairs["p_adjusted"] <= 0.05).any())
    assert 10 <= raw <= 60
    assert corpora <= 15


def test_p_values_count_the_draws_and_are_adjusted_over_all_pairs(gaussian):
    pairs = correlate(gaussian.standard_normal((30, 5)), n_permutations=49).pairs
    counts = pairs["p_value"] * 50
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    assert pairs["p_value"].between(1 / 50, 1).all()
    np.testing.assert_array_equal(pairs["p_adjusted"], false_discovery_control(pairs["p_value"]))


def test_ties_count_against_significance():
    # Three documents with two values: every permutation has |r| = 0.5 or 1, so |r| >= 0.5 always holds.
    mean = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]) / 3
    assert correlate(mean, n_permutations=200).pairs["p_value"].tolist() == [1.0]


def test_same_seed_same_result(gaussian):
    mean = gaussian.standard_normal((50, 4))
    same = [correlate(mean, random_state=3).pairs for _ in range(2)]
    pd.testing.assert_frame_equal(*same)
    assert not correlate(mean, random_state=4).pairs["p_value"].equals(same[0]["p_value"])


@pytest.mark.parametrize("kind", ["mean", "total", "partial"])
def test_dead_dimension_goes_with_nothing(gaussian, kind):
    mean = gaussian.standard_normal((100, 3)).astype(np.float32)
    mean[:, 1] = 0.1 + np.float32(1e-8) * mean[:, 1]
    found = correlate(mean, kind=kind, n_bootstrap=5)
    dead = found.pairs[(found.pairs["topic_a"] == 1) | (found.pairs["topic_b"] == 1)]
    assert (dead["r"] == 0).all()
    assert (dead["p_value"] == 1).all()
    assert (dead[["r_low", "r_high"]] == 0).all(axis=None)
    assert found.matrix.loc[1, 1] == 1
    assert not found.matrix.isna().any(axis=None)


def test_topics_keep_their_numbers_in_a_selection(gaussian):
    mean = gaussian.standard_normal((60, 6))
    by_number = correlate(mean, active=[5, 2, 3])
    by_mask = correlate(mean, active=np.isin(np.arange(6), [2, 3, 5]))
    assert by_number.matrix.index.tolist() == [2, 3, 5]
    pd.testing.assert_frame_equal(by_number.pairs, by_mask.pairs)
    assert (by_number.pairs["topic_a"] < by_number.pairs["topic_b"]).all()


def test_active_topics_are_those_with_information(gaussian):
    # Means with a standard deviation of 3 over 300 documents, posteriors with 0.1: more than one nat.
    mean = 3 * gaussian.standard_normal((300, 4))
    mean[:, 2] = 0
    variance = np.full_like(mean, 0.01)
    variance[:, 2] = 1
    planted = Planted(mean, variance)
    assert topic_correlation(planted, mean, n_permutations=9).matrix.index.tolist() == [0, 1, 3]


def test_signed_topics_show_both_poles(gaussian):
    pairs = correlate(gaussian.standard_normal((20, 2)), model=PlantedPoles, n_top_words=2).pairs
    assert pairs.loc[0, "words_b"] == "+ +1w0, +1w1 / - -1w0, -1w1"


@pytest.mark.parametrize("active", [[], [1]])
def test_fewer_than_two_topics_give_no_pairs_and_say_so(gaussian, active):
    with pytest.warns(UserWarning, match=rf"active topics: {len(active)} of 4"):
        found = correlate(gaussian.standard_normal((20, 4)), active=np.array(active, dtype=int))
    assert found.matrix.shape == (len(active), len(active))
    assert len(found.pairs) == 0
    assert "p_adjusted" in found.pairs
    assert found.summary()["pairs"].tolist() == [0, 0]


def test_the_model_is_left_as_it_was(gaussian):
    mean = gaussian.standard_normal((20, 3))
    before = mean.copy()
    correlate(mean)
    np.testing.assert_array_equal(mean, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "means"}, "did you mean 'mean', 'total', 'clr', 'partial'"),
        ({"n_permutations": 0}, "n_permutations must be at least 1"),
        ({"n_bootstrap": -1}, r"n_bootstrap must be 0 \(no intervals\) or at least 2; got -1"),
        ({"n_bootstrap": 9, "confidence": 95}, "confidence must be between 0 and 1, such as 0.95; got 95"),
        (
            {"kind": "clr", "model": PlantedPoles},
            "PlantedPoles has none: its topics are signed; use kind='mean'",
        ),
        ({"active": [0, 9]}, "no topic 9"),
        ({"active": [0, 0]}, "a topic occurs twice"),
        ({"active": [True, False]}, "mask of 2 values for 4 topics"),
        ({"active": [[0, 1]]}, "mask or a list of topic numbers"),
    ],
)
def test_mistakes_are_named(gaussian, settings, message):
    with pytest.raises(ValueError, match=message):
        correlate(gaussian.standard_normal((20, 4)), **settings)


def test_two_documents_are_too_few(gaussian):
    with pytest.raises(ValueError, match="at least three documents, got 2"):
        correlate(gaussian.standard_normal((2, 4)))


def test_planted_correlations_are_found_whatever_their_margins(gaussian):
    # With 300 documents, r = 0.5 is 6 standard errors above the largest |r| of 999 permutations.
    for seed, margin in enumerate([np.array, np.cbrt, np.exp]):
        mean = gaussian.standard_normal((300, 8))
        mean[:, 6] = 0.6 * mean[:, 1] + 0.8 * mean[:, 6]
        pairs = correlate(margin(mean), n_permutations=999, random_state=seed).pairs
        assert pairs.loc[pairs["p_adjusted"] <= 0.05, ["topic_a", "topic_b"]].iloc[0].tolist() == [1, 6]


@pytest.mark.parametrize("kind", ["mean", "total", "clr", "partial"])
def test_interval_holds_the_estimate_and_narrows_with_documents(gaussian, kind):
    mean = gaussian.standard_normal((1600, 3)) + gaussian.standard_normal((1600, 1))
    few, many = (correlate(mean[:n], kind=kind, n_bootstrap=100).pairs for n in (100, 1600))
    for pairs in (few, many):
        assert pairs.columns.tolist()[5:10] == ["r", "r_low", "r_high", "p_value", "p_adjusted"]
        assert (pairs["r_low"] < pairs["r"]).all()
        assert (pairs["r"] < pairs["r_high"]).all()
    width = [(pairs["r_high"] - pairs["r_low"]).mean() for pairs in (few, many)]
    assert 2 < width[0] / width[1] < 8  # 4 on average; 100 replicates have a standard error of 7 %


def test_intervals_cover_at_the_stated_rate(gaussian):
    # 100 corpora of 150 documents with r = 0.5. At this size, percentile intervals at 80 % cover about 78 %,
    # with a standard deviation of 4.1 corpora: below 59 or above 95 has odds below 1e-5.
    covered = 0
    for seed in range(100):
        mean = gaussian.standard_normal((150, 2))
        mean[:, 1] = 0.5 * mean[:, 0] + np.sqrt(0.75) * mean[:, 1]
        settings = {"n_permutations": 1, "n_bootstrap": 149, "confidence": 0.8, "random_state": seed}
        pair = correlate(mean, **settings).pairs.iloc[0]
        covered += pair.r_low <= 0.5 <= pair.r_high
    assert 59 <= covered <= 95


def test_the_bootstrap_leaves_p_values_alone(gaussian):
    mean = gaussian.standard_normal((60, 4))
    plain, with_intervals = (correlate(mean, n_bootstrap=n).pairs for n in (0, 20))
    assert "r_low" not in plain
    pd.testing.assert_frame_equal(plain, with_intervals.drop(columns=["r_low", "r_high"]))


def test_partial_correlation_sees_through_a_topic_in_the_middle(gaussian):
    # Chain 0 - 1 - 2: topics 0 and 2 have a correlation of 0.64, only through topic 1. With 2,000 documents
    # the standard error of a correlation is 0.02.
    mean = gaussian.standard_normal((2000, 3))
    mean[:, 1] = 0.8 * mean[:, 0] + 0.6 * mean[:, 1]
    mean[:, 2] = 0.8 * mean[:, 1] + 0.6 * mean[:, 2]
    plain, partial = (correlate(mean, kind=kind, n_permutations=199) for kind in ("mean", "partial"))
    assert plain.matrix.loc[0, 2] > 0.5
    assert abs(partial.matrix.loc[0, 2]) < 0.12  # 5 standard errors of an unpenalised estimate
    assert partial.matrix.loc[0, 1] > 0.4
    assert partial.penalty > 0
    assert plain.penalty is None
    p_values = partial.pairs.set_index(["topic_a", "topic_b"])["p_value"]
    assert p_values[0, 1] == p_values[1, 2] == 1 / 200


def test_partial_p_values_are_missing_where_there_are_none(gaussian):
    with pytest.warns(UserWarning, match="6 documents for 5 topics; at least 7 are needed"):
        few = correlate(gaussian.standard_normal((6, 5)), kind="partial")
    collinear = gaussian.standard_normal((100, 4))
    collinear[:, 3] = collinear[:, 0] - collinear[:, 1]
    with pytest.warns(UserWarning, match="linear combinations of others; exclude them with active="):
        dependent = correlate(collinear, kind="partial")
    for found in (few, dependent):
        assert found.pairs[["p_value", "p_adjusted"]].isna().all(axis=None)
        assert not found.pairs["r"].isna().any()
        assert found.summary()["significant"].sum() == 0


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(300, groups=(2, 2), n_words=60, correlation=0.9, random_state=0).corpus


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_of_a_fitted_model(estimator, corpus):
    model = estimator(groups=(2, 2), max_iter=8, warm_up=0, random_state=0).fit(corpus)
    found = topic_correlation(model, corpus, n_permutations=99, random_state=0)
    active = topic_information(model, corpus)["active"].to_numpy()
    assert active.sum() >= 2
    assert found.matrix.index.tolist() == np.flatnonzero(active).tolist()
    means = model.posterior(corpus).mean[:, active].astype(float)
    np.testing.assert_allclose(found.matrix, np.corrcoef(means.T), atol=1e-6)
    top = model.top_words(5)
    first = found.pairs.iloc[0]
    assert ", ".join(top.loc[first.topic_a].drop("group")) in first.words_a
    assert first.group_b == top.loc[first.topic_b, "group"]
    assert found.n_documents == 300


def test_empty_documents_are_warned_of_once(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=8, warm_up=0, random_state=0).fit(corpus)
    counts = corpus.counts.toarray()
    counts[3] = 0
    with pytest.warns(UserWarning, match="1 of 300 documents have no words") as caught:
        topic_correlation(model, counts, n_permutations=9)
    assert len(caught) == 1


@pytest.mark.parametrize("softmax", ["joint", "group"])
def test_log_ratios_are_of_the_proportions_that_transform_gives(corpus, softmax):
    model = ProdLDA(groups=(3, 2), topic_softmax=softmax, max_iter=8, warm_up=0, random_state=0).fit(corpus)
    found = topic_correlation(model, corpus, kind="clr", active=[0, 2, 3], n_permutations=9)
    log_theta = np.log(model.transform(corpus).astype(float))
    log_ratios = log_theta - log_theta.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.matrix, np.corrcoef(log_ratios[:, [0, 2, 3]].T), atol=1e-4)


def test_log_ratios_of_signed_topics_are_refused(corpus):
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    with pytest.raises(ValueError, match="NVDM has none: its topics are signed; use kind='mean'"):
        topic_correlation(model, corpus, kind="clr")


@pytest.mark.parametrize("kind", ["mean", "total", "clr", "partial"])
def test_a_model_of_classes_alone_has_no_pair_and_says_why(kind):
    corpus = make_correlated_topics(60, groups=(2, 2), n_words=40, random_state=0).corpus
    model = ProdLDA(groups=(Concrete(3),), max_iter=2, random_state=0).fit(corpus)
    with pytest.warns(
        UserWarning, match=r"active topics: 0 of 0 \(3 classes of Concrete variables are not correlated\)"
    ):
        assert topic_correlation(model, corpus, kind=kind, n_permutations=9).pairs.empty
