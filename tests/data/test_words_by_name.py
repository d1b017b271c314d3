"""Columns are matched with the words of a model by name, in everything public that takes documents.

The functions and methods are found by inspection: a new one is tried without a change here, and one with a
parameter that this file does not know fails until it is classified.
"""

import importlib
import inspect
import pickle
import re
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import hftopic
from hftopic import ETM, NVDM, NVLDA, Concrete, Corpus, CorpusError, ProdLDA, analysis, load, plots, report
from hftopic.data.columns import named_columns

pytestmark = [
    pytest.mark.filterwarnings("ignore:X (has|does not have).* feature names"),
    pytest.mark.filterwarnings("ignore:.*topics? (left out|tell)"),
    pytest.mark.filterwarnings("ignore:.*no pair to correlate"),
    pytest.mark.filterwarnings("ignore:.*nothing was learnt yet"),
]

WORDS = [f"w{column:02d}" for column in range(12)]
BACK, OTHERS = WORDS[::-1], [word.upper() for word in WORDS]
COUNTS = np.random.default_rng(0).poisson(2.0, (30, 12)) + np.eye(30, 12, dtype=int)

# Parameters that are documents whose columns are those of the model.
DOCUMENTS = {"X", "corpus", "train", "validation"}
# Reference documents: their words are matched with those of the topics by spelling, in any order.
REFERENCES = {
    ("topic_coherence", "corpus"),
    ("distinct_topics", "corpus"),
    ("topic_subjects", "corpus"),
    ("word_intrusion", "corpus"),
}
# Parameters of these names that are no documents of a model.
NO_DOCUMENTS = {("write_corpus", "corpus"), ("plot_history", "corpus"), ("recurring_pairs", "reference")}
OTHER = {
    "a", "active", "against", "ax", "b", "bad_dates", "by", "cache", "callbacks", "checkpoint",
    "checkpoint_minutes", "cls", "codes", "coherence",
    "coherent", "comparison", "confidence", "correlation", "data_home", "date_column", "dates", "deep",
    "delimiter", "device", "document", "documents", "drop", "duplicate_threshold", "encoding", "endings",
    "estimator", "excluded", "factors", "fit_params", "format", "freq", "frequency", "grid", "groups",
    "history", "information", "input_features", "keep_texts", "kind", "label", "label_column", "labels",
    "least_variance", "level", "like", "match_threshold", "matches", "max_bytes", "mean", "measure",
    "measures", "merge", "merge_forms",
    "metadata", "min_words", "model", "model_or_result", "model_or_topics",
    "models", "n",
    "n_bins", "n_bootstrap", "n_documents", "n_jobs", "n_pairs", "n_permutations", "n_samples",
    "n_top_words", "n_topics", "n_votes", "n_words", "name", "name_column", "namer", "names", "of",
    "options", "p", "packages", "params", "path", "places", "pole", "posterior", "query", "processes",
    "prior", "elbo",
    "random_state", "sample_weight", "read", "reference", "remove", "seeds", "share", "shares", "sharpness",
    "sheet",
    "similarity", "sizes", "smallest", "split", "splits", "store", "subset", "term", "text",
    "text_column", "texts", "threshold", "title", "top_n", "topic", "topics", "topics_a", "topics_b",
    "total_documents", "transform", "verbose", "vocabulary", "weight", "window", "word_concentration",
    "words_per_document", "write", "x", "y",
    "bags", "cluster", "column", "dictionary", "draws", "effects", "formula", "gaps", "inputs", "missing",
    "n_draws", "out", "restart", "table_size",
    "vectors", "words",
    "embedding_column", "embeddings", "batch_size",
}  # fmt: skip
EFFECTS = {"formula": "m", "metadata": {"m": ["a", "b"] * 15}}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


class Entry(NamedTuple):
    """A public function or method, and its parameter that takes documents."""

    name: str
    call: Callable[..., Any]
    parameter: str


def functions() -> dict[str, Callable[..., Any]]:
    """All public functions, and all public methods of a model, which is the first argument of these."""
    found = {
        name: getattr(module, name)
        for module in (hftopic, analysis, plots, report)
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
    methods = {
        name: getattr(cls, name)
        for cls in (ProdLDA, NVDM, NVLDA, ETM)
        for name in dir(cls)
        if not name.startswith("_")
        and callable(getattr(cls, name))
        and not isinstance(getattr(cls, name), type)
    }
    return found | {f"model.{name}": method for name, method in methods.items()}


def documented(function: Callable[..., Any]) -> set[str]:
    """Parameters that the docstring describes as documents."""
    lines = re.findall(r"^([\w, ]+) : (.*)$", inspect.getdoc(function) or "", re.MULTILINE)
    return {
        name.strip()
        for names, kind in lines
        if "Corpus" in kind or "n_documents, n_words" in kind
        for name in names.split(",")
    }


def entries(references: bool) -> list[Entry]:
    found = []
    for name, function in functions().items():
        parameters = set(inspect.signature(function).parameters)
        taken = (parameters & DOCUMENTS) | (parameters & documented(function))
        if references:
            taken |= parameters & {"reference"} if (name, "reference") not in NO_DOCUMENTS else set()
            taken = {p for p in taken if (name, p) in REFERENCES or p == "reference"}
        else:
            taken = {p for p in taken if (name, p) not in REFERENCES | NO_DOCUMENTS and p != "reference"}
        found += [Entry(name, function, parameter) for parameter in sorted(taken)]
    return found


ENTRIES, WITH_REFERENCE = entries(references=False), entries(references=True)


def test_every_parameter_is_classified():
    for name, function in functions().items():
        for parameter in inspect.signature(function).parameters:
            if parameter in ("self", "kwargs", "args"):
                continue
            assert parameter in DOCUMENTS | OTHER, (
                f"{name}: is {parameter!r} documents? Add it to a set above"
            )


def test_the_functions_are_found():
    names = {entry.name for entry in ENTRIES}
    assert {"topic_summary", "write_report", "compare", "coherence_score", "to_pyldavis"} <= names
    assert {"model.fit", "model.partial_fit", "model.transform", "model.encode", "model.perplexity"} <= names
    assert {"model.predict", "model.score", "model.posterior", "model.fit_transform"} <= names
    assert len(ENTRIES) >= 36
    assert len(WITH_REFERENCE) >= 8


def as_frame(counts, words):
    return pd.DataFrame(counts, columns=words)


def as_sparse_frame(counts, words):
    return pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(counts), columns=words)


def as_arrow(counts, words):
    pyarrow = importlib.import_module("pyarrow")
    return pyarrow.table({word: counts[:, column] for column, word in enumerate(words)})


def as_polars(counts, words):
    polars = importlib.import_module("polars")
    return polars.DataFrame({word: counts[:, column] for column, word in enumerate(words)})


KINDS: dict[str, Callable[..., Any]] = {"corpus": Corpus, "pandas": as_frame}
KINDS |= {name: make for name, make in {"pyarrow": as_arrow, "polars": as_polars}.items() if find_spec(name)}


@pytest.mark.parametrize("package", ["pyarrow", "polars"])
def test_other_data_frames_are_tried(package):
    if package not in KINDS:
        pytest.skip(f"{package} is not installed: its data frames are not tried")


def reordered(words):
    """Columns of COUNTS in the order of words; of other words, in the old order."""
    return COUNTS[:, [WORDS.index(word) for word in words]] if set(words) == set(WORDS) else COUNTS


def new_model(seed=0):
    return ProdLDA(groups=(2, Concrete(2)), hidden=(4,), max_iter=1, random_state=seed)


FITTED: dict[str, tuple[ProdLDA, ProdLDA]] = {}


def fitted(kind):
    """Two models that were fitted on the same documents, given in one way: copies, which may be changed."""
    if kind not in FITTED:
        X = KINDS[kind](COUNTS, WORDS)
        FITTED[kind] = new_model().fit(X), new_model(1).fit(X)
    return tuple(pickle.loads(pickle.dumps(model)) for model in FITTED[kind])


def call(entry, kind, X, path, **more):
    """The result of an entry for documents; every other argument fits the documents of the tests."""
    model, second = fitted(kind)
    corpus = Corpus(COUNTS, WORDS)
    known = {
        "self": model,
        "model": model,
        "estimator": model,
        "model_or_result": model,
        "model_or_topics": model,
        "models": [model, second],
        "document": 0,
        "query": 0,
        "dates": [1990, 1991] * 15,
        "path": path / "report.html",
        "X": corpus,
        "corpus": corpus,
    }
    settings = {
        "write_report": {"n_permutations": 9, "measures": "c_npmi", "topics": "all"},
        "find_topics": {"query": "w00"},
        "similar_documents": {"query": 0},
        "topics_by_label": {"labels": ["a", "b"] * 15},
        "label_topics": {"labels": ["a", "b"] * 15},
        "topics_over_time": {"dates": [1990, 1991] * 15},
        "trends": {"dates": [1990, 1991] * 15},
        "estimate_effects": EFFECTS | {"topics": "all", "n_draws": 2},
        "plot_effects": EFFECTS,
        "plot_shares": {"labels": ["a", "b"] * 15},
        "plot_over_time": {"dates": [1990, 1991] * 15},
        "words_over_time": {"dates": [1990, 1991] * 15, "n_permutations": 9},
        "plot_words_over_time": {"dates": [1990, 1991] * 15},
        "topic_correlation": {"n_permutations": 9, "active": [0, 1]},
        "recurring_pairs": {"active": [[0, 1], [0, 1]]},
        "group_dependence": {"n_permutations": 9, "n_samples": 2},
        "to_pyldavis": {"topics": "all"},
        "write_document_topics": {"path": path / "topics.csv"},
        "get_topic_info": {"topics": "all"},
        "compare": {"models": new_model() if entry.parameter == "train" else model, "validation": corpus},
    }
    if entry.parameter == "vocabulary" and entry.name == "topic_coherence":
        more["corpus"] = corpus
    parameters = inspect.signature(entry.call).parameters.values()
    needed = {p.name: known[p.name] for p in parameters if p.default is p.empty and p.name in known}
    function = entry.call
    if entry.name.startswith("model."):
        function = getattr(needed.pop("self", model), entry.name.removeprefix("model."))
    return function(**{**needed, **settings.get(entry.name, {}), **more, entry.parameter: X})


def trains(entry):
    """Whether the entry starts a new fit, so that it has no words to match with."""
    return entry.name in ("model.fit", "model.fit_transform")


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.name}-{entry.parameter}")
def test_columns_in_another_order_or_with_other_words_are_refused(entry, kind, given, tmp_path):
    for words in (BACK, OTHERS, [*WORDS[:-1], "new"]):
        X = KINDS[given](reordered(words), words)
        if trains(entry):
            continue
        with pytest.raises(ValueError, match=r"vocabular|feature names should match"):
            call(entry, kind, X, tmp_path)
    assert list(tmp_path.iterdir()) == []


def plain(value):
    """A result as something that can be compared."""
    if isinstance(value, ProdLDA | NVDM | NVLDA | ETM):
        return value.components_
    return getattr(value, "proportions", getattr(value, "mean", getattr(value, "pairs", value)))


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.name}-{entry.parameter}")
def test_the_same_words_in_the_same_order_are_accepted(entry, given, tmp_path):
    found = call(entry, "corpus", KINDS[given](COUNTS, WORDS), tmp_path)
    expected = call(entry, "corpus", Corpus(COUNTS, WORDS), tmp_path)
    if entry.name not in ("write_report", "compare", "decompose") and not callable(plain(found)):
        assert repr(plain(found)) == repr(plain(expected))


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("entry", WITH_REFERENCE, ids=lambda entry: f"{entry.name}-{entry.parameter}")
def test_the_words_of_a_reference_are_matched_in_any_order(entry, given, tmp_path):
    found = call(entry, "corpus", KINDS[given](reordered(BACK), BACK), tmp_path)
    expected = call(entry, "corpus", Corpus(COUNTS, WORDS), tmp_path)
    if entry.name == "compare":
        found, expected = found.table.drop(columns="fit_seconds"), expected.table.drop(columns="fit_seconds")
    if isinstance(found, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    else:
        assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("kind", KINDS)
def test_documents_without_names_have_the_columns_of_the_model(kind):
    model, _ = fitted(kind)
    expected = model.transform(KINDS[kind](COUNTS, WORDS))
    for bare in (COUNTS, sp.csr_array(COUNTS), COUNTS.tolist(), pd.DataFrame(COUNTS)):
        np.testing.assert_array_equal(model.transform(bare), expected)
        with pytest.raises(ValueError, match="features"):
            model.transform(COUNTS[:, :-1])
    bare = new_model().fit(COUNTS)
    np.testing.assert_array_equal(bare.transform(KINDS[kind](COUNTS, WORDS)), expected)
    with pytest.raises(ValueError, match="11 features"):
        bare.transform(KINDS[kind](COUNTS[:, 1:], WORDS[1:]))


LABELS = {
    "numbers from 5": range(5, 17),
    "numbers with a gap": [*range(11), 12],
    "numbers backwards": range(11, -1, -1),
    "fractions": np.arange(12) + 0.5,
    "dates": pd.date_range("2020-01-01", periods=12),
    "levels": pd.MultiIndex.from_product([["a"], WORDS]),
    "None": [None] * 12,
    "numbers and words": ["b", 1, *WORDS[2:]],
}


def test_the_numbers_of_the_columns_are_no_names():
    numbered = pd.DataFrame(COUNTS)
    assert named_columns(numbered) is None
    model = new_model().fit(numbered)
    assert not {"vocabulary_", "feature_names_in_"} & set(vars(model))
    expected = fitted("corpus")[0].transform(COUNTS)
    for same in (numbered, numbered.set_axis(np.arange(12.0), axis=1)):
        np.testing.assert_array_equal(model.transform(same), expected)
        assert Corpus(same, WORDS).vocabulary.tolist() == WORDS


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_other_labels_are_not_matched_by_place(labels):
    """Labels that are no names and that no model keeps: 5, 6, 7 were read as the columns 0, 1, 2."""
    labelled = pd.DataFrame(COUNTS).set_axis(labels, axis=1)
    model = fitted("corpus")[0]
    for call_ in (
        model.transform,
        new_model().fit,
        new_model().fit(COUNTS).transform,
        lambda X: analysis.topic_summary(model, X),
        lambda X: Corpus(X, WORDS),
        lambda X: analysis.topic_coherence(model, X),
    ):
        with pytest.raises(ValueError, match=r"has the label .* X\.columns\.map\(str\), or pass X\.to_numpy"):
            call_(labelled)
    advised = labelled.set_axis([str(label) for label in range(12)], axis=1)
    assert new_model().fit(advised).transform(advised).shape == (30, 4)


def test_numbers_that_are_words_of_the_model_are_matched():
    digits = [str(column) for column in range(12)]
    for words, moved in ((digits, False), (digits[::-1], True), ([*digits[1:], "new"], False)):
        model = new_model().fit(Corpus(COUNTS, words))
        if not moved:
            model.transform(pd.DataFrame(COUNTS))
            continue
        with pytest.raises(ValueError, match="words of the model, in another order"):
            model.transform(pd.DataFrame(COUNTS))


def test_a_word_twice_in_new_documents():
    for kind in KINDS:
        if kind != "corpus":
            with pytest.raises(ValueError, match="'w00' is in the columns of X twice, at 0 and 1"):
                fitted(kind)[0].transform(as_frame(COUNTS, ["w00", "w00", *WORDS[2:]]))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["w00", *WORDS[:-1]], "'w00' is in the columns of X twice, at 0 and 1"),
        (["", *WORDS[1:]], r"columns of X\[0\] is ''"),
        ([*WORDS[:-1], "cut\ud83d"], r"columns of X\[11\] has half a character at position 3"),
    ],
)
def test_names_of_columns_are_those_of_a_vocabulary(words, told):
    frame = pd.DataFrame(COUNTS)
    frame.columns = pd.Index(words, dtype=object)
    with pytest.raises(ValueError, match=told):
        new_model().fit(frame)


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_kept_with_the_model(kind, tmp_path):
    model, _ = fitted(kind)
    model.save(tmp_path / "model")
    model.set_output(transform="pandas")
    for kept in (load(tmp_path / "model"), pickle.loads(pickle.dumps(model)), model):
        assert kept.top_words(1)["word_1"].str.startswith("w").all()
        for given in KINDS.values():
            with pytest.raises(ValueError, match=r"vocabular|feature names should match"):
                kept.transform(given(reordered(BACK), BACK))
    backwards = as_frame(reordered(BACK), BACK)
    assert clone(model).fit(backwards).transform(backwards).shape == (30, 4)
    refitted = model.fit(Corpus(reordered(BACK), BACK))
    assert refitted.vocabulary_.tolist() == BACK
    assert not hasattr(refitted, "feature_names_in_")
    assert not hasattr(model.fit(COUNTS), "vocabulary_")


def test_a_sparse_frame_has_names_too():
    model, _ = fitted("corpus")
    model.transform(as_sparse_frame(COUNTS, WORDS))
    with pytest.raises(ValueError, match="different vocabulary"):
        model.transform(as_sparse_frame(reordered(BACK), BACK))


def test_partial_fit_goes_on_with_the_same_words():
    model = new_model().partial_fit(Corpus(COUNTS, WORDS))
    model.partial_fit(as_frame(COUNTS, WORDS))
    for words in (BACK, OTHERS):
        with pytest.raises(ValueError, match="different vocabulary"):
            model.partial_fit(as_frame(reordered(words), words))


def with_vocabulary():
    """Public functions and methods that take the words of the columns."""
    return [
        (name, function)
        for name, function in functions().items()
        if "vocabulary" in inspect.signature(function).parameters
        and name
        not in ("build_corpus", "corpus_from_texts", "corpus_from_tokens", "read_corpus", "read_word_vectors")
    ]


@pytest.mark.parametrize(
    ("name", "function"), with_vocabulary(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_words_given_are_not_those_of_the_model_in_another_order(name, function, tmp_path):
    entry = Entry(name, function, "vocabulary")
    more = {"topic": 0} if name == "plot_words" else {}
    for vocabulary in (BACK, iter(BACK), np.array(BACK), pd.Series(BACK)):
        with pytest.raises(ValueError, match="words are never matched by place"):
            call(entry, "corpus", vocabulary, tmp_path, **more)
    call(entry, "corpus", iter(WORDS), tmp_path, **more)


def test_words_given_name_the_columns_of_a_frame():
    model = new_model().fit(COUNTS)
    with pytest.raises(CorpusError, match="the order of the columns"):
        analysis.topic_summary(model, as_frame(COUNTS, WORDS), vocabulary=BACK)
    with pytest.raises(CorpusError, match="the order of the columns"):
        Corpus(as_frame(COUNTS, WORDS), BACK)
    assert Corpus(as_frame(COUNTS, WORDS), OTHERS).vocabulary.tolist() == OTHERS
    words = analysis.topic_summary(model, as_frame(COUNTS, WORDS))["words"]
    assert set(words.str.split(", ").sum()) <= set(WORDS)


def test_a_report_takes_the_words_of_a_frame(tmp_path):
    """A frame in another order was given the words of the model by place."""
    model = new_model().fit(COUNTS)
    settings = {"n_permutations": 9, "measures": "c_npmi", "topics": "all"}
    report.write_report(model, as_frame(COUNTS, OTHERS), tmp_path / "own.html", **settings)
    assert "W00" in (tmp_path / "own.html").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="different vocabulary"):
        report.write_report(
            fitted("corpus")[0], as_frame(reordered(BACK), BACK), tmp_path / "no.html", **settings
        )
    assert [path.name for path in tmp_path.iterdir()] == ["own.html"]


def test_the_vectoriser_of_a_pipeline_names_the_columns():
    texts = [" ".join(np.repeat(WORDS, row)) for row in COUNTS]
    pipeline = make_pipeline(CountVectorizer(), new_model()).fit(texts)
    score = analysis.coherence_score(pipeline, texts, threshold=0.0)
    assert score == pytest.approx(analysis.coherence_score(pipeline, texts, threshold=0.0, vocabulary=WORDS))
    with pytest.raises(ValueError, match="the steps before the model"):
        analysis.coherence_score(pipeline, texts, vocabulary=BACK)
