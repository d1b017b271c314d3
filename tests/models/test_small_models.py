"""Default arguments fit models of few words, and perplexity is told where the values are no counts."""

import inspect
import math

import numpy as np
import pytest

from hftopic import ETM, NVDM, NVLDA, Corpus, ProdLDA, analysis, plots, report

FEW = "ignore:.*(tell|no pair|left out|fewer than two words|no reference|NaN)"

# Arguments of analyses that take codes or a posterior as they stand: what made them is not asked.
OF_NO_MODEL = {"codes", "posterior"}


def documents(n_words):
    counts = np.random.default_rng(0).poisson(3, (30, n_words)) + 1
    return Corpus(counts, [f"w{i}" for i in range(n_words)], labels=["a", "b"] * 15)


@pytest.mark.filterwarnings(FEW)
@pytest.mark.parametrize("n_words", [2, 3, 9])
@pytest.mark.filterwarnings("ignore:the words of the topics:UserWarning")  # by chance in so few documents
@pytest.mark.parametrize("cls", [ProdLDA, NVDM, NVLDA, ETM])
@pytest.mark.filterwarnings("ignore::hftopic.NothingLearntWarning")  # of vocabularies of two words
def test_default_arguments_never_ask_for_more_words_than_there_are(cls, n_words, tmp_path):
    import matplotlib.pyplot as plt

    corpus = documents(n_words)
    first, second = (cls(groups=(2, 2), hidden=(4,), max_iter=2, random_state=s).fit(corpus) for s in (0, 1))
    given = {
        "model": first,
        "estimator": first,
        "model_or_topics": first,
        "models": [first, second],
        "a": first,
        "b": second,
        "X": corpus,
        "corpus": corpus,
        "document": 0,
        "dates": [1990] * 30,
        "topic": 0,
        "formula": "label",
        "path": tmp_path / "report.html",
    }
    more = {
        "topic_coherence": {"corpus": corpus},
        "to_pyldavis": {"topics": "all"},
        "compare": {
            "models": cls(groups=(2, 2), hidden=(4,), max_iter=1),
            "train": corpus,
            "validation": corpus,
        },
        "write_report": {"n_permutations": 9},
        "write_document_topics": {"path": tmp_path / "topics.csv", "topics": "all"},
        "plot_words": {"topic": 0},
        "find_topics": {"query": "w0"},
        "similar_documents": {"query": 0},
        "estimate_effects": {"topics": "all"},
        "words_over_time": {"dates": [1990, 1991] * 15, "topics": "all"},
        **{name: {"dates": [1990] * 30, "topics": "all"} for name in ("topics_over_time", "trends")},
        **{name: {"topics": "all"} for name in ("topics_by_label", "label_topics")},
    }
    for function in (
        *(getattr(analysis, name) for name in analysis.__all__ if name[0].islower()),
        plots.plot_words,
        report.write_report,
        first.top_words,
    ):
        parameters = inspect.signature(function).parameters.values()
        needed = {p.name: given.get(p.name) for p in parameters if p.default is p.empty}
        if needed.keys() & OF_NO_MODEL or (cls is NVDM and _needs_shares(function)):
            continue
        function(**{**needed, **more.get(function.__name__, {})})
        plt.close("all")
    assert first.top_words().shape == (4, 1 + n_words)
    assert analysis.frex_words(first).shape == (4, 1 + n_words)
    with pytest.raises(ValueError, match=f"from 1 to {n_words}, got 10"):
        first.top_words(10)


def _needs_shares(function):
    names = ("document_coverage", "effective_topics", "get_topic_info", "suggest_merges", "to_pyldavis")
    return function.__name__ in names


@pytest.mark.parametrize("cls", [ProdLDA, NVDM, NVLDA, ETM])
@pytest.mark.parametrize("scale", [1e-4, 1e-8, 1e-30])
def test_perplexity_of_weights_is_infinite_or_large_and_told(cls, scale):
    counts = documents(9).counts
    model = cls(groups=(2, 2), hidden=(4,), max_iter=2, random_state=0).fit(counts)
    with pytest.warns(UserWarning, match="less than one per document, so it holds no counts"):
        value = model.perplexity(counts * scale)
    assert value == math.inf or value > 1e6
    with pytest.warns(UserWarning, match=r"X sums to 1 tokens in 30 documents"):
        model.perplexity(counts / counts.sum())


def test_perplexity_of_counts_is_told_nothing_of():
    corpus = documents(9)
    model = ProdLDA(groups=(2, 2), hidden=(4,), max_iter=2, random_state=0).fit(corpus)
    expected = math.exp(-model.score_samples(corpus).sum() / corpus.n_tokens)
    assert model.perplexity(corpus) == pytest.approx(expected, rel=1e-12)
    one = np.eye(9, dtype=int)  # one token per document is a count
    assert math.isfinite(model.perplexity(one))


def test_callbacks_are_checked_before_the_first_epoch():
    for wrong, told in (
        ([5], r"callbacks\[0\] is 5"),
        ("print", "callbacks is a str"),
        (None, "callbacks is None"),
    ):
        with pytest.raises(ValueError, match=told):
            ProdLDA(max_iter=1).fit(documents(9), callbacks=wrong)
    with pytest.raises(ValueError, match="total_documents must be a number of documents"):
        ProdLDA(max_iter=1).partial_fit(documents(9), total_documents=0.5)
