"""One contract for all models: scikit-learn's conventions, all types of input, likelihoods, errors."""

import inspect
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import hftopic
from hftopic import ETM, NVDM, NVLDA, Normal, ProdLDA
from hftopic.grouping import CUT
from hftopic.latent.priors import StandardNormal
from hftopic.objective import HFVAE, VAE, Ramp

SMALL = {"groups": (3, 2), "max_iter": 4, "batch_size": 64, "warm_up": 2, "random_state": 0}
MODELS = {
    "ProdLDA": ProdLDA(**SMALL),
    "ProdLDA by group": ProdLDA(**SMALL, topic_softmax="group"),
    "ProdLDA VAE": ProdLDA(**SMALL, objective=VAE()),
    "NVDM": NVDM(**SMALL),
    "NVLDA": NVLDA(**SMALL),
    "NVLDA by group": NVLDA(**SMALL, topic_softmax="group"),
    "ETM": ETM(**SMALL),
}


@parametrize_with_checks([model(groups=(3, 2), max_iter=5) for model in (ProdLDA, NVDM, NVLDA, ETM)])
@pytest.mark.filterwarnings("ignore:.*have no words:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("model", [ProdLDA, NVDM, NVLDA, ETM])
def test_defaults_are_those_that_the_docstring_tells(model):
    parameters = inspect.getdoc(model).split("Attributes\n")[0]
    told = dict(re.findall(r"^(\w+) : .*default=(.+)$", parameters, re.MULTILINE))
    defaults = model().get_params()
    assert {name: str(defaults[name]) for name in told} == {n: v.strip('"') for n, v in told.items()}
    if model is not ProdLDA:
        common, others = defaults.keys() - told.keys(), (NVLDA if model is ETM else ProdLDA)().get_params()
        assert {name: others[name] for name in common} == {n: defaults[n] for n in common}


@pytest.fixture(scope="module")
def corpus():
    return hftopic.make_correlated_topics(150, groups=(3, 2), n_words=40, random_state=0).corpus


@pytest.fixture(params=MODELS)
def model(request):
    return clone(MODELS[request.param])


@pytest.fixture
def fitted(model, corpus):
    return model.fit(corpus)


def test_shapes_and_types(fitted, corpus):
    theta = fitted.transform(corpus)
    assert theta.shape == (150, 5)
    assert theta.dtype == np.float32
    assert fitted.components_.shape == fitted.topic_word_.shape == (5, 40)
    np.testing.assert_allclose(fitted.topic_word_.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(fitted.word_probabilities(corpus).sum(1), 1, rtol=1e-5)
    assert fitted.topic_groups_.tolist() == [0, 0, 0, 1, 1]
    assert fitted.vocabulary_.tolist() == corpus.vocabulary.tolist()
    assert fitted.n_iter_ == len(fitted.history_) == 4
    assert fitted.history_.index.name == "epoch"


def test_transform_is_the_softmax_of_the_posterior_mean(corpus):
    model = clone(MODELS["ProdLDA"]).fit(corpus)
    latent = np.exp(model.transform_latent(corpus))
    np.testing.assert_allclose(model.transform(corpus), latent / latent.sum(1, keepdims=True), rtol=1e-5)
    by_group = clone(MODELS["ProdLDA by group"]).fit(corpus)
    np.testing.assert_allclose(by_group.transform(corpus).sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(by_group.transform(corpus)[:, :3].sum(1), 0.5, rtol=1e-5)
    signed = clone(MODELS["NVDM"]).fit(corpus)
    np.testing.assert_array_equal(signed.transform(corpus), signed.transform_latent(corpus))


def test_every_kind_of_input_gives_the_same_model(model, corpus):
    counts = corpus.counts
    dense = counts.toarray()
    kinds = [
        counts,
        sp.csr_matrix(counts),
        sp.csc_array(counts),
        sp.coo_array(counts),
        dense,
        dense.astype(np.int64),
        np.asfortranarray(dense.astype(np.float64)),
        pd.DataFrame(dense, columns=corpus.vocabulary),
    ]
    expected = clone(model).fit(corpus).transform(corpus)
    for X in kinds:
        np.testing.assert_array_equal(clone(model).fit(X).transform(X), expected)


def test_input_is_never_changed_and_never_made_dense(model, corpus, monkeypatch):
    counts = sp.csr_matrix(corpus.counts)
    counts.data.flags.writeable = False
    before = counts.copy()
    for kind in (sp.csr_array, sp.csr_matrix):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(kind, name, lambda *_: pytest.fail("a sparse matrix was made dense"))
    fitted = model.fit(counts)
    fitted.transform(counts)
    fitted.perplexity(counts)
    assert (counts.data == before.data).all()
    assert (counts.indices == before.indices).all()


def test_stored_zeros_and_duplicates_count_as_they_should(model, corpus):
    plain = corpus.counts
    halves = np.repeat(plain.data / 2, 2)
    halves[::2][plain.data == 1] = 0  # a stored zero, and the whole count beside it
    halves[1::2][plain.data == 1] = 1
    messy = sp.csr_matrix((halves, np.repeat(plain.indices, 2), 2 * plain.indptr), shape=plain.shape)
    assert (messy.data == 0).any()
    assert not messy.has_canonical_format
    assert messy.nnz == 2 * plain.nnz
    np.testing.assert_array_equal(
        clone(model).fit(messy).transform(messy), clone(model).fit(corpus.counts).transform(corpus.counts)
    )


def test_same_seed_same_bytes_and_another_seed_another_model(model, corpus):
    first, second = (clone(model).fit(corpus) for _ in range(2))
    assert first.components_.tobytes() == second.components_.tobytes()
    assert first.perplexity(corpus) == second.perplexity(corpus)
    pd.testing.assert_frame_equal(first.history_, second.history_, check_exact=True)
    other = clone(model).set_params(random_state=1).fit(corpus)
    assert first.components_.tobytes() != other.components_.tobytes()


def test_no_documents_are_named(model, corpus):
    fitted = clone(model).fit(corpus)
    for nothing in (corpus[:0], corpus.counts[:0]):
        for answer in (fitted.transform, fitted.encode, fitted.perplexity):
            with pytest.raises(ValueError, match="0 sample"):
                answer(nothing)


def test_seed_zero_is_a_seed(corpus):
    unseeded = ProdLDA(groups=(2, 2), max_iter=1)
    seeds = [
        clone(unseeded).set_params(random_state=seed).fit(corpus) for seed in (0, 0, np.random.RandomState(0))
    ]
    assert len({m.components_.tobytes() for m in seeds}) == 1


def test_fitting_leaves_global_random_state_alone(model, corpus):
    import torch

    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    model.fit(corpus)
    drawn = torch.rand(1).item(), np.random.rand()  # noqa: NPY002
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    assert drawn == (torch.rand(1).item(), np.random.rand())  # noqa: NPY002


def test_answers_do_not_depend_on_how_documents_are_split_or_ordered(fitted, corpus):
    counts = corpus.counts
    order = np.random.default_rng(0).permutation(counts.shape[0])
    whole = fitted.transform(counts)
    np.testing.assert_array_equal(fitted.transform(counts[order]), whole[order])
    np.testing.assert_array_equal(
        np.vstack([fitted.transform(counts[i : i + 1]) for i in range(20)]), whole[:20]
    )
    elbo = fitted.score_samples(counts)
    np.testing.assert_allclose(fitted.score_samples(counts[order]), elbo[order], rtol=1e-6)
    assert fitted.perplexity(counts[order]) == pytest.approx(fitted.perplexity(counts), rel=1e-6)
    parts = [counts[:40], counts[40:]]
    by_parts = sum(fitted.score(part) * part.shape[0] for part in parts) / counts.shape[0]
    assert by_parts == pytest.approx(fitted.score(counts), rel=1e-6)


def test_perplexity_is_the_elbo_by_token_whatever_the_objective(fitted, corpus):
    counts = corpus.counts
    assert fitted.perplexity(counts) == pytest.approx(np.exp(-fitted.score(counts) * 150 / counts.sum()))
    assert fitted.perplexity(counts) > 1
    objective = fitted.get_params()["objective"]
    fitted.set_params(objective=None, beta=7.0) if objective is None else fitted.set_params(objective=HFVAE())
    assert fitted.perplexity(counts) == pytest.approx(np.exp(-fitted.score(counts) * 150 / counts.sum()))


def word_probabilities_at(fitted, z):
    """p(w|z) of each row of z, by the definition of the model."""
    decoder, features = fitted._network.decoder, z
    if not isinstance(fitted, NVDM):
        pieces = [slice(0, 5)] if fitted.topic_softmax == "joint" else [slice(0, 3), slice(3, 5)]
        odds = np.exp(z)
        features = np.hstack([odds[:, s] / odds[:, s].sum(1, keepdims=True) for s in pieces])
        if isinstance(fitted, NVLDA):
            return features / len(pieces) @ fitted.topic_word_.astype(float)
        features -= decoder.mean_proportions.numpy()
    bias = (decoder.bias if isinstance(fitted, NVDM) else decoder.shift).detach().numpy().astype(float)
    logits = features @ fitted.components_ + bias
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


def test_elbo_equals_its_definition(fitted, corpus):
    """Compared with densities computed from the public posterior, weights and noise, in float64."""
    counts = corpus.counts[:7]
    posterior = fitted.posterior(counts)
    mean, deviation = posterior.mean.astype(float), np.sqrt(posterior.variance.astype(float))
    precision = np.linalg.inv(fitted.prior_covariance_.astype(float))
    centred = mean - fitted.prior_mean_.astype(float)
    kl = 0.5 * (
        deviation**2 @ np.diag(precision)
        + ((centred @ precision) * centred).sum(1)
        - len(precision)
        - np.linalg.slogdet(precision)[1]
        - np.log(deviation**2).sum(1)
    )
    reconstruction = np.zeros(7)
    for noise in fitted._noise.numpy():
        p = word_probabilities_at(fitted, mean + deviation * noise)
        reconstruction += (counts.toarray() * np.log(p)).sum(1) / len(fitted._noise)
    np.testing.assert_allclose(fitted.score_samples(counts), reconstruction - kl, rtol=1e-5)


def test_an_empty_document_gets_the_prior_and_one_warning(fitted, corpus):
    with_empty = sp.vstack([corpus.counts[:2], sp.csr_array((1, 40), dtype=np.float32)]).tocsr()
    with pytest.warns(UserWarning, match="1 of 3 documents have no words") as caught:
        posterior = fitted.posterior(with_empty)
    assert len(caught) == 1
    np.testing.assert_array_equal(posterior.mean[2], fitted.prior_mean_)
    np.testing.assert_array_equal(posterior.variance[2], fitted.prior_variance_)
    with pytest.warns(UserWarning, match="have no words"):
        np.testing.assert_allclose(fitted.score_samples(with_empty)[2], 0, atol=1e-6)
    with pytest.warns(UserWarning, match="have no words"):
        assert fitted.perplexity(with_empty) == pytest.approx(fitted.perplexity(with_empty[:2]), rel=1e-6)


def test_empty_documents_do_not_change_the_fit(model, corpus):
    padded = sp.vstack([corpus.counts, sp.csr_array((5, 40), dtype=np.float32)]).tocsr()
    with pytest.warns(UserWarning, match="5 of 155 documents have no words: they are excluded") as caught:
        with_empty = clone(model).fit(padded)
    assert len(caught) == 1
    np.testing.assert_array_equal(with_empty.components_, clone(model).fit(corpus.counts).components_)


def test_partial_fit_is_an_epoch(model, corpus):
    streamed = clone(model)
    for _ in range(3):
        streamed.partial_fit(corpus)
    assert streamed.n_iter_ == len(streamed.history_) == 3
    assert streamed.history_["warm_up"].tolist() == [0.5, 1, 1]
    refitted = streamed.fit(corpus)
    assert refitted.n_iter_ == 4


def test_partial_fit_estimates_marginals_for_the_larger_of_seen_and_total(corpus, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "hftopic.training.Trainer.run_epoch",
        lambda self, _, n: seen.append(n) or self.records.append({"epoch": 1}),
    )
    model = ProdLDA(groups=(2, 2))
    model.partial_fit(corpus[:50]).partial_fit(corpus[:50], total_documents=1000).partial_fit(
        corpus, total_documents=60
    )
    assert seen == [50, 1000, 250]


def test_works_after_a_vectoriser_in_a_pipeline_and_a_grid_search():
    texts = ["god faith church prayer", "ball bat team game", "faith church god", "team game ball win"] * 15
    pipeline = make_pipeline(CountVectorizer(), ProdLDA(max_iter=2, random_state=0))
    search = GridSearchCV(
        pipeline,
        {
            "prodlda__groups": [(2, 2), 3],
            "prodlda__beta": [0.1, 1.0],
            "prodlda__gamma": [1.0, 4.0],
        },
        cv=2,
        error_score="raise",
    ).fit(texts)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.cv_results_["params"]) == 8
    words = search.best_estimator_[0].get_feature_names_out()
    assert set(search.best_estimator_[1].top_words(3, vocabulary=words)["word_1"]) <= set(words)


def test_objectives_go_into_a_grid_as_values(corpus):
    search = GridSearchCV(
        ProdLDA(groups=(2, 2), max_iter=1, random_state=0),
        {"objective": [VAE(), HFVAE(beta=0.5)]},
        cv=2,
        error_score="raise",
    ).fit(corpus.counts)
    assert search.best_params_["objective"] in (VAE(), HFVAE(beta=0.5))


def test_output_as_a_data_frame(model, corpus):
    frame = pd.DataFrame(corpus.counts.toarray(), columns=corpus.vocabulary).set_index(np.arange(150) + 1000)
    table = model.set_output(transform="pandas").fit(frame).transform(frame)
    assert table.columns.tolist() == model.get_feature_names_out().tolist()
    assert table.index.tolist() == frame.index.tolist()
    assert model.feature_names_in_.tolist() == corpus.vocabulary.tolist()


def test_clone_keeps_parameters_as_they_are():
    model = ProdLDA(groups=(Normal(3), 2), objective=HFVAE(beta=2), prior=StandardNormal(), hidden=[7])
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert repr(copy) == repr(model)


def test_top_words(fitted, corpus):
    table = fitted.top_words(4, by="probability")
    assert table.columns.tolist() == ["group", "word_1", "word_2", "word_3", "word_4"]
    assert table.index.name == "topic"
    best = corpus.vocabulary[fitted.topic_word_.argmax(1)]
    assert table["word_1"].tolist() == best.tolist()
    heaviest = fitted.top_words(1, by="weight")["word_1"]
    assert heaviest.tolist() == corpus.vocabulary[fitted.components_.argmax(1)].tolist()
    renamed = fitted.top_words(1, vocabulary=[f"w{i}" for i in range(40)], by="weight")["word_1"]
    assert renamed.tolist() == [f"w{i}" for i in fitted.components_.argmax(1)]


def test_words_are_columns_where_nothing_names_them(model, corpus):
    assert set(model.fit(corpus.counts).top_words(2)["word_1"]) <= {str(i) for i in range(40)}
    assert not hasattr(model, "vocabulary_")


def test_the_poles_of_nvdm(corpus):
    model = clone(MODELS["NVDM"]).fit(corpus)
    negative = model.top_words(1, by="weight", pole="-")["word_1"]
    assert negative.tolist() == corpus.vocabulary[model.components_.argmin(1)].tolist()
    assert model.top_words(3, pole="-").shape == (5, 4)
    with pytest.raises(ValueError, match="pole must be"):
        model.top_words(1, pole="north")


def test_callbacks_see_each_epoch(model, corpus):
    seen = []
    model.fit(corpus, callbacks=[lambda record: seen.append(record["epoch"]) or len(seen) == 2])
    assert seen == [1, 2]
    assert model.n_iter_ == 2


def test_a_progress_bar_when_verbose(model, corpus, capsys):
    model.fit(corpus)
    assert capsys.readouterr().err == ""
    model.set_params(verbose=1).fit(corpus)
    assert "4/4" in capsys.readouterr().err


def test_more_documents_can_validate_than_train(model, corpus):
    model.set_params(validation_fraction=0.9, batch_size=200).fit(corpus)
    assert np.isfinite(model.history_["validation_loss"]).all()


def test_validation_is_recorded(model, corpus):
    model.set_params(validation_fraction=0.2, patience=1, max_iter=6).fit(corpus)
    assert np.isfinite(model.history_["validation_loss"]).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"groups": ()}, "groups is empty"),
        ({"groups": "25"}, "groups"),
        ({"groups": (3, 0)}, "integer >= 1"),
        ({"beta": -1}, "beta"),
        ({"gamma": "high"}, "gamma"),
        ({"objective": "VAE"}, "objective"),
        ({"prior": 3}, "prior"),
        ({"objective": VAE(), "beta": 2.0}, "got both objective=VAE\\(\\) and beta"),
        ({"hidden": ()}, "hidden must be"),
        ({"hidden": (0,)}, "hidden must be"),
        ({"dropout": 1.0}, "dropout"),
        ({"encoder_norm": "batch"}, "encoder_norm"),
        ({"batch_size": 1}, "batch_size"),
        ({"max_iter": 0}, "max_iter"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"warm_up": -1}, "warm_up"),
        ({"ramp": 1.5}, "ramp"),
        ({"ramp": "slow"}, "ramp"),
        ({"beta": (0.1, "x")}, "beta of HFVAE|got both objective=.* and beta"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"validation_fraction": 0.005}, "gives 1 validation and 149 training"),
        ({"device": "abacus"}, "device='abacus' cannot be used"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_bad_parameters_are_named_and_change_nothing(fitted, corpus, parameters, message):
    answers = fitted.transform(corpus)
    state = {name: value for name, value in vars(fitted).items() if name.endswith("_")}
    fitted.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        fitted.fit(corpus)
    assert all(getattr(fitted, name) is value for name, value in state.items())
    np.testing.assert_array_equal(fitted.transform(corpus), answers)


def test_a_softmax_over_one_topic_has_no_dirichlet_prior(corpus):
    with pytest.raises(ValueError, match="at least 2 topics in a softmax"):
        ProdLDA(groups=1).fit(corpus)
    assert ProdLDA(groups=1, prior=StandardNormal(), max_iter=1).fit(corpus).transform(corpus).shape == (
        150,
        1,
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1.0, "Negative values in data passed to .*: the lowest is -1. Pass word counts"),
        (np.nan, "NaN"),
        (np.inf, "infinity"),
    ],
)
@pytest.mark.parametrize("as_sparse", [True, False])
def test_bad_values_are_refused_and_change_nothing(fitted, corpus, value, message, as_sparse):
    bad = corpus.counts.toarray()
    bad[3, 5] = value
    X = sp.csr_matrix(bad) if as_sparse else bad
    answers = fitted.transform(corpus)
    for method in (fitted.fit, fitted.partial_fit, fitted.transform, fitted.perplexity):
        with pytest.raises(ValueError, match=message):
            method(X)
    np.testing.assert_array_equal(fitted.transform(corpus), answers)
    assert fitted.vocabulary_.tolist() == corpus.vocabulary.tolist()


def test_other_words_than_the_models_are_refused(fitted, corpus):
    with pytest.raises(ValueError, match="39 features"):
        fitted.transform(corpus.counts[:, :39])
    shuffled = hftopic.Corpus(corpus.counts, corpus.vocabulary[::-1])
    with pytest.raises(ValueError, match=r"different vocabulary than .*: column 0 is"):
        fitted.transform(shuffled)
    with pytest.raises(ValueError, match="vocabulary has 3 words"):
        fitted.top_words(vocabulary=["a", "b", "c"])


def test_too_few_documents(model):
    for X in (np.ones((1, 4)), np.array([[1, 2], [0, 0]])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(ValueError, match="n_samples=1"):
                clone(model).fit(X)
    fitted = clone(model).fit(np.ones((5, 4)))
    with pytest.warns(UserWarning, match="no words"), pytest.raises(ValueError, match="per token"):
        fitted.perplexity(np.zeros((2, 4)))


def test_unfitted_models_say_so(model, corpus, tmp_path):
    for call in (
        lambda: model.transform(corpus),
        lambda: model.posterior(corpus),
        lambda: model.score(corpus),
        lambda: model.top_words(),
        lambda: model.save(tmp_path / "model"),
    ):
        with pytest.raises(NotFittedError):
            call()


def test_a_failing_callback_leaves_the_earlier_model(fitted, corpus):
    answers = fitted.transform(corpus)

    def fail(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted.fit(corpus, callbacks=[fail])
    np.testing.assert_array_equal(fitted.transform(corpus), answers)


def test_an_interrupted_partial_fit_leaves_the_earlier_model(fitted, corpus, monkeypatch):
    answers = fitted.transform(corpus)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("hftopic.training.Trainer._after_the_last_step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fitted.partial_fit(corpus)
    np.testing.assert_array_equal(fitted.transform(corpus), answers)
    assert fitted.n_iter_ == 4


def test_warm_up_is_a_number_of_epochs_or_a_share_of_them(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=4, warm_up=0.5, random_state=0)
    assert model.fit(corpus).history_["warm_up"].tolist() == [0.5, 1, 1, 1]
    assert model.set_params(warm_up=4).fit(corpus).history_["warm_up"].tolist() == [0.25, 0.5, 0.75, 1]
    assert model.set_params(warm_up=0).fit(corpus).history_["warm_up"].tolist() == [1, 1, 1, 1]


NESTED = ((1, 1), (2, 1))


@pytest.mark.parametrize(
    ("parameters", "objective"),
    [
        ({}, HFVAE(beta=1.0, gamma=Ramp(1.0, 3.0, 1.0, CUT))),
        ({"assignment": "fixed"}, HFVAE(beta=1.0, gamma=Ramp(1.0, 3.0, 1.0))),
        ({"ramp": 1, "alpha": 2.0}, HFVAE(Ramp(1.0, 2.0, 1, CUT), 1.0, Ramp(1.0, 3.0, 1, CUT))),
        (
            {"ramp": 0.5, "beta": Ramp(0.0, 2.0, 1)},
            HFVAE(beta=Ramp(0.0, 2.0, 1), gamma=Ramp(1.0, 3.0, 0.5, CUT)),
        ),
        ({"ramp": 0, "gamma": 4.0}, HFVAE(beta=1.0, gamma=Ramp(1.0, 4.0, 0, CUT))),
        ({"ramp": 0, "gamma": 4.0, "assignment": "fixed"}, HFVAE(beta=1.0, gamma=4.0)),
        ({"ramp": 0.0, "gamma": 4.0, "assignment": "fixed"}, HFVAE(beta=1.0, gamma=4.0)),
        (
            {"groups": NESTED, "beta": (0.1, 1.0)},
            HFVAE(beta=(Ramp(1.0, 0.1, 1.0, CUT), 1.0), gamma=Ramp(1.0, 3.0, 1.0, CUT)),
        ),
        (
            {"groups": NESTED, "beta": (0.1, Ramp(2.0, 0.5))},
            HFVAE(beta=(Ramp(1.0, 0.1, 1.0, CUT), Ramp(2.0, 0.5)), gamma=Ramp(1.0, 3.0, 1.0, CUT)),
        ),
    ],
)
def test_ramp_takes_the_weights_from_1_to_their_values(corpus, parameters, objective):
    model = ProdLDA(groups=(3, 2), max_iter=4, random_state=0).set_params(**parameters)
    defaults = {name: ProdLDA().get_params()[name] for name in ("alpha", "beta", "gamma", "ramp")}
    written_out = clone(model).set_params(objective=objective, **defaults)
    np.testing.assert_array_equal(model.fit_transform(corpus), written_out.fit_transform(corpus))
    other = clone(written_out).set_params(objective=VAE()).fit_transform(corpus)
    assert not np.array_equal(model.transform(corpus), other)


def test_long_counts_and_fractions(model):
    rng = np.random.default_rng(0)
    assert np.isfinite(clone(model).fit(rng.random((30, 6))).transform(rng.random((3, 6)))).all()
    assert np.isfinite(
        clone(model).fit(rng.integers(0, 10**6, (30, 6))).score(rng.integers(0, 10**6, (3, 6)))
    )


def test_words_are_compared_however_the_model_learned_them(corpus):
    frame = pd.DataFrame(corpus.counts.toarray(), columns=corpus.vocabulary)
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(frame)
    np.testing.assert_array_equal(model.transform(corpus), model.transform(frame))
    order = np.arange(40)[::-1]
    with pytest.raises(ValueError, match="column 0 is"):
        model.transform(hftopic.Corpus(corpus.counts[:, order], corpus.vocabulary[order]))


def test_a_model_is_saved_as_it_was_fitted_and_goes_on_only_as_such(fitted, corpus, tmp_path):
    groups = fitted.topic_groups_
    fitted.set_params(groups=(1, 4), hidden=(7,))
    fitted.save(tmp_path / "model")
    loaded = hftopic.load(tmp_path / "model")
    assert loaded.groups == (3, 2)
    np.testing.assert_array_equal(loaded.topic_groups_, groups)
    np.testing.assert_array_equal(loaded.transform(corpus), fitted.transform(corpus))
    with pytest.raises(
        ValueError, match=r"groups was \(3, 2\) when the model was fitted and is now \(1, 4\)"
    ):
        fitted.partial_fit(corpus)
    assert fitted.set_params(groups=(3, 2), hidden=(200, 200)).partial_fit(corpus).n_iter_ == 5


@pytest.mark.parametrize(
    "X", ["text", ["a text", "another"], pd.Series(["a text", "another"]), pd.DataFrame({"body": ["a text"]})]
)
def test_texts_are_not_counts(X):
    with pytest.raises(ValueError, match=r"X holds texts, not word counts: .*CountVectorizer"):
        ProdLDA().fit(X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"objective": VAE}, "objective=VAE is a class; pass an instance, such as VAE()"),
        ({"prior": StandardNormal}, "prior=StandardNormal is a class"),
    ],
)
def test_classes_in_place_of_values_are_refused(corpus, parameters, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        ProdLDA(**parameters).fit(corpus)


def test_callbacks_are_a_list_and_cannot_spoil_the_history(corpus):
    model = ProdLDA(groups=(2, 2), max_iter=2)
    with pytest.raises(ValueError, match="callbacks must be a list of functions"):
        model.fit(corpus, callbacks=print)
    model.fit(corpus, callbacks=[lambda record: record.clear()])
    assert len(model.history_) == 2
