"""Settings of topic models beside each other, over seeds: how well they predict, read and recur."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hftopic.analysis.coherence import Window
from hftopic.analysis.models import ACTIVE_INFORMATION
from hftopic.analysis.selection.runs import Run, Yardstick, finished_runs, stabilities
from hftopic.analysis.selection.settings import check_data, check_measures, differing, settings_of

LOWER_IS_BETTER = ("perplexity", "within_mean_abs_r", "fit_seconds")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs of several settings, as :func:`compare` returns them.

    Attributes
    ----------
    table : DataFrame
        A row a run, that is, a setting and a seed, with columns

        - ``name`` of the setting; the parameters in which settings differ, see `parameters`; ``seed``,
          missing for a model that was given fitted and has no int for its ``random_state``
        - ``perplexity`` of the validation documents
        - the coherence, under the name of the measure, such as ``c_npmi``: the mean over active topics;
          missing when none is active or none has a value
        - ``diversity`` of the active topics, missing when there are none
        - ``topics``, ``active_topics``: numbers
        - ``within_mean_abs_r``, ``across_max_abs_r``: mean of the size of correlations within groups, and
          the largest across groups, among active topics; missing where there is no such pair
        - ``stability``: mean of :func:`topic_stability` over the other seeds of the setting; missing where
          the setting has a single run that succeeded, or no topic is active in any
        - ``fit_seconds``, missing for a model that was given fitted; in the first run of a process this
          includes what torch loads on first use
        - ``error``: missing, or what made the run fail, whose measures are then all missing
    models : dict of str to tuple
        Fitted models of each setting in the order of the seeds, failed ones left out.
    coherence : str
        Measure of coherence: its column in `table`.
    parameters : tuple of str
        Columns of `table` with the parameters in which settings differ; ``model``, the class, is one where
        that differs. Numbers are numbers there; what else there is stands as it is written in Python. A
        value is missing where a setting has no such parameter, or has an ``objective`` in place of weights.
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

    @property
    def measures(self) -> tuple[str, ...]:
        """Columns of `table` by which settings can be ranked."""
        return (
            "perplexity",
            self.coherence,
            "diversity",
            "active_topics",
            "within_mean_abs_r",
            "across_max_abs_r",
            "stability",
            "fit_seconds",
        )

    def summary(self) -> pd.DataFrame:
        """One row a setting, in the order in which they were given.

        Columns are ``name``, the parameters in which settings differ, ``runs``, ``failed`` (how many of
        them), and each measure's mean over the runs that did not fail, with its standard deviation over them
        as ``<measure>_sd``, missing for a single run. Stability has none, since one pair of seeds enters the
        rows of both. A measure that one of these runs has no value of, such as the coherence of a model
        without active topics, is missing for the setting: a mean over the others would rank it by its luck.
        """
        settings = self.table.groupby("name", sort=False)
        finished = self.table[self.table["error"].isna()].groupby("name", sort=False)
        summary = self.table.drop_duplicates("name").set_index("name")[list(self.parameters)].copy()
        summary["runs"] = settings.size()
        summary["failed"] = settings["error"].count()
        for measure in self.measures:
            known = finished[measure].count() == finished.size()
            summary[measure] = finished[measure].mean().where(known)
            if measure != "stability":
                summary[f"{measure}_sd"] = finished[measure].std().where(known)
        return summary.reset_index()

    def best(self, by: str | None = None, *, minimise: bool | None = None) -> pd.Series:
        """Row of :meth:`summary` with the best mean of one measure; of equals the first.

        Settings without a mean of it do not take part.

        Parameters
        ----------
        by : str, optional
            A measure; by default the coherence. Perplexity favours the plain VAE, whatever its topics.
        minimise : bool, optional
            Whether less is better. By default so of ``perplexity``, ``within_mean_abs_r`` and
            ``fit_seconds``, and not of the others.

        Raises
        ------
        ValueError
            No such measure, or no setting has a value of it.
        """
        by = self.coherence if by is None else by
        if by not in self.measures:
            raise ValueError(f"by={by!r} is no measure; there are {', '.join(self.measures)}")
        summary = self.summary()
        if summary[by].isna().all():
            raise ValueError(f"no setting has a value of {by!r} in all its runs; see the table")
        values = summary[by].to_numpy(dtype=np.float64)
        lowest = by in LOWER_IS_BETTER if minimise is None else minimise
        return summary.iloc[int(np.nanargmin(values) if lowest else np.nanargmax(values))]


def compare(
    models: Any,
    grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Iterable[Any]]] | None = None,
    *,
    train: Any = None,
    validation: Any,
    seeds: Sequence[int] = (0,),
    reference: Any = None,
    coherence: str = "c_npmi",
    top_n: int = 10,
    window: Window | None = None,
    threshold: float = ACTIVE_INFORMATION,
    match_threshold: float = 0.5,
    vocabulary: Sequence[str] | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Comparison:
    """Models of several settings and seeds, measured alike on held-out documents.

    Parameters
    ----------
    models : ProdLDA or NVDM, or dict of str to them
        Unfitted estimators are cloned, and fitted on `train` once a seed. Fitted ones are measured as they
        are; in a dict also a list of them, which are the runs of one setting.
    grid : dict or list of dicts, optional
        Values of parameters, as in ``GridSearchCV``; each combination is a setting of each of the `models`,
        which are then cloned even if they are fitted.
    train : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Needed when anything is to be fitted.
    validation : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents on which all is measured, three at least; not those of a test that is yet to come.
    seeds : sequence of int, default=(0,)
        Each is the ``random_state`` of one fit of every setting. Two or more tell the stability.
    reference : Corpus, sparse matrix, ndarray or DataFrame, optional
        Corpus in which words are counted for the coherence; by default `validation`. Give a larger one where
        that has a few hundred documents, in which most pairs of words never meet.
    coherence : {"c_npmi", "c_v", "c_uci", "u_mass"}, default="c_npmi"
    top_n : int, default=10
        Words of a topic in coherence and diversity. A topic of NVDM counts with both its poles.
    window : int, "document" or None
        See :func:`topic_coherence`.
    threshold : float, default=0.05
        Information, in nats, about the validation documents above which a topic is active.
    match_threshold : float, default=0.5
        Least cosine of topics that are the same in two seeds, see :func:`topic_stability`.
    vocabulary : sequence of str (n_words,), optional
        Names of the words, where neither models nor corpora know them.
    n_jobs : int, optional
        Processes to fit in, as in scikit-learn. Each takes a run at a time.
    verbose : int, default=0
        1 shows the progress over runs on standard error.

    Returns
    -------
    Comparison
        Models that were fitted here are kept in it, without the state of their optimiser.

    Raises
    ------
    TypeError, ValueError
        No settings, unknown parameters, data that do not fit together, or a setting out of range: before
        anything is fitted.
    Exception
        What the first run raises, as it is likely to be wrong with all of them. An error of a later run
        costs no more than its own row; so do, in any run, training that diverges (``TrainingDivergedError``)
        and memory that does not suffice.

    Warns
    -----
    UserWarning
        A run failed.

    Notes
    -----
    Perplexity is that of the ELBO with an unweighted KL, and so comparable whatever the objective; but the
    plain VAE, which is trained for just that, always does best by it. Choose β, γ and groups by coherence,
    active topics and stability.

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
    check_measures(coherence, top_n, threshold, match_threshold, validation)
    yardstick = Yardstick(validation, reference, coherence, top_n, window, threshold, vocabulary)
    runs = finished_runs(settings, train, yardstick, n_jobs, verbose)
    stability = stabilities(settings, runs, match_threshold)
    different = differing(settings)
    rows = [
        {"name": setting.name, **parameters, "seed": setting.seed, **run.measures, "stability": stable}
        for setting, parameters, run, stable in zip(settings, different, runs, stability, strict=True)
    ]
    fitted: dict[str, tuple[Any, ...]] = {setting.name: () for setting in settings}
    for setting, run in zip(settings, runs, strict=True):
        fitted[setting.name] += (run.model,) if run.error is None else ()
    return Comparison(_ordered(rows, runs, coherence), fitted, coherence, tuple(different[0]))


def _ordered(rows: list[dict[str, Any]], runs: list[Run], coherence: str) -> pd.DataFrame:
    """Rows as a table, in the order of columns that :class:`Comparison` states; what is missing is nan."""
    table = pd.DataFrame(rows)
    measured = (
        "perplexity",
        coherence,
        "diversity",
        "topics",
        "active_topics",
        "within_mean_abs_r",
        "across_max_abs_r",
        "stability",
        "fit_seconds",
    )
    table = table.reindex(columns=[*(name for name in table if name not in measured), *measured])
    table["error"] = pd.Series([run.error for run in runs], dtype=object)
    return table
