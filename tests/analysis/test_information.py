"""Tests of information and decomposition: closed forms, quadrature, and the identities of the paper."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import integrate, sparse
from scipy.special import logsumexp
from scipy.stats import norm

import hftopic
from hftopic import ProdLDA
from hftopic.analysis import decompose, decompose_posterior, topic_information
from hftopic.analysis.information import prior_of
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Posterior
from hftopic.latent.space import LatentSpace


class PlantedModel:
    """Interface of a fitted model with given posteriors."""

    def __init__(self, mean, variance, groups):
        self._posterior = Posterior(np.float32(mean), np.float32(variance))
        self.topic_groups_ = np.asarray(groups)
        self.topic_ids_ = np.arange(len(self.topic_groups_))
        self.latent_space_ = LatentSpace(np.bincount(groups).tolist())
        self.prior_mean_, self.prior_covariance_ = np.zeros(len(groups)), np.eye(len(groups))

    def encode(self, X):
        return X

    def posterior(self, _):
        return self._posterior

    def score_samples(self, _):
        return -self._kl() - 7.0

    def _kl(self):
        m, v = self._posterior.mean, self._posterior.variance
        return 0.5 * (v + m**2 - 1 - np.log(v)).sum(1)


def planted(n=60, seed=0, spread=1.5):
    rng = np.random.default_rng(seed)
    return PlantedModel(spread * rng.standard_normal((n, 3)), rng.uniform(0.01, 1, (n, 3)), [0, 0, 1])


def independent_information(mean, variance):
    """I(x; z) of one dimension, by adaptive quadrature in scipy."""
    deviation = np.sqrt(variance)

    def integrand(z):
        log_q = logsumexp(norm.logpdf(z, mean, deviation)) - np.log(len(mean))
        return -np.exp(log_q) * log_q

    low, high = (mean - 8 * deviation).min(), (mean + 8 * deviation).max()
    entropy, _ = integrate.quad(integrand, low, high, limit=1000, epsabs=1e-9, points=np.sort(mean))
    return entropy - 0.5 * (np.log(2 * np.pi * np.e * variance)).mean()


def test_information_equals_adaptive_quadrature():
    model = planted()
    table = topic_information(model, None)
    expected = [
        independent_information(m.astype(float), v.astype(float))
        for m, v in zip(model.posterior(None).mean.T, model.posterior(None).variance.T, strict=True)
    ]
    np.testing.assert_allclose(table["information"], expected, atol=1e-5)


def test_documents_far_apart_tell_all_there_is():
    n = 40
    model = PlantedModel(100.0 * np.arange(n)[:, None], np.full((n, 1), 0.5), [0])
    np.testing.assert_allclose(topic_information(model, None)["information"], np.log(n), rtol=1e-4)


def test_a_posterior_that_is_the_prior_tells_nothing():
    table = topic_information(PlantedModel(np.zeros((30, 2)), np.ones((30, 2)), [0, 1]), None)
    np.testing.assert_allclose(table["information"], 0, atol=1e-5)
    np.testing.assert_allclose(table["kl"], 0, atol=1e-6)
    assert not table["active"].any()


def test_gaussian_means_give_the_gaussian_channel():
    """Posterior means from N(0, s²) with variance v: I = ½ log(1 + s²/v), up to the sampling of the means.

    With 4,000 documents the standard error is below 0.012; five standard errors are 0.06: odds 6e-7.
    """
    rng = np.random.default_rng(0)
    model = PlantedModel(2 * rng.standard_normal((4000, 1)), np.full((4000, 1), 0.25), [0])
    assert topic_information(model, None)["information"][0] == pytest.approx(0.5 * np.log(1 + 16), abs=0.06)


def divergence_from_the_mixture(mean, variance, rows):
    """KL(q(z|x) || mixture) of some documents in one dimension, by adaptive quadrature in scipy."""
    deviation = np.sqrt(variance)

    def integrand(z, m, s):
        log_q = logsumexp(norm.logpdf(z, mean, deviation)) - np.log(len(mean))
        return norm.pdf(z, m, s) * (norm.logpdf(z, m, s) - log_q)

    found = [
        integrate.quad(integrand, m - 8 * s, m + 8 * s, args=(m, s), epsabs=1e-5)[0]
        for m, s in zip(mean[rows], deviation[rows], strict=True)
    ]
    return np.mean(found)


def test_peak_is_the_mean_divergence_at_the_fuller_end():
    model = planted()
    mean, variance = (np.float64(model.posterior(None).mean), np.float64(model.posterior(None).variance))
    for k, peak in enumerate(topic_information(model, None)["peak"]):
        ranked = np.argsort(mean[:, k])
        ends = [
            divergence_from_the_mixture(mean[:, k], variance[:, k], rows)
            for rows in (ranked[:10], ranked[-10:])
        ]
        assert peak == pytest.approx(max(ends), abs=1e-4)


def test_peak_over_ten_documents_or_fewer_is_the_information():
    table = topic_information(planted(n=10), None)
    np.testing.assert_allclose(table["peak"], table["information"], atol=1e-5)


def test_peak_does_not_depend_on_the_sign_of_a_topic():
    model = planted(n=300)
    means, variances = model.posterior(None).mean, model.posterior(None).variance
    turned = PlantedModel(-means, variances, [0, 0, 1])
    np.testing.assert_allclose(
        topic_information(turned, None)["peak"], topic_information(model, None)["peak"], atol=1e-4
    )


@pytest.mark.parametrize("information", [0.005, 0.03, 0.5])
def test_peak_of_gaussian_means_is_that_of_the_tail(information):
    """Means at the quantiles of N(0, s²), variance 1, I = ½ log(1 + s²): KL(x) = I + ½(z² - 1)(1 - e^-2I)."""
    n = 20_000
    z = norm.ppf((np.arange(n) + 0.5) / n)
    mean = np.sqrt(np.expm1(2 * information)) * z
    row = topic_information(PlantedModel(mean[:, None], np.ones((n, 1)), [0]), None).loc[0]
    tail = (z[-n // 100 :] ** 2).mean()
    assert row["information"] == pytest.approx(information, rel=0.01)
    expected = information + 0.5 * (tail - 1) * -np.expm1(-2 * information)
    assert row["peak"] == pytest.approx(expected, rel=0.02)
    assert row["active"] == (information > 0.04)


@pytest.mark.parametrize("n", [400, 2000, 20000])
def test_a_rare_topic_counts_although_its_information_is_small(n):
    """One document in 200 has the topic in full, the others have the prior: I < 0.032."""
    has = np.arange(n) % 200 == 0
    model = PlantedModel(np.where(has, 6.0, 0.0)[:, None], np.where(has, 0.1, 1.0)[:, None], [0])
    row = topic_information(model, None).loc[0]
    assert row["information"] < 0.032
    assert row["peak"] > 1
    assert row["active"]


@pytest.mark.parametrize("n", [50, 400, 2000, 20000])
def test_noise_of_the_encoder_makes_no_topic_active(n):
    """Posterior means from N(0, 0.1²) with variance 1: I = ½ log 1.01. None of 20 topics is active.

    With e the mean of ε² over one end, the peak is about 0.005 + 0.005 e, and above 0.25 only if e > 49.
    """
    noise = 0.1 * np.random.default_rng(0).standard_normal((n, 20))
    table = topic_information(PlantedModel(noise, np.ones((n, 20)), [0] * 20), None)
    assert table["peak"].max() < 0.1
    assert not table["active"].any()


def test_threshold_decides_what_is_active():
    model = planted(spread=0.1)
    peak = topic_information(model, None)["peak"]
    table = topic_information(model, None, threshold=peak.median())
    assert table["active"].tolist() == (peak > peak.median()).tolist()
    with pytest.raises(ValueError, match="threshold must be >= 0"):
        topic_information(model, None, threshold=-1)


def test_a_fitted_topic_of_one_document_in_two_hundred_is_active():
    """Words 0-14 occur in ten documents, and nowhere else; all others have two of six common subjects."""
    rng = np.random.default_rng(0)
    rates = np.zeros((2000, 105))
    for row in rates:
        for subject in rng.choice(6, 2, replace=False):
            row[15 * subject + 15 : 15 * subject + 30] = 2
    rates[::200] = np.r_[np.full(15, 4.0), np.zeros(90)]
    counts = rng.poisson(rates)
    model = ProdLDA(8, max_iter=20, random_state=0).fit(counts)
    z = model.posterior(counts).mean
    rare = (z[::200].mean(0) - z.mean(0)).argmax()
    assert model.transform(counts)[::200, rare].mean() > 0.5
    assert topic_information(model, counts)["active"][rare]


@pytest.fixture(scope="module")
def fitted():
    corpus = hftopic.make_correlated_topics(300, groups=(3, 3), n_words=60, random_state=0).corpus
    return SimpleNamespace(
        corpus=corpus, model=ProdLDA(groups=(3, 3), max_iter=15, batch_size=64, random_state=0).fit(corpus)
    )


def test_terms_add_up_to_the_negative_elbo(fitted):
    found = decompose(fitted.model, fitted.corpus)
    terms = found.terms["value"]
    regulariser = terms[["mutual_information", "between_groups", "within_groups", "dimension_kl"]].sum()
    assert regulariser == pytest.approx(terms["kl"], rel=1e-5)
    assert terms["reconstruction"] + terms["kl"] == pytest.approx(terms["negative_elbo"])
    assert found.n_samples == found.n_documents == 300
    assert terms["negative_elbo"] == pytest.approx(-fitted.model.score(fitted.corpus))
    assert abs(fitted.model.prior_correlation_ - np.eye(6)).max() > 0


def test_with_independent_dimensions_the_divergence_is_that_of_the_topics(fitted):
    model = ProdLDA((3, 3), prior=hftopic.StandardNormal(), max_iter=5, random_state=0).fit(fitted.corpus)
    found = decompose(model, fitted.corpus)
    assert found.terms.loc["kl", "value"] == pytest.approx(found.topics["kl"].sum(), rel=1e-5)


def test_regulariser_in_terms_of_information(fitted):
    """Identity of section 2: (α-β) I(x;z) + (β-γ) Σ I(x;z_d) + γ Σ I(x;z_de) + w Σ KL(q(z_de)||p), exactly.

    Both sides use the same samples. The only difference is the Monte Carlo error of Σ I(x; z_de), which is
    sampled on the left and exact on the right: 5 standard errors, odds 6e-7.
    """
    alpha, beta, gamma, w = 1.0, 0.1, 4.0, 1.0
    found = decompose(fitted.model, fitted.corpus)
    t, error = found.terms["value"], found.terms["standard_error"]
    left = (
        alpha * t["mutual_information"]
        + beta * t["between_groups"]
        + gamma * t["within_groups"]
        + w * t["dimension_kl"]
    )
    topics = found.topics
    right = (
        (alpha - beta) * t["mutual_information"]
        + (beta - gamma) * found.groups["information"].sum()
        + gamma * topics["information"].sum()
        + w * (topics["kl"] - topics["information"]).sum()
    )
    slack = 5 * abs(gamma - w) * error["dimension_kl"]
    assert left == pytest.approx(right, abs=slack)
    assert found.groups["total_correlation"].sum() == pytest.approx(t["within_groups"], abs=1e-4)


def test_sampling_fewer_documents_agrees_within_its_error(fitted):
    """Five standard errors of the smaller sample: odds 6e-7 per term."""
    whole = decompose(fitted.model, fitted.corpus)
    part = decompose(fitted.model, fitted.corpus, n_samples=100, random_state=1)
    assert part.n_samples == 100
    gap = (part.terms["value"] - whole.terms["value"]).abs()
    assert (gap <= 5 * (part.terms["standard_error"] + whole.terms["standard_error"])).all()


def test_joint_information_of_one_topic_is_that_topics():
    """One group with one dimension: the sampled term (2) agrees with quadrature within 5 standard errors."""
    rng = np.random.default_rng(0)
    model = PlantedModel(rng.standard_normal((200, 1)), np.full((200, 1), 0.2), [0])
    found = decompose(model, None)
    value, error = found.terms.loc["mutual_information"]
    assert abs(value - found.topics["information"][0]) < 5 * error
    assert found.terms.loc["between_groups", "value"] == pytest.approx(0, abs=1e-6)
    assert found.terms.loc["within_groups", "value"] == pytest.approx(0, abs=1e-6)


def test_independent_encoders_have_no_correlation_terms():
    """Documents on a full grid of two independent coordinates: q(z) factorises, so (A) is exactly 0."""
    a, b = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-1, 3, 8))
    model = PlantedModel(np.column_stack([a.ravel(), b.ravel()]), np.full((72, 2), 0.3), [0, 1])
    assert decompose(model, None).terms.loc["between_groups", "value"] == pytest.approx(0, abs=1e-5)


def test_too_little_is_refused(fitted):
    with pytest.raises(ValueError, match="n_samples=1"):
        decompose(fitted.model, fitted.corpus, n_samples=1)


def test_arguments_in_the_wrong_order_are_named(fitted):
    with pytest.raises(TypeError, match=r"expected a fitted ProdLDA or NVDM, got a Corpus"):
        topic_information(fitted.corpus, fitted.model)


def test_decompose_warns_once_of_empty_documents(fitted):
    padded = sparse.vstack([fitted.corpus.counts, sparse.csr_array((2, 60), dtype=np.float32)]).tocsr()
    with pytest.warns(UserWarning, match="2 of 302 documents have no words") as caught:
        decompose(fitted.model, padded)
    assert len(caught) == 1


def test_bounds_are_those_of_the_documents_drawn():
    """Of all documents but one, the sum of the bounds is that of all without that of one of them."""
    corpus = hftopic.make_correlated_topics(40, groups=(2, 2), n_words=30, random_state=0).corpus
    model = ProdLDA((2, 2), max_iter=3, random_state=0).fit(corpus)
    bounds = -model.score_samples(corpus)
    found = decompose(model, corpus, n_samples=39).terms.loc["negative_elbo", "value"]
    left_out = bounds.sum() - 39 * found
    assert np.abs(bounds - left_out).min() < 1e-3 < np.diff(np.sort(bounds)).max()


@pytest.mark.parametrize("groups", [(2, 2), (2, hftopic.Concrete(3))])
def test_a_posterior_alone_has_the_terms_of_its_model(groups):
    corpus = hftopic.make_correlated_topics(60, groups=(2, 2), n_words=30, random_state=0).corpus
    model = ProdLDA(groups, max_iter=3, random_state=0).fit(corpus)
    found, whole = model.posterior(corpus), decompose(model, corpus, n_samples=50)
    alone = decompose_posterior(found, prior_of(model), elbo=model.score_samples(corpus), n_samples=50)
    for name in ("terms", "groups"):
        pd.testing.assert_frame_equal(getattr(alone, name), getattr(whole, name), rtol=1e-5, atol=1e-5)
    values = ["group", "information", "peak", "kl"]
    pd.testing.assert_frame_equal(alone.topics[values], whole.topics[values], rtol=1e-5, atol=1e-6)
    without = decompose_posterior(found.mean_field(), prior_of(model), n_samples=50).terms
    assert set(alone.terms.index) - set(without.index) == {"reconstruction", "negative_elbo"}
    assert without["value"]["kl"] == pytest.approx(whole.terms["value"]["kl"], rel=1e-5)


def test_a_posterior_of_other_variables_is_refused():
    one, other = LatentSpace(2), LatentSpace((2, hftopic.Concrete(3)))
    prior = LatentPrior(other, torch.zeros(2), torch.ones(2))
    found = MeanFieldPosterior(torch.zeros(30, 2), torch.zeros(30, 2))
    with pytest.raises(ValueError, match=r"got 2 dimensions and classes \[\] beside 2 and \[3\]"):
        decompose_posterior(found, prior)
    same = LatentPrior(one, torch.zeros(2), torch.ones(2))
    with pytest.raises(ValueError, match=r"each of 30 documents; got an array of shape \(29,\)"):
        decompose_posterior(found, same, elbo=np.zeros(29))
