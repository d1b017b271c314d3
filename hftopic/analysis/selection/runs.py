"""Runs of a comparison: each fits and evaluates one model, sequentially or in parallel; failures are kept."""

import copy
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from hftopic._jobs import jobs_here
from hftopic._progress import progress
from hftopic.analysis.coherence import Window
from hftopic.analysis.correlation.correlation import topic_correlation
from hftopic.analysis.information import topic_information
from hftopic.analysis.models import FittedTopicModel
from hftopic.analysis.selection.scorers import (
    active_words,
    mean_coherence,
    mean_intrusion,
    n_distinct,
    words_of_columns,
)
from hftopic.analysis.selection.settings import Setting
from hftopic.analysis.selection.stability import topic_stability
from hftopic.analysis.topics import topic_diversity

# Errors that do not affect other runs. Diverged training and a full accelerator both raise a RuntimeError.
OF_ONE_RUN = (RuntimeError, MemoryError)


class Run(NamedTuple):
    """Result of one run: the model and its measures, or the error."""

    model: FittedTopicModel | None
    active: np.ndarray | None  # (n_topics,) bool
    measures: dict[str, Any]
    error: str | None = None
    cause: Exception | None = None  # the exception, if it may affect other runs too


class Yardstick(NamedTuple):
    """Documents and parameters of the measures, the same for every run."""

    validation: Any
    reference: Any
    coherence: str
    top_n: int
    window: Window | None
    threshold: float
    vocabulary: Sequence[str] | None


def finished_runs(
    settings: list[Setting],
    train: Any,
    yardstick: Yardstick,
    n_jobs: int | None,
    verbose: int,
    known: Mapping[int, Run],
    finish: Callable[[int, dict[int, Run]], None],
) -> list[Run]:
    """All runs in order, with a progress bar on standard error.

    Parameters
    ----------
    known : dict of int to Run
        Runs by place that have been made before; they are not made again.
    finish : callable
        Called after each run with its place and all runs so far.

    Raises
    ------
    Exception
        The error of the first run, if it may affect other runs.
    """
    runs = dict(known)
    places = [place for place in range(len(settings)) if place not in runs]
    started = _started_runs(settings, places, train, yardstick, n_jobs)
    bar = progress(
        started, total=len(settings), initial=len(runs), desc="compare", unit="run", verbose=bool(verbose)
    )
    for place, run in bar:
        if run.cause is not None and place == 0:
            raise run.cause
        if run.error is not None:
            setting = settings[place]
            warnings.warn(f"{setting.name}, seed {setting.seed}: {run.error}", stacklevel=3)
        runs[place] = run
        finish(place, runs)
    return [runs[place] for place in range(len(settings))]


def _started_runs(
    settings: list[Setting], places: list[int], train: Any, yardstick: Yardstick, n_jobs: int | None
) -> Iterator[tuple[int, Run]]:
    """Runs with their places, as they finish."""
    n_jobs = jobs_here(n_jobs)
    if n_jobs in (None, 1):
        return ((place, run_of(settings[place], train, yardstick)) for place in places)
    tasks = (delayed(_run_at)(place, settings[place], train, yardstick) for place in places)
    results: Iterator[tuple[int, Run]] = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks)
    return results


def _run_at(place: int, setting: Setting, train: Any, yardstick: Yardstick) -> tuple[int, Run]:
    return place, run_of(setting, train, yardstick)


def run_of(setting: Setting, train: Any, yardstick: Yardstick) -> Run:
    """Fit one setting, if it is not fitted yet, and evaluate it; an error becomes part of the result."""
    model, seconds = setting.estimator, float("nan")
    try:
        if not setting.fitted:
            model = clone(model).set_params(random_state=setting.seed)
            started = time.perf_counter()
            model.fit(train)
            seconds = time.perf_counter() - started
            model = copy.copy(model)  # like pickling: drops the optimiser and frees the accelerator
        active, measures = measured(model, yardstick)
    except Exception as error:
        cause = None if isinstance(error, OF_ONE_RUN) else error
        return Run(None, None, {}, f"{type(error).__name__}: {error}", cause)
    return Run(model, active, {**measures, "fit_seconds": seconds})


def measured(model: FittedTopicModel, yardstick: Yardstick) -> tuple[np.ndarray, dict[str, Any]]:
    """Which topics of a fitted model are active, (n_topics,) bool, and its measures by name."""
    documents = model.encode(yardstick.validation)
    names = words_of_columns(model, documents, yardstick.vocabulary)
    information = topic_information(model, documents, threshold=yardstick.threshold)
    active = information["active"].to_numpy(dtype=bool)
    words = active_words(model, active, yardstick.top_n, names)
    perplexity = model.perplexity(documents)
    sides = correlation_sizes(model, documents, active)
    return active, {
        "perplexity": perplexity,
        yardstick.coherence: mean_coherence(
            words,
            yardstick.reference,
            measure=yardstick.coherence,
            window=yardstick.window,
            top_n=yardstick.top_n,
            vocabulary=names,
        ),
        "diversity": topic_diversity(words, yardstick.top_n) if words else float("nan"),
        "distinct_topics": n_distinct(words, yardstick.reference, top_n=yardstick.top_n, vocabulary=names),
        "word_intrusion": mean_intrusion(model, active, yardstick.reference, vocabulary=names),
        "topics": len(active),
        "active_topics": int(active.sum()),
        "epochs": model.n_iter_,
        "within_mean_abs_r": sides.loc["within", "mean_abs_r"],
        "across_max_abs_r": sides.loc["across", "max_abs_r"],
    }


def correlation_sizes(model: FittedTopicModel, documents: Any, active: np.ndarray) -> pd.DataFrame:
    """Strength of correlations within and across groups, without significance tests."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* no pair to correlate", category=UserWarning)
        found = topic_correlation(
            model, documents, active=active, n_permutations=1, n_top_words=1, random_state=0
        )
    return found.summary()


def stabilities(settings: list[Setting], runs: list[Run], match_threshold: float) -> list[float]:
    """Mean stability of each run over the other runs of its setting; NaN if there are none."""
    stability = np.full(len(runs), np.nan)
    for name in dict.fromkeys(setting.name for setting in settings):
        places = [
            i
            for i, (setting, run) in enumerate(zip(settings, runs, strict=True))
            if setting.name == name and run.error is None
        ]
        if len(places) < 2:
            continue
        pairs = topic_stability(
            [runs[i].model for i in places],
            topics=[runs[i].active for i in places],
            threshold=match_threshold,
        )
        for number, place in enumerate(places):
            with_it = (pairs["model_a"] == number) | (pairs["model_b"] == number)
            stability[place] = pairs.loc[with_it, "stability"].mean()
    return [float(value) for value in stability]
