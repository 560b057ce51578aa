"""The interventional robustness score of codes whose score follows from the definition."""

import numpy as np
import pytest

from kerasvae.data import FactorDataset, load
from kerasvae.metrics.irs import irs

pytestmark = pytest.mark.numpy_only


@pytest.fixture(scope="module")
def bits():
    """Two factors of two values."""
    return FactorDataset(np.zeros((4, 1, 1, 1)), {"a": [0, 1], "b": [0, 1]})


def test_perfect_permuted_and_flipped_codes_have_score_1():
    grid = load("dsprites-mini")
    codes = grid.factors(slice(None)) / np.array(grid.factor_sizes)
    for order in ([0, 1, 2, 3, 4], [3, 1, 4, 0, 2]):
        result = irs(-codes[:, order], grid)
        assert result.score == pytest.approx(1)
        assert result.parts["parents"].tolist() == order


def test_by_hand(bits):
    """z_0 = a and z_1 = a + b, both factors fair bits.

    z_0: given a it stands still, irs 1; given b it deviates by 1/2, which is its largest: 0.
    z_1: its mean is 1 and its largest deviation 1; given a (or b) it is a or a + 1, so it deviates
    by 1/2 from its mean: 1 - (1/2) / 1 = 1/2.
    The weights are the largest deviations, 1/2 and 1: (1/2 * 1 + 1 * 1/2) / (3/2) = 2/3.
    """
    codes = np.array([[a, a + b] for a in (0, 1) for b in (0, 1)])
    result = irs(codes, bits, points=40_000)
    # Means of 20,000 fair bits are off by 1/2 +- 0.0035 (sigma), of 40,000 by less.
    np.testing.assert_allclose(result.matrix, [[1, 0], [0.5, 0.5]], atol=0.03)
    np.testing.assert_allclose(result.parts["per_code"], [1, 0.5], atol=0.03)
    assert result.score == pytest.approx(2 / 3, abs=0.03)


def test_the_quantile_leaves_out_rare_deviations(bits):
    """A code that is a, but for one image in 100 of each kind, where it is 10 off."""
    values = {"a": [0, 1], "b": range(200)}
    dataset = FactorDataset(np.zeros((400, 1, 1, 1)), values)
    factors = dataset.factors(slice(None))
    code = factors[:, :1].astype(float)
    code[factors[:, 1] == 7] += 10  # 0.5 % of the points
    maximum = irs(code, dataset, points=20_000, quantile=1.0)
    ordinary = irs(code, dataset, points=20_000)
    assert maximum.matrix[0, 0] < 0.1
    # Within a value of a the code is one number but for the rare ones; its mean is 0.05 off.
    assert ordinary.matrix[0, 0] == pytest.approx(1 - 0.05 / 10.5, abs=0.01)


def test_noise_has_a_low_score():
    grid = load("dsprites-mini")
    codes = np.random.default_rng(0).uniform(-1, 1, size=(len(grid), 5))
    # Uniform: the 0.99 quantile of the deviations is 0.99 of the largest one. The best of five
    # factors, and the groups' own means, leave a little more.
    assert irs(codes, grid).score < 0.05


def test_constant_codes_count_for_nothing(bits):
    live = np.array([[a, a + b] for a in (0, 1) for b in (0, 1)], float)
    dead = np.full((4, 1), 0.1)  # a number whose mean over many points is not itself
    with_dead = irs(np.concatenate([dead, live], axis=1), bits)
    assert with_dead.score == irs(live, bits).score
    assert with_dead.parts["per_code"][0] == 0
    assert with_dead.parts["parents"][0] == -1
    nothing = irs(np.repeat(dead, 3, axis=1), bits)
    assert nothing.score == 0
    assert nothing.parts["active_codes"] == 0


def test_codes_that_add_up_to_zero_count(bits):
    """What the public code loses: it takes the sum of the codes for their number."""
    codes = np.array([[1, -1]] * 2 + [[-1, 1]] * 2)
    result = irs(codes, bits)
    assert result.score == pytest.approx(1)
    assert result.parts["active_codes"] == 2


def test_seeds(bits):
    codes = np.random.default_rng(0).normal(size=(4, 3))
    first, again, other = (irs(codes, bits, seed=s) for s in (0, 0, 1))
    assert first.to_dict() == again.to_dict()
    assert first.score != other.score


def test_rare_values_and_bad_settings(bits):
    values = {"a": [0, 1], "b": range(200)}
    dataset = FactorDataset(np.zeros((400, 1, 1, 1)), values)
    with pytest.warns(UserWarning, match="of the 2000 points"):
        irs(dataset.factors(slice(None)), dataset, points=2000)
    for bad in ({"points": 0}, {"quantile": 1.5}, {"quantile": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            irs(np.eye(4), bits, **bad)
