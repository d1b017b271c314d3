"""The caller's settings of torch change no answer, and are afterwards what they were."""

import copy
import dataclasses
import inspect
import pickle
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import hftopic
from hftopic import (
    ETM,
    NVDM,
    NVLDA,
    Concrete,
    Corpus,
    ProdLDA,
    analysis,
    load,
    make_correlated_topics,
    plots,
    report,
)
from hftopic._torch_state import _SettingsOfProcess, neutral_torch
from hftopic.analysis.information import prior_of
from hftopic.models.base import BaseTopicModel

SMALL: dict[str, Any] = {"max_iter": 3, "hidden": (8,), "random_state": 0}
MODELS: dict[str, BaseTopicModel] = {
    "ProdLDA": ProdLDA((2, 2), **SMALL),
    "NVDM": NVDM((2, 2), **SMALL),
    "NVLDA": NVLDA((2, 2), **SMALL),
    "ETM": ETM((2, 2), **SMALL),
    "classes": ProdLDA((2, Concrete(2)), validation_fraction=0.2, **SMALL),
}


@contextmanager
def _global(get: Callable[[], Any], put: Callable[[Any], Any], value: Any) -> Iterator[None]:
    before = get()
    put(value)
    try:
        yield
    finally:
        put(before)


def _default_device() -> torch.device | None:
    return None if torch.get_default_device().type == "cpu" else torch.get_default_device()


BACKENDS: dict[str, Any] = {  # of the newer interface of PyTorch
    "all backends": torch.backends,
    "products on CPUs": getattr(torch.backends.mkldnn, "matmul", None),
}


@contextmanager
def _precision_of(backend: str) -> Iterator[None]:
    """Products in bfloat16; the older interface sees "none" again afterwards."""
    BACKENDS[backend].fp32_precision = "bf16"
    try:
        yield
    finally:
        BACKENDS[backend].fp32_precision = "none"


def precisions() -> list[str]:
    products = *BACKENDS.values(), torch.backends.mkldnn, torch.backends.cudnn, torch.backends.cuda.matmul
    newer = [backend.fp32_precision for backend in products if hasattr(backend, "fp32_precision")]
    try:
        return [torch.get_float32_matmul_precision(), *newer]
    except RuntimeError:  # the interfaces are mixed
        return newer


SETTINGS: dict[str, Callable[[], Any]] = {
    **{
        f"default dtype {dtype}": lambda dtype=dtype: _global(
            torch.get_default_dtype, torch.set_default_dtype, dtype
        )
        for dtype in (torch.float64, torch.bfloat16, torch.float16)
    },
    "default device": lambda: _global(_default_device, torch.set_default_device, "meta"),
    "device as context": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "deterministic": lambda: _global(
        torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True
    ),
    "precision of products": lambda: _global(
        torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "medium"
    ),
    **{
        f"precision of {backend}": lambda backend=backend: _precision_of(backend)
        for backend in BACKENDS
        if hasattr(BACKENDS[backend], "fp32_precision")
    },
    "threads": lambda: _global(torch.get_num_threads, torch.set_num_threads, 3),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True, check_nan=True),
}


@contextmanager
def every_setting() -> Iterator[None]:
    with ExitStack() as stack:
        for setting in SETTINGS.values():
            stack.enter_context(setting())
        yield


def state() -> tuple[Any, ...]:
    """The settings of torch that belong to the caller."""
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_autocast_dtype("cpu"),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
        precisions(),
        torch.get_rng_state().tolist() if torch.get_default_device().type == "cpu" else None,
    )


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    made = make_correlated_topics(80, groups=(2, 2), n_words=30, words_per_document=40, random_state=0).corpus
    return made.with_labels(["even", "odd"] * 40)


@pytest.fixture(scope="module", params=MODELS)
def fitted(request: pytest.FixtureRequest, corpus: Corpus) -> BaseTopicModel:
    return copy.deepcopy(MODELS[request.param]).fit(corpus)


Call = Callable[[Any, Any, Path], Any]  # with a model, documents, and an empty folder


def _reloaded(model: Any, X: Any, folder: Path) -> Any:
    path = Path(tempfile.mkdtemp(dir=folder)) / "model"
    model.save(path)
    return load(path).perplexity(X)


METHODS: dict[str, Call] = {
    "attribution": lambda m, X, _: m.attribution(m.transform(X).mean(0, dtype=float), np.ones(30))(
        m.transform(X[:3]), np.arange(3)
    ),
    "encode": lambda m, X, _: m.perplexity(m.encode(X)),
    "fit": lambda m, X, _: copy.copy(m).fit(X),
    "with_words": lambda m, *_: m.with_words(["new"], np.ones((1, 100))) if isinstance(m, ETM) else None,
    "attributed_values": lambda m, X, _: m.attributed_values(X),
    "fit_transform": lambda m, X, _: copy.copy(m).fit_transform(X),
    "get_feature_names_out": lambda m, *_: m.get_feature_names_out(),
    "log_proportions": lambda m, X, _: None if m.signed_topics_ else m.log_proportions(m.posterior(X)),
    "partial_fit": lambda m, X, _: copy.copy(m).partial_fit(X).partial_fit(X[:40]),
    "name_topics": lambda m, *_: m.name_topics(2),
    "perplexity": lambda m, X, _: m.perplexity(X),
    "posterior": lambda m, X, _: m.posterior(X),
    "predict": lambda m, X, _: m.predict(X) if hasattr(m, "predict") else None,
    "save": _reloaded,
    "score": lambda m, X, _: m.score(X),
    "score_samples": lambda m, X, _: m.score_samples(X),
    "set_topic_names": lambda m, *_: copy.copy(m).set_topic_names({0: "x"}).topic_names_,
    "top_words": lambda m, *_: m.top_words(5),
    "transform": lambda m, X, _: m.transform(X),
    "transform_latent": lambda m, X, _: m.transform_latent(X),
    "word_probabilities": lambda m, X, _: m.word_probabilities(X),
    "word_usage": lambda m, X, _: m.word_usage(X)(1).toarray(),
    "word_scores": lambda m, *_: [m.word_scores(by=by) for by in ("relevance", "exclusivity", "weight")],
    # Not by a public name: a model in another process, or one that is not trained further with its optimiser.
    "pickle": lambda m, X, _: pickle.loads(pickle.dumps(m)).partial_fit(X),
    "deepcopy": lambda m, X, _: copy.deepcopy(m).partial_fit(X),
    "several starts": lambda m, X, _: copy.copy(m).set_params(n_init=2).fit(X),
}
OF_SCIKIT_LEARN = {
    *("get_metadata_routing", "get_params", "set_fit_request", "set_output", "set_params"),
    *("set_predict_request", "set_score_request", "set_transform_request"),
    "set_partial_fit_request",
}


def _ones(m: Any) -> list[int]:
    return list(range(len(m.topic_groups_)))


def _report(model: Any, X: Any, folder: Path) -> Any:
    settings: dict[str, Any] = {"topics": "all", "measures": "u_mass", "n_permutations": 9, "n_documents": 5}
    return report.write_report(model, X, folder / "report.html", **settings)


def _comparison(model: Any, X: Any) -> Any:
    settings = {name: value for name, value in model.get_params().items() if name != "random_state"}
    given = {"model": type(model)(**settings)}
    found = analysis.compare(given, train=X, validation=X[:40], seeds=[0, 1], coherence="u_mass", top_n=3)
    return found.table["perplexity"].tolist()


FUNCTIONS: dict[str, Call] = {
    "load": _reloaded,
    "make_correlated_topics": lambda *_: make_correlated_topics(20, random_state=0).corpus.counts.toarray(),
    "paper_text_settings": lambda _, X, __: ProdLDA(
        (2, 2), **hftopic.paper_text_settings() | {"max_iter": 2, "random_state": 0}
    ).fit(X),
    "active_topics_score": lambda m, X, _: analysis.active_topics_score(m, X),
    "coherence_score": lambda m, X, _: analysis.coherence_score(m, X, measure="u_mass", threshold=0, top_n=3),
    "compare": lambda m, X, _: _comparison(m, X),
    "contributions": lambda m, X, _: analysis.contributions(m, X),
    "dci": lambda m, X, _: analysis.dci(m.transform(X)[:, :2], np.arange(80)[:, None] % 2, random_state=0),
    "decompose": lambda m, X, _: analysis.decompose(m, X),
    "decompose_posterior": lambda m, X, _: analysis.decompose_posterior(m.posterior(X), prior_of(m)),
    "distinct_topics": lambda m, X, _: analysis.distinct_topics(m, X),
    "distinct_topics_score": lambda m, X, _: analysis.distinct_topics_score(m, X),
    "document_coverage": lambda m, X, _: None if m.signed_topics_ else analysis.document_coverage(m, X),
    "effective_topics": lambda m, X, _: None if m.signed_topics_ else analysis.effective_topics(m, X),
    "estimate_effects": lambda m, X, _: [
        analysis.estimate_effects(m, X, "label", topics="all", n_draws=2, draws=draws).table
        for draws in (None, "posterior")
    ],
    "factor_information": lambda m, X, _: analysis.factor_information(m.transform(X), np.arange(80) % 2),
    "edit_topics": lambda m, X, _: hftopic.edit_topics(m, drop=[0], X=X).transform(X),
    "find_topics": lambda m, *_: analysis.find_topics(m, m.vocabulary_[0]),
    "frex_words": lambda m, *_: analysis.frex_words(m, 3),
    "get_topic_info": lambda m, X, _: (
        None if m.signed_topics_ else analysis.get_topic_info(m, X, topics="all")
    ),
    "group_dependence": lambda m, X, _: analysis.group_dependence(m, X, active=_ones(m), n_permutations=9),
    "inverted_rbo": lambda m, *_: analysis.inverted_rbo(m),
    "kim_mnih_score": lambda m, X, _: analysis.kim_mnih_score(
        m.transform(X), np.arange(80) % 2, n_votes=40, n_documents=8, least_variance=0, random_state=0
    ),
    "label_topics": lambda m, X, _: analysis.label_topics(m, X, topics="all"),
    "match_topics": lambda m, *_: analysis.match_topics(m, m),
    "mutual_information_gap": lambda m, X, _: analysis.mutual_information_gap(
        m.transform(X), np.arange(80) % 2
    ),
    "recurring_pairs": lambda m, X, _: analysis.recurring_pairs([m, m], X, active=[_ones(m)] * 2),
    "document_summary": lambda m, X, _: analysis.document_summary(m, X),
    "write_document_topics": lambda m, X, folder: analysis.write_document_topics(m, X, folder / "topics.csv"),
    "representative_documents": lambda m, X, _: analysis.representative_documents(m, X),
    "similar_documents": lambda m, X, _: analysis.similar_documents(m, X, 0),
    "to_pyldavis": lambda m, X, _: None if m.signed_topics_ else analysis.to_pyldavis(m, X, topics="all"),
    "suggest_merges": lambda m, X, _: None if m.signed_topics_ else analysis.suggest_merges(m, X),
    "topic_coherence": lambda m, X, _: analysis.topic_coherence(m, X, measure="u_mass", top_n=3),
    "topic_correlation": lambda m, X, _: [
        analysis.topic_correlation(m, X, active=_ones(m), n_permutations=9, random_state=0, kind=kind).matrix
        for kind in ("mean", "total", *(["clr"] * (not m.signed_topics_)))
    ],
    "topic_diversity": lambda m, *_: analysis.topic_diversity(m),
    "topic_exclusivity": lambda m, *_: analysis.topic_exclusivity(m),
    "topic_information": lambda m, X, _: analysis.topic_information(m, X),
    "topic_map": lambda m, *_: analysis.topic_map(m),
    "topic_names": lambda m, X, _: analysis.topic_names(m, X),
    "topic_quality": lambda m, X, _: analysis.topic_quality(m, X),
    "topic_stability": lambda m, *_: analysis.topic_stability([m, m]),
    "topic_subjects": lambda m, X, _: analysis.topic_subjects(m, X, top_n=5),
    "topic_summary": lambda m, X, _: analysis.topic_summary(m, X),
    "topics_by_label": lambda m, X, _: analysis.topics_by_label(m, X, topics="all"),
    "topics_of_documents": lambda m, X, _: analysis.topics_of_documents(m, X),
    "topics_over_time": lambda m, X, _: analysis.topics_over_time(m, X, np.arange(80) % 3, topics="all"),
    "trends": lambda m, X, _: analysis.trends(m, X, np.arange(80) % 3, topics="all"),
    "word_contributions": lambda m, X, _: analysis.word_contributions(m, X, 0),
    "word_intrusion": lambda m, X, _: analysis.word_intrusion(m, X, top_n=3, excluded=5, matches=2),
    "word_intrusion_score": lambda m, X, _: analysis.word_intrusion_score(m, X, top_n=3, threshold=0),
    "words_over_time": lambda m, X, _: (
        analysis.words_over_time(m, X, np.arange(80) % 3, topics="all", n_permutations=9).topics
    ),
    "write_report": _report,
    "plot_correlation": lambda m, X, _: plots.plot_correlation(
        analysis.topic_correlation(m, X, active=_ones(m), n_permutations=9, random_state=0)
    ).get_title(),
    "plot_effects": lambda m, X, _: len(plots.plot_effects(m, X, formula="label").child_axes),
    "plot_information": lambda m, X, _: [bar.get_height() for bar in plots.plot_information(m, X).patches],
    "plot_map": lambda m, X, _: [text.get_text() for text in plots.plot_map(m, X).texts],
    "plot_network": lambda m, X, _: plots.plot_network(m, X).get_title(),
    "plot_over_time": lambda m, X, _: plots.plot_over_time(m, X, dates=np.arange(80) % 3).get_title(),
    "plot_shares": lambda m, X, _: [cell.get_alpha() for cell in plots.plot_shares(m, X).patches],
    "plot_words_over_time": lambda m, X, _: [
        panel.get_title(loc="left")
        for panel in plots.plot_words_over_time(
            analysis.words_over_time(m, X, np.arange(80) % 3, topics="all", n_permutations=9)
        ).child_axes
    ],
    "plot_words": lambda m, X, _: [bar.get_width() for bar in plots.plot_words(m, X, 0).patches],
}
WITHOUT_MODELS = {
    *("build_corpus", "corpus_from_gensim", "corpus_from_texts", "corpus_from_tokens"),
    *("embed_texts", "fetch_20newsgroups", "load_docstrings", "show_versions"),
    *("open_corpus", "read_corpus", "read_seed_words", "read_word_vectors", "write_corpus"),
    *("register", "register_format"),
    *("plot_comparison", "plot_history"),
}


def assert_same(found: Any, expected: Any) -> None:
    """The same numbers, to the tolerance of float32: the number of threads changes the order of sums."""
    if isinstance(expected, BaseTopicModel):
        found, expected = ((m.components_, m.topic_word_, m.history_) for m in (found, expected))
    if dataclasses.is_dataclass(expected):
        found, expected = vars(found), vars(expected)
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, rtol=1e-3, atol=1e-4)
    elif isinstance(expected, list | tuple):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray) and expected.dtype != object:
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-3, nan_ok=True)
    else:
        assert np.array_equal(found, expected)


def public_methods() -> set[str]:
    names = {name for model in (ProdLDA, NVDM, NVLDA, ETM) for name in dir(model) if not name.startswith("_")}
    models = (ProdLDA, ETM)
    return {n for n in names if any(callable(getattr(m, n, None)) for m in models) or n == "predict"}


def public_functions() -> set[str]:
    return {
        name
        for module in (hftopic, analysis, report, plots)
        for name in module.__all__
        if callable(getattr(module, name)) and not inspect.isclass(getattr(module, name))
    }


def test_no_entry_point_is_forgotten() -> None:
    """A new public method or function gets a call here, or a place in one of the lists of exceptions."""
    parameters = ProdLDA().get_params().keys() | ETM().get_params().keys()
    unlike_scikit_learn = public_methods() - OF_SCIKIT_LEARN - parameters
    assert unlike_scikit_learn == METHODS.keys() - {"pickle", "deepcopy", "several starts"}
    assert public_functions() == FUNCTIONS.keys() | WITHOUT_MODELS


@pytest.fixture(scope="module")
def answers(
    fitted: BaseTopicModel, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Answers of all methods under the settings that torch has by default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: call(fitted, corpus, tmp_path_factory.mktemp("answers")) for name, call in METHODS.items()
        }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("setting", SETTINGS)
def test_methods_give_the_same_and_leave_the_setting(
    fitted: BaseTopicModel, corpus: Corpus, answers: dict[str, Any], setting: str, tmp_path: Path
) -> None:
    for name, call in METHODS.items():
        with SETTINGS[setting]():
            before = state()
            found = call(fitted, corpus, tmp_path)
            assert state() == before, name
        assert_same(found, answers[name])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_give_the_same_under_all_settings_at_once(
    fitted: BaseTopicModel, corpus: Corpus, name: str, tmp_path: Path
) -> None:
    with every_setting():
        before = state()
        found = FUNCTIONS[name](fitted, corpus, tmp_path)
        assert state() == before
    if name != "write_report":  # which has numbers to many places
        assert_same(found, FUNCTIONS[name](fitted, corpus, tmp_path))


def test_what_is_made_under_a_setting_works_without_it(corpus: Corpus, tmp_path: Path) -> None:
    """Models of inference mode could not be trained; those of another dtype could not be saved or loaded."""
    expected = ProdLDA((2, 2), **SMALL).fit(corpus)
    expected.save(tmp_path / "expected")
    pickled = pickle.dumps(expected)
    with every_setting():
        made = ProdLDA((2, 2), **SMALL).fit(corpus)
        several = [made, load(tmp_path / "expected"), pickle.loads(pickled), copy.deepcopy(expected)]
    perplexity = expected.perplexity(corpus)
    further = copy.copy(expected).partial_fit(corpus).components_
    for number, model in enumerate(several):
        assert model.perplexity(corpus) == pytest.approx(perplexity, rel=1e-3)
        model.save(tmp_path / str(number))
        np.testing.assert_allclose(
            copy.copy(model).partial_fit(corpus).components_, further, rtol=1e-2, atol=1e-3
        )


def test_errors_leave_the_setting(fitted: BaseTopicModel, corpus: Corpus, tmp_path: Path) -> None:
    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    wrong: list[tuple[Callable[[], Any], type[BaseException]]] = [
        (lambda: fitted.transform(-np.ones((2, 30))), ValueError),
        (lambda: fitted.transform(np.ones((2, 29))), ValueError),
        (lambda: copy.copy(fitted).fit(corpus, callbacks=[interrupt]), KeyboardInterrupt),
        (lambda: ProdLDA(groups=()).fit(corpus), ValueError),
        (lambda: load(tmp_path), ValueError),
        (lambda: analysis.decompose(fitted, corpus, n_samples=1), ValueError),
    ]
    with every_setting():
        before = state()
        for call, error in wrong:
            with pytest.raises(error):
                call()
            assert state() == before


def test_an_interrupted_evaluation_leaves_no_inference_mode(
    fitted: BaseTopicModel, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the error, whose traceback keeps every frame alive, is at hand."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(fitted._network.decoder), "represent", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        fitted.transform(corpus)
    assert caught.tb is not None
    assert not torch.is_inference_mode_enabled()


def test_the_default_dtype_returns_when_the_last_thread_is_done() -> None:
    """The thread that came first may leave first."""
    seen: list[torch.dtype] = []
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def first() -> None:
        with neutral_torch():
            first_is_in.set()
            second_is_in.wait(10)
        first_is_out.set()

    def second() -> None:
        first_is_in.wait(10)
        with neutral_torch():
            second_is_in.set()
            first_is_out.wait(10)
            seen.append(torch.get_default_dtype())

    with SETTINGS["default dtype torch.float64"]():
        threads = [threading.Thread(target=target) for target in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert seen == [torch.float32]
        assert torch.get_default_dtype() is torch.float64


@pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="an older version of PyTorch")
def test_a_precision_that_is_inherited_stays_inherited() -> None:
    """Afterwards, a backend without a precision of its own still follows that of all backends."""
    for precision in ("bf16", "tf32"):
        with _precision_of("all backends"):
            torch.backends.fp32_precision = precision
            before = precisions()
            with neutral_torch():
                assert not {"bf16", "tf32"} & set(precisions())
            assert precisions() == before
        assert not {"bf16", "tf32"} & set(precisions())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_no_answer_depends_on_a_default_dtype_that_another_thread_sets(
    fitted: BaseTopicModel,
    corpus: Corpus,
    dtype: torch.dtype,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every tensor has its type from the package: here the default is another one all the time."""

    @contextmanager
    def left_as_it_is(_: object) -> Iterator[None]:
        yield

    names = ("fit", "partial_fit", "perplexity", "score_samples", "transform", "save", "several starts")
    calls = [METHODS[name] for name in names] + [FUNCTIONS["topic_information"], FUNCTIONS["decompose"]]
    expected = [call(fitted, corpus, tmp_path) for call in calls]
    monkeypatch.setattr(_SettingsOfProcess, "held", left_as_it_is)
    with SETTINGS[f"default dtype {dtype}"]():
        found = [call(fitted, corpus, tmp_path) for call in calls]
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, BaseTopicModel):
            np.testing.assert_array_equal(one.components_, other.components_)
        assert_same(one, other)


def test_a_callback_may_set_a_default_device(corpus: Corpus) -> None:
    """It takes effect after the fit."""
    for more in ({}, {"n_init": 2}, {"validation_fraction": 0.2}):
        expected = ProdLDA((2, 2), **SMALL, **more).fit(corpus).components_

        def choose(_: Any) -> None:
            torch.set_default_device("meta")

        with SETTINGS["default device"]():
            torch.set_default_device(None)
            found = ProdLDA((2, 2), **SMALL, **more).fit(corpus, callbacks=[choose, choose]).components_
            assert torch.get_default_device().type == "meta"
        np.testing.assert_array_equal(found, expected)
