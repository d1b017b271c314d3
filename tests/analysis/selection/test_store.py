"""Tests of stores of runs: what is kept is not made again, and a plan tells what differs."""

import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from hftopic import Corpus, ProdLDA, make_correlated_topics
from hftopic.analysis.selection.comparison import compare
from hftopic.analysis.selection.runs import Yardstick
from hftopic.analysis.selection.settings import settings_of
from hftopic.analysis.selection.store import differences, plan_of

CORPUS = make_correlated_topics(120, groups=(2, 2), n_words=30, random_state=0).corpus
TRAIN, VALIDATION = CORPUS[:90], CORPUS[90:]
SMALL = ProdLDA(groups=(2, 2), max_iter=2, batch_size=30)


@dataclass
class Memory:
    """A store in memory."""

    kept: dict = field(default_factory=dict)
    sizes: list = field(default_factory=list)

    def finished(self, plan):
        json.dumps(plan)
        return dict(self.kept)

    def keep(self, setting, run, table):
        self.kept[setting.name, setting.seed] = run
        self.sizes.append(len(table))


def test_kept_runs_are_not_made_again(monkeypatch):
    store = Memory()
    given = {"train": TRAIN, "validation": VALIDATION, "seeds": (0, 1), "store": store}
    first = compare(SMALL, {"gamma": [1.0, 2.0]}, **given)
    assert store.sizes == [1, 2, 3, 4]
    alone = compare(SMALL, {"gamma": [1.0, 2.0]}, **{**given, "store": None})
    pd.testing.assert_frame_equal(
        first.table.drop(columns="fit_seconds"), alone.table.drop(columns="fit_seconds")
    )
    del store.kept["gamma=1.0", 1]
    compare(SMALL, {"gamma": [1.0, 2.0]}, **given)
    assert store.sizes == [1, 2, 3, 4, 4]
    monkeypatch.setattr(ProdLDA, "fit", lambda *_, **__: pytest.fail("was fitted"))
    again = compare(SMALL, {"gamma": [1.0, 2.0]}, **given)
    assert {name: len(models) for name, models in again.models.items()} == {"gamma=1.0": 2, "gamma=2.0": 2}


def test_a_fitted_model_is_always_measured_again():
    store = Memory()
    fitted = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(TRAIN)
    for _ in range(2):
        compare(fitted, validation=VALIDATION, store=store)
    assert store.sizes == [1, 1]


def plan(train=TRAIN, validation=VALIDATION, seeds=(0,), gammas=(1.0,), reference=None, **settings):
    model = ProdLDA(groups=(2, 2), **settings)
    yardstick = Yardstick(
        validation, validation if reference is None else reference, "c_npmi", 10, None, 0.25, None
    )
    return json.loads(
        json.dumps(plan_of(settings_of(model, {"gamma": gammas}, seeds), train, yardstick, 0.5))
    )


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({}, []),
        ({"verbose": 1, "n_jobs": 2, "random_state": 5}, []),
        ({"seeds": (0, 1), "gammas": (1.0, 2.0)}, []),
        ({"train": TRAIN.counts.toarray(), "validation": VALIDATION}, ["the training documents"]),
        ({"train": CORPUS[:89]}, ["the training documents"]),
        ({"validation": CORPUS[89:]}, ["the validation documents"]),
        ({"reference": CORPUS}, ["the reference documents"]),
        ({"max_iter": 3}, ["max_iter (None then, 3 now)"]),
        ({"hidden": (8,)}, ["hidden ((200, 200) then, (8,) now)"]),
        ({"seeds": (1,)}, ["the seed 0 (then only)"]),
        ({"gammas": (2.0,)}, ["the setting gamma=1.0 (then only)"]),
    ],
)
def test_what_differs_is_told(now, told):
    assert differences(plan(), plan(**now)) == told


def test_the_same_documents_have_the_same_plan_in_every_form():
    counts = np.arange(40).reshape(4, 10)
    forms = [counts, counts.tolist(), counts.astype(np.float32), sp.csr_matrix(counts), sp.coo_array(counts)]
    plans = [plan(form, form) for form in forms]
    assert all(differences(plans[0], one) == [] for one in plans)
    assert differences(plans[0], plan(counts + 1, counts)) == ["the training documents"]


def test_the_reading_order_belongs_to_the_plan():
    """Coherence in windows depends on it."""
    one, other = (Corpus([[1, 1]] * 3, ["a", "b"], tokens=[order] * 3) for order in (["a", "b"], ["b", "a"]))
    assert differences(plan(one, one), plan(other, other)) == [
        "the training documents",
        "the validation documents",
    ]
