"""Models whose prior depends on the metadata of documents, from Python, files, streams and scikit-learn."""

import copy
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from click.testing import CliRunner
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from hftopic import (
    NVDM,
    Corpus,
    LearnedCorrelation,
    ModelFileError,
    ProdLDA,
    TopicPipeline,
    load,
    open_corpus,
    read_corpus,
    write_corpus,
)
from hftopic.analysis import (
    decompose,
    estimate_effects,
    topic_information,
    topic_summary,
    topics_over_time,
)
from hftopic.cli import program
from hftopic.data import known as knowns
from hftopic.data import streams
from hftopic.data.formulas import FormulaError
from hftopic.training.checkpoint import Checkpoint
from tests.together import results

FORMULA = "side + bs(day, df=4)"
SETTINGS = {"groups": (3, 3), "hidden": (16,), "max_iter": 4, "batch_size": 32, "random_state": 0}
N, K, V = 300, 6, 60
pytestmark = pytest.mark.filterwarnings("ignore:.*(documents have no words|topics tell|no topic is active)")


def planted(n=N, seed=0, effect=3.0, length=40):
    """Documents with metadata: topic 0 is for "a", topic 1 for "b"; the others do not depend on it."""
    generator = np.random.default_rng(seed)
    words = np.full((K, V), 0.02)
    for topic in range(K):
        words[topic, 10 * topic : 10 * topic + 10] = 1
    words /= words.sum(axis=1, keepdims=True)
    side = generator.choice(np.array(["a", "b"], dtype=object), n)
    z = 2 * generator.standard_normal((n, K))
    z[:, 0] += effect * (side == "a")
    z[:, 1] += effect * (side == "b")
    shares = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    counts = sp.csr_array(np.stack([generator.multinomial(length, p) for p in shares @ words]))
    metadata = {"side": side, "day": generator.uniform(0, 100, n), "noise": generator.standard_normal(n)}
    return Corpus(
        counts, [f"term{chr(97 + word // 10)}{chr(97 + word % 10)}" for word in range(V)], metadata=metadata
    )


@pytest.fixture(scope="module")
def corpus():
    return planted()


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(**SETTINGS, prevalence=FORMULA).fit(corpus)


@pytest.fixture(scope="module")
def moved(model):
    """The model with coefficients that are far from 0."""
    changed = copy.deepcopy(model)
    generator = np.random.default_rng(0)
    changed._network.prevalence.coefficients.numpy()[:] = generator.standard_normal((5, 6))
    changed._expose()
    changed._remembered = model._remembered
    return changed


def frame(corpus):
    return corpus.metadata


def test_planted_effects_are_found_and_noise_is_not():
    corpus = planted(400)
    settings = {"groups": 6, "hidden": (32,), "max_iter": 40, "batch_size": 64, "learning_rate": 0.01}
    model = ProdLDA(**settings, prevalence="side + noise", random_state=0).fit(corpus)
    words = np.arange(V) // 10  # the topic of each word
    of_topics = np.stack([model.topic_word_[:, words == topic].sum(axis=1) for topic in range(K)])
    topics = of_topics.argmax(axis=1)
    assert len(set(topics)) == K
    effects = model.prevalence_[topics]
    assert list(effects.index) == ["side[T.b]", "noise"]
    found = effects.loc["side[T.b]"].to_numpy()
    found = found - found[2:].mean()
    assert found[0] < -1
    assert found[1] > 1
    assert np.abs(found[2:]).max() < 0.7
    assert np.abs(effects.loc["noise"].to_numpy()).max() < 0.2
    without_words = sp.csr_array((2, V))
    shares = model.transform(without_words, metadata={"side": ["a", "b"], "noise": [0.0, 0.0]})[:, topics]
    assert shares.argmax(axis=1).tolist() == [0, 1]


def test_coefficients_are_in_the_units_of_the_columns(moved, corpus):
    table = moved.prevalence_
    assert list(table.columns) == list(range(6))
    assert table.shape == (5, 6)
    raw = moved.design_.raw({name: corpus.metadata_columns[name] for name in ("side", "day")})
    offsets = (raw - raw.mean(axis=0)) @ table.to_numpy()
    np.testing.assert_allclose(moved.encode(corpus).offset, offsets, rtol=1e-3, atol=1e-4)
    assert ProdLDA(**SETTINGS).fit(corpus).prevalence_ is None


def test_metadata_is_that_of_the_corpus_or_passed(moved, corpus):
    expected = moved.transform(corpus)
    passed = frame(corpus)
    for metadata in (passed, dict(passed), passed.to_dict("list")):
        np.testing.assert_array_equal(moved.transform(corpus.counts, metadata=metadata), expected)
    order = np.random.default_rng(0).permutation(N)
    np.testing.assert_array_equal(moved.transform(corpus[order]), expected[order])
    other = passed.assign(side=["b"] * N)
    found = moved.transform(corpus, metadata=other)  # what is passed counts
    np.testing.assert_array_equal(found, moved.transform(corpus.counts, metadata=other))
    assert (found != expected).any()
    encoded = moved.encode(corpus.counts, metadata=passed)
    np.testing.assert_array_equal(moved.transform(encoded), expected)
    np.testing.assert_array_equal(moved.score_samples(encoded), moved.score_samples(corpus))
    assert moved.perplexity(encoded) == moved.perplexity(corpus.counts, metadata=passed)
    np.testing.assert_array_equal(moved.word_probabilities(encoded), moved.word_probabilities(corpus))
    with pytest.raises(ValueError, match="encoded with their metadata"):
        moved.transform(encoded, metadata=passed)


def test_encoded_documents_keep_the_metadata_that_were_passed(moved, corpus):
    """Functions without a parameter metadata= take documents that are encoded with it."""
    dates = [f"20{row % 10 + 10}" for row in range(N)]
    expected = topics_over_time(moved, corpus, dates, topics="all")
    passed = frame(corpus).assign(day_of=dates)
    for documents in (corpus.counts, corpus.with_metadata({"other": dates})):
        encoded = moved.encode(documents, metadata=passed)
        assert encoded.source is documents
        for given in (dates, "day_of"):
            pd.testing.assert_frame_equal(topics_over_time(moved, encoded, given, topics="all"), expected)
    assert list(encoded.documents.metadata) == ["other", *passed]
    found = estimate_effects(moved, encoded, "side + noise", n_draws=2, draws="posterior", random_state=0)
    effects = estimate_effects(moved, corpus, "side + noise", n_draws=2, draws="posterior", random_state=0)
    pd.testing.assert_frame_equal(found.table, effects.table)
    with pytest.warns(UserWarning, match=r"model\.encode\(X, metadata=\.\.\.\) instead of X"):
        topics_over_time(moved, corpus.counts, dates)
    assert moved.encode(corpus).documents is corpus


def test_a_transform_that_fails_leaves_the_design_as_it_was(moved, corpus):
    held = moved.design_.as_json()
    for name, value, told in (("day", "x", "'day' was numbers"), ("side", 1.0, "'side' was text")):
        with pytest.raises(FormulaError, match=told):
            moved.transform(corpus.counts, metadata=frame(corpus).assign(**{name: value}))
    assert moved.design_.as_json() == held
    moved.transform(corpus)


def test_documents_without_metadata_have_the_average_with_one_warning(moved, corpus):
    with pytest.warns(UserWarning, match="have no metadata: their prior is that of average") as caught:
        found = moved.transform(corpus.counts)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    plain = copy.deepcopy(moved)
    plain._network.prevalence.coefficients.zero_()
    np.testing.assert_array_equal(found, plain.transform(corpus))


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"side": ["a"] * N}, "no column 'day'"),
        ({"side": ["a"] * (N - 1), "day": [1.0] * N}, "299 values for 300 documents"),
        ({"side": ["c"] * N, "day": [50.0] * N}, "category is not among those.*'c' of 'side'"),
        ({"side": ["a"] * N, "day": ["x"] * N}, "'day' was numbers .* and is text here, such as 'x'"),
        ({"side": ["a"] * N, "day": [None] + [50.0] * (N - 1)}, "'day' is missing for 1 of 300 documents"),
        ([1, 2], "pass a DataFrame, or a dict"),
    ],
)
def test_wrong_metadata_is_told(model, corpus, metadata, told):
    for method in ("transform", "posterior", "encode", "score", "perplexity", "word_probabilities"):
        with pytest.raises(ValueError, match=told):
            getattr(model, method)(corpus.counts, metadata=metadata)


def test_a_fit_needs_the_columns_of_the_formula(corpus):
    with pytest.raises(ValueError, match="needs metadata of the documents"):
        ProdLDA(**SETTINGS, prevalence="day").fit(corpus.counts)
    with pytest.raises(FormulaError, match="no column 'dya'"):
        ProdLDA(**SETTINGS, prevalence="dya").fit(corpus)
    with pytest.raises(ValueError, match="missing_metadata"):
        ProdLDA(**SETTINGS, prevalence="day", missing_metadata="ignore").fit(corpus)
    with pytest.raises(ValueError, match="prevalence_shrinkage"):
        ProdLDA(**SETTINGS, prevalence="day", prevalence_shrinkage=-1.0).fit(corpus)
    with pytest.warns(UserWarning, match="metadata is not used"):
        ProdLDA(**SETTINGS).fit(corpus.counts, metadata=frame(corpus))


def test_documents_without_a_value_are_dropped_and_counted_where_asked(corpus):
    holes = frame(corpus)
    holes.loc[[3, 10], "day"] = np.nan
    holes.loc[[10, 200], "side"] = None
    estimator = ProdLDA(**SETTINGS, prevalence=FORMULA)
    with pytest.raises(
        FormulaError, match=r"'side' is missing for 2 of 300|'day' is missing for 2 of 300|'day' or"
    ):
        estimator.fit(corpus.counts, metadata=holes)
    estimator = clone(estimator).set_params(missing_metadata="drop")
    with pytest.warns(UserWarning, match=r"'day' or 'side' is missing for 3 of 300.*excluded from training"):
        found = clone(estimator).fit(corpus.counts, metadata=holes)
    kept = np.delete(np.arange(N), [3, 10, 200])
    expected = clone(estimator).fit(corpus[kept])
    np.testing.assert_array_equal(found.components_, expected.components_)
    pd.testing.assert_frame_equal(found.prevalence_, expected.prevalence_)
    with pytest.warns(UserWarning, match=r"is missing for 3 of 300.*average metadata"):
        shares = found.transform(corpus.counts, metadata=holes)
    np.testing.assert_array_equal(shares[kept], expected.transform(corpus[kept]))


def test_a_model_with_prevalence_is_saved_copied_and_pickled(moved, corpus, tmp_path):
    moved.save(tmp_path / "model")
    for again in (load(tmp_path / "model"), pickle.loads(pickle.dumps(moved)), copy.deepcopy(moved)):
        np.testing.assert_array_equal(again.transform(corpus), moved.transform(corpus))
        np.testing.assert_array_equal(again.score_samples(corpus), moved.score_samples(corpus))
        pd.testing.assert_frame_equal(again.prevalence_, moved.prevalence_)
        assert again.design_.names == moved.design_.names
    trained = load(tmp_path / "model").partial_fit(corpus)
    np.testing.assert_array_equal(
        trained.components_,
        load(tmp_path / "model").partial_fit(corpus.counts, metadata=frame(corpus)).components_,
    )


def test_a_changed_file_runs_no_code(model, tmp_path):
    from hftopic.models.saving import description_hash

    model.save(tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    description = json.loads(file.read_text(encoding="utf-8"))
    many = {"formula": "side + bs(day, df=10**6)"}
    for change in (
        many,
        {"formula": "__import__('os').system('true')"},
        {"names": ["a"]},
        {"scales": [0.0] * 5},
    ):
        changed = {**description, "design": {**description["design"], **change}}
        changed["sha256"] = description_hash(changed)
        file.write_text(json.dumps(changed), encoding="utf-8")
        with pytest.raises(ModelFileError, match="damaged"):
            load(tmp_path / "model")


def test_what_sums_to_the_elbo_is_over_the_residual(moved, corpus):
    encoded = moved.encode(corpus)
    np.testing.assert_allclose(
        encoded.residual.mean.numpy(), encoded.mean_field.mean.numpy() - encoded.offset, atol=1e-5
    )
    terms = decompose(moved, corpus, n_samples=N).terms["value"]
    parts = ["mutual_information", "between_groups", "within_groups", "dimension_kl"]
    assert terms[parts].sum() == pytest.approx(terms["kl"], rel=1e-4)
    assert terms["negative_elbo"] == pytest.approx(-moved.score(corpus), rel=1e-6)
    kl = topic_information(moved, corpus)["kl"]
    mean, variance = encoded.mean_field.mean.numpy() - encoded.offset, encoded.posterior.variance
    ratio = variance / moved.prior_variance_
    expected = 0.5 * (ratio + (mean - moved.prior_mean_) ** 2 / moved.prior_variance_ - 1 - np.log(ratio))
    np.testing.assert_allclose(kl, expected.mean(axis=0), rtol=1e-3)
    np.testing.assert_allclose(topic_summary(moved, corpus)["kl"], kl, rtol=1e-6)
    np.testing.assert_allclose(moved.topic_summary_["kl"], kl, rtol=1e-3)
    without = copy.deepcopy(moved)
    without._network.prevalence.coefficients.zero_()
    without._hashes = []
    peaks = topic_information(moved, corpus)["peak"]
    assert (peaks > topic_information(without, corpus)["peak"]).all()  # what metadata tell, they tell of z


@pytest.mark.parametrize(
    "estimator",
    [
        ProdLDA(**SETTINGS, prevalence=FORMULA, prior=LearnedCorrelation()),
        ProdLDA(**SETTINGS, prevalence=FORMULA, marginals="full", assignment="fixed"),
        ProdLDA(**SETTINGS, prevalence=FORMULA, marginals="mss", validation_fraction=0.2),
        ProdLDA(**{**SETTINGS, "groups": ((2, 2), 2)}, prevalence=FORMULA, prevalence_shrinkage=10.0),
        NVDM(**SETTINGS, prevalence=FORMULA, n_init=2),
    ],
    ids=["learned", "full", "validation", "nested", "starts"],
)
def test_every_kind_of_model_takes_metadata(estimator, corpus):
    corpus = corpus[:150]
    model = clone(estimator).fit(corpus)
    again = clone(estimator).fit(corpus.counts, metadata=frame(corpus))
    np.testing.assert_array_equal(model.components_, again.components_)
    assert np.isfinite(model.prevalence_.to_numpy()).all()
    assert model.prevalence_.to_numpy().any()
    assert np.isfinite(model.score(corpus))


def test_streams_keep_the_design_of_the_first_call(corpus):
    model = ProdLDA(**SETTINGS, prevalence=FORMULA).partial_fit(corpus[:150], total_documents=N)
    names, knots = model.design_.names, model.design_.as_json()["transforms"]
    wide = frame(corpus)[150:].assign(day=50.0)
    model.partial_fit(corpus[150:].counts, metadata=wide)
    assert model.design_.names == names
    assert model.design_.as_json()["transforms"] == knots
    assert model.prevalence_.to_numpy().any()
    before = model.components_.copy()
    with pytest.raises(FormulaError, match=r"category is not among those.*'c' of 'side'"):
        model.partial_fit(corpus[150:].counts, metadata=wide.assign(side="c"))
    with pytest.raises(ValueError, match="needs metadata"):
        model.partial_fit(corpus[150:].counts)
    labelled = Corpus(corpus.counts[150:], corpus.vocabulary, labels=["x"] * (N - 150))
    with pytest.raises(FormulaError, match="no column 'day'"):  # the average design is none to learn from
        model.partial_fit(labelled)
    moments = model._network.moments
    assert moments.design_products[0, 0] == moments.weight  # averages over the same documents
    assert len(model.topic_summary_) == 6
    np.testing.assert_array_equal(model.components_, before)
    with pytest.raises(ValueError, match="prevalence was"):
        model.set_params(prevalence="side").partial_fit(corpus[150:].counts, metadata=wide)


class Ended(BaseException):
    """The end of a process."""


@pytest.mark.parametrize("after", [8, 9, 20])
def test_a_fit_goes_on_from_a_checkpoint_with_the_same_bytes(corpus, model, tmp_path, monkeypatch, after):
    """The coefficients are renewed at the beginning of an epoch, and after the eighth step."""
    write, written = Checkpoint._write, []

    def ended(checkpoint, *arguments):
        write(checkpoint, *arguments)
        written.append(arguments)
        if len(written) == after:
            raise Ended

    monkeypatch.setattr(Checkpoint, "_write", ended)
    estimator = ProdLDA(**SETTINGS, prevalence=FORMULA)
    arguments = {"checkpoint": tmp_path / "kept", "checkpoint_minutes": 0}
    with pytest.raises(Ended):
        clone(estimator).fit(corpus, **arguments)
    other = frame(corpus).assign(day=1.0)
    with pytest.raises(ValueError, match="documents"):
        clone(estimator).fit(corpus.counts, metadata=other, **arguments)
    found = clone(estimator).fit(corpus, **arguments)
    np.testing.assert_array_equal(found.components_, model.components_)
    pd.testing.assert_frame_equal(found.prevalence_, model.prevalence_)


@pytest.fixture(scope="module")
def shards(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("prevalence") / "shards"
    write_corpus(corpus, path, format="shards")
    return open_corpus(path)


def test_shards_give_the_model_of_the_corpus_in_memory(corpus, shards, model, monkeypatch):
    found = ProdLDA(**SETTINGS, prevalence=FORMULA).fit(shards)
    np.testing.assert_array_equal(found.components_, model.components_)
    pd.testing.assert_frame_equal(found.prevalence_, model.prevalence_)
    for method in ("transform", "score_samples"):
        np.testing.assert_array_equal(getattr(found, method)(shards), getattr(model, method)(corpus))
    assert found.perplexity(shards) == model.perplexity(corpus)
    passed = ProdLDA(**SETTINGS, prevalence=FORMULA).fit(shards, metadata=frame(corpus))
    np.testing.assert_array_equal(passed.components_, model.components_)
    monkeypatch.setattr(streams, "BLOCK", 16)
    monkeypatch.setattr(streams, "WINDOW", 4)
    monkeypatch.setattr(knowns, "PIECE", 50)
    windows = ProdLDA(**SETTINGS, prevalence=FORMULA, validation_fraction=0.1).fit(shards)
    np.testing.assert_array_equal(windows.transform(shards), windows.transform(corpus))
    assert windows.prevalence_.to_numpy().any()


def test_shards_drop_documents_too(corpus, tmp_path):
    holes = frame(corpus)
    holes.loc[[3, 10], "day"] = np.nan
    with_holes = Corpus(corpus.counts, corpus.vocabulary, metadata=holes)
    write_corpus(with_holes, tmp_path / "shards", format="shards")
    estimator = ProdLDA(**SETTINGS, prevalence=FORMULA, missing_metadata="drop")
    with pytest.warns(UserWarning, match="missing for 2 of 300"):
        found = clone(estimator).fit(open_corpus(tmp_path / "shards"))
    with pytest.warns(UserWarning, match="missing for 2 of 300"):
        expected = clone(estimator).fit(with_holes)
    np.testing.assert_array_equal(found.components_, expected.components_)


def fitted_together():
    corpus = planted()
    model = ProdLDA(**SETTINGS, prevalence=FORMULA).fit(corpus)
    return model.prevalence_, model.components_


@pytest.mark.slow
def test_two_processes_have_one_prevalence():
    (one, words), (other, others) = results(fitted_together)
    pd.testing.assert_frame_equal(one, other)
    np.testing.assert_array_equal(words, others)
    assert one.to_numpy().any()


def texts_of(corpus):
    words = [str(word) for word in corpus.vocabulary]
    rows = (corpus.counts[[row]].toarray()[0].astype(int) for row in range(len(corpus)))
    return [
        " ".join(word for word, count in zip(words, row, strict=True) for _ in range(count)) for row in rows
    ]


@pytest.fixture
def _routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("_routing")
def test_metadata_is_routed_by_pipelines_and_grid_search(corpus, model):
    texts, metadata = texts_of(corpus), frame(corpus)
    estimator = ProdLDA(**SETTINGS, prevalence=FORMULA)
    for method in ("fit", "transform", "score"):
        getattr(estimator, f"set_{method}_request")(metadata=True)
    pipeline = Pipeline([("words", CountVectorizer()), ("topics", estimator)])
    shares = pipeline.fit(texts, metadata=metadata).transform(texts, metadata=metadata)
    np.testing.assert_allclose(shares, model.transform(corpus), atol=1e-5)
    assert pipeline.fit_transform(texts, metadata=metadata).shape == (N, K)
    search = GridSearchCV(pipeline, {"topics__prevalence": ["side", None]}, cv=2, refit=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "metadata is not used")
        search.fit(texts, metadata=metadata)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    topics = TopicPipeline(ProdLDA(**SETTINGS, prevalence=FORMULA), CountVectorizer())
    for method in ("fit", "score", "transform"):
        getattr(topics, f"set_{method}_request")(metadata=True)
    search = GridSearchCV(topics, {"model__prevalence": ["side"]}, cv=2)
    search.fit(texts, metadata=metadata)
    assert np.isfinite(search.best_score_)
    assert list(search.best_estimator_.model_.prevalence_.index) == ["side[T.b]"]


def test_a_pipeline_of_texts_takes_metadata(corpus, model):
    texts, metadata = texts_of(corpus), frame(corpus)
    topics = TopicPipeline(ProdLDA(**SETTINGS, prevalence=FORMULA), CountVectorizer())
    topics.fit(texts, metadata=metadata)
    np.testing.assert_allclose(topics.transform(texts, metadata=metadata), model.transform(corpus), atol=1e-5)
    assert topics.score(texts, metadata=metadata) == pytest.approx(model.score(corpus), rel=1e-5)
    read = topics.read(texts, metadata=metadata)
    np.testing.assert_array_equal(topics.model_.transform(read), topics.transform(texts, metadata=metadata))


def run(*arguments):
    done = CliRunner().invoke(program, list(map(str, arguments)), prog_name="hftopic")
    assert done.exit_code == 0, done.output
    return done.output


def test_commands_use_the_columns_of_the_corpus(corpus, tmp_path):
    table = frame(corpus).assign(text=texts_of(corpus))
    table.to_csv(tmp_path / "corpus.csv", index=False)
    settings = ("--groups", "3,3", "--hidden", "16", "--epochs", "4", "--min-df", "1", "--max-df", "1.0")
    formula = ("--prevalence", FORMULA, "--prevalence-shrinkage", "5", "--missing-metadata", "drop")
    run("fit", tmp_path / "corpus.csv", "--out", tmp_path / "model", "--quiet", *settings, *formula)
    found = load(tmp_path / "model")
    assert (found.prevalence_shrinkage, found.missing_metadata) == (5.0, "drop")
    assert found.prevalence_.to_numpy().any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run("transform", tmp_path / "model", tmp_path / "corpus.csv", "--out", tmp_path / "theta.csv")
        run("evaluate", tmp_path / "model", tmp_path / "corpus.csv")
        run("report", tmp_path / "model", tmp_path / "corpus.csv", "--out", tmp_path / "report.html")
    read = read_corpus(tmp_path / "corpus.csv", vocabulary=list(found.vocabulary_))
    shares = pd.read_csv(tmp_path / "theta.csv")
    assert len(shares) == len(read)
    arguments = ["fit", str(tmp_path / "corpus.csv"), "--out", str(tmp_path / "other"), "--prevalence", "dya"]
    done = CliRunner().invoke(program, arguments, prog_name="hftopic")
    assert done.exit_code
    assert "no column 'dya'" in done.output
    assert "did you mean 'day'" in done.output
