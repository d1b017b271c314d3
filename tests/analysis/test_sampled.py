"""Every public function that reads documents takes a ShardedCorpus: found by inspection."""

import inspect

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Corpus, ProdLDA, analysis, open_corpus, plots, write_corpus
from hftopic.analysis import sampled
from hftopic.analysis.documents import documents, summary
from hftopic.report import write_report

pytestmark = pytest.mark.filterwarnings("ignore")

N = 60
COUNTS = np.random.default_rng(0).poisson(0.6, (N, 12)) * (np.arange(N) % 7 > 0)[:, None]
CORPUS = Corpus(
    COUNTS,
    [f"w{column}" for column in range(12)],
    labels=["a", "b", "c"] * 20,
    names=[f"d{row}" for row in range(N)],
    dates=["1990", "1991", "1992", "1993"] * 15,
    texts=[f"text {row}" for row in range(N)],
)
FILLED = CORPUS[np.arange(N) % 7 > 0]
MODEL, SECOND = (
    ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=seed).fit(FILLED) for seed in (0, 1)
)
KNOWN = {
    "model": MODEL,
    "estimator": MODEL,
    "models": [MODEL, SECOND],
    "model_or_topics": MODEL,
    "model_or_result": MODEL,
    "document": 17,
    "query": 17,
    "random_state": 0,
}
MORE = {
    "contributions": {"documents": [58, 17]},
    "topics_of_documents": {"documents": [58, 17]},
    "topic_correlation": {"n_permutations": 9, "active": range(4)},
    "group_dependence": {"n_permutations": 9, "n_samples": 2, "active": range(4)},
    "recurring_pairs": {"active": [range(4)] * 2, "reference": 0},
    "topics_by_label": {"topics": "all"},
    "estimate_effects": {"formula": "date", "topics": "all", "n_draws": 2},
    "plot_effects": {"formula": "label"},
    "compare": {"models": [MODEL, SECOND]},
}
DOCUMENTS = ("X", "corpus", "validation", "reference")
FUNCTIONS = [
    function
    for module in (analysis, plots)
    for name in module.__all__
    if name[0].islower()
    and set(DOCUMENTS) & set(inspect.signature(function := getattr(module, name)).parameters)
    and name != "write_document_topics"  # reads all documents in pieces: documents/test_stream.py
]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "shards"
    write_corpus(CORPUS, path, format="shards")
    return open_corpus(path)


def result_of(function, documents, /, **others):
    parameters = inspect.signature(function).parameters
    known = {**KNOWN, **dict.fromkeys(DOCUMENTS, documents)}
    if function.__module__.startswith("hftopic.plots"):
        parameters = {name: parameters[name] for name in parameters if name in ("corpus", *KNOWN)}
        return function(
            **{name: known.get(name, MODEL) for name in parameters}, **MORE.get(function.__name__, {})
        )
    needed = {name: known[name] for name in parameters if name in known}
    return function(**{**needed, **MORE.get(function.__name__, {}), **others})


def tables_of(result):
    """What can be compared of a result: tables, arrays and numbers, by name."""
    if isinstance(result, pd.DataFrame):
        return {"table": result.reset_index(), "attrs": {**result.attrs}}
    if hasattr(result, "__dataclass_fields__"):
        held = {name: getattr(result, name) for name in result.__dataclass_fields__}
        return {name: value for name, value in held.items() if isinstance(value, pd.DataFrame | float | int)}
    return {"value": result}


def assert_same(one, other, but=()):
    for (name, a), b in zip(tables_of(one).items(), tables_of(other).values(), strict=True):
        if name in but:
            continue
        if isinstance(a, pd.DataFrame):
            columns = [column for column in a if column != "fit_seconds"]
            pd.testing.assert_frame_equal(a[columns], b[columns])
        elif name == "attrs":
            assert a.keys() == b.keys()
        elif isinstance(a, float | int | str | list):
            np.testing.assert_equal(a, b)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_small_corpus_gives_the_results_of_the_corpus_in_memory(function, shards):
    import matplotlib.pyplot as plt

    assert_same(result_of(function, shards), result_of(function, CORPUS))
    plt.close("all")


def test_many_functions_are_tried():
    assert len(FUNCTIONS) >= 35


@pytest.mark.parametrize(
    "function",
    [
        function
        for function in FUNCTIONS
        if function.__module__.startswith("hftopic.analysis")
        and function.__name__ not in ("document_summary", "representative_documents")  # tests below
    ],
    ids=lambda function: function.__name__,
)
def test_of_a_large_corpus_documents_at_even_distances_are_read(function, shards, monkeypatch):
    """The result is that of these documents in memory, with their numbers in the whole corpus."""
    monkeypatch.setattr(sampled, "MOST_AT_ONCE", 20)
    rows = np.unique([*np.linspace(0, N - 1, 20).astype(int), *_asked(function)])
    places = {"documents": np.searchsorted(rows, [58, 17]), "document": np.searchsorted(rows, 17)}
    places["query"] = places["document"] = int(places["document"])
    parameters = inspect.signature(function).parameters
    expected = result_of(
        function, CORPUS[rows], **{name: place for name, place in places.items() if name in parameters}
    )
    found = result_of(function, shards)
    if isinstance(found, pd.DataFrame) and {"X", "corpus"} & set(parameters):
        assert found.attrs.pop("sampled") == len(rows)
        assert found.attrs.pop("of") == N
        if "document" in expected:
            expected["document"] = rows[expected["document"]]
        if expected.index.name == "document":
            expected.index = pd.Index(rows[expected.index], name="document")
    assert_same(found, expected)


def _asked(function):
    """Documents that the call asks for by number."""
    parameters = inspect.signature(function).parameters
    return [17] * ("document" in parameters or "query" in parameters) + [17, 58] * ("documents" in parameters)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("function", [analysis.topics_by_label, analysis.similar_documents])
def test_a_warning_at_the_line_of_the_caller_says_what_was_read(function, shards, monkeypatch):
    monkeypatch.setattr(sampled, "MOST_AT_ONCE", 20)
    with pytest.warns(
        UserWarning, match=f"{function.__name__} used 2[01] of 60 documents, at even"
    ) as caught:
        result_of(function, shards)
    assert [warning.filename for warning in caught] == [__file__]


def test_documents_with_the_most_of_a_topic_are_those_of_all_documents(shards, monkeypatch):
    monkeypatch.setattr(sampled, "MOST_AT_ONCE", 20)
    monkeypatch.setattr(documents, "PIECE", 7)
    nvdm = NVDM(groups=(2, 2), hidden=(4,), max_iter=1, random_state=0).fit(FILLED)
    for model in (MODEL, nvdm):
        for settings in ({}, {"n": 70}, {"topics": [3, 1]}, {"topics": []}):
            pd.testing.assert_frame_equal(
                analysis.representative_documents(model, shards, **settings),
                analysis.representative_documents(model, CORPUS, **settings),
            )


def test_a_table_with_a_row_for_each_document_refuses_too_many(shards, monkeypatch):
    monkeypatch.setattr(summary, "MOST_AT_ONCE", 59)
    with pytest.raises(ValueError, match=r"60 documents would be in memory .* write_document_topics"):
        analysis.document_summary(MODEL, shards)


def test_labels_and_dates_that_are_passed_are_those_of_all_documents(shards, monkeypatch):
    monkeypatch.setattr(sampled, "MOST_AT_ONCE", 30)
    labels = ["odd" if row % 2 else "even" for row in range(N)]
    rows = np.linspace(0, N - 1, 30).astype(int)
    expected = analysis.topics_by_label(MODEL, CORPUS[rows], np.array(labels)[rows], topics="all")
    for given in (labels, pd.Series(labels)):
        pd.testing.assert_frame_equal(
            analysis.topics_by_label(MODEL, shards, given, topics="all"), expected, check_names=True
        )
    with pytest.raises(ValueError, match="labels"):
        analysis.topics_by_label(MODEL, shards, labels[:-1], topics="all")
    mask = np.arange(N) % 4 == 0
    found = analysis.topics_of_documents(MODEL, shards, mask)
    assert set(found["document"]) <= set(np.flatnonzero(mask)) & set(rows)


def test_metadata_that_are_passed_are_those_of_all_documents(shards, monkeypatch):
    monkeypatch.setattr(sampled, "MOST_AT_ONCE", 30)
    rows = np.linspace(0, N - 1, 30).astype(int)
    known = pd.DataFrame({"x": np.arange(N) % 5, "y": [f"y{row % 3}" for row in range(N)]})
    settings = {"topics": "all", "n_draws": 2}
    of_rows = analysis.estimate_effects(MODEL, CORPUS[rows], "x + y", metadata=known.iloc[rows], **settings)
    for given in (known, known.to_dict("list"), dict(known)):
        found = analysis.estimate_effects(MODEL, shards, "x + y", metadata=given, **settings)
        pd.testing.assert_frame_equal(found.table, of_rows.table)


def test_a_report_of_shards_is_that_of_the_documents_and_says_how_many_were_read(
    shards, tmp_path, monkeypatch
):
    settings = {"n_permutations": 9, "measures": "c_npmi"}
    write_report(MODEL, CORPUS, tmp_path / "memory.html", **settings)
    write_report(MODEL, shards, tmp_path / "shards.html", **settings)
    assert (tmp_path / "shards.html").read_bytes() == (tmp_path / "memory.html").read_bytes()
    monkeypatch.setattr(sampled, "MOST_AT_ONCE", 40)
    write_report(MODEL, shards, tmp_path / "sampled.html", **settings)
    page = (tmp_path / "sampled.html").read_text()
    assert f"40 of {N} documents, at even distances" in page
    assert " documents of the sample are above all about" in page


def test_a_comparison_trains_on_shards(shards):
    models = {"small": ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1)}
    found = analysis.compare(models, train=shards, validation=shards)
    expected = analysis.compare(models, train=CORPUS, validation=CORPUS)
    assert_same(found, expected)


def test_a_search_of_parameters_reads_its_folds_into_memory(shards):
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(
        ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=0), {"gamma": [1.0, 2.0]}, cv=2
    )
    assert search.fit(shards).best_score_ == search.fit(CORPUS).best_score_
