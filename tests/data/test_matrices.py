"""Counts in memory are read alike by a Corpus, a model and a measure, whatever holds them, or refused."""

import decimal
import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from hftopic import Corpus, CorpusError, ProdLDA, analysis

COUNTS = np.random.default_rng(0).poisson(1.0, (20, 6)) + np.eye(20, 6, dtype=int)
WORDS = list("abcdef")
FRAME = pd.DataFrame(COUNTS, columns=WORDS)


pytestmark = [
    pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
]


def decimals(table: Any) -> Any:
    return [[decimal.Decimal(int(count)) for count in row] for row in table]


def missing() -> pd.DataFrame:
    return FRAME.astype("Int64").mask(FRAME == 2)


def masked_data() -> Any:
    matrix = sp.csr_array(COUNTS.astype(float))
    matrix.data = np.ma.masked_array(matrix.data, matrix.data == 2)
    return matrix


READ: dict[str, Callable[[], Any]] = {
    "masked array without a mask": lambda: np.ma.masked_array(COUNTS),
    "np.matrix": lambda: np.matrix(COUNTS),
    "list": COUNTS.tolist,
    "objects": lambda: COUNTS.astype(object),
    "Decimal": lambda: decimals(COUNTS),
    "tensor": lambda: torch.tensor(COUNTS),
    **{kind: lambda kind=kind: COUNTS.astype(kind) for kind in ("f2", ">f4", ">f8", ">i4", ">u2", "g", "i1")},
    **{
        f"frame of {kind}": lambda kind=kind: FRAME.astype(kind)
        for kind in ("Int64", "Float64", "float16", "object")
    },
    "frame of Decimal": lambda: pd.DataFrame(decimals(COUNTS), columns=WORDS),
    "frame of several types": lambda: FRAME.assign(
        a=FRAME["a"].astype("Int8"), b=FRAME["b"].astype("category"), c=FRAME["c"].astype("Sparse[int]")
    ),
    "sparse frame": lambda: FRAME.astype(pd.SparseDtype("int", 0)),
    "sparse frame filled with 1": lambda: FRAME.astype(pd.SparseDtype("int", 1)),
    "sparse frame filled with NaN": lambda: FRAME.astype(pd.SparseDtype("float", np.nan)),
}
if find_spec("pyarrow"):
    READ["frame of Arrow"] = lambda: FRAME.astype("int64[pyarrow]")

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "masked array": (lambda: np.ma.masked_array(COUNTS, COUNTS == 2), r"masked values.*X\.filled\(0\)"),
    "masked rows": (lambda: [np.ma.masked_array(row, row == 2) for row in COUNTS], r"X\.filled\(0\)"),
    "masked data": (masked_data, r"X\.data\.filled\(0\)"),
    "tensor with a gradient": (lambda: torch.ones(20, 6, requires_grad=True), r"X\.detach\(\)"),
    "sparse tensor": (lambda: torch.tensor(COUNTS).to_sparse(), r"to_dense\(\)"),
    "bfloat16": (lambda: torch.tensor(COUNTS).bfloat16(), r"float\(\)\.numpy\(\)"),
    "meta tensor": (lambda: torch.ones(20, 6, device="meta"), "NumPy cannot read"),
    "huge": (lambda: [[10**400] * 6] * 20, "too large for float64"),
    "huge in a frame": (lambda: FRAME.assign(a=10**400), "too large for float64"),
    "ragged": (lambda: [[1, 2], [3]], "not a well-formed matrix"),
    "no columns": (pd.DataFrame, "without columns"),
    "no columns, but rows": (lambda: pd.DataFrame(index=range(20)), "without columns"),
    "missing": (missing, "NaN"),
    "sparse missing": (lambda: missing().astype("Sparse[float]"), "NaN"),
    "moments": (lambda: FRAME.assign(b=pd.Timestamp(2020, 1, 1)), "column 'b' has the type datetime64"),
    "durations": (lambda: FRAME.assign(b=pd.Timedelta(1)), "column 'b' has the type timedelta64"),
    "complex": (lambda: FRAME.assign(b=1j), "column 'b' has the type complex128"),
    "objects": (lambda: FRAME.assign(b=pd.Series([(1,)] * 20)), "must hold real numbers"),
    "texts": (lambda: FRAME.assign(b="two words"), "holds texts"),
}
if find_spec("polars"):
    REFUSED["lazy frame"] = (
        lambda: importlib.import_module("polars").LazyFrame(dict(zip(WORDS, COUNTS.T, strict=True))),
        r"pass X\.collect\(\)",
    )


@pytest.fixture(scope="module")
def model() -> ProdLDA:
    return ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=0).fit(FRAME)


@pytest.mark.parametrize("make", READ.values(), ids=READ)
def test_numbers_are_read_alike(make: Callable[[], Any], model: ProdLDA) -> None:
    given = make()
    assert np.array_equal(Corpus(given, WORDS).counts.toarray(), COUNTS)
    np.testing.assert_array_equal(model.transform(given), model.transform(FRAME))
    fitted = ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1, random_state=0).fit(given)
    np.testing.assert_array_equal(fitted.components_, model.components_)
    assert hasattr(fitted, "feature_names_in_") == isinstance(given, pd.DataFrame)
    measured = {"measure": "u_mass", "top_n": 3, "vocabulary": WORDS}
    assert analysis.topic_coherence(model, given, **measured).equals(
        analysis.topic_coherence(model, FRAME, **measured)
    )


@pytest.mark.parametrize(("make", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_count_is_refused_alike(make: Callable[[], Any], told: str, model: ProdLDA) -> None:
    new = ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1)
    for call in (new.fit, new.partial_fit, model.transform, model.perplexity):
        with pytest.raises(ValueError, match=told):
            call(make())
    with pytest.raises(CorpusError, match=told):
        Corpus(make(), WORDS)
    with pytest.raises(ValueError, match=told):
        analysis.topic_coherence(model, make(), measure="u_mass", top_n=3, vocabulary=WORDS)


def test_a_frame_without_rows_is_a_corpus_without_documents(model: ProdLDA) -> None:
    assert len(Corpus(pd.DataFrame(columns=WORDS), WORDS)) == 0
    with pytest.raises(ValueError, match="0 sample"):
        model.transform(pd.DataFrame(columns=WORDS))


def test_nothing_given_is_changed() -> None:
    for make in READ.values():
        given, again = make(), make()
        Corpus(given, WORDS)
        ProdLDA(groups=(2, 2), hidden=(4,), max_iter=1).fit(given)
        assert np.array_equal(np.asarray(given), np.asarray(again))
