"""Designs of formulas: coded alike for all documents, safe to load, and clear about what is wrong."""

import json
import mmap
import pickle

import numpy as np
import pytest
import torch

from hftopic import Corpus, open_corpus, write_corpus
from hftopic.data import designed as designs
from hftopic.data import known as knowns
from hftopic.data.design import Design, are_dates
from hftopic.data.designed import designed, designed_for, kept_rows
from hftopic.data.formulas import FormulaError, parsed
from hftopic.data.known import Known
from hftopic.data.shares import Listed, Spaced, numbers_in
from hftopic.data.streams import StoredDocuments

N = 120
GENERATOR = np.random.default_rng(0)
COLUMNS = {
    "side": GENERATOR.choice(np.array(["left", "right", "centre"], dtype=object), N),
    "day": GENERATOR.uniform(1, 100, N),
    "flag": GENERATOR.random(N) < 0.5,
    "age": GENERATOR.integers(18, 80, N),
    "with space": GENERATOR.uniform(0, 1, N),
    "when": np.array([f"20{10 + i % 10}-0{1 + i % 9}-15" for i in range(N)], dtype=object),
}
FORMULAS = [
    "side",
    "side + bs(day, df=4)",
    "side * day",
    "side:age - 1",
    "C(side, contr.sum) + cr(day, df=3)",
    "C(side, contr.treatment('right')) + cc(day, df=4)",
    "poly(day, 2) + center(age) + scale(day)",
    "log(day) + sqrt(age) + abs(age - 40) + I(age ** 2) + exp(day / 100)",
    "flag + `with space` + C(age > 40)",
    "bs(when, df=4) + C(when)",
    "(side + flag)**2",
]


def rows(columns, chosen):
    return {name: values[chosen] for name, values in columns.items()}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_document_is_coded_alike_alone_in_json_and_among_others(formula):
    design = Design.of(formula, COLUMNS)
    whole = design.matrix(COLUMNS)
    again = Design.from_json(json.loads(json.dumps(design.as_json())))
    assert again.names == design.names
    assert again.columns == design.columns
    np.testing.assert_array_equal(again.matrix(COLUMNS), whole)
    part = [3, 7, 50]
    np.testing.assert_allclose(again.matrix(rows(COLUMNS, part)), whole[part], atol=1e-6)
    assert whole.dtype == np.float32
    assert "Intercept" not in design.names
    np.testing.assert_allclose(whole.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(whole.std(axis=0), 1, atol=1e-5)


def test_values_are_those_of_the_columns():
    design = Design.of("side + day", COLUMNS)
    expected = np.stack([COLUMNS["side"] == "left", COLUMNS["side"] == "right", COLUMNS["day"]], axis=1)
    np.testing.assert_allclose(design.raw(COLUMNS), expected)
    assert design.names == ("side[T.left]", "side[T.right]", "day")


def test_dates_count_in_years_whatever_their_form():
    texts = np.array(["2008-01-01", "2008-07-02", "2009-01-01"], dtype=object)
    design = Design.of("date", {"date": texts})
    np.testing.assert_allclose(design.raw({"date": texts})[:, 0], [2008, 2008.5, 2009], atol=1e-9)
    other = np.array(["1/1/2008", "2 July 2008", "31/12/2008"], dtype=object)
    np.testing.assert_allclose(design.raw({"date": other})[:2, 0], [2008, 2008.5])
    np.testing.assert_allclose(design.raw({"date": np.array(["2010"], dtype=object)})[:, 0], [2010])
    with pytest.raises(FormulaError, match="'date' must hold dates"):
        design.matrix({"date": np.array(["soon"], dtype=object)})


def test_dates_of_a_few_documents_have_the_order_of_day_and_month_of_all():
    for dates in (["31/12/2019", "03/04/2020", "01/02/2021"], ["12/31/2019", "04/03/2020", "02/01/2021"]):
        known = {"posted": np.array(dates, dtype=object)}
        design = Design.of("posted", known)
        whole = design.raw(known)
        assert whole[1:, 0] == pytest.approx([2020 + 93 / 366, 2021 + 31 / 365])
        for read in (design, pickle.loads(pickle.dumps(design))):
            pieces = [read.raw({"posted": known["posted"][row : row + 1]}) for row in range(3)]
            np.testing.assert_array_equal(np.concatenate(pieces), whole)
        assert are_dates("posted", known["posted"][1:2])
        other = np.array([f"{dates[0][3:5]}/{dates[0][:2]}/2019"], dtype=object)
        with pytest.raises(FormulaError, match=r"must hold dates.*but the dates read before begin with"):
            design.matrix({"posted": other})
    held = json.loads(json.dumps(design.as_json()))
    with pytest.raises(ValueError, match="begin with neither day nor month"):
        Design.from_json({**held, "dates": {"posted": "day"}})


def test_a_constant_column_stays_at_zero():
    design = Design.of("day + one", {**COLUMNS, "one": np.ones(N)})
    assert not design.matrix({**COLUMNS, "one": np.full(N, 1.0)})[:, 1].any()


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("dya", "no column 'dya'.*did you mean 'day'"),
        ("day +", "cannot be read"),
        ("y ~ day", "several parts"),
        ("1", "only a constant"),
        ("", "a formula is a string"),
        (3, "a formula is a string"),
        ("log(day - 50)", "cannot be computed"),
        ("bs(side)", "cannot be computed"),
        ("log(flag - 1)", "not a finite number|cannot be computed"),
    ],
)
def test_what_cannot_be_computed_is_told(formula, told):
    with pytest.raises(FormulaError, match=told):
        Design.of(formula, COLUMNS)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').system('true')",
        "I(().__class__)",
        "np.fromfile('x')",
        "I([x for x in day])",
        "I((lambda: 1)())",
        "log(open('x'))",
        "C(day, contr.custom.__globals__)",
        "I(f'{day}')",
        "I(9**9**9 + day)",
        "I([0] * 10)",
        "Q('day')",
        "lag(day)",
    ],
)
def test_a_formula_runs_no_code(formula):
    with pytest.raises(FormulaError, match=r"is not known: formulas have|cannot be read"):
        parsed(formula)
    held = {**Design.of("day", COLUMNS).as_json(), "formula": formula}
    with pytest.raises(FormulaError):
        Design.from_json(held)


def test_what_new_documents_lack_is_told():
    design = Design.of("side + bs(day, df=4)", COLUMNS)
    with pytest.raises(FormulaError, match=r"category is not among those.*'up'"):
        design.matrix({**COLUMNS, "side": np.full(N, "up", dtype=object)})
    with pytest.raises(FormulaError, match="beyond those of the documents"):
        design.matrix({**COLUMNS, "day": COLUMNS["day"] + 50})
    clipped = Design.of("bs(day, df=4, extrapolation='clip')", COLUMNS)
    assert np.isfinite(clipped.matrix({"day": COLUMNS["day"] + 50})).all()
    with pytest.raises(FormulaError, match="'day' is missing for 1 of 120 documents"):
        design.matrix({**COLUMNS, "day": np.where(np.arange(N) == 3, np.nan, COLUMNS["day"])})
    with pytest.raises(FormulaError, match="no column 'day'"):
        design.matrix({"side": COLUMNS["side"]})


def test_documents_that_miss_a_value_have_the_average():
    holes = {**COLUMNS, "day": COLUMNS["day"].copy(), "side": COLUMNS["side"].copy()}
    holes["day"][4], holes["side"][9] = np.nan, None
    known = Known.of(None, holes, N)
    design = designed_for("side + day", known, drop=True)
    found = designed(design, known)
    assert np.flatnonzero(found.missing.rows).tolist() == [4, 9]
    assert found.missing.columns == ("day", "side")
    assert not found.design[[4, 9]].any()
    kept = np.delete(np.arange(N), [4, 9])
    np.testing.assert_allclose(
        found.design[kept], Design.of("side + day", rows(holes, kept)).matrix(rows(holes, kept))
    )
    with pytest.raises(FormulaError, match="missing for 120 of 120"):
        designed_for("day", Known.of(None, {"day": [None] * N}, N), drop=True)


@pytest.fixture(scope="module")
def corpus():
    counts = GENERATOR.poisson(0.3, (N, 8))
    counts[:, 0] += 1
    counts[[0, 17, 18, 63, 64, 119]] = 0
    metadata = dict(COLUMNS)
    metadata["label"] = metadata.pop("flag")
    dates = [f"{1990 + row % 7}" for row in range(N)]
    return Corpus(counts, [f"w{i}" for i in range(8)], labels=["x"] * N, dates=dates, metadata=metadata)


@pytest.fixture(scope="module")
def shards(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("design") / "shards"
    write_corpus(corpus, path, format="shards")
    return open_corpus(path)


def test_shards_have_the_design_of_the_corpus_in_any_pieces(corpus, shards, monkeypatch):
    formula = "side + bs(day, df=4) + label + date + C(when)"
    known = Known.of(corpus, None, N)
    expected = designed(designed_for(formula, known, drop=False), known)
    assert "label" in designed_for(formula, known, drop=False).names  # the truth values, not the labels
    of_shards = Known.of(shards, None, N)
    assert set(of_shards.names) == set(known.names)
    np.testing.assert_array_equal(
        designed(designed_for(formula, of_shards, drop=False), of_shards).design, expected.design
    )
    monkeypatch.setattr(knowns, "PIECE", 17)
    monkeypatch.setattr(designs, "LARGEST_HELD", 100)
    found = designed(designed_for(formula, of_shards, drop=False), of_shards)
    assert isinstance(found.design.base.base.obj, mmap.mmap)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found.design)), found.design)
    np.testing.assert_allclose(found.design, expected.design, atol=1e-6)
    some = np.arange(N) % 3 > 0
    np.testing.assert_array_equal(kept_rows(found.design, some), found.design[some])
    monkeypatch.setattr(knowns, "SAMPLED", 10)
    sampled = designed_for(formula, of_shards, drop=False)  # categories and ends are those of all
    assert sampled.names == designed_for(formula, known, drop=False).names
    assert np.isfinite(designed(sampled, of_shards).design).all()


def test_documents_of_shards_have_their_own_rows(corpus, shards):
    design = np.arange(2 * N, dtype=np.float32).reshape(N, 2)
    stored = StoredDocuments(shards, design)
    filled = np.flatnonzero(np.diff(corpus.counts.indptr))
    device, numbers = torch.device("cpu"), np.array([5, 0, 111, 30, 16])
    documents = stored.with_words()
    np.testing.assert_array_equal(documents.batch(numbers, device).design.numpy(), design[filled[numbers]])
    np.testing.assert_array_equal(stored.batch(numbers, device).design.numpy(), design[numbers])
    for share in documents.divided(30, torch.Generator().manual_seed(0)):
        batch = share.batch(np.arange(len(share)), device)
        expected = corpus.counts[(batch.design.numpy()[:, 0] / 2).astype(int)]
        assert (batch.rows != expected).nnz == 0
        assert (np.diff(batch.design.numpy()[:, 0]) > 0).all()
    assert documents.fingerprint() != StoredDocuments(shards).with_words().fingerprint()
    some = np.arange(N) % 2 == 0
    part = stored.select(some)
    np.testing.assert_array_equal(part.batch(np.arange(len(part)), device).design.numpy(), design[some])
    assert (part.batch(np.arange(len(part)), device).rows != corpus.counts[some]).nnz == 0


@pytest.mark.parametrize(
    "share", [Spaced(50, 7, 3), Spaced(50, 7, 3, others=True), Listed(np.arange(50) % 4 == 1)]
)
def test_numbers_in_a_share_are_those_of_its_mask(share):
    expected = np.flatnonzero(share.mask(0, 50))
    np.testing.assert_array_equal(numbers_in(share, 50, np.arange(len(expected))), expected)
