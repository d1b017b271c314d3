"""Runs of a comparison that are kept as they finish, and the plan by which a later call knows them again."""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp

from hftopic import __version__
from hftopic.analysis.models import TopicEstimator
from hftopic.analysis.selection.runs import Run, Yardstick
from hftopic.analysis.selection.settings import OF_RUNS, Setting, written_value
from hftopic.data.columns import is_sharded
from hftopic.data.corpus import Corpus
from hftopic.data.embeddings import held_embeddings, sha256_of_rows
from hftopic.data.validation import canonical_csr

Plan = dict[str, Any]
"""What the runs of a comparison depend on, as JSON: documents, measures, and the parameters of each run."""

_CALLED = {
    "hftopic": "the version of hftopic",
    "train": "the training documents",
    "validation": "the validation documents",
    "reference": "the reference documents",
    "vocabulary": "the vocabulary",
}
_HASHES = ("train", "validation", "reference", "vocabulary")


class RunStore(Protocol):
    """A place for the runs of a comparison."""

    def finished(self, plan: Plan) -> Mapping[tuple[str, int | None], Run]:
        """Runs kept by an earlier call, by name of the setting and seed; an error if its plan differs."""

    def keep(self, setting: Setting, run: Run, table: pd.DataFrame) -> None:
        """Keep a run that has just finished; the table has a row for every finished run, in order."""


def plan_of(settings: list[Setting], train: Any, yardstick: Yardstick, match_threshold: float) -> Plan:
    """Plan of a comparison."""
    measures = {
        name: written_value(value)
        for name, value in yardstick._asdict().items()
        if name not in ("validation", "reference", "vocabulary")
    }
    words = yardstick.vocabulary
    return {
        "hftopic": __version__,
        "train": None if train is None else _hash_of(train),
        "validation": _hash_of(yardstick.validation),
        "reference": None if yardstick.reference is yardstick.validation else _hash_of(yardstick.reference),
        "vocabulary": None if words is None else _hash("\n".join(map(str, words))),
        **measures,
        "match_threshold": written_value(match_threshold),
        "runs": [
            {"name": setting.name, "seed": setting.seed, "parameters": _parameters(setting.estimator)}
            for setting in settings
        ],
    }


def differences(then: Plan, now: Plan) -> list[str]:
    """What differs between the plan of an earlier call and this one; new runs are no difference."""
    common = [name for name in now if name != "runs" and then.get(name) != now[name]]
    found = [
        _CALLED.get(name, name) + ("" if name in _HASHES else f" ({then.get(name)} then, {now[name]} now)")
        for name in common
    ]
    runs = {(run["name"], run["seed"]): run["parameters"] for run in now["runs"]}
    for run in then["runs"]:
        name, seed = run["name"], run["seed"]
        if name not in {name for name, _ in runs}:
            found.append(f"the setting {name} (then only)")
        elif (name, seed) not in runs:
            found.append(f"the seed {seed} (then only)")
        else:
            before, after = run["parameters"], runs[name, seed]
            changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
            found += [f"{key} ({before.get(key)} then, {after.get(key)} now)" for key in changed]
    return list(dict.fromkeys(found))


def _parameters(estimator: TopicEstimator) -> dict[str, str]:
    parameters = {"model": type(estimator).__name__, **estimator.get_params(deep=False)}
    return {
        name: written_value(value) for name, value in parameters.items() if name not in (*OF_RUNS, "n_jobs")
    }


def _hash_of(X: Any) -> str:
    """Hash of counts, words and reading order, on which the measures depend, and of embeddings."""
    held = held_embeddings(X)
    embeddings = "" if held is None else sha256_of_rows(held)
    if isinstance(X, Corpus):
        tokens = "" if X.tokens is None else _hash("\n".join(map("\t".join, X.tokens)))
        return X.sha256() + tokens + embeddings
    if is_sharded(X):
        return X.sha256() + embeddings
    counts = canonical_csr(sp.csr_array(X), shared_with=X)
    places = (part.astype(np.int64).tobytes() for part in (counts.indptr, counts.indices))
    return _hash(str(counts.shape), *places, counts.data.astype(np.float64).tobytes())


def _hash(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
    return digest.hexdigest()
