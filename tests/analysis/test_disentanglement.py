"""Tests of the disentanglement metrics on codes with known scores: perfect, permuted, mixed, noise."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import hadamard

from hftopic import ProdLDA
from hftopic.analysis.disentanglement import (
    dci,
    factor_information,
    kim_mnih_score,
    mutual_information_gap,
)

N, K = 4000, 4


@pytest.fixture(scope="module")
def factors():
    """Four independent factors: three continuous and one discrete."""
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.standard_normal((N, 3)), columns=["length", "tone", "place"])
    return table.assign(family=np.array(["a", "b", "c", "d", "e"])[generator.integers(5, size=N)])


@pytest.fixture(scope="module")
def perfect(factors):
    """One dimension per factor, monotone or one-to-one; the classes are in another order."""
    family = factors["family"].map({"a": 2.0, "b": -1.0, "c": 0.5, "d": 9.0, "e": -4.0})
    return np.column_stack([factors["length"], np.tanh(factors["tone"]), -factors["place"], family])


def mixed(codes):
    """Every dimension mixes all factors with equal weights (Hadamard), after scaling the columns equally."""
    return (codes - codes.mean(0)) / codes.std(0) @ hadamard(codes.shape[1]) / 2


def test_a_perfect_code_has_full_scores(perfect, factors):
    assert mutual_information_gap(perfect, factors)["gap"].min() > 0.95
    assert kim_mnih_score(perfect, factors, random_state=0) == 1.0
    found = dci(perfect, factors, random_state=0)
    assert found.disentanglement > 0.95
    assert found.completeness > 0.95
    assert found.informativeness > 0.95


def test_neither_order_nor_sign_nor_scale_nor_silent_dimensions_change_a_score(perfect, factors):
    order = [2, 0, 3, 1]
    other = np.column_stack([perfect[:, order] * [-3, 0.7, 20, 7], np.zeros(N), 1e-4 * perfect[:, 0]])
    gaps = mutual_information_gap(other[:, :5], factors)
    pd.testing.assert_series_equal(gaps["gap"], mutual_information_gap(perfect, factors)["gap"], atol=1e-9)
    assert gaps["dim"].tolist() == [1, 3, 0, 2]
    assert kim_mnih_score(other, factors, random_state=0) == 1.0
    assert dci(other[:, :5], factors, random_state=0).disentanglement > 0.95


def test_mixed_dimensions_keep_information_and_lose_the_rest(perfect, factors):
    codes = mixed(perfect)
    assert mutual_information_gap(codes, factors)["gap"].mean() < 0.1
    assert kim_mnih_score(codes, factors, random_state=0) < 0.6
    found = dci(codes, factors, random_state=0)
    assert found.disentanglement < 0.5
    assert found.completeness < 0.5
    assert found.informativeness > 0.6


def test_noise_has_no_score(factors):
    """The accuracy of 400 votes is 1/K with a standard error of 0.022: above 5 of these has odds of 3e-7."""
    noise = np.random.default_rng(1).standard_normal((N, K))
    assert mutual_information_gap(noise, factors)["gap"].max() < 0.02
    assert kim_mnih_score(noise, factors, random_state=0) < 1 / K + 5 * 0.022
    assert dci(noise, factors, random_state=0).informativeness < 0.02


def test_a_factor_held_twice_has_no_gap_and_half_the_completeness(perfect, factors):
    """Two equal dimensions: each encodes only one factor, but the factor is encoded by both."""
    twice = np.column_stack([perfect, perfect[:, 0]])
    gaps = mutual_information_gap(twice, factors).set_index("factor")["gap"]
    assert gaps["length"] == pytest.approx(0, abs=1e-12)
    assert gaps["tone"] > 0.95
    found = dci(twice, factors, random_state=0)
    assert found.disentanglement > 0.95
    assert found.completeness < 0.95


def test_information_of_a_code_that_is_its_factor_is_the_entropy(factors):
    """The information is log 20 for 20 equal bins, and the entropy for five classes.

    For another factor it is the bias of the plug-in estimate.
    """
    codes = factors[["length"]].assign(family=pd.factorize(factors["family"])[0]).to_numpy(dtype=float)
    found = factor_information(codes, factors[["length", "family"]])
    assert found.loc[0, "length"] == pytest.approx(np.log(20), abs=1e-3)
    shares = factors["family"].value_counts(normalize=True)
    assert found.loc[1, "family"] == pytest.approx(-(shares * np.log(shares)).sum())
    assert found.attrs["entropy"]["family"] == found.loc[1, "family"]
    assert found.loc[0, "family"] < 5 * 19 * 4 / (2 * N)


def test_rare_classes_in_a_code_stay_apart():
    factor = np.repeat(np.arange(5), [900, 40, 30, 20, 10])
    found = factor_information(factor[:, None].astype(float), factor[:, None], n_bins=5)
    assert found.iloc[0, 0] == pytest.approx(found.attrs["entropy"][0], abs=1e-12)


def test_information_is_that_of_a_gaussian_channel():
    """I = ½ log(1 + snr), up to the loss by binning and the plug-in bias, for 100,000 draws."""
    generator = np.random.default_rng(2)
    factor = generator.standard_normal(100_000)
    code = factor + 0.5 * generator.standard_normal(100_000)
    found = factor_information(code[:, None], factor[:, None], n_bins=50).iloc[0, 0]
    assert found == pytest.approx(0.5 * np.log(5), abs=0.03)


@pytest.mark.parametrize("score", [kim_mnih_score, dci])
def test_same_seed_same_score(perfect, factors, score):
    first, second = (score(mixed(perfect)[:500], factors[:500], random_state=3) for _ in range(2))
    assert str(first) == str(second)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c, f: mutual_information_gap(c, f[:-1]), "factors has 3999 rows but codes has 4000"),
        (lambda c, f: mutual_information_gap(c[:19], f[:19]), "minimum of 20 is required"),
        (lambda c, f: dci(c, f.assign(tone=np.nan)), "no missing values"),
        (lambda c, f: dci(c, f[[]]), "at least one column"),
        (lambda c, f: factor_information(c, f, n_bins=1), "n_bins must be an int >= 2, got 1"),
        (lambda c, f: kim_mnih_score(c, f, n_documents=1), "a variance needs two documents"),
        (lambda c, f: kim_mnih_score(0 * c, f), "no dimension of the code has a variance above 0.05"),
        (lambda c, f: mutual_information_gap(c, f.assign(tone="same")), "factor 'tone' has the same value"),
        (lambda c, f: dci(c, f.assign(tone=1.5)), "factor 'tone' has the same value"),
        (lambda c, f: kim_mnih_score(c, f.assign(tone=0)), "factor 'tone' has the same value"),
        (lambda c, f: dci(np.where(c > 5, np.nan, c), f), "codes contains NaN"),
        (lambda c, f: factor_information(np.where(c > 5, np.inf, c), f), "infinity"),
    ],
)
def test_mistakes_are_named(perfect, factors, call, message):
    with pytest.raises(ValueError, match=message):
        call(perfect, factors)


def test_a_model_in_place_of_its_codes_is_named(factors):
    with pytest.raises(TypeError, match=r"such as model.transform_latent\(X\); got a ProdLDA"):
        dci(ProdLDA(), factors)
