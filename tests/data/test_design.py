"""Designs of formulas: coded alike for all documents, safe to load, and clear about what is wrong."""

import json
import mmap
import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from hftopic import Corpus, open_corpus, write_corpus
from hftopic.data import designed as designs
from hftopic.data import known as knowns
from hftopic.data.beside import SelectedRows
from hftopic.data.design import Design, are_dates
from hftopic.data.designed import designed, designed_for
from hftopic.data.formulas import FormulaError, parsed
from hftopic.data.known import Known
from hftopic.data.metadata import as_metadata
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


@pytest.mark.parametrize(
    ("values", "years"),
    [
        (["1990Q1", "1991Q1", None, "1992Q1"], [1990, 1991, 1992]),
        (["31/12/1999", "1/1/2001"], [1999 + 364 / 365, 2001]),
        (["2 July 2008", "1 Jan 2009"], [2008.5, 2009]),
        (["20080101", "20090101"], [2008, 2009]),
        ([20080101, 20090101], [2008, 2009]),
        (["2008-01-01T00:00", "2008-07-02 00:00"], [2008, 2008.5]),
        (list(pd.period_range("1990", periods=3, freq="Y")), [1990, 1991, 1992]),
        (list(pd.period_range("1990-01-01", periods=2, freq="W-SUN")), [1990, 1990 + 7 / 365]),
        ([1990, 1991], [1990, 1991]),
        ([202401, 202402], [202401, 202402]),
    ],
)
def test_columns_of_dates_in_any_form_are_years(values, years):
    held = as_metadata({"when": values}, len(values))
    kept = {"when": held["when"][[value is not None for value in values]]}
    np.testing.assert_allclose(Design.of("when", kept).raw(kept)[:, 0], years, atol=1e-9)
    assert are_dates("when", held["when"]) == (values[0] not in (1990, 202401, pd.Period("1990", "Y")))


@pytest.mark.parametrize("name", ["date", "when"])
@pytest.mark.parametrize("values", [["12/02/1999", "3/4/2000"], ["2020-01-01", "n.d.", "2021-01-01"]])
def test_dates_that_cannot_be_read_are_told_and_may_be_categories(name, values):
    known = {name: np.array(values, dtype=object)}
    with pytest.raises(
        FormulaError, match=rf"'{name}' holds dates that cannot be read: dates\[\d\].*C\({name}\)"
    ):
        Design.of(name, known)
    assert len(Design.of(f"C({name})", known).names) == len(values) - 1
    assert are_dates(name, known[name]) == ("n.d." not in values)  # other dates can tell the order


def test_texts_of_digits_are_categories():
    assert Design.of("code", {"code": np.array(["1990", "1991"], dtype=object)}).names == ("code[T.1991]",)


def test_values_of_another_kind_are_told_and_change_nothing():
    columns = {"year": np.array([1990, 1991, 1992]), "flag": np.array([True, False, True])}
    design = Design.of("year + flag", columns)
    held = design.as_json()
    texts = np.array(["1990", "1991", "1992"], dtype=object)
    with pytest.raises(FormulaError, match=r"'year' was numbers in the documents .* and is text here"):
        design.matrix({**columns, "year": texts})
    assert design.as_json() == held
    with pytest.raises(FormulaError, match=r"'year' was text .* and is numbers here"):
        Design.of("year", {"year": texts}).matrix(columns)
    with_missing = np.array(["True", "False", "True"], dtype=object)  # as a column has them that lacks some
    np.testing.assert_array_equal(design.matrix({**columns, "flag": with_missing}), design.matrix(columns))
    of_texts = Design.of("flag", {"flag": with_missing})
    np.testing.assert_array_equal(of_texts.matrix(columns), of_texts.matrix({"flag": with_missing}))
    with pytest.raises(FormulaError, match=r"category is not among those.*1999 of 'year'"):
        Design.of("C(year)", columns).matrix({"year": np.array([1999])})


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("(side + day + age + flag)**20", "too many interactions"),
        ("*".join("abcdefghijklmnopqrst"), "too many interactions"),
        ("bs(day, df=10**6)", "must have less than 5,000 columns"),
        ("bs(day, df=1000 * 1000)", "must have less than 5,000 columns"),
        ("cr(day, 1000000)", "must have less than 5,000 columns"),
        ("poly(day, degree=100000)", "must have less than 5,000 columns"),
        ("bs(day, df=1000):bs(age, df=900)", "up to 907,617 columns.*at most 5,000"),
        ("C(age):C(day):side", r"columns, [\d,]+ of them for 'C\(age\):C\(day\):side'"),
        ("-side", "no columns, only a constant"),
    ],
)
def test_formulas_of_too_many_columns_are_refused_before_they_are_computed(formula, told):
    with pytest.raises(FormulaError, match=told):
        Design.of(formula, COLUMNS)


@pytest.mark.parametrize(
    ("formula", "n_terms"),
    [
        ("(a + b + c)**3", 8),
        ("a*b*c*d", 16),
        (" + ".join(f"a{i}:b{i}" for i in range(40)), 41),
        ("I((a + b)**9) + `x y`", 3),
        ("(a + b + c + d + e + f)*(g + h + i + j)", 35),
        ("bs(a, df=4, upper_bound=100000)", 2),
    ],
)
def test_other_formulas_are_not(formula, n_terms):
    assert len(parsed(formula).terms) == n_terms


def test_levels_may_be_named_in_order():
    design = Design.of("C(side, levels=['right', 'left', 'centre'])", COLUMNS)
    np.testing.assert_array_equal(design.raw(COLUMNS)[:, 0], COLUMNS["side"] == "left")
    again = Design.from_json(json.loads(json.dumps(design.as_json())))
    np.testing.assert_array_equal(again.matrix(COLUMNS), design.matrix(COLUMNS))


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
    with pytest.raises(FormulaError, match=r"category is not among those.*'up' of 'side'"):
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
    kept = SelectedRows(found.design, np.flatnonzero(some))
    assert kept.shape == found.design[some].shape
    np.testing.assert_array_equal(kept[3:9], found.design[some][3:9])
    monkeypatch.setattr(knowns, "SAMPLED", 10)
    sampled = designed_for(formula, of_shards, drop=False)  # categories and ends are those of all
    assert sampled.names == designed_for(formula, known, drop=False).names
    assert np.isfinite(designed(sampled, of_shards).design).all()


@pytest.mark.parametrize("name", ["design", "embeddings"])
def test_documents_of_shards_have_their_own_rows(corpus, shards, name):
    given = np.arange(2 * N, dtype=np.float32).reshape(N, 2)
    stored = StoredDocuments(shards, **{name: given})
    filled = np.flatnonzero(np.diff(corpus.counts.indptr))
    device, numbers = torch.device("cpu"), np.array([5, 0, 111, 30, 16])
    documents = stored.with_words()

    def rows_of(batch):
        return getattr(batch, name).numpy()

    np.testing.assert_array_equal(rows_of(documents.batch(numbers, device)), given[filled[numbers]])
    np.testing.assert_array_equal(rows_of(stored.batch(numbers, device)), given[numbers])
    for share in documents.divided(30, torch.Generator().manual_seed(0)):
        batch = share.batch(np.arange(len(share)), device)
        expected = corpus.counts[(rows_of(batch)[:, 0] / 2).astype(int)]
        assert (batch.rows != expected).nnz == 0
        assert (np.diff(rows_of(batch)[:, 0]) > 0).all()
        np.testing.assert_array_equal(share.beside(numbers[:2])[name], rows_of(batch)[numbers[:2]])
    assert documents.fingerprint() != StoredDocuments(shards).with_words().fingerprint()
    some = np.arange(N) % 2 == 0
    part = stored.select(some)
    np.testing.assert_array_equal(rows_of(part.batch(np.arange(len(part)), device)), given[some])
    assert (part.batch(np.arange(len(part)), device).rows != corpus.counts[some]).nnz == 0


@pytest.mark.parametrize(
    "share", [Spaced(50, 7, 3), Spaced(50, 7, 3, others=True), Listed(np.arange(50) % 4 == 1)]
)
def test_numbers_in_a_share_are_those_of_its_mask(share):
    expected = np.flatnonzero(share.mask(0, 50))
    np.testing.assert_array_equal(numbers_in(share, 50, np.arange(len(expected))), expected)
