"""Every function that takes a fitted topic model gives a clear error for anything else."""

import inspect

import pytest
from sklearn.exceptions import NotFittedError

from hftopic import ProdLDA, analysis, make_correlated_topics

CORPUS = make_correlated_topics(40, groups=(2, 2), n_words=30, random_state=0).corpus
FUNCTIONS = [getattr(analysis, name) for name in analysis.__all__ if name[0].islower()]
OF_A_MODEL = [f for f in FUNCTIONS if next(iter(inspect.signature(f).parameters)) in ("model", "estimator")]
OF_MODELS = [analysis.topic_stability, analysis.recurring_pairs]


def call(function, model):
    """Call with documents that have no labels or dates, a document number, or a query where needed."""
    given = {"X": CORPUS.counts, "document": 0, "query": "word", "path": "topics.csv", "formula": "m"}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return function(model, **{p.name: given[p.name] for p in parameters if p.default is p.empty})


@pytest.mark.parametrize("function", OF_A_MODEL, ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrong", [CORPUS, ProdLDA, None, "model/"], ids=["corpus", "class", "none", "path"])
def test_something_else_is_named(function, wrong):
    with pytest.raises(TypeError, match="expected a fitted ProdLDA or NVDM, got"):
        call(function, wrong)


@pytest.mark.parametrize("function", OF_A_MODEL, ids=lambda f: f.__name__)
def test_a_model_is_to_be_fitted_first(function):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        call(function, ProdLDA())


@pytest.mark.parametrize("function", OF_MODELS, ids=lambda f: f.__name__)
def test_one_model_is_no_list_of_models(function):
    with pytest.raises(TypeError, match="put the models in a list"):
        call(function, ProdLDA())


def test_most_functions_are_tried():
    assert len(OF_A_MODEL) >= 20
