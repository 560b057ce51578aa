"""What every score of codes and factors owes: perfect, permuted, dead, noisy and mixed codes."""

import json
import warnings

import numpy as np
import pytest

from kerasvae.metrics import infomec, mig, mig_chen, modularity, sap

SIZES = (3, 4, 2)


def numpy_only(metric, *values):
    return pytest.param(metric, *values, marks=pytest.mark.numpy_only, id=metric.__name__)


def each(**values):
    """The metrics with a value each; mig_chen's densities run on the Keras backend."""
    rest = [
        numpy_only(metric, values[metric.__name__]) for metric in (mig, modularity, sap, infomec)
    ]
    return [*rest, pytest.param(mig_chen, values["mig_chen"], id="mig_chen")]


ALL = each(mig=None, mig_chen=None, modularity=None, sap=None, infomec=None)


@pytest.fixture
def factors():
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, size, 3000) for size in SIZES], axis=1)


@pytest.fixture
def noise():
    return np.random.default_rng(1).normal(size=(3000, 3))


# SAP of a perfect code: 3 values and 2 are told fully, 4 in three quarters of the points at least
# (a line a class misses an inner one). The second best code is right by chance. So the gaps are
# 1 - 1/3, 3/4 - 1/4 to 1 - 1/4, and 1 - 1/2: 0.56 to 0.64, less 0.03 since the larger of two
# chances on 1000 test points counts.
PERFECT = each(
    mig=(0.99, 1), mig_chen=(0.98, 1), modularity=(0.999, 1), sap=(0.52, 0.65), infomec=(0.98, 1)
)


@pytest.mark.parametrize("metric, bounds", PERFECT)
def test_perfect_codes_in_any_order_and_sign(metric, bounds, factors):
    low, high = bounds
    perfect = metric(factors * 1.0, factors).score
    assert low <= perfect <= high + 1e-9
    other = metric(factors[:, [2, 0, 1]] * [1, -1, 1], factors)
    assert other.score == pytest.approx(perfect, abs=5e-3)
    assert other.matrix[:, 0].argmax() == 1 and other.matrix[:, 2].argmax() == 0


@pytest.mark.parametrize("metric, _", ALL)
def test_constant_codes_score_zero_and_say_nothing(metric, _, factors):
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        result = metric(np.full((3000, 3), 0.1), factors)
        some = metric(np.column_stack([factors[:, 0], np.full(3000, 0.1)]), factors)
        single = metric(factors[:, :1] * 1.0, factors)
    assert result.score == 0
    for each_result in (result, some, single):
        text = json.dumps(each_result.to_dict(), allow_nan=False)  # no NaN, no infinity
        assert json.loads(text)["score"] == each_result.score


# Noise has the mutual information that chance leaves: for 20 bins and 4 values about
# 19 * 3 / 6000 = 0.01 nats, and the gaps between such are smaller. Modularity and InfoMEC look at
# ratios of these, which are anything below 1. SAP: accuracies of chance, +- 0.015.
NOISE = each(mig=0.02, mig_chen=0.02, modularity=0.99, sap=0.05, infomec=0.99)


@pytest.mark.parametrize("metric, highest", NOISE)
def test_noise_scores_low(metric, highest, factors, noise):
    assert 0 <= metric(noise, factors).score <= highest


# Every factor in two codes: the two best are equal, so gaps vanish. Each code still holds one
# factor: modularity stays. InfoMEC's compactness: 1/2 of the sum in the largest of D = 6, that is
# (1/2 - 1/6) / (1 - 1/6) = 0.4.
DUPLICATED = each(mig=(0, 0), mig_chen=(0, 0.01), modularity=(1, 0), sap=(0, 0), infomec=(1, 0.02))


@pytest.mark.parametrize("metric, expected", DUPLICATED)
def test_duplicated_codes(metric, expected, factors):
    value, tolerance = expected
    result = metric(np.hstack([factors, factors]) * 1.0, factors)
    assert result.score == pytest.approx(value, abs=tolerance + 0.005)
    if metric is infomec:
        assert result.parts["compactness"] == pytest.approx(0.4, abs=0.02)


ROTATED = each(mig=0.3, mig_chen=0.3, modularity=0.1, sap=0.05, infomec=0.3)


@pytest.mark.parametrize("metric, fall", ROTATED)
def test_rotated_codes_score_lower(metric, fall, factors):
    z = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    c = np.sqrt(0.5)
    z = (
        z
        @ np.array([[c, -c, 0], [c, c, 0], [0, 0, 1]])
        @ np.array([[1, 0, 0], [0, c, -c], [0, c, c]])
    )
    z += np.random.default_rng(2).normal(size=z.shape) * 0.3
    assert metric(z, factors).score < metric(factors * 1.0, factors).score - fall


@pytest.mark.parametrize("metric, _", ALL)
def test_the_same_seed_gives_the_same_result(metric, _, factors, noise):
    codes = noise + factors
    first, again = (metric(codes, factors, seed=3).to_dict() for _ in range(2))
    assert first == again
    assert first["settings"]["seed"] == 3 and first["settings"]["points"] == 3000


@pytest.mark.parametrize("metric, _", ALL)
def test_continuous_factors_are_found(metric, _):
    v = np.random.default_rng(0).uniform(size=(3000, 2))
    good, bad = metric(v[:, ::-1] * 1.0, v), metric(v @ [[1, 1], [1, -1]], v)
    assert good.score > max(0.7, bad.score + 0.1)
    assert good.matrix.argmax(axis=0).tolist() == [1, 0]


@pytest.mark.parametrize("metric, _", ALL)
def test_sets_that_are_no_full_grid(metric, _, factors):
    kept = factors[factors[:, 0] + factors[:, 1] < 4]  # dependent factors, unequal frequencies
    named = np.array([2, 30, 500, 7])[kept]  # values with gaps and in another order
    codes = kept * 1.0
    result, renamed = metric(codes, kept), metric(codes, named)
    assert renamed.score == pytest.approx(result.score, abs=0.01)
    assert 0 < result.score <= 1


@pytest.mark.parametrize("metric, _", ALL)
def test_few_points_are_warned_of_at_the_caller(metric, _, factors, noise):
    with pytest.warns(UserWarning, match=f"{metric.__name__} was given 500 points") as caught:
        metric(noise[:500], factors[:500])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("metric, _", ALL)
def test_bad_arrays_are_refused(metric, _, factors, noise):
    with pytest.raises(ValueError, match="as many points as codes"):
        metric(noise[:-1], factors)
    with pytest.raises(ValueError, match="NaN"):
        metric(np.where(noise > 2, np.nan, noise), factors)
    with pytest.raises(ValueError, match="factor 1 has the same value, 5"):
        metric(noise, np.column_stack([factors[:, 0], np.full(3000, 5)]))
