"""Learned correlations of the prior and learned groups: exact exchanges, two phases, what is refused."""

import copy
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

import hftopic
from hftopic import (
    ETM,
    NVDM,
    NVLDA,
    AnchoredVAE,
    BetaVAE,
    BlockCorrelation,
    Concrete,
    DirichletLaplace,
    FactorVAE,
    LearnedCorrelation,
    Normal,
    ProdLDA,
    StandardNormal,
    load,
    make_correlated_topics,
)
from hftopic._processes import ALONE
from hftopic.data.documents import BagsOfWords
from hftopic.grouping import CUT
from hftopic.latent.log_prior import check_bounded
from hftopic.latent.posterior import Noise
from hftopic.networks.encoder import Encoder
from hftopic.objective import CATALOGUE
from hftopic.objective.minibatch import ESTIMATORS
from hftopic.training.minibatch import MiniBatch
from hftopic.training.state import ADAM_MOMENTS

SMALL = {"max_iter": 6, "hidden": (20,), "batch_size": 64, "random_state": 0}


@pytest.fixture(scope="module")
def made():
    return make_correlated_topics(
        300, groups=(3, 3), n_words=100, correlation=0.7, words_per_document=60, random_state=0
    )


@pytest.fixture(scope="module")
def counts(made):
    return made.corpus.counts


def terms_of(trainer, documents, noise):
    """Terms of all documents without dropout, for one draw of the noise."""
    trainer.network.eval()
    rows = np.arange(len(documents))
    source = trainer._source(documents, len(documents), ALONE)
    mini = MiniBatch(documents.batch(rows, trainer.network.device), rows, (len(rows),))
    with torch.no_grad():
        step, _ = trainer._forward(source, mini, noise, None, float(trainer.settings.max_iter))
        return {name: term.double() for name, term in trainer.objective.terms(step).items()}


GROUPED = ("between_groups", "between_groups_2", "within_groups")


def noise_of(trainer, documents):
    return Noise.draw(
        len(documents), trainer.network.space, torch.Generator().manual_seed(1), torch.device("cpu")
    )


def adam_state(trainer):
    return [state[moment] for state in trainer.optimiser.state.values() for moment in ADAM_MOMENTS]


@pytest.mark.parametrize("marginals", ESTIMATORS)
@pytest.mark.parametrize("groups", [(4, 4), (2, 6), (3, Concrete(2), 5), ((2, 2), (2, 2))])
@pytest.mark.parametrize("model", [ProdLDA, NVDM, NVLDA, ETM])
def test_an_exchange_changes_the_grouped_terms_only(counts, marginals, groups, model):
    """Rounding is in float32; the terms are tens to hundreds of nats."""
    fitted = model(groups, marginals=marginals, partners=None, assignment="fixed", **SMALL).fit(counts)
    trainer, documents = fitted._trainer, BagsOfWords(counts)
    n = trainer.network.space.n_dims
    order = np.random.default_rng(0).permutation(n)
    noise = noise_of(trainer, documents)
    before = terms_of(trainer, documents, noise)
    trainer.exchange(order)
    after = terms_of(trainer, documents, Noise(noise.normal[:, order], noise.gumbel))
    grouped = [name for name in before if name in GROUPED]
    for name in set(before) - set(grouped):
        torch.testing.assert_close(after[name], before[name], rtol=1e-5, atol=2e-3)
    torch.testing.assert_close(
        sum(after[name] for name in grouped), sum(before[name] for name in grouped), rtol=1e-5, atol=5e-3
    )
    assert not torch.allclose(after["within_groups"], before["within_groups"], atol=1e-2)


def test_the_best_order_has_the_lowest_total_correlation_within_groups(counts):
    """Of all ten partitions of six topics; without dropout, and with moments of exactly these documents."""
    fitted = ProdLDA(
        (3, 3),
        prior=DirichletLaplace(),
        assignment="fixed",
        max_iter=30,
        hidden=(50,),
        batch_size=32,
        random_state=0,
    ).fit(counts)
    trainer, documents = fitted._trainer, BagsOfWords(counts)
    moments = trainer.network.moments
    for buffer in moments.buffers():
        buffer.zero_()
    moments.observe(fitted.encode(counts).mean_field, len(documents))
    trainer.grouping.learns_groups = True
    progress = hftopic.objective.Progress(int(CUT * 30), 30)
    best = trainer.grouping.best_order(trainer.objective, progress)
    trainer.exchange(np.arange(6) if best is None else best)
    assert trainer.grouping.best_order(trainer.objective, progress) is None
    noise = noise_of(trainer, documents)
    lowest = terms_of(trainer, documents, noise)["within_groups"].mean()
    for others in combinations(range(1, 6), 2):
        order = np.array([0, *others, *sorted(set(range(1, 6)) - set(others))])
        trainer.exchange(order)
        moved = Noise(noise.normal[:, order], noise.gumbel)
        assert terms_of(trainer, documents, moved)["within_groups"].mean() >= lowest - 1e-5
        trainer.exchange(np.argsort(order))


def test_an_exchange_moves_the_state_of_the_optimiser(counts):
    fitted = ProdLDA((3, Concrete(2), 3), assignment="fixed", encoder_norm="shift", **SMALL).fit(counts)
    trainer, order = fitted._trainer, np.array([3, 1, 5, 0, 4, 2])
    topics = np.arange(8)
    topics[[0, 1, 2, 5, 6, 7]] = np.array([0, 1, 2, 5, 6, 7])[order]
    heads = {"encoder.mean.weight": order, "encoder.log_variance.weight": order, "decoder.weights": topics}
    heads |= {"encoder.mean_norm.shift": order}
    parameters = dict(trainer.network.named_parameters())
    state = trainer.optimiser.state
    before = {name: [state[parameters[name]][m].clone() for m in ADAM_MOMENTS] for name in heads}
    unmoved = [state[parameters["decoder.shift"]][m].clone() for m in ADAM_MOMENTS]
    trainer.exchange(order)
    for name, index in heads.items():
        for moment, old in zip(ADAM_MOMENTS, before[name], strict=True):
            assert torch.equal(state[parameters[name]][moment], old[index])
    assert all(
        torch.equal(state[parameters["decoder.shift"]][m], old)
        for m, old in zip(ADAM_MOMENTS, unmoved, strict=True)
    )


def test_restoring_takes_back_an_exchange(counts):
    trainer = ProdLDA((3, 3), assignment="fixed", **SMALL).fit(counts)._trainer
    trainer.keep()
    state = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    moments = [moment.clone() for moment in adam_state(trainer)]
    for order in ([3, 1, 5, 0, 4, 2], [1, 0, 2, 3, 5, 4]):
        trainer.exchange(np.array(order))
    trainer.restore()
    assert all(torch.equal(value, state[name]) for name, value in trainer.network.state_dict().items())
    assert all(torch.equal(one, other) for one, other in zip(adam_state(trainer), moments, strict=True))


def test_before_the_cut_weights_are_plain_and_correlations_free(counts):
    """Callbacks see each epoch; the prior has correlations within groups only before the cut."""
    within, total = [], []
    model = ProdLDA((3, 3), max_iter=20, hidden=(20,), batch_size=64, random_state=0)

    def look(record):
        network = copy.copy(model)._network
        same = network.space.topic_groups[:, None] == network.space.topic_groups
        free = network.prior_covariance.numpy()[same & ~np.eye(6, dtype=bool)]
        within.append(np.abs(free).max())
        terms = ("reconstruction", "mutual_information", "between_groups", "within_groups", "dimension_kl")
        total.append(record["loss"] - record["reconstruction"] - sum(record[t] for t in terms[1:]))

    model.fit(counts, callbacks=[look])
    cut = int(CUT * 20)
    assert max(within[cut // 2 + 1 : cut]) > 0
    assert max(within[cut:]) == 0
    # With weights of 1 the loss is the sum of its terms; warm_up ends after 2 of 20 epochs.
    assert np.abs(total[2:cut]).max() < 1e-3
    assert np.abs(total[cut + 1 :]).min() > 1e-3


def test_planted_pairs_are_told_apart():
    """Five pairs with r = 0.8 are apart, and are the five largest of 25 correlations across groups.

    By chance the five largest of 25 are the planted ones with probability 1/53130.
    """
    made = make_correlated_topics(
        2000, groups=(5, 5), n_words=300, correlation=0.8, words_per_document=100, random_state=1
    )
    model = ProdLDA((5, 5), random_state=0).fit(made.corpus)
    similarity = np.corrcoef(made.latent.T, model.transform_latent(made.corpus).T)[:10, 10:]
    _, match = linear_sum_assignment(-similarity)
    found = model.prior_correlation_[match, np.roll(match, 5)]
    apart = model.topic_groups_[match] != model.topic_groups_[np.roll(match, 5)]
    assert apart.all()
    assert (found > 0.3).all()
    elsewhere = ~np.eye(10, dtype=bool)
    elsewhere[match, np.roll(match, 5)] = False
    assert model.prior_correlation_[elsewhere].max() < found.min()
    np.testing.assert_allclose(np.diag(model.prior_correlation_), 1, rtol=1e-5)


def test_one_group_can_be_a_correlated_topic_model(counts):
    model = ProdLDA(6, prior=LearnedCorrelation(within=True), objective=hftopic.VAE(), **SMALL).fit(counts)
    other = ~np.eye(6, dtype=bool)
    assert (model.prior_correlation_[other] != 0).any()
    assert np.linalg.eigvalsh(model.prior_correlation_)[0] > 0
    plain = ProdLDA(6, **SMALL).fit(counts)
    assert (plain.prior_correlation_[other] == 0).all()


@pytest.mark.parametrize("marginals", sorted(set(ESTIMATORS)))
def test_every_estimator_of_the_marginals_trains_it(counts, marginals):
    model = ProdLDA((3, 3), marginals=marginals, **SMALL).fit(counts)
    assert np.abs(model.prior_correlation_ - np.eye(6)).max() > 0
    assert np.isfinite(model.perplexity(counts))


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_objective_trains_it(counts, name):
    objective = CATALOGUE[name]() if name != "AnchoredVAE" else AnchoredVAE((0, 1))
    model = ProdLDA((3, 3), objective=objective, **SMALL).fit(counts)
    assert np.linalg.eigvalsh(model.prior_correlation_)[0] > 0
    assert np.isfinite(model.perplexity(counts))


@pytest.mark.parametrize("groups", [((2, 2), (2, 3)), (2, Concrete(3), 2), (2, 3, 4), (Normal(4), 2)])
def test_groups_of_any_shape(counts, groups):
    model = ProdLDA(groups, **SMALL).fit(counts)
    space, group = model.latent_space_, model.topic_groups_[model.latent_space_.gaussian]
    same = (group[:, None] == group) & ~np.eye(space.n_dims, dtype=bool)
    assert (model.prior_correlation_[same] == 0).all()
    assert np.abs(model.prior_correlation_[group[:, None] != group]).max() > 0


def test_it_is_saved_loaded_and_pickled(counts, tmp_path):
    import pickle

    model = ProdLDA((3, 3), **SMALL).fit(counts)
    model.save(tmp_path / "model")
    for other in (load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.prior_correlation_, model.prior_correlation_)
        np.testing.assert_array_equal(other.losses_, model.losses_)
        assert other.perplexity(counts) == model.perplexity(counts)
        other.partial_fit(counts)
        assert (other.prior_correlation_ != model.prior_correlation_).any()


def test_partial_fit_learns_groups_and_correlations(counts):
    model = ProdLDA((3, 3), **SMALL)
    for epoch in range(6):
        model.partial_fit(counts)
        learned = np.abs(model.prior_correlation_ - np.eye(6)).max() > 0
        assert learned == (epoch >= 2)  # a quarter of six epochs, rounded up


def test_training_that_ends_before_the_cut_assigns_topics_at_its_end(counts):
    model = ProdLDA((3, 3), max_iter=60, hidden=(20,), random_state=0)
    model.fit(counts, callbacks=[lambda record: record["epoch"] >= 20])
    same = (model.topic_groups_[:, None] == model.topic_groups_) & ~np.eye(6, dtype=bool)
    assert model.n_iter_ == 20
    assert (model.prior_correlation_[same] == 0).all()
    assert np.abs(model.prior_correlation_[model.topic_groups_[:, None] != model.topic_groups_]).max() > 0


def test_another_objective_may_end_the_learning_of_groups(counts):
    model = ProdLDA((3, 3), **SMALL)
    for _ in range(2):
        model.partial_fit(counts)
    assert model._trainer.grouping.learns_groups
    model.set_params(objective=AnchoredVAE((0,))).partial_fit(counts)
    assert not model._trainer.grouping.learns_groups


def test_the_loss_stays_bounded_when_weights_change(counts):
    """Correlations learned with other weights are renewed at once, also early in a longer training."""
    model = ProdLDA(
        (3, 3),
        assignment="fixed",
        gamma=1.0,
        ramp=0,
        prior=LearnedCorrelation(within=True, shrinkage=0.0),
        **SMALL | {"max_iter": 4},
    )
    for _ in range(4):
        model.partial_fit(counts)
    model.set_params(max_iter=1000, gamma=50.0).partial_fit(counts)
    check_bounded(model._network.prior, (1.0, 50.0, 1.0))


def test_an_encoder_with_outputs_of_its_own_is_refused(counts):
    class Skipping(Encoder):
        """Adds a second head to the means, which topic_axes does not name."""

        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.skip = torch.nn.Parameter(torch.linspace(-1, 1, self.space.n_dims))

        def forward(self, batch, generator=None):
            posterior = super().forward(batch, generator)
            return replace(posterior, mean=posterior.mean + self.skip)

    class SkippingLDA(ProdLDA):
        def _build_encoder(self, n_words, space, generator):
            return self._encoder(n_words, space, torch.tanh, generator, Skipping)

    with pytest.raises(ValueError, match="topic_axes"):
        SkippingLDA((3, 3), **SMALL).fit(counts)
    SkippingLDA((3, 3), assignment="fixed", **SMALL).fit(counts)


def test_perplexity_uses_the_learned_prior(counts):
    model = ProdLDA((3, 3), **SMALL).fit(counts)
    learned = model.perplexity(counts)
    model._network.prior_covariance.copy_(torch.diag(model._network.prior_covariance.diagonal()))
    assert model.perplexity(counts) != learned


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"prior": BlockCorrelation([[0, 0.5], [0.5, 0]])}, "given for the groups"),
        ({"objective": AnchoredVAE((0,))}, "AnchoredVAE"),
        ({"objective": FactorVAE(hidden=(4,))}, "FactorVAE"),
        ({"topic_softmax": "group"}, "cannot be exchanged"),
    ],
)
def test_groups_that_cannot_be_learned(counts, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        ProdLDA((3, 3), assignment="learned", **arguments, **SMALL).fit(counts)
    model = ProdLDA((3, 3), **arguments, **SMALL).fit(counts)  # "auto"
    assert not model._trainer.grouping.learns_groups


@pytest.mark.parametrize("prior", [StandardNormal(), DirichletLaplace(0.5), LearnedCorrelation()])
@pytest.mark.parametrize("objective", [None, BetaVAE(1.5)])
def test_groups_that_can_be_learned(counts, prior, objective):
    model = ProdLDA((3, 3), assignment="learned", prior=prior, objective=objective, **SMALL).fit(counts)
    assert model._trainer.grouping.learns_groups


def test_the_weights_of_the_paper_are_one_setting(counts):
    settings = hftopic.paper_text_settings()
    model = ProdLDA((3, 3), **{**settings, "max_iter": 2}).fit(counts)
    assert model._trainer.objective == hftopic.HFVAE(1.0, 0.1, 4.0, 1.0)
    assert (model.prior_correlation_ == np.eye(6)).all()
    assert not model._trainer.grouping.learns_groups
