"""The training loop: epochs, warm-up, early stopping, divergence, and the state after training."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from hftopic import ProdLDA, TrainingDivergedError
from hftopic.data.documents import BagsOfWords
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import Noise
from hftopic.latent.space import LatentSpace
from hftopic.networks.encoder import Encoder
from hftopic.networks.log_linear import NVDMDecoder
from hftopic.networks.network import TopicNetwork
from hftopic.objective import HFVAE, VAE, Ramp
from hftopic.training import Settings, Trainer, train


@pytest.fixture
def documents():
    return BagsOfWords(sp.csr_array(np.random.default_rng(0).poisson(0.5, (60, 12)).astype(np.float32)))


def make_trainer(
    objective=None, *, batch_size=16, max_iter=6, learning_rate=0.01, warm_up=4, patience=2, marginals="hfvae"
):
    generator, space = torch.Generator().manual_seed(0), LatentSpace((2, 2))
    network = TopicNetwork(
        Encoder(12, (8,), space, torch.tanh, 0.1, 0.0, "none", generator),
        NVDMDecoder(space, torch.zeros(12), generator),
        LatentPrior(space, torch.zeros(4), torch.ones(4)),
    )
    settings = Settings(batch_size, max_iter, learning_rate, warm_up, patience, marginals)
    return Trainer(network, objective or HFVAE(), settings, generator)


def test_history_has_the_terms_and_the_warm_up(documents):
    trainer = make_trainer()
    train(trainer, documents)
    assert [record["epoch"] for record in trainer.records] == [1, 2, 3, 4, 5, 6]
    assert [record["warm_up"] for record in trainer.records] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert set(trainer.records[0]) - {"epoch", "learning_rate", "warm_up"} == {
        "loss",
        "reconstruction",
        "mutual_information",
        "between_groups",
        "within_groups",
        "dimension_kl",
        "own_share",
    }
    rates = [record["learning_rate"] for record in trainer.records]
    assert rates == sorted(rates, reverse=True)


def test_the_objective_is_learned():
    """The words of each pair always occur together: the model must be much better than word frequencies."""
    pairs = sp.csr_array(np.kron(np.eye(6), np.ones((10, 2))).astype(np.float32) * 20)
    trainer = make_trainer(VAE(), max_iter=200, warm_up=0)
    train(trainer, BagsOfWords(pairs))
    uniform = 40 * np.log(12)
    assert trainer.records[-1]["loss"] < 0.9 * uniform


def test_one_epoch_over_everything_is_a_step_of_the_whole_loss(documents):
    trainer = make_trainer(VAE(), batch_size=100, warm_up=0)
    record = trainer.run_epoch(documents, 60)
    assert record["loss"] == pytest.approx(record["reconstruction"] + record["kl"], rel=1e-6)


def test_means_weigh_a_ragged_batch_by_its_size(documents, monkeypatch):
    """With frozen weights and no noise, the mean over unequal mini-batches is the mean over documents."""
    means = []
    for batch_size in (60, 37):
        trainer = make_trainer(VAE(), batch_size=batch_size, learning_rate=0.0)
        trainer.network.encoder.dropout = 0.0
        monkeypatch.setattr(trainer, "_noise", lambda n_rows, _=None: Noise(torch.zeros(n_rows, 4)))
        means.append(trainer.run_epoch(documents, 60))
    assert means[0]["reconstruction"] == pytest.approx(means[1]["reconstruction"], rel=1e-5)
    assert means[0]["kl"] == pytest.approx(means[1]["kl"], rel=1e-5)


def test_one_batch_of_everything_has_the_full_marginals(documents):
    """With B = N the estimate is exact, so both ways of training are equal up to rounding."""
    records = []
    for marginals in ("hfvae", "full"):
        trainer = make_trainer(batch_size=60, marginals=marginals)
        trainer.network.encoder.dropout = 0.0
        train(trainer, documents, documents.select(np.arange(20)))
        records.append(trainer.records)
    for estimated, full in zip(*records, strict=True):
        estimated.pop("validation_loss"), full.pop("validation_loss")  # 20 documents, but N is 60
        assert estimated == pytest.approx(full, rel=1e-4, abs=1e-4)


def test_full_marginals_do_not_depend_on_the_batch(documents, monkeypatch):
    """With frozen weights and no noise, every term is the mean over documents, however they are split."""
    means = []
    for batch_size in (60, 13):
        trainer = make_trainer(batch_size=batch_size, learning_rate=0.0, marginals="full")
        trainer.network.encoder.dropout = 0.0
        monkeypatch.setattr(trainer, "_noise", lambda n_rows, _=None: Noise(torch.zeros(n_rows, 4)))
        record = trainer.run_epoch(documents, 60)
        means.append({name: record[name] for name in ("mutual_information", "between_groups", "own_share")})
    assert means[0] == pytest.approx(means[1], rel=1e-4, abs=1e-5)


def test_a_chosen_alpha_that_is_inert_is_told_once():
    """Documents without common words, and no weight on the KL: each dominates its own mixture."""
    apart = sp.csr_array(np.eye(12, dtype=np.float32) * 500)
    free = {"beta": 0.0, "gamma": 0.0, "dimension_weight": 0.0}
    trainer = make_trainer(HFVAE(alpha=0.0, **free), max_iter=200, warm_up=0)
    with pytest.warns(UserWarning, match="a document's own component makes up") as caught:
        train(trainer, BagsOfWords(apart))
    assert len(caught) == 1
    assert trainer.records[-1]["own_share"] > 0.9
    trainer.objective = HFVAE(alpha=1.0, **free)  # the default weight: no warning
    train(trainer, BagsOfWords(apart))


def test_a_callback_sees_every_record_and_can_end_the_training(documents):
    trainer, seen = make_trainer(), []

    def after_three(record):
        seen.append(record["epoch"])
        return record["epoch"] == 3

    train(trainer, documents, callbacks=[after_three])
    assert seen == [1, 2, 3]
    assert trainer.epoch == 3


def test_validation_stops_early_and_keeps_the_best(documents, monkeypatch):
    trainer = make_trainer(max_iter=50, warm_up=1, patience=3)
    losses = iter([9.0, 5.0, 4.0, 4.5, 4.4, 4.3, 0.0])
    weights = []

    def validation_loss(*_):
        weights.append(trainer.network.decoder.weights.detach().clone())
        return next(losses)

    monkeypatch.setattr(trainer, "validation_loss", validation_loss)
    train(trainer, documents, documents)
    assert trainer.epoch == 6
    assert trainer.kept_epoch == 3
    assert torch.equal(trainer.network.decoder.weights, weights[2])


def test_patience_does_not_run_during_warm_up(documents, monkeypatch):
    trainer = make_trainer(max_iter=50, warm_up=8, patience=2)
    losses = iter(range(100))
    monkeypatch.setattr(trainer, "validation_loss", lambda *_: float(next(losses)))
    train(trainer, documents, documents)
    assert trainer.epoch == 10


def test_validation_loss_repeats_and_changes_nothing(documents):
    trainer = make_trainer()
    trainer.run_epoch(documents, 60)
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    state = trainer.generator.get_state()
    assert trainer.validation_loss(documents, 60) == trainer.validation_loss(documents, 60)
    assert all(torch.equal(before[name], value) for name, value in trainer.network.state_dict().items())
    assert torch.equal(state, trainer.generator.get_state())


def test_validation_losses_are_of_one_objective_while_its_weights_change(documents):
    """Early stopping compares the losses of epochs: a low weight must not look like a better model."""
    trainer = make_trainer(HFVAE(beta=Ramp(1.0, 0.1), gamma=Ramp(1.0, 40.0, over=1.0)))
    first = trainer.validation_loss(documents, 60)
    trainer.epoch = 5
    assert trainer.validation_loss(documents, 60) == first
    trainer.configure(HFVAE(beta=0.1, gamma=40.0), trainer.settings, learns_groups=False)
    assert trainer.validation_loss(documents, 60) == first


def test_divergence_names_term_and_epoch_and_keeps_the_last_good_weights(documents):
    trainer = make_trainer()
    kept = []

    def poison(record):
        kept.append(trainer.network.decoder.weights.detach().clone())
        if record["epoch"] == 2:
            terms = trainer.objective.terms
            object.__setattr__(trainer, "objective", PoisonedObjective(terms))

    with pytest.raises(TrainingDivergedError, match=r"epoch 3.*'within_groups'.*learning_rate") as caught:
        train(trainer, documents, callbacks=[poison])
    assert (caught.value.term, caught.value.epoch) == ("within_groups", 3)
    assert torch.equal(trainer.network.decoder.weights, kept[-1])


class PoisonedObjective(HFVAE):
    """HFVAE with a NaN term."""

    def __init__(self, terms):
        super().__init__()
        object.__setattr__(self, "_terms", terms)

    def terms(self, step):
        found = self._terms(step)
        return {**found, "within_groups": found["within_groups"] * float("nan")}


def test_an_absurd_learning_rate_leaves_a_fitted_model():
    counts = np.random.default_rng(0).poisson(1.0, (50, 20))
    model = ProdLDA(groups=(2, 2), learning_rate=1e30, max_iter=5, random_state=0)
    with pytest.raises(TrainingDivergedError, match="Lower learning_rate"):
        model.fit(counts)
    assert np.isfinite(model.transform(counts)).all()
    assert np.isfinite(model.components_).all()
    assert model.n_iter_ == len(model.history_) == 0


def test_a_divergence_is_reported_from_a_worker_process():
    """A process pool pickles the errors of its workers."""
    error = TrainingDivergedError("within_groups", 3, 2, 0.1)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert (again.term, again.epoch) == ("within_groups", 3)


@given(n=st.integers(2, 100_000))
def test_automatic_batches_are_a_twentieth_within_limits(n):
    size = Settings("auto", 1, 0.1, 0, 1).documents_a_step(n)
    assert 64 <= size <= 256
    assert size in (64, 256) or size == n // 20
