"""DCI of codes whose score is known, and LightGBM's trees against scikit-learn's."""

import numpy as np
import pytest
from scipy.stats import entropy

from kerasvae.metrics.dci import _borders, _concentration, dci

pytestmark = pytest.mark.numpy_only

SIZES = np.array([3, 4, 6])


def drawn(n=3000, seed=0):
    factors = np.random.default_rng(seed).integers(0, SIZES, size=(n, 3))
    return factors, factors / SIZES - 0.5


def test_perfect_permuted_and_flipped_codes_have_score_1():
    factors, codes = drawn()
    for order in ([0, 1, 2], [2, 0, 1]):
        result = dci(-codes[:, order], factors)
        assert result.parts["disentanglement"] == result.score == pytest.approx(1, abs=1e-3)
        assert result.parts["completeness"] == pytest.approx(1, abs=1e-3)
        assert result.parts["informativeness"] == result.parts["train_informativeness"] == 1
        np.testing.assert_allclose(result.matrix, np.eye(3)[order], atol=1e-3)


def test_noise_within_a_value_costs_nothing():
    """32 values with noise of 1e-3: perfect, as with scikit-learn's trees, which see all splits."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 32, size=(6000, 2))
    codes = factors / 31 + 1e-3 * rng.normal(size=factors.shape)
    result = dci(codes, factors)
    assert result.score > 0.999 and result.parts["informativeness"] > 0.999
    # The same where the factor is a float.
    assert dci(codes, factors / 31).parts["informativeness"] > 0.999


def test_borders_by_hand():
    """Points of one value are a stretch; equal codes of two values are one of their own."""
    code, values = np.array([1.0, 2, 3, 3, 4, 5, 6]), np.array([7, 7, 7, 8, 8, 8, 7])
    assert _borders(code, values).tolist() == [2.5, 3.5, 5.5]
    assert _borders(-code, values).tolist() == [-5.5, -3.5, -2.5]
    assert _borders(np.array([0.0, 5e-324]), values[2:4]).tolist() == [0.0]  # nothing between


def test_plain_bins_and_stretches_agree_on_entangled_codes():
    """Where every stretch is a point or two, LightGBM's own bins are what is left."""
    factors, codes = drawn(2400)
    mixed = codes @ np.array([[1, 0.5, 0.2], [0, 1, 0.5], [0.5, 0, 1]])
    mixed += 0.2 * np.random.default_rng(0).normal(size=mixed.shape)
    ours, reference = (dci(mixed, factors, trees=t) for t in ("lightgbm", "scikit-learn"))
    np.testing.assert_allclose(ours.matrix, reference.matrix, atol=0.08)


def test_continuous_factors_are_regressed():
    """Beside a class: R^2 of trees on uniform numbers, and the same importance."""
    rng = np.random.default_rng(0)
    factors = rng.uniform(size=(2000, 2))
    result = dci(factors[:, ::-1] ** 3, factors)
    assert result.score > 0.99
    assert 0.99 < result.parts["informativeness"] < 1


def test_noise_tells_nothing():
    factors, codes = drawn()
    result = dci(np.random.default_rng(1).normal(size=codes.shape), factors)
    assert result.score < 0.02
    assert result.parts["completeness"] < 0.02
    # Accuracy of chance on 1000 test points, mean of 1/3, 1/4 and 1/6; 5 sigma of three shares.
    assert abs(result.parts["informativeness"] - 0.25) < 0.04
    assert result.parts["train_informativeness"] > 0.5  # trees learn noise by heart


def test_a_code_of_two_factors_mixes_them():
    """z_0 = (a, b) in one number, z_1 = c: z_0 is half a's and half b's, so by the definition

    disentanglement_0 = 1 - log 2 / log 3 with weight 2/3, and z_1 has 1 with weight 1/3; each
    factor lies in one code alone, so completeness is 1 and everything can be told.
    """
    factors, _ = drawn(6000)
    codes = np.stack([factors[:, 0] * 4 + factors[:, 1], factors[:, 2]], axis=1)
    result = dci(codes, factors)
    assert result.score == pytest.approx(2 / 3 * (1 - np.log(2) / np.log(3)) + 1 / 3, abs=0.01)
    assert result.parts["completeness"] == pytest.approx(1, abs=0.01)
    assert result.parts["informativeness"] > 0.99


def test_a_factor_in_two_codes_is_incomplete():
    """c's high and low bit in a code each; one code a factor is what completeness asks for."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, [3, 4], size=(3000, 2))
    codes = np.stack([factors[:, 0], factors[:, 1] // 2, factors[:, 1] % 2], axis=1)
    result = dci(codes, factors)
    assert result.score == pytest.approx(1, abs=0.01)
    assert result.parts["per_factor"][0] == pytest.approx(1, abs=0.01)
    # Two equal shares of three codes: 1 - log 2 / log 3 = 0.37. The trees split by one bit
    # first, and its gain counts for more; the entropy is flat near equal shares.
    assert result.parts["per_factor"][1] == pytest.approx(1 - np.log(2) / np.log(3), abs=0.1)


def test_rotated_codes_lose_all_but_informativeness():
    """An eighth of a turn: by symmetry both codes are as important for both factors."""
    factors = np.random.default_rng(0).integers(0, 5, size=(3000, 2))
    codes = (factors - 2) @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    result = dci(codes, factors)
    # Shares of 0.5 +- 0.1 have 1 - H_2 up to 0.03.
    assert result.score < 0.03
    assert result.parts["completeness"] < 0.03
    assert result.parts["informativeness"] > 0.9


def test_dead_codes_change_nothing():
    factors, codes = drawn()
    dead = np.full((len(codes), 2), 0.1)
    result = dci(np.concatenate([dead, codes], axis=1), factors)
    assert result.score == pytest.approx(1, abs=1e-3)
    assert (result.matrix[:2] == 0).all()
    assert result.parts["per_code"][:2].tolist() == [0, 0]
    nothing = dci(dead, factors)
    assert nothing.score == nothing.parts["completeness"] == 0
    # Always the most frequent class.
    assert abs(nothing.parts["informativeness"] - 0.25) < 0.05


def test_a_single_code():
    factors, codes = drawn()
    result = dci(codes[:, :1], factors)
    assert result.parts["per_factor"][0] == 1
    assert 0 < result.score <= 1


def test_concentration_is_scipys_entropy():
    importance = np.random.default_rng(0).dirichlet([0.3] * 4, size=6).T  # (4, 6)
    importance[2] = 0
    used = [0, 1, 3]
    expected = 1 - entropy(importance[used], axis=1, base=6)
    per_row, mean = _concentration(importance)
    np.testing.assert_allclose(per_row[used], expected)
    assert per_row[2] == 0
    assert mean == pytest.approx(np.average(expected, weights=importance[used].sum(axis=1)))


def test_lightgbm_and_scikit_learn_agree():
    """Entangled codes of a middling score. The two choose splits by different gains (second
    order, and squared error), so their shares differ by hundredths and no more."""
    factors, codes = drawn(2400)
    mixing = np.eye(3) + 0.35 * np.random.default_rng(1).normal(size=(3, 3))
    noise = np.random.default_rng(2).normal(size=(len(codes), 4))
    entangled = np.concatenate([codes @ mixing, noise[:, 3:]], axis=1)
    entangled[:, :3] += 0.03 * noise[:, :3]
    ours, reference = (dci(entangled, factors, trees=t) for t in ("lightgbm", "scikit-learn"))
    assert 0.2 < reference.score < 0.9
    for part in ("disentanglement", "completeness", "informativeness"):
        assert abs(ours.parts[part] - reference.parts[part]) < 0.06, part
    np.testing.assert_allclose(ours.matrix, reference.matrix, atol=0.08)
    assert reference.settings["trees"] == "scikit-learn"


def test_seeds_and_threads():
    factors, codes = drawn(1500)
    codes = codes + 0.1 * np.random.default_rng(0).normal(size=codes.shape)
    first, again, one_thread, other = (
        dci(codes, factors, seed=seed, threads=threads)
        for seed, threads in ((0, 2), (0, 2), (0, 1), (1, 2))
    )
    assert first.to_dict() == again.to_dict() == one_thread.to_dict()
    assert first.score != other.score
    assert (first.settings["train_points"], first.settings["test_points"]) == (1000, 500)


def test_bad_arguments():
    factors, codes = drawn(1200)
    with pytest.raises(ValueError, match="two factors or more"):
        dci(codes, factors[:, :1])
    with pytest.raises(ValueError, match="trees"):
        dci(codes, factors, trees="xgboost")
    rare = factors.copy()
    rare[:, 0] = 0
    test = np.random.default_rng(0).permutation(1200)[-1]
    rare[test, 0] = 1  # the only one of its class, and not among the training points
    with pytest.raises(ValueError, match=r"too few to predict factors \[0\]"):
        dci(codes, rare)
