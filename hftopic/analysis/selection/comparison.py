"""Comparison of model settings over several seeds: perplexity, scores of topics and stability."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd

from hftopic.analysis.coherence import Window
from hftopic.analysis.display import comparison_html
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.selection.runs import Run, Yardstick, finished_runs, stabilities
from hftopic.analysis.selection.settings import (
    Setting,
    check_data,
    check_measures,
    differing,
    settings_of,
)
from hftopic.analysis.selection.store import RunStore, plan_of
from hftopic.data.sequences import described
from hftopic.data.validation import as_vocabulary
from hftopic.topics.information import ACTIVE_PEAK
from hftopic.topics.summary import NothingLearntWarning, nothing_learnt

LOWER_IS_BETTER = ("perplexity", "within_mean_abs_r", "fit_seconds")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs of several settings, as :func:`compare` returns them.

    Attributes
    ----------
    table : DataFrame
        One row per run, that is, per setting and seed, with columns

        - ``name`` of the setting, and the parameters in which settings differ, see `parameters`
        - ``seed``; missing for a model that was passed fitted and whose ``random_state`` is not an int
        - ``perplexity`` of the validation documents
        - the coherence, with the name of the measure, such as ``c_npmi``: the mean over active topics. It is
          missing if no topic is active or none has a value
        - ``diversity`` of the active topics; missing if there are none
        - ``distinct_topics``: number of active topics that are coherent and repeat no other, see
          :func:`distinct_topics`
        - ``word_intrusion``: mean share of intruders detected among the words of an active topic, see
          :func:`word_intrusion`; missing if there are fewer than two active topics
        - ``topics``, ``active_topics``: number of topics and of active topics. Nothing was learnt yet in a
          run in which none is active
        - ``epochs`` of training
        - ``within_mean_abs_r``, ``across_max_abs_r``: mean absolute correlation within groups, and largest
          absolute correlation across groups, between active topics; missing if there is no such pair
        - ``stability``: mean of :func:`topic_stability` over the other seeds of the setting. It is missing if
          the setting has only one successful run, or if no topic is active in any run
        - ``fit_seconds``; missing for a model that was passed fitted. In the first run of a process this
          includes the time in which torch loads its libraries
        - ``error``: missing, or the error of a failed run, whose measures are all missing
    models : dict of str to tuple
        Fitted models of each setting in the order of the seeds, without failed runs.
    coherence : str
        Coherence measure: its column in `table`.
    parameters : tuple of str
        Columns of `table` with the parameters in which settings differ; ``model`` is the class, if classes
        differ. Numbers stay numbers; other values are shown as Python code. A value is missing if a setting
        has no such parameter, or has an ``objective`` instead of weights.
    """

    table: pd.DataFrame
    models: dict[str, tuple[Any, ...]]
    coherence: str
    parameters: tuple[str, ...]

    def __repr__(self) -> str:
        n_failed = int(self.table["error"].count())
        failed = f", {n_failed} failed" if n_failed else ""
        return (
            f"<Comparison of {len(self.models)} settings in {len(self.table)} runs{failed}; see .summary()>"
        )

    def _repr_html_(self) -> str:
        return comparison_html(self, LOWER_IS_BETTER)

    @property
    def measures(self) -> tuple[str, ...]:
        """Columns of `table` that can rank settings."""
        return (
            "perplexity",
            self.coherence,
            "diversity",
            "distinct_topics",
            "word_intrusion",
            "active_topics",
            "within_mean_abs_r",
            "across_max_abs_r",
            "stability",
            "fit_seconds",
        )

    def summary(self) -> pd.DataFrame:
        """One row per setting, in the order in which they were given.

        Columns are ``name``; the parameters in which settings differ; ``runs``, ``failed`` and
        ``nothing_learnt``, the number of runs, of failed runs and of runs without an active topic; and for
        each measure the mean over the successful runs and the standard
        deviation ``<measure>_sd``, missing for a single run. Stability has no standard deviation, because
        each pair of seeds is in the rows of both seeds. If one successful run has no value of a measure (such
        as the coherence of a model without active topics), the mean is missing for the setting, because a
        mean over the other runs would be biased.
        """
        settings = self.table.groupby("name", sort=False)
        finished = self.table[self.table["error"].isna()].groupby("name", sort=False)
        summary = self.table.drop_duplicates("name").set_index("name")[list(self.parameters)].copy()
        summary["runs"] = settings.size()
        summary["failed"] = settings["error"].count()
        idle = self.table["active_topics"].eq(0)
        summary["nothing_learnt"] = idle.groupby(self.table["name"], sort=False).sum()
        for measure in self.measures:
            known = finished[measure].count() == finished.size()
            summary[measure] = finished[measure].mean().where(known)
            if measure != "stability":
                summary[f"{measure}_sd"] = finished[measure].std().where(known)
        return summary.reset_index()

    def best(self, by: str | None = None, *, minimise: bool | None = None) -> pd.Series:
        """Row of :meth:`summary` with the best mean of one measure; ties go to the first.

        Settings without a mean of the measure are ignored.

        Parameters
        ----------
        by : str, optional
            Measure; by default the coherence. Perplexity always favours the plain VAE, even if its topics
            are worse.
        minimise : bool, optional
            Whether lower is better. By default True for ``perplexity``, ``within_mean_abs_r`` and
            ``fit_seconds``, and False otherwise.

        Raises
        ------
        ValueError
            The measure is unknown, or no setting has a mean of it.
        """
        by = self.coherence if by is None else by
        if by not in self.measures:
            raise ValueError(f"unknown measure by={by!r}; choose from {', '.join(self.measures)}")
        summary = self.summary()
        if summary[by].isna().all():
            raise ValueError(
                f"no setting has a value of {by!r} in every run, so there is no best one; see the table. In "
                f"{summary['nothing_learnt'].sum()} runs no topic is active: nothing was learnt there yet"
            )
        values = summary[by].to_numpy(dtype=np.float64)
        lowest = by in LOWER_IS_BETTER if minimise is None else minimise
        return summary.iloc[int(np.nanargmin(values) if lowest else np.nanargmax(values))]


@samples_shards
def compare(
    models: Any,
    grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Iterable[Any]]] | None = None,
    *,
    train: Any = None,
    validation: Any,
    seeds: Sequence[int] = (0,),
    reference: Any = None,
    coherence: str = "c_npmi",
    top_n: int | None = None,
    window: Window | None = None,
    threshold: float = ACTIVE_PEAK,
    match_threshold: float = 0.5,
    vocabulary: Sequence[str] | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    store: RunStore | None = None,
) -> Comparison:
    """Fit several settings with several seeds, and evaluate all on the same held-out documents.

    Parameters
    ----------
    models : ProdLDA or NVDM, or dict of str to them
        Models to compare. An unfitted estimator is cloned and fitted on `train` once per seed. A fitted model
        is evaluated as it is. A value of a dict can also be a list of fitted models: the runs of one setting.
    grid : dict or list of dicts, optional
        Values of parameters, as in ``GridSearchCV``. Each combination is one setting of each of the `models`,
        which are then cloned even if they are fitted.
    train : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Training documents. Needed if a model is not fitted yet.
    validation : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents used for all measures, at least three. Do not use your test set.
    seeds : sequence of int, default=(0,)
        Every setting is fitted once with each seed as ``random_state``. Stability needs at least two.
    reference : Corpus, sparse matrix, ndarray or DataFrame, optional
        Reference corpus for the coherence, the distinct topics and the word intrusion; by default
        `validation`. Pass a larger one if `validation` has only a few hundred documents, because most word
        pairs never co-occur in it.
    coherence : {"c_npmi", "c_v", "c_uci", "u_mass"}, default="c_npmi"
        Coherence measure.
    top_n : int, optional
        Number of words per topic for coherence, diversity and distinct topics; 10 by default, or all words if
        there are fewer. For NVDM both poles of a topic
        are counted, here and in the word intrusion.
    window : int, "document" or None
        Window of the coherence, see :func:`topic_coherence`.
    threshold : float, default=0.25
        Peak information in nats about the validation documents above which a topic is active.
    match_threshold : float, default=0.5
        Minimum cosine for topics of two seeds to count as the same, see :func:`topic_stability`.
    vocabulary : sequence of str (n_words,), optional
        Names of the words, if neither the models nor the corpora have a vocabulary.
    n_jobs : int, optional
        Number of processes, as in scikit-learn. Each process fits one run at a time.
    verbose : int, default=0
        1 shows the progress over runs on standard error.
    store : RunStore, optional
        Object that keeps every run as soon as it is finished and finds it again, so that a second call
        continues an interrupted one, see ``hftopic.analysis.selection.store``. The command line does so with
        its option ``--out``.

    Returns
    -------
    Comparison
        It keeps the models that were fitted here, without the state of their optimiser.

    Raises
    ------
    TypeError, ValueError
        There are no settings, a parameter is unknown, the data do not match each other, or a parameter is out
        of range. This is checked before anything is fitted.
    Exception
        An error in the first run is raised, because it probably affects all runs. An error in a later run is
        only recorded in its row. ``TrainingDivergedError`` and out-of-memory errors are always only recorded.

    Warns
    -----
    UserWarning
        A run failed.
    NothingLearntWarning
        No topic is active in some runs.

    Notes
    -----
    Perplexity is computed from the ELBO with an unweighted KL, so it is comparable between objectives. But
    the plain VAE, which is trained for this ELBO, always has the best perplexity. Choose β, γ and groups by
    coherence, active topics and stability.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import compare
    >>> corpus = make_correlated_topics(300, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5)
    >>> found = compare(model, {"gamma": [1.0, 4.0]}, train=corpus[:200], validation=corpus[200:])
    >>> found.table[["name", "seed", "topics"]]
            name  seed  topics
    0  gamma=1.0     0       4
    1  gamma=4.0     0       4
    >>> found.best("perplexity")["name"] in ("gamma=1.0", "gamma=4.0")
    True
    """
    settings = settings_of(models, grid, seeds)
    reference = validation if reference is None else reference
    check_data(settings, train, validation)
    if store is not None and not (hasattr(store, "finished") and hasattr(store, "keep")):
        raise TypeError(f"store must have the methods finished and keep; got {described(store)}")
    words: Any = None if vocabulary is None else as_vocabulary(vocabulary, None)
    n_words = check_measures(coherence, top_n, threshold, match_threshold, validation)
    yardstick = Yardstick(validation, reference, coherence, n_words, window, threshold, words)
    different = differing(settings)
    known: dict[int, Run] = {}
    if store is not None:
        earlier = store.finished(plan_of(settings, train, yardstick, match_threshold))
        known = {i: earlier[one.name, one.seed] for i, one in enumerate(settings) if _is_known(one, earlier)}

    def finish(place: int, runs: dict[int, Run]) -> None:
        if store is not None:
            done = sorted(runs)
            table = _table(
                [settings[i] for i in done],
                [different[i] for i in done],
                [runs[i] for i in done],
                [np.nan] * len(done),
                coherence,
            )
            store.keep(settings[place], runs[place], table)

    runs = finished_runs(settings, train, yardstick, n_jobs, verbose, known, finish)
    stability = stabilities(settings, runs, match_threshold)
    fitted: dict[str, tuple[Any, ...]] = {setting.name: () for setting in settings}
    for setting, run in zip(settings, runs, strict=True):
        fitted[setting.name] += (run.model,) if run.error is None else ()
    table = _table(settings, different, runs, stability, coherence)
    _warn_of_idle(table)
    return Comparison(table, fitted, coherence, tuple(different[0]))


def _warn_of_idle(table: pd.DataFrame) -> None:
    """Warn of settings with runs in which no topic is active."""
    idle = table[table["active_topics"].eq(0)]
    if len(idle):
        names = ", ".join(dict.fromkeys(idle["name"].astype(str)))
        message = f"{len(idle)} of {len(table)} runs ({names}): {nothing_learnt(int(idle['epochs'].max()))}"
        warn(message, NothingLearntWarning, stacklevel=3)


def _is_known(setting: Setting, earlier: Mapping[tuple[str, int | None], Run]) -> bool:
    """Whether an earlier call made this run; a model that was passed fitted is always measured again."""
    return not setting.fitted and (setting.name, setting.seed) in earlier


def _table(
    settings: Sequence[Setting],
    different: Sequence[dict[str, Any]],
    runs: Sequence[Run],
    stability: Sequence[float],
    coherence: str,
) -> pd.DataFrame:
    """One row per run, with the column order of :class:`Comparison`; missing values are NaN."""
    table = pd.DataFrame(
        {"name": setting.name, **parameters, "seed": setting.seed, **run.measures, "stability": stable}
        for setting, parameters, run, stable in zip(settings, different, runs, stability, strict=True)
    )
    measured = (
        "perplexity",
        coherence,
        "diversity",
        "distinct_topics",
        "word_intrusion",
        "topics",
        "active_topics",
        "epochs",
        "within_mean_abs_r",
        "across_max_abs_r",
        "stability",
        "fit_seconds",
    )
    table = table.reindex(columns=[*(name for name in table if name not in measured), *measured])
    table["error"] = pd.Series([run.error for run in runs], dtype=object)
    return table
