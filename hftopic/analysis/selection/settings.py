"""Settings of a comparison: their names and order, and checks before anything is fitted."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from hftopic._numbers import is_number, is_one_of, is_whole
from hftopic.analysis.coherence import WINDOWS
from hftopic.analysis.models import TopicEstimator, check_is_topic_model, is_fitted
from hftopic.analysis.selection.stability import check_comparable
from hftopic.data.columns import is_sharded, named_columns
from hftopic.data.inputs import N_WORDS, known_words
from hftopic.data.sequences import check_sequence, listed, why_no_counts
from hftopic.latent.space import LatentSpace

OF_RUNS = ("random_state", "verbose")  # parameters that can differ between runs of one setting
WEIGHTS = ("alpha", "beta", "gamma")  # parameters that are not used if an objective is given
LARGEST_SEED = 2**32 - 1  # the largest seed that numpy accepts
FEWEST_DOCUMENTS = 3  # the minimum for correlations


class Setting(NamedTuple):
    """One run of a setting: an estimator to fit with a seed, or a fitted model."""

    name: str
    estimator: TopicEstimator
    seed: int | None
    fitted: bool


def settings_of(models: Any, grid: Any, seeds: Any) -> list[Setting]:
    """All runs of a comparison; the seeds of a setting are next to each other.

    Raises
    ------
    TypeError
        An item is not a topic model of this package, or `seeds` is a single number.
    ValueError
        There is no model, a parameter does not exist or has an invalid value, a setting occurs twice, or
        seeds are not distinct integers >= 0.
    """
    chosen = _checked_seeds(seeds)
    named = models if isinstance(models, Mapping) else {None: models}
    settings: list[Setting] = []
    for name, model in named.items():
        settings += _as_given(name, model, chosen) if grid is None else _combined(name, model, grid, chosen)
    if not settings:
        raise ValueError("there is no model to compare: pass a model, or a dict of names to models")
    for setting in settings:
        if not setting.fitted:
            _check_parameters(setting)
    return settings


def _checked_seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, int | np.integer):
        raise TypeError(f"seeds must be a sequence, such as ({seeds},) or range({seeds}); got {seeds!r}")
    check_sequence(seeds, "seeds", "pass a sequence of integers, such as range(3)")
    given = listed(seeds)
    whole = all(is_whole(seed, 0) and seed <= LARGEST_SEED for seed in given)
    if not given or not whole or len(set(given)) < len(given):
        raise ValueError(f"seeds must be one or more distinct integers >= 0; got {seeds!r}")
    return [int(seed) for seed in given]


def _as_given(name: Any, given: Any, seeds: list[int]) -> list[Setting]:
    """Runs of one model, or of a list of fitted models, without a grid."""
    models = given if isinstance(given, list | tuple) else [given]
    for model in models:
        check_is_topic_model(model)
        if not is_fitted(model) and len(models) > 1:
            raise ValueError(
                f"the models of {name!r} are not all fitted; pass fitted models, or a single estimator, "
                "which is fitted for every seed"
            )
    for model in models[1:]:
        check_comparable(models[0], model)  # stability matches the topics of all runs of a setting
    name = type(models[0]).__name__ if name is None and models else str(name)
    return [
        setting
        for model in models
        for setting in (
            [Setting(name, model, _seed_of(model), True)]
            if is_fitted(model)
            else [Setting(name, model, seed, False) for seed in seeds]
        )
    ]


def _combined(name: Any, model: TopicEstimator, grid: Any, seeds: list[int]) -> list[Setting]:
    """Runs of one model with every combination of the values in a grid."""
    check_is_topic_model(model)
    known = model.get_params(deep=False)
    parts = [grid] if isinstance(grid, Mapping) else grid
    if not isinstance(parts, list | tuple) or not all(isinstance(part, Mapping) for part in parts):
        raise TypeError(
            "grid must be a dict that maps parameters to lists of values, or a list of such dicts; "
            f"got {grid!r}"
        )
    order = dict.fromkeys(key for part in ([grid] if isinstance(grid, Mapping) else grid) for key in part)
    unknown = [key for key in order if key not in known or key in OF_RUNS]
    if unknown:
        hint = "use seeds=" if unknown[0] == "random_state" else f"choose from {', '.join(known)}"
        raise ValueError(f"the grid cannot vary {unknown[0]!r} of {type(model).__name__}; {hint}")
    settings: dict[str, list[Setting]] = {}
    for values in ParameterGrid(grid):
        written = [f"{key}={written_value(values[key])}" for key in order if key in values]
        title = ", ".join(written if name is None else [str(name), *written]) or type(model).__name__
        if title in settings:
            raise ValueError(
                f"the grid contains the setting {title} twice; put the values in a list, such as "
                "{'groups': [(10, 10)]}"
            )
        estimator = clone(model).set_params(**values)
        settings[title] = [Setting(title, estimator, seed, False) for seed in seeds]
    return [setting for of_title in settings.values() for setting in of_title]


def _seed_of(model: TopicEstimator) -> int | None:
    """Seed of a model that was fitted before; None if it is unknown."""
    state = model.get_params(deep=False).get("random_state")
    return int(state) if isinstance(state, int | np.integer) else None


def _check_parameters(setting: Setting) -> None:
    """Check the parameters of a setting as ``fit`` does, as far as possible without documents.

    Raises
    ------
    ValueError
        A parameter is not valid; the message has the name of the setting.
    """
    try:
        setting.estimator._validate_params()  # the check of scikit-learn at the start of fit
        LatentSpace(setting.estimator.groups)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{setting.name}: {error}") from error


def differing(settings: list[Setting]) -> list[dict[str, Any]]:
    """For each run, the parameters in which settings differ; ``model`` is the class, if classes differ."""
    every = [_parameters_of(setting.estimator) for setting in settings]
    values: dict[str, set[str]] = {}
    for parameters in every:
        for key, value in parameters.items():
            values.setdefault(key, set()).add(written_value(value))
    different = [key for key in values if len(values[key]) > 1]
    return [{key: plain_value(parameters.get(key)) for key in different} for parameters in every]


def _parameters_of(estimator: TopicEstimator) -> dict[str, Any]:
    """Class and parameters of an estimator that affect the result."""
    parameters = {"model": type(estimator).__name__, **estimator.get_params(deep=False)}
    unused = WEIGHTS if parameters.get("objective") is not None else ()
    return {name: value for name, value in parameters.items() if name not in (*OF_RUNS, *unused)}


def plain_value(value: Any) -> Any:
    """Numbers, strings and None unchanged; any other value as Python code."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def written_value(value: Any) -> str:
    """Value of a parameter as text for the name of a setting."""
    return str(plain_value(value))


def check_data(settings: list[Setting], train: Any, validation: Any) -> None:
    """Check that the documents match each other and the fitted models.

    Raises
    ------
    ValueError
        Training documents are needed but missing, there are too few validation documents, or vocabularies
        differ.
    """
    to_fit = any(not setting.fitted for setting in settings)
    if to_fit and train is None:
        raise ValueError("some models are not fitted yet: pass the training documents as train=")
    n_documents, n_words = _shape(validation)
    if n_documents < FEWEST_DOCUMENTS:
        raise ValueError(
            f"validation has {n_documents} documents; at least {FEWEST_DOCUMENTS} are needed for correlations"
        )
    if to_fit:
        _check_words(_shape(train)[1], named_columns(train), n_words, validation, "train")
    for setting in settings:
        if setting.fitted:
            model = setting.estimator
            _check_words(model.topic_word_.shape[1], known_words(model), n_words, validation, setting.name)


def _check_words(size: int, words: Any, n_words: int, validation: Any, name: str) -> None:
    if size != n_words:
        raise ValueError(
            f"{name} has {size:,} words but validation has {n_words:,}; use the same vocabulary for both"
        )
    others = named_columns(validation)
    if words is not None and others is not None and not np.array_equal(words, others):
        raise ValueError(
            f"{name} and validation have different vocabularies: read both with the same vocabulary, or "
            "split one corpus"
        )


def _shape(X: Any) -> tuple[int, int]:
    reason = None if is_sharded(X) else why_no_counts(X)
    if reason is not None:
        raise ValueError(f"documents must be word counts, but this {reason}")
    shape: tuple[int, ...] = getattr(X, "shape", None) or np.shape(X)
    if len(shape) != 2:
        raise ValueError(f"documents must be a matrix of counts, (n_documents, n_words); got shape {shape}")
    return int(shape[0]), int(shape[1])


def check_measures(
    coherence: str, top_n: Any, threshold: float, match_threshold: float, validation: Any
) -> int:
    """Check the parameters of the measures; the number of top words, which is 10 or all words by default.

    Raises
    ------
    ValueError
        A parameter is unknown or out of range.
    """
    if not is_one_of(coherence, WINDOWS):
        raise ValueError(f"unknown coherence {coherence!r}; choose from {', '.join(WINDOWS)}")
    n_words = _shape(validation)[1]
    top_n = min(N_WORDS, n_words) if top_n is None else top_n
    if not is_whole(top_n, 2) or top_n > n_words:
        raise ValueError(f"top_n must be from 2 to {n_words} (the vocabulary size); got {top_n!r}")
    if not (is_number(threshold) and threshold >= 0):
        raise ValueError(f"threshold must be >= 0 (information in nats); got {threshold!r}")
    if not (is_number(match_threshold) and 0 <= match_threshold <= 1):
        raise ValueError(f"match_threshold must be a similarity in [0, 1]; got {match_threshold!r}")
    return int(top_n)
