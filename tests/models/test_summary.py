"""What a fitted model knows of its topics: their numbers over the training documents, and their names."""

import copy
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import hftopic
from hftopic import NVDM, NVLDA, BetaVAE, Concrete, ModelFileError, NothingLearntWarning, ProdLDA
from hftopic.analysis import topic_summary
from hftopic.models import summary
from hftopic.models.saving import description_hash
from hftopic.topics.names import least_documents

SMALL = {"groups": (3, 3), "max_iter": 12, "batch_size": 64, "random_state": 0}


@pytest.fixture(scope="module")
def corpus():
    return hftopic.make_correlated_topics(300, groups=(3, 3), n_words=80, random_state=0).corpus


@pytest.fixture(scope="module", params=[ProdLDA, NVDM, NVLDA])
def fitted(request, corpus):
    return request.param(**SMALL).fit(corpus)


@pytest.fixture
def model(fitted):
    return copy.deepcopy(fitted)


def without_names(table):
    return table.drop(columns=["name", "words", "words_negative"], errors="ignore")


def test_the_summary_is_that_of_the_training_documents(fitted, corpus):
    pd.testing.assert_frame_equal(fitted.topic_summary_, without_names(topic_summary(fitted, corpus)))
    table = fitted.topic_summary_
    table["active"] = False
    assert fitted.topic_summary_["active"].any()  # the table was a copy


def test_held_out_and_empty_documents_are_not_counted(corpus):
    model = ProdLDA(**SMALL | {"max_iter": 2}, validation_fraction=0.1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="1 of 301 documents have no words")
        model.fit(np.vstack([corpus.counts.toarray(), np.zeros((1, 80))]))
    assert model.topic_summary_.attrs["n_documents"] == 270


def test_of_many_documents_the_information_is_that_of_an_even_sample(model, corpus, monkeypatch):
    monkeypatch.setattr(summary, "INFORMED", 50)
    model.fit(corpus)
    rows = np.linspace(0, 299, 50).astype(int)
    of_sample, of_all = topic_summary(model, corpus[rows]), topic_summary(model, corpus)
    np.testing.assert_allclose(model.topic_summary_["peak"], of_sample["peak"], rtol=1e-4)
    if model.topic_summary_["active"].equals(of_all["active"]):
        assert model.topic_summary_["documents"].tolist() == of_all["documents"].tolist()


@pytest.mark.parametrize("dump", ["save", "pickle", "copy", "deepcopy"])
def test_summary_names_and_reading_are_kept(model, tmp_path, dump):
    model.set_topic_names({2: "sport"})
    model.reading_ = {"text_column": "body", "options": {"ngram_range": (1, 2)}}
    if dump == "save":
        model.save(tmp_path / "model")
        other = hftopic.load(tmp_path / "model")
    elif dump == "pickle":
        other = pickle.loads(pickle.dumps(model))
    else:
        other = getattr(copy, dump)(model)
    pd.testing.assert_frame_equal(other.topic_summary_, model.topic_summary_)
    assert other.topic_summary_.attrs == model.topic_summary_.attrs
    assert other.topic_names_.tolist() == model.topic_names_.tolist()
    assert other.reading_ == model.reading_
    assert other.set_topic_names(None).topic_names_[2] != "sport"
    assert model.topic_names_[2] == "sport"


def test_pickles_hold_no_documents(model, corpus):
    model.partial_fit(corpus)
    assert "_remembered" in vars(model)
    assert "_remembered" not in vars(pickle.loads(pickle.dumps(model)))


def test_after_partial_fit_the_summary_is_that_of_the_last_documents(model, corpus, monkeypatch):
    monkeypatch.setattr(summary, "REMEMBERED", 100)
    for start in range(0, 300, 60):
        model.partial_fit(corpus[start : start + 60])
    pd.testing.assert_frame_equal(
        model.topic_summary_, without_names(topic_summary(model, corpus[180:])), check_exact=False
    )


def test_a_stream_begins_with_its_own_documents(corpus):
    model = ProdLDA(**SMALL).partial_fit(corpus[:40])
    assert model.topic_summary_.attrs["n_documents"] == 40
    assert len(set(model.topic_names_)) == 6


def test_words_of_names_are_in_enough_documents_and_no_document_has_a_third_of_them():
    """(Σ n)² / Σ n² is at least the floor, so no document has more than 1 / √floor of the tokens."""
    made = hftopic.make_correlated_topics(1600, groups=(3, 3), n_words=200, random_state=0).corpus
    counts = made.counts.toarray()
    counts[0, ::7] = 10_000  # a message that repeats every seventh word
    model = ProdLDA(groups=(3, 3), max_iter=3, random_state=0).fit(hftopic.Corpus(counts, made.vocabulary))
    floor = least_documents(1600)
    assert floor == 12
    columns = [list(made.vocabulary).index(word) for name in model.topic_names_ for word in name.split(", ")]
    assert ((counts[:, columns] > 0).sum(0) >= floor).all()
    assert (counts[:, columns].max(0) <= counts[:, columns].sum(0) / 3).all()
    assert len({frozenset(name.split(", ")) for name in model.topic_names_}) == 6


def test_names_in_another_length_or_vocabulary(model, corpus):
    model.set_topic_names({1: "given"})
    longer = model.name_topics(4)
    assert longer[1] == "given"
    assert longer[0].count(", ") == (3 if not model.signed_topics_ else 6)
    assert model.name_topics().tolist() == model.topic_names_.tolist()
    bare = type(model)(**SMALL).fit(corpus.counts)
    assert bare.topic_names_[0].strip("+ ")[0].isdigit()
    named = bare.name_topics(vocabulary=corpus.vocabulary)
    assert not named[0].strip("+ ")[0].isdigit()
    assert topic_summary(bare, corpus)["name"].tolist() == named.tolist()


def test_topics_are_named_by_a_dict_a_list_a_table_or_a_file(model, tmp_path):
    automatic = model.topic_names_.tolist()
    assert model.set_topic_names({0: " sport ", np.int64(3): "news"}) is model
    assert model.topic_names_.tolist() == ["sport", *automatic[1:3], "news", *automatic[4:]]
    assert model.set_topic_names(list("abcdef")).topic_names_.tolist() == list("abcdef")
    assert model.set_topic_names(None).topic_names_.tolist() == automatic
    table = pd.DataFrame({"topic": [5, 0], "note": ["x", "y"], "name": ["NA", "été"]})
    assert model.set_topic_names(table).topic_names_[[0, 5]].tolist() == ["été", "NA"]
    model.set_topic_names(None)
    table.to_csv(tmp_path / "names.csv", index=False, encoding="utf-8-sig")
    assert model.set_topic_names(tmp_path / "names.csv").topic_names_[[0, 5]].tolist() == ["été", "NA"]


def test_an_automatic_name_gives_way_to_a_given_one(model):
    other = model.topic_names_[1]
    names = model.set_topic_names({0: other}).topic_names_
    assert names[0] == other
    assert names[1] == f"{other} (1)"


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ({6: "x"}, ValueError, "no topic 6: topics are numbered 0 to 5"),
        ({"0": "x"}, ValueError, "no topic '0'"),
        ({0: ""}, ValueError, "the name of topic 0 is empty"),
        ({0: "x", 1: "x "}, ValueError, "topics 0 and 1 would both be named 'x'"),
        ({0: "kept"}, ValueError, "would both be named 'kept'"),
        ({0: 3}, TypeError, "the name of topic 0 must be a str"),
        (["x"], ValueError, "1 names for 6 topics"),
        (3, TypeError, "names must be a dict"),
        (pd.DataFrame({"topic": [0, 0], "name": ["a", "b"]}), ValueError, "topic 0 is named twice"),
        (pd.DataFrame({"number": [0], "name": ["a"]}), ValueError, "need the columns topic and name"),
        ("no such file.csv", OSError, "no such file"),
    ],
)
def test_wrong_names_are_told_and_change_nothing(model, names, error, message):
    before = model.set_topic_names({5: "kept"}).topic_names_.tolist()
    with pytest.raises(error, match=message):
        model.set_topic_names(names)
    assert model.topic_names_.tolist() == before


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "topic,name\n5,été\n0,NA"),
        ("utf-8-sig", "Topic ;NAME;words\r\n5;été;a, b\r\n0;NA;\r\n;;\r\n"),
        ("utf-8", '"topic";"name"\n"5";"été"\n"0";"NA"\n'),
        ("cp1252", "topic;name\r\n5.0;été\r\n0.0;NA\r\n"),
        ("utf-16", "name\ttopic\r\nété\t5\r\nNA\t0\r\n"),
        ("utf-8", 'topic,name\n5,"été"\n0," NA\n"\n'),
    ],
)
def test_names_are_read_as_spreadsheets_save_them(model, tmp_path, encoding, text):
    (tmp_path / "names.csv").write_text(text, encoding=encoding, newline="")
    assert model.set_topic_names(tmp_path / "names.csv").topic_names_[[0, 5]].tolist() == ["NA", "été"]


def test_an_emptied_name_is_the_automatic_one(model, tmp_path):
    automatic = model.topic_names_.tolist()
    model.set_topic_names({0: "x", 1: "y", 2: "z"})
    (tmp_path / "names.csv").write_text("topic,name\n0,\n2, \n3,w\n")
    names = model.set_topic_names(tmp_path / "names.csv").topic_names_.tolist()
    assert names == [automatic[0], "y", automatic[2], "w", *automatic[4:]]
    table = pd.DataFrame({"topic": [1, 3], "name": [None, "v"]})
    assert model.set_topic_names(table).topic_names_.tolist() == [*automatic[:3], "v", *automatic[4:]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names.csv: is empty"),
        ("topic,name\nfirst,x\n", "names.csv, line 2: no topic 'first'"),
        ("topic,name\n0,x\n1.5,x\n", "line 3: no topic '1.5'"),
        ("topic,name\n0,x\n6,x\n", "line 3: no topic 6"),
        ("topic,name\n0,x\n,y\n", "line 3: no topic ''"),
        ("topic,name\n0,x\n0,\n", "line 3: topic 0 is named twice"),
        ("topic,name\n0,a\x07b\n", "line 2: the name of topic 0 has the control character"),
        ("number;name\n0;x\n", "line 1: names need the columns topic and name. The columns are 'number'"),
    ],
)
def test_errors_in_a_file_of_names_have_its_line(model, tmp_path, text, message):
    (tmp_path / "names.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        model.set_topic_names(tmp_path / "names.csv")


def test_names_have_characters_that_can_be_written_and_shown(model):
    assert model.set_topic_names({0: "two\nlines\tof it"}).topic_names_[0] == "two lines of it"
    for name in ("a\ud800b", "a\0b", "a\x1bb"):
        with pytest.raises(ValueError, match=r"the name of topic 0 has (half a|the control) character"):
            model.set_topic_names({0: name})


def test_given_names_outlive_partial_fit_and_not_fit(model, corpus):
    model.set_topic_names({0: "sport"}).partial_fit(corpus[:50])
    assert model.topic_names_[0] == "sport"
    assert model.fit(corpus).topic_names_[0] != "sport"


def test_a_fit_keeps_how_its_corpus_was_read(corpus):
    texts = ["cats and dogs", "dogs run", "stocks fall", "stocks and bonds"] * 5
    read = hftopic.corpus_from_texts(texts, options=hftopic.TextOptions(min_df=1))
    model = ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0).fit(read)
    assert model.reading_ == read.reading != {}
    assert model.fit(corpus).reading_ == corpus.reading
    assert model.fit(corpus.counts).reading_ is None


def test_a_fit_that_learns_nothing_says_so(corpus):
    unlearnt = ProdLDA(**SMALL | {"max_iter": 20}, warm_up=0, objective=BetaVAE(50.0))
    with pytest.warns(NothingLearntWarning, match="no topics are active after 20 epochs: nothing was learnt"):
        unlearnt.fit(corpus)
    table = topic_summary(unlearnt)
    assert not table["documents"].any()
    assert not table["share"].any()
    assert table.attrs["remainder"] == 1


def test_classes_are_counted_beside_topics(corpus):
    model = ProdLDA(groups=(3, Concrete(3)), max_iter=12, random_state=0).fit(corpus)
    table = topic_summary(model, corpus, threshold=0.0, duplicate_threshold=1.0)
    assert table["documents"][:3].sum() == table["documents"][3:].sum() == 300
    np.testing.assert_allclose([table["share"][:3].sum(), table["share"][3:].sum()], 1)


@pytest.mark.parametrize(
    ("setting", "value"), [("threshold", 0.1), ("top_n", 5), ("duplicate_threshold", 0.9)]
)
def test_other_settings_of_the_saved_summary_need_documents(fitted, setting, value):
    with pytest.raises(ValueError, match="pass the documents"):
        topic_summary(fitted, **{setting: value})


FORGED = {
    "another topic": ("summary", lambda s: s["columns"]["topic"].__setitem__(0, 9)),
    "another group": ("summary", lambda s: s["columns"]["group"].__setitem__(0, 1)),
    "a column less": ("summary", lambda s: s["columns"].pop("kl")),
    "a negative number": ("summary", lambda s: s["columns"]["peak"].__setitem__(0, -1)),
    "no number": ("summary", lambda s: s["columns"]["information"].__setitem__(0, "x")),
    "a missing number": ("summary", lambda s: s["columns"]["information"].__setitem__(0, None)),
    "no flag": ("summary", lambda s: s["columns"]["active"].__setitem__(0, "yes")),
    "half a document": ("summary", lambda s: s["columns"]["documents"].__setitem__(0, 0.5)),
    "no such neighbour": ("summary", lambda s: s["columns"]["nearest"].__setitem__(0, 77)),
    "a remainder of two": ("summary", lambda s: s["attributes"].__setitem__("remainder", 2.0)),
    "a strange attribute": ("summary", lambda s: s["attributes"].__setitem__("path", "/")),
    "equal names": ("automatic_names", lambda n: n.__setitem__(0, n[1])),
    "a name less": ("automatic_names", list.pop),
    "an empty name": ("automatic_names", lambda n: n.__setitem__(0, "")),
    "a name of no topic": ("names", lambda n: n.__setitem__("9", "x")),
}


@pytest.mark.parametrize("damage", FORGED)
def test_a_forged_summary_is_refused(fitted, tmp_path, damage):
    fitted.save(tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    description = json.loads(file.read_text())
    entry, change = FORGED[damage]
    change(description[entry])
    description["sha256"] = description_hash(description)
    file.write_text(json.dumps(description))
    with pytest.raises(ModelFileError, match="damaged or incomplete"):
        hftopic.load(tmp_path / "model")
