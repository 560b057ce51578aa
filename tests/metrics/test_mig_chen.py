"""MIG by densities, against numerical integration; runs on both backends."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from kerasvae.metrics import mig_chen

# A whole small grid: a (3 values), b (2), 200 images of each combination.
GRID = np.stack(np.unravel_index(np.arange(1200), (3, 2, 200)), axis=1)[:, :2]
A, B = GRID.T


def exact_information(loc, scale, values):
    """I(z; v) in nats of one code, by integrating its densities over a fine grid."""
    z = np.linspace((loc - 8 * scale).min(), (loc + 8 * scale).max(), 20_001)
    density = {
        v: norm.pdf(z[:, None], loc[values == v], scale[values == v]).mean(1) for v in set(values)
    }
    weight = {v: (values == v).mean() for v in density}
    q = sum(weight[v] * density[v] for v in density)
    return sum(
        weight[v] * trapezoid(p * np.log(np.maximum(p, 1e-300) / np.maximum(q, 1e-300)), z)
        for v, p in density.items()
    )


def example():
    rng = np.random.default_rng(0)
    loc = np.stack([A + 0.3 * B, 2.0 * B + 0.1 * A, A * 0.4, np.zeros(1200)], axis=1)
    loc[:, :2] += 0.05 * rng.normal(size=(1200, 2))
    scale = np.exp(0.3 * rng.normal(size=(1200, 4))) * [0.2, 0.6, 0.5, 1]
    scale[:, 3] = 1
    return loc, scale


def test_information_is_the_integral_within_the_samples_error():
    loc, scale = example()
    result = mig_chen(loc, GRID, scale=scale, samples=20_000)
    expected = np.array(
        [
            [exact_information(loc[:, j], scale[:, j], values) / np.log(k)
             for values, k in ((A, 3), (B, 2))]
            for j in range(4)
        ]
    )  # fmt: skip
    # A log ratio has a standard deviation below 1: 1 / sqrt(20,000) = 0.007, over H >= 0.69, three.
    np.testing.assert_allclose(result.matrix, expected, atol=0.03)
    top, second = np.sort(expected, axis=0)[:-3:-1]
    errors = result.parts["standard_errors"]
    assert (np.abs(result.parts["per_factor"] - (top - second)) < 4 * errors + 1e-3).all()
    assert (errors > 0).all() and (errors < 0.02).all()


def test_the_standard_error_is_the_spread_over_seeds():
    loc, scale = example()
    runs = [mig_chen(loc, GRID, seed, scale, samples=500) for seed in range(20)]
    spread = np.std([run.parts["per_factor"] for run in runs], axis=0)
    stated = np.mean([run.parts["standard_errors"] for run in runs], axis=0)
    # Systematic draws over a sorted grid spread less; noise in 20 runs is 16 per cent.
    assert (spread < 1.5 * stated).all() and (spread > stated / 3).all()


def test_no_information_exceeds_the_entropy():
    """Sampled frequencies of values once gave 1.001 of the entropy for a code that tells all."""
    v = np.random.default_rng(0).permutation(np.repeat([0, 0, 0, 1, 2], 240))
    for seed in range(5):
        result = mig_chen(v[:, None] * 1.0, v[:, None], seed, np.full((1200, 1), 0.01), samples=300)
        assert 0.9999 < result.matrix[0, 0] <= 1


def test_the_order_of_codes_does_not_matter():
    loc, scale = example()
    order = [2, 0, 3, 1]
    first = mig_chen(loc, GRID, scale=scale, samples=500)
    other = mig_chen(loc[:, order], GRID, scale=scale[:, order], samples=500)
    np.testing.assert_array_equal(other.matrix, first.matrix[order])
    assert other.score == first.score


def test_a_narrow_posterior_tells_all_and_a_wide_one_nothing():
    narrow = mig_chen(GRID[:, ::-1] * 1.0, GRID, scale=np.full(GRID.shape, 0.01))
    assert narrow.score == pytest.approx(1, abs=1e-3)
    assert narrow.parts["top_code"].tolist() == [1, 0]
    wide = mig_chen(GRID * 1.0, GRID, scale=np.full(GRID.shape, 100.0))
    assert wide.score == pytest.approx(0, abs=1e-3)


def test_information_may_lie_in_the_scale_alone():
    loc, scale = np.zeros((1200, 1)), np.where(B == 1, 0.01, 1.0)[:, None]
    result = mig_chen(loc, GRID[:, 1:], scale=scale, samples=20_000)
    expected = exact_information(loc[:, 0], scale[:, 0], B) / np.log(2)  # 0.94
    assert result.score == pytest.approx(expected, abs=0.03)


def test_a_factor_is_left_out_by_name_or_number():
    codes = np.stack([A, A, B], axis=1) * 1.0  # a is in two codes, b in one
    scale = np.full(codes.shape, 0.01)
    both = mig_chen(codes, GRID, scale=scale, factor_names=("shape", "x"))
    assert both.score == pytest.approx(0.5, abs=1e-3)
    for options in (
        {"factor_names": ("shape", "x"), "leave_out": ("shape",)},
        {"factor_names": ("shape", "x"), "leave_out": "shape"},
        {"factor_names": ("shape", "x"), "leave_out": 0},
        {"leave_out": (0,)},
    ):
        result = mig_chen(codes, GRID, scale=scale, **options)
        assert result.score == pytest.approx(1, abs=1e-3)
        assert result.matrix.shape == (3, 1)
    assert both.settings["factors"] == ["shape", "x"] and result.settings["factors"] == [1]


def test_unequal_frequencies_are_divided_by_the_factors_entropy():
    v = (np.arange(1200) % 10 == 0).astype(int)  # H = 0.325, not log 2
    result = mig_chen(v[:, None] * 1.0, v[:, None], scale=np.full((1200, 1), 0.01), samples=12_000)
    assert result.parts["entropy"] == pytest.approx([0.3251], abs=1e-4)
    assert result.score == pytest.approx(1, abs=1e-2)


def test_without_scale_a_code_has_the_noise_of_one_of_twenty_bins():
    v = np.arange(1200) % 40
    loc, deviation = v * 7.0, 39 * 7 / 20 / np.sqrt(12)  # of a uniform number in a bin
    expected = exact_information(loc, np.full(1200, deviation), v) / np.log(40)  # 0.78
    result = mig_chen(loc[:, None], v[:, None])
    # A log ratio has a standard deviation of about 0.7: 4 x 0.7 / sqrt(10,000) / log 40 = 0.008.
    # Noise as wide as the bin would leave 0.46.
    assert result.score == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"scale": np.ones((3, 2))}, r"shape of codes, \(1200, 2\)"),
        ({"scale": np.full((1200, 2), -1.0)}, r"scale\[0\] = \[-1. -1.\]"),
        ({"scale": np.full((1200, 2), np.nan)}, "finite standard deviations"),
        ({"factor_names": ("a",)}, "name the 2 columns"),
        ({"factor_names": ("a", "b"), "leave_out": ("c",)}, "leave_out=.'c'"),
        ({"leave_out": ("shape",)}, "names need factor_names"),
        ({"leave_out": (0, 1)}, "not all"),
        ({"samples": 0}, "samples=0"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mig_chen(GRID * 1.0, GRID, **options)
