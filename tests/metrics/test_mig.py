"""MIG with bins, on codes whose information is known by counting."""

import numpy as np
import pytest

from kerasvae.metrics import mig

pytestmark = pytest.mark.numpy_only

V = np.arange(4000) % 4  # four values, equally often
W = np.arange(4000) // 4 % 2  # two values, independent of V


def binary_entropy(p):
    return -(p * np.log(p) + (1 - p) * np.log(1 - p))


def test_the_gap_by_hand():
    # V // 2 holds log 2 of V's log 4, V == 3 holds the entropy of (1/4, 3/4), W holds nothing.
    result = mig(np.stack([V == 3, V // 2, W], axis=1), V[:, None])
    quarter = binary_entropy(0.25)
    np.testing.assert_allclose(result.matrix[:, 0], [quarter / np.log(4), 0.5, 0], atol=1e-12)
    assert result.score == pytest.approx((np.log(2) - quarter) / np.log(4))
    assert result.parts["top_code"].tolist() == [1]
    assert result.parts["entropy"] == pytest.approx([np.log(4)])


def test_the_score_is_the_mean_over_factors():
    # W is told fully by one code and not by others: gap 1. V: two equal codes, gap 0.
    result = mig(np.stack([V, -V, W], axis=1), np.stack([V, W], axis=1))
    np.testing.assert_allclose(result.parts["per_factor"], [0, 1], atol=1e-12)
    assert result.score == pytest.approx(0.5)
    assert result.parts["top_code"].tolist() == [0, 2]  # the first of equal ones


def test_a_permuted_perfect_code_of_a_sampled_grid_is_one_and_noise_nothing():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 20, 16, 16)], axis=1)
    permuted = factors[:, [4, 2, 0, 1, 3]] * [1, -2, 0.1, 1, 5]
    assert mig(permuted, factors).score == pytest.approx(1, abs=1e-2)
    assert mig(rng.normal(size=(10_000, 10)), factors).score <= 0.02


@pytest.mark.parametrize("bins, expected", [(20, np.log(20) / np.log(40)), (40, 1)])
def test_the_ceiling_of_a_factor_with_more_values_than_bins(bins, expected):
    # 40 equally frequent values fall into 20 bins two by two: I = log 20 of H = log 40.
    result = mig(
        np.stack([np.arange(4000) % 40, W], axis=1), np.arange(4000)[:, None] % 40, 0, bins
    )
    assert result.parts["ceiling"] == pytest.approx([expected])
    assert result.matrix[0, 0] == pytest.approx(expected)


def test_a_single_code_is_compared_with_nothing():
    assert mig(V[:, None] // 2, V[:, None]).score == pytest.approx(0.5)


def test_unequal_frequencies_are_divided_by_the_factors_entropy():
    v = (np.arange(4000) % 10 == 0).astype(int)  # H = 0.325, not log 2
    assert mig(np.stack([v, W], axis=1), v[:, None]).score == pytest.approx(1)
