"""Topics guided by seed words: the prior, the start, which topic is guided, names, files and saving."""

import copy
import json
import pickle
import re
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from click.testing import CliRunner
from sklearn.base import clone
from torch.testing import assert_close

from hftopic import (
    ETM,
    HFVAE,
    NVDM,
    NVLDA,
    VAE,
    AnchoredVAE,
    Concrete,
    Corpus,
    FactorVAE,
    FormatError,
    ProdLDA,
    TextOptions,
    corpus_from_texts,
    edit_topics,
    load,
    make_correlated_topics,
    read_seed_words,
    write_corpus,
)
from hftopic.cli import program
from hftopic.data.batches import Batch
from hftopic.latent.space import LatentSpace
from hftopic.models.guiding import Seeds, found_seeds
from hftopic.networks.guidance import PSEUDO, Guidance
from hftopic.report.findings import findings
from hftopic.report.sentences import sentences

MADE = make_correlated_topics(400, groups=(3, 3), n_words=120, word_concentration=0.1, random_state=0)
CORPUS = MADE.corpus
WORDS = list(CORPUS.vocabulary)
SMALL: dict[str, Any] = {"hidden": (32,), "max_iter": 20, "learning_rate": 0.01, "random_state": 0}
QUICK: dict[str, Any] = {"hidden": (8,), "max_iter": 2, "random_state": 0}
PLANTED = {"second": 1, "fifth": 4}  # topics of the corpus, and what they are called


def best_words(topic: int, n: int) -> list[str]:
    """The words that tell a planted topic most from the others."""
    p = MADE.topic_word
    lift = p[topic] / (p.sum(0) + 0.01)
    return [WORDS[column] for column in np.argsort(-lift * p[topic])[:n]]


SEEDS = {name: best_words(topic, 3) for name, topic in PLANTED.items()}


def weights(model: Any) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in model._network.state_dict().items()}


@pytest.fixture(scope="module")
def guided() -> ProdLDA:
    return ProdLDA(groups=(3, 3), seed_words=SEEDS, **SMALL).fit(CORPUS)


# --- the prior ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [ProdLDA((2, 2), **QUICK), NVDM((2, Concrete(3)), **QUICK)])
def test_the_prior_is_that_of_pseudo_tokens_of_the_words(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = model.fit(CORPUS)._network.decoder
    columns, topics = [(3, 5, 8), (5,)], [2, 0]
    guidance = Guidance(columns, topics, model._network.space.n_topics, len(WORDS), 0.5)
    guidance.tokens.fill_(1.5)
    log_p = decoder.topics().probabilities().log()
    expected = -1.5 * (log_p[2, [3, 5, 8]].mean() + log_p[0, 5])
    assert_close(guidance.prior(decoder), expected, rtol=1e-4, atol=1e-4)
    words = decoder.topics()
    monkeypatch.setattr(decoder, "topics", lambda: SimpleNamespace(log_likelihood=words.log_likelihood))
    assert_close(guidance.prior(decoder), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", [ProdLDA((2, 2), **QUICK), NVDM((2, Concrete(3)), **QUICK)])
def test_a_seed_word_in_a_document_is_an_observation_of_its_topic(model: Any) -> None:
    network = model.fit(CORPUS)._network
    guidance = Guidance([(3, 5, 8), (5,)], [2, 0], network.space.n_topics, len(WORDS), 0.5)
    counts = np.zeros((4, len(WORDS)), dtype=np.float32)
    counts[1, 4], counts[2, 3], counts[2, 8], counts[3, 5], counts[3, 3] = 2, 1, 7, 3, 1
    batch = Batch(sp.csr_array(counts), torch.device("cpu"))
    posterior = network.encode(batch)
    if network.decoder.signed:
        log_theta = torch.cat([posterior.mean.log_softmax(1), *posterior.log_classes], 1)
    else:
        log_theta = network.decoder.represent(posterior).log()
    log_theta = log_theta.detach().numpy()
    expected = [0, 0, -log_theta[2, 2], -0.75 * log_theta[3, 2] - 0.25 * log_theta[3, 0]]
    found = guidance.assigned(batch, posterior, network.decoder)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_the_loss_is_that_of_the_objective_and_the_prior(guided: ProdLDA) -> None:
    history = ProdLDA((3, 3), seed_words=SEEDS, objective=VAE(), warm_up=0, **QUICK).fit(CORPUS).history_
    np.testing.assert_allclose(
        history["loss"], history[["reconstruction", "kl", "seed_words", "seed_topics"]].sum(axis=1), rtol=1e-5
    )
    assert "seed_words" in guided.history_
    assert (guided.history_["seed_words"] > 0).all()


def test_the_prior_has_the_strength_times_the_tokens_of_a_topic(guided: ProdLDA) -> None:
    tokens = CORPUS.counts.sum() / len(CORPUS) / 6
    assert guided._network.guidance.tokens.item() == pytest.approx(PSEUDO * 0.5 * tokens)


def test_without_strength_the_model_is_that_without_seed_words() -> None:
    plain = ProdLDA((3, 3), **QUICK).fit(CORPUS)
    without = ProdLDA((3, 3), seed_words={0: WORDS[:2], "x": WORDS[3:4]}, seed_strength=0, **QUICK).fit(
        CORPUS
    )
    assert weights(plain) == weights(without)
    assert plain.topic_names_.tolist() == without.topic_names_.tolist()
    assert without.guided_topics_.empty


def test_topics_without_seed_words_begin_as_they_would() -> None:
    one, other = (started(seeds).decoder.weights.detach() for seeds in (None, {4: WORDS[:2]}))
    assert (one != other).nonzero().tolist() == [[4, 0], [4, 1]]


def started(seeds: Any) -> Any:
    """The network of a model before its first step."""
    model = ProdLDA((3, 3), seed_words=seeds, **QUICK)
    documents = model._documents_with_words(CORPUS, None, None, reset=True)
    return model._new_trainer(documents, torch.Generator().manual_seed(0)).network


@pytest.mark.parametrize("cls", [ProdLDA, NVDM, NVLDA, ETM])
def test_the_encoder_begins_with_a_higher_mean_of_the_guided_topic_and_of_no_other(cls: Any) -> None:
    model = cls((3, Concrete(2), 2), **QUICK)
    encoder = model._build_encoder(len(WORDS), LatentSpace(model.groups), torch.Generator().manual_seed(0))
    before, plain = encoder._effect_of_embedding(), encoder.embedding.detach().clone()
    encoder.favour(6, np.array([7, 9]), 1e-3)  # the second topic behind the classes, dimension 4
    change = encoder.embedding.detach() - plain
    assert change[[0, 8, 10]].abs().max() == 0
    rise = before @ change[7]
    assert_close(rise, torch.eye(5)[4] * rise[4], atol=1e-6, rtol=0)
    assert rise[4] > 0
    encoder.favour(3, np.array([7]), 1.0)  # a class has no mean
    assert_close(encoder.embedding.detach() - plain, change)


# --- planted topics ----------------------------------------------------------------------------------------


def caught(model: Any) -> dict[str, int]:
    """The planted topic whose words are likeliest in each guided topic."""
    table = model.guided_topics_
    scores = model.topic_word_[table["topic"]] @ np.log(MADE.topic_word + 1e-3).T
    return dict(zip(table["name"], scores.argmax(1).tolist(), strict=True))


MODELS = {
    "learned groups": {"groups": (3, 3)},
    "fixed groups": {"groups": (3, 3), "assignment": "fixed"},
    "one group": {"groups": 6, "objective": VAE()},
    "a discriminator": {"groups": (3, 3), "objective": FactorVAE(hidden=(8,))},
    "anchored": {"groups": (3, 3), "objective": AnchoredVAE((0, 1))},
    "a mixture": {"groups": (3, 3), "marginals": "mss"},
    "softmax by group": {"groups": (3, 3), "topic_softmax": "group"},
    "classes beside": {"groups": (6, Concrete(2))},
    "a norm of the encoder": {"groups": (3, 3), "encoder_norm": "shift", "objective": HFVAE()},
}


@pytest.mark.parametrize("name", MODELS)
def test_guided_topics_are_those_of_their_words(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ProdLDA(seed_words=SEEDS, seed_strength=1.0, **MODELS[name], **SMALL).fit(CORPUS)
    assert caught(model) == PLANTED
    assert model.topic_names_[model.guided_topics_["topic"]].tolist() == list(PLANTED)


def test_the_words_are_those_of_the_positive_pole_of_nvdm() -> None:
    model = NVDM((3, 3), seed_words=SEEDS, seed_strength=1.0, **SMALL).fit(CORPUS)
    place = {word: column for column, word in enumerate(WORDS)}
    for topic, words in zip(model.guided_topics_["topic"], SEEDS.values(), strict=True):
        columns = [place[word] for word in words]
        assert (model.components_[topic, columns] > 0).all()
    assert caught(model) == PLANTED


def test_documents_with_the_words_have_the_topic(guided: ProdLDA) -> None:
    topics = guided.guided_topics_["topic"].to_numpy()
    shares = guided.transform(CORPUS)[:, topics]
    truth = MADE.proportions[:, list(PLANTED.values())]
    for column in range(2):
        correlations = [np.corrcoef(shares[:, column], truth[:, other])[0, 1] for other in range(2)]
        assert np.argmax(correlations) == column
        assert correlations[column] > 0.5


# --- which topic is guided ---------------------------------------------------------------------------------

SPACE = LatentSpace((3, Concrete(2), 2))
VOCABULARY = np.array(["bank", "market", "team", "court", "goal"], dtype=object)


@pytest.mark.parametrize(
    ("seed_words", "topics", "names"),
    [
        ({"a": ["bank"], "b": ["team"]}, (0, 1), ("a", "b")),
        ({"a": ["bank"], 0: ["team"]}, (1, 0), ("a", None)),
        ({"a": ["bank"], (0, "b"): ["team"], (0, None): ["goal"]}, (2, 0, 1), ("a", "b", None)),
        ({(2, "a"): ["bank"], (1, "class"): ["team"]}, (5, 3), ("a", "class")),
        ({n: ["bank"] for n in "abcde"}, (0, 1, 2, 5, 6), tuple("abcde")),
        ({np.int64(6): ["bank"], "  a   b ": ("team",)}, (6, 0), (None, "a b")),
    ],
)
def test_topics_are_given_by_number_by_group_or_in_order(seed_words: Any, topics: Any, names: Any) -> None:
    found = found_seeds(seed_words, VOCABULARY, 5, SPACE)
    assert found.topics == topics
    assert found.names == names


@pytest.mark.parametrize(
    ("seed_words", "error", "message"),
    [
        ({}, ValueError, "seed_words is empty"),
        ({7: ["bank"]}, ValueError, "topic 7: topics are numbered 0 to 6"),
        ({(3, "a"): ["bank"]}, ValueError, "group 3: groups are numbered 0 to 2"),
        ({n: ["bank"] for n in "abcdef"}, ValueError, "no topic is left for seed_words['f']"),
        ({5: ["bank"], 6: ["team"], (2, "a"): ["goal"]}, ValueError, "no topic of group 2 is left"),
        ({(0, "a"): ["bank"], (2, "a"): ["team"]}, ValueError, "would both be named 'a'"),
        ({" ": ["bank"]}, ValueError, "is empty"),
        ({"a": []}, ValueError, "seed_words['a'] is empty"),
        ({"a": "bank"}, ValueError, "seed_words['a'] is"),
        ({"a": [1.5]}, TypeError, "1.5, a float"),
        ({1.5: ["bank"]}, TypeError, "the key 1.5"),
        ({True: ["bank"]}, TypeError, "the key True"),
        ({-1: ["bank"]}, TypeError, "the key -1"),
        ({(0, 1): ["bank"]}, TypeError, "the key (0, 1)"),
        ({"a": ["Bank"]}, ValueError, "Nothing is left of 'a' ('a': 'Bank' (did you mean 'bank'?))"),
        ({"a": [3]}, ValueError, "Nothing is left of 'a'"),
    ],
)
def test_what_is_no_seed_word_is_told(seed_words: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        found_seeds(seed_words, VOCABULARY, 5, SPACE)


def test_unknown_words_are_listed_in_one_warning() -> None:
    seed_words = {"a": ["bank", "zebra", "goals"], "b": ["team"], 6: ["yacht", "court"]}
    with pytest.warns(UserWarning, match="the vocabulary lacks some seed_words") as told:
        found = found_seeds(seed_words, VOCABULARY, 5, SPACE)
    assert len(told) == 1
    assert "'a': 'zebra', 'goals' (did you mean 'goal'?); 6: 'yacht'" in str(told[0].message)
    assert found.columns == ((0,), (2,), (3,))


def test_without_words_seeds_are_numbers_of_columns() -> None:
    model = ProdLDA((2, 2), seed_words={"a": [3, 4]}, **QUICK).fit(CORPUS.counts)
    assert model.guided_topics_["words"].tolist() == ["3, 4"]
    for seeds, message in (({"a": ["bank"]}, "the columns of X have no words"), ({"a": [120]}, "0 to 119")):
        with pytest.raises(ValueError, match=message):
            ProdLDA((2, 2), seed_words=seeds, **QUICK).fit(CORPUS.counts)


def test_a_word_may_guide_several_topics() -> None:
    found = found_seeds({"a": ["bank", "bank"], "b": ["bank"]}, VOCABULARY, 5, SPACE)
    assert found.columns == ((0,), (0,))


def test_numbers_and_groups_fix_the_groups() -> None:
    for key in (4, (1, None)):
        model = ProdLDA((3, 3), seed_words={key: WORDS[:2]}, assignment="learned", **QUICK)
        with pytest.raises(ValueError, match="seed_words are given for topics by number, or for groups"):
            model.fit(CORPUS)
        model.set_params(assignment="auto").fit(CORPUS)
        assert not model._trainer.grouping.learns_groups
    assert ProdLDA((3, 3), seed_words=SEEDS, **QUICK).fit(CORPUS)._trainer.grouping.learns_groups


def test_an_exchange_of_topics_moves_the_words_and_the_name() -> None:
    model = ProdLDA((2, 2), seed_words={"a": WORDS[:2], "b": WORDS[3:5]}, assignment="fixed", **QUICK)
    network = model.fit(CORPUS)._network
    batch = Batch(sp.csr_array(CORPUS.counts[:20]), torch.device("cpu"))
    before = network.more_terms(batch, network.encode(batch), None)
    network.reorder(np.array([3, 2, 0, 1]), network.state_dict())
    after = network.more_terms(batch, network.encode(batch), None)
    assert_close(after, before)
    model._expose()
    assert model.guided_topics_["topic"].tolist() == [2, 3]
    assert model.topic_names_[[2, 3]].tolist() == ["a", "b"]


# --- names, saving, continuing -----------------------------------------------------------------------------


def test_names_stick(guided: ProdLDA) -> None:
    model = copy.copy(guided)
    topics = model.guided_topics_["topic"].tolist()
    assert model.set_topic_names({topics[0]: "other"}).topic_names_[topics].tolist() == ["other", "fifth"]
    assert model.set_topic_names(None).topic_names_[topics].tolist() == list(PLANTED)
    assert model.name_topics(2)[topics].tolist() == list(PLANTED)


def test_no_other_topic_is_given_the_name_of_seed_words(guided: ProdLDA) -> None:
    model = copy.copy(guided)
    topic = int(model.guided_topics_["topic"][0])
    other = next(t for t in range(6) if t not in model.guided_topics_["topic"].tolist())
    for renamed in (model, edit_topics(model, names={5: "last"} if other != 5 else {other: "last"})):
        with pytest.raises(ValueError, match="would both be named 'second'"):
            renamed.set_topic_names({other: "second"})
    with pytest.raises(ValueError, match="would both be named 'second'"):
        edit_topics(guided, names={other: "second"})
    swapped = model.set_topic_names({topic: "free", other: "second"})
    assert swapped.topic_names_[[topic, other]].tolist() == ["free", "second"]


def test_a_merged_topic_keeps_the_only_name(guided: ProdLDA) -> None:
    second, fifth = guided.guided_topics_["topic"].tolist()
    others = [topic for topic in range(6) if topic not in (second, fifth)]
    merged = edit_topics(guided, merge=[(others[0], second)])
    assert merged.topic_names_[merged.topic_ids_.tolist().index(others[0])] == "second"
    again = edit_topics(merged, merge=[(others[1], others[0])])
    assert again.topic_names_[again.topic_ids_.tolist().index(others[1])] == "second"
    first = edit_topics(guided, merge=[(second, fifth)])
    assert first.topic_names_[first.topic_ids_.tolist().index(second)] == "second"
    several = edit_topics(guided, merge=[(others[0], second, fifth)])
    assert several.topic_names_[several.topic_ids_.tolist().index(others[0])] not in ("second", "fifth")


def test_names_of_an_edit_may_be_a_table(guided: ProdLDA, tmp_path: Path) -> None:
    topics = [t for t in range(6) if t not in guided.guided_topics_["topic"].tolist()][:2]
    table = pd.DataFrame({"topic": topics, "name": ["art", "sport"]})
    table.to_csv(tmp_path / "names.csv", index=False)
    for names in (table, table.set_index("topic")["name"], tmp_path / "names.csv"):
        assert edit_topics(guided, names=names).topic_names_[topics].tolist() == ["art", "sport"]


def test_seed_words_are_read_as_texts_are() -> None:
    texts = ["Bank of America in New York", "a new york bank", "IBM and Apple"] * 4
    words = {"phrases": ("Bank of America", "new york"), "min_df": 1, "max_df": 1.0}
    seeds = {"money": ["Bank of America", "NEW YORK", "new_york"], "it": {"IBM", "Apple"}}
    for lowercase in (True, False):
        corpus = corpus_from_texts(texts, options=TextOptions(lowercase=lowercase, **words))
        given = seeds if lowercase else {"money": ["Bank of America", "new york"], "it": {"IBM", "Apple"}}
        found = ProdLDA((2, 2), seed_words=given, **QUICK).fit(corpus).guided_topics_["words"].tolist()
        assert [text.lower() for text in found] == ["bank_of_america, new_york", "apple, ibm"]
    counts = Corpus(corpus.counts, [word.lower() for word in corpus.vocabulary])
    with pytest.raises(ValueError, match=r"Nothing is left of 'it' .*did you mean 'ibm'"):
        ProdLDA((2, 2), seed_words={"it": ["IBM"]}, **QUICK).fit(counts)


def test_a_saved_model_is_guided_as_before(guided: ProdLDA, tmp_path: Path) -> None:
    guided.save(tmp_path / "model")
    for other in (load(tmp_path / "model"), pickle.loads(pickle.dumps(guided))):
        assert weights(other) == weights(guided)
        pd.testing.assert_frame_equal(other.guided_topics_, guided.guided_topics_)
        assert other.topic_names_.tolist() == guided.topic_names_.tolist()
        assert other.seed_words == SEEDS
        other.partial_fit(CORPUS[:100])
        assert other.history_["seed_words"].iloc[-1] > 0
        assert other.guided_topics_["name"].tolist() == list(PLANTED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"topics": [0, 0]},
        {"topics": [0, 7]},
        {"topics": [0, "1"]},
        {"topics": [0]},
        {"names": ["a", "a"]},
        {"names": ["a", 3]},
        {"names": ["a", " "]},
        {"columns": [[0], []]},
        {"columns": [[0], [5]]},
        {"columns": [[0], [-1]]},
        {"columns": [[0], 1]},
        {"columns": None},
    ],
)
def test_seeds_that_fit_no_model_are_not_loaded(wrong: dict[str, Any]) -> None:
    known = {"topics": [0, 1], "names": ["a", None], "columns": [[0, 2], [4]]}
    assert Seeds.from_json(known, SPACE, 5) == Seeds((0, 1), ("a", None), ((0, 2), (4,)))
    with pytest.raises((ValueError, TypeError)):
        Seeds.from_json({**known, **wrong}, SPACE, 5)


def test_every_kind_of_key_is_saved(tmp_path: Path) -> None:
    seed_words = {"type": WORDS[:2], 3: np.array(WORDS[2:4]), (1, None): (WORDS[5],), (0, "x"): WORDS[7:8]}
    ProdLDA((2, 2), seed_words=seed_words, **QUICK).fit(CORPUS).save(tmp_path / "model")
    expected = {"type": WORDS[:2], 3: WORDS[2:4], (1, None): WORDS[5:6], (0, "x"): WORDS[7:8]}
    assert load(tmp_path / "model").seed_words == expected


def test_partial_fit_goes_on_with_the_same_words_only(guided: ProdLDA) -> None:
    model = copy.copy(guided).set_params(seed_words={**SEEDS, 5: WORDS[:1]})
    with pytest.raises(ValueError, match="seed_words was"):
        model.partial_fit(CORPUS)
    arrays = {name: np.array(words) for name, words in SEEDS.items()}
    fresh = clone(ProdLDA((3, 3), seed_words=arrays, **QUICK))
    fresh.partial_fit(CORPUS).set_params(seed_words=copy.deepcopy(arrays)).partial_fit(CORPUS)
    assert fresh.guided_topics_["name"].tolist() == list(PLANTED)


def test_several_starts_have_the_words() -> None:
    model = ProdLDA((2, 2), seed_words={"a": WORDS[:2]}, n_init=2, **QUICK).fit(CORPUS)
    assert model.guided_topics_["name"].tolist() == ["a"]


def test_the_report_tells_which_topics_are_guided(guided: ProdLDA) -> None:
    encoded = guided.encode(CORPUS)
    settings: dict[str, Any] = {
        "topics": "all",
        "n_words": 5,
        "measures": ["u_mass"],
        "dates": None,
        "effects": None,
    }
    found = findings(guided, CORPUS, encoded, n_permutations=9, random_state=0, verbose=0, **settings)
    told = next(one for one in sentences(found) if one.about == "Guided.")
    assert "".join(part.text for part in told.parts) == (
        "“second” and “fifth” were asked for with seed words; the model has found all other topics by itself."
    )


# --- files -------------------------------------------------------------------------------------------------

FILES = {
    "names.json": '{"economy": ["bank", "market"], "law": ["court"]}',
    "sets.JSON": '\ufeff[{"name": "law", "words": ["court"]}, '
    '{"name": "economy", "words": ["bank", "market"]}]',
    "rows.csv": "name,word\neconomy,bank\nlaw,court\neconomy,market\n",
    "rows.tsv": "Word\tName\nbank\teconomy\n\t\nmarket\teconomy\ncourt\tlaw\n",
    "excel.txt": "name;word\r\neconomy;bank\r\neconomy;market\r\nlaw;court\r\n",
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_seed_words(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8", newline="")
    assert read_seed_words(tmp_path / name) == {"economy": ["bank", "market"], "law": ["court"]}


def test_files_with_topics_and_groups(tmp_path: Path) -> None:
    expected = {7: ["bank"], (1, "law"): ["court"], (0, None): ["team"], "x": ["goal"]}
    (tmp_path / "a.csv").write_text("topic,group,name,word\n7,,,bank\n,1,law,court\n,0.0,,team\n,,x,goal\n")
    (tmp_path / "twice.json").write_text('{"a": ["bank"], "b": ["goal"], "a": ["team"]}')
    assert read_seed_words(tmp_path / "twice.json") == {"a": ["bank", "team"], "b": ["goal"]}
    sets = [
        {"topic": 7, "words": ["bank"]},
        {"group": 1, "name": "law", "words": ["court"]},
        {"group": 0, "words": ["team"]},
        {"name": "x", "words": ["goal"]},
    ]
    (tmp_path / "a.json").write_text(json.dumps(sets))
    assert read_seed_words(tmp_path / "a.csv") == read_seed_words(tmp_path / "a.json") == expected


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", '["bank"]', "holds no sets of seed words"),
        ("a.json", '{"a": "bank"}', "set 1 has a str as words"),
        ("a.json", '{"a": []}', "set 1 has a list as words"),
        ("a.json", "[]", "holds no sets of seed words"),
        ("a.json", "{}", "holds no sets of seed words"),
        ("a.json", '[{"topic": 7, "topic": 8, "words": ["bank"]}]', "'topic' is there twice"),
        ("a.json", '[{"words": ["bank"]}]', "says no topic"),
        ("a.json", '[{"topic": "7", "words": ["bank"]}]', "topic '7' is no whole number"),
        ("a.json", '[{"name": 7, "words": ["bank"]}]', "the name 7 is no text"),
        ("a.csv", "", "is empty"),
        ("a.csv", "name,words\na,bank\n", "seed words need the column word"),
        ("a.csv", "name,word\n", "has no rows"),
        ("a.csv", "name,word\na,bank\n,team\n", "line 3.*says no topic"),
        ("a.csv", "name,word\na,\n", "line 2.*has no word"),
        ("a.csv", "topic,word\nseven,bank\n", "line 2.*'seven' is no whole number"),
        ("a.csv", "topic,name,word\n7,a,bank\n", "line 2.*has no name and no group"),
    ],
)
def test_files_that_are_none_of_seed_words(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        read_seed_words(tmp_path / name)


def called(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="hftopic")
    assert result.exit_code == code, result.output
    return result.stdout + result.stderr


@pytest.mark.filterwarnings("default")  # the test checks that the program shows the warning
def test_the_command_line_takes_a_file(tmp_path: Path) -> None:
    write_corpus(Corpus(CORPUS.counts, WORDS), tmp_path / "c.npz")
    (tmp_path / "seeds.csv").write_text(f"name,word\nblue,{WORDS[0]}\nblue,{WORDS[1]}\nblue,zebra\n")
    fit = ["fit", tmp_path / "c.npz", "--groups", "2,2", "--epochs", 1, "--out", tmp_path / "m"]
    told = called(*fit, "--seed-words", tmp_path / "seeds.csv", "--seed-strength", 0.8)
    assert "'zebra'" in told
    model = load(tmp_path / "m")
    assert model.seed_words == {"blue": [WORDS[0], WORDS[1], "zebra"]}
    assert model.seed_strength == 0.8
    assert "blue" in called("names", tmp_path / "m")
    (tmp_path / "seeds.csv").write_text("name\nblue\n")
    told = called(*fit, "--force", "--seed-words", tmp_path / "seeds.csv", code=2)
    assert "seed words need the column word" in told


def test_other_commands_that_fit_take_seed_words_and_a_formula(tmp_path: Path) -> None:
    pytest.importorskip("formulaic")
    metadata = {"party": ["left", "right"] * 60}
    write_corpus(Corpus(CORPUS.counts[:120], WORDS, metadata=metadata), tmp_path / "c.npz")
    (tmp_path / "seeds.csv").write_text(f"name,word\nblue,{WORDS[0]}\n")
    given_beforehand = ["--seed-words", tmp_path / "seeds.csv", "--prevalence", "party", "--groups", "2,2"]
    given_beforehand += ["--epochs", 1, "--quiet"]
    called("run", tmp_path / "c.npz", "--out", tmp_path / "r.html", *given_beforehand)
    model = load(tmp_path / "r-model")
    assert model.guided_topics_["name"].tolist() == ["blue"]
    assert len(model.prevalence_) == 1
    found = called("compare", tmp_path / "c.npz", "--json", *given_beforehand)
    assert json.loads(found)["runs"][0]["epochs"] == 1
    assert "colour" in called(
        "compare", tmp_path / "c.npz", *given_beforehand, "--prevalence", "colour", code=1
    )
