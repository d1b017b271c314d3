"""Saved models: the same results after loading, and clear errors for damaged files."""

import json
import os
import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import safetensors.torch

import hftopic
from hftopic import ETM, NVDM, NVLDA, Normal, ProdLDA
from hftopic.latent.groups import Concrete
from hftopic.latent.priors import BlockCorrelation, DirichletLaplace, StandardNormal
from hftopic.models.loading import ModelFileError
from hftopic.models.saving import description_hash, tensor_record
from hftopic.objective import CATALOGUE, HFVAE, VAE, FactorVAE, Ramp

MODELS = {
    "prodlda": ProdLDA(groups=(2, Normal(3)), max_iter=2, random_state=0),
    "prodlda-by-group": ProdLDA(
        groups=[3, 2],
        topic_softmax="group",
        prior=DirichletLaplace(0.5),
        max_iter=2,
        random_state=3,
    ),
    "prodlda-vae": ProdLDA(groups=4, objective=VAE(), prior=StandardNormal(), max_iter=2, random_state=0),
    "prodlda-shift": ProdLDA(groups=(2, 2), encoder_norm="shift", max_iter=2, random_state=0),
    "prodlda-classes": ProdLDA(
        groups=((2, Concrete(3, temperature=(1.0, 0.5), probabilities=(0.5, 0.3, 0.2))), 2),
        beta=(Ramp(1.0, 0.1), 0.5),
        prior=BlockCorrelation([[0, 0.5], [0.5, 0]]),
        marginals="mss",
        max_iter=2,
        random_state=0,
    ),
    "nvdm-adversary": NVDM(groups=3, objective=FactorVAE(hidden=(8,)), max_iter=2, random_state=0),
    "nvdm": NVDM(
        groups=(2, 2), objective=HFVAE(beta=0.5), max_iter=2, validation_fraction=0.2, random_state=0
    ),
    "nvlda": NVLDA(groups=(2, 2), topic_softmax="group", max_iter=2, random_state=0),
    "etm": ETM(groups=(2, 2), word_vectors=np.eye(30, dtype=np.float32), max_iter=2, random_state=0),
}


@pytest.fixture
def corpus():
    return hftopic.make_correlated_topics(80, groups=(2, 2), n_words=30, random_state=0).corpus


@pytest.fixture(params=MODELS)
def model(request, corpus):
    return MODELS[request.param].fit(corpus)


def assert_same_answers(model, other, X):
    assert type(other) is type(model)
    for method in ("transform", "transform_latent", "word_probabilities", "score_samples"):
        np.testing.assert_array_equal(getattr(other, method)(X), getattr(model, method)(X))
    assert other.perplexity(X) == model.perplexity(X)
    assert other.score(X) == model.score(X)
    np.testing.assert_array_equal(other.posterior(X).variance, model.posterior(X).variance)
    pd.testing.assert_frame_equal(other.top_words(5), model.top_words(5))
    pd.testing.assert_frame_equal(other.history_, model.history_)
    assert other.get_feature_names_out().tolist() == model.get_feature_names_out().tolist()
    for name in (
        "components_",
        "topic_word_",
        "topic_groups_",
        "prior_mean_",
        "prior_variance_",
        "prior_covariance_",
        "vocabulary_",
    ):
        np.testing.assert_array_equal(getattr(other, name), getattr(model, name))
    assert (other.n_iter_, other.n_features_in_) == (model.n_iter_, model.n_features_in_)


def test_a_loaded_model_answers_the_same(model, corpus, tmp_path):
    model.save(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model")
    assert_same_answers(model, loaded, corpus)
    assert str(loaded) == str(model)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_objective_is_saved(name, corpus, tmp_path):
    objective = CATALOGUE[name]((0,)) if name == "AnchoredVAE" else CATALOGUE[name]()
    model = NVDM(groups=2, objective=objective, hidden=(8,), max_iter=1, random_state=0)
    model.objective = replace(objective, hidden=(8,)) if name == "FactorVAE" else objective
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the weight of the mutual information")
        model.fit(corpus).save(tmp_path / "model")
    assert hftopic.load(tmp_path / "model").objective == model.objective


@pytest.mark.parametrize("dump", [pickle, joblib])
def test_a_pickled_model_answers_the_same(model, corpus, tmp_path, dump):
    with (tmp_path / "model").open("wb") as file:
        dump.dump(model, file)
    with (tmp_path / "model").open("rb") as file:
        assert_same_answers(model, dump.load(file), corpus)


def test_partial_fit_goes_on_after_a_load(model, corpus, tmp_path):
    model.save(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model").partial_fit(corpus)
    assert loaded.n_iter_ == model.n_iter_ + 1
    assert loaded.history_.index.tolist() == list(range(1, model.n_iter_ + 2))
    pd.testing.assert_frame_equal(loaded.history_.iloc[:-1], model.history_)


def test_names_of_a_data_frame_are_kept(tmp_path):
    frame = pd.DataFrame(np.eye(4) + 1, columns=["a", "b", "c", "d"])
    ProdLDA(groups=(2, 2), max_iter=1).fit(frame).save(tmp_path / "model")
    assert hftopic.load(tmp_path / "model").feature_names_in_.tolist() == ["a", "b", "c", "d"]


def test_saving_again_replaces_the_model_and_nothing_else(corpus, tmp_path):
    first = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    second = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    first.save(tmp_path / "model")
    second.save(tmp_path / "model")
    assert hftopic.load(tmp_path / "model").n_iter_ == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="not a saved model"):
        first.save(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_other_files_in_the_folder_of_a_model_are_kept(corpus, tmp_path, monkeypatch):
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    folder = tmp_path / "run"
    model.save(folder)
    (folder / "notes.md").write_text("names of topics, a day of work")
    (folder / "plots").mkdir()
    monkeypatch.chdir(folder)
    model.partial_fit(corpus).save(".")
    assert sorted(path.name for path in Path().iterdir()) == [
        "model.json",
        "model.safetensors",
        "notes.md",
        "plots",
    ]
    assert hftopic.load(folder).n_iter_ == 2


def test_a_description_of_another_program_is_not_replaced(corpus, tmp_path):
    (tmp_path / "model.json").write_text('{"modelTopology": {}}')
    with pytest.raises(FileExistsError, match=r"contains 'model\.json'"):
        ProdLDA(groups=(2, 2), max_iter=1).fit(corpus).save(tmp_path)
    assert (tmp_path / "model.json").read_text() == '{"modelTopology": {}}'


def test_a_model_can_be_saved_in_an_empty_folder_and_through_a_link(corpus, tmp_path):
    model = ProdLDA(groups=(2, 2), max_iter=1).fit(corpus)
    (tmp_path / "runs").mkdir()
    (tmp_path / "latest").symlink_to("runs")
    model.save(tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink()
    assert hftopic.load(tmp_path / "runs").n_iter_ == 1
    (tmp_path / "lost").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError, match="lost is a link to nowhere, which does not exist"):
        model.save(tmp_path / "lost")


def test_saved_files_follow_the_umask(corpus, tmp_path):
    model = ProdLDA(groups=(2, 2), max_iter=1).fit(corpus)
    before = os.umask(0o027)
    try:
        model.save(tmp_path / "model")
        model.save(tmp_path / "model")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()}
    assert modes == {"model.json": 0o640, "model.safetensors": 0o640}
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o750


def test_files_of_two_models_are_never_mixed(corpus, tmp_path):
    for seed in (0, 1):
        ProdLDA(groups=(2, 2), max_iter=1, random_state=seed).fit(corpus).save(tmp_path / str(seed))
    (tmp_path / "0" / "model.safetensors").write_bytes((tmp_path / "1" / "model.safetensors").read_bytes())
    with pytest.raises(ModelFileError, match=r"does not belong to model\.json"):
        hftopic.load(tmp_path / "0")


def test_what_cannot_be_saved_leaves_no_file(corpus, tmp_path):
    class Own(VAE):
        pass

    model = ProdLDA(groups=(2, 2), objective=Own(), max_iter=1).fit(corpus)
    with pytest.raises(TypeError, match="cannot save a Own"):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def corrupt_json(folder, sealed=True, **changes):
    """Change entries of the description; ``sealed`` computes its hash again, as a forger would."""
    file = folder / "model.json"
    description = {**json.loads(file.read_text()), **changes}
    if sealed:
        description["sha256"] = description_hash(description)
    file.write_text(json.dumps(description))


def change_tensor(folder, name, change, sealed):
    """Change one tensor; ``sealed`` also changes its hash."""
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    tensors = {key: value.clone() for key, value in tensors.items()}
    change(tensors[name])
    safetensors.torch.save_file(tensors, folder / "model.safetensors")
    if sealed:
        corrupt_json(folder, tensors={key: tensor_record(value) for key, value in tensors.items()})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "model.json").unlink(), "no model.json"),
        (lambda f: (f / "model.safetensors").unlink(), "no model.safetensors"),
        (lambda f: (f / "model.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "model.json").write_text("[]"), "schema"),
        (lambda f: (f / "model.safetensors").write_bytes(b"12345678"), "cannot be read"),
        (
            lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-9]),
            "cannot",
        ),
        (lambda f: corrupt_json(f, schema=99), "schema 99"),
        (lambda f: corrupt_json(f, estimator="LDA"), "LDA"),
        (lambda f: corrupt_json(f, n_features_in_=7), "damaged or incomplete"),
        (lambda f: corrupt_json(f, parameters={"groups": {"type": "os.system"}}), "unknown type"),
        (lambda f: corrupt_json(f, sealed=False, n_iter_=2), "model.json was changed"),
        (lambda f: corrupt_json(f, n_iter_=-1), "n_iter_ is -1"),
        (lambda f: corrupt_json(f, vocabulary_=["a"]), "has 1 words"),
        (lambda f: corrupt_json(f, parameters={"groups": 10**12}), "do not have the 4 topics"),
        (
            lambda f: corrupt_json(f, parameters={"groups": 4, "hidden": [10**9]}),
            "size 10+ of a hidden",
        ),
        (lambda f: corrupt_json(f, parameters={"groups": 4, "max_iter": -1}), "'max_iter' parameter"),
        (lambda f: corrupt_json(f, losses_="abc"), "damaged or incomplete"),
        (lambda f: corrupt_json(f, parameters={}), "damaged or incomplete"),
        (lambda f: os.truncate(f / "model.safetensors", 2**40), "more than the .* that it can need"),
        (lambda f: os.truncate(f / "model.json", 2**40), "more than the .* that it can need"),
        (lambda f: corrupt_json(f, tensors={"noise": 3}), "damaged or incomplete"),
        (lambda f: corrupt_json(f, tensors=None), "damaged or incomplete"),
        (lambda f: change_tensor(f, "noise", lambda t: t[0].mul_(2), False), "the SHA-256 of noise differs"),
        (lambda f: change_tensor(f, "noise", lambda t: t[0].fill_(np.nan), True), "noise contains a value"),
        (lambda f: corrupt_json(f, vocabulary_=[3] * 30), r"vocabulary_\[0\] is 3, not a string"),
        (lambda f: corrupt_json(f, estimator=["ProdLDA"]), "not a known model"),
        (
            lambda f: change_tensor(f, "network.prior_covariance", lambda t: t.zero_(), True),
            "not symmetric and positive definite",
        ),
    ],
)
def test_a_damaged_model_is_refused(corpus, tmp_path, damage, message):
    ProdLDA(groups=(2, 2), max_iter=1).fit(corpus).save(tmp_path / "model")
    damage(tmp_path / "model")
    with pytest.raises(ModelFileError, match=message):
        hftopic.load(tmp_path / "model")


def test_a_model_of_a_device_that_is_not_here_can_be_loaded_elsewhere(corpus, tmp_path):
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    model.save(tmp_path / "model")
    saved = json.loads((tmp_path / "model" / "model.json").read_text())["parameters"]
    corrupt_json(tmp_path / "model", parameters=saved | {"device": "xla"})
    with pytest.raises(ValueError, match="device='xla' cannot be used here"):
        hftopic.load(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model", device="cpu")
    np.testing.assert_array_equal(loaded.transform(corpus), model.transform(corpus))


def test_a_path_with_no_model_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match="not a saved model"):
        hftopic.load(tmp_path)
