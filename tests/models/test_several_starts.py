"""Several starts of a fit: the lowest loss is kept, in this process or in others."""

import math

import numpy as np
import pytest
import torch

import hftopic
from hftopic import ProdLDA, TrainingDivergedError, load

SMALL = {"groups": (2, 2), "max_iter": 4, "hidden": (20,), "random_state": 3}


@pytest.fixture(scope="module")
def corpus():
    return hftopic.make_correlated_topics(200, groups=(2, 2), n_words=60, random_state=0).corpus


def test_the_start_with_the_lowest_loss_is_kept(corpus):
    model = ProdLDA(n_init=4, **SMALL).fit(corpus)
    assert model.losses_.shape == (4,)
    assert len(set(model.losses_)) == 4
    assert model.history_["loss"].iloc[-1] == pytest.approx(model.losses_.min())


@pytest.mark.parametrize("validation_fraction", [0.0, 0.2])
def test_the_first_start_is_that_of_a_single_one(corpus, validation_fraction):
    settings = SMALL | {"validation_fraction": validation_fraction}
    one, several = ProdLDA(**settings).fit(corpus), ProdLDA(n_init=3, **settings).fit(corpus)
    assert one.losses_.tolist() == several.losses_[:1].tolist()


@pytest.mark.parametrize("validation_fraction", [0.0, 0.2])
def test_other_processes_find_the_same(corpus, validation_fraction):
    settings = SMALL | {"validation_fraction": validation_fraction}
    here = ProdLDA(n_init=3, **settings).fit(corpus)
    there = ProdLDA(n_init=3, n_jobs=2, **settings).fit(corpus)
    np.testing.assert_allclose(there.losses_, here.losses_, rtol=1e-3)  # numbers of threads may differ
    for model in (here, there):
        model.partial_fit(corpus)
        assert model.n_iter_ == 5
        trained, kept = (network.state_dict() for network in (model._trainer.network, model._network))
        assert all(torch.equal(value, trained[name]) for name, value in kept.items())


def test_a_second_fit_forgets_the_first(corpus):
    model = ProdLDA(**SMALL).fit(corpus)
    encoded = model.encode(corpus)
    state = np.random.RandomState(1)
    model.set_params(n_init=2, n_jobs=2, random_state=state).fit(corpus)
    assert model.random_state is state
    with pytest.raises(ValueError, match="before this ProdLDA was fitted again"):
        model.transform(encoded)
    before = model.components_.copy()
    model.partial_fit(corpus)
    assert not np.array_equal(model.components_, before)


def test_the_loss_is_that_of_the_weights_that_are_kept(corpus):
    """Before the cut, validation losses do not count."""
    model = ProdLDA(validation_fraction=0.3, **SMALL | {"max_iter": 10}).fit(corpus)
    after_cut = model.history_["validation_loss"].iloc[5:]
    assert model.losses_.tolist() == [pytest.approx(after_cut.min())]


def test_a_start_that_diverges_does_not_count(corpus, monkeypatch):
    import hftopic.models.base as base

    real, calls = base.train, []

    def train(trainer, *arguments, **options):
        calls.append(trainer)
        if len(calls) == 2:
            raise TrainingDivergedError("reconstruction", 1, 0, 0.1)
        real(trainer, *arguments, **options)

    monkeypatch.setattr(base, "train", train)
    model = ProdLDA(n_init=3, **SMALL).fit(corpus)
    assert np.isfinite(model.losses_).tolist() == [True, False, True]
    assert model.n_iter_ == 4


def test_all_may_diverge(corpus):
    model = ProdLDA(n_init=2, learning_rate=1e6, **SMALL)
    with pytest.raises(TrainingDivergedError):
        model.fit(corpus)
    assert model.losses_.tolist() == [math.inf, math.inf]


def test_losses_are_saved(corpus, tmp_path):
    model = ProdLDA(n_init=2, **SMALL).fit(corpus)
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").losses_.tolist() == model.losses_.tolist()


def test_callbacks_stay_in_this_process(corpus):
    records = []
    ProdLDA(n_init=2, **SMALL).fit(corpus, callbacks=[records.append])
    assert len(records) == 8
    with pytest.raises(ValueError, match="other processes"):
        ProdLDA(n_init=2, n_jobs=2, **SMALL).fit(corpus, callbacks=[records.append])
