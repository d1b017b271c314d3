"""Concrete variables: parameters, densities, and a fit on a corpus with planted classes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import normalized_mutual_info_score

import hftopic
from hftopic import ETM, NVDM, NVLDA, ProdLDA, make_correlated_topics
from hftopic.analysis import decompose, topic_correlation, topic_information
from hftopic.latent.groups import Concrete
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.objective import VAE, Step, hierarchical_terms
from hftopic.objective.minibatch import Mixing

PRIOR = (0.1, 0.2, 0.3, 0.4)
GROUPS = (3, Concrete(4, probabilities=PRIOR))
CORPUS = make_correlated_topics(80, groups=(3, 3), n_words=50, random_state=0).corpus
SMALL = {"hidden": (16,), "batch_size": 20, "max_iter": 4, "device": "cpu", "random_state": 0}
MODELS = {
    "prodlda-joint": ProdLDA(GROUPS, topic_softmax="joint", **SMALL),
    "prodlda-group": ProdLDA(GROUPS, topic_softmax="group", **SMALL),
    "nvdm": NVDM(GROUPS, **SMALL),
    "nvlda": NVLDA(GROUPS, **SMALL),
    "etm": ETM(GROUPS, **SMALL),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param].fit(CORPUS)


@pytest.fixture
def pi(model):
    (probabilities,) = model.posterior(CORPUS).class_probabilities
    return probabilities


@pytest.mark.parametrize("classes", [1, 65, 0, -2, 2.5, "3", True, None])
def test_numbers_of_classes_that_make_no_sense_are_refused(classes):
    with pytest.raises(
        ValueError, match="the number of classes of a Concrete variable must be an integer from 2 to 64"
    ):
        Concrete(classes)


@pytest.mark.parametrize("temperature", [0, -1, np.inf, np.nan, "hot", (1.0, 0.0), (1.0, 0.5, 0.2), None])
def test_temperatures_that_make_no_sense_are_refused(temperature):
    with pytest.raises(ValueError, match=r"temperature must be a positive number, or a pair \(start, end\)"):
        Concrete(3, temperature)


@pytest.mark.parametrize("given_", [(0.5, 0.5), (0.5, 0.5, 0.5), (0.5, 0.5, 0.0), (-0.5, 1.0, 0.5)])
def test_probabilities_that_make_no_sense_are_refused(given_):
    with pytest.raises(ValueError, match="probabilities must be 3 positive numbers that sum to 1"):
        Concrete(3, probabilities=given_)


def test_more_combinations_of_classes_than_are_enumerated_are_refused():
    assert len(LatentSpace((Concrete(8), 2, Concrete(8))).class_combinations()) == 64
    groups = (Concrete(9), 2, (Concrete(8), 1))
    with pytest.raises(ValueError, match=r"72 combinations, but at most 64"):
        LatentSpace(groups)
    unfitted = NVDM(groups)
    with pytest.raises(ValueError, match="72 combinations"):
        unfitted.fit(CORPUS)
    assert not hasattr(unfitted, "components_")


@given(first=st.floats(0.1, 5), last=st.floats(0.1, 5), share=st.floats(0, 0.5))
def test_temperature_is_annealed_geometrically(first, last, share):
    """Equal fractions of the training multiply the temperature by equal factors, from first to last."""
    concrete = Concrete(3, temperature=(first, last))
    at = concrete.temperature_at
    assert (at(0.0), at(1.0)) == (pytest.approx(first), pytest.approx(last))
    assert at(2 * share) / at(share) == pytest.approx(at(share) / at(0.0))
    assert Concrete(3, temperature=first).temperature_at(share) == first


def test_transform_has_named_columns_and_two_simplices(model, pi):
    table = model.transform(CORPUS)
    name = type(model).__name__.lower()
    names = [f"{name}{i}" for i in range(3)] + [f"{name}_group1_class{c}" for c in range(4)]
    assert model.get_feature_names_out().tolist() == names
    assert table.shape == (80, 7)
    np.testing.assert_array_equal(table[:, 3:], pi)
    np.testing.assert_allclose(pi.sum(1), 1, rtol=1e-5)
    if not isinstance(model, NVDM):
        np.testing.assert_allclose(table[:, :3].sum(1), 1, rtol=1e-5)
    else:
        np.testing.assert_array_equal(table[:, :3], model.posterior(CORPUS).mean)


def test_predict_is_the_likeliest_class_and_components_have_a_row_for_each(model, pi):
    np.testing.assert_array_equal(model.predict(CORPUS), pi.argmax(1))
    assert model.components_.shape == model.topic_word_.shape == (7, 50)
    assert model.topic_groups_.tolist() == [0] * 3 + [1] * 4
    np.testing.assert_allclose(model.topic_word_.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(model.word_probabilities(CORPUS).sum(1), 1, rtol=1e-5)


def test_predict_is_there_only_with_classes_and_has_a_column_a_variable():
    assert hasattr(NVDM(GROUPS), "predict")
    without = NVDM((3, 2), **SMALL)
    assert not hasattr(without, "predict")
    assert not hasattr(without.fit(CORPUS), "predict")
    two = NVDM((Concrete(2), 1, Concrete(3)), **SMALL).fit(CORPUS)
    posterior = two.posterior(CORPUS)
    expected = np.column_stack([p.argmax(1) for p in posterior.class_probabilities])
    np.testing.assert_array_equal(two.predict(CORPUS), expected)
    only = NVDM((Concrete(3),), **SMALL).fit(CORPUS)
    np.testing.assert_array_equal(only.transform(CORPUS), only.posterior(CORPUS).class_probabilities[0])


def test_score_enumerates_the_classes(model, pi):
    """Σ_c π_c log p(x|z,c) at each noise vector and corner of the simplex, minus the closed-form KL."""
    rows = slice(0, 5)
    counts = sparse.csr_array(CORPUS.counts)[rows]
    posterior = model.posterior(CORPUS)
    mean, variance, pi = posterior.mean[rows], posterior.variance[rows], pi[rows]
    reconstruction = np.zeros(5)
    for noise in model._noise.numpy():
        z = torch.from_numpy(mean + np.sqrt(variance) * noise)
        for c in range(4):
            corner = torch.eye(4)[[c] * 5]
            with torch.no_grad():
                words = model._network.decoder(Sample(z, (corner,))).probabilities().double().numpy()
            reconstruction += pi[:, c] * (counts.toarray() * np.log(words)).sum(1) / len(model._noise)
    scale, centre = model.prior_variance_, model.prior_mean_
    of_topics = 0.5 * ((variance + (mean - centre) ** 2) / scale - 1 - np.log(variance / scale)).sum(1)
    of_classes = (pi * np.log(pi / PRIOR)).sum(1)
    expected = reconstruction - of_topics - of_classes
    np.testing.assert_allclose(model.score_samples(counts), expected, rtol=1e-4)


def test_word_probabilities_average_over_the_classes(model, pi):
    z = torch.from_numpy(model.posterior(CORPUS).mean)
    with torch.no_grad():
        of_class = [
            model._network.decoder(Sample(z, (torch.eye(4)[[c] * 80],))).probabilities() for c in range(4)
        ]
    expected = sum(pi[:, c, None] * p.numpy() for c, p in enumerate(of_class))
    np.testing.assert_allclose(model.word_probabilities(CORPUS), expected, rtol=1e-4, atol=1e-8)


def test_a_document_without_words_has_the_priors_classes(model):
    counts = sparse.csr_array(CORPUS.counts)[:3].toarray()
    counts[1] = 0
    with pytest.warns(UserWarning, match="1 of 3 documents have no words"):
        table = model.transform(counts)
    np.testing.assert_allclose(table[1, 3:], PRIOR, rtol=1e-6)
    with pytest.warns(UserWarning, match="1 of 3 documents have no words"):
        assert model.predict(counts)[1] == 3
    with pytest.warns(UserWarning, match="1 of 3 documents have no words"):
        assert model.score_samples(counts)[1] == pytest.approx(0, abs=1e-6)


def test_a_saved_model_gives_the_same_answers(model, tmp_path):
    model.save(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model")
    assert loaded.groups == GROUPS
    for ask in ("transform", "predict", "score_samples", "word_probabilities"):
        np.testing.assert_array_equal(getattr(loaded, ask)(CORPUS), getattr(model, ask)(CORPUS))


def test_information_of_a_class_is_that_of_its_variable(model, pi):
    """H(mean π) - mean H(π), and the mean divergence from the prior."""
    table = topic_information(model, CORPUS)
    pi = pi.astype(float)
    average = pi.mean(0)
    expected = (pi * np.log(pi)).sum(1).mean() - (average * np.log(average)).sum()
    np.testing.assert_allclose(table["information"][3:], expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(table["kl"][3:], (pi * np.log(pi / PRIOR)).sum(1).mean(), rtol=1e-3)
    assert table["information"][3:].nunique() == 1


def test_peak_of_a_class_is_that_of_the_class_against_the_others(model, pi):
    """The mean Bernoulli divergence of the ten documents at either end, and no more than one in a hundred."""
    assert len(pi) <= 1000
    pi = pi.astype(float)
    average = pi.mean(0)
    divergence = pi * np.log(pi / average) + (1 - pi) * np.log((1 - pi) / (1 - average))
    order = np.argsort(pi, axis=0)
    low, high = (np.take_along_axis(divergence, rows, axis=0).mean(0) for rows in (order[:10], order[-10:]))
    peaks = topic_information(model, CORPUS)["peak"][3:]
    np.testing.assert_allclose(peaks, np.maximum(low, high), rtol=1e-3, atol=1e-6)


def test_classes_take_no_part_in_correlations(model):
    found = topic_correlation(model, CORPUS, active=np.arange(7), n_permutations=9, random_state=0)
    assert found.matrix.index.tolist() == found.matrix.columns.tolist() == [0, 1, 2]
    assert len(found.pairs) == 3


def test_the_terms_add_up_to_the_divergence(model):
    found = decompose(model, CORPUS)
    value, groups = found.terms["value"], found.groups.set_index("group")
    named = ["mutual_information", "between_groups", "within_groups", "dimension_kl"]
    assert value[named].sum() == pytest.approx(value["kl"], abs=1e-4)
    assert value["negative_elbo"] == pytest.approx(-model.score(CORPUS), abs=1e-4)
    expected = topic_information(model, CORPUS)["information"][3]
    assert groups.loc[1, "information"] == pytest.approx(expected, abs=1e-4)
    assert groups.loc[1, "total_correlation"] == pytest.approx(0, abs=1e-5)


def test_gradients_of_the_terms_in_the_class_logits_are_finite_differences():
    """Gradients of every term, with both kinds of variable in one nested group."""
    generator = torch.Generator().manual_seed(0)
    space = LatentSpace(((1, Concrete(3)), 1, Concrete(2)))

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    mean, log_variance, z = normal(4, 2), normal(4, 2), normal(4, 2)
    prior = LatentPrior(space, normal(2), normal(2).exp())

    def terms(*logits):
        posterior = MeanFieldPosterior(mean, log_variance, tuple(torch.log_softmax(c, 1) for c in logits))
        mixing = Mixing("hfvae", 30)
        step = Step(torch.zeros(4, dtype=torch.float64), posterior, Sample(z), prior, mixing)
        named = hierarchical_terms(step)
        return tuple(named[name] for name in named if name not in ("reconstruction", "own_share"))

    logits = normal(4, 3).requires_grad_(), normal(4, 2).requires_grad_()
    assert torch.autograd.gradcheck(terms, logits)


@pytest.mark.parametrize("family", [ProdLDA, NVDM, NVLDA])
def test_planted_classes_are_found(family):
    """Each of 400 documents belongs to one of 4 blocks of 10 words; 1 token in 20 is from another block.

    A single fit may end with two blocks in one class that the Gaussian topics separate; its NMI is then 0.8
    to 0.9. Therefore the fit with the best score of 4 is tested, as is usual for mixtures. Two or three of
    the 4 fits are perfect, and the best score exceeds those of the imperfect fits by 0.8 nats (NVDM) and 3
    nats (ProdLDA). Labels independent of the blocks have an NMI above 0.05 with probability below 1e-6:
    2 N I(x; y) is then χ² with 9 degrees of freedom, and would be 55.
    """
    rng = np.random.default_rng(0)
    blocks = rng.integers(4, size=400)
    words = np.full((4, 40), 0.05 / 30)
    for b in range(4):
        words[b, 10 * b : 10 * b + 10] = 0.095
    counts = np.stack([rng.multinomial(30, words[b]) for b in blocks])
    parameters = {**SMALL, "hidden": (32,), "batch_size": 50, "max_iter": 20, "learning_rate": 1e-2}
    model = family((2, Concrete(4, temperature=(2.0, 0.5))), objective=VAE(), **parameters)
    fits = [clone(model).set_params(random_state=seed).fit(counts) for seed in range(4)]
    best = max(fits, key=lambda fitted: fitted.score(counts))
    assert normalized_mutual_info_score(blocks, best.predict(counts)) > 0.9
