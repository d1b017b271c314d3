"""Tests of recurring pairs: pairs are matched by topics, independent of topic numbers, groups and signs."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

from hftopic import NVDM, NVLDA, ProdLDA, make_correlated_topics
from hftopic.analysis.correlation.recurrence import recurring_pairs
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace

N_DOCUMENTS, N_WORDS = 200, 40


class Planted:
    """A fitted model with topics from a pool, in this order, in these groups and with these signs."""

    signed_topics_ = False

    def __init__(self, scores, order, groups, signs=None):
        self.order, signs = np.asarray(order), np.ones(len(order)) if signs is None else np.asarray(signs)
        self.mean = (scores[:, self.order] * signs).astype(np.float32)
        self.latent_space_ = LatentSpace(groups)
        self.topic_groups_ = self.latent_space_.topic_groups
        self.topic_ids_ = np.arange(len(self.topic_groups_))
        words = np.eye(scores.shape[1]).repeat(N_WORDS // scores.shape[1], axis=1) + 0.01
        self.components_ = (words - words.mean(axis=1, keepdims=True))[self.order] * signs[:, None]
        self.topic_word_ = words[self.order] / words[self.order].sum(axis=1, keepdims=True)
        self.prior_mean_, self.prior_covariance_ = np.zeros(len(order)), np.eye(len(order))

    def posterior(self, X):
        return Posterior(self.mean[: len(X)], np.full_like(self.mean[: len(X)], 0.01))

    def log_proportions(self, posterior):
        return log_softmax(posterior.mean, axis=1)

    def top_words(self, n=10, vocabulary=None, pole="+"):  # noqa: ARG002
        assert vocabulary is None
        words = {f"word_{i + 1}": [f"t{k}w{i}" for k in self.order] for i in range(n)}
        return pd.DataFrame({"group": self.topic_groups_, **words}).rename_axis("topic")


class Signed(Planted):
    signed_topics_ = True

    def top_words(self, n=10, vocabulary=None, pole="+"):
        return super().top_words(n, vocabulary).replace(r"^t", pole, regex=True)


@pytest.fixture
def pool():
    """Scores of five topics: 0 and 2 are correlated, 1 and 3 are anticorrelated, 4 is independent."""
    scores = np.random.default_rng(0).standard_normal((N_DOCUMENTS, 5))
    scores[:, 2] = scores[:, 0] + 0.3 * scores[:, 2]
    scores[:, 3] = -scores[:, 1] + 0.3 * scores[:, 3]
    return scores


def pairs_of(models, pool, **settings):
    table = recurring_pairs(models, pool, **settings)
    return table.set_index(["topic_a", "topic_b"])


def test_numbers_of_topics_and_groups_do_not_matter(pool):
    models = [
        Planted(pool, [0, 1, 2, 3], (2, 2)),
        Planted(pool, [3, 2, 1, 0], (2, 2)),
        Planted(pool, [2, 3, 0, 1], (2, 2)),
    ]
    table = pairs_of(models, pool)
    assert sorted(table.index) == [(0, 2), (0, 3), (1, 2), (1, 3)]
    assert set(table.index[:2]) == {(0, 2), (1, 3)}
    assert (table[["models", "across"]] == 3).all(axis=None)
    r = np.corrcoef(pool.T)
    for (a, b), row in table.iterrows():
        assert row[["r_mean", "r_min", "r_max"]].tolist() == pytest.approx([r[a, b]] * 3, abs=1e-6)
        assert row["recurring"] == 3 * (abs(r[a, b]) >= 0.1)
    assert table.loc[(1, 3), ["words_a", "group_a", "group_b"]].tolist() == [
        "t1w0, t1w1, t1w2, t1w3, t1w4",
        0,
        1,
    ]


def test_a_pair_inside_one_group_does_not_count(pool):
    models = [Planted(pool, [0, 1, 2, 3], (2, 2)), Planted(pool, [0, 2, 1, 3], (2, 2))]
    table = pairs_of(models, pool)
    assert table.loc[(0, 2), ["models", "across", "recurring"]].tolist() == [2, 1, 1]
    # A pair within a group of the reference is listed too, if another model has it across groups.
    assert table.loc[(0, 1), ["group_a", "group_b", "models", "across"]].tolist() == [0, 0, 2, 1]
    assert table.loc[(0, 3), "across"] == 2


def test_topics_that_a_model_lacks(pool):
    models = [Planted(pool, [0, 1, 2, 3], (2, 2)), Planted(pool, [0, 4, 2], (2, 1))]
    table = pairs_of(models, pool)
    assert table.loc[(0, 2), ["models", "recurring"]].tolist() == [2, 2]
    assert table.loc[(1, 3), ["models", "recurring"]].tolist() == [1, 1]
    other = pairs_of(models, pool, reference=1)
    assert (1, 2) in other.index  # topics 4 and 2 of the pool, which are not a pair of the first model
    assert other.loc[(0, 2), ["models", "recurring"]].tolist() == [2, 2]


def test_opposite_signs_do_not_add_up(pool):
    turned = pool.copy()
    turned[:, 2] *= -1
    models = [Planted(scores, [0, 1, 2, 3], (2, 2)) for scores in (pool, pool, turned)]
    row = pairs_of(models, pool).loc[(0, 2)]
    assert row[["across", "recurring"]].tolist() == [3, 2]
    assert row["r_min"] == pytest.approx(-row["r_max"], abs=1e-6)
    assert row["r_mean"] == pytest.approx(row["r_max"] / 3, abs=1e-6)


def test_a_signed_topic_that_points_the_other_way_is_the_same_topic(pool):
    models = [Signed(pool, [0, 1, 2, 3], (2, 2)), Signed(pool, [0, 1, 2, 3], (2, 2), [1, 1, -1, 1])]
    row = pairs_of(models, pool).loc[(0, 2)]
    assert row["recurring"] == 2
    assert row["r_min"] == pytest.approx(row["r_max"], abs=1e-6)
    assert row["r_min"] > 0.9
    assert row["words_a"].startswith("+ +0w0")


def test_the_smallest_correlation_that_counts(pool):
    models = [Planted(pool, [0, 1, 2, 3], (2, 2))] * 2
    assert pairs_of(models, pool, smallest=0.99)["recurring"].max() == 0
    assert pairs_of(models, pool, smallest=0.0)["recurring"].min() == 2


def test_only_chosen_topics_count(pool):
    models = [Planted(pool, [0, 1, 2, 3], (2, 2)) for _ in range(2)]
    assert pairs_of(models, pool, active=[[0, 2, 3], [0, 1, 2]]).to_dict("index").keys() == {(0, 2), (0, 3)}
    none = recurring_pairs(models, pool, active=[[], [0]])
    assert len(none) == 0
    assert "recurring" in none


@pytest.mark.parametrize("kind", ["total", "clr", "partial"])
def test_other_kinds(pool, kind):
    models = [Planted(pool, [0, 1, 2, 3], (2, 2)), Planted(pool, [3, 2, 1, 0], (2, 2))]
    table = pairs_of(models, pool, kind=kind)
    assert table.loc[(0, 2), "recurring"] == table.loc[(1, 3), "recurring"] == 2
    np.testing.assert_allclose(table["r_min"], table["r_max"], atol=1e-3)


@pytest.mark.parametrize(
    ("n_models", "settings", "message"),
    [
        (1, {}, "at least two models, got 1"),
        (2, {"reference": 2}, "reference=2 is out of range: models are numbered 0 to 1"),
        (2, {"active": [[0]]}, "1 selections of topics for 2 models"),
        (2, {"smallest": 2}, "smallest must be an absolute correlation"),
        (2, {"kind": "rank"}, "kind='rank' is unknown"),
        (2, {"threshold": 2}, "threshold must be a similarity"),
    ],
)
def test_mistakes_are_named(pool, n_models, settings, message):
    models = [Planted(pool, [0, 1, 2, 3], (2, 2)) for _ in range(n_models)]
    with pytest.raises(ValueError, match=message):
        recurring_pairs(models, pool, **settings)


@pytest.mark.parametrize("estimator", [ProdLDA, NVDM, NVLDA])
def test_of_fitted_models(estimator):
    corpus = make_correlated_topics(300, groups=(2, 2), n_words=60, correlation=0.9, random_state=0).corpus
    models = [estimator(groups=(2, 2), max_iter=8, warm_up=0, random_state=s).fit(corpus) for s in range(2)]
    table = recurring_pairs(models, corpus, active=[range(4)] * 2)
    assert (table["recurring"] <= table["across"]).all()
    assert (table["across"] <= table["models"]).all()
    assert table["recurring"].is_monotonic_decreasing
    counts = corpus.counts.toarray()
    counts[3] = 0
    with pytest.warns(UserWarning, match="1 of 300 documents have no words") as caught:
        recurring_pairs(models, counts, active=[range(4)] * 2)
    assert len(caught) == 1
