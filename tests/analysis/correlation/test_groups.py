"""Tests of the dependence between groups: planted values, agreement with decompose, independent groups."""

import numpy as np
import pytest
from scipy.stats import kstest

from hftopic import NVDM, NVLDA, Concrete, Normal, ProdLDA, StandardNormal, make_correlated_topics
from hftopic.analysis import decompose
from hftopic.analysis.correlation import groups as group_module
from hftopic.analysis.correlation.groups import group_dependence
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace


class Planted:
    """Interface of a fitted model with a known posterior."""

    signed_topics_ = False

    def __init__(self, mean, groups, variance=0.5):
        self.mean = np.asarray(mean, dtype=np.float32)
        self.variance = np.full_like(self.mean, variance)
        self.latent_space_ = LatentSpace(groups)
        self.topic_groups_ = self.latent_space_.topic_groups
        self.topic_ids_ = np.arange(len(self.topic_groups_))

    def posterior(self, X):
        return Posterior(self.mean[: len(X)], self.variance[: len(X)])


@pytest.fixture
def gaussian():
    return np.random.default_rng(11)


def dependence(mean, groups, *, variance=0.5, active=None, **settings):
    model = Planted(mean, groups, variance)
    active = range(model.latent_space_.n_topics) if active is None else active
    return group_dependence(model, mean, active=active, **({"n_permutations": 49} | settings))


def canonical(row):
    return row.filter(like="canonical").to_numpy(dtype=float)


def test_of_single_topics_it_is_their_correlation(gaussian):
    mean = gaussian.standard_normal((80, 2)) + gaussian.standard_normal((80, 1))
    row = dependence(mean, (1, 1)).iloc[0]
    assert row["canonical_1"] == pytest.approx(abs(np.corrcoef(mean.T)[0, 1]), abs=1e-6)


def test_linear_maps_of_a_group_change_nothing(gaussian):
    mean = gaussian.standard_normal((100, 5))
    mean[:, 3] += mean[:, 0]
    moved = mean.copy()
    moved[:, :3] = mean[:, :3] @ gaussian.standard_normal((3, 3)) + 4
    plain, other = (dependence(m, (3, 2)).iloc[0] for m in (mean, moved))
    np.testing.assert_allclose(canonical(plain), canonical(other), atol=1e-5)
    assert len(canonical(plain)) == 2
    assert plain["p_value"] == other["p_value"]


def test_groups_without_full_rank(gaussian):
    mean = gaussian.standard_normal((100, 6))
    mean[:, 1] = 2 * mean[:, 0]  # a copy
    mean[:, 2] = 1  # a constant topic
    mean[:, 3] = mean[:, 0] + 1e-3 * mean[:, 3]
    row = dependence(mean, (3, 3)).iloc[0]
    assert canonical(row).shape == (1,)
    assert row["canonical_1"] == pytest.approx(1, abs=1e-5)
    assert row["p_value"] == 1 / 50


def test_pairs_of_three_groups(gaussian):
    mean = gaussian.standard_normal((200, 6))
    mean[:, 4] = mean[:, 0] + 0.1 * mean[:, 4]
    table = dependence(mean, (2, 1, 3))
    assert table[["group_a", "group_b"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 2]]
    assert table[["topics_a", "topics_b"]].to_numpy().tolist() == [[2, 1], [2, 3], [1, 3]]
    assert table["canonical_1"].idxmax() == table["information"].idxmax() == 1
    assert table["canonical_2"].isna().tolist() == [True, False, True]
    alone = dependence(mean[:, [0, 1, 3, 4, 5]], (2, 3)).iloc[0]
    np.testing.assert_allclose(canonical(table.iloc[1]), canonical(alone), atol=1e-6)
    assert table.loc[1, "gaussian_information"] == pytest.approx(alone["gaussian_information"], abs=1e-6)


def test_p_values_of_independent_groups_are_uniform(gaussian):
    # P-values are uniform on 1/20, …, 1: the Kolmogorov-Smirnov distance of 200 values exceeds 0.05 + 0.19
    # with odds of 1e-6.
    p_values = [
        dependence(gaussian.standard_normal((30, 5)), (2, 3), n_permutations=19, n_samples=2, random_state=s)
        for s in range(200)
    ]
    assert kstest([table["p_value"][0] for table in p_values], "uniform").statistic < 0.24


def test_information_of_a_gaussian(gaussian):
    # q(z) of 20,000 documents with wide posteriors is close to N(0, Σ + I), in which topics 0 and 2 have a
    # correlation of 0.9/2. With 2,000 samples the standard error of the information is 0.01.
    latent = gaussian.standard_normal((20_000, 4))
    latent[:, 2] = 0.9 * latent[:, 0] + np.sqrt(1 - 0.81) * latent[:, 2]
    row = dependence(latent, (2, 2), variance=1.0, n_permutations=1).iloc[0]
    truth = -0.5 * np.log(1 - 0.45**2)
    assert row["gaussian_information"] == pytest.approx(truth, abs=0.01)
    assert row["information"] == pytest.approx(truth, abs=0.01 + 6 * row["standard_error"])
    assert row["standard_error"] < 0.02


def test_information_sees_what_correlation_does_not(gaussian):
    mean = gaussian.standard_normal((3000, 2)) * 3
    mean[:, 1] = mean[:, 0] ** 2 / 3
    row = dependence(mean, (1, 1), variance=0.1, n_permutations=1).iloc[0]
    assert row["information"] > 0.5
    assert row["gaussian_information"] < 0.05


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(300, groups=(2, 2), n_words=60, correlation=0.9, random_state=0).corpus


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_of_two_groups_it_is_the_term_of_the_objective(estimator, corpus):
    settings = {"max_iter": 5, "warm_up": 0, "random_state": 0, "prior": StandardNormal()}
    model = estimator(groups=(2, 3), **settings).fit(corpus)
    row = group_dependence(model, corpus, active=range(5), n_permutations=9, random_state=3).iloc[0]
    term = decompose(model, corpus, random_state=3).terms.loc["between_groups"]
    assert row["information"] == pytest.approx(term["value"], abs=1e-4)
    assert row["standard_error"] == pytest.approx(term["standard_error"], rel=1e-3)


def test_classes_take_no_part_and_inactive_groups_know_nothing(corpus):
    model = ProdLDA(groups=(Normal(2), Concrete(3), Normal(2)), max_iter=3, warm_up=0, random_state=0)
    model.fit(corpus)
    row = group_dependence(model, corpus, active=[0, 1, 2], n_permutations=9).iloc[0]
    assert (row["group_a"], row["group_b"], row["topics_a"], row["topics_b"]) == (0, 2, 2, 0)
    assert np.isnan(row["p_value"])
    assert row[["information", "standard_error", "gaussian_information"]].tolist() == [0, 0, 0]


def test_one_group_makes_no_pair(gaussian):
    table = dependence(gaussian.standard_normal((10, 3)), 3)
    assert len(table) == 0
    assert {"group_a", "p_value", "information"} <= set(table)


def test_no_topic_at_all(gaussian):
    row = dependence(gaussian.standard_normal((10, 3)), (2, 1), active=[]).iloc[0]
    assert np.isnan(row["p_value"])
    assert row["information"] == row["gaussian_information"] == 0


def test_same_seed_same_result(gaussian):
    mean = gaussian.standard_normal((50, 4))
    tables = [dependence(mean, (2, 2), random_state=5) for _ in range(2)]
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize(
    ("documents", "settings", "message"),
    [
        (2, {}, "at least three documents, got 2"),
        (9, {"n_permutations": 0}, "n_permutations must be at least 1"),
        (9, {"n_samples": 1}, "n_samples must be at least 2"),
        (9, {"active": [7]}, "no topic 7"),
    ],
)
def test_mistakes_are_named(gaussian, documents, settings, message):
    with pytest.raises(ValueError, match=message):
        dependence(gaussian.standard_normal((documents, 4)), (2, 2), **settings)


def test_the_mixture_is_summed_in_parts(gaussian, monkeypatch):
    mean = gaussian.standard_normal((90, 5))
    mean[:, 4] += mean[:, 0]
    whole = dependence(mean, (2, 1, 2))
    monkeypatch.setattr(group_module, "CHUNK_ENTRIES", 90 * 3 * 7)  # seven documents at once
    parts = dependence(mean, (2, 1, 2))
    columns = ["information", "standard_error"]
    np.testing.assert_allclose(parts[columns], whole[columns], rtol=1e-10)


def test_many_documents_are_shifted_instead_of_permuted(gaussian, monkeypatch):
    # A p-value of 400 draws has a standard error of at most 0.025; six of their difference: odds below 1e-8.
    mean = gaussian.standard_normal((300, 6))
    mean[:, 5] += 0.15 * mean[:, 0]
    mean[:, 2] = 1  # a group without topics that vary
    permuted = dependence(mean, (2, 1, 3), n_permutations=400)
    monkeypatch.setattr(group_module, "SHIFTED_FROM", 300)
    shifted = dependence(mean, (2, 1, 3), n_permutations=400)
    np.testing.assert_allclose(shifted["p_value"], permuted["p_value"], atol=6 * np.sqrt(2) * 0.025)
    assert shifted["p_value"].isna().tolist() == [True, False, True]
    others = shifted.columns.drop("p_value")
    np.testing.assert_array_equal(
        shifted[others].to_numpy(dtype=float), permuted[others].to_numpy(dtype=float)
    )
