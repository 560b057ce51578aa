"""Bins, entropies and mutual information, against scikit-learn, SciPy and counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from kerasvae.metrics.information import (
    check_bins,
    entropies,
    equal_width_bins,
    factor_labels,
    gaps,
    mutual_information,
)

pytestmark = pytest.mark.numpy_only


def labels(seed, points, sizes):
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, size, points) for size in sizes], axis=1)


@given(st.integers(0, 1000), st.integers(2, 300))
def test_mutual_information_is_scikit_learns(seed, points):
    a, b = labels(seed, points, (1, 3, 20)), labels(seed + 1, points, (2, 40))
    b[:, 0] = a[:, 1] // 2  # a dependent pair
    expected = [[mutual_info_score(x, y) for y in b.T] for x in a.T]
    np.testing.assert_allclose(mutual_information(a, b), expected, atol=1e-12)


def test_rounding_leaves_no_negative_information():
    # Independent by construction: every pair of values equally often.
    for first in range(2, 12):
        grid = np.stack(np.unravel_index(np.arange(first * 7), (first, 7)), axis=1)
        information = mutual_information(grid[:, :1], grid[:, 1:])
        assert 0 <= information[0, 0] < 1e-12


def test_entropies_are_scipys():
    a = labels(0, 500, (1, 3, 20))
    expected = [entropy(np.unique(x, return_counts=True)[1]) for x in a.T]
    np.testing.assert_allclose(entropies(a), expected)


def test_bins_have_equal_width_and_hold_their_lower_edge():
    # Of [0, 4] in four bins: the edges belong to the bin above, the maximum to the last one.
    values = np.array([0, 0.99, 1, 2.5, 3, 4])
    assert equal_width_bins(values[:, None], 4).ravel().tolist() == [0, 0, 1, 2, 3, 3]


def test_bins_agree_with_a_histogram():
    z = np.random.default_rng(0).normal(size=(1000, 3))
    for column, bins in zip(z.T, equal_width_bins(z, 20).T, strict=True):
        assert np.bincount(bins, minlength=20).tolist() == np.histogram(column, 20)[0].tolist()


def test_a_constant_column_is_one_bin_and_a_narrow_one_all():
    z = np.stack([np.full(100, 7.0), 1 + 1e-9 * np.arange(100)], axis=1)
    binned = equal_width_bins(z, 10)
    assert set(binned[:, 0]) == {0} and set(binned[:, 1]) == set(range(10))


def test_labels_of_whole_numbers_have_no_gaps_and_floats_are_binned():
    assert factor_labels(np.array([[9], [-4], [9], [5]])).ravel().tolist() == [2, 0, 2, 1]
    # Floats 0, 1, 100 in four bins of width 25: the last is bin 3, label 1, for 1 and 2 are empty.
    assert factor_labels(np.array([[0.0], [1.0], [100.0]]), 4).ravel().tolist() == [0, 0, 1]


def test_gaps_of_ties_and_of_a_single_code():
    assert gaps(np.array([[0.5, 0.1], [0.5, 0.4], [0.0, 0.2]])).round(12).tolist() == [0.0, 0.2]
    assert gaps(np.array([[0.75]])).tolist() == [0.75]
    assert gaps(np.array([[0.75]]), nothing=0.5).tolist() == [0.25]


@pytest.mark.parametrize("bins", [1, 0, 2.0])
def test_bins_that_tell_nothing_are_refused(bins):
    with pytest.raises(ValueError, match=f"Received: bins={bins}"):
        check_bins(bins)
