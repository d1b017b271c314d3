"""Tests of the regressions of draws: parity with statsmodels, and Rubin's rules."""

import numpy as np
import pytest
from scipy.stats import t as student

sm = pytest.importorskip("statsmodels.api", reason="needs statsmodels (the extra 'effects')")

from hftopic.analysis.effects.regression import composed  # noqa: E402

GENERATOR = np.random.default_rng(0)
DESIGN = np.column_stack([np.ones(60), GENERATOR.normal(size=(60, 2))])
OUTCOME = GENERATOR.normal(size=(60, 2)) * np.exp(DESIGN[:, 1:2])
CLUSTERS = np.arange(60) % 15


@pytest.mark.parametrize("clusters", [None, CLUSTERS])
def test_draws_that_are_all_the_same_give_the_regression_itself(clusters):
    found = composed([OUTCOME] * 3, np.arange(3), DESIGN, clusters).combined(np.eye(3))
    for column in range(2):
        kind = (
            {"cov_type": "HC3", "use_t": True}
            if clusters is None
            else {"cov_type": "cluster", "cov_kwds": {"groups": clusters}, "use_t": True}
        )
        alone = sm.OLS(OUTCOME[:, column], DESIGN).fit(**kind)
        np.testing.assert_allclose(found.estimate[column], alone.params)
        np.testing.assert_allclose(found.error[column], alone.bse)
    assert (found.freedom <= (57 if clusters is None else 14)).all()


def test_the_variance_between_draws_is_added():
    draws = [OUTCOME + shift * DESIGN[:, 1:2] for shift in (-0.5, 0.0, 0.5, 1.0)]
    composition = composed(draws, np.arange(4), DESIGN, None)
    found = composition.combined(np.eye(3))
    slopes = composition.coefficients[:, :, 1]
    np.testing.assert_allclose(np.diff(slopes, axis=0), 0.5)
    within = composition.within[:, 1, 1]
    np.testing.assert_allclose(found.error[:, 1] ** 2, within + 1.25 * slopes.var(axis=0, ddof=1))
    np.testing.assert_allclose(found.estimate[:, 1], slopes.mean(axis=0))


def test_combinations_are_linear_and_intervals_those_of_student():
    composition = composed([OUTCOME, OUTCOME + 0.1], np.arange(2), DESIGN, None)
    one = composition.combined(np.eye(3))
    sums = composition.combined(np.array([[1.0, 1.0, 0.0]]))
    np.testing.assert_allclose(sums.estimate[:, 0], one.estimate[:, :2].sum(axis=1))
    low, high = one.interval(0.9)
    half = one.error * student.ppf(0.95, one.freedom)
    np.testing.assert_allclose(high - low, 2 * half)
    at_the_end = 2 * student.sf(np.abs(one.estimate) / one.error, one.freedom)
    np.testing.assert_allclose(one.p_values(), at_the_end)


def test_draws_of_a_chain_that_are_the_same_count_as_one():
    """Rubin's variance is that of the means of the chains, however many draws each has."""
    draws = [OUTCOME + shift * DESIGN[:, 1:2] for shift in (-0.5, 0.0, 1.0)]
    once = composed(draws, np.arange(3), DESIGN, None).combined(np.eye(3))
    repeated = composed(np.repeat(draws, 5, axis=0), np.repeat(np.arange(3), 5), DESIGN, None)
    for one, many in zip(once, repeated.combined(np.eye(3)), strict=True):
        np.testing.assert_allclose(one, many)


def test_draws_that_vary_within_their_chains_widen_intervals():
    draws = [OUTCOME + shift * DESIGN[:, 1:2] for shift in (-1.0, 1.0, -1.0, 1.0)]
    composition = composed(draws, np.array([0, 0, 1, 1]), DESIGN, None)
    found = composition.combined(np.eye(3))
    np.testing.assert_allclose(found.error[:, 1] ** 2, composition.within[:, 1, 1] + 4 / 2)
