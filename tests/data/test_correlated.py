"""Correlated factors: frequencies against the formula, summed over the grid."""

import numpy as np
import pytest
from scipy.stats import norm

from kerasvae.data import FactorDataset, correlated, load

pytestmark = pytest.mark.numpy_only


def small():
    pixels = np.arange(60, dtype="float32").reshape(-1, 1, 1, 1) / 60
    return FactorDataset(pixels, {"a": range(4), "b": range(5), "c": range(3)})


def table(dataset):
    """How often each combination of the first two factors occurs, (4, 5)."""
    a, b, _ = dataset.factors(range(len(dataset))).T
    counts = np.zeros((4, 5))
    np.add.at(counts, (a, b), 1)
    return counts


@pytest.mark.parametrize("sigma", [0.1, 0.4, 0.7])
def test_frequencies_are_those_of_the_formula(sigma):
    n = 30_000
    expected = norm.pdf(np.arange(4)[:, None] / 3, np.arange(5) / 4, sigma)
    expected *= n / expected.sum()
    counts = table(correlated(small(), ("a", "b"), sigma, n=n, seed=1))
    assert counts.sum() == n
    # Every image as often as it should be, up or down to the next whole number; 3 in a cell.
    np.testing.assert_array_less(np.abs(counts - expected), 3)


def test_each_draw_has_the_weights_expectation():
    """One image a draw, over 1,000 seeds: a tolerance of five standard errors."""
    dataset, draws = small(), 1000
    expected = norm.pdf(np.arange(4)[:, None] / 3, np.arange(5) / 4, 0.3)
    expected /= expected.sum()
    counts = sum(table(correlated(dataset, ("a", "b"), 0.3, n=1, seed=s)) for s in range(draws))
    error = np.sqrt(expected * (1 - expected) / draws)
    np.testing.assert_array_less(np.abs(counts / draws - expected), 5 * error + 1e-12)


def test_other_factors_stay_independent_and_images_fit_their_factors():
    dataset = load("discs")
    tied = correlated(dataset, ("radius", "y"), 0.2, n=20_000, seed=0)
    codes = tied.factors(range(len(tied)))
    correlation = np.corrcoef(codes.T)
    assert correlation[1, 2] > 0.7
    assert np.abs(correlation[0, 1:]).max() < 5 / np.sqrt(20_000)
    rows = [0, 77, 19_999]
    np.testing.assert_array_equal(
        tied.images(rows), dataset.images(dataset.indices_of(codes[rows]))
    )
    assert tied.image_shape == dataset.image_shape
    assert tied.factor_sizes == dataset.factor_sizes
    assert "radius and y correlated" in repr(tied)


def test_the_seed_decides():
    first, again, other = (correlated(small(), ("a", "c"), 0.2, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.images(range(60)), again.images(range(60)))
    assert (first.images(range(60)) != other.images(range(60))).any()


def test_limits_of_sigma():
    """Without bound every image comes once; towards zero only the diagonal is left."""
    wide = correlated(small(), ("a", "b"), np.inf)
    assert sorted(wide.images(range(60)).ravel()) == sorted(small().images(range(60)).ravel())
    narrow = table(correlated(small(), ("a", "b"), 1e-200, n=100))
    assert narrow[0, 0] + narrow[3, 4] == 100


@pytest.mark.parametrize(
    ("pair", "sigma", "message"),
    [
        (("a", "d"), 0.1, "factor must be one of a, b, c"),
        (("a", "a"), 0.1, "two different factors"),
        (("a", 0), 0.1, "two different factors"),
        (("a",), 0.1, "expected two factors"),
        ("ab", 0.1, "expected two factors"),
        (("a", "b"), 0, "sigma must be"),
        (("a", "b"), -1, "sigma must be"),
        (("a", "b"), np.nan, "sigma must be"),
        (("a", "b"), "0.1", "sigma must be"),
        (("a", "b"), True, "sigma must be"),
    ],
)
def test_bad_arguments(pair, sigma, message):
    with pytest.raises(ValueError, match=message):
        correlated(small(), pair, sigma)


def test_a_factor_with_one_value():
    dataset = FactorDataset(np.zeros((3, 1, 1, 1)), {"a": [1], "b": range(3)})
    with pytest.raises(ValueError, match="at least two values"):
        correlated(dataset, ("a", "b"), 0.1)
