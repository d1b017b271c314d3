"""The experiments on images: they run, continue where they stopped, and skip images that are not there."""

import importlib
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from hftopic.latent.posterior import Noise
from hftopic.networks.autoencoder import Bernoulli
from tests.test_experiments import check_results, run

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "experiments" / "images"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the experiments are not here")


@pytest.fixture
def experiment(monkeypatch):
    """A script of the experiments on images as a module, by its name."""
    monkeypatch.syspath_prepend(FOLDER.parent)
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """A folder of small pictures: ten labels of 8 × 8 pixels, and a square of known size and place."""
    folder, draws = tmp_path_factory.mktemp("corpora"), np.random.default_rng(0)
    for name in ("mnist", "fashion_mnist"):
        labels = np.arange(300) % 10
        images = (draws.integers(0, 256, (10, 8, 8))[labels] * draws.uniform(0.3, 1, (300, 1, 1))).astype(
            np.uint8
        )
        (folder / name / "data").mkdir(parents=True)
        np.save(folder / name / "data" / "images.npy", images)
        np.save(folder / name / "data" / "labels.npy", labels)
    factors = np.array(
        list(product(range(3), range(2), np.linspace(0, 6, 20), range(4), range(4))), dtype=float
    )
    images = np.zeros((len(factors), 64, 64), dtype=np.uint8)
    for image, (_, scale, _, x, y) in zip(images, factors.astype(int), strict=True):
        image[12 * y : 12 * y + 8 * (1 + scale), 12 * x : 12 * x + 8 * (1 + scale)] = 255
    (folder / "dsprites" / "data").mkdir(parents=True)
    np.save(folder / "dsprites" / "data" / "images.npy", images)
    np.save(folder / "dsprites" / "data" / "factors.npy", factors)
    return folder


@pytest.mark.parametrize(
    ("name", "n_lines", "options"),
    [
        ("sprites", 2, ["--models", "VAE", "HFVAE (4, 3) + c"]),
        ("classes", 6, ["--models", "k-means on pixels", "VAE, no c", "VAE"]),
        ("traversals", 6, []),
        ("tradeoff", 12, []),
        ("unseen", 6, []),
    ],
)
def test_each_runs_continues_and_draws(experiment, monkeypatch, tmp_path, corpora, name, n_lines, options):
    module = experiment(name)
    for constant, small in (("SCORED", 200), ("MOVED", 5)):
        if hasattr(module, constant):
            monkeypatch.setattr(module, constant, small)
    lines = check_results(module, monkeypatch, tmp_path, n_lines, "--corpora", corpora, *options)
    keys = [
        {key: line.get(key) for key in ("corpus", "model", "sweep", "beta", "gamma", "left_out")}
        for line in lines
    ]
    assert all(keys.count(key) == 1 for key in keys)


@pytest.fixture
def untrained(experiment):
    """Function that makes a network of given pictures, which is not trained."""
    networks = experiment("networks")

    def made(of, classes=10, kind=networks.Autoencoder):
        return networks.perceptrons(of, networks.groups_of(classes), 0, kind)

    return made


def test_a_dimension_that_changes_nothing_holds_all_labels(experiment, corpora, untrained):
    """Of two dimensions, one darkens all pixels until they are another picture."""
    classes, pictures = experiment("classes"), experiment("pictures")
    [(_, train, test)] = pictures.labelled(["mnist"], corpora)
    network = untrained(train, classes=None)
    with torch.no_grad():
        for layer in network.decoder:
            if isinstance(layer, torch.nn.Linear):
                layer.weight.zero_()
                layer.bias.zero_()
        first, second, last = (network.decoder[place] for place in (0, 2, 4))
        first.weight[0, 3] = second.weight[0, 0] = 1.0
        last.weight[:, 0] = 20.0
        last.bias.copy_(-10 + 5 * torch.from_numpy(train.values[train.factors["label"] == 4][0]).flatten())
    held, ink = classes.held_labels(network, train, test[:5], np.array([2, 3]))
    assert (held[0], ink[0]) == (1.0, 0.0)
    assert held[1] < 1
    assert ink[1] > 0.5


def test_purity_counts_the_commonest_label_of_each_class(experiment):
    purity = experiment("classes").purity
    assert purity(np.array([0, 0, 0, 1, 1, 1]), np.array([5, 5, 6, 6, 6, 6])) == pytest.approx(5 / 6)
    assert purity(np.array([0, 1, 2, 3]), np.array([7, 7, 7, 7])) == 1


@pytest.mark.parametrize(("sharp", "found"), [(50.0, np.log(10)), (0.0, 0.0)])
def test_information_of_a_class_that_is_the_label_or_nothing(experiment, corpora, untrained, sharp, found):
    """A class that is the label holds its entropy; one that is barely likelier for it holds nothing."""
    networks, pictures = experiment("networks"), experiment("pictures")
    [(_, train, _)] = pictures.labelled(["mnist"], corpora)
    network, label = untrained(train), torch.tensor(train.factors["label"].tolist())
    logits = (sharp + 0.01) * torch.nn.functional.one_hot(label, 10)
    network.encoder.register_forward_hook(lambda *_: torch.cat([torch.zeros(len(label), 20), logits], 1))
    of_dims, of_class = networks.label_information(network, train)
    assert of_class == pytest.approx(found, abs=0.01)
    assert of_dims.max() < 0.6  # the bias of 20 bins and 10 labels with 240 pictures is 0.36


def test_no_picture_is_for_training_and_for_testing(experiment, corpora, monkeypatch):
    pictures = experiment("pictures")
    monkeypatch.setattr(pictures, "MOST", 250)
    [(_, train, test)] = pictures.labelled(["mnist"], corpora)
    assert (len(train), len(test)) == (200, 50)
    whole = [picture.tobytes() for of in (train, test) for picture in of.values]
    assert len(set(whole)) > 200  # some pictures are equal by chance, as those of 300 that are one brightness
    assert not set(whole[:200]) & set(whole[200:])


def test_the_left_out_are_not_learned_from(experiment, corpora, monkeypatch):
    unseen, pictures, networks = (experiment(name) for name in ("unseen", "pictures", "networks"))
    [(_, train, test)] = pictures.labelled(["mnist"], corpora)
    fitted, learned = networks.fitted, []
    monkeypatch.setattr(networks, "fitted", lambda of, *rest: learned.append(of) or fitted(of, *rest))
    for how in unseen.LEFT_OUT:
        unseen.measured(train, test, "VAE, no c", how, 0, 1)
    without, control = learned
    assert not unseen.unseen(without, train).any()
    assert unseen.unseen(control, train).any()
    assert len(without) == len(control) == len(train) - unseen.unseen(train, train).sum()


def test_blocks_are_pixels_of_the_picture_in_full_size(experiment):
    draws = torch.Generator().manual_seed(0)
    logits, greys = torch.randn(3, 4, 4, generator=draws), torch.rand(3, 4, 4, generator=draws)
    twice = [of.repeat_interleave(2, 1).repeat_interleave(2, 2) for of in (logits, greys)]
    blocks = experiment("networks").Blocks(logits, block=4).log_likelihood(greys)
    torch.testing.assert_close(blocks, Bernoulli(twice[0]).log_likelihood(twice[1]))


def test_the_grid_of_sprites(experiment, tmp_path):
    """Of a finer grid, all combinations of fewer orientations and positions, each at even distances."""
    values = (range(3), range(6), range(20), range(16), range(16))
    factors = np.array(list(product(*values)), dtype=float)
    (tmp_path / "dsprites" / "data").mkdir(parents=True)
    images = np.zeros((len(factors), 2, 2), dtype=np.uint8)
    images[:, 0, 0] = 16 * factors[:, 3]
    np.save(tmp_path / "dsprites" / "data" / "images.npy", images)
    np.save(tmp_path / "dsprites" / "data" / "factors.npy", factors)
    found = experiment("pictures").sprites(tmp_path)
    assert found.factors.nunique().tolist() == [3, 6, 10, 8, 8]
    assert len(found) == 3 * 6 * 10 * 8 * 8
    assert found.values[:, 0, 0] == pytest.approx(2 * 16 * found.factors["x"].to_numpy() / 255 / 4)


def test_a_free_class_has_the_gradient_of_the_decoder_alone(experiment):
    """The likelihood and its gradient are those of the usual network; terms of the objective give none."""
    networks, pictures = experiment("networks"), experiment("pictures")
    greys = np.random.default_rng(0).random((20, 8, 8)).astype(np.float32)
    of = pictures.Pictures(greys, pd.DataFrame({"label": np.zeros(20)}))
    values, gradients, batch = [], [], torch.from_numpy(greys)
    for kind in (networks.Autoencoder, networks.FreeClass):
        network = networks.perceptrons(of, networks.groups_of(10), 0, kind).train()
        posterior = network.encode(batch)
        noise = Noise(torch.zeros(20, 10), (torch.arange(10.0).expand(20, 10) / 10,))
        sample = posterior.sample(noise, (networks.TEMPERATURE,))
        likelihood = network.decode(sample).log_likelihood(batch).sum()
        [gradient] = torch.autograd.grad(likelihood, network.encoder[-1].bias, retain_graph=True)
        values.append(likelihood.item())
        gradients.append(gradient)
    assert values[0] == pytest.approx(values[1])
    torch.testing.assert_close(*gradients)
    assert gradients[0][20:].abs().max() > 0
    assert not posterior.log_classes[0].requires_grad


def test_images_that_are_not_there_are_skipped(experiment, monkeypatch, tmp_path, capsys):
    results = tmp_path / "results.jsonl"
    for name in ("sprites", "classes"):
        run(experiment(name), monkeypatch, "--corpora", tmp_path, "--results", results)
    said = capsys.readouterr().err
    for corpus in ("dsprites", "mnist", "fashion_mnist"):
        assert f"skipped {corpus}: there is no file" in said
        assert f"Run corpora/{corpus}/prepare.py" in said
    assert not results.exists()


def test_thirds_are_left_out_of_each_digit(experiment, corpora):
    module, pictures = experiment("unseen"), experiment("pictures")
    [(_, train, test)] = pictures.labelled(["mnist"], corpora)
    left, label = module.unseen(train, train), train.factors["label"].to_numpy()
    ink = train.values.mean((1, 2))
    for digit in range(10):
        rows = label == digit
        assert left[rows].mean() == pytest.approx(1 / 3, abs=0.05)
        order = np.argsort(np.argsort(ink[rows])) / rows.sum()
        assert np.abs(order[left[rows]] - (digit % 3 + 0.5) / 3).max() < 0.25
    assert module.unseen(test, train).sum() > 0


def test_every_claim_has_a_rule_that_can_fail(experiment, monkeypatch):
    """Results that agree give yes for each claim, and opposite ones no."""
    module = experiment("claims")
    answers = []
    for sign in (1, -1):
        monkeypatch.setattr(experiment("quoted"), "where", partial(made_up, sign=sign))
        rows = [row for claims in module.CLAIMS for row in claims()]
        answers.append([row[-1] for row in rows])
        assert {row[0] for row in rows} == {"5.1", "5.3", "5.4", "5.5"}
    assert [set(of) for of in answers] == [{"yes"}, {"no"}]


def made_up(script, sign, **chosen):
    """Lines of results that agree with every claim if the sign is 1, and disagree if it is -1."""
    model = chosen.get("model", "")
    better = sign if model == "HFVAE (.1, 3)" else 0
    if script == "images/sprites":
        shift = 0.0 if sign == 1 else {"VAE": 0.9}.get(model, 0.0)
        scores = [0.1 + shift, 0.2 + shift]
        return [{"seed": s, "kim_mnih": of, "disentanglement": of} for s, of in enumerate(scores)]
    if script == "images/tradeoff":
        lines = [
            {"seed": 0, "sweep": "gamma = beta", "beta": beta, "gamma": 3.0, "gap": sign * 0.1}
            | {"mutual_information": 5 - sign * beta, "total_correlation": 5 - sign * beta}
            for beta in (1.0, 4.0)
        ]
        return [line for line in lines if chosen.items() <= line.items()]
    if script == "images/unseen":
        lost = 5.0 - 2 * better if model else 5.0
        return [{"seed": 0, "bound_unseen": -100.0 - lost * (chosen.get("left_out") == "combinations")}]
    return [
        {"seed": 0, "pruned": 2 * (sign == 1), "gap": sign * 0.5, "held_as_ink_moves": 0.5 + 0.2 * better}
    ]
