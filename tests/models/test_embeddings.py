"""Models whose encoder reads embeddings of documents, alone or beside their counts."""

import copy
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
import torch
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from hftopic import (
    NVDM,
    Concrete,
    Corpus,
    ModelFileError,
    Normal,
    ProdLDA,
    edit_topics,
    load,
    make_correlated_topics,
    open_corpus,
    write_corpus,
)
from hftopic.analysis import (
    compare,
    contributions,
    decompose,
    estimate_effects,
    topic_summary,
    topics_by_label,
)
from hftopic.analysis.encoded import topics_of_filled
from hftopic.data import streams
from hftopic.data.batches import Batch
from hftopic.data.documents import BagsOfWords
from hftopic.data.embeddings import encoder_input_of
from hftopic.models.saving import description_hash
from hftopic.training.checkpoint import Checkpoint
from tests.together import results

N, V, F, K = 300, 60, 12, 6
SETTINGS = {"groups": (3, 3), "hidden": (16,), "max_iter": 4, "batch_size": 32, "random_state": 0}
READERS = ("embeddings", "both")
pytestmark = pytest.mark.filterwarnings("ignore:.*(topics tell|no topic is active)")


def planted(n=N, seed=0, noise=0.05, length=40):
    """Documents with topics that can be known, and a random projection of their proportions with noise."""
    made = make_correlated_topics(n, groups=(3, 3), n_words=V, words_per_document=length, random_state=seed)
    generator = np.random.default_rng(seed)
    embeddings = made.proportions @ generator.standard_normal((K, F))
    embeddings = 3 + embeddings + noise * generator.standard_normal((n, F))
    return made, embeddings.astype(np.float32)


@pytest.fixture(scope="module")
def made():
    return planted()


@pytest.fixture(scope="module")
def corpus(made):
    counts, words = made[0].corpus.counts, made[0].corpus.vocabulary
    labels = made[0].proportions.argmax(1).astype(str)
    return Corpus(counts, words, labels=labels, names=[f"d{row}" for row in range(N)])


@pytest.fixture(scope="module")
def embeddings(made):
    return made[1]


@pytest.fixture(scope="module")
def models(corpus, embeddings):
    return {
        reads: ProdLDA(**SETTINGS, encoder_input=reads).fit(corpus, embeddings=embeddings)
        for reads in READERS
    }


@pytest.fixture(params=READERS)
def model(request, models):
    return models[request.param]


def weights_of(model):
    return {name: tensor.numpy().tobytes() for name, tensor in model._network.state_dict().items()}


def test_an_encoder_of_embeddings_reads_no_counts(models, corpus, embeddings):
    """The counts of the documents are exchanged, or left out: not a bit of the answer changes."""
    model = models["embeddings"]
    shares = model.transform(corpus, embeddings=embeddings)
    for other in (corpus.counts[::-1], sp.csr_array(corpus.counts * 3), None):
        np.testing.assert_array_equal(model.transform(other, embeddings=embeddings), shares)
    alone = model.posterior(embeddings=embeddings)
    np.testing.assert_array_equal(alone.variance, model.posterior(corpus, embeddings=embeddings).variance)
    np.testing.assert_array_equal(model.transform_latent(embeddings=embeddings), alone.mean)
    words = model.word_probabilities(embeddings=embeddings)
    np.testing.assert_array_equal(words, model.word_probabilities(corpus, embeddings=embeddings))
    assert np.abs(model.transform(embeddings=embeddings[::-1]) - shares).max() > 1e-3
    table = model.set_output(transform="pandas").transform(embeddings=embeddings[:3])
    model.set_output(transform="default")
    assert table.columns.tolist() == model.get_feature_names_out().tolist()
    with pytest.raises(ValueError, match="pass the documents as X, or embeddings="):
        model.transform()


def test_both_are_read(models, corpus, embeddings):
    model = models["both"]
    shares = model.transform(corpus, embeddings=embeddings)
    for other in ((corpus.counts[::-1], embeddings), (corpus, embeddings[::-1])):
        assert np.abs(model.transform(other[0], embeddings=other[1]) - shares).max() > 1e-3
    with pytest.raises(ValueError, match="X is None, but the encoder of this ProdLDA needs word counts"):
        model.transform(embeddings=embeddings)


def test_both_with_layers_of_zeros_are_counts(corpus, embeddings):
    counts = ProdLDA(**SETTINGS, encoder_norm="none").fit(corpus)
    both = ProdLDA(**SETTINGS, encoder_norm="none", encoder_input="both").fit(corpus, embeddings=embeddings)
    own = counts._network.state_dict()
    both._network.load_state_dict(own, strict=False)
    with torch.no_grad():
        both._network.encoder.of_document.weight.zero_()
        for parameter in both._network.encoder.of_cluster.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(both.transform(corpus, embeddings=embeddings), counts.transform(corpus))


def test_an_embedding_is_read_whatever_its_units(models):
    """Its layer reads a direction in standard deviations: a row that is the mean has none, and reads as 0."""
    layer = models["embeddings"]._network.encoder.of_document
    counts, device = sp.csr_array((2, V), dtype=np.float32), torch.device("cpu")
    far = layer.mean + 1e6 * torch.stack([torch.zeros(F), torch.ones(F)]) / layer.precision
    with torch.no_grad():
        at_mean, outputs = layer(layer.read(Batch(counts, device, embeddings=far)))
        assert torch.equal(at_mean, layer.bias)
        scaled = torch.full((F,), layer.norm / F**0.5)
        torch.testing.assert_close(outputs, layer.weight @ scaled + layer.bias, rtol=1e-4, atol=1e-4)


def test_the_embeddings_tell_the_topics(made, corpus, embeddings):
    """By chance .24 of the documents would be of the topic most like their own; of seeds 0 to 4 .64 are.

    The deviation of chance is .025 with 300 documents: .5 is 10 of these away.
    """
    model = ProdLDA(**{**SETTINGS, "max_iter": 20}, encoder_input="embeddings")
    shares = model.fit_transform(corpus, embeddings=embeddings)
    topics = pd.crosstab(shares.argmax(1), made[0].proportions.argmax(1)).to_numpy()
    assert topics.max(1).sum() / N > 0.5


@pytest.mark.slow
def test_documents_in_another_language_have_the_topics_of_their_embeddings():
    """Zero-shot: documents without words have the planted topics as those do that the model was fitted on.

    The shares of agreement, about .7 of 300 documents each, have a difference with a deviation of .04: if
    they are the same, one in 10,000 is lower by .15. Of seeds 0 to 2 the differences are -.02, .04 and -.00.
    """
    made, embeddings = planted(2 * N, noise=0.1)
    known, foreign = np.arange(2 * N) % 2 == 0, np.arange(2 * N) % 2 == 1
    counts = made.corpus.counts
    model = ProdLDA(**{**SETTINGS, "max_iter": 20}, encoder_input="embeddings")
    model.fit(counts[known], embeddings=embeddings[known])
    shares = model.transform(embeddings=embeddings)
    topics, planted_topics = shares.argmax(1), made.proportions.argmax(1)
    name = pd.crosstab(topics[known], planted_topics[known]).idxmax(axis=1)
    agrees = name.reindex(topics).to_numpy() == planted_topics
    assert agrees[known].mean() > 0.5
    assert agrees[foreign].mean() > agrees[known].mean() - 0.15


def test_a_document_is_read_alone(model, corpus, embeddings):
    shares = model.transform(corpus, embeddings=embeddings)
    for rows in (np.array([7]), np.arange(N)[::-1], np.array([250, 3, 3, 11])):
        np.testing.assert_array_equal(
            model.transform(corpus[rows], embeddings=embeddings[rows]), shares[rows]
        )


def test_a_document_without_words_has_its_embedding(models, corpus, embeddings):
    """It is not left out, and there is no warning; its likelihood is -KL."""
    counts = corpus.counts.tolil()
    counts[[3, 8]] = 0
    empty = sp.csr_array(counts)
    with_words = models["embeddings"].transform(corpus, embeddings=embeddings)
    np.testing.assert_array_equal(models["embeddings"].transform(empty, embeddings=embeddings), with_words)
    found = models["both"].transform_latent(empty, embeddings=embeddings)
    assert np.abs(found[3] - found[8]).max() > 1e-3
    for model in models.values():
        elbo = model.score_samples(empty, embeddings=embeddings)
        posterior = model.posterior(empty, embeddings=embeddings).mean_field()
        kl = model._network.prior.kl(posterior).numpy()
        np.testing.assert_allclose(elbo[[3, 8]], -kl[[3, 8]], rtol=1e-5)
        encoded = model.encode(empty, embeddings=embeddings)
        np.testing.assert_array_equal(model.score_samples(encoded), elbo)
    with pytest.warns(UserWarning, match="2 of 300 documents have no words: they are excluded from training"):
        ProdLDA(**SETTINGS, encoder_input="both").fit(empty, embeddings=embeddings)


KINDS = {
    "double": lambda e: e.astype(np.float64),
    "lists": lambda e: e.tolist(),
    "frame": lambda e: pd.DataFrame(e, index=[f"d{row}" for row in range(len(e))]),
    "moved frame": lambda e: pd.DataFrame(e, index=[f"d{row}" for row in range(len(e))])[::-1],
    "columns first": np.asfortranarray,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_array_of_the_same_numbers_is_the_same(model, corpus, embeddings, kind):
    expected = model.transform(corpus, embeddings=embeddings)
    np.testing.assert_array_equal(model.transform(corpus, embeddings=KINDS[kind](embeddings)), expected)


def test_a_mapped_file_gives_the_model_of_the_array(corpus, embeddings, models, tmp_path):
    np.save(tmp_path / "e.npy", embeddings)
    mapped = np.load(tmp_path / "e.npy", mmap_mode="r")
    for reads, model in models.items():
        found = ProdLDA(**SETTINGS, encoder_input=reads).fit(corpus, embeddings=mapped)
        assert weights_of(found) == weights_of(model)
        np.testing.assert_array_equal(
            found.transform(corpus, embeddings=mapped), model.transform(corpus, embeddings=embeddings)
        )


def test_a_parameter_that_changes_after_a_fit_changes_no_answer(models, corpus, embeddings):
    counts = corpus.counts.tolil()
    counts[[3, 8]] = 0
    held = corpus.with_embeddings(embeddings)
    for reads, model in models.items():
        changed = copy.copy(model).set_params(encoder_input="counts")
        assert encoder_input_of(changed) == encoder_input_of(model) == reads
        np.testing.assert_array_equal(changed.transform(held), model.transform(held))
        encoded = model.encode(sp.csr_array(counts), embeddings=embeddings)
        assert len(topics_of_filled(changed, encoded).values) == N


def test_counts_read_no_embeddings(corpus, embeddings):
    model = ProdLDA(**SETTINGS).fit(corpus)
    assert model.embedding_size_ is None
    with pytest.warns(UserWarning, match="embeddings are not used"):
        found = ProdLDA(**SETTINGS).fit(corpus, embeddings=embeddings)
    assert weights_of(found) == weights_of(model)
    with pytest.warns(UserWarning, match="embeddings are not used"):
        np.testing.assert_array_equal(model.transform(corpus, embeddings=embeddings), model.transform(corpus))
    with pytest.raises(ValueError, match="needs word counts"):
        model.transform(embeddings=embeddings)


def with_value(embeddings, value):
    changed = embeddings.copy()
    changed[17, 2] = value
    return changed


WRONG = {
    "none": (lambda _: None, "embeddings"),
    "rows": (lambda e: e[:-1], "299 rows for 300 documents"),
    "dimensions": (lambda e: e[:, 0], r"two dimensions, got the shape \(300,\)"),
    "NaN": (lambda e: with_value(e, np.nan), "row 17 of embeddings has the value nan in column 2"),
    "infinite": (lambda e: with_value(e, np.inf), "row 17 of embeddings has the value inf"),
    "texts": (lambda e: e.astype(str), "not real numbers"),
    "names": (
        lambda e: pd.DataFrame(e, index=[f"x{row}" for row in range(N)]),
        "no row whose index is 'd0', the name of a document",
    ),
}
OF_FIT = {
    "constant": (lambda e: 0 * e + 0.1, "of all 300 documents are the same"),
    "tiny": (
        lambda e: e * 1e-42,
        "differ by 1e-30 at most, too little for float32; multiply all by a constant",
    ),
}
OF_FIT["rounding"] = (
    lambda e: np.float32(1) + np.float32(2**-23) * (e > 3),
    "differ by 1e-06 of their values at most, too little for float32",
)
OF_MODEL = {"width": (lambda e: e[:, :7], "7 columns, and ProdLDA was fitted on 12")}


@pytest.mark.parametrize("wrong", WRONG | OF_MODEL)
def test_wrong_embeddings_are_told(model, corpus, embeddings, wrong):
    change, told = (WRONG | OF_MODEL)[wrong]
    before = weights_of(model)
    methods = [model.transform, model.perplexity, model.encode]
    for method in methods if change(embeddings) is not None else methods[:1]:
        with pytest.raises(ValueError, match=told):
            method(corpus, embeddings=change(embeddings))
    with pytest.raises(ValueError, match=told):
        copy.deepcopy(model).partial_fit(corpus, embeddings=change(embeddings))
    assert weights_of(model) == before


def test_no_documents_are_told_as_scikit_learn_tells_them(models, embeddings):
    with pytest.raises(ValueError, match=r"0 sample\(s\) \(shape=\(0, 12\)\) while .* required by ProdLDA"):
        models["embeddings"].transform(embeddings=embeddings[:0])


@pytest.mark.parametrize("wrong", WRONG | OF_FIT)
def test_a_fit_of_wrong_embeddings_changes_nothing(models, corpus, embeddings, wrong, tmp_path):
    change, told = (WRONG | OF_FIT)[wrong]
    model = copy.deepcopy(models["both"])
    before = weights_of(model)
    with pytest.raises(ValueError, match=told):
        model.fit(corpus, embeddings=change(embeddings), checkpoint=tmp_path / "kept")
    assert weights_of(model) == before
    assert model.embedding_size_ == F
    assert not (tmp_path / "kept").exists()


def test_embeddings_that_differ_in_empty_documents_alone_are_refused(corpus):
    """Empty documents are left out of training, so that the others must differ."""
    counts = corpus.counts.tolil()
    counts[[3, 8]] = 0
    alike = np.full((N, F), 0.1, dtype=np.float32)
    alike[[3, 8]] = [[1.0], [2.0]]
    estimator = ProdLDA(**SETTINGS, encoder_input="embeddings")
    with (
        pytest.warns(UserWarning, match="2 of 300 documents have no words"),
        pytest.raises(ValueError, match="of all 298 documents are the same"),
    ):
        estimator.fit(sp.csr_array(counts), embeddings=alike)


def test_counts_are_needed_where_words_are_explained(models, embeddings):
    model = models["embeddings"]
    for method in ("fit", "partial_fit", "perplexity", "score", "score_samples", "encode", "word_usage"):
        with pytest.raises(ValueError, match=r"X is None, but .* needs word counts"):
            getattr(copy.copy(model), method)(None, embeddings=embeddings)
    for method in ("perplexity", "score_samples", "encode"):
        with pytest.raises(ValueError, match=r"X is None, but .* needs word counts"):
            getattr(model, method)(None)


@pytest.mark.parametrize("scale", [1, 1e25, 1e-25])
def test_rows_in_another_order_are_told(corpus, embeddings, scale):
    """The neighbours of 300 documents have more words in common by 20 deviations and more.

    Of rows in a random order that exceeds 4 deviations once in some thousand times: the order has a seed.
    """
    order = np.random.default_rng(3).permutation(N)
    estimator = ProdLDA(**{**SETTINGS, "max_iter": 1}, encoder_input="embeddings")
    embeddings = embeddings * np.float32(scale)
    with pytest.warns(UserWarning, match="may be in another order"):
        estimator.fit(corpus, embeddings=embeddings[order])
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*another order")
        estimator.fit(corpus, embeddings=embeddings)
        estimator.fit(corpus[:60], embeddings=embeddings[order][:60])  # too few to tell


def test_a_model_is_saved_copied_and_pickled(model, corpus, embeddings, tmp_path):
    model.save(tmp_path / "one")
    loaded = load(tmp_path / "one")
    loaded.save(tmp_path / "two")
    for file in ("model.json", "model.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    expected = model.transform(corpus, embeddings=embeddings)
    for again in (loaded, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert again.embedding_size_ == F
        np.testing.assert_array_equal(again.transform(corpus, embeddings=embeddings), expected)
        again.partial_fit(corpus, embeddings=embeddings)


@pytest.mark.parametrize("size", [None, 5, "12", 12.5, -1])
def test_a_changed_size_is_refused(models, tmp_path, size):
    models["both"].save(tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    description = {**json.loads(file.read_text()), "embedding_size": size}
    file.write_text(json.dumps({**description, "sha256": description_hash(description)}))
    with pytest.raises(ModelFileError, match="embedding_size"):
        load(tmp_path / "model")


def test_what_is_encoded_keeps_its_embeddings(model, corpus, embeddings):
    encoded = model.encode(corpus, embeddings=embeddings)
    np.testing.assert_array_equal(encoded.embeddings, embeddings)
    np.testing.assert_array_equal(model.transform(encoded), model.transform(corpus, embeddings=embeddings))
    assert model.perplexity(encoded) == model.perplexity(corpus, embeddings=embeddings)
    part = encoded.select(np.array([4, 2]))
    np.testing.assert_array_equal(part.embeddings, embeddings[[4, 2]])
    with pytest.raises(ValueError, match="encoded with their embeddings: pass embeddings to encode"):
        model.transform(encoded, embeddings=embeddings)


def test_the_analysis_takes_encoded_documents(model, corpus, embeddings):
    encoded = model.encode(corpus, embeddings=embeddings)
    assert len(topic_summary(model, encoded)) == K
    assert decompose(model, encoded).terms["value"].notna().all()
    assert topics_by_label(model, encoded, topics="all").index.tolist() == sorted(set(corpus.labels))
    assert len(contributions(model, encoded))
    with pytest.raises(ValueError, match=r"model.encode\(X, embeddings=...\)"):
        topic_summary(model, corpus)


def test_edited_models_read_the_same(model, corpus, embeddings):
    edited = edit_topics(model, merge=[(0, 1)], drop=[4])
    shares = model.transform(corpus, embeddings=embeddings)
    expected = np.column_stack([shares[:, 0] + shares[:, 1], shares[:, [2, 3, 5]]])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(edited.transform(corpus, embeddings=embeddings), expected, atol=1e-6)
    encoded = model.encode(corpus, embeddings=embeddings)
    again = edit_topics(model, merge=[(0, 1)], drop=[4], X=corpus, embeddings=embeddings)
    assert len(again.topic_summary_) == 4
    assert edit_topics(model, drop=[4], X=encoded).topic_summary_["share"].notna().all()
    own = edited.encode(corpus, embeddings=embeddings)
    assert edited.perplexity(own) == model.perplexity(encoded)
    np.testing.assert_array_equal(edited.attributed_values(own), shares)
    if model.encoder_input == "embeddings":
        np.testing.assert_array_equal(edited.transform(embeddings=embeddings), edited.transform(own))


@pytest.mark.parametrize(
    "estimator",
    [
        NVDM(**SETTINGS),
        ProdLDA(**{**SETTINGS, "groups": (Normal(3), Concrete(2))}),
        ProdLDA(**SETTINGS, topic_softmax="group", marginals="full", assignment="fixed"),
        ProdLDA(**SETTINGS, encoder_norm="shift", decoder_norm="shift", validation_fraction=0.2),
        ProdLDA(**SETTINGS, seed_words={0: [1, 2], 4: [7]}),
    ],
    ids=["nvdm", "classes", "simplexes", "norms", "seeds"],
)
@pytest.mark.parametrize("reads", READERS)
def test_every_kind_of_model_reads_them(estimator, reads, corpus, embeddings):
    model = clone(estimator).set_params(encoder_input=reads)
    if estimator.seed_words:
        corpus = corpus.counts
    shares = model.fit_transform(corpus, embeddings=embeddings)
    assert np.isfinite(shares).all()
    assert np.isfinite(model.perplexity(corpus, embeddings=embeddings))
    if model.groups != (3, 3):
        np.testing.assert_array_equal(
            model.predict(corpus, embeddings=embeddings)[:5],
            model.predict(corpus[:5], embeddings=embeddings[:5]),
        )


def test_topics_are_exchanged_with_the_clusters_they_begin_at(model, corpus, embeddings):
    """The posterior of each topic goes where it goes; sums are rounded in another order."""
    changed, order = copy.deepcopy(model), np.array([4, 0, 5, 2, 1, 3])
    network = changed._network
    scores = network.encoder.of_cluster.weight.clone()
    assert scores.abs().min(1).values.max() > 0
    network.reorder(order, network.state_dict())
    assert torch.equal(network.encoder.of_cluster.weight, scores[order])
    found, before = (one.posterior(corpus, embeddings=embeddings) for one in (changed, model))
    np.testing.assert_allclose(found.mean, np.asarray(before.mean)[:, order], atol=1e-5)
    np.testing.assert_allclose(found.variance, np.asarray(before.variance)[:, order], rtol=1e-5)


def test_streams_keep_the_scaling_of_the_first_call(corpus, embeddings):
    model = ProdLDA(**SETTINGS, encoder_input="both")
    model.partial_fit(corpus[:150], embeddings=embeddings[:150])
    layer = model._network.encoder.of_document
    np.testing.assert_allclose(layer.mean, embeddings[:150].mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.precision, 1 / embeddings[:150].std(0), rtol=1e-5)
    mean, precision = layer.mean.clone(), layer.precision.clone()
    model.partial_fit(corpus[150:], embeddings=embeddings[150:])
    assert torch.equal(model._network.encoder.of_document.mean, mean)
    assert torch.equal(model._network.encoder.of_document.precision, precision)
    with pytest.raises(ValueError, match="no embeddings"):
        model.partial_fit(corpus[150:])
    with pytest.raises(ValueError, match="encoder_input was 'both'"):
        model.set_params(encoder_input="counts").partial_fit(corpus[150:], embeddings=embeddings[150:])


def test_columns_that_are_alike_have_no_effect(corpus, embeddings):
    padded = np.column_stack([embeddings, np.full((N, 2), 0.1, dtype=np.float32)])
    model = ProdLDA(**SETTINGS, encoder_input="embeddings").fit(corpus, embeddings=padded)
    other = padded.copy()
    other[:, -2:] = 7.0
    np.testing.assert_array_equal(model.transform(embeddings=other), model.transform(embeddings=padded))


def test_a_column_is_read_whatever_the_others_are(corpus, embeddings):
    """Whether it varies is told by its own rounding, not by a column in much larger units, as a price."""
    made = np.random.default_rng(0)
    rounded = (0.1 * (1 + 1e-7 * made.standard_normal(N))).astype(np.float32)
    assert len(set(rounded)) > 1
    price = (1e9 * made.standard_normal(N)).astype(np.float32)
    read = [True] * F + [False]
    for added, expected in (([rounded], read), ([rounded, price], [*read, True])):
        model = ProdLDA(**{**SETTINGS, "max_iter": 1}, encoder_input="embeddings")
        model.fit(corpus, embeddings=np.column_stack([embeddings, *added]))
        assert (model._network.encoder.of_document.precision > 0).tolist() == expected


def test_several_starts_have_the_embeddings(corpus, embeddings, models):
    found = ProdLDA(**SETTINGS, encoder_input="both", n_init=2).fit(corpus, embeddings=embeddings)
    assert len(found.losses_) == 2
    first, second = found.losses_
    assert first != second
    assert (weights_of(found) == weights_of(models["both"])) == (first < second)
    assert found.embedding_size_ == F


class Ended(BaseException):
    """The end of a process."""


def test_a_fit_goes_on_from_a_checkpoint_with_the_same_bytes(
    corpus, embeddings, models, tmp_path, monkeypatch
):
    write, written = Checkpoint._write, []

    def ended(checkpoint, *arguments):
        write(checkpoint, *arguments)
        written.append(arguments)
        if len(written) == 9:
            raise Ended

    monkeypatch.setattr(Checkpoint, "_write", ended)
    estimator = ProdLDA(**SETTINGS, encoder_input="both")
    arguments = {"checkpoint": tmp_path / "kept", "checkpoint_minutes": 0}
    with pytest.raises(Ended):
        clone(estimator).fit(corpus, embeddings=embeddings, **arguments)
    with pytest.raises(ValueError, match="documents"):
        clone(estimator).fit(corpus, embeddings=embeddings + 1, **arguments)
    found = clone(estimator).fit(corpus, embeddings=embeddings, **arguments)
    assert weights_of(found) == weights_of(models["both"])


def test_shards_give_the_model_of_the_corpus_in_memory(corpus, embeddings, models, tmp_path, monkeypatch):
    write_corpus(corpus, tmp_path / "shards", format="shards")
    shards = open_corpus(tmp_path / "shards")
    for reads, model in models.items():
        found = ProdLDA(**SETTINGS, encoder_input=reads).fit(shards, embeddings=embeddings)
        assert weights_of(found) == weights_of(model)
        for method in ("transform", "score_samples"):
            expected = getattr(model, method)(corpus, embeddings=embeddings)
            np.testing.assert_array_equal(getattr(found, method)(shards, embeddings=embeddings), expected)
    monkeypatch.setattr(streams, "BLOCK", 16)
    monkeypatch.setattr(streams, "WINDOW", 4)
    estimator = ProdLDA(**SETTINGS, encoder_input="both", validation_fraction=0.1)
    windows = estimator.fit(shards, embeddings=embeddings)
    np.testing.assert_array_equal(
        windows.transform(shards, embeddings=embeddings), windows.transform(corpus, embeddings=embeddings)
    )


def fitted_together():
    made, embeddings = planted()
    model = ProdLDA(**SETTINGS, encoder_input="both").fit(made.corpus, embeddings=embeddings)
    return weights_of(model)


@pytest.mark.slow
def test_two_processes_have_one_model():
    one, other = results(fitted_together)
    assert one == other


def texts_of(corpus):
    words = np.array([f"term{chr(97 + i // 10)}{chr(97 + i % 10)}" for i in range(V)])
    return [" ".join(words.repeat(row)) for row in corpus.counts.toarray().astype(int)]


def test_embeddings_are_routed_by_pipelines_and_grid_search(corpus, embeddings):
    texts = texts_of(corpus)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = ProdLDA(**SETTINGS, encoder_input="both")
        for method in ("fit", "transform", "score"):
            getattr(estimator, f"set_{method}_request")(embeddings=True)
        pipeline = Pipeline([("words", CountVectorizer()), ("topics", estimator)])
        shares = pipeline.fit(texts, embeddings=embeddings).transform(texts, embeddings=embeddings)
        assert shares.shape == (N, K)
        assert pipeline.fit_transform(texts, embeddings=embeddings).shape == (N, K)
        search = GridSearchCV(pipeline, {"topics__encoder_input": READERS}, cv=2, refit=False)
        search.fit(texts, embeddings=embeddings)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_effects_of_a_prior_with_metadata(corpus, embeddings):
    """The posterior of documents that are selected is that of their own embeddings and metadata."""
    side = np.where(np.arange(N) % 2 == 0, "a", "b").astype(object)
    known = {"side": side, "part": np.where(np.arange(N) < 20, None, "x").astype(object)}
    estimator = ProdLDA(**SETTINGS, encoder_input="both", prevalence="side")
    model = estimator.fit(corpus, metadata=known, embeddings=embeddings)
    encoded = model.encode(corpus, metadata=known, embeddings=embeddings)
    given = {"topics": "all", "n_draws": 3, "draws": "posterior", "random_state": 0}
    found = estimate_effects(model, encoded, "side", **given)
    assert len(found.terms) == 1
    with pytest.raises(ValueError, match=r"model.encode\(X, embeddings=...\)"):
        estimate_effects(model, corpus.with_metadata(known), "side", **given)


def test_a_batch_that_loses_them_is_told(corpus, embeddings):
    class Lossy(BagsOfWords):
        def batch(self, rows, device):
            return Batch(super().batch(rows, device).rows, device)

    class Model(ProdLDA):
        def _documents(self, counts, more):  # noqa: ARG002
            return Lossy(counts)

    with pytest.raises(TypeError, match="a Batch has lost its embeddings"):
        Model(**SETTINGS, encoder_input="both").fit(corpus, embeddings=embeddings)


def test_embeddings_are_those_of_the_corpus_or_passed(model, corpus, embeddings):
    held = corpus.with_embeddings(embeddings)
    expected = model.transform(corpus, embeddings=embeddings)
    for documents in (held, held.with_embeddings(embeddings[::-1])):
        given = {} if documents is held else {"embeddings": embeddings}  # what is passed comes first
        np.testing.assert_array_equal(model.transform(documents, **given), expected)
    rows = np.array([5, 2, 200])
    np.testing.assert_array_equal(model.transform(held[rows]), expected[rows])
    found = ProdLDA(**SETTINGS, encoder_input=model.encoder_input).fit(held)
    assert weights_of(found) == weights_of(model)
    assert len(topic_summary(model, held)) == K  # the analysis encodes the corpus itself
    plain = ProdLDA(**SETTINGS).fit(held)  # without a warning: they are not passed
    np.testing.assert_array_equal(plain.transform(held), plain.transform(corpus))


def test_shards_that_hold_them_are_read_in_pieces(model, corpus, embeddings, tmp_path):
    write_corpus(corpus.with_embeddings(embeddings), tmp_path / "shards", format="shards")
    shards = open_corpus(tmp_path / "shards")
    found = ProdLDA(**SETTINGS, encoder_input=model.encoder_input).fit(shards)
    assert weights_of(found) == weights_of(model)
    expected = model.transform(corpus, embeddings=embeddings)
    np.testing.assert_array_equal(found.transform(shards), expected)
    np.testing.assert_array_equal(found.encode(shards).embeddings, embeddings)
    np.testing.assert_array_equal(found.transform(shards[40:60]), expected[40:60])


class Kept:
    """Runs of one comparison."""

    def __init__(self):
        self.plan, self.runs = None, {}

    def finished(self, plan):
        if self.plan is not None and self.plan != plan:
            raise ValueError([name for name in plan if plan[name] != self.plan[name]])
        self.plan = plan
        return self.runs

    def keep(self, setting, run, table):  # noqa: ARG002
        self.runs[setting.name, setting.seed] = run


def test_settings_are_compared_with_the_embeddings_of_the_corpus(corpus, embeddings):
    held = corpus.with_embeddings(embeddings)
    estimator = ProdLDA(**{**SETTINGS, "max_iter": 2})
    grid = {"encoder_input": ["counts", *READERS]}
    kept = Kept()
    found = compare(estimator, grid, train=held, validation=held[:50], store=kept)
    assert np.isfinite(found.table["perplexity"].to_numpy(dtype=float)).all()
    assert len(kept.runs) == 3
    other = held.with_embeddings(embeddings[::-1])
    with pytest.raises(ValueError, match="train"):  # whose counts are the same
        compare(estimator, grid, train=other, validation=held[:50], store=kept)
