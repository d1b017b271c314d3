"""The recipes of CONTRIBUTING: each part of the package replaced by one defined here, and used end to end."""

import copy
import inspect
import re
import warnings
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn
from torch.nn import functional
from torch.testing import assert_close

import hftopic
from hftopic import (
    HFVAE,
    Concrete,
    Corpus,
    LearnedCorrelation,
    Normal,
    ProdLDA,
    Ramp,
    load,
    make_correlated_topics,
    read_corpus,
    register,
)
from hftopic import analysis as a
from hftopic.data.batches import Batch
from hftopic.data.documents import BagsOfWords
from hftopic.data.formats import register_format, write_corpus
from hftopic.latent.groups import Discrete
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace
from hftopic.models import evaluation
from hftopic.models.registry import MODELS
from hftopic.networks.decoders import Decoder
from hftopic.networks.encoder import Encoder
from hftopic.networks.layers import Linear
from hftopic.networks.network import Network
from hftopic.objective import Objective, elbo_terms
from hftopic.report import write_report
from hftopic.training import Settings, Trainer, train

N_DOCUMENTS, N_WORDS = 150, 40
SMALL: dict[str, Any] = {"hidden": (16,), "max_iter": 6, "random_state": 0}


@pytest.fixture(scope="module")
def corpus():
    counts = make_correlated_topics(N_DOCUMENTS, groups=(2, 2), n_words=N_WORDS, random_state=0).corpus.counts
    labels = ["even" if row % 2 == 0 else "odd" for row in range(N_DOCUMENTS)]
    return Corpus(counts, [f"w{column}" for column in range(N_WORDS)], labels=labels)


def used_end_to_end(model, corpus, folder):
    """Fit, save, load, analyse and report; the loaded model must answer as the fitted one.

    ``corpus`` is whatever the model reads.
    """
    folder.mkdir(exist_ok=True)
    model.fit(corpus)
    model.save(folder / "model")
    loaded = load(folder / "model")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.transform(corpus), model.transform(corpus))
    assert loaded.perplexity(corpus) == model.perplexity(corpus)
    assert np.isfinite(model.perplexity(corpus))
    decomposition = a.decompose(loaded, corpus)
    assert decomposition.terms["value"].notna().all()
    summary = a.topic_summary(loaded, corpus)
    assert len(summary) == loaded.transform(corpus).shape[1]
    gaussian = loaded.latent_space_.gaussian
    assert (
        len(a.topic_correlation(loaded, corpus, active=gaussian, n_permutations=9).matrix) == gaussian.sum()
    )
    encoded = loaded.encode(corpus)
    assert set(a.contributions(loaded, corpus)["document"]) == set(np.flatnonzero(~encoded.empty))
    page = folder / "report.html"
    with warnings.catch_warnings():  # six epochs may leave no topic active
        warnings.filterwarnings("ignore", message=".*no pair to correlate")
        write_report(loaded, corpus, page, measures="u_mass", n_permutations=9)
    assert type(model).__name__ in page.read_text()
    loaded.partial_fit(corpus)
    return loaded


# An objective: its terms, their weights, and those of the prior's terms at every level.


@register
@dataclass(frozen=True)
class SmallMeansVAE(Objective):
    """Negative ELBO and a penalty on the squared posterior means."""

    penalty: float = 1.0

    def terms(self, step):
        return {**elbo_terms(step), "squared_means": step.posterior.mean.square().sum(1)}

    def weights(self, space, progress):  # noqa: ARG002
        return {"kl": 1.0, "squared_means": self.penalty}

    def level_weights(self, space, progress):  # noqa: ARG002
        return (1.0,) * (len(space.partitions) + 1)


def test_an_objective(corpus, tmp_path):
    """The penalty is in the history, and a hundred times as much of it leaves smaller means."""
    means = []
    for penalty in (0.1, 10.0):
        model = ProdLDA(groups=(2, 2), objective=SmallMeansVAE(penalty), **SMALL)
        used_end_to_end(model, corpus, tmp_path / str(penalty))
        assert "squared_means" in model.history_
        means.append(np.square(model.transform_latent(corpus)).mean())
    assert means[1] < means[0]


# A decoder: here a mixture, in which words are attributed to topics by their share of p(w).


@dataclass(frozen=True)
class Mixture:
    """Distribution over words: proportions (B, K) times word probabilities (K, V)."""

    proportions: Tensor
    words: Tensor

    def probabilities(self):
        return self.proportions @ self.words

    def log_likelihood(self, batch):
        log_p = self.probabilities().clamp_min(1e-30).log()
        return batch.sum_by_document(batch.counts * log_p.take(batch.cells))


class MixtureDecoder(Decoder):
    """p(w|z) = Σ_k θ_k p(w|k), θ = softmax(z): the decoder of latent Dirichlet allocation."""

    def __init__(self, space, background, generator):
        super().__init__()
        self.space, self.n_words = space, len(background)
        self.logits = nn.Parameter(
            background + torch.randn(space.n_topics, self.n_words, generator=generator)
        )

    def forward(self, sample, generator=None):  # noqa: ARG002
        return Mixture(torch.softmax(sample.z, 1), self._words())

    def represent(self, posterior):
        return torch.softmax(posterior.mean, 1)

    def components(self):
        return self.logits - self.logits.mean(0)

    def topics(self, sign=1):
        assert sign == 1, "topics of a mixture have one pole"
        return Mixture(torch.eye(self.space.n_topics), self._words())

    def topic_axes(self):
        return {"logits": (0,)}

    def attribution(self, components, mean, frequency):  # noqa: ARG002
        words = self._words().detach().numpy().astype(np.float64)

        def without(proportions, columns):
            """log p(w) less log p(w) without the topic, in nats: what the topic adds."""
            joint = proportions * words.T[columns]
            total = joint.sum(1, keepdims=True)
            return -np.log1p(-np.minimum(joint / total, 1 - 1e-9))

        return without

    def _words(self):
        return torch.softmax(self.logits, 1)


@register
class MixtureLDA(ProdLDA):
    """ProdLDA's encoder with the decoder above."""

    def _build_decoder(self, space, background, generator):
        return MixtureDecoder(space, background, generator)


def test_a_decoder(corpus, tmp_path):
    model = used_end_to_end(MixtureLDA(groups=(2, 2), **SMALL), corpus, tmp_path)
    theta = model.transform(corpus).astype(np.float64)
    mixed = model.word_probabilities(corpus)
    with torch.no_grad():
        words = model._network.decoder.topics().probabilities().numpy()
    np.testing.assert_allclose(mixed, theta @ words, rtol=1e-4)  # which no product of experts has
    table = a.contributions(model, corpus)
    row, column = table["document"].to_numpy(), table["column"].to_numpy()
    joint = theta[row] * words.T[column]
    assert (table["topic"].to_numpy(dtype=int) == joint.argmax(1)).all()
    share = joint.max(1) / joint.sum(1)
    np.testing.assert_allclose(table["strength"], -np.log1p(-share), rtol=1e-4)
    assert model._trainer.grouping.learns_groups  # topic_axes says how topics are exchanged
    assert np.abs(model.prior_correlation_ - np.eye(4)).max() > 0


class SignedMixtureDecoder(MixtureDecoder):
    """Says that its topics are signed, and has the reversed preferences at the other pole."""

    signed = True

    def topics(self, sign=1):
        return Mixture(torch.eye(self.space.n_topics), torch.softmax(sign * self.logits, 1))


@register
class SignedMixture(MixtureLDA):
    """A model whose decoder declares signed topics."""

    def _build_decoder(self, space, background, generator):
        return SignedMixtureDecoder(space, background, generator)


def test_a_decoder_declares_signed_topics(corpus, tmp_path):
    model = used_end_to_end(SignedMixture(groups=(2, 2), **SMALL), corpus, tmp_path)
    assert (model.topic_simplex_ == -1).all()
    summary = a.topic_summary(model, corpus)
    assert "share" not in summary
    assert "words_negative" in summary
    opposite = model.top_words(N_WORDS, pole="-", by="weight").drop(columns="group").to_numpy()
    straight = model.top_words(N_WORDS, by="weight").drop(columns="group").to_numpy()
    assert (opposite == straight[:, ::-1]).all()
    assert not MixtureLDA(groups=2, **SMALL).fit(corpus).signed_topics_


# An encoder input: here a vector for each document beside its counts, as an embedding of its text would be.


@dataclass(frozen=True)
class EmbeddedBatch(Batch):
    """Counts of documents, and a vector for each."""

    vectors: Tensor = field(default_factory=lambda: torch.empty(0))


@dataclass(frozen=True)
class EmbeddedDocuments(BagsOfWords):
    """Documents with a row of ``vectors`` each."""

    vectors: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    def batch(self, rows, device):
        counts = super().batch(rows, device)
        chosen = self.vectors[rows if self.rows is None else self.rows[rows]]
        vectors = torch.from_numpy(chosen).to(device)
        return EmbeddedBatch(counts.rows, device, counts.dtype, vectors, design=counts.design)


class VectorEncoder(Encoder):
    """Reads only the vectors of documents."""

    def build_first_layer(self, n_words, width, generator):  # noqa: ARG002
        self.input = Linear(2, width, generator)

    def first_layer(self, batch, generator):  # noqa: ARG002
        return self.input(batch.vectors)


@register
class EmbeddedLDA(ProdLDA):
    """ProdLDA whose encoder reads vectors: X is a pair of the documents and a vector for each."""

    scale: Annotated[float, Interval(Real, 0, None, closed="neither")] = 1.0

    def _split_input(self, X):
        return X

    def _documents(self, counts, more):
        return EmbeddedDocuments(counts, vectors=self.scale * np.asarray(more, dtype=np.float32))

    def _build_encoder(self, n_words, space, generator):
        return self._encoder(n_words, space, torch.tanh, generator, VectorEncoder)


def test_an_encoder_input(corpus, tmp_path):
    """The vectors are random, so the counts cannot replace them; the answers depend on the vectors only."""
    vectors = np.random.default_rng(0).standard_normal((N_DOCUMENTS, 2))
    model = EmbeddedLDA(groups=(2, 2), scale=0.1, validation_fraction=0.2, **SMALL)
    loaded = used_end_to_end(model, (corpus, vectors), tmp_path)
    assert loaded.get_params()["scale"] == 0.1
    assert "even" in (tmp_path / "report.html").read_text()  # the labels of the corpus
    theta = loaded.transform((corpus, vectors))
    other = corpus[::-1]
    np.testing.assert_array_equal(loaded.transform((other, vectors)), theta)
    assert np.abs(loaded.transform((corpus, vectors[::-1])) - theta).max() > 1e-3
    encoded = loaded.encode((corpus, vectors))
    assert a.topics_by_label(loaded, encoded, topics="all").index.tolist() == ["even", "odd"]
    with pytest.raises(ValueError, match="'scale' parameter"):
        EmbeddedLDA(scale=0.0).fit((corpus, vectors))


# A prior.


@register
@dataclass(frozen=True)
class Shifted:
    """Gaussian prior with a mean of its own."""

    mean: float = 0.5
    variance: float = 2.0

    def moments(self, space, simplex_sizes):  # noqa: ARG002
        return np.full(space.n_dims, self.mean), np.full(space.n_dims, self.variance)


def test_a_prior(corpus, tmp_path):
    model = used_end_to_end(ProdLDA(groups=(2, 2), prior=Shifted(0.25, 1.5), **SMALL), corpus, tmp_path)
    assert model.prior == Shifted(0.25, 1.5)
    assert (model.prior_mean_ == 0.25).all()
    assert (model.prior_variance_ == 1.5).all()
    empty = sp.csr_array((1, N_WORDS), dtype=np.float32)
    with pytest.warns(UserWarning, match="no words"):
        assert_close(model.transform_latent(empty), np.full((1, 4), 0.25, dtype=np.float32))


# A latent variable: here one whose classes are in an order.


@register
@dataclass(frozen=True)
class Ordinal(Discrete):
    """Classes in an order: log π_c is -precision (c - location)² up to a constant, from two outputs."""

    classes: int = 5

    @property
    def n_logits(self):
        return 2

    def log_probabilities(self, logits):
        location, precision = self.classes * torch.sigmoid(logits[:, :1]), functional.softplus(logits[:, 1:])
        steps = torch.arange(self.classes, dtype=logits.dtype, device=logits.device)
        return torch.log_softmax(-precision * (steps - location).square(), 1)

    def temperature_at(self, share):
        return 1.0 - 0.5 * share

    def log_prior(self):
        return torch.full((self.classes,), 1 / self.classes, dtype=torch.float64).log()


def test_a_latent_variable(corpus, tmp_path):
    """Class probabilities rise to one highest class and then fall, which those of a Concrete need not."""
    model = used_end_to_end(ProdLDA(groups=(3, Ordinal(5)), **SMALL), corpus, tmp_path)
    (classes,) = model.posterior(corpus).class_probabilities
    assert classes.shape == (N_DOCUMENTS, 5)
    assert_close(classes.sum(1), np.ones(N_DOCUMENTS, dtype=np.float32))
    rising = np.diff(np.log(classes.astype(np.float64)), axis=1) > 0
    assert (np.diff(rising.astype(int), axis=1) <= 0).all()
    assert set(model.predict(corpus)) <= set(range(5))
    assert model.topic_simplex_.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


# A corpus format.


def read_bags(path: Path) -> Corpus:
    """A document a line, its words separated by blanks."""
    documents = [line.split() for line in path.read_text().splitlines()]
    words = sorted({word for document in documents for word in document})
    counts = [[document.count(word) for word in words] for document in documents]
    return Corpus(counts, words)


def write_bags(corpus: Corpus, path: Path) -> None:
    """Inverse of read_bags, except for the order of words."""
    counts = corpus.counts.toarray().astype(int)
    lines = [" ".join(np.repeat(corpus.vocabulary, row)) for row in counts]
    path.write_text("\n".join(lines) + "\n")


def test_a_corpus_format(corpus, tmp_path):
    register_format("bags", read_bags, write_bags, endings=[".bags"])
    file = tmp_path / "planted.bags"
    write_corpus(corpus, file)
    again = read_corpus(file, vocabulary=corpus.vocabulary)
    np.testing.assert_array_equal(again.counts.toarray(), corpus.counts.toarray())
    labelled = read_corpus(file, labels=corpus.labels)
    assert labelled.labels.tolist() == corpus.labels.tolist()
    used_end_to_end(ProdLDA(groups=(2, 2), **SMALL), again, tmp_path)
    register_format("bags", read_bags, write_bags, endings=[".bags"])  # a notebook's cell that is run again
    with pytest.raises(ValueError, match="format 'bags' is already in use"):
        register_format("bags", write_bags)
    with pytest.raises(ValueError, match=r"ending '\.csv' is already in use"):
        register_format("other", read_bags, endings=[".csv"])
    with pytest.raises(ValueError, match=r"an ending is a point and letters.*got 'bow'"):
        register_format("other", read_bags, endings=["bow"])
    with pytest.raises(TypeError, match="endings must be a list"):
        register_format("other", read_bags, endings=".bow")


def test_a_reader_or_writer_that_fails(corpus, tmp_path):
    """Nothing half-written stays, and what is not a Corpus is named."""

    def half(_, path):
        path.write_text("half")
        raise OSError("no space")

    register_format("half", lambda _: [[1, 2]], half, endings=[".half"])
    with pytest.raises(OSError, match="no space"):
        write_corpus(corpus, tmp_path / "c.half")
    register_format("nothing", read_bags, lambda *_: None)
    with pytest.raises(ValueError, match="writer of format 'nothing' wrote nothing"):
        write_corpus(corpus, tmp_path / "c", format="nothing")
    register_format(
        "twice", read_bags, lambda _, path: [f.write_text("") for f in (path, path.with_suffix(".b"))]
    )
    with pytest.raises(ValueError, match=r"writer of format 'twice' also wrote 'c\.b'"):
        write_corpus(corpus, tmp_path / "c.a", format="twice")
    assert not any(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="mine exists"):
        write_corpus(corpus, tmp_path / "mine", format="bags")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "precious"
    (tmp_path / "c.half").write_text("something")
    with pytest.raises(TypeError, match="reader of format 'half' must return a Corpus; got list"):
        read_corpus(tmp_path / "c.half")


# A custom network: images, with the trainer and the objectives of topic models.


@dataclass(frozen=True)
class Images:
    """Documents that are images."""

    pixels: np.ndarray

    def __len__(self):
        return len(self.pixels)

    def batch(self, rows, device):
        return torch.from_numpy(self.pixels[rows]).to(device)


@dataclass(frozen=True)
class Pixels:
    """Gaussian pixels around a mean, with unit variance."""

    mean: Tensor

    def log_likelihood(self, batch):
        return -0.5 * (batch - self.mean).square().flatten(1).sum(1)


class ImageNetwork(Network[Tensor]):
    """Convolution and linear heads; a linear decoder."""

    def __init__(self, space, side, generator, learned=None):
        prior = LatentPrior(space, torch.zeros(space.n_dims), torch.eye(space.n_dims))
        super().__init__(prior, learned)
        self.convolution = nn.Parameter(0.3 * torch.randn(4, 1, 3, 3, generator=generator))
        self.side = side
        self.mean = Linear(4 * side**2, space.n_dims, generator)
        self.log_variance = Linear(4 * side**2, space.n_dims, generator)
        self.pixels = Linear(space.n_dims, side**2, generator)

    def encode(self, batch, generator=None):  # noqa: ARG002
        features = functional.conv2d(batch[:, None], self.convolution, padding=1).relu().flatten(1)
        return MeanFieldPosterior(self.mean(features), self.log_variance(features).clamp(-8, 4))

    def topic_axes(self):
        heads = {f"{head}.{name}": (0,) for head in ("mean", "log_variance") for name in ("weight", "bias")}
        return {**heads, "pixels.weight": (1,)}

    def decode(self, sample, generator=None):  # noqa: ARG002
        return Pixels(self.pixels(sample.z).unflatten(1, (self.side, self.side)))


def test_a_network_of_images():
    """Two planted factors paint two halves; the trained network explains most of the variance they make.

    Pixels are ±5 by planted signs, so that a network that knows nothing loses 12.5 nats a pixel.
    """
    rng = np.random.default_rng(0)
    signs = rng.choice([-1, 1], (200, 2)).astype(np.float32)
    pixels = 5 * np.repeat(np.repeat(signs[:, None, :], 3, axis=2), 6, axis=1)  # (200, 6, 6)
    generator = torch.Generator().manual_seed(0)
    network = ImageNetwork(LatentSpace((1, 1)), 6, generator)
    documents = Images(pixels)
    settings = Settings(batch_size=50, max_iter=60, learning_rate=0.01, warm_up=0.5, patience=5)
    trainer = Trainer(network, HFVAE(beta=0.5, gamma=2.0), settings, generator)
    train(trainer, documents, validation=Images(pixels[:40]))
    assert {"between_groups", "within_groups", "validation_loss"} <= set(trainer.records[0])
    assert trainer.records[-1]["reconstruction"] < 0.2 * 12.5 * 36
    posterior = evaluation.posterior(network, documents)
    assert len(posterior) == 200
    noise = torch.randn(10, 2, generator=generator)
    elbo = evaluation.elbo(network, documents, noise)
    assert elbo.shape == (200,)
    parts = [evaluation.elbo(network, Images(pixels[half]), noise) for half in (slice(90), slice(90, 200))]
    np.testing.assert_allclose(np.concatenate(parts), elbo, rtol=1e-5)


def test_groups_and_correlations_of_a_network_of_images():
    """Two pairs of factors; those of a pair paint with the same sign in nine of ten images.

    The seed gives a fit that finds all four factors. By chance, both pairs are apart with probability 1/3.
    """
    rng = np.random.default_rng(0)
    first = rng.choice([-1, 1], (400, 2))
    second = np.where(rng.random((400, 2)) < 0.9, first, -first)
    quarters = np.hstack([first, second]).reshape(-1, 2, 2).astype(np.float32)
    pixels = 3 * np.repeat(np.repeat(quarters, 3, axis=1), 3, axis=2)  # (400, 6, 6)
    generator = torch.Generator().manual_seed(0)
    network = ImageNetwork(LatentSpace((2, 2)), 6, generator, LearnedCorrelation())
    settings = Settings(batch_size=50, max_iter=60, learning_rate=0.01, warm_up=0.1, patience=5)
    trainer = Trainer(network, HFVAE(beta=1.0, gamma=Ramp(1.0, 3.0, 1.0, 0.5)), settings, generator, True)
    train(trainer, Images(pixels))
    means = evaluation.posterior(network, Images(pixels)).mean.numpy()
    factors = quarters.reshape(-1, 4)
    factor_of = np.abs(np.corrcoef(factors.T, means.T)[:4, 4:]).argmax(0)
    covariance = network.prior_covariance.numpy()
    assert sorted(factor_of) == [0, 1, 2, 3]
    assert {factor_of[0] % 2, factor_of[1] % 2} == {0, 1}  # one factor of each pair in the first group
    assert covariance[0, 1] == covariance[2, 3] == 0
    assert np.abs(covariance[:2, 2:]).max() > 0.5


# Saving requires registered classes.


class Unregistered(ProdLDA):
    """A subclass that load would not know."""


@dataclass(frozen=True)
class UnregisteredPrior:
    """A prior that load would not know."""

    def moments(self, space, simplex_sizes):  # noqa: ARG002
        return np.zeros(space.n_dims), np.ones(space.n_dims)


def test_save_refuses_what_load_could_not_read(corpus, tmp_path):
    unknown = Unregistered(groups=2, **SMALL).fit(corpus)
    before = unknown.transform(corpus)
    with pytest.raises(TypeError, match=r"hftopic\.register\(Unregistered\)"):
        unknown.save(tmp_path / "model")
    with pytest.raises(TypeError, match=r"hftopic\.register\(UnregisteredPrior\)"):
        ProdLDA(groups=2, prior=UnregisteredPrior(), **SMALL).fit(corpus).save(tmp_path / "model")
    assert not any(tmp_path.iterdir())
    np.testing.assert_array_equal(unknown.transform(corpus), before)
    register(Unregistered)
    unknown.save(tmp_path / "model")
    assert type(load(tmp_path / "model")) is Unregistered


def test_load_names_a_class_that_is_not_registered(corpus, tmp_path, monkeypatch):
    @register
    class Mine(ProdLDA):
        pass

    Mine(groups=2, **SMALL).fit(corpus).save(tmp_path / "model")
    monkeypatch.delitem(MODELS, "Mine")
    with pytest.raises(ValueError, match=r"'Mine', which is not a known model.*hftopic\.register"):
        load(tmp_path / "model")


def test_names_are_not_taken_over():
    with pytest.raises(ValueError, match=r"'ProdLDA' is already used by hftopic\.models\.prodlda"):
        register(type("ProdLDA", (ProdLDA,), {"__module__": "elsewhere"}))
    with pytest.raises(TypeError, match="neither a topic model nor a dataclass"):
        register(dict)
    with pytest.raises(TypeError, match="takes a class"):
        register(Normal(3))  # type: ignore[type-var]
    again = register(
        type("Shifted", (Shifted,), {"__module__": Shifted.__module__, "__qualname__": "Shifted"})
    )
    assert hftopic.models.registry.VALUES["Shifted"] is again  # a notebook's cell that is run again
    register(Shifted)


# What it takes to add a training parameter.


def test_a_training_parameter_takes_few_edits():
    """Lines that name one, ``patience``, outside of prose: one in each of 5 files, as CONTRIBUTING says."""
    package = Path(hftopic.__file__).parent
    edits = {
        str(path.relative_to(package)): len(lines)
        for path in package.rglob("*.py")
        if (
            lines := [
                line for line in path.read_text().splitlines() if re.search(r"(?<!`)\bpatience\b", line)
            ]
        )
    }
    assert edits == {
        "models/base.py": 1,
        "models/prodlda.py": 1,
        "training/settings.py": 1,
        "training/epochs.py": 1,
        "cli/modelling.py": 1,
    }


def test_parameters_are_declared_once():
    """The constraints are those of the annotations; a subclass adds to them, and overrides defaults."""
    assert set(ProdLDA()._parameter_constraints) == set(ProdLDA().get_params())
    assert EmbeddedLDA._parameter_constraints.keys() - ProdLDA._parameter_constraints.keys() == {"scale"}
    assert (ProdLDA().dropout, hftopic.NVDM().dropout) == (0.05, 0.05)
    assert clone(EmbeddedLDA(scale=2.0)).get_params()["scale"] == 2.0


@pytest.mark.parametrize("model", [ProdLDA, hftopic.NVDM, EmbeddedLDA])
def test_only_the_groups_are_positional(model):
    parameters = list(inspect.signature(model).parameters.values())
    assert parameters[0].name == "groups"
    assert {p.kind for p in parameters[1:]} == {inspect.Parameter.KEYWORD_ONLY}
    assert "Annotated" not in str(inspect.signature(model))


def test_a_subclass_with_its_own_init(corpus, tmp_path):
    """It may leave parameters out, also those that a saved model treats in its own way."""

    @register
    class Plain(ProdLDA):
        def __init__(self, groups=(2, 2), random_state=None, strength=1.0):
            super().__init__(groups, random_state=random_state, max_iter=2, hidden=(8,))
            self.strength = strength

    model = used_end_to_end(Plain(random_state=0, strength=3.0), corpus, tmp_path)
    assert model.get_params() == {"groups": (2, 2), "random_state": 0, "strength": 3.0}


def test_what_cannot_be_a_parameter_is_refused():
    with pytest.raises(TypeError, match="parameter 'rank' of Incomplete has no default"):
        type("Incomplete", (ProdLDA,), {"__annotations__": {"rank": int}})
    with pytest.raises(TypeError, match=r"cannot evaluate the annotation of Unknown\.rank"):
        type("Unknown", (ProdLDA,), {"__annotations__": {"rank": "Annotated[float, NOWHERE]"}, "rank": 1.0})


def test_annotations_may_be_strings():
    """As ``from __future__ import annotations`` makes them."""
    written = {
        "__annotations__": {"rank": "Annotated[float, Interval(Real, 0, 1, closed='both')]"},
        "rank": 0.5,
    }
    model = type("Written", (ProdLDA,), {**written, "__module__": __name__})
    with pytest.raises(ValueError, match="'rank' parameter"):
        model(rank=2.0).fit(np.ones((4, 4)))


def test_a_parameter_of_the_network_stays_as_it_was_fitted(corpus):
    """A new parameter is one of the network unless the training reads it: another value needs another fit."""
    vectors = np.zeros((N_DOCUMENTS, 2))
    model = EmbeddedLDA(groups=(2, 2), **SMALL).fit((corpus, vectors))
    model.set_params(scale=3.0)
    with pytest.raises(ValueError, match=r"scale was 1\.0 when the model was fitted and is now 3\.0"):
        model.partial_fit((corpus, vectors))


def test_subclasses_of_subclasses_have_all_parameters():
    """Also of several bases; a class variable is none, and the groups stay positional."""

    class First(ProdLDA):
        first: Annotated[int, Interval(Integral, 0, None, closed="left")] = 1
        count: ClassVar[int] = 0

    class Second(ProdLDA):
        second: int = 2
        groups: Any = (3, 3)

    class Both(First, Second):
        pass

    class More(Both):
        third: int = 3

    model = More((5, 5), first=10, second=20, third=30)
    assert {name: model.get_params()[name] for name in ("first", "second", "third")} == {
        "first": 10,
        "second": 20,
        "third": 30,
    }
    assert model.groups == (5, 5)
    assert "count" not in model.get_params()
    with pytest.raises(ValueError, match="'first' parameter"):
        More(first=-1).fit(np.ones((4, 4)))


def test_a_parameter_beside_an_init_written_by_hand():
    """The class keeps its own; a class below it must write one too, unless it adds nothing."""

    class ByHand(ProdLDA):
        strength: float

        def __init__(self, groups=(2, 2), strength=1.0):
            super().__init__(groups)
            self.strength = strength

    class Below(ByHand):
        note: ClassVar[str] = "nothing to store"

    assert Below(strength=2.0).get_params() == {"groups": (2, 2), "strength": 2.0}
    with pytest.raises(TypeError, match="Adds adds rank to ByHand, which has its own __init__"):
        type("Adds", (ByHand,), {"__annotations__": {"rank": int}, "rank": 3})


def test_changes_that_training_cannot_follow_are_refused(corpus):
    model = ProdLDA(groups=(2, 2), **SMALL).fit(corpus)
    model.set_params(learning_rate=0.01, gamma=2.0).partial_fit(corpus)
    with pytest.raises(ValueError, match=r"dropout was 0\.05 when the model was fitted and is now 0\.9"):
        model.set_params(dropout=0.9).partial_fit(corpus)


@pytest.mark.parametrize("groups", [((2, 2), 3), ((2, Concrete(2)), 2)])
def test_an_equal_value_is_no_change(groups, corpus):
    """Also of nested groups of unequal depth, written a second time."""
    model = ProdLDA(groups=groups, **SMALL).fit(corpus)
    again = tuple(copy.deepcopy(list(groups)))
    model.set_params(groups=again).partial_fit(corpus)
    with pytest.raises(ValueError, match="groups was"):
        model.set_params(groups=((2, 2), 4)).partial_fit(corpus)


# Mistakes that are named before anything is trained.


class Wrong(MixtureDecoder):
    """A decoder with components of a wrong shape."""

    def components(self):
        return self.logits.T


class Unfinished(Decoder):
    """A decoder without methods."""


@dataclass(frozen=True)
class OneValue:
    """A prior with moments of one dimension, whatever the groups are."""

    def moments(self, space, simplex_sizes):  # noqa: ARG002
        return np.zeros(1), np.ones(1)


@dataclass(frozen=True)
class Summed(SmallMeansVAE):
    """An objective whose term is summed over the mini-batch."""

    def terms(self, step):
        return {**elbo_terms(step), "squared_means": step.posterior.mean.square().sum()}


@dataclass(frozen=True)
class Misspelt(SmallMeansVAE):
    """An objective that weighs a term that it does not have."""

    def weights(self, space, progress):  # noqa: ARG002
        return {"kl": 1.0, "square_means": 1.0}


@dataclass(frozen=True)
class Given:
    """A prior with any moments."""

    mean: Any
    spread: Any

    def moments(self, space, simplex_sizes):  # noqa: ARG002
        return np.full(space.n_dims, self.mean), np.array(self.spread)


@dataclass(frozen=True)
class Whole(SmallMeansVAE):
    """An objective with a reconstruction of the mini-batch as a whole."""

    def terms(self, step):
        return {**super().terms(step), "reconstruction": -step.log_likelihood.sum()}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prior": Given(np.nan, np.ones(4))}, "must be finite"),
        ({"prior": Given(0.0, np.eye(4) + np.triu(np.full((4, 4), 0.1), 1))}, "covariance symmetric"),
        ({"prior": Given(0.0, np.full(4, -1.0))}, "positive definite"),
        ({"prior": Given(0.0, np.full(4, 1e-50))}, "positive definite in float32"),
        ({"prior": Given(1e39, np.ones(4))}, "finite in float32"),
        ({"objective": Whole()}, "'reconstruction' must have one value per document"),
        ({"prior": OneValue()}, r"mean, shape \(4,\), and variances .* got shapes \(1,\) and \(1,\)"),
        ({"objective": Summed()}, r"'squared_means' must have one value per document.*got shape \(\)"),
        ({"objective": Misspelt()}, "no term 'square_means'; its terms are reconstruction, kl"),
    ],
    ids=["nan", "asymmetric", "negative", "tiny", "huge", "whole", "prior", "shape", "name"],
)
def test_mistakes_in_parts_are_named(settings, message, corpus):
    with pytest.raises(ValueError, match=message):
        ProdLDA(groups=(2, 2), **settings, **SMALL).fit(corpus)


def test_mistakes_in_decoders_are_named(corpus, monkeypatch):
    monkeypatch.setattr(MixtureLDA, "_build_decoder", lambda _, *given: Wrong(*given))
    with pytest.raises(ValueError, match=r"components\(\) of Wrong must be \(4, 40\)"):
        MixtureLDA(groups=(2, 2), **SMALL).fit(corpus)
    with pytest.raises(TypeError, match="abstract method"):
        Unfinished()


@pytest.mark.parametrize(
    ("method", "wrong", "message"),
    [
        ("n_words", 7, r"n_words of MixtureDecoder must be 40; got 7"),
        (
            "simplex",
            lambda: np.zeros(3, dtype=int),
            r"simplex\(\) of MixtureDecoder must be \(4,\); got \(3,\)",
        ),
        (
            "represent",
            lambda posterior: posterior.mean[:, :3],
            r"represent\(\) .* must be \(2, 4\); got \(2, 3\)",
        ),
        ("log_proportions", lambda posterior: posterior.mean.T, r"log_proportions\(\) .*got \(4, 2\)"),
        ("topic_axes", lambda: {"logit": (0,)}, r"topic_axes\(\) .* names 'logit'"),
        ("topic_axes", lambda: {"logits": (1,)}, r"topic_axes\(\) .* with axes \(1,\)"),
        ("topic_axes", dict, r"topic_axes\(\) .* does not name every"),
        ("topics", lambda: Mixture(2 * torch.eye(4), torch.full((4, 40), 1 / 40)), "rows that sum to 1"),
        ("topics", lambda: Mixture(torch.eye(3), torch.full((3, 40), 1 / 40)), r"got \(3, 40\)"),
    ],
)
def test_what_a_decoder_declares_is_checked(method, wrong, message):
    space = LatentSpace((2, 2))
    decoder = MixtureDecoder(space, torch.zeros(40), torch.Generator().manual_seed(0)).train()
    decoder.check(space, 40)
    assert decoder.training
    setattr(decoder, method, wrong)
    with pytest.raises(ValueError, match=message):
        decoder.check(space, 40)


def test_a_term_without_a_weight_may_be_anything(corpus):
    """It is a column of the history, and no reason to stop."""

    class Watched(SmallMeansVAE):
        def terms(self, step):
            watched = torch.full_like(step.log_likelihood, 1e12)
            return {**super().terms(step), "watched": watched, "number": 1, "unknown": float("nan")}

    model = ProdLDA(groups=(2, 2), objective=Watched(0.1), **SMALL).fit(corpus)
    assert model.history_["watched"].tolist() == pytest.approx([1e12] * 6)
    assert (model.history_["number"] == 1).all()
    assert model.history_["unknown"].isna().all()
