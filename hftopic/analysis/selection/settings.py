"""Which models a comparison is of: settings by name, in the order given, and whether they can be run."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from hftopic.analysis.coherence import WINDOWS
from hftopic.analysis.models import TopicEstimator, check_is_topic_model, is_fitted
from hftopic.analysis.selection.stability import check_comparable
from hftopic.data.corpus import Corpus
from hftopic.data.inputs import known_words
from hftopic.latent.space import LatentSpace

OF_RUNS = ("random_state", "verbose")  # parameters in which runs of one setting may differ
WEIGHTS = ("alpha", "beta", "gamma")  # parameters that an objective takes the place of
LARGEST_SEED = 2**32 - 1  # that numpy takes
FEWEST_DOCUMENTS = 3  # that correlations need


class Setting(NamedTuple):
    """One run of a setting: an estimator to be fitted with a seed, or a model that is fitted."""

    name: str
    estimator: TopicEstimator
    seed: int | None
    fitted: bool


def settings_of(models: Any, grid: Any, seeds: Any) -> list[Setting]:
    """All runs that are asked for, the seeds of a setting next to each other.

    Raises
    ------
    TypeError
        Something is no topic model of this package, or seeds are a single number.
    ValueError
        There is no model, a parameter does not exist or has an impossible value, a setting is given twice,
        or seeds are not distinct whole numbers.
    """
    listed = _checked_seeds(seeds)
    named = models if isinstance(models, Mapping) else {None: models}
    settings: list[Setting] = []
    for name, model in named.items():
        settings += _as_given(name, model, listed) if grid is None else _combined(name, model, grid, listed)
    if not settings:
        raise ValueError("there is no model to compare: give one, or several by name in a dict")
    for setting in settings:
        if not setting.fitted:
            _check_parameters(setting)
    return settings


def _checked_seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, int | np.integer):
        raise TypeError(f"seeds is a sequence of them, such as ({seeds},) or range({seeds}); got {seeds!r}")
    listed = list(seeds)
    whole = all(isinstance(seed, int | np.integer) and 0 <= seed <= LARGEST_SEED for seed in listed)
    if not listed or not whole or len(set(listed)) < len(listed):
        raise ValueError(f"seeds are distinct whole numbers from 0 up, one at least; got {seeds!r}")
    return [int(seed) for seed in listed]


def _as_given(name: Any, given: Any, seeds: list[int]) -> list[Setting]:
    """Runs of one model, or of a list of fitted ones, without a grid."""
    models = given if isinstance(given, list | tuple) else [given]
    for model in models:
        check_is_topic_model(model)
        if not is_fitted(model) and len(models) > 1:
            raise ValueError(
                f"the models of {name!r} are not all fitted; give one estimator, to be fitted for every seed"
            )
    for model in models[1:]:
        check_comparable(models[0], model)  # they are seeds of one setting, whose topics are matched
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
    if not isinstance(grid, Mapping) and not all(isinstance(part, Mapping) for part in grid):
        raise TypeError(f"grid is a dict of parameters to lists of values, or a list of such; got {grid!r}")
    order = dict.fromkeys(key for part in ([grid] if isinstance(grid, Mapping) else grid) for key in part)
    unknown = [key for key in order if key not in known or key in OF_RUNS]
    if unknown:
        hint = "give seeds=" if unknown[0] == "random_state" else f"there are {', '.join(known)}"
        raise ValueError(f"the grid cannot vary {unknown[0]!r} of {type(model).__name__}; {hint}")
    settings: dict[str, list[Setting]] = {}
    for values in ParameterGrid(grid):
        written = [f"{key}={written_value(values[key])}" for key in order if key in values]
        title = ", ".join(written if name is None else [str(name), *written]) or type(model).__name__
        if title in settings:
            raise ValueError(
                f"the grid has the setting {title} twice; values stand in a list, as {{'groups': [(10, 10)]}}"
            )
        estimator = clone(model).set_params(**values)
        settings[title] = [Setting(title, estimator, seed, False) for seed in seeds]
    return [setting for of_title in settings.values() for setting in of_title]


def _seed_of(model: TopicEstimator) -> int | None:
    """Seed of a model that was fitted elsewhere, where it is known."""
    state = model.get_params(deep=False).get("random_state")
    return int(state) if isinstance(state, int | np.integer) else None


def _check_parameters(setting: Setting) -> None:
    """Refuse what ``fit`` would, as far as it can be told without documents.

    Raises
    ------
    ValueError
        With the name of the setting.
    """
    try:
        setting.estimator._validate_params()  # scikit-learn's, as at the start of fit
        LatentSpace(setting.estimator.groups)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{setting.name}: {error}") from error


def differing(settings: list[Setting]) -> list[dict[str, Any]]:
    """For each run the parameters in which settings differ, the class as ``model`` if that does."""
    every = [_parameters_of(setting.estimator) for setting in settings]
    values: dict[str, set[str]] = {}
    for parameters in every:
        for key, value in parameters.items():
            values.setdefault(key, set()).add(written_value(value))
    different = [key for key in values if len(values[key]) > 1]
    return [{key: plain_value(parameters.get(key)) for key in different} for parameters in every]


def _parameters_of(estimator: TopicEstimator) -> dict[str, Any]:
    """Class and parameters of an estimator that have a say."""
    parameters = {"model": type(estimator).__name__, **estimator.get_params(deep=False)}
    unused = WEIGHTS if parameters.get("objective") is not None else ()
    return {name: value for name, value in parameters.items() if name not in (*OF_RUNS, *unused)}


def plain_value(value: Any) -> Any:
    """Numbers, words and None as they are; anything else as it is written in Python."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def written_value(value: Any) -> str:
    """A parameter's value as in the name of a setting."""
    return str(plain_value(value))


def check_data(settings: list[Setting], train: Any, validation: Any) -> None:
    """Refuse documents that do not go with each other, or with models that are fitted.

    Raises
    ------
    ValueError
    """
    to_fit = any(not setting.fitted for setting in settings)
    if to_fit and train is None:
        raise ValueError("some models are not fitted yet: give the documents to fit them on as train=")
    n_documents, n_words = _shape(validation)
    if n_documents < FEWEST_DOCUMENTS:
        raise ValueError(
            f"validation has {n_documents} documents, and correlations need {FEWEST_DOCUMENTS} or more"
        )
    if to_fit:
        _check_words(_shape(train)[1], _words_of(train), n_words, validation, "train")
    for setting in settings:
        if setting.fitted:
            model = setting.estimator
            _check_words(model.topic_word_.shape[1], known_words(model), n_words, validation, setting.name)


def _check_words(size: int, words: Any, n_words: int, validation: Any, name: str) -> None:
    if size != n_words:
        raise ValueError(
            f"{name} has {size:,} words and validation {n_words:,}; count both over one vocabulary"
        )
    others = _words_of(validation)
    if words is not None and others is not None and not np.array_equal(words, others):
        raise ValueError(
            f"{name} and validation have other words: read both with one vocabulary, or split one corpus"
        )


def _words_of(X: Any) -> Any:
    return X.vocabulary if isinstance(X, Corpus) else None


def _shape(X: Any) -> tuple[int, int]:
    shape: tuple[int, ...] = getattr(X, "shape", None) or np.shape(X)
    if len(shape) != 2:
        raise ValueError(f"documents are a table of counts, (n_documents, n_words); got shape {shape}")
    return int(shape[0]), int(shape[1])


def check_measures(
    coherence: str, top_n: Any, threshold: float, match_threshold: float, validation: Any
) -> None:
    """Refuse measures that are unknown or out of range.

    Raises
    ------
    ValueError
    """
    if coherence not in WINDOWS:
        raise ValueError(f"unknown coherence {coherence!r}; there are {', '.join(WINDOWS)}")
    n_words = _shape(validation)[1]
    if not isinstance(top_n, int | np.integer) or not 2 <= top_n <= n_words:
        raise ValueError(f"top_n must be from 2 to {n_words}, the words there are; got {top_n!r}")
    if not threshold >= 0:
        raise ValueError(f"threshold is an amount of information in nats, 0 or more; got {threshold}")
    if not 0 <= match_threshold <= 1:
        raise ValueError(f"match_threshold={match_threshold!r} is not a similarity in [0, 1]")
