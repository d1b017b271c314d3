"""Every parameter of the analysis, the figures and the report is tried with objects of another kind.

The functions are found by inspection. A call works, or its error is raised by the package itself and does not
come from numpy, pandas, torch or matplotlib.
"""

import ast
import inspect
import traceback
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from hftopic import (
    Corpus,
    ProdLDA,
    TextOptions,
    analysis,
    corpus_from_gensim,
    corpus_from_texts,
    corpus_from_tokens,
    plots,
    report,
)
from hftopic.analysis.information import prior_of

pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(analysis.__file__).parents[1]
COUNTS = np.random.default_rng(0).poisson(1.0, (24, 12)) + np.eye(24, 12, dtype=int)
CORPUS = Corpus(
    COUNTS, [f"w{column}" for column in range(12)], labels=["a", "b"] * 12, dates=["1990", "1991", "1992"] * 8
)
MODEL = ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=0).fit(CORPUS)
SECOND = ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=1).fit(CORPUS)
ODD = {
    "None": None,
    "-1": -1,
    "half": 0.5,
    "NaN": float("nan"),
    "str": "text",
    "list": [None],
    "nested": [["a"], ["b", "c"]],
    "pairs": [[("god", 0.3)]],
    "dict": {"a": 1},
    "frame": pd.DataFrame({"text": ["a b"] * 24}),
    "array": np.ones((3, 2)),
    "object": object(),
    "class": ProdLDA,
    "sparse": sp.csr_array(np.eye(3)),
    "encoded": MODEL.encode(CORPUS),
    "cut": ["cut\ud83d"] * 24,
}
KNOWN = {
    "model": MODEL,
    "estimator": MODEL,
    "X": CORPUS,
    "corpus": CORPUS,
    "model_or_topics": MODEL,
    "model_or_result": MODEL,
    "a": MODEL,
    "b": SECOND,
    "models": [MODEL, SECOND],
    "document": 0,
    "query": "w1",
    "dates": [1990, 1991] * 12,
    "codes": MODEL.transform_latent(CORPUS),
    "factors": pd.DataFrame({"f": np.arange(24) % 3}),
    "topic": 0,
    "comparison": pd.DataFrame({"name": ["a", "b"], "perplexity": [1.0, 2.0], "c_npmi": [0.1, 0.2]}),
    "texts": ["the cat sat", "dogs ran far"] * 12,
    "documents": [["the", "cat"], ["dogs"]] * 12,
    "bags": [[(0, 1)], [(3, 2)]] * 12,
    "dictionary": {0: "cat", 3: "dogs"},
    "mean": np.full(4, 0.25),
    "frequency": np.ones(12),
    "posterior": MODEL.posterior(CORPUS),
    "prior": prior_of(MODEL),
    "validation": CORPUS,
    "formula": "label",
}
FAST = {
    "similar_documents": {"query": 0},
    "write_report": {"n_permutations": 9, "measures": "c_npmi", "effects": "label"},
    "topic_correlation": {"n_permutations": 9},
    "group_dependence": {"n_permutations": 9, "n_samples": 2},
    "recurring_pairs": {"active": [range(4)] * 2},
    "compare": {"models": MODEL},
    "words_over_time": {"n_permutations": 9},
    **{name: {"corpus": CORPUS} for name in plots.__all__ if name != "plot_comparison"},
    "estimate_effects": {"n_draws": 2},
    "plot_effects": {"corpus": CORPUS, "formula": "label"},
    **{
        name: {"options": TextOptions(min_df=1, max_df=1.0)}
        for name in ("corpus_from_texts", "corpus_from_tokens")
    },
}
# What was estimated once, for the parameters of figures that only draw it.
RESULTS = {
    "plot_effects": analysis.estimate_effects(MODEL, CORPUS, "label", topics="all", n_draws=2),
    "plot_words_over_time": analysis.words_over_time(MODEL, CORPUS, topics="all", n_permutations=9),
}
DRAWING = {"ax", "column", "n_topics", "names"}
FREE = {
    "random_state",
    "verbose",
    "n_jobs",
    "y",
    "path",
    "processes",
}  # checked by scikit-learn, joblib and files
METHODS = [
    "attribution", "encode", "log_proportions", "name_topics", "perplexity", "posterior", "score",
    "top_words", "transform", "word_probabilities", "word_scores", "word_usage",
]  # fmt: skip
FUNCTIONS = [
    *(
        getattr(module, name)
        for module in (analysis, plots, report)
        for name in module.__all__
        if name[0].islower()
    ),
    corpus_from_gensim,
    corpus_from_texts,
    corpus_from_tokens,
    *(getattr(MODEL, name) for name in METHODS),
]


@cache
def raises(path):
    """Lines of the raise statements of a file."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def is_told(error):
    """Whether the package, or scikit-learn's validation of an array, raised the error itself."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    path = Path(frame.filename)
    if isinstance(error, ValueError) and "sklearn" in path.parts:
        return True
    return ROOT in path.parents and frame.lineno in raises(frame.filename)


def needed_by(function, **places):
    """Arguments of a call that works."""
    parameters = inspect.signature(function).parameters.values()
    known = KNOWN | places
    return {p.name: known[p.name] for p in parameters if p.default is p.empty} | FAST.get(
        function.__name__, {}
    )


@pytest.mark.parametrize(
    "function",
    [pytest.param(f, marks=[pytest.mark.slow] * (f is report.write_report)) for f in FUNCTIONS],
    ids=lambda function: function.__name__,
)
def test_an_object_of_another_kind_is_told(function, tmp_path):
    import matplotlib.pyplot as plt

    ending = "csv" if function is analysis.write_document_topics else "html"
    needed = needed_by(function, path=tmp_path / f"report.{ending}")
    result = RESULTS.get(function.__name__)
    foreign, defaults = [], set()
    for parameter in inspect.signature(function).parameters.values():
        drawn = result is not None and parameter.name in DRAWING
        given = {"model_or_result": result} if drawn else needed
        for kind, value in ODD.items() if parameter.name not in FREE else ():
            if value is parameter.default and parameter.name not in given:
                if drawn in defaults:
                    continue  # the same call once more
                defaults.add(drawn)
            try:
                function(**{**given, parameter.name: value})
            except Exception as error:
                if not is_told(error):
                    foreign.append(f"{parameter.name}={kind}: {type(error).__name__}: {error}")
            plt.close("all")
    assert not foreign


def test_many_functions_are_tried():
    assert len(FUNCTIONS) >= 55


@pytest.mark.parametrize("name", plots.__all__)
def test_an_axes_is_no_figure(name):
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(2, 2)
    needed = {"model_or_result": RESULTS[name]} if name in RESULTS else needed_by(getattr(plots, name))
    for wrong in (figure, grid, plt, "axes"):
        with pytest.raises(TypeError, match="ax must be a matplotlib Axes"):
            getattr(plots, name)(**needed, ax=wrong)
    with pytest.raises(TypeError, match="rectangular Axes, not a PolarAxes"):
        getattr(plots, name)(**needed, ax=plt.figure().add_subplot(projection="polar"))
    getattr(plots, name)(**needed, ax=grid[0, 0])
    plt.close("all")
