"""Dependence of codes, on samples whose covariance is exact, against SciPy and closed forms."""

import json
import warnings

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.metrics import mutual_info_score

from kerasvae.metrics import gaussian_total_correlation

pytestmark = pytest.mark.numpy_only


def with_covariance(covariance, points=2000):
    """Points whose sample covariance (divided by n - 1) is exactly this."""
    z = np.random.default_rng(0).normal(size=(points, len(covariance)))
    z -= z.mean(axis=0)
    whitened = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T)).T)
    return whitened @ np.linalg.cholesky(covariance).T + 5


def test_two_codes_have_minus_half_log_one_minus_rho_squared():
    z = with_covariance([[4.0, 1.8], [1.8, 2.25]])  # rho = 1.8 / (2 * 1.5) = 0.6
    assert gaussian_total_correlation(z).score == pytest.approx(-0.5 * np.log(1 - 0.36))


def test_many_codes_against_the_general_kl_and_scipys_root():
    mix = np.random.default_rng(3).normal(size=(5, 5))
    covariance = mix @ mix.T
    result = gaussian_total_correlation(with_covariance(covariance))
    diagonal = np.diag(np.diag(covariance))
    # KL of two Gaussians of mean 0, by its formula.
    kl = np.trace(np.linalg.solve(diagonal, covariance)) - 5
    kl += np.log(np.linalg.det(diagonal) / np.linalg.det(covariance))
    assert result.score == pytest.approx(0.5 * kl)
    cross = sqrtm(sqrtm(diagonal) @ covariance @ sqrtm(diagonal)).real
    distance = np.trace(covariance + diagonal - 2 * cross)
    assert result.parts["wasserstein"] == pytest.approx(distance)
    assert result.parts["wasserstein_normalised"] == pytest.approx(distance / diagonal.trace())
    assert result.parts["lost_dimensions"] == 0


def test_units_signs_order_and_dead_codes_do_not_matter():
    z = with_covariance([[1.0, 0.5], [0.5, 1.0]])
    score = gaussian_total_correlation(z).score
    changed = np.column_stack([z[:, 1] * -1e6, np.full(2000, 0.1), z[:, 0] * 1e-6])
    assert gaussian_total_correlation(changed).score == pytest.approx(score)


def test_independent_and_constant_codes_score_zero():
    result = gaussian_total_correlation(with_covariance(np.diag([1.0, 9.0, 0.01])))
    assert result.score == pytest.approx(0, abs=1e-9)
    assert result.parts["wasserstein"] == pytest.approx(0, abs=1e-6)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        dead = gaussian_total_correlation(np.full((2000, 3), 0.1))
    assert dead.score == 0 and dead.parts["wasserstein"] == 0
    assert dead.parts["pairwise_mutual_information"] == 0


def test_a_duplicated_code_is_finite_and_named():
    z = with_covariance(np.eye(2))
    result = gaussian_total_correlation(np.column_stack([z, -3 * z[:, 0]]))
    assert result.parts["lost_dimensions"] == 1
    # Eigenvalues 2, 1 and the floor of 100 eps: -1/2 log(2 * 100 * 2.22e-16) = 15.37.
    assert result.score == pytest.approx(15.37, abs=0.01)
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_duplicated_code_of_variance_one_in_wasserstein():
    # S = [[1, 1], [1, 1]], diag S = I: 2 * 2 - 2 tr S^1/2 = 4 - 2 sqrt 2.
    z = with_covariance(np.eye(2))[:, :1]
    result = gaussian_total_correlation(np.hstack([z, z]))
    assert result.parts["wasserstein"] == pytest.approx(4 - 2 * np.sqrt(2))
    assert result.parts["wasserstein_normalised"] == pytest.approx(2 - np.sqrt(2))


def test_pairwise_information_is_the_mean_over_pairs():
    a, b = np.arange(4000) % 4, np.arange(4000) // 4 % 2
    codes = np.stack([a, a // 2, b], axis=1)
    # a with a // 2: log 2; the two other pairs: 0.
    result = gaussian_total_correlation(codes, bins=4)
    assert mutual_info_score(a, a // 2) == pytest.approx(np.log(2))
    assert result.parts["pairwise_mutual_information"] == pytest.approx(np.log(2) / 3)
    single = gaussian_total_correlation(codes[:, :1])
    assert single.score == 0 and single.parts["pairwise_mutual_information"] == 0


def test_few_points_and_bad_codes():
    with pytest.warns(
        UserWarning, match="gaussian_total_correlation was given 100 points"
    ) as caught:
        gaussian_total_correlation(with_covariance(np.eye(2), 100))
    assert caught[0].filename == __file__
    with pytest.raises(ValueError, match="two points"):
        gaussian_total_correlation(np.ones((1, 3)))
    with pytest.raises(ValueError, match="finite"):
        gaussian_total_correlation(np.full((5, 2), np.nan))
