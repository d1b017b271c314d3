"""Tests of compare: runs have the measures of the analysis, and a failed run does not affect the others."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from hftopic import NVDM, VAE, Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis import (
    distinct_topics,
    topic_coherence,
    topic_correlation,
    topic_diversity,
    topic_information,
    word_intrusion,
)
from hftopic.analysis.selection.comparison import Comparison, compare
from hftopic.analysis.selection.runs import Yardstick, run_of
from hftopic.analysis.selection.settings import Setting
from hftopic.analysis.selection.stability import topic_stability

CORPUS = make_correlated_topics(150, groups=(2, 2), n_words=40, random_state=0).corpus
TRAIN, VALIDATION = CORPUS[:100], CORPUS[100:]
SMALL = ProdLDA(groups=(2, 2), max_iter=4, learning_rate=0.02)
DIVERGING = ProdLDA(groups=(2, 2), max_iter=4, learning_rate=1e9)


class BreaksLate(ProdLDA):
    """A model whose fit fails for a reason that no check can detect."""

    def fit(self, X, y=None, **settings):  # noqa: ARG002
        raise ValueError("broken")


@pytest.fixture(scope="module")
def found():
    grid = {"gamma": [1.0, 4.0], "groups": [(2, 2), (3, 3)]}
    return compare(SMALL, grid, train=TRAIN, validation=VALIDATION, seeds=(0, 7))


def test_every_combination_has_a_row_a_seed(found):
    assert found.parameters == ("gamma", "groups")
    assert found.table["name"].tolist()[::2] == [
        "gamma=1.0, groups=(2, 2)",
        "gamma=1.0, groups=(3, 3)",
        "gamma=4.0, groups=(2, 2)",
        "gamma=4.0, groups=(3, 3)",
    ]
    assert found.table["seed"].tolist() == [0, 7] * 4
    assert found.table["gamma"].tolist() == [1.0] * 4 + [4.0] * 4
    assert found.table["groups"].tolist() == (["(2, 2)"] * 2 + ["(3, 3)"] * 2) * 2
    assert found.table["topics"].tolist() == [4, 4, 6, 6] * 2
    assert found.table["error"].isna().all()
    assert (found.table["fit_seconds"] > 0).all()
    numbers = found.table[[*found.measures, "topics", "seed", "gamma"]]
    assert all(pd.api.types.is_numeric_dtype(kind) for kind in numbers.dtypes)


def test_measures_are_those_of_the_analysis(found):
    for row, model in zip(
        found.table.itertuples(), (m for models in found.models.values() for m in models), strict=True
    ):
        active = topic_information(model, VALIDATION)["active"].to_numpy()
        correlation = topic_correlation(model, VALIDATION, active=active, n_permutations=1).summary()
        assert model.random_state == row.seed
        assert row.perplexity == pytest.approx(model.perplexity(VALIDATION))
        assert row.c_npmi == pytest.approx(topic_coherence(model, VALIDATION)["c_npmi"][active].mean())
        assert row.diversity == pytest.approx(topic_diversity(model, topics=active))
        assert row.distinct_topics == distinct_topics(model, VALIDATION, topics=active)["distinct"].sum()
        told = word_intrusion(model, VALIDATION, topics=active)["detected"].mean()
        assert row.word_intrusion == pytest.approx(told)
        assert row.active_topics == active.sum()
        assert row.within_mean_abs_r == pytest.approx(correlation.loc["within", "mean_abs_r"], nan_ok=True)
        assert row.across_max_abs_r == pytest.approx(correlation.loc["across", "max_abs_r"], nan_ok=True)


def test_stability_is_that_of_the_seeds_of_a_setting(found):
    for name, models in found.models.items():
        active = [topic_information(model, VALIDATION)["active"] for model in models]
        expected = topic_stability(models, topics=active)["stability"].item()
        rows = found.table[found.table["name"] == name]
        np.testing.assert_allclose(rows["stability"], expected)


def test_the_same_seed_gives_the_same_row(found):
    again = compare(SMALL.set_params(), {"gamma": [4.0]}, train=TRAIN, validation=VALIDATION, seeds=[7])
    before = found.table[(found.table["gamma"] == 4.0) & (found.table["groups"] == "(2, 2)")].iloc[1]
    same = ("perplexity", "c_npmi", "diversity", "distinct_topics", "word_intrusion", "within_mean_abs_r")
    for measure in (*same, "active_topics"):
        assert again.table[measure].item() == before[measure]
    assert np.isnan(again.table["stability"].item())


def test_summary_has_means_and_deviations(found):
    summary = found.summary()
    assert summary["name"].tolist() == list(found.models)
    assert summary["runs"].tolist() == [2] * 4
    assert summary["failed"].tolist() == [0] * 4
    for measure in found.measures:
        first, second = found.table[measure].to_numpy().reshape(4, 2).T
        both = np.isfinite(first + second)
        np.testing.assert_allclose(summary[measure][both], (first + second)[both] / 2)
        if measure != "stability":
            np.testing.assert_allclose(summary[f"{measure}_sd"][both], np.abs(first - second)[both] / 2**0.5)
    assert "stability_sd" not in summary


def test_best_knows_which_way_is_better(found):
    summary = found.summary().set_index("name")
    assert found.best()["name"] == summary["c_npmi"].idxmax()
    assert found.best("perplexity")["name"] == summary["perplexity"].idxmin()
    for measure in ("stability", "distinct_topics", "word_intrusion"):
        assert found.best(measure)["name"] == summary[measure].idxmax()
    assert found.best("c_npmi", minimise=True)["name"] == summary["c_npmi"].idxmin()
    with pytest.raises(ValueError, match="unknown measure by='groups'; choose from perplexity, c_npmi"):
        found.best("groups")


def test_nothing_given_is_changed():
    model = ProdLDA(groups=(2, 2), max_iter=2)
    before = model.get_params()
    compare({"mine": model}, train=TRAIN, validation=VALIDATION)
    assert model.get_params() == before
    assert not hasattr(model, "topic_word_")


def test_fitted_models_are_measured_as_they_are(found):
    models = list(found.models.values())
    named = {"four": list(models[0]), "six": models[1][0], "new": SMALL}
    again = compare(named, train=TRAIN, validation=VALIDATION)
    assert again.table["name"].tolist() == ["four", "four", "six", "new"]
    assert again.table["seed"].tolist() == [0, 7, 0, 0]
    assert again.table["fit_seconds"].isna().tolist() == [True] * 3 + [False]
    assert again.table["perplexity"].tolist()[:3] == found.table["perplexity"].tolist()[:3]
    assert again.table["stability"].iloc[0] == found.table["stability"].iloc[0]
    assert again.models["six"] == (models[1][0],)
    assert again.parameters == ("gamma", "groups")


def test_models_of_other_kinds_and_objectives_stand_together():
    models = {"grouped": SMALL, "plain": ProdLDA(groups=4, objective=VAE(), max_iter=3)}
    found = compare(models | {"signed": NVDM((2, 2), max_iter=3)}, train=TRAIN, validation=VALIDATION)
    assert found.table["model"].tolist() == ["ProdLDA", "ProdLDA", "NVDM"]
    assert found.table["objective"].tolist()[1] == "VAE()"
    assert "gamma" not in found.table
    assert np.isnan(found.table["across_max_abs_r"].iloc[1])  # one group has no pair across groups
    grid = [{"gamma": [1.0, 2.0]}, {"objective": [VAE()]}]
    weights = compare(SMALL, grid, train=TRAIN, validation=VALIDATION).table["gamma"]
    np.testing.assert_array_equal(weights, [1.0, 2.0, np.nan])


def test_a_grid_is_that_of_each_model():
    models = {"a": SMALL, "b": NVDM(groups=(2, 2), max_iter=2)}
    found = compare(models, {"gamma": [1.0]}, train=TRAIN, validation=VALIDATION)
    assert found.table["name"].tolist() == ["a, gamma=1.0", "b, gamma=1.0"]


def test_a_run_that_diverges_costs_its_own_row():
    models = {"good": SMALL, "wild": DIVERGING, "late": BreaksLate((2, 2))}
    with (
        pytest.warns(UserWarning, match="wild, seed 0: TrainingDivergedError"),
        pytest.warns(UserWarning, match="late, seed 0: ValueError: broken"),
    ):
        found = compare(models, train=TRAIN, validation=VALIDATION, seeds=[0])
    assert found.table["error"].isna().tolist() == [True, False, False]
    assert found.table["error"].iloc[1].startswith("TrainingDivergedError: training diverged in epoch 1")
    failed = found.table.iloc[1:]
    assert failed[[*found.measures, "topics"]].isna().all(axis=None)
    assert found.summary()["failed"].tolist() == [0, 1, 1]
    assert found.best()["name"] == "good"
    assert [len(models) for models in found.models.values()] == [1, 0, 0]


def test_all_runs_may_diverge():
    with pytest.warns(UserWarning, match="TrainingDivergedError"):
        found = compare(DIVERGING, train=TRAIN, validation=VALIDATION)
    assert found.table["name"].tolist() == ["ProdLDA"]
    assert found.summary()["perplexity"].isna().all()
    with pytest.raises(ValueError, match="no setting has a value of 'c_npmi' in every run"):
        found.best()


def test_what_is_wrong_with_the_first_run_is_raised_at_once():
    with pytest.raises(ValueError, match="broken"):
        compare({"a": BreaksLate((2, 2)), "b": SMALL}, train=TRAIN, validation=VALIDATION)


def test_a_setting_is_not_ranked_by_those_of_its_seeds_that_have_a_value():
    """One seed of "lucky" has no active topic: the coherence of the other seed is not used as the mean."""
    table = pd.DataFrame({"name": ["lucky"] * 2 + ["steady"] * 2 + ["failed"] * 2, "seed": [0, 1] * 3})
    table["c_npmi"] = [0.9, np.nan, 0.2, 0.4, 0.1, np.nan]
    table["error"] = [None, None, None, None, None, "RuntimeError: diverged"]
    for measure in Comparison(table, {}, "c_npmi", ()).measures:
        if measure not in table:
            table[measure] = 1.0
    found = Comparison(table, {"lucky": (), "steady": (), "failed": ()}, "c_npmi", ())
    summary = found.summary().set_index("name")
    assert summary["c_npmi"].isna().tolist() == [True, False, False]
    assert summary.loc["steady", "c_npmi"] == pytest.approx(0.3)
    assert summary.loc["failed", ["runs", "failed", "c_npmi"]].tolist() == [2, 1, 0.1]
    assert summary["perplexity"].tolist() == [1.0, 1.0, 1.0]
    assert found.best()["name"] == "steady"
    assert repr(found) == "<Comparison of 3 settings in 6 runs, 1 failed; see .summary()>"


def test_without_active_topics_there_is_nothing_to_measure():
    found = compare(SMALL, train=TRAIN, validation=VALIDATION, threshold=100.0, seeds=(0, 1))
    row = found.table.iloc[0]
    assert row["active_topics"] == 0
    assert row["topics"] == 4
    assert row["distinct_topics"] == 0
    missing = ["c_npmi", "diversity", "word_intrusion", "within_mean_abs_r", "across_max_abs_r", "stability"]
    assert row[missing].isna().all()
    assert row["perplexity"] > 1
    assert found.best("perplexity")["name"] == "ProdLDA"


def test_matrices_will_do():
    found = compare(SMALL, train=TRAIN.counts, validation=VALIDATION.counts.toarray())
    same = compare(SMALL, train=TRAIN, validation=VALIDATION, window="document")
    for measure in ("perplexity", "c_npmi", "diversity", "distinct_topics", "word_intrusion"):
        assert found.table[measure].item() == pytest.approx(same.table[measure].item())


def test_empty_documents_are_told_once_and_measured():
    counts = VALIDATION.counts.toarray()
    counts[3] = 0
    with pytest.warns(UserWarning, match="1 of 50 documents have no words") as told:
        found = compare(SMALL, train=TRAIN, validation=counts)
    assert len(told) == 1
    assert found.table["error"].isna().all()


def test_jobs_give_the_same_runs_in_order():
    # This uses the queue of joblib, without the seconds that a new process needs to import torch.
    models = {"wild": DIVERGING, "good": SMALL, "last": NVDM((2, 2), max_iter=2)}
    settings = {"train": TRAIN, "validation": VALIDATION}
    with (
        parallel_config(backend="sequential"),
        pytest.warns(UserWarning, match="wild, seed 0: TrainingDivergedError"),
    ):
        found = compare(models, n_jobs=2, **settings)
    assert found.table["error"].isna().tolist() == [False, True, True]
    alone = compare({"good": SMALL}, **settings).table["perplexity"]
    assert found.table["perplexity"].iloc[1] == alone.item()
    with parallel_config(backend="sequential"), pytest.raises(ValueError, match="broken"):
        compare({"a": BreaksLate((2, 2)), "b": SMALL}, n_jobs=2, **settings)


@pytest.mark.parametrize("estimator", [SMALL, DIVERGING, BreaksLate((2, 2))])
def test_what_becomes_of_a_run_goes_between_processes(estimator):
    yardstick = Yardstick(VALIDATION, VALIDATION, "c_npmi", 10, None, 0.05, None)
    run = run_of(Setting("it", estimator, 0, fitted=False), TRAIN, yardstick)
    received = pickle.loads(pickle.dumps(run))
    assert received.error == run.error
    assert repr(received.cause) == repr(run.cause)
    assert received.measures == pytest.approx(run.measures, nan_ok=True)


def test_progress_is_on_standard_error(capsys):
    compare(SMALL, train=TRAIN, validation=VALIDATION, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "compare: 100%" in err


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"models": {}}, ValueError, "no model to compare"),
        ({"models": ProdLDA}, TypeError, "got the class ProdLDA"),
        ({"models": {"a": CountVectorizer()}}, TypeError, "got a CountVectorizer"),
        (
            {"models": make_pipeline(CountVectorizer(), SMALL)},
            TypeError,
            "For a Pipeline of a vectoriser and a model",
        ),
        ({"models": {"a": [SMALL, SMALL]}}, ValueError, "the models of 'a' are not all fitted"),
        ({"grid": {"gama": [1.0]}}, ValueError, "cannot vary 'gama' of ProdLDA; choose from alpha"),
        ({"grid": {"random_state": [1]}}, ValueError, "cannot vary 'random_state'.*use seeds="),
        ({"grid": {"groups": (10, 10)}}, ValueError, "the setting groups=10 twice; put the values in a list"),
        ({"grid": {"gamma": [1.0, -1.0]}}, ValueError, "gamma=-1.0: The 'gamma' parameter"),
        ({"grid": {"groups": [(2, 2), (2, -2)]}}, ValueError, r"groups=\(2, -2\): "),
        ({"seeds": 3}, TypeError, r"such as \(3,\) or range\(3\); got 3"),
        ({"seeds": []}, ValueError, "seeds must be one or more distinct integers"),
        ({"seeds": [1, 1]}, ValueError, "seeds must be one or more distinct integers"),
        ({"seeds": [-1]}, ValueError, "seeds must be one or more distinct integers"),
        ({"seeds": [0.5]}, ValueError, "seeds must be one or more distinct integers"),
        ({"train": None}, ValueError, "pass the training documents as train="),
        ({"validation": VALIDATION[:2]}, ValueError, "validation has 2 documents; at least 3 are needed"),
        ({"validation": VALIDATION.counts[:, :30]}, ValueError, "train has 40 words but validation has 30"),
        ({"validation": np.ones(40)}, ValueError, "a matrix of counts"),
        ({"coherence": "npmi"}, ValueError, "unknown coherence 'npmi'; choose from u_mass"),
        ({"top_n": 41}, ValueError, r"top_n must be from 2 to 40 \(the vocabulary size\); got 41"),
        ({"threshold": -1}, ValueError, "threshold must be >= 0"),
        ({"match_threshold": 2}, ValueError, "match_threshold must be a similarity"),
    ],
)
def test_wrong_calls_are_told_before_anything_is_fitted(monkeypatch, given, error, told):
    monkeypatch.setattr(ProdLDA, "fit", lambda *_, **__: pytest.fail("was fitted"))
    arguments = {"models": SMALL, "train": TRAIN, "validation": VALIDATION} | given
    with pytest.raises(error, match=told):
        compare(**arguments)


def test_other_words_are_told_before_anything_is_fitted():
    words = [f"other{i}" for i in range(40)]
    validation = Corpus(VALIDATION.counts, words)
    with pytest.raises(ValueError, match="train and validation have different vocabularies"):
        compare(SMALL, train=TRAIN, validation=validation)
    fitted = ProdLDA(groups=(2, 2), max_iter=1).fit(TRAIN)
    with pytest.raises(ValueError, match="mine and validation have different vocabularies"):
        compare({"mine": fitted}, validation=validation)


def test_seeds_of_a_setting_are_of_one_kind(found):
    signed = NVDM(groups=(2, 2), max_iter=1).fit(TRAIN)
    with pytest.raises(TypeError, match="match models of the same class"):
        compare({"mixed": [found.models["gamma=1.0, groups=(2, 2)"][0], signed]}, validation=VALIDATION)


def test_best_of_equals_is_the_first(found):
    table = found.table.assign(c_npmi=0.5)
    assert isinstance(found, Comparison)
    assert replace(found, table=table).best()["name"] == table["name"].iloc[0]
